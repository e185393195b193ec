"""``relaxant cohort``: populations. ``synthesize`` writes one that never was, in OMOP's tables."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from relaxant.cli.days import day_asked
from relaxant.cohort.progress import Progress
from relaxant.cohort.synthesize import synthesize
from relaxant.knowledge.load import Knowledge


def run(options: argparse.Namespace, knowledge: Knowledge) -> int:
    """Does what was asked for and says on standard error what was written. Raises :class:`InputError` naming the option."""
    with Progress(options.people, "people") as progress:
        made = synthesize(
            Path(options.output),
            options.people,
            options.seed,
            knowledge,
            as_of=day_asked("--as-of", options.as_of),
            form=options.format,
            country=options.country,
            dirt=options.dirt,
            progress=progress,
        )
    rows = ", ".join(f"{count:_} {name}" for name, count in made.rows.items() if count).replace("_", " ")
    print(f"relaxant: written to {options.output}, up to {made.last_day}: {rows}", file=sys.stderr)
    return 0
