"""Dose lines: the words that follow a medicine's name, read as the regimen that they ask for.

One pass splits the line into numbers, dates and known phrases (`dose.line`), a second walks over them once
(`dose.walk`), and what was understood becomes the regimen (`dose.result`). What can be read in two ways a thousandfold
apart is not guessed: the amount stays unknown and `problems` says why. No word is lost: it ends in the regimen, in
`notes` (understood, harmless) or in `unread`.
"""

from __future__ import annotations

from datetime import date

from relaxant.medicines.dose.daily import daily_intake
from relaxant.medicines.dose.numbers import figure, read_number
from relaxant.medicines.dose.reading import Reading
from relaxant.medicines.dose.result import regimen_of
from relaxant.medicines.dose.units import interval, interval_hours
from relaxant.medicines.dose.walk import walk
from relaxant.medicines.kept import Kept
from relaxant.medicines.regimen import Regimen, Strength

__all__ = ["daily_intake", "figure", "interval", "interval_hours", "read_dose", "read_number", "regimen_from_parts"]


def read_dose(
    text: str, *, form: str | None = None, strength: Strength | None = None, as_of: date | None = None
) -> Regimen:
    """Read what a medicine line asks for, from the words beside the medicine's name.

    ``form`` and ``strength`` are those of the product where its code or name gives them; ``as_of`` is the day of the
    review, for "3 weeks ago".
    Never raises: what cannot be read is unknown, with a sentence in ``problems``.

    >>> read_dose("10 mg three times a day").daily
    Amount(low=30.0, high=30.0, unit='mg')
    """
    return _read(text, form, strength, as_of)


@Kept
def _read(text: str, form: str | None, strength: Strength | None, as_of: date | None) -> Regimen:
    reading = Reading(text, form, strength, as_of)
    walk(reading)
    return regimen_of(reading)


def regimen_from_parts(
    *,
    dose: str | None = None,
    route: str | None = None,
    frequency: str | None = None,
    form: str | None = None,
    strength: str | None = None,
    rate: str | None = None,
    max_daily: str | None = None,
    as_needed: str | None = None,
    duration: str | None = None,
    as_of: date | None = None,
) -> Regimen:
    """Read a structured line (`{dose: 500 mg, route: oral, frequency: twice a day}`) by the same path as text."""
    labelled = (
        ("strength", strength),
        ("", dose),
        ("rate", rate),
        ("", route),
        ("", frequency),
        ("", _as_needed(as_needed)),
        ("max", max_daily),
        ("for", duration),
    )
    said = [f"{label} {part}".strip() for label, part in labelled if part]
    return read_dose(", ".join(said), form=form, as_of=as_of)


def _as_needed(said: str | None) -> str:
    plain = (said or "").strip().lower()
    if plain in {"", "false", "no", "none", "0"}:
        return ""
    return "prn" if plain in {"true", "yes", "1"} else f"prn {said}"
