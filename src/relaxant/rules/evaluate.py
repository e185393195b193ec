"""The one evaluator: every rule over every row, in three-valued logic, for one person or for many.

Rules are compiled once per knowledge and jurisdiction into flat arrays: leaves, clauses (*all of* leaves) and rules (*any of*
clauses), so that one call is a gather of columns, two comparisons and two reductions, whatever the number of rules.
A row of a patient and a row of a registry go through the same lines below.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.facts.column import Floats, Mask, anywhere
from relaxant.facts.facts import Facts
from relaxant.facts.members import Members, partners
from relaxant.knowledge.agents import EVERY_AGENT
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.rules import Outcome, Rule
from relaxant.knowledge.schema import Jurisdiction
from relaxant.rules.predicate import Clauses, Leaf, both, read_predicate, with_column, yes

SILENT, FIRES, UNKNOWN = 0, 1, 2
OUTCOMES: tuple[Outcome, ...] = ("silent", "fires", "could not check")
_ROWS_AT_A_TIME = 4096
_FEW = 64  # people: to go through every block once costs more than to go through every row
_MOST_TESTS = 1_000_000  # of one agent: room between the numbers of two
Index = NDArray[np.intp]
Values = TypeVar("Values", Floats, Mask)


class Test(msgspec.Struct, frozen=True):
    """One rule for one agent, or one of its modifiers (``modifier`` is its place, -1 for the rule itself)."""

    rule: Rule
    agent: str
    modifier: int
    clauses: Clauses
    partners: Members | None


class Block(msgspec.Struct, frozen=True):
    """Tests that are made together, as flat arrays: leaves, clauses (*all of* leaves) and tests (*any of* clauses)."""

    tests: Index  # by their place in the program
    column: Index  # of each leaf
    threshold: Floats
    below: Mask
    clause_lengths: Index  # in leaves
    test_lengths: Index  # in clauses


class Group(msgspec.Struct, frozen=True):
    """The rules of an agent that ask for the same partners in the same situation."""

    partners: Members | None
    situation_column: str
    rules: Block


class Program:
    """The tests of a jurisdiction by agent, each rule before its modifiers. An agent's are compiled when somebody may take it.

    ``tests`` are by number; the numbers of an agent follow those of the agents before it by name, and so do those of its rules.
    """

    def __init__(self, knowledge: Knowledge, jurisdiction: Jurisdiction) -> None:
        self.agents = sorted(knowledge.agents)
        self.tests: dict[int, Test] = {}
        self.columns: list[str] = []
        self.modifiers: dict[int, Block] = {}  # of each rule that has some
        self._knowledge, self._jurisdiction = knowledge, jurisdiction
        self._place: dict[str, int] = {}
        self._groups: dict[str, tuple[Group, ...]] = {}
        self._dangers: dict[str, Block] = {}

    def groups(self, agent: str) -> tuple[Group, ...]:
        """The agent's rules, those together that ask for the same partners in the same situation."""
        made = self._groups.get(agent)
        if made is None:
            made = self._groups[agent] = self._compiled(agent)
        return made

    def dangers(self, agent: str) -> Block:
        """What makes it a DANGER to begin the agent: its rules that can come to that, as if it were begun."""
        made = self._dangers.get(agent)
        if made is None:
            numbers = [int(number) for group in self.groups(agent) for number in group.rules.tests]
            asked = [clauses for number in numbers for clauses in self._grave(number)]
            made = self._dangers[agent] = self._asking(asked, range(len(asked)))
        return made

    def _grave(self, number: int) -> Iterator[Clauses]:
        test = self.tests[number]
        if "starting" not in test.rule.on:
            return
        begun = Leaf(situation_column(test.agent, test.rule.on), 1.0)
        own = tuple(tuple(Leaf(x.column, -np.inf) if x == begun else x for x in clause) for clause in test.clauses)
        if test.rule.tier == "DANGER":
            yield own
        for i, modifier in enumerate(test.rule.modifiers):
            if modifier.tier == "DANGER":
                # not both(): its bound is for what people read, and a sound rule with a sound modifier may be over it
                yield tuple(a + b for a in own for b in self.tests[number + 1 + i].clauses)

    def _compiled(self, agent: str) -> tuple[Group, ...]:
        number = self.agents.index(agent) * _MOST_TESTS
        together: dict[tuple[Members | None, str], list[int]] = {}
        for rule in self._knowledge.rules.values():
            if (agent not in rule.agents and EVERY_AGENT not in rule.agents) or (
                rule.jurisdiction and self._jurisdiction not in rule.jurisdiction
            ):
                continue
            situation = situation_column(agent, rule.on)
            clauses, chosen = yes(situation), None
            if rule.partner:
                column = with_column(agent, rule.partner)
                clauses, chosen = both(clauses, yes(column)), partners(self._knowledge, column)
            if rule.when:
                clauses = both(clauses, read_predicate(rule.when, agent, f"{rule.rule}.when"))
            self.tests[number] = Test(rule, agent, -1, clauses, chosen)
            together.setdefault((chosen, situation), []).append(number)
            for i, modifier in enumerate(rule.modifiers):
                when = read_predicate(modifier.when, agent, f"{rule.rule}.modifiers[{i}]")
                self.tests[number + 1 + i] = Test(rule, agent, i, when, chosen)
            if rule.modifiers:
                self.modifiers[number] = self._block(range(number + 1, number + 1 + len(rule.modifiers)))
            number += 1 + len(rule.modifiers)
        return tuple(Group(*key, self._block(rules)) for key, rules in together.items())

    def _block(self, chosen: Sequence[int]) -> Block:
        return self._asking([self.tests[number].clauses for number in chosen], chosen)

    def _asking(self, asked: Sequence[Clauses], numbers: Sequence[int]) -> Block:
        clauses = [clause for own in asked for clause in own]
        leaves = [leaf for clause in clauses for leaf in clause]
        return Block(
            np.array(numbers, dtype=np.intp),
            np.array([self._column(leaf.column) for leaf in leaves], dtype=np.intp),
            np.array([leaf.threshold for leaf in leaves]),
            np.array([leaf.below for leaf in leaves]),
            np.array([len(clause) for clause in clauses], dtype=np.intp),
            np.array([len(own) for own in asked], dtype=np.intp),
        )

    def _column(self, name: str) -> int:
        place = self._place.get(name)
        if place is None:
            place = self._place[name] = len(self.columns)
            self.columns.append(name)
        return place


class Checks(msgspec.Struct, frozen=True):
    """What was tested and what came of it. ``outcome`` has shape (tests, rows); ``candidate`` marks the rows a test is about. Of the others its
    outcome says nothing.

    A rule whose situation is nobody's is silent without a look at what else it asks; modifiers are tested where their rule
    fires for somebody.
    """

    program: Program
    facts: Facts
    tests: Index
    outcome: NDArray[np.int8]
    candidate: Mask

    def row(self, row: int) -> Iterator[tuple[Test, int]]:
        """The tests made for one row with their outcomes, rules and modifiers alike."""
        return self._of(np.flatnonzero(self.candidate[:, row]), row)

    def spoken(self, row: int) -> Iterator[tuple[Test, int]]:
        """Those of :meth:`row` that are not silent."""
        return self._of(np.flatnonzero(self.candidate[:, row] & (self.outcome[:, row] != SILENT)), row)

    def silent(self, row: int) -> Iterator[tuple[Test, int]]:
        """Those of :meth:`row` that are silent."""
        return self._of(np.flatnonzero(self.candidate[:, row] & (self.outcome[:, row] == SILENT)), row)

    def _of(self, here: Index, row: int) -> Iterator[tuple[Test, int]]:
        for test, outcome in zip(self.tests[here].tolist(), self.outcome[here, row].tolist(), strict=True):
            yield self.program.tests[test], outcome


def situation_column(agent: str, on: Sequence[str]) -> str:
    """The column that is true where the agent is in one of the situations ``on``."""
    return f"{agent}:on:{'+'.join(on)}"


_PROGRAMS: dict[tuple[str, Jurisdiction], Program] = {}


def program(knowledge: Knowledge, jurisdiction: Jurisdiction) -> Program:
    """The program of a knowledge and jurisdiction, kept so that each agent is compiled once."""
    key = (knowledge.sha256, jurisdiction)
    made = _PROGRAMS.get(key)
    if made is None:
        made = _PROGRAMS[key] = Program(knowledge, jurisdiction)
    return made


def evaluate(program: Program, facts: Facts, agents: Collection[str] | None = None) -> Checks:
    """Tests every candidate rule on every row of ``facts``, and the modifiers of those that fire; of ``agents`` alone if given."""
    live: list[tuple[Block, Mask]] = []
    idle: list[tuple[Block, Mask]] = []
    possible: dict[str, bool] = {}
    for agent in program.agents:
        if agents is not None and agent not in agents:
            continue
        present = facts.agent_may_be_present(agent)
        if not anywhere(present):
            continue
        for group in program.groups(agent):
            here = present
            if group.partners is not None:
                if facts.nobody_takes(group.partners):
                    continue
                here = present & facts.count_members(group.partners).maybe
                if not anywhere(here):
                    continue
            situation = group.situation_column
            if situation not in possible:
                possible[situation] = anywhere(facts.column(situation).maybe)
            (live if possible[situation] else idle).append((group.rules, here))
    outcome, candidate, tests = _outcomes(program, facts, live), _candidates(live, facts.rows), _tests(live)
    firing = np.flatnonzero(((outcome == FIRES) & candidate).any(axis=1))
    modified = [
        (program.modifiers[rule], candidate[i])
        for i, rule in zip(firing.tolist(), tests[firing].tolist(), strict=True)
        if rule in program.modifiers
    ]
    others = [*modified, *idle]
    tests = np.concatenate((tests, _tests(others)))
    outcome = np.concatenate(
        (
            outcome,
            _outcomes(program, facts, modified),
            np.full((sum(len(b.tests) for b, _ in idle), facts.rows), SILENT, dtype=np.int8),
        )
    )
    candidate = np.concatenate((candidate, _candidates(others, facts.rows)))
    order = np.argsort(tests)  # a rule stands before its modifiers
    return Checks(program, facts, tests[order], outcome[order], candidate[order])


def danger_if_begun(program: Program, facts: Facts, agent: str) -> Mask:
    """The rows for which an agent would surely be a DANGER, begun beside all that is taken and weighed, in no dose yet. Shape (rows,)."""
    block = program.dangers(agent)
    if not len(block.tests):
        return np.zeros(facts.rows, dtype=bool)
    return np.asarray((_made(program, facts, [block], slice(None)) == FIRES).any(axis=0))


def _tests(about: Sequence[tuple[Block, Mask]]) -> Index:
    return np.concatenate([np.empty(0, dtype=np.intp), *(block.tests for block, _ in about)])


def _candidates(about: Sequence[tuple[Block, Mask]], rows: int) -> Mask:
    """The rows that each test is about. Shape (tests, rows)."""
    if not about:
        return np.empty((0, rows), dtype=bool)
    return np.repeat(_stacked([mask for _, mask in about]), [len(block.tests) for block, _ in about], axis=0)


def _stacked(parts: Sequence[Values]) -> Values:
    """One-dimensional arrays of one length as the rows of a table; a fraction of the cost of :func:`numpy.array` on many."""
    return np.concatenate(parts).reshape(len(parts), -1)


def _outcomes(program: Program, facts: Facts, about: Sequence[tuple[Block, Mask]]) -> NDArray[np.int8]:
    """The outcome of each test of the blocks on each row that it is about. Shape (tests, rows).

    A few people go through all blocks together, each on every row; of many people each block sees those whom it is about.
    """
    if facts.rows <= _FEW:
        return _made(program, facts, [block for block, _ in about], slice(None))
    outcome = np.full((sum(len(block.tests) for block, _ in about), facts.rows), SILENT, dtype=np.int8)
    first = 0
    for block, here in about:
        rows, last = np.flatnonzero(here), first + len(block.tests)
        if len(rows):
            outcome[first:last, rows] = _made(program, facts, [block], rows)
        first = last
    return outcome


def _made(program: Program, facts: Facts, blocks: Sequence[Block], rows: Index | slice) -> NDArray[np.int8]:
    """The outcome of each test of the blocks on each of some rows. Shape (tests, rows)."""
    if not blocks:
        return np.empty((0, facts.rows), dtype=np.int8)
    clause_lengths = np.concatenate([block.clause_lengths for block in blocks])
    test_lengths = np.concatenate([block.test_lengths for block in blocks])
    clause_first, test_first = clause_lengths.cumsum() - clause_lengths, test_lengths.cumsum() - test_lengths
    of_leaf = np.concatenate([block.column for block in blocks])
    threshold = np.concatenate([block.threshold for block in blocks])[:, None]
    below = np.concatenate([block.below for block in blocks])[:, None]

    place = np.zeros(len(program.columns), dtype=np.intp)
    place[of_leaf] = 1
    used = np.flatnonzero(place)
    place[used] = np.arange(len(used))
    place = place[of_leaf]
    columns = [facts.column(program.columns[c]) for c in used.tolist()]
    low, high = _stacked([c.low[rows] for c in columns]), _stacked([c.high[rows] for c in columns])
    outcome = np.empty((len(test_lengths), low.shape[1]), dtype=np.int8)
    for start in range(0, low.shape[1], _ROWS_AT_A_TIME):
        part = slice(start, start + _ROWS_AT_A_TIME)
        low_reaches = np.packbits(low[:, part][place] >= threshold, axis=1)
        high_reaches = np.packbits(high[:, part][place] >= threshold, axis=1)
        surely, maybe = (
            np.unpackbits(_any_of_all(leaves, clause_first, test_first), axis=1, count=outcome[:, part].shape[1])
            for leaves in (
                np.where(below, ~high_reaches, low_reaches),
                np.where(below, ~low_reaches, high_reaches),
            )
        )
        outcome[:, part] = np.where(surely, FIRES, np.where(maybe, UNKNOWN, SILENT))
    return outcome


def _any_of_all(leaves: NDArray[np.uint8], clause_first: Index, test_first: Index) -> NDArray[np.uint8]:
    """Each test's *any of all of leaves*, on eight rows at a time: the bits of one byte."""
    return np.asarray(np.bitwise_or.reduceat(np.bitwise_and.reduceat(leaves, clause_first), test_first))


# ---------------------------------------------------------------- why


def leaf_outcome(leaf: Leaf, low: float, high: float) -> int:
    """The three-valued outcome of one leaf for a fact that lies between ``low`` and ``high``."""
    if low >= leaf.threshold:
        return SILENT if leaf.below else FIRES
    if high >= leaf.threshold:
        return UNKNOWN
    return FIRES if leaf.below else SILENT


class Row(msgspec.Struct, frozen=True):
    """One person's facts, as a trace asks for them."""

    facts: Facts
    row: int

    def outcome(self, leaf: Leaf) -> int:
        """The three-valued outcome of one leaf."""
        return leaf_outcome(leaf, *self.facts.column(leaf.column).bounds(self.row))

    def needs(self, leaf: Leaf) -> tuple[str, ...]:
        """The inputs that would settle a leaf."""
        return self.facts.column(leaf.column).settled_by(self.row) or (leaf.column,)


def because(test: Test, row: Row) -> tuple[Leaf, ...]:
    """The leaves of the first alternative that holds: why a test fired."""
    for clause in test.clauses:
        if all(row.outcome(leaf) == FIRES for leaf in clause):
            return clause
    return ()


def tested(clauses: Clauses, row: Row) -> tuple[int, tuple[str, ...]]:
    """The outcome of *any of all of leaves* for one person, and the inputs that would settle it where it is unknown: of every alternative that may
    still hold."""
    needs: dict[str, None] = {}
    for clause in clauses:
        outcomes = [row.outcome(leaf) for leaf in clause]
        if SILENT in outcomes:
            continue
        if UNKNOWN not in outcomes:
            return FIRES, ()
        for leaf, outcome in zip(clause, outcomes, strict=True):
            if outcome == UNKNOWN:
                needs.update(dict.fromkeys(row.needs(leaf)))
    return (UNKNOWN, tuple(needs)) if needs else (SILENT, ())
