"""The two pages of a review: same content in both, never too wide, safe for hostile text, the same bytes every time."""

from __future__ import annotations

import html as html_text
import os
import re
import subprocess
import sys
import unicodedata
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relaxant.knowledge.load import load_knowledge
from relaxant.medicines.regimen import Regimen
from relaxant.monitoring import Watch
from relaxant.pharmacology.clinic.scenario import Curve, Measure
from relaxant.predicted import ShownChange, ShownLevel, ShownModel, ShownPrediction, ShownScenario
from relaxant.report.columns import text_width, wrapped
from relaxant.report.review.html import render_html
from relaxant.report.review.page import View
from relaxant.report.review.terminal import render_terminal
from relaxant.report.review.view import view_of
from relaxant.report.shown import clean
from relaxant.reviewing import (
    KnowledgeStamp,
    Review,
    ShownIngredient,
    ShownMedicine,
    ShownSuggestion,
    Stamp,
)
from relaxant.rules.findings import Check, Finding, Unchecked
from relaxant.rules.reasons import Because, Cited, Effect
from relaxant.shown_facts import Fact
from relaxant.suited import ShownCombination, ShownSuitability

LONG = "pseudo" * 50
HOSTILE = "<script>alert('x')</script>\x1b[31m\u202eevil\u2066 בקלופן باكلوفين 👩‍⚕️ ❤️ 日本語 e\u0301 {0} {{ x }} %s"


def source(
    name: str,
    place: str = "section 4.4",
    url: str | None = "https://example.org/label?a=1&b=2",
    says: str | None = "Avoid.",
) -> Cited:
    return Cited(id=name, title=f"Label of {name}", place=place, url=url, says=says)


def finding(number: int, tier: Any, **changes: Any) -> Finding:
    plain = Finding(
        id=f"cause-{number}",
        rules=(f"rule-{number}",),
        tier=tier,
        agents=("tizanidine",),
        partners=("ciprofloxacin",),
        summary=f"Finding {number} raises exposure. Choose another medicine.",
        consequence=f"Pressure falls {number}.",
        mechanism=f"Enzyme {number} is blocked.",
        action=f"Do step {number} today.",
        alternatives=(f"Instead of {number}: baclofen.",),
        evidence="label",
        verified=True,
        effect=Effect(auc_ratio=10, low=None, high=24),
        because=(Because(fact="takes", value="ciprofloxacin"), Because(fact="eGFR", value="37 mL/min/1.73 m2")),
        sources=(source(f"s{number}", place=f"place {number}"),),
        cause="cyp1a2",
        situation="starting",
        frequency="1 in 100",
        modified="pressure is low",
        interrupts=False,
        folded=False,
        also=(f"Beside {number}: sedation adds up.",),
    )
    return msgspec.structs.replace(plain, **changes)


def medicine(said: str, **changes: Any) -> ShownMedicine:
    plain = ShownMedicine(
        said=said,
        status="read",
        role="current",
        change=None,
        ingredients=(ShownIngredient(name="baclofen", rxcui="1292"),),
        agents=("baclofen",),
        read_as=f"read back of {said}",
        regimen=Regimen(),
        replaced=False,
        suggestions=(),
        why=None,
        not_understood=(),
    )
    return msgspec.structs.replace(plain, **changes)


def a_prediction(text: str) -> ShownPrediction:
    times = (0.0, 6.0, 12.0, 18.0, 24.0)
    curve = Curve(
        output="concentration",
        title=f"baclofen in plasma {text}",
        unit="ng/mL",
        times=times,
        levels=(0.05, 0.25, 0.5, 0.75, 0.95),
        bands=tuple(tuple(k * v for v in (100.0, 200.0, 150.0, 120.0, 100.0)) for k in (0.5, 0.8, 1.0, 1.25, 2.0)),
        typical={"a": (90.0, 190.0, 140.0, 110.0, 90.0), "b": (110.0, 210.0, 160.0, 130.0, 110.0)},
    )
    scenario = ShownScenario(
        scenario="now",
        title="As taken now",
        lines=(f"baclofen {text}",),
        summary=(f"As taken now: average 140 ng/mL {text}.",),
        every=24.0,
        curves=(curve,),
        measures=(Measure(measure="average", unit="ng/mL", median=140.0, low=70.0, high=280.0),),
        settled_days=1.0,
        left_hours=12.0,
        changes=(
            ShownChange(
                by="fluvoxamine",
                kind="interaction",
                grade="measured",
                auc_ratio=33.0,
                low=20.0,
                high=50.0,
                text=f"Fluvoxamine: exposure times 33 {text}.",
                notes=(f"Measured at another dose {text}.",),
                verified=False,
                sources=(source("s10", place="abstract"),),
            ),
        ),
    )
    weighed = msgspec.structs.replace(
        scenario,
        scenario="weighed",
        title="As weighed",
        curves=(msgspec.structs.replace(curve, bands=(), typical={"a": (45.0, 95.0, 70.0, 55.0, 45.0)}),),
    )
    model = ShownModel(
        model="a",
        title=f"A model {text} (Simon 2018)",
        people=f"57 people {text}",
        status="stretched",
        drawn=True,
        weight=0.5,
        typical_average=140.0,
        verified=False,
        remarks=(f"Age 80 years {text}",),
        limits=(f"No level is known to help {text}",),
        sources=(source("s9", place="abstract"),),
    )
    return ShownPrediction(
        agent="baclofen",
        ingredient="baclofen",
        route="oral",
        title=f"Baclofen, by mouth {text}",
        sentence=f"No curve {text}",
        settled_by=("creatinine",),
        banners=(f"Age 80 years: stretched {text}",),
        scenarios=(scenario, weighed),
        models=(model, msgspec.structs.replace(model, model="b", title="Another (Two 2020)", drawn=False, weight=0.0)),
        marks=(f"One man was comatose {text}",),
        unverified=("concentration",),
        levels=(
            ShownLevel(
                value=480.0,
                unit="ng/mL",
                date="2026-11-10",
                after_hours=3.0,
                used=True,
                expected=300.0,
                low=150.0,
                high=620.0,
                text=f"480 ng/mL was expected {text}.",
            ),
        ),
    )


def a_review(text: str = "plain", **changes: Any) -> Review:
    """A review with every kind of content, with ``text`` wherever a person or a record could have put words."""
    plain = Review(
        stamp=Stamp(
            engine="0.1.0",
            knowledge=KnowledgeStamp(date="2026-11-22", sha256="a" * 64, packs=(f"pack {text}",)),
            input_sha256="b" * 64,
            as_of="2026-11-22",
            country="US",
            language="en",
            time_zone="as written",
        ),
        patient={
            "label": f"bed 12 {text}",
            "sex": "female",
            "conditions": [{"name": f"multiple sclerosis {text}"}, {"codes": [{"system": "x", "code": "G35"}]}],
            "allergies": [{"to": "penicillin", "reaction": f"rash {text}"}],
        },
        medicines=(
            medicine(
                f"unknownium {text}",
                status="unrecognised",
                ingredients=(),
                agents=(),
                read_as="",
                not_understood=("unknownium",),
                suggestions=(ShownSuggestion(name=f"baclofen {text}", confidence=0.91),),
                why="No such name.",
            ),
            medicine(f"tizanidine {text}", role="considering", change="start"),
            medicine(
                f"baclofen {text}",
                status="partly read",
                why=f"the dose {text}",
                regimen=Regimen(unread=("blorp",), problems=("“1,0 mg” was read as 1 mg",)),
            ),
            medicine(f"old {text}", replaced=True),
        ),
        facts=(
            Fact(
                name="age",
                title="age",
                text="58.7 years",
                value=58.7,
                unit="years",
                method="from the birth date",
                inputs=("birth date",),
                source="patient",
            ),
            Fact(
                name="weight",
                title="weight",
                text="61 kg",
                value=61.0,
                unit="kg",
                method="as measured",
                inputs=("weight",),
                source="patient",
                note=f"no date {text}",
            ),
            Fact(
                name="egfr",
                title="eGFR",
                text="37 mL/min/1.73 m2",
                value=37.0,
                unit="mL/min/1.73 m2",
                method="CKD-EPI 2021",
                inputs=("creatinine", "age", "sex"),
                source="relaxant-knowledge",
            ),
            Fact(
                name="sedative_count",
                title="CNS depressants",
                text="1",
                value=1.0,
                items=(f"baclofen {text}",),
                source="patient",
            ),
            Fact(
                name="daily_dose",
                title="daily dose",
                text="30 mg/day",
                value=30.0,
                unit="mg/day",
                agent="baclofen",
                source="patient",
            ),
            Fact(
                name="child_pugh",
                title="Child-Pugh score",
                text="5 to 11 points",
                low=5.0,
                high=11.0,
                unknown=True,
                settled_by=("albumin", "INR"),
            ),
        ),
        findings=(
            finding(1, "DANGER", summary=f"Danger {text}. Choose another.", action=f"Do this {text}.", verified=False),
            finding(2, "CHANGE", effect=Effect(auc_ratio=0.5, low=0.4, high=0.7), evidence="theory"),
            finding(3, "WATCH", effect=None, modified=None, frequency=None, because=(), alternatives=(), also=()),
            finding(
                4,
                "NOTE",
                folded=True,
                sources=(source("s1", place="place 4"), source(f"odd {text}", url="javascript:alert(1)", says=None)),
            ),
        ),
        unchecked=tuple(
            Unchecked(
                settled_by=f"input_{i}",
                worst_tier="CHANGE",
                checks=i + 1,
                agents=("baclofen",),
                rules=("r",),
                folded=i >= 5,
            )
            for i in range(8)
        ),
        checks=tuple(
            Check(
                rule=f"r{i}",
                agent="baclofen",
                partners=(),
                outcome="could not check" if i % 2 else "silent",
                settled_by=(),
            )
            for i in range(20)
        ),
        options=(),
        prediction=(a_prediction(text),),
        plan=(),
        suitability=(
            ShownSuitability(
                agent="baclofen",
                condition="multiple sclerosis",
                status="licensed",
                text=f"Spasticity {text}",
                evidence="label",
                verified=False,
                source=source("s1", place="place 5"),
            ),
        ),
        combinations=(
            ShownCombination(
                together=("baclofen", f"gabapentin {text}"),
                condition="multiple sclerosis",
                used_for=f"night spasms {text}",
                benefit=f"not known {text}",
                harm=f"drowsiness {text}",
                evidence=None,
                verified=True,
                sources=(source("s9", place="abstract"),),
            ),
        ),
        monitoring=(
            Watch(
                agent="baclofen",
                what="kidney function",
                at="before starting",
                act="Below 60 reduce.",
                verified=True,
                source=source("m1", place="p. 3"),
            ),
            Watch(
                agent="baclofen",
                what="falls",
                at="each review",
                act=f"Go back {text}.",
                verified=False,
                source=source("s1", place="place 1"),
            ),
        ),
        limits=(f"“{text}” is not a medicine that was recognised.", "Records may be incomplete."),
    )
    return msgspec.structs.replace(plain, **changes)


def squeezed(text: str) -> str:
    """Text without spaces, marks of layout aside: what stays the same however it is wrapped."""
    return re.sub(r"[\s\u00a0]+", "", text)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "path", "circle", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("path", "circle"):
            return
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.parts.append(data)


def parsed(page: str) -> _Text:
    parser = _Text()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser


def strings(view: View, *, shown_only: bool) -> list[str]:
    """Every text of a view in its order, headings aside; ``shown_only`` leaves out what a terminal folds."""
    folded = {
        "folded_findings": ("parts",),
        "unchecked_folded": ("name", "checks", "agents", "word", "tier"),
        "charts": ("legend", "table", "highest"),
        "models": ("lines",),
        "changes": ("notes",),
    }
    out: list[str] = []

    def walk(value: Any, skip: tuple[str, ...] = ()) -> None:
        if isinstance(value, str):
            out.append(value)
        elif isinstance(value, tuple):
            for item in value:
                walk(item, skip)
        elif hasattr(value, "__struct_fields__"):
            for name in value.__struct_fields__:
                if name not in (
                    "words",
                    "course_words",
                    "language",
                    "tiers",
                    "page_title",
                    "host",
                    "key",
                    "svg",
                    "highest",
                    "taken",
                    "about",
                    "id",
                    "cited_at",
                    *skip,
                ):
                    walk(getattr(value, name), folded.get(name, skip) if shown_only else ())

    walk(view)
    return [text for text in out if text]


# ---------------------------------------------------------------- content


@pytest.mark.parametrize("text", ["plain", LONG, HOSTILE])
def test_both_pages_say_all_that_the_view_says(text: str) -> None:
    review = a_review(text)
    view = view_of(review)
    terminal = squeezed(render_terminal(review, colour=False, width=50))
    page = render_html(review)
    body = squeezed("".join(parsed(page).parts))
    for one in strings(view, shown_only=True):
        assert squeezed(one) in terminal
    for one in strings(view, shown_only=False):
        assert squeezed(one) in body or html_text.escape(one) in page, one


def test_every_summary_action_and_source_is_in_both() -> None:
    review = a_review()
    terminal, body = (
        squeezed(render_terminal(review, colour=False)),
        squeezed("".join(parsed(render_html(review)).parts)),
    )
    for page, folded in ((terminal, False), (body, True)):
        for one in review.findings:
            assert squeezed(one.summary) in page
            assert squeezed(one.action) in page or (one.folded and not folded)
            for cited in one.sources:
                assert squeezed(cited.title) in page
                assert squeezed(cited.place) in page


def test_the_order_is_that_of_the_design() -> None:
    words = load_knowledge().words("report")
    heads = [
        words[key]["heading"]
        for key in (
            "not_checked",
            "findings",
            "unchecked",
            "medicines",
            "facts",
            "monitoring",
            "limits",
            "sources",
            "stamp",
        )
    ]
    heads[3:3] = [words["suits"]["heading"], load_knowledge().words("prediction")["heading"]]
    review = a_review()
    lines = render_terminal(review, colour=False).splitlines()
    places = [lines.index(head) for head in heads]
    assert places == sorted(places)
    page = render_html(review)
    places = [page.index(f">{head}</h2>") for head in heads]
    assert places == sorted(places)


def test_folded_items_are_one_line_in_the_terminal_and_complete_in_the_page() -> None:
    review = a_review()
    terminal, page = render_terminal(review, colour=False), render_html(review)
    assert "Do step 4 today." not in terminal
    assert "Do step 4 today." in page
    assert page.count("<details") == 3  # the models behind the curve too
    assert "3 more: input 5, input 6, input 7" in terminal


def test_what_is_taken_is_named_once() -> None:
    because = tuple(Because(fact="takes", value=v) for v in ("furosemide, metoprolol", "metoprolol"))
    view = view_of(a_review(findings=(finding(1, "WATCH", because=because),)))
    assert view.findings[0].parts[1].lines[1] == "Here: takes furosemide, metoprolol."


def test_when_all_that_is_missing_is_folded_it_is_named_and_not_called_more() -> None:
    review = a_review()
    review = a_review(unchecked=tuple(u for u in review.unchecked if u.folded))
    for page in (render_terminal(review, colour=False), render_html(review)):
        assert "In short: input 5, input 6, input 7" in page
        assert "more: input" not in page


def test_nothing_fired_is_said_with_what_it_means_and_never_as_safe() -> None:
    review = a_review(findings=())
    for page in (render_terminal(review, colour=False), render_html(review)):
        assert "Nothing fired among 20 checks; 10 could not be made." in page
        assert "safe" not in squeezed("".join(parsed(page).parts)).lower()
    bare = a_review(findings=(), checks=(), unchecked=(), medicines=(), facts=(), monitoring=(), limits=(), patient={})
    terminal = render_terminal(bare, colour=False)
    assert "No check was made" in terminal
    assert "No check was made" in render_html(bare)
    assert "Nothing fired" not in terminal


def test_what_nobody_has_seen_is_marked() -> None:
    review = a_review()
    for page in (render_terminal(review, colour=False), "".join(parsed(render_html(review)).parts)):
        assert squeezed("NOT VERIFIED: nobody has seen this in its source") in squeezed(page)
        assert "not verified" in page


def test_what_does_not_exist_yet_is_not_shown() -> None:
    words = load_knowledge().words("report")
    assert not {"options", "prediction", "plan"} & set(words)


@pytest.mark.parametrize(("country", "said"), [("US", "US labels"), ("UK", "UK labels"), ("DE", "EU labels, for DE")])
def test_whose_labels_stands_in_the_first_lines(country: str, said: str) -> None:
    review = a_review()
    review = msgspec.structs.replace(review, stamp=msgspec.structs.replace(review.stamp, country=country))
    assert said in "\n".join(render_terminal(review, colour=False).splitlines()[:3])
    assert said in render_html(review).split("<main>")[0]


@pytest.mark.parametrize(("value", "said"), [(58.7, "58 years"), (1.5, "18 months"), (2.0, "2 years")])
def test_age_as_a_clinic_says_it(value: float, said: str) -> None:
    review = a_review(facts=(Fact(name="age", title="age", text=f"{value} years", value=value, unit="years"),))
    assert view_of(review).person == f"female, {said}, weight unknown"


def test_the_first_lines_say_what_was_not_read_and_not_checked() -> None:
    said = (
        "1 medicine not recognised",
        "1 medicine read in part: “baclofen plain”",
        "10 of 20 checks could not be made",
    )
    assert view_of(a_review()).glance == said
    partly = [m for m in a_review().medicines if m.status == "partly read"]
    assert view_of(a_review(medicines=tuple(partly * 4))).glance[0] == "4 medicines read in part"
    assert view_of(a_review(medicines=())).glance == said[2:]


def test_a_source_has_one_number_wherever_it_is_cited() -> None:
    view = view_of(a_review())
    assert [s.number for s in view.sources] == list(range(1, len(view.sources) + 1))
    first = view.sources[0]
    assert first.title == "Label of s1"
    assert first.places == "place 1 · place 4 · place 5"
    assert view.folded_findings[0].numbers[0] == 1


# ---------------------------------------------------------------- terminal


def columns(line: str) -> int:
    """An independent, simple measure of the columns that a line takes."""
    return sum(
        0 if unicodedata.combining(c) or c in "\u200c\u200d" else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in line
    )


anything = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=120) | st.text(
    alphabet="אب日👩\u0301\u200d\u202e\x1b\x9b a-", max_size=200
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=anything, width=st.sampled_from([20, 41, 56, 80, 120]), colour=st.booleans())
def test_no_line_is_wider_than_asked_and_no_control_character_passes(text: str, width: int, colour: bool) -> None:
    page = render_terminal(a_review(text), colour=colour, width=width)
    bare = re.sub(r"\x1b\[[0-9;]+m", "", page) if colour else page
    for line in bare.split("\n"):
        assert columns(line) <= width
        assert text_width(line) <= width
        assert not any(
            unicodedata.category(c) in ("Cc", "Zl", "Zp")
            or (unicodedata.category(c) == "Cf" and c not in "\u200c\u200d")
            for c in line
        )


@given(text=anything, width=st.integers(2, 40))
def test_wrapping_loses_nothing(text: str, width: int) -> None:
    text = clean(text)
    lines = wrapped(text, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(text_width(line) <= width for line in lines)


def test_colour_adds_only_colour() -> None:
    review = a_review()
    plain, coloured = render_terminal(review, colour=False), render_terminal(review, colour=True)
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[0-9;]+m", "", coloured) == plain


def test_an_encoding_that_cannot_write_the_shapes_gets_plain_ones() -> None:
    page = render_terminal(a_review(HOSTILE), colour=False, encoding="ascii")
    assert page.isascii()
    assert "# DANGER" in page
    assert "^ CHANGE" in page
    assert all(len(line) <= 80 for line in page.splitlines())


# ---------------------------------------------------------------- HTML


def test_hostile_text_is_only_text() -> None:
    page = render_html(a_review(HOSTILE))
    parser = parsed(page)
    assert not {"script", "img", "iframe", "link", "object", "form"} & {tag for tag, _ in parser.tags}
    assert "<script" not in page
    assert "\x1b" not in page
    assert not set("\u202e\u2066\u202a\u2067") & set(page)
    for _, attributes in parser.tags:
        assert not any(name.startswith("on") or name == "style" for name in attributes)
        assert (attributes.get("href") or "#").startswith(("#", "https://", "http://"))
    assert "javascript:" not in page


@settings(max_examples=40, deadline=None)
@given(text=anything)
def test_any_text_gives_a_page_of_the_same_shape(text: str) -> None:
    shape = [tag for tag, _ in parsed(render_html(a_review("x"))).tags if tag not in ("bdi", "span")]
    assert [tag for tag, _ in parsed(render_html(a_review(f"x{text}"))).tags if tag not in ("bdi", "span")] == shape


def test_the_page_fetches_nothing_and_stands_alone() -> None:
    page = render_html(a_review())
    assert "default-src 'none'; style-src 'unsafe-inline'" in page
    assert 'lang="en"' in page
    style = page.split("<style>")[1].split("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    for target in re.findall(r'href="#([^"]+)"', page) + re.findall(r'aria-labelledby="([^"]+)"', page):
        assert target in ids
    for _, attributes in (t for t in parsed(page).tags if t[0] == "th"):
        assert attributes.get("scope") in ("col", "row")


def _luminance(colour: str) -> float:
    if len(colour) == 4:
        colour = "#" + "".join(2 * c for c in colour[1:])
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_colour_reads_on_its_ground() -> None:
    """WCAG 2.2, success criterion 1.4.3: at least 4.5 to 1."""
    style = render_html(a_review()).split("<style>")[1].split("</style>")[0]
    themes = [
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})", block))
        for block in re.findall(r":root \{(.*?)\}", style, re.S)
    ]
    assert len(themes) == 3
    for theme in themes:
        pairs = [
            (name, ground)
            for name in ("ink", "soft", "link", "danger", "change", "watch", "note")
            for ground in ("paper", "wash")
        ]
        for name, ground in [*pairs, ("danger-ink", "danger")]:
            light, dark = sorted((_luminance(theme[name]), _luminance(theme[ground])), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (name, ground)


def test_the_same_review_gives_the_same_bytes_in_any_place_and_time() -> None:
    review = a_review(HOSTILE)
    assert render_html(review) == render_html(review)
    program = (
        "import sys, hashlib; sys.path.insert(0, sys.argv[1]); from test_report import a_review, HOSTILE;"
        "from relaxant.report.review.html import render_html;"
        "from relaxant.report.review.terminal import render_terminal; r = a_review(HOSTILE);"
        "print(hashlib.sha256((render_html(r) + render_terminal(r, colour=True)).encode()).hexdigest())"
    )
    seen = set()
    for zone, seed in (("Pacific/Kiritimati", "1"), ("Pacific/Pago_Pago", "2")):
        environment = {**os.environ, "TZ": zone, "PYTHONHASHSEED": seed, "LC_ALL": "C"}
        done = subprocess.run(
            [sys.executable, "-c", program, os.path.dirname(__file__)],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        seen.add(done.stdout)
    assert len(seen) == 1
