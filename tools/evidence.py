"""Writes docs/evidence: the verdicts of trials, the outcomes with their numbers, every trial in words.

python tools/evidence.py          writes them and removes pages of what is gone
python tools/evidence.py --check  exits with 1 when they are not what would be written
"""

from __future__ import annotations

import sys

from generated import ROOT, keep

from relaxant.knowledge.load import load_knowledge
from relaxant.report.reference.evidence_pages import pages

FOLDER = "docs/evidence"

if __name__ == "__main__":
    made = {f"{FOLDER}/{name}": text for name, text in pages(load_knowledge()).items()}
    sys.exit(keep(made, only_in=ROOT / FOLDER))
