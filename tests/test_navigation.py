"""The navigation: one and the same on every page for professionals, in words of the wording, and nothing of it on the patient's page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from conftest import FULL
from diary_service import Caller, Clock, house_in
from relaxant.service.frame.templates import FOLDERS
from relaxant.service.house import House

REVIEW, DIARIES = "/", "/diaries"
PAGES = {
    REVIEW: "page", "/review": "page", "/agents": "page", "/agents/baclofen": "true", "/conditions": "page", "/conditions/stroke": "true", "/rules": "page",
    "/rules/tizanidine-ciprofloxacin": "true", "/compare": "page", "/compare?agents=baclofen&agents=tizanidine": "page", "/evidence": "page",
    "/evidence/trials": "true", DIARIES: "page", "/search?q=baclofen": "", "/sources/zanaflex-smpc-uk": "", "/signout": "",
}  # fmt: skip
ORDER = ["review", "agents", "conditions", "rules", "compare", "evidence", "diaries"]


class Navs(HTMLParser):
    """Every navigation of a page: its label, and its links with their words and what marks them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.navs: list[tuple[str, list[list[str]]]] = []
        self.inside = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "nav":
            self.inside = True
            self.navs.append((said.get("aria-label") or "", []))
        if tag == "a" and self.inside:
            self.navs[-1][1].append([said["href"] or "", said.get("aria-current") or "", ""])

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "nav"

    def handle_data(self, data: str) -> None:
        if self.inside and self.navs[-1][1] and data.strip():
            self.navs[-1][1][-1][2] += data.strip()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    own = house_in(tmp_path, Clock())
    yield own
    own.store.close()


def test_one_navigation_on_every_page_for_professionals(house: House) -> None:
    call, words = Caller(house), house.knowledge.words("site")
    diary, _ = call.made()
    seen = set()
    for path, mark in {**PAGES, f"/diaries/{diary}": "true"}.items():
        answer = call("GET", path, headers={"accept": "text/html"})
        assert answer.status_code == 200, path
        own = [links for label, links in Navs(answer.text).navs if label == words["navigation"]]
        assert len(own) == 1, path
        seen.add(tuple((href, text) for href, _, text in own[0]))
        marked = [(href, current) for href, current, _ in own[0] if current]
        first = "/" if path == "/review" else "/" + path.strip("/").partition("/")[0].partition("?")[0]
        assert marked == ([(first, mark)] if mark else []), path
    (only,) = seen
    assert [text for _, text in only] == [words["pages"][name] for name in ORDER]
    assert [href for href, _ in only] == ["/", *(f"/{name}" for name in ORDER[1:])]


def test_a_country_that_was_chosen_goes_on_to_the_pages_that_have_one(house: House) -> None:
    (_, links), *_ = Navs(Caller(house)("GET", "/agents/baclofen?country=UK").text).navs
    assert [href for href, _, _ in links if "country" not in href] == ["/", "/diaries"]
    assert all(href.endswith("?country=UK") for href, _, _ in links if href not in ("/", "/diaries"))


def test_the_patients_page_has_nothing_of_it(house: House) -> None:
    call = Caller(house)
    words = house.knowledge.words("site")
    for path in ("/diary/", "/diary/app.js", "/diary/app.css", "/diary/words.json"):
        answer = call("GET", path)
        assert answer.status_code == 200, path
        assert words["navigation"] not in [label for label, _ in Navs(answer.text).navs]
        for part in ("/agents", "/diaries", 'class="masthead"', words["pages"]["compare"]):
            assert part not in answer.text, (path, part)


def test_templates_of_all_folders_have_names_of_their_own() -> None:
    """They are found by name alone."""
    report = Path(__file__).parent.parent / "src" / "relaxant" / "report" / "templates"
    names = [file.name for folder in (*FOLDERS, report) for file in folder.iterdir() if file.suffix in (".j2", ".css")]
    assert len(names) == len(set(names)) and "site.html.j2" in names


@pytest.mark.parametrize(
    "how", [{"width": 1280}, {"width": 320, "color_scheme": "dark"}] + FULL * [{"width": 640}], ids=str
)
def test_it_is_without_fault_fits_and_is_reached_by_keyboard(site: Any, faultless: Callable[[Any], None], how: dict[str, Any]) -> None:  # fmt: skip
    width = how["width"]
    scheme = {key: value for key, value in how.items() if key != "width"}
    for path in (REVIEW, "/agents", "/evidence", "/compare", DIARIES, "/signout"):
        page = site.open(path, viewport={"width": width, "height": 900}, **scheme)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path
        faultless(page)
        reached = []
        for _ in range(9):
            page.keyboard.press("Tab")
            found = page.evaluate("""() => { const e = document.activeElement, s = getComputedStyle(e), r = e.getBoundingClientRect();
              return [e.closest(".masthead nav") ? e.getAttribute("href") : "", s.outlineStyle !== "none" && r.top >= 0 && r.right <= innerWidth]; }""")
            assert found[1] or not found[0], path
            reached += [found[0]] if found[0] else []
        assert reached == ["/", *(f"/{name}" for name in ORDER[1:])], path


def test_a_key_leads_from_page_to_page(site: Any) -> None:
    page = site.open("/")
    for path in ("/evidence", "/diaries", "/"):
        page.locator(f".masthead nav a[href='{path}']").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**" + path)
        assert page.locator(".masthead [aria-current=page]").get_attribute("href") == path
        page.emulate_media(media="print")
        assert not page.locator(".masthead").is_visible()
        page.emulate_media(media="screen")
