"""What the files of measurements say (``docs/validation/*.txt``, made by ``.ci/full``), read anew each time: a figure that a file lacks is ``None``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

_MADE = re.compile(r"\b(?:commit[ :]+[0-9a-f]{7,40}|\d{4}-\d{2}-\d{2})\b")
_HEAD_LINES = 5  # where a file says when it was made
_NUMBER = r"[\d,]+(?:\.\d+)?"


class File(msgspec.Struct, frozen=True):
    """A file of measurements: its name, its lines, and its date or commit where its first lines say one."""

    name: str
    lines: tuple[str, ...]

    @property
    def made(self) -> str | None:
        """The date or commit that the file gives of itself."""
        found = (m.group() for line in self.lines[:_HEAD_LINES] for m in [_MADE.search(line)] if m)
        return next(found, None)


def file_of(folder: Path, name: str) -> File | None:
    """A file of measurements; ``None`` where there is none."""
    path = folder / name
    return File(name, tuple(path.read_text(encoding="utf-8").splitlines())) if path.is_file() else None


def _number(text: str) -> float:
    return float(text.replace(",", ""))


# ---------------------------------------------------------------- alerts


class Load(msgspec.Struct, frozen=True):
    """Findings a person with each relaxant weighed alone: by relaxant (``all``: of all) the means by tier, DANGER first, then the share of people with
    DANGER or CHANGE and the alerts of a plain pair list. ``ratio``: alerts that name another medicine against that list. ``loudest``: rules with
    their findings a person and relaxant."""

    heading: str
    rows: dict[str, tuple[float, ...]]
    ratio: float | None
    loudest: tuple[tuple[str, float], ...]


_OF_PEOPLE = re.compile(rf"^{_NUMBER} people of ")
_LOAD = re.compile(r"^(\S.*?)\s+((?:\d+\.\d+\s+){4})(\d+\.\d+)%\s+(\d+\.\d+)\s*$")
_PAIRS = re.compile(r"^DANGER and CHANGE that name another medicine: (\d+(?:\.\d+)?) x ")
_LOUD = re.compile(r"^\s+(\d+\.\d+) a person and relaxant: (\S+)$")


def loads(file: File | None) -> tuple[Load, ...]:
    """The tables of ``alerts.txt``."""
    out: list[Load] = []
    for line in file.lines if file else ():
        if _OF_PEOPLE.match(line):
            out.append(Load(line, {}, None, ()))
        elif out and (match := _LOAD.match(line)):
            tiers = tuple(map(float, match[2].split()))
            row = {match[1]: (*tiers, float(match[3]) / 100, float(match[4]))}
            out[-1] = msgspec.structs.replace(out[-1], rows={**out[-1].rows, **row})
        elif out and (match := _PAIRS.match(line)):
            out[-1] = msgspec.structs.replace(out[-1], ratio=float(match[1]))
        elif out and (match := _LOUD.match(line)):
            out[-1] = msgspec.structs.replace(out[-1], loudest=(*out[-1].loudest, (match[2], float(match[1]))))
    return tuple(out)


# ---------------------------------------------------------------- diaries


class Diaries(msgspec.Struct, frozen=True):
    """Diaries of one kind whose truth is known: the scale, who wrote them, how many of each, and by row the shares: how often the 80% and
    the 95% interval hold the truth, then how often each word is said (better, lower, worse, not better), a t-test, a seven-day rule."""

    scale: str
    situation: str
    each: int
    rows: dict[str, tuple[float, ...]]


_DIARIES = re.compile(rf"^(\S+): (.+) \(({_NUMBER}) diaries each\)$")
_SHARES = re.compile(r"^(\S.*?)\s{2,}((?:-?\d+\.\d+%\s*){8})$")


def diaries(file: File | None) -> tuple[Diaries, ...]:
    """The tables of ``responses.txt``."""
    out: list[Diaries] = []
    for line in file.lines if file else ():
        if match := _DIARIES.match(line):
            out.append(Diaries(match[1], match[2], int(_number(match[3])), {}))
        elif out and (match := _SHARES.match(line)):
            row = {match[1]: tuple(float(v.rstrip("%")) / 100 for v in match[2].split())}
            out[-1] = msgspec.structs.replace(out[-1], rows={**out[-1].rows, **row})
    return tuple(out)


def remarks(file: File | None) -> tuple[str, ...]:
    """What a file says of itself in parentheses: what was not run."""
    return tuple(line.strip() for line in (file.lines if file else ()) if line.startswith("(") and line.endswith(")"))


# ---------------------------------------------------------------- populations


class Drawn(msgspec.Struct, frozen=True):
    """A population drawn: how many published numbers are given back within their tolerance, and by number what was published, what is
    drawn, the difference and the tolerance (shares)."""

    title: str
    holds: int
    of: int
    rows: dict[str, tuple[float, float, float, float]]


_DRAWN = re.compile(r"^(\S.*): measured or published, drawn \((\d+) of (\d+) within tolerance\)$")
_AGAINST = re.compile(
    r"^\s+(\S.*?)\s{2,}(-?[\d.e+-]+)\s+(-?[\d.e+-]+)\s+([+-]\d+(?:\.\d+)?)% \(tolerance (\d+(?:\.\d+)?)%\)$"
)


def drawn(file: File | None) -> tuple[Drawn, ...]:
    """The comparisons of ``populations.txt``."""
    out: list[Drawn] = []
    for line in file.lines if file else ():
        if match := _DRAWN.match(line):
            out.append(Drawn(match[1], int(match[2]), int(match[3]), {}))
        elif out and (match := _AGAINST.match(line)):
            row = float(match[2]), float(match[3]), float(match[4]) / 100, float(match[5]) / 100
            out[-1] = msgspec.structs.replace(out[-1], rows={**out[-1].rows, match[1]: row})
    return tuple(out)


# ---------------------------------------------------------------- tests and engines


class Tests(msgspec.Struct, frozen=True):
    """A run of every test at full size: how it ended, which tests failed, and why some were skipped, where the file says so."""

    ended: str
    failed: tuple[str, ...]
    skipped: tuple[str, ...]


_ENDED = re.compile(r"^=*\s*(\d+ (?:passed|failed|error).*? in [\d.]+s.*?)\s*=*$")
_SKIPPED = re.compile(r"^SKIPPED \[\d+\] (.+)$")
_FAILED = re.compile(r"^(?:FAILED|ERROR) (tests/\S+)")


def tests(file: File | None) -> Tests | None:
    """What ``full-tests.txt`` says; ``None`` where the run has not ended."""
    lines = file.lines if file else ()
    ended = [m[1] for line in lines if (m := _ENDED.match(line))]
    if not ended:
        return None
    return Tests(ended[-1], tuple(_found(_FAILED, lines)), tuple(_found(_SKIPPED, lines)))


def _found(pattern: re.Pattern[str], lines: tuple[str, ...]) -> Iterator[str]:
    return (m[1] for line in lines if (m := pattern.match(line)))


_IDENTICAL = re.compile(
    rf"^checks identical for ({_NUMBER}) of ({_NUMBER}) rows; ({_NUMBER}) checks, ({_NUMBER}) fire$"
)


def identical(file: File | None) -> tuple[str, str, str] | None:
    """Of ``review.txt``: how many rows were reviewed one by one, of how many in one call, and all checks of the call, as written."""
    found = [(m[1], m[2], m[3]) for line in (file.lines if file else ()) if (m := _IDENTICAL.match(line))]
    return found[-1] if found else None


_SCREENED = re.compile(rf"^({_NUMBER}) persons, ({_NUMBER}) exposures, .* ({_NUMBER}) have a relaxant$")
_RUNS = re.compile(r"^\s+relaxant screen, every rule, (\S+), .*\(each run: ([^)]*)\)")


class Screened(msgspec.Struct, frozen=True):
    """A screen that was timed: persons, those with a relaxant, the engine, and how many runs gave the same findings."""

    persons: str
    relaxant: str
    engine: str
    runs: int


def screened(file: File | None) -> tuple[Screened, ...]:
    """The screens of ``screen.txt``."""
    out: list[Screened] = []
    size: tuple[str, str] | None = None
    for line in file.lines if file else ():
        if match := _SCREENED.match(line):
            size = match[1], match[3]
        elif size and (match := _RUNS.match(line)):
            out.append(Screened(*size, match[1], len(match[2].split(", "))))
            size = None
    return tuple(out)


_ABSENT = re.compile(r"^(\S+): absent \((.+)\)$")


def absent(file: File | None) -> dict[str, str]:
    """Of ``kinetics.txt``: the programs that were not there to be compared with, and why."""
    return {m[1]: m[2] for line in (file.lines if file else ()) if (m := _ABSENT.match(line))}
