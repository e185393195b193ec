"""The hazard log: ids once, every test and file that it names is there, and the page is what the tool makes."""

from __future__ import annotations

import re
from types import ModuleType

import msgspec
import pytest

from conftest import tool_named


def tool() -> ModuleType:
    return tool_named("hazards")


def test_the_log_names_only_what_is_there() -> None:
    assert list(tool().faults(tool().read())) == []


def test_there_are_enough_hazards_and_no_id_is_odd() -> None:
    ids = [one.id for one in tool().read().hazards]
    assert 25 <= len(ids) <= 60 and len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"H\d\d", one) for one in ids) and ids == sorted(ids)


def test_the_page_is_what_the_tool_makes() -> None:
    made = tool().page(tool().read())
    assert tool().PAGE.read_text(encoding="utf-8") == made, "run python tools/hazards.py"


def test_what_no_test_holds_stands_first() -> None:
    log, text = tool().read(), tool().PAGE.read_text(encoding="utf-8")
    first = text.partition("## Controls that no test holds")[2].partition("\n## ")[0]
    unheld = [(h, c) for h in log.hazards for c in h.controls if not c.held_by]
    assert unheld and first.count("\n| [H") == len(unheld)
    assert text.index("## Controls that no test holds") == text.index("\n## ") + 1
    for hazard, control in unheld:
        assert f"[{hazard.id}]" in first and control.what in first and control.not_held in first


def test_every_hazard_has_a_control_that_a_test_holds() -> None:
    assert [h.id for h in tool().read().hazards if not any(c.held_by for c in h.controls)] == []


def test_the_links_within_the_page_lead_to_its_headings() -> None:
    text = tool().PAGE.read_text(encoding="utf-8")
    headings = {tool()._anchor(h) for h in tool().read().hazards}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) == headings
    assert len(headings) == text.count("\n### ")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("id: H02", "id: H01", "H01: stands 2 times"),
        ("src/relaxant/quantities.py", "src/relaxant/quantity.py", "there is no src/relaxant/quantity.py"),
        ("tests/test_quantities.py::test_numbers\"", "tests/test_quantities.py::test_number\"", "there is no test tests/test_quantities.py::test_number"),
        ("tests/test_quantities.py::", "tests/test_quantity.py::", "there is no test tests/test_quantity.py::test_conversions"),
        ("severity: fatal", "severity: dire", "the severity “dire” is not explained"),
        ("{without: sometimes, with: rare}", "{without: rare, with: sometimes}", "the controls make it likelier"),
        ("group: reading", "group: writing", "there is no group “writing”"),
        ("        not_held: There is no such control.", "        not_held: '' #", "says in not_held why by none"),
    ],
)  # fmt: skip
def test_a_fault_is_found(old: str, new: str, says: str) -> None:
    text = tool().LOG.read_text(encoding="utf-8")
    assert old in text
    changed = text.replace(old, new, 1)
    assert any(says in fault for fault in tool().faults(tool().read(changed)))


def test_a_field_that_is_none_is_refused() -> None:
    text = tool().LOG.read_text(encoding="utf-8").replace("    harm: ", "    hurt: ", 1)
    with pytest.raises(msgspec.ValidationError):
        tool().read(text)
