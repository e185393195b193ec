"""Packs: the pages that show how to write one are worked through as they stand, and every typical mistake is told with its place and what would do."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from conftest import ROOT, TODAY, tool_named
from relaxant.cli.main import main
from relaxant.errors import KnowledgeError
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.cards import Model
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.knowledge.overlays import AgentChange, changed
from relaxant.linting.check import check
from relaxant.linting.rules import faults_of_rule
from relaxant.medicines.dictionary import lookup_name
from relaxant.medicines.local import dictionary_of
from relaxant.medicines.read import read_medicines
from relaxant.pharmacology.cards.soundness import faults_of
from relaxant.plain import read_yaml
from relaxant.reviewing import review
from relaxant.rules.findings import packs_of
from test_lint import SOURCE, rule

HOW_TO = ROOT / "docs" / "how-to"
PAGES = ("overlay-pack.md", "new-rule.md", "new-agent.md", "new-model.md")


@pytest.fixture(scope="module")
def tool() -> Any:
    return tool_named("worked_pages")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_worked_through_from_an_empty_folder_shows_what_it_says(
    name: str, tool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    page = (HOW_TO / name).read_text(encoding="utf-8")
    assert page.count("$ relaxant lint pack") >= 2 and "relaxant: 0 faults" in page
    made = tool.worked(page)
    assert made == page, f"python tools/worked_pages.py {name}"


@pytest.mark.parametrize("name", PAGES)
def test_what_a_page_invents_is_marked_so(name: str) -> None:
    """Whoever copies a block takes along that it is an example."""
    page = (HOW_TO / name).read_text(encoding="utf-8")
    entries = re.findall(
        r"(?:place|title|publisher): *([^,}\n]+)", "".join(re.findall(r"^```yaml pack/.*?^```", page, re.S | re.M))
    )
    assert entries
    titles = ("half-life", "examplamine in plasma")
    assert [e for e in entries if "EXAMPLE" not in e and e.strip('"') not in titles] == []


def test_the_effect_of_the_page_makes_a_sound_card() -> None:
    page = (HOW_TO / "new-model.md").read_text(encoding="utf-8")
    card = re.findall(r"^```yaml pack/model.yaml\n(.*?)^```", page, re.S | re.M)[-1]
    effects = next(b for b in re.findall(r"^```yaml\n(.*?)^```", page, re.S | re.M) if b.startswith("effects:"))
    written = read_yaml(card, "page")["models"][0] | read_yaml(effects, "page")
    written["parameters"] += [
        {"parameter": name, "value": "1", "unit": unit, "description": name, "source": "example-kinetics", "place": "table 4"}
        for name, unit in (("HR0", "1/min"), ("kout", "1/h"), ("EC50", "ng/mL"), ("Emax", "1"), ("ktol", "1/h"), ("TC50", "ng/mL"))
    ]  # fmt: skip
    assert list(faults_of(msgspec.convert(written, Model, strict=False))) == []


@pytest.mark.parametrize("number", [0, 1])
def test_the_python_of_the_page_runs(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    block = re.findall(r"^```python\n(.*?)^```", (HOW_TO / "new-model.md").read_text(encoding="utf-8"), re.S | re.M)
    exec(compile(block[number], "new-model.md", "exec"), {})
    assert re.search(r"\d", capsys.readouterr().out)


# ---------------------------------------------------------------- what lint says of a file that cannot be read as a pack's

GOOD = yaml.safe_dump({"sources": [SOURCE], "rules": [rule()]}, allow_unicode=True, sort_keys=False)


def ours(**changed: Any) -> str:
    return yaml.safe_dump({"sources": [SOURCE], "rules": [rule(**changed)]}, allow_unicode=True, sort_keys=False)


def said(folder: Path, files: dict[str, str | bytes]) -> list[str]:
    """What lint says of a pack of these files."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    faults = [str(fault) for fault in check(str(folder)).faults]
    assert all("\n" not in fault for fault in faults)
    return faults


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "there is no .yaml file in this folder"),
        ({"rules.yml": GOOD}, "rules.yml: only files that end in .yaml are read; rename it"),
        ({"r.yaml": GOOD.replace("  title: Li", "    title: Li")}, r"r.yaml, line \d+, column \d+: .*check the indentation"),
        ({"r.yaml": GOOD.replace("  title: Li", "\ttitle: Li")}, r"r.yaml, line \d+, column \d+: .*not valid YAML.*a tab .* indent with spaces"),
        ({"r.yaml": "ruls: []\n"}, "r.yaml, line 1: “ruls”: a pack has no such list; did you mean “rules”"),
        ({"r.yaml": "medicines: [baclofen]\n"}, "r.yaml, line 1: “medicines”: .*a patient file.*outside"),
        ({"r.yaml": "- rule: x\n"}, "r.yaml, line 1: .*named lists"),
        ({"r.yaml": ours(sumary="x")}, r"r.yaml, line \d+: rules\[0\] \(ward-baclofen-lithium\): “sumary”: .*did you mean “summary”"),
        ({"r.yaml": ours(mechanism=None)}, r"r.yaml, line \d+: rules\[0\] .*no “mechanism”: .*write `mechanism: "),
        ({"r.yaml": ours(tier="danger")}, r"r.yaml, line \d+: rules\[0\] .*\.tier: “danger”: .*write one of DANGER, CHANGE, WATCH, NOTE"),
        ({"r.yaml": ours(agents="baclofen")}, r"\.agents: “baclofen”: a list must stand here; write a list: `agents: \[baclofen\]`"),
        ({"r.yaml": ours(partner="lithium")}, r"\.partner: “lithium”: .*roles, ingredients, but_not"),
        ({"r.yaml": GOOD.replace("title: Lithium", "title:")}, r"\.title: .*nothing is written here"),
        ({"r.yaml": ours(cases=[{"name": "x", "expect": "unknown", "patient": {}}])}, r"\.cases\[0\].expect: “unknown”: .*could not check"),
        ({"r.yaml": GOOD.replace("Lithium", "Lithi\xfcm").encode("latin-1")}, r"r.yaml, line \d+: “byte 0xfc”: this is not UTF-8"),
        ({"r.yaml": b"PK\x03\x04"}, "r.yaml: “a zip archive or an office document”: this is not a text file"),
        ({"r.yaml": GOOD + "---\n" + GOOD}, r"r.yaml, line \d+: “a second document”"),
        ({"a.yaml": GOOD, "b.yaml": yaml.safe_dump({"rules": [rule()]})}, "b.yaml: rules: “ward-baclofen-lithium” is defined twice in one pack .*a.yaml"),
        ({"r.yaml": GOOD, "wording/review.yaml": "limits: {}\n"}, "wording/review.yaml: .*wording/en/review.yaml"),
        ({"r.yaml": GOOD, "pack.yaml": "silences:\n- {rule: baclofen-lithum, why: x, source: my-source, place: '1'}\n"}, "pack.yaml, line 2: silences: “baclofen-lithum”: there is no rule .*“baclofen-lithium”"),
        ({"r.yaml": GOOD, "pack.yaml": "changes:\n- agent: baclofin\n"}, "pack.yaml, line 2: changes: “baclofin”: there is no agent .*“baclofen”"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_told_with_its_place(
    tmp_path: Path, files: dict[str, str | bytes], says: str
) -> None:
    (fault,) = said(tmp_path, files)
    assert re.search(says, fault), fault


def test_every_faulty_entry_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    two = yaml.safe_dump({"rules": [rule(tier="WARNING"), rule(rule="b", colour="red")]}, sort_keys=False)
    faults = said(tmp_path, {"a.yaml": two, "b.yaml": ours(rule="c", title=None)})
    assert [fault.split(":")[0] for fault in faults] == ["a.yaml, line 8", "a.yaml, line 93", "b.yaml, line 8"] or len(
        faults
    ) == 3
    with pytest.raises(KnowledgeError, match="and 2 more, see `relaxant lint`"):
        load_knowledge(str(tmp_path))


# ---------------------------------------------------------------- what lint says of what the entries say

SHEET = {"name": "EXAMPLE hospital", "version": "1", "signed_by": "EXAMPLE committee", "signed_on": "2026-11-20"}
CITED = {"source": "my-source", "place": "1"}


def packed(**lists: Any) -> dict[str, str | bytes]:
    return {"ours.yaml": yaml.safe_dump({"sources": [SOURCE], **lists}, allow_unicode=True, sort_keys=False)}


@pytest.mark.parametrize(
    ("lists", "says"),
    [
        ({"rules": [rule(when={"fact": "egrf", "below": "30", "unit": "mL/min/1.73 m2"})]}, r"ours.yaml, line \d+: rules ward-baclofen-lithium.when: there is no fact “egrf”; did you mean “egfr”"),
        ({"rules": [rule(when={"fact": "egfr", "below": "30"})]}, "egfr is in mL/min/1.73 m2, and none is said; write `unit: mL/min/1.73 m2`"),
        ({"rules": [rule(when={"all": [{"fact": "egrf"}, {"fact": "QTc", "above": "450", "unit": "ms"}]})]}, r"rules ward-baclofen-lithium.when.all\[1\]: there is no fact “QTc”"),
        ({"rules": [rule(agents=["baclofin"], when={"fact": "egrf"})]}, "there is no fact “egrf”"),
        ({"rules": [rule(when={"fakt": "egfr"})]}, "“{fakt: egfr}”: a predicate has exactly one of"),
        ({"rules": [rule(when={"fact": "egfr", "less_than": "30", "unit": "mL/min/1.73 m2"})]}, "less_than does not belong beside fact; there may be below, at_most"),
        ({"rules": [rule(when={"condition": "epilepsi"})]}, "there is no condition “epilepsi”; did you mean “epilepsy”"),
        ({"rules": [rule(when={"condition": ["epilepsy"]})]}, "condition needs a name"),
        ({"rules": [rule(agents=["baclofin"])]}, "there is no agent “baclofin”; did you mean “baclofen”"),
        ({"rules": [rule(partner={"roles": ["cns_depresant"]})]}, "there is no role “cns_depresant”; did you mean “cns_depressant”"),
        ({"rules": [rule(sources=[{"source": "my-sauce", "place": "1"}, CITED])]}, "there is no source “my-sauce”; did you mean “my-source”"),
        ({"rules": [rule(cases=rule()["cases"][:2])]}, "no case that is “could not check”; add one"),
        ({"rules": [rule(tier="DANGER", action="Stop baclofen.")]}, "someone takes it already; say under `taking:` how to leave it safely"),
        ({"rules": [rule(tier="DANGER", verified="false")]}, "not verified, so it may not be DANGER; write `tier: WATCH`"),
        ({"rules": [rule(cases=[{"name": "x", "expect": "fires", "patient": {"weight": "61"}}, *rule()["cases"]])]}, "case “x”: its patient cannot be read: weight"),
        ({"rules": [rule(cases=[{**rule()["cases"][0], "agent": "baclofin"}, *rule()["cases"]])]}, "case “both”: there is no agent “baclofin”"),
        ({"rules": [rule(rule="baclofen-lithium")]}, r"ours.yaml, line \d+: rules baclofen-lithium: an entry of this id lies below .*`replaces:`"),
        ({"rules": [rule()], "replaces": [{"kind": "rules", "id": "baclofen-lithium", "why": "x"}], "pack": SHEET}, "this pack does not write it"),
        ({"rules": [rule(rule="baclofen-lithum")], "replaces": [{"kind": "rules", "id": "baclofen-lithum", "why": "x"}], "pack": SHEET}, "there is no such entry below .*did you mean “baclofen-lithium”"),
        ({"silences": [{"rule": "baclofen-lithium", "why": "x", **CITED}]}, "nobody signs it; write `pack: "),
        ({"rules": [rule()], "pack": {**SHEET, "signed_on": "2999-01-01"}}, "pack.signed_on: “2999-01-01” is still to come"),
        ({"rules": [rule()], "pack": {**SHEET, "signed_on": "20 November"}}, "pack.signed_on: “20 November” is no day"),
        ({"medicine_names": [{"name": "Lioresal", "ingredients": ["tizanidine"], **CITED}]}, r"the dictionary has this name already \(baclofen\)"),
        ({"medicine_names": [{"name": "Wardofen", "ingredients": ["baklofen"], **CITED}]}, r"ours.yaml, line \d+: medicine_names Wardofen: the dictionary has no ingredient “baklofen”"),
        ({"medicine_names": [{"name": "Wardofen", **CITED}]}, "it stands for nothing"),
        ({"changes": [{"agent": "baclofen", "limits": [{"kind": "daily", "value": "60", "unit": "furlong", **CITED}]}], "pack": SHEET}, r"ours.yaml, line \d+: agents baclofen limit: the unit “furlong” is not known"),
    ],
)  # fmt: skip
def test_what_an_entry_says_wrongly_is_told_with_what_would_do(
    tmp_path: Path, lists: dict[str, Any], says: str
) -> None:
    faults = said(tmp_path, packed(**lists))
    assert any(re.search(says, fault) for fault in faults), faults


def test_a_fault_of_an_entry_names_the_line_of_what_is_wrong(tmp_path: Path) -> None:
    lines = [
        "sources: [{id: my-source, kind: policy, title: Minutes, date: 2026-11-20, seen: text}]",
        "rules:",
        "  - rule: ward",
        "    title: A rule",
        "    agents: [baclofen]",
        "    when:",
        "      all:",
        "        - {fact: age, above: 60, unit: years}",
        "        - {fact: egrf, below: 30}",
        "    tier: WATCH",
        "    cause: ward",
        '    summary: "{agent} at {egrf}. Ask."',
        "    consequence: Drowsiness.",
        "    mechanism: Unknown.",
        "    action: Ask.",
        "    evidence: local",
        "    sources:",
        "      - {source: my-source, place: a}",
        "      - {source: my-sauce, place: b}",
        "    cases: []",
        "silences:",
        "  - {rule: baclofen-lithium, why: x, source: my-sauce, place: c}",
        "pack:",
        "  name: EXAMPLE hospital",
        '  version: "1"',
        "  signed_by: EXAMPLE committee",
        "  signed_on: 20 November",
    ]
    faults = said(tmp_path, {"ours.yaml": "\n".join(lines) + "\n"})
    assert sorted({int(fault.removeprefix("ours.yaml, line ").partition(":")[0]) for fault in faults}) == [3, 9, 12, 19, 22, 27]  # fmt: skip


def test_the_line_of_a_case_that_comes_out_otherwise_is_named(tmp_path: Path) -> None:
    cases = [*rule()["cases"], {"name": "wrong", "expect": "silent", "patient": rule()["cases"][0]["patient"]}]
    text = yaml.safe_dump({"sources": [SOURCE], "rules": [rule(cases=cases)]}, sort_keys=False)
    (fault,) = said(tmp_path, {"ours.yaml": text})
    line = next(i for i, row in enumerate(text.splitlines(), 1) if "name: wrong" in row)
    assert fault.startswith(f"ours.yaml, line {line}: rules ward-baclofen-lithium, case “wrong”: expected")


def test_only_a_pack_may_say_that_a_rule_is_the_decision_of_a_place(tmp_path: Path, knowledge: Knowledge) -> None:
    assert said(tmp_path, packed(rules=[rule(evidence="local")])) == []
    own = msgspec.structs.replace(knowledge.rules["baclofen-lithium"], evidence="local")
    assert any("“local” is what a pack's own rule may say" in what for _, what in faults_of_rule(own, knowledge))


def card(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    page = (HOW_TO / "new-model.md").read_text(encoding="utf-8")
    written: dict[str, Any] = read_yaml(re.findall(r"^```yaml pack/model.yaml\n(.*?)^```", page, re.S | re.M)[-1], "page")["models"][0]  # fmt: skip
    change(written)
    return written


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda m: m["parameters"][1].update(unit="L"), "parameter CL: its unit “L” does not fit where the card uses it; it is one such as “L/h”"),
        (lambda m: m["parameters"][1].update(unit="litres an hour"), "the unit “litres an hour” is not known"),
        (lambda m: m["reproduces"][0].update(value="9"), "the card gives 4.1.* more than it is allowed"),
        (lambda m: m["reproduces"][0].update(unit="mg"), "its unit “mg” is none of a time"),
        (lambda m: m["compartments"][1].pop("volume") and m["parameters"].pop(2), "compartment central: it has no volume"),
        (lambda m: m["parameters"][2].update(value="0"), "a volume is above nought"),
        (lambda m: m["bounds"].pop(0), "nothing says how far it holds for age; add"),
        (lambda m: m["bounds"][0].update(covariate="agee"), "there is no fact “agee”; did you mean “age”"),
        (lambda m: m["reproduces"][0].update(output="conc"), "there is no output “conc”"),
        (lambda m: m["flows"][0].update(to="centrl"), "there is no compartment “centrl”; did you mean “central”"),
        (lambda m: m["parameters"].pop(0), "there is no parameter “ka”"),
        (lambda m: m.update(agents=["baclofin"]), "there is no agent “baclofin”"),
    ],
)  # fmt: skip
def test_a_faulty_card_is_told_what_would_do(
    change: Callable[[dict[str, Any]], object], says: str, tmp_path: Path
) -> None:
    written = card(lambda m: (m.update(ingredient="baclofen", agents=["baclofen"]), change(m)))
    text = yaml.safe_dump({"sources": [{**SOURCE, "id": "example-kinetics"}], "models": [written]})
    faults = said(tmp_path, {"model.yaml": text})
    assert any(re.search(says, fault) for fault in faults), faults


# ---------------------------------------------------------------- what packs do


def laid(folder: Path, **lists: Any) -> Knowledge:
    said(folder, packed(**lists))
    return load_knowledge(str(folder))


def test_a_limit_takes_the_place_of_ours_as_far_as_its_ages_and_jurisdictions_reach(knowledge: Knowledge) -> None:
    def limits(**over: Any) -> list[tuple[Any, ...]]:
        one = {"kind": "daily", "value": "9", "unit": "mg", **CITED, **over}
        agent = changed(
            knowledge.agents["baclofen"],
            msgspec.convert({"agent": "baclofen", "limits": [one]}, AgentChange, strict=False),
        )
        return [(x.value, x.age_from, x.age_to, x.jurisdiction) for x in agent.limits if x.kind == "daily"]

    before = {(80, 12, 200, ("US",)), (80, 0, 12, ("US",)), (100, 18, 200, ("UK",)), (75, 18, 200, ("EU",)), (120, 18, 200, ("EU",)), (40, 0, 8, ("UK", "EU")), (60, 8, 18, ("UK", "EU"))}  # fmt: skip
    now = {
        (x.value, x.age_from, x.age_to, x.jurisdiction)
        for x in knowledge.agents["baclofen"].limits
        if x.kind == "daily"
    }
    assert now == before
    adults = set(limits(age_from="18"))
    assert adults == {(9, 18, 200, ()), (80, 12, 18, ("US",)), (80, 0, 12, ("US",)), (40, 0, 8, ("UK", "EU")), (60, 8, 18, ("UK", "EU"))}  # fmt: skip
    here = set(limits(jurisdiction=["UK"], age_from="4", age_to="10"))
    assert here >= {(9, 4, 10, ("UK",)), (40, 0, 8, ("EU",)), (40, 0, 4, ("UK",)), (60, 8, 18, ("EU",)), (60, 10, 18, ("UK",)), (80, 12, 200, ("US",))}  # fmt: skip
    assert {x for x in before if x[3] == ("US",)} <= here
    assert set(limits(routes=["enteral tube"])) == before | {(9, 0, 200, ())}


def test_a_changed_limit_speaks_in_the_review_and_lint_shows_whose_advice_changes(tmp_path: Path) -> None:
    lists = {
        "pack": SHEET,
        "changes": [{"agent": "baclofen", "limits": [{"kind": "daily", "value": "20", "unit": "mg", **CITED}]}],
    }
    assert said(tmp_path, packed(**lists)) == []
    faults, does = check(str(tmp_path))
    assert faults == []
    assert does[0] == "EXAMPLE hospital 1 changes baclofen"
    assert any("comes out otherwise: rules over-daily-limit, case “within the limit”" in line for line in does)
    here = load_knowledge(str(tmp_path))
    patient = read_patient({"age": "50", "medicines": ["baclofen 10 mg three times a day"]}, here, today=TODAY)
    shown = review(patient, knowledge=here)
    assert "over-daily-limit" in {r for f in shown.findings for r in f.rules}
    assert "over-daily-limit" not in {r for f in review(patient).findings for r in f.rules}
    assert shown.stamp.knowledge.packs == ("EXAMPLE hospital 1",)
    assert any("changed limits, products or statements of: baclofen" in line for line in shown.limits)


def test_a_silenced_rule_is_not_tested_and_reviews_of_its_agent_say_so(tmp_path: Path) -> None:
    here = laid(tmp_path, pack=SHEET, silences=[{"rule": "baclofen-lithium", "why": "we ask anyway", **CITED}])
    patient = read_patient(
        {"medicines": ["baclofen 10 mg three times a day", "lithium 400 mg at night"]}, here, today=TODAY
    )
    assert "baclofen-lithium" in {c.rule for c in review(patient).checks}
    shown = review(patient, knowledge=here)
    assert "baclofen-lithium" not in {c.rule for c in shown.checks}
    (line,) = [line for line in shown.limits if "silences" in line]
    assert "Baclofen with lithium" in line and "we ask anyway" in line and "Our ward" in line
    other = review(
        read_patient({"medicines": ["tizanidine 2 mg three times a day"]}, here, today=TODAY), knowledge=here
    )
    assert not any("silences" in line for line in other.limits)


def of_a_place(folder: Path) -> Knowledge:
    """A pack with a ceiling, a rule and a silence of its own."""
    ceiling = {"kind": "daily", "value": "60", "unit": "mg", "age_from": "75", **CITED}
    return laid(
        folder,
        sources=[{**SOURCE, "publisher": "EXAMPLE hospital"}],
        pack=SHEET,
        changes=[{"agent": "baclofen", "limits": [ceiling]}],
        rules=[rule(evidence="local")],
        silences=[{"rule": "baclofen-lithium", "why": "we ask anyway", **CITED}],
    )


OLD = {"age": "81", "sex": "female", "medicines": ["baclofen 25 mg three times a day", "lithium 400 mg at night"]}


def test_a_ceiling_and_a_rule_of_a_place_are_said_to_be_its_own_in_every_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = of_a_place(tmp_path / "pack")
    shown = review(read_patient(OLD, here, today=TODAY), knowledge=here)
    evidence = {name: finding.evidence for finding in shown.findings for name in finding.rules}
    assert evidence["over-daily-limit"] == evidence["ward-baclofen-lithium"] == "local"
    assert packs_of(shown.findings[0], here) == ("EXAMPLE hospital 1",)
    file = tmp_path / "patient.yaml"
    file.write_text(yaml.safe_dump({"as_of": TODAY.isoformat(), **OLD}))
    for form in ("text", "html"):
        assert main(["review", str(file), "--pack", str(tmp_path / "pack"), "--format", form]) == 0
        words = " ".join(unescape(re.sub(r"<[^>]+>", " ", capsys.readouterr().out)).split())
        assert words.count("Evidence: decided by this place") == 2
        assert words.count("This place's own pack speaks here: EXAMPLE hospital 1.") == 2
        assert form == "text" or "The most in a day at this place is 60 mg." in words
        assert "The label's most in a day is 60 mg." not in words and "Our ward, EXAMPLE" in words
    younger = review(read_patient({**OLD, "age": "50", "medicines": ["baclofen 40 mg three times a day"]}, here, today=TODAY), knowledge=here)  # fmt: skip
    (over,) = [f for f in younger.findings if "over-daily-limit" in f.rules]
    assert over.evidence == "label" and packs_of(over, here) == ()


NAMES = [
    {"name": "Examplax", "ingredients": ["examplamine"], "brand": "true", "form": "tablet", **CITED},
    {"name": "examplamine", "new": "true", **CITED},
    {"name": "Ward Mix Forte", "ingredients": ["baclofen", "tizanidine"], **CITED},
]


def test_names_of_a_pack_are_read_with_it_and_not_without_it(tmp_path: Path, knowledge: Knowledge) -> None:
    here = laid(tmp_path, medicine_names=NAMES)
    patient = read_patient({"medicines": ["Examplax 7 mg twice a day", "Ward Mix Forte 1 tablet daily", "Exampalx 7 mg"]}, here, today=TODAY)  # fmt: skip
    brand, mix, misspelt = read_medicines(patient, here)
    assert [i.name for i in brand.ingredients] == ["examplamine"] and brand.regimen.form == "tablet"
    assert [i.name for i in mix.ingredients] == ["baclofen", "tizanidine"] and mix.agents == ("baclofen", "tizanidine")
    assert misspelt.status == "unrecognised" and misspelt.suggestions[0].name == "Examplax"
    assert all(m.status == "unrecognised" for m in read_medicines(patient, knowledge))
    assert lookup_name("Lioresal", dictionary_of(here)) == lookup_name("Lioresal")


def test_a_name_that_the_dictionary_has_keeps_its_meaning(tmp_path: Path) -> None:
    here = laid(tmp_path, medicine_names=[{"name": "Lioresal", "ingredients": ["tizanidine"], **CITED}])
    (medicine,) = read_medicines(read_patient({"medicines": ["Lioresal 10 mg daily"]}, here, today=TODAY), here)
    assert medicine.agents == ("baclofen",)


def test_packs_lie_over_one_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    said(first, packed(rules=[rule()]))
    second.mkdir()
    (second / "pack.yaml").write_text(yaml.safe_dump({"silences": [{"rule": "ward-baclofen-lithium", "why": "x", **CITED}], "pack": SHEET}))  # fmt: skip
    assert main(["lint", str(first), str(second)]) == 0
    told = capsys.readouterr().err
    assert (
        "first adds rules ward-baclofen-lithium" in told and "EXAMPLE hospital 1 silences ward-baclofen-lithium" in told
    )
    assert main(["lint", str(second)]) == 1
    assert "there is no rule of this name" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["review FILE", "compare baclofen tizanidine --patient FILE", "taper FILE --agent baclofen", "agents baclofen", "about"])  # fmt: skip
def test_a_command_with_a_pack_that_cannot_be_read_says_so_in_one_line(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    patient = tmp_path / "patient.yaml"
    patient.write_text("medicines: [baclofen 10 mg three times a day]\n")
    said(tmp_path / "pack", {"r.yaml": ours(tier="danger")})
    assert main([*command.replace("FILE", str(patient)).split(), "--pack", str(tmp_path / "pack")]) == 2
    told = capsys.readouterr()
    assert told.out == "" and told.err.count("\n") == 1 and "r.yaml, line" in told.err and "DANGER" in told.err


@pytest.mark.parametrize(
    ("lists", "says"),
    [
        ({"rules": [rule(sources=[{"source": "nowhere", "place": "1"}, CITED])]}, "there is no source “nowhere”"),
        ({"rules": [rule(agents=["baclofin"])]}, "there is no agent “baclofin”; did you mean “baclofen”"),
        ({"rules": [rule(partner={"roles": ["cns_depresant"]})]}, "there is no role “cns_depresant”"),
        ({"rules": [rule(when={"not": {"condition": "epilepsi"}})]}, "there is no condition “epilepsi”"),
        ({"rules": [rule(when={"fact": "egrf", "below": "3", "unit": "x"})]}, "there is no fact “egrf”"),
        ({"rules": [rule(tier="DANGER", verified="false")]}, "may not be DANGER"),
        ({"changes": [{"agent": "baclofen", "limits": [{"kind": "daily", "value": "60", "unit": "units", **CITED}]}]}, "does not fit an agent dosed in mg"),
        ({"silences": [{"rule": "baclofen-lithium", "why": "x", "source": "nowhere", "place": "1"}]}, "there is no source “nowhere”"),
        ({"models": [card(lambda m: (m.update(agents=["baclofen"]), m["parameters"][2].update(value="0")))]}, "no volume above nought"),
    ],
)  # fmt: skip
def test_a_pack_that_nobody_linted_ends_a_review_with_a_line_and_not_with_a_traceback(
    lists: dict[str, Any], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    patient = tmp_path / "patient.yaml"
    patient.write_text("age: 50\nmedicines: [baclofen 30 mg three times a day, lithium 400 mg at night]\n")
    sources = [SOURCE, {**SOURCE, "id": "example-kinetics"}]
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "ours.yaml").write_text(yaml.safe_dump({"sources": sources, **lists}, allow_unicode=True), encoding="utf-8")  # fmt: skip
    assert main(["review", str(patient), "--pack", str(tmp_path / "pack")]) == 2
    told = capsys.readouterr()
    assert told.out == "" and told.err.count("\n") == 1 and says in told.err, told.err


def test_words_of_a_pack_are_laid_over_key_by_key_and_what_nothing_reads_is_a_fault(tmp_path: Path) -> None:
    page = {"limits": {"no_agent": "EXAMPLE none.", "record": "{recrd}"}, "limts": {}}
    faults = said(
        tmp_path, {"r.yaml": GOOD, "wording/en/review.yaml": yaml.safe_dump(page), "wording/en/revue.yaml": "a: b\n"}
    )
    assert [f.split(": ")[1] for f in faults] == ["limits.record", "limts", "there is no page of words “revue” in en; did you mean “review”?"]  # fmt: skip
    words = load_knowledge(str(tmp_path)).words("review")
    assert words["limits"]["no_agent"] == "EXAMPLE none."
    assert words["limits"]["genotype"] == load_knowledge().words("review")["limits"]["genotype"]


def test_a_pack_that_has_changed_is_read_again(tmp_path: Path) -> None:
    said(tmp_path, {"r.yaml": ours()})
    assert load_knowledge(str(tmp_path)).rules["ward-baclofen-lithium"].tier == "NOTE"
    said(tmp_path, {"r.yaml": ours(tier="WATCH")})
    assert load_knowledge(str(tmp_path)).rules["ward-baclofen-lithium"].tier == "WATCH"
