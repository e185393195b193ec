"""The rules' own cases, all run now by the linter's code: how many fire, stay silent, could not be checked, and what comes out otherwise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import get_args

from relaxant.knowledge.agents import EVERY_AGENT
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.rules import Outcome, Rule
from relaxant.knowledge.schema import TIERS
from relaxant.linting.cases import faults_of_cases
from relaxant.validation.words import bullets, count, safe, table

_OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


def section(knowledge: Knowledge) -> list[str]:
    """What the report says of the cases."""
    rules = list(knowledge.rules.values())
    faults = list(faults_of_cases(knowledge))
    cases = sum(len(r.cases) for r in rules)
    lacking = [r.rule for r in rules if {c.expect for c in r.cases} != set(_OUTCOMES)]
    return [
        f"{count(len(rules), 'rule')} carry {cases:,} cases: a person, and what the rule must say of them. All were run when this page was made, by the linter's own code (`relaxant lint`): **{count(len(faults), 'fault')}**.",
        *bullets("", (f"{where}: {what}" for where, what in faults)),
        *bullets("Rules without a case of each outcome:", lacking),
        "A case is a test of the rule as written: that it fires for whom it is meant, stays silent for the next person, and says that it could not be checked where an input is missing. It does not show that the rule is right; its sources do, or do not ([what is not validated](#what-is-not-validated)). Cases stand beside their rule and share its reading of the sources.",
        table(
            ("Relaxant", "Rules", "of them for it alone", *TIERS, "Cases", *(o.capitalize() for o in _OUTCOMES), "Faults"),
            [*(_row(a, [r for r in rules if _names(r, a)], faults) for a in sorted(knowledge.agents)), _row("**each rule once**", rules, faults)],
        ),
        "A rule for several relaxants is counted with each of them.",
    ]  # fmt: skip


def _names(rule: Rule, agent: str) -> bool:
    return agent in rule.agents or EVERY_AGENT in rule.agents


def _row(title: str, rules: Sequence[Rule], faults: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    tiers, outcomes = Counter(r.tier for r in rules), Counter(c.expect for r in rules for c in r.cases)
    wrong = sum(where.startswith(f"rules {r.rule}, ") for r in rules for where, _ in faults)
    alone = sum(len(r.agents) == 1 and EVERY_AGENT not in r.agents for r in rules)
    return (
        safe(title) if not title.startswith("**") else title,
        str(len(rules)),
        str(alone),
        *(str(tiers[t]) for t in TIERS),
        f"{sum(outcomes.values()):,}",
        *(str(outcomes[o]) for o in _OUTCOMES),
        str(wrong),
    )
