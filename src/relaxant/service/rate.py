"""How often a client may call: so many times in any minute.

Own code, for a library (limits 5.8) starts a thread to tidy up after nearly every call, which costs half a millisecond of a call's processor time.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

_WINDOW = 60.0  # seconds


class Rate:
    """A moving window of a minute for each client. ``most``: calls in one. What it keeps is bounded by ``most`` for each client of the last two minutes."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.most, self._clock = most, clock
        self._calls: dict[str, deque[float]] = {}
        self._swept = clock()

    def wait(self, client: str) -> float:
        """Counts a call that may pass, and gives 0; for one that may not, the seconds until one may.

        >>> at = [0.0]
        >>> rate = Rate(2, lambda: at[0])
        >>> [rate.wait("a"), rate.wait("a"), rate.wait("a"), rate.wait("b")]
        [0.0, 0.0, 60.0, 0.0]
        >>> at[0] = 59.0
        >>> rate.wait("a")
        1.0
        >>> at[0] = 60.0
        >>> rate.wait("a")
        0.0
        """
        now = self._clock()
        if now - self._swept >= _WINDOW:
            self._sweep(now)
        calls = self._calls.get(client)
        if calls is None:
            calls = self._calls[client] = deque()
        while calls and now - calls[0] >= _WINDOW:
            calls.popleft()
        if len(calls) >= self.most:
            return _WINDOW - (now - calls[0])
        calls.append(now)
        return 0.0

    def _sweep(self, now: float) -> None:
        """Forgets clients who have not called for a minute."""
        self._swept = now
        self._calls = {client: calls for client, calls in self._calls.items() if calls and now - calls[-1] < _WINDOW}
