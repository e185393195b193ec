"""The shape of what the reckoning of an antidote in a crisis is made from: doses by actual weight, vials with their water, what to do beside."""

from __future__ import annotations

from typing import Any, Literal

from relaxant.knowledge.blocks import BlockNote
from relaxant.knowledge.schema import Cited, Frozen

CrisisPurpose = Literal["before", "first", "again", "reappraisal", "after"]


class CrisisDose(Cited, frozen=True, kw_only=True, gc=False):
    """An amount of ``usual`` mg/kg of the actual weight, ``low`` the least that a source gives; ``before`` is without a crisis, ``reappraisal`` the
    sum at which the diagnosis is looked at again."""

    purpose: CrisisPurpose
    low: float | None = None
    usual: float
    text: str


class CrisisVial(Cited, frozen=True, kw_only=True, gc=False):
    """A vial with ``mg``, made up with ``ml`` of water; ``text`` says how. ``strength`` is in mg/mL, ``mg`` over ``ml`` where a label gives no other."""

    name: str
    mg: float
    ml: float
    strength: float | None = None
    text: str


class CrisisApart(Frozen, frozen=True, kw_only=True, gc=False):
    """What is said instead, and done first, where the antidote stands on the list and no crisis is now; under the title ``unsure`` where a
    crisis may be now: its condition is in question, or a condition was not understood."""

    title: str
    unsure: str
    why: str
    first: tuple[BlockNote, ...] = ()


class Crisis(Frozen, frozen=True, kw_only=True, gc=False):
    """What is reckoned for an agent that a crisis asks for at once; ``first`` is done beside it. It is now where ``when`` surely holds, unless
    ``over`` surely does."""

    crisis: str
    agent: str
    when: dict[str, Any]
    over: dict[str, Any]
    apart: CrisisApart
    title: str
    why: str
    doses: tuple[CrisisDose, ...]
    vials: tuple[CrisisVial, ...]
    first: tuple[BlockNote, ...] = ()
