"""``relaxant compare``: two to four relaxants side by side."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import date

from relaxant.errors import InputError
from relaxant.evidence.comparison import compare
from relaxant.io.read import read_bytes
from relaxant.knowledge.load import Knowledge
from relaxant.report.compare.page import PARTS, part_named
from relaxant.report.comparisons import render_comparison


def run(
    options: argparse.Namespace,
    data: bytes | None,
    name: str,
    knowledge: Knowledge,
    today: date,
    *,
    colour: bool,
    encoding: str,
) -> bytes:
    """The comparison in the format asked for. ``data`` is the patient's file. Raises :class:`InputError` naming the field."""
    if data is None and options.as_of is not None:
        raise InputError("--as-of", options.as_of, "without a patient there is no day", "give --patient FILE too")
    parts = _parts(options.part)
    if options.part and options.format == "json":
        raise InputError(
            "--part",
            ", ".join(options.part),
            "JSON is the whole comparison",
            "leave --part out, or ask for text or html",
        )
    if data is None and "person" in parts:
        raise InputError("--part", "person", "without a patient nothing differs for anyone", "give --patient FILE too")
    patient = None
    if data is not None:
        patient = read_bytes(
            data, knowledge, today=today, name=name, considering=[], country=options.country, as_of=options.as_of
        )
    made = compare(options.agents, patient=patient, country=options.country, knowledge=knowledge)
    return render_comparison(
        made, options.format, knowledge=knowledge, colour=colour, encoding=encoding, parts=parts or PARTS
    )


def _parts(asked: Sequence[str]) -> tuple[str, ...]:
    """The parts that words mean. Raises :class:`InputError` for one that means none."""
    found = {name: part_named(name) for name in asked}
    unknown = next((name for name, part in found.items() if part is None), None)
    if unknown is not None:
        raise InputError("--part", unknown, "a comparison has no such part", f"give one of {', '.join(PARTS)}")
    return tuple(part for part in found.values() if part is not None)
