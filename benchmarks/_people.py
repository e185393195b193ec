"""Generated people: patient files for the bedside path and whole tables for the columnar one. Seeded; nobody is real."""

from __future__ import annotations

import random

import numpy as np

from relaxant.facts.inputs import Inputs
from relaxant.facts.intake import Intake
from relaxant.knowledge.load import Knowledge

PARTNERS = (
    "lisinopril 10 mg once a day",
    "amlodipine 5 mg once a day",
    "sertraline 50 mg once a day",
    "omeprazole 20 mg once a day",
    "gabapentin 300 mg three times a day",
    "oxybutynin 5 mg twice a day",
    "metformin 500 mg twice a day",
    "zolpidem 5 mg at night",
    "paracetamol 1 g four times a day",
    "ciprofloxacin 500 mg twice a day",
    "oxycodone 5 mg every 6 h as needed",
    "diazepam 2 mg at night",
    "atorvastatin 40 mg at night",
    "ibuprofen 400 mg three times a day",
    "furosemide 40 mg once a day",
    "citalopram 20 mg once a day",
    "levothyroxine 75 micrograms once a day",
    "prednisolone 5 mg once a day",
    "apixaban 5 mg twice a day",
    "metoprolol 50 mg twice a day",
)


def patient_files(count: int, seed: int = 20261122) -> list[bytes]:
    """Patient files of people with twelve medicines each."""
    chance = random.Random(seed)
    out = []
    for _ in range(count):
        others = chance.sample(PARTNERS, 10)
        dose = chance.choice((5, 10, 15, 20))
        lines = [
            f"baclofen {dose} mg three times a day since 20{chance.randint(18, 25)}-0{chance.randint(1, 9)}-11",
            *others,
        ]
        out.append(
            "\n".join(
                (
                    "as_of: 2026-11-22",
                    f"sex: {chance.choice(('female', 'male'))}",
                    f"age: {chance.randint(20, 90)}",
                    f"weight: {chance.randint(45, 110)} kg",
                    f"height: {chance.randint(150, 195)} cm",
                    "conditions: [multiple sclerosis]",
                    "allergies: []",
                    "labs:",
                    f"  - {{name: creatinine, value: {chance.uniform(0.5, 3):.2f} mg/dL, date: 2026-11-10}}",
                    f"  - {{name: ALT, value: {chance.randint(10, 150)} U/L, date: 2026-11-10}}",
                    "medicines:",
                    *(f"  - {line}" for line in lines),
                    "considering:",
                    f"  - tizanidine {chance.choice((2, 4))} mg three times a day",
                )
            ).encode()
        )
    return out


def table(rows: int, knowledge: Knowledge, seed: int = 20261122) -> Inputs:
    """The inputs of ``rows`` people as a registry would hand them over, a tenth of the values missing."""
    random_ = np.random.default_rng(seed)

    def missing(values: np.ndarray, share: float = 0.1) -> np.ndarray:
        out = values.astype(np.float64)
        out[random_.random(rows) < share] = np.nan
        return out

    def yes(share: float) -> np.ndarray:
        return (random_.random(rows) < share).astype(np.float64)

    numbers = {
        "age": missing(random_.integers(2, 95, rows)),
        "weight": missing(random_.normal(72, 15, rows).clip(12, 180)),
        "height": missing(random_.normal(168, 10, rows).clip(90, 205)),
        "creatinine": missing(random_.lognormal(0, 0.5, rows)),
        "cystatin_c": missing(random_.lognormal(0, 0.3, rows), 0.8),
        "alt": missing(random_.lognormal(3.3, 0.6, rows), 0.3),
        "ast": missing(random_.lognormal(3.3, 0.6, rows), 0.3),
        "systolic_blood_pressure": missing(random_.normal(125, 20, rows), 0.3),
        "heart_rate": missing(random_.normal(75, 14, rows), 0.3),
        "alcohol_units_weekly": missing(random_.exponential(8, rows), 0.4),
    }
    truths = {
        "female": missing(yes(0.5), 0.02),
        "pregnant": missing(yes(0.02), 0.5),
        "haemodialysis": missing(yes(0.02), 0.3),
        "peritoneal_dialysis": missing(yes(0.0), 0.3),
        "smoker": missing(yes(0.2)),
        "stands_on_tone": missing(yes(0.1), 0.5),
        "muscle_mass_low": missing(yes(0.1), 0.6),
    }
    conditions = {name: yes(0.03) for name in sorted(knowledge.conditions)}
    names = sorted(
        {
            n
            for r in ("cns_depressant", "hypotensive", "cyp1a2_inhibitor_strong", "nephrotoxic")
            for n in _names(knowledge, r)
        }
    )[::6]
    intake = {(name, "oral"): Intake(yes(0.05), np.full(rows, np.nan)) for name in names}
    agents = {}
    for agent, ceiling in (("baclofen", 100.0), ("tizanidine", 48.0)):
        situation = random_.integers(0, 5, rows)
        daily = random_.uniform(2, ceiling, rows)
        agents[agent] = {
            "taking": (situation <= 1).astype(float),
            "starting": (situation == 2).astype(float),
            "stopping": (situation == 0).astype(float),
            "stopped": (situation == 3).astype(float),
            "daily_low": daily,
            "daily_high": daily,
            "single_high": daily / 3,
            "doses_daily": np.full(rows, 3.0),
            "dose_known": np.ones(rows),
            "as_needed": yes(0.2),
            "modified_release": np.zeros(rows),
            "capsule": yes(0.3),
            "duration_days": missing(random_.integers(1, 2000, rows)),
            "stopped_days": np.where(situation == 3, random_.integers(0, 60, rows), np.nan),
            "dose_drop": np.zeros(rows),
            "product_changes": np.zeros(rows),
            "route_not_licensed": np.zeros(rows),
            "current_twice": np.zeros(rows),
        }
        intake[agent, "oral"] = Intake(((situation <= 2) & (situation != 0)).astype(float), np.full(rows, np.nan))
    known = np.ones(rows, bool)
    return Inputs(
        rows,
        numbers,
        truths,
        conditions,
        known,
        {},
        known.copy(),
        intake,
        random_.random(rows) > 0.05,
        np.zeros(rows),
        {},
        agents,
        ({},) * rows,
    )


def _names(knowledge: Knowledge, role: str) -> list[str]:
    from relaxant.facts.members import role_members

    return list(role_members(knowledge, role).ingredients)
