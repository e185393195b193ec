"""A service with diaries, for tests: in this process, and on a port of this machine for a browser."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec

from relaxant.knowledge.load import load_knowledge
from relaxant.service.app import service
from relaxant.service.house import House
from relaxant.service.measured import Measured
from relaxant.service.settings import Settings
from relaxant.service.store.store import open_store
from serving import free_port, in_thread

ASKED: dict[str, Any] = {
    "label": "bed 12",
    "medicines": [{"agent": "baclofen", "planned": [{"daily": 30}]}, {"agent": "tizanidine"}],
    "scales": ["spasms", "nrs", "sleep", "sedation", "falls"],
    "conditions": ["multiple sclerosis"],
    "call": "Ward 5, 020 7946 0000, day and night",
    "days": 90,
}


class Clock:
    """The service's time, which a test may move."""

    def __init__(self) -> None:
        self.moved = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.moved


def house_in(folder: Path, clock: Clock, **settings: Any) -> House:
    """A house whose database lies in a folder."""
    own = Settings(folder=str(folder), rate=0, **settings)
    return House(settings=own, knowledge=load_knowledge(), store=open_store(own), measured=Measured(), now=clock)


class Caller:
    """Calls a service in this process, as if from this machine, and keeps what was answered."""

    def __init__(self, house: House, client: str = "127.0.0.1", host: str = "127.0.0.1:8642") -> None:
        self.app, self.base, self.client = service(house.settings, house=house), f"http://{host}", client

    def __call__(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        async def call() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, client=(self.client, 50000))
            async with httpx.AsyncClient(transport=transport, base_url=self.base) as caller:
                return await caller.request(method, path, **kwargs)

        return asyncio.run(call())

    def made(self, **changes: Any) -> tuple[str, str]:
        """A new diary: its id and its code."""
        answer = self("POST", "/diaries", json=ASKED | changes)
        assert answer.status_code == 201, answer.text
        said = answer.json()
        return said["diary"], said["link"].partition("#")[2]

    def write(self, code: str, *entries: dict[str, Any]) -> list[dict[str, Any]]:
        answer = self("POST", "/diary/entries", json={"entries": list(entries)}, headers=opened(code))
        assert answer.status_code == 200, answer.text
        answers: list[dict[str, Any]] = answer.json()["answers"]
        return answers

    def days(self, code: str) -> list[dict[str, Any]]:
        answer = self("GET", "/diary/mine", headers=opened(code))
        assert answer.status_code == 200, answer.text
        days: list[dict[str, Any]] = answer.json()["days"]
        return days


def opened(code: str) -> dict[str, str]:
    return {"authorization": f"Diary {code}"}


def entry(day: str, written: int, said: dict[str, Any], *, device: str = "phone", part: str | None = None) -> dict[str, Any]:  # fmt: skip
    return {"day": day, "part": part, "written": written, "device": device, "said": said}


def ago(days: int) -> str:
    return (datetime.now(UTC).date() - timedelta(days=days)).isoformat()


@contextmanager
def served(house: House, port: int = 0, reached: list[dict[str, Any]] | None = None) -> Iterator[str]:
    """The service on a free port of this machine, or on ``port``. What reached it is put into ``reached``."""
    port = port or free_port()
    at = msgspec.structs.replace(house, settings=msgspec.structs.replace(house.settings, port=port))
    inner = service(at.settings, house=at)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if reached is not None and scope["type"] == "http":
            headers = [(name.decode(), value.decode("latin-1")) for name, value in scope["headers"]]
            reached.append({"path": scope["path"], "query": scope["query_string"].decode(), "headers": headers})
        await inner(scope, receive, send)

    with in_thread(app, port, lifespan="off") as base:
        yield base
