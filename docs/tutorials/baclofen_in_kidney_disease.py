# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Baclofen in kidney disease
#
# The kidneys carry most of baclofen out of the body unchanged. Where they fail it builds up: drowsiness, confusion, coma. The usual
# dose of an adult says nothing of this, and a creatinine by itself says little.
#
# You will see one person with four kidneys: what her eGFR is, what the same 60 mg a day would come to, what she may start with, and
# where the answer turns from “less” to “do not”. She is a synthetic person.

# %%
from datetime import date

from relaxant import GivenDose, Review, load_knowledge, read_patient, review, simulate

TODAY = date(2026, 11, 22)

# %% [markdown]
# ## One person, four creatinines
#
# The function reviews her with a creatinine (mg/dL), what she takes and what is weighed. Everything else stays as it is.


# %%
def reviewed(
    creatinine: float, *, takes: str = "", weighed: str = "", dialysis: str = "none", more: str = ""
) -> Review:
    """Her review."""
    said = f"""
country: US
sex: female
age: 58
weight: 61 kg
height: 165 cm
conditions: [multiple sclerosis]
allergies: []
dialysis: {dialysis}
labs: [{{name: creatinine, value: {creatinine} mg/dL, date: 2026-11-10}}]
medicines: [{takes}]
considering: [{weighed}]
{more}
"""
    return review(read_patient(said.encode(), today=TODAY))


def fact(made: Review, name: str) -> str:
    """A fact of hers in words."""
    return next(one.text for one in made.facts if one.name == name)


KIDNEYS = (0.8, 1.1, 1.6, 2.6)
print(f"{'creatinine':>10}  {'eGFR':>20}  {'creatinine clearance':>20}")
for creatinine in KIDNEYS:
    made = reviewed(creatinine)
    print(f"{creatinine:>10}  {fact(made, 'egfr'):>20}  {fact(made, 'creatinine_clearance'):>20}")

# %% [markdown]
# Two measures of the same kidneys, and they do not agree. eGFR (CKD-EPI 2021) is scaled to a body of 1.73 m2; the clearance
# (Cockcroft-Gault) uses her weight, and labels of old medicines speak of it. Rules name the one that their source used.
#
# ## What 60 mg a day comes to
#
# A model of baclofen by mouth, as published, with the kidney function put in: the third day of 20 mg three times a day, levels
# in ng/mL at the end of a dose, two hours after one, and at the end of it.

# %%
card = load_knowledge().models["baclofen-oral-adult-simon-2018"]
for kidney_function in (100, 60, 30, 15):
    course = simulate(
        card,
        [GivenDose(amount=20, every=8, count=9)],
        [64.0, 66.0, 72.0],
        covariates={"kidney_function": float(kidney_function)},
    )
    print(f"{kidney_function:>4} mL/min: " + "  ".join(f"{level:5.0f}" for level in course.typical), course.unit)

# %% [markdown]
# From 100 to 15 mL/min the peak more than doubles, and the trough grows more than fourfold: no hour of the day is left with little
# baclofen in it. The typical person is shown; a review draws the spread between people as well.
#
# ## She takes it already

# %%
for creatinine in KIDNEYS:
    made = reviewed(creatinine, takes="baclofen 20 mg three times a day since 2024-01-05")
    told = [f"{finding.tier}: {finding.summary}" for finding in made.findings] or ["no finding"]
    print(f"{creatinine} mg/dL, eGFR {fact(made, 'egfr')}")
    for line in told:
        print("   ", line)
    for plan in made.plan:
        print("    plan:", plan.title, "-", ", ".join(f"{step.daily:g}" for step in plan.steps), f"{plan.unit} a day")

# %% [markdown]
# Nobody is told to stop. Baclofen that is stopped at once can kill by withdrawal, so the way down is a calendar, and below 30 mL/min it
# is one under supervision.
#
# ## She is to start
#
# A plan weighs everything that bounds her dose and names the strictest of each kind. `share` is the part of a usual dose that gives the
# usual exposure.

# %%
for creatinine in KIDNEYS:
    (plan,) = reviewed(creatinine, weighed="baclofen").plan
    steps = ", ".join(f"{step.daily:g}" for step in plan.steps)
    print(f"{creatinine} mg/dL: {plan.refused or f'{steps} {plan.unit} a day'}")
    for bound in plan.bounds:
        if bound.decides and bound.kind in ("share", "never"):
            print(f"    {bound.why}")
            print(f"      {bound.source.title[:75]}, {bound.source.place}")

# %% [markdown]
# ## On dialysis
#
# Here the answer is no, whatever the dose.

# %%
made = reviewed(7.4, weighed="baclofen", dialysis="haemodialysis")
for finding in made.findings:
    print(f"{finding.tier}: {finding.summary}")
    for way in finding.alternatives:
        print("  Instead:", way)

# %% [markdown]
# ## A creatinine that flatters
#
# After a spinal cord injury muscle wastes, and less muscle makes less creatinine: the number looks healthy while the kidneys are
# not. With `muscle_mass: low` the estimate becomes an upper bound. relaxant does not take an upper bound for a value, so rules that would
# stay silent at 85 mL/min can no longer be checked, and cystatin C is asked for.

# %%
low = reviewed(0.8, takes="baclofen 20 mg three times a day since 2024-01-05", more="muscle_mass: low")
print("eGFR:", fact(low, "egfr"))
for missing in low.unchecked[:3]:
    print(f"could not check {missing.checks}, up to {missing.worst_tier}: settled by {missing.settled_by}")

# %% [markdown]
# ## What to try next
#
# - Give her a `{name: cystatin C, value: 1.9 mg/L, date: 2026-11-10}` in `labs`.
# - Two creatinines a week apart, the second twice the first, are acute kidney injury: no equation holds then. See what the review says.
# - Go on with *A taper in tablets*.
