"""What npm or pip brings for one test run, once for all its processes."""

from __future__ import annotations

import fcntl
import os
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


class Away(Exception):  # noqa: N818 - it is not an error of ours
    """The registry cannot be reached."""
