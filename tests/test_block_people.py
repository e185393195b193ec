"""Who must be told something before a block: genes, weeks in intensive care, a caesarean section, sugammadex given before, orders that slip."""

from __future__ import annotations

import pytest

from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import load_knowledge
from relaxant.knowledge.phenotypes import phenotype_of
from relaxant.planning.plan import Plan
from relaxant.reviewing import review
from relaxant.rules.findings import Finding
from test_blockade import DAY, SOUND, TODAY, line, plan


def found(**said: object) -> dict[str, Finding]:
    """The findings for a sound man with what is said put in its place, by the rules that made them."""
    knowledge = load_knowledge()
    patient = read_patient({"as_of": DAY, **SOUND, **said}, knowledge, today=TODAY)
    return {
        rule: f for f in review(patient, knowledge=knowledge, predict=False, plan=False).findings for rule in f.rules
    }


# ---------------------------------------------------------------- genes


@pytest.mark.parametrize(
    ("gene", "said", "status"),
    [
        ("RYR1", "c.7300G>A", "altered"),
        ("RYR1", "RYR1 c.7300G>A heterozygous", "altered"),
        ("RYR1", "not normal", "altered"),
        ("RYR1", "Normal", "normal"),
        ("RYR1", "No pathogenic variant found", "normal"),
        ("RYR1", "VUS", "uncertain"),
        ("RYR1", "pending", None),
        ("BCHE", "heterozygous", "carrier"),
        ("BCHE", "compound heterozygous", "altered"),
        ("BCHE", "A/A", "altered"),
        ("BCHE", "U/A", "carrier"),
        ("CYP2C19", "*2/*2", "poor"),
        ("CYP2C19", "odd", None),
    ],
)
def test_a_result_of_a_gene_is_altered_unless_it_says_otherwise(gene: str, said: str, status: str | None) -> None:
    own = phenotype_of(gene, said, load_knowledge().pathways)
    assert (None if own is None else own.phenotype) == status


@pytest.mark.parametrize("genotype", [{"RYR1": "c.7300G>A"}, {"ryr1": "p.Gly2434Arg"}, {"BCHE": "A/A"}])
def test_an_altered_gene_is_a_danger_and_takes_every_dose_away(genotype: dict[str, str]) -> None:
    said = found(genotype=genotype, considering=["succinylcholine 100 mg IV"])
    assert "DANGER" in {f.tier for f in said.values()}
    made = plan("succinylcholine", genotype=genotype, considering=["succinylcholine 100 mg IV"])
    assert made.refused and not [one for one in made.reckoning if one.what.startswith("Intubating")]


def test_a_gene_that_was_not_tested_is_not_asked_for_before_a_plan() -> None:
    made = plan("succinylcholine", considering=["succinylcholine 100 mg IV"])
    assert made.refused is None and not made.needs_first
    assert line(made, "Intubating dose").value


# ---------------------------------------------------------------- slips of a unit


@pytest.mark.parametrize(
    ("agent", "order", "country", "value", "span"),
    [
        ("cisatracurium", "cisatracurium infusion 30 micrograms/kg/min", "US", 126, "4.2 to 12.6 mg/h"),
        ("rocuronium", "rocuronium infusion 6 mg/kg/h", "UK", 420, "21 to 42 mg/h"),
        ("vecuronium", "vecuronium 80 mg IV", "US", 80, "5.6 to 7 mg"),
    ],
)
def test_a_tenfold_order_is_a_danger_and_what_is_right_still_stands(
    agent: str, order: str, country: str, value: float, span: str
) -> None:
    assert any(f.tier == "DANGER" for f in found(considering=[order], country=country).values())
    made = plan(agent, considering=[order], country=country)
    own = line(made, "Order that is weighed")
    assert own.value == value and f"more than the doses below: {span}" in own.text
    assert made.refused is None and line(made, "Intubating dose").value


def test_a_bolus_and_a_rate_of_one_order_are_both_held_against_the_plan() -> None:
    made = plan("rocuronium", considering=["rocuronium 0.6 mg/kg then 0.3 mg/kg/h"], country="UK")
    bolus, rate = [one for one in made.reckoning if one.what == "Order that is weighed"]
    assert (bolus.value, bolus.unit, rate.value, rate.unit) == (42, "mg", 21, "mg/h")
    assert "lies within" in bolus.text and "lies within" in rate.text


def test_a_rate_above_the_one_for_a_weak_liver_is_said() -> None:
    made = plan("rocuronium", considering=["rocuronium infusion 0.6 mg/kg/h"], conditions=["cirrhosis"], country="UK")
    assert "more than the doses below: 21 to 28 mg/h" in line(made, "Order that is weighed").text


@pytest.mark.parametrize(
    ("order", "weight"),
    [
        ("rocuronium 0.6 mg/kg IV", None),
        ("rocuronium infusion 0.5 mg/kg/h", None),
        ("rocuronium 5 mL IV", "70 kg"),
        ("rocuronium IV", "70 kg"),
    ],
)
def test_an_order_without_an_amount_in_mg_is_never_guessed(order: str, weight: str | None) -> None:
    own = line(plan("rocuronium", considering=[order], weight=weight), "Order that is weighed")
    assert own.value is None and own.text == "It says no amount in mg to hold against the doses below."


def test_a_rate_in_mg_an_hour_is_held_against_the_plan_as_it_is() -> None:
    own = line(plan("rocuronium", considering=["rocuronium infusion 30 mg/h"], country="UK"), "Order that is weighed")
    assert (own.value, own.unit) == (30, "mg/h")
    assert "0.429 mg/kg/h" in own.text and "lies within the doses below: 21 to 42 mg/h" in own.text


# ---------------------------------------------------------------- a crisis of malignant hyperthermia


def crisis(**said: object) -> Plan:
    knowledge = load_knowledge()
    crisis_now = {"considering": ["dantrolene IV"], "conditions": ["malignant hyperthermia crisis"]}
    patient = read_patient({"as_of": DAY, **SOUND, **crisis_now, **said}, knowledge, today=TODAY)
    made = review(patient, knowledge=knowledge, predict=False).plan
    return next(p for p in made if p.kind == "crisis")


@pytest.mark.parametrize(
    ("country", "vials"),
    [
        ("US", {"vials of 20 mg": 10, "vials of 250 mg (Ryanodex)": 1}),
        ("UK", {"vials of 20 mg": 10, "vials of 120 mg (Agilus)": 2}),
    ],
)
def test_a_crisis_has_dose_vials_and_water_by_actual_weight(country: str, vials: dict[str, int]) -> None:
    made = crisis(weight="80 kg", country=country, conditions=["malignant hyperthermia crisis"])
    assert line(made, "First dose").value == 200 and line(made, "Repeat dose").value == 200
    found = {one.how: one for one in made.reckoning if one.what == "Vials for the first dose"}
    assert {how: one.value for how, one in found.items()} == vials
    assert found["vials of 20 mg"].text.startswith("600 mL of water")
    mark = line(made, "Sum at which the diagnosis is looked at again")
    assert mark.value == 800 and "40 vials of 20 mg" in mark.text and "go on beyond" in mark.text


def test_a_crisis_waits_for_nothing() -> None:
    made = crisis(weight=None, height=None, medicines=["verapamil 80 mg three times a day"])
    assert made.refused is None and not made.needs_first
    assert "estimate it" in line(made, "Actual weight").text
    first = line(made, "First dose")
    assert first.value is None and first.how == "2.5 mg/kg of the actual weight"
    assert any("verapamil" in told.text for told in made.first_do)


def test_what_was_given_of_the_antidote_is_said_by_weight() -> None:
    made = crisis(weight="80 kg", considering=[], medicines=["dantrolene 200 mg IV"])
    given = line(made, "Given already")
    assert given.value == 200 and "2.5 mg/kg" in given.text


# ---------------------------------------------------------------- after sugammadex, and with the block there already

REVERSED = {
    "medicines": ["rocuronium 90 mg IV", "sugammadex 200 mg IV"],
    "observations": [{"name": "train of four ratio", "value": "0.6", "date": DAY}],
}


def test_after_sugammadex_no_dose_of_the_same_blocker_stands() -> None:
    assert found(**REVERSED, considering=["rocuronium"])["block-after-sugammadex"].tier == "CHANGE"
    made = plan("rocuronium", medicines=["sugammadex 200 mg IV"], considering=["rocuronium"])
    shown = [one.what for one in made.reckoning]
    assert "Intubating dose" not in shown and not any("by a model" in what for what in shown)
    assert (
        "only after 4 hours" in line(made, "Usual doses").text
        and "only after 24 hours" in line(made, "Usual doses").text
    )


def test_what_was_given_in_full_is_waited_for_before_another_reversal() -> None:
    made = plan("rocuronium", **REVERSED)
    assert line(made, "Reversal with sugammadex, minimal block").value is None
    other = line(made, "Reversal with neostigmine, minimal block")
    assert other.value is None and "measure again" in other.text
    assert "Only for a block that had gone" in line(made, "sugammadex was given already").text


def test_a_first_dose_is_none_once_the_block_is_there_and_measured() -> None:
    count = [{"name": "train of four count", "value": "1", "date": DAY}]
    made = plan(
        "rocuronium", medicines=["rocuronium 50 mg IV"], observations=count, considering=["rocuronium 10 mg IV"]
    )
    shown = [one.what for one in made.reckoning]
    assert not any(what.startswith(("Intubating", "Rapid")) for what in shown)
    assert (
        line(made, "Repeat dose").value
        and "lies within the doses below: 7 to 14 mg" in line(made, "Order that is weighed").text
    )
    before = plan("rocuronium", medicines=["rocuronium 50 mg IV"])
    assert line(before, "Intubating dose").value


# ---------------------------------------------------------------- a reversal that is weighed

DEEP = [
    {"name": "train of four count", "value": "0", "date": DAY},
    {"name": "post-tetanic count", "value": "2", "date": DAY},
]
MINIMAL = [{"name": "train of four ratio", "value": "0.7", "date": DAY}]


@pytest.mark.parametrize(
    ("order", "weight", "seen", "said"),
    [
        ("sugammadex 200 mg IV", "110 kg", DEEP, "less than this depth takes, 440 mg"),
        ("sugammadex 440 mg IV", "110 kg", DEEP, "It fits this depth: 440 mg."),
        ("neostigmine 10 mg IV", "80 kg", MINIMAL, "more than this depth takes, 2.4 mg"),
        ("neostigmine 2.5 mg IV", "80 kg", MINIMAL, "It fits this depth: 2.4 mg."),
        ("neostigmine 2.5 mg IV", "80 kg", DEEP, "No amount of it stands at this depth"),
        ("sugammadex 200 mg IV", "80 kg", None, "The depth is not known"),
    ],
)
def test_a_reversal_that_is_weighed_is_held_against_the_depth(
    order: str, weight: str, seen: list[dict[str, str]] | None, said: str
) -> None:
    given = ["rocuronium 50 mg IV", "glycopyrrolate 1 mg IV"]
    made = plan("rocuronium", medicines=given, considering=[order], weight=weight, height="190 cm", observations=seen)
    assert said in line(made, f"Order of {order.split()[0]} that is weighed").text


@pytest.mark.parametrize("order", ["sugammadex IV", "sugammadex 2 mL IV"])
def test_a_reversal_without_an_amount_is_told_so(order: str) -> None:
    made = plan("rocuronium", medicines=["rocuronium 50 mg IV"], considering=[order], observations=DEEP)
    own = line(made, "Order of sugammadex that is weighed")
    assert own.value is None and "no amount in mg" in own.text
    assert line(made, "Reversal with sugammadex, deep block").value == 280


@pytest.mark.parametrize("country", ["US", "UK"])
def test_without_a_weight_no_reversal_has_an_amount(country: str) -> None:
    """Neostigmine's usual 2.5 mg is held below 0.04 mg/kg at this depth, which nobody can without the weight."""
    made = plan("rocuronium", medicines=["rocuronium 50 mg IV"], observations=MINIMAL, weight=None, country=country)
    assert "weight" in made.needs_first
    for agent in ("sugammadex", "neostigmine"):
        own = line(made, f"Reversal with {agent}, minimal block")
        assert own.value is None and "weight not known" in own.how


def test_too_little_sugammadex_is_a_finding() -> None:
    said = {"medicines": ["rocuronium 50 mg IV"], "weight": "110 kg", "height": "190 cm", "observations": DEEP}
    assert found(**said, considering=["sugammadex 200 mg IV"])["sugammadex-too-little"].tier == "CHANGE"
    assert "sugammadex-too-little" not in found(**said, considering=["sugammadex 440 mg IV"])


# ---------------------------------------------------------------- pregnancy

MOTHER = {"sex": "female", "age": "30", "weight": "90 kg", "height": "165 cm"}


@pytest.mark.parametrize(("country", "words"), [("US", "does not recommend it"), ("UK", "0.6 mg/kg")])
def test_in_pregnancy_rapid_sequence_is_at_most_the_studied_dose_by_actual_weight(country: str, words: str) -> None:
    made = plan("rocuronium", **MOTHER, pregnant=True, country=country)
    own = line(made, "Rapid sequence dose")
    assert own.value == 54 and words in own.text and "caesarean" in own.text
    assert line(made, "Weight for the doses").value == 90


def test_a_pregnancy_that_was_not_spoken_of_is_not_asked_for() -> None:
    made = plan("rocuronium", **MOTHER)
    assert not made.needs_first and line(made, "Weight for the doses").value == pytest.approx(56.9)
    assert "caesarean" in line(made, "Rapid sequence dose").text
    assert line(plan("rocuronium", **MOTHER, pregnant=False), "Rapid sequence dose").value == pytest.approx(68.3)


# ---------------------------------------------------------------- weeks in intensive care


@pytest.mark.parametrize(
    "said", ["ICU stay 4 weeks, ventilated", "ICU stay for 3 weeks", "ventilated in intensive care"]
)
def test_weeks_in_intensive_care_refuse_succinylcholine(said: str) -> None:
    assert (
        found(conditions=[said], considering=["suxamethonium 100 mg IV"])["succinylcholine-denervation"].tier
        == "DANGER"
    )
