"""What a page of a plan is made of: sections in words, and the steps with their numbers for machines.

Text, HTML and PDF draw ``sections`` and nothing else; the calendar file, FHIR and the patient sheet read the typed steps, whose words
are the same ones.
"""

from __future__ import annotations

from datetime import date

import msgspec

from relaxant.knowledge.plans import DayPart
from relaxant.medicines.regimen import Regimen
from relaxant.report.blocks import Section, Words
from relaxant.report.citations import SourceView


class TakenView(msgspec.Struct, frozen=True, kw_only=True):
    """A medicine of the person's list, for machines: ``said`` as it was said, ``text`` as it was read, ``name`` its ingredients as the country
    names them, ``codes`` these with their RxNorm codes, ``names`` what a finding may call it. ``role``: ``current``, ``considering`` or ``stopped``.
    Beside plans: ``refused`` says why what is weighed may not be given, from ``replaced_from`` on the plan ``replaced_by`` takes its place."""

    role: str
    said: str
    text: str
    name: str
    agents: tuple[str, ...]
    codes: tuple[tuple[str, str | None], ...]
    names: tuple[str, ...]
    regimen: Regimen
    route: str
    refused: str = ""
    replaced_from: date | None = None
    replaced_by: str = ""


class PlanHead(msgspec.Struct, frozen=True, kw_only=True):
    """For whom and as of when: what stands on top of every page. ``whose`` tells persons apart without naming them; ``labelled`` where
    somebody gave the label."""

    label: str
    labels: str
    as_of: date
    as_of_text: str
    person: str
    country: str
    language: str
    taken: tuple[TakenView, ...] = ()
    """The person's list of medicines."""
    tube: bool = False
    """Whether the person is fed by tube."""
    basis: str
    whose: str
    stamp: tuple[tuple[str, str], ...]
    labelled: bool = True


class PieceView(msgspec.Struct, frozen=True, kw_only=True):
    """So many pieces (mL where ``liquid``) of a product: the form in words, its strength in words."""

    count: float
    form: str
    strength: str
    liquid: bool


class GivenView(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a dose that one product makes: its place in the view's ``products``, how many pieces (or mL), the same in words with the form."""

    product: int
    count: float
    text: str


class DoseView(msgspec.Struct, frozen=True, kw_only=True):
    """One dose of a day: when, how much (number, unit, words) and the pieces that make it (words, and one by one)."""

    at: DayPart
    part: str
    amount: float
    unit: str
    plain: str
    text: str
    pieces: str
    counts: tuple[PieceView, ...]
    made: tuple[GivenView, ...] = ()


class StepView(msgspec.Struct, frozen=True, kw_only=True):
    """A step in words and numbers. ``uid`` is the same whenever this step of this person's plan is shown; ``until`` is its last day, or, where it
    has none, the last that is supplied; ``ended`` are the parts of the day that had a dose before and have none any more; ``as_now`` where it is
    what was taken before, until the first change."""

    uid: str
    number: int
    agent: str
    first: date
    last: date | None
    dates: str
    length: str
    doses: tuple[DoseView, ...]
    total: str
    notes: tuple[str, ...]
    bounds: tuple[str, ...]
    until: date
    ended: tuple[DayPart, ...] = ()
    as_now: bool = False


class AgentView(msgspec.Struct, frozen=True, kw_only=True):
    """A medicine of the plan: its id, its name in the country, its RxNorm code where known, the route by which it is given (id and words)."""

    id: str
    name: str
    rxcui: str | None
    route: str = ""
    route_text: str = ""


class ProductView(msgspec.Struct, frozen=True, kw_only=True):
    """A product that doses are made of: its name in words, its form (and that of several pieces), how much of ``unit`` is in a piece or in a mL.
    What is dosed by the piece has its pieces as ``unit``."""

    name: str
    form: str
    forms: str
    strength: float
    unit: str
    liquid: bool


class WithheldView(msgspec.Struct, frozen=True, kw_only=True):
    """A medicine of which the plan gives no dose from a day on, and what it says of that. ``uid`` is as that of a step."""

    uid: str
    agent: str
    first: date
    text: str
    says: tuple[str, ...]


class BoundView(msgspec.Struct, frozen=True, kw_only=True):
    """A bound that decides or forbids."""

    id: str
    agent: str
    never: bool
    limit: str
    why: str
    source: str
    url: str | None


class BeforeView(msgspec.Struct, frozen=True, kw_only=True):
    """A medicine that stays as it is taken now until its own first step."""

    uid: str
    agent: str
    first: date
    last: date
    dates: str
    text: str


class GateView(msgspec.Struct, frozen=True):
    """What decides at each step of an agent: a label (``HOLD IF``) and its sentences."""

    agent: str
    label: str
    texts: tuple[str, ...]


class Notice(msgspec.Struct, frozen=True):
    """What to look out for: as the plan says it, and for the person in plain words (none where it is not for the person, null where nobody put
    it so)."""

    text: str
    person: tuple[str, ...] | None = None


class PlanView(msgspec.Struct, frozen=True, kw_only=True):
    """A plan in words, top to bottom, and its steps in numbers. Where it stands in a larger page ``sources`` is empty, as that page numbers
    them, and ``above`` is what is left of ``banners`` to say above it. ``beyond`` says that an override goes beyond every source, if it does."""

    id: str
    kind: str
    words: Words
    head: PlanHead
    page_title: str
    title: str
    kind_text: str
    banners: tuple[str, ...]
    above: tuple[str, ...]
    refused: str
    sections: tuple[Section, ...]
    sources: tuple[SourceView, ...]
    agents: tuple[AgentView, ...]
    steps: tuple[StepView, ...]
    before: tuple[BeforeView, ...]
    last_dose: date | None
    needs: tuple[str, ...]
    first_do: tuple[str, ...]
    products: tuple[ProductView, ...]
    withheld: tuple[WithheldView, ...]
    gates: tuple[GateView, ...]
    supervised: bool
    beyond: str
    calls: tuple[Notice, ...]
    signs: tuple[Notice, ...]
    emergency: tuple[Notice, ...]
    bounds: tuple[BoundView, ...]
    source_words: Words
    stamp_heading: str

    def name(self, agent: str) -> str:
        """The medicine's name in the country."""
        return next((a.name for a in self.agents if a.id == agent), agent)
