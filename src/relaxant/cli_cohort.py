"""``relaxant cohort``: populations. ``synthesize`` writes one that never was, in OMOP's tables."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

from relaxant.cohort.progress import Progress
from relaxant.cohort.synthesize import synthesize
from relaxant.errors import InputError
from relaxant.knowledge.load import Knowledge


def run(options: argparse.Namespace, knowledge: Knowledge) -> int:
    """Does what was asked for and says on standard error what was written. Raises :class:`InputError` naming the option."""
    with Progress(options.people, "people") as progress:
        made = synthesize(
            Path(options.output),
            options.people,
            options.seed,
            knowledge,
            as_of=None if options.as_of is None else day_said(options.as_of),
            form=options.format,
            country=options.country,
            dirt=options.dirt,
            progress=progress,
        )
    rows = ", ".join(f"{count:_} {name}" for name, count in made.rows.items() if count).replace("_", " ")
    print(f"relaxant: written to {options.output}, up to {made.last_day}: {rows}", file=sys.stderr)
    return 0


def day_said(said: str, option: str = "--as-of") -> date:
    """The day of an option. Raises :class:`InputError` for what is no day."""
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise InputError(option, said, "this is no day", "write it such as 2025-12-31") from None
