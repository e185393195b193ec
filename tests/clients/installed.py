"""What npm or pip brings for one test run, once for all its processes."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest


def installed(name: str, make: Callable[[Path], None], factory: pytest.TempPathFactory) -> Path:
    """The folder that ``make`` has filled; whoever comes first fills it, the others wait. Where ``make`` raises :class:`Away`, all of them skip."""
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # one folder above those of the workers
        base = base.parent
    folder, said = base / f"client-{name}", base / f"client-{name}.said"
    with (base / f"client-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            folder.mkdir()
            try:
                make(folder)
                said.write_text("", encoding="utf-8")
            except Away as away:
                said.write_text(str(away), encoding="utf-8")
    if reason := said.read_text(encoding="utf-8"):
        pytest.skip(reason)
    return folder


def brought_by_npm(name: str, sources: Path, factory: pytest.TempPathFactory, *without: str) -> Path:
    """A copy of ``sources``, but for what is named in ``without``, with what its lock file names from npm."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not on this machine")

    def bring(folder: Path) -> None:
        shutil.copytree(sources, folder, ignore=shutil.ignore_patterns("node_modules", *without), dirs_exist_ok=True)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode and _AWAY.search(done.stderr):
            raise Away("npm cannot reach its registry")
        assert done.returncode == 0, done.stderr

    return installed(name, bring, factory)


_AWAY = re.compile(r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|E50\d|network")


class Away(Exception):  # noqa: N818 - it is not an error of ours
    """The registry cannot be reached."""
