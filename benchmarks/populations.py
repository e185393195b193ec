"""Virtual people: time and peak memory of prediction bands and of target attainment, against arrays of all people at all times.

Each case runs in a process of its own, so that its peak memory is its own; what the process held before the work is taken off. The
reference is what a skilled person writes: the closed form of one compartment with absorption, doses added up over a whole (time,
people) array, then np.quantile. It is run as long as its arrays fit.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time

import numpy as np

from _measure import line
from relaxant.knowledge.load import load_knowledge
from relaxant.pharmacology.cards.course import GivenDose
from relaxant.pharmacology.cards.model import individual
from relaxant.pharmacology.people.people import virtual_people
from relaxant.pharmacology.people.people_soundness import all_reproduced_of_people
from relaxant.pharmacology.people.populations import attainment, bands, drawn

CARD, OUTPUT = "baclofen-oral-adult-simon-2018", "concentration"
TIMES = np.arange(0, 168.5, 0.5)
DOSES = [GivenDose(amount=20, every=8, count=21)]
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
FITS = 200_000  # people whose arrays the reference may fill


def plain(people: int) -> np.ndarray:
    """All people at all times in one array."""
    model, covariates = load_knowledge().models[CARD], covariates_of(people)
    own = individual(model, covariates, deviations=drawn(model, people, seed=1))
    ka, ke, volume = own["ka"], own["CL"] / own["V"], own["V"]
    factor = 1000 * 20 * ka / (volume * (ka - ke))
    values = np.zeros((TIMES.size, people))
    for dose in range(21):
        given = 8.0 * dose <= TIMES
        since = TIMES[given][:, None] - dose * 8
        values[given] += factor * (np.exp(-ke * since) - np.exp(-ka * since))
    return np.quantile(values, LEVELS, axis=1)


def ours(people: int) -> np.ndarray:
    return bands(load_knowledge().models[CARD], covariates_of(people), DOSES, TIMES, OUTPUT, levels=LEVELS).values


def reach(people: int) -> np.ndarray:
    found = attainment(load_knowledge().models[CARD], covariates_of(people), DOSES, "average", (160.0, 168.0), OUTPUT, low=200, high=600)  # fmt: skip
    return np.array([found.share])


def draw(people: int) -> np.ndarray:
    return np.array([covariates_of(people)["kidney_function"].mean()])


def covariates_of(people: int) -> dict[str, np.ndarray]:
    return virtual_people(load_knowledge().populations["us-adults-2018"], people, seed=1).covariates


CASES = {"plain": plain, "ours": ours, "reach": reach, "draw": draw}


def once(name: str, people: int) -> None:
    """One case in this process: seconds, peak megabytes above what was held before, and the numbers."""
    CASES[name](100)  # everything is loaded
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    found = CASES[name](people)
    taken = time.perf_counter() - start
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(json.dumps({"seconds": taken, "megabytes": peak, "found": found.tolist()}))


def measured(name: str, people: int, runs: int) -> dict[str, object]:
    made = [json.loads(subprocess.run([sys.executable, __file__, name, str(people)], capture_output=True, text=True, check=True).stdout) for _ in range(runs)]  # fmt: skip
    return min(made, key=lambda m: m["seconds"])


def main() -> None:
    print(
        f"{CARD}: 20 mg every 8 h for 7 days, {TIMES.size} times, people with covariates of their own, five quantiles"
    )
    for people in (10_000, 100_000, 1_000_000):
        runs = 3 if people < 1_000_000 else 1
        own, drawing, reached = (measured(name, people, runs) for name in ("ours", "draw", "reach"))
        print(f"\n{people:,} people")
        print(f"  drawing them: {drawing['seconds']:.3g} s, {drawing['megabytes']:.0f} MB")
        print(f"  bands, drawing included: {own['seconds']:.3g} s, {own['megabytes']:.0f} MB")
        print(f"  share with an average from 200 to 600 ng/mL, drawing included: {reached['seconds']:.3g} s, {reached['megabytes']:.0f} MB")  # fmt: skip
        if people <= FITS:
            reference = measured("plain", people, runs)
            print(f"  one array of all: {reference['seconds']:.3g} s, {reference['megabytes']:.0f} MB")
            np.testing.assert_allclose(own["found"], reference["found"], rtol=1e-7, atol=1e-9)
            line("  bands, time", own["seconds"] / reference["seconds"], "one array of all", at_most=1)
            line("  bands, memory", own["megabytes"] / reference["megabytes"], "one array of all")
        else:
            print(f"  one array of all: not run; the array alone is {TIMES.size * people * 8 / 1e6:.0f} MB, with two more of its size while it is filled")  # fmt: skip


def against_what_was_published() -> None:
    """Every number that drawn people must give back."""
    for population in load_knowledge().populations.values():
        made = all_reproduced_of_people(population)
        print(
            f"\n{population.title}: measured or published, drawn ({sum(m.holds for m in made)} of {len(made)} within tolerance)"
        )
        for each in made:
            number = each.number
            print(f"  {number.title:55} {number.value:8.4g} {each.computed:8.4g} {each.error:+7.1%} (tolerance {number.tolerance:.0%})")  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) == 3:
        once(sys.argv[1], int(sys.argv[2]))
    else:
        main()
        against_what_was_published()
