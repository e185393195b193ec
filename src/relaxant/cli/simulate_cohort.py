"""``relaxant simulate --cohort``: a card in the people of a registry who take its relaxant."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

from relaxant.cli.days import day_asked
from relaxant.cli.simulate import medicine_of, model_named
from relaxant.cohort.progress import Progress
from relaxant.cohort.simulated.shown import exposure_html, exposure_text
from relaxant.cohort.simulated.simulate import follow, wanted_of
from relaxant.cohort.simulated.told import told, write_exposure
from relaxant.errors import InputError
from relaxant.knowledge.cards import Model
from relaxant.knowledge.load import Knowledge
from relaxant.pharmacology.cards.course import output_named
from relaxant.plain import as_json
from relaxant.quantities import convert, quantity

_NOT_HERE = ("events", "given", "people")


def run(options: argparse.Namespace, knowledge: Knowledge, today: date) -> bytes:
    """Writes the files and gives what the command prints. Raises :class:`InputError` naming the option."""
    model = model_named(options.model, knowledge)
    for name in _NOT_HERE:
        if getattr(options, name):
            raise InputError(f"--{'with' if name == 'given' else name}", getattr(options, name), "the people of a registry have their own", "leave it out, or give no --cohort")  # fmt: skip
    if len(options.dose) != 1:
        raise InputError("--dose", ", ".join(options.dose) or "nothing", "everybody is given one dose of the label", 'say it once, such as --dose "20 mg three times a day"')  # fmt: skip
    wanted = wanted_of(
        model,
        medicine_of(options.dose[0], model, knowledge, today),
        knowledge,
        output=options.of,
        measure=options.measure,
        level=None if options.above is None else _level(options.above, options.measure, model, options.of),
        copies=options.copies,
        seed=options.seed,
    )
    with Progress(1, "batches") as bar:
        made = follow(
            options.cohort,
            wanted,
            knowledge,
            engine=options.engine,
            as_of=day_asked("--as-of", options.as_of),
            country=options.country or "US",
            today=today,
            memory=options.memory,
            progress=bar.told,
        )
    answer = told(made, knowledge)
    if options.output is not None:
        folder = Path(options.output)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_exposure(folder / "exposure.csv", answer)
            page = exposure_html(answer, knowledge, small_counts=options.small_counts)
            (folder / "exposure.html").write_text(page, encoding="utf-8", newline="\n")
        except OSError as error:
            raise InputError("--output", options.output, f"it cannot be written ({error.strerror})", "give a folder that may be written") from None  # fmt: skip
        print(f"relaxant: written to {folder}", file=sys.stderr)
    if options.format == "json":
        return as_json(answer)
    return exposure_text(answer, knowledge, small_counts=options.small_counts).encode()


def _level(words: str, measure: str, model: Model, output: str | None) -> float:
    """The level in the output's unit; of an area in that times the card's time."""
    unit = output_named(model, output).unit
    example = f"400 {unit}" + (f" x {model.time}" if measure == "auc" else "")
    said = words.strip()
    if measure == "auc":
        if not said.endswith(ending := f"x {model.time}"):
            raise InputError("--above", words, "an area is a level times a time", f"write it such as {example}")
        said = said.removesuffix(ending)
    value = convert(quantity(said.strip(), "--above", example=example), unit, molar_mass=model.molar_mass)
    if value is None:
        raise InputError("--above", words, f"it is not in a unit such as {unit}", f"write it such as {example}")
    return value
