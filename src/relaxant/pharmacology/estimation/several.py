"""Several models of one medicine in one person: each fitted to what was measured, and weighed by how well it foresaw that.

A model's weight is its share of the evidence: the probability of the observations under the model, its parameters averaged out over
the spread between people (Laplace's approximation around the most probable ones; Kass and Raftery 1995, Bayes factors, Journal of
the American Statistical Association 90:773-95). A model that fits well only with parameters that hardly anybody has weighs little. Before
anything is measured all weigh alike.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from relaxant.errors import InputError
from relaxant.knowledge.cards import Model
from relaxant.pharmacology.cards.course import GivenDose, name_of, output_named
from relaxant.pharmacology.cards.model import Covariates
from relaxant.pharmacology.estimation.estimate import estimate
from relaxant.pharmacology.estimation.estimated import Estimated
from relaxant.pharmacology.estimation.observations import Observation, published_error
from relaxant.pharmacology.estimation.residuals import ResidualError


class Opinion(msgspec.Struct, frozen=True, kw_only=True):
    """A model for this person: the covariates it is given, how much its spread is widened, the doses and observations in its time."""

    model: Model
    doses: Sequence[GivenDose]
    observations: Sequence[Observation]
    covariates: Covariates = msgspec.field(default_factory=dict)
    extra_cv: float = 0.0


class Weighed(msgspec.Struct, frozen=True, kw_only=True):
    """A model after the observations: its share of the evidence, the person's own parameters under it.

    ``borrowed`` names the model whose residual error it was given because none was published for it.
    """

    model: str
    weight: float
    log_evidence: float
    estimated: Estimated
    borrowed: str | None = None


def weighed(opinions: Sequence[Opinion]) -> tuple[Weighed, ...]:
    """Every model fitted to the same observations, with its weight; the weights add up to 1.

    A model without a published residual error borrows that of the first which has one. Raises :class:`InputError` for no
    model, for models that were given unequal observations, and where no model says how an observation scatters.
    """
    if not opinions:
        raise InputError("models", "none", "there is nothing to weigh", "give at least one model")
    counts = {len(o.observations) for o in opinions}
    if len(counts) != 1:
        raise InputError("observations", sorted(counts), "the models were given different observations", "give each the same")  # fmt: skip
    lender = next((o.model for o in opinions if _error(o.model) is not None), None)
    found = []
    for opinion in opinions:
        model, borrowed, residuals = opinion.model, None, None
        if _error(model) is None:
            lent = None if lender is None else _error(lender, output_named(model, None).unit)
            if lender is None or lent is None:
                raise InputError("residual", model.model, "no model says how a level scatters", "give a card with a residual error")  # fmt: skip
            borrowed, residuals = lender.model, {_first(model): lent}
        made = estimate(
            model, opinion.covariates, opinion.doses, opinion.observations, residuals=residuals, extra_cv=opinion.extra_cv
        )  # fmt: skip
        found.append((model.model, made, borrowed))
    logs = np.array([log_evidence(made) for _, made, _ in found])
    shares = np.exp(logs - logs.max())
    shares /= shares.sum()
    return tuple(
        Weighed(model=name, weight=float(share), log_evidence=float(log), estimated=made, borrowed=borrowed)
        for (name, made, borrowed), share, log in zip(found, shares, logs, strict=True)
    )


def log_evidence(found: Estimated, person: int = 0) -> float:
    """The logarithm of the probability of a person's observations under the model, up to a constant that all models share.

    Laplace's approximation: the posterior at its top, times its own breadth, over the breadth of the prior.
    """
    covariance, prior = found.covariance[:, :, person], found.prior
    breadth = np.linalg.slogdet(covariance)[1] - np.linalg.slogdet(prior)[1]
    return float(-found.objective[person] / 2 + breadth / 2)


def _first(model: Model) -> str:
    return name_of(output_named(model, None))


def _error(model: Model, unit: str | None = None) -> ResidualError | None:
    """The residual error that was published of the first output; ``None`` where none was. In another unit its share alone carries over."""
    output = output_named(model, None)
    found = published_error(model, output)
    if found is None:
        return None
    additive = found.additive if unit in (None, output.unit) else 0.0
    return ResidualError(found.proportional, additive) if found.proportional or additive else None
