"""Scales: every one has its source, a range that its levels fill, and changes that name in whom they were found; the linter proves it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.scales import Level, Scale
from relaxant.linting.check import lint
from relaxant.linting.scales import DIARY_COLUMNS, faults_of_scales, is_loinc, is_snomed, number_of

ASKED = (
    "modified-ashworth", "ashworth", "tardieu-spasticity-angle", "tardieu-r1", "tardieu-r2", "tardieu-quality", "penn-spasm-frequency",
    "penn-spasm-severity", "spasticity-nrs", "spasm-count", "sleep-disruption", "drowsiness", "falls", "msss-88", "goal-attainment",
    "goal-attainment-t", "barthel-20", "barthel-100", "timed-25-foot-walk", "action-research-arm",
)  # fmt: skip
SOUND: dict[str, Any] = {
    "scale": "ward-stiffness", "title": "Ward stiffness", "names": ["ward stiffness grade"], "what": "stiffness as the ward sees it", "kind": "ordinal",
    "better": "lower", "low": 0, "high": 1, "step": 1, "scoring": "One of two levels.", "licence": "Ours.", "source": "my-source", "place": "page 1",
    "levels": [{"said": "0", "rank": 0, "text": "Loose."}, {"said": "1", "rank": 1, "text": "Stiff."}],
    "properties": [
        {"kind": "important change", "value": 1, "unit": "points", "population": "our ward", "text": "One level.", "source": "my-source", "place": "page 2"}
    ],
}  # fmt: skip


def changed_scale(found: dict[str, Any] | None = None, **changed: Any) -> dict[str, Any]:
    """The sound scale with something changed; ``found`` changes its property."""
    scale = {**SOUND, **changed}
    if found is not None:
        scale["properties"] = [{**SOUND["properties"][0], **found}]
    return scale


def faults(knowledge: Knowledge, **changed: Any) -> str:
    """What the linter says of the shipped scales with one more that has something changed."""
    scale = msgspec.convert(changed_scale(**changed), Scale)
    held = msgspec.structs.replace(knowledge.responses, scales={**knowledge.responses.scales, scale.scale: scale})
    packed = msgspec.Raw(msgspec.msgpack.encode(held))
    more = msgspec.structs.replace(knowledge, sha256=f"scales {changed}", responses_packed=packed)
    return "\n".join(f"{where}: {what}" for where, what in faults_of_scales(more))


def linted(folder: Path, **changed: Any) -> str:
    """What ``relaxant lint`` says of a pack with that scale."""
    folder.mkdir(exist_ok=True)
    source = {"id": "my-source", "kind": "policy", "title": "Our ward", "date": "2026-11-25"}
    text = yaml.safe_dump({"sources": [source], "scales": [changed_scale(**changed)]})
    (folder / "ward.yaml").write_text(text, encoding="utf-8")
    return "\n".join(map(str, lint(str(folder))))


def test_every_scale_that_was_asked_for_is_there(knowledge: Knowledge) -> None:
    assert set(ASKED) <= set(knowledge.responses.scales)


def test_the_shipped_scales_are_clean(knowledge: Knowledge) -> None:
    assert list(faults_of_scales(knowledge)) == []


def test_every_scale_and_all_that_was_found_of_it_has_a_source(knowledge: Knowledge) -> None:
    for scale in knowledge.responses.scales.values():
        for cited in (scale, *scale.properties, *scale.further):
            assert cited.source in knowledge.sources, scale.scale
            assert cited.place.strip(), scale.scale


def test_ranges_hold_levels(knowledge: Knowledge) -> None:
    for scale in knowledge.responses.scales.values():
        for level in scale.levels:
            number = number_of(level)
            assert number is not None and scale.high is not None, scale.scale
            assert scale.low <= number <= scale.high, (scale.scale, level.said)


def test_changes_that_matter_name_a_population(knowledge: Knowledge) -> None:
    for scale in knowledge.responses.scales.values():
        for found in scale.properties:
            if found.kind in ("important change", "large change"):
                assert found.population.strip() and found.unit, (scale.scale, found.kind)


def test_every_column_of_a_diary_has_its_scale(knowledge: Knowledge) -> None:
    columns = {s.column: s.scale for s in knowledge.responses.scales.values() if s.column}
    assert sorted(columns) == sorted(DIARY_COLUMNS)
    assert {c for c in columns if knowledge.responses.scales[columns[c]].kind == "count"} == {"spasms", "falls"}
    assert all(knowledge.responses.scales[s].better == "lower" for s in columns.values())


def test_18_and_30_percent_belong_to_the_rating_in_multiple_sclerosis(knowledge: Knowledge) -> None:
    """Farrar 2008 for the rating of spasticity; the pain rating has a 30% of its own, in people with pain."""
    for scale in knowledge.responses.scales.values():
        for found in scale.properties:
            if found.unit == "percent of baseline" and found.value in (18, 30) and scale.scale != "pain-nrs":
                assert (scale.scale, found.conditions) == ("spasticity-nrs", ("multiple_sclerosis",))


def test_what_was_read_from_memory_alone_is_marked(knowledge: Knowledge) -> None:
    unseen = [(s.scale, p.value) for s in knowledge.responses.scales.values() for p in s.properties if not p.verified]
    assert sorted(unseen) == [("action-research-arm", 5.7), ("barthel-20", 2), ("spasticity-nrs", 18)]


def test_scales_without_a_change_that_matters_have_none(knowledge: Knowledge) -> None:
    """No number is lent from one scale to another."""
    for name in ("spasm-count", "penn-spasm-frequency", "sleep-disruption", "drowsiness", "falls", "msss-88"):
        kinds = {p.kind for p in knowledge.responses.scales[name].properties}
        assert not kinds & {"important change", "large change"}, name


def test_modified_ashworth_has_its_six_grades_in_order(knowledge: Knowledge) -> None:
    """Bohannon and Smith's 1+ stands between 1 and 2."""
    scale = knowledge.responses.scales["modified-ashworth"]
    assert [level.said for level in scale.levels] == ["0", "1", "1+", "2", "3", "4"]
    assert [number_of(level) for level in scale.levels] == [0, 1, 1.5, 2, 3, 4]
    assert scale.snomed == ("765771006",)


def test_the_bounds_of_the_t_score_follow_from_its_formula(knowledge: Knowledge) -> None:
    """Turner-Stokes 2009: T = 50 + 10 sum(wx) / sqrt(0.7 sum(w^2) + 0.3 (sum w)^2), here with n goals of equal weight at 2."""
    scale = knowledge.responses.scales["goal-attainment-t"]
    for goals in (1, 3, 10, 10_000):
        score = 50 + 10 * 2 * goals / (0.7 * goals + 0.3 * goals**2) ** 0.5
        assert scale.high is not None and score <= scale.high
        assert 100 - score >= scale.low


def test_what_does_not_measure_tone_is_known(knowledge: Knowledge) -> None:
    assert {"neurofilament-light", "gfap", "mri-new-lesions"} <= set(knowledge.responses.markers)
    for marker in knowledge.responses.markers.values():
        assert "tone" in marker.text or "relaxant" in marker.text, marker.marker
        assert marker.source in knowledge.sources and "relaxant-scales-choices" in {f.source for f in marker.further}


def test_codes_with_a_wrong_check_digit_are_refused() -> None:
    assert is_loinc("96761-2") and not is_loinc("96761-3") and not is_loinc("967612")
    assert is_snomed("765771006") and not is_snomed("765771005") and not is_snomed("0765771006")


def test_a_level_that_is_no_number_is_none() -> None:
    assert number_of(Level(said="mild", rank=0, text="Mild.")) is None


def test_a_sound_scale_passes(knowledge: Knowledge) -> None:
    assert faults(knowledge) == ""


def test_the_linter_of_packs_reads_scales(tmp_path: Path) -> None:
    said = linted(tmp_path / "ward", source="nowhere", place=" ", names=["MAS"])
    assert "there is no source “nowhere”" in said
    assert "the place in the source is missing" in said
    assert "already has the name “MAS”" in said


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"names": ["MAS"]}, "already has the name “MAS”"),
        ({"names": ["creatinine"]}, "labs creatinine already has the name"),
        ({"levels": []}, "two levels at least"),
        ({"high": 3}, "the levels do not reach from low to high"),
        ({"high": 0}, "low is not below high"),
        ({"low": 0, "high": 2, "step": 0.7}, "step does not lead"),
        ({"kind": "continuous"}, "levels belong to an ordinal scale"),
        ({"kind": "count", "levels": []}, "a count begins at nought"),
        ({"column": "mood"}, "a diary has no column “mood”"),
        ({"column": "penn"}, "the column “penn” belongs to"),
        ({"loinc": ["96761-3"]}, "is not a LOINC code"),
        ({"snomed": ["765771005"]}, "is not a SNOMED CT code"),
        ({"scoring": "Give 5.0 mg."}, "leading zero"),
        ({"licence": " "}, "a text is empty"),
        ({"found": {"population": " "}}, "in whom it was found"),
        ({"found": {"conditions": ["gout-of-the-ward"]}}, "there is no condition"),
        ({"found": {"unit": "inches"}}, "a change has a number in one of"),
        ({"found": {"value": -1}}, "a change is above nought"),
        ({"found": {"value": 2}}, "greater than the scale is wide"),
        ({"found": {"low": 2}}, "low, value and high are not in order"),
        ({"found": {"people": 0}}, "people are one at least"),
        ({"found": {"kind": "validity", "unit": None}}, "a coefficient has a statistic"),
        ({"found": {"kind": "validity", "unit": None, "statistic": "r", "value": 7}}, "between -1 and 1"),
    ],
)
def test_the_linter_refuses(knowledge: Knowledge, changed: dict[str, Any], words: str) -> None:
    assert words in faults(knowledge, **changed)


def test_ranks_follow_the_order_of_levels(knowledge: Knowledge) -> None:
    turned = [{"said": "0", "rank": 1, "text": "Loose."}, {"said": "1", "rank": 0, "text": "Stiff."}]
    assert "ranks count up from nought" in faults(knowledge, levels=turned)
    words = [{"said": "mild", "rank": 0, "text": "Mild."}, {"said": "bad", "rank": 1, "text": "Bad."}]
    assert "levels are numbers that rise" in faults(knowledge, levels=words)


def test_a_scale_says_who_may_use_it(knowledge: Knowledge) -> None:
    def free(scale: Scale) -> bool:
        return scale.licence.startswith(("Free", "Public domain"))

    assert "permission is needed" in knowledge.responses.scales["msss-88"].licence
    assert not free(knowledge.responses.scales["msss-88"]) and free(knowledge.responses.scales["timed-25-foot-walk"])
