"""Changes of orders that are offered: only what is safe, and each as the whole order."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from cds import KNOWLEDGE, TODAY, Desk, as_bundle, bundle, example, order, prefetched, sign
from relaxant.io.read import read_bytes
from relaxant.reviewing import review


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    made = Desk(tmp_path_factory.mktemp("desk"))
    yield made
    made.close()


def offered(cards: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [a for c in cards for s in c.get("suggestions", ()) for a in s["actions"] if a["type"] == kind]


def tiers(call: dict[str, Any]) -> dict[str, set[str]]:
    """The causes of the bedside's findings, by tier."""
    whole = review(read_bytes(as_bundle(call), KNOWLEDGE, today=TODAY), knowledge=KNOWLEDGE, predict=False, plan=False)
    out: dict[str, set[str]] = {}
    for finding in whole.findings:
        out.setdefault(finding.tier, set()).add(finding.cause)
    return out


def test_an_order_in_danger_may_be_removed(desk: Desk) -> None:
    sent = prefetched(example("ms-ckd-baclofen"))
    sent["medicationRequests"]["entry"].append({"resource": order("ciprofloxacin 500 mg tablet", "500 mg twice a day", "m9", status="active")})  # fmt: skip
    cards = desk.cards(sign(sent, [order("tizanidine 4 mg tablet", "4 mg three times a day")]))
    assert cards[0]["indicator"] == "critical"
    assert [a["resourceId"] for a in offered(cards, "delete")] == ["MedicationRequest/draft1"]


def test_the_partner_that_is_ordered_may_be_removed(desk: Desk) -> None:
    sent = prefetched(example("ms-ckd-baclofen"))
    sent["medicationRequests"]["entry"].append({"resource": order("tizanidine 4 mg tablet", "4 mg three times a day", "m9", status="active")})  # fmt: skip
    cards = desk.cards(sign(sent, [order("ciprofloxacin 500 mg tablet", "500 mg twice a day")]))
    assert cards[0]["indicator"] == "critical"
    assert [a["resourceId"] for a in offered(cards, "delete")] == ["MedicationRequest/draft1"]


def test_what_is_removed_was_the_cause(desk: Desk) -> None:
    """Without the order there is no such DANGER."""
    sent = prefetched(example("ms-ckd-baclofen"))
    sent["medicationRequests"]["entry"].append({"resource": order("ciprofloxacin 500 mg tablet", "500 mg twice a day", "m9", status="active")})  # fmt: skip
    call = sign(sent, [order("tizanidine 4 mg tablet", "4 mg three times a day")])
    assert tiers(call)["DANGER"] and not tiers(sign(sent, [])).get("DANGER")


def test_a_danger_of_what_is_taken_is_no_reason_to_remove_an_order(desk: Desk) -> None:
    sent = prefetched(example("ms-ckd-baclofen"))
    for name, dose, ident in (("ciprofloxacin 500 mg", "500 mg twice a day", "m8"), ("tizanidine 4 mg", "4 mg three times a day", "m9")):  # fmt: skip
        sent["medicationRequests"]["entry"].append({"resource": order(name, dose, ident, status="active")})
    cards = desk.cards(sign(sent, [order("oxycodone 5 mg tablet", "5 mg four times a day")]))
    assert not any("tizanidine" in a["description"] for a in offered(cards, "delete"))


def test_an_order_without_an_id_is_not_changed(desk: Desk) -> None:
    sent = prefetched(example("ms-ckd-baclofen"))
    sent["medicationRequests"]["entry"].append({"resource": order("ciprofloxacin 500 mg tablet", "500 mg twice a day", "m9", status="active")})  # fmt: skip
    draft = order("tizanidine 4 mg tablet", "4 mg three times a day")
    del draft["id"]
    cards = desk.cards(sign(sent, [draft]))
    assert cards[0]["indicator"] == "critical" and not any("suggestions" in c for c in cards)


HEALTHY = {
    "patient": {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1968-03-02"},
    "medicationRequests": bundle([]),
    "conditions": bundle([]),
}
CHANGED: list[tuple[str, str]] = [
    ("tizanidine 4 mg tablet", "8 mg three times a day"),
    ("tizanidine 2 mg tablet", "8 mg three times a day"),
    ("baclofen 10 mg tablet", "20 mg three times a day"),
    ("baclofen 5 mg tablet", "30 mg three times a day"),
    ("gabapentin 300 mg capsule", "900 mg three times a day"),
    ("dantrolene 25 mg capsule", "100 mg four times a day"),
]


@pytest.mark.parametrize(("name", "dose"), CHANGED)
def test_a_smaller_dose_is_the_whole_order_with_the_first_step_of_the_plan(desk: Desk, name: str, dose: str) -> None:
    sent = copy.deepcopy(prefetched(example("nothing-wrong")))
    sent["medicationRequests"] = bundle([order("paracetamol 500 mg tablet", "500 mg once a day", "m1", status="active")])  # fmt: skip
    draft = order(name, dose, dispenseRequest={"quantity": {"value": 90}}, note=[{"text": "as agreed"}])
    call = sign(sent, [draft])
    for action in offered(desk.cards(call), "update"):
        new = action["resource"]
        assert {k: v for k, v in new.items() if k != "dosageInstruction"} == {k: v for k, v in draft.items() if k != "dosageInstruction"}  # fmt: skip
        assert new["dosageInstruction"] != draft["dosageInstruction"]
        before, after = tiers(call), tiers(sign(sent, [new]))
        assert len(after.get("CHANGE", set()) | after.get("DANGER", set())) < len(before.get("CHANGE", set()) | before.get("DANGER", set()))  # fmt: skip
        assert after.get("DANGER", set()) <= before.get("DANGER", set())


def test_some_order_is_offered_a_smaller_dose(desk: Desk) -> None:
    sent = copy.deepcopy(prefetched(example("nothing-wrong")))
    sent["medicationRequests"] = bundle([order("paracetamol 500 mg tablet", "500 mg once a day", "m1", status="active")])  # fmt: skip
    made = [name for name, dose in CHANGED if offered(desk.cards(sign(sent, [order(name, dose)])), "update")]
    assert made
