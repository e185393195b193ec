"""Names close to a misspelt one: the same as by comparing all, and of one person never more than a number of comparisons."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from browser import Served
from cds import Desk, order, prefetched, sign
from conftest import FULL, TODAY, reviewed
from relaxant.cli.main import main
from relaxant.knowledge.load import Knowledge
from relaxant.medicines import misspelt
from relaxant.medicines.dictionary import known_names, open_dictionary
from relaxant.medicines.misspelt import MOST_SEARCHED, parts_of, possible_medicines, suggest
from relaxant.medicines.read import read_line, read_medicines
from relaxant.patient import Allergy, Line, Patient
from relaxant.reviewing import checked

process = pytest.importorskip("rapidfuzz.process", reason="rapidfuzz is not installed")
from rapidfuzz.distance import DamerauLevenshtein  # noqa: E402

LETTERS = "abcdefghijklmnopqrstuvwxyz -é'"
LONGEST = 40 + 33
"""What one line can take: forty words beside a known name; or twelve words in which none is known, alone and two and three together."""


def wrong(name: str, by: random.Random) -> str:
    """A name with one to three slips of the hand."""
    for _ in range(by.choice((1, 1, 2, 3))):
        at, letter = by.randrange(len(name)), by.choice(LETTERS)
        swapped = name[:at] + name[at + 1 : at + 2] + name[at : at + 1] + name[at + 2 :]
        name = by.choice((name[:at] + letter + name[at + 1 :], name[:at] + letter + name[at:], swapped, name[:at] + name[at + 1 :] or "x"))  # fmt: skip
    return name


def misspelt_names(count: int) -> list[str]:
    """So many different names that are not known, each close to one that is."""
    by, known = random.Random(7), [key for key, _ in known_names() if " " not in key and len(key) > 7]
    found: dict[str, None] = {}
    while len(found) < count:
        name = by.choice(known)
        at = by.randrange(1, len(name))
        found[name[:at] + "q" + by.choice("wxz") + name[at:]] = None
    return list(found)


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every name that was compared with the known ones."""
    asked: list[str] = []
    may_be_close = misspelt._may_be_close

    def counted(word: str, offered: Any) -> dict[int, str]:
        asked.append(word)
        return may_be_close(word, offered)

    monkeypatch.setattr(misspelt, "_may_be_close", counted)
    return asked


def test_no_close_name_is_left_out() -> None:
    by, known = random.Random(5), [key for key, _ in known_names()]
    keys = list(dict.fromkeys(known))
    suggest("baclofn")
    for _ in range(2000 if FULL else 150):
        word = wrong(by.choice(keys), by)
        every = process.extract(word, keys, scorer=DamerauLevenshtein.normalized_similarity, limit=None, score_cutoff=0.66)  # fmt: skip
        able = misspelt._may_be_close(word, misspelt._offered(open_dictionary()))
        assert {key for key, _, _ in every} <= set(able.values()), word
        assert list(able) == sorted(able) and len(able) < len(keys)


def test_the_close_names_of_a_list_of_thousands_are_bounded(knowledge: Knowledge, compared: list[str]) -> None:
    names = misspelt_names(2000)
    lines = tuple(Line(said=f"{name} 10 mg daily") for name in names)
    allergies = tuple(Allergy(to=name) for name in names)
    patient = Patient(as_of=TODAY, country="US", medicines=(*lines, Line(said="baclofen 10 mg three times a day")), allergies=allergies)  # fmt: skip
    found = checked(patient, knowledge=knowledge)
    assert 2 * MOST_SEARCHED <= len(compared) <= 2 * (MOST_SEARCHED + LONGEST)
    assert {m.said for m in found.medicines} == {line.said for line in patient.medicines or ()}
    unread = [m for m in found.medicines if m.status == "unrecognised"]
    searched = [m for m in unread if m.searched]
    assert len(unread) == 2000 and 0 < len(searched) <= MOST_SEARCHED and all(m.suggestions for m in searched)
    left = [m for m in unread if m.searched is None]
    assert len(left) == 2000 - len(searched)
    assert all(m.why == "No medicine of this name is known here. Names close to it were not looked for." for m in left)
    assert np.isnan(found.facts.inputs.allergies["baclofen"][0])


def test_the_sentence_says_how_many_and_no_line_is_lost(knowledge: Knowledge) -> None:
    names = misspelt_names(600)
    made = reviewed({"medicines": [f"{n} 10 mg daily" for n in names], "allergies": names}, knowledge)
    read = read_medicines(Patient(as_of=TODAY, country="US", medicines=tuple(Line(said=m.said) for m in sorted(made.medicines, key=lambda m: m.said))), knowledge)  # fmt: skip
    left = sum(m.searched is None for m in read)
    said = [text for text in made.limits if "searched" in text]
    assert left and any(f"that {left} lines were not searched for names close to their own" in text for text in said)
    assert all(any(f"“{n} 10 mg daily” is not a medicine" in text for text in made.limits) for n in names)
    (allergies,) = (text for text in said if text.startswith("So many allergies"))
    told = [text for text in made.limits if "allerg" in text.casefold()]
    assert "any allergy to a relaxant is unknown" in allergies and all(any(n in text for text in told) for n in names)


def test_a_list_that_a_person_writes_is_searched_whole(knowledge: Knowledge, compared: list[str]) -> None:
    names = misspelt_names(120)
    lines = tuple(Line(said=f"{n} 10 mg") for n in names)
    read = read_medicines(Patient(as_of=TODAY, country="US", medicines=lines), knowledge)
    assert all(m.searched and m.suggestions for m in read)
    assert not any("searched" in t for t in reviewed({"medicines": [f"{n} 10 mg" for n in names]}, knowledge).limits)
    again = read_line(lines[0], "current", Patient(as_of=TODAY, country="US"), knowledge, search=False)
    assert (
        again.searched is None and not again.suggestions
    )  # what is kept of a line that was searched is not of one that was not


def test_what_is_weighed_is_searched_first(knowledge: Knowledge) -> None:
    lines = tuple(Line(said=f"{n} 10 mg") for n in misspelt_names(500))
    weighed = Patient(as_of=TODAY, country="US", medicines=lines, considering=(Line(said="start tizanidne 2 mg"),))
    (order,) = (m for m in read_medicines(weighed, knowledge) if m.role == "considering")
    assert [s.name for s in order.suggestions][:1] == ["tizanidine"]


def test_a_word_that_was_not_searched_may_be_a_medicine(knowledge: Knowledge, compared: list[str]) -> None:
    words = tuple(misspelt_names(60))
    assert [w for w, _ in possible_medicines(words, search=False)] == list(words) and not compared
    found = dict(possible_medicines(words))
    assert set(words[40:]) <= set(found) and not any(found[w] for w in words[40:])
    assert len(compared) == 40
    line = Line(said=f"baclofen 10 mg {' '.join(words[:3])}")
    read = read_line(line, "current", Patient(as_of=TODAY, country="US"), knowledge, search=False)
    assert read.searched is None and read.agents == ("baclofen",) and set(words[:3]) <= set(read.not_understood)


def test_a_long_line_is_compared_in_a_bounded_number_of_parts() -> None:
    assert len(parts_of(" ".join(misspelt_names(400)))) <= 33


def test_everywhere_the_same_is_said(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], served: Served, knowledge: Knowledge) -> None:  # fmt: skip
    httpx = pytest.importorskip("httpx", reason="the service's libraries are not installed (relaxant[serve])")
    names = misspelt_names(450)
    file = {"as_of": "2026-11-22", "medicines": [*(f"{n} 10 mg daily" for n in names), "baclofen 10 mg three times a day"]}  # fmt: skip
    own = [t for t in reviewed(file, knowledge).limits if "not searched" in t]
    assert len(own) == 1

    path = tmp_path / "patient.json"
    path.write_text(json.dumps(file))
    assert main(["review", str(path), "--format", "json"]) == 0
    assert own[0] in json.loads(capsysbinary.readouterr().out)["limits"]
    assert main(["review", str(path)]) == 0
    flat = " ".join(capsysbinary.readouterr().out.decode().split())
    assert own[0] in flat and all(n in flat for n in names)

    answer = httpx.post(f"{served.url}/api/review", json=file, timeout=120)
    assert answer.status_code == 200 and own[0] in answer.json()["review"]["limits"]
    shown = " ".join(" ".join(answer.json()["html"].values()).split())
    assert own[0] in shown and all(n in shown for n in names)

    desk = Desk(tmp_path / "desk")
    lines = tuple(Line(said=f"{n} 10 mg daily") for n in names)
    person = Patient(as_of=TODAY, country="US", age="50", medicines=lines)
    cards = desk.cards(sign(prefetched(person), [order("baclofen 10 mg tablet", "10 mg three times a day")]))
    desk.close()
    (card,) = (c for c in cards if "not recognised" in c.get("detail", ""))
    assert "442 more; the whole review names them" in card["detail"]
