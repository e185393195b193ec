"""A page of reference as Markdown, for the documentation."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from relaxant.report.blocks import Bullets, Cell, Line, Saying, Table
from relaxant.report.citations import Mark
from relaxant.report.forest import Forest, forest_text
from relaxant.report.reference.leaf import Grid, Items, Leaf, LeafBlock, Paragraph, Run, Sentence, SourceList, Target

Address = Callable[[Target], str | None]
_WIDTH = 100
_SPECIAL = str.maketrans({"|": "\\|", "*": "\\*", "<": "&lt;"})
_UNDERSCORE = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")  # within a word it marks nothing
_LOOKS = {"plain": "{}", "strong": "**{}**", "soft": "*{}*", "code": "`{}`"}


def leaf_markdown(leaf: Leaf, *, made: str, address: Address, cited: str = "") -> str:
    """The page as text.

    ``made``: the remark on how it came about; ``address``: where another page lies, ``None`` where there is none; ``cited``: the words by
    which a source leads to its own page, where it has one.
    """
    out = [f"# {leaf.title}", made, *_blocks(leaf.lead, address, cited)]
    for part in leaf.parts:
        out += [*([f"## {part.heading}"] if part.heading else []), *_blocks(part.blocks, address, cited)]
    return "\n\n".join(out) + "\n"


def _blocks(blocks: Iterable[LeafBlock], address: Address, cited: str) -> list[str]:
    return [text for block in blocks for text in _block(block, address, cited)]


def _block(block: LeafBlock, address: Address, cited: str) -> list[str]:
    match block:
        case Paragraph():
            return [_sentence(block.sentence, address)]
        case Items():
            return ["\n".join(f"- {_sentence(s, address)}" for s in block.entries)]
        case SourceList():
            lines = [f"{_sentence(s, address)}{_cited(id, address, cited)}" for id, s in block.sources]
            return ["\n".join(f"{f'{i}.' if block.numbered else '-'} {line}" for i, line in enumerate(lines, 1))]
        case Grid():
            rows = [block.columns, *(tuple(_sentence(s, address) for s in line) for line in block.lines)]
            return [_rows(rows)]
        case Forest():
            drawn = "\n".join(forest_text(block, _WIDTH))
            return [f"```text\n{drawn}\n```"]
        case Line():
            return [f"### {_said(block.saying)}" if block.strong else _said(block.saying)]
        case Bullets():
            lines = ["\n".join(f"- {_said(s)}" for s in block.sayings)]
            return [f"{block.label}:", *lines] if block.label else lines
        case Table():
            return [f"**{block.caption}**", _rows([block.head, *(tuple(map(_cell, row)) for row in block.rows)])]


def _cited(source: str, address: Address, cited: str) -> str:
    to = address(Target("sources", source)) if cited else None
    return f" [{cited}]({to})" if to else ""


def _rows(rows: list[tuple[str, ...]]) -> str:
    head, *rest = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([head, f"|{'---|' * len(rows[0])}", *rest])


def _sentence(sentence: Sentence, address: Address) -> str:
    return "".join(f"[{_mark(p)}]" if isinstance(p, Mark) else _run(p, address) for p in sentence)


def _run(run: Run, address: Address) -> str:
    text = _LOOKS[run.look].format(run.text if run.look == "code" else _safe(run.text))
    to = run.url or (address(run.page) if run.page else None)
    return f"[{text}]({to})" if to else text


def _cell(cell: Cell) -> str:
    return "<br>".join(_said(s) for s in cell)


def _said(saying: Saying) -> str:
    tags = "".join(f" *({tag})*" for tag in saying.tags)
    marks = "".join(f" [{_mark(mark)}]" for mark in saying.marks)
    return f"{_safe(saying.text)}{tags}{marks}"


def _mark(mark: Mark) -> str:
    return f"{mark.number}: {_safe(mark.place)}" if mark.place else str(mark.number)


def _safe(text: str) -> str:
    return _UNDERSCORE.sub(r"\\_", text.translate(_SPECIAL))
