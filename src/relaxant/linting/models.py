"""What is wrong with a model card beside the rest of the knowledge: whom it speaks of, what it depends on, and whom it would be silently drawn for."""

from __future__ import annotations

from collections.abc import Iterator

from relaxant.errors import meant
from relaxant.facts.names import PERSON_FACTS
from relaxant.knowledge.cards import Model
from relaxant.knowledge.load import Knowledge
from relaxant.medicines.dictionary import lookup_name
from relaxant.medicines.local import dictionary_of, unknown

_CIRCUMSTANCES = frozenset({"fed", "single_dose", "temperature", "asian"})
"""What a card may depend on and no fact of a person says."""
_KIDNEYS = ("kidney_function", "creatinine_clearance", "creatinine", "egfr", "egfr_cystatin", "clearance_absolute")
_LIVER = ("severe_hepatic_impairment", "hepatic_impairment", "child_pugh")
_SPINAL = "intrathecal"
_CHILD, _PAST_CHILDBEARING = 12, 70  # years: a card of these ages alone need not speak of pregnancy
_CLOSE = 0.75


def faults_of_models(knowledge: Knowledge, sound: Knowledge | None = None) -> Iterator[tuple[str, str]]:
    """Where and what, of the cards that are not those of a ``sound`` knowledge."""
    for model in knowledge.models.values():
        if sound is None or sound.models.get(model.model) != model:
            yield from ((f"models {model.model} {place}".rstrip(), what) for place, what in _of(model, knowledge))


def _of(model: Model, knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    dictionary = dictionary_of(knowledge)
    for agent in model.agents:
        if agent not in knowledge.agents:
            yield (
                "agents",
                f"there is no agent “{agent}”; {meant(agent, knowledge.agents) or 'write one of `agents:`, ours or those of the pack'}",
            )
    if lookup_name(model.ingredient, dictionary) is None:
        yield "ingredient", unknown(model.ingredient, dictionary)
    for place, covariate, form, unit in (
        *((f"bounds of {b.covariate}", b.covariate, "", b.unit) for b in model.bounds),
        *((f"relation of {r.parameter} on {r.on}", r.on, r.form, r.unit) for r in model.relations),
    ):
        fact = PERSON_FACTS.get(covariate)
        if fact is not None:
            if unit != fact.unit and form not in ("factor", "category"):
                would = f"write `unit: {fact.unit}`" if fact.unit else "leave `unit` out"
                yield place, f"the fact {covariate} is in {fact.unit or 'no unit'}, not {unit or 'no unit'}; {would}"
        elif covariate not in _CIRCUMSTANCES and lookup_name(covariate, dictionary) is None and (near := meant(covariate, PERSON_FACTS, _CLOSE)):  # fmt: skip
            yield place, f"there is no fact “{covariate}”; {near}"
    yield from _left_open(model)


def _left_open(model: Model) -> Iterator[tuple[str, str]]:
    """People whom the card would be drawn for although nobody said how far it holds for them."""
    bounds = {b.covariate: b for b in model.bounds}
    routes = {i.route for i in model.inputs}
    wanted = {"age": ("age",), "the kidneys": _KIDNEYS}
    age = bounds.get("age")
    if age is None or not (age.extrapolate_to[1] <= _CHILD or age.extrapolate_to[0] >= _PAST_CHILDBEARING):
        wanted["pregnancy"] = ("pregnant",)
    if routes != {_SPINAL}:
        wanted |= {"weight": ("weight",), "dialysis": ("on_dialysis",), "the liver": _LIVER}
    if "oral" in routes:
        wanted["a feeding tube"] = ("tube_feeding",)
    left = {what: names[0] for what, names in wanted.items() if not bounds.keys() & set(names)}
    if left:
        covariates = ", ".join(left.values())
        yield "bounds", f"nothing says how far it holds for {', '.join(left)}; add under `bounds:` one for each of {covariates}, with `studied` and `extrapolate_to` ([0, 0] of a yes or no that was not studied)"  # fmt: skip
