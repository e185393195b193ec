"""What a table of options holds: one relaxant for one goal, with everything that speaks for and against it in one person."""

from __future__ import annotations

from typing import Literal

import msgspec

from relaxant.knowledge.agents import Suitability
from relaxant.knowledge.schema import Tier
from relaxant.planning.plan import ShownBound, Told
from relaxant.rules.reasons import Cited

Why = Literal["danger", "never", "no dose", "not sold", "age", "wrong goal", "not supported"]


class Harm(msgspec.Struct, frozen=True, kw_only=True):
    """What speaks against it in this person: a finding of the review that weighs it."""

    tier: Tier
    summary: str
    rules: tuple[str, ...]
    verified: bool
    sources: tuple[Cited, ...]


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why a relaxant fell out: the ``rules`` that fired, or what a source says of it. What the catalogue of products lacks has no source."""

    why: Why
    text: str
    rules: tuple[str, ...] = ()
    verified: bool = True
    sources: tuple[Cited, ...] = ()


class Support(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent is to a condition of the person, in the words of a source. ``elsewhere``: a label of another country."""

    condition: str
    status: Suitability
    text: str
    evidence: str
    elsewhere: bool
    verified: bool
    source: Cited


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a guideline or label puts it among the treatments: ``line`` 1 is the first, null is without an order; ``after``: when others failed."""

    line: int | None
    after: bool
    text: str
    verified: bool
    source: Cited


class Chance(msgspec.Struct, frozen=True, kw_only=True):
    """Of people like this one, the share (0 to 1) within the published range at ``daily``: by the day's average, and the whole day."""

    daily: float
    average: float
    always: float


class Useful(msgspec.Struct, frozen=True, kw_only=True):
    """What is published of a useful level or dose. ``chances`` are reckoned by the medicine's model where it speaks of this person."""

    text: str
    verified: bool
    source: Cited
    chances: tuple[Chance, ...] = ()


class UsualDose(msgspec.Struct, frozen=True, kw_only=True):
    """The usual dose of a day that a source gives, in ``unit``; ``reached`` says whether the steps of this person come to it."""

    low: float | None
    high: float
    unit: str
    reached: bool | None
    verified: bool
    source: Cited


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """The longest time of treatment (days), and the dose of a day that the steps reach in it."""

    days: float
    reached: float | None
    text: str
    verified: bool
    source: Cited


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """It is on the list: what is taken in a day now and the most that it may rise to. Null: not known, or it may not rise; ``text`` says it."""

    daily: float | None
    room: float | None
    text: str


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """One relaxant for one goal. ``suits`` where it may be chosen; else ``why_not`` says why it fell out.

    ``first_daily`` and ``top_daily`` (in ``unit``) are the day's dose of the first and last step, ``days`` from one to the other; of what is
    taken already they are the steps up from there. ``top_daily`` is the ceiling of this person, or what the ``course`` leaves room for; ``bounds`` are what hold the doses below
    those labelled. ``pieces_low`` and ``pieces_high`` are the tablets (or mL, where ``liquid``) a day. ``regimen`` says in words how it is
    given. ``history`` is what the record holds of an earlier try. ``say`` is to be said to the person. ``open`` are inputs to have first.
    """

    agent: str
    suits: bool
    taken: Taken | None
    history: tuple[str, ...]
    places: tuple[Place, ...]
    support: tuple[Support, ...]
    why_not: tuple[Reason, ...]
    injected: bool
    unit: str
    first_daily: float | None
    top_daily: float | None
    days: int | None
    pieces_low: float | None
    pieces_high: float | None
    liquid: bool
    bounds: tuple[ShownBound, ...]
    regimen: tuple[Told, ...]
    course: Course | None
    usual: UsualDose | None
    useful: tuple[Useful, ...]
    harms: tuple[Harm, ...]
    say: tuple[Told, ...]
    open: tuple[str, ...]


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The options for one goal, those that suit first, in the order that ``order`` states. ``assumed``: none of the goal's conditions
    was said, and ``conditions`` are what it usually arises in."""

    goal: str
    text: str
    conditions: tuple[str, ...]
    assumed: bool
    order: str
    source: Cited
    options: tuple[Option, ...]
