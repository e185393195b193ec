"""How a rule's sentences are filled for one person: the amounts, the lists and the names in them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from conftest import TODAY
from relaxant.facts.column import Column
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.medicines.read import read_medicines
from relaxant.rules.wording import capital, column_of_slot, fact_text, fill, shown_agent_name

VALUES = load_knowledge().words("values")
AGENTS = ["baclofen", "tizanidine", "dantrolene", "diazepam", "clonazepam"]
PARTNERS = ["oxycodone", "morphine", "zolpidem", "ethanol", "tramadol"]


def facts_of(knowledge: Knowledge, **plain: Any) -> Facts:
    patient = read_patient({"as_of": "2026-11-22", "medicines": [], **plain}, knowledge, today=TODAY)
    return Facts(inputs_of([(patient, read_medicines(patient, knowledge))], knowledge), knowledge, patient.jurisdiction)


@pytest.mark.parametrize(
    ("low", "high", "unit", "said"),
    [
        (0.5, 40, "mg", "0.5 to 40 mg"),
        (0.5, math.inf, "mg", "at least 0.5 mg"),
        (0.5011, 0.5012, "mg", "0.501 mg"),
        (0, 0.0001, "mg", "at most 0.0001 mg"),
        (30, 40, "years", "30 to 40 years"),
        (-math.inf, 3, "years", "at most 3 years"),
        (3, math.inf, "years", "at least 3 years"),
        (0, 0, "days", "0 days"),
        (0.5, 0.5, "days", "0.5 days"),
        (0, 1, "days", "at most 1 day"),
        (72.456, 72.456, "1/min", "72.5 a minute"),
        (2, 2, "years", "2 years"),
        (1.99, 1.99, "years", "23 months"),
        (0.25, 0.25, "years", "3 months"),
    ],
)
def test_an_amount_is_said_as_far_as_it_is_known(low: float, high: float, unit: str, said: str) -> None:
    """A bound that is known is said, however small; one and the same number is not said twice."""
    assert fact_text(Column(np.array([low], float), np.array([high], float), unit), 0, VALUES) == said


LISTS = [
    "baclofen, tizanidine, dantrolene, diazepam and clonazepam with oxycodone, morphine, zolpidem, ethanol and tramadol",
    "baclofen, tizanidine, dantrolene and 2 more with oxycodone, morphine, zolpidem and 2 more",
    "baclofen, tizanidine and 3 more with oxycodone, morphine and 3 more",
    "baclofen and 4 more with oxycodone and 4 more",
    "baclofen with oxycodone and 4 more",
]


@pytest.mark.parametrize("cut", range(len(LISTS)))
def test_a_summary_that_is_too_long_names_fewer_and_says_how_many_more(cut: int, knowledge: Knowledge) -> None:
    """A card has a bounded width: what fits to the letter stays, and at last one agent speaks for all, its partners counted."""
    facts = facts_of(knowledge)

    def said(most: int | None) -> str:
        return fill("{agent} with {partners}", "baclofen", AGENTS, PARTNERS, facts, 0, most=most)

    assert said(len(LISTS[cut])) == capital(LISTS[cut])
    assert said(len(LISTS[cut]) - 1) == capital(LISTS[min(cut + 1, len(LISTS) - 1)])
    assert said(None) == capital(LISTS[0])


def test_many_conditions_against_an_agent_are_cut_like_its_partners(knowledge: Knowledge) -> None:
    """What the agent is not for is listed as far as the summary has room."""
    facts = facts_of(
        knowledge, conditions=["spinal cord injury", "traumatic brain injury", "multiple sclerosis", "cerebral palsy"]
    )
    lists = [
        "cerebral palsy, multiple sclerosis, spinal cord injury and traumatic brain injury",
        "cerebral palsy, multiple sclerosis, spinal cord injury and 1 more",
        "cerebral palsy, multiple sclerosis and 2 more",
        "cerebral palsy and 3 more",
    ]
    for wanted in lists:
        said = fill("not for {unsuited_for}", "cyclobenzaprine", AGENTS[:1], (), facts, 0, most=len(f"not for {wanted}"))  # fmt: skip
        assert said == f"Not for {wanted}"
    assert fill("not for {unsuited_for}", "cyclobenzaprine", AGENTS[:1], (), facts, 0, most=1) == f"Not for {lists[-1]}"


def test_a_slot_that_is_none_is_no_column_and_stays_as_it_is_written(knowledge: Knowledge) -> None:
    """The linter refuses a sentence by it; in a pack that nobody checked it shows, and no review fails over it."""
    slots = {
        "limit_daily": "baclofen:limit:daily", "limit_single_soft": "baclofen:limit:single_soft", "daily_dose": "baclofen:daily_dose",
        "egfr": "egfr", "limit_weekly": None, "kidneys": None, "agent": None,
    }  # fmt: skip
    assert {slot: column_of_slot(slot, "baclofen") for slot in slots} == slots
    text = "{kidneys} and {limit_weekly} of {agent}"
    assert fill(text, "baclofen", AGENTS[:1], (), facts_of(knowledge), 0) == "{kidneys} and {limit_weekly} of baclofen"


@pytest.mark.parametrize(("country", "name"), [("US", "dicyclomine"), ("UK", "dicycloverine")])
def test_an_agent_is_named_as_its_country_names_it(country: str, name: str, knowledge: Knowledge) -> None:
    assert shown_agent_name("dicycloverine", facts_of(knowledge, country=country)) == name


def test_a_unit_at_the_head_of_a_sentence_keeps_its_letters() -> None:
    """MEq or KPa would be another unit."""
    said = ("mEq of potassium", "kPa", "mL of it", "pH", "eGFR below 30", "taper it")
    assert [capital(text) for text in said] == [*said[:-1], "Taper it"]
