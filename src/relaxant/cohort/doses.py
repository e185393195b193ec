"""How much is taken of what a registry handed out: the line of a patient file, from quantity, days of supply and directions.

A supply is taken evenly over its days: that is what the record says of a dose, no more. Where a quantity can count two things (millilitres or
bottles, milligrams or vials) no dose is said, for the two lie a hundredfold apart.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import msgspec
import pyarrow as pa

from relaxant.cohort.drugs import Product
from relaxant.cohort.vocabulary import Glossary, Row, beside, rows_of
from relaxant.medicines.dose_lines import read_dose
from relaxant.patient import Line
from relaxant.quantities import plain_number

DOSE_KEYS: Final = ("drug", "quantity", "days_supply", "sig")
DOSES: Final = pa.schema([pa.field("line", pa.int32(), nullable=False), pa.field("dose_known", pa.bool_(), nullable=False)])  # fmt: skip
"""The item of the line with its dose; where none is known, that of the drug alone."""

_PIECES: Final = {"tablet": "tablets", "capsule": "capsules", "film": "films", "suppository": "suppositories", "lozenge": "lozenges",
                  "granules": "sachets"}  # fmt: skip
_BY_MOUTH: Final = frozenset({"oral", "enteral tube", None})
_DAY = 24.0


class Supplied(Row, frozen=True, kw_only=True):
    """A row of the distinct supplies of the drugs whose dose matters."""

    drug: int
    quantity: float | None = None
    days_supply: float | None = None
    sig: str | None = None


def map_doses(rows: pa.Table, glossary: Glossary) -> pa.Table:
    """The line of each distinct supply. Columns of ``rows``: the fields of :class:`Supplied`, for drugs that are ``dosed`` (:data:`relaxant.cohort.drugs.DRUGS`);
    a quantity or days of nought or below, and empty words, are not known. Gives :data:`DOSE_KEYS` and :data:`DOSES`, in the order of the rows."""
    known = rows_of(rows, Supplied)
    products: list[Product] = [glossary.products[row.drug] for row in known]
    lines = [_with_dose(product, row) or product.line for product, row in zip(products, known, strict=True)]
    numbers = glossary.lines.numbers(lines)
    made = [
        {"line": number, "dose_known": line != product.line}
        for number, line, product in zip(numbers, lines, products, strict=True)
    ]
    return beside(rows, DOSE_KEYS, made, DOSES)


def _with_dose(product: Product, row: Supplied) -> Line | None:
    """The line with what is taken; ``None`` where the row does not say it."""
    quantity, days = row.quantity or 0.0, row.days_supply or 0.0
    if product.supply and row.sig and _settles(row.sig, product.line.form or product.form, product.line.strength):
        return msgspec.structs.replace(product.line, said=f"{product.name}, {row.sig}", dose=row.sig)
    if quantity <= 0:
        return None
    if not product.supply:
        if product.measure != "piece":
            return None
        return _said(product, f"{plain_number(quantity)} given", dose=f"{plain_number(quantity)} vials once")
    if days <= 0:
        return None
    handed = f"{plain_number(quantity)} in {plain_number(days)} days"
    daily = plain_number(quantity / days)
    if product.measure == "piece":
        return _said(product, handed, dose=f"{daily} {_PIECES.get(product.form or '', 'pieces')}/day")
    if product.measure == "mL" and product.line.route in _BY_MOUTH:
        return _said(product, handed, dose=f"{daily} mL/day")
    if product.measure == "spray":
        return _said(product, handed, dose=f"{daily} sprays/day")
    if product.measure == "hour" and product.hourly and product.wear_hours:
        at_once = quantity * product.wear_hours / (days * _DAY)
        return _said(product, handed, rate=f"{plain_number(product.hourly * at_once)} micrograms/h")
    return None


def _said(product: Product, handed: str, **parts: str) -> Line:
    return msgspec.structs.replace(product.line, said=f"{product.name}, {handed}", **parts)


@lru_cache(maxsize=8192)
def _settles(sig: str, form: str | None, strength: str | None) -> bool:
    """Whether directions say how much is taken in a day, with no word left over."""
    regimen = read_dose(f"strength {strength}, {sig}" if strength else sig, form=form)
    return regimen.daily is not None and regimen.daily.high is not None and not regimen.unread and not regimen.problems
