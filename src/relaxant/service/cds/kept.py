"""The cards that were shown and what was answered to them: so that an answer is known again, and counted."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import cache

import msgspec
from sqlalchemy import Connection, bindparam, insert, select, update

from relaxant.service.audit.kinds import Kind
from relaxant.service.audit.people import pseudonym
from relaxant.service.audit.record import record
from relaxant.service.cds.cards import Made, suggestion_ids
from relaxant.service.cds.feedback import Feedback
from relaxant.service.problems import Problem
from relaxant.service.store.prepared import Prepared
from relaxant.service.store.tables import ANSWERS, CARDS
from relaxant.service.store.times import milliseconds

_MOST_SUGGESTIONS = 64
_KEEP = Prepared(insert(CARDS))


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that is new, for the counters: the rules of the card and what became of it."""

    rules: tuple[str, ...]
    outcome: str


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """Of which call cards are kept. ``patient``: the record number as it was sent, of the ``server`` where one was named. ``again``: also what was
    overridden already and has not changed."""

    service: str
    hook: str
    by: str
    patient: str
    server: str
    now: datetime
    again: bool


def show(connection: Connection, secret: bytes, made: Sequence[Made], told: Told) -> list[Made]:
    """Keeps the cards that are to be shown and returns them, and tells the audit of the call."""
    person = pseudonym(connection, secret, told.by, told.patient)
    said = {m.card.uuid: _said(m, person, told.server) for m in made}
    if not told.again and made:
        asked = {"service": told.service, **{f"said{i}": one for i, one in enumerate(said.values())}}
        rows = _answered(len(said))(connection, asked)
        known = {bytes(row.said) for row in rows}
        made = [m for m in made if said[m.card.uuid] not in known]
    if made:
        _KEEP(
            connection,
            [
                {
                    "card": m.card.uuid,
                    "at": milliseconds(told.now),
                    "service": told.service,
                    "issuer": told.by,
                    "person": person,
                    "finding": m.finding,
                    "rules": " ".join(m.rules),
                    "indicator": m.card.indicator,
                    "said": said[m.card.uuid],
                }
                for m in made
            ],
        )
    what = {"hook": told.hook, "service": told.service, "cards": [m.card.uuid for m in made]}
    record(connection, Kind.CALLED, told.by, person, what, at=told.now)
    return list(made)


@cache
def _answered(count: int) -> Prepared:
    """Which of ``count`` things, each said of one person, were overridden."""
    said = ANSWERS.c.said.in_([bindparam(f"said{i}") for i in range(count)])
    overridden = ANSWERS.c.outcome == "overridden"  # what was accepted and still stands did not take effect
    answered = select(ANSWERS.c.said).join(CARDS, CARDS.c.card == ANSWERS.c.card)
    return Prepared(answered.where(said, overridden, CARDS.c.service == bindparam("service")))


def _said(made: Made, person: bytes, server: str) -> bytes:
    """What a card says, of one person of one server."""
    return hashlib.blake2b(made.said + server.encode(), key=person, digest_size=len(made.said)).digest()


def answer(connection: Connection, given: Sequence[tuple[Feedback, str | None]], *, service: str, by: str, now: datetime) -> list[Answered]:  # fmt: skip
    """Keeps what was answered, all of it or nothing; the same answer again changes nothing, and of two answers to a card the later holds.

    Raises :class:`Problem` 422 where a card was not shown by this service to this caller, or had no such suggestion.
    """
    new = []
    for one, reason in given:
        card, at = str(one.card), milliseconds(one.outcome_timestamp)
        shown = connection.execute(
            select(CARDS.c.rules, CARDS.c.person, CARDS.c.finding, CARDS.c.said).where(
                CARDS.c.card == card, CARDS.c.service == service, CARDS.c.issuer == by
            )
        ).one_or_none()
        if shown is None:
            raise Problem(422, "this card was not shown by this service", field="feedback.card")
        accepted = {str(s.id) for s in one.accepted_suggestions}
        if not accepted <= set(suggestion_ids(card, _MOST_SUGGESTIONS)):
            raise Problem(422, "this card had no such suggestion", field="feedback.acceptedSuggestions")
        before = connection.execute(select(ANSWERS).where(ANSWERS.c.card == card)).one_or_none()
        if before is not None and before.outcome == one.outcome == "accepted":
            accepted |= set(msgspec.json.decode(before.suggestions))
        values = {
            "at": at,
            "outcome": one.outcome,
            "reason": reason,
            "suggestions": msgspec.json.encode(sorted(accepted)).decode(),
        }
        if before is None:
            connection.execute(insert(ANSWERS).values(card=card, said=shown.said, **values))
        elif before.at > at or all(getattr(before, key) == value for key, value in values.items() if key != "at"):
            continue
        else:
            connection.execute(update(ANSWERS).where(ANSWERS.c.card == card).values(**values))
        what = {"card": card, "outcome": one.outcome, "reason": reason, "suggestions": sorted(accepted)}
        record(connection, Kind.ANSWERED, by, bytes(shown.person), what, at=now)
        if before is None or before.outcome != one.outcome:
            new.append(Answered(rules=tuple(shown.rules.split()) or (shown.finding,), outcome=one.outcome))
    return new
