"""Citations of a comparison: a place that names other sources by their ids cites them by number, and each source is one line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from relaxant.knowledge.load import Knowledge
from relaxant.report.blocks import Bullets, Cell, Line, Saying, Table
from relaxant.report.citations import Citations, Mark, SourceView
from relaxant.report.cited_once import cited_once
from relaxant.report.forest import Forest
from relaxant.rules.reasons import Cited, cited

_ID = re.compile(r"\b[a-z0-9]+(?:-[a-z0-9]+)+\b")
_YEAR = 4
_EDGES = " ,:"
Block = Line | Bullets | Table | Forest


class ShortSource(msgspec.Struct, frozen=True):
    """A source in one line: its number, title, year and host."""

    number: int
    title: str
    year: str
    host: str


class Citing:
    """Numbers the sources of a comparison."""

    def __init__(self, knowledge: Knowledge, citations: Citations) -> None:
        self.knowledge, self.citations = knowledge, citations
        self.beside: dict[Mark, tuple[Mark, ...]] = {}
        self.joins = frozenset(knowledge.words("compare")["joins"])

    def mark(self, known: Cited) -> Mark:
        """The mark of a source at a place. What the place says of further sources is cited with them, by :meth:`shown`."""
        own, rest = list[str](), list[tuple[str, str]]()
        for part in known.place.split(";"):
            named = [m for m in _ID.finditer(part) if m[0] in self.knowledge.sources]
            if named:
                rest += zip((m[0] for m in named), self.places(part, named), strict=True)
            else:
                own.append(" ".join(part.split()).strip(_EDGES))
        mark = self.citations.mark(msgspec.structs.replace(known, place="; ".join(filter(None, own))))
        further = [self.citations.mark(cited(self.knowledge, i, place)) for i, place in rest if i != known.id]
        self.beside[mark] = tuple(dict.fromkeys((*self.beside.get(mark, ()), *further)))
        return mark

    def places(self, part: str, named: Sequence[re.Match[str]]) -> Iterator[str]:
        """The place in each source that a part of a place names: what is said of the first before its id, and what stands behind each."""
        ends = [*(m.start() for m in named[1:]), len(part)]
        for number, (found, end) in enumerate(zip(named, ends, strict=True)):
            said = (part[: found.start()].rstrip("( ") if number == 0 else "", part[found.end() : end].lstrip(") "))
            yield ", ".join(filter(None, map(self.bare, said)))

    def bare(self, text: str) -> str:
        """Words beside an id without what joined them to it: “the same doses in” is “the same doses”."""
        words = text.strip(_EDGES).split()
        while words and words[-1] in self.joins:
            words.pop()
        return " ".join(words).strip(_EDGES)

    def shown(self, blocks: Sequence[Block]) -> Iterator[Block]:
        """The blocks with every source that a place names cited after it, and no id in a sentence."""
        for block in blocks:
            if isinstance(block, Line):
                yield msgspec.structs.replace(block, saying=self.saying(block.saying))
            elif isinstance(block, Bullets):
                yield msgspec.structs.replace(block, sayings=tuple(map(self.saying, block.sayings)))
            elif isinstance(block, Table):
                yield msgspec.structs.replace(block, rows=tuple(tuple(map(self.cell, row)) for row in block.rows))
            else:
                yield block

    def cell(self, cell: Cell) -> Cell:
        return tuple(map(self.saying, cell))

    def saying(self, saying: Saying) -> Saying:
        marks = tuple(dict.fromkeys(m for mark in saying.marks for m in (mark, *self.beside.get(mark, ()))))
        text = _ID.sub(self.titled, saying.text)
        return msgspec.structs.replace(saying, text=text, marks=marks)

    def titled(self, found: re.Match[str]) -> str:
        """The title of a source that a sentence names by its id."""
        known = self.knowledge.sources.get(found[0])
        return found[0] if known is None else known.title

    def listed(self) -> tuple[SourceView, ...]:
        """The sources cited so far, by number."""
        return self.citations.listed()

    def short(self) -> tuple[ShortSource, ...]:
        """The sources cited so far, in one line each."""
        ids = self.citations.ids()
        return tuple(
            ShortSource(view.number, view.title, str(self.knowledge.sources[i].date or "")[:_YEAR], view.host)
            for i, view in zip(ids, self.listed(), strict=True)
        )


def once(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """The blocks of a part with each place in a source named once; plots cite nothing."""
    every = list(blocks)
    rest = iter(cited_once([b for b in every if not isinstance(b, Forest)]))
    return tuple(b if isinstance(b, Forest) else next(rest) for b in every)
