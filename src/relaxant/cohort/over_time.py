"""What a screen of a period counts besides: the time at risk, what is new in it, and month by month who takes what. Counts that add up, and no person."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

Counted = TypeVar("Counted", bound=msgspec.Struct)


def added(one: Counted, other: Counted) -> Counted:
    """Counts of some people and of others as one."""
    return type(one)(*(getattr(one, name) + getattr(other, name) for name in one.__struct_fields__))


class Watched(msgspec.Struct, frozen=True):
    """``persons`` who were watched in the period, on how many ``days`` of it, and how many of them on its ``last`` day."""

    persons: int = 0
    days: int = 0
    last: int = 0

    def __add__(self, other: Watched) -> Watched:
        return added(self, other)


class Found(msgspec.Struct, frozen=True):
    """What a rule found among those who were watched: ``new`` are the persons with an episode that began in the period and none in the washout;
    ``before`` those with one in the washout, who are not at risk; ``days`` are those on which either was watched and no longer at risk; ``last`` have one on
    the last day."""

    new: int = 0
    before: int = 0
    days: int = 0
    last: int = 0

    def __add__(self, other: Found) -> Found:
        return added(self, other)


class Month(msgspec.Struct, frozen=True):
    """Of one agent in one month the persons ``taking`` it, those ``new`` to it, those who ``stopped`` and those of whom a rule says that it was
    ``abrupt``; of those with a limit and a known dose (``limited``) those ``above`` the label's maximum."""

    taking: int = 0
    new: int = 0
    stopped: int = 0
    abrupt: int = 0
    limited: int = 0
    above: int = 0

    def __add__(self, other: Month) -> Month:
        return added(self, other)


class OverTime(msgspec.Struct, kw_only=True):
    """The counts: ``watched`` by agent and how many days after a stop it is still watched (0: only while it is taken); ``found`` by rule and agent;
    ``months`` by month (such as 2025-03) and agent; ``doses`` and ``durations``: how many persons have which dose a day and have taken it for how many days,
    on the last day of the month on which they took it."""

    watched: dict[tuple[str, int], Watched] = {}
    found: dict[tuple[str, str], Found] = {}
    months: dict[tuple[str, str], Month] = {}
    doses: dict[tuple[str, str, float], int] = {}
    durations: dict[tuple[str, str, int], int] = {}

    def add(self, other: OverTime) -> None:
        """Adds the counts of other people to these."""
        for name in self.__struct_fields__:
            put_together(getattr(self, name), getattr(other, name))


def put_together(mine: dict[Any, Any], theirs: dict[Any, Any]) -> None:
    """Adds counts by their keys."""
    for key, count in theirs.items():
        mine[key] = mine[key] + count if key in mine else count
