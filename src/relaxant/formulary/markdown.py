"""The pages of the formulary as Markdown: one file an agent, one a rule, one a condition, and an index with the coverage of every question."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from relaxant.formulary.condition_page import conditions_spoken_of
from relaxant.formulary.leaves import agent_leaf, condition_leaf, index_leaf, rule_leaf
from relaxant.formulary.source_leaf import citing, source_leaf
from relaxant.knowledge.load import Knowledge
from relaxant.report.reference.leaf import Items, Leaf, Run, Target, slug
from relaxant.report.reference.leaf_markdown import leaf_markdown

_MADE = "<!-- Made by `python tools/formulary.py` from the knowledge; edit that instead. -->"


def pages(knowledge: Knowledge) -> dict[str, str]:
    """Path below ``docs/formulary`` to text, for every agent, every rule and every condition, and the index."""
    return _written(knowledge, _leaves(knowledge), made=_MADE)


def pages_with_sources(knowledge: Knowledge, kept: Callable[[Target], bool] = lambda _: True) -> dict[str, str]:
    """The same for a site, with a page for every source and one for each list. ``kept``: which pages are made; nothing leads to another."""
    known = citing(knowledge)
    sources = (source_leaf(knowledge, name, known) for name in knowledge.sources)
    leaves = [leaf for leaf in (*_leaves(knowledge), *sources) if kept(leaf.target)]
    made = _written(knowledge, leaves, cited=str(knowledge.words("reference")["cited"]))
    listed = sorted((leaf for leaf in leaves if leaf.target.kind == "sources"), key=lambda leaf: leaf.title.casefold())
    entries = Items(tuple((Run(leaf.title, page=leaf.target),) for leaf in listed))
    title = str(knowledge.words("formulary")["rule"]["sources"])
    made["sources/README.md"] = leaf_markdown(
        Leaf(target=Target("sources"), title=title, lead=(entries,)),
        made="",
        address=lambda target: f"../{_path(target)}",
    )
    return made


def _leaves(knowledge: Knowledge) -> list[Leaf]:
    return [
        *(agent_leaf(knowledge, agent) for agent in knowledge.agents),
        *(rule_leaf(knowledge, rule) for rule in knowledge.rules),
        *(condition_leaf(knowledge, condition) for condition in conditions_spoken_of(knowledge)),
    ]


def _written(knowledge: Knowledge, leaves: Iterable[Leaf], *, made: str = "", cited: str = "") -> dict[str, str]:
    there = {leaf.target: leaf for leaf in leaves}

    def address(target: Target, above: str) -> str | None:
        return f"{above}{_path(target)}" if target in there else None

    index = leaf_markdown(index_leaf(knowledge), made=made, address=lambda target: address(target, ""))
    below = {
        _path(target): leaf_markdown(leaf, made=made, address=lambda t: address(t, "../"), cited=cited)
        for target, leaf in there.items()
    }
    return {"README.md": index, **below}


def _path(target: Target) -> str:
    return f"{target.kind}/{slug(target.name)}.md"
