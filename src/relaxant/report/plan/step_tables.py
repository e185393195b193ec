"""The steps of a plan as tables: one for each medicine, and all medicines together from each day on which one of them changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from relaxant.knowledge.plans import DAY_PARTS, DayPart
from relaxant.planning.plan import Branch, Plan, Step
from relaxant.report.blocks import Block, Bullets, Line, Saying, Table
from relaxant.report.plan import words as say
from relaxant.report.plan.steps import Steps, agents_of
from relaxant.report.plan.voice import Voice
from relaxant.report.shown import clean, counted

_PAIR = 2
_RISES = ("titration", "switch")


class StepTables:
    """The tables of one plan, of its steps and of its branches."""

    def __init__(self, plan: Plan, made: Steps, voice: Voice) -> None:
        self.plan, self.made, self.voice = plan, made, voice
        self.words = voice.words

    def calendar(self) -> Iterator[Block]:
        plan, words = self.plan, self.words["calendar"]
        if not plan.steps:
            return
        yield from self._may_hold()
        if len(agents_of(plan.steps)) > 1:
            yield self.voice.line(words["switch_note"])
        for agent in agents_of(plan.steps):
            for one in self.made.before:
                if one.agent == self.voice.resolved(agent):
                    text = words["before"].format(agent=self.voice.name(agent), dates=one.dates, text=one.text)
                    yield self.voice.line(text, strong=True)
            caption = words["caption"].format(agent=self.voice.name(agent))
            yield self._steps(caption, [s for s in plan.steps if s.agent == agent])
        if len(agents_of(plan.steps)) > 1:
            yield self._together(plan.steps)
        if any(s.back_to is not None for s in plan.steps):
            yield self.voice.line(words["back_means"])
        if plan.last_dose is not None:
            yield self.voice.line(self._last_dose(plan.last_dose), strong=True)
        elif any(s.last is None for s in plan.steps):
            yield self.voice.line(words["no_last_dose"])

    def _may_hold(self) -> Iterator[Line]:
        """The limits of a start or a rise that hang on what is not known yet: until then the doses are not this person's own."""
        plan, words = self.plan, self.words["calendar"]
        if plan.kind not in _RISES:
            return
        waiting = {i: g[0] for i, g in enumerate(self.made.limits, 1) if g[0].open and set(g[0].settled_by) & set(plan.needs_first)}  # fmt: skip
        never = [i for i, bound in waiting.items() if bound.kind == "never"]
        if waiting:
            text = counted(words["may_hold"], len(waiting), numbers=self._runs(waiting))
            if never:
                text = f"{text} {counted(words['may_forbid'], len(never), numbers=self._runs(never))}"
            yield self.voice.line(text, strong=True)

    def _runs(self, numbers: Iterable[int]) -> str:
        """Numbers in order as a list, three or more in a row as a span."""
        spans: list[list[int]] = []
        for number in numbers:
            if spans and number == spans[-1][-1] + 1:
                spans[-1].append(number)
            else:
                spans.append([number])
        span = str(self.words["span"])
        parts = [
            span.format(first=s[0], last=s[-1]) if len(s) > _PAIR else str(self.words["between"]).join(map(str, s))
            for s in spans
        ]
        return str(self.words["between"]).join(parts)

    def _last_dose(self, when: date) -> str:
        """The last day with a dose; where several medicines are taken, of which of them."""
        words, agents = self.words["calendar"], agents_of(self.plan.steps)
        if len(agents) == 1:
            return str(words["last_dose"]).format(date=self.voice.day(when))
        over = [
            a for a in agents if all(s.last is not None and s.last <= when for s in self.plan.steps if s.agent == a)
        ]
        names = str(self.words["between"]).join(self.voice.name(a) for a in over) or self.voice.name(
            self.plan.agents[-1]
        )
        return str(words["last_dose_of"]).format(names=names, date=self.voice.day(when))

    def _steps(self, caption: str, steps: Sequence[Step]) -> Table:
        words = self.words["calendar"]
        used = {t.at for s in steps for t in s.takes}.union(*(self.made.taken(s.agent) for s in steps))
        parts: list[DayPart] = [p for p in DAY_PARTS if p in used]
        backed = any(self.made.back(s, "back_to", "back_none", "back_before") for s in steps)
        head = [words["step"], words["days"], *(words["parts"][p] for p in parts), words["total"]]
        rows = []
        for step in steps:
            view = self.made.step(step)
            doses = {d.at: d for d in view.doses}
            cells = [self.voice.cell(str(step.number)), self.voice.cell(*say.span_lines(step, self.words))]
            cells += [self.voice.cell(doses[p].text, doses[p].pieces) if p in doses else self.voice.cell(words["no_dose"]) for p in parts]  # fmt: skip
            daily = self.voice.amount(step.daily, self.made.unit(step)) if step.daily else words["nothing"]
            cells.append(self.voice.cell(daily, self.made.change(step), *self.made.held(step)))
            if backed:
                cells.append(self.voice.cell(self.made.back(step, "back_to", "back_none", "back_before")))
            rows.append(tuple(cells))
        return Table(caption, (*head, words["back"]) if backed else tuple(head), tuple(rows))

    def _together(self, steps: Sequence[Step]) -> Table:
        """What all medicines together are from each day on which one of them changes."""
        words, agents = self.words["calendar"], agents_of(steps)
        ends = {s.last + timedelta(days=1) for s in steps if s.last is not None}
        rows = tuple(
            (
                self.voice.cell(self.voice.day(when)),
                *(self.voice.cell(self._on_day(agent, when, steps)) for agent in agents),
            )
            for when in sorted({s.first for s in steps} | ends)
        )
        return Table(words["together"], (words["from_day"], *(self.voice.name(a) for a in agents)), rows)

    def _on_day(self, agent: str, when: date, steps: Sequence[Step]) -> str:
        """What is taken of one medicine on a day, all doses together."""
        words = self.words["calendar"]
        for one in self.made.before:
            if one.agent == self.voice.resolved(agent) and one.first <= when <= one.last:
                return one.text
        own = (s for s in steps if s.agent == agent and s.first <= when and (s.last is None or when <= s.last))
        now = next(own, None)
        if now is None or not now.daily:
            return str(words["not_yet"])
        amount = words["dose"].format(amount=self.voice.amount(now.daily, self.made.unit(now)))
        return str(words["day"]).format(amount=amount)

    def branch(self, branch: Branch) -> Iterator[Block]:
        words = self.words["branches"]
        yield Bullets(words[branch.kind], (Saying(clean(branch.text)),))
        for agent in agents_of(branch.steps):
            caption = self.words["calendar"]["branch_caption"].format(
                agent=self.voice.name(agent), branch=words["names"][branch.kind]
            )
            yield self._steps(caption, [s for s in branch.steps if s.agent == agent])
        if branch.last_dose is not None:
            yield self.voice.line(
                self.words["calendar"]["last_dose"].format(date=self.voice.day(branch.last_dose)), strong=True
            )
