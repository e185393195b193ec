"""What a pack's entries name and nothing is: with it a review could not be made, or a rule would be silent for good. Such a pack is not used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from relaxant.errors import meant
from relaxant.knowledge.agents import EVERY_AGENT
from relaxant.knowledge.cards import Model
from relaxant.knowledge.document import Document
from relaxant.knowledge.parts import cited_parts
from relaxant.knowledge.rules import Rule
from relaxant.knowledge.schema import Cited

Known = Mapping[str, Mapping[str, Any]]


def id_of(entry: msgspec.Struct) -> str:
    """What names an entry: the first field of its own."""
    return str(getattr(entry, next(f for f in entry.__struct_fields__ if f not in Cited.__struct_fields__)))


def dangling(file: str, document: Document, known: Known) -> Iterator[str]:
    """Every such fault of a file: with its place, what came and what would do. ``known``: all entries by kind and id, its own among them."""
    for kind in document.__struct_fields__:
        entries = getattr(document, kind)
        for entry in entries if isinstance(entries, tuple) else (entries,):
            if not isinstance(entry, msgspec.Struct):
                continue
            where = f"{file}: {kind} {id_of(entry)}" if isinstance(entries, tuple) else f"{file}: {kind}"
            for source in dict.fromkeys(part.source for _, part in cited_parts(entry)):
                if source not in known["sources"]:
                    yield f"{where}: {_absent('source', source, known['sources'])}"
            if isinstance(entry, Rule):
                yield from (f"{where}: {what}" for what in _of_rule(entry, known))
            elif isinstance(entry, Model):
                yield from (f"{where}: {what}" for what in _of_model(entry, known))


def _absent(what: str, name: str, names: Mapping[str, Any]) -> str:
    return f"there is no {what} “{name}”; {meant(name, names) or f'write one of `{what}s:`'}"


def _of_rule(rule: Rule, known: Known) -> Iterator[str]:
    for agent in rule.agents:
        if agent != EVERY_AGENT and agent not in known["agents"]:
            yield _absent("agent", agent, known["agents"])
    for role in rule.partner.roles if rule.partner else ():
        if role not in known["roles"]:
            yield _absent("role", role, known["roles"])
    for node in (rule.when, *(modifier.when for modifier in rule.modifiers)):
        yield from _of_when(node, known)
    if not rule.verified and rule.tier in ("DANGER", "CHANGE"):
        yield f"it is not verified, so it may not be {rule.tier}; write `tier: WATCH` or NOTE"


_NAMES = {
    "condition": "condition",
    "since": "condition",
    "role": "role",
    "taken_for": "role",
    "given": "agent",
    "stopped": "agent",
}


def _of_when(node: object, known: Known) -> Iterator[str]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            what = _NAMES.get(str(key))
            if what is not None and isinstance(value, str) and value not in known[f"{what}s"]:
                yield _absent(what, value, known[f"{what}s"])
            yield from _of_when(value, known)
    elif isinstance(node, (list, tuple)):
        for item in node:
            yield from _of_when(item, known)


def _of_model(model: Model, known: Known) -> Iterator[str]:
    for agent in model.agents:
        if agent not in known["agents"]:
            yield _absent("agent", agent, known["agents"])
    values = {p.parameter: p.value for p in model.parameters}
    volumes = {c.compartment: c.volume for c in model.compartments if c.volume is not None}
    for name in dict.fromkeys(n for f in model.flows for n in (f.rate, f.clearance) if n is not None):
        if name not in values:
            yield f"there is no parameter “{name}”; write it under `parameters:`"
    for place in dict.fromkeys(f.giver for f in model.flows if f.clearance is not None):
        if not values.get(volumes.get(place, ""), 0) > 0:
            yield f"compartment {place}: something leaves it by a clearance, and it has no volume above nought; write `volume:` with the name of a parameter"
