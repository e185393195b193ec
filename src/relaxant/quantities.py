"""Amounts with units. Milligrams and micrograms never mix silently, and a number without its unit is not an amount.

Units are the few that prescriptions and laboratory reports use, in UCUM and in the words people write. A unit is a
scale on a product of base dimensions, so ``mg/dL`` converts to ``g/L`` and, given a molar mass, to ``umol/L``.
"""

from __future__ import annotations

import math
import re
import unicodedata
from functools import lru_cache
from typing import Literal

import msgspec

from relaxant.errors import InputError


class Quantity(msgspec.Struct, frozen=True):
    """A value in a unit, as said. ``unit`` is empty only where the caller allows a bare number."""

    value: float
    unit: str

    def __str__(self) -> str:
        return f"{plain_number(self.value)} {self.unit}".rstrip()


class Unit(msgspec.Struct, frozen=True):
    """A scale on base dimensions: ``(("g", 1), ("L", -1))`` for a concentration. ``nought`` is what is read where the base has its nought."""

    scale: float
    dimensions: tuple[tuple[str, int], ...]
    nought: float = 0.0


# Scales on g, L, m, s, mol, Pa, U (enzyme or biological units), 1.
# fmt: off
_ATOMS: dict[str, tuple[float, str]] = {
    "kg": (1e3, "g"), "g": (1.0, "g"), "mg": (1e-3, "g"), "ug": (1e-6, "g"), "ng": (1e-9, "g"), "pg": (1e-12, "g"),
    "lb": (453.59237, "g"), "oz": (28.349523125, "g"), "stone": (6350.29318, "g"), "L": (1.0, "L"), "dL": (0.1, "L"),
    "mL": (1e-3, "L"), "uL": (1e-6, "L"), "m": (1.0, "m"), "cm": (1e-2, "m"), "mm": (1e-3, "m"), "in": (0.0254, "m"),
    "ft": (0.3048, "m"), "s": (1.0, "s"), "min": (60.0, "s"), "h": (3600.0, "s"), "day": (86400.0, "s"),
    "week": (604800.0, "s"), "month": (2629800.0, "s"), "year": (31557600.0, "s"), "ms": (1e-3, "s"),
    "mol": (1.0, "mol"), "mmol": (1e-3, "mol"), "umol": (1e-6, "mol"), "nmol": (1e-9, "mol"), "pmol": (1e-12, "mol"),
    "mmHg": (133.322387415, "Pa"), "kPa": (1e3, "Pa"), "units": (1.0, "U"), "kat": (6e7, "U"), "ukat": (60.0, "U"), "nkat": (0.06, "U"),
    "mEq": (1e-3, "eq"), "drinks": (1.0, "drink"), "sprays": (1.0, "spray"), "cigarettes": (1.0, "cigarette"), "packs": (1.0, "pack"),
    "degC": (1.0, "degC"), "degF": (5 / 9, "degC"), "degrees": (1.0, "degree"), "points": (1.0, "1"), "%": (1e-2, "1"), "1": (1.0, "1"),
    "1.73m2": (1.0, "1.73m2"),
}
# fmt: on
_NOUGHTS = {"degF": 32.0}
# fmt: off
_SPELLINGS: dict[str, str] = {
    "kilogram": "kg", "kilograms": "kg", "kgs": "kg", "kilo": "kg", "kilos": "kg", "gram": "g", "grams": "g",
    "milligram": "mg", "milligrams": "mg", "mgs": "mg", "microgram": "ug", "micrograms": "ug", "mcg": "ug",
    "µg": "ug", "μg": "ug", "lbs": "lb", "pound": "lb", "pounds": "lb", "[lb_av]": "lb", "[lb_us]": "lb", "[oz_av]": "oz",
    "st": "stone", "stones": "stone", "l": "L", "litre": "L", "liter": "L", "litres": "L", "liters": "L", "dl": "dL",
    "ml": "mL", "cc": "mL", "µl": "uL", "millilitre": "mL", "milliliter": "mL", "metre": "m", "meter": "m",
    "metres": "m", "meters": "m", "inch": "in", "inches": "in", "[in_i]": "in", "[in_us]": "in", "\"": "in",
    "feet": "ft", "foot": "ft", "[ft_i]": "ft", "[ft_us]": "ft", "'": "ft", "sec": "s", "second": "s", "seconds": "s", "minute": "min",
    "minutes": "min", "mins": "min", "hr": "h", "hrs": "h", "hour": "h", "hours": "h", "d": "day", "days": "day",
    "wk": "week", "weeks": "week", "mo": "month", "months": "month", "yr": "year", "yrs": "year", "y": "year",
    "a": "year", "years": "year", "msec": "ms", "millisecond": "ms", "milliseconds": "ms", "µmol": "umol",
    "μmol": "umol", "mcmol": "umol", "micromol": "umol", "mmhg": "mmHg", "mm[hg]": "mmHg", "mm hg": "mmHg",
    "kpa": "kPa", "u": "units", "iu": "units", "[iu]": "units", "[u]": "units", "unit": "units", "ukat": "ukat",
    "µkat": "ukat", "meq": "mEq", "drink": "drinks", "spray": "sprays", "cigarette": "cigarettes", "pack": "packs", "cel": "degC",
    "°c": "degC", "deg c": "degC", "celsius": "degC", "degree celsius": "degC", "degrees celsius": "degC", "[degf]": "degF", "degf": "degF",
    "°f": "degF", "deg f": "degF", "fahrenheit": "degF", "degree fahrenheit": "degF", "degrees fahrenheit": "degF", "deg": "degrees", "°": "degrees", "point": "points", "percent": "%", "beats": "1", "bpm": "1/min",
    "/min": "1/min", "beat": "1", "breath": "1", "breaths": "1", "inr": "1", "ratio": "1", "m2": "m2", "m^2": "m2",
    "m²": "m2", "kg/m^2": "kg/m2", "kg/m²": "kg/m2",
}
# fmt: on
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:[ '’]\d{3})+(?![\d])(?:[.,]\d+)?|\d[\d.,]*|[.,]\d+)(?:[eE][+-]?\d{1,3})?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:[ '’]\d{3})+(?:[.,]\d+)?")
_TWO_PARTS = re.compile(r"(\d+)\s*([^\d\s.,]+)\s*(\d+(?:\.\d+)?)\s*([^\d\s.,]*)")
_SMALLER = {"ft": ("in", 12), "stone": ("lb", 14), "lb": ("oz", 16)}
_RANGE = re.compile(r"(?:-|–|—|to\b|or\b)\s*\d")
_PER_AREA = re.compile(r"/?[({]?1[.,]73[\s_.*]*(?:m\*?2|m\^2|m²|sq\.? ?m|\[m2\])[)}]?", re.I)
_NOTE_BESIDE, _NOTE_ALONE = re.compile(r"(?<=[^/*\s])\{[^{}]*\}"), re.compile(r"\{[^{}]*\}")


@lru_cache(maxsize=512)
def unit(text: str) -> Unit | None:
    """The unit that ``text`` names, or ``None`` if it is not one we know. What UCUM writes in braces says what was counted, and is no unit.

    >>> unit("mg/dL") == unit("mg/dl")
    True
    >>> unit("micrograms/mL") == unit("ug/mL")
    True
    >>> unit("{breaths}/min") == unit("/min")
    True
    """
    clean = unicodedata.normalize("NFC", text).strip().replace("μ", "µ")
    clean = re.sub(r"\s*/\s*", "/", clean)
    clean = _NOTE_ALONE.sub("1", _NOTE_BESIDE.sub("", _PER_AREA.sub("/1.73m2", clean)))
    clean = clean.replace(" per ", "/").replace(" a ", "/")
    whole = _SPELLINGS.get(clean.casefold())
    if whole is not None and "/" in whole:
        clean = whole
    scale, nought, dimensions = 1.0, 0.0, dict[str, int]()
    parts = [(0, piece) for piece in clean.split("/")[0].split("*")] + [(1, piece) for piece in clean.split("/")[1:]]
    for position, part in parts:
        part = part.strip()
        power = 1
        if part.casefold() in ("m2", "m^2", "m²"):
            part, power = "m", 2
        if part == "" and position == 0:
            part = "1"
        name = next((n for n in (part, _SPELLINGS.get(part.casefold()), part.casefold()) if n in _ATOMS), None)
        if name is None:
            return None
        factor, base = _ATOMS[name]
        nought = _NOUGHTS.get(name, 0.0) if len(parts) == 1 else 0.0
        sign = power if position == 0 else -power
        scale *= factor**sign
        if base != "1":
            dimensions[base] = dimensions.get(base, 0) + sign
    return Unit(scale, tuple(sorted((k, v) for k, v in dimensions.items() if v)), nought)


def convert(
    quantity: Quantity, to: str, *, molar_mass: float | None = None, equivalents: float | None = None
) -> float | None:
    """The value of ``quantity`` in the unit ``to``; ``None`` when the two measure different things.

    ``molar_mass`` (g/mol) bridges mass and substance concentrations; ``equivalents`` (mEq per mmol) bridges charge.

    >>> round(convert(Quantity(88, "umol/L"), "mg/dL", molar_mass=113.12), 3)
    0.995
    """
    line = scale_and_shift(quantity.unit, to, molar_mass=molar_mass, equivalents=equivalents)
    if line is None:
        return None
    return quantity.value if line == (1.0, 0.0) else _settled(quantity.value * line[0] + line[1])


def scale_and_shift(
    of: str, to: str, *, molar_mass: float | None = None, equivalents: float | None = None
) -> tuple[float, float] | None:
    """What a value in the unit ``of`` is multiplied by, and what is added then, to be in the unit ``to``; ``None`` as of :func:`convert`.

    >>> scale_and_shift("kg", "g")
    (1000.0, 0.0)
    """
    have, want = unit(of), unit(to)
    if have is None or want is None:
        return None
    if have == want:
        return 1.0, 0.0
    factor = _factor(have, want, molar_mass, equivalents)
    return None if factor is None else (factor, want.nought - have.nought * factor)


def _factor(have: Unit, want: Unit, molar_mass: float | None, equivalents: float | None) -> float | None:
    """What a value in ``have`` is multiplied by to be in ``want``; ``None`` when the two measure different things."""
    scale = have.scale / want.scale
    if have.dimensions == want.dimensions:
        return scale
    a, b = dict(have.dimensions), dict(want.dimensions)
    if molar_mass and a.get("mol") == 1 and b.get("g") == 1 and _without(a, "mol") == _without(b, "g"):
        return scale * molar_mass
    if molar_mass and a.get("g") == 1 and b.get("mol") == 1 and _without(a, "g") == _without(b, "mol"):
        return scale / molar_mass
    if equivalents and a.get("eq") == 1 and b.get("mol") == 1 and _without(a, "eq") == _without(b, "mol"):
        return scale / equivalents
    return None


def _settled(value: float) -> float:
    """Twelve significant digits: 90 mmHg written in kPa is 90 mmHg again, so no threshold is missed by arithmetic."""
    return float(f"{value:.12g}")


def _without(dimensions: dict[str, int], name: str) -> dict[str, int]:
    return {k: v for k, v in dimensions.items() if k != name}


def number(text: str, field: str) -> float:
    """The number that ``text`` writes, whatever the reader's locale.

    A comma is a decimal mark only where it cannot separate thousands (``0,5``; ``12,75``); ``1,000`` is refused as
    ambiguous.
    A space or apostrophe separates thousands only (``1 000``), never two numbers.
    Raises :class:`InputError` naming ``field``.
    """
    clean = _plain_digits(text)
    if _GROUPED.fullmatch(clean):
        clean = re.sub("[ '’]", "", clean)
    if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", clean):
        value = float(clean)
    elif re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", clean):
        raise InputError(
            field,
            text,
            "a comma before three digits can be a decimal mark or a thousands separator",
            f"write {clean.replace(',', '')} or {clean.replace(',', '.')}",
        )
    elif re.fullmatch(r"[+-]?\d+,\d+", clean):
        value = float(clean.replace(",", "."))
    elif re.fullmatch(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?", clean):
        raise InputError(
            field, text, "commas can be decimal marks or thousands separators", f"write {clean.replace(',', '')}"
        )
    else:
        raise InputError(field, text, "this is not a number", "write digits with a decimal point, such as 0.5")
    if not math.isfinite(value):
        raise InputError(field, text, "this is not a finite number", "write digits with a decimal point, such as 0.5")
    return value


def _plain_digits(text: str) -> str:
    """The text with every script's digits and decimal marks as 0-9 and a point, so that one rule reads them all.

    >>> _plain_digits("٦١٫٥ kg")
    '61.5 kg'
    """
    folded = unicodedata.normalize("NFKC", text).strip().replace("\u2212", "-").replace("٫", ".").replace("٬", "")
    return folded if folded.isascii() else "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in folded)


def quantity(text: str, field: str, *, example: str, bare: bool = False) -> Quantity:
    """The amount that ``text`` writes, such as ``61 kg``. Raises :class:`InputError` naming ``field``.

    ``example`` is an amount that would do; ``bare`` allows a number without a unit. Two parts of one amount
    (``5 ft 5 in``, ``9 st 8 lb``) are read as one.
    """
    clean = _plain_digits(text)
    match = _NUMBER.match(clean)
    if not match:
        raise InputError(
            field, text, "no number was found at its start", f"write an amount with its unit, such as {example}"
        )
    if (parts := _two_parts(clean)) is not None:
        return parts
    rest = clean[match.end() :].strip()
    if _RANGE.match(rest):
        raise InputError(
            field, text, "this is a range, and one amount is needed", f"write the one that holds, such as {example}"
        )
    try:
        value = number(match.group().strip(), field)
    except InputError as error:
        raise InputError(field, text, error.why, error.would_do) from None
    if not rest:
        if bare:
            return Quantity(value, "")
        raise InputError(field, text, "the unit is missing", f"write the unit, such as {example}")
    if unit(rest) is None:
        raise InputError(field, text, f"the unit “{rest}” is not known", f"write it such as {example}")
    return Quantity(value, rest)


def _two_parts(clean: str) -> Quantity | None:
    """Feet and inches, stones and pounds, pounds and ounces as one amount in the smaller unit; else ``None``."""
    match = _TWO_PARTS.fullmatch(clean.replace("′", "'").replace("″", '"').replace("''", '"').replace("’", "'"))
    if match is None:
        return None
    large, small = (_SPELLINGS.get(u.casefold().rstrip("."), u.casefold().rstrip(".")) for u in (match[2], match[4]))
    inner = _SMALLER.get(large)
    if inner is None or small not in ("", inner[0]) or float(match[3]) >= inner[1]:
        return None
    return Quantity(float(match[1]) * inner[1] + float(match[3]), inner[0])


def plain_number(value: float, digits: int = 4) -> str:
    """A number as a prescription writes it: leading zero, no trailing zeros, never in exponents.

    >>> plain_number(0.5), plain_number(10.0), plain_number(1250)
    ('0.5', '10', '1250')
    """
    if not math.isfinite(value):
        return "unknown"
    if value == math.floor(value):
        return str(int(value))
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def three_digits(value: float) -> float:
    """A number rounded to three digits.

    >>> three_digits(0.123456), three_digits(98765)
    (0.123, 98800.0)
    """
    return float(f"{value:.3g}")


def compared(value: float, low: float, high: float) -> Literal["below", "within", "above"]:
    """Where a number lies beside a range, all to three digits.

    >>> compared(9.999, 10, 20), compared(20.1, 10, 20)
    ('within', 'above')
    """
    shown = three_digits(value)
    return "below" if shown < three_digits(low) else "above" if shown > three_digits(high) else "within"


_IN_WORDS = {"ug": "micrograms", "umol": "micromol", "degC": "°C", "*": "·"}


def shown_unit(text: str) -> str:
    """A unit in the words of a page, with nothing for a plain number.

    >>> shown_unit("ug*h/mL"), shown_unit("1/min"), shown_unit("1")
    ('micrograms·h/mL', 'per min', '')
    """
    if text.startswith("1/"):
        return f"per {text[2:]}"
    words = [_IN_WORDS.get(part, part) for part in re.split(r"([*/])", text)]
    return "" if text == "1" else "".join(words)
