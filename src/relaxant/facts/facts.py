"""The facts: every named thing that a rule may ask, derived once from what was said, for one row or for many.

Columns are made when first asked for. Each says how it was reached, from which inputs, by which source, and where it is unknown
which inputs would settle it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from relaxant.facts.column import SAID, Column, Floats, Mask, Methods, anywhere, gather_needs, number, truth, yes_no
from relaxant.facts.derive import MAKERS, values
from relaxant.facts.inputs import Inputs, Intake, full, systemic
from relaxant.facts.limits import LIMITED, OLDEST, Ceiling, ceilings, plain_kind
from relaxant.facts.members import Members, partners
from relaxant.facts.names import AGENT_FACTS, EARLIER_CREATININE, PERSON_FACTS
from relaxant.facts.suitability import unestablished, unsuited
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.schema import Jurisdiction

_SELDOM = frozenset(
    {
        "procedure",
        "cystatin_c",
        "muscle_mass",
        "pump",
        "qtc",
        "swallowing",
        "magnesium",
        "temperature",
        EARLIER_CREATININE,
    }
)
_LINE: Methods = (("as read from the line", None),)
_MEASURED: Methods = (("as measured", None),)
_COUNTED: Methods = (("counted among the medicines taken", None),)
_LARGEST: Methods = (("the largest dose of the line", None),)
_LARGEST_BY_WEIGHT: Methods = (("the largest dose of the line, by weight", None),)
_MOST: Methods = (("the most that the line allows", None),)
_MOST_BY_WEIGHT: Methods = (("the most that the line allows, by weight", None),)


class Facts:
    """The facts of ``rows`` persons under one jurisdiction. ``column(name)`` is the only way in."""

    def __init__(self, inputs: Inputs, knowledge: Knowledge, jurisdiction: Jurisdiction) -> None:
        self.inputs, self.knowledge, self.jurisdiction, self.rows = inputs, knowledge, jurisdiction, inputs.rows
        self._columns: dict[str, Column] = {}
        self._intake: dict[str, list[tuple[str, Intake]]] = {}
        for (ingredient, route), taken in inputs.intake.items():
            self._intake.setdefault(ingredient, []).append((route, taken))
        nowhere = np.zeros(inputs.rows)
        self._no = Column(nowhere, nowhere, "", True)
        self._no_one = np.zeros(inputs.rows, bool)
        self._bands: dict[tuple[float, float], tuple[Mask, Mask]] = {}
        self._names = frozenset(self._intake)
        self._listed: dict[Members, list[str]] = {}
        self._counts: dict[Members, Column] = {}
        self._lists_known = bool(inputs.medicines_known.all())
        self._lists_complete = self._lists_known and not inputs.unread.any()
        self._absent: dict[str, Column] = {}
        self._nobody: Column | None = None
        self._seldom_here: set[str] = set()
        self._presence: dict[tuple[str, tuple[str, ...] | None, float], tuple[Floats, Floats]] = {}
        self._list_needs: dict[str, Mask] = {"medicines": ~inputs.medicines_known}
        for (ingredient, _), taken in inputs.intake.items():
            doubtful = np.isnan(taken.now) & inputs.medicines_known
            if anywhere(doubtful):
                self._list_needs[f"whether {ingredient} is taken"] = doubtful
        for row, names in enumerate(inputs.unread_names):
            for name in names:
                self._list_needs.setdefault(f"what “{name}” is", np.zeros(self.rows, bool))[row] = True

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
            need = f"{rest.partition(':')[0]} genotype"
            self._seldom_here.add(need)
            return yes_no(self.said(name), need, methods=SAID)
        if head == "allergy":
            return self._said(self.inputs.allergies.get(rest), self.inputs.allergies_known, "allergies")
        if head in self.knowledge.agents:
            return self._agent(head, rest)
        if name in PERSON_FACTS:
            return self.measured(name)
        raise KeyError(name)

    # ------------------------------------------------------------ what was said

    def numbers(self, name: str) -> Floats:
        """A said number; NaN where it was not said."""
        found = self.inputs.numbers.get(name)
        return full(self.rows) if found is None else found

    def said(self, name: str) -> Floats:
        """A said yes/no as 1, 0 or NaN."""
        found = self.inputs.truths.get(name)
        return full(self.rows) if found is None else found

    def measured(self, name: str) -> Column:
        """A measured value as it stands, in the lab's own unit."""
        lab = self.knowledge.labs.get(name)
        return number(
            self.numbers(name),
            PERSON_FACTS[name].unit,
            needs=name,
            inputs=(name,),
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
        own = self.inputs.agents.get(agent)
        unknown = ~self.inputs.medicines_known
        if own is None:
            return unknown
        said = own["taking"] + own["starting"] + own["stopping"] + own["stopped"] > 0
        return np.asarray(said | unknown)

    def agent_is_said(self, agent: str, row: int) -> bool:
        """Whether anything at all was said of an agent for one person."""
        own = self.inputs.agents.get(agent)
        return own is not None and any(own[s][row] == 1 for s in ("taking", "starting", "stopping", "stopped"))

    def agent_number(self, agent: str, name: str) -> Floats:
        """A number of the agent's own line; NaN where it is not said."""
        return self.inputs.agents.get(agent, {}).get(name, full(self.rows))

    def _agent(self, agent: str, name: str) -> Column:
        if name.startswith("with:"):
            return self.count_members(partners(self.knowledge, f"{agent}:{name}"))
        if name.startswith("on:"):
            return self._situation(agent, name.removeprefix("on:").split("+"))
        if name.startswith("over_limit:"):
            return self._over_limit(agent, name.removeprefix("over_limit:"))
        if name.startswith("limit:"):
            return self._limit(agent, name.removeprefix("limit:"))
        if name not in AGENT_FACTS:
            raise KeyError(f"{agent}:{name}")
        return self._agent_fact(agent, name)

    def _situation(self, agent: str, on: Iterable[str]) -> Column:
        own = self.inputs.agents.get(agent, {})
        here = np.zeros(self.rows)
        for situation in on:
            if situation in own:
                here = np.maximum(here, own[situation])
        if self._lists_known:
            return Column(here, here, "", True, SAID, ("medicines",))
        surely = here == 1
        # Where nothing was said of the medicines the agent may be taken, or may have been stopped; what is weighed of it is
        # known, but a stop of its ingredient may be meant for another of its routes.
        unknown = ~self.inputs.medicines_known & ~surely
        if not {"taking", "stopped"} & set(on):
            named = np.zeros(self.rows, bool)
            for situation in ("taking", "starting", "stopping", "stopped"):
                if situation in own:
                    named |= own[situation] == 1
            unknown = unknown & ~named if "stopping" in on else np.zeros(self.rows, bool)
        return truth(surely, unknown, needs={"medicines": unknown}, inputs=("medicines",), methods=SAID)

    def _agent_fact(self, agent: str, name: str) -> Column:
        unit: str = self.knowledge.agents[agent].dose_unit
        dose_need = f"dose of {agent}"
        if name == "daily_dose":
            return self._between(agent, "daily", unit, f"how much {agent} is taken in a day")
        if name == "previous_daily_dose":
            return self._between(agent, "before", unit, f"{dose_need} before")
        if name in ("most_daily_dose", "most_daily_dose_per_kg"):
            high = self.agent_number(agent, "daily_high")
            most = np.where(np.isfinite(high), high, np.nan)
            if name == "most_daily_dose":
                return number(most, f"{unit}/day", needs=dose_need, inputs=("medicines",), methods=_MOST)
            weight = self.column("weight")
            return number(
                most / values(weight),
                f"{unit}/kg/day",
                needs={dose_need: np.isnan(most), **weight.needs},
                inputs=("medicines", "weight"),
                methods=_MOST_BY_WEIGHT,
            )
        if name == "most_single_dose":
            single = self.agent_number(agent, "single_high")
            return number(single, unit, needs=dose_need, inputs=("medicines",), methods=_LARGEST)
        if name == "most_single_dose_per_kg":
            weight, single = self.column("weight"), self.agent_number(agent, "single_high")
            said = self.agent_number(agent, "single_per_kg_high")
            return number(
                np.where(np.isnan(said), single / values(weight), said),
                f"{unit}/kg",
                needs={dose_need: np.isnan(single) & np.isnan(said), **weight.needs},
                inputs=("medicines", "weight"),
                methods=_LARGEST_BY_WEIGHT,
            )
        if name == "exposure_ratio":
            return self._exposure(agent)
        if name in ("unsuited", "unestablished"):
            return (unsuited if name == "unsuited" else unestablished)(self, agent)
        if name == "allergic":
            return self.column(f"allergy:{self.knowledge.agents[agent].ingredient}")
        said, fact = self.agent_number(agent, name), AGENT_FACTS[name]
        if name == "duration_days":
            weighed = self.agent_number(agent, "starting") == 1
            return number(
                said,
                fact.unit,
                needs={f"how long {agent} is to be taken": weighed, f"start date of {agent}": ~weighed},
                inputs=("medicines",),
                methods=_LINE,
            )
        need = {
            "stopped_days": f"stop date of {agent}",
            "dose_drop": dose_need,
            "doses_daily": dose_need,
            "dose_interval_days": dose_need,
        }.get(name, f"the {agent} product")
        if fact.truth:
            return yes_no(said, need)
        return number(said, fact.unit, needs=need, inputs=("medicines",), methods=_LINE)

    def _between(self, agent: str, which: str, unit: str, need: str) -> Column:
        """A daily dose of the agent's line: what is certain of it and the most that it allows."""
        low = np.fmax(self.agent_number(agent, f"{which}_low"), 0.0)
        high = np.fmin(self.agent_number(agent, f"{which}_high"), np.inf)
        return Column(low, high, f"{unit}/day", False, _LINE, ("medicines",), None, {need: low != high})

    def _exposure(self, agent: str) -> Column:
        largest = np.ones(self.rows)
        unknown = ~self.inputs.medicines_known
        for exposure in self.knowledge.exposures:
            if exposure.agent == agent and exposure.verified and exposure.partner in self._intake:
                taken = self.count_members(Members({exposure.partner: (None, 0.0)}))
                largest = np.where(taken.surely, np.maximum(largest, exposure.auc_ratio), largest)
        return number(
            np.where(unknown, np.nan, largest),
            "",
            needs="medicines",
            inputs=("medicines",),
            methods=(("greatest measured AUC ratio among the medicines taken", None),),
        )

    def ceilings(self, agent: str, kind: str) -> tuple[Ceiling, ...]:
        """The agent's limits of a kind in this jurisdiction."""
        return ceilings(self.knowledge, self.jurisdiction, agent, kind)

    def _limit(self, agent: str, kind: str) -> Column:
        value = full(self.rows)
        for ceiling in self.ceilings(agent, kind):
            if ceiling.for_all:
                value = full(self.rows, ceiling.value)
            else:
                value = np.where(self._band(ceiling.age_from, ceiling.age_to)[0], ceiling.value, value)
        unit = self.knowledge.agents[agent].dose_unit
        units = {
            "single": unit,
            "single_per_kg": f"{unit}/kg",
            "daily": f"{unit}/day",
            "daily_per_kg": f"{unit}/kg/day",
            "course": "days",
        }
        return number(value, units.get(plain_kind(kind), ""), needs="age", inputs=("age",))

    def _over_limit(self, agent: str, kind: str) -> Column:
        limits = self.ceilings(agent, kind)
        if not limits:
            return self._no
        fact = LIMITED[plain_kind(kind)]
        tested, age = self.column(f"{agent}:{fact}"), self.column("age")
        surely = maybe = self._no_one
        for ceiling in limits:
            over, may_be_over = tested.low > ceiling.over, tested.high > ceiling.over
            if not ceiling.for_all:
                in_band, may_be_in_band = self._band(ceiling.age_from, ceiling.age_to)
                over, may_be_over = over & in_band, may_be_over & may_be_in_band
            surely, maybe = surely | over, maybe | may_be_over
        needs = gather_needs((tested, age), maybe & ~surely)
        return truth(surely, maybe, needs=needs, inputs=(fact, "age"))

    def _band(self, age_from: float, age_to: float) -> tuple[Mask, Mask]:
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
        return Column(low, high, "", False, _COUNTED, ("medicines",), None, self._list_needs)

    def taking(self, ingredient: str, chosen: Members) -> tuple[Floats, Floats]:
        """Who surely (1) and who maybe (1) takes one ingredient by the routes that count for a set."""
        routes, lasts = chosen.ingredients[ingredient]
        key = (ingredient, routes, lasts)
        known = self._presence.get(key)
        if known is None:
            here = unsure = self._no_one
            for route, taken in self._intake[ingredient]:
                if (not route or route in routes) if routes else systemic(route):
                    here = here | (taken.now == 1)
                    unsure = unsure | np.isnan(taken.now)
                    if lasts > 0:
                        here = here | (taken.stopped_days <= lasts)
            known = self._presence[key] = here.astype(np.float64), (here | unsure).astype(np.float64)
        return known

    def members_taken(self, chosen: Members, row: int) -> tuple[str, ...]:
        """The ingredients of a set that one person takes, by name, sorted."""
        return tuple(n for n in self.taken_of(chosen) if self.taking(n, chosen)[0][row] == 1)

    def ingredients_taken(self) -> Floats:
        """How many ingredients each person surely takes, whatever their routes."""
        by_one_route = [taken[0][1].now for taken in self._intake.values() if len(taken) == 1]
        by_more = [name for name, taken in self._intake.items() if len(taken) > 1]
        count = np.zeros(self.rows)
        if by_one_route:
            count = (np.concatenate(by_one_route).reshape(len(by_one_route), -1) == 1).sum(axis=0).astype(np.float64)
        for name in by_more:
            count = count + self.takes_by_any_route(name)
        return count

    def takes_by_any_route(self, ingredient: str) -> Mask:
        """Who surely takes an ingredient, whatever its route."""
        here = self._no_one
        for _, taken in self._intake.get(ingredient, ()):
            here = here | (taken.now == 1)
        return here

    def seldom_asked(self, row: int) -> frozenset[str]:
        """Inputs that are not routinely known or hardly apply to this person: what lacks them is listed, but folded.

        Dialysis where the kidneys work, pregnancy outside childbearing age, the second transaminase where one is normal.
        """
        policy, out = self.knowledge.policy, set(_SELDOM) | self._seldom_here
        if math.isfinite(self.column("egfr").low[row]) and self.column("egfr").low[row] >= policy(
            "dialysis_unlikely_from_egfr"
        ):
            out.add("dialysis")
        age = self.column("age")
        if age.high[row] < policy("childbearing_from_age") or age.low[row] >= policy("childbearing_to_age"):
            out |= {"pregnant", "breastfeeding"}
        if age.high[row] < policy("childbearing_from_age"):
            out.add("alcohol")
        for agent in self.inputs.agents:
            out |= {f"the {agent} product", f"how long {agent} is to be taken"}
        for one, other in (("alt", "AST"), ("ast", "ALT")):
            if self.column(f"{one}_times_upper_normal").high[row] < policy("transaminases_signal_times_upper"):
                out.add(other)
        return frozenset(out)

    @property
    def taken_by_anyone(self) -> list[str]:
        """The ingredients on any row's list, sorted."""
        return sorted(self._names)
