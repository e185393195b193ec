"""What was read of short texts before, kept: the same few are written for many people, and a cohort reads each once."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Concatenate, Generic, ParamSpec, TypeVar

LONGEST_KEPT = 200
"""Characters of a text that is kept to be known again: thousands of longer ones would fill the memory."""
MOST_KEPT = 4096
P = ParamSpec("P")
R = TypeVar("R")


class Kept(Generic[P, R]):
    """A reader of texts that keeps what it read of short ones; a long one is read each time."""

    __slots__ = ("read", "usual")

    def __init__(self, read: Callable[Concatenate[str, P], R]) -> None:
        self.read, self.usual = read, lru_cache(maxsize=MOST_KEPT)(read)

    def __call__(self, text: str, *rest: P.args, **named: P.kwargs) -> R:
        """What is read of a text."""
        return (self.usual if len(text) <= LONGEST_KEPT else self.read)(text, *rest, **named)
