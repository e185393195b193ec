"""The report: what is not validated first, then what each part gives beside what was published or measured."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from relaxant.knowledge.cards import Model
from relaxant.knowledge.load import Knowledge
from relaxant.pharmacology.cards.published import Reproduced
from relaxant.validation import (
    cases,
    coverage_picture,
    engines,
    exposure,
    fold_picture,
    measured,
    measured_words,
    ratio_picture,
    titrations,
    unvalidated,
)
from relaxant.validation.exposure import Predicted
from relaxant.validation.models import Found
from relaxant.validation.words import count, link_within, percent, size_of, table
from relaxant.version import __version__

RATIOS, FOLDS, COVERAGE = "report-models.svg", "report-exposure.svg", "report-calibration.svg"
_DIARIES = "responses.txt"


def pages(knowledge: Knowledge, found: Found, root: Path) -> dict[str, str]:
    """The report, its pictures and the page of starts. ``root``: the checkout, with ``docs/validation`` and ``tests``."""

    def file(name: str) -> measured.File | None:
        return measured.file_of(root / "docs" / "validation", name)

    predicted = exposure.leave_one_out(knowledge)
    own = sorted((p for p in predicted if p.ratio is not None and p.verified), key=lambda p: (p.drug, p.measured))
    probes = [p for p in exposure.probes_left_out(knowledge) if p.ratio is not None]
    starts = titrations.compared(knowledge)
    tables = [t for t in measured.diaries(file(_DIARIES)) if t.rows]
    parts = [
        "# Validation report",
        f"Made by `python -m relaxant.validate` from the knowledge (of {knowledge.date}), the engine ({__version__}) and the committed files of measurements; `--check` says when it is stale. Sections 2 to 5 were computed when the page was made; 6 to 8 quote files that `.ci/full` writes, and a figure that a file lacks is said to be missing.",
        _contents(),
        "## What is not validated",
        *unvalidated.section(knowledge, found, predicted, measured.absent(file("kinetics.txt")) or None),
        "## Models",
        *_models(knowledge.models, found),
        "## Interactions",
        *_interactions(own, predicted, probes),
        "## Label titrations",
        *titrations.section(starts, knowledge),
        "## Rule cases",
        *cases.section(knowledge),
        "## Alert load and precision",
        *measured_words.alerts(file("alerts.txt"), root),
        "## Engine agreement",
        *engines.section(root, file("full-tests.txt"), file("review.txt"), file("screen.txt")),
        "## Calibration",
        *measured_words.calibration(file(_DIARIES), file("populations.txt"), COVERAGE),
    ]  # fmt: skip
    out = {
        "report.md": "\n\n".join(filter(None, parts)) + "\n",
        "titrations.md": titrations.page(starts, knowledge.sources),
        RATIOS: ratio_picture.picture(knowledge.models, found),
        FOLDS: fold_picture.picture(own, probes),
    }
    return {**out, **({COVERAGE: coverage_picture.picture(tables)} if tables else {})}


def _contents() -> str:
    titles = ("What is not validated", "Models", "Interactions", "Label titrations", "Rule cases", "Alert load and precision", "Engine agreement", "Calibration")  # fmt: skip
    return "\n".join(f"{i}. [{t}](#{t.lower().replace(' ', '-')})" for i, t in enumerate(titles, 1))


# ---------------------------------------------------------------- models


def _models(models: Mapping[str, Model], found: Found) -> list[str]:
    every = [r for made in found.values() for r in made if not r.ours]
    independent = [r for r in every if r.independent]
    return [
        f"{count(len(models), 'model')}, {count(len(every), 'published number')}: {sum(r.holds for r in every)} given back, of the {len(independent)} independent ones {sum(r.holds for r in independent)}. A number is given back within 0.80 to 1.25 times what was published, or within the range where only a range was published. The mean factor is the geometric mean of computed / published over the independent numbers. Each page has every number with its source, every miss with its reason, the parameters and a picture; [models/](models/README.md) lists what is untouched, unseen or close.",
        f"![Computed over published, every number of every model]({RATIOS})",
        table(
            ("Model", "Published numbers", "given back", "Independent", "given back", "Mean factor", "Typical error", "Worst of the independent", "Parameters not seen"),
            [*(_row(m, [r for r in found[n] if not r.ours]) for n, m in models.items()), ("**all**", *_figures(every), _unseen(models.values()))],
        ),
        "The typical error is the root mean square of the logarithm of computed / published, as a factor. Numbers of one model share its errors: they are no independent trials.",
    ]  # fmt: skip


def _row(model: Model, made: Sequence[Reproduced]) -> tuple[str, ...]:
    return link_within(model.title, f"models/{model.model}.md"), *_figures(made), _unseen([model])


def _unseen(models: Iterable[Model]) -> str:
    parameters = [p for m in models for p in m.parameters]
    return f"{sum(not p.verified for p in parameters)} of {len(parameters)}"


def _figures(made: Sequence[Reproduced]) -> tuple[str, ...]:
    independent = [r for r in made if r.independent]
    logs = [math.log(r.computed / r.published) for r in independent if r.computed > 0]
    counted = str(len(made)), str(sum(r.holds for r in made)), str(len(independent)), str(sum(r.holds for r in independent))  # fmt: skip
    if not logs:
        return *counted, "", "", "**none**"
    typical = math.exp(math.sqrt(sum(x * x for x in logs) / len(logs)))
    return *counted, f"{math.exp(sum(logs) / len(logs)):.2f}", f"{typical:.2f}", percent(max(independent, key=size_of).error)  # fmt: skip


# ---------------------------------------------------------------- interactions


def _interactions(own: Sequence[Predicted], predicted: Sequence[Predicted], probes: Sequence[Predicted]) -> list[str]:
    unseen = [p for p in predicted if p.ratio is not None and not p.verified]
    worst = max(own, key=lambda p: abs(math.log(p.fold)))
    return [
        "A measured change of exposure stands before every estimate; the estimate stands in only where nothing was measured. Here each measured pair is taken out of all that the method learns from, and predicted. [exposure.md](exposure.md) has every pair.",
        f"![Changes of exposure, predicted against measured]({FOLDS})",
        table(
            ("", "Predicted", "Mean factor", "Typical error", "Worst", "Within 1.25-fold", "Within 2-fold", "In its 90% interval"),
            [_fold("Relaxants", own), _fold("Probe drugs, from the other probes", probes), _fold("Relaxants, measured ratios that nobody has seen in their source", unseen)],
        ),
        f"The worst is {worst.drug} with {worst.partner}: {worst.ratio:.3g} predicted, {worst.measured:.3g} measured. A typical error of two is a reason to measure or to watch, not a dose, and no rule uses an estimate.",
    ]  # fmt: skip


def _fold(title: str, found: Sequence[Predicted]) -> tuple[str, ...]:
    f = exposure.figures(found)
    if not f["predicted"]:
        return (title, "0", *[""] * 6)
    shares = (f"{f[k]:.0%}" for k in ("within 1.25", "within 2", "in the interval"))
    return title, f"{f['predicted']:g}", f"{f['bias']:.2f}", f"{f['error']:.2f}", f"{f['worst']:.2f}", *shares
