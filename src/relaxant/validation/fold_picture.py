"""The picture of changes of exposure: each predicted without its own pair, against what was measured, on scales of logarithms."""

from __future__ import annotations

import math
from collections.abc import Sequence

from relaxant.drawing import line, picture_of, place, ratio_axis, text, tick
from relaxant.validation.exposure import Predicted
from relaxant.validation.words import count

_SIDE, _LEFT, _TOP = 460, 72, 66
_WIDTH, _LEGEND, _LINE = 860, 556, 16
_FOLD = 2.0


def picture(relaxants: Sequence[Predicted], probes: Sequence[Predicted]) -> str:
    """Relaxants as numbered marks with their 90% intervals, probe drugs as small crosses; the lines are equality and twofold.

    The numbers follow the order of ``relaxants``; every value has to have been predicted.
    """
    values = [v for p in (*relaxants, *probes) for v in (p.measured, p.ratio or p.measured)]
    ticks = ratio_axis(min(values), max(values))
    span = math.log(ticks[-1] / ticks[0])
    bottom = _TOP + _SIDE

    def x(ratio: float) -> float:
        return _LEFT + _SIDE * math.log(ratio / ticks[0]) / span

    def y(ratio: float) -> float:
        held = min(max(ratio, ticks[0]), ticks[-1])
        return bottom - _SIDE * math.log(held / ticks[0]) / span

    heading = [
        f"Ratios of exposure: {count(len(relaxants), 'pair')} with a relaxant (circles, with 90% intervals), {count(len(probes), 'pair')} of probe drugs (crosses).",
        "Each was predicted without itself. Full line: predicted as measured. Dashed: twofold above and below.",
    ]
    body = [text(16, 22 + _LINE * i, words) for i, words in enumerate(heading)]
    for ratio in ticks:
        style = 'stroke="#ddd"'
        body += [line(x(ratio), _TOP, x(ratio), bottom, style), line(_LEFT, y(ratio), _LEFT + _SIDE, y(ratio), style)]
        body += [text(x(ratio), bottom + 16, tick(ratio), anchor="middle"), text(_LEFT - 6, y(ratio) + 4, tick(ratio), anchor="end")]  # fmt: skip
    body.append(line(x(ticks[0]), y(ticks[0]), x(ticks[-1]), y(ticks[-1]), 'stroke="#000"'))
    low, high = ticks[0], ticks[-1]
    dashed = 'stroke="#000" stroke-dasharray="6 4"'
    body.append(line(x(low), y(low * _FOLD), x(high / _FOLD), y(high), dashed))
    body.append(line(x(low * _FOLD), y(low), x(high), y(high / _FOLD), dashed))
    for p in probes:
        body += _cross(x(p.measured), y(p.ratio or p.measured))
    for number, p in enumerate(relaxants, 1):
        at, ratio = x(p.measured), p.ratio or p.measured
        body.append(line(at, y(p.low or ratio), at, y(p.high or ratio), 'stroke="#555"'))
        body.append(f'<circle cx="{place(at)}" cy="{place(y(ratio))}" r="8" fill="#fff" stroke="#000" stroke-width="1.5"/>')  # fmt: skip
        body.append(text(at, y(ratio) + 4, str(number), anchor="middle", size=10))
    body.append(f'<path d="M{_LEFT} {_TOP}V{bottom}H{_LEFT + _SIDE}" fill="none" stroke="#000"/>')
    body.append(text(_LEFT + _SIDE / 2, bottom + 36, "measured (area with / area without)", anchor="middle"))
    body.append(f'<g transform="rotate(-90 20 {_TOP + _SIDE // 2})">{text(20, _TOP + _SIDE / 2 + 4, "predicted", anchor="middle")}</g>')  # fmt: skip
    legend = [f"{i} {p.drug}, {p.partner}: {tick(float(f'{p.measured:.3g}'))} measured" for i, p in enumerate(relaxants, 1)]  # fmt: skip
    body += [text(_LEGEND, _TOP + 12 + _LINE * i, words) for i, words in enumerate(legend)]
    return picture_of(_WIDTH, bottom + 50, "Changes of exposure, predicted against measured", " ".join([*heading, *legend]), body)  # fmt: skip


def _cross(x: float, y: float) -> list[str]:
    style = 'stroke="#888"'
    return [line(x - 3, y - 3, x + 3, y + 3, style), line(x - 3, y + 3, x + 3, y - 3, style)]
