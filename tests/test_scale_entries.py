"""Scores of scales from the patient file and from FHIR: every level reads back, nothing out of range passes, nothing is dropped without a word."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import TODAY
from relaxant.errors import InputError
from relaxant.io.patient_file import read_patient
from relaxant.io.read import read_bytes
from relaxant.io.scale_entries import ScaleEntry, scale_entries
from relaxant.io.scale_names import names_of, plain
from relaxant.io.scale_score import NoScoreError, Score, has_own_unit, score
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.knowledge.scales import Scale, number_of
from relaxant.patient import Patient, to_file

DAY = "2026-11-01"
SYSTEMS = {"loinc": "http://loinc.org", "snomed": "http://snomed.info/sct"}
SCALES = load_knowledge().responses.scales
EVERY = pytest.mark.parametrize("scale", SCALES.values(), ids=lambda s: s.scale)
CODED = [(s, kind, code) for s in SCALES.values() for kind in SYSTEMS for code in getattr(s, kind)]


def person(knowledge: Knowledge, *observations: Any, **fields: Any) -> Patient:
    """A hand-written patient with these observations."""
    return read_patient({"as_of": str(TODAY), "observations": list(observations), **fields}, knowledge, today=TODAY)


def record(knowledge: Knowledge, *resources: Any) -> Patient:
    """The patient whom a bundle of ``resources`` amounts to."""
    bundle = {"resourceType": "Bundle", "entry": [{"resource": r} for r in resources]}
    return read_bytes(json.dumps(bundle).encode(), knowledge, today=TODAY)


def observation(code: Any, **fields: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "code": code,
        "effectiveDateTime": DAY,
        **fields,
    }


def answered(*items: Any, **fields: Any) -> dict[str, Any]:
    return {"resourceType": "QuestionnaireResponse", "id": "q1", "status": "completed", "authored": f"{DAY}T09:30:00+01:00", "item": list(items), **fields}  # fmt: skip


def read(patient: Patient, knowledge: Knowledge) -> list[tuple[str, str | None, float, str]]:
    return [(e.scale, e.site, e.value, e.said) for e in scale_entries(patient, knowledge).entries]


def ends(scale: Scale) -> tuple[float, ...]:
    """Valid scores: every level, or both ends and the step after the lowest."""
    if scale.levels:
        return tuple(n for n in map(number_of, scale.levels) if n is not None)
    step = scale.step or 0.5
    return (scale.low, scale.low + step, *([scale.high] if scale.high is not None else []))


# ---------------------------------------------------------------- what a score is


@EVERY
def test_every_level_reads_back_from_its_own_words(scale: Scale) -> None:
    for level in scale.levels:
        for said in (
            level.said,
            level.text,
            level.text.upper(),
            f"{level.said}: {level.text}",
            f" grade {level.said} ",
            f"{level.said} - {level.text}",
        ):
            assert (score("x", said, scale).value, score("x", said, scale).said) == (level.rank, level.said), said
        assert score("x", str(number_of(level)), scale).said == level.said


@EVERY
def test_both_ends_of_the_range_are_scores_and_beyond_them_nothing_is(scale: Scale) -> None:
    for value in ends(scale):
        assert score("x", f"{value:g} {scale.unit}", scale) == score("x", f"{value:g}", scale)
    beyond = [scale.low - 1, scale.low - 0.5, *([scale.high + 0.5, scale.high + 1] if scale.high is not None else [])]
    for value in beyond:
        with pytest.raises(InputError, match=rf"^here: “{value:g}”: .* goes from"):
            score("here", f"{value:g}", scale)


def outcome(said: str, scale: Scale) -> Score | InputError:
    try:
        return score("x", said, scale)
    except InputError as error:
        return error


@given(st.data())
def test_any_number_is_a_step_in_range_or_refused(data: st.DataObject) -> None:
    scale = data.draw(st.sampled_from(list(SCALES.values())))
    number = float(data.draw(st.decimals(-400, 400, places=2) | st.integers(-5, 20)))
    found = outcome(f"{number:.2f}", scale)
    valid = scale.low <= number and (scale.high is None or number <= scale.high)
    if scale.levels:
        valid = number in ends(scale)
    elif scale.step:
        valid = valid and (number - scale.low) % scale.step == 0
    if not valid:
        assert isinstance(found, InputError) and found.field == "x" and not isinstance(found, NoScoreError)
    else:
        assert isinstance(found, Score)
        assert found.value == (ends(scale).index(number) if scale.levels else number)


@given(st.text(max_size=40))
def test_any_words_are_read_or_refused(said: str) -> None:
    for scale in SCALES.values():
        found = outcome(said, scale)
        if isinstance(found, InputError):
            assert found.field == "x"
        elif scale.levels:
            assert scale.levels[int(found.value)].said == found.said


@pytest.mark.parametrize(
    ("scale", "said", "value"),
    [
        ("modified-ashworth", "1+", 2),
        ("modified-ashworth", "1 +", 2),
        ("modified-ashworth", "1.5", 2),
        ("modified-ashworth", "4", 5),
        ("goal-attainment", "−1", 1),
        ("goal-attainment", "+2", 4),
        ("spasticity-nrs", "7/10", 7),
        ("spasticity-nrs", "7 out of 10", 7),
        ("spasticity-nrs", "7,5 points", 7.5),
        ("spasticity-nrs", "7 {score}", 7),
        ("barthel-20", "12/20", 12),
        ("spasm-count", "20/day", 20),
        ("spasm-count", "20 {spasms}/d", 20),
        ("spasm-count", "20 spasms a day", 20),
        ("tardieu-r1", "-10°", -10),
        ("timed-25-foot-walk", "1.5 min", 90),
        ("timed-25-foot-walk-speed", "3 ft/s", 3),
    ],
)
def test_as_people_write_it(scale: str, said: str, value: float) -> None:
    assert score("x", said, SCALES[scale]).value == value


@pytest.mark.parametrize(
    ("scale", "said"),
    [
        ("spasticity-nrs", "severe"), ("sleep-disruption", "7 h"), ("barthel-100", "12/20"), ("barthel-100", "80 %"), ("falls", "2/week"),
        ("tardieu-quality", "2/45"), ("pain-nrs", "70 mm"), ("timed-25-foot-walk", "25 m"), ("modified-ashworth", "<2"), ("falls", ""),
    ],
)  # fmt: skip
def test_what_is_no_score_of_the_scale(scale: str, said: str) -> None:
    with pytest.raises(NoScoreError):
        score("x", said, SCALES[scale])


# ---------------------------------------------------------------- names


@EVERY
def test_every_name_and_code_names_its_scale(knowledge: Knowledge, scale: Scale) -> None:
    for name in (scale.title, *scale.names, scale.scale, scale.title.upper()):
        value = f"{ends(scale)[0]:g}"
        patient = person(knowledge, {"name": name, "value": value, "site": "left arm", "date": DAY})
        assert [e.scale for e in scale_entries(patient, knowledge).entries] == [scale.scale], name
    for code in (*scale.loinc, *scale.snomed):
        patient = person(knowledge, {"code": code, "value": f"{ends(scale)[0]:g}", "site": "left arm", "date": DAY})
        assert [e.scale for e in scale_entries(patient, knowledge).entries] == [scale.scale]


def test_a_site_may_stand_after_the_name(knowledge: Knowledge) -> None:
    patient = person(
        knowledge,
        f"MAS left elbow flexors 1+ on {DAY}",
        {"name": "Tardieu R2 - R1, right calf", "value": "20", "date": DAY},
    )
    assert {e.site for e in scale_entries(patient, knowledge).entries} == {"left elbow flexors", "right calf"}
    names = names_of(SCALES)
    assert names.by_words("MAS score") is not None and names.by_words("MAS at rest") is None
    assert names.by_words("pain left knee") is None  # not scored by side, so the rest may be anything


def test_common_words_name_no_scale_in_a_record() -> None:
    """“Falls” of a record may be those of a year; a proper name or two words are needed."""
    names = names_of(SCALES)
    for word in ("falls", "Pain", "sleep", "stiffness", "spasms", "NRS"):
        assert names.by_words(word) is not None and names.by_words(word, record=True) is None
    for word in ("MAS", "Barthel Index", "modified_ashworth", "pain score", "Penn"):
        assert names.by_words(word, record=True) is not None
    assert plain("Patient’s  Modified‑Ashworth") == "patient's modified-ashworth"


# ---------------------------------------------------------------- the patient file


def test_observations_and_labs_become_entries_in_order_of_days(knowledge: Knowledge) -> None:
    later = {"name": "MAS", "site": "left gastrocnemius", "value": "1+", "date": DAY}
    patient = person(knowledge, later, labs=[{"name": "Barthel", "value": 85, "date": "2026-10-01"}])
    assert scale_entries(patient, knowledge).entries == (
        ScaleEntry(scale="barthel-100", site=None, day=date(2026, 10, 1), value=85, said="85"),
        ScaleEntry(scale="modified-ashworth", site="left gastrocnemius", day=date(2026, 11, 1), value=2, said="1+"),
    )


@EVERY
def test_out_of_range_is_named_with_its_field_and_refuses_no_file(knowledge: Knowledge, scale: Scale) -> None:
    low = {"name": scale.title, "value": scale.low - 1, "site": "left arm", "date": DAY}
    patient = person(knowledge, {"name": "heart rate", "value": "70 /min"}, low)
    found = scale_entries(patient, knowledge)
    assert not found.entries and len(found.unread) == 1 and "goes from" in found.unread[0]
    assert any(f"observations[2] {scale.title}" in text and "goes from" in text for text in patient.unused)


@pytest.mark.parametrize(
    ("item", "field", "why"),
    [
        (
            {"name": "MAS", "value": "2", "date": DAY},
            f"observations MAS of {DAY}, site",
            "scored for a muscle or a limb",
        ),
        ({"name": "MAS", "value": "2", "site": "left calf"}, "observations MAS, date", "without its day"),
        ({"name": "pain", "value": "severe", "date": DAY}, f"observations pain of {DAY}, value", "no score of"),
    ],
)
def test_what_cannot_be_used_is_named_and_refused_where_that_is_asked(
    knowledge: Knowledge, item: Any, field: str, why: str
) -> None:
    """A review goes on without it; whoever asks for the scores hears of it."""
    patient = person(knowledge, item, {"name": "Barthel", "value": 85, "date": DAY})
    found = scale_entries(patient, knowledge)
    assert [e.scale for e in found.entries] == ["barthel-100"]
    assert len(found.unread) == 1 and found.unread[0].startswith(f"{field}: ") and why in found.unread[0]
    with pytest.raises(InputError) as caught:
        scale_entries(patient, knowledge, strict=True)
    assert caught.value.field == field


def test_other_measures_are_no_scores(knowledge: Knowledge) -> None:
    patient = person(knowledge, {"name": "heart rate", "value": "70 /min"}, {"name": "grip strength", "value": "20"})
    assert scale_entries(patient, knowledge).entries == () and scale_entries(patient, knowledge).unread == ()


# ---------------------------------------------------------------- FHIR Observation


@pytest.mark.parametrize(("scale", "kind", "code"), CODED, ids=lambda v: getattr(v, "scale", v))
def test_fhir_round_trip_of_each_scale_with_codes(knowledge: Knowledge, scale: Scale, kind: str, code: str) -> None:
    """Each code, with each valid score, is the same score in the patient file that is written of it."""
    coded = {"coding": [{"system": SYSTEMS[kind], "code": code}]}
    resources = []
    for place, value in enumerate(ends(scale)):
        given = {"valueQuantity": {"value": value, **({"unit": scale.unit} if has_own_unit(scale) else {})}}
        if scale.levels:
            given = {"valueCodeableConcept": {"text": scale.levels[place].said}}
        day = str(date(2026, 1, 1) + timedelta(days=place))
        resources.append(
            observation(coded, id=f"o{place}", effectiveDateTime=day, bodySite={"text": "left arm"}, **given)
        )
    patient = record(knowledge, *resources)
    values = [float(level.rank) for level in scale.levels] or list(ends(scale))
    assert [(e.scale, e.site, e.value) for e in scale_entries(patient, knowledge).entries] == [(scale.scale, "left arm", v) for v in values]  # fmt: skip
    assert {m.code for m in patient.observations} == {code}
    again = read_patient(to_file(patient), knowledge, today=TODAY)
    assert scale_entries(again, knowledge) == scale_entries(patient, knowledge)


@EVERY
def test_fhir_by_words_alone(knowledge: Knowledge, scale: Scale) -> None:
    if not scale.title[0].isupper():
        return  # common words: by two or more of them
    unit = {"unit": scale.unit} if has_own_unit(scale) else {"code": "{score}", "system": "http://unitsofmeasure.org"}
    given = observation(
        {"text": scale.title}, bodySite={"text": "left arm"}, valueQuantity={"value": ends(scale)[-1], **unit}
    )
    assert [e.scale for e in scale_entries(record(knowledge, given), knowledge).entries] == [scale.scale]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"valueInteger": 1}, "1"),
        ({"valueString": "1+"}, "1+"),
        ({"valueQuantity": {"value": 1.5}}, "1+"),
        ({"valueCodeableConcept": {"coding": [{"system": "http://local", "code": "LA1", "display": "1+"}]}}, "1+"),
        ({"valueCodeableConcept": {"coding": [{"system": "http://local", "code": "3"}]}}, "3"),
        ({"valueCodeableConcept": {"text": "The part is rigid"}}, "4"),
    ],
)
def test_values_in_their_forms(knowledge: Knowledge, value: dict[str, Any], said: str) -> None:
    given = observation({"text": "MAS"}, bodySite={"coding": [{"display": "Left biceps"}]}, **value)
    assert [(e.site, e.said) for e in scale_entries(record(knowledge, given), knowledge).entries] == [
        ("Left biceps", said)
    ]


def test_parts_of_tardieu_and_penn(knowledge: Knowledge) -> None:
    tardieu = observation(
        {"coding": [{"system": SYSTEMS["snomed"], "code": "1290510006"}]},
        bodySite={"text": "right calf"},
        component=[
            {"code": {"text": "R1"}, "valueQuantity": {"value": 10, "code": "deg"}},
            {"code": {"text": "R2"}, "valueQuantity": {"value": 40, "unit": "degrees"}},
            {"code": {"text": "quality"}, "valueInteger": 2},
            {"code": {"text": "examiner"}, "valueString": "AB"},
        ],
    )
    penn = observation(
        {"text": "Penn scale"},
        id="o2",
        component=[
            {"code": {"text": "Spasm frequency"}, "valueInteger": 3},
            {"code": {"text": "severity"}, "valueString": "Moderate."},
        ],
    )
    patient = record(knowledge, tardieu, penn)
    assert read(patient, knowledge) == [
        ("penn-spasm-frequency", None, 3, "3"),
        ("penn-spasm-severity", None, 1, "2"),
        ("tardieu-r1", "right calf", 10, "10"),
        ("tardieu-quality", "right calf", 2, "2"),
        ("tardieu-r2", "right calf", 40, "40"),
    ]
    assert "Observation/o1: its part “examiner” is no scale that is known; it is not used" in patient.unused


@pytest.mark.parametrize(
    ("resource", "words"),
    [
        (observation({"text": "MAS"}, valueInteger=7), "Observation/o1: “7” is not used: Modified Ashworth Scale goes from 0 to 4"),
        (observation({"text": "MAS"}, valueQuantity={"value": 2, "comparator": "<"}), "“<2” is not used"),
        (observation({"text": "MAS"}), "no value that can be read"),
        (observation({"text": "MAS"}, valueCodeableConcept={"text": "1", "coding": [{"code": "x", "display": "2"}]}), "its words say two levels"),
        (observation({"text": "MAS"}, valueInteger=2, status="entered-in-error"), "marks this score as entered-in-error"),
        (observation({"text": "Tardieu R1"}, valueInteger=2), "has no unit, and may be something else than degrees"),
        (observation({"text": "MAS"}, valueInteger=2, effectiveDateTime=None), "has no date"),
        (answered({"linkId": "1", "text": "MSSS-88", "item": [{"linkId": "1.1", "answer": [{"valueInteger": 3}]}]}), "no total of Multiple Sclerosis"),
        (answered({"linkId": "1", "text": "Barthel Index", "answer": [{"valueInteger": 5}, {"valueInteger": 10}]}), "2 answers for one score"),
    ],
)  # fmt: skip
def test_what_a_record_holds_that_is_no_score_is_said(knowledge: Knowledge, resource: Any, words: str) -> None:
    assert words in "\n".join(record(knowledge, resource).unused)


def test_a_code_that_says_something_else_is_not_overruled_by_words(knowledge: Knowledge) -> None:
    other = {"text": "MAS", "coding": [{"system": SYSTEMS["loinc"], "code": "75856-5"}]}
    assert record(knowledge, observation(other, valueInteger=2)).observations == ()


def test_every_score_of_a_course_is_kept_and_a_flood_is_cut_with_a_word(knowledge: Knowledge) -> None:
    days = [str(date(2026, 1, 1) + timedelta(days=n)) for n in range(130)]
    coded = {"coding": [{"system": SYSTEMS["loinc"], "code": "72514-3"}]}
    given = [observation(coded, id=f"o{n}", effectiveDateTime=day, valueInteger=n % 11) for n, day in enumerate(days)]
    patient = record(knowledge, *given)
    found = scale_entries(patient, knowledge).entries
    assert [str(e.day) for e in found] == days[30:]
    assert any("30 older scores of 0-10 rating of pain are left out" in text for text in patient.unused)


# ---------------------------------------------------------------- FHIR QuestionnaireResponse


def test_totals_at_any_depth(knowledge: Knowledge) -> None:
    given = answered(
        {"linkId": "a", "text": "Barthel Index", "item": [{"linkId": "a1", "text": "Feeding", "answer": [{"valueInteger": 10}]}, {"linkId": "a2", "text": "Total score", "answer": [{"valueDecimal": 85}]}]},
        {"linkId": "b", "text": "Right elbow", "item": [{"linkId": "b1", "text": "Modified Ashworth Scale", "answer": [{"valueCoding": {"code": "x", "display": "1+"}}]}]},
        {"linkId": "/72514-3", "answer": [{"valueInteger": 4}]},
        {"linkId": "c", "text": "Anything else?", "answer": [{"valueBoolean": True, "item": [{"linkId": "patient-global-change", "answer": [{"valueString": "much improved"}]}]}]},
    )  # fmt: skip
    patient = record(knowledge, given)
    assert read(patient, knowledge) == [
        ("pain-nrs", None, 4, "4"),
        ("barthel-100", None, 85, "85"),
        ("modified-ashworth", "Right elbow", 2, "1+"),
        ("patient-global-change", None, 1, "2"),
    ]
    assert {e.day for e in scale_entries(patient, knowledge).entries} == {date(2026, 11, 1)}
    assert patient.record is not None and "1 of 1 QuestionnaireResponse (for scores of scales only)" in patient.record


def test_a_questionnaire_of_a_scale_gives_its_total(knowledge: Knowledge) -> None:
    """The canonical address of LOINC's questionnaires ends in the code of the panel; questions alone are never summed."""
    total = {"linkId": "total", "answer": [{"valueInteger": 60}]}
    question = {"linkId": "q1", "text": "Bathing", "answer": [{"valueInteger": 5}]}
    given = answered(question, total, questionnaire="http://loinc.org/q/96761-2|1.0")
    assert read(record(knowledge, given), knowledge) == [("barthel-100", None, 60, "60")]
    alone = record(knowledge, answered(question, questionnaire="http://loinc.org/q/96761-2"))
    assert alone.observations == () and "no total of Barthel Index (0 to 100) was found" in "\n".join(alone.unused)


def test_weights_of_answers_count_where_levels_are_whole_numbers(knowledge: Knowledge) -> None:
    def coded(text: str, weight: float) -> Any:
        url = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
        answer = {"code": "LA-1", "display": "as it says", "extension": [{"url": url, "valueDecimal": weight}]}
        return answered({"linkId": "1", "text": text, "answer": [{"valueCoding": answer}]})

    assert read(record(knowledge, coded("Penn", 3)), knowledge) == [("penn-spasm-frequency", None, 3, "3")]
    assert read(record(knowledge, coded("MAS left elbow", 2)), knowledge) == []


def test_a_questionnaire_of_something_else_changes_nothing(knowledge: Knowledge) -> None:
    other = answered(
        {"linkId": "1", "text": "Falls", "answer": [{"valueInteger": 3}]},
        {"linkId": "total", "answer": [{"valueInteger": 3}]},
    )
    patient = record(knowledge, {"resourceType": "Patient", "id": "p"}, other)
    assert patient.observations == () and patient.unused == ()
    assert patient.record == "FHIR R4 bundle, 2 resources; read: 1 Patient; not read: 1 QuestionnaireResponse."


def test_a_questionnaire_of_another_person_is_refused(knowledge: Knowledge) -> None:
    mine = observation({"text": "MAS"}, valueInteger=2, subject={"reference": "Patient/a"})
    theirs = answered(
        {"linkId": "1", "text": "Penn", "answer": [{"valueInteger": 3}]}, subject={"reference": "Patient/b"}
    )
    with pytest.raises(InputError, match="about another patient"):
        record(knowledge, mine, theirs)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 99) | st.sampled_from(["MAS", "1+", "total", "Barthel Index", "left arm", "96761-2", DAY]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["item", "answer", "text", "linkId", "code", "coding", "display", "valueInteger", "valueCoding", "valueQuantity", "value", "unit", "component"]), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(item=JSON, authored=JSON, component=JSON, value=JSON)
def test_broken_resources_never_spoil_a_record(item: Any, authored: Any, component: Any, value: Any) -> None:
    knowledge = load_knowledge()
    sound = observation({"text": "Penn"}, id="sound", valueInteger=2)
    broken = observation(
        {"text": "MAS"}, component=component, bodySite=value, valueCodeableConcept=value, valueQuantity=component
    )
    patient = record(knowledge, sound, broken, answered(item, authored=authored))
    assert ("penn-spasm-frequency", None, 2, "2") in read(patient, knowledge)
    read_patient(to_file(patient), knowledge, today=TODAY)
