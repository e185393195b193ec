"""The reference engine of CQL (`cql-execution`) on two rules of ours: how many persons a second it gets through.

    python benchmarks/_cql.py [PERSONS]

Only execution is timed: the translation, the reading of files and the bundles into the engine's own objects are not, which favours the engine. Its terminology service looks
codes up by hash, which favours it too. Needs `node`, and `npm` with its registry or its cache.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from cql_people import AS_OF, bundle
from relaxant.cohort.cql.library import NAME, library
from relaxant.cohort.cql.write import VALUE_SETS, write_library
from relaxant.knowledge.load import Knowledge, load_knowledge

CLIENT = Path(__file__).parent.parent / "tests" / "clients" / "cql"
RULES = ("tizanidine-ciprofloxacin", "baclofen-severe-kidney-disease")


class Executed(NamedTuple):
    """How many persons the engine executed the rules for, in how many seconds."""

    persons: int
    seconds: float

    @property
    def persons_a_second(self) -> float:
        """Persons a second, all rules together."""
        return self.persons / self.seconds


def cql_execution(knowledge: Knowledge, persons: int = 2000, rules: tuple[str, ...] = RULES) -> Executed:
    """The rules executed for so many seeded persons. Raises :class:`OSError` or :class:`subprocess.CalledProcessError` where node or npm cannot."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise OSError("node and npm are not on this machine")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        client = shutil.copytree(CLIENT, folder / "client", ignore=shutil.ignore_patterns("node_modules"))
        bring = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
        subprocess.run(bring, cwd=client, check=True, capture_output=True)
        made = library(knowledge, rules)
        write_library(made, folder)
        people = folder / "people.ndjson"
        people.write_text("".join(json.dumps(bundle(seed)) + "\n" for seed in range(persons)), encoding="utf-8")
        where = [str(folder / f"{NAME}.cql"), str(folder / VALUE_SETS), str(people), AS_OF.isoformat()]
        command = [node, "client.mjs", *where, *(rule.definition for rule in made.rules)]
        done = subprocess.run(command, cwd=client, check=True, capture_output=True, text=True)
    last = json.loads(done.stdout.splitlines()[-1])
    return Executed(int(last["persons"]), float(last["seconds"]))


if __name__ == "__main__":
    found = cql_execution(load_knowledge(), int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
    print(
        f"cql-execution, {' and '.join(RULES)}: {found.persons_a_second:.0f} persons a second ({found.persons} in {found.seconds:.1f} s)"
    )
