"""What a screen found, as Arrow tables: findings, one a person and rule of an agent that fired; and checks, all that were made.

Which word a number stands for is kept in the tables' dictionaries, in the order of first use, so that the same people give the same tables.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from relaxant.facts.column import Floats, Mask
from relaxant.facts.facts import Facts
from relaxant.facts.members import sets_of
from relaxant.knowledge.schema import TIERS
from relaxant.rules.columns import Fired, Made
from relaxant.rules.evaluate import OUTCOMES, Test, situation_column
from relaxant.rules.findings import SPEAKS_FIRST, cause_of, is_verified
from relaxant.rules.predicate import Leaf, with_column
from relaxant.rules.ragged import Index, Ragged, starts

_WORD = pa.dictionary(pa.int32(), pa.string())

FINDINGS = pa.schema(
    [
        pa.field("person_id", pa.int64(), nullable=False),
        pa.field("rule", _WORD, nullable=False),
        pa.field("cause", _WORD, nullable=False),
        pa.field("tier", _WORD, nullable=False),
        pa.field("agent", _WORD, nullable=False),
        pa.field("partner", pa.list_(pa.field("element", _WORD, nullable=False)), nullable=False),
        pa.field("situation", _WORD, nullable=False),
        pa.field("since", pa.date32()),
        pa.field("until", pa.date32()),
        pa.field(
            "facts",
            pa.list_(
                pa.field(
                    "element",
                    pa.struct(
                        [
                            pa.field("fact", _WORD, nullable=False),
                            pa.field("low", pa.float64()),
                            pa.field("high", pa.float64()),
                            pa.field("unit", _WORD, nullable=False),
                        ]
                    ),
                    nullable=False,
                )
            ),
            nullable=False,
        ),
        pa.field("verified", pa.bool_(), nullable=False),
    ]
)
"""``cause`` is what the bedside merges findings by. ``since``: the first day on which the agent and all partners were taken, or the day on which
the agent was stopped where the rule speaks of a stop; null where no start was said. ``until``: the last day of the finding in a period, null in
a screen as of a day. Of a fact that is not bounded on a side ``low`` or ``high`` is null; of a yes/no fact both are 1 for yes, 0 for no."""

CHECKS = pa.schema(
    [
        pa.field("person_id", pa.int64(), nullable=False),
        pa.field("rule", _WORD, nullable=False),
        pa.field("agent", _WORD, nullable=False),
        pa.field("partners", pa.list_(pa.field("element", _WORD, nullable=False)), nullable=False),
        pa.field("outcome", _WORD, nullable=False),
        pa.field("settled_by", pa.list_(pa.field("element", _WORD, nullable=False)), nullable=False),
    ]
)
"""The ``checks`` of a review, person by person in its order."""


def findings_table(person_id: Index, found: Fired, facts: Facts, as_of: Index) -> pa.Table:
    """The findings of the rows of ``facts``, who are ``person_id`` on a day as a number, in the order of the rows. Columns: :data:`FINDINGS`."""
    ago = taken_for(found, facts)
    since = as_of[found.row] - np.where(np.isnan(ago), 0, ago).astype(np.intp)
    tests, knowledge = found.tests, facts.knowledge
    verified = np.array([is_verified(test.rule, knowledge) for test in tests], bool)
    return pa.table(
        [
            pa.array(person_id[found.row], pa.int64()),
            _words([test.rule.rule for test in tests], found.test),
            _words([cause_of(test) for test in tests], found.test),
            _words(TIERS, found.tier),
            _words([test.agent for test in tests], found.test),
            _lists(found.partners, _words(found.names, found.partners.values)),
            _words(SPEAKS_FIRST, found.situation),
            dates(since, np.isnan(ago)),
            pa.nulls(len(found.row), pa.date32()),
            _reasons(found, facts),
            pa.array(verified[found.test]),
        ],
        schema=FINDINGS,
    )


def checks_table(person_id: Index, every: Made) -> pa.Table:
    """All checks of the rows that are ``person_id``, in the order of the rows. Columns: :data:`CHECKS`."""
    tests = every.tests
    return pa.table(
        [
            pa.array(person_id[every.row], pa.int64()),
            _words([test.rule.rule for test in tests], every.test),
            _words([test.agent for test in tests], every.test),
            _lists(every.partners, _words(every.names, every.partners.values)),
            _words(OUTCOMES, every.outcome),
            _lists(every.settled_by, _words(every.names, every.settled_by.values)),
        ],
        schema=CHECKS,
    )


def _words(names: Sequence[str], numbers: Index | NDArray[np.int8]) -> pa.DictionaryArray:
    """Words by their place in ``names``; equal names are one word."""
    used, first = np.unique(numbers, return_index=True)
    place: dict[str, int] = {}
    word_of = np.zeros(len(names), np.int32)
    for number in used[np.argsort(first)].tolist():
        word_of[number] = place.setdefault(names[number], len(place))
    return pa.DictionaryArray.from_arrays(pa.array(word_of[numbers], pa.int32()), pa.array(list(place), pa.string()))


def _lists(held: Ragged, values: pa.Array) -> pa.ListArray:
    kind = pa.list_(pa.field("element", values.type, nullable=False))
    return pa.ListArray.from_arrays(pa.array(held.first, pa.int32()), values, type=kind)


# ---------------------------------------------------------------- since when


def dates(day: Index, unknown: Mask) -> pa.Array:
    """Days by their numbers; null where unknown."""
    return pa.array(day, pa.int32(), mask=unknown).cast(pa.date32())


def taken_for(found: Fired, facts: Facts) -> Floats:
    """Days since the agent and all partners of each finding are taken, or since the agent was stopped; NaN where it was not said."""
    ago = np.full(len(found.row), np.nan)
    agents = np.array([test.agent for test in found.tests], dtype=object)
    for agent in dict.fromkeys(agents[np.unique(found.test)].tolist()):
        here = np.flatnonzero((agents == agent)[found.test])
        for situation, name in (
            ("taking", "duration_days"),
            ("stopping", "duration_days"),
            ("stopped", "stopped_days"),
        ):
            its = here[found.situation[here] == SPEAKS_FIRST.index(situation)]
            ago[its] = facts.agent_number(agent, name)[found.row[its]]
    partners = found.partners
    rows = np.repeat(found.row, partners.lengths)
    taken = np.full(len(rows), np.nan)
    for number in np.unique(partners.values).tolist():
        here = np.flatnonzero(partners.values == number)
        taken[here] = facts.taken_days(found.names[number])[rows[here]]
    some = np.flatnonzero((partners.lengths > 0) & (found.situation != SPEAKS_FIRST.index("stopped")))
    if len(some):
        latest = np.minimum.reduceat(taken[partners.places(some)], partners.of(some).first[:-1])
        ago[some] = np.minimum(ago[some], latest)  # NaN where either is
    return ago


# ---------------------------------------------------------------- why


def _reasons(found: Fired, facts: Facts) -> pa.ListArray:
    """The facts of each finding, each once. As on the page of a review, the situation, the partners and what is absent are not among them: other
    columns say the first two, and that something is absent is no reason a reader needs."""
    entry = np.repeat(np.arange(len(found.row)), found.leaves.lengths)
    pairs, pair = np.unique(found.test[entry] * len(found.why) + found.leaves.values, return_inverse=True)
    said = [_fact(found.tests[n // len(found.why)], found.why[n % len(found.why)], facts) for n in pairs.tolist()]
    names = list(dict.fromkeys(name for name in said if name is not None))
    name_of = np.array([-1 if name is None else names.index(name) for name in said], np.intp)[pair]
    # a fact between two bounds is asked twice
    _, once = np.unique(entry * (len(names) + 1) + name_of + 1, return_index=True)
    kept = np.sort(once[name_of[once] >= 0])
    lengths = np.bincount(entry[kept], minlength=len(found.row))
    low, high = found.low[kept], found.high[kept]
    reasons = pa.StructArray.from_arrays(
        [
            _words(names, name_of[kept]),
            pa.array(low, mask=~np.isfinite(low)),
            pa.array(high, mask=~np.isfinite(high)),
            _words(found.unit, found.leaves.values[kept]),
        ],
        fields=list(FINDINGS.field("facts").type.value_type),
    )
    return _lists(Ragged(starts(lengths), kept), reasons)


def _fact(test: Test, leaf: Leaf, facts: Facts) -> str | None:
    """A leaf's fact by name, without the agent that the finding is of; ``None`` for one that is not among the facts of a finding."""
    rule, agent = test.rule, test.agent
    own = {situation_column(agent, rule.on)} | ({with_column(agent, rule.partner)} if rule.partner else set())
    if leaf.column in own or (leaf.below and facts.column(leaf.column).truth):
        return None
    _, with_, clause = leaf.column.partition(":with:")
    if with_:
        roles, ingredients, _ = sets_of(clause)
        return f"with {', '.join((*roles, *ingredients))}"
    return leaf.column.removeprefix(f"{agent}:").removeprefix("on:")
