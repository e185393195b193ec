"""What a drug level in the patient file does to this person's curve and to the models' shares."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from relaxant import load_knowledge, read_patient, review
from relaxant.pharmacology.cards.course import GivenDose, course
from relaxant.pharmacology.cards.model import individual
from relaxant.predicted import ShownPrediction

TODAY = date(2026, 11, 25)
CARDS = load_knowledge().models
PERSON = """
sex: female
age: 50
weight: 70 kg
height: 165 cm
conditions: [multiple sclerosis]
allergies: []
dialysis: none
pregnant: false
labs: [{name: creatinine, value: 0.6 mg/dL, date: 2026-11-10}]
medicines: [MEDICINE]
"""
LINE = "baclofen 20 mg three times a day since 2024-01-05"


def _predicted(observations: str = "", line: str = LINE, considering: tuple[str, ...] = ()) -> ShownPrediction:
    text = PERSON.replace("MEDICINE", line) + (f"observations: [{observations}]\n" if observations else "")
    (found,) = review(read_patient(text.encode(), today=TODAY, considering=considering)).prediction
    return found


def _level(value: float, after: str | None, day: str = "2026-11-20", unit: str = "ng/mL") -> str:
    more = "" if after is None else f", after_dose: {after}"
    return f"{{name: baclofen level, value: {value:g} {unit}, date: {day}{more}}}"


def test_levels_above_what_was_expected_raise_the_curve_and_narrow_the_band() -> None:
    before = _predicted()
    after = _predicted(f"{_level(900, '2 h')}, {_level(610, '7.5 h')}")
    assert [level.used for level in after.levels] == [True, True]
    first, second = (p.scenarios[0].measures[0] for p in (before, after))
    assert second.median > 1.4 * first.median
    assert None not in (first.low, first.high, second.low, second.high)
    assert second.high / second.low < first.high / first.low  # type: ignore[operator]
    assert sum(m.weight for m in after.models) == pytest.approx(1)
    assert {m.weight for m in after.models if m.weight} != {m.weight for m in before.models if m.weight}


def test_levels_as_one_model_foresaw_them_weigh_it_above_the_model_that_did_not() -> None:
    card = CARDS["baclofen-oral-adult-chevillard-2018"]
    parameters = individual(card, {"kidney_function": 109.0})
    doses = [GivenDose(amount=20, every=8, count=3, steady=True)]
    one, two = course(card, parameters, doses, [1.0, 7.5])[:, 0].tolist()
    found = _predicted(f"{_level(one, '1 h')}, {_level(two, '7.5 h')}")
    weights = {m.model: m.weight for m in found.models}
    assert weights[card.model] > weights["baclofen-oral-adult-simon-2018"] > 0


def test_a_model_that_borrowed_its_scatter_says_from_which() -> None:
    plain, found = _predicted(), _predicted(_level(300, "2 h"))
    name = "baclofen-oral-adult-chevillard-2018"
    (before,), (after,) = ([m for m in p.models if m.model == name] for p in (plain, found))
    assert not any("was not published" in r for r in before.remarks)
    assert any("was not published" in r and "Kochak" in r for r in after.remarks)


def test_what_was_learned_holds_for_the_dose_that_is_weighed() -> None:
    found = _predicted(_level(900, "2 h"), considering=("baclofen 10 mg three times a day",))
    now, weighed = found.scenarios
    np.testing.assert_allclose(np.array(now.curves[0].bands), 2 * np.array(weighed.curves[0].bands), rtol=0.011)


def test_a_level_says_what_people_like_this_one_were_expected_to_have() -> None:
    plain, found = _predicted(), _predicted(_level(300, "2 h"))
    (level,) = found.levels
    curve = plain.scenarios[0].curves[0]
    at = curve.times.index(2.0)
    assert level.expected == pytest.approx(curve.bands[2][at], rel=0.02)
    assert level.low == pytest.approx(curve.bands[0][at], rel=0.05)
    assert level.high == pytest.approx(curve.bands[-1][at], rel=0.05)


def test_a_molar_level_is_the_same_level() -> None:
    mass = _predicted(_level(427.32, "2 h"))
    molar = _predicted(_level(2, "2 h", unit="umol/L"))
    assert molar.levels[0].value == pytest.approx(mass.levels[0].value, rel=1e-3)
    assert molar.scenarios[0].measures[0] == mass.scenarios[0].measures[0]


@pytest.mark.parametrize(
    ("observation", "line", "why"),
    [
        (_level(300, None), LINE, "how long after a dose"),
        (_level(300, "9 h"), LINE, "later after a dose than the next"),
        (_level(300, "2 h", day="2024-01-05"), LINE, "not been taken long enough"),
        (_level(300, "2 h"), "baclofen 10 mg morning and 20 mg at night", "not evenly spaced"),
    ],
)
def test_a_level_that_cannot_be_used_says_why_and_changes_nothing(observation: str, line: str, why: str) -> None:
    plain, found = _predicted(line=line), _predicted(observation, line)
    (level,) = found.levels
    assert not level.used and why in level.text
    assert found.scenarios == plain.scenarios
    assert [m.weight for m in found.models] == [m.weight for m in plain.models]
