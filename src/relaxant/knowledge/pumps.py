"""The shape of what a pump's plan is made from: test doses, the first day, steps, ranges, and the numbers of the device.

Each part is cited on its own, because labels of different countries differ in one number and agree in the next. A part without
``jurisdiction`` holds everywhere. Where no part of a kind holds in a country, those of the others are used, the most cautious of them
counts, and the plan says so.
"""

from __future__ import annotations

from typing import Any, Literal

from relaxant.knowledge.schema import Cited, Frozen

Origin = Literal["spinal", "cerebral"]


class PumpSaid(Cited, frozen=True, kw_only=True, gc=False):
    """A sentence, in our words, for people of an age (years, ``age_to`` exclusive). One that ``keeps`` an agent beside the pump is not said
    where a way out of that agent stands; one that ``leaves`` it is said there only."""

    text: str
    keeps: str | None = None
    leaves: str | None = None
    age_from: float = 0
    age_to: float = 200


class PumpOral(Cited, frozen=True, kw_only=True, gc=False):
    """What is said of the oral form as a stand-in, by age (years, ``age_to`` exclusive) and kidneys: for an eGFR (mL/min/1.73 m2) from
    ``egfr_from`` up to ``egfr_to``, on ``dialysis``, or where the kidney function is ``unknown``."""

    text: str
    age_from: float = 0
    age_to: float = 200
    egfr_from: float = 0
    egfr_to: float = 1000
    dialysis: bool = False
    unknown: bool = False


class PumpNotWith(Cited, frozen=True, kw_only=True, gc=False):
    """Conditions, or roles of other medicines, with which no test and no start is planned, and why."""

    conditions: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    text: str


class PumpOverdose(Cited, frozen=True, kw_only=True, gc=False):
    """Conditions, or yes/no facts of the person, by which an overdose is taken to be there. Without ``surely`` they only stand against a rise or
    a start, for which ``text`` says why. With ``within_days`` a condition that began longer ago does not count, and with ``undated_unless`` one
    whose day is not known does not while that surely holds."""

    conditions: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    within_days: float | None = None
    undated_unless: dict[str, Any] | None = None
    surely: bool = False
    text: str


class PumpToRead(Cited, frozen=True, kw_only=True, gc=False):
    """Events after which a pump is read before anything of it is changed, for so many days, and why."""

    conditions: tuple[str, ...]
    within_days: float
    text: str


class PumpOrigin(Cited, frozen=True, kw_only=True, gc=False):
    """Which conditions count as spasticity from the cord or from the brain."""

    origin: Origin
    conditions: tuple[str, ...]


class PumpScreening(Cited, frozen=True, kw_only=True, gc=False):
    """The ladder of test doses (micrograms), each at least ``apart_hours`` after the last, given over ``over_minutes`` at least, with the
    person watched for ``watch_low`` to ``watch_high`` hours. ``lower_first`` is a smaller first dose, for whom ``lower_for`` says, or with
    ``lower_anyone`` for everybody, up to ``lower_age_to`` years (exclusive)."""

    doses: tuple[float, ...]
    lower_first: float | None = None
    lower_for: str | None = None
    lower_anyone: bool = False
    lower_age_to: float = 200
    age_from: float = 0
    apart_hours: float
    over_minutes: float
    watch_low: float
    watch_high: float
    response: tuple[PumpSaid, ...]
    text: str


class PumpStart(Cited, frozen=True, kw_only=True, gc=False):
    """The first day: ``factor`` times the test dose that worked, over 24 hours; ``prolonged_factor`` times it where the effect lasted more
    than ``prolonged_hours``. No rise in the first ``hold_hours``."""

    factor: float
    prolonged_factor: float
    prolonged_hours: float
    hold_hours: float
    text: str


class PumpStep(Cited, frozen=True, kw_only=True, gc=False):
    """How far a daily dose is raised or lowered at a time, in percent of it: while the dose is sought, at most once in ``every_hours``, or
    at a ``refill``. Without ``origin`` for either. Ages are in years, ``age_to`` exclusive."""

    at: Literal["titration", "refill"]
    origin: Origin | None = None
    age_from: float = 0
    age_to: float = 200
    up_low: float
    up_high: float
    down_low: float | None = None
    down_high: float | None = None
    every_hours: float | None = None


class PumpRange(Cited, frozen=True, kw_only=True, gc=False):
    """Daily doses (micrograms) that most people ended at, and the least and most that were used."""

    origin: Origin | None = None
    age_from: float = 0
    age_to: float = 200
    usual_low: float | None = None
    usual_high: float | None = None
    used_low: float | None = None
    used_high: float | None = None


class PumpMark(Cited, frozen=True, kw_only=True, gc=False):
    """A daily dose (micrograms) above which something is said, and from which no step goes past ``step_most`` percent."""

    above: float
    step_most: float | None = None
    age_from: float = 0
    age_to: float = 200
    text: str


class PumpNumber(Cited, frozen=True, kw_only=True, gc=False):
    """One number with its unit and the reason for it, in our words."""

    value: float
    unit: str
    text: str


class PumpNumbers(Frozen, frozen=True, kw_only=True, gc=False):
    """The numbers that dates and volumes are reckoned with.

    ``margin``: days between the refill and the alarm. ``floor``: the volume before which to refill whatever the alarm is set to.
    ``longest``: days that a filling is used. ``dead``: the volume that cannot be delivered. ``slowest``: the least that is delivered in a day.
    ``flex_changes``: most changes of the rate in a day. ``withdrawal``: days after a stop in which the emergency page is shown. ``urgent``: with
    fewer days of drug left it is shown too. ``gap``: a larger difference between the volume said and the one expected is looked into. ``path``:
    the most that a catheter, or the tubing, is believed to hold.
    """

    margin: PumpNumber
    floor: PumpNumber
    longest: PumpNumber
    dead: PumpNumber
    slowest: PumpNumber
    flex_changes: PumpNumber
    withdrawal: PumpNumber
    urgent: PumpNumber
    gap: PumpNumber
    path: PumpNumber


class PumpFlex(Cited, frozen=True, kw_only=True, gc=False):
    """A day in two parts: more between the hours of ``more_from`` and ``more_to`` (names of hours among the policies), less in the rest. It is
    shown to those whose ``goals`` or, with ``standing``, standing ask for it. The rate of the fuller part lies above the even one by the
    smallest step of the person's titration."""

    flex: str
    more_from: str
    more_to: str
    goals: tuple[str, ...] = ()
    standing: bool = False
    text: str


class PumpProtocol(Frozen, frozen=True, kw_only=True, gc=False):
    """Everything that a plan for one agent in a pump is made from.

    ``bridge`` is said where the concentration changes, ``emergency`` when delivery has stopped, ``flowing`` while it may still flow, ``meanwhile`` what is given until it is restored, with
    one of ``oral``, ``kidneys`` what weak ones ask of the pump's own dose, ``call`` whom to call then, ``restart`` after a long stop, ``check`` with every plan. ``mixed`` is said where the pump holds
    another medicine too, ``overdose`` where one of ``overdose_if`` is there, ``one_change`` where concentration and dose are to change together.
    """

    pump: str
    agent: str
    licensed_from: PumpNumber
    origins: tuple[PumpOrigin, ...]
    screening: tuple[PumpScreening, ...]
    start: tuple[PumpStart, ...]
    steps: tuple[PumpStep, ...]
    ranges: tuple[PumpRange, ...]
    marks: tuple[PumpMark, ...]
    numbers: PumpNumbers
    flex: tuple[PumpFlex, ...]
    at_start: tuple[PumpSaid, ...] = ()
    at_refill: tuple[PumpSaid, ...] = ()
    at_step: tuple[PumpSaid, ...] = ()
    bridge: tuple[PumpSaid, ...] = ()
    emergency: tuple[PumpSaid, ...] = ()
    flowing: tuple[PumpSaid, ...] = ()
    meanwhile: tuple[PumpSaid, ...] = ()
    oral: tuple[PumpOral, ...] = ()
    kidneys: tuple[PumpOral, ...] = ()
    overdose_if: tuple[PumpOverdose, ...] = ()
    overdose: tuple[PumpSaid, ...] = ()
    not_with: tuple[PumpNotWith, ...] = ()
    to_read: tuple[PumpToRead, ...] = ()
    restart: tuple[PumpSaid, ...] = ()
    mixed: tuple[PumpSaid, ...] = ()
    one_change: tuple[PumpSaid, ...] = ()
    call: tuple[PumpSaid, ...] = ()
    check: tuple[PumpSaid, ...] = ()
