"""What a diary asks: medicines with what is planned of each, scales, by day or by part of the day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from relaxant.errors import InputError
from relaxant.facts.conditions import condition_ids, implied_by
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.plans import DAY_PARTS, DayPart
from relaxant.knowledge.scales import Scale
from relaxant.patient import Stated

MOST_MEDICINES = 8
MOST_DOSE = 1e6
_MASSES = {"mg", "micrograms"}


class Planned(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is planned of a medicine from the day ``since`` on, from the diary's beginning where that is left out: ``daily``, in all of a day, or ``doses`` by part of the day; one of the
    two."""

    since: date | None = None
    daily: float | None = None
    doses: dict[DayPart, float] | None = None

    def of(self, part: DayPart | None) -> float:
        """What is planned of a day, or of a part of it."""
        if self.doses is None:
            return self.daily or 0.0
        return sum(self.doses.values()) if part is None else self.doses.get(part, 0.0)


class Medicine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A medicine of a diary, by agent, with the unit in which its doses are written; the agent's own where ``unit`` is left out. ``planned``, oldest first; empty where it is taken as
    needed."""

    agent: str
    unit: str = ""
    planned: tuple[Planned, ...] = ()

    def planned_on(self, day: date, part: DayPart | None) -> float | None:
        """What was planned of a day, or of a part of it; ``None`` where nothing was."""
        now = [p for p in self.planned if p.since is None or p.since <= day]
        return now[-1].of(part) if now else None


class Columns(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a diary asks. ``scales`` by id; ``by_part``: an entry for each part of a day instead of one for the day. ``conditions`` of the person, by id: which change matters depends on
    them."""

    medicines: tuple[Medicine, ...] = ()
    scales: tuple[str, ...] = ()
    by_part: bool = False
    conditions: tuple[str, ...] = ()

    def medicine(self, agent: str) -> Medicine | None:
        """The medicine of an agent."""
        return next((m for m in self.medicines if m.agent == agent), None)


def checked(columns: Columns, knowledge: Knowledge) -> Columns:
    """The columns with ids in place of names, and every unit said. Raises :class:`InputError` naming the field."""
    if not columns.medicines and not columns.scales:
        raise InputError("diary", "nothing", "a diary asks something", "name a medicine or a scale")
    if len(columns.medicines) > MOST_MEDICINES:
        raise InputError("medicines", len(columns.medicines), "nobody fills that in", f"{MOST_MEDICINES} or fewer")
    medicines = tuple(_medicine(m, columns.by_part, knowledge) for m in columns.medicines)
    scales = tuple(_scale(name, knowledge).scale for name in columns.scales)
    for field, names in (("medicines", [m.agent for m in medicines]), ("scales", list(scales))):
        twice = next((n for n in names if names.count(n) > 1), None)
        if twice is not None:
            raise InputError(field, twice, "it is named twice", "name it once")
    conditions = _conditions(columns.conditions, knowledge)
    return Columns(medicines=medicines, scales=scales, by_part=columns.by_part, conditions=conditions)


def with_plan(columns: Columns, agent: str, planned: Planned) -> Columns:
    """The columns with another plan of one medicine from its day on. Raises :class:`InputError`."""
    medicine = columns.medicine(agent)
    if medicine is None:
        raise InputError("agent", agent, "this diary has no such medicine", "name one of its own")
    _check_planned(f"planned, {agent}", planned, columns.by_part)
    kept = [p for p in medicine.planned if p.since != planned.since]
    changed = msgspec.structs.replace(medicine, planned=_in_order([*kept, planned]))
    return msgspec.structs.replace(columns, medicines=tuple(changed if m is medicine else m for m in columns.medicines))


def _medicine(medicine: Medicine, by_part: bool, knowledge: Knowledge) -> Medicine:
    agent = knowledge.agents.get(medicine.agent)
    if agent is None:
        raise InputError("medicines", medicine.agent, "no relaxant is called that", "see `relaxant agents`")
    unit = medicine.unit or agent.dose_unit
    if unit != agent.dose_unit and {unit, agent.dose_unit} != _MASSES:
        raise InputError(f"{agent.agent}, unit", unit, f"{agent.agent} is dosed in {agent.dose_unit}", f"write {agent.dose_unit}")  # fmt: skip
    for planned in medicine.planned:
        _check_planned(f"planned, {agent.agent}", planned, by_part)
    since = [p.since for p in medicine.planned]
    if len(set(since)) < len(since):
        raise InputError(f"planned, {agent.agent}", "two plans from one day", "one of them holds", "keep one")
    return Medicine(agent=agent.agent, unit=unit, planned=_in_order(medicine.planned))


def _in_order(planned: Sequence[Planned]) -> tuple[Planned, ...]:
    return tuple(sorted(planned, key=lambda p: p.since or date.min))


def _check_planned(field: str, planned: Planned, by_part: bool) -> None:
    if (planned.daily is None) == (planned.doses is None):
        raise InputError(field, "both or neither of daily and doses", "a plan is said in one way", "write daily, or doses by part of the day")  # fmt: skip
    if by_part and planned.doses is None:
        raise InputError(field, "daily", "this diary has an entry for each part of a day", "write doses by part of the day, such as morning and night")  # fmt: skip
    for amount in (planned.daily or 0.0, *(planned.doses or {}).values()):
        if not 0 <= amount <= MOST_DOSE:
            raise InputError(field, amount, "this is no dose", "a number from 0")


def _scale(name: str, knowledge: Knowledge) -> Scale:
    """The scale of an id or of a diary's column."""
    daily = [s for s in knowledge.responses.scales.values() if s.column]
    scale = next((s for s in daily if name in (s.scale, s.column)), None)
    if scale is None:
        raise InputError("scales", name, "a diary has no such column", f"one of {', '.join(s.column for s in daily)}")
    return scale


def _conditions(said: Sequence[str], knowledge: Knowledge) -> tuple[str, ...]:
    out: dict[str, None] = {}
    for words in said:
        found = [words] if words in knowledge.conditions else condition_ids(Stated(name=words), knowledge)
        if not found:
            raise InputError("conditions", words, "no condition is known by this name", "write it such as “multiple sclerosis” or “spinal cord injury”")  # fmt: skip
        for name in found:
            out.update(dict.fromkeys((name, *sorted(implied_by(name, knowledge)))))
    return tuple(out)


def parts_of(columns: Columns) -> tuple[DayPart | None, ...]:
    """The entries that a day can have."""
    return DAY_PARTS if columns.by_part else (None,)
