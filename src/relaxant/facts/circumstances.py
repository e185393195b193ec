"""Circumstances: pregnancy, breastfeeding, tobacco, alcohol, swallowing, a procedure, standing on tone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relaxant.facts.column import SAID, Column, number, truth, yes_no
from relaxant.facts.derive import MAKERS, makes, with_methods
from relaxant.facts.names import PERSON_FACTS

if TYPE_CHECKING:
    from relaxant.facts.facts import Facts


def _child(facts: Facts, name: str, condition: str) -> Column:
    """Pregnancy or breastfeeding: as said or by condition; where not said it does not apply to a male nor outside childbearing age."""
    values = facts.said(name)
    values = np.where(np.isnan(values) & facts.column(f"condition:{condition}").surely, 1.0, values)
    male, outside = facts.said("female") == 0, facts.outside_childbearing
    unsaid = np.isnan(values)
    values = np.where(unsaid & (male | outside), 0.0, values)
    return with_methods(
        yes_no(values, name),
        (
            ("as said", ~unsaid | ~(male | outside)),
            ("cannot apply to a male", unsaid & male),
            ("not at this age", unsaid & outside & ~male),
        ),
    )


@makes("pregnant")
def _pregnant(facts: Facts) -> Column:
    return _child(facts, "pregnant", "pregnancy")


@makes("breastfeeding")
def _breastfeeding(facts: Facts) -> Column:
    return _child(facts, "breastfeeding", "lactation")


@makes("may_become_pregnant")
def _may_become_pregnant(facts: Facts) -> Column:
    age, female = facts.column("age"), facts.said("female")
    never, maybe = facts.outside_childbearing | (female == 0), np.isnan(female) | ~age.known
    unsettled = maybe & ~never
    return truth(
        ~never & ~maybe,
        unsettled,
        needs={"sex": unsettled & np.isnan(female), "age": unsettled & ~age.known},
        inputs=("sex", "age"),
        methods=(("female and of childbearing age", None),),
    )


for _name in ("stands_on_tone", "tube_feeding", "crushes_tablets", "pump_present", "smoker"):
    _need = {"tube_feeding": "swallowing", "crushes_tablets": "swallowing", "pump_present": "pump"}.get(_name, _name)
    MAKERS[_name] = lambda facts, name=_name, need=_need: yes_no(facts.said(name), need)  # type: ignore[misc]


@makes("slow_breathing")
def _slow_breathing(facts: Facts) -> Column:
    """Whether breathing was said to be slow. It is no where nothing was said: nobody is asked to count breaths for a review."""
    rate = facts.numbers("respiratory_rate")
    with np.errstate(invalid="ignore"):
        slow = rate < facts.knowledge.policy("slow_breathing_rate")
    return truth(slow, np.zeros_like(slow), inputs=("respiratory_rate",), methods=SAID)


@makes("normal_breathing_today")
def _normal_breathing(facts: Facts) -> Column:
    """Whether breaths were counted on the day of the review and are neither few nor many. It is no where nothing was said of today."""
    rate, policy = facts.numbers("respiratory_rate_today"), facts.knowledge.policy
    with np.errstate(invalid="ignore"):
        normal = (rate >= policy("normal_breathing_least")) & (rate <= policy("normal_breathing_most"))
    return truth(normal, np.zeros_like(normal), inputs=("respiratory_rate",), methods=SAID)


@makes("smoking_stopped_days")
def _smoking_stopped(facts: Facts) -> Column:
    """Days since smoking stopped; endless for who smokes or never smoked, so that a rule on a recent stop is silent for them."""
    days, smokes = facts.numbers("smoking_stopped_days"), facts.said("smoker")
    settled = np.where(np.isnan(days) & ~np.isnan(smokes), np.inf, days)
    return number(settled, "days", needs="smoker", inputs=("smoker",), methods=SAID)


for _name, _need in (("alcohol_units_weekly", "alcohol"), ("procedure_days", "procedure")):
    MAKERS[_name] = lambda facts, name=_name, need=_need: number(  # type: ignore[misc]
        facts.numbers(name),
        PERSON_FACTS[name].unit,
        inputs=(name,),
        methods=SAID,
        needs=need,
    )
