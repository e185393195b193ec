"""What the CDS service says of itself, and from where it may be asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cds import KNOWLEDGE, ORDERS, PATIENT, Desk, example, prefetched, valid, view
from relaxant.io.fhir_observations import own_codes
from relaxant.service.cds.catalogue import templates

ORIGIN = "https://records.example"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    made = Desk(tmp_path_factory.mktemp("desk"), origins=(ORIGIN,))
    yield made
    made.close()


def test_discovery_lists_every_service_as_json(desk: Desk) -> None:
    answer = desk.get("/cds-services")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    found = answer.json()
    valid(found, "cds-discovery")
    assert [(s["hook"], s["id"]) for s in found["services"]] == [
        ("patient-view", "relaxant-patient"),
        ("order-select", "relaxant-orders"),
        ("order-sign", "relaxant-orders"),
    ]
    for service in found["services"]:
        assert service["title"] and service["description"] and service["usageRequirements"]


def test_every_discovered_id_is_an_address(desk: Desk) -> None:
    for service in desk.get("/cds-services").json()["services"]:
        assert desk.post(f"/cds-services/{service['id']}", b"{}").status_code == 400
    assert desk.post("/cds-services/another", b"{}").status_code == 404
    assert desk.post("/cds-services/another/feedback", b"{}").status_code == 404


def test_the_orders_services_share_an_id_so_that_the_second_answer_replaces_the_first(desk: Desk) -> None:
    services = desk.get("/cds-services").json()["services"]
    assert {s["hook"] for s in services if s["id"] == "relaxant-orders"} == {"order-select", "order-sign"}


@pytest.mark.parametrize("key", sorted(templates(KNOWLEDGE)))
def test_prefetch_keeps_within_the_queries_that_the_standard_recommends(key: str) -> None:
    template = templates(KNOWLEDGE)[key]
    assert re.findall(r"\{\{(.*?)\}\}", template) == [
        "context.patientId"
    ]  # a token of the first level, by its qualified name
    read = re.fullmatch(r"Patient/\{\{context\.patientId\}\}", template)
    search = re.fullmatch(r"[A-Z][A-Za-z]+\?patient=\{\{context\.patientId\}\}(&(status|code|_sort)=[^&]+)*", template)
    assert read or search
    assert ":" not in re.sub(r"https?://", "", template)  # no modifier


def test_prefetch_asks_for_every_code_that_is_read() -> None:
    asked = templates(KNOWLEDGE)
    wanted = {code for lab in KNOWLEDGE.labs.values() for code in lab.loinc} | set(own_codes())
    assert wanted == set(re.findall(r"http://loinc\.org\|([^,&]+)", asked["labs"] + asked["person"]))
    assert len(re.findall(r"http://snomed\.info/sct\|", asked["dialysis"])) > 1


def test_other_methods_are_refused(desk: Desk) -> None:
    assert desk.send("GET", ORDERS).status_code == 405
    assert desk.send("POST", "/cds-services").status_code == 405
    assert desk.send("OPTIONS", ORDERS).status_code == 405


# ---------------------------------------------------------------- other origins


def test_a_listed_origin_may_call(desk: Desk) -> None:
    answer = desk.send("OPTIONS", PATIENT, headers={"origin": ORIGIN, "access-control-request-method": "POST", "access-control-request-headers": "authorization, content-type"})  # fmt: skip
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "authorization" in answer.headers["access-control-allow-headers"].lower()
    called = desk.post(PATIENT, view(prefetched(example("ms-ckd-baclofen"))), headers={"origin": ORIGIN})
    assert called.status_code == 200 and called.headers["access-control-allow-origin"] == ORIGIN
    assert desk.get("/cds-services", headers={"origin": ORIGIN}).headers["access-control-allow-origin"] == ORIGIN


def test_a_refusal_can_be_read_by_a_listed_origin(desk: Desk) -> None:
    refused = desk.post(PATIENT, b"{", headers={"origin": ORIGIN})
    assert refused.status_code == 400 and refused.headers["access-control-allow-origin"] == ORIGIN


def test_another_origin_may_not(desk: Desk) -> None:
    other = "https://elsewhere.example"
    refused = desk.send("OPTIONS", PATIENT, headers={"origin": other, "access-control-request-method": "POST"})
    assert refused.status_code == 400 and "access-control-allow-origin" not in refused.headers
    called = desk.post(PATIENT, view(prefetched(example("ms-ckd-baclofen"))), headers={"origin": other})
    assert "access-control-allow-origin" not in called.headers


def test_without_origins_nobody_may(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    answer = desk.get("/cds-services", headers={"origin": ORIGIN})
    desk.close()
    assert answer.status_code == 200 and "access-control-allow-origin" not in answer.headers


def test_the_document_of_the_api_names_every_address(desk: Desk) -> None:
    document = desk.get("/openapi.json").json()
    assert {"/cds-services", "/cds-services/{service}", "/cds-services/{service}/feedback", "/health", "/ready", "/metrics"} <= set(document["paths"])  # fmt: skip
    call = document["paths"]["/cds-services/{service}"]["post"]
    names = {ref["$ref"].rsplit("/", 1)[1] for ref in call["requestBody"]["content"]["application/json"]["schema"]["anyOf"]}  # fmt: skip
    assert names == {"PatientView", "OrderSelect", "OrderSign"} and names <= set(document["components"]["schemas"])
    references = set(re.findall(r'"#/components/schemas/([^"]+)"', desk.get("/openapi.json").text))
    assert references <= set(document["components"]["schemas"])
