"""People from the field's event table (NM-TRAN columns): doses, observations, covariates that may change, occasions.

The columns are ID, TIME, EVID, AMT, CMT, RATE, II, ADDL, SS, DV, MDV, and, where there are, DVID (which output), CENS (1: DV is the limit of
quantification and the level is below it), LLOQ (the limit itself), OCC (the occasion), and a column for each covariate of the card. Compartments
are numbered as the card lists them. An observation that stands before a dose of the same time is taken the moment before it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from numpy.typing import NDArray

from relaxant.errors import InputError
from relaxant.knowledge.cards import Model
from relaxant.pharmacology.cards.course import GivenDose
from relaxant.pharmacology.estimation.observations import Changed, Observation, Person
from relaxant.pharmacology.events.event_table import columns_of

_COLUMNS = ("ID", "TIME", "EVID", "AMT", "CMT", "RATE", "II", "ADDL", "SS", "DV", "MDV")
_MOMENT = 1e-9  # of the time (of a time unit early on): the moment before a dose

Columns = dict[str, NDArray[Any]]


def people_of(model: Model, table: Any, *, outputs: Mapping[int, str] | None = None) -> list[Person]:
    """Everybody in the table, in order of first appearance.

    ``table``: a mapping from column name (any case) to values, a data frame or an Arrow table. ``outputs`` names the output of each DVID (of each observation's CMT where there is no
    DVID); the card's first output where left out. AMT is in the card's unit of amount, DV in the output's unit. A covariate that changes
    does so from its row on. Raises :class:`InputError` naming column and row.
    """
    columns: Columns = columns_of(table)
    for name in ("id", "time", "dv"):
        if name not in columns:
            raise InputError("table", ", ".join(columns), f"the column {name.upper()} is missing", f"give {', '.join(_COLUMNS)}")  # fmt: skip
    count = columns["id"].size
    odd = next((n for n, c in columns.items() if c.size != count), None)
    if odd is not None:
        raise InputError(odd.upper(), columns[odd].size, f"the table has {count} rows", "give one value a row")
    rows: dict[Any, list[int]] = {}
    for row, who in enumerate(columns["id"].tolist()):
        rows.setdefault(who, []).append(row)
    return [_person(model, columns, str(who), own, outputs or {}) for who, own in rows.items()]


def _person(model: Model, columns: Columns, label: str, rows: Sequence[int], outputs: Mapping[int, str]) -> Person:
    asked = {r.on: r.form == "category" for r in model.relations if r.on.casefold() in columns}
    doses: list[GivenDose] = []
    observations: list[Observation] = []
    changed: list[Changed] = []
    occasions: list[float] = []
    first: dict[str, float | str] = {}
    now: dict[str, float | str] = {}
    over: set[float] = set()
    occasion, last = math.nan, -math.inf
    for row in rows:
        time = _number(columns, "time", row, math.nan)
        if not time >= last or time == math.inf:
            raise InputError("TIME", time, f"row {row + 1} goes back in time or is no number", "sort each person's rows by time")  # fmt: skip
        last = time
        given = {on: _covariate(columns, on, row, named) for on, named in asked.items()}
        fresh = {on: value for on, value in given.items() if value is not None and now.get(on) != value}
        now |= fresh
        if row == rows[0]:
            first = fresh
        elif fresh:
            before = changed.pop().covariates if changed and changed[-1].start == time else {}
            changed.append(Changed(time, {**before, **fresh}))
        number = _number(columns, "occ", row, 0.0)
        if number != occasion:
            if number in over:
                raise InputError("OCC", number, f"row {row + 1} comes back to an occasion that was over", "number the occasions as they follow")  # fmt: skip
            if row != rows[0]:
                occasions.append(time)
                over.add(occasion)
            occasion = number
        amount = _number(columns, "amt", row, 0.0)
        match _number(columns, "evid", row, 1.0 if amount > 0 else 0.0):
            case 1:
                if _number(columns, "ss", row, 0.0) == 1 and doses:
                    raise InputError("SS", 1, f"row {row + 1} would forget the doses before it", "begin with it, or write SS 2")  # fmt: skip
                doses.append(_dose(model, columns, row, time, amount))
                _moment_before(observations, time)
            case 0:
                if _number(columns, "mdv", row, 0.0) == 0:
                    observations.append(_observed(columns, row, time, outputs))
            case 2:
                pass
            case other:
                raise InputError("EVID", other, f"row {row + 1} cannot stand", "give 0 (observation), 1 (dose) or 2 (other); after a reset a person has another ID")  # fmt: skip
    return Person(doses=doses, observations=observations, covariates=first, changed=changed, occasions=occasions, label=label)  # fmt: skip


def _number(columns: Columns, name: str, row: int, missing: float) -> float:
    """A number of the table; ``missing`` where the column is not there, or the place is empty (NaN, nothing, a point)."""
    if name not in columns:
        return missing
    came = columns[name][row]
    if came is None or str(came).strip() in ("", "."):
        return missing
    try:
        value = float(came)
    except (TypeError, ValueError):
        raise InputError(name.upper(), came, f"row {row + 1} is not a number", "give a number") from None
    return missing if math.isnan(value) else value


def _covariate(columns: Columns, on: str, row: int, named: bool) -> float | str | None:
    if named:
        return str(columns[on.casefold()][row])
    value = _number(columns, on.casefold(), row, math.nan)
    return None if math.isnan(value) else value


def _dose(model: Model, columns: Columns, row: int, time: float, amount: float) -> GivenDose:
    if not 0 < amount < math.inf:
        raise InputError("AMT", amount, f"row {row + 1} is a dose of nothing", "give an amount above 0")
    at = _number(columns, "cmt", row, math.nan)
    places = [c.compartment for c in model.compartments]
    into = model.inputs[0].into if math.isnan(at) else places[int(at) - 1] if 1 <= at <= len(places) and at == int(at) else None  # fmt: skip
    way = next((i for i in model.inputs if i.into == into), None)
    if way is None:
        would = ", ".join(f"{places.index(i.into) + 1} ({i.into})" for i in model.inputs)
        raise InputError("CMT", at, f"row {row + 1} is a dose into no input of {model.model}", f"give {would}")
    rate, every = _number(columns, "rate", row, 0.0), _number(columns, "ii", row, 0.0)
    if not 0 <= rate < math.inf and not (rate == -2 and way.duration):
        raise InputError("RATE", rate, f"row {row + 1} cannot stand", "give 0 or more, or -2 where the card has a duration of its own")  # fmt: skip
    more, steady = _number(columns, "addl", row, 0.0), _number(columns, "ss", row, 0.0)
    if more < 0 or more != int(more) or steady not in (0, 1, 2):
        raise InputError("ADDL" if steady in (0, 1, 2) else "SS", more if steady in (0, 1, 2) else steady, f"row {row + 1} cannot stand", "give a whole number of further doses, and SS 0, 1 or 2")  # fmt: skip
    if (more or steady) and not 0 < every < math.inf:
        raise InputError("II", every, f"row {row + 1} repeats its dose at no interval", "give the time between doses")
    return GivenDose(
        time=time, amount=amount, unit=model.amount, route=way.route, form=way.form, release=way.release, fed=way.fed, drug=way.drug,
        infused_over=amount / rate if rate > 0 else 0.0, every=every or None, count=int(more) + 1, steady=steady > 0,
    )  # fmt: skip


def _observed(columns: Columns, row: int, time: float, outputs: Mapping[int, str]) -> Observation:
    value, limit = _number(columns, "dv", row, math.nan), _number(columns, "lloq", row, math.nan)
    if _number(columns, "cens", row, 0.0) == 1:
        value, limit = math.nan, value if math.isnan(limit) else limit
    number = _number(columns, "dvid" if "dvid" in columns else "cmt", row, math.nan)
    if outputs and not math.isnan(number) and int(number) not in outputs:
        raise InputError("DVID", number, f"row {row + 1} is of no output", f"use {', '.join(map(str, outputs))}")
    output = None if math.isnan(number) else outputs.get(int(number))
    return Observation(time=time, value=None if math.isnan(value) else value, output=output, limit=None if math.isnan(limit) else limit)  # fmt: skip


def _moment_before(observations: list[Observation], time: float) -> None:
    """Observations that stand before a dose of the same time see what was there before it."""
    for i in reversed(range(len(observations))):
        if observations[i].time != time:
            break
        observations[i] = msgspec.structs.replace(observations[i], time=time - _MOMENT * max(abs(time), 1.0))
