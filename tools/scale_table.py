"""Puts what benchmarks/screen.py measured into the table of docs/cohort/scale.md.

    python tools/scale_table.py OUTPUT...

Each OUTPUT is what the benchmark printed; its last lines are rows of the table. A row of the same number of persons and engine takes the place of an older one.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "cohort" / "scale.md"
TABLE = re.compile(r"(<!-- measured -->\n\|.*\n\|[-:|]*\n)((?:\|.*\n)*)(<!-- end -->)")
ROW = re.compile(r"^\| [\d,]+ \|(?: [^|]+ \|){12}$", re.M)


def filled(page: str, outputs: list[str]) -> str:
    """The page with the rows of the outputs in its table, the fewest persons first."""
    found = TABLE.search(page)
    if found is None:
        raise ValueError("the page has no table between <!-- measured --> and <!-- end -->")
    rows = {_key(row): row for text in (found[2], *outputs) for row in ROW.findall(text)}
    return page[: found.start(2)] + "".join(f"{rows[key]}\n" for key in sorted(rows)) + page[found.end(2) :]


def _key(row: str) -> tuple[int, str]:
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    return int(cells[0].replace(",", "")), cells[4]


if __name__ == "__main__":
    if not sys.argv[1:]:
        raise SystemExit(__doc__)
    outputs = [Path(name).read_text(encoding="utf-8") for name in sys.argv[1:]]
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), outputs), encoding="utf-8")
