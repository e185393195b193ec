"""What a column of a diary may be: units, brands, other medicines, scores at visits, parts that were left blank."""

from __future__ import annotations

from datetime import date

import pytest

from relaxant.diary import Diary
from relaxant.errors import InputError
from relaxant.io.diary_csv import read_diary
from relaxant.knowledge.load import Knowledge

TODAY = date(2026, 11, 26)


def read(text: str, knowledge: Knowledge) -> Diary:
    return read_diary(text.encode(), knowledge, today=TODAY)


@pytest.mark.parametrize("column", ["botulinum_units", "botulinum toxin_units", "bont-a units", "botulinum toxin a"])
def test_units_of_a_toxin_ask_which_product(knowledge: Knowledge, column: str) -> None:
    with pytest.raises(InputError) as raised:
        read(f"date,{column},nrs\n2026-11-01,300,5\n", knowledge)
    said = str(raised.value)
    assert "not interchangeable" in said and "onabotulinumtoxinA_units" in said and "abobotulinumtoxinA_units" in said


@pytest.mark.parametrize(
    ("column", "write"),
    [("baclofen", "baclofen_mg"), ("Lioresal", "baclofen_mg"), ("botox", "onabotulinumtoxinA_units")],
)
def test_a_relaxant_without_its_unit_is_refused_and_says_what_to_write(
    knowledge: Knowledge, column: str, write: str
) -> None:
    with pytest.raises(InputError) as raised:
        read(f"date,{column},nrs\n2026-11-01,10 mg three times a day,5\n", knowledge)
    assert "needs its unit" in str(raised.value) and f"rename it {write}" in str(raised.value)


@pytest.mark.parametrize(
    ("column", "agent", "unit"),
    [
        ("lioresal_mg", "baclofen", "mg"),
        ("zanaflex_mg", "tizanidine", "mg"),
        ("Valium mg", "diazepam", "mg"),
        ("gablofen_mcg", "baclofen intrathecal", "micrograms"),
        ("dysport_units", "abobotulinumtoxinA", "units"),
    ],
)
def test_a_brand_is_its_agent(knowledge: Knowledge, column: str, agent: str, unit: str) -> None:
    own = read(f"date,{column},nrs\n2026-11-01,5,5\n", knowledge)
    assert own.units == {agent: unit} and own.entries[0].doses == {agent: 5.0}


def test_another_medicine_is_shown_and_not_followed(knowledge: Knowledge) -> None:
    own = read("date,baclofen_mg,paracetamol_mg,nrs\n2026-11-01,5,1000,5\n2026-11-02,5,two tablets,5\n", knowledge)
    assert own.units == {"baclofen": "mg"} and own.others == {"paracetamol": "mg"}
    assert [e.others for e in own.entries] == [{"paracetamol": 1000.0}, {}]
    assert any("no relaxant" in s and "paracetamol" in s for s in own.notices)
    assert any("1 cell" in s for s in own.notices)
    with pytest.raises(InputError, match="no medicine is called that"):
        read("date,paracetamoool_mg,nrs\n2026-11-01,5,5\n", knowledge)


def test_scores_at_visits_are_read_from_columns(knowledge: Knowledge) -> None:
    own = read("date,baclofen_mg,barthel,MAS left elbow,gas\n2026-11-01,0,60,2,-1\n2026-11-20,30,80,1+,1\n", knowledge)
    assert own.scales == () and [(v.scale, v.site, v.said) for v in own.visits] == [
        ("barthel-100", None, "60"),
        ("modified-ashworth", "left elbow", "2"),
        ("goal-attainment", None, "-1"),
        ("barthel-100", None, "80"),
        ("modified-ashworth", "left elbow", "1+"),
        ("goal-attainment", None, "1"),
    ]
    assert sum("scored at visits" in s for s in own.notices) == 3


def test_a_site_that_is_not_named_is_said(knowledge: Knowledge) -> None:
    own = read("date,baclofen_mg,ashworth,nrs\n2026-11-01,0,2,5\n", knowledge)
    assert own.visits[0].site is None and any("ashworth left elbow flexors" in s for s in own.notices)


def test_a_score_at_a_visit_that_cannot_be_used_refuses_nothing(knowledge: Knowledge) -> None:
    own = read(
        "date,baclofen_mg,barthel,nrs\n2026-11-01,0,62,5\n2026-11-02,0,62,5\n2026-11-03,0,65,5\n2026-11-04,0,x,5\n",
        knowledge,
    )
    assert [v.said for v in own.visits] == ["65"] and len(own.unread) == 2
    assert "“62”" in own.unread[0] and "2 lines" in own.unread[0] and "line 5" in own.unread[1]


def test_every_scale_has_a_column(knowledge: Knowledge) -> None:
    for scale in knowledge.responses.scales.values():
        site = " left arm" if scale.sided else ""
        value = scale.levels[0].said if scale.levels else f"{scale.low:g}"
        for name in filter(None, (scale.column, f"{scale.scale}{site}")):
            own = read(f"date,baclofen_mg,{name}\n2026-11-01,5,{value}\n", knowledge)
            assert {*own.scales, *(v.scale for v in own.visits)} == {scale.scale}, name


def test_a_blank_part_of_a_day_is_not_nothing(knowledge: Knowledge) -> None:
    rows = ["2026-11-01,morning,10,3", "2026-11-01,evening,20,3", "2026-11-02,morning,10,3", "2026-11-02,evening,,3"]
    own = read("date,part,baclofen_mg,spasms\n" + "\n".join(rows) + "\n", knowledge)
    assert [e.doses["baclofen"] for e in own.entries] == [10.0, 20.0, 10.0, 20.0]
    assert any("1 day a part" in s for s in own.notices)


def test_a_part_in_which_nothing_is_ever_taken_stays_blank(knowledge: Knowledge) -> None:
    own = read("date,part,baclofen_mg,spasms\n2026-11-01,morning,,3\n2026-11-01,night,20,3\n", knowledge)
    assert own.entries[0].doses == {} and own.notices == ()
