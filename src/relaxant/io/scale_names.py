"""Which scale words or a code name: by title, name, id, LOINC or SNOMED CT code; with the site where it stands in the words."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from relaxant.io.said import fold
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.scales import Scale

SYSTEMS = ("LOINC", "SNOMED CT")
_DASHES = str.maketrans("‐‑‒–—−’", "------'")
_SIDE = re.compile(r"\b(?:left|right|both|bilateral|lt|rt|l|r)\b")
_BETWEEN = " ,;:()[]/-"
_LIKE = re.compile(
    r"\b(?:scales?|scores?|rating|graded?|nrs|spastic\w*|spasms?|stiffness|ashworth|tardieu|barthel|goal attainment|mri|magnetic resonance|lesions?|"
    r"neurofilament|s?nfl|gfap)\b"
)
_LIKE_TONE = re.compile(
    r"\b(?:spastic\w*|spasms?|stiffness|ashworth|tardieu|mri|magnetic resonance|neurofilament|s?nfl|gfap)\b"
)


class Named(msgspec.Struct, frozen=True):
    """A scale, and the site where the words held it."""

    scale: Scale
    site: str | None = None


class ScaleNames(msgspec.Struct, frozen=True):
    """The names and codes of scales, folded. ``proper``: those that a record may use. There, where nobody asked for a scale, a word such as
    ``falls`` may mean anything: a scale whose title is common words is known by two words or more, and by its codes."""

    names: dict[str, Scale]
    proper: dict[str, Scale]
    codes: dict[str, Scale]
    seen: dict[bytes, tuple[Named | None, str | None]] = {}
    """What codes of records came to, by their bytes: a scale, or words that look like one and are none."""

    def by_words(self, words: str, *, record: bool = False) -> Named | None:
        """The scale that words name, whole, or with a site of one side after them (``MAS left elbow flexors``)."""
        names = self.proper if record else self.names
        said = plain(words)
        if (scale := names.get(said)) is not None:
            return Named(scale)
        for name in _starts(said):
            scale = names.get(name)
            site = said[len(name) :].strip(_BETWEEN)
            if scale is not None and scale.sided and has_side(site):
                return Named(scale, site)
        return None

    def by_code(self, code: str | None) -> Scale | None:
        """The scale of a LOINC or SNOMED CT code."""
        return self.codes.get(code.strip()) if code else None


def plain(words: str) -> str:
    """Words for comparison: folded, with one kind of dash and apostrophe, an underscore as a space."""
    return fold(words.translate(_DASHES).replace("_", " "))


def looks_like_one(words: str, *, coded: bool = False) -> bool:
    """Whether words look like a scale, a marker or an MRI. ``coded``: a standard code says what it is, so that a word such as score is not enough."""
    return (_LIKE_TONE if coded else _LIKE).search(plain(words)) is not None


def has_side(words: str) -> bool:
    """Whether words say left, right or both."""
    return _SIDE.search(plain(words)) is not None


def names_of(scales: Mapping[str, Scale]) -> ScaleNames:
    """The names and codes of scales."""
    names: dict[str, Scale] = {}
    proper: dict[str, Scale] = {}
    codes: dict[str, Scale] = {}
    for scale in scales.values():
        for name in map(plain, (scale.title, *scale.names)):
            names.setdefault(name, scale)
            if " " in name or scale.title != scale.title.lower():
                proper.setdefault(name, scale)
        codes.update(dict.fromkeys((*scale.loinc, *scale.snomed), scale))
    for scale in scales.values():  # an id gives way to what a scale is called
        for name in map(plain, (scale.scale, scale.scale.replace("-", " "))):
            names.setdefault(name, scale)
            if " " in name or "-" in name:
                proper.setdefault(name, scale)
    return ScaleNames(names=names, proper=proper, codes=codes)


_KNOWN: dict[str, ScaleNames] = {}


def scale_names(knowledge: Knowledge) -> ScaleNames:
    """The names of a knowledge's scales, indexed once."""
    known = _KNOWN.get(knowledge.sha256)
    if known is None:
        known = _KNOWN[knowledge.sha256] = names_of(knowledge.responses.scales)
    return known


def _starts(said: str) -> list[str]:
    """The beginnings of words that end where a word does, longest first."""
    return [said[: m.start()].rstrip(_BETWEEN) for m in re.finditer(r"[\s,;:(\[/-]", said)][::-1]
