"""The steps of a plan with their numbers and their words: what its table, its calendar file and FHIR all read."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from relaxant.knowledge.plans import DAY_PARTS, DayPart
from relaxant.planning.plan import Count, Plan, Product, ShownBound, Step, Take
from relaxant.planning.tablets import SPRAYS
from relaxant.report.plan import words as say
from relaxant.report.plan.page import AgentView, BeforeView, DoseView, GivenView, ProductView, StepView, WithheldView
from relaxant.report.plan.voice import Voice
from relaxant.report.shown import clean, counted

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://relaxant.invalid/plan")
_NOTHING = 1e-9  # what is left of a dose by arithmetic alone
_CLOSE = 1e-6  # of a dose
_LEAVES = ("taper", "switch")  # kinds by which a medicine goes
_SEVERAL = 2
_WITHHELD = -1  # stands for a step where there is none


class Steps:
    """The steps of one plan. Raises :class:`ValueError` where the pieces of a dose do not make it."""

    def __init__(
        self, plan: Plan, agents: Sequence[AgentView], limits: Sequence[Sequence[ShownBound]], voice: Voice
    ) -> None:
        _check_pieces(plan)
        self.plan, self.agents, self.limits, self.voice = plan, agents, limits, voice
        self.words = voice.words
        self._products_of = self._used_products()
        self.before = tuple(self._as_now())

    def step(self, step: Step) -> StepView:
        words = self.words["calendar"]
        total = words["day"].format(amount=self.voice.amount(step.daily, self.unit(step)))
        return StepView(
            uid=self._uid(step.agent, step.number),
            number=step.number,
            agent=self.voice.resolved(step.agent),
            first=step.first,
            last=step.last,
            dates=say.span(step, self.words),
            length=say.length(step, self.words),
            doses=tuple(self._dose(t, step) for t in step.takes),
            total=total if step.daily else words["nothing"],
            notes=self._step_notes(step),
            bounds=step.bounds,
            until=step.last or max((step.first, *(s.until for s in self.plan.supply))),
            ended=self._ended(step),
            as_now=self._is_as_now(step),
        )

    def _is_as_now(self, step: Step) -> bool:
        """Whether a step is what was taken before, with a change to come."""
        first = all(s.first >= step.first for s in self.plan.steps if s.agent == step.agent)
        return first and step.last is not None and bool(step.daily) and abs(step.changed) <= _NOTHING

    def taken(self, agent: str) -> set[DayPart]:
        """The parts of the day at which an agent is taken before the plan begins."""
        return {
            part
            for t in self.plan.taken
            if self.voice.resolved(t.agent) == self.voice.resolved(agent)
            for part in t.doses
        }

    def _ended(self, step: Step) -> tuple[DayPart, ...]:
        """The parts of the day that had a dose of the agent before a step and have none in it."""
        now = {t.at for t in step.takes}
        earlier = (s for s in self.plan.steps if s.agent == step.agent and s.first < step.first)
        had = self.taken(step.agent).union(t.at for s in earlier for t in s.takes)
        return tuple(part for part in DAY_PARTS if part in had and part not in now)

    def _uid(self, agent: str, number: int) -> str:
        """The same whenever this step is shown for the same label. Where there is none all people are one: what was put in would change with every
        edit, and a calendar would hold the old step beside the new."""
        return str(uuid.uuid5(_NAMESPACE, f"{self.voice.head.label}\0{self.plan.id}\0{agent}\0{number}"))

    def _as_now(self) -> Iterator[BeforeView]:
        """The medicines whose own calendar begins after the plan's, and that are taken until then: to be lowered is not to be left out."""
        words = self.words["calendar"]
        begin = min((s.first for s in self.plan.steps), default=self.voice.head.as_of)
        for agent in agents_of(self.plan.steps):
            own = min((s for s in self.plan.steps if s.agent == agent), key=lambda s: s.first)
            taken = own.daily - own.changed
            if own.first <= begin or taken <= _NOTHING:
                continue
            last = own.first - timedelta(days=1)
            amount = words["day"].format(amount=words["dose"].format(amount=self.voice.amount(taken, self.unit(own))))
            yield BeforeView(
                uid=self._uid(agent, 0),
                agent=self.voice.resolved(agent),
                first=begin,
                last=last,
                dates=words["span"].format(first=self.voice.day(begin), last=self.voice.day(last)),
                text=words["as_now"].format(amount=amount),
            )

    def _used_products(self) -> dict[str, tuple[Product, ...]]:
        """The products that the steps of each agent are made of."""
        steps = (*self.plan.steps, *(s for b in self.plan.branches for s in b.steps))
        used: dict[str, dict[int, None]] = {}
        for step in steps:
            used.setdefault(step.agent, {}).update((c.product, None) for t in step.takes for c in t.counts)
        return {agent: tuple(self.plan.products[p] for p in places) for agent, places in used.items()}

    def unit(self, step: Step) -> str:
        """The unit of a step's doses: that of its products, since two medicines of one plan may be dosed in two units."""
        return next((p.unit for p in self._products_of.get(step.agent, ())), self.plan.unit)

    def _dose(self, take: Take, step: Step) -> DoseView:
        plan, words, unit = self.plan, self.words["calendar"], self.unit(step)
        plain = self.voice.amount(take.amount, unit)
        return DoseView(
            at=take.at,
            part=words["parts"][take.at],
            amount=take.amount,
            unit=unit,
            plain=plain,
            text=words["dose"].format(amount=plain),
            pieces=say.pieces(take.counts, plan.products, self.words),
            counts=tuple(say.piece(c, plan.products, self.words) for c in take.counts),
            made=tuple(self._made(take)),
        )

    def _made(self, take: Take) -> Iterator[GivenView]:
        """What each product gives to a dose: whole and broken pieces of one together."""
        counts: dict[int, float] = {}
        for count in take.counts:
            counts[count.product] = counts.get(count.product, 0.0) + count.count
        for place, number in counts.items():
            yield GivenView(product=place, count=number, text=self._pieces_of(Count(count=number, product=place)))

    def _pieces_of(self, count: Count) -> str:
        """Pieces of one product in words, with its form: machines read a dose apart from the table above it."""
        product, words = self.plan.products[count.product], self.words["fhir"]
        of = say.strength(product, self.words)
        if product.unit == SPRAYS:
            return self.voice.amount(count.count * product.strength, product.unit)
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
        if any(self.voice.resolved(s.agent) == agent.id for s in plan.steps):
            return
        first = max(plan.last_dose, self.voice.head.as_of)
        own = [p.text for p in plan.policies if p.chosen]
        text = self.words["fhir"]["withheld"].format(agent=agent.name, first=self.voice.day(first))
        uid = self._uid(agent.id, _WITHHELD)
        yield WithheldView(uid=uid, agent=agent.id, first=first, text=text, says=tuple(map(clean, own)))

    def _step_notes(self, step: Step) -> tuple[str, ...]:
        back = self.back(step, "back_note", "back_note_none", "back_note_before")
        now = [self.words["calendar"]["as_now_until"]] if self._is_as_now(step) else []
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
        words, numbers = self.words["calendar"], [str(n) for n in self._holding(step)]
        return (
            (counted(words["held"], len(numbers), numbers=str(self.words["between"]).join(numbers)),) if numbers else ()
        )

    def change(self, step: Step) -> str:
        """How the day's dose differs from the step before."""
        words = self.words["calendar"]
        if self._is_as_now(step):
            return str(words["as_now_plain"])
        if step.changed == 0:
            return str(words["same"])
        amount = self.voice.amount(abs(step.changed), self.unit(step))
        return str(words["more" if step.changed > 0 else "less"]).format(amount=amount)

    def _holding(self, step: Step) -> list[int]:
        """The numbers of the limits that held a step: of those with its ids the ones that decide, all of them if none does."""
        own = [
            (i, group[0].decides)
            for i, group in enumerate(self.limits, 1)
            if group[0].id in step.bounds and self.voice.resolved(group[0].agent) == self.voice.resolved(step.agent)
        ]
        return [i for i, decides in own if decides] or [i for i, _ in own]


def agents_of(steps: Iterable[Step]) -> list[str]:
    """The medicines of some steps, in their order."""
    return list(dict.fromkeys(s.agent for s in steps))


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
