"""A course step by step, as a page shows it: each thing known adds one picture, the step before it dashed, all on one axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from relaxant.knowledge.load import Knowledge
from relaxant.predicted import ShownPrediction, ShownScenario
from relaxant.report.chart import height_of
from relaxant.report.review.course import ChartView, charts_of
from relaxant.report.shown import clean
from relaxant.reviewing import Review

STEPS = ("typical", "patient", "observed", "proposed")


class StepView(msgspec.Struct, frozen=True, kw_only=True):
    """One step. ``sentence`` stands in place of the pictures where there is nothing to draw."""

    key: str
    title: str
    lines: tuple[str, ...]
    charts: tuple[ChartView, ...]
    sentence: str = ""


def stepped_view(
    review: Review, steps: Sequence[Sequence[ShownScenario]], knowledge: Knowledge
) -> tuple[tuple[StepView, ...], ...]:
    """For each course of a review its four steps; none where it has no curve."""
    words = knowledge.words("prediction", review.stamp.language)
    unverified = str(knowledge.words("report", review.stamp.language)["not_verified_short"])
    pairs = zip(review.prediction, steps, strict=True)
    return tuple(_steps(prediction, own, words, unverified) for prediction, own in pairs)


def _steps(
    prediction: ShownPrediction, own: Sequence[ShownScenario], words: Any, unverified: str
) -> tuple[StepView, ...]:
    if not own:
        return ()
    by, out = {s.scenario: s for s in own}, list[StepView]()
    up_to: dict[str, float] = {}
    for curve in (c for s in own for c in s.curves):
        up_to[curve.output] = max(up_to.get(curve.output, 0.0), height_of(curve))
    before: tuple[ShownScenario, ...] = ()
    for key in STEPS:
        title, scenario = str(words["scenarios"][key]), by.get(key)
        if scenario is None:
            sentence = str(words["steps"][key])
            out.append(StepView(key=key, title=title, lines=(), charts=(), sentence=sentence))
            continue
        shown = msgspec.structs.replace(prediction, scenarios=(*before, scenario))
        charts = charts_of(shown, scenario, words, unverified, up_to)
        lines = tuple(clean(line) for line in scenario.summary)
        out.append(StepView(key=key, title=title, lines=lines, charts=tuple(charts)))
        before = (scenario,)
    return tuple(out)
