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
from relaxant.planning.plan import Branch, Count, Plan, Product, ShownBound, Step, Take, Told
from relaxant.planning.plan import Line as Reckoned
from relaxant.planning.tablets import SPRAYS
from relaxant.report.blocks import Block, Bullets, Cell, Line, Saying, Section, Table, Words
from relaxant.report.citations import Citations, Mark, safe_url
from relaxant.report.cited_once import cited_once
from relaxant.report.plan import words as say
from relaxant.report.plan.page import (
    AgentView,
    BeforeView,
    BoundView,
    DoseView,
    GateView,
    GivenView,
    Notice,
    PlanHead,
    PlanView,
    ProductView,
    StepView,
    WithheldView,
)
from relaxant.report.plan.reckoning import advice, reckoned_table
from relaxant.report.shown import clean, counted, title_of
from relaxant.rules.reasons import Cited
from relaxant.rules.wording import capital

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://relaxant.invalid/plan")
_NOTHING = 1e-9  # what is left of a dose by arithmetic alone
_CLOSE = 1e-6  # of a dose
_RECKONED = ("pump", "block", "crisis")  # kinds without a calendar
_PAIR = 2
_RISES = ("titration", "switch")
_LEAVES = ("taper", "switch")  # kinds by which a medicine goes
_SEVERAL = 2
_WITHHELD = -1  # stands for a step where there is none
_SWALLOWED, _TUBE = "oral", "enteral tube"
_ACTS = ("go_on", "hold", "go_back", "call")


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
        _check_pieces(plan)
        self.agents = tuple(dict.fromkeys(self.agent(self.resolved(a)) for a in plan.agents))
        self.products_of = self.used_products()
        self.limits = _grouped(plan.bounds)
        self.before = tuple(self.as_now(plan.steps))

    def view(self) -> PlanView:
        plan, words, head = self.plan, self.words, self.head
        title = clean(plan.title)
        banners = tuple(words["banners"][k] for k in ("orders", plan.kind) if k in words["banners"])
        beyond = " ".join(words["beyond"].format(said=clean(p.override or "")) for p in plan.policies if p.beyond)
        banners = (*([beyond] if beyond else []), *banners)
        sections = tuple(s for s in self.sections() if s.blocks)
        return PlanView(
            id=plan.id,
            kind=plan.kind,
            words=words,
            head=head,
            page_title=words["page_title"].format(label=head.label, as_of=head.as_of.isoformat(), title=title),
            title=title,
            kind_text=words["kinds"][plan.kind],
            banners=banners,
            above=banners,
            refused=clean(plan.refused or ""),
            sections=sections,
            sources=self.citations.listed(),
            agents=self.agents,
            steps=tuple(self.step(s) for s in plan.steps),
            before=self.before,
            last_dose=plan.last_dose,
            needs=tuple(clean(self.title_of(n)) for n in plan.needs_first),
            first_do=tuple(clean(t) for t in (*self.hazards(), *(t.text for t in plan.first_do))),
            products=tuple(map(self.product, plan.products)),
            withheld=tuple(self.withheld()),
            gates=self.plain_gates(),
            supervised=any(p.supervised and p.chosen for p in plan.policies),
            beyond=beyond,
            calls=tuple(_notice(t.text, t.person) for g in plan.gates for t in g.call),
            signs=tuple(n for w in plan.withdrawal for n in _notices(w.signs, w.person_signs)),
            emergency=tuple(n for w in plan.withdrawal for n in _notices(w.emergency, w.person_emergency)),
            bounds=tuple(self.bound(b) for b in plan.bounds if b.decides),
            source_words=self.report["sources"],
            stamp_heading=self.report["stamp"]["heading"],
        )

    def sections(self) -> Iterator[Section]:
        """The page from top to bottom: what to do, what decides on the way, and why."""
        plan = self.plan
        missed = self.section("missed", self.missed())
        hazards = self.hazards()
        before = (*map(self.saying, hazards), *map(self.told, plan.first_do))
        first = self.section("first_do", [Bullets("", before)] if before else [])
        yield self.section("refused", self.refused())
        if plan.kind == "resume":  # days were missed: where the person stands comes first
            yield first
            yield missed
        yield self.section("why", [self.line(capital(clean(plan.why)))] if plan.why else [])
        if plan.kind != "resume":
            yield first
        yield self.section("needs", self.list_of(self.title_of(n) for n in plan.needs_first))
        yield self.section("reckoning", reckoned_table(plan.reckoning, self.of_line, self.words))
        yield self.section("advice", advice(plan.reckoning, self.of_line))
        yield self.section("calendar", self.calendar())
        yield self.section("gates", self.gates())
        yield self.section("branches", self.branches())
        if plan.kind != "resume":
            yield missed
        yield self.section("withdrawal", self.withdrawal())
        yield self.section("products", self.products())
        yield self.section("bounds", self.bounds())
        yield self.section("policies", self.policies())
        yield self.section("notes", self.list_of(note for note in plan.notes if note not in hazards))

    def hazards(self) -> tuple[str, ...]:
        """The notes that are to be heard before the first step."""
        word = self.knowledge.words("planning")["exchange"]["hazard"]
        return tuple(note for note in self.plan.notes if note.startswith(word))

    def section(self, key: str, blocks: Iterable[Block]) -> Section:
        return Section(key, self.words[key]["heading"], cited_once(blocks))

    # ------------------------------------------------------------ words

    def country_name(self, agent: str) -> str:
        country, known = self.head.country, self.knowledge.agents.get(agent)
        names = known.names if known else {}
        return names.get(country if country in ("US", "UK") else "EU", agent)

    def resolved(self, agent: str) -> str:
        """The id of an agent that a plan names by its id or by its name in the country."""
        if agent in self.knowledge.agents:
            return agent
        return next((a for a in self.knowledge.agents if self.country_name(a) == agent), agent)

    def agent(self, agent: str) -> AgentView:
        known = self.knowledge.agents.get(agent)
        route = next(iter(known.routes), "") if known else ""
        if self.head.tube and known and route == _SWALLOWED and _TUBE in known.routes:
            route = _TUBE
        names = self.knowledge.words("regimen", self.head.language)["phrases"]["route"]
        return AgentView(
            id=agent,
            name=clean(self.country_name(agent)),
            rxcui=known.rxcui if known else None,
            route=route,
            route_text=names.get(route, route),
        )

    def name(self, agent: str) -> str:
        return clean(self.country_name(self.resolved(agent)))

    def title_of(self, name: str) -> str:
        """The name of an input as a reader knows it."""
        return title_of(name, self.titles, self.knowledge.labs)

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
        words = self.words["refused"]
        if self.plan.refused:
            yield self.line(self.plan.refused, strong=True)
            if self.plan.steps or self.plan.kind not in _RECKONED:
                yield self.line(words["steps" if self.plan.steps else "none"])

    # ------------------------------------------------------------ calendar

    def step(self, step: Step) -> StepView:
        words = self.words["calendar"]
        total = words["day"].format(amount=self.amount(step.daily, self.unit(step)))
        return StepView(
            uid=self.uid(step.agent, step.number),
            number=step.number,
            agent=self.resolved(step.agent),
            first=step.first,
            last=step.last,
            dates=say.span(step, self.words),
            length=say.length(step, self.words),
            doses=tuple(self.dose(t, step) for t in step.takes),
            total=total if step.daily else words["nothing"],
            notes=self.step_notes(step),
            bounds=step.bounds,
            until=step.last or max((step.first, *(s.until for s in self.plan.supply))),
            ended=self.ended(step),
            as_now=self.is_as_now(step),
        )

    def is_as_now(self, step: Step) -> bool:
        """Whether a step is what was taken before, with a change to come."""
        first = all(s.first >= step.first for s in self.plan.steps if s.agent == step.agent)
        return first and step.last is not None and bool(step.daily) and abs(step.changed) <= _NOTHING

    def taken(self, agent: str) -> set[DayPart]:
        """The parts of the day at which an agent is taken before the plan begins."""
        return {part for t in self.plan.taken if self.resolved(t.agent) == self.resolved(agent) for part in t.doses}

    def ended(self, step: Step) -> tuple[DayPart, ...]:
        """The parts of the day that had a dose of the agent before a step and have none in it."""
        now = {t.at for t in step.takes}
        earlier = (s for s in self.plan.steps if s.agent == step.agent and s.first < step.first)
        had = self.taken(step.agent).union(t.at for s in earlier for t in s.takes)
        return tuple(part for part in DAY_PARTS if part in had and part not in now)

    def uid(self, agent: str, number: int) -> str:
        """The same whenever this step is shown for the same label. Where there is none all people are one: what was put in would change with every
        edit, and a calendar would hold the old step beside the new."""
        return str(uuid.uuid5(_NAMESPACE, f"{self.head.label}\0{self.plan.id}\0{agent}\0{number}"))

    def as_now(self, steps: Sequence[Step]) -> Iterator[BeforeView]:
        """The medicines whose own calendar begins after the plan's, and that are taken until then: to be lowered is not to be left out."""
        words = self.words["calendar"]
        begin = min((s.first for s in steps), default=self.head.as_of)
        for agent in self.agents_of(steps):
            own = min((s for s in steps if s.agent == agent), key=lambda s: s.first)
            taken = own.daily - own.changed
            if own.first <= begin or taken <= _NOTHING:
                continue
            last = own.first - timedelta(days=1)
            amount = words["day"].format(amount=words["dose"].format(amount=self.amount(taken, self.unit(own))))
            yield BeforeView(
                uid=self.uid(agent, 0),
                agent=self.resolved(agent),
                first=begin,
                last=last,
                dates=words["span"].format(first=self.day(begin), last=self.day(last)),
                text=words["as_now"].format(amount=amount),
            )

    def used_products(self) -> dict[str, tuple[Product, ...]]:
        """The products that the steps of each agent are made of."""
        steps = (*self.plan.steps, *(s for b in self.plan.branches for s in b.steps))
        used: dict[str, dict[int, None]] = {}
        for step in steps:
            used.setdefault(step.agent, {}).update((c.product, None) for t in step.takes for c in t.counts)
        return {agent: tuple(self.plan.products[p] for p in places) for agent, places in used.items()}

    def unit(self, step: Step) -> str:
        """The unit of a step's doses: that of its products, since two medicines of one plan may be dosed in two units."""
        return next((p.unit for p in self.products_of.get(step.agent, ())), self.plan.unit)

    def amount(self, value: float, unit: str) -> str:
        return say.amount(value, self.words["units_one"].get(unit, unit) if value == 1 else unit)

    def dose(self, take: Take, step: Step) -> DoseView:
        plan, words, unit = self.plan, self.words["calendar"], self.unit(step)
        plain = self.amount(take.amount, unit)
        return DoseView(
            at=take.at,
            part=words["parts"][take.at],
            amount=take.amount,
            unit=unit,
            plain=plain,
            text=words["dose"].format(amount=plain),
            pieces=say.pieces(take.counts, plan.products, self.words),
            counts=tuple(say.piece(c, plan.products, self.words) for c in take.counts),
            made=tuple(self.made(take)),
        )

    def made(self, take: Take) -> Iterator[GivenView]:
        """What each product gives to a dose: whole and broken pieces of one together."""
        counts: dict[int, float] = {}
        for count in take.counts:
            counts[count.product] = counts.get(count.product, 0.0) + count.count
        for place, number in counts.items():
            yield GivenView(product=place, count=number, text=self.pieces_of(Count(count=number, product=place)))

    def pieces_of(self, count: Count) -> str:
        """Pieces of one product in words, with its form: machines read a dose apart from the table above it."""
        product, words = self.plan.products[count.product], self.words["fhir"]
        of = say.strength(product, self.words)
        if product.unit == SPRAYS:
            return self.amount(count.count * product.strength, product.unit)
        if product.liquid:
            return str(words["volume"]).format(count=say.exact(count.count), strength=of)
        form = say.form_words(product, self.words, count.count)
        return str(words["pieces"]).format(count=say.fraction(count.count, self.words), form=form, strength=of)

    def product(self, product: Product) -> ProductView:
        return ProductView(
            name=say.product_name(product, self.words),
            form=say.form_words(product, self.words),
            forms=product.unit if product.unit == SPRAYS else say.form_words(product, self.words, _SEVERAL),
            strength=product.strength,
            unit=product.unit,
            liquid=product.liquid,
        )

    def withheld(self) -> Iterator[WithheldView]:
        """What is left without steps: held from a day on, or gone when another takes its place."""
        plan = self.plan
        if plan.kind not in _LEAVES or plan.last_dose is None:
            return
        agent = self.agents[-1]  # of an exchange the one that goes stands last
        if any(self.resolved(s.agent) == agent.id for s in plan.steps):
            return
        first = max(plan.last_dose, self.head.as_of)
        own = [p.text for p in plan.policies if p.chosen]
        text = self.words["fhir"]["withheld"].format(agent=agent.name, first=self.day(first))
        uid = self.uid(agent.id, _WITHHELD)
        yield WithheldView(uid=uid, agent=agent.id, first=first, text=text, says=tuple(map(clean, own)))

    def step_notes(self, step: Step) -> tuple[str, ...]:
        back = self.back(step, "back_note", "back_note_none", "back_note_before")
        now = [self.words["calendar"]["as_now_until"]] if self.is_as_now(step) else []
        return (*now, *([back] if back else []), *self.held(step))

    def back(self, step: Step, to: str, none: str, before: str) -> str:
        """Where a step leads back to that is not borne, by keys of the words: to a step, of a first rise to nothing or to the dose of before."""
        words = self.words["calendar"]
        if step.back_to is not None:
            return str(words[to]).format(number=step.back_to)
        if step.changed <= 0 or any(s.agent == step.agent and s.first < step.first for s in self.plan.steps):
            return ""
        return str(words[none if step.daily - step.changed <= _NOTHING else before])

    def held(self, step: Step) -> tuple[str, ...]:
        words, numbers = self.words["calendar"], [str(n) for n in self.holding(step)]
        return (
            (counted(words["held"], len(numbers), numbers=str(self.words["between"]).join(numbers)),) if numbers else ()
        )

    def change(self, step: Step) -> str:
        """How the day's dose differs from the step before."""
        words = self.words["calendar"]
        if self.is_as_now(step):
            return str(words["as_now_plain"])
        if step.changed == 0:
            return str(words["same"])
        amount = self.amount(abs(step.changed), self.unit(step))
        return str(words["more" if step.changed > 0 else "less"]).format(amount=amount)

    def holding(self, step: Step) -> list[int]:
        """The numbers of the limits that held a step: of those with its ids the ones that decide, all of them if none does."""
        own = [
            (i, group[0].decides)
            for i, group in enumerate(self.limits, 1)
            if group[0].id in step.bounds and self.resolved(group[0].agent) == self.resolved(step.agent)
        ]
        return [i for i, decides in own if decides] or [i for i, _ in own]

    def calendar(self) -> Iterator[Block]:
        plan, words = self.plan, self.words["calendar"]
        if not plan.steps:
            return
        yield from self.may_hold()
        if len(self.agents_of(plan.steps)) > 1:
            yield self.line(words["switch_note"])
        for agent in self.agents_of(plan.steps):
            for one in self.before:
                if one.agent == self.resolved(agent):
                    text = words["before"].format(agent=self.name(agent), dates=one.dates, text=one.text)
                    yield self.line(text, strong=True)
            caption = words["caption"].format(agent=self.name(agent))
            yield self.steps(caption, [s for s in plan.steps if s.agent == agent])
        if len(self.agents_of(plan.steps)) > 1:
            yield self.together(plan.steps)
        if any(s.back_to is not None for s in plan.steps):
            yield self.line(words["back_means"])
        if plan.last_dose is not None:
            yield self.line(self.last_dose(plan.last_dose), strong=True)
        elif any(s.last is None for s in plan.steps):
            yield self.line(words["no_last_dose"])

    def may_hold(self) -> Iterator[Line]:
        """The limits of a start or a rise that hang on what is not known yet: until then the doses are not this person's own."""
        plan, words = self.plan, self.words["calendar"]
        if plan.kind not in _RISES:
            return
        waiting = {i: g[0] for i, g in enumerate(self.limits, 1) if g[0].open and set(g[0].settled_by) & set(plan.needs_first)}  # fmt: skip
        never = [i for i, bound in waiting.items() if bound.kind == "never"]
        if waiting:
            text = counted(words["may_hold"], len(waiting), numbers=self.runs(waiting))
            if never:
                text = f"{text} {counted(words['may_forbid'], len(never), numbers=self.runs(never))}"
            yield self.line(text, strong=True)

    def runs(self, numbers: Iterable[int]) -> str:
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

    def last_dose(self, when: date) -> str:
        """The last day with a dose; where several medicines are taken, of which of them."""
        words, agents = self.words["calendar"], self.agents_of(self.plan.steps)
        if len(agents) == 1:
            return str(words["last_dose"]).format(date=self.day(when))
        over = [
            a for a in agents if all(s.last is not None and s.last <= when for s in self.plan.steps if s.agent == a)
        ]
        names = str(self.words["between"]).join(self.name(a) for a in over) or self.name(self.plan.agents[-1])
        return str(words["last_dose_of"]).format(names=names, date=self.day(when))

    def agents_of(self, steps: Iterable[Step]) -> list[str]:
        return list(dict.fromkeys(s.agent for s in steps))

    def steps(self, caption: str, steps: Sequence[Step]) -> Table:
        words = self.words["calendar"]
        used = {t.at for s in steps for t in s.takes}.union(*(self.taken(s.agent) for s in steps))
        parts: list[DayPart] = [p for p in DAY_PARTS if p in used]
        backed = any(self.back(s, "back_to", "back_none", "back_before") for s in steps)
        head = [words["step"], words["days"], *(words["parts"][p] for p in parts), words["total"]]
        rows = []
        for step in steps:
            view = self.step(step)
            doses = {d.at: d for d in view.doses}
            cells = [self.cell(str(step.number)), self.cell(*say.span_lines(step, self.words))]
            cells += [self.cell(doses[p].text, doses[p].pieces) if p in doses else self.cell(words["no_dose"]) for p in parts]  # fmt: skip
            daily = self.amount(step.daily, self.unit(step)) if step.daily else words["nothing"]
            cells.append(self.cell(daily, self.change(step), *self.held(step)))
            if backed:
                cells.append(self.cell(self.back(step, "back_to", "back_none", "back_before")))
            rows.append(tuple(cells))
        return Table(caption, (*head, words["back"]) if backed else tuple(head), tuple(rows))

    def together(self, steps: Sequence[Step]) -> Table:
        """What all medicines together are from each day on which one of them changes."""
        words, agents = self.words["calendar"], self.agents_of(steps)
        ends = {s.last + timedelta(days=1) for s in steps if s.last is not None}
        rows = tuple(
            (self.cell(self.day(when)), *(self.cell(self.on_day(agent, when, steps)) for agent in agents))
            for when in sorted({s.first for s in steps} | ends)
        )
        return Table(words["together"], (words["from_day"], *(self.name(a) for a in agents)), rows)

    def on_day(self, agent: str, when: date, steps: Sequence[Step]) -> str:
        """What is taken of one medicine on a day, all doses together."""
        words = self.words["calendar"]
        for one in self.before:
            if one.agent == self.resolved(agent) and one.first <= when <= one.last:
                return one.text
        own = (s for s in steps if s.agent == agent and s.first <= when and (s.last is None or when <= s.last))
        now = next(own, None)
        if now is None or not now.daily:
            return str(words["not_yet"])
        amount = words["dose"].format(amount=self.amount(now.daily, self.unit(now)))
        return str(words["day"]).format(amount=amount)

    # ------------------------------------------------------------ on the way

    def gates(self) -> Iterator[Block]:
        words = self.words["gates"]
        for gate in self.plan.gates:
            if len(self.plan.gates) > 1:
                yield self.line(words["of"].format(agent=self.name(gate.agent)), strong=True)
            for act in self.acts():
                if told := getattr(gate, act):
                    yield Bullets(words[act], tuple(self.told(t) for t in told))

    def acts(self) -> tuple[str, ...]:
        """What a gate says; of a plan that may not be made, when to call alone."""
        return ("call",) if self.plan.refused and not self.plan.steps else _ACTS

    def plain_gates(self) -> tuple[GateView, ...]:
        words, tag = self.words["gates"], str(self.report["in_brackets"])
        out = []
        for gate in self.plan.gates:
            for act in self.acts():
                said = [self.told(t) for t in getattr(gate, act)]
                texts = [tag.format(text=s.text, more=s.tags[0]) if s.tags else s.text for s in said]
                if texts:
                    out.append(GateView(self.resolved(gate.agent), words[act], tuple(texts)))
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
            between = str(self.words["between_signs"])
            texts = {
                "signs": between.join(signs.signs),
                "emergency": between.join(signs.emergency),
                "onset": signs.onset,
                "action": signs.action,
            }
            for key, text in texts.items():
                if text:  # the source once, beside what is to be done
                    own = (signs.source,) if key == "action" else ()
                    yield Bullets(words[key], (self.saying(text, signs.verified, *own),))

    # ------------------------------------------------------------ why

    def products(self) -> Iterator[Block]:
        words, plan = self.words["products"], self.plan
        rows = []
        for i, product in enumerate(plan.products):
            supply = [
                words["until"].format(
                    count=self.supplied(product, s.count),
                    first=self.day(s.first),
                    last=self.day(s.until),
                )
                for s in plan.supply
                if s.product == i
            ]
            rows.append(
                (
                    self.cell(say.product_name(product, self.words)),
                    self.cell(self.how(product), words["modified"] if product.modified_release else ""),
                    self.cell(*(supply or [words["none"]])),
                    (Saying("", (), (self.cite(product.source),)),),
                )
            )
        if rows:
            head = (words["product"], words["pieces"], words["supply"], words["source"])
            yield Table(words["caption"], head, tuple(rows), prose=True)

    def how(self, product: Product) -> str:
        """How a product is taken: measured, by the spray, whole or halved."""
        words = self.words["products"]
        if say.is_dose(product, self.words):
            return str(words["by_unit"]).format(unit=self.words["units_one"][product.unit])
        if product.drop:
            return str(words["by_drop"])
        return str(words["liquid"] if product.liquid else words["scored"] if product.scored else words["whole"])

    def supplied(self, product: Product, count: float) -> str:
        words = self.words["products"]
        if say.is_dose(product, self.words):
            return self.amount(count, product.unit)
        if product.liquid:
            return str(words["volume"]).format(count=say.exact(count))
        return say.counted_exactly(words["drops" if product.drop else "count"], count)

    def bounds(self) -> Iterator[Block]:
        """One table for each medicine, so that each keeps its columns: the numbers run through all of them."""
        words, numbered = self.words["bounds"], list(enumerate(self.limits, 1))
        head = (words["number"], words["limit"], words["why"], words["standing"])
        medicines = tuple(dict.fromkeys(self.name(group[0].agent) for group in self.limits))
        for medicine in medicines:
            rows = tuple(
                (
                    self.cell(str(i)),
                    self.cell(*(self.limit(b) for b in group)),
                    (self.saying(group[0].why, group[0].verified, group[0].source),),
                    self.cell(*self.standing(group[0])),
                )
                for i, group in numbered
                if self.name(group[0].agent) == medicine
            )
            several = len(self.agents) > 1
            caption = words["caption_of"].format(agent=capital(medicine)) if several else words["caption"]
            yield Table(caption, head, rows, prose=True)

    def limit(self, bound: ShownBound) -> str:
        return say.limit(bound, self.words)

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
            agent=self.resolved(bound.agent),
            never=bound.kind == "never",
            limit=self.limit(bound),
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

    def of_line(self, line: Reckoned) -> Saying:
        return self.saying(line.text, line.verified, *line.sources)


def _notice(text: str, person: tuple[str, ...] | None) -> Notice:
    return Notice(clean(text), None if person is None else tuple(map(clean, person)))


def _notices(texts: Iterable[str], person: tuple[str, ...] | None) -> tuple[Notice, ...]:
    """One for each text, or one for all of them in the words for the person."""
    if person is None:
        return tuple(_notice(text, None) for text in texts)
    return (_notice("; ".join(texts), person),)


def _grouped(bounds: Iterable[ShownBound]) -> tuple[tuple[ShownBound, ...], ...]:
    """Bounds by what makes them (one reason may bound the start, the step and the day), those that decide first, what may hold last."""
    groups: dict[tuple[object, ...], list[ShownBound]] = {}
    for bound in bounds:
        groups.setdefault((bound.id, bound.agent, bound.why, bound.decides, bound.open), []).append(bound)
    return tuple(sorted((tuple(g) for g in groups.values()), key=lambda g: (g[0].open, not g[0].decides)))


def _check_pieces(plan: Plan) -> None:
    """Raises :class:`ValueError` where the pieces of a dose do not make it: a wrong calendar is worse than none."""
    for step in (*plan.steps, *(s for b in plan.branches for s in b.steps)):
        for take in step.takes:
            made = sum(c.count * plan.products[c.product].strength for c in take.counts)
            if abs(made - take.amount) > _CLOSE * take.amount:
                raise ValueError(
                    f"{plan.id}, {step.agent}, step {step.number}, {take.at}: "
                    f"the pieces make {say.exact(made)}, the dose is {say.exact(take.amount)}"
                )
