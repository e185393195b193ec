"""The dictionary of medicines with the names that packs add: a copy in memory, so that every reader finds them like all others."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from functools import lru_cache

from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.overlays import MedicineName
from relaxant.medicines.dictionary import Dictionary, lookup_ingredient, lookup_key, open_dictionary
from relaxant.medicines.misspelt import suggest
from relaxant.medicines.spelling import name_key

__all__ = ["dictionary_of", "faults_of_names", "unknown"]


def dictionary_of(knowledge: Knowledge) -> Dictionary:
    """The dictionary that a knowledge's medicines are read with: the shipped one, with the names of its packs."""
    return _with(knowledge.medicine_names) if knowledge.medicine_names else open_dictionary()


@lru_cache(maxsize=8)
def _with(names: tuple[MedicineName, ...]) -> Dictionary:
    shipped = open_dictionary()
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    shipped.connection.backup(connection)
    ids: dict[str, int] = {}
    for one in names:  # ingredients first: a name may stand before the ingredient that it is for
        for ingredient in one.stands_for:
            row = connection.execute("SELECT id FROM ingredient WHERE name = ?", (ingredient,)).fetchone()
            if row is None and one.new and ingredient == one.name.casefold():
                row = connection.execute(
                    "INSERT INTO ingredient (name) VALUES (?) RETURNING id", (ingredient,)
                ).fetchone()
            if row is not None:
                ids[ingredient] = row[0]
    for one in names:
        key = name_key(one.name, shipped.spellings)
        known = [ids[i] for i in one.stands_for if i in ids]
        if not key or len(known) < len(one.stands_for) or lookup_key(key, shipped) is not None:
            continue  # the linter says why
        connection.execute(
            "INSERT OR REPLACE INTO name (key, kind, label, sets, form, release, route, weak, offer) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 1)",
            (
                key,
                "brand" if one.brand else "generic",
                one.name,
                str(_set(connection, known)),
                one.form,
                one.release,
                one.route,
            ),
        )
        words = key.split()
        connection.execute(
            "INSERT INTO lead (token, words) VALUES (?, ?) ON CONFLICT (token) DO UPDATE SET words = MAX(words, excluded.words)",
            (words[0], len(words)),
        )
    connection.commit()
    return Dictionary(
        connection=connection, words=shipped.words, spellings=shipped.spellings, cache={}, sets={}, longest={}
    )


def _set(connection: sqlite3.Connection, ingredients: list[int]) -> int:
    """The id of a set of ingredients; those of a name are sold together."""
    ids = ",".join(map(str, sorted(ingredients)))
    row = connection.execute("SELECT id FROM iset WHERE ids = ?", (ids,)).fetchone()
    if row is None:
        row = connection.execute("INSERT INTO iset (ids, product) VALUES (?, 1) RETURNING id", (ids,)).fetchone()
    return int(row[0])


def unknown(name: str, dictionary: Dictionary) -> str:
    """That the dictionary does not know a name, and what would do: a close one, or to add it."""
    near = suggest(name, dictionary, 1)
    mean = f"did you mean “{near[0].name}”? Else" if near else "write another name of it, or"
    return f"the dictionary does not know “{name}”; {mean} add it under `medicine_names:`"


def faults_of_names(knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    """What is wrong with the names that packs add: where, and what."""
    shipped = open_dictionary()
    new = {one.name.casefold() for one in knowledge.medicine_names if one.new}
    seen: set[str] = set()
    for one in knowledge.medicine_names:
        where = f"medicine_names {one.name}"
        key = name_key(one.name, shipped.spellings)
        if not key or key.replace(" ", "").isdigit():
            yield where, "a name has letters"
        if key in seen:
            yield where, "the name stands twice; keep one"
        seen.add(key)
        known = lookup_key(key, shipped)
        if known is not None:
            stands_for = " or ".join(" + ".join(i.name for i in one) for one in known.alternatives) or "refused"
            yield where, f"the dictionary has this name already ({stands_for}) and keeps to it; take it out"
        if not one.stands_for:
            yield (
                where,
                "it stands for nothing; write `ingredients: [...]`, or `new: true` for an ingredient of its own",
            )
        if one.new and one.ingredients:
            yield where, "a new ingredient stands for itself; take `ingredients` out, or `new`"
        for ingredient in one.ingredients:
            if ingredient not in new and lookup_ingredient(ingredient) is None:
                entry = lookup_key(name_key(ingredient, shipped.spellings), shipped)
                named = [i.name for i in entry.ingredients] if entry is not None else []
                near = suggest(ingredient, shipped, 1)
                close = f"did you mean “{near[0].name}”?" if near else "add it as a name with `new: true`"
                would = f"write {', '.join(named)}" if named else close
                yield where, f"the dictionary has no ingredient “{ingredient}”; {would}"
