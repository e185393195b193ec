"""The walk over what the rules said of many people: tests, clauses and leaves are walked, and each step is taken by all rows at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.facts.column import Floats, Mask, anywhere
from relaxant.facts.members import Members
from relaxant.knowledge.schema import Tier
from relaxant.rules.evaluate import FIRES, Checks, Test
from relaxant.rules.findings import MEDICINES, SPEAKS_FIRST
from relaxant.rules.predicate import Leaf
from relaxant.rules.ragged import Index, Ragged, gathered, starts
from relaxant.rules.tiers import RANK, tier_with

Small = NDArray[np.int8]


class Names:
    """Words by number, numbered as they come."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, name: str) -> int:
        """The number of a name."""
        return self._numbers.setdefault(name, len(self._numbers))

    def all(self) -> tuple[str, ...]:
        """The names, by number."""
        return tuple(self._numbers)


Lists = tuple[Index, Index]
"""What belongs to entries: whose it is, and its number."""
NOBODY: Index = np.empty(0, np.intp)
NOTHING: Small = np.empty(0, np.int8)


class Leaves(msgspec.Struct, frozen=True):
    """The same leaves for some entries: ``low`` and ``high`` have shape (leaves, entries)."""

    entries: Index
    numbers: Index
    low: Floats
    high: Floats


class Entries:
    """Entries as they are added: of a test, for some rows."""

    def __init__(self) -> None:
        self._rows, self._tests = [NOBODY], [NOBODY]
        self._count = 0

    def add(self, test: int, rows: Index) -> Index:
        """Adds one for each row; their numbers."""
        self._rows.append(rows)
        self._tests.append(np.full(len(rows), test))
        here = self._count + np.arange(len(rows))
        self._count += len(rows)
        return here

    def arrays(self) -> tuple[Index, Index]:
        """Row and test of each."""
        return np.concatenate(self._rows), np.concatenate(self._tests)


class Trace:
    """What a walk over the checks of many rows asks again and again."""

    def __init__(self, checks: Checks) -> None:
        self.checks, self.facts, self.names = checks, checks.facts, Names()
        self.tests = tuple(checks.program.tests[number] for number in checks.tests.tolist())
        rules = [(t.rule, t.rule.modifiers[t.modifier] if t.modifier >= 0 else None) for t in self.tests]
        self._tiers = np.array([RANK[tier_with(*one)] for one in rules], np.int8)
        self._partners: dict[Members, Ragged] = {}
        self._needs: dict[int, Ragged] = {}
        self._said: dict[str, Mask] = {}

    def rules(self) -> Iterator[tuple[int, Test]]:
        """The tests of rules, modifiers left out, each with its place; its modifiers come after it where it fires for anybody."""
        return ((place, test) for place, test in enumerate(self.tests) if test.modifier < 0)

    def rows(self, place: int, outcome: int) -> Index:
        """The rows that a test is about and where it came out so."""
        return np.flatnonzero(self.checks.candidate[place] & (self.checks.outcome[place] == outcome))

    def modifier(self, place: int, rows: Index) -> Small:
        """The first of a rule's modifiers that holds, -1 for none, where the rule fires."""
        chosen = np.full(len(rows), -1, np.int8)
        for number in reversed(range(len(self.tests[place].rule.modifiers))):
            chosen[self.checks.outcome[place + 1 + number, rows] == FIRES] = number
        return chosen

    def tier(self, place: int | Index, modifier: Small) -> Small:
        """The rank of a rule's tier with the modifier that holds: that of the modifier's place, with none of its own."""
        return self._tiers[place + 1 + modifier.astype(np.intp)]

    def situation(self, test: Test, rows: Index) -> Small:
        """The situation that a rule speaks of in the rows where it fires, as its place in ``SPEAKS_FIRST``."""
        own = self.facts.inputs.agents[test.agent]
        on = [place for place, situation in enumerate(SPEAKS_FIRST) if situation in test.rule.on]
        here = [own[SPEAKS_FIRST[place]][rows] == 1 for place in on]
        spoken: Small = np.array(on, np.int8)[np.argmax(here, axis=0)]
        return spoken

    def partners(self, test: Test, rows: Index, here: Index) -> list[Lists]:
        """Who of a test's partners is taken in some rows, for their entries."""
        chosen = test.partners
        if chosen is None:
            return []
        taken = self._partners.get(chosen)
        if taken is None:
            parts = [
                (np.flatnonzero(self.facts.taking(name, chosen)[0] == 1), self.names.number(name))
                for name in self.facts.taken_of(chosen)
            ]
            taken = self._partners[chosen] = gathered(parts, self.facts.rows)
        those = taken.of(rows)
        return [(np.repeat(here, those.lengths), those.values)]

    def because(self, test: Test, rows: Index, here: Index, why: dict[Leaf, int]) -> Iterator[Leaves]:
        """The leaves of the first alternative that holds, as :func:`relaxant.rules.evaluate.because` has it."""
        for clause in test.clauses:
            low, high, surely, _ = self._leaves(clause, rows)
            holds = np.asarray(surely.all(axis=0))
            if anywhere(holds):
                numbers = np.array([why.setdefault(leaf, len(why)) for leaf in clause], np.intp)
                yield Leaves(here[holds], numbers, low[:, holds], high[:, holds])
            rows, here = rows[~holds], here[~holds]
            if not len(rows):
                break

    def needs(self, test: Test, rows: Index) -> Lists:
        """What would settle a test in the rows where it is unknown, as :func:`relaxant.rules.findings.read_causes` asks it."""
        said = self._said.get(test.agent)
        if said is None:
            said = self._said[test.agent] = self.facts.where_agent_is_said(test.agent)
        nothing = np.flatnonzero(~said[rows])
        if not len(nothing):
            return self.settled_by(test, rows)
        known = np.flatnonzero(said[rows])
        whose, need = self.settled_by(test, rows[known])
        medicines = np.full(len(nothing), self.names.number(MEDICINES))
        return np.concatenate((nothing, known[whose])), np.concatenate((medicines, need))

    def settled_by(self, test: Test, rows: Index) -> Lists:
        """The inputs that would settle a test, as :func:`relaxant.rules.evaluate.tested` has it: each once a row."""
        parts: list[Lists] = [(NOBODY, NOBODY)]
        for clause in test.clauses if len(rows) else ():
            _, _, surely, maybe = self._leaves(clause, rows)
            may_hold = maybe.all(axis=0)
            for leaf, open_ in zip(clause, maybe & ~surely & may_hold, strict=True):
                whose = np.flatnonzero(open_)
                if len(whose):
                    parts += self._settled_by(leaf, rows[whose], whose)
        whose, need = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        if len(parts) > 2:
            order, first = runs(whose, need)
            once = np.sort(order[first])
            whose, need = whose[once], need[once]
        return whose, need

    def asked(self, test: Test, rows: Index, tier: Tier) -> tuple[Index, Index, Small]:
        """What would settle a test in some rows, and the gravest tier that it could come to: rows, inputs and tiers."""
        whose, need = self.needs(test, rows)
        return rows[whose], need, np.full(len(whose), RANK[tier], np.int8)

    def _leaves(self, clause: Sequence[Leaf], rows: Index) -> tuple[Floats, Floats, Mask, Mask]:
        """Each leaf of a clause in some rows: the fact's low and high, where it surely and where it maybe holds. Shape (leaves, rows)."""
        columns = [self.facts.column(leaf.column) for leaf in clause]
        low, high = np.array([c.low[rows] for c in columns]), np.array([c.high[rows] for c in columns])
        threshold = np.array([leaf.threshold for leaf in clause])[:, None]
        below = np.array([leaf.below for leaf in clause])[:, None]
        low_reaches, high_reaches = low >= threshold, high >= threshold
        return low, high, np.where(below, ~high_reaches, low_reaches), np.where(below, ~low_reaches, high_reaches)

    def _settled_by(self, leaf: Leaf, rows: Index, whose: Index) -> list[Lists]:
        needs = self.facts.column(leaf.column).needs
        held = self._needs.get(id(needs))
        if held is None:
            parts = [(np.flatnonzero(mask), self.names.number(name)) for name, mask in needs.items()]
            held = self._needs[id(needs)] = gathered(parts, self.facts.rows)
        those = held.of(rows)
        out = [(np.repeat(whose, those.lengths), those.values)]
        unnamed = whose[those.lengths == 0]
        if len(unnamed):
            out.append((unnamed, np.full(len(unnamed), self.names.number(leaf.column))))
        return out


def distinct(parts: Sequence[tuple[Index, Index, Small]]) -> list[tuple[Index, Index, Small]]:
    """What one rule of an agent asks, each input once a row, by the gravest tier."""
    parts = [part for part in parts if len(part[0])]
    if len(parts) < 2:
        return list(parts)
    row, need, tier = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order, first = runs(row, need)
    return [(row[order[first]], need[order[first]], np.minimum.reduceat(tier[order], first))]


def runs(row: Index, number: Index) -> tuple[Index, Index]:
    """The order by row and number, and where each pair begins in it."""
    key = row * (int(number.max(initial=0)) + 1) + number
    order = np.argsort(key, kind="stable")
    return order, np.flatnonzero(np.diff(key[order], prepend=-1))


def laid_out(parts: Sequence[Leaves], order: Index) -> tuple[Ragged, Floats, Floats]:
    """The leaves of all entries in a new order of the entries, with the low and high of each."""
    lengths, offsets = np.zeros(len(order), np.intp), list[Index]()
    for part in parts:
        offsets.append(lengths[part.entries])
        lengths[part.entries] += len(part.numbers)
    first = starts(lengths[order])
    begins = np.empty(len(order), np.intp)
    begins[order] = first[:-1]
    leaves, low, high = np.empty(first[-1], np.intp), np.empty(first[-1]), np.empty(first[-1])
    for part, offset in zip(parts, offsets, strict=True):
        places = begins[part.entries] + offset + np.arange(len(part.numbers))[:, None]
        leaves[places], low[places], high[places] = part.numbers[:, None], part.low, part.high
    return Ragged(first, leaves), low, high
