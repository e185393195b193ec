"""Two to four relaxants side by side: what each is, what trials say of them, and what differs for one person."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from relaxant.evidence.compared_trials import Evidence, evidence
from relaxant.evidence.named import agents_compared
from relaxant.evidence.person import Persons, for_person
from relaxant.evidence.profile import Profile, profile
from relaxant.io.patient_file import read_country
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.knowledge.schema import Jurisdiction
from relaxant.patient import Patient, jurisdiction_of
from relaxant.plain import as_json
from relaxant.planning.plan import Told
from relaxant.rules.reasons import cited
from relaxant.version import __version__

_SEVERAL = 2


class MadeWith(msgspec.Struct, frozen=True, kw_only=True):
    """Which engine and knowledge spoke."""

    engine: str
    knowledge_date: str
    knowledge_sha256: str


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Relaxants side by side, most important first; JSON is its exact image. ``person`` is null where no patient was given. ``units_apart`` says so
    where the doses of several are counted in units that are each one's own."""

    stamp: MadeWith
    country: str
    jurisdiction: Jurisdiction
    agents: tuple[str, ...]
    label: str | None
    as_of: str | None
    units_apart: Told | None
    person: Persons | None
    profiles: tuple[Profile, ...]
    evidence: Evidence


def compare(
    agents: Sequence[str],
    *,
    patient: Patient | None = None,
    country: str | None = None,
    knowledge: Knowledge | None = None,
) -> Comparison:
    """Compares two to four relaxants, by name or brand, under the labels of a country: the patient's own, else ``country`` (US if left out).

    Raises :class:`relaxant.errors.InputError` for names that are no relaxants, the same one twice, fewer than two and more than four.

    >>> made = compare(["baclofen", "Zanaflex"])
    >>> made.agents, made.evidence.pairs[0].trials
    (('baclofen', 'tizanidine'), 6)
    """
    known = knowledge or load_knowledge()
    chosen = agents_compared(agents, known)
    where = patient.country if patient is not None else read_country(country)
    labels = jurisdiction_of(where)
    profiles = tuple(profile(agent, where, labels, known) for agent in chosen)
    return Comparison(
        stamp=MadeWith(engine=__version__, knowledge_date=known.date, knowledge_sha256=known.sha256),
        country=where,
        jurisdiction=labels,
        agents=chosen,
        label=patient.label if patient is not None else None,
        as_of=patient.as_of.isoformat() if patient is not None else None,
        units_apart=_units_apart(chosen, known),
        person=for_person(patient, chosen, known) if patient is not None else None,
        profiles=profiles,
        evidence=evidence(chosen, known, {p.agent: p.name for p in profiles}),
    )


def _units_apart(agents: Sequence[str], knowledge: Knowledge) -> Told | None:
    """What the knowledge says of units, where two of the agents or more are dosed in them."""
    words = knowledge.words("compare")["units"]
    if sum(knowledge.agents[a].dose_unit == words["unit"] for a in agents) < _SEVERAL:
        return None
    claim = knowledge.claims[words["claim"]]
    first = claim.sources[0]
    return Told(text=claim.holds, verified=claim.verified, source=cited(knowledge, first.source, first.place))


def to_json(comparison: Comparison) -> bytes:
    """The comparison as JSON, indented, keys in a fixed order, ending in a newline."""
    return as_json(comparison)
