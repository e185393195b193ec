"""Comparisons of trials as a forest plot: a picture for a page, and lines of characters for a terminal.

A filled square is a comparison that may be pooled, a hollow one stands outside, a diamond is what is pooled. Ratios lie on a scale of their
logarithm. What goes beyond the scale ends in an arrow. Plain SVG without a script; colours are the page's own variables.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape
from typing import Literal

import msgspec

from relaxant.drawing import line, place, text, tick
from relaxant.report.columns import plainer, text_width, wrapped

_WIDTH, _LEFT, _RIGHT = 760, 300, 570
_ROW, _TOP, _FOOT = 24, 14, 52
_FAR = 20.0  # of a ratio: further out an arrow stands
_RATIOS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20)
_FEW, _TICKS = (0.05, 0.2, 1, 5, 20), 7
_STEPS = (1, 2, 5, 10)
_ROUNDING = 1e-9
_HALF = 0.5
_SIGNS_LEAST = 14  # columns for a label beside a picture
_LABEL_SHOWN = 46  # characters beside a picture
_PICTURE, _NARROW = 31, 60
_SIGNS = {
    "line": "─",
    "left": "├",
    "right": "┤",
    "in": "■",
    "out": "□",
    "pool": "◆",
    "null": "│",
    "before": "◄",
    "after": "►",
}
_PLAIN = {
    "line": "-",
    "left": "|",
    "right": "|",
    "in": "#",
    "out": "o",
    "pool": "*",
    "null": ":",
    "before": "<",
    "after": ">",
}

Kind = Literal["in", "out", "pool"]


class ForestRow(msgspec.Struct, frozen=True, kw_only=True):
    """A comparison: who, the value with its interval (none: unknown), the same in words. ``kind``: it may be pooled, stands outside, or is a pool."""

    label: str
    value: float
    low: float | None
    high: float | None
    shown: str
    kind: Kind


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """The comparisons of two treatments under their names."""

    title: str
    rows: tuple[ForestRow, ...]


class Forest(msgspec.Struct, frozen=True, kw_only=True, tag="forest"):
    """The comparisons of one outcome. ``ratio``: values are ratios, and 1 is no difference; else differences from 0. ``left`` and ``right`` say on
    which side what is better."""

    title: str
    ratio: bool
    groups: tuple[Group, ...]
    left: str
    right: str
    effect: str

    @property
    def rows(self) -> tuple[ForestRow, ...]:
        """Every comparison."""
        return tuple(row for group in self.groups for row in group.rows)


class Scale(msgspec.Struct, frozen=True):
    """An axis: its ends and ticks, as values, and whether it is of logarithms."""

    low: float
    high: float
    ticks: tuple[float, ...]
    log: bool

    def part(self, value: float) -> float:
        """How far along the axis a value lies, 0 to 1; what is beyond an end lies at it."""
        held = min(max(value, self.low), self.high)
        ends = (self.low, self.high, held)
        low, high, at = (math.log(x) for x in ends) if self.log else ends
        return (at - low) / (high - low)


def scale_of(forest: Forest) -> Scale:
    """The axis that holds the comparisons and the place of no difference.

    >>> row = ForestRow(label="", value=2.0, low=0.9, high=4.4, shown="", kind="in")
    >>> scale_of(Forest(title="", ratio=True, groups=(Group(title="", rows=(row,)),), left="", right="", effect="")).ticks
    (0.5, 1, 2, 5)
    """
    ends = [v for r in forest.rows for v in (r.low, r.value, r.high) if v is not None]
    if forest.ratio:
        least, most = max(min(ends, default=1), 1 / _FAR), min(max(ends, default=1), _FAR)
        low = max((r for r in _RATIOS if r <= min(least, _HALF)), default=_RATIOS[0])
        high = min((r for r in _RATIOS if r >= max(most, 2)), default=_RATIOS[-1])
        ticks = tuple(r for r in _RATIOS if low <= r <= high)
        return Scale(low, high, ticks if len(ticks) <= _TICKS else tuple(r for r in ticks if r in _FEW), True)
    far = max((abs(v) for v in ends), default=1.0) or 1.0
    power = 10.0 ** math.floor(math.log10(far / 2))
    step = next(s * power for s in _STEPS if s * power * 2 >= far * (1 - _ROUNDING))
    return Scale(-2 * step, 2 * step, (-2 * step, -step, 0.0, step, 2 * step), False)


# ---------------------------------------------------------------- a picture


def forest_svg(forest: Forest) -> str:
    """The plot as SVG."""
    scale = scale_of(forest)
    count = sum(1 + len(g.rows) for g in forest.groups)
    bottom = _TOP + _ROW * count

    def x(value: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * scale.part(value)

    body = [line(x(1 if forest.ratio else 0), _TOP, x(1 if forest.ratio else 0), bottom, 'class="axis"')]
    for value in scale.ticks:
        body.append(line(x(value), bottom, x(value), bottom + 5, 'class="axis"'))
        body.append(text(x(value), bottom + 19, tick(value), anchor="middle"))
    body.append(line(_LEFT, bottom, _RIGHT, bottom, 'class="axis"'))
    body.append(text(x(1 if forest.ratio else 0) - 8, bottom + 38, forest.left, anchor="end"))
    body.append(text(x(1 if forest.ratio else 0) + 8, bottom + 38, forest.right, anchor="start"))
    y = float(_TOP)
    for group in forest.groups:
        body.append(text(0, y + _ROW / 2 + 4, group.title, weight="bold"))
        y += _ROW
        for row in group.rows:
            body += _drawn(row, scale, x, y + _ROW / 2)
            y += _ROW
    tall = bottom + _FOOT
    return "\n".join(
        [
            f'<svg class="forest" viewBox="0 0 {_WIDTH} {place(tall)}" role="img" focusable="false">',
            f"<title>{escape(forest.title, quote=False)}</title>",
            *body,
            "</svg>",
        ]
    )


def _drawn(row: ForestRow, scale: Scale, x: Callable[[float], float], y: float) -> list[str]:
    out = [text(8, y + 4, _cut(row.label), size=11), text(_RIGHT + 12, y + 4, row.shown)]
    at = x(row.value)
    if row.low is not None and row.high is not None:
        if row.kind == "pool":
            points = ((x(row.low), y), (at, y - 6), (x(row.high), y), (at, y + 6))
            out.append(f'<polygon class="pool" points="{" ".join(f"{place(a)},{place(b)}" for a, b in points)}"/>')
        else:
            out.append(line(x(row.low), y, x(row.high), y, 'class="span"'))
        out += [_arrow(x(v), y, sign) for v, sign in ((row.low, -1), (row.high, 1)) if _beyond(v, scale, sign)]
    if row.kind != "pool":
        out.append(f'<rect class="{row.kind}" x="{place(at - 4)}" y="{place(y - 4)}" width="8" height="8"/>')
    return out


def _beyond(value: float, scale: Scale, sign: int) -> bool:
    return value < scale.low if sign < 0 else value > scale.high


def _arrow(x: float, y: float, sign: int) -> str:
    points = ((x + sign * 7, y), (x, y - 4), (x, y + 4))
    return f'<polygon class="beyond" points="{" ".join(f"{place(a)},{place(b)}" for a, b in points)}"/>'


def _cut(label: str) -> str:
    return label if len(label) <= _LABEL_SHOWN else label[: _LABEL_SHOWN - 1].rstrip() + "…"


# ---------------------------------------------------------------- lines of characters


def forest_text(forest: Forest, width: int, encoding: str = "utf-8") -> list[str]:
    """The plot in lines of at most ``width`` columns (33 at the least); characters that the encoding can write."""
    signs = _SIGNS if _writes("".join(_SIGNS.values()), encoding) else _PLAIN
    scale = scale_of(forest)
    wide = width >= _NARROW
    room = max((text_width(r.shown) for r in forest.rows), default=0)
    across = min(_PICTURE, width) if wide else min(width - 2, _PICTURE)
    labels = width - across - room - 4 if wide else width
    if wide and labels < _SIGNS_LEAST:
        wide, labels = False, width
    margin = labels + 2 if wide else 2
    lines: list[str] = []
    for group in forest.groups:
        lines += [*wrapped(group.title, width)]
        for row in group.rows:
            picture = "".join(_characters(row, scale, across, signs))
            names = wrapped(row.label, labels - 2)
            if wide:
                lines.append(
                    f"  {names[0]}{' ' * (labels - 2 - text_width(names[0]))}  {picture}  {row.shown}".rstrip()
                )
                lines += [f"  {name}" for name in names[1:]]
            else:
                lines += [f"  {part}" for part in wrapped(f"{row.label}: {row.shown}", width - 2)]
                lines.append(f"  {picture}".rstrip())
    lines.append((" " * margin + _axis(scale, across)).rstrip())
    lines += [f"{' ' * margin}{part}" for part in _sides(forest, width - margin, signs)]
    return [plainer(each, encoding) for each in lines]


def _writes(characters: str, encoding: str) -> bool:
    try:
        characters.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _characters(row: ForestRow, scale: Scale, across: int, signs: dict[str, str]) -> list[str]:
    def column(value: float) -> int:
        return round(scale.part(value) * (across - 1))

    out = [" "] * across
    out[column(1 if scale.log else 0)] = signs["null"]
    if row.low is not None and row.high is not None:
        start, end = column(row.low), column(row.high)
        out[start : end + 1] = [signs["line"]] * (end + 1 - start)
        out[start] = signs["before"] if _beyond(row.low, scale, -1) else signs["left"]
        out[end] = signs["after"] if _beyond(row.high, scale, 1) else signs["right"]
    out[column(row.value)] = signs[row.kind]
    return out


def _axis(scale: Scale, across: int) -> str:
    out = [" "] * (across + 4)
    for value in scale.ticks:
        label = tick(value)
        start = max(0, round(scale.part(value) * (across - 1)) - len(label) // 2)
        start = min(start, across - len(label)) if start + len(label) > across else start
        before = "".join(out[max(0, start - 1) : start + len(label) + 1]).strip()
        if not before:
            out[start : start + len(label)] = list(label)
    return "".join(out)


def _sides(forest: Forest, width: int, signs: dict[str, str]) -> Sequence[str]:
    left, right = f"{signs['before']} {forest.left}", f"{forest.right} {signs['after']}"
    gap = min(width, _PICTURE) - text_width(left) - text_width(right)
    if gap >= 1:
        return [f"{left}{' ' * gap}{right}"]
    return [*wrapped(left, width), *wrapped(right, width)]
