"""Linear kinetics against an extended-precision matrix exponential, and against what must hold of any of them."""

from __future__ import annotations

import os
import random

import numpy as np
import pytest

from relaxant.errors import InputError
from relaxant.pharmacology.disposition import one_compartment, three_compartments, two_compartments
from relaxant.pharmacology.linear import concentration, intravenous, oral
from relaxant.pharmacology.schedule import Dose, schedule

exact = pytest.importorskip("exact", reason="mpmath is a test dependency")
FULL = bool(os.environ.get("RELAXANT_FULL"))
MODELS = 10_000 if FULL else 150


def _spread(chance: random.Random, low: float, high: float) -> float:
    return float(np.exp(chance.uniform(np.log(low), np.log(high))))


def model(seed: int) -> tuple[object, list[tuple[float, float]], float, float, float, list[Dose], list[float]]:
    """A random model, regimen and times: near-equal rates, tiny and huge ones, zero doses, overlapping infusions among them."""
    chance = random.Random(seed)
    volume, leaving = _spread(chance, 0.1, 1000), _spread(chance, 1e-3, 30)
    exchange = [(_spread(chance, 1e-4, 30), _spread(chance, 1e-4, 30)) for _ in range(chance.randint(0, 2))]
    kind = chance.random()
    if kind < 0.2 and exchange:
        exchange[0] = (exchange[0][0], (leaving + exchange[0][0]) * (1 + chance.choice((0, 1e-12, 1e-6))))
    absorption = _spread(chance, 1e-3, 1e3)
    if 0.2 <= kind < 0.5:
        absorption = leaving * (1 + chance.choice((0, 1e-15, 1e-12, 1e-9, -1e-6, 1e-4)))
    flows = [q * volume for q, _ in exchange]
    volumes = [q * volume / back for q, back in exchange]
    clearance = leaving * volume
    disposition = (
        one_compartment(clearance, volume)
        if not exchange
        else two_compartments(clearance, volume, flows[0], volumes[0])
        if len(exchange) == 1
        else three_compartments(clearance, volume, flows[0], volumes[0], flows[1], volumes[1])
    )
    doses = []
    for _ in range(chance.randint(1, 4)):
        amount = chance.choice((0.0, 1.0, _spread(chance, 1e-3, 1e3)))
        at = chance.choice((0.0, 8.0, round(chance.uniform(0, 24), 3)))
        if chance.random() < 0.5:
            doses.append(Dose(time=at, amount=amount, entry="gut"))
        else:
            doses.append(Dose(time=at, amount=amount, entry="vein", duration=chance.choice((0.0, 0.5, 12.0))))
    times = sorted({round(chance.uniform(0, 48), 3) for _ in range(6)} | {0.0, 8.0, 8.001, 1e-4})
    return disposition, exchange, leaving, volume, absorption, doses, times


@pytest.mark.parametrize("block", range(10))
def test_as_an_extended_precision_matrix_exponential(block: int) -> None:
    worst = (0.0, -1)
    for seed in range(block, MODELS, 10):
        disposition, exchange, leaving, volume, absorption, doses, times = model(seed)
        got = concentration(disposition, {"gut": oral(absorption), "vein": intravenous()}, schedule(doses, times))[:, 0]
        # What the closed form was given is the rounded clearance and volumes: the reference takes the same.
        events = [(d.time, "gut" if d.entry == "gut" else "vein", d.amount, d.duration) for d in doses]
        want = exact.central(exchange, leaving, volume, absorption, events, times)
        peak = max(want)
        for value, true in zip(got.tolist(), want, strict=True):
            error = float(abs(value - true) / max(abs(true), 1e-9 * peak)) if peak else abs(value)
            worst = max(worst, (error, seed))
    assert worst[0] < 1e-9, worst


COURSES = {
    "regular": ([Dose(amount=20, entry="gut", every=8, count=6)], np.arange(0, 60, 0.5)),
    "doses off the grid": ([Dose(time=t, amount=a, entry="gut") for t, a in ((0.3, 5), (7.7, 9), (16.45, 3))], np.arange(0, 30, 0.5)),
    "boluses and tablets": ([Dose(amount=9, entry="vein"), Dose(time=4, amount=20, entry="gut"), Dose(time=4, amount=1, entry="vein")], np.arange(0, 20, 0.25)),
    "times of no order": ([Dose(amount=20, entry="gut", every=7, count=3)], np.array([0.0, 3.1, 3.1, 7.0, 7.0001, 13.9, 20.2, 41.0])),
    "infusions": ([Dose(time=3.3, amount=5, entry="vein", duration=2.7), Dose(time=4.1, amount=7, entry="vein", duration=9.0)], np.arange(0, 30, 0.5)),
    "steady": ([Dose(amount=10, entry="gut", every=8, steady=True), Dose(time=8, amount=10, entry="gut", every=8, count=2)], np.arange(0, 24, 0.5)),
}  # fmt: skip


@pytest.mark.parametrize("compartments", [1, 2, 3])
@pytest.mark.parametrize("near", [False, True])
@pytest.mark.parametrize("name", sorted(COURSES))
def test_however_many_people_each_is_as_alone(name: str, near: bool, compartments: int) -> None:
    doses, times = COURSES[name]
    rng = np.random.default_rng(8)
    many = 40
    cl, v, q, v2, ka = (m * np.exp(0.4 * rng.standard_normal(many)) for m in (10.0, 50.0, 5.0, 80.0, 3.0))
    if near:
        ka[3], ka[7] = cl[3] / v[3], cl[7] / v[7] * (1 + 1e-9)

    def person(who: slice | list[int]) -> object:
        parts = (cl[who], v[who], q[who], v2[who])
        if compartments == 1:
            return one_compartment(*parts[:2])
        return two_compartments(*parts) if compartments == 2 else three_compartments(*parts, q[who] / 9, v2[who] * 3)

    prepared = schedule(doses, times)
    whole = concentration(person(slice(None)), {"gut": oral(ka), "vein": intravenous()}, prepared)
    for chosen in ([3], [7], [0], [1, 3, 7, 30], list(range(5, 17))):
        part = concentration(person(chosen), {"gut": oral(ka[chosen]), "vein": intravenous()}, prepared)
        np.testing.assert_allclose(whole[:, chosen], part, rtol=3e-11, atol=0)
        assert ((whole[:, chosen] == 0) == (part == 0)).all()


@pytest.mark.parametrize(
    "dose",
    [
        Dose(amount=10, entry="gut", every=8, steady=True),
        Dose(amount=10, entry="vein", every=8, steady=True),
        Dose(amount=10, entry="vein", every=8, duration=3, steady=True),
        Dose(amount=10, entry="vein", every=8, duration=8, steady=True),
    ],
)
def test_steady_state_is_the_limit_of_many_doses(dose: Dose) -> None:
    disposition = two_compartments(10.0, 50.0, 5.0, 80.0)
    entries = {"gut": oral(1.2), "vein": intravenous()}
    times = np.array([0.0, 0.1, 2.0, 5.0, 7.999])
    steady = concentration(disposition, entries, schedule([dose], times))
    many = Dose(amount=10, entry=dose.entry, every=8, duration=dose.duration, count=200)
    limit = concentration(disposition, entries, schedule([many], times + 199 * 8))
    np.testing.assert_allclose(steady, limit, rtol=1e-10)


def test_times_before_the_first_dose_and_out_of_order() -> None:
    disposition, entries = one_compartment(5.0, 40.0), {"oral": oral(1.0)}
    got = concentration(disposition, entries, schedule([Dose(time=2, amount=10)], [5.0, 1.0, 2.0, 3.0]))[:, 0]
    assert got[1] == 0 and got[2] == 0 and got[0] > 0 and got[3] > 0
    want = concentration(disposition, entries, schedule([Dose(time=2, amount=10)], [1.0, 2.0, 3.0, 5.0]))[:, 0]
    assert got.tolist() == [want[3], want[0], want[1], want[2]]


def test_an_infusion_is_a_bolus_spread_out_and_doses_add_up() -> None:
    disposition, entries = one_compartment(5.0, 40.0), {"vein": intravenous()}
    times = np.linspace(0, 30, 31)
    short = concentration(disposition, entries, schedule([Dose(amount=10, entry="vein", duration=1e-9)], times[1:]))
    bolus = concentration(disposition, entries, schedule([Dose(amount=10, entry="vein")], times[1:]))
    np.testing.assert_allclose(short, bolus, rtol=1e-8)
    one, two = Dose(amount=4, entry="vein", duration=6), Dose(time=3, amount=9, entry="vein", duration=6)
    both = concentration(disposition, entries, schedule([one, two], times))
    apart = sum(concentration(disposition, entries, schedule([d], times)) for d in (one, two))
    np.testing.assert_allclose(both, apart, rtol=1e-12)


def test_nothing_is_lost() -> None:
    """The area under the curve is the dose over the clearance."""
    disposition = three_compartments(10.0, 20.0, 5.0, 30.0, 1.0, 100.0)
    times = np.linspace(0, 4000, 400_001)
    got = concentration(disposition, {"oral": oral(0.7, 0.5)}, schedule([Dose(amount=100)], times))[:, 0]
    area = np.sum((got[1:] + got[:-1]) / 2 * np.diff(times))
    assert area == pytest.approx(100 * 0.5 / 10.0, rel=1e-5)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (lambda: one_compartment(-1, 5), "clearance"),
        (lambda: one_compartment(1, float("nan")), "volume"),
        (lambda: oral(0), "absorption"),
        (lambda: intravenous(float("inf")), "reaching"),
        (lambda: schedule([Dose(amount=-1)], [1.0]), "dose.amount"),
        (lambda: schedule([Dose(amount=1, count=3)], [1.0]), "dose.every"),
        (lambda: schedule([Dose(amount=1)], [float("nan")]), "times"),
        (lambda: schedule([Dose(amount=1, time=float("inf"))], [1.0]), "dose.time"),
        (lambda: concentration(one_compartment(1, 1), {}, schedule([Dose(amount=1)], [1.0])), "entry"),
        (lambda: concentration(one_compartment(1, 1), {"oral": oral(1)}, schedule([Dose(amount=1)], [1.0]), out=np.zeros((2, 2))), "out"),
        (lambda: concentration(one_compartment([1, 1, 1], 1), {"oral": oral([1.0, 2.0])}, schedule([Dose(amount=1)], [1.0])), "entry oral"),
    ],
)  # fmt: skip
def test_what_cannot_be_says_which_field(wrong, field: str) -> None:
    with pytest.raises(InputError) as caught:
        wrong()
    assert caught.value.field == field


def test_no_dose_is_no_concentration() -> None:
    assert not concentration(one_compartment(1, 1), {"oral": oral(1)}, schedule([], [0.0, 1.0])).any()


ODES = 300 if FULL else 8


def test_as_an_independent_solution_of_the_differential_equations() -> None:
    solve_ivp = pytest.importorskip("scipy.integrate").solve_ivp
    worst = (0.0, -1)
    for seed in range(20_000, 20_000 + ODES):
        chance = random.Random(seed)
        leaving, to, back, ka = (_spread(chance, 0.02, 4) for _ in range(4))
        volume = _spread(chance, 1, 100)
        rates = np.array([[-ka, 0, 0], [ka, -leaving - to, back], [0, to, -back]])
        disposition = two_compartments(leaving * volume, volume, to * volume, to * volume / back)
        times = np.linspace(0.25, 12, 24)
        got = concentration(disposition, {"gut": oral(ka)}, schedule([Dose(amount=10, entry="gut")], times))[:, 0]
        solved = solve_ivp(
            lambda _, x, a=rates: a @ x, (0, 12), [10.0, 0, 0], method="DOP853", t_eval=times, rtol=1e-12, atol=1e-22, max_step=0.05
        )  # fmt: skip
        want = solved.y[1] / volume
        error = float(np.max(np.abs(got - want) / np.maximum(want, 1e-9 * want.max())))
        worst = max(worst, (error, seed))
    assert worst[0] < 1e-9, worst
