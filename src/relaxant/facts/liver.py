"""Liver: transaminases against their limits, Child-Pugh, and the signs of impairment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from relaxant.facts import hepatic
from relaxant.facts.column import Column, Mask, anywhere, gather_needs, number, truth
from relaxant.facts.derive import MAKERS, both_sexes, makes
from relaxant.facts.inputs import full
from relaxant.facts.names import PERSON_FACTS

if TYPE_CHECKING:
    from relaxant.facts.facts import Facts


def _times_upper_normal(facts: Facts, lab_id: str) -> Column:
    lab = facts.knowledge.labs[lab_id]
    values = facts.numbers(lab_id)
    unit = PERSON_FACTS[f"{lab_id}_times_upper_normal"].unit
    if lab.upper_normal is None:
        return number(full(facts.rows), unit, needs=lab_id)
    upper, upper_female = (
        lab.upper_normal,
        lab.upper_normal if lab.upper_normal_female is None else lab.upper_normal_female,
    )
    need = lab_id.upper()
    if upper == upper_female:
        return number(
            hepatic.times_upper_normal(values, upper),
            unit,
            needs=need,
            source=lab.source,
            inputs=(lab_id,),
            methods=((f"against the upper limit {upper:g} {lab.unit}", None),),
        )
    return both_sexes(
        facts,
        lambda f: hepatic.times_upper_normal(values, np.where(f == 1, upper_female, upper)),
        unit,
        (lab_id, "sex"),
        f"against the upper limits {upper:g} (men) and {upper_female:g} (women) {lab.unit}",
        lab.source,
        (number(values, lab.unit, needs=need),),
    )


for _lab in ("alt", "ast"):
    MAKERS[f"{_lab}_times_upper_normal"] = lambda facts, lab=_lab: _times_upper_normal(facts, lab)  # type: ignore[misc]


@makes("child_pugh")
def _child_pugh(facts: Facts) -> Column:
    """The score, as an interval over what is missing. It speaks of chronic liver disease: without it, and without laboratory
    values that make at least class B, it does not apply and is nought, so that nobody is asked for an INR on account of it."""
    names = ("bilirubin", "albumin", "inr", "ascites", "encephalopathy")
    values = {n: facts.numbers(n) for n in names}
    for sign in ("ascites", "encephalopathy"):
        condition = "condition:ascites" if sign == "ascites" else "condition:hepatic_encephalopathy"
        absent = facts.column(condition)
        values[sign] = np.where(
            np.isnan(values[sign]) & ~absent.maybe & facts.inputs.conditions_known, 0.0, values[sign]
        )
    points = hepatic.child_pugh(*(values[n] for n in names))
    disease = facts.column("condition:liver_disease")
    applies = disease.maybe | (points.low >= hepatic.CLASS_B)
    asked = disease.surely | (points.low >= hepatic.CLASS_B)
    needs = {n if n != "inr" else "INR": np.isnan(v) & asked for n, v in values.items()}
    return Column(
        np.where(applies, points.low, 0.0),
        np.where(applies, points.high, 0.0),
        "points",
        False,
        (("Child-Pugh", applies), ("no chronic liver disease on record", ~applies)),
        names,
        "child-pugh-1973",
        {"conditions": disease.maybe & ~asked, **needs},
    )


@makes("hepatic_impairment")
def _hepatic_impairment(facts: Facts) -> Column:
    """Any sign: liver disease said, or ALT or AST above the policy's multiple of the upper limit."""
    threshold = facts.knowledge.policy("transaminases_signal_times_upper")
    disease = facts.column("condition:liver_disease")
    alt, ast = facts.column("alt_times_upper_normal"), facts.column("ast_times_upper_normal")
    surely = disease.surely | (alt.low >= threshold) | (ast.low >= threshold)
    clear = ~disease.maybe & (alt.high < threshold) & (ast.high < threshold)
    needs = gather_needs((disease, alt, ast), ~surely & ~clear)
    return truth(
        surely,
        ~surely & ~clear,
        needs=needs,
        inputs=("conditions", "ALT", "AST"),
        methods=(("liver disease said, or transaminases raised", surely), ("no sign of liver disease", clear)),
    )


@makes("severe_hepatic_impairment")
def _severe_hepatic(facts: Facts) -> Column:
    said, disease = facts.column("condition:severe_hepatic_impairment"), facts.column("condition:liver_disease")
    surely, maybe = said.surely, said.maybe
    points_needs: Mapping[str, Mask] = {}
    if anywhere(disease.maybe):
        points = facts.column("child_pugh")
        threshold = facts.knowledge.policy("severe_child_pugh_from")
        surely = surely | (disease.surely & (points.low >= threshold))
        maybe = maybe | (disease.maybe & (points.high >= threshold))
        points_needs = points.needs
    needs = gather_needs((said, disease), maybe & ~surely)
    for name, mask in points_needs.items():
        if name != "conditions":
            needs[name] = mask & disease.surely & maybe & ~surely
    return truth(
        surely,
        maybe,
        needs=needs,
        inputs=("conditions", "child_pugh"),
        methods=(("said, or Child-Pugh class C in liver disease", None),),
    )
