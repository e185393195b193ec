"""Conditions that some rule or fact acts on, and medicines given together for one."""

from __future__ import annotations

from relaxant.knowledge.schema import Evidence, Frozen, SourceRef


class Condition(Frozen, frozen=True, kw_only=True, gc=False):
    """A condition that some rule or fact acts on.

    Three kinds of words count for whoever has a medicine running or weighed into the spinal fluid, or a pump for one: ``pump_names`` are then
    names of it too; ``pump_words``, inside something that is not understood, put it in question, unless one of ``not_pump_words`` (another device,
    or the pump as such) stands there as well.

    A name of a condition with ``levels`` may carry a level of the cord (“SCI T10”): it then names as well the condition that reaches least far below
    that level, by ``down_to`` (``T6``).

    An ``event`` happens on a day: a procedure of this name counts as it. It lies as many days back as its day is, below nought where it is still to
    come, and nought days where no day was said. Words of ``beside``, and a date, may stand beside its names.

    ``lasts_days`` is how long a registry's note of something acute counts, which has no end there; without it a note counts for good. A patient
    file says itself what is over. ``lasts_reason`` says why so long; it is our choice. What happens ``again`` is in a registry since its newest note;
    anything else is since its first. ``past`` are those of its ICD-10-CM codes that are of something that was: they make nothing newer.
    """

    condition: str
    title: str
    names: tuple[str, ...]
    levels: bool = False
    down_to: str | None = None
    event: bool = False
    beside: tuple[str, ...] = ()
    pump_names: tuple[str, ...] = ()
    pump_words: tuple[str, ...] = ()
    not_pump_words: tuple[str, ...] = ()
    icd10cm: tuple[str, ...] = ()
    snomed: tuple[str, ...] = ()
    implies: tuple[str, ...] = ()
    lasts_days: float | None = None
    lasts_reason: str | None = None
    again: bool = False
    past: tuple[str, ...] = ()
    source: str | None = None
    place: str | None = None


class Combination(Frozen, frozen=True, kw_only=True, gc=False):
    """Medicines given together for a condition: what is known of benefit and of harm, often nothing.

    ``agents`` are relaxants, ``partners`` ingredients and ``roles`` partner roles beside them. It speaks of whoever takes all of
    the agents, all of the partners and a medicine of each role. ``evidence`` is ``None`` where nobody has studied them together.
    """

    combination: str
    condition: str
    agents: tuple[str, ...]
    partners: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    used_for: str
    benefit: str
    harm: str
    evidence: Evidence | None = None
    verified: bool = True
    sources: tuple[SourceRef, ...]
