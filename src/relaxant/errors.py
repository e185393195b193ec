"""The exceptions a caller can meet. Findings are never exceptions.

RelaxantError
├── InputError       what was given cannot be used: names the field, what came and what would do
├── KnowledgeError   a knowledge pack is not sound
└── ReplayError      a review cannot be recomputed to the same bytes
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice


class RelaxantError(Exception):
    """Anything relaxant refuses to go on with."""


class InputError(RelaxantError):
    """Input that cannot be used. The message has one line: field, what came, why it cannot stand, what would do."""

    def __init__(self, field: str, came: object, why: str, would_do: str) -> None:
        self.field: str = visible(field)
        self.came: str = shown(came)
        self.why: str = visible(why)
        self.would_do: str = visible(would_do)
        super().__init__(f"{self.field}: {self.came}: {self.why}; {self.would_do}")


class KnowledgeError(RelaxantError):
    """A knowledge pack that cannot be loaded. ``faults``: what is wrong, each with the file and the place in it; the message is the first."""

    def __init__(self, *faults: str) -> None:
        self.faults = faults
        more = f"; and {len(faults) - 1} more, see `relaxant lint`" if len(faults) > 1 else ""
        super().__init__(f"{faults[0]}{more}")


class ReplayError(RelaxantError):
    """The engine or the knowledge differs from what wrote the review; the message names the difference."""


def meant(name: str, known: Iterable[str], least: float = 0.6) -> str:
    """The known name that is close to one that is not, as a question; nothing where none is.

    >>> meant("baclofin", ["baclofen", "tizanidine"])
    'did you mean “baclofen”?'
    """
    import difflib  # here, because only a fault needs it and a cold start is felt

    near = difflib.get_close_matches(name, list(known), 1, least)
    return f"did you mean “{near[0]}”?" if near else ""


def visible(text: str, most: int = 300) -> str:
    """Text on one line for a message: control and direction characters made visible, and cut where long.

    >>> visible("a\\x1b[31mb")
    'a\\\\u001b[31mb'
    """
    cut = text[:most]
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in cut) + ("…" if len(text) > most else "")


def shown(value: object, most: int = 60) -> str:
    """A value quoted for a message, as a patient file would write it.

    >>> shown({"name": "creatinine", "value": ["88"]})
    '“{name: creatinine, value: [88]}”'
    """
    return f"“{visible(_flow(value), most)}”"


def _flow(value: object, depth: int = 0) -> str:
    """Mappings and lists on one line, the first few of their entries."""
    if isinstance(value, str):
        return value
    if depth > 3:
        return "…"
    if isinstance(value, Mapping):
        return (
            "{" + ", ".join(f"{_flow(k, depth + 1)}: {_flow(v, depth + 1)}" for k, v in islice(value.items(), 9)) + "}"
        )
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_flow(v, depth + 1) for v in islice(value, 9)) + "]"
    return "nothing" if value is None else str(value)
