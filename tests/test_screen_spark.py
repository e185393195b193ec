"""Spark may lose a process half way: its task is tried again, and the screen is the same to the byte."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

pytest.importorskip("pyspark", reason="Spark is not installed (relaxant[spark])")

from pyspark import SparkContext

from conftest import FULL
from registry_people import AS_OF, write
from relaxant.cohort.screen import Screen, screen
from relaxant.errors import InputError
from relaxant.knowledge.load import Knowledge

_TICKS = os.sysconf("SC_CLK_TCK")
_BUSY = 0.3  # seconds of computing after which a worker is in the middle of its task
PEOPLE, SEED = 40, 5

pytestmark = [
    pytest.mark.usefixtures("spark"),
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are found in /proc"),
]


class Killer(threading.Thread):
    """Kills workers of this Spark, each once it is at work, until so many are dead."""

    def __init__(self, most: int) -> None:
        super().__init__(daemon=True)
        context = SparkContext._active_spark_context
        assert context is not None and context._gateway is not None
        self._java, self._most = context._gateway.proc.pid, most
        self.killed = list[int]()
        self._over = threading.Event()

    def run(self) -> None:
        while len(self.killed) < self._most and not self._over.wait(0.02):
            for worker in self._workers():
                if worker not in self.killed:
                    os.kill(worker, signal.SIGKILL)
                    self.killed.append(worker)

    def stop(self) -> None:
        self._over.set()
        self.join()

    def _workers(self) -> list[int]:
        """The processes that a daemon of this Spark began and that have been at work."""
        stats = dict(one for path in Path("/proc").glob("[0-9]*/stat") if (one := _stat(path)))
        daemons = {pid for pid, (parent, _) in stats.items() if parent == self._java}
        return [pid for pid, (parent, busy) in stats.items() if parent in daemons and busy > _BUSY]


def _stat(path: Path) -> tuple[int, tuple[int, float]] | None:
    """A process: its number, that which began it, and the seconds that it computed."""
    try:
        words = path.read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return int(path.parent.name), (int(words[1]), (int(words[11]) + int(words[12])) / _TICKS)


def on_spark(registry: Path, output: Path, knowledge: Knowledge) -> Screen:
    return screen(registry, output, engine="spark", as_of=AS_OF, today=AS_OF, small_counts=True, knowledge=knowledge)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.full
def test_a_worker_that_is_killed_changes_nothing(tmp_path: Path, knowledge: Knowledge) -> None:
    """Killed once, the task is tried again. Killed whenever it is tried, at full size alone, the screen ends with a message, and the same command goes on to the same bytes."""
    registry = write(tmp_path / "registry", PEOPLE, SEED, knowledge)
    once = Killer(1)
    once.start()
    made = on_spark(registry, tmp_path / "once", knowledge)
    once.stop()
    assert len(once.killed) == 1
    made.tally.balanced()
    assert made.tally.relaxant > PEOPLE / 2
    assert SparkContext._active_spark_context is not None  # a screen ends no Spark that was there before it
    if not FULL:
        return
    always = Killer(100)
    always.start()
    with pytest.raises(InputError, match="goes on") as told:
        on_spark(registry, tmp_path / "always", knowledge)
    always.stop()
    assert len(always.killed) >= 4 and "worker" in str(told.value)
    assert (tmp_path / "always" / "unfinished").is_dir() and not (tmp_path / "always" / "findings.parquet").exists()
    again = on_spark(registry, tmp_path / "always", knowledge)
    assert again.tally == made.tally
    assert bytes_of(tmp_path / "always") == bytes_of(tmp_path / "once")
    assert not (tmp_path / "always" / "unfinished").exists()
