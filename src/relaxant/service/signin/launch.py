"""SMART on FHIR: a record system opens the page for the patient whose record is open there (https://hl7.org/fhir/smart-app-launch/, EHR launch)."""

from __future__ import annotations

import re
from urllib.parse import urlencode, urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from relaxant.service.held import Share
from relaxant.service.house import House
from relaxant.service.logs import log
from relaxant.service.problems import Problem
from relaxant.service.settings import Smart, secure
from relaxant.service.signin.provider import exchanged, unanswered, with_query
from relaxant.service.signin.sessions import Launched, Person, enter, hashed, launched
from relaxant.service.signin.steps import begin, may_begin, sent_on, take
from relaxant.service.tokens.asking import Unanswered, all_asked, asked

KINDS = {
    "MedicationRequest": {},
    "MedicationStatement": {},
    "Condition": {},
    "AllergyIntolerance": {},
    "Observation": {"category": "laboratory,vital-signs"},
    "Procedure": {},
}
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_MEDICATION = re.compile(r"Medication/[A-Za-z0-9.-]{1,64}")
_MOST_ABOUT = 256 * 1024
_MOST_PAGES = 20
_MOST_MEDICATIONS = 100
_SECONDS = 10.0
_log = log("signin")


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a record system says of how it is launched from (.well-known/smart-configuration)."""

    authorization_endpoint: str
    token_endpoint: str
    capabilities: list[str] = []


class Link(msgspec.Struct, frozen=True):
    relation: str
    url: str


class Found(msgspec.Struct, frozen=True):
    """One entry of what a search found."""

    resource: msgspec.Raw


class Page(msgspec.Struct, frozen=True):
    """One page of a search."""

    entry: list[Found] = []
    link: list[Link] = []


class Kind(msgspec.Struct, frozen=True):
    resource_type: str = msgspec.field(default="", name="resourceType")


class Reference(msgspec.Struct, frozen=True):
    reference: str = ""


class Asks(msgspec.Struct, frozen=True):
    """A medicine that is named by another resource."""

    named: Reference | None = msgspec.field(default=None, name="medicationReference")


async def launch(request: Request, house: House) -> Response:
    """A record system opens the page: only one that is configured, and only at the endpoints that it names itself."""
    records = _records(house, request.query_params.get("iss", ""))
    ticket = request.query_params.get("launch", "")
    if not 0 < len(ticket) <= 2000:
        raise Problem(400, "a launch comes with `launch`")
    may_begin(request, house)
    about = await _about(records, request.scope["state"]["share"])
    state, step, browser = await begin(request, house, "launch", "/", records.fhir)
    reads = "rs" if "permission-v2" in about.capabilities else "read"
    kinds = ("Patient", "Medication", *KINDS)
    return sent_on(
        with_query(
            about.authorization_endpoint,
            response_type="code",
            client_id=records.client,
            redirect_uri=house.settings.base + "/launch/back",
            launch=ticket,
            scope=" ".join(["launch", *(f"patient/{kind}.{reads}" for kind in kinds)]),
            state=state,
            aud=records.fhir,
            code_challenge=step.challenge,
            code_challenge_method="S256",
        ),
        browser,
    )


async def launch_back(request: Request, house: House) -> Response:
    """The browser comes back: the code is exchanged, and the page opens for that patient."""
    step = await take(request, house, "launch")
    records = _records(house, step.fhir)
    about = await _about(records, request.scope["state"]["share"])
    tokens = await exchanged(request, step, about.token_endpoint, records.client, records.secret_file, house.settings.base + "/launch/back")  # fmt: skip
    if not tokens.access_token or tokens.token_type.lower() != "bearer":
        raise Problem(403, "the record system gave nothing to read with")
    if not _ID.fullmatch(tokens.patient):
        raise Problem(403, "the record system did not say for which patient")
    held = Launched(fhir=records.fhir, patient=tokens.patient, token=tokens.access_token)
    person = Person(role=records.role, by=hashed(records.fhir), launched=True)
    lasts = {} if tokens.expires_in is None else {"lasts": tokens.expires_in}
    return await enter(request, house, step.then, person, held=held, **lasts)


async def launched_bundle(request: Request, house: House) -> bytes | None:
    """The launched patient's record as a FHIR bundle, read now with the launch's own token; None where the page was not launched.

    A kind of resource that the record system has not, or does not let this launch read, is left out, and so unknown. Raises :class:`Problem` where the
    record cannot be had otherwise: half of a record is none. All that is read for a request is counted among what the process holds.
    """
    held = launched(request, house)
    if held is None:
        return None
    _records(house, held.fhir)  # still one of ours
    most, share = house.settings.most_bytes, request.scope["state"]["share"]
    try:
        person = await _read(held, f"Patient/{held.patient}", most, share)
        lists = await all_asked(*(_search(held, kind, extra, most, share) for kind, extra in KINDS.items()))
        resources = [person, *(resource for found in lists for resource in found)]
        resources += await _medications(held, resources, most, share)
    except Unanswered as error:
        _log.warning("a record could not be read", extra={"reason": error.reason})
        if error.reason == "too much":
            raise _too_large() from None
        if error.status in (401, 403):
            raise Problem(
                403, "the record system no longer lets this page read; open it again from the record"
            ) from None
        raise Problem(502, "the record cannot be read from the record system") from None
    if len(resources) > house.settings.most_entries or sum(len(bytes(one)) for one in resources) > most:
        raise _too_large()
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}
    return msgspec.json.encode(bundle)


async def _search(held: Launched, kind: str, extra: dict[str, str], most: int, share: Share) -> list[msgspec.Raw]:
    """Every resource of a kind that is the patient's."""
    url = f"{kind}?{urlencode({'patient': held.patient, **extra, '_count': '200'})}"
    found: list[msgspec.Raw] = []
    for _ in range(_MOST_PAGES):
        try:
            page = msgspec.json.decode(await _read(held, url, most, share), type=Page)
        except Unanswered as error:
            if not found and error.status in (400, 403, 404):
                return []
            raise
        except msgspec.MsgspecError:
            raise Unanswered("malformed") from None
        found += [one.resource for one in page.entry if msgspec.json.decode(one.resource, type=Kind).resource_type == kind]  # fmt: skip
        following = next((link.url for link in page.link if link.relation == "next"), None)
        if following is None:
            return found
        url = following
    raise Unanswered("huge")


async def _medications(held: Launched, resources: list[msgspec.Raw], most: int, share: Share) -> list[msgspec.Raw]:
    """The medicines that orders name rather than hold."""
    named = []
    for resource in resources:
        try:
            asks = msgspec.json.decode(resource, type=Asks)
        except msgspec.MsgspecError:
            continue
        if asks.named is not None and _MEDICATION.fullmatch(asks.named.reference):
            named.append(asks.named.reference)
    wanted = list(dict.fromkeys(named))[:_MOST_MEDICATIONS]
    out = []
    for reference in wanted:
        try:
            out.append(await _read(held, reference, most, share))
        except Unanswered as error:
            if error.status not in (403, 404):
                raise
    return out


async def _read(held: Launched, where: str, most: int, share: Share) -> msgspec.Raw:
    """What a record system answers to a path under its base, or to a link of its own that leads under its origin."""
    base = held.fhir.rstrip("/") + "/"
    url = where if "://" in where else base + where
    if urlsplit(url)[:2] != urlsplit(base)[:2]:
        raise Unanswered("elsewhere")
    headers = {"authorization": f"Bearer {held.token}", "accept": "application/fhir+json"}
    return msgspec.Raw(await asked(url, most=most, seconds=_SECONDS, headers=headers, share=share))


async def _about(records: Smart, share: Share) -> About:
    where = records.fhir.rstrip("/") + "/.well-known/smart-configuration"
    try:
        about = msgspec.json.decode(await asked(where, most=_MOST_ABOUT, seconds=_SECONDS, share=share), type=About)
    except Unanswered as error:
        raise unanswered(error) from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise unanswered(Unanswered("malformed")) from None
    if not secure(about.authorization_endpoint) or not secure(about.token_endpoint):
        raise unanswered(Unanswered("insecure"))
    return about


def _too_large() -> Problem:
    return Problem(413, "the record is too large")


def _records(house: House, fhir: str) -> Smart:
    """The configured record system of a base; no other is ever asked for anything."""
    for records in house.settings.smart:
        if records.fhir.rstrip("/") == fhir.rstrip("/"):
            return records
    raise Problem(403, "this service is not launched from there")
