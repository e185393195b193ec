"""What is wrong with scales and markers: names, range and levels, what was found of them, codes, the columns of a diary."""

from __future__ import annotations

import re
from collections.abc import Iterator

from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.prose import faults_of_prose
from relaxant.knowledge.scales import Marker, Property, Scale, number_of

DIARY_COLUMNS = ("spasms", "nrs", "penn", "sedation", "sleep", "falls")
"""The columns of a diary that hold a score; each belongs to one scale."""
IN_POINTS = ("points", "degrees", "seconds", "feet per second")
"""Units in which a change is compared with the width of its scale."""
IN_SHARES = ("percent of baseline", "percent")
CHANGES = ("measurement error", "detectable change", "important change", "large change")
_COEFFICIENTS = ("retest reliability", "inter-rater reliability", "validity")
_LOINC = re.compile(r"(\d{1,7})-(\d)")
_SNOMED = re.compile(r"[1-9]\d{5,17}")
_TURNED = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_SHUFFLED = (
    "0123456789",
    "1576283094",
    "5803796142",
    "8916043527",
    "9453126870",
    "4286573901",
    "2793806415",
    "7046913258",
)


def faults_of_scales(knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    """Every fault of the scales and markers: where, and what."""
    owners = {name.casefold(): f"labs {lab.lab}" for lab in knowledge.labs.values() for name in (lab.title, *lab.names)}
    columns: dict[str, str] = {}
    for scale in knowledge.responses.scales.values():
        where = f"scales {scale.scale}"
        yield from _names((scale.title, *scale.names), where, owners)
        yield from _codes(scale, where)
        yield from _range(scale, where)
        if scale.levels or scale.kind == "ordinal":
            yield from _levels(scale, where)
        for found in scale.properties:
            yield from _property(found, scale, f"{where} {found.kind}", knowledge)
        if scale.column:
            if scale.column not in DIARY_COLUMNS:
                yield where, f"a diary has no column “{scale.column}”"
            elif (other := columns.setdefault(scale.column, scale.scale)) != scale.scale:
                yield where, f"the column “{scale.column}” belongs to {other}"
        if scale.sided != bool(scale.site_example):
            yield where, "a scale that is scored for one side has an example of a site, and no other has"
        for other in scale.difference:
            if other not in knowledge.responses.scales:
                yield where, f"there is no scale “{other}” to take the difference of"
        for text in (scale.what, scale.scoring, scale.licence):
            yield from _prose(text, where)
    for marker in knowledge.responses.markers.values():
        where = f"markers {marker.marker}"
        for condition in marker.conditions:
            if condition not in knowledge.conditions:
                yield where, f"there is no condition “{condition}”"
        yield from _names((marker.title, *marker.names), where, owners)
        yield from _codes(marker, where)
        for text in (marker.what, marker.text):
            yield from _prose(text, where)
    for column in DIARY_COLUMNS:
        if column not in columns:
            yield "scales", f"no scale has the column “{column}”"


def is_loinc(code: str) -> bool:
    """Whether a LOINC code has its form and its check digit.

    >>> is_loinc("2160-0"), is_loinc("2160-1")
    (True, False)
    """
    if (match := _LOINC.fullmatch(code)) is None:
        return False
    number, check = match.groups()
    odd, even = number[::-1][::2][::-1], number[::-1][1::2][::-1]
    return (10 - sum(map(int, even + str(int(odd) * 2))) % 10) % 10 == int(check)


def is_snomed(code: str) -> bool:
    """Whether a SNOMED CT identifier has its form and its check digit (Verhoeff).

    >>> is_snomed("73211009"), is_snomed("73211008")
    (True, False)
    """
    if _SNOMED.fullmatch(code) is None:
        return False
    check = 0
    for i, digit in enumerate(reversed(code)):
        check = int(_TURNED[check][int(_SHUFFLED[i % len(_SHUFFLED)][int(digit)])])
    return check == 0


def _names(names: tuple[str, ...], where: str, owners: dict[str, str]) -> Iterator[tuple[str, str]]:
    for name in names:
        if not name.strip():
            yield where, "a name is empty"
        elif (other := owners.setdefault(name.casefold(), where)) != where:
            yield where, f"{other} already has the name “{name}”"


def _codes(entry: Scale | Marker, where: str) -> Iterator[tuple[str, str]]:
    for code in entry.loinc:
        if not is_loinc(code):
            yield where, f"“{code}” is not a LOINC code"
    for code in entry.snomed:
        if not is_snomed(code):
            yield where, f"“{code}” is not a SNOMED CT code"


def _range(scale: Scale, where: str) -> Iterator[tuple[str, str]]:
    if scale.kind == "count":
        if scale.high is not None or scale.low != 0 or scale.step != 1:
            yield where, "a count begins at nought, has steps of 1 and no high"
    elif scale.high is None or scale.low >= scale.high:
        yield where, "low is not below high"
    elif scale.step < 0 or (scale.step and (scale.high - scale.low) % scale.step):
        yield where, "step does not lead from low to high"
    if scale.levels and scale.kind != "ordinal":
        yield where, "levels belong to an ordinal scale"


def _levels(scale: Scale, where: str) -> Iterator[tuple[str, str]]:
    if len(scale.levels) < 2:
        yield where, "an ordinal scale has two levels at least"
        return
    if [level.rank for level in scale.levels] != list(range(len(scale.levels))):
        yield where, "ranks count up from nought, in the order of the levels"
    numbers = [n for n in map(number_of, scale.levels) if n is not None]
    if len(numbers) != len(scale.levels) or numbers != sorted(set(numbers)):
        yield where, "levels are numbers that rise (1+ stands between 1 and 2)"
    elif (numbers[0], numbers[-1]) != (scale.low, scale.high):
        yield where, "the levels do not reach from low to high"
    for level in scale.levels:
        yield from _prose(level.text, where)


def _property(found: Property, scale: Scale, where: str, knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    numbers = [n for n in (found.low, found.value, found.high) if n is not None]
    if numbers != sorted(numbers):
        yield where, "low, value and high are not in order"
    if not found.population.strip():
        yield where, "it does not say in whom it was found"
    for condition in found.conditions:
        if condition not in knowledge.conditions:
            yield where, f"there is no condition “{condition}”"
    if found.people is not None and found.people < 1:
        yield where, "people are one at least"
    if found.kind in CHANGES:
        yield from _change(found, numbers, scale, where)
    elif numbers and (not found.statistic or found.unit):
        yield where, "a coefficient has a statistic and no unit"
    if found.kind in _COEFFICIENTS and any(abs(n) > 1 for n in numbers):
        yield where, "a coefficient is between -1 and 1"
    yield from _prose(found.text, where)


def _change(found: Property, numbers: list[float], scale: Scale, where: str) -> Iterator[tuple[str, str]]:
    if not numbers or found.unit not in (*IN_POINTS, *IN_SHARES):
        yield where, f"a change has a number in one of: {', '.join((*IN_POINTS, *IN_SHARES))}"
    elif min(numbers) <= 0:
        yield where, "a change is above nought, whichever way is better"
    elif found.unit in IN_POINTS and scale.high is not None and max(numbers) > scale.high - scale.low:
        yield where, "a change is greater than the scale is wide"


def _prose(text: str, where: str) -> Iterator[tuple[str, str]]:
    if not text.strip():
        yield where, "a text is empty"
    yield from ((where, what) for what in faults_of_prose(text))
