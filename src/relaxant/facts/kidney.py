"""Kidney: what dosing by the kidney rests on, and how far a creatinine can be trusted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from relaxant.facts import body, renal
from relaxant.facts.column import SAID, Column, Floats, Mask, anywhere, between, gather_needs, number, truth, yes_no
from relaxant.facts.derive import MAKERS, both_sexes, either, makes, only_where, values, with_methods
from relaxant.facts.inputs import full
from relaxant.facts.names import EARLIER_CREATININE, PERSON_FACTS, POTASSIUM_TODAY

if TYPE_CHECKING:
    from relaxant.facts.facts import Facts


@makes("acute_kidney_injury")
def _kidney_injury(facts: Facts) -> Column:
    policy = facts.knowledge.policy
    meets = full(facts.rows)
    if "creatinine_before" in facts.inputs.numbers:
        now, before, hours = (facts.numbers(n) for n in ("creatinine", "creatinine_before", "creatinine_before_hours"))
        change = renal.creatinine_change(before, np.zeros(facts.rows), now, hours)
        meets = renal.meets_kidney_injury(
            change,
            rise=policy("kidney_injury_rise"),
            rise_hours=policy("kidney_injury_rise_hours"),
            ratio=policy("kidney_injury_ratio"),
            ratio_hours=policy("kidney_injury_ratio_days") * 24,
        )
    said = facts.column("condition:acute_kidney_injury")
    surely = (meets == 1) | said.surely
    unknown = np.isnan(meets) | (said.high > said.low)
    return truth(
        surely,
        unknown,
        inputs=("creatinine", "conditions"),
        needs={EARLIER_CREATININE: np.isnan(meets) & ~surely, **said.needs},
        methods=(
            ("creatinine rising by KDIGO's criteria, or said", surely),
            ("no rise between the creatinines on record", ~surely & ~unknown),
        ),
        source="kdigo-aki-2012",
    )


@makes("creatinine_unreliable")
def _unreliable(facts: Facts) -> Column:
    low_mass = facts.said("muscle_mass_low")
    by_condition = facts.column("condition:low_muscle_mass").surely
    injury = facts.column("acute_kidney_injury").surely
    wasted = (low_mass == 1) | (by_condition & (low_mass != 0))
    dialysed = _said_dialysed(facts)
    surely = wasted | injury | dialysed
    words = (
        ("low muscle mass", wasted),
        ("creatinine is changing fast", injury),
        ("dialysis clears creatinine", dialysed),
        ("no sign of low muscle mass or a fast change", ~surely),
    )
    return truth(
        surely,
        np.isnan(low_mass),
        needs={"muscle_mass": np.isnan(low_mass) & ~surely},
        methods=words,
        inputs=("muscle_mass", "conditions", "creatinine", "dialysis"),
        source="kdigo-ckd-2024",
    )


def _said_dialysed(facts: Facts) -> Mask:
    """Who is said to be on dialysis, by word or by condition."""
    said = (facts.said("haemodialysis") == 1) | (facts.said("peritoneal_dialysis") == 1)
    denied = (facts.said("haemodialysis") == 0) & (facts.said("peritoneal_dialysis") == 0)
    return np.asarray(said | (facts.column("condition:dialysis_dependence").surely & ~denied))


@makes("egfr_cystatin")
def _egfr_cystatin(facts: Facts) -> Column:
    cystatin, age = facts.column("cystatin_c"), facts.column("age")
    if not anywhere(cystatin.known):
        return number(
            values(cystatin),
            "mL/min/1.73 m2",
            needs=cystatin.needs,
            inputs=("cystatin_c", "age", "sex"),
            source="ckd-epi-cystatin-2012",
        )
    method = renal.egfr_cystatin(values(cystatin), values(age), np.zeros(facts.rows))
    column = both_sexes(
        facts,
        lambda f: renal.egfr_cystatin(values(cystatin), values(age), f).value,
        "mL/min/1.73 m2",
        ("cystatin_c", "age", "sex"),
        "",
        "ckd-epi-cystatin-2012",
        (cystatin, age),
    )
    return with_methods(
        column, tuple((words, method.code == i) for i, words in enumerate(renal.EGFR_CYSTATIN_METHODS) if i)
    )


def _honest(facts: Facts, estimate: Column, stand_in: Callable[[], Column]) -> Column:
    """A creatinine-based estimate as far as it can be trusted.

    Low muscle mass and a rising creatinine flatter the kidney: the true value lies at or below the estimate. Where cystatin C
    was measured, ``stand_in`` takes its place.
    """
    unreliable = facts.column("creatinine_unreliable").surely
    if not anywhere(unreliable):
        return estimate
    other = stand_in()
    has = unreliable & ~_said_dialysed(facts) & np.isfinite(other.low) & np.isfinite(other.high)
    # On dialysis neither marker tells what the kidney does: the larger of the two is the bound, so that leaving the
    # dialysis out of the record cannot make the kidney look better than it did with it.
    dialysed = unreliable & _said_dialysed(facts) & np.isfinite(other.high)
    low = np.where(has, other.low, np.where(unreliable, 0.0, estimate.low))
    high = np.where(has, other.high, np.where(dialysed, np.maximum(estimate.high, other.high), estimate.high))
    methods, needs = only_where(estimate, ~has)
    bounded = ("an upper bound: creatinine misleads here", unreliable & ~has)
    methods = (*methods, bounded, ("from cystatin C, because creatinine misleads here", has))
    moving = facts.column("acute_kidney_injury").surely
    open_ = unreliable & ~has & ~_said_dialysed(facts)
    needs["creatinine, repeated"] = open_ & moving
    needs["cystatin C"] = open_ & ~moving
    return Column(low, high, estimate.unit, False, methods, estimate.inputs, estimate.source, needs)


@makes("egfr")
def _egfr(facts: Facts) -> Column:
    creatinine, age, height = facts.column("creatinine"), facts.column("age"), facts.column("height")
    serum, years, tall = values(creatinine), values(age), values(height)
    column = both_sexes(
        facts,
        lambda f: renal.egfr(serum, years, f, tall).value,
        "mL/min/1.73 m2",
        ("creatinine", "age", "sex"),
        "",
        "ckd-epi-2021",
        (creatinine, age),
    )
    young, reached = years < body.ADULT_YEARS, np.isfinite(column.high)
    methods: tuple[tuple[str, Mask | None], ...] = (
        (renal.EGFR_METHODS[1], reached & ~young),
        (renal.EGFR_METHODS[2], reached & young),
    )
    needs = {**column.needs, **{n: m & young for n, m in height.needs.items()}} if anywhere(young) else column.needs
    column = Column(column.low, column.high, column.unit, False, methods, column.inputs, column.source, needs)
    return _honest(facts, _or_reported(facts, column), lambda: facts.column("egfr_cystatin"))


def _or_reported(facts: Facts, computed: Column) -> Column:
    """The laboratory's own eGFR where none can be computed from a creatinine; both where they are far apart."""
    reported = facts.numbers("egfr")
    if np.isnan(reported).all():
        return computed
    use = ~np.isnan(reported) & ~np.isfinite(computed.high)
    apart = 1 + facts.knowledge.policy("egfr_disagreement")
    with np.errstate(invalid="ignore"):
        differ = ~use & ((reported > computed.high * apart) | (reported * apart < computed.low))
    methods, needs = only_where(computed, ~use)
    between_them = ("the reported eGFR differs, and the truth is taken to lie between", differ)
    methods = (*methods, ("as reported by the laboratory", use), between_them)
    needs["which eGFR holds"] = differ
    low = np.where(use, reported, np.where(differ, np.minimum(reported, computed.low), computed.low))
    high = np.where(use, reported, np.where(differ, np.maximum(reported, computed.high), computed.high))
    return Column(low, high, computed.unit, False, methods, computed.inputs, computed.source, needs)


def _absolute(facts: Facts, indexed: Column, name: str) -> Column:
    bsa = facts.column("bsa")
    surface = values(bsa)
    low = renal.absolute_filtration(np.where(np.isfinite(indexed.low), indexed.low, np.nan), surface)
    low = np.where((indexed.low == 0) & bsa.known, 0.0, low)
    high = renal.absolute_filtration(np.where(np.isfinite(indexed.high), indexed.high, np.nan), surface)
    column = between(
        low,
        high,
        "mL/min",
        needs=gather_needs((indexed, bsa), np.isnan(low) | (low != high)),
        inputs=(name, "bsa"),
        source=indexed.source,
    )
    return with_methods(column, (*indexed.methods, ("times body surface area over 1.73 m2", None)))


@makes("egfr_absolute")
def _egfr_absolute(facts: Facts) -> Column:
    return _absolute(facts, facts.column("egfr"), "egfr")


@makes("creatinine_clearance")
def _creatinine_clearance(facts: Facts) -> Column:
    creatinine, age, weight, height = (facts.column(n) for n in ("creatinine", "age", "weight", "height"))
    serum, years, heavy, tall = values(creatinine), values(age), values(weight), values(height)
    index = body.body_mass_index(heavy, tall)
    threshold = facts.knowledge.policy("adjusted_weight_from_bmi")
    code = np.zeros(facts.rows, np.int8)

    def clearance(female: Floats) -> Floats:
        ideal = body.ideal_body_weight(tall, female, years)
        chosen = renal.cockcroft_gault_weight(
            heavy, ideal, body.adjusted_body_weight(heavy, ideal), index, adjust_from_bmi=threshold
        )
        code[:] = chosen.code
        return renal.creatinine_clearance(serum, years, chosen.value, female)

    def least(female: Floats) -> Floats:
        """With the least weight the equation could ask for: where height is unknown the truth lies between."""
        return renal.creatinine_clearance(
            serum, years, renal.cockcroft_gault_weight_floor(heavy, female, years, adjust_from_bmi=threshold), female
        )

    column = both_sexes(
        facts,
        clearance,
        "mL/min",
        ("creatinine", "age", "weight", "sex"),
        "",
        "cockcroft-gault-1976",
        (creatinine, age, weight),
    )
    no_height = code == renal.HEIGHT_UNKNOWN
    low = column.low
    if anywhere(no_height):
        low = np.where(no_height, both_sexes(facts, least, "mL/min", (), "", "", ()).low, low)
    words: list[tuple[str, Mask | None]] = [("Cockcroft-Gault", None)]
    words += [(text, code == i) for i, text in enumerate(renal.COCKCROFT_GAULT_WEIGHTS) if i]
    column = Column(
        low,
        column.high,
        column.unit,
        False,
        tuple(words),
        column.inputs,
        column.source,
        {**column.needs, "height": no_height},
    )
    return _honest(facts, column, lambda: _absolute(facts, facts.column("egfr_cystatin"), "egfr_cystatin"))


@makes("clearance_absolute")
def _clearance_absolute(facts: Facts) -> Column:
    """In mL/min, for doses that do not go by size: creatinine clearance; for those it is not made for, the de-indexed eGFR."""
    clearance = facts.column("creatinine_clearance")
    unknown = ~np.isfinite(clearance.high)
    if not anywhere(unknown):
        return clearance
    absolute = facts.column("egfr_absolute")
    use = unknown & np.isfinite(absolute.high)
    return either(use, absolute, clearance, ("creatinine_clearance", "egfr_absolute"), clearance.source)


@makes("kidney_function")
def _kidney_function(facts: Facts) -> Column:
    """What marks of weak kidneys are held against: under 18 years the eGFR of 1.73 m2, from 18 the clearance in mL/min.

    A child's doses go by size and so does a child's filtration: without indexing a healthy toddler would lie below the
    marks of an adult. BNF for Children 2018-2019 (Prescribing in renal impairment) states doses in mL/min/1.73 m2.
    """
    grown = facts.column("clearance_absolute")
    young = values(facts.column("age")) < body.ADULT_YEARS
    if not anywhere(young):
        return grown
    child, all_young = facts.column("egfr"), bool(young.all())
    inputs = ("egfr",) if all_young else (*grown.inputs, "egfr")
    made = either(young, child, grown, inputs, "bnfc-renal-2018" if all_young else grown.source)
    of_child = ("a child's, for a body of 1.73 m2", young & np.isfinite(child.high))
    return with_methods(made, (*made.methods, of_child))


@makes("on_dialysis")
def _on_dialysis(facts: Facts) -> Column:
    return yes_no(np.where(_said_dialysed(facts), 1.0, facts.said("haemodialysis")), "dialysis")


for _kind in ("haemodialysis", "peritoneal_dialysis"):
    MAKERS[_kind] = lambda facts, kind=_kind: yes_no(facts.said(kind), "dialysis")  # type: ignore[misc]


@makes("potassium_today")
def _potassium_today(facts: Facts) -> Column:
    """The potassium where it is of the day of the review: with weak kidneys it moves within a day."""
    name = "potassium_today"
    return number(
        facts.numbers(name), PERSON_FACTS[name].unit, needs=POTASSIUM_TODAY, inputs=("potassium",), methods=SAID
    )
