"""The published lists of interactions: each of their pairs with our relaxants is found, or the disagreement stands in a rule's sources."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from conftest import reviewed
from relaxant.knowledge.load import load_knowledge
from relaxant.medicines.dictionary import lookup_name

KNOWN = load_knowledge()
LISTS = Path(__file__).parent / "data" / "interaction_lists.tsv"


def rows() -> list[dict[str, str]]:
    with LISTS.open(encoding="utf-8") as file:
        return list(csv.DictReader((line for line in file if not line.startswith("#")), delimiter="\t"))


def as_read(name: str) -> str:
    """A medicine by the name that the knowledge uses: aciclovir is acyclovir."""
    entry = lookup_name(name)
    assert entry is not None
    return entry.ingredients[0].name


def speaks(relaxant: str, partner: str, **person: Any) -> list[str]:
    """The tiers of the findings on a start of the relaxant beside the partner."""
    review = reviewed({"medicines": [partner], "considering": [relaxant], **person})
    assert {i.name for m in review.medicines for i in m.ingredients} >= {partner}
    assert relaxant in {c.agent for c in review.checks}
    return [f.tier for f in review.findings if any(partner in p for p in f.partners)]


def disputed(relaxant: str, partner: str) -> bool:
    """Whether a rule cites the list by the partner's name and says why it is rated otherwise, or left out."""
    return any(
        relaxant in rule.agents
        and source.source.startswith("va-ndfrt-2014")
        and partner in f"{source.place} {source.says}".casefold()
        for rule in KNOWN.rules.values()
        for source in rule.sources
    )


@pytest.mark.parametrize("row", rows(), ids=lambda r: f"{r['list']}: {r['relaxant']} + {r['partner']}")
def test_every_pair_is_found_or_disputed(row: dict[str, str]) -> None:
    relaxant, partner = row["relaxant"], as_read(row["partner"])
    person = {"sex": "female", "age": 40} if partner in ("levonorgestrel", "ethinyl estradiol") else {}
    tiers = speaks(relaxant, partner, **person)
    if row["severity"] in ("Critical", "high priority"):
        assert {"DANGER", "CHANGE"} & set(tiers) or disputed(relaxant, partner), tiers
    else:
        assert tiers or disputed(relaxant, partner)


CLEARED = [
    ("tizanidine", "levofloxacin"), ("tizanidine", "moxifloxacin"), ("tizanidine", "sertraline"), ("tizanidine", "citalopram"),
    ("baclofen", "sertraline"),
]  # fmt: skip


@pytest.mark.parametrize(("relaxant", "partner"), CLEARED)
@pytest.mark.parametrize("country", ["US", "UK", "DE"])
def test_what_measurement_clears_is_a_note_at_most(relaxant: str, partner: str, country: str) -> None:
    assert set(speaks(relaxant, partner, country=country)) <= {"NOTE"}


@pytest.mark.parametrize("country", ["US", "UK", "DE"])
def test_cisatracurium_in_renal_failure_is_a_note_at_most(country: str) -> None:
    person = {
        "country": country, "sex": "male", "age": 60, "weight": "80 kg", "height": "178 cm", "dialysis": "haemodialysis", "conditions": ["end stage renal disease"],
        "allergies": [], "medicines": [], "considering": ["cisatracurium 0.15 mg/kg intravenous once"],
        "labs": [{"name": "creatinine", "value": "6.1 mg/dL", "date": "2026-11-20"}],
    }  # fmt: skip
    review = reviewed(person)
    assert "cisatracurium" in {c.agent for c in review.checks}
    assert {f.tier for f in review.findings} <= {"NOTE"}


def test_five_sedatives_are_one_finding() -> None:
    person = {
        "sex": "female", "age": 50, "conditions": [], "allergies": [],
        "medicines": [
            "diazepam 5 mg twice a day", "gabapentin 300 mg three times a day", "amitriptyline 25 mg at night", "quetiapine 25 mg at night",
            "cyclobenzaprine 5 mg three times a day",
        ],
        "considering": ["baclofen 5 mg three times a day"],
    }  # fmt: skip
    review = reviewed(person)
    about_sedation = [f for f in review.findings if f.cause == "cns-depression"]
    assert len(about_sedation) == 1
    assert {"baclofen", "cyclobenzaprine", "diazepam", "gabapentin"} <= set(about_sedation[0].agents)
