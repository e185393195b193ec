"""Logs without patient data: one JSON object a line, of fields that are listed here and of nothing else.

A message is written by us and takes no value; values come in the fields, and a field that is not listed is left out. A traceback is written as the
places in our code that it names, never with its message, which may repeat what was sent.
"""

from __future__ import annotations

import logging
import sys
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
            "message": str(record.msg) if own or not record.args else "a library's message with values, left out",
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


def log(name: str) -> logging.Logger:
    """The logger of a part of the service."""
    return logging.getLogger(f"relaxant.service.{name}")
