"""A reckoning in words: what was reckoned as a table (what, how, result), and what is said beside it as advice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

import msgspec

from relaxant.planning.plan import Line
from relaxant.quantities import shown_unit
from relaxant.report.blocks import Block, Bullets, Cell, Saying, Table, Words
from relaxant.report.citations import Mark
from relaxant.report.plan import words as say
from relaxant.report.shown import clean

_MANY = 2  # sources of a line that are cited with their places; of more the list of sources says where
_ALIKE = 0.02  # of a number: the sentence may round it further
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?")
_OTHER_END = r"(?:\w+ \d+(?:\.\d+)? )?"  # of a range: the unit stands behind it
_FIRST = re.compile(r"[.:;](?:\s|$)")


def reckoned_table(lines: Iterable[Line], told: Callable[[Line], Saying], words: Words) -> tuple[Block, ...]:
    """The lines that were reckoned, or that say how they were come by, as one table."""
    own = words["reckoning"]
    rows = tuple(
        (_cell(line.what), _cell(line.how), _result(line, told(line), words)) for line in lines if not is_advice(line)
    )
    return (Table(own["caption"], (own["what"], own["how"], own["value"]), rows, prose=True),) if rows else ()


def advice(lines: Iterable[Line], told: Callable[[Line], Saying]) -> tuple[Block, ...]:
    """The lines that are words alone, gathered under what they are about."""
    gathered: dict[str, list[Saying]] = {}
    for line in lines:
        if is_advice(line):
            gathered.setdefault(clean(line.what), []).append(_short(told(line)))
    return tuple(Bullets(what, tuple(sayings)) for what, sayings in gathered.items())


def is_advice(line: Line) -> bool:
    """Whether a line has neither a number nor a way to it."""
    return line.value is None and not line.how


def _cell(text: str) -> Cell:
    return (Saying(clean(text)),) if text else ()


def _result(line: Line, told: Saying, words: Words) -> Cell:
    """What came out: the number, unless the sentence begins with it, and the sentence."""
    said = _short(told)
    unit = words["units_one"].get(line.unit, line.unit) if line.value == 1 else line.unit
    if line.value is None or says(line.text, line.value, unit, words["reckoning"]["spelled"]):
        return (said,)
    number = Saying(say.reckoned(line.value, unit))
    return (number, said) if said.text else (msgspec.structs.replace(said, text=number.text),)


def says(text: str, value: float, unit: str, spelled: Words) -> bool:
    """Whether the first sentence of a text, up to a colon, says a value in its unit or as ``spelled``.

    >>> says("0.8 mL a day.", 0.8, "mL/day", {"/day": " a day"}), says("2 mg/kg. 192 mg.", 192, "mg", {})
    (True, False)
    """
    end = _FIRST.search(text)
    first = text[: end.start()] if end else text
    shown = shown_unit(unit)
    units = {shown, *(shown.replace(short, long) for short, long in spelled.items())}
    for found in _NUMBER.finditer(first):
        rest = first[found.end() :].replace("\u00a0", " ").lstrip()
        close = abs(float(found[0]) - value) <= _ALIKE * abs(value)
        if close and any(re.match(rf"{_OTHER_END}{re.escape(one)}(?![\w/])", rest) for one in units):
            return True
    return False


def _short(told: Saying) -> Saying:
    """Of many sources the numbers alone: where in them stands in the list of sources."""
    if len(told.marks) <= _MANY:
        return told
    return msgspec.structs.replace(told, marks=tuple(Mark(m.number, "") for m in _once(told.marks)))


def _once(marks: Sequence[Mark]) -> list[Mark]:
    return list({mark.number: mark for mark in marks}.values())
