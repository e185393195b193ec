"""Event tables in and out: data frames, Arrow tables, CSV and Parquet to columns, a regimen to the field's columns and back.

Columns are NM-TRAN's (ID, TIME, EVID, AMT, CMT, RATE, II, ADDL, SS, DV, MDV) and covariates, by name in any case. A full stop, an empty cell
and NA are missing.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relaxant.errors import InputError
from relaxant.pharmacology.cards.course import GivenDose
from relaxant.quantities import unit

Floats = NDArray[np.float64]
COLUMNS = ("ID", "TIME", "EVID", "AMT", "CMT", "RATE", "II", "ADDL", "SS", "DV", "MDV")
_MISSING = frozenset(("", ".", "na", "nan", "none", "null", "<na>"))
_SEPARATORS = ",;\t"


def columns_of(table: Any) -> dict[str, NDArray[Any]]:
    """The columns of a mapping, a data frame (pandas, Polars), an Arrow table or a structured array, by name in small letters.

    Raises :class:`InputError` for what has no named columns, and for two columns of one name.
    """
    names, of = _named(table)
    made = {str(name).strip().casefold(): _column(of[name]) for name in names}
    if len(made) < len(names):
        raise InputError(
            "table", ", ".join(map(str, names)), "two columns have one name", "name each once, in any case"
        )
    return made


def _named(table: Any) -> tuple[list[Any], Any]:
    if isinstance(table, Mapping):
        return list(table), table
    if hasattr(table, "__getitem__"):
        fields = getattr(getattr(table, "dtype", None), "names", None)
        for names in (fields, getattr(table, "column_names", None), getattr(table, "columns", None)):
            if names is not None and all(isinstance(n, str) for n in names):
                return list(names), table
    for way in ("to_pydict", "to_dict"):
        if hasattr(table, way):
            made = getattr(table, way)()
            return list(made), made
    raise InputError(
        "table", type(table).__name__, "it has no named columns", "give a mapping, a data frame or an Arrow table"
    )


def _column(values: Any) -> NDArray[Any]:
    made = np.atleast_1d(np.asarray(values))
    if made.dtype.kind in "iufb":
        return made
    if made.dtype.kind in "OUT":
        try:
            return _parsed(made)
        except (TypeError, ValueError):
            return made if made.dtype.kind == "U" else made.astype(object)
    return made


def _parsed(values: NDArray[Any]) -> Floats:
    return np.array([np.nan if _missing(v) else float(v) for v in values.tolist()], dtype=np.float64)


def _missing(value: Any) -> bool:
    return value is None or str(value).strip().casefold() in _MISSING


def numbers(values: NDArray[Any], name: str) -> Floats:
    """A column as numbers, what is missing as NaN. Raises :class:`InputError` naming the row of what is neither."""
    if values.dtype.kind in "iufb":
        return np.asarray(values, dtype=np.float64)
    for row, value in enumerate(values.tolist()):
        try:
            _ = _missing(value) or float(value)
        except (TypeError, ValueError):
            raise InputError(name, value, f"row {row + 1} is no number", "give a number, or a full stop for what is missing") from None  # fmt: skip
    return _parsed(values)


def read_event_table(path: str | Path) -> dict[str, NDArray[Any]]:
    """The columns of a CSV or Parquet file, by name as written there; numbers where all are numbers or missing, else text.

    Raises :class:`InputError` for a file that is not there or no such table, and for Parquet where pyarrow is not installed.
    """
    file = Path(path)
    if not file.is_file():
        raise InputError("table", str(path), "there is no such file", "give the path of a CSV or Parquet file")
    if file.suffix.casefold() in (".parquet", ".pq"):
        try:
            from pyarrow import parquet  # type: ignore[import-not-found, import-untyped, unused-ignore]
        except ImportError:
            raise InputError("table", file.name, "Parquet is read by pyarrow, which is not installed", "install pyarrow, or give CSV") from None  # fmt: skip
        table = parquet.read_table(file)
        return {str(n): _column(table[n]) for n in table.column_names}
    return columns_of_csv(file.read_text(encoding="utf-8-sig"))


def columns_of_csv(text: str) -> dict[str, NDArray[Any]]:
    """The columns of a table written with commas, semicolons or tabs, its first line the names (a leading C or # in NM-TRAN's manner is skipped).

    Raises :class:`InputError` for a line of another length and a table without rows.
    """
    first = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    separator = max(_SEPARATORS, key=first.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    kept = [(lines.line_num, [c.strip() for c in line]) for line in lines if line and not line[0].startswith("#")]
    if len(kept) < 2:
        raise InputError("table", first[:40] or "nothing", "it has no rows", "give a line of names and a line an event")
    names = kept[0][1]
    for number, line in kept[1:]:
        if len(line) != len(names):
            raise InputError("table", ",".join(line)[:40], f"line {number} has {len(line)} values, the names are {len(names)}", "give one value a name")  # fmt: skip
    if len({n.casefold() for n in names}) < len(names):
        raise InputError("table", ", ".join(names), "two columns have one name", "name each once, in any case")
    return {n: _column(np.array([line[i] for _, line in kept[1:]], dtype=object)) for i, n in enumerate(names)}


def csv_of(table: Mapping[str, ArrayLike]) -> str:
    """A table as CSV text: numbers with all their digits, what is missing as a full stop."""
    columns = {str(n): np.atleast_1d(np.asarray(v)) for n, v in table.items()}
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*([_written(v) for v in c.tolist()] for c in columns.values()), strict=True))
    return out.getvalue()


def _written(value: Any) -> str:
    if isinstance(value, float):
        return "." if value != value else f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else repr(value)
    return "." if value is None else str(value)


def event_table(
    doses: Mapping[Hashable, Sequence[GivenDose]],
    times: Mapping[Hashable, ArrayLike] | ArrayLike,
    entries: Sequence[str] = ("oral",),
    *,
    unit_of_amounts: str = "mg",
    values: Mapping[Hashable, ArrayLike] | None = None,
) -> dict[str, NDArray[Any]]:
    """Regimens as an event table: everybody's doses and observation times by their ID, in order of time, a dose before an observation.

    ``entries`` are routes: a dose goes into the compartment that its route is the number of. ``times`` are everybody's or each one's own; ``values`` what was
    measured then (DV). Amounts are written in ``unit_of_amounts``; a steady dose as one that adds up (SS 2). Raises :class:`InputError` for a route or a unit that does not fit.
    """
    rows: list[tuple[Any, ...]] = []
    for person, given in doses.items():
        observed = np.atleast_1d(np.asarray(times[person] if isinstance(times, Mapping) else times, dtype=np.float64))
        seen = (
            np.full(observed.size, np.nan) if values is None else np.atleast_1d(np.asarray(values[person], dtype=float))
        )
        if seen.size != observed.size:
            raise InputError("values", seen.size, f"{person} has {observed.size} times", "give one value a time")
        own: list[tuple[Any, ...]] = []
        for dose in given:
            if dose.route not in entries:
                raise InputError(
                    "route", dose.route, "no compartment is named for it", f"name it beside {', '.join(entries)}"
                )
            amount = dose.amount * _factor(dose.unit, unit_of_amounts)
            rate = amount / dose.infused_over if dose.infused_over else 0.0
            own.append((person, dose.time, 1, amount, entries.index(dose.route) + 1, rate, dose.every or 0.0, dose.count - 1, 2 * dose.steady, np.nan, 1))  # fmt: skip
        own += [
            (person, t, 0, 0.0, 0, 0.0, 0.0, 0, 0, v, int(v != v))
            for t, v in zip(observed.tolist(), seen.tolist(), strict=True)
        ]
        rows += sorted(own, key=lambda row: (row[1], -row[2]))
    return {n: np.array([row[i] for row in rows]) for i, n in enumerate(COLUMNS)}


def _factor(given: str, wanted: str) -> float:
    one, other = unit(given), unit(wanted)
    if one is None or other is None or one.dimensions != other.dimensions:
        raise InputError(
            "unit", given, f"it does not turn into {wanted}", f"give the dose in {wanted} or a unit of its kind"
        )
    return one.scale / other.scale


def regimens_of(
    table: Any, entries: Sequence[str] = ("oral",), *, unit_of_amounts: str = "mg"
) -> dict[Any, tuple[list[GivenDose], Floats, Floats]]:
    """An event table as regimens: by ID the doses, the observation times and what was measured then (NaN where nothing).

    Raises :class:`InputError` for what a regimen cannot say: a reset, a steady state that replaces what doses before it left.
    """
    columns = columns_of(table)
    missing = next((n for n in ("id", "time") if n not in columns), None)
    if missing is not None:
        raise InputError(
            "table", ", ".join(columns), f"the column {missing.upper()} is missing", f"give {', '.join(COLUMNS)}"
        )
    count = columns["id"].size
    own = {n: np.nan_to_num(numbers(columns[n], n.upper())) if n in columns else np.zeros(count) for n in ("time", "amt", "rate", "ii", "addl", "ss", "cmt")}  # fmt: skip
    evid = numbers(columns["evid"], "EVID") if "evid" in columns else (own["amt"] > 0).astype(float)
    for name, bad, would in (
        ("EVID", (evid != 0) & (evid != 1) & (evid != 2), "prepare the table itself: a regimen knows no reset"),
        ("SS", _replaces(columns["id"], own["ss"], evid), "prepare the table itself: a regimen's steady doses add up"),
        ("SS", (own["ss"] != 0) & (own["amt"] == 0), "prepare the table itself: a regimen knows no infusion for ever"),
        ("RATE", own["rate"] < 0, "give the rate"),
        ("CMT", (own["cmt"] > len(entries)) & (evid == 1), f"name it beside {', '.join(entries)}"),
    ):
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise InputError(name, float(evid[row] if name == "EVID" else own[name.casefold()][row]), f"row {row + 1} is no part of a regimen", would)  # fmt: skip
    measured = numbers(columns["dv"], "DV") if "dv" in columns else np.full(count, np.nan)
    if "mdv" in columns:
        measured = np.where(numbers(columns["mdv"], "MDV") == 1, np.nan, measured)
    made: dict[Any, tuple[list[GivenDose], Floats, Floats]] = {}
    for person in dict.fromkeys(columns["id"].tolist()):
        mine = columns["id"] == person
        given = [
            GivenDose(
                time=float(own["time"][i]), amount=float(own["amt"][i]), unit=unit_of_amounts,
                route=entries[max(int(own["cmt"][i]), 1) - 1],
                infused_over=float(own["amt"][i] / own["rate"][i]) if own["rate"][i] else 0.0,
                every=float(own["ii"][i]) or None, count=int(own["addl"][i]) + 1, steady=bool(own["ss"][i]),
            )
            for i in np.flatnonzero(mine & (evid == 1)).tolist()
        ]  # fmt: skip
        seen = mine & (evid == 0)
        made[person] = given, own["time"][seen], measured[seen]
    return made


def _replaces(ids: NDArray[Any], steady: Floats, evid: Floats) -> NDArray[np.bool_]:
    """The steady states that take the place of something: those that replace (SS 1) and are not the person's first dose."""
    out = np.zeros(ids.size, dtype=bool)
    dosed = set()
    for row in np.flatnonzero(evid == 1).tolist():
        out[row] = steady[row] == 1 and ids[row] in dosed
        dosed.add(ids[row])
    return out
