"""A way down for the liver: nothing leads back up, and what is come down to is given up to the repeat test."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from conftest import TODAY, reviewed
from relaxant.planning.plan import Plan

WOMAN: dict[str, Any] = {
    "as_of": TODAY.isoformat(), "country": "UK", "sex": "female", "age": 50, "weight": "60 kg", "height": "165 cm", "pregnant": False,
    "conditions": ["spinal cord injury"], "allergies": [], "dialysis": "none",
}  # fmt: skip
FOUR_TIMES = "dantrolene 100 mg four times a day since 2026-06-01"


def plan(alt: float | None, *lines: str, kind: str = "taper", **more: Any) -> Plan:
    labs = [] if alt is None else [{"name": "ALT", "value": f"{alt} U/L", "date": "2026-11-20"}]
    made = reviewed({**WOMAN, "labs": labs, "medicines": list(lines), **more})
    return next(p for p in made.plan if p.kind == kind and "dantrolene" in p.agents)


def test_a_raised_alt_lets_nothing_lead_back_up() -> None:
    made = plan(95, FOUR_TIMES)
    (gate,) = made.gates
    assert not gate.go_back and not gate.hold and gate.call
    (way,) = made.branches
    assert way.kind == "rescue" and "not once" in way.text and not way.steps
    assert all(step.back_to is None for step in made.steps)


def test_the_lower_dose_ends_with_the_repeat_test_of_the_week() -> None:
    made = plan(95, FOUR_TIMES)
    assert made.steps[-1].last == made.steps[0].first + timedelta(days=6)
    assert made.steps[-1].last is not None and made.steps[-1].last.isoformat() in made.first_do[0].text
    assert made.first_do[0].source.id == "dantrolene-warnings-us"
    assert max(s.until for s in made.supply) == made.steps[-1].last


def test_where_more_than_one_step_leads_down_the_last_still_ends_with_the_repeat_test() -> None:
    made = plan(95, FOUR_TIMES, considering=["dantrolene 25 mg once a day"])
    assert [(step.daily, step.days) for step in made.steps] == [(200, 3), (25, 4)]


@pytest.mark.parametrize("alt", [20, None])
def test_without_a_raised_value_the_step_back_stands_and_the_dose_goes_on(alt: float | None) -> None:
    made = plan(alt, FOUR_TIMES)
    assert any(b.kind == "rescue" and "go back once" in b.text for b in made.branches)
    assert made.gates[0].go_back and made.gates[0].hold
    assert made.steps[-1].last is None


def test_an_end_at_once_has_no_next_step() -> None:
    made = plan(180, FOUR_TIMES)
    assert not made.steps and not made.branches
    (gate,) = made.gates
    assert not (gate.go_on or gate.hold or gate.go_back) and gate.call


def test_a_stop_that_is_weighed_leads_only_down_too() -> None:
    made = plan(95, FOUR_TIMES, considering=[{"drug": "dantrolene", "change": "stop"}])
    assert made.last_dose is not None and made.last_dose > date.fromisoformat(WOMAN["as_of"])
    assert all(step.back_to is None and step.changed < 0 for step in made.steps)
    assert {b.kind for b in made.branches} == {"rescue"}


def test_liver_disease_without_a_value_sets_no_day() -> None:
    made = plan(20, FOUR_TIMES, conditions=["spinal cord injury", "cirrhosis"])
    assert not made.gates[0].go_back
    assert not any("measured again" in told.text for told in made.first_do)


def test_rule_and_plan_of_dantrolene_keep_one_pace() -> None:
    """Without a raised value half of it stands for as long as a step of the label's rise, and the rule says a week as well."""
    review = reviewed({**WOMAN, "labs": [{"name": "ALT", "value": "20 U/L", "date": "2026-11-20"}], "medicines": [FOUR_TIMES], "considering": [{"drug": "dantrolene", "change": "stop"}]})  # fmt: skip
    (made,) = (p for p in review.plan if p.kind == "taper")
    assert [(step.daily, step.days) for step in made.steps] == [(200, 7)]
    (finding,) = (f for f in review.findings if "dantrolene-liver-risk" in f.rules)
    assert "a week at each" in finding.action
    raised = plan(95, FOUR_TIMES, considering=[{"drug": "dantrolene", "change": "stop"}])
    assert [(step.daily, step.days) for step in raised.steps] == [(200, 3)]


def test_a_dose_of_dantrolene_that_is_weighed_is_not_lowered_but_kept_low() -> None:
    review = reviewed({**WOMAN, "medicines": ["dantrolene 25 mg once a day since 2026-11-20"], "considering": ["dantrolene 100 mg four times a day"]})  # fmt: skip
    (finding,) = (f for f in review.findings if "dantrolene-liver-risk" in f.rules)
    assert finding.tier == "CHANGE" and "Do not raise" in finding.action and "Lower" not in finding.action


@pytest.mark.parametrize("considering", [[], [{"drug": "dantrolene", "change": "stop"}]])
def test_up_to_the_repeat_test_nothing_speaks_of_a_next_step_or_a_new_start(considering: list[dict[str, str]]) -> None:
    made = plan(95, FOUR_TIMES, considering=considering)
    assert not any("next step" in told.text for gate in made.gates for told in gate.go_on)
    assert not any(gap.do == "retitrate" for gap in made.missed)
    assert any(gap.do == "call" for gap in made.missed)
    usual = plan(20, FOUR_TIMES, considering=considering)
    one_dose = [gap for gap in usual.missed if gap.do == "resume"]
    assert one_dose and [gap for gap in made.missed if gap.do == "resume"] == one_dose
    chosen = next(p for p in made.policies if p.chosen)
    assert "repeated" in chosen.text
