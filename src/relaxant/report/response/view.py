"""A diary's answer in words: the one view that text and page draw."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.responses import NextStep
from relaxant.knowledge.scales import Scale
from relaxant.knowledge.schema import Cited as Sourced
from relaxant.knowledge.schema import Policy, SourceRef
from relaxant.quantities import plain_number, shown_unit
from relaxant.report.blocks import Block, Bullets, Cell, Line, Saying, Section, Table, Words
from relaxant.report.citations import Citations, Mark
from relaxant.report.cited_once import cited_once
from relaxant.report.response.diary_numbers import BY_DAY, events_of, strips_of, table_of
from relaxant.report.response.page import ResponseView
from relaxant.report.response.visits import visits_section
from relaxant.report.shown import clean, counted
from relaxant.response.falls import Fall, in_sessions
from relaxant.response.next import Next
from relaxant.response.reading import Difference, Reading, Span
from relaxant.response.response import WORSE, Arms, Compared, Response
from relaxant.response.reviewed import Reviewed
from relaxant.response.taken import Stretch, onset_of
from relaxant.rules.reasons import cited
from relaxant.rules.wording import capital

_DIGITS, _PERCENT, _SURE, _HARDLY = 2, 100, 99, 1
_MOST_STRETCHES = 20
_MOST_FALLS = 3
_HASH_SHOWN = 12


def response_view(response: Response, *, knowledge: Knowledge, language: str = "en") -> ResponseView:
    """The view of an answer."""
    return _Page(response, knowledge, language).view()


class _Page:
    """Holds the words, and numbers the sources as they are cited."""

    def __init__(self, response: Response, knowledge: Knowledge, language: str) -> None:
        self.response, self.knowledge = response, knowledge
        self.words: Words = knowledge.words("respond", language)
        self.report: Words = knowledge.words("report", language)
        self.citations = Citations(knowledge, self.report)

    def view(self) -> ResponseView:
        r, words, stamp = self.response, self.words, self.report["stamp"]
        label = clean(r.label) if r.label else words["no_label"]
        span = {"first": r.first.isoformat(), "last": r.last.isoformat()}
        above = tuple(s for s in self.above() if s.blocks)
        below = tuple(s for s in self.below() if s.blocks)
        return ResponseView(
            words=words,
            label=label,
            page_title=words["page_title"].format(label=label, **span),
            kind_text=words["kind"],
            about=words["about"].format(days=self.days(r.days), written=self.days(r.written), **span),
            banner=words["banner"],
            notices=tuple(clean(capital(text)) for text in r.noticed.notices),
            sections=above,
            below=below,
            first=r.first,
            start=r.days if r.arms else r.start,
            strips=tuple(strips_of(r, self.knowledge, words["chart"])),
            events=tuple(events_of(r, self.knowledge, words["chart"])),
            sources=self.citations.listed(),
            source_words=self.report["sources"],
            stamp_heading=stamp["heading"],
            stamp=((stamp["engine"], f"relaxant {r.engine}"), (stamp["knowledge"], r.knowledge[:_HASH_SHOWN])),
        )

    def above(self) -> Iterator[Section]:
        """What stands above the chart."""
        if self.response.review is not None:
            yield self.section("first", self.first(self.response.review))
        yield self.section("answers", self.answers())
        if self.response.arms is not None:
            yield self.section("arms", self.arms(self.response.arms))

        if self.response.reasons:
            yield self.section("worse", self.reasons())
        if self.response.next is not None:
            yield self.section("next", self.next(self.response.next))

    def below(self) -> Iterator[Section]:
        """What stands below it."""
        words = self.words["chart"]
        if (days := table_of(self.response, self.knowledge, words)) is not None:
            yield Section("days", words["table_heading"], (days,))
        yield self.section("notes", self.notes())
        yield self.section("taken", self.taken())
        yield self.section("markers", self.markers())
        if self.response.visits is not None:
            visited = visits_section(self.response.visits, knowledge=self.knowledge, cite=self.citations.mark)
            if visited is not None:
                yield visited
        yield self.section("unused", self.unused())
        yield self.section("granted", self.granted())

    def section(self, key: str, blocks: Iterator[Block]) -> Section:
        return Section(key, self.words[key]["heading"], cited_once(blocks))

    # ------------------------------------------------------------ what comes first

    def first(self, own: Reviewed) -> Iterator[Block]:
        """What the review says first: its findings, the restart of what was stopped, what may not be planned, where diary and file differ."""
        words = self.words["first"]
        told = (("finding", own.findings), ("above", own.above), ("stepped_down", own.stepped_down))
        for key, findings in told:
            for finding in findings:
                marks = tuple(map(self.citations.mark, finding.sources))
                yield Line(Saying(words[key].format(tier=finding.tier, summary=finding.summary)), strong=True)
                yield Bullets("", (Saying(finding.action, self.tags(finding.verified), marks),))
        sayings = [
            Saying(words["restart"].format(agent=self.agent(r.agent), text=r.text), self.tags(r.verified), (self.citations.mark(r.source),))
            for r in own.restart
        ]  # fmt: skip
        for one in own.withdrawal:
            slots = {"signs": ", ".join(one.signs), "emergency": ", ".join(one.emergency)}
            text = words["withdrawal"].format(agent=one.agent, onset=one.onset, action=one.action, **slots)
            sayings.append(Saying(text, self.tags(one.verified), (self.citations.mark(one.source),)))
        sayings += [Saying(words["refused"].format(title=r.title, why=r.why)) for r in own.refused]
        for gap in own.gaps:
            key = "one" if gap.days == 1 else "other"
            dose = f"{plain_number(gap.before)} {gap.unit}"
            slots = {"agent": self.agent(gap.agent), "day": gap.first.isoformat(), "before": dose}
            sayings.append(Saying(words["gap"][key].format(count=gap.days, **slots)))
        sayings += [Saying(text) for text in own.said]
        if sayings:
            yield Bullets("", tuple(sayings))

    def tags(self, verified: bool) -> tuple[str, ...]:
        """What marks a sentence that nobody has seen in its source."""
        return () if verified else (self.report["not_verified_short"],)

    # ------------------------------------------------------------ what changed

    def answers(self) -> Iterator[Block]:
        asked = self.response.asked
        if asked != "last days" and any(r.beyond is not None for r in self.response.readings):
            first, end = self.response.now
            yield Line(Saying(self.words["series"][asked].format(first=self.day(first), last=self.day(end - 1))))
        for reading in self.response.readings:
            scale = self.knowledge.responses.scales[reading.scale]
            yield Line(Saying(self.title(reading, scale)), strong=True)
            yield Bullets("", tuple(self.details(reading, scale)))

    def title(self, reading: Reading, scale: Scale) -> str:
        words = self.words["answers"]["titles"][reading.said]
        days = reading.days_before if reading.said == "no days before" else reading.more_days or 0
        least = int(self.knowledge.policy("respond_least_days"))
        better = self.words["answers"]["direction"][scale.better]
        other = self.words["answers"]["direction"]["higher" if scale.better == "lower" else "lower"]
        slots = {"days": self.days(days), "least": least, "direction": better, "other": other}
        return str(words.format(scale=capital(scale.title), **slots))

    def details(self, reading: Reading, scale: Scale) -> Iterator[Saying]:
        words = self.words["answers"]
        first, end = self.response.now
        span = {"first": self.day(first), "last": self.day(end - 1), "now": self.mean(reading.mean_now)}
        if reading.mean_before is None and not reading.days_before:
            yield Saying(words["mean"].format(**span))
        else:
            before = {"before": self.mean(reading.mean_before), "days_before": self.days(reading.days_before)}
            yield Saying(words["means"].format(**before, **span))
        if reading.said in ("better, cause open", "worse, cause open"):
            key = "more" if reading.more_days else "no_more"
            yield Saying(words[key].format(days=self.days(reading.more_days or 0)))
        if reading.beyond is None or reading.level is None or reading.better is None or reading.least is None:
            return
        worse = reading.harm or reading.said in (*WORSE, "hardly worse")
        yield Saying(words["level"].format(change=self.change(reading.level, scale)))
        share = reading.level_worse if worse else reading.level_better
        size = self.size(reading.least, scale, worse=worse)
        yield Saying(words["level_matters"].format(size=size, probability=self.percent(share or 0.0)))
        yield Saying(words["beyond"].format(change=self.change(reading.beyond, scale)))
        if worse:
            yield Saying(words["probability_worse"].format(worse=self.percent(1 - reading.better)))
        else:
            yield Saying(words["probability"].format(better=self.percent(reading.better)))
            for difference in reading.differences:
                yield self.matters(difference, scale)
        if not reading.differences and not reading.harm:
            told = "no_matters" if self.response.conditions_told else "no_condition"
            shown = self.knowledge.policies["respond_shown_count" if scale.kind == "count" else "respond_shown"]
            yield Saying(words[told], (), (self.cite(shown),))

    def day(self, place: int) -> str:
        return (self.response.first + timedelta(days=place)).isoformat()

    def matters(self, difference: Difference, scale: Scale) -> Saying:
        found = difference.finding
        text = self.words["answers"]["matters"].format(
            size=self.size(difference.size, scale),
            probability=self.percent(difference.probability),
            text=f"{capital(found.population)}. {found.text}",
        )
        tags = () if found.verified else (self.report["not_verified_short"],)
        return Saying(text, tags, (self.cite(found),))

    def size(self, size: float, scale: Scale, *, worse: bool = False) -> str:
        """A change by a size or more, for the better or for the worse; of a count a ratio."""
        words, way = self.words["answers"], "lower" if (scale.better == "lower") != worse else "higher"
        if scale.kind == "count":
            ratio = size if way == "lower" else 1 / size
            return str(words["size_ratio"][way].format(size=plain_number(ratio, _DIGITS)))
        unit, number = scale.unit or "points", plain_number(size, _DIGITS)
        unit = words["unit_of_one"].get(unit, unit) if number == "1" else unit
        return str(words["size_points"].format(direction=words["direction"][way], size=number, unit=unit))

    def change(self, span: Span, scale: Scale) -> str:
        low, high = span.wide
        slots = {"middle": span.middle, "low": low, "high": high}
        if scale.kind == "count":
            return str(self.words["answers"]["ratio"].format(**{k: plain_number(v, _DIGITS) for k, v in slots.items()}))
        shown = {k: signed(v) for k, v in slots.items()}
        return str(self.words["answers"]["points"].format(unit=scale.unit or "points", **shown))

    def mean(self, value: float | None) -> str:
        return self.words["answers"]["no_mean"] if value is None else plain_number(round(value, 1))

    def percent(self, share: float) -> str:
        words, percent = self.words["answers"], round(_PERCENT * share)
        if percent >= _PERCENT:
            return str(words["surely"].format(percent=_SURE))
        return str(words["hardly" if percent < _HARDLY else "percent"].format(percent=max(percent, _HARDLY)))

    def cite(self, entry: Sourced | SourceRef | Policy) -> Mark:
        says = entry.says if isinstance(entry, SourceRef) else None
        return self.citations.mark(cited(self.knowledge, entry.source, entry.place, says))

    def days(self, count: int) -> str:
        return counted(self.words["days"], count)

    # ------------------------------------------------------------ arms in turn

    def arms(self, arms: Arms) -> Iterator[Block]:
        words, names = self.words["arms"], {"arm": clean(arms.arm), "against": clean(arms.against)}
        blocks = counted(words["blocks"], arms.blocks)
        yield Line(Saying(words["what"].format(blocks=blocks, periods=arms.periods, **names)))
        yield Bullets("", tuple(Saying(text) for text in self.how_compared(arms, blocks)))
        for compared in arms.compared:
            scale = self.knowledge.responses.scales[compared.scale]
            yield Line(Saying(words[compared.answer.said].format(scale=capital(scale.title), **names)), strong=True)
            yield Bullets("", tuple(self.compared(compared, arms, scale)))

    def how_compared(self, arms: Arms, blocks: str) -> Iterator[str]:
        """Whether a cause may be named, and why not."""
        words = self.words["arms"]
        if arms.randomised and arms.one_order:
            yield words["one_order"]
        else:
            yield words["randomised" if arms.randomised else "not_randomised"]
        yield words["blinded" if arms.blinded else "not_blinded"]
        if arms.alike:
            yield words["alike"]
        if arms.blocks < arms.needed:
            yield words["few"].format(blocks=blocks, needed=counted(words["blocks"], arms.needed))

    def compared(self, compared: Compared, arms: Arms, scale: Scale) -> Iterator[Saying]:
        words, answer, draw = self.words["arms"], compared.answer, compared.draw
        names = {"arm": clean(arms.arm), "against": clean(arms.against)}
        if compared.cause:
            yield Saying(words["cause" if arms.blinded else "cause_open"].format(**names))
        if answer.difference is not None and answer.better is not None:
            change, better = self.change(answer.difference, scale), self.percent(answer.better)
            yield Saying(words["difference"].format(change=change, better=better, **names))
            worse = compared.harm or answer.said == "worse"
            share = answer.worse_least if worse else answer.better_least
            size = self.size(answer.least or 0.0, scale, worse=worse)
            yield Saying(words["matters"].format(size=size, probability=self.percent(share or 0.0), **names))
        if draw.difference is None:
            yield Saying(words["no_draw"])
        elif draw.ways:
            blocks, difference = counted(words["blocks"], draw.blocks), signed(draw.difference)
            yield Saying(words["draw"].format(as_far=draw.as_far, ways=draw.ways, blocks=blocks, difference=difference))

    # ------------------------------------------------------------ worse

    def reasons(self) -> Iterator[Block]:
        words, known = self.words["worse"], self.knowledge
        for number, reason in enumerate(self.response.reasons, 1):
            own = known.responses.worsenings[reason.worsening]
            seen = []
            if reason.less_days is not None:
                if reason.less_days:
                    seen.append(counted(words["missed"], reason.less_days))
                elif not reason.falls:
                    seen.append(words["none_missed"])
            seen += [self.fall(f) for f in reason.falls[-_MOST_FALLS:]]
            likely = [*(known.conditions[c].title for c in reason.on_record), *reason.started]
            likely += [words["rose"].format(marker=known.responses.markers[m].title) for m in reason.risen]
            if likely:
                seen.append(words["on_record"].format(what=", ".join(likely)))
            marks = tuple(Mark(m.number, "") for m in (self.cite(own), *map(self.cite, own.further)))
            ask = Saying(" ".join((*seen, own.ask)))
            then = Saying(words["then"].format(then=own.then), (), marks)
            yield Bullets(f"{number}. {own.title}", (*self.noted(reason.worsening), ask, then))

    def noted(self, worsening: str) -> Iterator[Saying]:
        """The notes whose words name an explanation."""
        for note in self.response.noticed.notes:
            if worsening in note.worsenings:
                text = self.words["worse"]["note"].format(day=note.day.isoformat(), note=clean(note.text))
                yield Saying(text)

    def fall(self, fall: Fall) -> str:
        words = self.words["worse"]
        before, after = (f"{plain_number(d)} {fall.unit}" if d else words["none"] for d in (fall.before, fall.after))
        slots = {"agent": self.agent(fall.agent), "before": before, "after": after, "day": fall.first.isoformat()}
        return str(words["fall"]["one" if fall.days == 1 else "other"].format(count=fall.days, **slots))

    def markers(self) -> Iterator[Block]:
        words, known = self.words["markers"], self.knowledge.responses.markers
        for rise in self.response.noticed.rises:
            marker, last = known[rise.marker], rise.last
            slots = {"title": capital(marker.title), "day": last.day.isoformat(), "last": clean(last.said)}
            if rise.before is None:
                said = words["new"].format(**slots)
            else:
                before = {"before": clean(rise.before.said), "day_before": rise.before.day.isoformat()}
                said = words["rose"].format(**slots, **before)
            yield Line(Saying(f"{said} {words['look' if rise.fits else 'look_elsewhere']}"), strong=True)
        final = {m.marker: place for place, m in enumerate(self.response.markers)}
        rows = tuple(
            (
                (Saying(m.day.isoformat()),),
                (Saying(capital(known[m.marker].title)),),
                (Saying(clean(m.said)),),
                (self.marker_says(m.marker),) if final[m.marker] == place else (),
            )
            for place, m in enumerate(self.response.markers)
        )
        if rows:
            yield Table(words["caption"], tuple(words["head"]), rows, prose=True)

    def marker_says(self, name: str) -> Saying:
        """What was found of a marker, or, for a person known to have none of the conditions that it was studied in, that it was not."""
        marker, words = self.knowledge.responses.markers[name], self.words["markers"]
        if not self.response.noticed.markers_fit.get(name, True):
            conditions = ", ".join(self.knowledge.conditions[c].title for c in marker.conditions)
            return Saying(words["elsewhere"].format(conditions=conditions), (), (self.cite(marker),))
        return Saying(marker.text, (), (self.cite(marker),))

    def notes(self) -> Iterator[Block]:
        """Every note of the diary; in a short one they stand in the table of days."""
        words, notes = self.words["notes"], self.response.noticed.notes
        if notes and len(self.response.table) > BY_DAY:
            yield Bullets("", tuple(Saying(words["note"].format(day=n.day.isoformat(), note=clean(n.text))) for n in notes))  # fmt: skip

    def unused(self) -> Iterator[Block]:
        if unused := self.response.noticed.unused:
            yield Bullets("", tuple(Saying(clean(capital(text))) for text in unused))

    # ------------------------------------------------------------ the next step

    def next(self, own: Next) -> Iterator[Block]:
        words, known = self.words["next"], self.knowledge.responses
        step = known.next_steps[own.next_step]
        marks = (self.cite(step), *map(self.cite, step.further))
        sessions = [in_sessions(a, self.knowledge) for a in self.response.units]
        if step.session is not None and all(sessions):
            yield Line(Saying(step.session.text, (), (self.cite(step.session),)), strong=True)
        else:
            yield Line(Saying(step.text, (), marks), strong=True)
        sayings = [Saying(self.by(own, step))]
        if step.session is not None and any(sessions) and not all(sessions):
            sayings.append(Saying(words["session"].format(text=step.session.text), (), (self.cite(step.session),)))
        sayings += self.next_dose(own)
        for level in own.levels:
            slots = {k: plain_number(getattr(level, k), 3) for k in ("value", "expected", "low", "high")}
            ratio = plain_number(level.value / level.expected, _DIGITS)
            text = words["level" if level.explained else "level_off"]
            sayings.append(Saying(text.format(agent=level.agent, day=level.day.isoformat(), unit=shown_unit(level.unit), ratio=ratio, **slots)))  # fmt: skip
        yield Bullets("", tuple(sayings))

    def by(self, own: Next, step: NextStep) -> str:
        """What decides the step."""
        words = self.words["next"]
        if own.decided_by:
            titles = ", ".join(self.knowledge.responses.scales[s].title for s in own.decided_by)
            return str(words["by"].format(scales=titles))
        return str(words["by_level" if "level" in step.standing else "by_review"])

    def next_dose(self, own: Next) -> Iterator[Saying]:
        """The plan's next dose, and what it would bring as far as the doses so far tell."""
        words = self.words["next"]
        if own.agent is None or own.dose_next is None or own.dose_now is None or own.first is None:
            return
        doses = {"now": f"{plain_number(own.dose_now)} {own.unit}", "next": f"{plain_number(own.dose_next)} {own.unit}"}
        yield Saying(words["step"].format(agent=self.agent(own.agent), first=own.first.isoformat(), **doses))
        for forecast in own.forecasts:
            scale = self.knowledge.responses.scales[forecast.scale]
            change = self.change(forecast.more, scale)
            yield Saying(words["forecast"].format(scale=capital(scale.title), change=change, next=doses["next"]))

    # ------------------------------------------------------------ what was taken

    def taken(self) -> Iterator[Block]:
        stretches, words = self.response.stretches, self.words["taken"]
        if not stretches:
            return
        rows = tuple(self.stretch(s) for s in stretches[-_MOST_STRETCHES:])
        yield Table(words["caption"], tuple(words["head"]), rows)
        if len(stretches) > _MOST_STRETCHES:
            yield Line(Saying(counted(words["more_stretches"], len(stretches) - _MOST_STRETCHES)))

    def stretch(self, stretch: Stretch) -> tuple[Cell, ...]:
        words = self.words["taken"]
        dose = (
            words["dose"].format(dose=f"{plain_number(stretch.dose)} {stretch.unit}")
            if stretch.dose
            else words["nothing"]
        )
        span = words["span"].format(first=stretch.first.isoformat(), last=stretch.last.isoformat())
        texts = (
            self.agent(stretch.agent),
            dose,
            span,
            str(stretch.days),
            str(stretch.less or ""),
            str(stretch.more or ""),
        )
        return tuple((Saying(t),) if t else () for t in texts)

    def agent(self, agent: str) -> str:
        return capital(agent)

    # ------------------------------------------------------------ what is taken for granted

    def granted(self) -> Iterator[Block]:
        words, known = self.words["granted"], self.knowledge.responses
        sayings = [Saying(text) for text in self.response.said]
        for prior in dict.fromkeys(r.prior for r in self.response.readings if r.beyond is not None):
            own = known.response_priors[prior]
            marks = (self.cite(own), *map(self.cite, own.further))
            sayings.append(Saying(words["priors"].format(text=own.text), (), marks))
        for agent in self.response.units:
            onset = onset_of(agent, self.knowledge)
            if onset is not None:
                marks = (self.cite(onset),)
                sayings.append(Saying(words["onset"].format(agent=self.agent(agent), text=onset.text), (), marks))
        if any(r.beyond is not None for r in self.response.readings):
            sayings += [Saying(words["shape"]), Saying(words["limits"])]
        if sayings:
            yield Bullets("", tuple(sayings))


def signed(value: float) -> str:
    """A change with its sign, to two digits and no finer than a tenth."""
    shown = plain_number(round(abs(value), 1))
    return shown if shown == "0" else f"{'+' if value > 0 else '−'}{shown}"
