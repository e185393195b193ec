"""What a review did not check or did not use, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from relaxant.facts.facts import Facts
from relaxant.facts.members import role_members
from relaxant.facts.pump import pumped_agents
from relaxant.knowledge.agents import EVERY_AGENT
from relaxant.medicines.medicine import Medicine, no_relaxant
from relaxant.patient import Patient
from relaxant.planning.options import goals_of
from relaxant.rules.wording import capital, listed


def limits(patient: Patient, medicines: tuple[Medicine, ...], facts: Facts) -> list[str]:
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
        if EVERY_AGENT in gone.agents or agents & set(gone.agents):
            known_source = facts.knowledge.sources.get(gone.silence.source)
            source = known_source.title if known_source is not None else gone.silence.source
            out.append(words["silenced"].format(title=gone.title, why=gone.silence.why, source=source, place=gone.silence.place))  # fmt: skip
    if patient.genotype:
        out.append(words["genotype"])
    if patient.jurisdiction == "EU":
        out.append(words["eu"].format(country=patient.country))
    out += list(patient.unused)
    return list(dict.fromkeys(out))


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
