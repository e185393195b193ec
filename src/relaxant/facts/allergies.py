"""Allergies and intolerances as said, matched to the allergens and ingredients that they are to."""

from __future__ import annotations

import math

from relaxant.facts.known_names import folded, names_of, remembered
from relaxant.knowledge.load import Knowledge
from relaxant.medicines.codes import lookup_code
from relaxant.medicines.later import Later
from relaxant.medicines.local import dictionary_of
from relaxant.medicines.misspelt import MOST_SEARCHED
from relaxant.medicines.names import read_name
from relaxant.patient import Allergy, Patient

_IMMUNE = Later(r"anaphyla|angio ?o?edema|stevens|necrolysis|urticaria|hives|bronchospasm|serum sickness")


def allergies_said(patient: Patient, knowledge: Knowledge, note: dict[str, str]) -> dict[str, float]:
    """Allergen id or ingredient -> 1, or NaN where the words do not settle it. An intolerance is not an allergy."""
    out: dict[str, float] = {}
    idle: list[str] = []
    not_searched: list[str] = []
    left = MOST_SEARCHED
    for allergy in patient.allergies or ():
        sure, unsure, searched = _allergens(allergy, knowledge, search=left > 0)
        left -= searched or 0
        if allergy.kind == "intolerance":
            immune = _IMMUNE.search(folded(allergy.reaction or ""))
            words = f"{allergy.to}: recorded as an intolerance{_reaction(allergy)}"
            note[f"allergy {allergy.to}"] = (
                f"{words}, which reads like an allergy" if immune else f"{words}, not as an allergy"
            )
            sure, unsure = (), ((*sure, *unsure) if immune else ())
        elif searched is None:
            not_searched.append(allergy.to)
        elif not sure and not unsure:
            idle.append(allergy.to)
        elif unsure and not sure:
            note[f"allergy {allergy.to}"] = f"allergy to “{allergy.to}” is not understood; did you mean {unsure[0]}?"
        for name in unsure:
            out.setdefault(name, math.nan)
        for name in sure:
            out[name] = 1.0
    if idle:
        note["allergies"] = f"allergies that no rule here acts on: {', '.join(sorted(idle))}"
    if not_searched:
        said = knowledge.words("review")["limits"]["allergies_not_searched"]
        count = len(not_searched)
        names = ", ".join(sorted(not_searched))
        note["allergies not searched"] = said["one" if count == 1 else "other"].format(count=count, names=names)
    return out


def _reaction(allergy: Allergy) -> str:
    return f" ({allergy.reaction})" if allergy.reaction else ""


def allergen_ids(allergy: Allergy, knowledge: Knowledge) -> tuple[str, ...]:
    """The allergens and ingredients that an allergy is to, those of shared sensitivity among them."""
    return _allergens(allergy, knowledge, search=False)[0]


_Allergens = tuple[tuple[str, ...], tuple[str, ...], int | None]


def _allergens(allergy: Allergy, knowledge: Knowledge, *, search: bool) -> _Allergens:
    """The same; those it may mean; and how many names were compared to find that: None where they should have been and were not, and any relaxant may be
    meant."""
    key, words = ("allergy", allergy.to, allergy.codes, search), (allergy.to, *(c.display for c in allergy.codes))
    return remembered(knowledge, key, words, lambda: _read_allergens(allergy, knowledge, search=search))


def _read_allergens(allergy: Allergy, knowledge: Knowledge, *, search: bool) -> _Allergens:
    words = {folded(allergy.to), *(folded(c.display) for c in allergy.codes if c.display)}
    words |= {w.removesuffix(" allergy").removeprefix("allergy to ") for w in words}
    by_name, dictionary = names_of(knowledge).allergens, dictionary_of(knowledge)
    found = {allergen for word in words for allergen in by_name.get(word, ())}
    entries = [e for c in allergy.codes if (e := lookup_code(c.system, c.code, dictionary)) is not None]
    ingredients = {i.name for e in entries for i in e.ingredients}
    for known in (
        knowledge.allergens[a] for a in found
    ):  # a medicine named is itself; a class named is all that belong to it
        named = {i for i in known.ingredients if folded(i) in words}
        ingredients |= named or set(known.ingredients)
    found |= {c for a in found for c in knowledge.allergens[a].cross}
    unsure: set[str] = set()
    searched: int | None = 0
    if not found and not ingredients:
        reading = read_name(allergy.to, dictionary, search=search)
        ingredients, searched = {i.name for i in reading.ingredients}, reading.searched
        agents = {a.ingredient for a in knowledge.agents.values()}
        meant = agents if searched is None else {s.name for s in reading.suggestions} & agents
        unsure = meant if not ingredients else set()
    for ingredient in ingredients:
        found |= set(by_name.get(folded(ingredient), ()))
    return tuple(sorted(found | ingredients)), tuple(sorted(unsure)), searched
