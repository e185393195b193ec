"""The picture of a model page: the typical person's course after a published dose, drawn as plain SVG for screen and paper.

Black, grey and dashes only. Every coordinate is rounded, so that the same card gives the same text on every machine.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.drawing import height_axis, line, picture_of, place, text, tick, time_axis
from relaxant.errors import KnowledgeError
from relaxant.knowledge.cards import Effect, Model, Output, Published
from relaxant.pharmacology.cards.course import name_of
from relaxant.pharmacology.cards.model import factor_of
from relaxant.pharmacology.cards.published import trial
from relaxant.quantities import shown_unit

Floats = NDArray[np.float64]
_WIDTH, _LEFT, _RIGHT = 720, 64, 696
_TALL, _LOW = 230, 150  # heights of the concentration's panel and of an effect's
_LINE, _CHARACTERS = 16, 116
_LEFT_OVER = 0.03  # the course is drawn until less than this share of its height remains
_POINTS, _POINTS_A_DOSE, _FEW, _LEVELS = 171, 18, 17, 12
_DOSING = (
    "dose", "dose_unit", "dose_per_kg", "route", "form", "release", "fed", "drug", "every", "count", "infused_over",
    "covariates", "also", "during",
)  # fmt: skip


class Panel(msgspec.Struct, frozen=True):
    """One curve and what was published of it: heights, times, and (time, height) points, all in the panel's units."""

    title: str
    unit: str
    times: Floats
    values: Floats
    heights: tuple[float, ...]
    moments: tuple[float, ...]
    points: tuple[tuple[float, float], ...]
    recoveries: tuple[tuple[float, float], ...]


def drawn_number(model: Model) -> Published:
    """The published number whose doses are drawn: the first that brings any drug into the card's first output."""
    first = model.outputs[0]
    for number in model.reproduces:
        if number.dose is not None:
            times = np.linspace(0, trial(model, number).end(), _FEW)
            if _curve(model, number, first.output)(times).max() > 0:
                return number
    raise KnowledgeError(f"{model.model}: no published number has a dose that reaches “{first.title}”")


def picture(model: Model, number: Published, said: str) -> str:
    """The SVG of the course of a published number; ``said`` is its dose and person in words."""
    panels = _panels(model, number)
    heading = textwrap.wrap(f"Typical person, {said}", _CHARACTERS)
    legend = [
        line for text in _legend(panels, model.time, _used(model, number)) for line in textwrap.wrap(text, _CHARACTERS)
    ]
    top = 26 + _LINE * len(heading)
    body: list[str] = [text(_LEFT - 48, 22, model.title, size=15, weight="bold")]
    body += [text(_LEFT - 48, 22 + _LINE * (i + 1), line) for i, line in enumerate(heading)]
    end, step = time_axis(float(panels[0].times[-1]), model.time)
    for i, panel in enumerate(panels):
        height = _TALL if i == 0 else _LOW
        body += _drawn(panel, top + 34, height, end, step)
        top += 34 + height + 18
    body.append(text((_LEFT + _RIGHT) / 2, top + 18, f"time after the first dose ({model.time})", anchor="middle"))
    top += 24
    body += [text(_LEFT - 48, top + _LINE * (i + 1), line) for i, line in enumerate(legend)]
    tall = top + _LINE * len(legend) + 16
    return picture_of(_WIDTH, tall, model.title, " ".join([*heading, *legend]), body)


# ---------------------------------------------------------------- what is drawn


def _curve(model: Model, number: Published, output: str) -> Callable[[Floats], Floats]:
    return trial(model, msgspec.structs.replace(number, output=output)).curve()


def _search(model: Model, number: Published) -> Floats:
    """Times from the first dose until nothing of the last is left: even grids, each half as long as the one before."""
    end = trial(model, number).end()
    return np.unique(np.concatenate([np.linspace(0, 1, _FEW) * end / 2.0**level for level in range(_LEVELS)]))


def _panels(model: Model, number: Published) -> list[Panel]:
    outputs: list[Output | Effect] = [model.outputs[0], *model.effects]
    curves = [_curve(model, number, name_of(o)) for o in outputs]
    marks = [_marks(model, number, o) for o in outputs]
    last = _last(model, number, curves)
    last = max([last, *(t * 1.05 for m in marks for t in (*m[1], *(x for x, _ in (*m[2], *m[3]))))])
    if number.every:
        turns = np.arange(math.ceil(last / number.every - 1e-9)) * number.every
        within = np.linspace(0, number.every, _POINTS_A_DOSE, endpoint=False)
        times = np.append((turns[:, None] + within).ravel(), last)
    else:
        last = time_axis(last, model.time)[0]
        early = last / 18  # where a bolus falls steeply
        times = np.append(np.linspace(0, early, 40, endpoint=False), np.linspace(early, last, _POINTS))
    return [
        Panel(o.title if isinstance(o, Output) else o.description, o.unit, times, curve(times), *mark)
        for o, curve, mark in zip(outputs, curves, marks, strict=True)
    ]


def _last(model: Model, number: Published, curves: list[Callable[[Floats], Floats]]) -> float:
    """How long the picture lasts: to the end of the doses, or of a single dose until hardly anything is left."""
    if number.every:
        return max((number.window or (0.0, 0.0))[1], number.count * number.every)
    times, last = _search(model, number), 0.0
    for curve in curves:
        values = curve(times)
        away = np.abs(values - values[-1])
        last = max(last, float(times[np.flatnonzero(away > _LEFT_OVER * away.max())[-1]]))
    return last


Marks = tuple[tuple[float, ...], tuple[float, ...], tuple[tuple[float, float], ...], tuple[tuple[float, float], ...]]


def _marks(model: Model, number: Published, of: Output | Effect) -> Marks:
    """What was published of the same doses in the same person: heights without a time, times without a height, points, recoveries."""
    same = [n for n in _same_doses(model, number) if n.output == name_of(of)]
    own = factor_of(of.unit, model)
    start = number.count * number.every - number.every if number.every else 0.0
    heights = tuple(n.value * factor_of(n.unit, model) / own for n in same if n.measure == "peak")
    moments = tuple(
        start + n.value * factor_of(n.unit, model) / factor_of(model.time, model)
        for n in same
        if n.measure == "time of peak"
    )
    recoveries = tuple(
        (n.value * factor_of(n.unit, model) / factor_of(model.time, model), n.level or 0.0)
        for n in same
        if n.measure == "time below" and _is_marked(n)
    )
    if heights and moments:
        return (), (), tuple((t, h) for t in moments for h in heights), recoveries
    return heights, moments, (), recoveries


def _same_doses(model: Model, number: Published) -> list[Published]:
    """The published numbers of the same doses in the same person."""
    return [n for n in model.reproduces if all(getattr(n, field) == getattr(number, field) for field in _DOSING)]


def _is_marked(number: Published) -> bool:
    return number.measure in ("peak", "time of peak") or (number.measure == "time below" and number.window is None)


def _legend(panels: list[Panel], time: str, used: str) -> list[str]:
    out = ["Line: computed from the model."]
    for p in panels:
        of = f" of {p.title}" if len(panels) > 1 else ""

        def height(value: float, unit: str = shown_unit(p.unit)) -> str:
            return f"{tick(value)}\u00a0{unit}".rstrip()

        def moment(value: float) -> str:
            return f"{tick(value)}\u00a0{time}"

        out += [f"Open circle: published peak{of}, {height(h)} at {moment(t)}." for t, h in p.points]
        out += [
            f"Dashed line across: published peak{of}, {height(h)}; the model records no time for it." for h in p.heights
        ]
        out += [
            f"Dashed line upright: published time of the peak{of}, {moment(t)}; the model records no height for it."
            for t in p.moments
        ]
        if p.recoveries:
            square = "Open square" if len(p.recoveries) == 1 else "Open squares"
            out.append(f"{square}: recovery{of}: {', '.join(f'{height(h)} at {moment(t)}' for t, h in p.recoveries)}.")
    return [*out, used or "The model records no published peak or recovery for this dose and person."]  # fmt: skip


def _used(model: Model, number: Published) -> str:
    """Whether the marked numbers are independent of the model; empty where none is marked."""
    shown = {model.outputs[0].output, *(e.effect for e in model.effects)}
    marked = [n for n in _same_doses(model, number) if n.output in shown and _is_marked(n)]
    if not marked:
        return ""
    if all(n.independent for n in marked):
        return "What is marked is independent of the model."
    some = "Some of what is marked" if any(n.independent for n in marked) else "What is marked"
    return f"{some} is not independent of the model."


# ---------------------------------------------------------------- how it is drawn


def _height_axis(panel: Panel) -> tuple[float, float]:
    return height_axis(
        max(float(panel.values.max()), *panel.heights, *(h for _, h in (*panel.points, *panel.recoveries)), 0.0)
    )


def _drawn(panel: Panel, top: int, height: int, end: float, step: float) -> list[str]:
    highest, rise = _height_axis(panel)
    bottom = top + height

    def x(time: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * time / end

    def y(value: float) -> float:
        return bottom - height * value / highest

    unit = f" ({shown_unit(panel.unit)})" if shown_unit(panel.unit) else ""
    out = [text(_LEFT - 48, top - 12, panel.title + unit, weight="bold")]
    for i in range(round(highest / rise) + 1):
        out.append(line(_LEFT, y(i * rise), _RIGHT, y(i * rise), 'stroke="#ccc"'))
        out.append(text(_LEFT - 6, y(i * rise) + 4, tick(i * rise), anchor="end"))
    for i in range(round(end / step) + 1):
        out.append(line(x(i * step), bottom, x(i * step), bottom + 5, 'stroke="#000"'))
        out.append(text(x(i * step), bottom + 18, tick(i * step), anchor="middle"))
    out.append(f'<path d="M{_LEFT} {top}V{bottom}H{_RIGHT}" fill="none" stroke="#000"/>')
    out += [line(_LEFT, y(h), _RIGHT, y(h), 'stroke="#000" stroke-dasharray="6 4"') for h in panel.heights]
    out += [line(x(t), top, x(t), bottom, 'stroke="#000" stroke-dasharray="6 4"') for t in panel.moments]
    path = " ".join(dict.fromkeys(f"{place(x(t))},{place(y(v))}" for t, v in zip(panel.times.tolist(), panel.values.tolist(), strict=True)))  # fmt: skip
    out.append(f'<polyline points="{path}" fill="none" stroke="#000" stroke-width="1.8" stroke-linejoin="round"/>')
    out += [
        f'<circle cx="{place(x(t))}" cy="{place(y(h))}" r="5" fill="#fff" fill-opacity="0.7" stroke="#000" stroke-width="1.5"/>'
        for t, h in panel.points
    ]
    out += [
        f'<rect x="{place(x(t) - 4)}" y="{place(y(h) - 4)}" width="8" height="8" fill="#fff" fill-opacity="0.7" stroke="#000" stroke-width="1.5"/>'
        for t, h in panel.recoveries
    ]
    return out
