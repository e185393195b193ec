"""Value sets: the RxNorm codes that the bedside's own reader takes for a relaxant, for a partner, or for a medicine at all; the LOINC codes of results."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

import msgspec

from relaxant.facts.inputs import systemic
from relaxant.facts.members import Members
from relaxant.io.fhir_observations import codes_of
from relaxant.knowledge.labs import Lab
from relaxant.knowledge.load import Knowledge
from relaxant.medicines.codes import RXNORM, lookup_code, rxnorm_codes
from relaxant.medicines.dictionary import Entry
from relaxant.medicines.dosage.codes import ROUTE_CODES
from relaxant.medicines.read import read_line
from relaxant.patient import Code, Line, Patient

LOINC = "http://loinc.org"


class ValueSet(msgspec.Struct, frozen=True):
    """A named set of codes of one system."""

    name: str
    codes: tuple[str, ...]
    system: str = RXNORM

    @property
    def url(self) -> str:
        """The canonical name by which a library asks for it."""
        return f"urn:relaxant:valueset:{re.sub('[^a-z0-9]+', '-', self.name.lower()).strip('-')}"


def of_results(lab: Lab) -> ValueSet:
    """The LOINC codes under which a laboratory test or a measure is read."""
    return ValueSet(f"{lab.lab} results", tuple(dict.fromkeys((*lab.loinc, *codes_of(lab.lab)))), LOINC)


class Coded(msgspec.Struct, frozen=True):
    """What a code alone is read as: its ingredients, its route where it has one, and the relaxants it is."""

    code: str
    ingredients: frozenset[str]
    route: str | None
    agents: tuple[str, ...]


class Group(msgspec.Struct, frozen=True):
    """What counts as one thing: codes where no route is said; and value sets, each with the codes of the routes by which they count, where one is."""

    plain: ValueSet
    routed: tuple[tuple[ValueSet, tuple[str, ...]], ...]


class Codes:
    """The RxNorm codes of the dictionary, as the reader of medicines takes them in one country."""

    def __init__(self, knowledge: Knowledge, country: str) -> None:
        self._knowledge = knowledge
        self._patient = Patient(as_of=date.min, country=country)
        self._entries: dict[str, Entry] = {}
        self._of: dict[str, list[str]] = {}
        self._read: dict[str, Coded] = {}
        for code in rxnorm_codes():
            entry = lookup_code(RXNORM, code)
            if entry is None or not entry.ingredients:
                continue
            self._entries[code] = entry
            for ingredient in entry.ingredients:
                self._of.setdefault(ingredient.name, []).append(code)

    @property
    def recognised(self) -> ValueSet:
        """Every code whose ingredients are certain: a medicine with another one is not checked."""
        return ValueSet("recognised medicines", tuple(self._entries))

    @property
    def relaxants(self) -> ValueSet:
        """The codes that are any relaxant."""
        own = self._coded({agent.ingredient for agent in self._knowledge.agents.values()})
        return ValueSet("relaxants", _sorted(c.code for c in own if c.agents))

    def names_agent(self, agent: str) -> bool:
        """Whether there is a code for an agent: no record that is coded in RxNorm names one without."""
        return any(agent in c.agents for c in self._coded((self._knowledge.agents[agent].ingredient,)))

    def agent(self, agent: str) -> Group:
        """The codes that are an agent; where a route is said, its ingredient by a route that makes it that agent."""
        ingredient = self._knowledge.agents[agent].ingredient
        own = self._coded((ingredient,))
        one = next(iter(own), None)
        routes = [route for route in ROUTE_CODES if one is not None and agent in self._by_route(one.code, route).agents]
        return Group(
            ValueSet(f"agent {agent}", _sorted(c.code for c in own if agent in c.agents)),
            ((ValueSet(f"agent {agent} by any route", _sorted(c.code for c in own)), tuple(routes)),),
        )

    def partners(self, name: str, members: Members) -> Group:
        """The codes that count for a set of partners; where a route is said, its ingredients with the routes by which they count."""
        own = self._coded(members.names)
        alike: dict[tuple[str, ...], set[str]] = {}
        for ingredient, (routes, _) in members.ingredients.items():
            counted = tuple(
                code for code, route in ROUTE_CODES.items() if (route in routes if routes else systemic(route))
            )
            alike.setdefault(counted, set()).add(ingredient)
        routed = []
        for place, (routes, names) in enumerate(sorted(alike.items())):
            called = f"{name} by any route" if len(alike) == 1 else f"{name} by any route {place + 1}"
            routed.append((ValueSet(called, _sorted(c.code for c in own if c.ingredients & names)), routes))
        return Group(ValueSet(name, _sorted(c.code for c in own if _counts(c, members))), tuple(routed))

    def _coded(self, names: Iterable[str]) -> list[Coded]:
        return [self._coded_as(code) for code in {c for name in names for c in self._of.get(name, ())}]

    def _coded_as(self, code: str) -> Coded:
        known = self._read.get(code)
        if known is None:
            known = self._read[code] = self._by_route(code, None)
        return known

    def _by_route(self, code: str, route: str | None) -> Coded:
        """A code as it is read, with the code of a route beside it."""
        dosage = ({"route": {"coding": [{"code": route}]}},) if route else ()
        line = Line(said=self._entries[code].label, codes=(Code(system="RxNorm", code=code),), dosage=dosage)
        medicine = read_line(line, "current", self._patient, self._knowledge)
        return Coded(code, frozenset(i.name for i in medicine.ingredients), medicine.regimen.route, medicine.agents)


def _counts(coded: Coded, members: Members) -> bool:
    for name in coded.ingredients & members.names:
        routes, _ = members.ingredients[name]
        if (not coded.route or coded.route in routes) if routes else systemic(coded.route or ""):
            return True
    return False


def _sorted(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(codes, key=int))


def as_fhir(value_set: ValueSet, version: str) -> dict[str, object]:
    """The value set as a FHIR R4 ValueSet with its expansion."""
    return {
        "resourceType": "ValueSet",
        "url": value_set.url,
        "version": version,
        "name": "".join(word.capitalize() for word in value_set.name.replace("-", " ").replace(",", " ").split()),
        "title": value_set.name,
        "status": "active",
        "compose": {"include": [{"system": value_set.system, "concept": [{"code": code} for code in value_set.codes]}]},
    }
