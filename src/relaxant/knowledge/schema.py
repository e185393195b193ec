"""The shape of knowledge: what every clinical value and sentence carries, with where it comes from; the modules beside this one say the rest.

The YAML under ``knowledge/`` (and in any overlay pack) is decoded into these frozen types. An unknown key is an error,
so a misspelt field cannot vanish. Every clinical value names a ``source`` (an id under ``sources/``) and the ``place`` in
that source. ``jurisdiction`` lists the countries' labels it holds for (``US``, ``UK``, ``EU``); empty means everywhere.
``verified: false`` marks what nobody has seen in the source itself: it is shown as such and may not drive DANGER or CHANGE.
"""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

Tier = Literal["DANGER", "CHANGE", "WATCH", "NOTE"]
TIERS: tuple[Tier, ...] = get_args(Tier)
"""The gravest first."""
Evidence = Literal["label", "guideline", "trial", "study", "case", "theory", "local"]
Jurisdiction = Literal["US", "UK", "EU"]


class Frozen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """Frozen, keyword-only, and strict about keys. Knowledge holds no cycles, so the garbage collector need not walk it."""


class Source(Frozen, frozen=True, kw_only=True, gc=False):
    """Something a person can open and check. ``date`` is its own; where it carries none, ``seen_on`` is the day it was read."""

    id: str
    title: str
    kind: Literal[
        "label", "guideline", "study", "trial", "review", "case report", "reference data", "standard", "policy"
    ]
    publisher: str | None = None
    date: str | None = None
    url: str | None = None
    doi: str | None = None
    jurisdiction: tuple[Jurisdiction, ...] = ()
    seen: Literal["text", "mirror", "abstract", "excerpt", "not seen"] = "text"
    seen_on: str | None = None
    note: str | None = None

    @property
    def address(self) -> str | None:
        """Where it can be opened: its own address, or by its doi."""
        return self.url or (f"https://doi.org/{self.doi}" if self.doi else None)


class Cited(Frozen, frozen=True, kw_only=True, gc=False):
    """What every cited thing carries."""

    source: str
    place: str
    jurisdiction: tuple[Jurisdiction, ...] = ()
    verified: bool = True
    note: str | None = None


class SourceRef(Frozen, frozen=True, kw_only=True, gc=False):
    """A pointer from a rule to the place in a source; ``says`` states in our words what that place holds."""

    source: str
    place: str
    says: str | None = None


class Policy(Frozen, frozen=True, kw_only=True, gc=False):
    """A number that is our choice and not a fact of nature, with its reason."""

    policy: str
    value: float
    unit: str
    reason: str
    source: str
    place: str
