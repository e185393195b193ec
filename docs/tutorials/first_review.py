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
# # A first review
#
# A woman with multiple sclerosis takes baclofen for her spasms. She has been given oxycodone after a fall. What should her
# pharmacist know before the next prescription goes out?
#
# You will read a patient, review her, read a finding down to the line of the label that it rests on, and see what
# relaxant does with what it does not know. She is a synthetic person.

# %%
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from relaxant import cite, read_patient, render_html, render_terminal, review

TODAY = date(2026, 11, 22)

# %% [markdown]
# ## What is said of her
#
# A patient is written as one would say it at a handover: values with their units, medicines as they stand on the list.
# This text could be a file; `read_patient` takes a path as well, and a FHIR R4 bundle.
#
# Two things are wrong on purpose. Nobody has measured her creatinine, and one medicine is misspelt.

# %%
said = """
country: US
label: MS clinic, bed 3
sex: female
birth_date: 1968-03-02
weight: 61 kg
height: 165 cm
conditions: [multiple sclerosis]
allergies: []
medicines:
  - baclofen 20 mg three times a day since 2024-01-05
  - oxycodone 5 mg twice a day
  - glatirmer 40 mg three times a week
"""
patient = read_patient(said.encode(), today=TODAY)
reviewed = review(patient)

# %% [markdown]
# ## How her list was read
#
# Look at this first, always. A dose that was misread makes every later sentence wrong, so relaxant reads each line back.
# What it does not recognise is not dropped and not guessed: it stays on the list as unrecognised, with what it may mean.

# %%
for medicine in reviewed.medicines:
    meant = ", ".join(suggestion.name for suggestion in medicine.suggestions)
    print(f"{medicine.status:13} {medicine.read_as or medicine.said}" + (f" (meant: {meant}?)" if meant else ""))

# %% [markdown]
# ## What was found
#
# A finding has one of four tiers. DANGER is contraindicated or threatens life, CHANGE asks for another drug, dose or time, WATCH
# for an eye on something named, and NOTE is worth knowing. The gravest stands first.

# %%
for finding in reviewed.findings:
    print(f"{finding.tier}: {finding.summary}")

# %% [markdown]
# ## What could not be checked
#
# A rule on kidneys needs a creatinine. Without one it is neither true nor false: it *could not be checked*, and relaxant says
# which input would settle how many checks, and how grave the gravest of them may be. Silence would have looked like safety.

# %%
for missing in reviewed.unchecked:
    if not missing.folded:
        print(f"{missing.settled_by:45} {missing.checks} checks, up to {missing.worst_tier}")

# %% [markdown]
# ## One blood test later
#
# Her creatinine comes back at 1.6 mg/dL, and the misspelt line is put right. The same review, with two facts more:

# %%
said = said.replace("glatirmer", "glatiramer") + "labs: [{name: creatinine, value: 1.6 mg/dL, date: 2026-11-20}]\n"
after = review(read_patient(said.encode(), today=TODAY))
for finding in after.findings:
    print(f"{finding.tier}: {finding.summary}")

# %% [markdown]
# Her kidneys were the first thing to know about her baclofen. Nobody could see it on the list.
#
# Every fact carries how it was reached. These are the ones that decided here:

# %%
for fact in after.facts:
    if fact.name in ("age", "creatinine", "egfr", "creatinine_clearance"):
        print(f"{fact.title}: {fact.text} ({fact.method})")

# %% [markdown]
# ## One finding, down to its sources
#
# What to do, what may happen otherwise, which of her facts made the rule fire, and where each of these is written. A sentence
# that nobody has seen in its source is marked as not verified.

# %%
kidney = next(finding for finding in after.findings if any(because.fact == "eGFR" for because in finding.because))
print("To do:", kidney.action)
print("Otherwise:", kidney.consequence)
print("Because of:", "; ".join(f"{because.fact} {because.value}" for because in kidney.because))
print(f"Evidence: {kidney.evidence}, {'verified' if kidney.verified else 'not verified'}")
for source in kidney.sources:
    print(f"  {source.title}, {source.place}")

# %% [markdown]
# ## The page
#
# The same review as a page for the terminal (its first lines) and as one file of HTML without scripts, for screen and paper. It
# goes into a folder that is cleared away at the end; in Jupyter it is shown here.

# %%
print("\n".join(render_terminal(after, colour=False).splitlines()[:16]))

# %%
folder = TemporaryDirectory()
page = Path(folder.name) / "review.html"
page.write_text(render_html(after), encoding="utf-8")
print(f"{page.name}: {page.stat().st_size // 1000} kB")
if "get_ipython" in globals():
    from html import escape

    from IPython.display import HTML, display

    display(HTML(f'<iframe srcdoc="{escape(page.read_text(encoding="utf-8"))}" width="100%" height="600"></iframe>'))
folder.cleanup()

# %% [markdown]
# ## What it rests on
#
# `cite` lists the sources that this review used, in the order of its page, as text and as BibTeX. The first line names relaxant
# and its knowledge by version, so that a colleague can make the same review again.

# %%
references = cite(after)
print(len(references.sources), "sources")
print("\n".join(line[:100] for line in references.text.splitlines()[1:5]))

# %% [markdown]
# ## What to try next
#
# - Add `muscle_mass: low` to the patient: creatinine flatters the kidneys of somebody with little muscle, and the eGFR becomes “at
#   most” a number.
# - Ask what if: `read_patient(said.encode(), today=TODAY, considering=["tizanidine 4 mg three times a day"])`.
# - Go on with *Tizanidine and an inhibitor*.
