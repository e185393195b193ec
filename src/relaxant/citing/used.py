"""Which sources a result used, at which places, in the order in which its page cites them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from relaxant.evidence.comparison import Comparison
from relaxant.knowledge.load import Knowledge
from relaxant.planning.plan import Plan
from relaxant.report.citations import Citations, SourceView
from relaxant.report.compare.citations import Citing
from relaxant.report.compare.view import compare_view
from relaxant.report.response.view import response_view
from relaxant.report.review.view import view_of
from relaxant.response.response import Response
from relaxant.reviewing import Review
from relaxant.rules.findings import is_verified
from relaxant.rules.reasons import Cited, cited, own_sources
from relaxant.rules.tiers import RANK

if TYPE_CHECKING:
    from relaxant.cohort.screen import Screen

Result: TypeAlias = "Review | Comparison | Response | Plan | Screen"


class Use(msgspec.Struct, frozen=True):
    """A source at a place, and whether what is said from it was seen there."""

    cited: Cited
    verified: bool


class Used(msgspec.Struct, frozen=True):
    """The sources used, numbered; ``unverified``: the places, by source, that a statement rests on which was not verified."""

    sources: tuple[SourceView, ...]
    unverified: dict[str, tuple[str, ...]]


def used(result: Result, knowledge: Knowledge) -> Used:
    """The sources of a result: first those that its page cites, by the page's numbers, then those behind what the page leaves out."""
    citations = Citations(knowledge, knowledge.words("report"))
    # only a comparison names further sources by their ids in a place, as its page does
    mark_of = Citing(knowledge, citations).mark if isinstance(result, Comparison) else citations.mark
    for shown in _shown(result, knowledge):
        for place in shown.cited_at or ("",):
            citations.mark(Cited(id=shown.id, title=shown.title, place=place, url=shown.url))
    unverified: dict[str, dict[str, None]] = {}
    for use in _uses(result, knowledge):
        mark = mark_of(use.cited)
        if not use.verified:
            unverified.setdefault(use.cited.id, {})[mark.place] = None
    return Used(citations.listed(), {source: tuple(places) for source, places in unverified.items()})


def _shown(result: Result, knowledge: Knowledge) -> tuple[SourceView, ...]:
    """The sources that stand on the page of a result. A plan has no page without the head of a person's."""
    if isinstance(result, Review):
        return view_of(result, knowledge=knowledge).sources
    if isinstance(result, Comparison):
        return compare_view(result, knowledge=knowledge).sources
    if isinstance(result, Response):
        return response_view(result, knowledge=knowledge).sources
    return ()


def _uses(result: Result, knowledge: Knowledge) -> Iterable[Use]:
    if isinstance(result, Review | Comparison | Response | Plan):
        return _within(result)
    return _of_rules(result, knowledge)


def _within(value: object, verified: bool = True) -> Iterator[Use]:
    """Every source at a place in a value and the values in it. Whether it was seen is said by what carries it."""
    if isinstance(value, Cited):
        yield Use(value, verified)
    elif isinstance(value, msgspec.Struct):
        own = getattr(value, "verified", verified)
        for name in value.__struct_fields__:
            yield from _within(getattr(value, name), own)
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _within(one, verified)
    elif isinstance(value, dict):
        for one in value.values():
            yield from _within(one, verified)


def _of_rules(screen: Screen, knowledge: Knowledge) -> Iterator[Use]:
    """The sources of the rules that fired for anybody, the gravest first; of a tier by id, as their order by persons would tell of small counts."""
    for _, rule, agent in sorted({(RANK[tier], rule, agent) for rule, tier, agent, *_ in screen.tally.found}):
        known = knowledge.rules[rule]
        for ref in own_sources(known, agent, knowledge):
            yield Use(cited(knowledge, ref.source, ref.place, ref.says), is_verified(known, knowledge))


def is_result(value: object) -> bool:
    """Whether it is something that has sources. Where no screen was loaded there is none."""
    screens = sys.modules.get("relaxant.cohort.screen")
    return isinstance(value, Review | Comparison | Response | Plan) or (
        screens is not None and isinstance(value, screens.Screen)
    )
