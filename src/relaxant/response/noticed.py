"""What a diary and a person's file hold beside the doses and scores that are answered: notes, other medicines, changes of dose before the days that are
read, markers that rose, and what could not be used. Nothing of it is dropped without a word."""

from __future__ import annotations

import re
from datetime import date, timedelta

import msgspec
import numpy as np

from relaxant.diary import Diary
from relaxant.io.said import fold
from relaxant.io.scale_entries import ScaleEntries, ScaleEntry
from relaxant.knowledge.load import Knowledge
from relaxant.quantities import plain_number
from relaxant.response.falls import in_sessions
from relaxant.response.markers import Rise, fits, rises
from relaxant.response.person import Person
from relaxant.response.taken import Taken, by_day, usual
from relaxant.response.visits import Visits, visits_of
from relaxant.rules.wording import capital


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """A note as it was written. ``worsenings``: the explanations of a worse symptom, by id, whose words it holds: that decides nothing."""

    day: date
    text: str
    worsenings: tuple[str, ...] = ()


class Other(msgspec.Struct, frozen=True, kw_only=True):
    """Another medicine of the diary, shown and not followed: its amount on each day of the table, ``None`` where nothing was written."""

    medicine: str
    unit: str
    doses: tuple[float | None, ...]


class Noticed(msgspec.Struct, frozen=True, kw_only=True):
    """``notices`` stand at the head of an answer. ``markers_fit``: for each marker that was seen, whether it was studied in a
    condition of this person, or nobody said which they have. ``unused``: a sentence for each result of the person that could not be used."""

    notices: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    others: tuple[Other, ...] = ()
    rises: tuple[Rise, ...] = ()
    markers_fit: dict[str, bool] = {}
    unused: tuple[str, ...] = ()


def noticed(diary: Diary, own: Taken, person: Person, knowledge: Knowledge) -> Noticed:
    """All of it, for the days that are used."""
    return Noticed(
        notices=(*_earlier(diary, own, knowledge), *diary.notices, *diary.unread),
        notes=_notes(diary, knowledge),
        others=_others(diary, own),
        rises=rises(person.markers, knowledge, person.conditions, person.told),
        markers_fit={
            m.marker: fits(knowledge.responses.markers[m.marker], person.conditions, person.told)
            for m in person.markers
        },
        unused=person.unused,
    )


def visits_noticed(diary: Diary, person: Person, knowledge: Knowledge) -> Visits | None:
    """The scores at visits of the person's file and of the diary together."""
    if person.scored is None and not diary.visits and not diary.unread:
        return None
    known = person.scored or ScaleEntries(entries=(), unread=())
    more = (ScaleEntry(scale=v.scale, site=v.site, day=v.day, value=v.value, said=v.said) for v in diary.visits)
    entries = ScaleEntries(entries=(*known.entries, *more), unread=(*known.unread, *diary.unread))
    return visits_of(entries, person.conditions, knowledge)


def _earlier(diary: Diary, own: Taken, knowledge: Knowledge) -> list[str]:
    """The last change of each dose before the days that are used, where no dose changes in these."""
    if not own.cut or own.start < own.days:
        return []
    words, lapse = knowledge.words("diary"), int(knowledge.policy("respond_lapse"))
    out = []
    for agent, unit in diary.units.items():
        if in_sessions(agent, knowledge):
            continue
        first = min((e.day for e in diary.entries if agent in e.doses), default=None)
        if first is None:
            continue
        doses = usual(by_day(diary, agent, first, (own.last - first).days + 1, carry=True)[0], lapse)
        changes = np.flatnonzero(np.diff(doses)) + 1
        if not len(changes):
            continue
        place = int(changes[-1])
        day = first + timedelta(days=place)
        until = min(day + timedelta(days=own.days // 2), own.last)
        before, after = plain_number(float(doses[place - 1])), plain_number(float(doses[place]))
        out.append(
            words["earlier"].format(agent=capital(agent), before=before, after=after, unit=unit, day=day, until=until)
        )
    return out


def _notes(diary: Diary, knowledge: Knowledge) -> tuple[Note, ...]:
    """Every note of the diary, in order of days."""
    naming = _naming(knowledge)
    return tuple(
        Note(day=e.day, text=e.note, worsenings=tuple(w for w, found in naming.items() if found.search(fold(e.note))))
        for e in diary.entries
        if e.note
    )


def _naming(knowledge: Knowledge) -> dict[str, re.Pattern[str]]:
    """For each explanation of a worse symptom the words that name it: those of its conditions and medicines, and its own."""
    own, out = knowledge.words("diary")["naming"], {}
    for worsening in knowledge.responses.worsenings.values():
        words = {fold(w) for w in (*own.get(worsening.worsening, ()), *worsening.partners)}
        for condition in worsening.conditions:
            known = knowledge.conditions[condition]
            words |= {fold(name) for name in (known.title, *known.names)}
        if words:
            longest = sorted(words, key=lambda w: (-len(w), w))
            out[worsening.worsening] = re.compile(rf"\b(?:{'|'.join(map(re.escape, longest))})\b")
    return out


def _others(diary: Diary, own: Taken) -> tuple[Other, ...]:
    out = []
    for medicine, unit in diary.others.items():
        doses: list[float | None] = [None] * own.days
        for entry in diary.entries:
            place = (entry.day - own.first).days
            if medicine in entry.others and place >= 0:
                doses[place] = (doses[place] or 0.0) + entry.others[medicine]
        out.append(Other(medicine=medicine, unit=unit, doses=tuple(doses)))
    return tuple(out)
