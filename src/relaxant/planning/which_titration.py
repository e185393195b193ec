"""Which titration a person's start follows: what surely fits comes before what may, the release asked for before any other."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from relaxant.facts.facts import Facts
from relaxant.knowledge.jurisdictions import holds_in
from relaxant.knowledge.plans import Titration


class Fit(msgspec.Struct, frozen=True, kw_only=True):
    """A titration that fits a person, or may: ``needs`` are the inputs that would tell."""

    titration: Titration
    needs: tuple[str, ...] = ()


def fits(agent: str, facts: Facts, row: int = 0) -> list[Fit]:
    """The titrations that fit the person or may, the plan's choice first: what is sold without release of its own before what is, a form of
    its own last; then those for a condition that the person has; then in the order of the file."""
    found = []
    for titration in facts.knowledge.plans.titrations.values():
        if titration.agent != agent or not holds_in(titration, facts.jurisdiction):
            continue
        surely, maybe = facts.of_age(titration.age_from, titration.age_to, row)
        weight, least = facts.column("weight"), titration.weight_from
        if not maybe or (least is not None and weight.high.item(row) < least):
            continue
        if titration.conditions and not any(facts.column(f"condition:{c}").surely[row] for c in titration.conditions):
            continue
        light = least is not None and not weight.low.item(row) >= least
        found.append(Fit(titration=titration, needs=(*([] if surely else ["age"]), *(["weight"] if light else []))))
    return sorted(found, key=lambda f: f.titration.rank)


def titrations(agent: str, facts: Facts, row: int = 0) -> list[Titration]:
    """The titrations that fit the person or may, the plan's choice first."""
    return [fit.titration for fit in fits(agent, facts, row)]


def chosen_fit(found: Sequence[Fit], *, release: str | None, form: str | None, goal: float | None, named: str | None) -> tuple[Fit | None, tuple[str, ...]]:  # fmt: skip
    """The titration that a plan follows, and what would settle whether another stood before it; ``None`` where none surely fits.

    ``named`` is taken as it is. ``release`` (``None``: not said) keeps what is written for it; ``form`` brings what is written for that form,
    and ``goal`` (the day's dose that is weighed) what reaches it among those that rank alike. Raises :class:`KeyError` where the one that
    is named does not fit.
    """
    if named is not None:
        return {f.titration.titration: f for f in found}[named], ()
    own = [f for f in found if release in (None, f.titration.release)]
    own.sort(key=lambda f: form is None or f.titration.form != form)
    sure = [f for f in own if not f.needs]
    if not sure:
        return None, _needs(own)
    first = sure[0]
    alike = [f for f in sure if f.titration.rank == first.titration.rank]
    chosen = next((f for f in alike if goal in [s.daily for s in f.titration.stages]), first)
    return chosen, _needs(own[: own.index(first)])


def _needs(found: Sequence[Fit]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(n for f in found for n in f.needs))
