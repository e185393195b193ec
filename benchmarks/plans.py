"""What a plan costs: every titration, the tapers, the table of options, and a review with its plans against one without.

    python benchmarks/plans.py

Each calendar holds the exact search for tablets; the slowest of a kind is printed beside the median, against a plain loop of the same run.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable
from datetime import date

from _measure import line, medians, times
from _people import patient_files
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.io.patient_file import read_patient
from relaxant.io.read import read_bytes
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.medicines.read import read_medicines
from relaxant.planning.options import options
from relaxant.planning.taper import taper_plan
from relaxant.planning.titration import Wanted, titration_plan
from relaxant.reviewing import review, to_json

TODAY = date(2026, 11, 22)
GOAL_MS = 50
COUNTRIES = ("US", "UK", "DE")
PERSON = {
    "sex": "female", "age": 58, "weight": "61 kg", "height": "165 cm", "dialysis": "none", "conditions": ["multiple sclerosis"], "allergies": [],
    "labs": [{"name": "creatinine", "value": "0.9 mg/dL", "date": "2026-11-10"}, {"name": "ALT", "value": "20 U/L", "date": "2026-11-10"}],
}  # fmt: skip


def squares() -> int:
    """The reference: a plain loop."""
    return sum(i * i for i in range(50_000))


def each(what: str, calendars: dict[str, Callable[[], object]]) -> None:
    """The median and the slowest of many calendars, each the fastest third of its own runs, and their ratio to the loop."""
    own, reference = {}, []
    for name, make in calendars.items():
        loop, made = times(squares, make, runs=9, warm=1)
        own[name] = made[3]
        reference.append(loop[3])
    slowest = max(own, key=lambda name: own[name])
    print(
        f"{what}: {len(own)} calendars, median {statistics.median(own.values()) * 1e3:.1f} ms, slowest {own[slowest] * 1e3:.1f} ms "
        f"({slowest}) (goal: under {GOAL_MS} ms); a plain loop of 50,000 squares took {statistics.median(reference) * 1e3:.1f} ms"
    )
    line(f"{what}, the slowest", own[slowest] / statistics.median(reference), "a plain loop of 50,000 squares")


def titrations(knowledge: Knowledge) -> None:
    """Every agent that has a titration, in every country."""
    calendars: dict[str, Callable[[], object]] = {}
    for agent, country in itertools.product(sorted({t.agent for t in knowledge.plans.titrations.values()}), COUNTRIES):
        known = knowledge.agents[agent]
        weighed = [{"drug": known.ingredient, "route": known.routes[0]}]
        patient = read_patient({**PERSON, "country": country, "considering": weighed}, knowledge, today=TODAY)
        facts = Facts(inputs_of([(patient, read_medicines(patient, knowledge))], knowledge), knowledge, patient.jurisdiction)  # fmt: skip
        wanted = Wanted(first=TODAY)
        if titration_plan(agent, facts, (), wanted).steps:
            calendars[f"{agent}, {country}"] = lambda a=agent, f=facts, w=wanted: titration_plan(a, f, (), w)
    each("titration", calendars)


def tapers(knowledge: Knowledge) -> None:
    """Every agent that is lowered, from a middle and a large dose."""
    calendars: dict[str, Callable[[], object]] = {}
    lowered = sorted({a for t in knowledge.plans.tapers.values() for a in t.agents})
    for agent, country, pieces in itertools.product(lowered, COUNTRIES, (1, 2)):
        known = knowledge.agents[agent]
        strengths = [s for p in known.products if p.unit == known.dose_unit and p.per == "piece" for s in p.strengths]
        if not strengths:
            continue
        taken = {
            "drug": known.ingredient,
            "route": known.routes[0],
            "dose": f"{max(strengths) * pieces:g} {known.dose_unit}",
            "frequency": "three times a day",
            "start": "2024-05-01",
        }
        patient = read_patient({**PERSON, "country": country, "medicines": [taken]}, knowledge, today=TODAY)
        medicines = read_medicines(patient, knowledge)
        facts = Facts(inputs_of([(patient, medicines)], knowledge), knowledge, patient.jurisdiction)
        if taper_plan(agent, medicines, facts, TODAY, why="stop_weighed").steps:
            calendars[f"{agent} from {taken['dose']} three times a day, {country}"] = lambda a=agent, m=medicines, f=facts: taper_plan(a, m, f, TODAY, why="stop_weighed")  # fmt: skip
    each("taper", calendars)


def tables(knowledge: Knowledge) -> None:
    """The options for a goal: every agent that suits weighed, reviewed and planned."""
    patient = read_patient({**PERSON, "country": "US", "goals": ["night spasms"]}, knowledge, today=TODAY)
    (found,) = options(patient, knowledge)
    loop, own = medians(squares, lambda: options(patient, knowledge), runs=20)
    print(f"options for night spasms, {len(found.options)} agents: {own * 1e3:.0f} ms")
    line("options", own / loop, "a plain loop of 50,000 squares")


def reviews(knowledge: Knowledge) -> None:
    """The review of people with twelve medicines, with and without plans."""
    turn = itertools.cycle(patient_files(60))

    def reviewer(*, plan: bool) -> Callable[[], object]:
        return lambda: to_json(
            review(read_bytes(next(turn), knowledge, today=TODAY), knowledge=knowledge, predict=False, plan=plan)
        )

    plain, planned = medians(reviewer(plan=False), reviewer(plan=True), runs=120)
    print(f"the plans of a review with 12 medicines add {(planned - plain) * 1e3:.1f} ms")
    line("with plans", planned / plain, "the same review without")


if __name__ == "__main__":
    known = load_knowledge()
    titrations(known)
    tapers(known)
    tables(known)
    reviews(known)
