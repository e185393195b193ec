"""A diary as CSV: a row a day (or a part of it), a column for each dose and each score; see ``docs/reference``.

Every fault names the row, the column, what came and what would do. Nothing is dropped without a word: what is read in a way that the
writer has to know of stands in :attr:`relaxant.diary.Diary.said`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from datetime import date

from relaxant.diary import Diary, Entry
from relaxant.errors import InputError
from relaxant.io.said import UNKNOWN, clean, day, fold, nearest
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.plans import DAY_PARTS, DayPart
from relaxant.knowledge.scales import Scale
from relaxant.quantities import number, plain_number

MOST_ROWS = 100_000
_SEPARATORS = ",;\t"
_DOSE = re.compile(r"(.+?)[ _](mg|micrograms|mcg|units|sprays)")
_UNITS = {"mcg": "micrograms"}
_OWN = ("date", "part", "note", "block", "arm")
_WHOLE = 1e-9
_Columns = dict[str, tuple[str, str]]
"""A column of the file to what it holds: ``("dose", agent)``, ``("score", scale)`` or one of the diary's own and its name."""


def read_diary(data: bytes, knowledge: Knowledge, *, today: date, columns: Mapping[str, str] | None = None) -> Diary:
    """The diary that a CSV file holds. ``columns`` maps names of ours to those of the file (``spasms`` to ``Krampanfälle``).

    Separated by commas, semicolons or tabs; UTF-8 or Windows-1252; a decimal comma where it can be nothing else. Days in any order. Raises
    :class:`InputError`.
    """
    said: list[str] = []
    rows = _rows(_text(data, said))
    head, body = rows[0][1], rows[1:]
    read = _columns(head, knowledge, columns or {}, said)
    if not any(kind in ("dose", "score") for kind, _ in read.values()):
        raise InputError("diary", ", ".join(head), "there is no column of a dose or a score", _would_do(knowledge))
    units = {agent: _unit(head[i]) for i, (kind, agent) in _placed(head, read).items() if kind == "dose"}
    _units_fit(units, knowledge)
    found = [_entry(line, cells, head, read, knowledge, today) for line, cells in body]
    entries = _once(found)
    if not entries:
        raise InputError("diary", "no rows", "there is no day in it", "write a row for each day")
    if [e for _, e in found] != entries:
        said.append("The days were not in order; they were put in order.")
    scales = dict.fromkeys(s for e in entries for s in e.scores)
    empty = [name for kind, name in read.values() if kind == "score" and name not in scales]
    said += [f"The column of {knowledge.responses.scales[name].title} is empty." for name in empty]
    never = [a for a in units if not any(e.doses.get(a) for e in entries)]
    said += [f"No dose of {agent} was ever taken: every day says none or nothing." for agent in never]
    return Diary(entries=tuple(entries), units=units, scales=tuple(scales), said=tuple(said))


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


# ---------------------------------------------------------------- the head


def _columns(head: Sequence[str], knowledge: Knowledge, given: Mapping[str, str], said: list[str]) -> _Columns:
    """What each column holds; columns of no name here are named in ``said`` and not read."""
    theirs = {fold(name): ours for ours, name in given.items()}
    for ours, name in given.items():
        if fold(name) not in {fold(h) for h in head}:
            raise InputError(
                f"--column {ours}", name, "the diary has no such column", f"its columns are {', '.join(head)}"
            )
    out: _Columns = {}
    other = []
    for name in head:
        wanted = theirs.get(fold(name), name)
        what = _what(wanted, knowledge)
        if what is None and fold(name) in theirs:
            raise InputError("--column", wanted, "no column of a diary is called that", _would_do(knowledge))
        if what is None:
            other.append(name)
            continue
        twice = next((n for n, w in out.items() if w == what), None)
        if twice is not None or name in out:
            raise InputError(
                "diary", name, f"two columns hold {what[1]} ({twice or name} and {name})", "keep one of them"
            )
        out[name] = what
    if ("own", "date") not in out.values():
        near = nearest("date", [fold(h) for h in head])
        raise InputError("diary", ", ".join(head), "there is no column called date", f"rename {near} to date" if near else "add one")  # fmt: skip
    if other:
        said.append(f"Columns that are not read: {', '.join(other)}.")
    return out


def _what(name: str, knowledge: Knowledge) -> tuple[str, str] | None:
    plain = fold(name.replace("_", " "))
    if plain in _OWN:
        return "own", plain
    if match := _DOSE.fullmatch(plain):
        agent = _agent(match[1], knowledge)
        if agent is None:
            near = nearest(match[1], list(knowledge.agents))
            raise InputError("diary", name, "no relaxant is called that", f"did you mean {near}?" if near else "see `relaxant agents`")  # fmt: skip
        return "dose", agent
    for scale in knowledge.responses.scales.values():
        if plain == scale.column:
            return "score", scale.scale
    daily = (s for s in knowledge.responses.scales.values() if s.column)
    by_name = next((s for s in daily if plain in {fold(n) for n in (s.title, *s.names)}), None)
    return None if by_name is None else ("score", by_name.scale)


def _agent(name: str, knowledge: Knowledge) -> str | None:
    """The agent of a name, in any country's words."""
    for agent in knowledge.agents.values():
        if name in {fold(agent.agent), *map(fold, agent.names.values())}:
            return agent.agent
    return None


def _placed(head: Sequence[str], columns: _Columns) -> dict[int, tuple[str, str]]:
    return {i: columns[name] for i, name in enumerate(head) if name in columns}


def _unit(name: str) -> str:
    match = _DOSE.fullmatch(fold(name.replace("_", " ")))
    unit = match[2] if match else "mg"
    return _UNITS.get(unit, unit)


def _units_fit(units: Mapping[str, str], knowledge: Knowledge) -> None:
    for agent, unit in units.items():
        own = knowledge.agents[agent].dose_unit
        if unit != own and {unit, own} != {"mg", "micrograms"}:
            raise InputError("diary", f"{agent} in {unit}", f"{agent} is dosed in {own}", f"name the column {agent.replace(' ', '_')}_{own}")  # fmt: skip


def _would_do(knowledge: Knowledge) -> str:
    scores = ", ".join(s.column for s in knowledge.responses.scales.values() if s.column)
    return f"a dose is written as baclofen_mg, a score as one of {scores}; other names by --column spasms=NAME"


# ---------------------------------------------------------------- the days


def _entry(
    line: int, cells: list[str], head: Sequence[str], columns: _Columns, knowledge: Knowledge, today: date
) -> tuple[int, Entry]:
    if len(cells) > len(head):
        raise InputError(f"diary, line {line}", ", ".join(cells), f"there are {len(cells)} cells under {len(head)} names", "quote a cell that holds the separator")  # fmt: skip
    doses: dict[str, float] = {}
    scores: dict[str, float] = {}
    own: dict[str, str] = {}
    for i, (kind, name) in _placed(head, columns).items():
        cell = cells[i] if i < len(cells) else ""
        if not cell or fold(cell) in UNKNOWN:
            continue
        field = f"diary, line {line}, {head[i]}"
        if kind == "own":
            own[name] = cell
        elif kind == "dose":
            doses[name] = _dose(field, cell)
        else:
            scores[name] = _score(field, cell, knowledge.responses.scales[name])
    when = day(f"diary, line {line}, date", own.get("date"), latest=today)
    if when is None:
        raise InputError(f"diary, line {line}, date", own.get("date", ""), "a row needs its day", "write year-month-day, such as 2026-11-22")  # fmt: skip
    return line, Entry(
        day=when,
        part=_part(f"diary, line {line}, part", own.get("part")),
        doses=doses,
        scores=scores,
        block=own.get("block"),
        arm=own.get("arm"),
        note=own.get("note", ""),
    )


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
    if scale.step and abs((value - low) / scale.step - round((value - low) / scale.step)) > _WHOLE:
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


def _once(found: list[tuple[int, Entry]]) -> list[Entry]:
    """The entries in order; two for one time are refused, because one of them would have to be thrown away."""
    lines: dict[tuple[date, DayPart | None], int] = {}
    whole: dict[date, int] = {}
    parts: dict[date, int] = {}
    for line, entry in found:
        at = entry.day, entry.part
        if at in lines:
            raise InputError(f"diary, line {line}, date", str(entry.day), f"this day stands on line {lines[at]} too", "keep one row for a day, or name the part of the day in a column called part")  # fmt: skip
        lines[at] = line
        (parts if entry.part else whole).setdefault(entry.day, line)
        if entry.day in parts and entry.day in whole:
            raise InputError(f"diary, line {line}, part", str(entry.day), "this day has a row for the whole and rows for its parts", "keep one or the other")  # fmt: skip
    order = {part: i for i, part in enumerate((None, *DAY_PARTS))}
    return sorted((e for _, e in found), key=lambda e: (e.day, order[e.part]))
