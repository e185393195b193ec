"""The prepared relation of a period: what is said of everybody on every day that they are looked at.

The queries give the rows that those of :mod:`relaxant.cohort.prepare` give as of one day, for many days at once: what holds of a person is made
into spans of days once, and joined with the days that are looked at. What is kept: ``exposure`` (what was handed out or given), ``course`` (what
followed one another), ``ask`` (who is looked at on which day), ``listed`` (the lines by spans of days), ``daily`` (values by spans of days).

What is known at the end of the period is known: a course whose supply was not renewed is over on the day after its supply, if the days in which it could
still have been renewed were over before the period, the person's life and their time in the registry ended. Else it is over after those days,
as in a screen as of one day.
"""

from __future__ import annotations

import math

import pyarrow as pa

from relaxant.cohort import prepare
from relaxant.cohort.period import Period
from relaxant.cohort.registry import Registry
from relaxant.cohort.said import LINE, MEASURED, PERSON
from relaxant.cohort.sql import DAY, NO_AMOUNT, NOTHING
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.schema import Jurisdiction
from relaxant.rules.evaluate import program

_COURSE = "person_id, chain, session, course"
_NEVER = 2_000_000_000  # a day that never comes


def keep_exposure(registry: Registry, period: Period, knowledge: Knowledge) -> None:
    """Keeps ``exposure``: what those who had a relaxant in the period or within the days before that a review looks back had until its end. ``drug``
    and ``persons`` are there."""
    _, last = period.days
    since = period.looked_from - int(knowledge.policy("registry_days_back"))
    joined = f"""{prepare.exposures(registry)} AS e
        JOIN drug AS d ON d.concept = e.concept AND d.source = e.source AND d.route = e.route
        JOIN persons AS p ON p.person_id = e.person_id
        WHERE e.start_day <= {last} AND e.end_day >= {since} AND p.rejected IS NULL AND (p.died IS NULL OR p.died >= {period.looked_from})"""
    registry.engine.keep(
        "exposure",
        f"""
        SELECT e.person_id, d.drug, d.chain, d.piece, d.line, d.dosed, d.agent, {prepare.SUPPLY},
               CASE WHEN d.supply THEN 0 ELSE e.start_day END AS session, e.start_day, e.end_day, e.quantity, e.days_supply, e.sig
        FROM {joined} AND d.asked AND e.person_id IN (SELECT e.person_id FROM {joined} AND d.agent)
        """,
    )


def keep_courses(registry: Registry, period: Period, knowledge: Knowledge) -> None:
    """Keeps ``lined``, every exposure with its line and the number of its course, and ``course``: what followed one another, with the days on which it
    began, on which its supply ended, and from which on it is over (``gone``). ``dose`` is loaded.

    The same courses as :func:`relaxant.cohort.prepare.said_lines` sees.
    """
    gap = int(knowledge.policy("registry_gap_days"))
    whole = (
        "PARTITION BY person_id, chain, session ORDER BY start_day, end_day, line ROWS BETWEEN UNBOUNDED PRECEDING AND"
    )
    registry.engine.keep(
        "lined",
        f"""
        WITH spoken AS (
            SELECT x.person_id, x.chain, x.session, x.piece, COALESCE(l.line, x.line) AS line, x.agent, x.start_day, x.end_day,
                   CASE WHEN x.supply THEN {gap} ELSE 0 END AS gap
            FROM exposure AS x LEFT JOIN dose AS l
              ON x.dosed AND l.drug = x.drug AND l.quantity = x.quantity AND l.days_supply = x.days_supply AND l.sig = x.sig),
        followed AS (SELECT *, MAX(end_day + gap) OVER ({whole} 1 PRECEDING) AS before FROM spoken)
        SELECT person_id, chain, session, piece, line, agent, start_day, end_day, gap,
               SUM(CASE WHEN before IS NULL OR start_day > before + 1 THEN 1 ELSE 0 END) OVER ({whole} CURRENT ROW) AS course
        FROM followed
        """,
    )
    _, last = period.days
    end = f"LEAST(COALESCE(p.died, {_NEVER}), COALESCE(f.until, {_NEVER}), {last})"
    registry.engine.keep(
        "course",
        f"""
        WITH courses AS (
            SELECT {_COURSE}, MIN(start_day) AS begun, MAX(end_day) AS ended, MAX(end_day + gap) AS over, MAX(CASE WHEN agent THEN 1 ELSE 0 END) AS agent
            FROM lined GROUP BY {_COURSE}),
        followed AS (
            SELECT c.person_id, c.chain, c.session, c.course, MAX(o.until) AS until
            FROM courses AS c JOIN {_followed(registry)} AS o ON o.person_id = c.person_id AND o.since <= c.ended
            GROUP BY c.person_id, c.chain, c.session, c.course)
        SELECT c.person_id, c.chain, c.session, c.course, c.begun, c.ended, c.agent,
               CASE WHEN c.over < {end} THEN c.ended + 1 ELSE c.over + 1 END AS gone,
               LEAD(c.begun) OVER (PARTITION BY c.person_id, c.chain, c.session ORDER BY c.course) AS next_begun
        FROM courses AS c JOIN persons AS p ON p.person_id = c.person_id
        LEFT JOIN followed AS f ON f.person_id = c.person_id AND f.chain = c.chain AND f.session = c.session AND f.course = c.course
        """,
    )


def _followed(registry: Registry) -> str:
    """From when to when anybody is in the registry, as days; no rows where it does not say so."""
    if not registry.has("observation_period"):
        return f"(SELECT CAST(NULL AS BIGINT) AS person_id, {NOTHING} AS since, {NOTHING} AS until WHERE FALSE)"
    since, until = (DAY.format(f"observation_period_{end}_date") for end in ("start", "end"))
    return f"(SELECT person_id, {since} AS since, {until} AS until FROM {registry.typed('observation_period')} AS o WHERE person_id IS NOT NULL)"


def keep_asked(registry: Registry, period: Period, knowledge: Knowledge, jurisdiction: Jurisdiction) -> None:
    """Keeps ``ask``: who is looked at on which day.

    The first day, the first and the last day of the period, and that of a death; every day on which a course begins or is over or a relaxant is handed
    out; ``period.every`` so many days while a relaxant is taken; and the days after a stop on which a rule stops speaking of it. Each
    where a relaxant is on the list, and in life.
    """
    back = int(knowledge.policy("registry_days_back"))
    first, last = period.days
    grid = range(period.looked_from, last + 1, period.every)
    ends = sorted({period.looked_from, first, last})
    registry.engine.load("grid", pa.table({"day": pa.array(grid, pa.int32())}))
    registry.engine.load("bound", pa.table({"day": pa.array(ends, pa.int32())}))
    marks = pa.array(days_after_a_stop(knowledge, jurisdiction), pa.int32())
    registry.engine.load("mark", pa.table({"days": marks}))
    registry.engine.keep(
        "ask",
        f"""
        WITH here AS (SELECT person_id, begun, gone, ended, ended + {back} AS until FROM course WHERE agent = 1),
        days AS (
            SELECT person_id, begun AS day FROM course
            UNION SELECT person_id, gone AS day FROM course
            UNION SELECT person_id, start_day AS day FROM lined WHERE agent
            UNION SELECT h.person_id, g.day FROM here AS h JOIN grid AS g ON g.day BETWEEN h.begun AND h.gone - 1
            UNION SELECT h.person_id, h.ended + m.days AS day FROM here AS h CROSS JOIN mark AS m
            UNION SELECT h.person_id, b.day FROM here AS h CROSS JOIN bound AS b
            UNION SELECT h.person_id, p.died AS day FROM here AS h JOIN persons AS p ON p.person_id = h.person_id WHERE p.died IS NOT NULL)
        SELECT DISTINCT d.person_id, CAST(d.day AS INT) AS as_of
        FROM days AS d JOIN here AS h ON h.person_id = d.person_id AND d.day BETWEEN h.begun AND h.until
        JOIN persons AS p ON p.person_id = d.person_id
        WHERE d.day BETWEEN {period.looked_from} AND {last} AND (p.died IS NULL OR p.died >= d.day)
        """,
    )


def days_after_a_stop(knowledge: Knowledge, jurisdiction: Jurisdiction) -> list[int]:
    """How many days after a stop what a rule says of it can change: all thresholds of all agents, as days after the last day of the supply."""
    compiled = program(knowledge, jurisdiction)
    for agent in compiled.agents:
        compiled.groups(agent)
    return sorted(
        {
            math.ceil(leaf.threshold)
            for test in compiled.tests.values()
            for clause in test.clauses
            for leaf in clause
            if leaf.column == f"{test.agent}:stopped_days"
        }
    )


def said_persons(registry: Registry) -> str:
    """One row for everybody on every day: birth, death, sex, and since when they are in the registry (in ``high``)."""
    return f"""
        SELECT a.person_id, a.as_of, CAST({PERSON} AS TINYINT) AS kind, CAST(0 AS INT) AS item, p.born AS start,
               CASE WHEN p.died <= a.as_of THEN p.died END AS stop, CAST(p.female AS DOUBLE) AS low, CAST(f.since AS DOUBLE) AS high
        FROM ask AS a JOIN persons AS p ON p.person_id = a.person_id
        LEFT JOIN (SELECT k.person_id, k.as_of, MAX(o.since) AS since FROM ask AS k
                   JOIN {_followed(registry)} AS o ON o.person_id = k.person_id AND o.since <= k.as_of GROUP BY k.person_id, k.as_of) AS f
          ON f.person_id = a.person_id AND f.as_of = a.as_of
    """


def keep_listed(registry: Registry, knowledge: Knowledge) -> None:
    """Keeps ``listed``: every line by the days on which it stands on a person's list, while it is taken and after it was stopped.

    As :func:`relaxant.cohort.prepare.said_lines` has it for one day: of one strength and form (``piece``) the last supply speaks, until the next; an older strength gives way to
    one that was begun after its last supply.
    """
    back = int(knowledge.policy("registry_days_back"))
    piece = f"PARTITION BY {_COURSE}, piece"
    registry.engine.keep(
        "listed",
        f"""
        WITH supplied AS (
            SELECT {_COURSE}, piece, start_day, MAX(end_day) AS end_day, MAX(line) AS line, MAX(end_day + gap) AS over
            FROM lined GROUP BY {_COURSE}, piece, start_day),
        spoken AS (
            SELECT person_id, chain, session, course, piece, start_day, line,
                   MAX(end_day) OVER ({piece} ORDER BY start_day ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS until,
                   MAX(over) OVER ({piece} ORDER BY start_day ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS over,
                   MIN(start_day) OVER ({piece}) AS first, LEAD(start_day) OVER ({piece} ORDER BY start_day) AS again FROM supplied),
        followed AS (
            SELECT *, COALESCE(MIN(CASE WHEN first = start_day THEN start_day END) OVER (
                          PARTITION BY {_COURSE} ORDER BY start_day RANGE BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING), {_NEVER}) AS replaced
            FROM spoken),
        one AS (
            SELECT s.*, c.begun, c.gone, c.next_begun FROM followed AS s
            JOIN course AS c ON c.person_id = s.person_id AND c.chain = s.chain AND c.session = s.session AND c.course = s.course)
        SELECT person_id, line, begun, CAST(NULL AS INT) AS stop, start_day AS since,
               LEAST(COALESCE(again, {_NEVER}), replaced, over + 1, gone) - 1 AS until
        FROM one
        UNION ALL
        SELECT person_id, line, begun, until AS stop, gone AS since, LEAST(COALESCE(next_begun - 1, {_NEVER}), until + {back}) AS until
        FROM one WHERE again IS NULL AND replaced = {_NEVER}
        """,
    )


def said_lines() -> str:
    """The medicines of everybody on every day."""
    return f"""
        SELECT a.person_id, a.as_of, CAST({LINE} AS TINYINT) AS kind, CAST(l.line AS INT) AS item, CAST(l.begun AS INT) AS start,
               CAST(l.stop AS INT) AS stop, {NO_AMOUNT} AS low, {NO_AMOUNT} AS high
        FROM ask AS a JOIN listed AS l ON l.person_id = a.person_id AND a.as_of BETWEEN l.since AND l.until
    """


def keep_values(registry: Registry, creatinine: int, period: Period) -> None:
    """Keeps ``measure`` as :func:`relaxant.cohort.prepare.keep_values` does, for the whole of the period; and ``daily``, its values with the last day on which
    each is the newest and holds. ``measured`` is loaded."""
    _, last = period.days
    asked = f"(SELECT DISTINCT person_id, CAST({last} AS INT) AS as_of FROM ask)"
    prepare.keep_values(registry, creatinine, asked, last - period.looked_from)
    registry.engine.keep(
        "daily",
        f"""
        SELECT m.person_id, m.item, m.day, m.low, m.high,
               LEAST(COALESCE(LEAD(m.day) OVER (PARTITION BY m.person_id, m.item ORDER BY m.day) - 1, {_NEVER}), m.day + k.valid_days) AS until
        FROM measure AS m JOIN (SELECT item, MAX(valid_days) AS valid_days FROM measured GROUP BY item) AS k ON k.item = m.item
        WHERE m.low IS NOT NULL
        """,
    )


def said_values(creatinine: int, earlier: int, knowledge: Knowledge) -> str:
    """As :func:`relaxant.cohort.prepare.said_values`, on every day."""
    newest = f"""
        SELECT a.person_id, a.as_of, CAST({MEASURED} AS TINYINT) AS kind, v.item, CAST(v.day AS INT) AS start, {NOTHING} AS stop, v.low, v.high
        FROM ask AS a JOIN daily AS v ON v.person_id = a.person_id AND a.as_of BETWEEN v.day AND v.until
    """
    before = f"""
        SELECT a.person_id, a.as_of, c.day, c.low, c.high, n.day AS newest
        FROM ask AS a JOIN daily AS n ON n.person_id = a.person_id AND n.item = {creatinine} AND a.as_of BETWEEN n.day AND n.until
        JOIN daily AS c ON c.person_id = a.person_id AND c.item = {creatinine} AND c.day < n.day
    """
    return f"{newest} UNION ALL {prepare.earlier_creatinine(f'({before}) AS c', earlier, 'TRUE', knowledge)}"
