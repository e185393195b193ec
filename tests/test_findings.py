"""From checks to findings: which speak, how gravely, which interrupt, what is asked for and what is said. The rules here are made for the tests."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from conftest import TODAY
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.overlays import AgentChange, changed
from relaxant.knowledge.rules import Rule
from relaxant.knowledge.schema import Source
from relaxant.medicines.read import read_medicines
from relaxant.rules.evaluate import Checks, evaluate, program
from relaxant.rules.findings import (
    MEDICINES,
    Check,
    Finding,
    Unchecked,
    findings_by_agent,
    is_verified,
    read_row,
    silent_checks,
)
from relaxant.rules.wording import LONGEST_SUMMARY
from test_lint import SOURCE

BAC, TIZ, DIA = "baclofen 10 mg three times a day", "tizanidine 4 mg three times a day", "diazepam 5 mg at night"
CIP, FLU, OXY = "ciprofloxacin 500 mg twice a day", "fluvoxamine 100 mg at night", "oxycodone 10 mg twice a day"
AGENTS = ("baclofen", "tizanidine", "diazepam", "clonazepam")
EPILEPSY, ASTHMA = {"condition": "epilepsy"}, {"condition": "asthma"}
HERE = {"source": "my-source", "place": "page 1"}


def rule(name: str, tier: str, **more: Any) -> dict[str, Any]:
    """A rule of baclofen, with something else."""
    return {
        "rule": name, "title": name, "agents": ["baclofen"], "tier": tier, "cause": name, "summary": "{agent}: SUMMARY of " + name + ".",
        "consequence": "CONSEQUENCE for {agent}.", "mechanism": "MECHANISM of {agent}.", "action": "ACTION.", "evidence": "theory", "sources": [HERE], "cases": [],
        **more,
    }  # fmt: skip


def knowing(knowledge: Knowledge, *rules: dict[str, Any], **more: Any) -> Knowledge:
    """What is known, with these rules in place of its own."""
    made = [msgspec.convert(one, Rule, strict=False) for one in rules]
    sources = {**knowledge.sources, "my-source": msgspec.convert(SOURCE, Source), **more.pop("sources", {})}
    of = hashlib.sha256(msgspec.json.encode((rules, sources, more))).hexdigest()
    return msgspec.structs.replace(knowledge, sha256=of, rules={one.rule: one for one in made}, sources=sources, **more)


def checks_of(known: Knowledge, *people: dict[str, Any], agents: Sequence[str] = AGENTS) -> Checks:
    """The rules on these people, in one table."""
    read = [
        read_patient({"as_of": str(TODAY), "conditions": [], "allergies": [], **one}, known, today=TODAY)
        for one in people
    ]
    facts = Facts(inputs_of([(one, read_medicines(one, known)) for one in read], known), known, "US")
    return evaluate(program(known, "US"), facts, set(agents))


def found(known: Knowledge, person: dict[str, Any]) -> list[Finding]:
    return read_row(checks_of(known, person), 0)[1]


# ---------------------------------------------------------------- whose findings


PAIR = rule("pair", "DANGER", agents=["tizanidine"], partner={"ingredients": ["ciprofloxacin", "baclofen"]}, alternatives=[{"say": "Diazepam.", "agents": ["diazepam"]}])  # fmt: skip
FITS = rule(
    "fits", "CHANGE", agents=["baclofen", "diazepam"], when=EPILEPSY, cause="fits", action={"starting": "Do not begin.", "taking": "Go on."},
    modifiers=[{"when": ASTHMA, "why": "it is worse", "tier": "DANGER", "action": "Leave it."}],
)  # fmt: skip
SEDATED = rule("sedated", "WATCH", agents=list(AGENTS), partner={"roles": ["opioid"], "ingredients": ["baclofen", "tizanidine"]}, cause="sedated")  # fmt: skip
LIMIT = rule("limit", "NOTE", when={"over_limit": "daily"}, summary="{agent}: {daily_dose} at {age}.")
SEVERAL = (PAIR, FITS, SEDATED, LIMIT)
PEOPLE: tuple[dict[str, Any], ...] = (
    {"medicines": []},
    {"considering": [TIZ], "conditions": ["asthma"]},
    {"medicines": [BAC, TIZ, CIP, OXY], "conditions": ["epilepsy"], "considering": ["stop baclofen"]},
    {"age": 40, "medicines": ["baclofen 60 mg three times a day"], "considering": [DIA, CIP], "conditions": ["epilepsy", "asthma"]},
    {"medicines": [TIZ, BAC, DIA], "considering": [CIP]},
    {"medicines": [BAC, "blorbozine 5 mg"], "conditions": ["asthma"]},
    {"medicines": [BAC, OXY]},
)  # fmt: skip


def test_several_people_in_one_table_are_each_told_what_they_are_told_alone(knowledge: Knowledge) -> None:
    """Checks, findings and questions of one person never come from another's row."""
    slow = rule("slow", "NOTE", agents=["baclofen", "tizanidine"], partner={"roles": ["opioid"]}, when=EPILEPSY, cause="sedated")  # fmt: skip
    known = knowing(knowledge, *SEVERAL, slow)
    together = checks_of(known, *PEOPLE)
    told = []
    for row, one in enumerate(PEOPLE):
        alone = checks_of(known, one)
        assert read_row(together, row) == read_row(alone, 0)
        assert silent_checks(together, row) == silent_checks(alone, 0)
        for agent in AGENTS:
            assert findings_by_agent(together, row)(agent) == read_row(alone, 0, agent)[1]
        told.append(read_row(alone, 0))
    assert [len(findings) for _, findings, _ in told] == [0, 0, 3, 3, 2, 0, 1]
    assert [f.summary for f in told[3][1] if f.cause == "limit"] == ["Baclofen: 180 mg/day at 40 years."]
    assert [bool(asked) for _, _, asked in told] == [False, True, False, False, False, True, False]


def test_what_concerns_one_agent_is_of_its_own_rules_and_of_those_in_which_it_is_the_partner(
    knowledge: Knowledge,
) -> None:
    """A plan of one medicine is made on what concerns it: nothing of another's, and nothing of its own left out."""
    known = knowing(knowledge, *SEVERAL)
    checks = checks_of(known, {"medicines": [BAC, TIZ, DIA, CIP], "conditions": ["epilepsy"]})
    whole, _, _ = read_row(checks, 0)
    for agent in AGENTS:
        made, findings, _ = read_row(checks, 0, agent)
        own = [check for check in whole if agent == check.agent or agent in check.partners]
        assert made == own
        assert {f.cause for f in findings} == {c.rule for c in own if c.outcome == "fires"}
        assert findings_by_agent(checks, 0)(agent) == findings
    of_baclofen = {(c.rule, c.agent) for c in read_row(checks, 0, "baclofen")[0]}
    assert of_baclofen == {("fits", "baclofen"), ("pair", "tizanidine"), *(("sedated", a) for a in AGENTS[:3])}
    assert {(c.rule, c.agent) for c in read_row(checks, 0, "diazepam")[0]} == {("fits", "diazepam"), ("sedated", "diazepam")}  # fmt: skip


def test_of_what_is_alike_the_rule_of_the_agent_asked_for_speaks(knowledge: Knowledge) -> None:
    """Whoever plans tizanidine reads of tizanidine first, though baclofen comes before it by name."""
    known = knowing(
        knowledge, *(rule(f"of-{a}", "WATCH", agents=[a], cause="one", partner={"ingredients": ["oxycodone", "baclofen", "tizanidine"]}) for a in AGENTS[:2])
    )  # fmt: skip
    checks = checks_of(known, {"medicines": [BAC, TIZ, OXY]})
    assert [f.rules[0] for f in read_row(checks, 0)[1]] == ["of-baclofen"]
    for agent in AGENTS[:2]:
        (first,) = read_row(checks, 0, agent)[1]
        assert first.rules[0] == f"of-{agent}" and first.agents[0] == agent
        assert findings_by_agent(checks, 0)(agent) == [first]


# ---------------------------------------------------------------- the checks


def test_a_check_says_whose_it_is_with_what_what_came_of_it_and_what_would_settle_it(knowledge: Knowledge) -> None:
    opioid = {"roles": ["opioid"]}
    known = knowing(
        knowledge,
        rule("speaks", "NOTE", partner=opioid),
        rule("asks", "NOTE", partner=opioid, when={"fact": "smoker"}),
        rule("asks-too", "NOTE", agents=["tizanidine"], when={"fact": "smoker"}),
        rule("holds-not", "NOTE", partner=opioid, when=EPILEPSY),
        rule("alone", "NOTE", when=EPILEPSY),
    )  # fmt: skip
    checks = checks_of(known, {"medicines": [TIZ, BAC, OXY]})

    def check(name: str, agent: str, outcome: Any, *settled_by: str, partners: tuple[str, ...] = ()) -> Check:
        return Check(rule=name, agent=agent, partners=partners, outcome=outcome, settled_by=settled_by)

    assert read_row(checks, 0)[0] == [
        check("speaks", "baclofen", "fires", partners=("oxycodone",)),
        check("asks", "baclofen", "could not check", "smoker", partners=("oxycodone",)),
        check("asks-too", "tizanidine", "could not check", "smoker"),
    ]
    assert silent_checks(checks, 0) == [
        check("alone", "baclofen", "silent"),
        check("holds-not", "baclofen", "silent", partners=("oxycodone",)),
    ]


def test_of_an_agent_of_which_nothing_was_said_the_list_of_medicines_is_asked_for(knowledge: Knowledge) -> None:
    """Where no list was given, nothing more is asked of what may not be taken at all."""
    known = knowing(knowledge, rule("asks", "DANGER", agents=["baclofen", "tizanidine"], when={"fact": "smoker"}))
    made, findings, asked = read_row(checks_of(known, {"considering": [TIZ]}), 0)
    assert [(c.agent, c.settled_by) for c in made] == [("baclofen", (MEDICINES,)), ("tizanidine", ("smoker",))]
    assert findings == []
    assert {(one.settled_by, one.agents) for one in asked} == {(MEDICINES, ("baclofen",)), ("smoker", ("tizanidine",))}


# ---------------------------------------------------------------- what is asked for


ASKS = {
    "a-smoker": {"fact": "smoker"},
    "b-pregnant": {"fact": "pregnant"},
    "c-tone": {"fact": "stands_on_tone"},
    "d-dialysis": {"fact": "haemodialysis"},
    "e-pressure": {"fact": "systolic_blood_pressure", "below": "90", "unit": "mmHg"},
    "f-nursing": {"fact": "breastfeeding"},
    "g-gene": {"genotype": "CYP2C19", "is": "poor"},
}


def test_what_would_settle_the_gravest_is_asked_first_then_what_settles_most_then_by_name_and_what_is_seldom_known_last(
    knowledge: Knowledge,
) -> None:
    """Five questions are open. Six are not seldom known; the seventh is a gene, folded though it could be a danger."""
    tiers = ("NOTE", "DANGER", "CHANGE", "CHANGE", "WATCH", "WATCH", "DANGER")
    asks = [rule(name, tier, when=when) for (name, when), tier in zip(ASKS.items(), tiers, strict=True)]
    both = ["baclofen", "tizanidine"]
    more = [
        rule("h-smoker", "WATCH", when=ASKS["a-smoker"], agents=both),
        rule("i-nursing", "WATCH", when=ASKS["f-nursing"], agents=both),
    ]
    known = knowing(knowledge, *asks, *more)
    person = {"sex": "female", "age": 30, "medicines": [BAC, TIZ]}
    asked = read_row(checks_of(known, person), 0)[2]

    def one(needs: str, tier: Any, rules: tuple[str, ...], agents: Sequence[str], folded: bool, checks: int) -> Unchecked:  # fmt: skip
        return Unchecked(settled_by=needs, worst_tier=tier, rules=rules, agents=tuple(agents), folded=folded, checks=checks)  # fmt: skip

    bac = ["baclofen"]
    assert int(knowledge.policy("unchecked_open")) == 5
    assert asked == [
        one("pregnant", "DANGER", ("b-pregnant",), bac, False, 1),
        one("dialysis", "CHANGE", ("d-dialysis",), bac, False, 1),
        one("stands_on_tone", "CHANGE", ("c-tone",), bac, False, 1),
        one("breastfeeding", "WATCH", ("f-nursing", "i-nursing"), both, False, 3),
        one("smoker", "WATCH", ("a-smoker", "h-smoker"), both, False, 3),
        one("systolic_blood_pressure", "WATCH", ("e-pressure",), bac, True, 1),
        one("CYP2C19 genotype", "DANGER", ("g-gene",), bac, True, 1),
    ]
    (gene,) = read_row(checks_of(knowing(knowledge, rule("g", "DANGER", when=ASKS["g-gene"])), person), 0)[2]
    assert gene.folded


@pytest.mark.parametrize(("tier", "asked"), [("DANGER", True), ("CHANGE", False), ("WATCH", False)])
def test_what_fired_asks_for_what_would_make_it_graver_and_for_nothing_else(
    tier: str, asked: bool, knowledge: Knowledge
) -> None:
    own = [{"when": {"fact": "smoker"}, "why": "smoke", "tier": tier, "action": "OTHER."}]
    known = knowing(knowledge, rule("speaks", "CHANGE", modifiers=own))
    made, findings, questions = read_row(checks_of(known, {"medicines": [BAC]}), 0)
    assert [(f.tier, f.action) for f in findings] == [("CHANGE", "ACTION.")]
    assert [(c.outcome, c.settled_by) for c in made] == [("fires", ())]
    assert [(q.settled_by, q.worst_tier, q.rules) for q in questions] == ([("smoker", "DANGER", ("speaks",))] if asked else [])  # fmt: skip


def test_a_modifier_never_moves_another_rule(knowledge: Knowledge) -> None:
    """Its rule fires for the first person; the second has what it asks for, and another rule, of the same agent, or nothing."""
    modifier = [{"when": ASTHMA, "why": "worse", "tier": "DANGER"}]
    known = knowing(knowledge, rule("other", "NOTE", when=ASTHMA), rule("with", "NOTE", when=EPILEPSY, modifiers=modifier))  # fmt: skip
    alone = knowing(knowledge, rule("with", "NOTE", when=EPILEPSY, modifiers=modifier))
    first, second = ({"medicines": [BAC], "conditions": [name]} for name in ("epilepsy", "asthma"))
    checks = checks_of(known, first, second, {**first, "conditions": ["epilepsy", "asthma"]})
    told = [{f.rules: f.tier for f in read_row(checks, row)[1]} for row in range(3)]
    assert told == [{("with",): "NOTE"}, {("other",): "NOTE"}, {("with",): "DANGER", ("other",): "NOTE"}]
    assert read_row(checks_of(alone, first, second), 1) == ([], [], [])


# ---------------------------------------------------------------- in which order, which interrupt, which are folded


def conditioned(count: int, tier: str, letter: str, **more: Any) -> list[dict[str, Any]]:
    return [rule(f"{letter}{i}", tier, when=EPILEPSY, **more) for i in range(count)]


FITTING = {"medicines": [BAC], "conditions": ["epilepsy"]}


def test_the_gravest_stand_first_dangers_interrupt_up_to_the_budget_and_what_is_to_be_watched_past_eight_is_folded(
    knowledge: Knowledge,
) -> None:
    """What is a danger or asks for a change is never folded, however many there are."""
    budget, most = int(knowledge.policy("interruption_budget")), int(knowledge.policy("findings_open"))
    assert (budget, most) == (3, 8)
    rules = [
        *conditioned(2, "NOTE", "n"), *conditioned(2, "WATCH", "w"), *conditioned(2, "CHANGE", "c"), *conditioned(4, "DANGER", "d"),
    ]  # fmt: skip
    told = found(knowing(knowledge, *rules), FITTING)
    assert [f.cause for f in told] == ["d0", "d1", "d2", "d3", "c0", "c1", "w0", "w1", "n0", "n1"]
    assert [f.interrupts for f in told] == [True] * 3 + [False] * 7
    assert [f.folded for f in told] == [False] * 8 + [True] * 2
    told = found(knowing(knowledge, *conditioned(9, "CHANGE", "c"), *conditioned(2, "WATCH", "w")), FITTING)
    assert [f.interrupts for f in told] == [False] * 11
    assert [f.folded for f in told] == [False] * 9 + [True] * 2
    told = found(knowing(knowledge, *conditioned(9, "NOTE", "n")), FITTING)
    assert [f.folded for f in told] == [False] * 8 + [True]


def test_of_one_tier_what_is_verified_stands_first_then_by_agent_and_cause(knowledge: Knowledge) -> None:
    """So a danger that nobody has verified does not take the interruption of one that somebody has."""
    known = knowing(
        knowledge,
        rule("a", "DANGER", verified=False),
        *(rule(name, "DANGER", agents=[agent]) for name, agent in (("d", "tizanidine"), ("b", "tizanidine"), ("c", "baclofen"))),
    )  # fmt: skip
    told = found(known, {"medicines": [BAC, TIZ]})
    assert [(f.cause, f.agents[0], f.verified, f.interrupts) for f in told] == [
        ("c", "baclofen", True, True), ("b", "tizanidine", True, True), ("d", "tizanidine", True, True), ("a", "baclofen", False, False),
    ]  # fmt: skip


def test_what_is_to_be_watched_on_a_medicine_that_is_left_is_folded_and_what_is_said_of_leaving_it_is_not(
    knowledge: Knowledge,
) -> None:
    """A stop that is weighed folds WATCH and NOTE of taking it; of several agents only where all of them are left."""
    on_stop = {"on": ["stopping"], "when": None}
    known = knowing(
        knowledge,
        *(rule(tier.lower(), tier) for tier in ("DANGER", "CHANGE", "WATCH", "NOTE")),
        *(rule(f"leaving-{tier.lower()}", tier, **on_stop) for tier in ("WATCH", "NOTE")),
        rule("two", "WATCH", agents=["baclofen", "tizanidine"], on=["taking"]),
        rule("begins", "WATCH", agents=["diazepam"]),
    )
    taken = {"medicines": [BAC, TIZ]}
    stays, leaves, both = (
        {f.cause: f.folded for f in found(known, {**taken, "considering": [DIA, *more]})}
        for more in ([], ["stop baclofen"], ["stop baclofen", "stop tizanidine"])
    )
    own = {"danger": False, "change": False, "watch": False, "note": False, "two": False, "begins": False}
    assert stays == own
    of_stop = {"leaving-watch": False, "leaving-note": False}
    assert leaves == {**own, **of_stop, "watch": True, "note": True}
    assert both == {**own, **of_stop, "watch": True, "note": True, "two": True}


# ---------------------------------------------------------------- what is one cause


def test_of_one_cause_the_gravest_verified_rule_with_most_partners_speaks(knowledge: Knowledge) -> None:
    """By tier, then verified, then with more partners, then by the agent's name and the rule's."""
    opioid, antibiotic = {"roles": ["opioid"]}, {"ingredients": ["oxycodone", "ciprofloxacin"]}
    one = {"cause": "one"}
    rules = [
        rule("a-note", "NOTE", **one),
        rule("b-unverified", "CHANGE", partner=antibiotic, verified=False, **one),
        rule("c-alone", "CHANGE", **one),
        rule("d-one", "CHANGE", partner=opioid, **one),
        rule("f-two", "CHANGE", agents=["tizanidine"], partner=antibiotic, **one),
        rule("e-two", "CHANGE", agents=["tizanidine"], partner=antibiotic, **one),
        rule("g-two", "CHANGE", partner=antibiotic, **one),
    ]
    order = ["g-two", "e-two", "f-two", "d-one", "c-alone", "b-unverified", "a-note"]
    for gone in range(len(order)):
        known = knowing(knowledge, *(r for r in rules if r["rule"] in order[gone:]))
        (told,) = found(known, {"medicines": [BAC, TIZ, OXY, CIP]})
        assert list(told.rules) == order[gone:]
        assert told.verified == (order[gone] != "b-unverified")
        assert told.tier == ("NOTE" if order[gone] == "a-note" else "CHANGE")


def test_a_finding_names_those_of_whom_its_rule_says_the_same(knowledge: Knowledge) -> None:
    """Not those who begin while others go on, or of whom another rule speaks; they are among its agents all the same."""
    speaks = rule(
        "speaks", "WATCH", agents=["baclofen", "tizanidine", "diazepam"], cause="one",
        summary={"taking": "{agent}: go on.", "starting": "{agent}: begin."},
    )  # fmt: skip
    other = rule("other", "WATCH", agents=["methocarbamol"], cause="one")
    person = {"medicines": [BAC, TIZ, "methocarbamol 750 mg four times a day"], "considering": [DIA]}

    def told(*rules: dict[str, Any]) -> Finding:
        checks = checks_of(knowing(knowledge, *rules), person, agents=(*AGENTS, "methocarbamol"))
        (one,) = read_row(checks, 0)[1]
        return one

    one = told(speaks, other)
    assert one.summary == "Baclofen and tizanidine: go on." and one.situation == "taking"
    assert one.agents == ("baclofen", "diazepam", "methocarbamol", "tizanidine")
    assert one.rules == ("speaks", "other") and one.also == ("Methocarbamol: SUMMARY of other.",)
    # the rule that speaks is not verified, and so is nothing that it says; what another says of its cause changes nothing
    assert not told({**speaks, "verified": False}).verified
    assert told(speaks, {**other, "verified": False}).verified
    assert told({**speaks, "agents": ["diazepam", "tizanidine"]}).summary == "Diazepam: begin."


def test_where_the_rule_has_another_tier_for_one_of_its_agents_that_agent_is_not_named(knowledge: Knowledge) -> None:
    speaks = rule(
        "speaks", "WATCH", agents=["baclofen", "tizanidine", "diazepam"], cause="one",
        modifiers=[{"when": {"over_limit": "daily"}, "why": "above the limit", "tier": "CHANGE"}],
    )  # fmt: skip
    told = found(
        knowing(knowledge, speaks),
        {"medicines": ["baclofen 40 mg three times a day", "tizanidine 20 mg three times a day", DIA]},
    )
    assert [(f.tier, f.summary) for f in told] == [("CHANGE", "Baclofen and tizanidine: SUMMARY of speaks.")]
    assert told[0].agents == ("baclofen", "tizanidine", "diazepam")


# ---------------------------------------------------------------- in words


OPIOID = {"roles": ["opioid"]}


def test_a_finding_says_all_that_its_rule_says_of_this_person(knowledge: Knowledge) -> None:
    interacts = rule(
        "interacts", "DANGER", agents=["tizanidine"], partner={"ingredients": ["fluvoxamine"]}, summary="{agent} with {partners}.", cause="{agent}-levels",
        action="LEAVE {partners}.", alternatives=[{"say": "Sertraline."}, {"say": "Baclofen.", "agents": ["baclofen"]}], frequency="common", evidence="study",
    )  # fmt: skip
    (one,) = found(knowing(knowledge, interacts), {"medicines": [TIZ, FLU]})
    measured = next(e for e in knowledge.exposures_of("tizanidine") if e.partner == "fluvoxamine" and e.verified)
    assert one.effect is not None and one.effect.auc_ratio == measured.auc_ratio
    assert {(c.id, c.place) for c in one.sources} == {("my-source", "page 1")} | {
        (e.source, e.place) for e in knowledge.exposures_of("tizanidine") if e.partner == "fluvoxamine"
    }
    assert [(b.fact, b.value) for b in one.because] == [("takes", "fluvoxamine")]
    assert msgspec.structs.replace(one, effect=None, sources=(), because=()) == Finding(
        id=one.id, rules=("interacts",), tier="DANGER", agents=("tizanidine",), partners=("fluvoxamine",), summary="Tizanidine with fluvoxamine.",
        consequence="CONSEQUENCE for tizanidine.", mechanism="MECHANISM of tizanidine.", action="LEAVE fluvoxamine.",
        alternatives=("Sertraline.", "Baclofen."), evidence="study", verified=True, effect=None, because=(), sources=(), cause="tizanidine-levels",
        situation="taking", frequency="common", modified=None, interrupts=True, folded=False, also=(),
    )  # fmt: skip


def test_a_finding_keeps_its_id_while_what_it_asks_for_stands_and_gets_another_with_another_action(
    knowledge: Knowledge,
) -> None:
    """Who set a finding aside sees it again when its tier, its agents, their situation or its action is another, and not with each new version."""

    def named(person: dict[str, Any], **more: Any) -> str:
        (one,) = found(knowing(knowledge, rule("one", **{"tier": "WATCH", "agents": list(AGENTS), **more})), person)
        return one.id

    taken = {"medicines": [BAC]}
    first = named(taken)
    assert first == "one-499f6c632e", "another id for the same advice brings back all that was set aside"
    assert first == named({**taken, "age": 30}) == named(taken, summary="Other words.", frequency="common")
    others = (
        named(taken, tier="CHANGE"), named(taken, action="OTHER."), named(taken, cause="other"), named({"medicines": [BAC, TIZ]}),
        named({"medicines": [TIZ]}), named({"medicines": [], "considering": [BAC]}),
    )  # fmt: skip
    assert len({first, *others}) == 1 + len(others)


def test_two_agents_that_are_each_others_partner_are_named_once(knowledge: Knowledge) -> None:
    both = {"ingredients": ["baclofen", "tizanidine", "oxycodone"]}
    words = {"summary": "{agent} with {partners}."}
    known = knowing(knowledge, rule("pair", "WATCH", agents=["baclofen", "tizanidine"], partner=both, **words))
    (pair,) = found(known, {"medicines": [BAC, TIZ]})
    assert (pair.summary, pair.agents, pair.partners) == ("Baclofen with tizanidine.", ("baclofen", "tizanidine"), ())
    (three,) = found(known, {"medicines": [BAC, TIZ, OXY]})
    assert (three.summary, three.agents) == ("Baclofen and tizanidine with oxycodone.", ("baclofen", "tizanidine"))
    assert three.partners == ("oxycodone",)
    (one,) = found(known, {"medicines": [TIZ, OXY]})
    assert (one.summary, one.partners) == ("Tizanidine with oxycodone.", ("oxycodone",))
    unpaired = knowing(knowledge, rule("pair", "WATCH", agents=["baclofen", "tizanidine"]))
    assert [f.summary for f in found(unpaired, {"medicines": [BAC, TIZ]})] == ["Baclofen and tizanidine: SUMMARY of pair."]  # fmt: skip


SPOKEN = {name: f"{name.upper()}." for name in ("adding", "taking", "starting", "stopping")}


@pytest.mark.parametrize(
    ("medicines", "considering", "said"),
    [
        ([BAC, OXY], [], "TAKING."),
        ([BAC], [OXY], "ADDING."),
        ([BAC, OXY], ["morphine 10 mg twice a day"], "TAKING."),
        ([OXY], [BAC], "STARTING."),
        ([], [BAC, OXY], "STARTING."),
        ([BAC, OXY], ["stop baclofen"], "STOPPING."),
    ],
)
def test_what_is_to_be_done_depends_on_whether_the_agent_or_its_partner_is_begun(
    medicines: list[str], considering: list[str], said: str, knowledge: Knowledge
) -> None:
    """Where only the partner is weighed it is the one to leave out; where it is taken already, or the agent is begun, it is not."""
    on = ["starting", "taking", "stopping"]
    known = knowing(knowledge, rule("one", "DANGER", partner=OPIOID, on=on, summary=SPOKEN, action=SPOKEN))
    alone = knowing(knowledge, rule("one", "DANGER", on=on, summary=SPOKEN, action=SPOKEN))
    person = {"medicines": medicines, "considering": considering}
    (one,) = found(known, person)
    assert (one.summary, one.action) == (said, said)
    (one,) = found(alone, person)
    assert one.summary == one.action == said.replace("ADDING", "TAKING")


def test_a_modifier_says_what_it_changes_and_why_it_is_graver(knowledge: Knowledge) -> None:
    """What it does not say stays the rule's. That it holds is said as a reason; that it made the tier another, as a sentence."""

    def told(**modifier: Any) -> Finding:
        one = rule("one", "CHANGE", when=EPILEPSY, modifiers=[{"when": ASTHMA, "why": "WHY.", **modifier}])
        (made,) = found(knowing(knowledge, one), {"medicines": [BAC], "conditions": ["epilepsy", "asthma"]})
        assert [b.fact for b in made.because] == ["epilepsy", "asthma"]
        return made

    graver = told(tier="DANGER", summary="OTHER SUMMARY.", action="OTHER ACTION.", consequence="OTHER for {agent}.")
    assert (graver.tier, graver.modified) == ("DANGER", "WHY.")
    assert (graver.summary, graver.action, graver.consequence) == ("OTHER SUMMARY.", "OTHER ACTION.", "OTHER for baclofen.")  # fmt: skip
    lower = told(tier="NOTE")
    assert (lower.tier, lower.modified) == ("NOTE", "WHY.")
    assert (lower.summary, lower.action, lower.consequence) == ("Baclofen: SUMMARY of one.", "ACTION.", "CONSEQUENCE for baclofen.")  # fmt: skip
    assert (told(tier="CHANGE").modified, told(action="OTHER.").modified, told(action="OTHER.").action) == (None, None, "OTHER.")  # fmt: skip
    (rules_own,) = found(knowing(knowledge, rule("one", "CHANGE")), {"medicines": [BAC]})
    assert rules_own.modified is None


MANY = ["oxycodone 5 mg", "morphine 5 mg", "hydromorphone 1 mg", "tapentadol 50 mg", "buprenorphine 1 mg", "dihydrocodeine 30 mg", "hydrocodone 5 mg", "methadone 5 mg"]  # fmt: skip


def test_a_summary_names_as_many_partners_as_a_card_has_room_for_and_the_action_names_all(knowledge: Knowledge) -> None:
    """In the summary of the gravest rule and in what another says beside it; what is to be done leaves nobody out."""
    words = "{agent} with {partners}: together they slow breathing, and nobody notices it at night"
    known = knowing(
        knowledge,
        rule("one", "DANGER", cause="one", partner=OPIOID, summary=f"{words}.", action=f"Leave {{partners}}: {words}."),
        rule("two", "WATCH", cause="one", agents=["tizanidine"], partner=OPIOID, summary=f"{words}. And more."),
    )
    (one,) = found(known, {"medicines": [BAC, TIZ, *(f"{name} twice a day" for name in MANY)]})
    assert len(one.partners) == len(MANY)
    (beside,) = one.also
    for text, agent in ((one.summary, "Baclofen"), (beside, "Tizanidine")):
        assert len(text) <= LONGEST_SUMMARY and text.startswith(f"{agent} with {one.partners[0]}") and "more" in text
    assert len(one.action) > LONGEST_SUMMARY and all(name in one.action for name in one.partners)


def test_beside_the_rule_that_speaks_each_other_says_its_first_sentence_once(knowledge: Knowledge) -> None:
    """In the words for its own situation, with its own partners; what is said in the same words is said once, and what the speaking rule says not again."""
    texts = {
        "two": "{agent} with {partners}, say they. Then more. And more.",
        "three": "{agent} with {partners}: another thing.",
        "four": "{agent} with {partners}: another thing.",
        "five": "A single sentence on factor X",
        "six": {"taking": "Go on with {agent}. More.", "starting": "Begin {agent}. More."},
    }
    one = {"cause": "one", "partner": OPIOID}
    rules = [rule(name, "WATCH", **one, summary=text) for name, text in texts.items()]
    begun = rule("seven", "WATCH", cause="one", agents=["tizanidine"], summary=texts["six"])
    known = knowing(knowledge, rule("one", "CHANGE", agents=["baclofen", "diazepam"], **one), *rules, begun)
    (told,) = found(known, {"medicines": [BAC, OXY, DIA], "considering": [TIZ]})
    assert told.rules == ("one", "five", "four", "six", "three", "two", "seven")
    assert told.also == (
        "A single sentence on factor X.",
        "Baclofen with oxycodone: another thing.",
        "Go on with baclofen.",
        "Baclofen with oxycodone, say they.",
        "Begin tizanidine.",
    )


def test_an_alternative_is_withheld_where_the_person_has_it_already(knowledge: Knowledge) -> None:
    """One that is taken or weighed, not one of which nothing was said or that was stopped, and never another dose of the agent itself."""
    offered = {
        "Baclofen in a lower dose.": ["baclofen"],
        "Tizanidine.": ["tizanidine"],
        "Diazepam at night.": ["diazepam"],
        "Stretching.": [],
    }
    alternatives = [{"say": say, "agents": agents} for say, agents in offered.items()]
    known = knowing(knowledge, rule("one", "CHANGE", alternatives=alternatives))
    stopped = {"drug": "diazepam", "dose": "5 mg", "frequency": "at night", "stop": "2026-01-05"}

    def told(*medicines: Any, considering: Sequence[str] = ()) -> tuple[str, ...]:
        (one,) = found(known, {"medicines": [BAC, *medicines], "considering": [*considering]})
        return one.alternatives

    assert told() == told(stopped) == tuple(offered)
    assert told(TIZ) == ("Baclofen in a lower dose.", "Diazepam at night.", "Stretching.")
    assert told(considering=[DIA]) == ("Baclofen in a lower dose.", "Tizanidine.", "Stretching.")
    assert told(DIA, considering=[TIZ]) == ("Baclofen in a lower dose.", "Stretching.")
    (weighed,) = found(known, {"medicines": [TIZ], "considering": [BAC]})
    assert weighed.alternatives == ("Baclofen in a lower dose.", "Diazepam at night.", "Stretching.")


# ---------------------------------------------------------------- how sure


def test_a_limit_that_a_place_decided_is_said_to_be_its_own_for_those_whom_it_is_for(knowledge: Knowledge) -> None:
    """Not the rule's evidence; for another age, of another limit, and of what is no limit, it is the rule's."""
    own = {"agent": "baclofen", "limits": [{"kind": "daily", "value": "20", "unit": "mg", "age_from": "75", **HERE}]}
    here = changed(knowledge.agents["baclofen"], msgspec.convert(own, AgentChange, strict=False))
    known = knowing(
        knowledge, rule("limit", "CHANGE", when={"over_limit": "daily"}, evidence="label"), rule("old", "NOTE"),
        agents={**knowledge.agents, "baclofen": here}, local={"sources my-source": "EXAMPLE hospital 1"},
    )  # fmt: skip
    old, young, low, together = (
        {"age": 81, "medicines": [BAC]}, {"age": 40, "medicines": ["baclofen 40 mg three times a day"]},
        {"age": 81, "medicines": ["baclofen 5 mg twice a day"]}, {"age": 81, "medicines": ["baclofen 40 mg three times a day"]},
    )  # fmt: skip
    told = [{f.cause: f.evidence for f in found(known, one)} for one in (old, young, low, together)]
    assert told == [
        {"limit": "local", "old": "theory"}, {"limit": "label", "old": "theory"}, {"old": "theory"}, {"limit": "local", "old": "theory"},
    ]  # fmt: skip
    checks = checks_of(known, old, young, low, together)
    assert [{f.cause: f.evidence for f in read_row(checks, row)[1]} for row in range(4)] == told


@pytest.mark.parametrize(
    ("seen", "said", "verified"),
    [
        (["text"], True, True),
        (["text"], False, False),
        (["not seen"], True, False),
        (["not seen", "abstract"], True, True),
        (["not seen", "not seen"], True, False),
        (["not seen"], False, False),
    ],
)
def test_a_rule_is_verified_where_somebody_verified_it_and_saw_one_of_its_sources(
    seen: list[str], said: bool, verified: bool, knowledge: Knowledge
) -> None:
    sources = {
        f"source-{i}": msgspec.convert({**SOURCE, "id": f"source-{i}", "seen": one}, Source)
        for i, one in enumerate(seen)
    }
    known = knowing(
        knowledge, rule("one", "WATCH", verified=said, sources=[{**HERE, "source": name} for name in sources]), sources=sources
    )  # fmt: skip
    assert is_verified(known.rules["one"], known) is verified
    (told,) = found(known, {"medicines": [BAC]})
    assert told.verified is verified
