"""What a tool makes of the knowledge and of the code is committed: it is written here, or with ``--check`` held against what is there."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent


def keep(made: Mapping[str, str], *, only_in: Path | None = None) -> int:
    """Writes files, each by its path from the root, or names those that are stale; the exit status. ``only_in``: a folder in which a page that is
    not made is one of something gone, and is removed."""
    stale = [name for name, text in made.items() if _text(ROOT / name) != text]
    there = () if only_in is None else (path.relative_to(ROOT).as_posix() for path in only_in.rglob("*.md"))
    gone = sorted(name for name in there if name not in made)
    if "--check" in sys.argv[1:]:
        for name in (*stale, *gone):
            print(f"{name} is stale: run python tools/{Path(sys.argv[0]).name}")
        return 1 if stale or gone else 0
    for name in stale:
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_text(made[name], encoding="utf-8")
    for name in gone:
        (ROOT / name).unlink()
    return 0


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
