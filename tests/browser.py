"""A real browser and a real server for the tests of pages, as fixtures.

``served`` is the service on this machine's own address; ``site`` opens pages of it in Debian's Chromium and watches: every request that leaves a page,
every error in its console, every breach of the content security policy. ``faultless`` asks axe-core for faults of access.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from clients.installed import brought_by_npm

if TYPE_CHECKING:
    from relaxant.service.house import House

ROOT = Path(__file__).parent.parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Served(NamedTuple):
    """A service that answers at ``url``; ``house`` is what its handlers are given."""

    house: House
    url: str


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    pytest.importorskip("uvicorn", reason="the service's libraries are not installed (relaxant[serve])")
    from relaxant.service.app import build, service
    from relaxant.service.settings import Settings
    from serving import free_port, in_thread

    settings = Settings(port=free_port(), folder=str(tmp_path_factory.mktemp("service")), rate=0)
    house = build(settings)
    with in_thread(service(settings, house=house), settings.port) as url:
        yield Served(house, url)


@pytest.fixture(scope="module")  # while it is open an event loop runs, and other modules have their own
def chromium() -> Iterator[Any]:
    """The browser, closed at the end."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("there is no chromium on this machine")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        yield browser
        browser.close()


class Site:
    """Pages of one test and what was seen of them."""

    def __init__(self, browser: Any, url: str) -> None:
        self.browser, self.url = browser, url
        self.contexts: list[Any] = []
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.expected: tuple[str, ...] = ()

    def open(self, path: str, **how: Any) -> Any:
        """A page at a path. ``how`` goes to the browser's context: ``viewport``, ``java_script_enabled``, ``color_scheme``, ``forced_colors``."""
        context = self.browser.new_context(**{"viewport": {"width": 1280, "height": 900}, "locale": "en-GB"} | how)
        self.contexts.append(context)
        context.on("request", lambda request: self.requests.append(request.url))
        page = context.new_page()
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(self.url + path)
        return page

    def close(self) -> None:
        for context in self.contexts:
            context.close()

    def outside(self) -> list[str]:
        """Requests that did not go to the service itself."""
        return [url for url in self.requests if not url.startswith((self.url + "/", "data:", "blob:" + self.url))]


@pytest.fixture
def site(chromium: Any, served: Served) -> Iterator[Site]:
    """Opens pages; at the end none may have asked elsewhere or had an error (a refused entry's own status apart)."""
    one = Site(chromium, served.url)
    yield one
    one.close()
    assert one.outside() == []
    assert [error for error in one.errors if not any(text in error for text in one.expected)] == []


@pytest.fixture(scope="session")
def npm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of ``web``, the diary's page in it, with what the lock file names from npm."""
    return brought_by_npm("web", ROOT / "web", tmp_path_factory)


@pytest.fixture(scope="session")
def axe(npm: Path) -> str:
    """The script of axe-core."""
    return (npm / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def faultless(axe: str) -> Callable[[Any], None]:
    """Asserts that axe-core finds nothing on a page as it stands."""

    def check(page: Any) -> None:
        page.evaluate(axe)
        found = page.evaluate("async () => (await axe.run(document)).violations")
        assert [(v["id"], v["help"], [n["html"][:160] for n in v["nodes"][:3]]) for v in found] == []

    return check


def fits(page: Any) -> bool:
    """Whether a page needs no scrolling sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def until(page: Any, expression: str, given: Any = None) -> None:
    """Waits until an expression is true on a page. The page's own policy lets Playwright's waiting evaluate nothing, so it is asked again and again."""
    for _ in range(400):
        if page.evaluate(expression, given):
            return
        page.wait_for_timeout(25)
    raise AssertionError(f"never true: {expression}")
