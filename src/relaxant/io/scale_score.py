"""A score as people and records write it, read by the levels and the range of its scale."""

from __future__ import annotations

import re

import msgspec

from relaxant.errors import InputError
from relaxant.io.scale_names import plain
from relaxant.knowledge.scales import Level, Scale, number_of
from relaxant.quantities import Quantity, convert, number, plain_number, unit

_WHOLE = 1e-9
_LEADING = re.compile(r"(?:grade|level|score)?\s*(-?\d+\+?)(?:\s*[:=,;(]\s*\D.*|\s+-\s+\D.*)?")
_BOTH = re.compile(r"(-?\d+\+?)\s*[-:=,;]\s*(.+)")
_AMOUNT = re.compile(r"([+-]?(?:\d[\d.,]*|[.,]\d+))\s*(.*)")
_OUT_OF = re.compile(r"(?:/|of|out of)\s*(\d+)")
_ANNOTATION = re.compile(r"\{[^{}]*\}")
_A_DAY = ("/d", "/day", "a day", "per day", "daily", "1/d", "1/day")
_NO_UNIT = ("", "points")


class Score(msgspec.Struct, frozen=True):
    """``value``: the rank of the level of an ordinal scale, else the number in the scale's unit; ``said``: the level, or the number in plain digits."""

    value: float
    said: str


class NoScoreError(InputError):
    """Words that are no score of the scale at all (``severe``, ``7 h`` of a rating): unlike a number out of its range they may mean something else."""


def score(field: str, said: str, scale: Scale) -> Score:
    """The score that words or a number say.

    A level is known by how it is written (``1+``), by its meaning in our words, or as a number (1.5 is 1+, as some records store it); a number
    by itself, with the scale's unit, or out of its highest (``7/10``). Raises :class:`InputError` naming ``field``: :class:`NoScoreError` where
    this is no number of the scale.
    """
    words = plain(said)
    if (named := _level(words, scale)) is not None:
        return Score(float(named.rank), named.said)
    value = _number(field, said, words, scale)
    _within(field, said, value, scale)
    if scale.levels:
        level = next((own for own in scale.levels if number_of(own) == value), None)
        if level is None:
            raise InputError(field, said, f"{scale.title} has the levels {_levels(scale)}", "write one of them")
        return Score(float(level.rank), level.said)
    if not on_step(value, scale):
        raise InputError(
            field, said, f"{scale.title} goes in steps of {plain_number(scale.step)}", "write one of its steps"
        )
    return Score(value, plain_number(value))


def on_step(value: float, scale: Scale) -> bool:
    """Whether a number is one of the steps that a scale goes in; any is, of one that goes in none."""
    steps = (value - scale.low) / scale.step if scale.step else 0.0
    return abs(steps - round(steps)) <= _WHOLE


def has_own_unit(scale: Scale) -> bool:
    """Whether the scale measures in degrees, seconds or the like, so that a number without its unit may be something else."""
    return scale.kind != "count" and scale.unit not in _NO_UNIT


def _level(words: str, scale: Scale) -> Level | None:
    """The level that folded words name: as it is written, by its meaning, or both, one after the other."""
    for level in scale.levels:
        own, meaning = plain(level.said), plain(level.text).rstrip(".")
        if words == own or words.rstrip(".") == meaning:
            return level
        if (both := _BOTH.fullmatch(words)) and both[1] == own and both[2].rstrip(".") == meaning:
            return level
    match = _LEADING.fullmatch(words.replace(" +", "+"))
    return next((level for level in scale.levels if match and plain(level.said) == match[1]), None)


def _number(field: str, said: str, words: str, scale: Scale) -> float:
    """The number in the scale's unit. Raises :class:`NoScoreError`."""
    match = _AMOUNT.fullmatch(words)
    if match is None:
        raise _no_score(field, said, scale)
    try:
        value = number(match[1], field)
    except InputError as error:
        raise NoScoreError(field, said, error.why, error.would_do) from None
    rest = _ANNOTATION.sub("", match[2]).strip()
    if out_of := _OUT_OF.fullmatch(rest):
        if scale.high is None or int(out_of[1]) != scale.high:
            raise NoScoreError(field, said, f"{scale.title} is no score out of {out_of[1]}", _would_do(scale))
        return value
    if rest in ("", plain(scale.unit)) or (scale.kind == "count" and rest in _A_DAY):
        return value
    own, theirs = unit(scale.unit or "points"), unit(rest)
    if own is not None and own == theirs:
        return value
    converted = convert(Quantity(value, rest), scale.unit) if has_own_unit(scale) else None
    if converted is None:
        raise NoScoreError(field, said, f"“{rest}” does not measure {scale.title}", _would_do(scale))
    return converted


def _within(field: str, said: str, value: float, scale: Scale) -> None:
    if value < scale.low or (scale.high is not None and value > scale.high):
        low = plain_number(scale.low)
        span = f"{low} to {plain_number(scale.high)}" if scale.high is not None else f"{low} or more"
        raise InputError(
            field, said, f"{scale.title} goes from {span}{_in_unit(scale)}", "correct it, or name another scale in full"
        )


def _no_score(field: str, said: str, scale: Scale) -> NoScoreError:
    return NoScoreError(field, said, f"this is no score of {scale.title}", _would_do(scale))


def _would_do(scale: Scale) -> str:
    """What can be written, in words."""
    if scale.levels:
        return f"write one of {_levels(scale)}"
    low = plain_number(scale.low)
    return f"write a number {f'from {low} to {plain_number(scale.high)}' if scale.high is not None else f'of {low} or more'}{_in_unit(scale)}"


def _levels(scale: Scale) -> str:
    return ", ".join(level.said for level in scale.levels)


def _in_unit(scale: Scale) -> str:
    return f" {scale.unit}" if scale.unit not in _NO_UNIT else ""
