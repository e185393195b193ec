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
# # A taper in tablets
#
# “Reduce baclofen slowly over three weeks” is easily written. Somebody then has to find tablets that make each dose, count them, and say
# what to do when it goes badly. A stop at once can bring hallucinations, seizures and high fever.
#
# You will plan a taper, lay it out in tablets that are sold in the country, bend it to your own pace, and see what it rests on. He is a
# synthetic person.

# %%
from datetime import date

from relaxant import InputError, cite, read_patient, taper

TODAY = date(2026, 11, 22)

patient = read_patient(
    b"""
country: UK
label: spinal unit
sex: male
age: 47
weight: 80 kg
height: 180 cm
dialysis: none
conditions: [spinal cord injury]
allergies: []
labs: [{name: creatinine, value: 72 umol/L, date: 2026-11-10}]
medicines:
  - baclofen 20 mg tablets three times a day since 2024-01-05
""",
    today=TODAY,
)

# %% [markdown]
# ## The plan
#
# `taper` takes the patient and a name, generic or brand. It chooses among published ways of lowering by what fits this person: how long
# he has taken it, his kidneys, his record. The others are kept beside the choice.

# %%
plan = taper(patient, "baclofen")
for policy in plan.policies:
    print("chosen:" if policy.chosen else "or:    ", policy.text)
    print("        ", policy.source.title[:70], "|", policy.source.place)
print("Last dose:", plan.last_dose)

# %% [markdown]
# ## In tablets
#
# Every dose of the calendar can be made of tablets that are sold in the United Kingdom, whole or along their score line. The products
# carry the source that says so.

# %%
for number, product in enumerate(plan.products):
    print(f"[{number}] {product.name} {product.strength:g} {product.unit}{', scored' if product.scored else ''}")
    print(f"      {product.source.title}, {product.source.place}")

# %%
parts = list(dict.fromkeys(take.at for step in plan.steps for take in step.takes))
print(f"{'from':12}{'days':>5}{'mg a day':>10}  " + "".join(f"{part:24}" for part in parts).rstrip())
for step in plan.steps:
    made = {
        take.at: " + ".join(f"{count.count:g} x {plan.products[count.product].strength:g} mg" for count in take.counts)
        for take in step.takes
    }
    days = "" if step.days is None else step.days
    print(
        f"{step.first!s:12}{days:>5}{step.daily:>10g}  "
        + "".join(f"{made.get(part, '-'):24}" for part in parts).rstrip()
    )

# %% [markdown]
# ## What to dispense
#
# He must not run out on the way, and should not be left with a box of what he is leaving.

# %%
for supply in plan.supply:
    product = plan.products[supply.product]
    print(
        f"{supply.count:g} x {product.name} {product.strength:g} {product.unit}, from {supply.first} to {supply.until}"
    )

# %% [markdown]
# ## When it goes badly
#
# At each step somebody decides: on, stay, back, or call. What withdrawal looks like is written beside it, and a way on for each case is
# already planned.

# %%
(gate,) = plan.gates
for word, sentences in (("On", gate.go_on), ("Stay", gate.hold), ("Back", gate.go_back), ("Call", gate.call)):
    for sentence in sentences:
        print(f"{word + ':':6}{sentence.text}" + ("" if sentence.verified else " (not verified)"))
for signs in plan.withdrawal:
    print("Emergency:", ", ".join(signs.emergency))
for branch in plan.branches:
    print(f"{branch.kind}: {branch.text}" + (f" Last dose {branch.last_dose}." if branch.last_dose else ""))

# %% [markdown]
# ## Your own pace
#
# A step of 5 mg every two weeks instead. The plan keeps that this was your choice, lays it out in tablets again, and says where it goes
# further than a source.

# %%
own = taper(patient, "baclofen", by="5 mg", every="14 days")
print(own.policies[0].override)
print(", ".join(f"{step.daily:g}" for step in own.steps), f"{own.unit} a day; last dose {own.last_dose}")

# %% [markdown]
# ## What it refuses
#
# A medicine that he does not take has no taper. The message names the field, what came, and what would do.

# %%
try:
    taper(patient, "diazepam")
except InputError as error:
    print(error)

# %% [markdown]
# ## What it rests on
#
# The sources of this plan alone. The list goes into the notes, or with `.bibtex` into a manuscript.

# %%
for reference in cite(plan).sources:
    print(f"[{reference.number}] {reference.title[:70]} | {'; '.join(reference.places)[:60]}")

# %% [markdown]
# ## What to try next
#
# - The sheet for the person, in plain words and large print, from the command line:
#   `relaxant taper patient.yaml --agent baclofen --format sheet --output sheet.html`.
# - The same man in another country (`country: US`): the tablets differ, and so does the calendar.
# - Go on with *Screening a cohort*.
