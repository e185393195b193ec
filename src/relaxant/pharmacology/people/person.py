"""Whom a question is about: a card, one person's covariates, and what is known of this one beyond them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from relaxant.errors import InputError
from relaxant.knowledge.cards import Model
from relaxant.pharmacology.cards.course import GivenDose
from relaxant.pharmacology.cards.model import (
    SINGLE_DOSE,
    Covariates,
    depends_on_dose,
    individual,
    is_linear,
    milligrams,
)
from relaxant.pharmacology.estimation.closed_form import Posterior
from relaxant.pharmacology.people.populations import drawn, widened

Floats = NDArray[np.float64]
_PEOPLE, _PEOPLE_SOLVED = 1000, 100  # one after the other goes through the solver


class Person(msgspec.Struct, frozen=True):
    """Whom a question is about: a card, one person's covariates, and what is known beyond them.

    ``draws`` are deviations (of logarithms) of parameters from this person's posterior, one array a parameter; a parameter that is not
    among them stays typical. Without them people differ as the card says, ``people`` are drawn (1000; 100 for a card that
    needs the equation solver), and ``extra_cv`` widens their spread. ``during`` names circumstances that hold.
    """

    model: Model
    covariates: Covariates = {}
    draws: Mapping[str, ArrayLike] | None = None
    extra_cv: float = 0.0
    people: int | None = None
    seed: int = 1
    during: tuple[str, ...] = ()


def draws_of(posterior: Posterior, who: int = 0) -> dict[str, Floats]:
    """One person's draws, by parameter, from the posterior of a batch."""
    return {name: posterior.deviations[:, i, who] for i, name in enumerate(posterior.names)}


class Known(msgspec.Struct, frozen=True):
    """The draws, and whom the dose is aimed at: the typical person (one draw without deviations) or the middle of all draws."""

    deviations: dict[str, Floats]
    typical: bool
    based_on: str

    @property
    def aimed(self) -> dict[str, Floats]:
        """The deviations of whom the dose is aimed at."""
        return {} if self.typical else self.deviations


def middle(values: Floats) -> float:
    """The middle of the draws; of one, itself."""
    return float(np.median(values))


def known_of(person: Person) -> Known:
    """What is known of a person, as draws. Raises :class:`InputError` for several persons, and draws that the card cannot take."""
    for covariate, value in person.covariates.items():
        if not isinstance(value, str) and np.size(value) != 1:
            raise InputError(covariate, np.size(value), "the question is about one person", "give one value, or ask attainment() about many")  # fmt: skip
    solved = not is_linear(person.model)
    most = person.people or (_PEOPLE_SOLVED if solved else _PEOPLE)
    if person.draws is None:
        deviations = widened(drawn(person.model, most, seed=person.seed), person.extra_cv, seed=person.seed)
        words = f"{most} people who differ as the card says" if deviations else "the typical person: the card gives no spread between people"  # fmt: skip
        return Known(deviations, True, words)
    given = {name: np.atleast_1d(np.asarray(values, dtype=np.float64)) for name, values in person.draws.items()}
    names = {p.parameter for p in person.model.parameters}
    for name, values in given.items():
        if name not in names:
            raise InputError("draws", name, f"{person.model.model} has no such parameter", f"use {', '.join(sorted(names))}")  # fmt: skip
        if not np.isfinite(values).all():
            raise InputError("draws", name, "a deviation is not a finite number", "give logarithms of ratios")
    size = max((v.size for v in given.values()), default=1)
    kept = np.linspace(0, size - 1, most).astype(np.intp) if solved and size > most else np.arange(size)
    given = {name: values[kept] if values.size == size else values for name, values in given.items()}
    return Known(widened(given, person.extra_cv, seed=person.seed), False, f"{kept.size} draws of this person's own parameters")  # fmt: skip


def parameters_of(person: Person, deviations: Mapping[str, Floats], dose: GivenDose) -> dict[str, Floats]:
    """A person's parameters in each draw, at this dose. Raises :class:`InputError` where a covariate leaves one unknown."""
    covariates = dict(person.covariates)
    if depends_on_dose(person.model):
        covariates[SINGLE_DOSE] = milligrams(dose.amount, dose.unit)
    made = individual(person.model, covariates, deviations=deviations)
    unknown = next((name for name, values in made.items() if not np.isfinite(values).all()), None)
    if unknown is not None:
        raise InputError("covariates", ", ".join(covariates), f"{unknown} does not follow from them", "look for a value that is unknown or impossible")  # fmt: skip
    return made
