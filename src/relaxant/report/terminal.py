"""The review as text for a terminal: never wider than asked, readable without colour, free of control characters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.schema import Tier
from relaxant.report.chart import sparkline
from relaxant.report.citations import Mark
from relaxant.report.columns import NARROWEST, plainer, text_width, wrapped
from relaxant.report.course_view import ChartView
from relaxant.report.plan_page import Section
from relaxant.report.plan_text import section_lines
from relaxant.report.view import FactView, FindingView, Missing, View, view_of
from relaxant.reviewing import Review

_COMFORTABLE = 56  # below it labels stand above their text instead of beside it
_LABEL = 10
_FACT = 30
_COLOURS: dict[Tier, str] = {"DANGER": "1;97;41", "CHANGE": "1;33", "WATCH": "1;36", "NOTE": "1"}
_BOLD, _FAINT = "1", "2"


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
    return _Terminal(view_of(review, knowledge=knowledge), colour, max(width, NARROWEST), encoding).text()


# ---------------------------------------------------------------- the page


class _Terminal:
    def __init__(self, view: View, colour: bool, width: int, encoding: str) -> None:
        self.view, self.colour, self.width, self.encoding = view, colour, width, encoding
        self.words = view.words
        shapes = self.words["shape"]
        self.shapes = shapes if all(self.plainer(s) == s for s in shapes.values()) else self.words["shape_ascii"]
        self.lines: list[str] = []

    def text(self) -> str:
        self.head()
        self.not_checked()
        self.findings()
        self.unchecked()
        self.suits()
        self.sections(self.view.options)
        self.courses()
        self.plans()
        self.medicines()
        self.facts()
        self.monitoring()
        self.limits()
        self.sources()
        self.stamp()
        return "\n".join(self.lines) + "\n"

    # ------------------------------------------------------------ drawing

    def plainer(self, text: str) -> str:
        """The text as the encoding can write it."""
        return plainer(text, self.encoding)

    def painted(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self.colour and style and text else text

    def put(self, text: str, *, indent: int = 0, hang: int | None = None, style: str = "") -> None:
        """A paragraph; lines after the first are indented by ``hang``."""
        hang = indent if hang is None else hang
        most = self.width - max(indent, hang)
        for i, line in enumerate(wrapped(self.plainer(text), most)):
            self.lines.append(" " * (hang if i else indent) + self.painted(line, style))

    def beside(
        self,
        label: str,
        paragraphs: Sequence[str],
        *,
        indent: int = 0,
        room: int = _LABEL,
        style: str = "",
        label_style: str = _BOLD,
    ) -> None:
        """Paragraphs beside a label, or below it where the page is narrow or the label long."""
        label = self.plainer(label)
        if self.width < _COMFORTABLE:
            self.put(label, indent=min(indent, 2), style=label_style)
            for text in paragraphs:
                self.put(text, indent=min(indent, 2) + 2, style=style)
            return
        body = [line for text in paragraphs for line in wrapped(self.plainer(text), self.width - indent - room)]
        labels = wrapped(label, room - 2)
        for i in range(max(len(body), len(labels))):
            own = labels[i] if i < len(labels) else ""
            line = body[i] if i < len(body) else ""
            gap = " " * (room - text_width(own)) if line else ""
            self.lines.append(" " * indent + self.painted(own, label_style) + gap + self.painted(line, style))

    def gap(self) -> None:
        self.lines.append("")

    def heading(self, text: str) -> None:
        self.gap()
        self.put(text, style=_BOLD)
        self.lines.append(self.plainer("─") * self.width if self.plainer("─") == "─" else "-" * self.width)

    def tier(self, tier: Tier) -> str:
        return f"{self.shapes[tier]} {self.words['tier'][tier]}"

    def tagged(self, tier: Tier, text: str, *, strong: bool) -> None:
        """A summary with its tier's shape and word before it."""
        tag = self.plainer(self.tier(tier))
        room = max(text_width(self.plainer(self.tier(t))) for t in self.words["tier"]) + 2
        style = _BOLD if strong else ""
        if self.width < _COMFORTABLE:
            self.lines.append(self.painted(tag, _COLOURS[tier]))
            self.put(text, indent=2, style=style)
            return
        for i, line in enumerate(wrapped(self.plainer(text), self.width - room)):
            start = self.painted(tag, _COLOURS[tier]) + " " * (room - text_width(tag)) if i == 0 else " " * room
            self.lines.append(start + self.painted(line, style))

    def marks(self, marks: Iterable[Mark]) -> list[str]:
        return [self.mark(m) for m in marks]

    def mark(self, mark: Mark) -> str:
        place = f" {mark.place}" if mark.place else ""
        return f"[{mark.number}]{place}" + (f": {mark.says}" if mark.says else "")

    def numbers(self, numbers: Iterable[int]) -> str:
        return "".join(f"[{n}]" for n in numbers)

    def tags(self, tags: Iterable[str]) -> str:
        return "".join(f" ({tag})" for tag in tags)

    # ------------------------------------------------------------ sections

    def head(self) -> None:
        view = self.view
        self.put(view.label, style=_BOLD)
        self.put(f"{view.words['title']}, {view.as_of}, {view.labels}")
        self.put(view.person)
        self.put(view.stamp_short, style=_FAINT)
        self.gap()
        counts = "   ".join(
            f"{self.shapes[tier]} {self.words['glance']['count'].format(count=count, tier=word)}"
            for tier, word, count, _ in view.tiers
        )
        self.put(counts, style=_BOLD)
        for line in view.glance:
            self.put(line)

    def not_checked(self) -> None:
        view = self.view
        if not view.not_checked:
            return
        self.heading(self.words["not_checked"]["heading"])
        self.put(view.not_checked_lead)
        for one in view.not_checked:
            self.put(self.words["quoted"].format(text=one.said), indent=2, hang=4, style=_BOLD)
            for line in one.lines:
                self.put(line, indent=4)

    def findings(self) -> None:
        view = self.view
        self.heading(self.words["findings"]["heading"])
        for line in view.nothing:
            self.put(line)
        for i, finding in enumerate(view.findings):
            if i:
                self.gap()
            self.finding(finding)
        if view.folded_findings:
            self.gap()
            self.put(view.folded_findings_lead)
            for finding in view.folded_findings:
                self.tagged(
                    finding.tier,
                    f"{finding.summary}{self.tags(finding.tags)} {self.numbers(finding.numbers)}",
                    strong=False,
                )

    def finding(self, finding: FindingView) -> None:
        self.tagged(finding.tier, f"{finding.summary}{self.tags(finding.tags)}", strong=True)
        for part in finding.parts:
            self.beside(part.label, [*part.lines, *self.marks(part.marks)], indent=2)

    def unchecked(self) -> None:
        view = self.view
        if not view.unchecked_lead:
            return
        self.heading(self.words["unchecked"]["heading"])
        self.put(view.unchecked_lead)
        for missing in view.unchecked:
            self.missing(missing)
        if view.unchecked_more:
            self.put(view.unchecked_more, indent=2, hang=4)

    def missing(self, missing: Missing) -> None:
        self.tagged(missing.tier, f"{missing.name}, {missing.checks}: {missing.agents}", strong=False)

    def courses(self) -> None:
        view = self.view
        if not view.courses:
            return
        self.heading(view.course_words["heading"])
        self.put(view.course_words["lead"])
        for course in view.courses:
            self.gap()
            self.put(course.title, style=_BOLD)
            for line in (course.sentence, *course.lines):
                if line:
                    self.put(line, indent=2, hang=4)
            if course.levels:
                self.put(view.course_words["levels"]["heading"], indent=2)
            for level in course.levels:
                self.put(f"- {level}", indent=2, hang=4)
            if course.changes:
                self.put(view.course_words["exposure"]["heading"], indent=2)
            for change in course.changes:
                text = " ".join(
                    (f"- {change.text}{self.tags(change.tags)}", *change.notes, self.numbers(change.numbers))
                )
                self.put(text.rstrip(), indent=2, hang=4)
            for chart in course.charts:
                self.spark(chart)
            for banner in course.banners:
                self.put(f"- {banner}", indent=2, hang=4)
            for mark in course.marks:
                self.put(mark, indent=2, hang=4)
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
                self.put(f"{titled} {self.numbers(model.numbers)}".rstrip(), indent=2, hang=4, style=_FAINT)

    def spark(self, chart: ChartView) -> None:
        """The middle line in block characters with its highest value; left out where the encoding has no blocks."""
        width = min(48, self.width - 4)
        drawn = sparkline(chart.middle, width)
        if self.plainer(drawn) == drawn:
            self.put(f"{chart.title}{self.tags(chart.tags)}", indent=2, hang=4, style=_FAINT)
            self.lines.append(
                f"  {drawn} {chart.highest}" if self.width >= width + 4 + len(chart.highest) else f"  {drawn}"
            )

    def medicines(self) -> None:
        view, words = self.view, self.words["medicines"]
        self.heading(words["heading"])
        if not view.medicines:
            self.put(words["none"])
        for medicine in view.medicines:
            self.put(self.words["quoted"].format(text=medicine.said), indent=0, hang=2)
            self.put(f"= {medicine.read_as}", indent=2, hang=4)
            self.put(medicine.role, indent=4, style=_FAINT)
            for remark in medicine.remarks:
                self.put(remark, indent=4)

    def facts(self) -> None:
        view, words = self.view, self.words["facts"]
        self.heading(words["heading"])
        for name, text in view.said:
            self.beside(name, [text], room=_FACT, label_style="")
        for fact in view.facts:
            self.fact(fact)
        if view.unknown_facts:
            self.gap()
            self.beside(words["unknown_fact"], [words["settled_by"]], room=_FACT, style=_BOLD)
            for fact in view.unknown_facts:
                self.fact(fact)

    def fact(self, fact: FactView) -> None:
        text = self.words["in_brackets"].format(text=fact.value, more="; ".join(fact.how)) if fact.how else fact.value
        self.beside(fact.title, [f"{text} {self.numbers(fact.numbers)}".rstrip()], room=_FACT, label_style="")

    def sections(self, sections: Sequence[Section]) -> None:
        self.lines += section_lines(sections, colour=self.colour, width=self.width, encoding=self.encoding)

    def plans(self) -> None:
        for plan in self.view.plans:
            self.heading(f"{self.view.plan_heading}: {plan.title}")
            for banner in plan.above:
                self.put(banner)
            self.sections(plan.sections)

    def suits(self) -> None:
        view = self.view
        if not view.suits:
            return
        self.heading(self.words["suits"]["heading"])
        who = ""
        for suit in view.suits:
            if suit.who != who:
                who = suit.who
                self.put(who, style=_BOLD)
            marks = " ".join(self.mark(m) for m in suit.marks)
            self.put(
                f"{self.words['name_value'].format(name=suit.status, value=' '.join(suit.lines))}{self.tags(suit.tags)} {marks}",
                indent=2,
                hang=4,
            )

    def monitoring(self) -> None:
        view = self.view
        if not view.monitoring:
            return
        self.heading(self.words["monitoring"]["heading"])
        agent = ""
        for watch in view.monitoring:
            marks = f"{self.tags(watch.tags)} {self.mark(watch.mark)}"
            words = view.follow_words
            if watch.day:
                style = _BOLD if watch.overdue else ""
                self.put(words["line"].format(agent=watch.agent, what=watch.what, due=watch.due), hang=2, style=style)
                self.put(f"{words['how'].format(at=watch.at, act=watch.act)}{marks}", indent=2, hang=4)
                continue
            if watch.agent != agent:
                agent = watch.agent
                self.put(agent, style=_BOLD)
            line = words["in_group"] if watch.due else self.words["monitoring"]["line"]
            text = line.format(what=watch.what, due=watch.due, at=watch.at, act=watch.act)
            self.put(f"{text}{marks}", indent=2, hang=4)

    def limits(self) -> None:
        if self.view.limits:
            self.heading(self.words["limits"]["heading"])
            for text in self.view.limits:
                self.put(f"- {text}", hang=2)

    def sources(self) -> None:
        if not self.view.sources:
            return
        words = self.words["sources"]
        self.heading(words["heading"])
        for source in self.view.sources:
            number = f"[{source.number}]"
            indent = len(number) + 1
            places = words["at"].format(places=source.places) if source.places else ""
            notes = "; ".join(note for note in (source.seen, places) if note)
            self.put(f"{number} {source.title}" + (f" ({notes})" if notes else ""), hang=indent)
            if source.url:
                self.put(source.url, indent=indent, style=_FAINT)

    def stamp(self) -> None:
        self.heading(self.words["stamp"]["heading"])
        for name, value in self.view.stamp:
            self.beside(name, [value], room=_LABEL + 4, label_style="")
        self.gap()
        self.put(self.view.orders)
