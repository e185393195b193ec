"""A plan in words: the one view that every format draws, so that all say the same.

The words come from ``wording/<language>/plan.yaml`` and from the plan; text is made harmless to show and sources are numbered in the
order in which they are cited.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta

from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.knowledge.plans import DAY_PARTS, DayPart
from relaxant.planning.plan import Branch, Plan, ShownBound, Step, Take, Told
from relaxant.report import plan_words as say
from relaxant.report.citations import Citations, safe_url
from relaxant.report.plan_page import (
    AgentView,
    Block,
    BoundView,
    Bullets,
    Cell,
    DoseView,
    GateView,
    Line,
    PlanHead,
    PlanView,
    Saying,
    Section,
    StepView,
    Table,
    Words,
)
from relaxant.report.view import Mark, clean, counted, view_of
from relaxant.reviewing import Review
from relaxant.rules.reasons import Cited

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://relaxant.invalid/plan")
_ACTS = ("go_on", "hold", "go_back", "call")


def head_of(review: Review, *, knowledge: Knowledge | None = None) -> PlanHead:
    """What stands on top of the plans of a review: label, labels used, day, person and stamp."""
    view, stamp = view_of(review, knowledge=knowledge), review.stamp
    said = clean(str(review.patient.get("label") or ""))
    return PlanHead(
        label=view.label,
        labels=view.labels,
        as_of=date.fromisoformat(stamp.as_of),
        as_of_text=view.as_of,
        person=view.person,
        country=stamp.country,
        language=stamp.language,
        basis=view.stamp_short,
        whose=said or stamp.input_sha256,
        stamp=view.stamp,
    )


def plan_view(
    plan: Plan, head: PlanHead, *, knowledge: Knowledge | None = None, cite: Callable[[Cited], Mark] | None = None
) -> PlanView:
    """The page of a plan. With ``cite`` a larger page numbers the sources, and the view lists none."""
    return _PlanPage(plan, head, knowledge or load_knowledge(), cite).view()


class _PlanPage:
    """Holds the words, and numbers the sources as they are cited."""

    def __init__(self, plan: Plan, head: PlanHead, knowledge: Knowledge, cite: Callable[[Cited], Mark] | None) -> None:
        self.plan, self.head, self.knowledge = plan, head, knowledge
        self.words: Words = knowledge.words("plan", head.language)
        self.report: Words = knowledge.words("report", head.language)
        self.titles: Words = knowledge.words("facts", head.language)
        self.citations = Citations(knowledge, self.report)
        self.cite = cite or self.citations.mark
        self.agents = tuple(self.agent(a) for a in plan.agents)

    def view(self) -> PlanView:
        plan, words, head = self.plan, self.words, self.head
        title = clean(plan.title)
        sections = tuple(s for s in self.sections() if s.blocks)
        return PlanView(
            id=plan.id,
            kind=plan.kind,
            words=words,
            head=head,
            page_title=words["page_title"].format(label=head.label, as_of=head.as_of.isoformat(), title=title),
            title=title,
            kind_text=words["kinds"][plan.kind],
            banners=tuple(words["banners"][k] for k in ("orders", plan.kind) if k in words["banners"]),
            refused=clean(plan.refused or ""),
            sections=sections,
            sources=self.citations.listed(),
            agents=self.agents,
            steps=tuple(self.step(s) for s in plan.steps),
            last_dose=plan.last_dose,
            gates=self.plain_gates(),
            calls=tuple(clean(t.text) for g in plan.gates for t in g.call),
            signs=tuple(clean(s) for w in plan.withdrawal for s in w.signs),
            emergency=tuple(clean(s) for w in plan.withdrawal for s in w.emergency),
            bounds=tuple(self.bound(b) for b in plan.bounds if b.decides),
            source_words=self.report["sources"],
            stamp_heading=self.report["stamp"]["heading"],
        )

    def sections(self) -> Iterator[Section]:
        """The page from top to bottom: what to do, what decides on the way, and why."""
        plan = self.plan
        yield self.section("refused", self.refused())
        yield self.section("why", [self.line(plan.why)] if plan.why else [])
        yield self.section("needs", self.list_of(self.title_of(n) for n in plan.needs_first))
        yield self.section("reckoning", self.reckoning())
        yield self.section("calendar", self.calendar())
        yield self.section("gates", self.gates())
        yield self.section("branches", self.branches())
        yield self.section("missed", self.missed())
        yield self.section("withdrawal", self.withdrawal())
        yield self.section("products", self.products())
        yield self.section("bounds", self.bounds())
        yield self.section("policies", self.policies())
        yield self.section("notes", self.list_of(plan.notes))

    def section(self, key: str, blocks: Iterable[Block]) -> Section:
        return Section(key, self.words[key]["heading"], tuple(blocks))

    # ------------------------------------------------------------ words

    def agent(self, agent: str) -> AgentView:
        country = self.head.country
        known = self.knowledge.agents.get(agent)
        names = known.names if known else {}
        name = names.get(country if country in ("US", "UK") else "EU", agent)
        return AgentView(id=agent, name=clean(name), rxcui=known.rxcui if known else None)

    def name(self, agent: str) -> str:
        return next((a.name for a in self.agents if a.id == agent), clean(agent))

    def title_of(self, name: str) -> str:
        """The name of an input as a reader knows it."""
        lab = self.knowledge.labs.get(name)
        return str(self.titles.get(name) or (lab.title if lab else name.replace("_", " ")))

    def saying(self, text: str, verified: bool = True, *sources: Cited) -> Saying:
        tags = () if verified else (str(self.words["not_verified"]),)
        return Saying(clean(text), tags, tuple(self.cite(s) for s in sources))

    def told(self, told: Told) -> Saying:
        return self.saying(told.text, told.verified, told.source)

    def line(self, text: str, *, strong: bool = False) -> Line:
        return Line(Saying(clean(text)), strong)

    def list_of(self, texts: Iterable[str]) -> list[Block]:
        sayings = tuple(Saying(clean(t)) for t in texts)
        return [Bullets("", sayings)] if sayings else []

    def cell(self, *texts: str) -> Cell:
        return tuple(Saying(clean(t)) for t in texts if t)

    def day(self, when: date) -> str:
        return say.day(when, self.words)

    # ------------------------------------------------------------ top

    def refused(self) -> Iterator[Block]:
        if self.plan.refused:
            yield self.line(self.words["refused"]["none"].format(why=clean(self.plan.refused)), strong=True)

    # ------------------------------------------------------------ calendar

    def step(self, step: Step) -> StepView:
        words = self.words["calendar"]
        key = f"{self.head.whose}\0{self.plan.id}\0{step.agent}\0{step.number}"
        total = words["day"].format(amount=say.amount(step.daily, self.plan.unit))
        return StepView(
            uid=str(uuid.uuid5(_NAMESPACE, key)),
            number=step.number,
            agent=step.agent,
            first=step.first,
            last=step.last,
            dates=say.span(step, self.words),
            length=say.length(step, self.words),
            doses=tuple(self.dose(t) for t in step.takes),
            total=total if step.daily else words["nothing"],
            notes=self.step_notes(step),
            bounds=step.bounds,
        )

    def dose(self, take: Take) -> DoseView:
        plan, words = self.plan, self.words["calendar"]
        plain = say.amount(take.amount, plan.unit)
        return DoseView(
            at=take.at,
            part=words["parts"][take.at],
            amount=take.amount,
            unit=plan.unit,
            plain=plain,
            text=words["dose"].format(amount=plain),
            pieces=say.pieces(take.counts, plan.products, self.words),
            counts=tuple(say.piece(c, plan.products, self.words) for c in take.counts),
        )

    def step_notes(self, step: Step) -> tuple[str, ...]:
        words = self.words["calendar"]
        back = (words["back_note"].format(number=step.back_to),) if step.back_to is not None else ()
        return (*back, *self.held(step))

    def held(self, step: Step) -> tuple[str, ...]:
        words, numbers = self.words["calendar"], [str(n) for n in self.holding(step)]
        return (
            (counted(words["held"], len(numbers), numbers=str(self.words["between"]).join(numbers)),) if numbers else ()
        )

    def holding(self, step: Step) -> list[int]:
        """The numbers of the limits that held a step: of those with its ids the ones that decide, all of them if none does."""
        own = [(i, b) for i, b in enumerate(self.plan.bounds, 1) if b.id in step.bounds and b.agent == step.agent]
        return [i for i, b in own if b.decides] or [i for i, _ in own]

    def calendar(self) -> Iterator[Block]:
        plan, words = self.plan, self.words["calendar"]
        if not plan.steps:
            return
        if len(self.agents_of(plan.steps)) > 1:
            yield self.line(words["switch_note"])
        for agent in self.agents_of(plan.steps):
            caption = words["caption"].format(agent=self.name(agent))
            yield self.steps(caption, [s for s in plan.steps if s.agent == agent])
        if len(self.agents_of(plan.steps)) > 1:
            yield self.together(plan.steps)
        if any(s.back_to is not None for s in plan.steps):
            yield self.line(words["back_means"])
        if plan.last_dose is not None:
            yield self.line(words["last_dose"].format(date=self.day(plan.last_dose)), strong=True)
        elif any(s.last is None for s in plan.steps):
            yield self.line(words["no_last_dose"])

    def agents_of(self, steps: Iterable[Step]) -> list[str]:
        return list(dict.fromkeys(s.agent for s in steps))

    def steps(self, caption: str, steps: Sequence[Step]) -> Table:
        words = self.words["calendar"]
        used = {t.at for s in steps for t in s.takes}
        parts: list[DayPart] = [p for p in DAY_PARTS if p in used]
        backed = any(s.back_to is not None for s in steps)
        head = [words["step"], words["days"], *(words["parts"][p] for p in parts), words["total"]]
        rows = []
        for step in steps:
            view = self.step(step)
            doses = {d.at: d for d in view.doses}
            cells = [self.cell(str(step.number)), self.cell(*say.span_lines(step, self.words))]
            cells += [self.cell(doses[p].text, doses[p].pieces) if p in doses else self.cell(words["no_dose"]) for p in parts]  # fmt: skip
            daily = say.amount(step.daily, self.plan.unit) if step.daily else words["nothing"]
            cells.append(self.cell(daily, say.change(step, self.plan, self.words), *self.held(step)))
            if backed:
                cells.append(self.cell("" if step.back_to is None else words["back_to"].format(number=step.back_to)))
            rows.append(tuple(cells))
        return Table(caption, (*head, words["back"]) if backed else tuple(head), tuple(rows))

    def together(self, steps: Sequence[Step]) -> Table:
        """What all medicines together are from each day on which one of them changes."""
        words, agents = self.words["calendar"], self.agents_of(steps)
        ends = {s.last + timedelta(days=1) for s in steps if s.last is not None}
        rows = []
        for when in sorted({s.first for s in steps} | ends):
            doses = []
            for agent in agents:
                now = next(
                    (s for s in steps if s.agent == agent and s.first <= when and (s.last is None or when <= s.last)),
                    None,
                )
                doses.append(
                    self.cell(words["day"].format(amount=words["dose"].format(amount=say.amount(now.daily, self.plan.unit))))
                    if now and now.daily
                    else self.cell(words["not_yet"])
                )  # fmt: skip
            rows.append((self.cell(self.day(when)), *doses))
        return Table(words["together"], (words["from_day"], *(self.name(a) for a in agents)), tuple(rows))

    # ------------------------------------------------------------ on the way

    def gates(self) -> Iterator[Block]:
        words = self.words["gates"]
        for gate in self.plan.gates:
            if len(self.plan.gates) > 1:
                yield self.line(words["of"].format(agent=self.name(gate.agent)), strong=True)
            for act in _ACTS:
                if told := getattr(gate, act):
                    yield Bullets(words[act], tuple(self.told(t) for t in told))

    def plain_gates(self) -> tuple[GateView, ...]:
        words, tag = self.words["gates"], str(self.report["in_brackets"])
        out = []
        for gate in self.plan.gates:
            for act in _ACTS:
                said = [self.told(t) for t in getattr(gate, act)]
                texts = [tag.format(text=s.text, more=s.tags[0]) if s.tags else s.text for s in said]
                if texts:
                    out.append(GateView(gate.agent, words[act], tuple(texts)))
        return tuple(out)

    def branches(self) -> Iterator[Block]:
        for branch in self.plan.branches:
            yield from self.branch(branch)

    def branch(self, branch: Branch) -> Iterator[Block]:
        words = self.words["branches"]
        yield Bullets(words[branch.kind], (Saying(clean(branch.text)),))
        for agent in self.agents_of(branch.steps):
            caption = self.words["calendar"]["branch_caption"].format(
                agent=self.name(agent), branch=words["names"][branch.kind]
            )
            yield self.steps(caption, [s for s in branch.steps if s.agent == agent])
        if branch.last_dose is not None:
            yield self.line(self.words["calendar"]["last_dose"].format(date=self.day(branch.last_dose)), strong=True)

    def missed(self) -> Iterator[Block]:
        words = self.words["missed"]
        if not self.plan.missed:
            return
        rows = tuple(
            (
                *self.agent_cell(m.agent),
                (Saying(say.gap(m.days_from, m.days_to, self.words), (words["now"],) if m.now else ()),),
                self.cell(words["acts"][m.do]),
                (self.saying(m.text, m.verified, m.source),),
            )
            for m in self.plan.missed
        )
        yield Table(words["caption"], (*self.agent_head(), words["gap"], words["do"], words["text"]), rows, prose=True)

    def agent_head(self) -> tuple[str, ...]:
        """The head of the column of medicines, where there are several."""
        return (self.words["medicine"],) if len(self.agents) > 1 else ()

    def agent_cell(self, agent: str) -> tuple[Cell, ...]:
        return (self.cell(self.name(agent)),) if len(self.agents) > 1 else ()

    def withdrawal(self) -> Iterator[Block]:
        words = self.words["withdrawal"]
        for signs in self.plan.withdrawal:
            if len(self.plan.withdrawal) > 1:
                yield self.line(words["of"].format(agent=self.name(signs.agent)), strong=True)
            between = str(self.words["between"])
            texts = {
                "signs": between.join(signs.signs),
                "emergency": between.join(signs.emergency),
                "onset": signs.onset,
                "action": signs.action,
            }
            for key, text in texts.items():
                if text:
                    yield Bullets(words[key], (self.saying(text, signs.verified, signs.source),))

    # ------------------------------------------------------------ why

    def products(self) -> Iterator[Block]:
        words, plan = self.words["products"], self.plan
        rows = []
        for i, product in enumerate(plan.products):
            how = words["liquid"] if product.liquid else words["scored"] if product.scored else words["whole"]
            supply = [
                words["until"].format(
                    count=say.counted_exactly(words["count"], s.count)
                    if not product.liquid
                    else words["volume"].format(count=say.exact(s.count)),
                    date=self.day(s.until),
                )
                for s in plan.supply
                if s.product == i
            ]
            rows.append(
                (
                    self.cell(say.product_name(product, self.words)),
                    self.cell(how, words["modified"] if product.modified_release else ""),
                    self.cell(*(supply or [words["none"]])),
                    (Saying("", (), (self.cite(product.source),)),),
                )
            )
        if rows:
            head = (words["product"], words["pieces"], words["supply"], words["source"])
            yield Table(words["caption"], head, tuple(rows), prose=True)

    def bounds(self) -> Iterator[Block]:
        words = self.words["bounds"]
        rows = tuple(
            (
                self.cell(str(i)),
                *self.agent_cell(b.agent),
                self.cell(say.limit(b, self.words)),
                (self.saying(b.why, b.verified, b.source),),
                self.cell(*self.standing(b)),
            )
            for i, b in enumerate(self.plan.bounds, 1)
        )
        if rows:
            head = (words["number"], *self.agent_head(), words["limit"], words["why"], words["standing"])
            yield Table(words["caption"], head, rows, prose=True)

    def standing(self, bound: ShownBound) -> Iterator[str]:
        words = self.words["bounds"]
        if bound.open:
            yield words["open"]
        elif bound.decides:
            yield words["decides"]
        else:
            yield words["weaker"]
        if bound.settled_by:
            names = str(self.words["between"]).join(self.title_of(n) for n in bound.settled_by)
            yield words["settled_by"].format(names=names)

    def bound(self, bound: ShownBound) -> BoundView:
        return BoundView(
            id=bound.id,
            agent=bound.agent,
            never=bound.kind == "never",
            limit=say.limit(bound, self.words),
            why=clean(bound.why),
            source=clean(f"{bound.source.title}, {bound.source.place}"),
            url=safe_url(bound.source.url),
        )

    def policies(self) -> Iterator[Block]:
        words = self.words["policies"]
        for chosen in (True, False):
            told = [p for p in self.plan.policies if p.chosen is chosen]
            sayings = tuple(self.saying(p.text, p.verified, p.source) for p in told)
            if sayings:
                yield Bullets(words["chosen" if chosen else "other"], sayings)
            said = [p.override for p in told if p.override]
            if said:
                yield Bullets(
                    words["override"], tuple(Saying(words["as_said"].format(text=clean(text))) for text in said)
                )

    def reckoning(self) -> Iterator[Block]:
        words = self.words["reckoning"]
        rows = tuple(
            (
                self.cell(line.what),
                self.cell(line.how),
                self.cell(words["no_value"] if line.value is None else say.reckoned(line.value, line.unit)),
                (self.saying(line.text, line.verified, *line.sources),),
            )
            for line in self.plan.reckoning
        )
        if rows:
            yield Table(
                words["caption"], (words["what"], words["how"], words["value"], words["text"]), rows, prose=True
            )
