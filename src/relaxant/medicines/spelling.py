"""The text of a line in one spelling: its characters, its words and numbers, and the form under which a name is kept."""

from __future__ import annotations

import re
import unicodedata

import msgspec

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
