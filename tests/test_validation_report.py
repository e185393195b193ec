"""The validation report: it names what is not validated, its figures are those of the knowledge, the engine and the files of measurements, and it says what is missing."""

from __future__ import annotations

import ast
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from conftest import ROOT
from relaxant.knowledge.jurisdictions import holds_in
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.knowledge.plans import Stage
from relaxant.validation import cases, engines, measured, measured_words, report, titrations, unvalidated
from relaxant.validation.exposure import leave_one_out
from relaxant.validation.models import Found, computed

pytest.importorskip("scipy", reason="the extra relaxant[nonlinear] is not installed")
KNOWN = load_knowledge()
DOCS = ROOT / "docs" / "validation"
PAGE = (DOCS / "report.md").read_text(encoding="utf-8")  # that it is what would be made, test_validate.py holds
SVG = "{http://www.w3.org/2000/svg}"
_LINK = re.compile(r"\]\(([^):#]+)(?:#[^)]*)?\)")


@pytest.fixture(scope="module")
def found() -> Found:
    return computed(KNOWN)


def part(title: str) -> str:
    """A section of the page."""
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def broken(**changes: object) -> Knowledge:
    """The knowledge with some of it changed, under a hash of its own."""
    return msgspec.structs.replace(KNOWN, sha256=f"broken {sorted(changes)}", **changes)


# ---------------------------------------------------------------- the page


def test_what_is_not_validated_comes_first_and_the_rest_in_order() -> None:
    titles = re.findall(r"^## (.+)$", PAGE, re.M)
    assert titles == [
        "What is not validated", "Models", "Interactions", "Label titrations", "Rule cases", "Alert load and precision", "Engine agreement", "Calibration",
    ]  # fmt: skip
    assert re.findall(r"^\d\. \[(.+)\]", PAGE, re.M) == titles


def test_every_link_leads_somewhere() -> None:
    links = set(_LINK.findall(PAGE)) | set(_LINK.findall((DOCS / "titrations.md").read_text(encoding="utf-8")))
    assert links and [link for link in links if not (DOCS / link).exists()] == []


def test_the_readme_names_the_report_before_anything_else() -> None:
    text = (DOCS / "README.md").read_text(encoding="utf-8")
    assert _LINK.findall(text)[0] == "report.md"


# ---------------------------------------------------------------- what is not validated


def test_relaxants_without_a_model_or_a_trial_are_named() -> None:
    text = part("What is not validated")
    drawn = {a for m in KNOWN.models.values() for a in m.agents}
    tried = {a.agent for t in KNOWN.trials.values() for a in t.arms}
    for lead, known in (("Without a model", drawn), ("Without any trial", tried)):
        line = next(line for line in text.splitlines() if lead in line)
        assert set(line.rstrip(".").split("): ")[1].split(", ")) == set(KNOWN.agents) - known


def test_every_number_that_is_not_given_back_is_named(found: Found) -> None:
    text = unvalidated.section(KNOWN, found, (), None)
    missed = [r for made in found.values() for r in made if not r.holds and not r.ours]
    assert missed
    for r in missed:
        (line,) = (line for line in "\n".join(text).splitlines() if f"(models/{r.model}.md), " in line)
        assert r.title.replace("*", "\\*").replace("~", "\\~") in line
    assert any(f"**{len(missed)} of " in line for line in text)


def test_rules_that_nobody_saw_are_named_and_one_more_is_named_too(found: Found) -> None:
    unseen = {r.rule for r in KNOWN.rules.values() if not r.verified}
    listed = part("What is not validated").split("`verified: false`")[1].split("**Rules that rest")[0]
    assert set(re.findall(r"^- `(.+)` \(", listed, re.M)) == unseen
    rule = next(r for r in KNOWN.rules.values() if r.verified)
    more = broken(rules={**KNOWN.rules, rule.rule: msgspec.structs.replace(rule, verified=False)})
    assert f"- `{rule.rule}` ({rule.tier})" in "\n".join(unvalidated.section(more, found, (), None))


def test_scales_without_a_sourced_difference_are_named() -> None:
    without = [s for s in KNOWN.responses.scales.values() if not any(p.kind == "important change" for p in s.properties)]  # fmt: skip
    assert len(without) > 10
    assert f"({len(without)} of {len(KNOWN.responses.scales)};" in PAGE
    assert all(s.title in PAGE for s in without)


# ---------------------------------------------------------------- models and interactions


def test_a_picture_is_well_formed_and_its_marks_are_inside_its_frame(found: Found) -> None:
    marks = {}
    for name in (report.RATIOS, report.FOLDS, report.COVERAGE):
        root = ElementTree.fromstring((DOCS / name).read_text(encoding="utf-8"))
        width, height = float(root.get("width", 0)), float(root.get("height", 0))
        circles = root.findall(f"{SVG}circle")
        assert root.findtext(f"{SVG}title") and root.findtext(f"{SVG}desc")
        assert all(0 < float(c.get("cx", -1)) < width and 0 < float(c.get("cy", -1)) < height for c in circles)
        for line in root.findall(f"{SVG}line"):
            assert all(0 <= float(line.get(k, -1)) <= (width if k[0] == "x" else height) for k in ("x1", "x2", "y1", "y2"))  # fmt: skip
        marks[name] = len(circles)
    assert marks[report.RATIOS] == sum(not r.ours for made in found.values() for r in made)
    assert marks[report.FOLDS] == sum(p.ratio is not None and p.verified for p in leave_one_out(KNOWN))
    tables = measured.diaries(measured.file_of(DOCS, "responses.txt"))
    assert marks[report.COVERAGE] == 2 * sum(len(t.rows) for t in tables)


def test_the_table_of_models_counts_what_is_given_back(found: Found) -> None:
    text = part("Models")
    for name, made in found.items():
        (line,) = (line for line in text.splitlines() if f"](models/{name}.md)" in line)
        cells = [c.strip() for c in line.strip("|").split("|")]
        numbers = [r for r in made if not r.ours]
        independent = [r for r in numbers if r.independent]
        assert cells[1:5] == [str(len(numbers)), str(sum(r.holds for r in numbers)), str(len(independent)), str(sum(r.holds for r in independent))]  # fmt: skip


# ---------------------------------------------------------------- starts


@pytest.fixture(scope="module")
def starts() -> tuple[titrations.Compared, ...]:
    return titrations.compared(KNOWN)


def test_every_start_for_adults_is_compared_wherever_it_is_written(starts: tuple[titrations.Compared, ...]) -> None:
    due = {
        (t.titration, where)
        for t in KNOWN.plans.titrations.values()
        for where in ("US", "UK", "EU")
        if t.age_to > 18 and holds_in(t, where)  # type: ignore[arg-type]
    }
    assert {(c.titration.titration, c.jurisdiction) for c in starts} == due
    assert len(starts) == len(due)
    assert all(c.numbers for c in starts)
    assert all(c.why for c in starts if not c.agrees)


def test_one_number_that_differs_is_counted_and_shown() -> None:
    day = titrations.Day
    written = (day((5.0, 5.0, 0.0, 5.0), 3.0), day((10.0, 10.0, 0.0, 10.0), None))
    assert titrations._numbers(written, written) == (7, 7)
    assert titrations._numbers(written, (written[0], day((10.0, 10.0, 0.0, 7.5), None))) == (7, 6)
    assert titrations._numbers(written, (day((5.0, 5.0, 0.0, 5.0), 4.0), written[1])) == (7, 6)
    assert titrations._numbers(written, ()) == (7, 0)
    assert titrations._numbers(written, (*written, day((20.0, 0.0, 0.0, 0.0), 1.0))) == (9, 7)


def test_a_start_that_no_product_makes_is_among_what_differs_with_the_reason() -> None:
    one = KNOWN.plans.titrations["baclofen-us"]
    other = msgspec.structs.replace(one, stages=(Stage(morning=0.001, days=3), Stage(morning=0.002)))
    plans = msgspec.structs.replace(KNOWN.plans, titrations={"baclofen-us": other})
    changed = broken(plans_packed=msgspec.Raw(msgspec.msgpack.encode(plans)))
    (c,) = titrations.compared(changed)
    assert (c.same, c.planned) == (0, ()) and c.why
    text = "\n".join(titrations.section((c,), changed)).split("### What differs")[1]
    assert "**no step**" in text and c.why[0][:30] in text


def test_no_plan_passes_the_most_of_its_label(starts: tuple[titrations.Compared, ...]) -> None:
    bounded = [c for c in starts if c.planned and c.most]
    assert len(bounded) > 100
    assert f"No plan passes it: {len(bounded)} of {len(bounded)} " in PAGE


# ---------------------------------------------------------------- cases


def test_a_case_that_comes_out_otherwise_is_a_fault_with_its_name() -> None:
    rule = KNOWN.rules["baclofen-severe-kidney-disease"]
    wrong = msgspec.structs.replace(rule.cases[0], expect="silent")
    assert rule.cases[0].expect == "fires"
    one = msgspec.structs.replace(rule, cases=(wrong, *rule.cases[1:]))
    text = cases.section(broken(rules={rule.rule: one}))
    assert "**1 fault**" in text[0] and rule.rule in text[1] and "expected “silent”, got “fires”" in text[1]
    (line,) = (line for line in "\n".join(text).splitlines() if line.startswith("| **each rule once** |"))
    assert line.endswith("| 1 |")


def test_the_table_of_cases_counts_every_case() -> None:
    (line,) = (line for line in part("Rule cases").splitlines() if line.startswith("| **each rule once** |"))
    cells = [c.strip().replace(",", "") for c in line.strip("|").split("|")]
    assert cells[1] == str(len(KNOWN.rules)) and cells[7] == str(sum(len(r.cases) for r in KNOWN.rules.values()))
    assert sum(map(int, cells[8:11])) == int(cells[7]) and cells[11] == "0"


# ---------------------------------------------------------------- files of measurements


def test_the_figures_of_alerts_are_those_of_the_file(tmp_path: Path) -> None:
    text = (DOCS / "alerts.txt").read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith("all  "))
    numbers = row.split()[1:]
    own = "\n".join(measured_words.alerts(measured.file_of(DOCS, "alerts.txt"), ROOT))
    assert f"| {' | '.join(numbers)} |" in own and own in PAGE.replace("\n\n", "\n")
    (tmp_path / "alerts.txt").write_text(text.replace(row, row.replace(numbers[1], "9.876", 1)), encoding="utf-8")
    assert "9.876" in "\n".join(measured_words.alerts(measured.file_of(tmp_path, "alerts.txt"), ROOT))


def test_the_figures_of_diaries_are_those_of_the_file(tmp_path: Path) -> None:
    text = (DOCS / "responses.txt").read_text(encoding="utf-8")
    tables = measured.diaries(measured.file_of(DOCS, "responses.txt"))
    assert sum(len(t.rows) for t in tables) == sum(line.count("%") == 8 for line in text.splitlines() if "80%  " not in line)  # fmt: skip
    first = next(line for line in text.splitlines() if line.startswith("a start"))
    (tmp_path / "responses.txt").write_text(text.replace(first, first.replace(first.split()[2], "12.3%", 1), 1), encoding="utf-8")  # fmt: skip
    assert "12.3 to " in "\n".join(measured_words.calibration(measured.file_of(tmp_path, "responses.txt"), None, "x.svg"))  # fmt: skip


def test_what_a_file_lacks_is_said_and_is_no_crash(tmp_path: Path) -> None:
    for name in ("alerts.txt", "responses.txt", "populations.txt", "full-tests.txt", "review.txt", "screen.txt"):
        (tmp_path / name).write_text("something else\n", encoding="utf-8")
    for folder in (tmp_path / "nothing", tmp_path):
        said = [
            *measured_words.alerts(measured.file_of(folder, "alerts.txt"), folder),
            *measured_words.calibration(*(measured.file_of(folder, f"{n}.txt") for n in ("responses", "populations")), "x.svg"),
            *engines.section(folder, *(measured.file_of(folder, f"{n}.txt") for n in ("full-tests", "review", "screen"))),
        ]  # fmt: skip
        text = "\n".join(said)
        for name in ("alerts", "responses", "populations", "full-tests", "review", "screen"):
            assert any("ot measured" in line and f"`{name}.txt`" in line for line in said), (name, text)
        assert "x.svg" not in text


def test_a_file_that_says_when_it_was_made_is_quoted_with_it(tmp_path: Path) -> None:
    shutil.copy(DOCS / "alerts.txt", tmp_path / "alerts.txt")
    with (tmp_path / "alerts.txt").open("r+", encoding="utf-8") as file:
        text = file.read()
        file.seek(0)
        file.write(f"made on 2026-11-27 at commit 0123abc\n{text}")
    assert "(2026-11-27)" in "\n".join(measured_words.alerts(measured.file_of(tmp_path, "alerts.txt"), tmp_path))


FULL_TESTS = """.......s [100%]
=========================== short test summary info ============================
SKIPPED [1] tests/test_cql.py:71: node is not on this machine
SKIPPED [2] tests/test_store.py:12: no server
FAILED tests/test_screen_equal.py::test_spark_says_what_the_bedside_says - AssertionError: 1 of 2 differ
1 failed, 41 passed, 3 skipped in 12.30s
"""
SCREEN = """
1,000,000 persons, 5,200,000 exposures, 7,800,000 measurements; 117,000 have a relaxant
  relaxant screen, every rule, duckdb, 2 workers: 15.1 s (each run: 15.0, 15.1, 15.4), processor 28.0 s
  persons a second: 66,225 (goal: at least 60,000)
"""


def test_a_failed_or_skipped_engine_is_named(tmp_path: Path) -> None:
    (tmp_path / "full-tests.txt").write_text(FULL_TESTS, encoding="utf-8")
    (tmp_path / "screen.txt").write_text(SCREEN, encoding="utf-8")
    said = engines.section(ROOT, measured.file_of(tmp_path, "full-tests.txt"), None, measured.file_of(tmp_path, "screen.txt"))  # fmt: skip
    text = "\n".join(said)
    assert "1 failed, 41 passed, 3 skipped" in text
    assert "tests/test_cql.py:71: node is not on this machine" in text and "test_store" not in text
    assert "**Failed:**" in text and "test_spark_says_what_the_bedside_says" in text.split("**Failed:**")[1]
    assert "1,000,000 persons (117,000 with a relaxant) on duckdb, 3 runs that gave the same findings" in text


def test_every_test_that_holds_an_engine_is_there_with_its_people() -> None:
    for held in engines.HELD:
        tree = ast.parse((ROOT / held.file).read_text(encoding="utf-8"))
        assert held.test in {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
        assert not held.people or engines.people_of(ROOT, held), held
