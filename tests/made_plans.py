"""Plans written by hand, to show them in every format: a taper with branches, a titration, a cross-taper, a refusal, a pump, a block."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec

from relaxant.knowledge.plans import DayPart
from relaxant.planning.plan import (
    Branch,
    Count,
    Gate,
    Line,
    Missed,
    Plan,
    Policy,
    Product,
    ShownBound,
    Signs,
    Step,
    Supply,
    Take,
    Told,
)
from relaxant.report.plan.page import PlanHead
from relaxant.rules.reasons import Cited

LABEL = Cited(
    id="baclofen-smpc-uk-tablet",
    title="Baclofen 10 mg tablets, product information",
    place="4.2",
    url="https://example.org/baclofen?a=1&b=2",
)
LEAFLET = Cited(
    id="made-leaflet", title="Leaflet made for a test", place="section 3", url=None, says="Do not stop at once."
)
GUIDE = Cited(id="made-guide", title="Guide made for a test", place="table 2", url="https://example.org/guide")  # fmt: skip

HEAD = PlanHead(
    label="bed 12",
    labels="UK labels",
    as_of=date(2026, 11, 22),
    as_of_text="as of 2026-11-22",
    person="female, 58 years, 61 kg",
    country="UK",
    language="en",
    basis="relaxant 0.1.0, knowledge 2026-11-22 0123456789ab, input ba9876543210",
    whose="bed 12",
    stamp=(("Engine", "0.1.0"), ("Input", "sha256 ba9876543210"), ("As of", "2026-11-22")),
)


def tablet(strength: float, name: str = "baclofen", *, scored: bool = True, **changes: Any) -> Product:
    plain = Product(name=name, form="tablet", strength=strength, unit="mg", liquid=False, scored=scored, modified_release=False, source=LABEL)  # fmt: skip
    return msgspec.structs.replace(plain, **changes)


def told(text: str, source: Cited = LEAFLET, *, verified: bool = True) -> Told:
    return Told(text=text, verified=verified, source=source)


def steps_of(agent: str, days: list[dict[DayPart, tuple[float, list[tuple[float, int]]]]], *, first: date, each: int, before: float, open_end: bool = False, number: int = 1) -> tuple[Step, ...]:  # fmt: skip
    """Steps of ``each`` days from ``first``; a day is its doses by part, with the counts that make them."""
    out, last_daily = [], before
    for i, doses in enumerate(days):
        start = first + timedelta(days=i * each)
        takes = tuple(
            Take(at=at, amount=amount, counts=tuple(Count(count=c, product=p) for c, p in counts))
            for at, (amount, counts) in doses.items()
        )
        daily = sum(t.amount for t in takes)
        end = None if open_end and i == len(days) - 1 else start + timedelta(days=each - 1)
        back = number + i - 1 if i else None
        out.append(Step(number=number + i, agent=agent, first=start, last=end, takes=takes, daily=daily, changed=daily - last_daily, back_to=back))  # fmt: skip
        last_daily = daily
    return tuple(out)


def bound(name: str, kind: Any, value: float | None, unit: str = "mg", **changes: Any) -> ShownBound:
    plain = ShownBound(id=name, agent="baclofen", kind=kind, value=value, unit=unit, why=f"Kidney function bounds it ({name}).", decides=True, open=False, settled_by=(), verified=True, source=GUIDE)  # fmt: skip
    return msgspec.structs.replace(plain, **changes)


def taper() -> Plan:
    """Baclofen from 40 mg a day to nothing in eight steps."""
    ten, half = [(1.0, 0)], [(0.5, 0)]
    days: list[dict[DayPart, tuple[float, list[tuple[float, int]]]]] = [
        {"morning": (10, ten), "noon": (10, ten), "night": (15, [(1.0, 0), (0.5, 0)])},
        {"morning": (10, ten), "noon": (10, ten), "night": (10, ten)},
        {"morning": (10, ten), "noon": (5, half), "night": (10, ten)},
        {"morning": (5, half), "noon": (5, half), "night": (10, ten)},
        {"morning": (5, half), "noon": (5, half), "night": (5, half)},
        {"morning": (5, half), "night": (5, half)},
        {"night": (5, half)},
        {"night": (2.5, [(2.5, 1)])},
    ]
    first = date(2026, 11, 23)
    steps = steps_of("baclofen", days, first=first, each=7, before=40)
    steps = (steps[0], msgspec.structs.replace(steps[1], bounds=("kidney-share",)), *steps[2:])
    slow = steps_of("baclofen", days[:2], first=first, each=14, before=40)
    liquid = Product(name="baclofen", form="oral solution", strength=1, unit="mg", liquid=True, scored=False, modified_release=False, source=GUIDE)  # fmt: skip
    return Plan(
        id="taper-baclofen",
        kind="taper",
        agents=("baclofen",),
        title="Baclofen: from 40 mg a day to nothing",
        why="Baclofen is being stopped after two years.",
        unit="mg",
        needs_first=("egfr",),
        first_do=(told("Agree whom to call at night."),),
        policies=(
            Policy(id="uk", text="Lower over one to two weeks or more.", verified=True, source=LABEL, override="5 mg a week, as agreed"),
            Policy(id="other", text="Lower by 5 to 10 mg a week.", verified=False, source=GUIDE, chosen=False),
        ),
        bounds=(
            bound("kidney-share", "daily", 30),
            bound("kidney-share", "step", 5, decides=False),
            bound("old", "days", 7, why="Age over 65.", decides=False, open=True, settled_by=("age",), verified=False),
        ),
        products=(tablet(10), liquid),
        steps=steps,
        gates=(
            Gate(
                agent="baclofen",
                go_on=(told("Spasms are no worse than at the start."),),
                hold=(told("Stiffness is worse on two days."), told("Sleep is broken by spasms.", GUIDE)),
                go_back=(told("The step is not borne."),),
                call=(told("A seizure, fever with rigid muscles, or hallucinations."), told("New confusion.", GUIDE, verified=False)),
            ),
        ),
        branches=(
            Branch(kind="hold", text="Stay at the step for another week."),
            Branch(kind="slower", text="Each step twice as long.", steps=slow, last_dose=slow[-1].last),
            Branch(kind="rescue", text="Go back once to the last step that was borne, and call."),
        ),
        last_dose=steps[-1].last,
        supply=(Supply(product=0, count=122.5, first=date(2026, 11, 23), until=date(2027, 1, 10)), Supply(product=1, count=17.5, first=date(2027, 1, 11), until=date(2027, 1, 17))),
        withdrawal=(
            Signs(agent="baclofen", signs=("more spasms", "anxiety", "itching"), emergency=("seizures", "hallucinations", "fever"), onset="Within 1 to 3 days of stopping.", action="Give the last dose that was borne again and call.", verified=True, source=LEAFLET),
        ),
        missed=(
            Missed(agent="baclofen", days_from=0, days_to=1, do="resume", text="Take the next dose when it is due.", now=False, verified=True, source=LEAFLET),
            Missed(agent="baclofen", days_from=1, days_to=3, do="call", text="Call before the next dose.", now=True, verified=False, source=GUIDE),
            Missed(agent="baclofen", days_from=3, days_to=None, do="retitrate", text="Start low again.", now=False, verified=True, source=GUIDE),
        ),
        notes=("The dose of gabapentin stays as it is.",),
    )  # fmt: skip


def titration() -> Plan:
    """Tizanidine from 2 mg, whose last step has no end."""
    two, four = [(1.0, 0)], [(2.0, 0)]
    days: list[dict[DayPart, tuple[float, list[tuple[float, int]]]]] = [
        {"night": (2, two)},
        {"morning": (2, two), "night": (2, two)},
        {"morning": (2, two), "noon": (2, two), "night": (2, two)},
        {"morning": (2, two), "noon": (2, two), "evening": (2, two), "night": (4, four)},
    ]
    product = tablet(2, "tizanidine")
    return Plan(
        id="titration-tizanidine",
        kind="titration",
        agents=("tizanidine",),
        title="Tizanidine: start and raise",
        why="Night spasms are the goal.",
        unit="mg",
        bounds=(bound("pressure", "single", 4, agent="tizanidine", why="Blood pressure is low."),),
        products=(product, tablet(4, "tizanidine", form="capsule", scored=False)),
        steps=steps_of("tizanidine", days, first=date(2026, 11, 22), each=4, before=0, open_end=True),
        gates=(Gate(agent="tizanidine", go_on=(told("No dizziness on standing."),), hold=(), go_back=(), call=(told("Fainting."),)),),
        supply=(Supply(product=0, count=40, first=date(2026, 11, 22), until=date(2026, 12, 5)),),
        policies=(Policy(id="label", text="Raise by 2 mg, at least half a week apart.", verified=True, source=GUIDE),),
    )  # fmt: skip


def switch() -> Plan:
    """Baclofen down while tizanidine goes up."""
    old: list[dict[DayPart, tuple[float, list[tuple[float, int]]]]] = [
        {"morning": (10, [(1.0, 0)]), "night": (10, [(1.0, 0)])},
        {"morning": (5, [(0.5, 0)]), "night": (5, [(0.5, 0)])},
    ]
    new: list[dict[DayPart, tuple[float, list[tuple[float, int]]]]] = [
        {"night": (2, [(1.0, 1)])},
        {"morning": (2, [(1.0, 1)]), "night": (2, [(1.0, 1)])},
    ]
    first = date(2026, 11, 30)
    return Plan(
        id="switch",
        kind="switch",
        agents=("baclofen", "tizanidine"),
        title="From baclofen to tizanidine",
        why="Weakness on baclofen.",
        unit="mg",
        products=(tablet(10), tablet(2, "tizanidine")),
        steps=(
            *steps_of("baclofen", old, first=first, each=7, before=30),
            *steps_of("tizanidine", new, first=first + timedelta(days=3), each=5, before=0, open_end=True),
        ),
        gates=(
            Gate(agent="baclofen", go_on=(told("No fits."),), hold=(), go_back=(), call=(told("A seizure."),)),
            Gate(agent="tizanidine", go_on=(told("No dizziness on standing."),), hold=(), go_back=(), call=()),
        ),
    )


def refused() -> Plan:
    """A titration that may not be made."""
    return Plan(
        id="titration-baclofen",
        kind="titration",
        agents=("baclofen",),
        title="Baclofen: start",
        why="Spasms.",
        unit="mg",
        refused="Kidney function is too low for a start.",
        bounds=(bound("kidney-never", "never", None, ""),),
        notes=("Other medicines are under the options.",),
    )


def pump() -> Plan:
    """A reckoning for a pump, line by line."""
    return Plan(
        id="pump",
        kind="pump",
        agents=("baclofen intrathecal",),
        title="Pump: refill and step",
        why="The reservoir is being planned.",
        unit="micrograms",
        needs_first=("residual",),
        reckoning=(
            Line(what="Baclofen in the reservoir", how="18 mL x 2000 micrograms/mL", value=36000, unit="micrograms", text="All of it, before the alarm volume is taken off.", sources=(GUIDE,)),
            Line(what="Days to the alarm", how="(18 mL - 2 mL) / 0.333333 mL a day", value=48.0000048, unit="days", text="", sources=()),
            Line(what="Refill by", how="7 days before the alarm", value=None, unit="", text="Sat 2027-01-02", sources=(GUIDE, LEAFLET), verified=False),
        ),
        notes=("Two people reckon apart and compare.",),
    )  # fmt: skip


def block() -> Plan:
    """Neuromuscular block, for planning and teaching."""
    return Plan(
        id="block",
        kind="block",
        agents=("rocuronium",),
        title="Rocuronium: intubation and reversal",
        why="An operation is planned.",
        unit="mg",
        reckoning=(
            Line(what="Intubating dose", how="0.6 mg/kg x 61 kg", value=36.6, unit="mg", text="On ideal weight.", sources=(GUIDE,)),
        ),
    )  # fmt: skip


ALL = {"taper": taper, "titration": titration, "switch": switch, "refused": refused, "pump": pump, "block": block}
