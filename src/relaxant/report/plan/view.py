"""A plan in words: the one view that every format draws, so that all say the same.

The words come from ``wording/<language>/plan.yaml`` and from the plan; text is made harmless to show and sources are numbered in the
order in which they are cited.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.planning.plan import Line as Reckoned
from relaxant.planning.plan import Plan, Product
from relaxant.report.blocks import Block, Bullets, Cell, Saying, Section, Table, Words
from relaxant.report.citations import Citations, Mark
from relaxant.report.cited_once import cited_once
from relaxant.report.plan import words as say
from relaxant.report.plan.limits import Limits, grouped
from relaxant.report.plan.page import (
    GateView,
    Notice,
    PlanHead,
    PlanView,
)
from relaxant.report.plan.reckoning import advice, reckoned_table
from relaxant.report.plan.step_tables import StepTables
from relaxant.report.plan.steps import Steps
from relaxant.report.plan.voice import Voice
from relaxant.report.shown import clean
from relaxant.rules.reasons import Cited
from relaxant.rules.wording import capital

_RECKONED = ("pump", "block", "crisis")  # kinds without a calendar
_ACTS = ("go_on", "hold", "go_back", "call")


def plan_view(
    plan: Plan, head: PlanHead, *, knowledge: Knowledge | None = None, cite: Callable[[Cited], Mark] | None = None
) -> PlanView:
    """The page of a plan. With ``cite`` a larger page numbers the sources, and the view lists none. Raises :class:`ValueError` where the pieces of
    a dose do not make it."""
    return _PlanPage(plan, head, knowledge or load_knowledge(), cite).view()


class _PlanPage:
    """One page with its parts."""

    def __init__(self, plan: Plan, head: PlanHead, knowledge: Knowledge, cite: Callable[[Cited], Mark] | None) -> None:
        self.plan, self.head, self.knowledge = plan, head, knowledge
        self.words: Words = knowledge.words("plan", head.language)
        self.report: Words = knowledge.words("report", head.language)
        self.citations = Citations(knowledge, self.report)
        self.voice = Voice(head, knowledge, self.words, cite or self.citations.mark)
        self.agents = tuple(dict.fromkeys(self.voice.agent(self.voice.resolved(a)) for a in plan.agents))
        limits = grouped(plan.bounds)
        self.limits = Limits(limits, len(self.agents) > 1, self.voice)
        self.steps = Steps(plan, self.agents, limits, self.voice)
        self.tables = StepTables(plan, self.steps, self.voice)

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
            steps=tuple(self.steps.step(s) for s in plan.steps),
            before=self.steps.before,
            last_dose=plan.last_dose,
            needs=tuple(clean(self.voice.title_of(n)) for n in plan.needs_first),
            first_do=tuple(clean(t) for t in (*self.hazards(), *(t.text for t in plan.first_do))),
            products=tuple(map(self.steps.product, plan.products)),
            withheld=tuple(self.steps.withheld()),
            gates=self.plain_gates(),
            supervised=any(p.supervised and p.chosen for p in plan.policies),
            beyond=beyond,
            calls=tuple(_notice(t.text, t.person) for g in plan.gates for t in g.call),
            signs=tuple(n for w in plan.withdrawal for n in _notices(w.signs, w.person_signs)),
            emergency=tuple(n for w in plan.withdrawal for n in _notices(w.emergency, w.person_emergency)),
            bounds=tuple(self.limits.bound(b) for b in plan.bounds if b.decides),
            source_words=self.report["sources"],
            stamp_heading=self.report["stamp"]["heading"],
        )

    def sections(self) -> Iterator[Section]:
        """The page from top to bottom: what to do, what decides on the way, and why."""
        plan = self.plan
        missed = self.section("missed", self.missed())
        hazards = self.hazards()
        before = (*map(self.voice.saying, hazards), *map(self.voice.told, plan.first_do))
        first = self.section("first_do", [Bullets("", before)] if before else [])
        yield self.section("refused", self.refused())
        if plan.kind == "resume":  # days were missed: where the person stands comes first
            yield first
            yield missed
        yield self.section("why", [self.voice.line(capital(clean(plan.why)))] if plan.why else [])
        if plan.kind != "resume":
            yield first
        yield self.section("needs", self.voice.list_of(self.voice.title_of(n) for n in plan.needs_first))
        yield self.section("reckoning", reckoned_table(plan.reckoning, self.of_line, self.words))
        yield self.section("advice", advice(plan.reckoning, self.of_line))
        yield self.section("calendar", self.tables.calendar())
        yield self.section("gates", self.gates())
        yield self.section("branches", self.branches())
        if plan.kind != "resume":
            yield missed
        yield self.section("withdrawal", self.withdrawal())
        yield self.section("products", self.products())
        yield self.section("bounds", self.limits.bounds())
        yield self.section("policies", self.policies())
        yield self.section("notes", self.voice.list_of(note for note in plan.notes if note not in hazards))

    def hazards(self) -> tuple[str, ...]:
        """The notes that are to be heard before the first step."""
        word = self.knowledge.words("planning")["exchange"]["hazard"]
        return tuple(note for note in self.plan.notes if note.startswith(word))

    def section(self, key: str, blocks: Iterable[Block]) -> Section:
        return Section(key, self.words[key]["heading"], cited_once(blocks))

    def refused(self) -> Iterator[Block]:
        words = self.words["refused"]
        if self.plan.refused:
            yield self.voice.line(self.plan.refused, strong=True)
            if self.plan.steps or self.plan.kind not in _RECKONED:
                yield self.voice.line(words["steps" if self.plan.steps else "none"])

    def gates(self) -> Iterator[Block]:
        words = self.words["gates"]
        for gate in self.plan.gates:
            if len(self.plan.gates) > 1:
                yield self.voice.line(words["of"].format(agent=self.voice.name(gate.agent)), strong=True)
            for act in self.acts():
                if told := getattr(gate, act):
                    yield Bullets(words[act], tuple(self.voice.told(t) for t in told))

    def acts(self) -> tuple[str, ...]:
        """What a gate says; of a plan that may not be made, when to call alone."""
        return ("call",) if self.plan.refused and not self.plan.steps else _ACTS

    def plain_gates(self) -> tuple[GateView, ...]:
        words, tag = self.words["gates"], str(self.report["in_brackets"])
        out = []
        for gate in self.plan.gates:
            for act in self.acts():
                said = [self.voice.told(t) for t in getattr(gate, act)]
                texts = [tag.format(text=s.text, more=s.tags[0]) if s.tags else s.text for s in said]
                if texts:
                    out.append(GateView(self.voice.resolved(gate.agent), words[act], tuple(texts)))
        return tuple(out)

    def branches(self) -> Iterator[Block]:
        for branch in self.plan.branches:
            yield from self.tables.branch(branch)

    def missed(self) -> Iterator[Block]:
        words = self.words["missed"]
        if not self.plan.missed:
            return
        rows = tuple(
            (
                *self.agent_cell(m.agent),
                (Saying(say.gap(m.days_from, m.days_to, self.words), (words["now"],) if m.now else ()),),
                self.voice.cell(words["acts"][m.do]),
                (self.voice.saying(m.text, m.verified, m.source),),
            )
            for m in self.plan.missed
        )
        yield Table(words["caption"], (*self.agent_head(), words["gap"], words["do"], words["text"]), rows, prose=True)

    def agent_head(self) -> tuple[str, ...]:
        """The head of the column of medicines, where there are several."""
        return (self.words["medicine"],) if len(self.agents) > 1 else ()

    def agent_cell(self, agent: str) -> tuple[Cell, ...]:
        return (self.voice.cell(self.voice.name(agent)),) if len(self.agents) > 1 else ()

    def withdrawal(self) -> Iterator[Block]:
        words = self.words["withdrawal"]
        for signs in self.plan.withdrawal:
            if len(self.plan.withdrawal) > 1:
                yield self.voice.line(words["of"].format(agent=self.voice.name(signs.agent)), strong=True)
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
                    yield Bullets(words[key], (self.voice.saying(text, signs.verified, *own),))

    def products(self) -> Iterator[Block]:
        words, plan = self.words["products"], self.plan
        rows = []
        for i, product in enumerate(plan.products):
            supply = [
                words["until"].format(
                    count=self.supplied(product, s.count),
                    first=self.voice.day(s.first),
                    last=self.voice.day(s.until),
                )
                for s in plan.supply
                if s.product == i
            ]
            rows.append(
                (
                    self.voice.cell(say.product_name(product, self.words)),
                    self.voice.cell(self.how(product), words["modified"] if product.modified_release else ""),
                    self.voice.cell(*(supply or [words["none"]])),
                    (Saying("", (), (self.voice.cite(product.source),)),),
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
            return self.voice.amount(count, product.unit)
        if product.liquid:
            return str(words["volume"]).format(count=say.exact(count))
        return say.counted_exactly(words["drops" if product.drop else "count"], count)

    def policies(self) -> Iterator[Block]:
        words = self.words["policies"]
        for chosen in (True, False):
            told = [p for p in self.plan.policies if p.chosen is chosen]
            sayings = tuple(self.voice.saying(p.text, p.verified, p.source) for p in told)
            if sayings:
                yield Bullets(words["chosen" if chosen else "other"], sayings)
            said = [p.override for p in told if p.override]
            if said:
                yield Bullets(
                    words["override"], tuple(Saying(words["as_said"].format(text=clean(text))) for text in said)
                )

    def of_line(self, line: Reckoned) -> Saying:
        return self.voice.saying(line.text, line.verified, *line.sources)


def _notice(text: str, person: tuple[str, ...] | None) -> Notice:
    return Notice(clean(text), None if person is None else tuple(map(clean, person)))


def _notices(texts: Iterable[str], person: tuple[str, ...] | None) -> tuple[Notice, ...]:
    """One for each text, or one for all of them in the words for the person."""
    if person is None:
        return tuple(_notice(text, None) for text in texts)
    return (_notice("; ".join(texts), person),)
