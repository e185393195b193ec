"""Cards: the findings of the bedside review and nothing else, few and short."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select as chosen

from cds import (  # fmt: skip
    KNOWLEDGE,
    ORDERS,
    TODAY,
    Desk,
    as_bundle,
    bundle,
    drafts_of,
    example,
    names,
    order,
    prefetched,
    select,
    sign,
    stops_of,
    view,
)
from relaxant.io.read import read_bytes
from relaxant.reviewing import Review, checked, review
from relaxant.service.cds.record import gathered, patient_of
from relaxant.service.cds.request import read_call
from relaxant.service.settings import Smart
from relaxant.service.store.tables import CARDS

INDICATORS = {"DANGER": "critical", "CHANGE": "warning", "WATCH": "info", "NOTE": "info"}
TIZANIDINE = order("tizanidine 4 mg tablet", "4 mg three times a day")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    made = Desk(tmp_path_factory.mktemp("desk"))
    yield made
    made.close()


def bedside(call: dict[str, Any]) -> Review:
    """The review of everything that a call holds, as the bedside makes it of a bundle."""
    patient = read_bytes(as_bundle(call), KNOWLEDGE, today=TODAY, considering=stops_of(call))
    return review(patient, knowledge=KNOWLEDGE, predict=False, plan=False)


def kept(desk: Desk, cards: list[dict[str, Any]]) -> list[str]:
    """The findings that are kept of some cards, in their order."""
    rows = desk.house.store.read(lambda c: c.execute(chosen(CARDS.c.card, CARDS.c.finding)).all())
    by_card = {row.card: row.finding for row in rows}
    return [by_card[c["uuid"]] for c in cards]


def calls(name: str) -> list[dict[str, Any]]:
    patient = example(name)
    orders = drafts_of(patient) or [TIZANIDINE]
    return [view(prefetched(patient)), select(prefetched(patient), orders), sign(prefetched(patient), orders)]


# ---------------------------------------------------------------- the same findings


@pytest.mark.parametrize("name", names())
def test_the_findings_are_those_of_the_bedside(name: str) -> None:
    for call in calls(name):
        sent = read_call(json.dumps(call).encode())
        patient = patient_of(gathered(sent), KNOWLEDGE, today=TODAY, country="US")
        found, whole = checked(patient, knowledge=KNOWLEDGE), bedside(call)
        assert found.findings == whole.findings
        assert found.unchecked == whole.unchecked and found.checks == tuple(
            c for c in whole.checks if c.outcome != "silent"
        )


@pytest.mark.parametrize("name", names())
def test_the_cards_are_those_findings(desk: Desk, name: str) -> None:
    opened, _, signed = calls(name)
    whole = bedside(opened)
    cards = desk.cards(opened)
    assert len(cards) <= 1
    if whole.findings:
        assert kept(desk, cards) == [whole.findings[0].id]
        assert cards[0]["summary"] == whole.findings[0].summary
        assert cards[0]["indicator"] == INDICATORS[whole.findings[0].tier]

    whole = bedside(signed)
    weighed = [m for m in whole.medicines if m.role == "considering"]
    agents = {a for m in weighed for a in m.agents}
    taken = {i.name for m in weighed for i in m.ingredients}
    about = [f for f in whole.findings if agents & set(f.agents) or taken & set(f.partners)]
    grave = [f for f in about if f.tier in ("DANGER", "CHANGE")]
    cards = desk.cards(signed)
    found = [i for i in kept(desk, cards) if i not in ("unchecked", "rest")]
    assert found == [f.id for f in grave]
    by_id = {f.id: f for f in grave}
    for card, ident in zip(cards, found, strict=False):
        assert (card["summary"], card["indicator"]) == (by_id[ident].summary, INDICATORS[by_id[ident].tier])
    others = kept(desk, cards).count("unchecked"), kept(desk, cards).count("rest")
    assert others[0] <= 1 and others[1] <= 1
    for card, ident in zip(cards, kept(desk, cards), strict=True):
        behind = len(whole.findings) - len(grave)
        if ident != "unchecked" and behind:
            assert f"({behind} more finding" in card["links"][0]["label"]


def test_only_the_selected_orders_are_spoken_of(desk: Desk) -> None:
    sent = prefetched(example("ms-ckd-baclofen"))
    other = order("ciprofloxacin 500 mg tablet", "500 mg twice a day", "draft2")
    harmless = order("paracetamol 500 mg tablet", "1 g four times a day", "draft3")
    both = [TIZANIDINE, other, harmless]
    assert desk.cards(select(sent, both, ["MedicationRequest/draft2"]))[0]["indicator"] == "critical"
    assert desk.cards(select(sent, both, ["MedicationRequest/draft3"])) == []


def test_what_was_not_known_is_one_card_that_names_it_the_gravest_first(desk: Desk) -> None:
    sent = {"patient": {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1968-03-02"}, "medicationRequests": bundle([])}  # fmt: skip
    cards = desk.cards(sign({**sent, "conditions": bundle([])}, [TIZANIDINE]))
    [card] = [c for c in cards if c["source"]["topic"]["code"] == "unchecked"]
    assert card["indicator"] == "info" and len(card["summary"]) < 140
    lines = re.findall(r"^- (.+): \d+ checks?, up to (\w+)$", card["detail"], re.M)
    assert len(lines) > 2
    order_of = ["DANGER", "CHANGE", "WATCH", "NOTE"]
    assert [order_of.index(t) for _, t in lines] == sorted(order_of.index(t) for _, t in lines)
    assert lines[0][0] in card["summary"]


def test_what_could_only_find_a_watch_is_no_card(desk: Desk) -> None:
    """In this patient all that could find a DANGER or a CHANGE is known."""
    sent = prefetched(example("nothing-wrong"))
    for card in desk.cards(sign(sent, drafts_of(example("nothing-wrong")))):
        if card["source"]["topic"]["code"] == "unchecked":
            assert re.search("DANGER|CHANGE", card["detail"])


def _allergic(allergies: Any, **more: Any) -> dict[str, Any]:
    """All that ten ordinary orders ask for, with these allergies."""
    who = {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1968-03-02"}
    known = [("2160-0", 0.8, "mg/dL"), ("1742-6", 20, "U/L"), ("1920-8", 20, "U/L"), ("8480-6", 125, "mmHg"), ("8867-4", 75, "/min"), ("29463-7", 70, "kg")]  # fmt: skip
    labs = [
        {"resourceType": "Observation", "id": code, "status": "final", "subject": {"reference": "Patient/p1"}, "effectiveDateTime": "2026-11-10",
         "code": {"coding": [{"system": "http://loinc.org", "code": code}]}, "valueQuantity": {"value": value, "unit": unit}}
        for code, value, unit in known
    ]  # fmt: skip
    condition = {"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"}, "code": {"text": "multiple sclerosis"}}  # fmt: skip
    taken = order("amlodipine 5 mg tablet", "5 mg once a day", "m1", status="active")
    sent = {"patient": who, "medicationRequests": bundle([taken]), "conditions": bundle([condition]), "labs": bundle(labs), **more}  # fmt: skip
    return sent if allergies is None else {**sent, "allergies": allergies}


def _open(desk: Desk, sent: dict[str, Any], drafts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The cards on what could not be checked."""
    return [c for c in desk.cards(sign(sent, drafts)) if c["source"]["topic"]["code"] == "unchecked"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("baclofen 10 mg tablet", "10 mg three times a day"), ("tizanidine 4 mg tablet", "4 mg three times a day"), ("diazepam 5 mg tablet", "5 mg at night"),
        ("cyclobenzaprine 5 mg tablet", "5 mg three times a day"), ("methocarbamol 750 mg tablet", "750 mg four times a day"),
        ("carisoprodol 350 mg tablet", "350 mg three times a day"), ("orphenadrine 100 mg tablet", "100 mg twice a day"),
    ],
)  # fmt: skip
def test_an_empty_list_of_allergies_alone_is_no_card(desk: Desk, name: str, text: str) -> None:
    drafts = [order(name, text)]
    assert _open(desk, _allergic(bundle([])), drafts) == []
    whole = bedside(sign(_allergic(bundle([])), drafts))
    assert any(u.settled_by == "allergies" and u.worst_tier == "DANGER" for u in whole.unchecked)  # the review says so
    further = {**bundle([]), "link": [{"relation": "next", "url": "https://ehr.example/next"}]}
    failed = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
    for allergies in (None, further, failed):  # nobody has looked
        (card,) = _open(desk, _allergic(allergies), drafts)
        assert "the allergies: " in card["detail"]


def test_with_another_reason_for_a_card_it_names_the_allergies_too(desk: Desk) -> None:
    (card,) = _open(desk, _allergic(bundle([]), labs=bundle([])), [TIZANIDINE])
    assert "- the allergies: " in card["detail"] and "- ALT: " in card["detail"]
    (opened,) = desk.cards(view(_allergic(bundle([]), labs=bundle([]), medicationRequests=bundle([{**TIZANIDINE, "status": "active"}]))))  # fmt: skip
    assert opened["source"]["topic"]["code"] != "rest"


def test_an_empty_list_of_conditions_still_is_a_card(desk: Desk) -> None:
    penicillin = {"resourceType": "AllergyIntolerance", "id": "a1", "patient": {"reference": "Patient/p1"}, "code": {"text": "penicillin"}}  # fmt: skip
    (card,) = _open(desk, _allergic(bundle([penicillin]), conditions=bundle([])), [TIZANIDINE])
    assert "the allergies" not in card["detail"]


# ---------------------------------------------------------------- the parts of a card


@pytest.fixture(scope="module")
def cards(desk: Desk) -> list[dict[str, Any]]:
    """Every card of every example."""
    return [card for name in names() for call in calls(name) for card in desk.cards(call)]


def test_a_card_has_an_id_a_short_summary_an_indicator_and_a_source(cards: list[dict[str, Any]]) -> None:
    assert len(cards) > 30 and len({c["uuid"] for c in cards}) == len(cards)
    for card in cards:
        assert str(UUID(card["uuid"])) == card["uuid"]
        assert 0 < len(card["summary"]) < 140 and "\n" not in card["summary"]
        assert card["indicator"] in ("info", "warning", "critical")
        assert isinstance(card["detail"], str) and card["detail"].strip()
    assert {c["indicator"] for c in cards} == {"info", "warning", "critical"}


def test_the_source_is_named_with_an_absolute_address_and_a_topic(cards: list[dict[str, Any]]) -> None:
    known = {s.url for s in KNOWLEDGE.sources.values()} | {"http://127.0.0.1:8642/"}
    for card in cards:
        source = card["source"]
        assert 0 < len(source["label"]) <= 80
        if "url" in source:
            assert source["url"].startswith(("http://", "https://"))
            assert source["url"] in known  # the organisation or text itself, never a view of this patient
        assert source["topic"]["code"] in KNOWLEDGE.words("cds")["topics"]
        assert source["topic"]["system"] == "http://127.0.0.1:8642/codes/topic" and source["topic"]["display"]
        assert "icon" not in source


def test_suggestions_come_with_how_they_are_chosen_and_not_without(cards: list[dict[str, Any]]) -> None:
    some = [c for c in cards if "suggestions" in c]
    assert some
    for card in cards:
        assert ("suggestions" in card) == ("selectionBehavior" in card)
        assert card.get("selectionBehavior", "at-most-one") == "at-most-one"
        for one in card.get("suggestions", ()):
            assert one["label"] and str(UUID(one["uuid"])) == one["uuid"] and one["actions"]
            assert "isRecommended" not in one


def test_actions_are_whole(cards: list[dict[str, Any]]) -> None:
    kinds = set()
    for action in (a for c in cards for s in c.get("suggestions", ()) for a in s["actions"]):
        kinds.add(action["type"])
        assert action["description"]
        if action["type"] == "delete":
            assert re.fullmatch(r"MedicationRequest/[A-Za-z0-9\-.]+", action["resourceId"]) and "resource" not in action
        else:
            assert action["type"] == "update" and action["resource"]["resourceType"] == "MedicationRequest"
    assert "delete" in kinds


def test_reasons_to_override_are_coded_and_said(cards: list[dict[str, Any]]) -> None:
    reasons = KNOWLEDGE.words("cds")["overrides"]
    for card in cards:
        assert {r["code"]: r["display"] for r in card["overrideReasons"]} == reasons
        assert {r["system"] for r in card["overrideReasons"]} == {"http://127.0.0.1:8642/codes/override-reason"}


def test_links_are_absolute_and_named(cards: list[dict[str, Any]]) -> None:
    for card in cards:
        for link in card["links"]:
            assert link["label"] and link["type"] == "absolute" and "appContext" not in link
            assert link["url"].startswith("http://127.0.0.1:8642/")
            rule = re.fullmatch(r"http://127\.0\.0\.1:8642/rules/(.+)", link["url"])
            assert rule is None or rule[1] in KNOWLEDGE.rules


def test_a_record_system_that_may_launch_the_page_is_given_a_smart_link(tmp_path: Path) -> None:
    desk = Desk(tmp_path, smart=(Smart(fhir="https://fhir.example/r4", client="relaxant"),))
    try:
        sent = prefetched(example("ms-ckd-baclofen"))
        known = desk.cards(view(sent, fhirServer="https://fhir.example/r4"))[0]["links"][0]
        other = desk.cards(view(sent, fhirServer="https://other.example/r4"))[0]["links"][0]
    finally:
        desk.close()
    assert known["type"] == "smart" and known["url"].startswith("http://127.0.0.1:8642/")
    assert other["type"] == "absolute"


def test_no_action_of_the_system_is_ever_asked_for(desk: Desk) -> None:
    answer = desk.post(ORDERS, sign(prefetched(example("ms-ckd-baclofen")), [TIZANIDINE])).json()
    assert "systemActions" not in answer


def test_cards_are_counted_by_rule(desk: Desk, cards: list[dict[str, Any]]) -> None:
    text = desk.get("/metrics").text
    counted = re.findall(r'^relaxant_cards_total\{indicator="(\w+)",rule="([^"]+)"\}', text, re.M)
    assert counted and all(rule in KNOWLEDGE.rules or rule in ("unchecked", "rest") for _, rule in counted)
