"""The values of an agent in words: a product, an indication, a dosing, a limit, a statement, a check, a reaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from relaxant.facts.limits import OLDEST
from relaxant.knowledge.agents import AdverseReaction, Dosing, Indication, Limit, Monitoring, Product, Statement
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.schema import Cited
from relaxant.quantities import plain_number


def value_text(value: Cited, knowledge: Knowledge) -> str:
    """A value of an agent as a sentence. Raises :class:`KeyError` for what is no value of an agent."""
    return _IN_WORDS[type(value)](value, knowledge, knowledge.words("formulary"))


def _product(product: Product, knowledge: Knowledge, words: dict[str, Any]) -> str:
    strengths = ", ".join(plain_number(s) for s in product.strengths)
    said = words["product"].format(form=product.form, strengths=strengths, unit=product.unit)
    if product.per != "piece":
        said = words["per"].format(text=said, per=product.per)
    more: list[str] = [words["releases"][product.release]] if product.release != "immediate" else []
    more += [words["scored"]] if product.scored else []
    more += [", ".join(product.brands)] if product.brands else []
    return "; ".join([said, *more])


def _indication(indication: Indication, knowledge: Knowledge, words: dict[str, Any]) -> str:
    title = knowledge.conditions[indication.condition].title
    status = knowledge.words("report")["suits"]["statuses"][indication.status]
    return str(words["indication"]).format(condition=title, status=status, text=indication.text)


def _dosing(dosing: Dosing, knowledge: Knowledge, words: dict[str, Any]) -> str:
    return str(words["dosing"]).format(who=dosing.who, text=dosing.text)


def _limit(limit: Limit, knowledge: Knowledge, words: dict[str, Any]) -> str:
    soft = "_soft" if limit.kind == "least_age" and limit.tier in ("WATCH", "NOTE") else ""
    said = words["limits"][f"{limit.kind}{soft}"].format(value=plain_number(limit.value), unit=limit.unit)
    if limit.routes:
        said = words["by_routes"].format(text=said, routes=", ".join(limit.routes))
    if limit.age_from > 0 and limit.age_to < OLDEST:
        said = words["ages"].format(text=said, low=plain_number(limit.age_from), high=plain_number(limit.age_to))
    elif limit.age_from > 0:
        said = words["ages_from"].format(text=said, low=plain_number(limit.age_from))
    elif limit.age_to < OLDEST:
        said = words["ages_to"].format(text=said, high=plain_number(limit.age_to))
    return str(said)


def _statement(statement: Statement, knowledge: Knowledge, words: dict[str, Any]) -> str:
    return statement.text


def _monitoring(entry: Monitoring, knowledge: Knowledge, words: dict[str, Any]) -> str:
    return str(knowledge.words("report")["monitoring"]["line"]).format(what=entry.what, at=entry.at, act=entry.act)


def _reaction(reaction: AdverseReaction, knowledge: Knowledge, words: dict[str, Any]) -> str:
    low, high = plain_number(reaction.percent_low), plain_number(reaction.percent_high)
    said = words["reaction"].format(
        name=reaction.name, percent=low if low == high else words["range"].format(low=low, high=high)
    )
    if reaction.placebo_percent is not None:
        said = words["placebo"].format(text=said, placebo=plain_number(reaction.placebo_percent))
    return str(said)


_IN_WORDS: dict[type, Callable[[Any, Knowledge, dict[str, Any]], str]] = {
    Product: _product,
    Indication: _indication,
    Dosing: _dosing,
    Limit: _limit,
    Statement: _statement,
    Monitoring: _monitoring,
    AdverseReaction: _reaction,
}
