"""What a screen counts: made of each batch of people, added up, and all that its CSV files and its page say.

A tally holds counts alone, and no person. Tallies add up to the same in any order, and one can be written down and read again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.cohort.over_time import OverTime, put_together
from relaxant.facts.column import Floats, Mask
from relaxant.facts.facts import Facts
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.schema import TIERS, Tier
from relaxant.rules.columns import Fired, Questions, fired, lacking, questions
from relaxant.rules.evaluate import Checks
from relaxant.rules.ragged import Index
from relaxant.rules.tiers import RANK

UNKNOWN = "unknown"
SEXES = ("female", "male", UNKNOWN)
TAKING, STOPPED = "taking", "stopped"
SEX, CONDITIONS, ALLERGIES = "sex", "conditions", "allergies"
INPUTS = (
    "age",
    SEX,
    "weight",
    "height",
    "creatinine",
    "egfr",
    "creatinine_clearance",
    "alt_times_upper_normal",
    "ast_times_upper_normal",
    "child_pugh",
    "systolic_blood_pressure",
    "potassium",
    CONDITIONS,
    ALLERGIES,
)
"""The inputs of which is counted who has them, among people with a relaxant: facts by name, the sex, and lists that were given."""


class People(msgspec.Struct, frozen=True):
    """Everybody of a batch who can be used, a row each: ``person_id``, ``female`` as 1, 0 or NaN, ``age`` in years or NaN. ``asked`` are the rows of
    those with a relaxant, in the order in which they are rows of the checks."""

    person_id: NDArray[np.int64]
    female: Floats
    age: Floats
    asked: Index


class Screened(msgspec.Struct, frozen=True):
    """What the rules said of the people with a relaxant of a batch."""

    checks: Checks
    fired: Fired
    questions: Questions


class Wanting(msgspec.Struct, frozen=True):
    """What could not be checked for want of one input: of how many people, how many checks, and the rank of the gravest tier among them."""

    people: int
    checks: int
    worst: int

    def __add__(self, other: Wanting) -> Wanting:
        return Wanting(self.people + other.people, self.checks + other.checks, min(self.worst, other.worst))


LeftKey = tuple[str, str | None, str | None, str | None, str, bool]
"""Something of which nothing was made, by the fields of :class:`relaxant.cohort.vocabulary.Left` without how many times."""
FoundKey = tuple[str, Tier, str, str, str, int]
"""Rule, tier, agent, sex, age band, year."""
SexAge = tuple[str, str]
"""One of ``SEXES`` and an age band."""


class Tally(msgspec.Struct, kw_only=True):
    """Counts of persons.

    ``persons`` are all that the source has: the ``rejected``, by reason, those with ``no_relaxant``, those of whom everything could be ``checked``
    and those of whom something was ``unchecked``. Of those with a relaxant ``now`` take one today. ``agents`` by agent and ``taking`` or
    ``stopped``; ``known`` by input; ``found`` by rule, tier, agent, sex, age band and year. ``rules`` and ``worst`` count each person once: by
    rule, and by the gravest tier of what was found. ``left`` counts times and not persons. ``over_time`` is what a screen
    of a period counts besides.
    """

    persons: int = 0
    rejected: dict[str, int] = {}
    no_relaxant: int = 0
    checked: int = 0
    unchecked: int = 0
    now: int = 0
    everybody: dict[SexAge, int] = {}
    with_relaxant: dict[SexAge, int] = {}
    with_finding: dict[SexAge, int] = {}
    agents: dict[tuple[str, str], int] = {}
    known: dict[str, int] = {}
    found: dict[FoundKey, int] = {}
    rules: dict[str, int] = {}
    worst: dict[Tier, int] = {}
    wanting: dict[str, Wanting] = {}
    left: dict[LeftKey, int] = {}
    over_time: OverTime = msgspec.field(default_factory=OverTime)

    @property
    def relaxant(self) -> int:
        """How many have a relaxant on their list."""
        return self.checked + self.unchecked

    @property
    def findings(self) -> int:
        """How many have a finding."""
        return sum(self.worst.values())

    def add(self, other: Tally) -> None:
        """Adds the counts of other people to these."""
        for name in self.__struct_fields__:
            mine, theirs = getattr(self, name), getattr(other, name)
            if isinstance(theirs, int):
                setattr(self, name, mine + theirs)
            elif isinstance(theirs, OverTime):
                mine.add(theirs)
            else:
                put_together(mine, theirs)

    def balanced(self) -> None:
        """Raises :class:`AssertionError` where those rejected, without a relaxant, checked and unchecked are not all persons of the source."""
        told = sum(self.rejected.values()) + self.no_relaxant + self.checked + self.unchecked
        if told != self.persons:
            raise AssertionError(f"{self.persons} persons, of whom {told} are accounted for: {self}")


def worst_first(tally: Tally) -> list[tuple[str, Wanting]]:
    """What was wanting, the gravest first, and of those what most people lack."""
    return sorted(tally.wanting.items(), key=lambda one: (one[1].worst, -one[1].people, one[0]))


def screened(checks: Checks) -> Screened:
    """What the rules said of the rows of the checks, as columns."""
    return Screened(checks, fired(checks), questions(checks))


def tally_of(people: People, said: Screened, year: int, *, persons: int, rejected: Mapping[str, int]) -> Tally:
    """The counts of one batch: of ``persons`` of the source, some ``rejected``, by reason, the others ``people``; ``said`` of those with a relaxant,
    in the ``year`` that the findings count in."""
    facts, found, asked = said.checks.facts, said.fired, said.questions
    sex_age, of = sex_and_age(people, facts.knowledge), people.asked
    with_finding, unsure = np.unique(found.row), np.unique(asked.row)
    worst = np.full(facts.rows, len(TIERS), np.int8)
    np.minimum.at(worst, found.row, found.tier)
    return Tally(
        persons=persons,
        rejected=dict(rejected),
        no_relaxant=len(people.person_id) - len(of),
        checked=len(of) - len(unsure),
        unchecked=len(unsure),
        now=int(np.count_nonzero(_in(facts, TAKING))),
        everybody=sex_age.counted(slice(None)),
        with_relaxant=sex_age.counted(of),
        with_finding=sex_age.counted(of[with_finding]),
        agents=_agents(facts),
        known={name: int(np.count_nonzero(known)) for name, known in known_inputs(facts, people)},
        found=found_by_sex_and_age(found, sex_age, of, year),
        rules=counts_of_rules(found),
        worst={tier: count for tier, n in zip(TIERS, np.bincount(worst, minlength=len(TIERS)), strict=False) if (count := int(n))},
        wanting={one.need: Wanting(one.people, one.checks, RANK[one.worst]) for one in lacking(asked)},
    )  # fmt: skip


# ---------------------------------------------------------------- sex and age


def age_bands(knowledge: Knowledge) -> tuple[str, ...]:
    """The age bands in completed years, the youngest first; an age that is not known comes last."""
    width, oldest = _bands(knowledge)
    return (*(f"{low} to {low + width - 1}" for low in range(0, oldest, width)), f"{oldest} and over", UNKNOWN)


def _bands(knowledge: Knowledge) -> tuple[int, int]:
    return int(knowledge.policy("screen_age_band")), int(knowledge.policy("screen_oldest_from"))


class SexAges(msgspec.Struct, frozen=True):
    """The sex and age band of each person, as one number."""

    number: Index
    ages: tuple[str, ...]

    def key(self, number: int) -> SexAge:
        """Sex and age band of a number."""
        sex, age = divmod(number, len(self.ages))
        return SEXES[sex], self.ages[age]

    def counted(self, rows: Index | slice) -> dict[SexAge, int]:
        """How many of some rows there are of each."""
        counts = np.bincount(self.number[rows])
        return {self.key(n): int(counts[n]) for n in np.flatnonzero(counts).tolist()}


def sex_and_age(people: People, knowledge: Knowledge) -> SexAges:
    """Everybody's sex and age band."""
    ages, (width, oldest) = age_bands(knowledge), _bands(knowledge)
    known = people.age >= 0
    band = np.where(known, np.minimum(np.where(known, people.age, 0), oldest) // width, len(ages) - 1)
    sex = np.where(people.female == 1, 0, np.where(people.female == 0, 1, len(SEXES) - 1))
    return SexAges((sex * len(ages) + band).astype(np.intp), ages)


# ---------------------------------------------------------------- counts


def _in(facts: Facts, situation: str) -> Mask:
    """Who has any agent in a situation."""
    here = np.zeros(facts.rows, bool)
    for own in facts.inputs.agents.values():
        here |= own[situation] == 1
    return here


def _agents(facts: Facts) -> dict[tuple[str, str], int]:
    out = {}
    for agent, own in facts.inputs.agents.items():
        for situation in (TAKING, STOPPED):
            if count := int(np.count_nonzero(own[situation] == 1)):
                out[agent, situation] = count
    return out


def known_inputs(facts: Facts, people: People) -> Iterator[tuple[str, Mask]]:
    """Who has each of the inputs."""
    for name in INPUTS:
        if name == SEX:
            yield name, ~np.isnan(people.female[people.asked])
        elif name in (CONDITIONS, ALLERGIES):
            yield name, getattr(facts.inputs, f"{name}_known")
        else:
            yield name, facts.column(name).known


def found_by_sex_and_age(found: Fired, sex_age: SexAges, of: Index, year: int) -> dict[FoundKey, int]:
    """How many rows each rule fired for, by tier, agent, sex, age band and year."""
    cells = int(sex_age.number.max(initial=0)) + 1
    key = (found.test * len(TIERS) + found.tier) * cells + sex_age.number[of[found.row]]
    out = Counter[FoundKey]()
    for number, count in zip(*np.unique(key, return_counts=True), strict=True):
        rest, who = divmod(int(number), cells)
        test, tier = divmod(rest, len(TIERS))
        one = found.tests[test]
        out[one.rule.rule, TIERS[tier], one.agent, *sex_age.key(who), year] += int(count)
    return dict(out)


def counts_of_rules(found: Fired) -> dict[str, int]:
    """How many people each rule fired for, whatever the agent."""
    names: dict[str, int] = {}
    of_test = np.array([names.setdefault(test.rule.rule, len(names)) for test in found.tests], np.intp)
    pairs = np.unique(found.row * max(1, len(names)) + of_test[found.test])
    counts = np.bincount(pairs % max(1, len(names)), minlength=len(names))
    return {name: int(counts[n]) for name, n in names.items() if counts[n]}
