"""``relaxant taper``: the calendar by which one person leaves a relaxant."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from datetime import date

from relaxant.errors import InputError
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.io.read import read_bytes
from relaxant.io.said import day
from relaxant.knowledge.load import Knowledge
from relaxant.medicines.dictionary import lookup_name
from relaxant.medicines.local import dictionary_of
from relaxant.medicines.medicine import Medicine
from relaxant.medicines.read import read_medicines
from relaxant.planning.current import current_lines
from relaxant.planning.taper import Override, taper_plan
from relaxant.planning.until_then import until_then
from relaxant.quantities import Quantity, convert, number, quantity
from relaxant.report.plans import render_plan
from relaxant.report.view import head_of
from relaxant.reviewing import canonical, review
from relaxant.rules.evaluate import evaluate, program
from relaxant.rules.findings import read_row

_DAYS = re.compile(r"(\d+(?:\.\d+)?)\s*(d|days?|w|weeks?)?")
_WEEK = 7


def run(
    options: argparse.Namespace,
    data: bytes,
    name: str,
    knowledge: Knowledge,
    today: date,
    *,
    colour: bool,
    encoding: str,
) -> tuple[bytes, bool]:
    """The taper in the format asked for, and whether the file gives a label. Raises :class:`InputError` for a name, a policy or an amount that cannot be used."""
    patient = canonical(
        read_bytes(
            data, knowledge, today=today, name=name, considering=[], country=options.country, as_of=options.as_of
        )
    )
    medicines = read_medicines(patient, knowledge)
    facts = Facts(inputs_of([(patient, medicines)], knowledge), knowledge, patient.jurisdiction)
    agent = _agent(options.agent, medicines, knowledge)
    _must_be_taken(agent, options.agent, medicines, knowledge)
    found = review(patient, knowledge=knowledge, predict=False, plan=False)
    tested = evaluate(program(knowledge, patient.jurisdiction), facts, facts.inputs.agents.keys() or None)
    begin = _begin(options.begin, patient.as_of)
    plan = taper_plan(
        agent,
        medicines,
        facts,
        begin,
        override=_override(options, agent, knowledge),
        findings=read_row(tested, 0, agent)[1],
        ready=options.begin is not None,
    )
    plan = until_then(plan, agent, medicines, facts, patient.as_of)
    head = head_of(found, knowledge=knowledge)
    made = render_plan(
        plan,
        options.format,
        head=head,
        knowledge=knowledge,
        colour=colour,
        encoding=encoding,
        confirmed=options.confirm_override,
    )
    return made, head.labelled


def _begin(said: str | None, as_of: date) -> date:
    """The day of the first step."""
    begin = None if said is None else day("--from", said)
    if begin is not None and begin < as_of:
        raise InputError("--from", said, f"it is before the day of the review, {as_of}", "give that day or a later one")
    return begin or as_of


def _agent(said: str, medicines: Sequence[Medicine], knowledge: Knowledge) -> str:
    """The agent that a name means: its own, its ingredient's or a brand's; what is taken comes before others of its ingredient."""
    plain = " ".join(said.lower().split())
    entry = lookup_name(plain, dictionary_of(knowledge))
    ingredients = {plain, *(i.name for i in (entry.ingredients if entry else ()))}
    meant = [a.agent for a in knowledge.agents.values() if a.agent == plain or a.ingredient in ingredients]
    lowered = sorted({a for t in knowledge.plans.tapers.values() for a in t.agents})
    known = [a for a in meant if a in lowered]
    if not known:
        raise InputError("--agent", said, "no taper of it is known", f"use one of {', '.join(lowered)}")
    return next((a for a in known if a == plain), next((a for a in known if current_lines(a, medicines)), known[0]))


def _must_be_taken(agent: str, said: str, medicines: Sequence[Medicine], knowledge: Knowledge) -> None:
    """A taper begins at what is taken: an agent that is not on the list has none."""
    if current_lines(agent, medicines):
        return
    lowered = {a for t in knowledge.plans.tapers.values() for a in t.agents}
    taken = sorted(a for a in lowered if current_lines(a, medicines))
    stopped = [m for m in medicines if agent in m.agents and m.role == "stopped" and not m.allergy_to]
    ends = [m.regimen.stop for m in stopped if m.regimen.stop is not None]
    why = f"{agent} is not among the medicines that the file says are taken"
    do = f"add its line to medicines, such as “{agent} DOSE three times a day since DATE”"
    if stopped:
        why = f"{agent} was stopped{f' on {max(ends).isoformat()}' if ends else ''}: it is taken no more"
        do = "use “relaxant review” for what to do after missed days, or take the stop out of its line if it is wrong"
    raise InputError("--agent", said, why, f"{do}, or name one that is taken: {', '.join(taken)}" if taken else do)


def _override(options: argparse.Namespace, agent: str, knowledge: Knowledge) -> Override:
    if options.by is not None and options.percent is not None:
        raise InputError("--percent", options.percent, "--by says already how much a step is", "give one of the two")
    return Override(
        policy=_policy(options.policy, agent, knowledge),
        by=_by(options.by, knowledge.agents[agent].dose_unit),
        percent=_percent(options.percent),
        every_days=_every(options.every),
    )


def _policy(said: str | None, agent: str, knowledge: Knowledge) -> str | None:
    known = [t.taper for t in knowledge.plans.tapers.values() if agent in t.agents]
    if said is not None and said not in known:
        raise InputError(
            "--policy", said, f"no way of lowering {agent} has this name", f"use one of {', '.join(known)}"
        )
    return said


def _by(said: str | None, unit: str) -> float | None:
    if said is None:
        return None
    amount = quantity(said, "--by", example=f"5 {unit}")
    value = amount.value if amount.unit == unit else convert(Quantity(amount.value, amount.unit), unit)
    if value is None or value <= 0:
        raise InputError("--by", said, f"a step is an amount above nought in {unit}", f"write it as 5 {unit}")
    return value


def _percent(said: str | None) -> float | None:
    if said is None:
        return None
    value = number(said.strip().removesuffix("%"), "--percent")
    if not 0 < value < 100:
        raise InputError(
            "--percent", said, "a step is above nought and below 100 percent of the dose", "write it as 10"
        )
    return value


def _every(said: str | None) -> float | None:
    if said is None:
        return None
    match = _DAYS.fullmatch(said.strip().lower())
    days = float(match[1]) * (_WEEK if match[2] and match[2].startswith("w") else 1) if match else 0
    if days < 1 or days % 1:
        raise InputError(
            "--every", said, "the time between steps is whole days, one at least", "write it as 14 days or 2 weeks"
        )
    return days
