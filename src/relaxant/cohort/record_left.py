"""What nothing was made of in the records of FHIR bulk data: counted by its kind, its reason and, where it is a medicine or a condition, its name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from relaxant.cohort.tally import LeftKey
from relaxant.facts.conditions import unread_conditions
from relaxant.knowledge.load import Knowledge
from relaxant.medicines.medicine import Medicine
from relaxant.patient import Patient

_MEASURES = ("labs", "observations", "weight", "height")
_FAULT = re.compile(
    r"(\w+)(?: ([^:“]+))?: “[^”]*”: (.+); [^;]*"
)  # a sentence of errors.InputError: field, what came, why; what would do
_NOTE = re.compile(
    r"((?:[A-Z][A-Za-z]+(?:/[^\s,:]+| without an id)(?:, )?)+)(?: and (\d+) more)?: (.+)"
)  # of fhir_resources.Notes
_LOST = re.compile(r"not (?:used|read|known)\b|(?:cannot|could not) be read\b")
_OWN = re.compile(r"“[^”]*”|\b[A-Z][A-Za-z]+/[^\s,]+|\b\d{4}-\d{2}(?:-\d{2})?\b")


def left_of_medicines(medicines: Iterable[Medicine]) -> Counter[LeftKey]:
    """The medicines that are not known, or not altogether."""
    out = Counter[LeftKey]()
    for one in medicines:
        if one.not_understood:
            out["drug", None, None, one.said, "not all of its words are understood", True] += 1
        elif one.status != "read" and not one.ingredients:
            out["drug", None, None, one.said, "no medicine of this code or name is known; counted as one that is not known", True] += 1  # fmt: skip
    return out


def left_of_record(patient: Patient, knowledge: Knowledge) -> Counter[LeftKey]:
    """Conditions in words that name none, and what the reader of records could not use."""
    out = Counter[LeftKey]()
    for name in unread_conditions(patient, knowledge):
        out["condition", None, None, name, "its words name no condition that is known here", True] += 1
    for sentence in patient.unused:
        if found := _FAULT.fullmatch(sentence):
            field, name, why = found.groups()
            domain = "measurement" if field in _MEASURES else field
            out[domain, None, None, name or field, why, True] += 1
        elif (found := _NOTE.fullmatch(sentence)) and _LOST.search(found[3]):
            named = found[1].split(", ")
            kind = re.split(r"[/ ]", named[0])[0]
            out["record", None, None, kind, _OWN.sub("…", found[3]), True] += len(named) + int(found[2] or 0)
    return out
