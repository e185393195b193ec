"""A place in a source is named once in a section: what cites it again gives the number."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from relaxant.report.blocks import Block, Bullets, Cell, Line, Saying
from relaxant.report.citations import Mark


class Shown(msgspec.Struct, frozen=True):
    """The places that a section has named so far."""

    places: set[tuple[int, str, str | None]] = msgspec.field(default_factory=set)

    def marks(self, marks: Iterable[Mark]) -> tuple[Mark, ...]:
        """The citations of a sentence, each source at a place once."""
        out: dict[tuple[int, str], Mark] = {}
        for mark in marks:
            known = (mark.number, mark.place, mark.says)
            short = Mark(mark.number, "") if known in self.places else mark
            self.places.add(known)
            if short.place or all(number != mark.number for number, _ in out):
                out[short.number, short.place] = short
        return tuple(out.values())

    def saying(self, saying: Saying) -> Saying:
        """A sentence with its citations."""
        return msgspec.structs.replace(saying, marks=self.marks(saying.marks)) if saying.marks else saying

    def cell(self, cell: Cell) -> Cell:
        """A cell with its citations, without what says nothing."""
        return tuple(self.saying(s) for s in cell if s.text or s.tags or s.marks)


def cited_once(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """The blocks of a section with each place in a source named once."""
    shown, out = Shown(), list[Block]()
    for block in blocks:
        if isinstance(block, Line):
            out.append(msgspec.structs.replace(block, saying=shown.saying(block.saying)))
        elif isinstance(block, Bullets):
            out.append(msgspec.structs.replace(block, sayings=tuple(map(shown.saying, block.sayings))))
        else:
            rows = tuple(tuple(map(shown.cell, row)) for row in block.rows)
            out.append(msgspec.structs.replace(block, rows=rows))
    return tuple(out)
