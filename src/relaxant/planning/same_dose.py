"""Unit for unit: the doses of today in another product, with the old and the new amount side by side and what the mL of other liquids would be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from relaxant.facts.facts import Facts
from relaxant.planning.calendar import Calendar, Rung, calendar, stock
from relaxant.planning.plan import Line, Plan, Product, Take
from relaxant.planning.product_change import Change, said_product, with_calendar
from relaxant.planning.product_said import groups_of
from relaxant.planning.products import product_groups
from relaxant.planning.said import amount, points
from relaxant.planning.tablets import ROUNDING, grains
from relaxant.quantities import plain_number
from relaxant.rules.reasons import Cited, cited
from relaxant.rules.wording import listed, shown_agent_name


def same_dose(change: Change, made: Plan, facts: Facts, row: int) -> Plan:
    """One step without end: the doses of today in the new product, with the old and the new amount side by side."""
    doses = {part: grains(dose) for part, dose in change.taken.doses.items()}
    group = groups_of(str(change.new.form), change.agent, facts, change.new.strength)[0]
    held = stock(group, max(change.taken.doses.values()), facts)
    found = calendar(change.agent, [Rung(doses=doses, days=None)], held, change.first, sum(doses.values()), facts)
    if found is None:
        words, name = facts.knowledge.words("planning"), shown_agent_name(change.agent, facts)
        refused = words["refused"]["form_too_coarse"].format(agent=name, form=change.new.form)
        return msgspec.structs.replace(made, refused=refused)
    lines = (*_side_by_side(change, found, facts), *_hazards(change, found, facts))
    return with_calendar(made, found, (*lines, *points(change.switch, change.agent, facts, row)), change, facts)


def _side_by_side(change: Change, found: Calendar, facts: Facts) -> Iterator[Line]:
    """For each part of the day what it was and what it is from now on."""
    words, named = facts.knowledge.words("planning")["exchange"], facts.knowledge.words("plan")["calendar"]["parts"]
    unit = facts.knowledge.agents[change.agent].dose_unit
    alike: dict[float, list[Take]] = {}
    for take in found.steps[0].takes:
        alike.setdefault(take.amount, []).append(take)
    for takes in alike.values():
        take, dose = takes[0], amount(takes[0].amount, unit)
        parts = listed([named[t.at] for t in takes], facts.knowledge.words("values"))
        liquid = found.products[take.counts[0].product].liquid
        volume = take.counts[0].count if liquid else None
        before = words["as_form"].format(dose=dose, form=said_product(change.old, facts))
        if change.old.strength is not None:
            volume_before = plain_number(take.amount / change.old.strength)
            before = words["as_liquid"].format(dose=dose, volume=volume_before, form=said_product(change.old, facts))
        after = _pieces(take, found.products, dose, facts)
        product = found.products[take.counts[0].product]
        yield Line(
            what=words["part"].format(part=parts),
            how=words["divided"].format(dose=dose, strength=plain_number(product.strength), unit=unit) if liquid else words["counted"].format(dose=dose),
            value=volume if liquid else take.amount,
            unit="mL" if liquid else unit,
            text=words["before_after"].format(before=before, after=after),
            sources=(product.source,),
        )  # fmt: skip


def _pieces(take: Take, products: Sequence[Product], dose: str, facts: Facts) -> str:
    words = facts.knowledge.words("planning")["exchange"]
    plurals, made = facts.knowledge.words("plan")["pieces"]["plurals"], []
    for count in take.counts:
        product = products[count.product]
        form = plurals.get(product.form, product.form) if count.count > 1 and not product.liquid else product.form
        slots = {"count": plain_number(count.count), "form": form, "strength": plain_number(product.strength), "unit": product.unit}  # fmt: skip
        made.append(words["mL" if product.liquid else "pieces"].format(**slots))
    return str(words["made_of"].format(dose=dose, pieces=" + ".join(made)))


def _hazards(change: Change, found: Calendar, facts: Facts) -> Iterator[Line]:
    """What the same volume of a liquid of another strength would be; the mL of before in the new one first."""
    words, unit = facts.knowledge.words("planning")["exchange"], facts.knowledge.agents[change.agent].dose_unit
    product = found.products[0]
    largest = max(take.amount for take in found.steps[0].takes)
    if change.old.strength is not None and product.liquid and change.old.strength != product.strength:
        volume = largest / change.old.strength
        yield _hazard("hazard_old", volume, product.strength, largest, words, unit, product.source)
    if product.liquid:
        volume = largest / product.strength
        sold = {group[0].strength: group[0].source for group in product_groups(change.agent, facts) if group[0].liquid}
        others = dict(sold)
        if (mixed := change.switch.mixed) is not None:
            source = cited(facts.knowledge, mixed.source, mixed.place)
            others = {**dict.fromkeys(mixed.strengths, source), **sold}
        for strength in sorted(others):
            if abs(strength - product.strength) > ROUNDING:
                key = "hazard_sold" if strength in sold else "hazard_mixed"
                yield _hazard(key, volume, strength, largest, words, unit, others[strength])


def _hazard(
    key: str, volume: float, strength: float, meant: float, words: dict[str, str], unit: str, source: Cited
) -> Line:
    got = volume * strength
    key_often, slot = (
        ("times_more", plain_number(got / meant, 2))
        if got > meant
        else ("times_less", plain_number(round(got / meant * 100)))
    )
    slots = {
        "volume": plain_number(volume),
        "strength": plain_number(strength),
        "got": amount(round(got, 3), unit),
        "meant": amount(meant, unit),
        "often": words[key_often].format(times=slot, share=slot),
        "unit": unit,
    }
    return Line(
        what=words["hazard"],
        how=words["multiplied"].format(**slots),
        value=round(got, 3),
        unit=unit,
        text=words[key].format(**slots),
        sources=(source,),
    )
