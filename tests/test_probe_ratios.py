"""The tool that writes published ratios of probe drugs: what it keeps, how it reads doses and days, and what is committed."""

from __future__ import annotations

import csv
from pathlib import Path
from types import ModuleType

import pytest

from conftest import ROOT, tool_named
from relaxant.knowledge.load import load_knowledge


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    return tool_named("probe_ratios")


@pytest.mark.parametrize(
    ("said", "interval", "days", "last"),
    [
        ("(S-0,T-24,R-10)", 24.0, 10.0, 216.0),
        ("S0-T12-R14", 12.0, 7.0, 156.0),
        ("0-12-24-36", 12.0, 2.5, 36.0),
        ("0", 24.0, 1.0, 0.0),
        ("", None, None, None),
        ("S0-(S0-T6-R3)-T24-R15", None, 15.0, 360.0),
    ],
)
def test_times_are_read(
    tool: ModuleType, said: str, interval: float | None, days: float | None, last: float | None
) -> None:
    assert tool.course(said) == (interval, days, last)


FIELDS = ("Study ID", "Reference", "Victim", "Perpetrator", "Route Victim", "Route Perpetrator", "AUCR Avg", "t_treatment_0", "Comment", "Dose", "Times of Administration", "Description")  # fmt: skip


def _row(**said: str) -> dict[str, str]:
    base = {"Study ID": "Someone 2001", "Reference": "address", "Victim": "Midazolam", "Perpetrator": "Ketoconazole", "Route Victim": "PO", "Route Perpetrator": "PO", "AUCR Avg": "9", "t_treatment_0": "48", "Comment": "", "Dose": "400", "Times of Administration": "S0-T24-R4", "Description": ""}  # fmt: skip
    return base | said


def _kept(tool: ModuleType, folder: Path, *rows: dict[str, str]) -> list[dict[str, str]]:
    path = folder / "DDI.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        writer.writerows(rows)
    return list(tool.rows(path))


def test_what_is_kept_and_what_is_left_out(tool: ModuleType, tmp_path: Path) -> None:
    induced = {"Perpetrator": "Rifampicin", "AUCR Avg": "0.1"}
    kept = _kept(
        tool,
        tmp_path,
        _row(),
        _row(**{"Dose": "400/200", "Times of Administration": "0-12-24-36"}),
        _row(**induced, **{"Times of Administration": "S0-T24-R6", "Dose": "600"}),
        _row(**induced),  # four days are too few for an inducer
        _row(**{"Times of Administration": "0"}),  # a single dose
        _row(t_treatment_0="168"),  # days after the last dose
        _row(Comment="PM"),
        _row(Victim="Digoxin"),
        _row(**{"Route Victim": "IV"}),
        _row(**{"AUCR Avg": ""}),
    )
    assert [(r["partner"], r["auc_ratio"], r.get("daily_mg")) for r in kept] == [
        ("ketoconazole", "9", "400"),
        ("ketoconazole", "9", "400"),
        ("rifampin", "0.1", "600"),
    ]
    assert "victim: midazolam" in tool.text(kept)


def test_the_committed_rows_are_the_tools_own(tool: ModuleType) -> None:
    """Written back, the committed rows give the committed file."""
    path = ROOT / "src" / "relaxant" / "knowledge" / "interactions" / "probe-ratios.yaml"
    rows = [r for r in load_knowledge().pathways.probe_ratios if r.source == "osp-observed-data"]
    again = [
        {
            "partner": r.partner,
            "victim": r.victim,
            "auc_ratio": f"{r.auc_ratio:.3g}",
            **({} if r.daily_mg is None else {"daily_mg": f"{r.daily_mg:.4g}"}),
            **({} if r.days is None else {"days": f"{r.days:.3g}"}),
            "place": r.place,
        }
        for r in rows
    ]
    assert tool.text(again) == path.read_text(encoding="utf-8")
