"""The answer on a page and in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from relaxant.cohort.asked import shown_agent
from relaxant.cohort.shown_counts import Text
from relaxant.cohort.simulated.shown_people import PARTNER, bound_cell, dose_cell, shown_people
from relaxant.cohort.simulated.tallied import ALL
from relaxant.cohort.simulated.told import Bound, Line, Range, Reached, Told
from relaxant.cohort.summary_tables import Row, Table
from relaxant.knowledge.load import Knowledge
from relaxant.quantities import plain_number, shown_unit, three_digits
from relaxant.report.html import page_file, template
from relaxant.report.shown import clean, counted
from relaxant.version import __version__

_FOLDER = Path(__file__).parent


class Words:
    """The answer in words, with small numbers of people hidden under ``least``."""

    def __init__(self, answer: Told, knowledge: Knowledge, least: int) -> None:
        self._answer, self._knowledge, self._least = answer, knowledge, least
        self.words: dict[str, Any] = knowledge.words("cohort_simulate")
        self._people = shown_people(answer, self.words, least)
        self.agent = shown_agent(answer.agent, knowledge, answer.country)

    def whole(self) -> str:
        """How many take it."""
        return self._people.text(("people", ALL)).words

    def sentences(self) -> list[str]:
        """What was done."""
        answer, words = self._answer, self.words
        dose_unit = shown_unit(answer.dose_unit)
        out = [
            str(words["lead"]).format(agent=self.agent, card=answer.model, dose=clean(answer.dose), daily=plain_number(answer.daily), unit=dose_unit),
            counted(words["copies"], answer.copies),
        ]  # fmt: skip
        if answer.level is not None:
            out.append(str(words["level"]).format(measure=words["measure"][answer.measure], level=plain_number(answer.level), unit=self.unit_of_measure))  # fmt: skip
        return out

    @property
    def unit_of_measure(self) -> str:
        return shown_unit(self._answer.area_unit if self._answer.measure == "auc" else self._answer.unit)

    def domain(self) -> list[str]:
        """Whom the card speaks of."""
        words, whole = self.words["domain"], self._answer.lines[-1] if self._answer.lines else None
        if whole is None:
            return []
        out = [
            str(words[key]).format(count=self._people.text((key,)).words)
            for key in ("studied", "stretched", "beyond", "unknown")
            if self._people[key,]
        ]
        if self._answer.with_partner:
            out.append(str(words["partners"]).format(count=self._people.text(PARTNER).words, agent=self.agent))
        return out

    def range(self, quantiles: Range | None, line: Line) -> Text:
        """A median with its range; nothing for too few people."""
        if quantiles is None or 0 < line.followed < self._least:
            return Text("")
        low, middle, high = (plain_number(three_digits(q)) for q in quantiles)
        return Text(str(self.words["exposure"]["range"]).format(low=low, middle=middle, high=high))

    def share(self, reached: Reached, line: Line) -> Text:
        """The share above the level."""
        if reached.above is None or 0 < line.followed < self._least:
            return Text("")
        share = 100 * reached.above
        return Text(f"{share:.{1 if 0 < share < 10 else 0}f}%")

    def name(self, line: Line) -> str:
        return str(self.words["exposure"]["all"]) if line.kidney_function == ALL else line.kidney_function

    def exposure(self) -> Table:
        """Exposure by kidney function."""
        words, answer = self.words["exposure"], self._answer
        units = {"label_auc": shown_unit(answer.area_unit), "label_peak": shown_unit(answer.unit)}
        names = ("band", "people", "drawn", "label_auc", "own_auc", "label_peak", "own_peak")
        rows = tuple(
            Row(
                name=self.name(line),
                cells=(
                    self._people.text(("people", line.kidney_function)),
                    self._people.text(("followed", line.kidney_function)),
                    *(
                        self.range(quantiles, line)
                        for quantiles in (line.label.auc, line.individual.auc, line.label.peak, line.individual.peak)
                    ),
                ),
                kind=self._kind(line),
            )
            for line in answer.lines
        )
        head = tuple(str(words["head"][name]).format(unit=units.get(name, "")) for name in names)
        return Table(caption=words["caption"], head=head, rows=rows)

    def above(self) -> Table | None:
        """Who is above the level, at the label's dose and at their own."""
        words, answer = self.words["above"], self._answer
        if answer.level is None:
            return None
        rows = []
        for line in answer.lines:
            cells = self.share(line.label, line), self.share(line.individual, line)
            bar: tuple[float, ...] = ()
            if cells[0].words and line.label.above is not None and line.individual.above is not None:
                bar = (round(100 * line.label.above, 2), round(100 * line.individual.above, 2))
            rows.append(Row(name=self.name(line), cells=cells, bar=bar, kind=self._kind(line)))
        caption = str(words["caption"]).format(level=plain_number(answer.level), unit=self.unit_of_measure)
        return Table(caption=caption, head=tuple(words["head"][name] for name in ("band", "label", "own")), rows=tuple(rows))  # fmt: skip

    def _kind(self, line: Line) -> str:
        return "whole" if line.kidney_function == ALL else ""

    def doses(self) -> Table:
        """The doses of a day."""
        words, answer = self.words["doses"], self._answer
        most = max((self._people.visible(dose_cell(d.daily)) or 0 for d in answer.doses), default=0)
        rows = tuple(
            Row(
                name=plain_number(float(f"{dose.daily:.4g}")) if dose.daily else words["off"],
                cells=(text := self._people.text(dose_cell(dose.daily)),),
                bar=() if text.kept or not most else (round(100 * dose.people / most, 2),),
            )
            for dose in answer.doses
        )  # fmt: skip
        head = (str(words["head"]["dose"]).format(unit=shown_unit(answer.dose_unit)), words["head"]["people"])
        return Table(caption=words["caption"], head=head, rows=rows)

    def bounds(self) -> list[dict[str, Any]]:
        """What bounds doses, with its source."""
        words = self.words["bounds"]
        return [
            {
                "why": clean(one.why),
                "value": self._bound(one, words),
                "people": self._people.text(bound_cell(one.id)),
                "source": one.source,
                "not_verified": "" if one.verified else words["not_verified"],
            }
            for one in self._answer.bounds
        ]

    def _bound(self, one: Bound, words: Mapping[str, Any]) -> str:
        if one.kind == "share":
            return str(words["share"]).format(value=plain_number(three_digits(100 * one.value)))
        return f"{plain_number(one.value)} {shown_unit(one.unit)}"


def exposure_html(answer: Told, knowledge: Knowledge, *, small_counts: bool = False) -> str:
    """The answer as one page: no script, nothing fetched. The same answer gives the same text."""
    from markupsafe import Markup  # with jinja2 loaded only for a page

    least = 0 if small_counts else int(knowledge.policy("screen_small_count"))
    shown = Words(answer, knowledge, least)
    words = shown.words
    day = str(words["as_of"]["said" if answer.as_of_said else "last"]).format(day=answer.as_of)
    view = {
        "title": str(words["title"]).format(agent=shown.agent, source=clean(answer.source), day=day),
        "heading": str(words["heading"]).format(agent=shown.agent, dose=clean(answer.dose), people=shown.whole()),
        "source": clean(answer.source),
        "day": day,
        "stamp": f"relaxant {__version__}, {answer.model}, {knowledge.date} {knowledge.sha256[:8]}, seed {answer.seed}",
        "lead": shown.sentences(),
        "exposure": shown.exposure(),
        "above": shown.above(),
        "doses": shown.doses(),
        "domain": shown.domain(),
        "bounds": shown.bounds(),
        "card": clean(answer.title),
        "sources": answer.sources,
        "hidden": str(words["hidden"]).format(least=least) if least else "",
    }
    styles = (page_file("review.css"), page_file("summary.css", _FOLDER.parent))
    return template("exposure.html.j2", _FOLDER).render(view=view, words=words, style=Markup("\n".join(styles)))


def exposure_text(answer: Told, knowledge: Knowledge, *, small_counts: bool = False) -> str:
    """The answer for a terminal."""
    shown = Words(answer, knowledge, 0 if small_counts else int(knowledge.policy("screen_small_count")))
    out = [clean(answer.title), *shown.sentences()]
    for table in (shown.exposure(), shown.above()):
        if table is not None:
            lines = [[row.name, *(cell.words for cell in row.cells)] for row in table.rows]
            wide = [max(len(line[c]) for line in (*lines, table.head)) for c in range(len(table.head))]
            out += ["", table.caption]
            out += ["  ".join(cell.rjust(w) if c else cell.ljust(w) for c, (cell, w) in enumerate(zip(line, wide, strict=True))).rstrip() for line in ([*table.head], *lines)]  # fmt: skip
    return "\n".join([*out, "", *shown.domain()]) + "\n"
