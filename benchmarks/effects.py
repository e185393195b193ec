"""Effects over virtual people: many in one system of equations against one by one with the same solver, in the same run.

    python benchmarks/effects.py        (with SciPy: pip install relaxant[nonlinear])

Sugammadex: rocuronium 0.6 mg/kg, sugammadex 2 mg/kg at 20 min, the train-of-four ratio of 200 people each half minute for an hour.
Turnover: the same card, its ratio as an indirect response. Time to 90%: onset and recovery over 1,000 people.
"""

from __future__ import annotations

import time

import msgspec
import numpy as np

from _measure import line, medians
from relaxant.knowledge.cards import Effect, Parameter
from relaxant.knowledge.load import load_knowledge
from relaxant.pharmacology.cards.course import GivenDose, course
from relaxant.pharmacology.cards.model import individual
from relaxant.pharmacology.people.populations import drawn
from relaxant.pharmacology.people.reaching import times_to

PEOPLE, TIMES = 200, np.arange(0, 60.01, 0.5)
PERSON = {"weight": 70.0, "age": 43.0}
ROCURONIUM = GivenDose(amount=42, route="intravenous", drug="rocuronium")
BOTH = [ROCURONIUM, GivenDose(time=20, amount=140, route="intravenous", drug="sugammadex")]


def compared(name: str, card, output: str, doses) -> None:
    """The people at once against the same people one after another."""
    parameters = individual(card, PERSON, deviations=drawn(card, PEOPLE, seed=1))
    alone = [{n: v[[i]] for n, v in parameters.items()} for i in range(PEOPLE)]

    def one_by_one():
        return np.concatenate([course(card, own, doses, TIMES, output) for own in alone], axis=1)

    def together():
        return course(card, parameters, doses, TIMES, output)

    np.testing.assert_allclose(together(), one_by_one(), rtol=1e-4, atol=1e-4)
    single, whole = medians(one_by_one, together, runs=3)
    print(f"{name}: {whole * 1e3:.0f} ms for {PEOPLE} people")
    line(f"{name}, {PEOPLE} people", whole / single, "the same people one by one", at_most=0.1)


def main() -> None:
    """All three."""
    cards = load_knowledge().models
    reversed_ = cards["rocuronium-sugammadex-kleijn-2011"]
    compared("Sugammadex", reversed_, "tof_ratio", BOTH)
    alone = cards["rocuronium-kleijn-2011"]
    own = {"effect": "response", "unit": "%", "of": "central", "form": "turnover", "acts": "inhibits production"}
    turnover = Effect(**own, baseline="E0", loss="loss", half_at="EC50", hill="hill", largest="Imax", description="made up", source="-", place="-")  # fmt: skip
    loss = Parameter(parameter="loss", value=0.134, unit="1/min", description="made up", source="-", place="-")
    indirect = msgspec.structs.replace(alone, effects=(turnover,), parameters=(*alone.parameters, loss))
    compared("Turnover", indirect, "response", [ROCURONIUM])
    for name, card, doses, since in (("linear", alone, [ROCURONIUM], 0.0), ("with sugammadex", reversed_, BOTH, 20.0)):
        start = time.perf_counter()
        back = times_to(card, PERSON, doses, "tof_ratio", 90, "rising", since=since, of_own_baseline=True)
        print(f"Time to 90%, {name}: {(time.perf_counter() - start) * 1e3:.0f} ms for {back.each.size} people; median {back.median:.1f} min, 90% of people {back.low:.1f} to {back.high:.1f}, never {back.never:.1%}")  # fmt: skip


if __name__ == "__main__":
    main()
