"""Places of a comparison: what a place says of further sources is cited with them, and no hole is left where their ids stood."""

from __future__ import annotations

import re

import pytest

from relaxant.knowledge.load import Knowledge
from relaxant.report.citations import Citations
from relaxant.report.compare.citations import Citing
from relaxant.rules.reasons import Cited, cited


def places(knowledge: Knowledge, place: str) -> dict[str, tuple[str, ...]]:
    """What each source is cited at once a place of the first was marked."""
    citing = Citing(knowledge, Citations(knowledge, knowledge.words("report")))
    citing.mark(cited(knowledge, "tizanidine-label-us-2013", place))
    return {view.id: view.cited_at for view in citing.listed()}


@pytest.mark.parametrize(
    ("place", "own", "others"),
    [
        ("2.1; the same start, spacing and three doses in tizanidine-label-us-2024, 2.2", ("2.1",), {"tizanidine-label-us-2024": ("the same start, spacing and three doses, 2.2",)}),
        ("3; pace tizanidine-dosage-drugs-com, drug withdrawal", ("3",), {"tizanidine-dosage-drugs-com": ("pace, drug withdrawal",)}),
        ("2.1; sizes shah-2006-tizanidine-food, abstract, and tizanidine-label-us-facts, 12.3", ("2.1",), {"shah-2006-tizanidine-food": ("sizes, abstract",), "tizanidine-label-us-facts": ("12.3",)}),
        ("gaps (table 2); six times from sirdalud-fi-ch", ("gaps (table 2)",), {"sirdalud-fi-ch": ("six times",)}),
        ("missed dose; seen from 18 hours (baclofen-withdrawal-cases)", ("missed dose",), {"baclofen-withdrawal-cases": ("seen from 18 hours",)}),
        ("5.2 and 7.1", ("5.2 and 7.1",), {}),
    ],
)  # fmt: skip
def test_a_place_that_names_further_sources_is_parted(
    knowledge: Knowledge, place: str, own: tuple[str, ...], others: dict[str, tuple[str, ...]]
) -> None:
    assert places(knowledge, place) == {"tizanidine-label-us-2013": own, **others}


def test_no_place_of_the_knowledge_has_a_hole_where_an_id_stood(knowledge: Knowledge) -> None:
    citing = Citing(knowledge, Citations(knowledge, knowledge.words("report")))
    starts = [Cited(id=t.source, title="", place=t.place, url=None) for t in knowledge.plans.titrations.values()]
    tapers = [Cited(id=t.source, title="", place=t.place, url=None) for t in knowledge.plans.tapers.values()]
    for one in (*starts, *tapers):
        citing.mark(one)
    said = [place for view in citing.listed() for place in view.cited_at]
    assert len(said) > 100
    assert [place for place in said if re.search(r" ,|\( *\)|\b(?:in|from|of|and)$", place)] == []
