"""Writes docs/reference: the JSON Schemas of the patient file and of what the commands write as JSON, and a page that explains their fields.

python tools/reference.py          writes them
python tools/reference.py --check  exits with 1 when they are not what would be written
"""

from __future__ import annotations

import json
import sys
from typing import Any

import msgspec
from generated import keep

from relaxant.evidence.comparison import Comparison
from relaxant.news import WhatsNew
from relaxant.patient import Patient
from relaxant.response.response import Response
from relaxant.reviewing import Review

FOLDER = "docs/reference"
DRAFT = "https://json-schema.org/draft/2020-12/schema"

TEXT: dict[str, Any] = {"type": ["string", "number", "integer"]}
DAY: dict[str, Any] = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
YES_NO: dict[str, Any] = {"enum": [True, False, "true", "false", "yes", "no", "unknown"]}
CODES: dict[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["system", "code"],
        "properties": {"system": TEXT, "code": TEXT, "display": TEXT},
    },
}
MEASURE: dict[str, Any] = {
    "oneOf": [
        {"type": "string"},
        {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "name": TEXT, "value": TEXT, "unit": TEXT, "text": TEXT, "date": DAY, "site": TEXT, "after_dose": TEXT, "code": TEXT, "system": TEXT, "by": TEXT,
            },
        },
    ]
}  # fmt: skip
LINE: dict[str, Any] = {
    "oneOf": [
        {"type": "string"},
        {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                **dict.fromkeys(("said", "drug", "name", "dose", "route", "frequency", "form", "strength", "rate", "max_daily", "as_needed", "duration", "site", "by",
                                 "code", "system"), TEXT),
                "codes": CODES, "dosage": {"type": "array", "items": {"type": "object"}}, "start": DAY, "stop": DAY,
                "active": YES_NO, "change": {"enum": ["start", "replace", "stop"]},
            },
        },
    ]
}  # fmt: skip

# Field of the patient file: what it holds, in words, and its schema.
FIELDS: dict[str, tuple[str, dict[str, Any]]] = {
    "as_of": ("The day the review is for; the caller's local day if left out.", DAY),
    "country": ("Whose labels, products and limits: US, UK, EU or a member of the EU. US if left out.", {"type": "string"}),
    "label": ("Free text printed on every page, against the wrong patient. Never a name or a record number.", TEXT),
    "sex": ("female, male, other or unknown; for the last two both formulas run.", {"enum": ["female", "male", "other", "unknown"]}),
    "birth_date": ("The birth date; or give `age`.", DAY),
    "age": ("Years, or a number with its unit: 8 months.", TEXT),
    "weight": ("With its unit: 61 kg, 134 lb, 9 st.", MEASURE),
    "height": ("With its unit: 165 cm, 65 in.", MEASURE),
    "muscle_mass": ("low: paralysis, amputation, muscle disease; creatinine flatters the kidney.", {"enum": ["low", "normal"]}),
    "pregnant": ("Yes or no; left out is unknown.", YES_NO),
    "breastfeeding": ("Yes or no; left out is unknown.", YES_NO),
    "stands_on_tone": ("Whether the person stands or moves by spasticity.", YES_NO),
    "dialysis": ("haemodialysis, peritoneal or none.", {"enum": ["haemodialysis", "hemodialysis", "peritoneal", "none"]}),
    "smoker": (
        "Yes, no, or {now, product, stopped}. Smoke induces CYP1A2, nicotine replacement does not.",
        {"anyOf": [YES_NO, {"type": "object", "additionalProperties": False, "properties": {"now": YES_NO, "product": TEXT, "stopped": DAY}}]},
    ),
    "alcohol": ("An amount in a time: 20 units/week, 3 drinks/day; or none.", TEXT),
    "swallowing": ("normal, crushed or tube.", {"enum": ["normal", "crushed", "tube"]}),
    "conditions": (
        "Names in plain words or codes. Left out is unknown; given, even as [], it is complete.",
        {
            "type": "array",
            "items": {
                "oneOf": [
                    {"type": "string"},
                    {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {"name": TEXT, "code": TEXT, "system": TEXT, "codes": CODES, "since": DAY, "until": DAY},
                    },
                ]
            },
        },
    ),
    "allergies": (
        "Substances, classes or excipients, with the reaction. Left out is unknown; given, even as [], it is complete.",
        {
            "type": "array",
            "items": {
                "oneOf": [
                    {"type": "string"},
                    {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["to"],
                        "properties": {
                            "to": TEXT, "reaction": TEXT, "kind": {"enum": ["allergy", "intolerance"]}, "codes": CODES, "code": TEXT, "system": TEXT,
                        },
                    },
                ]
            },
        },
    ),
    "genotype": ('Gene by gene: {CYP2C19: "*2/*2"}.', {"type": "object", "additionalProperties": TEXT}),
    "goals": ("What treatment is for: night spasms, function, care, pain ...", {"type": "array", "items": {"type": "string"}}),
    "labs": ("Laboratory values: name, value with unit, date.", {"type": "array", "items": MEASURE}),
    "observations": ("Vital signs, scales and drug levels: name, value with unit, date, site; of a drug level (baclofen level) after_dose, such as 3 h.", {"type": "array", "items": MEASURE}),
    "procedure": (
        "A procedure or scan (MRI), planned or done: kind and date.",
        {"oneOf": [{"type": "string"}, {"type": "object", "additionalProperties": False, "properties": {"kind": TEXT, "date": DAY}}]},
    ),
    "pump": (
        "The intrathecal device: `drug`, `concentration`, `reservoir` (its capacity), `residual` (what is in it now, or was on `residual_on`), `alarm` (the volume it calls at), `refilled` (the day of the last refill) and `filled` (the volume then in it, where it was not filled up), `catheter` and `tubing` (their volumes), `new_concentration` (planned), `screening_dose` (the test dose that worked) and `screening_hours` (how long it did). Whether it delivers is said by the drug's line in `medicines`.",
        {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                **dict.fromkeys(("drug", "concentration", "reservoir", "residual", "catheter", "tubing", "alarm", "filled", "new_concentration", "screening_dose", "screening_hours"), TEXT),
                "residual_on": DAY,
                "refilled": DAY,
            },
        },
    ),
    "medicines": ("Lines as people write them, or their parts; active: false is no longer taken, since an unknown day. Left out is unknown; given, even as [], it is complete.", {"type": "array", "items": LINE}),
    "considering": ("What is weighed, as if done on `as_of`: a line, or {drug, change: start | replace | stop}.", {"type": "array", "items": LINE}),
    "died": ("The day a record says the person died.", DAY),
    "record": ("What record this was read from. Set by the FHIR reader.", TEXT),
    "unused": ("What a record held that could not be used. Set by the FHIR reader.", {"type": "array", "items": {"type": "string"}}),
}  # fmt: skip


def patient_schema() -> dict[str, Any]:
    """The schema of the patient file."""
    missing = set(Patient.__struct_fields__) ^ set(FIELDS)
    if missing:
        raise SystemExit(f"the reference and Patient disagree about {sorted(missing)}")
    return {
        "$schema": DRAFT,
        "title": "relaxant patient file",
        "type": "object",
        "additionalProperties": False,
        "properties": {name: {"description": words, **schema} for name, (words, schema) in FIELDS.items()},
    }


def schema_of(kind: type[Any], name: str) -> dict[str, Any]:
    """The schema of what a command writes as JSON, from its own type."""
    return {"$schema": DRAFT, "title": f"relaxant {name}", **msgspec.json.schema(kind)}


def page() -> str:
    """The page that explains them."""
    rows = "\n".join(f"| `{name}` | {words} |" for name, (words, _) in FIELDS.items())
    return f"""# Patient file and review

Made by `python tools/reference.py`; tested against the code.

- [patient.schema.json](patient.schema.json): the hand-written input, YAML or JSON. Any field may be missing; only something to review is required.
- [review.schema.json](review.schema.json): the output of `relaxant review --format json`, the exact image of the `Review` object.
- [comparison.schema.json](comparison.schema.json): the output of `relaxant compare --format json`, the exact image of the `Comparison` object.
- [response.schema.json](response.schema.json): the output of `relaxant respond --format json`, the exact image of the `Response` object.
- [whats-new.schema.json](whats-new.schema.json): the output of `relaxant whats-new --format json`, the exact image of the `WhatsNew` object.

The other input is a FHIR R4 `Bundle` (or NDJSON of resources) of one patient.

## Patient file

| field | what it holds |
|---|---|
{rows}

Scalars are read as text and typed by relaxant. A decimal comma is read only where it cannot be a thousands separator. Units are never guessed:
a number without its unit, or with one of another kind, is refused with what would do.

A medicine or an allergy whose name is not known is never guessed: names close to it are offered. Of one person 400 names of medicines, and of allergies, are
compared with the known ones, what is weighed first. A line after that is not recognised all the same and says that none were looked for, words beside a known
name may each be another medicine, and an allergy may be to any relaxant; `limits` says of how many lines that is so.

## Comparison

    relaxant compare AGENT AGENT [AGENT [AGENT]] [--patient FILE] [--country COUNTRY] [--as-of DATE] [--format text|json|html] [--output PATH]

Two to four relaxants, each by its name or a brand; an ingredient of several routes means the usual one. With a patient file (or FHIR bundle) what
differs for that person comes first: `person.each` has, for every relaxant, the findings of a review that weighs it while the others compared are
not taken (`differing` names those that are not common to all in the same tier), what it is to the person's conditions, the dose that the person
would get and the fewest pieces a day. What the file weighs of other medicines is weighed with each. `profiles` holds what is known of each under
the labels of the country, every value with its source; `evidence` the trials: `pairs` with a verdict in words, `outcomes` with every comparison
(`why_not` says why one is in no pool) and what was pooled, `trials` in words. From Python: `relaxant.compare(["baclofen", "tizanidine"], patient=patient)`.
Pooling needs SciPy (`pip install 'relaxant[evidence]'`); without it everything is shown and nothing pooled. How it is reckoned: [the evidence](../evidence/README.md).

## Diary

    relaxant respond DIARY.csv [--patient FILE] [--condition WORDS] [--column OURS=THEIRS] [--from DATE] [--until DATE] [--randomised] [--blinded]
                     [--label TEXT] [--format text|json|html] [--output PATH]

A diary is a CSV file (commas, semicolons or tabs; UTF-8), a row a day:

| column | what it holds |
|---|---|
| `date` | the day, ISO (2026-11-22) |
| `part` | morning, noon, evening or night, where a day has several rows |
| `baclofen_mg`, `baclofen_intrathecal_micrograms`, `onabotulinumtoxinA_units` ... | what was taken that day; 0 is nothing, an empty cell is not known |
| `spasms` | a count |
| `nrs` | stiffness or spasticity from 0 to 10; 10 is worst |
| `penn` | Penn Spasm Frequency, 0 to 4 |
| `sedation` | drowsiness from 0 to 10 |
| `sleep` | how disturbed the night was, from 0 to 10; 10 is worst |
| `falls` | a count |
| `block`, `arm` | a comparison in turns: the number of the block and the name of the arm |
| `note` | words |

A brand is read as its agent (`lioresal_mg`). A relaxant without its unit, a toxin without its product and a medicine that nobody knows are errors; another
medicine (`paracetamol_mg`) is shown and not followed. A scale that is scored at visits has a column too, by its id or name and the site where it has one
(`barthel`, `MAS left elbow`, `gas`): its scores stand under “Scores at visits”. In a diary by parts of the day a part that is left blank is not known: the
dose of the same part on the day before is taken, and said. Columns that are not read are named at the head. All scales: [scales](../response/scales.md), or
`relaxant respond --scales [NAME]`.

Other names are mapped: `--column spasms=Krampfanfälle`. What it says and how: [responses](../response/README.md).
From Python: `relaxant.respond("diary.csv", today=date(2026, 11, 26), patient=patient)`.

## Exit status

0 reviewed, whatever was found; 1 with `--fail-on TIER` when a finding is of that tier or graver; 2 for input that cannot be used, with one line on standard
error that names the field, what came and what would do.
"""


def written() -> dict[str, str]:
    """File (from the root) to text."""
    schemas = {
        "patient": patient_schema(),
        "review": schema_of(Review, "review"),
        "comparison": schema_of(Comparison, "comparison"),
        "response": schema_of(Response, "response"),
        "whats-new": schema_of(WhatsNew, "what is new"),
    }
    made = {f"{FOLDER}/{n}.schema.json": json.dumps(s, indent=1, ensure_ascii=False) + "\n" for n, s in schemas.items()}
    return {f"{FOLDER}/README.md": page(), **made}


if __name__ == "__main__":
    sys.exit(keep(written()))
