"""What of a review concerns the orders that are being written."""

from __future__ import annotations

import msgspec

from relaxant.knowledge.schema import TIERS
from relaxant.medicines.medicine import Medicine
from relaxant.reviewing import Checked
from relaxant.rules.findings import Cause, Finding, Unchecked
from relaxant.service.cds.record import Draft, Record

_WEIGHED = "considering"


class Weighed(msgspec.Struct, frozen=True, kw_only=True):
    """The selected orders as read: each with its lines, and ``unread`` those of which no line could be made."""

    orders: tuple[tuple[Draft, tuple[Medicine, ...]], ...]
    unread: tuple[Draft, ...]

    @property
    def agents(self) -> frozenset[str]:
        """The relaxants among them."""
        return frozenset(a for _, lines in self.orders for m in lines for a in m.agents)

    @property
    def ingredients(self) -> frozenset[str]:
        """Everything in them, by ingredient."""
        return frozenset(i.name for _, lines in self.orders for m in lines for i in m.ingredients)


def weighed(found: Checked, record: Record) -> Weighed:
    """The selected orders of a record. Every order of a medicine is in one of the two lists."""
    lines: dict[str, list[Medicine]] = {}
    for medicine in found.medicines:
        if medicine.role == _WEIGHED and medicine.by is not None:
            lines.setdefault(medicine.by, []).append(medicine)
    twins = {draft.same: lines[draft.ref] for draft in record.drafts if draft.ref in lines}
    orders, unread = [], []
    for draft in record.drafts:
        if not (draft.weighed and draft.selected):
            continue
        own = lines.get(draft.ref) or twins.get(draft.same) or []  # two orders that say the same are one line
        if not own or any(m.status == "unrecognised" for m in own):
            unread.append(draft)
        if own:
            orders.append((draft, tuple(own)))
    return Weighed(orders=tuple(orders), unread=tuple(unread))


def concerns(cause: Cause, orders: Weighed) -> bool:
    """Whether a finding is about the orders."""
    return bool(orders.agents & set(cause.agents) or orders.ingredients & set(cause.partners))


def orders_of(finding: Finding, orders: Weighed) -> tuple[tuple[Draft, tuple[Medicine, ...]], ...]:
    """The orders that a finding is about."""
    agents, partners = set(finding.agents), set(finding.partners)
    return tuple(
        (draft, lines)
        for draft, lines in orders.orders
        if any(agents & set(m.agents) or partners & {i.name for i in m.ingredients} for m in lines)
    )


def open_checks(found: Checked, orders: Weighed | None) -> tuple[Unchecked, ...]:
    """What could not be checked, the gravest first, without what is seldom known; of some ``orders`` only what concerns them."""
    seldom, rules = found.facts.seldom_asked(found.row), found.facts.knowledge.rules
    open_ones = [u for u in found.unchecked if u.settled_by not in seldom]
    if orders is None:
        return tuple(open_ones)
    agents, ingredients = orders.agents, orders.ingredients
    about = [c for c in found.checks if c.settled_by and (c.agent in agents or ingredients & set(c.partners))]
    kept = []
    for one in open_ones:
        own = {(c.rule, c.agent) for c in about if one.settled_by in c.settled_by and (c.rule in one.rules)}
        if own:
            named = {r for r, _ in own}
            tiers = [t for r in named for t in (rules[r].tier, *(m.tier for m in rules[r].modifiers if m.tier))]
            worst = min(tiers, key=TIERS.index)
            about_them = tuple(sorted({a for _, a in own}))
            kept.append(msgspec.structs.replace(one, worst_tier=worst, checks=len(own), agents=about_them, rules=tuple(sorted(named))))  # fmt: skip
    return tuple(sorted(kept, key=lambda u: (TIERS.index(u.worst_tier), -u.checks, u.settled_by)))
