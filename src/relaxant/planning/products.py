"""The products of an agent that a plan may be built from: what is sold in the country, swallowed, and of one kind throughout."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from relaxant.facts.facts import Facts
from relaxant.knowledge.agents import Product as Sold
from relaxant.knowledge.jurisdictions import holds_in
from relaxant.planning.current import form_of
from relaxant.planning.plan import Product
from relaxant.planning.tablets import SPRAYS
from relaxant.rules.reasons import cited

_IMMEDIATE = "immediate"
_SEVERAL = "EU"
"""Whose labels hold in many countries, each with products of its own."""
_SOLID = ("tablet", "capsule", "granules", "lozenge", "spray")
_LIQUID = ("solution", "suspension", "syrup", "drops", "concentrate", "liquid", "elixir")
_ELSEWHERE = ("rectal", "nasal", "injection", "patch", "infusion", "gel", "intrathecal", "eye", "cream", "powder for")
_PER_VOLUME = re.compile(r"(?:(\d+(?:\.\d+)?) )?mL")


def product_groups(
    agent: str,
    facts: Facts,
    *,
    liquid_first: bool | None = None,
    form: str | None = None,
    modified: bool = False,
    country: str | None = None,
    row: int = 0,
) -> list[tuple[Product, ...]]:
    """The products by form, that of ``form`` (what the person takes) first: the choices a calendar has, never mixed, since forms of one agent
    need not be alike. With ``liquid_first`` what is measured or counted comes first, also before the form that is taken: for whoever cannot
    swallow tablets, by the person's facts where it is not said. Those of ``modified`` release only where it is asked for, or where nothing else
    is sold. What is known to be sold in ``country`` (left out: the person's) stands by itself, before what is sold anywhere."""
    liquid_first = swallows_no_tablets(facts, row) if liquid_first is None else liquid_first
    country = country or facts.country(row)
    sold = [s for s in _sold(agent, facts) if (s.release != _IMMEDIATE) == modified]
    if not sold and not modified:
        sold = list(_sold(agent, facts))
    groups: dict[tuple[bool, str], list[Sold]] = {}
    for one in sold:
        groups.setdefault((bool(_is_liquid(one)), one.form), []).append(one)
    home = country if _by_country(facts, country) else None
    choices = []
    for (liquid, its), own in groups.items():
        solid, unlike = liquid_first and not liquid, _unlike(form, its)
        at_home = [s for s in own if home is None or not s.countries or home in s.countries]
        choices += [
            ((solid, *unlike, abroad_too, liquid != liquid_first), _strengths(agent, some, liquid, facts))
            for abroad_too, some in enumerate((at_home, own))
        ]
    out: dict[tuple[Product, ...], None] = {}
    for _, made in sorted(choices, key=lambda choice: choice[0]):
        out.update(dict.fromkeys(_parted(made)))
    return [group for group in out if group]


def swallows_no_tablets(facts: Facts, row: int = 0) -> bool:
    """Whether somebody surely takes medicines through a tube, or crushed."""
    return any(bool(facts.column(name).surely[row]) for name in ("tube_feeding", "crushes_tablets"))


def usable_groups(agent: str, facts: Facts, *, said: str | None = None, modified: bool = False, row: int = 0) -> list[tuple[Product, ...]]:  # fmt: skip
    """The products for somebody who takes an agent already, in the form that a line says: what has to be swallowed whole comes last for who
    cannot."""
    groups = product_groups(agent, facts, modified=modified, row=row)
    groups = product_groups(agent, facts, form=form_of(said, groups), modified=modified, row=row)
    whole = swallows_no_tablets(facts, row)
    return sorted(groups, key=lambda group: whole and whole_only(group))


def beginning_groups(agent: str, facts: Facts, row: int = 0) -> list[tuple[Product, ...]]:
    """The products for somebody who begins an agent: nothing that has to be swallowed whole for who cannot."""
    whole = swallows_no_tablets(facts, row)
    return [g for g in product_groups(agent, facts, row=row) if not (whole and whole_only(g))]


def _by_country(facts: Facts, country: str | None) -> bool:
    """Whether the labels that hold are those of several countries, and the person's is known among them."""
    return facts.jurisdiction == _SEVERAL and country not in (None, _SEVERAL)


def _unlike(said: str | None, form: str) -> tuple[bool, bool]:
    """Whether a form is another than the one said, and of another kind: a film-coated tablet is a tablet."""
    return (False, False) if said is None else (said not in form, said != form)


def _sold(agent: str, facts: Facts) -> Iterator[Sold]:
    """What is sold here and swallowed or sprayed in the mouth, in the unit of the agent's doses."""
    known = facts.knowledge.agents[agent]
    for sold in known.products:
        dosed = sold.unit == known.dose_unit or _is_spray(agent, sold, facts)
        if dosed and _is_liquid(sold) is not None and holds_in(sold, facts.jurisdiction):
            yield sold


def whole_only(group: Sequence[Product]) -> bool:
    """Whether the products of a group have to be swallowed whole: neither crushed nor through a tube."""
    return any(p.modified_release and not p.liquid for p in group)


def _strengths(agent: str, sold: Sequence[Sold], liquid: bool, facts: Facts) -> tuple[Product, ...]:
    """The products of one form, each strength once: of two alike the plan names the one that may be halved."""
    own: dict[float, Product] = {}
    for one in sold:
        for strength in one.strengths:
            made = _product(agent, one, strength, liquid, facts)
            alike = own.get(made.strength)
            if alike is None or (made.scored and not alike.scored):
                own[made.strength] = made
    return tuple(sorted(own.values(), key=lambda p: p.strength))


def _parted(group: tuple[Product, ...]) -> list[tuple[Product, ...]]:
    """Liquids and drops one strength at a time: two concentrations in one calendar invite a mistake."""
    return [(product,) for product in group] if group and (group[0].liquid or group[0].drop) else [group]


class Abroad(msgspec.Struct, frozen=True, kw_only=True):
    """A product of a plan that is not known to be sold in the person's country, and where it is known from; empty where no source says."""

    product: Product
    countries: tuple[str, ...]


def abroad(products: Sequence[Product], agent: str, facts: Facts, country: str | None) -> tuple[Abroad, ...] | None:
    """The products of a plan that are not known to be sold in the person's country; ``None`` where labels hold in several and nobody
    said which it is."""
    if facts.jurisdiction != _SEVERAL:
        return ()
    if not _by_country(facts, country):
        return None
    out = []
    for product in products:
        alike = [s for s in _sold(agent, facts) if s.form == product.name and _holds(s, product, agent, facts)]
        if not any(country in s.countries for s in alike):
            known = () if any(not s.countries for s in alike) else dict.fromkeys(c for s in alike for c in s.countries)
            out.append(Abroad(product=product, countries=tuple(known)))
    return tuple(out)


def _holds(sold: Sold, product: Product, agent: str, facts: Facts) -> bool:
    """Whether what is sold is the product of a plan: of its strength, and to be halved where that one is."""
    made = (_product(agent, sold, strength, product.liquid or product.drop, facts) for strength in sold.strengths)
    return any(m.strength == product.strength and (m.scored or not product.scored) for m in made)


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
    drops = sold.drops if liquid else None
    return Product(
        name=sold.form,
        form=sold.form if drops is None else sold.form.removesuffix("s"),
        strength=1.0 if spray else strength / per / (drops or 1.0),
        unit=SPRAYS if spray else sold.unit,
        liquid=liquid and drops is None,
        drop=drops is not None,
        scored=bool(sold.scored),
        modified_release=sold.release != _IMMEDIATE,
        source=cited(facts.knowledge, sold.source, sold.place),
    )
