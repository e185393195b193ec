"""A bar on standard error for work that takes longer than two seconds, where somebody looks."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

_QUIET, _EVERY, _WIDTH = 2.0, 0.2, 30  # seconds before it shows, seconds between two pictures, characters


class Progress:
    """Called with how much is done; a context that wipes the bar at its end. Silent where ``out`` is no terminal."""

    def __init__(self, whole: int, what: str, out: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:  # fmt: skip
        self._whole, self._what, self._clock = whole, what, clock
        self._out = sys.stderr if out is None else out
        self._begun = self._shown = clock()
        self._length = 0

    def __call__(self, done: int) -> None:
        """Shows that so much is done."""
        now = self._clock()
        if not self._out.isatty() or now - self._begun < _QUIET or (now - self._shown < _EVERY and done < self._whole):
            return
        self._shown = now
        share = min(done / self._whole, 1.0)
        bar = "#" * round(_WIDTH * share)
        left = (now - self._begun) * (1 - share) / share if share else 0.0
        line = f"relaxant: [{bar:<{_WIDTH}}] {done:_} of {self._whole:_} {self._what}, {left:.0f} s left".replace("_", " ")  # fmt: skip
        self._out.write("\r" + line.ljust(self._length))
        self._out.flush()
        self._length = len(line)

    def told(self, done: int, whole: int) -> None:
        """Shows that so much of a whole is done that was not known at first."""
        self._whole = max(1, whole)
        self(done)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._length:
            self._out.write("\r" + " " * self._length + "\r")
            self._out.flush()
