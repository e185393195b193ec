"""The fields of the review page's form, and the patient file that they say: each way without loss.

A field is text as somebody typed it. What a file says in more than text (a coded medicine with its FHIR dosage, a condition with its date) is
``kept`` beside the text that stands for it and goes back into the file while that text is unchanged; once it is edited, the text alone counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import yaml

from relaxant.errors import InputError
from relaxant.io.said import clean, fold
from relaxant.patient import Patient, to_file
from relaxant.plain import read_yaml

Kept = dict[str, dict[str, list[Any]]]

SINGLE = (
    "as_of", "country", "label", "sex", "age", "weight", "height", "dialysis", "smoker", "alcohol", "pregnant", "breastfeeding", "stands_on_tone",
    "muscle_mass", "swallowing", "procedure",
)  # fmt: skip
LISTS = ("medicines", "considering", "conditions", "allergies", "goals")
LABS = ("creatinine", "egfr", "alt", "ast", "bilirubin", "albumin", "inr")
MEASURES, MORE = "measurements", "more"
NAMES = (*SINGLE, *LABS, *LISTS, MEASURES, MORE)
SOURCE = "source"  # where the form was filled from, in words: it stays with the form and says nothing of the person
_BORN = re.compile(r"\d{4}-\d{2}-\d{2}")
_PLACE = re.compile(r"(\w+)(?:\[(\d+)\])?")
_TRUTH = {True: "yes", False: "no"}


class Fields(msgspec.Struct, frozen=True, kw_only=True):
    """A filled form. ``text`` holds one text a field; ``right`` the lines that were confirmed, ``skipped`` the questions nobody can answer."""

    text: dict[str, str] = {}
    kept: Kept = {}
    right: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing is said of anybody."""
        return not any(self.text.get(name, "").strip() for name in NAMES if name not in ("as_of", "country"))

    def said(self, name: str) -> str:
        return self.text.get(name, "")

    def lines(self, name: str) -> list[str]:
        """The lines of a field that hold something."""
        return [line.strip() for line in self.said(name).splitlines() if line.strip()]

    def with_text(self, name: str, text: str) -> Fields:
        """The form with another text in one field."""
        return msgspec.structs.replace(self, text={**self.text, name: text})


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """The field that a refusal is about, and which of its lines, counted from 1."""

    field: str
    line: int | None = None


# ---------------------------------------------------------------- the form to a file


def file_of(fields: Fields) -> dict[str, Any]:
    """The patient file that a form says. Raises :class:`InputError` where ``more`` is no mapping or says again what a field says."""
    out: dict[str, Any] = {}
    for name in SINGLE:
        if said := fields.said(name).strip():
            out["birth_date" if name == "age" and _BORN.fullmatch(said) else name] = _entries(fields, name, [said])[0]
    for name in LISTS:
        if lines := fields.lines(name):
            out[name] = _entries(fields, name, lines)
    for name, kept in _measured(fields):
        out.setdefault(name, []).append(kept)
    for name, value in _more(fields.said(MORE)).items():
        if name in out and name not in ("labs", "observations"):
            field = "age" if name == "birth_date" else name
            raise InputError(field, value, "this is said in a field of the form and under More", "keep one of the two")
        out[name] = [*out[name], *value] if name in out and isinstance(value, list) else value
    return out


def _entries(fields: Fields, name: str, lines: Sequence[str]) -> list[Any]:
    """Lines of text, each as what was kept for it."""
    waiting = {text: list(entries) for text, entries in fields.kept.get(name, {}).items()}
    return [waiting[line].pop(0) if waiting.get(line) else line for line in lines]


def _measured(fields: Fields) -> list[tuple[str, Any]]:
    """Every result with the list that it belongs into, in the order in which :func:`place_of` counts them."""
    out: list[tuple[str, Any]] = []
    for name in LABS:
        if said := fields.said(name).strip():
            kept = _entries(fields, name, [said])[0]
            out.append(("labs", f"{name} {said}" if isinstance(kept, str) else kept))
    for kept in _entries(fields, MEASURES, fields.lines(MEASURES)):
        which = "labs" if isinstance(kept, str) else str(kept.get("list", "labs"))
        out.append((which, kept if isinstance(kept, str) else kept.get("entry")))
    return out


def _more(text: str) -> dict[str, Any]:
    if not text.strip():
        return {}
    found = read_yaml(text, MORE)
    if not isinstance(found, dict):
        raise InputError(MORE, text, "this is not a mapping of fields", "write lines such as `pump: {drug: baclofen}`")
    return found


def place_of(field: str, fields: Fields) -> Place:
    """Where on the form the field of an :class:`InputError` stands."""
    match = _PLACE.match(field)
    name, number = (match[1], int(match[2]) if match[2] else None) if match else (field, None)
    if name == "birth_date":
        return Place(field="age")
    if name in ("labs", "observations"):
        counted = [MEASURES] * len(fields.lines(MEASURES))
        own = [*(n for n in LABS if fields.said(n).strip()), *counted]
        kinds = [which for which, _ in _measured(fields)]
        found = [i for i, which in enumerate(kinds) if which == name]
        if number is None or not found:
            return Place(field=MORE if fields.said(MORE).strip() else MEASURES)
        number = min(number, len(found))
        at = _named(field, fields, own, found[number - 1])
        return Place(field=own[at], line=at - (len(own) - len(counted)) + 1 if own[at] == MEASURES else None)
    if name in LISTS:
        return Place(field=name, line=number)
    return Place(field=name if name in SINGLE else MORE)


def _named(field: str, fields: Fields, own: Sequence[str], at: int) -> int:
    """Which of the results a refusal names: one line may be read as two, so that those after it are counted on."""
    name = field.partition("] ")[2].replace("_", " ").casefold()
    lines = [n for n in own if n != MEASURES] + [fold(one) for one in fields.lines(MEASURES)]
    if not name or name in lines[at]:
        return at
    return next((i for i in range(len(lines)) if name in lines[i]), at)


# ---------------------------------------------------------------- a file to the form


def fields_of(patient: Patient) -> Fields:
    """The form that says what a patient file says."""
    said = to_file(patient)
    text: dict[str, str] = {}
    kept: Kept = {}
    if "birth_date" in said and "age" not in said:
        text["age"] = str(said.pop("birth_date"))
    for name in SINGLE:
        if name in said:
            text[name] = _keep(kept, name, _one(name, said[name]), said[name])
            del said[name]
    for name in LISTS:
        if name in said:
            entries = said.pop(name)
            shown = [_keep(kept, name, _shown(name, entry), entry) for entry in entries]
            text[name] = "\n".join(shown) if shown else "none"
    text |= _results(said.pop("labs", ()), said.pop("observations", ()), kept)
    if said:
        text[MORE] = yaml.safe_dump(msgspec.to_builtins(said), allow_unicode=True, sort_keys=True, width=100)
    return Fields(text=text, kept=kept)


def _keep(kept: Kept, name: str, shown: str, entry: Any) -> str:
    """The text that stands for an entry, which is kept unless it is that text."""
    if entry != shown and entry != {"said": shown} and entry != {"name": shown} and entry != {"to": shown}:
        kept.setdefault(name, {}).setdefault(shown, []).append(msgspec.to_builtins(entry))
    return shown


def _one(name: str, value: Any) -> str:
    """A single field as text."""
    if isinstance(value, bool):
        return _TRUTH[value]
    if name == "smoker":
        now = value.get("now")
        return "stopped" if value.get("stopped") else _TRUTH.get(now, "unknown")
    if name == "procedure":
        return str(value["kind"])
    return _measure(value) if isinstance(value, Mapping) else str(value)


def _shown(name: str, entry: Any) -> str:
    """An entry of a list as one line of text."""
    if isinstance(entry, str):
        return clean(entry)
    if name == "conditions":
        code: Mapping[str, Any] = next(iter(entry.get("codes", ())), {})
        return clean(str(entry.get("name") or code.get("display") or code.get("code") or ""))
    if name == "allergies":
        return clean(str(entry["to"]))
    said, change = clean(str(entry["said"])), entry.get("change")
    if change == "stop" and not fold(said).startswith("stop"):
        said = f"stop {said}"
    doses = dict.fromkeys(clean(str(one["text"])) for one in entry.get("dosage", ()) if one.get("text"))  # of a record
    said += "".join(f", {dose}" for dose in doses)
    since = f" since {entry['start']}" if entry.get("start") else ""
    return said + since + (f", stopped {entry['stop']}" if entry.get("stop") else "")


def _results(labs: Sequence[Any], observations: Sequence[Any], kept: Kept) -> dict[str, str]:
    """The fields of results: the latest of each that has a field of its own, every other as a line."""
    latest: dict[str, int] = {}
    for i, entry in enumerate(labs):
        name = entry["name"]
        before = latest.get(name)
        if name in LABS and (before is None or str(entry.get("date") or "") >= str(labs[before].get("date") or "")):
            latest[name] = i
    out = {name: _keep(kept, name, _measure(labs[i]), labs[i]) for name, i in latest.items()}
    lines = []
    for which, entries in (("labs", labs), ("observations", observations)):
        for i, entry in enumerate(entries):
            if which == "labs" and latest.get(entry["name"]) == i:
                continue
            site = f" {entry['site']}" if entry.get("site") else ""
            shown = f"{str(entry['name']).replace('_', ' ')}{site} {_measure(entry)}"
            lines.append(_keep(kept, MEASURES, clean(shown), {"list": which, "entry": entry}))
    return {**out, **({MEASURES: "\n".join(lines)} if lines else {})}


def _measure(entry: Mapping[str, Any]) -> str:
    """``1.6 mg/dL on 2026-11-10``."""
    value = entry.get("text") if entry.get("value") is None else f"{entry['value']:.15g} {entry.get('unit') or ''}"
    return clean(f"{value}" + (f" on {entry['date']}" if entry.get("date") else ""))
