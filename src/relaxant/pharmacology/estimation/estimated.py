"""What an estimation found: each person's own parameters, how sure, what was seen against what was predicted."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.errors import InputError
from relaxant.knowledge.cards import Model
from relaxant.pharmacology.cards.model import factor_of
from relaxant.pharmacology.estimation.closed_form import Closed
from relaxant.pharmacology.estimation.personal import Personal
from relaxant.pharmacology.estimation.posterior import Posterior, resampled
from relaxant.pharmacology.estimation.twins import Twins
from relaxant.pharmacology.estimation.walk import Walked

Floats = NDArray[np.float64]
Index = NDArray[np.intp]


class Seen(msgspec.Struct, frozen=True):
    """Every observation, one a row: ``person`` (its place), ``output``, ``time``, ``observed`` and ``limit`` in the output's unit.

    ``population`` is what the typical parameters (with the person's covariates) predict, ``individual`` what the person's own do;
    ``residual`` is (observed - individual) / standard deviation (IWRES), NaN below quantification and for what is no level.
    """

    person: Index
    output: tuple[str, ...]
    time: Floats
    observed: Floats
    limit: Floats
    population: Floats
    individual: Floats
    residual: Floats


class Part(msgspec.Struct, frozen=True):
    """People who were estimated together: their posterior, their places, where the walk ended, and twins."""

    hill: Closed | Personal
    people: Index
    walk: Walked
    population: Floats
    twins: Twins | None


class Estimated(msgspec.Struct, frozen=True):
    """The most probable parameters of some people under a card.

    ``parameters`` (people,) are in the card's own units (:meth:`unit` and :meth:`factor` lead to the published ones), as they hold at
    the beginning, deviations between occasions left out. ``deviations`` (parameters, people) are their logarithms over the typical
    ones, ``covariance`` (parameters, parameters, people) that of the deviations by Laplace's approximation, ``prior`` (parameters,
    parameters) the card's. ``kappas`` (occasions, parameters of ``varying``, people) are what each occasion adds, NaN where a person had
    fewer. ``objective`` is twice the negative log posterior up to a constant; ``arrived`` marks whose walk came to its end. ``warnings``
    are sentences for a reader.
    """

    model: Model
    labels: tuple[str, ...]
    names: tuple[str, ...]
    parameters: dict[str, Floats]
    deviations: Floats
    covariance: Floats
    prior: Floats
    varying: tuple[str, ...]
    kappas: Floats
    objective: Floats
    arrived: NDArray[np.bool_]
    seen: Seen
    parts: tuple[Part, ...]
    warnings: tuple[str, ...]

    def twins(self) -> dict[int, tuple[dict[str, float], float]]:
        """By the place of each person who has a flip-flop twin: its parameters, in the card's own units, and its share of the probability."""
        out: dict[int, tuple[dict[str, float], float]] = {}
        for part in self.parts:
            if part.twins is None:
                continue
            for j, place in enumerate(part.twins.people.tolist()):
                i = int(part.people[place])
                moved = np.exp(part.twins.deviations[: len(self.names), j] - self.deviations[:, i])
                own = {n: float(v[i]) for n, v in self.parameters.items()}
                own |= {n: own[n] * float(m) for n, m in zip(self.names, moved, strict=True)}
                out[i] = own, float(part.twins.share[j])
        return out

    def posterior(self, draws: int = 1000, *, seed: int) -> Posterior:
        """Draws of everybody's deviations, (draws, parameters, people), by importance resampling; occasions are averaged over."""
        size, count = self.deviations.shape
        kept, effective = np.empty((draws, size, count)), np.empty(count)
        for part in self.parts:
            drawn, behind = resampled(part.hill, part.walk.deviations, part.walk.covariance, draws, seed=seed + int(part.people[0]), twins=part.twins)  # fmt: skip
            kept[:, :, part.people], effective[part.people] = drawn[:, :size], behind
        return Posterior(self.names, kept, effective)

    def shrinkage(self) -> Floats:
        """Of each parameter, how much of the spread between people these data did not show: 1 - the spread seen over the prior's.

        Shape (parameters,). Raises :class:`InputError` for fewer people than two.
        """
        if len(self.labels) < 2:
            raise InputError("people", len(self.labels), "shrinkage is of a spread between people", "give at least two")
        return np.asarray(1 - self.deviations.std(axis=1) / np.sqrt(np.diag(self.prior)))

    def unit(self, name: str) -> str:
        """The unit in which the card publishes a parameter."""
        return next(p.unit for p in self.model.parameters if p.parameter == name)

    def factor(self, name: str) -> float:
        """What a value in that unit is multiplied by to be in the card's own."""
        return factor_of(self.unit(name), self.model)
