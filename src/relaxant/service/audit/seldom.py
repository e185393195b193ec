"""What would fill the audit, and drown what is looked for in it, if it were written every time: of a quarter of an hour only the first is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from relaxant.service.house import House

WINDOW = timedelta(minutes=15)


class _Lately:
    """When what was written, in one process; nothing that is older than the window."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._written: dict[tuple[str, ...], datetime] = {}
        self._swept: datetime | None = None

    def is_due(self, what: tuple[str, ...], now: datetime) -> bool:
        with self._lock:
            last = self._written.get(what)
        return last is None or not _recent(last, now)

    def was_written(self, what: tuple[str, ...], now: datetime) -> None:
        with self._lock:
            if self._swept is None or not _recent(self._swept, now):
                self._swept = now
                self._written = {one: when for one, when in self._written.items() if _recent(when, now)}
            self._written[what] = now


@contextmanager
def seldom(house: House, *what: str) -> Iterator[bool]:
    """Whether something, told apart by ``what``, has to be written; it counts as written once the block has ended without an error. Each process goes by
    itself, and knows nothing of what was written before it began.

    with seldom(house, Kind.DIARY_OPENED, by, diary) as due:
        if due:
            house.store.write(...)
    """
    lately: _Lately = house.kept.setdefault("audit.seldom", _Lately())
    now = house.now()
    due = lately.is_due(what, now)
    yield due
    if due:
        lately.was_written(what, now)


def _recent(when: datetime, now: datetime) -> bool:
    """Within the window; a clock that was put back makes nothing recent."""
    return timedelta() <= now - when < WINDOW
