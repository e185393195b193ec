"""``relaxant screen``: the rules over everybody in a registry."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import date

from relaxant.cli.days import day_asked
from relaxant.cohort.asked import shown_agent
from relaxant.cohort.period import PeriodAsked, asked
from relaxant.cohort.progress import Progress
from relaxant.cohort.screen import Screen, screen
from relaxant.knowledge.load import Knowledge


def run(options: argparse.Namespace, knowledge: Knowledge, today: date) -> int:
    """Does the screen and says on standard error what came of it. Raises :class:`InputError` naming the option or the table."""
    with Progress(1, "batches") as bar:

        def tell(what: str, done: int, of: int) -> None:
            bar.told(done, of)

        made = screen(
            options.source,
            options.output,
            engine=options.engine,
            as_of=day_asked("--as-of", options.as_of),
            period=_period(options, knowledge),
            country=options.country or "US",
            checks=options.checks,
            small_counts=options.small_counts,
            workers=options.workers or os.cpu_count() or 1,
            memory=options.memory,
            today=today,
            knowledge=knowledge,
            progress=tell,
        )
    _say(made, knowledge)
    return 0


def _period(options: argparse.Namespace, knowledge: Knowledge) -> PeriodAsked | None:
    return asked(
        knowledge,
        day_asked("--from", options.first),
        day_asked("--until", options.until),
        every=options.every,
        washout=options.washout,
        new_users=options.new_users,
    )


def _say(made: Screen, knowledge: Knowledge) -> None:
    tally, prepared = made.tally, made.prepared
    day = f"as of {prepared.as_of}" + ("" if prepared.as_of_said else ", the last day of the data")
    if prepared.last is not None and prepared.as_of > prepared.last:
        print(f"relaxant: {prepared.as_of} lies after the last day of the data, {prepared.last}: what was handed out since is not known, and who takes what is counted by the supplies of before; give a day up to {prepared.last} with --as-of", file=sys.stderr)  # fmt: skip
    if prepared.period is not None:
        day = f"from {prepared.period.first} to {prepared.period.last}"
    print(f"relaxant: {day}: {tally.persons:,} persons, {tally.relaxant:,} with a relaxant, {tally.findings:,} with a finding", file=sys.stderr)  # fmt: skip
    if not tally.relaxant:
        names = sorted(shown_agent(agent, knowledge, prepared.country) for agent in knowledge.agents)
        print(f"relaxant: nobody has a relaxant; {len(names)} were looked for: {', '.join(names)}", file=sys.stderr)
    for one in prepared.missing:
        print(f"relaxant: {one.what} {one.why}; not known: {one.unknown}", file=sys.stderr)
    print(f"relaxant: written to {made.findings.parent}", file=sys.stderr)
