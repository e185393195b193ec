"""The keys of one issuer, kept, and asked for again when a token names one that is not among them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from relaxant.service.logs import log
from relaxant.service.measured import Measured
from relaxant.service.tokens.asking import Unanswered, asked
from relaxant.service.tokens.keys import Key, read_keys

COOL_DOWN = 60.0  # seconds in which an unknown kid asks nobody
WITHOUT = 15.0  # the same while there are no keys at all
_FRESH = 600.0  # seconds after which keys are asked for again, so that one that was taken back ends
_MOST_BYTES = 256 * 1024
_SECONDS = 5.0

_log = log("tokens")


class Ring:
    """``url`` or ``file``: where the key set is, as the settings say it; no token has a say in it. ``name`` stands in metrics and log."""

    def __init__(
        self,
        name: str,
        measured: Measured,
        *,
        url: str | None = None,
        file: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name, self.url, self.file = name, url, file
        self._measured, self._clock = measured, clock
        self._keys: dict[str, Key] = {}
        self._tried, self._had = float("-inf"), float("-inf")
        self._under_way: asyncio.Task[None] | None = None

    async def key(self, kid: str) -> Key | None:
        """The key of that name. One that is not known is looked for at its source, at most once in a cool-down; many who wait share one fetch."""
        found = self._keys.get(kid)
        if found is not None:
            if self._clock() - self._had > _FRESH:
                self._ask()  # nobody waits: the keys that are here serve meanwhile
            return found
        self._ask()
        if self._under_way is not None:
            await asyncio.shield(self._under_way)  # one caller who goes away ends it for nobody else
        return self._keys.get(kid)

    @property
    def empty(self) -> bool:
        return not self._keys

    def _ask(self) -> None:
        now = self._clock()
        if self._under_way is not None or now - self._tried < (COOL_DOWN if self._keys else WITHOUT):
            return
        self._tried = now
        self._under_way = asyncio.create_task(self._refresh())

    async def _refresh(self) -> None:
        """Keys from the source; where that fails those from before stay."""
        try:
            if self.url is not None:
                data = await asked(self.url, most=_MOST_BYTES, seconds=_SECONDS)
            else:
                data = await asyncio.to_thread(Path(self.file or "").read_bytes)
            self._keys, self._had = read_keys(data), self._clock()
            result = "had"
        except Unanswered as error:
            result = error.reason
        except OSError:
            result = "unreachable"
        except ValueError:
            result = "no key set"
        finally:
            self._under_way = None
        self._measured.key_fetches.labels(self.name, result).inc()
        if result != "had":
            _log.warning("a key set could not be had", extra={"issuer": self.name, "reason": result})
