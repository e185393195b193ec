"""Which links of a folder of HTML pages lead nowhere: to a file that is not there, or to a place that a page does not have."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.places, self.links = set[str](), set[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value and (name == "id" or (tag == "a" and name == "name")):
                self.places.add(value)
            elif value and ((name == "href" and tag in ("a", "link")) or (name == "src" and tag in ("img", "script"))):
                self.links.add(value)


def dead_links(folder: Path) -> Iterator[tuple[str, str]]:
    """Page and target of every link within ``folder`` that leads nowhere. Links to other places of the world are not followed."""
    pages = {path.resolve(): _read(path) for path in sorted(folder.rglob("*.html"))}
    for path, page in pages.items():
        for link in sorted(page.links):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            to = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            there = to / "index.html" if to.is_dir() else to
            lost = there in pages and parts.fragment and unquote(parts.fragment) not in pages[there].places
            if not there.is_file() or lost:
                yield path.relative_to(folder.resolve()).as_posix(), link


def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page
