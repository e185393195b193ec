"""The linter proves by its own tests that it rejects what it must; the shipped knowledge is clean, cases included."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from conftest import FULL
from relaxant.knowledge.load import Knowledge, load_knowledge, loaded
from relaxant.knowledge.plans import Plans
from relaxant.knowledge.responses import Responses
from relaxant.linting.cases import faults_of_cases, run_case
from relaxant.linting.check import lint
from relaxant.linting.overlays import APART, files_of, rules_touched

SOURCE = {"id": "my-source", "kind": "policy", "title": "Our ward", "date": "2026-11-25", "seen": "text"}


def rule(**changed: Any) -> dict[str, Any]:
    """A sound rule of a hospital's pack, with something changed."""
    sound: dict[str, Any] = {
        "rule": "ward-baclofen-lithium", "title": "Lithium", "agents": ["baclofen"], "partner": {"roles": ["lithium"]}, "tier": "NOTE", "cause": "ward",
        "summary": "{agent} with {partners}. Ask the ward pharmacist.", "consequence": "None known.", "mechanism": "None known.",
        "action": "Ask the ward pharmacist.", "evidence": "theory", "sources": [{"source": "my-source", "place": "page 1"}],
        "cases": [
            {"name": "both", "expect": "fires", "patient": {"medicines": ["baclofen 5 mg tds", "lithium 400 mg at night"]}},
            {"name": "one", "expect": "silent", "patient": {"medicines": ["baclofen 5 mg tds"]}},
            {"name": "not said", "expect": "could not check", "patient": {"considering": ["baclofen 5 mg tds"]}},
        ],
    }  # fmt: skip
    return {k: v for k, v in {**sound, **changed}.items() if v is not None}


def pack(folder: Path, **documents: Any) -> str:
    """A pack of one file."""
    folder.mkdir(exist_ok=True)
    (folder / "ward.yaml").write_text(
        yaml.safe_dump({"sources": [SOURCE], **documents}, allow_unicode=True), encoding="utf-8"
    )
    return str(folder)


def test_no_case_rests_on_what_packs_may_add_without_running_them_again(knowledge: Knowledge) -> None:
    """Every case comes out as it says where plans, news, trials and the like are gone; what is asked for of them is an error here."""
    kept = {kind: getattr(knowledge.plans, kind) for kind in Plans.__struct_fields__ if kind not in APART}
    gone = {kind: {} for kind in Responses.__struct_fields__ if kind in APART}
    packed = {
        f"{part}_packed": msgspec.Raw(b"")
        for part in ("news", "claims", "models", "populations", "registries", "trials")
    }
    bare = msgspec.structs.replace(
        knowledge, sha256="bare", combinations={}, plans_packed=msgspec.Raw(msgspec.msgpack.encode(Plans(**kept))),
        responses_packed=msgspec.Raw(msgspec.msgpack.encode(msgspec.structs.replace(knowledge.responses, **gone))), **packed,
    )  # fmt: skip
    assert {"titrations", "pumps"} == set(kept) and len(gone) == 4
    assert list(faults_of_cases(bare)) == []


@pytest.mark.parametrize("kind", ["exposures", "pathways"])
def test_a_measured_change_of_exposure_has_every_case_run_again(
    kind: str, tmp_path: Path, knowledge: Knowledge
) -> None:
    """Facts rest on it, so that it may turn any rule's case out otherwise."""
    change = {
        "agent": "baclofen",
        "partner": "lithium carbonate",
        "auc_ratio": "3",
        "source": "my-source",
        "place": "1",
    }
    phenotype = {"gene": "CYP2C19", "phenotype": "slow", "activity": "0.1", "source": "my-source", "place": "1"}
    files = files_of(
        pack(tmp_path / "ward", **{kind: [change] if kind == "exposures" else {"phenotypes": [phenotype]}})
    )
    assert rules_touched(files, knowledge, knowledge) is None
    files = files_of(pack(tmp_path / "ward", gone=[{"gone": "x", "on": "2026-11-26", "why": "y"}]))
    assert rules_touched(files, knowledge, knowledge) == set()


def test_every_rule_has_its_three_cases(knowledge: Knowledge) -> None:
    assert len(knowledge.rules) > 500
    for one in knowledge.rules.values():
        assert {case.expect for case in one.cases} == {"fires", "silent", "could not check"}, one.rule


def test_a_case_alone_comes_out_as_among_all_the_others(knowledge: Knowledge) -> None:
    """The linter runs all cases as rows of one table; one row must not know of the others."""
    pairs = [(rule, case) for rule in knowledge.rules.values() for case in rule.cases]
    for one, case in pairs if FULL else pairs[:: len(pairs) // 150]:
        made = run_case(one, case, knowledge)
        assert made.outcome == case.expect, (one.rule, case.name)
        assert case.tier in (None, made.tier), (one.rule, case.name)


def test_a_sound_pack_is_clean_and_changes_the_hash(tmp_path: Path, knowledge: Knowledge) -> None:
    folder = pack(tmp_path / "ward", rules=[rule()])
    assert lint(folder) == []
    laid = load_knowledge(folder)
    assert "ward-baclofen-lithium" in laid.rules and laid.sha256 != knowledge.sha256 and laid.packs == ("ward",)


@pytest.mark.parametrize("partner", [
    {"ingredients": ["lithium", "lithium carbonate", "lithium citrate"]},
    {"ingredients": ["lithium"], "but_not": ["lithium carbonate", "lithium citrate"]},
    {"roles": ["lithium"], "ingredients": ["lithium citrate"]},
])  # fmt: skip
def test_a_list_says_of_every_salt_whether_it_is_meant(tmp_path: Path, partner: dict[str, Any]) -> None:
    assert lint(pack(tmp_path / "ward", rules=[rule(partner=partner)])) == []


def test_a_role_says_of_every_salt_whether_it_is_meant(tmp_path: Path) -> None:
    role = {"role": "ward_list", "title": "x", "plural": "x", "members": [{"ingredients": ["lithium"], "source": "my-source", "place": "1"}]}  # fmt: skip
    own = {"agents": ["baclofen"], "partner": {"roles": ["ward_list"]}}
    (fault,) = lint(pack(tmp_path / "one", roles=[role], rules=[rule(**own)]))
    assert "roles ward_list" in str(fault) and "“lithium” does not stand for “lithium carbonate”, “lithium citrate”" in str(fault)  # fmt: skip
    meant = {**role, "but_not": ["lithium carbonate", "lithium citrate"]}
    assert lint(pack(tmp_path / "two", roles=[meant], rules=[rule(**own)])) == []


def test_an_ingredient_with_a_comma_in_its_name_is_a_partner(tmp_path: Path) -> None:
    """Its name was taken apart at the comma, and the rule was silent."""
    own = rule(partner={"ingredients": ["insulin, regular, human", "insulin aspart, human"]}, cases=[
        {"name": "both", "expect": "fires", "patient": {"medicines": ["baclofen 5 mg tds", "Novolog 10 units with meals"]}},
        *({**case, "patient": {"medicines": ["baclofen 5 mg tds", "paracetamol 1 g tds"]}} for case in rule()["cases"] if case["expect"] == "silent"),
        *(case for case in rule()["cases"] if case["expect"] == "could not check"),
    ])  # fmt: skip
    assert [str(fault) for fault in lint(pack(tmp_path / "ward", rules=[own]))] == []


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"sources": [{"source": "nobody", "place": "1"}]}, "there is no source “nobody”"),
        ({"sources": [{"source": "my-source", "place": " "}]}, "the place in the source is missing"),
        ({"agents": ["baclofin"]}, "there is no agent"),
        ({"partner": {"roles": ["witch"]}}, "there is no role"),
        ({"partner": {"ingredients": ["blorbozine"]}}, "dictionary does not know"),
        ({"partner": {"ingredients": ["valproic acid"]}}, "“valproic acid” is read as “valproate”; write that name"),
        (
            {"partner": {"ingredients": ["lithium"]}},
            "“lithium” does not stand for “lithium carbonate”, “lithium citrate”; write what is meant beside it",
        ),
        (
            {"partner": {"ingredients": ["lithium"], "but_not": ["lithium citrate"]}},
            "“lithium” does not stand for “lithium carbonate”; write",
        ),
        (
            {"partner": {"ingredients": ["dabigatran etexilate"]}},
            "“dabigatran etexilate” does not stand for “dabigatran”",
        ),
        ({"when": {"fact": "egfr", "below": "30"}}, "mL/min/1.73 m2"),
        ({"when": {"condition": "lycanthropy"}}, "there is no condition"),
        ({"when": {"allergy": "moonlight"}}, "there is no allergen"),
        ({"summary": "{agent} and {moon}. Ask."}, "there is no slot {moon}"),
        ({"partner": None, "summary": "{partners}. Ask."}, "names {partners} and the rule has none"),
        ({"summary": "{agent} above {limit_dayly}. Ask."}, "there is no slot {limit_dayly}"),
        ({"action": "Give 5.0 mg."}, "no trailing zeros"),
        ({"modifiers": [{"when": {"fact": "pregnant"}, "why": "from 5.0 mg"}]}, "no trailing zeros"),
        ({"action": "Give .5 mg."}, "leading zero"),
        ({"action": "Give 50 mcg."}, "write micrograms out"),
        ({"tier": "DANGER", "verified": "false"}, "not verified"),
        ({"tier": "DANGER", "action": "Stop baclofen."}, "how to leave it safely"),
        ({"cases": rule()["cases"][:2]}, "no case that is “could not check”"),
        ({"cases": [{**rule()["cases"][0], "expect": "silent"}, *rule()["cases"]]}, "expected “silent”, got “fires”"),
        ({"summary": "x" * 140}, "the summary has 140 characters"),
        ({"action": {"starting": "Ask."}}, "nothing is said for taking"),
        ({"tier": "WARNING"}, "WARNING"),
        ({"colour": "red"}, "colour"),
        ({"alternatives": ["Diazepam."]}, "alternatives"),
        ({"alternatives": [{"say": "Moonstone.", "agents": ["moonstone"]}]}, "there is no agent “moonstone”"),
    ],
)
def test_the_linter_rejects(tmp_path: Path, changed: dict[str, Any], says: str) -> None:
    faults = [str(f) for f in lint(pack(tmp_path / "ward", rules=[rule(**changed)]))]
    assert any(says in f for f in faults), faults


AGENT: dict[str, Any] = {
    "agent": "dantrolene", "ingredient": "dantrolene", "drug_class": "ryanodine-receptor antagonist", "routes": ["oral"], "family": "peripherally acting", "dose_unit": "mg",
    "limits": [{"kind": "daily", "value": "400", "unit": "mg", "source": "my-source", "place": "1"}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (
            {"limits": [{"kind": "daily", "value": "400", "unit": "furlong", "source": "my-source", "place": "1"}]},
            "the unit “furlong” is not known",
        ),
        (
            {
                "limits": [
                    {
                        "kind": "daily",
                        "value": "400",
                        "unit": "mg",
                        "age_from": "9",
                        "age_to": "3",
                        "source": "my-source",
                        "place": "1",
                    }
                ]
            },
            "age_from is not below",
        ),
        ({"limits": [{"kind": "daily", "value": "400", "unit": "mg"}]}, "source"),
        (
            {
                "statements": [
                    {"topic": "renal", "text": "Halve it.", "value": "0.5", "source": "my-source", "place": "1"}
                ]
            },
            "a bare number",
        ),
        (
            {
                "statements": [
                    {
                        "topic": "renal",
                        "text": "x",
                        "low": "5",
                        "high": "2",
                        "unit": "mg",
                        "source": "my-source",
                        "place": "1",
                    }
                ]
            },
            "low is above high",
        ),
        (
            {
                "adverse_reactions": [
                    {"name": "fall", "percent_low": "40", "percent_high": "20", "source": "my-source", "place": "1"}
                ]
            },
            "not in order",
        ),
        ({"ingredient": "blorbozine"}, "does not know “blorbozine”"),
        (
            {
                "indications": [
                    {"condition": "lycanthropy", "status": "licensed", "text": "x", "source": "my-source", "place": "1"}
                ]
            },
            "there is no condition",
        ),
    ],
)
def test_the_linter_rejects_agents(tmp_path: Path, changed: dict[str, Any], says: str) -> None:
    faults = [str(f) for f in lint(pack(tmp_path / "ward", agents=[{**AGENT, **changed}]))]
    assert any(says in f for f in faults), faults


def test_an_agent_in_the_words_of_an_alternative_alone_is_a_fault(tmp_path: Path) -> None:
    """It would be offered to those for whom it is a danger. The rule's own agent, in another dose, is offered to nobody who has it not."""

    def faults(say: str, *agents: str) -> list[str]:
        changed = rule(alternatives=[{"say": say, "agents": [*agents]}])
        return [f.what for f in lint(pack(tmp_path / "ward", rules=[changed])) if "alternatives" in f.where]

    assert faults("Diazepam at night.") == ["“Diazepam at night.” names diazepam; write `agents: [diazepam]` beside it"]
    assert (
        faults("Diazepam at night.", "diazepam") == faults("Stretching.") == faults("Baclofen in a lower dose.") == []
    )


def test_an_unused_source_is_a_fault(tmp_path: Path) -> None:
    assert any("nothing cites it" in f.what for f in lint(pack(tmp_path / "ward")))


def test_the_same_id_twice_in_one_pack_is_a_fault(tmp_path: Path) -> None:
    assert any("defined twice" in f.what for f in lint(pack(tmp_path / "ward", rules=[rule(), rule()])))


def test_a_folder_that_is_none_is_said(tmp_path: Path) -> None:
    assert "not a folder" in lint(str(tmp_path / "nowhere"))[0].what


def test_an_overlay_replaces_by_id(tmp_path: Path) -> None:
    stricter = rule(rule="tizanidine-baclofen", agents=["tizanidine"], partner={"ingredients": ["baclofen"]}, cases=[
        {"name": "both", "expect": "fires", "patient": {"medicines": ["baclofen 5 mg tds", "tizanidine 2 mg tds"]}},
        {"name": "one", "expect": "silent", "patient": {"medicines": ["tizanidine 2 mg tds"]}},
        {"name": "not said", "expect": "could not check", "patient": {"considering": ["tizanidine 2 mg tds"]}},
    ])  # fmt: skip
    laid = load_knowledge(pack(tmp_path / "ward", rules=[stricter]))
    assert laid.rules["tizanidine-baclofen"].cause == "ward"


def test_knowledge_without_a_writable_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, knowledge: Knowledge
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RELAXANT_CACHE", str(tmp_path / "file" / "below"))
    loaded.cache_clear()
    assert load_knowledge().sha256 == knowledge.sha256
    loaded.cache_clear()


def test_a_spoiled_cache_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAXANT_CACHE", str(tmp_path))
    loaded.cache_clear()
    whole = load_knowledge()
    for file in tmp_path.iterdir():
        file.write_bytes(b"\x80spoiled")
    loaded.cache_clear()
    assert load_knowledge() == whole
    loaded.cache_clear()


COVERED: dict[str, Any] = {"agent": "tizanidine", "jurisdiction": "US", "verified_on": "2026-11-25"}


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (COVERED, "neither answered nor said to be silent"),
        ({**COVERED, "silent": {"mechanism": "not looked up"}}, "is said to be silent and is answered"),
        ({**COVERED, "agent": "unobtainium"}, "there is no agent"),
        ({**COVERED, "verified_on": "2999-01-01"}, "no day up to now"),
        ({**COVERED, "not_sold": "withdrawn", "silent": {"food": "x"}}, "nothing is silent"),
    ],
)
def test_the_linter_rejects_coverage(tmp_path: Path, row: dict[str, Any], says: str) -> None:
    faults = [str(f) for f in lint(pack(tmp_path / "ward", coverage=[row]))]
    assert any(says in f for f in faults), faults


def test_two_rows_of_coverage_for_one_label_are_a_fault(tmp_path: Path) -> None:
    (fault,) = lint(pack(tmp_path / "ward", coverage=[COVERED, dict(COVERED)]))
    assert "written twice" in str(fault)


def test_an_agent_without_coverage_is_a_fault(tmp_path: Path) -> None:
    faults = [str(f) for f in lint(pack(tmp_path / "ward", agents=[{**AGENT, "agent": "dantrolene of ours", "routes": ["vaginal"]}]))]  # fmt: skip
    assert sum("the coverage register has no row" in f for f in faults) == 3


COMBINED: dict[str, Any] = {
    "combination": "ward", "condition": "multiple_sclerosis", "agents": ["baclofen"], "used_for": "x", "benefit": "x", "harm": "x",
    "sources": [{"source": "my-source", "place": "1"}],
}  # fmt: skip
CLAIM: dict[str, Any] = {
    "claim": "ward", "about": ["baclofen"], "says": [["cures"]], "affirmed": "contradicted", "holds": "x",
    "sources": [{"source": "my-source", "place": "1"}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "entry", "says"),
    [
        ("combinations", {**COMBINED, "condition": "lycanthropy"}, "there is no condition"),
        ("combinations", {**COMBINED, "agents": ["unobtainium"]}, "there is no agent"),
        ("combinations", {**COMBINED, "roles": ["wizards"]}, "there is no role"),
        ("combinations", {**COMBINED, "partners": ["blorbozine"]}, "does not know"),
        ("combinations", {**COMBINED, "sources": []}, "has a source"),
        ("claims", {**CLAIM, "says": []}, "whom it is about"),
        ("claims", {**CLAIM, "says": [["Cures"]]}, "lower case"),
        ("claims", {**CLAIM, "affirmed": "cannot judge"}, "without a verdict"),
        ("claims", {**CLAIM, "sources": [{"source": "nowhere", "place": "1"}]}, "there is no source"),
    ],
)
def test_the_linter_rejects_combinations_and_claims(
    tmp_path: Path, kind: str, entry: dict[str, Any], says: str
) -> None:
    faults = [str(f) for f in lint(pack(tmp_path / "ward", **{kind: [entry]}))]
    assert any(says in f for f in faults), faults


@pytest.mark.parametrize(
    ("when", "says"),
    [
        ({"since": "lycanthropy", "at_most": "3", "unit": "days"}, "there is no condition"),
        ({"since": "stroke", "at_most": "3", "unit": "weeks"}, "a number of days"),
        ({"since": "stroke"}, "a number of days"),
        ({"stopped": "aspirin", "at_most": "3", "unit": "days"}, "there is no agent"),
        ({"stopped": "baclofen"}, "a number of days"),
        ({"genotype": "CYP2C19", "is": "splendid"}, "there is no status"),
        ({"genotype": "CYP2C19"}, "needs `is`"),
        ({"over_limit": "dayly"}, "there is no limit"),
        ({"not": {"over_limit": "single_per_kilo"}}, "there is no limit"),
    ],
)
def test_the_linter_rejects_predicates_on_time_and_genes(tmp_path: Path, when: dict[str, Any], says: str) -> None:
    faults = [str(f) for f in lint(pack(tmp_path / "ward", rules=[rule(when=when)]))]
    assert any(says in f for f in faults), faults


@pytest.mark.parametrize(
    ("fact", "unit", "own"),
    [
        ("daily_dose", "micrograms/day", "mg/day"),
        ("previous_daily_dose", "mg", "mg/day"),
        ("most_single_dose", "g", "mg"),
        ("most_single_dose_per_kg", "mg", "mg/kg"),
        ("most_daily_dose_per_kg", "mg/kg", "mg/kg/day"),
    ],
)
def test_an_amount_in_another_unit_is_a_fault_and_not_read_as_that_many_milligrams(
    tmp_path: Path, fact: str, unit: str, own: str
) -> None:
    """A threshold of 500 micrograms would have let 499 mg pass: the number stands as it is written."""
    for when in ({"fact": fact, "above": "500", "unit": unit}, {"any": [{"not": {"fact": fact, "below": "500", "unit": unit}}]}):  # fmt: skip
        faults = [str(f) for f in lint(pack(tmp_path / "ward", rules=[rule(when=when)]))]
        assert any(f"{fact} of baclofen is in {own}, not {unit}; write `unit: {own}`" in f for f in faults), faults
    right = [str(f) for f in lint(pack(tmp_path / "ward", rules=[rule(when={"fact": fact, "above": "500", "unit": own})]))]  # fmt: skip
    assert not any(f"{fact} of" in f for f in right)


def test_an_amount_of_agents_that_are_dosed_in_different_units_is_a_fault(tmp_path: Path) -> None:
    """Milligrams of the pump's micrograms: no one number is right for both."""
    asked = {"fact": "daily_dose", "above": "500", "unit": "mg/day"}
    faults = [str(f) for f in lint(pack(tmp_path / "ward", rules=[rule(agents=["baclofen", "baclofen intrathecal"], when=asked)]))]  # fmt: skip
    said = [f for f in faults if "daily_dose of" in f]
    assert (
        len(said) == 1
        and "of baclofen intrathecal is in micrograms/day, not mg/day; write one for each unit" in said[0]
    )
