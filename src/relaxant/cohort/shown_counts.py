"""The counts of a screen as its page shows them: each with what it is part of, so that what must be hidden can be told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from relaxant.cohort.hiding import Cell, Sum, unshown
from relaxant.cohort.tally import INPUTS, SEXES, STOPPED, TAKING, UNKNOWN, SexAge, Tally
from relaxant.knowledge.schema import TIERS

PERSONS, USABLE, NO_RELAXANT, RELAXANT = ("persons",), ("usable",), ("no relaxant",), ("relaxant",)
NOW, STOPPED_LATELY, CHECKED, UNCHECKED = ("now",), ("stopped lately",), ("checked",), ("unchecked",)
FINDINGS, NOTHING = ("findings",), ("nothing found",)


class Text(msgspec.Struct, frozen=True):
    """A count as it is written; ``kept`` where the number itself is not shown."""

    words: str
    kept: bool = False


class Shown:
    """Counts by cell as a page writes them. ``words`` are those of the page, ``least`` the smallest number of persons shown.

    ``all`` are the counts; ``sums`` what adds up to what; ``apart`` cells that stand nowhere on the page; ``hidden`` those that are not shown.
    """

    def __init__(
        self, counts: dict[Cell, int], sums: list[Sum], apart: list[Cell], words: Mapping[str, Any], least: int
    ) -> None:
        self.all, self.sums, self.apart = counts, sums, apart
        self._words, self._least = words, least
        self._small = {cell for cell, count in counts.items() if 0 < count < least}
        self.hidden = unshown(counts, sums, apart, least) if self._small else frozenset[Cell]()

    def __getitem__(self, cell: Cell) -> int:
        return self.all.get(cell, 0)

    def visible(self, cell: Cell) -> int | None:
        """A count that is shown; ``None`` for one that is not."""
        return None if cell in self.hidden else self[cell]

    def text(self, cell: Cell) -> Text:
        """A count as it is written."""
        if cell not in self.hidden:
            return Text(self.written(self[cell]))
        return self.small() if cell in self._small else Text(str(self._words["unshown"]), kept=True)

    def number(self, count: int) -> Text:
        """A count of no persons, or of rows, that is no part of anything."""
        return self.small() if 0 < count < self._least else Text(self.written(count))

    def small(self) -> Text:
        """What stands in the place of a small number."""
        return Text(str(self._words["small"]).format(least=self._least), kept=True)

    def written(self, count: int) -> str:
        """A number with its thousands apart."""
        return f"{count:,}".replace(",", self._words["thousands"])

    def share(self, part: Cell, whole: Cell) -> Text:
        """What part of another a count is, in percent; nothing where either is not shown."""
        count, of = self.visible(part), self.visible(whole)
        if count is None or not of:
            return Text("")
        share = 100 * count / of
        words = self._words
        if 0 < share < _HARDLY or (count < of and share > 100 - _HARDLY):
            return Text(str(words["hardly" if share < 50 else "nearly"]))
        digits = 1 if 0 < share < 10 or 90 < share < 100 else 0
        return Text(str(words["percent"]).format(share=f"{share:.{digits}f}".removesuffix(".0")))


class Counts(Shown):
    """Every count of a screen's page."""

    def __init__(self, tally: Tally, ages: tuple[str, ...], words: Mapping[str, Any], least: int) -> None:
        self.all: dict[Cell, int] = {}
        self.sums: list[Sum] = []
        self.apart: list[Cell] = [USABLE]
        self._whole(tally)
        self._by(tally, "sex", SEXES, 0)
        self._by(tally, "age", ages, 1)
        for kind, counts in (("rule", tally.rules), ("need", {n: w.people for n, w in tally.wanting.items()})):
            self._among(((kind, name), count) for name, count in counts.items())
        self._among((("known", name), tally.known.get(name, 0)) for name in INPUTS)
        for name in ("sex", "age"):  # who lacks it is told twice
            self.sums.append(Sum(("not", "known", name), (("with", name, UNKNOWN),)))
        for situation in (TAKING, STOPPED):
            self._among((("agent", a, s), count) for (a, s), count in tally.agents.items() if s == situation)
        super().__init__(self.all, self.sums, self.apart, words, least)

    # ------------------------------------------------------------ what adds up to what

    def _whole(self, tally: Tally) -> None:
        rejected: dict[Cell, int] = {("rejected", why): count for why, count in tally.rejected.items()}
        worst: dict[Cell, int] = {("worst", tier): tally.worst.get(tier, 0) for tier in TIERS}
        usable = tally.no_relaxant + tally.relaxant
        self.all |= {PERSONS: tally.persons, USABLE: usable, RELAXANT: tally.relaxant}
        self._split(PERSONS, {**rejected, USABLE: usable})
        self._split(USABLE, {NO_RELAXANT: tally.no_relaxant, RELAXANT: tally.relaxant})
        self._split(RELAXANT, {NOW: tally.now, STOPPED_LATELY: tally.relaxant - tally.now})
        self._split(RELAXANT, {CHECKED: tally.checked, UNCHECKED: tally.unchecked})
        self._split(RELAXANT, {FINDINGS: tally.findings, NOTHING: tally.relaxant - tally.findings})
        self._split(FINDINGS, worst)

    def _split(self, total: Cell, parts: Mapping[Cell, int]) -> None:
        self.all |= parts
        self.sums.append(Sum(total, tuple(parts)))

    def _by(self, tally: Tally, kind: str, names: tuple[str, ...], place: int) -> None:
        """Persons by sex or age band; those without a relaxant or a finding stand nowhere, and follow all the same."""
        columns = (("all", tally.everybody, USABLE), ("with", tally.with_relaxant, RELAXANT), ("found", tally.with_finding, FINDINGS))  # fmt: skip
        summed = {name: _summed(cells, place) for name, cells, _ in columns}
        for name, _, total in columns:
            self._split(total, {(name, kind, one): summed[name].get(one, 0) for one in names})
        for one in names:
            for whole, part, rest in (("all", "with", "without"), ("with", "found", "clean")):
                self._rest((whole, kind, one), (part, kind, one), (rest, kind, one))

    def _among(self, counts: Iterator[tuple[Cell, int]]) -> None:
        """Counts of people with a relaxant, each apart from the others."""
        for cell, count in counts:
            self.all[cell] = count
            self._rest(RELAXANT, cell, ("not", *cell))

    def _rest(self, whole: Cell, part: Cell, rest: Cell) -> None:
        self.all[rest] = self.all[whole] - self.all[part]
        self.apart.append(rest)
        self.sums.append(Sum(whole, (part, rest)))


_HARDLY = 0.1  # percent


def _summed(cells: Mapping[SexAge, int], place: int) -> dict[str, int]:
    out: dict[str, int] = {}
    for key, count in cells.items():
        out[key[place]] = out.get(key[place], 0) + count
    return out
