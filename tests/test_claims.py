"""Articles read against the knowledge: no wrong verdict on what is known, silence where nothing is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from relaxant.claims.check import check_claims
from relaxant.claims.sentences import clauses, plain_words, stands
from relaxant.cli.main import main
from relaxant.knowledge.load import load_knowledge
from relaxant.plain import read_yaml

KNOWN = load_knowledge()
DATA: dict[str, Any] = read_yaml((Path(__file__).parent / "data" / "claims.yaml").read_text(encoding="utf-8"), "claims")


def verdicts(text: str) -> list[str]:
    """The verdicts on a text, without the silent ones."""
    return sorted({m.verdict for m in check_claims(text, KNOWN).marked} - {"cannot judge"}) or ["cannot judge"]


@pytest.mark.parametrize("claim", DATA["claims"], ids=lambda c: c["claim"])
def test_a_claim_however_it_is_put(claim: dict[str, Any]) -> None:
    assert len(claim["said"]) == 3
    assert {said: verdicts(said) for said in claim["said"]} == {said: [claim["verdict"]] for said in claim["said"]}


@pytest.mark.parametrize("claim", DATA["claims"], ids=lambda c: c["claim"])
def test_its_denial_gets_another_verdict(claim: dict[str, Any]) -> None:
    assert verdicts(claim["denied"]) == [claim["denied_verdict"]]


@pytest.mark.parametrize("said", DATA["true"])
def test_what_is_so_is_supported(said: str) -> None:
    assert verdicts(said) == ["supported"]


def test_there_are_as_many_true_ones_as_claims() -> None:
    assert len(DATA["true"]) == len(DATA["claims"]) == 22


@pytest.mark.parametrize(
    "said", ["The sun rises in the east.", "Baclofen is a medicine.", "Tizanidine comes in tablets of a pale colour."]
)
def test_what_is_not_known_is_not_judged(said: str) -> None:
    assert verdicts(said) == ["cannot judge"]


@pytest.mark.parametrize(
    "said",
    [
        "Baclofen is a safer choice than a benzodiazepine.",
        "Tizanidine is a good alternative to a benzodiazepine.",
        "Baclofen is an old drug and diazepam is a benzodiazepine.",
        "Unlike diazepam, baclofen is a GABA-B agonist.",
        "Like baclofen, dantrolene lowers tone, but unlike tizanidine and baclofen it is centrally acting with diazepam.",
    ],
)
def test_a_comparison_says_nothing_of_what_it_is(said: str) -> None:
    assert verdicts(said) == ["cannot judge"]


def test_words_may_stand_before_a_class() -> None:
    assert verdicts("Diazepam is a very long-acting benzodiazepine.") == ["supported"]
    assert verdicts("Baclofen is not a benzodiazepine.") == ["supported"]
    assert verdicts("Baclofen is a long-acting benzodiazepine.") == ["contradicted"]


def test_a_pronoun_means_the_one_named_before() -> None:
    (first, second) = check_claims("Tizanidine lowers tone. It is peripherally acting.", KNOWN).marked
    assert (first.verdict, second.verdict, second.about) == ("cannot judge", "contradicted", ("tizanidine",))


def test_every_verdict_but_silence_has_its_source() -> None:
    text = "\n".join(said for claim in DATA["claims"] for said in claim["said"])
    judged = [m for m in check_claims(text, KNOWN).marked if m.verdict != "cannot judge"]
    assert judged
    assert all(m.sources and m.holds for m in judged)


def test_what_is_mended_elsewhere_in_the_text_is_no_omission() -> None:
    assert verdicts("Baclofen is safe for most people. It must never be stopped abruptly.") == ["supported"]


def test_a_country_named_or_given_decides_by_its_labels() -> None:
    said = "The maximum dose of baclofen is 80 mg per day."
    assert {m.verdict for m in check_claims(said, KNOWN).marked} == {"depends on the country"}
    assert {m.verdict for m in check_claims(said, KNOWN, "US").marked} == {"supported"}
    assert {m.verdict for m in check_claims(said, KNOWN, "UK").marked} == {"contradicted"}


def test_a_rule_of_some_labels_decides_for_their_countries_only() -> None:
    said = "Tolterodine can be safely combined with ketoconazole."
    assert verdicts(said) == ["depends on the country"]
    assert verdicts(f"In the European Union, {said}") == ["contradicted"]
    assert {m.verdict for m in check_claims(said, KNOWN, "UK").marked} == {"contradicted"}
    assert {m.verdict for m in check_claims(said, KNOWN, "US").marked} == {"cannot judge"}


def test_sentences_clauses_and_list_items() -> None:
    text = "# Heading\n- Baclofen helps, e.g. in MS; tizanidine does not.\nOne. Two, but not three."
    assert [(s.line, s.denied) for s in clauses(text)] == [
        (1, False),
        (2, False),
        (2, True),
        (3, False),
        (3, False),
        (3, True),
    ]


@pytest.mark.parametrize(
    ("phrase", "words", "found"),
    [("relax* ... muscle*", "it relaxes the tense muscles", True), ("relax* muscle*", "it relaxes the muscles", False), ("us", "use", False)],
)  # fmt: skip
def test_phrases(phrase: str, words: str, found: bool) -> None:
    assert stands(phrase, plain_words(words)) == found


def test_the_command_says_what_it_could_not_judge(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    article = tmp_path / "article.txt"
    article.write_text("Tizanidine acts on the muscle itself. Baclofen tastes bitter.", encoding="utf-8")
    assert main(["check-claims", str(article)]) == 0
    shown = capsysbinary.readouterr().out.decode()
    assert "CONTRADICTED" in shown
    assert "1 of 2 statements" in shown
    assert main(["check-claims", str(article), "--format", "json"]) == 0
    assert json.loads(capsysbinary.readouterr().out)["about_something_known"] == 2


def test_an_empty_article_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    article = tmp_path / "article.txt"
    article.write_text(" \n", encoding="utf-8")
    assert main(["check-claims", str(article)]) == 2
    assert "TEXTFILE" in capsys.readouterr().err
