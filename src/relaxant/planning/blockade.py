"""A plan of neuromuscular block for planning and teaching: doses by weight, how long they last, what changes that, what reverses it.

It is never a monitor. A finding of the gravest tier on the blocker refuses the plan: no dose stands then, only the way out. None stands either
while it is open whether there is such a finding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from relaxant.errors import InputError
from relaxant.facts.facts import Facts
from relaxant.knowledge.blocks import Block
from relaxant.knowledge.jurisdictions import holds_in
from relaxant.medicines.medicine import Medicine
from relaxant.patient import Patient
from relaxant.planning.block_depth import depth_of
from relaxant.planning.block_doses import TIMED, Reckoned, given_lines, note_line, ordered_lines, reckoned
from relaxant.planning.block_person import Subject, grave_and_open, holding, refuses, source_of, weighing
from relaxant.planning.block_recovery import recovery_lines
from relaxant.planning.block_reversal import reversal_lines
from relaxant.planning.block_times import time_lines
from relaxant.planning.plan import Line, Plan
from relaxant.rules.asked import outcome_of
from relaxant.rules.evaluate import FIRES
from relaxant.rules.findings import Finding
from relaxant.rules.reasons import cited
from relaxant.rules.wording import listed, shown_agent_name

_UNIT = "mg"
_ACTUAL = "weight"


def blockers(facts: Facts) -> tuple[str, ...]:
    """The agents that a block can be planned with, by name."""
    return tuple(sorted(b.agent for b in facts.knowledge.plans.blocks.values() if b.doses))


def block_plan(
    agent: str, patient: Patient, medicines: Sequence[Medicine], facts: Facts, findings: Sequence[Finding] = ()
) -> Plan:
    """The plan of a block with ``agent`` for one person, in lines: weight, doses (mg; mg/h for a rate), times (min), changes, reversal.

    ``facts`` are of this person alone, ``findings`` those of the person's review; the rules are also asked as if the agent were weighed, so
    that a danger is found where the review did not name it. Inputs without which no dose is reckoned, or the gravest rules could not be
    checked, stand in ``needs_first``; nothing is guessed. Raises :class:`InputError` for an agent that is no blocker.
    """
    block = next((b for b in facts.knowledge.plans.blocks.values() if b.agent == agent and b.doses), None)
    if block is None:
        raise InputError("agent", agent, "it is no neuromuscular blocker that can be planned", f"give one of {', '.join(blockers(facts))}")  # fmt: skip
    words = facts.knowledge.words("blockade")
    bare = Subject(patient, facts, words, tuple(medicines))
    usual = next((d for d in holding(block.doses, facts) if d.purpose in TIMED and not d.rules), None)
    weighed, unchecked = weighing(agent, bare, usual)
    told = {f.id: f for f in findings if agent in f.agents}
    told |= {f.id: f for f in weighed if not any(set(f.rules) <= set(t.rules) for t in told.values())}
    subject = msgspec.structs.replace(bare, findings=tuple(told.values()))
    dangers = [f for f in subject.findings if refuses(f, block, subject)]
    grave = grave_and_open(unchecked, block, subject)
    given = list(given_lines(_blocks_and_reversers(agent, facts), subject))
    lines: list[Line] = [*given]
    own = Reckoned() if dangers else reckoned(block, subject)
    if grave and not dangers:
        own = Reckoned(lines=(_unsettled(grave, subject),), needs=own.needs)
    times = list(time_lines(block, own.doses, subject))
    lines += [*ordered_lines(block, own, subject), *own.lines, *times, *recovery_lines(block, own.doses, subject)]
    needs = [*grave, *own.needs]
    notes = list(words["notes"])
    if own.without:
        notes.append(own.without)
    elif times and own.weight is not None and own.weight.of.weight != _ACTUAL:
        notes.append(words["time"]["weight"])
    lines += _changes(block, subject)
    if not dangers or given or depth_of(facts).known:  # the way out stands where there is something to get out of
        reversal, lacking = reversal_lines(agent, subject)
        lines += reversal
        needs += lacking
    lines += [*_minded(block, subject), *_monitoring(agent, subject)]
    name = shown_agent_name(agent, facts)
    instead = dict.fromkeys(a for f in dangers for a in f.alternatives)
    return Plan(
        id=f"block-{agent.replace(' ', '-')}",
        kind="block",
        agents=(name,),
        title=words["title"].format(agent=name),
        why=words["why"],
        unit=_UNIT,
        refused=" ".join(dict.fromkeys(words["refused"].format(summary=f.summary) for f in dangers)) or None,
        needs_first=tuple(dict.fromkeys(needs)),
        reckoning=tuple(lines),
        notes=(*notes, *(words["instead"].format(alternative=a) for a in instead)),
    )


def _blocks_and_reversers(agent: str, facts: Facts) -> tuple[str, ...]:
    """The blocker first, then every other agent that blocks or reverses a block."""
    others = (b.agent for b in facts.knowledge.plans.blocks.values())
    return tuple(dict.fromkeys((agent, *others)))


def _unsettled(needs: Sequence[str], subject: Subject) -> Line:
    """Why no dose stands while nobody knows whether there is a danger."""
    words = subject.words["dose"]
    named = listed(needs, subject.facts.knowledge.words("values"))
    return Line(what=words["withheld_what"], how="", value=None, unit="", text=words["unsettled"].format(needs=named))


def _changes(block: Block, subject: Subject) -> Iterator[Line]:
    """What the findings say of deeper, longer, weaker or shorter block, with how much where a source measured it."""
    said = subject.words["change"]
    for finding in subject.findings:
        measured = [c for c in holding(block.changes, subject.facts) if set(c.rules) & set(finding.rules)]
        texts = [finding.summary, *finding.also, *(said["measured"].format(text=c.text) for c in measured)]
        yield Line(
            what=said["titles"].get(finding.cause, said["other"]),
            how=said["how"].format(tier=finding.tier, rules=", ".join(finding.rules)),
            value=None,
            unit="",
            text=" ".join(texts),
            sources=(*finding.sources, *(s for c in measured for s in source_of(c, subject.facts))),
            verified=finding.verified and all(c.verified for c in measured),
        )


def _minded(block: Block, subject: Subject) -> Iterator[Line]:
    """What is to be minded with the blocker, for whom it concerns."""
    for note in holding(block.notes, subject.facts):
        if outcome_of(note.when, block.agent, subject.facts)[0] == FIRES:
            yield note_line(note, subject.words["change"]["other"], subject)


def _monitoring(agent: str, subject: Subject) -> Iterator[Line]:
    """What to watch, as the agent's own entry says."""
    said, facts = subject.words["monitoring"], subject.facts
    for entry in facts.knowledge.agents[agent].monitoring:
        if holds_in(entry, facts.jurisdiction):
            yield Line(
                what=said["what"].format(what=entry.what),
                how=said["how"].format(at=entry.at),
                value=None,
                unit="",
                text=entry.act,
                sources=(cited(facts.knowledge, entry.source, entry.place),),
                verified=entry.verified,
            )
