"""Every start that a label writes for adults, beside the plan that is made of it for a plain adult, number by number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.jurisdictions import holds_in
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.plans import DAY_PARTS, Titration
from relaxant.knowledge.schema import Jurisdiction
from relaxant.medicines.read import read_medicines
from relaxant.plain import read_yaml
from relaxant.planning.plan import Plan, ShownBound
from relaxant.planning.titration import Wanted, titration_plan
from relaxant.quantities import plain_number
from relaxant.rules.reasons import Cited
from relaxant.validation.words import Sources, bullets, cited_at, count, link_within, safe, seen, table

_ADULT = 18  # who is younger all along has no row
_NEAR = 1e-9


class Day(NamedTuple):
    """The doses of a day in the morning, at noon, in the evening and at night, and for how many days; ``None``: it has no end."""

    doses: tuple[float, ...]
    days: float | None


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """A start as its source writes it and as it is planned. ``numbers`` were compared, ``same`` of them agree; ``first`` where the plan
    follows it without being told to; ``why`` says what stood in the way; ``most`` is the label's limit of a day that bounds the plan."""

    titration: Titration
    jurisdiction: Jurisdiction
    written: tuple[Day, ...]
    planned: tuple[Day, ...]
    numbers: int
    same: int
    first: bool
    why: tuple[str, ...]
    most: ShownBound | None

    @property
    def top(self) -> float:
        """The largest day's dose of the plan, in the agent's unit; nought without a step."""
        return max((sum(day.doses) for day in self.planned), default=0.0)

    @property
    def agrees(self) -> bool:
        """Whether every number is the source's."""
        return self.same == self.numbers


class Adult(NamedTuple):
    """The plain adult, as the file beside this one has it."""

    person: dict[str, Any]
    older: str
    first: date
    countries: dict[Jurisdiction, str]


@lru_cache(maxsize=1)
def adult() -> Adult:
    """The plain adult."""
    path = Path(__file__).parent / "adult.yaml"
    read = read_yaml(path.read_text(encoding="utf-8"), path.name)
    return Adult(read["person"], read["older"], date.fromisoformat(read["first_day"]), read["countries"])


def compared(knowledge: Knowledge) -> tuple[Compared, ...]:
    """Every start for adults in every jurisdiction that it is written for, planned."""
    known: dict[tuple[object, ...], Facts] = {}
    out = []
    for jurisdiction, country in adult().countries.items():
        for titration in knowledge.plans.titrations.values():
            if titration.age_to <= _ADULT or not holds_in(titration, jurisdiction):
                continue
            age = adult().person["age"] if _fits(titration, adult().person["age"]) else adult().older
            key = (country, age, titration.conditions[:1])
            if key not in known:
                known[key] = _facts(country, age, titration.conditions[:1], knowledge)
            out.append(_compared(titration, jurisdiction, country, known[key]))
    return tuple(sorted(out, key=lambda c: (c.titration.agent, c.titration.titration)))


def _fits(titration: Titration, age: str) -> bool:
    return titration.age_from <= float(age) < titration.age_to


def _facts(country: str, age: str, conditions: Sequence[str], knowledge: Knowledge) -> Facts:
    who, first = adult().person, adult().first
    said = {
        **who,
        "as_of": first.isoformat(),
        "country": country,
        "age": age,
        "conditions": [knowledge.conditions[c].names[0] for c in conditions],
        **{kind: [_dated(each, first) for each in who[kind]] for kind in ("labs", "observations")},
    }
    patient = read_patient(said, knowledge, today=first)
    return Facts(inputs_of([(patient, read_medicines(patient, knowledge))], knowledge), knowledge, patient.jurisdiction)


def _dated(measured: dict[str, str], first: date) -> dict[str, str]:
    day = first - timedelta(days=int(measured["days_before"]))
    return {"name": measured["name"], "value": measured["value"], "date": day.isoformat()}


def _compared(titration: Titration, jurisdiction: Jurisdiction, country: str, facts: Facts) -> Compared:
    first = adult().first
    wanted = Wanted(first=first, country=country)
    named = msgspec.structs.replace(wanted, titration=titration.titration)
    plan = titration_plan(titration.agent, facts, (), named)
    own = titration_plan(titration.agent, facts, (), wanted)
    written = tuple(Day(tuple(s.doses.get(part, 0.0) for part in DAY_PARTS), s.days) for s in titration.stages)
    ends = plan.last_dose is not None
    planned = tuple(
        Day(tuple(sum(t.amount for t in s.takes if t.at == part) for part in DAY_PARTS), None if ends and s is plan.steps[-1] else s.days)
        for s in plan.steps
    )  # fmt: skip
    numbers, same = _numbers(written, planned)
    return Compared(
        titration=titration,
        jurisdiction=jurisdiction,
        written=written,
        planned=planned,
        numbers=numbers,
        same=same,
        first=any(p.chosen and p.id == titration.titration for p in own.policies),
        why=() if same == numbers else _why(plan),
        most=_most(plan),
    )


def _numbers(written: Sequence[Day], planned: Sequence[Day]) -> tuple[int, int]:
    """How many numbers stand in either, step by step, and how many of them are alike."""
    numbers = same = 0
    nothing = Day((0.0,) * len(DAY_PARTS), None)
    for i in range(max(len(written), len(planned))):
        one = written[i] if i < len(written) else nothing
        other = planned[i] if i < len(planned) else nothing
        pairs = [(a, b) for a, b in zip(one.doses, other.doses, strict=True) if a or b]
        if one.days is not None or other.days is not None:
            pairs.append((one.days or 0.0, other.days or 0.0))
        numbers += len(pairs)
        same += sum(abs(a - b) <= _NEAR * max(a, b) for a, b in pairs)
    return numbers, same


def _most(plan: Plan) -> ShownBound | None:
    """The strictest limit of a day that the label itself sets."""
    limits = [b for b in plan.bounds if b.of_label and b.kind == "daily" and not b.open]
    return min(limits, key=lambda b: b.value or 0.0, default=None)


def _why(plan: Plan) -> tuple[str, ...]:
    if plan.refused:
        return (plan.refused,)
    held = {b for step in plan.steps for b in step.bounds}
    return tuple(dict.fromkeys((*(b.why for b in plan.bounds if b.id in held), *plan.notes)))


# ---------------------------------------------------------------- in words


def steps_said(days: Sequence[Day], unit: str) -> str:
    """Steps as a line: the doses of a day at its four times, and how long."""
    shown = []
    for day in days:
        doses = "/".join(plain_number(amount) for amount in day.doses)
        shown.append(f"{doses} {unit}" + ("" if day.days is None else f" for {count(round(day.days), 'day')}"))
    return ", then ".join(shown)


def page(found: Sequence[Compared], sources: Sources) -> str:
    """The page with every start."""
    parts = [
        "# Starts as their sources write them, and as they are planned",
        "Made by `python -m relaxant.validate` from the knowledge and the planning code. [The report](report.md#label-titrations) says how to read it.",
        "Doses stand as morning/noon/evening/night. *First choice*: the plan follows this start without being told to. **Not seen**: nobody has seen it in the source itself. The remark is the knowledge's own; it says which part of the steps is a choice of this project and no number of the source.",
        table(
            ("Relaxant", "For whom", "Where", "As the knowledge holds it from the source", "As it is planned", "Numbers alike", "First choice", "Source and place", "Seen in the source", "Remark"),
            [_row(c, sources) for c in found],
        ),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _row(c: Compared, sources: Sources) -> tuple[str, ...]:
    t = c.titration
    return (
        t.agent,
        safe(t.who) + (" (as needed)" if t.as_needed else ""),
        c.jurisdiction,
        steps_said(c.written, t.unit),
        "the same" if c.agrees else _otherwise(c),
        f"{c.same} of {c.numbers}",
        "yes" if c.first else "",
        cited_at(t, sources),
        seen(t),
        safe(t.note or ""),
    )


def _otherwise(c: Compared) -> str:
    steps = steps_said(c.planned, c.titration.unit) if c.planned else "no step"
    return f"**{steps}**. {safe(' '.join(c.why))}"


def section(found: Sequence[Compared], knowledge: Knowledge) -> list[str]:
    """What the report says of starts."""
    differ = [c for c in found if not c.agrees]
    titrations = {c.titration.titration: c.titration for c in found}.values()
    children = [t for t in knowledge.plans.titrations.values() if t.age_to <= _ADULT]
    without = [a for a in knowledge.agents if a not in {t.agent for t in titrations}]
    of_label = sum(knowledge.sources[t.source].kind == "label" for t in titrations)
    bounded = [c for c in found if c.planned and c.most]
    who = adult().person
    labs = ", ".join(f"{m['name']} {m['value']}" for m in (*who["labs"], *who["observations"]))
    return [
        f"Every start that the knowledge holds for adults ({count(len(titrations), 'start')}, {of_label} of them from a label, the others from guidelines, formularies and studies) is planned for one plain adult by the same code that plans in a review: a {who['sex']} of {who['age']} years ({adult().older} where the steps are for older people), {who['weight']}, {who['height']}, {safe(labs)}, no other medicine, no condition but the one that the steps are for. For the EU the products of {adult().countries['EU']} are taken.",
        f"**{sum(c.same for c in found)} of {sum(c.numbers for c in found)} numbers** (doses by time of day, days a step) are planned as the knowledge holds them from the source, in {len(found) - len(differ)} of {len(found)} starts and countries. [titrations.md](titrations.md) has every start with its source, its place and the remark on it. This shows that nothing is lost between the source's steps and dated steps in tablets that are sold. It does not show that the source was read rightly: that is held by numbers written down from the sources a second time (`tests/test_start_antispastics.py`, `tests/test_start_acute.py`), by the same project. Findings of rules are left out here: in a review a DANGER refuses the start.",
        table(("Relaxant", *_countries(), "Numbers alike"), [_by_agent(a, found) for a in sorted({c.titration.agent for c in found})]),
        "A cell counts starts planned as written, of starts written there.",
        "### What differs, and why",
        table(
            ("Relaxant", "For whom", "Where", "As the knowledge holds it from the source", "As it is planned, and why", "Source and place"),
            [(c.titration.agent, safe(c.titration.who), c.jurisdiction, steps_said(c.written, c.titration.unit), _otherwise(c), cited_at(c.titration, knowledge.sources)) for c in differ],
        ) if differ else "Nothing.",
        "### Where the steps end below the most that the label allows",
        f"The most of a day stands in the knowledge apart from the steps. No plan passes it: {sum(_within(c) for c in bounded)} of {len(bounded)} that have one end at it or below. These first choices end below:",
        table(
            ("Relaxant", "For whom", "Where", "The steps end at", "The label's most", "Of the label", "Remark on the steps"),
            [(c.titration.agent, safe(c.titration.who), c.jurisdiction, _a_day(c.top, c), _a_day(c.most.value or 0.0, c), _cited(c.most.source), safe(c.titration.note or "")) for c in bounded if c.most and c.first and c.top < (c.most.value or 0.0) * (1 - _NEAR)],
        ),
        "### What this does not show",
        *bullets("", (
            f"{count(len(children), 'start')} for children alone: their doses go by weight and are held by tests of their own.",
            f"{count(sum(not t.verified for t in titrations), 'start is/starts are')} in the table that nobody has seen in the source: {', '.join(f'`{t.titration}`' for t in titrations if not t.verified) or 'none'}.",
            f"{sum(bool(t.note) for t in titrations)} of {len(titrations)} starts carry a remark: mostly that the source writes a range and the size of a step, its days or its time of day are this project's choice. Those numbers agree with the plan because both are ours. {link_within('The table', 'titrations.md')} has each remark.",
            f"{count(len(without), 'relaxant')} without a start for adults (given in sessions, by pump, under anaesthesia, as injections, or not planned): {', '.join(without)}.",
        ), made=True),
    ]  # fmt: skip


def _within(c: Compared) -> bool:
    return c.most is not None and c.top <= (c.most.value or 0.0) * (1 + _NEAR)


def _a_day(value: float, c: Compared) -> str:
    return f"{plain_number(value)} {c.titration.unit} a day"


def _cited(source: Cited) -> str:
    return f"[{source.id}]({source.url}), {safe(source.place)}" if source.url else f"{source.id}, {safe(source.place)}"


def _countries() -> list[str]:
    return list(adult().countries)


def _by_agent(agent: str, found: Sequence[Compared]) -> tuple[str, ...]:
    own = [c for c in found if c.titration.agent == agent]
    cells = []
    for where in _countries():
        here = [c for c in own if c.jurisdiction == where]
        cells.append(f"{sum(c.agrees for c in here)} of {len(here)}" if here else "")
    return agent, *cells, f"{sum(c.same for c in own)} of {sum(c.numbers for c in own)}"
