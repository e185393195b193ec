"""``relaxant taper``: the calendar by which one person leaves a relaxant."""

from __future__ import annotations

import argparse
from datetime import date

from relaxant.cli.days import day_asked
from relaxant.io.read import read_bytes
from relaxant.knowledge.load import Knowledge
from relaxant.report.plans import render_plan
from relaxant.report.review.view import head_of
from relaxant.reviewing import review
from relaxant.tapering import taper_asked

_OPTIONS = {"agent": "--agent", "policy": "--policy", "by": "--by", "percent": "--percent", "every": "--every", "begin": "--from"}  # fmt: skip


def run(
    options: argparse.Namespace,
    data: bytes,
    name: str,
    knowledge: Knowledge,
    today: date,
    *,
    colour: bool,
    encoding: str,
) -> tuple[bytes, bool]:
    """The taper in the format asked for, and whether the file gives a label. Raises :class:`InputError` for a name, a policy or an amount that cannot be used."""
    patient = read_bytes(
        data, knowledge, today=today, name=name, considering=[], country=options.country, as_of=options.as_of
    )
    begin = day_asked(_OPTIONS["begin"], options.begin)
    plan = taper_asked(
        patient, options.agent, options.policy, options.by, options.percent, options.every, begin, knowledge, _OPTIONS
    )
    head = head_of(review(patient, knowledge=knowledge, predict=False, plan=False), knowledge=knowledge)
    made = render_plan(
        plan,
        options.format,
        head=head,
        knowledge=knowledge,
        colour=colour,
        encoding=encoding,
        confirmed=options.confirm_override,
    )
    return made, head.labelled
