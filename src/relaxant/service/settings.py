"""How a service is run: from a TOML file, then the environment, then the command line; each later one wins."""

from __future__ import annotations

import ipaddress
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from relaxant.errors import InputError

PREFIX = "RELAXANT_SERVE_"
ROLES = ("prescriber", "pharmacist", "nurse")
_MIB = 1024 * 1024
_DOCUMENTED = "docs/service/settings.md"


class Issuer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may call the CDS service. ``issuer``: the exact ``iss`` of its tokens. Its public keys come from ``key_set``, a URL, or from the file
    ``keys``; one of the two. ``name`` stands in metrics and audit."""

    issuer: str
    name: str
    key_set: str | None = None
    keys: str | None = None


class Login(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sign-in by OpenID Connect. ``roles``: what a value of the claim ``role_claim`` makes of somebody."""

    issuer: str
    client: str
    secret_file: str | None = None
    role_claim: str = "roles"
    roles: dict[str, str] = {}


class Smart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A record system that may launch the review page by SMART on FHIR: its FHIR base URL and the client that it knows relaxant by. ``role``: what
    somebody is here whom it lets launch."""

    fhir: str
    client: str
    secret_file: str | None = None
    role: str = "prescriber"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that can be set. Sizes in MiB, times in seconds.

    ``public_url``: what callers write before the path; tokens are made out to it, so with ``issuers`` it must be said. ``database``: an SQLAlchemy URL;
    left out, an SQLite file in ``folder``. ``origins``: whose pages may call the CDS service from a browser. ``fhir_servers``: which the service may
    ask for what a prefetch lacks. ``proxies``: from whom forwarded addresses are believed. ``certificate``, ``key``: files with which the process itself speaks TLS. ``unauthenticated``: answer beyond loopback without
    issuers; whoever sets it is logged at every start. ``call``: whom a patient calls, shown beside red flags. ``rate``: calls a minute of one client; 0: no limit.
    ``secret_file``: the secret that pseudonyms are made with; left out, a file beside the database.
    """

    host: str = "127.0.0.1"
    port: int = 8642
    workers: int = 1
    public_url: str | None = None
    folder: str | None = None
    database: str | None = None
    issuers: tuple[Issuer, ...] = ()
    login: Login | None = None
    smart: tuple[Smart, ...] = ()
    origins: tuple[str, ...] = ()
    fhir_servers: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    packs: tuple[str, ...] = ()
    certificate: str | None = None
    key: str | None = None
    country: str = "US"
    call: str | None = None
    unauthenticated: bool = False
    most_body: float = 10
    most_entries: int = 5000
    most_depth: int = 64
    body_seconds: float = 10
    answer_seconds: float = 30
    rate: int = 6000
    link_days: int = 90
    secret_file: str | None = None

    @property
    def most_bytes(self) -> int:
        return int(self.most_body * _MIB)

    @property
    def base(self) -> str:
        """What callers write before the path, without a slash at the end."""
        return (self.public_url or self.address).rstrip("/")

    @property
    def address(self) -> str:
        """Where the process itself listens."""
        return f"{'http' if self.certificate is None else 'https'}://{_bracketed(self.host)}:{self.port}"

    @property
    def place(self) -> Path:
        """The folder of the database and of the keys."""
        if self.folder is not None:
            return Path(self.folder)
        state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
        return Path(state) / "relaxant"

    @property
    def url(self) -> str:
        """The database's URL."""
        return self.database or f"sqlite:///{self.place / 'relaxant.sqlite3'}"


def read_settings(file: str | None, environment: Mapping[str, str], given: Mapping[str, Any]) -> Settings:
    """The settings of a ``file`` (TOML), an ``environment`` (``RELAXANT_SERVE_PORT=8080``; lists parted by spaces, tables as JSON) and the command
    line's ``given``. Raises :class:`InputError` naming the field."""
    said: dict[str, Any] = _from_file(file) if file is not None else {}
    kinds = {field.name: field for field in msgspec.structs.fields(Settings)}
    for name, text in environment.items():
        if not name.startswith(PREFIX):
            continue
        field = name.removeprefix(PREFIX).lower()
        if field not in kinds:
            raise InputError(name, text, "there is no such setting", f"one of {', '.join(kinds)}; see {_DOCUMENTED}")
        said[field] = _from_text(name, field, text)
    said.update({name: value for name, value in given.items() if value is not None})
    try:
        settings = msgspec.convert(said, Settings, strict=False)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at ")
        raise InputError(where.strip("`").replace("$.", "") or "settings", "", what, f"see {_DOCUMENTED}") from None
    try:
        _check(settings)
    except InputError as error:
        raise InputError(error.field, error.came, error.why, f"{error.would_do}; see {_DOCUMENTED}") from None
    return settings


def loopback(host: str) -> bool:
    """Whether an address is this machine's own, which nothing outside reaches.

    >>> loopback("127.0.0.1"), loopback("localhost"), loopback("0.0.0.0"), loopback("10.0.0.4")
    (True, True, False, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def secure(url: str) -> bool:
    """Whether a URL may be asked: https, or http to this machine itself, for tests and for a proxy beside it.

    >>> secure("https://keys.example/set"), secure("http://keys.example/set"), secure("http://127.0.0.1:9/set"), secure("file:///etc/passwd")
    (True, False, True, False)
    """
    scheme, host = _parted(url)
    return bool(host) and (scheme == "https" or (scheme == "http" and loopback(host)))


def _parted(url: str) -> tuple[str, str]:
    """Scheme and host of a web address; both empty where it is none."""
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname or ""
    except ValueError:  # such as a bracket that is not closed
        return "", ""


def _is_web(url: str) -> bool:
    scheme, host = _parted(url)
    return scheme in ("http", "https") and bool(host)


def _check(settings: Settings) -> None:
    if not 0 <= settings.port <= 65535:
        raise InputError("port", settings.port, "a port is a number from 0 to 65535", "such as 8642")
    if settings.workers < 1:
        raise InputError("workers", settings.workers, "somebody has to work", "1 or more")
    for issuer in settings.issuers:
        if (issuer.key_set is None) == (issuer.keys is None):
            raise InputError(
                f"issuers, {issuer.name}",
                issuer.key_set or "nothing",
                "its keys come from one place",
                "give key_set, a URL, or keys, a file",
            )
        if issuer.key_set is not None and not secure(issuer.key_set):
            raise InputError(
                f"issuers, {issuer.name}, key_set",
                issuer.key_set,
                "keys are fetched over https",
                "a URL that begins with https://",
            )
    if settings.issuers and settings.public_url is None:
        raise InputError(
            "public_url",
            "nothing",
            "tokens are made out to the address that callers use",
            "such as https://relaxant.hospital.example",
        )
    if (settings.certificate is None) != (settings.key is None):
        field, other = ("key", "certificate") if settings.key is None else ("certificate", "key")
        raise InputError(field, "nothing", f"TLS needs both, and {other} is set", f"give {field} as well, or neither")
    if settings.issuers and settings.public_url is not None and not secure(settings.public_url):
        raise InputError(
            "public_url",
            settings.public_url,
            "CDS Hooks goes over https alone (https://cds-hooks.hl7.org/2.0/#security-and-safety), and tokens are made out to this address",
            "an address that begins with https://: set certificate and key, or put a proxy before the service that ends TLS",
        )
    if settings.public_url is not None and not _is_web(settings.public_url):
        raise InputError(
            "public_url", settings.public_url, "this is no web address", "such as https://relaxant.hospital.example"
        )
    if not loopback(settings.host) and not settings.issuers and not settings.unauthenticated:
        raise InputError("host", settings.host, "beyond this machine nobody is answered without issuers", "name issuers, or set unauthenticated, which is logged at every start")  # fmt: skip
    if settings.login is not None and not secure(settings.login.issuer):
        raise InputError(
            "login, issuer", settings.login.issuer, "people sign in over https", "a URL that begins with https://"
        )
    for role in (
        *(settings.login.roles.values() if settings.login else ()),
        *(records.role for records in settings.smart),
    ):
        if role not in ROLES:
            raise InputError("roles", role, "there is no such role", f"one of {', '.join(ROLES)}")
    for records in settings.smart:
        if not secure(records.fhir):
            raise InputError(
                "smart, fhir", records.fhir, "a record system is asked over https", "a URL that begins with https://"
            )


def _from_file(file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(Path(file).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            "--config", file, f"it cannot be read ({error.strerror})", "give the path of a TOML file"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError("--config", file, f"it is not TOML: {error}", f"see {_DOCUMENTED}") from None


def _from_text(name: str, field: str, text: str) -> Any:
    if field in ("issuers", "login", "smart"):
        try:
            return msgspec.json.decode(text)
        except msgspec.DecodeError as error:
            raise InputError(name, "text that is not JSON", str(error), "a table as JSON") from None
    return text.split() if field in ("origins", "fhir_servers", "proxies", "packs") else text


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
