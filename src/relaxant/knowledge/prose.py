"""How clinical sentences are written: doses with a leading zero and no trailing ones, micrograms in full."""

from __future__ import annotations

import re
from collections.abc import Iterator

_TRAILING_ZERO = re.compile(
    r"(?<![\d.])\d+\.\d*0(?=\s*(?:mg|micrograms|g|mL|units)\b)|(?<![\d])\.\d+\s*(?:mg|micrograms|g|mL)\b"
)
_SHORT_MICROGRAMS = re.compile(r"(?<![A-Za-z])(?:mcg|µg|ug)(?![A-Za-z])")


def faults_of_prose(text: str) -> Iterator[str]:
    """What is wrong with a sentence.

    >>> list(faults_of_prose("Start with 5.0 mg."))
    ['“5.0”: write doses with a leading zero and no trailing zeros']
    """
    if match := _TRAILING_ZERO.search(text):
        yield f"“{match.group()}”: write doses with a leading zero and no trailing zeros"
    if _SHORT_MICROGRAMS.search(text):
        yield f"write micrograms out: “{text[:50]}”"
