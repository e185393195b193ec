"""Statements that articles make, and what is known of them."""

from __future__ import annotations

from typing import Literal

from relaxant.knowledge.schema import Frozen, SourceRef

Verdict = Literal[
    "contradicted",
    "supported",
    "depends on the country",
    "term has two meanings",
    "important omission",
    "cannot judge",
]


class Claim(Frozen, frozen=True, kw_only=True, gc=False):
    """A statement that articles make, and what is known of it.

    ``about`` names agents (every name and brand of them counts) or plain phrases; one of them must stand in the sentence, or be what
    the sentence's pronoun means. Every group of ``says`` must be met by one of its phrases; a phrase is whole words in order, ``*`` ends
    a word openly, ``...`` lets up to six words pass. A phrase of ``unless`` anywhere in the text takes an ``important omission`` back,
    anywhere in the sentence any other verdict. ``affirmed`` is the verdict on the statement, ``denied`` on its negation; ``holds`` says what is so.
    """

    claim: str
    about: tuple[str, ...]
    says: tuple[tuple[str, ...], ...]
    unless: tuple[str, ...] = ()
    affirmed: Verdict
    denied: Verdict = "cannot judge"
    holds: str
    verified: bool = True
    sources: tuple[SourceRef, ...]
