"""A review in every format: what the terminal and the page say stands in PDF and FHIR too; days are in the calendar file."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest
import yaml

from conftest import ROOT, reviewed
from relaxant.cli.main import main
from relaxant.errors import InputError
from relaxant.knowledge.load import load_knowledge
from relaxant.report.blocks import Bullets, Line, Saying, Section, Table
from relaxant.report.review.chapters import Chapter, Picture, chapters
from relaxant.report.review.html import render_html
from relaxant.report.review.page import View
from relaxant.report.review.terminal import render_terminal
from relaxant.report.review.view import view_of
from relaxant.report.reviews import FORMATS, Format, render_review
from relaxant.reviewing import Review, to_json
from test_plan_outputs import HOSTILE, html_text, pdf_text, r4_schema, squeezed, strings, unfolded  # noqa: F401
from test_report import a_review

PUMP: dict[str, Any] = {
    "as_of": "2026-11-22", "country": "US", "label": "bed 7", "age": 52, "conditions": ["multiple sclerosis"], "goals": ["night spasms"],
    "pump": {"drug": "baclofen", "concentration": "500 micrograms/mL", "new_concentration": "2000 micrograms/mL", "reservoir": "40 mL", "residual": "26 mL",
             "alarm": "2 mL", "refilled": "2026-11-05", "catheter": "0.2 mL", "tubing": "0.2 mL"},
    "medicines": [{"drug": "baclofen", "dose": "400 micrograms/day", "route": "intrathecal", "start": "2024-01-05"}],
}  # fmt: skip
BLOCK = {
    "as_of": "2026-11-22", "country": "US", "label": "theatre 2", "sex": "female", "age": 58, "weight": "96 kg", "height": "165 cm", "conditions": [],
    "allergies": [], "dialysis": "none", "medicines": ["gentamicin 240 mg IV"], "considering": ["rocuronium"],
    "labs": [{"name": "creatinine", "value": "0.9 mg/dL", "date": "2026-11-20"}],
    "observations": [{"name": "train-of-four count", "value": "2", "date": "2026-11-22"}],
}  # fmt: skip
TWO = {
    "as_of": "2026-11-22", "country": "UK", "label": "bed 3", "sex": "female", "age": 58, "weight": "61 kg", "height": "165 cm", "allergies": [],
    "conditions": ["multiple sclerosis"], "goals": ["night spasms"], "medicines": ["baclofen 10 mg three times a day since 2024-01-05"],
    "considering": ["tizanidine", "dantrolene"],
    "labs": [{"name": "creatinine", "value": "0.9 mg/dL", "date": "2026-11-10"}],
}  # fmt: skip


def people() -> dict[str, dict[str, Any]]:
    examples = ("ms-ckd-baclofen", "unread-medicines", "stop-being-weighed", "tizanidine-ciprofloxacin")
    files = {name: yaml.safe_load((ROOT / "examples" / f"{name}.yaml").read_text(encoding="utf-8")) for name in examples}  # fmt: skip
    return {"pump": PUMP, "block": BLOCK, "two": TWO, **files}


@pytest.fixture(scope="module", params=list(people()))
def made(request: pytest.FixtureRequest) -> tuple[Review, View]:
    review = reviewed(people()[request.param])
    return review, view_of(review)


def sayings(chapter: Chapter) -> Iterator[Saying]:
    for block in (*chapter.blocks, *(b for p in chapter.parts for b in p.blocks)):
        if isinstance(block, (Line, Picture)):
            yield block.saying
        elif isinstance(block, Bullets):
            yield Saying(block.label)
            yield from block.sayings
        else:
            assert isinstance(block, Table)
            yield Saying(block.caption)
            yield from (s for row in block.rows for cell in row for s in cell)


def everything(view: View) -> list[str]:
    """Every word of a review that is not an address of layout alone."""
    out = [view.head.label, view.labels, view.as_of, view.person, view.stamp_short, view.orders, *view.glance]
    for chapter in chapters(view):
        out += [chapter.heading, *(p.heading for p in chapter.parts)]
        for saying in sayings(chapter):
            out += [saying.text, *saying.tags, *(m.place for m in saying.marks), *(m.says or "" for m in saying.marks)]
    for source in view.sources:
        out += [source.title, source.places, source.seen, source.url or ""]
    out += [text for pair in view.stamp for text in pair]
    return [text for text in out if text]


def printed(data: bytes, view: View) -> str:
    """The text of a PDF without blanks, and without what stands above and below each page: a sentence may go on overleaf."""
    from pypdf import PdfReader

    pages = [squeezed(page.extract_text()) for page in PdfReader(BytesIO(data)).pages]
    head = view.head
    above = squeezed(f"{head.label}{view.words['title']}{head.labels}, {head.as_of_text}")
    out = []
    for i, page in enumerate(pages, 1):
        below = squeezed(f"{head.basis}{i}/{len(pages)}")
        assert above in page and below in page
        out.append(page.replace(above, "", 1).replace(below, "", 1))
    return "".join(out)


def fhir_text(data: bytes) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", " ".join(strings(json.loads(data)))))


@pytest.mark.parametrize("format", ["pdf", "fhir"])
def test_what_the_page_holds_is_in_all(made: tuple[Review, View], format: Format) -> None:
    review, view = made
    data = render_review(review, format)
    page = printed(data, view) if format == "pdf" else squeezed(fhir_text(data))
    assert not [text for text in everything(view) if squeezed(text) not in page]


@pytest.mark.parametrize("format", ["terminal", "html"])
def test_what_pdf_holds_is_in_terminal_and_page(made: tuple[Review, View], format: str) -> None:
    """Findings with their tier and folded lines are laid out otherwise, and of many options a terminal shows the best suited; the rest are the same words."""
    review, view = made
    left = {text for options in view.options for text in said_of(options.whole) - said_of(options.short)} if format == "terminal" else set()  # fmt: skip
    page = squeezed(render_terminal(review, colour=False, width=4000) if format == "terminal" else html_text(render_html(review).encode()))  # fmt: skip
    same = [c for c in chapters(view) if c.key not in ("findings", "unchecked", "courses", "facts", "medicines", "monitoring", "not-checked")]  # fmt: skip
    for chapter in same:
        for saying in sayings(chapter):
            for text in (saying.text, *saying.tags, *(m.place for m in saying.marks)):
                assert squeezed(text) in page or text in left, text


def said_of(section: Section) -> set[str]:
    """Every text of a section, with its tags and the places that it cites."""
    sayings_of = sayings(Chapter(key="", heading="", blocks=section.blocks))
    return {text for s in sayings_of for text in (s.text, *s.tags, *(m.place for m in s.marks))}


def test_of_many_options_a_terminal_has_the_best_suited_whole_and_a_line_for_each_other() -> None:
    """The other formats stay whole; nothing that suits goes without a line, and what fell out stays."""
    review = reviewed(TWO)
    (options,), (own,) = review.options, view_of(review).options
    suited = [o.agent for o in options.options if o.suits]
    tables = [[b for b in section.blocks if isinstance(b, Table)] for section in (own.whole, own.short)]
    assert [[row[0][0].text for row in t.rows] for (t,) in tables] == [suited, suited[:3]] and len(suited) > 4
    section = render_terminal(review, colour=False).partition(f"{own.short.heading}\n")[2].partition("\nFell out, and why\n")[0]  # fmt: skip
    more = section.partition(f"{len(suited) - 3} more suit, a line each.")[2]
    assert "--format html" in more and len(section.splitlines()) < 250
    lines = more.split("\n- ")[1:]
    assert [line.partition(":")[0] for line in lines] == suited[3:]
    for agent, line in zip(suited[3:], lines, strict=True):
        option = next(o for o in options.options if o.agent == agent)
        for tier in ("CHANGE", "WATCH", "NOTE"):
            count = sum(h.tier == tier for h in option.harms)
            assert squeezed(f"{tier} {count}") in squeezed(line) if count else tier not in line
    assert [s.text for s in own.whole.blocks[-1].sayings] == [s.text for s in own.short.blocks[-1].sayings]


def test_few_options_are_shown_whole() -> None:
    (options,) = view_of(reviewed({**TWO, "goals": ["acute back spasm"], "conditions": ["acute low back pain"]})).options  # fmt: skip
    (table,) = [b for b in options.whole.blocks if isinstance(b, Table)]
    assert 0 < len(table.rows) <= 4 and options.short == options.whole


def test_text_lists_the_sources_that_it_cites_and_no_other() -> None:
    """By the numbers that they have in every format: what is cited only of the options that have a line is left to these."""
    review = reviewed(TWO)
    text, view = render_terminal(review, colour=False, width=200), view_of(review)
    above, _, below = text.partition("\nSources\n")
    listed = [int(n) for n in re.findall(r"^\[(\d+)\]", below, re.M)]
    assert listed == sorted({int(n) for n in re.findall(r"\[(\d+)\]", above)})
    assert set(listed) < {s.number for s in view.sources}
    assert len(re.findall(r'id="source-\d+"', render_html(review))) == len(view.sources)


@pytest.mark.parametrize("name", list(people()))
def test_fhir_is_valid_against_the_official_schema(name: str, r4_schema: dict[str, Any]) -> None:  # noqa: F811
    from jsonschema import Draft6Validator

    bundle = json.loads(render_review(reviewed(people()[name]), "fhir"))
    assert not list(Draft6Validator(r4_schema).iter_errors(bundle))
    for entry in bundle["entry"]:
        own = {"$ref": f"#/definitions/{entry['resource']['resourceType']}", "definitions": r4_schema["definitions"]}
        assert not list(Draft6Validator(own).iter_errors(entry["resource"]))


def test_fhir_says_what_the_review_says(made: tuple[Review, View]) -> None:
    review, view = made
    data = render_review(review, "fhir")
    bundle = json.loads(data)
    by_url = {e["fullUrl"]: e["resource"] for e in bundle["entry"]}
    assert len(by_url) == len(bundle["entry"])
    references = re.findall(r'"reference": "(urn:uuid:[^"]+)"', data.decode())
    assert set(references) <= set(by_url)
    kinds = [r["resourceType"] for r in by_url.values()]
    assert kinds[0] == "Composition" and kinds.count("Patient") == 1 and kinds.count("Composition") == 1
    assert kinds.count("CarePlan") == len(review.plan) + bool(review.monitoring)
    requests = [r for r in by_url.values() if r["resourceType"] == "MedicationRequest"]
    groups = {r["groupIdentifier"]["value"] for r in requests if "groupIdentifier" in r}
    assert len(groups) == sum(len(p.steps) for p in review.plan)
    issues = {r["identifier"][0]["value"]: r for r in by_url.values() if r["resourceType"] == "DetectedIssue" and "identifier" in r}  # fmt: skip
    assert set(issues) == {f.id for f in review.findings}
    grave = {"DANGER": "high", "CHANGE": "moderate", "WATCH": "low", "NOTE": "low"}
    for finding in review.findings:
        issue = issues[finding.id]
        assert issue["severity"] == grave[finding.tier] and squeezed(issue["detail"]) == squeezed(finding.summary)
        assert squeezed(finding.action) in squeezed(" ".join(strings(issue["mitigation"])))
    for resource in by_url.values():
        told = resource.get("reportedBoolean", False)
        assert resource.get("status", "draft") in (("active", "stopped") if told else ("draft", "preliminary"))
        assert resource.get("intent", "proposal") == ("plan" if told else "proposal")
        assert resource["resourceType"] != "Patient" or set(resource) == {"resourceType", "id", "text"}
    if review.monitoring:
        title = view.words["monitoring"]["heading"]
        (followed,) = (r for r in by_url.values() if r["resourceType"] == "CarePlan" and r["title"] == title)
        today = date.fromisoformat(review.stamp.as_of)
        for watch, activity in zip(review.monitoring, followed["activity"], strict=True):
            detail = activity["detail"]
            event = detail.get("scheduledTiming", {}).get("event", ())
            first = detail.get("scheduledPeriod", {}).get("start") or next(iter(event), None)
            assert first == (max(watch.due, today).isoformat() if watch.due else None)
            assert ("statusReason" in detail) == (watch.due is not None and watch.due < today)
            assert watch.not_before or tuple(event[1:]) == tuple(d.isoformat() for d in watch.then)


def test_narratives_are_xhtml(made: tuple[Review, View]) -> None:
    """Which the JSON schema cannot tell."""
    divs = [text for text in strings(json.loads(render_review(made[0], "fhir"))) if text.startswith("<div")]
    allowed = {"div", "p", "b", "ul", "li", "table", "caption", "thead", "tbody", "tr", "th", "td", "br"}
    assert divs
    for div in divs:
        tags = {
            element.tag.removeprefix("{http://www.w3.org/1999/xhtml}") for element in ElementTree.fromstring(div).iter()
        }
        assert tags <= allowed


def test_an_empty_pump_is_said_at_a_glance() -> None:
    """Where nothing fires and a plan is refused, nobody may read the first lines as fine."""
    review = reviewed({**PUMP, "pump": {**PUMP["pump"], "residual": "1 mL"}})
    view = view_of(review)
    (plan,) = review.plan
    assert plan.refused and any(plan.refused in line for line in view.glance)
    (gates,) = (s for s in view.plans[0].sections if s.key == "gates")
    labels = [b.label for b in gates.blocks if isinstance(b, Bullets)]
    assert labels == [load_knowledge().words("plan")["gates"]["call"]]
    advice = next(s for s in view.plans[0].sections if s.key == "advice")
    assert any("at once" in saying.text for b in advice.blocks if isinstance(b, Bullets) for saying in b.sayings)


def test_what_the_options_say_is_not_said_twice() -> None:
    view = view_of(reviewed(TWO))
    beside = {s.text for options in view.options for b in options.whole.blocks if isinstance(b, Table) for row in b.rows for c in row for s in c}  # fmt: skip
    assert view.options and not [
        one for one in view.suits for text in one.lines if any(text in said for said in beside)
    ]


def test_the_calendar_file_has_every_day(made: tuple[Review, View]) -> None:
    from icalendar import Calendar

    review, _ = made
    due = [w.due for w in review.monitoring if w.due]
    plans = [p for p in review.plan if p.steps]
    steps = [s for p in plans for s in p.steps] if len(plans) == 1 else []
    if not due and not steps:
        with pytest.raises(InputError, match="several calendars" if plans else "day"):
            render_review(review, "ics")
        return
    data = render_review(review, "ics")
    events = Calendar.from_ical(data).walk("VEVENT")
    assert len({str(e["UID"]) for e in events}) == len(events) >= len(due) + len(steps)
    starts = [e.decoded("DTSTART") for e in events]
    today = date.fromisoformat(review.stamp.as_of)
    assert all(max(day, today) in starts for day in due) and all(s.first in starts for s in steps)
    if len(plans) > 1:  # choices: two sets of doses on one day would be taken for one
        assert not any("DOSE" in str(e["SUMMARY"]) for e in events) and b"None of them is in" in data.replace(
            b"\r\n ", b""
        )
    assert all("not orders" in unfolded(str(e["DESCRIPTION"])) for e in events)


def test_what_concerns_all_plans_is_said_once() -> None:
    review = reviewed(TWO)
    assert len(review.plan) > 1
    text = squeezed(render_terminal(review, colour=False))
    orders = squeezed(view_of(review).plans[0].banners[0])
    assert text.count(orders) == 2  # above the first plan, and under the stamp


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_bytes_every_time(format: Format) -> None:
    """In another process, time zone, hash seed and locale too."""
    code = (
        "import sys; sys.path.insert(0, 'tests'); from conftest import reviewed; from test_review_outputs import TWO; import hashlib;"
        "from relaxant.report.reviews import render_review;"
        f"print(hashlib.sha256(render_review(reviewed(TWO), {format!r})).hexdigest())"
    )
    environment = {**os.environ, "TZ": "Asia/Kathmandu", "PYTHONHASHSEED": "7", "LC_ALL": "C"}
    other = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert hashlib.sha256(render_review(reviewed(TWO), format)).hexdigest() == other.stdout.strip()


def test_hostile_text_is_only_text() -> None:
    review = a_review(HOSTILE)
    said = list(strings(json.loads(render_review(review, "fhir"))))
    assert not [text for text in said if "\x1b" in text or "\u202e" in text]
    assert not [text for text in said if text.startswith("<div") and "<script" in text]
    assert squeezed("#strong[x] *b* $y$ @ref") in squeezed(pdf_text(render_review(review, "pdf")))


def test_another_format_is_refused() -> None:
    with pytest.raises(InputError, match="there is no such format"):
        render_review(a_review(), "docx")  # type: ignore[arg-type]


@pytest.mark.parametrize("format", FORMATS)
def test_the_command_writes_every_format(format: Format, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, out = tmp_path / "two.yaml", tmp_path / f"two.{format}"
    file.write_text(json.dumps(TWO), encoding="utf-8")
    assert main(["review", str(file), "--format", format, "--output", str(out)]) == 0
    assert out.read_bytes() == render_review(reviewed(TWO), format)
    capsys.readouterr()


def test_json_is_the_review_itself() -> None:
    review = reviewed(TWO)
    assert render_review(review, "json") == to_json(review)
    assert msgspec.json.decode(to_json(review))["plan"]
