"""What a service answers, as the standard writes it (https://cds-hooks.hl7.org/2.0/#cds-service-response). Nothing empty and no null is written."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Indicator = Literal["info", "warning", "critical"]
Url = Annotated[str, Meta(pattern=r"^https?://")]
Text = Annotated[str, Meta(min_length=1)]
Uuid = Annotated[str, Meta(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$(?!\n)")]
MOST_SUMMARY = 139  # characters; the standard writes "<140"


class _Written(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename="camel",
    forbid_unknown_fields=True,
):
    """Frozen, keyword-only, in camel case; what was not set is not written."""


class Coding(_Written, frozen=True, kw_only=True):
    """A code of a system, with what a person reads."""

    system: Text
    code: Text
    display: Text


class Source(_Written, frozen=True, kw_only=True):
    """Where the guidance comes from; ``topic`` says what kind it is."""

    label: Text
    url: Url | None = None
    topic: Coding | None = None


class Link(_Written, frozen=True, kw_only=True):
    """A page to open: ``smart`` where the client launches it with the patient in view."""

    label: Text
    url: Url
    type: Literal["absolute", "smart"]


class Action(_Written, frozen=True, kw_only=True):
    """What is done to an order. ``resource`` is whole for create and update; ``resource_id`` names what is deleted."""

    type: Literal["create", "update", "delete"]
    description: Text
    resource: dict[str, Any] | None = None
    resource_id: Text | None = None


class Suggestion(_Written, frozen=True, kw_only=True):
    """A change that can be accepted as it stands; all its actions together."""

    label: Text
    uuid: Uuid
    actions: Annotated[tuple[Action, ...], Meta(min_length=1)]


class Card(_Written, frozen=True, kw_only=True):
    """One card. ``selection_behavior`` is there with suggestions and only with them."""

    uuid: Uuid
    summary: Annotated[str, Meta(min_length=1, max_length=MOST_SUMMARY)]
    detail: Text | None = None
    indicator: Indicator
    source: Source
    suggestions: Annotated[tuple[Suggestion, ...], Meta(min_length=1)] = ()
    selection_behavior: Literal["at-most-one"] | None = None
    override_reasons: Annotated[tuple[Coding, ...], Meta(min_length=1)] = ()
    links: Annotated[tuple[Link, ...], Meta(min_length=1)] = ()


class Answer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The answer to a call: cards, perhaps none; a list of none is the one empty thing that the standard asks for."""

    cards: tuple[Card, ...]
