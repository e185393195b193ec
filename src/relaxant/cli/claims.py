"""``relaxant check-claims``: an article read against the knowledge."""

from __future__ import annotations

import argparse

from relaxant.claims.check import check_claims
from relaxant.claims.text import report_text
from relaxant.errors import InputError
from relaxant.io.patient_file import read_country
from relaxant.knowledge.load import Knowledge
from relaxant.patient import jurisdiction_of
from relaxant.plain import as_json, decode_text
from relaxant.report.shown import clean


def run(options: argparse.Namespace, data: bytes, knowledge: Knowledge) -> bytes:
    """What the command prints. Raises :class:`InputError` naming the field."""
    if not data.strip():
        raise InputError("TEXTFILE", options.file, "there is no text in it", "give an article as plain text")
    text = decode_text(data, options.file)
    country = None if options.country is None else jurisdiction_of(read_country(options.country))
    report = check_claims("\n".join(clean(line) for line in text.splitlines()), knowledge, country)
    if options.format == "json":
        return as_json(report)
    return report_text(report, knowledge).encode()
