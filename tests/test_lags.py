"""Everybody's own lag and duration: what the same doses give a person whose times are moved alone."""

from __future__ import annotations

import numpy as np
import pytest

from relaxant.errors import InputError
from relaxant.pharmacology.kinetics.disposition import one_compartment, three_compartments, two_compartments
from relaxant.pharmacology.kinetics.entries import Entry
from relaxant.pharmacology.kinetics.lags import concentration_own_lags
from relaxant.pharmacology.kinetics.linear import concentration, intravenous, oral
from relaxant.pharmacology.kinetics.schedule import Dose, schedule

REGIMENS = {
    "one dose": [Dose(amount=20, entry="gut")],
    "doses closer than observations": [Dose(amount=3, entry="gut", every=0.21, count=60)],
    "two ways and infusions": [
        Dose(amount=20, entry="gut", every=6, count=4),
        Dose(time=1.3, amount=9, entry="vein", every=5, count=3),
        Dose(time=2, amount=4, entry="vein", duration=3.3, every=2, count=4),
        Dose(time=7, amount=4, entry="gut", duration=0.1),
    ],
}
TIMES = {
    "regular": np.arange(0, 30, 0.5),
    "of no order": np.array([3.0, 0.0, 0.1, 8.0, 8.0, 7.999, 21.3, 40.0]),
    "one": np.array([4.4]),
}


@pytest.mark.parametrize("lasting", [False, True])
@pytest.mark.parametrize("times", sorted(TIMES))
@pytest.mark.parametrize("regimen", sorted(REGIMENS))
@pytest.mark.parametrize("compartments", [1, 2, 3])
def test_each_person_as_with_doses_moved_alone(regimen: str, times: str, lasting: bool, compartments: int, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr("relaxant.pharmacology.kinetics.lags._CHUNK", 7)
    chance = np.random.default_rng(5)
    count = 12
    cl, v, q, v2, ka, share = (
        m * np.exp(0.4 * chance.standard_normal(count)) for m in (10.0, 50.0, 5.0, 80.0, 1.2, 0.5)
    )
    ka[3] = cl[3] / v[3]
    lag, lasts = chance.uniform(0, 2.5, count), chance.uniform(0, 4, count)
    lag[2], lag[5], lasts[4], lasts[6] = 0.0, 0.5, 0.0, 1e-3

    def person(who: slice | list[int]) -> object:
        parts = (cl[who], v[who], q[who], v2[who])
        if compartments == 1:
            return one_compartment(*parts[:2])
        return two_compartments(*parts) if compartments == 2 else three_compartments(*parts, q[who] / 9, v2[who] * 3)

    doses, at = REGIMENS[regimen], TIMES[times]
    entries = {"gut": oral(ka, share), "vein": intravenous()}
    lags = {"gut": lag, "vein": 0.25}
    got = concentration_own_lags(person(slice(None)), entries, doses, at, lags=lags, durations={"gut": lasts} if lasting else None)  # fmt: skip
    assert got.shape == (at.size, count)
    for i in range(count):
        own = [
            Dose(
                time=d.time + (lag[i] if d.entry == "gut" else 0.25), amount=d.amount, entry=d.entry, every=d.every, count=d.count,
                duration=d.duration or (lasts[i] if lasting and d.entry == "gut" else 0.0),
            )
            for d in doses
        ]  # fmt: skip
        alone = {"gut": oral(ka[i], share[i]), "vein": intravenous()}
        want = concentration(person([i]), alone, schedule(own, at))[:, 0]
        np.testing.assert_allclose(got[:, i], want, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("lasts", [0.0, 2.0])
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("entry", [oral(1.2, 0.7), intravenous(0.7)], ids=["absorbed", "straight in"])
def test_a_steady_state_is_the_limit_of_many_doses_that_arrive_late(count: int, lasts: float, entry: Entry) -> None:
    lag = np.array([0.0, 0.5, 3.0, 7.9, 8.0, 11.0])
    person = two_compartments(10.0, 50.0, 5.0, [80.0, 70.0, 60.0, 50.0, 40.0, 30.0])
    entries, times = {"gut": entry}, np.array([-1.0, 0.0, 0.4, 3.0, 8.0, 12.5, 19.0, 30.0])
    dose = Dose(time=0, amount=10, entry="gut", every=8, count=count, steady=True)
    got = concentration_own_lags(person, entries, [dose], times, lags={"gut": lag}, durations={"gut": lasts})
    many = Dose(time=-2400, amount=10, entry="gut", every=8, count=300 + count)
    want = concentration_own_lags(person, entries, [many], times, lags={"gut": lag}, durations={"gut": lasts})
    assert (got[0] == 0).all()
    np.testing.assert_allclose(got[1:], want[1:], rtol=1e-10)
    shared = concentration_own_lags(person, entries, [dose], times, lags={"gut": 3.0}, durations={"gut": lasts})
    alone = concentration_own_lags(
        person, entries, [dose], times, lags={"gut": np.full(6, 3.0)}, durations={"gut": lasts}
    )
    np.testing.assert_array_equal(shared, alone)


def test_a_lag_that_all_share_moves_the_schedule() -> None:
    person, entries, times = one_compartment([5.0, 6.0], 40.0), {"gut": oral(1.0)}, np.arange(0, 20, 0.5)
    got = concentration_own_lags(person, entries, [Dose(amount=10, entry="gut")], times, lags={"gut": [0.7, 0.7]})
    want = concentration(person, entries, schedule([Dose(time=0.7, amount=10, entry="gut")], times))
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"lags": {"gut": [-1.0, 0.0]}}, "lags of gut"),
        ({"lags": {"gut": [0.0, np.nan]}}, "lags of gut"),
        ({"lags": {"gut": [0.0, 1.0, 2.0]}}, "disposition"),
        ({"lags": {"gut": [0.0, 1.0], "vein": [0.0, 1.0, 2.0]}}, "lags of gut"),
        ({"lags": {"gut": [0.0, 1.0]}, "durations": {"gut": [np.inf, 1.0]}}, "durations of gut"),
        (
            {
                "lags": {"gut": [0.0, 1.0]},
                "doses": [Dose(amount=1, entry="gut", every=8, steady=True), Dose(amount=1, entry="gut")],
            },
            "dose.steady",
        ),
        (
            {
                "lags": {"gut": [0.0, 1.0]},
                "durations": {"gut": 9},
                "doses": [Dose(amount=1, entry="gut", every=8, steady=True)],
            },
            "durations",
        ),
        ({"lags": {"gut": [0.0, 1.0]}, "doses": [Dose(amount=1, entry="skin")]}, "entry"),
        ({"lags": {"gut": [0.0, 1.0]}, "times": [np.inf]}, "times"),
    ],
)
def test_what_cannot_be_names_the_field(changed: dict[str, object], field: str) -> None:
    given = {"doses": [Dose(amount=1, entry="gut")], "times": [1.0]} | changed
    with pytest.raises(InputError) as caught:
        concentration_own_lags(one_compartment([5.0, 6.0], 40.0), {"gut": oral(1.0)}, **given)
    assert caught.value.field == field
