"""Reads an article against the knowledge: claims that articles make, then what the formulary's own values say."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from relaxant.claims.heard import Heard, Judgement, places_named
from relaxant.claims.relations import judged
from relaxant.claims.sentences import Clause, clauses, plain_words, stands
from relaxant.claims.subjects import Names, Subjects, begins_with_a_pronoun
from relaxant.formulary.agent_page import Reference, reference
from relaxant.knowledge.claims import Claim, Verdict
from relaxant.knowledge.jurisdictions import JURISDICTIONS
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.schema import Jurisdiction


class Marked(msgspec.Struct, frozen=True, kw_only=True):
    """A statement of the article with the verdict on it. ``by`` names the claim, the rule or the values that decided."""

    line: int
    sentence: str
    about: tuple[str, ...]
    verdict: Verdict
    holds: str
    verified: bool
    by: str
    sources: tuple[Reference, ...]


class ClaimsReport(msgspec.Struct, frozen=True, kw_only=True):
    """An article as read: statements in it, those that name something the knowledge has, and what was marked."""

    statements: int
    about_something_known: int
    marked: tuple[Marked, ...]


def check_claims(text: str, knowledge: Knowledge, jurisdiction: Jurisdiction | None = None) -> ClaimsReport:
    """Marks the statements of an article. Those that name a relaxant and are decided by nothing come back as ``cannot judge``.

    ``jurisdiction`` reads statements that name no country as of one country's labels; without it as of all.
    """
    names = Names(knowledge)
    whole = plain_words(text)
    marked: list[Marked] = []
    count = known = 0
    before = Subjects()
    for clause in clauses(text):
        count += 1
        subjects = names.of(clause.words)
        if not subjects.agents and begins_with_a_pronoun(clause.words) and len(before.agents) == 1:
            subjects = msgspec.structs.replace(subjects, agents=before.agents)
        elif subjects.agents:
            before = subjects
        found = list(_judge(clause, subjects, whole, names, knowledge, jurisdiction))
        if subjects.agents or found:
            known += 1
            marked += found or [_mark(clause, subjects.agents, Judgement("cannot judge", "", "", ()), True)]
    return ClaimsReport(statements=count, about_something_known=known, marked=tuple(marked))


def _judge(
    clause: Clause,
    subjects: Subjects,
    whole: tuple[str, ...],
    names: Names,
    knowledge: Knowledge,
    jurisdiction: Jurisdiction | None,
) -> Iterator[Marked]:
    """The authored claims decide first; where none speaks, the relations of each agent that is named."""
    decided = False
    for claim in knowledge.claims.values():
        verdict = _verdict(claim, clause, subjects, whole, knowledge)
        if verdict is not None and verdict != "cannot judge":
            decided = True
            sources = tuple(reference(knowledge, s.source, s.place) for s in claim.sources)
            judgement = Judgement(verdict, claim.holds, f"claim {claim.claim}", sources)
            yield _mark(clause, subjects.agents or claim.about, judgement, claim.verified)
    if decided:
        return
    places = places_named(clause.words)
    if places == JURISDICTIONS and jurisdiction is not None:
        places = (jurisdiction,)
    heard = Heard(clause, subjects, places, knowledge)
    for agent in subjects.agents:
        for judgement in judged(heard, knowledge.agents[agent]):
            yield _mark(clause, (agent,), judgement, True)


def _verdict(
    claim: Claim, clause: Clause, subjects: Subjects, whole: tuple[str, ...], knowledge: Knowledge
) -> Verdict | None:
    words = clause.words
    if not any(a in subjects.agents if a in knowledge.agents else stands(a, words) for a in claim.about):
        return None
    if not all(any(stands(phrase, words) for phrase in group) for group in claim.says):
        return None
    verdict = claim.denied if clause.denied else claim.affirmed
    within = whole if verdict == "important omission" else words
    return None if any(stands(phrase, within) for phrase in claim.unless) else verdict


def _mark(clause: Clause, about: tuple[str, ...], judgement: Judgement, verified: bool) -> Marked:
    return Marked(
        line=clause.line,
        sentence=clause.text,
        about=about,
        verdict=judgement.verdict,
        holds=judgement.holds,
        verified=verified,
        by=judgement.by,
        sources=judgement.sources,
    )
