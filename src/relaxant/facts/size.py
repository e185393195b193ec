"""Age, sex and body size: the weights that doses go by, and the body surface."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relaxant.facts import body
from relaxant.facts.column import Column, between, gather_needs, number, yes_no
from relaxant.facts.derive import both_sexes, makes, values

if TYPE_CHECKING:
    from relaxant.facts.facts import Facts


@makes("age")
def _age(facts: Facts) -> Column:
    return number(
        facts.numbers("age"),
        "years",
        needs="age",
        inputs=("birth date",),
        methods=(("from the birth date or as said", None),),
    )


@makes("female")
def _female(facts: Facts) -> Column:
    return yes_no(facts.said("female"), "sex")


@makes("male")
def _male(facts: Facts) -> Column:
    return yes_no(1 - facts.said("female"), "sex")


@makes("bmi")
def _bmi(facts: Facts) -> Column:
    weight, height = facts.column("weight"), facts.column("height")
    value = body.body_mass_index(values(weight), values(height))
    return number(
        value,
        "kg/m2",
        needs=gather_needs((weight, height), np.isnan(value)),
        inputs=("weight", "height"),
        methods=(("weight over height squared", None),),
    )


@makes("ideal_weight")
def _ideal(facts: Facts) -> Column:
    height, age = facts.column("height"), facts.column("age")
    return both_sexes(
        facts,
        lambda f: body.ideal_body_weight(values(height), f, values(age)),
        "kg",
        ("height", "sex", "age"),
        "Devine",
        "devine-1974",
        (height, age),
    )


@makes("adjusted_weight")
def _adjusted(facts: Facts) -> Column:
    weight, ideal = facts.column("weight"), facts.column("ideal_weight")
    a = body.adjusted_body_weight(values(weight), np.where(np.isfinite(ideal.low), ideal.low, np.nan))
    b = body.adjusted_body_weight(values(weight), np.where(np.isfinite(ideal.high), ideal.high, np.nan))
    return between(
        a,
        b,
        "kg",
        needs=gather_needs((weight, ideal), np.isnan(a) | (a != b)),
        inputs=("weight", "ideal_weight"),
        methods=(("ideal weight and 0.4 of the excess", None),),
        source="winter-2012",
    )


@makes("lean_weight")
def _lean(facts: Facts) -> Column:
    weight, height, age = facts.column("weight"), facts.column("height"), facts.column("age")
    return both_sexes(
        facts,
        lambda f: body.lean_body_weight(values(weight), values(height), f, values(age)),
        "kg",
        ("weight", "height", "sex"),
        "Janmahasatian",
        "janmahasatian-2005",
        (weight, height, age),
    )


@makes("bsa")
def _bsa(facts: Facts) -> Column:
    weight, height = facts.column("weight"), facts.column("height")
    value = body.body_surface_area(values(weight), values(height))
    return number(
        value,
        "m2",
        needs=gather_needs((weight, height), np.isnan(value)),
        inputs=("weight", "height"),
        methods=(("Mosteller", None),),
        source="mosteller-1987",
    )
