"""Scores at visits: first to last, in levels or in units, against what is known of people like this one and of nobody else."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import TODAY
from relaxant.facts.conditions import conditions_said
from relaxant.io.patient_file import read_patient
from relaxant.io.scale_entries import scale_entries
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.knowledge.scales import number_of
from relaxant.patient import Patient
from relaxant.report.blocks import Bullets, Line, Section, Table
from relaxant.report.citations import Citations
from relaxant.report.response.visits import visits_section
from relaxant.response.visits import Visited, Visits, site_key, visits_of

MS, STROKE = "multiple sclerosis", "stroke"
BEFORE, AFTER = "2026-05-01", "2026-11-01"


def person(knowledge: Knowledge, *observations: Any, conditions: Any = ()) -> Patient:
    plain = {"as_of": str(TODAY), "observations": list(observations), "conditions": list(conditions)}
    return read_patient(plain, knowledge, today=TODAY)


def scored(name: str, first: Any, last: Any, **fields: Any) -> list[dict[str, Any]]:
    return [{"name": name, "value": v, "date": d, **fields} for v, d in ((first, BEFORE), (last, AFTER))]


def visits(patient: Patient, knowledge: Knowledge) -> Visits:
    conditions = frozenset(name for name, has in conditions_said(patient, knowledge, {}).items() if has == 1.0)
    return visits_of(scale_entries(patient, knowledge), conditions, knowledge)


def one(knowledge: Knowledge, name: str, first: Any, last: Any, *conditions: str, **fields: Any) -> Visited:
    found = visits(person(knowledge, *scored(name, first, last, **fields), conditions=conditions), knowledge)
    assert len(found.scales) == 1 and found.said == ()
    return found.scales[0]


def page(patient: Patient, knowledge: Knowledge) -> tuple[Section | None, Citations]:
    citations = Citations(knowledge, knowledge.words("report"))
    return visits_section(visits(patient, knowledge), knowledge=knowledge, cite=citations.mark), citations


def meaning(knowledge: Knowledge, *args: Any, **fields: Any) -> str:
    """What the cell says that tells what a change means."""
    name, first, last, *conditions = args
    section, _ = page(person(knowledge, *scored(name, first, last, **fields), conditions=conditions), knowledge)
    assert section is not None
    table = next(b for b in section.blocks if isinstance(b, Table))
    assert len(table.rows) == 1 and len(table.rows[0]) == len(table.head)
    return "\n".join(" ".join((s.text, *s.tags)) for s in table.rows[0][table.head.index("What it means")])


# ---------------------------------------------------------------- the change


def test_an_ordinal_change_is_in_levels(knowledge: Knowledge) -> None:
    """From 2 by 1+ to 1 are two grades of the Modified Ashworth Scale, not one point."""
    between = {"name": "MAS", "value": "1+", "site": "L gastrocnemius", "date": "2026-09-01"}
    both = scored("MAS", "2", "1", site="left gastrocnemius")
    found = visits(person(knowledge, both[1], between, both[0]), knowledge).scales[0]
    assert [v.said for v in found.visits] == ["2", "1+", "1"]
    assert found.change is not None
    assert (found.change.size, found.change.levels, found.change.direction) == (-2, True, "better")
    assert found.change.error == found.change.matters == () and found.change.elsewhere


def test_a_mean_over_muscles_says_nothing_of_one_grade(knowledge: Knowledge) -> None:
    """mas-change-stroke-2019: half a standard deviation of the mean over three muscles; one grade would always be more."""
    assert "0.48" not in meaning(knowledge, "MAS", "2", "1", STROKE, site="left arm")
    assert "error may account for it" in meaning(knowledge, "MAS", "2", "1", STROKE, site="left arm")


@pytest.mark.parametrize(
    ("name", "first", "last", "condition", "verdicts"),
    [
        ("barthel", 60, 80, STROKE, ["beyond", "beyond"]),  # 16.2 points; 21.2% of the mean of 60 and 80: 14.84
        ("barthel", 70, 85, STROKE, ["within", "within"]),  # 21.2% of 77.5: 16.43
        ("barthel", 20, 35, STROKE, ["within", "beyond"]),  # 21.2% of 27.5: 5.83
        ("t25fw", "10 s", "7.5 s", MS, ["beyond"]),  # 23% of 8.75: 2.01
        ("t25fw", "8 s", "7 s", MS, ["within"]),
        ("nrs", 8, 5.5, MS, ["beyond"]),
        ("nrs", 8, 5.7, MS, ["within"]),  # 2.3 points are the error
        ("sci-set", -1, -0.4, "spinal cord injury", ["beyond", "within"]),  # 0.47 and 0.82
        ("barthel 20", 10, 12, "nothing of note", ["within"]),  # more than two points
    ],
)
def test_against_the_error_of_two_scores(
    knowledge: Knowledge, name: str, first: Any, last: Any, condition: str, verdicts: list[str]
) -> None:
    change = one(knowledge, name, first, last, condition).change
    assert change is not None and [a.verdict for a in change.error] == verdicts


def test_a_range_of_errors_leaves_open_what_lies_within_it(knowledge: Knowledge) -> None:
    """mts-ms: 14.6 to 55.6 degrees."""
    for last, verdict in (("70 degrees", "within"), ("50 degrees", "between"), ("20 degrees", "beyond")):
        change = one(knowledge, "Tardieu", "80 degrees", last, MS, site="right calf").change
        assert change is not None and [a.verdict for a in change.error] == [verdict]


def test_what_matters_is_a_gain_of_people_like_this_one(knowledge: Knowledge) -> None:
    """18% of 8 points is 1.44 (multiple sclerosis alone); 12, 17 and 5.7 points of the arm test (stroke)."""
    change = one(knowledge, "nrs", 8, 6.5, MS).change
    assert change is not None and [(a.high, a.verdict) for a in change.matters] == [(1.44, "beyond")]
    for conditions in ((), (STROKE,)):
        change = one(knowledge, "nrs", 8, 6.5, *conditions).change
        assert change is not None and change.matters == change.error == () and change.elsewhere
    change = one(knowledge, "arat", 20, 33, STROKE, site="right").change
    assert change is not None and sorted((a.high, a.verdict) for a in change.matters) == [(5.7, "beyond"), (12, "beyond"), (17, "within")]  # fmt: skip
    worse = one(knowledge, "arat", 33, 20, STROKE, site="right").change
    assert worse is not None and (worse.direction, worse.matters) == ("worse", ())


def test_a_share_of_nothing_is_no_change_that_matters(knowledge: Knowledge) -> None:
    change = one(knowledge, "nrs", 0, 0.5, MS).change
    assert change is not None and change.direction == "worse"
    change = one(knowledge, "t25fw", "0 s", "0 s", MS).change
    assert change is not None and change.direction == "same" and change.error == ()


def test_a_score_that_is_itself_a_change_has_no_difference(knowledge: Knowledge) -> None:
    change = one(knowledge, "pgic", 4, 2).change
    assert change is not None and change.direction == "told"
    assert meaning(knowledge, "pgic", 4, 2).endswith("read the last one by itself. Much improved.")


# ---------------------------------------------------------------- which scores


def test_one_score_and_two_of_a_day(knowledge: Knowledge) -> None:
    patient = person(
        knowledge,
        {"name": "falls", "value": 1, "date": AFTER},
        {"name": "penn", "value": 2, "date": BEFORE},
        {"name": "penn", "value": 3, "date": BEFORE},
        {"name": "barthel", "value": 80, "date": AFTER},
        {"name": "Barthel Index", "value": 80, "date": AFTER},
        {"name": "MAS", "value": "2", "date": AFTER},
    )
    found = visits(patient, knowledge)
    assert [(v.scale, len(v.visits), v.change) for v in found.scales] == [("barthel-100", 1, None), ("falls", 1, None)]
    assert any("Penn Spasm Frequency Scale: 2 and 3 are given for 2026-05-01" in text for text in found.said)
    assert any("scored for a muscle or a limb" in text for text in found.said)
    section, _ = page(patient, knowledge)
    assert section is not None and [type(b) for b in section.blocks] == [Bullets]


def test_sites_are_apart_however_they_are_written(knowledge: Knowledge) -> None:
    sites = ("left elbow", "right elbow", "Elbow, left", "R elbow")
    given = [{"name": "MAS", "value": v, "site": site, "date": d} for v, d, site in zip("3210", (BEFORE, BEFORE, AFTER, AFTER), sites, strict=True)]  # fmt: skip
    found = visits(person(knowledge, *given), knowledge).scales
    assert [(v.site, [x.said for x in v.visits]) for v in found] == [
        ("left elbow", ["3", "1"]),
        ("right elbow", ["2", "0"]),
    ]
    assert site_key(None) == "" and site_key("bilateral adductors") == site_key("adductors, both")


def test_harms_stand_last(knowledge: Knowledge) -> None:
    given = [*scored("falls", 2, 0), *scored("MAS", 2, 1, site="left arm"), *scored("drowsiness", 2, 5)]
    assert [v.scale for v in visits(person(knowledge, *given), knowledge).scales] == [
        "modified-ashworth",
        "drowsiness",
        "falls",
    ]


def test_nothing_scored_is_no_section(knowledge: Knowledge) -> None:
    assert page(person(knowledge, {"name": "heart rate", "value": "70 /min"}), knowledge)[0] is None


@given(st.data())
def test_order_and_direction_whatever_is_scored(data: st.DataObject) -> None:
    """The order in the file is of no matter; backwards in time a gain is a loss of the same size."""
    knowledge = load_knowledge()
    scale = data.draw(st.sampled_from([s for s in knowledge.responses.scales.values() if not s.of_change]))
    choices = [number_of(v) for v in scale.levels] or [scale.low + n * (scale.step or 0.5) for n in range(20)]
    values = data.draw(
        st.lists(st.sampled_from([c for c in choices if scale.high is None or c <= scale.high]), min_size=2, max_size=6)
    )
    given = [
        {"name": scale.title, "value": f"{v:g}", "site": "left arm", "date": str(date(2026, 1, 1) + timedelta(days=n))}
        for n, v in enumerate(values)
    ]
    back = [{**new, "date": old["date"]} for new, old in zip(given, reversed(given), strict=True)]
    shuffled = data.draw(st.permutations(given))
    whole = person(knowledge, *given, conditions=[MS, STROKE])
    assert visits(person(knowledge, *shuffled, conditions=[MS, STROKE]), knowledge) == visits(whole, knowledge)
    there, again = (visits(person(knowledge, *g), knowledge).scales[0].change for g in (given, back))
    assert there is not None and again is not None and there.size == -again.size
    assert {there.direction, again.direction} in ({"better", "worse"}, {"same"})
    if scale.kind == "ordinal":
        assert there.size == int(there.size) and there.error == there.matters == ()
    section, _ = page(whole, knowledge)
    assert section is not None


# ---------------------------------------------------------------- the words


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (
            ("barthel", 60, 80, STROKE),
            ["BETTER, by more than the error of two scores (14.8 to 16.2 points)", "which gain matters is not known"],
        ),
        (("barthel", 80, 60, STROKE), ["WORSE, by more than the error"]),
        (("barthel", 70, 75, STROKE), ["Better by the score, and by no more than the error of two scores"]),
        (
            ("barthel", 60, 80),
            ["Better by the score;", "known in other people", "error may account for it"],
        ),
        (("barthel", 60, 60), ["No change."]),
        (("nrs", 8, 5, MS), ["at least the gain that people found to matter (1.44 points)", "not verified"]),
        (("nrs", 5, 8, MS), ["WORSE, by more than the error"]),
    ],
)
def test_what_a_change_means_in_words(knowledge: Knowledge, args: Any, words: list[str]) -> None:
    said = meaning(knowledge, *args)
    assert [w for w in words if w not in said] == []
    assert "robab" not in said


def test_the_table_has_its_sources_and_hostile_sites_are_harmless(knowledge: Knowledge) -> None:
    site = "left <b>arm</b>\u202e"
    given = [*scored("MAS", 2, 1, site=site), *scored("t25fw", "10 s", "9 s"), *scored("Penn", 3, 2)]
    section, citations = page(person(knowledge, *given, conditions=[MS]), knowledge)
    assert section is not None and isinstance(section.blocks[0], Line)
    table = next(b for b in section.blocks if isinstance(b, Table))
    assert table.head == ("Scale", "Site", "First", "Last", "Change", "What it means", "Source")
    assert all(row[-1][0].marks for row in table.rows)
    assert {"mas-nhs-scotland"} <= set(citations._cited)
    assert table.rows[1][2][0].text == "10 seconds on 2026-05-01"
    assert [row[4][0].text for row in table.rows] == ["1 level down", "1 second down", "2 levels down"]
    assert all("\u202e" not in s.text for row in table.rows for cell in row for s in cell)
