"""Evidence: trials as contrasts, why a number stays outside, pools, networks, verdicts, and the pages made from them."""

from __future__ import annotations

import doctest
import math
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pytest

from conftest import ROOT
from relaxant.evidence import intervals, outcomes
from relaxant.evidence.compared_trials import BETTERS, evidence
from relaxant.evidence.intervals import difference_interval, share_interval
from relaxant.evidence.outcomes import PLACEBO, WHYS, Contrast, contrasts, outcomes_of
from relaxant.evidence.pooling import pooled
from relaxant.evidence.summaries import net, summary
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.trials import Trial

BIAS = {"by": "a test"}


def result(arm: str, **more: Any) -> dict[str, Any]:
    return {"outcome": "any adverse event", "measure": "events", "arm": arm, "source": "bass-1988", "place": "abstract", **more}  # fmt: skip


def counted(arm: str, count: int, n: int, **more: Any) -> dict[str, Any]:
    return result(arm, count=count, n=n, **more)


def trial(name: str, results: Sequence[dict[str, Any]], **more: Any) -> Trial:
    arms = more.pop("arms", {"baclofen": "baclofen", "placebo": "placebo"})
    plain = {
        "trial": name, "title": name, "year": 2000, "design": "parallel", "randomised": True, "blinded": "double",
        "conditions": ["multiple_sclerosis"], "population": "people", "arms": [{"arm": a, "agent": t} for a, t in arms.items()],
        "results": list(results), "says": "It says.", "bias": BIAS, "source": "bass-1988", "place": "abstract", **more,
    }  # fmt: skip
    return msgspec.convert(plain, Trial)


def knowing(knowledge: Knowledge, *trials: Trial) -> Knowledge:
    """The knowledge with these trials alone."""
    packed = msgspec.msgpack.encode({t.trial: t for t in trials})
    return msgspec.structs.replace(knowledge, trials_packed=msgspec.Raw(packed), sha256=f"test {hash(packed)}")


def only(knowledge: Knowledge, one: Trial, outcome: str = "any adverse event", agent: str = "baclofen") -> Contrast:
    (found,) = contrasts(knowing(knowledge, one), outcome, agent, PLACEBO)
    return found


# ---------------------------------------------------------------- intervals


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_of_a_share_is_that_published(count: int, n: int, low: float, high: float) -> None:
    """Newcombe 1998, Stat Med 17:857-72, table I, method 3."""
    assert share_interval(count, n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("a", "m", "b", "n", "low", "high"),
    [
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (6, 7, 2, 7, 0.0582, 0.8062),
        (5, 56, 0, 29, -0.0381, 0.1926),
        (0, 10, 0, 20, -0.1611, 0.2775),
        (10, 10, 0, 20, 0.6791, 1.0),
    ],
)
def test_the_interval_of_a_difference_is_that_published(a: int, m: int, b: int, n: int, low: float, high: float) -> None:  # fmt: skip
    """Newcombe 1998, Stat Med 17:873-90, table II, method 10."""
    assert difference_interval(a, m, b, n)[1:] == pytest.approx((low, high), abs=5e-5)


def test_examples_of_the_modules() -> None:
    for module in (intervals, outcomes):
        assert doctest.testmod(module).failed == 0


# ---------------------------------------------------------------- contrasts


def test_people_counted_give_a_risk_ratio(knowledge: Knowledge) -> None:
    found = only(knowledge, trial("a", [counted("baclofen", 14, 111), counted("placebo", 6, 109)]))
    error = math.sqrt(1 / 14 - 1 / 111 + 1 / 6 - 1 / 109)
    assert found.scale == "risk ratio" and found.why_not is None
    assert found.value == pytest.approx((14 / 111) / (6 / 109))
    assert found.low == pytest.approx(found.value * math.exp(-1.959963984540054 * error))
    assert found.variance == pytest.approx(error**2)
    assert found.share is not None and found.share.percent == pytest.approx(100 * 14 / 111)
    assert found.apart is not None and found.apart.points == pytest.approx(100 * (14 / 111 - 6 / 109))


def test_arms_of_one_medicine_are_one_group(knowledge: Knowledge) -> None:
    arms = {"low": "baclofen", "high": "baclofen", "placebo": "placebo"}
    made = trial("a", [counted("low", 5, 50), counted("high", 10, 60), counted("placebo", 4, 52)], arms=arms)
    found = only(knowledge, made)
    assert found.share is not None and (found.share.count, found.share.n) == (15, 110)


def test_means_of_arms_are_the_mean_of_all_their_people(knowledge: Knowledge) -> None:
    """The rule for joining groups, checked on people themselves."""
    rng = np.random.default_rng(1)
    low, high, other = rng.normal(1, 2, 30), rng.normal(3, 1, 50), rng.normal(0, 1, 40)
    arms = {"low": "baclofen", "high": "baclofen", "placebo": "placebo"}
    rows = [
        result(arm, outcome="Ashworth change", measure="mean change", value=float(x.mean()), sd=float(x.std(ddof=1)), n=len(x))
        for arm, x in (("low", low), ("high", high), ("placebo", other))
    ]  # fmt: skip
    found = only(knowledge, trial("a", rows, arms=arms), "Ashworth change")
    together = np.concatenate([low, high])
    assert found.value == pytest.approx(together.mean() - other.mean())
    assert found.variance == pytest.approx(together.var(ddof=1) / 80 + other.var(ddof=1) / 40)


@pytest.mark.parametrize("measure", ["difference", "ratio"])
def test_what_is_printed_the_other_way_round_is_turned(knowledge: Knowledge, measure: str) -> None:
    row = result("placebo", measure=measure, against="baclofen", value=2.0, low=1.0, high=4.0)
    found = only(knowledge, trial("a", [row]))
    want = (-2.0, -4.0, -1.0) if measure == "difference" else (0.5, 0.25, 1.0)
    assert (found.value, found.low, found.high) == pytest.approx(want)
    assert found.why_not == (None if measure == "difference" else "printed ratio")


def test_an_empty_cell_has_half_a_person_and_two_have_no_ratio(knowledge: Knowledge) -> None:
    one = only(knowledge, trial("a", [counted("baclofen", 3, 30), counted("placebo", 0, 30)]))
    assert one.value == pytest.approx(3.5 / 0.5) and one.why_not is None
    none = only(knowledge, trial("b", [counted("baclofen", 0, 30), counted("placebo", 0, 30)]))
    assert none.value is None and none.why_not == "no events" and none.apart is not None


def test_an_event_that_everybody_has_in_both_arms_still_scatters(knowledge: Knowledge) -> None:
    """A ratio of 1 without any spread would count for every other trial together, and a pool could not be reckoned."""
    everybody = trial("a", [counted("baclofen", 20, 20), counted("placebo", 25, 25)])
    one = only(knowledge, everybody)
    assert one.value == pytest.approx((20.5 / 21) / (25.5 / 26)) and one.variance is not None and one.variance > 0
    others = [trial(name, [counted("baclofen", 9, 20), counted("placebo", n, 20)]) for name, n in (("b", 6), ("c", 3))]
    found = contrasts(knowing(knowledge, everybody, *others), "any adverse event", "baclofen", PLACEBO)
    (pool,) = summary(found, "baclofen", PLACEBO).pools
    assert pool.low < pool.value < pool.high


COUNTS = [counted("baclofen", 14, 111), counted("placebo", 6, 109)]
MEAN = {"outcome": "any adverse event", "measure": "mean change"}


@pytest.mark.parametrize(
    ("why", "results", "more"),
    [
        ("pooled", COUNTS, {"design": "pooled"}),
        ("open", COUNTS, {"design": "open"}),
        ("open", COUNTS, {"design": "cohort"}),
        ("withdrawal", COUNTS, {"design": "withdrawal"}),
        ("crossover", COUNTS, {"design": "crossover"}),
        ("not randomised", COUNTS, {"randomised": False}),
        ("one arm", COUNTS[:1], {}),
        ("one arm", COUNTS[1:], {}),
        ("no spread", [result("baclofen", **MEAN, value=1.0), result("placebo", **MEAN, value=2.0)], {}),
        ("no spread", [result("baclofen", measure="difference", against="placebo", value=1.0, p="0.03")], {}),
        ("printed ratio", [result("baclofen", measure="ratio", against="placebo", value=1.0, low=0.5, high=2.0)], {}),
        ("assumed", [{**COUNTS[0], "verified": False, "derived": "assumed"}, COUNTS[1]], {}),
        ("assumed", COUNTS, {"verified": False, "note": "from memory"}),
        ("no events", [counted("baclofen", 0, 9), counted("placebo", 0, 9)], {}),
    ],
)
def test_why_a_number_stays_outside(knowledge: Knowledge, why: str, results: list[dict[str, Any]], more: dict[str, Any]) -> None:  # fmt: skip
    found = only(knowledge, trial("a", results, **more))
    assert found.why_not == why
    assert summary([found], "baclofen", PLACEBO).why_none == "no numbers"


def test_of_several_times_the_first_may_be_pooled(knowledge: Knowledge) -> None:
    rows = [{**row, "at": at} for at in ("1 week", "3 months") for row in COUNTS]
    found = contrasts(knowing(knowledge, trial("a", rows)), "any adverse event", "baclofen", PLACEBO)
    assert [(c.at, c.why_not) for c in found] == [("1 week", None), ("3 months", "other time")]


def test_nothing_is_found_of_treatments_that_nobody_compared(knowledge: Knowledge) -> None:
    assert contrasts(knowledge, "any adverse event", "baclofen", "nabiximols") == ()


# ---------------------------------------------------------------- pools


def many(count: int, **more: Any) -> list[Trial]:
    return [
        trial(f"t{i}", [counted("baclofen", 14 + 5 * i, 111), counted("placebo", 6 + i, 109)], **more)
        for i in range(count)
    ]


@pytest.mark.parametrize("count", [2, 3, 5])
def test_a_pool_is_that_of_the_pooling(knowledge: Knowledge, count: int) -> None:
    found = contrasts(knowing(knowledge, *many(count)), "any adverse event", "baclofen", PLACEBO)
    (pool,) = summary(found, "baclofen", PLACEBO).pools
    y = np.array([math.log(c.value) for c in found if c.value])
    made = pooled(y, np.diag([c.variance for c in found if c.variance]))
    assert pool.value == pytest.approx(math.exp(made.estimate[0]))
    assert (pool.low, pool.high) == pytest.approx(tuple(map(math.exp, made.interval())))
    assert (pool.prediction is None) == (count < 3)
    assert pool.common[1] < pool.common[0] < pool.common[2] and pool.trials == tuple(f"t{i}" for i in range(count))


def test_unlike_people_are_not_pooled(knowledge: Knowledge) -> None:
    one, other = many(2)
    other = msgspec.structs.replace(other, conditions=("back_pain",))
    found = contrasts(knowing(knowledge, one, other), "any adverse event", "baclofen", PLACEBO)
    assert summary(found, "baclofen", PLACEBO) == msgspec.structs.replace(
        summary(found, "baclofen", PLACEBO), pools=(), why_none="unlike"
    )


def test_a_trial_is_in_one_pool_alone(knowledge: Knowledge) -> None:
    trials = [*many(2, conditions=["stroke", "traumatic_brain_injury"])]
    found = contrasts(knowing(knowledge, *trials), "any adverse event", "baclofen", PLACEBO)
    assert len(summary(found, "baclofen", PLACEBO).pools) == 1


def test_one_trial_is_no_pool(knowledge: Knowledge) -> None:
    found = contrasts(knowing(knowledge, *many(1)), "any adverse event", "baclofen", PLACEBO)
    assert summary(found, "baclofen", PLACEBO).why_none == "one"


def test_without_the_library_nothing_is_pooled(knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch) -> None:
    found = contrasts(knowing(knowledge, *many(3)), "any adverse event", "baclofen", PLACEBO)
    monkeypatch.setitem(sys.modules, "scipy", None)
    made = summary(found, "baclofen", PLACEBO)
    assert made.pools == () and made.why_none == "no library"
    assert net(knowledge, "any adverse event", ["baclofen"]) is None


def arms(*names: str) -> dict[str, str]:
    return {name: name for name in names}


def test_a_network_is_pooled_where_it_has_more_contrasts_than_treatments(knowledge: Knowledge) -> None:
    def of(name: str, *counts: tuple[str, int]) -> Trial:
        return trial(name, [counted(a, n, 100) for a, n in counts], arms=arms(*(a for a, _ in counts)))

    loop = [
        of("a", ("baclofen", 20), ("placebo", 10)),
        of("b", ("tizanidine", 25), ("placebo", 11)),
        of("c", ("baclofen", 19), ("tizanidine", 26)),
    ]
    more = [of("d", ("baclofen", 22), ("placebo", 12)), of("e", ("tizanidine", 24), ("placebo", 12))]
    apart = [of("f", ("diazepam", 20), ("nabiximols", 10))]
    assert net(knowing(knowledge, *loop), "any adverse event", ["baclofen", "tizanidine"]) is None
    made = net(knowing(knowledge, *loop, *more, *apart), "any adverse event", ["baclofen", "tizanidine"])
    assert made is not None and made.reference == "placebo" and set(made.trials) == set("abcde")
    by = {e.agent: e for e in made.effects}
    assert set(by) == {"baclofen", "tizanidine"} and all(e.low < e.value < e.high and e.value > 1 for e in by.values())
    assert net(knowing(knowledge, *loop, *more, *apart), "any adverse event", ["diazepam", "baclofen"]) is None


# ---------------------------------------------------------------- what is known


def test_every_outcome_has_its_way_of_getting_better(knowledge: Knowledge) -> None:
    known = knowledge.words("evidence")["outcomes"]
    assert set(outcomes_of(knowledge.trials.values())) == set(known)
    assert all(k["better"] in BETTERS and k["title"] for k in known.values())
    harms = {o for o, harm in outcomes_of(knowledge.trials.values()).items() if harm}
    assert all(known[o]["better"] == "fewer" for o in harms)


def test_every_reason_has_its_words(knowledge: Knowledge) -> None:
    wanted = {*WHYS, "no numbers"}
    assert set(knowledge.words("evidence")["verdict"]["reasons"]) == wanted
    assert set(knowledge.words("compare")["evidence"]["why"]) == wanted


def test_baclofen_against_tizanidine_says_why_nothing_is_pooled(knowledge: Knowledge) -> None:
    found = evidence(["baclofen", "tizanidine"], knowledge)
    pair = found.pairs[0]
    assert (pair.agent, pair.against, pair.pooled) == ("baclofen", "tizanidine", ())
    assert pair.trials == sum(t.beside and not t.review for t in found.trials) >= 5
    assert "Nothing can be pooled honestly" in pair.verdict and "reviews" in pair.verdict
    assert not any(s.pools for o in found.outcomes for s in o.summaries if s.against == "tizanidine")


def test_sums_of_trials_are_never_pooled_with_them(knowledge: Knowledge) -> None:
    agents = sorted({a.agent for t in knowledge.trials.values() for a in t.arms if a.agent in knowledge.agents})
    pools = [p for o in evidence(agents, knowledge).outcomes for s in o.summaries for p in s.pools]
    assert pools
    for pool in pools:
        for name in pool.trials:
            known = knowledge.trials[name]
            assert known.randomised and known.design == "parallel" and known.verified


def test_the_pages_are_up_to_date() -> None:
    tool = ROOT / "tools" / "evidence.py"
    made = subprocess.run([sys.executable, tool, "--check"], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout
