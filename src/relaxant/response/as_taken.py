"""The person as a diary leaves them: the file's own lines where they say what was taken, else the diary's, and every difference in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import msgspec
import numpy as np

from relaxant.diary import Diary
from relaxant.knowledge.load import Knowledge
from relaxant.medicines.medicine import Medicine
from relaxant.medicines.read import read_medicines
from relaxant.patient import Line, Patient, Stated
from relaxant.quantities import Quantity, convert, plain_number
from relaxant.response.falls import Fall, daily, in_sessions, last_stretch
from relaxant.response.taken import Stretch, Taken
from relaxant.rules.wording import capital

_NEAR = 1e-6


class AsTaken(msgspec.Struct, frozen=True, kw_only=True):
    """``patient`` on the last day of the diary or of the file. ``said``: where diary and file differ; ``granted``: what the review does without. ``newer``: agents whose dose the file changed
    after the diary ended."""

    patient: Patient
    said: tuple[str, ...] = ()
    granted: tuple[str, ...] = ()
    newer: frozenset[str] = frozenset()


def as_taken(
    patient: Patient | None,
    diary: Diary,
    taken: Taken,
    knowledge: Knowledge,
    *,
    country: str = "US",
    conditions: frozenset[str] = frozenset(),
) -> AsTaken:
    """The person whose lines for the diary's agents say the usual dose of its last days. ``country`` counts without a ``patient``, and ``conditions``,
    by id, come on top."""
    words = knowledge.words("respond")["first"]
    said, granted = list[str](), list[str]()
    own = patient or Patient(as_of=taken.last, country=country)
    if patient is None:
        granted.append(words["no_file"].format(country=country))
    elif patient.as_of < taken.last:
        granted.append(words["moved"].format(day=patient.as_of.isoformat(), last=taken.last.isoformat()))
    if patient is not None and patient.medicines is None:
        granted.append(words["no_list"])
    lines, newer = list[Line](own.medicines or ()), set[str]()
    listed = read_medicines(msgspec.structs.replace(own, considering=()), knowledge)
    for agent in diary.units:
        mine = [(line, m) for line, m in zip(lines, listed, strict=True) if agent in m.agents]
        if any(m.regimen.start is not None and m.regimen.start > taken.last for _, m in mine):
            newer.add(agent)
            said.append(words["newer"].format(agent=capital(agent), last=taken.last.isoformat()))
            continue
        current = [m for _, m in mine if m.role == "current"]
        now = last_stretch(taken, agent)
        if now is None or _stands(agent, now, [m for _, m in mine], taken, once=in_sessions(agent, knowledge)):
            continue
        kept = [(line, m) for line, m in zip(lines, listed, strict=True) if not (agent in m.agents and m.role == "current")]  # fmt: skip
        stood = [line for line, m in mine if m.role == "current"]
        line = _line(agent, now, taken, diary, stood, current, knowledge)
        if patient is not None:
            said.append(_difference(agent, now, current, line, taken, knowledge))
        lines = [line for line, _ in kept] + ([] if line is None else [line])
        listed = (*(m for _, m in kept), *(() if line is None else _read(line, own, taken.last, knowledge)))
    named = tuple(Stated(name=knowledge.conditions[c].title) for c in sorted(conditions))
    return AsTaken(
        patient=msgspec.structs.replace(
            own,
            as_of=max(own.as_of, taken.last),
            medicines=tuple(lines),
            conditions=(*(own.conditions or ()), *named) if named else own.conditions,
        ),
        said=tuple(said),
        granted=tuple(granted),
        newer=frozenset(newer),
    )


def before_fall(patient: Patient, fall: Fall, knowledge: Knowledge) -> Patient:
    """The same person on the day of a fall, with the dose before it taken and the dose after it weighed: so the rules for large steps down read it."""
    taken = with_dose(patient, fall.agent, fall.before, fall.unit, knowledge)
    weighed = _written(fall.agent, fall.after, fall.unit, knowledge)
    return msgspec.structs.replace(taken, considering=(weighed,))


def with_dose(patient: Patient, agent: str, dose: float, unit: str, knowledge: Knowledge) -> Patient:
    """The same person with another dose a day of an agent taken, and nothing weighed."""
    alone = msgspec.structs.replace(patient, considering=())
    listed = read_medicines(alone, knowledge)
    others = [line for line, m in zip(alone.medicines or (), listed, strict=True) if agent not in m.agents]
    start = next((m.regimen.start for m in listed if agent in m.agents), None)
    return msgspec.structs.replace(alone, medicines=(*others, _written(agent, dose, unit, knowledge, start=start)))


def _read(line: Line, patient: Patient, day: date, knowledge: Knowledge) -> tuple[Medicine, ...]:
    alone = msgspec.structs.replace(patient, as_of=max(patient.as_of, day), medicines=(line,), considering=())
    return read_medicines(alone, knowledge)


def _amounts(current: Sequence[Medicine], unit: str, *, once: bool) -> tuple[float, float] | None:
    """What the file's lines say, least and most, in a unit: a day, or of a session; ``None`` where they do not say."""
    low = high = 0.0
    for medicine in current:
        said = medicine.regimen.doses if once else [medicine.regimen.daily or medicine.regimen.rate]
        if not said:
            return None
        for one in said:
            if one is None or one.low is None or one.high is None:
                return None
            least, most = (convert(Quantity(v, one.unit), unit) for v in (one.low, one.high))
            if least is None or most is None:
                return None
            low, high = low + least, high + most
    return low, high


def _stands(agent: str, now: Stretch, mine: Sequence[Medicine], taken: Taken, *, once: bool) -> bool:
    """Whether the file's own lines of an agent stand beside the diary."""
    current = [m for m in mine if m.role == "current"]
    if agent in taken.seldom:  # the file has it as needed, or as stopped since
        last = taken.day(int(np.flatnonzero(taken.medicines[agent].doses)[-1]))
        stops = [m.regimen.stop for m in mine]
        return all(m.regimen.as_needed for m in current) if current else any(s is None or s >= last for s in stops)
    if not now.dose and not current:  # the file has it as stopped, or it was never taken
        return bool(mine) or not taken.medicines[agent].doses.any()
    return _same(current, now, once)


def _same(current: Sequence[Medicine], now: Stretch, once: bool) -> bool:
    """Whether the file's lines allow what the diary says was taken."""
    if not current or not now.dose:
        return False
    said = _amounts(current, now.unit, once=once)
    return said is not None and said[0] - _NEAR <= now.dose <= said[1] + _NEAR


def _line(agent: str, now: Stretch, taken: Taken, diary: Diary, stood: Sequence[Line], current: Sequence[Medicine], knowledge: Knowledge) -> Line | None:  # fmt: skip
    """The diary's line of an agent; ``None`` where it was never taken in the diary, and stands in no file."""
    if in_sessions(agent, knowledge):
        return _written(agent, now.dose, now.unit, knowledge, start=now.first, once=True)
    own = tuple(daily(taken, agent, knowledge))
    begun = _begun(own, taken)
    start = begun or min((m.regimen.start for m in current if m.regimen.start is not None), default=None)
    doses = taken.medicines[agent].doses
    if agent in taken.seldom:
        return _written(agent, float(doses.max()), now.unit, knowledge, start=start, times=1, as_needed=True)
    if now.dose:
        times = _times(agent, now, diary, current)
        return _written(agent, now.dose, now.unit, knowledge, start=start, times=times)
    last = max((d for d in range(taken.days) if doses[d] > 0), default=None)
    if last is None:
        return msgspec.structs.replace(stood[0], active=False) if stood else None
    lapse = int(knowledge.policy("respond_lapse"))
    near = (s.dose for s in own if s.last >= taken.day(last) - timedelta(days=lapse) and s.dose)
    before = max(near, default=float(doses[last]))
    return _written(agent, before, now.unit, knowledge, start=start, stop=taken.day(last))


def _begun(own: Sequence[Stretch], taken: Taken) -> date | None:
    """The first day of the run in which it was taken last, where that is not the diary's first."""
    begun: date | None = None
    for stretch in own:
        if stretch.dose and begun is None:
            begun = stretch.first
        elif not stretch.dose and stretch is not own[-1]:
            begun = None
    return None if begun == taken.first else begun


def _times(agent: str, now: Stretch, diary: Diary, current: Sequence[Medicine]) -> float | None:
    """How often a day it is taken: as the file's one line says, where the diary's dose can be parted so."""
    doses = [d for m in current for d in m.regimen.doses]
    said = _amounts(current, now.unit, once=False)
    if len(current) != 1 or len(doses) != 1 or said is None or said[0] != said[1]:
        return None
    each = convert(Quantity(doses[0].low or 0.0, doses[0].unit), now.unit)
    if not each:
        return None
    times = round(said[0] / each)
    return times if times > 0 and abs(round(now.dose / times, 1) * times - now.dose) < _NEAR else None


def _written(
    agent: str,
    dose: float,
    unit: str,
    knowledge: Knowledge,
    *,
    start: date | None = None,
    stop: date | None = None,
    times: float | None = None,
    once: bool = False,
    as_needed: bool = False,
) -> Line:
    """A line that says a dose a day, or one that is given once."""
    known = knowledge.agents[agent]
    amount = f"{plain_number(dose)} {unit}"
    infused = "intrathecal" in known.routes
    said = f"{known.ingredient} {amount}" if once else f"{known.ingredient} {amount} a day"
    return Line(
        said=said,
        drug=known.ingredient,
        route=None if known.default_route else known.routes[0],
        dose=None
        if infused
        else amount
        if once
        else f"{plain_number(dose / times)} {unit}"
        if times
        else f"{amount}/day",
        frequency=f"{plain_number(times)} times a day" if times and times > 1 else "once a day" if times else None,
        rate=f"{amount}/day" if infused else None,
        as_needed="yes" if as_needed else None,
        start=start,
        stop=stop,
    )


def _difference(agent: str, now: Stretch, current: Sequence[Medicine], line: Line | None, taken: Taken, knowledge: Knowledge) -> str:  # fmt: skip
    """What file and diary say, and which counts."""
    words, days = knowledge.words("respond")["first"], knowledge.words("respond")["days"]
    if (count := taken.seldom.get(agent)) is not None:
        most = f"{plain_number(float(taken.medicines[agent].doses.max()))} {now.unit}"
        on = days["one" if count == 1 else "other"].format(count=count)
        return str(words["seldom"].format(agent=capital(agent), days=on, diary=most))
    said = _amounts(current, now.unit, once=in_sessions(agent, knowledge))
    diary = f"{plain_number(now.dose)} {now.unit}"
    slots = {"agent": capital(agent), "diary": diary, "file": "", "last": now.last.isoformat()}
    if said is not None and current:
        low, high = plain_number(said[0]), plain_number(said[1])
        slots["file"] = f"{low if low == high else f'{low} to {high}'} {now.unit}"
    if not now.dose:
        slots["day"] = "" if line is None or line.stop is None else line.stop.isoformat()
        key = "not_taken" if not slots["day"] else "stopped" if slots["file"] else "stopped_unlisted"
    else:
        key = "unlisted" if not current else "differs" if slots["file"] else "no_dose"
    return str(words[key].format(**slots))
