"""How a page of a plan says a thing: in the words of its language, with the names that medicines have in the country, and sources by number."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from relaxant.knowledge.load import Knowledge
from relaxant.planning.plan import Told
from relaxant.report.blocks import Block, Bullets, Cell, Line, Saying, Words
from relaxant.report.citations import Mark
from relaxant.report.plan import words as say
from relaxant.report.plan.page import AgentView, PlanHead
from relaxant.report.shown import clean, title_of
from relaxant.rules.reasons import Cited

_SWALLOWED, _TUBE = "oral", "enteral tube"


class Voice:
    """The words of one page; what it cites is numbered in that order."""

    def __init__(self, head: PlanHead, knowledge: Knowledge, words: Words, cite: Callable[[Cited], Mark]) -> None:
        self.head, self.knowledge, self.words, self.cite = head, knowledge, words, cite
        self._titles: Words = knowledge.words("facts", head.language)

    def _country_name(self, agent: str) -> str:
        country, known = self.head.country, self.knowledge.agents.get(agent)
        names = known.names if known else {}
        return names.get(country if country in ("US", "UK") else "EU", agent)

    def resolved(self, agent: str) -> str:
        """The id of an agent that a plan names by its id or by its name in the country."""
        if agent in self.knowledge.agents:
            return agent
        return next((a for a in self.knowledge.agents if self._country_name(a) == agent), agent)

    def agent(self, agent: str) -> AgentView:
        known = self.knowledge.agents.get(agent)
        route = next(iter(known.routes), "") if known else ""
        if self.head.tube and known and route == _SWALLOWED and _TUBE in known.routes:
            route = _TUBE
        names = self.knowledge.words("regimen", self.head.language)["phrases"]["route"]
        return AgentView(
            id=agent,
            name=clean(self._country_name(agent)),
            rxcui=known.rxcui if known else None,
            route=route,
            route_text=names.get(route, route),
        )

    def name(self, agent: str) -> str:
        return clean(self._country_name(self.resolved(agent)))

    def title_of(self, name: str) -> str:
        """The name of an input as a reader knows it."""
        return title_of(name, self._titles, self.knowledge.labs)

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

    def amount(self, value: float, unit: str) -> str:
        return say.amount(value, self.words["units_one"].get(unit, unit) if value == 1 else unit)
