"""Which engines are held against the bedside, by which test, on how many people; the numbers are read from the tests themselves."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from relaxant.validation.measured import File, identical, screened
from relaxant.validation.measured import tests as tests_of
from relaxant.validation.words import bullets, table


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """One engine held against the bedside: in which file by which test, what is compared, and the name there of the number of people."""

    engine: str
    what: str
    file: str
    test: str
    people: str = ""


HELD = (
    Held(engine="One call for many rows", what="checks of a row in a call of 100,000 against the row alone", file="benchmarks/review.py", test="columns"),
    Held(engine="DuckDB", what="every check and finding of everybody, in three countries", file="tests/test_screen_equal.py", test="test_duckdb_says_what_the_bedside_says", people="PEOPLE"),
    Held(engine="DuckDB, a synthetic registry", what="every check and finding of everybody", file="tests/test_screen_equal.py", test="test_a_synthetic_registry_is_what_the_bedside_says", people="SYNTHETIC"),
    Held(engine="PostgreSQL", what="every check and finding of everybody; the rows of DuckDB again", file="tests/test_screen_equal.py", test="test_postgresql_says_what_the_bedside_says", people="PEOPLE"),
    Held(engine="Spark", what="every check and finding of everybody; the rows of DuckDB again", file="tests/test_screen_equal.py", test="test_spark_says_what_the_bedside_says", people="ON_SPARK"),
    Held(engine="CQL (cql-execution), five rules", what="each rule's outcome, eGFR and kidney function", file="tests/test_cql.py", test="test_the_reference_engine_comes_to_the_outcome_of_the_bedside", people="PEOPLE"),
    Held(engine="CQL, every rule that it can express", what="each rule's outcome", file="tests/test_cql.py", test="test_every_rule_that_can_be_expressed_has_the_outcome_of_the_bedside", people="EVERY_RULE_PEOPLE"),
)  # fmt: skip


def people_of(root: Path, held: Held) -> tuple[str, str] | None:
    """How many people a test has at full size and in its sample, as its file says; ``None`` where it does not."""
    path = root / held.file
    if not held.people or not path.is_file():
        return None
    found = re.search(rf"^{held.people} = ([\d_]+) if FULL else ([\d_]+)$", path.read_text(encoding="utf-8"), re.M)
    return (found[1].replace("_", ","), found[2].replace("_", ",")) if found else None


def section(root: Path, full: File | None, review: File | None, screen: File | None) -> list[str]:
    """What the report says of the engines."""
    return [
        "Bedside, registry and CQL may never disagree. Each comparison below fails on the first person of whom an engine says anything else than the bedside; people are drawn at random with the medicines, results and conditions that rules ask for.",
        table(("Engine", "What is compared with the bedside", "People at full size", "in the sample", "Test"), [_row(root, h) for h in HELD]),
        *_run(full),
        *_of_review(review),
        *_of_screen(screen),
        "Not shown by any of this: that an engine reads real tables rightly. Bedside and registry share the reading of each medicine, and an error there is in both. [What CQL cannot express](../cohort/cql.md#what-is-refused-and-why) is not compared.",
    ]  # fmt: skip


def _row(root: Path, held: Held) -> tuple[str, ...]:
    full, sample = people_of(root, held) or ("", "")
    return held.engine, held.what, full, sample, f"`{held.file}`, `{held.test}`"


def _run(full: File | None) -> list[str]:
    found = tests_of(full)
    if full is None or found is None:
        return ["Whether these tests passed at full size is not measured: `full-tests.txt` does not say how the run ended."]  # fmt: skip
    files = {h.file for h in HELD}
    failed = [name for name in found.failed if name.partition("::")[0] in files]
    said = f"[The last full run](full-tests.txt){f' ({full.made})' if full.made else ''}, of all tests: {found.ended}."
    if found.skipped:
        own = [why for why in found.skipped if why.partition(":")[0] in files]
        said += f" Skipped of these: {'; '.join(own) or 'none'}."
    else:
        said += " The file names no test, so where something was skipped it does not say whether that was an engine."
    return [said, *bullets("**Failed:**", failed)]


def _of_review(review: File | None) -> list[str]:
    found = identical(review)
    if found is None:
        return ["One call against one call a row: not measured, `review.txt` has no such line."]
    one, rows, checks = found
    return [f"[review.txt](review.txt): the checks of {one} rows reviewed one by one are those of the same rows in one call of {rows} ({checks} checks)."]  # fmt: skip


def _of_screen(screen: File | None) -> list[str]:
    found = screened(screen)
    if not found:
        return ["The timed screen of a large population: not measured, there is no `screen.txt` with one."]
    return [
        f"[screen.txt](screen.txt): {s.persons} persons ({s.relaxant} with a relaxant) on {s.engine}, {s.runs} {'run' if s.runs == 1 else 'runs that gave the same findings, byte for byte'}."
        for s in found
    ]
