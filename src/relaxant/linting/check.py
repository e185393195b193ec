"""``relaxant lint``: what is wrong with a knowledge pack, found by reading it and by running every rule's cases.

Anyone can run it on their own pack: it is laid over the shipped knowledge and the whole is checked.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Container, Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

import msgspec

from relaxant.errors import KnowledgeError, meant
from relaxant.knowledge.load import Knowledge, load_knowledge, read_packs
from relaxant.knowledge.parts import cited_parts
from relaxant.knowledge.prose import faults_of_prose
from relaxant.linting.overlays import File, done_by, faults_of_overlay, faults_of_words, files_of, rules_touched
from relaxant.linting.partners import faults_of_partners
from relaxant.linting.places import in_its_file, placed
from relaxant.medicines.dictionary import lookup_name
from relaxant.medicines.local import dictionary_of, faults_of_names, unknown
from relaxant.quantities import unit

UNCITED = "nothing cites it; remove it or cite it"
_CASE = re.compile(r"rules (.+), case “")


class Fault(msgspec.Struct, frozen=True):
    """What is wrong, and where."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def lint(*packs: str) -> list[Fault]:
    """Every fault of the shipped knowledge with these packs laid over it; empty when it is sound."""
    return check(*packs).faults


class Checked(NamedTuple):
    """What is wrong with packs, and what they do in words."""

    faults: list[Fault]
    does: list[str]


def check(*packs: str) -> Checked:
    """Every fault of the shipped knowledge with these packs laid over it, and what the packs add, replace, silence and change of it."""
    faults: list[Fault] = []
    does: list[str] = []
    below = load_knowledge() if packs else None
    for number in range(1, len(packs) + 1):
        try:
            knowledge = read_packs(*packs[:number])
        except KnowledgeError as error:
            return Checked(_in_their_files([*faults, *(Fault(*_parted(fault)) for fault in error.faults)], packs), does)
        if below is not None:
            files = files_of(packs[number - 1])
            replaced = knowledge.replaced[len(below.replaced) :]
            faults += [Fault(where, what) for where, what in faults_of_overlay(files, below, replaced)]
            faults += [Fault(where, what) for where, what in faults_of_words(packs[number - 1], below)]
            does.append(done_by(knowledge.packs[-1], files, replaced))
        below = knowledge
    if below is None:
        return Checked(lint_knowledge(load_knowledge()), [])
    whole, shipped = below, load_knowledge()
    files_of_all = [file for pack in packs for file in files_of(pack)]
    for fault in lint_knowledge(whole, shipped, rules_touched(files_of_all, whole, shipped)):
        if _is_ours(fault, whole, shipped):
            continue
        if (rule := _case_of(fault)) is not None and whole.rules[rule] == shipped.rules.get(rule):
            does.append(f"with it a case of ours comes out otherwise: {fault.where}: {fault.what.partition(';')[0]}")
            continue
        faults.append(fault)
    return Checked(_in_their_files(faults, packs), does)


def _in_their_files(faults: Iterable[Fault], packs: Iterable[str]) -> list[Fault]:
    """Faults with the file and the line before the place, where a pack has it."""
    files = list[File]()
    for pack in packs:
        with contextlib.suppress(KnowledgeError):  # what cannot be read has its lines already
            files += files_of(pack)
    known = placed(files)
    return [Fault(in_its_file(fault.where, fault.what, known, files), fault.what) for fault in faults]


def _parted(fault: str) -> tuple[str, str]:
    where, _, what = fault.partition(": ")
    return where, what


def _case_of(fault: Fault) -> str | None:
    """The rule of which a case does not come out as it says; nothing for any other fault."""
    match = _CASE.match(fault.where)
    return match[1] if match else None


def _is_ours(fault: Fault, whole: Knowledge, shipped: Knowledge) -> bool:
    """Whether a pack cannot be asked to mend it: what a source of ours was cited by is gone, or a label that we found silent is added to."""
    kind, _, key = fault.where.partition(" ")
    if kind == "sources":
        return fault.what == UNCITED and key in shipped.sources and whole.sources[key] == shipped.sources[key]
    return kind == "agents" and key in whole.changed and key in shipped.agents and fault.what.startswith("coverage ")


def lint_knowledge(
    knowledge: Knowledge, sound: Knowledge | None = None, cases: Container[str] | None = None
) -> list[Fault]:
    """Every fault of one knowledge. Models and populations that are those of a ``sound`` one are not computed again; with ``cases`` the cases of
    these rules alone are run."""
    from relaxant.linting.agents import faults_of_agents
    from relaxant.linting.block import faults_of_blocks
    from relaxant.linting.cases import faults_of_cases
    from relaxant.linting.conditions import faults_of_conditions
    from relaxant.linting.exposure import (
        faults_of_exposure,  # here, so that a review does not load what it does not use
    )
    from relaxant.linting.models import faults_of_models
    from relaxant.linting.news import faults_of_news
    from relaxant.linting.plans import faults_of_plans
    from relaxant.linting.registries import faults_of_registries
    from relaxant.linting.responses import faults_of_responses
    from relaxant.linting.rules import faults_of_rule
    from relaxant.linting.scales import faults_of_scales
    from relaxant.linting.trials import faults_of_trials
    from relaxant.pharmacology.cards.soundness import faults_of
    from relaxant.pharmacology.people.people_soundness import faults_of_people

    faults = [
        *_citations(knowledge),
        *(Fault(*fault) for fault in faults_of_partners(knowledge)),
        *_measures(knowledge),
    ]
    faults += [Fault(where, what) for where, what in faults_of_agents(knowledge)]
    faults += [Fault(where, what) for where, what in faults_of_conditions(knowledge)]
    faults += [Fault(where, what) for where, what in faults_of_names(knowledge)]
    faults += _combinations(knowledge)
    faults += _claims(knowledge)
    faults += [Fault(where, what) for where, what in faults_of_exposure(knowledge)]
    faults += [Fault(where, what) for where, what in faults_of_plans(knowledge)]
    faults += [Fault(where, what) for where, what in faults_of_blocks(knowledge)]
    faults += [Fault(where, what) for where, what in faults_of_news(knowledge)]
    faults += [Fault(where, what) for where, what in faults_of_scales(knowledge)]
    faults += [Fault(where, what) for where, what in faults_of_responses(knowledge)]
    faults += [Fault(where, what) for where, what in faults_of_trials(knowledge)]
    faults += [Fault(where, what) for where, what in faults_of_registries(knowledge)]
    faults += [Fault(where, what) for where, what in faults_of_models(knowledge, sound)]
    for model in knowledge.models.values():
        if sound is None or sound.models.get(model.model) != model:
            faults += [Fault(where, what) for where, what in faults_of(model)]
    for population in knowledge.populations.values():
        if sound is None or sound.populations.get(population.population) != population:
            faults += [Fault(where, what) for where, what in faults_of_people(population)]
    for rule in knowledge.rules.values():
        faults += [Fault(where, what) for where, what in faults_of_rule(rule, knowledge)]
    if not any(_stops_the_cases(f) for f in faults):
        faults += [Fault(where, what) for where, what in faults_of_cases(knowledge, cases)]
    return faults


def _stops_the_cases(fault: Fault) -> bool:
    """Whether rules could not even be compiled or tested with this fault in the pack."""
    return ".when" in fault.where or any(
        words in fault.what
        for words in (
            "there is no",
            "is not known",
            "a dose is not in",
            "a predicate",
            "the dictionary does not know",
            "does not fit an agent",
        )
    )


# ---------------------------------------------------------------- citations


def _resolved(found: Iterable[tuple[str, Any]], knowledge: Knowledge, used: set[str]) -> Iterator[Fault]:
    """What is wrong with citations; the sources that they name are added to ``used``."""
    for where, cited in found:
        used.add(cited.source)
        if cited.source not in knowledge.sources:
            would = meant(cited.source, knowledge.sources) or "write it under `sources:`"
            yield Fault(where, f"there is no source “{cited.source}”; {would}")
        if not (cited.place or "").strip():
            yield Fault(where, "the place in the source is missing; write `place:` with its section, table or page")


def _citations(knowledge: Knowledge) -> Iterator[Fault]:
    used: set[str] = set()
    for kind in (
        "agents",
        "roles",
        "conditions",
        "labs",
        "allergens",
        "policies",
        "rules",
        "combinations",
        "claims",
        "models",
        "populations",
        "trials",
    ):
        for key, entry in getattr(knowledge, kind).items():
            yield from _resolved(cited_parts(entry, f"{kind} {key}"), knowledge, used)
    for held in (knowledge.plans, knowledge.responses, knowledge.registries):
        for kind in held.__struct_fields__:
            for key, entry in getattr(held, kind).items():
                yield from _resolved(cited_parts(entry, f"{kind} {key}"), knowledge, used)
    for one in knowledge.silenced:
        yield from _resolved([(f"silences {one.silence.rule}", one.silence)], knowledge, used)
    for name in knowledge.medicine_names:
        yield from _resolved([(f"medicine_names {name.name}", name)], knowledge, used)
    used |= {e.source for e in knowledge.exposures} | {c.source for _, c in cited_parts(knowledge.pathways, "pathways")}
    used |= EQUATION_SOURCES
    for source in sorted(set(knowledge.sources) - used):
        yield Fault(f"sources {source}", UNCITED)
    for source in sorted(EQUATION_SOURCES - set(knowledge.sources)):
        yield Fault(f"sources {source}", "an equation cites it and it is missing")
    for known in knowledge.sources.values():
        if known.date and known.date[:10] > date.today().isoformat()[: len(known.date)]:  # noqa: DTZ011 - a day is all that is asked
            yield Fault(f"sources {known.id}", f"its date, {known.date}, is still to come")
        if not known.date and not known.seen_on:
            yield Fault(
                f"sources {known.id}", "a source has its date, or the day it was seen on; write `date:` or `seen_on:`"
            )
        if known.kind != "policy" and not (known.url or known.doi or known.publisher):
            yield Fault(
                f"sources {known.id}",
                "a source has a url, a doi or at least a publisher; write `url:`, `doi:` or `publisher:`",
            )
        if known.url and not known.url.startswith(("https://", "http://")):
            yield Fault(f"sources {known.id}", "the url is not one")


EQUATION_SOURCES = frozenset(
    {
        "devine-1974",
        "winter-2012",
        "janmahasatian-2005",
        "mosteller-1987",
        "kdigo-aki-2012",
        "kdigo-ckd-2024",
        "ckd-epi-cystatin-2012",
        "ckd-epi-2021",
        "cockcroft-gault-1976",
        "child-pugh-1973",
        "cdc-opioid-2022",
        "bnfc-renal-2018",
    }
)
"""Sources that the equations of ``facts`` name."""


# ---------------------------------------------------------------- agents, partners, measures


def _of_prose(where: str, texts: Iterable[str]) -> Iterator[Fault]:
    yield from (Fault(where, what) for text in texts for what in faults_of_prose(text))


def _combinations(knowledge: Knowledge) -> Iterator[Fault]:
    dictionary = dictionary_of(knowledge)
    for known in knowledge.combinations.values():
        where = f"combinations {known.combination}"
        if known.condition not in knowledge.conditions:
            yield Fault(where, f"there is no condition “{known.condition}”")
        for agent in known.agents:
            if agent not in knowledge.agents:
                yield Fault(where, f"there is no agent “{agent}”")
        for role in known.roles:
            if role not in knowledge.roles:
                yield Fault(where, f"there is no role “{role}”")
        for partner in known.partners:
            if lookup_name(partner, dictionary) is None:
                yield Fault(where, unknown(partner, dictionary))
        if not known.sources:
            yield Fault(where, "a combination has a source")
        yield from _of_prose(where, (known.used_for, known.benefit, known.harm))


def _claims(knowledge: Knowledge) -> Iterator[Fault]:
    for claim in knowledge.claims.values():
        where = f"claims {claim.claim}"
        if not claim.about or not claim.says or not all(claim.says):
            yield Fault(where, "it says whom it is about and what is said")
        if claim.affirmed == "cannot judge":
            yield Fault(where, "a claim without a verdict is left out")
        if not claim.sources:
            yield Fault(where, "a claim has a source")
        for phrase in (*claim.about, *(p for group in claim.says for p in group), *claim.unless):
            if phrase != phrase.lower() and phrase not in knowledge.agents:
                yield Fault(where, f"“{phrase}” is not in lower case and would never be heard")
        yield from _of_prose(where, (claim.holds,))


def _measures(knowledge: Knowledge) -> Iterator[Fault]:
    for lab in knowledge.labs.values():
        where = f"labs {lab.lab}"
        if lab.plausible_low >= lab.plausible_high:
            yield Fault(where, "plausible_low is not below plausible_high")
        if lab.unit and lab.unit != "1" and unit(lab.unit) is None:
            yield Fault(where, f"the unit “{lab.unit}” is not known")
        if lab.valid_days <= 0 or not lab.valid_reason.strip():
            yield Fault(where, "a value's time of validity is above nought and has a reason")
    for policy in knowledge.policies.values():
        if not policy.reason.strip() or not policy.unit.strip():
            yield Fault(f"policies {policy.policy}", "a policy has a unit and a reason")
