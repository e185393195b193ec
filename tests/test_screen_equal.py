"""A screen says of everybody what a review says of them at the bedside, check by check, whatever holds the tables.

The bedside's patients are made of the same rows in plain Python (``registry_bedside``), so that SQL, columns and files are all held against it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

pytest.importorskip("duckdb", reason="the libraries of the screen are not installed (relaxant[screen])")

import io

import pg8000.dbapi
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from conftest import FULL
from databases import Server
from registry_bedside import Bedside
from registry_never import NEVER
from registry_people import AS_OF, WRITTEN, write
from relaxant.cohort.screen import Screen, screen
from relaxant.cohort.synthesize import synthesize
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.reviewing import checked, review

PEOPLE = 5_000 if FULL else 250
ON_SPARK = 5_000 if FULL else 60
SYNTHETIC = 25_000 if FULL else 700
SEED = 8
COUNTRIES = ("US", "UK", "DE")
Check = tuple[str, str, tuple[str, ...], str, tuple[str, ...]]
Fired = tuple[str, str, str, str, tuple[str, ...]]


class Said(Bedside):
    """A registry as patients, and what their reviews say."""

    def __init__(self, folder: Path, country: str, knowledge: Knowledge) -> None:
        super().__init__(folder, country, AS_OF, knowledge)
        self.folder = folder

    @cached_property
    def checks(self) -> dict[int, list[Check]]:
        """The checks of everybody's review, in its order."""
        out = {}
        for person, patient in self.patients.items():
            made = review(patient, knowledge=self.knowledge, predict=False, plan=False).checks
            out[person] = [(c.rule, c.agent, c.partners, c.outcome, c.settled_by) for c in made]
        return out

    @cached_property
    def fired(self) -> dict[int, set[Fired]]:
        """What fired of everybody: rule, agent, tier as modified, cause and partners."""
        return {
            person: {
                (f.test.rule.rule, f.test.agent, f.tier, c.cause, f.partners)
                for c in checked(patient, knowledge=self.knowledge).causes
                for f in c.group
            }
            for person, patient in self.patients.items()
        }

    def is_said_by(self, made: Screen) -> None:
        """Asserts that a screen of these tables says the same of everybody, and of nobody else."""
        assert made.checks is not None
        screened = defaultdict[int, list[Check]](list)
        for row in pq.read_table(made.checks).to_pylist():
            screened[row["person_id"]].append((row["rule"], row["agent"], tuple(row["partners"]), row["outcome"], tuple(row["settled_by"])))  # fmt: skip
        assert screened.keys() <= self.patients.keys()
        differ = [person for person, checks in self.checks.items() if checks != screened[person]]
        assert not differ, f"{len(differ)} of {len(self.checks)} differ: {[self._shown(p, screened[p]) for p in differ[:4]]}"  # fmt: skip
        found = defaultdict[int, set[Fired]](set)
        for row in pq.read_table(made.findings).to_pylist():
            found[row["person_id"]].add((row["rule"], row["agent"], row["tier"], row["cause"], tuple(row["partner"])))
        assert {person: fired for person, fired in self.fired.items() if fired} == found
        assert made.tally.persons == len({row["person_id"] for row in self.tables["person"]})
        assert (made.tally.relaxant, sum(made.tally.rejected.values())) == (len(self.patients), len(self.rejected) + len(self.dead))  # fmt: skip
        made.tally.balanced()

    def _shown(self, person: int, screened: Iterable[Check]) -> tuple[int, list[Check], list[Check]]:
        own, other = set(self.checks[person]), set(screened)
        return person, sorted(own - other)[:3], sorted(other - own)[:3]


@pytest.fixture(scope="module")
def registries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Said]:
    """A registry for each country."""
    knowledge, folder = load_knowledge(), tmp_path_factory.mktemp("registries")
    return {
        country: Said(write(folder / country, PEOPLE, SEED, knowledge, country), country, knowledge)
        for country in COUNTRIES
    }


@pytest.fixture(scope="module")
def screens(registries: dict[str, Said], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Screen]:
    """Each of them screened with DuckDB."""
    folder = tmp_path_factory.mktemp("screens")
    return {country: screened(str(said.folder), folder / country, country) for country, said in registries.items()}


def screened(source: str, output: Path, country: str = "US", engine: str = "duckdb") -> Screen:
    return screen(source, output, engine=engine, as_of=AS_OF, today=AS_OF, country=country, checks=True, small_counts=True)  # fmt: skip


def rows(path: Path | None) -> pa.Table:
    """A file of a screen, its words written out."""
    assert path is not None
    return pa.Table.from_pylist(pq.read_table(path).to_pylist())


# ---------------------------------------------------------------- engine by engine


@pytest.mark.parametrize("country", COUNTRIES)
def test_duckdb_says_what_the_bedside_says(country: str, registries: dict[str, Said], screens: dict[str, Screen]) -> None:  # fmt: skip
    registries[country].is_said_by(screens[country])


def test_postgresql_says_what_the_bedside_says(registries: dict[str, Said], screens: dict[str, Screen], server: Server, tmp_path: Path) -> None:  # fmt: skip
    said = registries["US"]
    url = server.new()
    put_into_postgresql(url, said.folder)
    made = screened(url, tmp_path / "screen")
    assert made.engine == "postgresql" or urlsplit(made.source).scheme.startswith("postgresql")
    said.is_said_by(made)
    assert rows(made.findings) == rows(screens["US"].findings)
    assert rows(made.checks) == rows(screens["US"].checks)


@pytest.mark.usefixtures("spark")
def test_spark_says_what_the_bedside_says(tmp_path: Path, knowledge: Knowledge) -> None:
    said = Said(write(tmp_path / "registry", ON_SPARK, SEED, knowledge), "US", knowledge)
    made = screened(str(said.folder), tmp_path / "spark", engine="spark")
    said.is_said_by(made)
    other = screened(str(said.folder), tmp_path / "duckdb")
    assert rows(made.findings) == rows(other.findings)
    assert rows(made.checks) == rows(other.checks)


def test_a_synthetic_registry_is_what_the_bedside_says(tmp_path: Path, knowledge: Knowledge) -> None:
    synthesize(tmp_path / "registry", SYNTHETIC, SEED, knowledge, as_of=AS_OF)
    said = Said(tmp_path / "registry", "US", knowledge)
    assert len(said.patients) > SYNTHETIC / 20
    said.is_said_by(screened(str(said.folder), tmp_path / "screen"))


def put_into_postgresql(url: str, folder: Path) -> None:
    """Puts the tables of a folder into an empty database."""
    kinds = {pa.int32(): "BIGINT", pa.float64(): "DOUBLE PRECISION", pa.date32(): "DATE", pa.string(): "TEXT", pa.timestamp("us"): "TIMESTAMP"}  # fmt: skip
    parts = urlsplit(url)
    database = pg8000.dbapi.connect(user=parts.username, password=unquote(parts.password or ""), host=parts.hostname, port=parts.port, database=parts.path[1:])  # fmt: skip
    try:
        for name in WRITTEN:
            table = pq.read_table(folder / f"{name}.parquet")
            text = io.BytesIO()
            pyarrow.csv.write_csv(table, text, pyarrow.csv.WriteOptions(include_header=False))
            text.seek(0)
            cursor = database.cursor()
            cursor.execute(f"CREATE TABLE {name} ({', '.join(f'{f.name} {kinds[f.type]}' for f in table.schema)})")
            cursor.execute(f"COPY {name} FROM STDIN WITH (FORMAT csv)", stream=text)
        database.commit()
    finally:
        database.close()


# ---------------------------------------------------------------- rule by rule


def test_every_rule_is_tested_on_somebody(registries: dict[str, Said], screens: dict[str, Screen], knowledge: Knowledge) -> None:  # fmt: skip
    """Every rule is made for somebody, and fires for somebody but for those that no table of a registry can make fire."""
    outcomes = defaultdict[str, set[str]](set)
    for said in registries.values():
        for checks in said.checks.values():
            for rule, _, _, outcome, _ in checks:
                outcomes[rule].add(outcome)
    never = {rule: why for why, names in NEVER.items() for rule in names}
    never |= {r.rule: "only of what is weighed" for r in knowledge.rules.values() if not {"taking", "stopped"} & set(r.on)}  # fmt: skip
    for rule, why in sorted(never.items(), key=lambda one: (one[1], one[0])):
        print(f"{rule}: {why}")
    unmade = knowledge.rules.keys() - outcomes.keys()
    assert outcomes.keys() <= knowledge.rules.keys()
    assert not unmade if FULL else len(unmade) < len(knowledge.rules) / 100, sorted(unmade)
    fires = {rule for rule, seen in outcomes.items() if "fires" in seen}
    assert not fires & never.keys()
    missing = knowledge.rules.keys() - fires - never.keys()
    assert not missing if FULL else len(missing) < len(knowledge.rules) / 3, sorted(missing)
