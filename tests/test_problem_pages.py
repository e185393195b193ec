"""What cannot be done: a page for a person at a browser, data for a program, and nothing but data on the patient's side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from diary_service import Caller, Clock, house_in
from relaxant.service.house import House

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
