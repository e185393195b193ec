"""``relaxant simulate``: a model's course under a regimen in words, or beside every row of an event table."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
import numpy as np

from relaxant.errors import InputError
from relaxant.io.read import read_bytes
from relaxant.knowledge.cards import Model
from relaxant.knowledge.load import Knowledge
from relaxant.medicines.medicine import Medicine
from relaxant.medicines.read import read_medicines
from relaxant.pharmacology.cards.course import GivenDose
from relaxant.pharmacology.clinic.ready import doses_from_first, hours_of_day
from relaxant.pharmacology.clinic.regimens import NoPattern, pattern
from relaxant.pharmacology.events.event_table import csv_of, read_event_table
from relaxant.pharmacology.people.simulate import Simulated, simulate, simulate_table
from relaxant.plain import as_json
from relaxant.quantities import convert, number, plain_number, quantity, shown_unit
from relaxant.report.chart import sparkline

_MOST_TIMES = 100_000
_ROWS = 24


def run(options: argparse.Namespace, knowledge: Knowledge, today: date) -> bytes:
    """What the command prints. Raises :class:`InputError` naming the option."""
    model = model_named(options.model, knowledge)
    if options.events is not None:
        for name in ("dose", "people"):
            if getattr(options, name):
                raise InputError(f"--{name}", getattr(options, name), "an event table has its own", "leave it out, or give no --events")  # fmt: skip
        return csv_of(simulate_table(model, read_event_table(options.events), output=options.of)).encode()
    if not options.dose:
        raise InputError("--dose", "nothing", "there is nothing to simulate", 'say it, such as --dose "20 mg three times a day"')  # fmt: skip
    until, step = (_time(f"--{n}", getattr(options, n), model) for n in ("until", "step"))
    if not 0 < step <= until or until / step > _MOST_TIMES:
        raise InputError("--step", options.step, f"it gives no sensible number of times up to {options.until}", "give such as --until 3d --step 30min")  # fmt: skip
    doses = [dose for words in options.dose for dose in _doses(words, model, until, knowledge, today)]
    covariates = _covariates(options.given, model)
    times = np.arange(0.0, until + step / 2, step)
    made = simulate(model, doses, times, covariates=covariates, output=options.of, people=options.people, seed=options.seed)  # fmt: skip
    return _json(made) if options.format == "json" else _text(made, model).encode()


def model_named(name: str, knowledge: Knowledge) -> Model:
    """The model of a name. Raises :class:`InputError` with those whose names are near."""
    found = knowledge.models.get(name)
    if found is None:
        near = difflib.get_close_matches(name, knowledge.models, n=3, cutoff=0.4) or [
            m for m in knowledge.models if name in m
        ]
        would = f"did you mean {' or '.join(near)}?" if near else f"use one of {', '.join(sorted(knowledge.models))}"
        raise InputError("MODEL", name, "there is no such model", would)
    return found


def _time(option: str, said: str, model: Model) -> float:
    value = convert(quantity(said, option, example="3 d"), model.time)
    if value is None:
        raise InputError(option, said, "this is no time", "write it such as 3 d, 12 h or 30 min")
    return value


def _doses(words: str, model: Model, until: float, knowledge: Knowledge, today: date) -> list[GivenDose]:
    """A regimen in words, from its first dose to the end of what is shown."""
    medicine = medicine_of(words, model, knowledge, today)
    made = pattern(medicine.regimen, hours_of_day(knowledge))
    if isinstance(made, NoPattern):
        raise InputError("--dose", words, "it is no dose on a clock", 'write it such as "20 mg three times a day" or "50 mg IV once"')  # fmt: skip
    return doses_from_first(model, medicine, made, until)


def medicine_of(words: str, model: Model, knowledge: Knowledge, today: date) -> Medicine:
    """A regimen in words as a line of the model's medicine."""
    said = words if model.ingredient in words.casefold() else f"{model.ingredient} {words}"
    document = msgspec.json.encode({"medicines": [said], "as_of": today.isoformat()})
    (medicine, *_) = read_medicines(read_bytes(document, knowledge, today=today), knowledge)
    return medicine


def _covariates(given: Sequence[str], model: Model) -> dict[str, Any]:
    out: dict[str, Any] = {}
    named = {r.on for r in model.relations if r.form == "category"}
    for one in given:
        name, mark, value = one.partition("=")
        if not mark:
            raise InputError("--with", one, "a covariate has a name and a value", "write it such as kidney_function=40")
        out[name.strip()] = value.strip() if name.strip() in named else _number(name.strip(), value.strip())
    return out


def _number(name: str, value: str) -> float:
    if value.casefold() in ("yes", "true", "no", "false"):
        return float(value.casefold() in ("yes", "true"))
    return number(value, f"--with {name}")


def _json(made: Simulated) -> bytes:
    return as_json(made)


def _text(made: Simulated, model: Model) -> str:
    unit = shown_unit(made.unit)
    lines = [model.title, f"{made.title} ({unit})", sparkline(made.typical, 60), ""]
    head = [f"time ({made.time_unit})", "typical", *(f"{100 * level:g}%" for level in made.levels if made.bands)]
    every = max(1, round((len(made.times) - 1) / _ROWS))
    rows = [
        [plain_number(t, 4), plain_number(v, 3), *(plain_number(band[i], 3) for band in made.bands)]
        for i, (t, v) in enumerate(zip(made.times, made.typical, strict=True))
        if i % every == 0
    ]
    wide = [max(len(row[c]) for row in (head, *rows)) for c in range(len(head))]
    lines += ["  ".join(cell.rjust(w) for cell, w in zip(row, wide, strict=True)) for row in (head, *rows)]
    if made.people:
        lines += ["", f"{made.people} people drawn from the model."]
    return "\n".join(lines) + "\n"
