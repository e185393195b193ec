"""House rules that no other tool holds: where numbers and clinical words may stand, and what no file may hold."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "relaxant"

# Published equations, units and grammar carry numbers of their own, each with its source in the docstring.
NUMBERS_ALLOWED = {"facts/renal.py", "facts/body.py", "facts/hepatic.py", "quantities.py"}
PLAIN_NUMBERS = {0, 1, 2, 3, 4, -1}
CLINICAL = ("rules/", "facts/", "planning/", "reviewing.py", "shown_facts.py", "monitoring.py", "limits.py")
AGENTS = re.compile(r"\b(?:baclofen|tizanidine|dantrolene|cyclobenzaprine|methocarbamol|carisoprodol|diazepam)\b", re.I)
UNFINISHED = re.compile(r"\b(?:TO{1}DO|FIX{1}ME|XX{2})\b")
MACHINE_PATH = re.compile(r"(?:^|[\s\"'(=])/(?:root|home/\w+|tmp/\w+|opt/\w+|work/\w+)/")


def faults() -> list[str]:
    """Every breach, as file, line and what."""
    return [*numbers_in_rules(), *agents_in_code(), *forbidden_words()]


def _name(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def numbers_in_rules() -> list[str]:
    """Bare numbers in code that decides: thresholds are knowledge."""
    out = []
    for path in sorted(SOURCE.rglob("*.py")):
        name = _name(path)
        if not name.startswith(CLINICAL) or name in NUMBERS_ALLOWED:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Compare):
                for side in (node.left, *node.comparators):
                    if (
                        isinstance(side, ast.Constant)
                        and isinstance(side.value, int | float)
                        and side.value not in PLAIN_NUMBERS
                    ):
                        out.append(
                            f"src/relaxant/{name}:{side.lineno}: the threshold {side.value!r} belongs into the knowledge"
                        )
    return out


def agents_in_code() -> list[str]:
    """An agent named in code that decides: agents are knowledge (docstrings and messages may give examples)."""
    out = []
    for path in sorted(SOURCE.rglob("*.py")):
        name = _name(path)
        if not name.startswith(CLINICAL):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        documented = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and id(node) not in documented
                and AGENTS.search(node.value)
            ):
                out.append(f"src/relaxant/{name}:{node.lineno}: an agent is named in code: {node.value[:40]!r}")
    return out


def forbidden_words() -> list[str]:
    """Paths of a machine and marks of unfinished work."""
    files = (
        subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    )
    out = []
    for file in filter(None, files):
        path = ROOT / file
        if path.suffix in {".sqlite", ".png", ".lock"} or not path.is_file() or file == "tools/house.py":
            continue
        for i, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if match := UNFINISHED.search(line) or MACHINE_PATH.search(line):
                out.append(f"{file}:{i}: {match.group().strip()!r} may not stand in a file")
    return out


if __name__ == "__main__":
    found = faults()
    print("\n".join(found) if found else "house rules: clean")
    sys.exit(1 if found else 0)
