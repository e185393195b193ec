"""A diary in the forms that others read: CSV as ``relaxant respond`` takes it, the answer to it, PDF."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime

import msgspec

from relaxant.io.diary_csv import read_diary
from relaxant.knowledge.load import Knowledge
from relaxant.quantities import plain_number
from relaxant.report.blocks import Cell, Saying, Section, Table
from relaxant.report.plan.page import PlanHead
from relaxant.report.response.page import ResponseView
from relaxant.report.response.view import response_view
from relaxant.report.responses import response_pdf
from relaxant.report.shown import clean
from relaxant.responding import answer
from relaxant.response.response import Response
from relaxant.rules.wording import capital
from relaxant.service.diaries.columns import Columns, Medicine
from relaxant.service.diaries.diaries import Diary
from relaxant.service.diaries.entries import Kept, Taken
from relaxant.service.store.times import day_of

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a cell begins that a spreadsheet would reckon


def diary_csv(columns: Columns, entries: Sequence[Kept], knowledge: Knowledge) -> bytes:
    """The diary as CSV. ``as planned`` is the number that was planned of that day; a dose of which no number is known is an empty cell."""
    scales = [knowledge.responses.scales[s] for s in columns.scales]
    head = ["date", *(["part"] if columns.by_part else []), *(f"{m.agent.replace(' ', '_')}_{m.unit}" for m in columns.medicines), *(s.column for s in scales), "note"]  # fmt: skip
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow(head)
    for entry in entries:
        doses = [dose_of(entry, medicine) for medicine in columns.medicines]
        scores = [entry.said.scores.get(scale.scale) for scale in scales]
        part = [entry.part or ""] if columns.by_part else []
        table.writerow([entry.day.isoformat(), *part, *map(_cell, doses), *map(_cell, scores), _harmless(entry.said.note)])  # fmt: skip
    return out.getvalue().encode()


def dose_of(entry: Kept, medicine: Medicine) -> float | None:
    """How much was taken, as far as it is known."""
    taken: Taken | None = entry.said.doses.get(medicine.agent)
    if taken == "planned":
        return medicine.planned_on(entry.day, entry.part)
    if taken == "none":
        return 0.0
    return float(taken) if isinstance(taken, int | float) else None


def diary_answer(diary: Diary, entries: Sequence[Kept], knowledge: Knowledge, now: datetime) -> Response:
    """What ``relaxant respond`` says of it. Raises :class:`InputError` where there is no day, or nothing on any."""
    latest = max([day_of(now), *(e.day for e in entries)])
    said = read_diary(diary_csv(diary.columns, entries, knowledge), knowledge, today=latest)
    named = msgspec.structs.replace(said, label=diary.label)
    return answer(named, None, knowledge, conditions=frozenset(diary.columns.conditions))


def diary_pdf(diary: Diary, entries: Sequence[Kept], knowledge: Knowledge, now: datetime) -> bytes:
    """The answer as PDF, with every entry below it. Raises :class:`InputError` as :func:`diary_answer` does, and where typst is not installed."""
    view = response_view(diary_answer(diary, entries, knowledge, now), knowledge=knowledge)
    further = (every_entry(diary.columns, entries, knowledge),)
    return response_pdf(
        view, head_of(diary, view, knowledge, now), knowledge.words("plan")["unusable"], further=further
    )


def head_of(diary: Diary, view: ResponseView, knowledge: Knowledge, now: datetime) -> PlanHead:
    """For whom and as of when."""
    return PlanHead(label=view.label, labels="", as_of=day_of(now), as_of_text="", person="", country="", language="en", basis=knowledge.sha256, whose=diary.diary, stamp=view.stamp)  # fmt: skip


def every_entry(columns: Columns, entries: Sequence[Kept], knowledge: Knowledge) -> Section:
    """Every entry as it was written, notes too."""
    words = knowledge.words("diary_page")["clinic"]
    scales = [knowledge.responses.scales[s] for s in columns.scales]
    day, part = words["diary"]["every_head"]
    names = [f"{capital(m.agent)} ({m.unit})" for m in columns.medicines] + [capital(s.title) for s in scales]
    head = (day, *([part] if columns.by_part else []), *names, words["diary"]["note"])
    rows: list[tuple[Cell, ...]] = []
    for entry in entries:
        texts = [entry.day.isoformat()]
        if columns.by_part and entry.part is not None:
            texts.append(words["parts"][entry.part])
        texts += [_taken(entry, medicine, words["diary"]) for medicine in columns.medicines]
        texts += [_cell(entry.said.scores.get(scale.scale)) for scale in scales]
        texts.append(clean(entry.said.note))
        rows.append(tuple((Saying(t),) if t else () for t in texts))
    return Section("every", words["diary"]["every"], (Table("", head, tuple(rows), prose=True),) if rows else ())


def _taken(entry: Kept, medicine: Medicine, words: dict[str, str]) -> str:
    dose, said = dose_of(entry, medicine), entry.said.doses.get(medicine.agent)
    if dose is not None:
        return plain_number(dose)
    if said == "other" and not medicine.planned:
        return words["some_unknown"]
    return words[f"{said}_unknown"] if said in ("planned", "other") else ""


def _cell(value: float | None) -> str:
    return "" if value is None else plain_number(value, 12)


def _harmless(note: str) -> str:
    """A note that no spreadsheet takes for a formula: such a one gets an apostrophe before it, which they do not show."""
    text = clean(note)
    return f"'{text}" if text.startswith(_FORMULA) else text
