"""Pages of agents and rules: everything known is on them, each line with its source, and the documentation is to date."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from conftest import ROOT, reviewed
from relaxant.cli.main import main
from relaxant.formulary.agent_page import agent_page
from relaxant.formulary.condition_page import condition_page, conditions_spoken_of
from relaxant.formulary.markdown import pages
from relaxant.formulary.rule_page import in_words, rule_page
from relaxant.formulary.text import WIDTH, page_text
from relaxant.knowledge.agents import SUITABILITIES
from relaxant.knowledge.jurisdictions import JURISDICTIONS, holds_in
from relaxant.knowledge.load import load_knowledge
from relaxant.knowledge.questions import QUESTIONS, SECTIONS, answers
from relaxant.report.columns import text_width

KNOWN = load_knowledge()


@pytest.mark.parametrize("agent", sorted(KNOWN.agents))
def test_every_value_of_an_agent_is_on_its_page_with_its_source(agent: str) -> None:
    known, page = KNOWN.agents[agent], agent_page(KNOWN, agent)
    values = sum(len(answers(known, question)) for question in SECTIONS)
    assert values == sum(len(s.lines) for s in page.sections)
    own = [*known.products, *known.indications, *known.dosing, *known.limits, *known.statements, *known.monitoring, *known.adverse_reactions]  # fmt: skip
    assert values == len(own)
    assert all(line.source.title and line.source.place for section in page.sections for line in section.lines)


@pytest.mark.parametrize("jurisdiction", JURISDICTIONS)
def test_every_question_is_answered_or_said_to_be_silent(jurisdiction: str) -> None:
    rows = {(r.agent, r.jurisdiction): r for r in KNOWN.coverage}
    for agent in KNOWN.agents.values():
        row = rows[agent.agent, jurisdiction]  # type: ignore[index]
        if row.not_sold:
            continue
        for question in QUESTIONS:
            answered = any(holds_in(v, jurisdiction) for v in answers(agent, question))  # type: ignore[arg-type]
            assert answered != (question in row.silent), (agent.agent, question)


def test_a_page_of_one_country_holds_no_other() -> None:
    page = agent_page(KNOWN, "tizanidine", "UK")
    assert all(not line.jurisdictions or "UK" in line.jurisdictions for s in page.sections for line in s.lines)
    assert [c.jurisdiction for c in page.checked] == ["UK"]


def test_what_nobody_has_seen_is_marked_on_the_page() -> None:
    page = agent_page(KNOWN, "tizanidine")
    doubtful = [line for s in page.sections for line in s.lines if not line.verified]
    assert doubtful
    assert page_text(page, KNOWN).count("not verified") >= 1


@pytest.mark.parametrize("agent", ["baclofen", "onabotulinumtoxinA"])
def test_no_line_is_wider_than_a_terminal(agent: str) -> None:
    lines = page_text(agent_page(KNOWN, agent), KNOWN).splitlines()
    assert max(text_width(line) for line in lines if "http" not in line) <= WIDTH


def test_every_predicate_reads_as_words() -> None:
    for rule in KNOWN.rules.values():
        page = rule_page(KNOWN, rule.rule)
        assert (page.when is None) == (rule.when is None)
        assert "{" not in (page.when or "")
    said = in_words(
        {"all": [{"fact": "age", "at_least": 65, "unit": "years"}, {"not": {"condition": "epilepsy"}}]}, KNOWN
    )
    assert said == "(age at least 65 years and not epilepsy)"


def test_every_agent_and_rule_has_a_page() -> None:
    made = pages(KNOWN)
    assert len(made) == 1 + len(KNOWN.agents) + len(KNOWN.rules) + len(conditions_spoken_of(KNOWN))
    assert all(text.startswith("# ") for text in made.values())


def test_the_pages_are_up_to_date() -> None:
    run = subprocess.run(
        [sys.executable, ROOT / "tools" / "formulary.py", "--check"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout[:500]


def test_a_condition_lists_what_suits_first_and_what_is_said_of_a_wider_one() -> None:
    page = condition_page(KNOWN, "multiple_sclerosis", "US")
    places = [SUITABILITIES.index(s.status) for s in page.suited]
    assert places == sorted(places)
    own = {s.agent: s for s in reversed(page.suited)}
    assert (own["baclofen"].status, own["baclofen"].through) == ("licensed", None)
    assert own["cyclobenzaprine"].status == "not recommended"
    assert own["cyclobenzaprine"].through == KNOWN.conditions["central_lesion"].title
    assert any({"baclofen", "tizanidine"} <= set(pair.parts) for pair in page.together)
    assert all(pair.sources for pair in page.together)


@pytest.mark.parametrize(
    "condition", ["multiple_sclerosis", "spinal_cord_injury", "cerebral_palsy", "stroke", "fibromyalgia"]
)
def test_combinations_are_known_for(condition: str) -> None:
    assert condition_page(KNOWN, condition).together


@pytest.mark.parametrize(
    ("relaxant", "medicine", "said"),
    [
        ("baclofen 10 mg three times a day", "glatiramer 40 mg three times a week", "interferon"),
        ("baclofen 10 mg three times a day", "natalizumab 300 mg every 4 weeks", "25 feet"),
        ("baclofen 10 mg three times a day", "ocrelizumab 600 mg every 6 months", "does not slow the disease"),
        ("tizanidine 2 mg at night", "teriflunomide 14 mg once a day", "CYP1A2"),
        ("tizanidine 2 mg at night", "ozanimod 0.92 mg once a day", "slow the heart"),
        ("tizanidine 2 mg at night", "interferon beta-1a 44 micrograms three times a week", "raise tone"),
        ("tizanidine 2 mg at night", "ofatumumab 20 mg once a month", "No interaction"),
    ],
)
def test_what_a_disease_modifying_medicine_does_is_said_once(relaxant: str, medicine: str, said: str) -> None:
    (known,) = reviewed({"conditions": ["multiple sclerosis"], "medicines": [relaxant, medicine]}).combinations
    assert said in f"{known.benefit} {known.harm}"


def test_the_command_shows_a_condition(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["agents", "--for", "MS", "--country", "UK"]) == 0
    shown = capsysbinary.readouterr().out.decode()
    assert "baclofen" in shown and "Licensed" in shown
    assert max(text_width(line) for line in shown.splitlines() if "http" not in line) <= WIDTH
    assert main(["agents", "--for", "MS", "--format", "json"]) == 0
    assert json.loads(capsysbinary.readouterr().out)["condition"] == "multiple_sclerosis"


def test_a_condition_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["agents", "--for", "lycanthropy"]) == 2
    assert "--for" in capsys.readouterr().err


def test_the_command_lists_and_shows(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["agents"]) == 0
    shown = capsysbinary.readouterr().out.decode()
    assert all(name in shown for name in KNOWN.agents)
    assert main(["agents", "zanaflex", "--country", "US", "--format", "json"]) == 0
    assert json.loads(capsysbinary.readouterr().out)["agent"] == "tizanidine"
    assert main(["agents", "dicyclomine"]) == 0
    assert "dicycloverine" in capsysbinary.readouterr().out.decode()


@pytest.mark.parametrize(("name", "would"), [("zanaflx", "Zanaflex"), ("aspirin", "relaxant agents")])
def test_a_name_that_is_no_relaxant_is_refused(name: str, would: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["agents", name]) == 2
    said = capsys.readouterr().err
    assert "NAME" in said and would in said


def test_a_country_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["agents", "baclofen", "--country", "Mars"]) == 2
    assert "country" in capsys.readouterr().err
