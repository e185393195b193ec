"""Writes CHANGELOG.md from the changes of the knowledge.

python tools/changelog.py          writes it
python tools/changelog.py --check  exits with 1 when it is not what would be written
"""

from __future__ import annotations

import sys
from pathlib import Path

from relaxant.knowledge.load import load_knowledge
from relaxant.report.news import changelog

PAGE = Path(__file__).parent.parent / "CHANGELOG.md"


def main() -> int:
    """Writes or checks; the exit status."""
    made = changelog(load_knowledge())
    fresh = PAGE.exists() and PAGE.read_text(encoding="utf-8") == made
    if "--check" in sys.argv[1:]:
        if not fresh:
            print("CHANGELOG.md is stale: run python tools/changelog.py")
        return 0 if fresh else 1
    if not fresh:
        PAGE.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
