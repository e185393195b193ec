"""A process that writes as fast as it can, as the service does, and prints each thing once it is acknowledged, and what the store refused; it is killed by those who run it.

python writing.py ADDRESS FOLDER NAME [ROWS]
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
import uuid
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, insert

from relaxant.service.audit.kinds import Kind
from relaxant.service.audit.people import pseudonym
from relaxant.service.audit.record import record
from relaxant.service.settings import Settings
from relaxant.service.store.away import Away
from relaxant.service.store.store import Store, open_store
from relaxant.service.store.tables import ANSWERS, CARDS, DIARIES, ENTRIES
from relaxant.service.store.times import milliseconds


def say(*words: object) -> None:
    """One line at once, which no other thread's can break."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def now() -> int:
    return milliseconds(datetime.now(UTC))


def audits(store: Store, name: str, i: int) -> None:
    def writes(connection: Connection) -> int:
        person = pseudonym(connection, store.secret, "ward", str(i % 50))
        return record(connection, Kind.CALLED, name, person, {"call": f"{name}-{i}"})

    say("audit", store.write(writes), f"{name}-{i}")


def answers(store: Store, name: str, i: int) -> None:
    card = str(uuid.uuid4())

    def shows(connection: Connection) -> None:
        person = pseudonym(connection, store.secret, "ward", str(i % 50))
        row = {"card": card, "at": now(), "service": "order-sign", "issuer": "ward", "person": person, "finding": "f", "rules": "r", "indicator": "critical"}  # fmt: skip
        connection.execute(insert(CARDS), row)

    def answered(connection: Connection) -> None:
        connection.execute(insert(ANSWERS), {"card": card, "at": now(), "outcome": "overridden", "reason": "other", "suggestions": "[]"})  # fmt: skip
        record(connection, Kind.ANSWERED, name, None, {"card": card})

    store.write(shows)
    store.write(answered)
    say("answer", card)


def entries(store: Store, name: str, i: int, diary: str) -> None:
    day = (date(2000, 1, 1) + timedelta(days=i)).isoformat()

    def enters(connection: Connection) -> None:
        connection.execute(insert(ENTRIES), {"diary": diary, "day": day, "part": "night", "said": "{}", "written": now(), "kept": now()})  # fmt: skip
        record(connection, Kind.DIARY_ENTERED, "diary", None, {"diary": diary, "day": day})

    store.write(enters)
    say("entry", diary, day)


def main(address: str, folder: str, name: str, rows: int | None) -> None:
    logging.disable(logging.CRITICAL)  # what is left on standard error is what nobody expects
    store = open_store(Settings(database=address, folder=folder))
    diary = str(uuid.uuid4())
    made = {"diary": diary, "code": os.urandom(32), "columns": "[]", "made": now(), "until": now()}
    store.write(lambda connection: connection.execute(insert(DIARIES), made))

    def works(kind: int) -> None:
        i = 1
        while rows is None or i <= rows:
            try:
                if kind == 0:
                    audits(store, name, i)
                elif kind == 1:
                    answers(store, name, i)
                else:
                    entries(store, name, i, diary)
            except Away:  # as a caller does who is told 503: wait a moment, and go on
                say("refused", kind, i)
                time.sleep(0.05)
                if rows is not None:
                    continue
            i += 1

    threads = [threading.Thread(target=works, args=(kind,)) for kind in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()
    say("done")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]) if len(sys.argv) > 4 else None)
