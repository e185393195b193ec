"""The records of an event table, checked: each person's together, what each dose is, and the spells over which covariates stay the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.errors import InputError
from relaxant.pharmacology.events.event_table import COLUMNS, numbers

Floats = NDArray[np.float64]
Index = NDArray[np.intp]


class Rows(msgspec.Struct):
    """The table's rows, each person's together."""

    order: Index | None  # of the table's rows, where its people are mixed
    first: Index  # of each person, and the end
    person: Index
    time: Floats
    evid: NDArray[np.int8]
    dose: Index  # the rows that are doses, and what they are
    amount: Floats
    rate: Floats
    interval: Floats
    more: Floats
    steady: Floats
    entry: Index


def people_of(ids: NDArray[Any]) -> tuple[NDArray[Any], Index]:
    """The people in order of their ID, and of each row which; without sorting where the rows are in that order."""
    if ids.dtype.kind == "f" and np.isnan(ids).any():
        raise InputError(
            "ID", "missing", f"row {int(np.flatnonzero(np.isnan(ids))[0]) + 1} is nobody's", "give an ID in each row"
        )
    if ids.dtype.kind in "iuf" and ids.size and (ids[1:] >= ids[:-1]).all():
        new = np.empty(ids.size, dtype=bool)
        new[0] = True
        np.not_equal(ids[1:], ids[:-1], out=new[1:])
        return ids[new], np.cumsum(new) - 1
    if ids.dtype.kind == "O":
        ids = np.array([str(i) for i in ids.tolist()])
    people, person = np.unique(ids, return_inverse=True)
    return people, person.astype(np.intp)


def refuse(name: str, fine: NDArray[np.bool_], values: NDArray[Any], rows: Index | None, would: str) -> None:
    """Raises where something is not fine, naming the first such row of the table."""
    if not fine.all():
        at = int(np.flatnonzero(~fine)[0])
        row = at if rows is None else int(rows[at])
        raise InputError(name, values[at], f"row {row + 1} cannot stand", would)


def kinds_of(columns: dict[str, NDArray[Any]]) -> tuple[NDArray[np.int8], Floats]:
    """EVID and AMT of every row; EVID where it is left out: a dose where there is AMT or RATE, other where MDV is 1, else an observation.

    Raises :class:`InputError` naming the column and the row of the table.
    """
    for name in ("id", "time"):
        if name not in columns:
            raise InputError("table", ", ".join(columns), f"the column {name.upper()} is missing", f"give {', '.join(COLUMNS)}")  # fmt: skip
    count = columns["id"].size
    odd = next((n for n, c in columns.items() if c.size != count), None)
    if odd is not None:
        raise InputError(odd.upper(), columns[odd].size, f"the table has {count} rows", "give one value a row")
    if not count:
        raise InputError("table", "no rows", "there is nobody in it", "give a row for each event")
    amount = numbers(columns["amt"], "AMT") if "amt" in columns else np.zeros(count)
    if "evid" in columns:
        given = numbers(columns["evid"], "EVID")
        evid = np.zeros(count, dtype=np.int8)
        np.copyto(evid, given, casting="unsafe", where=(given > 0) & (given < 5))
        refuse("EVID", evid == given, given, None, "give 0, 1, 2, 3 or 4")
        return evid, amount
    rate = numbers(columns["rate"], "RATE") if "rate" in columns else np.zeros(count)
    unseen = numbers(columns["mdv"], "MDV") == 1 if "mdv" in columns else np.zeros(count, dtype=bool)
    return np.where((amount > 0) | (rate > 0), 1, np.where(unseen, 2, 0)).astype(np.int8), amount


def rows_of(columns: dict[str, NDArray[Any]], entries: int) -> tuple[NDArray[Any], Rows]:
    """The people in order of their ID, and the rows checked, each person's together, with what each dose is.

    Raises :class:`InputError` naming the column and the row of the table.
    """
    evid, amount = kinds_of(columns)
    people, person = people_of(columns["id"])
    time = numbers(columns["time"], "TIME")
    refuse("TIME", np.isfinite(time), time, None, "give a finite number")
    is_dose = (evid == 1) | (evid == 4)
    refuse("AMT", is_dose | ~(np.abs(amount) > 0), amount, None, "give EVID 1 where there is an amount, or no amount")
    order = None if (person[1:] >= person[:-1]).all() else np.argsort(person, kind="stable")
    if order is not None:
        person, time, evid, is_dose = person[order], time[order], evid[order], is_dose[order]
    first = np.searchsorted(person, np.arange(people.size + 1))
    back = np.flatnonzero((time[1:] < time[:-1]) & (person[1:] == person[:-1]) & (evid[1:] != 3) & (evid[1:] != 4))
    if back.size:
        row = int(back[0]) + 1
        raise InputError("TIME", time[row], f"row {(row if order is None else int(order[row])) + 1} goes back in time", "sort each person's rows by time")  # fmt: skip
    dose = np.flatnonzero(is_dose)
    at = dose if order is None else order[dose]

    def of_dose(name: str) -> Floats:
        """A column at the doses; what is missing is 0, as in NM-TRAN."""
        if name.casefold() not in columns:
            return np.zeros(dose.size)
        values = numbers(columns[name.casefold()], name)[at]
        return np.where(np.isnan(values), 0.0, values)

    entry = of_dose("CMT")
    made = Rows(order, first, person, time, evid, dose, amount[at], of_dose("RATE"), of_dose("II"), of_dose("ADDL"), of_dose("SS"), np.maximum(entry, 1).astype(np.intp) - 1)  # fmt: skip
    # CMT 0 is the first, as in NM-TRAN.
    ever = (made.steady > 0) & (made.amount == 0) & (made.rate > 0)
    for name, values, fine, would in (
        ("AMT", made.amount, (made.amount >= 0) & np.isfinite(made.amount), "give 0 or more"),
        ("RATE", made.rate, (made.rate >= 0) & np.isfinite(made.rate), "give 0 or more; a modelled rate is the model's own"),
        ("RATE", made.rate, (made.rate == 0) | (made.amount > 0) | ever, "give an amount with it, or SS for one that has run for ever"),
        ("II", made.interval, (made.interval >= 0) & np.isfinite(made.interval), "give 0 or more"),
        ("ADDL", made.more, (made.more >= 0) & (made.more == np.floor(made.more)) & ((made.more == 0) | (made.interval > 0)), "give a whole number, and II with it"),
        ("SS", made.steady, np.isin(made.steady, (0, 1, 2)), "give 0, 1 or 2"),
        ("SS", made.steady, (made.steady == 0) | (made.interval > 0) | ever, "give II, the time between the doses"),
        ("II", made.interval, ~ever | (made.interval == 0), "leave it out: what runs for ever has no interval"),
        ("CMT", entry, (entry >= 0) & (entry <= entries) & (entry == np.floor(entry)), f"give 1 to {entries}"),
    ):  # fmt: skip
        refuse(name, fine, values, at, would)
    if "mdv" in columns:
        missing = numbers(columns["mdv"], "MDV")
        refuse("MDV", (missing == 0) | (missing == 1), missing, None, "give 0 or 1")
    return people, made


def spells_of(
    columns: dict[str, NDArray[Any]], names: Sequence[str], rows: Rows
) -> tuple[Index | None, Index, dict[str, NDArray[Any]]]:
    """Of each row the spell that starts with it or holds (``None``: one a person), whose each is, and the covariates of each."""
    unknown = next((n for n in names if n.casefold() not in columns), None)
    if unknown is not None:
        raise InputError(
            "covariates", unknown, "the table has no such column", f"use {', '.join(n.upper() for n in columns)}"
        )
    people = rows.first.size - 1
    values = {
        n: _carried(columns[n.casefold()] if rows.order is None else columns[n.casefold()][rows.order], rows)
        for n in names
    }
    new = np.zeros(rows.person.size, dtype=bool)
    for each in values.values():
        same = each[1:] == each[:-1]
        if each.dtype.kind == "f":
            same |= np.isnan(each[1:]) & np.isnan(each[:-1])
        new[1:] |= ~same
    new[rows.first[:-1]] = True
    if np.count_nonzero(new) == people:
        return None, np.arange(people), {n: v[rows.first[:-1]] for n, v in values.items()}
    return np.cumsum(new) - 1, rows.person[new], {n: v[new] for n, v in values.items()}


def _carried(values: NDArray[Any], rows: Rows) -> NDArray[Any]:
    """A covariate with each missing value as the last known of that person; before any is known, as the first."""
    if values.dtype.kind in "iub":
        return values.astype(np.float64)
    known = (
        ~np.isnan(values)
        if values.dtype.kind == "f"
        else np.array([v not in (None, "") and v == v for v in values], dtype=bool)
    )
    if known.all():
        return values
    at = np.where(known, np.arange(values.size), -1)
    last = np.maximum.accumulate(np.where(known, at, -1))
    first_known = np.minimum.accumulate(np.where(known, at, values.size)[::-1])[::-1]
    start, end = rows.first[:-1][rows.person], rows.first[1:][rows.person]
    source = np.where(last >= start, last, np.where(first_known < end, first_known, np.arange(values.size)))
    return values[source]
