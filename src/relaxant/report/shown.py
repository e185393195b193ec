"""Text as a page may show it: harmless, and counted in words."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from relaxant.knowledge.labs import Lab

_JOINERS = "\u200c\u200d"  # needed to write Persian and to join emoji; they reorder nothing
_REPLACED = "\ufffd"


def clean(text: str) -> str:
    """Text that is harmless to show: one line; control, direction and private characters become a visible ``�``.

    >>> clean("bed\\n12"), clean("a\\x1b[31mb"), clean("mg\\u202e01")
    ('bed 12', 'a�[31mb', 'mg�01')
    """
    if text.isascii() and text.isprintable():
        return text.strip()
    out: list[str] = []
    for character in text:
        kind = unicodedata.category(character)
        if character.isspace() or kind in ("Zl", "Zp"):
            character = " "
        elif kind in ("Cc", "Cf", "Cs", "Co") and character not in _JOINERS:
            character = _REPLACED
        if character in (" ", _REPLACED) and out and out[-1] == character:
            continue
        out.append(character)
    return "".join(out).strip()


def title_of(name: str, titles: Mapping[str, str], labs: Mapping[str, Lab]) -> str:
    """The name of an input or fact as a reader knows it; a phrase stands as it is written, with the field names in it."""
    lab = labs.get(name)
    return str(titles.get(name) or (lab.title if lab else name if " " in name else name.replace("_", " ")))


def counted(words: Mapping[str, str], count: int, **slots: object) -> str:
    """The sentence for a count: ``one`` for 1, else ``other``."""
    return words["one" if count == 1 else "other"].format(count=count, **slots)
