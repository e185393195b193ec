"""The page of a screen: it stands alone, says what the counts say, and hides what is too small with all that would give it away."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import msgspec
import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="the libraries of the screen are not installed (relaxant[screen])")

from browser import fits
from relaxant.cohort.preparing import Prepared
from relaxant.cohort.registry import Missing
from relaxant.cohort.said import Vocabulary
from relaxant.cohort.shown_counts import Counts
from relaxant.cohort.summary import summary_html
from relaxant.cohort.tally import Tally, Wanting, age_bands, screened, tally_of
from relaxant.cohort.vocabulary import Left
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.knowledge.load import Knowledge
from relaxant.rules.evaluate import evaluate, program
from test_cohort_hiding import range_of
from test_cohort_results import people
from test_columns import COUNTRIES, checks_of

NOTHING = Vocabulary(lines=(), measured=(), conditions=(), allergies=(), habits=())
LOST = Left(domain="drug", vocabulary="RxNorm", code="1", name="<script>alert(1)</script>", rows=5000, why="not known", lost=True)  # fmt: skip
PREPARED = Prepared(
    as_of=date(2026, 11, 22), as_of_said=False, country="US", people=(), again=2, missing=(Missing("the table measurement", "is not there", "what was measured"),),
    unusable=(("drug_exposure", "its person is not in the table person", 12),), implausible=0,
    left=(LOST, msgspec.structs.replace(LOST, name="seldom", rows=3), msgspec.structs.replace(LOST, name="a cast", lost=False)),
    vocabulary=NOTHING, spans=(),
)  # fmt: skip


@pytest.fixture(scope="module")
def tally() -> Tally:
    """Of the people of the rules' cases, many of whose counts are small, and of people without a relaxant."""
    said = screened(checks_of(COUNTRIES[0]))
    rows = said.checks.facts.rows
    return tally_of(people(said, 300), said, 2026, persons=rows + 307, rejected={"born after the last day": 7})


def page(tally: Tally, knowledge: Knowledge, **more: Any) -> str:
    return summary_html(PREPARED, tally, knowledge, source="registry.duckdb", engine="duckdb", **more)


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.partition("</style>")[2]))


def spaced(count: int) -> str:
    return f"{count:,}".replace(",", "\u202f")


def test_the_page_stands_alone(tally: Tally, knowledge: Knowledge) -> None:
    html = page(tally, knowledge)
    assert html == page(tally, knowledge)
    assert "default-src 'none'" in html and "<script" not in html and "&lt;script&gt;" in html
    assert not re.search(r"(?:href|src|url\(|@import)\s*=?\s*[\"']?(?:https?:)?//", html)


def test_the_page_says_what_the_counts_say(tally: Tally, knowledge: Knowledge) -> None:
    html, words = page(tally, knowledge, small_counts=True), text_of(page(tally, knowledge, small_counts=True))
    counts = text_of(f"</style>{spaced(tally.relaxant)} of {spaced(tally.persons)}")
    assert f"{counts} persons have a muscle relaxant" in words
    assert "fewer than" not in words and "not shown" not in words.replace("is not shown", "")
    for rule, count in tally.rules.items():
        assert re.search(
            rf">{re.escape(rule)}(?:, not verified)?</bdi></span></th>.*?>{spaced(count)}</span>", html, re.S
        ), rule
    for need in ("weight", "creatinine"):
        one = tally.wanting[need]
        row = re.search(rf"<bdi>{need}</bdi></th>.*?</tr>", html, re.S)
        assert row and f">{spaced(one.people)}</span>" in row[0] and f">{spaced(one.checks)}</span>" in row[0]
    assert "the last day of the data" in words and "registry.duckdb" in words
    assert "The table measurement is not there" in words and "a cast" not in words and "1 kind of row" in words
    found = {agent for agent, _ in tally.agents}
    absent = sorted(set(knowledge.agents) - found)
    assert absent and all(knowledge.agents[a].names.get("US", a) in words for a in absent)


def test_no_small_number_of_persons_follows_from_the_page(tally: Tally, knowledge: Knowledge) -> None:
    counts = Counts(tally, age_bands(knowledge), knowledge.words("screen"), 11)
    small = {cell for cell, count in counts.all.items() if 0 < count < 11}
    apart = set(counts.apart)
    assert len(small - apart) > 100 and small - apart <= counts.hidden
    hidden, told = counts.hidden | apart, small - apart
    some = sorted(small)[:: max(1, len(small) // 40)]
    for cell in {*some, *(cell for cell in small if cell[0] in ("with", "found", "clean", "without", "worst", "rejected"))}:  # fmt: skip
        low, high = range_of(cell, counts.all, counts.sums, hidden, told)
        assert high - low > 0.5, cell


def test_small_numbers_are_words_on_the_page(tally: Tally, knowledge: Knowledge) -> None:
    html = page(tally, knowledge)
    counts = Counts(tally, age_bands(knowledge), knowledge.words("screen"), 11)
    for rule, count in tally.rules.items():
        row = re.search(rf">{re.escape(rule)}(?:, not verified)?</bdi></span></th>.*?</tr>", html, re.S)
        assert row
        if count < 11:
            assert "fewer than 11" in row[0] and "%" not in row[0] and "<rect" not in row[0]
        elif ("rule", rule) not in counts.hidden:
            assert f">{count}</span>" in row[0] and "<rect" in row[0]
    rare = [need for need, one in tally.wanting.items() if one.people < 11]
    assert rare
    for need in rare:
        row = re.search(rf"<bdi>{re.escape(need)}</bdi></th>.*?</tr>", html, re.S)
        assert row is None or not re.search(r">\d+</span>", row[0])


def test_numbers_are_written_so_that_they_can_be_read(knowledge: Knowledge) -> None:
    large = Tally(persons=1_234_567, no_relaxant=1_200_000, checked=4_567, unchecked=30_000, now=34_000, worst={"DANGER": 40, "NOTE": 9_960}, wanting={"weight": Wanting(30_000, 60_123, 0)})  # fmt: skip
    counts = Counts(large, age_bands(knowledge), knowledge.words("screen"), 11)
    assert counts.text(("persons",)).words == "1\u202f234\u202f567"
    shares = {cell: counts.share((cell,), ("relaxant",)).words for cell in ("checked", "unchecked", "findings", "relaxant")}  # fmt: skip
    assert shares == {"checked": "13%", "unchecked": "87%", "findings": "29%", "relaxant": "100%"}
    assert counts.share(("worst", "DANGER"), ("relaxant",)).words == "0.1%"
    assert counts.share(("worst", "DANGER"), ("persons",)).words == "under 0.1%"


def test_where_nobody_has_a_relaxant_the_page_says_which_were_looked_for(knowledge: Knowledge) -> None:
    facts = Facts(inputs_of([], knowledge), knowledge, "US")
    nobody = screened(evaluate(program(knowledge, "US"), facts))
    everybody = msgspec.structs.replace(people(screened(checks_of(COUNTRIES[0]))), asked=np.empty(0, np.intp))
    count = len(everybody.age)
    words = text_of(page(tally_of(everybody, nobody, 2026, persons=count, rejected={}), knowledge))
    assert f"Nobody has a muscle relaxant: {len(knowledge.agents)} were looked for." in words
    assert "baclofen" in words and "No rule met its condition" in words


@pytest.mark.parametrize("width", [320, 1000])
def test_the_page_needs_no_scrolling_sideways(chromium: Any, tally: Tally, knowledge: Knowledge, width: int) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 800})
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    shown = context.new_page()
    shown.set_content(page(tally, knowledge))
    assert fits(shown)
    shown.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert fits(shown) and asked == []
    context.close()


def test_the_page_has_no_fault_of_access(chromium: Any, faultless: Any, tally: Tally, knowledge: Knowledge) -> None:
    context = chromium.new_context(viewport={"width": 1000, "height": 800}, bypass_csp=True)
    shown = context.new_page()
    shown.set_content(page(tally, knowledge))
    faultless(shown)
    context.close()
