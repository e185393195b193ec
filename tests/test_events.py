"""The event table: everybody's own history gives what a schedule of that one person gives."""

from __future__ import annotations

import numpy as np
import pytest

from relaxant.errors import InputError
from relaxant.pharmacology.disposition import one_compartment, two_compartments
from relaxant.pharmacology.events import events
from relaxant.pharmacology.walk import concentration_by_event
from relaxant.pharmacology.linear import concentration, intravenous, oral
from relaxant.pharmacology.schedule import Dose, schedule

ENTRIES = ("gut", "vein")


def _people(count: int, seed: int = 3) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    return tuple(m * np.exp(0.4 * rng.standard_normal(count)) for m in (10.0, 50.0, 5.0, 80.0, 1.2))


def _table(rows: list[tuple[float, ...]]) -> dict[str, np.ndarray]:
    names = ("ID", "TIME", "EVID", "AMT", "CMT", "RATE", "II", "ADDL")
    return dict(zip(names, np.array(rows, dtype=float).T, strict=True))


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("shuffled", [False, True])
def test_each_history_as_a_schedule_of_its_own(threads: int, shuffled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relaxant.pharmacology.events._PEOPLE_AT_A_TIME", 7)
    monkeypatch.setattr("relaxant.pharmacology.events._PEOPLE_AT_A_TIME", 7)
    count = 20
    cl, v, q, v2, ka = _people(count)
    ka[4] = 0.2
    rng = np.random.default_rng(9)
    rows, want = [], []
    for i in range(count):
        own: list[tuple[float, ...]] = []
        doses = []
        for _ in range(int(rng.integers(1, 4))):
            t, a = round(float(rng.uniform(0, 20)), 2), round(float(rng.uniform(1, 20)), 1)
            kind = int(rng.integers(0, 3))
            if kind == 0:
                own.append((i, t, 1, a, 1, 0, 6, 3))
                doses.append(Dose(time=t, amount=a, entry="gut", every=6, count=4))
            elif kind == 1:
                own.append((i, t, 1, a, 2, 0, 0, 0))
                doses.append(Dose(time=t, amount=a, entry="vein"))
            else:
                own.append((i, t, 1, a, 2, a / 2.5, 0, 0))
                doses.append(Dose(time=t, amount=a, entry="vein", duration=2.5))
        times = np.sort(rng.uniform(0, 60, int(rng.integers(2, 9))))
        own += [(i, t, 0, 0, 0, 0, 0, 0) for t in times]
        rows += sorted(own, key=lambda row: row[1])
        person = two_compartments(cl[i], v[i], q[i], v2[i])
        want.append(concentration(person, {"gut": oral(ka[i]), "vein": intravenous()}, schedule(doses, times))[:, 0])
    order = np.arange(len(rows))
    if shuffled:  # people mixed, each one's rows still in order
        order = np.argsort([row[1] for row in rows], kind="stable")
    table = _table([rows[k] for k in order])
    got = concentration_by_event(
        two_compartments(cl, v, q, v2),
        {"gut": oral(ka), "vein": intravenous()},
        events(table, ENTRIES),
        threads=threads,
    )
    seen = [k for k in order if rows[k][2] == 0]
    flat = dict(zip((k for k, row in enumerate(rows) if row[2] == 0), np.concatenate(want), strict=True))
    np.testing.assert_allclose(got, [flat[k] for k in seen], rtol=1e-10, atol=1e-13)


def test_rates_that_are_equal_and_steps_of_no_time() -> None:
    table = _table(
        [
            (1, 0, 1, 10, 1, 0, 0, 0),
            (1, 0, 0, 0, 0, 0, 0, 0),
            (1, 2, 0, 0, 0, 0, 0, 0),
            (1, 2, 1, 5, 1, 0, 0, 0),
            (1, 2.0001, 0, 0, 0, 0, 0, 0),
        ]
    )
    got = concentration_by_event(one_compartment(10.0, 50.0), {"gut": oral(0.2)}, events(table, ("gut",)))
    want = concentration(one_compartment(10.0, 50.0), {"gut": oral(0.2)}, schedule([Dose(amount=10, entry="gut"), Dose(time=2, amount=5, entry="gut")], [0.0, 2.0, 2.0001]))  # fmt: skip
    np.testing.assert_allclose(got, want[:, 0], rtol=1e-12, atol=1e-15)


def test_an_observation_before_a_dose_at_the_same_time_sees_what_was_there_and_a_reset_empties() -> None:
    rows = [
        (1, 0, 1, 10, 2, 0, 0, 0), (1, 5, 0, 0, 0, 0, 0, 0), (1, 5, 1, 10, 2, 0, 0, 0), (1, 5, 0, 0, 0, 0, 0, 0),
        (1, 6, 3, 0, 0, 0, 0, 0), (1, 7, 0, 0, 0, 0, 0, 0), (1, 0, 4, 10, 2, 0, 0, 0), (1, 5, 0, 0, 0, 0, 0, 0),
    ]  # fmt: skip
    got = concentration_by_event(
        one_compartment(10.0, 50.0), {"vein": intravenous()}, events(_table(rows[:6]), ENTRIES)
    )
    first = 0.2 * np.exp(-1)
    np.testing.assert_allclose(got, [first, first + 0.2, 0.0], rtol=1e-12)


@pytest.mark.parametrize(
    ("rows", "field"),
    [
        ([(1, 2, 0, 0, 0, 0, 0, 0), (1, 1, 0, 0, 0, 0, 0, 0)], "TIME"),
        ([(1, 0, 1, -1, 1, 0, 0, 0)], "AMT"),
        ([(1, 0, 1, 1, 3, 0, 0, 0)], "CMT"),
        ([(1, 0, 1, 1, 1, 0, 0, 2)], "ADDL"),
        ([(1, 0, 9, 1, 1, 0, 0, 0)], "EVID"),
        ([(1, 0, 1, 1, 1, -2, 0, 0)], "RATE"),
        ([(1, np.nan, 0, 0, 0, 0, 0, 0)], "TIME"),
    ],
)
def test_what_cannot_be_names_the_column_and_the_row(rows: list[tuple[float, ...]], field: str) -> None:
    with pytest.raises(InputError) as caught:
        events(_table(rows), ENTRIES)
    assert caught.value.field == field


def test_missing_columns_lengths_and_entries_are_named() -> None:
    with pytest.raises(InputError, match="TIME"):
        events({"ID": [1]}, ENTRIES)
    with pytest.raises(InputError):
        events({"ID": [1, 1], "TIME": [0.0]}, ENTRIES)
    prepared = events(_table([(1, 0, 1, 1, 1, 0, 0, 0), (1, 1, 0, 0, 0, 0, 0, 0)]), ENTRIES)
    with pytest.raises(InputError):
        concentration_by_event(one_compartment(1, 1), {}, prepared)
    with pytest.raises(InputError):
        concentration_by_event(one_compartment([1, 2], 1), {"gut": oral(1)}, prepared)
