"""A model card made to compute: a person's own parameters, the network of rates they give, and what is measured in it.

Inside, amounts are in the card's unit (mg, ug or umol), time in its unit (h or min), volumes in litres; every parameter is converted
from the unit that the card writes. Shapes are (subjects,) throughout.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relaxant.errors import InputError, KnowledgeError
from relaxant.knowledge.cards import Input, Model, Parameter, Relation
from relaxant.pharmacology.kinetics.network import Network
from relaxant.quantities import Quantity, Unit, convert, unit

Floats = NDArray[np.float64]
Covariates = Mapping[str, ArrayLike | str]
_AMOUNTS = {"mg": ("g", 1e-3), "ug": ("g", 1e-6), "umol": ("mol", 1e-6)}
_TIMES = {"h": 3600.0, "min": 60.0}
SINGLE_DOSE = "single_dose"
"""The covariate by which parameters depend on the size of a dose, in mg."""
AREA = "area under "
"""Before the name of a compartment: the compartment that keeps the integral of its concentration."""


def factor_of(text: str, model: Model) -> float:
    """What a value in a unit is multiplied by to be in the card's own units. Raises :class:`KnowledgeError` for a unit not known."""
    known = unit(text)
    if known is None:
        raise KnowledgeError(f"{model.model}: the unit “{text}” is not known")
    return known.scale / _own_scale(known, model)


def _own_scale(of: Unit, model: Model) -> float:
    base, amount = _AMOUNTS[model.amount]
    scales = {base: amount, "s": _TIMES[model.time], "L": 1.0}
    return math.prod(scales.get(name, 1.0) ** power for name, power in of.dimensions)


def typical(model: Model) -> dict[str, float]:
    """The card's parameters in its own units."""
    return {p.parameter: p.value * factor_of(p.unit, model) for p in model.parameters}


def spread_of(parameter: Parameter) -> float:
    """The standard deviation of the parameter's logarithm between people; 0 where the source gives none."""
    if parameter.iiv_sd is not None:
        return parameter.iiv_sd
    return math.sqrt(math.log1p(parameter.iiv_cv**2)) if parameter.iiv_cv else 0.0


def variability(model: Model) -> tuple[tuple[str, ...], Floats]:
    """The parameters that differ between people and the covariance of their logarithms. Raises :class:`KnowledgeError` where it is none.

    Shapes: names, and (names, names). Positive definite.
    """
    spreads = {p.parameter: spread_of(p) for p in model.parameters if spread_of(p) > 0}
    names = tuple(spreads)
    covariance = np.diag([s**2 for s in spreads.values()]) if names else np.zeros((0, 0))
    for c in model.correlations:
        one, other = c.between
        if one not in spreads or other not in spreads or not -1 < c.value < 1:
            raise KnowledgeError(
                f"the correlation of {one} and {other} is of two parameters that differ, and lies between -1 and 1"
            )
        i, j = names.index(one), names.index(other)
        covariance[i, j] = covariance[j, i] = c.value * spreads[one] * spreads[other]
    if names and np.linalg.eigvalsh(covariance).min() <= 0:
        raise KnowledgeError("the variability is not positive definite: these correlations contradict each other")
    return names, covariance


def an_hour(model: Model) -> float:
    """How long an hour is in the card's time."""
    return _TIMES["h"] / _TIMES[model.time]


def depends_on_dose(model: Model) -> bool:
    """Whether a parameter of the card changes with the size of the dose."""
    return any(relation.on == SINGLE_DOSE for relation in model.relations)


def milligrams(amount: float, of: str) -> float:
    """The size of a dose in mg. Raises :class:`InputError` for what is no mass."""
    made = convert(Quantity(amount, of), "mg")
    if made is None:
        raise InputError("dose", f"{amount:g} {of}", "the card needs the dose as a mass", "give it in mg")
    return made


def individual(
    model: Model, covariates: Covariates, *, deviations: Mapping[str, ArrayLike] | None = None
) -> dict[str, Floats]:
    """Everybody's parameters: typical values, times what their covariates make of them, times exp(deviation).

    A covariate that is not given leaves its relations out: the parameter is that of the card's typical person. NaN in a covariate
    makes the parameters that depend on it NaN. Raises :class:`InputError` for values of unequal length.
    """
    values: dict[str, Floats] = {name: np.array([value]) for name, value in typical(model).items()}
    for relation in model.relations:
        if relation.on in covariates:
            values[relation.parameter] = values[relation.parameter] * multiplier(relation, covariates[relation.on])
    for name, deviation in (deviations or {}).items():
        values[name] = values[name] * np.exp(np.atleast_1d(np.asarray(deviation, dtype=np.float64)))
    count = max(v.size for v in values.values())
    odd = next((n for n, v in values.items() if v.size not in (1, count)), None)
    if odd is not None:
        raise InputError(odd, values[odd].size, f"other parameters are of {count} people", "give as many of each")
    return {name: np.broadcast_to(value, (count,)) for name, value in values.items()}


def multiplier(relation: Relation, given: ArrayLike | str) -> Floats:
    """What a relation multiplies its parameter by. Shape of the covariate; NaN where that is NaN or a category is not listed."""
    if relation.form == "category":
        names = np.atleast_1d(np.asarray(given, dtype=object))
        return np.array([relation.levels.get(str(name), np.nan) for name in names])
    x = np.atleast_1d(np.asarray(given, dtype=np.float64))
    if relation.least is not None:
        x = np.maximum(x, relation.least)
    if relation.most is not None:
        x = np.minimum(x, relation.most)
    k, at = relation.coefficient, relation.reference
    if relation.form == "factor":
        return np.where(np.isnan(x), np.nan, np.where(x > 0, k, 1.0))
    if relation.form == "affine":
        return np.asarray((relation.intercept or 0.0) + k * x)
    if at is None:
        raise KnowledgeError(f"the relation of {relation.parameter} on {relation.on} has no reference")
    made: Floats
    match relation.form:
        case "power":
            made = (x / at) ** k
        case "linear":
            made = 1 + k * (x - at)
        case "exponential":
            made = np.exp(k * (x - at))
        case "hyperbolic":
            made = (2 * x / (x + at)) ** k
        case "decline":
            made = 1 / (1 + x / at)
        case "maturation":
            made = x**k / (at**k + x**k)
        case "above":
            made = np.where(np.isnan(x), np.nan, np.where(x >= at, k, 1.0))
        case "below":
            made = np.where(np.isnan(x), np.nan, np.where(x < at, k, 1.0))
    return made


def is_linear(model: Model) -> bool:
    """Whether the card is a linear network: nothing binds, saturates, or is taken out of an effect site."""
    return not (model.bindings or any(f.saturable for f in model.flows) or any(c.removal for c in model.compartments))


def network_of(
    model: Model,
    parameters: Mapping[str, Floats],
    *,
    during: Sequence[str] = (),
    areas: bool = False,
) -> Network:
    """The rates of a linear card for people with these parameters. Transit stages become compartments of their own.

    ``during`` names the circumstances that hold (haemodialysis). With ``areas`` each compartment with a volume has a companion that
    keeps the integral of its concentration. Raises :class:`KnowledgeError` for a card that is not linear.
    """
    if not is_linear(model):
        raise KnowledgeError(f"{model.model}: it binds or saturates, which no linear network does")
    return linear_part(model, parameters, during=during, areas=areas)


def linear_part(
    model: Model, parameters: Mapping[str, Floats], *, during: Sequence[str] = (), areas: bool = False
) -> Network:
    """The network of a card without its bindings, saturable flows and removals: all of it for a linear card."""
    volumes = {c.compartment: parameters[c.volume] for c in model.compartments if c.volume}
    names = [c.compartment for c in model.compartments]
    names += [_stage(f.giver, f.to, i) for f in model.flows for i in range(f.stages)]
    names += [AREA + name for name in volumes] if areas else []
    place = {name: i for i, name in enumerate(names)}
    count = max((v.size for v in parameters.values()), default=1)
    rates = np.zeros((len(names), len(names), count))

    def flow(giver: str, to: str | None, rate: Floats, arrives: float = 1.0) -> None:
        rates[place[giver], place[giver]] -= rate
        if to is not None:
            rates[place[to], place[giver]] += rate * arrives

    for each in model.flows:
        if (each.during is not None and each.during not in during) or each.saturable:
            continue
        rate = parameters[each.rate] if each.rate else parameters[str(each.clearance)] / volumes[each.giver]
        if each.fraction:
            rate = rate * parameters[each.fraction]
        if each.other_fraction:
            rate = rate * (1 - parameters[each.other_fraction])
        giver = each.giver
        for i in range(each.stages):
            flow(giver, _stage(each.giver, each.to, i), rate)
            giver = _stage(each.giver, each.to, i)
        flow(giver, each.to, rate, each.ratio)
        if each.both_ways and each.to is not None:
            flow(each.to, each.giver, parameters[str(each.clearance)] / volumes[each.to])
    for compartment in model.compartments:
        if compartment.effect_of is not None and compartment.rate is not None:
            rate = parameters[compartment.rate]
            rates[place[compartment.compartment], place[compartment.compartment]] -= rate
            driver = rate / volumes[compartment.effect_of] if compartment.effect_of in volumes else rate
            rates[place[compartment.compartment], place[compartment.effect_of]] += driver
    if areas:
        for name, volume in volumes.items():
            rates[place[AREA + name], place[name]] += 1 / volume
    return Network(tuple(names), rates)


def _stage(giver: str, to: str | None, i: int) -> str:
    return f"{giver} to {to}, stage {i + 1}"


def entry_for(
    model: Model, route: str, *, form: str | None = None, release: str | None = None, fed: bool | None = None, drug: str | None = None
) -> Input | None:  # fmt: skip
    """The input of the card that a dose goes in by: of its route and drug, the one that fits in most of the rest; ``None`` for none.

    What is not said of a dose (its release, say) is that of the card where all inputs of the route agree on it.
    """
    candidates = [i for i in model.inputs if i.route == route and (i.drug is None or i.drug == drug)]
    said = {"form": form, "release": release, "fed": fed}
    for name, have in said.items():
        alike = {getattr(i, name) for i in candidates}
        if have is None and len(alike) == 1:
            said[name] = alike.pop()
    best: tuple[int, Input] | None = None
    for candidate in candidates:
        wanted = {name: getattr(candidate, name) for name in said}
        if any(want is not None and want != said[name] for name, want in wanted.items()):
            continue
        fit = sum(want is not None for want in wanted.values())
        if best is None or fit > best[0]:
            best = fit, candidate
    return best[1] if best else None


def amount_in(model: Model, dose: float, dose_unit: str, entry: Input) -> float:
    """A dose in the card's unit of amount. Raises :class:`InputError` where mass cannot become substance for want of a molar mass."""
    known = unit(dose_unit)
    base, scale = _AMOUNTS[model.amount]
    if known is None or known.dimensions not in ((("g", 1),), (("mol", 1),)):
        raise InputError("dose", f"{dose:g} {dose_unit}", "it is no amount of drug", "give it in mg")
    value = dose * known.scale
    if known.dimensions == ((base, 1),):
        return value / scale
    mass = entry.molar_mass or model.molar_mass
    if mass is None:
        raise InputError("dose", f"{dose:g} {dose_unit}", f"{model.model} does not know the molar mass of what is dosed", f"give it in {model.amount}")  # fmt: skip
    return (value / mass if base == "mol" else value * mass) / scale
