"""The intrathecal device as described: each amount of its kind, and none that its kind of device or product comes near."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relaxant.errors import InputError
from relaxant.io.said import NOTHING, Reading, day, fold, only, said_unknown, text
from relaxant.knowledge.load import Knowledge
from relaxant.patient import Pump
from relaxant.quantities import Quantity, convert, plain_number, quantity

_AMOUNTS = {
    "concentration": ("ug/mL", "2000 micrograms/mL"),
    "new_concentration": ("ug/mL", "2000 micrograms/mL"),
    "reservoir": ("mL", "40 mL"),
    "residual": ("mL", "40 mL"),
    "alarm": ("mL", "2 mL"),
    "filled": ("mL", "20 mL"),
    "catheter": ("mL", "0.2 mL"),
    "tubing": ("mL", "0.2 mL"),
    "screening_dose": ("ug", "50 micrograms"),
    "screening_hours": ("h", "8 h"),
}
_TEXTS = ("drug", *_AMOUNTS)
_BARE = {"screening_hours": "h"}  # its name says the unit
_ABOVE_NOUGHT = ("concentration", "new_concentration", "reservoir", "filled", "screening_dose")
_WITHIN_RESERVOIR = {
    "residual": "this is more than the reservoir holds",
    "filled": "this is more than the reservoir holds",
    "alarm": "an alarm volume is below what the reservoir holds",
}
_TOO_STRONG = 100  # times the strongest product, or the largest test dose: mg were written for micrograms


def pump(reading: Reading, plain: Mapping[str, Any]) -> Pump | None:
    """The pump, ``None`` where there is none or nothing is said of it."""
    value = plain.get("pump")
    if said_unknown(value) or (isinstance(value, str) and fold(value) in NOTHING):
        return None
    if not isinstance(value, Mapping):
        raise InputError(
            "pump",
            value,
            "a pump is described by its parts",
            "write {drug: baclofen, concentration: 2000 micrograms/mL, reservoir: 40 mL}",
        )
    only(reading, "pump", value, Pump.__struct_fields__)
    amounts = {part: _amount(part, value[part]) for part in _AMOUNTS if not said_unknown(value.get(part))}
    for part in ("concentration", "new_concentration"):
        if part in amounts:
            _refuse_too_strong(f"pump.{part}", *amounts[part], value.get("drug"), reading.knowledge)
    if "screening_dose" in amounts:
        _refuse_too_large(*amounts["screening_dose"], reading.knowledge)
    for part in ("catheter", "tubing"):
        if part in amounts:
            _refuse_too_long(f"pump.{part}", *amounts[part], reading.knowledge)
    for part, why in _WITHIN_RESERVOIR.items():
        if part in amounts and "reservoir" in amounts and amounts[part][1] > amounts["reservoir"][1]:
            raise InputError(f"pump.{part}", value[part], why, "check both volumes and their units")
    said = {part: text(f"pump.{part}", value.get(part)) for part in _TEXTS}
    refilled = day("pump.refilled", value.get("refilled"), latest=reading.as_of)
    residual_on = day("pump.residual_on", value.get("residual_on"), latest=reading.as_of)
    return Pump(
        refilled=refilled,
        residual_on=residual_on,
        **{part: words for part, words in said.items() if not said_unknown(words)},
    )


def _amount(part: str, value: Any) -> tuple[Quantity, float]:
    """What was said of a part, and that in its own unit."""
    kind, like = _AMOUNTS[part]
    got = quantity(text(f"pump.{part}", value) or "", f"pump.{part}", example=like, bare=part in _BARE)
    amount = convert(got if got.unit else Quantity(got.value, _BARE[part]), kind)
    if amount is None or amount < 0 or (amount == 0 and part in _ABOVE_NOUGHT):
        raise InputError(f"pump.{part}", value, "this is not an amount of its kind", f"write it such as {like}")
    return got, amount


def _refuse_too_strong(field: str, got: Quantity, micrograms_per_ml: float, drug: Any, knowledge: Knowledge) -> None:
    """Refuses a concentration far above every product's."""
    sold = [
        convert(Quantity(strength, product.unit), "ug") or 0.0
        for agent in knowledge.agents.values()
        for product in agent.products
        if product.per == "mL"
        and "intrathecal" in agent.routes
        and agent.ingredient == fold(str(drug or agent.ingredient))
        for strength in product.strengths
    ]
    if sold and micrograms_per_ml >= _TOO_STRONG * max(sold):
        raise InputError(
            field,
            str(got),
            f"this is {plain_number(micrograms_per_ml / max(sold), 2)} times the strongest product",
            f"did you mean {plain_number(got.value)} micrograms/mL?"
            if got.unit.startswith("mg")
            else "check the number and its unit",
        )


def _refuse_too_large(got: Quantity, micrograms: float, knowledge: Knowledge) -> None:
    """Refuses a test dose far above every one that a label gives."""
    given = [max(s.doses) for p in knowledge.plans.pumps.values() for s in p.screening]
    if given and micrograms >= _TOO_STRONG * max(given):
        raise InputError(
            "pump.screening_dose",
            str(got),
            f"this is {plain_number(micrograms / max(given), 2)} times the largest test dose",
            f"did you mean {plain_number(got.value)} micrograms?"
            if got.unit.startswith("mg")
            else "check the number and its unit",
        )


def _refuse_too_long(field: str, got: Quantity, ml: float, knowledge: Knowledge) -> None:
    """Refuses a volume of a catheter or of a pump's tubing that none comes near."""
    most = [p.numbers.path for p in knowledge.plans.pumps.values()]
    if most and ml > max(number.value for number in most):
        raise InputError(
            field,
            str(got),
            f"this is more than {plain_number(max(number.value for number in most))} mL, which no such part holds",
            f"did you mean {plain_number(got.value / _TOO_STRONG)} {got.unit}? The model and the implanted length give it",
        )
