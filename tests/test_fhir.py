"""FHIR records as they really come: read leniently, nothing dropped without a word, never a traceback."""

from __future__ import annotations

import contextlib
import copy
import gzip
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import TODAY
from relaxant.errors import InputError
from relaxant.io.fhir import read_fhir
from relaxant.io.patient_file import read_patient
from relaxant.io.read import read_bytes
from relaxant.knowledge.load import Knowledge
from relaxant.patient import Code, Patient, Smoker, Stated, to_file
from relaxant.plain import read_json

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parent / "examples" / "fhir"
SYNTHEA = HERE / "data" / "synthea_fhir_r4"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
WANTED = {
    "2160-0": "creatinine",
    "38483-4": "creatinine",
    "2823-3": "potassium",
    "1742-6": "alt",
    "8480-6": "systolic blood pressure",
    "8462-4": "diastolic blood pressure",
}


def read(*resources: Any, **bundle: Any) -> dict[str, Any]:
    """What a bundle of ``resources`` gives, checked to be a patient file."""
    entries = [{"resource": r} for r in resources]
    return checked(json.dumps({"resourceType": "Bundle", "entry": entries, **bundle}).encode())


def checked(data: bytes) -> dict[str, Any]:
    out = read_fhir(data, wanted=WANTED)
    patient = msgspec.convert({**out, "as_of": "2026-11-22"}, Patient)
    assert patient.record
    assert patient.record.endswith(".")
    json.dumps(out)
    return out


def person(knowledge: Knowledge, *resources: Any) -> Patient:
    """The patient whom a bundle of ``resources`` amounts to."""
    bundle = {"resourceType": "Bundle", "entry": [{"resource": r} for r in resources]}
    return read_bytes(json.dumps(bundle).encode(), knowledge, today=TODAY)


def example(name: str) -> dict[str, Any]:
    return checked((EXAMPLES / f"{name}.json").read_bytes())


def order(ident: str = "a", drug: Any = "baclofen", **more: Any) -> dict[str, Any]:
    what = {"text": drug} if isinstance(drug, str) else drug
    return {
        "resourceType": "MedicationRequest",
        "id": ident,
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": what,
        **more,
    }


def statement(ident: str = "s", drug: str = "baclofen", **more: Any) -> dict[str, Any]:
    return {**order(ident, drug, status="active"), "resourceType": "MedicationStatement", **more}


def result(ident: str, value: Any, when: str | None, code: str = "2160-0", **more: Any) -> dict[str, Any]:
    out = {
        "resourceType": "Observation",
        "id": ident,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
    }
    if when:
        out["effectiveDateTime"] = when
    if isinstance(value, (int, float)):
        value = {"valueQuantity": {"value": value, "unit": "mg/dL"}}
    return {**out, **value, **more}


def said(out: dict[str, Any]) -> list[str]:
    return [line["said"] for line in out["medicines"]]


def told(out: dict[str, Any], *parts: str) -> bool:
    return any(all(part in sentence for part in parts) for sentence in out["unused"])


# the person


def test_the_person_is_read_without_names_or_numbers() -> None:
    out = read(
        {
            "resourceType": "Patient",
            "id": "secret-77",
            "name": [{"family": "Doe"}],
            "identifier": [{"value": "MRN9"}],
            "gender": "Female",
            "birthDate": "1970-02-28",
            "deceasedDateTime": "2024-01-01T23:59:00-08:00",
        }
    )
    assert (out["sex"], out["birth_date"], out["died"]) == ("female", "1970-02-28", "2024-01-01")
    assert not any(word in json.dumps(out) for word in ("secret", "Doe", "MRN9"))


@pytest.mark.parametrize("birth", ["1949", "1949-11", "1949-02-30", "yesterday", 5, ["1949"]])
def test_no_day_of_birth_is_invented(birth: Any) -> None:
    out = read({"resourceType": "Patient", "birthDate": birth})
    assert "birth_date" not in out
    assert told(out, "birthDate", "age")


def test_a_birth_sex_that_differs_runs_both_formulas() -> None:
    url = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex"
    out = read({"resourceType": "Patient", "gender": "male", "extension": [{"url": url, "valueCode": "F"}]})
    assert out["sex"] == "unknown"
    assert told(out, "sex recorded at birth")


@pytest.mark.parametrize(
    "resources",
    [
        [{"resourceType": "Patient", "id": "1"}, {"resourceType": "Patient", "id": "2"}],
        [{"resourceType": "Patient", "id": "1"}, order(subject={"reference": "Patient/2"})],
        [order("a", subject={"reference": "Patient/1"}), order("b", subject={"reference": "Patient/2"})],
        [
            order("a", subject={"reference": "https://a.example/fhir/Patient/1"}),
            order("b", subject={"reference": "https://b.example/fhir/Patient/1"}),
        ],
        [
            order("a", subject={"identifier": {"system": "s", "value": "1"}}),
            order("b", subject={"identifier": {"system": "s", "value": "2"}}),
        ],
    ],
)
def test_two_patients_are_refused(resources: list[Any]) -> None:
    with pytest.raises(InputError, match="one patient"):
        read(*resources)


def test_one_patient_named_in_several_ways_is_one() -> None:
    uuid = "0b0e8d1c-1111-4000-8000-00000000000A"
    entries = [
        {"fullUrl": f"urn:uuid:{uuid}", "resource": {"resourceType": "Patient", "id": "1", "gender": "male"}},
        *[
            {"resource": order(str(i), f"drug {i}", subject={"reference": r})}
            for i, r in enumerate(["Patient/1", f"urn:uuid:{uuid}", "http://x/fhir/Patient/1/_history/3", "#p"])
        ],
    ]
    out = checked(json.dumps({"resourceType": "Bundle", "entry": entries}).encode())
    assert len(out["medicines"]) == 4


# which medicine


def test_references_to_medications() -> None:
    out = example("medication_references")
    by = {line["by"]: line for line in out["medicines"]}
    assert by["MedicationRequest/by-urn"]["said"] == "baclofen 10 mg tablet"
    assert {c["system"] for c in by["MedicationRequest/contained"]["codes"]} == {"RxNorm", "NDC"}
    assert by["MedicationRequest/r5"]["said"] == "gabapentin 300 mg capsule"
    assert by["MedicationRequest/nowhere"]["said"] == "a medicine the record does not name (Medication/123)"
    parts = [line for line in out["medicines"] if line["by"] == "MedicationStatement/by-relative"]
    assert [(p["drug"], p["strength"]) for p in parts] == [("diphenhydramine", "38 mg"), ("ibuprofen", "200 mg")]
    assert told(out, "MedicationRequest/nowhere", "Medication/123", "not in the record")


def test_a_strength_in_a_volume_keeps_it() -> None:
    amount = {"numerator": {"value": 2000, "unit": "ug"}, "denominator": {"value": 1, "unit": "mL"}}
    inner = {
        "resourceType": "Medication",
        "id": "m",
        "ingredient": [{"itemCodeableConcept": {"text": "baclofen"}, "strength": amount}],
    }
    out = read(
        {**order(), "medicationCodeableConcept": None, "contained": [inner], "medicationReference": {"reference": "#m"}}
    )
    assert out["medicines"][0]["strength"] == "2000 ug/mL"


def test_an_order_without_any_medicine_stays_as_an_unread_line() -> None:
    assert said(read(order(drug={}))) == ["a medicine the record does not name (MedicationRequest/a)"]


# status


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
def test_errors_and_cancelled_orders_are_named_and_not_used(status: str) -> None:
    out = read(order(status=status))
    assert "medicines" not in out
    assert told(out, "MedicationRequest/a", status.split("-")[0])


def test_a_forbidden_medicine_is_not_taken() -> None:
    out = read(order(doNotPerform=True))
    assert "medicines" not in out
    assert told(out, "not to give")


def test_drafts_and_proposals_are_weighed() -> None:
    out = example("draft_order_without_medicine")
    assert [(c["said"], c["change"]) for c in out["considering"]] == [
        ("dantrolene 25 mg capsule", "replace"),
        ("tizanidine 4 MG Oral Tablet", "start"),
    ]
    assert out["considering"][1]["dosage"][0]["doseAndRate"][0]["doseQuantity"]["unit"] == "{pill}"
    assert "medicines" not in out
    assert told(out, "MedicationRequest/draft-empty", "names no medicine")


def test_a_reported_plan_is_taken() -> None:
    assert said(read(order(intent="plan", reportedBoolean=True))) == ["baclofen"]


@pytest.mark.parametrize(
    ("more", "stop"),
    [
        ({"statusChanged": "2026-02-03"}, "2026-02-03"),
        ({"dosageInstruction": [{"timing": {"repeat": {"boundsPeriod": {"end": "2026-03-04"}}}}]}, "2026-03-04"),
        ({"dispenseRequest": {"validityPeriod": {"end": "2026-05"}}}, "2026-05-31"),
        ({}, None),
    ],
)
def test_the_stop_of_an_order_is_the_best_day_the_record_has(more: dict[str, Any], stop: str | None) -> None:
    out = read(order(status="completed", authoredOn="2026-01-01", **more), timestamp="2026-11-01T00:00:00Z")
    (line,) = out["medicines"]
    assert (line.get("stop"), line.get("active")) == (stop, None if stop else False)
    assert bool(stop) != told(out, "“baclofen”", "a day the record does not give")


def test_a_planned_end_after_the_record_is_no_stop() -> None:
    dosing = [{"timing": {"repeat": {"boundsPeriod": {"end": "2027-03-04"}}}}]
    out = read(order(status="stopped", dosageInstruction=dosing), timestamp="2026-11-01T00:00:00Z")
    assert [(line.get("stop"), line["active"]) for line in out["medicines"]] == [(None, False)]
    assert told(out, "“baclofen”", "a day the record does not give")


def test_old_orders_are_one_line_a_medicine_and_one_sentence() -> None:
    """Twenty years of completed orders: the newest of each, no longer taken, and one sentence on them all."""
    old = [
        order(f"{drug}{year}", drug, status="completed", authoredOn=f"{year}-05-01")
        for drug in ("amoxicillin", "tizanidine")
        for year in range(2005, 2025)
    ]
    out = read(*old, order("now", "baclofen", authoredOn="2024-06-01"))
    assert [(line["said"], line.get("active"), line["start"]) for line in out["medicines"]] == [
        ("amoxicillin", False, "2024-05-01"),
        ("baclofen", None, "2024-06-01"),
        ("tizanidine", False, "2024-05-01"),
    ]
    (sentence,) = out["unused"]
    for words in ("“amoxicillin”, “tizanidine”: ", "2 medicines, 40 entries", "no longer taken"):
        assert words in sentence


def test_a_known_stop_before_an_order_of_unknown_end_is_not_the_last_word() -> None:
    out = read(
        order("a", status="stopped", authoredOn="2025-01-01", statusChanged="2025-02-01"),
        order("b", status="completed", authoredOn="2026-01-01"),
    )
    assert [(line["by"], line["active"]) for line in out["medicines"]] == [("MedicationRequest/b", False)]


def test_on_hold_is_checked_and_said() -> None:
    out = read(
        order(status="on-hold"), statement("s", "warfarin", status="on-hold", effectivePeriod={"end": "2026-01-01"})
    )
    assert [line.get("stop") for line in out["medicines"]] == [None, "2026-01-01"]
    assert told(out, "MedicationRequest/a", "on hold")


@pytest.mark.parametrize("intent", ["plan", "proposal", "option"])
def test_a_proposal_on_hold_was_never_taken(intent: str) -> None:
    out = read(order(status="on-hold", intent=intent))
    assert not out.get("medicines") and len(out["considering"]) == 1


@pytest.mark.parametrize(
    "more", [{"status": "not-taken"}, {"taken": "n"}, {"adherence": {"code": {"coding": [{"code": "not-taking"}]}}}]
)
def test_what_is_not_taken_is_not_read_as_taken(more: dict[str, Any]) -> None:
    out = read(statement(**more))
    assert out["medicines"] == []
    assert told(out, "not taken")


def test_an_unknown_status_is_read_as_taken_and_said() -> None:
    out = read(order(status="whatever"))
    assert said(out) == ["baclofen"]
    assert told(out, "whatever")


# what belongs together


def test_four_resources_on_one_medicine_are_one_line() -> None:
    out = example("four_resources_one_medicine")
    baclofen = out["medicines"][0]
    assert said(out) == ["baclofen 10 mg tablet", "ciprofloxacin 500 mg tablet", "tizanidine 4 mg tablet", "warfarin"]
    assert baclofen["dosage"][0]["text"] == "1 tablet three times a day"
    assert baclofen["start"] == "2025-02-01"
    assert out["medicines"][1]["stop"] == "2026-10-01"
    assert out["medicines"][2]["stop"] == "2026-09-30"
    assert told(out, "MedicationDispense/d", "MedicationRequest/old", "read as one line")
    assert told(out, "more pages")


def test_a_stopped_and_an_active_order_are_one_active_line() -> None:
    out = read(order("old", status="stopped"), order("new", authoredOn="2026-01-01"))
    assert [line["by"] for line in out["medicines"]] == ["MedicationRequest/new"]
    assert told(out, "MedicationRequest/old", "read as one line")


def test_active_orders_of_different_doses_are_both_kept() -> None:
    one = [{"text": "10 mg in the morning"}]
    out = read(
        order("a", dosageInstruction=one),
        order("b", dosageInstruction=[{"text": "20 mg at night"}]),
        order("c", dosageInstruction=one),
    )
    assert len(out["medicines"]) == 2
    assert told(out, "different doses")


def test_strengths_of_one_ingredient_are_never_merged() -> None:
    def coded(code: str) -> dict[str, Any]:
        return {"coding": [{"system": RXNORM, "code": code}, {"system": RXNORM, "code": "1292"}]}

    out = read(
        order("a", coded("197391")),
        order("b", coded("197392")),
        order("c", {"coding": [{"system": RXNORM, "code": "1292"}]}),
    )
    assert len(out["medicines"]) == 2


def test_a_shared_class_or_local_code_hides_no_medicine() -> None:
    for system, code in (
        ("http://www.whocc.no/atc", "M03BX"),
        ("http://local", "MED"),
        ("http://snomed.info/sct", "763158003"),
    ):
        same = [{"system": system, "code": code}]
        assert (
            len(
                read(
                    order("a", {"coding": same, "text": "baclofen"}), order("b", {"coding": same, "text": "tizanidine"})
                )["medicines"]
            )
            == 2
        )


def test_supply_lasts_as_long_as_it_says() -> None:
    dispense = {
        **order("d"),
        "resourceType": "MedicationDispense",
        "status": "completed",
        "whenHandedOver": "2026-01-01",
    }
    assert read({**dispense, "daysSupply": {"value": 30}})["medicines"][0]["stop"] == "2026-01-31"
    out = read(dispense)
    assert "stop" not in out["medicines"][0]
    assert told(out, "supply")


def test_a_dose_given_as_the_record_ends_is_taken() -> None:
    given = {
        **order("g"),
        "resourceType": "MedicationAdministration",
        "status": "completed",
        "effectiveDateTime": "2026-01-01",
    }
    assert "stop" not in read(given, timestamp="2026-01-02T10:00:00Z")["medicines"][0]
    assert read(given, timestamp="2026-02-02T10:00:00Z")["medicines"][0]["stop"] == "2026-01-01"


def test_older_and_newer_spellings_of_a_dose_become_r4() -> None:
    dose = {"value": 10, "unit": "mg"}
    stu3 = read(order(dosageInstruction=[{"doseQuantity": dose, "timing": {"code": {"text": "BID"}}}]))
    assert stu3["medicines"][0]["dosage"][0]["doseAndRate"] == [{"doseQuantity": dose}]
    assert read(order(dosageInstruction="10 mg twice a day"))["medicines"][0]["dosage"] == (
        {"text": "10 mg twice a day"},
    )
    assert read(order(dosageInstruction={"text": "x"}))["medicines"][0]["dosage"] == ({"text": "x"},)


# conditions, allergies, observations


def test_awkward_shapes() -> None:
    out = example("awkward_shapes")
    assert [c["name"] for c in out["conditions"]] == ["chronic kidney disease stage 3b", "multiple sclerosis"]
    assert out["conditions"][1]["since"] == "2011-01-01"
    assert out["allergies"] == [{"to": "codeine", "reaction": "nausea", "kind": "intolerance"}]
    assert [(lab["name"], lab.get("value")) for lab in out["labs"]] == [
        ("alt", None),
        ("creatinine", 1.6),
        ("creatinine", 1.1),
    ]
    assert out["labs"][0]["text"] == "< 5 U/L"
    assert [(o["name"], o["value"]) for o in out["observations"]] == [("systolic blood pressure", 92)]
    assert (out["smoker"], out["dialysis"]) == ({"now": False}, "haemodialysis")
    assert "pregnant" not in out
    for name, why in (
        ("Condition/refuted", "refuted"),
        ("Condition/over", "resolved"),
        ("Observation/cr-wrong", "entered-in-error"),
        ("Observation/k", "umol/L"),
        ("Observation/bp", "not measured"),
        ("Observation/preg", "not pregnant"),
        ("entry 16", "cannot be read"),
        ("entry 17", "not an object"),
    ):
        assert told(out, name, why), name
    assert "1 Claim" in out["record"]


def test_denied_is_none_and_no_information_is_unknown() -> None:
    out = example("no_known_allergies")
    assert (out["allergies"], out["medicines"]) == ([], [])
    assert "conditions" not in out
    assert told(out, "no information")


@pytest.mark.parametrize(
    ("text", "listed"), [("No Known Allergies", True), ("NKDA", True), ("No known food allergies", False)]
)
def test_denial_in_words(text: str, listed: bool) -> None:
    out = read({"resourceType": "AllergyIntolerance", "code": {"text": text}})
    assert out.get("allergies") == ([] if listed else None)


def test_an_absent_kind_is_unknown() -> None:
    out = read({"resourceType": "Patient", "gender": "male"})
    assert not {"medicines", "conditions", "allergies", "labs"} & out.keys()


def test_the_newest_value_and_ten_creatinines_are_kept() -> None:
    many = [result(f"c{i}", 1 + i / 10, f"2026-01-{i + 1:02d}T08:00:00Z") for i in range(15)]
    out = read(
        *many,
        result("k1", 4, "2026-01-01", "2823-3"),
        result("k2", 5, "2026-02-01", "2823-3"),
        result("other", 1, "2026-01-01", "9999-9"),
    )
    assert [lab["date"] for lab in out["labs"] if lab["name"] == "creatinine"][:2] == ["2026-01-15", "2026-01-14"]
    assert len(out["labs"]) == 11
    assert "11 of 18 Observation" in out["record"]


def test_an_unusable_newest_value_falls_back_with_a_word() -> None:
    absent = result("new", {"dataAbsentReason": {"text": "haemolysed"}}, "2026-02-01", "2823-3")
    out = read(absent, result("old", 5, "2026-01-01", "2823-3"))
    assert out["labs"][0]["by"] == "Observation/old"
    assert told(out, "Observation/new", "haemolysed")


@pytest.mark.parametrize(
    ("code", "now"),
    [
        ("449868002", True),
        ("428041000124106", True),
        ("428061000124105", True),
        ("428071000124103", True),
        ("77176002", True),
        ("8517006", False),
        ("266919005", False),
        ("266927001", None),
    ],
)
def test_smoking(code: str, now: bool | None) -> None:
    answer = {"valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": code}]}}
    assert read(result("s", answer, "2026-01-01", "72166-2")).get("smoker") == (None if now is None else {"now": now})


def test_pregnancy_holds_and_not_pregnant_lapses() -> None:
    def answer(code: str) -> dict[str, Any]:
        return {"valueCodeableConcept": {"coding": [{"system": "http://loinc.org", "code": code}]}}

    assert read(result("p", answer("LA15173-0"), "2026-01-01", "82810-3"))["pregnant"] is True
    assert read(result("p", answer("LA26683-5"), "2026-01-01", "82810-3"))["pregnant"] is False
    later = read(result("p", answer("LA26683-5"), "2026-01-01", "82810-3"), result("c", 1, "2026-01-02"))
    assert "pregnant" not in later


def test_weight_and_height_have_their_own_place() -> None:
    weight = {"valueQuantity": {"value": 61, "unit": "kg"}}
    height = {"valueQuantity": {"value": 65, "unit": "in", "code": "[in_i]"}}
    out = read(result("w", weight, "2026-01-01", "29463-7"), result("h", height, "2026-01-01", "8302-2"))
    assert (out["weight"]["value"], out["height"]["unit"]) == (61, "in")


@pytest.mark.parametrize(
    "unit",
    [
        {"unit": "mL/min"},
        {"unit": "mL/min/{1.73_m2}", "code": "mL/min/{1.73_m2}"},
        {"unit": "mL/min", "code": "mL/min/{1.73_m2}"},
        {"unit": "mL/min/1.73m2", "code": "mL/min"},
        {"unit": "mL/min per 1.73 sqm"},
    ],
    ids=str,
)
def test_egfr_is_read_as_indexed_however_its_unit_is_written(unit: dict[str, str], knowledge: Knowledge) -> None:
    value = {"valueQuantity": {"value": 41.0, **unit}}
    patient = person(knowledge, result("g", value, "2026-11-01", "33914-3"))
    assert [(lab.name, lab.value, lab.unit) for lab in patient.labs] == [("egfr", 41, patient.labs[0].unit)]
    assert (patient.labs[0].unit or "").startswith("mL/min/")
    assert patient.unused == (("eGFR in mL/min is read as per 1.73 m2",) if unit == {"unit": "mL/min"} else ())


def test_yes_no_and_numbers_of_a_record_reach_the_patient(knowledge: Knowledge) -> None:
    smokes = {"valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": "449868002"}]}}
    pregnant = {"valueCodeableConcept": {"coding": [{"system": "http://loinc.org", "code": "LA15173-0"}]}}
    patient = person(
        knowledge, result("s", smokes, "2026-11-01", "72166-2"), result("p", pregnant, "2026-11-01", "82810-3")
    )
    assert (patient.smoker, patient.pregnant) == (Smoker(now=True), True)


def test_a_code_without_words_is_kept(knowledge: Knowledge) -> None:
    """ICD-10-CM N18.32 alone, with neither text nor display, is a condition."""
    code = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "N18.32"}]}
    patient = person(knowledge, {"resourceType": "Condition", "code": code}, order(drug=code))
    coded = (Code(system="ICD-10-CM", code="N18.32"),)
    assert patient.conditions == (Stated(name="ICD-10-CM N18.32", codes=coded),)
    assert [line.codes for line in patient.medicines or ()] == [coded]


@pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.glob("*.json")))
def test_a_record_is_written_and_read_back_the_same(name: str, knowledge: Knowledge) -> None:
    """What a review writes of a record, in JSON, is the same patient again, byte for byte."""
    patient = read_bytes((EXAMPLES / f"{name}.json").read_bytes(), knowledge, today=TODAY)
    written = msgspec.json.encode(to_file(patient))
    again = read_patient(read_json(written.decode(), "review"), knowledge, today=TODAY, lenient=True)
    assert again == patient
    assert msgspec.json.encode(to_file(again)) == written


def test_a_dosage_keeps_its_types(knowledge: Knowledge) -> None:
    dosage = {
        "sequence": 1,
        "asNeededBoolean": True,
        "text": "10",
        "route": {"coding": [{"code": "26643006"}]},
        "timing": {"repeat": {"frequency": 3, "period": 1.5, "periodUnit": "d"}},
        "doseAndRate": [{"doseQuantity": {"value": 0.125, "unit": "mg"}}],
        "extension": [{"url": "x", "valueDecimal": 1.50, "valueBoolean": False}],
    }
    patient = person(knowledge, order(dosageInstruction=[dosage]))
    kept = {**dosage, "extension": [{"url": "x", "valueDecimal": "1.5", "valueBoolean": "false"}]}
    assert [line.dosage for line in patient.medicines or ()] == [(kept,)]


# the input as a whole


def test_every_form_of_input_reads_alike() -> None:
    resources = [{"resourceType": "Patient", "gender": "male"}, order()]
    forms = [
        json.dumps({"resourceType": "Bundle", "entry": [{"resource": r} for r in resources]}).encode(),
        json.dumps({"entry": [{"resource": r} for r in resources]}).encode("utf-8-sig"),
        json.dumps({"entry": [{"resource": r} for r in resources]}).encode("utf-16"),
        "\r\n".join(json.dumps(r) for r in resources).encode() + b"\n",
        json.dumps(resources).encode(),
        json.dumps(
            {
                "resourceType": "Bundle",
                "entry": [{"resource": {"resourceType": "Bundle", "entry": [{"resource": r} for r in resources]}}],
            }
        ).encode(),
    ]
    for data in forms:
        out = checked(data)
        assert (out["sex"], said(out), out["unused"]) == ("male", ["baclofen"], ())
    assert said(checked(json.dumps(order()).encode())) == ["baclofen"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"  \n",
        b"\xef\xbb\xbf",
        b"null",
        b"7",
        b'"text"',
        b"{}",
        b'{"a": 1}',
        b"{",
        b'{"resourceType": "Bundle", "entry": [{"res',
        b"<Bundle/>",
        b'{"resourceType": "Bundle", "total": NaN}',
        b"\xff\xfe",
        b"\xff\xfe\x00\xd8",
        b"\x00{",
        b"{\x00",
        b"\xff\xff",
        b'{"resourceType": 5}',
        b"[" * 10_000,
        b"[" * 10_000 + b"]" * 10_000,
        b'{"resourceType": "Bundle", "x": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        b'{"resourceType": "Bundle", "entry": ' + b'{"resource": ' * 10_000 + b"1" + b"}" * 10_001,
        b"{}\n{}x",
    ],
)
def test_what_is_not_fhir_gets_a_message(data: bytes) -> None:
    try:
        out = read_fhir(data, source="record.json")
    except InputError as error:
        refused = error
    else:
        assert out["unused"]
        return
    assert refused.field == "record.json"
    assert refused.would_do
    assert "\n" not in str(refused)


def test_one_broken_resource_spoils_nothing() -> None:
    broken = [
        b'{"resourceType": "MedicationRequest", "id": "h", "status": "active", "dosageInstruction": 1e999}',
        b'{"resourceType": "Observation", "code": "\xff", "id": "o"}',
        b'{"resourceType": "Condition", "id": 1e999}',
        b"7",
        b"[]",
        b'{"resourceType": "Observation", "id": "big", "code": "2160-0", "valueQuantity": {"value": '
        + b"9" * 500
        + b"}}",
    ]
    entries = b", ".join(
        b'{"resource": ' + raw + b"}" for raw in [*broken, json.dumps(order("good", "tizanidine")).encode()]
    )
    out = read_fhir(b'{"resourceType": "Bundle", "entry": [' + entries + b"]}", wanted=WANTED)
    assert "tizanidine" in said(out)
    assert told(out, "MedicationRequest/h")
    assert told(out, "Observation/o")
    assert "labs" not in out
    assert checked(
        b'{"resourceType": "Patient", "gender": "male"}\n{"resourceType": \n' + json.dumps(order()).encode()
    )["medicines"]


def test_the_newest_version_of_a_resource_is_read() -> None:
    old, new = (
        order(status="active", meta={"lastUpdated": "2026-01-01T00:00:00Z"}),
        order(status="cancelled", meta={"lastUpdated": "2026-01-02T00:00:00Z"}),
    )
    for pair in ((old, new), (new, old)):
        out = read(*pair, type="history")
        assert "medicines" not in out
        assert told(out, "several versions")


def test_the_order_of_entries_changes_nothing() -> None:
    for path in sorted(EXAMPLES.glob("*.json")):
        bundle = json.loads(path.read_bytes())
        kept = [e for e in bundle["entry"] if isinstance(e, dict) and isinstance(e["resource"], dict)]
        forward = checked(json.dumps({**bundle, "entry": kept}).encode())
        assert forward == checked(json.dumps({**bundle, "entry": kept[::-1]}).encode())


def test_direction_and_control_characters_do_not_reach_a_sentence() -> None:
    out = read(order("a\u202e\nb", status="cancelled"))
    assert all(sentence.isprintable() for sentence in out["unused"])


def test_a_thousand_like_problems_are_one_sentence() -> None:
    out = read(*[order(f"m{i}", status="cancelled") for i in range(1000)])
    assert len(out["unused"]) == 1
    assert "and 980 more" in out["unused"][0]


# whatever comes

_JUNK: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    1e308,
    "",
    "x",
    "2024",
    "2024-13-45",
    "9999-12-31",
    "0001-01-01T00:00:00+14:00",
    [],
    {},
    [None],
    [[]],
    {"coding": 3},
    {"reference": 5},
    {"value": "1"},
    [{"a": [1]}],
    "\u202e\U0001f600",
    {"coding": [{"code": 5, "system": []}]},
]


def _paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for key, inner in items for path in [(*at, key), *_paths(inner, (*at, key))]]


_BUNDLES = [json.loads(path.read_bytes()) for path in sorted(EXAMPLES.glob("*.json"))]
_PLACES = [_paths(bundle) for bundle in _BUNDLES]


@given(st.data())
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_mutation_raises_anything_but_an_input_error(data: st.DataObject) -> None:
    which = data.draw(st.integers(0, len(_BUNDLES) - 1))
    bundle = copy.deepcopy(_BUNDLES[which])
    for _ in range(data.draw(st.integers(1, 4))):
        *parents, key = data.draw(st.sampled_from(_PLACES[which]))
        here: Any = bundle
        try:
            for step in parents:
                here = here[step]
            if data.draw(st.booleans()):
                del here[key]
            else:
                here[key] = data.draw(st.sampled_from(_JUNK))
        except (KeyError, IndexError, TypeError):
            continue
    with contextlib.suppress(InputError):
        checked(json.dumps(bundle).encode())


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_an_input_error(data: bytes) -> None:
    for lead in (b"", b'{"resourceType":"Bundle","entry":['):
        with contextlib.suppress(InputError):
            read_fhir(lead + data)


# the five bundles of Synthea, where they are at hand


@pytest.mark.parametrize("name", ["Douglas_Walsh", "Ernie_Rosenbaum", "Jene_Cummings", "Louis_Maggio", "Oralia_Stark"])
def test_synthea(name: str) -> None:
    data = gzip.decompress((SYNTHEA / f"{name}.json.gz").read_bytes())
    out = checked(data)
    orders = [e["resource"] for e in json.loads(data)["entry"] if e["resource"]["resourceType"] == "MedicationRequest"]
    active = {o["medicationCodeableConcept"]["text"] for o in orders if o["status"] == "active"}
    assert {line["said"] for line in out["medicines"] if line.get("active") is not False} == active
    ended = {line["said"] for line in out["medicines"] if line.get("active") is False}
    assert ended | active == {o["medicationCodeableConcept"]["text"] for o in orders}
    assert sum("a day the record does not give" in sentence for sentence in out["unused"]) == 1
    assert out["weight"]["unit"] == "kg"
    assert out["smoker"] == {"now": False}


def test_synthea_through_the_patient_file(knowledge: Knowledge) -> None:
    for path in sorted(SYNTHEA.glob("*.json.gz")):
        patient = read_bytes(gzip.decompress(path.read_bytes()), knowledge, today=TODAY)
        assert patient.smoker == Smoker(now=False)
        assert not any(sentence.startswith(("smoker", "pregnant")) for sentence in patient.unused)
