"""Text inside a card's detail, which is GitHub Flavored Markdown: nothing that is put in can become markup, a link or an image.

Our own words are escaped. What a record says stands in a code span, in which no renderer reads anything: not markup, not HTML, and no address
that it would make a link of by itself.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit

_MARKUP = re.compile(r"([\\`*_\[\]<>|~&])")  # wherever it stands
_LIKE_A_LINK = re.compile(r"@|://|www\.|\w\.[^\W\d_]{2}|\b(?:mailto|xmpp|tel|javascript|data):", re.I)
_AT_THE_START = re.compile(r"^([#+\-=]|\d+[.)](?=\s|$))")
_URL = re.compile(r"[A-Za-z0-9\-._~:/?#@!$&'*+,;=%]+")
MOST_QUOTED = 200  # characters of what a record says


@lru_cache(4096)
def escaped(text: str) -> str:
    r"""Our own words as they are meant.

    >>> print(escaped("a *b* [c](d) <e>"))
    a \*b\* \[c\](d) \<e\>
    >>> print(escaped("1. no list"), escaped("- nor this"))
    1\. no list \- nor this
    >>> escaped("see www.example.org")
    '`see www.example.org`'
    >>> escaped("see example.org"), escaped("0.5 mg, e.g. at night")
    ('`see example.org`', '0.5 mg, e.g. at night')
    """
    line = one_line(text)
    if _LIKE_A_LINK.search(line):
        return quoted(line, len(line))
    return _AT_THE_START.sub(_held_back, _MARKUP.sub(r"\\\1", line))


def _held_back(match: re.Match[str]) -> str:
    return f"{match[1][:-1]}\\{match[1][-1]}"


def quoted(text: str, most: int = MOST_QUOTED) -> str:
    """What a record says, as it says it, in a code span.

    >>> quoted("![x](http://a/b.png) `<b>`")
    "`![x](http://a/b.png) '<b>'`"
    """
    line = one_line(text).replace("`", "'")
    cut = line[:most] + "…" if len(line) > most else line
    return f"`{cut or ' '}`"


def linked(text: str, url: str | None) -> str:
    """A source with its address; the words alone where the address is not a plain one."""
    if url is None or urlsplit(url).scheme not in ("http", "https") or not _URL.fullmatch(url):
        return escaped(text)
    words = _MARKUP.sub(r"\\\1", one_line(text))
    return f"[{words}](<{url}>)"


def one_line(text: str) -> str:
    """Text on one line, without characters that control or turn what stands beside them."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(text.split())


def cut(text: str, most: int) -> str:
    """Text of at most so many characters, whole words where that goes.

    >>> cut("one two three", 9)
    'one two…'
    """
    if len(text) <= most:
        return text
    head = text[: most - 1]
    space = head.rfind(" ")
    return (head[:space] if space > most // 2 else head).rstrip(" ,;:.") + "…"
