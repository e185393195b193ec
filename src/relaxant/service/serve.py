"""``relaxant serve``: the service in one process, or in several that share one address."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
from collections.abc import Callable, Mapping
from functools import partial
from types import FrameType

import uvicorn

from relaxant.service.door import MOST_HEAD
from relaxant.service.line import LINE
from relaxant.service.listening import listening
from relaxant.service.logs import log, write_logs
from relaxant.service.settings import PREFIX, Settings, loopback, read_settings
from relaxant.service.tls import check_certificate

_log = log("serve")
_GRACE = 20  # seconds that requests under way are given at the end
_ANSWERS = 60  # seconds within which a worker says that it is there; on a machine that has too much to do none is taken for dead


def run(options: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Serves until it is told to stop (SIGINT or SIGTERM), and lets requests under way end."""
    given = {"host": options.host, "port": options.port, "workers": options.workers, "public_url": options.public_url, "database": options.database, "packs": options.pack or None}  # fmt: skip
    settings = read_settings(options.config, environment, given)
    check_certificate(settings)
    write_logs()
    say(settings)
    serve(settings)
    return 0


def say(settings: Settings) -> None:
    """How the service stands, once, at its start: on standard error for a person, and in the log."""
    print(f"relaxant: {settings.address}/ (stop with Ctrl-C)", file=sys.stderr)
    if not loopback(settings.host) and settings.certificate is None:
        print("relaxant: this address speaks plain HTTP: a proxy that ends TLS has to stand before it", file=sys.stderr)
        _log.warning("plain HTTP beyond this machine: a proxy has to end TLS before it")
    if settings.issuers:
        _log.info("callers of the CDS service must sign their requests", extra={"count": len(settings.issuers)})
    elif loopback(settings.host):
        print(
            "relaxant: no issuer is configured: whoever reaches this machine's own address is answered unauthenticated",
            file=sys.stderr,
        )
        _log.warning("no issuer is configured: callers on loopback are answered unauthenticated")
    else:
        print("relaxant: UNAUTHENTICATED beyond this machine, because `unauthenticated` is set", file=sys.stderr)
        _log.warning("unauthenticated is set: anybody who reaches this address is answered")


def worker(settings: Settings) -> object:
    """The application of one worker."""
    from relaxant.service.app import service

    write_logs()
    made = service(settings)
    gc.collect()
    gc.freeze()  # looking through the knowledge for garbage would hold everybody up for a tenth of a second
    return made


def serve(settings: Settings, application: Callable[[Settings], object] = worker) -> None:
    """Runs the server until it is told to stop. Told by a signal it lets requests under way end, and has then ended as it should: with status 0.
    ``application``: a function of a module that makes what each worker serves.

    A worker is handed the settings through the pipe by which it is begun. What the environment said of them goes no further than this process: whoever
    may look at a process sees the environment that it was begun with, and a password in it, for as long as it lives."""
    for told in (signal.SIGTERM, signal.SIGINT):
        signal.signal(told, _end)  # uvicorn takes these up, and hands each on once it has stopped

    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    config = uvicorn.Config(
        partial(application, settings),
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies),
        timeout_graceful_shutdown=_GRACE,
        timeout_worker_healthcheck=_ANSWERS,
        ssl_certfile=settings.certificate,
        ssl_keyfile=settings.key,
        http=LINE,
        loop="auto" if settings.certificate is None else "relaxant.service.line:loop",
        h11_max_incomplete_event_size=MOST_HEAD,
        ws="none",
    )
    server = uvicorn.Server(config)
    if settings.workers == 1:
        server.run()
    else:
        from uvicorn.supervisors import Multiprocess

        check(settings)
        Multiprocess(config, sockets=[listening(config)]).run()


def check(settings: Settings) -> None:
    """Reads the knowledge and opens the store once before there are workers: one that fails is begun again, and would fail for ever. Raises
    :class:`relaxant.errors.RelaxantError`."""
    from relaxant.knowledge.load import load_knowledge
    from relaxant.service.store.store import open_store

    load_knowledge(*settings.packs)
    open_store(settings).close()


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
