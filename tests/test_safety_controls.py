"""Controls of the hazard log that no other test holds: whose review a page is, how old its knowledge, what a pack replaced, what grave rules rest on."""

from __future__ import annotations

import json
import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT, TODAY, reviewed
from relaxant import read_patient, review
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.report.review.html import render_html
from relaxant.report.review.terminal import render_terminal
from relaxant.report.reviews import Format, render_review
from relaxant.reviewing import Review
from test_lint import pack, rule
from test_plan_outputs import html_text, strings

LABEL = "ward 7, bed 3"
PERSON: dict[str, Any] = {
    "label": LABEL, "country": "UK", "sex": "female", "age": 58, "weight": "61 kg", "height": "165 cm", "allergies": [],
    "conditions": ["multiple sclerosis"], "medicines": ["baclofen 10 mg three times a day since 2024-01-05"], "considering": ["tizanidine 4 mg three times a day"],
    "labs": [{"name": "creatinine", "value": "1.6 mg/dL", "date": "2026-11-10"}],
}  # fmt: skip


@pytest.fixture(scope="module")
def made() -> Review:
    return reviewed(PERSON)


def sheets_of(data: bytes) -> list[str]:
    """The text of each sheet of a PDF."""
    from pypdf import PdfReader

    return [page.extract_text() for page in PdfReader(BytesIO(data)).pages]


def beginning(data: bytes, format: Format) -> str:
    """What stands before the first finding."""
    if format == "text":
        return "\n".join(data.decode().splitlines()[:4])
    text = (html_text(data) if format == "html" else sheets_of(data)[0]).replace("\xa0", " ")
    return text[: text.index("CHANGE")]


@pytest.mark.parametrize("format", ["text", "html", "pdf"])
def test_whose_review_it_is_stands_first_in_every_format(made: Review, format: Format) -> None:
    first = beginning(render_review(made, format), format)
    for said in (LABEL, "UK labels", "2026-11-22", "female", "58 years", "61 kg"):
        assert said in first, said


def test_a_record_and_a_calendar_hold_the_label(made: Review) -> None:
    assert LABEL in " ".join(strings(json.loads(render_review(made, "fhir"))))
    assert LABEL.replace(",", "\\,") in render_review(made, "ics").decode().replace("\r\n ", "")


def test_every_sheet_of_paper_says_whose_it_is(made: Review) -> None:
    sheets = sheets_of(render_review(made, "pdf"))
    assert len(sheets) > 3
    assert [n for n, text in enumerate(sheets, 1) if LABEL not in text] == []


def test_that_no_label_was_given_is_said() -> None:
    nobody = reviewed({k: v for k, v in PERSON.items() if k != "label"})
    for format in ("text", "html", "pdf"):
        assert "no label given" in beginning(render_review(nobody, format), format)  # type: ignore[arg-type]


def test_the_age_of_the_knowledge_stands_in_the_first_lines(made: Review, knowledge: Knowledge) -> None:
    dated = f"knowledge {knowledge.date} {knowledge.sha256[:12]}"
    assert dated in "\n".join(render_terminal(made, colour=False).splitlines()[:4])
    assert dated in html_text(render_html(made).encode()).partition("What to do")[0]


def test_what_a_pack_replaced_is_said_in_every_review(tmp_path: Path) -> None:
    """A rule of a ward in the place of ours: both pages name the pack and the rule."""
    own = rule(rule="tizanidine-baclofen", agents=["tizanidine"], partner={"ingredients": ["baclofen"]}, cases=[
        {"name": "both", "expect": "fires", "patient": {"medicines": ["baclofen 5 mg tds", "tizanidine 2 mg tds"]}},
        {"name": "one", "expect": "silent", "patient": {"medicines": ["tizanidine 2 mg tds"]}},
        {"name": "not said", "expect": "could not check", "patient": {"considering": ["tizanidine 2 mg tds"]}},
    ])  # fmt: skip
    laid = load_knowledge(pack(tmp_path / "ward", rules=[own]))
    found = reviewed(PERSON, laid)
    assert [limit for limit in found.limits if "tizanidine-baclofen" in limit]
    for page in (render_terminal(found, colour=False), html_text(render_html(found).encode())):
        assert "tizanidine-baclofen" in page.partition("Limits of this review")[2] and "ward" in page
    assert not [limit for limit in reviewed(PERSON).limits if "tizanidine-baclofen" in limit]


def test_no_grave_rule_rests_on_what_nobody_has_seen(knowledge: Knowledge) -> None:
    """DANGER and CHANGE, by the rule or by a modifier, are verified, and one source at least of each was seen."""
    grave = [r for r in knowledge.rules.values() if {r.tier, *(m.tier for m in r.modifiers)} & {"DANGER", "CHANGE"}]
    assert len(grave) > 100
    for one in grave:
        assert one.verified, one.rule
        assert any(knowledge.sources[s.source].seen != "not seen" for s in one.sources), one.rule


def test_the_page_on_the_basis_reckons_what_the_review_says(capsys: pytest.CaptureFixture[str]) -> None:
    """The reckoning by hand of docs/safety/basis.md, run as it stands, against the facts of the example that it is about."""
    page = (ROOT / "docs" / "safety" / "basis.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", page, re.S)
    exec(compile(block, "basis.md", "exec"), {})
    by_hand = [float(n) for n in re.findall(r"(\d+\.\d) (?:kg|mL)", capsys.readouterr().out)]
    found = review(read_patient(ROOT / "examples" / "plans" / "baclofen-kidney.yaml", today=TODAY), predict=False)
    facts = {f.name: f.value for f in found.facts}
    ours = [facts[name] for name in ("ideal_weight", "creatinine_clearance", "egfr", "egfr_absolute")]
    assert by_hand == pytest.approx(ours, abs=0.06)
    assert "They print 56.9, 34.4, 37.2 and 35.9" in page and by_hand == [56.9, 34.4, 37.2, 35.9]
