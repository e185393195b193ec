"""Who must be told something before a block: genes, weeks in intensive care, a caesarean section, sugammadex given before, orders that slip."""

from __future__ import annotations

import pytest

from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import load_knowledge
from relaxant.knowledge.phenotypes import phenotype_of
from relaxant.reviewing import review
from relaxant.rules.findings import Finding
from test_blockade import DAY, SOUND, TODAY, line, plan


def found(**said: object) -> dict[str, Finding]:
    """The findings for a sound man with what is said put in its place, by the rules that made them."""
    knowledge = load_knowledge()
    patient = read_patient({"as_of": DAY, **SOUND, **said}, knowledge, today=TODAY)
    return {
        rule: f for f in review(patient, knowledge=knowledge, predict=False, plan=False).findings for rule in f.rules
    }


# ---------------------------------------------------------------- genes


@pytest.mark.parametrize(
    ("gene", "said", "status"),
    [
        ("RYR1", "c.7300G>A", "altered"),
        ("RYR1", "RYR1 c.7300G>A heterozygous", "altered"),
        ("RYR1", "not normal", "altered"),
        ("RYR1", "Normal", "normal"),
        ("RYR1", "No pathogenic variant found", "normal"),
        ("RYR1", "VUS", "uncertain"),
        ("RYR1", "pending", None),
        ("BCHE", "heterozygous", "carrier"),
        ("BCHE", "compound heterozygous", "altered"),
        ("BCHE", "A/A", "altered"),
        ("BCHE", "U/A", "carrier"),
        ("CYP2C19", "*2/*2", "poor"),
        ("CYP2C19", "odd", None),
    ],
)
def test_a_result_of_a_gene_is_altered_unless_it_says_otherwise(gene: str, said: str, status: str | None) -> None:
    own = phenotype_of(gene, said, load_knowledge().pathways)
    assert (None if own is None else own.phenotype) == status


@pytest.mark.parametrize("genotype", [{"RYR1": "c.7300G>A"}, {"ryr1": "p.Gly2434Arg"}, {"BCHE": "A/A"}])
def test_an_altered_gene_is_a_danger_and_takes_every_dose_away(genotype: dict[str, str]) -> None:
    said = found(genotype=genotype, considering=["succinylcholine 100 mg IV"])
    assert "DANGER" in {f.tier for f in said.values()}
    made = plan("succinylcholine", genotype=genotype, considering=["succinylcholine 100 mg IV"])
    assert made.refused and not [one for one in made.reckoning if one.what.startswith("Intubating")]


def test_a_gene_that_was_not_tested_is_not_asked_for_before_a_plan() -> None:
    made = plan("succinylcholine", considering=["succinylcholine 100 mg IV"])
    assert made.refused is None and not made.needs_first
    assert line(made, "Intubating dose").value
