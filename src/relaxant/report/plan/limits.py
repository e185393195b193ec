"""What bounds the doses of a plan: a table for each medicine, and each limit for machines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from relaxant.planning.plan import ShownBound
from relaxant.report.blocks import Block, Table
from relaxant.report.citations import safe_url
from relaxant.report.plan import words as say
from relaxant.report.plan.page import BoundView
from relaxant.report.plan.voice import Voice
from relaxant.report.shown import clean
from relaxant.rules.wording import capital


def grouped(bounds: Iterable[ShownBound]) -> tuple[tuple[ShownBound, ...], ...]:
    """Bounds by what makes them (one reason may bound the start, the step and the day), those that decide first, what may hold last."""
    groups: dict[tuple[object, ...], list[ShownBound]] = {}
    for bound in bounds:
        groups.setdefault((bound.id, bound.agent, bound.why, bound.decides, bound.open), []).append(bound)
    return tuple(sorted((tuple(g) for g in groups.values()), key=lambda g: (g[0].open, not g[0].decides)))


class Limits:
    """The limits of one plan, numbered in their order."""

    def __init__(self, groups: Sequence[Sequence[ShownBound]], several: bool, voice: Voice) -> None:
        self.limits, self.several, self.voice = groups, several, voice
        self.words = voice.words

    def bounds(self) -> Iterator[Block]:
        """One table for each medicine, so that each keeps its columns: the numbers run through all of them."""
        words, numbered = self.words["bounds"], list(enumerate(self.limits, 1))
        head = (words["number"], words["limit"], words["why"], words["standing"])
        medicines = tuple(dict.fromkeys(self.voice.name(group[0].agent) for group in self.limits))
        for medicine in medicines:
            rows = tuple(
                (
                    self.voice.cell(str(i)),
                    self.voice.cell(*(self._limit(b) for b in group)),
                    (self.voice.saying(group[0].why, group[0].verified, group[0].source),),
                    self.voice.cell(*self._standing(group[0])),
                )
                for i, group in numbered
                if self.voice.name(group[0].agent) == medicine
            )
            caption = words["caption_of"].format(agent=capital(medicine)) if self.several else words["caption"]
            yield Table(caption, head, rows, prose=True)

    def _limit(self, bound: ShownBound) -> str:
        return say.limit(bound, self.words)

    def _standing(self, bound: ShownBound) -> Iterator[str]:
        words = self.words["bounds"]
        if bound.open:
            yield words["open"]
        elif bound.decides:
            yield words["decides"]
        else:
            yield words["weaker"]
        if bound.settled_by:
            names = str(self.words["between"]).join(self.voice.title_of(n) for n in bound.settled_by)
            yield words["settled_by"].format(names=names)

    def bound(self, bound: ShownBound) -> BoundView:
        return BoundView(
            id=bound.id,
            agent=self.voice.resolved(bound.agent),
            never=bound.kind == "never",
            limit=self._limit(bound),
            why=clean(bound.why),
            source=clean(f"{bound.source.title}, {bound.source.place}"),
            url=safe_url(bound.source.url),
        )
