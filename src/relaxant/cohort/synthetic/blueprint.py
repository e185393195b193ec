"""What a registry is drawn from, as arrays: knowledge compiled once, before the first person is drawn."""

from __future__ import annotations

import msgspec
import numpy as np

from relaxant.cohort.synthetic.concepts import LOCAL, Concepts, concepts_of
from relaxant.cohort.synthetic.draw import Floats, Ints, by_age, cumulated
from relaxant.cohort.synthetic.products import Product, product_of
from relaxant.errors import KnowledgeError
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.people import Population
from relaxant.knowledge.registries import (
    RegistryCondition,
    RegistryGiven,
    RegistryMeasure,
    RegistryMedicine,
    RegistryPeople,
    Rows,
)

_ACTUAL = {"tablet": "tablet", "capsule": "capsule", "patch": "patch"}


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a person has or not. ``table`` is its share by (sex, year of age), sex 0 male and 1 female; ``among`` the entry that it needs."""

    name: str
    table: Floats
    ratios: tuple[tuple[tuple[int, ...], float], ...]
    among: int | None = None


class Medicines(msgspec.Struct, frozen=True, kw_only=True):
    """The medicines in columns, one place a medicine; lists are padded (see :func:`cumulated`)."""

    entries: Ints
    known: tuple[RegistryMedicine, ...]
    products: Floats
    product: Ints
    regimens: Floats
    pieces: Floats
    times: Floats
    sig: Ints
    supply: Floats
    supplied: Ints
    most: Ints
    route: Ints


class Blueprint(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that blocks of people are drawn from."""

    people: RegistryPeople
    populations: tuple[tuple[Population, float], ...]
    entries: tuple[Entry, ...]
    names: dict[str, int]
    conditions: tuple[RegistryCondition, ...]
    medicines: Medicines
    measures: tuple[RegistryMeasure, ...]
    products: tuple[Product, ...]
    concepts: Concepts
    sigs: tuple[str, ...]
    sources: tuple[str, ...]
    routes: tuple[tuple[str, int], ...]


def blueprint(knowledge: Knowledge, country: str = "us") -> Blueprint:
    """The knowledge of a country's registry, compiled. Raises :class:`KnowledgeError` where it does not fit together."""
    registries = knowledge.registries
    people = registries.registry_people[country]
    entries: list[Entry] = []
    names: dict[str, int] = {}
    of_use: dict[str, list[int]] = {}

    def ratios(given: tuple[RegistryGiven, ...]) -> tuple[tuple[tuple[int, ...], float], ...]:
        return tuple((found(one, names, of_use), one.ratio) for one in given)

    def add(name: str, female: Rows, male: Rows | None, share: float, given: tuple[RegistryGiven, ...], among: int | None = None) -> int:  # fmt: skip
        if name in names:
            raise KnowledgeError(f"registries: “{name}” stands there twice")
        table = np.array([by_age(female if male is None else male), by_age(female)]) * share
        entries.append(Entry(name=name, table=table, ratios=ratios(given), among=among))
        names[name] = len(entries) - 1
        return len(entries) - 1

    for condition in registries.registry_conditions.values():
        add(condition.registry_condition, condition.female, condition.male, 1.0, condition.given)
    medicines: list[RegistryMedicine] = []
    places: list[int] = []
    for use in registries.registry_uses.values():
        for medicine in use.medicines:
            among = None if medicine.among is None else names[medicine.among]
            female, male = (((0.0, 1.0),), None) if among is not None else (use.female, use.male)
            given = medicine.given if among is not None else (*use.given, *medicine.given)
            places.append(add(medicine.medicine, female, male, medicine.share, given, among))
            medicines.append(medicine)
        of_use[use.registry_use] = places[-len(use.medicines) :]
    products: list[Product] = []
    listed = [[product_of(code, m.ingredients, m.route) for code, _ in m.products] for m in medicines]
    for several in listed:
        products.extend(several)
    concepts = concepts_of(registries, people, tuple(products))
    sigs: list[str] = []
    return Blueprint(
        people=people,
        populations=tuple((knowledge.populations[name], share) for name, share in people.populations),
        entries=tuple(entries),
        names=names,
        conditions=tuple(registries.registry_conditions.values()),
        medicines=_medicines(medicines, places, listed, sigs, people),
        measures=tuple(registries.registry_measures.values()),
        products=tuple(products),
        concepts=concepts,
        sigs=tuple(sigs),
        sources=tuple(p.name.upper()[:50] for p in products),
        routes=tuple((r.route, concepts.number("SNOMED", r.code)) for r in people.routes),
    )


def found(given: RegistryGiven, names: dict[str, int], of_use: dict[str, list[int]]) -> tuple[int, ...]:
    """The places of what a ratio asks for: any of them counts."""
    try:
        if given.use is not None:
            return tuple(of_use[given.use])
        return (names[given.condition or given.medicine or ""],)
    except KeyError as error:
        raise KnowledgeError(f"registries: {error} is asked for before it stands there") from None


def _medicines(known: list[RegistryMedicine], places: list[int], listed: list[list[Product]], sigs: list[str], people: RegistryPeople) -> Medicines:  # fmt: skip
    regimens = [[(a, 0.0, s) for a, s in m.amounts] if m.given_once else list(m.regimens) for m in known]
    most = max(len(r) for r in regimens)
    pieces, times = np.zeros((len(known), most)), np.zeros((len(known), most))
    sig = np.full((len(known), max(len(p) for p in listed), most), -1, dtype=np.int64)
    first, at = np.zeros((len(known), sig.shape[1]), dtype=np.int64), 0
    written: dict[str, int] = {}
    for i, (medicine, products) in enumerate(zip(known, listed, strict=True)):
        first[i, : len(products)] = np.arange(at, at + len(products))
        at += len(products)
        for k, (amount, often, _) in enumerate(regimens[i]):
            pieces[i, k], times[i, k] = amount, often
            if not medicine.given_once:
                for j, product in enumerate(products):
                    words = _sig(amount, often, product)
                    sig[i, j, k] = written.setdefault(words, len(written))
    sigs.extend(written)
    names = [r.route for r in people.routes]
    return Medicines(
        entries=np.array(places),
        known=tuple(known),
        products=cumulated([[share for _, share in m.products] for m in known]),
        product=first,
        regimens=cumulated([[share for _, _, share in r] for r in regimens]),
        pieces=pieces,
        times=times,
        sig=sig,
        supply=cumulated([[share for _, share in m.supply] for m in known]),
        supplied=_padded([[days for days, _ in m.supply] for m in known]),
        most=np.array([max(days for days, _ in m.supply) for m in known]),
        route=np.array([names.index(m.route) for m in known]),
    )


def _padded(lists: list[list[int]]) -> Ints:
    out = np.zeros((len(lists), max(len(one) for one in lists)), dtype=np.int64)
    for row, one in zip(out, lists, strict=True):
        row[: len(one)] = one
    return out


def _sig(amount: float, often: float, product: Product) -> str:
    """A dose line as a prescriber writes it."""
    if product.form == "patch":
        return f"Apply 1 patch every {round(1 / often)} days"
    form = _ACTUAL.get(product.form, product.form) + ("" if amount == 1 else "s")
    how = {1: "once a day", 2: "twice a day", 3: "three times a day"}.get(round(often), f"{often:g} times a day")
    return f"Take {amount:g} {form} by mouth {how}"


def drug_number(product: Product) -> int:
    """The concept of a product."""
    return LOCAL + product.rxcui
