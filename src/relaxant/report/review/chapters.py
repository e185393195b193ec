"""The page of a review as chapters of lines, lists and tables: what PDF and FHIR draw.

It holds what the terminal and the HTML page hold, in their order and words. Findings that are folded stand in it as one line each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from relaxant.report.blocks import Block, Bullets, Cell, Line, Saying, Section, Table
from relaxant.report.citations import Mark
from relaxant.report.plan.page import PlanView
from relaxant.report.review.course import CourseView
from relaxant.report.review.page import FactView, FindingView, Missing, View, WatchView


class Picture(msgspec.Struct, frozen=True, tag="picture"):
    """A chart (SVG) under its title, and what its lines mean."""

    saying: Saying
    svg: str
    legend: tuple[str, ...]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A heading below a chapter's, and what stands under it."""

    key: str
    heading: str
    blocks: tuple[Block | Picture, ...]


class Chapter(msgspec.Struct, frozen=True, kw_only=True):
    """A heading of the page, what stands under it, and its parts."""

    key: str
    heading: str
    blocks: tuple[Block | Picture, ...] = ()
    parts: tuple[Part, ...] = ()


def chapters(view: View) -> tuple[Chapter, ...]:
    """The chapters of a review, from what to do to what it rests on; those with nothing in them left out."""
    return tuple(c for c in _chapters(view) if c.blocks or c.parts)


def _chapters(view: View) -> Iterator[Chapter]:
    words = view.words
    yield Chapter(key="not-checked", heading=words["not_checked"]["heading"], blocks=tuple(_not_checked(view)))
    yield Chapter(
        key="findings",
        heading=words["findings"]["heading"],
        blocks=tuple(_line(text, strong=i == 0) for i, text in enumerate(view.nothing)),
        parts=tuple(_finding(f) for f in view.findings) + tuple(_folded(view)),
    )
    yield Chapter(key="unchecked", heading=words["unchecked"]["heading"], blocks=tuple(_unchecked(view)))
    yield Chapter(key="suits", heading=words["suits"]["heading"], blocks=tuple(_suits(view)))
    for options in view.options:
        yield Chapter(key="options", heading=options.whole.heading, blocks=options.whole.blocks)
    if view.courses:
        yield Chapter(
            key="courses",
            heading=view.course_words["heading"],
            blocks=(_line(view.course_words["lead"]),),
            parts=tuple(_course(c, view) for c in view.courses),
        )
    for plan in view.plans:
        yield _plan(plan, view)
    yield Chapter(key="medicines", heading=words["medicines"]["heading"], blocks=tuple(_medicines(view)))
    yield Chapter(key="facts", heading=words["facts"]["heading"], blocks=tuple(_facts(view)))
    yield Chapter(key="monitoring", heading=words["monitoring"]["heading"], blocks=tuple(_monitoring(view)))
    limits = (Bullets("", tuple(map(Saying, view.limits))),) if view.limits else ()
    yield Chapter(key="limits", heading=words["limits"]["heading"], blocks=limits)


# ---------------------------------------------------------------- what is said


def _line(text: str, *, strong: bool = False) -> Line:
    return Line(Saying(text), strong)


def _cell(*texts: str) -> Cell:
    return tuple(Saying(t) for t in texts if t)


def _numbered(text: str, numbers: Iterable[int], tags: tuple[str, ...] = ()) -> Saying:
    return Saying(text, tags, tuple(Mark(n, "") for n in numbers))


def tagged(finding: FindingView) -> str:
    """A finding's summary with its tier before it."""
    return f"{finding.word}: {finding.summary}"


def finding_blocks(finding: FindingView) -> tuple[Bullets, ...]:
    """The parts of a finding: what to do, why, how sure."""
    return tuple(
        Bullets(part.label, (*map(Saying, part.lines), *(Saying("", (), (m,)) for m in part.marks)))
        for part in finding.parts
    )


def _finding(finding: FindingView) -> Part:
    tags = "".join(f" ({tag})" for tag in finding.tags)
    key = f"finding {finding.tier.lower()}"
    return Part(key=key, heading=tagged(finding) + tags, blocks=finding_blocks(finding))


def _folded(view: View) -> Iterator[Part]:
    if view.folded_findings:
        sayings = tuple(_numbered(tagged(f), f.numbers, f.tags) for f in view.folded_findings)
        yield Part(key="folded", heading=view.folded_findings_lead, blocks=(Bullets("", sayings),))


def _not_checked(view: View) -> Iterator[Block]:
    if view.not_checked:
        yield _line(view.not_checked_lead)
        for one in view.not_checked:
            quoted = view.words["quoted"].format(text=one.said)
            yield Bullets(quoted, tuple(map(Saying, one.lines)) or (Saying(""),))


def _unchecked(view: View) -> Iterator[Block]:
    if not view.unchecked_lead:
        return
    words = view.words["unchecked"]
    if view.unchecked:
        head = (words["missing"], words["worst"], words["checks"], words["agents"])
        yield Table(view.unchecked_lead, head, tuple(map(_missing, view.unchecked)), prose=True)
    else:
        yield _line(view.unchecked_lead)
    if view.unchecked_more:
        yield _line(view.unchecked_more)


def _missing(missing: Missing) -> tuple[Cell, ...]:
    return tuple(map(_cell, (missing.name, missing.word, missing.checks, missing.agents)))


def _suits(view: View) -> Iterator[Block]:
    for one in view.suits:
        text = view.words["name_value"].format(name=one.status, value=" ".join(one.lines))
        yield Bullets(one.who, (Saying(text, one.tags, one.marks),))


def _course(course: CourseView, view: View) -> Part:
    return Part(key="course", heading=course.title, blocks=tuple(_course_blocks(course, view)))


def _course_blocks(course: CourseView, view: View) -> Iterator[Block | Picture]:
    words = view.course_words
    if course.sentence:
        yield _line(course.sentence, strong=True)
    for i, text in enumerate(course.lines):
        yield _line(text, strong=i == 0)
    if course.levels:
        yield Bullets(words["levels"]["heading"], tuple(map(Saying, course.levels)))
    if course.changes:
        changes = tuple(_numbered(" ".join((c.text, *c.notes)), c.numbers, c.tags) for c in course.changes)
        yield Bullets(words["exposure"]["heading"], changes)
    if course.banners:
        yield Bullets("", tuple(map(Saying, course.banners)))
    for chart in course.charts:
        yield Picture(Saying(chart.title, chart.tags), chart.svg, chart.legend)
        rows = tuple(tuple(map(_cell, row)) for row in chart.table.rows)
        yield Table(chart.table.caption, chart.table.head, rows, prose=True)
    for text in course.marks:
        yield _line(text)
    if course.models:
        own = words["models"]
        head = (own["model"], own["standing"], own["share"], own["typical"])
        rows = tuple(
            ((_numbered(m.title, m.numbers, m.tags),), _cell(m.standing, *m.lines), _cell(m.share), _cell(m.typical))
            for m in course.models
        )
        yield Table(own["heading"], head, rows, prose=True)


def _plan(plan: PlanView, view: View) -> Chapter:
    return Chapter(
        key="plan",
        heading=f"{view.plan_heading}: {plan.title}",
        blocks=tuple(_line(text, strong=True) for text in plan.above),
        parts=tuple(_section(s) for s in plan.sections),
    )


def _section(section: Section) -> Part:
    return Part(key=section.key, heading=section.heading, blocks=section.blocks)


# ---------------------------------------------------------------- what it rests on


def _medicines(view: View) -> Iterator[Block]:
    words = view.words["medicines"]
    if not view.medicines:
        yield _line(words["none"])
        return
    rows = tuple(
        (_cell(view.words["quoted"].format(text=m.said)), _cell(m.read_as, *m.remarks), _cell(m.role))
        for m in view.medicines
    )
    yield Table("", (words["said"], words["read_as"], words["role"]), rows, prose=True)


def _facts(view: View) -> Iterator[Block]:
    words = view.words["facts"]
    for name, text in view.said:
        yield Bullets(name, (Saying(text),))
    if view.facts:
        rows = tuple((_cell(f.title), _cell(f.value), (_how(f),)) for f in view.facts)
        yield Table("", (words["fact"], words["value"], words["how"]), rows, prose=True)
    if view.unknown_facts:
        settled = tuple((_cell(f.title), _cell("; ".join((f.value, *f.how)))) for f in view.unknown_facts)
        yield Table(words["unknown_heading"], (words["unknown_fact"], words["settled_by"]), settled, prose=True)


def _how(fact: FactView) -> Saying:
    return _numbered("; ".join(fact.how), fact.numbers)


def _monitoring(view: View) -> Iterator[Block]:
    words = view.words["monitoring"]
    if view.monitoring:
        head = (words["what"], words["agent"], words["at"], words["act"], words["source"])
        yield Table("", head, tuple(map(_watch, view.monitoring)), prose=True)


def _watch(watch: WatchView) -> tuple[Cell, ...]:
    due = f"{watch.due}." if watch.due and watch.day else watch.due
    source = Saying("", (), (watch.mark,))
    return _cell(watch.what), _cell(watch.agent), _cell(due, watch.at), (Saying(watch.act, watch.tags),), (source,)
