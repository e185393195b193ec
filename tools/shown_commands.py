"""Puts what commands print into the pages that show it.

python tools/shown_commands.py          runs every command that the README or a page of docs/ shows, and writes what it prints
python tools/shown_commands.py --check  exits with 1 when a page shows something else

A page marks a place with a comment before a block of text, and may name the sections that it shows:

    <!-- $ relaxant taper examples/plans/baclofen-out.yaml --agent baclofen | Why, Calendar -->

Commands that write files (--output) run in a folder of their own, one after another where `&&` stands between them, and what they say on standard
error is shown with what they print. The stamp of the knowledge is left out, as it is another with every change.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import sys
import tempfile
from functools import lru_cache
from pathlib import Path

from generated import ROOT, keep

from relaxant.cli.main import main as relaxant

SHOWN = re.compile(r"(<!-- \$ relaxant ([^|\n]+?)(?: \| ([^\n]+?))? -->\n)```text\n.*?```", re.S)
RULE = re.compile(r"^─+$")
STAMP = re.compile(r"^relaxant \d.*, knowledge .*\n", re.M)
HASH = re.compile(r"\b[0-9a-f]{64}\b")


@lru_cache(maxsize=64)
def printed(command: str) -> str:
    """What a command prints, run where the repository begins."""
    if "--output" in command:
        return told(command.split(" && relaxant "))
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with contextlib.redirect_stdout(out), contextlib.chdir(ROOT):
        status = relaxant(shlex.split(command))
    if status not in (0, 1):
        raise SystemExit(f"relaxant {command}: exit status {status}")
    return plain(out.buffer.getvalue().decode())


def told(commands: list[str]) -> str:
    """What commands that write files say and print, run one after another in a folder of their own that has the examples."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        Path("examples").symlink_to(ROOT / "examples")
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            for command in commands:
                if (status := relaxant(shlex.split(command))) not in (0, 1):
                    raise SystemExit(f"relaxant {command}: exit status {status}")
    return plain(out.buffer.getvalue().decode())


def sections(text: str) -> dict[str, str]:
    """The sections of a page of text by their headings: lines that a rule follows."""
    lines = text.splitlines()
    starts = [i for i, after in enumerate(lines[1:]) if RULE.match(after)]
    found: dict[str, str] = {}
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        found.setdefault(lines[start], "\n".join(lines[start:end]).rstrip())
    return found


def shown(match: re.Match[str]) -> str:
    """The marked place with what its command prints now."""
    text = printed(match[2])
    if match[3]:
        known = sections(text)
        wanted = [name.strip() for name in match[3].split(", ")]
        if missing := [name for name in wanted if name not in known]:
            raise SystemExit(f"relaxant {match[2]}: no section {missing[0]}; there are {', '.join(known)}")
        text = "\n\n".join(known[name] for name in wanted)
    return f"{match[1]}```text\n{text.strip()}\n```"


def plain(text: str) -> str:
    """Without what is another with every change of the knowledge: its stamp, and hashes."""
    return HASH.sub("…", STAMP.sub("", text))


def main() -> int:
    """Writes or checks; the exit status."""
    os.environ.update({"COLUMNS": "80", "NO_COLOR": "1"})
    pages = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
    return keep(
        {page.relative_to(ROOT).as_posix(): SHOWN.sub(shown, page.read_text(encoding="utf-8")) for page in pages}
    )


if __name__ == "__main__":
    sys.exit(main())
