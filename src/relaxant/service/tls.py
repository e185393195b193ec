"""The certificate with which the process itself speaks TLS."""

from __future__ import annotations

import ssl

from relaxant.errors import InputError
from relaxant.service.settings import Settings


def check_certificate(settings: Settings) -> None:
    """Raises :class:`InputError` where certificate and key cannot be used, before anything listens; without them nothing is asked of them."""
    if settings.certificate is None or settings.key is None:
        return
    for field, path in (("certificate", settings.certificate), ("key", settings.key)):
        try:
            with open(path, "rb") as file:
                held = file.read()
        except OSError as error:
            raise InputError(field, path, f"it cannot be read ({error.strerror})", "give the path of a PEM file that the service may read") from None  # fmt: skip
        if b"-----BEGIN " not in held:
            raise InputError(field, path, "it is not PEM", "a file that begins with -----BEGIN")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.certificate, settings.key, password=_none)
    except (ssl.SSLError, ValueError):
        raise InputError("certificate, key", f"{settings.certificate}, {settings.key}", "they are no certificate and its key, or the key is locked by a password", "give the certificate (with those between it and its authority after it) and its own key, unlocked") from None  # fmt: skip


def _none() -> str:
    """Nobody is there to be asked for a password."""
    return ""
