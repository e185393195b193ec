"""Where several workers listen: one address, and each a socket of its own, so that new lines are spread over them.

With one socket for all, whichever worker wakes first takes every line that waits, and a caller who opens sixteen at once and keeps them has one worker.
"""

from __future__ import annotations

import socket
import sys
from typing import Any

import uvicorn

from relaxant.errors import InputError


class Listening(socket.socket):
    """A socket that is bound and, where it was made, never listens: it holds the address. A worker that it is handed to gets another one at the same
    address, which goes with the worker."""

    def __reduce__(self) -> tuple[Any, ...]:
        return bound, self.getsockname()[:2]


def bound(host: str, port: int, *, shared: bool = True) -> Listening:
    """A socket at an address that others of ours may share, or, where it is not ``shared``, one that nobody listens at. Raises :class:`InputError` where it cannot be had."""
    own = Listening(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        own.bind((host, port))
    except OSError as error:
        own.close()
        raise InputError("port", f"{host}:{port}", f"it cannot be listened on ({error.strerror})", "an address of this machine and a port that nobody has") from None  # fmt: skip
    return own


def listening(config: uvicorn.Config) -> socket.socket:
    """What the workers are handed. Linux alone spreads lines over sockets at one address; elsewhere they share one. Raises :class:`InputError` where
    somebody listens there already, be it a service of ours: it would go on to get a part of the callers."""
    if config.port and sys.platform == "linux":
        bound(config.host, config.port, shared=False).close()
    return bound(config.host, config.port) if sys.platform == "linux" else config.bind_socket()
