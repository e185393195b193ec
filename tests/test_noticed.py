"""What stands beside a diary: notes, a change of dose before the days that are read, markers that rose, results that cannot be used."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest

from conftest import TODAY
from relaxant.diary import Diary, Entry
from relaxant.io.patient_file import read_patient
from relaxant.io.read import read_bytes
from relaxant.knowledge.load import Knowledge
from relaxant.medicines.read import read_medicines
from relaxant.patient import Patient
from relaxant.report.responses import render_response
from relaxant.response.person import Person, person_of
from relaxant.response.response import respond

FIRST = date(2026, 9, 1)
MS, STROKE = ["multiple sclerosis"], ["stroke"]


def person(knowledge: Knowledge, **fields: Any) -> Person:
    return of(read_patient({"as_of": str(TODAY), **fields}, knowledge, today=TODAY), knowledge)


def of(patient: Patient, knowledge: Knowledge) -> Person:
    return person_of(patient, read_medicines(patient, knowledge), knowledge)


def diary(days: int = 40, first: date = FIRST, change: int = 20, **fields: Any) -> Diary:
    entries = tuple(
        Entry(
            day=first + timedelta(days=n),
            doses={"baclofen": 30.0 if n >= change else 0.0},
            scores={"spasticity-nrs": 5.0 + n % 2 + 3 * (n >= change)},
            note="UTI started <b>" if n == change + 2 else "",
        )
        for n in range(days)
    )
    return Diary(entries=entries, units={"baclofen": "mg"}, scales=("spasticity-nrs",), **fields)


def shown(own: Diary, known: Person | None, knowledge: Knowledge, format: Any = "text") -> str:
    page = render_response(respond(own, knowledge, person=known), format, knowledge=knowledge)
    return " ".join(page.decode().split())


def labs(name: str, *values: str) -> list[dict[str, str]]:
    return [{"name": name, "value": v, "date": f"2026-09-{n + 1:02d}"} for n, v in enumerate(values)]


# ---------------------------------------------------------------- notes


def test_a_note_of_a_long_diary_is_printed_and_stands_beside_its_reason(knowledge: Knowledge) -> None:
    found = respond(diary(), knowledge)
    assert [(n.text, n.worsenings) for n in found.noticed.notes] == [("UTI started <b>", ("infection",))]
    for format in ("text", "html"):
        page = shown(diary(), None, knowledge, format)
        assert page.count("UTI started") >= 1 and "<b>" not in page.replace("UTI started <b>", "" if format == "text" else "<b>")  # fmt: skip
    if found.reasons:
        assert "A note decides nothing" in shown(diary(), None, knowledge)


def test_the_words_of_notes_name_explanations_that_exist(knowledge: Knowledge) -> None:
    assert knowledge.words("diary")["naming"].keys() <= knowledge.responses.worsenings.keys()


# ---------------------------------------------------------------- a change before the days that are read


def test_a_change_before_the_days_that_are_read_is_said_at_the_head(knowledge: Knowledge) -> None:
    own = diary(400, date(2025, 9, 1), 100)
    (notice,) = respond(own, knowledge).noticed.notices
    assert "from 0 to 30 mg a day on 2025-12-10" in notice and "--until 2026-03-10" in notice
    assert respond(diary(), knowledge).noticed.notices == ()


# ---------------------------------------------------------------- markers


def test_a_marker_that_rose_is_said_and_raises_a_relapse(knowledge: Knowledge) -> None:
    known = person(knowledge, conditions=MS, labs=labs("neurofilament light", "14 pg/mL", "41 pg/mL"))
    assert known.risen == ("neurofilament-light",)
    page = shown(diary(), known, knowledge)
    assert "rose, from 14 pg/mL on 2026-09-01 to 41 pg/mL on 2026-09-02. Look for a relapse" in page
    assert page.count("It follows relapses and new lesions") == 1
    assert person(knowledge, conditions=MS, labs=labs("NfL", "41 pg/mL", "14 pg/mL")).risen == ()
    assert person(knowledge, conditions=MS, labs=labs("NfL", "40 pg/mL", "0.05 ng/mL")).risen == ("neurofilament-light",)  # fmt: skip


def test_the_words_of_a_marker_fit_the_condition(knowledge: Knowledge) -> None:
    known = person(knowledge, conditions=STROKE, labs=labs("neurofilament light", "14 pg/mL", "41 pg/mL"))
    page = shown(diary(), known, knowledge, "html")
    assert known.risen == () and "rose, from 14 pg/mL" in page and "Look for a relapse" not in page
    assert "is about multiple sclerosis, which is not on record here" in page


@pytest.mark.parametrize(
    ("name", "value"),
    [("MRI: new lesion(s)", "2"), ("new MRI lesions", "2"), ("MRI brain", "2 new T2 lesions"), ("New lesions, MRI", "1")],
)  # fmt: skip
def test_an_mri_is_known_as_people_write_it(knowledge: Knowledge, name: str, value: str) -> None:
    known = person(knowledge, conditions=MS, observations=[{"name": name, "value": value, "date": "2026-09-05"}])
    assert [m.marker for m in known.markers] == ["mri-new-lesions"] and known.risen == ("mri-new-lesions",)


# ---------------------------------------------------------------- what cannot be used


def test_what_is_no_scale_and_no_marker_is_named(knowledge: Knowledge) -> None:
    known = person(
        knowledge,
        procedure="MRI",
        observations=[{"name": "banana scale", "value": "3", "date": "2026-09-05"}, {"name": "heart rate", "value": "70 /min"}],
        labs=[{"name": "NfL", "value": "14 pg/mL"}],
    )  # fmt: skip
    page = shown(diary(), known, knowledge)
    assert "Banana scale: 3 (2026-09-05): this is no scale" in page and "Procedure MRI: it has no result" in page
    assert "NfL: 14 pg/mL: without its day" in page and "eart rate" not in page


def test_one_odd_score_refuses_no_file(knowledge: Knowledge) -> None:
    scores = [{"name": "Barthel", "value": v, "date": f"2026-09-0{n}"} for n, v in ((1, 62), (2, 60), (3, 80))]
    page = shown(diary(), person(knowledge, observations=scores), knowledge)
    assert "“62”: Barthel Index (0 to 100) goes in steps of 5" in page and "60 on 2026-09-02" in page


def test_an_arm_test_asks_for_an_arm(knowledge: Knowledge) -> None:
    known = person(knowledge, observations=[{"name": "ARAT", "value": 20, "date": "2026-09-05"}])
    assert known.scored is not None and "site: left arm" in known.scored.unread[0]


def test_a_record_names_what_looks_like_a_scale_and_reads_what_is_one(knowledge: Knowledge) -> None:
    coded = {"coding": [{"system": "http://loinc.org", "code": "101281-4"}]}
    resources: list[dict[str, Any]] = [
        {"resourceType": "Patient", "id": "p"},
        {"resourceType": "QuestionnaireResponse", "id": "q", "status": "completed", "authored": "2026-09-01", "item": [
            {"linkId": "1", "text": "0-10 numeric rating of spasticity", "answer": [{"valueInteger": 7}]},
            {"linkId": "2", "text": "Wobble score", "answer": [{"valueInteger": 3}]},
            {"linkId": "3", "text": "Favourite colour", "answer": [{"valueString": "blue"}]},
        ]},
        {"resourceType": "Observation", "id": "o3", "status": "final", "code": {"text": "Ataxia wobble score"}, "effectiveDateTime": "2026-09-20", "valueInteger": 4},
        *({"resourceType": "Observation", "id": f"n{v}", "status": "final", "code": coded, "effectiveDateTime": f"2026-09-{v}", "valueQuantity": {"value": v, "unit": "pg/mL"}} for v in (14, 21)),
    ]  # fmt: skip
    bundle = {"resourceType": "Bundle", "entry": [{"resource": r} for r in resources]}
    known = of(read_bytes(json.dumps(bundle).encode(), knowledge, today=TODAY), knowledge)
    assert known.scored is not None and [(e.scale, e.value) for e in known.scored.entries] == [("spasticity-nrs", 7.0)]
    said = " ".join(known.unused)
    assert "“Ataxia wobble score”" in said and "“Wobble score”" in said and "colour" not in said
    assert [m.said for m in known.markers] == ["14 pg/mL", "21 pg/mL"] and known.risen == ("neurofilament-light",)


# ---------------------------------------------------------------- visits


def test_an_angle_of_spasticity_is_reckoned_where_both_angles_are_given(knowledge: Knowledge) -> None:
    pairs = (("Tardieu R1", "60 degrees", "01"), ("Tardieu R2", "90 degrees", "01"), ("Tardieu R1", "75 degrees", "20"), ("Tardieu R2", "90 degrees", "20"))  # fmt: skip
    scores = [{"name": n, "value": v, "site": "left calf", "date": f"2026-09-{d}"} for n, v, d in pairs]
    found = respond(diary(), knowledge, person=person(knowledge, conditions=MS, observations=scores)).visits
    assert found is not None
    angle = next(v for v in found.scales if v.scale == "tardieu-spasticity-angle")
    assert [v.value for v in angle.visits] == [30.0, 15.0]
