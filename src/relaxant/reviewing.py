"""The review: one typed object with everything and why. JSON is its exact image."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cached_property
from typing import Any

import msgspec

from relaxant.errors import ReplayError
from relaxant.facts.column import Column
from relaxant.facts.conditions import unclear_conditions, unread_conditions
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.facts.loads import LOADS
from relaxant.facts.members import role_members
from relaxant.facts.names import PERSON_FACTS
from relaxant.facts.pump import pumped_agents
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.knowledge.schema import Jurisdiction
from relaxant.medicines.medicine import Medicine
from relaxant.medicines.read import read_medicines
from relaxant.medicines.regimen import Regimen
from relaxant.patient import Patient, to_file
from relaxant.planning.follow_up import ShownAct, follow_up, in_words
from relaxant.planning.option import Options
from relaxant.planning.options import goals_of, options
from relaxant.planning.plan import Plan
from relaxant.planning.planned import planned
from relaxant.planning.pump import refill_by
from relaxant.predicted import ShownPrediction, ShownScenario, predicted, steps_of
from relaxant.rules.evaluate import Checks, evaluate, program
from relaxant.rules.findings import (
    Cause,
    Check,
    Finding,
    Unchecked,
    findings_by_agent,
    read_causes,
    silent_checks,
    worded,
)
from relaxant.rules.reasons import Cited, cited
from relaxant.rules.wording import capital, fact_text, listed, shown_agent_name
from relaxant.suited import ShownCombination, ShownSuitability, combinations, suitability
from relaxant.version import __version__

_CORE = ("age", "weight", "creatinine", "egfr", "creatinine_clearance")  # listed even when no rule asked for them


class KnowledgeStamp(msgspec.Struct, frozen=True, kw_only=True):
    """Which knowledge spoke."""

    date: str
    sha256: str
    packs: tuple[str, ...]


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """What made this review: with the same stamp and patient the bytes are the same."""

    engine: str
    knowledge: KnowledgeStamp
    input_sha256: str
    as_of: str
    country: str
    language: str
    time_zone: str


class ShownIngredient(msgspec.Struct, frozen=True, kw_only=True):
    """An ingredient by its generic name."""

    name: str
    rxcui: str | None


class ShownSuggestion(msgspec.Struct, frozen=True, kw_only=True):
    """What a name may have been meant to be."""

    name: str
    confidence: float


class ShownMedicine(msgspec.Struct, frozen=True, kw_only=True):
    """A medicine line as read, for the output."""

    said: str
    status: str
    role: str
    change: str | None
    ingredients: tuple[ShownIngredient, ...]
    agents: tuple[str, ...]
    read_as: str
    regimen: Regimen
    replaced: bool
    stop_weighed: bool = False
    suggestions: tuple[ShownSuggestion, ...]
    why: str | None
    not_understood: tuple[str, ...]


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A fact with its method and inputs; or unknown, with what would settle it. ``low`` and ``high`` bound what is not settled."""

    name: str
    title: str
    text: str
    value: float | bool | None = None
    low: float | None = None
    high: float | None = None
    unit: str = ""
    method: str = ""
    inputs: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    source: str = ""
    agent: str | None = None
    note: str | None = None
    unknown: bool = False
    settled_by: tuple[str, ...] = ()


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """What to monitor for an agent: ``at`` says when in words and ``act`` what to do at which result.

    With ``dated`` it has days as well. ``due`` is the next (``null``: nothing falls due, or no day can be told), ``then`` are those after it
    within a year; ``last_done`` and ``last_value`` are what the record shows, ``lacking`` what it does not and would have to, and ``measured`` is
    false where a record cannot show it.
    ``not_before``: from that day and not by it. ``start_known`` false: the day to count from is not known; ``settled_by`` would tell,
    as it would whether the item is for this person. ``acts`` are the sentences of ``act``, each with whether it holds now.
    """

    agent: str
    what: str
    at: str
    act: str
    verified: bool
    source: Cited
    dated: bool = False
    due: date | None = None
    then: tuple[date, ...] = ()
    last_done: date | None = None
    last_value: str | None = None
    lacking: tuple[str, ...] = ()
    measured: bool = False
    overdue: bool = False
    overdue_days: int = 0
    not_before: bool = False
    start_known: bool = True
    acts: tuple[ShownAct, ...] = ()
    settled_by: tuple[str, ...] = ()


def no_relaxant(medicine: Medicine | ShownMedicine) -> bool:
    """Whether it is weighed, to be given, and none of the relaxants: rules ask what it does beside them, and nothing else of it."""
    weighed = medicine.role == "considering" and medicine.change != "stop"
    return weighed and bool(medicine.ingredients) and not medicine.agents


class UnclearCondition(msgspec.Struct, frozen=True, kw_only=True):
    """A condition in words that are not understood, and the title of the one that they may be."""

    said: str
    may_be: str


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """Everything said of one person on one day, most important first."""

    stamp: Stamp
    patient: dict[str, Any]
    medicines: tuple[ShownMedicine, ...]
    facts: tuple[Fact, ...]
    findings: tuple[Finding, ...]
    unchecked: tuple[Unchecked, ...]
    checks: tuple[Check, ...]
    suitability: tuple[ShownSuitability, ...]
    combinations: tuple[ShownCombination, ...]
    options: tuple[Options, ...]
    prediction: tuple[ShownPrediction, ...]
    plan: tuple[Plan, ...]
    monitoring: tuple[Watch, ...]
    limits: tuple[str, ...]
    unread_conditions: tuple[str, ...] = ()
    unclear_conditions: tuple[UnclearCondition, ...] = ()


class Checked(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One person up to the findings: the ``patient`` in one order, the medicines as read, and what every rule said of them; ``checks`` are those
    that were not silent. ``causes`` are the findings, in their order, before they are put into words. ``facts`` and ``tested`` may be of several
    people; this one's is the ``row``."""

    patient: Patient
    medicines: tuple[Medicine, ...]
    facts: Facts
    tested: Checks
    row: int
    checks: tuple[Check, ...]
    causes: tuple[Cause, ...]
    unchecked: tuple[Unchecked, ...]

    def worded(self, cause: Cause) -> Finding:
        """The finding of one of the causes."""
        return worded(cause, self.facts, self.row)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """All of them in words."""
        return tuple(map(self.worded, self.causes))


def checked(patient: Patient, *, knowledge: Knowledge | None = None) -> Checked:
    """The part of a review up to its findings, without options, plans, courses and what to monitor: what a card shows.

    Raises :class:`relaxant.errors.KnowledgeError` for an unsound pack.
    """
    return checked_together([patient], knowledge=knowledge)[0]


def checked_together(patients: Sequence[Patient], *, knowledge: Knowledge | None = None) -> list[Checked]:
    """Several people, each as :func:`checked` says of them alone, in one call of the evaluator for all whose medicines were said under one
    jurisdiction: most of what a call costs it costs once.

    Raises :class:`relaxant.errors.KnowledgeError` for an unsound pack.
    """
    knowledge = knowledge or load_knowledge()
    readings = [(one, read_medicines(one, knowledge)) for one in map(canonical, patients)]
    together: dict[tuple[Jurisdiction, int], list[int]] = {}
    for place, (patient, _) in enumerate(readings):
        # Where the medicines were not said any relaxant may be taken; what was named of this person is tested, and nothing that others named.
        together.setdefault((patient.jurisdiction, -1 if patient.medicines is not None else place), []).append(place)
    out: dict[int, Checked] = {}
    for (jurisdiction, _), places in together.items():
        facts = Facts(inputs_of([readings[place] for place in places], knowledge), knowledge, jurisdiction)
        tested = evaluate(program(knowledge, jurisdiction), facts, facts.inputs.agents.keys() or None)
        out |= {place: _read(*readings[place], tested, row) for row, place in enumerate(places)}
    return [out[place] for place in range(len(readings))]


def _read(patient: Patient, medicines: tuple[Medicine, ...], tested: Checks, row: int) -> Checked:
    checks, causes, unchecked = read_causes(tested, row)
    return Checked(
        patient=patient,
        medicines=medicines,
        facts=tested.facts,
        tested=tested,
        row=row,
        checks=tuple(checks),
        causes=tuple(causes),
        unchecked=tuple(unchecked),
    )


def review(patient: Patient, *, knowledge: Knowledge | None = None, predict: bool = True, plan: bool = True) -> Review:
    """Reviews one person: reads the medicines, derives the facts, tests every rule, sorts what it found, predicts the courses.

    Without ``predict`` no course is computed, without ``plan`` no calendar: findings and checks are the same, in a fraction of the time.

    Raises :class:`relaxant.errors.KnowledgeError` for an unsound pack. Findings are never exceptions.

    >>> from relaxant import read_patient, review
    >>> patient = read_patient(b"{sex: female, age: 58, dialysis: haemodialysis, medicines: []}", today=date(2026, 11, 22), considering=["baclofen"])
    >>> [finding.tier for finding in review(patient, predict=False, plan=False).findings]
    ['DANGER']
    """
    knowledge = knowledge or load_knowledge()
    found = checked(patient, knowledge=knowledge)
    patient, medicines, facts, tested = found.patient, found.medicines, found.facts, found.tested
    asked = facts.made
    plans = planned(patient, medicines, facts, findings_by_agent(tested, 0)) if plan else ()
    written = to_file(patient)
    return Review(
        stamp=_stamp(patient, written, knowledge),
        patient=written,
        medicines=tuple(_shown(m) for m in _ordered(medicines)),
        facts=(*_genotype(patient), *_facts(facts, asked)),
        findings=found.findings,
        unchecked=found.unchecked,
        checks=(*found.checks, *silent_checks(tested, 0)),
        suitability=suitability(facts),
        combinations=combinations(facts),
        options=options(patient, knowledge) if plan else (),
        prediction=predicted(medicines, facts, patient) if predict else (),
        plan=plans,
        monitoring=tuple(_monitoring(facts, patient, medicines, plans)),
        limits=tuple(_limits(patient, medicines, facts)),
        unread_conditions=unread_conditions(patient, knowledge),
        unclear_conditions=tuple(
            UnclearCondition(said=said, may_be=knowledge.conditions[condition].title)
            for said, condition in unclear_conditions(patient, knowledge)
        ),
    )


def course_steps(patient: Patient, *, knowledge: Knowledge | None = None) -> tuple[tuple[ShownScenario, ...], ...]:
    """For each of a review's predictions, in their order, its course step by step: in the average of the people studied, in this person,
    after the levels, as weighed. No part of a review: a page shows it beside."""
    knowledge = knowledge or load_knowledge()
    patient = canonical(patient)
    medicines = read_medicines(patient, knowledge)
    facts = Facts(inputs_of([(patient, medicines)], knowledge), knowledge, patient.jurisdiction)
    return steps_of(medicines, facts, patient)


def canonical(patient: Patient) -> Patient:
    """The patient with every list in one order, so that the order in which things were said changes nothing."""

    def ordered(values: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
        return (
            None
            if values is None
            else tuple(sorted(values, key=lambda v: msgspec.json.encode(v, order="deterministic")))
        )

    return msgspec.structs.replace(
        patient,
        conditions=ordered(patient.conditions),
        allergies=ordered(patient.allergies),
        labs=ordered(patient.labs) or (),
        observations=ordered(patient.observations) or (),
        medicines=ordered(patient.medicines),
        considering=ordered(patient.considering) or (),
        goals=tuple(sorted(patient.goals)),
        unused=tuple(sorted(patient.unused)),
    )


def to_json(reviewed: Review) -> bytes:
    """The review as JSON, indented, keys in a fixed order, ending in a newline.

    >>> from relaxant import read_patient, review, to_json
    >>> patient = read_patient(b"medicines: [aspirin]", today=date(2026, 11, 22))
    >>> to_json(review(patient))[:13]
    b'{\\n "stamp": {'
    """
    return msgspec.json.format(msgspec.json.encode(reviewed), indent=1) + b"\n"


def replay(
    original: bytes, patient: Patient, *, knowledge: Knowledge | None = None, with_current: bool = False
) -> Review:
    """The review recomputed from its own patient. Raises :class:`ReplayError` naming what differs, unless ``with_current``.

    >>> from relaxant import read_patient, replay, review, to_json
    >>> patient = read_patient(b"medicines: [aspirin]", today=date(2026, 11, 22))
    >>> made = review(patient)
    >>> replay(to_json(made), patient) == made
    True
    """
    knowledge = knowledge or load_knowledge()
    try:
        stamp = msgspec.json.decode(original, type=_Stamped).stamp
    except msgspec.DecodeError as error:
        raise ReplayError(
            f"the review's stamp cannot be read ({error}); give the JSON that `relaxant review` wrote"
        ) from None
    again = review(patient, knowledge=knowledge)
    if with_current:
        return again
    differs = [
        (name, was, now)
        for name, was, now in (
            ("engine", stamp.engine, again.stamp.engine),
            ("knowledge", stamp.knowledge.sha256, again.stamp.knowledge.sha256),
            ("input", stamp.input_sha256, again.stamp.input_sha256),
        )
        if was != now
    ]
    if differs:
        name, was, now = differs[0]
        raise ReplayError(
            f"{name} differs: the review was made with {was}, here is {now}; --with-current shows what advice changes"
        )
    if to_json(again) != original:
        raise ReplayError(
            "the review was changed after it was made: recomputing gives other bytes; --with-current shows what differs"
        )
    return again


class _Stamped(msgspec.Struct, frozen=True):
    stamp: Stamp


def changes(before: bytes, after: Review) -> list[tuple[str, str]]:
    """What advice differs between a written review and one made now: (``gone``, ``new`` or ``same``, the finding's words)."""
    old = {f["id"]: f"{f['tier']} {f['summary']}" for f in msgspec.json.decode(before).get("findings", ())}
    new = {f.id: f"{f.tier} {f.summary}" for f in after.findings}
    return (
        [("gone", old[i]) for i in old if i not in new]
        + [("new", new[i]) for i in new if i not in old]
        + [("same", new[i]) for i in new if i in old]
    )


# ---------------------------------------------------------------- parts


def _stamp(patient: Patient, written: dict[str, Any], knowledge: Knowledge) -> Stamp:
    digest = hashlib.sha256(msgspec.json.encode(written, order="deterministic")).hexdigest()
    return Stamp(
        engine=__version__,
        knowledge=KnowledgeStamp(date=knowledge.date, sha256=knowledge.sha256, packs=knowledge.packs),
        input_sha256=digest,
        as_of=patient.as_of.isoformat(),
        country=patient.country,
        language="en",
        time_zone=str(knowledge.words("review")["time_zone"]),
    )


_STATUS_ORDER = {"unrecognised": 0, "partly read": 1, "read": 2}
_ROLE_ORDER = {"considering": 0, "current": 1, "stopped": 2}


def _ordered(medicines: tuple[Medicine, ...]) -> list[Medicine]:
    return sorted(
        medicines,
        key=lambda m: (_STATUS_ORDER[m.status] > 0, _ROLE_ORDER[m.role], not m.agents, m.read_as or m.said, m.said),
    )


def _shown(medicine: Medicine) -> ShownMedicine:
    return ShownMedicine(
        said=medicine.said,
        status=medicine.status,
        role=medicine.role,
        change=medicine.change,
        ingredients=tuple(ShownIngredient(name=i.name, rxcui=i.rxcui) for i in medicine.ingredients),
        agents=medicine.agents,
        read_as=medicine.read_as,
        regimen=medicine.regimen,
        replaced=medicine.replaced,
        stop_weighed=medicine.stop_weighed,
        suggestions=tuple(
            ShownSuggestion(name=s.name, confidence=round(s.confidence, 2)) for s in medicine.suggestions
        ),
        why=medicine.why,
        not_understood=medicine.not_understood,
    )


def _genotype(patient: Patient) -> list[Fact]:
    """The genotype as said, gene by gene."""
    return [
        Fact(name=f"genotype:{gene}", title=gene, text=said, method="as said", inputs=("genotype",), source="patient")
        for gene, said in sorted((patient.genotype or {}).items())
    ]


def _facts(facts: Facts, asked: frozenset[str]) -> list[Fact]:
    """The facts worth a reader's eye: all that are known, and those unknown ones that a rule asked for or that carry a word."""
    titles = facts.knowledge.words("facts")
    notes = facts.inputs.notes[0] if facts.inputs.notes else {}
    out = []
    liver = facts.column("condition:liver_disease").low[0] >= 1
    for name, fact in PERSON_FACTS.items():
        if not fact.listed or (name == "child_pugh" and name not in asked and not liver):
            continue  # that score speaks of chronic liver disease alone
        column = facts.column(name)
        bounded = not column.truth and math.isfinite(column.high.item(0))
        if column.settled(0) or bounded or name in asked or name in notes or name in _CORE:
            items = tuple(facts.members_taken(role_members(facts.knowledge, LOADS[name]), 0)) if name in LOADS else ()
            out.append(_fact(name, str(titles[name]), column, facts, notes.get(name), items))
    for name, values in sorted(facts.inputs.conditions.items()):
        if values[0] == 1:
            condition = facts.knowledge.conditions[name]
            out.append(_fact(f"condition:{name}", condition.title, facts.column(f"condition:{name}"), facts, None, ()))
    for role, known in facts.knowledge.roles.items():
        if role.startswith("cyp") and (taken := facts.members_taken(role_members(facts.knowledge, role), 0)):
            column = facts.count_members(role_members(facts.knowledge, role))
            out.append(_fact(role, known.plural, column, facts, None, taken))
    for agent in sorted(facts.inputs.agents):
        if facts.agent_is_said(agent, 0):
            for name in (
                "daily_dose",
                "most_single_dose",
                "duration_days",
                "stopped_days",
                "dose_drop",
                "exposure_ratio",
            ):
                column = facts.column(f"{agent}:{name}")
                if name in ("stopped_days", "dose_drop") and (not column.settled(0) or column.low[0] <= 0):
                    continue
                if name == "exposure_ratio" and column.low[0] == 1:
                    continue
                out.append(_fact(name, str(titles[name]), column, facts, None, (), agent))
    return [f for f in out if not f.unknown and f.value is not None] + [
        f for f in out if f.unknown and (f.settled_by or f.note)
    ]


def _fact(
    name: str,
    title: str,
    column: Column,
    facts: Facts,
    note: str | None,
    items: tuple[str, ...],
    agent: str | None = None,
) -> Fact:
    low, high = column.bounds(0)
    known, words = low == high, facts.knowledge.words("values")
    value: float | bool | None = None
    if known:
        value = bool(low) if column.truth else _rounded(low) if math.isfinite(low) else None
    bounded = not known and not column.truth
    return Fact(
        name=name,
        title=title,
        text=fact_text(column, 0, words),
        value=value,
        low=_rounded(low) if bounded and math.isfinite(low) else None,
        high=_rounded(high) if bounded and math.isfinite(high) else None,
        unit=column.unit,
        method=column.method(0),
        inputs=column.inputs,
        items=items,
        source=column.source or "patient",
        agent=agent,
        note=note,
        unknown=not known,
        settled_by=() if known else column.settled_by(0),
    )


_SIX_DIGITS = 1e6


def _rounded(value: float) -> float:
    """Six significant digits: more would print the arithmetic and not the person."""
    return value if value.is_integer() and abs(value) < _SIX_DIGITS else float(f"{value:.6g}")


def _monitoring(facts: Facts, patient: Patient, medicines: Sequence[Medicine], plans: Sequence[Plan]) -> list[Watch]:
    """What has a day, the longest overdue first; then what has none, agent by agent."""
    act = str(facts.knowledge.words("follow")["act"])
    dated = follow_up(facts, patient, medicines, plans=plans, refill=refill_by(patient, medicines, facts))
    out = [
        Watch(
            agent=shown_agent_name(item.agent, facts),
            what=item.what,
            at=item.at,
            act=" ".join(act.format(at=a.at, do=a.do) for a in item.act),
            verified=item.verified,
            source=item.source,
            dated=True,
            due=item.due,
            then=item.then,
            last_done=item.last_done,
            last_value=item.last_value,
            lacking=item.lacking,
            measured=item.measured,
            overdue=item.overdue,
            overdue_days=item.overdue_days,
            not_before=item.not_before,
            start_known=item.start_known,
            acts=item.act,
            settled_by=item.settled_by,
        )
        for item in dated
    ]
    out += [
        Watch(
            agent=shown_agent_name(agent, facts),
            what=entry.what,
            at=entry.at,
            act=entry.act,
            verified=entry.verified,
            source=cited(facts.knowledge, entry.source, entry.place),
        )
        for agent, entry in in_words(facts, dated, plans=plans)
    ]
    return [*(w for w in out if w.due is not None), *sorted((w for w in out if w.due is None), key=lambda w: w.agent)]


def _endings(medicines: Sequence[Medicine], facts: Facts) -> Iterator[str]:
    """What is said of medicines that must not end at once, are being stopped, and have no taper here."""
    knowledge, words = facts.knowledge, facts.knowledge.words("review")["limits"]
    lowered = {knowledge.agents[a].ingredient for t in knowledge.plans.tapers.values() for a in t.agents}
    for role in knowledge.roles.values():
        for name in sorted(role_members(knowledge, role.role).ingredients) if role.ending else ():
            stopped = any(
                m.stop_weighed or m.role == "stopped" for m in medicines if name in {i.name for i in m.ingredients}
            )
            if stopped and name not in lowered and role.ending:
                source = knowledge.sources[role.ending.source].title
                yield words["ending"].format(
                    name=capital(name), text=role.ending.text, source=source, place=role.ending.place
                )


def _limits(patient: Patient, medicines: tuple[Medicine, ...], facts: Facts) -> list[str]:
    """What was not checked or not used, in words."""
    words: dict[str, Any] = facts.knowledge.words("review")["limits"]
    out = []
    for m in medicines:
        if m.status == "unrecognised":
            offered = (
                words["did_you_mean"].format(names=", ".join(s.name for s in m.suggestions[:3]))
                if m.suggestions
                else ""
            )
            out.append(words["unrecognised"].format(said=m.said) + offered)
    out += [
        words["not_understood"].format(words=", ".join(m.not_understood), said=m.said)
        for m in medicines
        if m.not_understood and m.ingredients
    ]
    out += [
        words["partly_read"].format(said=m.said, why=m.why or ", ".join(m.regimen.unread))
        for m in medicines
        if m.status == "partly read" and (m.why or m.regimen.unread)
    ]
    taken = {i.name for m in medicines if m.role == "current" for i in m.ingredients}
    for medicine in medicines:
        if medicine.role == "considering" and medicine.change == "stop" and patient.medicines is not None:
            out += [words["stop_not_taken"].format(name=i.name) for i in medicine.ingredients if i.name not in taken]
    out += [words["not_a_relaxant"].format(said=m.said) for m in medicines if no_relaxant(m)]
    if left := sum(m.searched is None for m in medicines):
        out.append(words["not_searched"]["one" if left == 1 else "other"].format(count=left))
    out += _endings(medicines, facts)
    pumped = pumped_agents(facts.knowledge)
    if (
        patient.pump is not None
        and facts.column("pump_present").low[0] >= 1
        and not any(pumped & set(m.agents) for m in medicines)
    ):
        out.append(words["pump_without_line"])
    for field in ("medicines", "conditions", "allergies"):
        if getattr(patient, field) is None:
            out.append(words[f"no_{field}"])
    _, odd = goals_of(patient, facts.knowledge)
    known = (
        listed([g.title for g in facts.knowledge.plans.goals.values()], facts.knowledge.words("values")) if odd else ""
    )
    out += [words["unknown_goal"].format(said=said, known=known) for said in odd]
    if patient.died is not None:
        out.append(words["died"].format(date=patient.died))
    if patient.record is not None:
        out.append(words["record"].format(record=patient.record))
    if not any(m.agents for m in medicines):
        out.append(words["no_agent"])
    out += [capital(text) for _, text in sorted((facts.inputs.notes[0] if facts.inputs.notes else {}).items())]
    if facts.knowledge.replaced:
        out.append(words["replaced"].format(what=", ".join(facts.knowledge.replaced)))
    if facts.knowledge.changed:
        out.append(words["changed"].format(what=", ".join(facts.knowledge.changed)))
    agents = {a for m in medicines for a in m.agents}
    for gone in facts.knowledge.silenced:
        if "every agent" in gone.agents or agents & set(gone.agents):
            cited = facts.knowledge.sources.get(gone.silence.source)
            source = cited.title if cited is not None else gone.silence.source
            out.append(words["silenced"].format(title=gone.title, why=gone.silence.why, source=source, place=gone.silence.place))  # fmt: skip
    if patient.genotype:
        out.append(words["genotype"])
    if patient.jurisdiction == "EU":
        out.append(words["eu"].format(country=patient.country))
    out += list(patient.unused)
    return list(dict.fromkeys(out))
