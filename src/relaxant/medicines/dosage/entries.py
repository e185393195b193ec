"""One dosage entry: its codes, its words and its text as doses."""

from __future__ import annotations

from typing import Any

from relaxant.medicines.dosage.amounts import read_amounts, read_limits
from relaxant.medicines.dosage.codes import ROUTE_CODES
from relaxant.medicines.dosage.entry import Entry
from relaxant.medicines.dosage.parts import as_list, as_text, concept_texts, has_shape, number_of
from relaxant.medicines.dosage.text import with_text
from relaxant.medicines.dosage.timing import read_timing
from relaxant.medicines.dose.daily import by_strength
from relaxant.medicines.dose.line import Line, normalised
from relaxant.medicines.dose.numbers import figure
from relaxant.medicines.dose.units import COUNTED, interval_hours, too_many
from relaxant.medicines.dose_lines import read_dose
from relaxant.medicines.regimen import Amount, Dose, Strength


def _read_words(entry: Entry, dosage: dict[str, Any]) -> None:
    """Route, site, "as needed" and what is only said."""
    needed = dosage.get("asNeededBoolean", dosage.get("asNeeded"))
    if isinstance(needed, bool):
        entry.needed = needed
    elif needed is not None:
        entry.problem("shape", said="asNeededBoolean")
    reason = dosage.get("asNeededCodeableConcept", dosage.get("asNeededFor"))
    for part in as_list(reason):
        if has_shape(entry, part, "asNeededCodeableConcept", dict):
            entry.needed = True
            entry.notes += concept_texts(part)[:1]
    route = dosage.get("route")
    if route is not None:
        for text in concept_texts(route):
            entry.route = ROUTE_CODES.get(text) or _route_in_words(text[:200])
            if entry.route is not None:
                break
        else:
            entry.problem("shape", said=f"route “{(concept_texts(route) or [''])[0][:60]}”")
    site = concept_texts(dosage.get("site", dosage.get("siteCodeableConcept")))
    entry.site = site[0] if site else None
    for name in ("additionalInstruction", "additionalInstructions", "method"):
        entry.notes += [text for part in as_list(dosage.get(name)) for text in concept_texts(part)[:1]]
    if as_text(dosage.get("patientInstruction")):
        entry.notes.append(as_text(dosage.get("patientInstruction")))
    if dosage.get("sequence") is not None:
        entry.sequence = number_of(entry, dosage.get("sequence"), "sequence", nought=True)


def _route_in_words(text: str) -> str | None:
    line = Line(normalised(text).lower())
    return line.meaning[line.kind.index("route")] if "route" in line.kind else None


def read_entry(dosage: dict[str, Any], form: str | None, strength: Strength | None) -> Entry:
    """One dosage entry of a product of this form and strength."""
    entry = Entry()
    read_amounts(entry, dosage)
    read_timing(entry, dosage.get("timing"))
    _read_words(entry, dosage)
    read_limits(entry, dosage)
    has_shape(entry, dosage.get("text"), "text", str)
    text = as_text(dosage.get("text"))
    if text:
        entry.text = read_dose(text, form=form, strength=strength)
    if entry.unit is not None or entry.every is not None or entry.ats:
        entry.doses = _doses_of(entry, form, strength)
    if entry.max_daily is not None:
        entry.max_daily = by_strength(entry.max_daily, strength)
    with_text(entry)
    return entry


def _doses_of(entry: Entry, form: str | None, strength: Strength | None) -> list[Dose]:
    unit = entry.unit or "dose"
    if unit == "piece" and form is not None and form in COUNTED:
        unit = form
    if entry.high is not None and (many := too_many(unit, entry.high)):
        entry.problem(many, said=f"{figure(entry.high)} {unit}")
        entry.low = entry.high = None
    amount = by_strength(Amount(low=entry.low, high=entry.high, unit=unit), strength)
    hours = interval_hours(entry.every)
    per_day = round(24 / hours[0], 6) if hours is not None and hours[0] == hours[1] else None
    ats: list[str | None] = list(entry.ats) or [None]
    every = entry.every
    if entry.ats and per_day is not None:
        if per_day in {len(ats), 1}:
            every = "1 d"
        elif len(ats) > 1 and per_day > 1:
            entry.notes.append(", ".join(entry.ats))
            ats = [None]
    low, high, unit, needed = amount.low, amount.high, amount.unit, bool(entry.needed)
    return [Dose(low=low, high=high, unit=unit, at=at, every=every, as_needed=needed) for at in ats]
