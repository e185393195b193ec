"""What the formulary itself says on a statement: kind of relaxant, what it is for, ceilings, partners, stopping, enzymes.

Each relation reads one clause about one relaxant. It answers only where the knowledge has a value to set against what was said;
silence is the rule, since a wrong verdict does more harm than none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import msgspec

from relaxant.claims.sentences import Statement as Clause
from relaxant.claims.sentences import stands
from relaxant.claims.subjects import Subjects
from relaxant.facts.conditions import implied_by
from relaxant.facts.members import role_members
from relaxant.formulary.agent_page import Reference, reference
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.questions import JURISDICTIONS, holds_in
from relaxant.knowledge.schema import Agent, Cited, Indication, Jurisdiction, Limit, Rule, Statement, Verdict
from relaxant.quantities import Quantity, convert, plain_number

_SUITS = ("licensed", "supported", "off label")
_AGAINST = ("not recommended", "harmful")
_PLACES: dict[str, Jurisdiction] = {
    "us": "US", "usa": "US", "united states": "US", "united kingdom": "UK", "great britain": "UK", "european union": "EU", "america": "US", "american": "US", "fda": "US", "uk": "UK", "britain": "UK", "british": "UK", "mhra": "UK",
    "eu": "EU", "europe": "EU", "european": "EU", "ema": "EU", "germany": "EU", "german": "EU",
}  # fmt: skip
_ADULT = 18.0


class Judgement(msgspec.Struct, frozen=True):
    """A verdict on a clause, what is so, by which relation or claim it was reached, and the sources."""

    verdict: Verdict
    holds: str
    by: str
    sources: tuple[Reference, ...]


class Heard(msgspec.Struct, frozen=True):
    """A clause as the relations see it: its words, whom it names, and whose labels it speaks of."""

    statement: Clause
    subjects: Subjects
    jurisdictions: tuple[Jurisdiction, ...]
    knowledge: Knowledge

    def is_about(self, agent: Agent) -> bool:
        """Whether the agent is the one that the clause names first: what it says of the kind or the company is said of that one."""
        return self.subjects.agents[0] == agent.agent

    def says(self, *phrases: str) -> bool:
        """Whether any of these phrases stands in the clause."""
        return any(stands(phrase, self.statement.words) for phrase in phrases)

    def hears(self, *kinds: str) -> bool:
        """Whether a phrase of one of these kinds (``wording/en/claims.yaml``) stands in the clause."""
        heard = self.knowledge.words("claims")["heard"]
        return any(self.says(*heard[kind]) for kind in kinds)

    def holds(self, kind: str, **slots: object) -> str:
        """What is so, in the words of the language."""
        return str(self.knowledge.words("claims")["holds"][kind]).format(**slots)

    def where(self, value: Cited) -> str:
        """The labels that a value is of, in brackets."""
        return self.holds("where", places=", ".join(value.jurisdiction)) if value.jurisdiction else ""

    def listed(self, kind: str, values: Sequence[Cited], **names: str) -> str:
        """Some values, each once, in the words of ``kind``; ``names`` maps a slot to the attribute that fills it."""
        said = dict.fromkeys(
            self.holds(kind, where=self.where(v), **{slot: _plain(getattr(v, name)) for slot, name in names.items()})
            for v in values
        )
        return "; ".join(said)

    def cite(self, values: Sequence[Cited]) -> tuple[Reference, ...]:
        """The sources of some values, each once."""
        refs = {(v.source, v.place): None for v in values}
        return tuple(reference(self.knowledge, source, place) for source, place in refs)


def places_named(words: Sequence[str]) -> tuple[Jurisdiction, ...]:
    """The jurisdictions that a clause names; all where it names none."""
    pairs = [f"{a} {b}" for a, b in pairwise(words)]
    named = tuple(dict.fromkeys(_PLACES[w] for w in (*words, *pairs) if w in _PLACES))
    return named or JURISDICTIONS


def judged(heard: Heard, agent: Agent) -> Iterator[Judgement]:
    """What the relations say of one clause about one agent."""
    for relation in _RELATIONS:
        yield from relation(heard, agent)


def _by_label(answers: dict[Jurisdiction, bool]) -> Verdict | None:
    """One verdict of what the labels of several jurisdictions say of the same statement."""
    if not answers:
        return None
    if all(answers.values()):
        return "supported"
    return "depends on the country" if any(answers.values()) else "contradicted"


def _turned(verdict: Verdict, denied: bool) -> Verdict:
    """The verdict on the denial of a statement."""
    return {"supported": "contradicted", "contradicted": "supported"}.get(verdict, verdict) if denied else verdict  # type: ignore[return-value]


# ---------------------------------------------------------------- what it is


def _side(heard: Heard, agent: Agent) -> Iterator[Judgement]:
    """Centrally or peripherally acting."""
    central, peripheral = heard.hears("central"), heard.hears("peripheral")
    if (
        not heard.is_about(agent)
        or central == peripheral
        or agent.family not in ("centrally acting", "peripherally acting")
    ):
        return
    said = "centrally acting" if central else "peripherally acting"
    verdict = _turned("supported" if agent.family == said else "contradicted", heard.statement.denied)
    holds = heard.holds("family", agent=agent.agent, family=agent.family, drug_class=agent.drug_class)
    yield Judgement(verdict, holds, "family", heard.cite(_mechanism(agent)))


_CLASSES = {
    "benzodiazepine": "benzodiazepine",
    "gabapentinoid": "gabapentinoid",
    "botulinum toxin": "botulinum toxin",
    "antimuscarinic": "antimuscarinic",
    "anticholinergic": "antimuscarinic",
    "gaba-b agonist": "gaba-b agonist",
    "neuromuscular blocker": "neuromuscular blocker",
    "neuromuscular blocking agent": "neuromuscular blocker",
    "cholinesterase inhibitor": "cholinesterase inhibitor",
    "cannabinoid": "cannabinoid",
    "carbamate": "carbamate",
}
"""What an article calls a class, and the words of an agent's class or family that it means."""


def _class(heard: Heard, agent: Agent) -> Iterator[Judgement]:
    """It is a benzodiazepine, an antimuscarinic ..."""
    own = f"{agent.drug_class} {agent.family}".casefold()
    if not heard.is_about(agent):
        return
    for said, meant in _CLASSES.items():
        if heard.says(*(f"is {article} {said}" for article in ("a", "an", "not a", "not an", "a ..."))):
            verdict = _turned("supported" if meant in own else "contradicted", heard.statement.denied)
            holds = heard.holds("class", agent=agent.agent, drug_class=agent.drug_class)
            yield Judgement(verdict, holds, "class", heard.cite(_mechanism(agent)))
            return


def _mechanism(agent: Agent) -> list[Statement]:
    return [s for s in agent.statements if s.topic == "mechanism"][:1]


# ---------------------------------------------------------------- what it is for


def _indication(heard: Heard, agent: Agent) -> Iterator[Judgement]:
    """Licensed for, or used for, a condition that is named."""
    licence, use = heard.hears("licence"), heard.hears("use")
    if not (licence or use) or not heard.subjects.conditions or len(heard.subjects.agents) != 1:
        return
    suits = ("licensed",) if licence else _SUITS
    against = (*_AGAINST, "not established") if licence else _AGAINST
    rows = _rows(heard, agent)
    answers: dict[Jurisdiction, bool] = {}
    used: list[Indication] = []
    unnamed: list[Jurisdiction] = []
    for place in heard.jurisdictions:
        here = [i for i in rows if holds_in(i, place)]
        suited = any(i.status in suits for i in here)
        if suited or any(i.status in against for i in here):
            answers[place] = suited
            used += here
        elif licence and any(i.status == "licensed" and holds_in(i, place) for i in agent.indications):
            unnamed.append(place)
    if any(answers.values()):  # a label that is there and does not name the condition does not license it
        answers |= dict.fromkeys(unnamed, False)
    verdict = _by_label(answers)
    if verdict is not None:
        status = heard.knowledge.words("report")["suits"]["statuses"]
        said = dict.fromkeys(
            heard.holds(
                "condition",
                condition=heard.knowledge.conditions[i.condition].title,
                status=status[i.status],
                where=heard.where(i),
            )
            for i in used
        )
        holds = heard.holds("indications", agent=agent.agent, rows="; ".join(said))
        yield Judgement(_turned(verdict, heard.statement.denied), holds, "indications", heard.cite(used))


def _rows(heard: Heard, agent: Agent) -> list[Indication]:
    """The indications of the named conditions; where one has none, those of what it implies; the narrowest condition decides."""
    conditions, named = heard.knowledge.conditions, heard.subjects.conditions
    out: list[Indication] = []
    for name in named:
        if any(name in conditions[other].implies for other in named):
            continue
        own = [i for i in agent.indications if i.condition == name]
        out += own or [i for i in agent.indications if i.condition in conditions[name].implies]
    return out


# ---------------------------------------------------------------- how much, how long

_AMOUNT = re.compile(r"(\d+(?:[.,]\d+)?)\s*(mg|milligrams?|g|grams?|micrograms?|mcg|units?|sprays?)(/kg)?\b", re.I)
_UNITS = {
    "milligram": "mg", "milligrams": "mg", "gram": "g", "grams": "g", "mcg": "micrograms", "microgram": "micrograms", "unit": "units", "spray": "sprays",
}  # fmt: skip
_SPAN = re.compile(r"\b(two|three|four|\d+)(?:\s*(?:to|-|–)\s*(two|three|four|\d+))?\s*(day|week|month)s?\b", re.I)
_NUMBERS = {"two": 2, "three": 3, "four": 4}
_DAYS = {"day": 1, "week": 7, "month": 30}


def _amounts(text: str, unit: str) -> list[float]:
    """The amounts of a clause in an agent's unit; none where one is by weight or of another kind."""
    out = []
    for value, said, by_weight in _AMOUNT.findall(text):
        plain = said.lower()
        amount = convert(Quantity(_number(value), _UNITS.get(plain, plain)), unit)
        if by_weight or amount is None:
            return []
        out.append(amount)
    return out


def _number(said: str) -> float:
    """A number as written: a comma before three digits parts thousands, any other is a decimal comma."""
    return float(said.replace(",", "") if re.fullmatch(r"\d{1,3},\d{3}", said) else said.replace(",", "."))


def _of_adults(limits: Sequence[Limit], kind: str) -> list[Limit]:
    return [x for x in limits if x.kind == kind and x.age_from <= _ADULT < x.age_to and x.tier == "CHANGE"]


def _against_limits(heard: Heard, limits: Sequence[Limit], values: Sequence[float], said: float) -> Verdict | None:
    """What the labels' ceilings say of a number."""
    answers: dict[Jurisdiction, bool] = {}
    for place in heard.jurisdictions:
        here = [value for limit, value in zip(limits, values, strict=True) if holds_in(limit, place)]
        if here:
            answers[place] = any(_same(value, said) for value in here)
    return _by_label(answers)


def _ceiling(heard: Heard, agent: Agent) -> Iterator[Judgement]:
    """The most in a day or at once."""
    amounts = _amounts(heard.statement.text, agent.dose_unit)
    if len(amounts) != 1 or not heard.hears("most") or heard.hears("others") or heard.subjects.partners:
        return
    kind = "single" if heard.hears("single") else "daily" if heard.hears("daily") else None
    limits = _of_adults(agent.limits, kind) if kind else []
    own = [v or x.value for x in limits for v in (convert(Quantity(x.value, x.unit.split("/")[0]), agent.dose_unit),)]
    verdict = _against_limits(heard, limits, own, amounts[0])
    if kind is not None and verdict is not None:
        holds = heard.holds(kind, agent=agent.agent, rows=heard.listed("amount", limits, value="value", unit="unit"))
        yield Judgement(_turned(verdict, heard.statement.denied), holds, "limits", heard.cite(limits))


def _start(heard: Heard, agent: Agent) -> Iterator[Judgement]:
    """The first dose: one that some label gives is supported; one above every label's is contradicted."""
    amounts = _amounts(heard.statement.text, agent.dose_unit)
    if len(amounts) != 1 or heard.hears("others") or not heard.hears("start"):
        return
    rows = [
        d
        for d in agent.dosing
        if d.start is not None
        and d.unit == agent.dose_unit
        and (d.age_to is None or d.age_to > _ADULT)
        and any(holds_in(d, place) for place in heard.jurisdictions)
    ]
    starts = [d.start for d in rows if d.start is not None]
    if not starts or not (any(_same(s, amounts[0]) for s in starts) or amounts[0] > max(starts)):
        return
    verdict: Verdict = "contradicted" if amounts[0] > max(starts) else "supported"
    said = heard.listed("who", rows, value="start", unit="unit", who="who")
    holds = heard.holds("start", agent=agent.agent, rows=said)
    yield Judgement(_turned(verdict, heard.statement.denied), holds, "dosing", heard.cite(rows))


def _course(heard: Heard, agent: Agent) -> Iterator[Judgement]:
    """For how long at most."""
    found = _SPAN.findall(heard.statement.text)
    if len(found) != 1 or not heard.hears("course"):
        return
    low, high, unit = found[0]
    longest = (high or low).lower()
    days = float(_NUMBERS.get(longest) or int(longest)) * _DAYS[unit.lower()]
    limits = [x for x in agent.limits if x.kind == "course" and x.age_from <= _ADULT < x.age_to]
    verdict = _against_limits(heard, limits, [x.value for x in limits], days)
    if verdict is not None:
        holds = heard.holds("course", agent=agent.agent, rows=heard.listed("days", limits, value="value"))
        yield Judgement(verdict, holds, "limits", heard.cite(limits))


def _same(a: float, b: float) -> bool:
    return abs(a - b) <= 1e-6 * max(abs(a), abs(b))


def _plain(value: object) -> str:
    return plain_number(value) if isinstance(value, float) else str(value)


# ---------------------------------------------------------------- with what

_GRAVEST = ("DANGER", "CHANGE", "WATCH", "NOTE")


def _together(heard: Heard, agent: Agent) -> Iterator[Judgement]:
    """With a partner: forbidden or allowed, against the gravest rule that the two alone set off."""
    partners, roles = heard.subjects.partners, heard.subjects.roles
    if not (partners or roles) or len(partners) > 1 or not heard.is_about(agent):
        return
    allows = heard.hears("allows") and not heard.hears("allows_not")
    forbids = heard.hears("forbids") and not heard.hears("forbids_not")
    if allows == forbids:
        return
    rules = [
        r
        for r in heard.knowledge.rules.values()
        if agent.agent in r.agents
        and r.when is None
        and _meets(r, partners, roles, heard.knowledge)
        and (not r.jurisdiction or set(r.jurisdiction) & set(heard.jurisdictions))
    ]
    if not rules:
        return
    gravest = min(rules, key=lambda r: _GRAVEST.index(r.tier))
    if gravest.tier == "DANGER" or (gravest.tier == "CHANGE" and (allows or heard.hears("avoid"))):
        refs = {(s.source, s.place): None for s in gravest.sources}
        yield Judgement(
            "contradicted" if allows else "supported",
            heard.holds("rule", title=gravest.title, consequence=gravest.consequence),
            f"rule {gravest.rule}",
            tuple(reference(heard.knowledge, source, place) for source, place in refs),
        )


def _meets(rule: Rule, partners: Sequence[str], roles: Sequence[str], knowledge: Knowledge) -> bool:
    """Whether the rule speaks of the partner that is named, or, where none is, of the role that is."""
    own = rule.partner
    if own is None:
        return False
    if not partners:
        return any(role in own.roles for role in roles)
    return all(
        p not in own.but_not and (p in own.ingredients or any(p in role_members(knowledge, r).names for r in own.roles))
        for p in partners
    )


def _condition(heard: Heard, agent: Agent) -> Iterator[Judgement]:
    """In somebody with a condition: forbidden or allowed, against the rules that the condition alone sets off."""
    named = heard.subjects.conditions
    if (
        not named
        or heard.subjects.partners
        or len(heard.subjects.agents) != 1
        or _amounts(heard.statement.text, agent.dose_unit)
    ):
        return
    allows = heard.hears("allows", "no_obstacle") and not heard.hears("allows_not")
    forbids = heard.hears("forbids", "not_for") and not heard.hears("forbids_not", "no_obstacle")
    if allows == forbids:
        return
    against = {c: _rules_against(c, agent, heard) for c in named}
    found = [min(rules, key=lambda r: _GRAVEST.index(r.tier)) for rules in against.values() if rules]
    if len(found) < len(named) or not all(r.tier == "DANGER" or not allows for r in found):
        return
    refs = {(s.source, s.place): None for r in found for s in r.sources}
    yield Judgement(
        "contradicted" if allows else "supported",
        heard.holds("rule", title=found[0].title, consequence=found[0].consequence),
        f"rule {found[0].rule}",
        tuple(reference(heard.knowledge, source, place) for source, place in refs),
    )


def _rules_against(condition: str, agent: Agent, heard: Heard) -> list[Rule]:
    """The grave rules of an agent that a condition sets off by itself."""
    wanted = {condition, *implied_by(condition, heard.knowledge)}
    return [
        r
        for r in heard.knowledge.rules.values()
        if agent.agent in r.agents
        and r.partner is None
        and r.when is not None
        and r.tier in ("DANGER", "CHANGE")
        and {"starting"} & set(r.on)
        and (not r.jurisdiction or set(r.jurisdiction) & set(heard.jurisdictions))
        and _alone(r.when) & wanted
    ]


def _alone(node: Mapping[str, Any]) -> set[str]:
    """The conditions that make a predicate true by themselves."""
    if "condition" in node:
        return {str(node["condition"])}
    return {c for part in node["any"] for c in _alone(part)} if "any" in node else set()


def _schedule(heard: Heard, agent: Agent) -> Iterator[Judgement]:
    """A controlled drug, or of a schedule that is named."""
    if not heard.hears("controlled"):
        return
    roman = next((w for before, w in pairwise(heard.statement.words) if before == "schedule" and w != "of"), None)
    answers: dict[Jurisdiction, bool] = {}
    said = [s for s in agent.statements if s.topic == "scheduling"]
    for place in heard.jurisdictions:
        texts = [s.text.casefold() for s in said if holds_in(s, place)]
        if not texts:
            continue
        free = any(t.startswith(("not a controlled", "not controlled", "not scheduled")) for t in texts)
        answers[place] = not free and (roman is None or any(f"schedule {roman}" in t for t in texts))
    verdict = _by_label(answers)
    if verdict is not None:
        holds = "; ".join(dict.fromkeys(f"{s.text.rstrip('.')}{heard.where(s)}" for s in said))
        yield Judgement(
            _turned(verdict, heard.statement.denied), f"{agent.agent}: {holds}.", "scheduling", heard.cite(said)
        )


# ---------------------------------------------------------------- stopping, enzymes


def _stopping(heard: Heard, agent: Agent) -> Iterator[Judgement]:
    """Stopped at once: allowed or warned against, where the agent has a statement on it and a rule for a stop."""
    if not heard.hears("stop") or not heard.hears("abrupt"):
        return
    warned = [s for s in agent.statements if s.topic == "withdrawal"][:1]
    ruled = any(
        agent.agent in r.agents and {"stopping", "stopped"} & set(r.on) and r.tier in ("DANGER", "CHANGE")
        for r in heard.knowledge.rules.values()
    )
    allows, warns = heard.hears("stop_allowed"), heard.hears("stop_warned") or heard.statement.denied
    if warned and ruled and allows != warns:
        yield Judgement("contradicted" if allows else "supported", warned[0].text, "withdrawal", heard.cite(warned))


def _enzyme(heard: Heard, agent: Agent) -> Iterator[Judgement]:
    """Cleared by an enzyme that the pathways hold a share for."""
    said = [w.upper() for w in heard.statement.words if re.fullmatch(r"cyp\d[a-z]\d+", w)]
    if len(said) != 1 or heard.statement.denied or not heard.hears("clears"):
        return
    own = [c for c in heard.knowledge.pathways.contributions if c.ingredient == agent.ingredient]
    rows = [c for c in own if c.enzyme.startswith(said[0])]
    if rows:
        holds = heard.holds("enzymes", agent=agent.agent, rows=", ".join(dict.fromkeys(c.enzyme for c in own)))
        yield Judgement("supported", holds, "pathways", heard.cite(rows))


_RELATIONS: tuple[Callable[[Heard, Agent], Iterator[Judgement]], ...] = (
    _side, _class, _indication, _ceiling, _start, _course, _together, _condition, _schedule, _stopping, _enzyme,
)  # fmt: skip
