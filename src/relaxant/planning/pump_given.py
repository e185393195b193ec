"""What is known for a pump's plan: the device, the medicine's lines, the person, and which parts of the protocol hold for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import TypeVar

import msgspec

from relaxant.facts.facts import Facts
from relaxant.facts.pump import (
    Device,
    Held,
    begun,
    daily_of,
    device_of,
    held,
    is_for,
    is_slip,
    other_drugs,
    runs_at,
    together,
    without_old_test,
)
from relaxant.knowledge.jurisdictions import holds_in
from relaxant.knowledge.pumps import Origin, PumpProtocol, PumpRange, PumpStep
from relaxant.knowledge.schema import Cited
from relaxant.medicines.medicine import Medicine
from relaxant.patient import Patient

C = TypeVar("C", bound=Cited)
_SEVERAL = 2


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """A daily dose in micrograms, between two where the line leaves room."""

    low: float
    high: float


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a plan of one pump goes by.

    ``lines`` are how many lines say that it runs now. ``rate``, that at which it runs or ran, and ``weighed`` are unknown (``None``) where no line
    says one amount. ``held`` is what is in the reservoir, ``then`` the daily dose with what is weighed, of a pump that runs, ``begun`` the day from which the present rate holds, ``others`` what else the pump holds.
    ``slip`` is the daily dose where it can only be a slip of its unit; nothing is reckoned with it then. ``several`` is between which daily doses the
    lines lie where more than one says that it runs. ``stopped_days`` is the time since it stopped. ``origins`` is empty where no cause is known.
    """

    protocol: PumpProtocol
    patient: Patient
    facts: Facts
    device: Device
    described: bool
    lines: int
    rate: Rate | None
    slip: Rate | None
    several: Rate | None
    starting: bool
    weighed: Rate | None
    stop_weighed: bool
    stopped: bool
    stopped_days: int | None
    stopped_on: date | None
    age: tuple[float, float]
    origins: tuple[Origin, ...]
    held: Held
    then: Rate | None
    begun: date | None
    others: tuple[str, ...]

    @property
    def running(self) -> bool:
        """Whether the pump delivers, as said."""
        return self.lines > 0


def given(protocol: PumpProtocol, patient: Patient, medicines: Sequence[Medicine], facts: Facts) -> Given | None:
    """What is known for one protocol; ``None`` where nothing is said of such a pump."""
    own = [m for m in medicines if protocol.agent in m.agents]
    current = [m for m in own if m.role == "current"]
    weighed = [m for m in own if m.role == "considering" and m.change != "stop"]
    stopped = [m for m in own if m.role == "stopped"]
    ingredient = facts.knowledge.agents[protocol.agent].ingredient
    described = is_for(patient.pump, ingredient, facts.knowledge, said=bool(own))
    if not own and not described:
        return None
    ends = [m.regimen.stop for m in stopped if m.regimen.stop is not None]
    last = max(ends) if stopped and len(ends) == len(stopped) else None
    device = without_old_test(device_of(patient.pump) if described and patient.pump else Device(), own)
    since = begun(current)
    runs = runs_at(current)
    ran = _rate(current or stopped)
    slip = ran if ran and is_slip((ran.low, ran.high), protocol.agent, facts.jurisdiction, facts.knowledge) else None
    if runs is not None and is_slip(runs, protocol.agent, facts.jurisdiction, facts.knowledge):
        runs = None
    return Given(
        protocol=protocol,
        patient=patient,
        facts=facts,
        device=device,
        described=described,
        lines=len(current),
        rate=None if slip else ran,
        slip=slip,
        several=None if runs is None or len(current) < _SEVERAL else Rate(low=runs[0], high=runs[1]),
        starting=bool(weighed) and not current,
        weighed=_rate(weighed),
        stop_weighed=any(m.role == "considering" and m.change == "stop" for m in own),
        stopped=bool(stopped) and not current,
        stopped_days=None if last is None else (patient.as_of - last).days,
        stopped_on=last,
        age=facts.column("age").bounds(0),
        origins=_origins(protocol, facts),
        held=held(device, runs, since, patient.as_of, protocol.numbers.dead.value),
        then=_then(current, weighed),
        begun=since,
        others=other_drugs(patient.pump if described else None, ingredient, medicines, facts.knowledge),
    )


def _then(current: Sequence[Medicine], weighed: Sequence[Medicine]) -> Rate | None:
    """The daily dose of a running pump once what is weighed is done."""
    span = together(weighed, [m for m in current if not m.replaced]) if current else None
    return None if span is None else Rate(low=span[0], high=span[1])


def _rate(lines: Sequence[Medicine]) -> Rate | None:
    """The daily dose that one line says. Several lines, none, or a dose that is once only are no rate."""
    span = daily_of(lines[0]) if len(lines) == 1 else None
    return None if span is None else Rate(low=span[0], high=span[1])


def _origins(protocol: PumpProtocol, facts: Facts) -> tuple[Origin, ...]:
    """From where the spasticity comes, as far as the conditions say."""
    found = [
        part.origin
        for part in protocol.origins
        if holds_in(part, facts.jurisdiction)
        and any(facts.column(f"condition:{name}").low.item(0) >= 1 for name in part.conditions)
    ]
    return tuple(dict.fromkeys(found))


# ---------------------------------------------------------------- which parts hold


def chosen(parts: Iterable[C], facts: Facts, fits: Callable[[C], bool] = lambda _: True) -> tuple[tuple[C, ...], bool]:
    """The parts that fit and hold in the country, or where none does those of other countries; and whether they are its own."""
    fitting = tuple(part for part in parts if fits(part))
    own = tuple(part for part in fitting if holds_in(part, facts.jurisdiction))
    return (own, True) if own else (fitting, False)


def of_age(part: PumpStep | PumpRange, age: tuple[float, float]) -> bool:
    """Whether a part is surely for somebody of this age."""
    return part.age_from <= max(0.0, age[0]) and age[1] < part.age_to


def of_origin(part: PumpStep | PumpRange, origins: Sequence[Origin]) -> bool:
    """Whether a part is for one of these causes, or for any."""
    return part.origin is None or part.origin in origins
