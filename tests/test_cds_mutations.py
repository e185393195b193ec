"""Ten thousand calls with a fault, of every kind that there is a name for: every answer is a list of cards or a clear refusal, and no cards come from what
could not be read."""

from __future__ import annotations

import copy
import json
import os
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from cds import ORDERS, PATIENT, Desk, drafts_of, example, names, order, prefetched, select, sign, view
from relaxant.service.openapi import Refusal

COUNT = 10_000 if os.environ.get("RELAXANT_FULL") == "1" else 600
SEED = 20261122
VALUES: tuple[Any, ...] = (None, True, 0, -1, 1e308, "", "x", [], {}, [[]], [None], {"resourceType": "Patient"}, {"resourceType": 7}, "9" * 5000)  # fmt: skip
BYTES = (b"\x00", b"\xff", b"{", b"}", b"[", b'"', b",", b"\\", b"e", b"-", b"9", b"\xed\xa0\x80")
KINDS = ("Patient", "Observation", "Condition", "Medication", "MedicationRequest", "AllergyIntolerance", "OperationOutcome", "Bundle", "Binary", "", "patient", "X" * 300)  # fmt: skip
GIANT = ("1e308", "-1e308", "1e309", "-1e999", "9" * 400, "-" + "9" * 40, "1e-400", "0." + "0" * 400 + "1", "18446744073709551616", "1E+3", "01", "1.", ".5", "+1", "0x10")  # fmt: skip
NOT_JSON = ("NaN", "Infinity", "-Infinity", "nan", "undefined", "True", "None", "'x'", "/**/1")
DAYS = ("0000-00-00", "9999-12-31", "0001-01-01", "2026-02-30", "2026-13-01", "1066-10-14", "22/11/2026", "2026", "2026-11", "2026-11-22T25:61:61Z", "2026-11-22T12:00:00", "2026-11-22T12:00:00+99:00", "tomorrow", "", "2026-11-22 ", "\u0662\u0660\u0662\u0666-11-22", "-2026-11-22", "20261122", "2126-11-22")  # fmt: skip
UNITS = ("furlongs", "", "mg", "µg", "ug", "mcg", "mg/dL", "g/dL", "mmol/L", "units", "%", "kg.m", "{score}", "10*9/L", "MG", "mg mg", "\u202emg", "1")  # fmt: skip
TEXTS = ("", " ", "\u202e", "\x00", "\x1b[31m", "<script>alert(1)</script>", "](javascript:alert(1))", "x" * 100_000, "\ud83d\ude00", "{{context.patientId}}", "../../etc", "=1+1", "1 tablet every 0 h", "10000000 mg every second", "\u0661\u0660 mg", "a\u0301" * 500, "null", "take")  # fmt: skip
OF_NUMBERS = re.compile(r"(?<=[:\[,])\s*-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?=\s*[,}\]])")


def bases() -> list[dict[str, Any]]:
    """Good calls of every hook."""
    out = []
    for name in names():
        patient = example(name)
        orders = drafts_of(patient) or [order("tizanidine 4 mg tablet", "4 mg three times a day")]
        out += [view(prefetched(patient)), select(prefetched(patient), orders), sign(prefetched(patient), orders)]
    return out


# ---------------------------------------------------------------- faults, each by its kind


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a value: what holds it, and its key."""
    for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, key
        yield from places(value[key])


def some(call: Any, chance: random.Random, wanted: Callable[[Any, Any], bool]) -> tuple[Any, Any] | None:
    """One of the places that are wanted; a place near the top as likely as one deep down."""
    found = [(holder, key) for holder, key in places(call) if wanted(holder, key)]
    return chance.choice(found) if found else None


def anywhere(call: dict[str, Any], chance: random.Random) -> tuple[Any, Any]:
    """A place; near the top as likely as deep down."""
    here: Any = call
    while True:
        key = chance.choice(list(here) if isinstance(here, dict) else list(range(len(here))))
        inner = here[key]
        if not isinstance(inner, dict | list) or not inner or chance.random() < 0.07:
            return here, key
        here = inner


def gone(call: dict[str, Any], chance: random.Random) -> bytes:
    """A field; as often as not one of the call itself, of its context or of what was sent along."""
    holder, key = anywhere(call, chance)
    if chance.random() < 0.5:
        holder = chance.choice((call, call["context"], call.get("prefetch") or call))
        key = chance.choice(list(holder))
    del holder[key]
    return written(call)


def another_type(call: dict[str, Any], chance: random.Random) -> bytes:
    holder, key = anywhere(call, chance)
    holder[key] = copy.deepcopy(chance.choice(VALUES))
    return written(call)


def structure(call: dict[str, Any], chance: random.Random) -> bytes:
    """A value in a list, twice in its list, under another name, or a holder in place of what it holds."""
    holder, key = anywhere(call, chance)
    how, inner = chance.randrange(4), holder[key]
    if how == 0:
        holder[key] = [inner]
    elif how == 1 and isinstance(holder, list):
        holder.insert(key, copy.deepcopy(inner))
    elif how == 2 and isinstance(holder, dict):
        holder[chance.choice(("resourceType", "id", "status", "x", "entry", "resource"))] = copy.deepcopy(inner)
    else:
        holder[key] = copy.deepcopy(holder)
    return written(call)


def cut(call: dict[str, Any], chance: random.Random) -> bytes:
    body = written(call)
    return body[: chance.randrange(len(body))]


def other_bytes(call: dict[str, Any], chance: random.Random) -> bytes:
    body = bytearray(written(call))
    for _ in range(chance.randint(1, 4)):
        place, how = chance.randrange(len(body)), chance.randrange(3)
        if how == 0:
            body[place:place] = chance.choice(BYTES)
        elif how == 1:
            del body[place : place + chance.randint(1, 20)]
        else:
            body[place] = chance.randrange(256)
        if not body:
            break
    return bytes(body)


def encoding(call: dict[str, Any], chance: random.Random) -> bytes:
    text, how = written(call).decode(), chance.randrange(7)
    if how == 0:
        return text.encode(chance.choice(("utf-16", "utf-16-le", "utf-32", "utf-7", "cp037")))
    if how == 1:
        return b"\xef\xbb\xbf" + text.encode()
    place = some(call, chance, lambda holder, key: isinstance(holder[key], str) and isinstance(holder, dict))
    assert place is not None
    place[0][place[1]] = "\ufffc"
    odd = (b"\\ud800", b"\xff\xfe", b"\xc0\xaf", b"\xed\xa0\x80", b"\xe9", b"\\u00", b"\\x41", b"\x85")
    return written(call, ascii=False).replace("\ufffc".encode(), chance.choice(odd))


def doubled_key(call: dict[str, Any], chance: random.Random) -> bytes:
    """A name that stands twice in an object, with another value before or behind."""
    place = some(call, chance, lambda holder, _: isinstance(holder, dict))
    assert place is not None
    holder, key = place
    inner, other = holder.pop(key), copy.deepcopy(chance.choice(VALUES))
    pair = [(key, inner), (key, other)]
    if chance.random() < 0.5:
        pair.reverse()
    holder["\ufffc"] = 0
    said = ", ".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in pair)
    return written(call, ascii=False).decode().replace('"\ufffc": 0', said).encode()


def resource_type(call: dict[str, Any], chance: random.Random) -> bytes:
    place = some(call, chance, lambda _, key: key == "resourceType")
    assert place is not None
    place[0][place[1]] = chance.choice(KINDS)
    return written(call)


def giant_number(call: dict[str, Any], chance: random.Random) -> bytes:
    return _number_said(call, chance, GIANT)


def not_a_number(call: dict[str, Any], chance: random.Random) -> bytes:
    return _number_said(call, chance, NOT_JSON)


def _number_said(call: dict[str, Any], chance: random.Random, words: tuple[str, ...]) -> bytes:
    text = written(call).decode()
    found = list(OF_NUMBERS.finditer(text))
    if found and chance.random() < 0.8:
        one = chance.choice(found)
        return (text[: one.start()] + chance.choice(words) + text[one.end() :]).encode()
    holder, key = anywhere(call, chance)
    holder[key] = "\ufffc"
    return written(call, ascii=False).decode().replace('"\ufffc"', chance.choice(words)).encode()


def odd_day(call: dict[str, Any], chance: random.Random) -> bytes:
    return _said(call, chance, re.compile(r"Date|date|authoredOn|issued|recorded"), DAYS)


def unknown_unit(call: dict[str, Any], chance: random.Random) -> bytes:
    return _said(call, chance, re.compile(r"^unit$"), UNITS)


def odd_text(call: dict[str, Any], chance: random.Random) -> bytes:
    return _said(call, chance, re.compile(r"^(?:text|display|valueString)$"), TEXTS)


def other_code(call: dict[str, Any], chance: random.Random) -> bytes:
    return _said(call, chance, re.compile(r"^(?:code|system)$"), ("http://loinc.org", "http://snomed.info/sct", "2160-0", "29463-7", "0", "", "urn:x", "N18.32"))  # fmt: skip


def _said(call: dict[str, Any], chance: random.Random, name: re.Pattern[str], values: tuple[str, ...]) -> bytes:
    """Another value in a field of that name; where the call has none, in a field of another."""
    place = some(call, chance, lambda holder, key: isinstance(key, str) and bool(name.search(key)) and isinstance(holder[key], str))  # fmt: skip
    place = place or some(call, chance, lambda holder, key: isinstance(holder[key], str))
    assert place is not None
    place[0][place[1]] = chance.choice(values)
    return written(call)


def depth(call: dict[str, Any], chance: random.Random) -> bytes:
    holder, key = anywhere(call, chance)
    deep = chance.choice((8, 40, 60, 64, 70, 1000, 20_000))
    opens, closes = chance.choice((("[", "]"), ('{"a":', "}"), ('[{"extension":', "}]"), ('{"contained":[', "]}")))
    holder[key] = "\ufffc"
    inner = opens * deep + "1" + closes * deep
    return written(call, ascii=False).decode().replace('"\ufffc"', inner).encode()


def swapped_ids(call: dict[str, Any], chance: random.Random) -> bytes:
    """Ids and references of two places, one in place of the other, or an id that is nobody's."""
    wanted = ("id", "reference", "patientId", "userId", "fullUrl", "encounterId")
    found = [(h, k) for h, k in places(call) if k in wanted and isinstance(h[k], str)]
    found += [(h, k) for h, k in places(call["context"].get("selections", []))]
    (one, key), (two, other) = chance.choice(found), chance.choice(found)
    if chance.random() < 0.5:
        one[key] = chance.choice(
            ("p2", "Patient/p2", "", "p1 ", "P1", "d0", "Medication/d0", "#x", "p1" * 40, "..", "urn:uuid:x")
        )
    else:
        one[key], two[other] = two[other], one[key]
    return written(call)


def several(call: dict[str, Any], chance: random.Random) -> bytes:
    """Two or three faults of those that leave JSON."""
    for _ in range(chance.randint(1, 2)):
        call = json.loads(chance.choice((gone, another_type, structure, resource_type, odd_day, unknown_unit, odd_text, swapped_ids))(call, chance))  # fmt: skip
        if not all(
            isinstance(call.get(part), dict) for part in ("context", "prefetch")
        ):  # nothing is left to spoil further
            return json.dumps(call).encode()
    return chance.choice((gone, another_type, structure))(call, chance)


FAULTS: dict[str, Callable[[dict[str, Any], random.Random], bytes]] = {
    "a field is gone": gone,
    "another type": another_type,
    "another structure": structure,
    "cut off": cut,
    "other bytes": other_bytes,
    "encoding": encoding,
    "a name twice": doubled_key,
    "another resourceType": resource_type,
    "a giant or odd number": giant_number,
    "NaN, and what is no JSON": not_a_number,
    "an odd date": odd_day,
    "an unknown unit": unknown_unit,
    "an odd text": odd_text,
    "another code": other_code,
    "depth": depth,
    "swapped ids": swapped_ids,
    "several faults": several,
}


def written(call: Any, *, ascii: bool = True) -> bytes:
    return json.dumps(call, ensure_ascii=ascii).encode("utf-8", "surrogatepass")


# ---------------------------------------------------------------- what can be read, judged apart from the service


def readable(body: bytes, path: str) -> bool:
    """Whether a body is a call that may be answered by cards at all. A number that is JSON and that no machine holds (``1e309``) is a value that a card
    has to name as unknown, and no reason to refuse the call; of a name that stands twice the later holds, as the service reads it."""
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


def played(desk: Desk, count: int) -> Counter[tuple[str, int]]:
    """Sends so many calls with a fault, each kind as often as another, and checks every answer; how often which status was answered to which kind."""
    chance, good, seen = random.Random(SEED), bases(), Counter[tuple[str, int]]()
    for call in good:
        path = PATIENT if call["hook"] == "patient-view" else ORDERS
        assert readable(json.dumps(call).encode(), path) and desk.post(path, call).status_code == 200
    for number in range(count):
        kind = list(FAULTS)[number % len(FAULTS)]
        call = copy.deepcopy(chance.choice(good))
        path = PATIENT if call["hook"] == "patient-view" else ORDERS
        body = FAULTS[kind](call, chance)
        answer = desk.post(path, body)  # what is answered by 200 is checked by our schema there
        seen[kind, answer.status_code] += 1
        where = (number, kind, answer.status_code, answer.text[:500], body[:2000])
        assert answer.status_code in (200, 400, 412, 413, 422), where
        if answer.status_code == 200:
            assert readable(body, path), where
        else:
            assert answer.headers["content-type"] == "application/problem+json", where
            said = msgspec.json.decode(answer.content, type=Refusal)
            assert said.status == answer.status_code and said.title and said.request and "Traceback" not in said.title, where  # fmt: skip
    return seen


def told(seen: Counter[tuple[str, int]]) -> list[str]:
    """The counts, by kind of fault and answer."""
    statuses = sorted({status for _, status in seen})
    rows = [(kind, [seen[kind, status] for status in statuses]) for kind in FAULTS]
    rows.append(("all", [sum(column) for column in zip(*(counts for _, counts in rows), strict=True)]))
    head = f"| fault | {' | '.join(map(str, statuses))} | sent |"
    return [head, *(f"| {kind} | {' | '.join(f'{n:,}' for n in counts)} | {sum(counts):,} |" for kind, counts in rows)]


def test_every_fault_is_answered_by_cards_or_a_clear_refusal(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    try:
        seen = played(desk, COUNT)
    finally:
        desk.close()
    print("", *told(seen), sep="\n")
    answers = Counter[int]()
    for (_, status), count in seen.items():
        answers[status] += count
    assert sum(answers.values()) == COUNT
    assert answers[200] > COUNT / 10 and answers[400] > COUNT / 10, answers
    assert answers[412] and answers[413] and answers[422], answers
