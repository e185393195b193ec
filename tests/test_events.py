"""The event table: everybody's own history gives what a schedule of that one person gives."""

from __future__ import annotations

import os

import numpy as np
import pytest

from histories import followed, rates
from relaxant.errors import InputError
from relaxant.pharmacology.events.event_course import concentration_by_event
from relaxant.pharmacology.events.events import events
from relaxant.pharmacology.kinetics.disposition import one_compartment, three_compartments, two_compartments
from relaxant.pharmacology.kinetics.linear import concentration, intravenous, oral
from relaxant.pharmacology.kinetics.schedule import Dose, schedule

ENTRIES = ("gut", "vein")
FULL = os.environ.get("RELAXANT_FULL") == "1"


def _people(count: int, seed: int = 3) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    return tuple(m * np.exp(0.4 * rng.standard_normal(count)) for m in (10.0, 50.0, 5.0, 80.0, 1.2))


def _table(rows: list[tuple[float, ...]]) -> dict[str, np.ndarray]:
    names = ("ID", "TIME", "EVID", "AMT", "CMT", "RATE", "II", "ADDL")
    return dict(zip(names, np.array(rows, dtype=float).T, strict=True))


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("shuffled", [False, True])
def test_each_history_as_a_schedule_of_its_own(threads: int, shuffled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relaxant.pharmacology.events.events._PEOPLE_AT_A_TIME", 7)
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


def test_an_infusion_into_a_depot_that_nothing_else_goes_into() -> None:
    table = _table([(1, 0, 1, 10, 1, 2.5, 0, 0), (1, 3, 0, 0, 0, 0, 0, 0), (1, 9, 0, 0, 0, 0, 0, 0)])
    entries = {"gut": oral(0.9), "vein": intravenous()}
    got = concentration_by_event(one_compartment(10.0, 50.0), entries, events(table, ENTRIES))
    want = concentration(one_compartment(10.0, 50.0), entries, schedule([Dose(amount=10, entry="gut", duration=4)], [3.0, 9.0]))  # fmt: skip
    np.testing.assert_allclose(got, want[:, 0], rtol=1e-12)


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
        ([(1, 0, 1, np.nan, 1, 0, 0, 0)], "AMT"),
        ([(1, 0, 0, 5, 1, 0, 0, 0)], "AMT"),
        ([(1, 0, 1, 5, -1, 0, 0, 0)], "CMT"),
        ([(1, 0, 1, 0, 1, 2, 0, 0)], "RATE"),
        ([(1, 0, 1, 5, 1, np.inf, 0, 0)], "RATE"),
        ([(1, 0, 1, 1, 1, 0, 8, 1e12), (1, 1e13, 0, 0, 0, 0, 0, 0)], "ADDL"),
        ([(np.nan, 0, 0, 0, 0, 0, 0, 0)], "ID"),
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
    with pytest.raises(InputError, match="no rows"):
        events({"ID": [], "TIME": []}, ENTRIES)
    for name, value in (("SS", 3), ("SS", 1), ("MDV", 2), ("EVID", np.nan)):
        with pytest.raises(InputError) as caught:
            events({"ID": [1], "TIME": [0.0], "AMT": [1.0], "EVID": [1], name: [value]}, ENTRIES)
        assert caught.value.field == name
    with pytest.raises(InputError, match="covariates"):
        events({"ID": [1], "TIME": [0.0]}, ENTRIES, covariates=["WT"])
    prepared = events(_table([(1, 0, 1, 1, 1, 0, 0, 0), (1, 1, 0, 0, 0, 0, 0, 0)]), ENTRIES)
    with pytest.raises(InputError):
        concentration_by_event(one_compartment(1, 1), {}, prepared)
    with pytest.raises(InputError):
        concentration_by_event(one_compartment([1, 2], 1), {"gut": oral(1)}, prepared)


NAMES = ("ID", "TIME", "EVID", "AMT", "CMT", "RATE", "II", "ADDL", "SS", "WT")
THREE = ("gut", "vein", "muscle")


def _history(person: int, chance: np.random.Generator, weighed: bool) -> list[dict[str, float]]:
    """Somebody's random records: every kind of dose, steady states, resets that start the clock again."""
    rows, time, weight = [], round(float(chance.uniform(0, 3)), 2), 70.0
    for _ in range(int(chance.integers(6, 25))):
        row = dict.fromkeys(NAMES, 0.0) | {"ID": float(person), "TIME": time}
        kind = chance.random()
        if kind < 0.45:
            row |= {"AMT": round(float(chance.uniform(1, 50)), 1), "CMT": float(chance.integers(1, 4)), "EVID": 1.0}
            if chance.random() < 0.5:
                row["RATE"] = round(float(row["AMT"] / chance.uniform(0.3, 9)), 3)
            if chance.random() < 0.4:
                row |= {"ADDL": float(chance.integers(1, 5)), "II": round(float(chance.uniform(1, 12)), 1)}
            if chance.random() < 0.3:
                row |= {"SS": float(chance.integers(1, 3)), "II": round(float(chance.uniform(2, 12)), 1)}
            if row["SS"] and row["RATE"] and chance.random() < 0.3:
                row |= {"AMT": 0.0, "II": 0.0, "ADDL": 0.0}
            if chance.random() < 0.1:
                row["EVID"] = 4.0
        elif kind < 0.5:
            row["EVID"] = float(chance.choice((2, 3)))
        if weighed and chance.random() < 0.3:
            weight = float(chance.uniform(40, 110))
        if row["EVID"] in (3, 4) and chance.random() < 0.5 and rows:
            row["TIME"] = time = 0.0
        rows.append(row | {"WT": weight})
        time = round(time + float(chance.choice((0.0, 0.5, chance.uniform(0, 10)))), 2)
    return rows


@pytest.mark.parametrize("compartments", [1, 2, 3])
@pytest.mark.parametrize("weighed", [False, True])
def test_any_history_as_its_compartments_followed_one_record_at_a_time(
    weighed: bool, compartments: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relaxant.pharmacology.events.events._PEOPLE_AT_A_TIME", 6)
    chance = np.random.default_rng(100 * compartments + weighed)
    count = 100 if FULL else 16
    own = np.exp(0.3 * chance.standard_normal((count, 4)))
    histories = [_history(i, chance, weighed) for i in range(count)]

    def of(person: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, ...]:
        e = own[np.asarray(person, dtype=int)].T
        share = (weight / 70) ** 0.75
        return (
            6 * e[0] * share,
            30 * e[1] * weight / 70,
            4 * share,
            50 * weight / 70,
            1.2 * e[2],
            0.2 * e[3] * share,
            np.minimum(0.8 * share, 1),
        )

    def parameters(row: dict[str, float]) -> tuple[np.ndarray, float, tuple[float, ...]]:
        cl, v, q, v2, gut, muscle, reach = (float(x) for x in of(np.array(row["ID"]), np.array(row["WT"])))
        exchanges = ((), ((q, v2),), ((q, v2), (q / 8, v2 * 4)))[compartments - 1]
        return rates(gut, muscle, cl, v, exchanges), v, (reach, 1.0, reach)

    want = [followed(rows, parameters) for rows in histories]
    flat = [row for rows in histories for row in rows]
    table = {n: np.array([row[n] for row in flat]) for n in NAMES}
    prepared = events(table, THREE, covariates=["WT"])
    assert (prepared.spells > count) == weighed
    cl, v, q, v2, gut, muscle, reach = of(prepared.people[prepared.spell_of], prepared.covariates["WT"])
    if compartments == 1:
        person = one_compartment(cl, v)
    elif compartments == 2:
        person = two_compartments(cl, v, q, v2)
    else:
        person = three_compartments(cl, v, q, v2, q / 8, v2 * 4)
    ways = {"gut": oral(gut, reach), "vein": intravenous(), "muscle": oral(muscle, reach)}
    got = concentration_by_event(person, ways, prepared)
    flat_want = np.concatenate([np.array(w) for w in want])
    assert got.size == prepared.observations.size == flat_want.size
    np.testing.assert_allclose(got, flat_want, rtol=1e-9, atol=1e-11)
    assert (table["EVID"][prepared.observations] == 0).all()


def test_covariates_are_the_last_known_and_before_any_the_first() -> None:
    nan = np.nan
    table = {"ID": [1, 1, 1, 1, 2, 2, 3], "TIME": [0, 1, 2, 3, 0, 1, 0], "WT": [nan, 70, nan, 60, nan, nan, 50], "SEX": [0, 0, 0, 0, 1, 1, 1]}  # fmt: skip
    prepared = events(table, ENTRIES, covariates=["WT", "SEX"])
    assert prepared.spell_of.tolist() == [0, 0, 1, 2]
    np.testing.assert_array_equal(prepared.covariates["WT"], [70, 60, nan, 50])
    assert prepared.covariates["SEX"].tolist() == [0, 0, 1, 1]
    constant = events(table, ENTRIES, covariates=["SEX"])
    assert constant.spell_of.tolist() == [0, 1, 2] and constant.covariates["SEX"].tolist() == [0, 1, 1]


def test_a_covariate_in_words_holds_until_another_word() -> None:
    table = {"ID": [1, 1, 1, 2], "TIME": [0, 1, 2, 0], "CLASS": ["poor", "poor", "normal", "normal"]}
    prepared = events(table, ENTRIES, covariates=["CLASS"])
    assert prepared.covariates["CLASS"].tolist() == ["poor", "normal", "normal"]


def test_a_table_without_evid_says_by_its_doses_what_each_row_is() -> None:
    table = {"ID": [1, 1, 1, 1], "TIME": [0, 1, 2, 3], "AMT": [10, 0, 0, 0], "MDV": [1, 0, 1, 0], "CMT": [2, 0, 0, 0]}
    prepared = events(table, ENTRIES)
    assert prepared.observations.tolist() == [1, 3]
    got = concentration_by_event(one_compartment(10.0, 50.0), {"vein": intravenous()}, prepared)
    np.testing.assert_allclose(got, 0.2 * np.exp([-0.2, -0.6]), rtol=1e-13)


def test_someone_without_observations_and_memory_given() -> None:
    rows = [
        (1, 0, 1, 5, 2, 0, 0, 0),
        (2, 0, 1, 5, 2, 0, 0, 0),
        (2, 5, 0, 0, 0, 0, 0, 0),
        (2, 9, 1, 5, 2, 0, 0, 0),
        (3, 0, 0, 0, 0, 0, 0, 0),
    ]
    prepared = events(_table(rows), ENTRIES)
    out = np.full(2, np.nan)
    got = concentration_by_event(one_compartment(10.0, 50.0), {"vein": intravenous()}, prepared, out=out)
    assert got is out
    np.testing.assert_allclose(out, [0.1 * np.exp(-1), 0.0], rtol=1e-13)
    with pytest.raises(InputError):
        concentration_by_event(one_compartment(10.0, 50.0), {"vein": intravenous()}, prepared, out=np.empty(3))
    with pytest.raises(InputError):
        concentration_by_event(one_compartment(10.0, 50.0), {"vein": intravenous([1.0, 0.5])}, prepared)
