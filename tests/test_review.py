"""The review as a whole: the contract's shape, the weighing, the triage, replay."""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec
import numpy as np
import pytest

from conftest import ROOT, TODAY, reviewed
from relaxant import InputError, read_patient, replay, review, to_json
from relaxant.errors import ReplayError
from relaxant.facts.column import Column
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.io.patient_file import read_patient as read_plain
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.knowledge.rules import Spoken
from relaxant.knowledge.schema import TIERS
from relaxant.medicines.read import read_medicines
from relaxant.patient import Patient, to_file
from relaxant.plain import read_json, read_yaml
from relaxant.reviewing import Review, checked
from relaxant.rules.findings import Finding
from relaxant.rules.reasons import cited, effect_of, own_sources
from relaxant.rules.tiers import worst_tier
from relaxant.rules.wording import capital, fact_text, for_situation, listed, shown_name

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


BARE = {**PERSON, "conditions": []}


def finding_of(made: Review, rule: str) -> Finding:
    return next(f for f in made.findings if rule in f.rules)


def test_a_partner_that_is_weighed_is_the_one_to_leave_out_and_one_that_is_taken_is_not() -> None:
    """What is said, what is asked and the reason differ with which of two medicines is new."""
    medicines = ["tizanidine 4 mg three times a day", "fluvoxamine 100 mg at night"]
    made = reviewed({**BARE, "medicines": medicines, "considering": ["ciprofloxacin 500 mg twice a day"]})
    new, old = finding_of(made, "tizanidine-ciprofloxacin"), finding_of(made, "tizanidine-fluvoxamine")
    assert (new.partners, old.partners) == (("ciprofloxacin",), ("fluvoxamine",))
    assert new.summary.endswith("Choose another antibiotic.") and "hold tizanidine from now" in old.summary
    rules = load_knowledge().rules
    assert (
        new.action
        == rules["tizanidine-ciprofloxacin"].action["adding"]
        != rules["tizanidine-ciprofloxacin"].action["taking"]
    )  # type: ignore[index]
    assert [(b.fact, b.value) for b in new.because] == [("being weighed", "ciprofloxacin")]
    assert [(b.fact, b.value) for b in old.because] == [("takes", "fluvoxamine")]
    assert new.situation == old.situation == "taking"
    tested = {check.rule: check for check in made.checks}
    assert tested["tizanidine-fluvoxamine"].partners == ("fluvoxamine",)
    assert all(isinstance(check.partners, tuple) and isinstance(check.settled_by, tuple) for check in made.checks)


def test_an_alternative_that_is_taken_or_weighed_already_is_none() -> None:
    pair = ["tizanidine 4 mg three times a day", "ciprofloxacin 500 mg twice a day"]
    other = "baclofen 10 mg three times a day"
    with_it, without, weighed = (
        finding_of(reviewed({**BARE, **more}), "tizanidine-ciprofloxacin").alternatives
        for more in ({"medicines": [*pair, other]}, {"medicines": pair}, {"medicines": pair, "considering": [other]})
    )
    assert any(text.startswith("For tizanidine: baclofen") for text in without)
    assert with_it == weighed == tuple(text for text in without if "baclofen" not in text) != ()
    stopped = [*pair, {"drug": "baclofen", "dose": "10 mg", "frequency": "three times a day", "stop": "2026-01-05"}]
    assert finding_of(reviewed({**BARE, "medicines": stopped}), "tizanidine-ciprofloxacin").alternatives == without


def test_nothing_is_offered_instead_that_would_be_a_danger() -> None:
    """Tizanidine in place of baclofen at a failing kidney, unless ciprofloxacin is taken; baclofen in place of tizanidine, unless the kidney fails;
    also in what refuses a plan."""
    failing = {
        "labs": [{"name": "creatinine", "value": "3.9 mg/dL", "date": "2026-11-20"}],
        "medicines": ["baclofen 10 mg three times a day"],
    }
    antibiotic = "ciprofloxacin 500 mg twice a day"

    def offered(rule: str, **more: Any) -> str:
        return " ".join(finding_of(reviewed({**BARE, **more}), rule).alternatives)

    of_kidney = "baclofen-severe-kidney-disease"
    assert "Tizanidine" in offered(of_kidney, **failing)
    beside = {**failing, "medicines": [*failing["medicines"], antibiotic]}
    assert "Tizanidine" not in offered(of_kidney, **beside)
    assert "botulinum toxin" in offered(of_kidney, **beside)
    pair = ["tizanidine 4 mg three times a day", antibiotic]
    healthy = {"labs": [{"name": "creatinine", "value": "0.8 mg/dL", "date": "2026-11-20"}]}
    assert "baclofen" in offered("tizanidine-ciprofloxacin", medicines=pair, **healthy)
    assert "baclofen" not in offered("tizanidine-ciprofloxacin", medicines=pair, labs=failing["labs"])

    def refused(*allergies: str) -> list[str]:
        weighed = {
            "conditions": ["malignant hyperthermia"],
            "considering": ["succinylcholine 100 mg once"],
            "allergies": [*allergies],
        }
        return [
            note
            for plan in reviewed({**BARE, **weighed}).plan
            if plan.refused
            for note in plan.notes
            if "Rocuronium" in note
        ]

    assert refused() and not refused("rocuronium")


def test_sugammadex_is_offered_to_whom_rocuronium_was_given() -> None:
    """Rocuronium stands in its words and is not what is offered."""
    blocked = {
        "conditions": ["myasthenia gravis"],
        "medicines": ["rocuronium 50 mg once"],
        "considering": ["neostigmine 2.5 mg once"],
    }
    assert any(
        a.startswith("Sugammadex")
        for a in finding_of(reviewed({**BARE, **blocked}), "neostigmine-myasthenia").alternatives
    )


def test_of_people_of_all_rules_nobody_is_offered_a_danger() -> None:
    """Everybody on whom a rule with an alternative is tried, as they are and with an antibiotic: what may be offered is weighed by its name, in a
    review of its own. What is offered is no danger there; what is withheld is one, or is taken."""
    knowledge, offered, withheld = load_knowledge(), 0, 0
    for rule in knowledge.rules.values():
        for case in rule.cases if any(one.agents for one in rule.alternatives) else ():
            for more in ([], ["ciprofloxacin 500 mg twice a day"]):
                file = {**case.patient, "medicines": [*(case.patient.get("medicines") or ()), *more]}
                patient = read_patient(file if more else case.patient, today=TODAY)
                for finding in checked(patient).findings:
                    if rule.rule != finding.rules[0]:
                        continue
                    for one in rule.alternatives:
                        grave = [a for a in one.agents if is_danger(patient, a, knowledge)]
                        if capital(one.say) in finding.alternatives:
                            assert not grave, (rule.rule, case.name, more, grave)
                            offered += 1
                        elif grave:
                            withheld += 1
                        elif one.agents:
                            said = {i for m in read_medicines(patient, knowledge) for i in map(str.casefold, m.agents)}
                            assert set(one.agents) <= said, (rule.rule, case.name, more, one)
    assert offered > 50 and withheld > 2


def is_danger(patient: Patient, agent: str, knowledge: Knowledge) -> bool:
    """Whether a review in which the agent is weighed finds a DANGER by a rule of the agent's own."""
    with_it = read_patient(to_file(patient), today=TODAY, considering=[f"{agent} {knowledge.agents[agent].routes[0]}"])
    beside = checked(with_it)
    own = {c.rule for c in beside.checks if c.agent == agent and c.outcome == "fires"}
    return any(f.tier == "DANGER" and f.rules[0] in own for f in beside.findings)


def test_what_is_left_does_not_keep_its_watches_open() -> None:
    """A stop that is weighed folds what was to be watched; of a medicine that stays it stays open."""
    person = {**PERSON, "conditions": ["stroke"], "medicines": ["baclofen 10 mg three times a day"]}
    stays, leaves = reviewed(person), reviewed({**person, "considering": ["stop baclofen"]})
    assert not finding_of(stays, "baclofen-stroke-us").folded and finding_of(leaves, "baclofen-stroke-us").folded
    stop = finding_of(leaves, "baclofen-stop-weighed")
    assert (stop.tier, stop.situation, stop.folded, stop.interrupts) == ("DANGER", "stopping", False, True)


def test_one_cause_of_two_agents_is_two_findings_where_it_is_each_ones_own() -> None:
    made = reviewed({**BARE, "conditions": ["narrow-angle glaucoma"], "medicines": ["diazepam 5 mg three times a day", "clonazepam 1 mg at night"]})  # fmt: skip
    assert {"diazepam-glaucoma", "clonazepam-glaucoma"} <= {f.cause for f in made.findings}


def test_a_change_of_dose_says_which_way_and_by_how_much() -> None:
    person = {**BARE, "medicines": ["baclofen 20 mg three times a day"]}
    lowered = reviewed({**person, "considering": ["baclofen 5 mg three times a day"]})
    reasons = [(b.fact, b.value) for b in finding_of(lowered, "baclofen-large-step-down").because]
    assert reasons[0] == ("change of the daily dose", "lowered by 75%")
    assert reasons[1][1] == "60 mg/day"


def test_what_could_not_be_checked_stands_by_how_grave_it_could_be() -> None:
    """What is seldom known comes last and folded; of the rest five are open: the gravest, of those what settles most, then by name."""
    medicines = [
        "tizanidine 4 mg three times a day",
        "baclofen 20 mg three times a day",
        "diazepam 5 mg three times a day",
    ]
    known = load_knowledge()
    patient = read_plain(
        {"as_of": "2026-11-22", "sex": "female", "age": 58, "medicines": medicines}, known, today=TODAY
    )
    facts = Facts(inputs_of([(patient, read_medicines(patient, known))], known), known, patient.jurisdiction)
    asked, seldom = review(patient, knowledge=known).unchecked, facts.seldom_asked(0)
    keys = [(u.settled_by in seldom, TIERS.index(u.worst_tier), -u.checks, u.settled_by) for u in asked]
    assert keys == sorted(keys) and {key[0] for key in keys} == {False, True}
    assert [u.folded for u in asked] == [key[0] or i >= known.policy("unchecked_open") for i, key in enumerate(keys)]


def test_a_label_speaks_for_the_agents_that_it_is_of() -> None:
    """A rule for many agents cites for each the labels that are its own, and what is no label; all where nothing would be left."""
    known = load_knowledge()
    left = 0
    for rule in known.rules.values():
        for agent in rule.agents if "every agent" not in rule.agents else ():
            cited = own_sources(rule, agent, known)
            foreign = [
                ref.source
                for ref in cited
                if known.sources[ref.source].kind == "label"
                and (
                    of := {a.ingredient for a in known.agents.values() if ref.source in {p.source for p in a.products}}
                )
                and known.agents[agent].ingredient not in of
            ]
            assert not foreign or list(cited) == list(rule.sources), (rule.rule, agent)
            left += len(cited) < len(rule.sources)
    assert left > 20


def test_the_gravest_that_a_rule_can_come_to_is_by_gravity() -> None:
    """What could not be checked is sorted by it."""
    rules = load_knowledge().rules.values()
    graver = [r for r in rules if any(m.tier and TIERS.index(m.tier) < TIERS.index(r.tier) for m in r.modifiers)]
    assert {(r.tier, worst_tier(r)) for r in graver} >= {("CHANGE", "DANGER"), ("NOTE", "WATCH")}
    for rule in rules:
        reached = {rule.tier, *(m.tier for m in rule.modifiers if m.tier)}
        assert worst_tier(rule) == next(tier for tier in TIERS if tier in reached), rule.rule


VALUES = load_knowledge().words("values")


@pytest.mark.parametrize(
    ("low", "high", "unit", "said"),
    [
        (30, 30, "mg", "30 mg"),
        (30.01, 30.02, "mg", "30 mg"),
        (20, 40, "mg", "20 to 40 mg"),
        (12.3456, 40, "mg", "12.3 to 40 mg"),
        (-math.inf, 40, "mg", "at most 40 mg"),
        (0, 40, "mg", "at most 40 mg"),
        (20, math.inf, "mg", "at least 20 mg"),
        (0, math.inf, "mg", "unknown"),
        (-math.inf, math.inf, "mg", "unknown"),
        (37.2456, 37.2456, "mL/min/1.73 m2", "37.2 mL/min/1.73 m2"),
        (1.5, 1.5, "", "1.5"),
        (37.2456, 37.2456, "", "37.2"),
        (58.7, 58.7, "years", "58 years"),
        (2, 2, "years", "2 years"),
        (1.99, 1.99, "years", "23 months"),
        (8 / 12, 8 / 12, "years", "8 months"),
        (1, 1, "days", "1 day"),
        (3, 3, "days", "3 days"),
        (-1, -1, "days", "1 day ago"),
        (-3, -3, "days", "3 days ago"),
        (72, 72, "1/min", "72 a minute"),
    ],
)
def test_a_value_is_said_with_its_unit_and_no_more_than_is_known(low: float, high: float, unit: str, said: str) -> None:
    assert fact_text(Column(np.array([low], float), np.array([high], float), unit), 0, VALUES) == said


@pytest.mark.parametrize(("low", "high", "said"), [(1, 1, "yes"), (0, 0, "no"), (0, 1, "unknown")])
def test_a_yes_or_no_that_is_not_known_is_neither(low: float, high: float, said: str) -> None:
    assert fact_text(Column(np.array([low], float), np.array([high], float), truth=True), 0, VALUES) == said


def test_names_are_listed_and_cut_as_a_sentence_has_them() -> None:
    names = ["a", "b", "c"]
    assert [listed(names[:n], VALUES) for n in range(4)] == ["another medicine", "a", "a and b", "a, b and c"]
    assert [listed(names, VALUES, most) for most in (3, 2, 1)] == ["a, b and c", "a, b and 1 more", "a and 2 more"]


def test_a_sentence_begins_with_a_capital_and_a_unit_keeps_its_own() -> None:
    said = ("taper it", "a dose", "mL of it", "30 mg", "a", "")
    assert [capital(text) for text in said] == ["Taper it", "A dose", "mL of it", "30 mg", "A", ""]


def test_a_text_for_situations_falls_back_on_what_is_taken_then_on_the_first() -> None:
    both: dict[Spoken, str] = {"starting": "begin", "taking": "go on"}
    assert [for_situation(both, on) for on in ("starting", "taking", "stopping")] == ["begin", "go on", "go on"]
    assert for_situation({"stopped": "was"}, "taking") == "was" and for_situation("all", "taking") == "all"


def test_the_reasons_name_conditions_days_and_genes_as_a_reader_does() -> None:
    cord = {"conditions": [{"name": "spinal cord injury", "since": "2026-10-23"}], "medicines": []}
    made = reviewed({**PERSON, **cord, "considering": ["succinylcholine 60 mg IV"]})
    reasons = [(b.fact, b.value) for b in finding_of(made, "succinylcholine-upper-motor-neurone").because]
    assert reasons == [("spinal cord injury", "yes"), ("since spinal cord injury began", "30 days")]
    made = reviewed(
        {**PERSON, "conditions": ["narrow-angle glaucoma"], "medicines": ["diazepam 5 mg three times a day"]}
    )
    assert [b.fact for b in finding_of(made, "benzodiazepine-angle-closure").because] == ["angle-closure glaucoma"]
    own = {"allergies": ["meprobamate"], "genotype": {"CYP2C19": "poor metaboliser"}}
    made = reviewed({**BARE, **own, "medicines": ["carisoprodol 350 mg four times a day since 2026-11-20"]})
    assert ("allergy to carbamate", "yes") in [(b.fact, b.value) for f in made.findings for b in f.because]
    gene = finding_of(made, "carisoprodol-cyp2c19-poor")
    assert [(b.fact, b.value) for b in gene.because] == [("CYP2C19 poor metaboliser", "yes")]
    pump = {"drug": "baclofen", "route": "intrathecal", "dose": "400 micrograms/day", "stop": "2026-11-15"}
    made = reviewed({**BARE, "medicines": [pump], "considering": ["baclofen 30 mg three times a day"]})
    assert ("days since it was stopped", "7 days") in [(b.fact, b.value) for b in finding_of(made, "baclofen-intrathecal-stopped").because]  # fmt: skip
    assert ("days since baclofen intrathecal was stopped", "7 days") in [(b.fact, b.value) for b in finding_of(made, "baclofen-start-above-label").because]  # fmt: skip


def test_beside_the_gravest_the_others_of_its_cause_say_their_first_sentence_once() -> None:
    taken = ["tizanidine 4 mg three times a day", "baclofen 20 mg three times a day", "oxycodone 10 mg twice a day", "diazepam 5 mg three times a day"]  # fmt: skip
    made = reviewed({**BARE, "medicines": taken})
    lead = finding_of(made, "tizanidine-cns-depressant")
    assert lead.partners == ("oxycodone",) and set(lead.agents) == {"tizanidine", "baclofen", "diazepam"}
    assert len(lead.also) == len(set(lead.also)) > 2
    assert "Baclofen, an opioid and a benzodiazepine together: overdose risk." in lead.also
    assert "Baclofen with diazepam and oxycodone: sedation adds up to falls and confusion." in lead.also
    assert all(text.endswith(".") and ". " not in text for text in lead.also)


def test_the_measured_effect_is_the_largest_of_the_partners() -> None:
    known = load_knowledge()
    effect = effect_of("tizanidine", ["fluvoxamine", "ciprofloxacin"], known)
    ratios = {
        e.auc_ratio
        for e in known.exposures_of("tizanidine")
        if e.verified and e.partner in {"fluvoxamine", "ciprofloxacin"}
    }
    assert effect is not None and effect.auc_ratio == max(ratios) != min(ratios)
    assert effect_of("tizanidine", ["paracetamol"], known) is None and effect_of("tizanidine", [], known) is None


def test_a_finding_cites_what_its_rule_cites_in_its_words_with_the_address(knowledge: Knowledge) -> None:
    medicines = ["tizanidine 4 mg three times a day", "ciprofloxacin 500 mg twice a day"]
    found = finding_of(reviewed({**BARE, "medicines": medicines}), "tizanidine-ciprofloxacin")
    rule = knowledge.rules["tizanidine-ciprofloxacin"]
    of = {(source.id, source.place): source for source in found.sources}
    for ref in own_sources(rule, "tizanidine", knowledge):
        assert of[ref.source, ref.place].says == ref.says
    assert any(source.says for source in found.sources)
    assert (found.verified, found.interrupts, found.folded, found.cause) == (True, True, False, rule.cause)
    for known in knowledge.sources.values():
        one = cited(knowledge, known.id, "p. 1")
        assert (one.id, one.title, one.place, one.says) == (known.id, known.title, "p. 1", None)
        assert one.url == (known.url or (f"https://doi.org/{known.doi}" if known.doi else None))
    assert {bool(known.url) for known in knowledge.sources.values()} == {True, False}


def test_dangers_interrupt_up_to_the_budget_and_the_rest_stand_beside_them(knowledge: Knowledge) -> None:
    """Five contraindicated pairs: three interrupt, none is folded."""
    against = ["ciprofloxacin 500 mg twice a day", "fluvoxamine 100 mg at night"]
    person = {**BARE, "conditions": ["myasthenia gravis", "cirrhosis"], "allergies": ["dantrolene", "orphenadrine"]}
    taken = ["tizanidine 4 mg three times a day", "dantrolene 25 mg twice a day", "diazepam 5 mg at night", "orphenadrine 100 mg twice a day"]  # fmt: skip
    dangers = [f for f in reviewed({**person, "medicines": [*taken, *against]}).findings if f.tier == "DANGER"]
    budget = int(knowledge.policy("interruption_budget"))
    assert len(dangers) > budget + 1
    assert [f.interrupts for f in dangers] == [True] * budget + [False] * (len(dangers) - budget)
    assert not any(f.folded for f in dangers)


def test_a_limit_is_cited_for_the_persons_age_alone() -> None:
    made = reviewed({**BARE, "country": "UK", "medicines": ["baclofen 40 mg three times a day"]})
    cited_by = {source.id for source in finding_of(made, "over-daily-limit").sources}
    assert "baclofen-formulary-scotland" in cited_by and "baclofen-children-smpc" not in cited_by


@pytest.mark.parametrize(
    ("now", "new", "said"),
    [
        ("20 mg three times a day", "20 mg once a day", "lowered by 66.7%"),
        ("400 micrograms/day intrathecal", "800 micrograms/day intrathecal", "raised by 100%"),
    ],
)  # fmt: skip
def test_a_dose_of_a_third_or_of_twice_as_much_is_said_so(now: str, new: str, said: str) -> None:
    made = reviewed({**BARE, "medicines": [f"baclofen {now} since 2024-01-05"], "considering": [f"baclofen {new}"]})
    reasons = [b.value for f in made.findings for b in f.because if b.fact == "change of the daily dose"]
    assert said in reasons


@pytest.mark.parametrize(("country", "name"), [("US", "acetaminophen"), ("UK", "paracetamol"), ("DE", "paracetamol")])
def test_a_partner_is_named_as_its_country_names_it(country: str, name: str, knowledge: Knowledge) -> None:
    patient = read_plain({"as_of": "2026-11-22", "country": country, "medicines": []}, knowledge, today=TODAY)
    facts = Facts(
        inputs_of([(patient, read_medicines(patient, knowledge))], knowledge), knowledge, patient.jurisdiction
    )
    (ingredient,) = read_medicines(read_plain({"as_of": "2026-11-22", "medicines": ["paracetamol 500 mg"]}, knowledge, today=TODAY), knowledge)[0].ingredients  # fmt: skip
    assert shown_name(ingredient.name, facts) == name
