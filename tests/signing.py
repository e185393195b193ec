"""Callers who sign their requests, for tests: key pairs, tokens as CDS Hooks has them, and a server of key sets on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import Iterator
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from serving import in_thread

ISSUER = "https://records.example/issuer"
_CURVES = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1, "ES512": ec.SECP521R1}


class Signer:
    """Somebody with a key pair. ``algorithm``: what the key signs with."""

    def __init__(self, algorithm: str = "ES384", kid: str = "one", bits: int = 2048) -> None:
        self.algorithm, self.kid = algorithm, kid
        self.private: Any
        if algorithm in _CURVES:
            self.private = ec.generate_private_key(_CURVES[algorithm]())
        elif algorithm == "EdDSA":
            self.private = ed25519.Ed25519PrivateKey.generate()
        else:
            self.private = rsa.generate_private_key(65537, bits)

    def jwk(self, **changed: Any) -> dict[str, Any]:
        """The public key as a key set has it."""
        writes = jwt.get_algorithm_by_name(self.algorithm)
        return {**writes.to_jwk(self.private.public_key(), as_dict=True), "kid": self.kid, "use": "sig", **changed}

    def token(self, audience: Any, *, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """A token that is right but for what is changed; a claim given as None is left out."""
        now = time.time()
        said = {
            "iss": ISSUER,
            "aud": audience,
            "iat": int(now),
            "exp": int(now) + 240,
            "jti": str(uuid.uuid4()),
            **claims,
        }
        said = {name: value for name, value in said.items() if value is not None}
        head = {"kid": self.kid, "typ": "JWT", **(header or {})}
        algorithm = head.pop("alg", self.algorithm)
        return jwt.encode(said, self.private, algorithm=algorithm, headers=head)


class KeySets:
    """A server of one key set. ``mood``: how it answers; ``asked``: how often it was."""

    def __init__(self, *keys: dict[str, Any]) -> None:
        self.keys, self.mood, self.asked, self.url = list(keys), "well", 0, ""

    async def answer(self, _request: Request) -> Response:
        self.asked += 1
        body = msgspec.json.encode({"keys": self.keys})
        if self.mood == "down":
            return Response(status_code=500)
        if self.mood == "slow":
            await asyncio.sleep(30)
        if self.mood == "huge":
            return Response(body + b" " * 1_000_000, media_type="application/json")
        if self.mood == "redirects":
            return RedirectResponse("/elsewhere")
        if self.mood == "packed":
            return Response(body, headers={"content-encoding": "gzip"})
        if self.mood == "babble":
            return Response(b"<html>keys</html>")
        return Response(body, media_type="application/json")

    async def elsewhere(self, _request: Request) -> Response:
        self.asked += 1000
        return Response(msgspec.json.encode({"keys": self.keys}))


@contextlib.contextmanager
def key_sets(*keys: dict[str, Any]) -> Iterator[KeySets]:
    """A real server of a key set; its ``url`` is what an issuer registers."""
    own = KeySets(*keys)
    app = Starlette(routes=[Route("/keys", own.answer), Route("/elsewhere", own.elsewhere)])
    with in_thread(app, timeout_graceful_shutdown=1) as url:
        own.url = url + "/keys"
        yield own
