"""A page of text in so many columns: what every report is drawn with for a terminal. Never wider than asked, readable without colour, free of control characters."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from relaxant.report.blocks import Block, Bullets, Cell, Line, Saying, Section, Table, Words, cited, marked
from relaxant.report.citations import Mark, SourceView, source_line
from relaxant.report.columns import NARROWEST, plainer, text_width, wrapped
from relaxant.report.text_tables import GAP, abreast, dose_widths, prose_widths
from relaxant.report.unbroken import together, whole

BOLD, FAINT = "1", "2"
COMFORTABLE = 56  # columns below which labels stand above their text
_LABEL, _LABELS = 14, 22  # room for labels: the least, and the most where they need not be broken


def _counted_whole(table: Table) -> Table:
    """The table with counts that a line may not part from what they count."""
    rows = tuple(tuple(tuple(msgspec.structs.replace(s, text=whole(s.text)) for s in c) for c in r) for r in table.rows)
    return msgspec.structs.replace(table, rows=rows)


def label_room(labels: Sequence[str], width: int) -> int:
    """The room for the labels of a section: the longest whole if it is short, else at least its longest word."""
    whole = max((text_width(label) for label in labels), default=0) + GAP
    word = max((text_width(w) for label in labels for w in label.split(" ")), default=0) + GAP
    return max(_LABEL, whole if whole <= max(_LABELS, width // 3) else min(max(_LABELS, word), width // 2))


class TextPage:
    """Lines of a page in so many columns (20 at the least), with ANSI colours only where ``colour``, of characters that the ``encoding`` can write.

    The page keeps which sources it has cited, and lists these.
    """

    def __init__(self, colour: bool, width: int, encoding: str) -> None:
        self.colour, self.width, self.encoding = colour, max(width, NARROWEST), encoding
        self.lines: list[str] = []
        self.numbered: set[int] = set()

    def text(self) -> str:
        """The page."""
        return "\n".join(self.lines).replace("\u00a0", " ") + "\n"

    def plain(self, text: str) -> str:
        return plainer(together(text), self.encoding)

    def painted(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self.colour and style and text else text

    def put(self, text: str, *, indent: int = 0, hang: int | None = None, style: str = "") -> None:
        """A paragraph; lines after the first are indented by ``hang``."""
        hang = indent if hang is None else hang
        for i, line in enumerate(wrapped(self.plain(text), self.width - max(indent, hang))):
            self.lines.append(" " * (hang if i else indent) + self.painted(line, style))

    def gap(self) -> None:
        """An empty line."""
        self.lines.append("")

    def heading(self, text: str) -> None:
        """A heading over a line across the page."""
        self.gap()
        self.put(text, style=BOLD)
        self.lines.append(self.rule() * self.width)

    def beside(
        self,
        label: str,
        texts: Sequence[str],
        *,
        room: int = _LABEL,
        indent: int = 0,
        style: str = "",
        label_style: str = BOLD,
    ) -> None:
        """Texts beside a label, each hanging; below the label where the page is narrow or the label long."""
        if self.width < COMFORTABLE:
            self.put(label, indent=min(indent, 2), style=label_style)
            for text in texts:
                self.put(text, indent=min(indent, 2) + 2, hang=min(indent, 2) + 4, style=style)
            return
        body = [line for text in texts for line in self.hanging(text, self.width - indent - room)]
        labels = wrapped(self.plain(label), room - GAP)
        for i in range(max(len(body), len(labels))):
            own = labels[i] if i < len(labels) else ""
            line = body[i] if i < len(body) else ""
            before = f"{' ' * indent}{self.painted(own, label_style)}"
            self.lines.append(f"{before}{' ' * (room - text_width(own))}{self.painted(line, style)}".rstrip())

    def hanging(self, text: str, width: int) -> list[str]:
        """The lines of a text, those after a dash set in by it."""
        dash = "- " if text.startswith("- ") else ""
        lines = wrapped(self.plain(text[len(dash) :]), width - len(dash))
        return [f"{dash if i == 0 else ' ' * len(dash)}{line}" for i, line in enumerate(lines)]

    # ------------------------------------------------------------ citations

    def marked(self, saying: Saying) -> str:
        """A sentence with its tags and citations in brackets."""
        self.numbered.update(mark.number for mark in saying.marks)
        return marked(saying)

    def cited(self, mark: Mark) -> str:
        """A citation: number, place, what it says."""
        self.numbered.add(mark.number)
        return cited(mark)

    def numbers(self, numbers: Sequence[int]) -> str:
        """Numbers of sources in brackets."""
        self.numbered.update(numbers)
        return "".join(f"[{n}]" for n in numbers)

    # ------------------------------------------------------------ blocks

    def section(self, section: Section) -> None:
        if section.heading:
            self.heading(section.heading)
        room = label_room([self.plain(b.label) for b in section.blocks if isinstance(b, Bullets)], self.width)
        for i, block in enumerate(section.blocks):
            if i and (isinstance(block, Table) or isinstance(section.blocks[i - 1], Table)):
                self.lines.append("")
            self.block(block, room)

    def block(self, block: Block, room: int) -> None:
        if isinstance(block, Line):
            self.put(self.marked(block.saying), style=BOLD if block.strong else "")
        elif isinstance(block, Bullets):
            self.bullets(block, room)
        else:
            self.table(block)

    def bullets(self, block: Bullets, room: int) -> None:
        texts = [self.marked(s) for s in block.sayings]
        if block.label:
            self.beside(block.label, texts if len(texts) == 1 else [f"- {t}" for t in texts], room=room)
        else:
            for text in texts:
                self.put(f"- {text}", hang=2)

    # ------------------------------------------------------------ tables

    def table(self, table: Table) -> None:
        self.put(table.caption, style=BOLD)
        if not table.prose and self.widths(tight := _counted_whole(table)) is not None:
            table = tight
        widths = self.widths(table)
        if widths is None:
            count = min(abreast(self.width), len(table.rows)) if table.prose else 1
            if count > 1:
                self.side_by_side(table, count)
            else:
                self.stacked(table)
            return
        self.row(table.head, widths, style=BOLD)
        for row in table.rows:
            self.row(["\n".join(self.marked(s) for s in cell) for cell in row], widths)
            self.lines.append("")
        self.lines.pop()

    def widths(self, table: Table) -> list[int] | None:
        """How wide each column is; ``None`` where the rows read better one under the other."""
        columns = list(
            zip([[h] for h in table.head], *[[self.natural(c) for c in row] for row in table.rows], strict=True)
        )
        return (prose_widths if table.prose else dose_widths)(columns, self.width)

    def natural(self, cell: Cell) -> list[str]:
        return [self.plain(self.marked(s)) for s in cell] or [""]

    def row(self, texts: Sequence[str], widths: Sequence[int], *, style: str = "") -> None:
        cells = [
            [line for part in text.split("\n") for line in self.hanging(part, width)]
            for text, width in zip(texts, widths, strict=True)
        ]
        for i in range(max(map(len, cells))):
            parts = [
                (cell[i] if i < len(cell) else "") + " " * (width - text_width(cell[i] if i < len(cell) else ""))
                for cell, width in zip(cells, widths, strict=True)
            ]
            self.lines.append(self.painted((" " * GAP).join(parts).rstrip(), style))

    def side_by_side(self, table: Table, count: int) -> None:
        """The rows as columns, so many at a time, with the heads of the table between."""
        for start in range(0, len(table.rows), count):
            rows = table.rows[start : start + count]
            widths = [(self.width - GAP * (count - 1)) // count] * len(rows)
            if start:
                self.lines.append("")
            self.row([self.listed(row[0]) for row in rows], widths, style=BOLD)
            for i, head in enumerate(table.head[1:], 1):
                if any(row[i] for row in rows):
                    self.put(f"{head} {self.rule() * (self.width - text_width(self.plain(head)) - 1)}", style=FAINT)
                    self.row([self.listed(row[i]) for row in rows], widths)

    def listed(self, cell: Cell) -> str:
        """The sentences of a cell, with a dash before each where there are several."""
        texts = [text for text in map(self.marked, cell) if text]
        return "\n".join(f"- {text}" for text in texts) if len(texts) > 1 else "".join(texts)

    def rule(self) -> str:
        """A piece of a line across the page."""
        rule = self.plain("─")
        return rule if rule == "─" else "-"

    def stacked(self, table: Table) -> None:
        """Each row as its first cell and, under it, the others with their heads."""
        for row in table.rows:
            first, *others = row
            self.put(f"{table.head[0]}: {'; '.join(self.marked(s) for s in first)}", indent=2, hang=4, style=BOLD)
            for head, cell in zip(table.head[1:], others, strict=True):
                parts = [m for s in cell if (m := self.marked(s))]
                text = " ".join(
                    p if i == len(parts) - 1 or p.endswith((".", "]")) else f"{p};" for i, p in enumerate(parts)
                )
                if text:
                    self.put(f"{head}: {text}", indent=4, hang=6)

    # ------------------------------------------------------------ basis

    def sources(self, sources: Sequence[SourceView], words: Words) -> None:
        """Those of the sources that the page has cited."""
        own = [source for source in sources if source.number in self.numbered]
        if not own:
            return
        self.heading(words["heading"])
        for source in own:
            hang = len(f"[{source.number}] ")
            self.put(source_line(source, words), hang=hang)
            if source.url:
                self.put(source.url, indent=hang, style=FAINT)
