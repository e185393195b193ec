"""Event tables in and out: whatever holds the columns, CSV and Parquet, regimens to tables and back."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from relaxant.errors import InputError
from relaxant.pharmacology.cards.course import GivenDose
from relaxant.pharmacology.events.event_course import concentration_by_event
from relaxant.pharmacology.events.event_table import (
    columns_of,
    columns_of_csv,
    csv_of,
    event_table,
    read_event_table,
    regimens_of,
)
from relaxant.pharmacology.events.events import events
from relaxant.pharmacology.kinetics.disposition import two_compartments
from relaxant.pharmacology.kinetics.linear import concentration, intravenous, oral
from relaxant.pharmacology.kinetics.schedule import Dose, schedule

ROUTES = ("oral", "intravenous")
REGIMENS = {
    "bed 1": [
        GivenDose(amount=20, every=8, count=6),
        GivenDose(time=3.1, amount=5, route="intravenous", infused_over=0.7),
    ],
    "bed 2": [GivenDose(amount=0.02, unit="g"), GivenDose(time=1 / 3, amount=2500, unit="ug", route="intravenous")],
}
TIMES = {"bed 1": np.arange(0, 30, 0.5), "bed 2": [0.0, 1 / 3, 7.1, 24.0]}
WRITTEN = """ID;TIME;EVID;AMT;CMT;DV;WT;SITE
1;0;1;20;1;.;61,5;ward
"""


class Frame:
    """What a data frame looks like to us: named columns, taken by name."""

    def __init__(self, columns: dict[str, object]) -> None:
        self._columns = columns
        self.columns = list(columns)

    def __getitem__(self, name: str) -> object:
        return self._columns[name]


class Arrow(Frame):
    """What an Arrow table looks like to us: its columns are data, its names stand apart."""

    def __init__(self, columns: dict[str, object]) -> None:
        self._columns, self.columns, self.column_names = columns, [list(v) for v in columns.values()], list(columns)


class Dictionary:
    """What only turns into a mapping."""

    def to_pydict(self) -> dict[str, object]:
        return {"ID": [1], "TIME": [0.0]}


def _same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    assert [n.casefold() for n in one] == [n.casefold() for n in other]
    for a, b in zip(one.values(), other.values(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_regimen_written_and_read_is_the_same_course() -> None:
    table = event_table(REGIMENS, TIMES, ROUTES)
    _same(columns_of_csv(csv_of(table)), table)
    cl, v = np.array([10.0, 7.0]), np.array([50.0, 33.0])
    prepared = events(columns_of_csv(csv_of(table)), ROUTES)
    assert prepared.people.tolist() == ["bed 1", "bed 2"]
    entries = {"oral": oral(1.5), "intravenous": intravenous()}
    got = concentration_by_event(two_compartments(cl, v, 5.0, 40.0), entries, prepared)
    want = []
    for i, (name, given) in enumerate(REGIMENS.items()):
        factor = {"mg": 1.0, "g": 1000.0, "ug": 0.001}
        doses = [Dose(time=d.time, amount=d.amount * factor[d.unit], entry=d.route, every=d.every, count=d.count, duration=d.infused_over) for d in given]  # fmt: skip
        want.append(
            concentration(two_compartments(cl[i], v[i], 5.0, 40.0), entries, schedule(doses, TIMES[name]))[:, 0]
        )
    np.testing.assert_allclose(got, np.concatenate(want), rtol=1e-12, atol=1e-15)


def test_a_table_read_as_regimens_is_the_regimens() -> None:
    values = {"bed 1": np.arange(60.0), "bed 2": [1.0, np.nan, 2.5, 0.0]}
    back = regimens_of(event_table(REGIMENS, TIMES, ROUTES, values=values), ROUTES)
    assert list(back) == list(REGIMENS)
    for name, (doses, times, measured) in back.items():
        np.testing.assert_array_equal(times, TIMES[name])
        np.testing.assert_array_equal(measured, values[name])
        assert [(d.time, d.route, d.every, d.count) for d in doses] == [(d.time, d.route, d.every, d.count) for d in REGIMENS[name]]  # fmt: skip
        np.testing.assert_allclose(
            [d.infused_over for d in doses], [d.infused_over for d in REGIMENS[name]], rtol=1e-15
        )
    assert [d.amount for d in back["bed 2"][0]] == [20.0, 2.5]


def test_without_mdv_every_value_was_measured() -> None:
    table = {"ID": [1, 1, 1], "TIME": [0, 2, 4], "AMT": [20, 0, 0], "DV": [".", 0.3, 0.2]}
    (doses, times, measured) = regimens_of(table)[1]
    assert len(doses) == 1 and times.tolist() == [2, 4] and measured.tolist() == [0.3, 0.2]
    assert np.isnan(regimens_of(table | {"MDV": [1, 0, 1]})[1][2][1])


def test_steady_doses_add_up_in_the_table_too() -> None:
    given = [GivenDose(amount=20, every=24, count=2, steady=True), GivenDose(time=14, amount=10, every=24, steady=True), GivenDose(time=20, amount=5)]  # fmt: skip
    times = np.arange(0, 60, 0.5)
    table = event_table({1: given}, times)
    person, entries = two_compartments(10.0, 50.0, 5.0, 40.0), {"oral": oral(1.5)}
    got = concentration_by_event(person, entries, events(table, ["oral"]))
    courses = [[Dose(time=d.time, amount=d.amount, every=d.every, count=d.count, steady=d.steady)] for d in given]
    want = sum(concentration(person, entries, schedule(doses, times))[:, 0] for doses in courses)
    np.testing.assert_allclose(got, want, rtol=1e-12)
    assert [d.steady for d in regimens_of(table)[1][0]] == [True, True, False]


def test_whatever_holds_the_columns() -> None:
    table = {
        "Id": [1, 1, 2],
        "time": np.array([0, 1, 0]),
        "AMT": [5, None, "."],
        "EVID": ["1", 0, 0],
        "SITE": ["a", "b", ""],
    }
    array = np.array([(1, 0.0), (1, 2.0)], dtype=[("ID", int), ("TIME", float)])
    for of in (table, Frame(table), Arrow(table)):
        made = columns_of(of)
        assert list(made) == ["id", "time", "amt", "evid", "site"]
        np.testing.assert_array_equal(made["amt"], [5, np.nan, np.nan])
        assert made["site"].tolist() == ["a", "b", ""]
        assert events(of, ["gut"]).observations.tolist() == [1, 2]
    assert columns_of(array)["time"].tolist() == [0.0, 2.0]
    assert columns_of(Dictionary())["time"].tolist() == [0.0]
    dated = columns_of({"ID": [1], "SEEN": np.array(["2026-11-25"], dtype="datetime64[D]")})
    assert dated["seen"].tolist() == [date(2026, 11, 25)]


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_frames_of_the_libraries(library: str, tmp_path: Path) -> None:
    made = pytest.importorskip(library, reason=f"{library} is not installed")
    plain = {
        "ID": [1, 1, 2, 2],
        "TIME": [0.0, 4.0, 0.0, 5.5],
        "EVID": [1, 0, 1, 0],
        "AMT": [20.0, None, 10.0, None],
        "WT": [70, 70, None, 55],
    }
    frame = made.DataFrame(plain) if library != "pyarrow" else made.table(plain)
    prepared = events(frame, ["gut"], covariates=["WT"])
    assert prepared.covariates["WT"].tolist() == [70.0, 55.0]
    if library == "pandas":
        frame = frame.convert_dtypes()
        assert events(frame, ["gut"], covariates=["WT"]).covariates["WT"].tolist() == [70.0, 55.0]
    if library == "pyarrow":
        from pyarrow import parquet

        parquet.write_table(frame, tmp_path / "levels.parquet")
        _same(columns_of(read_event_table(tmp_path / "levels.parquet")), columns_of(plain))


def test_parquet_without_its_reader_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (tmp_path / "levels.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match="pyarrow"):
        read_event_table(tmp_path / "levels.parquet")


def test_csv_as_the_field_writes_it(tmp_path: Path) -> None:
    file = tmp_path / "levels.csv"
    file.write_text("#made by hand\nID,TIME,AMT,DV,SITE\n1, 0 ,20,.,ward\n\n1,1.5,.,0.3,\n", encoding="utf-8-sig")
    table = read_event_table(file)
    assert table["TIME"].tolist() == [0.0, 1.5]
    np.testing.assert_array_equal(table["AMT"], [20.0, np.nan])
    assert table["SITE"].tolist() == ["ward", ""]
    tabs = columns_of_csv("ID\tTIME\n7\t1e-3\n")
    assert tabs["TIME"].tolist() == [0.001]
    numbers = np.array([0.1 + 0.2, 1e300, -0.0, np.nan, 123456789012345680.0])
    np.testing.assert_array_equal(columns_of_csv(csv_of({"X": numbers}))["X"], numbers)


def test_text_where_a_number_must_be_names_its_row() -> None:
    with pytest.raises(InputError, match="row 1") as caught:
        events(columns_of_csv(WRITTEN.replace("1;0;1;20", "1;soon;1;20")), ["gut"])
    assert caught.value.field == "TIME"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (lambda: columns_of(3), "table"),
        (lambda: columns_of([1, 2]), "table"),
        (lambda: columns_of({"ID": [1], "id": [1]}), "table"),
        (lambda: columns_of_csv("ID,TIME\n"), "table"),
        (lambda: columns_of_csv("ID,TIME\n1,2,3\n"), "table"),
        (lambda: columns_of_csv("ID,id\n1,2\n"), "table"),
        (lambda: read_event_table("/nowhere/at/all.csv"), "table"),
        (lambda: event_table({1: [GivenDose(amount=1, route="rectal")]}, [1.0]), "route"),
        (lambda: event_table({1: [GivenDose(amount=1, unit="mL")]}, [1.0]), "unit"),
        (lambda: event_table({1: []}, [1.0], values={1: [1.0, 2.0]}), "values"),
        (lambda: regimens_of({"ID": [1], "TIME": [0], "EVID": [3]}), "EVID"),
        (lambda: regimens_of({"ID": [1, 1], "TIME": [0, 1], "AMT": [1, 1], "SS": [0, 1], "II": [0, 8]}), "SS"),
        (lambda: regimens_of({"ID": [1], "TIME": [0], "EVID": [1], "RATE": [1], "SS": [1]}), "SS"),
        (lambda: regimens_of({"ID": [1], "TIME": [0], "AMT": [1], "CMT": [2]}), "CMT"),
        (lambda: regimens_of({"TIME": [0]}), "table"),
    ],
)
def test_what_cannot_be_names_the_field(wrong, field: str) -> None:
    with pytest.raises(InputError) as caught:
        wrong()
    assert caught.value.field == field


def test_the_page_runs_as_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parent.parent / "docs" / "event-tables.md").read_text(encoding="utf-8")
    block = re.search(r"```python\n(.*?)```", page, re.S)
    assert block is not None
    exec(compile(block[1], "event-tables.md", "exec"), {})
    first, second = (float(x) for x in capsys.readouterr().out.strip("[]\n ").split())
    assert 0.2 < first < second < 1
