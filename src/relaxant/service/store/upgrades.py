"""From the tables of an older relaxant to those of this one, a version at a time, within the transaction in which the store is opened.

Whoever changes a table raises ``tables.VERSION`` and adds the step that leads from the version before. A step may add tables, columns and indexes, and fill
them; it never touches a row of ``audit``. There is no way back: an older program refuses the tables of a newer one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import Connection, LargeBinary, update

from relaxant.service.store.tables import MADE

Step = Callable[[Connection], None]


def _by_age(connection: Connection) -> None:
    """What is between two steps of a sign-in, and who is signed in, is found by its age."""
    connection.exec_driver_sql("CREATE INDEX steps_until ON steps (until)")
    connection.exec_driver_sql("CREATE INDEX sessions_until ON sessions (until)")


def _by_answer(connection: Connection) -> None:
    """What was answered is found by what the card said, and no longer among all cards of a person, of which most are never answered."""
    kind = LargeBinary(32).compile(connection.dialect)
    connection.exec_driver_sql(f"ALTER TABLE answers ADD COLUMN said {kind}")
    connection.exec_driver_sql(
        "UPDATE answers SET said = (SELECT cards.said FROM cards WHERE cards.card = answers.card)"
    )
    connection.exec_driver_sql("CREATE INDEX answers_said ON answers (said)")
    connection.exec_driver_sql("DROP INDEX cards_person")


# By the version that a step begins from; version 1 is the first that there was.
STEPS: Mapping[int, Step] = {1: _by_age, 2: _by_answer}


def leads(version: int, to: int) -> bool:
    """Whether there is a step from a version, and from each after it."""
    return all(each in STEPS for each in range(version, to))


def bring_forward(connection: Connection, version: int, to: int) -> None:
    """Takes every step from a version, and writes down which version the tables have now."""
    for each in range(version, to):
        STEPS[each](connection)
        connection.execute(update(MADE).values(version=each + 1))
