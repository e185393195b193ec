"""A plan as text."""

from __future__ import annotations

from relaxant.report.plan.page import PlanView
from relaxant.report.text_page import BOLD, FAINT, TextPage


def plan_text(view: PlanView, *, colour: bool = False, width: int = 80, encoding: str = "utf-8") -> str:
    """The plan in at most ``width`` columns (20 at the least), with ANSI colours only when ``colour``."""
    page = TextPage(colour, width, encoding)
    head = view.head
    page.put(head.label, style=BOLD)
    page.put(f"{view.kind_text}, {head.as_of_text}, {head.labels}")
    page.put(head.person)
    page.put(head.basis, style=FAINT)
    page.lines.append("")
    page.put(view.title, style=BOLD)
    for banner in view.banners:
        page.put(banner)
    for section in view.sections:
        page.section(section)
    page.sources(view.sources, view.source_words)
    page.heading(view.stamp_heading)
    for name, value in head.stamp:
        page.beside(name, [value])
    return page.text()
