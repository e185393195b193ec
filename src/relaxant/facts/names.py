"""The facts by name: what a rule may ask of the person and of the agent in question."""

from __future__ import annotations

import msgspec

TAKEN_FOR = "how long the other medicines have been taken"
"""The input that :func:`relaxant.facts.agent_facts` lacks where a start was not said."""
EARLIER_CREATININE = "an earlier creatinine"
"""The input that a change of creatinine lacks where only one was measured."""
POTASSIUM_TODAY = "a potassium of today"
"""The input that is missing where potassium moves within days and the last one is of an earlier day."""


def what_is(name: str) -> str:
    """The input that is missing where a medicine was said and not understood."""
    return f"what “{name}” is"


class Fact(msgspec.Struct, frozen=True):
    """A fact's unit (``dose`` is the agent's own dose unit, ``per`` a day or a kilogram), whether it is yes/no, and whether a review lists it.

    Its title for a reader stands in ``wording/<language>/facts.yaml``.
    """

    unit: str = ""
    truth: bool = False
    listed: bool = True
    per: str = ""


def _yes(listed: bool = True) -> Fact:
    return Fact(truth=True, listed=listed)


PERSON_FACTS: dict[str, Fact] = {
    "age": Fact("years"),
    "female": _yes(listed=False),
    "male": _yes(listed=False),
    "weight": Fact("kg"),
    "height": Fact("cm"),
    "bmi": Fact("kg/m2"),
    "ideal_weight": Fact("kg"),
    "adjusted_weight": Fact("kg"),
    "lean_weight": Fact("kg"),
    "bsa": Fact("m2"),
    "creatinine": Fact("mg/dL"),
    "cystatin_c": Fact("mg/L"),
    "egfr": Fact("mL/min/1.73 m2"),
    "egfr_absolute": Fact("mL/min"),
    "egfr_cystatin": Fact("mL/min/1.73 m2"),
    "creatinine_clearance": Fact("mL/min"),
    "clearance_absolute": Fact("mL/min", listed=False),
    "kidney_function": Fact("mL/min"),
    "creatinine_unreliable": _yes(),
    "acute_kidney_injury": _yes(),
    "on_dialysis": _yes(),
    "haemodialysis": _yes(listed=False),
    "peritoneal_dialysis": _yes(listed=False),
    "alt_times_upper_normal": Fact(),
    "ast_times_upper_normal": Fact(),
    "child_pugh": Fact("points"),
    "hepatic_impairment": _yes(),
    "severe_hepatic_impairment": _yes(),
    "pregnant": _yes(),
    "may_become_pregnant": _yes(listed=False),
    "breastfeeding": _yes(),
    "smoker": _yes(),
    "smoking_stopped_days": Fact("days"),
    "alcohol_units_weekly": Fact("units/week"),
    "stands_on_tone": _yes(),
    "tube_feeding": _yes(),
    "crushes_tablets": _yes(),
    "systolic_blood_pressure": Fact("mmHg"),
    "diastolic_blood_pressure": Fact("mmHg"),
    "heart_rate": Fact("1/min"),
    "respiratory_rate": Fact("1/min", listed=False),
    "slow_breathing": _yes(listed=False),
    "normal_breathing_today": _yes(listed=False),
    "potassium": Fact("mmol/L"),
    "potassium_today": Fact("mmol/L", listed=False),
    "magnesium": Fact("mmol/L"),
    "inr": Fact(),
    "temperature": Fact("degC"),
    "post_void_residual": Fact("mL"),
    "qtc": Fact("ms"),
    "train_of_four_count_today": Fact(listed=False),
    "train_of_four_ratio_today": Fact(listed=False),
    "post_tetanic_count_today": Fact(listed=False),
    "sedative_count": Fact(),
    "anticholinergic_burden": Fact("points"),
    "hypotensive_count": Fact(),
    "serotonergic_count": Fact(),
    "hepatotoxic_count": Fact(),
    "nephrotoxic_count": Fact(),
    "opioid_mme": Fact("mg/day"),
    "medicine_count": Fact(),
    "procedure_days": Fact("days"),
    "pump_present": _yes(listed=False),
}

AGENT_FACTS: dict[str, Fact] = {
    "daily_dose": Fact("dose", per="/day"),
    "most_daily_dose": Fact("dose", per="/day"),
    "most_single_dose": Fact("dose"),
    "most_single_dose_per_kg": Fact("dose", per="/kg"),
    "most_daily_dose_per_kg": Fact("dose", per="/kg/day"),
    "doses_daily": Fact(),
    "dose_interval_days": Fact("days"),
    "duration_days": Fact("days"),
    "stopped_days": Fact("days"),
    "last_session_days": Fact("days"),
    "units_of_sessions": Fact("dose"),
    "units_of_sessions_per_kg": Fact("dose", per="/kg"),
    "previous_daily_dose": Fact("dose", per="/day"),
    "present_days": Fact("days"),
    "raised_beyond_step": _yes(),
    "raised_too_soon": _yes(),
    "dose_drop": Fact(),
    "dose_rise": Fact(),
    "first_day_ratio": Fact(),
    "pump_flow": Fact("mL/day"),
    "refill_in_days": Fact("days"),
    "reservoir_volume": Fact("mL"),
    "reservoir_days": Fact("days"),
    "reservoir_gap": Fact("mL"),
    "expected_days": Fact("days"),
    "reservoir_at_alarm": _yes(),
    "filling_days": Fact("days"),
    "pump_mixed": _yes(),
    "restarting": _yes(),
    "as_needed": _yes(),
    "dose_known": _yes(),
    "exposure_ratio": Fact(),
    "modified_release": _yes(),
    "capsule": _yes(),
    "product_changes": _yes(),
    "route_not_licensed": _yes(),
    "allergic": _yes(),
    "current_twice": _yes(),
    "weighed": _yes(listed=False),
    "stopping": _yes(listed=False),
    "unsuited": _yes(),
    "unestablished": _yes(),
}


def amount_unit(fact: str, dose_unit: str) -> str:
    """The unit in which an amount of an agent is had whose doses are in ``dose_unit``.

    >>> amount_unit("most_daily_dose_per_kg", "mg")
    'mg/kg/day'
    """
    return f"{dose_unit}{AGENT_FACTS[fact].per}"
