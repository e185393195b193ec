"""People whose calls wait at the same time are checked in one call of the evaluator: the rows of one table, each answered as it would be alone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from relaxant.knowledge.load import Knowledge
from relaxant.patient import Patient
from relaxant.reviewing import Checked, checked, checked_together

_MOST = 8  # people; what else the loop has to do waits no longer than these take
_LONGEST = 0.01  # seconds that who came first waits for those who are on their way, or who came together last time


class Together(msgspec.Struct):
    """Who waits to be checked, in one event loop, how many are on their way, and how many came together ``last``: who was answered together calls again
    together, and one who calls alone waits for nobody."""

    knowledge: Knowledge
    waiting: list[tuple[Patient, asyncio.Future[Checked]]] = []
    coming: int = 0
    last: int = 1
    turn: asyncio.Handle | None = None

    @contextmanager
    def on_the_way(self) -> Iterator[None]:
        """While a call is read whose patient will be checked, if it can be."""
        self.coming += 1
        try:
            yield
        finally:
            self.coming -= 1
            if self.waiting and self._all_here:
                self._soon(asyncio.get_running_loop(), 0.0)

    async def checked(self, patient: Patient) -> Checked:
        """As :func:`relaxant.reviewing.checked`, with those who come at the same time."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Checked] = loop.create_future()
        self.waiting.append((patient, future))
        if self._all_here:
            self._soon(loop, 0.0)
        elif self.turn is None:
            self._soon(loop, _LONGEST)
        return await future

    @property
    def _all_here(self) -> bool:
        return len(self.waiting) >= _MOST or (not self.coming and len(self.waiting) >= self.last)

    def _soon(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        if self.turn is not None:
            self.turn.cancel()
        self.turn = loop.call_later(seconds, self._turn, loop) if seconds else loop.call_soon(self._turn, loop)

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        self.turn = None
        turn, self.waiting = self.waiting[:_MOST], self.waiting[_MOST:]
        if self.waiting:
            self._soon(loop, 0.0)
        self.last = len(turn)
        called = [(patient, future) for patient, future in turn if not future.done()]  # who went away is not waited for
        try:
            found = checked_together([patient for patient, _ in called], knowledge=self.knowledge)
        except Exception:  # whosever fault it is, nobody else's call fails with it
            for patient, future in called:
                _answer(future, patient, self.knowledge)
            return
        for (_, future), one in zip(called, found, strict=True):
            future.set_result(one)


def _answer(future: asyncio.Future[Checked], patient: Patient, knowledge: Knowledge) -> None:
    try:
        future.set_result(checked(patient, knowledge=knowledge))
    except Exception as error:
        future.set_exception(error)
