"""A real server on this machine's own address, for tests: the service as a process of its own, or an application in a thread.

with served(tmp_path, rate=0) as own:
    assert httpx.get(own.url + "/health").text == "ok\\n"
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec
import uvicorn
from starlette.types import ASGIApp

RELAXANT = (sys.executable, "-m", "relaxant")
_STARTS = 90  # seconds: reading the knowledge for the first time on a busy machine
_ENDS = 40


class Served(msgspec.Struct, frozen=True):
    """A service that runs. ``folder``: where it keeps its database; ``temporary``: its own TMPDIR."""

    url: str
    process: subprocess.Popen[bytes]
    folder: Path
    temporary: Path

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    def log(self) -> str:
        """What it has written to standard error so far."""
        return (self.folder / "stderr").read_text(encoding="utf-8")

    def lines(self) -> list[dict[str, Any]]:
        """The log's lines that are JSON."""
        return [msgspec.json.decode(line) for line in self.log().splitlines() if line.startswith("{")]

    def stop(self) -> int:
        """Tells it to stop, as an operator would, and gives its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(_ENDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextlib.contextmanager
def served(folder: Path, program: Sequence[str] = RELAXANT, **settings: Any) -> Iterator[Served]:
    """``relaxant serve`` as a process, with ``settings`` by the environment (lists of texts parted by spaces, everything else as JSON); its database
    lies in ``folder``. It ends with the block. ``program``: what is told to serve in place of relaxant."""
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    port = settings.pop("port", None) or free_port()
    certificate = settings.get("certificate")
    scheme, trusted = ("http", True) if certificate is None else ("https", ssl.create_default_context(cafile=certificate))  # fmt: skip
    said = {"folder": str(folder), "rate": 0, **settings}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RELAXANT_SERVE_")}
    environment |= {f"RELAXANT_SERVE_{name.upper()}": _text(value) for name, value in said.items() if value is not None}
    environment |= {"TMPDIR": str(temporary), "PYTHONUNBUFFERED": "1"}
    with (folder / "stderr").open("wb") as errors:
        process = subprocess.Popen(
            [*program, "serve", "--port", str(port)],
            env=environment,
            stdout=errors,
            stderr=errors,
        )
    own = Served(f"{scheme}://127.0.0.1:{port}", process, folder, temporary)
    try:
        _wait(own, trusted)
        yield own
    finally:
        own.stop()


@contextlib.contextmanager
def in_thread(app: ASGIApp, port: int = 0, **options: Any) -> Iterator[str]:
    """An application behind a uvicorn in a thread of this process, on any free ``port`` unless one is named; gives its URL. ``options`` are uvicorn's."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    plain = {"log_config": None, "access_log": False, "ws": "none", "server_header": False, "proxy_headers": False}
    server = uvicorn.Server(uvicorn.Config(app, **{**plain, **options}))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        until = time.monotonic() + _ENDS
        while not server.started:
            assert thread.is_alive() and time.monotonic() < until, "the server did not start"
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(_ENDS)
        listening.close()


def _wait(own: Served, trusted: ssl.SSLContext | bool) -> None:
    until = time.monotonic() + _STARTS
    while True:
        assert own.process.poll() is None, f"the service ended at its start:\n{own.log()}"
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(own.url + "/health", trust_env=False, verify=trusted).status_code == 200:
                return
        assert time.monotonic() < until, f"the service did not start:\n{own.log()}"
        time.sleep(0.05)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
        return " ".join(value)
    return msgspec.json.encode(value).decode()
