"""A diary in numbers: what its chart draws, and the table of its days or weeks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from relaxant.knowledge.load import Knowledge
from relaxant.quantities import plain_number
from relaxant.report.blocks import Cell, Saying, Table, Words
from relaxant.report.response.diary_chart import Event, Strip
from relaxant.report.shown import clean
from relaxant.response.falls import in_sessions
from relaxant.response.response import Response
from relaxant.rules.wording import capital

BY_DAY = 28
"""The days of a diary whose table has a row for each; that of a longer one has a row a week."""
_WEEK, _HALF_WEEK = 7, 3


def strips_of(response: Response, knowledge: Knowledge, words: Words) -> Iterator[Strip]:
    """Each medicine's dose and each score by day. ``words`` are those of ``chart``."""
    table = response.table
    for agent in response.units:
        name = words["dose_axis"].format(agent=capital(agent), unit=response.units[agent])
        yield Strip(name=name, values=tuple(d.doses.get(agent) for d in table), dose=True)
    for name_of_scale in response.scales:
        scale = knowledge.responses.scales[name_of_scale]
        values = tuple(d.scores.get(scale.scale) for d in table)
        name = words["score_axis"].format(scale=capital(scale.title))
        yield Strip(name=name, values=values, top=scale.high, bottom=scale.low, smooth=_smooth(values))


def events_of(response: Response, knowledge: Knowledge, words: Words) -> Iterator[Event]:
    """The markers whose day lies in the diary."""
    for marker in response.markers:
        if response.first <= marker.day <= response.last:
            title = capital(knowledge.responses.markers[marker.marker].title)
            text = words["marker"].format(title=title, value=clean(marker.said))
            yield Event((marker.day - response.first).days, text)


def table_of(response: Response, knowledge: Knowledge, words: Words) -> Table | None:
    """By day where there are few, else by week; none of a diary of visits alone."""
    table = response.table
    scales = response.scales
    heads = [words["dose_axis"].format(agent=capital(a), unit=u) for a, u in response.units.items()]
    others = response.noticed.others
    heads += [words["dose_axis"].format(agent=capital(clean(o.medicine)), unit=o.unit) for o in others]
    heads += [capital(knowledge.responses.scales[s].title) for s in scales]
    noted = len(table) <= BY_DAY and any(d.note for d in table)
    if not heads and not noted:
        return None
    if len(table) <= BY_DAY:
        rows = tuple(
            _cells(
                d.day.isoformat(),
                *(_number(d.doses.get(a)) for a in response.units),
                *(_number(o.doses[place]) for o in others),
                *(_number(d.scores.get(s)) for s in scales),
                *([clean(d.note)] if noted else []),
            )
            for place, d in enumerate(table)
        )
        return Table(words["by_day"], (words["day"], *heads, *([words["note"]] if noted else [])), rows)
    weeks: list[tuple[Cell, ...]] = []
    for begin in range(0, len(table), _WEEK):
        week = table[begin : begin + _WEEK]
        weeks.append(
            _cells(
                (response.first + timedelta(days=begin)).isoformat(),
                *(_number(_weekly(a, [d.doses.get(a) for d in week], knowledge)) for a in response.units),
                *(_number(_mean(list(o.doses[begin : begin + _WEEK]))) for o in others),
                *(_number(_mean([d.scores.get(s) for d in week])) for s in scales),
                str(sum(bool(d.scores) for d in week)),
            )
        )
    return Table(words["by_week"], (words["week"], *heads, words["written"]), tuple(weeks))


def _weekly(agent: str, doses: list[float | None], knowledge: Knowledge) -> float | None:
    """The mean of a week; of what is given rarely the sum."""
    if not in_sessions(agent, knowledge):
        return _mean(doses)
    return sum(d for d in doses if d is not None)


def _smooth(values: tuple[float | None, ...]) -> tuple[float | None, ...]:
    """The mean of the seven days about each day; ``None`` where fewer than three of them have a score."""
    out: list[float | None] = []
    for day in range(len(values)):
        seen = [v for v in values[max(0, day - _HALF_WEEK) : day + _HALF_WEEK + 1] if v is not None]
        out.append(sum(seen) / len(seen) if len(seen) >= _HALF_WEEK else None)
    return tuple(out)


def _mean(values: list[float | None]) -> float | None:
    seen = [v for v in values if v is not None]
    return round(sum(seen) / len(seen), 1) if seen else None


def _number(value: float | None) -> str:
    return "" if value is None else plain_number(value)


def _cells(*texts: str) -> tuple[Cell, ...]:
    return tuple((Saying(t),) if t else () for t in texts)
