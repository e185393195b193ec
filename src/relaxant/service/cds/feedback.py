"""What a client reports of the cards that it was given (https://cds-hooks.hl7.org/2.0/#feedback). A comment of the user is read past and never kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from relaxant.service.cds.card import Text
from relaxant.service.problems import Problem

Outcome = Literal["accepted", "overridden"]
_AHEAD = timedelta(minutes=5)  # that another's clock may be before ours
OTHER = "other"


class _Sent(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Frozen, keyword-only, in camel case; what the standard does not name is passed over."""


class Reason(_Sent, frozen=True, kw_only=True):
    """The reason that was chosen: one of ours, or of a system of the client's."""

    system: Text
    code: Text
    display: str | None = None


class OverrideReason(_Sent, frozen=True, kw_only=True):
    """Why a card was overridden."""

    reason: Reason | None = None
    user_comment: str | None = None


class AcceptedSuggestion(_Sent, frozen=True, kw_only=True):
    """A suggestion that was accepted."""

    id: UUID


class Feedback(_Sent, frozen=True, kw_only=True):
    """What became of one card."""

    card: UUID
    outcome: Outcome
    outcome_timestamp: Annotated[datetime, Meta(tz=True)]
    accepted_suggestions: tuple[AcceptedSuggestion, ...] = ()
    override_reason: OverrideReason | None = None


class Report(_Sent, frozen=True, kw_only=True):
    """Several at once."""

    feedback: Annotated[tuple[Feedback, ...], Meta(min_length=1, max_length=1000)]


_decode = msgspec.json.Decoder(Report).decode


def read_report(body: bytes, now: datetime) -> tuple[Feedback, ...]:
    """The feedback in a body. Raises :class:`Problem` 400 where it is none, 422 where it says what cannot be."""
    try:
        report: Report = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(400, f"this is not CDS Hooks feedback: {error}") from None
    for place, one in enumerate(report.feedback):
        where = f"feedback[{place}]"
        if one.outcome == "accepted" and not one.accepted_suggestions:
            raise Problem(422, "accepted, and no suggestion is named", field=f"{where}.acceptedSuggestions")
        if one.outcome == "overridden" and one.accepted_suggestions:
            raise Problem(422, "overridden, and a suggestion is accepted", field=f"{where}.acceptedSuggestions")
        if one.outcome_timestamp > now + _AHEAD:
            raise Problem(422, "the time lies ahead", field=f"{where}.outcomeTimestamp")
    return report.feedback


def reason_of(one: Feedback, system: str, known: frozenset[str]) -> str | None:
    """The reason as it is kept: a code of ours, ``other`` where it is not, ``None`` where none was given. Raises :class:`Problem` 422 for a code
    that is said to be ours and is not."""
    given = one.override_reason
    if one.outcome != "overridden" or given is None:
        return None
    if given.reason is None:
        return OTHER if given.user_comment else None
    if given.reason.system != system:
        return OTHER
    if given.reason.code not in known:
        raise Problem(422, "this is not one of the reasons of the card", field="overrideReason.reason.code")
    return given.reason.code
