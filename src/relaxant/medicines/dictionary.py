"""The dictionary of medicines: what a name or a code stands for, as a set of ingredients.

The dictionary is one read-only SQLite file that `python -m relaxant.medicines.build` makes. A name or
code can stand for several different sets of ingredients (one brand on several products); then all of
them are returned and none is chosen.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import msgspec

__all__ = [
    "Dictionary",
    "Entry",
    "Ingredient",
    "display_name",
    "is_product",
    "known_names",
    "lookup_code",
    "lookup_ingredient",
    "lookup_name",
    "name_key",
    "ndc_readings",
    "normalise_text",
    "open_dictionary",
    "rxnorm_codes",
    "tokenise",
]

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
NDC = "http://hl7.org/fhir/sid/ndc"
ATC = "http://www.whocc.no/atc"
UNII = "http://fdasis.nlm.nih.gov"

_SYSTEMS = {
    RXNORM: "rxnorm",
    "urn:oid:2.16.840.1.113883.6.88": "rxnorm",
    "rxnorm": "rxnorm",
    NDC: "ndc",
    "urn:oid:2.16.840.1.113883.6.69": "ndc",
    "ndc": "ndc",
    ATC: "atc",
    "urn:oid:2.16.840.1.113883.6.73": "atc",
    "atc": "atc",
    UNII: "unii",
    "urn:oid:2.16.840.1.113883.4.9": "unii",
    "unii": "unii",
}


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


# --- text -------------------------------------------------------------------------------------

_MARKS = re.compile("[\u2122\u2120\u00ae\u00a9\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
_QUOTES = re.compile("[\u2018\u2019\u201b\u02bc\u0060\u00b4\uff07]")
_FRACTION = re.compile(r"(\d?)\s*([\u00bc-\u00be\u2150-\u215e])")
_SUPERSCRIPT = re.compile("(?<=\\d)([\u00b2\u00b3\u00b9\u2070\u2074-\u2079])")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)*")


def normalise_text(text: str) -> str:
    """Bring a medicine line into one spelling of its characters, numbers unharmed.

    Compatibility characters are folded (NFKC), trademark signs, zero-width and direction marks go, dashes
    and apostrophes become plain. "2½" becomes "2 1/2" and "10²" becomes "10^2": NFKC alone would make
    "21/2" and "102" of them. Case is kept.

    >>> normalise_text("Lioresal\u00ae 2\u00bd tab")
    'Lioresal 2 1/2 tab'
    """
    if not text.isascii():
        text = _MARKS.sub("", text)
        text = _FRACTION.sub(lambda m: (m[1] + " " if m[1] else "") + m[2], text)
        text = _SUPERSCRIPT.sub(r"^\1", text)
        text = unicodedata.normalize("NFKC", text).replace("\u2044", "/")
        text = _DASHES.sub("-", text)
        text = _MARKS.sub("", text)
    text = _QUOTES.sub("'", text)
    return _CONTROL.sub(" ", text)


class Token(msgspec.Struct, frozen=True):
    """A word or number of a line: its folded form and where it stands in the normalised text."""

    text: str
    start: int
    end: int


def _fold(word: str) -> str:
    word = word.replace("'", "")
    if word.isascii():
        return word.lower()
    folded = unicodedata.normalize("NFKD", word.casefold())
    return "".join(c for c in folded if not unicodedata.combining(c))


def tokenise(normalised: str) -> list[Token]:
    """Split normalised text into words and numbers; "40mg" is two tokens, "John's" one, "co-codamol" two."""
    return [Token(_fold(m.group()), m.start(), m.end()) for m in _TOKEN.finditer(normalised)]


def name_key(text: str, spellings: dict[str, str] | None = None) -> str:
    """The form under which a name is kept: folded words joined by a space.

    >>> name_key("St. John's Wort"), name_key("Co-codamol")
    ('st johns wort', 'co codamol')
    """
    spell = spellings or {}
    return " ".join(spell.get(t.text, t.text) for t in tokenise(normalise_text(text)))


# --- opening ----------------------------------------------------------------------------------


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


def _alternatives(d: Dictionary, sets: str) -> tuple[tuple[Ingredient, ...], ...]:
    return tuple(_ingredients(d, int(s)) for s in sets.split("|") if s)


def _remember(d: Dictionary, key: str, entry: Entry | None) -> Entry | None:
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
        return _remember(d, memo, None)
    kind, label, sets, form, release, route, why, weak = row
    label = label or (brand_label(key) if kind == "brand" else key)
    return _remember(
        d,
        memo,
        Entry(
            kind=kind,
            label=label,
            alternatives=_alternatives(d, sets),
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


# --- codes ------------------------------------------------------------------------------------

_PRODUCT = "p.set_ids, p.strength, p.form, p.release, p.route, p.brand, p.label"


def _product(d: Dictionary, row: tuple[str, str, str, str, str, str, str]) -> Entry:
    sets, strength, form, release, route, brand, label = row
    return Entry(
        kind="product",
        label=label,
        alternatives=_alternatives(d, sets),
        brand=brand or None,
        form=form or None,
        strength=strength or None,
        release=release or None,
        route=route or None,
    )


def ndc_readings(code: str) -> tuple[str, ...]:
    """Each 11-digit form that an NDC as written can mean; 9 digits when no package is given.

    Hyphens settle it (4-4-2, 5-3-2, 5-4-1, 5-4-2, or labeler-product alone); eleven plain digits are
    taken as they are; ten plain digits have three readings.

    >>> ndc_readings("0573-0164-40")
    ('00573016440',)
    >>> len(ndc_readings("0573016440"))
    3
    """
    text = normalise_text(code).strip()
    if text[:3].casefold() == "ndc":
        text = text[3:].strip(" :")
    if not re.fullmatch(r"[0-9]+(?:-[0-9]+){0,2}", text):
        return ()
    parts = text.split("-")
    shape = tuple(len(p) for p in parts)
    if shape in {(4, 4, 2), (5, 3, 2), (5, 4, 1), (5, 4, 2)}:
        return (parts[0].zfill(5) + parts[1].zfill(4) + parts[2].zfill(2),)
    if shape in {(4, 4), (5, 3), (5, 4)}:
        return (parts[0].zfill(5) + parts[1].zfill(4),)
    if shape == (11,):
        return (text,)
    if shape == (10,):
        return ("0" + text, text[:5] + "0" + text[5:], text[:9] + "0" + text[9:])
    return ()


def _lookup_ndc(d: Dictionary, code: str) -> Entry | None:
    found: list[Entry] = []
    for reading in ndc_readings(code):
        row = None
        if len(reading) == 11:
            row = d.connection.execute(
                f"SELECT {_PRODUCT} FROM ndc11 n JOIN product p ON p.id = n.product WHERE n.code = ?",
                (int(reading),),
            ).fetchone()
        if row is None:
            row = d.connection.execute(
                f"SELECT {_PRODUCT} FROM ndc9 n JOIN product p ON p.id = n.product WHERE n.code = ?",
                (int(reading[:9]),),
            ).fetchone()
        if row is not None:
            found.append(_product(d, row))
    if not found or any(e.alternatives != found[0].alternatives for e in found):
        return None
    if len(found) == 1 or all(e == found[0] for e in found):
        return found[0]
    return Entry(kind="product", label=found[0].label, alternatives=found[0].alternatives)


def lookup_code(system: str, code: str, dictionary: Dictionary | None = None) -> Entry | None:
    """What a code stands for, or None when the code or its system is not known.

    `system` is a FHIR system (RxNorm, NDC, ATC, UNII), its OID, or its short name. An NDC of ten plain
    digits is answered only if every reading of it that is known agrees.
    """
    d = dictionary or open_dictionary()
    which = _SYSTEMS.get(system.strip().rstrip("/").casefold())
    code = code.strip()
    if which is None or not code or len(code) > 40:
        return None
    memo = which + ":" + code
    if memo in d.cache:
        return d.cache[memo]
    entry: Entry | None = None
    if which == "ndc":
        entry = _lookup_ndc(d, code)
    elif which == "rxnorm":
        if code.isascii() and code.isdigit() and len(code) <= 12:
            row = d.connection.execute(
                f"SELECT {_PRODUCT} FROM rx n JOIN product p ON p.id = n.product WHERE n.code = ?",
                (int(code),),
            ).fetchone()
            entry = _product(d, row) if row else None
    else:
        row = d.connection.execute(f"SELECT sets, label FROM {which} WHERE code = ?", (code.upper(),)).fetchone()
        if row:
            entry = Entry(kind="generic", label=row[1], alternatives=_alternatives(d, row[0]))
    return _remember(d, memo, entry)


def rxnorm_codes(dictionary: Dictionary | None = None) -> tuple[str, ...]:
    """Every RxNorm code that the dictionary knows, in the order of their numbers."""
    d = dictionary or open_dictionary()
    return tuple(str(code) for (code,) in d.connection.execute("SELECT code FROM rx ORDER BY code"))
