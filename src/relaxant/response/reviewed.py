"""What the review says of the person as the diary leaves them, as far as it concerns what the diary holds."""

from __future__ import annotations

from datetime import date

import msgspec

from relaxant.response.falls import Fall
from relaxant.rules.findings import Finding
from relaxant.rules.reasons import Cited


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """A plan of the review that may not be made, and why."""

    agent: str
    title: str
    why: str


class Restart(msgspec.Struct, frozen=True, kw_only=True):
    """How to take up again what was stopped some days ago."""

    agent: str
    text: str
    verified: bool
    source: Cited


class Withdrawal(msgspec.Struct, frozen=True, kw_only=True):
    """The signs of its withdrawal, those of an emergency, when they come and what then."""

    agent: str
    signs: tuple[str, ...]
    emergency: tuple[str, ...]
    onset: str
    action: str
    verified: bool
    source: Cited


class Reviewed(msgspec.Struct, frozen=True, kw_only=True):
    """``said``: where diary and file differ. ``findings``: those of DANGER and CHANGE, gravest first, as the review says them; ``above``: those of its highest day alone, where that is
    above a limit; ``stepped_down``: those that
    a fall of the dose in the last days brings. ``restart``: how to take up again what was stopped, with the signs of its ``withdrawal``. ``gaps``: days
    without any that the diary shows, and that are over."""

    as_of: date
    country: str
    said: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    above: tuple[Finding, ...] = ()
    stepped_down: tuple[Finding, ...] = ()
    refused: tuple[Refused, ...] = ()
    restart: tuple[Restart, ...] = ()
    withdrawal: tuple[Withdrawal, ...] = ()
    gaps: tuple[Fall, ...] = ()
