"""Writes docs/formulary: a page for every agent and every rule, and the index with its coverage.

python tools/formulary.py          writes them and removes pages of what is gone
python tools/formulary.py --check  exits with 1 when they are not what would be written
"""

from __future__ import annotations

import sys

from generated import ROOT, keep

from relaxant.formulary.markdown import pages
from relaxant.knowledge.load import load_knowledge

FOLDER = "docs/formulary"

if __name__ == "__main__":
    made = {f"{FOLDER}/{name}": text for name, text in pages(load_knowledge()).items()}
    sys.exit(keep(made, only_in=ROOT / FOLDER))
