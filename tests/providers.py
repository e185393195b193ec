"""Those who sign people in, for tests: an OpenID Connect provider and a record system that launches by SMART on FHIR, both real servers on this machine."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import secrets
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from serving import in_thread
from signing import Signer

NAMES = {"d0": "tizanidine", "d1": "baclofen", "d2": "ibuprofen"}


class Provider:
    """Signs in whoever comes, as ``sub`` with ``claims``. ``changed``: what of the ID token is wrong."""

    def __init__(self) -> None:
        self.signer, self.url, self.sub = Signer("RS256", "p1"), "", "person-1"
        self.claims: dict[str, Any] = {"roles": ["doctors"]}
        self.changed: dict[str, Any] = {}
        self.header: dict[str, Any] = {}
        self.issuer_said: str | None = None
        self.forger: Signer | None = None
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[dict[str, str]] = []
        self.authorization: list[str | None] = []

    def routes(self) -> list[Route]:
        return [
            Route("/.well-known/openid-configuration", self.about),
            Route("/keys", self.keys),
            Route("/authorize", self.authorize),
            Route("/token", self.token, methods=["POST"]),
        ]

    async def about(self, _request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.issuer_said or self.url,
                "authorization_endpoint": self.url + "/authorize",
                "token_endpoint": self.url + "/token",
                "jwks_uri": self.url + "/keys",
            }
        )

    async def keys(self, _request: Request) -> Response:
        return JSONResponse({"keys": [self.signer.jwk()]})

    async def authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?code={code}&state={asked['state']}")

    async def token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        self.asked.append(form)
        self.authorization.append(request.headers.get("authorization"))
        asked = self.codes.pop(form.get("code", ""), None)
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        if asked is None or asked["code_challenge"] != challenge or asked["redirect_uri"] != form["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse(self.given(asked))

    def given(self, asked: dict[str, str]) -> dict[str, Any]:
        said = {"iss": self.url, "sub": self.sub, "nonce": asked.get("nonce"), **self.claims, **self.changed}
        audience = said.pop("aud", asked["client_id"])
        token = (self.forger or self.signer).token(audience, header=self.header, **said)
        return {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer", "id_token": token, "expires_in": 300}


class Records(Provider):
    """A FHIR server that launches. ``fails``: what it answers to a path instead; ``read``: every path that was read with the token."""

    def __init__(self) -> None:
        super().__init__()
        self.access, self.patient, self.lasts = secrets.token_urlsafe(16), "p-1", 3600
        self.fails: dict[str, int] = {}
        self.read: list[str] = []
        self.abouts = 0  # how often it was asked of itself
        self.next: str | None = None
        self.resources: dict[str, list[dict[str, Any]]] = {
            "MedicationRequest": [
                {
                    "resourceType": "MedicationRequest",
                    "id": f"m{n}",
                    "status": "active",
                    "intent": "order",
                    "subject": {"reference": "Patient/p-1"},
                    "medicationReference": {"reference": f"Medication/d{n}"},
                    "dosageInstruction": [{"text": "4 mg three times a day"}],
                }
                for n in range(3)
            ],
            "Condition": [
                {
                    "resourceType": "Condition",
                    "subject": {"reference": "Patient/p-1"},
                    "code": {"text": "multiple sclerosis"},
                }
            ],
        }

    def routes(self) -> list[Route]:
        return [
            *super().routes(),
            Route("/fhir/.well-known/smart-configuration", self.smart),
            Route("/fhir/{kind}", self.search),
            Route("/fhir/{kind}/{id}", self.one),
        ]

    async def smart(self, _request: Request) -> Response:
        self.abouts += 1
        said = {"authorization_endpoint": self.url + "/authorize", "token_endpoint": self.url + "/token"}
        return JSONResponse({**said, "capabilities": ["launch-ehr", "permission-v2"]})

    def given(self, asked: dict[str, str]) -> dict[str, Any]:
        return {"access_token": self.access, "token_type": "Bearer", "expires_in": self.lasts, "patient": self.patient, "scope": asked["scope"]}  # fmt: skip

    async def search(self, request: Request) -> Response:
        kind = request.path_params["kind"]
        if answer := self.refused(request, kind):
            return answer
        assert request.query_params["patient"] == self.patient
        every = self.resources.get(kind, [])
        start = int(request.query_params.get("start", "0"))
        entry = [{"resource": resource} for resource in every[start : start + 2]]
        outcome = {"resource": {"resourceType": "OperationOutcome"}, "search": {"mode": "outcome"}}
        link = [{"relation": "self", "url": str(request.url)}]
        if start + 2 < len(every):
            following = f"{self.url}/fhir/{kind}?patient={self.patient}&start={start + 2}"
            link.append({"relation": "next", "url": self.next or following})
        return self.fhir({"resourceType": "Bundle", "type": "searchset", "entry": [*entry, outcome], "link": link})

    async def one(self, request: Request) -> Response:
        kind, number = request.path_params["kind"], request.path_params["id"]
        if answer := self.refused(request, kind):
            return answer
        if kind == "Patient":
            return self.fhir({"resourceType": "Patient", "id": number, "gender": "female", "birthDate": "1968-03-02"})
        return self.fhir({"resourceType": "Medication", "id": number, "code": {"text": NAMES[number]}})

    def refused(self, request: Request, kind: str) -> Response | None:
        self.read.append(request.url.path)
        if request.headers.get("authorization") != f"Bearer {self.access}":
            return Response(status_code=401)
        return Response(status_code=self.fails[kind]) if kind in self.fails else None

    def fhir(self, plain: dict[str, Any]) -> Response:
        return Response(msgspec.json.encode(plain), media_type="application/fhir+json")


@contextlib.contextmanager
def standing(own: Provider) -> Iterator[None]:
    """A provider or record system that answers under its ``url``."""
    with in_thread(Starlette(routes=own.routes()), timeout_graceful_shutdown=1) as url:
        own.url = url
        yield
