"""``relaxant respond`` as a person runs it: its words, its page, its messages."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from relaxant.cli.main import main

BETTER = [8, 9, 7, 8, 9, 8, 8] * 3 + [5, 4, 3, 2, 2, 1, 2] + [2, 1, 2, 3, 2, 1, 2] * 4


@pytest.fixture
def diary(tmp_path: Path) -> Path:
    rows = ["date,baclofen_mg,nrs,sedation,note"]
    for i, score in enumerate(BETTER):
        day = f"2026-{9 + (i + 4) // 30:02d}-{(i + 4) % 30 + 1:02d}"
        rows.append(
            f"{day},{0 if i < 21 else 45},{score},{2 if i < 21 else 3},{'<b>cold & wet</b>' if i == 30 else ''}"
        )
    path = tmp_path / "diary.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_text_says_better_and_keeps_to_its_width(diary: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["respond", str(diary), "--condition", "multiple sclerosis", "--label", "bed 7"]) == 0
    out = capsys.readouterr().out
    assert "0-10 rating of spasticity: BETTER than before" in " ".join(out.split())
    assert "This is due to" not in out  # only a comparison in turns that chance drew may say so
    assert max(map(len, out.splitlines())) <= 80 and out.startswith("bed 7\n")


def test_json_is_the_answer(diary: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["respond", str(diary), "--format", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [r["scale"] for r in answer["readings"]] == ["spasticity-nrs", "drowsiness"]
    assert answer["readings"][0]["said"] == "better" and answer["stretches"][1]["dose"] == 45
    assert len(answer["table"]) == len(BETTER)
    low, high = answer["readings"][0]["beyond"]["wide"]
    assert low < answer["readings"][0]["beyond"]["middle"] < high


def test_the_page_has_the_same_words_and_one_chart(diary: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["respond", str(diary), "--format", "text"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert main(["respond", str(diary), "--format", "html"]) == 0
    page = capsys.readouterr().out

    class Words(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.said: list[str] = []

        def handle_data(self, data: str) -> None:
            self.said.append(data)

    parser = Words()
    parser.feed(page)
    words = " ".join(" ".join(parser.said).split())
    assert page.count("<svg") == 1 and "<script" not in page and "<b>cold" not in page
    for sentence in (
        "0-10 rating of spasticity: BETTER than before.",
        "Probability that the dose has made it better: over 99%.",
    ):
        assert sentence in text and sentence in words


@pytest.mark.parametrize(
    ("more", "word"),
    [
        (["--column", "spasms"], "--column"),
        (["--column", "spasms=Krampf"], "no such column"),
        (["--condition", "zzz"], "--condition"),
        (["--from", "2030-01-01"], "--from"),
        (["--until", "yesterday"], "--until"),
    ],
)
def test_a_wrong_option_is_named(diary: Path, more: list[str], word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["respond", str(diary), *more]) == 2
    error = capsys.readouterr().err
    assert word in error and error.count("\n") == 1


@pytest.mark.parametrize("format", ["text", "html"])
@pytest.mark.parametrize("last", ["2026-01-10", "2026-04-10"])
def test_a_diary_of_visits_alone_has_its_table_and_no_chart(format: str, last: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    (tmp_path / "visits.csv").write_text(f"date,ashworth\n2026-01-01,2\n{last},1\n", encoding="utf-8")
    assert main(["respond", str(tmp_path / "visits.csv"), "--format", format]) == 0
    out = capsys.readouterr().out
    assert "Scores at visits" in out and "From the first score to the last" in out
    assert "<svg" not in out and "<figure" not in out and "The diary in numbers" not in out


def test_a_patient_file_gives_conditions_and_markers(diary: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    person = tmp_path / "patient.yaml"
    person.write_text("label: bed 9\nas_of: 2026-11-22\nconditions: [multiple sclerosis]\nlabs: [{name: neurofilament light, value: 22 pg/mL, date: 2026-09-20}]\n")  # fmt: skip
    assert main(["respond", str(diary), "--patient", str(person)]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert (
        out.startswith("bed 9")
        and "On the same axis of time" in out
        and "22 pg/mL" in out
        and "Probability that the dose has made it lower by" in out
    )
    assert main(["respond", str(diary), "--patient", str(person), "--format", "html"]) == 0
    assert "Neurofilament light chain: 22 pg/mL" in capsys.readouterr().out
