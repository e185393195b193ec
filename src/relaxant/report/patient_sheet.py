"""The sheet for the person who takes the medicine: what to take on which day with boxes to tick, who to call, and for what.

Plain words and nothing that the calendar does not say; it is for a professional to go through it with the person first. It is made
from the view of the plan, so its doses and days are those of every other format.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import msgspec

from relaxant.errors import InputError
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.knowledge.plans import DAY_PARTS
from relaxant.report.pdf import set_pages
from relaxant.report.plan_html import page
from relaxant.report.plan_page import DoseView, PieceView, PlanHead, PlanView, StepView, Words
from relaxant.report.plan_words import exact

_WEEK = 7
_OPEN_DAYS = 2 * _WEEK  # boxes of a step without an end
_BRACKETS = re.compile(r"\s*\([^)]*\)")


class Grid(msgspec.Struct, frozen=True):
    """Boxes to tick: the days on top, and one row for each dose of a day."""

    days: tuple[str, ...]
    rows: tuple[str, ...]


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
    """The sheet, top to bottom."""

    head: PlanHead
    page_title: str
    title: str
    whose: str
    made: str
    parts: tuple[Part, ...]
    calendar: Part
    periods: tuple[Period, ...]
    box: str


def sheet_view(view: PlanView, *, knowledge: Knowledge | None = None) -> SheetView:
    """The sheet of a plan. Raises :class:`InputError` for a plan without doses that are taken at home."""
    words = (knowledge or load_knowledge()).words("patient-sheet", view.head.language)
    if not view.steps or view.refused or view.supervised:
        unusable = view.words["unusable"]
        others = view.words["between"].join(("text", "html", "pdf", "json", "fhir"))
        raise InputError("format", "sheet", unusable["no_sheet"], unusable["no_steps_do"].format(formats=others))
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


def _names(text: str, words: Sequence[str]) -> bool:
    return any(re.search(rf"\b{re.escape(word)}\b", text, re.IGNORECASE) for word in words)


def _graver(sign: str, emergencies: Iterable[str]) -> bool:
    """Whether a sign stands among those for which to get help at once: it may not stand below as something to tell."""
    what = sign.split(",")[0].lower()
    return any(what in one.lower() for one in emergencies)


class _Sheet:
    def __init__(self, view: PlanView, words: Words) -> None:
        self.plan, self.words = view, words
        self.agents = list(dict.fromkeys(s.agent for s in view.steps))

    def view(self) -> SheetView:
        words, head = self.words, self.plan.head
        title = words["title"].format(names=self.names())
        return SheetView(
            head=head,
            page_title=f"{head.label}: {title}",
            title=title,
            whose=words["for"].format(label=head.label),
            made=words["made"].format(date=self.written(head.as_of)),
            parts=self.parts(),
            calendar=Part("how", words["calendar"]["heading"], tuple(words["how"]["lines"])),
            periods=self.periods(),
            box=words["calendar"]["box"],
        )

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
        shown = tuple(str(line).format(names=self.names()) for line in said)
        return Part(key, words["heading"], shown, tuple(dict.fromkeys(items)), tuple(words.get("blank", ())))

    # ------------------------------------------------------------ days

    def periods(self) -> tuple[Period, ...]:
        """The calendar cut wherever a dose of any medicine changes."""
        steps, day = self.plan.steps, timedelta(days=1)
        cuts = sorted({s.first for s in steps} | {s.last + day for s in steps if s.last is not None})
        out = []
        for first, after in zip(cuts, [*cuts[1:], None], strict=True):
            now = [s for s in steps if s.first <= first and (s.last is None or first <= s.last)]
            if now:
                out.append(self.period(first, None if after is None else after - day, now))
        return tuple(out)

    def period(self, first: date, last: date | None, now: Sequence[StepView]) -> Period:
        words = self.words["calendar"]
        if last is None:
            heading = words["open"].format(first=self.written(first))
        elif last == first:
            heading = words["one_day"].format(first=self.written(first))
        else:
            heading = words["step"].format(first=self.written(first), last=self.written(last))
        rows = tuple(self.row(step, dose) for step, dose in self.doses(now))
        lines = [words["nothing"].format(name=self.plan.name(s.agent)) for s in now if not s.doses]
        lines += [
            words["as_now"].format(name=self.plan.name(b.agent), dose=b.text)
            for b in self.plan.before
            if b.first <= first <= b.last
        ]
        if last is None:
            lines.append(words["go_on"])
        if self.plan.last_dose is not None and last == self.plan.last_dose:
            names = str(self.words["and"]).join(self.plan.name(s.agent) for s in now if s.last == last)
            lines.append(words["last"].format(name=names, date=self.written(last)))
        days = [first + timedelta(days=i) for i in range(_OPEN_DAYS if last is None else (last - first).days + 1)]
        weeks = [days[i : i + _WEEK] for i in range(0, len(days), _WEEK)]
        grids = tuple(Grid(tuple(map(self.day, week)), rows) for week in weeks) if rows else ()
        return Period(heading, tuple(lines), grids)

    def day(self, when: date) -> str:
        short = self.words["weekdays_short"][when.weekday()]
        return str(self.words["day"]).format(weekday=short, day=when.day)

    def doses(self, now: Sequence[StepView]) -> list[tuple[StepView, DoseView]]:
        """The doses of a day in its order."""
        return [(s, d) for part in DAY_PARTS for s in now for d in s.doses if d.at == part]

    def row(self, step: StepView, dose: DoseView) -> str:
        words = self.words["calendar"]
        pieces = str(self.words["pieces"]["and"]).join(map(self.pieces, dose.counts))
        if len(dose.counts) > 1 or any(c.count != 1 for c in dose.counts):
            pieces = words["total"].format(pieces=pieces, amount=dose.plain)
        return str(words["row"]).format(part=words["parts"][dose.at], name=self.plan.name(step.agent), dose=pieces)

    def pieces(self, piece: PieceView) -> str:
        words, whole = self.words["pieces"], int(piece.count)
        if piece.liquid:
            return str(words["liquid"]).format(count=exact(piece.count), strength=piece.strength)
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
        return str(words["of"]).format(count=count, strength=piece.strength)

    # ------------------------------------------------------------ whom to call, and when

    def parts(self) -> tuple[Part, ...]:
        """What stands before the calendar, so that a long one does not hide it."""
        plan, words = self.plan, self.words
        at_once = [c for c in plan.calls if _names(c, words["at_once"])]
        later = self.plain(_noticed(c, words) for c in plan.calls if c not in at_once)
        emergencies = self.plain((*(e.split(":")[0] for e in plan.emergency), *(_noticed(c, words) for c in at_once)))
        calls = [c for c in later if c not in emergencies]
        told = self.plain(s.split(":")[0] for s in plan.signs)
        signs = [s for s in told if not _graver(s, emergencies)]
        agreed = (words["agreed"]["text"], *([words["agreed"]["wait"]] if self.plan.first_do else []))
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

    def plain(self, texts: Iterable[str]) -> list[str]:
        return [plainly(text, self.words) for text in texts]
