"""One source as a page: what it is, how much of it was seen, and which relaxants, conditions and rules cite it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.questions import SECTIONS, answers
from relaxant.report.citations import safe_url
from relaxant.report.reference.leaf import Items, Leaf, LeafPart, Paragraph, Run, Target

Citing = Mapping[str, tuple[Target, ...]]
"""The pages that cite a source, by the source's id."""


def citing(knowledge: Knowledge) -> Citing:
    """Which pages cite which source: relaxants, then conditions, then rules, each by name."""
    out: dict[str, dict[Target, None]] = {}
    for source, target in sorted(_cited(knowledge), key=lambda pair: (pair[1].kind, pair[1].name)):
        out.setdefault(source, {})[target] = None
    return {source: tuple(targets) for source, targets in out.items()}


def source_leaf(knowledge: Knowledge, name: str, cited: Citing) -> Leaf:
    """The page of a source. Raises :class:`KeyError` for an id that is no source."""
    known, words = knowledge.sources[name], knowledge.words("reference")["source"]
    seen = knowledge.words("report")["sources"]["seen"][known.seen]
    facts = [
        (words["kind"], words["kinds"][known.kind]),
        (words["publisher"], known.publisher),
        (words["dated"], known.date),
        (words["read"], known.seen_on),
        (words["seen"], seen),
        (words["jurisdictions"], ", ".join(known.jurisdiction)),
        (words["note"], known.note),
    ]
    entries = [(Run(f"{title}: {text}"),) for title, text in facts if text]
    url = safe_url(known.address)
    address = [(Run(f"{words['address']}: "), Run(url, url=url))] if url else []
    pages = tuple((Run(title_of(target, knowledge), page=target),) for target in cited.get(name, ()))
    found = Items(pages) if pages else Paragraph((Run(words["none"]),))
    return Leaf(
        target=Target("sources", name),
        title=known.title,
        lead=(Items((*entries, *address)),),
        parts=(LeafPart("cited", words["cited"], (found,)),),
    )


def title_of(target: Target, knowledge: Knowledge) -> str:
    """What a page is called."""
    match target.kind:
        case "rules":
            return knowledge.rules[target.name].title
        case "conditions":
            return knowledge.conditions[target.name].title
        case "sources":
            return knowledge.sources[target.name].title
        case _:
            return target.name


def _cited(knowledge: Knowledge) -> Iterator[tuple[str, Target]]:
    for agent in knowledge.agents.values():
        for question in SECTIONS:
            for value in answers(agent, question):
                yield value.source, Target("agents", agent.agent)
        for indication in agent.indications:
            yield indication.source, Target("conditions", indication.condition)
    for combination in knowledge.combinations.values():
        for cited in combination.sources:
            yield cited.source, Target("conditions", combination.condition)
    for rule in knowledge.rules.values():
        for cited in rule.sources:
            yield cited.source, Target("rules", rule.rule)
