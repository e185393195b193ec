"""A hospital's own pack where it is used: in the service's cards and pages, and in a screen of a registry."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

pytest.importorskip("duckdb", reason="the libraries of the screen are not installed (relaxant[screen])")

from cds import TODAY, Desk, prefetched, view
from relaxant.cohort.screen import screen
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.patient import Line, Patient
from test_lint import rule

HOSPITAL = "EXAMPLE hospital 1"
OLD = Patient(
    as_of=TODAY,
    country="US",
    sex="female",
    age="81",
    medicines=(Line(said="baclofen 20 mg four times a day", drug="baclofen", dose="20 mg four times a day"),),
    conditions=(),
    allergies=(),
)
CITED = {"source": "my-source", "place": "1"}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    """Knowledge with a pack that has a ceiling from 75 years, a rule, and a silence of its own."""
    folder = tmp_path_factory.mktemp("pack")
    ceiling = {"kind": "daily", "value": "60", "unit": "mg", "age_from": "75", **CITED}
    pack = {
        "pack": {"name": "EXAMPLE hospital", "version": "1", "signed_by": "EXAMPLE committee", "signed_on": "2026-11-20"},
        "sources": [{"id": "my-source", "kind": "policy", "title": "Minutes", "publisher": "EXAMPLE hospital", "date": "2026-11-20", "seen": "text"}],
        "changes": [{"agent": "baclofen", "limits": [ceiling]}],
        "rules": [rule(evidence="local", partner={"roles": ["lithium"]}, tier="CHANGE", action="Ring EXAMPLE psychiatry before each change; never stop it at once.")],
        "silences": [{"rule": "baclofen-lithium", "why": "EXAMPLE: our own rule speaks", **CITED}],
    }  # fmt: skip
    (folder / "pack.yaml").write_text(yaml.safe_dump(pack, sort_keys=False), encoding="utf-8")
    return load_knowledge(str(folder))


@pytest.fixture
def desk(here: Knowledge, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path, here)
    yield made
    made.close()


def test_a_card_of_a_places_own_ceiling_names_the_pack_and_not_a_label(desk: Desk) -> None:
    (card,) = [card for card in desk.cards(view(prefetched(OLD))) if "above the limit of 60 mg/day" in card["summary"]]
    assert "**Evidence:** decided by this place" in card["detail"] and "product label" not in card["detail"]
    assert f"This place's own pack speaks here: {HOSPITAL}." in card["detail"]
    assert "Minutes, EXAMPLE hospital" in card["detail"]


def test_the_page_of_a_places_own_rule_is_there_and_that_of_a_silenced_one_says_so(desk: Desk) -> None:
    own = desk.get("/rules/ward-baclofen-lithium")
    assert own.status_code == 200 and "decided by this place" in own.text and HOSPITAL in own.text
    gone = desk.get("/rules/baclofen-lithium", headers={"accept": "text/html"})
    assert gone.status_code == 404 and "EXAMPLE: our own rule speaks" in gone.text


def registry(folder: Path) -> Path:
    """Two persons of 81 and 51 years with 75 mg of baclofen a day, the elder with lithium."""
    tables: dict[str, list[dict[str, Any]]] = {
        "person": [{"person_id": n, "gender_concept_id": 8532, "year_of_birth": year} for n, year in ((1, 1944), (2, 1974))],
        "drug_exposure": [
            {"person_id": n, "drug_source_value": name, "drug_exposure_start_date": "2025-12-01", "days_supply": 60, "quantity": quantity}
            for n, name, quantity in ((1, "baclofen 25 MG tablet", 180), (2, "baclofen 25 MG tablet", 180), (1, "lithium carbonate 300 MG tablet", 120))
        ],
    }  # fmt: skip
    folder.mkdir()
    for name, rows in tables.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    return folder


def test_a_screen_with_a_pack_counts_by_it_and_its_page_says_so(here: Knowledge, tmp_path: Path) -> None:
    source = registry(tmp_path / "registry")
    made = screen(source, tmp_path / "out", as_of=date(2025, 12, 15), knowledge=here, small_counts=True)
    with (tmp_path / "out" / "counts.csv").open(encoding="utf-8") as file:
        counts = {(row["rule"], row["age"]): int(row["persons"]) for row in csv.DictReader(file)}
    assert counts["over-daily-limit", "80 to 89"] == 1 == counts["ward-baclofen-lithium", "80 to 89"]
    assert ("over-daily-limit", "50 to 59") not in counts and made.tally.relaxant == 2
    assert not any(rule == "baclofen-lithium" for rule, _ in counts)
    page = (tmp_path / "out" / "summary.html").read_text(encoding="utf-8")
    assert f"ward-baclofen-lithium, {HOSPITAL}" in page
    assert f"The knowledge of this place lies over relaxant&#39;s: {HOSPITAL}." in page
    assert "It silences the rule “Baclofen with lithium” (baclofen-lithium): EXAMPLE: our own rule speaks" in page


def test_a_day_after_all_data_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from relaxant.cli.main import main

    source = registry(tmp_path / "registry")
    assert main(["screen", str(source), "--output", str(tmp_path / "out"), "--as-of", "2026-06-01"]) == 0
    assert "2026-06-01 lies after the last day of the data, 2025-12-01" in capsys.readouterr().err
    page = (tmp_path / "out" / "summary.html").read_text(encoding="utf-8")
    assert "as of 2026-06-01, after the last day of the data, 2025-12-01" in page
