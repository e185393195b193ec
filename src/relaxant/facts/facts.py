"""The facts: every named thing that a rule may ask, derived once from what was said, for one row or for many.

Columns are made when first asked for. Each says how it was reached, from which inputs, by which source, and where it is unknown
which inputs would settle it.
"""

from __future__ import annotations

import math

import numpy as np

from relaxant.facts.agent_facts import agent_column
from relaxant.facts.agent_lines import SITUATIONS
from relaxant.facts.column import SAID, Column, Floats, Mask, Methods, anywhere, number, yes_no
from relaxant.facts.derive import MAKERS
from relaxant.facts.inputs import Inputs, full, systemic
from relaxant.facts.intake import Intake
from relaxant.facts.limits import OLDEST, Ceiling, ceilings
from relaxant.facts.members import Members
from relaxant.facts.names import EARLIER_CREATININE, PERSON_FACTS, TAKEN_FOR, what_is
from relaxant.facts.sessions import sessions_of
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.schema import Jurisdiction

_SELDOM = frozenset(
    {
        "procedure",
        "cystatin_c",
        "muscle_mass",
        "pump",
        "pump_concentration",
        "test_dose",
        "qtc",
        "swallowing",
        "magnesium",
        "temperature",
        EARLIER_CREATININE,
        TAKEN_FOR,
    }
)
_GENOTYPE = " genotype"
_MEASURED: Methods = (("as measured", None),)
_COUNTED: Methods = (("counted among the medicines taken", None),)


class Facts:
    """The facts of ``rows`` persons under one jurisdiction. ``column(name)`` is the only way in."""

    def __init__(self, inputs: Inputs, knowledge: Knowledge, jurisdiction: Jurisdiction) -> None:
        self.inputs, self.knowledge, self.jurisdiction, self.rows = inputs, knowledge, jurisdiction, inputs.rows
        self._columns: dict[str, Column] = {}
        self.intake: dict[str, list[tuple[str, Intake]]] = {}
        for (ingredient, route), taken in inputs.intake.items():
            self.intake.setdefault(ingredient, []).append((route, taken))
        nowhere = np.zeros(inputs.rows)
        self.never = Column(nowhere, nowhere, "", True)
        self.no_one = np.zeros(inputs.rows, bool)
        self.unsaid = full(inputs.rows)
        for shared in (nowhere, self.no_one, self.unsaid):
            shared.flags.writeable = False
        self._bands: dict[tuple[float, float], tuple[Mask, Mask]] = {}
        self._names = frozenset(self.intake)
        self._listed: dict[Members, list[str]] = {}
        self._counts: dict[Members, Column] = {}
        self.lists_known = bool(inputs.medicines_known.all())
        self._lists_complete = self.lists_known and not inputs.unread.any()
        self._absent: dict[str, Column] = {}
        self._nobody: Column | None = None
        self._sessions: dict[str, dict[str, Floats]] = {}
        self._presence: dict[tuple[str, tuple[str, ...] | None, float], tuple[Floats, Floats]] = {}
        self.unread_needs = self._unread()
        self.list_needs = {"medicines": ~inputs.medicines_known, **self._doubtful(), **self.unread_needs}

    def _doubtful(self) -> dict[str, Mask]:
        """Whether each ingredient is taken that may be, by name."""
        intake, out = self.inputs.intake.values(), dict[str, Mask]()
        if not intake or not anywhere(np.isnan(np.concatenate([taken.now for taken in intake]))):
            return out
        for ingredient in sorted(self.intake):
            doubtful = self.no_one
            for _, taken in self.intake[ingredient]:
                doubtful = doubtful | (np.isnan(self._now(taken)) & self.inputs.medicines_known)
            if anywhere(doubtful):
                out[f"whether {ingredient} is taken"] = doubtful
        return out

    def _unread(self) -> dict[str, Mask]:
        """What each medicine is that was said and not understood, by name."""
        out: dict[str, Mask] = {}
        for name in sorted(self.inputs.unread_names):
            out.setdefault(what_is(name), np.zeros(self.rows, bool))[self.inputs.unread_names[name]] = True
        return out

    def column(self, name: str) -> Column:
        """The fact ``name``: of the person (``egfr``), a condition or allergy (``condition:epilepsy``), or of an
        agent (``baclofen:daily_dose``). Shape (rows,). Raises :class:`KeyError` for a name that is no fact."""
        made = self._columns.get(name)
        if made is None:
            made = self._columns[name] = self._make(name)
        return made

    @property
    def made(self) -> frozenset[str]:
        """The facts that were asked for so far."""
        return frozenset(self._columns)

    def _make(self, name: str) -> Column:
        if name in MAKERS:
            return MAKERS[name](self)
        head, _, rest = name.partition(":")
        if head == "condition":
            return self._said(self.inputs.conditions.get(rest), self.inputs.conditions_known, "conditions")
        if head == "since":
            title = self.knowledge.conditions[rest].title
            return number(self.numbers(name), "days", needs=f"when {title} began", inputs=("conditions",), methods=SAID)
        if head == "genotype":
            return yes_no(self.said(name), f"{rest.partition(':')[0]}{_GENOTYPE}", methods=SAID)
        if head == "allergy":
            return self._said(self.inputs.allergies.get(rest), self.inputs.allergies_known, "allergies")
        if head in self.knowledge.agents:
            return agent_column(self, head, rest)
        if name in PERSON_FACTS:
            return self.measured(name)
        raise KeyError(name)

    def country(self, row: int = 0) -> str | None:
        """The country whose products a person gets (``DE``); ``None`` where nobody said."""
        return self.inputs.countries[row] if self.inputs.countries else None

    # ------------------------------------------------------------ what was said

    def numbers(self, name: str) -> Floats:
        """A said number; NaN where it was not said."""
        return self.inputs.numbers.get(name, self.unsaid)

    def said(self, name: str) -> Floats:
        """A said yes/no as 1, 0 or NaN."""
        return self.inputs.truths.get(name, self.unsaid)

    def measured(self, name: str) -> Column:
        """A measured value as it stands, in the lab's own unit; one ``_today`` where it is surely of the day of the review."""
        plain = name.removesuffix("_today")
        lab = self.knowledge.labs.get(plain)
        return number(
            self.numbers(name),
            PERSON_FACTS[name].unit,
            needs=name if lab is None or plain == name else lab.title,
            inputs=(plain,),
            methods=_MEASURED,
            source=lab.source if lab else None,
        )

    def _said(self, column: Floats | None, known: Mask, need: str) -> Column:
        """A condition or allergy: absent where the list is complete, unknown where it was left out."""
        if column is None:
            absent = self._absent.get(need)
            if absent is None:
                nobody = np.where(known, 0.0, np.nan)
                absent = self._absent[need] = yes_no(nobody, need, methods=((f"{need} as said", None),))
            return absent
        return yes_no(column, need, methods=((f"{need} as said", None),))

    # ------------------------------------------------------------ agents

    def agent_may_be_present(self, agent: str) -> Mask:
        """The rows that take, weigh or stopped the agent, or whose medicines are unknown."""
        return np.asarray(self.where_agent_is_said(agent) | ~self.inputs.medicines_known)

    def agent_is_said(self, agent: str, row: int) -> bool:
        """Whether anything at all was said of an agent for one person."""
        return bool(self.where_agent_is_said(agent)[row])

    def where_agent_is_said(self, agent: str) -> Mask:
        """Who takes, weighs or stopped an agent. Shape (rows,)."""
        own = self.inputs.agents.get(agent)
        return self.no_one if own is None else np.asarray(sum(own[situation] for situation in SITUATIONS) > 0)

    def agent_number(self, agent: str, name: str) -> Floats:
        """A number of the agent's own line; NaN where it is not said."""
        own = self.inputs.agents.get(agent)
        return self.unsaid if own is None else own.get(name, self.unsaid)

    def sessions(self, agent: str) -> dict[str, Floats]:
        """What the agent's lines say of sessions, by name; nothing where it is on nobody's list."""
        known = self._sessions.get(agent)
        if known is None:
            lines, together = self.inputs.lines, self.knowledge.policy("sessions_together_days")
            listed = lines is not None and agent in self.inputs.agents
            weight, said = self.numbers("weight"), self.inputs.medicines_known
            known = self._sessions[agent] = (
                sessions_of(agent, lines, weight, said, together) if listed and lines else {}
            )
        return known

    def ceilings(self, agent: str, kind: str) -> tuple[Ceiling, ...]:
        """The agent's limits of a kind in this jurisdiction."""
        return ceilings(self.knowledge, self.jurisdiction, agent, kind)

    def age_band(self, age_from: float, age_to: float) -> tuple[Mask, Mask]:
        """Where the age surely and where it maybe lies in a band."""
        known = self._bands.get((age_from, age_to))
        if known is None:
            age = self.column("age")
            youngest, oldest = np.maximum(age.low, 0.0), np.minimum(age.high, OLDEST)
            known = self._bands[age_from, age_to] = (
                (youngest >= age_from) & (oldest < age_to),
                (oldest >= age_from) & (youngest < age_to),
            )
        return known

    def of_age(self, age_from: float, age_to: float, row: int = 0) -> tuple[bool, bool]:
        """Whether one person's age surely, and whether it maybe, lies in a band."""
        surely, maybe = self.age_band(age_from, age_to)
        return bool(surely[row]), bool(maybe[row])

    @property
    def outside_childbearing(self) -> Mask:
        """Who is surely younger or older than those who bear children."""
        age, policy = self.column("age"), self.knowledge.policy
        return np.asarray((age.high < policy("childbearing_from_age")) | (age.low >= policy("childbearing_to_age")))

    # ------------------------------------------------------------ partners

    def count_members(self, chosen: Members) -> Column:
        """How many distinct ingredients of a set are taken; unknown upward where the list is unknown or a line unread."""
        counted = self._counts.get(chosen)
        if counted is None:
            names = self.taken_of(chosen)
            if not names:
                if self._nobody is None:
                    self._nobody = self._counted(np.zeros(self.rows), np.zeros(self.rows))
                return self._nobody
            low, high = self.taking(names[0], chosen)
            for name in names[1:]:
                surely, maybe = self.taking(name, chosen)
                low, high = low + surely, high + maybe
            counted = self._counts[chosen] = self._counted(low, high)
        return counted

    def taken_of(self, chosen: Members) -> list[str]:
        """The ingredients of a set that stand on any row's list, sorted."""
        names = self._listed.get(chosen)
        if names is None:
            names = self._listed[chosen] = sorted(self._names & chosen.names)
        return names

    def nobody_takes(self, chosen: Members) -> bool:
        """Whether it is certain for every row that none of a set is taken: they need not even be counted."""
        return self._lists_complete and not self.taken_of(chosen)

    def _counted(self, low: Floats, high: Floats) -> Column:
        if not self._lists_complete:
            high = np.where(self.inputs.medicines_known, high + self.inputs.unread, np.inf)
        return Column(low, high, "", False, _COUNTED, ("medicines",), None, self.list_needs)

    def taking(self, ingredient: str, chosen: Members) -> tuple[Floats, Floats]:
        """Who surely (1) and who maybe (1) takes one ingredient by the routes that count for a set."""
        routes, lasts = chosen.ingredients[ingredient]
        key = (ingredient, routes, lasts)
        known = self._presence.get(key)
        if known is None:
            here = unsure = self.no_one
            for route, taken in self.intake[ingredient]:
                if (not route or route in routes) if routes else systemic(route):
                    now = self._now(taken)
                    here = here | (now == 1)
                    unsure = unsure | np.isnan(now)
                    if lasts > 0:
                        here = here | (self._days(taken.stopped_days, taken) <= lasts)
            known = self._presence[key] = here.astype(np.float64), (here | unsure).astype(np.float64)
        return known

    def taken_days(self, ingredient: str) -> Floats:
        """For how long each person has taken an ingredient, by whatever route the longest; NaN where that was not said."""
        days = full(self.rows)
        for _, taken in self.intake[ingredient]:
            if taken.taken_days is not None:
                days = np.fmax(days, self._days(np.where(taken.now == 1, taken.taken_days, np.nan), taken))
        return days

    def _now(self, taken: Intake) -> Floats:
        """Of everybody whether an ingredient is taken by one route: 1, 0 or NaN."""
        if taken.rows is None:
            return taken.now
        now = np.zeros(self.rows) if self.lists_known else np.where(self.inputs.medicines_known, 0.0, np.nan)
        now[taken.rows] = taken.now
        return now

    def _days(self, days: Floats, taken: Intake) -> Floats:
        """The same days of everybody, NaN of those who have no line of it."""
        if taken.rows is None:
            return days
        out = full(self.rows)
        out[taken.rows] = days
        return out

    def members_taken(self, chosen: Members, row: int) -> tuple[str, ...]:
        """The ingredients of a set that one person takes, by name, sorted."""
        return tuple(n for n in self.taken_of(chosen) if self.taking(n, chosen)[0][row] == 1)

    def ingredients_taken(self) -> tuple[Floats, Floats]:
        """How many ingredients each person surely and maybe takes, whatever their routes."""
        by_one_route = [self._now(taken[0][1]) for taken in self.intake.values() if len(taken) == 1]
        by_more = [name for name, taken in self.intake.items() if len(taken) > 1]
        surely = maybe = np.zeros(self.rows)
        if by_one_route:
            now = np.concatenate(by_one_route).reshape(len(by_one_route), -1)
            surely, maybe = ((how).sum(axis=0).astype(np.float64) for how in (now == 1, now != 0))
        for name in by_more:
            here, may_be = self._by_any_route(name)
            surely, maybe = surely + here, maybe + may_be
        return surely, maybe

    def takes_by_any_route(self, ingredient: str) -> Mask:
        """Who surely takes an ingredient, whatever its route."""
        return self._by_any_route(ingredient)[0]

    def _by_any_route(self, ingredient: str) -> tuple[Mask, Mask]:
        """Who surely and who maybe takes an ingredient, whatever its route."""
        here = maybe = self.no_one
        for _, taken in self.intake.get(ingredient, ()):
            now = self._now(taken)
            here, maybe = here | (now == 1), maybe | (now != 0)
        return here, maybe

    def seldom_asked(self, row: int) -> frozenset[str]:
        """Inputs that are not routinely known or hardly apply to this person: what lacks them is listed, but folded.

        Dialysis where the kidneys work, pregnancy outside childbearing age, the second transaminase where one is normal.
        """
        policy, out = self.knowledge.policy, set(_SELDOM)
        out |= {f"{status.gene}{_GENOTYPE}" for status in self.knowledge.pathways.phenotypes}
        if math.isfinite(self.column("egfr").low[row]) and self.column("egfr").low[row] >= policy(
            "dialysis_unlikely_from_egfr"
        ):
            out.add("dialysis")
        age = self.column("age")
        if self.outside_childbearing[row]:
            out |= {"pregnant", "breastfeeding"}
        if age.high[row] < policy("childbearing_from_age"):
            out.add("alcohol")
        for agent in self.inputs.agents:
            out |= {f"the {agent} product", f"how long {agent} is to be taken"}
        for one, other in (("alt", "AST"), ("ast", "ALT")):
            if self.column(f"{one}_times_upper_normal").high[row] < policy("transaminases_signal_times_upper"):
                out.add(other)
        return frozenset(out)
