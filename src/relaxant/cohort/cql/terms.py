"""Leaves of a rule in CQL: each fact that the export knows, as an expression that is true, false or null."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from relaxant.cohort.cql.codes import Codes, Group, ValueSet, of_results
from relaxant.cohort.cql.parts import Part
from relaxant.errors import RelaxantError
from relaxant.facts.conditions import codes_of, implied_by
from relaxant.facts.derive import MAKERS
from relaxant.facts.limits import LIMITED
from relaxant.facts.members import Members, partners, sets_of
from relaxant.facts.names import AGENT_FACTS, PERSON_FACTS
from relaxant.knowledge.load import Knowledge
from relaxant.rules.predicate import Leaf

OF_PANEL = "K"
"""What a rule calls the panel of kidney facts: it is computed once for all leaves of the rule."""
_PANEL = ("egfr", "kidney_function")
_PLAIN = {
    "age": '"Age"',
    "female": '"Female"',
    "male": 'not "Female"',
    "on_dialysis": '"On dialysis"',
    "acute_kidney_injury": '"Kidney injury"',
}
_IN_PARTS = ("systolic_blood_pressure", "diastolic_blood_pressure")
_ROLES = {"taking": ("taken",), "starting": ("weighed",), "starting+taking": ("taken", "weighed")}
_MOST_NAMED = 3
_DECIMALS = 8  # of a number in CQL


class CannotExpressError(RelaxantError):
    """A fact that the export cannot say: which, and why."""

    def __init__(self, fact: str, why: str) -> None:
        self.fact, self.why = fact, why
        super().__init__(f"{fact}: {why}")


class Terms:
    """The leaves of rules as CQL, and the definitions and value sets that they turned out to need."""

    def __init__(self, knowledge: Knowledge, codes: Codes) -> None:
        self._knowledge, self._codes = knowledge, codes
        self.parts: dict[str, Part] = {}
        self._sets: dict[str, ValueSet] = {}

    def leaf(self, leaf: Leaf) -> str:
        """The leaf as an expression in three-valued logic. Raises :class:`CannotExpressError`."""
        said = self._reaches(leaf)
        return f"not {said}" if leaf.below else said

    def _reaches(self, leaf: Leaf) -> str:
        """Whether the column is at least the threshold."""
        column, (function, limit) = leaf.column, _limit(leaf.threshold)
        if column in _PANEL:
            return f'"{function}"({OF_PANEL}.{column}.low, {OF_PANEL}.{column}.high, {limit})'
        if column in PERSON_FACTS and PERSON_FACTS[column].truth and column in _PLAIN:
            return f"({_PLAIN[column]})"
        if column == "age" or (column in self._knowledge.labs and column not in MAKERS and column not in _IN_PARTS):
            said = _PLAIN.get(column, '"Creatinine".value' if column == "creatinine" else f'"{column}"')
            return f"({said} {'>' if function == 'Above' else '>='} {limit})"
        head, _, rest = column.partition(":")
        if head == "condition":
            return f'"{self.condition(rest)}"'
        if head in self._knowledge.agents:
            kind, _, of = rest.partition(":")
            if kind == "on":
                return f'"{self._situation(head, of)}"'
            if kind == "with":
                if leaf.threshold != 1:
                    raise CannotExpressError(
                        rest, "it counts several medicines, and the export asks only whether one is taken"
                    )
                return f'"{self._partners(column, of)}"'
        raise CannotExpressError(column, _why(column))

    def value_sets(self) -> tuple[ValueSet, ...]:
        """Those that the leaves asked for, and those of every library."""
        return (
            self._codes.recognised,
            self._codes.relaxants,
            *self._sets.values(),
            *map(of_results, self._knowledge.labs.values()),
        )

    # ------------------------------------------------------------ conditions

    def condition(self, name: str) -> str:
        """The definition that says whether the person has a condition, or one that amounts to it."""
        knowledge, called = self._knowledge, f"has {name}"
        if called in self.parts:
            return called
        if knowledge.conditions[name].event:
            raise CannotExpressError(f"condition {name}", "it is an event that records tell of in words")
        amounting = {c for c in knowledge.conditions if c == name or name in implied_by(c, knowledge)}
        snomed, icd = codes_of(amounting, knowledge)
        if not snomed and not icd:
            raise CannotExpressError(f"condition {name}", "no code is known for it")
        tests = []
        if snomed:
            tests.append(f"exists ((C.snomed) S where S in {{ {quoted(snomed)} }})")
        if icd:
            tests.append(f"exists ((C.icd) I where {' or '.join(_starts(own, longer) for own, longer in icd)})")
        return self._keep(
            Part(
                called,
                f'define "{called}":\n'
                '  (Tuple { items: "Conditions" }) R\n'
                "    return case\n"
                f"      when exists ((R.items) C where C.present and ({' or '.join(tests)})) then true\n"
                "      when not exists (R.items) or exists ((R.items) C where C.present and not C.coded) then null\n"
                "      else false\n"
                "    end",
            )
        )

    # ------------------------------------------------------------ medicines

    def _situation(self, agent: str, on: str) -> str:
        """Whether the agent is taken, or weighed."""
        on = "+".join(sorted(on.split("+")))
        if on not in _ROLES:
            raise CannotExpressError(
                f"{agent} {on}", "whether and when a medicine was stopped is not asked by the export"
            )
        group = self._kept(self._codes.agent(agent))
        roles = _ROLES[on]
        called = f"agent {agent} is {' or '.join(roles)}"
        if on == "starting":  # what is not said to be taken is begun, whatever else is not known
            body = (
                f"      when exists ((R.items) M where M.role = 'taken' and {_is(group)}) then false\n"
                f"      when exists ((R.items) M where {_with(roles)} and {_is(group)}) then true\n"
                f"      when exists ((R.items) M where {_with(roles)} and (M.unread or (M.unsure and {_may_be(group)}))) then null\n"
            )
        else:  # without a list any relaxant may be taken; where one is weighed, the bedside asks of that one
            body = (
                f"      when exists ((R.items) M where {_with(roles)} and {_is(group)}) then true\n"
                "      when not exists ((R.items) M where not (M.role in { 'weighed', 'none' })) then\n"
                "        if exists ((R.items) M where M.role = 'weighed' and M.rx in \"relaxants\") then false else null\n"
                f"      when exists ((R.items) M where M.unread and (M.role = 'perhaps' or {_with(roles)})) then null\n"
                f"      when exists ((R.items) M where (M.role = 'perhaps' or ({_with(roles)} and M.unsure)) and {_may_be(group)}) then null\n"
            )
        return self._keep(Part(called, _of_medicines(called, body)))

    def _partners(self, column: str, clause: str) -> str:
        """Whether a medicine of a set is taken or weighed; an unrecognised one may be of the set."""
        members = partners(self._knowledge, column)
        lasting = sorted(name for name, (_, lasts) in members.ingredients.items() if lasts > 0)
        if lasting:
            raise CannotExpressError(
                f"{lasting[0]} among what is taken beside",
                "its effect lasts after a stop, and the day of a stop is not asked by the export",
            )
        name = _name_of(clause, members, column.partition(":")[0])
        group = self._kept(self._codes.partners(name, members))
        called, taken = f"{name} is taken or weighed", _with(("taken", "weighed"))
        return self._keep(
            Part(
                called,
                _of_medicines(
                    called,
                    f"      when exists ((R.items) M where {taken} and {_is(group)}) then true\n"
                    "      when not exists ((R.items) M where not (M.role in { 'weighed', 'none' })) then null\n"
                    f"      when exists ((R.items) M where (M.role = 'perhaps' or {taken}) and M.rx is null) then null\n"
                    f"      when exists ((R.items) M where (M.role = 'perhaps' or ({taken} and M.unsure)) and {_may_be(group)}) then null\n",
                ),
            )
        )

    def _kept(self, group: Group) -> Group:
        if not group.plain.codes:
            raise CannotExpressError(group.plain.name, "RxNorm has no code for it here")
        for one in (group.plain, *(routed for routed, _ in group.routed)):
            if self._sets.setdefault(one.name, one) != one:
                raise ValueError(f"two value sets are called {one.name}")
        return group

    def _keep(self, part: Part) -> str:
        """Notes a definition and gives its name."""
        if self.parts.setdefault(part.name, part) != part:
            raise ValueError(f"two definitions are called {part.name}")
        return part.name


def _name_of(clause: str, members: Members, agent: str) -> str:
    """What a set of partners is called: by its ingredients where it has no others, else by the agent that it is beside."""
    roles, ingredients, but_not = sets_of(clause)
    called = _some((*roles, *ingredients))
    if not roles and members.names == set(ingredients) and len(ingredients) <= _MOST_NAMED:
        return called
    return f"{called} beside {agent}{' but not ' if but_not else ''}{_some(but_not)}"


def _some(names: Sequence[str]) -> str:
    """The first few of some names, and how many more."""
    more = len(names) - _MOST_NAMED
    return " or ".join(names[:_MOST_NAMED]) + (f" or {more} more" if more > 0 else "")


def _with(roles: Iterable[str]) -> str:
    return f"M.role in {{ {quoted(roles)} }}"


def _is(group: Group) -> str:
    """Whether a medicine surely is of the group, by its code alone or with the route that is said."""
    routed = "".join(
        f' or (M.route in {{ {quoted(routes)} }} and M.rx in "{one.name}")' for one, routes in group.routed if routes
    )
    return f'not M.unsure and ((M.route is null and M.rx in "{group.plain.name}"){routed})'


def _may_be(group: Group) -> str:
    """Whether it would be by some route."""
    return "(" + " or ".join(f'M.rx in "{one.name}"' for one, _ in group.routed) + ")"


def _of_medicines(called: str, body: str) -> str:
    return f'define "{called}":\n  (Tuple {{ items: "Medicines" }}) R\n    return case\n{body}      else false\n    end'


def _starts(own: str, longer: tuple[str, ...]) -> str:
    but = "".join(f" and not StartsWith(I, '{other}')" for other in longer)
    return f"(StartsWith(I, '{own}'){but})" if but else f"StartsWith(I, '{own}')"


def _limit(threshold: float) -> tuple[str, str]:
    """The function that compares, and the number as CQL writes it: *above* a number is *at least* the next one after it."""
    plain = round(threshold, _DECIMALS)
    above = plain != threshold and math.nextafter(plain, math.inf) == threshold
    return ("Above" if above else "At least"), decimal(plain if above else threshold)


def decimal(value: float) -> str:
    """A number as a CQL decimal.

    >>> decimal(30.0), decimal(0.011312)
    ('30.0', '0.011312')
    """
    text = f"{value:.{_DECIMALS}f}".rstrip("0")
    return f"{text}0" if text.endswith(".") else text


def quoted(words: Iterable[str]) -> str:
    """Words as CQL strings, one after another.

    >>> quoted(["a", "b"])
    "'a', 'b'"
    """
    return ", ".join("'" + word.replace("\\", "\\\\").replace("'", "\\'") + "'" for word in words)


_REASONS = {
    "since": "the day a condition began is not asked by the export",
    "genotype": "genes are not asked by the export",
    "allergy": "allergies are not asked by the export: records tell of them in words",
    "over_limit": "doses are not asked by the export: they are read from words",
}


def _why(column: str) -> str:
    parts = column.split(":")
    for part in parts:
        if part in _REASONS:
            return _REASONS[part]
    fact = parts[-1].partition("@")[0]
    if fact in AGENT_FACTS or fact in LIMITED.values():
        return "what the lines of a medicine say of its dose and days is not asked by the export"
    return "the export does not know how it is found in FHIR"
