"""Works through the pages of docs/how-to that begin from an empty folder, as a reader would, and puts what the commands print into them.

python tools/worked_pages.py [PAGE ...]          writes
python tools/worked_pages.py --check [PAGE ...]  exits with 1 when a page shows something else

A block of text with a file's name behind its language (```yaml pack/rules/ours.yaml) is written to that file; a later block of the same name takes its place. A
block ```console holds commands (`$ relaxant lint pack`, `$ python review.py`) and what they print, standard error after standard output. A command may go on
in `| head -N`, `| tail -N` or `| grep -A N WORDS`. The stamp of the knowledge is left out, as it is another with every change.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import runpy
import shlex
import sys
import tempfile
from pathlib import Path

from generated import ROOT, keep

from relaxant.cli.main import main as relaxant

FOLDER = ROOT / "docs" / "how-to"
BLOCK = re.compile(r"^```(\w+)(?: ([^\n]+))?\n(.*?)^```$", re.S | re.M)
STAMP = re.compile(r"^relaxant \d.*, knowledge .*\n", re.M)


def worked(page: str) -> str:
    """A page with what its commands print now, worked through from an empty folder."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        return BLOCK.sub(_done, page)


def _done(block: re.Match[str]) -> str:
    language, name, text = block.groups()
    if name is not None:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    if language != "console":
        return block[0]
    commands = [line[2:] for line in text.splitlines() if line.startswith("$ ")]
    return "```console\n" + "".join(f"$ {command}\n{_printed(command)}" for command in commands) + "```"


def _printed(command: str) -> str:
    """What a command prints: standard output through what it is piped into, then standard error."""
    words, *pipes = [shlex.split(part) for part in re.split(r" \| ", command)]
    out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        if words[0] == "relaxant":
            relaxant(words[1:])
        elif words[0] == "python":
            runpy.run_path(words[1], run_name="__main__")
        else:
            raise SystemExit(f"{command}: only relaxant and python are run")
    lines = STAMP.sub("", out.buffer.getvalue().decode()).splitlines()
    for pipe in pipes:
        lines = _piped(lines, pipe, err.getvalue())
    return "".join(f"{line}\n" for line in [*lines, *err.getvalue().splitlines()])


def _piped(lines: list[str], pipe: list[str], err: str) -> list[str]:
    match pipe:
        case ["head", most]:
            return lines[: abs(int(most))]
        case ["tail", most]:
            return lines[-abs(int(most)) :]
        case ["grep", "-A", more, wanted]:
            first = next((i for i, line in enumerate(lines) if wanted in line), None)
            if first is None:
                raise SystemExit(f"nothing is printed that has “{wanted}”:\n" + "\n".join(lines) + err)
            return lines[first : first + int(more) + 1]
    raise SystemExit(f"{' '.join(pipe)}: no such pipe here")


def main() -> int:
    """Writes or checks; the exit status."""
    os.environ.update({"COLUMNS": "80", "NO_COLOR": "1"})
    names = [a for a in sys.argv[1:] if not a.startswith("--")] or sorted(path.name for path in FOLDER.glob("*.md"))
    pages = {name: (FOLDER / name).read_text(encoding="utf-8") for name in names}
    return keep({f"docs/how-to/{name}": worked(page) for name, page in pages.items() if "```console\n" in page})


if __name__ == "__main__":
    sys.exit(main())
