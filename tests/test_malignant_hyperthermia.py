"""Malignant hyperthermia: triggers beside a blocker, the crisis on record, and an order of dantrolene held against the weight."""

from __future__ import annotations

import pytest

from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import load_knowledge
from relaxant.planning.plan import Plan
from relaxant.report.review.view import view_of
from relaxant.reviewing import review
from test_block_people import found
from test_blockade import DAY, SOUND, TODAY, line, plan

# ---------------------------------------------------------------- a vapour beside a blocker


@pytest.mark.parametrize(
    ("said", "tier"),
    [
        ({"conditions": ["malignant hyperthermia susceptibility"]}, "DANGER"),
        ({"conditions": ["malignant hyperthermia in the family"]}, "DANGER"),
        ({"genotype": {"RYR1": "pathogenic variant"}}, "DANGER"),
        ({"genotype": {"CACNA1S": "variant of uncertain significance"}}, "CHANGE"),
        ({"genotype": {"RYR1": "normal", "CACNA1S": "normal"}}, "NOTE"),
        ({}, "NOTE"),
    ],
)
def test_a_vapour_beside_a_blocker_is_a_trigger_in_malignant_hyperthermia(said: dict[str, object], tier: str) -> None:
    own = found(**said, considering=["sevoflurane", "rocuronium 50 mg IV"])["block-volatile"]
    assert own.tier == tier
    assert ("usual dose" in own.action) == (tier == "NOTE")


def test_the_blocker_keeps_its_plan_beside_a_trigger() -> None:
    made = plan(
        "rocuronium", conditions=["mh susceptible"], medicines=["sevoflurane"], considering=["rocuronium 50 mg IV"]
    )
    assert made.refused is None and line(made, "Intubating dose").value


# ---------------------------------------------------------------- the crisis opens its page, the antidote alone another one


def pages(**said: object) -> list[Plan]:
    knowledge = load_knowledge()
    plain = {name: value for name, value in {"as_of": DAY, **SOUND, **said}.items() if value is not None}
    patient = read_patient(plain, knowledge, today=TODAY)
    return [p for p in review(patient, knowledge=knowledge, predict=False).plan if p.kind == "crisis"]


CRISIS = "malignant hyperthermia crisis"
CHILD = {"age": "4", "weight": "16 kg", "height": "100 cm"}


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ({"conditions": [CRISIS], "medicines": ["sevoflurane"]}, "Malignant hyperthermia crisis"),
        ({"conditions": [CRISIS], "medicines": ["succinylcholine 100 mg IV"]}, "Malignant hyperthermia crisis"),
        ({"conditions": [{"name": CRISIS, "since": "2026-11-21"}]}, "Malignant hyperthermia crisis"),
        ({"conditions": [CRISIS], "considering": ["dantrolene IV"]}, "Malignant hyperthermia crisis"),
        ({"conditions": ["mh susceptible"], "considering": ["dantrolene 200 mg IV"]}, "Dantrolene by vein"),
        ({"conditions": ["Maligne Hyperthermie"], "considering": ["dantrolene 200 mg IV"]}, "Dantrolene by vein"),
        ({"conditions": [{"name": CRISIS, "since": "2019-03-01"}], "considering": ["rocuronium 50 mg IV"]}, None),
        ({"conditions": ["mh susceptible"], "considering": ["rocuronium 50 mg IV"]}, None),
    ],
)
def test_a_page_opens_by_the_crisis_and_by_the_antidote(said: dict[str, object], title: str | None) -> None:
    assert [made.title.partition(":")[0].partition(", by")[0] for made in pages(**said)] == ([title] if title else [])


@pytest.mark.parametrize(("country", "before"), [("US", 175.0), ("UK", None)])
def test_without_a_crisis_the_page_says_what_labels_give_before_surgery(country: str, before: float | None) -> None:
    [made] = pages(conditions=["mh susceptible"], considering=["dantrolene 200 mg IV"], country=country)
    assert [one.value for one in made.reckoning if one.what == "Before surgery"] == ([before] if before else [])
    assert "If a crisis is there now" in made.first_do[0].text and "avoid every trigger" in made.first_do[1].text
    assert line(made, "First dose").value == 175
    [crisis] = pages(conditions=[CRISIS], considering=["dantrolene 200 mg IV"], country=country)
    assert not [one for one in crisis.reckoning if one.what == "Before surgery"]


@pytest.mark.parametrize(
    ("since", "tier"), [(None, "DANGER"), ("2026-11-22", "DANGER"), ("2026-11-20", "DANGER"), ("2019-03-01", "CHANGE")]
)
def test_a_crisis_on_record_is_a_danger_until_it_is_over(since: str | None, tier: str) -> None:
    said = found(conditions=[{"name": CRISIS, "since": since} if since else CRISIS], considering=["dantrolene IV"])
    assert said["malignant-hyperthermia-crisis"].tier == tier


# ---------------------------------------------------------------- an order of dantrolene


@pytest.mark.parametrize(
    ("said", "order", "tier", "verdict"),
    [
        (CHILD, "Ryanodex 250 mg IV", "DANGER", "more than the first dose below, 40 mg"),
        (CHILD, "dantrolene 16 mg IV", None, "less than the first dose below, 40 mg"),
        (CHILD, "dantrolene 12 mg IV", "CHANGE", "less than the first dose below, 40 mg"),
        (CHILD, "dantrolene 40 mg IV", None, "fits the first dose below, 40 mg"),
        ({"weight": "40 kg"}, "Ryanodex 250 mg IV", "CHANGE", "more than the first dose below, 100 mg"),
        ({"weight": "80 kg"}, "dantrolene 2000 mg IV", "DANGER", "more than the first dose below, 200 mg"),
        ({"weight": "80 kg"}, "dantrolene 240 mg IV", None, "fits the first dose below, 200 mg"),
        ({"weight": "140 kg"}, "Ryanodex 250 mg IV", None, "less than the first dose below, 350 mg"),
    ],
)
def test_an_order_of_dantrolene_is_held_against_the_weight(
    said: dict[str, object], order: str, tier: str | None, verdict: str
) -> None:
    told = {**said, "conditions": [CRISIS], "considering": [order]}
    own = {rule: f.tier for rule, f in found(**told).items() if rule.startswith("dantrolene-intravenous-too")}
    assert list(own.values()) == ([tier] if tier else [])
    [made] = pages(**told)
    assert verdict in line(made, "Order that is weighed").text


@pytest.mark.parametrize(("order", "said"), [("dantrolene 40 mg IV", (40, "mg")), ("dantrolene IV", (None, ""))])
def test_an_order_of_dantrolene_without_an_amount_has_no_unit(order: str, said: tuple[float | None, str]) -> None:
    [made] = pages(**CHILD, conditions=[CRISIS], considering=[order])
    own = line(made, "Order that is weighed")
    assert (own.value, own.unit) == said


def test_the_sum_at_which_the_diagnosis_is_looked_at_again_is_counted_in_vials() -> None:
    """10 mg/kg for 80 kg are 800 mg: 40 vials of 20 mg, each in 60 mL. It is no ceiling. Without a weight nothing is counted."""
    what = "Sum at which the diagnosis is looked at again"
    of_80_kg, unknown = (pages(weight=kg, conditions=[CRISIS])[0] for kg in ("80 kg", None))
    assert (line(of_80_kg, "Actual weight").value, line(of_80_kg, "Actual weight").unit) == (80, "kg")
    weighed, unweighed = line(of_80_kg, what), line(unknown, what)
    assert weighed.value == 800 and weighed.text.startswith("40 vials of 20 mg, 2400 mL of water in all. Look at")
    assert unweighed.value is None and unweighed.text.startswith("Look at the diagnosis again.")


def test_after_a_first_dose_an_order_is_held_against_a_repeat() -> None:
    [made] = pages(
        weight="80 kg", conditions=[CRISIS], medicines=["dantrolene 200 mg IV"], considering=["dantrolene 80 mg IV"]
    )
    assert "fits the repeat dose below, 200 mg" in line(made, "Order that is weighed").text


@pytest.mark.parametrize(
    ("said", "vial", "drawn"),
    [
        (CHILD, "vials of 250 mg (Ryanodex)", "Draw up 0.8 mL of the 5 mL (50 mg/mL)."),
        (CHILD, "vials of 20 mg", "Draw up all of it."),
        ({**CHILD, "country": "UK"}, "vials of 120 mg (Agilus)", "Draw up 7.55 mL of the 22.6 mL (5.3 mg/mL)."),
        ({"weight": "70 kg"}, "vials of 20 mg", "Draw up 525 mL of the 540 mL (0.333 mg/mL)."),
    ],
)
def test_what_is_drawn_up_stands_beside_the_vials(said: dict[str, object], vial: str, drawn: str) -> None:
    [made] = pages(**said, conditions=[CRISIS], considering=["dantrolene IV"])
    assert drawn in {one.how: one.text for one in made.reckoning}[vial]


def test_a_vapour_beside_dantrolene_by_vein_is_a_danger() -> None:
    own = found(conditions=[CRISIS], medicines=["sevoflurane"], considering=["dantrolene 200 mg IV"])
    assert own["dantrolene-intravenous-trigger"].tier == "DANGER"


def test_a_blocker_keeps_its_plan_in_a_crisis() -> None:
    made = plan("rocuronium", conditions=[CRISIS], considering=["rocuronium 50 mg IV"])
    assert made.refused is None and line(made, "Intubating dose").value


# ---------------------------------------------------------------- genes


@pytest.mark.parametrize(
    ("genotype", "tier", "why"),
    [
        ({"CACNA1S": "variant of uncertain significance"}, "CHANGE", "CACNA1S variant of uncertain meaning"),
        ({"RYR1": "VUS", "CACNA1S": "normal"}, "CHANGE", "RYR1 variant of uncertain meaning"),
        ({"RYR1": "c.7300G>A"}, "DANGER", "RYR1 altered"),
        ({"RYR1": "c.7300G>A", "CACNA1S": "VUS"}, "DANGER", "RYR1 altered"),
    ],
)
def test_an_uncertain_variant_is_no_danger_until_one_is_altered(genotype: dict[str, str], tier: str, why: str) -> None:
    said = {"genotype": genotype, "considering": ["succinylcholine 100 mg IV"]}
    own = found(**said)["succinylcholine-malignant-hyperthermia-gene"]
    assert own.tier == tier and why in {b.fact for b in own.because}
    assert ("altered" in own.summary) == (tier == "DANGER")
    made = plan("succinylcholine", genotype=genotype)
    assert (made.refused is None) == (tier != "DANGER")
    assert not any(one.what.startswith("Intubating") for one in made.reckoning)


def test_a_gene_that_is_no_enzymes_is_no_metaboliser() -> None:
    own = found(genotype={"BCHE": "U/A"}, considering=["succinylcholine 100 mg IV"])["cholinesterase-gene"]
    assert "BCHE: one altered copy" in {b.fact for b in own.because}


# ---------------------------------------------------------------- no trigger on the list


@pytest.mark.parametrize("agent", ["rocuronium", "vecuronium", "pancuronium", "atracurium", "cisatracurium", "mivacurium"])  # fmt: skip
def test_a_blocker_alone_says_what_the_susceptible_must_not_have(agent: str) -> None:
    own = found(conditions=["mh susceptible"], considering=[f"{agent} 10 mg IV"])["block-malignant-hyperthermia"]
    assert own.tier == "CHANGE" and "No vapour and no succinylcholine" in own.summary
    for part in ("trigger-free", "flushing", "charcoal", "dantrolene within reach"):
        assert part in own.action


def test_a_vapour_on_the_list_speaks_alone_and_a_medicine_that_is_not_read_hides_nothing() -> None:
    susceptible = {"conditions": ["mh susceptible"]}
    both = found(**susceptible, considering=["sevoflurane", "rocuronium 50 mg IV"])
    assert both["block-volatile"].tier == "DANGER" and both["block-volatile"] == both["block-malignant-hyperthermia"]
    unread = found(**susceptible, medicines=["Xyzzyqu 5 mg"], considering=["rocuronium 50 mg IV"])
    assert unread["block-malignant-hyperthermia"].tier == "CHANGE"
    assert plan("rocuronium", **susceptible, considering=["rocuronium 50 mg IV"]).refused is None


# ---------------------------------------------------------------- dantrolene given or not


@pytest.mark.parametrize("agent", ["succinylcholine 100 mg IV", "rocuronium 50 mg IV"])
@pytest.mark.parametrize("trigger", [[], ["desflurane inhaled"]])
def test_a_crisis_under_a_blocker_asks_for_the_first_dose(agent: str, trigger: list[str]) -> None:
    """A blocker that was given is no dantrolene that was given."""
    own = found(conditions=[CRISIS], medicines=[agent, *trigger], considering=[])
    crisis = own["malignant-hyperthermia-crisis"]
    assert "Go on" not in crisis.action and "dantrolene 2.5 mg/kg" in crisis.action and "Call for help" in crisis.action
    assert not any("at the first sign" in finding.action for finding in own.values())
    given = found(conditions=[CRISIS], medicines=[agent, *trigger, "dantrolene 200 mg IV"], considering=[])
    assert given["malignant-hyperthermia-crisis"].action.startswith("Go on with dantrolene")


# ---------------------------------------------------------------- a crisis in other words


@pytest.mark.parametrize(
    "words",
    [
        "Krise einer malignen Hyperthermie",
        "MH-Krise",
        "Maligne Hyperthermie, akut",
        "akute maligne Hyperthermie-Krise",
        "V.a. MH-Krise",
        "malignant hyperthermia, acute",
        "ongoing malignant hyperthermia",
        "suspected malignant hyperthermia crisis",
        "intraoperative malignant hyperthermia",
    ],
)
def test_a_crisis_has_many_names(words: str) -> None:
    [made] = pages(conditions=[words], considering=["Dantrolen 20 mg i.v."])
    assert made.title == "Malignant hyperthermia crisis: dantrolene by weight"


@pytest.mark.parametrize(
    ("said", "sure"),
    [
        ({"conditions": ["Krisis der malignen Hyperthermi"]}, False),
        ({"conditions": ["Qqxx"]}, False),
        ({"conditions": None}, False),
        ({"conditions": ["mh susceptible"]}, True),
        ({"conditions": []}, True),
    ],
)
def test_no_title_rules_a_crisis_out_while_a_condition_is_not_read(said: dict[str, object], sure: bool) -> None:
    [made] = pages(**said, considering=["dantrolene 200 mg IV"])
    assert ("no crisis is said" in made.title) == sure and ("not clear" in made.title) != sure


def test_what_is_not_understood_and_may_be_a_danger_stands_first() -> None:
    knowledge = load_knowledge()
    patient = read_patient({"as_of": DAY, **SOUND, "conditions": ["Krisis der malignen Hyperthermi"], "considering": ["rocuronium 50 mg IV", "Sevoflurann"]}, knowledge, today=TODAY)  # fmt: skip
    made = view_of(review(patient, knowledge=knowledge, predict=False), knowledge=knowledge)
    assert made.glance[0].startswith("1 condition not understood: “Krisis der malignen Hyperthermi” (did you mean")
    assert "wait for" in made.glance[1] and "“Sevoflurann”" in made.glance[1] and "the conditions" in made.glance[1]
    assert not any(said.startswith("Nothing fired") for said in made.nothing) and "DANGER" in made.nothing[0]
