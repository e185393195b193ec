"""``relaxant agents``: the relaxants that are known, and everything known of one."""

from __future__ import annotations

import argparse

from relaxant.errors import InputError
from relaxant.facts.conditions import condition_ids
from relaxant.formulary.agent_page import agent_page
from relaxant.formulary.condition_page import condition_page, conditions_spoken_of
from relaxant.formulary.text import condition_text, listed, page_text
from relaxant.io.patient_file import read_country
from relaxant.knowledge.load import Knowledge
from relaxant.medicines.relaxants import agents_named
from relaxant.patient import Stated, jurisdiction_of
from relaxant.plain import as_json


def run(options: argparse.Namespace, knowledge: Knowledge) -> bytes:
    """What the command prints. Raises :class:`InputError` naming the field."""
    country = None if options.country is None else jurisdiction_of(read_country(options.country))
    if options.condition is not None:
        page = condition_page(knowledge, _condition_named(options.condition, knowledge), country)
        return _json(page) if options.format == "json" else condition_text(page, knowledge).encode()
    if options.name is None:
        if options.format == "json":
            return _json(
                [{"agent": a.agent, "drug_class": a.drug_class, "family": a.family} for a in knowledge.agents.values()]
            )
        return listed(knowledge).encode()
    pages = [agent_page(knowledge, agent, country) for agent in agents_named(options.name, knowledge)]
    if options.format == "json":
        return _json(pages[0] if len(pages) == 1 else pages)
    return "\n\n".join(page_text(page, knowledge) for page in pages).encode()


def _condition_named(name: str, knowledge: Knowledge) -> str:
    found = condition_ids(Stated(name=name), knowledge)
    if not found:
        titles = ", ".join(knowledge.conditions[c].title for c in conditions_spoken_of(knowledge))
        raise InputError("--for", name, "no condition that is known here has this name", f"use one of {titles}")
    return found[0]


def _json(value: object) -> bytes:
    return as_json(value)
