"""The sheet for the person who takes the medicine: what to take on which day with boxes to tick, who to call, and for what.

Plain words and nothing that the calendar does not say; it is for a professional to go through it with the person first. It is made
from the view of the plan, so its doses and days are those of every other format.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta

import msgspec

from relaxant.errors import InputError
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.knowledge.plans import DAY_PARTS
from relaxant.report.blocks import Words
from relaxant.report.html import page
from relaxant.report.pdf import set_pages
from relaxant.report.plan.page import DoseView, Notice, PieceView, PlanHead, PlanView, StepView
from relaxant.report.plan.words import exact

_WEEK = 7
_LOWERED = "taper"  # a kind of plan whose medicine is taken already
_OPEN_DAYS = 2 * _WEEK  # boxes of a step without an end
_MOST_GRIDS = 12  # weeks, or parts of one, with boxes for each dose; a calendar of more has one row a step
_BRACKETS = re.compile(r"\s*\([^)]*\)")


class Row(msgspec.Struct, frozen=True):
    """A dose of a day, or that there is none any more at that time, which has no boxes to ``tick``."""

    text: str
    tick: bool = True


class Grid(msgspec.Struct, frozen=True):
    """Boxes to tick: the days on top, and one row for each dose of a day."""

    days: tuple[str, ...]
    rows: tuple[Row, ...]


class StepRow(msgspec.Struct, frozen=True):
    """A step of a long calendar: its days, what is taken on each of them, one box for each day."""

    days: str
    lines: tuple[str, ...]
    boxes: int


class StepTable(msgspec.Struct, frozen=True):
    """A long calendar: one row a step, so that several stand on a page."""

    head: tuple[str, ...]
    rows: tuple[StepRow, ...]


class Period(msgspec.Struct, frozen=True):
    """Days on which the doses stay the same."""

    heading: str
    lines: tuple[str, ...]
    grids: tuple[Grid, ...]


class Part(msgspec.Struct, frozen=True):
    """A part of the sheet: sentences, a list, lines to write on."""

    key: str
    heading: str
    lines: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    blank: tuple[str, ...] = ()


class SheetView(msgspec.Struct, frozen=True, kw_only=True):
    """The sheet, top to bottom. ``named``: ``whose`` says for whom; else there is a line to write the name on. A long calendar is a ``table``
    and has no ``periods``."""

    head: PlanHead
    page_title: str
    title: str
    whose: str
    named: bool
    made: str
    parts: tuple[Part, ...]
    calendar: Part
    periods: tuple[Period, ...]
    table: StepTable | None
    box: str


class _Span(msgspec.Struct, frozen=True):
    """Days on which the doses stay the same; without an end where ``last`` is ``None``."""

    first: date
    last: date | None
    now: tuple[StepView, ...]

    @property
    def days(self) -> int:
        """How many days have boxes."""
        return _OPEN_DAYS if self.last is None else (self.last - self.first).days + 1


def sheet_view(view: PlanView, *, knowledge: Knowledge | None = None, confirmed: bool = False) -> SheetView:
    """The sheet of a plan. Raises :class:`InputError` for a plan without doses that are taken at home, and for one whose override goes beyond
    every source, unless that is ``confirmed``."""
    words = (knowledge or load_knowledge()).words("patient-sheet", view.head.language)
    if not view.steps or view.refused or view.supervised:
        unusable = view.words["unusable"]
        others = view.words["between"].join(("text", "html", "pdf", "json", "fhir"))
        raise InputError("format", "sheet", unusable["no_sheet"], unusable["no_steps_do"].format(formats=others))
    if view.beyond and not confirmed:
        unusable = view.words["unusable"]
        raise InputError("format", "sheet", unusable["beyond"], unusable["beyond_do"])
    return _Sheet(view, words).view()


def sheet_html(sheet: SheetView) -> str:
    """The sheet as a page of HTML."""
    return page("patient_sheet.html.j2", ("patient_sheet.css",), sheet)


def sheet_pdf(sheet: SheetView, view: PlanView) -> bytes:
    """The sheet as PDF. Raises :class:`InputError` where typst is not installed or its fonts lack a character."""
    plain = msgspec.to_builtins(sheet)
    return set_pages(("patient_sheet.typ",), plain, sheet.head, view.words["unusable"])


def plainly(text: str, words: Words) -> str:
    """A clinical phrase in plain words: what stands in brackets left out, clinical words exchanged."""
    text = _BRACKETS.sub("", text)
    for word, plain in sorted(words["plain"].items(), key=lambda item: -len(item[0])):
        text = re.sub(rf"\b{re.escape(word)}\b", str(plain), text, flags=re.IGNORECASE)
    text = " ".join(text.split()).rstrip(" .;,")
    return text[:1].upper() + text[1:]


def _noticed(text: str, words: Words) -> str:
    """What a person may notice: a call without what the heading says already, and without what the team does about it after a colon."""
    lowered = text.lower()
    for start in words["said_above"]:
        if lowered.startswith(f"{start} "):
            text = text[len(start) + 1 :]
            break
    parts = text.split(": ")
    kept = [i for i in range(len(parts)) if i == 0 or not parts[i].lower().startswith(tuple(words["for_the_team"]))]
    return ": ".join(parts[: kept[-1] + 1])


def names_any(text: str, words: Sequence[str]) -> bool:
    return any(re.search(rf"\b{re.escape(word)}\b", text, re.IGNORECASE) for word in words)


def graver(sign: str, emergencies: Iterable[str]) -> bool:
    """Whether a sign stands among those for which to get help at once: it may not stand below as something to tell."""
    what = sign.split(",")[0].lower()
    return any(what in one.lower() for one in emergencies)


class _Sheet:
    def __init__(self, view: PlanView, words: Words) -> None:
        self.plan, self.words = view, words
        self.agents = list(dict.fromkeys(s.agent for s in view.steps))
        liquid = {(s.agent, c.strength) if c.liquid else None for s in view.steps for d in s.doses for c in d.counts}
        self.mixed = len(liquid) > 1  # several liquids, or liquids beside pieces

    def view(self) -> SheetView:
        words, head = self.words, self.plan.head
        title = words["title"].format(names=self.names())
        spans = self.spans()
        long = sum(math.ceil(s.days / _WEEK) for s in spans) > _MOST_GRIDS
        how = words["how"]
        lines = (*how["steps" if long else "lines"], how["only"], *self.old_supply(), how["unsure"], *self.liquids())
        return SheetView(
            head=head,
            page_title=f"{head.label}: {title}" if head.labelled else title,
            title=title,
            whose=words["for"].format(label=head.label) if head.labelled else words["nobody"],
            named=head.labelled,
            made=words["made"].format(date=self.written(head.as_of)),
            parts=self.parts(),
            calendar=Part("how", words["calendar"]["heading"], lines),
            periods=() if long else tuple(map(self.period, spans)),
            table=StepTable(tuple(words["calendar"]["head"]), tuple(map(self.step_row, spans))) if long else None,
            box=words["calendar"]["box"],
        )

    def old_supply(self) -> list[str]:
        """From when what is left at home is not to be taken beside the sheet: not before the first change."""
        plan, how = self.plan, self.words["how"]
        ends = {s.agent: s.last for s in plan.steps if s.as_now and s.last is not None} | {
            b.agent: b.last for b in plan.before
        }
        if not ends:
            return [how["old"]]
        lines = [
            how["old_from"].format(name=plan.name(agent), date=self.written(last + timedelta(days=1)))
            for agent, last in ends.items()
        ]
        others = [plan.name(agent) for agent in self.agents if agent not in ends]
        return [*lines, *([how["old_of"].format(name=str(self.words["or"]).join(others))] if others else [])]

    def liquids(self) -> list[str]:
        """How a liquid is measured: the strength of each, then what holds for all."""
        used = {
            (self.plan.name(s.agent), c.strength): None
            for s in self.plan.steps
            for d in s.doses
            for c in d.counts
            if c.liquid
        }
        words = self.words["how"]["liquid"]
        return [words["check"].format(name=name, strength=strength) for name, strength in used] + [
            line for line in words["lines"] if used
        ]

    # ------------------------------------------------------------ words

    def names(self) -> str:
        return str(self.words["and"]).join(self.plan.name(a) for a in self.agents)

    def written(self, when: date) -> str:
        words = self.words
        weekday, month = words["weekdays"][when.weekday()], words["months"][when.month - 1]
        return str(words["date"]).format(weekday=weekday, day=when.day, month=month, year=when.year)

    def part(self, key: str, *, lines: Sequence[str] | None = None, items: Iterable[str] = ()) -> Part:
        words = self.words[key]
        said = words.get("lines", ()) if lines is None else lines
        either = str(self.words["or"]).join(self.plan.name(a) for a in self.agents)
        shown = tuple(str(line).format(names=self.names(), either=either) for line in said)
        return Part(key, words["heading"], shown, tuple(dict.fromkeys(items)), tuple(words.get("blank", ())))

    # ------------------------------------------------------------ days

    def spans(self) -> list[_Span]:
        """The calendar cut wherever a dose of any medicine changes."""
        steps, day = self.plan.steps, timedelta(days=1)
        cuts = sorted({s.first for s in steps} | {s.last + day for s in steps if s.last is not None})
        out = []
        for first, after in zip(cuts, [*cuts[1:], None], strict=True):
            now = tuple(s for s in steps if s.first <= first and (s.last is None or first <= s.last))
            if now:
                out.append(_Span(first, None if after is None else after - day, now))
        return out

    def period(self, span: _Span) -> Period:
        words, first, last = self.words["calendar"], span.first, span.last
        if last is None:
            heading = words["open"].format(first=self.written(first))
        elif last == first:
            heading = words["one_day"].format(first=self.written(first))
        else:
            heading = words["step"].format(first=self.written(first), last=self.written(last))
        rows = self.rows(span, words["row"])
        days = [first + timedelta(days=i) for i in range(span.days)]
        weeks = [days[i : i + _WEEK] for i in range(0, len(days), _WEEK)]
        taken = any(row.tick for row in rows)
        grids = tuple(Grid(tuple(map(self.day, week)), rows) for week in weeks) if taken else ()
        return Period(heading, self.lines(span), grids)

    def step_row(self, span: _Span) -> StepRow:
        words = self.words["calendar"]
        if span.last is None:
            days = words["from_day"].format(first=self.short(span.first, year=True))
        elif span.last == span.first:
            days = self.short(span.first, year=True)
        else:
            days = words["span"].format(
                first=self.short(span.first, year=span.first.year != span.last.year),
                last=self.short(span.last, year=True),
            )
        rows = self.rows(span, words["row" if len(self.agents) > 1 else "rest"])
        boxes = span.days if any(row.tick for row in rows) else 0
        return StepRow(days, (*(row.text for row in rows), *self.lines(span)), boxes)

    def lines(self, span: _Span) -> tuple[str, ...]:
        """What is said of some days beside their doses."""
        words, plan, first, last = self.words["calendar"], self.plan, span.first, span.last
        before = [b for b in plan.before if b.first <= first <= b.last]
        known = (
            {s.agent for s in span.now} | {b.agent for b in before} | {s.agent for s in plan.steps if s.first > first}
        )
        lines = [words["nothing"].format(name=plan.name(s.agent)) for s in span.now if not s.doses]
        lines += [words["over"].format(name=plan.name(agent)) for agent in self.agents if agent not in known]
        lines += [words["as_now"].format(name=plan.name(b.agent)) for b in before]
        lines += [words["as_now"].format(name=plan.name(s.agent)) for s in span.now if s.as_now]
        if last is None:
            lines.append(words["go_on"])
        over = [s.agent for s in span.now if s.doses and s.last == last and self.ends(s)]
        if last is not None and plan.last_dose == last and over:
            names = str(self.words["and"]).join(map(plan.name, over))
            lines.append(words["last"].format(name=names, date=self.written(last)))
        return tuple(lines)

    def ends(self, step: StepView) -> bool:
        """Whether no step of the same medicine comes after this one."""
        return step.last is not None and not any(
            s.agent == step.agent and s.first > step.first for s in self.plan.steps
        )

    def day(self, when: date) -> str:
        short = self.words["weekdays_short"][when.weekday()]
        return str(self.words["day"]).format(weekday=short, day=when.day)

    def short(self, when: date, *, year: bool) -> str:
        """A day for a narrow column."""
        words = self.words
        weekday, month = words["weekdays_short"][when.weekday()], words["months_short"][when.month - 1]
        form = str(words["calendar"]["short_year" if year else "short"])
        return form.format(weekday=weekday, day=when.day, month=month, year=when.year)

    def rows(self, span: _Span, form: str) -> tuple[Row, ...]:
        """The doses of a day in its order, and the times of day at which nothing is taken any more."""
        words = self.words["calendar"]
        none = str(words["no_dose_of" if len(self.agents) > 1 else "no_dose"])
        out = []
        for part in DAY_PARTS:
            for step in span.now:
                name, at = self.plan.name(step.agent), words["parts"][part]
                out += [Row(form.format(part=at, name=name, dose=self.dose(d))) for d in step.doses if d.at == part]
                if step.doses and part in step.ended:
                    out.append(Row(none.format(part=at, name=name), tick=False))
        return tuple(out)

    def dose(self, dose: DoseView) -> str:
        """What makes a dose, with the amount where the pieces do not say it."""
        words = self.words["calendar"]
        pieces = str(self.words["pieces"]["and"]).join(map(self.pieces, dose.counts))
        if len(dose.counts) == 1 and dose.counts[0].liquid:
            return str(words["total_liquid"]).format(pieces=pieces, amount=dose.plain)
        if len(dose.counts) > 1 or any(c.count != 1 and c.strength for c in dose.counts):
            return str(words["total"]).format(pieces=pieces, amount=dose.plain)
        return pieces

    def pieces(self, piece: PieceView) -> str:
        words, whole = self.words["pieces"], int(piece.count)
        if piece.liquid:
            return str(words["liquid" if self.mixed else "liquid_alone"]).format(count=exact(piece.count))
        part = words["parts"].get(exact(piece.count - whole))
        forms = self.plan.words["pieces"]["plurals"].get(piece.form, piece.form)
        if piece.count == whole:
            form = piece.form if whole == 1 else forms
            count = str(words["whole"]).format(count=whole, form=form)
        elif part is not None and not whole:
            count = str(part).format(form=piece.form)
        elif exact(piece.count - whole) == exact(1 / 2):
            count = str(words["whole_and_half"]).format(count=whole, form=forms)
        else:
            count = str(words["whole"]).format(count=exact(piece.count), form=forms)
        return str(words["of"]).format(count=count, strength=piece.strength) if piece.strength else count

    # ------------------------------------------------------------ whom to call, and when

    def parts(self) -> tuple[Part, ...]:
        """What stands before the calendar, so that a long one does not hide it."""
        plan, words = self.plan, self.words
        at_once = [c for c in plan.calls if names_any(c.text, words["at_once"])]
        emergencies = [
            *self.noticed(plan.emergency, lambda text: text.split(":")[0]),
            *self.noticed(at_once, lambda text: _noticed(text, words)),
        ]
        later = self.noticed((c for c in plan.calls if c not in at_once), lambda text: _noticed(text, words))
        calls = [c for c in later if not graver(c, emergencies)]
        told = self.noticed(plan.signs, lambda text: text.split(":")[0])
        signs = [s for s in told if not graver(s, [*emergencies, *calls, *(other for other in told if other != s)])]
        wait = str(words["agreed"]["wait_as_now" if plan.kind == _LOWERED else "wait"]).format(names=self.names())
        own_way = [words["agreed"]["beyond"]] if plan.beyond else []
        agreed = (words["agreed"]["text"], *own_way, *([wait] if plan.first_do else []))
        out = [self.part("agreed", lines=agreed), self.part("team", lines=(words["team"]["show"],))]
        if emergencies:
            out.append(self.part("emergency", lines=(words["emergency"]["lead"],), items=emergencies))
        if calls:
            out.append(self.part("call", lines=(words["call"]["lead"],), items=calls))
        if signs:
            out.append(self.part("signs", lines=(words["signs"]["lead"],), items=signs))
        out.append(self.part("missed"))
        if plan.signs or plan.emergency:
            out.append(self.part("stop"))
        return tuple(out)

    def noticed(self, notices: Iterable[Notice], cut: Callable[[str], str]) -> list[str]:
        """What to look out for in words for the person; where the knowledge has none, what is ``cut`` of the clinical text in plain words."""
        out: dict[str, None] = {}
        for one in notices:
            plain = (plainly(cut(one.text), self.words),) if one.person is None else one.person
            out.update(dict.fromkeys(plain))
        return list(out)
