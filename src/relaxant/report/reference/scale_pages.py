"""Every scale that is known, for a reader: how it is scored, its range, how far it can be trusted, which change matters, its codes, its terms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from relaxant.errors import InputError
from relaxant.io.said import nearest
from relaxant.io.scale_names import scale_names
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.scales import Marker, Property, Scale
from relaxant.knowledge.schema import Cited as Sourced
from relaxant.knowledge.schema import SourceRef
from relaxant.quantities import plain_number
from relaxant.report.blocks import Words
from relaxant.report.citations import Citations
from relaxant.report.columns import wrapped
from relaxant.rules.reasons import cited
from relaxant.rules.wording import capital

WIDTH = 80
_INDENT = 2
_DIGITS = 3
_SPECIAL = str.maketrans({"|": "\\|", "*": "\\*", "_": "\\_", "<": "&lt;"})


class ScalePart(msgspec.Struct, frozen=True):
    """A scale or a marker under its title, line by line."""

    title: str
    lines: tuple[str, ...]


class ScalePage(msgspec.Struct, frozen=True):
    """The scales that were asked for, then the markers, then the sources by number."""

    scales: tuple[ScalePart, ...]
    markers: tuple[ScalePart, ...]
    sources: tuple[str, ...]


def scale_page(knowledge: Knowledge, name: str | None = None) -> ScalePage:
    """All scales and markers, or the scales that a name means: ``Tardieu`` all of its parts. Raises :class:`InputError` for one that is not known."""
    page = _Page(knowledge)
    scales = list(knowledge.responses.scales.values()) if name is None else scales_named(name, knowledge)
    markers = knowledge.responses.markers.values() if name is None else ()
    parts = tuple(page.scale(s) for s in scales)
    return ScalePage(parts, tuple(page.marker(m) for m in markers), tuple(page.sources()))


def scales_named(name: str, knowledge: Knowledge) -> list[Scale]:
    """The scales that words mean: the one that is called so, and those whose title begins with them. Raises :class:`InputError`."""
    named = scale_names(knowledge).by_words(name)
    wanted = name.casefold().strip()
    out = [
        s
        for s in knowledge.responses.scales.values()
        if (named is not None and s.scale == named.scale.scale) or (wanted and s.title.casefold().startswith(wanted))
    ]
    if not out:
        near = nearest(wanted, [n for s in knowledge.responses.scales.values() for n in (s.title, *s.names)])
        raise InputError("--scales", name, "no scale that is known here has this name", f"did you mean {near}?" if near else "leave the name out to see them all")  # fmt: skip
    return out


def scales_text(page: ScalePage, knowledge: Knowledge) -> str:
    """The page for a terminal."""
    words: Words = knowledge.words("scales")
    lines = list[str]()
    for part in (*page.scales, *page.markers):
        lines += ["", *wrapped(part.title, WIDTH), "─" * WIDTH]
        lines += [line for text in part.lines for line in _hanging(text)]
    lines += ["", words["sources"], "─" * WIDTH]
    lines += [line for text in page.sources for line in _hanging(text)]
    return "\n".join(lines[1:]) + "\n"


def scales_markdown(knowledge: Knowledge) -> str:
    """The page of the documents."""
    words, page = knowledge.words("scales"), scale_page(knowledge)
    out = [f"# {words['title']}", words["made"], words["lead"], *_parts(page.scales)]
    out += [f"# {words['markers']}", words["markers_lead"], *_parts(page.markers)]
    out += [f"# {words['sources']}", "\n".join(f"- {_safe(text)}" for text in page.sources)]
    return "\n\n".join(out) + "\n"


def scale_markdown(knowledge: Knowledge, scale: Scale) -> str:
    """A page of one scale, with its own sources."""
    page = _Page(knowledge)
    part = page.scale(scale)
    lines = "\n".join(f"- {_safe(text)}" for text in part.lines)
    sources = "\n".join(f"- {_safe(text)}" for text in page.sources())
    return f"# {_safe(part.title)}\n\n{lines}\n\n## {knowledge.words('scales')['sources']}\n\n{sources}\n"


def _parts(parts: Sequence[ScalePart]) -> Iterator[str]:
    for part in parts:
        yield f"## {_safe(part.title)}"
        yield "\n".join(f"- {_safe(text)}" for text in part.lines)


def _safe(text: str) -> str:
    return text.translate(_SPECIAL)


def _hanging(text: str) -> list[str]:
    first, *rest = wrapped(text, WIDTH - _INDENT)
    return [first, *(" " * _INDENT + line for line in rest)]


class _Page:
    """Numbers the sources as they are cited."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self.words: Words = knowledge.words("scales")
        self.report: Words = knowledge.words("report")
        self.citations = Citations(knowledge, self.report)

    def scale(self, scale: Scale) -> ScalePart:
        return ScalePart(capital(scale.title), tuple(self.lines(scale)))

    def lines(self, scale: Scale) -> Iterator[str]:
        words = self.words
        yield words["what"].format(what=scale.what, mark=self.mark(scale))
        yield self.range(scale)
        for level in scale.levels:
            yield words["level"].format(said=level.said, text=level.text)
        yield words["scoring"].format(text=scale.scoring)
        yield words["better"][scale.better]
        if scale.sided:
            yield words["site"].format(example=scale.site_example)
        if scale.column:
            yield words["column"].format(column=scale.column)
        else:
            site = f" {scale.site_example}" if scale.sided else ""
            yield words["column_visit"].format(column=f"{scale.scale}{site}")
        yield words["names"].format(names=", ".join(scale.names))
        codes = [f"LOINC {c}" for c in scale.loinc] + [f"SNOMED CT {c}" for c in scale.snomed]
        yield words["codes"].format(codes=", ".join(codes)) if codes else words["no_codes"]
        yield words["terms"].format(text=scale.licence)
        for kind, title in words["kinds"].items():
            found = [p for p in scale.properties if p.kind == kind]
            yield from (self.property(title, p) for p in found)
            if not found and kind in words["asked"]:
                yield words["none"].format(what=title)
        if scale.further:
            yield words["further"].format(marks=" ".join(self.mark(f) for f in scale.further))

    def range(self, scale: Scale) -> str:
        words, unit = self.words, f" {scale.unit}" if scale.unit else ""
        step = words["step"].format(step=plain_number(scale.step)) if scale.step and not scale.levels else ""
        low = plain_number(scale.low)
        if scale.high is None:
            return str(words["range_open"].format(low=low, unit=unit, step=step))
        return str(words["range"].format(low=low, high=plain_number(scale.high), unit=unit, step=step))

    def property(self, title: str, found: Property) -> str:
        words = self.words
        low, value, high = (None if n is None else plain_number(n, _DIGITS) for n in (found.low, found.value, found.high))  # fmt: skip
        span = words["between"].format(low=low or value, high=high or value) if low or high else ""
        number = f"{value} ({span})" if value and low and high else span or value or ""
        shown = " ".join(part for part in (found.statistic, number, found.unit) if part)
        people = words["people"].format(count=f"{found.people:,}") if found.people else ""
        flag = "" if found.verified else f" ({self.report['not_verified_short']})"
        slots = {"title": title, "number": shown, "population": found.population, "people": people, "text": found.text}
        return f"{words['property' if shown else 'property_words'].format(**slots)}{flag} {self.mark(found)}"

    def marker(self, marker: Marker) -> ScalePart:
        words = self.words
        lines = [words["follows"].format(what=marker.what), f"{marker.text} {self.mark(marker)}"]
        lines.append(words["names"].format(names=", ".join(marker.names)))
        if marker.loinc:
            lines.append(words["codes"].format(codes=", ".join(f"LOINC {c}" for c in marker.loinc)))
        lines += [f"{further.says} {self.mark(further)}" for further in marker.further if further.says]
        return ScalePart(capital(marker.title), tuple(lines))

    def mark(self, entry: Sourced | SourceRef) -> str:
        mark = self.citations.mark(cited(self.knowledge, entry.source, entry.place))
        return f"[{mark.number}] {mark.place}"

    def sources(self) -> Iterator[str]:
        for source in self.citations.listed():
            seen = f" ({source.seen})" if source.seen else ""
            yield f"[{source.number}] {source.title}{seen}{f' {source.url}' if source.url else ''}"
