"""Whose a value is: a label's of this country or another, or a study's, so that like stands beside like."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

from relaxant.knowledge.jurisdictions import holds_in
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.schema import Cited, Jurisdiction

Kind = Literal["label", "reference", "study"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""A label, a text that restates labels, anything else that was measured or reviewed."""
_KINDS: dict[str, Kind] = {"label": "label", "reference data": "reference"}
_YEAR = 4


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Whose a value is. ``countries``: the labels that it is of; ``here``: it holds under the labels asked for. ``of`` says what kind of
    source it is (a trial, a review), ``year`` when that is dated."""

    kind: Kind
    of: str
    year: str
    countries: tuple[Jurisdiction, ...]
    here: bool


def origin(value: Cited, jurisdiction: Jurisdiction, knowledge: Knowledge) -> Origin:
    """Whose a value of the knowledge is, as seen from the labels of a jurisdiction."""
    source = knowledge.sources[value.source]
    kind = _KINDS.get(source.kind, "study")
    countries = value.jurisdiction or source.jurisdiction
    foreign = kind != "study" and bool(countries) and jurisdiction not in countries
    return Origin(
        kind=kind,
        of=source.kind,
        year=str(source.date or "")[:_YEAR],
        countries=tuple(countries),
        here=holds_in(value, jurisdiction) and not foreign,
    )
