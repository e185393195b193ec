"""The count of what nobody has seen is that of the knowledge, and leaves no part of it out."""

from __future__ import annotations

import re
from types import ModuleType

from conftest import tool_named
from relaxant.knowledge.load import Knowledge


def tool() -> ModuleType:
    return tool_named("unverified")


def test_the_page_is_what_the_knowledge_gives(knowledge: Knowledge) -> None:
    assert tool().PAGE.read_text(encoding="utf-8") == tool().page(knowledge), "run python tools/unverified.py"


def test_no_part_of_the_knowledge_is_left_out() -> None:
    """Counted another way: the words in every file of the knowledge."""
    files = list(tool().FOLDER.rglob("*.yaml"))
    words = sum(len(re.findall(r"^[^#]*?\bverified: false\b", line)) for f in files for line in f.read_text(encoding="utf-8").splitlines())  # fmt: skip
    assert words == sum(tool().marked(part) for part in tool().PARTS) > 100
    known = {f.relative_to(tool().FOLDER).parts[0] for f in files}
    assert known - set(tool().PARTS) <= {"sources", "wording", "coverage.yaml", "news.yaml"}


def test_every_way_of_seeing_is_explained(knowledge: Knowledge) -> None:
    assert {source.seen for source in knowledge.sources.values()} <= set(tool().SEEN)


def test_an_entry_within_an_entry_is_counted() -> None:
    nested = {"a": [{"verified": "false", "b": {"verified": "false"}}, {"verified": "true"}]}
    assert sum(one.get("verified") == "false" for one in tool().entries(nested)) == 2
