"""An article in clauses, as plain words for comparison, with whether each is a denial."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

_END = re.compile(r"(?<=[.!?])[\"'”’)\]]*\s+(?=[\"'“‘(\[]?[A-Z0-9])")
_ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|vs|approx|Dr|Prof|No|Fig|St|al|etc)\.$", re.I)
_CLAUSE = re.compile(r";|,?\s+(?:but|whereas|while|although|though|however)\s+", re.I)
_WORD = re.compile(r"[a-z0-9]+(?:[.,]\d+)*(?:-[a-z0-9]+)*|%")
_DENIAL = frozenset({"not", "no", "never", "cannot", "neither", "nor", "without", "isnt", "arent", "doesnt", "dont", "cant", "wont", "shouldnt", "wasnt", "hasnt", "nobody", "unlikely", "hardly", "myth", "false", "wrong", "untrue", "lacks", "fails"})  # fmt: skip
_DOUBLE = (
    "not only",
    "no more than",
    "not more than",
    "no longer than",
    "not exceed",
    "not be exceeded",
    "without delay",
    "no doubt",
    "not just",
)
"""Words with a negation in them that deny nothing."""


class Clause(msgspec.Struct, frozen=True):
    """One clause: where it stands, its words as written, and as plain words for comparison."""

    line: int
    text: str
    words: tuple[str, ...]

    @property
    def denied(self) -> bool:
        """Whether an odd number of words deny."""
        plain = f" {' '.join(self.words)} "
        for phrase in _DOUBLE:
            plain = plain.replace(f" {phrase} ", " ")
        return sum(word in _DENIAL for word in plain.split()) % 2 == 1


def plain_words(text: str) -> tuple[str, ...]:
    """Lower case words and numbers, apostrophes gone, decimal points kept.

    >>> plain_words("Don't exceed 2.5 mg/kg.")
    ('dont', 'exceed', '2.5', 'mg', 'kg')
    """
    return tuple(_WORD.findall(text.lower().replace("’", "").replace("'", "")))


def clauses(text: str) -> Iterator[Clause]:
    """The clauses of a text in order; headings and list items count as sentences of their own."""
    for number, line in enumerate(text.splitlines(), 1):
        stripped = re.sub(r"^\s*(?:[-*•#>]+|\d+[.)])\s+", "", line).strip()
        if not stripped:
            continue
        for sentence in _sentences(stripped):
            for part in _CLAUSE.split(sentence):
                words = plain_words(part)
                if words:
                    yield Clause(number, part.strip(), words)


def _sentences(line: str) -> Iterator[str]:
    begun = ""
    for piece in _END.split(line):
        begun = f"{begun} {piece}".strip()
        if not _ABBREVIATION.search(begun):
            yield begun
            begun = ""
    if begun:
        yield begun


def stands(phrase: str, words: tuple[str, ...]) -> bool:
    """Whether a phrase stands among words: whole words in order, ``relax*`` open at its end, ``...`` up to six words between.

    >>> stands("relax* ... muscles", ("it", "relaxes", "the", "tense", "muscles"))
    True
    """
    parts = phrase.split()
    return any(_from(parts, words, start) for start in range(len(words)))


_GAP = 6


def _from(parts: list[str], words: tuple[str, ...], at: int) -> bool:
    if not parts:
        return True
    if parts[0] == "...":
        return any(_from(parts[1:], words, at + skip) for skip in range(_GAP + 1))
    if at >= len(words):
        return False
    wanted, word = parts[0], words[at]
    same = word.startswith(wanted[:-1]) if wanted.endswith("*") else word == wanted
    return same and _from(parts[1:], words, at + 1)
