"""A screen of a period, on people whose days can be reckoned by hand: episodes, incidence, trends, stops, new users."""

from __future__ import annotations

import csv
import random
import re
import shutil
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

pytest.importorskip("duckdb", reason="the libraries of the screen are not installed (relaxant[screen])")

import pg8000.dbapi
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import relaxant
from relaxant.cohort import prepare, prepare_period
from relaxant.cohort.duck import DuckEngine
from relaxant.cohort.period import PeriodAsked
from relaxant.cohort.period_files import poisson_interval, quantile
from relaxant.cohort.preparing import prepare_registry
from relaxant.cohort.registry import Registry
from relaxant.cohort.said import LINE
from relaxant.cohort.screen import Screen, screen
from relaxant.cohort.synthesize import synthesize
from relaxant.errors import InputError
from relaxant.knowledge.load import load_knowledge

KNOWLEDGE = load_knowledge()
CONCEPTS = {
    "baclofen": (1, "RxNorm", "197391", "baclofen 10 MG tablet"),
    "baclofen 20": (2, "RxNorm", "197392", "baclofen 20 MG tablet"),
    "tizanidine": (3, "RxNorm", "313413", "tizanidine 4 MG tablet"),
    "ciprofloxacin": (4, "RxNorm", "309309", "ciprofloxacin 500 MG tablet"),
    "carisoprodol": (5, "RxNorm", "197446", "carisoprodol 350 MG tablet"),
    "creatinine": (6, "LOINC", "2160-0", "Creatinine [Mass/volume] in Serum or Plasma"),
    "mg/dL": (7, "UCUM", "mg/dL", "milligram per deciliter"),
}
SINCE, END = date(2022, 1, 1), date(2025, 12, 31)


def day(iso: str) -> date:
    return date.fromisoformat(iso)


class Tables:
    """OMOP tables of a few people, written person by person. Everybody is a woman born in 1970 and known since 2022 unless said otherwise."""

    def __init__(self) -> None:
        self.people: list[dict[str, Any]] = []
        self.given: list[dict[str, Any]] = []
        self.values: list[dict[str, Any]] = []
        self.deaths: list[dict[str, Any]] = []
        self.followed: list[dict[str, Any]] = []

    def person(self, number: int, *, since: date = SINCE, until: date = END) -> None:
        self.people.append({"person_id": number, "gender_concept_id": 8532, "year_of_birth": 1970, "month_of_birth": 1, "day_of_birth": 1})  # fmt: skip
        self.followed.append({"person_id": number, "observation_period_start_date": since, "observation_period_end_date": until})  # fmt: skip

    def supply(self, number: int, drug: str, start: str, days: int, pieces: float = 1.0, times: int = 1) -> None:
        """So many supplies one after another, of so many days and pieces a day."""
        for n in range(times):
            begun = day(start) + timedelta(days=n * days)
            self.given.append({
                "person_id": number, "drug_concept_id": CONCEPTS[drug][0], "drug_exposure_start_date": begun,
                "drug_exposure_end_date": begun + timedelta(days=days - 1), "quantity": pieces * days, "days_supply": days,
            })  # fmt: skip

    def creatinine(self, number: int, on: str, value: float) -> None:
        self.values.append({
            "person_id": number, "measurement_concept_id": CONCEPTS["creatinine"][0], "measurement_date": day(on),
            "value_as_number": value, "unit_concept_id": CONCEPTS["mg/dL"][0],
        })  # fmt: skip

    def died(self, number: int, on: str) -> None:
        self.deaths.append({"person_id": number, "death_date": day(on)})

    def tables(self) -> dict[str, pa.Table]:
        concepts = [{"concept_id": i, "vocabulary_id": v, "concept_code": c, "concept_name": n} for i, v, c, n in CONCEPTS.values()]  # fmt: skip
        tables = {
            "concept": concepts, "person": self.people, "drug_exposure": self.given, "measurement": self.values,
            "death": self.deaths, "observation_period": self.followed,
        }  # fmt: skip
        return {name: pa.Table.from_pylist(rows) for name, rows in tables.items() if rows}

    def write(self, folder: Path) -> Path:
        folder.mkdir()
        for name, table in self.tables().items():
            pq.write_table(table, folder / f"{name}.parquet")
        return folder


def looked_at(
    tables: Tables, tmp_path: Path, first: str, last: str, *, every: int = 7, washout: int = 365, new_users: bool = False
) -> Screen:  # fmt: skip
    source = tables.write(tmp_path / "tables")
    period = PeriodAsked(first=day(first), last=day(last), every=every, washout=washout, new_users=new_users)
    return screen(source, tmp_path / "out", period=period, today=day("2026-06-01"), knowledge=KNOWLEDGE)


def findings(made: Screen, rule: str) -> list[tuple[int, str | None, str | None]]:
    """Person, since and until of the episodes of a rule."""
    rows = pq.read_table(made.findings).to_pylist()
    return [
        (r["person_id"], *(None if r[n] is None else r[n].isoformat() for n in ("since", "until")))
        for r in rows
        if r["rule"] == rule
    ]


def rows_of(made: Screen, name: str, **where: str) -> list[dict[str, str]]:
    with (made.findings.parent / name).open(encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if all(row[k] == v for k, v in where.items())]


def only(rows: Sequence[dict[str, str]]) -> dict[str, str]:
    (row,) = rows
    return row


# ---------------------------------------------------------------- episodes


def test_five_days_of_two_medicines_in_a_month_are_an_episode(tmp_path: Path) -> None:
    tables = Tables()
    tables.person(1)
    tables.supply(1, "tizanidine", "2024-06-01", 30, pieces=3, times=20)
    tables.supply(1, "ciprofloxacin", "2025-03-11", 5, pieces=2)
    made = looked_at(tables, tmp_path, "2025-03-01", "2025-04-30", every=30)
    # its supply is five days; that it was not renewed within thirty is known at the end of the period
    assert findings(made, "tizanidine-ciprofloxacin") == [(1, "2025-03-11", "2025-03-15")]
    row = only(rows_of(made, "incidence.csv", rule="tizanidine-ciprofloxacin"))
    assert (row["new_persons"], row["persons_at_risk"], row["found_on_last_day"]) == ("1", "1", "0")
    assert float(row["person_years"]) == round(11 / 365.25, 2)  # 1 to 11 March


@pytest.mark.parametrize(("every", "since"), [(7, "2025-03-28"), (1, "2025-03-25")])
def test_what_is_crossed_between_two_events_is_seen_at_the_next_look(tmp_path: Path, every: int, since: str) -> None:
    tables = Tables()
    tables.person(1)
    tables.supply(1, "carisoprodol", "2025-03-03", 60, pieces=3)
    made = looked_at(tables, tmp_path, "2025-03-01", "2025-06-30", every=every)
    # more than 21 days are 22 on 25 March; the looks are every 7 days from 2024-03-01 on: 2025-03-21, 2025-03-28
    assert findings(made, "over-course-limit") == [(1, since, "2025-05-01")]  # the last day of the supply
    row = only(rows_of(made, "trends.csv", agent="carisoprodol", month="2025-03"))
    assert (row["persons_taking"], row["new_users"], row["daily_dose_median"]) == ("1", "1", "1050.0")
    assert row["days_taken_median"] == "28"  # on 31 March


def test_a_laboratory_value_turns_a_finding_on_and_its_age_turns_it_off(tmp_path: Path) -> None:
    tables = Tables()
    tables.person(1)
    tables.supply(1, "baclofen", "2024-01-01", 30, pieces=3, times=24)
    tables.creatinine(1, "2025-02-20", 0.8)
    tables.creatinine(1, "2025-03-10", 4.0)
    made = looked_at(tables, tmp_path, "2025-03-01", "2025-11-30", every=1)
    assert findings(made, "baclofen-severe-kidney-disease") == [(1, "2025-03-10", "2025-09-06")]  # 180 days
    (row,) = [r for r in pq.read_table(made.findings).to_pylist() if r["rule"] == "baclofen-severe-kidney-disease"]
    egfr = next(fact for fact in row["facts"] if fact["fact"] == "egfr")
    assert egfr["high"] < 30 and row["tier"] == "DANGER"


def test_a_finding_that_was_there_at_the_first_look_is_as_old_as_its_row_says(tmp_path: Path) -> None:
    tables = Tables()
    tables.person(1)
    tables.supply(1, "tizanidine", "2024-01-01", 30, pieces=3, times=30)
    tables.supply(1, "ciprofloxacin", "2024-12-20", 60, pieces=2)
    made = looked_at(tables, tmp_path, "2025-01-01", "2025-01-31", washout=0)
    assert findings(made, "tizanidine-ciprofloxacin") == [(1, "2024-12-20", None)]  # nobody looked before 1 January


def test_another_partner_is_another_episode_and_a_break_ends_one(tmp_path: Path) -> None:
    tables = Tables()
    tables.person(1)
    tables.supply(1, "tizanidine", "2024-01-01", 30, pieces=3, times=30)
    tables.supply(1, "ciprofloxacin", "2025-03-01", 5)
    tables.supply(1, "ciprofloxacin", "2025-05-01", 5)
    tables.supply(1, "ciprofloxacin", "2025-05-20", 5)  # within the days in which a supply goes on
    made = looked_at(tables, tmp_path, "2025-02-01", "2025-07-31")
    assert findings(made, "tizanidine-ciprofloxacin") == [
        (1, "2025-03-01", "2025-03-05"),
        (1, "2025-05-01", "2025-05-24"),
    ]
    assert only(rows_of(made, "incidence.csv", rule="tizanidine-ciprofloxacin"))["new_persons"] == "1"


# ---------------------------------------------------------------- stops


def stopping() -> Tables:
    """People whose baclofen is over on 31 March 2025, with what comes after."""
    tables = Tables()
    for number in range(1, 6):
        tables.person(number, until=day("2025-04-10") if number == 4 else END)
        tables.supply(number, "baclofen 20", "2024-04-05", 19, pieces=3, times=19)
    tables.supply(2, "baclofen 20", "2025-05-20", 30, pieces=3)  # 50 days later
    tables.supply(3, "baclofen 20", "2025-04-20", 30, pieces=3)  # 20 days later: it went on
    tables.died(5, "2025-04-10")
    return tables


def test_a_supply_that_is_not_renewed_is_an_abrupt_stop_on_the_day_after(tmp_path: Path) -> None:
    made = looked_at(stopping(), tmp_path, "2025-03-01", "2025-12-31")
    assert findings(made, "baclofen-stopped-abruptly") == [
        (1, "2025-04-01", "2025-04-14"),
        (2, "2025-04-01", "2025-04-14"),
        (2, "2025-06-19", "2025-07-02"),
        (3, "2025-05-20", "2025-06-02"),
    ]  # who left the registry or died while it could still be renewed did not stop
    months = {row["month"]: row for row in rows_of(made, "trends.csv", agent="baclofen")}
    assert (months["2025-03"]["persons_taking"], months["2025-04"]["persons_taking"]) == ("5", "3")
    for month, count in (("2025-03", "0"), ("2025-04", "2"), ("2025-05", "1"), ("2025-06", "1")):
        row = months[month]
        assert (row["persons_stopped"], row["persons_stopped_abruptly"]) == (count, count), month
    assert all(row["new_users"] == "0" for row in months.values())  # begun again within the washout
    assert "2025-07" not in months


def test_a_stop_has_no_end_of_its_own_in_a_screen_of_one_day(tmp_path: Path) -> None:
    """As of one day nobody knows whether a supply is renewed: a stop is told only when it no longer can be."""
    tables = Tables()
    tables.person(1)
    tables.supply(1, "baclofen 20", "2024-04-05", 19, pieces=3, times=19)
    source = tables.write(tmp_path / "tables")
    made = screen(source, tmp_path / "out", as_of=day("2025-04-10"), today=day("2026-06-01"), knowledge=KNOWLEDGE)
    assert findings(made, "baclofen-stopped-abruptly") == []
    assert made.tally.now == 1


# ---------------------------------------------------------------- new users


def users() -> Tables:
    tables = Tables()
    for number in range(1, 6):
        tables.person(number, since=day("2024-12-01") if number == 4 else SINCE)
        tables.supply(number, "baclofen", "2025-02-10", 30, pieces=3, times=2)
    tables.supply(2, "baclofen", "2024-08-01", 30, pieces=3)  # within the year before
    tables.supply(3, "baclofen", "2023-08-01", 30, pieces=3)  # before that
    tables.supply(5, "tizanidine", "2024-08-01", 30, pieces=3, times=13)  # another relaxant, and no break
    tables.supply(5, "ciprofloxacin", "2025-01-10", 5, pieces=2)
    return tables


def test_a_new_user_had_none_in_the_washout_and_was_known(tmp_path: Path) -> None:
    made = looked_at(users(), tmp_path, "2025-01-01", "2025-06-30")
    row = only(rows_of(made, "trends.csv", agent="baclofen", month="2025-02"))
    assert (row["persons_taking"], row["new_users"]) == ("5", "3")  # 1, 3 and 5
    assert made.tally.relaxant == 5


def test_a_screen_of_new_users_counts_them_from_the_first_use_on(tmp_path: Path) -> None:
    made = looked_at(users(), tmp_path, "2025-01-01", "2025-06-30", new_users=True)
    assert (made.tally.persons, made.tally.relaxant) == (5, 3)
    assert made.tally.rejected == {"no new use of a relaxant in the period": 2}
    assert {row["person_id"] for row in pq.read_table(made.findings).to_pylist()} <= {1, 3, 5}
    assert findings(made, "tizanidine-ciprofloxacin") == []  # over before the first use of baclofen
    row = only(rows_of(made, "trends.csv", agent="baclofen", month="2025-02"))
    assert (row["persons_taking"], row["new_users"]) == ("3", "3")
    assert not rows_of(made, "trends.csv", agent="tizanidine")  # whose user is not new to it


# ---------------------------------------------------------------- incidence


def test_incidence_reckoned_by_hand(tmp_path: Path) -> None:
    tables = Tables()
    for number in range(1, 6):
        tables.person(number)
        tables.supply(number, "tizanidine", "2024-01-01", 30, pieces=3, times=30)  # until 2026-06-18
    tables.supply(1, "ciprofloxacin", "2025-01-11", 5, pieces=2)  # new on 11 January
    tables.supply(1, "ciprofloxacin", "2025-02-11", 5, pieces=2)  # not the first
    tables.supply(2, "ciprofloxacin", "2025-03-27", 5, pieces=2)  # new on 27 March, and there on the last day
    tables.supply(3, "ciprofloxacin", "2024-11-01", 5, pieces=2)  # in the washout: not at risk
    tables.supply(4, "ciprofloxacin", "2023-11-01", 5, pieces=2)  # before it
    made = looked_at(tables, tmp_path, "2025-01-01", "2025-03-31")
    row = only(rows_of(made, "incidence.csv", rule="tizanidine-ciprofloxacin"))
    days = 11 + 86 + 90 + 90  # of 1, 2, 4 and 5, the day of the finding among them
    assert row["time_counted"] == "taking"
    assert (row["persons_at_risk"], row["new_persons"]) == ("4", "2")
    assert float(row["person_years"]) == round(days / 365.25, 2)
    assert float(row["per_1000_person_years"]) == round(2 * 1000 * 365.25 / days, 1)
    # the exact interval of a count of 2 is 0.2422 to 7.2247
    assert float(row["low_95"]) == pytest.approx(0.24221 * 1000 * 365.25 / days, abs=0.06)
    assert float(row["high_95"]) == pytest.approx(7.22469 * 1000 * 365.25 / days, abs=0.06)
    assert (row["watched_on_last_day"], row["found_on_last_day"]) == ("5", "1")
    assert row["prevalence_on_last_day"] == "0.2000"


def test_who_is_known_for_less_than_the_washout_is_at_risk_only_after_it(tmp_path: Path) -> None:
    tables = Tables()
    tables.person(1, since=day("2024-02-01"))
    tables.supply(1, "tizanidine", "2024-02-01", 30, pieces=3, times=26)
    tables.supply(1, "ciprofloxacin", "2025-03-11", 5, pieces=2)
    made = looked_at(tables, tmp_path, "2025-01-01", "2025-03-31")
    row = only(rows_of(made, "incidence.csv", rule="tizanidine-ciprofloxacin"))
    assert float(row["person_years"]) == round(40 / 365.25, 2)  # 365 days after 2024-02-01 is 2025-01-31; to 11 March


def test_a_rule_about_a_stop_counts_the_days_on_which_it_may_speak(tmp_path: Path) -> None:
    made = looked_at(stopping(), tmp_path, "2025-03-01", "2025-12-31")
    row = only(rows_of(made, "incidence.csv", rule="baclofen-stopped-abruptly"))
    assert row["time_counted"] == "taking, and 14 days after a stop"
    assert (row["persons_at_risk"], row["new_persons"]) == ("5", "3")
    # 1 and 2 until 1 April, 3 until 20 May; 4 until the supply could be renewed no more (30 April), 5 until the death
    assert float(row["person_years"]) == round((32 + 32 + 81 + 61 + 41) / 365.25, 2)


def test_the_exact_interval_and_quantiles() -> None:
    # Garwood's table: 0, 3.69; 1, 0.0253 to 5.57; 10, 4.80 to 18.39
    for count, low, high in ((0, 0.0, 3.6889), (1, 0.02532, 5.5716), (10, 4.7954, 18.3904)):
        assert poisson_interval(count) == pytest.approx((low, high), rel=1e-4)
    assert quantile({10.0: 5, 20.0: 4, 90.0: 1}, 0.5) == 10.0
    assert quantile({10.0: 5, 20.0: 4, 90.0: 1}, 0.9) == 20.0
    assert quantile({}, 0.5) is None


def test_doses_are_those_of_the_last_day_of_the_month_on_which_it_was_taken(tmp_path: Path) -> None:
    tables = Tables()
    for number, pieces in ((1, 3.0), (2, 3.0), (3, 9.0)):
        tables.person(number)
        tables.supply(number, "baclofen", "2025-01-01", 59, pieces=pieces)
    tables.supply(1, "baclofen 20", "2025-02-10", 30, pieces=3)  # gives way to 60 mg a day
    made = looked_at(tables, tmp_path, "2025-01-01", "2025-02-28", washout=0)
    january, february = rows_of(made, "trends.csv", agent="baclofen")
    assert (january["daily_dose_median"], january["daily_dose_p90"]) == ("30.0", "90.0")
    assert (february["daily_dose_median"], february["daily_dose_p90"]) == ("60.0", "90.0")
    assert (january["above_label_maximum"], january["persons_with_limit"]) == ("1", "3")  # 80 mg a day in the US
    assert (january["days_taken_median"], february["days_taken_median"]) == ("30", "58")


# ---------------------------------------------------------------- the page


def test_the_page_says_what_was_new_and_who_took_what(registry: Path, tmp_path: Path) -> None:
    period = PeriodAsked(first=day("2025-01-01"), last=None, every=14, washout=180)
    asked: dict[str, Any] = {"period": period, "today": day("2026-06-01"), "knowledge": KNOWLEDGE}
    made = screen(registry, tmp_path / "all", small_counts=True, **asked)
    html = (tmp_path / "all" / "summary.html").read_text()
    said = " ".join(re.sub(r"<[^>]+>", " ", html.partition("</style>")[2]).split())
    assert "from 2025-01-01 to 2025-12-31" in said and "take one on the last" in said
    row = max(rows_of(made, "incidence.csv"), key=lambda r: int(r["new_persons"]))
    rule = KNOWLEDGE.rules[row["rule"]]
    assert f"{rule.title} {row['rule']}, " in said
    assert "baclofen-stopped-abruptly" in said  # one of the rules that speak of an abrupt stop
    months = [r["month"] for r in rows_of(made, "trends.csv", agent="gabapentin")]
    assert len(months) == 12 and all(f">{month}</th>" in html for month in months)
    screen(registry, tmp_path / "hidden", **asked)
    hidden = (tmp_path / "hidden" / "summary.html").read_text()
    over_time = hidden[hidden.index('id="h-new"') : hidden.index('id="h-attrition"')]
    numbers = re.findall(r'<td class="number" role="cell" data-label="New"><span>(\d+)</span>', over_time)
    assert all(int(n) == 0 or int(n) >= 11 for n in numbers) and "fewer than 11" in over_time


# ---------------------------------------------------------------- one evaluator, one registry


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("registry") / "tables"
    synthesize(folder, 1500, 11, KNOWLEDGE)
    return folder


@pytest.mark.parametrize("back", [0, 200])
def test_a_period_of_one_day_is_the_screen_as_of_that_day(registry: Path, tmp_path: Path, back: int) -> None:
    one = date(2025, 12, 31) - timedelta(days=back)
    period = PeriodAsked(first=one, last=one, every=7, washout=0)
    today = day("2026-06-01")
    as_of = screen(registry, tmp_path / "day", as_of=one, today=today, knowledge=KNOWLEDGE)
    over = screen(registry, tmp_path / "period", period=period, today=today, knowledge=KNOWLEDGE)
    assert pq.read_table(as_of.findings).num_rows > 20
    assert pq.read_table(over.findings).to_pylist() == pq.read_table(as_of.findings).to_pylist()
    for name in ("counts.csv", "attrition.csv", "unmapped.csv"):
        assert (tmp_path / "day" / name).read_bytes() == (tmp_path / "period" / name).read_bytes()


def given_on_days(registry: Path, folder: Path, last: date) -> Path:
    """The registry, everybody in it given ciprofloxacin in the last months: on single days, for days, and with no end."""
    shutil.copytree(registry, folder)
    concepts, taken = (pq.read_table(folder / f"{name}.parquet") for name in ("concept", "drug_exposure"))
    known = concepts.filter(pc.equal(concepts["concept_code"], "2551"))["concept_id"]
    chance, rows = random.Random(3), list[dict[str, Any]]()
    for person in pc.unique(taken["person_id"]).to_pylist():
        for ago in chance.choices((0, 1, 2, 3, 5, 29, 30, 31, 32, 60), k=4):
            start = last - timedelta(days=ago)
            end = chance.choice((start, start, start, None, start + timedelta(days=6)))
            rows.append({"person_id": person, "drug_concept_id": known[0].as_py(), "drug_exposure_start_date": start, "drug_exposure_end_date": end, "quantity": chance.choice((None, 1.0, 14.0))})  # fmt: skip
    schema = pa.schema([field.with_nullable(True) for field in taken.schema])
    pq.write_table(pa.concat_tables([taken.cast(schema), pa.Table.from_pylist(rows, schema)]), folder / "drug_exposure.parquet")  # fmt: skip
    return folder


@pytest.mark.parametrize("more", [False, True])
def test_what_is_said_on_the_last_day_of_a_period_is_what_is_said_as_of_it(
    registry: Path, tmp_path: Path, more: bool
) -> None:
    """Whatever is looked at before. Of a course that began about as long ago as a screen of one day looks back it is not known there when."""
    one, back = date(2025, 12, 31), int(KNOWLEDGE.policy("registry_days_back"))
    if more:
        registry = given_on_days(registry, tmp_path / "more", one)
    number = (one - date(1970, 1, 1)).days

    def said(**asked: Any) -> set[tuple[Any, ...]]:
        engine = DuckEngine(registry, threads=1)
        made, query = prepare_registry(Registry(engine), KNOWLEDGE, country="US", today=day("2026-06-01"), people_at_once=100, **asked)  # fmt: skip
        rows = [r for r in engine.rows(prepare.in_order(query)).to_pylist() if r["as_of"] == number]
        engine.close()
        out = set()
        for row in rows:
            item, start = row["item"], row["start"]
            if row["kind"] == LINE:  # items are numbered as they are met
                item, start = made.vocabulary.lines[item], None if start < number - back + 130 else start
            out.add((row["person_id"], row["kind"], item, start, row["stop"], row["low"]))
        return out

    period = PeriodAsked(first=one - timedelta(days=90), last=one, every=7, washout=180)
    as_of = said(as_of=one)
    assert len(as_of) > 500
    assert said(as_of=None, period=period) == as_of


def test_a_screen_in_many_batches_is_that_in_one(registry: Path, tmp_path: Path) -> None:
    period = PeriodAsked(first=day("2025-06-01"), last=None, every=14, washout=90)
    made = [
        screen(registry, tmp_path / name, period=period, today=day("2026-06-01"), people_at_once=looks, knowledge=KNOWLEDGE)
        for name, looks in (("one", 100_000), ("many", 300))
    ]  # fmt: skip
    assert len(made[1].prepared.spans) > 5
    for name in ("counts.csv", "attrition.csv", "incidence.csv", "trends.csv"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "many" / name).read_bytes(), name
    assert pq.read_table(made[0].findings).to_pylist() == pq.read_table(made[1].findings).to_pylist()


# ---------------------------------------------------------------- other engines


def varied() -> Tables:
    """People of every kind above together."""
    tables = stopping()
    tables.creatinine(1, "2025-02-20", 0.8)
    tables.creatinine(1, "2025-03-10", 4.0)
    for number, drug in ((11, "tizanidine"), (12, "carisoprodol"), (13, "baclofen")):
        tables.person(number)
        tables.supply(number, drug, "2025-03-03", 30, pieces=3, times=4)
    tables.supply(11, "ciprofloxacin", "2025-05-01", 5, pieces=2)
    tables.supply(13, "baclofen 20", "2025-04-20", 30, pieces=3)
    return tables


def same_as_on_files(source: str, tmp_path: Path, **more: Any) -> None:
    files = varied().write(tmp_path / "files")
    period = PeriodAsked(first=day("2025-03-01"), last=day("2025-12-31"), every=10, washout=200)
    asked: dict[str, Any] = {"period": period, "today": day("2026-06-01"), "knowledge": KNOWLEDGE}
    there = screen(source if source else files, tmp_path / "there", **asked, **more)
    here = screen(files, tmp_path / "here", **asked)
    assert pq.read_table(there.findings).to_pylist() == pq.read_table(here.findings).to_pylist()
    assert len(findings(here, "baclofen-stopped-abruptly")) > 4
    for name in ("counts.csv", "attrition.csv", "incidence.csv", "trends.csv"):
        assert (tmp_path / "there" / name).read_bytes() == (tmp_path / "here" / name).read_bytes(), name


def test_a_period_of_a_postgresql_database(server: Any, tmp_path: Path) -> None:
    url = server.new()
    parts = urlsplit(url)
    database = pg8000.dbapi.connect(
        user=parts.username, password=parts.password, host=parts.hostname, port=parts.port, database=parts.path[1:]
    )
    kinds = {pa.int64(): "INTEGER", pa.float64(): "NUMERIC", pa.date32(): "DATE", pa.string(): "TEXT"}
    cursor = database.cursor()
    for name, table in varied().tables().items():
        cursor.execute(f"CREATE TABLE {name} ({', '.join(f'{f.name} {kinds[f.type]}' for f in table.schema)})")
        places = ", ".join(["%s"] * table.num_columns)
        cursor.executemany(f"INSERT INTO {name} VALUES ({places})", [tuple(row.values()) for row in table.to_pylist()])
    database.commit()
    database.close()
    same_as_on_files(url, tmp_path)


@pytest.mark.usefixtures("spark")
def test_a_period_on_spark(tmp_path: Path) -> None:
    same_as_on_files("", tmp_path, engine="spark")


# ---------------------------------------------------------------- the document


def test_the_example_of_the_document(tmp_path: Path) -> None:
    page = (Path(__file__).parent.parent / "docs" / "cohort" / "period.md").read_text(encoding="utf-8")
    (tmp_path / "registry").mkdir()
    for table, rows in re.findall(r"```csv (\w+)\n(.*?)```", page, re.S):
        (tmp_path / "registry" / f"{table}.csv").write_text(rows, encoding="utf-8")
    shown = dict(re.findall(r"```text (\w+)\n(.*?)```", page, re.S))
    made = relaxant.screen(tmp_path / "registry", tmp_path / "out", first=day("2025-01-01"), until=day("2025-06-30"))

    def told(name: str, lines: Sequence[Sequence[object]]) -> None:
        assert [" ".join(line.split()) for line in shown[name].splitlines()] == [
            " ".join(map(str, words)) for words in lines
        ]

    rules = ("tizanidine-ciprofloxacin", "tizanidine-stopped-recently")
    told("findings", [(rule, *episode[1:]) for rule in rules for episode in findings(made, rule)])
    told("incidence", [
        (rule, r["time_counted"], r["persons_at_risk"], "at risk", r["person_years"], "person-years", r["new_persons"], "new")
        for rule in rules for r in rows_of(made, "incidence.csv", rule=rule)
    ])  # fmt: skip
    told("trends", [
        (r["month"], r["persons_taking"], "taking", r["new_users"], "new", r["persons_stopped"], "stopped",
         r["persons_stopped_abruptly"], "abruptly", r["daily_dose_median"], r["dose_unit"], r["days_taken_median"], "days")
        for r in rows_of(made, "trends.csv", agent="tizanidine")
    ])  # fmt: skip


# ---------------------------------------------------------------- what cannot be asked


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"first": "2025-01-01", "last": "2027-01-01"}, "--until"),
        ({"first": "2025-03-01", "last": "2025-02-01"}, "--from"),
        ({"first": "2025-03-01", "every": 0}, "--every"),
        ({"first": "2025-03-01", "washout": -1}, "--washout"),
        ({"first": "2025-03-01", "washout": 0, "new_users": True}, "--washout"),
        ({"first": "1899-03-01"}, "--from"),
    ],
)
def test_a_period_that_is_none(registry: Path, tmp_path: Path, asked: dict[str, Any], field: str) -> None:
    period = PeriodAsked(**{
        "last": None, "every": 7, "washout": 365, **asked, **{n: day(asked[n]) for n in ("first", "last") if asked.get(n)},
    })  # fmt: skip
    with pytest.raises(InputError) as raised:
        screen(registry, tmp_path / "out", period=period, today=day("2026-06-01"), knowledge=KNOWLEDGE)
    assert raised.value.field == field


def test_days_after_a_stop_are_those_of_the_rules() -> None:
    marks = prepare_period.days_after_a_stop(KNOWLEDGE, "US")
    assert 15 in marks  # baclofen: 14 days at most
    assert 8 in marks and 22 in marks and max(marks) > 90
