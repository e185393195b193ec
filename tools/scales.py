"""Writes docs/response/scales.md: every scale with its scoring, range, reliability, changes that matter, codes and terms.

python tools/scales.py          writes it
python tools/scales.py --check  exits with 1 when it is not what would be written
"""

from __future__ import annotations

import sys

from generated import keep

from relaxant.knowledge.load import load_knowledge
from relaxant.report.reference.scale_pages import scales_markdown

if __name__ == "__main__":
    sys.exit(keep({"docs/response/scales.md": scales_markdown(load_knowledge())}))
