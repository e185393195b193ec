"""Conditions as said, matched to what the knowledge acts on.

A code decides alone. Words are matched whole, by the knowledge's names; words that are only *near* one ("epilesy") make that
condition unknown and say so, and words that match nothing are named among what was not used.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator
from datetime import date

from relaxant.facts.cord_level import level_within, narrowest
from relaxant.facts.known_names import KnownNames, folded, names_of, remembered
from relaxant.knowledge.load import Knowledge
from relaxant.medicines.later import Later
from relaxant.patient import Code, Patient, Stated

_NEAR = 88.0
_TOO_SHORT = 4
_ABBREVIATION = 2  # “ESRF on PD” names ESRF; two letters inside other words name nothing
_DOUBT = Later(
    r"\?|\b(?:query|possible|possibly|suspected|probable|probably|rule out|differential|family history|fh of)\b"
)
_JOINS = re.compile(r"\s+(?:with|and|plus|due to|secondary to|after)\s+|[,;+&]\s*", re.I)
_HOW = r"^(?:(?:severe|moderate|mild|known|bilateral|left|right|l|r|lt|rt)\s+)+"
_HOW_LONG = r"\s+(?:for\s+|of\s+)?\d+\s+(?:days?|weeks?|months?|years?)$"
_SNOMED = ("snomed", "http://snomed.info/sct", "snomed ct")
_ICD10 = (
    "icd-10-cm",
    "icd-10",
    "icd10",
    "icd10cm",
    "http://hl7.org/fhir/sid/icd-10-cm",
    "http://hl7.org/fhir/sid/icd-10",
)


def conditions_said(
    patient: Patient, knowledge: Knowledge, note: dict[str, str], *, pump: bool = False
) -> dict[str, float]:
    """Condition id -> 1 (has it) or NaN (words near or around its name); ``note`` gains what was not understood or used.

    ``pump`` is whether something runs, or is to run, into the spinal fluid: words such as ``catheter`` then speak of it.
    """
    out: dict[str, float] = {}
    idle = []
    for name in _events(patient, knowledge):
        out[name] = 1.0
    for stated in patient.conditions or ():
        if _over(stated, patient):
            continue
        found = condition_ids(stated, knowledge) or (_of_pump(stated, knowledge) if pump else ())
        doubtful = stated.name is not None and not stated.codes and _in_doubt(stated.name, knowledge)
        for name in found:
            if doubtful:
                out.setdefault(name, math.nan)
                note[f"condition {stated.name}"] = f"condition “{stated.name}” is in question; it is taken as unknown"
            else:
                out[name] = 1.0
        if found:
            continue
        words = stated.name or next((c.display for c in stated.codes if c.display), None)
        if pump and words and (about := _about_pump(folded(words), knowledge)):
            for name in about:
                out.setdefault(name, math.nan)
                title = knowledge.conditions[name].title
                note[f"condition {words}"] = f"condition “{words}” is not understood; it may be {title}"
            continue
        near = _near(folded(words), knowledge) if words and not stated.codes else None
        if near and words:
            out.setdefault(near, math.nan)
            title = knowledge.conditions[near].title
            note[f"condition {words}"] = f"condition “{words}” is not understood; did you mean {title}?"
        else:
            idle.append(words or ", ".join(f"{c.system} {c.code}" for c in stated.codes))
    if idle:
        note["conditions"] = (
            f"conditions that are not known here, so that no rule was tested for them: {', '.join(sorted(idle))}"
        )
    for name, has in list(out.items()):
        for implied in implied_by(name, knowledge):
            if has == 1.0:
                out[implied] = 1.0
            else:
                out.setdefault(implied, math.nan)  # what follows from something in question is in question
    return out


def unread_conditions(patient: Patient, knowledge: Knowledge) -> tuple[str, ...]:
    """The conditions said in words alone that are not known here: to the rules they are not there, so a reader has to hear of them first."""
    return tuple(name for name, near in _not_understood(patient, knowledge) if near is None)


def unclear_conditions(patient: Patient, knowledge: Knowledge) -> tuple[tuple[str, str], ...]:
    """The conditions said in words alone that only lie near the name of one, with its id: to the rules that one is unknown."""
    return tuple((name, near) for name, near in _not_understood(patient, knowledge) if near is not None)


def _not_understood(patient: Patient, knowledge: Knowledge) -> Iterator[tuple[str, str | None]]:
    """The conditions said in words alone that name none, each once, with the id of that whose name lies near."""
    said = (s for s in patient.conditions or () if s.name and not s.codes and not _over(s, patient))
    for name in dict.fromkeys(s.name for s in said if s.name and not condition_ids(s, knowledge)):
        if not _of_pump(Stated(name=name), knowledge):
            yield name, _near(folded(name), knowledge)


def _of_pump(stated: Stated, knowledge: Knowledge) -> tuple[str, ...]:
    """The conditions that a statement names for whoever has a pump."""
    names = names_of(knowledge).of_pumps
    said = (stated.name, *(c.display for c in stated.codes))
    return tuple(dict.fromkeys(names[folded(words)] for words in said if words and folded(words) in names))


def _about_pump(words: str, knowledge: Knowledge) -> list[str]:
    """The conditions that words which name none put in question for whoever has a pump."""

    def within(parts: tuple[str, ...]) -> bool:
        return any(f" {part} " in f" {words} " for part in parts)

    return [
        condition
        for condition, (about, others) in names_of(knowledge).about_pumps.items()
        if within(about) and not within(others)
    ]


def _in_doubt(words: str, knowledge: Knowledge) -> bool:
    """Whether words put a condition in question; a name that itself has such words ("family history of ...") does not."""
    plain = folded(words)
    return _DOUBT.search(words) is not None and not (plain in names_of(knowledge).names and _DOUBT.search(plain))


def days_since(patient: Patient, knowledge: Knowledge) -> dict[str, float]:
    """Condition id -> days since it began, for those with a date; the latest where it was said more than once.

    An event without a date counts as of today, one to come has days below nought.
    """
    out: dict[str, float] = {}
    for name, day in _events(patient, knowledge).items():
        out[name] = 0.0 if day is None else float((patient.as_of - day).days)
    for stated in patient.conditions or ():
        if stated.since is None or stated.since > patient.as_of or _over(stated, patient):
            continue
        days = float((patient.as_of - stated.since).days)
        for name in condition_ids(stated, knowledge):
            for one in (name, *implied_by(name, knowledge)):
                out[one] = min(days, out.get(one, days))
    return out


def condition_ids(stated: Stated, knowledge: Knowledge) -> tuple[str, ...]:
    """The conditions that a statement names, by code or by words."""
    key, read = ("condition", stated.name, stated.codes), lambda: _condition_ids(stated, knowledge)
    return remembered(knowledge, key, (stated.name, *(c.display for c in stated.codes)), read)


def _condition_ids(stated: Stated, knowledge: Knowledge) -> tuple[str, ...]:
    known = names_of(knowledge)
    names, snomed, icd = known.names, known.snomed, known.icd
    found = []
    for code in stated.codes:
        if (by_code := _by_code(code, snomed, icd)) is not None:
            found.append(by_code)
    for words in (stated.name, *(c.display for c in stated.codes)):
        if words:
            plain = folded(re.sub(r"\((?:disorder|finding|situation)\)", "", words))
            found += [names[plain]] if plain in names else _with_level(plain, known) or _joined(words, known)
            found += [] if plain in names else _events_in(plain, knowledge, within=False)
    return tuple(dict.fromkeys(found))


def _joined(words: str, known: KnownNames) -> list[str]:
    """The conditions of words that join several ("low back pain with muscle spasm"), or that say how much, where or how long ("severe
    spasticity", "ICU stay 4 weeks"); none unless every part is a whole name: what stands beside a name may undo it."""
    parts = [re.sub(_HOW_LONG, "", re.sub(_HOW, "", folded(part))) for part in _JOINS.split(words)]
    return [known.names[part] for part in parts] if all(part in known.names for part in parts) else []


def _events(patient: Patient, knowledge: Knowledge) -> dict[str, date | None]:
    """The events that the procedure or a condition names, each with its day; the latest past one before one to come, ``None`` where no day was said."""
    out: dict[str, date | None] = {}
    procedure = patient.procedure
    said = [] if procedure is None else [(events_of(procedure.kind, knowledge, within=True), procedure.date)]
    said += [
        (events_of(s.name, knowledge), s.since) for s in patient.conditions or () if s.name and not _over(s, patient)
    ]
    for found, day in said:
        for name in found:
            days = [d for d in (out.get(name), day) if d is not None]
            past = [d for d in days if d <= patient.as_of]
            out[name] = max(past) if past else min(days, default=None)
    return out


def events_of(words: str, knowledge: Knowledge, *, within: bool = False) -> list[str]:
    """The events that words name and do not put in question; with ``within`` other words may stand around the name."""
    found = _events_in(folded(words), knowledge, within=within)
    return [] if found and _DOUBT.search(words) else found


def _events_in(plain: str, knowledge: Knowledge, *, within: bool) -> list[str]:
    """The events that folded words name; with ``within`` other words may stand around the name, else those of ``beside`` alone."""
    found = []
    for event, (names, beside) in names_of(knowledge).events.items():
        if not any(f" {name} " in f" {plain} " for name in names):
            continue
        if within or " ".join(w for w in plain.split() if w not in beside and not w.isdigit()) in names:
            found.append(event)
    return found


def _over(stated: Stated, patient: Patient) -> bool:
    return stated.until is not None and stated.until <= patient.as_of


def _with_level(plain: str, known: KnownNames) -> list[str]:
    """The conditions that words with a level of the cord name (“sci t10”)."""
    level = level_within(plain)
    if level is None or (name := known.names.get(level[1])) not in known.levelled:
        return []
    of_level = narrowest(level[0], known.down_to.items())
    return [name] if of_level is None else [name, of_level]


def _by_code(code: Code, snomed: dict[str, str], icd: dict[str, str]) -> str | None:
    system = code.system.casefold()
    if system in _SNOMED:
        return snomed.get(code.code)
    if system in _ICD10:
        plain = code.code.replace(".", "").upper()
        for length in range(len(plain), 2, -1):
            if plain[:length] in icd:
                return icd[plain[:length]]
    return None


def codes_of(
    conditions: Collection[str], knowledge: Knowledge
) -> tuple[tuple[str, ...], tuple[tuple[str, tuple[str, ...]], ...]]:
    """The codes that name one of these conditions: SNOMED CT, and each ICD-10-CM beginning (without its dot) with the longer ones that name others."""
    known = names_of(knowledge)
    beginnings = sorted(code for code, condition in known.icd.items() if condition in conditions)
    return (
        tuple(sorted(code for code, condition in known.snomed.items() if condition in conditions)),
        tuple(
            (own, tuple(sorted(c for c, of in known.icd.items() if c.startswith(own) and of not in conditions)))
            for own in beginnings
        ),
    )


def implied_by(name: str, knowledge: Knowledge) -> list[str]:
    """Every condition that one amounts to as well, directly or through another."""
    out, waiting = [], [name]
    while waiting:
        condition = knowledge.conditions.get(waiting.pop())
        for implied in condition.implies if condition else ():
            if implied not in out:
                out.append(implied)
                waiting.append(implied)
    return out


def _near(words: str, knowledge: Knowledge) -> str | None:
    """The condition whose name stands inside these words ("history of epilepsy") or is near them ("epilesy"), if one is."""
    names = names_of(knowledge).names
    inside = [n for n in names if len(n) > _ABBREVIATION and f" {n} " in f" {words} "]
    if inside:
        return names[max(inside, key=len)]
    if len(words) <= _TOO_SHORT:
        return None
    from rapidfuzz import fuzz, process  # loaded only for words that match nothing

    best = process.extractOne(words, list(names), scorer=fuzz.ratio, score_cutoff=_NEAR)
    return names[best[0]] if best else None
