"""The small words of a plan: dates with their weekday, amounts, pieces of products, spans of days."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

from relaxant.planning.plan import Count, Product, ShownBound, Step
from relaxant.quantities import plain_number, shown_unit
from relaxant.report.blocks import Words
from relaxant.report.plan.page import PieceView
from relaxant.report.shown import clean, counted

_EXACT = 12  # digits: a dose is written as it is made
_PERCENT = 3  # digits of a share
_SHOWN = 3  # of what is reckoned; whole numbers stay whole
_LIMIT = 4  # of a limit


def exact(value: float) -> str:
    """A number of a dose or count, as it is.

    >>> exact(0.1 + 0.2), exact(1234.5), exact(10)
    ('0.3', '1234.5', '10')
    """
    return plain_number(value, _EXACT)


def amount(value: float, unit: str) -> str:
    """A dose with its unit."""
    return f"{exact(value)} {clean(shown_unit(unit))}".strip()


def reckoned(value: float, unit: str) -> str:
    """A number that was reckoned, with its unit, to three digits; a whole number, and what stands before the point, stays as it is.

    >>> reckoned(36.6667, "days"), reckoned(1947.6, "mg"), reckoned(0.033333, "mL/h")
    ('36.7 days', '1948 mg', '0.0333 mL/h')
    """
    return _rounded(value, unit, _SHOWN)


def _rounded(value: float, unit: str, digits: int) -> str:
    return f"{plain_number(value, digits)} {clean(shown_unit(unit))}".strip()


def day(when: date, words: Words) -> str:
    """A day as an ISO date with its weekday."""
    return str(words["date"]).format(weekday=words["weekdays"][when.weekday()], date=when.isoformat())


def span(step: Step, words: Words) -> str:
    """The days of a step."""
    names = words["calendar"]
    first = day(step.first, words)
    if step.last is None:
        return str(names["open_span"]).format(first=first)
    if step.last == step.first:
        return str(names["one_day"]).format(first=first)
    return str(names["span"]).format(first=first, last=day(step.last, words))


def span_lines(step: Step, words: Words) -> tuple[str, ...]:
    """The days of a step for a narrow column: the first, the last, how many."""
    if step.last is None or step.last == step.first:
        return span(step, words), length(step, words)
    return day(step.first, words), day(step.last, words), length(step, words)


def length(step: Step, words: Words) -> str:
    """How long a step lasts."""
    names = words["calendar"]
    return str(names["open_length"]) if step.days is None else counted(names["length"], step.days)


def fraction(count: float, words: Words) -> str:
    """A count of pieces: ``1``, ``1/2``, ``1 1/2``."""
    whole = math.floor(count)
    part = words["pieces"]["parts"].get(exact(count - whole)) if count > whole else None
    if part is None:
        return exact(count)
    return str(words["pieces"]["fraction"]).format(whole=whole, part=part) if whole else str(part)


def strength(product: Product, words: Words) -> str:
    """The strength of a product: of a piece, or in a mL."""
    key = "strength_liquid" if product.liquid else "strength"
    return str(words["pieces"][key]).format(amount=amount(product.strength, product.unit))


def is_dose(product: Product, words: Words) -> bool:
    """Whether one piece is one of the unit that is dosed in, so that its strength says nothing: a spray of 1 spray."""
    unit = words["units_one"].get(product.unit)
    return product.strength == 1 and unit is not None and unit in product.form


def piece(count: Count, products: Sequence[Product], words: Words) -> PieceView:
    """The pieces of one product, for machines and for the patient sheet; no strength where it says nothing."""
    product = products[count.product]
    form, of = clean(product.form), strength(product, words)
    if is_dose(product, words):
        form, of = words["units_one"][product.unit], ""
    return PieceView(count=count.count, form=form, strength=of, liquid=product.liquid)


def pieces(counts: Sequence[Count], products: Sequence[Product], words: Words) -> str:
    """What makes a dose: ``1 tablet of 10 mg + 1/2 tablet of 5 mg``, ``2.5 mL (1 mg in 1 mL)``."""
    return str(words["pieces"]["between"]).join(_pieces(count, products, words) for count in counts)


def _pieces(count: Count, products: Sequence[Product], words: Words) -> str:
    product, names = products[count.product], words["pieces"]
    of = strength(product, words)
    if product.liquid:
        return str(names["liquid"]).format(count=exact(count.count), strength=of)
    if is_dose(product, words):
        unit = product.unit if count.count > 1 else words["units_one"][product.unit]
        return str(names["bare"]).format(count=fraction(count.count, words), form=unit)
    form = form_words(product, words, count.count)
    return str(names["solid"]).format(count=fraction(count.count, words), form=form, strength=of)


def form_words(product: Product, words: Words, count: float = 1) -> str:
    """The form of a product, with its release where that is not plain and the form does not say it; the plural for more than one."""
    form, release = clean(product.form), str(words["products"]["modified"])
    if count > 1:
        form = words["pieces"]["plurals"].get(form, form)
    if not product.modified_release or release in form.replace("-", " "):
        return form
    return f"{release} {form}"


def product_name(product: Product, words: Words) -> str:
    """A product as the list names it: its own name, with strength and form as far as that lacks them."""
    name, parts = clean(product.name), []
    if is_dose(product, words):
        form = form_words(product, words)
        return name if form in name else f"{name} {form}"
    if not product.liquid and exact(product.strength) not in name:
        parts.append(strength(product, words))
    if product.liquid and product.unit not in name:
        parts.append(strength(product, words))
    if clean(product.form) not in name:
        parts.append(form_words(product, words))
    return " ".join((name, *parts))


def gap(days_from: float, days_to: float | None, words: Words) -> str:
    """A span of days without the medicine."""
    names = words["missed"]

    def days(value: float) -> str:
        return str(names["days"]["one" if value == 1 else "other"]).format(count=exact(value))

    if days_to is None:
        return str(names["from"]).format(**{"from": days(days_from)})
    if days_from <= 0:
        return str(names["below"]).format(to=days(days_to))
    return str(names["between"]).format(**{"from": exact(days_from), "to": days(days_to)})


def limit(bound: ShownBound, words: Words) -> str:
    """What a bound allows."""
    names = words["bounds"]
    value = names["by_weight"]  # only a limit by weight, of a person whose weight is not known, has no value
    if bound.value is not None:
        if bound.kind == "days":
            value = counted_exactly(words["missed"]["days"], bound.value)
        elif bound.kind == "doses_daily":
            value = counted_exactly(names["doses"], bound.value)
        elif bound.kind == "share":
            value = f"{plain_number(100 * bound.value, _PERCENT)}%"
        else:
            value = _rounded(bound.value, bound.unit.removesuffix("/day").removesuffix("/dose"), _LIMIT)
    return str(names["kinds"][bound.kind]).format(value=value)


def counted_exactly(words: Words, count: float) -> str:
    """The words for a count that may be broken."""
    return str(words["one" if count == 1 else "other"]).format(count=exact(count))
