"""Pooling against published worked examples, to six digits: one comparison (BCG), networks with trials of three arms (diabetes, smoking)."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relaxant.errors import InputError
from relaxant.evidence.contrasts import Group, Network, log_odds, log_risk, network
from relaxant.evidence.pooling import Method, pooled

DATA = Path(__file__).parent / "data" / "meta"
SIX = 5e-7
MEASURES = {"log RR": log_risk, "log OR": log_odds}


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


BCG = {
    tuple(r[k] for k in ("measure", "method", "test", "quantity")): float(r["value"]) for r in rows("bcg-results.csv")
}


def bcg(measure: str) -> tuple[np.ndarray, np.ndarray]:
    of = MEASURES[measure]
    pairs = [(of(float(r["vaccinated_cases"]), float(r["vaccinated_n"])), of(float(r["control_cases"]), float(r["control_n"]))) for r in rows("bcg.csv")]  # fmt: skip
    return np.array([a[0] - b[0] for a, b in pairs]), np.diag([a[1] + b[1] for a, b in pairs])


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(("method", "theirs"), [("common", "EE"), ("REML", "REML"), ("PM", "PM")])
def test_one_comparison(measure: str, method: Method, theirs: str) -> None:
    y, V = bcg(measure)  # noqa: N806
    made = pooled(y, V, method=method, adjusted=False)
    expected = {q: v for (m, t, z, q), v in BCG.items() if (m, t, z) == (measure, theirs, "z")}
    got = {
        "estimate": float(made.estimate[0]), "se": math.sqrt(made.covariance[0, 0]), "low": made.interval()[0], "high": made.interval()[1],
        "tau2": made.tau2, "I2": 100 * made.i2, "Q": made.q,
    }  # fmt: skip
    if method != "common":
        low, high = made.prediction() or (math.nan, math.nan)
        got |= {"prediction_low": low, "prediction_high": high}
    for quantity, value in got.items():
        assert value == pytest.approx(expected[quantity], rel=SIX, abs=SIX), quantity


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("method", ["REML", "PM"])
def test_hartung_and_knapp(measure: str, method: Method) -> None:
    """Never narrower than without it, as the variant with a factor of at least 1 has it."""
    made = pooled(*bcg(measure), method=method)
    expected = {q: v for (m, t, z, q), v in BCG.items() if (m, t, z) == (measure, method, "adhoc")}
    low, high = made.prediction() or (math.nan, math.nan)
    got = (math.sqrt(made.covariance[0, 0]), *made.interval(), low, high)
    names = ("se", "low", "high", "prediction_low", "prediction_high")
    assert got == pytest.approx([expected[n] for n in names], rel=SIX, abs=SIX)


def diabetes() -> Network:
    trials: dict[str, list[Group]] = {}
    for r in rows("diabetes.csv"):
        variance = float(r["sd"]) ** 2 / float(r["n"])
        trials.setdefault(r["study"], []).append(
            Group(treatment=r["treatment"], value=float(r["mean"]), variance=variance)
        )
    return network(list(trials.values()), "placebo")


def smoking(everywhere: bool) -> Network:
    trials: dict[str, list[tuple[str, float, float]]] = {}
    for r in rows("smoking.csv"):
        trials.setdefault(r["study"], []).append((r["treatment"], float(r["quit"]), float(r["n"])))

    def groups(arms: list[tuple[str, float, float]]) -> Iterator[Group]:
        add = 0.5 if everywhere or any(quit_ in (0, n) for _, quit_, n in arms) else 0.0
        for name, quit_, n in arms:
            value, variance = log_odds(quit_, n, add=add)
            yield Group(treatment=name, value=value, variance=variance)

    return network([list(groups(arms)) for arms in trials.values()], "no_contact")


NETWORKS = [
    ("diabetes-results.csv", "mean difference to placebo", diabetes),
    ("smoking-results.csv", "half added to every cell", lambda: smoking(True)),
    ("smoking-results.csv", "half added where a study has an empty cell", lambda: smoking(False)),
]


@pytest.mark.parametrize("method", ["common", "REML"])
@pytest.mark.parametrize(("file", "data", "make"), NETWORKS)
def test_networks(file: str, data: str, make: object, method: Method) -> None:
    known = make()  # type: ignore[operator]
    made = pooled(known.y, known.V, known.X, known.R, method=method, adjusted=False)
    expected = {(r["treatment"], r["quantity"]): float(r["value"]) for r in rows(file) if r["data"] == data and (method == "common") == r["model"].startswith("common")}  # fmt: skip
    assert expected
    for i, treatment in enumerate(known.treatments):
        low, high = made.interval(i)
        got = (float(made.estimate[i]), math.sqrt(made.covariance[i, i]), low, high)
        assert got == pytest.approx(
            [expected[treatment, q] for q in ("estimate", "se", "low", "high")], rel=SIX, abs=SIX
        )


@given(st.lists(st.tuples(st.floats(-2, 2), st.floats(0.01, 2)), min_size=3, max_size=12))
def test_pooling_lies_within_the_trials_and_its_interval_is_no_narrower_for_the_spread(
    found: list[tuple[float, float]],
) -> None:
    y, V = np.array([f[0] for f in found]), np.diag([f[1] for f in found])  # noqa: N806
    for method in ("REML", "PM"):
        made = pooled(y, V, method=method)  # type: ignore[arg-type]
        assert y.min() - 1e-9 <= made.estimate[0] <= y.max() + 1e-9
        low, high = made.interval()
        common = pooled(y, V, method="common").interval()
        assert high - low >= (common[1] - common[0]) * (1 - 1e-9)
        wide = made.prediction()
        assert wide is not None and wide[0] <= low and wide[1] >= high
        assert 0 <= made.i2 < 1


def test_what_cannot_be_pooled_says_why() -> None:
    with pytest.raises(InputError, match="give more trials"):
        pooled(np.array([0.1]), np.eye(1))
    apart = network([[Group(treatment=t, value=0.0, variance=1.0) for t in pair] for pair in (("a", "b"), ("c", "d"), ("c", "d"), ("a", "b"), ("a", "b"))], "a")  # fmt: skip
    with pytest.raises(InputError, match="not joined"):
        pooled(apart.y, apart.V, apart.X, apart.R)
    with pytest.raises(InputError, match="add a half"):
        log_odds(0, 20)
    with pytest.raises(InputError, match="two treatments or more"):
        network([[Group(treatment="a", value=0.0, variance=1.0)]], "a")
