"""Whose labels a page of reference shows: the service's own country unless the reader chose another."""

from __future__ import annotations

import msgspec
from starlette.requests import Request

from relaxant.errors import InputError
from relaxant.io.patient_file import EU, read_country
from relaxant.io.said import said_unknown
from relaxant.knowledge.jurisdictions import JURISDICTIONS
from relaxant.knowledge.schema import Jurisdiction
from relaxant.patient import jurisdiction_of
from relaxant.service.house import House

_ALL = "all"
COUNTRIES = ("", "US", "UK", *sorted(EU), _ALL)
"""What a reader may choose; with nothing it is the service's own."""


class Country(msgspec.Struct, frozen=True, kw_only=True):
    """The ``chosen`` country by its code, or ``all``; its ``name``; the ``choices``. ``said``: the reader chose it; ``matters``: the page depends on it."""

    chosen: str
    name: str
    choices: tuple[tuple[str, str], ...]
    said: bool
    matters: bool

    @property
    def jurisdiction(self) -> Jurisdiction | None:
        """Whose labels hold, ``None`` for all."""
        return None if self.chosen == _ALL else jurisdiction_of(self.chosen)

    @property
    def query(self) -> str:
        """What a link to another page carries on."""
        return f"country={self.chosen}" if self.said else ""


def country_of(request: Request, house: House, *, matters: bool, every: bool = True) -> Country:
    """The country of a request. ``every``: all labels may be shown together. Raises :class:`relaxant.errors.InputError` for one that is not known."""
    words = house.knowledge.words("reference")["country"]
    own, said = read_country(house.settings.country), request.query_params.get("country")
    if said is not None and said_unknown(said) and said not in COUNTRIES:
        raise InputError("country", said, "this is no country", "write US, UK, EU or an EU member such as DE")
    chosen = _ALL if said == _ALL and every else own if said in (None, "", _ALL) else read_country(said)
    codes = dict.fromkeys((own, chosen, *JURISDICTIONS, *((_ALL,) if every else ())))
    names = {**words["names"], _ALL: words["all"]}
    choices = tuple((code, names.get(code) or words["member"].format(code=code)) for code in codes)
    return Country(
        chosen=chosen, name=dict(choices)[chosen], choices=choices, said=said not in (None, ""), matters=matters
    )
