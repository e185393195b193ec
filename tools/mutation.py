"""Runs the tests against each mutant of the rules and the planning (decision 0035); .ci/monthly calls it, tools/mutation_page.py writes what came out.

python tools/mutation.py FOLDER [--jobs N]                  the mutants that tools/mutants.py left in FOLDER; what was tried is kept there
python tools/mutation.py FOLDER --try NAME TESTFILE ...     one mutant against the tests that are named
python tools/mutation.py FOLDER --survivors rules/ TESTFILE ...    all of it that survived, against new tests or slow ones; what they kill is noted

Everything is loaded once. One pass notes which tests reach which line and how long they take, one more in a fork finds those that fail in a fork
without any mutant. Then each mutant gets a fork of its own, in which its code takes the place of the function's, and the tests that reach its statement,
the fastest first.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import os
import re
import resource
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import coverage
import pytest
from hypothesis import Phase, settings
from mutant_process import Caches, put_in_place

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "relaxant"
TESTS = ROOT / "tests"
REACHES = re.compile(r"relaxant\.(?:rules|planning|reviewing)\b|\breviewed\(|^from test_", re.MULTILINE)
LEFT_OUT = {
    "(?<!block)_people": "thousands of people, one by one: each property of theirs is held on fewer in test_properties, test_planning and test_evaluate",
    "cds_|clients_|signin|diary_|launched": "the service, by its own door",
    "browser|review_page|reference|site|safety_controls": "pages, in a browser or on paper (what draws them does not run in a fork)",
    "cohort_|screen_|columns_of|simulate_|gibleed|cql": "registries: rules/columns.py is held to the bedside in test_columns",
    "outputs|report|cite|compare|formulary|german|diaries|responding|interaction_lists": "what stands above the review: formats, comparisons, diaries",
    "validat|tutorials|docs|doctests|wheel|sbom": "documents",
}
MOST_SECONDS = 20.0  # of tests a mutant, if not said; one test at least
SLOWEST = 3.0  # seconds of a test that is tried although faster ones reach the line
EXAMPLES = 10  # of a property
CASES = 30  # of a test with many, by their names
MEMORY = 6 * 2**30
NOT_MADE = 3


def selected() -> list[str]:
    """The files of tests that reach the rules or the planning in this process, without those that are left out."""
    out = re.compile("|".join(LEFT_OUT))
    files = sorted(TESTS.glob("test_*.py"))
    return [str(file) for file in files if not out.search(file.stem) and REACHES.search(file.read_text("utf-8"))]


def few(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """All tests, of one with many cases some of them: the same ones each time."""
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        cases.setdefault(item.nodeid.partition("[")[0], []).append(item)
    by_name = (sorted(own, key=lambda item: hashlib.sha256(item.nodeid.encode()).digest()) for own in cases.values())
    chosen = {id(item) for own in by_name for item in own[:CASES]}
    return [item for item in items if id(item) in chosen]


def digest_of(paths: Sequence[Path]) -> str:
    """What some files hold, in short."""
    whole = hashlib.sha256()
    for path in paths:
        whole.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return whole.hexdigest()[:16]


def state() -> str:
    """What the reach of the tests depends on: the tests, the code and the knowledge."""
    return digest_of(sorted([*TESTS.glob("*.py"), *SOURCE.rglob("*.py"), *SOURCE.rglob("*.yaml")]))


class Run:
    """A run of pytest whose loop is the mutants'."""

    def __init__(self, folder: Path, mutants: list[dict[str, Any]], jobs: int, most: float, tried: bool) -> None:
        self.folder, self.mutants, self.jobs, self.most, self.tried = folder, mutants, jobs, most, tried
        self.killers: dict[str, Counter[str]] = {}
        self.failed = False
        self.seconds: dict[str, float] = {}
        self.lines: dict[str, dict[int, list[str]]] = {}
        self.failing: list[str] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        """Properties on few examples, the same ones each time, and no search for a smaller one that fails."""
        phases = (Phase.explicit, Phase.generate)
        settings.register_profile("mutation", settings(), max_examples=EXAMPLES, derandomize=True, phases=phases)
        settings.load_profile("mutation")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed |= report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """The reach of the tests, then the mutants."""
        if session.testsfailed:
            raise session.Failed("the tests cannot be collected")
        self.caches = Caches()
        self.items = {item.nodeid: item for item in (session.items if self.tried else few(session.items))}
        if self.tried:
            self.failing = self.clean([*self.items])
            say(f"{len(self.items)} tests, {len(self.failing)} of them fail without a mutant: {self.failing}")
            for mutant in self.mutants:
                self.once(mutant)
            return True
        self.reach()
        self.all()
        return True

    def passes(self, nodeid: str, after: str | None) -> bool:
        self.failed = False
        item = self.items[nodeid]
        item.ihook.pytest_runtest_protocol(item=item, nextitem=self.items[after] if after else None)
        return not self.failed

    def reach(self) -> None:
        """Which tests reach which line, and how long each takes, with all that it sets up for itself."""
        kept, now = self.folder / "reach.json", state()
        if kept.exists() and (old := json.loads(kept.read_text("utf-8")))["state"] == now:
            ids = [*old["seconds"]]
            self.seconds, self.failing = old["seconds"], old["failing"]
            self.lines = {
                file: {int(n): [ids[i] for i in own] for n, own in at.items()} for file, at in old["lines"].items()
            }
            return
        watched = coverage.Coverage(data_file=None, include=[f"{SOURCE}/rules/*", f"{SOURCE}/planning/*"], config_file=False)  # fmt: skip
        watched.start()
        for done, nodeid in enumerate(self.items):
            if done % 500 == 0:
                say(f"{done} of {len(self.items)} tests")
            self.caches.clear()
            watched.switch_context(nodeid)
            start = sum(os.times()[:4])
            if not self.passes(nodeid, None):
                self.failing.append(nodeid)
            self.seconds[nodeid] = sum(os.times()[:4]) - start
        watched.stop()
        found = watched.get_data()
        for path in found.measured_files():
            at = found.contexts_by_lineno(path)
            self.lines[Path(path).relative_to(SOURCE).as_posix()] = {
                line: [one for one in ids if one in self.items] for line, ids in at.items()
            }
        self.failing += self.clean([one for one in self.seconds if one not in self.failing])
        say(f"{len(self.items)} tests in {sum(self.seconds.values()):.0f} s; {len(self.failing)} fail")
        place = {one: i for i, one in enumerate(self.seconds)}
        lines = {file: {n: [place[one] for one in own] for n, own in at.items()} for file, at in self.lines.items()}
        whole = {"state": now, "seconds": self.seconds, "failing": self.failing, "lines": lines}
        kept.write_text(json.dumps(whole), "utf-8")

    def clean(self, tests: list[str]) -> list[str]:
        """The tests that fail, or do not come to an end, in a fork with nothing changed, in the order of a mutant's."""
        tests, out = sorted(tests, key=self._cost), list[str]()
        while tests:
            read, write = os.pipe()
            if (child := os.fork()) == 0:
                self._quietly()
                for one, after in pairwise([*tests, None]):
                    assert one is not None
                    os.write(write, b"?")
                    self._bounded(one)
                    os.write(write, b"+" if self.passes(one, after) else b"-")
                os._exit(0)
            os.close(write)
            with os.fdopen(read) as said:
                marks = said.read().removeprefix("?").split("?")
            os.waitpid(child, 0)
            out += [one for one, mark in zip(tests, marks, strict=False) if mark != "+"]
            tests = tests[len(marks) :]
        return out

    def _bounded(self, nodeid: str) -> None:
        """A limit on the time of this process and one on the time of day, in case it waits for what is not there."""
        seconds = self.seconds.get(nodeid, 1.0)
        signal.setitimer(signal.ITIMER_PROF, 5 + 10 * seconds)
        signal.alarm(int(120 + 60 * seconds))

    def _cost(self, nodeid: str) -> tuple[float, str]:
        return self.seconds.get(nodeid, 0.0), nodeid

    def _quietly(self) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        self.caches.clear()

    def tests_of(self, mutant: dict[str, Any]) -> tuple[list[str], int]:
        """The tests of a mutant within the time that it may take, those first that killed another of its function, then the fastest; and how many
        reach it in all."""
        at = self.lines.get(mutant["file"], {})
        reaching = {one for line in range(mutant["first"], mutant["last"] + 1) for one in at.get(line, ())}
        killed = self.killers.get(f"{mutant['file']} {mutant['function']}", Counter())
        able = sorted(reaching.difference(self.failing), key=lambda one: (-killed[one], *self._cost(one)))
        out: list[str] = []
        spent = 0.0
        for one in able:
            spent += self.seconds[one]
            if out and (spent > self.most or self.seconds[one] > SLOWEST):
                continue
            out.append(one)
        return out, len(able)

    def all(self) -> None:
        """Every mutant that was not tried yet; each result is a line of results.jsonl at once."""
        known, now = results(self.folder), state()
        gc.collect()
        gc.freeze()
        running: dict[int, tuple[dict[str, Any], int]] = {}
        open_ = [
            mutant
            for mutant in self.mutants
            if not (old := known.get(mutant["name"]))
            or old["source"] != mutant["source"]
            or (old["state"] != now and old["outcome"] != "killed")
        ]
        done = 0
        while open_ or running:
            while open_ and len(running) < self.jobs:
                mutant = open_.pop(0)
                tests, of = self.tests_of(mutant)
                if not tests:
                    note(self.folder, mutant, now, "no test", None, 0, 0)
                    continue
                pid, read = self.fork(mutant, tests)
                running[pid] = mutant, read
                mutant["tests"], mutant["of"] = tests, of
            if not running:
                continue
            pid, status = os.wait()
            mutant, read = running.pop(pid)
            outcome, by = ended(status, read, mutant["tests"])
            if by:
                self.killers.setdefault(f"{mutant['file']} {mutant['function']}", Counter())[by] += 1
            note(self.folder, mutant, now, outcome, by, len(mutant["tests"]), mutant["of"])
            done += 1
            if done % 50 == 0:
                say(f"{done} tried, {len(open_)} to try")

    def once(self, mutant: dict[str, Any]) -> None:
        """What the tests that were named make of one mutant, those first that killed another; that it was killed is noted."""
        killed = self.killers.setdefault("", Counter())
        tests = sorted(set(self.items).difference(self.failing), key=lambda one: (-killed[one], *self._cost(one)))
        pid, read = self.fork(mutant, tests)
        _, status = os.waitpid(pid, 0)
        outcome, by = ended(status, read, tests)
        say(f"{mutant['name']}: {outcome}" + (f" by {by}" if by else ""))
        if by:
            killed[by] += 1
            note(self.folder, mutant, state(), outcome, by, len(tests), len(tests))

    def fork(self, mutant: dict[str, Any], tests: list[str]) -> tuple[int, int]:
        """A process in which the mutant stands and the tests run until one fails; its number, and where it says which."""
        read, write = os.pipe()
        pid = os.fork()
        if pid:
            os.close(write)
            return pid, read
        at = 0
        try:
            self._quietly()
            resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
            try:
                put_in_place(mutant)
            except Exception:
                os._exit(NOT_MADE)
            for at, (one, after) in enumerate(pairwise([*tests, None])):
                assert one is not None
                self._bounded(one)
                if not self.passes(one, after):
                    os.write(write, str(at).encode())
                    os._exit(1)
            os._exit(0)
        except BaseException:
            os.write(write, str(at).encode())
            os._exit(1)


def ended(status: int, read: int, tests: list[str]) -> tuple[str, str | None]:
    """What came of a mutant, and the test that killed it."""
    with os.fdopen(read) as said:
        place = said.read()
    if os.WIFSIGNALED(status):
        return ("timed out", None) if os.WTERMSIG(status) in (signal.SIGPROF, signal.SIGALRM) else ("killed", None)
    if os.WEXITSTATUS(status) in (0, NOT_MADE):
        return ("survived" if os.WEXITSTATUS(status) == 0 else "not made"), None
    return "killed", tests[int(place)] if place else None


def results(folder: Path) -> dict[str, dict[str, Any]]:
    """What came of each mutant when it was last tried."""
    kept = folder / "results.jsonl"
    lines = kept.read_text("utf-8").splitlines() if kept.exists() else ()
    return {result["name"]: result for result in map(json.loads, lines)}


def note(folder: Path, mutant: dict[str, Any], now: str, outcome: str, by: str | None, tests: int, of: int) -> None:
    """One more line of what came of a mutant: so many tests, of those that reach it."""
    result = {"name": mutant["name"], "source": mutant["source"], "state": now, "outcome": outcome, "by": by, "tests": tests, "of": of}  # fmt: skip
    with (folder / "results.jsonl").open("a", encoding="utf-8") as out:
        out.write(json.dumps(result) + "\n")


def say(text: str) -> None:
    print(f"mutation: {text}", file=sys.stderr, flush=True)


def main() -> int:
    """Tries the mutants; 1 where the tests could not be run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seconds", type=float, default=MOST_SECONDS)
    parser.add_argument("--try", dest="tried", action="append", default=[])
    parser.add_argument("--survivors", metavar="OF")
    parser.add_argument("tests", nargs="*")
    given = parser.parse_intermixed_args()
    mutants = json.loads((given.folder / "mutants.json").read_text("utf-8"))["mutants"]
    again = bool(given.tried or given.survivors)
    if again:
        known = results(given.folder)
        left = {name for name, result in known.items() if result["outcome"] in ("survived", "no test")}
        chosen = {name for name in left if given.survivors and name.startswith(given.survivors)}.union(given.tried)
        mutants = [mutant for mutant in mutants if mutant["name"] in chosen]
    run = Run(given.folder, mutants, given.jobs, given.seconds, again)
    options = ["-q", "-s", "--no-header", "--tb=native", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:xdist"]
    return int(pytest.main([*options, *(given.tests or selected())], plugins=[run])) not in (0, 1)


if __name__ == "__main__":
    raise SystemExit(main())
