"""References as BibTeX. What a source does not hold gets no field: authors and journals stand in titles and notes, as the knowledge has them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from relaxant.citing.reference import Reference, how_seen, how_verified

_ITSELF = "relaxant"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_PUBMED = re.compile(
    r"https?://(?:www\.)?(?:pubmed\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov/pubmed|pubmed\.gov)/(\d+)/?"
)
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",  # BibTeX counts braces also behind a backslash: one without its other would end or open the field
    "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    **{character: f"\\{character}" for character in "#$%&_"},
}
_MANUALS = ("label", "guideline", "standard")
_NO_PAPERS = ("label", "standard")


def bibtex_of(sources: Sequence[Reference], stamp: Mapping[str, str], words: Mapping[str, Any]) -> str:
    """An entry for relaxant, by its version and knowledge, and one for each source; ends in a newline.

    The year of relaxant's own entry is that of its knowledge.
    """
    itself = words["itself"]
    own = [
        ("author", f"{{{escaped(itself['author'])}}}"),
        ("title", f"{{{escaped(itself['title'])}}}"),
        *_dated(stamp["date"]),
        ("note", escaped(str(itself["note"]).format(**stamp))),
    ]
    return "\n".join((_entry("misc", _ITSELF, own), *(_source(one, words) for one in sources)))


def _source(one: Reference, words: Mapping[str, Any]) -> str:
    pmid = _PUBMED.fullmatch(one.url or "")
    paper = (one.doi or pmid) and one.kind not in _NO_PAPERS
    kind = "article" if paper else "manual" if one.kind in _MANUALS else "misc"
    fields = [("title", f"{{{escaped(one.title)}}}")]
    if one.publisher and kind != "article":
        fields.append(("organization" if kind == "manual" else "howpublished", escaped(one.publisher)))
    fields += _dated(one.date or "")
    if one.doi:
        fields.append(("doi", verbatim(one.doi)))
    if pmid:
        fields += [("eprint", pmid[1]), ("eprinttype", "pubmed")]
    if one.url:
        fields.append(("url", verbatim(one.url)))
    if one.url and one.seen_on:
        fields.append(("urldate", one.seen_on))
    fields.append(("note", escaped(". ".join(_noted(one, kind, words)))))
    return _entry(kind, key_of(one.id), fields)


def _noted(one: Reference, kind: str, words: Mapping[str, Any]) -> Iterator[str]:
    """What has no field of its own."""
    parts = words["parts"]
    if one.publisher and kind == "article":
        yield one.publisher.rstrip(".")
    match = _DATE.fullmatch(one.date or "")
    if one.date and (match is None or match[3]):
        yield parts["dated"].format(date=one.date)
    if one.places:
        yield parts["at"].format(places=str(parts["between"]).join(one.places)).rstrip(".")
    yield how_seen(one, words)
    if one.unverified:
        yield how_verified(one, words).rstrip(".")


def _dated(date: str) -> list[tuple[str, str]]:
    """Year and month of a date, as far as it has them. Months are written by their names in every style."""
    match = _DATE.fullmatch(date)
    if not match:
        return []
    return [("year", match[1]), *([("month", _MONTHS[int(match[2]) - 1])] if match[2] else [])]


def _entry(kind: str, key: str, fields: Sequence[tuple[str, str]]) -> str:
    lines = [f"  {name} = {value if name == 'month' else f'{{{value}}}'}," for name, value in fields]
    return "\n".join((f"@{kind}{{{key},", *lines, "}", ""))


def key_of(source: str) -> str:
    """The key of a source: its id, with what a key may not hold written as the number of the character.

    >>> key_of("ozobax-us-2021"), key_of("my, {study}"), key_of("relaxant")
    ('ozobax-us-2021', 'my-x2c-x20-x7bstudy-x7d', 'relaxant-x')
    """
    key = re.sub(r"[^A-Za-z0-9._:-]", lambda match: f"-x{ord(match[0]):x}", source)
    return f"{key}-x" if key.lower() == _ITSELF else key


def escaped(text: str) -> str:
    """Text with the characters that BibTeX and LaTeX take for commands written out; letters of other alphabets stay (UTF-8).

    >>> print(escaped("5% & }a_b"))
    5\\% \\& \\textbraceright{}a\\_b
    """
    return "".join(_SPECIAL.get(character, character) for character in text)


def verbatim(address: str) -> str:
    """An address or DOI, which are not escaped: what would end its field is percent-encoded.

    >>> verbatim("10.1000/a}b c")
    '10.1000/a%7Db%20c'
    """
    return re.sub(r"[\\{}\s\"]", lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), address)
