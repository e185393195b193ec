"""Calls that wait at the same time are checked together: each is answered as it would be alone, and nobody's fault is another's."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))

from _people import patient_files
from cds import KNOWLEDGE, TODAY, drafts_of, example, names, prefetched, sign, view
from relaxant.io.read import read_bytes
from relaxant.patient import Patient
from relaxant.reviewing import Checked, canonical, checked, checked_together
from relaxant.service.cds import together
from relaxant.service.cds.cards import Made, Place, order_cards, patient_cards
from relaxant.service.cds.record import gathered, patient_of
from relaxant.service.cds.request import PatientView, read_call
from relaxant.service.cds.together import Together

PLACE = Place(knowledge=KNOWLEDGE, base="https://relaxant.example")


def people() -> list[Patient]:
    """The examples, of several countries, and generated people; of every third nothing is said of the medicines, of every fourth a line is not read."""
    generated = [read_bytes(file, KNOWLEDGE, today=TODAY) for file in patient_files(16)]
    known = [*map(example, names()), *generated]
    return [
        *known,
        *(msgspec.structs.replace(p, medicines=None) for p in known[::3]),
        *(msgspec.structs.replace(p, medicines=(*(p.medicines or ()), *_unread())) for p in known[::4] if p.medicines is not None),
    ]  # fmt: skip


def _unread() -> tuple[Any, ...]:
    return tuple(line for line in example("unread-medicines").medicines or ())


def said(found: Checked) -> tuple[Any, ...]:
    return found.patient, found.medicines, _sorted(found), found.findings, found.unchecked


def _sorted(found: Checked) -> list[Any]:
    """The checks; what would settle each is a set."""
    return [(c.rule, c.agent, c.partners, c.outcome, sorted(c.settled_by)) for c in found.checks]


def test_many_are_checked_as_each_alone() -> None:
    everybody = people()
    for one, together_ in zip(everybody, checked_together(everybody, knowledge=KNOWLEDGE), strict=True):
        assert said(together_) == said(checked(one, knowledge=KNOWLEDGE))


def test_nothing_of_one_reaches_another() -> None:
    """Beside somebody who takes everything, somebody else is checked as before."""
    everything = msgspec.structs.replace(example("tizanidine-ciprofloxacin"), medicines=tuple(line for name in names() for line in example(name).medicines or ()))  # fmt: skip
    for name in names():
        one = example(name)
        (first, _) = checked_together([one, everything], knowledge=KNOWLEDGE)
        (_, last) = checked_together([everything, one], knowledge=KNOWLEDGE)
        assert said(first) == said(last) == said(checked(one, knowledge=KNOWLEDGE))


def calls() -> list[bytes]:
    out = []
    for name in names():
        one = example(name)
        drafts = drafts_of(one)
        out.append(msgspec.json.encode(sign(prefetched(one), drafts) if drafts else view(prefetched(one))))
    return out


def _shown(made: list[Made]) -> list[Any]:
    return [{k: v for k, v in msgspec.to_builtins(m.card).items() if k not in ("uuid", "suggestions")} | {"actions": [msgspec.to_builtins(s.actions) for s in m.card.suggestions], "rules": m.rules, "said": m.said.hex()} for m in made]  # fmt: skip


def test_cards_of_many_are_those_of_each_alone() -> None:
    read = [read_call(body) for body in calls()]
    records = [gathered(call) for call in read]
    patients = [patient_of(r, KNOWLEDGE, today=TODAY, country="US") for r in records]
    many = checked_together(patients, knowledge=KNOWLEDGE)
    assert any(one.facts.rows > 1 for one in many)
    for call, record, patient, found in zip(read, records, patients, many, strict=True):
        make = patient_cards if isinstance(call, PatientView) else order_cards
        assert _shown(make(found, record, PLACE)) == _shown(make(checked(patient, knowledge=KNOWLEDGE), record, PLACE))


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many were checked together, each time."""
    out: list[int] = []

    def counted(patients: list[Patient], **more: Any) -> list[Checked]:
        out.append(len(patients))
        return checked_together(patients, **more)

    monkeypatch.setattr(together, "checked_together", counted)
    return out


def test_who_waits_is_answered_together(sizes: list[int]) -> None:
    everybody = people()[:20]

    async def asked() -> list[Checked]:
        wait = Together(KNOWLEDGE)
        return await asyncio.gather(*map(wait.checked, everybody))

    answers = asyncio.run(asked())
    assert [a.patient for a in answers] == [canonical(p) for p in everybody]
    assert sizes == [8, 8, 4]


def test_who_comes_first_waits_for_those_on_their_way(sizes: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "_LONGEST", 60.0)

    async def call(wait: Together, turns: int, patient: Patient | None) -> Checked | None:
        with wait.on_the_way():
            for _ in range(turns):
                await asyncio.sleep(0)
        return None if patient is None else await wait.checked(patient)

    async def asked(*last: Patient | None) -> None:
        wait = Together(KNOWLEDGE)
        people = [example("stroke-uk"), example("stroke-uk"), *last]
        await asyncio.gather(*(call(wait, 1 + 3 * n, one) for n, one in enumerate(people)))

    asyncio.run(asyncio.wait_for(asked(example("stroke-uk")), 20))
    asyncio.run(asyncio.wait_for(asked(None), 20))  # who is refused on the way keeps nobody
    assert sizes == [3, 2]


def test_who_was_answered_together_is_waited_for_and_one_alone_waits_for_nobody(sizes: list[int], monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(together, "_LONGEST", 60.0)
    one = example("stroke-uk")

    async def late(wait: Together, turns: int) -> Checked:
        for _ in range(turns):
            await asyncio.sleep(0)
        return await wait.checked(one)

    async def asked() -> None:
        wait = Together(KNOWLEDGE)
        await wait.checked(one)
        await wait.checked(one)
        await asyncio.gather(*(wait.checked(one) for _ in range(3)))
        await asyncio.gather(*(late(wait, 5 * n) for n in range(3)))
        monkeypatch.setattr(together, "_LONGEST", 1.0)
        await asyncio.gather(*(late(wait, 5 * n) for n in range(2)))  # the third does not come: not for long
        monkeypatch.setattr(together, "_LONGEST", 60.0)
        await asyncio.gather(*(late(wait, 5 * n) for n in range(2)))

    asyncio.run(asyncio.wait_for(asked(), 30))
    assert sizes == [1, 1, 3, 3, 2, 2]


def test_the_fault_of_one_is_nobody_elses(monkeypatch: pytest.MonkeyPatch) -> None:
    faulty = msgspec.structs.replace(example("pregnancy"), as_of=TODAY - timedelta(days=1))

    def broken(patient: Patient, **more: Any) -> Checked:
        if patient.as_of == faulty.as_of:
            raise ValueError("broken")
        return checked(patient, **more)

    def all_broken(patients: list[Patient], **more: Any) -> list[Checked]:
        return [broken(patient, **more) for patient in patients]

    monkeypatch.setattr(together, "checked", broken)
    monkeypatch.setattr(together, "checked_together", all_broken)

    async def asked() -> list[Any]:
        wait = Together(KNOWLEDGE)
        people = [example("stroke-uk"), faulty, example("germany-epilepsy")]
        return await asyncio.gather(*map(wait.checked, people), return_exceptions=True)

    first, second, third = asyncio.run(asked())
    assert isinstance(second, ValueError)
    assert first.findings == checked(example("stroke-uk")).findings
    assert third.findings == checked(example("germany-epilepsy")).findings


def test_who_goes_away_stops_nobody() -> None:
    async def asked() -> list[Any]:
        wait = Together(KNOWLEDGE)
        tasks = [asyncio.create_task(wait.checked(example(name))) for name in ("stroke-uk", "pregnancy")]
        await asyncio.sleep(0)
        tasks[0].cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    gone, stayed = asyncio.run(asked())
    assert isinstance(gone, asyncio.CancelledError)
    assert stayed.findings == checked(example("pregnancy")).findings
