"""Amounts with units: read one way only, converted exactly, never mixed a thousandfold."""

from __future__ import annotations

import contextlib
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relaxant.errors import InputError
from relaxant.quantities import Quantity, convert, number, plain_number, quantity, unit

QUICK = settings(max_examples=200, derandomize=True, database=None, deadline=None)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.5", 0.5),
        (".5", 0.5),
        ("0,5", 0.5),
        ("12,75", 12.75),
        ("1,5", 1.5),
        ("0,500", 0.5),
        ("1.0", 1),
        ("010", 10),
        ("1e3", 1000),
        ("1 000", 1000),
        ("1'000", 1000),
        ("1\u202f000,5", 1000.5),
        ("\u22125", -5),
        ("+5", 5),
        ("٦١", 61),
        ("٦١٫٥", 61.5),
        ("१२", 12),
        ("６１", 61),
        ("1234,567", 1234.567),
        ("٦٬١٠٠", 6100),
        ("5.", 5),
    ],
)
def test_numbers(text: str, value: float) -> None:
    assert number(text, "weight") == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1,000", "write 1000 or 1.000"),
        ("١,٠٠٠", "write 1000 or 1.000"),
        ("12,345,678", "write 12345678"),
        ("1,234.5", "write 1234.5"),
        ("1e999", "not a finite number"),
        ("NaN", "not a number"),
        ("inf", "not a number"),
        ("", "not a number"),
        ("1_000", "not a number"),
        ("0x10", "not a number"),
        ("6 1", "not a number"),
        ("1.2.3", "not a number"),
        ("1..2", "not a number"),
        ("--1", "not a number"),
        ("½", "not a number"),
        ("1.000,5", "not a number"),
        ("12:30", "not a number"),
        ("Ⅷ", "not a number"),
        ("1 00", "not a number"),
    ],
)
def test_numbers_that_are_none(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        number(text, "weight")
    assert str(caught.value).startswith("weight: ")


@pytest.mark.parametrize(
    ("text", "value", "shown"),
    [
        ("61 kg", 61, "kg"),
        ("61kg", 61, "kg"),
        ("61,5 kg", 61.5, "kg"),
        ("1.6 mg/dL", 1.6, "mg/dL"),
        ("1.6 mg / dl", 1.6, "mg / dl"),
        ("88 µmol/L", 88, "μmol/L"),
        ("5 ft 5 in", 65, "in"),
        ("5'5\"", 65, "in"),
        ("5' 5''", 65, "in"),
        ("9 st 8 lb", 134, "lb"),
        ("9st 8", 134, "lb"),
        ("7 lb 4 oz", 116, "oz"),
        ("1 000 g", 1000, "g"),
        ("45 mL/min/1.73 m²", 45, "mL/min/1.73 m2"),
        ("20 units per week", 20, "units per week"),
    ],
)
def test_amounts(text: str, value: float, shown: str) -> None:
    got = quantity(text, "x", example="61 kg")
    assert (got.value, got.unit) == (value, shown)
    assert unit(got.unit) is not None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("61", "the unit is missing"),
        ("kg", "no number"),
        ("61 kg kg", "the unit “kg kg” is not known"),
        ("60-62 kg", "this is a range"),
        ("60 – 62 kg", "this is a range"),
        ("60 to 62 kg", "this is a range"),
        ("5 ft 13 in", "not known"),
        ("5 kg 3 lb", "not known"),
        ("1,000 mg", "write 1000 or 1.000"),
        ("NaN kg", "no number"),
        ("1e999 kg", "not a finite number"),
        ("61 zorg", "such as 61 kg"),
        ("6 1 kg", "not known"),
    ],
)
def test_amounts_that_are_none(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        quantity(text, "weight", example="61 kg")
    assert f"weight: “{text}”" in str(caught.value)


@pytest.mark.parametrize(
    ("value", "have", "want", "expected"),
    [
        (1, "mg", "micrograms", 1000),
        (1, "mg", "mcg", 1000),
        (1, "g", "mg", 1000),
        (134, "lb", "kg", 60.78138158),
        (65, "in", "cm", 165.1),
        (1, "stone", "lb", 14),
        (35, "g/L", "g/dL", 3.5),
        (12, "kPa", "mmHg", 90.0073799),
        (0.7, "ukat/L", "U/L", 42),
        (4.1, "mEq/L", "mmol/L", None),
        (61, "kg", "cm", None),
        (1, "mg", "mL", None),
        (1, "zorg", "mg", None),
        (45, "bpm", "1/min", 45),
        (8, "months", "year", 2 / 3),
        (98.6, "[degF]", "Cel", 37),
        (100.4, "°F", "degC", 38),
        (38, "Cel", "[degF]", 100.4),
        (98.6, "[degF]", "mg", None),
        (2, "mg/mL", "ug/mL", 2000),
        (24, "mg/day", "mg/h", 1),
        (50, "mL/min", "mL/min/1.73 m2", None),
    ],
)
def test_conversions(value: float, have: str, want: str, expected: float | None) -> None:
    got = convert(Quantity(value, have), want)
    assert got == (None if expected is None else pytest.approx(expected, rel=1e-6))


def test_substances_need_their_molar_mass() -> None:
    assert convert(Quantity(88, "umol/L"), "mg/dL") is None
    assert convert(Quantity(88, "umol/L"), "mg/dL", molar_mass=113.12) == pytest.approx(0.9954560)
    assert convert(Quantity(4, "mEq/L"), "mmol/L", equivalents=1) == 4


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("mg/dl", "mg/dL"),
        ("MG/DL", "mg/dL"),
        ("µg", "micrograms"),
        ("μg", "mcg"),
        ("mL/min/1.73m2", "mL/min/1.73 m²"),
        ("mL/min/{1.73_m2}", "mL/min/1.73m^2"),
        ("[lb_av]", "lb"),
        ("IU/L", "U/L"),
        ("mm[Hg]", "mmHg"),
        ("/min", "1/min"),
        ("{beats}/min", "1/min"),
        ("{breaths}/min", "1/min"),
        ("{INR}", "1"),
        ("mg/dL{creat}", "mg/dL"),
        ("mL/min/{1.73_m2}", "mL/min/1.73.m2"),
        ("mL/min/{1.73m2}", "mL/min/1.73 m2"),
        ("[degF]", "°F"),
        ("Cel", "°C"),
        ("kg/m²", "kg/m2"),
    ],
)
def test_spellings_of_one_unit(text: str, same: str) -> None:
    assert unit(text) == unit(same) is not None


@pytest.mark.parametrize(
    "text", ["zorg", "mg/", "mg//dL", "mg/zorg", "10", "mg dL", "mgg", "{mg", "mL/min/1.73{m2}", "\x00", "m" * 999]
)
def test_units_that_are_none(text: str) -> None:
    assert unit(text) is None


@QUICK
@given(
    st.integers(1, 10**6),
    st.integers(0, 4),
    st.sampled_from(
        [
            ("mg", "micrograms"),
            ("kg", "lb"),
            ("cm", "in"),
            ("mmHg", "kPa"),
            ("ms", "s"),
            ("g/dL", "g/L"),
            ("U/L", "ukat/L"),
        ]
    ),
)
def test_there_and_back_is_the_same_number(digits: int, places: int, units: tuple[str, str]) -> None:
    """A value as a laboratory writes it, given in another unit, is that value again: to the last bit."""
    value = digits / 10**places
    there = convert(Quantity(value, units[0]), units[1])
    assert there is not None
    assert convert(Quantity(there, units[1]), units[0]) == pytest.approx(value, rel=1e-11)
    factor = convert(Quantity(1, units[1]), units[0])
    assert factor is not None
    exact = convert(Quantity(value / unit(units[1]).scale * unit(units[0]).scale, units[1]), units[0])  # type: ignore[union-attr]
    assert exact == value


@QUICK
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_plain_numbers_have_no_exponent_and_no_trailing_zero(value: float) -> None:
    text = plain_number(value)
    assert "e" not in text
    assert not text.startswith((".", "-."))
    assert not ("." in text and text.endswith(("0", ".")))
    assert float(text) == pytest.approx(value, rel=6e-4, abs=1e-300)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.5"),
        (10.0, "10"),
        (1250, "1250"),
        (0, "0"),
        (-0.0, "0"),
        (math.nan, "unknown"),
        (math.inf, "unknown"),
        (0.00001, "0.00001"),
        (1e22, "1" + "0" * 22),
    ],
)
def test_plain_numbers(value: float, text: str) -> None:
    assert plain_number(value) == text


@QUICK
@given(st.text(max_size=20))
def test_any_text_is_an_amount_or_refused(text: str) -> None:
    with contextlib.suppress(InputError):
        assert math.isfinite(quantity(text, "x", example="1 mg", bare=True).value)
