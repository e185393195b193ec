"""A caller's line, from its first byte: what comes before the door is bounded here, in bytes and in time.

uvicorn alone waits for headers for as long as a caller likes, and keeps as many as are sent (h11, its other parser, bounds their bytes but not the
time).
"""

from __future__ import annotations

import asyncio
from typing import Any

from relaxant.service.door import CLOSED, MOST_HEAD

HEAD_SECONDS = 10.0
MOST_LINES = 800  # below the 1,024 files that a process may hold open on most systems


def loop() -> asyncio.AbstractEventLoop:
    """A loop that waits for a handshake of TLS no longer than for a head; of itself it waits for a minute, and counts no line before."""
    try:
        import uvloop
    except ImportError:
        own: Any = asyncio.new_event_loop()
    else:
        own = uvloop.new_event_loop()
    begun = own.create_server

    async def bounded(*given: Any, **more: Any) -> Any:
        return await begun(*given, **more, **({"ssl_handshake_timeout": HEAD_SECONDS} if more.get("ssl") else {}))

    own.create_server = bounded
    made: asyncio.AbstractEventLoop = own
    return made


try:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
except ImportError:  # where httptools is not to be had, uvicorn speaks by h11
    LINE: Any = "h11"
else:

    class Line(HttpToolsProtocol):
        """A line on which a request's head, the request line and headers, is at most 64 KiB and comes within ten seconds of its first byte, or of
        the line's opening. More lines than a process can hold are closed as they open."""

        _head: int = 0
        _late: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            if len(self.connections) > MOST_LINES:
                transport.abort()
                return
            self._wait()

        def connection_lost(self, exc: Exception | None) -> None:
            self._arrived()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            if self._late is None and self.cycle is not None and self.cycle.response_complete:
                self._wait()  # a new head, or what is left of a body that was refused: neither may trickle
            if self._late is not None:
                self._head += len(data)
            super().data_received(data)
            if self._late is not None and self._head > MOST_HEAD and not self.transport.is_closing():
                self.send_400_response("Request header fields too large.")

        def on_message_begin(self) -> None:
            if self._late is None:
                self._wait()
            super().on_message_begin()

        def on_headers_complete(self) -> None:
            self._arrived()
            super().on_headers_complete()

        def send_400_response(self, msg: str) -> None:
            """As uvicorn's, under the headers that every answer has."""
            self._arrived()
            lines = [f"{name}: {value}" for name, value in CLOSED.items()]
            head = ["HTTP/1.1 400 Bad Request", "content-type: text/plain; charset=utf-8", f"content-length: {len(msg)}", "connection: close", *lines]  # fmt: skip
            self.transport.write("\r\n".join([*head, "", msg]).encode("ascii"))
            self.transport.close()

        def _wait(self) -> None:
            self._head = 0
            self._late = self.loop.call_later(HEAD_SECONDS, self._end)

        def _arrived(self) -> None:
            if self._late is not None:
                self._late.cancel()
                self._late = None

        def _end(self) -> None:
            self._late = None
            if not self.transport.is_closing():
                self.transport.abort()

    LINE = Line
