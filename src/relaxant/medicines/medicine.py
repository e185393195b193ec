"""A medicine line once read: its ingredients, its regimen, and what it is to this review."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from relaxant.medicines.dictionary import Ingredient
from relaxant.medicines.misspelt import Suggestion
from relaxant.medicines.regimen import Regimen
from relaxant.patient import Change

Status = Literal["read", "partly read", "unrecognised"]
RoleInReview = Literal["current", "considering", "stopped"]


class Medicine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the list.

    ``agents`` are the relaxants it is, by ingredient and route; ``replaced`` when a weighed item takes its place,
    ``beside`` when it was said to come on top of what is taken,
    ``stop_weighed`` when what is weighed is to stop it (``replaced`` is then set too: it takes nothing's place),
    ``over`` when a record or the line says that it is not taken, on whichever day that ended;
    ``doubtful`` when it is held or asked about, so that it may be taken all the same;
    ``allergy_to`` the ingredients of a line that tells of an allergy and not of a medicine;
    ``not_understood`` holds the words that nobody could place; ``suggestions`` are offered, never taken;
    ``searched`` how many names were compared with all known ones, None where they should have been and were not.
    """

    said: str
    status: Status
    role: RoleInReview
    change: Change | None = None
    ingredients: tuple[Ingredient, ...] = ()
    agents: tuple[str, ...] = ()
    read_as: str = ""
    regimen: Regimen = Regimen()
    suggestions: tuple[Suggestion, ...] = ()
    searched: int | None = 0
    why: str | None = None
    not_understood: tuple[str, ...] = ()
    route_not_licensed: bool = False
    replaced: bool = False
    stop_weighed: bool = False
    beside: bool = False
    over: bool = False
    doubtful: bool = False
    allergy_to: tuple[str, ...] = ()
    by: str | None = None


class Said(Protocol):
    """What a medicine is to a review, as it was read or as it is shown."""

    @property
    def role(self) -> str: ...
    @property
    def change(self) -> str | None: ...
    @property
    def ingredients(self) -> Sequence[object]: ...
    @property
    def agents(self) -> tuple[str, ...]: ...


def no_relaxant(medicine: Said) -> bool:
    """Whether it is weighed, to be given, and none of the relaxants: rules ask what it does beside them, and nothing else of it."""
    weighed = medicine.role == "considering" and medicine.change != "stop"
    return weighed and bool(medicine.ingredients) and not medicine.agents
