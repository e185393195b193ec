"""The diary's server: links, entries, what others read of it, whose it is."""

from __future__ import annotations

import io
import itertools
import json
import logging
import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from diary_service import ASKED, Caller, Clock, ago, entry, house_in, opened
from relaxant.cli.main import main
from relaxant.errors import InputError
from relaxant.io.diary_csv import read_diary
from relaxant.io.read import read_bytes
from relaxant.io.scale_entries import scale_entries
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.report.response.view import response_view
from relaxant.report.responses import render_response, response_body
from relaxant.service.audit.verify import rows, verify
from relaxant.service.diaries import diaries
from relaxant.service.diaries.codes import BYTES, hash_of
from relaxant.service.diaries.columns import Columns, Medicine, Planned, checked, with_plan
from relaxant.service.diaries.entries import entries_of
from relaxant.service.diaries.exports import diary_answer
from relaxant.service.diaries.flags import flags_of
from relaxant.service.house import House
from test_plan_outputs import r4_schema, reading_age  # noqa: F401

NOW = int(datetime.now(UTC).timestamp() * 1000)
HTML = {"accept": "text/html"}
BETTER = [8, 9, 7, 8, 9, 8, 8, 9, 7, 8, 5, 4, 3, 2, 2, 1, 2, 2, 1, 2, 3, 2, 1, 2, 2, 1, 2]


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def house(tmp_path: Path, clock: Clock) -> Iterator[House]:
    own = house_in(tmp_path, clock)
    yield own
    own.store.close()


@pytest.fixture
def call(house: House) -> Caller:
    return Caller(house)


def weeks(call: Caller, code: str) -> None:
    """Four weeks in which a rating fell after a rise of the dose."""
    entries = []
    for i, score in enumerate(BETTER):
        said: dict[str, Any] = {"scores": {"spasticity-nrs": score, "spasm-count": score, "falls": int(i == 4)}, "doses": {"baclofen": 20 if i < 10 else "planned"}}  # fmt: skip
        if i == 6:
            said["note"] = "cold & <b>wet</b>, “bad” night"
        entries.append(entry(ago(len(BETTER) - i), NOW - 1000 + i, said))
    assert {a["outcome"] for a in call.write(code, *entries)} == {"kept"}


# ---------------------------------------------------------------- links


def test_a_code_is_long_and_kept_as_a_hash_alone(call: Caller, house: House, tmp_path: Path) -> None:
    assert BYTES * 8 >= 128
    codes = {call.made()[1] for _ in range(5)}
    assert len(codes) == 5 and all(re.fullmatch(r"[\w-]{32}", code) for code in codes)
    assert {bytes(row[0]) for row in house.store.read(lambda c: c.exec_driver_sql("SELECT code FROM diaries").fetchall())} == set(map(hash_of, codes))  # fmt: skip
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"bed 12" in kept  # what is written there is found there
    assert not any(code.encode() in kept for code in codes)


def test_a_link_carries_its_code_where_no_server_sees_it(call: Caller) -> None:
    answer = call("POST", "/diaries", json=ASKED).json()
    before, mark, code = answer["link"].partition("#")
    assert before.endswith("/diary/") and mark and code
    assert answer["qr"].startswith("<svg") and "style=" not in answer["qr"]
    again = json.dumps([call("GET", "/diaries").json(), call("GET", f"/diaries/{answer['diary']}").json()])
    assert code not in again and "link" not in json.loads(again)[1]


def test_a_code_is_never_logged(call: Caller, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        _, code = call.made(label="canary-label")
        call.write(code, entry(ago(0), NOW, {"note": "canary-note"}))
        call("GET", "/diary/mine", headers=opened(code))
        call("GET", "/diary/mine", headers=opened("canary" + code[6:]))
    logged = "\n".join(str(vars(record)) for record in caplog.records if record.name.startswith("relaxant"))
    assert "/diary/entries" in logged
    assert not [word for word in (code, "canary") if word in logged]


def test_a_link_opens_its_own_diary_alone(call: Caller) -> None:
    (one, code), (other, its) = call.made(), call.made()
    assert call("GET", "/diary/mine", headers=opened(code)).json()["diary"] == one
    assert call("GET", "/diary/mine", headers=opened(its)).json()["diary"] == other
    assert call("GET", "/diary/mine").status_code == 401
    for wrong in ("", "x", code[:-1], code + "A", f"{code[:-1]}!", one, "é" * 4):
        answer = call("GET", "/diary/mine", headers={"authorization": f"Diary {wrong}".encode()})
        assert answer.status_code in (401, 404), wrong


def test_links_expire_are_renewed_closed_and_replaced(call: Caller, clock: Clock) -> None:
    diary, code = call.made(days=2)
    sent = {"json": {"entries": [entry(ago(0), NOW, {"scores": {"falls": 0}})]}, "headers": opened(code)}
    clock.moved = timedelta(days=3)
    for answer in (call("GET", "/diary/mine", headers=opened(code)), call("POST", "/diary/entries", **sent)):
        assert (answer.status_code, answer.json()["field"]) == (410, "expired")
    assert call("POST", f"/diaries/{diary}/renew", json={"days": 5}).json()["state"] == "open"
    assert call("POST", "/diary/entries", **sent).status_code == 200
    assert call("POST", f"/diaries/{diary}/revoke").json()["state"] == "revoked"
    assert call("POST", f"/diaries/{diary}/renew", json={"days": 5}).json()["state"] == "revoked"
    answer = call("POST", "/diary/entries", **sent)
    assert (answer.status_code, answer.json()["field"]) == (410, "revoked")
    new = call("POST", f"/diaries/{diary}/link", json={}).json()["link"].partition("#")[2]
    assert call("GET", "/diary/mine", headers=opened(code)).json()["field"] == "unknown"
    assert [d["day"] for d in call.days(new)] == [ago(0)]


# ---------------------------------------------------------------- entries


def test_sent_again_it_changes_nothing(call: Caller) -> None:
    _, code = call.made()
    one = entry(ago(0), NOW, {"scores": {"spasm-count": 3}})
    assert [a["outcome"] for a in call.write(code, one)] == ["kept"]
    before = call.days(code)
    assert [a["outcome"] for a in call.write(code, one, one)] == ["same", "same"]
    assert call.days(code) == before and before[0]["said"]["scores"] == {"spasm-count": 3}


def test_what_was_written_last_stands_in_whatever_order_it_arrives(house: House) -> None:
    call = Caller(house)
    own = [
        entry(ago(0), NOW - 30, {"scores": {"spasm-count": 1}}, device="a"),
        entry(ago(0), NOW - 20, {"scores": {"spasm-count": 2}}, device="b"),
        entry(ago(0), NOW - 10, {"scores": {"spasm-count": 1}}, device="a"),
        entry(ago(0), NOW - 10, {"scores": {"spasm-count": 4}}, device="b"),
    ]
    for order in itertools.permutations(own):
        _, code = call.made()
        for one in order:
            call.write(code, one)
        (day,) = call.days(code)
        assert day["said"]["scores"] == {"spasm-count": 4}, order


def test_two_phones_are_counted_and_counted_once(call: Caller) -> None:
    diary, code = call.made()
    first = entry(ago(1), NOW - 5, {"scores": {"falls": 1}}, device="a")
    second = entry(ago(1), NOW - 9, {"scores": {"falls": 0}}, device="b")
    assert [a["outcome"] for a in call.write(code, first, second, second)] == ["kept", "older", "older"]
    call.write(code, entry(ago(0), NOW, {"scores": {"falls": 0}}, device="a"))
    call.write(code, entry(ago(0), NOW + 1, {"scores": {"falls": 1}}, device="a"))
    assert [d["others"] for d in call.days(code)] == [1, 0]
    assert call("GET", f"/diaries/{diary}").json()["two_devices"] == 1
    assert "two phones wrote different things" in call("GET", f"/diaries/{diary}", headers=HTML).text


def test_a_clock_that_runs_ahead_does_not_win_for_ever(call: Caller, clock: Clock) -> None:
    _, code = call.made()
    call.write(code, entry(ago(0), NOW + 10**10, {"scores": {"falls": 5}}, device="a"))
    clock.moved = timedelta(minutes=5)
    later = int(clock().timestamp() * 1000)
    assert [a["outcome"] for a in call.write(code, entry(ago(0), later, {"scores": {"falls": 1}}, device="b"))] == [
        "kept"
    ]


def test_an_entry_that_cannot_be_kept_says_why_and_holds_up_no_other(call: Caller) -> None:
    _, code = call.made()
    wrong: list[tuple[dict[str, Any], str]] = [
        (entry(ago(-3), NOW, {"note": "x"}), "not come yet"),
        (entry(ago(90), NOW, {"note": "x"}), "before this diary began"),
        (entry(ago(0), NOW, {"scores": {"spasticity-nrs": 11}}), "cannot be 11"),
        (entry(ago(0), NOW, {"scores": {"spasm-count": 1.5}}), "cannot be 1.5"),
        (entry(ago(0), NOW, {"scores": {"spasm-count": 1e9}}), "cannot be"),
        (entry(ago(0), NOW, {"scores": {"penn-spasm-frequency": 1}}), "does not ask"),
        (entry(ago(0), NOW, {"doses": {"dantrolene": "none"}}), "not in this diary"),
        (entry(ago(0), NOW, {"doses": {"baclofen": -1}}), "not below 0"),
        (entry(ago(0), NOW, {"note": "x"}, part="night"), "one entry for a day"),
    ]
    right = entry(ago(1), NOW, {"scores": {"falls": 0}})
    answers = call.write(code, *(w for w, _ in wrong), right)
    assert [a["outcome"] for a in answers] == ["refused"] * len(wrong) + ["kept"]
    for answer, (_, why) in zip(answers, wrong, strict=False):
        assert why in answer["why"]
    assert [d["day"] for d in call.days(code)] == [ago(1)]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"entries": 3}', b'{"entries": [{"day": "2026-02-30", "written": 1, "said": {}}]}', b'{"entries": [{"day": "2026-02-01", "written": 1, "said": {"doses": {"baclofen": "much"}}}]}', b"\xff"])  # fmt: skip
def test_a_body_that_is_no_list_of_entries_is_refused(call: Caller, body: bytes) -> None:
    _, code = call.made()
    assert call("POST", "/diary/entries", content=body, headers=opened(code)).status_code == 422


def test_an_answer_is_given_once_it_is_committed(call: Caller, house: House) -> None:
    _, code = call.made()
    call.write(code, entry(ago(0), NOW, {"note": "kept"}))
    with sqlite3.connect(f"file:{house.settings.place / 'relaxant.sqlite3'}?mode=ro", uri=True) as other:
        assert other.execute("SELECT count(*) FROM entries").fetchone() == (1,)


def test_a_day_taken_back_is_gone(call: Caller) -> None:
    diary, code = call.made()
    call.write(code, entry(ago(0), NOW, {"note": "not this"}))
    call.write(code, entry(ago(0), NOW + 1, {}))
    assert call.days(code) == [] and call("GET", f"/diaries/{diary}").json()["days_written"] == 0


def test_a_diary_that_is_erased_leaves_nothing(call: Caller, house: House) -> None:
    diary, code = call.made(label="canary-label")
    call.write(code, entry(ago(0), NOW, {"note": "canary-note"}))
    assert call("POST", f"/diaries/{diary}/erase", headers=HTML, data={"x": "1"}).status_code == 303  # not sure
    assert call.days(code)
    assert call("DELETE", f"/diaries/{diary}").status_code == 204
    assert call("GET", "/diary/mine", headers=opened(code)).status_code == 404
    assert call("GET", f"/diaries/{diary}").status_code == 404
    assert house.store.read(diaries.every) == [] and house.store.read(lambda c: entries_of(c, diary)) == []
    kept = b"".join(path.read_bytes() for path in house.settings.place.iterdir())
    assert b"canary" not in kept


def test_the_audit_says_what_was_done_and_no_word_of_it(call: Caller, house: House) -> None:
    diary, code = call.made(label="canary-label")
    first = entry(ago(1), NOW - 5, {"scores": {"falls": 1}, "note": "canary-note"}, device="canary-a")
    second = entry(ago(1), NOW - 9, {"scores": {"falls": 0}}, device="canary-b")
    for sent in (first, second, second, first):
        call.write(code, sent)
    for _ in range(3):
        call.days(code)
        call("GET", f"/diaries/{diary}", headers=HTML)
        call("GET", f"/diaries/{diary}/answer.json")
    call("GET", "/diary/mine", headers=opened("x" * 32))  # a stranger, who opens nothing
    call("GET", f"/diaries/{diary[:-1]}x")
    call("GET", f"/diaries/{diary}/diary.csv")
    call("POST", f"/diaries/{diary}/renew", json={"days": 30})
    call("POST", f"/diaries/{diary}/plan", json={"agent": "baclofen", "planned": {"since": ago(0), "daily": 40}})
    call("POST", f"/diaries/{diary}/link", json={})
    call("POST", f"/diaries/{diary}/revoke")
    call("DELETE", f"/diaries/{diary}")
    own = list(rows(house.store))
    assert [(r.kind, r.by) for r in own] == [("diary made", "loopback"), ("diary entered", "link"), ("diary entered", "link"), ("diary opened", "link"), ("diary opened", "loopback"), ("diary exported", "loopback"), ("diary renewed", "loopback"), ("diary planned", "loopback"), ("diary linked", "loopback"), ("diary revoked", "loopback"), ("diary erased", "loopback")]  # fmt: skip
    assert [json.loads(r.what) for r in own[1:3]] == [{"diary": diary, "entries": 1, "crossed": 0}, {"diary": diary, "entries": 0, "crossed": 1}]  # fmt: skip
    assert [json.loads(r.what) for r in own[3:5]] == [{"diary": diary}] * 2
    assert code not in str(own) and "canary" not in str(own) and all(diary in r.what for r in own)
    verdict = verify(house.store)
    assert verdict.sound and verdict.number == len(own)


def test_who_looks_into_a_diary_is_in_the_audit_once_in_a_quarter_of_an_hour(call: Caller, house: House, clock: Clock) -> None:  # fmt: skip
    (first, code), (second, _) = call.made(), call.made()
    for minutes in (0, 14, 16, 30, 33):
        clock.moved = timedelta(minutes=minutes)
        call.days(code)
        call("GET", f"/diaries/{first}")
        call("GET", f"/diaries/{second}")
    own = [(r.by, json.loads(r.what)["diary"]) for r in rows(house.store) if r.kind == "diary opened"]
    assert own == [("link", first), ("loopback", first), ("loopback", second)] * 3


def test_the_same_on_both_databases(database: str, tmp_path: Path, clock: Clock) -> None:
    house = house_in(tmp_path, clock, database=database)
    try:
        call = Caller(house)
        diary, code = call.made()
        sent = [
            entry(ago(0), NOW - 20, {"scores": {"falls": 2}}, device="b"),
            entry(ago(0), NOW - 10, {"scores": {"falls": 1}, "note": "“é” 夜"}, device="a"),
            entry(ago(0), NOW - 30, {"scores": {"falls": 3}}, device="b"),
        ]
        assert [call.write(code, one)[0]["outcome"] for one in (*sent, sent[1])] == ["kept", "kept", "older", "same"]
        (day,) = call.days(code)
        assert day["said"] == {"scores": {"falls": 1}, "doses": {}, "note": "“é” 夜"} and day["others"] == 2
        assert call("POST", f"/diaries/{diary}/revoke").json()["state"] == "revoked"
        new = call("POST", f"/diaries/{diary}/link").json()["link"].partition("#")[2]
        assert call.days(new) == [day] and call("GET", "/diary/mine", headers=opened(code)).status_code == 404
        assert call("GET", f"/diaries/{diary}/diary.csv").status_code == 200
        assert call("DELETE", f"/diaries/{diary}").status_code == 204
        assert house.store.read(diaries.every) == [] and verify(house.store).sound
    finally:
        house.store.close()


# ---------------------------------------------------------------- what it asks


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"medicines": [], "scales": []}, "diary"),
        ({"medicines": [{"agent": "aspirin"}]}, "medicines"),
        ({"medicines": [{"agent": "baclofen"}, {"agent": "baclofen"}]}, "medicines"),
        ({"medicines": [{"agent": "baclofen", "unit": "units"}]}, "baclofen, unit"),
        ({"medicines": [{"agent": "baclofen", "planned": [{"daily": -1}]}]}, "planned, baclofen"),
        ({"medicines": [{"agent": "baclofen", "planned": [{}]}]}, "planned, baclofen"),
        ({"medicines": [{"agent": "baclofen", "planned": [{"daily": 1}, {"daily": 2}]}]}, "planned, baclofen"),
        ({"by_part": True}, "planned, baclofen"),
        ({"scales": ["womac"]}, "scales"),
        ({"conditions": ["housemaid's elbow"]}, "conditions"),
        ({"days": 0}, "days"),
        ({"label": "x" * 300}, "label"),
    ],
)
def test_a_diary_that_cannot_be_kept_is_refused_by_field(call: Caller, changes: dict[str, Any], field: str) -> None:
    answer = call("POST", "/diaries", json=ASKED | changes)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_the_phone_is_never_told_what_is_planned(call: Caller) -> None:
    _, code = call.made(medicines=[{"agent": "baclofen", "planned": [{"daily": 37.5}, {"since": ago(0), "daily": 41.5}]}])  # fmt: skip
    call.write(code, entry(ago(0), NOW, {"doses": {"baclofen": "planned"}}))
    told = call("GET", "/diary/mine", headers=opened(code)).text
    assert "37.5" not in told and "41.5" not in told and '"planned":true' in told


def test_plans_hold_from_their_day_on(knowledge: Knowledge) -> None:
    first = Medicine(agent="baclofen", planned=(Planned(daily=30),))
    columns = checked(Columns(medicines=(first,)), knowledge)
    columns = with_plan(columns, "baclofen", Planned(since=date(2026, 3, 5), doses={"morning": 20, "night": 25}))
    columns = with_plan(columns, "baclofen", Planned(since=date(2026, 3, 9), daily=0))
    medicine = columns.medicine("baclofen")
    assert medicine is not None
    assert [medicine.planned_on(date(2026, 3, d), None) for d in (1, 4, 5, 8, 9)] == [30, 30, 45, 45, 0]
    assert [medicine.planned_on(date(2026, 3, 6), p) for p in ("morning", "noon", "night")] == [20, 0, 25]
    later = Medicine(agent="baclofen", planned=(Planned(since=date(2026, 3, 5), daily=5),))
    assert later.planned_on(date(2026, 3, 4), None) is None
    with pytest.raises(InputError):
        with_plan(columns, "tizanidine", Planned(daily=2))


# ---------------------------------------------------------------- what others read


def test_the_csv_is_read_by_respond(call: Caller, knowledge: Knowledge, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    diary, code = call.made()
    weeks(call, code)
    data = call("GET", f"/diaries/{diary}/diary.csv").content
    head = data.decode().splitlines()[0]
    assert head == "date,baclofen_mg,tizanidine_mg,spasms,nrs,sleep,sedation,falls,note"
    own = read_diary(data, knowledge, today=datetime.now(UTC).date())
    assert [e.scores.get("spasticity-nrs") for e in own.entries] == BETTER
    assert [e.doses["baclofen"] for e in own.entries] == [20.0] * 10 + [30.0] * 17
    assert all("tizanidine" not in e.doses for e in own.entries)  # nothing was said of it
    assert own.entries[6].note == "cold & <b>wet</b>, “bad” night" and own.entries[4].scores["falls"] == 1
    (tmp_path / "diary.csv").write_bytes(data)
    assert main(["respond", str(tmp_path / "diary.csv"), "--condition", "multiple sclerosis", "--format", "json"]) == 0
    by_hand = json.loads(capsys.readouterr().out)
    served = call("GET", f"/diaries/{diary}/answer.json").json()
    assert served.pop("label") == "bed 12" and by_hand.pop("label") is None
    assert served == by_hand and served["readings"][0]["said"].startswith("better")


def test_a_diary_by_parts_of_the_day_has_a_row_for_each(call: Caller, knowledge: Knowledge) -> None:
    planned = [{"doses": {"morning": 10, "night": 20}}]
    diary, code = call.made(by_part=True, medicines=[{"agent": "baclofen", "planned": planned}])
    for part, dose in (("night", "planned"), ("morning", "planned"), ("noon", "planned"), ("evening", "other")):
        call.write(code, entry(ago(1), NOW, {"doses": {"baclofen": dose}, "scores": {"spasm-count": 1}}, part=part))
    data = call("GET", f"/diaries/{diary}/diary.csv").content.decode().splitlines()
    assert [line.split(",")[1:4] for line in data] == [["part", "baclofen_mg", "spasms"], ["morning", "10", "1"], ["noon", "0", "1"], ["evening", "", "1"], ["night", "20", "1"]]  # fmt: skip
    own = read_diary("\n".join(data).encode(), knowledge, today=datetime.now(UTC).date())
    assert [e.part for e in own.entries] == ["morning", "noon", "evening", "night"]


def test_every_agent_and_unit_is_read_again(call: Caller, knowledge: Knowledge) -> None:
    for agent in knowledge.agents.values():
        diary, code = call.made(medicines=[{"agent": agent.agent}])
        call.write(code, entry(ago(0), NOW, {"doses": {agent.agent: 2.5}}))
        data = call("GET", f"/diaries/{diary}/diary.csv").content
        own = read_diary(data, knowledge, today=datetime.now(UTC).date())
        assert own.units == {agent.agent: agent.dose_unit} and own.entries[0].doses == {agent.agent: 2.5}


@pytest.mark.parametrize("note", ["=1+1", "@SUM(A1)", "+44", "-x", "\t=1"])
def test_no_note_is_a_formula_of_a_spreadsheet(call: Caller, note: str) -> None:
    diary, code = call.made()
    call.write(code, entry(ago(0), NOW, {"note": note}))
    cell = call("GET", f"/diaries/{diary}/diary.csv").content.decode().splitlines()[1].rpartition(",")[2]
    assert cell.startswith("'")


def test_fhir_is_valid_and_read_again(call: Caller, knowledge: Knowledge, r4_schema: dict[str, Any]) -> None:  # noqa: F811
    from jsonschema import Draft6Validator

    diary, code = call.made(scales=["spasms", "nrs", "penn", "sleep", "sedation", "falls"])
    scores = {"spasm-count": 7, "spasticity-nrs": 6, "penn-spasm-frequency": 2, "sleep-disruption": 4, "drowsiness": 3, "falls": 1}  # fmt: skip
    call.write(code, entry(ago(1), NOW, {"scores": scores, "doses": {"baclofen": "planned", "tizanidine": 4}, "note": "<b>cold</b>"}))  # fmt: skip
    call.write(code, entry(ago(0), NOW, {"scores": {"falls": 0}, "doses": {"baclofen": "none", "tizanidine": "other"}}))
    answer = call("GET", f"/diaries/{diary}/fhir.json")
    bundle = answer.json()
    assert answer.headers["content-type"] == "application/fhir+json"
    assert not list(Draft6Validator(r4_schema).iter_errors(bundle))
    resources = [e["resource"] for e in bundle["entry"]]
    for resource in resources:
        own = {"$ref": f"#/definitions/{resource['resourceType']}", "definitions": r4_schema["definitions"]}
        assert not list(Draft6Validator(own).iter_errors(resource)), resource
    kinds = [r["resourceType"] for r in resources]
    assert (kinds.count("Observation"), kinds.count("QuestionnaireResponse")) == (7, 2)
    again = scale_entries(read_bytes(answer.content, knowledge, today=datetime.now(UTC).date()), knowledge)
    assert not again.unread
    assert {(e.scale, e.day.isoformat(), e.value) for e in again.entries} == {(s, ago(1), float(v)) for s, v in scores.items()} | {("falls", ago(0), 0.0)}  # fmt: skip
    for kind in ("Observation", "QuestionnaireResponse"):  # each alone says the same
        alone = {**bundle, "entry": [e for e in bundle["entry"] if e["resource"]["resourceType"] in (kind, "Patient")]}
        found = scale_entries(read_bytes(json.dumps(alone).encode(), knowledge, today=datetime.now(UTC).date()), knowledge)  # fmt: skip
        assert len(found.entries) == 7, kind
    assert call("GET", f"/diaries/{diary}/fhir.json").content == answer.content


def test_the_pdf_has_the_answer_and_every_entry(call: Caller) -> None:
    pytest.importorskip("typst")
    from pypdf import PdfReader

    diary, code = call.made()
    weeks(call, code)
    answer = call("GET", f"/diaries/{diary}/diary.pdf")
    assert answer.headers["content-type"] == "application/pdf", answer.text
    reader = PdfReader(io.BytesIO(answer.content))
    text = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    assert "bed 12" in text and "Every entry" in text and "cold & <b>wet</b>" in text and "BETTER" in text
    assert all(ago(i) in text for i in range(1, len(BETTER) + 1))
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]


def test_the_clinics_page_holds_the_answer_as_the_report_has_it(call: Caller, house: House, knowledge: Knowledge) -> None:  # fmt: skip
    diary, code = call.made()
    weeks(call, code)
    page = call("GET", f"/diaries/{diary}", headers=HTML).text
    own, entries = house.store.read(lambda c: (diaries.by_id(c, diary), entries_of(c, diary)))
    assert own is not None
    response = diary_answer(own, entries, knowledge, house.now())
    body = response_body(response_view(response, knowledge=knowledge))
    assert body in page and body in render_response(response, "html", knowledge=knowledge).decode()
    assert "<script" not in page and " style=" not in page and " on" not in re.sub(r">[^<]*<", "><", page).lower()


def test_a_label_and_a_note_are_text(call: Caller) -> None:
    diary, code = call.made(label="<script>alert(1)</script>")
    call.write(code, entry(ago(0), NOW, {"scores": {"falls": 0}, "note": "<img src=x onerror=alert(1)>"}))
    for path in ("/diaries", f"/diaries/{diary}"):
        page = call("GET", path, headers=HTML).text
        assert "<script>" not in page and "<img" not in page and "&lt;script&gt;" in page


def test_a_form_makes_what_json_makes(call: Caller) -> None:
    form = {"label": "study 7", "agent_1": "baclofen", "planned_1_morning": "10", "planned_1_night": "12,5", "scales": ["spasm-count", "falls"], "by": "part", "conditions": "multiple sclerosis", "call": "Ward 5", "days": "30"}  # fmt: skip
    answer = call("POST", "/diaries", data=form, headers=HTML)
    assert answer.status_code == 201 and "<svg" in answer.text
    (listed,) = call("GET", "/diaries").json()
    own = call("GET", f"/diaries/{listed['diary']}").json()
    assert own["columns"]["medicines"] == [{"agent": "baclofen", "unit": "mg", "planned": [{"since": None, "daily": None, "doses": {"morning": 10, "night": 12.5}}]}]  # fmt: skip
    assert own["columns"]["by_part"] and own["columns"]["scales"] == ["spasm-count", "falls"]
    plan = {"agent": "baclofen", "since": ago(0), "planned_morning": "20"}
    assert call("POST", f"/diaries/{listed['diary']}/plan", data=plan, headers=HTML).status_code == 303
    assert len(call("GET", f"/diaries/{listed['diary']}").json()["columns"]["medicines"][0]["planned"]) == 2
    assert call("POST", f"/diaries/{listed['diary']}/renew", data={"days": "soon"}, headers=HTML).status_code == 422


def test_a_diary_in_which_nothing_is_written_says_so(call: Caller) -> None:
    diary, code = call.made(scales=[])
    assert "Nothing can be said yet" in call("GET", f"/diaries/{diary}", headers=HTML).text
    call.write(code, entry(ago(0), NOW, {"note": "only a note"}))
    assert call("GET", f"/diaries/{diary}", headers=HTML).status_code == 200
    assert call("GET", f"/diaries/{diary}/diary.csv").status_code == 200
    assert call("GET", f"/diaries/{diary}/fhir.json").status_code == 200


# ---------------------------------------------------------------- whose it is


def test_the_clinics_pages_are_open_on_this_machine_alone(house: House) -> None:
    """By a foreign name the door lets nobody in, whatever they ask for."""
    inside = Caller(house)
    diary, _ = inside.made()
    paths = [("GET", "/diaries"), ("POST", "/diaries"), ("GET", f"/diaries/{diary}"), ("DELETE", f"/diaries/{diary}")]
    paths += [("POST", f"/diaries/{diary}/{what}") for what in ("erase", "plan", "renew", "revoke", "link")]
    paths += [("GET", f"/diaries/{diary}/{what}") for what in ("diary.csv", "diary.pdf", "fhir.json", "answer.json")]
    for method, path in paths:
        assert Caller(house, host="diary.example")(method, path, json={}).status_code == 421, (method, path)
    assert inside("GET", f"/diaries/{diary}").json()["state"] == "open"


def test_behind_a_public_address_the_clinics_pages_are_closed_and_the_patients_open(
    tmp_path: Path, clock: Clock
) -> None:
    here = house_in(tmp_path, clock)
    _, code = Caller(here).made()
    here.store.close()
    house = house_in(tmp_path, clock, public_url="https://diary.example")
    try:
        outside = Caller(house, host="diary.example")
        assert outside("GET", "/diaries").status_code == 403
        assert outside("GET", "/diary/mine", headers=opened(code)).status_code == 200
    finally:
        house.store.close()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site", "origin": "https://bad.example"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "https://bad.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "same-origin", "origin": "null"}, 200),
        ({"origin": "http://127.0.0.1:8642"}, 200),
    ],
)
def test_another_site_changes_nothing(call: Caller, headers: dict[str, str], status: int) -> None:
    diary, _ = call.made()
    assert call("POST", f"/diaries/{diary}/revoke", headers=headers).status_code == status


# ---------------------------------------------------------------- the words


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)


def test_a_child_of_twelve_can_read_the_page(knowledge: Knowledge) -> None:
    words = knowledge.words("diary_page")
    page = [t.replace("{", "").replace("}", "") for t in texts(words["page"])]
    assert reading_age(page) <= 12
    sentences = [t for t in page if len(t.split()) > 4]
    assert reading_age(sentences) <= 12
    for agent in knowledge.agents:
        flags = flags_of(Columns(medicines=(Medicine(agent=agent),)), "US", knowledge)
        signs = [f.text for f in (*flags.now, *flags.team)]
        assert not signs or reading_age([*signs, *texts(words["page"]["call"])]) <= 12, agent


def test_it_never_says_what_to_take(knowledge: Knowledge) -> None:
    """No amount, and no order to take, stop, raise or lower anything: on the page, in the signs, in the answers to a phone."""
    words = knowledge.words("diary_page")
    said = [*texts(words["page"]), *texts(words["problems"])]
    for country in ("US", "UK", "DE"):
        for agent in knowledge.agents:
            flags = flags_of(Columns(medicines=(Medicine(agent=agent),)), country, knowledge)
            said += [f.text for f in (*flags.now, *flags.team)]
    orders = re.compile(r"\b(?:take (?:no|one|two|more|less|your|another)|do not (?:take|stop)|stop (?:taking|it)|never (?:take|stop)|skip|raise|lower|increase|reduce|double|dose of \d)\b|\d\s*(?:mg|micrograms|mL|units)\b|\{agent\}", re.IGNORECASE)  # fmt: skip
    assert not [text for text in said if orders.search(text)]


def test_every_sign_has_its_source(knowledge: Knowledge) -> None:
    with_signs = 0
    for agent in knowledge.agents:
        flags = flags_of(Columns(medicines=(Medicine(agent=agent),)), "US", knowledge)
        with_signs += bool(flags.now or flags.team)
        for flag in (*flags.now, *flags.team):
            assert flag.text and flag.cited.source in knowledge.sources and flag.cited.place
        assert not {f.text for f in flags.now} & {f.text for f in flags.team}
    assert with_signs > 20
    baclofen = flags_of(Columns(medicines=(Medicine(agent="baclofen"),)), "US", knowledge)
    assert {"A fit", "Being hard to wake", "Slow breathing"} <= {f.text for f in (*baclofen.now, *baclofen.team)}
