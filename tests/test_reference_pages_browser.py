"""Pages of reference in a real browser: access, narrow screens, the keyboard, paper, and no script anywhere."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from pypdf import PdfReader

from conftest import FULL

WIDTHS = (1280, 640, 320)
PAGES = (
    "/agents",
    "/agents/tizanidine",
    "/agents/tizanidine?country=all",
    "/conditions",
    "/conditions/stroke",
    "/rules",
    "/rules/tizanidine-ciprofloxacin",
    "/sources/zanaflex-smpc-uk",
    "/evidence",
    "/evidence/outcomes",
    "/evidence/trials",
    "/compare",
    "/compare?agents=baclofen&agents=tizanidine&agents=dantrolene&agents=diazepam",
    "/search?q=baclofen",
    "/search?q=tizanidyne",
)
REFUSED = ("/agents/no-such", "/compare?agents=baclofen&agents=nosuchthing")


@pytest.mark.parametrize(
    ("path", "width"),
    [
        (path, width)
        for n, path in enumerate([*PAGES, *REFUSED])
        for w, width in enumerate(WIDTHS)
        if FULL or w == n % len(WIDTHS)
    ],
)
def test_a_page_is_without_fault_and_fits(site: Any, faultless: Callable[[Any], None], path: str, width: int) -> None:
    """At full width, at 200% zoom of it (640 px), and on the narrowest screen; light, and at the narrowest dark."""
    site.expected = ("status of 404", "status of 422") if path in REFUSED else ()
    scheme = "dark" if width == 320 else "light"
    page = site.open(path, viewport={"width": width, "height": 900}, color_scheme=scheme)
    assert fits(page)
    faultless(page)


@pytest.mark.parametrize("path", ["/agents/tizanidine", "/compare?agents=baclofen&agents=tizanidine"])
def test_a_dark_page_at_full_width_is_without_fault(site: Any, faultless: Callable[[Any], None], path: str) -> None:
    faultless(site.open(path, color_scheme="dark"))


def test_no_word_of_the_contents_is_broken_on_a_small_phone(site: Any) -> None:
    page = site.open("/agents/baclofen", viewport={"width": 320, "height": 700})
    broken = page.evaluate("""() => [...document.querySelectorAll('.contents a')].filter(a => {
        a.style.overflowWrap = 'normal';
        return a.getBoundingClientRect().width > a.parentElement.getBoundingClientRect().width + 1 || a.scrollWidth > a.clientWidth + 1;
    }).map(a => a.textContent)""")
    assert page.locator(".contents a").count() > 20 and broken == []


def test_the_keyboard_reaches_the_content_the_country_and_a_source(site: Any) -> None:
    page = site.open("/agents/tizanidine")
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    assert skip.get_attribute("href") == "#content"
    assert skip.bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.locator(":focus").get_attribute("id") == "country"
    page.keyboard.type("United K")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/agents/tizanidine?country=UK")
    assert "Labels shown: United Kingdom." in page.inner_text("main")
    page.locator("a.mark").first.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#source-1"
    assert page.locator("#source-1").is_visible()


def fits(page: Any) -> bool:
    """Whether a page needs no scrolling sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_two_relaxants_are_chosen_and_compared_without_script(site: Any) -> None:
    page = site.open("/agents/baclofen?country=UK", java_script_enabled=False)
    page.click("text=Compare baclofen with others")
    assert page.input_value("#agent-1") == "baclofen" and page.input_value("#country") == "UK"
    page.select_option("#agent-2", "tizanidine")
    page.click("main button")
    assert page.inner_text("h1") == "baclofen and tizanidine side by side"
    assert "UK labels" in page.inner_text("main")
    assert page.locator("svg.forest").count() >= 1


def test_a_search_by_brand_leads_to_the_relaxant(site: Any) -> None:
    page = site.open("/rules", java_script_enabled=False, viewport={"width": 320, "height": 700})
    page.fill("#typed", "zanaflex")
    page.keyboard.press("Enter")
    page.click("main ul.found a >> nth=0")
    assert page.inner_text("h1") == "tizanidine"


@pytest.mark.parametrize("path", ["/agents/tizanidine", "/compare?agents=baclofen&agents=tizanidine", "/rules/tizanidine-ciprofloxacin"])  # fmt: skip
def test_paper_holds_the_page_and_not_its_controls(site: Any, path: str) -> None:
    page = site.open(path)
    title, stamp = page.inner_text("h1"), page.inner_text("footer")
    page.emulate_media(media="print")
    assert not page.locator(".masthead").is_visible() and not page.locator("main button").first.is_visible()
    printed = PdfReader(io.BytesIO(page.pdf(format="A4")))
    text = " ".join("".join(sheet.extract_text() for sheet in printed.pages).split())
    text = unicodedata.normalize("NFKC", text)  # a font may print fl as one letter
    assert title in text and stamp.split(".")[0] in text and "On this page" not in text
