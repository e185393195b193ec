"""What an agent is for, a line for each condition: a condition that is licensed is not also listed as off label."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from relaxant.knowledge.agents import SUITABILITIES, Suitability
from relaxant.rules.reasons import Cited


class Suits(Protocol):
    """What an agent is to a condition, in the words of one source."""

    @property
    def condition(self) -> str: ...
    @property
    def status(self) -> Suitability: ...
    @property
    def text(self) -> str: ...
    @property
    def verified(self) -> bool: ...
    @property
    def source(self) -> Cited: ...


class Merged(msgspec.Struct, frozen=True, kw_only=True):
    """Conditions of one standing: ``texts`` of the sources that give it, ``beside`` what others say of them, all in ``sources``."""

    conditions: tuple[str, ...]
    status: Suitability
    texts: tuple[str, ...]
    beside: tuple[str, ...]
    verified: bool
    sources: tuple[Cited, ...]

    def text(self, also: str) -> str:
        """The sentences of all sources, those that do not give the standing led by ``also`` (which takes ``{text}`` and ``{more}``)."""
        own = " ".join(self.texts)
        return also.format(text=own, more=" ".join(self.beside)) if self.beside else own


def merged(suits: Sequence[Suits]) -> Iterator[Merged]:
    """A line for each condition, and one for those of which the same is said, the best supported first."""
    by: dict[str, list[Suits]] = {}
    for one in suits:
        by.setdefault(one.condition, []).append(one)
    together: dict[tuple[Suitability, tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for condition, own in by.items():
        status = min((o.status for o in own), key=SUITABILITIES.index)
        texts = tuple(dict.fromkeys(o.text for o in own if o.status == status))
        beside = tuple(dict.fromkeys(o.text for o in own if o.status != status))
        together.setdefault((status, texts, beside), []).append(condition)
    for (status, texts, beside), conditions in together.items():
        said = [o for c in conditions for o in by[c]]
        yield Merged(
            conditions=tuple(conditions),
            status=status,
            texts=texts,
            beside=beside,
            verified=all(o.verified for o in said),
            sources=tuple({(o.source.id, o.source.place): o.source for o in said}.values()),
        )
