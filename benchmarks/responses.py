"""Is a diary read rightly: coverage of intervals, false "better", power, each on diaries whose truth is known.

    python benchmarks/responses.py [DIARIES]

A thousand diaries of each kind: a rating from 0 to 10, the Penn scale's five levels, a count; a start, and turns drawn by chance. Those of the first table of
each are drawn from the model that reads them; those of the others come from people whom it does not describe (``_diaries.py``): started at a bad week, a
placebo response that wears off, autocorrelated noise with a weekly cycle, days that are missing, slips of the pen. Read beside them: Welch's t-test of the
days with and without, and the rule that the mean of the last seven days (of turns: of all days with) is lower by the share that people with multiple
sclerosis call better. Of the words: ``better`` (the dose has made it so), ``lower`` (than before, whatever the cause), ``worse``, ``not b.`` (not better).
Last, how long the longest diary takes; with 0 diaries that alone.
"""

from __future__ import annotations

import functools
import os
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from typing import NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from _diaries import Drawn, Truth, drawn_from_prior, person
from relaxant.diary import Diary, Entry
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.knowledge.scales import Scale
from relaxant.response.change import change
from relaxant.response.course import arm_against_arm
from relaxant.response.reading import Question, Said, prior_of, read_arms, said_of
from relaxant.response.response import respond

DIARIES = 1000
SHARES = (0.8, 0.95)
RULE = 0.18  # of the level before: Farrar 2008, the least fall that people called an improvement
WORDS: tuple[tuple[Said, ...], ...] = (
    ("better",),
    ("better, cause open",),
    ("worse", "worse, cause open"),
    ("not better",),
)
CONDITIONS = frozenset({"multiple_sclerosis"})
LEVEL = 0.05
SEED = 20261126
LONG_FIRST, LONG_DAYS, LONG_BEFORE = date(2026, 1, 1), 180, 20
LONG = {
    "spasm-count": (9.0, None),
    "spasticity-nrs": (6.0, 10),
    "penn-spasm-frequency": (3.0, 4),
    "drowsiness": (2.0, 10),
    "sleep-disruption": (5.0, 10),
    "falls": (0.2, None),
}
"""Scales of the longest diary, each with its level before the dose and the top of its range; a count has none."""


class Row(NamedTuple):
    """One diary: whether each interval holds the truth, the words, what the two rules say, how long it took of a processor."""

    inside: tuple[bool, ...]
    said: Said
    t_test: bool
    week_rule: bool
    took: float


def one(number: int, *, truth: Truth, kind: str) -> Row:
    """One diary."""
    knowledge, scale = _known(kind)
    prior = prior_of(scale, knowledge)
    rng = np.random.default_rng([SEED, number])
    drawn: Drawn = drawn_from_prior(rng, prior, truth) if truth.from_prior else person(rng, truth)
    begun = time.process_time()
    if truth.turns:
        answer = change(drawn.series, prior, courses=arm_against_arm)
        said = read_arms(drawn.series, scale, knowledge, CONDITIONS).said
    else:
        answer = change(drawn.series, prior)
        said, _ = said_of(answer, Question(drawn.series, scale, prior, knowledge, CONDITIONS, False))
    took = time.process_time() - begun
    inside = tuple(low <= drawn.true <= high for low, high in map(answer.beyond.interval, SHARES))
    return Row(inside, said, t_test(drawn), week_rule(drawn), took)


def t_test(drawn: Drawn) -> bool:
    """Welch's test, one-sided at 5%: the days after are lower than those before."""
    from scipy import stats

    before, after = parts(drawn)
    return bool(stats.ttest_ind(after, before, equal_var=False, alternative="less").pvalue < LEVEL)


def week_rule(drawn: Drawn) -> bool:
    """The last seven days' mean is lower than the mean before by the share."""
    before, after = parts(drawn)
    now = after[-7:] if drawn.series.start else after
    return bool(now.mean() <= (1 - RULE) * before.mean())


def parts(drawn: Drawn) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The scores of the days without and with."""
    seen = ~np.isnan(drawn.series.values)
    return drawn.series.values[seen & ~drawn.treated], drawn.series.values[seen & drawn.treated]


@functools.cache
def _known(kind: str) -> tuple[Knowledge, Scale]:
    knowledge = load_knowledge()
    return knowledge, knowledge.responses.scales[kind]


def table(title: str, truths: dict[str, Truth], kind: str, count: int, pool: ProcessPoolExecutor) -> list[float]:
    """Prints one table; gives the time of each diary."""
    print(f"\n{title} ({count} diaries each)")
    print(f"{'':44}{'80%':>7}{'95%':>7}{'better':>8}{'lower':>8}{'worse':>8}{'not b.':>8}{'t-test':>8}{'7 days':>8}")
    took = []
    for name, truth in truths.items():
        rows = list(pool.map(functools.partial(one, truth=truth, kind=kind), range(count), chunksize=10))
        shares = [statistics.fmean(r.inside[i] for r in rows) for i in (0, 1)]
        shares += [statistics.fmean(r.said in words for r in rows) for words in WORDS]
        shares += [statistics.fmean(r.t_test for r in rows), statistics.fmean(r.week_rule for r in rows)]
        print(f"{name:44}" + "".join(f"{100 * s:>{7 - (i < 2)}.1f}%" for i, s in enumerate(shares)), flush=True)
        took += [r.took for r in rows]
    return took


class Kind(NamedTuple):
    """A scale that is read. ``sizes``: of the effects that are tried, the largest last; ``before``: how many days are written before the start."""

    plain: Truth
    sizes: tuple[float, ...]
    unit: str
    before: tuple[int, ...] = (14,)


KINDS = {
    "spasticity-nrs": Kind(Truth(), (-2.0, -3.0), "points", before=(7, 14, 28)),
    "penn-spasm-frequency": Kind(Truth(top=4), (-1.0, -1.5), "levels"),
    "spasm-count": Kind(Truth(count=True), (-0.5, -1.0), "of the logarithm"),
}


def truths_of(kind: Kind) -> dict[str, dict[str, Truth]]:
    """The tables of a scale: what is so, by what it is called."""

    def so(**what: object) -> Truth:
        return replace(kind.plain, **what)

    named = {0.0: "nothing changed", **{size: f"{size:g} {kind.unit}" for size in kind.sizes}}
    most = kind.sizes[-1]
    return {
        "drawn from the model itself": {"a start": so(from_prior=True), "turns": so(from_prior=True, turns=True)},
        "people whom the model does not describe": {
            f"{name}, {days} days before": so(effect=size, before=days) for days in kind.before for size, name in named.items()
        },
        "harder diaries": {
            "nothing changed, a third missing": so(missing=0.33),
            "nothing changed, a slip in ten days": so(slips=0.1),
            "nothing changed, begun on usual days": so(bad_week=False),
            "nothing changed, noise that lasts": so(memory=0.92),
            "nothing changed, the dose goes up in steps": so(steps=True),
            f"{named[most]}, the dose goes up in steps": so(effect=most, steps=True),
            f"{named[most]}, had from the first of three steps": so(effect=most, steps=True, at_once=True),
            f"{named[most]}, on top of a dose": so(effect=most, on_top=True),
            f"{named[most]}, ten times the dose on one day": so(effect=most, slip_of_dose=True),
        },
        "four blocks of two weeks in turn, drawn by chance": {name: so(effect=size, turns=True) for size, name in named.items()},
    }  # fmt: skip


def main() -> None:
    """Prints the tables."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else DIARIES
    took: list[float] = []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for name, kind in KINDS.items() if count else ():
            for title, truths in truths_of(kind).items():
                took += table(f"{name}: {title}", truths, name, count, pool)
    _, loop = least(_loop)
    if took:
        print(f"\na series of 56 days: median {statistics.median(took):.2f} s, slowest {max(took):.2f} s; ", end="")
        print(f"{statistics.median(took) / loop:.1f} times a plain loop of a million additions in the same run")
    diary, knowledge = long_diary(), load_knowledge()
    wall, processor = least(lambda: respond(diary, knowledge))
    times = f"{processor:.2f} s of processor time, {processor / loop:.1f} times the loop's"
    print(
        f"a diary of {LONG_DAYS} days with six scales: {wall:.2f} s (goal with the program's start: under 2 s), {times}"
    )


def long_diary() -> Diary:
    """The most that a diary is read by: six scales that all fall somewhat from a dose on."""
    rng = np.random.default_rng(SEED)

    def score(level: float, top: int | None) -> float:
        return float(rng.poisson(level) if top is None else np.clip(round(rng.normal(level, 0.9)), 0, top))

    entries = []
    for day in range(LONG_DAYS):
        before = day < LONG_BEFORE
        scores = {scale: score(level if before else 0.6 * level, top) for scale, (level, top) in LONG.items()}
        doses = {"baclofen": 0.0 if before else 45.0}
        entries.append(Entry(day=LONG_FIRST + timedelta(days=day), doses=doses, scores=scores))
    return Diary(entries=tuple(entries), units={"baclofen": "mg"}, scales=tuple(LONG))


def least(work: Callable[[], object]) -> tuple[float, float]:
    """The least time of five tries, by the clock and of the processors."""
    tries = []
    for _ in range(5):
        clock, processor = time.perf_counter(), time.process_time()
        work()
        tries.append((time.perf_counter() - clock, time.process_time() - processor))
    return min(t[0] for t in tries), min(t[1] for t in tries)


def _loop() -> None:
    total = 0
    for i in range(1_000_000):
        total += i


if __name__ == "__main__":
    main()
