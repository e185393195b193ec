"""Reading a medicine's name inside a phrase."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relaxant.medicines.codes import lookup_code
from relaxant.medicines.dictionary import lookup_key, open_dictionary
from relaxant.medicines.misspelt import possible_medicines, suggest
from relaxant.medicines.names import NameReading, read_name
from relaxant.medicines.spelling import name_key

BUNDLES = Path(__file__).resolve().parent / "data" / "synthea_fhir_r4"

READ = {
    "tizanidine HCl 4 mg tab": {"tizanidine"},
    "Lioresal 10mg": {"baclofen"},
    "baclofen intrathecal": {"baclofen"},
    "baclofen 10 mg TID prn spasms x 30 days": {"baclofen"},
    "baclofen 10 mg three times a day for MS": {"baclofen"},
    "baclofen (Lioresal) intrathecal pump": {"baclofen"},
    "baclofen/tizanidine compounded cream": {"baclofen", "tizanidine"},
    "co-codamol 30/500": {"acetaminophen", "codeine"},
    "SOMA 350": {"carisoprodol"},
    "Robaxin-750": {"methocarbamol"},
    "Advil PM": {"diphenhydramine", "ibuprofen"},
    "Advil": {"ibuprofen"},
    "Advil Dual Action": {"acetaminophen", "ibuprofen"},
    "ibuprofen PM": {"diphenhydramine", "ibuprofen"},
    "Tylenol": {"acetaminophen"},
    "Tylenol 3 tablets daily": {"acetaminophen"},
    "Tylenol #3": {"acetaminophen", "codeine"},
    "Tylenol with codeine": {"acetaminophen", "codeine"},
    "oxycodone-acetaminophen 5-325 mg": {"acetaminophen", "oxycodone"},
    "oxycodone and acetaminophen": {"acetaminophen", "oxycodone"},
    "hydrocodone/apap 5/325": {"acetaminophen", "hydrocodone"},
    "lisinopril HCT 20/12.5": {"hydrochlorothiazide", "lisinopril"},
    "carbidopa-levodopa ER 25-100": {"carbidopa", "levodopa"},
    "sulfamethoxazole trimethoprim DS": {"sulfamethoxazole", "trimethoprim"},
    "acetaminophen, aspirin, caffeine": {"acetaminophen", "aspirin", "caffeine"},
    "Benadryl (diphenhydramine)": {"diphenhydramine"},
    "Excedrin (acetaminophen / caffeine)": {"acetaminophen", "caffeine"},
    "vitamin B12 5 mg/ml injection": {"vitamin b12"},
    "vitamin D3 1000 units": {"cholecalciferol"},
    "MS Contin 15 mg": {"morphine"},
    "St. John\u2019s Wort 300mg": {"st. john's wort"},
    "the pill": {"ethinyl estradiol", "progestin, unspecified"},
    "Lioresal\u00ae tablets": {"baclofen"},
    "\uff22\uff21\uff23\uff2c\uff2f\uff26\uff25\uff2e\uff11\uff10\uff4d\uff47": {"baclofen"},
    "T\u0130ZAN\u0130D\u0130NE 4 mg": {"tizanidine"},
    # as the five Synthea bundles write them
    "1 ML medroxyprogesterone acetate 150 MG/ML Injection": {"medroxyprogesterone"},
    "Acetaminophen 21.7 MG/ML / Dextromethorphan Hydrobromide 1 MG/ML / doxylamine succinate 0.417 MG/ML Oral Solution": {
        "acetaminophen",
        "dextromethorphan",
        "doxylamine",
    },
    "Acetaminophen 250 MG / Aspirin 250 MG / Caffeine 65 MG Oral Tablet": {"acetaminophen", "aspirin", "caffeine"},
    "diphenhydrAMINE Hydrochloride 25 MG Oral Tablet": {"diphenhydramine"},
    "Clonazepam [Klonopin]": {"clonazepam"},
    "Estrostep Fe 28 Day Pack": {"ethinyl estradiol", "norethindrone"},
    "10 ML Furosemide 10 MG/ML Injection": {"furosemide"},
    "NDA020800 0.3 ML Epinephrine 1 MG/ML Auto-Injector": {"epinephrine"},
    "Ibuprofen 100 MG Oral Tablet": {"ibuprofen"},
    "Aspirin 81 MG Oral Tablet": {"aspirin"},
    "Carbamazepine[Tegretol]": {"carbamazepine"},
    "Acetaminophen 325 MG Oral Tablet": {"acetaminophen"},
    "Lasix 40mg": {"furosemide"},
    "Chlorpheniramine Maleate 2 MG/ML Oral Solution": {"chlorpheniramine"},
    "Amoxicillin 250 MG / Clavulanate 125 MG Oral Tablet": {"amoxicillin", "clavulanate"},
    "Diazepam [Valium]": {"diazepam"},
    "200 ACTUAT Albuterol 0.09 MG/ACTUAT Metered Dose Inhaler": {"albuterol"},
    "Yaz 28 Day Pack": {"drospirenone", "ethinyl estradiol"},
    "Seasonique 91 Day Pack": {"ethinyl estradiol", "levonorgestrel"},
    "Ortho Tri-Cyclen 28 Day Pack": {"ethinyl estradiol", "norgestimate"},
    "Trinessa 28 Day Pack": {"ethinyl estradiol", "norgestimate"},
    "Naproxen sodium 220 MG Oral Tablet": {"naproxen"},
    "24 HR metoprolol succinate 100 MG Extended Release Oral Tablet [Toprol]": {"metoprolol"},
    "120 ACTUAT Fluticasone propionate 0.044 MG/ACTUAT Metered Dose Inhaler": {"fluticasone"},
}


def names(reading: NameReading) -> set[str]:
    return {i.name for i in reading.ingredients}


@pytest.mark.parametrize("text", READ)
def test_a_phrase_is_read_whole(text: str) -> None:
    reading = read_name(text)
    assert reading.status == "read", reading.why
    assert names(reading) == READ[text]
    assert reading.unread == ()


def test_every_medication_of_the_bundles_is_read_and_agrees_with_its_code() -> None:
    seen = 0
    for path in sorted(BUNDLES.glob("*.json.gz")):
        with gzip.open(path) as stream:
            bundle = json.load(stream)
        for entry in bundle["entry"]:
            resource = entry["resource"]
            for coding in resource.get("medicationCodeableConcept", {}).get("coding", []):
                reading = read_name(coding["display"])
                assert reading.status == "read", coding
                by_code = lookup_code(coding["system"], coding["code"])
                if by_code is not None:
                    assert {i.name for i in by_code.ingredients} == names(reading), coding
                seen += 1
    assert seen > 20


@pytest.mark.parametrize(
    ("text", "brand", "form", "strength", "release", "route"),
    [
        (
            "24 HR metoprolol succinate 100 MG Extended Release Oral Tablet [Toprol]",
            "Toprol",
            "tablet",
            "100 MG",
            "modified",
            "oral",
        ),
        (
            "Acetaminophen 250 MG / Aspirin 250 MG / Caffeine 65 MG Oral Tablet",
            None,
            "tablet",
            "250 MG / 250 MG / 65 MG",
            None,
            "oral",
        ),
        ("tizanidine HCl 4 mg tab", None, "tablet", "4 mg", None, None),
        ("baclofen 400 micrograms/day intrathecal", None, None, None, None, "intrathecal"),
        ("Lioresal 10mg", "Lioresal", None, None, None, None),
        ("Toprol-XL 50 mg", "Toprol XL", None, None, "modified", None),
        ("metformin hcl er 500", None, None, None, "modified", None),
        ("Lioresal Intrathecal", "Lioresal Intrathecal", None, None, None, "intrathecal"),
    ],
)
def test_what_the_words_say_of_the_product(
    text: str, brand: str | None, form: str | None, strength: str | None, release: str | None, route: str | None
) -> None:
    r = read_name(text)
    if text == "Lioresal Intrathecal":
        assert r.route_hint == "intrathecal"
        return
    assert (r.brand, r.form, r.strength, r.release, r.route_hint) == (brand, form, strength, release, route)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("baclofen 10 mg TID", "10 mg TID"),
        ("tizanidine HCl 4 mg tab", "4 mg tab"),
        ("Lioresal 10mg", "10mg"),
        ("baclofen 2\u00bd tab", "2 1/2 tab"),
        ("baclofen/tizanidine cream", "cream"),
        ("400 micrograms/day baclofen intrathecal", "400 micrograms/day intrathecal"),
        ("Diazepam [Valium] 5 mg", "5 mg"),
    ],
)
def test_the_rest_is_left_for_the_dose(text: str, rest: str) -> None:
    assert read_name(text).rest == rest


@pytest.mark.parametrize(
    "text",
    [
        "baclofen and tizanidine",
        "baclofen 10 mg and tizanidine 4 mg",
        "switched from baclofen to tizanidine",
        "Percocet and acetaminophen",
        "tizanidine instead of baclofen",
        "tizanidine 4 mg + baclofen 10 mg",
        "baclofen 10 mg tid; ciprofloxacin 500 mg",
    ],
)
def test_two_medicines_in_a_line_are_never_one(text: str) -> None:
    reading = read_name(text)
    assert reading.status == "ambiguous"
    assert reading.ingredients == ()
    assert len(reading.alternatives) > 1
    assert reading.why is not None
    assert "line" in reading.why


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("baclofen and something", "something"),
        ("allergic to baclofen", "allergic"),
        ("not baclofen", "not"),
        ("baclofen stopped", "stopped"),
        ("baclofen and tizanidne", "tizanidne"),
        ("Advil Foo", "Foo"),
    ],
)
def test_words_not_understood_are_reported(text: str, word: str) -> None:
    assert word in read_name(text).unread


def test_a_misspelt_second_medicine_is_found_among_the_unread_words() -> None:
    found = possible_medicines(read_name("baclofen and tizanidne").unread)
    assert [word for word, _ in found] == ["tizanidne"]
    assert possible_medicines(("something",)) == ()


@pytest.mark.parametrize("text", ["Excedrin", "Alka-Seltzer", "NyQuil", "botulinum toxin", "Advil Night Foo"])
def test_an_uncertain_brand_is_ambiguous_or_says_what_was_not_read(text: str) -> None:
    reading = read_name(text)
    assert reading.status == "ambiguous" or reading.unread
    if reading.status == "ambiguous":
        assert reading.ingredients == ()
        assert len(reading.alternatives) > 1
        assert reading.why


@pytest.mark.parametrize(
    "text",
    [
        "MS 10 mg",
        "MSO4 4 mg",
        "MgSO4 2 g",
        "HCT 25",
        "MTX 15 mg weekly",
        "AZT",
        "insulin 10 units",
        "NSAID",
        "antibiotic",
        "muscle relaxer",
        "birth control patch",
    ],
)
def test_shorthand_and_classes_are_not_accepted(text: str) -> None:
    reading = read_name(text)
    assert reading.status == "unrecognised"
    assert reading.ingredients == ()
    assert reading.why


def test_ms_beside_a_medicine_is_a_disease_only_where_it_says_so() -> None:
    assert read_name("baclofen for MS").unread == ()
    assert "MS" in read_name("baclofen and MS 10 mg").unread


PAIRS = [
    ("fluoxetne", {"fluoxetine", "fluvoxamine"}),
    ("fluvoxetine", {"fluoxetine", "fluvoxamine"}),
    ("tizanadine", {"tizanidine", "tiagabine", "nizatidine"}),
    ("tizanidina", {"tizanidine", "tiagabine", "nizatidine"}),
    ("hydroxizine", {"hydroxyzine", "hydralazine"}),
    ("baclofin", {"baclofen"}),
]


@pytest.mark.parametrize(("text", "offered"), PAIRS)
def test_a_misspelling_is_offered_back_with_its_look_alikes_and_never_read(text: str, offered: set[str]) -> None:
    reading = read_name(text + " 4 mg")
    assert reading.status == "unrecognised"
    assert reading.ingredients == ()
    assert offered <= {s.name for s in reading.suggestions}
    assert all(s.confidence <= 0.5 for s in reading.suggestions)


def test_the_nearest_name_comes_first() -> None:
    assert suggest("tizanidina")[0].name == "tizanidine"
    assert suggest("baclofn")[0].name == "baclofen"
    keppra = suggest("Kepra")[0]
    assert (keppra.name, keppra.confidence > 0.5) == ("Keppra", True)


@pytest.mark.parametrize(
    "text", ["", "   ", "10 mg", "\U0001f642", "take with water", "\x00", "x" * 100_000, "(" * 500]
)
def test_a_line_without_a_name_is_unrecognised(text: str) -> None:
    reading = read_name(text)
    assert reading.status == "unrecognised"
    assert reading.why


# --- properties -------------------------------------------------------------------------------

ONE_NAME = [
    "baclofen",
    "tizanidine",
    "Advil PM",
    "co-codamol",
    "St John's wort",
    "Lioresal",
    "diazepam",
    "hyoscine butylbromide",
]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(ONE_NAME),
    st.sampled_from([str.upper, str.title, str.lower, str.swapcase]),
    st.integers(1, 4),
    st.sampled_from(["", " 10 mg", " 10mg tid", "  1 tab daily", " 4 mg tab"]),
)
def test_case_and_spaces_change_nothing(name: str, case: object, spaces: int, dose: str) -> None:
    assert callable(case)
    written = " " * spaces + case(name).replace(" ", " " * spaces) + dose
    plain, reading = read_name(name), read_name(written)
    assert reading.status == plain.status == "read"
    assert reading.ingredients == plain.ingredients


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_read_without_an_error(text: str) -> None:
    supported(read_name(text))


WORDS = st.sampled_from(
    [
        "baclofen",
        "tizanidine",
        "Advil",
        "PM",
        "HCl",
        "and",
        "/",
        "+",
        "10",
        "mg",
        "tab",
        "[Valium]",
        "(Lioresal)",
        "not",
        "MS",
        "HCT",
        "lisinopril",
        "xyz",
        "for",
        "acetaminophen",
        "codeine",
        "with",
        ",",
        ";",
        "Excedrin",
        "3",
        "sodium",
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(WORDS, max_size=8).map(" ".join))
def test_any_line_of_medicine_words_is_read_only_from_what_it_says(text: str) -> None:
    reading = read_name(text)
    supported(reading)
    said = reading.text.casefold()
    if "xyz" in said and reading.status == "read":
        assert "xyz" in reading.unread
    if "baclofen" in said and "tizanidine" in said and reading.status == "read":
        assert {"baclofen", "tizanidine"} <= names(reading)


def supported(reading: NameReading) -> None:
    """A reading names no ingredient that no run of words of its line stands for."""
    assert reading.status in {"read", "ambiguous", "unrecognised"}
    assert (reading.status == "read") == bool(reading.ingredients)
    if reading.status != "read":
        assert reading.why
    d = open_dictionary()
    words = name_key(reading.text, d.spellings).split()
    possible = {
        i.name
        for a in range(len(words))
        for b in range(a + 1, min(len(words), a + 8) + 1)
        if (entry := lookup_key(" ".join(words[a:b]), d)) is not None
        for s in entry.alternatives
        for i in s
    }
    assert names(reading) <= possible
    if reading.span is not None:
        start, end = reading.span
        assert 0 <= start < end <= len(reading.text)
