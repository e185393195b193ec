"""What must hold for every patient: saying less makes no danger vanish, and nothing but meaning changes an answer."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from collections import Counter
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from relaxant.errors import InputError
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.io.patient_file import read_patient
from relaxant.io.read import read_bytes
from relaxant.knowledge.load import load_knowledge
from relaxant.medicines.read import read_medicines
from relaxant.patient import Patient
from relaxant.reviewing import Review, canonical, review, to_json
from relaxant.rules.evaluate import evaluate, program
from relaxant.rules.findings import Check, read_row, silent_checks

FULL = os.environ.get("RELAXANT_FULL") == "1"
TODAY = date(2026, 11, 22)
Plain = dict[str, Any]


def seeded(examples: int) -> Any:
    """A run that is the same every time: small by default, twenty times as large with ``RELAXANT_FULL=1``."""
    return settings(
        max_examples=examples * 10 if FULL else max(examples // 2, 8),
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@lru_cache(maxsize=1)
def knowledge() -> Any:
    return load_knowledge()


def read(plain: Plain) -> Patient:
    return read_patient(plain, knowledge(), today=TODAY)


def reviewed(plain: Plain) -> Review:
    return review(read(plain), knowledge=knowledge())


def checks_of(plain: Plain) -> list[Check]:
    """The checks alone, in the way that a review makes them."""
    return checks_of_many([plain])[0]


def checks_of_many(plains: list[Plain]) -> list[list[Check]]:
    """The checks of several persons of one jurisdiction in one batch."""
    patients = [canonical(read(plain)) for plain in plains]
    readings = [(patient, read_medicines(patient, knowledge())) for patient in patients]
    jurisdiction = patients[0].jurisdiction
    facts = Facts(inputs_of(readings, knowledge()), knowledge(), jurisdiction)
    checks = evaluate(program(knowledge(), jurisdiction), facts)
    return [[*read_row(checks, row)[0], *silent_checks(checks, row)] for row in range(len(patients))]


def outcomes(checks: list[Check]) -> dict[tuple[str, str], str]:
    return {(check.rule, check.agent): check.outcome for check in checks}


# ---------------------------------------------------------------- patients who fire rules

PARTNERS = (
    "ciprofloxacin 500 mg twice a day",
    "fluvoxamine 100 mg at night",
    "famotidine 20 mg twice a day",
    "levofloxacin 500 mg once a day",
    "morphine 20 mg twice a day",
    "oxycodone 5 mg every 6 hours as needed",
    "diazepam 5 mg three times a day",
    "zolpidem 10 mg at night",
    "gabapentin 300 mg three times a day",
    "pregabalin 75 mg twice a day",
    "amitriptyline 25 mg at night",
    "lithium 400 mg at night",
    "ibuprofen 400 mg three times a day",
    "lisinopril 10 mg once a day",
    "amlodipine 5 mg once a day",
    "clonidine 100 micrograms twice a day",
    "metoprolol 50 mg twice a day",
    "digoxin 125 micrograms once a day",
    "levodopa + carbidopa 100 mg three times a day",
    "ethinylestradiol + levonorgestrel once a day",
    "rifampin 600 mg once a day",
    "teriflunomide 14 mg once a day",
    "dantrolene 25 mg twice a day",
    "cimetidine 400 mg twice a day",
    "ondansetron 4 mg as needed",
    "haloperidol 2 mg at night",
    "paracetamol 1 g four times a day",
    "St John's wort",
    "acyclovir 400 mg twice a day",
    "mexiletine 200 mg three times a day",
    "zzyqx 5 mg",
    "fentanyl patch 25 micrograms/h",
    "furosemide 40 mg once a day",
    "atorvastatin 20 mg once a day",
    "fluoxetine 20 mg once a day",
)
AGENT_LINES = (
    "baclofen 10 mg three times a day since 2024-01-05",
    "baclofen 25 mg four times a day",
    "baclofen 5 mg twice a day",
    "baclofen 20 mg tid prn",
    "baclofen",
    "tizanidine 4 mg three times a day since 2025-05-01",
    "tizanidine 8 mg four times a day",
    "tizanidine capsules 2 mg at night",
    "tizanidine 16 mg three times a day",
    "baclofen 400 micrograms/day intrathecal",
    "baclofen 1500 micrograms/day intrathecal since 2022-01-01",
)
STOPPED = (
    {
        "drug": "baclofen",
        "dose": "20 mg",
        "frequency": "three times a day",
        "start": "2024-05-01",
        "stop": "2026-11-20",
    },
    {
        "drug": "tizanidine",
        "dose": "8 mg",
        "frequency": "three times a day",
        "start": "2024-05-01",
        "stop": "2026-11-19",
    },
    {"drug": "tizanidine", "dose": "4 mg", "frequency": "twice a day", "stop": "2026-11-15"},
    {
        "drug": "ciprofloxacin",
        "dose": "500 mg",
        "frequency": "twice a day",
        "start": "2026-10-01",
        "stop": "2026-11-21",
    },
    {
        "drug": "baclofen",
        "route": "intrathecal",
        "rate": "500 micrograms/day",
        "start": "2023-01-01",
        "stop": "2026-11-21",
    },
)
CONSIDERED = (
    "tizanidine 4 mg three times a day",
    "tizanidine 2 mg at night",
    "baclofen 5 mg three times a day",
    "baclofen 20 mg four times a day",
    "stop baclofen",
    "stop tizanidine",
    "reduce baclofen to 5 mg three times a day",
    "baclofen 100 micrograms/day intrathecal",
    {"drug": "baclofen", "change": "stop"},
    {"drug": "tizanidine", "dose": "2 mg", "frequency": "twice a day", "change": "start"},
)
CONDITIONS = (
    "multiple sclerosis",
    "epilepsy",
    "stroke",
    "Parkinson's disease",
    "peptic ulcer",
    "psychosis",
    "depression",
    "porphyria",
    "urinary retention",
    "chronic kidney disease stage 4",
    "end stage kidney disease",
    "spinal cord injury",
    "cirrhosis",
    "ascites",
    "COPD",
    "sleep apnoea",
    "heart failure",
    "hypotension",
    "long QT syndrome",
    "diabetes",
    "dementia",
    "lactose intolerance",
    "opioid use disorder",
    "quadriplegia",
    "acute kidney injury",
)
NAMED = (
    "multiple sclerosis",
    {"code": "G40.909", "system": "ICD-10-CM"},
    {"name": "spinal cord injury", "since": "2025-01-10"},
    {"name": "depression", "until": "2026-01-01"},
    "zzyqx disease",
)


def days_back(most: int) -> st.SearchStrategy[str]:
    return st.integers(0, most).map(lambda n: date.fromordinal(TODAY.toordinal() - n).isoformat())


def measure(name: str, low: float, high: float, unit: str, places: int = 1) -> st.SearchStrategy[Plain]:
    value = st.floats(low, high).map(lambda v: f"{v:.{places}f} {unit}".strip())
    return st.fixed_dictionaries({"name": st.just(name), "value": value}, optional={"date": days_back(240)})


def one_of_a_day(measured: Plain) -> tuple[str, str]:
    """Two values of one measure on one day have a test of their own."""
    return measured["name"], measured.get("date", TODAY.isoformat())


LABS = st.lists(
    st.one_of(
        measure("creatinine", 0.4, 2.0, "mg/dL"),
        measure("creatinine", 1.5, 8.0, "mg/dL"),
        measure("creatinine", 40, 400, "umol/L", 0),
        measure("cystatin C", 0.6, 4, "mg/L"),
        measure("ALT", 10, 400, "U/L", 0),
        measure("AST", 10, 400, "U/L", 0),
        measure("bilirubin", 0.3, 6, "mg/dL"),
        measure("albumin", 1.8, 5, "g/dL"),
        measure("INR", 0.9, 3.5, ""),
        measure("potassium", 2.8, 6.5, "mmol/L"),
    ),
    max_size=5,
    unique_by=one_of_a_day,
)
OBSERVATIONS = st.lists(
    st.one_of(
        measure("systolic blood pressure", 75, 180, "mmHg", 0),
        measure("heart rate", 40, 110, "1/min", 0),
        measure("QTc", 380, 540, "ms", 0),
        measure("weight", 10, 120, "kg"),
    ),
    max_size=3,
    unique_by=one_of_a_day,
)
WORDS = {
    "sex": st.sampled_from(["female", "male", "other", "unknown"]),
    "weight": st.integers(12, 150).map(lambda n: f"{n} kg"),
    "height": st.integers(90, 200).map(lambda n: f"{n} cm"),
    "muscle_mass": st.sampled_from(["low", "normal"]),
    "pregnant": st.sampled_from(["true", "false"]),
    "breastfeeding": st.sampled_from(["true", "false"]),
    "stands_on_tone": st.sampled_from(["true", "false"]),
    "dialysis": st.sampled_from(["haemodialysis", "peritoneal", "none"]),
    "smoker": st.sampled_from(
        [
            "true",
            "false",
            {"now": "true", "product": "cigarettes"},
            {"now": "true", "product": "nicotine patch"},
            {"stopped": "2026-11-10"},
        ]
    ),
    "alcohol": st.sampled_from(["0 units/week", "30 units/week", "3 drinks/day", "100 g/week"]),
    "swallowing": st.sampled_from(["normal", "crushed", "tube"]),
    "procedure": st.sampled_from([{"kind": "general anaesthesia", "date": "2026-11-30"}, {"kind": "surgery"}]),
    "pump": st.just({"drug": "baclofen", "concentration": "2000 micrograms/mL", "reservoir": "40 mL"}),
    "goals": st.just(["night spasms"]),
    "conditions": st.lists(st.sampled_from([*CONDITIONS, *NAMED]), max_size=4, unique_by=str),
    "allergies": st.lists(
        st.sampled_from(
            ["penicillin", "baclofen", "tizanidine", "lactose", {"to": "baclofen", "kind": "intolerance"}, "zzyqx"]
        ),
        max_size=2,
        unique_by=str,
    ),
    "labs": LABS,
    "observations": OBSERVATIONS,
}


@st.composite
def patients(draw: Any) -> Plain:
    """A person as someone might write them down, more often than not with something that a rule acts on."""
    plain: Plain = {"as_of": TODAY.isoformat(), "country": draw(st.sampled_from(["US", "US", "UK", "DE"]))}
    years = draw(st.sampled_from([3, 8, 15, 24, 35, 47, 58, 66, 74, 88]))
    born = draw(st.sampled_from(["age", "age", "birth_date", "neither"]))
    if born != "neither":
        plain[born] = str(years) if born == "age" else f"{2026 - years}-03-02"
    for name, values in WORDS.items():
        if draw(st.booleans()):
            plain[name] = draw(values)
    if plain.get("sex") == "male" or (
        born != "neither" and not 13 <= years <= 54
    ):  # never asked of these, so never said of them
        plain.pop("pregnant", None)
        plain.pop("breastfeeding", None)
    lines = draw(st.lists(st.sampled_from(PARTNERS), max_size=4, unique=True)) + draw(
        st.lists(st.sampled_from(AGENT_LINES), max_size=2, unique=True)
    )
    lines += draw(st.lists(st.sampled_from(STOPPED), max_size=1))
    if draw(st.integers(0, 9)):
        plain["medicines"] = lines
    if draw(st.booleans()) or not lines or "medicines" not in plain:
        plain["considering"] = draw(st.lists(st.sampled_from(CONSIDERED), min_size=1, max_size=2, unique_by=str))
    return plain


def test_the_generated_patients_fire_rules() -> None:
    """The properties below would hold of patients of whom nothing is said: most of these must fire, and many rules."""
    seen: set[str] = set()
    firing, examples = [], 60

    @seeded(examples)
    @given(patients())
    def collect(plain: Plain) -> None:
        fires = [c.rule for c in checks_of(plain) if c.outcome == "fires"]
        seen.update(fires)
        firing.append(bool(fires))

    collect()
    assert sum(firing) > 0.6 * len(firing)
    assert len(seen) > 30


# ---------------------------------------------------------------- saying less

KEPT = ("as_of", "country", "label", "considering", "unused", "record")


def said_less(plain: Plain) -> list[tuple[str, Plain]]:
    """The same person with one thing unsaid: a field, a section, every value of a lab or an observation."""
    out = [(key, {k: v for k, v in plain.items() if k != key}) for key in plain if key not in KEPT]
    for section in ("labs", "observations"):
        for name in sorted({value["name"] for value in plain.get(section, [])}):
            out.append((f"{section}: {name}", {**plain, section: [v for v in plain[section] if v["name"] != name]}))
    return out


def vanished(plain: Plain, without: Plain) -> list[tuple[str, str, str]]:
    """The checks that fire for ``plain`` and are silent or gone for ``without``."""
    before, after = outcomes(checks_of(plain)), outcomes(checks_of(without))
    return [
        (rule, agent, after.get((rule, agent), "absent"))
        for (rule, agent), outcome in before.items()
        if outcome == "fires" and after.get((rule, agent), "absent") not in ("fires", "could not check")
    ]


@example({"as_of": "2026-11-22", "country": "DE", "age": "3", "medicines": ["diazepam 5 mg three times a day"]})
@seeded(40)
@given(patients())
def test_saying_less_never_silences(plain: Plain) -> None:
    """(a) Leaving something out makes a firing check fire still or *could not check*, never silent, never absent."""
    for what, without in said_less(plain):
        lost = vanished(plain, without)
        assert not lost, f"without {what}"


LOSSES = {
    "dialysis beside a cystatin C": (
        {
            "age": "3",
            "weight": "12 kg",
            "height": "90 cm",
            "muscle_mass": "low",
            "dialysis": "haemodialysis",
            "conditions": [],
            "labs": [{"name": "creatinine", "value": "1.0 mg/dL"}, {"name": "cystatin C", "value": "0.8 mg/L"}],
            "medicines": ["tizanidine 4 mg three times a day since 2025-05-01"],
        },
        "dialysis",
    ),
    "a pump": ({"age": "58", "medicines": ["baclofen 10 mg three times a day"], "pump": {"drug": "baclofen"}}, "pump"),
    "acute kidney injury as a condition": (
        {"age": "58", "medicines": ["baclofen 10 mg three times a day"], "conditions": ["acute kidney injury"]},
        "conditions",
    ),
    "dialysis with a creatinine taken after a session": (
        {
            "age": "58",
            "sex": "male",
            "dialysis": "haemodialysis",
            "labs": [{"name": "creatinine", "value": "1.9 mg/dL", "date": "2026-11-20"}],
            "medicines": ["baclofen 10 mg three times a day"],
        },
        "dialysis",
    ),
    "the agent's own line, with a stop weighed": (
        {
            "age": "58",
            "pregnant": "true",
            "medicines": ["baclofen 10 mg three times a day"],
            "considering": ["stop baclofen"],
        },
        "medicines",
    ),
    "the agent's own lines, with a second one weighed": (
        {
            "age": "58",
            "medicines": ["tizanidine 8 mg four times a day"],
            "considering": [{"drug": "tizanidine", "dose": "2 mg", "frequency": "twice a day", "change": "start"}],
        },
        "medicines",
    ),
    "the agent's own line, with less weighed": (
        {
            "age": "70",
            "country": "UK",
            "medicines": ["tizanidine 8 mg four times a day"],
            "considering": ["tizanidine 2 mg at night"],
        },
        "medicines",
    ),
    "liver tests": (
        {
            "age": "58",
            "labs": [{"name": "ALT", "value": "400 U/L"}, {"name": "AST", "value": "20 U/L"}],
            "medicines": ["tizanidine 2 mg at night"],
        },
        "labs",
    ),
    "kidney function": (
        {
            "age": "70",
            "sex": "female",
            "weight": "50 kg",
            "height": "160 cm",
            "labs": [{"name": "creatinine", "value": "2.5 mg/dL"}],
            "medicines": ["baclofen 10 mg three times a day"],
        },
        "labs",
    ),
    "partners": (
        {"age": "58", "medicines": ["tizanidine 2 mg at night", "ciprofloxacin 500 mg twice a day"]},
        "medicines",
    ),
}


@pytest.mark.parametrize("name", LOSSES)
def test_what_was_left_out_is_asked_for(name: str) -> None:
    """(a) by example: each loses one section, and what fired before still fires or is asked for."""
    plain, section = LOSSES[name]
    assert "fires" in outcomes(checks_of(plain)).values()
    assert not vanished(plain, {k: v for k, v in plain.items() if k != section})


# ---------------------------------------------------------------- units

MG = re.compile(r"(\d+(?:\.\d+)?) mg\b")


def in_other_units(plain: Plain, *, doses: bool = False) -> Plain:
    """The same person measured in other units: lb, inches, umol/L, g/L, kPa; with ``doses``, in micrograms for mg."""
    labs = knowledge().labs
    per = {
        "kg": ("lb", 1 / 0.45359237),
        "cm": ("in", 1 / 2.54),
        "g/dL": ("g/L", 10),
        "mg/L": ("ug/mL", 1),
        "U/L": ("ukat/L", 1 / 60),
        "mmHg": ("kPa", 0.133322387415),
        "ms": ("s", 0.001),
        "mmol/L": ("mEq/L", 1),
    }

    def value(text: str, name: str) -> str:
        number, _, unit = text.partition(" ")
        lab = labs.get(name)
        if lab is not None and lab.molar_mass and unit == "mg/dL":
            return f"{float(number) * 1e4 / lab.molar_mass!r} umol/L"
        if lab is not None and lab.molar_mass and unit == "umol/L":
            return f"{float(number) * lab.molar_mass / 1e4!r} mg/dL"
        to, factor = per.get(unit, (unit, 1))
        return f"{float(number) * factor!r} {to}".strip()

    def dose(line: Any) -> Any:
        if isinstance(line, dict):
            return {
                k: MG.sub(lambda m: f"{float(m[1]) * 1000:g} micrograms", v) if k == "dose" else v
                for k, v in line.items()
            }
        return line if "intrathecal" in line else MG.sub(lambda m: f"{float(m[1]) * 1000:.0f} micrograms", line)

    out = dict(plain)
    for key in ("weight", "height"):
        if key in out:
            out[key] = value(out[key], key)
    for key in ("labs", "observations"):
        if key in out:
            out[key] = [{**m, "value": value(m["value"], m["name"])} for m in out[key]]
    for key in ("medicines", "considering") if doses else ():
        if key in out:
            out[key] = [dose(line) for line in out[key]]
    return out


def answer(plain: Plain) -> tuple[Any, Any]:
    """The checks, and the tier and rules of each finding."""
    found = reviewed(plain)
    return found.checks, sorted((f.tier, f.rules, f.agents, f.partners) for f in found.findings)


@seeded(40)
@given(patients())
def test_units_change_nothing(plain: Plain) -> None:
    """(b) Pounds, inches, micromoles: the same checks and findings."""
    assert answer(in_other_units(plain)) == answer(plain)


@seeded(30)
@given(patients())
def test_doses_in_micrograms_change_nothing(plain: Plain) -> None:
    """(b) Micrograms for milligrams: the same checks."""
    counted = ("over-daily-number",)  # has a test of its own below
    after, before = outcomes(checks_of(in_other_units(plain, doses=True))), outcomes(checks_of(plain))
    assert {k: v for k, v in after.items() if k[0] not in counted} == {
        k: v for k, v in before.items() if k[0] not in counted
    }


def test_doses_in_micrograms_are_counted() -> None:
    """(b) by example: 4 mg and 4000 micrograms, each six times a day."""
    plain: Plain = {"age": "58", "medicines": ["tizanidine 4 mg six times a day"]}
    assert outcomes(checks_of(in_other_units(plain, doses=True))) == outcomes(checks_of(plain))


@pytest.mark.parametrize(
    ("name", "threshold"), [("systolic blood pressure", 90), ("systolic blood pressure", 100), ("QTc", 500)]
)
def test_a_value_at_its_threshold_survives_its_unit(name: str, threshold: int) -> None:
    """(b) At the very threshold the arithmetic of a unit must not decide."""
    unit = "ms" if name == "QTc" else "mmHg"
    plain: Plain = {
        "age": "58",
        "medicines": ["tizanidine 4 mg three times a day"],
        "observations": [{"name": name, "value": f"{threshold} {unit}"}],
    }
    assert answer(in_other_units(plain)) == answer(plain)


def test_two_values_of_one_day_do_not_depend_on_their_units() -> None:
    """(b) by example: 2.5 mg/dL and 88 umol/L (1 mg/dL) on one day."""
    labs = [{"name": "creatinine", "value": value, "date": "2026-11-20"} for value in ("2.5 mg/dL", "88.4 umol/L")]
    plain: Plain = {
        "age": "70",
        "sex": "female",
        "weight": "50 kg",
        "height": "160 cm",
        "labs": labs,
        "medicines": ["baclofen 10 mg three times a day"],
    }
    assert answer(in_other_units(plain)) == answer(plain)


# ---------------------------------------------------------------- order, replay


def shuffled(plain: Plain, seed: int) -> Plain:
    """Every list and every mapping of the file in another order."""
    order = random.Random(seed)
    out = {}
    for key in order.sample(list(plain), len(plain)):
        value = plain[key]
        out[key] = order.sample(value, len(value)) if isinstance(value, list) else value
    return out


@seeded(40)
@given(patients(), st.integers(0, 99))
def test_order_changes_nothing(plain: Plain, seed: int) -> None:
    """(c) The order in which things were said leaves every byte of the review as it is."""
    assert to_json(reviewed(shuffled(plain, seed))) == to_json(reviewed(plain))


def replayed(written: bytes) -> bytes:
    """The review of a review's own patient."""
    plain = json.loads(written, parse_float=str, parse_int=str)["patient"]
    return to_json(
        review(
            read_patient(said(plain), knowledge(), today=date(1999, 1, 1), lenient="record" in plain),
            knowledge=knowledge(),
        )
    )


def said(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return {k: said(v) for k, v in value.items()}
    return [said(v) for v in value] if isinstance(value, list) else value


@seeded(40)
@given(patients())
def test_replay_gives_the_same_bytes(plain: Plain) -> None:
    """(d) A review can be recomputed from its own patient."""
    written = to_json(reviewed(plain))
    assert replayed(written) == written


@pytest.mark.parametrize(
    "extra",
    [
        {"labs": [{"name": "ALT", "value": "<5 U/L"}, {"name": "ferritin", "value": "3"}]},
        {"observations": [{"name": "BP", "value": "92/60"}]},
        {"age": "8 months"},
        {"weight": "9 st 8 lb"},
        {"height": "5'5\""},
        {"label": "bed \u202e12 \x1b[31m😀"},
        {"conditions": ["G40.909", "zzyqx"]},
        {"genotype": {"cyp2c19": "*2/*2"}},
        {"smoker": "stopped 2026-11-10"},
        {"alcohol": "none"},
        {"weight": {"value": "61,5 kg", "date": "2026-11-01"}},
        {
            "medicines": [
                "bac\u200blofen 10 mg tds",
                "باكلوفين",
                {"drug": "tizanidine", "code": "57258", "dose": "2 mg"},
            ]
        },
    ],
    ids=str,
)
def test_replay_of_what_was_hard_to_read(extra: Plain) -> None:
    """(d) for values that the reader had to clean, split or set aside."""
    written = to_json(reviewed({"as_of": "2026-11-22", "medicines": ["baclofen 10 mg three times a day"], **extra}))
    assert replayed(written) == written


# ---------------------------------------------------------------- place and time

PERSON = """\
as_of: 2026-11-22
country: UK
age: 58
sex: female
weight: 61,5 kg
labs: [{name: creatinine, value: 160 umol/L, date: 2026-11-10}]
conditions: [EPILEPSY, multiple sclerosis]
medicines: [BACLOFEN 10 MG TID since 2024-01-05, ciprofloxacin 500 mg twice a day, İbuprofen 400 mg]
considering: [TIZANIDINE 4 MG three times a day]
"""


@lru_cache(maxsize=1)
def installed() -> frozenset[str]:
    try:
        listed = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False).stdout
    except OSError:
        listed = ""
    return frozenset(name.lower().replace("-", "") for name in listed.split())


def command_line(file: Path, **environment: str) -> bytes:
    env = {
        k: v for k, v in os.environ.items() if not k.startswith("LC_") and k not in ("LANG", "TZ", "LANGUAGE")
    } | environment
    done = subprocess.run(
        [sys.executable, "-m", "relaxant", "review", str(file), "--format", "json"],
        capture_output=True,
        env=env,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C", "TZ": "Pacific/Kiritimati"},
        {"LC_ALL": "de_DE.UTF-8", "TZ": "Pacific/Niue"},
        {"LC_ALL": "tr_TR.UTF-8"},
        {"TZ": "Pacific/Niue", "PYTHONUTF8": "0"},
    ],
    ids=str,
)
def test_place_and_time_change_nothing(tmp_path: Path, environment: dict[str, str]) -> None:
    """(e) No output depends on the locale or the time zone."""
    name = environment.get("LC_ALL", "C")
    if name != "C" and name.lower().replace("-", "") not in installed():
        pytest.skip(f"the locale {name} is not installed here")
    file = tmp_path / "person.yaml"
    file.write_text(PERSON, encoding="utf-8")
    assert command_line(file, **environment) == command_line(file)


# ---------------------------------------------------------------- one and many


@seeded(12)
@given(st.lists(patients(), min_size=2, max_size=9))
def test_one_row_and_many_rows_agree(plains: list[Plain]) -> None:
    """(f) A person in a batch gets the checks that the person alone gets."""
    plains = [{**plain, "country": plains[0]["country"]} for plain in plains]
    for plain, together in zip(plains, checks_of_many(plains), strict=True):
        alone = checks_of(plain)
        assert [c for c in together if c.rule != "route-it-does-not-have"] == [
            c for c in alone if c.rule != "route-it-does-not-have"
        ]


def test_unknown_medicines_stay_unknown_in_a_batch() -> None:
    """(f) by example: nothing is known of the first person's baclofen, whoever else is in the batch."""
    first: Plain = {"age": "58", "considering": ["tizanidine 4 mg three times a day"]}
    second: Plain = {"age": "58", "considering": ["baclofen 5 mg three times a day"]}
    assert checks_of_many([first, second])[0] == checks_of(first)


# ---------------------------------------------------------------- what could not be checked


@seeded(40)
@given(patients())
def test_every_open_check_is_asked_for(plain: Plain) -> None:
    """(g) Each *could not check* names what would settle it and stands in ``unchecked`` under that name."""
    found = reviewed(plain)
    open_checks = [c for c in found.checks if c.outcome == "could not check"]
    asked = {u.settled_by: u for u in found.unchecked}
    for check in open_checks:
        assert check.settled_by, check.rule
        for need in check.settled_by:
            assert check.rule in asked[need].rules
            assert check.agent in asked[need].agents
    for unchecked in found.unchecked:
        assert unchecked.checks >= sum(unchecked.settled_by in c.settled_by for c in open_checks)
    assert len({(c.rule, c.agent) for c in found.checks}) == len(found.checks)
    fired = Counter(rule for f in found.findings for rule in f.rules)
    assert set(fired) == {c.rule for c in found.checks if c.outcome == "fires"}
    assert all(not c.settled_by for c in found.checks if c.outcome != "could not check")


# ---------------------------------------------------------------- any words


def refused(error: InputError, *words: str) -> None:
    """A refusal is one printable line with these words."""
    assert str(error).isprintable()
    assert all(word in str(error) for word in words)


LINE_WORDS = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "baclofen",
                "tizanidine",
                "10",
                "mg",
                "mcg",
                "µg",
                "tds",
                "q6-8h",
                "prn",
                "max",
                "/",
                "1/2",
                "½",
                "since",
                "2024-01-05",
                "until",
                "x",
                "30",
                "days",
                "-",
                "–",
                ",",
                "0,5",
                "1,000",
                "intrathecal",
                "stop",
                "to",
                "(",
                ")",
                "daily",
                "12:30",
                "%",
                "mL",
                "tab",
                "😀",
                "و",
                "\u202e",
            ]
        ),
        st.text(max_size=6),
    ),
    max_size=12,
).map(" ".join)


@seeded(120)
@given(st.one_of(st.text(max_size=60), LINE_WORDS), st.booleans())
@example("\x00", False)
@example("9" * 400 + " mg", False)
@example("baclofen 10 mg " + "tds " * 200, True)
def test_any_line_is_kept(words: str, weighed: bool) -> None:
    """(h) Whatever stands on a medicine line, it is never lost: it is listed, and where it was not read, said so."""

    plain: Plain = {"as_of": "2026-11-22", "medicines": ["baclofen 10 mg three times a day"]}
    section = "considering" if weighed else "medicines"
    plain[section] = [words, *plain.get(section, [])]
    try:
        patient = read(plain)
    except InputError as error:
        refused(error, section)
        return
    if not getattr(patient, section):  # "none", "unknown": a word about the whole list
        assert section == "considering"
        return
    line = getattr(patient, section)[0].said
    found = review(patient, knowledge=knowledge())
    shown = [m for m in found.medicines if m.said == line]
    assert shown
    for medicine in shown:
        if medicine.status != "read" or medicine.not_understood:
            assert any(line in limit for limit in found.limits), medicine


@seeded(60)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_in_one_line_or_read(data: bytes) -> None:
    """Whatever a file holds, reading it gives a patient or one clear line."""

    try:
        read_bytes(data, knowledge(), today=TODAY, name="file")
    except InputError as error:
        refused(error)


FIELDS = [
    *WORDS,
    "age",
    "birth_date",
    "medicines",
    "considering",
    "as_of",
    "country",
    "label",
    "genotype",
    "died",
    "record",
    "unused",
]
ANYTHING = st.recursive(
    st.one_of(
        st.none(),
        st.text(max_size=12),
        st.sampled_from(["61 kg", "1e999", "NaN", "unknown", "none", "2026-02-30", "true", "no", "~"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    "name",
                    "value",
                    "unit",
                    "date",
                    "drug",
                    "dose",
                    "code",
                    "codes",
                    "system",
                    "now",
                    "to",
                    "kind",
                    "text",
                    "dosage",
                ]
            ),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=6,
)


@seeded(150)
@given(st.dictionaries(st.sampled_from(FIELDS), ANYTHING, max_size=4), st.booleans())
def test_any_values_are_refused_in_one_line_or_reviewed(plain: Plain, lenient: bool) -> None:
    """Whatever stands in a field, there is a review that can be replayed or one clear line that names a field."""

    try:
        patient = read_patient(plain, knowledge(), today=TODAY, lenient=lenient)
    except InputError as error:
        refused(error)
        return
    written = to_json(review(patient, knowledge=knowledge()))
    if not lenient:
        assert replayed(written) == written
