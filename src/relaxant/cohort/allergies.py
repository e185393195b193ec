"""Allergies as a registry names them: “Allergy to penicillin”, “Latex allergy”, or a question with what to as its answer."""

from __future__ import annotations

import re
from typing import Literal

from relaxant.patient import Allergy, Code

_HOW = r"(?P<how>allerg(?:y|ic\s+reaction)|hypersensitivity|anaphyla(?:xis|ctic\s+reaction)|intolerance)"
_END = r"(?:\s+\((?:finding|disorder|situation)\))?"
_TO = re.compile(rf"(?:(?:personal\s+)?history\s+of\s+|h/o:?\s+)?(?:(?:drug|food|environmental)\s+)?{_HOW}(?:\s+status)?\s+(?:to|due\s+to|caused\s+by)\s+(?P<to>.+?){_END}", re.I)  # fmt: skip
_OF = re.compile(
    rf"(?!no\b|not\b|family|suspected|history|negative|seasonal)(?:h/o:?\s+)?(?P<to>.+?)\s+{_HOW}{_END}", re.I
)
_KINDS = frozenset(
    {"drug", "drugs", "drug or medicament", "food", "substance", "medication", "medicine", "environment", "other"}
)
_QUESTIONS = frozenset({"48765-2", "52473-6"})
"""LOINC: allergies and adverse reactions; the allergy, of which the answer says to what."""


_STATUS = {"Z88.0": "penicillin", "Z88.2": "sulfonamides", "Z91.011": "milk", "Z91.012": "eggs", "Z91.040": "latex"}
"""ICD-10-CM: what the codes of an allergy status that name it are of; the others of Z88 and Z91.0 do not name it."""


def asks_for_allergies(code: str | None) -> bool:
    """Whether a code is that of a question for allergies.

    >>> asks_for_allergies("48765-2")
    True
    """
    return code in _QUESTIONS


def allergy_of(words: str | None, code: str | None, answer: str | None = None, codes: tuple[Code, ...] = ()) -> Allergy | Literal["unnamed"] | None:  # fmt: skip
    """The allergy that words, or a question with its answer and the answer's codes, tell of; ``unnamed`` where they do not say to what, ``None``
    where they tell of none.

    >>> allergy_of("Allergy to penicillin", None)
    Allergy(to='penicillin', reaction=None, kind='allergy', codes=())
    >>> allergy_of("Allergy to drug", None, "baclofen")
    Allergy(to='baclofen', reaction=None, kind='allergy', codes=())
    """
    named = _TO.fullmatch(words or "") or _OF.fullmatch(words or "")
    if named is None and code not in _QUESTIONS:
        return _by_status(code or "")
    kind: Literal["allergy", "intolerance"] = "allergy"
    if named and named["how"].casefold() == "intolerance":
        kind = "intolerance"
    to = named["to"].strip() if named else ""
    if to and to.casefold() not in _KINDS:
        return Allergy(to=to, kind=kind)
    return Allergy(to=answer, kind=kind, codes=codes) if answer else "unnamed"


def _by_status(code: str) -> Allergy | Literal["unnamed"] | None:
    to = _STATUS.get(code)
    return Allergy(to=to) if to else "unnamed" if code.startswith(("Z88.", "Z91.0")) else None
