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


# ---------------------------------------------------------------- the weight of an order, and what a slip says


MOTHER = {"sex": "female", "age": "30", "weight": "88 kg", "height": "160 cm", "pregnant": True}


def test_an_order_in_pregnancy_is_held_against_actual_weight_alone() -> None:
    made = plan("rocuronium", **MOTHER, considering=["rocuronium 25 mg IV"])
    assert "less than the doses below: 39.6 to 52.8 mg" in line(made, "Order that is weighed").text
    assert "ideal weight" not in line(made, "Intubating dose").text


def test_an_order_in_obesity_is_held_against_the_chosen_weight_and_the_other_amounts_stand_beside() -> None:
    obese = {"sex": "female", "age": "58", "weight": "96 kg", "height": "165 cm"}
    made = plan("rocuronium", **obese, considering=["rocuronium 96 mg IV"], country="UK")
    assert "more than the doses below: 34.1 to 56.9 mg" in line(made, "Order that is weighed").text
    assert "actual weight (96 kg): 57.6 mg" in line(made, "Intubating dose").text


@pytest.mark.parametrize(
    ("agent", "said", "row", "advice"),
    [
        ("vecuronium", {"considering": ["vecuronium 80 mg IV"]}, "Order that is weighed", "Read unit"),
        ("cisatracurium", {"considering": ["cisatracurium infusion 30 micrograms/kg/min"]}, "Order that is weighed", "Read unit and pump again"),
        (
            "rocuronium",
            {
                "medicines": ["rocuronium 50 mg IV"],
                "considering": ["sugammadex 1600 mg IV"],
                "observations": [{"name": "train of four ratio", "value": "0.5", "date": DAY}],
            },
            "Order of sugammadex that is weighed",
            "Read unit",
        ),
    ],
)  # fmt: skip
def test_beside_a_slip_the_row_says_what_the_finding_says(
    agent: str, said: dict[str, object], row: str, advice: str
) -> None:
    own = line(plan(agent, **said), row).text
    assert "more than" in own and advice in own and "Say why" not in own


def test_a_tenfold_order_of_sugammadex_is_told_by_depth_and_not_lowered_to_the_emergencys() -> None:
    own = found(medicines=["rocuronium 50 mg IV"], considering=["sugammadex 1600 mg IV"])["block-slip-sugammadex"]
    assert own.tier == "CHANGE" and "2 mg/kg from the second twitch" in own.action


@pytest.mark.parametrize("agent", ["rocuronium", "vecuronium", "cisatracurium", "mivacurium", "atracurium"])
@pytest.mark.parametrize("rate", [60, 200])
def test_a_rate_is_said_as_on_the_pump(agent: str, rate: int) -> None:
    said = found(considering=[f"{agent} infusion {rate} micrograms/kg/min"])
    assert "mg/kg/day" not in said[f"block-rate-{agent}"].summary
