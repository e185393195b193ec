"""Orders of a blocker that are weighed: infusions, intensive care, the weight that an order is held against, what is due after a reversal."""

from __future__ import annotations

import pytest

from test_block_people import found
from test_blockade import DAY, dosed, line, plan

# ---------------------------------------------------------------- infusions


@pytest.mark.parametrize(
    ("order", "country", "tier", "verdict"),
    [
        ("atracurium infusion 6 mg/kg/h", "UK", "DANGER", "more than the doses below: 21 to 42 mg/h"),
        ("atracurium infusion 50 micrograms/kg/min", "US", "DANGER", "more than the doses below: 21 to 37.8 mg/h"),
        ("atracurium infusion 35 micrograms/kg/min", "UK", "CHANGE", "more than the doses below: 21 to 42 mg/h"),
        ("atracurium infusion 0.5 mg/kg/h", "UK", None, "lies within the doses below: 21 to 42 mg/h"),
        ("atracurium infusion 7 micrograms/kg/min", "US", None, "lies within the doses below: 21 to 37.8 mg/h"),
    ],
)
def test_an_infusion_of_atracurium_is_held_against_labelled_rates(
    order: str, country: str, tier: str | None, verdict: str
) -> None:
    own = found(considering=[order], country=country).get("block-rate-atracurium")
    assert (own.tier if own else None) == tier
    assert verdict in line(plan("atracurium", considering=[order], country=country), "Order that is weighed").text


def test_a_vapour_lowers_the_infusion_of_atracurium_by_a_third() -> None:
    bare = dosed(plan("atracurium", country="US"), "Infusion")
    assert dosed(plan("atracurium", country="US", medicines=["sevoflurane"]), "Infusion") == pytest.approx(0.67 * bare, rel=0.01)  # fmt: skip


@pytest.mark.parametrize("said", ["ICU stay", "ARDS", "ventilated in intensive care"])
@pytest.mark.parametrize(
    ("order", "country", "span"),
    [
        ("cisatracurium infusion 8 micrograms/kg/min", "US", "2.1 to 42 mg/h"),
        ("cisatracurium infusion 8 micrograms/kg/min", "UK", "2.1 to 42 mg/h"),
        ("atracurium infusion 20 micrograms/kg/min", "US", "18.9 to 124 mg/h"),
        ("atracurium infusion 1 mg/kg/h", "UK", "16.8 to 84 mg/h"),
    ],
)
def test_in_intensive_care_an_infusion_is_held_against_what_people_needed_there(
    said: str, order: str, country: str, span: str
) -> None:
    agent = order.split()[0]
    own = line(plan(agent, considering=[order], country=country, conditions=[said]), "Order that is weighed").text
    assert f"lies within the doses below: {span}" in own
    outside = line(plan(agent, considering=[order], country=country), "Order that is weighed").text
    assert "more than the doses below" in outside


# ---------------------------------------------------------------- a longer block is expected


@pytest.mark.parametrize("country", ["US", "UK"])
@pytest.mark.parametrize(
    "said",
    [{"medicines": ["magnesium sulfate 1 g/h IV"]}, {"conditions": ["Duchenne muscular dystrophy"]}],
)
def test_a_rapid_sequence_dose_is_given_whole_where_a_longer_block_is_expected(
    said: dict[str, object], country: str
) -> None:
    made = plan("rocuronium", country=country, **said)
    own = line(made, "Rapid sequence dose")
    assert own.value == dosed(plan("rocuronium", country=country), "Rapid sequence dose")
    assert "whole at once" in own.text and "in parts, by" not in own.text
    assert "in parts" not in line(made, "Intubating dose").text
    assert "smaller and later repeats" in own.text


def test_a_repeat_without_a_smaller_amount_is_given_later_and_in_parts() -> None:
    made = plan("rocuronium", country="UK", medicines=["magnesium sulfate 1 g/h IV"])
    assert "later and in parts" in line(made, "Repeat dose").text


# ---------------------------------------------------------------- a block that comes after its reversal


def test_what_reversed_an_earlier_block_takes_nothing_off_the_next() -> None:
    made = plan("vecuronium", medicines=["sugammadex 200 mg IV"], considering=["vecuronium 8 mg IV"], weight="80 kg")
    amounts = {one.what: one.value for one in made.reckoning if one.what.startswith("Reversal with sugammadex")}
    assert amounts["Reversal with sugammadex, moderate block"] == 160
    assert amounts["Reversal with sugammadex, deep block"] == 320
    assert "came before the block" in line(made, "Reversal with sugammadex, deep block").text


def test_a_depth_that_was_measured_is_of_the_block_that_is_there() -> None:
    ratio = [{"name": "train of four ratio", "value": "0.6", "date": DAY}]
    made = plan(
        "rocuronium",
        medicines=["rocuronium 50 mg IV", "sugammadex 200 mg IV"],
        considering=["rocuronium 10 mg IV"],
        observations=ratio,
    )
    own = line(made, "Reversal with sugammadex, minimal block")
    assert own.value is None and "If the blocker was given after it, the whole is due" in own.text
