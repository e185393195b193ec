"""A diary as one picture: each medicine's dose and each score in a strip of its own, all on one axis of time.

Plain SVG without a script or an outside request; colours are the page's own variables.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from html import escape

import msgspec

from relaxant.drawing import height_axis, line, place, text, tick
from relaxant.report.blocks import Words

_WIDTH, _LEFT, _RIGHT = 720, 52, 704
_TOP, _GAP, _HEADING = 8, 14, 18
_DOSE_TALL, _SCORE_TALL, _EVENT_TALL = 54, 92, 26
_STEPS = (1, 2, 7, 14, 28, 56)
_TICKS = 9
_LEAST = 1.0
Place = Callable[[float], float]


class Strip(msgspec.Struct, frozen=True, kw_only=True):
    """One series by day, ``None`` where nothing is written. ``top``: the end of its scale, where it has one; ``smooth``: the mean of the seven days
    about each, drawn through the dots of a score."""

    name: str
    values: tuple[float | None, ...]
    dose: bool = False
    top: float | None = None
    bottom: float = 0.0
    smooth: tuple[float | None, ...] = ()


class Event(msgspec.Struct, frozen=True):
    """Something of one day, in words, that is no score."""

    day: int
    text: str


def diary_chart(first: date, strips: Sequence[Strip], events: Sequence[Event], start: int, words: Words) -> str:  # fmt: skip
    """The picture. ``start``: the place of the first change of dose; none is drawn where it lies outside. ``words`` are those of ``chart``."""
    days = max(len(s.values) for s in strips)
    body: list[str] = []
    at = float(_TOP)

    def x(day: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * (day + 0.5) / days

    begin = at
    for strip in strips:
        tall = _DOSE_TALL if strip.dose else _SCORE_TALL
        body += _strip(strip, at + _HEADING, tall, x)
        at += _HEADING + tall + _GAP
    for event in events:
        body.append(f'<path class="event" d="M{place(x(event.day) - 5)} {place(at + 12)}l5 -8l5 8z"/>')
        after = x(event.day) < (_LEFT + _RIGHT) / 2
        body.append(text(x(event.day) + (9 if after else -9), at + 12, event.text, anchor="start" if after else "end"))
        at += _EVENT_TALL
    if 0 < start < days:
        edge = _LEFT + (_RIGHT - _LEFT) * start / days
        body.append(line(edge, begin + _HEADING, edge, at - _GAP / 2, 'class="start"'))
    body.append(line(_LEFT, at, _RIGHT, at, 'class="axis"'))
    step = next((s for s in _STEPS if days / s <= _TICKS), _STEPS[-1])
    for day in range(0, days, step):
        body.append(line(x(day), at, x(day), at + 5, 'class="axis"'))
        when = first + timedelta(days=day)
        body.append(text(x(day), at + 19, f"{when.day} {words['months'][when.month - 1]}", anchor="middle"))
    body.append(text(_LEFT, at + 36, str(first.year)))
    if 0 < start < days:
        body.append(text(_RIGHT, at + 36, f"┆ {words['start']}", anchor="end"))
    return "\n".join(
        [
            f'<svg class="course diary" viewBox="0 0 {_WIDTH} {place(at + 44)}" role="img" focusable="false">',
            f"<title>{escape(words['title'], quote=False)}</title>",
            *body,
            "</svg>",
        ]
    )


def _strip(strip: Strip, top: float, tall: float, x: Place) -> list[str]:
    seen = [v for v in strip.values if v is not None]
    highest, rise = height_axis(max([_LEAST, *seen])) if strip.top is None else (strip.top, strip.top - strip.bottom)
    low = strip.bottom
    if strip.top is None:
        rise = highest

    def y(value: float) -> float:
        return top + tall - tall * (value - low) / (highest - low)

    out = [text(_LEFT, top - 5, strip.name, weight="bold")]
    for value in (low, low + rise / 2, low + rise):
        out.append(line(_LEFT, y(value), _RIGHT, y(value), 'class="grid"'))
        out.append(text(_LEFT - 6, y(value) + 4, tick(value), anchor="end"))
    if strip.dose:
        out.append(_steps(strip.values, x, y, top + tall))
        return out
    out += [f'<circle class="score" cx="{place(x(d))}" cy="{place(y(v))}" r="2.4"/>' for d, v in enumerate(strip.values) if v is not None]  # fmt: skip
    for run in _runs(strip.smooth):
        points = " ".join(f"{place(x(d))},{place(y(v))}" for d, v in run)
        out.append(f'<polyline class="middle" points="{points}"/>')
    return out


def _steps(values: Sequence[float | None], x: Place, y: Place, bottom: float) -> str:
    """A dose as an area of steps, each day its own."""
    half = (x(1) - x(0)) / 2
    parts = [f"M{place(x(0) - half)} {place(bottom)}"]
    for day, value in enumerate(values):
        parts.append(f"V{place(y(value or 0.0))}H{place(x(day) + half)}")
    return f'<path class="dose" d="{"".join(parts)}V{place(bottom)}Z"/>'


def _runs(values: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    out: list[list[tuple[int, float]]] = []
    open_run = False
    for day, value in enumerate(values):
        if value is None:
            open_run = False
            continue
        if not open_run:
            out.append([])
            open_run = True
        out[-1].append((day, value))
    return [run for run in out if len(run) > 1]
