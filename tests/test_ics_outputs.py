"""Calendar files: what is imported replaces what was there, whatever changed in the file; what cannot be told apart is said."""

from __future__ import annotations

import itertools
import json
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from icalendar import Calendar, Event

from conftest import reviewed
from made_plans import ALL, HEAD, taper
from relaxant.cli.main import main
from relaxant.report.plans import render_plan
from relaxant.report.review.view import head_of
from relaxant.report.reviews import render_review
from test_fhir_outputs import HELD, START, TAPER

NO_LABEL = "To a calendar all people without a label are one"


def events_of(data: bytes) -> dict[str, Event]:
    return {str(e["UID"]): e for e in Calendar.from_ical(data).walk("VEVENT")}


def review_events(person: dict[str, Any]) -> dict[str, Event]:
    return events_of(render_review(reviewed(person), "ics"))


@pytest.mark.parametrize("name", ["taper", "titration", "switch"])
def test_no_method_and_what_every_event_needs(name: str) -> None:
    """METHOD:PUBLISH would ask for an ORGANIZER (RFC 5546, 3.2.1); a file that is imported needs neither (RFC 5545, 3.7.2)."""
    data = render_plan(ALL[name](), "ics", head=HEAD)
    calendar = Calendar.from_ical(data)
    assert "METHOD" not in calendar and {"PRODID", "VERSION"} <= set(calendar)
    events = calendar.walk("VEVENT")
    assert events
    for event in events:
        assert {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "SEQUENCE"} <= set(event)
        assert not {"ORGANIZER", "ATTENDEE"} & set(event)


@pytest.mark.parametrize("label", ["bed 4", None])
@pytest.mark.parametrize("of", [TAPER, START])
@pytest.mark.parametrize(
    "change", [{"weight": "63 kg"}, {"as_of": "2026-11-27"}, {"observations": [{"name": "heart rate", "value": "70", "date": "2026-11-20"}]}]
)  # fmt: skip
def test_a_changed_file_changes_events_and_doubles_none(
    of: dict[str, Any], label: str | None, change: dict[str, Any]
) -> None:
    person = {k: v for k, v in of.items() if k != "label"} | ({"label": label} if label else {})
    before, after = review_events(person), review_events({**person, **change})
    assert any("DOSE" in str(e["SUMMARY"]) for e in before.values())
    assert not [e for u, e in after.items() if u not in before and "DOSE" in str(e["SUMMARY"])]
    imported = before | after  # a calendar keeps what a file does not hold, and replaces what it does
    doses = [e for e in imported.values() if "DOSE" in str(e["SUMMARY"])]
    days = sorted((e.decoded("DTSTART"), e.decoded("DTEND")) for e in doses)
    assert all(one[1] <= two[0] for one, two in itertools.pairwise(days))  # no day has two sets of doses


def test_a_calendar_and_the_review_name_the_same_step_alike() -> None:
    review = reviewed(TAPER)
    alone = events_of(render_plan(review.plan[0], "ics", head=head_of(review)))
    assert set(alone) <= set(review_events(TAPER))


def test_labels_keep_people_apart() -> None:
    assert not set(review_events(TAPER)) & set(review_events({**TAPER, "label": "bed 5"}))


def test_a_later_day_outranks_an_earlier_one() -> None:
    one, two = (render_plan(taper(), "ics", head=msgspec.structs.replace(HEAD, as_of=day)) for day in (date(2026, 11, 22), date(2026, 11, 23)))  # fmt: skip
    before, after = events_of(one), events_of(two)
    assert set(before) == set(after) and all(int(before[u]["SEQUENCE"]) < int(after[u]["SEQUENCE"]) for u in before)


def test_what_fell_away_can_be_told() -> None:
    """No file can take out what it does not hold: an event says on which day it was planned, and is found by the label."""
    short = msgspec.structs.replace(taper(), steps=taper().steps[:3], last_dose=taper().steps[2].last)
    later = msgspec.structs.replace(HEAD, as_of=date(2026, 11, 25))
    merged = events_of(render_plan(taper(), "ics", head=HEAD)) | events_of(render_plan(short, "ics", head=later))
    stale = [e for e in merged.values() if "As planned on 2026-11-22" in str(e["DESCRIPTION"])]
    assert len(merged) == 8 and len(stale) == 5
    assert all("As planned on 2026-11-25" in str(e["DESCRIPTION"]) for e in merged.values() if e not in stale)
    assert all([str(c) for c in e["CATEGORIES"].cats] == ["bed 12"] for e in merged.values())


def test_a_file_without_a_label_says_so() -> None:
    nobody = {k: v for k, v in TAPER.items() if k != "label"}
    review = reviewed(nobody)
    for data in (render_review(review, "ics"), render_plan(review.plan[0], "ics", head=head_of(review))):
        assert NO_LABEL in str(Calendar.from_ical(data)["X-WR-CALDESC"])
    assert NO_LABEL not in str(Calendar.from_ical(render_review(reviewed(TAPER), "ics"))["X-WR-CALDESC"])


@pytest.mark.parametrize("command", [["review"], ["taper", "--agent", "baclofen"]])
def test_the_command_says_so_beside_the_data(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for label, format, said in ((None, "ics", True), ("bed 4", "ics", False), (None, "text", False)):
        person = {k: v for k, v in TAPER.items() if k not in ("label", "considering")}
        file, out = tmp_path / "one.yaml", tmp_path / "one.out"
        file.write_text(json.dumps({**person, **({"label": label} if label else {})}), encoding="utf-8")
        verb, *more = command
        assert main([verb, str(file), *more, "--format", format, "--output", str(out)]) == 0
        assert (NO_LABEL in capsys.readouterr().err) is said


def test_what_must_be_known_first_stands_with_the_first_step() -> None:
    events = [e for e in review_events(START).values() if "DOSE" in str(e["SUMMARY"])]
    first, *later = sorted(events, key=lambda e: e.decoded("DTSTART"))
    assert "Needed before anything is changed" in str(first["DESCRIPTION"]) and "ALT" in str(first["DESCRIPTION"])
    assert not any("Needed before" in str(e["DESCRIPTION"]) for e in later)


def test_that_a_day_has_passed_is_said_of_that_day_alone() -> None:
    events = [e for e in review_events(START).values() if "liver tests" in str(e["SUMMARY"])]
    first, *later = sorted(events, key=lambda e: e.decoded("DTSTART"))
    assert first.decoded("DTSTART") == date(2026, 11, 26) and "OVERDUE" in str(first["DESCRIPTION"])
    assert later and not any("OVERDUE" in str(e["DESCRIPTION"]) for e in later)


def test_what_is_held_stands_in_the_calendar() -> None:
    """Where an older calendar of the medicine may still stand."""
    review = reviewed(HELD)
    (plan,) = (p for p in review.plan if p.kind == "taper")
    alone = list(events_of(render_plan(plan, "ics", head=head_of(review))).values())
    held = [e for e in review_events(HELD).values() if "not to be given" in str(e["SUMMARY"])]
    assert [e["UID"] for e in alone] == [e["UID"] for e in held]
    (event,) = held
    assert str(event["SUMMARY"]) == "tizanidine: not to be given, from Thu 2026-11-26 on."
    assert event.decoded("DTSTART") == date(2026, 11, 26)
    assert "Hold tizanidine from now" in str(event["DESCRIPTION"]) and "not orders" in str(event["DESCRIPTION"])
