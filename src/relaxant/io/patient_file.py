"""The patient file: hand-written YAML or JSON to a :class:`Patient`, every field checked and nothing guessed.

A field that cannot stand raises :class:`InputError` with its name, what came and what would do. Records read by machine
(FHIR) come through the same reader *leniently*: there a value that cannot stand is put into ``unused`` in words, and
the rest goes on. Here stand the file as a whole and the person; :mod:`relaxant.io.measures`,
:mod:`relaxant.io.conditions`, :mod:`relaxant.io.lines` and :mod:`relaxant.io.pump` read the rest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from relaxant.errors import InputError
from relaxant.io.conditions import allergy, condition
from relaxant.io.lines import line
from relaxant.io.measures import body, is_measure, measures
from relaxant.io.pump import pump
from relaxant.io.said import (
    NOTHING,
    UNKNOWN,
    YES,
    Reading,
    attempt,
    clean,
    day,
    each,
    entry_text,
    fold,
    nearest,
    only,
    said_unknown,
    text,
    truth,
    word,
)
from relaxant.knowledge.load import Knowledge
from relaxant.patient import Dialysis, Patient, Procedure, Sex, Smoker, Swallowing
from relaxant.plain import as_written
from relaxant.quantities import convert, quantity

# fmt: off
EU = frozenset((
    "AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE", "IT", "LV", "LT", "LU", "MT",
    "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE", "IS", "LI", "NO", "EU",
))
_SEX: dict[str, Sex] = {
    "female": "female", "f": "female", "woman": "female", "girl": "female", "boy": "male", "male": "male", "m": "male",
    "man": "male", "other": "other", "unknown": "unknown", "intersex": "other",
}
_DIALYSIS: dict[str, Dialysis] = {
    "haemodialysis": "haemodialysis", "hemodialysis": "haemodialysis", "hd": "haemodialysis", "peritoneal": "peritoneal",
    "peritoneal dialysis": "peritoneal", "pd": "peritoneal", "none": "none", "no": "none", "false": "none",
}
# fmt: on
_OTHER_NAMES = {
    **dict.fromkeys(("medications", "meds", "drugs", "medication", "medicine", "prescriptions"), "medicines"),
    **dict.fromkeys(("diagnoses", "diagnosis", "problems", "comorbidities", "indications", "history"), "conditions"),
    **dict.fromkeys(("laboratory", "laboratory values", "blood tests", "bloods", "results", "tests"), "labs"),
    **dict.fromkeys(("vitals", "vital signs", "scales"), "observations"),
    **dict.fromkeys(("orders", "order", "proposed", "weighing", "new medicine"), "considering"),
    "gender": "sex",
    "dob": "birth_date",
    "date": "as_of",
    "name": "label",
    "goal": "goals",
    "smoking": "smoker",
    "genetics": "genotype",
    "pharmacogenetics": "genotype",
    "bodyweight": "weight",
    "body weight": "weight",
}  # fmt: skip
_COUNTRIES = {"GB": "UK", "USA": "US", "UNITED KINGDOM": "UK", "UNITED STATES": "US"}
_MUSCLE_MASS: dict[str, Literal["low", "normal"]] = {"low": "low", "normal": "normal"}
_SWALLOWING: dict[str, Swallowing] = {"normal": "normal", "crushed": "crushed", "tube": "tube"}
_NOT_SMOKING = ("never", "former", "former smoker", "ex", "ex-smoker", "ex smoker", "stopped", "none")
_SMOKING = {**YES, "current": True, "current smoker": True, "daily": True}
_NO_ALCOHOL = ("none", "no", "never", "false", "0")
_MOST_LABEL = 200
_OLDEST_YEARS = 125


def read_patient(
    plain: object, knowledge: Knowledge, *, today: date, lenient: bool = False, name: str = "patient file"
) -> Patient:
    """The patient that a decoded file, or a mapping of a program's own values, says.

    ``today`` is the day used when ``as_of`` is left out. Raises :class:`InputError`; with ``lenient`` only for what no
    record can be (two patients, not a mapping).
    """
    if not isinstance(plain, Mapping):
        raise InputError(
            name, plain, "a patient file is a mapping of fields", "start with lines such as `age: 58` and `medicines:`"
        )
    said: dict[str, Any] = as_written(plain, name, but=("dosage",))
    if not lenient:
        _only_known(said, knowledge)
    reading = Reading(knowledge, day("as_of", said.get("as_of")) or today, lenient)
    return _patient(reading, said)


def _only_known(plain: Mapping[str, Any], knowledge: Knowledge) -> None:
    unknown = next((k for k in plain if k not in Patient.__struct_fields__), None)
    if unknown is None:
        return
    name, came = str(unknown).casefold().replace("_", " "), plain[unknown]
    near = _OTHER_NAMES.get(name) or nearest(name, sorted(Patient.__struct_fields__))
    if near:
        raise InputError(str(unknown), came, "there is no such field", f"did you mean `{near}`?")
    if is_measure(name, knowledge):
        value = came if isinstance(came, (str, int, float)) else "…"
        raise InputError(str(unknown), came, "values stand in a list", f"write `labs: [{name} {value}]`, or under `observations`")  # fmt: skip
    raise InputError(str(unknown), came, "there is no such field", f"the fields are {', '.join(sorted(Patient.__struct_fields__))}")  # fmt: skip


def _patient(reading: Reading, plain: Mapping[str, Any]) -> Patient:
    """Every field, in the order in which their faults are told."""
    nobody: tuple[date | None, str | None] = (None, None)
    birth_date, age = attempt(reading, lambda: _born(plain, reading.as_of), nobody)
    died = attempt(reading, lambda: day("died", plain.get("died")), None)
    record = text("record", plain.get("record"))
    reading.unused += each(reading, plain, "unused", entry_text) or ()
    labs = measures(reading, plain, "labs")
    observations = measures(reading, plain, "observations")
    return Patient(
        as_of=reading.as_of,
        country=read_country(text("country", plain.get("country"))),
        label=_label(plain),
        sex=attempt(reading, lambda: word("sex", plain.get("sex"), _SEX), None),
        birth_date=birth_date,
        age=age,
        weight=attempt(reading, lambda: body(reading, plain, "weight"), None),
        height=attempt(reading, lambda: body(reading, plain, "height"), None),
        muscle_mass=word("muscle_mass", plain.get("muscle_mass"), _MUSCLE_MASS),
        pregnant=truth("pregnant", plain.get("pregnant")),
        breastfeeding=truth("breastfeeding", plain.get("breastfeeding")),
        stands_on_tone=truth("stands_on_tone", plain.get("stands_on_tone")),
        dialysis=word("dialysis", plain.get("dialysis"), _DIALYSIS),
        smoker=attempt(reading, lambda: _smoker(reading, plain.get("smoker")), None),
        alcohol=attempt(reading, lambda: _alcohol(plain), None),
        swallowing=word("swallowing", plain.get("swallowing"), _SWALLOWING),
        conditions=each(reading, plain, "conditions", condition),
        allergies=each(reading, plain, "allergies", allergy),
        genotype=_genotype(plain.get("genotype")),
        goals=each(reading, plain, "goals", entry_text) or (),
        labs=labs,
        observations=observations,
        procedure=attempt(reading, lambda: _procedure(reading, plain.get("procedure")), None),
        pump=attempt(reading, lambda: pump(reading, plain), None),
        medicines=each(reading, plain, "medicines", line),
        considering=each(reading, plain, "considering", line) or (),
        died=died,
        record=record,
        unused=tuple(dict.fromkeys(reading.unused)),
    )


# ---------------------------------------------------------------- the page


def _label(plain: Mapping[str, Any]) -> str | None:
    """Free text for the page; short, because it stands on every page."""
    said = text("label", plain.get("label"))
    if said and len(said) > _MOST_LABEL:
        raise InputError(
            "label", said, f"this is longer than {_MOST_LABEL} characters and stands on every page", "shorten it"
        )
    return said or None


def read_country(said: str | None) -> str:
    """``US`` (nothing said), ``UK``, ``EU`` or a member of the EU, by its code. Raises :class:`InputError`."""
    said = said or "US"
    code = "US" if fold(said) in UNKNOWN else said.upper()
    code = _COUNTRIES.get(code, code)
    if code not in EU and code not in ("US", "UK"):
        raise InputError(
            "country",
            said,
            "relaxant knows the labels of the US, the UK and the EU",
            "write US, UK, EU or an EU member such as DE",
        )
    return code


# ---------------------------------------------------------------- the person


def _born(plain: Mapping[str, Any], as_of: date) -> tuple[date | None, str | None]:
    """The birth date and the age, where they agree."""
    born, age = day("birth_date", plain.get("birth_date"), latest=as_of), text("age", plain.get("age"))
    if born and as_of.year - born.year > _OLDEST_YEARS:
        raise InputError("birth_date", str(born), "no one is that old", "correct the year")
    if age is None or fold(age) in UNKNOWN:
        return born, None
    said = quantity(age, "age", example="58, or 8 months", bare=True)
    years = said.value if said.unit == "" else convert(said, "year")
    if years is None:
        raise InputError("age", age, "this is not a time", "write years, or a unit: 8 months, 3 weeks")
    if not 0 <= years <= _OLDEST_YEARS:
        raise InputError("age", age, "no one has that age", "write the age in years, or a unit: 8 months")
    if born and abs((as_of - born).days / 365.25 - years) > 1.1:
        raise InputError("age", age, f"the birth date {born} says otherwise", "keep the one that is right")
    return born, age


def _smoker(reading: Reading, value: Any) -> Smoker | None:
    """Tobacco, as yes or no, as a word for it, or part by part."""
    if isinstance(value, Mapping):
        only(reading, "smoker", value, Smoker.__struct_fields__)
        stopped = day("smoker.stopped", value.get("stopped"), latest=reading.as_of)
        now = truth("smoker.now", value.get("now"))
        if now and stopped:
            raise InputError("smoker", value, "this says both smoking now and stopped", "keep the one that is true")
        if not any(value.values()):
            return None
        return Smoker(
            now=False if now is None and stopped else now,
            product=text("smoker.product", value.get("product")),
            stopped=stopped,
        )
    said = text("smoker", value)
    if said is None or fold(said) in UNKNOWN:
        return None
    if fold(said) in _NOT_SMOKING:
        return Smoker(now=False)
    if match := re.fullmatch(r"stopped:?\s*(\S+)", said, re.I):
        return Smoker(now=False, stopped=day("smoker", match[1], latest=reading.as_of))
    return Smoker(now=word("smoker", said, _SMOKING))


def _alcohol(plain: Mapping[str, Any]) -> str | None:
    """An amount in a time, as said."""
    said = text("alcohol", plain.get("alcohol"))
    if said is None or fold(said) in UNKNOWN:
        return None
    if fold(said) in _NO_ALCOHOL:
        return "0 units/week"
    got = quantity(said, "alcohol", example="20 units/week")
    if all(convert(got, unit) is None for unit in ("units/week", "drinks/week", "g/week")):
        raise InputError(
            "alcohol",
            said,
            "this is not an amount in a time",
            "write units, drinks or grams a week, such as 20 units/week",
        )
    if got.value < 0:
        raise InputError("alcohol", said, "an amount cannot be below nought", "write 0 units/week for none")
    return said


def _genotype(value: Any) -> dict[str, str] | None:
    """Gene to alleles or to what they mean."""
    if said_unknown(value):
        return None
    if not isinstance(value, Mapping):
        raise InputError("genotype", value, "a genotype is written gene by gene", 'write {CYP2C19: "*2/*2"}')
    out: dict[str, str] = {}
    for key, result in value.items():
        gene, said = clean(str(key)).upper(), text(f"genotype.{key}", result)
        if gene in out:
            raise InputError(f"genotype.{key}", result, "this gene is said twice", "keep one of the two")
        if not said:
            raise InputError(
                f"genotype.{key}", result, "the result is missing", 'write {CYP2C19: "*2/*2"}, or leave the gene out'
            )
        out[gene] = said
    return out


def _procedure(reading: Reading, value: Any) -> Procedure | None:
    """A procedure that is planned or was done, in words or as a mapping."""
    if said_unknown(value) or (isinstance(value, str) and fold(value) in NOTHING):
        return None
    if isinstance(value, str):
        return Procedure(kind=text("procedure", value) or "procedure")
    if not isinstance(value, Mapping):
        raise InputError(
            "procedure",
            value,
            "a procedure has a kind and a date",
            "write {kind: general anaesthesia, date: 2026-11-30}",
        )
    only(reading, "procedure", value, Procedure.__struct_fields__)
    return Procedure(
        kind=text("procedure.kind", value.get("kind")) or "procedure",
        date=day("procedure.date", value.get("date")),
    )
