"""Known names close to a misspelt one: offered back, never taken.

A name is compared with thousands. Those that cannot be close are left out first, by the letters that they are made of: a letter that one of two names
has more of than the other costs at least one edit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from relaxant.medicines.dictionary import Dictionary, known_names, look_alikes, open_dictionary
from relaxant.medicines.spelling import name_key

__all__ = ["MOST_SEARCHED", "Suggestion", "long_enough", "parts_of", "possible_medicines", "suggest"]

MOST_SEARCHED = 400
"""Names of one person's medicines, and of the allergies, that are compared with all known ones; the line that reaches it is the last that is searched.
Each takes as long as reading a line that is known, and a list with so many that are not is no list of medicines."""
_MOST_WORDS = 12  # of a line in which no name is known
_MOST_BESIDE = 40  # words beside a name that is known
_LEAST = 4  # letters
_CLOSE = 0.66  # share of the letters that agree
_KINDS_OF_LETTER = 28  # a to z, the space, all others
_SPACE, _OTHER = 26, 27

Counts = npt.NDArray[np.int16]


class Suggestion(msgspec.Struct, frozen=True):
    """A known name close to what was written, with a confidence from 0 to 1; to be asked, never assumed."""

    name: str
    confidence: float


class _Offered(msgspec.Struct, frozen=True):
    """The names that can be offered, short ones first: ``labels`` by name; ``places`` in the order of the alphabet; ``lengths`` of shape (names,) and
    ``counts`` of each kind of letter, of shape (kinds, names)."""

    names: list[str]
    labels: dict[str, str]
    places: npt.NDArray[np.int64]
    lengths: Counts
    counts: Counts


_MADE: deque[tuple[Dictionary, _Offered]] = deque(maxlen=2)
"""The shipped dictionary's, and that of the packs in use: each is made once."""


def _offered(dictionary: Dictionary) -> _Offered:
    made = next((offered for known, offered in _MADE if known is dictionary), None)
    if made is None:
        made = _made(dictionary)
        _MADE.append((dictionary, made))
    return made


def _made(dictionary: Dictionary) -> _Offered:
    pairs = known_names(dictionary)
    order = sorted(range(len(pairs)), key=lambda i: (len(pairs[i][0]), i))
    names = [pairs[i][0] for i in order]
    return _Offered(
        names=names,
        labels=dict(pairs),
        places=np.array(order),
        lengths=np.array([len(name) for name in names], np.int16),
        counts=np.array([_letters(name) for name in names], np.int16).T.copy(),
    )


def _letters(name: str) -> list[int]:
    """How many it has of each kind of letter."""
    out = [0] * _KINDS_OF_LETTER
    for letter in name:
        out[ord(letter) - ord("a") if "a" <= letter <= "z" else _SPACE if letter == " " else _OTHER] += 1
    return out


def _may_be_close(word: str, offered: _Offered) -> dict[int, str]:
    """The names that a word may be close to, in the order of the alphabet."""
    lengths, size = offered.lengths, len(word)
    first = int(np.searchsorted(lengths, _CLOSE * size - 1e-9))
    last = int(np.searchsorted(lengths, size / _CLOSE + 1e-9, "right"))
    lengths = lengths[first:last]
    own = np.array(_letters(word), np.int16)[:, None]
    more = np.maximum(offered.counts[:, first:last] - own, 0).sum(0)
    edits = np.maximum(more, more - lengths + size)  # at least so many
    (close,) = np.nonzero(edits <= (1 - _CLOSE) * np.maximum(lengths, size) + 1e-9)
    found = [(int(offered.places[first + i]), offered.names[first + i]) for i in close]
    return dict(sorted(found))


def suggest(text: str, dictionary: Dictionary | None = None, most: int = 5) -> tuple[Suggestion, ...]:
    """Known names close to a misspelt one, best first, with every look-alike of the best beside it.

    The confidence is the share of letters that agree (Damerau-Levenshtein); it is held to 0.5 when two
    names that are known to be mistaken for each other, or two close candidates, both fit. Nothing here is
    ever taken as read.
    """
    try:
        from rapidfuzz import process
        from rapidfuzz.distance import DamerauLevenshtein
    except ImportError:  # the offer is a courtesy: without the library nothing is offered
        return ()
    d = dictionary or open_dictionary()
    offered = _offered(d)
    windows = parts_of(text, d)
    score: dict[str, float] = {}
    for window in windows:
        for key, value, _ in process.extract(
            window,
            _may_be_close(window, offered),
            scorer=DamerauLevenshtein.normalized_similarity,
            limit=8,
            score_cutoff=_CLOSE,
        ):
            score[key] = max(score.get(key, 0.0), float(value))
    if not score:
        return ()
    best = sorted(score, key=lambda k: (-score[k], k))[:most]
    partners: dict[str, float] = {}
    for key in best[:2]:
        for other in look_alikes(key, d):
            value = max(DamerauLevenshtein.normalized_similarity(w, other) for w in windows)
            partners[other] = max(value, partners.get(other, 0.0))
    own = {**partners, **{k: score[k] for k in best}}
    ranked = sorted(own, key=lambda k: (-own[k], k))
    first = ranked[0]
    rivals = set(look_alikes(first, d))
    doubtful = any(own[k] >= own[first] - 0.06 or (k in rivals and own[k] >= 0.5) for k in ranked[1:])
    return tuple(
        Suggestion(offered.labels.get(k, k), round(min(own[k], 0.5) if doubtful else own[k], 2))
        for k in ranked[: most + 3]
    )


def parts_of(text: str, dictionary: Dictionary | None = None) -> tuple[str, ...]:
    """The words of a text, alone and two and three together, that :func:`suggest` compares with the known names."""
    d = dictionary or open_dictionary()
    skip = d.words.get("ordinary", {}).keys() | d.words.get("form", {}).keys() | d.words.get("salt", {}).keys()
    words = [w for w in name_key(text[:200], d.spellings).split() if not w[0].isdigit()][:_MOST_WORDS]
    parts: dict[str, None] = {}
    for size in (1, 2, 3):
        for i in range(len(words) - size + 1):
            part = words[i : i + size]
            if any(w in skip for w in part) and size > 1:
                continue
            joined = " ".join(part)
            if len(joined) >= _LEAST and joined not in skip:
                parts[joined] = None
    return tuple(parts)


def long_enough(words: Sequence[str]) -> tuple[str, ...]:
    """Those words of a line, beside the name that was read, that may be a name."""
    return tuple(word for word in words if len(word) >= _LEAST)


def possible_medicines(
    words: Sequence[str], dictionary: Dictionary | None = None, *, search: bool = True
) -> tuple[tuple[str, tuple[Suggestion, ...]], ...]:
    """Which unread words of a line may be a second, misspelt medicine, each with the names close to it. Those that were not compared with any, without
    ``search`` or beyond the first forty, may be: each with none."""
    found, able = [], long_enough(words)
    most = _MOST_BESIDE if search else 0
    for word in able[:most]:
        if (near := suggest(word, dictionary, 3)) and near[0].confidence >= 0.5:
            found.append((word, near))
    return (*found, *((word, ()) for word in able[most:]))
