"""Who may call the CDS service: tokens over real HTTP, keys from a real server of key sets."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import http.client
import json
import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from relaxant.knowledge.load import Knowledge
from relaxant.service.audit.verify import rows, verify
from relaxant.service.door import Door
from relaxant.service.house import House, route
from relaxant.service.measured import Measured
from relaxant.service.settings import Issuer, Settings, read_settings
from relaxant.service.store.store import open_store
from relaxant.service.store.uses import _PRUNED_BY
from relaxant.service.tokens.caller import LEEWAY, LONGEST, _hash, caller, unguarded
from relaxant.service.tokens.keys import read_keys
from relaxant.service.tokens.ring import COOL_DOWN, WITHOUT, Ring
from serving import in_thread
from signing import ISSUER, KeySets, Signer, key_sets

PUBLIC = "https://relaxant.hospital.example"
PATH = "/cds-services/one"
AUDIENCE = PUBLIC + PATH
EC, RSA, EDWARDS = Signer("ES384", "ec"), Signer("RS384", "rsa"), Signer("EdDSA", "ed")


class Desk:
    """A service with one route that asks who calls."""

    def __init__(self, house: House, url: str, keys: KeySets) -> None:
        self.house, self.url, self.keys = house, url, keys
        self.late = timedelta()

    def call(self, token: str | None, *, path: str = PATH, headers: Any = None) -> httpx.Response:
        sent = headers or ({} if token is None else {"authorization": f"Bearer {token}"})
        return httpx.post(self.url + path, headers=sent, content=b"{}", trust_env=False)

    def refused(self, token: str | None, reason: str, **how: Any) -> None:
        before = self.count(reason)
        answer = self.call(token, **how)
        assert (answer.status_code, answer.content) == (401, b""), (answer.status_code, answer.text)
        assert answer.headers["www-authenticate"] == "Bearer"
        assert self.count(reason) == before + 1, self.house.measured.text().decode()

    def count(self, reason: str) -> float:
        return self.house.measured.refused.labels(f"token: {reason}")._value.get()


@contextlib.contextmanager
def desk(folder: Path, knowledge: Knowledge, *keys: dict[str, Any], **changed: Any) -> Iterator[Desk]:
    with key_sets(*keys) as sets:
        issuer = Issuer(issuer=ISSUER, name="records", key_set=sets.url)
        settings = Settings(**{"folder": str(folder), "public_url": PUBLIC, "issuers": (issuer,), "rate": 0, **changed})
        own: list[Desk] = []
        house = House(
            settings=settings,
            knowledge=knowledge,
            store=open_store(settings),
            measured=Measured(),
            now=lambda: datetime.now(UTC) + own[0].late,
        )

        async def who(request: Request, house: House) -> Response:
            said = await caller(request, house)
            return Response(f"{said.name} {said.tenant}")

        door = Door(Router([route("/cds-services/{id}", house, who, ("POST",))]), settings, house.measured)
        with in_thread(door) as url:
            own.append(Desk(house, url, sets))
            yield own[0]
        house.store.close()


@pytest.fixture
def at(tmp_path: Path, knowledge: Knowledge) -> Iterator[Desk]:
    with desk(tmp_path, knowledge, EC.jwk(), RSA.jwk(), EDWARDS.jwk()) as own:
        yield own


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA"])  # fmt: skip
def test_a_right_token_of_every_algorithm(algorithm: str, tmp_path: Path, knowledge: Knowledge) -> None:
    signer = Signer(algorithm)
    with desk(tmp_path, knowledge, signer.jwk()) as own:
        answer = own.call(signer.token(AUDIENCE, tenant="north"))
        assert (answer.status_code, answer.text) == (200, "records north")
        assert own.call(signer.token([PUBLIC + "/other", AUDIENCE])).status_code == 200
        assert own.call(signer.token(AUDIENCE, header={"jku": own.keys.url})).status_code == 200
        assert own.keys.asked == 1


def test_a_token_is_accepted_once(at: Desk) -> None:
    token = EC.token(AUDIENCE)
    assert at.call(token).status_code == 200
    at.refused(token, "replayed")
    at.refused(EC.token(AUDIENCE, jti="same") if at.call(EC.token(AUDIENCE, jti="same")).is_success else None, "replayed")  # fmt: skip
    sweeps = next(jti for jti in map(str, range(1000)) if _hash(ISSUER, jti)[0] % _PRUNED_BY == 0)
    at.late = timedelta(seconds=240 + LEEWAY - 20)  # past its end, within the leeway: it would still be accepted
    assert (
        at.call(EC.token(AUDIENCE, jti=sweeps)).status_code == 200
    )  # used tokens are swept, what could come again stays
    at.refused(token, "replayed")


def test_a_token_that_is_refused_does_not_spend_its_jti(at: Desk) -> None:
    forger = Signer("ES384", "ec")
    at.refused(forger.token(AUDIENCE, jti="mine"), "signature")
    assert at.call(EC.token(AUDIENCE, jti="mine")).status_code == 200


def test_what_an_issuer_has_signed_and_is_refused_is_in_the_audit_and_what_strangers_send_is_counted(at: Desk) -> None:
    """Whoever has a token that is used or old may send it for ever; anybody may make one up. Neither fills the audit."""
    used = EC.token(AUDIENCE)
    assert at.call(used).status_code == 200
    for _ in range(3):
        at.refused(used, "replayed")
        at.refused(EC.token(PUBLIC), "audience")
        at.refused(EC.token(AUDIENCE, jti=None), "no jti")
        at.refused(Signer("ES384", "ec").token(AUDIENCE), "signature")
        at.refused(EC.token(AUDIENCE, iss="https://nobody.example"), "issuer")
        at.refused(Signer("ES384", "none").token(AUDIENCE), "key")
        at.refused("no token at all", "malformed")
    own = list(rows(at.house.store))
    assert [(r.kind, r.by, r.person, json.loads(r.what)) for r in own] == [("refused", "records", None, {"reason": reason}) for reason in ("replayed", "audience", "no-jti")]  # fmt: skip
    at.late = timedelta(minutes=14)
    at.refused(EC.token(PUBLIC), "audience")
    assert len(list(rows(at.house.store))) == 3
    at.late = timedelta(minutes=16)
    at.refused(EC.token(PUBLIC), "audience")
    at.refused(EC.token(PUBLIC), "audience")
    assert len(list(rows(at.house.store))) == 4 and verify(at.house.store).sound


def test_a_refusal_that_the_audit_cannot_take_is_a_refusal_all_the_same(at: Desk, tmp_path: Path) -> None:
    (tmp_path / "relaxant.sqlite3").rename(tmp_path / "aside")
    at.refused(EC.token(PUBLIC), "audience")
    (tmp_path / "aside").rename(tmp_path / "relaxant.sqlite3")
    at.refused(EC.token(PUBLIC), "audience")  # it was not written, so it still is to be
    assert [row.kind for row in rows(at.house.store)] == ["refused"]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"aud": PUBLIC}, "audience"),
        ({"aud": AUDIENCE + "/"}, "audience"),
        ({"aud": AUDIENCE.upper()}, "audience"),
        ({"aud": "http://relaxant.hospital.example" + PATH}, "audience"),
        ({"aud": PUBLIC + "/cds-services/two"}, "audience"),
        ({"aud": []}, "audience"),
        ({"aud": None}, "audience"),
        ({"aud": 7}, "claims"),
        ({"iss": "https://records.example"}, "issuer"),
        ({"iss": ISSUER + "/"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"exp": None}, "no times"),
        ({"iat": None}, "no times"),
        ({"exp": "soon"}, "claims"),
        ({"exp": True}, "claims"),
        ({"jti": None}, "no jti"),
        ({"jti": ""}, "no jti"),
        ({"jti": "j" * 300}, "no jti"),
        ({"jti": 5}, "claims"),
        ({"tenant": {}}, "claims"),
    ],
)
def test_claims(at: Desk, changed: dict[str, Any], reason: str) -> None:
    at.refused(EC.token(changed.get("aud", AUDIENCE), **{k: v for k, v in changed.items() if k != "aud"}), reason)


@pytest.mark.parametrize(
    ("issued", "lives", "reason"),
    [
        (-400, 400 - LEEWAY - 2, "expired"),
        (LEEWAY + 5, 60, "future"),
        (0, LONGEST + LEEWAY + 5, "lifetime"),
        (0, 1e300, "lifetime"),
        (10, -5, "lifetime"),
        (10, 0, "lifetime"),
        (-300, 300 - LEEWAY + 5, None),
        (LEEWAY - 5, 60, None),
        (0, LONGEST, None),
        (0.5, 100.25, None),
    ],
)
def test_times(at: Desk, issued: float, lives: float, reason: str | None) -> None:
    now = time.time() // 1
    token = EC.token(AUDIENCE, iat=now + issued, exp=now + issued + lives)
    if reason is None:
        assert at.call(token).status_code == 200
    else:
        at.refused(token, reason)


def test_numbers_and_texts_that_python_reads_and_json_has_not(at: Desk) -> None:
    now = int(time.time())
    for payload in (
        f'{{"iss":"{ISSUER}","aud":"{AUDIENCE}","iat":{now},"exp":Infinity,"jti":"a"}}',
        f'{{"iss":"{ISSUER}","aud":"{AUDIENCE}","iat":{now},"exp":NaN,"jti":"a"}}',
        f'{{"iss":"{ISSUER}","aud":"{AUDIENCE}","iat":{now},"exp":1{"0" * 400},"jti":"a"}}',
        f'{{"iss":"{ISSUER}","aud":"{AUDIENCE}","iat":{now},"exp":{now + 60},"jti":"\\ud800"}}',
        f'{{"iss":"{ISSUER}","a":{"[" * 3000}{"]" * 3000}}}',
        f'{{"iss":["{ISSUER}"],"aud":"{AUDIENCE}"}}',
        "[]",
        "0",
    ):
        token = _compact(EC, {"alg": "ES384", "kid": "ec", "typ": "JWT"}, payload.encode())
        answer = at.call(token)
        assert (answer.status_code, answer.content) == (401, b""), payload[:200]


def test_the_presented_token(at: Desk) -> None:
    token = EC.token(AUDIENCE)
    at.refused(None, "no token")
    at.refused(None, "malformed", headers={"authorization": "Basic dTpw"})
    at.refused(None, "malformed", headers={"authorization": "Bearer"})
    at.refused(None, "malformed", headers={"authorization": f"Bearer {token} {token}"})
    at.refused(None, "malformed", headers=[("authorization", f"Bearer {token}"), ("authorization", f"Bearer {token}")])
    at.refused("a.b", "malformed")
    at.refused(token + ".x", "malformed")
    at.refused("é".encode().hex() + "." + "%%" + ".x", "malformed")
    at.refused("A" * 5000 + "." + "A" * 5000 + ".A", "oversized")
    at.refused(EC.token(AUDIENCE, filler="x" * 9000), "oversized")
    assert at.call(None, headers={"authorization": f"bearer {token}"}).status_code == 200


def test_none_and_symmetric(at: Desk) -> None:
    claims = _claims()
    for alg in ("none", "None", "NONE", ""):
        bare = _b64({"alg": alg, "typ": "JWT", "kid": "rsa"}) + "." + _b64(claims) + "."
        at.refused(bare, "malformed")
        at.refused(bare + _text(b"signature"), "algorithm")
    for public in (
        RSA.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        RSA.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        msgspec.json.encode(RSA.jwk()),
    ):
        for alg in ("HS256", "HS384", "HS512"):
            at.refused(_symmetric(public, {"alg": alg, "typ": "JWT", "kid": "rsa"}, claims), "algorithm")
    assert read_keys(msgspec.json.encode({"keys": [{"kty": "oct", "k": _text(b"secret" * 8), "kid": "s"}]})) == {}


def test_key_confusion(at: Desk) -> None:
    at.refused(RSA.token(AUDIENCE, header={"kid": "ec"}), "algorithm")
    at.refused(EC.token(AUDIENCE, header={"kid": "rsa"}), "algorithm")
    at.refused(Signer("ES256").token(AUDIENCE, header={"kid": "ec"}), "algorithm")
    at.refused(EDWARDS.token(AUDIENCE, header={"kid": "rsa"}), "algorithm")
    at.refused(Signer("RS384").token(AUDIENCE, header={"kid": "rsa"}), "signature")
    at.refused(_compact(EC, {"alg": "ES384", "typ": "JWT"}, _claims()), "key")
    own = Signer("ES384", "ec")
    at.refused(own.token(AUDIENCE, header={"jwk": own.jwk()}), "signature")  # a key that the token brings itself
    at.refused(EC.token(AUDIENCE, header={"typ": "JOSE"}), "type")
    at.refused(_compact(EC, {"alg": "ES384", "kid": "ec"}, _claims()), "type")
    at.refused(_compact(EC, {"alg": "ES384", "kid": "ec", "typ": "JWT", "crit": ["b64"], "b64": False}, _claims()), "extension")  # fmt: skip
    whole = EC.token(AUDIENCE)
    head, payload, signature = whole.split(".")
    at.refused(".".join((head, _b64({**json.loads(_unb64(payload)), "tenant": "x"}), signature)), "signature")


def test_jku_elsewhere(at: Desk) -> None:
    with key_sets(EC.jwk()) as elsewhere:
        at.refused(EC.token(AUDIENCE, header={"jku": elsewhere.url}), "jku")
        at.refused(EC.token(AUDIENCE, header={"jku": at.keys.url + "?"}), "jku")
        at.refused(EC.token(AUDIENCE, header={"kid": "new", "jku": elsewhere.url, "x5u": elsewhere.url}), "jku")
        assert elsewhere.asked == 0


def test_a_flood_of_unknown_kids_asks_once(at: Desk) -> None:
    assert at.call(EC.token(AUDIENCE)).status_code == 200

    _, rest = EC.token(AUDIENCE).split(".", 1)  # nobody looks at a signature before there is a key
    flood = [_b64({"alg": "ES384", "typ": "JWT", "kid": f"unknown {n}"}) + "." + rest for n in range(1000)]

    def presented(tokens: list[str]) -> set[int]:
        line = http.client.HTTPConnection(at.url.removeprefix("http://"))
        statuses = set()
        for token in tokens:
            line.request("POST", PATH, b"", {"authorization": f"Bearer {token}"})
            answer = line.getresponse()
            answer.read()
            statuses.add(answer.status)
        line.close()
        return statuses

    with ThreadPoolExecutor(4) as threads:
        assert set().union(*threads.map(presented, [flood[n::4] for n in range(4)])) == {401}
    assert at.keys.asked == 1  # the window began with the first fetch
    assert at.count("key") == 1000


@pytest.mark.parametrize(
    ("mood", "result"),
    [
        ("down", "refused"),
        ("huge", "huge"),
        ("redirects", "redirected"),
        ("packed", "packed"),
        ("babble", "no key set"),
        ("slow", "slow"),
    ],
)
def test_a_key_set_server_that_fails(mood: str, result: str, at: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relaxant.service.tokens.ring._SECONDS", 0.5)
    at.keys.mood = mood
    at.refused(EC.token(AUDIENCE), "no keys")
    at.refused(EC.token(AUDIENCE), "no keys")
    assert at.keys.asked == 1
    assert at.house.measured.key_fetches.labels("records", result)._value.get() == 1


def test_old_keys_stay_when_a_refresh_fails() -> None:
    async def played(sets: KeySets) -> None:
        now = [0.0]
        ring = Ring("records", Measured(), url=sets.url, clock=lambda: now[0])
        assert await ring.key("ec") is not None
        sets.mood = "down"
        now[0] += COOL_DOWN + 1
        assert await ring.key("rsa") is None
        assert await ring.key("ec") is not None
        assert sets.asked == 2
        sets.mood, sets.keys = "well", [RSA.jwk()]
        assert await ring.key("rsa") is None  # within the window
        now[0] += COOL_DOWN + 1
        found = await asyncio.gather(*(ring.key(kid) for kid in ["rsa", "what"] * 50))
        assert sets.asked == 3 and sum(key is not None for key in found) == 50
        assert await ring.key("ec") is None  # taken back by its owner
        sets.keys = []
        now[0] += 700
        assert await ring.key("rsa") is not None  # served at once, looked after beside it
        while sets.asked < 4 or not ring.empty:
            await asyncio.sleep(0.01)

    with key_sets(EC.jwk()) as sets:
        asyncio.run(played(sets))


def test_a_server_that_was_down_is_asked_again_sooner_while_there_is_no_key() -> None:
    async def played(sets: KeySets) -> None:
        now = [0.0]
        ring = Ring("records", Measured(), url=sets.url, clock=lambda: now[0])
        sets.mood = "down"
        assert await ring.key("ec") is None
        sets.mood = "well"
        now[0] += WITHOUT + 1
        assert await ring.key("ec") is not None

    with key_sets(EC.jwk()) as sets:
        asyncio.run(played(sets))


def test_one_who_goes_away_ends_the_fetch_for_nobody_else() -> None:
    async def played(sets: KeySets) -> None:
        ring = Ring("records", Measured(), url=sets.url)
        first, second = asyncio.create_task(ring.key("ec")), asyncio.create_task(ring.key("ec"))
        await asyncio.sleep(0)
        first.cancel()
        assert await second is not None and sets.asked == 1

    with key_sets(EC.jwk()) as sets:
        asyncio.run(played(sets))


def test_keys_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_bytes(msgspec.json.encode({"keys": [EC.jwk()]}))
    ring = Ring("records", Measured(), file=str(file))
    assert asyncio.run(ring.key("ec")) is not None
    gone = Ring("records", Measured(), file=str(tmp_path / "none"))
    assert asyncio.run(gone.key("ec")) is None


def test_keys_that_are_not_used() -> None:
    short = Signer("RS256", "short", bits=1024)
    for key in (
        short.jwk(),
        EC.jwk(use="enc"),
        EC.jwk(key_ops=["sign"]),
        EC.jwk(kid=7),
        EC.jwk(kid=None),
        EC.jwk(alg="RS384"),
        EC.jwk(alg="HS256"),
        EC.jwk(crv="secp256k1"),
        EC.jwk(crv=["P-384"]),
        EC.jwk(x="AAAA"),
        EC.jwk(x=7),
        EC.jwk(d="AAAA"),
        RSA.jwk(n=""),
        {"kty": "RSA", "kid": "x"},
        {},
        "key",
    ):
        assert read_keys(msgspec.json.encode({"keys": [key]})) == {}, key
    assert read_keys(msgspec.json.encode({"keys": [EC.jwk(), RSA.jwk(kid="ec")]})) == {}  # one name, two keys
    assert read_keys(msgspec.json.encode({"keys": [RSA.jwk(alg="PS256")]}))["rsa"].algorithms == ("PS256",)
    for data in (
        b"",
        b"[]",
        b"{}",
        b'{"keys": {}}',
        b"[" * 9000,
        b"\xff",
        msgspec.json.encode({"keys": [EC.jwk()] * 101}),
    ):
        with pytest.raises(ValueError, match="no key set"):
            read_keys(data)


def test_without_issuers(tmp_path: Path, knowledge: Knowledge) -> None:
    with desk(tmp_path, knowledge, issuers=(), public_url=None) as own:
        assert own.call(None).text == "loopback None"
    with desk(tmp_path, knowledge, issuers=()) as own:  # a proxy with a public name stands before it
        own.refused(None, "nobody", headers={"host": "relaxant.hospital.example"})
    assert unguarded(Settings()) and unguarded(Settings(public_url="http://localhost:80"))
    assert not unguarded(Settings(public_url=PUBLIC)) and unguarded(Settings(host="0.0.0.0", unauthenticated=True))
    with pytest.raises(Exception, match="issuers"):
        read_settings(None, {}, {"host": "0.0.0.0"})


def present(folder: str, url: str, tokens: list[str]) -> list[int]:
    """The statuses that a service of another process, over the same database, gives to the tokens."""
    from relaxant.knowledge.load import load_knowledge

    settings = Settings(
        folder=folder, public_url=PUBLIC, issuers=(Issuer(issuer=ISSUER, name="records", key_set=url),), rate=0
    )
    house = House(settings=settings, knowledge=load_knowledge(), store=open_store(settings), measured=Measured())

    async def one(token: str) -> int:
        scope = {"type": "http", "path": PATH, "headers": [(b"authorization", f"Bearer {token}".encode())], "state": {}}
        try:
            await caller(Request(scope), house)
        except Exception as error:
            return int(getattr(error, "status", 500))
        return 200

    async def every() -> list[int]:
        return list(await asyncio.gather(*(one(token) for token in tokens)))

    try:
        return asyncio.run(every())
    finally:
        house.store.close()


def test_of_two_processes_one_wins(tmp_path: Path) -> None:
    with key_sets(EC.jwk()) as sets:
        present(str(tmp_path), sets.url, [])  # the tables are there
        tokens = [EC.token(AUDIENCE) for _ in range(60)]
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            runs = [pool.apply_async(present, (str(tmp_path), sets.url, tokens)) for _ in range(2)]
            first, second = (run.get(120) for run in runs)
    assert all(sorted(pair) == [200, 401] for pair in zip(first, second, strict=True))


def _claims() -> dict[str, Any]:
    now = int(time.time())
    return {"iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + 200, "jti": "x"}


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _b64(plain: Any) -> str:
    return _text(msgspec.json.encode(plain))


def _unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _compact(signer: Signer, header: dict[str, Any], payload: Any) -> str:
    """A token signed by hand, for what a library would not write."""
    import jwt

    body = payload if isinstance(payload, bytes) else msgspec.json.encode(payload)
    first = f"{_b64(header)}.{_text(body)}"
    signature = jwt.get_algorithm_by_name(signer.algorithm).sign(first.encode(), signer.private)
    return f"{first}.{_text(signature)}"


def _symmetric(secret: bytes, header: dict[str, Any], claims: dict[str, Any]) -> str:
    import hashlib
    import hmac

    first = f"{_b64(header)}.{_b64(claims)}"
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[header["alg"]]
    return f"{first}.{_text(hmac.new(secret, first.encode(), digest).digest())}"
