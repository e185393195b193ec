"""Since when and until when: calendar days and days counted back from the review."""

from __future__ import annotations

from datetime import date, timedelta

from relaxant.medicines.dose.former import is_amount, skip_former
from relaxant.medicines.dose.reading import Reading
from relaxant.medicines.dose.remarks import collect
from relaxant.medicines.dose.spans import hours_at
from relaxant.medicines.dose.units import HOURS

_OLDEST = HOURS["y"] * 120
_STOPPED = frozenset({"stopped", "discontinued", "ended", "finished"})
_WITHIN = frozenset({",", "/", "-", "of"})
_ORDINALS = frozenset({"st", "nd", "rd", "th"})


def date_at(r: Reading, i: int) -> tuple[date | None, int] | None:
    """A calendar day at ``i``; no day where it can be two, and a problem that says so."""
    if r.kind[i] == "date":
        return _calendar_day(r, r.meaning[i]), i + 1
    if r.keyword[i] in {"today", "yesterday"}:
        return _days_back(r, 24.0 * (r.keyword[i] == "yesterday"), i, i + 1), i + 1
    return _date_in_words(r, i) if r.kind[i] in {"num", "month"} else None


def _date_in_words(r: Reading, i: int) -> tuple[date | None, int] | None:
    """``5 January 2024``, ``Jan 5, 2024``; none where these numbers are no date."""
    months: list[str] = []
    numbers: list[str] = []
    j = end = i
    while len(months) + len(numbers) < 3 and r.kind[j] in {"num", "month"}:
        (months if r.kind[j] == "month" else numbers).append(r.meaning[j])
        j = end = j + 1
        j = _past(r, j)
    if len(months) == 1 and len(numbers) == 2 and len(numbers[1]) == 4:
        return _day(r, numbers[1], months[0], numbers[0], r.said(i, end)), end
    lone_year = not months and len(numbers) == 1 and len(numbers[0]) == 4
    if len(months) == 1 or (lone_year and r.kind[i + 1] not in {"unit", "form", "time"}):
        r.problem("month_only", said=r.said(i, end))
        return None, end
    return None


def _calendar_day(r: Reading, raw: str) -> date | None:
    first, second, third = raw.partition("t")[0].replace("/", "-").replace(".", "-").split("-")
    if len(first) == 4:
        return _day(r, first, second, third, raw)
    one, other = int(first), int(second)
    if len(third) != 4 or len(first) > 2 or (one <= 12 and other <= 12 and one != other):
        r.problem("ambiguous_date", said=raw)
        return None
    return _day(r, third, second, first, raw) if one > 12 or one == other else _day(r, third, first, second, raw)


def _day(r: Reading, year: str, month: str, day: str, said: str) -> date | None:
    if r.tainted:
        return None
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        found = None
    if found is None or found.year < 1900:
        r.problem("bad_date", said=said)
        return None
    return found


def _days_back(r: Reading, hours: float, i: int, j: int) -> date | None:
    """The day so many hours before the review; none, and said, where that is not known."""
    if r.as_of is None or hours > _OLDEST:
        r.problem("no_as_of", said=r.said(i, j))
        return None
    return r.as_of - timedelta(days=round(hours / 24))


def set_start_ago(r: Reading, hours: float, i: int, j: int) -> int:
    r.start_day = _days_back(r, hours, i, j) or r.start_day
    return j


def _joins_dates(r: Reading, i: int) -> bool:
    return r.keyword[i] in {"to", "until"} or r.meaning[i] in {"-", "–"}


def on_since(r: Reading, i: int) -> int:
    j = i + 1
    while r.meaning[j] == ":" or r.keyword[j] in {"about", "on"}:
        j += 1
    found = date_at(r, j)
    if found is not None:
        day, end = found
        r.start_day = day or r.start_day
        last = date_at(r, end + 1) if _joins_dates(r, end) else None
        if last is None:
            return end
        r.stop_day, end = last
        return end
    if r.kind[j] == "frac" and r.kind[j + 1] not in {"form", "unit"}:
        r.problem("no_year", said=r.meaning[j])
        return j + 1
    span = hours_at(r, j)
    if span is not None and r.keyword[span.end] == "ago":
        return span.end + 1 if span.high is None else set_start_ago(r, span.high, i, span.end + 1)
    if r.raw(i) == "from" and r.changing and r.has_dose() and is_amount(r, j):
        return skip_former(r, i, j)
    if r.raw(i) == "from" and r.changing:
        r.changed_from = True
    elif r.kind[j] == "x":
        r.skip_unread(i, i + 1)
    return j


def on_until(r: Reading, i: int) -> int:
    j = i + 1
    while r.meaning[j] == ":" or r.keyword[j] in {"on", "about"}:
        j += 1
    found = date_at(r, j)
    if found is not None:
        r.stop_day = found[0] or r.stop_day
        return found[1]
    if r.kind[j] == "frac" and r.kind[j + 1] not in {"form", "unit"}:
        r.problem("no_year", said=r.meaning[j])
        return j + 1
    span = hours_at(r, j)
    if span is not None and span.low is not None and r.keyword[span.end] == "ago":
        r.stop_day = _days_back(r, span.low, i, span.end + 1) or r.stop_day
        return span.end + 1
    end = collect(r, i, j)
    if end == j:
        r.note(i, i + 1)
    if r.raw(i) in _STOPPED:
        r.open_low = True
        r.problem("not_taken", said=r.said(i, end))
    return end


def on_date(r: Reading, i: int) -> int:
    found = date_at(r, i)
    if found is not None and r.kind[i + 2] == "date" and _joins_dates(r, i + 1):
        r.start_day = found[0]
        last = date_at(r, i + 2)
        r.stop_day = last[0] if last is not None else None
        return i + 3
    r.loose.append((None if found is None else found[0], r.said(i, i + 1)))
    return i + 1


def on_month(r: Reading, i: int) -> int:
    found = date_at(r, i)
    if found is None:
        r.skip_unread(i, i + 1)
        return i + 1
    r.loose.append((found[0], r.said(i, found[1])))
    return found[1]


def is_date_in_words(r: Reading, i: int) -> bool:
    """Whether a number begins a whole date (``10th of October 2026``)."""
    j = _past(r, i + 1)
    k = _past(r, j + 1)
    return r.kind[j] == "month" and r.kind[k] == "num" and len(r.meaning[k]) == 4


def _past(r: Reading, j: int) -> int:
    """The place after what may stand between the parts of a date."""
    while r.meaning[j] in _WITHIN or (r.kind[j] == "x" and r.meaning[j] in _ORDINALS):
        j += 1
    return j
