"""What changed, for whom: the entries, the command, the function and the changelog that is made of them."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

import relaxant
from conftest import ROOT, TODAY
from relaxant.cli.main import main
from relaxant.errors import InputError
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.agents import EVERY_AGENT
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.linting.check import lint
from relaxant.news import every_change, whats_new
from relaxant.report.news import changelog, news_text

WARD = {
    "change": "ward-lithium", "on": "2026-11-26", "version": "ward 3", "kind": "clinical", "agents": ["baclofen"],
    "who": "people on baclofen with lithium", "text": "The pharmacist is asked.",
}  # fmt: skip
SOURCE = {"id": "my-source", "kind": "policy", "title": "Our ward", "date": "2026-11-25", "seen": "text"}


def pack(folder: Path, **lists: Any) -> str:
    """A pack that holds changes alone."""
    (folder / "ward.yaml").write_text(
        yaml.safe_dump(json.loads(json.dumps(lists)), allow_unicode=True), encoding="utf-8"
    )
    return str(folder)


def said(*arguments: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What the command prints; it must end well."""
    assert main(["whats-new", *arguments]) == 0
    return capsys.readouterr().out


def test_the_changelog_is_what_the_changes_make() -> None:
    made = subprocess.run(
        [sys.executable, ROOT / "tools" / "changelog.py", "--check"], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stdout + made.stderr


def test_every_change_stands_in_the_changelog_clinical_first(knowledge: Knowledge) -> None:
    text = changelog(knowledge)
    for change in knowledge.news.news.values():
        assert change.text in text and change.who in text, change.change
        assert all(f"`{name}`" in text for name in (*change.rules, *change.plans)), change.change
    first = text.split("\n## ")[1]
    assert first.index("### Clinical") < first.index("### What goes in") < first.index("### Program")
    assert first.split("### What goes in")[0].count("- **clinical**") == first.count("- **clinical**")


def test_clinical_changes_say_whom_and_by_what(knowledge: Knowledge) -> None:
    changes = every_change(knowledge)
    clinical = [change for change in changes if change.kind == "clinical"]
    assert len(clinical) > 80
    assert all(change.who and change.agents for change in clinical)
    assert all(set(change.agents) <= {EVERY_AGENT, *knowledge.agents} for change in changes)


def test_the_day_itself_is_included(knowledge: Knowledge) -> None:
    everything = whats_new(date(2026, 11, 22), knowledge=knowledge)
    later = whats_new(date(2026, 11, 23), knowledge=knowledge)
    assert len(everything.changes) == len(knowledge.news.news)
    assert {c.on for c in everything.changes} - {c.on for c in later.changes} == {"2026-11-22"}
    assert everything.changes[0].kind == "clinical" and everything.changes[-1].kind == "engine"
    assert (everything.stamp.engine, everything.stamp.knowledge.sha256) == (relaxant.__version__, knowledge.sha256)


def test_until_a_day(knowledge: Knowledge) -> None:
    first = whats_new(date(2026, 11, 22), until=date(2026, 11, 22), knowledge=knowledge)
    assert [c.id for c in first.changes] == ["first-knowledge", "kinetics-library", "review-of-one-person"]
    assert "From 2026-11-22 to 2026-11-22: 1 clinical change, 2 others." in news_text(first, knowledge)
    with pytest.raises(InputError, match="before the first day"):
        whats_new(date(2026, 11, 22), until=date(2026, 11, 21), knowledge=knowledge)


def test_of_one_relaxant(knowledge: Knowledge) -> None:
    new = whats_new(date(2026, 11, 22), agents=["Zanaflex"], knowledge=knowledge)
    ids = {change.id for change in new.changes}
    assert new.agents == ("tizanidine",)
    assert {"one-answer-tizanidine", "tizanidine-liver-tapers", "german-records"} <= ids
    assert not ids & {"one-answer-baclofen-kidney", "succinylcholine-new-rules", "service"}
    assert new.left_out == len(knowledge.news.news) - len(ids)


def test_a_rule_of_several_relaxants_is_narrowed_by_the_agents_named(knowledge: Knowledge) -> None:
    """The limit is one rule of every agent; who is touched by its change is the entry's to say."""
    assert knowledge.rules["over-daily-limit"].agents == (EVERY_AGENT,)
    ids = {change.id for change in whats_new(date(2026, 11, 22), agents=["carisoprodol"], knowledge=knowledge).changes}
    assert "child-ceilings" not in ids and "too-young" in ids


def test_of_one_person(knowledge: Knowledge) -> None:
    plain = {"as_of": "2026-11-22", "medicines": ["ramipril 5 mg once a day", "wibblex 3 mg"], "considering": ["tizanidine 2 mg at night"]}  # fmt: skip
    new = whats_new(date(2026, 11, 22), patient=read_patient(plain, knowledge, today=TODAY), knowledge=knowledge)
    assert new.agents == ("tizanidine",) and new.unread == ("wibblex 3 mg",) and new.medicines_known is True
    text = news_text(new, knowledge)
    assert "wibblex 3 mg" in " ".join(text.split()) and "Of tizanidine" in text
    assert max(map(len, text.splitlines())) <= 80


def test_of_a_person_with_a_pump(knowledge: Knowledge) -> None:
    for pump in ({"drug": "baclofen"}, {"reservoir": "40 mL"}):
        patient = read_patient({"as_of": "2026-11-22", "pump": pump, "medicines": []}, knowledge, today=TODAY)
        assert "baclofen intrathecal" in whats_new(date(2026, 11, 22), patient=patient, knowledge=knowledge).agents
    other = read_patient({"as_of": "2026-11-22", "pump": {"drug": "morphine"}, "medicines": []}, knowledge, today=TODAY)
    assert whats_new(date(2026, 11, 22), patient=other, knowledge=knowledge).agents == ()


def test_of_a_person_without_a_relaxant_nothing_is_shown_and_that_is_said(knowledge: Knowledge) -> None:
    patient = read_patient({"as_of": "2026-11-22", "sex": "female"}, knowledge, today=TODAY)
    new = whats_new(date(2026, 11, 22), patient=patient, knowledge=knowledge)
    text = " ".join(news_text(new, knowledge).split())
    assert new.changes == () and new.medicines_known is False
    assert "No relaxant that is known here is taken" in text and "does not say which medicines" in text


def test_nothing_new_is_said(capsys: pytest.CaptureFixture[str], knowledge: Knowledge) -> None:
    newest = max(change.on for change in knowledge.news.news.values())
    after = date.fromordinal(date.fromisoformat(newest).toordinal() + 1)
    text = news_text(whats_new(after, knowledge=knowledge), knowledge)
    assert f"Since {after}: Nothing changed. The newest change is of {newest}." in text


def test_as_json(capsys: pytest.CaptureFixture[str], knowledge: Knowledge) -> None:
    made = json.loads(said("--since", "2026-11-25", "--agent", "mivacurium", "--format", "json", capsys=capsys))
    assert made["stamp"]["knowledge"]["sha256"] == knowledge.sha256
    assert [c["id"] for c in made["changes"] if c["agents"] == ["mivacurium"]] == ["curve-mivacurium"]
    jsonschema.validate(
        made, json.loads((ROOT / "docs" / "reference" / "whats-new.schema.json").read_text(encoding="utf-8"))
    )


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--since", "yesterday"], "--since: “yesterday”: this is not a date"),
        (["--since", "unknown"], "--since: “unknown”: this names no day"),
        (["--since", "2026-02-30"], "--since: “2026-02-30”: there is no such day"),
        (["--since", "9999-01-01"], "--since: “9999-01-01”: this day is still to come; give a day up to today"),
        (["--since", "2026-11-22", "--until", "9999-01-01"], "--until: “9999-01-01”: this day is still to come"),
        (["--since", "2026-11-22", "--until", "2026-11-21"], "--until: “2026-11-21”: it is before --since"),
        (["--since", "2026-11-22", "--agent", "baclofn"], "--agent: “baclofn”: no relaxant that is known here"),
        (["--since", "2026-11-22", "--patient", "nobody.yaml"], "FILE: “nobody.yaml”: it cannot be read"),
    ],
)
def test_what_cannot_be_used_is_refused(options: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["whats-new", *options]) == 2
    out, err = capsys.readouterr()
    assert out == "" and says in err and err.count("\n") == 1


def test_names_are_a_list() -> None:
    with pytest.raises(InputError, match="one name, not a list"):
        relaxant.whats_new(date(2026, 11, 22), agents="baclofen")
    with pytest.raises(InputError, match=r"^agents: “baclofn”"):
        relaxant.whats_new(date(2026, 11, 22), agents=["baclofn"])


def test_a_pack_adds_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = pack(tmp_path, news=[WARD])
    assert lint(folder) == []
    assert "From the pack" in said("--since", "2026-11-26", "--agent", "baclofen", "--pack", folder, capsys=capsys)
    change = load_knowledge(folder).news.news["ward-lithium"]
    assert change.pack == tmp_path.name
    assert all(c.pack == "" for c in load_knowledge().news.news.values())


def test_a_rule_that_went(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gone = {
        "gone": "ward-old",
        "on": "2026-11-26",
        "instead": ["tizanidine-ciprofloxacin"],
        "why": "The label says it.",
    }
    folder = pack(tmp_path, news=[WARD | {"rules": ["ward-old"]}], gone=[gone])
    assert lint(folder) == []
    shown = said("--since", "2026-11-26", "--agent", "tizanidine", "--pack", folder, capsys=capsys)
    assert "ward-old: The label says it." in shown and "Now said by: tizanidine-ciprofloxacin" in shown
    assert "ward-old:" not in said("--since", "2026-11-26", "--agent", "dantrolene", "--pack", folder, capsys=capsys)


@pytest.mark.parametrize(
    ("lists", "says"),
    [
        ({"news": [WARD | {"who": ""}]}, "says who gets different advice"),
        ({"news": [WARD | {"who": "everybody."}]}, "without a full stop"),
        ({"news": [WARD | {"agents": []}]}, "names rules, plans or agents"),
        ({"news": [WARD | {"agents": ["baclofin"]}]}, "there is no agent “baclofin”"),
        ({"news": [WARD | {"rules": ["ward-old"]}]}, "there is no rule “ward-old”, nor one that is gone"),
        ({"news": [WARD | {"plans": ["ward-plan"]}]}, "no plan is made from “ward-plan”"),
        ({"news": [WARD | {"on": "26 November"}]}, "“26 November” is no day"),
        ({"news": [WARD | {"on": "2026-13-01"}]}, "“2026-13-01” is no day"),
        ({"news": [WARD | {"on": "9999-01-01"}]}, "9999-01-01 is after"),
        ({"news": [WARD | {"text": " "}]}, "does not say what changed"),
        ({"news": [WARD | {"text": "From 5.0 mg."}]}, "no trailing zeros"),
        ({"news": [WARD, WARD | {"change": "older", "on": "2026-11-25"}]}, "it is older than ward-lithium"),
        ({"news": [WARD | {"kind": "gossip"}]}, "gossip"),
        ({"news": [WARD, WARD]}, "is defined twice in one pack"),
        ({"gone": [{"gone": "tizanidine-ciprofloxacin", "on": "2026-11-26", "why": "x"}]}, "this rule is still there"),
        ({"gone": [{"gone": "ward-old", "on": "2026-11-26", "why": " "}]}, "does not say why"),
        ({"gone": [{"gone": "ward-old", "on": "2026-11-26", "why": "x", "instead": ["nobody"]}]}, "there is no rule “nobody” in its place"),
        ({"releases": [{"release": "0.1.0", "on": "2026-11-24"}]}, "0.1.0 came out on 2026-11-24, before it"),
        ({"sources": [{**SOURCE, "id": "relaxant-knowledge", "date": "2026-11-24"}]}, "is after 2026-11-24"),
    ],
)  # fmt: skip
def test_the_linter_rejects(lists: dict[str, Any], says: str, tmp_path: Path) -> None:
    faults = [str(fault) for fault in lint(pack(tmp_path, **lists))]
    assert any(says in fault for fault in faults), faults
