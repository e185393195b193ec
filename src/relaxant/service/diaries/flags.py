"""When to call: the warning signs of the sheet for the person, of all medicines of a diary, each with its source."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.plans import Said
from relaxant.knowledge.schema import Cited
from relaxant.report.patient_sheet import graver, names_any, plainly
from relaxant.service.diaries.columns import Columns


class Flag(msgspec.Struct, frozen=True):
    """A sign in the person's words, and whence it is."""

    text: str
    cited: Cited


class Flags(msgspec.Struct, frozen=True):
    """``now``: for which to get help at once; ``team``: for which to call the team."""

    now: tuple[Flag, ...]
    team: tuple[Flag, ...]


def flags_of(columns: Columns, country: str, knowledge: Knowledge) -> Flags:
    """The signs of a diary's medicines. What holds for some people alone is left out: a diary does not know whom it is for."""
    agents = {m.agent for m in columns.medicines}
    instead = knowledge.words("diary_page")["flags"]["instead"]
    at_once = knowledge.words("patient-sheet")["at_once"]
    now: dict[str, Flag] = {}
    team: dict[str, Flag] = {}
    for withdrawal in knowledge.plans.withdrawals.values():
        if agents & set(withdrawal.agents) and _holds(withdrawal.jurisdiction, country):
            for text in withdrawal.person_emergency or ():
                now.setdefault(text, Flag(text, withdrawal))
    for call in _calls(agents, country, knowledge):
        at_worst = names_any(call.text, at_once)
        for text in _signs(call, knowledge):
            said = str(instead.get(text, text))
            into = now if at_worst or any(sign.lower() in said.lower() for sign in now) else team
            into.setdefault(said, Flag(said, call))
    grave = list(now)
    return Flags(
        tuple(now.values()), tuple(f for f in team.values() if f.text not in now and not graver(f.text, grave))
    )


def _calls(agents: set[str], country: str, knowledge: Knowledge) -> Iterator[Said]:
    for gates in knowledge.plans.gates.values():
        if gates.of != "pump" and agents & set(gates.agents):
            yield from (c for c in gates.call if c.when is None and _holds(c.jurisdiction, country))


def _signs(call: Said, knowledge: Knowledge) -> tuple[str, ...]:
    """What is seen or felt, without what to do about it: a diary says nothing of doses."""
    if call.person is None:
        return (plainly(call.text.split(":")[0], knowledge.words("patient-sheet")),)
    return tuple(text.split(". ")[0].rstrip(".") for text in call.person)


def _holds(jurisdiction: tuple[str, ...], country: str) -> bool:
    return not jurisdiction or country in jurisdiction or (country not in ("US", "UK") and "EU" in jurisdiction)
