"""The review page and its API over HTTP: forms, files, refusals at their field, what is asked next, files to take away."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from browser import Served
from conftest import ROOT, TODAY

httpx = pytest.importorskip("httpx", reason="the service's libraries are not installed (relaxant[serve])")
pytest.importorskip("starlette", reason="the service's libraries are not installed (relaxant[serve])")

from relaxant.cli.main import main  # noqa: E402
from relaxant.errors import InputError  # noqa: E402
from relaxant.io.patient_file import read_patient  # noqa: E402
from relaxant.io.read import read_file  # noqa: E402
from relaxant.knowledge.load import Knowledge  # noqa: E402
from relaxant.knowledge.schema import TIERS  # noqa: E402
from relaxant.patient import Patient, to_file  # noqa: E402
from relaxant.report.review.html import render_html  # noqa: E402
from relaxant.reviewing import canonical, course_steps, review  # noqa: E402
from relaxant.service.pages.asked import question  # noqa: E402
from relaxant.service.pages.fields import Fields, fields_of, file_of, place_of  # noqa: E402
from relaxant.service.pages.moved import moved, seen_of  # noqa: E402

EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
RECORDS = sorted((ROOT / "examples" / "fhir").glob("*.json"))
CIPROFLOXACIN = ROOT / "examples" / "tizanidine-ciprofloxacin.yaml"
UNREAD = ROOT / "examples" / "unread-medicines.yaml"
FORM = {
    "medicines": "tizanidine 4 mg three times a day\namlodipine 5 mg once a day",
    "age": "52",
    "sex": "male",
    "as_of": "2026-11-22",
}


@pytest.fixture
def client(served: Served) -> Iterator[Any]:
    with httpx.Client(base_url=served.url, timeout=120) as one:
        yield one


def said(patient: Patient) -> dict[str, Any]:
    return msgspec.to_builtins(to_file(canonical(patient)))


# ---------------------------------------------------------------- the form and the file


@pytest.mark.parametrize("path", [*EXAMPLES, *RECORDS], ids=lambda p: p.stem)
def test_a_file_goes_through_the_form_without_loss(path: Path, knowledge: Knowledge) -> None:
    patient = read_file(path, knowledge, today=TODAY)
    fields = fields_of(patient)
    again = read_patient(file_of(fields), knowledge, today=date(2000, 1, 1))
    assert said(again) == said(patient)
    assert said(read_patient(file_of(fields_of(again)), knowledge, today=TODAY)) == said(patient)


def test_an_edited_line_counts_as_it_is_written(knowledge: Knowledge) -> None:
    patient = read_patient({"medicines": [{"drug": "baclofen", "dose": "10 mg", "frequency": "three times a day", "start": "2024-01-05"}]}, knowledge, today=TODAY)  # fmt: skip
    fields = fields_of(patient)
    assert fields.said("medicines") == "baclofen 10 mg three times a day since 2024-01-05"
    edited = fields.with_text("medicines", "baclofen 20 mg three times a day")
    assert file_of(edited)["medicines"] == ["baclofen 20 mg three times a day"]


def test_what_has_no_field_stands_under_more(knowledge: Knowledge) -> None:
    patient = read_patient({"genotype": {"CYP2C19": "*2/*2"}, "medicines": []}, knowledge, today=TODAY)
    fields = fields_of(patient)
    assert yaml.safe_load(fields.said("more")) == {"genotype": {"CYP2C19": "*2/*2"}}
    assert fields.said("medicines") == "none"


def test_one_thing_is_not_said_in_two_places() -> None:
    fields = Fields(text={"weight": "61 kg", "more": "weight: 70 kg"})
    with pytest.raises(InputError, match="keep one of the two"):
        file_of(fields)


@pytest.mark.parametrize(
    ("form", "field", "line"),
    [
        ({"weight": "heavy"}, "weight", None),
        ({"age": "1968-13-02"}, "age", None),
        ({"age": "200"}, "age", None),
        ({"as_of": "22.11.2026"}, "as_of", None),
        ({"creatinine": "high"}, "creatinine", None),
        ({"inr": "1.1", "creatinine": "1.6 mg"}, "creatinine", None),
        ({"measurements": "blood pressure 120/80\npotassium 4 horses"}, "measurements", 2),
        ({"creatinine": "1.6 mg/dL", "measurements": "potassium 4 mmol/L on 2030-01-01"}, "measurements", 1),
        ({"smoker": "perhaps"}, "smoker", None),
        ({"alcohol": "a lot"}, "alcohol", None),
        ({"label": "x" * 300}, "label", None),
        ({"conditions": "none\nstroke"}, "conditions", None),
        ({"more": "pump: ["}, "more", None),
        ({"more": "just words"}, "more", None),
        ({"more": "nothing_like_it: 3"}, "more", None),
        ({"country": "Mars"}, "country", None),
    ],
)
def test_a_refusal_stands_at_its_field_and_nothing_is_lost(client: Any, form: dict[str, str], field: str, line: int | None) -> None:  # fmt: skip
    answer = client.post("/api/review", data=FORM | form)
    assert answer.status_code == 422
    found = answer.json()
    assert (found["status"], found["refused"]["field"], found["refused"]["line"]) == ("refused", field, line)
    assert found["refused"]["why"] and found["refused"]["would_do"]
    assert found["fields"] is None and set(found["html"]) == {"refused", "changes"}
    page = client.post("/review", data=FORM | form)
    assert page.status_code == 422
    assert f'id="wrong-{field}">' in page.text and f'href="#ask-{field}"' in page.text
    assert "tizanidine 4 mg three times a day\namlodipine" in page.text
    for text in form.values():
        assert text.splitlines()[0].replace('"', "&#34;") in page.text


def test_a_place_on_the_form_is_found_for_every_field() -> None:
    fields = Fields(text={"alt": "30 U/L", "inr": "1", "measurements": "potassium 4 mmol/L\nQTc 400 ms"})
    places = [place_of(f"labs[{i}] something", fields) for i in (1, 2, 3, 4)]
    assert [(p.field, p.line) for p in places] == [
        ("alt", None),
        ("inr", None),
        ("measurements", 1),
        ("measurements", 2),
    ]
    assert place_of("labs[9]", fields).field == "measurements"
    assert place_of("observations[1]", fields).field == "measurements"
    assert place_of("birth_date", fields).field == "age"
    assert (place_of("medicines[3].dose", fields).field, place_of("medicines[3].dose", fields).line) == ("medicines", 3)
    assert place_of("pump.reservoir", fields).field == "more"


# ---------------------------------------------------------------- the review


def test_a_file_gives_the_review_its_html_the_lines_and_the_question(client: Any, knowledge: Knowledge) -> None:
    data = UNREAD.read_bytes()
    found = client.post("/api/review", content=data, headers={"content-type": "application/yaml"}).json()
    made = review(read_file(UNREAD, knowledge, today=TODAY), knowledge=knowledge)
    assert found["review"] == json.loads(msgspec.json.encode(made))
    assert [line["said"] for line in found["lines"]] == [*(str(m) for m in yaml.safe_load(data)["medicines"]), "tizanidine 2 mg three times a day"]  # fmt: skip
    assert found["question"]["need"] == made.unchecked[0].settled_by
    unread = [line for line in found["lines"] if line["status"] == "unrecognised"]
    assert len(unread) == 3 and ["ciprofloxacin", "Ciproxin"] in [line["offered"] for line in unread]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_the_page_shows_the_reports_own_body(path: Path, client: Any, knowledge: Knowledge) -> None:
    """But for the steps of the courses, which the report has not, the body is the report's byte for byte."""
    made = review(read_file(path, knowledge, today=TODAY), knowledge=knowledge)
    body = render_html(made, knowledge=knowledge).split("<body>\n", 1)[1].split("</body>", 1)[0]
    shown = client.post("/api/review", content=path.read_bytes()).json()["html"]["review"]
    without = re.sub(r'<fieldset class="steps">.*?</fieldset>\n', "", shown, flags=re.S).replace('<figure class="paper">', "<figure>")  # fmt: skip
    assert without.strip() == body.strip()


def test_a_record_is_read(client: Any) -> None:
    found = client.post(
        "/api/review", content=(ROOT / "examples" / "fhir" / "medication_references.json").read_bytes()
    ).json()
    assert found["status"] == "reviewed" and found["fields"]["text"]["medicines"]


def test_a_file_that_is_none_is_refused_and_the_form_stays(client: Any) -> None:
    answer = client.post("/api/review", content=b"\xff\xfe\x00 nothing")
    assert answer.status_code == 422 and answer.json()["refused"]["field"] == "file"
    page = client.post("/review", data=FORM, files={"file": ("list.yaml", b"- not a mapping")})
    assert page.status_code == 422 and "amlodipine 5 mg once a day" in page.text


def test_the_plain_form_takes_a_file(client: Any) -> None:
    page = client.post("/review", data={"medicines": ""}, files={"file": ("a.yaml", CIPROFLOXACIN.read_bytes())})
    assert page.status_code == 200
    assert "Choose another antibiotic" in page.text and "amlodipine 5 mg once a day" in page.text


def test_nothing_said_is_no_review(client: Any) -> None:
    assert client.post("/api/review", data={"as_of": "2026-11-22", "country": "US"}).json()["status"] == "empty"
    assert client.get("/").status_code == client.get("/review").status_code == 200


@pytest.mark.parametrize("text", ["seen", "kept"])
def test_a_hidden_field_that_was_changed_is_refused(client: Any, text: str) -> None:
    assert client.post("/api/review", data=FORM | {text: '{"a": 3'}).status_code == 422


def test_a_form_that_is_none_is_refused(client: Any) -> None:
    wrong = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post("/api/review", content=b"medicines=%ff%fe", headers=wrong).status_code == 400
    assert client.post("/api/review", content=b"x", headers={"content-type": "multipart/form-data"}).status_code == 400
    many = "&".join(f"a{i}=1" for i in range(3000)).encode()
    assert client.post("/api/review", content=many, headers=wrong).status_code == 400


# ---------------------------------------------------------------- what changed, what is asked


def test_what_came_went_and_changed_is_said(client: Any) -> None:
    first = client.post("/api/review", data=FORM).json()
    seen = re.search(r'name="seen" value="([^"]*)"', first["html"]["changes"])
    assert seen is not None
    before = seen[1].replace("&#34;", '"')
    more = client.post(
        "/api/review", data=FORM | {"considering": "ciprofloxacin 500 mg twice a day", "seen": before}
    ).json()
    assert "1 finding came" in more["said"]
    assert '<span class="flag moved">NEW</span>' in more["html"]["review"]
    assert "New DANGER: Ciprofloxacin raises tizanidine" in more["html"]["changes"]
    less = client.post("/api/review", data=FORM | {"medicines": "amlodipine 5 mg once a day", "seen": before}).json()
    assert "went" in less["said"] and "Gone WATCH" in less["html"]["changes"]
    again = client.post("/api/review", data=FORM | {"seen": before}).json()
    assert again["said"] == "Reviewed again: no finding came, went or changed."


def test_a_change_of_tier_is_one_change(knowledge: Knowledge) -> None:
    made = review(read_file(CIPROFLOXACIN, knowledge, today=TODAY), knowledge=knowledge, predict=False, plan=False)
    before = tuple(msgspec.structs.replace(s, tier="NOTE") if s.tier == "DANGER" else s for s in seen_of(made.findings))
    found = moved(before, made.findings, knowledge.words("page")["moved"])
    assert found.said == "1 finding changed" and found.lines[0].startswith("From NOTE to DANGER: ")
    assert found.marks == ("WAS NOTE", "")


@pytest.mark.parametrize("path", [*EXAMPLES, *RECORDS], ids=lambda p: p.stem)
def test_the_gravest_open_input_is_asked_first(path: Path, knowledge: Knowledge) -> None:
    made = review(read_file(path, knowledge, today=TODAY), knowledge=knowledge, predict=False, plan=False)
    waiting = [u for u in made.unchecked if not u.folded]
    order = [(TIERS.index(u.worst_tier), -u.checks) for u in waiting]
    assert order == sorted(order)
    skipped: list[str] = []
    while asked := question(made, Fields(skipped=tuple(skipped)), knowledge):
        assert asked.need == waiting[len(skipped)].settled_by and asked.left == len(waiting) - len(skipped) - 1
        skipped.append(asked.need)
    assert skipped == [u.settled_by for u in waiting]


def test_an_answer_goes_to_its_field_and_the_next_is_asked(client: Any) -> None:
    form = {"medicines": "baclofen 10 mg three times a day", "conditions": "multiple sclerosis", "as_of": "2026-11-22"}
    first = client.post("/api/review", data=form).json()["question"]
    asked = {"asked_field": first["field"], "asked_name": first["name"], "answer": {"choice": "no", "line": "58"}.get(first["kind"], "none")}  # fmt: skip
    if first["kind"] == "result":
        asked["answer"] = "1.0 mg/dL"
    then = client.post("/api/review", data=form | asked).json()
    assert then["fields"]["text"][first["field"]]
    assert then["question"]["need"] != first["need"]
    skipped = client.post("/api/review", data=form | {"skip": first["need"]}).json()
    assert skipped["question"]["need"] != first["need"] and skipped["fields"]["skipped"] == [first["need"]]


def test_a_name_that_was_offered_takes_the_place_of_what_was_written(client: Any) -> None:
    form = FORM | {"medicines": "baclofen 10 mg three times a day\nCiproflaxin 500 mg twice a day"}
    found = client.post("/api/review", data=form | {"choose": "medicines:2:ciprofloxacin"}).json()
    assert found["fields"]["text"]["medicines"].splitlines()[1] == "ciprofloxacin 500 mg twice a day"
    assert all(line["status"] == "read" for line in found["lines"])
    for wrong in ("medicines:9:ciprofloxacin", "medicines:2:warfarin", "label:1:x", "x", "medicines:²:a"):
        same = client.post("/api/review", data=form | {"choose": wrong}).json()
        assert [line["said"] for line in same["lines"]] == form["medicines"].splitlines()


def test_a_tick_is_gone_when_its_line_changes(client: Any) -> None:
    key = client.post("/api/review", data=FORM).json()["lines"][0]["key"]
    assert [line["right"] for line in client.post("/api/review", data=FORM | {"right": key}).json()["lines"]] == [
        True,
        False,
    ]
    other = FORM | {"medicines": FORM["medicines"].replace("4 mg", "6 mg"), "right": key}
    assert [line["right"] for line in client.post("/api/review", data=other).json()["lines"]] == [False, False]


# ---------------------------------------------------------------- the course in steps


def test_the_steps_of_a_course(knowledge: Knowledge) -> None:
    patient = read_patient(
        {
            "age": "58", "sex": "female", "weight": "61 kg", "height": "165 cm",
            "labs": ["creatinine 1.6 mg/dL on 2026-11-10", {"name": "baclofen level", "value": "600 ng/mL", "date": "2026-11-20", "after_dose": "2 h"}],
            "medicines": ["baclofen 10 mg three times a day since 2024-01-05"],
            "considering": ["increase baclofen to 20 mg three times a day"],
        },
        knowledge,
        today=TODAY,
    )  # fmt: skip
    made = review(patient, knowledge=knowledge)
    (steps,) = course_steps(patient, knowledge=knowledge)
    assert [s.scenario for s in steps] == ["typical", "patient", "observed", "proposed"]
    average = {s.scenario: s.measures[0].median for s in steps}
    assert average["typical"] < average["patient"] < average["observed"] < average["proposed"]
    own = {s.scenario: s for s in made.prediction[0].scenarios}
    assert steps[2].curves == own["now"].curves and steps[3].curves == own["weighed"].curves
    for step in steps:
        assert step.curves[0].levels == (0.05, 0.25, 0.5, 0.75, 0.95) and len(step.curves[0].bands) == 5


def test_a_medicine_that_is_not_taken_yet_is_drawn_as_weighed(knowledge: Knowledge) -> None:
    plain = yaml.safe_load(CIPROFLOXACIN.read_text()) | {
        "medicines": [],
        "considering": ["tizanidine 4 mg three times a day"],
    }
    patient = read_patient(plain, knowledge, today=TODAY)
    (steps,) = course_steps(patient, knowledge=knowledge)
    (course,) = review(patient, knowledge=knowledge).prediction
    assert [s.scenario for s in steps] == ["typical", "patient"]
    assert steps[1].curves == course.scenarios[0].curves


# ---------------------------------------------------------------- files to take away


@pytest.mark.parametrize(
    ("kind", "starts", "name"),
    [
        ("json", b"{", "review-2026-11-22.json"),
        ("pdf", b"%PDF", "review-2026-11-22.pdf"),
        ("fhir", b"{", "review-2026-11-22.fhir.json"),
        ("ics", b"BEGIN:VCALENDAR", "review-2026-11-22.ics"),
        ("html", b"<!DOCTYPE html>", "review-2026-11-22.html"),
        ("text", b"", "review-2026-11-22.txt"),
        ("yaml", b"age:", "patient-2026-11-22.yaml"),
    ],
)
def test_the_review_as_a_file(client: Any, kind: str, starts: bytes, name: str) -> None:
    if kind == "pdf":
        pytest.importorskip("typst", reason="typst is not installed")
    if kind == "ics":
        pytest.importorskip("icalendar", reason="icalendar is not installed")
    answer = client.post(f"/api/review.{kind}", data=FORM | {"label": "Grace Hopper"})
    assert answer.status_code == 200 and answer.content.startswith(starts)
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    again = client.post(
        f"/api/review.{kind}", content=client.post("/api/review.yaml", data=FORM | {"label": "Grace Hopper"}).content
    )
    assert again.status_code == 200 and (again.content == answer.content or kind == "yaml")


def test_a_file_that_cannot_be_made_says_why(client: Any) -> None:
    empty = client.post("/api/review.pdf", data={"medicines": ""})
    assert (
        empty.status_code == 422 and empty.json()["title"] == "there is nothing to review yet; write a medicine first"
    )
    calendar = client.post("/api/review.ics", data={"medicines": "paracetamol 1 g as needed"})
    assert calendar.status_code == 422
    page = client.post("/api/review.pdf", data=FORM | {"weight": "heavy"}, headers={"accept": "text/html"})
    assert page.status_code == 422 and 'id="wrong-weight">' in page.text
    assert client.post("/api/review.docx", data=FORM).status_code == 404


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{}"),
        ("application/yaml", b""),
        ("application/yaml", b"# nothing\n"),
        ("application/json", b'{"age": "40", "medicines": []}'),
        ("application/fhir+json", b'{"resourceType": "Bundle", "type": "collection", "entry": []}'),
    ],
)
def test_a_file_with_nothing_to_review_is_refused_as_the_command_line_does(client: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, body: bytes) -> None:  # fmt: skip
    (path := tmp_path / "file").write_bytes(body)
    assert main(["review", str(path)]) == 2
    told = capsys.readouterr().err
    for address in ("/api/review.json", "/api/review.fhir", "/api/review.text"):
        answer = client.post(address, content=body, headers={"content-type": kind})
        assert answer.status_code == 422 and answer.headers["content-type"] == "application/problem+json"
        assert told.strip().endswith(answer.json()["title"]), told
    parts = client.post("/api/review", content=body, headers={"content-type": kind})
    assert parts.status_code == 422 and parts.json()["status"] == "refused"
    assert told.strip().endswith(f"{parts.json()['refused']['why']}; {parts.json()['refused']['would_do']}")


def test_an_empty_form_is_no_fault(client: Any) -> None:
    assert client.post("/api/review", data={"age": ""}).json()["status"] == "empty"


def test_what_cannot_be_read_yet_is_saved_all_the_same(client: Any) -> None:
    saved = client.post("/api/review.yaml", data=FORM | {"weight": "heavy"})
    assert saved.status_code == 200 and yaml.safe_load(saved.content)["weight"] == "heavy"


# ---------------------------------------------------------------- harmless


HOSTILE = {
    "medicines": "<script>alert(1)</script> 10 mg\nbaclofen 10 mg <img src=x onerror=alert(1)> daily\n\u202egm 01 nefolcab",
    "label": "</title><script>alert(2)</script>",
    "conditions": '"><svg onload=alert(3)>',
    "allergies": "{{ 7 * 7 }}",
    "measurements": "potassium 4 mmol/L",
    "more": "genotype: {CYP2C19: '<b>*2/*2</b>'}",
    "age": '58"><script>alert(4)</script>',
}


def attributes(page: str) -> set[str]:
    """The names of all attributes of a page."""
    found: set[str] = set()

    class Reader(HTMLParser):
        def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.update(name for name, _ in attrs)

    Reader().feed(page)
    return found


@pytest.mark.parametrize("without", ["", "age"])
def test_markup_in_what_was_written_stays_text(client: Any, without: str) -> None:
    form = {name: text for name, text in HOSTILE.items() if name != without}
    page = client.post("/review", data=form).text
    assert re.findall(r"<script\b[^>]*>", page) == re.findall(r'<script src="/static/page-\w+\.js" defer>', page)
    assert "<img" not in page and "<svg onload" not in page and "onerror=alert(1)>" not in page
    assert "49" not in re.findall(r"allergies[^<]*", page)[0]
    assert not [name for name in attributes(page) if name == "style" or name.startswith("on")]
    assert "\u202e" not in page.split('<div id="review"', 1)[1]


def test_pages_and_files_are_closed(client: Any) -> None:
    page = client.get("/")
    assert "unsafe" not in page.headers["content-security-policy"] and page.headers["cache-control"] == "no-store"
    for name in re.findall(r'"(/static/[^"]+)"', page.text):
        file = client.get(name)
        assert file.status_code == 200 and "immutable" in file.headers["cache-control"]
    assert client.get("/static/manifest.json").status_code == 404
    assert client.get("/static/..%2fhouse.py").status_code == 404
    assert "set-cookie" not in page.headers
