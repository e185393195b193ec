"""The taper of one person: the calendar by which a relaxant is left, as asked for by name, policy, amount, part and time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date

from relaxant.errors import InputError
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.medicines.medicine import Medicine
from relaxant.medicines.read import read_medicines
from relaxant.medicines.relaxants import agents_named
from relaxant.patient import Patient
from relaxant.planning.current import current_lines
from relaxant.planning.plan import Plan
from relaxant.planning.taper import taper_plan
from relaxant.planning.until_then import until_then
from relaxant.planning.way_down import Override
from relaxant.quantities import Quantity, convert, number, quantity
from relaxant.reviewing import canonical
from relaxant.rules.evaluate import evaluate, program
from relaxant.rules.findings import read_row

_DAYS = re.compile(r"(\d+(?:\.\d+)?)\s*(d|days?|w|weeks?)?")
_WEEK = 7
_FIELDS = {name: name for name in ("agent", "policy", "by", "percent", "every", "begin")}


def taper(
    patient: Patient,
    agent: str,
    *,
    policy: str | None = None,
    by: str | None = None,
    percent: float | str | None = None,
    every: str | None = None,
    begin: date | None = None,
    knowledge: Knowledge | None = None,
) -> Plan:
    """The calendar by which one person leaves a relaxant that is taken, named by itself or a brand, in tablets that exist in the country.

    ``policy`` is another of the published ways of lowering it than the plan's choice. Your own step is ``by`` an amount off the day's dose ("5 mg") or
    ``percent`` of the dose at that time, your own time between steps ``every`` ("14 days"); both are kept in the plan. ``begin`` is the day of the
    first step, by which all is done that has to be done before it. Raises :class:`InputError` for a name, a policy or an amount that cannot be used;
    where no calendar can be made the plan is ``refused`` in words.

    >>> from relaxant import read_patient, taper
    >>> patient = read_patient(b"{country: UK, age: 47, medicines: [baclofen 20 mg three times a day since 2024-01-05]}", today=date(2026, 11, 22))
    >>> plan = taper(patient, "baclofen")
    >>> [step.daily for step in plan.steps][:3], plan.last_dose.isoformat()
    ([55.0, 45.0, 40.0], '2026-12-12')
    """
    return taper_asked(patient, agent, policy, by, percent, every, begin, knowledge or load_knowledge(), _FIELDS)


def taper_asked(
    patient: Patient,
    agent: str,
    policy: str | None,
    by: str | None,
    percent: float | str | None,
    every: str | None,
    begin: date | None,
    known: Knowledge,
    name: Mapping[str, str],
) -> Plan:
    """:func:`taper`; ``name`` says what its arguments are called where they come from, for messages."""
    patient = canonical(patient)
    medicines = read_medicines(patient, known)
    facts = Facts(inputs_of([(patient, medicines)], known), known, patient.jurisdiction)
    meant = _agent(agent, medicines, known, name["agent"])
    _must_be_taken(meant, agent, medicines, known, name["agent"])
    if begin is not None and begin < patient.as_of:
        raise InputError(name["begin"], begin, f"it is before the day of the review, {patient.as_of}", "give that day or a later one")  # fmt: skip
    if by is not None and percent is not None:
        raise InputError(name["percent"], percent, f"{name['by']} says already how much a step is", "give one of the two")  # fmt: skip
    override = Override(
        policy=_policy(policy, meant, known, name["policy"]),
        by=_by(by, known.agents[meant].dose_unit, name["by"]),
        percent=_percent(percent, name["percent"]),
        every_days=_every(every, name["every"]),
    )
    tested = evaluate(program(known, patient.jurisdiction), facts, facts.inputs.agents.keys() or None)
    findings = read_row(tested, 0, meant)[1]
    first, ready = begin or patient.as_of, begin is not None
    plan = taper_plan(meant, medicines, facts, first, override=override, findings=findings, ready=ready)
    return until_then(plan, meant, medicines, facts, patient.as_of)


def _agent(said: str, medicines: Sequence[Medicine], knowledge: Knowledge, field: str) -> str:
    """The agent that a name means; of several routes what is taken."""
    lowered = sorted({a for t in knowledge.plans.tapers.values() for a in t.agents})
    known = [a for a in agents_named(said, knowledge, field) if a in lowered]
    if not known:
        raise InputError(field, said, "no taper of it is known", f"use one of {', '.join(lowered)}")
    return next((a for a in known if current_lines(a, medicines)), known[0])


def _must_be_taken(agent: str, said: str, medicines: Sequence[Medicine], knowledge: Knowledge, field: str) -> None:
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
    raise InputError(field, said, why, f"{do}, or name one that is taken: {', '.join(taken)}" if taken else do)


def _policy(said: str | None, agent: str, knowledge: Knowledge, field: str) -> str | None:
    known = [t.taper for t in knowledge.plans.tapers.values() if agent in t.agents]
    if said is not None and said not in known:
        raise InputError(field, said, f"no way of lowering {agent} has this name", f"use one of {', '.join(known)}")
    return said


def _by(said: str | None, unit: str, field: str) -> float | None:
    if said is None:
        return None
    amount = quantity(said, field, example=f"5 {unit}")
    value = amount.value if amount.unit == unit else convert(Quantity(amount.value, amount.unit), unit)
    if value is None or value <= 0:
        raise InputError(field, said, f"a step is an amount above nought in {unit}", f"write it as 5 {unit}")
    return value


def _percent(said: float | str | None, field: str) -> float | None:
    if said is None:
        return None
    value = number(str(said).strip().removesuffix("%"), field)
    if not 0 < value < 100:
        raise InputError(field, said, "a step is above nought and below 100 percent of the dose", "write it as 10")
    return value


def _every(said: str | None, field: str) -> float | None:
    if said is None:
        return None
    match = _DAYS.fullmatch(said.strip().lower())
    days = float(match[1]) * (_WEEK if match[2] and match[2].startswith("w") else 1) if match else 0
    if days < 1 or days % 1:
        raise InputError(field, said, "the time between steps is whole days, one at least", "write it as 14 days or 2 weeks")  # fmt: skip
    return days
