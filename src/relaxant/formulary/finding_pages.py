"""Which pages a few typed words mean: relaxants by name, national name, class or brand, conditions by name, rules by their title and what they name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from rapidfuzz import fuzz, process

from relaxant.formulary.condition_page import conditions_spoken_of
from relaxant.formulary.source_leaf import title_of
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.schema import Tier
from relaxant.report.reference.leaf import Kind, Target, slug

_NEAR = 62.0  # how alike a whole name is at least, of 100, to be offered for another
_ORDER: tuple[Kind, ...] = ("agents", "conditions", "rules")


class Name(msgspec.Struct, frozen=True):
    """A name that leads to a page. ``kind``: its ``title``, its ``ingredient``, a ``brand``, what else it is ``called``
    (in a country, or a condition), or words that it is ``about``."""

    text: str
    kind: str
    target: Target


class Found(msgspec.Struct, frozen=True):
    """A page, the brand or other name by which it was found where that is not its title, and the tier of a rule."""

    target: Target
    title: str
    by: Name | None
    tier: Tier | None


def names(knowledge: Knowledge) -> tuple[Name, ...]:
    """Every name of every page."""
    return tuple(dict.fromkeys(_names(knowledge)))


def find(typed: str, known: Sequence[Name], knowledge: Knowledge) -> list[Found]:
    """The pages whose name holds every word typed, the closest first: the name itself, then its beginning, then the beginning of a word of it.

    Relaxants stand before conditions, and these before rules, where they fit alike.
    """
    wanted = _folded(typed)
    if not wanted:
        return []
    best: dict[Target, tuple[tuple[int, int, int, str], Name]] = {}
    for name in known:
        rank = _rank(wanted, _folded(name.text))
        if rank is None:
            continue
        place = (rank, _ORDER.index(name.target.kind), int(name.kind == "about"), name.text)
        if name.target not in best or place < best[name.target][0]:
            best[name.target] = (place, name)
    ordered = sorted(best.items(), key=lambda item: item[1][0])
    return [_found(name, knowledge) for _, (_, name) in ordered]


def near(typed: str, known: Sequence[Name], knowledge: Knowledge, kind: Kind | None = None, most: int = 5) -> list[Found]:  # fmt: skip
    """The pages whose names come nearest, of one kind or of all."""
    own = [n for n in known if n.kind != "about" and kind in (None, n.target.kind)]
    if kind == "rules":
        own += [Name(n.target.name, "id", n.target) for n in own]
    alike = process.extract(
        _folded(typed), [_folded(n.text) for n in own], scorer=fuzz.ratio, limit=most * 2, score_cutoff=_NEAR
    )
    out: dict[Target, Found] = {}
    for _, _, index in alike:
        out.setdefault(own[index].target, _found(own[index], knowledge))
    return list(out.values())[:most]


def _names(knowledge: Knowledge) -> Iterator[Name]:
    for agent in knowledge.agents.values():
        target = Target("agents", agent.agent)
        yield Name(agent.agent, "title", target)
        yield Name(agent.ingredient, "ingredient", target)
        for other in agent.names.values():
            if other != agent.agent:
                yield Name(other, "called", target)
        for product in agent.products:
            for brand in product.brands:
                yield Name(brand, "brand", target)
        for about in (agent.drug_class, *agent.atc):
            yield Name(about, "about", target)
    for condition in conditions_spoken_of(knowledge):
        target = Target("conditions", condition)
        yield Name(knowledge.conditions[condition].title, "title", target)
        for other in knowledge.conditions[condition].names:
            yield Name(other, "called", target)
    for rule in knowledge.rules.values():
        target = Target("rules", rule.rule)
        yield Name(rule.title, "title", target)
        partner = rule.partner
        roles = [knowledge.roles[r].plural for r in partner.roles] if partner else []
        named = (*rule.agents, *(partner.ingredients if partner else ()), *roles)
        yield Name(" ".join((rule.rule.replace("-", " "), *named)), "about", target)


def _found(name: Name, knowledge: Knowledge) -> Found:
    target, by = name.target, name if name.kind in ("brand", "called") else None
    tier = knowledge.rules[target.name].tier if target.kind == "rules" else None
    return Found(target, title_of(target, knowledge), by, tier)


def _folded(text: str) -> str:
    return " ".join(slug(text).casefold().replace("-", " ").replace("_", " ").split())


def _rank(wanted: str, name: str) -> int | None:
    """How close a name is: 0 the same, 1 it begins so, 2 its words begin so, 3 it holds every word; ``None`` where it does not."""
    if name == wanted:
        return 0
    if name.startswith(wanted):
        return 1
    asked = wanted.split()
    if all(any(word.startswith(part) for word in name.split()) for part in asked):
        return 2
    return 3 if all(part in name for part in asked) else None
