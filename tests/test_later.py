"""A pattern's pieces: whatever it matches holds one of them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relaxant.facts import conditions
from relaxant.medicines import reconcile, status
from relaxant.medicines.later import Later

GUARDED = {
    f"{module.__name__}.{name}": value
    for module in (status, reconcile, conditions)
    for name, value in vars(module).items()
    if isinstance(value, Later) and value.holding
}


def test_there_are_guarded_patterns() -> None:
    assert len(GUARDED) > 8


@pytest.mark.parametrize("name", sorted(GUARDED))
@given(data=st.data())
@settings(max_examples=60)
def test_every_match_holds_a_piece(name: str, data: st.DataObject) -> None:
    guarded = GUARDED[name]
    text = data.draw(st.from_regex(re.compile(guarded.text, re.I)))
    match = guarded.pattern.search(text)
    if match is not None and match[0].strip():
        assert guarded.may_match(match[0]), match[0]


def test_case_and_the_turkish_i_are_seen_through() -> None:
    guarded = Later("missed", holding=("miss",))
    assert guarded.search("MISSED") is not None
    assert guarded.search("mıssed") is not None
    assert guarded.search("taken") is None
    assert list(guarded.finditer("taken")) == []
    assert guarded.match("x missed", 2) is not None
