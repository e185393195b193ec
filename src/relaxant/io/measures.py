"""Laboratory values, vital signs, scales, weight and height: a number has a unit of its kind and lies within a body's range."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from relaxant.errors import InputError
from relaxant.io.said import NEAR, UNKNOWN, Reading, clean, day, each, fold, nearest, only, said_unknown, text
from relaxant.io.scale_entries import false_score, named_scale
from relaxant.knowledge.labs import Lab
from relaxant.knowledge.load import Knowledge
from relaxant.patient import Measured
from relaxant.quantities import Quantity, convert, number, plain_number, quantity, unit

_FIELDS = Measured.__struct_fields__
_NO_RESULT = UNKNOWN | {"pending", "not done", "not measured", "not tested", "haemolysed", "hemolysed", "hemolyzed"}
_BOUND = re.compile(r"(?:[<>≤≥]|<=|>=)\s*\d")
_PRESSURE = re.compile(r"(\d{2,3}(?:\.\d+)?)\s*/\s*(\d{2,3}(?:\.\d+)?)\s*(mm\s?hg|kpa)?", re.I)
_PRESSURE_NAMES = {"bp", "blood pressure"}
_TWITCHES = re.compile(r"([0-4])\s*(?:/|of|out\s+of)\s*4(?:\s*twitch(?:es)?)?", re.I)
_TRAIN = re.compile(r"(?:tof|train[ -]of[ -]four)", re.I)
_OF_FOUR = ("train_of_four_count", "train_of_four_ratio")
_COUNTED = re.compile(r"[2-4]")
_SHARE = re.compile(r"0?[.,]\d+|\d{1,3}(?:[.,]\d+)?\s?%")
_OTHER_UNITS = {"mg/dL": ("umol/L",), "g/dL": ("g/L",), "cm": ("m", "in"), "kg": ("lb",)}
_USUAL = {"weight": "61 kg", "height": "165 cm", "creatinine": "1.6 mg/dL or 141 umol/L"}
_LIKELY_UNITS = ("umol/L", "mmol/L", "mg/dL", "mg/L", "g/L", "g/dL", "lb", "g", "kg", "m", "in", "cm", "mm")
_WRITE = "write {name: creatinine, value: 1.6 mg/dL, date: 2026-11-10}"
_LEVEL_WORDS = frozenset({"level", "concentration", "levels"})
_LONGEST_AFTER = 168
_PER_AREA = "/1.73 m2"
_AREA = re.compile(
    r"(?<=[a-z])[\s/]*(?:per\s*)?[({[]?\s*1[.,]73[\s_]*(?:m\s?[\^*]?\s?2|m²|sq\.?\s?m|qm)?\s*[])}]?(?:\s*bsa)?\s*$",
    re.I,
)


_BY_NAME: dict[str, dict[str, Lab]] = {}


def _by_name(knowledge: Knowledge) -> dict[str, Lab]:
    """Every name and code of a measure, folded."""
    known = _BY_NAME.get(knowledge.sha256)
    if known is None:
        labs = knowledge.labs.values()
        known = _BY_NAME[knowledge.sha256] = {
            fold(key): lab for lab in labs for key in (lab.lab, *lab.names, *lab.loinc)
        }
    return known


# ---------------------------------------------------------------- the fields


def body(reading: Reading, plain: Mapping[str, Any], field: str) -> Measured | None:
    """The weight or the height."""
    value = plain.get(field)
    if said_unknown(value):
        return None
    item: dict[str, Any] = dict(value) if isinstance(value, Mapping) else {"value": value}
    if fold(str(item.setdefault("name", field))) != field:
        raise InputError(
            f"{field}.name", item["name"], f"this field holds the {field} only", "put other measures under observations"
        )
    return measured(reading, field, item)


def measures(reading: Reading, plain: Mapping[str, Any], field: str) -> tuple[Measured, ...]:
    """The labs or observations; a blood pressure written as two numbers is read as both, twitches “2/4” as a count."""
    value = plain.get(field)
    if isinstance(value, list):
        labs = _by_name(reading.knowledge)
        plain = {field: [part for item in value for part in _pressures(_twitches(item, labs))]}
    return each(reading, plain, field, measured) or ()


def is_measure(name: str, knowledge: Knowledge) -> bool:
    """Whether a name is that of a laboratory value or an observation that any rule asks for."""
    return fold(name) in _by_name(knowledge)


def measured(reading: Reading, field: str, item: Any) -> Measured:
    """A lab or observation, in words (``creatinine 1.6 mg/dL``) or as a mapping; one that no rule knows is kept as said."""
    if isinstance(item, str):
        item = _split(field, item)
    if not isinstance(item, Mapping):
        raise InputError(field, item, "a value has a name and a value", _WRITE)
    only(reading, field, item, _FIELDS, lambda name, value: f"write {{name: {name}, value: {value}}}")
    name, code = text(f"{field}.name", item.get("name")), text(f"{field}.code", item.get("code"))
    if not name and not code:
        raise InputError(field, item, "the name is missing", _WRITE)
    labs = _by_name(reading.knowledge)
    lab = labs.get(fold(name or "")) or labs.get(fold(code or ""))
    drug = drug_of_level(name or "", reading.knowledge) if lab is None else None
    if drug is not None:
        return _drug_level(reading, field, item, drug)
    if item.get("after_dose") is not None:
        raise InputError(f"{field}.after_dose", item["after_dose"], f"“{name or code}” is no drug level that a model is of", "name it such as baclofen level, or leave this out")  # fmt: skip
    scale = named_scale(name, code, reading.knowledge) if lab is None else None
    if lab is None and name:
        _unplaced(reading, field, name, {} if scale else labs)
    when = day(f"{field}.date", item.get("date"), latest=reading.as_of)
    place = f"{field} {name}" if name and name != field else field
    got = _value(reading, place, item, lab)
    if scale is not None and (fault := false_score(place, str(got), scale.scale)) is not None:
        reading.unused.append(fault)
    return Measured(
        name=lab.lab if lab else name or code or "",
        value=got.value if isinstance(got, Quantity) else None,
        unit=got.unit or None if isinstance(got, Quantity) else None,
        text=got if isinstance(got, str) else None,
        date=when,
        site=text(f"{field}.site", item.get("site")),
        code=code,
        system=text(f"{field}.system", item.get("system")),
        by=text(f"{field}.by", item.get("by")),
    )


def drug_of_level(name: str, knowledge: Knowledge) -> str | None:
    """The drug whose level a measure is (``baclofen level``, ``plasma concentration of diazepam``), where a model is of it."""
    words = set(re.findall(r"[a-z]+", name.casefold()))
    if not words & _LEVEL_WORDS:
        return None
    return next((m.ingredient for m in knowledge.models.values() if m.ingredient in words), None)


def _drug_level(reading: Reading, field: str, item: Mapping[str, Any], drug: str) -> Measured:
    """A drug's level: a concentration, and how long after a dose it was taken."""
    name = f"{drug} level"
    got = _value(reading, f"{field} {name}", item, None)
    if isinstance(got, str):
        reading.unused.append(f"{name} “{got}”: this gives no number, so nothing was computed from it")
    elif all(convert(got, unit_of) is None for unit_of in ("mg/L", "mmol/L")):
        raise InputError(f"{field} {name}", f"{plain_number(got.value)} {got.unit}".strip(), "this is no concentration", "write it such as 250 ng/mL")  # fmt: skip
    after = text(f"{field}.after_dose", item.get("after_dose"))
    if after is not None:
        time = quantity(after, f"{field}.after_dose", example="3 h")
        if (hours := convert(time, "h")) is None or not 0 <= hours <= _LONGEST_AFTER:
            raise InputError(f"{field}.after_dose", after, f"it is no time from 0 to {_LONGEST_AFTER} h", "write it such as 3 h or 45 min")  # fmt: skip
    return Measured(
        name=name,
        value=got.value if isinstance(got, Quantity) else None,
        unit=got.unit if isinstance(got, Quantity) else None,
        text=got if isinstance(got, str) else None,
        date=day(f"{field}.date", item.get("date"), latest=reading.as_of),
        after_dose=after,
        code=text(f"{field}.code", item.get("code")),
        system=text(f"{field}.system", item.get("system")),
        by=text(f"{field}.by", item.get("by")),
    )


def _unplaced(reading: Reading, field: str, name: str, labs: Mapping[str, Lab]) -> None:
    """A measure that no rule knows: refused where it looks misspelt, else kept with a word."""
    near = nearest(fold(name), labs, NEAR)
    if near and not near[:1].isdigit():
        raise InputError(f"{field}.name", name, "there is no such measure", f"did you mean {near}?")
    reading.unused.append(f"{field.partition('[')[0]} “{name}”: kept as said; nothing here is computed from it")


# ---------------------------------------------------------------- words to name and value


def _split(field: str, words: str) -> dict[str, str]:
    """``creatinine 1.6 mg/dL on 2026-11-10`` as name, value and date."""
    match = re.match(r"\s*([^\d<>]+?)[\s:=]+([<>]?=?\s*[-+]?[\d.,].*)$", words)
    if not match:
        raise InputError(field, words, "a value has a name and a value", _WRITE)
    when = re.search(r"\s+(?:on\s+)?(\d{4}-\d{2}-\d{2})\s*$", match[2])
    out = {"name": match[1], "value": match[2][: when.start()] if when else match[2]}
    return {**out, "date": when[1]} if when else out


def _pressures(item: Any) -> list[Any]:
    """``120/80 mmHg`` as a systolic and a diastolic pressure; anything else as it came."""
    if isinstance(item, str) and re.match(r"\s*(bp|blood pressure)[\s:]+(\d.*)$", item, re.I):
        item = _split("observations", item)
    if (
        isinstance(item, Mapping)
        and fold(str(item.get("name") or "")) in _PRESSURE_NAMES
        and isinstance(item.get("value"), str)
        and (match := _PRESSURE.fullmatch(clean(item["value"])))
    ):
        unit_said = match[3] or item.get("unit") or "mmHg"
        return [
            {
                **{k: v for k, v in item.items() if k != "unit"},
                "name": f"{name} blood pressure",
                "value": f"{value} {unit_said}",
            }
            for name, value in (("systolic", match[1]), ("diastolic", match[2]))
        ]
    return [item]


def _twitches(item: Any, labs: Mapping[str, Lab]) -> Any:
    """A train-of-four as people write it (``TOF 2/4``, ``train-of-four 2 of 4``, ``TOF 0.9``) as the count or the ratio that it is.

    ``TOF 1`` and ``TOF 0`` may be either, and stay as said.
    """
    if isinstance(item, str) and _TRAIN.match(item.strip()):
        try:
            item = _split("observations", item)
        except InputError:
            return item
    value = item.get("value") if isinstance(item, Mapping) else None
    if not isinstance(item, Mapping) or not isinstance(value, str) or item.get("unit") is not None:
        return item
    name, said = fold(str(item.get("name") or "")), clean(value)
    count, ratio = _OF_FOUR
    plain, known = _TRAIN.fullmatch(name) is not None, labs.get(name)
    if (plain or (known is not None and known.lab == count)) and (twitches := _TWITCHES.fullmatch(said)):
        return {**item, "name": count, "value": twitches[1]}
    if plain and _COUNTED.fullmatch(said):
        return {**item, "name": count}
    return {**item, "name": ratio} if plain and _SHARE.fullmatch(said) else item


# ---------------------------------------------------------------- the value


def _value(reading: Reading, field: str, item: Mapping[str, Any], lab: Lab | None) -> Quantity | str:
    """The amount as said, checked against ``lab``; the words where it is none (``1+``, ``<5 U/L``, ``pending``)."""
    said, unit_said = text(field, item.get("value")), text(f"{field}.unit", item.get("unit"))
    if item.get("value") is None:
        words = text(f"{field}.text", item.get("text"))
        if words and lab is not None:
            _no_number(reading, field, words, lab, item)
        if words:
            return words
    if not said:
        raise InputError(field, "no value", "the value is missing", f"write it, such as {_example(lab)}")
    came = f"{said} {unit_said}" if unit_said and fold(said) not in _NO_RESULT else said
    if lab is not None and (_BOUND.match(said) or fold(said) in _NO_RESULT):
        _no_number(reading, field, came, lab, item)
        return came
    if lab is not None and lab.unit.endswith(_PER_AREA):
        said, unit_said = _AREA.sub(_PER_AREA, said), unit_said and _AREA.sub(_PER_AREA, unit_said)
    if unit_said is not None:
        got = Quantity(number(said, field), unit_said)
    else:
        try:
            got = quantity(said, field, example=_example(lab), bare=True)
        except InputError:
            if lab is None:
                return said
            raise
    return got if lab is None else _checked(field, came, _indexed(reading, got, lab), lab)


def _no_number(reading: Reading, field: str, words: str, lab: Lab, item: Mapping[str, Any]) -> None:
    """Keeps a word about a result that is no number (``<5 U/L``, ``pending``); refuses one that is neither."""
    if not (_BOUND.match(words) or fold(words) in _NO_RESULT):
        raise InputError(field, words, "this is not a number", f"write it, such as {_example(lab)}, or leave it out")
    when = f" on {item['date']}" if item.get("date") else ""
    reading.unused.append(f"{lab.title} “{words}”{when}: this gives no number, so nothing was computed from it")


def _indexed(reading: Reading, got: Quantity, lab: Lab) -> Quantity:
    """Many laboratories leave the body surface off the unit of an eGFR that is indexed to it: it is put back, and said."""
    rate = lab.unit.removesuffix(_PER_AREA)
    if rate == lab.unit or not got.unit or convert(got, rate) is None:
        return got
    reading.unused.append(f"eGFR in {got.unit} is read as per{_PER_AREA.replace('/', ' ')}")
    return Quantity(got.value, got.unit + _PER_AREA)


def _checked(field: str, came: str, got: Quantity, lab: Lab) -> Quantity:
    """The amount, where its unit is of the measure's kind and a body can show it."""
    unitless = lab.unit in ("", "1")
    if not got.unit:
        if lab.unit_required and not unitless:
            like = _with_unit(got.value, lab) or _example(lab)
            raise InputError(field, came, "the unit is missing", f"write it with its unit: {like}")
        got = Quantity(got.value, lab.unit)
    canonical = _canonical(got, lab) if lab.unit else got.value
    if canonical is None:
        why = (
            f"the unit “{got.unit}” is not known"
            if unit(got.unit) is None
            else f"“{got.unit}” does not measure {lab.title}"
        )
        raise InputError(field, came, why, f"write it in {lab.unit}")
    if not lab.plausible_low <= canonical <= lab.plausible_high:
        within = f"{plain_number(lab.plausible_low)} and {plain_number(lab.plausible_high)}"
        raise InputError(
            field,
            came,
            f"{lab.title} lies between {within} {'' if unitless else lab.unit}".rstrip(),
            _likely(got, lab) or "check the value and its unit",
        )
    return Quantity(canonical, "") if unitless else got  # 40% of a ratio is 0.4


def _canonical(got: Quantity, lab: Lab) -> float | None:
    """The amount in the unit of the measure."""
    return convert(got, lab.unit, molar_mass=lab.molar_mass, equivalents=lab.equivalents)


# ---------------------------------------------------------------- what would do


def _example(lab: Lab | None) -> str:
    """A value that would do."""
    if lab is None:
        return "1.6 mg/dL"
    middle = plain_number(math.sqrt(max(lab.plausible_low, 1) * lab.plausible_high), 1)
    return _USUAL.get(lab.lab) or f"{middle} {'' if lab.unit == '1' else lab.unit}".rstrip()


def _with_unit(value: float, lab: Lab) -> str:
    """The number in each usual unit of the measure in which a body could show it."""
    units = (lab.unit, *_OTHER_UNITS.get(lab.unit, ()))
    return " or ".join(f"{plain_number(value)} {name}" for name in units if _fits(Quantity(value, name), lab))


def _likely(got: Quantity, lab: Lab) -> str | None:
    """The unit that was likely meant, where the number cannot be in the one that was said."""
    for name in _LIKELY_UNITS:
        if name != got.unit and _fits(Quantity(got.value, name), lab):
            return f"did you mean {plain_number(got.value)} {name}?"
    return None


def _fits(got: Quantity, lab: Lab) -> bool:
    canonical = _canonical(got, lab)
    return canonical is not None and lab.plausible_low <= canonical <= lab.plausible_high
