"""Times as the tables keep them, in whole milliseconds since 1970, and the days that they are of: all in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)


def milliseconds(when: datetime) -> int:
    """A time as the tables keep it.

    >>> milliseconds(datetime(1970, 1, 1, 0, 0, 1, 500_999, tzinfo=UTC))
    1500
    """
    return (when - _BEGIN) // timedelta(milliseconds=1)


def moment(kept: int) -> datetime:
    """A time as the tables have kept it.

    >>> moment(1500).isoformat(timespec="milliseconds")
    '1970-01-01T00:00:01.500+00:00'
    """
    return _BEGIN + timedelta(milliseconds=kept)


def day_of(when: datetime) -> date:
    """The day of a time.

    >>> day_of(datetime.fromisoformat("2026-11-22T00:30:00+01:00")).isoformat()
    '2026-11-21'
    """
    return when.astimezone(UTC).date()
