"""What is wrong with who counts as a partner: roles, and the ingredients that roles and rules name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from relaxant.facts.members import role_members
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.rules import Partner
from relaxant.medicines.dictionary import Dictionary, kindred, lookup_name
from relaxant.medicines.local import dictionary_of, unknown


def faults_of_partners(knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    """Every fault of the roles and allergens: where, and what."""
    dictionary = dictionary_of(knowledge)
    for role in knowledge.roles.values():
        where = f"roles {role.role}"
        absent = [included for included in role.includes if included not in knowledge.roles]
        for included in absent:
            yield where, f"there is no role “{included}”"
        if not role.members and not role.includes:
            yield where, "a role has members or includes roles"
        own = [ingredient for member in role.members for ingredient in member.ingredients]
        also = _held([one for one in role.includes if one not in absent], knowledge)
        yield from ((where, fault) for fault in faults_of_ingredients(own, (*also, *role.but_not), dictionary))
    for allergen in knowledge.allergens.values():
        where = f"allergens {allergen.allergen}"
        for cross in allergen.cross:
            if cross not in knowledge.allergens:
                yield where, f"there is no allergen “{cross}”"


def faults_of_partner(partner: Partner, knowledge: Knowledge) -> Iterator[str]:
    """What is wrong with the ingredients of a rule's partner clause."""
    dictionary = dictionary_of(knowledge)
    held = _held([role for role in partner.roles if role in knowledge.roles], knowledge)
    yield from faults_of_ingredients(partner.ingredients, (*held, *partner.but_not), dictionary)
    for name in partner.but_not:
        if lookup_name(name, dictionary) is None:
            yield unknown(name, dictionary)


def _held(roles: Iterable[str], knowledge: Knowledge) -> list[str]:
    """The ingredients that roles hold, and those that they say they do not mean."""
    return [name for role in roles for name in (*role_members(knowledge, role).names, *knowledge.roles[role].but_not)]


def fault_of_ingredient(name: str, dictionary: Dictionary) -> str | None:
    """What is wrong with the name of an ingredient, nothing if nothing: it is not known, or it is read as another."""
    entry = lookup_name(name, dictionary)
    if entry is None:
        return unknown(name, dictionary)
    read = [one.name for one in entry.ingredients]
    return f"“{name}” is read as “{read[0]}”; write that name" if len(read) == 1 and read != [name] else None


def faults_of_ingredients(names: Sequence[str], beside: Iterable[str], dictionary: Dictionary) -> Iterator[str]:
    """What is wrong with a list of ingredients, ``beside`` those that it holds already or does not mean: a name that is read as another, and a salt
    or ester that is left out. Somebody on lithium carbonate is not on “lithium” for a list that has this name alone, and no rule would speak."""
    told = {*names, *beside}
    for name in names:
        if fault := fault_of_ingredient(name, dictionary):
            yield fault
        elif left := [f"“{one}”" for one in kindred(name, dictionary) if one not in told]:
            yield f"“{name}” does not stand for {', '.join(left)}; write what is meant beside it, and the rest under `but_not`"
