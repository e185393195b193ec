"""What a page of a review is made of: findings, inputs, facts, what to follow, all in words and in their order."""

from __future__ import annotations

import msgspec

from relaxant.knowledge.schema import Tier
from relaxant.report.blocks import Words
from relaxant.report.citations import Mark, SourceView
from relaxant.report.plan.page import PlanHead, PlanView
from relaxant.report.review.course import CourseView
from relaxant.report.review.options import OptionsView


class Part(msgspec.Struct, frozen=True):
    """One labelled part of a finding (``do``, ``why``, ``sure`` ...): its lines, then its citations."""

    key: str
    label: str
    lines: tuple[str, ...]
    marks: tuple[Mark, ...] = ()


class FindingView(msgspec.Struct, frozen=True):
    """A finding: tier in word and shape, its summary and its parts in reading order. A folded one shows its summary. ``about`` says, for
    machines, of what kind it is: the title of its first rule."""

    tier: Tier
    word: str
    about: str
    summary: str
    tags: tuple[str, ...]
    parts: tuple[Part, ...]
    numbers: tuple[int, ...]
    folded: bool


class NotChecked(msgspec.Struct, frozen=True):
    """A medicine that was not recognised, with the names it may have meant."""

    said: str
    lines: tuple[str, ...]


class Missing(msgspec.Struct, frozen=True):
    """An input that would settle checks."""

    name: str
    tier: Tier
    word: str
    checks: str
    agents: str


class MedicineView(msgspec.Struct, frozen=True):
    """A medicine line as said, as read, and what it is here."""

    said: str
    read_as: str
    role: str
    remarks: tuple[str, ...]


class FactView(msgspec.Struct, frozen=True):
    """A fact with its value and how it was found; for an unknown one, ``value`` is what would settle it."""

    title: str
    value: str
    method: str = ""
    inputs: str = ""
    note: str = ""
    numbers: tuple[int, ...] = ()

    @property
    def how(self) -> tuple[str, ...]:
        """Method, inputs and note, as far as there are any."""
        return tuple(text for text in (self.method, self.inputs, self.note) if text)


class WatchView(msgspec.Struct, frozen=True):
    """Something to monitor. ``due`` says the day and what the record shows, as far as there is something to say; ``day`` is whether it names one."""

    agent: str
    what: str
    due: str
    day: bool
    overdue: bool
    at: str
    act: str
    mark: Mark
    tags: tuple[str, ...]


class SuitView(msgspec.Struct, frozen=True):
    """What a medicine, or several together, are to a condition: who, the status in words, what is known, citations."""

    who: str
    status: str
    lines: tuple[str, ...]
    marks: tuple[Mark, ...]
    tags: tuple[str, ...]


class View(msgspec.Struct, frozen=True):
    """A page in words, top to bottom. ``words`` holds the headings."""

    words: Words
    language: str
    head: PlanHead
    page_title: str
    label: str
    labels: str
    as_of: str
    person: str
    stamp_short: str
    tiers: tuple[tuple[Tier, str, int, str], ...]
    glance: tuple[str, ...]
    not_checked_lead: str
    not_checked: tuple[NotChecked, ...]
    findings: tuple[FindingView, ...]
    folded_findings: tuple[FindingView, ...]
    folded_findings_lead: str
    nothing: tuple[str, ...]
    unchecked_lead: str
    unchecked: tuple[Missing, ...]
    unchecked_folded: tuple[Missing, ...]
    unchecked_more: str
    suits: tuple[SuitView, ...]
    course_words: Words
    options: tuple[OptionsView, ...]
    courses: tuple[CourseView, ...]
    plans: tuple[PlanView, ...]
    plan_heading: str
    medicines: tuple[MedicineView, ...]
    said: tuple[tuple[str, str], ...]
    facts: tuple[FactView, ...]
    unknown_facts: tuple[FactView, ...]
    follow_words: Words
    monitoring: tuple[WatchView, ...]
    limits: tuple[str, ...]
    sources: tuple[SourceView, ...]
    orders: str
    stamp: tuple[tuple[str, str], ...]
