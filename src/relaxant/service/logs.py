"""Logs without patient data: one JSON object a line, of fields that are listed here and of nothing else.

A message is written by us and takes no value; values come in the fields, and a field that is not listed is left out. A traceback is written as the
places in our code that it names, never with its message, which may repeat what was sent. What a library says may hold values as well: of the server's
own messages the part without them is kept, of all others that there was one.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from datetime import UTC, datetime

import msgspec

FIELDS = (
    "request",
    "method",
    "route",
    "status",
    "seconds",
    "bytes",
    "issuer",
    "kind",
    "worker",
    "address",
    "count",
    "reason",
)
_encode = msgspec.json.Encoder().encode


class Plain(logging.Formatter):
    """A record as a line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        own = record.name.startswith("relaxant")
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": str(record.msg) if own or record.name.startswith("uvicorn") else "a library's message, left out",
        }
        line.update({field: record.__dict__[field] for field in FIELDS if field in record.__dict__})
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["places"] = [f"{f.name}:{f.lineno}" for f in traceback.extract_tb(record.exc_info[2])][-12:]
        return _encode(line).decode()


def write_logs(level: str = "INFO") -> None:
    """All logs of the process to standard error, in this form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Plain())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "sqlalchemy", "httpx", "httpcore"):
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True
        logger.setLevel("WARNING")
    logging.getLogger("uvicorn.access").disabled = True  # it writes paths as they were called, link codes among them
    logging.captureWarnings(True)
    sys.excepthook = lambda kind, error, trace: _uncaught(error)
    threading.excepthook = lambda thrown: _uncaught(thrown.exc_value)
    sys.unraisablehook = lambda thrown: _uncaught(thrown.exc_value)


def _uncaught(error: BaseException | None) -> None:
    """What ends a thread or the process: Python would print it with its message."""
    if error is None or isinstance(error, KeyboardInterrupt):
        return
    logging.getLogger("relaxant.service").error("nothing caught an error", exc_info=error)


def log(name: str) -> logging.Logger:
    """The logger of a part of the service."""
    return logging.getLogger(f"relaxant.service.{name}")
