"""The review as a whole: the contract's shape, the weighing, the triage, replay."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from conftest import ROOT, TODAY, reviewed
from relaxant import InputError, read_patient, replay, review, to_json
from relaxant.errors import ReplayError
from relaxant.io.patient_file import read_patient as read_plain
from relaxant.knowledge.load import Knowledge
from relaxant.plain import read_json, read_yaml
from relaxant.reviewing import Review

EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
CONTRACT = {
    "stamp": {"engine", "knowledge", "input_sha256", "as_of", "country", "language", "time_zone"},
    "medicines": {"said", "status", "role", "change", "ingredients", "read_as", "regimen"},
    "findings": {
        "id", "rules", "tier", "agents", "partners", "summary", "consequence", "mechanism", "action", "alternatives", "evidence", "verified", "effect",
        "because", "sources",
    },
    "unchecked": {"settled_by", "worst_tier", "checks", "agents"},
    "checks": {"rule", "agent", "partners", "outcome", "settled_by"},
}  # fmt: skip
REGIMEN = {
    "doses",
    "rate",
    "daily",
    "as_needed",
    "max_daily",
    "route",
    "form",
    "release",
    "strength",
    "start",
    "stop",
    "site",
}
PERSON: dict[str, Any] = {
    "sex": "female", "birth_date": "1968-03-02", "weight": "61 kg", "height": "165 cm", "conditions": ["multiple sclerosis"], "allergies": [],
    "labs": [{"name": "creatinine", "value": "0.8 mg/dL", "date": "2026-11-10"}, {"name": "ALT", "value": "20 U/L", "date": "2026-11-10"}],
}  # fmt: skip


def tiers(review: Review, agent: str | None = None) -> list[str]:
    return [f.tier for f in review.findings if agent is None or agent in f.agents]


def outcome(review: Review, rule: str) -> str:
    return next((c.outcome for c in review.checks if c.rule == rule), "no check")


def test_json_has_every_name_of_the_contract() -> None:
    made = json.loads(
        to_json(
            reviewed(
                {
                    **PERSON,
                    "medicines": ["ciprofloxacin 500 mg bd", "baclofen 10 mg tds"],
                    "considering": ["tizanidine 4 mg tds"],
                }
            )
        )
    )
    assert list(made) == [
        "stamp", "patient", "medicines", "facts", "findings", "unchecked", "checks", "suitability", "combinations", "options", "prediction", "plan", "monitoring", "limits", "unread_conditions", "unclear_conditions",
    ]  # fmt: skip
    assert CONTRACT["stamp"] <= set(made["stamp"])
    for part in ("medicines", "findings", "unchecked", "checks"):
        assert made[part]
        for entry in made[part]:
            assert CONTRACT[part] <= set(entry)
    for medicine in made["medicines"]:
        assert set(medicine["regimen"]) >= REGIMEN
    finding = made["findings"][0]
    assert finding["effect"] == {"auc_ratio": 10.0, "low": None, "high": finding["effect"]["high"]}
    assert {"id", "title", "place", "url"} <= set(finding["sources"][0])
    assert {"fact", "value"} <= set(finding["because"][0])


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_every_example_reviews_and_replays(path: Any, knowledge: Knowledge) -> None:
    made = review(read_patient(path, today=TODAY), knowledge=knowledge)
    written = to_json(made)
    for finding in made.findings:
        assert len(finding.summary) <= 139
        assert finding.sources and finding.action
        assert "{" not in finding.summary + finding.action + finding.consequence + finding.mechanism
    again = read_plain(read_json(written.decode(), "review")["patient"], knowledge, today=TODAY)
    assert to_json(replay(written, again, knowledge=knowledge)) == written


def test_replay_refuses_another_engine_or_a_changed_review(knowledge: Knowledge) -> None:
    patient = read_plain({"as_of": "2026-11-22", **PERSON, "medicines": ["baclofen 10 mg tds"]}, knowledge, today=TODAY)
    written = to_json(review(patient, knowledge=knowledge))
    with pytest.raises(ReplayError, match="engine differs"):
        replay(written.replace(b'"engine": "0.1.0"', b'"engine": "0.0.9"'), patient, knowledge=knowledge)
    with pytest.raises(ReplayError, match="knowledge differs"):
        replay(written.replace(knowledge.sha256.encode(), b"0" * 64), patient, knowledge=knowledge)
    with pytest.raises(ReplayError, match="changed after it was made"):
        replay(written.replace(b'"outcome": "silent"', b'"outcome": "fires"', 1), patient, knowledge=knowledge)
    assert replay(
        written.replace(b'"engine": "0.1.0"', b'"engine": "0.0.9"'), patient, knowledge=knowledge, with_current=True
    )


def test_five_sedatives_are_one_finding() -> None:
    made = reviewed({
        **PERSON,
        "medicines": ["baclofen 10 mg tds", "zopiclone 7.5 mg at night", "quetiapine 100 mg at night", "promethazine 25 mg at night", "mirtazapine 30 mg at night",
                      "gabapentin 300 mg tds"],
    })  # fmt: skip
    sedation = [f for f in made.findings if f.cause == "cns-depression"]
    assert len(sedation) == 1
    assert {"zopiclone", "quetiapine", "promethazine", "mirtazapine"} <= set(sedation[0].partners)


def test_a_danger_on_a_medicine_taken_says_how_to_leave_it() -> None:
    made = reviewed({**PERSON, "dialysis": "haemodialysis", "medicines": ["baclofen 10 mg tds since 2024-01-05"]})
    danger = next(f for f in made.findings if f.tier == "DANGER")
    assert "taper" in danger.action and "never" in danger.action
    assert danger.situation == "taking" and danger.interrupts


def test_only_danger_interrupts_and_not_more_than_the_budget(knowledge: Knowledge) -> None:
    made = reviewed({
        **PERSON, "dialysis": "haemodialysis", "allergies": ["baclofen", "tizanidine"], "pump": {"drug": "baclofen"},
        "medicines": ["baclofen 30 mg qds since 2024-01-05", "fluvoxamine 50 mg at night", "ciprofloxacin 500 mg bd"],
        "considering": ["tizanidine 4 mg tds"],
    })  # fmt: skip
    interrupting = [f for f in made.findings if f.interrupts]
    assert {f.tier for f in interrupting} == {"DANGER"}
    assert len(interrupting) == min(tiers(made).count("DANGER"), int(knowledge.policy("interruption_budget")))
    assert tiers(made) == sorted(tiers(made), key=("DANGER", "CHANGE", "WATCH", "NOTE").index)


def test_weighing_a_start_a_replacement_and_a_stop() -> None:
    taking = {**PERSON, "medicines": ["baclofen 20 mg tds since 2024-01-05"]}
    start = reviewed({**PERSON, "medicines": [], "considering": ["baclofen 5 mg tds"]})
    assert [m.change for m in start.medicines] == ["start"]
    replaced = reviewed({**taking, "considering": ["increase baclofen to 30 mg three times a day"]})
    weighed, current = replaced.medicines
    assert (weighed.change, weighed.regimen.daily.high if weighed.regimen.daily else None, current.replaced) == (
        "replace",
        90.0,
        True,
    )
    assert outcome(replaced, "over-daily-limit") == "fires"
    added = reviewed(
        {**taking, "considering": [{"drug": "baclofen", "dose": "5 mg", "frequency": "at night", "change": "start"}]}
    )
    assert not any(m.replaced for m in added.medicines)
    stop = reviewed({**taking, "considering": ["stop baclofen"]})
    assert outcome(stop, "baclofen-stop-weighed") == "fires"
    assert any(f.situation == "stopping" for f in stop.findings)


def test_a_cut_at_once_is_seen() -> None:
    made = reviewed(
        {
            **PERSON,
            "medicines": ["baclofen 20 mg tds since 2024-01-05"],
            "considering": ["reduce baclofen to 5 mg three times a day"],
        }
    )
    assert outcome(made, "baclofen-large-step-down") == "fires"


def test_stopping_a_partner_takes_it_out() -> None:
    pair = {**PERSON, "medicines": ["tizanidine 4 mg tds since 2025-01-05", "ciprofloxacin 500 mg bd"]}
    assert "DANGER" in tiers(reviewed(pair))
    assert outcome(reviewed({**pair, "considering": ["stop ciprofloxacin"]}), "tizanidine-strong-cyp1a2-inhibitor") in (
        "silent",
        "no check",
    )


def test_ceilings_test_the_high_end_and_withdrawal_the_low() -> None:
    wide = {**PERSON, "medicines": ["baclofen 5-30 mg every 6 h since 2024-01-05"]}
    assert outcome(reviewed(wide), "over-daily-limit") == "fires"
    stop = reviewed(
        {
            **PERSON,
            "medicines": ["baclofen 5-30 mg every 6 h as needed since 2024-01-05"],
            "considering": ["stop baclofen"],
        }
    )
    assert outcome(stop, "baclofen-stop-weighed") == "could not check"
    assert any("how much baclofen" in u.settled_by for u in stop.unchecked)


def test_unrecognised_is_shown_first_and_settles_what_it_hides() -> None:
    made = reviewed(
        {**PERSON, "medicines": ["baclofen 10 mg tds", "blorbozine 5 mg"], "considering": ["tizanidine 2 mg tds"]}
    )
    assert made.medicines[0].status == "unrecognised"
    assert any("blorbozine" in words for words in made.limits)
    assert outcome(made, "tizanidine-strong-cyp1a2-inhibitor") == "could not check"
    assert any("blorbozine" in u.settled_by for u in made.unchecked)


def test_medicines_left_out_are_unknown_and_given_empty_are_none() -> None:
    left_out = reviewed({**PERSON, "considering": ["tizanidine 2 mg tds"]})
    none = reviewed({**PERSON, "medicines": [], "considering": ["tizanidine 2 mg tds"]})
    assert outcome(left_out, "tizanidine-strong-cyp1a2-inhibitor") == "could not check"
    assert outcome(none, "tizanidine-strong-cyp1a2-inhibitor") in ("silent", "no check")
    assert left_out.unchecked[0].settled_by == "medicines"


def test_country_chooses_the_labels() -> None:
    person = {**PERSON, "medicines": ["baclofen 25 mg qds since 2024-01-05"]}
    assert outcome(reviewed({**person, "country": "US"}), "over-daily-limit") == "fires"
    assert outcome(reviewed({**person, "country": "UK"}), "over-daily-limit") == "silent"
    assert reviewed({**person, "country": "UK"}).stamp.country == "UK"


def test_routes_make_agents() -> None:
    pump = reviewed({**PERSON, "medicines": ["baclofen 400 micrograms/day intrathecal"]})
    assert pump.medicines[0].agents == ("baclofen intrathecal",)
    wrong = reviewed({**PERSON, "medicines": ["tizanidine 4 mg intravenous three times a day"]})
    assert outcome(wrong, "route-it-does-not-have") == "fires"


def test_unchecked_covers_every_check_that_could_not_be_made() -> None:
    made = reviewed({"considering": ["tizanidine 2 mg tds"]})
    covered = {(r, a) for u in made.unchecked for r in u.rules for a in u.agents}
    for check in made.checks:
        if check.outcome == "could not check":
            assert check.settled_by
            assert (check.rule, check.agent) in covered
    assert sum(not u.folded for u in made.unchecked) <= 5


@pytest.mark.parametrize(
    "partner",
    ["levofloxacin 500 mg daily", "moxifloxacin 400 mg daily", "sertraline 50 mg daily", "citalopram 20 mg daily"],
)
def test_pairs_that_measurement_clears_raise_at_most_a_note(partner: str) -> None:
    quiet = {**PERSON, "observations": [{"name": "systolic blood pressure", "value": "128 mmHg", "date": "2026-11-20"}]}
    made = reviewed({**quiet, "medicines": [partner], "considering": ["tizanidine 2 mg three times a day"]})
    name = partner.split()[0]
    assert all(f.tier == "NOTE" for f in made.findings if name in f.partners)


def test_someone_with_nothing_wrong_gets_nothing() -> None:
    made = reviewed({
        "sex": "male", "age": "40", "weight": "78 kg", "height": "180 cm", "conditions": ["multiple sclerosis"], "allergies": [], "dialysis": "none",
        "pregnant": "false", "stands_on_tone": "false", "smoker": "false", "alcohol": "none", "swallowing": "normal",
        "labs": [{"name": n, "value": v, "date": "2026-11-20"} for n, v in (("creatinine", "0.9 mg/dL"), ("ALT", "20 U/L"), ("AST", "18 U/L"))],
        "observations": [{"name": "systolic blood pressure", "value": "128 mmHg", "date": "2026-11-20"}],
        "medicines": ["vitamin D 1000 units once a day", "baclofen 10 mg three times a day since 2025-01-05"],
    })  # fmt: skip
    assert [f for f in made.findings if f.tier != "NOTE"] == []


def test_the_review_is_frozen_and_its_json_is_its_image() -> None:
    made = reviewed({**PERSON, "medicines": ["baclofen 10 mg tds"]})
    with pytest.raises(AttributeError):
        made.findings = ()  # type: ignore[misc]
    assert msgspec.to_builtins(made) == json.loads(to_json(made), object_pairs_hook=_tuples)


def _tuples(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {k: _tuple(v) for k, v in pairs}


def _tuple(value: Any) -> Any:
    return tuple(map(_tuple, value)) if isinstance(value, list) else value


def test_an_input_error_names_field_came_and_would_do(knowledge: Knowledge) -> None:
    with pytest.raises(InputError) as caught:
        read_plain({"weight": "700 kg", "medicines": ["baclofen 5 mg"]}, knowledge, today=TODAY)
    assert caught.value.field == "weight" and "700" in caught.value.came and caught.value.would_do


def test_a_mapping_is_read_as_the_file_that_says_the_same(knowledge: Knowledge) -> None:
    path = ROOT / "examples" / "ms-ckd-baclofen.yaml"
    plain = read_yaml(path.read_text(encoding="utf-8"), path.name)
    assert read_patient(plain, today=TODAY) == read_patient(path, today=TODAY)
    weighed = read_patient(
        plain, today=TODAY, considering=["tizanidine 2 mg at night"], country="UK", as_of="2026-11-25"
    )
    assert (weighed.country, weighed.as_of.isoformat(), weighed.considering[0].said) == (
        "UK",
        "2026-11-25",
        "tizanidine 2 mg at night",
    )
    bundle = next((ROOT / "examples").rglob("*.json"))
    assert read_patient(json.loads(bundle.read_bytes()), today=TODAY) == read_patient(bundle.read_bytes(), today=TODAY)
    with pytest.raises(InputError, match=r"wieght"):
        read_patient({"wieght": "61 kg"}, today=TODAY)


@pytest.mark.parametrize("other", [{}, None, "patient.yaml"])
def test_what_is_no_patient_is_not_reviewed(other: Any) -> None:
    with pytest.raises(InputError, match=r"patient: .*relaxant\.read_patient"):
        review(other)


def test_where_the_medicines_are_unknown_only_what_is_named_is_reviewed_and_that_is_said() -> None:
    review = reviewed({"considering": ["tizanidine 2 mg three times a day"]})
    assert {c.agent for c in review.checks} == {"tizanidine"}
    assert any(u.settled_by == "medicines" for u in review.unchecked)
    assert any("other medicines are unknown" in words for words in review.limits)
