"""What is wrong with measured changes of exposure and with what is known of the ways out: sources, bounds, names, sums."""

from __future__ import annotations

import math
from collections.abc import Iterator

from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.partners import Exposure
from relaxant.knowledge.pathways import Contribution
from relaxant.knowledge.schema import Cited
from relaxant.linting.partners import fault_of_ingredient
from relaxant.medicines.local import dictionary_of
from relaxant.pharmacology.exposure.takings import SMOKE

_ROUNDING = 1e-9


def faults_of_exposure(knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    """Every fault: where, and what."""
    drugs = (
        set(knowledge.agents)
        | {a.ingredient for a in knowledge.agents.values()}
        | {m.ingredient for m in knowledge.models.values()}
    )
    enzymes = {e.enzyme for e in knowledge.pathways.enzymes}
    for row in knowledge.exposures:
        where = f"exposures {row.agent} with {row.partner}"
        yield from _cited(row, where, knowledge)
        yield from _exposure(row, where, enzymes)
        if row.agent not in drugs:
            yield where, f"there is no agent “{row.agent}” and no model of it"
        if row.kind == "interaction":
            yield from _named(row.partner, where, knowledge)
    yield from _contributions(knowledge, drugs, enzymes)
    yield from _partners(knowledge, enzymes)
    yield from _genes(knowledge, enzymes)


def _cited(entry: Cited, where: str, knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    if entry.source not in knowledge.sources:
        yield where, f"there is no source “{entry.source}”"
    elif entry.verified and knowledge.sources[entry.source].seen == "not seen":
        yield where, "nobody has seen its source: it is verified: false"
    if not entry.place.strip():
        yield where, "the place in the source is missing"


def _named(ingredient: str, where: str, knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    if fault := fault_of_ingredient(ingredient, dictionary_of(knowledge)):
        yield where, fault


def _positive(where: str, *values: float | None) -> Iterator[tuple[str, str]]:
    if any(v is not None and not (v > 0 and math.isfinite(v)) for v in values):
        yield where, "a ratio, a dose and a time are above nought"


def _exposure(row: Exposure, where: str, enzymes: set[str]) -> Iterator[tuple[str, str]]:
    yield from _positive(where, row.auc_ratio, row.auc_low, row.auc_high, row.cmax_ratio, row.half_life_ratio, row.metabolite, row.daily_mg, row.n)  # fmt: skip
    if row.auc_low is not None and row.auc_high is not None and row.auc_low > row.auc_high:
        yield where, "low is above high"
    if (row.auc_low or row.auc_ratio) > row.auc_ratio or (row.auc_high or row.auc_ratio) < row.auc_ratio:
        yield where, "the ratio lies outside its own interval"
    if row.auc_low is not None and row.interval is None:
        yield where, "its interval has no kind: 90%, 95% or range"
    for enzyme in row.through:
        if enzyme not in enzymes:
            yield where, f"there is no enzyme “{enzyme}”"
    if row.kind == "smoking" and row.partner != SMOKE:
        yield where, f"the partner of smoking is written “{SMOKE}”"
    if row.kind == "genotype" and row.partner.split(" ")[0] not in enzymes:
        yield where, f"“{row.partner}” is no gene and status"


def _contributions(knowledge: Knowledge, drugs: set[str], enzymes: set[str]) -> Iterator[tuple[str, str]]:
    of_parameter: dict[tuple[str, str | None], list[Contribution]] = {}
    for entry in knowledge.pathways.contributions:
        where = f"contributions {entry.ingredient} by {entry.enzyme}"
        yield from _cited(entry, where, knowledge)
        of_parameter.setdefault((entry.ingredient, entry.parameter), []).append(entry)
        if entry.enzyme not in enzymes:
            yield where, f"there is no enzyme “{entry.enzyme}”"
        if entry.share is not None and not 0 < entry.share <= 1:
            yield where, "a share lies above 0 and at most at 1"
        bounds = (entry.low, entry.share, entry.high)
        if entry.share is not None and (
            None in bounds or not (entry.low or 0) <= entry.share <= (entry.high or 0) <= 1
        ):
            yield where, "a share has bounds, in order"
        if entry.parameter is None:
            if entry.ingredient in drugs:
                yield where, "a drug with a card has its shares on a parameter of the card"
        elif not any(entry.parameter in {p.parameter for p in m.parameters} for m in knowledge.models.values() if m.ingredient == entry.ingredient):  # fmt: skip
            yield where, f"no model of {entry.ingredient} has the parameter “{entry.parameter}”"
    for (ingredient, parameter), entries in of_parameter.items():
        if sum(e.share or 0 for e in entries) > 1 + _ROUNDING:
            yield (
                f"contributions {ingredient} {parameter or ''}".rstrip(),
                "the shares of one clearance sum to more than 1",
            )


def _partners(knowledge: Knowledge, enzymes: set[str]) -> Iterator[tuple[str, str]]:
    pathways = knowledge.pathways
    probes = {c.ingredient for c in pathways.contributions if c.parameter is None and c.share}
    for row in pathways.probe_ratios:
        where = f"probe_ratios {row.victim} with {row.partner}"
        yield from _cited(row, where, knowledge)
        yield from _positive(where, row.auc_ratio, row.daily_mg, row.days)
        if row.victim not in probes:
            yield where, f"no share is known for “{row.victim}”"
        if row.partner != SMOKE:
            yield from _named(row.partner, where, knowledge)
    for entry in pathways.precipitants:
        where = f"precipitants {entry.ingredient}"
        yield from _cited(entry, where, knowledge)
        yield from _positive(where, entry.half_life)
        if entry.ingredient != SMOKE:
            yield from _named(entry.ingredient, where, knowledge)
        for enzyme in entry.mechanisms:
            if enzyme not in enzymes:
                yield where, f"there is no enzyme “{enzyme}”"
    for known in pathways.enzymes:
        where = f"enzymes {known.enzyme}"
        yield from _cited(known, where, knowledge)
        yield from _positive(where, known.half_life, known.low, known.high)
        if known.half_life is not None and not (known.low or 0) <= known.half_life <= (known.high or math.inf):
            yield where, "its half-life lies outside its own bounds"
        for role in (*known.inhibitors, *known.inducers):
            if role not in knowledge.roles:
                yield where, f"there is no role “{role}”"
    for reach in pathways.availabilities:
        where = f"availabilities {reach.ingredient}"
        yield from _cited(reach, where, knowledge)
        if not 0 < reach.low <= reach.value <= reach.high <= 1:
            yield where, "an availability lies above 0 and at most at 1, its bounds in order"


def _genes(knowledge: Knowledge, enzymes: set[str]) -> Iterator[tuple[str, str]]:
    pathways = knowledge.pathways
    functions = {(a.gene, a.function) for a in pathways.alleles}
    for allele in pathways.alleles:
        yield from _cited(allele, f"alleles {allele.gene} {allele.allele}", knowledge)
    for status in pathways.phenotypes:
        where = f"phenotypes {status.gene} {status.phenotype}"
        yield from _cited(status, where, knowledge)
        if status.gene not in enzymes and status.functions:
            yield where, f"there is no enzyme “{status.gene}”"
        if not status.functions and not status.words:
            yield where, "it has neither functions of alleles nor words"
        for pair in status.functions:
            if any((status.gene, f) not in functions for f in pair):
                yield where, f"no allele of {status.gene} has the function {' or '.join(pair)}"
        if status.activity is not None and not 0 <= (status.low or 0) <= status.activity <= (status.high or math.inf):
            yield where, "its activity lies outside its own bounds"
