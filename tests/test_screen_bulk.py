"""FHIR bulk data screened: everybody's checks are those of the review of their own bundle, however the lines lie in files."""

from __future__ import annotations

import csv
import gzip
import json
import random
import re
from collections.abc import Iterable, Sequence
from contextlib import redirect_stderr
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("duckdb", reason="the libraries of the screen are not installed (relaxant[screen])")

import pyarrow.parquet as pq

from relaxant.cli.main import main
from relaxant.cohort.screen import Screen, screen
from relaxant.io.read import read_bytes
from relaxant.knowledge.load import Knowledge
from relaxant.reviewing import review

SYNTHEA = Path(__file__).parent / "data" / "synthea_fhir_r4"
TODAY = date(2026, 11, 22)
Resource = dict[str, Any]
_DAYS = ("authoredOn", "recordedDate", "effectiveDateTime", "onsetDateTime", "issued")


# ---------------------------------------------------------------- people


def synthea() -> list[list[Resource]]:
    """The resources of five people of Synthea, who refer to one another as in a transaction."""
    found = []
    for path in sorted(SYNTHEA.glob("*.json.gz")):
        found.append([entry["resource"] for entry in json.loads(gzip.decompress(path.read_bytes()))["entry"]])
    return found


def someone(ident: str, *resources: Resource, born: str = "1960-05-01", **said: Any) -> list[Resource]:
    """A patient with resources that speak of them."""
    who = {"resourceType": "Patient", "id": ident, "gender": "female", "birthDate": born, **said}
    names = {"AllergyIntolerance": "patient"}  # where a resource says whom it is about
    return [
        who,
        *({names.get(one["resourceType"], "subject"): {"reference": f"Patient/{ident}"}, **one} for one in resources),
    ]


def order(number: str, said: str | None = None, day: str = "2026-05-01", **fields: Any) -> Resource:
    """An active order, with words or with what ``fields`` say in their place."""
    named = {} if said is None else {"medicationCodeableConcept": {"text": said}}
    return {"resourceType": "MedicationRequest", "id": number, "status": "active", "intent": "order", "authoredOn": day, **named, **fields}  # fmt: skip


def measured(number: str, loinc: str, value: float | str, unit: str | None, day: str = "2026-11-01") -> Resource:
    quantity = {"value": value, **({} if unit is None else {"unit": unit})}
    code = {"coding": [{"system": "http://loinc.org", "code": loinc}]}
    return {"resourceType": "Observation", "id": number, "status": "final", "code": code, "effectiveDateTime": day, "valueQuantity": quantity}  # fmt: skip


def dosed(words: str) -> list[Resource]:
    return [{"text": words}]


def condition(number: str, text: str, day: str = "2019-01-01") -> Resource:
    return {"resourceType": "Condition", "id": number, "code": {"text": text}, "clinicalStatus": {"coding": [{"code": "active"}]}, "onsetDateTime": day}  # fmt: skip


# Things that several people's orders refer to: by a relative reference, an absolute one, one with a version; one is made of another.
THINGS: list[Resource] = [
    {"resourceType": "Medication", "id": "m1", "code": {"text": "baclofen 10 mg tablet"}},
    {"resourceType": "Medication", "id": "m2", "ingredient": [{"itemReference": {"reference": "Substance/s1"}}]},
    {"resourceType": "Substance", "id": "s1", "code": {"text": "tizanidine"}},
    {"resourceType": "Medication", "id": "m3", "code": {"text": "ciprofloxacin 500 mg tablet"}},
    {"resourceType": "Medication", "id": "nobodys", "code": {"text": "dantrolene 25 mg capsule"}},
]
MADE: list[list[Resource]] = [
    someone(
        "a",
        order(
            "1", medicationReference={"reference": "Medication/m1"}, dosageInstruction=dosed("20 mg three times a day")
        ),
        measured("2", "2160-0", 2.9, "mg/dL"),
        measured("3", "29463-7", 70, "kg"),
        condition("4", "multiple sclerosis"),
    ),
    someone(
        "b",
        order("5", medicationReference={"reference": "https://example.org/fhir/Medication/m2"}),
        order("6", medicationReference={"reference": "Medication/m3/_history/2"}),
        order("7", medicationReference={"reference": "Medication/not-there"}),
    ),
    someone("c", order("8", "metformin 500 mg"), measured("9", "2160-0", 1.1, "mg/dL")),
    someone("d", condition("10", "asthma")),  # of whom no medicine is known
    someone(
        "e",
        order("11", "tizanidine 4 mg tablet", dosageInstruction=dosed("one tablet three times a day")),
        {
            "resourceType": "MedicationStatement",
            "id": "12",
            "status": "active",
            "medicationCodeableConcept": {"text": "ciprofloxacin"},
        },
        {
            **order("13", medicationReference={"reference": "#in"}),
            "contained": [{"resourceType": "Medication", "id": "in", "code": {"text": "oxycodone 5 mg tablet"}}],
        },
        measured("14", "2160-0", 88, None),  # without a unit
        measured("15", "2823-3", "plenty", "mmol/L"),
        born="2001-01-01",
        gender="male",
    ),
    someone("f", {**order("16", "baclofen 10 mg"), "status": "draft"}, order("17", "morphine 10 mg tablet")),  # weighed
    someone(
        "g",
        order("18", "baclofen 10 mg tablet"),
        order("19", "sparkleberry root"),
        {"resourceType": "AllergyIntolerance", "id": "20", "code": {"text": "baclofen"}},
        gender="other",
    ),
    someone("h", order("21", "baclofen 10 mg tablet", day="2026-12-24")),  # ordered after the day of the screen
    someone("i", order("22", "baclofen 10 mg tablet"), deceasedDateTime="2026-11-22"),  # on the day
]


def entries(resources: Iterable[Resource]) -> bytes:
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}).encode()  # fmt: skip


def by(resources: Iterable[Resource], day: str) -> list[Resource]:
    """What a record held on a day."""
    return [
        one
        for one in resources
        if (one["resourceType"] == "Patient")
        or not (said := [one[name][:10] for name in _DAYS if name in one])
        or min(said) <= day
    ]


# ---------------------------------------------------------------- files


def in_files(folder: Path, lines: Sequence[str], *, files: int, seed: int = 0) -> Path:
    """Lines in any order in so many files, every other one gzipped."""
    folder.mkdir()
    mixed = list(lines)
    random.Random(seed).shuffle(mixed)
    for number in range(files):
        data = "".join(f"{line}\n" for line in mixed[number::files]).encode()
        name = f"part {number}.{('ndjson', 'json', 'txt', 'bulk')[number % 4]}"
        (folder / name).write_bytes(gzip.compress(data) if number % 2 else data)
    return folder


def lines_of(people: Iterable[Iterable[Resource]], *more: Resource) -> list[str]:
    return [json.dumps(one) for person in people for one in person] + [json.dumps(one) for one in more]


class Written:
    """What the command wrote."""

    def __init__(self, folder: Path, said: str = "") -> None:
        self.folder, self.said = folder, said
        self.ids = {int(row["person_id"]): row["id"] for row in self.csv("persons.csv")}
        self.attrition = {(row["step"], row["what"]): int(row["persons"]) for row in self.csv("attrition.csv")}

    def csv(self, name: str) -> list[dict[str, str]]:
        with (self.folder / name).open(encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def checks(self) -> dict[str, list[tuple[Any, ...]]]:
        out: dict[str, list[tuple[Any, ...]]] = {}
        for row in pq.read_table(self.folder / "checks.parquet").to_pylist():
            check = row["rule"], row["agent"], tuple(row["partners"]), row["outcome"], tuple(row["settled_by"])
            out.setdefault(self.ids[row["person_id"]], []).append(check)
        return out


def run(source: Path, output: Path, *options: str, status: int = 0) -> Written:
    with redirect_stderr(StringIO()) as said:
        assert main(["screen", str(source), "--output", str(output), "--checks", "--workers", "1", *options]) == status, said.getvalue()  # fmt: skip
    return Written(output, said.getvalue())


def reviewed(resources: Iterable[Resource], day: str, knowledge: Knowledge) -> list[tuple[Any, ...]] | None:
    """The checks of the bedside, or nothing where no relaxant is on the list."""
    patient = read_bytes(entries(resources), knowledge, today=TODAY, as_of=day)
    found = review(patient, knowledge=knowledge, predict=False, plan=False)
    if not any(medicine.agents for medicine in found.medicines):
        return None
    return [(c.rule, c.agent, tuple(c.partners), c.outcome, tuple(c.settled_by)) for c in found.checks]


def balanced(found: Written) -> None:
    parts = sum(found.attrition[step, ""] for step in ("no relaxant", "everything checked", "something unchecked"))
    rejected = sum(count for (step, _), count in found.attrition.items() if step == "rejected")
    assert parts + rejected == found.attrition["persons", ""]


# ---------------------------------------------------------------- equality


@pytest.mark.parametrize("day", [None, "2019-06-01", "2009-05-01", "1941-03-01"])
def test_people_of_synthea_have_the_checks_of_their_own_bundles(day: str | None, tmp_path: Path, knowledge: Knowledge) -> None:  # fmt: skip
    people = synthea()
    folder = in_files(tmp_path / "export", lines_of(people), files=5)
    found = run(folder, tmp_path / "out", *(() if day is None else ("--as-of", day)))
    balanced(found)
    if day is None:
        day = re.findall(r"as of (\S+), the last day of the data", found.said)[0]
        newest = max(min(one[name][:10] for name in _DAYS if name in one) for p in people for one in p if any(name in one for name in _DAYS))  # fmt: skip
        assert day == newest
    expected = {}
    for person in people:
        (who,) = (one for one in person if one["resourceType"] == "Patient")
        if who["birthDate"] > day or who.get("deceasedDateTime", day)[:10] < day:
            continue
        bundle = by(person, day)
        if any(one["resourceType"] == "MedicationRequest" for one in bundle) and (checks := reviewed(bundle, day, knowledge)):  # fmt: skip
            expected[who["id"]] = checks
    assert expected, "somebody has a relaxant"
    assert found.checks() == expected
    assert sorted(found.ids.values()) == [found.ids[number] for number in sorted(found.ids)] == sorted(
        one["id"] for p in people for one in p if one["resourceType"] == "Patient"
    )  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("made")
    return run(in_files(folder / "export", lines_of(MADE, *THINGS), files=3), folder / "out", "--as-of", "2026-11-22")


def test_made_people_have_the_checks_of_their_own_bundles(made: Written, knowledge: Knowledge) -> None:
    expected = {}
    for person in MADE:
        bundle = by([*person, *THINGS], "2026-11-22")
        if checks := reviewed(bundle, "2026-11-22", knowledge):
            expected[person[0]["id"]] = checks
    assert list(expected) == ["a", "b", "e", "f", "g", "i"]
    assert made.checks() == expected
    balanced(made)
    assert made.attrition["persons", ""] == len(MADE) and made.attrition["no relaxant", ""] == 3


def test_findings_rest_on_what_medicines_refer_to(made: Written) -> None:
    rows = pq.read_table(made.folder / "findings.parquet").to_pylist()
    found = {(made.ids[row["person_id"]], row["agent"], *row["partner"]) for row in rows if row["tier"] == "DANGER"}
    assert ("b", "tizanidine", "ciprofloxacin") in found and ("e", "tizanidine", "ciprofloxacin") in found


def test_what_was_not_used_is_counted(made: Written) -> None:
    left = {(row["domain"], row["name"], row["why"]): int(row["rows"]) for row in made.csv("unmapped.csv") if row["lost"] == "True"}  # fmt: skip
    unknown = "no medicine of this code or name is known; counted as one that is not known"
    assert left["drug", "sparkleberry root", unknown] == 1
    assert left["measurement", "creatinine", "the unit is missing"] == 1
    assert left["measurement", "potassium", "this is not a number"] == 1
    page = (made.folder / "summary.html").read_text(encoding="utf-8")
    assert "MedicationRequest: it lies after the day of the screen" in page


def test_the_same_lines_give_the_same_findings_however_they_lie(made: Written, tmp_path: Path) -> None:
    lines = lines_of(MADE, *THINGS)
    one = tmp_path / "one.ndjson"
    one.write_text("\ufeff" + "\r\n\r\n".join(lines), encoding="utf-8", newline="")
    deep = in_files(tmp_path / "deep", lines, files=7, seed=3)
    (deep / "more").mkdir()
    (deep / "part 0.ndjson").rename(deep / "more" / "rest")
    for number, source in enumerate((one, deep)):
        again = run(source, tmp_path / f"out{number}", "--as-of", "2026-11-22")
        for name in ("findings.parquet", "checks.parquet", "counts.csv", "attrition.csv", "persons.csv", "unmapped.csv"):  # fmt: skip
            assert (again.folder / name).read_bytes() == (made.folder / name).read_bytes(), name


# ---------------------------------------------------------------- what cannot be used


def test_what_is_nobodys_is_counted(tmp_path: Path) -> None:
    odd = [
        {"resourceType": "Patient", "gender": "male"},
        {"resourceType": "Patient", "id": "", "gender": "male"},
        {"resourceType": "Observation", "id": "o1", "subject": {"reference": "Patient/unknown"}},
        {"resourceType": "Observation", "id": "o2", "subject": {"reference": "Group/1"}},
        {"resourceType": "Condition", "id": "c1"},
        {"resourceType": "Medication", "code": {"text": "baclofen"}},
        {"resourceType": "Encounter", "id": "e1"},
        {"resourceType": "Encounter", "id": "e2"},
        {"id": "what"},
        *someone("young", order("o3", "baclofen 10 mg"), born="2027-01-01"),
        *someone("old", order("o4", "baclofen 10 mg"), born="1895-01-01"),
        *someone("dead", order("o5", "baclofen 10 mg"), deceasedDateTime="2026-11-21"),
        *someone("two", order("o6", "baclofen 10 mg")),
        {"resourceType": "Patient", "id": "two", "birthDate": "1970-01-01"},
        *someone("same", order("o7", "baclofen 10 mg")),
        someone("same")[0],
        *someone("group", {**order("o8", "baclofen 10 mg"), "subject": {"reference": "https://a.example/Patient/group"}},
                 {**order("o9", "baclofen 10 mg"), "subject": {"reference": "https://b.example/Patient/group"}}),
    ]  # fmt: skip
    folder = in_files(tmp_path / "export", [*map(json.dumps, odd), '{"resourceType": "Pati', "[1, 2]", "null"], files=1)
    (folder / "manifest.json").write_text('{"transactionTime": "2026-11-22", "output": []}', encoding="utf-8")
    (folder / "empty.ndjson").touch()
    (folder / ".hidden").write_text("{", encoding="utf-8")
    found = run(folder, tmp_path / "out", "--as-of", "2026-11-22")
    balanced(found)
    rejected = {what: count for (step, what), count in found.attrition.items() if step == "rejected"}
    assert rejected == {
        "a Patient without an id": 2,
        "born after the day of the screen": 1,
        "older than 125 years": 1,
        "died before the day of the screen": 1,
        "Patient.birthDate: one person has one": 1,
        "record: the same record mixes the patients of two servers": 1,
    }
    assert found.attrition["persons", ""] == 8
    told = screen(folder, tmp_path / "again", as_of=date(2026, 11, 22), today=TODAY).prepared
    assert told.again == 2
    assert told.unusable == (
        ("Condition", "it names no patient by an id", 1),
        ("Medication", "it has no id", 1),
        ("Observation", "it names no patient by an id", 1),
        ("Observation", "its patient is not there", 1),
        ("manifest.json", "a file without FHIR resources, one a line", 1),
        ("part 0.ndjson", "a line that is no JSON of a resource", 3),
        ("part 0.ndjson", "a line without a resourceType", 1),
    )
    assert [(one.name, one.rows) for one in told.left if one.domain == "resource"] == [("Encounter", 2)]
    assert "AllergyIntolerance is not there; not known: allergies" in found.said


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([order("1", "baclofen")], "no Patient with an id is in its lines"),
        (someone("a"), "nothing in it says what anybody takes"),
        (someone("a", order("1", "baclofen", day="2999-01-01")), "nothing in it has a day up to today"),
    ],
)
def test_what_cannot_be_screened_is_refused_in_one_line(lines: list[Resource], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    folder = in_files(tmp_path / "export", lines_of([lines]), files=1)
    assert main(["screen", str(folder), "--output", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert says in said and said.count("\n") == 1


def test_a_gzipped_file_that_is_cut_short_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = in_files(tmp_path / "export", lines_of(synthea()[:2]), files=2)
    path = folder / "part 1.json"
    path.write_bytes(path.read_bytes()[:-3000])
    assert main(["screen", str(folder), "--output", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert "part 1.json" in said and "cut short" in said and said.count("\n") == 1


def test_spark_is_not_asked_for_bulk_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = in_files(tmp_path / "export", lines_of(MADE), files=1)
    assert main(["screen", str(folder), "--output", str(tmp_path / "out"), "--engine", "spark"]) == 2
    assert "--engine" in capsys.readouterr().err


# ---------------------------------------------------------------- going on


def test_a_screen_that_was_stopped_goes_on_and_gives_the_same_bytes(tmp_path: Path) -> None:
    source = in_files(tmp_path / "export", lines_of(MADE, *THINGS), files=2)

    def told(output: str, stop_after: int | None) -> Screen:
        def tell(what: str, done: int, of: int) -> None:
            if what == "checking" and done == stop_after:
                raise KeyboardInterrupt

        return screen(source, tmp_path / output, as_of=date(2026, 11, 22), today=TODAY, checks=True, people_at_once=2, progress=tell)  # fmt: skip

    whole = told("whole", None)
    assert len(whole.prepared.spans) == 5
    with pytest.raises(KeyboardInterrupt):
        told("stopped", 2)
    told("stopped", None)
    for path in (tmp_path / "whole").iterdir():
        assert (tmp_path / "stopped" / path.name).read_bytes() == path.read_bytes(), path.name


def test_a_record_is_opened_from_its_own_bundle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = in_files(tmp_path / "export", lines_of(MADE), files=1)
    assert main(["cohort", "person", str(folder), "1"]) == 2
    assert "these are FHIR records" in capsys.readouterr().err
