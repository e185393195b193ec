"""The review page in a real browser: what a clinician does with it, by mouse and by keyboard, narrow, zoomed, on paper, without a script."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from browser import Site, fits, until
from conftest import FULL, ROOT, TODAY
from relaxant.io.read import read_file
from relaxant.knowledge.load import Knowledge
from relaxant.report.review.html import render_html
from relaxant.reviewing import review

EXAMPLES = ROOT / "examples"
STATIC = ROOT / "src" / "relaxant" / "service" / "static"
NARROW = {"viewport": {"width": 320, "height": 640}}
ZOOMED = {"viewport": {"width": 640, "height": 450}, "device_scale_factor": 2}  # what 1280 by 900 is at 200%
LIST = "tizanidine 4 mg three times a day\namlodipine 5 mg once a day"
SHOWN = "#review .finding"
HOSTILE = [
    "<script>window.bad = 1</script> 10 mg daily",
    "baclofen 10 mg <img src=x onerror='window.bad=1'> three times a day",
    "x" * 3000,
    "ברזולין 5 מ״ג פעמיים ביום",
    "\u202egm 01 nefolcab\u202c",
    "بَاكلُوفين ١٠ ملغ ثلاث مرات يوميا",
]


def settled(page: Any) -> None:
    """Waits until what was changed is reviewed and shown."""
    page.wait_for_timeout(550)
    until(page, "!document.body.hasAttribute('aria-busy')")


def opened(site: Site, example: str = "tizanidine-ciprofloxacin.yaml", **how: Any) -> Any:
    page = site.open("/", **how)
    page.set_input_files("#ask-file", EXAMPLES / example)
    page.wait_for_selector("#review #h-findings")
    settled(page)
    return page


def written(site: Site, **how: Any) -> Any:
    page = site.open("/", **how)
    page.fill("#ask-medicines", LIST)
    page.wait_for_selector(SHOWN)
    settled(page)
    return page


def said(page: Any) -> str:
    return str(page.inner_text("#changes"))


# ---------------------------------------------------------------- what is done with it


def test_a_list_is_reviewed_an_order_weighed_and_all_of_it_undone(site: Site) -> None:
    page = written(site)
    assert "finding" in said(page) and page.locator(SHOWN).count() >= 1
    before = page.inner_text("#review")
    page.fill("#ask-considering", "ciprofloxacin 500 mg twice a day")
    page.wait_for_selector("#review .finding.danger")
    assert "1 finding came" in said(page) and "New DANGER: Ciprofloxacin" in said(page)
    assert page.locator("#review .finding.danger .flag.moved").inner_text() == "NEW"
    assert page.locator("[role=status]").count() == 1
    settled(page)
    page.click("#undo")
    page.wait_for_selector("#review .finding.danger", state="detached")
    assert page.input_value("#ask-considering") == "" and page.input_value("#ask-medicines") == LIST
    assert said(page).startswith("Undone.") and "Gone DANGER" in said(page)
    assert page.inner_text("#review") == before
    page.click("#redo")
    page.wait_for_selector("#review .finding.danger")
    assert page.input_value("#ask-considering") == "ciprofloxacin 500 mg twice a day" and page.is_disabled("#redo")
    settled(page)
    for _ in range(2):
        page.click("#undo")
        settled(page)
    assert page.input_value("#ask-medicines") == "" and page.is_disabled("#undo") and page.locator(SHOWN).count() == 0


def test_starting_anew_can_be_undone(site: Site) -> None:
    page = opened(site, "pump-and-tablets.yaml")
    shown = page.inner_text("#review")
    page.click("#clear")
    page.wait_for_selector(SHOWN, state="detached")
    assert (
        page.input_value("#ask-medicines") == page.input_value("#ask-more") == ""
        and page.locator(".readback").count() == 0
    )
    settled(page)
    page.click("#undo")
    page.wait_for_selector(SHOWN)
    settled(page)
    assert page.inner_text("#review") == shown


def test_each_line_is_read_back_and_confirmed(site: Site) -> None:
    page = written(site)
    lines = page.locator(".readback li")
    assert lines.count() == 2 and "tizanidine, DOSE 4 mg, by mouth, three times a day" in lines.first.inner_text()
    shown = said(page)
    page.check("#right-medicines-1")
    settled(page)
    assert said(page) == shown, "a tick changes no finding, and nothing is said of one"
    assert page.is_checked("#right-medicines-1") and "1 of 2 lines confirmed" in page.inner_text(".readback")
    assert page.evaluate("document.activeElement.id") == "right-medicines-1"
    page.fill("#ask-weight", "61 kg")
    settled(page)
    assert page.is_checked("#right-medicines-1"), "another field takes no tick away"
    page.fill("#ask-medicines", LIST.replace("4 mg", "6 mg"))
    settled(page)
    assert not page.is_checked("#right-medicines-1")
    page.click("#undo")
    settled(page)
    assert page.is_checked("#right-medicines-1")


def test_a_line_that_is_not_understood_offers_names(site: Site) -> None:
    page = opened(site, "unread-medicines.yaml")
    assert page.locator(".readback .unrecognised").count() == 3
    page.click(".readback .offered button >> nth=0")
    settled(page)
    assert page.input_value("#ask-medicines").splitlines()[0] == "ciprofloxacin 500 mg twice a day"
    assert page.locator(".readback .unrecognised").count() == 2
    page.click("#undo")
    settled(page)
    assert page.locator(".readback .unrecognised").count() == 3


def test_the_gravest_open_question_is_asked_and_answered(site: Site) -> None:
    page = site.open("/")
    page.fill("#ask-medicines", "baclofen 10 mg three times a day")
    page.fill("#ask-conditions", "multiple sclerosis")
    page.wait_for_selector("#question label")
    settled(page)
    asked = []
    for answer in ("58", "1.0 mg/dL"):
        title = page.inner_text("#question .what")
        asked.append(title)
        if page.locator("#ask-answer").evaluate("e => e.tagName") == "SELECT":
            page.select_option("#ask-answer", index=1)
        else:
            page.fill("#ask-answer", answer)
        page.click("#answer")
        until(page, "title => document.querySelector('#question .what')?.innerText !== title", title)
        settled(page)
    title = page.inner_text("#question .what")
    page.click("#skip")
    until(page, "title => document.querySelector('#question .what')?.innerText !== title", title)
    settled(page)
    page.click("#undo")
    settled(page)
    assert page.inner_text("#question .what") == title, "a question that was skipped comes back with undo"
    assert len(set(asked)) == 2


def test_what_cannot_be_read_is_said_at_its_field_and_the_review_stays(site: Site) -> None:
    site.expected = ("422",)
    page = written(site)
    before = page.inner_text("#review")
    page.fill("#ask-weight", "heavy")
    page.wait_for_selector("#wrong-weight:not([hidden])")
    assert (
        "such as 61 kg" in page.inner_text("#wrong-weight")
        and page.get_attribute("#ask-weight", "aria-invalid") == "true"
    )
    assert "heavy" in said(page) and "what was written before" in said(page)
    assert page.inner_text("#review") == before and page.input_value("#ask-medicines") == LIST
    page.fill("#ask-weight", "61 kg")
    page.wait_for_selector("#wrong-weight", state="hidden")
    settled(page)
    assert page.get_attribute("#ask-weight", "aria-invalid") is None and "61 kg" in page.inner_text("#review")


def test_a_server_that_is_gone_loses_nothing(site: Site) -> None:
    site.expected = ("ERR_FAILED",)
    page = written(site)
    page.context.route("**/api/review", lambda route: route.abort())
    page.fill("#ask-weight", "61 kg")
    until(page, "document.querySelector('#changes').innerText.includes('cannot be reached')")
    assert page.locator(SHOWN).count() >= 1 and page.input_value("#ask-weight") == "61 kg"
    page.context.unroute("**/api/review")
    page.keyboard.press("Control+Enter")
    until(page, "document.querySelector('#review').innerText.includes('61 kg')")


def test_a_file_is_dropped_saved_and_opened_again(site: Site, tmp_path: Path) -> None:
    page = site.open("/")
    text = (EXAMPLES / "pump-and-tablets.yaml").read_text()
    page.evaluate(
        """text => {
          const data = new DataTransfer();
          data.items.add(new File([text], "a.yaml"));
          for (const kind of ["dragover", "drop"]) document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
        }""",
        text,
    )
    page.wait_for_selector(SHOWN)
    settled(page)
    assert said(page).startswith("Opened.") and "pump" in page.input_value("#ask-more") and page.is_hidden("#dropping")
    form, shown = (
        page.evaluate("Object.fromEntries(new FormData(document.querySelector('#ask')))"),
        page.inner_text("#review"),
    )
    with page.expect_download() as saved:
        page.click("button[formaction='/api/review.yaml']")
    path = tmp_path / saved.value.suggested_filename
    saved.value.save_as(path)
    assert path.name == f"patient-{form['as_of']}.yaml"
    other = site.open("/")
    other.set_input_files("#ask-file", path)
    other.wait_for_selector(SHOWN)
    settled(other)
    again = other.evaluate("Object.fromEntries(new FormData(document.querySelector('#ask')))")
    assert {k: v for k, v in again.items() if k != "kept"} == {k: v for k, v in form.items() if k != "kept"}
    assert json.loads(again["kept"]) == json.loads(form["kept"])
    assert other.inner_text("#review") == shown


@pytest.mark.parametrize(
    ("kind", "starts"), [("pdf", b"%PDF"), ("json", b"{"), ("fhir", b"{"), ("ics", b"BEGIN:VCALENDAR")]
)
def test_the_review_is_taken_away(site: Site, kind: str, starts: bytes, tmp_path: Path) -> None:
    pytest.importorskip("typst" if kind == "pdf" else "icalendar" if kind == "ics" else "json")
    page = opened(site)
    with page.expect_download() as saved:
        page.click(f"button[formaction='/api/review.{kind}']")
    saved.value.save_as(tmp_path / "file")
    assert (tmp_path / "file").read_bytes().startswith(starts)
    until(page, "document.querySelector('#changes').innerText.startsWith('Saved.')")


def test_what_cannot_be_taken_away_is_said(site: Site) -> None:
    site.expected = ("422",)
    page = site.open("/")
    page.click("button[formaction='/api/review.pdf']")
    until(page, "document.querySelector('#changes').innerText.includes('there is nothing to review yet')")


def test_the_course_is_stepped_through(site: Site) -> None:
    page = opened(site)
    steps = page.locator("fieldset.steps").first
    panels = steps.locator(".panel")
    assert [panels.nth(i).is_visible() for i in range(4)] == [False, False, False, True]
    assert (
        "average 7.8" in panels.nth(3).inner_text() and panels.nth(3).locator("polygon.nine, polygon.half").count() >= 2
    )
    steps.locator("input.step:checked").focus()
    page.keyboard.press("ArrowLeft")
    assert panels.nth(2).is_visible() and "No level of this medicine was given" in panels.nth(2).inner_text()
    page.keyboard.press("ArrowLeft")
    assert panels.nth(1).is_visible() and panels.nth(1).locator("table.numbers tbody tr").count() > 5
    page.fill("#ask-weight", "83 kg")
    settled(page)
    assert panels.nth(1).is_visible(), "the step that was open stays open"


@pytest.mark.parametrize("width", [320, 390])
def test_on_a_phone_tools_and_figures_are_drawn_to_the_side(site: Site, faultless: Callable[[Any], None], width: int) -> None:  # fmt: skip
    page = opened(site, viewport={"width": width, "height": 700})
    tools = page.locator(".tools")
    buttons = tools.locator(":is(button, .button):visible")
    tops = {round(buttons.nth(i).bounding_box()["y"]) for i in range(buttons.count())}
    assert buttons.count() >= 10 and len(tops) == 1 and tools.bounding_box()["height"] < 64
    last = buttons.nth(buttons.count() - 1)
    last.focus()  # the keyboard draws the row
    box = last.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= width

    steps = page.locator("fieldset.steps").first
    panel = steps.locator(".panel:visible")
    if not panel.locator("table.numbers").count():
        steps.locator("input.step").nth(1).check(force=True)
        panel = steps.locator(".panel:visible")
    fold = panel.locator("details.figures").first
    assert not fold.locator("table").is_visible() and fold.locator("summary").inner_text().startswith("In numbers: ")
    fold.locator("summary").focus()
    page.keyboard.press("Enter")
    table, across = fold.locator("table"), fold.locator(".across")
    heights = {round(table.locator("tbody tr").nth(i).bounding_box()["height"]) for i in range(table.locator("tbody tr").count())}  # fmt: skip
    assert max(heights) < 32, heights  # each row is one line
    assert across.bounding_box()["width"] < width and fits(page)
    page.keyboard.press("Tab")
    assert across.evaluate("e => e === document.activeElement") and across.get_attribute("aria-label")
    assert across.evaluate("e => e.scrollWidth > e.clientWidth")
    across.evaluate("e => { e.scrollLeft = 1000; }")
    assert table.locator("tbody th").first.bounding_box()["x"] == pytest.approx(across.bounding_box()["x"], abs=1)
    faultless(page)


# ---------------------------------------------------------------- by keyboard alone


def test_by_keyboard_alone(site: Site) -> None:
    page = site.open("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#ask-medicines"
    assert page.locator(".skips a").first.bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    page.keyboard.type(LIST)
    assert page.input_value("#ask-medicines") == LIST
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(SHOWN)
    page.keyboard.press("Shift+F2")
    page.keyboard.type("ciprofloxacin 500 mg twice a day")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#review .finding.danger")
    page.keyboard.press("?")
    assert page.is_hidden("#keys") and page.input_value("#ask-considering").endswith("?"), (
        "in a text field it is a letter"
    )
    page.keyboard.press("Backspace")
    settled(page)
    page.keyboard.press("F8")
    assert page.evaluate("document.activeElement.matches('.finding.danger')")
    page.keyboard.press("Shift+F8")
    assert page.evaluate(
        "document.activeElement.matches('.finding, .finding > summary') && !document.activeElement.matches('.danger')"
    )
    page.keyboard.press("?")
    assert page.is_visible("#keys") and page.evaluate(
        "document.querySelector('#keys').contains(document.activeElement)"
    )
    page.keyboard.press("Escape")
    assert page.is_hidden("#keys")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    page.wait_for_selector("#review .finding.danger", state="detached")
    page.keyboard.press("Control+Shift+z")
    settled(page)
    page.keyboard.press("F2")
    assert page.evaluate("document.activeElement.id") == "ask-medicines"


def test_shortcuts_can_be_switched_off(site: Site) -> None:
    page = site.open("/")
    page.keyboard.press("?")
    page.uncheck("#keys-on")
    page.keyboard.press("Escape")
    page.locator("#keys-open").focus()
    for key in ("?", "F2", "F8"):
        page.keyboard.press(key)
    assert page.is_hidden("#keys") and page.evaluate("document.activeElement.id") == "keys-open"


def test_everything_that_is_used_can_be_reached_by_tab_and_is_seen(site: Site) -> None:
    page = opened(site, "unread-medicines.yaml")
    wanted = page.evaluate("""() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
      .filter(e => !e.disabled && e.tabIndex >= 0 && e.checkVisibility() && e.type !== "radio").length""")
    seen = set()
    page.evaluate("document.querySelectorAll('*').forEach((e, i) => e.dataset.n = i)")
    page.evaluate("document.activeElement.blur()")
    for _ in range(wanted + 30):
        page.keyboard.press("Tab")
        found = page.evaluate("""() => { const e = document.activeElement; const s = getComputedStyle(e);
          return [e.dataset.n, e === document.body || s.outlineStyle !== "none" || e.type === "radio"]; }""")
        if found[0] is not None:
            assert found[1], page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
            seen.add(found[0])
    assert len(seen) >= wanted


# ---------------------------------------------------------------- narrow, zoomed, dark, on paper


@pytest.mark.parametrize("example", ["pump-and-tablets.yaml", "unread-medicines.yaml", "ms-ckd-baclofen.yaml"])
@pytest.mark.parametrize("how", [NARROW, ZOOMED], ids=["320", "200%"])
def test_it_fits_without_scrolling_sideways(site: Site, how: dict[str, Any], example: str) -> None:
    assert fits(site.open("/", **how))
    page = opened(site, example, **how)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert fits(page)
    page.keyboard.press("F8")
    page.click("#keys-open")
    box = page.locator("#keys").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= how["viewport"]["width"] and fits(page)


OTHER_STATES = {
    "forced colours": {"forced_colors": "active"},
    "dark": {"color_scheme": "dark"},
    "320": NARROW,
    "200%": ZOOMED,
}


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({}, id="light"),
        pytest.param({"color_scheme": "dark", **NARROW}, id="320, dark"),
        *(pytest.param(how, id=name) for name, how in OTHER_STATES.items() if FULL),
    ],
)
def test_axe_finds_nothing_in_any_state(site: Site, faultless: Callable[[Any], None], how: dict[str, Any]) -> None:
    site.expected = ("422",)
    page = site.open("/", **how)
    faultless(page)
    page.set_input_files("#ask-file", EXAMPLES / "unread-medicines.yaml")
    page.wait_for_selector(SHOWN)
    settled(page)
    faultless(page)
    page.check("#right-medicines-2")
    page.fill("#ask-considering", "ciprofloxacin 500 mg twice a day\nbaclofen 10 mg three times a day")
    settled(page)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    faultless(page)
    page.fill("#ask-weight", "heavy")
    page.wait_for_selector("#wrong-weight:not([hidden])")
    faultless(page)
    page.click("#keys-open")
    faultless(page)


def test_tiers_are_told_by_word_and_shape(site: Site) -> None:
    page = opened(site)
    for tier in ("danger", "watch"):
        tag = page.locator(f"#review .finding.{tier} .tier").first
        assert tag.inner_text() == tier.upper() and tag.locator("svg.shape").count() == 1


def test_paper_is_the_reports(site: Site, knowledge: Knowledge, tmp_path: Path) -> None:
    pypdf = pytest.importorskip("pypdf", reason="pypdf is not installed")
    page = opened(site)
    page.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True, format="A4")
    made = review(read_file(EXAMPLES / "tizanidine-ciprofloxacin.yaml", knowledge, today=TODAY), knowledge=knowledge)
    report = page.context.new_page()
    report.set_content(render_html(made, knowledge=knowledge))
    report.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True, format="A4")
    ours, its = (pypdf.PdfReader(tmp_path / name) for name in ("page.pdf", "report.pdf"))
    assert [p.extract_text() for p in ours.pages] == [p.extract_text() for p in its.pages]


# ---------------------------------------------------------------- without a script, and nothing kept


def test_without_a_script_it_is_a_plain_form(site: Site) -> None:
    page = site.open("/", java_script_enabled=False)
    assert page.is_hidden("#undo") and page.is_hidden("#open")
    page.fill("#ask-medicines", "baclofen 10 mg three times a day\nciproflaxin 500 mg twice a day")
    page.fill("#ask-considering", "tizanidine 4 mg three times a day")
    page.click("#go")
    assert page.url.endswith("/review") and page.locator(SHOWN).count() >= 1
    page.click(".readback .offered button >> nth=0")
    assert page.input_value("#ask-medicines").splitlines()[1] == "ciprofloxacin 500 mg twice a day"
    assert "New DANGER" in said(page) and page.locator(".flag.moved").count() >= 1
    page.check("#right-medicines-1")
    page.fill("#ask-label", "bed 12")
    with page.expect_navigation():
        page.locator("#ask-label").press("Enter")
    assert page.is_checked("#right-medicines-1") and page.inner_text("#review h1") == "bed 12"
    title = page.inner_text("#question .what")
    page.click("#skip")
    assert page.inner_text("#question .what") != title
    with page.expect_download() as saved:
        page.click("button[formaction='/api/review.json']")
    assert json.loads(Path(saved.value.path()).read_text())["stamp"]["country"] == "US"
    site.expected = ("422",)
    page.fill("#ask-weight", "heavy")
    page.click("#go")
    assert page.is_visible("#wrong-weight") and page.input_value("#ask-weight") == "heavy"
    page.fill("#ask-weight", "61 kg")
    page.click("#go")
    assert page.is_checked("#right-medicines-1"), "the tick came through"
    page.fill("#ask-weight", "")
    page.set_input_files("#ask-file", EXAMPLES / "pump-and-tablets.yaml")
    page.click("#go")
    assert "intrathecal" in page.input_value("#ask-medicines") and "pump" in page.input_value("#ask-more")
    page.click(".steps label >> nth=0")
    assert page.locator(".steps .panel").first.is_visible()


def test_hostile_text_stays_text(site: Site) -> None:
    page = site.open("/", **NARROW)
    page.fill("#ask-medicines", "\n".join(HOSTILE))
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    page.fill("#ask-label", "</h1><script>window.bad = 1</script>")
    page.fill("#ask-conditions", "<svg onload='window.bad=1'>\n" + "y" * 500)
    page.wait_for_selector(".readback li")
    settled(page)
    assert (
        page.evaluate("window.bad") is None
        and page.locator("#review script, #review img, .ask script, .ask img").count() == 0
    )
    assert page.locator(".readback li").count() == len(HOSTILE) and fits(page)
    assert page.evaluate(
        "[...document.querySelectorAll('#review, .readback')].every(e => !e.innerText.includes('\\u202e'))"
    )
    assert page.inner_text("#review h1") == "</h1><script>window.bad = 1</script>"


def test_nothing_is_kept_in_the_browser(site: Site) -> None:
    page = opened(site)
    page.fill("#ask-label", "bed 12")
    settled(page)
    kept = page.evaluate("""async () => [localStorage.length, sessionStorage.length, (await indexedDB.databases()).length,
      (await caches.keys()).length, document.cookie, (await navigator.serviceWorker.getRegistrations()).length, history.state]""")
    assert kept == [0, 0, 0, 0, "", 0, None]
    assert page.url == site.url + "/" and page.context.cookies() == []
    page.reload()
    assert page.input_value("#ask-medicines") == "" and page.input_value("#ask-label") == ""


def test_the_day_is_the_callers_own(site: Site) -> None:
    page = site.open("/", timezone_id="Pacific/Kiritimati")
    assert page.input_value("#ask-as_of") == page.evaluate("new Intl.DateTimeFormat('sv-SE').format(new Date())")


# ---------------------------------------------------------------- what is built


def test_what_is_built_is_what_is_kept(npm: Path, tmp_path: Path) -> None:
    """The build gives the bytes that are in the repository, and no older ones are left there."""
    web = tmp_path / "web"
    shutil.copytree(npm, web, symlinks=True)
    report = tmp_path / "src" / "relaxant" / "report" / "templates"
    report.mkdir(parents=True)
    for style in (ROOT / "src" / "relaxant" / "report" / "templates").glob("*.css"):
        shutil.copy(style, report / style.name)
    frame = tmp_path / "src" / "relaxant" / "service" / "frame"
    frame.mkdir(parents=True)
    shutil.copy(ROOT / "src" / "relaxant" / "service" / "frame" / "site.css", frame)
    for command in ("check", "build"):
        ran = subprocess.run(["npm", "run", "-s", command], cwd=web, capture_output=True, text=True, timeout=300, check=False)  # fmt: skip
        assert ran.returncode == 0, ran.stdout + ran.stderr
    built = {path.name: path.read_bytes() for path in (tmp_path / "src/relaxant/service/static").iterdir() if path.is_file()}  # fmt: skip
    assert {name: (STATIC / name).read_bytes() for name in built if (STATIC / name).is_file()} == built
    hashed = {path.name for path in STATIC.iterdir() if re.search(r"-[A-Z0-9]{8}\.[a-z]+$", path.name)}
    assert hashed == {name for name in built if name != "manifest.json"}


def test_words_of_the_page_are_all_used() -> None:
    """Every group of words in page.yaml is asked for by a template or a module of the page."""
    words = yaml.safe_load((ROOT / "src/relaxant/knowledge/wording/en/page.yaml").read_text())
    pages = ROOT / "src" / "relaxant" / "service" / "pages"
    text = "\n".join(path.read_text() for path in pages.iterdir() if path.suffix in (".py", ".j2"))
    unused = [f"{group}.{name}" for group, own in words.items() if isinstance(own, dict) for name in own if not re.search(rf"\b{re.escape(str(name))}\b", text)]  # fmt: skip
    assert unused == []
