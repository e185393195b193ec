"""What a review says is to be monitored: what has a day, and what is said in words alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from relaxant.facts.facts import Facts
from relaxant.medicines.medicine import Medicine
from relaxant.patient import Patient
from relaxant.planning.follow_up import ShownAct, follow_up, in_words
from relaxant.planning.plan import Plan
from relaxant.planning.pump import refill_by
from relaxant.rules.reasons import Cited, cited
from relaxant.rules.wording import shown_agent_name


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """What to monitor for an agent: ``at`` says when in words and ``act`` what to do at which result.

    With ``dated`` it has days as well. ``due`` is the next (``null``: nothing falls due, or no day can be told), ``then`` are those after it
    within a year; ``last_done`` and ``last_value`` are what the record shows, ``lacking`` what it does not and would have to, and ``measured`` is
    false where a record cannot show it.
    ``not_before``: from that day and not by it. ``start_known`` false: the day to count from is not known; ``settled_by`` would tell,
    as it would whether the item is for this person. ``acts`` are the sentences of ``act``, each with whether it holds now.
    """

    agent: str
    what: str
    at: str
    act: str
    verified: bool
    source: Cited
    dated: bool = False
    due: date | None = None
    then: tuple[date, ...] = ()
    last_done: date | None = None
    last_value: str | None = None
    lacking: tuple[str, ...] = ()
    measured: bool = False
    overdue: bool = False
    overdue_days: int = 0
    not_before: bool = False
    start_known: bool = True
    acts: tuple[ShownAct, ...] = ()
    settled_by: tuple[str, ...] = ()


def monitoring(facts: Facts, patient: Patient, medicines: Sequence[Medicine], plans: Sequence[Plan]) -> list[Watch]:
    """What has a day, the longest overdue first; then what has none, agent by agent."""
    act = str(facts.knowledge.words("follow")["act"])
    dated = follow_up(facts, patient, medicines, plans=plans, refill=refill_by(patient, medicines, facts))
    out = [
        Watch(
            agent=shown_agent_name(item.agent, facts),
            what=item.what,
            at=item.at,
            act=" ".join(act.format(at=a.at, do=a.do) for a in item.act),
            verified=item.verified,
            source=item.source,
            dated=True,
            due=item.due,
            then=item.then,
            last_done=item.last_done,
            last_value=item.last_value,
            lacking=item.lacking,
            measured=item.measured,
            overdue=item.overdue,
            overdue_days=item.overdue_days,
            not_before=item.not_before,
            start_known=item.start_known,
            acts=item.act,
            settled_by=item.settled_by,
        )
        for item in dated
    ]
    out += [
        Watch(
            agent=shown_agent_name(agent, facts),
            what=entry.what,
            at=entry.at,
            act=entry.act,
            verified=entry.verified,
            source=cited(facts.knowledge, entry.source, entry.place),
        )
        for agent, entry in in_words(facts, dated, plans=plans)
    ]
    return [*(w for w in out if w.due is not None), *sorted((w for w in out if w.due is None), key=lambda w: w.agent)]
