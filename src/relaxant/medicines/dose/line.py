"""A dose line split into the things it says: numbers, dates and known phrases, in order.

No token reaches over a blank, so each blank-separated chunk is split once and remembered; a cohort writes the same
few chunks again and again.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import Final, NamedTuple

from relaxant.medicines.dose.words import Entry, Meaning, vocabulary

_LONGEST_KEPT: Final = 40
_SHORT: Final = {"w/": "with", "w/o": "without", "s/c": "sc", "p/o": "po", "i/m": "im", "i/v": "iv", "s/l": "sl"}
_PAD: Final = 16
_NO_KINDS: Final = ["end"] * _PAD
_NO_WORDS: Final = [""] * _PAD
_NO_PLACES: Final = [0] * _PAD


class _Token(NamedTuple):
    """One token of a chunk: what it means alone, its place in the chunk, and the phrases that it can begin."""

    meaning: Meaning
    start: int
    end: int
    word: str = ""
    phrases: tuple[tuple[tuple[str, ...], Meaning], ...] = ()


_WEEK = re.compile(r"\b(?:m([/, -]?)w\1f|(t)([/, -]?)th\3sa?)\b", re.I)


_A_DAY = re.compile(r"\bam(?= +tag\b)", re.I)


def days_spelled(text: str) -> str:
    """``M/W/F`` and ``T/Th/S`` as days of the week, and the German for "a day", which begins like the morning, by its other word."""
    return _A_DAY.sub("pro", _WEEK.sub(lambda match: "tue/thu/sat" if match[2] else "mon/wed/fri", text))


class Line:
    """What a line says: parallel lists of kinds, meanings and places, with room to look past the end.

    A thing that is a keyword (``every``, ``for`` ...) also has its name in ``keyword``; words not known have the kind
    ``x``. ``risk`` names, by place, the spellings that are mistaken for others.
    """

    __slots__ = ("count", "end", "keyword", "kind", "meaning", "risk", "start", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.risk: dict[int, str] = {}
        tokens, offsets = _tokens(text)
        kinds: list[str] = []
        meanings: list[str] = []
        keywords: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        i, count = 0, len(tokens)
        while i < count:
            (kind, meaning, risk), start, end, _, phrases = tokens[i]
            starts.append(offsets[i] + start)
            i += 1
            if phrases:
                phrase = _phrase(tokens, i, phrases)
                if phrase is not None:
                    (kind, meaning, risk), i = phrase
                    end = tokens[i - 1].end
            ends.append(offsets[i - 1] + end)
            if risk:
                self.risk[len(kinds)] = risk
            kinds.append(kind)
            meanings.append(meaning)
            keywords.append(meaning if kind == "kw" else "")
        self.count = len(kinds)
        self.kind, self.meaning, self.keyword = kinds + _NO_KINDS, meanings + _NO_WORDS, keywords + _NO_WORDS
        self.start, self.end = starts + _NO_PLACES, ends + _NO_PLACES


def _tokens(text: str) -> tuple[list[_Token], list[int]]:
    """The tokens of a line, each with where its chunk begins."""
    tokens: list[_Token] = []
    offsets: list[int] = []
    end = 0
    for chunk in text.split():
        start = text.index(chunk, end)
        end = start + len(chunk)
        found = (_split if end - start <= _LONGEST_KEPT else _split.__wrapped__)(chunk)
        for token in found:
            tokens.append(token)
            offsets.append(start)
    return tokens, offsets


def _phrase(
    tokens: list[_Token], i: int, phrases: tuple[tuple[tuple[str, ...], Meaning], ...]
) -> tuple[Meaning, int] | None:
    """The longest phrase that goes on at token ``i``, and where the token after it is."""
    count = len(tokens)
    for rest, meaning in phrases:
        j = i
        for word in rest:
            if j < count and tokens[j].word == "-":
                j += 1
            if j >= count or tokens[j].word != word:
                break
            j += 1
        else:
            return meaning, j
    return None


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(
        r"(?P<word>(?<![^\W_])w/(?:o(?![^\W_]))?|(?<![^\W_])(?:s/[cl]|p/o|i/[mv])(?![^\W_])|(?:[a-z]\.)+[a-z](?![a-z])\.?|[^\W\d_]+(?:['’][a-z]+)?|[%×])"
        r"|(?P<date>(?<![\d.,/-])(?:\d{4}-\d{1,2}-\d{1,2}(?:[tT][\d:.zZ+-]+)?|\d{1,4}[/.]\d{1,2}[/.]\d{2,4}"
        r"|\d{1,2}-\d{1,2}-\d{4})(?![\d/]))"
        r"|(?P<clock>(?<!\d)\d{1,2}:\d{2}(?!\d))"
        r"|(?P<sched>(?<![\d.,/-])\d(?:/\d)?(?:-\d(?:/\d)?){2,3}(?![\d/-]|[.,]\d))"
        r"|(?P<frac>\d{1,4}/\d{1,4}(?![\d/]|[.,]\d))"
        r"|(?P<num>\d+(?:[.,'’]\d+)*(?:e[+-]?\d+)?|(?<![\w.,])[.,]\d+)"
        r"|(?P<p>\S)"
    )


@lru_cache(maxsize=4096)
def _split(chunk: str) -> tuple[_Token, ...]:
    """The tokens of a chunk, which holds no blank."""
    known = vocabulary()
    tokens: list[_Token] = []
    for match in _pattern().finditer(chunk):
        kind, raw, start, end = match.lastgroup or "p", match.group(), match.start(), match.end()
        if kind != "word":
            tokens.append(_Token(Meaning(kind, raw), start, end, "-" if raw == "-" else ""))
            continue
        word = _SHORT.get(raw) or raw.replace(".", "").replace("’", "'")
        alone, phrases = known.get(word) or Entry(None, ())
        if alone is None and tokens and tokens[-1].meaning.kind in {"num", "frac"} and tokens[-1].end == start:
            glued = _glued(word, start, end)
            if glued is not None:
                tokens += glued
                continue
        tokens.append(_Token(alone or Meaning("x", word), start, end, word, phrases))
    return tuple(tokens)


def _glued(word: str, start: int, end: int) -> list[_Token] | None:
    """A unit or time written together with the word after it: ``mgtid``, ``hprn``."""
    known = vocabulary()
    for cut in range(min(5, len(word) - 1), 0, -1):
        head, tail = known.get(word[:cut]), known.get(word[cut:])
        if head is None or tail is None or head.alone is None or tail.alone is None:
            continue
        if head.alone.kind in {"unit", "time", "form"}:
            return [_Token(head.alone, start, start + cut), _Token(tail.alone, start + cut, end)]
    return None


@lru_cache(maxsize=1024)
def single_meaning(text: str) -> Meaning | None:
    """What a short text means where it says one thing only, as a coded unit does."""
    line = Line(normalised(text).lower())
    return Meaning(line.kind[0], line.meaning[0]) if line.count == 1 else None


def normalised(text: str) -> str:
    """The line in one spelling of letters, digits and fractions, whatever script or width it came in."""
    return text if text.isascii() else "".join(map(_plain_letter, text))


def _plain_letter(char: str) -> str:
    if char.isascii():
        return char
    if char in "−‐‑‒":
        return "-"
    if char in "٫٬":
        return "." if char == "٫" else ","
    if unicodedata.category(char) == "Cf":
        return ""
    digit = unicodedata.decimal(char, None)
    if digit is not None:
        return str(digit)
    before = " " if unicodedata.decomposition(char).startswith("<fraction>") else ""
    return before + unicodedata.normalize("NFKC", char).replace("⁄", "/")
