"""The numbers of people on the page of a card in a population, by cell: which stand there, and what adds up to what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from relaxant.cohort.hiding import Cell, Sum
from relaxant.cohort.shown_counts import Shown
from relaxant.cohort.simulated.tallied import ALL
from relaxant.cohort.simulated.told import Told

PARTNER: Cell = ("partner",)
Of = Literal["people", "followed", "left"]


def shown_people(answer: Told, words: Mapping[str, Any], least: int) -> Shown:
    """Every number of people of an answer: those who take it and those followed in each band, doses, bounds, how the card stands to them."""
    made = _Made()
    bands = [line.kidney_function for line in answer.lines if line.kidney_function != ALL]
    for line in answer.lines:
        band = line.kidney_function
        made.split(("people", band), {("followed", band): line.followed, ("left", band): line.people - line.followed})
        made.apart.append(("left", band))
        if band == ALL:
            made.split(("followed", ALL), {("studied",): line.studied, ("stretched",): line.stretched})
            made.split(("left", ALL), {("beyond",): line.beyond, ("unknown",): line.unknown})
            made.split(("followed", ALL), {dose_cell(dose.daily): dose.people for dose in answer.doses})
            made.some(("followed", ALL), [(PARTNER, answer.with_partner)])
            made.some(("people", ALL), ((bound_cell(bound.id), bound.people) for bound in answer.bounds))
    of: tuple[Of, ...] = ("people", "followed", "left")
    made.sums += [Sum((kind, ALL), tuple((kind, band) for band in bands)) for kind in of if bands]
    return Shown(made.counts, made.sums, made.apart, words, least)


def dose_cell(daily: float) -> Cell:
    """How many have a dose of a day."""
    return "dose", f"{daily!r}"


def bound_cell(name: str) -> Cell:
    """For how many a bound decides, by its id."""
    return "bound", name


class _Made:
    """Counts on their way."""

    def __init__(self) -> None:
        self.counts: dict[Cell, int] = {}
        self.sums: list[Sum] = []
        self.apart: list[Cell] = []

    def split(self, whole: Cell, parts: dict[Cell, int]) -> None:
        """A count in parts."""
        self.counts |= parts
        self.counts.setdefault(whole, sum(parts.values()))
        self.sums.append(Sum(whole, tuple(parts)))

    def some(self, whole: Cell, parts: Iterable[tuple[Cell, int]]) -> None:
        """Counts that may overlap, each with those whom it leaves, who stand nowhere and follow all the same."""
        for part, count in parts:
            rest = ("not", *part)
            self.counts |= {part: count, rest: self.counts[whole] - count}
            self.sums.append(Sum(whole, (part, rest)))
            self.apart.append(rest)
