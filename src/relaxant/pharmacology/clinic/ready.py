"""A card made ready for one person: how a line enters it, its parameters in the person and in virtual copies, its courses on the clock.

The virtual people differ by the card's own spread, by what its stretched and uncertain parts add to that, and by what is known of the
person only between two bounds. They are the same few hundred in every scenario, so that two courses differ by what is compared alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.errors import InputError
from relaxant.knowledge.cards import Effect, Model, Output, Relation
from relaxant.knowledge.load import Knowledge
from relaxant.medicines.medicine import Medicine
from relaxant.pharmacology.cards.course import GivenDose, courses, entry_of, output_named
from relaxant.pharmacology.cards.model import (
    SINGLE_DOSE,
    Covariates,
    an_hour,
    depends_on_dose,
    individual,
    milligrams,
    multiplier,
    variability,
)
from relaxant.pharmacology.clinic.domain import Standing
from relaxant.pharmacology.clinic.others import Altered
from relaxant.pharmacology.clinic.regimens import Pattern, Timed
from relaxant.pharmacology.exposure.contributions import ways_out
from relaxant.pharmacology.spread.even import even_normals, even_points
from relaxant.quantities import Quantity, convert, unit

Floats = NDArray[np.float64]
Taken = list[tuple[Medicine, Pattern]]
"""Lines of one medicine with their doses on a clock."""
_WITH_FOOD, _WITHOUT_FOOD = ("with food",), ("without food",)


class ReadyCard(msgspec.Struct, frozen=True):
    """A card made ready for the person, and how it is entered. ``parameters`` are those of the typical person, then of the virtual people.

    ``aside`` is a standard normal of each, independent of the rest (0 for the typical person): for what changes their exposure. ``names``
    are the parameters that differ between people, ``prior`` the covariance of their logarithms with all that widens it.
    """

    model: Model
    standing: Standing
    route: str
    parameters: dict[str, Floats]
    aside: Floats
    names: tuple[str, ...] = ()
    prior: Floats = np.zeros((0, 0))

    @property
    def spreads(self) -> bool:
        """Whether the card tells how people differ."""
        return self.aside.size > 1

    @property
    def typical(self) -> dict[str, Floats]:
        """The typical person's parameters."""
        return {n: v[:1] for n, v in self.parameters.items()}

    @staticmethod
    def of(model: Model, own: Standing, route: str, knowledge: Knowledge) -> ReadyCard:
        count = round(knowledge.policy("predicted_people"))
        names, covariance = variability(model)
        middle = individual(model, _only(own.middle(), model))
        if not names:
            return ReadyCard(model, own, route, middle, np.zeros(1))
        # What is stretched concerns how it leaves as well, where no spread of that was published.
        stretched = (*names, *ways_out(model)) if own.widen_cv else names
        extra = dict.fromkeys(stretched, math.log1p(own.widen_cv**2))
        for relation in model.relations:
            band = _band(relation, own)
            if band:
                extra[relation.parameter] = extra.get(relation.parameter, 0.0) + band
        wide = np.diag(list(extra.values()))
        wide[: len(names), : len(names)] += covariance
        plain = ReadyCard(model, own, route, middle, np.zeros(1), tuple(extra), wide)
        return plain.peopled(np.zeros(len(extra)), wide, count)

    def peopled(self, centre: Floats, covariance: Floats, count: int) -> ReadyCard:
        """The card with so many virtual people whose deviations scatter about a centre; the typical person is at the centre."""
        size = len(self.names)
        *normals, aside = even_normals(size + 1, count)
        deviations = dict(
            zip(self.names, centre[:, None] + np.linalg.cholesky(covariance) @ np.array(normals), strict=True)
        )
        covariates = self.standing.spread(even_points(size + 1 + len(self.standing.open), count)[size + 1 :])
        people = individual(self.model, _only(covariates, self.model), deviations=deviations)
        middle = individual(
            self.model, _only(self.standing.middle(), self.model), deviations=dict(zip(self.names, centre, strict=True))
        )
        return msgspec.structs.replace(
            self, parameters={n: np.append(middle[n], v) for n, v in people.items()}, aside=np.append(0.0, aside)
        )

    def altered(self, by: Altered) -> ReadyCard:
        """The card with its clearances and what reaches the circulation changed, each person by an own share of what is uncertain."""
        if not by.changes:
            return self
        scaled = [p.parameter for p in self.model.parameters if _holds_litres(p.unit)]
        changed = {n: v * by.ratios.get(n, 1.0) for n, v in self.parameters.items()}
        # Volumes and clearances smaller by one factor leave every rate as it is and raise every concentration by that factor.
        less = by.reaching * np.exp(by.log_sd * self.aside)
        return msgspec.structs.replace(self, parameters=changed | {n: changed[n] / less for n in scaled})

    def with_dose(self, size: float) -> dict[str, Floats]:
        """The parameters at a dose of this size, in mg."""
        changed = individual(self.model, {SINGLE_DOSE: size})
        plain = individual(self.model, {})
        return {n: v * (changed[n] / plain[n]) for n, v in self.parameters.items()}


def _holds_litres(text: str) -> bool:
    known = unit(text)
    return known is not None and ("L", 1) in known.dimensions


def _band(relation: Relation, own: Standing) -> float:
    """The variance that an uncertain relation adds to its parameter's logarithm, where it changes anything here.

    Where its covariate is stretched as well, the widening for that says the same: what the relation has beyond it is added.
    """
    interval = own.covariates.get(relation.on)
    if not relation.band_cv or interval is None or (multiplier(relation, np.array(interval)) == 1).all():
        return 0.0
    return max(0.0, math.log1p(relation.band_cv**2) - math.log1p(own.widened.get(relation.on, 0.0) ** 2))


def _only(covariates: Covariates, model: Model) -> Covariates:
    """Without the single dose, which differs from dose to dose."""
    return {name: value for name, value in covariates.items() if name != SINGLE_DOSE}


def entry_of_line(card: Model, medicine: Medicine, route: str) -> GivenDose | None:
    """How a line enters a card: the product as said, else as the card has it; ``None`` where the card has no such product."""
    regimen = medicine.regimen
    releases = {i.release for i in card.inputs if i.route == route}
    if regimen.release in (None, "immediate"):
        asked: list[str | None] = [r for r in ("immediate", None) if r in releases]
    else:
        asked = [*sorted(r for r in releases if r is not None and r != "immediate")]
    forms = {i.form for i in card.inputs if i.route == route}
    form = regimen.form if regimen.form in forms else None
    drug = card.ingredient if any(i.drug for i in card.inputs) else None
    said = fed_of([(medicine, Pattern(doses=()))])
    for release in asked:
        for fed in dict.fromkeys((said, None, False)):
            dose = GivenDose(amount=1.0, route=route, form=form, release=release, fed=fed, drug=drug)
            try:
                entry_of(card, dose)
            except InputError:
                continue
            return dose
    return None


def usual_route(cards: Sequence[Model]) -> str:
    """The route of a line that says none: by mouth where a card has that, else the first that one has."""
    routes = [i.route for m in cards for i in m.inputs]
    return "oral" if "oral" in routes else routes[0]


def fed_of(lines: Taken) -> bool | None:
    """Whether it is taken with food, as the lines say; ``None`` where they say nothing or not the same."""
    said = {
        note in _WITH_FOOD
        for medicine, _ in lines
        for note in medicine.regimen.notes
        if note in (*_WITH_FOOD, *_WITHOUT_FOOD)
    }
    return said.pop() if len(said) == 1 else None


def meals_of(lines: Taken) -> dict[str, float]:
    fed = fed_of(lines)
    return {} if fed is None else {"fed": float(fed)}


def hours_of_day(knowledge: Knowledge) -> dict[str, float]:
    prefix = "hour_of_"
    return {name.removeprefix(prefix): p.value for name, p in knowledge.policies.items() if name.startswith(prefix)}


def outputs_drawn(model: Model) -> list[str]:
    """What is drawn: the first concentration, those of active metabolites, and every effect; not the effect site by itself."""
    sites = {c.compartment for c in model.compartments if c.effect_of}
    first, *others = model.outputs
    return [first.output, *(o.output for o in others if o.of not in sites), *(e.effect for e in model.effects)]


def followed_by(
    card: ReadyCard, first: Model, lines: Taken, times: Floats, outputs: Sequence[str]
) -> dict[str, Floats]:
    """What the card has of the first card's outputs, in their units, at these hours: the typical person, then the virtual people.

    Doses whose size changes a parameter are computed apart and added.
    """
    own: dict[str, tuple[str, float]] = {}
    for output in outputs:
        wanted = output_named(first, output)
        name = _same(card.model, wanted, first)
        factor = None if name is None else _factor(output_named(card.model, name).unit, wanted.unit, card.model)
        if name is not None and factor is not None:
            own[output] = name, factor
    scale = an_hour(card.model)
    doses = [
        dose
        for medicine, each in lines
        for dose in steady_doses(each, entry_of_line(card.model, medicine, card.route), scale)
    ]
    parts = [(card.parameters, doses)]
    if depends_on_dose(card.model):
        by_size: dict[float, list[GivenDose]] = {}
        for dose in doses:
            by_size.setdefault(milligrams(dose.amount, dose.unit), []).append(dose)
        parts = [(card.with_dose(size), those) for size, those in by_size.items()]
    found = [courses(card.model, having, given, times * scale, [n for n, _ in own.values()]) for having, given in parts]
    shape = times.size, card.aside.size
    return {o: np.broadcast_to(sum(f[name] for f in found) * factor, shape) for o, (name, factor) in own.items()}


def _same(model: Model, wanted: Output | Effect, of: Model) -> str | None:
    """The output of another card that is the same thing: its first concentration, or what has the same name."""
    if isinstance(wanted, Output):
        if wanted.output == of.outputs[0].output:
            return model.outputs[0].output
        return wanted.output if any(o.output == wanted.output for o in model.outputs) else None
    return wanted.effect if any(e.effect == wanted.effect for e in model.effects) else None


def _factor(have: str, want: str, model: Model) -> float | None:
    return convert(Quantity(1.0, have), want, molar_mass=model.molar_mass)


def steady_doses(own: Pattern, entry: GivenDose | None, scale: float) -> list[GivenDose]:
    """A pattern's doses as the course takes them, in the card's time: equal ones at equal intervals as one."""
    if entry is None:
        raise AssertionError("a card without an entry for the line is not drawn")

    def dose(timed: Timed, **how: float | int | bool | None) -> GivenDose:
        return msgspec.structs.replace(
            entry, amount=timed.amount, unit=timed.unit, infused_over=timed.infused_over * scale, **how
        )

    if own.every is None:
        return [dose(d, time=d.hour * scale) for d in own.doses]
    gaps = np.diff([*(d.hour for d in own.doses), own.doses[0].hour + own.every])
    alike = len({(d.amount, d.unit, d.infused_over) for d in own.doses}) == 1
    if alike and np.ptp(gaps) < own.every * 1e-9:
        gap = float(gaps[0])
        return [
            dose(own.doses[0], time=(own.doses[0].hour - own.every) * scale, every=gap * scale, count=2 * len(own.doses) + 1, steady=True)
        ]  # fmt: skip
    return [
        dose(d, time=(d.hour - own.every) * scale, every=own.every * scale, count=3, steady=True) for d in own.doses
    ]


def doses_from_first(model: Model, medicine: Medicine, own: Pattern, until: float) -> list[GivenDose]:
    """A pattern's doses from its first on, in the card's time, up to ``until`` (the card's unit). Raises :class:`InputError` for a product
    that the card has not."""
    route = medicine.regimen.route or usual_route([model])
    entry = entry_of_line(model, medicine, route)
    if entry is None:
        raise InputError(
            "dose", medicine.said, f"{model.model} has no way in for it", "say the route, such as intravenous"
        )
    scale, out = an_hour(model), []
    for timed in own.doses:
        at = timed.hour * scale
        count = 1 if own.every is None else 1 + max(0, math.floor((until - at) / (own.every * scale)))
        every = None if own.every is None else own.every * scale
        out.append(
            msgspec.structs.replace(
                entry, time=at, amount=timed.amount, unit=timed.unit, infused_over=timed.infused_over * scale, every=every, count=count
            )
        )  # fmt: skip
    return out
