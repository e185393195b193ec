"""Adverse reactions of a relaxant for a comparison: rates with whose they are, and what texts list without one."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from relaxant.evidence.origin import Origin, origin
from relaxant.knowledge.agents import AdverseReaction, Agent
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.schema import Jurisdiction
from relaxant.rules.reasons import Cited, cited


class Reaction(msgspec.Struct, frozen=True, kw_only=True):
    """An adverse reaction in percent as published. ``more`` is what it is above placebo in points; null where a span or no placebo was given.
    ``alike`` is the word under which it stands beside others, ``origin`` whose the rate is."""

    name: str
    alike: str
    low: float
    high: float
    placebo: float | None
    more: float | None
    note: str | None
    origin: Origin
    source: Cited


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """What a text names without a rate, in the words under which it stands beside others. ``whole``: it names all that it lists. ``text``: what else was found."""

    names: tuple[str, ...]
    whole: bool
    text: str | None
    origin: Origin
    source: Cited


def reactions(agent: Agent, jurisdiction: Jurisdiction, knowledge: Knowledge) -> Iterator[Reaction]:
    """The rates of an agent that somebody saw: those that hold here, and where none does for a reaction, another country's."""
    alike = knowledge.words("compare")["reactions"]["alike"]
    known = [(r, origin(r, jurisdiction, knowledge)) for r in agent.adverse_reactions if r.verified]
    here = {alike.get(r.name, r.name) for r, o in known if o.here}
    for r, o in known:
        if o.here or alike.get(r.name, r.name) not in here:
            yield _reaction(r, o, alike.get(r.name, r.name), knowledge)


def _reaction(known: AdverseReaction, whose: Origin, alike: str, knowledge: Knowledge) -> Reaction:
    one = known.percent_low == known.percent_high and known.placebo_percent is not None
    return Reaction(
        name=known.name,
        alike=alike,
        low=known.percent_low,
        high=known.percent_high,
        placebo=known.placebo_percent,
        more=known.percent_high - (known.placebo_percent or 0) if one else None,
        note=known.note,
        origin=whose,
        source=cited(knowledge, known.source, known.place),
    )


def listed(agent: Agent, jurisdiction: Jurisdiction, knowledge: Knowledge) -> Iterator[Listed]:
    """What texts list of an agent without a rate, those of this country's labels first."""
    alike = knowledge.words("compare")["reactions"]["alike"]
    found = [(r, origin(r, jurisdiction, knowledge)) for r in agent.listed_reactions if r.verified]
    for r, o in sorted(found, key=lambda pair: not pair[1].here):
        yield Listed(
            names=tuple(dict.fromkeys(alike.get(n, n) for n in r.names)),
            whole=r.whole,
            text=r.text,
            origin=o,
            source=cited(knowledge, r.source, r.place),
        )
