"""Kinetics against what a skilled person writes in an hour, at the same output in the same run.

    python benchmarks/kinetics.py        (with Numba and JAX installed, their loops too: pip install numba jax)

W1: 10,000 people, two compartments, absorption, 20 mg every 8 h for 7 days, 337 times. W4: the same with one compartment.
W2: one person of W1, prepared. W3: most probable clearance, volume and absorption of 1,000 people with three levels each.
W5: W1 with everybody's own doses (missed, late, changed) and own times. W1 also with everybody's own lag. JAX is compared where it is installed, rxode2,
mrgsolve and mapbayr where Rscript has them; what is absent is said to be.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

import numpy as np

from _kinetics_programs import w1, w3
from _kinetics_references import jax_any_times, modes, numba_references, numpy_grid
from _measure import line, medians
from relaxant.pharmacology.estimation.closed_form import Way, levels, most_probable
from relaxant.pharmacology.events.event_course import concentration_by_event
from relaxant.pharmacology.events.events import events
from relaxant.pharmacology.kinetics.disposition import one_compartment, two_compartments
from relaxant.pharmacology.kinetics.lags import concentration_own_lags
from relaxant.pharmacology.kinetics.linear import concentration, oral
from relaxant.pharmacology.kinetics.schedule import Dose, schedule

PEOPLE, TIMES = 10_000, np.arange(0, 168.01, 0.5)


def people(count: int):
    """Clearance, central volume and absorption of so many people."""
    random = np.random.default_rng(1)
    spread = [(10.0, 0.3), (50.0, 0.2), (1.5, 0.4)]
    return [typical * np.exp(sd * random.standard_normal(count)) for typical, sd in spread]


def shared() -> None:
    """W1 and W4 with regular doses, W1 with a shared irregular regimen."""
    cl, v1, ka = people(PEOPLE)
    ours, theirs = np.empty((TIMES.size, PEOPLE)), np.empty((TIMES.size, PEOPLE))
    regular = schedule([Dose(amount=20, every=8, count=21)], TIMES)
    numba = numba_references()
    for name, compartments in (("W1", 2), ("W4", 1)):
        rates, sizes = modes(cl, v1, 5.0, 40.0, ka, compartments)

        def own(n=compartments):
            person = two_compartments(cl, v1, 5.0, 40.0) if n == 2 else one_compartment(cl, v1)
            return concentration(person, {"oral": oral(ka)}, regular, out=ours)

        def grid(n=compartments):
            return numpy_grid(*modes(cl, v1, 5.0, 40.0, ka, n), 0.5, TIMES.size, 16, 20.0, theirs)

        floor, grid_time, own_time = medians(lambda: ours.fill(1.0), grid, own, runs=15)
        np.testing.assert_allclose(own(), grid(), rtol=1e-9, atol=1e-12)
        print(
            f"{name}: ours {own_time * 1e3:.1f} ms, write floor {floor * 1e3:.1f} ms, NumPy grid {grid_time / floor:.1f} x the floor"
        )
        line(f"{name}, regular doses", own_time / grid_time, "a NumPy recursion on the grid", at_most=2)
        if compartments == 2:
            for program, seconds in w1(cl, v1, ka, float(ours[:-1].sum())).items():
                line("W1, regular doses", own_time / seconds, program)
    random = np.random.default_rng(4)
    at = np.sort(np.arange(21) * 8 + random.uniform(-1.5, 1.5, 21).round(2))
    amounts = random.choice([10.0, 20.0, 25.0], 21)
    irregular = schedule([Dose(time=float(t), amount=float(a)) for t, a in zip(at, amounts, strict=True)], TIMES)

    def own_irregular():
        return concentration(two_compartments(cl, v1, 5.0, 40.0), {"oral": oral(ka)}, irregular, out=ours)

    jax = jax_any_times()
    if jax is None:
        print("JAX: absent (not installed here)")
    else:
        array, prepare, run = jax
        rates, sizes = (array(x) for x in modes(cl, v1, 5.0, 40.0, ka, 2))
        marks = prepare(TIMES, at, amounts)
        np.testing.assert_allclose(own_irregular(), np.asarray(run(rates, sizes, marks)), rtol=1e-9, atol=1e-12)
        scan, own_time = medians(lambda: run(rates, sizes, marks), own_irregular, runs=15)
        line("W1, any shared regimen", own_time / scan, f"a JAX scan of {scan * 1e3:.0f} ms (all its threads)")
    if numba is None:
        print(
            f"W1, any shared regimen: {medians(own_irregular, runs=10)[0] * 1e3:.1f} ms (no Numba here to compare with)"
        )
        return
    rates, sizes = modes(cl, v1, 5.0, 40.0, ka, 2)
    numba[0](rates, sizes, TIMES, at, amounts, theirs)
    np.testing.assert_allclose(own_irregular(), theirs, rtol=1e-9, atol=1e-12)
    loop, own_time = medians(lambda: numba[0](rates, sizes, TIMES, at, amounts, theirs), own_irregular, runs=15)
    print(f"W1, any shared regimen: ours {own_time * 1e3:.1f} ms")
    line("W1, any shared regimen", own_time / loop, "a Numba loop for any times", at_most=1)


def lags() -> None:
    """W1 with everybody's own lag, by what shares the times and by an event table of its own for each."""
    cl, v1, ka = people(PEOPLE)
    lag = np.random.default_rng(6).uniform(0, 1, PEOPLE)
    person, entries, doses = (
        two_compartments(cl, v1, 5.0, 40.0),
        {"oral": oral(ka)},
        [Dose(amount=20, every=8, count=21)],
    )
    regular = schedule(doses, TIMES)
    own, alike = medians(
        lambda: concentration_own_lags(person, entries, doses, TIMES, lags={"oral": lag}),
        lambda: concentration(person, entries, regular),
        runs=7,
    )
    line(f"W1, everybody's own lag, {own * 1e3:.0f} ms", own / alike, "the same without")


def one() -> None:
    """W2: one person, prepared, through the public function with its checks."""
    person, entries = two_compartments(10.0, 50.0, 5.0, 40.0), {"oral": oral(1.5)}
    prepared = schedule([Dose(amount=20, every=8, count=21)], TIMES)
    (own,) = medians(lambda: concentration(person, entries, prepared), runs=2000)
    print(f"W2, one person: {own * 1e6:.0f} microseconds (goal: under 100)")


def own_events() -> None:
    """W5: everybody's own doses and times."""
    cl, v1, ka = people(PEOPLE)
    random = np.random.default_rng(2)
    dose_times = np.sort(np.arange(21) * 8 + random.uniform(0, 2, (PEOPLE, 21)), axis=1)
    amounts = 20 * random.choice([0.5, 1, 1, 1, 2], (PEOPLE, 21))
    taken = random.random((PEOPLE, 21)) > 0.1
    seen = np.sort(random.uniform(0, 168, (PEOPLE, TIMES.size)), axis=1)
    times = np.concatenate((np.where(taken, dose_times, np.inf), seen), axis=1)
    doses = np.concatenate((amounts, np.zeros_like(seen)), axis=1)
    is_dose = np.concatenate((np.ones_like(amounts), np.zeros_like(seen)), axis=1)
    order = np.argsort(times, axis=1, kind="stable")
    there = np.isfinite(np.take_along_axis(times, order, 1))
    ids = np.broadcast_to(np.arange(PEOPLE)[:, None], times.shape)[there]
    at, evid, amt = (np.take_along_axis(x, order, 1)[there] for x in (times, is_dose, doses))
    table = {"ID": ids, "TIME": at, "EVID": evid, "AMT": amt}
    start = time.perf_counter()
    prepared = events(table, ["oral"])
    first_time = time.perf_counter() - start
    (again,) = medians(lambda: events(table, ["oral"]), runs=3, warm=0)
    print(f"W5: the event table of {ids.size:,} rows laid out in {first_time:.2f} s, again in {again:.2f} s")
    ours = np.empty(prepared.observations.size)

    def own(threads=None):
        return concentration_by_event(two_compartments(cl, v1, 5.0, 40.0), {"oral": oral(ka)}, prepared, threads=threads, out=ours)  # fmt: skip

    numba = numba_references()
    if numba is None:
        print(f"W5: {medians(own, runs=5)[0] * 1e3:.0f} ms (no Numba here to compare with)")
        return
    first = np.concatenate(([0], np.cumsum(np.bincount(ids))))
    rates, sizes = modes(cl, v1, 5.0, 40.0, ka, 2)
    out, dosed = np.empty(int((evid == 0).sum())), evid == 1

    def loop():
        return numba[1](rates, sizes, first, at, dosed, amt, out)

    np.testing.assert_allclose(own(), loop(), rtol=1e-7, atol=1e-12)
    loop_time, own_time, alone = medians(loop, own, lambda: own(1), runs=9, warm=1)
    print(
        f"W5: ours {own_time * 1e3:.0f} ms, on one thread {alone * 1e3:.0f} ms, the Numba loop {loop_time * 1e3:.0f} ms"
    )
    line("W5, everybody's own events", own_time / loop_time, "a Numba loop over the same table", at_most=1)
    line("W5, on one thread", alone / loop_time, "a Numba loop over the same table", at_most=1)


def estimation() -> None:
    """W3: the most probable parameters of a thousand people with three levels each."""
    count, random = 1000, np.random.default_rng(3)
    omega = np.diag([0.3**2, 0.2**2, 0.4**2])
    cl, v1, ka = (
        t * np.exp(e)
        for t, e in zip((10.0, 50.0, 1.5), random.multivariate_normal(np.zeros(3), omega, count).T, strict=True)
    )
    seen = np.sort(random.uniform(145, 168, (3, count)), axis=0)
    values = np.empty_like(seen)
    for i in range(count):
        course = schedule([Dose(amount=20, every=8, count=21)], seen[:, i])
        true = concentration(two_compartments(cl[i], v1[i], 5.0, 40.0), {"oral": oral(ka[i])}, course)[:, 0]
        values[:, i] = np.maximum(true * (1 + 0.2 * random.standard_normal(3)) + 0.01 * random.standard_normal(3), 0)
    data = levels(np.arange(21.0) * 8, np.full(21, 20.0), seen, values)
    typical = {"CL": 10.0, "V": 50.0, "ka": 1.5, "Q": 5.0, "V2": 40.0}

    def own(twin=None):
        return most_probable(
            typical, omega, ("CL", "V", "ka"), lambda p: Way(two_compartments(p["CL"], p["V"], p["Q"], p["V2"]), p["ka"]),
            data, proportional=0.2, additive=0.01, twin=twin,
        )  # fmt: skip

    doses = [f"{i + 1},{8.0 * k},1,20,1,.,1\n" for i in range(count) for k in range(21)]
    taken = [f"{i + 1},{float(seen[k, i])!r},0,0,2,{float(values[k, i])!r},0\n" for i in range(count) for k in range(3)]
    rows = sorted(doses + taken, key=lambda row: (int(row.split(",")[0]), float(row.split(",")[1])))
    theirs = w3("ID,time,evid,amt,cmt,DV,mdv\n" + "".join(rows))

    def changed(p):
        slow = two_compartments(p["CL"], p["V"], p["Q"], p["V2"]).rates[1]
        return {"ka": slow, "V": p["V"] * slow / p["ka"]}

    took, with_twins = medians(own, lambda: own(changed), runs=15)
    if theirs is not None:
        line("W3", took / theirs, "mapbayr")
    found = own(changed)
    print(f"W3: {took * 1e3:.0f} ms for {count} people (goal: at most 50); {int(found.arrived.sum())} arrived")
    twins = 0 if found.twins is None else found.twins.people.size
    print(f"W3 with a second walk for flip-flop twins: {with_twins * 1e3:.0f} ms, {twins} have one")


def cold() -> None:
    """A new process that does W2, against one that only loads NumPy."""
    work = (
        "import numpy as np\n"
        "from relaxant.pharmacology.kinetics.disposition import two_compartments\n"
        "from relaxant.pharmacology.kinetics.linear import concentration, oral\n"
        "from relaxant.pharmacology.kinetics.schedule import Dose, schedule\n"
        "concentration(two_compartments(10., 50., 5., 40.), {'oral': oral(1.5)},"
        " schedule([Dose(amount=20, every=8, count=21)], np.arange(0, 168.01, .5)))"
    )
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}

    def run(code: str):
        return lambda: subprocess.run([sys.executable, "-c", code], check=True, env=environment)

    bare, whole = medians(run("import numpy"), run(work), runs=11)
    line("a process that does W2", whole / bare, "python -c 'import numpy'", at_most=4)


if __name__ == "__main__":
    shared()
    lags()
    one()
    own_events()
    estimation()
    cold()
