"""The products of an agent that a plan may be built from: what is sold in the country, swallowed, and of one kind throughout."""

from __future__ import annotations

import re

from relaxant.facts.facts import Facts
from relaxant.knowledge.questions import holds_in
from relaxant.knowledge.schema import Product as Sold
from relaxant.planning.plan import Product
from relaxant.planning.tablets import SPRAYS
from relaxant.quantities import plain_number
from relaxant.rules.reasons import cited

_SOLID = ("tablet", "capsule", "granules", "lozenge", "spray")
_LIQUID = ("solution", "suspension", "syrup", "drops", "concentrate", "liquid")
_ELSEWHERE = ("rectal", "nasal", "injection", "patch", "infusion", "gel", "intrathecal", "eye", "cream", "powder for")
_PER_VOLUME = re.compile(r"(?:(\d+(?:\.\d+)?) )?mL")


def product_groups(
    agent: str, facts: Facts, *, liquid_first: bool = False, form: str | None = None, modified: bool = False
) -> list[tuple[Product, ...]]:
    """The products by form, that of ``form`` (what the person takes) first: the choices a calendar has, never mixed, since forms of one agent
    need not be alike. With ``liquid_first`` for whoever cannot swallow tablets. Modified release only where it is taken already."""
    known = facts.knowledge.agents[agent]
    groups: dict[tuple[bool, str], list[Product]] = {}
    for sold in known.products:
        liquid = _is_liquid(sold)
        if liquid is None or not holds_in(sold, facts.jurisdiction) or (sold.release != "immediate") != modified:
            continue
        if sold.unit != known.dose_unit and not _is_spray(agent, sold, facts):
            continue
        for strength in sorted(sold.strengths):
            made = _product(agent, sold, strength, liquid, facts)
            own = groups.setdefault((liquid, sold.form), [])
            alike = [p for p in own if p.strength == made.strength]
            if not alike:
                own.append(made)
            elif made.scored and not alike[0].scored:
                own[own.index(alike[0])] = made  # the plan names the one that may be halved
    order = sorted(groups.items(), key=lambda g: (g[0][1] != form if form else False, g[0][0] != liquid_first))
    return _parted([tuple(sorted(own, key=lambda p: p.strength)) for _, own in order])


def _parted(groups: list[tuple[Product, ...]]) -> list[tuple[Product, ...]]:
    """Liquids one strength at a time: two concentrations in one calendar invite a mistake."""
    out: list[tuple[Product, ...]] = []
    for group in groups:
        out += [(product,) for product in group] if group[0].liquid else [group]
    return out


def _is_liquid(sold: Sold) -> bool | None:
    """Whether a product is measured (or counted); ``None`` for what is not swallowed or sprayed in the mouth."""
    if any(word in sold.form for word in _ELSEWHERE):
        return None
    if any(word in sold.form for word in _SOLID) and not _PER_VOLUME.fullmatch(sold.per):
        return False
    return True if any(word in sold.form for word in _LIQUID) and _PER_VOLUME.fullmatch(sold.per) else None


def _is_spray(agent: str, sold: Sold, facts: Facts) -> bool:
    return facts.knowledge.agents[agent].dose_unit == SPRAYS and "spray" in sold.form


def _product(agent: str, sold: Sold, strength: float, liquid: bool, facts: Facts) -> Product:
    spray = _is_spray(agent, sold, facts)
    per = 1.0
    if liquid and (match := _PER_VOLUME.fullmatch(sold.per)) and match[1]:
        per = float(match[1])
    words = facts.knowledge.words("planning")["products"]
    amount = f"{plain_number(strength)} {sold.unit}" + (f"/{sold.per}" if liquid else "")
    name = words["spray" if spray else "liquid" if liquid else "scored" if sold.scored else "piece"]
    return Product(
        name=name.format(form=sold.form, amount=amount),
        form=sold.form,
        strength=1.0 if spray else strength / per,
        unit=SPRAYS if spray else sold.unit,
        liquid=liquid,
        scored=bool(sold.scored),
        modified_release=sold.release != "immediate",
        source=cited(facts.knowledge, sold.source, sold.place),
    )
