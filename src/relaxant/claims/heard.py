"""A clause as it is set against the formulary, and the verdict that comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from relaxant.claims.sentences import Clause, stands
from relaxant.claims.subjects import Subjects
from relaxant.formulary.agent_page import Reference, reference
from relaxant.knowledge.agents import Agent
from relaxant.knowledge.claims import Verdict
from relaxant.knowledge.jurisdictions import JURISDICTIONS
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.schema import Cited, Jurisdiction
from relaxant.quantities import plain_number

_PLACES: dict[str, Jurisdiction] = {
    "us": "US", "usa": "US", "united states": "US", "united kingdom": "UK", "great britain": "UK", "european union": "EU", "america": "US", "american": "US", "fda": "US", "uk": "UK", "britain": "UK", "british": "UK", "mhra": "UK",
    "eu": "EU", "europe": "EU", "european": "EU", "ema": "EU", "germany": "EU", "german": "EU",
}  # fmt: skip


class Judgement(msgspec.Struct, frozen=True):
    """A verdict on a clause, what is so, by which relation or claim it was reached, and the sources."""

    verdict: Verdict
    holds: str
    by: str
    sources: tuple[Reference, ...]


class Heard(msgspec.Struct, frozen=True):
    """A clause as the relations see it: its words, whom it names, and whose labels it speaks of."""

    clause: Clause
    subjects: Subjects
    jurisdictions: tuple[Jurisdiction, ...]
    knowledge: Knowledge

    def is_about(self, agent: Agent) -> bool:
        """Whether the agent is the one that the clause names first: what it says of the kind or the company is said of that one."""
        return self.subjects.agents[0] == agent.agent

    def says(self, *phrases: str) -> bool:
        """Whether any of these phrases stands in the clause."""
        return any(stands(phrase, self.clause.words) for phrase in phrases)

    def hears(self, *kinds: str) -> bool:
        """Whether a phrase of one of these kinds (``wording/en/claims.yaml``) stands in the clause."""
        heard = self.knowledge.words("claims")["heard"]
        return any(self.says(*heard[kind]) for kind in kinds)

    def holds(self, kind: str, **slots: object) -> str:
        """What is so, in the words of the language."""
        return str(self.knowledge.words("claims")["holds"][kind]).format(**slots)

    def where(self, value: Cited) -> str:
        """The labels that a value is of, in brackets."""
        return self.holds("where", places=", ".join(value.jurisdiction)) if value.jurisdiction else ""

    def listed(self, kind: str, values: Sequence[Cited], **names: str) -> str:
        """Some values, each once, in the words of ``kind``; ``names`` maps a slot to the attribute that fills it."""
        said = dict.fromkeys(
            self.holds(kind, where=self.where(v), **{slot: _plain(getattr(v, name)) for slot, name in names.items()})
            for v in values
        )
        return "; ".join(said)

    def cite(self, values: Sequence[Cited]) -> tuple[Reference, ...]:
        """The sources of some values, each once."""
        refs = {(v.source, v.place): None for v in values}
        return tuple(reference(self.knowledge, source, place) for source, place in refs)


def places_named(words: Sequence[str]) -> tuple[Jurisdiction, ...]:
    """The jurisdictions that a clause names; all where it names none."""
    pairs = [f"{a} {b}" for a, b in pairwise(words)]
    named = tuple(dict.fromkeys(_PLACES[w] for w in (*words, *pairs) if w in _PLACES))
    return named or JURISDICTIONS


def by_label(answers: dict[Jurisdiction, bool]) -> Verdict | None:
    """One verdict of what the labels of several jurisdictions say of the same statement."""
    if not answers:
        return None
    if all(answers.values()):
        return "supported"
    return "depends on the country" if any(answers.values()) else "contradicted"


def turned(verdict: Verdict, denied: bool) -> Verdict:
    """The verdict on the denial of a statement."""
    return {"supported": "contradicted", "contradicted": "supported"}.get(verdict, verdict) if denied else verdict  # type: ignore[return-value]


def _plain(value: object) -> str:
    return plain_number(value) if isinstance(value, float) else str(value)
