"""Adverse reactions side by side: a rate with whose it is, and where none is known, what the label says."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from relaxant.evidence.origin import Origin
from relaxant.evidence.profile import Profile
from relaxant.evidence.reactions import Listed, Reaction
from relaxant.quantities import plain_number
from relaxant.report.blocks import Cell, Saying, Words
from relaxant.report.citations import Mark
from relaxant.report.shown import clean
from relaxant.rules.reasons import Cited

_MOST = 15  # rows of rates


def whose(origin: Origin, words: Words) -> str:
    """Whose a value is in words: “US label”, “trial of 2004”."""
    of = str(words["of"][origin.of])
    if origin.kind != "study":
        countries = words["between"].join(origin.countries)
        return str(words["label"]).format(countries=countries, of=of) if countries else str(words["other"]).format(of=of)  # fmt: skip
    return str(words["study"]).format(of=of, year=origin.year) if origin.year else of


def foreign(origin: Origin, words: Words) -> tuple[str, ...]:
    """Whose a value is, where it is not of a label of this country."""
    return () if origin.here and origin.kind == "label" and origin.countries else (whose(origin, words),)


class Reacting:
    """Turns the reactions of profiles into rows; ``cite`` numbers the sources."""

    def __init__(self, words: Words, profiles: Sequence[Profile], cite: Callable[[Cited], Mark]) -> None:
        self.words, self.profiles, self.cite = words["reactions"], profiles, cite
        self.origins: Words = words["origins"]

    def rows(self) -> tuple[list[tuple[str, Sequence[Cell]]], int]:
        """Rows of a table, those with rates of several agents first, and how many more of one agent alone were left out."""
        by: dict[str, dict[str, list[Reaction]]] = {}
        for p in self.profiles:
            for r in p.reactions:
                by.setdefault(r.alike, {}).setdefault(p.agent, []).append(r)
        ordered = sorted(by, key=lambda name: (-len(by[name]), -self.said_of(name), -_highest(by[name])))
        shared = [name for name in ordered if len(by[name]) + self.said_of(name) > 1]
        shown = [*shared, *[name for name in ordered if name not in shared][: max(0, _MOST - len(shared))]]
        return [(name, [self.cell(p, name) for p in self.profiles]) for name in shown], len(ordered) - len(shown)

    def said_of(self, name: str) -> int:
        """Of how many agents without a rate of it a text speaks of a reaction."""
        return sum(
            any(name in x.names for x in p.listed) and not any(r.alike == name for r in p.reactions)
            for p in self.profiles
        )

    def cell(self, p: Profile, name: str) -> Cell:
        """The rates of an agent and what else was found; without either what its label lists."""
        rates = [self.rate(r, name) for r in p.reactions if r.alike == name]
        named = [x for x in p.listed if name in x.names]
        found = [self.found(x, x.text) for x in named if x.text]
        if rates or found:
            return (*rates, *found)
        if named:
            return (self.found(named[0], self.words["listed"]),)
        whole = next((x for x in p.listed if x.whole), None)
        if whole is not None:
            return (self.found(whole, self.words["unlisted"]),)
        return (Saying(self.words["unread"]),)

    def found(self, listed: Listed, text: str) -> Saying:
        return Saying(text, foreign(listed.origin, self.origins), (self.cite(listed.source),))

    def rate(self, r: Reaction, name: str) -> Saying:
        words = self.words
        span = words["span"].format(low=plain_number(r.low), high=plain_number(r.high))
        text = words["percent"].format(percent=plain_number(r.high) if r.low == r.high else span)
        if r.placebo is not None:
            text = words["placebo"].format(text=text, placebo=plain_number(r.placebo))
        if r.more is not None:
            points = plain_number(abs(r.more), 2)
            text = words["more" if r.more >= 0 else "fewer"]["one" if points == "1" else "other"].format(text=text, points=points)  # fmt: skip
        if r.name != name:
            text = f"{r.name} {text}"
        if r.note and r.placebo is not None and r.more is None:
            text = words["note"].format(text=text, note=clean(r.note).rstrip("."))
        return Saying(text, foreign(r.origin, self.origins), (self.cite(r.source),))


def known_of_some(
    rows: Sequence[tuple[str, Sequence[Cell]]], nothing: Collection[str]
) -> Iterator[tuple[str, Sequence[Cell]]]:
    """The rows in which some agent has something beside the words for ``nothing``."""
    for title, cells in rows:
        if any(s.text not in nothing for cell in cells for s in cell):
            yield title, cells


def _highest(own: Mapping[str, Sequence[Reaction]]) -> float:
    return max(r.high for rates in own.values() for r in rates)
