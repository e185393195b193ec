"""What cannot be done: a page for a person at a browser, data for a program, and nothing but data on the patient's side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from diary_service import Caller, Clock, house_in
from relaxant.service.frame import problem_page
from relaxant.service.house import House
from relaxant.service.pages import routes as page_routes
from relaxant.service.problems import Problem

HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    own = house_in(tmp_path, Clock())
    yield own
    own.store.close()


@pytest.mark.parametrize(
    ("method", "path", "data", "status", "says"),
    [
        ("GET", "/nowhere", None, 404, "There is nothing here"),
        ("GET", "/diaries/none", None, 404, "There is no such diary"),
        ("GET", "/agents/baclofen?country=ZZ", None, 422, "ZZ"),
        ("GET", "/launch?iss=https://elsewhere.example", None, 403, "This service is not launched from there"),
        ("GET", "/signin", None, 404, "Nobody signs in here"),
        ("POST", "/diaries", {"days": "<b>many</b>"}, 422, "&lt;b&gt;many&lt;/b&gt;"),
        ("POST", "/review", {"seen": "broken"}, 422, "reload the page"),
    ],
)
def test_a_person_gets_a_page_and_a_program_data(house: House, method: str, path: str, data: Any, status: int, says: str) -> None:  # fmt: skip
    call, words = Caller(house), house.knowledge.words("site")
    page = call(method, path, data=data, headers=HTML)
    assert page.status_code == status and page.headers["content-type"].startswith("text/html"), page.text
    assert words["problem"]["title"] in page.text and says in page.text, page.text
    assert (words["problem"]["back"] in unescape(page.text)) == (method == "POST")
    assert page.headers["x-request-id"] in page.text and 'class="masthead"' in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    plain = call(method, path, data=data, headers={"accept": "*/*"})
    assert plain.status_code == status and plain.headers["content-type"] == "application/problem+json"


class FaultError(Exception):
    """A fault that holds a person's name."""


@pytest.fixture
def broken(house: House, monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], Caller]:
    """A service whose reviews end in a fault."""

    def made(fault: BaseException) -> Caller:
        def fails(*_given: Any) -> Any:
            raise fault

        monkeypatch.setattr(page_routes, "answer", fails)
        return Caller(house)

    return made


@pytest.mark.parametrize(
    ("fault", "status", "says"),
    [
        (FaultError("Mrs Canary, born 1968"), 500, "An error of ours; it is logged under this request's number"),
        (TimeoutError(), 503, "The answer took too long; call again"),
        (Problem(503, "the store cannot be reached"), 503, "The store cannot be reached"),
    ],
)
def test_a_fault_of_ours_is_a_page_for_a_person(broken: Callable[[BaseException], Caller], caplog: pytest.LogCaptureFixture, fault: BaseException, status: int, says: str) -> None:  # fmt: skip
    call = broken(fault)
    form = {"medicines": "baclofen 10 mg three times a day"}
    with caplog.at_level("INFO"):
        page = call("POST", "/review", data=form, headers=HTML)
    assert page.status_code == status and page.headers["content-type"] == "text/html; charset=utf-8"
    number = page.headers["x-request-id"]
    assert says in unescape(page.text) and number in page.text and 'class="masthead"' in page.text
    assert "Traceback" not in page.text and "Canary" not in page.text and "answer" not in page.text.split("</h1>")[0]
    assert page.headers["content-security-policy"].startswith("default-src 'none'") and page.headers["cache-control"] == "no-store"  # fmt: skip
    if status == 500:
        assert number in {getattr(record, "request", None) for record in caplog.records if record.levelname == "ERROR"}
    for accept in ("*/*", "application/json", "application/json, text/html", "text/html;q=0"):
        data = call("POST", "/review", data=form, headers={"accept": accept})
        assert data.status_code == status and data.headers["content-type"] == "application/problem+json"
        assert data.json()["request"] == data.headers["x-request-id"] and "Canary" not in data.text
        assert says.casefold() == data.json()["title"].casefold()


def test_a_file_that_cannot_be_made_is_a_page_where_a_browser_goes_there(broken: Callable[[BaseException], Caller]) -> None:  # fmt: skip
    call, form = broken(FaultError()), {"medicines": "baclofen 10 mg three times a day"}
    went = call("POST", "/api/review.pdf", data=form, headers={**HTML, "sec-fetch-mode": "navigate"})
    assert went.status_code == 500 and 'class="masthead"' in went.text
    asked = call("POST", "/api/review.pdf", data=form, headers={**HTML, "sec-fetch-mode": "cors"})
    assert asked.status_code == 500 and asked.headers["content-type"] == "application/problem+json"


def test_what_the_door_refuses_is_a_page_too(tmp_path: Path) -> None:
    house = house_in(tmp_path, Clock(), most_body=1)
    call = Caller(house)
    for headers, kind in ((HTML, "text/html; charset=utf-8"), ({}, "application/problem+json")):
        long = call("POST", "/review", content=b"x" * 1_100_000, headers=headers)
        assert long.status_code == 413 and long.headers["content-type"] == kind, long.text
    house.store.close()


def test_a_page_that_cannot_be_made_is_said_as_data(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(problem_page, "header", lambda *_given: 1 / 0)
    answer = Caller(house)("GET", "/nowhere", headers=HTML)
    assert answer.status_code == 404 and answer.json()["request"] == answer.headers["x-request-id"]


def test_programs_and_the_patients_page_get_data_whatever_they_accept(house: House) -> None:
    call = Caller(house)
    for method, path, body in (("GET", "/diary/mine", b""), ("POST", "/cds-services/relaxant-orders", b"{}"), ("GET", "/diary/nothing.js", b""), ("POST", "/api/review.docx", b"x")):  # fmt: skip
        answer = call(method, path, content=body, headers=HTML)
        assert answer.status_code >= 400 and "masthead" not in answer.text, path


def test_who_is_not_signed_in_is_told(tmp_path: Path) -> None:
    from relaxant.service.settings import Login

    house = house_in(tmp_path, Clock(), login=Login(issuer="https://login.example", client="relaxant"))
    try:
        words = house.knowledge.words("site")["problem"]
        page = Caller(house)("POST", "/review", data={"medicines": "baclofen"}, headers=HTML)
        assert page.status_code == 401 and words["signed_out"] in page.text
        bare = Caller(house)("POST", "/review", data={"medicines": "baclofen"})
        assert bare.status_code == 401 and bare.content == b""
    finally:
        house.store.close()


def test_it_is_without_fault(site: Any, faultless: Callable[[Any], None]) -> None:
    site.expected = ("status of 404",)
    for how in ({}, {"color_scheme": "dark", "viewport": {"width": 320, "height": 700}}):
        page = site.open("/nowhere", **how)
        faultless(page)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
