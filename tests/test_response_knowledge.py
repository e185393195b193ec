"""How soon medicines act and what else makes symptoms worse: every entry has its source, the order holds, the linter refuses what is broken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from relaxant.errors import KnowledgeError
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.knowledge.responses import Onset, Worsening
from relaxant.linting.check import lint
from relaxant.linting.responses import faults_of_responses

ASKED = (
    "baclofen",
    "baclofen intrathecal",
    "tizanidine",
    "dantrolene",
    "diazepam",
    "clonazepam",
    "gabapentin",
    "pregabalin",
    "nabiximols",
)
TOXINS = {"onabotulinumtoxinA", "abobotulinumtoxinA", "incobotulinumtoxinA", "rimabotulinumtoxinB"}
ONSET: dict[str, Any] = {
    "onset": "ward-eperisone", "agents": ["eperisone"], "days": [0.5, 3], "text": "Half a day.", "source": "my-source", "place": "page 1",
}  # fmt: skip
WORSENING: dict[str, Any] = {
    "worsening": "ward-heat", "title": "Heat", "ask": "Was it hot?", "then": "Cool down.", "source": "my-source", "place": "page 2",
}  # fmt: skip


def with_one_more(knowledge: Knowledge, entry: Onset | Worsening) -> Knowledge:
    """The shipped knowledge with one entry more, at the end."""
    held = knowledge.responses
    if isinstance(entry, Onset):
        held = msgspec.structs.replace(held, onsets={**held.onsets, entry.onset: entry})
    else:
        held = msgspec.structs.replace(held, worsenings={**held.worsenings, entry.worsening: entry})
    return msgspec.structs.replace(
        knowledge, sha256=str(entry), responses_packed=msgspec.Raw(msgspec.msgpack.encode(held))
    )


def faults(knowledge: Knowledge, entry: Onset | Worsening) -> str:
    """What the linter says of the shipped knowledge with one entry more."""
    return "\n".join(f"{where}: {what}" for where, what in faults_of_responses(with_one_more(knowledge, entry)))


def pack(folder: Path, **lists: list[dict[str, Any]]) -> str:
    """A pack with these lists and the source that they name."""
    folder.mkdir(exist_ok=True)
    source = {"id": "my-source", "kind": "policy", "title": "Our ward", "date": "2026-11-25"}
    (folder / "ward.yaml").write_text(json.dumps({"sources": [source], **lists}), encoding="utf-8")
    return str(folder)


def test_what_is_shipped_is_clean(knowledge: Knowledge) -> None:
    assert list(faults_of_responses(knowledge)) == []


def test_every_entry_and_all_it_points_to_has_a_source(knowledge: Knowledge) -> None:
    for entry in (*knowledge.responses.onsets.values(), *knowledge.responses.worsenings.values()):
        for cited in (entry, *entry.further):
            assert cited.source in knowledge.sources, (entry, cited.source)
            assert cited.place.strip(), entry


def test_the_antispastics_have_an_onset(knowledge: Knowledge) -> None:
    known = {agent: onset for onset in knowledge.responses.onsets.values() for agent in onset.agents}
    assert {*ASKED, *TOXINS} <= known.keys()
    assert known["tizanidine"].days[1] < known["dantrolene"].days[1]
    assert known["baclofen intrathecal"].days == (0.25, 2)  # 6 hours to 48


def test_only_what_is_given_rarely_fades(knowledge: Knowledge) -> None:
    fading = {agent for onset in knowledge.responses.onsets.values() if onset.fades for agent in onset.agents}
    assert fading == TOXINS


def test_missed_doses_are_asked_first_and_a_higher_dose_last(knowledge: Knowledge) -> None:
    order = list(knowledge.responses.worsenings)
    assert order[0] == "missed-doses"
    assert order[-1] == "more-medicine"
    asked = (
        "missed-doses",
        "infection",
        "pressure-sore",
        "relapse",
        "interferon",
        "pump-fault",
        "tolerance",
        "more-medicine",
    )
    assert [one for one in order if one in asked] == list(asked)


def test_what_a_diary_answers_and_what_needs_a_pump(knowledge: Knowledge) -> None:
    known = knowledge.responses.worsenings
    assert [one.worsening for one in known.values() if one.measured] == ["missed-doses", "dose-down"]
    assert [one.worsening for one in known.values() if one.pump] == ["pump-fault"]


def test_interferon_is_named_whole(knowledge: Knowledge) -> None:
    members = {name for member in knowledge.roles["interferon_beta"].members for name in member.ingredients}
    assert set(knowledge.responses.worsenings["interferon"].partners) == members


def test_an_entry_that_a_pack_replaces_keeps_its_place(tmp_path: Path, knowledge: Knowledge) -> None:
    laid = load_knowledge(pack(tmp_path / "ward", worsenings=[{**WORSENING, "worsening": "infection"}]))
    assert list(laid.responses.worsenings) == list(knowledge.responses.worsenings)
    assert laid.responses.worsenings["infection"].ask == "Was it hot?"


def test_a_sound_pack_is_clean(tmp_path: Path) -> None:
    assert [str(f) for f in lint(pack(tmp_path / "ward", onsets=[ONSET], worsenings=[WORSENING]))] == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"agents": []}, "names no agent"),
        ({"agents": ["aspirin"]}, "no agent “aspirin”"),
        ({"agents": ["baclofen"]}, "onsets baclofen already says how soon baclofen acts"),
        ({"days": [0, 3]}, "days are above nought"),
        ({"days": [-1, 3]}, "days are above nought"),
        ({"days": [3, 3]}, "from fewer to more"),
        ({"days": [3, 0.5]}, "from fewer to more"),
        ({"fades": 0.5}, "fades later than it comes"),
        ({"text": " "}, "a text is empty"),
        ({"text": "After 5.0 mg."}, "trailing zeros"),
    ],
)
def test_a_broken_onset_is_refused(knowledge: Knowledge, changed: dict[str, Any], said: str) -> None:
    assert said in faults(knowledge, msgspec.convert({**ONSET, **changed}, Onset))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"conditions": ["sunburn"]}, "no condition “sunburn”"),
        ({"partners": ["moonshine"]}, "does not know “moonshine”"),
        ({"partners": ["Rebif"]}, "“Rebif” is read as “interferon beta-1a”"),
        ({"ask": "It was hot."}, "ends with a question mark"),
        ({"title": ""}, "a text is empty"),
        ({"then": "Give 50 mcg."}, "micrograms"),
    ],
)
def test_a_broken_worsening_is_refused(knowledge: Knowledge, changed: dict[str, Any], said: str) -> None:
    assert said in faults(knowledge, msgspec.convert({**WORSENING, **changed}, Worsening))


def test_an_order_that_begins_otherwise_is_refused(knowledge: Knowledge) -> None:
    held = knowledge.responses
    turned = msgspec.structs.replace(held, worsenings=dict(reversed(held.worsenings.items())))
    laid = msgspec.structs.replace(
        knowledge, sha256="turned", responses_packed=msgspec.Raw(msgspec.msgpack.encode(turned))
    )
    assert [what for _, what in faults_of_responses(laid)] == ["the first explanation is that doses were missed"]


def test_a_source_that_is_not_there_is_refused(tmp_path: Path) -> None:
    found = "\n".join(
        map(str, lint(pack(tmp_path / "ward", onsets=[{**ONSET, "source": "hearsay"}], worsenings=[WORSENING])))
    )
    assert "no source “hearsay”" in found


@pytest.mark.parametrize(
    ("lists", "said"),
    [
        ({"onsets": [ONSET, ONSET]}, "onsets: “ward-eperisone” is defined twice"),
        ({"worsenings": [WORSENING, WORSENING]}, "worsenings: “ward-heat” is defined twice"),
        ({"onsets": [{**ONSET, "days": [1]}]}, "a list of 2 must stand here"),
        ({"onsets": [{**ONSET, "days": [1, "soon"]}]}, "ward.yaml"),
        ({"onsets": [{**ONSET, "hours": 3}]}, "hours"),
        ({"worsenings": [{**WORSENING, "measured": "heat"}]}, "measured"),
        ({"worsenings": [{k: v for k, v in WORSENING.items() if k != "then"}]}, "then"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, lists: dict[str, Any], said: str) -> None:
    with pytest.raises(KnowledgeError, match=said):
        load_knowledge(pack(tmp_path / "ward", **lists))
