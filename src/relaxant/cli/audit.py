"""``relaxant audit``: what a service recorded, looked at and verified; a person forgotten."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import BinaryIO

from sqlalchemy.exc import SQLAlchemyError

from relaxant.errors import InputError
from relaxant.plain import as_json
from relaxant.service.audit.counts import RuleCount, count_rules
from relaxant.service.audit.export import export
from relaxant.service.audit.people import erase
from relaxant.service.audit.verify import Verdict, head, verify
from relaxant.service.settings import Settings, read_settings
from relaxant.service.store.away import Away
from relaxant.service.store.secret import read_secret
from relaxant.service.store.store import Store, open_kept

_ONLY = {
    "head": "verify",
    "number": "verify",
    "first": "export",
    "last": "export",
    "issuer": "erase",
    "patient": "erase",
}


def run(options: argparse.Namespace, environment: Mapping[str, str], out: BinaryIO) -> int:
    """Writes what was asked for and gives the exit status: 1 where the audit is broken. Raises :class:`InputError` where it cannot be looked at."""
    for name, action in _ONLY.items():
        if getattr(options, name) is not None and options.action != action:
            raise InputError(f"--{ {'first': 'from', 'last': 'until'}.get(name, name)}", options.action, f"it belongs to `relaxant audit {action}`", "leave it out")  # fmt: skip
    settings = read_settings(options.config, environment, {"database": options.database})
    store = open_kept(settings)
    try:
        return _done(options, settings, store, out)
    except (Away, SQLAlchemyError) as error:
        raise InputError("database", type(error).__name__, "it could not be read to the end", "look whether it is there and whole; a damaged one comes back from its copy") from None  # fmt: skip
    finally:
        store.close()


def _done(options: argparse.Namespace, settings: Settings, store: Store, out: BinaryIO) -> int:
    if options.action == "verify":
        verdict = verify(store, held=_hash(options), number=options.number)
        out.write(_json(_plain(verdict)) if options.format == "json" else _verdict_text(verdict, options).encode())
        return 0 if verdict.sound else 1
    if options.action == "head":
        number, hashed = head(store)
        out.write(
            _json({"number": number, "hash": hashed.hex()})
            if options.format == "json"
            else f"{number} {hashed.hex()}\n".encode()
        )
    elif options.action == "export":
        for line in export(store, options.first, options.last):
            out.write(line)
    elif options.action == "counts":
        counts = count_rules(store)
        out.write(_json(counts) if options.format == "json" else _counts_text(counts).encode())
    else:
        _erase(options, settings, store)
    return 0


def _erase(options: argparse.Namespace, settings: Settings, store: Store) -> None:
    if options.issuer is None:
        raise InputError("--issuer", "nothing", "a record number belongs to somebody's records", "give the name that the service's settings have for the issuer")  # fmt: skip
    patient = options.patient
    if patient in (None, "-"):
        patient = sys.stdin.readline().rstrip("\r\n")
    if not patient:
        raise InputError(
            "--patient", "nothing", "nobody is named", "give the record number as a line of standard input"
        )
    done = erase(store, read_secret(settings), options.issuer, patient)
    print(f"relaxant: {'erased' if done.known else 'nobody is known by this record number; nothing was changed'}", file=sys.stderr)  # fmt: skip
    if not done.cleared:
        print("relaxant: the database could not overwrite yet what was deleted, for somebody reads an older state of it (a copy that is being made?) or has locked it; give the same command once more when that has ended", file=sys.stderr)  # fmt: skip


def _hash(options: argparse.Namespace) -> bytes | None:
    if options.head is None:
        if options.number is not None:
            raise InputError("--number", options.number, "a number alone proves nothing", "give the hash with --head")
        return None
    try:
        held = bytes.fromhex(options.head)
    except ValueError:
        held = b""
    if len(held) != 32:
        raise InputError(
            "--head", options.head, "this is no head", "give the 64 figures that `relaxant audit head` printed"
        )
    return held


def _plain(verdict: Verdict) -> dict[str, object]:
    return {
        "sound": verdict.sound,
        "number": verdict.number,
        "hash": verdict.hash.hex(),
        "broken": verdict.broken,
        "held": verdict.held,
    }


def _verdict_text(verdict: Verdict, options: argparse.Namespace) -> str:
    lines = []
    if verdict.broken is not None:
        lines.append(f"BROKEN at row {verdict.broken.number}: {verdict.broken.what}.")
        lines.append(f"Rows before it that stand: {verdict.number}.")
    else:
        lines.append(f"The chain is whole: {verdict.number} rows, head {verdict.hash.hex()}.")
    if verdict.held:
        lines.append("The head that was held elsewhere is in it: nothing up to it was changed or cut off.")
    elif verdict.held is False:
        where = "is not in it" if options.number is None else f"is not that of row {options.number}"
        lines.append(f"BROKEN: the head that was held elsewhere {where}: rows up to it were changed or cut off.")
    return "\n".join(lines) + "\n"


def _counts_text(counts: tuple[RuleCount, ...]) -> str:
    if not counts:
        return "No card was shown yet.\n"
    wide = max(len("rule"), *(len(one.rule) for one in counts))
    lines = [
        f"{'rule':<{wide}}  {'shown':>7}  {'accepted':>8}  {'overridden':>10}  {'unanswered':>10}  reasons of overrides"
    ]
    for one in counts:
        reasons = ", ".join(f"{reason} {number}" for reason, number in one.reasons.items())
        lines.append(f"{one.rule:<{wide}}  {one.shown:>7}  {one.accepted:>8}  {one.overridden:>10}  {one.unanswered:>10}  {reasons}".rstrip())  # fmt: skip
    return "\n".join(lines) + "\n"


def _json(plain: object) -> bytes:
    return as_json(plain)
