"""Which ingredients the names of a line stand for together: one medicine, a product of several, or several medicines."""

from __future__ import annotations

import re
from itertools import pairwise
from itertools import product as choices
from typing import NamedTuple

from relaxant.medicines.dictionary import Dictionary, Ingredient, is_product, names_beginning
from relaxant.medicines.named import WORDS_OF_STRENGTH, Line, Match, is_number
from relaxant.medicines.spelling import name_key

_MOST_ALTERNATIVES = 16
_JOINS = frozenset({"and", "with", "plus", "w", "og"})

IngredientSet = tuple[Ingredient, ...]


class Meaning(NamedTuple):
    """What names stand for: whether that is ``read`` or ``ambiguous``, which sets of ingredients, and why it is open."""

    status: str
    alternatives: tuple[IngredientSet, ...]
    why: str | None = None
    unread: str | None = None
    """A word that makes a product of a name which is not known."""


def meaning_of(names: list[Match], line: Line) -> Meaning:
    """What the names of a line stand for; there is one at least."""
    meaning = _of_one(names[0]) if len(names) == 1 else _of_several(names, line)
    for name in names:
        if meaning.status == "read" and (another := _another_product(name, names, line)) is not None:
            meaning = another
    return meaning


def _of_one(name: Match) -> Meaning:
    alternatives = name.entry.alternatives
    if len(alternatives) == 1:
        return Meaning("read", alternatives)
    return Meaning("ambiguous", alternatives, f"{name.entry.label} is sold with different ingredients: write which.")


def _of_several(names: list[Match], line: Line) -> Meaning:
    joins = [_between(line, a, b) for a, b in pairwise(names)]
    if any(word.startswith("compound") for word in line.words):
        joins = ["mix" if join == "dosed mix" else join for join in joins]
    return _combine(line.dictionary, names, joins)


def _another_product(name: Match, names: list[Match], line: Line) -> Meaning | None:
    """What is meant where a brand has a word behind it that makes another product of it (“Advil Dual Action”)."""
    tokens = line.tokens
    if name.last >= len(line.words) or any(m.first <= name.last < m.last for m in names):
        return None
    word = line.words[name.last]
    gap = line.text[tokens[name.last - 1].end : tokens[name.last].start]
    if word not in line.of("variant") or gap.strip(" -"):
        return None
    others = names_beginning(name.key, line.dictionary) if name.entry.kind == "brand" else ()
    if word in line.of("ordinary") and not any(
        e.alternatives != name.entry.alternatives and word in name_key(e.label).split() for e in others
    ):
        return None
    pool = {tuple(i.name for i in s): s for e in (name.entry, *others) for s in e.alternatives}
    said, label = line.between(name.last, name.last + 1), name.entry.label
    return Meaning(
        "ambiguous", tuple(pool.values()), f"{label} is known, but not as a product called {label} {said}.", said
    )


def _between(line: Line, a: Match, b: Match) -> str:
    """How two names in a line are joined: "same" (side by side, brackets), "mix", "dosed mix", "and", "apart"."""
    text, tokens, words = line.text, line.tokens, line.words
    known = [line.of(kind) for kind in ("form", "route", "release", "salt")]
    joins: set[str] = set()
    for i in range(a.last, b.first):
        word = words[i]
        if is_number(word) or word in WORDS_OF_STRENGTH or any(word in k for k in known):
            continue
        if word in _JOINS:
            joins.add("and")
        else:
            return "apart"
    marks = text[tokens[a.last - 1].end : tokens[b.first].start]
    for j in range(a.last, b.first):
        token = tokens[j]
        marks = marks.replace(text[token.start : token.end], " ", 1)
    if re.search(r"[;\n|]|\.\s", marks):
        return "apart"
    last = text[: tokens[b.first].start].rstrip()[-1:]
    if last in "/+" and "and" not in joins:
        # "tizanidine 4 mg + baclofen 10 mg": each with its own dose, one product only if it is sold as one
        return "dosed mix" if any(is_number(w) for w in words[a.last : b.first]) else "mix"
    if "and" in joins or "," in marks or "&" in marks:
        return "and"
    return "same"


def _union(sets: tuple[IngredientSet, ...]) -> IngredientSet:
    found = {i.name: i for s in sets for i in s}
    return tuple(found[n] for n in sorted(found))


def _combine(d: Dictionary, matches: list[Match], joins: list[str]) -> Meaning:
    """Which ingredients several names in one line stand for, by how each is joined to the next."""
    options = [m.entry.alternatives[:_MOST_ALTERNATIVES] for m in matches]
    exact: dict[tuple[str, ...], IngredientSet] = {}
    mixed: dict[tuple[str, ...], IngredientSet] = {}
    partial: dict[tuple[str, ...], IngredientSet] = {}
    apart = "apart" in joins
    count = 0
    for chosen in choices(*options):
        count += 1
        if count > 256:
            break
        union = _union(chosen)
        names = tuple(i.name for i in union)
        for j, one in enumerate(chosen):
            if len(one) != len(union):
                continue
            others = _union(chosen[:j] + chosen[j + 1 :])
            (exact if len(others) == len(union) else partial).setdefault(names, union)
        if names in exact or names in partial or apart:
            continue
        if all(x == "mix" for x in joins) or is_product(union, d):
            mixed.setdefault(names, union)
    if len(exact) == 1:
        return Meaning("read", tuple(exact.values()))
    if partial and not mixed and not exact and not apart and "and" not in joins and len(partial) == 1:
        return Meaning("read", tuple(partial.values()))
    if len(mixed) > 1:
        known = {k: v for k, v in mixed.items() if is_product(v, d)}
        mixed = known or mixed
    if len(mixed) == 1 and not exact and not partial:
        return Meaning("read", tuple(mixed.values()))
    if exact or mixed:
        both = {**exact, **mixed}
        return Meaning("ambiguous", tuple(both.values()), "This can be more than one product: write its ingredients.")
    names_said = " and ".join(dict.fromkeys(m.entry.label for m in matches))
    each = {tuple(i.name for i in s): s for o in options for s in o}
    return Meaning(
        "ambiguous",
        tuple(each.values()),
        f"This line names more than one medicine ({names_said}): give each a line of its own.",
    )
