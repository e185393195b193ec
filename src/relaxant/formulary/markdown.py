"""The pages of the formulary as Markdown: one file an agent, one a rule, one a condition, and an index with the coverage of every question."""

from __future__ import annotations

from relaxant.formulary.condition_page import conditions_spoken_of
from relaxant.formulary.leaves import agent_leaf, condition_leaf, index_leaf, rule_leaf
from relaxant.knowledge.load import Knowledge
from relaxant.report.leaf import Leaf, Target, slug
from relaxant.report.leaf_markdown import leaf_markdown

_MADE = "<!-- Made by `python tools/formulary.py` from the knowledge; edit that instead. -->"


def pages(knowledge: Knowledge) -> dict[str, str]:
    """Path below ``docs/formulary`` to text, for every agent, every rule and every condition, and the index."""
    leaves = [
        *(agent_leaf(knowledge, agent) for agent in knowledge.agents),
        *(rule_leaf(knowledge, rule) for rule in knowledge.rules),
        *(condition_leaf(knowledge, condition) for condition in conditions_spoken_of(knowledge)),
    ]
    made = {"README.md": leaf_markdown(index_leaf(knowledge), made=_MADE, address=_path)}
    made.update({_path(leaf.target): _below(leaf) for leaf in leaves})
    return made


def _below(leaf: Leaf) -> str:
    return leaf_markdown(leaf, made=_MADE, address=lambda target: f"../{_path(target)}")


def _path(target: Target) -> str:
    return f"{target.kind}/{slug(target.name)}.md"
