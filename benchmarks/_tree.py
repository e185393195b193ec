"""A command with all processes that it begins: seconds, processor time and memory of them together, read from /proc while they run."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

_EVERY = 0.05  # seconds between two looks
_TICKS = os.sysconf("SC_CLK_TCK")


class Spent(NamedTuple):
    """What a command cost. ``together`` is the most memory (bytes) that its processes had resident at the same time, ``peaks`` the sum of the peak of each, which
    they need not have had at the same time; memory that two share counts twice in both. ``seen``: after how many seconds each look first gave something."""

    seconds: float
    processor: float
    together: int
    peaks: int
    seen: dict[str, float]
    said: str


def watched(command: Sequence[str], environment: Mapping[str, str], looks: Mapping[str, Callable[[], bool]]) -> Spent:
    """Runs a command and watches it. Raises :class:`RuntimeError` with what it said where it fails."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=dict(environment)
    )
    used: dict[int, float] = {}
    peak: dict[int, int] = {}
    together, seen = 0, dict[str, float]()
    while process.poll() is None:
        resident = 0
        for pid in _family(process.pid):
            try:
                used[pid] = _processor(pid)
                now, most = _memory(pid)
            except (OSError, KeyError):  # it has gone since
                continue
            resident += now
            peak[pid] = max(most, peak.get(pid, 0))
        together = max(together, resident)
        for name, look in looks.items():
            if name not in seen and look():
                seen[name] = time.perf_counter() - begun
        time.sleep(_EVERY)
    seconds = time.perf_counter() - begun
    said = process.stderr.read() if process.stderr else ""
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit status {process.returncode}\n{said}")
    return Spent(seconds, sum(used.values()), together, sum(peak.values()), seen, said)


def _family(first: int) -> list[int]:
    """A process and all that came from it."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                    children.setdefault(int(file.read().rpartition(")")[2].split()[1]), []).append(int(name))
            except OSError:
                continue
    out = [first]
    for pid in out:
        out += children.get(pid, [])
    return out


def _processor(pid: int) -> float:
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _memory(pid: int) -> tuple[int, int]:
    """Bytes resident now and at most."""
    with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
        lines = dict(line.split(":", 1) for line in file if line.startswith(("VmRSS", "VmHWM")))
    return int(lines["VmRSS"].split()[0]) * 1024, int(lines["VmHWM"].split()[0]) * 1024
