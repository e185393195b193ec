"""The review as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.schema import Tier
from relaxant.report.blocks import Section
from relaxant.report.chart import sparkline
from relaxant.report.columns import text_width, wrapped
from relaxant.report.review.course import ChartView
from relaxant.report.review.page import FactView, FindingView, Missing, View
from relaxant.report.review.view import view_of
from relaxant.report.text_page import BOLD, COMFORTABLE, FAINT, TextPage
from relaxant.reviewing import Review

_LABEL = 10
_FACT = 30
_COLOURS: dict[Tier, str] = {"DANGER": "1;97;41", "CHANGE": "1;33", "WATCH": "1;36", "NOTE": "1"}


def render_terminal(
    review: Review, *, colour: bool, width: int = 80, encoding: str = "utf-8", knowledge: Knowledge | None = None
) -> str:
    """The review in at most ``width`` columns (20 at the least), with ANSI colours only when ``colour``.

    Where ``encoding`` cannot write a character, a plainer one stands for it, the tiers' shapes included.

    >>> from datetime import date
    >>> from relaxant import read_patient, render_terminal, review
    >>> made = review(read_patient(b"{label: bed 12, medicines: [aspirin]}", today=date(2026, 11, 22)))
    >>> print("\\n".join(render_terminal(made, colour=False).splitlines()[:2]))
    bed 12
    Review of muscle relaxants, as of 2026-11-22, US labels
    """
    return _Terminal(view_of(review, knowledge=knowledge), TextPage(colour, width, encoding)).text()


# ---------------------------------------------------------------- the page


class _Terminal:
    def __init__(self, view: View, page: TextPage) -> None:
        self.view, self.page, self.words = view, page, view.words
        shapes = self.words["shape"]
        self.shapes = shapes if all(page.plain(s) == s for s in shapes.values()) else self.words["shape_ascii"]

    def text(self) -> str:
        self.head()
        self.not_checked()
        self.findings()
        self.unchecked()
        self.suits()
        self.sections(options.short for options in self.view.options)
        self.courses()
        self.plans()
        self.medicines()
        self.facts()
        self.monitoring()
        self.limits()
        self.page.sources(self.view.sources, self.words["sources"])
        self.stamp()
        return self.page.text()

    # ------------------------------------------------------------ drawing

    def tier(self, tier: Tier) -> str:
        return f"{self.shapes[tier]} {self.words['tier'][tier]}"

    def tagged(self, tier: Tier, text: str, *, strong: bool) -> None:
        """A summary with its tier's shape and word before it."""
        tag = self.page.plain(self.tier(tier))
        room = max(text_width(self.page.plain(self.tier(t))) for t in self.words["tier"]) + 2
        style = BOLD if strong else ""
        if self.page.width < COMFORTABLE:
            self.page.lines.append(self.page.painted(tag, _COLOURS[tier]))
            self.page.put(text, indent=2, style=style)
            return
        for i, line in enumerate(wrapped(self.page.plain(text), self.page.width - room)):
            start = self.page.painted(tag, _COLOURS[tier]) + " " * (room - text_width(tag)) if i == 0 else " " * room
            self.page.lines.append(start + self.page.painted(line, style))

    def tags(self, tags: Iterable[str]) -> str:
        return "".join(f" ({tag})" for tag in tags)

    # ------------------------------------------------------------ sections

    def head(self) -> None:
        view = self.view
        self.page.put(view.label, style=BOLD)
        self.page.put(f"{view.words['title']}, {view.as_of}, {view.labels}")
        self.page.put(view.person)
        self.page.put(view.stamp_short, style=FAINT)
        self.page.gap()
        counts = "   ".join(
            f"{self.shapes[tier]} {self.words['glance']['count'].format(count=count, tier=word)}"
            for tier, word, count, _ in view.tiers
        )
        self.page.put(counts, style=BOLD)
        for line in view.glance:
            self.page.put(line)

    def not_checked(self) -> None:
        view = self.view
        if not view.not_checked:
            return
        self.page.heading(self.words["not_checked"]["heading"])
        self.page.put(view.not_checked_lead)
        for one in view.not_checked:
            self.page.put(self.words["quoted"].format(text=one.said), indent=2, hang=4, style=BOLD)
            for line in one.lines:
                self.page.put(line, indent=4)

    def findings(self) -> None:
        view = self.view
        self.page.heading(self.words["findings"]["heading"])
        for line in view.nothing:
            self.page.put(line)
        for i, finding in enumerate(view.findings):
            if i:
                self.page.gap()
            self.finding(finding)
        if view.folded_findings:
            self.page.gap()
            self.page.put(view.folded_findings_lead)
            for finding in view.folded_findings:
                self.tagged(
                    finding.tier,
                    f"{finding.summary}{self.tags(finding.tags)} {self.page.numbers(finding.numbers)}",
                    strong=False,
                )

    def finding(self, finding: FindingView) -> None:
        self.tagged(finding.tier, f"{finding.summary}{self.tags(finding.tags)}", strong=True)
        for part in finding.parts:
            self.page.beside(part.label, [*part.lines, *map(self.page.cited, part.marks)], room=_LABEL, indent=2)

    def unchecked(self) -> None:
        view = self.view
        if not view.unchecked_lead:
            return
        self.page.heading(self.words["unchecked"]["heading"])
        self.page.put(view.unchecked_lead)
        for missing in view.unchecked:
            self.missing(missing)
        if view.unchecked_more:
            self.page.put(view.unchecked_more, indent=2, hang=4)

    def missing(self, missing: Missing) -> None:
        self.tagged(missing.tier, f"{missing.name}, {missing.checks}: {missing.agents}", strong=False)

    def courses(self) -> None:
        view = self.view
        if not view.courses:
            return
        self.page.heading(view.course_words["heading"])
        self.page.put(view.course_words["lead"])
        for course in view.courses:
            self.page.gap()
            self.page.put(course.title, style=BOLD)
            for line in (course.sentence, *course.lines):
                if line:
                    self.page.put(line, indent=2, hang=4)
            if course.levels:
                self.page.put(view.course_words["levels"]["heading"], indent=2)
            for level in course.levels:
                self.page.put(f"- {level}", indent=2, hang=4)
            if course.changes:
                self.page.put(view.course_words["exposure"]["heading"], indent=2)
            for change in course.changes:
                text = " ".join(
                    (f"- {change.text}{self.tags(change.tags)}", *change.notes, self.page.numbers(change.numbers))
                )
                self.page.put(text.rstrip(), indent=2, hang=4)
            for chart in course.charts:
                self.spark(chart)
            for banner in course.banners:
                self.page.put(f"- {banner}", indent=2, hang=4)
            for mark in course.marks:
                self.page.put(mark, indent=2, hang=4)
            words = view.course_words["models"]
            for model in course.models:
                parts = "; ".join(
                    part
                    for part in (
                        model.standing,
                        f"{words['share']}: {model.share}" if model.share.endswith("%") else model.share,
                        f"{words['typical']}: {model.typical}" if model.typical else "",
                    )
                    if part
                )
                titled = self.words["in_brackets"].format(text=f"{model.title}{self.tags(model.tags)}", more=parts)
                self.page.put(f"{titled} {self.page.numbers(model.numbers)}".rstrip(), indent=2, hang=4, style=FAINT)

    def spark(self, chart: ChartView) -> None:
        """The middle line in block characters with its highest value; left out where the encoding has no blocks."""
        width = min(48, self.page.width - 4)
        drawn = sparkline(chart.middle, width)
        if self.page.plain(drawn) == drawn:
            self.page.put(f"{chart.title}{self.tags(chart.tags)}", indent=2, hang=4, style=FAINT)
            self.page.lines.append(
                f"  {drawn} {chart.highest}" if self.page.width >= width + 4 + len(chart.highest) else f"  {drawn}"
            )

    def medicines(self) -> None:
        view, words = self.view, self.words["medicines"]
        self.page.heading(words["heading"])
        if not view.medicines:
            self.page.put(words["none"])
        for medicine in view.medicines:
            self.page.put(self.words["quoted"].format(text=medicine.said), indent=0, hang=2)
            self.page.put(f"= {medicine.read_as}", indent=2, hang=4)
            self.page.put(medicine.role, indent=4, style=FAINT)
            for remark in medicine.remarks:
                self.page.put(remark, indent=4)

    def facts(self) -> None:
        view, words = self.view, self.words["facts"]
        self.page.heading(words["heading"])
        for name, text in view.said:
            self.page.beside(name, [text], room=_FACT, label_style="")
        for fact in view.facts:
            self.fact(fact)
        if view.unknown_facts:
            self.page.gap()
            self.page.beside(words["unknown_fact"], [words["settled_by"]], room=_FACT, style=BOLD)
            for fact in view.unknown_facts:
                self.fact(fact)

    def fact(self, fact: FactView) -> None:
        text = self.words["in_brackets"].format(text=fact.value, more="; ".join(fact.how)) if fact.how else fact.value
        self.page.beside(fact.title, [f"{text} {self.page.numbers(fact.numbers)}".rstrip()], room=_FACT, label_style="")

    def sections(self, sections: Iterable[Section]) -> None:
        for section in sections:
            self.page.section(section)

    def plans(self) -> None:
        for plan in self.view.plans:
            self.page.heading(f"{self.view.plan_heading}: {plan.title}")
            for banner in plan.above:
                self.page.put(banner)
            self.sections(plan.sections)

    def suits(self) -> None:
        view = self.view
        if not view.suits:
            return
        self.page.heading(self.words["suits"]["heading"])
        who = ""
        for suit in view.suits:
            if suit.who != who:
                who = suit.who
                self.page.put(who, style=BOLD)
            marks = " ".join(map(self.page.cited, suit.marks))
            self.page.put(
                f"{self.words['name_value'].format(name=suit.status, value=' '.join(suit.lines))}{self.tags(suit.tags)} {marks}",
                indent=2,
                hang=4,
            )

    def monitoring(self) -> None:
        view = self.view
        if not view.monitoring:
            return
        self.page.heading(self.words["monitoring"]["heading"])
        agent = ""
        for watch in view.monitoring:
            marks = f"{self.tags(watch.tags)} {self.page.cited(watch.mark)}"
            words = view.follow_words
            if watch.day:
                style = BOLD if watch.overdue else ""
                self.page.put(
                    words["line"].format(agent=watch.agent, what=watch.what, due=watch.due), hang=2, style=style
                )
                self.page.put(f"{words['how'].format(at=watch.at, act=watch.act)}{marks}", indent=2, hang=4)
                continue
            if watch.agent != agent:
                agent = watch.agent
                self.page.put(agent, style=BOLD)
            line = words["in_group"] if watch.due else self.words["monitoring"]["line"]
            text = line.format(what=watch.what, due=watch.due, at=watch.at, act=watch.act)
            self.page.put(f"{text}{marks}", indent=2, hang=4)

    def limits(self) -> None:
        if self.view.limits:
            self.page.heading(self.words["limits"]["heading"])
            for text in self.view.limits:
                self.page.put(f"- {text}", hang=2)

    def stamp(self) -> None:
        self.page.heading(self.words["stamp"]["heading"])
        for name, value in self.view.stamp:
            self.page.beside(name, [value], room=_LABEL + 4, label_style="")
        self.page.gap()
        self.page.put(self.view.orders)
