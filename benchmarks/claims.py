"""How the claim checker does on an article of thirty statements that was written without sight of its phrases.

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

ARTICLE = Path(__file__).parent.parent / "tests" / "data" / "claims-article.yaml"
_COST = 3


def main() -> int:
    """Prints the figures."""
    knowledge = load_knowledge()
    entries = read_yaml(ARTICLE.read_text(encoding="utf-8"), ARTICLE.name)["statements"]
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
