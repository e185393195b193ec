"""What ``relaxant`` offers to programs: the clinic's verbs and the values they take and give."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from relaxant.citing.references import cite
from relaxant.errors import InputError, RelaxantError
from relaxant.evidence.comparison import compare
from relaxant.io.diary_csv import read_diary
from relaxant.io.read import read_bytes, read_file, read_mapping
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.linting.check import lint
from relaxant.news import whats_new
from relaxant.patient import Patient
from relaxant.pharmacology.cards.course import GivenDose
from relaxant.pharmacology.estimation.estimate import estimate, estimate_table
from relaxant.pharmacology.estimation.observations import Observation
from relaxant.pharmacology.people.simulate import simulate, simulate_table
from relaxant.replaying import replay
from relaxant.report.review.html import render_html
from relaxant.report.review.terminal import render_terminal
from relaxant.responding import answer
from relaxant.response.response import Response
from relaxant.reviewing import Review, review, to_json
from relaxant.tapering import taper

if TYPE_CHECKING:
    from relaxant.cohort.screen import Screen

__all__ = [
    "GivenDose",
    "InputError",
    "Knowledge",
    "Observation",
    "Patient",
    "RelaxantError",
    "Review",
    "cite",
    "compare",
    "estimate",
    "estimate_table",
    "lint",
    "load_knowledge",
    "read_patient",
    "render_html",
    "render_terminal",
    "replay",
    "respond",
    "review",
    "screen",
    "simulate",
    "simulate_table",
    "taper",
    "to_json",
    "whats_new",
]


def read_patient(
    source: str | Path | bytes | Mapping[str, object],
    *,
    today: date,
    considering: Iterable[str] = (),
    country: str | None = None,
    as_of: str | None = None,
    knowledge: Knowledge | None = None,
) -> Patient:
    """The patient in a file (a path), in bytes or in a mapping of a program's own values: a patient file or a FHIR R4 bundle.

    ``today`` is the day of the review where the file has no ``as_of``. Raises :class:`InputError` naming the field,
    what came and what would do.

    >>> patient = read_patient(b"{weight: 61 kg, medicines: [baclofen 10 mg three times a day]}", today=date(2026, 11, 22))
    >>> patient.as_of.isoformat(), patient.country, patient.medicines[0].said
    ('2026-11-22', 'US', 'baclofen 10 mg three times a day')
    >>> read_patient({"weight": "61 kg", "medicines": ["baclofen 10 mg three times a day"]}, today=date(2026, 11, 22)) == patient
    True
    """
    known = knowledge or load_knowledge()
    if isinstance(source, Mapping):
        return read_mapping(source, known, today=today, considering=considering, country=country, as_of=as_of)
    if isinstance(source, bytes):
        return read_bytes(source, known, today=today, considering=considering, country=country, as_of=as_of)
    return read_file(source, known, today=today, considering=considering, country=country, as_of=as_of)


def respond(
    source: str | Path | bytes,
    *,
    today: date,
    patient: Patient | None = None,
    columns: Mapping[str, str] | None = None,
    randomised: bool = False,
    blinded: bool = False,
    knowledge: Knowledge | None = None,
) -> Response:
    """Is it working: what the diary in a CSV file (a path) or in bytes says, for one patient.

    ``columns`` maps our names of columns to the diary's; no day of it lies after ``today``. ``randomised`` and ``blinded`` are said of arms that
    took turns. Raises :class:`InputError` naming the row and column, what came and what would do.

    >>> diary = "date,baclofen_mg,spasms\\n" + "".join(f"2026-11-{day:02},15,{day % 3}\\n" for day in range(1, 15))
    >>> respond(diary.encode(), today=date(2026, 11, 22)).written
    14
    """
    known = knowledge or load_knowledge()
    data = source if isinstance(source, bytes) else _bytes_of(Path(source))
    diary = read_diary(data, known, today=today, columns=columns)
    return answer(diary, patient, known, randomised=randomised, blinded=blinded)


def screen(
    source: str | Path,
    output: str | Path,
    *,
    engine: str = "duckdb",
    as_of: date | None = None,
    first: date | None = None,
    until: date | None = None,
    every: int | None = None,
    washout: int | None = None,
    new_users: bool = False,
    country: str = "US",
    checks: bool = False,
    small_counts: bool = False,
    workers: int = 1,
    memory: str = "1200MB",
    knowledge: Knowledge | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Screen:
    """The rules over everybody in a registry (OMOP's tables): :func:`relaxant.cohort.screen.screen`, for which ``relaxant[screen]`` has to be
    installed. As of a day, or over the period that begins with ``first``: docs/cohort/period.md says what the others are. Raises :class:`InputError` naming what of the source or the settings cannot be used."""
    try:
        from relaxant.cohort.period import asked
        from relaxant.cohort.screen import screen as screens
    except ModuleNotFoundError as error:
        raise InputError("screen", error.name or "a library", "a library of the screen is not installed", "run `pip install 'relaxant[screen]'`") from None  # fmt: skip
    known = knowledge or load_knowledge()
    return screens(
        source,
        output,
        engine=engine,
        as_of=as_of,
        period=asked(known, first, until, every=every, washout=washout, new_users=new_users),
        country=country,
        checks=checks,
        small_counts=small_counts,
        workers=workers,
        memory=memory,
        knowledge=known,
        progress=progress,
    )


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            "diary", path, f"it cannot be read ({error.strerror})", "give the path of a CSV file"
        ) from None
