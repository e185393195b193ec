"""What a concentration does to a person: direct effects, tolerance to them, and responses that are made and lost on their own.

A direct effect is a formula of the concentration at its compartment. Tolerance comes from a moderator that follows that
concentration with a rate of its own (Porchet, Benowitz and Sheiner 1988): one more effect site, so it is exact wherever the kinetics
are. A turnover (Dayneka, Garzone and Jusko 1993) is a differential equation of its own, with feedback by a moderator of the
response (Gabrielsson and Peletier 2008) where the card says so; the equation solver carries it beside the kinetics.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.errors import KnowledgeError
from relaxant.knowledge.cards import Compartment, Effect, Model
from relaxant.pharmacology.cards.nonlinear import Turnover

Floats = NDArray[np.float64]


def turnover_of(effect: Effect, parameters: Mapping[str, Floats]) -> Turnover:
    """A turnover as the equation solver carries it beside the kinetics, for people with these parameters."""
    return Turnover(
        of=effect.of,
        moderator=moderator_of(effect),
        start=parameters[str(effect.baseline)],
        follows=parameters[effect.tolerance.rate] if has_feedback(effect) and effect.tolerance else None,
        change=lambda own, *states: changes(effect, own, *states),
    )


def response(
    effect: Effect, parameters: Mapping[str, Floats], concentration: Floats, moderator: Floats | None = None
) -> Floats:
    """A direct effect of a concentration, with its moderator's level where there is tolerance. Shape of ``concentration``, (times, people)."""
    if effect.form == "turnover":
        raise KnowledgeError(f"{effect.effect}: a turnover is no direct effect of a concentration")
    part = drug_part(effect, parameters, concentration, moderator)
    baseline = parameters[effect.baseline] if effect.baseline else np.zeros(1)
    return np.asarray(baseline * (1 - part) if effect.form == "inhibition" else baseline + part)


def drug_part(
    effect: Effect, parameters: Mapping[str, Floats], concentration: Floats, moderator: Floats | None = None
) -> Floats:
    """What the drug alone does, of its largest effect or by its slope, tolerance taken off. Shape of ``concentration``."""
    c = np.maximum(concentration, 0.0)
    worn = 1.0 if moderator is None or effect.tolerance is None else 1 + np.maximum(moderator, 0.0) / parameters[str(effect.tolerance.half_at)]  # fmt: skip
    competes = effect.tolerance is not None and effect.tolerance.form == "competitive"
    if effect.slope is not None:
        part = parameters[effect.slope] * c
    elif effect.half_at is not None:
        half = parameters[effect.half_at] * (worn if competes else 1.0)
        with np.errstate(divide="ignore", over="ignore"):
            over = half / c
            part = 1 / (1 + (over ** parameters[effect.hill] if effect.hill else over))
        part = part * parameters[effect.largest] if effect.largest else part
    else:
        raise KnowledgeError(f"{effect.effect}: an effect has a slope or a concentration of half its largest")
    return np.asarray(part if competes else part / worn)


def changes(
    effect: Effect,
    parameters: Mapping[str, Floats],
    concentration: Floats,
    moderator: Floats | None,
    now: Floats,
    feedback: Floats | None,
) -> Floats:
    """How fast a turnover's response changes: what is made of it less what is lost."""
    part = drug_part(effect, parameters, concentration, moderator)
    made = parameters[str(effect.baseline)] * parameters[str(effect.loss)]
    lost = parameters[str(effect.loss)] * now
    match effect.acts:
        case "inhibits production":
            made = made * (1 - part)
        case "stimulates production":
            made = made * (1 + part)
        case "inhibits loss":
            lost = lost * (1 - part)
        case "stimulates loss":
            lost = lost * (1 + part)
        case None:
            raise KnowledgeError(f"{effect.effect}: a turnover says what the drug acts on")
    if feedback is not None and effect.tolerance is not None:
        gain = parameters[effect.tolerance.gain] if effect.tolerance.gain else 1.0
        made = made * (parameters[str(effect.baseline)] / feedback) ** gain
    return np.asarray(made - lost)


def has_feedback(effect: Effect) -> bool:
    """Whether tolerance comes from the response itself."""
    return effect.tolerance is not None and effect.tolerance.form == "feedback"


def moderator_of(effect: Effect) -> str | None:
    """The compartment whose level takes the effect down; ``None`` without such a tolerance."""
    return None if effect.tolerance is None or has_feedback(effect) else f"moderator of {effect.effect}"


def with_moderator(model: Model, effect: Effect) -> Model:
    """The card with a compartment for the effect's moderator of tolerance, driven as the effect is; the card itself without one."""
    name = moderator_of(effect)
    if name is None or effect.tolerance is None:
        return model
    added = Compartment(compartment=name, effect_of=effect.of, rate=effect.tolerance.rate)
    return msgspec.structs.replace(model, compartments=(*model.compartments, added))
