"""People whose calls wait at the same time are checked in one call of the evaluator: the rows of one table, each answered as it would be alone."""

from __future__ import annotations

import asyncio

import msgspec

from relaxant.knowledge.load import Knowledge
from relaxant.patient import Patient
from relaxant.reviewing import Checked, checked, checked_together

_MOST = 8  # people; what else the loop has to do waits no longer than these take


class Together(msgspec.Struct):
    """Who waits to be checked, in one event loop."""

    knowledge: Knowledge
    waiting: list[tuple[Patient, asyncio.Future[Checked]]] = []

    async def checked(self, patient: Patient) -> Checked:
        """As :func:`relaxant.reviewing.checked`, with those who came in the same turn of the loop."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Checked] = loop.create_future()
        self.waiting.append((patient, future))
        if len(self.waiting) == 1:
            loop.call_soon(self._turn, loop)
        return await future

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        turn, self.waiting = self.waiting[:_MOST], self.waiting[_MOST:]
        if self.waiting:
            loop.call_soon(self._turn, loop)
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
