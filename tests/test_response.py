"""Is it working: the model of a diary's series against references that do without it, and the words on diaries whose truth is known."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relaxant.diary import Diary, Entry
from relaxant.errors import InputError
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.responses import ResponsePrior
from relaxant.response.change import change
from relaxant.response.course import Medicine, Open, Series, before_and_after, shares
from relaxant.response.crossover import Crossover, Period, crossover_of, draw_test
from relaxant.response.falls import falls
from relaxant.response.latent import Process, fitted, told
from relaxant.response.mixture import Mixture
from relaxant.response.person import Person
from relaxant.response.response import Response, respond
from relaxant.response.scores import scores
from relaxant.response.taken import taken, usual
from relaxant.response.wander import Wander

FIRST = date(2026, 8, 3)


def prior(knowledge: Knowledge, name: str = "symptom-score") -> ResponsePrior:
    return knowledge.responses.response_priors[name]


def diary(doses: list[float], *, agent: str = "baclofen", unit: str = "mg", **columns: list[float | None]) -> Diary:
    """A diary of one agent and any scores, a day a row."""
    entries = tuple(
        Entry(
            day=FIRST + timedelta(days=i),
            doses={agent: dose},
            scores={k.replace("_", "-"): v for k, own in columns.items() if (v := own[i]) is not None},
        )
        for i, dose in enumerate(doses)
    )
    scales = tuple(k.replace("_", "-") for k in columns)
    return Diary(entries=entries, units={agent: unit}, scales=scales)


def rated(seed: int, before: float, after: float, *, days: int = 28, spread: float = 0.9) -> list[float | None]:
    rng = np.random.default_rng(seed)
    levels = np.concatenate((np.full(days, before), np.full(days, after)))
    return [float(v) for v in np.clip(np.round(levels + rng.normal(0, spread, 2 * days)), 0, 10)]


STEADY = [0.0] * 28 + [45.0] * 28
MS = Person(conditions=frozenset({"multiple_sclerosis"}), told=True)


def followed(values: np.ndarray) -> Series:
    """Ratings of 28 days without and 28 with a dose, the last seven as now."""
    return Series(
        values=values,
        medicines=(Medicine(doses=np.array(STEADY)),),
        bounds=(0.0, 10.0),
        worse=1,
        start=28,
        now=(49, 56),
    )


# ---------------------------------------------------------------- the latent process


def test_the_latent_process_is_exact_where_noise_is_normal() -> None:
    """Against the dense algebra, with days that are missing, for two guesses at once."""
    rng = np.random.default_rng(1)
    days, noise = np.array([0, 1, 2, 4, 5, 9, *range(11, 40)]), 0.7
    variance, memory = np.array([2.0, 0.3]), np.array([5.0, 1.5])
    keep = np.zeros((len(days), 2))
    keep[1:] = np.exp(-np.diff(days)[:, None] / memory)
    loads = rng.normal(size=(len(days), 2, 3))
    mean, seen = np.full((len(days), 2), 3.0), rng.normal(3, 1.5, len(days))

    def normal(latent: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        away = (latent - seen[:, None]) / noise
        return away**2 + np.log(2 * np.pi * noise**2), 2 * away / noise, np.full_like(latent, 2 / noise**2)

    fit = fitted(Process(mean, Wander(variance, keep), loads), normal, mean)
    apart, aim = np.abs(np.subtract.outer(days, days)), rng.normal(size=len(days))
    for one in (0, 1):
        covariance = variance[one] * np.exp(-apart / memory[one]) + loads[:, one] @ loads[:, one].T
        whole, away = covariance + noise**2 * np.eye(len(days)), seen - mean[:, one]
        assert fit.mode[:, one] == pytest.approx(mean[:, one] + covariance @ np.linalg.solve(whole, away), abs=1e-6)
        evidence = -0.5 * (away @ np.linalg.solve(whole, away) + np.linalg.slogdet(2 * np.pi * whole)[1])
        assert fit.log_evidence[one] == pytest.approx(evidence, abs=1e-6)
        more, less = told(fit, np.repeat((covariance @ aim)[:, None, None], 2, axis=1))
        assert more[one, 0] == pytest.approx(aim @ covariance @ np.linalg.solve(whole, away), abs=1e-6)
        assert less[one, 0] == pytest.approx(aim @ covariance @ np.linalg.solve(whole, covariance @ aim), abs=1e-6)


@given(days=st.integers(1, 40), memory=st.floats(0.2, 40), variance=st.floats(1e-3, 50), seed=st.integers(0, 10**6))
def test_a_wander_is_its_covariance(days: int, memory: float, variance: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    when = np.cumsum(rng.integers(1, 5, days))
    keep = np.zeros((days, 1))
    keep[1:, 0] = np.exp(-np.diff(when) / memory)
    wander, right, weight = Wander(np.array([variance]), keep), rng.normal(size=days), rng.uniform(0, 3, days)
    covariance = variance * np.exp(-np.abs(np.subtract.outer(when, when)) / memory)
    times = wander.times(right[:, None, None])[:, 0, 0]
    assert times == pytest.approx(covariance @ right, rel=1e-6, abs=1e-9 * variance)
    assert wander.log_determinant()[0] == pytest.approx(np.linalg.slogdet(covariance)[1], rel=1e-6, abs=1e-6)
    whole = np.linalg.inv(covariance) + np.diag(weight)
    weighted = wander.with_weights(weight[:, None])
    solution, halfway = np.linalg.solve(whole, right), weighted.halfway(right[:, None, None])
    assert weighted.solved(right[:, None, None])[:, 0, 0] == pytest.approx(solution, rel=1e-5, abs=1e-7)
    assert (halfway**2).sum() == pytest.approx(right @ solution, rel=1e-6)
    assert weighted.log_determinant()[0] == pytest.approx(np.linalg.slogdet(whole)[1], rel=1e-6, abs=1e-6)


@given(latent=st.floats(-3, 13), width=st.floats(0.1, 3))
def test_cells_of_a_scale_make_one_and_their_slopes_are_right(latent: float, width: float) -> None:
    ratings = np.arange(11.0)
    lower = np.where(ratings <= 0, -np.inf, ratings - 0.5)
    upper = np.where(ratings >= 10, np.inf, ratings + 0.5)

    def at(value: float) -> tuple[np.ndarray, ...]:
        return scores(lower[:, None], upper[:, None], np.full(1, width))(np.full((11, 1), value))

    value, slope, curvature = at(latent)
    assert np.exp(-value / 2).sum() == pytest.approx(1, abs=1e-9)
    step = 1e-5
    assert (at(latent + step)[0] - at(latent - step)[0]) / (2 * step) == pytest.approx(slope, abs=1e-5, rel=1e-4)
    assert (at(latent + step)[1] - at(latent - step)[1]) / (2 * step) == pytest.approx(curvature, abs=1e-5, rel=1e-4)


# ---------------------------------------------------------------- the change


def guess(**said: float) -> Open:
    """One guess at what is not known."""
    known = {"drift": 1.0, "noise": 1.0, "memory": 5.0, "late": 0.5, "shape": 1.0, **said}
    return Open(**{name: np.array([value]) for name, value in known.items()})


@pytest.mark.parametrize("name", ["symptom-score", "symptom-count"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_few_points_say_what_many_say(knowledge: Knowledge, name: str, seed: int) -> None:
    """The answer of 120 points against one of thousands."""
    rng = np.random.default_rng(seed)
    values = np.array(rated(seed, 6, 4, days=14)) if name == "symptom-score" else rng.poisson(5, 28).astype(float)
    doses = np.repeat([0.0, 30.0], 14)
    bounds = (0.0, 10.0) if name == "symptom-score" else None
    series = Series(values=values, medicines=(Medicine(doses=doses),), bounds=bounds, worse=1, start=14, now=(21, 28))
    few, many = change(series, prior(knowledge, name)), change(series, prior(knowledge, name), points=1024)
    assert few.beyond.middle() == pytest.approx(many.beyond.middle(), abs=0.1 * many.beyond.spread())
    assert few.beyond.spread() == pytest.approx(many.beyond.spread(), rel=0.1)
    assert few.level.middle() == pytest.approx(many.level.middle(), abs=0.1 * many.level.spread())
    assert few.points > 30


def test_the_level_is_that_of_the_diary(knowledge: Knowledge) -> None:
    """With many days and little noise the level's change is the difference of the means."""
    values = np.array(rated(4, 7, 3))
    series = followed(values)
    answer = change(series, prior(knowledge))
    assert answer.level.middle() == pytest.approx(values[-7:].mean() - values[:28].mean(), abs=0.6)
    assert answer.before.middle() == pytest.approx(values[:28].mean(), abs=0.4)
    assert answer.beyond.spread() > answer.level.spread()  # what is due to what is less sure than what is


def test_missing_days_widen_and_move_little(knowledge: Knowledge) -> None:
    values = np.array(rated(5, 7, 4))
    series = followed(values)
    holes = values.copy()
    holes[::3] = np.nan
    whole = change(series, prior(knowledge))
    some = change(msgspec.structs.replace(series, values=holes), prior(knowledge))
    assert abs(some.beyond.middle() - whole.beyond.middle()) < whole.beyond.spread()
    assert some.level.spread() > whole.level.spread()


def test_better_may_mean_higher(knowledge: Knowledge) -> None:
    values = np.array(rated(6, 7, 4))
    series = followed(values)
    turned = msgspec.structs.replace(series, values=10 - values, worse=-1)
    one, other = change(series, prior(knowledge)), change(turned, prior(knowledge))
    assert other.level.middle() == pytest.approx(-one.level.middle(), abs=0.05)
    assert other.beyond.middle() == pytest.approx(-one.beyond.middle(), abs=0.3)  # the prior level is not the mirror's


def test_a_mixture_of_one_is_a_normal() -> None:
    one = Mixture(np.array([1.0]), np.array([2.0]), np.array([3.0]))
    assert one.interval(0.95) == pytest.approx((2 - 3 * 1.959964, 2 + 3 * 1.959964), abs=1e-4)
    two = Mixture(np.array([0.5, 0.5]), np.array([-1.0, 1.0]), np.array([1.0, 1.0]))
    assert (two.middle(), two.spread()) == pytest.approx((0.0, 2**0.5))


@given(seed=st.integers(0, 10**6), share=st.floats(1e-3, 1 - 1e-3), apart=st.floats(0, 100), narrow=st.floats(1e-3, 1))
def test_a_share_lies_below_its_quantile(seed: int, share: float, apart: float, narrow: float) -> None:
    """Also of narrow peaks far apart, between which hardly anything lies."""
    rng = np.random.default_rng(seed)
    own = Mixture(rng.dirichlet(np.ones(6)), rng.normal(0, 1 + apart, 6), narrow * rng.uniform(0.5, 2, 6))
    assert own.below(own.quantile(share)) == pytest.approx(share, abs=1e-9)


def test_an_effect_that_fades_peaks_once_and_leaves(knowledge: Knowledge) -> None:
    doses = np.zeros(180)
    doses[10] = 400.0
    medicine = Medicine(doses=doses, delay=(5.0, 5.0), fades=80.0)
    series = Series(values=np.zeros(180), medicines=(medicine,), bounds=(0.0, 10.0), worse=1, start=10, now=(173, 180))
    share = shares(series, prior(knowledge), guess())[0, 0]
    assert share[:10].max() == 0 and share.max() == pytest.approx(1, abs=0.02)
    peak = int(share.argmax())
    assert 10 < peak < 40 and (np.diff(share[10:peak]) > 0).all() and (np.diff(share[peak:]) < 0).all()


# ---------------------------------------------------------------- what was taken


@given(st.lists(st.sampled_from([0.0, 15.0, 30.0]), min_size=1, max_size=40))
def test_a_usual_dose_was_taken_within_the_days_of_a_lapse(doses: list[float]) -> None:
    own = usual(np.array(doses), 3)
    assert own[0] == doses[0] and own[-1] == doses[-1]
    for day, dose in enumerate(own):
        assert dose in doses[max(0, day - 3) : day + 4]


def test_a_missed_day_is_no_change_of_dose(knowledge: Knowledge) -> None:
    doses = [30.0] * 5 + [0.0] + [30.0] * 8 + [45.0] * 20
    own = taken(diary(doses, spasticity_nrs=[5.0] * len(doses)), knowledge)
    assert own.start == 14
    assert [(s.dose, s.days, s.less, s.more) for s in own.stretches] == [(30.0, 14, 1, 0), (45.0, 20, 0, 0)]


def test_an_injection_is_given_once_and_is_a_start(knowledge: Knowledge) -> None:
    doses = [0.0] * 14 + [300.0] + [0.0] * 40
    own = taken(diary(doses, agent="onabotulinumtoxinA", unit="units", spasticity_nrs=[5.0] * 55), knowledge)
    assert own.start == 14 and [(s.dose, s.days) for s in own.stretches] == [(300.0, 1)]
    assert own.medicines["onabotulinumtoxinA"].fades is not None


def test_a_day_without_a_dose_written_is_as_the_day_before(knowledge: Knowledge) -> None:
    entries = [Entry(day=FIRST + timedelta(days=i), doses={"baclofen": 30.0} if i != 4 else {}, scores={"spasticity-nrs": 5.0}) for i in range(10)]  # fmt: skip
    own = taken(Diary(entries=tuple(entries), units={"baclofen": "mg"}, scales=("spasticity-nrs",)), knowledge)
    assert own.carried == {"baclofen": 1} and own.medicines["baclofen"].doses.tolist() == [30.0] * 10


def test_before_the_days_that_are_used_a_dose_is_that_of_its_whole_day(knowledge: Knowledge) -> None:
    """Twice 10 mg on the day before: nothing written on the first day that is used is 20 mg, and no rise comes after it."""
    days = int(knowledge.policy("respond_window"))
    doses = {0: (10.0, 10.0)} | dict.fromkeys(range(2, days + 1), (20.0,))
    entries = tuple(
        Entry(day=FIRST + timedelta(days=i), doses={"baclofen": d}) for i, own in doses.items() for d in own
    )
    own = taken(Diary(entries=entries, units={"baclofen": "mg"}, scales=()), knowledge)
    assert own.first == FIRST + timedelta(days=1)
    assert [(s.dose, s.days) for s in own.stretches] == [(20.0, days)] and own.start == days


@pytest.mark.parametrize("first", [0.0, 8.0], ids=["none at first", "one at first"])
def test_what_is_taken_now_and_then_is_taken_and_has_no_usual_dose(first: float, knowledge: Knowledge) -> None:
    """Doses when needed are neither nothing nor a stop, and none of them is shown as 0."""
    doses = [first, *([0.0] * 6), *([4.0, 0.0, 0.0, 0.0, 8.0, 0.0, 0.0] * 7)]
    own = taken(diary(doses), knowledge)
    assert own.seldom == {"baclofen": sum(d > 0 for d in doses)} and own.start == len(doses)
    assert own.medicines["baclofen"].doses.tolist() == doses and not own.slips
    found = answer(doses, knowledge, spasticity_nrs=rated(9, 6, 6))
    assert found.readings[0].said == "no change of dose"
    assert [d.doses["baclofen"] for d in found.table] == doses
    assert any(f"{own.seldom['baclofen']} days" in text for text in found.said)


@pytest.mark.parametrize("after", [[0.0] * 10 + [10.0] + [0.0] * 5, [30.0, 0.0, 0.0, 0.0, 0.0] * 12])
def test_what_was_taken_daily_before_has_stopped(after: list[float], knowledge: Knowledge) -> None:
    """However often it is taken now and then afterwards: the end of the daily dose is a fall."""
    own = taken(diary([30.0] * 10 + [0.0] * 4 + after), knowledge)
    assert own.seldom == {} and [f.after for f in falls(own, knowledge)] == [0.0]


# ---------------------------------------------------------------- the words


def answer(doses: list[float], knowledge: Knowledge, **columns: list[float | None]) -> Response:
    return respond(diary(doses, **columns), knowledge, person=MS)


def test_a_large_change_is_better_and_a_rise_is_worse(knowledge: Knowledge) -> None:
    better = answer(STEADY, knowledge, spasticity_nrs=rated(7, 8, 2))
    assert better.readings[0].said == "better" and not better.reasons
    assert better.readings[0].better is not None and better.readings[0].better > 0.95
    worse = answer(STEADY, knowledge, spasticity_nrs=rated(8, 3, 8))
    assert worse.readings[0].said in ("worse", "worse, cause open")
    named = [r.worsening for r in worse.reasons]
    assert named[0] == "missed-doses" and named[-1] == "more-medicine"


def test_a_marker_that_rose_is_a_reason_to_look_for_a_relapse_and_moves_nothing_else(knowledge: Knowledge) -> None:
    own = diary(STEADY, spasticity_nrs=rated(8, 3, 8))
    plain, marked = (
        respond(own, knowledge, person=msgspec.structs.replace(MS, risen=risen))
        for risen in ((), ("neurofilament-light",))
    )
    assert [r.worsening for r in marked.reasons if r.risen] == ["relapse"] and not any(r.risen for r in plain.reasons)
    assert [r.worsening for r in marked.reasons] == [r.worsening for r in plain.reasons]
    assert marked.readings == plain.readings and marked.next == plain.next


def test_nothing_is_said_of_what_cannot_be_compared(knowledge: Knowledge) -> None:
    assert answer([45.0] * 56, knowledge, spasticity_nrs=rated(9, 6, 6)).readings[0].said == "no change of dose"
    assert answer([0.0] * 56, knowledge, spasticity_nrs=rated(9, 6, 6)).readings[0].said == "no dose"
    early = answer([0.0] * 3 + [45.0] * 53, knowledge, spasticity_nrs=rated(9, 6, 6)).readings[0]
    assert early.said == "no days before" and early.days_before == 3 and early.beyond is None
    late = answer([0.0] * 52 + [45.0] * 4, knowledge, spasticity_nrs=rated(9, 6, 6)).readings[0]
    assert (late.said, late.more_days) == ("too few days", 3)


def test_a_single_day_is_answered_in_words(knowledge: Knowledge) -> None:
    assert answer([0.0], knowledge, spasticity_nrs=[5.0]).readings[0].said == "no dose"


def test_more_days_are_as_many_as_would_do(knowledge: Knowledge) -> None:
    """So many more days like the last settle it; that was the promise."""
    doses, open_words = [0.0] * 14 + [45.0] * 14, ("too few days", "better, cause open")
    for seed in range(12, 40):
        values = rated(seed, 6, 4, days=14)
        first = answer(doses, knowledge, spasticity_nrs=values).readings[0]
        if first.said in open_words and first.more_days:
            break
    else:
        pytest.fail("every diary is settled")
    more = first.more_days
    assert more
    longer = values + [values[-14 + i % 14] for i in range(more)]
    again = answer([0.0] * 14 + [45.0] * (14 + more), knowledge, spasticity_nrs=longer).readings[0]
    assert again.said not in open_words


def test_the_mirror_of_a_harm_is_told_as_harm(knowledge: Knowledge) -> None:
    said = answer(STEADY, knowledge, drowsiness=rated(10, 1, 7)).readings[0]
    assert said.harm and said.said in ("worse", "worse, cause open")
    calm = answer(STEADY, knowledge, drowsiness=rated(11, 3, 3)).readings[0]
    assert calm.said not in ("worse", "worse, cause open", "better")


@pytest.mark.parametrize("person", [MS, Person(told=True)], ids=["multiple sclerosis", "no source for this person"])
@pytest.mark.parametrize("name", ["spasticity_nrs", "spasm_count", "drowsiness"])
def test_where_nothing_moved_there_is_an_answer(name: str, person: Person, knowledge: Knowledge) -> None:
    """Two months alike: not better, or no worse; and the more surely, the less likely a change of the level itself that matters."""
    found = respond(diary(STEADY, **{name: rated(11, 5, 5)}), knowledge, person=person).readings[0]
    assert found.said == ("no worse" if found.harm else "not better")
    if not found.harm:
        assert found.level_better is not None and found.level_better <= knowledge.policy("respond_unlikely")
        assert found.least == pytest.approx(
            min((d.size for d in found.differences), default=0.7 if name == "spasm_count" else 1.0)
        )


def test_a_level_that_fell_is_not_called_unchanged(knowledge: Knowledge) -> None:
    for seed in range(8):
        found = answer(STEADY, knowledge, spasticity_nrs=rated(seed, 7, 5)).readings[0]
        assert found.said in ("better", "better, cause open")


def test_a_dose_that_is_back_is_asked_of_the_time_it_was_another(knowledge: Knowledge) -> None:
    """On and off again: the days on it against those before, and nothing is made of the sign of nothing."""
    doses = [0.0] * 21 + [30.0] * 28 + [0.0] * 21
    course = [*rated(21, 7, 7, days=21)[:21], *rated(22, 3, 3, days=28)[:28], *rated(23, 7, 7, days=21)[:21]]
    helped = answer(doses, knowledge, spasticity_nrs=course)
    assert helped.asked == "while it was different" and helped.now == (42, 49)
    assert helped.readings[0].said == "better" and helped.readings[0].mean_now == pytest.approx(3, abs=1)
    nothing = answer(doses, knowledge, spasticity_nrs=rated(24, 6, 6, days=35))
    assert nothing.readings[0].said == "not better"


def test_missed_days_alone_are_neither_better_nor_worse(knowledge: Knowledge) -> None:
    doses = [60.0] * 20 + [0.0] * 5 + [60.0] * 25
    found = answer(doses, knowledge, spasticity_nrs=rated(25, 5, 5, days=25)).readings[0]
    assert found.said not in ("better", "worse", "worse, cause open")


def test_a_rise_on_top_of_a_dose_may_account_for_a_large_change(knowledge: Knowledge) -> None:
    """From 30 to 45 mg as from nothing: the effect is reckoned from the dose of the beginning."""
    values = rated(26, 7, 3)
    on_top = answer([30.0] * 28 + [45.0] * 28, knowledge, spasticity_nrs=values).readings[0]
    first = answer([0.0] * 28 + [15.0] * 28, knowledge, spasticity_nrs=values).readings[0]
    assert on_top.beyond is not None and first.beyond is not None
    assert on_top.said == "better" and on_top.beyond.wide == pytest.approx(first.beyond.wide, abs=0.05)


def test_a_slip_of_the_pen_in_a_dose_is_said_and_moves_nothing(knowledge: Knowledge) -> None:
    values, slipped = rated(27, 7, 3), [*STEADY]
    slipped[40] *= 10
    found, clean = answer(slipped, knowledge, spasticity_nrs=values), answer(STEADY, knowledge, spasticity_nrs=values)
    assert any("slip" in text for text in found.said) and not any("slip" in text for text in clean.said)
    assert found.readings[0].beyond == clean.readings[0].beyond


def test_none_before_and_none_since_is_said_as_that(knowledge: Knowledge) -> None:
    found = answer(STEADY, knowledge, spasm_count=[0.0] * 56, falls=[0.0] * 56)
    assert [r.said for r in found.readings] == ["none", "none"] and found.next is None


def test_a_symptom_that_stays_when_the_dose_goes_down_is_no_worse(knowledge: Knowledge) -> None:
    doses = [60.0] * 28 + [45.0] * 7 + [30.0] * 21
    found = answer(doses, knowledge, spasticity_nrs=rated(28, 4, 4), drowsiness=rated(29, 6, 1))
    assert found.lowered
    assert next(r.said for r in found.readings) == "no worse"
    assert found.readings[1].said in ("better", "better, cause open")


def test_a_change_for_the_worse_has_its_probability(knowledge: Knowledge) -> None:
    found = answer(STEADY, knowledge, spasticity_nrs=rated(8, 3, 8)).readings[0]
    assert found.level_worse is not None and found.level_worse > 0.95
    assert found.level_better is not None and found.level_better < 0.05


def test_an_effect_that_the_first_step_brings_is_allowed_for(knowledge: Knowledge) -> None:
    """All of it at the first of three steps, and the next two add nothing: the truth lies within."""
    doses = [0.0] * 21 + [8.0] * 14 + [16.0] * 14 + [24.0] * 14
    values = [*rated(30, 7, 7, days=21)[:21], *rated(31, 4, 4, days=21)]
    found = answer(doses, knowledge, spasticity_nrs=values).readings[0]
    assert found.beyond is not None and found.beyond.wide[0] < -3 < found.beyond.wide[1]


def test_differences_belong_to_the_condition(knowledge: Knowledge) -> None:
    values = rated(7, 8, 3)
    with_ms = answer(STEADY, knowledge, spasticity_nrs=values).readings[0]
    without = respond(diary(STEADY, spasticity_nrs=values), knowledge, person=Person(told=True)).readings[0]
    assert with_ms.differences and not without.differences
    for difference in with_ms.differences:
        assert with_ms.before is not None
        assert difference.size == pytest.approx((difference.finding.value or 0) / 100 * with_ms.before.middle, rel=0.05)


# ---------------------------------------------------------------- arms in turn


def turns(order: str, length: int = 7) -> tuple[Period, ...]:
    return tuple(
        Period(block=str(i // 2 + 1), arm=arm, begin=i * length, end=(i + 1) * length) for i, arm in enumerate(order)
    )


@given(st.lists(st.integers(-3000, 3000), min_size=1, max_size=7), st.integers(0, 2**16))
def test_the_draw_counts_all_ways(thousandths: list[int], seed: int) -> None:
    differences = [n / 1000 for n in thousandths]
    rng = np.random.default_rng(seed)
    values, order = [], ""
    for difference in differences:
        level = rng.normal(5, 1)
        values += [level] * 7 + [level + difference] * 7
        order += "AB"
    crossover = Crossover(arm="B", against="A", periods=turns(order))
    draw = draw_test(crossover, np.array(values), 3)
    own = [round(d, 9) for d in differences]
    ways = [
        sum(s * d for s, d in zip(signs, own, strict=True)) for signs in itertools.product((1, -1), repeat=len(own))
    ]
    assert draw.ways == len(ways)
    assert draw.as_far == sum(abs(w) >= abs(sum(own)) - 1e-6 for w in ways)
    assert draw.difference == pytest.approx(sum(own) / len(own), abs=1e-6)


def crossed(order: str, effect: float, *, seed: int = 1, length: int = 7) -> Diary:
    rng = np.random.default_rng(seed)
    entries = []
    for turn, arm in enumerate(order):
        for day in range(length):
            place = turn * length + day
            score = float(np.clip(round(6 + (effect if arm == "B" else 0) + rng.normal(0, 0.8)), 0, 10))
            entries.append(
                Entry(
                    day=FIRST + timedelta(days=place),
                    doses={"tizanidine": 12.0 if arm == "B" else 0.0},
                    scores={"spasticity-nrs": score},
                    block=str(turn // 2 + 1),
                    arm=arm,
                )
            )
    return Diary(entries=tuple(entries), units={"tizanidine": "mg"}, scales=("spasticity-nrs",))


def test_only_chance_names_a_cause(knowledge: Knowledge) -> None:
    own = crossed("ABBABAABBABA", -3)
    drawn = respond(own, knowledge, randomised=True, blinded=True).arms
    chosen = respond(own, knowledge).arms
    assert drawn is not None and chosen is not None
    assert (drawn.arm, drawn.against, drawn.blocks, drawn.periods) == ("B", "A", 6, 12)
    assert drawn.compared[0].answer.said == chosen.compared[0].answer.said == "better"
    assert drawn.compared[0].cause and not chosen.compared[0].cause
    assert (drawn.compared[0].draw.as_far, drawn.compared[0].draw.ways) == (2, 64)


@pytest.mark.parametrize("order", ["AB", "ABBA", "ABBAABBA"])
def test_few_blocks_name_no_cause(order: str, knowledge: Knowledge) -> None:
    """However large the difference: with so few blocks chance parts the arms as far."""
    arms = respond(crossed(order, -5), knowledge, randomised=True, blinded=True).arms
    assert arms is not None and arms.needed == 6
    assert not arms.compared[0].cause and arms.compared[0].draw.chance > 0.05


def test_one_order_in_every_block_was_not_drawn(knowledge: Knowledge) -> None:
    arms = respond(crossed("ABABABABABAB", -3), knowledge, randomised=True, blinded=True).arms
    assert (
        arms is not None and arms.one_order and arms.compared[0].answer.said == "better" and not arms.compared[0].cause
    )


def test_doses_that_are_alike_in_both_arms_are_noticed(knowledge: Knowledge) -> None:
    own = crossed("ABBABAABBABA", 0)
    same = msgspec.structs.replace(own, entries=tuple(msgspec.structs.replace(e, doses={"tizanidine": 8.0}) for e in own.entries))  # fmt: skip
    alike, apart = respond(same, knowledge, randomised=True).arms, respond(own, knowledge, randomised=True).arms
    assert alike is not None and apart is not None and alike.alike and not apart.alike


def test_arms_that_do_alike_are_not_told_apart(knowledge: Knowledge) -> None:
    arms = respond(crossed("ABBAABBA", 0), knowledge, randomised=True).arms
    assert arms is not None and arms.compared[0].answer.said == "not better" and not arms.compared[0].cause


@pytest.mark.parametrize(
    ("change_entry", "field"),
    [
        ({"arm": "C"}, "diary, arm"),
        ({"block": None}, "block"),
        ({"block": "1"}, "block"),
    ],
)
def test_arms_that_are_none_are_refused(knowledge: Knowledge, change_entry: dict[str, Any], field: str) -> None:
    own = crossed("ABBA", -2)
    entries = (*own.entries[:-1], msgspec.structs.replace(own.entries[-1], **change_entry))
    broken = msgspec.structs.replace(own, entries=entries)
    with pytest.raises(InputError, match=field):
        crossover_of(broken, taken(broken, knowledge))


def test_a_course_starts_with_the_dose_that_was_taken_before(knowledge: Knowledge) -> None:
    """A dose of the first day is no start: nothing changes from it."""
    doses = np.full(30, 30.0)
    series = Series(
        values=np.full(30, 5.0), medicines=(Medicine(doses=doses),), bounds=(0.0, 10.0), worse=1, start=30, now=(23, 30)
    )
    known = before_and_after(series, prior(knowledge), guess())
    assert known.effect[0, -1] == pytest.approx(0)
