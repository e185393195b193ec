"""A plan: dated steps in real products, with what decides at each of them, and everything that bounded it.

One shape for all kinds. A calendar (titration, taper, switch, resuming) has ``steps``; what is reckoned for a pump or for neuromuscular block
has ``reckoning``, line by line. A plan that may not be made has ``refused`` and no step that starts or raises anything.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec

from relaxant.knowledge.plans import DayPart
from relaxant.rules.reasons import Cited

Kind = Literal["titration", "taper", "switch", "resume", "pump", "block", "crisis"]
BoundKind = Literal[
    "never", "share", "start", "start_daily", "step", "step_daily", "single", "daily", "days", "doses_daily"
]


OF_LABEL = "limit:"
"""How the id of a bound begins that is a limit of the label."""
OF_SPECIAL = "_soft:"
"""What the id of a bound holds that is the label's limit for usual care."""


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """A product as sold in the country. ``strength`` is in ``unit`` a piece, or a mL where ``liquid``; a piece is taken whole or, where it
    is ``scored``, in halves. A piece may be a ``drop``."""

    name: str
    form: str
    strength: float
    unit: str
    liquid: bool
    scored: bool
    modified_release: bool
    drop: bool = False
    source: Cited


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """So many pieces (or mL) of one product: ``product`` is its place in the plan's ``products``."""

    count: float
    product: int


class Take(msgspec.Struct, frozen=True, kw_only=True):
    """What is taken at one part of the day: the amount in the plan's unit, and the pieces that make it exactly."""

    at: DayPart
    amount: float
    counts: tuple[Count, ...]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """The doses of each day from ``first`` up to and including ``last`` (null: stayed at until reviewed).

    ``changed`` is the day's dose less that of the agent's step before; ``back_to`` the number of the step to return to, once, if this one is not
    borne; ``bounds`` the bounds (by id) that held this step below what the source writes.
    """

    number: int
    agent: str
    first: date
    last: date | None
    takes: tuple[Take, ...]
    daily: float
    changed: float
    back_to: int | None = None
    bounds: tuple[str, ...] = ()

    @property
    def days(self) -> int | None:
        """How many days the step lasts; ``None`` where it has no end."""
        return None if self.last is None else (self.last - self.first).days + 1


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What is taken of an agent before the plan begins, by part of the day, in the agent's unit."""

    agent: str
    doses: dict[DayPart, float]


class ShownBound(msgspec.Struct, frozen=True, kw_only=True):
    """Something that bounds a dose for this person. ``decides`` where it is the strictest of its kind; ``open`` where it may hold and
    ``settled_by`` says what would tell."""

    id: str
    agent: str
    kind: BoundKind
    value: float | None
    unit: str
    why: str
    decides: bool
    open: bool
    settled_by: tuple[str, ...]
    verified: bool
    source: Cited

    @property
    def names_amount(self) -> bool:
        """Whether it holds and names an amount of the day for this person, beside what the label says for all."""
        return not self.open and self.kind in ("start", "start_daily", "daily") and not self.of_label

    @property
    def of_label(self) -> bool:
        """Whether it is one of the label's own limits."""
        return self.id.startswith(OF_LABEL)

    @property
    def soft(self) -> bool:
        """Whether it is a limit of the label above which special care alone goes."""
        return self.of_label and OF_SPECIAL in self.id


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """Where the steps come from: a label's titration or a policy of lowering. ``override`` is the clinician's own, as said;
    ``supervised`` where it is for hospital or daily contact; ``beyond`` where the override goes further than every source that fits."""

    id: str
    text: str
    verified: bool
    source: Cited
    chosen: bool = True
    override: str | None = None
    supervised: bool = False
    beyond: bool = False


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence with its source. ``person`` is the same in plain words for the sheet of the person, none where it is not for the sheet;
    null where nobody put it so."""

    text: str
    person: tuple[str, ...] | None = None
    verified: bool
    source: Cited


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """What decides at each step of an agent."""

    agent: str
    go_on: tuple[Told, ...]
    hold: tuple[Told, ...]
    go_back: tuple[Told, ...]
    call: tuple[Told, ...]


class Branch(msgspec.Struct, frozen=True, kw_only=True):
    """Another way on: ``hold`` (stay at a step), ``slower`` (its own calendar) or ``rescue`` (back once to the last step that was borne, and call)."""

    kind: Literal["hold", "slower", "rescue"]
    text: str
    steps: tuple[Step, ...] = ()
    last_dose: date | None = None


class Supply(msgspec.Struct, frozen=True, kw_only=True):
    """How many pieces (or mL) of a product the calendar needs from ``first`` up to ``until``: what is to be in hand on ``first``."""

    product: int
    count: float
    first: date
    until: date


class Signs(msgspec.Struct, frozen=True, kw_only=True):
    """What withdrawal looks like, when it comes, and what then. ``person_signs`` and ``person_emergency`` are the same in plain words for the
    sheet of the person; null where nobody put them so."""

    agent: str
    signs: tuple[str, ...]
    emergency: tuple[str, ...]
    person_signs: tuple[str, ...] | None = None
    person_emergency: tuple[str, ...] | None = None
    onset: str
    action: str
    verified: bool
    source: Cited


class Missed(msgspec.Struct, frozen=True, kw_only=True):
    """What to do after so many days without the medicine. ``now`` where it is where the person stands today."""

    agent: str
    days_from: float
    days_to: float | None
    do: Literal["resume", "retitrate", "call"]
    text: str
    now: bool
    verified: bool
    source: Cited


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a reckoning: what, how it was reached (the numbers put in), and what came out."""

    what: str
    how: str
    value: float | None
    unit: str
    text: str
    sources: tuple[Cited, ...] = ()
    verified: bool = True


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is planned for one person, one kind at a time. ``needs_first`` are inputs to have before the first dose, ``first_do`` what
    has to be done before it. ``taken`` is what is taken until then of the agents of its steps, as far as that is known."""

    id: str
    kind: Kind
    agents: tuple[str, ...]
    title: str
    why: str
    unit: str
    refused: str | None = None
    needs_first: tuple[str, ...] = ()
    first_do: tuple[Told, ...] = ()
    policies: tuple[Policy, ...] = ()
    bounds: tuple[ShownBound, ...] = ()
    products: tuple[Product, ...] = ()
    taken: tuple[Taken, ...] = ()
    steps: tuple[Step, ...] = ()
    gates: tuple[Gate, ...] = ()
    branches: tuple[Branch, ...] = ()
    last_dose: date | None = None
    supply: tuple[Supply, ...] = ()
    withdrawal: tuple[Signs, ...] = ()
    missed: tuple[Missed, ...] = ()
    reckoning: tuple[Line, ...] = ()
    notes: tuple[str, ...] = ()
