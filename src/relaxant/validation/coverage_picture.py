"""The picture of calibration: how often the 80% and the 95% interval of a diary's answer hold the truth, by kind of diary."""

from __future__ import annotations

from collections.abc import Sequence

from relaxant.drawing import line, picture_of, place, text
from relaxant.validation.measured import Diaries

_WIDTH, _LEFT, _RIGHT = 820, 390, 790
_ROW, _TOP, _LINE = 22, 60, 16
_SHARES = (0.8, 0.95)
_STEP = 10  # percent between ticks


def picture(tables: Sequence[Diaries]) -> str:
    """One row a table; each of its lines is a filled mark (80%) and an open one (95%), to lie on the line of its own kind."""
    least = min(share for t in tables for row in t.rows.values() for share in row[:2])
    low = int(least * 100) // _STEP * _STEP

    def x(share: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * (share * 100 - low) / (100 - low)

    bottom = _TOP + _ROW * len(tables)
    heading = [
        "How often the interval of a diary's answer holds the truth; a mark for each kind of made-up diary.",
        "Filled: the 80% interval, due at the full line. Open: the 95% interval, due at the dashed line.",
    ]
    body = [text(16, 22 + _LINE * i, words) for i, words in enumerate(heading)]
    for percent in range(low, 101, _STEP):
        at = x(percent / 100)
        body += [line(at, _TOP, at, bottom, 'stroke="#ddd"'), text(at, bottom + 16, f"{percent}%", anchor="middle")]
    for share, style in zip(_SHARES, ('stroke="#000"', 'stroke="#000" stroke-dasharray="6 4"'), strict=True):
        body.append(line(x(share), _TOP, x(share), bottom, style))
    for row, t in enumerate(tables):
        middle = _TOP + _ROW * (row + 0.5)
        body += [text(_LEFT - 8, middle + 4, _said(t), anchor="end", size=11)]
        for values in t.rows.values():
            body.append(_mark(x(values[0]), middle, 'fill="#000" fill-opacity="0.55"'))
            body.append(_mark(x(values[1]), middle, 'fill="#fff" fill-opacity="0.7"'))
    return picture_of(_WIDTH, bottom + 30, "Calibration of the answers to diaries", " ".join(heading), body)


def _said(t: Diaries) -> str:
    return f"{t.scale}: {t.situation.partition(',')[0]}"


def _mark(x: float, y: float, style: str) -> str:
    return f'<circle cx="{place(x)}" cy="{place(y)}" r="4" {style} stroke="#000"/>'
