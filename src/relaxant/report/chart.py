"""A predicted course as a picture: the bands of half and nine tenths of people, the middle, and what it is compared with.

Plain SVG without a script or an outside request; colours are the page's own variables, shapes tell the lines apart without them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import msgspec

from relaxant.drawing import height_axis, line, place, text, tick, time_axis
from relaxant.pharmacology.clinic.scenario import Curve

_WIDTH, _LEFT, _RIGHT = 720, 64, 704
_TOP, _TALL = 12, 240
_BLOCKS = "▁▂▃▄▅▆▇█"


class Shown(msgspec.Struct, frozen=True):
    """A curve with the name of what it is of."""

    name: str
    curve: Curve


def chart(
    main: Shown,
    others: Sequence[Shown],
    title: str,
    words: Mapping[str, Any],
    time: str = "h",
    *,
    up_to: float = 0.0,
) -> str:
    """The picture of a course, with others to compare it with. ``words`` are those of ``chart`` in the predictions' page, ``time`` the unit
    of their times: ``h`` or ``min``; ``up_to`` is what the axis holds at least, for pictures that are compared."""
    curve = main.curve
    heights = [up_to, height_of(curve), *(v for other in others for v in middle_of(other.curve))]
    highest, rise = height_axis(max(heights))
    end, step = time_axis(max(curve.times[-1], *(o.curve.times[-1] for o in others), 0.0), time)
    bottom = _TOP + _TALL

    def x(time: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * time / end

    def y(value: float) -> float:
        return bottom - _TALL * value / highest

    def path(times: Sequence[float], values: Sequence[float]) -> str:
        return " ".join(f"{place(x(t))},{place(y(v))}" for t, v in zip(times, values, strict=True))

    body = []
    for lower, upper, kind in _shades(curve):
        ring = [*zip(curve.times, upper, strict=True), *reversed([*zip(curve.times, lower, strict=True)])]
        body.append(f'<polygon class="{kind}" points="{" ".join(f"{place(x(t))},{place(y(v))}" for t, v in ring)}"/>')
    for i in range(round(highest / rise) + 1):
        body.append(line(_LEFT, y(i * rise), _RIGHT, y(i * rise), 'class="grid"'))
        body.append(text(_LEFT - 8, y(i * rise) + 4, tick(i * rise), anchor="end"))
    for i in range(round(end / step) + 1):
        body.append(line(x(i * step), bottom, x(i * step), bottom + 5, 'class="axis"'))
        body.append(text(x(i * step), bottom + 20, tick(i * step), anchor="middle"))
    body.append(f'<path class="axis" d="M{_LEFT} {_TOP}V{bottom}H{_RIGHT}"/>')
    if len(curve.typical) > 1 and curve.bands:
        body += [f'<polyline class="model" points="{path(curve.times, row)}"/>' for row in curve.typical.values()]
    body += [f'<polyline class="other" points="{path(o.curve.times, middle_of(o.curve))}"/>' for o in others]
    body.append(f'<polyline class="middle" points="{path(curve.times, middle_of(curve))}"/>')
    body.append(text((_LEFT + _RIGHT) / 2, bottom + 42, str(words["axis"][time]), anchor="middle"))
    tall = bottom + 50
    return "\n".join(
        [
            f'<svg class="course" viewBox="0 0 {_WIDTH} {tall}" role="img" focusable="false">',
            f"<title>{escape(title, quote=False)}</title>",
            *body,
            "</svg>",
        ]
    )


def middle_of(curve: Curve) -> tuple[float, ...]:
    """The middle of the people; the first model's typical course where there is no spread."""
    if curve.bands:
        return curve.bands[len(curve.levels) // 2]
    return next(iter(curve.typical.values()))


def height_of(curve: Curve) -> float:
    """The highest of what is drawn of a curve."""
    return max(*(v for row in curve.bands for v in row), *(v for row in curve.typical.values() for v in row), -math.inf)


def _shades(curve: Curve) -> list[tuple[Sequence[float], Sequence[float], str]]:
    if not curve.bands:
        return []
    low, lower, _, upper, high = curve.bands
    return [(low, high, "nine"), (lower, upper, "half")]


def sparkline(values: Sequence[float], width: int) -> str:
    """A course in block characters, from 0 to its highest.

    >>> sparkline([0.0, 1.0, 2.0, 1.0], 4)
    '▁▅█▅'
    """
    highest = max(values)
    if not highest > 0:
        return _BLOCKS[0] * width
    picked = [values[round(i * (len(values) - 1) / max(width - 1, 1))] for i in range(width)]
    return "".join(_BLOCKS[min(int(v / highest * (len(_BLOCKS) - 1) + 0.5), len(_BLOCKS) - 1)] for v in picked)
