"""The prepared relation: what is said of everybody who has a relaxant on a day, from a registry's tables, in SQL that every engine runs.

Each query is written once, in DuckDB's SQL. A query's parts are named after what they give: ``persons``, ``ask`` (who is looked at on which
day), ``exposure`` (what was handed out or given), ``said_*`` (the rows of :data:`relaxant.cohort.said.SAID`).
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from relaxant.cohort.days import day_number
from relaxant.cohort.registry import Registry
from relaxant.cohort.said import HABIT, LINE, MEASURED, PERSON
from relaxant.cohort.sql import DAY, NO_AMOUNT, NOTHING
from relaxant.knowledge.load import Knowledge

_SHIFT, _LINES = 1_000_000, 10_000_000  # more days before 1970 than anybody has, more lines than there are
_OLDEST = 125  # years: nobody whose age is on record was older
BORN_LATER, DEAD = "born after the day of the screen", "died before the day of the screen"
TOO_OLD = f"older than {_OLDEST} years"
"""Why nothing is said of somebody."""
_SETTLED = (
    "FLOOR((r.value * m.scale + m.shift) * 1e9 + 0.5) / 1e9"  # nine decimals: no threshold is missed by arithmetic
)


def keep_persons(registry: Registry, as_of: date) -> None:
    """Keeps ``persons``: one row a person with sex, birth and death (days), and ``rejected``, the reason why nothing is said of them.

    A person who is there several times with the same row is one; with different rows nobody knows who is meant. A birth without a month is
    put in the middle of its year, one without a day in the middle of its month.
    """
    last = day_number(as_of)
    month = "COALESCE(month_of_birth, 7)"
    leap = "year_of_birth % 4 = 0 AND (year_of_birth % 100 <> 0 OR year_of_birth % 400 = 0)"
    longest = f"CASE WHEN {month} IN (4, 6, 9, 11) THEN 30 WHEN {month} <> 2 THEN 31 WHEN {leap} THEN 29 ELSE 28 END"
    day = f"LEAST(COALESCE(day_of_birth, CASE WHEN month_of_birth IS NULL THEN 1 ELSE 15 END), {longest})"
    possible = f"year_of_birth BETWEEN 1800 AND 2200 AND {month} BETWEEN 1 AND 12 AND {day} BETWEEN 1 AND 31"
    made = f"MAKE_DATE(CAST(year_of_birth AS INT), CAST({month} AS INT), CAST({day} AS INT))"
    born = DAY.format(f"CASE WHEN {possible} THEN {made} END")
    said = ("gender_concept_id", "year_of_birth", "month_of_birth", "day_of_birth")
    differ = " OR ".join(f"MIN(COALESCE({c}, -1)) <> MAX(COALESCE({c}, -1))" for c in said)
    died = (
        f"SELECT person_id, MIN({DAY.format('death_date')}) AS died FROM {registry.typed('death', 'person_id', 'death_date')} AS d "
        "WHERE death_date IS NOT NULL GROUP BY person_id"
        if registry.has("death")
        else f"SELECT CAST(NULL AS BIGINT) AS person_id, {NOTHING} AS died"
    )
    registry.engine.keep(
        "persons",
        f"""
        WITH one AS (
            SELECT person_id, {", ".join(f"MIN({c}) AS {c}" for c in said)}, COUNT(*) AS times,
                   CASE WHEN {differ} THEN 1 ELSE 0 END AS differs
            FROM {registry.typed("person", "person_id", *said)} AS p WHERE person_id IS NOT NULL GROUP BY person_id),
        dated AS (SELECT *, {born} AS born FROM one)
        SELECT a.person_id,
               CASE a.gender_concept_id WHEN 8532 THEN 1 WHEN 8507 THEN 0 END AS female,
               CAST(CASE WHEN {last} - a.born <= {round(_OLDEST * 365.25)} THEN a.born END AS INT) AS born,
               CAST(d.died AS INT) AS died, a.times,
               CASE WHEN a.differs = 1 THEN 'the same person_id on different rows'
                    WHEN a.born > {last} THEN '{BORN_LATER}'
                    WHEN {last} - a.born > {round(_OLDEST * 365.25)} THEN '{TOO_OLD}'
                    WHEN d.died < a.born THEN 'died before the birth' END AS rejected
        FROM dated AS a LEFT JOIN ({died}) AS d ON d.person_id = a.person_id
        """,
    )


def exposures(registry: Registry) -> str:
    """Every exposure as a subquery: drug by its key, first and last day, how much for how long. One without a usable end ends with its supply, or on
    its first day; ``single`` is one that says to end on its first day, and nothing of a supply."""
    start = DAY.format("drug_exposure_start_date")
    end = DAY.format("drug_exposure_end_date")
    supplied = "CASE WHEN days_supply BETWEEN 1 AND 1000 THEN days_supply END"
    no_supply = "COALESCE(days_supply, 0) <= 0 AND COALESCE(quantity, 0) <= 1 AND COALESCE(sig, '') = ''"
    return f"""(
        SELECT person_id, {drug_key()}, {start} AS start_day,
               COALESCE(drug_exposure_end_date = drug_exposure_start_date AND {no_supply}, FALSE) AS single,
               COALESCE(CASE WHEN {end} >= {start} THEN {end} END, {start} + {supplied} - 1, {start}) AS end_day,
               COALESCE(quantity, -1) AS quantity, COALESCE(days_supply, -1) AS days_supply, COALESCE(sig, '') AS sig
        FROM {registry.typed("drug_exposure")} AS e
        WHERE person_id IS NOT NULL AND drug_exposure_start_date IS NOT NULL)"""


def drug_key() -> str:
    """The columns that tell one drug of a registry from another: its concept, else the source's own words; and its route."""
    return """COALESCE(drug_concept_id, 0) AS concept,
               CASE WHEN COALESCE(drug_concept_id, 0) = 0 THEN COALESCE(drug_source_value, '') ELSE '' END AS source,
               COALESCE(route_concept_id, 0) AS route"""


def keep_asked(registry: Registry, as_of: date, knowledge: Knowledge) -> None:
    """Keeps ``ask``: whoever had a relaxant on the day or within the days before it that a review looks back, and lives. ``drug`` is loaded."""
    day, back = day_number(as_of), int(knowledge.policy("registry_days_back"))
    registry.engine.keep(
        "ask",
        f"""
        SELECT DISTINCT e.person_id, CAST({day} AS INT) AS as_of
        FROM {exposures(registry)} AS e
        JOIN drug AS d ON d.concept = e.concept AND d.source = e.source AND d.route = e.route
        JOIN persons AS p ON p.person_id = e.person_id
        WHERE d.agent AND e.start_day <= {day} AND e.end_day >= {day - back}
          AND p.rejected IS NULL AND (p.died IS NULL OR p.died >= {day})
        """,
    )


SUPPLY = "d.supply AND NOT (d.bare AND e.single) AS supply"  # whether it was handed out to be taken for days


def keep_exposure(registry: Registry, knowledge: Knowledge) -> None:
    """Keeps ``exposure``: what those who are asked about had up to their day, by drug and by what tells one line from another."""
    back = int(knowledge.policy("registry_days_back"))
    registry.engine.keep(
        "exposure",
        f"""
        SELECT a.person_id, a.as_of, d.drug, d.chain, d.piece, d.line, d.dosed, CASE WHEN d.supply THEN 0 ELSE e.start_day END AS session,
               {SUPPLY}, e.start_day, e.end_day, e.quantity, e.days_supply, e.sig
        FROM {exposures(registry)} AS e
        JOIN drug AS d ON d.concept = e.concept AND d.source = e.source AND d.route = e.route
        JOIN ask AS a ON a.person_id = e.person_id
        WHERE d.asked AND e.start_day <= a.as_of AND e.end_day >= a.as_of - {back}
        """,
    )


def said_lines(knowledge: Knowledge) -> str:
    """The medicines of everybody who is asked about. ``dose`` is loaded: the line of a drug with its quantity, days and words.

    A course is what was handed out again before the last supply had been over for ``registry_gap_days``. What is of one strength and form
    (``piece``) is what its last supply says. Of several in a course those count that were handed out on or after the first day of the
    newest: an older strength has given way to it. A course is taken while its supply, with the gap, reaches the day; what is given on the spot
    is a course of its own.
    """
    gap = int(knowledge.policy("registry_gap_days"))
    course = "person_id, as_of, chain, session"
    last = f"(CAST(start_day AS BIGINT) + {_SHIFT}) * {_LINES} + line"  # of one day the line with the greatest number
    return f"""
        WITH lined AS (
            SELECT x.person_id, x.as_of, x.chain, x.session, x.piece, COALESCE(l.line, x.line) AS line, x.start_day, x.end_day,
                   CASE WHEN x.supply THEN {gap} ELSE 0 END AS gap
            FROM exposure AS x LEFT JOIN dose AS l
              ON x.dosed AND l.drug = x.drug AND l.quantity = x.quantity AND l.days_supply = x.days_supply AND l.sig = x.sig),
        followed AS (
            SELECT *, MAX(end_day + gap) OVER (PARTITION BY {course} ORDER BY start_day, end_day, line
                                               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before FROM lined),
        begun AS (
            SELECT *, MAX(CASE WHEN before IS NULL OR start_day > before + 1 THEN start_day END)
                      OVER (PARTITION BY {course}) AS begun FROM followed),
        pieces AS (
            SELECT {course}, piece, begun, MIN(start_day) AS first, MAX(start_day) AS last, MAX(end_day) AS until,
                   MAX(end_day + gap) AS over, MAX({last}) AS numbered
            FROM begun WHERE start_day >= begun GROUP BY {course}, piece, begun),
        newest AS (
            SELECT *, MAX(first) OVER (PARTITION BY {course}) AS newest, MAX(over) OVER (PARTITION BY {course}) AS all_over
            FROM pieces)
        SELECT person_id, as_of, CAST({LINE} AS TINYINT) AS kind, CAST(numbered % {_LINES} AS INT) AS item,
               CAST(begun AS INT) AS start, CAST(CASE WHEN over < as_of THEN until END AS INT) AS stop,
               {NO_AMOUNT} AS low, {NO_AMOUNT} AS high
        FROM newest WHERE last >= newest AND (all_over < as_of OR over >= as_of)
    """


def said_persons() -> str:
    """One row for everybody who is asked about: birth, death, sex."""
    return f"""
        SELECT a.person_id, a.as_of, CAST({PERSON} AS TINYINT) AS kind, CAST(0 AS INT) AS item, p.born AS start, CASE WHEN p.died <= a.as_of THEN p.died END AS stop,
               CAST(p.female AS DOUBLE) AS low, {NO_AMOUNT} AS high
        FROM ask AS a JOIN persons AS p ON p.person_id = a.person_id
    """


def measured_key() -> str:
    """The columns that tell one measurement in one unit from another."""
    return """COALESCE(measurement_concept_id, 0) AS concept,
               CASE WHEN COALESCE(measurement_concept_id, 0) = 0 THEN COALESCE(measurement_source_value, '') ELSE '' END AS source,
               COALESCE(unit_concept_id, 0) AS unit,
               CASE WHEN COALESCE(unit_concept_id, 0) = 0 THEN COALESCE(unit_source_value, '') ELSE '' END AS unit_source"""


_NUMBER = "COALESCE(operator_concept_id, 0) IN (0, 4172703)"  # OMOP: no operator is "="; the others are <, <=, >= and >


def bound() -> str:
    """Whether a measurement says only that a value lies below or above its number."""
    return f"CASE WHEN {_NUMBER} THEN 0 ELSE 1 END AS bound"


def keep_values(registry: Registry, creatinine: int, asked: str = "ask", longer: int = 0) -> None:
    """Keeps ``measure``: the values of those who are asked about by day, each in its lab's own unit, least and most of the day. ``measured`` is loaded. ``asked``
    says who on which day, and for how many days ``longer`` before it values are wanted that held then.

    Values past their days are left out, but of ``creatinine``: the one before the newest may be of any day. Values beyond the bounds of their lab
    are not of this world: they are left out, and ``outside`` is how many they are.
    """
    inside = "v.value BETWEEN v.least AND v.most"
    registry.engine.keep(
        "measure",
        f"""
        SELECT v.person_id, v.as_of, v.item, v.day, MIN(CASE WHEN {inside} THEN v.value END) AS low,
               MAX(CASE WHEN {inside} THEN v.value END) AS high, SUM(CASE WHEN {inside} THEN 0 ELSE 1 END) AS outside
        FROM (SELECT r.person_id, r.as_of, m.item, m.least, m.most, r.day, {_SETTLED} AS value
              FROM (SELECT s.person_id, a.as_of, {measured_key()}, {DAY.format("measurement_date")} AS day, value_as_number AS value
                    FROM {registry.typed("measurement")} AS s JOIN {asked} AS a ON a.person_id = s.person_id
                    WHERE measurement_date IS NOT NULL AND value_as_number IS NOT NULL AND {_NUMBER}) AS r
              JOIN measured AS m ON m.concept = r.concept AND m.source = r.source AND m.unit = r.unit AND m.unit_source = r.unit_source
              WHERE r.day <= r.as_of AND (r.day >= r.as_of - m.valid_days - {longer} OR m.item = {creatinine})) AS v
        GROUP BY v.person_id, v.as_of, v.item, v.day
        """,
    )


def out_of_bounds(registry: Registry) -> int:
    """How many values of those who are asked about lie beyond the bounds of their lab."""
    return int(
        registry.engine.rows("SELECT CAST(COALESCE(SUM(outside), 0) AS BIGINT) AS n FROM measure")["n"][0].as_py()
    )


def said_values(creatinine: int, earlier: int, knowledge: Knowledge) -> str:
    """The newest day's values of each lab, least and most; and the creatinine before: the lowest within the days of a kidney injury, else the last."""
    oldest = f"as_of - {int(knowledge.labs['creatinine'].valid_days)}"
    every = f"(SELECT *, MAX(day) OVER (PARTITION BY person_id, as_of) AS newest FROM measure WHERE item = {creatinine} AND low IS NOT NULL) AS c"
    return f"""
        SELECT person_id, as_of, CAST({MEASURED} AS TINYINT) AS kind, item, CAST(day AS INT) AS start, {NOTHING} AS stop, low, high
        FROM measure WHERE low IS NOT NULL AND (item <> {creatinine} OR day >= {oldest})
        QUALIFY ROW_NUMBER() OVER (PARTITION BY person_id, as_of, item ORDER BY day DESC) = 1
        UNION ALL
        {earlier_creatinine(every, earlier, f"newest >= {oldest}", knowledge)}
    """


def earlier_creatinine(every: str, earlier: int, holds: str, knowledge: Knowledge) -> str:
    """The creatinine before the newest: the lowest within the days of a kidney injury, else the last. ``every`` has all of a person with the day of the
    ``newest``, and ``holds`` says where that holds."""
    near = f"newest - day <= {int(knowledge.policy('kidney_injury_ratio_days'))}"
    return f"""
        SELECT person_id, as_of, CAST({MEASURED} AS TINYINT) AS kind, CAST({earlier} AS INT) AS item, CAST(day AS INT) AS start, {NOTHING} AS stop,
               CASE WHEN {near} THEN low ELSE high END AS low, CASE WHEN {near} THEN low ELSE high END AS high
        FROM {every}
        WHERE day < newest AND {holds}
        QUALIFY ROW_NUMBER() OVER (PARTITION BY person_id, as_of ORDER BY
            CASE WHEN {near} THEN 0 ELSE 1 END, CASE WHEN {near} THEN low ELSE 0 END, CASE WHEN {near} THEN day ELSE -day END) = 1
    """


def condition_key() -> str:
    """The columns that tell one condition of a registry from another."""
    return """COALESCE(condition_concept_id, 0) AS concept, COALESCE(condition_source_concept_id, 0) AS source_concept,
               CASE WHEN COALESCE(condition_concept_id, 0) = 0 THEN COALESCE(condition_source_value, '') ELSE '' END AS source"""


def observed_key() -> str:
    """The columns that tell one observation of a registry from another."""
    return """COALESCE(observation_concept_id, 0) AS concept, COALESCE(value_as_concept_id, 0) AS value_concept,
               CASE WHEN COALESCE(observation_concept_id, 0) = 0 THEN COALESCE(observation_source_value, '') ELSE '' END AS source,
               COALESCE(value_as_string, '') AS value_text"""


def done_key() -> str:
    """The columns that tell one procedure of a registry from another."""
    return """COALESCE(procedure_concept_id, 0) AS concept,
               CASE WHEN COALESCE(procedure_concept_id, 0) = 0 THEN COALESCE(procedure_source_value, '') ELSE '' END AS source"""


class Notes(NamedTuple):
    """A table of notes: its day, the columns that tell one thing noted from another, and the name of the table of what each means."""

    day: str
    key: str
    meaning: str
    columns: tuple[str, ...]


NOTES = {
    "condition_occurrence": Notes(
        "condition_start_date", condition_key(), "condition", ("concept", "source_concept", "source")
    ),
    "observation": Notes(
        "observation_date", observed_key(), "observed", ("concept", "value_concept", "source", "value_text")
    ),
    "procedure_occurrence": Notes("procedure_date", done_key(), "done", ("concept", "source")),
}


def keep_noted(registry: Registry) -> None:
    """Keeps ``noted``: every note of a condition, an allergy or a habit of those who are asked about, on any day. What the notes of the tables that are
    there mean is loaded."""
    parts = [
        f"""SELECT r.person_id, r.day, m.kind, m.item, m.field, m.lasts_days, m.again
            FROM (SELECT person_id, {notes.key}, {DAY.format(notes.day)} AS day
                  FROM {registry.typed(table)} AS s WHERE person_id IS NOT NULL AND {notes.day} IS NOT NULL) AS r
            JOIN {notes.meaning} AS m ON {" AND ".join(f"m.{c} = r.{c}" for c in notes.columns)}"""
        for table, notes in NOTES.items()
        if registry.has(table)
    ]
    registry.engine.keep(
        "noted",
        f"SELECT n.* FROM ({' UNION ALL '.join(parts)}) AS n WHERE n.person_id IN (SELECT a.person_id FROM ask AS a)",
    )


def said_noted() -> str:
    """What was noted of those who are asked about, and counts on the day. A condition is since its newest note that came again, else since the first
    that counts; an allergy is since it was first written down; of every habit all is said that was noted on the last day, of dialysis one kind.
    ``noted`` is kept."""
    rows = """
        SELECT a.person_id, a.as_of, n.kind, n.item, n.field, n.again, n.day
        FROM noted AS n JOIN ask AS a ON a.person_id = n.person_id
        WHERE n.day <= a.as_of AND (n.lasts_days IS NULL OR n.day > a.as_of - n.lasts_days)
    """
    return f"""
        SELECT person_id, as_of, CAST(kind AS TINYINT) AS kind, item,
               CAST(COALESCE(MAX(CASE WHEN again THEN day END), MIN(day)) AS INT) AS start, {NOTHING} AS stop,
               {NO_AMOUNT} AS low, {NO_AMOUNT} AS high
        FROM ({rows}) AS x WHERE kind <> {HABIT} GROUP BY person_id, as_of, kind, item
        UNION ALL
        SELECT person_id, as_of, CAST({HABIT} AS TINYINT) AS kind, item, CAST(day AS INT) AS start, {NOTHING} AS stop,
               {NO_AMOUNT} AS low, {NO_AMOUNT} AS high
        FROM (SELECT DISTINCT person_id, as_of, item, field, day FROM ({rows}) AS y WHERE kind = {HABIT}) AS x
        QUALIFY RANK() OVER (PARTITION BY person_id, as_of, field ORDER BY day DESC, CASE WHEN field = 'dialysis' THEN item ELSE 0 END) = 1
    """


def distinct(key: str, typed: str) -> str:
    """The distinct things of a table by their key, each with the number of its rows."""
    names = ", ".join(part.rpartition(" AS ")[2].strip() for part in _parts(key))
    return (
        f"SELECT {names}, CAST(COUNT(*) AS BIGINT) AS rows FROM (SELECT {key} FROM {typed} AS s) AS k GROUP BY {names}"
    )


def _parts(key: str) -> list[str]:
    """The columns of a list, cut at commas that stand in no bracket."""
    out, depth, part = [], 0, ""
    for letter in key:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            out.append(part)
            part = ""
        else:
            part += letter
    return [*out, part]


def people(first: date, last: date) -> str:
    """How many persons there are of each sex, age in years on the last day, reason to be rejected, alive or dead on the first, asked about from then on or not."""
    years = f"CAST(FLOOR(({day_number(last)} - born) / 365.25) AS INT)"
    return f"""
        SELECT female, years, rejected, dead, asked, COUNT(*) AS persons
        FROM (SELECT p.female, {years} AS years, p.rejected, CASE WHEN p.died < {day_number(first)} THEN 1 ELSE 0 END AS dead,
                     CASE WHEN a.person_id IS NULL THEN 0 ELSE 1 END AS asked
              FROM persons AS p LEFT JOIN (SELECT DISTINCT person_id FROM ask WHERE as_of >= {day_number(first)}) AS a ON a.person_id = p.person_id) AS k
        GROUP BY female, years, rejected, dead, asked
    """


def spans(looks_at_once: int) -> str:
    """The batches: people in the order of their numbers, so many looks at them in each."""
    return f"""
        SELECT MIN(person_id) AS first, MAX(person_id) AS last
        FROM (SELECT person_id, CAST(FLOOR((SUM(looks) OVER (ORDER BY person_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - 1) / {looks_at_once}) AS INT) AS part
              FROM (SELECT person_id, COUNT(*) AS looks FROM ask GROUP BY person_id) AS one) AS numbered
        GROUP BY part ORDER BY part
    """


def in_order(said: str) -> str:
    """What is said, in the order of :data:`relaxant.cohort.said.SAID`."""
    return f"SELECT person_id, as_of, kind, item, start, stop, low, high FROM ({said}) AS said ORDER BY person_id, as_of, kind, item, start, stop, low"
