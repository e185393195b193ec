"""How often each rule's cards were shown, accepted and overridden."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select

from relaxant.service.store.store import Store
from relaxant.service.store.tables import ANSWERS, CARDS


class RuleCount(msgspec.Struct, frozen=True, kw_only=True):
    """Cards of one rule. A card that several rules stand behind counts for each. ``reasons``: of overrides, by code; without one: ``none``."""

    rule: str
    shown: int
    accepted: int
    overridden: int
    unanswered: int
    reasons: dict[str, int]


def count_rules(store: Store) -> tuple[RuleCount, ...]:
    """Every rule that a card was shown for, by name."""
    asked = (
        select(CARDS.c.rules, ANSWERS.c.outcome, ANSWERS.c.reason, func.count().label("cards"))
        .select_from(CARDS.outerjoin(ANSWERS, ANSWERS.c.card == CARDS.c.card))
        .group_by(CARDS.c.rules, ANSWERS.c.outcome, ANSWERS.c.reason)
    )

    def reads(connection: Connection) -> list[Any]:
        return list(connection.execute(asked))

    outcomes: defaultdict[str, defaultdict[str | None, int]] = defaultdict(lambda: defaultdict(int))
    reasons: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in store.read(reads):
        for rule in set(row.rules.split()):
            outcomes[rule][row.outcome] += row.cards
            if row.outcome == "overridden":
                reasons[rule][row.reason or "none"] += row.cards
    return tuple(
        RuleCount(
            rule=rule,
            shown=sum(found.values()),
            accepted=found["accepted"],
            overridden=found["overridden"],
            unanswered=found[None],
            reasons=dict(sorted(reasons[rule].items())),
        )
        for rule, found in sorted(outcomes.items())
    )
