"""Writes docs/response/scales.md: every scale with its scoring, range, reliability, changes that matter, codes and terms.

python tools/scales.py          writes it
python tools/scales.py --check  exits with 1 when it is not what would be written
"""

from __future__ import annotations

import sys
from pathlib import Path

from relaxant.knowledge.load import load_knowledge
from relaxant.report.scale_pages import scales_markdown

PAGE = Path(__file__).parent.parent / "docs" / "response" / "scales.md"


def main() -> int:
    """Writes or checks; the exit status."""
    made = scales_markdown(load_knowledge())
    fresh = PAGE.exists() and PAGE.read_text(encoding="utf-8") == made
    if "--check" in sys.argv[1:]:
        if not fresh:
            print("docs/response/scales.md is stale: run python tools/scales.py")
        return 0 if fresh else 1
    if not fresh:
        PAGE.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
