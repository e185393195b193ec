"""A record system opens the review page: the whole flow, with a real record system and a real browser's cookies, and once in a real browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from browser import until
from conftest import ROOT
from providers import NAMES, Provider, Records, standing
from relaxant.knowledge.load import Knowledge
from relaxant.service.audit.people import erase
from relaxant.service.audit.verify import rows, verify
from relaxant.service.settings import Login
from test_signin import ROLES, SESSION, Browser, Ward, launching

LINES = {
    key: f"{name}, 4 mg three times a day" for key, name in NAMES.items()
}  # with the dose of the order, so that it is seen where it is edited


@pytest.fixture
def records() -> Iterator[Records]:
    own = Records()
    with standing(own):
        yield own


@pytest.fixture
def at(tmp_path: Path, knowledge: Knowledge, records: Records) -> Iterator[Ward]:
    with launching(tmp_path, knowledge, records, country="UK") as own:
        yield own


def launched(at: Ward, records: Records) -> Browser:
    browser = Browser(at.url)
    entered = browser.enter(f"/launch?iss={records.url}/fhir&launch=ticket-1")
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    return browser


def field(page: str, name: str) -> str:
    """The text of a field of the page's form."""
    area = re.search(rf'<textarea id="ask-{name}"[^>]*>\n(.*?)</textarea>', page, re.S)
    line = re.search(rf'<input type="(?:text|hidden)"[^>]* name="{name}" value="([^"]*)"', page)
    found = area or line
    assert found is not None, name
    return unescape(found[1])


def chosen(page: str, name: str) -> str:
    options = re.search(rf'<select id="ask-{name}".*?</select>', page, re.S)
    assert options is not None
    marked = re.search(r'<option value="([^"]*)" selected>', options[0])
    return marked[1] if marked else ""


def test_the_page_opens_with_that_patients_record(at: Ward, records: Records) -> None:
    browser = launched(at, records)
    page = browser.go("/")
    assert page.status_code == 200
    assert sorted(field(page.text, "medicines").splitlines()) == sorted(LINES.values())
    assert field(page.text, "conditions") == "multiple sclerosis" and field(page.text, "age") == "1968-03-02"
    assert chosen(page.text, "sex") == "female" and chosen(page.text, "country") == "UK"
    assert page.text.count('name="right"') == 3  # each line is read back, to be ticked
    assert "tizanidine" in page.text.partition('id="review"')[2] and 'class="finding' in page.text
    words = at.house.knowledge.words("page")["read"]
    source = field(page.text, "source")
    host = records.url.partition("://")[2]
    assert source.startswith(f"the record at {host}, read on {at.house.now().date().isoformat()} at ")
    assert words["source"].format(source=source) in unescape(page.text) and words["again"] in page.text
    assert "Opened from a record, as prescriber" in page.text and 'action="/signout"' in page.text
    # nothing of it is in an address: neither where the browser was sent, nor in a link of the page
    addresses = re.findall(r'(?:href|action|formaction|src)="([^"]*)"', page.text)
    for secret in ("p-1", records.access, "ticket-1", host):
        assert not [one for one in addresses if secret in one and not one.startswith("https://")], secret


def test_what_is_read_in_can_be_changed_and_stays_named(at: Ward, records: Records) -> None:
    browser = launched(at, records)
    page = browser.go("/").text
    form = {name: field(page, name) for name in ("medicines", "conditions", "age", "kept", "source", "as_of")}
    form["medicines"] = form["medicines"].replace(LINES["d2"], "ciprofloxacin 500 mg twice a day")
    headers = {
        "cookie": f"{SESSION}={browser.cookies[SESSION]}",
        "sec-fetch-site": "same-origin",
        "accept": "text/html",
    }
    reads = len(records.read)
    answer = httpx.post(at.url + "/review", data=form, headers=headers, trust_env=False, timeout=60)
    assert answer.status_code == 200 and "DANGER" in answer.text.partition('id="review"')[2]
    assert field(answer.text, "source") == form["source"] and form["source"] in unescape(answer.text)
    assert "4 mg three times a day" in json.dumps(
        json.loads(field(answer.text, "kept"))
    )  # what was not edited stays as the record has it
    data = httpx.post(at.url + "/api/review", data=form, headers=headers, trust_env=False, timeout=60).json()
    assert data["status"] == "reviewed" and form["source"] in unescape(data["html"]["read"])
    assert len(records.read) == reads  # nothing was asked of the record again, and nothing was written there
    form["medicines"] = form["medicines"].replace(LINES["d1"], LINES["d1"].replace("4 mg three", "10 mg three"))
    edited = httpx.post(at.url + "/api/review", data=form, headers=headers, trust_env=False, timeout=60).json()
    assert "baclofen, DOSE 10 mg, by mouth, three times a day" in unescape(edited["html"]["read"])
    anew = browser.go("/").text
    assert "ciprofloxacin" not in field(anew, "medicines") and len(records.read) > reads


def test_a_record_that_is_dropped_has_the_labels_of_the_service(at: Ward) -> None:
    """A FHIR record says nothing of labels; a patient file does."""
    record = (ROOT / "examples" / "fhir" / "four_resources_one_medicine.json").read_bytes()
    file = b"medicines: [baclofen 10 mg three times a day]"
    for body, country in ((record, "UK"), (file, "US"), (file + b"\ncountry: IE", "IE")):
        answer = httpx.post(at.url + "/api/review", content=body, trust_env=False, timeout=60).json()
        assert answer["review"]["stamp"]["country"] == country
    form = httpx.post(at.url + "/review", data={"country": "US"}, files={"file": record}, trust_env=False, timeout=60)
    assert chosen(form.text, "country") == "US"  # whoever chose labels on the form has them


def test_signing_out_forgets_the_record(at: Ward, records: Records) -> None:
    browser = launched(at, records)
    assert NAMES["d0"] in browser.go("/").text
    copy = dict(browser.cookies)
    out = browser.go("/signout", "POST", **{"sec-fetch-site": "same-origin"})
    assert (out.status_code, out.headers["location"]) == (303, "/signout") and SESSION not in browser.cookies
    words = at.house.knowledge.words("site")["out"]
    assert words["title"] in browser.go("/signout").text and at.rows("sessions") == 0
    browser.cookies, reads = copy, len(records.read)  # whoever kept the cookie reads nothing by it
    page = browser.go("/").text
    assert field(page, "medicines") == "" and field(page, "source") == "" and len(records.read) == reads
    assert 'action="/signout"' not in page


def test_a_record_that_cannot_be_read_is_said_on_the_page(at: Ward, records: Records) -> None:
    browser = launched(at, records)
    words = at.house.knowledge.words("page")["refused"]
    for fails, status in (({"MedicationRequest": 500}, 502), ({"Condition": 401}, 403)):
        records.fails = fails
        page = browser.go("/")
        assert page.status_code == status and field(page.text, "medicines") == ""
        assert words["fields"]["record"] in page.text and words["record_do"] in unescape(page.text)
    records.fails = {}
    records.resources["MedicationRequest"].append({"resourceType": "MedicationRequest", "id": "m9", "status": "active", "intent": "order", "subject": {"reference": "Patient/p-2"}, "medicationCodeableConcept": {"text": "warfarin"}})  # fmt: skip
    page = browser.go("/")  # somebody else's order in the answer: nothing of it is shown
    assert page.status_code == 422 and field(page.text, "medicines") == "" and words["fields"]["record"] in page.text


def test_a_launch_is_in_the_audit_under_a_pseudonym(at: Ward, records: Records) -> None:
    browser = launched(at, records)
    browser.go("/signout", "POST", **{"sec-fetch-site": "same-origin"})
    launched(at, records)
    own = list(rows(at.house.store))
    assert [row.kind for row in own] == ["launched", "signed out", "launched"]
    assert own[0].person == own[2].person and own[0].person is not None and own[1].person is None
    assert (
        all(row.by.startswith("prescriber ") for row in own) and "p-1" not in str(own) and records.url not in str(own)
    )
    assert erase(at.house.store, at.house.store.secret, records.url + "/fhir", "p-1").known
    launched(at, records)
    again = list(rows(at.house.store))
    assert again[-1].person not in (None, own[0].person) and verify(at.house.store).sound


def test_whoever_looks_at_a_record_is_in_the_audit(at: Ward, records: Records) -> None:
    """The first time in a quarter of an hour, under the pseudonym that the launch has."""
    browser = launched(at, records)
    for _ in range(3):
        assert browser.go("/").status_code == 200
    own = list(rows(at.house.store))
    assert [row.kind for row in own] == ["launched", "reviewed"] and own[0].person == own[1].person
    assert own[0].by == own[1].by and own[1].what == "{}"
    launched(at, records).go("/")  # somebody else, as far as anybody knows
    at.late = timedelta(minutes=16)
    browser.go("/")
    assert [row.kind for row in rows(at.house.store)][2:] == ["launched", "reviewed", "reviewed"]
    records.fails = {"Patient": 500}
    at.late = timedelta(minutes=32)
    assert browser.go("/").status_code == 502 and len(list(rows(at.house.store))) == 5  # nothing was seen
    records.fails = {}
    at.house.store.close()
    assert browser.go("/").status_code == 503 and browser.go("/", accept="*/*").status_code == 503


def test_after_the_session_nothing_is_reviewed_for_it(at: Ward, records: Records) -> None:
    records.lasts = 60
    browser = launched(at, records)
    at.late = timedelta(seconds=90)
    reads = len(records.read)
    assert field(browser.go("/").text, "medicines") == "" and len(records.read) == reads


def test_a_session_that_ends_is_said_and_nothing_is_lost(tmp_path: Path, knowledge: Knowledge, records: Records, chromium: Any) -> None:  # fmt: skip
    with standing(people := Provider()):
        login = Login(issuer=people.url, client="relaxant", roles=ROLES)
        with launching(tmp_path, knowledge, records, login=login) as at:
            context = chromium.new_context(locale="en-GB")
            page = context.new_page()
            page.goto(f"{at.url}/launch?iss={records.url}/fhir&launch=ticket-1")
            page.wait_for_selector("#review .finding")
            kept = context.cookies()
            context.clear_cookies()
            page.fill("#ask-considering", "ciprofloxacin 500 mg twice a day")
            ended = at.house.knowledge.words("page")["refused"]["ended"]
            until(page, "text => document.querySelector('#changes').textContent.includes(text)", ended)
            assert page.locator("#review .finding").count() >= 1  # what was reviewed before still stands
            context.add_cookies(kept)  # signed in again in another tab
            page.keyboard.press("Control+Enter")
            page.wait_for_selector("#review .finding.danger")
            context.close()


def test_in_a_browser(at: Ward, records: Records, chromium: Any, faultless: Callable[[Any], None]) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    visited: list[str] = []
    context.on("request", lambda request: visited.append(request.url))
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(f"{at.url}/launch?iss={records.url}/fhir&launch=ticket-1")
    page.wait_for_selector("#review .finding")
    assert page.url == at.url + "/"
    assert sorted(page.input_value("#ask-medicines").splitlines()) == sorted(LINES.values())
    source = page.inner_text("p.source")
    assert "the record is not written" in source
    faultless(page)
    page.fill("#ask-considering", "ciprofloxacin 500 mg twice a day")
    page.wait_for_selector("#review .finding.danger")
    assert page.inner_text("p.source") == source
    page.reload()
    page.wait_for_selector("#review .finding")
    assert page.input_value("#ask-considering") == "" and page.url == at.url + "/"
    page.click("#clear")  # starting anew: nothing on the page is from the record any more
    page.wait_for_selector("p.source", state="detached")
    page.click("#undo")
    page.wait_for_selector("p.source")
    kept = page.evaluate(
        "[localStorage.length, sessionStorage.length, document.cookie, location.search, location.hash]"
    )
    assert kept == [0, 0, "", "", ""]
    page.click(".signed button")
    page.wait_for_url("**/signout")
    faultless(page)
    page.click("main a")
    assert page.input_value("#ask-medicines") == "" and page.locator("p.source").count() == 0
    ours = [url for url in visited if url.startswith(at.url) and "/launch" not in url]
    assert ours and not [url for url in ours if "?" in url or "#" in url]
    assert errors == []
    context.close()
