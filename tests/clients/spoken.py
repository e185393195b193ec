"""A client that runs as a process of its own and is spoken to by lines of JSON, one line out for each line in."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any


class Spoken:
    """The process. What it writes to standard error goes to ``stderr`` in its folder."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self._errors = (folder / "stderr").open("ab")
        self._process = subprocess.Popen(
            command, cwd=folder, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors
        )

    def put(self, line: dict[str, Any]) -> None:
        """A line that is not answered."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()

    def told(self, line: dict[str, Any]) -> dict[str, Any]:
        """What a line is answered."""
        self.put(line)
        assert self._process.stdout
        answer = self._process.stdout.readline()
        assert answer, f"the client ended; its words are in {self._errors.name}"
        return dict(json.loads(answer))

    def close(self) -> None:
        """Ends its input, and so the client, which has to end well."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        ended = self._process.wait(60)
        self._process.stdout.close()
        self._errors.close()
        assert ended == 0
