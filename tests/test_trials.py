"""Trials as data: what shipped is sound and says where it is from; the linter rejects what it must; the worked examples are whole."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import msgspec
import pytest

from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.knowledge.trials import Arm, Bias, Result, Trial
from relaxant.linting.trials import faults_of_trials

META = Path(__file__).parent / "data" / "meta"
KNOWN = load_knowledge()


def events(**changed: Any) -> Result:
    """A sound result of an arm, with something changed."""
    sound = {"outcome": "drowsiness", "measure": "events", "arm": "drug", "harm": True, "count": 3, "n": 20}
    return Result(**{**sound, "source": "smith-1994-tizanidine", "place": "abstract", **changed})


def trial(*results: Result, **changed: Any) -> Trial:
    """A sound trial, with something changed."""
    sound: dict[str, Any] = {
        "trial": "made-up", "title": "Made up", "year": 2020, "design": "parallel", "randomised": True, "blinded": "double",
        "conditions": ("stroke",), "population": "people after stroke", "n": 40, "weeks": 6.0,
        "arms": (Arm(arm="drug", agent="tizanidine", randomised=20), Arm(arm="placebo", agent="placebo", randomised=20)),
        "says": "Nothing came of it.", "bias": Bias(by="us"), "source": "smith-1994-tizanidine", "place": "abstract",
    }  # fmt: skip
    return Trial(**{**sound, "results": results, **changed})


def faults(*trials: Trial) -> list[str]:
    """What the linter says of these trials alone."""
    packed = msgspec.Raw(msgspec.msgpack.encode({t.trial: t for t in trials}))
    return [
        what for _, what in faults_of_trials(msgspec.structs.replace(KNOWN, trials_packed=packed, sha256=repr(trials)))
    ]


# ---------------------------------------------------------------- what shipped


def test_the_shipped_trials_are_sound() -> None:
    assert list(faults_of_trials(KNOWN)) == []
    assert len(KNOWN.trials) > 60


@pytest.mark.parametrize("known", KNOWN.trials.values(), ids=lambda t: t.trial)
def test_every_number_stands_on_a_source_that_was_opened(known: Trial) -> None:
    """A trial and each of its numbers name a source that somebody opened, and a judgement of bias names who judged."""
    for cited in (known, *known.results):
        source = KNOWN.sources[cited.source]
        assert source.seen != "not seen" and (source.url or source.doi or source.publisher)
        assert cited.place
    assert known.bias.by and known.bias.why


def test_a_share_that_was_printed_gives_the_count() -> None:
    """Where a count was reckoned from “44% of 98.”, it is that share to half a person."""
    seen = 0
    for known in KNOWN.trials.values():
        for result in known.results:
            words = (result.derived or "").split()
            if words[1:2] == ["of"] and words[0].endswith("%") and result.measure == "events":
                share, people = float(words[0][:-1]) / 100, int(words[2].strip(".,;"))
                assert result.n == people and result.count is not None
                assert abs(result.count - share * people) <= 0.5 + 0.005 * people
                seen += 1
    assert seen > 30


def test_a_spread_from_a_standard_error_is_right() -> None:
    elovic = {r.arm: r for r in KNOWN.trials["elovic-2016"].results if r.measure == "mean change"}
    assert elovic["incobotulinumtoxinA"].sd == pytest.approx(0.06 * math.sqrt(171), abs=5e-4)
    assert elovic["placebo"].sd == pytest.approx(0.08 * math.sqrt(88), abs=5e-4)


def test_a_spread_from_an_interval_gives_the_interval_back() -> None:
    """t quantiles of the tables for 54, 56 and 78 to 80 degrees of freedom."""
    quantile = {55: 2.0049, 57: 2.0032, 79: 1.9908, 80: 1.9905, 81: 1.9901}
    seen = 0
    for known in KNOWN.trials.values():
        for result in known.results:
            if result.measure == "mean change" and result.sd and result.low is not None:
                assert result.n is not None and result.high is not None
                half = quantile[result.n] * result.sd / math.sqrt(result.n)
                assert 2 * half == pytest.approx(result.high - result.low, abs=0.01)
                seen += 1
    assert seen == 9


def test_the_heads_that_others_pooled_are_no_trials_of_their_own() -> None:
    """Baclofen beside tizanidine: trials that can be shown and hardly one that can be pooled."""
    both = [t for t in KNOWN.trials.values() if {"baclofen", "tizanidine"} <= {a.agent for a in t.arms}]
    head = [t for t in both if t.design != "pooled" and "placebo" not in {a.agent for a in t.arms}]
    assert {t.trial for t in head} >= {"smolenski-1981", "stien-1987", "bass-1988", "hoogstraten-1988", "eyssette-1988"}
    assert [t.trial for t in head if t.results] == ["eyssette-1988"]
    assert not any(r.verified for t in head for r in t.results)


# ---------------------------------------------------------------- what the linter rejects


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (trial(conditions=("hiccups",)), "no condition"),
        (trial(conditions=()), "has a condition"),
        (trial(arms=()), "has arms"),
        (trial(n=30), "add up to 40"),
        (trial(year=2999), "still to come"),
        (trial(weeks=0.0), "longer than nothing"),
        (trial(says=" "), "what came of it"),
        (trial(verified=False), "no note says"),
        (trial(says="Start with 5.0 mg."), "trailing zeros"),
        (trial(arms=(Arm(arm="a", agent="placebo"), Arm(arm="a", agent="placebo"))), "two arms are called"),
        (trial(arms=(Arm(arm="a", agent="Zanaflex"),)), "there is tizanidine"),
        (trial(arms=(Arm(arm="a", agent="placebo", randomised=0),)), "nobody is in the arm"),
        (trial(events(arm="third")), "no arm “third”"),
        (trial(events(count=21)), "21 of 20 cannot be"),
        (trial(events(count=None)), "a count and of how many"),
        (trial(events(value=1.0)), "events have no value"),
        (trial(events(verified=False)), "what was not seen"),
        (trial(events(measure="mean change", count=None, n=None, value=-1.0)), "neither sd nor interval"),
        (trial(events(measure="mean change", count=None, n=None, value=-1.0, sd=0.5)), "of so many people"),
        (trial(events(measure="mean change", count=None, value=-1.0, sd=0.5, against="placebo")), "in one arm"),
        (trial(events(measure="difference", count=None, value=-1.0)), "between arm and against"),
        (trial(events(measure="difference", count=None, value=-1.0, against="placebo")), "an interval or p"),
        (trial(events(measure="difference", count=None, value=-1.0, against="placebo", low=-2.0)), "two ends"),
        (trial(events(measure="difference", count=None, value=-1.0, against="placebo", low=0.0, high=1.0)), "in order"),
        (trial(events(measure="ratio", count=None, value=0.5, against="placebo", low=0.0, high=1.0)), "above nought"),
        (trial(events(measure="ratio", count=None, value=0.5, against="drug", low=0.1, high=1.0)), "with itself"),
        (trial(events(), events(harm=False, arm="placebo")), "is a harm here or in"),
        (trial(events(), events(outcome="Drowsiness", arm="placebo")), "is written “drowsiness”"),
        (trial(events(), events(scale="nrs", arm="placebo")), "on another scale"),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)  # fmt: skip
def test_the_linter_rejects(wrong: Trial, says: str) -> None:
    assert any(says in what for what in faults(wrong)), faults(wrong)


def test_the_linter_accepts_a_sound_trial() -> None:
    assert faults(trial(events(), events(arm="placebo", count=0))) == []
    free = Arm(arm="other", agent="oxycodone with paracetamol")
    assert faults(trial(arms=(free, Arm(arm="none", agent="no treatment")))) == []


def test_knowledge_holds_trials_packed() -> None:
    assert isinstance(KNOWN, Knowledge)
    assert KNOWN.trials is KNOWN.trials  # decoded once


# ---------------------------------------------------------------- worked examples


def rows(name: str) -> list[dict[str, str]]:
    with (META / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_bcg_data_give_the_printed_effects() -> None:
    """Log risk ratios of the first and last trial, -0.8893 (0.3256) and -0.0173 (0.0714), as metafor's documentation prints them."""

    def effect(row: dict[str, str]) -> tuple[float, float]:
        a, n, c, m = (float(row[k]) for k in ("vaccinated_cases", "vaccinated_n", "control_cases", "control_n"))
        return math.log(a / n / (c / m)), 1 / a - 1 / n + 1 / c - 1 / m

    data = rows("bcg.csv")
    assert len(data) == 13
    assert effect(data[0]) == pytest.approx((-0.8893, 0.3256), abs=5e-5)
    assert effect(data[-1]) == pytest.approx((-0.0173, 0.0714), abs=5e-5)
    pooled = [effect(row) for row in data]
    weights = [1 / v for _, v in pooled]
    mean = sum(w * y for w, (y, _) in zip(weights, pooled, strict=True)) / sum(weights)
    q = sum(w * (y - mean) ** 2 for w, (y, _) in zip(weights, pooled, strict=True))
    known = {(r["method"], r["test"], r["quantity"]): float(r["value"]) for r in rows("bcg-results.csv") if r["measure"] == "log RR"}  # fmt: skip
    assert known["EE", "z", "estimate"] == pytest.approx(mean, rel=1e-12)
    assert known["REML", "z", "Q"] == pytest.approx(q, rel=1e-12)
    assert known["REML", "z", "estimate"] == pytest.approx(-0.7145, abs=5e-5)
    assert known["REML", "z", "tau2"] == pytest.approx(0.3132, abs=5e-5)
    assert (known["REML", "z", "tau2_low"], known["REML", "z", "tau2_high"]) == pytest.approx((0.1197, 1.1115), abs=5e-5)  # fmt: skip
    assert math.exp(known["REML", "z", "prediction_high"]) == pytest.approx(1.5490, abs=5e-5)


def test_the_networks_agree_with_what_is_printed() -> None:
    diabetes = {(r["model"], r["treatment"], r["quantity"]): float(r["value"]) for r in rows("diabetes-results.csv")}
    assert len(rows("diabetes.csv")) == 53
    assert diabetes["common effect", "", "Q"] == pytest.approx(96.9841, abs=5e-5)
    assert diabetes["common effect", "rosiglitazone", "estimate"] == pytest.approx(-1.2019, abs=5e-5)
    assert diabetes["random effects REML", "rosiglitazone", "se"] == pytest.approx(0.1235, abs=5e-5)
    assert diabetes["random effects REML", "", "tau2"] == pytest.approx(0.0999, abs=5e-5)
    smoking = {
        (r["model"], r["treatment"], r["quantity"]): float(r["value"])
        for r in rows("smoking-results.csv")
        if r["data"] == "half added to every cell"
    }
    assert len(rows("smoking.csv")) == 50
    assert smoking["common effect", "", "Q"] == pytest.approx(202.3334, abs=5e-5)
    assert smoking["random effects REML", "", "tau2"] == pytest.approx(0.4324, abs=5e-5)
    assert smoking["random effects REML", "grp_counseling", "estimate"] == pytest.approx(0.8438, abs=5e-5)
