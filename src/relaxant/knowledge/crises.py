"""The shape of what the reckoning of an antidote in a crisis is made from: doses by actual weight, vials with their water, what to do beside."""

from __future__ import annotations

from typing import Literal

from relaxant.knowledge.blocks import BlockNote
from relaxant.knowledge.schema import Cited, Frozen

CrisisPurpose = Literal["first", "again", "reappraisal", "after"]


class CrisisDose(Cited, frozen=True, kw_only=True, gc=False):
    """An amount of ``usual`` mg/kg of the actual weight; ``reappraisal`` is the sum at which the diagnosis is looked at again."""

    purpose: CrisisPurpose
    usual: float
    text: str


class CrisisVial(Cited, frozen=True, kw_only=True, gc=False):
    """A vial with ``mg``, made up with ``ml`` of water; ``text`` says how."""

    name: str
    mg: float
    ml: float
    text: str


class Crisis(Frozen, frozen=True, kw_only=True, gc=False):
    """What is reckoned for an agent that a crisis asks for at once; ``first`` is done beside it."""

    crisis: str
    agent: str
    title: str
    why: str
    doses: tuple[CrisisDose, ...]
    vials: tuple[CrisisVial, ...]
    first: tuple[BlockNote, ...] = ()
