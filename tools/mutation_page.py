"""Writes what the tests made of the mutants: by file, then each that survived with its difference. Its output is docs/validation/mutation.txt.

python tools/mutation_page.py FOLDER > docs/validation/mutation.txt
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

from mutation import EXAMPLES, LEFT_OUT, SLOWEST
from mutation import results as known_results

OUTCOMES = ("killed", "survived", "no test", "timed out", "not made")


def table(files: dict[str, int], by_file: dict[str, Counter[str]]) -> list[str]:
    """How many mutants there are, how many were tried and what came of them: by file, then by folder."""
    wide = max(map(len, files), default=0)
    rows = [f"{'':{wide}} {'mutants':>8} {'tried':>7} " + " ".join(f"{word:>9}" for word in OUTCOMES)]
    folders: dict[str, list[str]] = {}
    for file in files:
        folders.setdefault(file.partition("/")[0], []).append(file)
    for folder, here in folders.items():
        for name, those in [*((file, [file]) for file in here), (folder, here)]:
            total = sum((by_file.get(file, Counter()) for file in those), Counter[str]())
            if not (mutants := sum(files[file] for file in those)):
                continue
            rows.append(f"{name:{wide}} {mutants:>8} {total.total():>7} " + " ".join(f"{total[word]:>9}" for word in OUTCOMES))  # fmt: skip
        rows.append("")
    return rows


def main() -> int:
    """Prints the page."""
    folder = Path(sys.argv[1])
    made = json.loads((folder / "mutants.json").read_text("utf-8"))
    results = known_results(folder)
    reach = json.loads((folder / "reach.json").read_text("utf-8"))
    in_order = sorted(made["mutants"], key=lambda mutant: (mutant["file"], mutant["first"], mutant["name"]))
    tried = [(mutant, results[mutant["name"]]) for mutant in in_order if mutant["name"] in results]
    by_file: dict[str, Counter[str]] = {}
    for mutant, result in tried:
        by_file.setdefault(mutant["file"], Counter())[result["outcome"]] += 1
    shares = " ".join(name if share >= 1 else f"{name}={share:g}" for name, share in made["shares"].items())
    files = len({one.partition("::")[0] for one in reach["seconds"]})
    print(f".ci/monthly {shares}")
    print(f"Changes by {made['by']}; {len(tried)} of {len(made['mutants'])} mutants that were chosen, tried against {len(reach['seconds'])} tests of {files} files, {EXAMPLES} examples a property.")  # fmt: skip
    print(f"Each against the tests that reach its statement, those first that killed another mutant of its function, then the fastest, for so many seconds of tests; one over {SLOWEST:g} s only where none is faster. “(3 tests, of 10)”: the time was over before the other 7.")  # fmt: skip
    print("Left out are tests of " + "; ".join(LEFT_OUT.values()) + ".")
    if reach["failing"]:
        print(f"{len(reach['failing'])} tests fail here without any mutant and were left out:", *reach["failing"], sep="\n  ")  # fmt: skip
    print()
    print("\n".join(table(made["files"], by_file)))
    for outcome in ("survived", "no test", "timed out"):
        those = [(mutant, result) for mutant, result in tried if result["outcome"] == outcome]
        if those:
            print(f"{outcome[0].upper()}{outcome[1:]}\n")
        for mutant, result in those:
            short = f", of {result['of']}" if result["of"] > result["tests"] else ""
            print(f"{mutant['name']}, line {mutant['last']} ({result['tests']} tests{short})")
            print("\n".join(f"    {line}" for line in mutant["diff"].splitlines()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
