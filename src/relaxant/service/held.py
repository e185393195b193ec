"""How many bytes that others have sent one process holds at once: the bodies of requests, and what is fetched for them."""

from __future__ import annotations

from relaxant.service.problems import Problem
from relaxant.service.settings import Settings

_BODIES = 16  # of the greatest size, that all requests together may hold
_OWN = 2  # that one request may: its body, and as much that is fetched for it


class Held:
    """What one process holds, and the most that it may."""

    def __init__(self, settings: Settings) -> None:
        self.most, self.most_own, self.now = settings.most_bytes * _BODIES, settings.most_bytes * _OWN, 0


class Share:
    """What one request holds of it; :meth:`end` gives it back."""

    def __init__(self, of: Held) -> None:
        self.of, self.now = of, 0

    def fits(self, count: int) -> bool:
        """Whether one request may hold so many bytes more."""
        return self.now + count <= self.of.most_own

    def take(self, count: int) -> None:
        """Raises :class:`Problem` 503 where all requests together would hold too much."""
        if self.of.now + count > self.of.most:
            raise Problem(503, "too much is being sent at once; call again", headers={"retry-after": "5", "connection": "close"})  # fmt: skip
        self.now, self.of.now = self.now + count, self.of.now + count

    def give(self, count: int) -> None:
        """Gives some of it back."""
        self.now, self.of.now = self.now - count, self.of.now - count

    def end(self) -> None:
        """Gives all of it back."""
        self.give(self.now)
