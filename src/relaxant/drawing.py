"""Plain SVG by hand: axes with round steps, lines, words. Every coordinate is rounded, so that the same numbers give the same text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from relaxant.quantities import plain_number

_MOST_RISES, _TICKS = 6, 8
_STEPS_OF_TIME = {
    "h": (0.25, 0.5, 1, 2, 3, 4, 6, 8, 12, 24, 48, 72, 96, 120, 168, 240, 336, 480, 720),
    "min": (0.25, 0.5, 1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720),
}


def time_axis(last: float, time: str) -> tuple[float, float]:
    """Where an axis of time ends, and the step of its ticks."""
    step = next((s for s in _STEPS_OF_TIME[time] if last / s <= _TICKS), last / _TICKS)
    return math.ceil(last / step - 1e-9) * step, step


def height_axis(largest: float) -> tuple[float, float]:
    """Where an axis from 0 ends that holds ``largest``, and the step of its ticks: 1, 2 or 5 of a power of ten.

    >>> height_axis(214.0)
    (250.0, 50.0)
    """
    if not largest > 0:
        return 1.0, 1.0
    rough = largest / _MOST_RISES
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(s * power for s in (1, 2, 5, 10) if s * power >= rough * (1 - 1e-9))
    return math.ceil(largest / step - 1e-9) * step, step


def tick(value: float) -> str:
    """A number at a tick."""
    return plain_number(float(f"{value:.9g}"))


def place(value: float) -> str:
    """A coordinate to a tenth of a point: first to nine digits, so that the last bits of a machine never show."""
    return f"{float(f'{value:.9g}'):.1f}".removesuffix(".0")


def line(x1: float, y1: float, x2: float, y2: float, style: str) -> str:
    """A straight line with its style as attributes."""
    return f'<line x1="{place(x1)}" y1="{place(y1)}" x2="{place(x2)}" y2="{place(y2)}" {style}/>'


def text(x: float, y: float, words: str, *, anchor: str = "start", weight: str = "normal", size: int = 12) -> str:
    """Words at a place, escaped."""
    style = "" if weight == "normal" else f' font-weight="{weight}"'
    style += "" if size == 12 else f' font-size="{size}"'
    style += "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{place(x)}" y="{place(y)}"{style}>{escape(words, quote=False)}</text>'


def picture_of(width: int, height: float, title: str, description: str, body: Sequence[str]) -> str:
    """A whole picture on white, from its parts; ``description`` says in words what it shows."""
    tall = place(height)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{tall}" viewBox="0 0 {width} {tall}" role="img" font-family="Helvetica, Arial, sans-serif" font-size="12" fill="#000">',
            f"<title>{escape(title, quote=False)}</title>",
            f"<desc>{escape(description, quote=False)}</desc>",
            f'<rect width="{width}" height="{tall}" fill="#fff"/>',
            *body,
            "</svg>",
            "",
        ]
    )


def ratio_axis(least: float, most: float) -> tuple[float, ...]:
    """The ticks of an axis of logarithms, from its end below ``least`` to its end above ``most``: 1, 2 and 5 of each power of ten.

    >>> ratio_axis(0.3, 4.0)
    (0.2, 0.5, 1.0, 2.0, 5.0)
    """
    powers = range(math.floor(math.log10(least)) - 1, math.ceil(math.log10(most)) + 2)
    steps = [float(f"{s}e{p}") for p in powers for s in (1, 2, 5)]
    first = max(s for s in steps if s <= least * (1 + 1e-9))
    last = min(s for s in steps if s >= most * (1 - 1e-9))
    return tuple(s for s in steps if first <= s <= last)
