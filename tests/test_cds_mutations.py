"""Ten thousand calls with a fault: every answer is a list of cards or a clear refusal, and no cards come from what could not be read."""

from __future__ import annotations

import copy
import json
import os
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

from cds import ORDERS, PATIENT, Desk, drafts_of, example, names, order, prefetched, select, sign, view

COUNT = 10_000 if os.environ.get("RELAXANT_FULL") == "1" else 500
SEED = 20261122
VALUES: tuple[Any, ...] = (None, True, 0, -1, 1e308, "", "x", "\u202e", [], {}, [[]], [None], {"resourceType": "Patient"}, {"resourceType": 7}, "9" * 5000)  # fmt: skip
BYTES = (b"\x00", b"\xff", b"{", b"}", b"[", b'"', b",", b"\\", b"e", b"-", b"9", b"\xed\xa0\x80")


def bases() -> list[dict[str, Any]]:
    """Good calls of every hook."""
    out = []
    for name in names():
        patient = example(name)
        orders = drafts_of(patient) or [order("tizanidine 4 mg tablet", "4 mg three times a day")]
        out += [view(prefetched(patient)), select(prefetched(patient), orders), sign(prefetched(patient), orders)]
    return out


def mutated(call: dict[str, Any], chance: random.Random) -> bytes:
    """The call with one to three faults, in its values or in its bytes."""
    call = copy.deepcopy(call)
    for _ in range(chance.randint(1, 3)):
        spoil(call, chance)
    body = bytearray(json.dumps(call).encode())
    if chance.random() < 0.2:
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(body) + 1)
            kind = chance.randrange(4)
            if kind == 0:
                body[place:place] = chance.choice(BYTES)
            elif kind == 1:
                del body[place : place + chance.randint(1, 20)]
            elif kind == 2 and body:
                body[min(place, len(body) - 1)] = chance.randrange(256)
            else:
                del body[place:]
            if not body:
                break
    return bytes(body)


def spoil(call: dict[str, Any], chance: random.Random) -> None:
    """Changes one value somewhere in the call; near the top as likely as deep in it."""
    here: Any = call
    while True:
        keys: list[Any] = list(here) if isinstance(here, dict) else list(range(len(here)))
        if not keys:
            return
        key = chance.choice(keys)
        inner = here[key]
        if isinstance(inner, dict | list) and inner and chance.random() < 0.93:
            here = inner
            continue
        fault = chance.randrange(4)
        if fault == 0:
            del here[key]
        elif fault == 1:
            here[key] = copy.deepcopy(chance.choice(VALUES))
        elif fault == 2:
            here[key] = [inner]
        elif isinstance(here, dict):
            here[str(chance.choice(("resourceType", "id", "status", "x", "entry")))] = copy.deepcopy(inner)
        else:
            here.append(copy.deepcopy(inner))
        return


# ---------------------------------------------------------------- what can be read, judged apart from the service


def readable(body: bytes, path: str) -> bool:
    """Whether a body is a call that may be answered by cards at all."""
    try:
        call = json.loads(body.decode("utf-8"), parse_constant=_refused)
        assert isinstance(call, dict) and call["hook"] in (("patient-view",) if path == PATIENT else ("order-select", "order-sign"))  # fmt: skip
        UUID(call["hookInstance"])
        context = call["context"]
        assert isinstance(context["userId"], str) and context["userId"]
        assert re.fullmatch(r"[A-Za-z0-9\-.]{1,64}", context["patientId"])
        prefetch = call.get("prefetch") or {}
        assert isinstance(prefetch, dict)
        held = [r for value in prefetch.values() if value is not None for r in resources(value)]
        persons = [r for r in held if r["resourceType"] == "Patient"]
        assert persons and all(p.get("id", context["patientId"]) == context["patientId"] for p in persons if isinstance(p.get("id"), str))  # fmt: skip
        if path == ORDERS:
            orders = context["draftOrders"]
            assert isinstance(orders, dict) and orders["resourceType"] == "Bundle"
            drafts = resources(orders)
            if call["hook"] == "order-select":
                ids = {d.get("id") for d in drafts if isinstance(d.get("id"), str)}
                assert context["selections"] and all(s.rpartition("/")[2] in ids for s in context["selections"])
    except (KeyError, TypeError, ValueError, AssertionError, AttributeError, RecursionError):
        return False
    return True


def _refused(constant: str) -> Any:
    raise ValueError(constant)


def resources(value: Any) -> list[dict[str, Any]]:
    """The resources in a value; raises where it is none."""
    assert isinstance(value, dict) and isinstance(value["resourceType"], str)
    if value["resourceType"] != "Bundle":
        return [value]
    entries = value.get("entry", [])
    if entries is None:
        return []
    assert isinstance(entries, list)
    held = [entry["resource"] for entry in entries]
    assert all(isinstance(r, dict) and isinstance(r["resourceType"], str) for r in held)
    return held


def test_every_fault_is_answered_by_cards_or_a_clear_refusal(tmp_path: Path) -> None:
    chance, good, seen = random.Random(SEED), bases(), Counter[int]()
    desk = Desk(tmp_path)
    try:
        for call in good:
            path = PATIENT if call["hook"] == "patient-view" else ORDERS
            assert readable(json.dumps(call).encode(), path) and desk.post(path, call).status_code == 200
        for number in range(COUNT):
            call = chance.choice(good)
            path = PATIENT if call["hook"] == "patient-view" else ORDERS
            body = mutated(call, chance)
            answer = desk.post(path, body)  # what is answered by 200 is checked by our schema there
            seen[answer.status_code] += 1
            assert answer.status_code in (200, 400, 412, 413, 422), (
                number,
                answer.status_code,
                answer.text,
                body[:2000],
            )
            if answer.status_code == 200:
                assert readable(body, path), (number, body[:2000])
            else:
                assert answer.json()["title"] and answer.headers["content-type"] == "application/problem+json"
    finally:
        desk.close()
    assert seen[200] > COUNT / 10 and seen[400] > COUNT / 10 and seen[412] and seen[422], seen
