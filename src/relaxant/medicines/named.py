"""Which known names stand in a line, which of them are read as medicines, and what of the line nobody understood."""

from __future__ import annotations

import re

import msgspec

from relaxant.medicines.dictionary import Dictionary, Entry, longest_name, lookup_key
from relaxant.medicines.spelling import Token, normalise_text, tokenise


class Line(msgspec.Struct, frozen=True):
    """A line as it is read: its normalised text, its tokens, and each token's word as the dictionary spells it."""

    text: str
    tokens: list[Token]
    words: list[str]
    dictionary: Dictionary

    def of(self, kind: str) -> dict[str, str]:
        """The dictionary's words of a kind: form, salt, route, release, variant, ordinary."""
        return self.dictionary.words.get(kind, {})

    def between(self, first: int, last: int) -> str:
        """The text from a token up to before another."""
        return self.text[self.tokens[first].start : self.tokens[last - 1].end]


class Match(msgspec.Struct, frozen=True):
    """A known name in a line."""

    first: int
    last: int  # index after the last token
    key: str
    entry: Entry


class Named(msgspec.Struct, frozen=True):
    """The names of a line: those that are read as medicines, those that are known and refused, and the words that are neither name, form, salt,
    number nor dose word."""

    medicines: list[Match]
    refused: list[Match]
    unread: tuple[str, ...]


_NO_CROSSING = re.compile(r"[;\n\r|\[\])]")
WORDS_OF_STRENGTH = frozenset(
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


def line_of(text: str, dictionary: Dictionary) -> Line:
    """A line, taken apart."""
    normal = normalise_text(text)
    tokens = tokenise(normal)
    words = [dictionary.spellings.get(t.text, t.text) for t in tokens]
    return Line(text=normal, tokens=tokens, words=words, dictionary=dictionary)


def is_number(token: str) -> bool:
    return token[0].isdigit()


def names_in(line: Line) -> Named:
    """The names of a line, sorted."""
    kept = _without_salts(_scan(line), line)
    medicines, refused = _sorted(kept, line)
    return Named(medicines, refused, _unread(kept, medicines, refused, line))


def _scan(line: Line) -> list[Match]:
    """The longest known name at each place, from left to right."""
    d, text, tokens, words = line.dictionary, line.text, line.tokens, line.words
    ordinary, forms = line.of("ordinary"), line.of("form")
    matches: list[Match] = []
    i, n = 0, len(tokens)
    while i < n:
        found: Match | None = None
        for length in range(min(longest_name(words[i], d), n - i), 0, -1):
            last = i + length
            if length > 1 and _NO_CROSSING.search(text, tokens[i].end, tokens[last - 1].start):
                continue
            apart = length > 1 and tokens[last - 1].start > tokens[last - 2].end
            if apart and is_number(words[last - 1]) and last < n:
                # "Tylenol 3 tablets" counts tablets; "vitamin D3 tablets" does not
                follower = words[last]
                if follower in ordinary or follower in forms or is_number(follower):
                    continue
            short = len(words[last - 1]) <= 2 and not is_number(words[last - 1])
            if short and last < n and is_number(words[last]) and tokens[last].start == tokens[last - 1].end:
                # "vitamin D3" is not vitamin D with a 3 left over
                continue
            key = " ".join(words[i:last])
            entry = lookup_key(key, d)
            if entry is not None:
                found = Match(i, last, key, entry)
                break
        if found is None:
            i += 1
        else:
            matches.append(found)
            i = found.last
    return matches


def _without_salts(found: list[Match], line: Line) -> list[Match]:
    """The names without single salt words that stand right behind a name and belong to it (“bumetanide potassium”)."""
    salts, kept = line.of("salt"), list[Match]()
    for m in found:
        follows = bool(kept) and kept[-1].last == m.first
        tight = follows and not line.text[line.tokens[m.first - 1].end : line.tokens[m.first].start].strip()
        if tight and m.last - m.first == 1 and m.key in salts:
            continue
        kept.append(m)
    return kept


def _sorted(kept: list[Match], line: Line) -> tuple[list[Match], list[Match]]:
    """Those that are read as medicines, and those that are known and refused."""
    strong = [m for m in kept if not m.entry.weak and m.entry.kind != "refused"]
    refused = [m for m in kept if m.entry.kind == "refused"]
    if strong and refused:
        # "HCT" behind a partner that it is sold with, as in losartan HCT, is settled by the product
        strong = sorted(strong + [m for m in refused if m.key == "hct"], key=lambda m: m.first)
        spoken = {"for", "of", "in", "due", "to"}
        refused = [m for m in refused if m.key != "hct" and not (m.first and line.words[m.first - 1] in spoken)]
    if not strong and not refused:
        weak = [m for m in kept if m.entry.weak]
        forms, salts = line.of("form"), line.of("salt")
        if len(weak) == 1 and all(
            is_number(w) or w in forms or w in WORDS_OF_STRENGTH or w in salts
            for i, w in enumerate(line.words)
            if not weak[0].first <= i < weak[0].last
        ):
            strong = weak
    return strong, refused


def _unread(kept: list[Match], medicines: list[Match], refused: list[Match], line: Line) -> tuple[str, ...]:
    """The words that nobody understood, and the names that are refused. A refused name that counts as none (“baclofen for MS”) is excused."""
    named = {i for m in (*medicines, *refused) for i in range(m.first, m.last)}
    excused = {i for m in kept if m.entry.kind == "refused" and m not in refused for i in range(m.first, m.last)}
    understood = [line.of(kind) for kind in ("ordinary", "form", "route", "release", "salt")]
    words = line.words
    return tuple(
        line.between(i, i + 1)
        for i, w in enumerate(words)
        if i not in named
        and i not in excused
        and not is_number(w)
        and (
            not any(w in kind for kind in understood)
            or (w == "not" and words[i + 1 : i + 2] not in (["to"], ["exceed"], ["exceeding"], ["more"]))
        )
    ) + tuple(line.between(m.first, m.last) for m in refused)
