"""The dictionary of medicines: names and codes to ingredients, from the shipped file alone."""

from __future__ import annotations

import sqlite3
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relaxant.medicines import build as building
from relaxant.medicines.codes import ATC, NDC, RXNORM, UNII, lookup_code, ndc_readings
from relaxant.medicines.dictionary import (
    Entry,
    display_name,
    is_product,
    lookup_ingredient,
    lookup_name,
    open_dictionary,
)
from relaxant.medicines.spelling import name_key, normalise_text

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def names_of(entry: Entry | None) -> list[set[str]]:
    return [] if entry is None else [{i.name for i in s} for s in entry.alternatives]


# --- the shipped file -------------------------------------------------------------------------


def test_the_file_is_small_and_carries_its_notice() -> None:
    folder = resources.files("relaxant.medicines").joinpath("data")
    with resources.as_file(folder.joinpath("dictionary.sqlite")) as path:
        assert path.stat().st_size < 8_000_000
    notice = folder.joinpath("NOTICE.txt").read_text("utf-8")
    assert (
        "This product uses publicly available data courtesy of the U.S. National Library of Medicine (NLM), "
        "National Institutes of Health, Department of Health and Human Services; NLM is not responsible for "
        "the product and does not endorse or recommend this or any other product"
    ) in notice


def test_the_file_was_built_with_the_present_names() -> None:
    d = open_dictionary()
    (sha,) = d.connection.execute("SELECT value FROM meta WHERE key = 'names_sha256'").fetchone()
    text = resources.files("relaxant.knowledge").joinpath("names.yaml").read_text("utf-8")
    assert sha == building.names_sha256(text), "names.yaml changed: run python -m relaxant.medicines.build"


def test_every_group_of_hand_kept_names_has_a_known_source() -> None:
    text = resources.files("relaxant.knowledge").joinpath("names.yaml").read_text("utf-8")
    hand = building.read_names_file(text)
    for part in ("names", "refused", "look_alike", "display", "atc", "same"):
        for group in hand[part]:
            assert group["source"] in hand["sources"]
    for item in hand["ingredients"] + hand["apart"]:
        assert item["source"] in hand["sources"]


def test_the_file_cannot_be_written() -> None:
    with pytest.raises(sqlite3.OperationalError):
        open_dictionary().connection.execute("DELETE FROM name")


def test_a_missing_file_says_how_to_build_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"relaxant\.medicines\.build"):
        open_dictionary(tmp_path / "none.sqlite")


@pytest.mark.skipif(not DATA.is_dir(), reason="the source lists (../shared/data) are not on this machine")
def test_the_build_gives_the_shipped_file_again(tmp_path: Path) -> None:
    again = tmp_path / "dictionary.sqlite"
    building.build(DATA, again)
    shipped = resources.files("relaxant.medicines").joinpath("data", "dictionary.sqlite").read_bytes()
    if again.read_bytes() != shipped:  # another SQLite may lay out pages differently; the rows may not differ
        with sqlite3.connect(again) as mine:
            assert list(mine.iterdump()) == list(open_dictionary().connection.iterdump())


# --- names ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "ingredients"),
    [
        ("baclofen", {"baclofen"}),
        ("tizanidine hydrochloride", {"tizanidine"}),
        ("tizanidine HCl", {"tizanidine"}),
        ("Advil PM", {"ibuprofen", "diphenhydramine"}),
        ("Percocet", {"oxycodone", "acetaminophen"}),
        ("paracetamol", {"acetaminophen"}),
        ("dicycloverine", {"dicyclomine"}),
        ("dicyclomine", {"dicyclomine"}),
        ("salbutamol", {"albuterol"}),
        ("rifampicin", {"rifampin"}),
        ("ciclosporin", {"cyclosporine"}),
        ("suxamethonium", {"succinylcholine"}),
        ("pethidine", {"meperidine"}),
        ("adrenaline", {"epinephrine"}),
        ("hyoscine hydrobromide", {"scopolamine"}),
        ("hyoscine butylbromide", {"butylscopolamine"}),
        ("Buscopan", {"butylscopolamine"}),
        ("Sirdalud", {"tizanidine"}),
        ("Mydocalm", {"tolperisone"}),
        ("eperisone hydrochloride", {"eperisone"}),
        ("thiocolchicoside", {"thiocolchicoside"}),
        ("co-codamol", {"acetaminophen", "codeine"}),
        ("co-amoxiclav", {"amoxicillin", "clavulanate"}),
        ("St. John\u2019s wort", {"st. john's wort"}),
        ("SJW", {"st. john's wort"}),
        ("the pill", {"ethinyl estradiol", "progestin, unspecified"}),
        ("HCTZ", {"hydrochlorothiazide"}),
        ("ASA", {"aspirin"}),
        ("divalproex sodium", {"valproate"}),
        ("apixaban", {"apixaban"}),
        ("Eliquis", {"apixaban"}),
        ("amlodipine", {"amlodipine"}),
        ("atorvastatin calcium", {"atorvastatin"}),
        ("alendronic acid", {"alendronate"}),
        ("Norgesic", {"aspirin", "caffeine", "orphenadrine"}),
        ("Soma Compound", {"aspirin", "carisoprodol"}),
        ("Botox", {"onabotulinumtoxina"}),
        ("Dysport", {"abobotulinumtoxina"}),
        ("Xeomin", {"incobotulinumtoxina"}),
        ("Myobloc", {"rimabotulinumtoxinb"}),
        ("morphine sulfate", {"morphine"}),
        ("magnesium sulfate", {"magnesium sulfate"}),
    ],
)
def test_a_name_stands_for_its_ingredients(said: str, ingredients: set[str]) -> None:
    assert names_of(lookup_name(said)) == [ingredients]


@pytest.mark.parametrize("said", ["Excedrin", "Alka-Seltzer", "NyQuil", "botulinum toxin"])
def test_a_brand_of_several_products_is_not_guessed(said: str) -> None:
    entry = lookup_name(said)
    assert entry is not None
    assert len(entry.alternatives) > 1
    assert entry.ingredients == ()


@pytest.mark.parametrize("said", ["MS", "MSO4", "MgSO4", "HCT", "AZT", "MTX", "T3", "NSAID", "insulin"])
def test_dangerous_shorthand_is_refused_with_a_reason(said: str) -> None:
    entry = lookup_name(said)
    assert entry is not None
    assert entry.kind == "refused"
    assert entry.why


@pytest.mark.parametrize(
    "word", ["today", "stop", "allergic", "switched", "date", "depot", "alert", "never", "spasms", "night"]
)
def test_an_everyday_word_is_no_medicine(word: str) -> None:
    assert lookup_name(word) is None


def test_no_form_or_route_is_assumed_for_a_brand_that_has_others_abroad() -> None:
    entry = lookup_name("Lioresal")
    assert entry is not None
    assert (entry.form, entry.route, entry.release) == (None, None, None)


def test_salts_share_an_ingredient_and_different_medicines_do_not() -> None:
    assert names_of(lookup_name("metoprolol succinate")) == names_of(lookup_name("metoprolol tartrate"))
    assert names_of(lookup_name("fosphenytoin")) != names_of(lookup_name("phenytoin"))
    assert names_of(lookup_name("baclofen")) != names_of(lookup_name("arbaclofen"))
    assert names_of(lookup_name("Botox")) != names_of(lookup_name("Dysport"))


def test_ingredients_carry_their_codes() -> None:
    baclofen = lookup_ingredient("baclofen")
    assert baclofen is not None
    assert baclofen.rxcui == "1292"
    assert baclofen.unii == "H789N3FKE8"
    for name in ("acetaminophen", "amitriptyline", "atenolol", "azithromycin"):
        found = lookup_ingredient(name)
        assert found is not None
        assert found.rxcui
        assert found.unii


def test_known_combinations() -> None:
    def together(*names: str) -> bool:
        found = [lookup_ingredient(n) for n in names]
        assert all(found)
        return is_product([f for f in found if f])

    assert together("acetaminophen", "oxycodone")
    assert not together("baclofen", "tizanidine")


# --- codes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "ingredients"),
    [
        ("1292", {"baclofen"}),  # IN
        ("153010", {"ibuprofen"}),  # BN
        ("198405", {"ibuprofen"}),  # SCD
        ("866414", {"metoprolol"}),  # SBD
        ("315971", {"furosemide"}),  # SCDC
        ("748856", {"drospirenone", "ethinyl estradiol"}),  # BPCK
        ("562251", {"amoxicillin", "clavulanate"}),
        ("1364430", {"apixaban"}),  # from the codes that fill the missing A
        ("243670", {"aspirin"}),
    ],
)
def test_rxnorm_of_any_kind(code: str, ingredients: set[str]) -> None:
    assert names_of(lookup_code(RXNORM, code)) == [ingredients]


def test_a_product_code_says_strength_form_release_and_brand() -> None:
    entry = lookup_code(RXNORM, "866414")
    assert entry is not None
    assert (entry.strength, entry.form, entry.release, entry.route, entry.brand) == (
        "100 MG",
        "tablet",
        "modified",
        "oral",
        "Toprol",
    )


def test_strengths_follow_the_order_of_the_ingredients() -> None:
    entry = lookup_code(RXNORM, "562251")
    assert entry is not None
    assert [i.name for i in entry.ingredients] == ["amoxicillin", "clavulanate"]
    assert entry.strength == "250 MG / 125 MG"


def test_an_injection_of_baclofen_is_intrathecal() -> None:
    d = open_dictionary()
    rows = d.connection.execute(
        "SELECT n.code FROM rx n JOIN product p ON p.id = n.product JOIN iset s ON s.id = p.set_ids "
        "JOIN ingredient i ON s.ids = CAST(i.id AS TEXT) WHERE i.name = 'baclofen' AND p.form = 'injection'"
    ).fetchall()
    assert rows
    for (code,) in rows:
        entry = lookup_code(RXNORM, str(code))
        assert entry is not None
        assert entry.route == "intrathecal"


@pytest.mark.parametrize(
    "code", ["0573-0164-40", "0573-0164", "00573016440", "0573016440", "00573-0164-40", "NDC 0573-0164-40"]
)
def test_ndc_in_every_writing(code: str) -> None:
    assert names_of(lookup_code(NDC, code)) == [{"diphenhydramine", "ibuprofen"}]


def test_ndc_shapes() -> None:
    assert ndc_readings("0069-0510-30") == ("00069051030",)
    assert ndc_readings("60505-259-01") == ("60505025901",)
    assert ndc_readings("60505-2590-1") == ("60505259001",)
    assert len(ndc_readings("6050525901")) == 3
    for bad in ("", "12", "123-45-6", "abc", "1234-5678-90-1", "123456789012"):
        assert ndc_readings(bad) == ()


def test_a_plain_ten_digit_ndc_that_could_be_two_products_is_not_answered() -> None:
    d = open_dictionary()
    found = 0
    nines = {str(r[0]).zfill(9) for r in d.connection.execute("SELECT code FROM ndc9")}
    for nine in sorted(nines):
        if nine[5] != "0":
            continue
        # 5-3-2 of this product, and 5-4-1 of another one of the same labeler
        for last in "0123456789":
            other = nine[:5] + nine[6:] + last
            if other in nines:
                a = lookup_code(NDC, nine + last + "0")
                b = lookup_code(NDC, other + "00")
                if a is None or b is None or a.alternatives == b.alternatives:
                    continue
                assert lookup_code(NDC, nine[:5] + nine[6:] + last + "0") is None
                found += 1
        if found >= 5:
            break
    assert found


def test_unii_and_atc() -> None:
    assert names_of(lookup_code(UNII, "H789N3FKE8")) == [{"baclofen"}]
    assert names_of(lookup_code(UNII, "362o9itl9d")) == [{"acetaminophen"}]
    assert names_of(lookup_code(ATC, "M03BX02")) == [{"tizanidine"}]
    assert names_of(lookup_code(ATC, "M03BX01")) == [{"baclofen"}]
    assert lookup_code(ATC, "Z99ZZ99") is None


@pytest.mark.parametrize("system", ["", "http://snomed.info/sct", "urn:x"])
def test_an_unknown_system_answers_nothing(system: str) -> None:
    assert lookup_code(system, "1292") is None


def test_an_unknown_code_answers_nothing() -> None:
    for system in (RXNORM, NDC, ATC, UNII):
        for code in (
            "",
            "0",
            "-1",
            "999999999999",
            "1292x",
            "\u0661\u0662\u0669\u0662",
            "'; DROP TABLE rx",
            "1" * 5000,
        ):
            assert lookup_code(system, code) is None


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([RXNORM, NDC, ATC, UNII, "x"]), st.text(max_size=30))
def test_any_code_is_answered_or_not_and_never_raises(system: str, code: str) -> None:
    entry = lookup_code(system, code)
    assert entry is None or entry.alternatives


# --- words ------------------------------------------------------------------------------------


def test_the_name_shown_depends_on_the_country() -> None:
    assert display_name("acetaminophen", "US") == "acetaminophen"
    assert display_name("acetaminophen", "UK") == "paracetamol"
    assert display_name("acetaminophen", "DE") == "paracetamol"
    assert display_name("epinephrine", "UK") == "adrenaline"
    assert display_name("epinephrine", "FR") == "epinephrine"
    assert display_name("baclofen", "UK") == "baclofen"
    assert display_name("dicyclomine", "gb") == "dicycloverine"


def test_every_name_shown_abroad_is_read_back_as_the_same_ingredient() -> None:
    d = open_dictionary()
    for name, _, text in d.connection.execute("SELECT name, place, text FROM display").fetchall():
        if lookup_ingredient(name) is not None:
            assert names_of(lookup_name(text)) == [{name}], (name, text)


def test_numbers_survive_the_folding_of_characters() -> None:
    assert normalise_text("2\u00bd tab") == "2 1/2 tab"
    assert normalise_text("\u00bd tab").strip() == "1/2 tab"
    assert normalise_text("10\u00b2") == "10^2"
    assert normalise_text("baclofen\u2122 \uff11\uff10\u00a0mg") == "baclofen 10 mg"


def test_keys_do_not_depend_on_case_marks_or_turkish_letters() -> None:
    assert name_key("TIZANIDINE") == name_key("tizanidine") == name_key("T\u0130ZAN\u0130D\u0130NE")
    assert name_key("Lioresal\u00ae") == "lioresal"
    assert name_key("Co\u2010codamol") == "co codamol"


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_looked_up_without_an_error(text: str) -> None:
    entry = lookup_name(text)
    assert entry is None or entry.label
