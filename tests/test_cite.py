"""The references of a result: those it used and no others, by the numbers of its page, as text and as BibTeX that a parser of BibTeX takes."""

from __future__ import annotations

import re
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example as tried
from hypothesis import given
from hypothesis import strategies as st

from conftest import ROOT, TODAY, reviewed
from relaxant import cite, compare, read_patient, respond, review, to_json
from relaxant.citing.bibtex import bibtex_of, escaped, key_of
from relaxant.citing.reference import Reference
from relaxant.citing.references import References
from relaxant.cli.main import main
from relaxant.errors import InputError
from relaxant.evidence.comparison import to_json as comparison_json
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.report.review.view import view_of
from relaxant.reviewing import Review

EXAMPLES = sorted((ROOT / "examples").glob("*.yaml")) + sorted((ROOT / "examples" / "plans").glob("*.yaml"))
PAIR = {"medicines": ["ciprofloxacin 500 mg twice a day"], "considering": ["tizanidine 4 mg three times a day"]}


def ids_in(value: Any) -> set[str]:
    """Every id that stands in the JSON of a result as one of a source."""
    if isinstance(value, dict):
        own = {value["id"]} if {"id", "title", "place", "url"} <= value.keys() else set()
        return own | {i for one in value.values() for i in ids_in(one)}
    return {i for one in value for i in ids_in(one)} if isinstance(value, list) else set()


def parsed(bibtex: str) -> Any:
    """BibTeX as pybtex reads it, which takes nothing that BibTeX would not."""
    database = pytest.importorskip("pybtex.database")
    return database.parse_string(bibtex, "bibtex").entries


@pytest.fixture(scope="module", params=EXAMPLES, ids=lambda path: path.stem)
def example(request: pytest.FixtureRequest) -> Review:
    return review(read_patient(request.param, today=TODAY))


def test_a_review_cites_what_it_used_and_nothing_else(example: Review, knowledge: Knowledge) -> None:
    found = cite(example)
    plain = msgspec.json.decode(to_json(example))
    of_facts = {f["source"] for f in plain["facts"] if not f.get("unknown") and f.get("source") in knowledge.sources}
    assert {one.id for one in found.sources} == ids_in(plain) | of_facts
    shown = view_of(example).sources
    assert [(one.number, one.title) for one in found.sources][: len(shown)] == [(s.number, s.title) for s in shown]
    assert [one.number for one in found.sources] == list(range(1, len(found.sources) + 1))


def test_every_place_is_one_that_the_review_names(example: Review) -> None:
    places: dict[str, set[str]] = {}

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if {"id", "title", "place", "url"} <= value.keys():
                places.setdefault(value["id"], set()).add(value["place"].strip())
            for one in value.values():
                walk(one)
        elif isinstance(value, list):
            for one in value:
                walk(one)

    walk(msgspec.json.decode(to_json(example)))
    for one in cite(example).sources:
        assert set(one.places) == places.get(one.id, set()) - {""}, one.id
        assert set(one.unverified) <= {*one.places, ""}


def test_the_text_has_a_line_for_each_and_one_for_relaxant(example: Review, knowledge: Knowledge) -> None:
    found = cite(example)
    first, empty, *lines = found.text.removesuffix("\n").split("\n")
    assert (
        first == f"relaxant {example.stamp.engine}, knowledge {knowledge.date}, sha256 {knowledge.sha256}" and not empty
    )
    assert len(lines) == len(found.sources)
    for one, line in zip(found.sources, lines, strict=True):
        known = knowledge.sources[one.id]
        assert line.startswith(f"[{one.number}] {one.title}") and line.isprintable()
        assert all(part in line for part in (known.publisher, known.date, one.url, *one.places) if part)
        assert (known.seen == "not seen") == (" Not seen" in line)
        assert bool(one.unverified) == (" Not verified" in line)


def test_the_bibtex_holds_the_same_and_invents_nothing(example: Review, knowledge: Knowledge) -> None:
    found = cite(example)
    entries = parsed(found.bibtex)
    itself, *rest = entries.values()
    assert knowledge.sha256 in itself.fields["note"] and example.stamp.engine in itself.fields["note"]
    assert itself.fields["year"] == knowledge.date[:4] and knowledge.date in itself.fields["note"]
    assert list(entries) == ["relaxant", *(one.id for one in found.sources)]
    for one, entry in zip(found.sources, rest, strict=True):
        known = knowledge.sources[one.id]
        said = {name: unescaped(value) for name, value in entry.fields.items()}
        assert said["title"] == one.title
        assert said.get("year") == (known.date[:4] if known.date else None)
        assert ("month" in said) == (known.date is not None and len(known.date) > 4)
        assert said.get("doi") == known.doi and said.get("url") == one.url
        assert not {"author", "journal", "volume", "pages"} & said.keys()
        assert said.get("eprint", "") in (one.url or "")
        everything = " ".join(said.values())
        assert all(part.rstrip(".") in everything for part in (known.publisher, *one.places) if part)
        assert (entry.type == "article") == (
            bool(known.doi or "eprint" in said) and known.kind not in ("label", "standard")
        )
        assert entry.type != "manual" or known.kind in ("label", "guideline", "standard")


def unescaped(text: str) -> str:
    """A field as it is printed."""
    text = text.removeprefix("{").removesuffix("}")
    for word, character in (("backslash", "\\"), ("asciitilde", "~"), ("asciicircum", "^"), ("less", "<"), ("greater", ">"), ("bar", "|"), ("braceleft", "{"), ("braceright", "}")):  # fmt: skip
        text = text.replace(rf"\text{word}{{}}", character if character != "\\" else "\0")
    return re.sub(r"\\([#$%&_])", r"\1", text).replace("\0", "\\")


def one_source(**more: Any) -> Reference:
    plain = {"number": 1, "id": "a", "title": "A", "kind": "study", "publisher": None, "date": None, "url": None, "doi": None, "seen": "text", "seen_on": None, "places": (), "unverified": ()}  # fmt: skip
    return Reference(**{**plain, **more})


def bibtex(*sources: Reference) -> str:
    return bibtex_of(sources, {"engine": "0", "date": "2026-11-22", "sha256": "0"}, load_knowledge().words("cite"))


# a source's text is one line (clean() makes it so); BibTeX itself takes runs of spaces for one
line = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z"))).map(str.strip)


@given(title=line, publisher=line, place=line)
@tried(title="}", publisher="{", place="}{")
def test_no_text_of_a_pack_breaks_out_of_its_field(title: str, publisher: str, place: str) -> None:
    made = one_source(title=title, publisher=publisher, places=(place,), url="https://example.org/}a", doi="10.1/{b")
    entry = parsed(bibtex(made, one_source(id="after")))
    assert list(entry) == ["relaxant", "a", "after"]
    assert unescaped(entry["a"].fields["title"]) == title
    assert entry["a"].fields["url"] == "https://example.org/%7Da" and entry["a"].fields["doi"] == "10.1/%7Bb"


@given(st.lists(st.text(min_size=1, max_size=8), unique=True, max_size=6))
def test_keys_are_such_as_bibtex_takes_and_stay_apart(ids: list[str]) -> None:
    keys = [key_of(one) for one in ids]
    assert all(re.fullmatch(r"[A-Za-z0-9._:-]+", key) and key.lower() != "relaxant" for key in keys)
    assert all(key == one for key, one in zip(keys, ids, strict=True) if re.fullmatch(r"[a-z0-9-]+", one) and one != "relaxant")  # fmt: skip


def test_latex_prints_what_was_written() -> None:
    assert escaped(r"50% of $5 & #1_{a} \ ~ ^ <b|c> é") == (
        r"50\% of \$5 \& \#1\_\textbraceleft{}a\textbraceright{} \textbackslash{} \textasciitilde{} \textasciicircum{} \textless{}b\textbar{}c\textgreater{} é"
    )


def test_a_day_and_a_date_in_words_are_kept_in_the_note() -> None:
    day = bibtex(one_source(date="2021-07-05", kind="label", publisher="FDA"))
    assert (
        "@manual{a," in day and "  month = jul," in day and "organization = {FDA}" in day and "Dated 2021-07-05" in day
    )
    words = bibtex(one_source(date="undated copy"))
    assert "year" not in words.partition("@misc{a")[2] and "Dated undated copy" in words
    seen = bibtex(one_source(url="https://example.org", seen="excerpt", seen_on="2026-11-22"))
    assert "urldate = {2026-11-22}" in seen and "note = {Excerpt read on 2026-11-22}" in seen
    paper = bibtex(one_source(url="https://pubmed.ncbi.nlm.nih.gov/123/", publisher="Anesthesiology"))
    assert "@article{a," in paper and "eprint = {123}" in paper and "eprinttype = {pubmed}" in paper and "note = {Anesthesiology. " in paper  # fmt: skip


def test_what_was_not_seen_in_its_source_is_marked(knowledge: Knowledge) -> None:
    """Of the shipped rules, those that are marked as not verified mark the places that they rest on."""
    made = reviewed({**PAIR, "sex": "female", "age": "58"})
    finding = msgspec.structs.replace(made.findings[0], verified=False)
    marked = cite(msgspec.structs.replace(made, findings=(finding, *made.findings[1:])))
    own = {(c.id, c.place) for c in finding.sources}
    assert {(one.id, place) for one in marked.sources for place in one.unverified} >= own
    plain = {(one.id, place) for one in cite(made).sources for place in one.unverified}
    assert not plain & own
    assert "Not verified at" in marked.text and "Not verified at" in marked.bibtex


# ---------------------------------------------------------------- other results


def test_a_comparison_cites_all_that_it_lays_side_by_side(knowledge: Knowledge) -> None:
    made = compare(["baclofen", "tizanidine"])
    found = cite(made)
    assert {one.id for one in found.sources} >= ids_in(msgspec.json.decode(comparison_json(made)))
    assert {one.kind for one in found.sources} >= {"label", "trial", "review"}
    assert not any(one.id in place for one in found.sources for other in found.sources for place in other.places)
    assert list(parsed(found.bibtex)) == ["relaxant", *(one.id for one in found.sources)]


def test_an_answer_to_a_diary_cites_how_it_was_read() -> None:
    diaries = ROOT / "examples" / "diaries"
    patient = read_patient(diaries / "worse.yaml", today=TODAY)
    found = cite(respond(diaries / "worse.csv", today=TODAY, patient=patient))
    assert any(one.kind == "policy" for one in found.sources) and len(found.sources) > 10
    assert list(parsed(found.bibtex)) == ["relaxant", *(one.id for one in found.sources)]


def test_a_plan_cites_its_way_and_its_tablets(knowledge: Knowledge) -> None:
    made = review(read_patient(ROOT / "examples" / "plans" / "baclofen-out.yaml", today=TODAY))
    taper = next(plan for plan in made.plan if plan.kind == "taper")
    found = cite(taper)
    assert {one.id for one in found.sources} == ids_in(msgspec.json.decode(msgspec.json.encode(taper)))
    assert {p.source.id for p in taper.products} <= {one.id for one in found.sources}


def test_a_screen_cites_the_rules_that_fired(tmp_path: Path, knowledge: Knowledge) -> None:
    pytest.importorskip("duckdb")
    from relaxant.cohort.synthesize import synthesize

    synthesize(tmp_path / "registry", 400, 1, knowledge)
    from relaxant import screen

    made = screen(tmp_path / "registry", tmp_path / "out")
    found = cite(made)
    rules = {rule for rule, *_ in made.tally.found}
    of_rules = {ref.source for rule in rules for ref in knowledge.rules[rule].sources}
    assert rules and found.sources and {one.id for one in found.sources} <= of_rules
    for rule in rules:
        assert {ref.source for ref in knowledge.rules[rule].sources} & {one.id for one in found.sources}


def test_what_has_no_sources_is_refused(knowledge: Knowledge) -> None:
    with pytest.raises(InputError, match="no sources; give a review"):
        cite(knowledge)  # type: ignore[arg-type]


def test_a_result_of_other_knowledge_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = reviewed(PAIR)
    stamp = msgspec.structs.replace(
        made.stamp, knowledge=msgspec.structs.replace(made.stamp.knowledge, sha256="0" * 64)
    )
    other = msgspec.structs.replace(made, stamp=stamp)
    with pytest.raises(InputError, match="knowledge: “0000000000000000”"):
        cite(other)
    (tmp_path / "review.json").write_bytes(to_json(other))
    assert main(["cite", str(tmp_path / "review.json")]) == 2
    assert "the packs that made the result" in capsys.readouterr().err
    plan = review(read_patient(ROOT / "examples" / "plans" / "baclofen-out.yaml", today=TODAY)).plan[0]
    policies = tuple(msgspec.structs.replace(p, source=msgspec.structs.replace(p.source, id="nobody-knows")) for p in plan.policies)  # fmt: skip
    with pytest.raises(InputError, match="sources: “nobody-knows”"):
        cite(msgspec.structs.replace(plan, policies=policies))


def test_the_references_are_frozen() -> None:
    found = cite(reviewed(PAIR))
    assert isinstance(found, References)
    with pytest.raises(AttributeError):
        found.text = ""  # type: ignore[misc]


# ---------------------------------------------------------------- the command

COMMANDS = {
    "review": ["review", "examples/tizanidine-ciprofloxacin.yaml"],
    "compare": ["compare", "baclofen", "tizanidine"],
    "respond": ["respond", "examples/diaries/worse.csv", "--patient", "examples/diaries/worse.yaml"],
    "taper": ["taper", "examples/plans/baclofen-out.yaml", "--agent", "baclofen"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_command_cites_what_the_other_commands_saved(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.chdir(ROOT)
    saved, text, entries = tmp_path / "saved.json", tmp_path / "text", tmp_path / "entries.bib"
    assert main([*COMMANDS[command], "--format", "json", "--output", str(saved)]) == 0
    assert main(["cite", str(saved), "--output", str(text)]) == 0
    assert main(["cite", str(saved), "--format", "bibtex", "--output", str(entries)]) == 0
    assert text.read_text(encoding="utf-8").count("\n[") == len(parsed(entries.read_text(encoding="utf-8"))) - 1 > 0


def test_the_command_says_what_python_says(example: Review, tmp_path: Path) -> None:
    saved, out = tmp_path / "review.json", tmp_path / "out"
    saved.write_bytes(to_json(example))
    assert main(["cite", str(saved), "--output", str(out)]) == 0
    assert out.read_text(encoding="utf-8") == cite(example).text


def test_standard_input_will_do(monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    made = reviewed(PAIR)
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(to_json(made))))
    assert main(["cite", "-", "--format", "bibtex"]) == 0
    assert capsysbinary.readouterr().out.decode() == cite(made).bibtex


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("medicines: [baclofen]", "“medicines: [baclofen]”: this is no saved result"),
        ('{"medicines": []}', "“medicines”: this is no saved result"),
        ("[]", "“[]”: this is no saved result"),
        ("{}", "“nothing”: this is no saved result"),
        ("", "the file is empty"),
        ('{"stamp": {}, "patient": {}, "findings": ', "this is not JSON"),
        ('{"stamp": 1, "patient": {}, "findings": []}', "stamp: “Expected `object`, got `int`”: no result has this here"),
        ('{"stamp": {}, "patient": {}, "findings": []}', "missing required field `engine`”: no result has this here"),
    ],
)  # fmt: skip
def test_a_file_that_holds_no_result(written: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    (tmp_path / "file").write_text(written, encoding="utf-8")
    assert main(["cite", str(tmp_path / "file")]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1 and "Traceback" not in error
    assert "--format json" in error or "empty" in error or "commas" in error


def test_the_page_shows_entries_that_the_command_writes() -> None:
    page = (ROOT / "docs" / "how-to" / "cite.md").read_text(encoding="utf-8")
    shown = re.findall(r"```bibtex\n(.*?)```", page, re.S)
    made = cite(review(read_patient(ROOT / "examples" / "baclofen-stopped-abruptly.yaml", today=TODAY)))
    assert shown and all(entry.strip() in made.bibtex for block in shown for entry in block.split("\n\n"))


def test_the_python_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    page = (ROOT / "docs" / "how-to" / "cite.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", page, re.S)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "cite.md", "exec"), {})
    assert "[1] " in capsys.readouterr().out and (tmp_path / "review.bib").read_text(encoding="utf-8").startswith(
        "@misc{relaxant,"
    )
