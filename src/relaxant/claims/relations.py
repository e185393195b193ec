"""What the formulary itself says on a statement: kind of relaxant, what it is for, amounts, partners, stopping, enzymes.

Each relation reads one clause about one relaxant. It answers only where the knowledge has a value to set against what was said;
silence is the rule, since a wrong verdict does more harm than none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from relaxant.claims.doses import amounts_in, ceiling, course, first_dose
from relaxant.claims.heard import Heard, Judgement, by_label, turned
from relaxant.facts.conditions import implied_by
from relaxant.facts.members import role_members
from relaxant.facts.suitability import SUITS, SUITS_NOT
from relaxant.formulary.agent_page import reference
from relaxant.knowledge.agents import Agent, Indication, Statement
from relaxant.knowledge.jurisdictions import holds_in
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.rules import Rule
from relaxant.knowledge.schema import TIERS, Jurisdiction


def judged(heard: Heard, agent: Agent) -> Iterator[Judgement]:
    """What the relations say of one clause about one agent."""
    for relation in _RELATIONS:
        yield from relation(heard, agent)


# ---------------------------------------------------------------- what it is


def _side(heard: Heard, agent: Agent) -> Iterator[Judgement]:
    """Centrally or peripherally acting."""
    central, peripheral = heard.hears("central"), heard.hears("peripheral")
    sides = ("centrally acting", "peripherally acting")
    if len(heard.subjects.agents) != 1 or central == peripheral or agent.family not in sides:
        return
    said = "centrally acting" if central else "peripherally acting"
    verdict = turned("supported" if agent.family == said else "contradicted", heard.clause.denied)
    holds = heard.holds("family", agent=agent.agent, family=agent.family, drug_class=agent.drug_class)
    yield Judgement(verdict, holds, "family", heard.cite(_mechanism(agent)))


_ADJECTIVES = 3
"""So many words may stand before the name of a class."""
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
    if len(heard.subjects.agents) != 1:
        return
    for said, meant in _CLASSES.items():
        if _is_a(heard, said):
            verdict = turned("supported" if meant in own else "contradicted", heard.clause.denied)
            holds = heard.holds("class", agent=agent.agent, drug_class=agent.drug_class)
            yield Judgement(verdict, holds, "class", heard.cite(_mechanism(agent)))
            return


def _is_a(heard: Heard, kind: str) -> bool:
    """Whether the clause says what something is: ``is a long-acting benzodiazepine``, and not ``is safer than a benzodiazepine``."""
    text = " ".join(heard.clause.words)
    links = heard.knowledge.words("claims")["heard"]["links"]
    for between in re.findall(rf"\bis(?: not)? an? ((?:\S+ ){{0,{_ADJECTIVES}}}){re.escape(kind)}(?: |$)", text):
        if not set(between.split()) & set(links):
            return True
    return False


def _mechanism(agent: Agent) -> list[Statement]:
    return [s for s in agent.statements if s.topic == "mechanism"][:1]


# ---------------------------------------------------------------- what it is for


def _indication(heard: Heard, agent: Agent) -> Iterator[Judgement]:
    """Licensed for, or used for, a condition that is named."""
    licence, use = heard.hears("licence"), heard.hears("use")
    if not (licence or use) or not heard.subjects.conditions or len(heard.subjects.agents) != 1:
        return
    suits = ("licensed",) if licence else SUITS
    against = (*SUITS_NOT, "not established") if licence else SUITS_NOT
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
    verdict = by_label(answers)
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
        yield Judgement(turned(verdict, heard.clause.denied), holds, "indications", heard.cite(used))


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


# ---------------------------------------------------------------- with what


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
        and any(holds_in(r, place) for place in heard.jurisdictions)
    ]
    if not rules:
        return
    gravest = min(rules, key=_rank)
    if gravest.tier == "DANGER" or (gravest.tier == "CHANGE" and (allows or heard.hears("avoid"))):
        alike = [r for r in rules if _rank(r) <= TIERS.index("CHANGE" if allows else gravest.tier)]
        yield _of_rules([gravest], _everywhere(alike, heard), allows, heard)


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
        or amounts_in(heard.clause.text, agent.dose_unit)
    ):
        return
    allows = heard.hears("allows", "no_obstacle") and not heard.hears("allows_not")
    forbids = heard.hears("forbids", "not_for") and not heard.hears("forbids_not", "no_obstacle")
    if allows == forbids:
        return
    against = {c: _rules_against(c, agent, heard) for c in named}
    found = [min(rules, key=_rank) for rules in against.values() if rules]
    if len(found) < len(named) or not all(r.tier == "DANGER" or not allows for r in found):
        return
    everywhere = all(_everywhere(rules, heard) for rules in against.values())
    yield _of_rules(found, everywhere, allows, heard)


def _rank(rule: Rule) -> int:
    return TIERS.index(rule.tier)


def _everywhere(rules: Sequence[Rule], heard: Heard) -> bool:
    """Whether one or the other of the rules holds in every jurisdiction that the clause speaks of."""
    return all(any(holds_in(r, place) for r in rules) for place in heard.jurisdictions)


def _of_rules(rules: Sequence[Rule], everywhere: bool, allows: bool, heard: Heard) -> Judgement:
    """What grave rules say of a clause that allows or forbids; the first of them is quoted."""
    refs = {(s.source, s.place): None for r in rules for s in r.sources}
    return Judgement(
        "depends on the country" if not everywhere else "contradicted" if allows else "supported",
        heard.holds("rule", title=rules[0].title, consequence=rules[0].consequence),
        f"rule {rules[0].rule}",
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
        and "starting" in r.on
        and any(holds_in(r, place) for place in heard.jurisdictions)
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
    roman = next((w for before, w in pairwise(heard.clause.words) if before == "schedule" and w != "of"), None)
    answers: dict[Jurisdiction, bool] = {}
    said = [s for s in agent.statements if s.topic == "scheduling"]
    for place in heard.jurisdictions:
        texts = [s.text.casefold() for s in said if holds_in(s, place)]
        if not texts:
            continue
        free = any(t.startswith(("not a controlled", "not controlled", "not scheduled")) for t in texts)
        answers[place] = not free and (roman is None or any(f"schedule {roman}" in t for t in texts))
    verdict = by_label(answers)
    if verdict is not None:
        holds = "; ".join(dict.fromkeys(f"{s.text.rstrip('.')}{heard.where(s)}" for s in said))
        yield Judgement(
            turned(verdict, heard.clause.denied), f"{agent.agent}: {holds}.", "scheduling", heard.cite(said)
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
    allows, warns = heard.hears("stop_allowed"), heard.hears("stop_warned") or heard.clause.denied
    if warned and ruled and allows != warns:
        yield Judgement("contradicted" if allows else "supported", warned[0].text, "withdrawal", heard.cite(warned))


def _enzyme(heard: Heard, agent: Agent) -> Iterator[Judgement]:
    """Cleared by an enzyme that the pathways hold a share for."""
    said = [w.upper() for w in heard.clause.words if re.fullmatch(r"cyp\d[a-z]\d+", w)]
    if len(said) != 1 or heard.clause.denied or not heard.hears("clears"):
        return
    own = [c for c in heard.knowledge.pathways.contributions if c.ingredient == agent.ingredient]
    rows = [c for c in own if c.enzyme.startswith(said[0])]
    if rows:
        holds = heard.holds("enzymes", agent=agent.agent, rows=", ".join(dict.fromkeys(c.enzyme for c in own)))
        yield Judgement("supported", holds, "pathways", heard.cite(rows))


_RELATIONS: tuple[Callable[[Heard, Agent], Iterator[Judgement]], ...] = (
    _side, _class, _indication, ceiling, first_dose, course, _together, _condition, _schedule, _stopping, _enzyme,
)  # fmt: skip
