"""From checks to findings: what fired, in words, merged by cause; and what could not be checked, by the input that would settle it."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterable, Sequence

import msgspec

from relaxant.facts.facts import Facts
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.rules import Alternative, Modifier, Outcome, Rule, Situation, Spoken
from relaxant.knowledge.schema import Evidence, Tier
from relaxant.rules.evaluate import FIRES, OUTCOMES, UNKNOWN, Checks, Row, Test, because, tested
from relaxant.rules.reasons import (
    Because,
    Cited,
    Effect,
    Fired,
    because_of,
    ceilings_of,
    decided_here,
    effect_of,
    is_weighed,
    sources_of,
)
from relaxant.rules.tiers import RANK, tier_with, worst_tier
from relaxant.rules.wording import LONGEST_SUMMARY, fill, for_situation, shown_agent_name, shown_name

OUTCOME_ORDER: dict[Outcome, int] = {"fires": 0, "could not check": 1, "silent": 2}
MEDICINES = "medicines"
"""What is asked of an agent of which nothing is known: the list of medicines, and nothing more yet."""

SPEAKS_FIRST: tuple[Situation, ...] = ("stopping", "stopped", "starting", "taking")
"""Of the situations in which an agent is and for which a rule is, the one that the rule speaks of."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One rule tested for one agent."""

    rule: str
    agent: str
    partners: tuple[str, ...]
    outcome: Outcome
    settled_by: tuple[str, ...]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What a person reads: one cause, one action."""

    id: str
    rules: tuple[str, ...]
    tier: Tier
    agents: tuple[str, ...]
    partners: tuple[str, ...]
    summary: str
    consequence: str
    mechanism: str
    action: str
    alternatives: tuple[str, ...]
    evidence: Evidence
    verified: bool
    effect: Effect | None
    because: tuple[Because, ...]
    sources: tuple[Cited, ...]
    cause: str
    situation: Situation
    frequency: str | None
    modified: str | None
    interrupts: bool
    folded: bool
    also: tuple[str, ...]


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """What fired of one cause, sorted and counted and not yet in words: :func:`worded` makes a finding of it. ``group``: the gravest first, which
    speaks; ``led``: those of its rule that say the same."""

    cause: str
    tier: Tier
    verified: bool
    agents: tuple[str, ...]
    partners: tuple[str, ...]
    situation: Situation
    group: tuple[Fired, ...]
    led: tuple[Fired, ...]
    interrupts: bool = False
    folded: bool = False


class Unchecked(msgspec.Struct, frozen=True, kw_only=True):
    """An input that would settle checks that could not be made."""

    settled_by: str
    worst_tier: Tier
    checks: int
    agents: tuple[str, ...]
    rules: tuple[str, ...]
    folded: bool


def read_row(
    checks: Checks, row: int, concerning: str | None = None
) -> tuple[list[Check], list[Finding], list[Unchecked]]:
    """The checks that were not silent, the findings and the open questions of one person; ``concerning`` one agent alone: by its own rules, and by
    those of others that fire with it as a partner. The other checks: :func:`silent_checks`."""
    made, causes, unchecked = read_causes(checks, row, concerning)
    return made, [worded(cause, checks.facts, row) for cause in causes], unchecked


def read_causes(
    checks: Checks, row: int, concerning: str | None = None
) -> tuple[list[Check], list[Cause], list[Unchecked]]:
    """As :func:`read_row`, before the findings are put into words."""
    facts, person = checks.facts, Row(checks.facts, row)
    made: list[Check] = []
    fired: list[Fired] = []
    open_questions: dict[str, list[tuple[str, str, Tier]]] = {}
    said: dict[str, bool] = {}
    for one in _tested(checks, row, concerning):
        test, outcome = one.test, one.outcome
        needs: tuple[str, ...] = ()
        if outcome == UNKNOWN:
            if test.agent not in said:
                said[test.agent] = facts.agent_is_said(test.agent, row)
            needs = tested(test.clauses, person)[1] if said[test.agent] else (MEDICINES,)
        made.append(
            Check(
                rule=test.rule.rule,
                agent=test.agent,
                partners=one.partners,
                outcome=OUTCOMES[outcome],
                settled_by=needs,
            )
        )
        for need in needs:
            open_questions.setdefault(need, []).append((test.rule.rule, test.agent, worst_tier(test.rule)))
        if outcome != FIRES:
            continue
        fired.append(_fired(one, person))
        for modifier, its_outcome, its_test in one.modifiers:
            if modifier is fired[-1].modifier:
                break
            if its_outcome == UNKNOWN and modifier.tier and RANK[modifier.tier] < RANK[fired[-1].tier]:
                for need in tested(its_test.clauses, person)[1]:
                    open_questions.setdefault(need, []).append((test.rule.rule, test.agent, modifier.tier))
    causes = _triage(fired, facts, row, concerning)
    return sorted(made, key=_check_order), causes, _unchecked(open_questions, facts, row)


def silent_checks(checks: Checks, row: int) -> list[Check]:
    """The checks of one person that were silent."""
    facts = checks.facts
    made = [
        Check(
            rule=test.rule.rule,
            agent=test.agent,
            partners=facts.members_taken(test.partners, row) if test.partners else (),
            outcome=OUTCOMES[outcome],
            settled_by=(),
        )
        for test, outcome in checks.silent(row)
        if test.modifier < 0
    ]
    return sorted(made, key=_check_order)


def findings_by_agent(
    checks: Checks, row: int, dangerous: frozenset[str] = frozenset()
) -> Callable[[str], list[Finding]]:
    """The findings about one agent alone, as :func:`read_row` gives them ``concerning`` it, from one reading for all; ``dangerous``: see
    :func:`worded`."""
    facts, person = checks.facts, Row(checks.facts, row)
    fired = [_fired(one, person) for one in _tested(checks, row) if one.outcome == FIRES]

    def about(agent: str) -> list[Finding]:
        partner = facts.knowledge.agents[agent].ingredient
        causes = _triage([f for f in fired if agent == f.test.agent or partner in f.partners], facts, row, agent)
        return [worded(cause, facts, row, dangerous) for cause in causes]

    return functools.cache(about)


class _Tested(msgspec.Struct, frozen=True, kw_only=True):
    """A rule's test that was not silent, the partners that the person takes, and those of its modifiers that were not silent."""

    test: Test
    outcome: int
    partners: tuple[str, ...]
    modifiers: list[tuple[Modifier, int, Test]]


def _tested(checks: Checks, row: int, concerning: str | None = None) -> list[_Tested]:
    facts, out = checks.facts, list[_Tested]()
    partner = None if concerning is None else facts.knowledge.agents[concerning].ingredient
    for test, outcome in checks.spoken(row):
        if test.modifier < 0:
            partners = facts.members_taken(test.partners, row) if test.partners else ()
            if concerning in (None, test.agent) or partner in partners:
                out.append(_Tested(test=test, outcome=outcome, partners=partners, modifiers=[]))
        elif out and out[-1].test.rule is test.rule and out[-1].test.agent == test.agent:
            out[-1].modifiers.append((test.rule.modifiers[test.modifier], outcome, test))
    return out


def _fired(one: _Tested, person: Row) -> Fired:
    """What fired, with the first of its modifiers that did."""
    chosen, its_test = next(((m, t) for m, outcome, t in one.modifiers if outcome == FIRES), (None, None))
    leaves = because(one.test, person) + (because(its_test, person) if its_test is not None else ())
    tier = tier_with(one.test.rule, chosen)
    return Fired(test=one.test, tier=tier, modifier=chosen, partners=one.partners, leaves=leaves)


def _check_order(check: Check) -> tuple[int, str, str]:
    return OUTCOME_ORDER[check.outcome], check.agent, check.rule


def _unchecked(questions: dict[str, list[tuple[str, str, Tier]]], facts: Facts, row: int) -> list[Unchecked]:
    open_count = int(facts.knowledge.policy("unchecked_open"))
    seldom = facts.seldom_asked(row)
    out = []
    for need, tests in questions.items():
        worst = min((tier for _, _, tier in tests), key=RANK.__getitem__)
        pairs = sorted({(rule, agent) for rule, agent, _ in tests})
        out.append((need in seldom, RANK[worst], -len(pairs), need, worst, pairs))
    out.sort()  # no need stands there twice
    return [
        Unchecked(
            settled_by=need,
            worst_tier=worst,
            checks=len(pairs),
            agents=tuple(sorted({a for _, a in pairs})),
            rules=tuple(sorted({r for r, _ in pairs})),
            folded=quiet or i >= open_count,
        )
        for i, (quiet, _, _, need, worst, pairs) in enumerate(out)
    ]


# ---------------------------------------------------------------- triage


def _triage(fired: Iterable[Fired], facts: Facts, row: int, first: str | None = None) -> list[Cause]:
    """Merges by cause; the gravest rule of a cause speaks, the others are named. Then the budget."""
    groups: dict[str, list[Fired]] = {}
    for one in fired:
        groups.setdefault(cause_of(one.test), []).append(one)
    causes = [_cause(cause, group, facts, row, first) for cause, group in groups.items()]
    causes.sort(key=lambda c: (RANK[c.tier], not c.verified, c.agents, c.cause))
    budget, open_count = (
        int(facts.knowledge.policy("interruption_budget")),
        int(facts.knowledge.policy("findings_open")),
    )
    out = []
    for i, cause in enumerate(causes):
        interrupts = cause.tier == "DANGER" and budget > 0
        budget -= interrupts
        quiet = cause.tier in ("WATCH", "NOTE")
        leaving = cause.situation == "taking" and all(_stopping(a, facts, row) for a in cause.agents)
        out.append(msgspec.structs.replace(cause, interrupts=interrupts, folded=quiet and (leaving or i >= open_count)))
    return out


def cause_of(test: Test) -> str:
    """The cause that a rule of an agent is merged by."""
    return test.rule.cause.replace("{agent}", test.agent)


def _situation(agent: str, facts: Facts, row: int, on: Sequence[Situation]) -> Situation:
    """The situation in which an agent whose rule fired is, of those that the rule is for."""
    own = facts.inputs.agents[agent]
    return next(s for s in SPEAKS_FIRST if s in on and own[s][row] == 1)


def _cause(cause: str, group: list[Fired], facts: Facts, row: int, first: str | None = None) -> Cause:
    """What fired of one cause, as one; of what is alike otherwise the rules of the agent ``first`` speak."""
    knowledge = facts.knowledge
    group = sorted(
        group,
        key=lambda f: (
            RANK[f.tier],
            not f.test.rule.verified,
            f.test.agent != first,
            -len(f.partners),
            f.test.agent,
            f.test.rule.rule,
        ),
    )
    lead = group[0]
    rule = lead.test.rule
    situation = _situation(lead.test.agent, facts, row, rule.on)
    led = tuple(
        f
        for f in group
        if f is lead
        or (
            f.test.rule.rule == rule.rule
            and f.tier == lead.tier
            and _situation(f.test.agent, facts, row, rule.on)
            == situation  # what is begun and what is taken get other advice
        )
    )
    agents = tuple(dict.fromkeys(f.test.agent for f in group))
    own = {knowledge.agents[a].ingredient for a in agents}
    return Cause(
        cause=cause,
        tier=lead.tier,
        verified=all(is_verified(f.test.rule, knowledge) for f in led),
        agents=agents,
        partners=tuple(dict.fromkeys(p for f in group for p in f.partners if p not in own)),
        situation=situation,
        group=tuple(group),
        led=led,
    )


def offered(cause: Cause) -> tuple[str, ...]:
    """The agents that the rules of a cause name instead, whichever of them speaks."""
    return tuple(dict.fromkeys(a for f in cause.group for one in f.test.rule.alternatives for a in one.agents))


def worded(cause: Cause, facts: Facts, row: int, dangerous: frozenset[str] = frozenset()) -> Finding:
    """The finding of a cause, in words; it offers none of the agents that are ``dangerous`` for this person."""
    knowledge, lead, situation = facts.knowledge, cause.group[0], cause.situation
    rule, agent = lead.test.rule, lead.test.agent
    led_agents = tuple(dict.fromkeys(f.test.agent for f in cause.led))
    led_ingredients = {knowledge.agents[a].ingredient for a in led_agents}
    apart = [p for p in lead.partners if p not in led_ingredients]
    if (
        lead.partners and not apart
    ):  # each is the other's partner: one is named as the agent, the rest as what it is with
        led_agents, apart = (agent,), list(lead.partners)
    shown_partners = [shown_name(p, facts) for p in apart]
    shown_agents = [shown_agent_name(a, facts) for a in led_agents]

    adding = situation == "taking" and bool(lead.partners) and all(is_weighed(p, facts, row) for p in lead.partners)
    spoken: Spoken = "adding" if adding else situation

    def words(text: str, most: int | None = None) -> str:
        return fill(text, agent, shown_agents, shown_partners, facts, row, most=most)

    modifier = lead.modifier
    summary = words(for_situation(_summary(lead), spoken), LONGEST_SUMMARY)
    action = words(for_situation((modifier.action if modifier else None) or rule.action, spoken))
    consequence = words((modifier.consequence if modifier else None) or rule.consequence)
    also = (words_of(f, facts, row) for f in cause.group[1:] if f.test.rule.rule != rule.rule)
    rules = dict.fromkeys(f.test.rule.rule for f in cause.group)
    identity = "\n".join((cause.cause, lead.tier, *sorted(rules), *cause.agents, *cause.partners, situation, action))
    return Finding(
        id=f"{cause.cause}-{hashlib.sha256(identity.encode()).hexdigest()[:10]}",
        rules=tuple(rules),
        tier=cause.tier,
        agents=cause.agents,
        partners=cause.partners,
        summary=summary,
        consequence=consequence,
        mechanism=words(rule.mechanism),
        action=action,
        alternatives=tuple(
            words(a.say)
            for a in rule.alternatives
            if dangerous.isdisjoint(a.agents) and not _taken_already(a, agent, facts, row)
        ),
        evidence="local" if _limit_of_place(lead, facts, row) else rule.evidence,
        verified=cause.verified,
        effect=effect_of(agent, lead.partners, knowledge),
        because=because_of(cause.group, facts, row),
        sources=sources_of(cause.group, facts, row, cause.partners),
        cause=cause.cause,
        situation=situation,
        frequency=rule.frequency,
        modified=modifier.why if modifier and modifier.tier not in (None, rule.tier) else None,
        interrupts=cause.interrupts,
        folded=cause.folded,
        also=tuple(dict.fromkeys(also)),
    )


def _limit_of_place(fired: Fired, facts: Facts, row: int) -> bool:
    """Whether what is passed is a limit that somebody decided here."""
    return any(
        decided_here(ceiling.limit.source, facts.knowledge)
        for leaf in fired.leaves
        if ":over_limit:" in leaf.column
        for ceiling in ceilings_of(leaf, fired.test.agent, facts, row)
    )


def packs_of(finding: Finding, knowledge: Knowledge) -> tuple[str, ...]:
    """The packs whose rules, limits or other values speak in a finding, as the stamp calls them."""
    named = (*(f"rules {rule}" for rule in finding.rules), *(f"sources {cited.id}" for cited in finding.sources))
    return tuple(dict.fromkeys(knowledge.local[name] for name in named if name in knowledge.local))


def _summary(fired: Fired) -> str | dict[Spoken, str]:
    return (fired.modifier.summary if fired.modifier else None) or fired.test.rule.summary


def _stopping(agent: str, facts: Facts, row: int) -> bool:
    """Whether a stop of an agent whose rule fired is weighed."""
    return bool(facts.inputs.agents[agent]["stopping"][row] == 1)


def words_of(fired: Fired, facts: Facts, row: int) -> str:
    """What one fired rule says beside the one that speaks for its cause: the first sentence of its summary, not its action."""
    rule, agent = fired.test.rule, fired.test.agent
    whole = fill(
        for_situation(_summary(fired), _situation(agent, facts, row, rule.on)),
        agent,
        [shown_agent_name(agent, facts)],
        [shown_name(p, facts) for p in fired.partners],
        facts,
        row,
        most=LONGEST_SUMMARY,
    )
    return whole.partition(". ")[0].rstrip(".") + "."


def _taken_already(alternative: Alternative, agent: str, facts: Facts, row: int) -> bool:
    """Whether the person takes all that an alternative offers, or it is weighed: it is no alternative then. Another dose of the agent itself is."""
    agents = facts.knowledge.agents
    taken = {
        agents[other].ingredient
        for other, values in facts.inputs.agents.items()
        if other != agent and values["taking"][row] + values["starting"][row] > 0
    }
    return bool(alternative.agents) and all(agents[a].ingredient in taken for a in alternative.agents)


def is_verified(rule: Rule, knowledge: Knowledge) -> bool:
    """Whether the rule is verified and somebody has seen at least one of its sources."""
    return rule.verified and any(knowledge.sources[s.source].seen != "not seen" for s in rule.sources)
