"""What nobody thought of ends in a refusal, and in no error of ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cds import ORDERS, PATIENT, Desk, example, order, prefetched, sign, view
from diary_service import Caller, Clock, ago, entry, house_in, opened


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize(("when", "status"), [("0001-01-01T00:00:00+14:00", 200), ("9999-12-31T23:59:59-14:00", 422)])
def test_a_time_at_the_end_of_the_calendar(when: str, status: int, desk: Desk) -> None:
    card = desk.cards(view(prefetched(example("ms-ckd-baclofen"))))[0]["uuid"]
    given = [{"card": card, "outcome": "overridden", "outcomeTimestamp": when}]
    assert desk.post(f"{PATIENT}/feedback", {"feedback": given}).status_code == status


def test_a_token_that_no_header_can_hold_fetches_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path, fhir_servers=("https://127.0.0.1:1/r4",))
    sent = prefetched(example("ms-ckd-baclofen"))
    del sent["conditions"]
    token = {"access_token": "é", "token_type": "Bearer", "expires_in": 300, "scope": "", "subject": "s"}
    call = sign(sent, [order("tizanidine 4 mg tablet", "4 mg at night")], fhirServer="https://127.0.0.1:1/r4")
    assert desk.post(ORDERS, {**call, "fhirAuthorization": token}).status_code == 200
    desk.close()


def test_a_clock_that_no_database_can_hold(tmp_path: Path) -> None:
    call = Caller(house := house_in(tmp_path, Clock()))
    _, code = call.made()
    (told,) = call.write(code, entry(ago(1), -(10**30), {"note": "a"}))
    assert told["outcome"] == "kept"
    assert call("GET", "/diary/mine", headers=opened(code)).status_code == 200
    house.store.close()


@pytest.mark.parametrize("days", ["²", "9" * 5000])
def test_a_number_of_days_that_is_none(days: str, tmp_path: Path) -> None:
    call = Caller(house := house_in(tmp_path, Clock()))
    diary, _ = call.made()
    assert call("POST", f"/diaries/{diary}/renew", data={"days": days}).status_code == 422
    assert call("POST", "/diaries", data={"agent_1": "baclofen", "days": days}).status_code == 422
    house.store.close()
