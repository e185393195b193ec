"""What a ward writes is read: twitches, the level of a cord lesion, a toxin without its product; and no name belongs to two conditions."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import msgspec
import numpy as np
import pytest

from conftest import reviewed
from relaxant.facts.column import Column
from relaxant.facts.conditions import condition_ids
from relaxant.facts.cord_level import level_within, place_of
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import Knowledge
from relaxant.linting.conditions import faults_of_conditions
from relaxant.medicines.read import read_medicines
from relaxant.patient import Stated
from relaxant.report.review.view import view_of
from relaxant.rules.wording import amount_text, fact_text

DAY = date(2026, 11, 22)
COUNT, RATIO = "train_of_four_count", "train_of_four_ratio"


@pytest.mark.parametrize(
    ("said", "name", "value"),
    [
        ("TOF 2/4", COUNT, 2),
        ("TOF 2 of 4", COUNT, 2),
        ("train-of-four: 3/4 on 2026-11-22", COUNT, 3),
        ({"name": "train of four", "value": "2 out of 4 twitches"}, COUNT, 2),
        ({"name": "TOF count", "value": "3/4"}, COUNT, 3),
        ({"name": "TOF", "value": "0/4"}, COUNT, 0),
        ({"name": "TOF", "value": 2}, COUNT, 2),
        ("TOF 0.9", RATIO, 0.9),
        ("train-of-four 90%", RATIO, 0.9),
        ("TOF ratio 0.4", RATIO, 0.4),
        ("TOF 1", "TOF", 1),
        ("BP 120/80", "systolic_blood_pressure", 120),
    ],
)
def test_a_train_of_four_is_read_as_people_write_it(said: Any, name: str, value: float, knowledge: Knowledge) -> None:
    patient = read_patient({"as_of": str(DAY), "observations": [said]}, knowledge, today=DAY)
    assert [(m.name, m.value) for m in patient.observations][:1] == [(name, value)]


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("SCI T10", ("spinal_cord_injury",)),
        ("T6 complete paraplegia", ("paraplegia", "spinal_cord_injury_t6_or_above")),
        ("C5/6 tetraplegia, AIS B", ("quadriplegia", "spinal_cord_injury_t6_or_above")),
        ("paraplegia T10-T12 ASIA A", ("paraplegia", "spinal_cord_injury")),
        ("incomplete SCI at C4 level", ("spinal_cord_injury", "spinal_cord_injury_t6_or_above")),
        ("spinal cord injury L1", ("spinal_cord_injury",)),
        ("spinal cord injury", ("spinal_cord_injury",)),
        ("spinal stenosis L4", ()),
        ("C13 sci", ()),
        ("vitamin D 3", ()),
    ],
)
def test_the_level_of_a_cord_lesion_is_read(said: str, names: tuple[str, ...], knowledge: Knowledge) -> None:
    assert condition_ids(Stated(name=said), knowledge) == names


def test_levels_count_from_the_top() -> None:
    places = [place_of(level) for level in ("C1", "C8", "T1", "Th6", "T12", "L1", "S5")]
    assert places == sorted(p for p in places if p is not None)
    assert place_of("C9") is None and place_of("T0") is None
    assert level_within("sci t10 t4") == (place_of("T4"), "sci")


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("degenerative cervical myelopathy", "degenerative_cervical_myelopathy"),
        ("post-stroke spasticity", "post_stroke_spasticity"),
        ("old myocardial infarction", "coronary_disease"),
        ("diabetic peripheral neuropathy", "neuropathic_pain"),
        ("gastrointestinal obstruction", "mechanical_bowel_obstruction"),
    ],
)
def test_a_name_that_stood_twice_belongs_to_one_condition(said: str, name: str, knowledge: Knowledge) -> None:
    assert condition_ids(Stated(name=said), knowledge) == (name,)


def test_lint_refuses_a_name_a_code_or_a_pump_name_that_two_conditions_have(knowledge: Knowledge) -> None:
    assert list(faults_of_conditions(knowledge)) == []
    epilepsy = knowledge.conditions["epilepsy"]

    def faults(**changed: Any) -> list[str]:
        conditions = {**knowledge.conditions, "epilepsy": msgspec.structs.replace(epilepsy, **changed)}
        return [what for _, what in faults_of_conditions(msgspec.structs.replace(knowledge, conditions=conditions))]

    assert any("has the name “asthma” too" in what for what in faults(names=("Asthma",)))
    assert any("has the code G35 too" in what for what in faults(icd10cm=("G35",)))
    assert any("has the name “asthma” too" in what for what in faults(pump_names=("asthma",)))
    assert any("is no level of the cord" in what for what in faults(down_to="T13"))


@pytest.mark.parametrize(
    ("said", "agents", "asks"),
    [
        ("botulinum toxin type B 5000 units", ("rimabotulinumtoxinB",), False),
        ("botulinum toxin type A (Dysport) 500 units", ("abobotulinumtoxinA",), False),
        ("botulinum toxin type A 300 units", (), True),
        ("botulinum neurotoxin type A 300 units", (), True),
    ],
)
def test_a_toxin_is_read_where_its_name_settles_the_product_and_else_asked_for(
    said: str, agents: tuple[str, ...], asks: bool, knowledge: Knowledge
) -> None:
    patient = read_patient({"as_of": str(DAY), "medicines": [said]}, knowledge, today=DAY)
    (medicine,) = read_medicines(patient, knowledge)
    assert medicine.agents == agents
    assert (medicine.why is not None and "write which" in medicine.why) is asks
    assert len(medicine.suggestions) == (3 if asks else 0)


def test_days_that_are_past_are_said_as_ago(knowledge: Knowledge) -> None:
    """A refill that was due 12 to 14 days ago was said to be due “at most 12 days ago”."""
    words = knowledge.words("values")
    assert [amount_text(points, "points", words) for points in (0, 1, 3)] == ["0 points", "1 point", "3 points"]

    def days(low: float, high: float) -> str:
        return fact_text(Column(np.array([low], float), np.array([high], float), "days"), 0, words)

    assert [days(n, n) for n in (-1, -9, 0, 1, 9)] == ["1 day ago", "9 days ago", "0 days", "1 day", "9 days"]
    assert days(-14, -12) == "12 to 14 days ago" and days(-math.inf, -12) == "at least 12 days ago"
    assert days(-3, 5) == days(0, 5) == "at most 5 days" and days(-1.5, -1.5) == "1.5 days ago"


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("acute low back pain with muscle spasm", {"back_pain", "musculoskeletal_pain"}),
        ("epilepsy due to stroke", {"epilepsy", "stroke"}),
        ("severe spasticity", {"spasticity"}),
        ("epilepsy, asthma and stroke", {"epilepsy", "asthma", "stroke"}),
        ("epilepsy with no seizures", set()),
        ("stroke and epilepsy excluded", set()),
        ("spasticity without stroke", set()),
    ],
)
def test_several_conditions_in_one_line(words: str, wanted: set[str], knowledge: Knowledge) -> None:
    """Read where every part is a whole name; what stands beside a name may undo it."""
    assert set(condition_ids(Stated(name=words), knowledge)) == wanted


def test_conditions_that_are_not_known_here_stand_at_the_top(knowledge: Knowledge) -> None:
    """To the rules they are not there: a reader hears of it first, and not at the end. What a record codes is not said again."""
    made = reviewed({"age": "7 months", "conditions": ["Schnackenburg sign", {"code": "L70.0", "system": "ICD-10-CM"}], "considering": ["succinylcholine 10 mg iv"]}, knowledge)  # fmt: skip
    assert made.unread_conditions == ("Schnackenburg sign",)
    view = view_of(made, knowledge=knowledge)
    assert view.glance[0] == "1 condition not known here, no rule was tested for it: Schnackenburg sign"
    assert "7 months" in view.person
