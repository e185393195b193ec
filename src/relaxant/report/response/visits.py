"""Scores at visits as a page shows them: one table, first score to last, with what the change means and its sources."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from relaxant.io.scale_score import has_own_unit
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.scales import Scale
from relaxant.knowledge.schema import Cited as Sourced
from relaxant.quantities import plain_number
from relaxant.report.blocks import Block, Bullets, Cell, Line, Saying, Section, Table, Words
from relaxant.report.citations import Mark
from relaxant.report.cited_once import cited_once
from relaxant.report.shown import clean, counted
from relaxant.response.visits import Against, Change, Visit, Visited, Visits
from relaxant.rules.reasons import Cited, cited
from relaxant.rules.wording import capital

_MOST_BETWEEN = 5
_DIGITS = 3


def visits_section(
    visits: Visits, *, knowledge: Knowledge, cite: Callable[[Cited], Mark], language: str = "en"
) -> Section | None:
    """The section of a page, ``None`` where no scale was scored. ``cite`` numbers the sources of the page."""
    blocks = cited_once(_Page(visits, knowledge, cite, language).blocks())
    return Section("visits", knowledge.words("visits", language)["heading"], blocks) if blocks else None


class _Page:
    def __init__(self, visits: Visits, knowledge: Knowledge, cite: Callable[[Cited], Mark], language: str) -> None:
        self.visits, self.knowledge, self.mark = visits, knowledge, cite
        self.words: Words = knowledge.words("visits", language)
        self.not_verified: str = knowledge.words("report", language)["not_verified_short"]

    def blocks(self) -> Iterator[Block]:
        rows = tuple(self.row(v, v.change) for v in self.visits.scales if v.change is not None)
        if rows:
            yield Line(Saying(self.words["lead"]))
            yield Table(self.words["caption"], tuple(self.words["head"]), rows, prose=True)
            if any(v.change is not None and v.change.levels for v in self.visits.scales):
                yield Line(Saying(self.words["levels_only"]))
            if any(self.knowledge.responses.scales[v.scale].column for v in self.visits.scales):
                yield Line(Saying(self.words["diary"]))
        single = [self.single(v) for v in self.visits.scales if v.change is None]
        said = (*single, *(Saying(clean(capital(text))) for text in self.visits.said))
        if said:
            yield Bullets("", said)

    def row(self, visited: Visited, change: Change) -> tuple[Cell, ...]:
        scale, words = self.knowledge.responses.scales[visited.scale], self.words
        first, last = visited.visits[0], visited.visits[-1]
        own = self.cite(scale)
        return (
            (Saying(capital(scale.title)),),
            (Saying(clean(visited.site) if visited.site else words["no_site"] if scale.sided else ""),),
            (Saying(self.score(first, scale)),),
            (Saying(self.score(last, scale)),),
            tuple(self.change(visited, change, scale)),
            tuple(self.meaning(last, change, scale)),
            (Saying("", (), (own,)),),
        )

    def single(self, visited: Visited) -> Saying:
        scale, only = self.knowledge.responses.scales[visited.scale], visited.visits[0]
        slots = {"scale": capital(scale.title), "score": only.said, "day": only.day.isoformat()}
        if visited.site:
            return Saying(self.words["single"].format(site=clean(visited.site), **slots))
        return Saying(self.words["single_no_site"].format(**slots))

    def score(self, visit: Visit, scale: Scale) -> str:
        """The score with its unit, where the scale measures in one, and its day."""
        said = self.size(visit.value, scale) if has_own_unit(scale) else visit.said
        return str(self.words["score"].format(score=said, day=visit.day.isoformat()))

    def change(self, visited: Visited, change: Change, scale: Scale) -> Iterator[Saying]:
        words = self.words
        way = words["way"]["up" if change.size > 0 else "down"]
        if change.direction == "told":
            yield Saying(words["no_difference"])
        elif change.size == 0:
            yield Saying(words["no_change"])
        elif change.levels:
            yield Saying(counted(words["levels"], int(abs(change.size)), way=way))
        else:
            yield Saying(words["amount"].format(size=self.size(abs(change.size), scale), way=way))
        between = visited.visits[1:-1]
        if len(between) > _MOST_BETWEEN:
            yield Saying(words["between_many"].format(count=len(between)))
        elif between:
            yield Saying(words["between"].format(scores=", ".join(v.said for v in between)))

    def meaning(self, last: Visit, change: Change, scale: Scale) -> Iterator[Saying]:
        """One sentence on the change, and the sources of what it is set against."""
        words = self.words["meaning"]
        if change.direction == "told":
            level = next((own.text for own in scale.levels if own.said == last.said), "")
            yield Saying(words["told"].format(level=level).strip())
            return
        if change.direction == "same":
            yield Saying(words["same"])
            return
        marks = tuple(self.cite(a.finding) for a in (*change.error, *change.matters))
        tags = () if all(a.finding.verified for a in (*change.error, *change.matters)) else (self.not_verified,)
        yield Saying(f"{self.against_error(change, scale)}{self.what_matters(change, scale)}.", tags, marks)

    def against_error(self, change: Change, scale: Scale) -> str:
        """Better or worse, and whether by more than the error of two scores."""
        words, verdicts = self.words["meaning"], {a.verdict for a in change.error}
        if not change.error:
            key = "elsewhere" if any(p.kind == "detectable change" for p in scale.properties) else "none"
        else:
            key = "between" if len(verdicts) > 1 else next(iter(verdicts))
        text: str = words[change.direction][key].format(size=self.span(change.error, scale))
        return text

    def what_matters(self, change: Change, scale: Scale) -> str:
        """Whether a gain is one that matters; nothing of a loss, as sources speak of gains."""
        words = self.words["meaning"]["matters"]
        if change.direction != "better":
            return ""
        verdicts = {a.verdict for a in change.matters}
        if not change.matters:
            key = "elsewhere" if any(p.kind == "important change" for p in scale.properties) else "none"
            return str(words[key]) if change.error or key == "elsewhere" else ""
        key = "between" if len(verdicts) > 1 else next(iter(verdicts))
        return str(words[key].format(size=self.span(change.matters, scale)))

    def span(self, found: Sequence[Against], scale: Scale) -> str:
        """The changes that were found, from the least to the most."""
        if not found:
            return ""
        low, high = min(a.low for a in found), max(a.high for a in found)
        if low == high:
            return self.size(high, scale)
        return str(self.words["range"].format(low=plain_number(low, _DIGITS), high=self.size(high, scale)))

    def size(self, value: float, scale: Scale) -> str:
        shown, unit = plain_number(value, _DIGITS), scale.unit or "points"
        return f"{shown} {self.words['one'].get(unit, unit) if shown == '1' else unit}"

    def cite(self, entry: Sourced) -> Mark:
        return self.mark(cited(self.knowledge, entry.source, entry.place))
