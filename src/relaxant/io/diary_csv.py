"""A diary as CSV: a row a day (or a part of it), a column for each dose and each score; see ``docs/reference``.

Every fault names the row, the column, what came and what would do. Nothing is dropped without a word: what is read in a way that the
writer has to know of stands in :attr:`relaxant.diary.Diary.said`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from relaxant.diary import Diary, Entry, VisitScore
from relaxant.errors import InputError
from relaxant.io.diary_columns import Column, columns_of, would_do
from relaxant.io.said import UNKNOWN, clean, day, fold
from relaxant.io.scale_score import on_step, score
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.plans import DAY_PARTS, DayPart
from relaxant.knowledge.scales import Scale
from relaxant.quantities import number, plain_number

MOST_ROWS = 100_000
_SEPARATORS = ",;\t"


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    """An entry with its line; ``blank``: the agents whose cell was left empty; ``visits``: its scores at visits as they are written, by column;
    ``words``: the other medicines whose cell holds no number."""

    line: int
    entry: Entry
    blank: frozenset[str] = frozenset()
    visits: dict[str, str] = {}
    words: tuple[str, ...] = ()


def read_diary(data: bytes, knowledge: Knowledge, *, today: date, columns: Mapping[str, str] | None = None) -> Diary:
    """The diary that a CSV file holds. ``columns`` maps names of ours to those of the file (``spasms`` to ``Krampanfälle``).

    Separated by commas, semicolons or tabs; UTF-8 or Windows-1252; a decimal comma where it can be nothing else. Days in any order. Raises
    :class:`InputError`.
    """
    said, notices = list[str](), list[str]()
    rows = _rows(_text(data, said))
    head, body = rows[0][1], rows[1:]
    read = columns_of(head, knowledge, columns or {}, notices)
    if not any(c.kind in ("dose", "score", "visit") for c in read.values()):
        raise InputError("diary", ", ".join(head), "there is no column of a dose or a score", would_do(knowledge))
    units = {c.name: c.unit for c in read.values() if c.kind == "dose"}
    found = [_row(line, cells, head, read, knowledge, today) for line, cells in body]
    ordered = _once(found)
    if not ordered:
        raise InputError("diary", "no rows", "there is no day in it", "write a row for each day")
    if ordered != found:
        said.append("The days were not in order; they were put in order.")
    entries = _filled(ordered, units, knowledge, notices)
    scales = dict.fromkeys(s for e in entries for s in e.scores)
    visits, unread = _visits(ordered, read, knowledge)
    scored = {read[name].name for row in ordered for name in row.visits} | scales.keys()
    empty = [c.name for c in read.values() if c.kind in ("score", "visit") and c.name not in scored]
    said += [f"The column of {knowledge.responses.scales[name].title} is empty." for name in empty]
    never = [a for a in units if not any(e.doses.get(a) for e in entries)]
    said += [f"No dose of {agent} was ever taken: every day says none or nothing." for agent in never]
    others = {c.name: c.unit for c in read.values() if c.kind == "other"}
    notices += _in_words(ordered, others, knowledge)
    return Diary(
        entries=tuple(entries),
        units=units,
        scales=tuple(scales),
        visits=visits,
        unread=unread,
        others=others,
        notices=tuple(notices),
        said=tuple(said),
    )


# ---------------------------------------------------------------- the table


def _text(data: bytes, said: list[str]) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    if b"\0" in data:
        raise InputError("diary", "bytes that are no text", "this is no CSV file", "save the table as CSV, UTF-8")
    said.append("The file is not UTF-8; it was read as Windows-1252.")
    return data.decode("cp1252", errors="replace")


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """The rows that hold something, each with its line; the first is the head."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(_SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    rows: list[tuple[int, list[str]]] = []
    try:
        for cells in reader:
            if any(c.strip() for c in cells):
                rows.append((reader.line_num, [clean(c) for c in cells]))
            if len(rows) > MOST_ROWS:
                raise InputError(
                    "diary", f"more than {MOST_ROWS:,} rows", "no one kept so long a diary", "give one person's"
                )
    except csv.Error as error:
        raise InputError(f"diary, line {reader.line_num}", str(error), "the table cannot be read", "save it as CSV again") from None  # fmt: skip
    if not rows:
        raise InputError("diary", "nothing", "the file is empty", "write a head and a row for each day")
    return rows


# ---------------------------------------------------------------- the days


def _row(
    line: int, cells: list[str], head: Sequence[str], columns: Mapping[str, Column], knowledge: Knowledge, today: date
) -> _Row:
    if len(cells) > len(head):
        raise InputError(f"diary, line {line}", ", ".join(cells), f"there are {len(cells)} cells under {len(head)} names", "quote a cell that holds the separator")  # fmt: skip
    doses, scores, others = dict[str, float](), dict[str, float](), dict[str, float]()
    own, visits, blank, words = dict[str, str](), dict[str, str](), set[str](), list[str]()
    for i, name in enumerate(head):
        if (column := columns.get(name)) is None:
            continue
        cell = cells[i] if i < len(cells) else ""
        field = f"diary, line {line}, {name}"
        if not cell or fold(cell) in UNKNOWN:
            if column.kind == "dose":
                blank.add(column.name)
        elif column.kind == "own":
            own[column.name] = cell
        elif column.kind == "dose":
            doses[column.name] = _dose(field, cell)
        elif column.kind == "score":
            scores[column.name] = _score(field, cell, knowledge.responses.scales[column.name])
        elif column.kind == "visit":
            visits[name] = cell
        elif (amount := _amount(field, cell)) is not None:
            others[column.name] = amount
        else:
            words.append(column.name)
    when = day(f"diary, line {line}, date", own.get("date"), latest=today)
    if when is None:
        raise InputError(f"diary, line {line}, date", own.get("date", ""), "a row needs its day", "write year-month-day, such as 2026-11-22")  # fmt: skip
    entry = Entry(
        day=when,
        part=_part(f"diary, line {line}, part", own.get("part")),
        doses=doses,
        scores=scores,
        others=others,
        block=own.get("block"),
        arm=own.get("arm"),
        note=own.get("note", ""),
    )
    return _Row(line=line, entry=entry, blank=frozenset(blank), visits=visits, words=tuple(words))


def _amount(field: str, cell: str) -> float | None:
    """A dose of another medicine; ``None`` where the cell holds no number, as the diary is not refused for it."""
    try:
        return _dose(field, cell)
    except InputError:
        return None


def _in_words(rows: Sequence[_Row], others: Mapping[str, str], knowledge: Knowledge) -> list[str]:
    words, out = knowledge.words("diary"), []
    for medicine in others:
        count = sum(medicine in row.words for row in rows)
        if count:
            cells = words["cells"]["one" if count == 1 else "other"].format(count=count)
            out.append(words["other_words"].format(medicine=medicine, cells=cells))
    return out


def _visits(
    rows: Sequence[_Row], columns: Mapping[str, Column], knowledge: Knowledge
) -> tuple[tuple[VisitScore, ...], tuple[str, ...]]:
    """The scores at visits, and a sentence for each that cannot be used: one of them refuses no diary."""
    words = knowledge.words("diary")
    out, faults = list[VisitScore](), dict[tuple[str, str], tuple[InputError, list[int]]]()
    for row in rows:
        for name, cell in row.visits.items():
            column = columns[name]
            try:
                found = score(f"diary, {name}", cell, knowledge.responses.scales[column.name])
            except InputError as error:
                faults.setdefault((name, cell), (error, []))[1].append(row.line)
                continue
            out.append(VisitScore(scale=column.name, site=column.site, day=row.entry.day, value=found.value, said=found.said))  # fmt: skip
    unread = (
        words["unread_once" if len(lines) == 1 else "unread"].format(fault=error, count=len(lines), first=min(lines))
        for error, lines in faults.values()
    )
    return tuple(out), tuple(unread)


def _filled(rows: Sequence[_Row], units: Mapping[str, str], knowledge: Knowledge, notices: list[str]) -> list[Entry]:
    """The entries with the doses of parts of a day that were left blank while another part of it was written: what was taken then is not known, and is
    not nothing. That of the same part on the day before is taken, or on the first day after it that says one."""
    words, entries = knowledge.words("diary"), [row.entry for row in rows]
    for agent in units:
        written = {e.day for e in entries if e.part is not None and agent in e.doses}
        by_part: dict[DayPart, list[tuple[int, float]]] = {}
        for place, entry in enumerate(entries):
            if entry.part is not None and agent in entry.doses:
                by_part.setdefault(entry.part, []).append((place, entry.doses[agent]))
        days: set[date] = set()
        for place, row in enumerate(rows):
            part = row.entry.part
            if part is None or agent not in row.blank or part not in by_part or row.entry.day not in written:
                continue
            known = by_part[part]
            dose = next((d for at, d in reversed(known) if at < place), known[0][1])
            entries[place] = msgspec.structs.replace(entries[place], doses={**entries[place].doses, agent: dose})
            days.add(row.entry.day)
        if days:
            count = words["days"]["one" if len(days) == 1 else "other"].format(count=len(days))
            notices.append(words["blank_part"].format(agent=agent[:1].upper() + agent[1:], days=count))
    return entries


def _dose(field: str, cell: str) -> float:
    """An amount of the day; ``none`` is 0, and an empty cell is unknown."""
    if fold(cell) in ("none", "no", "nil", "-", "0"):
        return 0.0
    value = number(cell, field)
    if value < 0:
        raise InputError(
            field,
            cell,
            "a dose is not below 0",
            "write what was taken, 0 for nothing, leave it empty where it is not known",
        )
    return value


def _score(field: str, cell: str, scale: Scale) -> float:
    level = next((float(own.rank) for own in scale.levels if fold(own.said) == fold(cell)), None)
    if level is not None:
        return level
    value = number(cell, field)
    low, high = scale.low, scale.high
    if value < low or (high is not None and value > high):
        span = f"{plain_number(low)} to {plain_number(high)}" if high is not None else f"{plain_number(low)} or more"
        raise InputError(
            field, cell, f"{scale.title} goes from {span}", "correct it, or leave the cell empty for a day without"
        )
    if not on_step(value, scale):
        raise InputError(
            field, cell, f"{scale.title} goes in steps of {plain_number(scale.step)}", "write one of its steps"
        )
    return value


def _part(field: str, said: str | None) -> DayPart | None:
    if said is None:
        return None
    part = next((p for p in DAY_PARTS if p == fold(said)), None)
    if part is None:
        raise InputError(field, said, "this is no part of a day", f"write one of {', '.join(DAY_PARTS)}")
    return part


def _once(found: list[_Row]) -> list[_Row]:
    """The rows in order; two for one time are refused, because one of them would have to be thrown away."""
    lines: dict[tuple[date, DayPart | None], int] = {}
    whole: dict[date, int] = {}
    parts: dict[date, int] = {}
    for row in found:
        line, entry = row.line, row.entry
        at = entry.day, entry.part
        if at in lines:
            raise InputError(f"diary, line {line}, date", str(entry.day), f"this day stands on line {lines[at]} too", "keep one row for a day, or name the part of the day in a column called part")  # fmt: skip
        lines[at] = line
        (parts if entry.part else whole).setdefault(entry.day, line)
        if entry.day in parts and entry.day in whole:
            raise InputError(f"diary, line {line}, part", str(entry.day), "this day has a row for the whole and rows for its parts", "keep one or the other")  # fmt: skip
    order = {part: i for i, part in enumerate((None, *DAY_PARTS))}
    return sorted(found, key=lambda r: (r.entry.day, order[r.entry.part]))
