"""Input that cannot be used is refused in one clear line with status 2, or reviewed with a word on what fell out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from relaxant.cli.main import main

HEAD = "as_of: 2026-11-22\nage: 58\nsex: female\n"
GOOD = HEAD + "medicines: [baclofen 10 mg three times a day]\n"
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)
)


@pytest.fixture
def run(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> Any:
    """Reviews these bytes as the command line does: exit status, the review or ``None``, the talk on standard error."""

    def review(
        data: bytes | str, *arguments: str, name: str = "patient.yaml"
    ) -> tuple[int, dict[str, Any] | None, str]:
        file = tmp_path / name
        file.write_bytes(data.encode() if isinstance(data, str) else data)
        capfdbinary.readouterr()
        status = main(["review", str(file), "--format", "json", *arguments])
        out, said = capfdbinary.readouterr()
        return status, json.loads(out) if out else None, said.decode()

    return review


def refused(result: tuple[int, dict[str, Any] | None, str], *words: str) -> None:
    """Status 2, nothing on standard output, one printable line of standard error with these words."""
    status, review, said = result
    assert (status, review) == (2, None), said
    assert said.endswith("\n")
    assert said[:-1].isprintable(), said
    assert len(said) < 600
    for word in words:
        assert word in said, said


def accepted(result: tuple[int, dict[str, Any] | None, str]) -> dict[str, Any]:
    status, review, said = result
    assert (status, said) == (0, "")
    assert review is not None
    return review


# ---------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "labs: [{name: creatinine, value: 88, date: 2026-11-10}]",
            ("creatinine", "“88”", "the unit is missing", "88 umol/L"),
        ),
        (
            "labs: [{name: creatinine, value: 88 mg/dL}]",
            ("creatinine", "“88 mg/dL”", "0.1 and 30 mg/dL", "did you mean 88 umol/L?"),
        ),
        ("labs: [{name: creatinine, value: 88 zorg}]", ("“88 zorg”", "not known", "1.6 mg/dL or 141 umol/L")),
        ("labs: [{name: creatinine, value: -1 mg/dL}]", ("“-1 mg/dL”",)),
        ("labs: [{name: creatinine, value: NaN}]", ("creatinine", "“NaN”", "no number")),
        ("labs: [{name: creatinine, value: .inf mg/dL}]", ("“.inf mg/dL”",)),
        ("labs: [{name: creatinine, value: 1e999 mg/dL}]", ("“1e999 mg/dL”", "not a finite number")),
        ("labs: [{name: creatinine, value: high}]", ("“high”", "no number")),
        ('labs: [{name: creatinine, value: "1,600 umol/L"}]', ("“1,600 umol/L”", "write 1600 or 1.600")),
        (
            "labs: [{name: creatinine, value: 1.6 mg/dL, date: 2026-02-30}]",
            ("labs[1].date", "“2026-02-30”", "no such day"),
        ),
        (
            "labs: [{name: creatinine, value: 1.6 mg/dL, date: 03/04/2026}]",
            ("“03/04/2026”", "one way only", "2026-11-22"),
        ),
        (
            "labs: [{name: creatinine, value: 1.6 mg/dL, date: 2026-11-23}]",
            ("“2026-11-23”", "after the day of the review (2026-11-22)"),
        ),
        ("labs: [{name: creatinin, value: 1.6 mg/dL}]", ("labs[1].name", "did you mean creatinine?")),
        ("labs: [{name: creatinine}]", ("creatinine", "the value is missing")),
        ("labs: [{value: 1.6 mg/dL}]", ("the name is missing",)),
        ("labs: [{creatinine: 1.6 mg/dL}]", ("write {name: creatinine, value: 1.6 mg/dL}",)),
        ("labs: {creatinine: 1.6 mg/dL}", ("this field is a list", "- {name: creatinine, value: 1.6 mg/dL}")),
        ("labs: [{name: albumin, value: 35 g/dL}]", ("did you mean 35 g/L?",)),
        ("labs: [{name: potassium, value: 4.1}]", ("write it with its unit: 4.1 mmol/L",)),
        ("labs: [{name: INR, value: 110}]", ("INR lies between 0.5 and 30;",)),
        (
            "observations: [{name: systolic blood pressure, value: 92 mg}]",
            ("“mg” does not measure systolic blood pressure", "mmHg"),
        ),
        ("weight: 700 kg", ("weight", "“700 kg”", "did you mean 700 lb?")),
        ("weight: 61", ("weight", "“61”", "the unit is missing", "61 kg")),
        ("weight: 61 cm", ("“cm” does not measure weight",)),
        ("weight: 60-62 kg", ("this is a range",)),
        ("weight: 6 1 kg", ("“6 1 kg”",)),
        ("weight: about 61 kg", ("no number was found at its start",)),
        ('weight: "1,000 kg"', ("write 1000 or 1.000",)),
        ('weight: "١,٠٠٠ kg"', ("write 1000 or 1.000",)),
        ("weight: [61 kg]", ("weight", "“[61 kg]”", "one line of text")),
        ("weight: {value: 61, units: kg}", ("weight.units", "did you mean `unit`?")),
        ("weight: {}", ("the value is missing",)),
        ("weight: 0x10 kg", ("“0x10 kg”",)),
        ("weight: 1_000 g", ("“1_000 g”",)),
        ("height: 1.65", ("1.65 m",)),
        ("birth_date: 2031-01-01", ("birth_date", "after the day of the review")),
        ("birth_date: 2026-02-30", ("no such day",)),
        ("birth_date: 1968", ("where the day is not known, leave it out",)),
        ("birth_date: 1800-01-01", ("before anyone alive was born",)),
        ("birth_date: 1930-01-01", ("age", "the birth date 1930-01-01 says otherwise")),
        ("as_of: yesterday", ("as_of", "“yesterday”", "2026-11-22")),
        ("country: Narnia", ("country", "“Narnia”", "write US, UK, EU")),
        ("pregnant: maybe", ("write one of true, false; leave it out when unknown",)),
        ("pregnant: 20 weeks", ("pregnant", "“20 weeks”")),
        ("dialysis: yes", ("dialysis", "“yes”", "haemodialysis, peritoneal, none")),
        ("dialysis: haemodialisis", ("did you mean haemodialysis?",)),
        ("smoker: 20/day", ("smoker", "“20/day”")),
        ("smoker: {now: true, stopped: 2026-01-01}", ("both smoking now and stopped",)),
        ("smoker: {stoped: 2026-01-01}", ("smoker.stoped", "did you mean `stopped`?")),
        ("alcohol: social", ("alcohol", "“social”", "20 units/week")),
        ("alcohol: 20", ("the unit is missing",)),
        ("alcohol: -5 units/week", ("below nought",)),
        ("alcohol: 2-3 units/day", ("this is a range",)),
        ("swallowing: peg", ("normal, crushed, tube",)),
        ("muscle_mass: wasted", ("low, normal",)),
        ("genotype: '*2/*2'", ('{CYP2C19: "*2/*2"}',)),
        ("genotype: {CYP2C19: a, cyp2c19: b}", ("this gene is said twice",)),
        ("procedure: {kind: surgery, date: soon}", ("procedure.date", "“soon”")),
        ("pump: yes", ("a pump is described by its parts",)),
        ("pump: {concentration: 2000}", ("pump.concentration", "the unit is missing")),
        (
            "pump: {drug: baclofen, concentration: 2000 mg/mL}",
            ("pump.concentration", "1000 times", "did you mean 2000 micrograms/mL?"),
        ),
        ("pump: {reservoir: -4 mL}", ("pump.reservoir",)),
        ("conditions:", ("conditions", "write `conditions: []` for none, or leave the field out")),
        ("conditions: ['']", ("conditions[1]", "nothing to read")),
        ("conditions: [[epilepsy]]", ("conditions[1]", "[epilepsy]")),
        (
            "conditions: [{code: N18.6, system: ICD-10-WHO}]",
            ("conditions[1].system", "“ICD-10-WHO”", "did you mean ICD-10?"),
        ),
        ("conditions: [{codes: [{code: G40}]}]", ("a code has its system",)),
        ("conditions: [{name: epilepsy, since: 2030-01-01}]", ("conditions[1].since",)),
        (
            "conditions: [{name: epilepsy, since: 2020-01-01, until: 2019-01-01}]",
            ("conditions[1].until", "before its beginning"),
        ),
        ("conditions: [epilepsy, unknown]", ("conditions", "“unknown”", "the same list has other entries")),
        ("allergies: [NKDA, penicillin]", ("allergies", "“nkda”", "the same list has other entries")),
        ("allergies: [{too: penicillin}]", ("did you mean `to`?",)),
        ("medicine: [aspirin]", ("medicine", "did you mean `medicines`?")),
        ("Weight: 61 kg", ("did you mean `weight`?",)),
        ("zzz: 1", ("zzz", "there is no such field", "the fields are age, ")),
        ("creatinine: 118 umol/L", ("creatinine", "118 umol/L", "labs: [creatinine 118 umol/L]")),
        ("systolic_blood_pressure: 128 mmHg", ("systolic_blood_pressure", "values stand in a list", "observations")),
        ("medications: [baclofen]", ("medications", "did you mean `medicines`?")),
        ("gender: f", ("gender", "did you mean `sex`?")),
        ("label: [a]", ("label", "one line of text")),
        ("label: " + "x" * 201, ("label", "longer than 200 characters")),
        ("unused: {a: b}", ("unused", "this field is a list")),
    ],
)
def test_a_value_that_cannot_stand(run: Any, text: str, words: tuple[str, ...]) -> None:
    base = "\n".join(line for line in GOOD.splitlines() if line.split(":")[0] != text.split(":")[0])
    refused(run(f"{base}\n{text}\n"), *words)


@pytest.mark.parametrize(
    ("sex", "words"),
    [
        ("attack helicopter", "write one of female, male, other, unknown"),
        ("1", "write one of"),
        ("femal", "did you mean female?"),
    ],
)
def test_a_sex_that_is_none(run: Any, sex: str, words: str) -> None:
    refused(run(GOOD.replace("female", sex)), "sex", f"“{sex}”", words)


@pytest.mark.parametrize(
    ("age", "words"),
    [
        ("12:30", "12:30"),
        ("no", "no number"),
        ("0x10", "x10"),
        ("1e3", "no one has that age"),
        ("-5", "no one has that age"),
        ("200", "no one has that age"),
        ("NaN", "no number"),
        ("58 kg", "not a time"),
        ("1_0", "_0"),
        ("50 or 60", "this is a range"),
    ],
)
def test_an_age_that_is_none(run: Any, age: str, words: str) -> None:
    refused(run(GOOD.replace("58", age)), "age", words)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{drug: baclofen, dos: 10 mg}", ("medicines[1].dos", "did you mean `dose`?")),
        ("{drug: baclofen, dose: [10, 20]}", ("medicines[1].dose", "“[10, 20]”")),
        (
            "{drug: baclofen, start: 2026-05-01, stop: 2026-01-01}",
            ("medicines[1].stop", "before its start, 2026-05-01"),
        ),
        ("{drug: baclofen, start: 2027-05-01}", ("medicines[1].start", "after the day of the review")),
        ("{drug: baclofen, dosage: 10 mg tds}", ("medicines[1].dosage", "dose and frequency")),
        ("{drug: baclofen, codes: [1292]}", ("medicines[1].codes", "{code: 1292, system: RxNorm}")),
        ("{drug: baclofen, code: 1292, system: RxNrom}", ("did you mean RxNorm?",)),
        ("{drug: baclofen, change: cease}", ("medicines[1].change", "start, replace, stop")),
        ("{drug: baclofen, start: 2026-05-32}", ("medicines[1].start", "no such day")),
        ("{frequency: , dose: }", ("the medicine is not named",)),
        ("baclofen: 10 mg tds", ("write baclofen 10 mg tds without the colon",)),
        ("[baclofen]", ("medicines[1]", "[baclofen]")),
        ("", ("medicines[1]", "nothing to read after the dash")),
        ('"\\u200b\\x07"', ("medicines[1]", "nothing to read")),
        ("x" * 20_001, ("medicines[1]", "longer than 20,000 characters")),
    ],
)
def test_a_medicine_that_cannot_stand(run: Any, line: str, words: tuple[str, ...]) -> None:
    refused(run(f"{HEAD}medicines:\n  - {line}\n"), *words)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("medicines:\n", ("medicines", "write `medicines: []` for none")),
        ("medicines: {drug: baclofen}\n", ("medicines", "this field is a list")),
        ("medicines: [none, baclofen]\n", ("medicines", "“none”")),
        ("medicines: []\n", ("medicines", "there is no medicine to review")),
        ("", ("medicines",)),
        ("considering: []\n", ("there is no medicine to review",)),
    ],
)
def test_medicines_that_are_none(run: Any, body: str, words: tuple[str, ...]) -> None:
    refused(run(HEAD + body), *words)


# ---------------------------------------------------------------- shapes


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("weight: [61\n", ("patient.yaml, line 6", "“weight: [61”", "not valid YAML")),
        ("\tweight: 61 kg\n", ("line 5", "“weight: 61 kg”", "not valid YAML")),
        ("weight: 61 kg\nweight: 62 kg\n", ("weight", "a second time on line 6", "said only once")),
        ("---\nage: 5\n", ("a second document", "one file is one patient")),
        ("label: *x\n", ("line 5", "*x", "aliases are not read")),
        ("? [a]\n: b\n", ("line 5", "plain words")),
        (": b\n", ("line 5", "not valid YAML")),
        ("label: \x1b[31mred\n", ("line 5", "\\u001b", "control character")),
        ('label: "\\ud800"\n', ("line 5", "not valid YAML")),
        ('"a\\nb\\e[31m\u202e": x\n', ("a\\u000ab\\u001b[31m\\u202e", "there is no such field")),
    ],
    ids=str,
)
def test_yaml_that_is_none(run: Any, text: str, words: tuple[str, ...]) -> None:
    refused(run(GOOD + text), *words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"age": 58, "medicines": [}', ("line 1, column 27", "“}”", "not JSON")),
        ('{"age": 58, "medicines": ["baclofen"],}', ("not JSON",)),
        ('{"age": 58, "age": 5}', ("age", "stands twice")),
        ('{"age": NaN}', ("NaN", "not a number")),
        ('{"age": -Infinity}', ("-Infinity", "not a number")),
        ('{"age": 1e999, "medicines": ["baclofen"]}', ("age", "“1e999”", "not a finite number")),
        ('{"weight": 61, "medicines": ["baclofen"]}', ("weight", "the unit is missing")),
        ('{"medicines": null}', ("medicines", "[]")),
        ('["baclofen"]', ("“[baclofen]”", "a mapping of fields")),
        ('{"\\ud800\\u001b": 1}', ("\\ud800\\u001b", "there is no such field")),
        ('{"stamp": {}, "patient": {}}', ("relaxant replay",)),
        ('{"hook": "order-sign"}', ("CDS Hooks",)),
    ],
    ids=str,
)
def test_json_that_is_none(run: Any, text: str, words: tuple[str, ...]) -> None:
    refused(run(text, name="patient.json"), *words)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", ("nothing", "the file is empty")),
        (b" \r\n\t\n", ("the file is empty",)),
        (b"\xef\xbb\xbf", ("the file is empty",)),
        (b"# only a comment\n", ("a mapping of fields",)),
        (b"baclofen\n", ("“baclofen”", "a mapping of fields")),
        (b"- baclofen\n", ("“[baclofen]”",)),
        (GOOD.encode() + b"label: caf\xe9\n", ("line 5", "byte 0xe9", "not UTF-8", "save the file as UTF-8")),
        (GOOD.encode("utf-16-be"), ("NUL",)),
        (GOOD.encode("utf-32"), ("NUL",)),
        (b"\xff\xfea", ("empty",)),
        (GOOD.encode() + b"label: a\0b\n", ("NUL",)),
        (bytes(range(256)) * 100, ("not UTF-8",)),
        (b"\x1f\x8b\x08\x00", ("a gzip archive", "unpack it")),
        (b"PK\x03\x04\x00", ("a zip archive",)),
        (b"%PDF-1.7\n%\xe2\xe3", ("a PDF",)),
        (b"\x89PNG\r\n\x1a\n", ("a picture",)),
        (b'<?xml version="1.0"?><Bundle/>', ("XML", "JSON")),
        (b'<Bundle xmlns="http://hl7.org/fhir"/>', ("XML",)),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_bytes_that_are_no_file(run: Any, data: bytes, words: tuple[str, ...]) -> None:
    refused(run(data), *words)


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.encode("utf-16"),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace("\n", "\r").encode(),
        json.dumps(
            {"age": 58, "sex": "female", "as_of": "2026-11-22", "medicines": ["baclofen 10 mg three times a day"]}
        ).encode("utf-16"),
    ],
    ids=["mark", "utf16", "crlf", "cr", "json utf16"],
)
def test_bytes_of_other_editors_are_read(run: Any, data: bytes) -> None:
    assert accepted(run(data))["medicines"][0]["read_as"].startswith("baclofen")


# ---------------------------------------------------------------- too much

DEEP = 10_000


@pytest.mark.parametrize(
    "data",
    [
        "medicines: " + "[" * DEEP,
        "medicines: " + "[" * DEEP + "]" * DEEP,
        "a: " + "{a: " * DEEP,
        "- " * DEEP + "x",
        "".join(" " * i + "a:\n" for i in range(500)),
        GOOD + "label: " + "x" * 210_000 + "\nconditions: " + "[" * DEEP,
        '{"medicines": ' + "[" * DEEP,
        '{"medicines": ' + "[" * DEEP + "]" * DEEP + "}",
        '{"a":' * DEEP,
        '{"label": "' + "x" * 210_000 + '", "medicines": ' + "[" * DEEP + "]" * DEEP + "}",
        '{"resourceType": "Bundle", "entry": ' + "[" * DEEP + "]" * DEEP + "}",
        '{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Patient", "gender": '
        + "[" * DEEP
        + "]" * DEEP
        + "}}]}",
    ],
    ids=lambda text: text[:30],
)
def test_what_is_nested_too_deeply(run: Any, data: str) -> None:
    refused(run(data), "nested too deeply")


def test_aliases_that_explode(run: Any) -> None:
    refused(run(BOMB + "medicines: *i\n"), "line 2", "aliases are not read")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"# nothing\n" * 1_000_000, ("larger than a patient file",)),
        (b"#\n" * 1_000_000, ("a mapping of fields",)),
        (b"medicines:\n" + b"- a\n" * 1_000_000, ("more than 200,000 values",)),
        (b'{"medicines": [' + b'"a",\n' * 1_000_000 + b'"a"]}', ("medicines", "1,000,001 entries")),
        (b"medicines:\n" + b"- a\n" * 5001, ("5,001 entries",)),
        (b"".join(b"k%d: 1\n" % i for i in range(150_000)), ("more than 200,000 values",)),
        (b"x" * 100_000_000, ("100,000,000 bytes", "larger than a patient file")),
        (b'{"label": "' + b"x" * 100_000_000 + b'"}', ("larger than a patient file",)),
        (b'{"resourceType": "Patient", "id": "1"}\n' * 1_000_000, ("1,000,000 lines", "one person's record")),
    ],
    ids=[
        "10 MB of comments",
        "a million comments",
        "a million lines",
        "a million lines of JSON",
        "5001 medicines",
        "fields",
        "100 MB",
        "100 MB of JSON",
        "a million resources",
    ],
)
def test_what_is_too_much(run: Any, data: bytes, words: tuple[str, ...]) -> None:
    """Refused soon (the bound is generous, so that a slow machine passes), without reading it all into objects."""
    began = time.perf_counter()
    refused(run(data), *words)
    assert time.perf_counter() - began < 30


def test_a_hundred_megabytes_of_fhir_are_read_in_bounded_memory(tmp_path: Path) -> None:
    file = tmp_path / "big.json"
    with file.open("wb") as out:
        out.write(b'{"resourceType": "Bundle", "x": "' + b"x" * 100_000_000 + b'", "entry": []}')
    program = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31))\nfrom relaxant.cli.main import main\n"
        f"sys.exit(main(['review', {str(file)!r}, '--format', 'json', '--considering', 'baclofen 10 mg tds']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr.decode()


# ---------------------------------------------------------------- FHIR


def bundle(*resources: dict[str, Any]) -> str:
    return json.dumps({"resourceType": "Bundle", "entry": [{"resource": r} for r in resources]})


ORDER = {
    "resourceType": "MedicationRequest",
    "status": "active",
    "intent": "order",
    "medicationCodeableConcept": {"text": "baclofen 10 mg tablet"},
    "dosageInstruction": [{"text": "10 mg three times a day"}],
}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"resourceType": "Bundle", "entry": [}', ("not JSON",)),
        (
            bundle({"resourceType": "Patient", "id": "1"}, {"resourceType": "Patient", "id": "2"}),
            ("2 Patient", "give the record of one patient"),
        ),
        ('{"resourceType":"Patient","id":"1"}\n{"resourceType":"Patient","id":"2"}\n', ("one patient",)),
        ('{"resourceType": "Bundle"}', ("medicines",)),
    ],
    ids=["malformed", "two patients", "two patients in NDJSON", "empty"],
)
def test_fhir_that_is_none(run: Any, text: str, words: tuple[str, ...]) -> None:
    refused(run(text, name="bundle.json"), *words)


def test_fhir_with_values_that_cannot_stand_says_which(run: Any) -> None:
    def observation(code: str, value: float, unit: str, day: str = "2026-11-01") -> dict[str, Any]:
        return {
            "resourceType": "Observation",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "valueQuantity": {"value": value, "unit": unit},
            "effectiveDateTime": day,
        }

    found = accepted(
        run(
            bundle(
                {"resourceType": "Patient", "gender": "robot", "birthDate": "2031-01-01"},
                observation("29463-7", 700, "kg"),
                observation("2160-0", 88, "mg/dL"),
                observation("1742-6", 30, "zorg"),
                observation("8480-6", 120, "mmHg", "2031-01-01"),
                ORDER,
            ),
            "--as-of",
            "2026-11-22",
        )
    )
    limits = "\n".join(found["limits"])
    for words in ("robot", "2031-01-01", "700 kg", "did you mean 88 umol/L?", "30 zorg"):
        assert words in limits
    assert "weight" not in found["patient"]


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b"\xff\xfe"])
def test_fhir_with_a_byte_order_mark_is_fhir(run: Any, mark: bytes) -> None:
    text = bundle({"resourceType": "Patient", "gender": "female"}, ORDER)
    data = text.encode("utf-16-le") if mark == b"\xff\xfe" else text.encode()
    assert "record" in accepted(run(mark + data, "--as-of", "2026-11-22"))["patient"]


def test_a_patient_file_with_a_field_named_entry_is_no_fhir(run: Any) -> None:
    refused(run('{"age": 58, "medicines": ["baclofen"], "entry": 5}'), "entry", "there is no such field")


# ---------------------------------------------------------------- read, with a word


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("weight: 61,5 kg", "weight", {"name": "weight", "value": 61.5, "unit": "kg"}),
        ("weight: ٦١٫٥ kg", "weight", {"name": "weight", "value": 61.5, "unit": "kg"}),
        ("weight: 61 KG", "weight", {"name": "weight", "value": 61, "unit": "KG"}),
        ("weight: 9 st 8 lb", "weight", {"name": "weight", "value": 134, "unit": "lb"}),
        ("height: 5'5\"", "height", {"name": "height", "value": 65, "unit": "in"}),
        ("weight: ~", "weight", None),
        ("weight: unknown", "weight", None),
        ("weight:", "weight", None),
        ("birth_date: null", "birth_date", None),
        ("allergies: NKDA", "allergies", []),
        ("allergies: [nkda]", "allergies", []),
        ("allergies: unknown", "allergies", None),
        ("conditions: none", "conditions", []),
        ("conditions: []", "conditions", []),
        ("conditions: epilepsy", "conditions", [{"name": "epilepsy"}]),
        ("conditions: [N18.32]", "conditions", [{"codes": [{"system": "ICD-10-CM", "code": "N18.32"}]}]),
        ("conditions: [n1832]", "conditions", [{"codes": [{"system": "ICD-10-CM", "code": "N1832"}]}]),
        ("conditions: [{code: G40909}]", "conditions", [{"codes": [{"system": "ICD-10-CM", "code": "G40909"}]}]),
        ("country: no", "country", "NO"),
        ("country: gb", "country", "UK"),
        ("pregnant: no", "pregnant", False),
        ("smoker: ex-smoker", "smoker", {"now": False}),
        ('label: "\\e[31mred\\e[0m \\u202eבני\\u200b 😀 <b>"', "label", "red בני 😀 <b>"),
        ("pump: none", "pump", None),
        (
            "observations: [{name: BP, value: 92/60}]",
            "observations",
            [
                {"name": "diastolic_blood_pressure", "value": 60, "unit": "mmHg"},
                {"name": "systolic_blood_pressure", "value": 92, "unit": "mmHg"},
            ],
        ),
    ],
)
def test_what_is_read_as_meant(run: Any, text: str, field: str, value: Any) -> None:
    assert accepted(run(GOOD + text + "\n"))["patient"].get(field) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("labs: [{name: ALT, value: '<5 U/L', date: 2026-11-01}]", "ALT “<5 U/L” on 2026-11-01: this gives no number"),
        ("labs: [{name: creatinine, value: pending}]", "creatinine “pending”: this gives no number"),
        ("labs: [{name: ferritin, value: 30 ng/mL}]", "labs “ferritin”: kept as said"),
        ("observations: [{name: MAS, value: 1+}]", "observations “MAS”: kept as said"),
        ("conditions: [zzyqx disease]", "zzyqx disease"),
        ("conditions: [epilesy]", "did you mean epilepsy?"),
        ("allergies: [zzyqx]", "zzyqx"),
        ("genotype: {CYP2C19: '*2/*2'}", "genotype"),
        ("labs: [{name: creatinine, value: 1.6 mg/dL, date: 2020-01-01}]", "days old"),
        ("labs: [{name: creatinine, value: 1.6 mg/dL}]", "has no date"),
        ("unused: foo", "foo"),
    ],
)
def test_what_was_not_used_is_said(run: Any, text: str, words: str) -> None:
    assert words in "\n".join(accepted(run(GOOD + text + "\n"))["limits"])


@pytest.mark.parametrize("code", ["Q99.9", "R69"])
def test_a_code_that_no_rule_acts_on_is_said(run: Any, code: str) -> None:
    assert code in "\n".join(accepted(run(f"{GOOD}conditions: [{code}]\n"))["limits"])


@pytest.mark.parametrize("line", ["no", "12:30", "010", "true", "0x10", "😀", "باكلوفين 10 mg", "NaN", "-1", "½"])
def test_a_line_that_is_no_medicine_is_kept_and_said(run: Any, line: str) -> None:
    found = accepted(run(f"{HEAD}medicines:\n  - baclofen 10 mg three times a day\n  - {line}x\n"))
    said = f"{line}x"
    assert any(m["said"] == said and m["status"] == "unrecognised" for m in found["medicines"])
    assert any(said in limit for limit in found["limits"])


@pytest.mark.parametrize(
    "line",
    [
        "baclofen intrathecal 400 mg/day",
        "{drug: baclofen, route: intrathecal, rate: 400 mg/day}",
        "baclofen NaN mg tds",
        "baclofen 1e999 mg tds",
        "{drug: baclofen, dose: -10 mg, frequency: tds}",
        "baclofen 0 mg tds",
        "baclofen 10 mg tds since 2026-02-30",
        "baclofen 10 mg tds since 03/04/2026",
        "baclofen 10 mg tds since 2026-05-01 until 2026-01-01",
        '"baclofen 1,000 mg tds"',
    ],
)
def test_a_dose_that_cannot_stand_is_said(run: Any, line: str) -> None:
    found = accepted(run(f"{HEAD}medicines:\n  - {line}\n"))
    assert found["medicines"][0]["status"] == "partly read"
    assert any("read in part" in limit for limit in found["limits"])


@pytest.mark.parametrize("line", ["baclofen -10 mg tds", "baclofen 10 mg -3 times a day"])
def test_a_negative_dose_in_words_is_said(run: Any, line: str) -> None:
    assert accepted(run(f"{HEAD}medicines:\n  - {line}\n"))["medicines"][0]["status"] == "partly read"


def test_a_start_in_words_after_the_review_is_said(run: Any) -> None:
    found = accepted(run(f"{HEAD}medicines: [baclofen 10 mg tds since 2027-05-01]\n"))
    assert "2027-05-01" in "\n".join(found["limits"])


def test_a_reported_filtration_rate_is_used_or_said(run: Any) -> None:
    lab = "labs: [{name: eGFR, value: 12 mL/min/1.73 m2, date: 2026-11-20}]\n"
    found = accepted(run(f"{GOOD}weight: 60 kg\nheight: 160 cm\n{lab}"))
    used = any(fact["name"] == "egfr" and fact.get("value") == 12 for fact in found["facts"])
    assert used or any("12" in limit and "eGFR" in limit for limit in found["limits"])


@pytest.mark.parametrize("allergy", ["Lioresal", "baclofin", "{to: see code, code: 1292, system: RxNorm}"])
def test_an_allergy_to_the_agent_by_another_name_is_never_silent(run: Any, allergy: str) -> None:
    found = accepted(run(f"{GOOD}allergies: [{allergy}]\n"))
    outcome = {c["outcome"] for c in found["checks"] if c["rule"] == "allergic-to-agent" and c["agent"] == "baclofen"}
    assert outcome in ({"fires"}, {"could not check"})


@pytest.mark.parametrize("condition", ["history of epilepsy", "epilepsy, focal", "known epilepsy"])
def test_a_condition_within_other_words_is_never_silent(run: Any, condition: str) -> None:
    found = accepted(run(f'{GOOD}conditions: ["{condition}"]\n'))
    outcome = {c["outcome"] for c in found["checks"] if c["rule"] == "baclofen-epilepsy"}
    assert outcome in ({"fires"}, {"could not check"})


def test_two_values_of_one_day_are_said(run: Any) -> None:
    labs = ", ".join(f"{{name: creatinine, value: {v}, date: 2026-11-20}}" for v in ("2.5 mg/dL", "88 umol/L"))
    found = accepted(run(f"{GOOD}labs: [{labs}]\n"))
    assert any("creatinine" in limit.casefold() for limit in found["limits"])


def test_a_stop_of_what_is_not_taken_is_said(run: Any) -> None:
    found = accepted(run(GOOD, "--considering", "stop tizanidine"))
    assert any("tizanidine" in limit for limit in found["limits"])


def test_medicines_as_one_line_are_a_list_of_one(run: Any) -> None:
    found = accepted(run(f"{HEAD}medicines: baclofen 10 mg tds\n"))
    assert [m["said"] for m in found["medicines"]] == ["baclofen 10 mg tds"]


def test_no_medicines_and_unknown_medicines_differ(run: Any) -> None:
    none = accepted(run(f"{HEAD}medicines: []\nconsidering: tizanidine 4 mg tds\n"))
    unknown = accepted(run(f"{HEAD}considering: tizanidine 4 mg tds\n"))
    assert not any("other medicines are unknown" in limit for limit in none["limits"])
    assert any("other medicines are unknown" in limit for limit in unknown["limits"])


def test_yaml_types_nothing(run: Any) -> None:
    found = accepted(run("as_of: 2026-11-22\nage: 058\nlabel: 1e3\nmedicines: [baclofen 010 mg tds, 12:30]\n"))
    assert found["patient"]["label"] == "1e3"
    assert next(f["value"] for f in found["facts"] if f["name"] == "age") == 58
    assert {m["said"] for m in found["medicines"]} == {"baclofen 010 mg tds", "12:30"}
    assert next(m for m in found["medicines"] if m["ingredients"])["regimen"]["daily"] in (
        None,
        {"low": 30, "high": 30, "unit": "mg"},
    )


# ---------------------------------------------------------------- the command line


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--as-of", "yesterday"], ("as_of", "“yesterday”")),
        (["--country", "Narnia"], ("country", "Narnia")),
        (["--considering", " "], ("--considering", "nothing to weigh")),
        (["--considering", "x" * 20_001], ("--considering", "20,000")),
        (["--pack", "no-such-pack"], ("no-such-pack",)),
    ],
)
def test_arguments_that_cannot_stand(run: Any, arguments: list[str], words: tuple[str, ...]) -> None:
    refused(run(GOOD, *arguments), *words)


def test_a_folder_and_a_missing_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for path, words in ((tmp_path, "this is a folder"), (tmp_path / "none.yaml", "cannot be read")):
        assert main(["review", str(path)]) == 2
        said = capfd.readouterr().err
        assert words in said
        assert said.count("\n") == 1


def test_an_output_that_is_a_folder(tmp_path: Path, run: Any) -> None:
    refused(run(GOOD, "--output", str(tmp_path)), "--output", "cannot be written")
    refused(run(GOOD, "--output", str(tmp_path / "no" / "x.json")), "--output", "cannot be written")


def test_a_name_with_control_characters_stays_on_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["review", "/nonexistent/\x1b[31m\nb.yaml"]) == 2
    assert capfd.readouterr().err[:-1].isprintable()


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[]",
        "5",
        '{"stamp": {}}',
        '{"patient": {}, "stamp": ',
        "",
        "\0",
        '{"stamp": {}, "patient": {}}',
        '{"stamp": 1, "patient": {"age": "58"}}',
    ],
)
def test_a_replay_of_no_review(tmp_path: Path, text: str, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "review.json"
    file.write_text(text)
    assert main(["replay", str(file)]) == 2
    said = capfd.readouterr().err
    assert said[:-1].isprintable()
