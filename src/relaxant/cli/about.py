"""``relaxant about``: versions, knowledge, and the notices of everything that the package holds."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import relaxant.medicines
from relaxant.knowledge.load import Knowledge
from relaxant.notices import Library, bundled, libraries, notice_words
from relaxant.report.columns import wrapped
from relaxant.version import __version__

WIDTH = 80


def about(knowledge: Knowledge, *, with_libraries: bool) -> str:
    """What this is made of."""
    lines = [
        f"relaxant {__version__}",
        f"knowledge {knowledge.date}, sha256 {knowledge.sha256}",
        f"{len(knowledge.agents)} agents, {len(knowledge.rules)} rules, {len(knowledge.roles)} partner roles, {len(knowledge.sources)} sources",
        *wrapped(f"agents: {', '.join(sorted(knowledge.agents))}", WIDTH),
    ]
    if knowledge.replaced:
        lines += wrapped(f"replaced by a pack: {', '.join(knowledge.replaced)}", WIDTH)
    if knowledge.changed:
        lines += wrapped(f"changed by a pack: {', '.join(knowledge.changed)}", WIDTH)
    if knowledge.silenced:
        lines += wrapped(f"silenced by a pack: {', '.join(gone.silence.rule for gone in knowledge.silenced)}", WIDTH)
    lines += _notices()
    if with_libraries:
        lines += ["", notice_words()["libraries"], "─" * WIDTH, *_libraries()]
    return "\n".join(lines) + "\n"


def _notices() -> Iterator[str]:
    words = notice_words()
    yield ""
    yield from wrapped(words["own"], WIDTH)
    for kind, some in groupby(bundled(), key=lambda one: one.kind):
        yield from ("", words["titles"][kind], "─" * WIDTH)
        for one in some:
            line = words["line"].format(title=one.title, version=one.version, holder=one.holder, licence=one.licence)
            yield from _hanging(f"- {line}{f' {one.url}' if one.url else ''}")
            for paragraph in one.notice.strip().split("\n\n") if one.notice else ():
                yield from ("  " + part for part in wrapped(paragraph, WIDTH - 2))
    yield from ("", words["dictionary"], "─" * WIDTH)
    notice = Path(relaxant.medicines.__file__).parent / "data" / "NOTICE.txt"
    yield notice.read_text(encoding="utf-8").strip()


def _libraries() -> Iterator[str]:
    words = notice_words()
    found = list(libraries())
    if not found:
        yield from wrapped(words["none"], WIDTH)
    for library in found:
        yield from _hanging(_library(library))


def _library(library: Library) -> str:
    words = notice_words()
    extras = words["extras"].format(extras=",".join(library.extras)) if library.extras else ""
    if library.version is None:
        return str(words["missing"].format(name=library.name, extras=extras))
    said = library.licence or words["no_licence"]
    return str(words["installed"].format(name=library.name, version=library.version, licence=said))


def _hanging(text: str) -> list[str]:
    first, *rest = wrapped(text, WIDTH - 2)
    return [first, *("  " + line for line in rest)]
