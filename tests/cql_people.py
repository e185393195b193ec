"""People as FHIR R4 bundles, seeded: what a record says in codes, with everything that it can leave open."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from relaxant.facts.renal import egfr_ckd_epi_2021
from relaxant.knowledge.labs import Lab

Resource = dict[str, Any]
AS_OF = date(2026, 11, 22)
RXNORM, SNOMED, ICD, LOINC = (
    "http://www.nlm.nih.gov/research/umls/rxnorm",
    "http://snomed.info/sct",
    "http://hl7.org/fhir/sid/icd-10-cm",
    "http://loinc.org",
)
# An ingredient and its products, in RxNorm.
MEDICINES = {
    "tizanidine": ("57258", "313412", "313413", "153735"),
    "baclofen": ("1292", "197391", "197392"),
    "baclofen into the spine": ("308516", "308517"),
    "ciprofloxacin": ("2551", "309309", "197511"),
    "ciprofloxacin for eye or ear": ("309307",),
    "fluvoxamine": ("42355", "903873", "903879"),
    "gabapentin": ("25480", "310430"),
    "oxycodone": ("7804", "1049621"),
    "sertraline": ("36437", "312940"),
    "amlodipine": ("17767", "197361"),
}
CONDITIONS = (
    (ICD, "N18.4"), (ICD, "N184"), (ICD, "N18.32"), (ICD, "N18.9"), (ICD, "N17.9"), (ICD, "G35"), (ICD, "G71.0"), (ICD, "Z99.2"), (ICD, "I10"), (ICD, "F03.90"),
    (ICD, "G40.909"), (ICD, "K27.9"), (SNOMED, "431857002"), (SNOMED, "433144002"), (SNOMED, "46177005"), (SNOMED, "14669001"), (SNOMED, "24700007"), (SNOMED, "38341003"),
)  # fmt: skip
ORAL, EYE, SPINE = "26643006", "54485002", "72607000"


def bundle(seed: int) -> dict[str, Any]:
    """One person's record; the same for the same seed."""
    rng = random.Random(seed)
    patient, born, sex = _patient(rng, f"p{seed}")
    return record(patient, *_results(rng, born, sex), *_conditions(rng), *_medicines(rng), *_dialysis(rng))


def bundle_of(
    seed: int, sets: Sequence[Sequence[str]], conditions: Sequence[tuple[str, str]], labs: Sequence[Lab]
) -> dict[str, Any]:
    """One person who has some of these: RxNorm codes of some of the sets, conditions by system and code, results of laboratory tests."""
    rng = random.Random(seed)
    patient, born, sex = _patient(rng, f"p{seed}")
    found = [patient, *_results(rng, born, sex), *_dialysis(rng)]
    for codes in rng.sample(sets, min(len(sets), rng.choice((3, 5)))):
        found += _medicine(rng, rng.choice(codes), "")
    for system, code in rng.sample(conditions, rng.choice((0, 1, 3))):
        found.append(_condition(rng, system, code))
    for lab in rng.sample(labs, 6):
        value = rng.uniform(lab.plausible_low, min(lab.plausible_high, 10 * max(lab.plausible_low, 1)))
        found.append(
            _observation(
                rng.choice(lab.loinc), value, lab.unit, rng, AS_OF - timedelta(days=rng.choice((0, 1, 20, 100)))
            )
        )
    return record(*found)


def record(patient: Resource, *found: Resource) -> dict[str, Any]:
    """A bundle of resources that are all this patient's."""
    person = patient["id"]
    for place, resource in enumerate((patient, *found)):
        resource.setdefault("id", f"r{place}")
        if resource["resourceType"] not in ("Patient", "Medication"):
            resource["subject"] = {"reference": f"Patient/{person}"}
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": resource} for resource in (patient, *found)],
    }


def _patient(rng: random.Random, person: str) -> tuple[Resource, date | None, str | None]:
    patient: Resource = {"resourceType": "Patient", "id": person}
    sex = rng.choices(("female", "male", "other", "unknown", None), (8, 8, 1, 1, 1))[0]
    if sex:
        patient["gender"] = sex
    if rng.random() < 0.05:
        patient["extension"] = [{"url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex", "valueCode": rng.choice(("F", "M", "UNK"))}]  # fmt: skip
    born: date | None = AS_OF - timedelta(
        days=rng.choice((rng.randrange(6000, 34000), rng.randrange(100, 6600), 23741, 6575, 6574))
    )
    if rng.random() < 0.1:
        born = date(rng.choice((1936, 1952, 1960, 2008)), 2, 29)
    if rng.random() < 0.05:
        patient["birthDate"] = str(born)[: rng.choice((4, 7))]
        return patient, None, sex
    if rng.random() < 0.04:
        return patient, None, sex
    patient["birthDate"] = str(born)
    return patient, born, sex


# ---------------------------------------------------------------- results


def _results(rng: random.Random, born: date | None, sex: str | None) -> list[Resource]:
    out = []
    if rng.random() < 0.85:
        value = rng.choice((rng.uniform(0.4, 1.3), rng.uniform(1.3, 4.5)))
        if born is not None and rng.random() < 0.5:
            value = _creatinine_at(rng.choice((30, 60, 90)) + rng.choice((-1e-4, 1e-4)), born, sex != "male")
        newest = AS_OF - timedelta(days=rng.choice((0, 3, 7, 60, 179, 180, 181, 500)))
        out.append(_observation("2160-0", value, "mg/dL", rng, newest))
        for _ in range(rng.choice((0, 0, 1, 2))):
            gap = rng.choice((0, 1, 2, 3, 7, 8, 40))
            out.append(
                _observation(
                    "2160-0",
                    value * rng.choice((0.5, 0.66, 0.8, 0.995, 1.0, 1.5)),
                    "mg/dL",
                    rng,
                    newest - timedelta(days=gap),
                )
            )
        if rng.random() < 0.1:
            out.append(_observation("38483-4", value, "mg/dL", rng, AS_OF + timedelta(days=2)))
    for code, chance, low, high, unit in (
        ("29463-7", 0.7, 38, 120, "kg"),
        ("8302-2", 0.6, 140, 195, "cm"),
        ("33863-2", 0.15, 0.6, 4.0, "mg/L"),
        ("98979-8", 0.2, 10, 120, "mL/min/{1.73_m2}"),
    ):
        for _ in range(rng.choice((1, 1, 2)) if rng.random() < chance else 0):
            when = AS_OF - timedelta(days=rng.choice((-1, 0, 20, 180, 181, 700)))
            out.append(_observation(code, rng.uniform(low, high), unit, rng, when))
    return out


def _creatinine_at(rate: float, born: date, female: bool) -> float:
    """The creatinine whose CKD-EPI 2021 is this rate, by halving."""
    age, low, high = max(18.0, (AS_OF - born).days / 365.25), 0.2, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        value = egfr_ckd_epi_2021([middle], [age], [float(female)]).item()
        low, high = (middle, high) if value > rate else (low, middle)
    return low


def _observation(code: str, value: float, unit: str, rng: random.Random, when: date) -> Resource:
    out: Resource = {
        "resourceType": "Observation",
        "status": rng.choices(("final", "amended", "preliminary", "entered-in-error", "cancelled"), (30, 3, 2, 1, 1))[
            0
        ],
    }
    out["code"] = {"coding": [{"system": LOINC, "code": code}]}
    said = rng.choices(("day", "moment", "zone", "none", "period"), (12, 4, 4, 1, 1))[0]
    if said == "day":
        out["effectiveDateTime"] = str(when)
    elif said == "moment":
        out["effectiveDateTime"] = f"{when}T{rng.randrange(24):02}:15:00Z"
    elif said == "zone":
        out["effectiveDateTime"] = f"{when}T{rng.choice(('23:40', '00:20'))}:00{rng.choice(('-05:00', '+09:30'))}"
    elif said == "period":
        out["effectivePeriod"] = {"start": str(when - timedelta(days=1)), "end": str(when)}
    unit, value = rng.choice(((unit, value), *_ELSE.get(unit, lambda v: [])(value)))
    if unit != "umol/L":
        value = round(value, 7)
    quantity: Resource = {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    if rng.random() < 0.2:
        del quantity["code"], quantity["system"]
    if rng.random() < 0.04:
        quantity["comparator"] = rng.choice(("<", ">"))
    if rng.random() < 0.02:
        quantity.pop("value")
    if rng.random() < 0.03:
        quantity["value"] = value * 1000
    out["valueQuantity"] = quantity
    return out


_ELSE: dict[str, Any] = {
    "mg/dL": lambda v: [("umol/L", v / 0.011312)],
    "kg": lambda v: [("[lb_av]", v / 0.45359237)],
    "cm": lambda v: [("m", v / 100), ("[in_i]", v / 2.54)],
}


# ---------------------------------------------------------------- conditions, dialysis


def _conditions(rng: random.Random) -> list[Resource]:
    out = []
    for _ in range(rng.choice((0, 0, 1, 2, 3))):
        out.append(_condition(rng, *rng.choice(CONDITIONS)))
    return out


def _condition(rng: random.Random, system: str, code: str) -> Resource:
    one: Resource = {"resourceType": "Condition", "code": {"coding": [{"system": system, "code": code}]}}
    status = rng.choices(("active", "recurrence", "remission", "inactive", "resolved", None), (20, 1, 1, 2, 2, 3))[0]
    if status:
        one["clinicalStatus"] = _of("condition-clinical", status)
    verified = rng.choices(("confirmed", "provisional", "refuted", "entered-in-error"), (20, 1, 1, 1))[0]
    one["verificationStatus"] = _of("condition-ver-status", verified)
    if rng.random() < 0.2:
        over = str(AS_OF + timedelta(days=rng.choice((-400, -1, 0, 1, 30))))
        one["abatementDateTime"] = over[: rng.choice((4, 7, 10))]
    return one


def _of(system: str, code: str) -> Resource:
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{system}", "code": code}]}


def _dialysis(rng: random.Random) -> list[Resource]:
    if rng.random() > 0.05:
        return []
    code = {"coding": [{"system": SNOMED, "code": rng.choice(("302497006", "71192002"))}]}
    return [
        {
            "resourceType": "Procedure",
            "status": rng.choice(("completed", "not-done")),
            "code": code,
            "performedDateTime": "2026-11-20",
        }
    ]


# ---------------------------------------------------------------- medicines


def _medicines(rng: random.Random) -> list[Resource]:
    if rng.random() < 0.05:
        return []
    names = [name for name in MEDICINES if rng.random() < (0.45 if name in ("tizanidine", "baclofen") else 0.2)]
    out = []
    for name in names:
        orders = rng.choice((1, 1, 1, 2))
        for _ in range(orders):
            out += _medicine(rng, rng.choice(MEDICINES[name]), name, dated=orders == 1)
    if rng.random() < 0.05:
        out += _medicine(rng, "99999999", "unknown")
    return out


def _medicine(rng: random.Random, code: str, name: str, *, dated: bool = False) -> list[Resource]:
    """An order or a statement. Where it is the only one of its medicine, ``dated``, its dosing may have an end: of several the bedside reads one dosing."""
    concept: Resource = {"coding": [{"system": RXNORM, "code": code}]}
    dosage: Resource = {}
    if rng.random() < 0.2:
        dosage["route"] = {
            "coding": [{"system": SNOMED, "code": SPINE if "spine" in name else EYE if "eye" in name else ORAL}]
        }
    if dated and rng.random() < 0.15:
        dosage["timing"] = {
            "repeat": {
                "frequency": 3,
                "period": 1,
                "periodUnit": "d",
                "boundsPeriod": {
                    "start": "2026-01-05",
                    "end": str(AS_OF + timedelta(days=rng.choice((-30, -1, 0, 60)))),
                },
            }
        }
    if rng.random() < 0.6:
        one: Resource = {"resourceType": "MedicationRequest", "intent": "order", "authoredOn": "2026-01-05"}
        one["status"] = rng.choices(
            ("active", "on-hold", "stopped", "completed", "cancelled", "entered-in-error", "draft", "unknown"),
            (30, 2, 4, 4, 2, 1, 4, 1),
        )[0]
        if rng.random() < 0.06:
            one["intent"] = rng.choice(("proposal", "plan"))
        if rng.random() < 0.04:
            one["reportedBoolean"] = True
        if rng.random() < 0.02:
            one["doNotPerform"] = True
        if dosage:
            one["dosageInstruction"] = [dosage]
    else:
        one = {"resourceType": "MedicationStatement", "effectivePeriod": {"start": "2026-01-05"}}
        one["status"] = rng.choices(
            ("active", "completed", "stopped", "on-hold", "not-taken", "intended", "entered-in-error"),
            (30, 4, 4, 2, 2, 2, 1),
        )[0]
        if one["status"] in ("completed", "stopped") and rng.random() < 0.8:
            one["effectivePeriod"]["end"] = str(AS_OF - timedelta(days=rng.choice((0, 1, 20, 200))))
        if dosage:
            one["dosage"] = [dosage]
    if rng.random() < 0.1:
        held = {"resourceType": "Medication", "id": f"m{code}-{rng.randrange(10**9)}", "code": concept}
        one["medicationReference"] = {"reference": f"Medication/{held['id']}"}
        return [held, one]
    one["medicationCodeableConcept"] = concept
    return [one]
