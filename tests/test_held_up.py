"""What takes long is done beside the loop, in one of so many threads: whoever asks for it holds nobody else up, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from cds import NOW, PATIENT, Desk, bundle, example, order, prefetched, sign, view
from diary_service import ASKED, Caller, Clock, ago, entry, house_in
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import Knowledge
from relaxant.medicines.read import read_medicines
from relaxant.service.cds import routes as cds_routes
from relaxant.service.diaries import patient as diary_routes
from relaxant.service.pages import routes as page_routes
from relaxant.service.signin.sessions import COOKIE
from relaxant.service.store.store import Store


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.close()


def noting(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> list[bool]:
    """Of each call of a function whether the loop's own thread made it."""
    own: Callable[..., Any] = getattr(module, name)
    seen: list[bool] = []

    def noted(*given: Any, **more: Any) -> Any:
        seen.append(threading.current_thread() is threading.main_thread())
        return own(*given, **more)

    monkeypatch.setattr(module, name, noted)
    return seen


def test_a_call_of_many_medicines_is_worked_on_beside_the_loop(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = noting(monkeypatch, cds_routes, "_cards")
    sent = prefetched(example("ms-ckd-baclofen"))
    desk.cards(view(sent))
    lines = bundle(order(f"unknownium{'abcdefg'[i % 7]}{i}", "1 tablet", f"m{i}", status="active") for i in range(60))
    desk.cards(view({**sent, "medicationRequests": lines}))
    desk.cards(sign(sent, [order("tizanidine 4 mg tablet", f"{i} mg at night", f"d{i}") for i in range(1, 40)]))
    assert seen == [True, False, False]


def test_a_long_report_is_kept_beside_the_loop(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    card = desk.cards(view(prefetched(example("ms-ckd-baclofen"))))[0]["uuid"]
    seen = noting(monkeypatch, cds_routes, "answer")
    for count in (1, 1000):
        given = [{"card": card, "outcome": "overridden", "outcomeTimestamp": (NOW + timedelta(seconds=i % 60)).isoformat()} for i in range(count)]  # fmt: skip
        assert desk.post(f"{PATIENT}/feedback", {"feedback": given}).status_code == 200
    assert seen == [True, False]


def test_many_entries_are_kept_beside_the_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call = Caller(house := house_in(tmp_path, Clock()))
    _, code = call.made()
    seen = noting(monkeypatch, diary_routes, "keep")
    for count in (1, 1000):
        call.write(code, *(entry(ago(i % 30), 1_000_000 + i, {"note": f"{i}"}) for i in range(count)))
    assert seen == [True, False]
    house.store.close()


def test_reviews_that_take_too_long_keep_so_many_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller is told in time; what goes on for him has one of sixteen threads."""
    house, go = house_in(tmp_path, Clock(), answer_seconds=0.5), threading.Event()

    def works(*_given: Any) -> Any:
        go.wait(30)
        raise RuntimeError

    monkeypatch.setattr(page_routes, "answer", works)
    call, before = Caller(house), threading.active_count()

    async def asks() -> set[int]:
        transport = httpx.ASGITransport(app=call.app, client=("127.0.0.1", 50000))
        async with httpx.AsyncClient(transport=transport, base_url=call.base) as client:
            answers = [await asyncio.gather(*(client.post("/api/review", content=b"age: 50") for _ in range(40))) for _ in range(3)]  # fmt: skip
        during.append(threading.active_count())
        go.set()
        return {one.status_code for answer in answers for one in answer}

    during: list[int] = []
    assert asyncio.run(asks()) == {503}
    assert during[0] - before <= 16 + 40 + 2  # sixteen that work; of Starlette's own those that looked who asks
    house.store.close()


def test_who_asks_is_looked_up_beside_the_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that does not answer, asked for a cookie that anybody may make up, would hold everybody up."""
    call = Caller(house := house_in(tmp_path, Clock()))
    diary, _ = call.made()
    seen = noting(monkeypatch, Store, "read")
    cookie = {"cookie": f"{COOKIE}=made-up"}
    assert call("GET", "/", headers=cookie).status_code == 200
    assert call("POST", "/diaries", json=ASKED, headers=cookie).status_code == 201
    for what in ("renew", "revoke", "link"):
        assert call("POST", f"/diaries/{diary}/{what}", headers=cookie).status_code == 200
    assert call("POST", f"/diaries/{diary}/plan", json={"agent": "baclofen", "planned": {"daily": 5}}, headers=cookie).status_code == 200  # fmt: skip
    assert call("DELETE", f"/diaries/{diary}", headers=cookie).status_code == 204
    assert len(seen) > 6 and not any(seen)
    house.store.close()


def test_no_long_line_is_kept_to_be_known_again(knowledge: Knowledge) -> None:
    from relaxant.medicines import read, status

    def kept() -> tuple[int, int, int]:
        sizes = [reader.usual.cache_info().currsize for reader in (read._read_shipped, status._said)]
        return sizes[0], sizes[1], len(read._READ)

    read._read_shipped.usual.cache_clear()
    status._said.usual.cache_clear()
    read._READ.clear()
    lines = [f"{i} {'ж' * 1900}" for i in range(20)] + [f"{i} {'ж' * 19_000}" for i in range(20)]
    read_medicines(read_patient({"age": "50", "medicines": lines}, knowledge, today=NOW.date()), knowledge)
    assert kept() == (0, 0, 0)
