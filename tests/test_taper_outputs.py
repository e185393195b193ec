"""What the command for a taper hands out: a calendar without a gap before its first step, and overrides that nobody can overlook."""

from __future__ import annotations

import itertools
import json
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from conftest import reviewed
from relaxant.cli.main import main
from relaxant.report.reviews import render_review
from test_fhir_outputs import PERSON, bundle_of, steps
from test_ics_outputs import events_of
from test_plan_outputs import html_text

SIXTY = {**PERSON, "country": "US", "medicines": ["baclofen 20 mg three times a day since 2020-01-01"]}
DAY = timedelta(days=1)


def asked(person: dict[str, Any], where: Path, agent: str, *more: str, format: str = "json") -> bytes:
    """What the command writes; its exit status is nought."""
    said, out = where / "person.json", where / "out"
    said.write_text(json.dumps(person))
    assert main(["taper", str(said), "--agent", agent, "--format", format, "--output", str(out), *more]) == 0
    return out.read_bytes()


# ---------------------------------------------------------------- a first step that comes later


@pytest.mark.parametrize(
    ("agent", "line", "country"),
    [
        ("baclofen", "baclofen 20 mg three times a day since 2020-01-01", "US"),
        ("tizanidine", "tizanidine 12 mg three times a day since 2022-01-01", "UK"),
        ("diazepam", "diazepam 10 mg at night since 2020-01-01", "UK"),
        ("gabapentin", "gabapentin 300 mg three times a day since 2025-01-01", "UK"),
    ],
)
def test_the_present_dose_goes_on_until_the_first_step(agent: str, line: str, country: str, tmp_path: Path) -> None:
    person = {**PERSON, "country": country, "medicines": [line]}
    today = json.loads(asked(person, tmp_path, agent))
    later = json.loads(asked(person, tmp_path, agent, "--from", "2026-12-10"))
    now, *lowered = later["steps"]
    assert (now["first"], now["last"], now["changed"]) == ("2026-11-26", "2026-12-09", 0)
    assert (
        now["daily"]
        == sum(t["amount"] for t in now["takes"])
        == today["steps"][0]["daily"] - today["steps"][0]["changed"]
    )
    assert [s["daily"] for s in lowered] == [s["daily"] for s in today["steps"]]
    assert lowered[0]["first"] == "2026-12-10" and lowered[0]["back_to"] == 1
    days = [(date.fromisoformat(s["first"]), date.fromisoformat(s["last"])) for s in later["steps"]]
    assert all(last + DAY == first for (_, last), (first, _) in itertools.pairwise(days))
    assert min(s["first"] for s in later["supply"]) == "2026-11-26"
    needed = sum(c["count"] * later["products"][c["product"]]["strength"] * ((last - first).days + 1) for s, (first, last) in zip(later["steps"], days, strict=True) for t in s["takes"] for c in t["counts"])  # fmt: skip
    assert sum(s["count"] * later["products"][s["product"]]["strength"] for s in later["supply"]) == pytest.approx(
        needed
    )
    slower = next(b for b in later["branches"] if b["kind"] == "slower")["steps"]
    assert slower[0]["first"] == "2026-11-26" and slower[0]["changed"] == 0 and slower[1]["first"] == "2026-12-10"


def test_the_sheet_forbids_the_old_supply_from_the_first_change_on(tmp_path: Path) -> None:
    sheet = html_text(asked(SIXTY, tmp_path, "baclofen", "--from", "2026-12-10", format="sheet"))
    assert "From Thursday 10 December 2026 do not take your old supply of baclofen as well." in sheet
    assert "Do not take your old supply of it as well" not in sheet
    assert "Thursday 26 November 2026 to Wednesday 9 December 2026" in sheet
    assert "Keep taking baclofen as you do now." in sheet
    assert "Do not begin before" not in sheet
    at_once = html_text(asked(SIXTY, tmp_path, "baclofen", format="sheet"))
    assert "Do not take your old supply of it as well." in at_once and "Keep taking" not in at_once


def test_every_format_has_the_days_before_the_first_change(tmp_path: Path) -> None:
    def made(format: str) -> bytes:
        return asked(SIXTY, tmp_path, "baclofen", "--from", "2026-12-10", format=format)

    assert "as now" in made("text").decode()
    first = min(events_of(made("ics")).values(), key=lambda e: e.decoded("DTSTART"))
    assert first.decoded("DTSTART") == date(2026, 11, 26) and first.decoded("DTEND") == date(2026, 12, 10)
    assert "As now, until the next step." in str(first["DESCRIPTION"])
    request = steps(bundle_of(made("fhir"))[1])[0]
    assert request["dosageInstruction"][0]["timing"]["repeat"]["boundsPeriod"] == {
        "start": "2026-11-26",
        "end": "2026-12-09",
    }


# ---------------------------------------------------------------- an override beyond every source

BEYOND = ("--by", "30 mg", "--every", "1 day")


def test_an_override_beyond_every_source_stands_first_in_every_format(tmp_path: Path) -> None:
    plan = json.loads(asked(SIXTY, tmp_path, "baclofen", *BEYOND))
    assert plan["first_do"][0]["text"].startswith("OVERRIDE: ")
    for format in ("text", "html"):
        page = asked(SIXTY, tmp_path, "baclofen", *BEYOND, format=format).decode()
        assert 0 < page.index("OVERRIDE: the steps are the") < page.index("OVERRIDE: these steps")
        assert page.index("OVERRIDE: these steps") < page.index("doses of each day")
    for event in events_of(asked(SIXTY, tmp_path, "baclofen", *BEYOND, format="ics")).values():
        assert "(override)" in event["SUMMARY"] and "OVERRIDE: the steps" in event["DESCRIPTION"]
    resources = bundle_of(asked(SIXTY, tmp_path, "baclofen", *BEYOND, format="fhir"))[1]
    for request in steps(resources):
        assert any("OVERRIDE: the steps" in note["text"] for note in request["note"])
    (issue,) = [r for r in resources.values() if r["resourceType"] == "DetectedIssue" and "OVERRIDE" in r["detail"]]
    assert issue["severity"] == "high" and len(issue["implicated"]) >= len(plan["steps"])


def test_a_danger_keeps_its_words_beside_such_an_override(tmp_path: Path) -> None:
    """The taper that it asks for is not the one that is shown."""
    person = {**SIXTY, "considering": ["stop baclofen"]}
    usual, own = (json.loads(asked(person, tmp_path, "baclofen", *more))["first_do"] for more in ((), BEYOND))
    assert any(t["text"].startswith("Taper instead:") for t in own)
    assert not any(t["text"].startswith("Taper instead:") for t in usual)
    assert len({t["text"] for t in own}) == len(own)


def test_no_sheet_holds_such_an_override_unless_it_is_confirmed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = tmp_path / "person.json"
    said.write_text(json.dumps(SIXTY))
    command = ["taper", str(said), "--agent", "baclofen", "--format", "sheet"]
    assert main([*command, *BEYOND]) == 2
    assert "--confirm-override" in capsys.readouterr().err
    sheet = html_text(asked(SIXTY, tmp_path, "baclofen", *BEYOND, "--confirm-override", format="sheet"))
    assert "These steps are bigger or quicker than is usual." in sheet
    usual = html_text(asked(SIXTY, tmp_path, "baclofen", "--percent", "5", "--every", "14 days", format="sheet"))
    assert "bigger or quicker" not in usual


# ---------------------------------------------------------------- words


def test_a_slower_way_says_what_its_table_shows(tmp_path: Path) -> None:
    """A coarse product waits: a dose may stand longer than the time that is named, never less."""
    person = {**PERSON, "medicines": ["clonazepam 2 mg at night since 2019-01-01"]}
    slower = next(b for b in json.loads(asked(person, tmp_path, "clonazepam"))["branches"] if b["kind"] == "slower")
    named = re.search(r"with (\d+) days or more at each dose", slower["text"])
    assert named is not None
    lasts = [date.fromisoformat(s["last"]) - date.fromisoformat(s["first"]) + DAY for s in slower["steps"]]
    assert min(lasts).days >= int(named[1])


def test_sprays_are_supplied_as_sprays() -> None:
    review = reviewed({**PERSON, "country": "DE", "considering": ["nabiximols"], "medicines": []})
    shown = " ".join(html_text(render_review(review, "html")).split())
    assert "one spray at a time" in shown and re.search(r"\d+ sprays for", shown)
    assert not re.search(r"\b1 sprays", shown) and "whole only" not in shown and "pieces for" not in shown


def test_a_stop_of_today_is_no_number_of_days() -> None:
    stopped = {"drug": "baclofen", "dose": "20 mg", "frequency": "three times a day", "start": "2020-01-01", "stop": "2026-11-26"}  # fmt: skip
    (plan,) = reviewed({**PERSON, "medicines": [stopped]}).plan
    assert plan.why == "baclofen was stopped today."
