"""The secret of an installation. It turns a record number into what the table of people is looked up by, so that the database alone names nobody."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
import stat
from pathlib import Path

from relaxant.errors import InputError
from relaxant.service.settings import Settings
from relaxant.service.store.engines import sqlite_file, url_of

_NAME = "relaxant.secret"
_BYTES = 32
_DO = "write one with `openssl rand -hex 32`, readable by the service alone"


def secret_file(settings: Settings) -> Path:
    """Where the secret is: as set, else beside the SQLite file, else in the service's folder."""
    if settings.secret_file is not None:
        return Path(settings.secret_file)
    url = url_of(settings.url)
    return (sqlite_file(url).parent if url.get_backend_name() == "sqlite" else settings.place) / _NAME


def read_secret(settings: Settings) -> bytes:
    """The secret. Raises :class:`InputError` where it is not there, is open to others, or is none."""
    file = secret_file(settings)
    try:
        with file.open("rb") as opened:
            mode, text = os.fstat(opened.fileno()).st_mode, opened.read(4 * _BYTES)
    except OSError as error:
        raise InputError("secret_file", file, f"it cannot be read ({error.strerror})", f"bring {file} back from where it is kept; without it nobody can be found again to be erased") from None  # fmt: skip
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise InputError("secret_file", file, "others than the service may read it", f"run `chmod 600 {file}`")
    try:
        secret = bytes.fromhex(text.decode("ascii").strip())
    except ValueError:
        secret = b""
    if len(secret) != _BYTES:
        raise InputError("secret_file", file, f"it does not hold {_BYTES} bytes in hexadecimal", _DO)
    return secret


def make_secret(settings: Settings) -> None:
    """Makes the secret of a new installation, unless it is there or a setting names it. Of several processes that begin at once all get the same."""
    file = secret_file(settings)
    if settings.secret_file is not None or file.exists():
        return
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = file.with_name(f".{_NAME}.{secrets.token_hex(8)}")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(secrets.token_hex(_BYTES).encode() + b"\n")
            opened.flush()
            os.fsync(opened.fileno())
        with contextlib.suppress(FileExistsError):  # where another process was first its secret stands
            os.link(new, file)
    finally:
        new.unlink()


def check_value(secret: bytes) -> bytes:
    """What the database keeps to know the secret again by, 32 bytes."""
    return hmac.digest(secret, b"relaxant: the secret of this database", hashlib.sha256)
