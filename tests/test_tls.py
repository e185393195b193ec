"""TLS that the process itself speaks, with a certificate made here."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import socket
import ssl
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from relaxant.cli.main import main
from relaxant.errors import InputError
from relaxant.service.line import HEAD_SECONDS
from relaxant.service.settings import Settings, read_settings
from relaxant.service.tls import check_certificate
from serving import free_port, served
from signing import Signer


def made(folder: Path, name: str = "own", password: bytes | None = None) -> dict[str, str]:
    """A certificate for 127.0.0.1 that is its own authority, and its key, as settings."""
    key = ec.generate_private_key(ec.SECP256R1())
    who, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relaxant test")]), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number(), now - timedelta(hours=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    files = folder / f"{name}.crt", folder / f"{name}.key"
    locked = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked))
    return {"certificate": str(files[0]), "key": str(files[1])}


def test_every_exchange_of_the_cds_service_is_over_tls(tmp_path: Path) -> None:
    """A signed call, a refused one, discovery and a page go over TLS of today; without it nothing is answered."""
    tls, port, signer = made(tmp_path), free_port(), Signer("ES256", "k1")
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [signer.jwk()]}))
    url = f"https://127.0.0.1:{port}"
    issuer = {"issuer": "https://ehr.example", "name": "ehr", "keys": str(tmp_path / "keys.json")}
    with served(tmp_path / "service", port=port, public_url=url, issuers=[issuer], **tls) as own:
        assert own.url == url and f"relaxant: {url}/" in own.log()
        trusting = ssl.create_default_context(cafile=tls["certificate"])
        with httpx.Client(base_url=url, verify=trusting, trust_env=False, timeout=60) as client:
            found = client.get("/cds-services")
            assert found.status_code == 200 and found.headers["strict-transport-security"].startswith("max-age=")
            call = "/cds-services/relaxant-patient"
            assert client.post(call, json={}).status_code == 401
            token = signer.token(url + call, iss="https://ehr.example")
            signed = client.post(call, json={}, headers={"authorization": f"Bearer {token}"})
            assert signed.status_code == 400  # believed; the body is no call
        with pytest.raises(httpx.ConnectError):  # who does not know the certificate is told so by TLS
            httpx.get(url + "/health", trust_env=False)
        with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
            line.sendall(b"GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
            heard = b""
            with contextlib.suppress(ConnectionResetError):
                heard = line.recv(4096)
            assert b"HTTP/" not in heard and b"ok" not in heard
        old = ssl.create_default_context(cafile=tls["certificate"])
        with pytest.warns(DeprecationWarning, match="deprecated"):
            old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        old.set_ciphers("ALL:@SECLEVEL=0")
        with socket.create_connection(("127.0.0.1", port), timeout=10) as line, pytest.raises((ssl.SSLError, OSError)):
            old.wrap_socket(line, server_hostname="127.0.0.1")
        assert own.stop() == 0


def test_a_handshake_that_never_comes(tmp_path: Path) -> None:
    with served(tmp_path, **made(tmp_path)) as own, socket.create_connection(("127.0.0.1", own.port)) as line:
        begun = time.monotonic()
        line.settimeout(40)
        with contextlib.suppress(ConnectionResetError):
            assert line.recv(1) == b""
        assert time.monotonic() - begun < HEAD_SECONDS + 10


def test_with_issuers_an_address_without_tls_is_refused() -> None:
    """CDS Hooks: all data are exchanged over TLS. This machine's own address is let pass, for tests and for a proxy beside the service."""
    issuer = {"issuer": "https://ehr.example", "name": "ehr", "key_set": "https://ehr.example/keys"}
    for url in ("http://relaxant.hospital.example", "http://10.0.0.4:8642", "ftp://relaxant.hospital.example"):
        with pytest.raises(InputError, match=r"public_url.*https alone"):
            read_settings(None, {}, {"issuers": [issuer], "public_url": url})
    for url in ("https://relaxant.hospital.example", "http://127.0.0.1:8642", "http://localhost"):
        assert read_settings(None, {}, {"issuers": [issuer], "public_url": url}).public_url == url
    assert read_settings(None, {}, {"public_url": "http://ward.example"}).issuers == ()


def test_both_or_neither(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    own, other = made(tmp_path), made(tmp_path, "other")
    assert Settings().base == "http://127.0.0.1:8642" and Settings(**own).base == "https://127.0.0.1:8642"
    check_certificate(Settings())
    check_certificate(Settings(**own))
    for name in own:
        with pytest.raises(InputError, match=r"TLS needs both") as raised:
            read_settings(None, {}, {name: own[name]})
        assert raised.value.field in own and raised.value.field != name
    locked = made(tmp_path, "locked", b"secret")
    (tmp_path / "der").write_bytes(b"\x30\x82\x01\x0a")
    (tmp_path / "broken").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    cases: list[tuple[dict[str, Any], str]] = [
        ({"certificate": str(tmp_path / "missing"), "key": own["key"]}, "certificate.*cannot be read"),
        ({"certificate": own["certificate"], "key": str(tmp_path)}, "key.*cannot be read"),
        ({"certificate": str(tmp_path / "der"), "key": own["key"]}, "certificate.*not PEM"),
        ({"certificate": str(tmp_path / "broken"), "key": own["key"]}, "no certificate and its key"),
        ({"certificate": own["certificate"], "key": other["key"]}, "no certificate and its key"),
        ({"certificate": own["key"], "key": own["certificate"]}, "no certificate and its key"),
        (locked, "locked by a password"),
    ]
    for given, words in cases:
        with pytest.raises(InputError, match=words):
            check_certificate(Settings(**given))
    monkeypatch.setenv("RELAXANT_SERVE_CERTIFICATE", own["certificate"])
    monkeypatch.setenv("RELAXANT_SERVE_KEY", other["key"])
    monkeypatch.setenv("RELAXANT_SERVE_FOLDER", str(tmp_path))
    assert main(["serve"]) == 2  # said in one sentence, before anything listens or is made
    said = capsys.readouterr().err
    assert (
        "no certificate and its key" in said
        and "Traceback" not in said
        and not (tmp_path / "relaxant.sqlite3").exists()
    )
