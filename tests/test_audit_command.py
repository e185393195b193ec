"""``relaxant audit``: 0 sound or done, 1 broken, 2 it cannot be looked at."""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from relaxant.cli.main import main
from relaxant.service.audit.kinds import Kind
from relaxant.service.audit.people import pseudonym
from relaxant.service.audit.record import record
from relaxant.service.settings import Settings
from relaxant.service.store.store import Store, open_store
from test_audit import fill, reply, show, tampers


@pytest.fixture
def store(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("RELAXANT_SERVE_DATABASE", database)
    monkeypatch.setenv("RELAXANT_SERVE_FOLDER", str(tmp_path))
    opened = open_store(Settings(database=database, folder=str(tmp_path)))
    yield opened
    opened.close()


def audit(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["audit", *arguments])
    out, err = capsys.readouterr()
    return status, out, err


def test_a_sound_audit(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    fill(store, 9)
    status, out, _ = audit(capsys, "head")
    assert status == 0
    number, held = out.split()
    assert number == "9" and len(held) == 64
    assert audit(capsys, "head", "--format", "json")[1] == json.dumps({"number": 9, "hash": held}, indent=1) + "\n"

    status, out, _ = audit(capsys, "verify")
    assert (status, out) == (0, f"The chain is whole: 9 rows, head {held}.\n")
    fill(store, 2)
    for more in ([], ["--number", number]):
        status, out, _ = audit(capsys, "verify", "--head", held, *more)
        assert status == 0 and "nothing up to it was changed or cut off" in out
    plain = json.loads(audit(capsys, "verify", "--format", "json", "--head", held)[1])
    assert plain["sound"] is True and plain["held"] is True and plain["broken"] is None and plain["number"] == 11


def test_a_broken_audit(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    fill(store, 9)
    held = audit(capsys, "head")[1].split()[1]
    tampers(store, "DELETE FROM audit WHERE number = 9")
    assert audit(capsys, "verify")[0] == 0
    status, out, _ = audit(capsys, "verify", "--head", held, "--number", "9")
    assert status == 1 and "BROKEN: the head that was held elsewhere is not that of row 9" in out
    status, out, _ = audit(capsys, "verify", "--head", held)
    assert status == 1 and "is not in it" in out
    store.write(lambda c: c.exec_driver_sql("UPDATE audit SET kind = 'reviewed' WHERE number = 4"))
    status, out, _ = audit(capsys, "verify")
    assert (
        status == 1 and out.startswith("BROKEN at row 4: row 4 was changed") and "Rows before it that stand: 3." in out
    )
    plain = json.loads(audit(capsys, "verify", "--format", "json")[1])
    assert plain["sound"] is False and plain["broken"]["number"] == 4


def test_an_export(store: Store, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    fill(store, 9)
    status, out, _ = audit(capsys, "export", "--from", "3", "--until", "5")
    assert status == 0 and [json.loads(line)["number"] for line in out.splitlines()] == [3, 4, 5]
    status, out, _ = audit(capsys, "export", "--output", str(tmp_path / "audit.ndjson"))
    assert status == 0 and out == ""
    assert len((tmp_path / "audit.ndjson").read_bytes().splitlines()) == 9
    assert audit(capsys, "export", "--output", str(tmp_path / "missing" / "a"))[0] == 2


def test_counts(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit(capsys, "counts")[1] == "No card was shown yet.\n"
    for card in "123":
        store.write(show(store, card, "rule-one rule-two"))
    store.write(reply("1", "accepted"))
    store.write(reply("2", "overridden", "benefit-outweighs-risk"))
    status, out, _ = audit(capsys, "counts")
    assert status == 0
    assert [line.split() for line in out.splitlines()[1:]] == [
        ["rule-one", "3", "1", "1", "1", "benefit-outweighs-risk", "1"],
        ["rule-two", "3", "1", "1", "1", "benefit-outweighs-risk", "1"],
    ]
    plain = json.loads(audit(capsys, "counts", "--format", "json")[1])
    assert plain[0] == {"rule": "rule-one", "shown": 3, "accepted": 1, "overridden": 1, "unanswered": 1, "reasons": {"benefit-outweighs-risk": 1}}  # fmt: skip


def test_erasing(store: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store, 9)
    was = store.write(lambda c: pseudonym(c, store.secret, "ward", "MRN-1"))
    monkeypatch.setattr("sys.stdin", io.StringIO("MRN-1\n"))
    status, out, err = audit(capsys, "erase", "--issuer", "ward")
    assert (status, out) == (0, "") and "erased" in err and "MRN" not in err
    assert store.write(lambda c: pseudonym(c, store.secret, "ward", "MRN-1")) != was
    assert audit(capsys, "erase", "--issuer", "ward", "--patient", "MRN-2")[0] == 0
    status, _, err = audit(capsys, "erase", "--issuer", "ward", "--patient", "MRN-77")
    assert status == 0 and "nobody is known by this record number" in err
    assert audit(capsys, "verify")[1].startswith("The chain is whole: 11 rows")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["verify", "--head", "abc"], "this is no head"),
        (["verify", "--number", "3"], "a number alone proves nothing"),
        (["head", "--head", "00" * 32], "belongs to `relaxant audit verify`"),
        (["verify", "--from", "3"], "belongs to `relaxant audit export`"),
        (["counts", "--patient", "3"], "belongs to `relaxant audit erase`"),
        (["erase", "--patient", "3"], "a record number belongs to somebody's records"),
        (["erase", "--issuer", "ward", "--patient", ""], "nobody is named"),
        (["verify", "--database", "sqlite:///missing.sqlite3"], "no such file"),
        (["verify", "--database", "sqlite://"], "in memory"),
        (["verify", "--config", "missing.toml"], "cannot be read"),
    ],
)
def test_what_cannot_be_looked_at(arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setenv("RELAXANT_SERVE_FOLDER", str(tmp_path))
    open_store(Settings(folder=str(tmp_path))).close()
    status, out, err = audit(capsys, *arguments)
    assert status == 2 and out == "" and words in err and len(err.splitlines()) == 1


def test_an_audit_whose_secret_is_lost_can_be_verified(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setenv("RELAXANT_SERVE_FOLDER", str(tmp_path))
    store = open_store(Settings(folder=str(tmp_path)))
    store.write(lambda c: record(c, Kind.STARTED, "service", None, {}))
    store.close()
    (tmp_path / "relaxant.secret").unlink()
    assert audit(capsys, "verify")[0] == 0
    status, _, err = audit(capsys, "erase", "--issuer", "ward", "--patient", "1")
    assert status == 2 and "relaxant.secret" in err


def test_a_damaged_file(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAXANT_SERVE_FOLDER", str(tmp_path))
    store = open_store(Settings(folder=str(tmp_path)))
    fill(store, 500)
    store.close()
    file = tmp_path / "relaxant.sqlite3"
    connection = sqlite3.connect(file)
    page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'audit'").fetchone()[0]
    connection.close()
    data = bytearray(file.read_bytes())
    size = int.from_bytes(data[16:18], "big")
    data[(page - 1) * size : page * size] = b"\xff" * size
    file.write_bytes(data)
    status, out, err = audit(capsys, "verify")
    assert status == 2 and out == "" and "database" in err
