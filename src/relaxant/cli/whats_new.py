"""``relaxant whats-new``: what changed since a day, of every relaxant, of some, or of one person's."""

from __future__ import annotations

import argparse
from datetime import date

from relaxant.cli.days import day_asked, day_named
from relaxant.errors import InputError
from relaxant.io.read import read_bytes
from relaxant.knowledge.load import Knowledge
from relaxant.medicines.relaxants import agents_named
from relaxant.news import whats_new
from relaxant.plain import as_json
from relaxant.report.news import news_text


def run(
    options: argparse.Namespace, data: bytes | None, name: str, knowledge: Knowledge, today: date, *, encoding: str
) -> bytes:
    """What the command prints. ``data`` is the patient's file. Raises :class:`InputError` naming the option."""
    since, until = day_named("--since", options.since), day_asked("--until", options.until)
    for option, when in (("--since", since), ("--until", until)):
        if when is not None and when > today:
            raise InputError(option, str(when), "this day is still to come", f"give a day up to today, {today}")
    if until is not None and until < since:
        raise InputError("--until", options.until, f"it is before --since, {since}", "give that day or a later one")
    patient = None if data is None else read_bytes(data, knowledge, today=today, name=name)
    agents = [agent for said in options.agent for agent in agents_named(said, knowledge, "--agent")]
    new = whats_new(since, until=until, agents=agents, patient=patient, knowledge=knowledge)
    if options.format == "json":
        return as_json(new)
    return news_text(new, knowledge, encoding).encode(encoding)
