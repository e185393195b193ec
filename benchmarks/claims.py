"""How the claim checker does on two articles of thirty statements that were written without sight of its phrases. After the first
was scored (7 right, 21 silent, 2 wrong) phrases were widened with it in view; the second (12 right, 16 silent, 2 wrong) was scored after that, and its two wrong verdicts are mended since.

    python benchmarks/claims.py [--wrong]

Each statement stands alone. Right: the verdict that a pharmacist gave, among those given, and no other beside it. Silent: no verdict where
one was due. Wrong: any other verdict; it counts three times in the score, since a reader acts on it.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from relaxant.claims.check import check_claims
from relaxant.knowledge.load import load_knowledge
from relaxant.plain import read_yaml

ARTICLES = ("claims-article.yaml", "claims-second-article.yaml")
FOLDER = Path(__file__).parent.parent / "tests" / "data"
_COST = 3


def main() -> int:
    """Prints the figures of each article."""
    for name in ARTICLES:
        score(name)
    return 0


def score(name: str) -> None:
    """Prints the figures of one article."""
    knowledge = load_knowledge()
    entries = read_yaml((FOLDER / name).read_text(encoding="utf-8"), name)["statements"]
    print(name)
    outcome: Counter[tuple[str, str]] = Counter()
    for entry in entries:
        given = {m.verdict for m in check_claims(entry["said"], knowledge).marked} - {"cannot judge"}
        due = set() if entry["verdict"] == "cannot judge" else {entry["verdict"]}
        how = "right" if given == due else "silent" if not given else "wrong"
        outcome[entry["verdict"], how] += 1
        if how == "wrong" and "--wrong" in sys.argv[1:]:
            print(f"  said: {entry['said']}\n    due: {entry['verdict']}; given: {', '.join(sorted(given))}")
    print(f"{'verdict due':26}{'right':>7}{'silent':>8}{'wrong':>7}")
    for verdict in dict.fromkeys(e["verdict"] for e in entries):
        print(
            f"{verdict:26}"
            + "".join(f"{outcome[verdict, how]:>{w}}" for how, w in (("right", 7), ("silent", 8), ("wrong", 7)))
        )
    right, silent, wrong = (
        sum(n for (_, how), n in outcome.items() if how == one) for one in ("right", "silent", "wrong")
    )
    print(
        f"of {len(entries)}: {right} right, {silent} silent, {wrong} wrong; score {right - _COST * wrong} (right less {_COST} x wrong)"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
