"""``relaxant cite``: the references that a saved result used."""

from __future__ import annotations

import argparse
import re
from typing import Any

import msgspec

from relaxant.citing.references import cite
from relaxant.errors import InputError
from relaxant.evidence.comparison import Comparison
from relaxant.knowledge.load import Knowledge
from relaxant.plain import decode_text, read_json
from relaxant.planning.plan import Plan
from relaxant.response.response import Response
from relaxant.reviewing import Review

_MADE_BY = "give the JSON that `relaxant review`, `compare`, `respond` or `taper` wrote with --format json"
_KINDS: tuple[tuple[type[Any], tuple[str, ...]], ...] = (
    (Review, ("stamp", "patient", "findings")),
    (Comparison, ("stamp", "profiles", "evidence")),
    (Response, ("readings", "stretches", "knowledge")),
    (Plan, ("kind", "policies", "steps")),
)
_AT = re.compile(r"(.*) - at `\$\.?(.*)`")


def run(options: argparse.Namespace, data: bytes, knowledge: Knowledge) -> bytes:
    """The references in the format asked for. Raises :class:`InputError` for a file that holds no result, or one of other knowledge."""
    found = cite(read_result(data, options.file), knowledge=knowledge)
    return (found.bibtex if options.format == "bibtex" else found.text).encode()


def read_result(data: bytes, name: str) -> Review | Comparison | Response | Plan:
    """A result from its JSON. Raises :class:`InputError` naming the field that no result has, or what the file is."""
    text = decode_text(data, name)
    plain = read_json(text, name) if text.lstrip().startswith("{") else None
    keys = () if plain is None else tuple(map(str, plain))
    kind = next((kind for kind, has in _KINDS if all(key in keys for key in has)), None)
    if kind is None:
        raise InputError(name, text.strip() if plain is None else ", ".join(keys) or "nothing", "this is no saved result", _MADE_BY)  # fmt: skip
    try:
        return msgspec.json.decode(data, type=kind)  # type: ignore[no-any-return]
    except msgspec.DecodeError as error:
        match = _AT.fullmatch(str(error))
        raise InputError(match[2] if match else name, match[1] if match else str(error), "no result has this here", _MADE_BY) from None  # fmt: skip
