"""Lines of a pump's reckoning: words from the knowledge, numbers as a prescription writes them, and the sources behind."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import msgspec

from relaxant.facts.facts import Facts
from relaxant.knowledge.jurisdictions import holds_in
from relaxant.knowledge.pumps import PumpSaid
from relaxant.knowledge.schema import Cited
from relaxant.planning.plan import Line
from relaxant.planning.pump_given import Rate
from relaxant.quantities import plain_number
from relaxant.rules.reasons import cited

PAGE = "pump"
_DIGITS = 9  # 13.4 and not 13.399999999999999
_ANY_AGE = PumpSaid(text="", source="", place="").age_to


class Book(msgspec.Struct, frozen=True):
    """Where a plan's lines, and the inputs that are missing, are gathered: each input once. ``left`` are the agents of which a way out stands."""

    facts: Facts
    lines: list[Line]
    needs: list[str]
    left: frozenset[str] = frozenset()

    @property
    def words(self) -> dict[str, Any]:
        """The page of words."""
        return self.facts.knowledge.words(PAGE)

    def need(self, name: str, **slots: Any) -> None:
        """An input that is missing."""
        said = _fill(self.words["needs"][name], slots)
        if said not in self.needs:
            self.needs.append(said)

    def add(
        self,
        key: str,
        value: float | None = None,
        unit: str = "",
        *,
        by: Iterable[Cited] = (),
        own: bool = True,
        foreign: str = "elsewhere",
        **slots: Any,
    ) -> None:
        """A line: ``key`` names its words, ``by`` the parts of the knowledge it comes from. ``own`` is false where the country's own text is
        not among these, which the line then says in the words ``foreign``."""
        words, parts = self.words["lines"][key], tuple(by)
        value = None if value is None else float(f"{value:.{_DIGITS}g}")
        filled = {"value": value, **slots}
        text = _fill(words["text"], filled)
        if not own and (found := dict.fromkeys(j for part in parts for j in part.jurisdiction)):
            where = ", ".join(self.words["countries"][j] for j in found)
            text = f"{text} {_fill(self.words[foreign], {'where': where})}"
        self.lines.append(
            Line(
                what=_fill(words["what"], filled),
                how=_fill(words["how"], filled),
                value=value,
                unit=unit,
                text=text,
                sources=tuple(cited(self.facts.knowledge, part.source, part.place) for part in parts),
                verified=all(part.verified for part in parts),
            )
        )

    def say(self, key: str, sentences: Iterable[PumpSaid]) -> None:
        """A line for each sentence that holds in the country and at the person's age."""
        youngest, oldest = self.facts.column("age").bounds(0)
        for said in sentences:
            of_age = said.age_from <= max(0.0, youngest) and (oldest < said.age_to or said.age_to >= _ANY_AGE)
            kept = said.keeps not in self.left and (said.leaves is None or said.leaves in self.left)
            if of_age and kept and holds_in(said, self.facts.jurisdiction):
                self.add(key, by=(said,), text=said.text)

    def days(self, count: float) -> str:
        """A number of days in words."""
        words = self.words["days"]
        return str(words["one"]) if count == 1 else _fill(words["other"], {"count": count})

    def where(self, part: Cited) -> str:
        """The countries of a part, in words."""
        return ", ".join(self.words["countries"][j] for j in part.jurisdiction)

    def rate_text(self, rate: Rate | None) -> str:
        """A daily dose in words, or that it is not known."""
        words = self.words["rate"]
        if rate is None:
            return str(words["unknown"])
        if rate.low == rate.high:
            return _fill(words["known"], {"value": rate.high})
        return _fill(words["range"], {"low": rate.low, "high": rate.high})

    def fill(self, template: str, /, **slots: Any) -> str:
        """Words with their slots filled."""
        return _fill(template, slots)


def _fill(text: str, slots: dict[str, Any]) -> str:
    return text.format(**{name: _shown(value) for name, value in slots.items()})


def _shown(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, (int, float, date)):
        return value
    return value.isoformat() if isinstance(value, date) else plain_number(float(value))
