"""Whom the cards are about, without saying who: a keyed hash of the record number, of which the key lies beside the database and not in it."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Any

from relaxant.service.house import House

_NAME, _BYTES = "cards.key", 32


def pseudonym(house: House, caller: str, call: Any) -> bytes:
    """The person of a call, 32 bytes: one caller's record number, of one server."""
    number = "\n".join((caller, (call.fhir_server or "").rstrip("/"), call.context.patient_id))
    return hmac.digest(_key(house.settings.place), number.encode(), hashlib.sha256)


@lru_cache(maxsize=8)
def _key(folder: Path) -> bytes:
    """The key of an installation, made at its first use; of several processes that begin at once all get the same."""
    file = folder / _NAME
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = folder / f".{_NAME}.{secrets.token_hex(8)}"
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(secrets.token_bytes(_BYTES))
            opened.flush()
            os.fsync(opened.fileno())
        if not file.exists():
            with contextlib.suppress(FileExistsError):  # another process was first
                os.link(new, file)
    finally:
        new.unlink()
    return file.read_bytes()
