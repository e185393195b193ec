"""What a client did not send along, asked of its FHIR server: only of one that is on the list, only with the token that the client gave for it.

The address is made of the server's own and a template of ours; a redirect is an answer that is not followed, and so is a page that says where the
next one lies.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from relaxant.service.cds.catalogue import templates
from relaxant.service.house import House
from relaxant.service.settings import loopback

_SECONDS = 3.0
_OK = 200
_TOKEN = "{{context.patientId}}"


class Servers:
    """The way to the FHIR servers on the list. ``open`` makes the client, for tests with a transport of their own."""

    def __init__(self, house: House, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.house, self._transport = house, transport
        self._client: httpx.AsyncClient | None = None
        self._known = {_plain(url): url for url in house.settings.fhir_servers if _secure(url)}

    def may_ask(self, call: Any) -> bool:
        """Whether the call names a server on the list and holds a token for it."""
        return call.fhir_authorization is not None and _plain(call.fhir_server) in self._known

    async def fetched(self, call: Any, given: Iterable[str]) -> dict[str, bytes]:
        """The missing keys as far as they could be had in time."""
        if not self.may_ask(call):
            return {}
        missing = {k: t for k, t in templates(self.house.knowledge).items() if k not in set(given)}
        base = self._known[_plain(call.fhir_server)].rstrip("/")
        token = call.fhir_authorization.access_token
        asked = [self._one(f"{base}/{filled(t, call.context.patient_id)}", token) for t in missing.values()]
        answers: list[bytes | None] = await asyncio.gather(*asked)
        return {key: answer for key, answer in zip(missing, answers, strict=True) if answer is not None}

    async def close(self) -> None:
        """Lets the connections go."""
        if self._client is not None:
            await self._client.aclose()

    async def _one(self, url: str, token: str) -> bytes | None:
        if self._client is None:
            self._client = httpx.AsyncClient(
                transport=self._transport, timeout=_SECONDS, follow_redirects=False, trust_env=False
            )
        headers = {"authorization": f"Bearer {token}", "accept": "application/fhir+json"}
        most, parts, length = self.house.settings.most_bytes, list[bytes](), 0
        try:
            async with asyncio.timeout(_SECONDS), self._client.stream("GET", url, headers=headers) as answer:
                if answer.status_code != _OK:
                    return None
                async for part in answer.aiter_bytes():
                    length += len(part)
                    if length > most:
                        return None
                    parts.append(part)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError):
            return None
        return b"".join(parts)


def filled(template: str, patient: str) -> str:
    """A template with the patient's id in it, as the path and query of an address.

    >>> filled("Condition?patient={{context.patientId}}", "p.1")
    'Condition?patient=p.1'
    """
    path, mark, query = template.replace(_TOKEN, quote(patient, safe="")).partition("?")
    return f"{path}{mark}{quote(query, safe='=&:/,-_.')}"


def _plain(url: str | None) -> str:
    return (url or "").rstrip("/")


def _secure(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and loopback(parts.hostname or ""))
