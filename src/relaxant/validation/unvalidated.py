"""What is not validated, as far as the knowledge and the files of measurements tell, by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.rules import Rule
from relaxant.knowledge.schema import TIERS
from relaxant.pharmacology.cards.published import Reproduced
from relaxant.validation.exposure import Predicted
from relaxant.validation.words import Sources, bullets, count, link_within, rounded, safe, table

_READ = ("text", "mirror")  # a source that was read as a whole, or a copy of it
_IMPORTANT = "important change"
_GROUPS = (
    "agents", "roles", "labs", "allergens", "rules", "combinations", "claims", "models", "exposures", "pathways",
    "populations", "registries", "trials", "plans", "responses",
)  # fmt: skip


def section(
    knowledge: Knowledge,
    found: Mapping[str, list[Reproduced]],
    predicted: Sequence[Predicted],
    absent: Mapping[str, str] | None,
) -> list[str]:
    """What the report says first. ``absent`` are programs that were not there to be compared with; ``None`` where no file says so."""
    return [
        *_never_done(absent),
        *_of_relaxants(knowledge),
        *_of_models(knowledge, found),
        *_of_exposure(predicted, len(knowledge.exposures) - len(predicted)),
        *_of_sources(knowledge),
        *_of_scales(knowledge),
        *_of_people(knowledge),
    ]


def _never_done(absent: Mapping[str, str] | None) -> list[str]:
    programs = (
        f"No comparison of kinetics with {', '.join(f'{name} ({why})' for name, why in absent.items())} ([kinetics.txt](kinetics.txt)); the references are a NumPy recursion, SciPy, JAX and Numba loops of our own."
        if absent
        else "Which programs for kinetics were compared is not measured here: `kinetics.txt` says nothing of it."
    )
    return [
        "### What nobody has done",
        *bullets("", (
            "**No prospective use.** This repository holds no record of care in which relaxant was used.",
            "**No clinical outcome.** There is no study of falls, sedation, withdrawal, time to goal or anything else that people have with relaxant against without.",
            "**No user study.** Nobody has measured whether clinicians or patients read a review, a plan or an alert as it is meant, how long they take, or what they override.",
            "**No real patients.** Every person here was written by hand, drawn from seeded tables, or comes from the synthetic sets Eunomia and Synthea. The repository holds no review of a patient's own record, so nothing is known of how well real records are read.",
            "**No clinical review.** No review of the rules, plans and sentences by a named clinician is recorded here.",
            "**No single person's level.** Published numbers are those of groups (means, medians, typical values). No prediction for one person, before or after drug levels, was compared with that person's measured levels.",
            "**No other checker of interactions** was run on the same people. The published lists that the rules are held against are named under [alerts](#alert-load-and-precision).",
            f"**Programs not compared with.** {programs}",
        ), made=True),
    ]  # fmt: skip


def _of_relaxants(knowledge: Knowledge) -> list[str]:
    agents = list(knowledge.agents)
    drawn = {a for m in knowledge.models.values() for a in m.agents}
    tried = {arm.agent for t in knowledge.trials.values() for arm in t.arms}
    numbers = {a.agent for t in knowledge.trials.values() if t.randomised and t.results for a in t.arms}
    changed = {e.agent for e in knowledge.exposures}
    return [
        "### Relaxants",
        f"Of {count(len(agents), 'relaxant')}:",
        *bullets("", (
            f"**Without a model of their kinetics** ({len(set(agents) - drawn)}; no curve can be drawn): {_listed(agents, drawn)}.",
            f"**Without any trial in the knowledge** ({len(set(agents) - tried)}; no benefit can be pooled or compared): {_listed(agents, tried)}.",
            f"**With trials, but none that is randomised and gives a number** ({len(tried & set(agents) - numbers)}): {_listed([a for a in agents if a in tried], numbers)}.",
            f"**Without a measured change of exposure** by another medicine, smoke, genes or disease ({len(set(agents) - changed)}): {_listed(agents, changed)}.",
        ), made=True),
    ]  # fmt: skip


def _listed(names: Sequence[str], known: set[str]) -> str:
    return ", ".join(n for n in names if n not in known) or "none"


def _of_models(knowledge: Knowledge, found: Mapping[str, list[Reproduced]]) -> list[str]:
    models = knowledge.models
    only = [n for n, made in found.items() if not any(r.independent for r in made)]
    missing = {n: [r for r in made if not r.holds and not r.ours] for n, made in found.items()}
    every = [r for made in found.values() for r in made if not r.ours]
    missed = sum(map(len, missing.values()))
    return [
        "### Models",
        f"**{missed} of {len(every)} published numbers are not given back** within 0.80 to 1.25, or within the range where a range was published (in brackets computed / published; the reasons are on the pages):",
        *bullets("", (f"{_page(n, models[n].title)}, {len(rs)} of {sum(not r.ours for r in found[n])}: " + "; ".join(f"{safe(r.title)} ({rounded(r.computed / r.published)})" for r in rs) for n, rs in missing.items() if rs), made=True),
        *bullets("**No independent number at all:**", (_page(n, models[n].title) for n in only), made=True),
    ]  # fmt: skip


def _page(name: str, title: str) -> str:
    return link_within(title, f"models/{name}.md")


def _of_exposure(predicted: Sequence[Predicted], others: int) -> list[str]:
    cannot = Counter(p.reason for p in predicted if p.ratio is None)
    return [
        "### Interactions",
        f"Of {count(len(predicted), 'measured change')} of exposure by another medicine, smoke or genes the method cannot predict {sum(cannot.values())}: {'; '.join(f'{reason} ({n})' for reason, n in cannot.most_common())}. {count(others, 'measured change')} of other kinds (kidney, liver, age, food) stand outside this comparison.",
        "Effects of several medicines that add up (sedation, anticholinergic burden) have rules and no model: nothing of them is predicted or compared.",
    ]  # fmt: skip


# ---------------------------------------------------------------- sources


def _of_sources(knowledge: Knowledge) -> list[str]:
    rules = knowledge.rules.values()
    unseen = [r for r in rules if not r.verified]
    part = [r for r in rules if not _was_read(r, knowledge.sources)]
    seen = Counter(s.seen for s in knowledge.sources.values())
    rows = [(g, *_counted(getattr(knowledge, g))) for g in _GROUPS]
    titrations = [t.titration for t in knowledge.plans.titrations.values() if not t.verified]
    return [
        "### Sources",
        f"Of {count(len(knowledge.sources), 'source')} {seen['text']} were read in their own text, {seen['mirror']} in a copy or transcription; of {seen['abstract']} only the abstract, of {seen['excerpt']} only an excerpt, and {seen['not seen']} were not seen.",
        *bullets("**Rules whose content nobody has seen in the source** (`verified: false`; they may not be DANGER or CHANGE):", (f"`{r.rule}` ({r.tier})" for r in unseen), made=True),
        f"**Rules that rest on abstracts or excerpts alone** ({len(part)}):",
        *bullets("", (f"{tier}: {', '.join(f'`{r.rule}`' for r in part if r.tier == tier)}" for tier in TIERS if any(r.tier == tier for r in part)), made=True),
        f"**Starts whose steps nobody has seen in the source:** {', '.join(f'`{t}`' for t in titrations) or 'none'}.",
        "Entries of the knowledge that nobody has seen in their source, by kind; each is marked where it is shown:",
        table(("Kind", "Entries with a source", "Not seen"), [(kind, f"{every:,}", f"{no:,}") for kind, every, no in rows if every]),
    ]  # fmt: skip


def _was_read(rule: Rule, sources: Sources) -> bool:
    return any(sources[s.source].seen in _READ for s in rule.sources)


def _counted(value: Any) -> tuple[int, int]:
    found = [v.verified for v in _cited(value)]
    return len(found), found.count(False)


def _cited(value: Any) -> Iterator[Any]:
    """Every struct within that says whether it was seen in its source."""
    if isinstance(value, msgspec.Struct):
        if "verified" in value.__struct_fields__:
            yield value
        for name in value.__struct_fields__:
            yield from _cited(getattr(value, name))
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _cited(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _cited(item)


# ---------------------------------------------------------------- scales and people


def _of_scales(knowledge: Knowledge) -> list[str]:
    scales = knowledge.responses.scales.values()
    important = {s.scale: [p for p in s.properties if p.kind == _IMPORTANT] for s in scales}
    without = [s.title for s in scales if not important[s.scale]]
    unseen = [s.title for s in scales if important[s.scale] and not any(p.verified for p in important[s.scale])]
    alone = [f"{s.title} ({'; '.join(dict.fromkeys(p.population for p in important[s.scale]))})" for s in scales if important[s.scale]]  # fmt: skip
    return [
        "### Scales",
        f"**No sourced difference that matters** ({len(without)} of {len(important)}; an answer says how far it changed, never whether that matters): {safe(', '.join(without))}.",
        f"**A difference that nobody has seen in its source:** {safe(', '.join(unseen)) or 'none'}.",
        *bullets("Where there is one it belongs to the people in whom it was found and to no others:", alone),
    ]  # fmt: skip


def _of_people(knowledge: Knowledge) -> list[str]:
    out = ["### Virtual people"]
    titles = "; ".join(safe(p.title) for p in knowledge.populations.values())
    out.append(
        f"There are {count(len(knowledge.populations), 'population')}: {titles}. No other country has one. What was published of a population checks the whole of it; the groups within it (below) have no measured counterpart of their own."
    )
    for population in knowledge.populations.values():
        groups = ", ".join(g.among for g in population.among)
        limits = [f"Groups without a measured counterpart: {groups}."] if groups else []
        out += bullets(f"**{safe(population.title)}**", (*limits, *population.limits))
    rows, unseen = _counted(knowledge.registries)
    out.append(
        f"The synthetic registry (`relaxant cohort synthesize`) is built from {count(rows, 'entry/entries')}, {unseen} of them seen in no source; it has the shape of a registry and is no evidence of how often anything happens."
    )
    return out
