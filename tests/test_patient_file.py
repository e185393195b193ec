"""The patient file as the contract writes it: each field read as meant, and written back so that it reads the same."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from relaxant.errors import InputError
from relaxant.facts.measured import canonical_value
from relaxant.io.patient_file import read_patient
from relaxant.io.read import read_bytes, read_file, weighed
from relaxant.knowledge.load import load_knowledge
from relaxant.patient import Allergy, Code, Line, Measured, Patient, Procedure, Pump, Smoker, Stated, to_file
from relaxant.pharmacology.clinic.levels import levels_of
from relaxant.plain import read_yaml

TODAY = date(2026, 11, 22)
CONTRACT = """\
as_of: 2026-11-22
country: US
label: bed 12
sex: female
birth_date: 1968-03-02
weight: 61 kg
height: 165 cm
muscle_mass: low
pregnant: false
dialysis: haemodialysis
smoker: {now: true, product: cigarettes}
alcohol: 20 units/week
swallowing: tube
conditions:
  - multiple sclerosis
  - {code: N18.32, system: ICD-10-CM}
  - {name: spinal cord injury, since: 2025-01-10}
allergies: [penicillin, {to: cow's milk protein, reaction: anaphylaxis}]
genotype: {CYP2C19: "*2/*2"}
goals: [night spasms]
labs:
  - {name: creatinine, value: 1.6 mg/dL, date: 2026-11-10}
observations:
  - {name: systolic blood pressure, value: 92 mmHg, date: 2026-11-20}
  - {name: MAS, site: left gastrocnemius, value: 1+, date: 2026-11-01}
procedure: {kind: general anaesthesia, date: 2026-11-30}
pump: {drug: baclofen, concentration: 2000 micrograms/mL, reservoir: 40 mL, residual: 2 mL, catheter: 0.2 mL}
medicines:
  - baclofen 10 mg three times a day since 2024-01-05
  - {drug: ciprofloxacin, dose: 500 mg, route: oral, frequency: twice a day, start: 2026-11-20}
  - {drug: tizanidine, dose: 8 mg, frequency: three times a day, start: 2024-05-01, stop: 2026-11-15}
  - St John's wort
considering:
  - tizanidine 4 mg three times a day
  - {drug: baclofen, change: stop}
"""


def read(plain: Any, **kwargs: Any) -> Patient:
    return read_patient(plain, load_knowledge(), today=TODAY, **kwargs)


def test_the_contract_is_read_in_full() -> None:
    assert read(read_yaml(CONTRACT, "contract")) == Patient(
        as_of=TODAY,
        country="US",
        label="bed 12",
        sex="female",
        birth_date=date(1968, 3, 2),
        weight=Measured(name="weight", value=61, unit="kg"),
        height=Measured(name="height", value=165, unit="cm"),
        muscle_mass="low",
        pregnant=False,
        dialysis="haemodialysis",
        smoker=Smoker(now=True, product="cigarettes"),
        alcohol="20 units/week",
        swallowing="tube",
        conditions=(
            Stated(name="multiple sclerosis"),
            Stated(codes=(Code(system="ICD-10-CM", code="N18.32"),)),
            Stated(name="spinal cord injury", since=date(2025, 1, 10)),
        ),
        allergies=(Allergy(to="penicillin"), Allergy(to="cow's milk protein", reaction="anaphylaxis")),
        genotype={"CYP2C19": "*2/*2"},
        goals=("night spasms",),
        labs=(Measured(name="creatinine", value=1.6, unit="mg/dL", date=date(2026, 11, 10)),),
        observations=(
            Measured(name="systolic_blood_pressure", value=92, unit="mmHg", date=date(2026, 11, 20)),
            Measured(name="MAS", text="1+", date=date(2026, 11, 1), site="left gastrocnemius"),
        ),
        procedure=Procedure(kind="general anaesthesia", date=date(2026, 11, 30)),
        pump=Pump(
            drug="baclofen", concentration="2000 micrograms/mL", reservoir="40 mL", residual="2 mL", catheter="0.2 mL"
        ),
        medicines=(
            Line(said="baclofen 10 mg three times a day since 2024-01-05"),
            Line(
                said="ciprofloxacin 500 mg oral twice a day",
                drug="ciprofloxacin",
                dose="500 mg",
                route="oral",
                frequency="twice a day",
                start=date(2026, 11, 20),
            ),
            Line(
                said="tizanidine 8 mg three times a day",
                drug="tizanidine",
                dose="8 mg",
                frequency="three times a day",
                start=date(2024, 5, 1),
                stop=date(2026, 11, 15),
            ),
            Line(said="St John's wort"),
        ),
        considering=(
            Line(said="tizanidine 4 mg three times a day"),
            Line(said="baclofen", drug="baclofen", change="stop"),
        ),
        unused=("observations “MAS”: kept as said; nothing here is computed from it",),
    )


def test_what_is_written_reads_the_same() -> None:
    patient = read(read_yaml(CONTRACT, "contract"))
    assert read(to_file(patient)) == patient


def test_a_program_may_give_its_own_values() -> None:
    """Numbers, yes and no and days of a program say what their text would."""
    typed = {
        "as_of": TODAY,
        "age": 58,
        "weight": {"value": 61.0, "unit": "kg"},
        "pregnant": False,
        "smoker": {"now": False, "product": None},
        "alcohol": 0,
        "labs": ({"name": "creatinine", "value": 1.6, "unit": "mg/dL", "date": date(2026, 11, 10)},),
        "medicines": [{"drug": "baclofen", "dose": "10 mg", "start": date(2024, 1, 5)}],
    }
    text = {
        "as_of": "2026-11-22",
        "age": "58",
        "weight": "61 kg",
        "pregnant": "no",
        "smoker": "no",
        "alcohol": "none",
        "labs": [{"name": "creatinine", "value": "1.6", "unit": "mg/dL", "date": "2026-11-10"}],
        "medicines": [{"drug": "baclofen", "dose": "10 mg", "start": "2024-01-05"}],
    }
    for lenient in (False, True):
        assert read(typed, lenient=lenient) == read(text, lenient=lenient)
    assert read({"smoker": False}).smoker == read({"smoker": {"now": False}}).smoker == Smoker(now=False)


@pytest.mark.parametrize("value", [object(), {1, 2}, b"x"])
@pytest.mark.parametrize("field", ["labs", "observations", "conditions", "medicines", "genotype", "pump", "weight"])
def test_a_value_of_another_kind_is_refused_by_its_field(field: str, value: object) -> None:
    with pytest.raises(InputError, match=rf"^{field}"):
        read({field: value})


def test_no_longer_taken_since_an_unknown_day() -> None:
    patient = read({"medicines": [{"drug": "baclofen", "dose": "10 mg", "active": "false"}, {"drug": "tizanidine"}]})
    assert [line.active for line in patient.medicines or ()] == [False, None]
    assert to_file(patient)["medicines"][0] == {
        "said": "baclofen 10 mg",
        "drug": "baclofen",
        "dose": "10 mg",
        "active": False,
    }
    assert read(to_file(patient)) == patient


@pytest.mark.parametrize(
    ("section", "more", "words"),
    [
        ("medicines", {"active": "maybe"}, "not one of its values"),
        ("medicines", {"active": "yes", "stop": "2026-11-01"}, "stopped on 2026-11-01"),
        ("considering", {"active": "no"}, "not taken yet"),
    ],
)
def test_active_must_agree_with_the_line(section: str, more: dict[str, str], words: str) -> None:
    item = {"drug": "baclofen", **more}
    with pytest.raises(InputError, match=rf"{section}\[1\]\.active: .*{words}"):
        read({section: [item]})
    lenient = read({section: [item]}, lenient=True)
    assert [line.active for line in getattr(lenient, section)] == [None]
    assert words in lenient.unused[0]


@pytest.mark.parametrize("said", ["41 mL/min", "41 ml/min", "41", "41 mL/min/1.73m2", "41 mL/min/1.73 m²"])
@pytest.mark.parametrize("name", ["eGFR", "GFR"])
def test_egfr_in_the_spellings_of_laboratories(name: str, said: str) -> None:
    patient = read({"labs": [{"name": name, "value": said}]})
    (lab,) = patient.labs
    assert (lab.name, lab.value) == ("egfr", 41)
    assert canonical_value(lab, load_knowledge().labs["egfr"]) == 41
    plain_unit = said.endswith("/min")
    assert patient.unused == ((f"eGFR in {said[3:]} is read as per 1.73 m2",) if plain_unit else ())
    assert read(to_file(patient)) == patient


@pytest.mark.parametrize(
    "unit",
    [
        "mL/min per 1.73 m2",
        "mL/min/1.73 sqm",
        "mL/min/{1.73m2}",
        "mL/min/1.73_m2",
        "mL/min/1.73",
        "mL/min/1.73 m*2",
        "mL/min/1,73 qm",
        "mL/min/1.73 m2 BSA",
    ],
)
def test_the_body_surface_in_a_unit_is_read_in_many_spellings(unit: str) -> None:
    for item in ({"name": "eGFR", "value": f"41 {unit}"}, {"name": "eGFR", "value": "41", "unit": unit}):
        (lab,) = read({"labs": [item]}).labs
        assert (lab.value, lab.unit) == (41, "mL/min/1.73 m2")


def test_a_clearance_keeps_its_bounds_and_other_kinds_are_refused() -> None:
    for said, words in (
        ("400 mL/min", "lies between 1 and 200"),
        ("41 mg/dL", "does not measure"),
        ("41 L", "measure"),
    ):
        with pytest.raises(InputError, match=words):
            read({"labs": [{"name": "eGFR", "value": said}]})


def test_reading_a_patient_file_loads_no_more_than_it_needs() -> None:
    """The cost of a cold start: FHIR, json and difflib wait until they are asked for."""
    code = (
        "import sys\nbefore = set(sys.modules)\nimport relaxant.io.read\n"
        "print(*sorted(m for m in set(sys.modules) - before if m in ('json', 'difflib') or '.fhir' in m))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_nothing_said_is_unknown_and_an_empty_list_is_none() -> None:
    unsaid, none = read({}), read({"medicines": [], "conditions": [], "allergies": []})
    assert (unsaid.medicines, unsaid.conditions, unsaid.allergies) == (None, None, None)
    assert (none.medicines, none.conditions, none.allergies) == ((), (), ())
    assert unsaid.as_of == TODAY


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("F", "female"),
        ("woman", "female"),
        ("MALE", "male"),
        ("other", "other"),
        ("intersex", "other"),
        ("unknown", "unknown"),
    ],
)
def test_sex(said: str, value: str) -> None:
    assert read({"sex": said}).sex == value


@pytest.mark.parametrize(
    ("said", "now", "stopped"),
    [
        ("yes", True, None),
        ("current", True, None),
        ("never", False, None),
        ("ex-smoker", False, None),
        ("stopped 2026-11-01", False, date(2026, 11, 1)),
        ({"stopped": "2026-11-01"}, False, date(2026, 11, 1)),
        ({"product": "cigarettes"}, None, None),
    ],
)
def test_smoking(said: Any, now: bool | None, stopped: date | None) -> None:
    smoker = read({"smoker": said}).smoker
    assert smoker is not None
    assert (smoker.now, smoker.stopped) == (now, stopped)


@pytest.mark.parametrize(
    "field",
    [
        "sex",
        "birth_date",
        "age",
        "weight",
        "height",
        "pregnant",
        "dialysis",
        "smoker",
        "alcohol",
        "swallowing",
        "genotype",
        "procedure",
        "pump",
        "conditions",
        "allergies",
    ],
)
@pytest.mark.parametrize("word", ["unknown", "~", "null", "Not known"])
def test_said_to_be_unknown_is_unknown(field: str, word: str) -> None:
    assert getattr(read({field: word}), field) in (None, "unknown")


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ("G35", "G35"),
        ("g35", "G35"),
        ("N18.32", "N18.32"),
        ("N1832", "N1832"),
        ("Z99.2", "Z99.2"),
        ({"code": "N18.6"}, "N18.6"),
    ],
)
def test_conditions_by_code(item: Any, code: str) -> None:
    conditions = read({"conditions": [item]}).conditions
    assert conditions is not None
    assert conditions[0].codes == (Code(system="ICD-10-CM", code=code),)


@pytest.mark.parametrize("item", ["B12 deficiency", "multiple sclerosis", "T6 spinal cord injury", "U07"])
def test_conditions_in_words(item: str) -> None:
    assert read({"conditions": [item]}).conditions == (Stated(name=item),)


@pytest.mark.parametrize(
    "item",
    [
        "creatinine 1.6 mg/dL on 2026-11-10",
        "creatinine: 1.6 mg/dL 2026-11-10",
        {"name": "Serum creatinine", "value": "1.6", "unit": "mg/dL", "date": "2026-11-10T08:00:00Z"},
        {"name": "creatinine", "value": 1.6, "unit": "mg/dL", "date": "2026-11-10"},
        {"code": "2160-0", "value": "1.6 mg/dL", "date": "2026-11-10"},
    ],
    ids=str,
)
def test_one_lab_in_many_spellings(item: Any) -> None:
    lab = read({"labs": [item]}).labs[0]
    assert (lab.name, lab.value, lab.unit, lab.date) == ("creatinine", 1.6, "mg/dL", date(2026, 11, 10))


def test_a_lenient_reading_keeps_the_rest_and_says_what_fell_out() -> None:
    plain = {
        "sex": "robot",
        "weight": {"value": 700, "unit": "kg"},
        "birth_date": "2031-01-01",
        "labs": [{"name": "creatinine", "value": "88 mg/dL"}, {"name": "creatinine", "value": "1.6 mg/dL"}],
        "medicines": [{"said": "baclofen", "start": "2031-01-01"}, None],
        "unheard_of": "x",
    }
    patient = read(plain, lenient=True)
    assert (patient.sex, patient.weight, patient.birth_date) == (None, None, None)
    assert [lab.value for lab in patient.labs] == [1.6]
    assert patient.medicines == (Line(said="baclofen"),)
    said = "\n".join(patient.unused)
    for words in ("robot", "700 kg", "did you mean 88 umol/L?", "labs creatinine", "2031-01-01"):
        assert words in said
    assert "[1]" not in said  # a place in a list would change with the order of the record


def test_a_lenient_reading_keeps_what_has_impossible_dates() -> None:
    """A record's medicine or condition is never lost over its dates; the dates are, with a word."""
    plain = {
        "medicines": [{"said": "baclofen", "start": "2026-05-01", "stop": "2026-01-01"}],
        "conditions": [{"name": "epilepsy", "since": "2020-01-01", "until": "2019-01-01"}],
    }
    patient = read(plain, lenient=True)
    assert patient.medicines == (Line(said="baclofen"),)
    assert patient.conditions == (Stated(name="epilepsy"),)
    assert len(patient.unused) == 2


def test_words_to_weigh_join_the_file() -> None:
    patient = weighed(read({"considering": ["baclofen"]}), ["  stop\u202e \x1b[31mtizanidine "])
    assert [line.said for line in patient.considering] == ["baclofen", "stop tizanidine"]
    with pytest.raises(InputError, match="--considering"):
        weighed(patient, [""])


def test_the_readers_agree(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(CONTRACT, encoding="utf-8")
    knowledge = load_knowledge()
    assert read_file(file, knowledge, today=TODAY, country="UK") == read_bytes(
        CONTRACT.encode(), knowledge, today=TODAY, country="UK"
    )
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(InputError, match="FILE"):
            read_file(path, knowledge, today=TODAY)


# ---------------------------------------------------------------- drug levels


def test_a_drug_level_is_read_with_the_time_since_its_dose() -> None:
    plain = {"medicines": ["baclofen 10 mg tds"], "observations": [{"name": "plasma baclofen concentration", "value": "250 ng/mL", "date": "2026-11-10", "after_dose": "45 min"}]}  # fmt: skip
    patient = read_patient(plain, load_knowledge(), today=TODAY)
    (level,) = levels_of(patient, "baclofen")
    assert (level.value, level.unit, level.after_hours) == (250.0, "ng/mL", 0.75)
    assert patient.observations[0].name == "baclofen level"
    again = read_patient(to_file(patient), load_knowledge(), today=TODAY)
    assert levels_of(again, "baclofen") == (level,)


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({"name": "baclofen level", "value": "250 mg"}, "no concentration"),
        ({"name": "baclofen level", "value": "250 ng/mL", "after_dose": "3 mg"}, "no time from 0"),
        ({"name": "baclofen level", "value": "250 ng/mL", "after_dose": "900 h"}, "no time from 0"),
        ({"name": "creatinine", "value": "1 mg/dL", "after_dose": "3 h"}, "no drug level"),
    ],
)
def test_a_drug_level_that_cannot_be_is_refused(item: dict[str, str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_patient({"medicines": ["baclofen 10 mg tds"], "observations": [item]}, load_knowledge(), today=TODAY)


def test_a_level_of_what_no_model_is_of_is_kept_as_said() -> None:
    patient = read_patient({"medicines": ["baclofen 10 mg tds"], "observations": [{"name": "lithium level", "value": "0.8 mmol/L"}]}, load_knowledge(), today=TODAY)  # fmt: skip
    assert patient.observations[0].name == "lithium level"
    assert any("kept as said" in text for text in patient.unused)
