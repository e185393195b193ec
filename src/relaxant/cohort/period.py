"""A period that a screen looks at: from when to when, on which days besides those on which something changes, and how far back what is new is told from what is not."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec

from relaxant.cohort.days import day_number
from relaxant.errors import InputError
from relaxant.knowledge.load import Knowledge


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """The days from ``first`` to ``last``, both among them.

    Everybody is looked at on the days on which a course begins or is over, and while a relaxant is taken ``every`` so many days: what else
    changes (an age, a value that is measured or past its time, a number of days taken) is seen within that many. ``washout`` are the days before in which what is
    there already is not new; with ``new_users`` only those count who began a relaxant within the period, without it in the washout.
    """

    first: date
    last: date
    every: int
    washout: int
    new_users: bool = False

    @property
    def looked_from(self) -> int:
        """The first day on which anybody is looked at, as a number."""
        return day_number(self.first) - self.washout

    @property
    def days(self) -> tuple[int, int]:
        """First and last day as numbers."""
        return day_number(self.first), day_number(self.last)


class PeriodAsked(msgspec.Struct, frozen=True, kw_only=True):
    """A period as it was asked for; ``last`` is the last day of the data where it was left out."""

    first: date
    last: date | None
    every: int
    washout: int
    new_users: bool = False

    def within(self, end: date) -> Period:
        """The period within data that end on a day. Raises :class:`InputError` where it is none, or reaches beyond the data."""
        last = self.last or end
        if last > end:
            raise InputError("--until", last, f"the data end on {end}, and what nobody wrote down would count as stopped", f"give a day up to {end}")  # fmt: skip
        if last < self.first:
            raise InputError("--from", self.first, f"the period would end before it begins, on {last}", "give a day up to that")  # fmt: skip
        for option, days, least in (("--every", self.every, 1), ("--washout", self.washout, 0)):
            if not least <= days <= _MOST:
                raise InputError(option, days, "these are no days to look at", f"give a number from {least} to {_MOST}")
        if self.new_users and not self.washout:
            raise InputError("--washout", 0, "without days before nobody can be told to be new", "give such as --washout 365")  # fmt: skip
        if self.first - timedelta(days=self.washout) < _EARLIEST:
            raise InputError("--from", self.first, "no registry reaches so far back", f"give a day after {_EARLIEST}")
        return Period(first=self.first, last=last, every=self.every, washout=self.washout, new_users=self.new_users)


def asked(
    knowledge: Knowledge,
    first: date | None,
    last: date | None = None,
    *,
    every: int | None = None,
    washout: int | None = None,
    new_users: bool = False,
) -> PeriodAsked | None:
    """The period that was asked for; ``every`` and ``washout`` are those of the policies where they are left out. ``None`` without a first day.
    Raises :class:`InputError` where more of a period is said and no first day."""
    if first is None:
        said = {"--until": last, "--every": every, "--washout": washout, "--new-users": new_users or None}
        for option, value in said.items():
            if value is not None:
                raise InputError(option, value, "it belongs to a period", "say its first day with --from")
        return None
    return PeriodAsked(
        first=first,
        last=last,
        every=int(knowledge.policy("screen_every_days")) if every is None else every,
        washout=int(knowledge.policy("screen_washout_days")) if washout is None else washout,
        new_users=new_users,
    )


_MOST = 3660
_EARLIEST = date(1900, 1, 1)
