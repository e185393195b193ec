"""Why a relaxant falls out for one person and one goal: the rule, the bound, the label or the catalogue that says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from relaxant.facts.facts import Facts
from relaxant.facts.suitability import SUITS
from relaxant.knowledge.agents import Indication
from relaxant.knowledge.plans import Goal
from relaxant.planning.option import Reason, Support
from relaxant.planning.plan import Plan
from relaxant.planning.weighing import Weighed
from relaxant.rules.reasons import cited
from relaxant.rules.wording import shown_agent_name


def why_not(
    agent: str,
    goal: Goal,
    supports: Sequence[Support],
    other_ages: Sequence[Indication],
    weighed: Weighed,
    facts: Facts,
) -> Iterator[Reason]:
    """Every reason, the gravest first; none where it suits."""
    words = facts.knowledge.words("planning")["options"]
    dangers = [f for f in weighed.findings if f.tier == "DANGER"]
    for finding in dangers:
        yield Reason(
            why="danger",
            text=finding.summary,
            rules=finding.rules,
            verified=finding.verified,
            sources=finding.sources,
        )
    spoken_for = any(s.status in SUITS for s in supports)
    if weighed.whole is not None and weighed.whole.refused and not dangers:
        yield from _refused(weighed.whole, agent, facts, spoken_for=spoken_for)
    for row in facts.knowledge.coverage:
        if row.agent == agent and row.jurisdiction == facts.jurisdiction and row.not_sold:
            yield Reason(why="not sold", text=words["not_sold"].format(why=row.not_sold))
    family = facts.knowledge.agents[agent].family
    if goal.families and family not in goal.families:
        text = words["wrong_goal"].format(family=words["families"][family])
        yield Reason(why="wrong goal", text=text, sources=(cited(facts.knowledge, goal.source, goal.place),))
    elif agent in goal.too_brief:
        yield Reason(
            why="wrong goal", text=words["too_brief"], sources=(cited(facts.knowledge, goal.source, goal.place),)
        )
    elif not spoken_for:
        yield _unsupported(supports, other_ages, facts)


def only_weight(plan: Plan, facts: Facts) -> bool:
    """Whether the weight alone is missing: a question, and no reason against it."""
    return plan.refused == str(facts.knowledge.words("planning")["refused"]["weight"])


def _refused(plan: Plan, agent: str, facts: Facts, *, spoken_for: bool) -> Iterator[Reason]:
    """A bound that says never; and, of what a source speaks for, that no product makes its doses."""
    never = [b for b in plan.bounds if b.kind == "never" and not b.open]
    for bound in never:
        yield Reason(why="never", text=bound.why, rules=(bound.id,), verified=bound.verified, sources=(bound.source,))
    if never or only_weight(plan, facts) or not spoken_for:
        return
    no_steps = facts.knowledge.words("planning")["refused"]["no_schedule"]
    if plan.refused and plan.refused != no_steps.format(agent=shown_agent_name(agent, facts)):
        holding = [b for b in plan.bounds if b.decides and not b.of_label]
        yield Reason(
            why="no dose",
            text=" ".join(dict.fromkeys((plan.refused, *(b.why for b in holding)))),
            rules=tuple(dict.fromkeys(b.id for b in holding)),
            verified=all(b.verified for b in holding),
            sources=tuple(dict.fromkeys(b.source for b in holding)),
        )


def _unsupported(supports: Sequence[Support], other_ages: Sequence[Indication], facts: Facts) -> Reason:
    words = facts.knowledge.words("planning")["options"]
    for known in other_ages:
        return Reason(
            why="age",
            text=words["other_age"].format(text=known.text),
            verified=known.verified,
            sources=(cited(facts.knowledge, known.source, known.place),),
        )
    if not supports:
        return Reason(why="not supported", text=words["nothing_said"])
    said = supports[0]
    return Reason(
        why="not supported",
        text=words["unsupported"].format(text=said.text),
        verified=said.verified,
        sources=(said.source,),
    )
