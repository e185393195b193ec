"""The dictionary of medicines: what a name stands for, as a set of ingredients.

The dictionary is one read-only SQLite file that `python -m relaxant.medicines.build` makes. A name or
code can stand for several different sets of ingredients (one brand on several products); then all of
them are returned and none is chosen.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import msgspec

from relaxant.medicines.spelling import name_key


class Ingredient(msgspec.Struct, frozen=True):
    """One active ingredient, by its lower-case US generic name, with its codes where known."""

    name: str
    rxcui: str | None = None
    unii: str | None = None


class Entry(msgspec.Struct, frozen=True):
    """What a name or a code stands for.

    `alternatives` holds each set of ingredients it can mean: one set when it is certain, several when
    the dictionary cannot tell which, none when `why` says that it must not be read. `strength` lists
    strengths in the order of the ingredients, separated by " / ".
    """

    kind: str
    label: str
    alternatives: tuple[tuple[Ingredient, ...], ...] = ()
    brand: str | None = None
    form: str | None = None
    strength: str | None = None
    release: str | None = None
    route: str | None = None
    why: str | None = None
    weak: bool = False

    @property
    def ingredients(self) -> tuple[Ingredient, ...]:
        """The ingredients when they are certain, else nothing."""
        return self.alternatives[0] if len(self.alternatives) == 1 else ()


class Dictionary(msgspec.Struct, frozen=True):
    """An opened dictionary file: the connection and the small tables that are kept in memory."""

    connection: sqlite3.Connection
    words: dict[str, dict[str, str]]
    spellings: dict[str, str]
    cache: dict[str, Entry | None]
    sets: dict[int, tuple[Ingredient, ...]]
    longest: dict[str, int]


@lru_cache(maxsize=8)
def open_dictionary(path: Path | None = None) -> Dictionary:
    """Open the shipped dictionary, or the one at `path`, read-only; later calls return the same one.

    Raises FileNotFoundError with the build command when the file is not there.
    """
    if path is None:
        path = Path(__file__).parent / "data" / "dictionary.sqlite"
    if not path.is_file():
        raise FileNotFoundError(
            f"No medicine dictionary at {path.name}; build it with "
            "`python -m relaxant.medicines.build --data DATA --output FILE`."
        )
    connection = sqlite3.connect(path.resolve().as_uri() + "?mode=ro&immutable=1", uri=True, check_same_thread=False)
    words: dict[str, dict[str, str]] = {}
    for kind, token, value in connection.execute("SELECT kind, token, value FROM word"):
        words.setdefault(kind, {})[token] = value
    return Dictionary(
        connection=connection,
        words=words,
        spellings=words.get("spelling", {}),
        cache={},
        sets={},
        longest={},
    )


_CACHE_LIMIT = 20_000


def _ingredients(d: Dictionary, set_id: int) -> tuple[Ingredient, ...]:
    found = d.sets.get(set_id)
    if found is None:
        ids = d.connection.execute("SELECT ids FROM iset WHERE id = ?", (set_id,)).fetchone()[0]
        found = tuple(
            Ingredient(
                *d.connection.execute("SELECT name, rxcui, unii FROM ingredient WHERE id = ?", (int(i),)).fetchone()
            )
            for i in ids.split(",")
        )
        d.sets[set_id] = found
    return found


def alternatives_of(d: Dictionary, sets: str) -> tuple[tuple[Ingredient, ...], ...]:
    return tuple(_ingredients(d, int(s)) for s in sets.split("|") if s)


def remember(d: Dictionary, key: str, entry: Entry | None) -> Entry | None:
    if len(d.cache) >= _CACHE_LIMIT:
        d.cache.clear()
    d.cache[key] = entry
    return entry


# --- names ------------------------------------------------------------------------------------

_SUFFIXES = frozenset(["xl", "xr", "er", "sr", "mr", "cr", "la", "pm", "dm", "hct", "ds"])


def brand_label(key: str) -> str:
    """A brand as it is printed: "toprol xl" -> "Toprol XL"."""
    return " ".join(w.upper() if w in _SUFFIXES else w.capitalize() for w in key.split())


def longest_name(token: str, dictionary: Dictionary | None = None) -> int:
    """How many words the longest known name that begins with this word has; 0 if none does."""
    d = dictionary or open_dictionary()
    found = d.longest.get(token)
    if found is None:
        row = d.connection.execute("SELECT words FROM lead WHERE token = ?", (token,)).fetchone()
        found = int(row[0]) if row else 0
        if len(d.longest) >= _CACHE_LIMIT:
            d.longest.clear()
        d.longest[token] = found
    return found


def lookup_key(key: str, dictionary: Dictionary | None = None) -> Entry | None:
    """What a name stands for, given as `name_key` makes it."""
    d = dictionary or open_dictionary()
    memo = "n:" + key
    if memo in d.cache:
        return d.cache[memo]
    row = d.connection.execute(
        "SELECT kind, label, sets, form, release, route, why, weak FROM name WHERE key = ?", (key,)
    ).fetchone()
    if row is None:
        return remember(d, memo, None)
    kind, label, sets, form, release, route, why, weak = row
    label = label or (brand_label(key) if kind == "brand" else key)
    return remember(
        d,
        memo,
        Entry(
            kind=kind,
            label=label,
            alternatives=alternatives_of(d, sets),
            brand=label if kind == "brand" else None,
            form=form,
            release=release,
            route=route,
            why=why,
            weak=bool(weak),
        ),
    )


def lookup_name(text: str, dictionary: Dictionary | None = None) -> Entry | None:
    """What a whole name stands for ("Advil PM", "tizanidine HCl"), or None.

    For a name inside a phrase use `names.read_name`.
    """
    d = dictionary or open_dictionary()
    return lookup_key(name_key(text, d.spellings), d)


def known_names(dictionary: Dictionary | None = None) -> list[tuple[str, str]]:
    """Every name worth offering for a misspelling, as (key, label), in order of key."""
    d = dictionary or open_dictionary()
    return [
        (key, label or (brand_label(key) if kind == "brand" else key))
        for key, label, kind in d.connection.execute("SELECT key, label, kind FROM name WHERE offer = 1 ORDER BY key")
    ]


def look_alikes(name: str, dictionary: Dictionary | None = None) -> tuple[str, ...]:
    """The names that are known to be mistaken for this one."""
    d = dictionary or open_dictionary()
    rows = d.connection.execute("SELECT other FROM look_alike WHERE key = ? ORDER BY other", (name,))
    return tuple(r[0] for r in rows)


def names_beginning(key: str, dictionary: Dictionary | None = None) -> tuple[Entry, ...]:
    """The known names that go on after this one ("advil" -> Advil PM, Advil Cold and Sinus ...)."""
    d = dictionary or open_dictionary()
    rows = d.connection.execute(
        "SELECT key FROM name WHERE key > ? AND key < ? ORDER BY key LIMIT 40",
        (key + " ", key + "!"),
    ).fetchall()
    return tuple(e for (k,) in rows if (e := lookup_key(k, d)) is not None)


def lookup_ingredient(name: str, dictionary: Dictionary | None = None) -> Ingredient | None:
    """The ingredient that carries exactly this canonical name, or None."""
    d = dictionary or open_dictionary()
    row = d.connection.execute("SELECT name, rxcui, unii FROM ingredient WHERE name = ?", (name.casefold(),)).fetchone()
    return Ingredient(*row) if row else None


def is_product(ingredients: Iterable[Ingredient], dictionary: Dictionary | None = None) -> bool:
    """Whether these ingredients are known together as one product."""
    d = dictionary or open_dictionary()
    ids: list[int] = []
    for name in {i.name for i in ingredients}:
        row = d.connection.execute("SELECT id FROM ingredient WHERE name = ?", (name,)).fetchone()
        if row is None:
            return False
        ids.append(row[0])
    row = d.connection.execute("SELECT product FROM iset WHERE ids = ?", (",".join(map(str, sorted(ids))),)).fetchone()
    return bool(row and row[0])


def kindred(name: str, dictionary: Dictionary | None = None) -> tuple[str, ...]:
    """The ingredients that may be meant by ``name`` or together with it: its salts and esters that products have, and what it is a salt or ester of.

    >>> kindred("lithium"), kindred("dabigatran etexilate")
    (('lithium carbonate', 'lithium citrate'), ('dabigatran',))
    """
    d = dictionary or open_dictionary()
    longer = d.connection.execute(
        "SELECT id, name FROM ingredient WHERE name > ? AND name < ?", (f"{name} ", f"{name}!")
    ).fetchall()
    sold = [
        whole
        for number, whole in longer
        if not any(c.isdigit() for c in whole.removeprefix(name))  # a product that an old list calls an ingredient
        and d.connection.execute(
            "SELECT 1 FROM iset WHERE product AND ',' || ids || ',' LIKE ?", (f"%,{number},%",)
        ).fetchone()
    ]
    words = name.split()
    shorter = [" ".join(words[:n]) for n in range(1, len(words))]
    return (*sorted(sold), *(one for one in shorter if lookup_ingredient(one, d)))


@lru_cache(maxsize=4096)
def display_name(name: str, country: str = "US") -> str:
    """The name that a reader in this country knows an ingredient by: acetaminophen in the US, paracetamol elsewhere.

    `country` is US, UK (or GB), or any other country or EU, which get the international name (INN).
    """
    place = country.strip().upper()
    place = "UK" if place in {"UK", "GB"} else "US" if place in {"US", "USA"} else "INN"
    found = open_dictionary().connection.execute("SELECT place, text FROM display WHERE name = ?", (name,))
    rows = dict(found.fetchall())
    if place == "US":
        return str(rows.get("US", name))
    return str(rows.get(place, rows.get("INN", name)))
