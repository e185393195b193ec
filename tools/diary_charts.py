"""Draws the charts of the example diaries into docs/images/diaries, as pictures that stand alone.

python tools/diary_charts.py          draws them
python tools/diary_charts.py --check  exits with 1 when they are not what would be drawn
"""

from __future__ import annotations

import sys
from datetime import date

from generated import ROOT, keep

from relaxant import load_knowledge, respond
from relaxant.report.response.diary_chart import diary_chart
from relaxant.report.response.view import response_view

FOLDER = ROOT / "docs" / "images" / "diaries"
TODAY = date(2026, 11, 26)
STYLE = """<style>
svg { font: 12px sans-serif; fill: #16191d; background: #fff }
.grid { stroke: #d5d9de } .axis { stroke: #16191d; fill: none } .start { stroke: #16191d; stroke-dasharray: 3 3 }
.dose { fill: #0b4f8a; fill-opacity: .28; stroke: #0b4f8a } .score { fill: #16191d; fill-opacity: .55 }
.middle { fill: none; stroke: #0b4f8a; stroke-width: 2.4 } .event { fill: #8a4b0b }
</style>"""


def drawn() -> dict[str, str]:
    """File name to picture."""
    knowledge = load_knowledge()
    out = {}
    for path in sorted((ROOT / "examples" / "diaries").glob("*.csv")):
        view = response_view(respond(path, today=TODAY, knowledge=knowledge), knowledge=knowledge)
        chart = diary_chart(view.first, view.strips, view.events, view.start, view.words["chart"])
        head, rest = chart.split(">", 1)
        out[f"{path.stem}.svg"] = f'{head} xmlns="http://www.w3.org/2000/svg">{STYLE}{rest}\n'
    return out


if __name__ == "__main__":
    sys.exit(keep({(FOLDER / name).relative_to(ROOT).as_posix(): text for name, text in drawn().items()}))
