"""Writes docs/evidence: the verdicts of trials, the outcomes with their numbers, every trial in words.

python tools/evidence.py          writes them and removes pages of what is gone
python tools/evidence.py --check  exits with 1 when they are not what would be written
"""

from __future__ import annotations

import sys
from pathlib import Path

from relaxant.knowledge.load import load_knowledge
from relaxant.report.evidence_pages import pages

FOLDER = Path(__file__).parent.parent / "docs" / "evidence"


def main() -> int:
    """Writes or checks; the exit status."""
    made = pages(load_knowledge())
    there = {p.relative_to(FOLDER).as_posix(): p for p in FOLDER.rglob("*.md")}
    stale = [n for n, text in made.items() if n not in there or there[n].read_text(encoding="utf-8") != text]
    gone = sorted(set(there) - set(made))
    if "--check" in sys.argv[1:]:
        for name in (*stale, *gone):
            print(f"docs/evidence/{name} is stale: run python tools/evidence.py")
        return 1 if stale or gone else 0
    for name in stale:
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(made[name], encoding="utf-8")
    for name in gone:
        there[name].unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
