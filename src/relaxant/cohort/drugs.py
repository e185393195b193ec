"""The drugs of a registry: which ingredients each is, which agents, by which route, and whether a rule asks for it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, Literal

import msgspec
import pyarrow as pa

from relaxant.cohort.asked import asked_ingredients, dosed_ingredients
from relaxant.cohort.vocabulary import SYSTEMS, Glossary, Row, beside, in_order, rows_of
from relaxant.medicines.codes import lookup_code
from relaxant.medicines.dictionary import Dictionary, Entry, Ingredient
from relaxant.medicines.dosage.codes import ROUTE_CODES
from relaxant.medicines.dose_lines import read_dose
from relaxant.medicines.local import dictionary_of
from relaxant.medicines.medicine import Medicine
from relaxant.medicines.misspelt import possible_medicines
from relaxant.medicines.names import read_name
from relaxant.medicines.read import ROUTES, read_line
from relaxant.patient import Code, Line
from relaxant.quantities import plain_number

DRUG_KEYS: Final = ("concept", "source", "route")
"""What the table of distinct drugs and the one that is given for it are joined by: concepts of drug and route, and the source's words where there
is no concept of the drug."""
DRUGS: Final = pa.schema(
    [
        pa.field("drug", pa.int32()),
        pa.field("line", pa.int32()),
        pa.field("chain", pa.string()),
        pa.field("piece", pa.string()),
        pa.field("asked", pa.bool_(), nullable=False),
        pa.field("agent", pa.bool_(), nullable=False),
        pa.field("dosed", pa.bool_(), nullable=False),
        pa.field("supply", pa.bool_(), nullable=False),
        pa.field("bare", pa.bool_(), nullable=False),
    ]
)
"""``drug`` numbers what was read of the drug, for :func:`relaxant.cohort.doses.map_doses`; ``line`` is its item without a dose; both null where it is
not ``asked``, because no rule asks for it. ``chain`` (ingredients and route) is the same for what follows one another as one course, ``piece`` for what is of one strength and form as well; ``dosed`` where its dose matters;
``supply`` where it is handed out to be taken for days, false where it is given on the spot; ``bare`` where neither route nor form says which, so that
a row of a single day without a supply is of that day."""

Measure = Literal["piece", "mL", "hour", "spray"]
"""What a quantity of the product counts, where that is certain: pieces, millilitres, patches with a rate an hour, sprays."""

_UNITS: Final = {"mg": "mg", "ug": "micrograms", "g": "g", "[U]": "units", "[iU]": "units", "UNT": "units", "MG": "mg"}
_WITH_UNITS = re.compile(r"([\d.]+) UNT")
_QUANTIFIED = re.compile(r"^[\d.]+ ML\b", re.I)
_WEAR = re.compile(r"^([\d.]+) HR\b", re.I)
_ON_THE_SPOT = frozenset({"intravenous", "intramuscular", "epidural", "injection", "intradetrusor", "intraglandular", "perineural"})  # fmt: skip
_VACCINES = "CVX"
_VOLATILE = "volatile_anaesthetic"
_NDC = re.compile(r"\d{11}|\d{4,5}-\d{3,4}-\d{1,2}")
_NAMELESS = "a medicine without name or code"
_ROUTE = re.compile(r"\s+route$", re.I)


class Drug(Row, frozen=True, kw_only=True):
    """A row of the distinct drugs, by which route they were given."""

    route: int = 0
    route_code: str | None = None
    route_name: str | None = None


class Strength(msgspec.Struct, frozen=True, kw_only=True):
    """A row of ``drug_strength``, concepts as their codes."""

    drug_concept_id: int
    ingredient_vocabulary_id: str | None = None
    ingredient_code: str | None = None
    amount_value: float | None = None
    amount_unit: str | None = None
    numerator_value: float | None = None
    numerator_unit: str | None = None
    denominator_value: float | None = None
    denominator_unit: str | None = None


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one drug: its line without a dose, the name that a reader knows it by, and what a quantity of it counts.

    ``hourly`` is the micrograms an hour of a patch that is worn for ``wear_hours``.
    """

    line: Line
    name: str
    form: str | None
    supply: bool
    dosed: bool
    measure: Measure | None = None
    hourly: float | None = None
    wear_hours: float | None = None


class _Named(msgspec.Struct, frozen=True, kw_only=True):
    """What names a drug: ingredients, and what its code or words say of the product."""

    ingredients: tuple[Ingredient, ...]
    code: Code | None = None
    form: str | None = None
    release: str | None = None
    route: str | None = None
    strength: str | None = None


def map_drugs(rows: pa.Table, glossary: Glossary, strengths: pa.Table | None = None) -> pa.Table:
    """Reads each distinct drug. Columns of ``rows``: the fields of :class:`Drug`; of ``strengths`` those of :class:`Strength`.
    Gives :data:`DRUG_KEYS` and :data:`DRUGS` of every row, in their order."""
    known = rows_of(rows, Drug)
    by_drug = _by_drug(strengths)
    asked, dosed = asked_ingredients(glossary.knowledge), dosed_ingredients(glossary.knowledge)
    numbers: dict[Product, int] = {p: i for i, p in enumerate(glossary.products)}
    made: list[dict[str, Any]] = [{}] * len(known)
    for i in in_order(known):
        made[i] = _meaning(known[i], by_drug, glossary, asked, dosed, numbers)
    read = [row for row in made if row["drug"] is not None]
    for row, line in zip(read, glossary.lines.numbers([glossary.products[row["drug"]].line for row in read]), strict=True):  # fmt: skip
        row["line"] = line
    return beside(rows, DRUG_KEYS, made, DRUGS)


def _by_drug(strengths: pa.Table | None) -> Mapping[int, Sequence[Strength]]:
    out: dict[int, list[Strength]] = {}
    for one in strengths.to_pylist() if strengths is not None else ():
        said = {name: value for name, value in one.items() if value is not None and name in Strength.__struct_fields__}
        strength = msgspec.convert(said, Strength, strict=False)
        out.setdefault(strength.drug_concept_id, []).append(strength)
    return out


def _meaning(
    row: Drug,
    strengths: Mapping[int, Sequence[Strength]],
    glossary: Glossary,
    asked: frozenset[str] | None,
    dosed: frozenset[str],
    numbers: dict[Product, int],
) -> dict[str, Any]:
    own = strengths.get(row.concept, ()) if row.concept else ()
    nothing = {
        "drug": None,
        "line": None,
        "chain": None,
        "piece": None,
        "asked": False,
        "agent": False,
        "dosed": False,
        "supply": True,
        "bare": False,
    }
    if row.vocabulary_id == _VACCINES:
        glossary.leave("drug", row, "a vaccine: no rule asks for it", lost=False)
        return nothing
    named = _named(row, own, dictionary_of(glossary.knowledge))
    if named is None:
        words = row.words or _NAMELESS
        line = Line(said=words, drug=words)
        glossary.leave("drug", row, "no medicine of this code or name is known; counted as one that is not known", lost=True)  # fmt: skip
        product = Product(line=line, name=words, form=None, supply=True, dosed=False)
        medicine = _read(line, glossary)
    else:
        names = {i.name for i in named.ingredients}
        route = _route(row) or _readable(named.route) or ("injection" if named.form == "injection" else None)
        if asked is not None and not names & asked and route != "intrathecal":
            glossary.leave("drug", row, "no rule asks for it", lost=False)
            return nothing
        product, medicine = _product(row, named, own, route, bool(names & dosed), glossary)
    number = numbers.setdefault(product, len(numbers))
    if number == len(glossary.products):
        glossary.products.append(product)
    names_read = "+".join(sorted(i.name for i in medicine.ingredients)) or product.name
    return {
        "drug": number,
        "line": None,
        "chain": (chain := f"{names_read}|{medicine.regimen.route or ''}"),
        "piece": f"{chain}|{_piece(medicine)}",
        "asked": True,
        "agent": bool(medicine.agents),
        "dosed": product.dosed,
        "supply": product.supply,
        "bare": bool(medicine.ingredients) and medicine.regimen.route is None and medicine.regimen.form is None,
    }


def _piece(medicine: Medicine) -> str:
    """Form, release and strength of a product in words."""
    regimen = medicine.regimen
    strength = regimen.strength
    words = "" if strength is None else f"{plain_number(strength.value)} {strength.unit}/{strength.per}"
    return f"{regimen.form or ''}|{regimen.release or ''}|{words}"


def _read(line: Line, glossary: Glossary) -> Medicine:
    return read_line(line, "current", glossary.somebody, glossary.knowledge, search=False)


# ---------------------------------------------------------------- which medicine


def _named(row: Drug, strengths: Sequence[Strength], dictionary: Dictionary) -> _Named | None:
    """The ingredients by the drug's code, the table of strengths, or its words; ``None`` where none of them settles it."""
    for code in _codes(row):
        entry = lookup_code(code.system, code.code, dictionary)
        if entry is not None and entry.ingredients:
            return _by_code(code, entry)
    parts = {(s.ingredient_vocabulary_id, s.ingredient_code) for s in strengths if s.ingredient_code}
    entries = [lookup_code(SYSTEMS.get(v or "", ""), c or "", dictionary) for v, c in parts]
    found = {i.name: i for e in entries if e is not None for i in e.ingredients}
    words = _by_words(row, dictionary)
    if found and all(e is not None and e.ingredients for e in entries):
        same = words is not None and {i.name for i in words.ingredients} == set(found)
        ingredients = tuple(found[name] for name in sorted(found))
        return (
            msgspec.structs.replace(words, ingredients=ingredients)
            if words and same
            else _Named(ingredients=ingredients)
        )
    return words


def _codes(row: Drug) -> Iterator[Code]:
    if row.concept_code and (system := SYSTEMS.get(row.vocabulary_id or "")) is not None:
        yield Code(system=system, code=row.concept_code)
    if not row.concept and row.source and _NDC.fullmatch(row.source):
        yield Code(system="NDC", code=row.source)


def _by_code(code: Code, entry: Entry) -> _Named:
    return _Named(
        ingredients=tuple(sorted(entry.ingredients, key=lambda i: i.name)),
        code=code,
        form=entry.form,
        release=entry.release,
        route=entry.route,
        strength=entry.strength,
    )


def _by_words(row: Drug, dictionary: Dictionary) -> _Named | None:
    """The medicine that the words name, with none of them left that may be another; RxNorm writes forms and brands beside the name, never a second one."""
    written = (row.vocabulary_id or "").startswith("RxNorm")
    name = read_name(row.words, dictionary, search=False) if row.words else None
    if name is None or name.status != "read" or (not written and possible_medicines(name.unread, dictionary)):
        return None
    return _Named(
        ingredients=name.ingredients,
        form=name.form,
        release=name.release,
        route=name.route_hint,
        strength=name.strength,
    )


# ---------------------------------------------------------------- by which route


def _route(row: Drug) -> str | None:
    """The route of the rows, in the words of a dose line."""
    if row.route_code in ROUTE_CODES:
        return _readable(ROUTE_CODES[row.route_code or ""])
    return _readable(row.route_name)


@lru_cache(maxsize=1024)
def _readable(words: str | None) -> str | None:
    """A route that is read as such in a line; none for one that a dose line does not know."""
    if not words:
        return None
    plain = _ROUTE.sub("", words)
    route = read_dose(plain).route or ROUTES.get(plain.casefold())
    return route if route is not None and read_dose(route).route == route else None


# ---------------------------------------------------------------- its line


def _product(
    row: Drug, named: _Named, strengths: Sequence[Strength], route: str | None, dosed: bool, glossary: Glossary
) -> tuple[Product, Medicine]:
    """The product with its line read back; of several lines the first that is read as these ingredients, with no word left over."""
    names = " / ".join(i.name for i in named.ingredients)
    wanted = {i.name for i in named.ingredients}
    own = named.ingredients[0].rxcui if len(named.ingredients) == 1 else None
    bare = Line(
        said=f"{names}, {route}" if route else names,
        drug=names,
        codes=(Code(system="RxNorm", code=own),) if own else (),
        route=route,
    )
    name = row.words or names
    measure, strength = _measure(named, strengths, name)
    full = Line(
        said=name,
        drug=f"{names} extended-release" if named.release == "modified" and named.code is None else names,
        codes=(named.code,) if named.code else (),
        route=route,
        form=None if named.code else named.form,
        strength=strength,
    )
    tried = [(line, _read(line, glossary)) for line in ((full, bare) if dosed else (bare,))]
    line, medicine = next(
        ((ln, m) for ln, m in tried if not m.not_understood and {i.name for i in m.ingredients} == wanted), tried[-1]
    )
    wear = _WEAR.match(name)
    product = Product(
        line=line,
        name=line.said,
        form=medicine.regimen.form,
        supply=not _on_the_spot(medicine, glossary),
        dosed=dosed,
        measure=measure if dosed else None,
        hourly=_hourly(named, strengths) if dosed and measure == "hour" else None,
        wear_hours=float(wear[1]) if dosed and wear and measure == "hour" else None,
    )
    return product, medicine


def _on_the_spot(medicine: Medicine, glossary: Glossary) -> bool:
    """Whether somebody gives it: by such a route, or, where none is known, an agent that is given in no other way; a volatile anaesthetic always."""
    volatile = glossary.knowledge.roles.get(_VOLATILE)
    if volatile and {i.name for i in medicine.ingredients} & {n for m in volatile.members for n in m.ingredients}:
        return True
    if medicine.regimen.route is not None:
        return medicine.regimen.route in _ON_THE_SPOT
    own = [glossary.knowledge.agents[a] for a in medicine.agents]
    return bool(own) and all(set(a.routes) <= _ON_THE_SPOT for a in own)


def _measure(named: _Named, strengths: Sequence[Strength], name: str) -> tuple[Measure | None, str | None]:
    """What a quantity counts, and the strength for the line where it is not left to the code.

    Of a liquid in a container of a stated size a quantity may count millilitres or containers: that is not certain.
    """
    single = len(named.ingredients) == 1
    if strengths:
        first = strengths[0]
        if first.amount_value:
            amount, unit = first.amount_value, _UNITS.get(first.amount_unit or "")
            return "piece", f"{plain_number(amount, 6)} {unit}" if single and unit else None
        if first.denominator_unit == "h":
            return "hour", None
        if first.denominator_unit == "{actuat}":
            return (None if first.denominator_value else "spray"), None
        if first.denominator_unit == "mL" and first.numerator_value and not first.denominator_value:
            amount, unit = first.numerator_value, _UNITS.get(first.numerator_unit or "")
            return "mL", f"{plain_number(amount, 6)} {unit}/mL" if single and unit else None
        return None, None
    said = (named.strength or "").split(" / ")[0].upper()
    if not said:
        return None, None
    shown = named.strength if single and named.code is None else None
    if units := _WITH_UNITS.fullmatch(said):
        return "piece", f"{units[1]} units" if single else None
    for ending, measure in (("/HR", "hour"), ("/ACTUAT", "spray"), ("/ML", "mL")):
        if said.endswith(ending):
            certain = measure == "hour" or not _QUANTIFIED.match(name)
            return (measure if certain else None), (shown if measure == "mL" else None)  # type: ignore[return-value]
    return (None, None) if "/" in said or "%" in said else ("piece", shown)


def _hourly(named: _Named, strengths: Sequence[Strength]) -> float | None:
    """Micrograms an hour of a patch with one ingredient."""
    if len(named.ingredients) != 1:
        return None
    if strengths:
        first = strengths[0]
        hours = first.denominator_value or 1.0
        per = {"mg": 1e3, "ug": 1.0}.get(first.numerator_unit or "")
        return None if per is None or not first.numerator_value else first.numerator_value * per / hours
    said = re.match(r"([\d.]+) MG/HR", named.strength or "", re.I)
    return float(said[1]) * 1e3 if said else None
