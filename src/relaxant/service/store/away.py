"""The database is not there: what a caller is told of it, and how it is told from a fault of ours."""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from relaxant.service.problems import Problem

# SQLSTATE classes: connection, resources, operator's intervention, system, invalid authorisation; and what a standby or a lock that is not had answers.
_CLASSES = ("08", "53", "57", "58", "28", "F0")
_STATES = ("25006", "25P03", "55P03", "3D000", "42P01", "40001", "40P01")


class Away(Problem):
    """503. Nothing was acknowledged; whether it was kept is not known where the database went away while it committed."""

    def __init__(self, title: str = "the store cannot be reached; call again") -> None:
        super().__init__(503, title, headers={"retry-after": "5"})


def is_away(error: BaseException) -> bool:
    """Whether an error says that the database cannot be had or cannot keep anything, and not that a statement was wrong."""
    if isinstance(error, (Away, PoolTimeoutError, sqlite3.OperationalError)):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        return isinstance(error.orig, sqlite3.OperationalError)
    if error.connection_invalidated or isinstance(error, InterfaceError):
        return True
    state = _sqlstate(error.orig)
    return state[:2] in _CLASSES or state in _STATES


def reason(error: Exception) -> str:
    """What a database itself says of why it cannot be opened, for whoever starts the service."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return str(_answer(cause).get("M") or cause)


def _sqlstate(error: BaseException | None) -> str:
    return str(_answer(error).get("C", ""))


def _answer(error: BaseException | None) -> dict[str, Any]:
    """What PostgreSQL answers: C its code, M its message."""
    said = error.args[0] if error is not None and error.args else None
    return said if isinstance(said, dict) else {}
