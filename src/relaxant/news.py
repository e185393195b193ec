"""What changed since a day: for whom, by which rules; of some relaxants, or of those of one person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import msgspec

from relaxant.errors import InputError
from relaxant.facts.pump import pumped_agents
from relaxant.knowledge.agents import EVERY_AGENT
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.knowledge.news import Change, ChangeKind, Gone
from relaxant.medicines.medicine import Medicine
from relaxant.medicines.read import read_medicines
from relaxant.medicines.relaxants import agents_named
from relaxant.patient import Patient
from relaxant.reviewing import KnowledgeStamp
from relaxant.version import __version__

_ORDER: dict[ChangeKind, int] = {"clinical": 0, "format": 1, "engine": 2}


class NewsStamp(msgspec.Struct, frozen=True, kw_only=True):
    """The engine and the knowledge whose changes these are."""

    engine: str
    knowledge: KnowledgeStamp


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """A change. ``agents`` are those whom it touches, in full, or ``every agent``; ``pack`` is the overlay that it came with."""

    id: str
    on: str
    version: str
    kind: ChangeKind
    who: str
    text: str
    rules: tuple[str, ...]
    plans: tuple[str, ...]
    agents: tuple[str, ...]
    pack: str


class WentAway(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that is no longer there, and what says it now."""

    rule: str
    on: str
    instead: tuple[str, ...]
    why: str


class WhatsNew(msgspec.Struct, frozen=True, kw_only=True):
    """What changed from ``since`` to ``until`` (now, where it is None), both days included: clinical changes first, the newest first.

    ``agents`` are the relaxants that were asked about; without ``narrowed`` all were. ``unread`` are lines of the person's list that may be a
    relaxant and were not understood, ``medicines_known`` is whether a list was given. ``newest`` is the day of the newest change of all,
    ``left_out`` how many changes since the day are of other relaxants or of none."""

    stamp: NewsStamp
    since: str
    until: str | None
    narrowed: bool
    agents: tuple[str, ...]
    unread: tuple[str, ...]
    medicines_known: bool | None
    changes: tuple[Changed, ...]
    gone: tuple[WentAway, ...]
    newest: str | None
    left_out: int


def whats_new(
    since: date,
    *,
    until: date | None = None,
    agents: Iterable[str] = (),
    patient: Patient | None = None,
    knowledge: Knowledge | None = None,
) -> WhatsNew:
    """What changed since a day (and until another), the days included; with ``agents`` or a ``patient`` of those relaxants alone: the ones named,
    and the ones that the person takes, has stopped or is weighed for.

    Raises :class:`InputError` for a name that is no relaxant and for days in the wrong order, and :class:`relaxant.errors.KnowledgeError` for an
    unsound pack.

    >>> from relaxant import whats_new
    >>> whats_new(date(2026, 11, 22), until=date(2026, 11, 22), agents=["baclofen"]).changes[0].kind
    'clinical'
    """
    if until is not None and until < since:
        raise InputError("until", until, f"it is before the first day, {since}", "give that day or a later one")
    if isinstance(agents, str):
        raise InputError("agents", agents, "this is one name, not a list of names", "put it into a list")
    known = knowledge or load_knowledge()
    names = list(agents)
    asked = {agent for name in names for agent in agents_named(name, known, "agents")}
    unread: tuple[str, ...] = ()
    if patient is not None:
        medicines = read_medicines(patient, known)
        asked |= _agents_of(patient, medicines, known)
        unread = tuple(dict.fromkeys(m.said for m in medicines if not m.ingredients or m.not_understood))
    narrowed = bool(names) or patient is not None
    day, last = since.isoformat(), None if until is None else until.isoformat()

    def within(on: str) -> bool:
        return day <= on and (last is None or on <= last)

    newer = [_changed(change, known) for change in known.news.news.values() if within(change.on)]
    kept = [change for change in newer if not narrowed or _touches(change.agents, asked)]
    gone = [rule for rule in known.news.gone.values() if within(rule.on)]
    return WhatsNew(
        stamp=NewsStamp(engine=__version__, knowledge=KnowledgeStamp(date=known.date, sha256=known.sha256, packs=known.packs)),
        since=day,
        until=last,
        narrowed=narrowed,
        agents=tuple(sorted(asked)),
        unread=unread,
        medicines_known=None if patient is None else patient.medicines is not None,
        changes=tuple(in_order(kept)),
        gone=tuple(
            WentAway(rule=rule.gone, on=rule.on, instead=rule.instead, why=rule.why)
            for rule in gone
            if not narrowed or _touches(_agents_of_gone(rule, known), asked)
        ),
        newest=max((change.on for change in known.news.news.values()), default=None),
        left_out=len(newer) - len(kept),
    )  # fmt: skip


def every_change(knowledge: Knowledge) -> list[Changed]:
    """Every change, in the order in which it was written."""
    return [_changed(change, knowledge) for change in knowledge.news.news.values()]


def in_order(changes: Iterable[Changed]) -> list[Changed]:
    """Clinical changes first; of a kind the newest first, those that name their relaxants before those of every one."""
    newest = reversed(list(changes))
    return sorted(newest, key=lambda change: (_ORDER[change.kind], _days_back(change.on), EVERY_AGENT in change.agents))


def _days_back(on: str) -> int:
    return -date.fromisoformat(on).toordinal()


def _changed(change: Change, knowledge: Knowledge) -> Changed:
    return Changed(
        id=change.change,
        on=change.on,
        version=change.version,
        kind=change.kind,
        who=change.who,
        text=change.text,
        rules=change.rules,
        plans=change.plans,
        agents=change.agents or _agents_of_rules((*change.rules, *change.plans), knowledge),
        pack=change.pack,
    )


def _agents_of_rules(ids: Iterable[str], knowledge: Knowledge) -> tuple[str, ...]:
    """The agents of rules, of rules that went, and of what plans are made from."""
    out: dict[str, None] = {}
    for name in ids:
        if rule := knowledge.rules.get(name):
            out |= dict.fromkeys(rule.agents)
        elif gone := knowledge.news.gone.get(name):
            out |= dict.fromkeys(_agents_of_gone(gone, knowledge))
        else:
            out |= dict.fromkeys(_agents_of_plans(name, knowledge))
    return tuple(sorted(out))


def _agents_of_gone(gone: Gone, knowledge: Knowledge) -> tuple[str, ...]:
    """Of a rule that went: those of the rules in its place; nobody knows any longer where none is, so that it is everybody's."""
    return tuple(a for i in gone.instead if (r := knowledge.rules.get(i)) for a in r.agents) or (EVERY_AGENT,)


def _agents_of_plans(name: str, knowledge: Knowledge) -> Iterable[str]:
    for kind in knowledge.plans.__struct_fields__:
        if (found := getattr(knowledge.plans, kind).get(name)) is not None:
            yield from getattr(found, "agents", None) or (getattr(found, "agent", EVERY_AGENT),)


def _agents_of(patient: Patient, medicines: Iterable[Medicine], knowledge: Knowledge) -> set[str]:
    """What the person takes, has stopped or is weighed for, and what a pump in place is for."""
    out = {agent for medicine in medicines for agent in medicine.agents}
    if patient.pump is not None:
        said = patient.pump.drug
        named = set(pumped_agents(knowledge)) if said is None else _pumped(said, knowledge)
        out |= named
    return out


def _pumped(drug: str, knowledge: Knowledge) -> set[str]:
    try:
        ingredients = {knowledge.agents[agent].ingredient for agent in agents_named(drug, knowledge)}
    except InputError:  # a pump of another medicine
        return set()
    return {agent for agent in pumped_agents(knowledge) if knowledge.agents[agent].ingredient in ingredients}


def _touches(agents: Iterable[str], asked: set[str]) -> bool:
    """Whether a change is of one of the relaxants asked about; one of every relaxant is where there is any."""
    return bool(asked) and any(agent == EVERY_AGENT or agent in asked for agent in agents)
