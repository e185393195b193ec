"""A registry in CSV: several files of a table, each with columns in its own order, and lines that are no rows."""

from __future__ import annotations

from pathlib import Path

from relaxant.cohort.duck import DuckEngine


def test_files_of_one_table_are_read_by_the_names_of_their_columns(tmp_path: Path) -> None:
    for name, text in {
        "person/a.csv": "person_id,gender_concept_id,year_of_birth\n1,8532,1968\n2,8532,1970,99,88\n",
        "person/b.csv": 'year_of_birth,PERSON_ID,other\n1980,3,x\n1981\n"1982",4,"it\'s"\n',
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    engine = DuckEngine(tmp_path, threads=1)
    rows = engine.rows(f"SELECT person_id, gender_concept_id, year_of_birth FROM {engine.source('person')}").to_pylist()
    assert sorted(tuple(row.values()) for row in rows) == [("1", "8532", "1968"), ("3", None, "1980"), ("4", None, "1982")]  # fmt: skip
    assert engine.faults() == (("person", "a line that is no row of the table", 2),)
    engine.close()
