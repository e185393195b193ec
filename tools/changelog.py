"""Writes CHANGELOG.md from the changes of the knowledge.

python tools/changelog.py          writes it
python tools/changelog.py --check  exits with 1 when it is not what would be written
"""

from __future__ import annotations

import sys

from generated import keep

from relaxant.knowledge.load import load_knowledge
from relaxant.report.news import changelog

if __name__ == "__main__":
    sys.exit(keep({"CHANGELOG.md": changelog(load_knowledge())}))
