"""``relaxant respond``: is it working, by a diary."""

from __future__ import annotations

import argparse
from datetime import date

import msgspec

from relaxant.cli.days import day_asked
from relaxant.diary import Diary
from relaxant.errors import InputError
from relaxant.facts.conditions import condition_ids, implied_by
from relaxant.io.diary_csv import read_diary
from relaxant.io.patient_file import read_country
from relaxant.io.read import read_bytes
from relaxant.knowledge.load import Knowledge
from relaxant.patient import Stated
from relaxant.plain import as_json
from relaxant.report.reference.scale_pages import scale_page, scales_named, scales_text
from relaxant.report.responses import render_response
from relaxant.responding import answer


def run(
    options: argparse.Namespace,
    data: bytes,
    patient: bytes | None,
    name: str,
    knowledge: Knowledge,
    today: date,
    *,
    colour: bool,
    encoding: str,
) -> bytes:
    """The answer in the format asked for; ``name`` is that of the patient's file. Raises :class:`InputError` naming the option, or the row and column of the diary."""
    diary = read_diary(data, knowledge, today=today, columns=_columns(options.column))
    diary = _between(diary, options.begin, options.until)
    known = None if patient is None else read_bytes(patient, knowledge, today=today, name=name)
    response = answer(
        msgspec.structs.replace(diary, label=options.label),
        known,
        knowledge,
        country=read_country(options.country),
        conditions=_conditions(options.condition, knowledge),
        randomised=options.randomised,
        blinded=options.blinded,
    )
    return render_response(response, options.format, knowledge=knowledge, colour=colour, encoding=encoding)


def scales(name: str, format: str, knowledge: Knowledge) -> bytes:
    """Every scale, or those of a name, as text or JSON. Raises :class:`InputError` for a name or format that is none."""
    if format not in ("text", "json"):
        raise InputError("--format", format, "scales have no such format", "use text or json")
    if format == "json":
        found = scales_named(name, knowledge) if name else list(knowledge.responses.scales.values())
        return as_json(found)
    return scales_text(scale_page(knowledge, name or None), knowledge).encode()


def _columns(said: list[str]) -> dict[str, str]:
    out = {}
    for one in said:
        ours, mark, theirs = one.partition("=")
        if not mark or not ours.strip() or not theirs.strip():
            raise InputError("--column", one, "it gives our name and that of the diary", "write it such as --column spasms=Krampanfälle")  # fmt: skip
        out[ours.strip()] = theirs.strip()
    return out


def _between(diary: Diary, begin: str | None, until: str | None) -> Diary:
    """The days between two; at least one must be left."""
    first = day_asked("--from", begin) or diary.first
    last = day_asked("--until", until) or diary.last
    entries = tuple(e for e in diary.entries if (first or e.day) <= e.day <= (last or e.day))
    if not entries:
        named, said = ("--from", begin) if begin is not None else ("--until", until)
        raise InputError(
            named, said, "no day of the diary is left", f"the diary goes from {diary.first} to {diary.last}"
        )
    scales = tuple(s for s in diary.scales if any(s in e.scores for e in entries))
    return msgspec.structs.replace(diary, entries=entries, scales=scales)


def _conditions(said: list[str], knowledge: Knowledge) -> frozenset[str]:
    """Conditions by id. Raises :class:`InputError` for words that name none."""
    out: set[str] = set()
    for words in said:
        found = condition_ids(Stated(name=words), knowledge)
        if not found:
            raise InputError("--condition", words, "no condition is known by this name", "write it such as “multiple sclerosis” or “spinal cord injury”")  # fmt: skip
        out.update(found, *(implied_by(name, knowledge) for name in found))
    return frozenset(out)
