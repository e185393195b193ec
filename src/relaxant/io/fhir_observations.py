"""Observations of a FHIR record: the newest of each kind asked for, the run of creatinine, smoking, pregnancy."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Literal

import msgspec

from relaxant.io.fhir_resources import (
    EMPTY,
    Concept,
    Day,
    Notes,
    Resource,
    Valued,
    code_word,
    coded,
    concept,
    day,
    noted_day,
    number,
    objects,
    one,
    period,
    plain,
    reference_name,
    words,
)
from relaxant.patient import Measured
from relaxant.quantities import unit as known_unit

_MOST_OF_A_RUN = 50
SERIES = {"creatinine": 10}  # how many of the newest are kept, where a change over time is read
_PER_AREA = ("1.73m2", -1)
_SMOKING, _PREGNANCY = "smoking status", "pregnancy status"
_OWN = {
    "29463-7": "weight",
    "3141-9": "weight",
    "8350-1": "weight",
    "3142-7": "weight",
    "8335-2": "weight",
    "8302-2": "height",
    "3137-7": "height",
    "3138-5": "height",
    "8308-9": "height",
    "8306-3": "height",
    "72166-2": _SMOKING,
    "39240-7": _SMOKING,
    "82810-3": _PREGNANCY,
}
# SNOMED CT and LOINC answers: https://hl7.org/fhir/us/core/STU3.1.1/ValueSet-us-core-observation-smokingstatus.html
_SMOKES = {
    "449868002": True,
    "428041000124106": True,
    "77176002": True,
    "428061000124105": True,
    "428071000124103": True,
    "8517006": False,
    "266919005": False,
    "LA18976-3": True,
    "LA18977-1": True,
    "LA18981-3": True,
    "LA18982-1": True,
    "LA15920-4": False,
    "LA18978-9": False,
    "current every day smoker": True,
    "current some day smoker": True,
    "current smoker": True,
    "smoker": True,
    "former smoker": False,
    "ex-smoker": False,
    "never smoker": False,
}
_PREGNANT = {
    "77386006": True,
    "60001007": False,
    "LA15173-0": True,
    "LA26683-5": False,
    "pregnant": True,
    "not pregnant": False,
}


_decode_parts = msgspec.json.Decoder(list[Valued]).decode


class Observed(msgspec.Struct):
    """What the observations give, and how many of them were read."""

    labs: list[dict[str, Any]] = []
    observations: list[dict[str, Any]] = []
    weight: dict[str, Any] | None = None
    height: dict[str, Any] | None = None
    smoker: bool | None = None
    pregnant: tuple[bool, Day | None, str] | None = None
    last_day: date | None = None
    read: int = 0


class _Candidate(msgspec.Struct, gc=False):
    """An observation (or one component of it) of a kind that is asked for."""

    when: float
    resource: Resource
    part: Valued
    code: str


def body_of(code: str) -> str | None:
    """``weight`` or ``height``, by a LOINC code of either."""
    name = _OWN.get(code)
    return None if name in (_SMOKING, _PREGNANCY) else name


def smokes(codes: Iterable[str], words: str | None) -> bool | None:
    """Whether an answer on tobacco, by its codes (SNOMED CT, LOINC) and words, says that somebody smokes; ``None`` where it says neither."""
    return _told(_SMOKES, codes, words)


def is_pregnant(codes: Iterable[str], words: str | None) -> bool | None:
    """Whether an answer on pregnancy says that somebody is pregnant; ``None`` where it says neither."""
    return _told(_PREGNANT, codes, words)


def asks_for(code: str) -> Literal["smoker", "pregnant"] | None:
    """The field of the patient file that is answered under a LOINC code."""
    name = _OWN.get(code)
    return "smoker" if name == _SMOKING else "pregnant" if name == _PREGNANCY else None


def own_codes() -> list[str]:
    """The LOINC codes that are read whatever else is wanted: weight, height, smoking, pregnancy."""
    return sorted(_OWN)


def codes_of(name: str) -> list[str]:
    """The LOINC codes under which ``weight`` or ``height`` is read."""
    return sorted(code for code, read in _OWN.items() if read == name)


def observations(
    resources: list[Resource], wanted: Mapping[str, str], notes: Notes, every: frozenset[str] = frozenset()
) -> Observed:
    """The newest usable value of each kind in ``wanted`` (LOINC code to name), and of what every review needs; of those named in ``every`` a run."""
    names = {**_OWN, **wanted}
    found: dict[tuple[str, str | None], list[_Candidate]] = {}
    asked: dict[bytes, tuple[tuple[str, str], ...]] = {}

    def kinds_of(part: Valued) -> tuple[tuple[str, str], ...]:
        raw = bytes(part.code)
        kinds = asked.get(raw)
        if kinds is None:
            kinds = asked[raw] = _kinds(coded(part.code), names)
        return kinds

    for resource in resources:
        try:
            parts: list[tuple[str, str, Valued]] = [(name, code, resource) for name, code in kinds_of(resource)]
            if resource.component is not EMPTY:
                for part in components(resource.component):
                    parts += [(name, code, part) for name, code in kinds_of(part)]
            if not parts:
                continue
            when = when_observed(resource)
            order = when.order if when else -math.inf
            site = concept(plain(resource.body_site)).name if resource.body_site is not EMPTY else None
        except (ValueError, RecursionError):
            notes.add(reference_name(resource), "it could not be read; this result is not used")
            continue
        for name, code, part in parts:
            found.setdefault((name, site), []).append(_Candidate(order, resource, part, code))
    out = Observed()
    for (name, site), candidates in sorted(found.items(), key=lambda item: (item[0][0], item[0][1] or "")):
        room = _MOST_OF_A_RUN if name in every else SERIES.get(name, 1)
        _keep(out, name, site, candidates, notes, room)
    return out


def _kinds(what: Concept, names: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The names asked for among the codes: LOINC ones, and those whose system is missing (LOINC's form is its own)."""
    codes = [code.code for code in what.codes if code.system in ("LOINC", "")]
    if not what.codes and what.text:
        codes = [what.text]
    return tuple(dict.fromkeys((names[code], code) for code in codes if code in names))[:1]


def when_observed(resource: Resource) -> Day | None:
    """The day of the observation, its end where it lasted, else that on which it was given out."""
    return (
        day(one(resource.effective_date_time))
        or day(one(resource.effective_instant))
        or day(period(resource.effective_period, "end"))
        or day(period(resource.effective_period, "start"))
        or day(one(resource.issued))
    )


def _keep(out: Observed, name: str, site: str | None, candidates: list[_Candidate], notes: Notes, room: int) -> None:
    """Take the newest usable ones; every newer one that could not be used gets its sentence."""
    candidates.sort(key=lambda c: (-c.when, str(c.resource.id)))
    taken, at = list[Measured](), math.nan
    for candidate in candidates:
        if len(taken) >= room and candidate.when != at:
            break
        ref = reference_name(candidate.resource)
        try:
            measured = _measured(candidate, name, site, ref, notes)
        except (ValueError, RecursionError):
            notes.add(ref, f"it could not be read; this {name} is not used")
            continue
        if measured is None:
            continue
        same = [m for m in taken if candidate.when == at and m.date == measured.date] if candidate.when == at else []
        if any(_value(m) == _value(measured) for m in same):
            continue
        if same and room == 1:
            notes.add(ref, f"another {name} of the same moment than {same[0].by}; only that one is read")
            continue
        if len(taken) >= room:
            continue
        taken.append(measured)
        at = candidate.when
        _record(out, name, measured, candidate.resource, notes)
    out.read += len(taken)


def _value(m: Measured) -> tuple[Any, ...]:
    return (m.value, m.unit, m.text)


def _record(out: Observed, name: str, measured: Measured, resource: Resource, notes: Notes) -> None:
    if measured.date is not None and (out.last_day is None or measured.date > out.last_day):
        out.last_day = measured.date
    if name == _SMOKING:
        out.smoker = measured.value == 1
    elif name == _PREGNANCY:
        out.pregnant = (measured.value == 1, when_observed(resource), reference_name(resource))
    elif name == "weight":
        out.weight = msgspec.to_builtins(measured)
    elif name == "height":
        out.height = msgspec.to_builtins(measured)
    else:
        vital = "vital-signs" in {c.code for c in coded(resource.category).codes}
        (out.observations if vital else out.labs).append(msgspec.to_builtins(measured))


def _measured(candidate: _Candidate, name: str, site: str | None, ref: str, notes: Notes) -> Measured | None:
    """The value with its unit as the record gives them; ``None``, with a sentence, where there is none to use."""
    resource, part = candidate.resource, candidate.part
    status = code_word(resource.status)
    if status in ("entered-in-error", "cancelled"):
        notes.add(ref, f"the record marks this {name} as {status}; it is not used")
        return None
    quantity, integer, boolean = one(part.value_quantity), one(part.value_integer), one(part.value_boolean)
    answer, text = concept(one(part.value_codeable_concept)), words(one(part.value_string))
    value: float | None = None
    unit: str | None = None
    if isinstance(quantity, dict):
        value, unit = number(quantity.get("value")), _unit(quantity, name, ref, notes)
        if unit == "?":
            return None
        comparator = words(quantity.get("comparator"), 5)
        if value is not None and comparator:
            value, unit, text = None, None, f"{comparator} {value:.12g} {unit or ''}".strip()
        elif value is None:
            text = words(quantity.get("value"), 100)
            text = f"{text} {unit}" if text and unit else text
            unit = None
    elif number(integer) is not None:
        value = number(integer)
    elif answer.name:
        text = answer.name
    elif isinstance(boolean, bool):
        text = "true" if boolean else "false"
    if name in (_SMOKING, _PREGNANCY):
        value = _answer(_SMOKES if name == _SMOKING else _PREGNANT, answer, text)
        if value is None:
            notes.add(ref, f"its {name} “{text or 'nothing'}” says neither yes nor no; it is not used")
            return None
    if value is None and not text:
        why = concept(one(part.data_absent_reason)).name
        notes.add(
            ref,
            f"this {name} has no value that can be read{f' ({why})' if why else ''}; "
            "an older one is used where there is one",
        )
        return None
    if status in ("preliminary", "registered"):
        notes.add(ref, f"this {name} is {status} and may change; it is used")
    elif status not in ("final", "amended", "corrected"):
        notes.add(ref, f"the status of this {name} is {status or 'missing'}; it is used")
    when = noted_when(resource, ref, notes)
    if when is None:
        notes.add(ref, f"this {name} has no date")
    return Measured(
        name=name,
        value=value,
        unit=unit,
        text=text if value is None else None,
        date=when.date if when else None,
        site=site,
        code=candidate.code,
        system="LOINC",
        by=ref,
    )


def noted_when(resource: Resource, ref: str, notes: Notes) -> Day | None:
    """:func:`when_observed`, with a sentence where the date is partial or cannot be read."""
    for field, value in (
        ("effectiveDateTime", one(resource.effective_date_time)),
        ("effectivePeriod.end", period(resource.effective_period, "end")),
    ):
        if value is not None and (found := noted_day(value, ref, field, notes)) is not None:
            return found
    return when_observed(resource)


def components(raw: msgspec.Raw) -> list[Valued]:
    """The components of an observation: an observation's own value fields, so they are read as one."""
    try:
        return _decode_parts(raw)
    except msgspec.ValidationError:
        return [msgspec.json.decode(msgspec.json.encode(part), type=Valued) for part in objects(plain(raw))]


def _unit(quantity: dict[str, Any], name: str, ref: str, notes: Notes) -> str | None:
    """The unit: the first of ``unit`` and UCUM ``code`` that is known. ``?`` where the two contradict one another.

    A rate per body surface in one and without it in the other, as laboratories write eGFR, is the one with it.
    """
    shown, code = words(quantity.get("unit"), 60), words(quantity.get("code"), 60)
    first, second = (known_unit(text) if text else None for text in (shown, code))
    if (
        first is not None
        and second is not None
        and (first.dimensions != second.dimensions or not math.isclose(first.scale, second.scale))
    ):
        if math.isclose(first.scale, second.scale) and {*first.dimensions} ^ {*second.dimensions} == {_PER_AREA}:
            return shown if _PER_AREA in first.dimensions else code
        notes.add(ref, f"the unit of this {name} is “{shown}” in words and “{code}” in code; it is not used")
        return "?"
    return shown if first is not None else code if second is not None else shown or code


def _answer(answers: Mapping[str, bool], answer: Concept, text: str | None) -> float | None:
    """1 for yes, 0 for no, ``None`` where the answer is neither or says that it is unknown."""
    told = _told(answers, (c.code for c in answer.codes), text)
    return None if told is None else float(told)


def _told(answers: Mapping[str, bool], codes: Iterable[str], text: str | None) -> bool | None:
    said = (text or "").casefold()
    if "unknown" in said:
        return None
    told = {answers[key] for key in [*codes, said] if key in answers}
    return told.pop() if len(told) == 1 else None
