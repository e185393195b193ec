"""The person's page in a real browser: by touch, without a network, on two phones, by keyboard, by ear, with a link that has ended."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from diary_service import ASKED, Clock, ago, entry, house_in, opened, served
from relaxant.service.house import House

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
ROOT = Path(__file__).parent.parent
WEB = ROOT / "web" / "diary"
BUILT = ROOT / "src" / "relaxant" / "service" / "static" / "diary"
PHONE = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
LEAST = 48  # pixels of what is to be touched
PATIENCE = 90_000  # milliseconds, for a machine that has other things to do


@pytest.fixture(scope="module")
def browser(chromium: Any) -> Any:
    playwright.expect.set_options(timeout=PATIENCE)
    return chromium


class Served:
    """A service on this machine, with what reached it: every path, query and header."""

    def __init__(self, base: str, house: House, clock: Clock) -> None:
        self.base, self.house, self.clock = base, house, clock

    def made(self, **changes: Any) -> tuple[str, str]:
        answer = httpx.post(f"{self.base}/diaries", json=ASKED | changes).json()
        return answer["diary"], answer["link"].partition("#")[2]

    def link(self, code: str) -> str:
        return f"{self.base}/diary/#{code}"

    def days(self, diary: str) -> list[dict[str, Any]]:
        days: list[dict[str, Any]] = httpx.get(f"{self.base}/diaries/{diary}").json()["days"]
        return days

    def post(self, path: str, **said: Any) -> Any:
        return httpx.post(f"{self.base}{path}", json=said).json()


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Served]:
    clock = Clock()
    house = house_in(tmp_path, clock)
    with served(house) as base:
        yield Served(base, house, clock)
    house.store.close()


@contextmanager
def phone(browser: Any, **changes: Any) -> Iterator[Any]:
    """A phone of its own, whose page must say no error."""
    context = browser.new_context(**(PHONE | changes))
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" and "Content Security" in message.text else None)  # fmt: skip
    yield page
    context.close()
    assert not faults


def write(page: Any, link: str) -> None:
    page.goto(link)
    page.get_by_role("button", name="Done").wait_for()


def ready_for_later(page: Any) -> None:
    """Waits until the page would open without a network."""
    page.evaluate("navigator.serviceWorker.ready.then(() => navigator.serviceWorker.controller ? true : new Promise(done => navigator.serviceWorker.addEventListener('controllerchange', () => done(true))))")  # fmt: skip


def key(page: Any, group: str, name: str) -> Any:
    return page.get_by_role("group", name=group).get_by_role("radio", name=name, exact=True)


def status(page: Any, text: str) -> None:
    playwright.expect(page.get_by_role("status")).to_contain_text(text, timeout=PATIENCE)


# ---------------------------------------------------------------- by touch


@pytest.mark.parametrize(("width", "height"), [(360, 640), (320, 568)])
def test_an_entry_by_touch(browser: Any, here: Served, width: int, height: int) -> None:
    diary, code = here.made()
    with phone(browser, viewport={"width": width, "height": height}) as page:
        write(page, here.link(code))
        assert page.url == f"{here.base}/diary/"  # the code stands in the address no longer
        for _ in range(3):
            page.get_by_role("button", name="One spasm more").tap()
        page.get_by_role("button", name="One spasm less").tap()
        key(page, "How stiff", "4").tap()
        key(page, "Baclofen", "As planned").tap()
        key(page, "Tizanidine", "Yes").tap()
        page.get_by_role("group", name="Tizanidine").get_by_role("textbox").fill("4,5")
        key(page, "your sleep", "0 good sleep").tap()
        key(page, "How sleepy", "10 as bad as can be").tap()
        page.get_by_role("button", name="No fall").tap()
        page.get_by_label("Anything else?").fill("cold night")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.get_by_role("button", name="Done").tap()
        status(page, "Thank you. Saved and sent to your team.")
        playwright.expect(page.get_by_role("listitem").filter(has_text="cold night")).to_have_count(1)
    (day,) = here.days(diary)
    assert day["said"] == {
        "scores": {"spasm-count": 2, "spasticity-nrs": 4, "sleep-disruption": 0, "drowsiness": 10, "falls": 0},
        "doses": {"baclofen": "planned", "tizanidine": 4.5},
        "note": "cold night",
    }


@pytest.mark.parametrize("width", [360, 320])
def test_what_is_to_be_touched_is_big(browser: Any, here: Served, width: int) -> None:
    _, code = here.made(scales=["spasms", "nrs", "penn", "sleep", "sedation", "falls"])
    _, by_part = here.made(by_part=True, medicines=[])
    with phone(browser, viewport={"width": width, "height": 640}) as page:
        for link in (code, by_part):
            write(page, here.link(link))
            for tab in ("Write", "My days", "When to call"):
                page.get_by_role("button", name=tab).tap()
                small = page.evaluate("([w, least]) => [...document.querySelectorAll('button, input, textarea, a')].filter(e => e.getClientRects().length).filter(e => { const b = e.getBoundingClientRect(); return b.width < least || b.height < least || b.left < 0 || b.right > w + 0.5; }).map(e => e.outerHTML + ' ' + JSON.stringify(e.getBoundingClientRect()))", [width, LEAST])  # fmt: skip
                assert small == []


def test_nothing_has_to_be_answered(browser: Any, here: Served) -> None:
    diary, code = here.made()
    with phone(browser) as page:
        write(page, here.link(code))
        playwright.expect(page.get_by_text("You can leave out any question and any day. That is fine.")).to_be_visible()
        page.get_by_role("button", name="Done").tap()
        status(page, "Thank you.")
        page.get_by_role("button", name="Write").tap()
        page.get_by_role("button", name="None").first.tap()
        page.get_by_role("button", name="Done").tap()
        status(page, "Saved and sent to your team.")
    (day,) = here.days(diary)
    assert day["said"] == {"scores": {"spasm-count": 0}, "doses": {}, "note": ""}


def test_a_choice_can_be_taken_back(browser: Any, here: Served) -> None:
    diary, code = here.made()
    with phone(browser) as page:
        write(page, here.link(code))
        key(page, "How stiff", "7").tap()
        key(page, "How sleepy", "3").tap()
        key(page, "How stiff", "7").tap()
        playwright.expect(key(page, "How stiff", "7")).not_to_be_checked()
        status(page, "Saved and sent to your team.")
        (day,) = here.days(diary)
        assert day["said"]["scores"] == {"drowsiness": 3}
        page.get_by_role("button", name="Clear my answers").tap()
        playwright.expect(key(page, "How sleepy", "3")).not_to_be_checked()
        for _ in range(PATIENCE // 100):  # what was saved before says the same words
            if here.days(diary) == []:
                break
            page.wait_for_timeout(100)
    assert here.days(diary) == []


def test_yesterday_can_be_filled_in(browser: Any, here: Served) -> None:
    diary, code = here.made()
    with phone(browser, timezone_id="UTC") as page:
        write(page, here.link(code))
        key(page, "How stiff", "2").tap()
        key(page, "Which day", "Yesterday").tap()
        playwright.expect(key(page, "How stiff", "2")).not_to_be_checked()
        key(page, "How stiff", "8").tap()
        key(page, "Which day", "Today").tap()
        playwright.expect(key(page, "How stiff", "2")).to_be_checked()
        page.get_by_role("button", name="Done").tap()
        status(page, "Saved and sent")
        page.get_by_role("button", name=re.compile("^Change")).nth(1).tap()
        playwright.expect(key(page, "How stiff", "8")).to_be_checked()
    assert [(d["day"], d["said"]["scores"]["spasticity-nrs"]) for d in here.days(diary)] == [(ago(1), 8), (ago(0), 2)]


def test_a_diary_by_parts_of_the_day(browser: Any, here: Served) -> None:
    planned = [{"doses": {"morning": 10}}]
    diary, code = here.made(by_part=True, medicines=[{"agent": "baclofen", "planned": planned}])
    with phone(browser) as page:
        write(page, here.link(code))
        for part in ("Morning", "Night"):
            key(page, "Time of day", part).tap()
            playwright.expect(key(page, "Baclofen", "As planned")).not_to_be_checked()
            key(page, "Baclofen", "As planned").tap()
            playwright.expect(page.get_by_role("group", name="your sleep")).to_be_visible(visible=part == "Morning")
        page.get_by_role("button", name="Done").tap()
        status(page, "Saved and sent")
    assert [(d["part"], d["said"]["doses"]) for d in here.days(diary)] == [("morning", {"baclofen": "planned"}), ("night", {"baclofen": "planned"})]  # fmt: skip


WHILE_READ = """
const read = IDBObjectStore.prototype.get;
IDBObjectStore.prototype.get = function (...asked) {
  const request = read.apply(this, asked);
  const touch = this.name === "entries" && window.touch;
  if (touch) {
    window.touch = undefined;
    touch();
  }
  return request;
};
"""


def test_what_is_touched_while_the_screen_is_read_again_stands(browser: Any, here: Served) -> None:
    """After it was sent the entry is read again; an answer of that very moment was lost once the next one was given."""
    diary, code = here.made()
    with phone(browser) as page:
        page.add_init_script(WHILE_READ)
        write(page, here.link(code))
        key(page, "How stiff", "2").tap()
        page.evaluate("""new MutationObserver((_, all) => {
            if (!document.querySelector("[role=status]").textContent.startsWith("Saved and sent")) return;
            all.disconnect();
            window.touch = () => {
                [...document.querySelectorAll("button")].find((b) => b.innerText === "No fall").click();
                document.documentElement.dataset.touched = "";
            };
        }).observe(document.querySelector("[role=status]"), { childList: true, characterData: true, subtree: true })""")
        page.locator("html[data-touched]").wait_for()
        page.get_by_label("Anything else?").fill("cold night")
        playwright.expect(page.get_by_role("button", name="No fall")).to_have_attribute("aria-pressed", "true")
        page.get_by_role("button", name="Done").tap()
        status(page, "Thank you. Saved and sent to your team.")
    (day,) = here.days(diary)
    assert day["said"] == {"scores": {"spasticity-nrs": 2, "falls": 0}, "doses": {}, "note": "cold night"}


def test_another_day_takes_no_answer_before_it_is_shown(browser: Any, here: Served) -> None:
    diary, code = here.made()
    with phone(browser, timezone_id="UTC") as page:
        page.add_init_script(WHILE_READ)
        write(page, here.link(code))
        key(page, "How stiff", "2").tap()
        status(page, "Saved and sent")
        page.evaluate(
            "window.touch = () => { document.documentElement.dataset.held = document.querySelector('.questions').inert; }"
        )
        key(page, "Which day", "Yesterday").tap()
        playwright.expect(page.locator("html")).to_have_attribute("data-held", "true")
        key(page, "How stiff", "8").tap()
        page.get_by_role("button", name="Done").tap()
        status(page, "Thank you. Saved and sent to your team.")
    assert [(d["day"], d["said"]["scores"]) for d in here.days(diary)] == [(ago(1), {"spasticity-nrs": 8}), (ago(0), {"spasticity-nrs": 2})]  # fmt: skip


# ---------------------------------------------------------------- without a network


def test_without_a_network_and_later(browser: Any, here: Served) -> None:
    diary, code = here.made()
    with phone(browser) as page:
        write(page, here.link(code))
        ready_for_later(page)
        page.context.set_offline(True)
        page.goto(f"{here.base}/diary/")
        page.get_by_role("button", name="Done").wait_for()
        key(page, "How stiff", "6").tap()
        page.get_by_role("button", name="Done").tap()
        status(page, "1 day waits on this phone")
        playwright.expect(page.get_by_text("Stiffness").first).to_be_visible()
        page.reload()
        playwright.expect(key(page, "How stiff", "6")).to_be_checked()
        assert here.days(diary) == []
        page.context.set_offline(False)
        status(page, "Saved and sent to your team.")
        (day,) = here.days(diary)
        assert day["said"]["scores"] == {"spasticity-nrs": 6}


def test_a_server_that_is_away_is_waited_for(browser: Any, tmp_path: Path) -> None:
    clock = Clock()
    house = house_in(tmp_path, clock)
    with phone(browser) as page:
        with served(house) as base:
            first = Served(base, house, clock)
            diary, code = first.made()
            write(page, first.link(code))
            ready_for_later(page)
        page.goto(f"{base}/diary/")
        page.get_by_role("button", name="Done").wait_for()
        key(page, "How stiff", "9").tap()
        page.get_by_role("button", name="Done").tap()
        status(page, "1 day waits on this phone")
        with served(house, port=int(base.rpartition(":")[2])) as again:
            page.get_by_role("button", name="Write").tap()
            page.get_by_role("button", name="Done").tap()
            status(page, "Saved and sent to your team.")
            (day,) = Served(again, house, clock).days(diary)
            assert day["said"]["scores"] == {"spasticity-nrs": 9}
    house.store.close()


def test_two_phones_and_the_later_one_stands(browser: Any, here: Served) -> None:
    diary, code = here.made()
    with phone(browser) as one, phone(browser) as other:
        for page in (one, other):
            write(page, here.link(code))
            page.context.set_offline(True)
        key(one, "How stiff", "3").tap()
        one.wait_for_timeout(20)
        key(other, "How stiff", "5").tap()
        key(other, "How sleepy", "1").tap()
        other.context.set_offline(False)
        status(other, "Saved and sent")
        one.context.set_offline(False)
        status(one, "Saved and sent")
        playwright.expect(key(one, "How stiff", "5")).to_be_checked()
        playwright.expect(key(one, "How sleepy", "1")).to_be_checked()
    (day,) = here.days(diary)
    assert day["said"]["scores"] == {"spasticity-nrs": 5, "drowsiness": 1} and day["others"] == 1
    assert "two phones" in httpx.get(f"{here.base}/diaries/{diary}", headers={"accept": "text/html"}).text


# ---------------------------------------------------------------- links that have ended


def test_an_expired_link_says_so_kindly_and_keeps_what_waits(browser: Any, here: Served) -> None:
    diary, code = here.made(days=1)
    with phone(browser) as page:
        write(page, here.link(code))
        page.wait_for_load_state("networkidle")
        here.clock.moved = timedelta(days=2)
        key(page, "How stiff", "6").tap()
        alert = page.get_by_role("alert")
        playwright.expect(alert).to_contain_text("This diary has come to its end. Thank you for all you wrote.")
        playwright.expect(alert).to_contain_text("1 day that was not sent is kept on this phone.")
        playwright.expect(page.get_by_text("Stiffness").first).to_be_visible()
        page.reload()
        playwright.expect(page.get_by_role("alert")).to_contain_text("1 day that was not sent")
        page.get_by_role("button", name="When to call").tap()
        playwright.expect(page.get_by_text("Get help at once")).to_be_visible()
        here.clock.moved = timedelta(0)
        here.post(f"/diaries/{diary}/renew", days=5)
        page.reload()
        playwright.expect(page.locator(".ended")).to_be_hidden()
        playwright.expect(page.get_by_role("button", name="Write")).to_be_visible()
        status(page, "Saved and sent to your team.")
        (day,) = here.days(diary)
        assert day["said"]["scores"] == {"spasticity-nrs": 6}


def test_a_closed_link_says_so_and_a_new_one_sends_what_waits(browser: Any, here: Served) -> None:
    diary, code = here.made()
    with phone(browser) as page:
        write(page, here.link(code))
        page.wait_for_load_state("networkidle")
        here.post(f"/diaries/{diary}/revoke")
        key(page, "How stiff", "6").tap()
        playwright.expect(page.get_by_role("alert")).to_contain_text("Your team has closed this link. You did nothing wrong.")  # fmt: skip
        assert here.days(diary) == []
        new = here.post(f"/diaries/{diary}/link")["link"].partition("#")[2]
        page.goto("about:blank")
        write(page, here.link(new))
        status(page, "Saved and sent to your team.")
    (day,) = here.days(diary)
    assert day["said"]["scores"] == {"spasticity-nrs": 6}


def test_a_link_that_opens_nothing_and_a_phone_without_one(browser: Any, here: Served) -> None:
    with phone(browser) as page:
        page.goto(f"{here.base}/diary/")
        playwright.expect(page.get_by_role("heading", name="Open your diary")).to_be_visible()
        page.goto(f"{here.base}/diary/#{'A' * 32}")
        playwright.expect(page.get_by_text("This link does not work.")).to_be_visible()


def test_a_diary_can_be_removed_from_a_phone(browser: Any, here: Served) -> None:
    diary, code = here.made()
    with phone(browser) as page:
        write(page, here.link(code))
        key(page, "How stiff", "6").tap()
        page.get_by_role("button", name="Done").tap()
        status(page, "Saved and sent")
        page.get_by_role("button", name="Remove this diary").tap()
        page.get_by_role("button", name="Yes, remove it").tap()
        playwright.expect(page.get_by_role("heading", name="Open your diary")).to_be_visible()
        kept = page.evaluate("new Promise(done => { const o = indexedDB.open('relaxant-diary'); o.onsuccess = () => { const t = o.result.transaction(['diaries', 'entries']); Promise.all(['diaries', 'entries'].map(n => new Promise(r => { const c = t.objectStore(n).count(); c.onsuccess = () => r(c.result); }))).then(done); }; })")  # fmt: skip
        assert kept == [0, 0]
    assert len(here.days(diary)) == 1


# ---------------------------------------------------------------- by keyboard, by ear, large, dark


def test_by_keyboard_alone(browser: Any, here: Served) -> None:
    diary, code = here.made(medicines=[{"agent": "baclofen", "planned": [{"daily": 30}]}])
    with phone(browser, has_touch=False, is_mobile=False) as page:
        write(page, here.link(code))
        press = page.keyboard.press

        def to(name: str) -> None:
            for _ in range(60):
                press("Tab")
                if page.evaluate("document.activeElement.labels?.[0]?.innerText ?? document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText").startswith(name):  # fmt: skip
                    ringed = page.evaluate("(e => [e, e.labels?.[0] ?? e].some(o => getComputedStyle(o).outlineStyle !== 'none'))(document.activeElement)")  # fmt: skip
                    assert ringed, name
                    return
            raise AssertionError(f"no way to {name} by the keyboard")

        to("One spasm more")
        press("Enter")
        press("Space")
        to("0")  # how stiff
        press("ArrowRight")
        press("ArrowRight")
        to("As planned")
        press("Space")
        to("0")  # sleep
        press("Space")
        to("0")  # drowsiness
        press("Space")
        press("Delete")
        to("No fall")
        press("Enter")
        to("Anything else?")
        page.keyboard.type("typed")
        to("Done")
        press("Enter")
        status(page, "Saved and sent to your team.")
    (day,) = here.days(diary)
    assert day["said"] == {"scores": {"spasm-count": 2, "spasticity-nrs": 2, "sleep-disruption": 0, "falls": 0}, "doses": {"baclofen": "planned"}, "note": "typed"}  # fmt: skip


def test_by_ear(browser: Any, here: Served) -> None:
    """Every group and key has a name that says what it is, and what changes is said."""
    _, code = here.made()
    with phone(browser) as page:
        write(page, here.link(code))
        heard = page.locator("#app").aria_snapshot().replace("'", "")
        for name in (
            'heading "My diary" [level=1]',
            'navigation "My diary"',
            'group "How many spasms?"',
            'button "One spasm less" [disabled]',
            'group "How stiff were you?"',
            'radio "0 not stiff"',
            'radio "10 as bad as can be"',
            'group "Baclofen: did you take it?"',
            'radio "Today" [checked]',
            'textbox "Anything else?"',
        ):
            assert f"- {name}" in heard, heard
        assert heard.count("- radio ") == 2 + 3 * 11 + 3 + 2
        page.get_by_role("button", name="One spasm more").tap()
        playwright.expect(page.locator("[aria-live]").first).to_have_text("1 spasm")
        playwright.expect(page.locator("[aria-live]").nth(1)).to_have_text("not said")
        page.get_by_role("button", name="My days").tap()
        page.get_by_role("img", name=re.compile("Your days as a picture")).wait_for()
        playwright.expect(page.get_by_role("button", name="My days")).to_have_attribute("aria-current", "page")
        playwright.expect(page.get_by_role("main")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Any, here: Served, axe: str, scheme: str) -> None:
    diary, code = here.made(scales=["spasms", "nrs", "penn", "sleep", "sedation", "falls"])
    said = {"scores": {"spasm-count": 4, "spasticity-nrs": 3}, "doses": {"baclofen": "planned", "tizanidine": 4}}
    sent = [entry(ago(i), 1_700_000_000_000, said) for i in range(1, 20)]
    httpx.post(f"{here.base}/diary/entries", json={"entries": sent}, headers=opened(code))

    def clean(page: Any, where: str) -> None:
        page.evaluate(axe)
        found = page.evaluate("axe.run().then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.html)]))")
        assert found == [], (where, found)

    with phone(browser, color_scheme=scheme) as page:
        dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
        assert dark == (scheme == "dark")
        page.goto(f"{here.base}/diary/")
        page.get_by_role("heading").wait_for()
        clean(page, "no diary")
        write(page, here.link(code))
        key(page, "Baclofen", "Not as planned").tap()
        clean(page, "write")
        light = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, re.findall(r"\d+", light))) < 200) == dark
        for tab in ("My days", "When to call"):
            page.get_by_role("button", name=tab).tap()
            page.wait_for_timeout(200)
            clean(page, tab)
        for path in ("/diaries", f"/diaries/{diary}"):
            page.goto(f"{here.base}{path}")
            clean(page, path)
        page.goto(f"{here.base}/diaries")
        page.locator("#agent-1").select_option("baclofen")
        page.get_by_role("button", name="Make the diary").tap()
        page.get_by_role("heading", name="The link").wait_for()
        clean(page, "link")
        httpx.post(f"{here.base}/diaries/{diary}/revoke")
        page.goto(f"{here.base}/diary/")
        page.get_by_role("alert").wait_for()
        clean(page, "ended")


@pytest.mark.parametrize("how", ["page", "text"])
def test_twice_as_large(browser: Any, here: Served, how: str) -> None:
    """A phone of 640 pixels at 200% is one of 320; text alone twice as large must not run out of the page either."""
    _, code = here.made()
    width = 320 if how == "page" else 360
    with phone(browser, viewport={"width": width, "height": 568}) as page:
        write(page, here.link(code))
        if how == "text":
            page.evaluate("document.documentElement.style.fontSize = '200%'")
        for tab in ("Write", "My days", "When to call"):
            page.get_by_role("button", name=tab).tap()
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            out = page.evaluate("w => [...document.querySelectorAll('main *')].filter(e => !e.closest('.unseen, svg') && e.getClientRects().length && e.getBoundingClientRect().right > w + 1 && getComputedStyle(e).clipPath === 'none').map(e => e.outerHTML)", width)  # fmt: skip
            assert out == []


def test_the_clinics_pages_on_a_phone(browser: Any, here: Served) -> None:
    diary, code = here.made()
    with phone(browser, viewport={"width": 320, "height": 568}) as page:
        for path in ("/diaries", f"/diaries/{diary}"):
            page.goto(f"{here.base}{path}")
            assert page.evaluate("document.documentElement.scrollWidth") <= 320
        page.get_by_role("button", name="Close the link").tap()
        playwright.expect(page.get_by_text("closed on").first).to_be_visible()
        page.get_by_label("I want every entry to go").check()
        page.get_by_role("button", name="Erase the diary").tap()
        playwright.expect(page.get_by_text("No diary yet.")).to_be_visible()
    assert httpx.get(f"{here.base}/diary/mine", headers=opened(code)).status_code == 404


# ---------------------------------------------------------------- what leaves the phone


def test_requests_go_to_our_own_origin_and_the_code_in_one_header(browser: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    clock, reached = Clock(), list[dict[str, Any]]()
    house = house_in(tmp_path, clock)
    with served(house, reached=reached) as base, phone(browser) as page:
        here = Served(base, house, clock)
        _, code = here.made()
        asked: list[str] = []
        page.context.on("request", lambda request: asked.append(request.url))
        write(page, here.link(code))
        ready_for_later(page)
        key(page, "How stiff", "6").tap()
        page.get_by_label("Anything else?").fill("canary-note")
        page.get_by_role("button", name="Done").tap()
        status(page, "Saved and sent to your team.")
        page.goto(here.link(code))
        page.get_by_role("button", name="When to call").tap()
        assert page.evaluate("document.cookie") == "" and page.evaluate("localStorage.length") == 0
        assert page.evaluate("(async () => (await Promise.all((await caches.keys()).map(async n => (await (await caches.open(n)).keys()).map(r => r.url)))).flat())()")  # fmt: skip
        cached = page.evaluate("(async () => (await Promise.all((await caches.keys()).map(async n => (await (await caches.open(n)).keys()).map(r => r.url)))).flat())()")  # fmt: skip
        assert not [url for url in cached if code in url or url.endswith(("/mine", "/entries"))]
    house.store.close()
    assert asked and all(url.startswith(f"{base}/diary/") for url in asked)
    paths = [scope for scope in reached if scope["path"].startswith("/diary/")]
    assert {s["path"] for s in paths} >= {
        "/diary/",
        "/diary/mine",
        "/diary/entries",
        "/diary/sw.js",
        "/diary/words.json",
    }
    for scope in paths:
        assert code not in scope["path"] + scope["query"]
        assert not [name for name, value in scope["headers"] if code in value and name != "authorization"]
    logged = "".join(capfd.readouterr())
    assert code not in logged and "canary" not in logged


def test_the_page_is_built_of_its_sources(npm: Path, tmp_path: Path) -> None:
    subprocess.run(["npm", "run", "-s", "check"], cwd=npm / "diary", check=True, timeout=300)
    subprocess.run(["node", "build.mjs", str(tmp_path)], cwd=npm / "diary", check=True, timeout=300)
    built = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    kept = {path.name: path.read_bytes() for path in BUILT.iterdir()}
    assert built.keys() == kept.keys()
    assert [name for name in built if built[name] != kept[name]] == []


def test_the_lock_file_names_no_place() -> None:
    lock = json.loads((WEB.parent / "package-lock.json").read_text(encoding="utf-8"))
    assert lock["packages"] and not [p for p in lock["packages"].values() if "resolved" in p and not p.get("link")]


def test_one_lock_file_holds_one_of_each(npm: Path, tmp_path: Path) -> None:
    """The pages for professionals and the diary's are checked by one command, with one axe-core."""
    lock = json.loads((WEB.parent / "package-lock.json").read_text(encoding="utf-8"))
    names = [path.rpartition("node_modules/")[2] for path in lock["packages"] if "node_modules/" in path]
    assert len(names) == len(set(names)) and {"axe-core", "typescript", "esbuild", "idb"} <= set(names)
    assert [path for path in WEB.parent.rglob("package-lock.json") if "node_modules" not in path.parts] == [WEB.parent / "package-lock.json"]  # fmt: skip
    web = tmp_path / "web"
    shutil.copytree(npm, web, symlinks=True)
    for folder in ("diary/src", "page"):
        (wrong := web / folder / "wrong.ts").write_text("export const wrong: number = 'text';\n", encoding="utf-8")
        ran = subprocess.run(["npm", "run", "-s", "check"], cwd=web, capture_output=True, text=True, timeout=300, check=False)  # fmt: skip
        assert ran.returncode != 0 and "wrong.ts" in ran.stdout, folder
        wrong.unlink()
