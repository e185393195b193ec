"""Linear kinetics against an extended-precision matrix exponential, and against what must hold of any of them."""

from __future__ import annotations

import os
import random
from itertools import pairwise

import msgspec
import numpy as np
import pytest

import matrices
from relaxant.errors import InputError
from relaxant.knowledge.cards import Flow
from relaxant.pharmacology.kinetics.closed_forms import poured
from relaxant.pharmacology.kinetics.disposition import basis, one_compartment, three_compartments, two_compartments
from relaxant.pharmacology.kinetics.linear import concentration, intravenous, oral
from relaxant.pharmacology.kinetics.network import Network, Period, amounts
from relaxant.pharmacology.kinetics.schedule import Dose, schedule

exact = pytest.importorskip("exact", reason="mpmath is a test dependency")
FULL = os.environ.get("RELAXANT_FULL") == "1"
MODELS, AT_A_TIME = (10_000, 500) if FULL else (400, 200)
TO_FIFTY_DIGITS = 300 if FULL else 60
extended = pytest.mark.skipif(matrices.EPS > 1e-18, reason="no extended precision on this machine")


def _spread(chance: random.Random, low: float, high: float) -> float:
    return float(np.exp(chance.uniform(np.log(low), np.log(high))))


def model(
    seed: int, *, poured: bool = False
) -> tuple[object, list[tuple[float, float]], float, float, float, list[Dose], list[float]]:
    """A random model, regimen and times: near-equal rates, tiny and huge ones, zero doses, overlapping infusions among them.

    ``poured``: infusions into the absorbing place too.
    """
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
            lasts = chance.choice((0.0, 0.25, 12.0)) if poured else 0.0
            doses.append(Dose(time=at, amount=amount, entry="gut", duration=lasts))
        else:
            doses.append(Dose(time=at, amount=amount, entry="vein", duration=chance.choice((0.0, 0.5, 12.0))))
    times = sorted({round(chance.uniform(0, 48), 3) for _ in range(6)} | {0.0, 8.0, 8.001, 1e-4})
    return disposition, exchange, leaving, volume, absorption, doses, times


def _error(got: np.ndarray, want: np.ndarray) -> float:
    """The worst error of a course, as a share of what is there, or of 1e-9 of the peak where less is."""
    peak = max(want)
    if not peak:
        return float(np.abs(got).max())
    return max(float(abs(g - w) / max(abs(w), 1e-9 * peak)) for g, w in zip(got.tolist(), want, strict=True))


@pytest.mark.parametrize("block", range(5))
def test_as_a_matrix_exponential_of_fifty_digits(block: int) -> None:
    worst, reference = (0.0, -1), (0.0, -1)
    for seed in range(block, TO_FIFTY_DIGITS, 5):
        disposition, exchange, leaving, volume, absorption, doses, times = model(seed)
        got = concentration(disposition, {"gut": oral(absorption), "vein": intravenous()}, schedule(doses, times))[:, 0]
        # What the closed form was given is the rounded clearance and volumes: the reference takes the same.
        events = [(d.time, d.entry, d.amount, d.duration) for d in doses]
        want = exact.central(exchange, leaving, volume, absorption, events, times)
        worst = max(worst, (_error(got, want), seed))
        if matrices.EPS < 1e-18:
            many = matrices.central([(exchange, leaving, volume, absorption, events, times)])[0]
            reference = max(reference, (_error(many.astype(float), want), seed))
    assert worst[0] < 1e-9, worst
    assert reference[0] < 1e-12, reference


@extended
def test_as_matrix_exponentials_in_extended_precision() -> None:
    worst = (0.0, -1)
    for start in range(30_000, 30_000 + MODELS, AT_A_TIME):
        made = [model(seed, poured=True) for seed in range(start, start + AT_A_TIME)]
        wants = matrices.central([(exchange, leaving, volume, absorption, [(d.time, d.entry, d.amount, d.duration) for d in doses], times) for _, exchange, leaving, volume, absorption, doses, times in made])  # fmt: skip
        for i, (disposition, _, _, _, absorption, doses, times) in enumerate(made):
            got = concentration(disposition, {"gut": oral(absorption), "vein": intravenous()}, schedule(doses, times))
            worst = max(worst, (_error(got[:, 0], wants[i]), start + i))
    assert worst[0] < 1e-9, worst


COURSES = {
    "regular": ([Dose(amount=20, entry="gut", every=8, count=6)], np.arange(0, 60, 0.5)),
    "doses off the grid": ([Dose(time=t, amount=a, entry="gut") for t, a in ((0.3, 5), (7.7, 9), (16.45, 3))], np.arange(0, 30, 0.5)),
    "boluses and tablets": ([Dose(amount=9, entry="vein"), Dose(time=4, amount=20, entry="gut"), Dose(time=4, amount=1, entry="vein")], np.arange(0, 20, 0.25)),
    "times of no order": ([Dose(amount=20, entry="gut", every=7, count=3)], np.array([0.0, 3.1, 3.1, 7.0, 7.0001, 13.9, 20.2, 41.0])),
    "infusions": ([Dose(time=3.3, amount=5, entry="vein", duration=2.7), Dose(time=4.1, amount=7, entry="vein", duration=9.0)], np.arange(0, 30, 0.5)),
    "into an absorbing place": ([Dose(time=3.3, amount=5, entry="gut", duration=2.7), Dose(time=4.1, amount=7, entry="gut", duration=9.0, every=6, count=2), Dose(time=5, amount=3, entry="gut")], np.arange(0, 30, 0.5)),
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
        Dose(amount=10, entry="gut", every=8, duration=3, steady=True),
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
    held = amounts([Period(0, TWO)], {"oral": ("gut", 1.0)}, schedule([Dose(time=2, amount=10)], [5.0, 1.0, 2.0, 3.0]), {"it": {"centre": 1.0}})["it"][:, 0]  # fmt: skip
    after = np.array([3.0, 0.0, 0.0, 1.0])
    np.testing.assert_allclose(held, 10 / 0.8 * (np.exp(-0.2 * after) - np.exp(-after)), rtol=1e-12, atol=1e-15)


def test_many_ways_of_absorbing_in_one_body_written_where_the_caller_wants_it() -> None:
    ka, times = np.linspace(0.3, 3.0, 100), np.array([0.5, 2.0, 9.0])
    prepared, place = schedule([Dose(amount=10, entry="gut")], times), np.empty((3, 100))
    made = concentration(one_compartment(5.0, 40.0), {"gut": oral(ka)}, prepared, out=place)
    assert made is place
    k = 5.0 / 40.0
    t = times[:, None]
    np.testing.assert_allclose(place, 10 * ka / 40 / (ka - k) * (np.exp(-k * t) - np.exp(-ka * t)), rtol=1e-12)


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


TWO = Network(("gut", "centre"), np.array([[[-1.0], [0.0]], [[1.0], [-0.2]]]))


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
        (lambda: schedule([Dose(amount=1, count=0)], [1.0]), "dose.count"),
        (lambda: schedule([Dose(amount=1, every=8, duration=9, steady=True)], [1.0]), "dose.duration"),
        (lambda: concentration(one_compartment([1, 1], 1), {"oral": oral([1.0, 2.0, 3.0])}, schedule([Dose(amount=1)], [1.0])), "disposition"),
        (lambda: basis(msgspec.structs.replace(two_compartments(1, 1, 1, 1), others=None)), "disposition"),
        (lambda: amounts([Period(0, TWO), Period(1, Network(("gut", "skin"), TWO.rates))], {"oral": ("gut", 1.0)}, schedule([Dose(amount=1)], [1.0]), {}), "periods"),
        (lambda: amounts([Period(0, TWO)], {"oral": ("skin", 1.0)}, schedule([Dose(amount=1)], [1.0]), {}), "entry"),
        (lambda: amounts([Period(0, TWO)], {}, schedule([Dose(amount=1)], [1.0]), {}), "entry"),
        (lambda: concentration(one_compartment([1, 1, 1], 1), {"oral": oral([1.0, 2.0])}, schedule([Dose(amount=1)], [1.0])), "entry oral"),
    ],
)  # fmt: skip
def test_what_cannot_be_says_which_field(wrong, field: str) -> None:
    with pytest.raises(InputError) as caught:
        wrong()
    assert caught.value.field == field


def test_no_dose_is_no_concentration() -> None:
    assert not concentration(one_compartment(1, 1), {"oral": oral(1)}, schedule([], [0.0, 1.0])).any()


ODES = 300 if FULL else 12


def test_as_an_independent_solution_of_the_differential_equations() -> None:
    solve_ivp = pytest.importorskip("scipy.integrate").solve_ivp
    worst = (0.0, -1)
    for seed in range(20_000, 20_000 + ODES):
        chance = random.Random(seed)
        leaving, to, back, far, from_far, ka = (_spread(chance, 0.02, 4) for _ in range(6))
        volume, doses = _spread(chance, 1, 100), []
        for _ in range(chance.randint(1, 3)):
            at, entry = chance.choice((0.0, 0.0, 2.5, 5.0)), chance.choice(("gut", "vein"))
            doses.append(
                Dose(time=at, amount=_spread(chance, 1, 30), entry=entry, duration=chance.choice((0.0, 0.0, 1.5, 4.0)))
            )
        many = chance.randint(1, 3)
        rates = np.zeros((4, 4))
        rates[0, 0], rates[1, 0], rates[1, 1] = -ka, ka, -leaving
        for i, (forth, home) in enumerate(((to, back), (far, from_far))[: many - 1]):
            rates[1, 1] -= forth
            rates[2 + i, 1], rates[1, 2 + i], rates[2 + i, 2 + i] = forth, home, -home
        cl, q, v2, q3, v3 = leaving * volume, to * volume, to * volume / back, far * volume, far * volume / from_far
        disposition = one_compartment(cl, volume) if many == 1 else two_compartments(cl, volume, q, v2) if many == 2 else three_compartments(cl, volume, q, v2, q3, v3)  # fmt: skip
        times = np.linspace(0.25, 12, 48)
        got = concentration(disposition, {"gut": oral(ka), "vein": intravenous()}, schedule(doses, times))[:, 0]
        marks = sorted({0.0, 12.0} | {d.time for d in doses} | {d.time + d.duration for d in doses})
        state, want = np.zeros(4), np.zeros(times.size)
        for start, end in pairwise(marks):
            running = np.zeros(4)
            for d in doses:
                into = 0 if d.entry == "gut" else 1
                if d.time == start and d.duration == 0:
                    state[into] += d.amount
                if d.duration and d.time <= start < d.time + d.duration:
                    running[into] += d.amount / d.duration
            inside = (times >= start) & (times <= end)
            asked = np.unique(np.append(times[inside], end))
            solved = solve_ivp(
                lambda _, x, a=rates, r=running: a @ x + r, (start, end), state, method="DOP853", t_eval=asked, rtol=1e-12, atol=1e-20, max_step=0.1
            )  # fmt: skip
            want[inside] = solved.y[1, np.searchsorted(asked, times[inside])] / volume
            for d in doses:  # an observation at the time of a dose is taken just after it
                if d.time == end and d.duration == 0 and d.entry == "vein":
                    want[times == end] += d.amount / volume
            state = solved.y[:, -1].copy()
        error = float(np.max(np.abs(got - want) / np.maximum(want, 1e-9 * want.max())))
        worst = max(worst, (error, seed))
    assert worst[0] < 1e-9, worst


@pytest.mark.parametrize("count", [1, 3, 40])
def test_what_was_given_is_there_or_has_left(count: int) -> None:
    """Mass balance in a network: doses by two ways and an infusion, against what is inside and what has gone out."""
    rng = np.random.default_rng(count)
    names = ("gut", "centre", "far", "metabolite", "gone")
    ka, out, to, back, turned, left = (
        m * np.exp(0.5 * rng.standard_normal(count)) for m in (1.0, 0.2, 0.5, 0.1, 0.3, 0.4)
    )
    rates = np.zeros((5, 5, count))
    for giver, into, rate in ((0, 1, ka), (1, 4, out), (1, 2, to), (2, 1, back), (1, 3, turned), (3, 4, left)):
        rates[giver, giver] -= rate
        rates[into, giver] += rate
    reach = rng.uniform(0.2, 1, count)
    doses = [Dose(amount=20, entry="tablet", every=6, count=5), Dose(time=2.5, amount=7, entry="drip", duration=4.5), Dose(time=3, amount=11, entry="slow", duration=10)]  # fmt: skip
    times = np.linspace(0, 40, 81)
    entries = {"tablet": ("gut", reach), "drip": ("centre", 1.0), "slow": ("gut", 0.5)}
    held = amounts([Period(0.0, Network(names, rates)), Period(9.3, Network(names, rates * 1.7))], entries, schedule(doses, times), {n: {n: 1.0} for n in names})  # fmt: skip
    given = 20 * reach * np.minimum(np.floor(times / 6 + 1e-12) + 1, 5)[:, None]
    given = given + 7 * np.clip((times - 2.5) / 4.5, 0, 1)[:, None] + 5.5 * np.clip((times - 3) / 10, 0, 1)[:, None]
    np.testing.assert_allclose(sum(held.values()), given, rtol=1e-12)


@pytest.mark.parametrize("people", [1, 5, 40])
def test_zero_order_then_first_order_absorption_is_the_network(people: int) -> None:
    """A lag, an infusion into the absorbing place, first-order absorption: in closed form as through the network."""
    rng = np.random.default_rng(people)
    cl, v, q, v2, ka = (m * np.exp(0.4 * rng.standard_normal(people)) for m in (10.0, 50.0, 5.0, 80.0, 1.2))
    ka[0] = cl[0] / v[0]
    rates = np.zeros((3, 3, people))
    rates[0, 0], rates[1, 0] = -ka, ka
    rates[1, 1], rates[2, 1] = -cl / v - q / v, q / v
    rates[1, 2], rates[2, 2] = q / v2, -q / v2
    doses = [Dose(time=0.7, amount=20, entry="gut", duration=2.4, every=6, count=3), Dose(time=8, amount=5, entry="gut"), Dose(time=9, amount=9, entry="vein", duration=3)]  # fmt: skip
    for times in (np.arange(0, 30, 0.5), np.array([0.0, 0.7, 0.7001, 3.1, 3.3, 9.5, 21.0, 21.0, 60.0])):
        prepared = schedule(doses, times)
        got = concentration(two_compartments(cl, v, q, v2), {"gut": oral(ka, 0.6), "vein": intravenous()}, prepared)
        held = amounts([Period(0.0, Network(("gut", "centre", "far"), rates))], {"gut": ("gut", 0.6), "vein": ("centre", 1.0)}, prepared, {"it": {"centre": 1 / v}})["it"]  # fmt: skip
        np.testing.assert_allclose(got, held, rtol=1e-11, atol=0)


def test_transit_stages_are_a_gamma_input() -> None:
    """A whole number of stages through the network: the density of a gamma distribution goes into the last place (Savic and others 2007)."""
    from math import gamma

    stages, rate = 5, 2.3
    names = (*(f"stage {i}" for i in range(stages)), "gut")
    rates = np.zeros((stages + 1, stages + 1, 1))
    for i in range(stages):
        rates[i, i], rates[i + 1, i] = -rate, rate
    times = np.array([1e-3, 0.1, 1.0, 2.0, 6.0, 20.0])
    last = amounts([Period(0.0, Network(names, rates))], {"oral": ("stage 0", 1.0)}, schedule([Dose(amount=1)], times), {"it": {names[stages - 1]: rate}})["it"][:, 0]  # fmt: skip
    np.testing.assert_allclose(
        last, rate**stages * times ** (stages - 1) * np.exp(-rate * times) / gamma(stages), rtol=1e-12
    )


@pytest.mark.parametrize("apart", [0.0, 1e-15, 1e-9, 1e-4, 0.5, 40.0])
@pytest.mark.parametrize("time", [1e-9, 1e-3, 1.0, 300.0])
def test_what_is_poured_into_a_depot_keeps_its_digits(apart: float, time: float) -> None:
    import mpmath

    with mpmath.workdps(120):
        for rate in (1e-7, 0.03, 5.0):
            a, r, t = mpmath.mpf(rate * (1 + apart)), mpmath.mpf(rate), mpmath.mpf(time)
            gone = (1 - mpmath.exp(-r * t)) / r
            want = gone - (t * mpmath.exp(-r * t) if a == r else (mpmath.exp(-r * t) - mpmath.exp(-a * t)) / (a - r))
            got = float(poured(np.array(float(a)), np.array(rate), np.array(time)))
            assert abs(got / want - 1) < 5e-15


def test_stages_that_are_not_a_whole_number_are_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"giver": "gut", "to": "central", "rate": "ktr", "stages": "2.5"}, Flow, strict=False)
