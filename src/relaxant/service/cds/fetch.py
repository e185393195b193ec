"""What a client did not send along, asked of its FHIR server: only of one that is on the list, only with the token that the client gave for it.

The address is made of the one on the list and a template of ours; a redirect is not followed, nor is a page that says where the next one lies.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from relaxant.service.cds.catalogue import templates
from relaxant.service.held import Share
from relaxant.service.house import House
from relaxant.service.settings import secure
from relaxant.service.tokens.asking import Unanswered, all_asked, asked

SECONDS = 3.0
_TOKEN = "{{context.patientId}}"


def may_ask(call: Any, house: House) -> bool:
    """Whether the call names a server on the list and holds a token for it."""
    return call.fhir_authorization is not None and _listed(call, house) is not None


async def fetched(call: Any, given: Iterable[str], house: House, share: Share) -> dict[str, bytes]:
    """The missing keys, all asked for at once, as far as they could be had in time and the request may hold them."""
    base = _listed(call, house)
    if base is None or not may_ask(call, house):
        return {}
    missing = {k: t for k, t in templates(house.knowledge).items() if k not in set(given)}
    token = call.fhir_authorization.access_token
    answers = await all_asked(
        *(_one(f"{base}/{filled(t, call.context.patient_id)}", token, house, share) for t in missing.values())
    )
    return {key: answer for key, answer in zip(missing, answers, strict=True) if answer is not None}


def filled(template: str, patient: str) -> str:
    """A template with the patient's id in it, as the path and query of an address.

    >>> filled("Condition?patient={{context.patientId}}", "p.1")
    'Condition?patient=p.1'
    """
    path, mark, query = template.replace(_TOKEN, quote(patient, safe="")).partition("?")
    return f"{path}{mark}{quote(query, safe='=&:/,-_.')}"


async def _one(url: str, token: str, house: House, share: Share) -> bytes | None:
    headers = {"authorization": f"Bearer {token}", "accept": "application/fhir+json"}
    try:
        return await asked(url, most=house.settings.most_bytes, seconds=SECONDS, headers=headers, share=share)
    except Unanswered:
        return None


def _listed(call: Any, house: House) -> str | None:
    """The server of the call as the list writes it."""
    named = (call.fhir_server or "").rstrip("/")
    return next((u.rstrip("/") for u in house.settings.fhir_servers if u.rstrip("/") == named and secure(u)), None)
