"""Relaxants side by side: names, profiles, what differs for a person, and the three formats."""

from __future__ import annotations

import doctest
import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

import relaxant
from conftest import FULL, ROOT, TODAY, reviewed
from relaxant.cli.main import main
from relaxant.errors import InputError
from relaxant.evidence import comparison as comparing
from relaxant.evidence.comparison import Comparison, compare, to_json
from relaxant.evidence.person import ForOne
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.jurisdictions import holds_in
from relaxant.knowledge.load import Knowledge
from relaxant.report import forest
from relaxant.report.blocks import Bullets, Line, Table
from relaxant.report.columns import text_width
from relaxant.report.compare import evidence as compare_evidence
from relaxant.report.compare.page import PARTS, part_named
from relaxant.report.compare.view import compare_view
from relaxant.report.comparisons import render_comparison
from relaxant.report.forest import Forest, ForestRow, Group, forest_svg, forest_text, scale_of

PAIR = ["baclofen", "tizanidine"]
SCHEMA = json.loads((ROOT / "docs" / "reference" / "comparison.schema.json").read_text(encoding="utf-8"))
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
NOTHING = re.compile(r"\bNone(?: mg| a day| to |%|\)| of None)|[(:] ?None[,;)]")
MARKUP = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x1b\u202a-\u202e]")


def person(knowledge: Knowledge, **plain: Any) -> relaxant.Patient:
    return read_patient({"as_of": "2026-11-22", "country": "UK", **plain}, knowledge, today=TODAY)


def of(made: Comparison, agent: str) -> ForOne:
    assert made.person is not None
    return next(one for one in made.person.each if one.agent == agent)


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("names", "agents"),
    [
        (["baclofen", "Zanaflex"], ("baclofen", "tizanidine")),
        (["BACLOFEN", " tizanidine "], ("baclofen", "tizanidine")),
        (["Lioresal", "Dantrium", "diazepam", "gabapentin"], ("baclofen", "dantrolene", "diazepam", "gabapentin")),
        (["baclofen intrathecal", "baclofen"], ("baclofen intrathecal", "baclofen")),
        (["botox", "dysport"], ("onabotulinumtoxinA", "abobotulinumtoxinA")),
    ],
)
def test_names_and_brands(names: list[str], agents: tuple[str, ...], knowledge: Knowledge) -> None:
    assert compare(names, knowledge=knowledge).agents == agents


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ([], "two to four"),
        (["baclofen"], "two to four"),
        ([*PAIR, "dantrolene", "diazepam", "gabapentin"], "two to four"),
        (["baclofen", "baclofen"], "named twice"),
        (["baclofen", "Lioresal"], "baclofen and Lioresal"),
        (["baclofen", "tizandine"], "did you mean tizanidine?"),
        (["baclofen", "ibuprofen"], "relaxant agents"),
        (["baclofen", ""], "no relaxant"),
        (["baclofen", "\x1b[31m"], "no relaxant"),
    ],
)
def test_names_that_cannot_be_compared(names: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match="AGENT") as error:
        compare(names)
    assert says in str(error.value)
    assert main(["compare", *names]) == 2
    said = capsys.readouterr()
    assert said.out == "" and says in said.err and said.err.count("\n") == 1 and "Traceback" not in said.err


def test_every_agent_is_known_by_its_name(knowledge: Knowledge) -> None:
    for agent in knowledge.agents:
        other = "baclofen" if agent != "baclofen" else "tizanidine"
        assert comparing.agents_compared([agent, other], knowledge) == (agent, other)


# ---------------------------------------------------------------- the three formats


@pytest.mark.parametrize("country", ["US", "UK", "DE"])
def test_every_agent_in_every_format(country: str, knowledge: Knowledge) -> None:
    """Each agent beside the next ones, in all formats and widths; a third of them but at full size."""
    agents = sorted(knowledge.agents)
    for number, i in enumerate(range(0, len(agents), 2 if FULL else 10)):
        chosen = [agents[(i + k) % len(agents)] for k in range(4)][: 2 + number % 3]
        made = compare(chosen, country=country, knowledge=knowledge)
        data = json.loads(to_json(made))
        jsonschema.validate(data, SCHEMA)
        assert msgspec.json.decode(to_json(made), type=Comparison) == made
        for width in (80, 40):
            text = render_comparison(made, "text", knowledge=knowledge, width=width).decode()
            assert max(text_width(line) for line in text.splitlines()) <= width
            assert not MARKUP.search(text) and not NOTHING.search(text) and "{" not in text
        check_page(render_comparison(made, "html", knowledge=knowledge).decode())


class _Page(HTMLParser):
    """Tags that are open, and what may not be there."""

    VOID = frozenset({"meta", "br", "link", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.linked: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        given = dict(attrs)
        assert not any(name.startswith("on") for name in given)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if str(given.get("href", "")).startswith("#"):
            self.linked.append(str(given["href"])[1:])
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def check_page(page: str) -> None:
    read = _Page()
    read.feed(page)
    assert read.open == [] and not read.seen & {"script", "iframe", "img", "link", "object"}
    assert len(read.ids) == len(set(read.ids)) and set(read.linked) <= set(read.ids)
    assert not NOTHING.search(re.sub(r"<[^>]*>", " ", page.split("</style>")[1]))


def test_text_and_page_say_the_same(knowledge: Knowledge) -> None:
    """Every sentence of the view stands in the text and on the page."""
    made = compare(PAIR, country="UK", knowledge=knowledge)
    flat = " ".join(render_comparison(made, "text", knowledge=knowledge, width=2000).decode().split())
    page = render_comparison(made, "html", knowledge=knowledge).decode()
    words = " ".join(re.sub(r"<[^>]*>", "", page).split()).replace("\u00a0", " ")
    for side, text in ((False, flat), (True, words)):
        for part in compare_view(made, knowledge=knowledge, side_by_side=side).parts:
            assert part.heading in text
            for block in part.blocks:
                sayings = []
                if isinstance(block, Line):
                    sayings = [block.saying]
                elif isinstance(block, Bullets):
                    sayings = list(block.sayings)
                elif isinstance(block, Table):
                    sayings = [s for row in block.rows for cell in row for s in cell]
                elif side:
                    assert forest_svg(block) in page
                for saying in sayings:
                    said = " ".join(saying.text.replace("\u00a0", " ").split())
                    escaped = said.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#39;").replace('"', "&#34;")  # fmt: skip
                    assert (escaped if side else said) in text, said


def test_the_same_input_gives_the_same_bytes(knowledge: Knowledge) -> None:
    for format in ("text", "json", "html"):
        made = [render_comparison(compare(PAIR, knowledge=knowledge), format, knowledge=knowledge) for _ in range(2)]
        assert made[0] == made[1]


def test_a_narrow_encoding_is_honoured(knowledge: Knowledge) -> None:
    made = compare(PAIR, knowledge=knowledge)
    text = render_comparison(made, "text", knowledge=knowledge, encoding="ascii").decode("ascii")
    assert "#" in text and "|---" in text and max(map(len, text.splitlines())) <= 80


def test_colour_only_when_asked(knowledge: Knowledge) -> None:
    made = compare(PAIR, knowledge=knowledge)
    assert b"\x1b[" not in render_comparison(made, "text", knowledge=knowledge)
    assert b"\x1b[1m" in render_comparison(made, "text", knowledge=knowledge, colour=True)


# ---------------------------------------------------------------- profiles


@pytest.mark.parametrize("country", ["US", "UK", "EU"])
def test_a_profile_holds_what_holds_in_the_country(country: str, knowledge: Knowledge) -> None:
    for p in compare(
        ["baclofen", "tizanidine", "dantrolene", "diazepam"], country=country, knowledge=knowledge
    ).profiles:
        assert all(not s.jurisdictions or country in s.jurisdictions for t in p.topics for s in t.said)
        assert all(t.said for t in p.topics) and len({t.part for t in p.topics}) == len(p.topics)
        agent = knowledge.agents[p.agent]
        stated = [s for s in agent.statements if s.topic == "renal" and holds_in(s, country)]  # type: ignore[arg-type]
        assert sorted(s.text for s in p.said("renal")) == sorted(s.text for s in stated)


def test_tablets_a_day_are_the_fewest_that_are_sold(knowledge: Knowledge) -> None:
    by = {c: {p.agent: p for p in compare(PAIR, country=c, knowledge=knowledge).profiles} for c in ("US", "UK")}
    baclofen = by["US"]["baclofen"].pieces
    assert baclofen is not None and (baclofen.daily_high, baclofen.high, baclofen.at) == (80, 4, "most")
    assert [x.strength for x in baclofen.products] == [20]
    home = by["UK"]["baclofen"].pieces
    assert home is not None and (home.daily_high, home.high, home.at) == (60, 6, "usual")
    assert [x.strength for x in home.products] == [10]


def test_what_is_not_sold_is_said(knowledge: Knowledge) -> None:
    made = compare(["nabiximols", "baclofen"], country="US", knowledge=knowledge)
    assert made.profiles[0].not_sold and made.profiles[0].pieces is None
    assert "nabiximols has no label here" in render_comparison(made, "text", knowledge=knowledge).decode()


def test_rates_stand_beside_placebo(knowledge: Knowledge) -> None:
    by = {p.agent: p for p in compare(PAIR, knowledge=knowledge).profiles}
    liver = next(r for r in by["tizanidine"].reactions if r.name.startswith("ALT"))
    assert liver.placebo is not None and liver.more == pytest.approx(liver.high - liver.placebo)
    drowsy = next(r for r in by["baclofen"].reactions if r.alike == "drowsiness")
    assert drowsy.low < drowsy.high and drowsy.more is None
    assert next(r for r in by["tizanidine"].reactions if r.name == "somnolence").alike == "drowsiness"


def test_every_rule_about_another_medicine_has_its_kind(knowledge: Knowledge) -> None:
    kinds = knowledge.words("compare")["interactions"]["kinds"]
    for agent in knowledge.agents:
        other = "baclofen" if agent != "baclofen" else "tizanidine"
        found = compare([agent, other], knowledge=knowledge).profiles[0].interactions
        named = [r.rule for i in found for r in i.rules]
        wanted = [r.rule for r in knowledge.rules.values() if agent in r.agents and r.partner and holds_in(r, "US")]
        assert sorted(named) == sorted(wanted) and {i.kind for i in found} <= set(kinds)


def test_causes_of_the_kinds_are_those_of_rules(knowledge: Knowledge) -> None:
    causes = {c for own in knowledge.words("compare")["interactions"]["causes"].values() for c in own}
    assert causes <= {r.cause for r in knowledge.rules.values()}


# ---------------------------------------------------------------- one person


def test_the_kidney_decides_between_them(knowledge: Knowledge) -> None:
    path = ROOT / "examples" / "ms-ckd-baclofen.yaml"
    patient = relaxant.read_patient(path, today=TODAY)
    made = relaxant.compare(PAIR, patient=patient)
    baclofen, tizanidine = of(made, "baclofen"), of(made, "tizanidine")
    assert baclofen.taken and baclofen.dose.daily_now == 60 and baclofen.dose.refused
    assert any("eGFR" in b.why for b in baclofen.dose.bounds)
    assert not tizanidine.taken and tizanidine.dose.first_daily and tizanidine.dose.top_daily
    assert [f.cause for f in baclofen.findings if f.id in baclofen.differing] == ["baclofen-kidney"]
    text = render_comparison(made, "text").decode()
    assert text.index("What differs for this person") < text.index("At a glance") < text.index("What trials say")


def test_each_is_weighed_without_the_others(knowledge: Knowledge) -> None:
    """The sum of both is another question: what would have to go is not there."""
    plain = {"age": "50", "conditions": ["multiple sclerosis"], "allergies": []}
    taken = {"medicines": ["baclofen 10 mg three times a day since 2024-01-05"]}
    made = compare(PAIR, patient=person(knowledge, **plain, **taken), knowledge=knowledge)
    assert not [f for f in of(made, "tizanidine").findings if "baclofen" in f.partners or "tizanidine" in f.partners]
    both = reviewed({**plain, **taken, "country": "UK", "considering": ["tizanidine 2 mg once a day"]}, knowledge)
    assert any({"baclofen", "tizanidine"} <= {*f.agents, *f.partners} for f in both.findings)
    assert made.person is not None and made.person.taken == ("baclofen",)


def test_what_the_file_weighs_of_others_is_weighed_with_each(knowledge: Knowledge) -> None:
    plain = {"age": "50", "conditions": ["multiple sclerosis"], "allergies": [], "medicines": []}
    weighing = {"considering": ["ciprofloxacin 500 mg twice a day", "tizanidine 4 mg three times a day"]}
    made = compare(PAIR, patient=person(knowledge, **plain, **weighing), knowledge=knowledge)
    assert any(f.tier == "DANGER" for f in of(made, "tizanidine").findings)
    assert not any(f.tier == "DANGER" for f in of(made, "baclofen").findings)
    assert of(made, "tizanidine").dose.refused
    assert made.person is not None and made.person.left_out == ("tizanidine 4 mg three times a day",)


def test_what_all_have_is_said_once(knowledge: Knowledge) -> None:
    plain = {"age": "70", "conditions": ["multiple sclerosis"], "allergies": [], "medicines": ["morphine 10 mg twice a day", "diazepam 5 mg once a day", "gabapentin 300 mg three times a day"]}  # fmt: skip
    made = compare(PAIR, patient=person(knowledge, **plain), knowledge=knowledge)
    assert made.person is not None
    shared = [s.finding.cause for s in made.person.shared]
    assert "cns-depression" in shared
    for one in made.person.each:
        assert not {f.cause for f in one.findings if f.id in one.differing} & set(shared)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_every_example_in_every_format(path: Path, knowledge: Knowledge) -> None:
    patient = relaxant.read_patient(path, today=TODAY, knowledge=knowledge)
    made = compare(["baclofen", "tizanidine", "dantrolene"], patient=patient, knowledge=knowledge)
    jsonschema.validate(json.loads(to_json(made)), SCHEMA)
    assert made.country == patient.country and made.as_of == patient.as_of.isoformat()
    text = render_comparison(made, "text", knowledge=knowledge).decode()
    assert max(text_width(line) for line in text.splitlines()) <= 80 and not NOTHING.search(text)
    check_page(render_comparison(made, "html", knowledge=knowledge).decode())
    for one in made.person.each if made.person else ():
        assert {f.id for f in one.findings} >= set(one.differing)
        if one.dose.refused:
            assert one.dose.first_daily is None
        if any(f.tier == "DANGER" and f.agents and one.agent in f.agents for f in one.findings):
            assert one.dose.refused or one.dose.first_daily is None


def test_hostile_words_stay_harmless(knowledge: Knowledge) -> None:
    label = "<script>alert(1)</script>\x1b[31m\u202e"
    said = "<img src=x onerror=alert(1)> 5 mg"
    made = compare(PAIR, patient=person(knowledge, label=label, considering=[said], medicines=[said]), knowledge=knowledge)  # fmt: skip
    check_page(render_comparison(made, "html", knowledge=knowledge).decode())
    assert not MARKUP.search(render_comparison(made, "text", knowledge=knowledge).decode())


# ---------------------------------------------------------------- the command


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = str(ROOT / "examples" / "stroke-uk.yaml")
    assert main(["compare", *PAIR, "--patient", example]) == 0
    said = capsys.readouterr().out
    assert "UK labels" in said and "What differs for this person" in said
    assert main(["compare", *PAIR, "--country", "DE", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["country"] == "DE"
    out = tmp_path / "page.html"
    assert main(["compare", *PAIR, "--format", "html", "--output", str(out)]) == 0
    check_page(out.read_text(encoding="utf-8"))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("options", "field"),
    [
        (["--country", "FR-1"], "country"),
        (["--as-of", "2026-11-22"], "--as-of"),
        (["--patient", "nowhere.yaml"], "FILE"),
        (["--part", "prices"], "--part"),
        (["--part", "person"], "--part"),
        (["--part", "glance", "--format", "json"], "--part"),
    ],
)
def test_options_that_cannot_be_used(options: list[str], field: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", *PAIR, *options]) == 2
    assert field in capsys.readouterr().err


def test_parts_that_are_asked_for_stand_alone(knowledge: Knowledge) -> None:
    """Each part alone says what it says in the whole, with the sources that it cites and no others."""
    made = compare(PAIR, knowledge=knowledge)
    whole = {part.key: part for part in compare_view(made, knowledge=knowledge).parts}
    assert list(whole) == [key for key in PARTS if key != "person"]
    for key in whole:
        view = compare_view(made, knowledge=knowledge, parts=[key])
        (alone,) = view.parts
        unnumbered = [re.sub(r"number=\d+", "", repr(one.blocks)) for one in (alone, whole[key])]
        assert alone.heading == whole[key].heading and unnumbered[0] == unnumbered[1]
        cited = {int(n) for n in re.findall(r"number=(\d+)", repr(alone.blocks))}
        assert cited == set(range(1, len(view.sources) + 1))


def test_it_is_public() -> None:
    assert relaxant.compare is compare and "compare" in relaxant.__all__
    for module in (comparing, compare_evidence, forest):
        assert doctest.testmod(module).failed == 0


# ---------------------------------------------------------------- the plot


def row(value: float, low: float | None = None, high: float | None = None, kind: Any = "in") -> ForestRow:
    return ForestRow(label="A trial & <others>", value=value, low=low, high=high, shown="x", kind=kind)


def plot(*rows: ForestRow, ratio: bool = True) -> Forest:
    return Forest(title="T", ratio=ratio, groups=(Group(title="a against b", rows=rows),), left="better: a", right="better: b", effect="risk ratio")  # fmt: skip


@pytest.mark.parametrize("ratio", [True, False])
@pytest.mark.parametrize(
    "rows",
    [
        (row(1.0),),
        (row(1.5, 1.2, 1.9), row(0.001, 0.0001, 500.0, "pool")),
        (row(0.2, 0.1, 0.4, "out"), row(7.0, 3.0, 19.0)),
        (row(1e-9), row(3.0, 2.9, 3.1)),
    ],
)
def test_a_plot_stays_within_its_bounds(rows: tuple[ForestRow, ...], ratio: bool) -> None:
    made = plot(*rows, ratio=ratio)
    scale = scale_of(made)
    assert scale.low < scale.high and all(scale.low <= t <= scale.high for t in scale.ticks)
    assert (1 if ratio else 0) in scale.ticks
    for width in (80, 60, 40, 36):
        for encoding in ("utf-8", "ascii"):
            lines = forest_text(made, width, encoding)
            assert max(map(text_width, lines)) <= width
            "\n".join(lines).encode(encoding)
    tree = ET.fromstring(forest_svg(made))
    width, height = (float(x) for x in tree.attrib["viewBox"].split()[2:])
    for element in tree.iter():
        for name in ("x", "x1", "x2"):
            assert -30 <= float(element.attrib.get(name, 0)) <= width
        for name in ("y", "y1", "y2"):
            assert 0 <= float(element.attrib.get(name, 0)) <= height
    shapes = [e for e in tree.iter() if e.tag in ("rect", "polygon") and e.attrib["class"] != "beyond"]
    assert [e.attrib["class"] for e in shapes] == [r.kind for r in rows]


def test_what_is_beyond_the_scale_ends_in_an_arrow() -> None:
    made = plot(row(1.0, 0.001, 900.0))
    assert forest_svg(made).count('class="beyond"') == 2
    assert "◄" in forest_text(made, 80)[1] and "►" in forest_text(made, 80)[1]


def test_the_middle_lies_where_it_should() -> None:
    scale = scale_of(plot(row(1.0, 0.5, 2.0)))
    assert scale.part(1.0) == pytest.approx(0.5) and scale.part(0.5) == 0 and scale.part(2.0) == 1


# ---------------------------------------------------------------- like beside like


def cell_of(view: Any, row: str, column: int) -> str:
    """What a row of a table of the view says of an agent, with its tags."""
    for part in view.parts:
        for block in part.blocks:
            if isinstance(block, Table):
                for cells in block.rows:
                    if cells[0] and cells[0][0].text == row:
                        return " | ".join(" ".join((s.text, *s.tags)) for s in cells[column])
    raise AssertionError(row)


@pytest.mark.parametrize("country", ["US", "UK", "DE"])
def test_a_rate_of_one_agent_never_reads_as_none_of_the_other(country: str, knowledge: Knowledge) -> None:
    """Another country's label stands in, named; what is listed without a rate, not listed or not read is told apart."""
    made = compare(PAIR, country=country, knowledge=knowledge)
    view = compare_view(made, knowledge=knowledge, parts=["reactions"])
    drowsy = cell_of(view, "drowsiness", 2)
    assert "48%, on placebo 10%" in drowsy and "US" in drowsy
    assert "49%, on placebo 10%" in cell_of(view, "dry mouth", 2)
    assert cell_of(view, "dry mouth", 1) == "listed, without a rate US label" or country == "US"
    assert ("two thirds" in cell_of(view, "hypotension", 2) and "US label" in cell_of(view, "hypotension", 1)) or country == "US"  # fmt: skip
    assert "list was not read" in cell_of(view, "confusion", 2)
    assert "no rate known here" not in repr(view)


def test_what_a_whole_list_does_not_name_is_not_listed(knowledge: Knowledge) -> None:
    view = compare_view(compare(["pregabalin", "diazepam"], knowledge=knowledge), knowledge=knowledge, parts=["reactions"])  # fmt: skip
    assert cell_of(view, "peripheral oedema", 2) == "the label does not list it"
    assert cell_of(view, "dry mouth", 2) == "listed, without a rate"
    assert "most common, without rates" in cell_of(view, "drowsiness", 2)


def test_no_rate_from_memory_is_compared(knowledge: Knowledge) -> None:
    for agent in knowledge.agents:
        other = "baclofen" if agent != "baclofen" else "tizanidine"
        seen = {(r.name, r.percent_high) for r in knowledge.agents[agent].adverse_reactions if r.verified}
        assert {(r.name, r.high) for r in compare([agent, other], knowledge=knowledge).profiles[0].reactions} <= seen


def test_a_rate_here_goes_before_that_of_another_country(knowledge: Knowledge) -> None:
    for country in ("US", "UK", "DE"):
        for p in compare(["gabapentin", "pregabalin", "abobotulinumtoxinA"], country=country, knowledge=knowledge).profiles:  # fmt: skip
            here = {r.alike for r in p.reactions if r.origin.here}
            assert not [r for r in p.reactions if not r.origin.here and r.alike in here]


def test_what_is_licensed_is_not_also_off_label(knowledge: Knowledge) -> None:
    for country in ("US", "UK", "DE"):
        made = compare(
            ["baclofen", "tizanidine", "dantrolene", "gabapentin"],
            patient=person(knowledge, country=country, age="50", conditions=["multiple sclerosis"], medicines=[]),
            knowledge=knowledge,
        )
        view = compare_view(made, knowledge=knowledge, parts=["person", "mechanism"])
        for column, agent in enumerate(made.agents, 1):
            ours = cell_of(view, "For what they have", column)
            assert len(re.findall(r"(?:licensed|supported|off label), multiple sclerosis:", ours)) == 1, (agent, ours)
        text = render_comparison(made, "text", knowledge=knowledge, parts=["mechanism"], width=2000).decode()
        for block in re.split(r"\n(?=\S)", text):
            assert not (re.search(r"multiple sclerosis[^:\n]*: licensed", block) and re.search(r"multiple sclerosis[^:\n]*: off label", block))  # fmt: skip


def test_no_usual_dose_where_none_is_started(knowledge: Knowledge) -> None:
    patient = person(knowledge, age="78", weight="52 kg", conditions=["multiple sclerosis", "cirrhosis"], medicines=[], labs=[{"name": "eGFR", "value": "16 mL/min/1.73 m2", "date": "2026-11-10"}])  # fmt: skip
    made = compare(["baclofen", "dantrolene"], patient=patient, knowledge=knowledge)
    assert all(one.dose.refused and one.dose.usual is None for one in (of(made, a) for a in made.agents))
    view = compare_view(made, knowledge=knowledge, parts=["person"])
    assert "usual dose" not in cell_of(view, "Dose", 1) + cell_of(view, "Dose", 2)


def test_a_half_life_says_whose_it_is_the_label_first(knowledge: Knowledge) -> None:
    us = compare_view(compare(PAIR, knowledge=knowledge), knowledge=knowledge, parts=["glance"])
    assert cell_of(us, "Half-life", 1).startswith("5.7 h") and "US label" in cell_of(us, "Half-life", 1).split(" | ")[0]
    assert cell_of(us, "Half-life", 2).startswith("Half-life 2 to 4 h") and "study of 2010" in cell_of(us, "Half-life", 2)  # fmt: skip
    for country in ("US", "UK"):
        view = compare_view(compare(PAIR, country=country, knowledge=knowledge), knowledge=knowledge, parts=["glance"])
        assert "14 h" not in cell_of(view, "Half-life", 2)


@pytest.mark.parametrize(
    ("word", "part"),
    [("efficacy", "evidence"), ("cost", "glance"), ("withdrawal", "stopping"), ("licence", "mechanism"), ("adverse reactions", "reactions"), ("adverse-reactions", "reactions"), ("patient factors", "factors"), ("Kinetics", "kinetics")],
)  # fmt: skip
def test_parts_by_the_words_that_people_use(word: str, part: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert part_named(word) == part
    assert main(["compare", *PAIR, "--part", word]) == 0
    said = capsys.readouterr().out
    assert main(["compare", *PAIR, "--part", part]) == 0
    assert said == capsys.readouterr().out


def test_toxins_say_first_that_units_do_not_convert(knowledge: Knowledge) -> None:
    made = compare(["botox", "dysport"], knowledge=knowledge)
    assert made.units_apart is not None and made.units_apart.source.id == "mhra-botulinum-2007"
    text = render_comparison(made, "text", knowledge=knowledge, width=200, parts=["trials"]).decode()
    assert "cannot be converted" in text.split("\n\n")[0]
    assert compare(["botox", "baclofen"], knowledge=knowledge).units_apart is None


def test_sources_take_one_line_and_no_id_stands_in_a_sentence(knowledge: Knowledge) -> None:
    for chosen in (PAIR, ["botox", "dysport"], ["dantrolene", "gabapentin", "diazepam"]):
        made = compare(chosen, country="UK", knowledge=knowledge)
        view = compare_view(made, knowledge=knowledge)
        text = render_comparison(made, "text", knowledge=knowledge).decode()
        sources = text.split("\nSources\n")[1].split("\n\n")[0].splitlines()[1:]
        assert len(sources) == len(view.sources) and all(re.match(r"\[\d+\] ", line) for line in sources)
        words = re.sub(r"url='[^']*'|id='[^']*'", "", repr(view.parts))
        assert not [i for i in re.findall(r"\b[a-z0-9]+(?:-[a-z0-9]+)+\b", words) if i in knowledge.sources]
        assert render_comparison(made, "text", knowledge=knowledge, encoding="ascii").decode("ascii")


def test_a_row_of_which_nothing_is_known_is_left_out(knowledge: Knowledge) -> None:
    view = compare_view(compare(["botox", "dysport"], knowledge=knowledge), knowledge=knowledge, parts=["glance"])
    assert "none are reckoned" not in repr(view)
