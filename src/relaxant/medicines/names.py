"""Reading the name of a medicine inside a phrase, without its dose.

A name is read only when the dictionary has it as written; a misspelling is offered back and never taken.
Whatever looks like another medicine or another product is said in `unread` or makes the reading ambiguous.
"""

from __future__ import annotations

import re

import msgspec

from relaxant.medicines.dictionary import Dictionary, open_dictionary
from relaxant.medicines.meant import IngredientSet, meaning_of
from relaxant.medicines.misspelt import Suggestion, parts_of, suggest
from relaxant.medicines.named import Line, Match, Named, is_number, line_of, names_in
from relaxant.medicines.spelling import normalise_text

__all__ = ["NameReading", "read_name"]

NOT_SEARCHED = "Names close to it were not looked for."
_LONGEST_LINE = 2000


class NameReading(msgspec.Struct, frozen=True):
    """What was read of a medicine's name.

    `status` is read, ambiguous (one of `alternatives`, or several medicines in one line: `why` says) or
    unrecognised. `span` counts in `text`, the normalised line; `rest` is that line without the name, for
    the reader of the dose. `unread` holds the words that are neither name, form, salt, number nor dose word.
    `searched`: how many names were compared with all known ones; None where they should have been and were not.
    """

    status: str
    text: str
    ingredients: IngredientSet = ()
    alternatives: tuple[IngredientSet, ...] = ()
    name: str | None = None
    kind: str | None = None
    brand: str | None = None
    form: str | None = None
    strength: str | None = None
    release: str | None = None
    route_hint: str | None = None
    span: tuple[int, int] | None = None
    rest: str = ""
    unread: tuple[str, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    searched: int | None = 0
    why: str | None = None


_STRENGTH = re.compile(
    r"\s*((?:\d[\d.,]*)\s*(?:mg|mcg|g|ml|units?|unt|iu|meq|micrograms?|%)"
    r"(?:\s*/\s*(?:[\d.,]+\s*)?(?:ml|mg|g|hr|h|actuat|actuation))?)(?![a-z])",
    re.I,
)
_SHORT_FORMS = ("injection", "tablet", "capsule", "patch", "inhaler")
_WORDS_BEFORE_FORM = frozenset(
    [
        "metered",
        "dry",
        "prefilled",
        "pre",
        "auto",
        "drug",
        "chewable",
        "disintegrating",
        "effervescent",
        "film",
        "coated",
        "odt",
    ]
)


def read_name(text: str, dictionary: Dictionary | None = None, *, search: bool = True) -> NameReading:
    """Find the medicine that a line names, and say what of the line was not understood.

    Never raises for any text. The dose is left in `rest`. Without `search` no names are looked for that are close to one that is not known, which costs
    more than all else here.

    >>> reading = read_name("tizanidine HCl 4 mg tab")
    >>> reading.status, [i.name for i in reading.ingredients], reading.rest
    ('read', ['tizanidine'], '4 mg tab')
    """
    if len(text) > _LONGEST_LINE:
        why = f"The line is longer than {_LONGEST_LINE} characters: give one medicine a line."
        return NameReading(status="unrecognised", text=normalise_text(text[:200]), why=why)
    line = line_of(text, dictionary or open_dictionary())
    if all(is_number(word) for word in line.words):
        rest, why = line.text.strip(), "The line names no medicine."
        return NameReading(status="unrecognised", text=line.text, rest=rest, why=why)
    named = names_in(line)
    if named.medicines:
        return _read(line, named)
    return _refused(line, named) if named.refused else _unknown(line, named, search=search)


def _refused(line: Line, named: Named) -> NameReading:
    """An abbreviation that is mistaken for another (“MS”, “HCT”): what it may stand for is offered."""
    first = named.refused[0]
    return NameReading(
        status="unrecognised",
        text=line.text,
        name=first.entry.label,
        kind="refused",
        alternatives=first.entry.alternatives,
        span=(line.tokens[first.first].start, line.tokens[first.last - 1].end),
        rest=line.text.strip(),
        unread=named.unread,
        suggestions=tuple(Suggestion(" + ".join(i.name for i in s), 0.5) for s in first.entry.alternatives),
        why=first.entry.why,
    )


def _unknown(line: Line, named: Named, *, search: bool) -> NameReading:
    """A name that is not known, with those that are close to it."""
    asked = " ".join(named.unread) or line.text
    near = suggest(asked, line.dictionary) if search else ()
    return NameReading(
        status="unrecognised",
        text=line.text,
        rest=line.text.strip(),
        unread=named.unread,
        suggestions=near,
        searched=len(parts_of(asked, line.dictionary)) if search else None,
        why="No medicine of this name is known here."
        + (" The names offered are only close to it." if near else "" if search else f" {NOT_SEARCHED}"),
    )


def _read(line: Line, named: Named) -> NameReading:
    """What the names of a line stand for, and in which form, strength and release."""
    names, meaning = named.medicines, meaning_of(named.medicines, line)
    unread = (
        named.unread if meaning.unread is None or meaning.unread in named.unread else (*named.unread, meaning.unread)
    )
    lead = next((m for m in names if m.entry.brand), names[0])
    routes, form = line.of("route"), _form(line, names)
    route = next((routes[word] for word in line.words if word in routes), None)
    if route is None and form is None:
        route = lead.entry.route
    ingredients = meaning.alternatives[0] if meaning.status == "read" else ()
    spans = [_span(line, name) for name in names]
    return NameReading(
        status=meaning.status,
        text=line.text,
        ingredients=ingredients,
        alternatives=meaning.alternatives if meaning.status != "read" else (),
        name=" / ".join(dict.fromkeys(m.entry.label for m in names)),
        kind=lead.entry.kind,
        brand=lead.entry.brand or None,
        form=form or lead.entry.form,
        strength=_strength(line, names, ingredients) if ingredients else None,
        release=_release(line, names) or (lead.entry.release if lead.entry.brand else None),
        route_hint=route,
        span=(spans[0][0], spans[-1][1]),
        rest=_without(line.text, spans),
        unread=unread,
        why=meaning.why,
    )


def _release(line: Line, matches: list[Match]) -> str | None:
    words, releases = line.words, line.of("release")
    for i, word in enumerate(words):
        value = releases.get(word)
        if value is None:
            continue
        if len(word) > 3:
            return value
        if any(m.last <= i <= m.last + (0 if word == "dr" else 3) for m in matches):
            return value
        if any(m.entry.brand and m.first < i == m.last - 1 for m in matches):
            return value
    if len(words) > 1 and words[0] in {"12", "24"} and words[1] == "hr":
        return "modified"
    return None


def _form(line: Line, matches: list[Match]) -> str | None:
    forms, named = line.of("form"), {i for m in matches for i in range(m.first, m.last)}
    found = [forms[w] for i, w in enumerate(line.words) if w in forms and i not in named]
    for first in _SHORT_FORMS:
        if first in found:
            return first
    return found[-1] if found else None


def _strength(line: Line, matches: list[Match], ingredients: IngredientSet) -> str | None:
    """The strength of the product where the line says one: numbers after each name, then a form."""
    text, tokens, words = line.text, line.tokens, line.words
    described = [line.of(kind) for kind in ("form", "route", "release")]
    by_name: dict[str, str] = {}
    end = 0
    for m in matches:
        if (len(m.entry.ingredients) != 1 or m.entry.kind == "brand") and len(matches) > 1:
            continue
        stop = m.last
        salts = line.of("salt")
        while stop < len(words) and words[stop] in salts:
            stop += 1
        found = _STRENGTH.match(text, tokens[stop - 1].end)
        if not found:
            return None
        end = max(end, found.end())
        if len(m.entry.ingredients) != 1:
            return None
        by_name[m.entry.ingredients[0].name] = re.sub(r"\s+", " ", found[1]).strip()
    if not by_name or set(by_name) != {i.name for i in ingredients}:
        return None
    following = [words[i] for i, t in enumerate(tokens) if t.start >= end]
    if not following or not (following[0] in _WORDS_BEFORE_FORM or any(following[0] in k for k in described)):
        return None
    return " / ".join(by_name[i.name] for i in ingredients)


def _span(line: Line, name: Match) -> tuple[int, int]:
    """Where a name stands in the text, with the salts right behind it, which are part of it."""
    salts, tokens, at = line.of("salt"), line.tokens, name.last
    end = tokens[at - 1].end
    while at < len(tokens) and line.words[at] in salts and not line.text[end : tokens[at].start].strip():
        end = tokens[at].end
        at += 1
    return tokens[name.first].start, end


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    out, at = [], 0
    for start, end in spans:
        if text[start:end].count("(") > text[start:end].count(")") and text[end : end + 1] == ")":
            end += 1
        piece = text[at:start]
        if at and re.fullmatch(r"[^\w()\[\]]*(?:and|with|plus)?[^\w()\[\]]*", piece, re.I):
            piece = " "
        out.append(piece)
        at = end
    out.append(text[at:])
    rest = re.sub(r"\[\s*\]|\(\s*\)", " ", " ".join(out))
    rest = re.sub(r"\s+", " ", rest).strip(" ,")
    return (
        rest if re.match(r"-\d", rest) else rest.strip(" ,-")
    )  # a minus sign that touches a number is said, not a dash
