"""A regimen made into a course, and an event table into predictions, by whichever way the card is computed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from relaxant.errors import InputError
from relaxant.knowledge.load import load_knowledge
from relaxant.pharmacology.cards.course import GivenDose, course
from relaxant.pharmacology.cards.model import individual
from relaxant.pharmacology.kinetics.alteration import Alteration
from relaxant.pharmacology.people.populations import bands
from relaxant.pharmacology.people.simulate import simulate, simulate_table

CARDS = load_knowledge().models
SIMON = CARDS["baclofen-oral-adult-simon-2018"]
PREGABALIN = CARDS["pregabalin-oral-adult-shoji-2011"]
KLEIJN = CARDS["rocuronium-kleijn-2011"]


def test_a_simulation_is_the_course_of_the_typical_person_and_the_bands_of_the_drawn() -> None:
    doses, times = [GivenDose(amount=20, every=8, count=3)], np.arange(0, 24.5, 0.5)
    made = simulate(SIMON, doses, times, covariates={"kidney_function": 40.0}, people=200, seed=3)
    typical = course(SIMON, individual(SIMON, {"kidney_function": 40.0}), doses, times)[:, 0]
    np.testing.assert_allclose(made.typical, typical, rtol=1e-12)
    drawn = bands(SIMON, {"kidney_function": 40.0}, doses, times, people=200, seed=3)
    np.testing.assert_allclose(made.bands, drawn.values, rtol=1e-12)
    assert (made.unit, made.time_unit, made.title) == ("ng/mL", "h", "baclofen in plasma")


def _table(covariate: str, values: tuple[float, float]) -> dict[str, list[object]]:
    return {
        "ID": ["a", "a", "a", "a", "b", "b", "b"], "TIME": [0, 2, 8, 10, 0, 1, 30], "EVID": [1, 0, 1, 0, 1, 0, 0],
        "AMT": [20, 0, 20, 0, 40, 0, 0], covariate: [values[0]] * 4 + [values[1]] * 3,
    }  # fmt: skip


def test_a_table_gets_a_prediction_at_each_observation() -> None:
    made = simulate_table(SIMON, _table("kidney_function", (30.0, 100.0)))
    assert list(made) == ["ID", "TIME", "EVID", "AMT", "kidney_function", "PRED"]
    assert np.isnan(made["PRED"][[0, 2, 4]]).all()
    weak = course(
        SIMON, individual(SIMON, {"kidney_function": 30.0}), [GivenDose(amount=20, every=8, count=2)], [2.0, 10.0]
    )[:, 0]
    sound = course(SIMON, individual(SIMON, {"kidney_function": 100.0}), [GivenDose(amount=40)], [1.0, 30.0])[:, 0]
    np.testing.assert_allclose(made["PRED"][[1, 3]], weak, rtol=1e-9)
    np.testing.assert_allclose(made["PRED"][[5, 6]], sound, rtol=1e-9)


def test_a_card_with_a_lag_or_an_effect_goes_along_its_own_course() -> None:
    kidney = next(r.on for r in PREGABALIN.relations if r.parameter.startswith("CL"))
    made = simulate_table(PREGABALIN, _table(kidney, (60.0, 90.0)))
    doses = [GivenDose(amount=20, every=8, count=2)]
    asked = {kidney: 60.0}
    alone = course(PREGABALIN, individual(PREGABALIN, asked), doses, [2.0, 10.0])[:, 0]
    np.testing.assert_allclose(made["PRED"][[1, 3]], alone, rtol=1e-9)
    relaxed = simulate_table(
        KLEIJN, {"ID": [1, 1, 1], "TIME": [0, 10, 60], "EVID": [1, 0, 0], "AMT": [70, 0, 0]}, output="tof_ratio"
    )
    by_hand = course(
        KLEIJN,
        individual(KLEIJN, {}),
        [GivenDose(amount=70, unit="umol", route="intravenous")],
        [10.0, 60.0],
        "tof_ratio",
    )
    np.testing.assert_allclose(relaxed["PRED"][1:], by_hand[:, 0], rtol=1e-8)


def test_someone_to_whom_nothing_was_given_is_at_the_baseline() -> None:
    table = {"ID": [1, 2, 2, 3], "TIME": [10.0, 0.0, 10.0, 0.0], "EVID": [0, 1, 0, 1], "AMT": [0, 70, 0, 70]}
    made = simulate_table(KLEIJN, table, output="tof_ratio")["PRED"]
    (effect,) = KLEIJN.effects
    baseline = next(p.value for p in KLEIJN.parameters if p.parameter == effect.baseline)
    assert made[0] == pytest.approx(baseline, rel=1e-12) and made[2] < 0.5 * baseline
    assert np.isnan(made[[1, 3]]).all()  # one dose and no look: nothing to predict
    assert simulate_table(KLEIJN, table, output="concentration")["PRED"][0] == 0.0
    assert simulate_table(KLEIJN, table, output="effect_site_concentration")["PRED"][0] == 0.0


def test_a_table_of_a_model_without_a_closed_form() -> None:
    child = CARDS["baclofen-oral-child-he-2014"]
    table = {"ID": [1, 1], "TIME": [0.0, 3.0], "EVID": [1, 0], "AMT": [10, 0], "WEIGHT": [20.0, 20.0]}
    alone = course(child, individual(child, {"weight": 20.0}), [GivenDose(amount=10)], [3.0])[0, 0]
    assert simulate_table(child, table)["PRED"][1] == pytest.approx(alone, rel=1e-9)


def test_a_table_without_evid_is_read_as_its_page_says_by_either_way() -> None:
    """A row with MDV 1 and no amount is no observation, whichever way the card is computed."""
    table = {"ID": [1, 1, 1], "TIME": [0.0, 1.0, 2.0], "AMT": [20.0, 0.0, 0.0], "MDV": [1, 1, 0]}
    for card in (SIMON, PREGABALIN):
        assert np.isnan(simulate_table(card, table)["PRED"]).tolist() == [True, True, False]


def test_a_covariate_that_changes_does_so_from_its_row_on() -> None:
    table = {
        "ID": [1] * 4,
        "TIME": [0, 7.9, 8, 24],
        "EVID": [1, 0, 2, 0],
        "AMT": [20, 0, 0, 0],
        "KIDNEY_FUNCTION": [100.0, 100.0, 20.0, 20.0],
    }
    changed = simulate_table(SIMON, table)["PRED"]
    same = simulate_table(SIMON, table | {"KIDNEY_FUNCTION": [100.0] * 4})["PRED"]
    assert changed[1] == pytest.approx(same[1], rel=1e-12)
    assert changed[3] > 2 * same[3]


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (
            lambda: simulate(SIMON, [GivenDose(amount=20)], [1.0], covariates={"bodyweight": 70.0}),
            "nothing in baclofen",
        ),
        (lambda: simulate(SIMON, [GivenDose(amount=20, route="rectal")], [1.0]), "no way in"),
        (lambda: simulate(SIMON, [GivenDose(amount=20)], [1.0], output="sleep"), "no such output"),
        (
            lambda: simulate(
                SIMON, [GivenDose(amount=20)], [1.0], covariates={"kidney_function": np.array([20.0, 90.0])}
            ),
            "simulate one person at a time",
        ),
        (
            lambda: simulate(
                SIMON, [GivenDose(amount=20)], [1.0], people=9, altered=[Alteration(start=0.0, ratios={"CL": 0.5})]
            ),
            "leave one of the two out",
        ),
        (lambda: simulate_table(SIMON, {"TIME": [0.0]}), "the column ID is missing"),
        (lambda: simulate_table(SIMON, {"ID": [1, 1], "TIME": [2.0, 1.0], "AMT": [20, 0]}), "TIME"),
        (lambda: simulate_table(KLEIJN, {"ID": [1], "TIME": [0.0], "AMT": [-5.0], "EVID": [1]}), "AMT"),
    ],
)
def test_what_cannot_be_simulated_says_why(what: object, said: str) -> None:
    with pytest.raises(InputError, match=said):
        what()  # type: ignore[operator]


# ---------------------------------------------------------------- the command


def _ran(*arguments: str) -> tuple[int, str, str]:
    made = subprocess.run(
        [sys.executable, "-m", "relaxant", "simulate", *arguments], capture_output=True, text=True, check=False
    )
    return made.returncode, made.stdout, made.stderr


def test_the_command_follows_a_regimen_in_words() -> None:
    status, out, _ = _ran(SIMON.model, "--dose", "20 mg three times a day", "--with", "kidney_function=40", "--until", "1 d", "--step", "2 h", "--format", "json")  # fmt: skip
    assert status == 0
    made = json.loads(out)
    by_hand = course(
        SIMON, individual(SIMON, {"kidney_function": 40.0}), [GivenDose(amount=20, every=8, count=4)], made["times"]
    )[:, 0]
    np.testing.assert_allclose(made["typical"], by_hand, rtol=1e-12)
    assert made["times"][-1] == 24.0 and made["bands"] == []


def test_the_command_draws_people_and_prints_their_spread() -> None:
    status, out, _ = _ran(KLEIJN.model, "--dose", "50 mg IV once", "--of", "tof_ratio", "--until", "90 min", "--step", "5 min", "--people", "100")  # fmt: skip
    assert status == 0
    assert "train-of-four" in out and "100 people" in out and "95%" in out


def test_the_command_predicts_beside_an_event_table(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("ID,TIME,EVID,AMT,kidney_function\n1,0,1,20,40\n1,4,0,.,40\n")
    status, out, _ = _ran(SIMON.model, "--events", str(table))
    assert status == 0
    *_, last = out.strip().splitlines()
    by_hand = course(SIMON, individual(SIMON, {"kidney_function": 40.0}), [GivenDose(amount=20)], [4.0])[0, 0]
    assert float(last.split(",")[-1]) == pytest.approx(by_hand, rel=1e-9)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("simon", "--dose", "20 mg tds"), "did you mean baclofen-oral-adult-simon-2018?"),
        ((SIMON.model,), "nothing to simulate"),
        ((SIMON.model, "--dose", "20 mg"), "no dose on a clock"),
        ((SIMON.model, "--dose", "20 mg tds", "--with", "weight=3"), "use kidney_function"),
        ((SIMON.model, "--dose", "20 mg tds", "--with", "kidney_function"), "a name and a value"),
        ((SIMON.model, "--dose", "20 mg tds", "--until", "3 mg"), "this is no time"),
        ((SIMON.model, "--dose", "20 mg tds", "--step", "0 h"), "no sensible number of times"),
        ((SIMON.model, "--dose", "20 mg tds", "--people", "x"), "is no count"),
        ((SIMON.model, "--dose", "20 mg IV once"), "has no way in"),
        ((SIMON.model, "--events", "nowhere.csv"), "no such file"),
        ((SIMON.model, "--events", "nowhere.csv", "--dose", "20 mg tds"), "an event table has its own"),
    ],
)
def test_a_command_that_cannot_be_run_says_why_in_one_line(arguments: tuple[str, ...], said: str) -> None:
    status, out, talk = _ran(*arguments)
    assert status == 2 and out == ""
    assert said in talk and len(talk.strip().splitlines()) == 1
