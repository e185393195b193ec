"""A bounded load on this machine by wrk, and what the processes on both sides use meanwhile."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec

WRK = shutil.which("wrk")
_SCRIPT = Path(__file__).parent / "_service.lua"
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_MARK = "\nwrk "


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What wrk counted: answers, seconds it took, seconds of the middle and of the 99th of 100 answers and of the slowest, answers that were
    refusals (``status``), failures of the line. ``own``: processor seconds of wrk itself."""

    requests: int
    seconds: float
    p50: float
    p99: float
    longest: float
    status: int
    line: int
    own: float = 0.0


def load(url: str, folder: Path, bodies: int, *, connections: int, seconds: int) -> Load:
    """Sends what ``folder`` holds for ``seconds``, or until no token is left, over ``connections`` that each wait for their answer."""
    command = [str(WRK), "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", str(_SCRIPT), url, "--", str(folder), str(bodies)]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if line == "spent\n":
                process.send_signal(signal.SIGINT)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0 and _MARK in said, said
    counted = msgspec.json.decode(said.rpartition(_MARK)[2], type=Load)
    return msgspec.structs.replace(counted, own=used.ru_utime + used.ru_stime)


def processes(parent: int) -> Iterator[int]:
    """A process and all that came of it."""
    yield parent
    for task in Path(f"/proc/{parent}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from processes(int(child))


def processor_seconds(parent: int) -> float:
    """What a process and its children have used so far."""
    return sum(_processor_seconds(process) for process in processes(parent))


def _processor_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident_mb(process: int) -> float:
    """The memory of a process that is in the machine, in MB."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE / 1e6
