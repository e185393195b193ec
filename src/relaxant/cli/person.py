"""``relaxant cohort person``: one person of a registry as a patient file."""

from __future__ import annotations

import argparse
import sys
from datetime import date

import msgspec
import yaml

from relaxant.cli.days import day_asked
from relaxant.cohort.one_person import Opened, number_said, open_person
from relaxant.io.patient_file import read_country
from relaxant.knowledge.load import Knowledge
from relaxant.patient import to_file


def run(options: argparse.Namespace, knowledge: Knowledge, today: date) -> bytes:
    """The patient file as YAML; what was not used of the person is said on standard error. Raises :class:`InputError` naming the option or the table."""
    opened = open_person(
        options.source,
        number_said(options.person),
        knowledge,
        today=today,
        as_of=day_asked("--as-of", options.as_of),
        country=read_country(options.country),
        engine=options.engine,
    )
    _say(opened)
    written = msgspec.to_builtins(to_file(opened.patient))
    return yaml.safe_dump(written, allow_unicode=True, sort_keys=False, width=100).encode()


def _say(opened: Opened) -> None:
    if not opened.relaxant:
        print("relaxant: no relaxant is on the list of this person: a screen does not look at them", file=sys.stderr)
    for table, why, count in opened.unusable:
        print(f"relaxant: not used: {count} row{'' if count == 1 else 's'} of {table}: {why}", file=sys.stderr)
    for one in opened.left:
        what = one.name or one.code or "without a name"
        print(f"relaxant: not used: {one.domain} {what}, {one.rows} row{'' if one.rows == 1 else 's'}: {one.why}", file=sys.stderr)  # fmt: skip
