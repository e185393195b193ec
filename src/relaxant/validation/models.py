"""What every model gives against what was published: a page and a picture each, and an index.

Everything on the pages comes from the knowledge and the engine. The same knowledge gives the same bytes: numbers are rounded
to a few digits, and nothing depends on the day or the machine.
"""

from __future__ import annotations

from collections.abc import Mapping

from relaxant.knowledge.cards import Model
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.schema import Cited
from relaxant.pharmacology.cards.published import Reproduced, all_reproduced
from relaxant.validation.model_page import page
from relaxant.validation.model_picture import drawn_number, picture
from relaxant.validation.words import (
    KINDS,
    Sources,
    address_of,
    allowed,
    bullets,
    count,
    given,
    link,
    missed,
    only_just,
    percent,
    safe,
    size_of,
    table,
)

_OF_TIME = ("half-life", "time of peak", "accumulation")  # measures that say nothing of how high a curve is


Found = Mapping[str, list[Reproduced]]
"""What every model gives for each of its published numbers, by model."""


def computed(knowledge: Knowledge) -> Found:
    """Every published number of every model, computed. Raises :class:`KnowledgeError` for a model that cannot be."""
    return {name: all_reproduced(model) for name, model in knowledge.models.items()}


def pages(knowledge: Knowledge, found: Found) -> dict[str, str]:
    """Every page and picture, by file name."""
    out = {"README.md": _index(knowledge, found)}
    for name, model in knowledge.models.items():
        number = drawn_number(model)
        out[f"{name}.md"] = page(model, found[name], number, knowledge.sources)
        out[f"{name}.svg"] = picture(model, number, given(model, number))
    return out


def _index(knowledge: Knowledge, found: Found) -> str:
    models = knowledge.models
    only = [n for n, made in found.items() if not any(r.independent for r in made)]
    beyond = [r for made in found.values() for r in made if not r.holds]
    close = [r for made in found.values() for r in made if only_just(r)]
    unseen = [(link(m), *_unseen(m)) for m in models.values() if any(_unverified(m).values())]
    every = [r for x in found.values() for r in x]
    total, independent, ours = (
        sum(not r.ours for r in every),
        sum(r.independent for r in every),
        sum(r.ours for r in every),
    )
    parts = [
        "# What the models give, against what was published",
        "Made by `python -m relaxant.validate` from the models and the engine alone. Each model has a page with its parameters, its published numbers beside the computed ones, its limits and a picture.",
        f"{count(len(models), 'model')}, {count(total, 'published number')}: {independent} independent, {total - independent} used to make the model or not surely apart from it. {count(ours, 'more number')} published by nobody stand beside them: our own solutions, kept so that they come out again.",
        f"Every independent number is allowed the same: 0.80 to 1.25 times what was published, the range in which regulators call two products bioequivalent, or the range itself where only a range was published. **{count(len(beyond), 'number is/numbers are')} NOT REPRODUCED**; they stand below with the reason.",
        "## What is not validated",
        "### Models without an independent number",
        *(bullets("", (f"{link(models[n])}: {count(len(found[n]), 'number')}" for n in only), made=True) or ["None."]),
        "### Parts of the other models that no independent number touches",
        "Half-lives and times of the peak do not show how high a curve runs.",
        *(bullets("", (f"{link(models[n])}: {', '.join(parts)}" for n in models if n not in only and (parts := _untouched(models[n]))), made=True) or ["None."]),
        "### Numbers that nobody has seen in their source",
        table(("Model", "Parameters", "Other entries"), unseen) if unseen else "None.",
        "### Target ranges without a source that can be checked",
        *(bullets("", (f"{link(m)}: {safe(t.target)}" for m in models.values() for t in m.targets if not _checkable(t, knowledge.sources)), made=True) or ["None: every target range that a model records was seen in a source that can be opened."]),
        "### Published numbers that are NOT REPRODUCED",
        *(bullets("", (f"{link(models[r.model])}: {missed(r)}" for r in beyond), made=True) or ["None."]),
        "### Published numbers that hold only just",
        "These use more than nine tenths of what is allowed.",
        *(bullets("", (f"{link(models[r.model])}: {safe(r.title)}, {percent(r.error)} with {allowed(r)} allowed" for r in close), made=True) or ["None."]),
        "## All models",
        table(
            ("Model", "Published numbers", "Independent", "Worst difference", "Worst of the independent", "Parameters not seen"),
            [_row(m, found[n]) for n, m in models.items()],
        ),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _row(model: Model, found: list[Reproduced]) -> tuple[str, ...]:
    independent = [r for r in found if r.independent]
    worst, of_them = max(found, key=size_of), max(independent, key=size_of, default=None)
    unseen = sum(not p.verified for p in model.parameters)
    return (
        link(model),
        str(sum(not r.ours for r in found)),
        str(len(independent)),
        percent(worst.error),
        percent(of_them.error) if of_them else "**none**",
        f"{unseen} of {len(model.parameters)}",
    )


def _unverified(model: Model) -> dict[str, list[Cited]]:
    return {kind: [c for c in getattr(model, kind) if not c.verified] for kind in KINDS}


def _unseen(model: Model) -> tuple[str, str]:
    found = _unverified(model)
    names = ", ".join(f"`{p.parameter}`" for p in model.parameters if not p.verified)
    others = [count(len(found[kind]), words) for kind, words in KINDS.items() if kind != "parameters" and found[kind]]
    return names or "none", ", ".join(others) or "none"


def _untouched(model: Model) -> list[str]:
    """What a model draws and no independent number checks: the height of its first output, and each effect."""
    independent = [n for n in model.reproduces if n.independent]
    first = model.outputs[0]
    high = any(n.output == first.output and n.measure not in _OF_TIME for n in independent)
    out = [] if high else [f"how high {safe(first.title)} is"]
    return out + [safe(e.description) for e in model.effects if not any(n.output == e.effect for n in independent)]


def _checkable(cited: Cited, sources: Sources) -> bool:
    source = sources.get(cited.source)
    return cited.verified and source is not None and source.seen != "not seen" and address_of(source) is not None
