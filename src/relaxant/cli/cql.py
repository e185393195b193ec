"""``relaxant cohort cql``: rules as a library in Clinical Quality Language, for engines that are not ours."""

from __future__ import annotations

import argparse
import sys

from relaxant.cohort.cql.library import library
from relaxant.cohort.cql.write import write_library
from relaxant.knowledge.load import Knowledge


def run(options: argparse.Namespace, knowledge: Knowledge) -> int:
    """Writes the library and says on standard error what is in it, and why which rules are not. Raises :class:`InputError` naming the option."""
    made = library(knowledge, options.rule, country=options.country)
    paths = write_library(made, options.output)
    for rule, why in made.refused.items():
        print(f"{rule}: {why}", file=sys.stderr)
    count = len({one.rule for one in made.rules})
    left = f"; {len(made.refused)} cannot be expressed, as said above" if made.refused else ""
    print(f"relaxant: {count} rule{'' if count == 1 else 's'} written to {paths[0]}{left}", file=sys.stderr)
    return 0
