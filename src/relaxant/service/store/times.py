"""Times as the tables keep them: UTC, in whole milliseconds since 1970."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)


def milliseconds(when: datetime) -> int:
    """
    >>> milliseconds(datetime(1970, 1, 1, 0, 0, 1, 500_999, tzinfo=UTC))
    1500
    """
    return (when - _BEGIN) // timedelta(milliseconds=1)


def moment(kept: int) -> datetime:
    """
    >>> moment(1500).isoformat(timespec="milliseconds")
    '1970-01-01T00:00:01.500+00:00'
    """
    return _BEGIN + timedelta(milliseconds=kept)
