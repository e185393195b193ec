"""A review made again from its own patient: the same bytes, or what differs."""

from __future__ import annotations

import msgspec

from relaxant.errors import ReplayError
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.patient import Patient
from relaxant.reviewing import Review, Stamp, review, to_json


class _Stamped(msgspec.Struct, frozen=True):
    stamp: Stamp


def replay(
    original: bytes, patient: Patient, *, knowledge: Knowledge | None = None, with_current: bool = False
) -> Review:
    """The review recomputed from its own patient. Raises :class:`ReplayError` naming what differs, unless ``with_current``.

    >>> from datetime import date
    >>> from relaxant import read_patient, replay, review, to_json
    >>> patient = read_patient(b"medicines: [aspirin]", today=date(2026, 11, 22))
    >>> made = review(patient)
    >>> replay(to_json(made), patient) == made
    True
    """
    knowledge = knowledge or load_knowledge()
    try:
        stamp = msgspec.json.decode(original, type=_Stamped).stamp
    except msgspec.DecodeError as error:
        raise ReplayError(
            f"the review's stamp cannot be read ({error}); give the JSON that `relaxant review` wrote"
        ) from None
    again = review(patient, knowledge=knowledge)
    if with_current:
        return again
    differs = [
        (name, was, now)
        for name, was, now in (
            ("engine", stamp.engine, again.stamp.engine),
            ("knowledge", stamp.knowledge.sha256, again.stamp.knowledge.sha256),
            ("input", stamp.input_sha256, again.stamp.input_sha256),
        )
        if was != now
    ]
    if differs:
        name, was, now = differs[0]
        raise ReplayError(
            f"{name} differs: the review was made with {was}, here is {now}; --with-current shows what advice changes"
        )
    if to_json(again) != original:
        raise ReplayError(
            "the review was changed after it was made: recomputing gives other bytes; --with-current shows what differs"
        )
    return again


def changes(before: bytes, after: Review) -> list[tuple[str, str]]:
    """What advice differs between a written review and one made now: (``gone``, ``new`` or ``same``, the finding's words)."""
    old = {f["id"]: f"{f['tier']} {f['summary']}" for f in msgspec.json.decode(before).get("findings", ())}
    new = {f.id: f"{f.tier} {f.summary}" for f in after.findings}
    return (
        [("gone", old[i]) for i in old if i not in new]
        + [("new", new[i]) for i in new if i not in old]
        + [("same", new[i]) for i in new if i in old]
    )
