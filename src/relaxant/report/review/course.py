"""Predicted courses as a page shows them: sentences, pictures, the table under each, and the models behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from relaxant.pharmacology.clinic.scenario import Curve
from relaxant.predicted import ShownModel, ShownPrediction, ShownScenario
from relaxant.quantities import plain_number, shown_unit
from relaxant.report.blocks import Words
from relaxant.report.chart import Shown, chart, middle_of
from relaxant.report.shown import clean
from relaxant.rules.reasons import Cited

_ROWS = 12  # of a table: every other hour of a day
_DIGITS = 2  # more would be arithmetic: models differ in the first
_NOTHING = 1e-3  # of the highest of a middle line: what a table has as 0
_IN_MINUTES = 6  # hours: a shorter course is shown in minutes


class CourseTable(msgspec.Struct, frozen=True):
    """The numbers of a picture: a head and rows of text."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class ChartView(msgspec.Struct, frozen=True):
    """A picture (SVG, safe to set as it is), what its lines mean, its numbers, and its middle line for a terminal."""

    title: str
    svg: str
    legend: tuple[str, ...]
    table: CourseTable
    middle: tuple[float, ...]
    highest: str
    tags: tuple[str, ...]


class CourseModelView(msgspec.Struct, frozen=True):
    """A model behind the curve."""

    title: str
    standing: str
    share: str
    typical: str
    lines: tuple[str, ...]
    tags: tuple[str, ...]
    numbers: tuple[int, ...]


class ChangeView(msgspec.Struct, frozen=True):
    """What changes the exposure."""

    text: str
    notes: tuple[str, ...]
    tags: tuple[str, ...]
    numbers: tuple[int, ...]


class CourseView(msgspec.Struct, frozen=True):
    """One medicine's courses."""

    title: str
    sentence: str
    lines: tuple[str, ...]
    banners: tuple[str, ...]
    changes: tuple[ChangeView, ...]
    levels: tuple[str, ...]
    charts: tuple[ChartView, ...]
    models: tuple[CourseModelView, ...]
    marks: tuple[str, ...]


def course_view(
    prediction: ShownPrediction,
    words: Words,
    cite: Callable[[Cited], int],
    unverified: str,
) -> CourseView:
    """The view of a prediction. ``cite`` numbers a source as it is first cited."""
    main = next((s for s in prediction.scenarios if s.scenario == "weighed"), None) or next(
        iter(prediction.scenarios), None
    )
    charts = () if main is None else tuple(charts_of(prediction, main, words, unverified))
    return CourseView(
        title=clean(prediction.title),
        sentence=clean(prediction.sentence or ""),
        lines=tuple(clean(line) for s in prediction.scenarios for line in s.summary),
        banners=tuple(clean(b) for b in prediction.banners),
        changes=tuple(
            ChangeView(
                clean(c.text),
                tuple(clean(n) for n in c.notes),
                () if c.verified else (unverified,),
                tuple(dict.fromkeys(cite(s) for s in c.sources)),
            )
            for c in (main.changes if main else ())
        ),
        levels=tuple(clean(level.text) for level in prediction.levels),
        charts=charts,
        models=tuple(_model(m, main, words, cite, unverified) for m in prediction.models),
        marks=tuple(clean(m) for m in prediction.marks),
    )


def charts_of(
    prediction: ShownPrediction,
    main: ShownScenario,
    words: Words,
    unverified: str,
    up_to: Mapping[str, float] | None = None,
) -> list[ChartView]:
    """The pictures of one scenario, each compared with the others of the prediction; ``up_to`` is what the axis of an output holds at least."""
    said = words["chart"]
    out = []
    for hourly in main.curves:
        time = "min" if hourly.times[-1] < _IN_MINUTES else "h"
        curve = _timed(hourly, time)
        others = [
            Shown(s.title, _timed(c, time))
            for s in prediction.scenarios
            if s is not main
            for c in s.curves
            if c.output == curve.output and c.unit == curve.unit
        ]
        title = clean(
            str(said["title"]).format(medicine=prediction.title, output=curve.title, unit=shown_unit(curve.unit))
        )
        key = "band" if curve.bands else "typical"
        legend = [str(said[key]).format(scenario=_inline(main.title))]
        legend += [str(said["other"]).format(scenario=_inline(o.name)) for o in others]
        if len(curve.typical) > 1 and curve.bands:
            names = ", ".join(_short(m.title) for m in prediction.models if m.model in curve.typical)
            legend.append(clean(str(said["models"]).format(names=names)))
        out.append(
            ChartView(
                title,
                chart(Shown(main.title, curve), others, title, said, time, up_to=(up_to or {}).get(curve.output, 0.0)),
                tuple(legend),
                _table(Shown(main.title, curve), others, words["table"], time),
                middle_of(curve),
                f"{plain_number(max(middle_of(curve)), _DIGITS)} {shown_unit(curve.unit)}".strip(),
                (unverified,) if curve.output in prediction.unverified else (),
            )
        )
    return out


def _timed(curve: Curve, time: str) -> Curve:
    """A curve whose times are in hours with them in ``time``."""
    return curve if time == "h" else msgspec.structs.replace(curve, times=tuple(60 * t for t in curve.times))


def _inline(title: str) -> str:
    return title[:1].lower() + title[1:]


def _short(title: str) -> str:
    """What stands in brackets in a model's title, which is whose it is; the title itself where nothing does."""
    inside = title.rpartition("(")[2]
    return inside.rstrip(")").split(",")[0] if inside != title else title


def _table(main: Shown, others: Sequence[Shown], words: Words, time: str) -> CourseTable:
    curve = main.curve
    least = _NOTHING * max(middle_of(curve))
    step = max(1, (len(curve.times) - 1) // _ROWS)
    head = [
        str(words["time"][time]),
        f"{main.name}: {_inline(str(words['middle']))}" if others else str(words["middle"]),
    ]
    columns: list[Sequence[str]] = [
        [plain_number(t, 3 if time == "h" else 2) for t in curve.times[::step]],
        _numbers(middle_of(curve), step, least),
    ]
    if curve.bands:
        head += [str(words["half"]), str(words["nine"])]
        low, lower, _, upper, high = curve.bands
        columns += [_ranges(lower, upper, step, least), _ranges(low, high, step, least)]
    for other in others:
        head.append(f"{other.name}: {_inline(str(words['middle']))}")
        own = _NOTHING * max(middle_of(other.curve))
        columns.append(_numbers(_at(other.curve, curve.times[::step]), 1, own))
    caption = str(words["caption"]).format(
        output=curve.title, unit=shown_unit(curve.unit), last=plain_number(curve.times[-1], 3), time=time
    )
    return CourseTable(clean(caption), tuple(head), _rows(columns))


def _rows(columns: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """The rows of a table; of a course that does not change the first and the last."""
    rows = tuple(zip(*columns, strict=True))
    return (rows[0], rows[-1]) if len({row[1:] for row in rows}) == 1 and len(rows) > 1 else rows


def _at(curve: Curve, times: Sequence[float]) -> list[float]:
    """The middle of another course at these times, straight between its own."""
    values, own = middle_of(curve), curve.times
    out = []
    for time in times:
        i = next((i for i in range(1, len(own)) if own[i] >= time), len(own) - 1)
        share = min(max((time - own[i - 1]) / (own[i] - own[i - 1]), 0.0), 1.0)
        out.append(values[i - 1] + share * (values[i] - values[i - 1]))
    return out


def _numbers(values: Sequence[float], step: int, least: float) -> list[str]:
    return [plain_number(v if abs(v) >= least else 0.0, _DIGITS) for v in values[::step]]


def _ranges(low: Sequence[float], high: Sequence[float], step: int, least: float) -> list[str]:
    return [
        a if a == b else f"{a} to {b}"
        for a, b in zip(_numbers(low, step, least), _numbers(high, step, least), strict=True)
    ]


def _model(
    model: ShownModel,
    main: ShownScenario | None,
    words: Words,
    cite: Callable[[Cited], int],
    unverified: str,
) -> CourseModelView:
    said = words["models"]
    share = said["left_out"]
    if model.drawn:
        share = f"{plain_number(100 * model.weight, 2)}%" if model.weight else said["no_spread"]
    unit = shown_unit(main.curves[0].unit) if main else ""
    typical = "" if model.typical_average is None else f"{plain_number(model.typical_average, _DIGITS)} {unit}".strip()
    lines = [str(said["people"]).format(people=model.people), *model.remarks, *(model.limits if model.drawn else ())]
    return CourseModelView(
        clean(model.title),
        str(said["status"][model.status]),
        str(share),
        typical,
        tuple(clean(line) for line in lines),
        () if model.verified else (unverified,),
        tuple(dict.fromkeys(cite(s) for s in model.sources)) if model.drawn else (),
    )
