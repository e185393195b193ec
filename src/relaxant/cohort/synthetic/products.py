"""The products of a synthetic registry, read from the dictionary of medicines by their RxNorm code."""

from __future__ import annotations

import re

import msgspec

from relaxant.errors import KnowledgeError
from relaxant.medicines.codes import RXNORM, lookup_code
from relaxant.medicines.dictionary import lookup_ingredient

_STRENGTH = re.compile(r"([\d.]+) (MG|UNT|MCG)(?:/(ML|HR))?")
_UNITS = {"MG": "mg", "UNT": "[U]", "MCG": "ug", "ML": "mL", "HR": "h"}


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """A product: its ingredients as (name, RxNorm code, 0 where the dictionary has none), its strength and form as RxNorm writes them."""

    rxcui: int
    name: str
    ingredients: tuple[tuple[str, int], ...]
    strength: str
    form: str
    route: str


class Strength(msgspec.Struct, frozen=True):
    """So much of an ingredient in a piece, or in one ``per``."""

    value: float
    unit: str | None
    per: str | None


def product_of(rxcui: int, ingredients: tuple[str, ...], route: str) -> Product:
    """The product of a code. Raises :class:`KnowledgeError` where the dictionary has another, or none."""
    entry = lookup_code(RXNORM, str(rxcui))
    names = () if entry is None else tuple(i.name for i in entry.ingredients)
    if entry is None or sorted(names) != sorted(ingredients):
        raise KnowledgeError(f"registry_uses: RxNorm {rxcui} is {', '.join(names) or 'unknown'}, not {', '.join(ingredients)}")  # fmt: skip
    coded = []
    for ingredient in entry.ingredients:
        code = ingredient.rxcui or getattr(lookup_ingredient(ingredient.name), "rxcui", None)
        coded.append((ingredient.name, int(code or 0)))
    strength, form = entry.strength or "", entry.form or "piece"
    words = f"{' / '.join(f'{n} {s}' for n, s in zip(names, strength.split(' / '), strict=False))} {form}"
    return Product(rxcui=rxcui, name=words, ingredients=tuple(coded), strength=strength, form=form, route=route)


def strength(product: Product) -> tuple[Strength, ...]:
    """What a product holds of each of its ingredients."""
    parts = []
    for words in product.strength.split(" / "):
        found = [_STRENGTH.match(one) for one in words.split(" + ")]  # of two parts of a capsule both count
        known = [one for one in found if one is not None]
        if not known:
            parts.append(Strength(0.0, None, None))
            continue
        per = None if known[0][3] is None else _UNITS[known[0][3]]
        parts.append(Strength(sum(float(one[1]) for one in known), _UNITS[known[0][2]], per))
    return tuple(parts)
