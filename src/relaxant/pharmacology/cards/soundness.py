"""What is wrong with a model card, found by reading it: units, references, bounds, variability; and by computing what was published."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from relaxant.errors import KnowledgeError, RelaxantError, meant, visible
from relaxant.knowledge.cards import Effect, Model
from relaxant.pharmacology.cards.model import is_linear, variability
from relaxant.pharmacology.cards.nonlinear import available
from relaxant.pharmacology.cards.published import reproduced
from relaxant.quantities import unit

Dimensions = tuple[tuple[str, int], ...]
_TIME, _VOLUME = ("s", -1), ("L", 1)
_RATE: Dimensions = (_TIME,)
_CLEARANCE: Dimensions = (_VOLUME, _TIME)
_SHARE: Dimensions = ()
_MASS = {"mg": "g", "ug": "g", "umol": "mol"}


def faults_of(model: Model) -> Iterator[tuple[str, str]]:
    """Every fault of a card: where, and what."""
    where = f"models {model.model}"
    found = [*_references(model), *_units(model), *_spreads(model), *_bounds(model), *_effects(model)]
    for place, what in found:
        yield f"{where} {place}".rstrip(), what
    if not found and (is_linear(model) or available()):
        for number in model.reproduces:
            try:
                computed = reproduced(model, number)
            except RelaxantError as error:
                yield f"{where} reproduces “{number.title}”", str(error)
                continue
            except (ArithmeticError, LookupError, ValueError) as error:  # LinAlgError is a ValueError
                yield f"{where} reproduces “{number.title}”", f"it cannot be computed ({visible(str(error))}); look for a value of 0, and for what the measure needs"  # fmt: skip
                continue
            if computed.holds == (number.misses is not None):
                said = f"the card gives {computed.computed:.4g} {computed.unit}, {computed.error:+.1%} of {computed.published:.4g}"
                yield (
                    f"{where} reproduces “{number.title}”",
                    f"{said}: it holds, so take “misses” away"
                    if computed.holds
                    else f"{said}: more than it is allowed; say why under “misses”, or mend the card",
                )
    if all(number.ours for number in model.reproduces):
        yield where, "a card reproduces at least one published number; write one under `reproduces:`"


def _references(model: Model) -> Iterator[tuple[str, str]]:
    names = {p.parameter for p in model.parameters}
    if len(names) < len(model.parameters):
        yield "parameters", "a parameter is defined twice"
    places = {c.compartment for c in model.compartments}
    asked: list[tuple[str, str | None]] = []
    asked += [(f"compartment {c.compartment}", n) for c in model.compartments for n in (c.volume, c.rate, c.removal)]
    asked += [(f"flow from {f.giver}", n) for f in model.flows for n in (f.rate, f.clearance, f.fraction, f.other_fraction, f.saturable)]  # fmt: skip
    asked += [(f"input {i.route}", n) for i in model.inputs for n in (i.bioavailability, i.lag, i.duration)]
    asked += [("binding", n) for b in model.bindings for n in (b.on, b.off, b.dissociation)]
    asked += [(f"effect {e.effect}", n) for e in model.effects for n in (e.baseline, e.largest, e.half_at, e.hill, e.loss, e.slope)]  # fmt: skip
    asked += [(f"effect {e.effect}", n) for e in model.effects if (t := e.tolerance) for n in (t.rate, t.half_at, t.gain)]  # fmt: skip
    asked += [("relation", r.parameter) for r in model.relations]
    asked += [("correlation", n) for c in model.correlations for n in c.between]
    for where, name in asked:
        if name is not None and name not in names:
            yield where, f"there is no parameter “{name}”; {meant(name, names) or 'write it under `parameters:`'}"
    for where, place in (
        *((f"flow from {f.giver}", p) for f in model.flows for p in (f.giver, f.to)),
        *((f"input {i.route}", i.into) for i in model.inputs),
        *((f"output {o.output}", p) for o in model.outputs for p in (o.of, *o.bound)),
        *((f"effect {e.effect}", e.of) for e in model.effects),
        *((f"compartment {c.compartment}", p) for c in model.compartments for p in (c.effect_of, c.removed_by)),
        *(("binding", p) for b in model.bindings for p in (b.one, b.other, b.complex)),
    ):
        if place is not None and place not in places:
            yield (
                where,
                f"there is no compartment “{place}”; {meant(place, places) or 'write it under `compartments:`'}",
            )
    for flow in model.flows:
        if (flow.rate is None) == (flow.clearance is None):
            yield f"flow from {flow.giver}", "a flow has a rate or a clearance, one of them"
    volumes = {c.compartment for c in model.compartments if c.volume is not None or c.effect_of is not None}
    needed = [
        *((f.giver, "something leaves it by a clearance") for f in model.flows if f.clearance is not None),
        *(
            (f.to, "something is exchanged with it by a clearance")
            for f in model.flows
            if f.both_ways and f.clearance is not None and f.to is not None
        ),
        *((o.of, f"the output {o.output} is its concentration") for o in model.outputs if _is_concentration(o.unit)),
    ]
    for place, why in dict(needed).items():
        if place in places and place not in volumes:
            yield f"compartment {place}", f"it has no volume, and {why}; write `volume:` with the name of a parameter"
    for name in sorted(names - {n for _, n in asked if n}):
        yield f"parameter {name}", "nothing uses it; name it where it belongs, or take it away"
    outputs = {*(o.output for o in model.outputs), *(e.effect for e in model.effects)}
    for where, name in (
        *((f"reproduces “{n.title}”", n.output) for n in model.reproduces),
        *((f"target {t.target}", t.output) for t in model.targets),
        *((f"residual of {r.output}", r.output) for r in model.residuals),
    ):
        if name not in outputs:
            yield where, f"there is no output “{name}”; write {' or '.join(sorted(outputs))}"


def _is_concentration(text: str) -> bool:
    known = unit(text)
    return known is not None and ("L", -1) in known.dimensions


def _units(model: Model) -> Iterator[tuple[str, str]]:
    mass = _MASS[model.amount]
    wanted: dict[str, set[Dimensions]] = {}

    def ask(name: str | None, *dimensions: Dimensions) -> None:
        if name is not None:
            wanted.setdefault(name, set()).add(tuple(sorted(dimensions[0])))

    concentration: Dimensions = ((mass, 1), ("L", -1))
    for c in model.compartments:
        ask(c.volume, (_VOLUME,))
        ask(c.rate, _RATE)
        ask(c.removal, ((mass, -1), ("L", 1), ("s", -1)))
    for f in model.flows:
        ask(f.rate, _RATE)
        ask(f.clearance, _CLEARANCE)
        ask(f.fraction, _SHARE)
        ask(f.other_fraction, _SHARE)
        ask(f.saturable, concentration)
    for i in model.inputs:
        ask(i.bioavailability, _SHARE)
        ask(i.lag, (("s", 1),))
        ask(i.duration, (("s", 1),))
    for b in model.bindings:
        ask(b.on, ((mass, -1), ("L", 1), ("s", -1)))
        ask(b.off, _RATE)
        ask(b.dissociation, concentration)
    for e in model.effects:
        own = known.dimensions if (known := unit(e.unit)) else _SHARE
        ask(e.half_at, concentration)
        ask(e.hill, _SHARE)
        ask(e.loss, _RATE)
        ask(e.baseline, own)
        part = own if e.form in ("linear", "emax", "sigmoid") else _SHARE
        ask(e.largest, part)
        ask(e.slope, _per(part, concentration))
        if e.tolerance is not None:
            ask(e.tolerance.rate, _RATE)
            ask(e.tolerance.half_at, concentration)
            ask(e.tolerance.gain, _SHARE)
    for p in model.parameters:
        known = unit(p.unit)
        if known is None:
            yield (
                f"parameter {p.parameter}",
                f"the unit “{p.unit}” is not known; write one such as {_such_as(wanted.get(p.parameter, set()))}",
            )
        elif p.parameter in wanted and {known.dimensions} != wanted[p.parameter]:
            yield (
                f"parameter {p.parameter}",
                f"its unit “{p.unit}” does not fit where the card uses it; it is one such as {_such_as(wanted[p.parameter])}",
            )
    for what, text in (
        *((f"output {o.output}", o.unit) for o in model.outputs),
        *((f"effect {e.effect}", e.unit) for e in model.effects),
        *((f"reproduces “{n.title}”", n.unit) for n in model.reproduces),
        *((f"target {t.target}", t.unit) for t in model.targets),
    ):
        if unit(text) is None:
            yield what, f"the unit “{text}” is not known"
    for n in model.reproduces:
        known = unit(n.unit)
        if n.measure in _TIMES and known is not None and known.dimensions != (("s", 1),):
            yield (
                f"reproduces “{n.title}”",
                f"its unit “{n.unit}” is none of a time, and a {n.measure} is one; write one such as “h”",
            )


_EXAMPLES: dict[Dimensions, str] = {
    _SHARE: "1",
    _RATE: "1/h",
    (("s", 1),): "h",
    (_VOLUME,): "L",
    tuple(sorted(_CLEARANCE)): "L/h",
    tuple(sorted((("g", 1), ("L", -1)))): "ng/mL",
    tuple(sorted((("mol", 1), ("L", -1)))): "umol/L",
}


def _such_as(dimensions: set[Dimensions]) -> str:
    """A unit of these dimensions, quoted; of several uses one each."""
    return (
        " and ".join(f"“{_EXAMPLES.get(d) or _spelled(d)}”" for d in sorted(dimensions)) or "“L/h”, “L”, “1/h” or “1”"
    )


def _spelled(dimensions: Dimensions) -> str:
    """Dimensions as a product of base units."""
    return " ".join(base if power == 1 else f"{base}^{power}" for base, power in dimensions)


_TIMES = ("half-life", "time of peak", "time below")


def _per(one: Dimensions, other: Dimensions) -> Dimensions:
    powers = dict(one)
    for base, power in other:
        powers[base] = powers.get(base, 0) - power
    return tuple((base, power) for base, power in powers.items() if power)


def _effects(model: Model) -> Iterator[tuple[str, str]]:
    """Whether each effect has what its form asks for, and nothing that its form makes no use of."""
    values = {p.parameter: p.value for p in model.parameters}
    for e in model.effects:
        for what in _unfit(e):
            yield f"effect {e.effect}", what
        if e.form in ("inhibition", "turnover") and e.largest is not None and "stimulates" not in (e.acts or "") and values.get(e.largest, 0) > 1:  # fmt: skip
            yield f"effect {e.effect}", "what is inhibited by more than all of it would be negative"


def _unfit(e: Effect) -> Iterator[str]:
    indirect = e.form == "turnover"
    if (e.slope is None) == (e.half_at is None):
        yield "an effect has a slope or a concentration of half its largest, one of them"
    if (e.form == "linear") != (e.slope is not None) and not indirect:
        yield f"the form {e.form} {'needs a slope' if e.form == 'linear' else 'has no slope'}"
    if e.slope is not None and (e.largest is not None or e.hill is not None):
        yield "a slope goes on for ever: it has no largest effect and no hill"
    if (e.hill is not None) != (e.form == "sigmoid") and e.form in ("emax", "sigmoid"):
        yield f"the form {e.form} {'needs a hill' if e.form == 'sigmoid' else 'has no hill: call it sigmoid'}"
    if e.form in ("inhibition", "turnover") and e.baseline is None:
        yield f"the form {e.form} needs a baseline"
    if indirect != (e.loss is not None) or indirect != (e.acts is not None):
        yield "a turnover, and only a turnover, has a loss and says what the drug acts on"
    if e.acts is not None and e.acts.startswith("inhibits") and e.slope is not None:
        yield "inhibition by a slope would become more than all of it"
    if e.tolerance is None:
        return
    if (e.tolerance.form == "feedback") != (e.tolerance.half_at is None):
        yield "tolerance has a level that halves the effect, unless it is feedback"
    if e.tolerance.form == "feedback" and not indirect:
        yield "feedback needs a turnover"
    if e.tolerance.gain is not None and e.tolerance.form != "feedback":
        yield "only feedback has a gain"
    if e.tolerance.form == "competitive" and e.half_at is None:
        yield "competition needs a concentration of half the largest effect"


def _spreads(model: Model) -> Iterator[tuple[str, str]]:
    for p in model.parameters:
        if p.value < 0 or not np.isfinite(p.value):
            yield f"parameter {p.parameter}", f"its value {p.value:g} is negative or no number; write one above nought"
        elif p.value == 0 and any(p.parameter == c.volume for c in model.compartments):
            yield f"parameter {p.parameter}", "a volume is above nought"
        if (p.low is not None and p.low > p.value) or (p.high is not None and p.high < p.value):
            yield f"parameter {p.parameter}", "its value lies outside its own interval"
        if p.iiv_cv is not None and p.iiv_sd is not None:
            yield f"parameter {p.parameter}", "its spread is given twice, as iiv_cv and as iiv_sd"
        if (p.iiv_cv or 0) < 0 or (p.iiv_sd or 0) < 0:
            yield f"parameter {p.parameter}", "its spread is negative"
    try:
        variability(model)
    except KnowledgeError as error:
        yield "correlations", str(error)


def _bounds(model: Model) -> Iterator[tuple[str, str]]:
    for b in model.bounds:
        if not (b.extrapolate_to[0] <= b.studied[0] <= b.studied[1] <= b.extrapolate_to[1]):
            yield (
                f"bounds of {b.covariate}",
                "the range studied lies within the range it may be stretched to, both from low to high",
            )
    for r in model.relations:
        if r.form not in ("factor", "affine", "category") and r.reference is None:
            yield f"relation of {r.parameter} on {r.on}", f"the form {r.form} needs a reference"
        if r.form == "category" and not r.levels:
            yield f"relation of {r.parameter} on {r.on}", "a category needs its levels"
    for n in model.reproduces:
        where = f"reproduces “{n.title}”"
        if n.tolerance is not None and n.tolerance <= 0:
            yield where, "a tolerance is above 0"
        if n.tolerance is not None and n.independent and not n.ours:
            yield (
                where,
                "an independent number is held to 0.80 to 1.25 of it, or to the published range (between); it has no tolerance of its own",
            )
        if n.between is not None and not n.between[0] < n.between[1]:
            yield where, "the published range goes from low to high"
