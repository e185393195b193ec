"""Prints what the service answered to everything that was sent to it with a fault or at random, at full size. Its output is docs/validation/service-fuzz.txt.

python tools/service_fuzz.py > docs/validation/service-fuzz.txt
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parent.parent
TESTS = ("tests/test_cds_mutations.py", "tests/test_api.py")


def main() -> int:
    """Runs the tests whole and keeps the lines that they count in."""
    command = [sys.executable, "-m", "pytest", "-q", "-n0", "-s", "-p", "no:cacheprovider", *TESTS]
    environment = {**os.environ, "RELAXANT_FULL": "1", "OPENBLAS_NUM_THREADS": "1"}
    print("python tools/service_fuzz.py > docs/validation/service-fuzz.txt")
    print(f"schemathesis {version('schemathesis')}, hypothesis {version('hypothesis')}; seeds: SEED in {' and '.join(TESTS)}")  # fmt: skip
    print("An address and a kind of fault, how often which status was answered, how often it was sent.\n", flush=True)
    run = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    lines = run.stdout.splitlines()
    print("\n".join(line for line in lines if line.startswith("|")))
    print(f"\n{lines[-1] if lines else ''}")
    return run.returncode


if __name__ == "__main__":
    raise SystemExit(main())
