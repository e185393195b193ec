"""People's own parameters under a card, from everything that was measured in them: levels and clinical responses together.

People whose card has a closed form and in whom one output's levels were measured are estimated in one batch; everybody else one at a
time along the card's own course. Both minimise the same: twice the negative logarithm of the posterior, with the card's spread
between people (and between occasions) as prior and its residual errors, or likelihoods that the caller names, for what was seen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.errors import InputError
from relaxant.knowledge.cards import Model
from relaxant.knowledge.load import shipped_words
from relaxant.pharmacology.cards.course import GivenDose, entry_of
from relaxant.pharmacology.cards.model import Covariates, variability
from relaxant.pharmacology.estimation.closed_form import Closed
from relaxant.pharmacology.estimation.estimated import Estimated, Part, Seen
from relaxant.pharmacology.estimation.event_people import people_of
from relaxant.pharmacology.estimation.observations import (
    Observation,
    Person,
    Series,
    refuse_unexplained,
    series_of,
    standardised,
)
from relaxant.pharmacology.estimation.personal import Personal, personal, stretches_of
from relaxant.pharmacology.estimation.residuals import Likelihood, ResidualError
from relaxant.pharmacology.estimation.together import batch_of, hill_together, twin_start
from relaxant.pharmacology.estimation.twins import with_twins
from relaxant.pharmacology.estimation.walk import Walked, walked
from relaxant.quantities import plain_number

Floats = NDArray[np.float64]
Index = NDArray[np.intp]
_SLIGHT = 0.005  # a share that would be written 0%


def estimate(
    model: Model,
    covariates: Covariates,
    doses: Sequence[GivenDose],
    observations: Sequence[Observation],
    *,
    occasions: Sequence[float] = (),
    residuals: Mapping[str, ResidualError] | None = None,
    likelihoods: Mapping[str, Likelihood] | None = None,
    degrees: float | None = None,
    extra_cv: float = 0.0,
    during: Sequence[str] = (),
    language: str = "en",
) -> Estimated:
    """The most probable parameters of one person; see :func:`estimate_people` for the choices. Shapes (..., 1).

    ``occasions`` are the times at which a further occasion begins.

    >>> from relaxant.knowledge.load import load_knowledge
    >>> card = load_knowledge().models["baclofen-oral-adult-simon-2018"]
    >>> doses = [GivenDose(amount=20, every=8, count=9)]
    >>> found = estimate(card, {}, doses, [Observation(time=66, value=700), Observation(time=71.5, value=480)])
    >>> bool(found.parameters["CL"][0] < 11.6)
    True
    """
    person = Person(doses=doses, observations=observations, covariates=covariates, occasions=occasions)
    return estimate_people(model, [person], residuals=residuals, likelihoods=likelihoods, degrees=degrees, extra_cv=extra_cv, during=during, language=language)  # fmt: skip


def estimate_table(
    model: Model,
    table: Any,
    *,
    outputs: Mapping[int, str] | None = None,
    residuals: Mapping[str, ResidualError] | None = None,
    likelihoods: Mapping[str, Likelihood] | None = None,
    degrees: float | None = None,
    extra_cv: float = 0.0,
    during: Sequence[str] = (),
    language: str = "en",
) -> Estimated:
    """The most probable parameters of everybody in an event table (columns of NM-TRAN), in order of ID.

    Columns and ``outputs``: :func:`relaxant.pharmacology.estimation.event_people.people_of`; choices: :func:`estimate_people`.

    >>> from relaxant.knowledge.load import load_knowledge
    >>> card = load_knowledge().models["baclofen-oral-adult-simon-2018"]
    >>> table = {"ID": [1, 1, 2, 2], "TIME": [0, 1.5, 0, 1.5], "EVID": [1, 0, 1, 0], "AMT": [20, 0, 20, 0], "DV": [0, 150, 0, 300]}
    >>> first, second = estimate_table(card, table).parameters["V"]
    >>> bool(first > second)
    True
    """
    people = people_of(model, table, outputs=outputs)
    return estimate_people(model, people, residuals=residuals, likelihoods=likelihoods, degrees=degrees, extra_cv=extra_cv, during=during, language=language)  # fmt: skip


def estimate_people(
    model: Model,
    people: Sequence[Person],
    *,
    residuals: Mapping[str, ResidualError] | None = None,
    likelihoods: Mapping[str, Likelihood] | None = None,
    degrees: float | None = None,
    extra_cv: float = 0.0,
    during: Sequence[str] = (),
    language: str = "en",
) -> Estimated:
    """The most probable parameters of each person under a card, linear or not.

    ``residuals`` (by output) stand before the card's own; ``degrees`` makes all of them Student's, so that outliers pull less.
    ``likelihoods`` (by output) are of what is no level: a score, a count. ``extra_cv`` widens the spread between people (a card
    stretched past whom it was measured in says by how much). ``during`` names circumstances that hold throughout. Raises
    :class:`InputError` naming person and field for data that cannot be, for an output whose scatter nobody gave and for a card in
    which nothing differs between people.
    """
    if not people:
        raise InputError("people", "none", "there is nobody", "give at least one person")
    names, covariance = _prior(model, extra_cv)
    between = {p.parameter: math.sqrt(math.log1p(p.iov_cv**2)) for p in model.parameters if p.iov_cv}
    if not names and not any(between and p.occasions for p in people):
        raise InputError("card", model.model, "nothing in it differs between people", "use a card with iiv_cv on its parameters")  # fmt: skip
    series = [series_of(model, person, residuals or {}, likelihoods or {}, degrees) for person in people]
    stretches = [stretches_of(model, person, bool(between)) for person in people]
    parts: list[Part] = []
    batches, others = batch_of(model, people, series, names, bool(between), during)
    for batch in batches:
        hill = hill_together(model, batch, people, stretches, series, names, covariance)
        parts.append(_walked(model, hill, batch.people, names, series, people))
    for i in others:
        one = personal(model, people[i], stretches[i], series[i], names, covariance, between, during=during)
        parts.append(_walked(model, one, np.array([i]), names, series, people))
    return _gathered(model, people, series, names, tuple(between), covariance, parts, language)


def _prior(model: Model, extra_cv: float) -> tuple[tuple[str, ...], Floats]:
    if not 0 <= extra_cv < math.inf:
        raise InputError("extra_cv", extra_cv, "it is no coefficient of variation", "give 0 or more")
    names, covariance = variability(model)
    return names, np.asarray(covariance + math.log1p(extra_cv**2) * np.eye(len(names)), dtype=np.float64)


def _walked(
    model: Model, hill: Closed | Personal, at: Index, names: tuple[str, ...], series: Sequence[tuple[Series, ...]], people: Sequence[Person]
  ) -> Part:  # fmt: skip
    """To the top from the typical person, and from the twin of where that ended."""
    own = np.arange(at.size)
    zeros = np.zeros((hill.size, at.size))
    population = hill.predictions(zeros, own)
    for j, i in enumerate(at.tolist()):
        first = 0
        for one in series[i]:
            refuse_unexplained(one, population[first : first + one.times.size, j], people[i].label)
            first += one.times.size
    found = walked(hill, zeros, own)
    into = entry_of(model, people[int(at[0])].doses[0]).into
    start, twins = twin_start(model, hill, into, found.deviations, names), None
    if start is not None:
        found, twins = with_twins(hill, found, start)
    return Part(hill, at, found, population, twins)


def _gathered(
    model: Model,
    people: Sequence[Person],
    series: Sequence[tuple[Series, ...]],
    names: tuple[str, ...],
    varying: tuple[str, ...],
    covariance: Floats,
    parts: Sequence[Part],
    language: str,
) -> Estimated:
    size, count = len(names), len(people)
    most = max(1 + len(p.occasions) for p in people) if varying else 0
    deviations, spread = np.zeros((size, count)), np.zeros((size, size, count))
    kappas = np.full((most, len(varying), count), np.nan)
    objective, arrived = np.empty(count), np.zeros(count, dtype=bool)
    parameters = {p.parameter: np.empty(count) for p in model.parameters}
    predicted: dict[int, tuple[Floats, Floats]] = {}
    for part in parts:
        walk: Walked = part.walk
        deviations[:, part.people], objective[part.people], arrived[part.people] = walk.deviations[:size], walk.objective, walk.arrived  # fmt: skip
        spread[:, :, part.people] = walk.covariance[:size, :size]
        own = part.hill.parameters(walk.deviations[:size], np.arange(part.people.size))
        for name, values in own.items():
            parameters[name][part.people] = values
        if isinstance(part.hill, Personal) and part.hill.varying:
            kappas[: part.hill.occasions, :, part.people[0]] = walk.deviations[size:, 0].reshape(part.hill.occasions, -1)  # fmt: skip
        for j, i in enumerate(part.people.tolist()):
            predicted[i] = part.population[:, j], walk.value[:, j]
    labels = tuple(p.label or (str(i + 1) if count > 1 else "") for i, p in enumerate(people))
    found = Estimated(model, labels, names, parameters, deviations, spread, covariance, varying, kappas, objective, arrived, _seen(series, predicted), tuple(parts), ())  # fmt: skip
    return msgspec.structs.replace(found, warnings=_warnings(found, people, language))


def _seen(series: Sequence[tuple[Series, ...]], predicted: Mapping[int, tuple[Floats, Floats]]) -> Seen:
    rows = []
    for i, own in enumerate(series):
        first = 0
        for one in own:
            population, individual = (p[first : first + one.times.size] for p in predicted[i])
            first += one.times.size
            rows.append((np.full(one.times.size, i), [one.name] * one.times.size, one.times, one.values, one.limits, population, individual, standardised(one, individual)))  # fmt: skip
    person, output, *columns = zip(*rows, strict=True)
    return Seen(
        np.concatenate(person), tuple(o for part in output for o in part), *(np.concatenate(c) for c in columns)
    )


def _warnings(found: Estimated, people: Sequence[Person], language: str) -> tuple[str, ...]:
    words, out = shipped_words("estimation", language), []

    def listed(deviations: Floats, person: int) -> str:
        values = [(n, found.parameters[n][person] * math.exp(d - found.deviations[i, person])) for i, (n, d) in enumerate(zip(found.names, deviations, strict=False))]  # fmt: skip
        shown = [(n, v / found.factor(n), found.unit(n)) for n, v in values]
        return str(words["listing"]).join(words["parameter"].format(name=n, value=f"{plain_number(v, 3)} {u}") for n, v, u in shown)  # fmt: skip

    for part in found.parts:
        if part.twins is None:
            continue
        for j, place in enumerate(part.twins.people.tolist()):
            i = int(part.people[place])
            out.append(words["twin"].format(person=found.labels[i] or words["this_person"], taken=listed(found.deviations[:, i], i), other=listed(part.twins.deviations[:, j], i), share=f"{share:.0%}" if (share := float(part.twins.share[j])) >= _SLIGHT else words["slight_share"]))  # fmt: skip
    for i in () if found.varying else [i for i, person in enumerate(people) if person.occasions]:
        out.append(words["no_spread_between"].format(person=found.labels[i] or words["this_person"], card=found.model.title))  # fmt: skip
    for i in np.flatnonzero(~found.arrived).tolist():
        out.append(words["not_arrived"].format(person=found.labels[i] or words["this_person"]))
    return tuple(out)
