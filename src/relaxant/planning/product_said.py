"""Which product a line means, as far as it says: form, strength of a liquid, and the way to food."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from relaxant.facts.facts import Facts
from relaxant.knowledge.jurisdictions import holds_in
from relaxant.medicines.medicine import Medicine
from relaxant.planning.plan import Product
from relaxant.planning.products import product_groups
from relaxant.quantities import Quantity, convert

_VOLUME = "mL"


class ProductSaid(msgspec.Struct, frozen=True, kw_only=True):
    """``form`` is that of a product sold here, or the words of the line where none is (``sold`` false); ``None`` where nothing is said.

    ``strength`` is in the agent's unit a mL, ``meal`` a key of the words for meals; ``modified`` for modified release.
    """

    form: str | None = None
    sold: bool = True
    strength: float | None = None
    meal: str | None = None
    modified: bool = False


def product_said(line: Medicine, agent: str, facts: Facts) -> ProductSaid:
    """The product that a line means."""
    regimen, unit = line.regimen, facts.knowledge.agents[agent].dose_unit
    form, brand_strength = (regimen.form, None) if regimen.form else _of_brand(line, agent, facts)
    sold = form_sold(form, agent, facts) if form else None
    strength = None
    if regimen.strength is not None and regimen.strength.per == _VOLUME:
        strength = convert(Quantity(regimen.strength.value, regimen.strength.unit), unit)
    return ProductSaid(
        form=sold or form,
        sold=form is None or sold is not None,
        strength=strength if strength is not None else brand_strength,
        meal=_meal(line, facts),
        modified=regimen.release not in (None, "immediate"),
    )


def form_sold(said: str, agent: str, facts: Facts) -> str | None:
    """The form of a product sold here that a said form means: the form itself, else the first that holds its words."""
    forms = [group[0].form for group in product_groups(agent, facts)]
    return said if said in forms else next((form for form in forms if said in form), None)


def usual_form(agent: str, facts: Facts) -> str | None:
    """The form that a line means which names none: the first that is sold here and not measured."""
    return next((group[0].form for group in product_groups(agent, facts)), None)


def is_liquid(form: str | None, agent: str, facts: Facts) -> bool:
    """Whether a form that is sold here is measured in mL."""
    return any(group[0].liquid for group in product_groups(agent, facts) if group[0].form == form)


def groups_of(form: str, agent: str, facts: Facts, strength: float | None = None) -> list[tuple[Product, ...]]:
    """The sets of products of a form that a calendar may be built from; liquids one strength each, only that of ``strength`` where it is said."""
    own = [group for group in product_groups(agent, facts) if group[0].form == form]
    if strength is None or not own or not own[0][0].liquid:
        return own
    return [group for group in own if abs(group[0].strength - strength) <= strength / 1000]


def _of_brand(line: Medicine, agent: str, facts: Facts) -> tuple[str | None, float | None]:
    """Form and strength (a mL) of the brand that the line names, where that brand is one form here."""
    said = f" {line.said.casefold()} "
    named = [
        product
        for product in facts.knowledge.agents[agent].products
        if holds_in(product, facts.jurisdiction) and any(f" {brand.casefold()} " in said for brand in product.brands)
    ]
    forms = {product.form for product in named}
    if len(forms) != 1:
        return None, None
    form = next(iter(forms))
    strengths = {group[0].strength for group in groups_of(form, agent, facts) if group[0].liquid}
    own = {s for product in named if product.per == _VOLUME for s in product.strengths} & strengths
    return form, next(iter(own)) if len(own) == 1 else None


def _meal(line: Medicine, facts: Facts) -> str | None:
    """The way to food that the line says: the first of the words for meals that stands in it."""
    said = " ".join((line.said, *line.regimen.notes, *line.regimen.unread)).casefold()
    meals: dict[str, Sequence[str]] = facts.knowledge.words("planning")["meals"]
    return next((meal for meal, words in meals.items() if any(word in said for word in words)), None)
