"""How long the README's two commands take whoever has just cloned: a fresh clone, no cache, Python 3.11 or newer and nothing else.

    python tools/two_commands.py [--tests] > docs/validation/two-commands.txt

The first command leaves a review; with ``--tests`` the second follows, in a clone of its own.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
_KEPT = ("PATH", "LANG", "LC_ALL")  # of the environment, beside what says where pip finds its packages
_CACHES = {"HOME": "home", "TMPDIR": "tmp", "XDG_CACHE_HOME": "cache", "PIP_CACHE_DIR": "pip", "RELAXANT_CACHE": "knowledge"}  # fmt: skip


def timed(which: str, folder: Path) -> tuple[int, float, float, str]:
    """One command in a clone of its own: exit status, seconds, megabytes of the environment, what it printed."""
    folder.mkdir()
    subprocess.run(["git", "clone", "-q", str(ROOT), str(folder / "relaxant")], check=True)
    words = subprocess.run([sys.executable, "tools/readme_command.py", which], cwd=folder / "relaxant", check=True, capture_output=True, text=True).stdout  # fmt: skip
    environment = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith("PIP_")}
    for name, place in _CACHES.items():
        (folder / place).mkdir()
        environment[name] = str(folder / place)
    begun = time.perf_counter()
    done = subprocess.run(["bash", "-c", words], cwd=folder / "relaxant", env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)  # fmt: skip
    seconds = time.perf_counter() - begun
    size = sum(path.stat().st_size for path in (folder / "relaxant" / ".venv").rglob("*") if path.is_file())
    return done.returncode, seconds, size / 1e6, done.stdout


def main() -> int:
    """Prints what each command took; the exit status of whichever failed."""
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}; nothing in any cache"
    )
    failed = 0
    with tempfile.TemporaryDirectory() as temporary:
        Path(temporary).chmod(0o711)  # the tests' PostgreSQL runs as another user where they run as root
        for which in ("review", "test") if "--tests" in sys.argv[1:] else ("review",):
            status, seconds, size, said = timed(which, Path(temporary) / which)
            lines = [line for line in said.splitlines() if line.strip()]
            shown = next((line for line in lines if "DANGER" in line), "") if which == "review" else _summary(lines)
            print(
                f"{which}: {seconds:.1f} s, {size:.0f} MB installed, exit status {status}: {shown.strip()}", flush=True
            )
            if status:
                print(
                    "\n".join([*(line for line in lines if line.startswith("FAILED")), *lines[-20:]]), file=sys.stderr
                )
            failed = failed or status
    return failed


def _summary(lines: list[str]) -> str:
    """Pytest's last word, without its rule of signs."""
    return next((re.sub(r"^=+ | =+$", "", line) for line in reversed(lines) if " passed" in line), "")


if __name__ == "__main__":
    raise SystemExit(main())
