"""Text in columns: how wide it is, how it is broken into lines, and what stands for a character that cannot be written."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

NARROWEST = 20
_EMOJI_STYLE = "\ufe0f"
_PLAINER = str.maketrans(
    {
        "“": '"',
        "”": '"',
        "‘": "'",
        "’": "'",
        "–": "-",
        "—": "-",
        "−": "-",
        "…": "...",
        "·": "|",
        "×": "x",
        "≥": ">=",
        "≤": "<=",
        "µ": "u",
        "μ": "u",
        "²": "2",
        "→": "->",
        "\u00a0": " ",
    }
)


def plainer(text: str, encoding: str) -> str:
    """The text as an encoding can write it.

    >>> plainer("10 µg → 5", "ascii")
    '10 ug -> 5'
    """
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.translate(_PLAINER)
        return text.encode(encoding, "replace").decode(encoding)
    return text


# ---------------------------------------------------------------- widths


def character_width(character: str) -> int:
    """Columns that a character takes: 0 for combining marks and joiners, 2 for wide ones."""
    if " " <= character <= "~":
        return 1
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    if unicodedata.east_asian_width(character) in ("W", "F"):
        return 2
    return 2 if unicodedata.category(character) == "Cn" else 1


def clusters(text: str) -> Iterator[tuple[str, int]]:
    """The text in pieces that must stay together (a character with its combining marks), each with its width."""
    piece, width = "", 0
    for character in text:
        own = character_width(character)
        if own or not piece:
            if piece:
                yield piece, width
            piece, width = character, own
        else:
            piece += character
            if character == _EMOJI_STYLE:
                width = 2
    if piece:
        yield piece, width


def text_width(text: str) -> int:
    """Columns that a text takes.

    >>> text_width("baclofen"), text_width("日本"), text_width("e\u0301")
    (8, 4, 1)
    """
    return len(text) if text.isascii() else sum(width for _, width in clusters(text))


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most ``width`` columns (2 at least), broken within a word only if it must be."""
    lines: list[str] = []
    line, used = "", 0
    for word in text.split(" "):
        long = text_width(word)
        if line and used + 1 + long <= width:
            line, used = f"{line} {word}", used + 1 + long
            continue
        if line:
            lines.append(line)
            line, used = "", 0
        if long <= width:
            line, used = word, long
            continue
        for piece, wide in clusters(word):
            if used + wide > width:
                lines.append(line)
                line, used = "", 0
            line, used = line + piece, used + wide
    return [*lines, line] if line or not lines else lines
