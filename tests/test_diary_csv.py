"""A diary as CSV: what is read, what is said of it, and every fault by its row and column."""

from __future__ import annotations

import contextlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relaxant.diary import Diary
from relaxant.errors import InputError
from relaxant.io.diary_csv import read_diary
from relaxant.knowledge.load import Knowledge

TODAY = date(2026, 11, 26)
HEAD = "date,baclofen_mg,nrs,spasms\n"


def read(text: str | bytes, knowledge: Knowledge, **columns: str) -> Diary:
    return read_diary(text if isinstance(text, bytes) else text.encode(), knowledge, today=TODAY, columns=columns)


def test_a_plain_diary(knowledge: Knowledge) -> None:
    own = read(HEAD + "2026-11-01,0,7,12\n2026-11-02,15,,9\n", knowledge)
    assert own.units == {"baclofen": "mg"} and own.scales == ("spasticity-nrs", "spasm-count") and not own.said
    assert own.entries[0].doses == {"baclofen": 0.0}
    assert own.entries[1].scores == {"spasm-count": 9.0}  # an empty cell was not written


@pytest.mark.parametrize("text", [
    "date;baclofen_mg;nrs\n2026-11-01;7,5;6,5\n",
    "date\tbaclofen mg\tNRS\n2026-11-01\t7.5\t6.5\n",
    "\ufeffDate,Baclofen_mg,nrs\r\n2026-11-01,7.5,6.5\r\n\r\n",
])  # fmt: skip
def test_separators_commas_and_cases(knowledge: Knowledge, text: str) -> None:
    (entry,) = read(text, knowledge).entries
    assert (entry.doses, entry.scores) == ({"baclofen": 7.5}, {"spasticity-nrs": 6.5})


def test_another_name_is_mapped(knowledge: Knowledge) -> None:
    own = read("date,baclofen_mg,Krampfanfälle\n2026-11-01,15,4\n", knowledge, spasms="Krampfanfälle")
    assert own.entries[0].scores == {"spasm-count": 4.0}
    own = read("date,baclofen_mg,Krampfanfälle\n2026-11-01,15,4\n".encode("cp1252"), knowledge, spasms="Krampfanfälle")
    assert any("UTF-8" in s for s in own.said)


def test_days_out_of_order_and_parts_of_a_day(knowledge: Knowledge) -> None:
    own = read("date,part,baclofen_mg,spasms\n2026-11-02,morning,5,3\n2026-11-01,night,5,2\n2026-11-01,morning,5,1\n", knowledge)  # fmt: skip
    assert [(e.day.day, e.part) for e in own.entries] == [(1, "morning"), (1, "night"), (2, "morning")]
    assert any("order" in s for s in own.said)


def test_what_is_not_read_is_said(knowledge: Knowledge) -> None:
    own = read("date,baclofen_mg,nrs,mood,sleep\n2026-11-01,0,5,good,\n", knowledge)
    assert any("mood" in s for s in own.notices) and any("sleep" in s and "empty" in s for s in own.said)
    assert any("No dose of baclofen" in s for s in own.said)


FAULTS = {
    "a day twice": (HEAD + "2026-11-01,0,7,1\n2026-11-01,0,6,1\n", "line 3, date", "line 2"),
    "text in a number": (HEAD + "2026-11-01,0,bad,1\n", "line 2, nrs", "bad"),
    "a score beyond the scale": (HEAD + "2026-11-01,0,11,1\n", "line 2, nrs", "0 to 10"),
    "half a spasm": (HEAD + "2026-11-01,0,5,1.5\n", "line 2, spasms", "steps of 1"),
    "a dose below nothing": (HEAD + "2026-11-01,-5,5,1\n", "line 2, baclofen_mg", "not below 0"),
    "no day": (HEAD + ",0,5,1\n", "line 2, date", "needs its day"),
    "a day to come": (HEAD + "2027-11-01,0,5,1\n", "line 2, date", "2027"),
    "no rows": (HEAD, "diary", "no day in it"),
    "nothing": ("", "diary", "empty"),
    "no date": ("baclofen_mg,nrs\n5,5\n", "diary", "no column called date"),
    "a wrong relaxant": ("date,baclofn_mg,nrs\n2026-11-01,5,5\n", "baclofn_mg", "did you mean baclofen"),
    "no dose or score": ("date,mood\n2026-11-01,good\n", "diary", "no column of a dose or a score"),
    "two columns of one": ("date,nrs,stiffness,baclofen_mg\n2026-11-01,5,5,0\n", "stiffness", "two columns"),
    "too many cells": (HEAD + "2026-11-01,0,5,1,9\n", "line 2", "5 cells under 4 names"),
    "units of another medicine": ("date,baclofen_units,nrs\n2026-11-01,5,5\n", "baclofen", "dosed in mg"),
    "a part that is none": ("date,part,baclofen_mg,nrs\n2026-11-01,dawn,5,5\n", "line 2, part", "no part of a day"),
    "a whole day beside its parts": ("date,part,baclofen_mg,nrs\n2026-11-01,,5,5\n2026-11-01,night,5,5\n", "line 3, part", "rows for its parts"),
    "a zip": (b"PK\x03\x04\x00\x00\xff\xfe", "diary", "no CSV"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named(knowledge: Knowledge, name: str) -> None:
    text, field, word = FAULTS[name]
    with pytest.raises(InputError) as raised:
        read(text, knowledge)
    assert field in str(raised.value) and word in str(raised.value)


@given(data=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(knowledge: Knowledge, data: bytes) -> None:
    with contextlib.suppress(InputError):
        assert read(data, knowledge).entries


@given(rows=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 80), st.one_of(st.none(), st.integers(0, 10))), min_size=1, max_size=30, unique_by=lambda r: r[0]))  # fmt: skip
def test_nothing_is_lost(knowledge: Knowledge, rows: list[tuple[int, int, int | None]]) -> None:
    days = [date.fromordinal(TODAY.toordinal() - r[0]) for r in rows]
    text = "date,baclofen_mg,nrs\n" + "".join(f"{d},{r[1]},{'' if r[2] is None else r[2]}\n" for d, r in zip(days, rows, strict=True))  # fmt: skip
    own = read(text, knowledge)
    assert {(e.day, e.doses["baclofen"], e.scores.get("spasticity-nrs")) for e in own.entries} == {(d, float(r[1]), r[2]) for d, r in zip(days, rows, strict=True)}  # fmt: skip
