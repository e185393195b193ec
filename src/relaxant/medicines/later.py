"""Patterns that are compiled when first needed: compiling costs a cold start tens of milliseconds, and most lines need few."""

from __future__ import annotations

import re
from collections.abc import Iterator


class Later:
    """A regular expression, without regard to case. ``holding`` are pieces of which every match has one, so that a text with none
    is answered without compiling anything.

    >>> Later(r"q\\s?\\d+ h", holding=("q",)).search("10 mg Q8 h") is not None
    True
    """

    __slots__ = ("_made", "holding", "text")

    def __init__(self, text: str, *, holding: tuple[str, ...] = ()) -> None:
        self.text, self.holding = text, holding
        self._made: re.Pattern[str] | None = None

    @property
    def pattern(self) -> re.Pattern[str]:
        """The compiled pattern."""
        if self._made is None:
            self._made = re.compile(self.text, re.I)
        return self._made

    def may_match(self, text: str) -> bool:
        """Whether the text has one of the pieces that a match has."""
        if not self.holding:
            return True
        plain = text.casefold().replace("ı", "i")  # the dotless i, which an expression without case takes for an i
        return any(piece in plain for piece in self.holding)

    def search(self, text: str) -> re.Match[str] | None:
        """The first match anywhere."""
        return self.pattern.search(text) if self.may_match(text) else None

    def match(self, text: str, start: int = 0) -> re.Match[str] | None:
        """A match at ``start``."""
        return self.pattern.match(text, start) if self.may_match(text) else None

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Every match."""
        return self.pattern.finditer(text) if self.may_match(text) else iter(())
