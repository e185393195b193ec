"""What one line of text holds together: a number and its unit, a count and what it counts."""

from __future__ import annotations

import re

_TOGETHER = re.compile(
    r"(?<=\d) (?=(?:mg|g|micrograms|mL|units|sprays|kg|days?|h)\b)|(?<=of) (?=\d)|(?<=\b[A-Z][a-z][a-z]) (?=\d{4}-\d\d-\d\d)"
)

_COUNTED = re.compile(r"(?<=\d) (?=[a-z]+(?:[- ][a-z]+){0,2} of[ \u00a0]\d)|(?<=\d) (?=\d/\d)")


def whole(text: str) -> str:
    """As :func:`together`, and a count with what it counts: what half a line leaves over reads as another dose.

    >>> whole("1 1/2 tablets of 2 mg + 1 capsule of 4 mg").split(" ")
    ['1\\xa01/2\\xa0tablets', 'of\\xa02\\xa0mg', '+', '1\\xa0capsule', 'of\\xa04\\xa0mg']
    """
    return _COUNTED.sub("\u00a0", together(text))


def together(text: str) -> str:
    """The text with no-break spaces where a line may not end: between a number and its unit, a weekday and its date.

    >>> together("1 tablet of 10 mg on Mon 2026-11-23").split(" ")
    ['1', 'tablet', 'of\\xa010\\xa0mg', 'on', 'Mon\\xa02026-11-23']
    """
    return _TOGETHER.sub("\u00a0", text)
