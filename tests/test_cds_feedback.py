"""What is answered to cards: kept once, counted by rule, and not asked again while nothing has changed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select as chosen

from cds import NOW, ORDERS, PATIENT, Desk, example, order, prefetched, select, sign, valid, view
from relaxant.service.audit.export import export
from relaxant.service.audit.people import erase
from relaxant.service.audit.verify import verify
from relaxant.service.store.tables import ANSWERS, CARDS

PATH = ORDERS + "/feedback"
TIZANIDINE = order("tizanidine 4 mg tablet", "4 mg three times a day")


@pytest.fixture
def desk(tmp_path: Path, database: str) -> Iterator[Desk]:
    made = Desk(tmp_path, database=database)
    yield made
    made.close()


@pytest.fixture
def sent() -> dict[str, Any]:
    """Of the allergies nothing is sent, so that one card says what could not be checked."""
    out = prefetched(example("ms-ckd-baclofen"))
    del out["allergies"]
    out["medicationRequests"]["entry"].append({"resource": order("ciprofloxacin 500 mg tablet", "500 mg twice a day", "m9", status="active")})  # fmt: skip
    return out


def overridden(card: dict[str, Any], **more: Any) -> dict[str, Any]:
    reason = {"reason": {k: card["overrideReasons"][0][k] for k in ("code", "system")}}
    return {"card": card["uuid"], "outcome": "overridden", "overrideReason": reason, "outcomeTimestamp": "2026-11-22T12:00:01Z", **more}  # fmt: skip


def accepted(card: dict[str, Any], **more: Any) -> dict[str, Any]:
    ids = [{"id": s["uuid"]} for s in card["suggestions"]]
    return {"card": card["uuid"], "outcome": "accepted", "acceptedSuggestions": ids, "outcomeTimestamp": "2026-11-22T12:00:01Z", **more}  # fmt: skip


def report(desk: Desk, *given: dict[str, Any], path: str = PATH) -> int:
    return desk.post(path, {"feedback": list(given)}).status_code


def answers(desk: Desk) -> list[Any]:
    return list(desk.house.store.read(lambda c: c.execute(chosen(ANSWERS).order_by(ANSWERS.c.card)).all()))


def counted(desk: Desk) -> dict[tuple[str, str], float]:
    text = desk.get("/metrics").text
    found = re.findall(r'^relaxant_feedback_total\{outcome="(\w+)",rule="([^"]+)"\} (\S+)', text, re.M)
    return {(rule, outcome): float(count) for outcome, rule, count in found}


# ---------------------------------------------------------------- no second card


@pytest.mark.parametrize("reasoned", [True, False])
def test_what_was_answered_at_the_selection_is_not_asked_at_the_signature(desk: Desk, sent: dict[str, Any], reasoned: bool) -> None:  # fmt: skip
    """With a reason, and by a client that sends none: the standard asks for none."""
    first, *others = desk.cards(select(sent, [TIZANIDINE]))
    assert first["indicator"] == "critical"
    answer = {key: value for key, value in overridden(first).items() if reasoned or key != "overrideReason"}
    assert report(desk, answer) == 200
    again = desk.cards(sign(sent, [TIZANIDINE]))
    assert [c["summary"] for c in again] == [c["summary"] for c in others]


def test_what_was_accepted_and_still_stands_is_shown_again(desk: Desk, sent: dict[str, Any]) -> None:
    """The suggestion was to take the order away or to change it. The same order is signed, so that did not take effect."""
    first, *others = desk.cards(select(sent, [TIZANIDINE]))
    assert first["indicator"] == "critical"
    assert report(desk, accepted(first)) == 200
    again = desk.cards(sign(sent, [TIZANIDINE]))
    assert [c["summary"] for c in again] == [first["summary"], *(c["summary"] for c in others)]
    assert again[0]["uuid"] != first["uuid"]
    assert report(desk, overridden(again[0])) == 200  # and overridden at last it is not
    assert first["summary"] not in [c["summary"] for c in desk.cards(sign(sent, [TIZANIDINE]))]


def test_with_and_without_a_server_it_is_one_person(desk: Desk, sent: dict[str, Any]) -> None:
    """The pseudonym is of the record number under the issuer, whatever else a call names."""
    desk.cards(view(sent))
    desk.cards(view(sent, fhirServer="https://a.example/r4"))
    desk.cards(select(sent, [TIZANIDINE], fhirServer="https://a.example/r4"))
    kept = [json.loads(line)["person"] for line in export(desk.house.store)]
    assert len(kept) == 3 and len(set(kept)) == 1
    assert erase(desk.house.store, desk.house.store.secret, "loopback", "p1").known
    desk.cards(view(sent))
    assert json.loads(list(export(desk.house.store))[-1])["person"] not in (None, kept[0])


def test_what_was_not_answered_is_asked_again(desk: Desk, sent: dict[str, Any]) -> None:
    first = desk.cards(select(sent, [TIZANIDINE]))
    again = desk.cards(sign(sent, [TIZANIDINE]))
    assert [c["summary"] for c in first] == [c["summary"] for c in again]
    assert not {c["uuid"] for c in first} & {c["uuid"] for c in again}


def test_another_dose_is_asked_again(desk: Desk, sent: dict[str, Any]) -> None:
    card = desk.cards(select(sent, [TIZANIDINE]))[0]
    assert report(desk, overridden(card)) == 200
    changed = {**TIZANIDINE, "dosageInstruction": [{"text": "8 mg three times a day"}]}
    assert desk.cards(sign(sent, [changed]))[0]["summary"] == card["summary"]


def test_another_finding_of_the_same_order_is_asked(desk: Desk, sent: dict[str, Any]) -> None:
    alone = prefetched(example("ms-ckd-baclofen"))
    for card in desk.cards(select(alone, [TIZANIDINE])):
        assert report(desk, overridden(card)) == 200
    assert desk.cards(sign(alone, [TIZANIDINE])) == []
    assert desk.cards(sign(sent, [TIZANIDINE]))[0]["indicator"] == "critical"


def test_another_patient_is_asked(desk: Desk, sent: dict[str, Any]) -> None:
    card = desk.cards(select(sent, [TIZANIDINE]))[0]
    assert report(desk, overridden(card)) == 200
    other = json.loads(json.dumps(sign(sent, [TIZANIDINE])).replace("Patient/p1", "Patient/p2").replace('"p1"', '"p2"'))
    assert desk.cards(other)[0]["summary"] == card["summary"]


def test_the_patient_of_another_server_is_asked(desk: Desk, sent: dict[str, Any]) -> None:
    card = desk.cards(select(sent, [TIZANIDINE], fhirServer="https://a.example/r4"))[0]
    assert report(desk, overridden(card)) == 200
    assert desk.cards(sign(sent, [TIZANIDINE], fhirServer="https://b.example/r4"))[0]["summary"] == card["summary"]
    assert desk.cards(sign(sent, [TIZANIDINE], fhirServer="https://a.example/r4"))[0]["summary"] != card["summary"]


def test_another_day_is_asked(desk: Desk, sent: dict[str, Any]) -> None:
    card = desk.cards(select(sent, [TIZANIDINE]))[0]
    assert report(desk, overridden(card)) == 200
    desk.clock[0] = NOW + timedelta(days=1)
    assert desk.cards(sign(sent, [TIZANIDINE]))[0]["summary"] == card["summary"]


def test_a_record_that_is_opened_is_told_every_time(desk: Desk, sent: dict[str, Any]) -> None:
    [card] = desk.cards(view(sent))
    assert report(desk, overridden(card), path=PATIENT + "/feedback") == 200
    assert len(desk.cards(view(sent))) == 1


# ---------------------------------------------------------------- what is kept


def test_an_answer_is_kept_and_counted_by_rule(desk: Desk, sent: dict[str, Any]) -> None:
    first, second, *_ = desk.cards(sign(sent, [TIZANIDINE]))
    valid({"feedback": [accepted(first), overridden(second)]}, "cds-feedback")
    assert report(desk, accepted(first), overridden(second)) == 200
    kept = {a.card: a for a in answers(desk)}
    assert (kept[first["uuid"]].outcome, kept[first["uuid"]].suggestions) == ("accepted", json.dumps([first["suggestions"][0]["uuid"]]))  # fmt: skip
    assert (kept[second["uuid"]].outcome, kept[second["uuid"]].reason) == ("overridden", "benefit")
    rows = {c.card: c for c in desk.house.store.read(lambda c: c.execute(chosen(CARDS)).all())}
    for card, outcome in ((first, "accepted"), (second, "overridden")):
        for rule in rows[card["uuid"]].rules.split():
            assert counted(desk)[rule, outcome] >= 1


def test_the_same_answer_again_changes_nothing(desk: Desk, sent: dict[str, Any]) -> None:
    card = desk.cards(sign(sent, [TIZANIDINE]))[0]
    assert report(desk, overridden(card)) == 200
    before, count = answers(desk), counted(desk)
    assert report(desk, overridden(card)) == report(desk, overridden(card), overridden(card)) == 200
    assert (answers(desk), counted(desk)) == (before, count)


def test_of_two_answers_the_later_holds_in_whichever_order_they_come(desk: Desk, sent: dict[str, Any]) -> None:
    card = desk.cards(sign(sent, [TIZANIDINE]))[0]
    assert report(desk, accepted(card, outcomeTimestamp="2026-11-22T12:00:03Z")) == 200
    assert report(desk, overridden(card)) == 200
    assert [a.outcome for a in answers(desk)] == ["accepted"]
    assert report(desk, overridden(card, outcomeTimestamp="2026-11-22T12:00:04+00:00")) == 200
    assert [a.outcome for a in answers(desk)] == ["overridden"]


def test_no_comment_of_the_user_is_kept(desk: Desk, sent: dict[str, Any]) -> None:
    card = desk.cards(sign(sent, [TIZANIDINE]))[0]
    given = overridden(card, overrideReason={"userComment": "Mrs Canary-7731 insists"})
    assert report(desk, given) == 200
    [kept] = answers(desk)
    assert kept.reason == "other" and "Canary" not in str(kept)
    assert "Canary" not in desk.get("/metrics").text


def test_a_reason_of_the_clients_own_is_other(desk: Desk, sent: dict[str, Any]) -> None:
    card = desk.cards(sign(sent, [TIZANIDINE]))[0]
    given = overridden(card, overrideReason={"reason": {"system": "https://records.example/reasons", "code": "x1"}})
    assert report(desk, given) == 200 and answers(desk)[0].reason == "other"


def test_no_reason_has_to_be_given(desk: Desk, sent: dict[str, Any]) -> None:
    card = desk.cards(sign(sent, [TIZANIDINE]))[0]
    plain = overridden(card)
    del plain["overrideReason"]
    assert report(desk, plain) == 200 and answers(desk)[0].reason is None


# ---------------------------------------------------------------- what is refused


def test_feedback_that_cannot_be_is_refused_and_nothing_of_it_kept(desk: Desk, sent: dict[str, Any]) -> None:
    card = desk.cards(sign(sent, [TIZANIDINE]))[0]
    good = overridden(card)
    bad: list[tuple[int, dict[str, Any]]] = [
        (422, {**good, "card": str(uuid4())}),
        (400, {**good, "card": "x"}),
        (400, {**good, "outcome": "ignored"}),
        (400, {k: v for k, v in good.items() if k != "outcomeTimestamp"}),
        (400, {**good, "outcomeTimestamp": "yesterday"}),
        (400, {**good, "outcomeTimestamp": "2026-11-22T12:00:01"}),
        (422, {**good, "outcomeTimestamp": "2027-11-22T12:00:01Z"}),
        (422, {**accepted(card), "acceptedSuggestions": []}),
        (422, {**accepted(card), "acceptedSuggestions": [{"id": str(uuid4())}]}),
        (422, {**good, "acceptedSuggestions": accepted(card)["acceptedSuggestions"]}),
        (422, {**good, "overrideReason": {"reason": {**good["overrideReason"]["reason"], "code": "none-of-ours"}}}),
    ]
    for status, given in bad:
        assert report(desk, good, given) == status, given
        assert answers(desk) == [] and counted(desk) == {}
    assert report(desk) == 400


def test_a_card_of_another_service_is_refused(desk: Desk, sent: dict[str, Any]) -> None:
    card = desk.cards(sign(sent, [TIZANIDINE]))[0]
    assert report(desk, overridden(card), path=PATIENT + "/feedback") == 422
    assert answers(desk) == []


def test_calls_and_answers_are_audited_in_one_chain(desk: Desk, sent: dict[str, Any]) -> None:
    cards = desk.cards(select(sent, [TIZANIDINE]))
    assert report(desk, overridden(cards[0])) == report(desk, overridden(cards[0])) == 200
    desk.cards(sign({"patient": sent["patient"], "medicationRequests": sent["conditions"]}, []))
    rows = [json.loads(line) for line in export(desk.house.store)]
    assert [r["kind"] for r in rows] == ["called", "answered", "called"]
    assert [r["by"] for r in rows] == ["loopback"] * 3 and len({r["person"] for r in rows}) == 1
    called, answered, empty = (json.loads(r["what"]) for r in rows)
    assert called == {"hook": "order-select", "service": "relaxant-orders", "cards": [c["uuid"] for c in cards]}
    assert answered == {"card": cards[0]["uuid"], "outcome": "overridden", "reason": "benefit", "suggestions": []}
    assert empty["cards"] == []
    assert verify(desk.house.store).broken is None


def test_the_store_holds_no_name_and_no_record_number(desk: Desk, sent: dict[str, Any]) -> None:
    sent["patient"] |= {"id": "canary-4711", "name": [{"family": "Canary-Family"}]}
    text = json.dumps(sign(sent, [TIZANIDINE])).replace("Patient/p1", "Patient/canary-4711").replace('"p1"', '"canary-4711"')  # fmt: skip
    assert desk.cards(json.loads(text))
    rows = desk.house.store.read(lambda c: [tuple(r) for r in c.execute(chosen(CARDS)).all()])
    assert rows and "canary" not in str(rows).casefold()
