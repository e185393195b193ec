"""The page of a diary's answer, as data: what text, page and PDF draw."""

from __future__ import annotations

from datetime import date

import msgspec

from relaxant.report.blocks import Section, Words
from relaxant.report.citations import SourceView
from relaxant.report.response.diary_chart import Event, Strip


class ResponseView(msgspec.Struct, frozen=True, kw_only=True):
    """The page of a diary's answer: sections from top to bottom, what the chart draws, the sources.

    A diary of visits alone has no ``strips``, and no chart.
    """

    words: Words
    label: str
    page_title: str
    kind_text: str
    about: str
    banner: str
    notices: tuple[str, ...]
    sections: tuple[Section, ...]
    below: tuple[Section, ...]
    first: date
    start: int
    strips: tuple[Strip, ...]
    events: tuple[Event, ...]
    sources: tuple[SourceView, ...]
    source_words: Words
    stamp_heading: str
    stamp: tuple[tuple[str, str], ...]
