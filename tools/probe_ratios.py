"""Writes the published AUC ratios of probe drugs from which inhibition and induction ratios are estimated.

    python tools/probe_ratios.py DDI.csv > src/relaxant/knowledge/interactions/probe-ratios.yaml

DDI.csv is the sheet of that name of Open Systems Pharmacology's database for observed data
(https://github.com/Open-Systems-Pharmacology/Database-for-observed-data), which names for each study the reference, both drugs,
the partner's dose and times, and the ratio. Kept are studies of both drugs by mouth, of the probe itself and not of a metabolite, in
people without a gene defect, with the partner taken into the second day (five for an inducer) and not yet stopped for a day.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

PROBES = (
    "Alprazolam",
    "Buspirone",
    "Caffeine",
    "Felodipine",
    "Midazolam",
    "Omeprazole",
    "S-Mephenytoin",
    "Simvastatin",
    "Triazolam",
)
NAMES = {"Rifampicin": "rifampin", "Hyperforin": "st. john's wort", "Ethinylestradiol": "ethinyl estradiol"}
NO_ACTION = (
    "Atomoxetine",
    "Paroxetine",
)  # named in the database as controls: they act on none of these probes' enzymes
_PATTERN = re.compile(r"S-?(?P<start>[\d.]+),?-?T-?(?P<interval>[\d.]+),?-?R-?(?P<count>\d+)")
_FEWEST_DAYS, _FEWEST_DAYS_INDUCTION = 1.5, 5


def rows(path: Path) -> Iterator[dict[str, str]]:
    """The studies kept, as text."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            ratio = number(row["AUCR Avg"])
            partner, victim = row["Perpetrator"].strip(), row["Victim"].strip()
            if victim not in PROBES or partner in NO_ACTION or ratio is None:
                continue
            if (row["Route Victim"], row["Route Perpetrator"]) != ("PO", "PO") or row["Comment"].strip() == "PM":
                continue
            if "etabolic ratio" in row["Comment"] or row["Comment"].startswith(("Ratio ", "1/CLR")):
                continue
            interval, days, last = course(row["Times of Administration"])
            at = number(row["t_treatment_0"])
            if days is not None and days < (_FEWEST_DAYS_INDUCTION if ratio < 1 else _FEWEST_DAYS):
                continue
            if last is not None and at is not None and at > last + 24:
                continue
            dose = number(re.sub(r"\(.*?\)", "", row["Dose"]).split("/")[-1].split(" ")[-1] or "")
            daily = None if dose is None else dose * 24 / interval if interval else dose
            if partner == "Hyperforin" or ("TID" in row["Description"] and "OD" in row["Description"]):
                daily = None  # an amount of one constituent; unequal doses through the day
            yield {
                "partner": NAMES.get(partner, partner.lower()),
                "victim": victim.lower(),
                "auc_ratio": f"{ratio:.3g}",
                **({} if daily is None else {"daily_mg": f"{daily:.4g}"}),
                **({} if days is None else {"days": f"{days:.3g}"}),
                "place": f"{row['Study ID'].strip()}, {row['Reference'].strip()}",
            }


def number(text: str) -> float | None:
    """A number, or nothing."""
    try:
        return float(text)
    except ValueError:
        return None


def course(text: str) -> tuple[float | None, float | None, float | None]:
    """Hours between doses, days taken and the hour of the last dose, from the database's two ways of writing times."""
    if "(S0-T" in text and text.count("T") > 1:  # a day's pattern within a pattern of days: the outer one says how long
        outer = re.search(r"-T24-R(\d+)", text)
        return None, (float(outer[1]) if outer else None), (24.0 * int(outer[1]) if outer else None)
    found = list(_PATTERN.finditer(text))
    if found:
        first, final = found[0], found[-1]
        interval = float(final["interval"])
        last = float(final["start"]) + interval * (int(final["count"]) - 1)
        return interval, (last - float(first["start"]) + interval) / 24, last
    times = [float(t.replace(",", ".")) for t in re.findall(r"\d+(?:[.,]\d+)?", text.split(":")[-1])]
    if not times:
        return None, None, None
    gaps = [b - a for a, b in pairwise(times) if b > a]
    return (
        (min(24.0, 24 / max(1, round(24 / (sum(gaps) / len(gaps))))) if gaps else 24.0),
        (times[-1] - times[0] + 24) / 24,
        times[-1],
    )


def text(kept: list[dict[str, str]]) -> str:
    """The file."""
    lines = [
        "# Published AUC ratios of probe drugs by partner and dose, written by tools/probe_ratios.py. Do not edit: run it again.",
        "pathways:",
        "  probe_ratios:",
    ]
    for row in kept:
        fields = ", ".join(f'{k}: "{v}"' if k == "place" or "'" in v else f"{k}: {v}" for k, v in row.items())
        lines.append(f"    - {{{fields}, source: osp-observed-data}}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("give the path of DDI.csv")
    unique = {tuple(r.items()): r for r in rows(Path(sys.argv[1]))}
    sys.stdout.write(text(sorted(unique.values(), key=lambda r: (r["partner"], r["victim"], float(r["auc_ratio"])))))
