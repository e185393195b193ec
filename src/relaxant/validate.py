"""``python -m relaxant.validate``: makes the pages of docs/validation anew, or says with ``--check`` which of them are stale."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from relaxant.errors import RelaxantError
from relaxant.knowledge.load import load_knowledge
from relaxant.validation.pages import pages

_WHOLE = ("models",)  # folders in which nothing else lies


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the pages, or compares them, and returns the exit status: 1 where a page is stale, 2 where something failed."""
    parser = argparse.ArgumentParser(prog="python -m relaxant.validate", description="Compare every model, interaction, start and rule with what was published and measured.")  # fmt: skip
    parser.add_argument("--root", type=Path, default=Path(), metavar="FOLDER", help="the checkout, whose measurements and tests the report reads (here)")  # fmt: skip
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="where the pages lie (docs/validation of the checkout)")  # fmt: skip
    parser.add_argument("--check", action="store_true", help="write nothing; say which pages differ from what would be made")  # fmt: skip
    options = parser.parse_args(arguments)
    folder: Path = options.output or options.root / "docs" / "validation"
    try:
        made = pages(load_knowledge(), options.root)
        if options.check:
            return _checked(made, folder)
        for name, text in made.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
    except (RelaxantError, OSError) as error:
        print(f"relaxant.validate: {error}", file=sys.stderr)
        return 2
    for extra in _left_over(made, folder):
        print(f"relaxant.validate: {extra} belongs to no model; remove it", file=sys.stderr)
    return 0


def stale(made: Mapping[str, str], folder: Path) -> list[str]:
    """What differs from what would be made: pages that are missing, that read otherwise, or that belong to nothing."""
    differ = [n for n, text in sorted(made.items()) if not (folder / n).is_file() or _text(folder / n) != text]
    return [*differ, *_left_over(made, folder)]


def _checked(made: Mapping[str, str], folder: Path) -> int:
    found = stale(made, folder)
    for name in found:
        print(f"relaxant.validate: {folder / name} is stale", file=sys.stderr)
    if found:
        print("relaxant.validate: make them anew with python -m relaxant.validate", file=sys.stderr)
    return 1 if found else 0


def _left_over(made: Mapping[str, str], folder: Path) -> list[str]:
    there = {f"{sub}/{p.name}" for sub in _WHOLE if (folder / sub).is_dir() for p in (folder / sub).iterdir()}
    return sorted(there - set(made))


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8").replace("\r\n", "\n")


if __name__ == "__main__":
    sys.exit(main())
