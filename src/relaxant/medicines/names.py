"""Reading the name of a medicine inside a phrase, without its dose.

A name is read only when the dictionary has it as written; a misspelling is offered back and never taken.
Whatever looks like another medicine or another product is said in `unread` or makes the reading ambiguous.
"""

from __future__ import annotations

import re
from itertools import pairwise
from itertools import product as choices

import msgspec

from relaxant.medicines.dictionary import (
    Dictionary,
    Entry,
    Ingredient,
    is_product,
    longest_name,
    lookup_key,
    names_beginning,
    open_dictionary,
)
from relaxant.medicines.misspelt import Suggestion, parts_of, suggest
from relaxant.medicines.spelling import Token, name_key, normalise_text, tokenise

__all__ = ["NameReading", "read_name"]

NOT_SEARCHED = "Names close to it were not looked for."
_LONGEST_LINE = 2000
_MOST_ALTERNATIVES = 16

IngredientSet = tuple[Ingredient, ...]


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


class _Match(msgspec.Struct, frozen=True):
    first: int
    last: int  # index after the last token
    key: str
    entry: Entry


_NO_CROSSING = re.compile(r"[;\n\r|\[\])]")
_STRENGTH = re.compile(
    r"\s*((?:\d[\d.,]*)\s*(?:mg|mcg|g|ml|units?|unt|iu|meq|micrograms?|%)"
    r"(?:\s*/\s*(?:[\d.,]+\s*)?(?:ml|mg|g|hr|h|actuat|actuation))?)(?![a-z])",
    re.I,
)
_SHORT_FORMS = ("injection", "tablet", "capsule", "patch", "inhaler")
_WORDS_OF_STRENGTH = frozenset(
    [
        "mg",
        "mcg",
        "g",
        "ml",
        "unit",
        "units",
        "unt",
        "iu",
        "meq",
        "microgram",
        "micrograms",
        "hr",
        "h",
        "actuat",
        "actuation",
        "actuations",
        "l",
    ]
)
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
_JOINS = frozenset({"and", "with", "plus", "w", "og"})


def _is_number(token: str) -> bool:
    return token[0].isdigit()


def _scan(d: Dictionary, text: str, tokens: list[Token], words: list[str]) -> list[_Match]:
    """The longest known name at each place, from left to right."""
    ordinary, forms = d.words.get("ordinary", {}), d.words.get("form", {})
    matches: list[_Match] = []
    i, n = 0, len(tokens)
    while i < n:
        found: _Match | None = None
        for length in range(min(longest_name(words[i], d), n - i), 0, -1):
            last = i + length
            if length > 1 and _NO_CROSSING.search(text, tokens[i].end, tokens[last - 1].start):
                continue
            apart = length > 1 and tokens[last - 1].start > tokens[last - 2].end
            if apart and _is_number(words[last - 1]) and last < n:
                # "Tylenol 3 tablets" counts tablets; "vitamin D3 tablets" does not
                follower = words[last]
                if follower in ordinary or follower in forms or _is_number(follower):
                    continue
            short = len(words[last - 1]) <= 2 and not _is_number(words[last - 1])
            if short and last < n and _is_number(words[last]) and tokens[last].start == tokens[last - 1].end:
                # "vitamin D3" is not vitamin D with a 3 left over
                continue
            key = " ".join(words[i:last])
            entry = lookup_key(key, d)
            if entry is not None:
                found = _Match(i, last, key, entry)
                break
        if found is None:
            i += 1
        else:
            matches.append(found)
            i = found.last
    return matches


def _between(d: Dictionary, text: str, tokens: list[Token], words: list[str], a: _Match, b: _Match) -> str:
    """How two names in a line are joined: "same" (side by side, brackets), "mix", "dosed mix", "and", "apart"."""
    known = [d.words.get(k, {}) for k in ("form", "route", "release", "salt")]
    joins: set[str] = set()
    for i in range(a.last, b.first):
        word = words[i]
        if _is_number(word) or word in _WORDS_OF_STRENGTH or any(word in k for k in known):
            continue
        if word in _JOINS:
            joins.add("and")
        else:
            return "apart"
    marks = text[tokens[a.last - 1].end : tokens[b.first].start]
    for j in range(a.last, b.first):
        token = tokens[j]
        marks = marks.replace(text[token.start : token.end], " ", 1)
    if re.search(r"[;\n|]|\.\s", marks):
        return "apart"
    last = text[: tokens[b.first].start].rstrip()[-1:]
    if last in "/+" and "and" not in joins:
        # "tizanidine 4 mg + baclofen 10 mg": each with its own dose, one product only if it is sold as one
        return "dosed mix" if any(_is_number(w) for w in words[a.last : b.first]) else "mix"
    if "and" in joins or "," in marks or "&" in marks:
        return "and"
    return "same"


def _union(sets: tuple[IngredientSet, ...]) -> IngredientSet:
    found = {i.name: i for s in sets for i in s}
    return tuple(found[n] for n in sorted(found))


def _combine(
    d: Dictionary, matches: list[_Match], joins: list[str]
) -> tuple[str, tuple[IngredientSet, ...], str | None]:
    """Which ingredients several names in one line stand for: status, alternatives, why."""
    options = [m.entry.alternatives[:_MOST_ALTERNATIVES] for m in matches]
    exact: dict[tuple[str, ...], IngredientSet] = {}
    mixed: dict[tuple[str, ...], IngredientSet] = {}
    partial: dict[tuple[str, ...], IngredientSet] = {}
    apart = "apart" in joins
    count = 0
    for chosen in choices(*options):
        count += 1
        if count > 256:
            break
        union = _union(chosen)
        names = tuple(i.name for i in union)
        for j, one in enumerate(chosen):
            if len(one) != len(union):
                continue
            others = _union(chosen[:j] + chosen[j + 1 :])
            (exact if len(others) == len(union) else partial).setdefault(names, union)
        if names in exact or names in partial or apart:
            continue
        if all(x == "mix" for x in joins) or is_product(union, d):
            mixed.setdefault(names, union)
    if len(exact) == 1:
        return "read", tuple(exact.values()), None
    if partial and not mixed and not exact and not apart and "and" not in joins and len(partial) == 1:
        return "read", tuple(partial.values()), None
    if len(mixed) > 1:
        known = {k: v for k, v in mixed.items() if is_product(v, d)}
        mixed = known or mixed
    if len(mixed) == 1 and not exact and not partial:
        return "read", tuple(mixed.values()), None
    if exact or mixed:
        both = {**exact, **mixed}
        return (
            "ambiguous",
            tuple(both.values()),
            "This can be more than one product: write its ingredients.",
        )
    names_said = " and ".join(dict.fromkeys(m.entry.label for m in matches))
    each = {tuple(i.name for i in s): s for o in options for s in o}
    return (
        "ambiguous",
        tuple(each.values()),
        f"This line names more than one medicine ({names_said}): give each a line of its own.",
    )


def _release(d: Dictionary, words: list[str], matches: list[_Match]) -> str | None:
    releases = d.words.get("release", {})
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


def _form(d: Dictionary, words: list[str], used: set[int]) -> str | None:
    forms = d.words.get("form", {})
    found = [forms[w] for i, w in enumerate(words) if w in forms and i not in used]
    for first in _SHORT_FORMS:
        if first in found:
            return first
    return found[-1] if found else None


def _strength(
    d: Dictionary,
    text: str,
    tokens: list[Token],
    words: list[str],
    matches: list[_Match],
    ingredients: IngredientSet,
) -> str | None:
    """The strength of the product where the line says one: numbers after each name, then a form."""
    described = [d.words.get(k, {}) for k in ("form", "route", "release")]
    by_name: dict[str, str] = {}
    end = 0
    for m in matches:
        if (len(m.entry.ingredients) != 1 or m.entry.kind == "brand") and len(matches) > 1:
            continue
        stop = m.last
        salts = d.words.get("salt", {})
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


def read_name(text: str, dictionary: Dictionary | None = None, *, search: bool = True) -> NameReading:
    """Find the medicine that a line names, and say what of the line was not understood.

    Never raises for any text. The dose is left in `rest`. Without `search` no names are looked for that are close to one that is not known, which costs
    more than all else here.

    >>> reading = read_name("tizanidine HCl 4 mg tab")
    >>> reading.status, [i.name for i in reading.ingredients], reading.rest
    ('read', ['tizanidine'], '4 mg tab')
    """
    d = dictionary or open_dictionary()
    if len(text) > _LONGEST_LINE:
        return NameReading(
            status="unrecognised",
            text=normalise_text(text[:200]),
            why=f"The line is longer than {_LONGEST_LINE} characters: give one medicine a line.",
        )
    normal = normalise_text(text)
    tokens = tokenise(normal)
    words = [d.spellings.get(t.text, t.text) for t in tokens]
    if not any(not _is_number(w) for w in words):
        return NameReading(
            status="unrecognised",
            text=normal,
            rest=normal.strip(),
            why="The line names no medicine.",
        )
    found = _scan(d, normal, tokens, words)
    ordinary, salts = d.words.get("ordinary", {}), d.words.get("salt", {})
    forms, routes = d.words.get("form", {}), d.words.get("route", {})
    releases, variants = d.words.get("release", {}), d.words.get("variant", {})

    # a single salt word right behind a name belongs to it ("bumetanide potassium")
    kept: list[_Match] = []
    for m in found:
        follows = bool(kept) and kept[-1].last == m.first
        tight = follows and not normal[tokens[m.first - 1].end : tokens[m.first].start].strip()
        if tight and m.last - m.first == 1 and m.key in salts:
            continue
        kept.append(m)

    strong = [m for m in kept if not m.entry.weak and m.entry.kind != "refused"]
    refused = [m for m in kept if m.entry.kind == "refused"]
    if strong and refused:
        # "HCT" behind a partner that it is sold with, as in losartan HCT, is settled by the product
        strong = sorted(strong + [m for m in refused if m.key == "hct"], key=lambda m: m.first)
        refused = [
            m
            for m in refused
            if m.key != "hct" and not (m.first and words[m.first - 1] in {"for", "of", "in", "due", "to"})
        ]
    if not strong and not refused:
        weak = [m for m in kept if m.entry.weak]
        if len(weak) == 1 and all(
            _is_number(w) or w in forms or w in _WORDS_OF_STRENGTH or w in salts
            for i, w in enumerate(words)
            if not weak[0].first <= i < weak[0].last
        ):
            strong = weak
    used = {i for m in strong for i in range(m.first, m.last)}
    excused = {i for m in kept if m.entry.kind == "refused" and m not in refused for i in range(m.first, m.last)}
    unread = tuple(
        normal[t.start : t.end]
        for i, (t, w) in enumerate(zip(tokens, words, strict=True))
        if i not in used
        and i not in excused
        and not _is_number(w)
        and not any(m.first <= i < m.last for m in refused)
        and (
            (w not in ordinary and w not in forms and w not in routes and w not in releases and w not in salts)
            or (w == "not" and words[i + 1 : i + 2] not in (["to"], ["exceed"], ["exceeding"], ["more"]))
        )
    ) + tuple(normal[tokens[m.first].start : tokens[m.last - 1].end] for m in refused)

    if not strong:
        if refused:
            first = refused[0]
            return NameReading(
                status="unrecognised",
                text=normal,
                name=first.entry.label,
                kind="refused",
                alternatives=first.entry.alternatives,
                span=(tokens[first.first].start, tokens[first.last - 1].end),
                rest=normal.strip(),
                unread=unread,
                suggestions=tuple(Suggestion(" + ".join(i.name for i in s), 0.5) for s in first.entry.alternatives),
                why=first.entry.why,
            )
        asked = " ".join(unread) or normal
        near = suggest(asked, d) if search else ()
        return NameReading(
            status="unrecognised",
            text=normal,
            rest=normal.strip(),
            unread=unread,
            suggestions=near,
            searched=len(parts_of(asked, d)) if search else None,
            why="No medicine of this name is known here."
            + (" The names offered are only close to it." if near else "" if search else f" {NOT_SEARCHED}"),
        )

    why: str | None = None
    if len(strong) == 1:
        alternatives = strong[0].entry.alternatives
        status = "read" if len(alternatives) == 1 else "ambiguous"
        if status == "ambiguous":
            why = f"{strong[0].entry.label} is sold with different ingredients: write which."
    else:
        joins = [_between(d, normal, tokens, words, a, b) for a, b in pairwise(strong)]
        if any(w.startswith("compound") for w in words):
            joins = ["mix" if j == "dosed mix" else j for j in joins]
        status, alternatives, why = _combine(d, strong, joins)

    # a brand with a word that makes another product of it ("Advil Dual Action")
    for m in strong:
        if m.last >= len(words) or m.last in used or status != "read":
            continue
        nxt = words[m.last]
        gap = normal[tokens[m.last - 1].end : tokens[m.last].start]
        if nxt not in variants or gap.strip(" -"):
            continue
        others = names_beginning(m.key, d) if m.entry.kind == "brand" else ()
        if nxt in ordinary and not any(
            e.alternatives != m.entry.alternatives and nxt in name_key(e.label).split() for e in others
        ):
            continue
        pool = {tuple(i.name for i in s): s for e in (m.entry, *others) for s in e.alternatives}
        status, alternatives = "ambiguous", tuple(pool.values())
        said = normal[tokens[m.last].start : tokens[m.last].end]
        why = f"{m.entry.label} is known, but not as a product called {m.entry.label} {said}."
        if said not in unread:
            unread = (*unread, said)

    brand = next((m.entry.brand for m in strong if m.entry.brand), None)
    lead = next((m for m in strong if m.entry.brand), strong[0])
    route = next((routes[w] for w in words if w in routes), None)
    form = _form(d, words, used)
    if route is None and form is None:
        route = lead.entry.route
    ingredients = alternatives[0] if status == "read" else ()
    spans = [(tokens[m.first].start, tokens[m.last - 1].end) for m in strong]
    # salts right behind a name are part of it
    spans = [
        (start, _past_salts(normal, tokens, words, salts, m.last, end))
        for (start, end), m in zip(spans, strong, strict=True)
    ]
    return NameReading(
        status=status,
        text=normal,
        ingredients=ingredients,
        alternatives=alternatives if status != "read" else (),
        name=" / ".join(dict.fromkeys(m.entry.label for m in strong)),
        kind=lead.entry.kind,
        brand=brand,
        form=form or lead.entry.form,
        strength=_strength(d, normal, tokens, words, strong, ingredients) if ingredients else None,
        release=_release(d, words, strong) or (lead.entry.release if lead.entry.brand else None),
        route_hint=route,
        span=(spans[0][0], spans[-1][1]) if len(spans) > 1 else spans[0],
        rest=_without(normal, spans),
        unread=unread,
        why=why,
    )


def _past_salts(text: str, tokens: list[Token], words: list[str], salts: dict[str, str], at: int, end: int) -> int:
    while at < len(words) and words[at] in salts and not text[end : tokens[at].start].strip():
        end = tokens[at].end
        at += 1
    return end
