"""Plans and reviews as FHIR: products with their form, route and supply, what is taken and what waits, what findings are about.

That every resource is valid, and that all formats say the same, is tested in test_plan_outputs and test_review_outputs.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from conftest import TODAY, reviewed
from made_plans import ALL, HEAD, switch, taper, titration
from relaxant.io.read import read_bytes
from relaxant.knowledge.load import Knowledge
from relaxant.medicines.dosage.codes import ROUTE_CODES
from relaxant.medicines.medicine import Medicine
from relaxant.medicines.read import read_medicines
from relaxant.planning.plan import Plan
from relaxant.report.plan.page import PlanHead
from relaxant.report.plan.view import plan_view
from relaxant.report.plans import render_plan
from relaxant.report.review.view import head_of
from relaxant.report.reviews import render_review
from test_plan_outputs import r4_schema  # noqa: F401

PERSON: dict[str, Any] = {
    "as_of": "2026-11-26", "country": "UK", "label": "bed 4", "sex": "female", "age": 58, "weight": "61 kg", "height": "165 cm", "allergies": [],
    "conditions": ["multiple sclerosis"], "labs": [{"name": "creatinine", "value": "0.9 mg/dL", "date": "2026-11-10"}],
}  # fmt: skip
TAPER = {
    **PERSON,
    "medicines": ["baclofen 10 mg three times a day since 2024-01-05", "gabapentin 300 mg three times a day since 2025-01-01"],
    "considering": [{"drug": "baclofen", "change": "stop"}],
}  # fmt: skip
START = {
    **PERSON, "country": "DE", "dialysis": "none", "considering": ["tizanidine"],
    "medicines": ["dantrolene 50 mg three times a day since 2026-06-01", "baclofen 20 mg three times a day since 2023-06-01"],
    "labs": [{"name": "creatinine", "value": "0.9 mg/dL", "date": "2026-06-10"}, {"name": "ALT", "value": "30 U/L", "date": "2026-06-10"}],
}  # fmt: skip
HELD = {**PERSON, "country": "US", "medicines": ["ciprofloxacin 500 mg twice a day since 2026-11-20", "tizanidine 4 mg three times a day since 2025-03-01", "lisinopril 10 mg once a day"]}  # fmt: skip
LISTED = {
    **PERSON,
    "medicines": [
        "baclofen 5 mg in the morning and 10 mg at night since 2024-01-05", "diazepam 2 to 5 mg as needed up to 3 times a day", "methotrexate 10 mg once a week",
        "paracetamol 1 g every 4-6 h as needed, max 4 g a day", "levothyroxine 50 micrograms daily", "St John's wort", "blarfex 20 mg",
        {"drug": "tizanidine", "dose": "8 mg", "frequency": "three times a day", "start": "2024-05-01", "stop": "2026-11-25"},
    ],
}  # fmt: skip


def bundle_of(data: bytes) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The Bundle, and its resources by address."""
    bundle = json.loads(data)
    return bundle, {e["fullUrl"]: e["resource"] for e in bundle["entry"]}


def planned(plan: Plan, head: PlanHead = HEAD) -> dict[str, dict[str, Any]]:
    return bundle_of(render_plan(plan, "fhir", head=head))[1]


def of_review(person: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return bundle_of(render_review(reviewed(person), "fhir"))[1]


def some(resources: dict[str, dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [r for r in resources.values() if r["resourceType"] == kind]


def steps(resources: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [r for r in some(resources, "MedicationRequest") if "groupIdentifier" in r]


def told(resources: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The medicines that were told, by name."""
    return {r["medicationCodeableConcept"]["text"]: r for r in some(resources, "MedicationRequest") if r.get("reportedBoolean")}  # fmt: skip


def refs(values: list[dict[str, str]]) -> list[str]:
    return [v["reference"] for v in values]


# ---------------------------------------------------------------- products, routes, supply


def test_a_request_names_its_product_route_and_supply() -> None:
    resources = planned(taper())
    first = steps(resources)[0]
    product = resources[first["medicationReference"]["reference"]]
    assert product["form"]["text"] == "tablet" and product["code"]["coding"][0]["code"]
    (ingredient,) = product["ingredient"]
    assert (ingredient["strength"]["numerator"]["value"], ingredient["strength"]["denominator"]["unit"]) == (10, "tablet")  # fmt: skip
    night = first["dosageInstruction"][-1]
    assert night["text"] == "DOSE 15 mg, night: 1 1/2 tablets of 10 mg"
    assert night["route"]["text"] == "by mouth"
    assert ROUTE_CODES[night["route"]["coding"][0]["code"]] == "oral"
    supply = first["dispenseRequest"]
    assert supply["quantity"] == {"value": 24.5, "unit": "tablets"}  # 3 and a half a day for 7 days
    assert supply["expectedSupplyDuration"]["value"] == 7
    assert supply["validityPeriod"] == {"start": "2026-11-23", "end": "2026-11-29"}
    liquid = steps(resources)[-1]
    assert resources[liquid["medicationReference"]["reference"]]["form"]["text"] == "oral solution"
    assert liquid["dosageInstruction"][0]["text"] == "DOSE 2.5 mg, night: 2.5 mL of 1 mg in 1 mL"
    assert liquid["dispenseRequest"]["quantity"] | {"value": 17.5} == liquid["dispenseRequest"]["quantity"]
    assert liquid["dispenseRequest"]["quantity"]["code"] == "mL"


@pytest.mark.parametrize("name", ["taper", "titration", "switch"])
def test_every_dose_says_of_what_it_is_made(name: str) -> None:
    for request in steps(planned(ALL[name]())):
        for dose in request["dosageInstruction"]:
            assert re.search(r"\d (?:tablet|tablets|capsule|capsules|mL) of \d", dose["text"])


@pytest.mark.parametrize("person", [TAPER, START])
def test_the_supply_of_all_steps_is_that_of_the_plan(person: dict[str, Any]) -> None:
    review = reviewed(person)
    (plan,) = review.plan
    view = plan_view(plan, head_of(review))
    made: dict[str, float] = defaultdict(float)
    for request in steps(planned(plan, head_of(review))):
        made[request["medicationReference"]["display"]] += request["dispenseRequest"]["quantity"]["value"]
    wanted: dict[str, float] = defaultdict(float)
    for supply in plan.supply:
        wanted[f"{view.agents[0].name}, {view.products[supply.product].name}"] += supply.count
    assert made == pytest.approx(wanted)


def test_a_step_of_two_products_is_two_requests_of_one_group() -> None:
    """A request speaks of one product; both say of which dose they are a part."""
    first = taper().steps[0]
    count = type(first.takes[0].counts[0])
    half = msgspec.structs.replace(first.takes[-1], counts=(count(count=1.0, product=0), count(count=5.0, product=1)))
    plan = msgspec.structs.replace(taper(), steps=(msgspec.structs.replace(first, takes=(*first.takes[:-1], half)), *taper().steps[1:]))  # fmt: skip
    one, two, next_one, *_ = steps(planned(plan))
    assert one["groupIdentifier"] == two["groupIdentifier"] != next_one["groupIdentifier"]
    assert [d["doseAndRate"][0]["doseQuantity"]["value"] for d in one["dosageInstruction"]] == [10, 10, 10]
    (part,) = two["dosageInstruction"]
    assert part["doseAndRate"][0]["doseQuantity"]["value"] == 5
    assert part["text"] == "5 mL of 1 mg in 1 mL, a part of DOSE 15 mg, night: 1 tablet of 10 mg + 5 mL of 1 mg in 1 mL"
    assert "Part 2 of 2" in " ".join(n["text"] for n in two["note"])


def test_sprays_are_counted_and_hold_no_amount() -> None:
    resources = of_review({**PERSON, "medicines": [], "considering": ["nabiximols"]})
    doses = [d for r in steps(resources) for d in r["dosageInstruction"]]
    assert doses and all(re.search(r": (?:1 spray|\d+ sprays)$", d["text"]) for d in doses)
    assert {d["route"]["text"] for d in doses} == {"inside the cheek"}
    (product,) = some(resources, "Medication")
    assert product["form"]["text"] == "oromucosal spray" and "strength" not in product["ingredient"][0]
    assert {r["dispenseRequest"]["quantity"]["unit"] for r in steps(resources)} <= {"sprays", "oromucosal spray"}


def test_no_route_is_by_mouth_where_a_tube_feeds() -> None:
    resources = planned(titration(), msgspec.structs.replace(HEAD, tube=True))
    routes = {d["route"]["text"] for r in steps(resources) for d in r["dosageInstruction"]}
    assert routes == {"by feeding tube"}
    assert not any("coding" in d["route"] for r in steps(resources) for d in r["dosageInstruction"])
    assert head_of(reviewed({**TAPER, "swallowing": "tube"})).tube and not head_of(reviewed(TAPER)).tube


# ---------------------------------------------------------------- what is taken


def test_what_is_taken_is_there_and_the_plan_points_at_it() -> None:
    resources = of_review(TAPER)
    taken = told(resources)
    assert set(taken) == {"baclofen", "gabapentin"}
    assert all((r["status"], r["intent"]) == ("active", "plan") for r in taken.values())
    baclofen = taken["baclofen"]
    (dose,) = baclofen["dosageInstruction"]
    assert dose["timing"]["repeat"] == {"frequency": 3, "period": 1, "periodUnit": "d", "boundsPeriod": {"start": "2024-01-05"}}  # fmt: skip
    assert dose["doseAndRate"][0]["doseQuantity"]["value"] == 10 and baclofen["authoredOn"] == "2024-01-05"
    for plan in some(resources, "CarePlan"):
        assert set(refs(plan["supportingInfo"])) == {f"urn:uuid:{r['id']}" for r in taken.values()}
    first, *later = steps(resources)
    assert resources[first["priorPrescription"]["reference"]] is baclofen
    for before, request in zip((first, *later), later, strict=False):
        assert resources[request["priorPrescription"]["reference"]] is before


def test_a_start_takes_the_place_of_nothing() -> None:
    resources = of_review(START)
    first, second, *_ = steps(resources)
    assert "priorPrescription" not in first and "priorPrescription" in second
    assert not of_what_is_weighed(resources), "the steps say it"


def of_what_is_weighed(resources: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [r for r in some(resources, "MedicationRequest") if any("Weighed." in n["text"] for n in r["note"])]


def test_what_may_not_be_started_is_asked_not_to_be_given() -> None:
    person = {
        **PERSON,
        "dialysis": "haemodialysis",
        "medicines": [],
        "considering": ["baclofen 10 mg three times a day"],
    }
    resources = of_review(person)
    (refused,) = some(resources, "MedicationRequest")
    assert refused["doNotPerform"] is True and refused["intent"] == "proposal" and refused["status"] == "draft"
    assert any(n["text"].startswith("Refused: ") for n in refused["note"])
    issue = next(r for r in some(resources, "DetectedIssue") if r["code"]["text"] == "Plan refused")
    assert resources[issue["implicated"][0]["reference"]] is refused


def test_no_request_for_what_no_calendar_could_be_made_of() -> None:
    """A rise beyond the last step of its source: nothing forbids baclofen, and the dose that is taken goes on."""
    person = {**PERSON, "medicines": ["baclofen 20 mg three times a day since 2026-01-20"], "considering": ["baclofen 25 mg three times a day"]}  # fmt: skip
    review = reviewed(person)
    resources = of_review(person)
    assert all(p.refused and not p.steps for p in review.plan) and review.plan
    assert not of_what_is_weighed(resources)
    assert "end" not in told(resources)["baclofen"]["dosageInstruction"][0]["timing"]["repeat"]["boundsPeriod"]


def test_steps_take_the_place_of_what_is_weighed_and_of_what_is_taken() -> None:
    person = {**PERSON, "medicines": ["tizanidine 2 mg at night since 2026-06-01"], "considering": ["tizanidine 4 mg twice a day"]}  # fmt: skip
    resources = of_review(person)
    assert steps(resources) and not of_what_is_weighed(resources)
    now = told(resources)["tizanidine"]
    assert any("it takes the place of this line from 2026-11-26 on" in n["text"] for n in now["note"])
    assert resources[steps(resources)[0]["priorPrescription"]["reference"]] is now
    about = [i for i in some(resources, "DetectedIssue") if i.get("implicated")]
    assert about and all(a["reference"] in resources for i in about for a in i["implicated"])


def test_a_stopped_medicine_is_told_as_stopped() -> None:
    gone = told(of_review(LISTED))["tizanidine"]
    assert gone["status"] == "stopped"
    assert gone["dosageInstruction"][0]["timing"]["repeat"]["boundsPeriod"]["end"] == "2026-11-25"


@pytest.mark.parametrize("person", [TAPER, START, HELD, LISTED])
def test_what_is_taken_reads_back(person: dict[str, Any], knowledge: Knowledge) -> None:
    """The list of a written Bundle is that of the file: ingredients, intake, days."""

    def listed(data: bytes) -> list[tuple[Any, ...]]:
        read = read_medicines(read_bytes(data, knowledge, today=TODAY, as_of="2026-11-26"), knowledge)
        kept: list[Medicine] = [m for m in read if m.role != "considering"]
        return sorted((tuple(i.name for i in m.ingredients), m.role, str(m.regimen.daily), str(m.regimen.start), str(m.regimen.stop)) for m in kept)  # fmt: skip

    assert listed(render_review(reviewed(person), "fhir")) == listed(json.dumps(person).encode())


# ---------------------------------------------------------------- what comes first, what is not given


def test_what_must_be_known_first_is_in_every_request() -> None:
    review = reviewed(START)
    (plan,) = review.plan
    needs = plan_view(plan, head_of(review)).needs
    assert needs and "ALT" in needs
    for request in steps(of_review(START)):
        assert all(name in request["statusReason"]["text"] for name in needs) and request["status"] == "draft"
    noted = [any("Needed before" in n["text"] for n in r["note"]) for r in steps(of_review(START))]
    assert noted[0] and not any(noted[2:])
    assert not any("statusReason" in r for r in steps(of_review(TAPER)))


def test_what_is_held_at_once_is_not_to_be_given() -> None:
    resources = of_review(HELD)
    (held,) = (r for r in some(resources, "MedicationRequest") if r.get("doNotPerform"))
    assert held["medicationCodeableConcept"]["text"] == "tizanidine" and "dosageInstruction" not in held
    said = " ".join(n["text"] for n in held["note"])
    assert "tizanidine: not to be given, from Thu 2026-11-26 on." in said and "Hold tizanidine from now" in said
    assert resources[held["priorPrescription"]["reference"]] is told(resources)["tizanidine"]
    assert any("from 2026-11-26 on" in n["text"] for n in told(resources)["tizanidine"]["note"])
    (plan,) = (p for p in some(resources, "CarePlan") if p["title"] == "Tapering tizanidine")
    assert refs([a["reference"] for a in plan["activity"]]) == [f"urn:uuid:{held['id']}"]
    assert not any(r.get("doNotPerform") for r in some(of_review(TAPER), "MedicationRequest"))


def test_of_an_exchange_the_old_one_that_has_no_steps_is_not_to_be_given() -> None:
    rising = tuple(s for s in switch().steps if s.agent == "tizanidine")
    plan = msgspec.structs.replace(switch(), agents=("tizanidine", "baclofen"), steps=rising, last_dose=HEAD.as_of - timedelta(days=1))  # fmt: skip
    held = [r for r in some(planned(plan), "MedicationRequest") if r.get("doNotPerform")]
    assert [r["medicationCodeableConcept"]["text"] for r in held] == ["baclofen"]
    assert "from Sun 2026-11-22 on" in held[0]["note"][0]["text"]
    ways_down = msgspec.structs.replace(switch(), agents=("tizanidine", "baclofen"), last_dose=date(2026, 12, 13))
    assert not any(r.get("doNotPerform") for r in some(planned(ways_down), "MedicationRequest"))


# ---------------------------------------------------------------- findings, days, the Bundle


def test_a_finding_says_of_what_kind_it_is_and_whom_it_is_about() -> None:
    review, resources = reviewed(HELD), of_review(HELD)
    taken = told(resources)
    issues = {i["identifier"][0]["value"]: i for i in some(resources, "DetectedIssue") if "identifier" in i}
    for finding in review.findings:
        issue = issues[finding.id]
        text = issue["code"]["text"]
        assert text not in ("DANGER", "CHANGE", "WATCH", "NOTE") and " " in text
        wanted = {f"urn:uuid:{taken[n]['id']}" for n in (*finding.agents, *finding.partners)}
        assert set(refs(issue["implicated"])) == wanted
        coded = issue["code"].get("coding", [{}])[0].get("code")
        assert coded == ("DRG" if finding.partners else None)


def test_a_day_that_has_passed_is_said_and_not_planned() -> None:
    today = "2026-11-26"
    (followed,) = (p for p in some(of_review(START), "CarePlan") if p["title"] == "Monitoring")
    details = [a["detail"] for a in followed["activity"]]
    overdue = [d for d in details if "OVERDUE" in d["description"]]
    assert overdue and all("OVERDUE" in d["statusReason"]["text"] for d in overdue)
    for detail in details:
        days = [*detail.get("scheduledTiming", {}).get("event", ()), *detail.get("scheduledPeriod", {}).values()]
        assert all(day >= today for day in days)
        assert detail["status"] == "not-started"


@pytest.mark.parametrize("of", ["plan", "review"])
def test_a_bundle_has_its_own_name(of: str) -> None:
    def written(person: dict[str, Any]) -> dict[str, Any]:
        review = reviewed(person)
        plan = review.plan[0]
        data = render_review(review, "fhir") if of == "review" else render_plan(plan, "fhir", head=head_of(review))
        return bundle_of(data)[0]

    one, again, later = written(TAPER), written(TAPER), written({**TAPER, "weight": "62 kg"})
    assert one["identifier"]["system"] == "urn:ietf:rfc:3986" and one["type"] == "collection"
    assert one["timestamp"] == "2026-11-26T00:00:00Z"
    assert one["identifier"] == again["identifier"] != later["identifier"] and one["id"] == later["id"]


def test_the_composition_has_a_type_that_others_know() -> None:
    (composition,) = some(of_review(TAPER), "Composition")
    assert composition["type"]["coding"] == [{"system": "http://loinc.org", "code": "61356-2", "display": "Medication pharmaceutical advice.extended Document"}]  # fmt: skip
    (section,) = (s for s in composition["section"] if s["title"] == "Medicines as read")
    assert len(section["entry"]) == 2


@pytest.mark.parametrize("person", [TAPER, START, HELD, LISTED])
def test_it_is_valid_against_the_official_schema(person: dict[str, Any], r4_schema: dict[str, Any]) -> None:  # noqa: F811
    from jsonschema import Draft6Validator

    review = reviewed(person)
    head = head_of(review)
    for data in (render_review(review, "fhir"), *(render_plan(p, "fhir", head=head) for p in review.plan)):
        bundle, resources = bundle_of(data)
        assert not list(Draft6Validator(r4_schema).iter_errors(bundle))
        assert len(resources) == len(bundle["entry"])
        assert set(re.findall(r'"reference": "(urn:uuid:[^"]+)"', data.decode())) <= set(resources)
        for resource in resources.values():
            own = {"$ref": f"#/definitions/{resource['resourceType']}", "definitions": r4_schema["definitions"]}
            assert not list(Draft6Validator(own).iter_errors(resource))
