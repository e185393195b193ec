"""Is it working: everything that a diary says, as one object; JSON is its exact image."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.diary import Diary
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.scales import Scale
from relaxant.quantities import plain_number
from relaxant.response.course import Medicine, Series
from relaxant.response.crossover import Crossover, Draw, crossover_of, draw_test
from relaxant.response.markers import MarkerSeen
from relaxant.response.next import Next
from relaxant.response.noticed import Noticed, noticed, visits_noticed
from relaxant.response.person import Person
from relaxant.response.reading import Armed, Reading, read_arms, read_series
from relaxant.response.reviewed import Reviewed
from relaxant.response.series import series_of
from relaxant.response.taken import Asked, Stretch, Taken, taken
from relaxant.response.visits import Visits
from relaxant.response.worse import Reason, reasons
from relaxant.version import __version__

Floats = NDArray[np.float64]
WORSE = ("worse", "worse, cause open")
_NEAR = 1e-9


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """What one scale says of a comparison within the person. ``cause`` is true only where chance drew the order, the answer is sure, and chance alone would
    seldom part the arms as far."""

    scale: str
    harm: bool
    answer: Armed
    draw: Draw
    cause: bool


class Arms(msgspec.Struct, frozen=True, kw_only=True):
    """A comparison within the person: how often each arm was taken, and whether chance drew the order and hid it. ``one_order``: each block has the same, which
    chance would hardly draw. ``alike``: the doses that are written do not differ between the arms. ``needed``: blocks from which chance alone may be
    ruled out."""

    arm: str
    against: str
    blocks: int
    periods: int
    randomised: bool
    blinded: bool
    one_order: bool
    alike: bool
    needed: int
    compared: tuple[Compared, ...]


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """One day of the diary as it is shown: ``doses`` by agent as taken for the answer, ``scores`` by scale as written."""

    day: date
    doses: dict[str, float]
    scores: dict[str, float]
    note: str = ""


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """A diary's answer. ``said``: what a reader has to know of how it was read. ``written``: on how many days anything was written.
    ``start``: the place of the first day on which the
    doses are no longer those of the beginning; ``days`` where they stay so; ``now``, ``asked`` and ``lowered`` as in :class:`Taken`. ``units`` of the doses, by agent. ``readings``: before and after; empty where arms took turns, which have no
    before. ``reasons``: what explains that a
    symptom is worse, in the order of asking; empty where none is. ``next``: what it asks for at the next step. ``review``: what the review says first of the person as the diary
    leaves them. ``noticed``: what was found beside what is answered. ``conditions_told``: whether the person's conditions are known."""

    engine: str
    knowledge: str
    label: str | None
    first: date
    last: date
    days: int
    written: int
    start: int
    now: tuple[int, int]
    asked: Asked
    lowered: bool
    units: dict[str, str]
    stretches: tuple[Stretch, ...]
    scales: tuple[str, ...]
    readings: tuple[Reading, ...]
    arms: Arms | None
    reasons: tuple[Reason, ...]
    markers: tuple[MarkerSeen, ...]
    conditions_told: bool
    visits: Visits | None
    table: tuple[Day, ...]
    said: tuple[str, ...]
    noticed: Noticed = Noticed()
    next: Next | None = None
    review: Reviewed | None = None


def respond(
    diary: Diary,
    knowledge: Knowledge,
    *,
    person: Person | None = None,
    randomised: bool = False,
    blinded: bool = False,
) -> Response:
    """The answer of a diary. ``person``: what is known beside it. ``randomised`` and ``blinded``: whether chance drew the order of its arms, and whether
    nobody knew which was which. Raises :class:`InputError` for a comparison that is none."""
    own, known = taken(diary, knowledge), person or Person()
    arms = crossover_of(diary, own)
    scales = [knowledge.responses.scales[s] for s in diary.scales]
    series = {scale.scale: series_of(diary, scale, own) for scale in scales}
    readings = () if arms is not None else tuple(_read_all(scales, series, own, knowledge, known.conditions))
    worse = any(r.said in WORSE and not r.harm for r in readings)
    return Response(
        engine=__version__,
        knowledge=knowledge.sha256,
        label=diary.label,
        first=own.first,
        last=own.last,
        days=own.days,
        written=len({e.day for e in diary.entries if e.day >= own.first and (e.scores or e.doses)}),
        start=own.start,
        now=own.now,
        asked=own.asked,
        lowered=own.lowered,
        units=diary.units,
        stretches=own.stretches,
        scales=diary.scales,
        readings=readings,
        arms=None
        if arms is None
        else _compared(arms, scales, series, own, knowledge, known.conditions, randomised, blinded),
        reasons=reasons(own, known, knowledge) if worse else (),
        markers=known.markers,
        conditions_told=known.told,
        visits=visits_noticed(diary, known, knowledge),
        noticed=noticed(diary, own, known, knowledge),
        table=_table(diary, own, series),
        said=(*diary.said, *_said(own, knowledge)),
    )


def _read_all(scales: Sequence[Scale], series: Mapping[str, Series], own: Taken, knowledge: Knowledge, conditions: frozenset[str]) -> Iterator[Reading]:  # fmt: skip
    """Each scale's answer, several at the same time: most of the work is done outside of Python's lock."""

    def read(scale: Scale) -> Reading:
        return read_series(series[scale.scale], scale, knowledge, conditions, lowered=own.lowered)

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        yield from pool.map(read, scales)


def _compared(arms: Crossover, scales: Sequence[Scale], series: Mapping[str, Series], own: Taken, knowledge: Knowledge, conditions: frozenset[str], randomised: bool, blinded: bool) -> Arms:  # fmt: skip
    """Each scale's answer. The arm stands for all that was taken in it, so that no other dose is followed beside it."""
    settled, chance = int(knowledge.policy("respond_settled")), knowledge.policy("respond_chance")
    indicator = arms.indicator(own.days)
    arm = Medicine(doses=indicator, delay=_slowest(own))
    out = []
    for scale in scales:
        own_series = msgspec.structs.replace(series[scale.scale], medicines=(arm,))
        answer = read_arms(own_series, scale, knowledge, conditions)
        draw = draw_test(arms, own_series.values, settled)
        cause = answer.said in ("better", "worse") and randomised and not arms.one_order and draw.chance <= chance
        out.append(Compared(scale=scale.scale, harm=scale.harm, answer=answer, draw=draw, cause=cause))
    usual = [m.doses for m in own.medicines.values() if m.doses.any()]
    return Arms(
        arm=arms.arm,
        against=arms.against,
        blocks=len(arms.blocks),
        periods=len(arms.periods),
        randomised=randomised,
        blinded=blinded,
        one_order=arms.one_order,
        alike=bool(usual) and all(abs(d[indicator > 0].mean() - d[indicator == 0].mean()) < _NEAR for d in usual),
        needed=math.ceil(math.log2(2 / chance)),
        compared=tuple(out),
    )


def _slowest(own: Taken) -> tuple[float, float] | None:
    """The delay of the arm: that of the slowest of what is taken in it."""
    known = [m.delay for m in own.medicines.values() if m.delay is not None and np.ptp(m.doses) > 0]
    return max(known, key=lambda d: d[1]) if known else None


def _table(diary: Diary, own: Taken, series: Mapping[str, Series]) -> tuple[Day, ...]:
    """Every day, written or not."""
    notes: dict[date, list[str]] = {}
    for entry in diary.entries:
        if entry.note:
            notes.setdefault(entry.day, []).append(entry.note)
    return tuple(
        Day(
            day=own.day(place),
            doses={agent: float(m.doses[place]) for agent, m in own.medicines.items()},
            scores={scale: float(s.values[place]) for scale, s in series.items() if not np.isnan(s.values[place])},
            note="; ".join(notes.get(own.day(place), ())),
        )
        for place in range(own.days)
    )


def _said(own: Taken, knowledge: Knowledge) -> list[str]:
    """What a reader has to know of how the days were taken."""
    words = knowledge.words("respond")["series"]
    out = [words["window"].format(days=own.days, first=own.first.isoformat())] if own.cut else []
    days = knowledge.words("respond")["days"]
    out += [
        words["slip"].format(
            agent=s.agent,
            day=s.day.isoformat(),
            dose=f"{plain_number(s.dose)} {s.unit}",
            usual=f"{plain_number(s.usual)} {s.unit}",
        )
        for s in own.slips
    ]
    out += [
        words[key].format(agent=agent, days=days["one" if count == 1 else "other"].format(count=count))
        for key, counts in (("carried", own.carried), ("seldom", own.seldom))
        for agent, count in counts.items()
    ]
    return out
