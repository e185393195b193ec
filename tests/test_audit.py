"""The audit: every change of it shows, and a person can be forgotten without breaking it."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.exc import DBAPIError

from databases import Server
from relaxant.errors import InputError
from relaxant.service.audit.counts import count_rules
from relaxant.service.audit.export import export
from relaxant.service.audit.kinds import Kind
from relaxant.service.audit.people import erase, pseudonym
from relaxant.service.audit.record import record
from relaxant.service.audit.rows import FIRST
from relaxant.service.audit.verify import head, verify
from relaxant.service.settings import Settings
from relaxant.service.store.store import Store, open_store
from relaxant.service.store.tables import ANSWERS, AUDIT, CARDS, PEOPLE

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture
def store(database: str, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(Settings(database=database, folder=str(tmp_path)))
    yield opened
    opened.close()


def fill(store: Store, rows: int) -> None:
    """So many rows, about three people and about nobody."""

    def writes(connection: Connection) -> None:
        people = [None, *(pseudonym(connection, store.secret, "ward", f"MRN-{i}") for i in range(3))]
        for i in range(1, rows + 1):
            record(connection, Kind.CALLED, "ward", people[i % 4], {"card": f"c{i}", "rules": ["a-b", "c-d"], "n": i}, at=NOW + timedelta(seconds=i))  # fmt: skip

    store.write(writes)


def tampers(store: Store, *statements: str) -> None:
    """What somebody does who may do anything with the database."""

    def does(connection: Connection) -> None:
        if connection.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER audit_changed"))
            connection.execute(text("DROP TRIGGER audit_cut"))
        else:
            connection.execute(text("DROP TRIGGER audit_changed ON audit"))
        for words in statements:
            connection.execute(text(words))

    store.write(does)


class TestChain:
    def test_it_follows_from_the_first_row(self, store: Store) -> None:
        assert head(store) == (0, FIRST)
        assert verify(store).sound and verify(store).number == 0
        fill(store, 30)
        verdict = verify(store)
        assert verdict.sound and verdict.number == 30
        assert head(store) == (30, verdict.hash)

    def test_it_can_be_verified_by_other_means(self, store: Store) -> None:
        """As docs/service/audit.md says it, from an export, with nothing of ours."""
        fill(store, 12)
        store.write(lambda c: record(c, Kind.STARTED, "Käthe's ward “3”\\", None, {}, at=NOW))
        before = bytes(32)
        lines = [json.loads(line) for line in export(store)]
        for i, line in enumerate(lines, 1):
            row = [line["number"], line["at"], line["kind"], line["by"], line["person"], line["what"]]
            encoded = json.dumps(row, separators=(",", ":"), ensure_ascii=False).encode()
            assert line["number"] == i and line["before"] == before.hex()
            before = hashlib.sha256(before + encoded).digest()
            assert line["hash"] == before.hex()
        assert (len(lines), before) == head(store)

    def test_a_write_that_fails_leaves_no_row(self, store: Store) -> None:
        fill(store, 3)

        def thinks_better(connection: Connection) -> None:
            record(connection, Kind.CALLED, "ward", None, {"card": "never"})
            raise KeyError("card")

        with pytest.raises(KeyError):
            store.write(thinks_better)
        fill(store, 3)
        assert verify(store).number == 6

    def test_several_rows_of_one_write(self, store: Store) -> None:
        def twice(connection: Connection) -> list[int]:
            return [record(connection, Kind.ANSWERED, "ward", None, {"card": c}) for c in ("a", "b")]

        assert store.write(twice) == [1, 2]
        assert verify(store).sound

    def test_pages_of_a_long_audit_join(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("relaxant.service.audit.verify._PAGE", 7)
        for rows in (6, 1, 7, 3):  # a page less one, a page, two pages, and some
            fill(store, rows)
            assert verify(store).number == head(store)[0]
        assert [json.loads(line)["number"] for line in export(store, 5, 15)] == list(range(5, 16))

    def test_the_database_itself_refuses_changes(self, store: Store) -> None:
        fill(store, 5)
        statements = ["UPDATE audit SET kind = 'called' WHERE number = 2", "DELETE FROM audit WHERE number = 5"]
        if store.ways.file is None:
            statements.append("TRUNCATE audit")
        for words in statements:
            with pytest.raises(DBAPIError, match="only added to"):
                store.write(lambda c, words=words: c.execute(text(words)))
        assert verify(store).number == 5


_SWAP = (
    "UPDATE audit SET number = -1 WHERE number = 7",
    "UPDATE audit SET number = 7 WHERE number = 8",
    "UPDATE audit SET number = 8 WHERE number = -1",
)
_COPY = "INSERT INTO audit (number, at, kind, \"by\", person, what, hash) SELECT {}, at, kind, \"by\", person, what, hash FROM audit WHERE number = {}"  # fmt: skip
_TAMPERS: dict[str, tuple[tuple[str, ...], int, str]] = {
    "a kind changed": (("UPDATE audit SET kind = 'reviewed' WHERE number = 7",), 7, "was changed"),
    "a time changed": (("UPDATE audit SET at = at + 1 WHERE number = 1",), 1, "was changed"),
    "who did it changed": (("UPDATE audit SET \"by\" = 'somebody' WHERE number = 20",), 20, "was changed"),
    "a person taken out": (("UPDATE audit SET person = NULL WHERE number = 7",), 7, "was changed"),
    "a person put in": (
        ("UPDATE audit SET person = (SELECT person FROM audit WHERE number = 7) WHERE number = 8",),
        8,
        "was changed",
    ),
    "ids changed": (("UPDATE audit SET what = '{}' WHERE number = 7",), 7, "was changed"),
    "a space added": (("UPDATE audit SET what = what || ' ' WHERE number = 7",), 7, "was changed"),
    "a hash changed": (
        ("UPDATE audit SET hash = (SELECT hash FROM audit WHERE number = 6) WHERE number = 7",),
        7,
        "was changed",
    ),
    "a row deleted": (("DELETE FROM audit WHERE number = 7",), 7, "row 7 is missing"),
    "rows deleted": (("DELETE FROM audit WHERE number BETWEEN 7 AND 9",), 7, "rows 7 to 9 are missing"),
    "the first row deleted": (("DELETE FROM audit WHERE number = 1",), 1, "row 1 is missing"),
    "a row deleted and the gap closed": (
        ("DELETE FROM audit WHERE number = 20", "UPDATE audit SET number = 20 WHERE number = 19"),
        19,
        "row 19 is missing",
    ),
    "a row inserted at the end": ((_COPY.format(21, 20),), 21, "was changed"),
    "a row inserted far behind the end": ((_COPY.format(30, 20),), 21, "rows 21 to 29 are missing"),
    "a row inserted before the first": ((_COPY.format(0, 20),), 0, "begin at 1"),
    "two rows reordered": (_SWAP, 7, "was changed"),
}


class TestTampering:
    @pytest.mark.parametrize("what", _TAMPERS)
    def test_the_first_broken_row_is_named(self, store: Store, what: str) -> None:
        statements, number, words = _TAMPERS[what]
        fill(store, 20)
        assert verify(store).sound
        tampers(store, *statements)
        verdict = verify(store)
        assert not verdict.sound and verdict.broken is not None
        assert verdict.broken.number == number and words in verdict.broken.what
        assert verdict.number == max(0, number - 1)

    @pytest.mark.parametrize(
        ("column", "value"),
        [
            ("kind", "x'ff00'"),
            ("what", "CAST(x'ff' AS TEXT)"),
            ("person", "'text'"),
            ("person", "1000000000000"),
            ("person", "1.5"),
            ("at", "'soon'"),
            ("at", "x'00'"),
            ("hash", "7"),
            ("hash", "'text'"),
        ],
    )
    def test_what_no_row_of_ours_holds_is_named_and_not_stumbled_over(self, tmp_path: Path, column: str, value: str) -> None:  # fmt: skip
        """SQLite keeps in a column whatever it is given."""
        store = open_store(Settings(folder=str(tmp_path)))
        fill(store, 20)
        tampers(store, f"UPDATE audit SET {column} = {value} WHERE number = 7")
        verdict = verify(store)
        assert verdict.broken is not None and verdict.broken.number == 7
        store.close()

    def test_an_end_that_is_cut_off_shows_against_a_head_held_elsewhere(self, store: Store) -> None:
        fill(store, 20)
        number, held = head(store)
        assert verify(store, held=held, number=number).held is True
        fill(store, 5)
        assert verify(store, held=held, number=number).held is True  # it grew, and that is allowed
        assert verify(store, held=held).held is True
        assert verify(store, held=held, number=19).held is False
        tampers(store, "DELETE FROM audit WHERE number > 19")
        assert verify(store).sound  # by itself it cannot know
        for given_number in (number, None):
            verdict = verify(store, held=held, number=given_number)
            assert not verdict.sound and verdict.held is False and verdict.broken is None

    def test_a_chain_written_anew_shows_against_a_head_held_elsewhere(self, store: Store) -> None:
        fill(store, 20)
        number, held = head(store)
        tampers(store, "DELETE FROM audit")
        for i in range(25):
            store.write(lambda c, i=i: record(c, Kind.CALLED, "ward", None, {"n": i}, at=NOW))
        assert verify(store).sound  # by itself it cannot know
        assert verify(store, held=held, number=number).held is False
        assert verify(store, held=held).held is False

    def test_the_head_of_an_empty_audit_is_in_every_chain(self, store: Store) -> None:
        number, held = head(store)
        fill(store, 3)
        assert verify(store, held=held, number=number).sound
        assert not verify(store, held=bytes([1]) * 32, number=0).sound

    def test_a_break_before_the_held_head_is_both(self, store: Store) -> None:
        fill(store, 20)
        number, held = head(store)
        tampers(store, "UPDATE audit SET at = 1 WHERE number = 3")
        verdict = verify(store, held=held, number=number)
        assert verdict.broken is not None and verdict.broken.number == 3 and verdict.held is False


def held_now(store: Store, number: int) -> bytes:
    return store.read(lambda c: bytes(c.execute(select(AUDIT.c.hash).where(AUDIT.c.number == number)).scalar_one()))


class TestRecord:
    @pytest.mark.parametrize(
        ("by", "person", "what"),
        [
            ("", None, {}),
            ("x" * 201, None, {}),
            ("two\nlines", None, {}),
            ("ward", b"short", {}),
            ("ward", None, {"Name": "a"}),
            ("ward", None, {"card": "Mrs Smith"}),
            ("ward", None, {"card": "a\n"}),
            ("ward", None, {"card": ""}),
            ("ward", None, {"rules": ["a-b", "free text"]}),
            ("ward", None, {"card": "x" * 201}),
        ],
    )
    def test_what_somebody_may_have_typed_is_refused(self, by: str, person: bytes | None, what: Any) -> None:
        with pytest.raises(ValueError, match=r"`|what"):
            record(None, Kind.CALLED, by, person, what)  # type: ignore[arg-type] - it is refused before anything is asked

    @given(st.dictionaries(st.from_regex(r"[a-z][a-z_]{0,9}\Z"), st.text(min_size=1, max_size=9)))
    def test_only_ids_get_through(self, what: dict[str, str]) -> None:
        from relaxant.service.audit.record import _check

        try:
            _check("ward", None, what)
        except ValueError:
            return
        assert all(said.isascii() and not any(c.isspace() for c in said) for said in what.values())

    def test_kinds_are_told_apart(self) -> None:
        assert len({kind.value for kind in Kind}) == len(Kind)
        assert all(len(kind.value) <= 40 for kind in Kind)

    def test_every_kind_is_written_somewhere_and_told(self) -> None:
        """What nobody writes would be a promise that nobody keeps."""
        root = Path(__file__).parent.parent
        page = (root / "docs" / "service" / "audit.md").read_text(encoding="utf-8")
        code = "".join(file.read_text(encoding="utf-8") for file in (root / "src").rglob("*.py"))
        for kind in Kind:
            assert f"Kind.{kind.name}" in code, kind
            assert f"`{kind.value}`" in page, kind


class TestPeople:
    def test_a_person_keeps_his_pseudonym(self, store: Store) -> None:
        def names(connection: Connection) -> list[bytes]:
            people = [("ward", "1"), ("ward", "2"), ("clinic", "1"), ("ward1", ""), ("", "ward1"), ("ward", "1")]
            return [pseudonym(connection, store.secret, *one) for one in people]

        first, again = store.write(names), store.write(names)
        assert first == again and len(set(first)) == 5 and first[0] == first[5]
        assert {len(one) for one in first} == {32}

    def test_the_database_does_not_lead_to_a_record_number(self, store: Store) -> None:
        """Nor does guessing every record number, without the secret."""
        store.write(lambda c: pseudonym(c, store.secret, "ward", "MRN-1"))
        row = store.read(lambda c: c.execute(select(PEOPLE)).one())
        plain = json.dumps(["ward", "MRN-1"], separators=(",", ":")).encode()
        assert row.lookup == hmac.digest(store.secret, plain, "sha256")
        assert row.lookup not in (hashlib.sha256(plain).digest(), hmac.digest(bytes(32), plain, "sha256"))

    def test_an_erased_person_is_linked_to_nothing_and_the_chain_stands(self, store: Store) -> None:
        fill(store, 20)
        number, held = head(store)
        was = store.write(lambda c: pseudonym(c, store.secret, "ward", "MRN-1"))
        rows = select(AUDIT.c.person).where(AUDIT.c.person == was)
        assert len(store.read(lambda c: c.execute(rows).all())) == 5

        assert erase(store, store.secret, "ward", "MRN-1").known

        verdict = verify(store, held=held, number=number)
        assert verdict.sound and verdict.number == 21
        assert len(store.read(lambda c: c.execute(rows).all())) == 5
        # Everything that is left, with the secret: no way leads to the pseudonym.
        keys = store.read(lambda c: c.execute(select(PEOPLE.c.key)).scalars().all())
        assert len(keys) == 2
        assert was not in {hmac.digest(bytes(key), b"relaxant: a person", "sha256") for key in [*keys, store.secret, bytes(32)]}  # fmt: skip
        # The row that records it names nobody.
        last = json.loads(next(iter(export(store, 21))))
        assert last["kind"] == "person erased" and last["person"] is None and json.loads(last["what"]) == {"people": 1}
        # Whoever comes again is somebody new.
        assert store.write(lambda c: pseudonym(c, store.secret, "ward", "MRN-1")) != was
        assert verify(store).sound

    def test_nobody_else_is_erased(self, store: Store) -> None:
        fill(store, 8)
        others = store.write(lambda c: pseudonym(c, store.secret, "ward", "MRN-0"))
        assert not erase(store, store.secret, "clinic", "MRN-0").known
        assert not erase(store, store.secret, "ward", "MRN-00").known
        assert head(store)[0] == 8
        assert store.write(lambda c: pseudonym(c, store.secret, "ward", "MRN-0")) == others

    def test_another_secret_erases_nobody_and_says_so(self, store: Store) -> None:
        fill(store, 4)
        with pytest.raises(InputError, match="begun with another one"):
            erase(store, bytes(32), "ward", "MRN-0")

    def test_nothing_of_the_key_stays_in_the_files_of_sqlite(self, tmp_path: Path) -> None:
        store = open_store(Settings(folder=str(tmp_path)))
        fill(store, 8)
        key = store.read(lambda c: c.execute(select(PEOPLE.c.key).order_by(PEOPLE.c.lookup)).scalars().first())
        assert key is not None and any(key in p.read_bytes() for p in tmp_path.iterdir())
        for i in range(3):
            erase(store, store.secret, "ward", f"MRN-{i}")
        assert not any(key in p.read_bytes() for p in tmp_path.iterdir())
        store.close()

    def test_erasing_clears_the_pages_of_postgresql(self, server: Server, tmp_path: Path) -> None:
        store = open_store(Settings(database=server.new(), folder=str(tmp_path)))
        fill(store, 8)
        name = store.ways.writes.url.database
        assert name is not None
        erase(store, store.secret, "ward", "MRN-1")
        server.say("CREATE EXTENSION pageinspect", name)
        kept = "SELECT count(*) FROM heap_page_items(get_raw_page('people', 0)) WHERE lp_len > 0"
        assert server.say(kept, name) == "2"
        store.write(lambda c: c.execute(text("SELECT 1")))  # and the connection writes on as before
        fill(store, 8)
        assert verify(store).sound
        store.close()


class TestExport:
    def test_a_range_can_be_verified_by_itself(self, store: Store) -> None:
        fill(store, 20)
        lines = [json.loads(line) for line in export(store, 6, 9)]
        assert [line["number"] for line in lines] == [6, 7, 8, 9]
        assert lines[0]["before"] == held_now(store, 5).hex()
        assert lines[0]["time"] == "2026-11-26T12:00:06.000+00:00"
        assert json.loads(lines[0]["what"]) == {"card": "c6", "n": 6, "rules": ["a-b", "c-d"]}

    @pytest.mark.parametrize(("first", "last", "count"), [(None, None, 20), (21, None, 0), (0, 1, 1), (20, 99, 1), (9, 8, 0)])  # fmt: skip
    def test_ranges(self, store: Store, first: int | None, last: int | None, count: int) -> None:
        fill(store, 20)
        assert len(list(export(store, first, last))) == count

    def test_an_empty_audit(self, store: Store) -> None:
        assert list(export(store)) == []

    def test_a_row_that_cannot_be_shown(self, tmp_path: Path) -> None:
        store = open_store(Settings(folder=str(tmp_path)))
        fill(store, 3)
        tampers(store, "UPDATE audit SET hash = 7 WHERE number = 2")
        with pytest.raises(InputError, match=r"row 2.*relaxant audit verify"):
            list(export(store))
        store.close()


def show(store: Store, card: str, rules: str) -> Callable[[Connection], Any]:
    row = {"card": card, "at": 1, "service": "order-sign", "issuer": "ward", "person": bytes(32), "finding": "f", "rules": rules, "indicator": "warning"}  # fmt: skip
    return lambda c: c.execute(insert(CARDS), row)


def reply(card: str, outcome: str, reason: str | None = None) -> Callable[[Connection], Any]:
    return lambda c: c.execute(insert(ANSWERS), {"card": card, "at": 2, "outcome": outcome, "reason": reason, "suggestions": "[]"})  # fmt: skip


class TestCounts:
    def test_by_rule(self, store: Store) -> None:
        assert count_rules(store) == ()
        for card, rules in (("1", "one"), ("2", "one two"), ("3", "one two"), ("4", "two two"), ("5", "three")):
            store.write(show(store, card, rules))
        for card, outcome, reason in (("1", "accepted", None), ("2", "overridden", "benefit"), ("3", "overridden", None), ("4", "overridden", "benefit")):  # fmt: skip
            store.write(reply(card, outcome, reason))
        one, three, two = count_rules(store)
        assert (one.rule, one.shown, one.accepted, one.overridden, one.unanswered) == ("one", 3, 1, 2, 0)
        assert one.reasons == {"benefit": 1, "none": 1}
        assert (three.rule, three.shown, three.unanswered, three.reasons) == ("three", 1, 1, {})
        assert (two.rule, two.shown, two.accepted, two.overridden, two.reasons) == ("two", 3, 0, 3, {"benefit": 2, "none": 1})  # fmt: skip
