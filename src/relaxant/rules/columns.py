"""What the rules said of many people, as flat arrays: what fired and why, every check, and what could not be checked.

The same as :mod:`relaxant.rules.findings` says of one person, without a loop over people (:mod:`relaxant.rules.trace` walks).
``tests/test_columns.py`` compares the two row by row.
"""

from __future__ import annotations

import msgspec
import numpy as np

from relaxant.facts.column import Floats
from relaxant.knowledge.rules import Outcome
from relaxant.knowledge.schema import TIERS, Tier
from relaxant.rules.evaluate import FIRES, OUTCOMES, UNKNOWN, Checks, Test
from relaxant.rules.findings import OUTCOME_ORDER
from relaxant.rules.predicate import Leaf
from relaxant.rules.ragged import Index, Ragged, gathered
from relaxant.rules.tiers import RANK, worst_tier
from relaxant.rules.trace import NOBODY, NOTHING, Entries, Leaves, Lists, Small, Trace, distinct, laid_out, runs


class Fired(msgspec.Struct, frozen=True):
    """What fired, an entry for each row and rule of an agent, by row and then in the order of the program.

    ``row`` of the checks; ``test`` its place in ``tests``; ``tier`` by its rank, with the modifier that holds; ``modifier`` its place in the
    rule, -1 for none; ``situation`` its place in ``SPEAKS_FIRST``. ``partners`` are numbers of ``names``. ``leaves`` are numbers of ``why``: of the first alternative that holds, and of
    the modifier's; beside each the ``low`` and ``high`` of its fact and ``unit`` that fact's.
    """

    tests: tuple[Test, ...]
    row: Index
    test: Index
    tier: Small
    modifier: Small
    situation: Small
    names: tuple[str, ...]
    partners: Ragged
    why: tuple[Leaf, ...]
    unit: tuple[str, ...]
    leaves: Ragged
    low: Floats
    high: Floats


class Made(msgspec.Struct, frozen=True):
    """Every check, by row and in it as the bedside orders them: what fired, what could not be checked, what was silent.

    ``test`` is its place in ``tests``; ``partners`` and ``settled_by`` are numbers of ``names``.
    """

    tests: tuple[Test, ...]
    row: Index
    test: Index
    outcome: Small
    names: tuple[str, ...]
    partners: Ragged
    settled_by: Ragged

    def word(self, entry: int) -> Outcome:
        """The outcome of one check in a word."""
        return OUTCOMES[int(self.outcome[entry])]


class Questions(msgspec.Struct, frozen=True):
    """What could not be checked, an entry for each row and input that would settle something there, by row.

    ``need`` is a number of ``names``; ``tier`` the rank of the gravest that it could settle; ``checks`` how many rules of an agent wait for it.
    """

    row: Index
    need: Index
    tier: Small
    checks: Index
    names: tuple[str, ...]


class Lacking(msgspec.Struct, frozen=True):
    """An input that would settle what could not be checked: of how many people, in how many checks, and the gravest tier."""

    need: str
    worst: Tier
    people: int
    checks: int


def fired(checks: Checks) -> Fired:
    """What fired and why, for every row."""
    trace = Trace(checks)
    entries, modifiers, situations = Entries(), [NOTHING], [NOTHING]
    leaves, partners, why = list[Leaves](), list[Lists](), dict[Leaf, int]()
    for place, test in trace.rules():
        rows = trace.rows(place, FIRES)
        if not len(rows):
            continue
        chosen = trace.modifier(place, rows)
        here = entries.add(place, rows)
        modifiers.append(chosen)
        situations.append(trace.situation(test, rows))
        leaves += trace.because(test, rows, here, why)
        for number in np.unique(chosen[chosen >= 0]).tolist():
            its = np.flatnonzero(chosen == number)
            leaves += trace.because(trace.tests[place + 1 + number], rows[its], here[its], why)
        partners += trace.partners(test, rows, here)
    row, test_of = entries.arrays()
    modifier = np.concatenate(modifiers)
    order = np.argsort(row, kind="stable")
    held, low, high = laid_out(leaves, order)
    return Fired(
        trace.tests,
        row[order],
        test_of[order],
        trace.tier(test_of, modifier)[order],
        modifier[order],
        np.concatenate(situations)[order],
        trace.names.all(),
        gathered(partners, len(order)).of(order),
        tuple(why),
        tuple(checks.facts.column(leaf.column).unit for leaf in why),
        held,
        low,
        high,
    )


def made(checks: Checks) -> Made:
    """Every check of every row, the silent ones among them: the ``checks`` of a review."""
    trace = Trace(checks)
    entries, outcomes, partners, needs = Entries(), [NOTHING], list[Lists](), list[Lists]()
    for place, test in trace.rules():
        rows = np.flatnonzero(checks.candidate[place])
        here = entries.add(place, rows)
        outcomes.append(checks.outcome[place, rows])
        partners += trace.partners(test, rows, here)
        unknown = outcomes[-1] == UNKNOWN
        whose, need = trace.needs(test, rows[unknown])
        needs.append((here[unknown][whose], need))
    row, test_of = entries.arrays()
    outcome = np.concatenate(outcomes)
    as_read = np.array([OUTCOME_ORDER[word] for word in OUTCOMES])[outcome]
    order = np.lexsort((as_read, row))  # tests stand by agent and rule
    return Made(
        trace.tests,
        row[order],
        test_of[order],
        outcome[order],
        trace.names.all(),
        gathered(partners, len(order)).of(order),
        gathered(needs, len(order)).of(order),
    )


def questions(checks: Checks) -> Questions:
    """What could not be checked and what would settle it. Where a rule fired, what would tell of a modifier that makes it graver is asked, too."""
    trace = Trace(checks)
    parts: list[tuple[Index, Index, Small]] = []
    for place, test in trace.rules():
        parts += distinct([trace.asked(test, trace.rows(place, UNKNOWN), worst_tier(test.rule))])
        rows = trace.rows(place, FIRES)
        graver = [(i, m.tier) for i, m in enumerate(test.rule.modifiers) if m.tier] if len(rows) else []
        if not graver:
            continue
        chosen = trace.modifier(place, rows)
        tier = trace.tier(place, chosen)
        more = []
        for i, its_tier in graver:
            its = place + 1 + i
            open_ = (checks.outcome[its, rows] == UNKNOWN) & ((chosen < 0) | (i < chosen)) & (RANK[its_tier] < tier)
            more.append(trace.asked(trace.tests[its], rows[open_], its_tier))
        parts += distinct(more)
    row, need, tier = (np.concatenate(columns) for columns in zip((NOBODY, NOBODY, NOTHING), *parts, strict=True))
    order, first = runs(row, need)
    if not len(order):
        return Questions(row, need, tier, row, trace.names.all())
    counts = np.diff(np.append(first, len(order)))
    kept = order[first]
    return Questions(row[kept], need[kept], np.minimum.reduceat(tier[order], first), counts, trace.names.all())


def lacking(asked: Questions) -> tuple[Lacking, ...]:
    """What would settle what could not be checked, over all rows; the gravest first, and of those what most people lack."""
    people = np.bincount(asked.need, minlength=len(asked.names))
    checks = np.bincount(asked.need, asked.checks, minlength=len(asked.names))
    worst = np.full(len(asked.names), len(TIERS) - 1, np.int8)
    np.minimum.at(worst, asked.need, asked.tier)
    out = [
        Lacking(name, TIERS[worst[i]], int(people[i]), int(checks[i]))
        for i, name in enumerate(asked.names)
        if people[i]
    ]
    return tuple(sorted(out, key=lambda one: (RANK[one.worst], -one.people, one.need)))
