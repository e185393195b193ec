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
# # Tizanidine and an inhibitor, before and after
#
# A man has taken tizanidine for years. He now has a urinary tract infection, and the urine grows a bacterium that ciprofloxacin
# would kill. Ciprofloxacin blocks CYP1A2, the enzyme that clears tizanidine. How much does that matter, and what else is there?
#
# You will weigh a medicine before it is prescribed, see the change of exposure as a number and as a curve, and compare alternatives.
# He is a synthetic person.

# %%
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from relaxant import Review, read_patient, render_html, review

TODAY = date(2026, 11, 22)

# %% [markdown]
# ## Before
#
# His file without the antibiotic, and a function that reviews him with something weighed beside what he takes. `considering` is
# what may be prescribed: it is checked as if it began today, and it is kept apart from what he takes.

# %%
said = b"""
country: US
sex: male
birth_date: 1974-06-30
weight: 82 kg
height: 180 cm
smoker: false
alcohol: 0 units/week
stands_on_tone: false
conditions: [multiple sclerosis, urinary tract infection]
allergies: [penicillin]
labs:
  - {name: creatinine, value: 0.9 mg/dL, date: 2026-11-20}
  - {name: ALT, value: 24 U/L, date: 2026-11-20}
observations:
  - {name: systolic blood pressure, value: 122 mmHg, date: 2026-11-22}
medicines:
  - tizanidine 4 mg tablet three times a day since 2024-02-01
"""


def weigh(*considering: str) -> Review:
    """His review with these medicines weighed."""
    return review(read_patient(said, today=TODAY, considering=considering))


before = weigh()
print(len(before.findings), "findings without the antibiotic")

# %% [markdown]
# ## After

# %%
after = weigh("ciprofloxacin 500 mg twice a day")
for finding in after.findings:
    print(f"{finding.tier}: {finding.summary}")

# %% [markdown]
# A DANGER is the only tier that interrupts a prescriber. It never says “stop” alone: it says what to do instead, for either of the
# two medicines.

# %%
danger = after.findings[0]
print("To do:", danger.action)
for way in danger.alternatives:
    print("Or:", way)

# %% [markdown]
# ## By how much
#
# The area under the curve (AUC) is what a body gets of a dose over time. The finding carries what was measured in volunteers: the
# mean ratio of the AUC with and without the inhibitor, and the range that was seen.

# %%
effect = danger.effect
if effect is not None:
    print(f"AUC ratio {effect.auc_ratio:g}" + (f", up to {effect.high:g} in one person" if effect.high else ""))
for source in danger.sources:
    if source.says:
        print(f"  {source.says} ({source.title[:60]}, {source.place})")

# %% [markdown]
# ## The curve of this person
#
# The review draws tizanidine in him as he takes it now and as it would be. The middle of people like him and the range of nine in ten
# come from a published model; the ratio acts inside it, on the clearance.

# %%
(tizanidine,) = after.prediction
print(f"{'':14} {'average':>24} {'peak':>24}")
for scenario in tizanidine.scenarios:
    row = {}
    for of in scenario.measures:
        if of.low is not None and of.high is not None:
            row[of.measure] = f"{of.median:.1f} ({of.low:.1f} to {of.high:.1f}) {of.unit}"
    print(f"{scenario.title:14} {row['average']:>24} {row['peak']:>24}")

# %% [markdown]
# The lower end of the band *with* ciprofloxacin lies above the upper end of the one without: hardly anybody would be spared.
# What such a ratio rests on is said with it, and whether it was measured or worked out from the enzymes.

# %%
for change in tizanidine.scenarios[-1].changes:
    print(change.text)
    for source in change.sources:
        print(f"  {source.title[:80]}, {source.place}")

# %% [markdown]
# ## What else there is
#
# Two other antibiotics for the same infection, and fluvoxamine, an antidepressant that blocks the same enzyme harder. Look at
# levofloxacin: a label says to avoid it, a measurement found no effect on the enzyme. relaxant says both, and which it follows.

# %%
for other in (
    "ciprofloxacin 500 mg twice a day",
    "levofloxacin 500 mg once a day",
    "nitrofurantoin 100 mg twice a day",
    "fluvoxamine 100 mg at night",
):
    made = weigh(other)
    about = [f for f in made.findings if f.partners and f.partners[0] == other.split()[0]]
    ratio = next((f.effect.auc_ratio for f in about if f.effect is not None), None)
    times = f"AUC times {ratio:g}" if ratio else ""
    print(f"{other.split()[0]:15} {about[0].tier if about else 'nothing found':14} {times}".rstrip())
    for finding in about:
        print(f"{'':15} {finding.summary}")

# %% [markdown]
# “Nothing found” means that every rule on this pair was checked and none fired. What could *not* be checked is listed apart:

# %%
print(", ".join(missing.settled_by for missing in weigh("nitrofurantoin 100 mg twice a day").unchecked))

# %% [markdown]
# ## The picture
#
# The page of the review holds the curves, as they are now and as weighed, with the numbers in a table under them.

# %%
folder = TemporaryDirectory()
page = Path(folder.name) / "review.html"
page.write_text(render_html(after), encoding="utf-8")
print(page.name, "holds", page.read_text(encoding="utf-8").count("<svg"), "charts")
if "get_ipython" in globals():
    from html import escape

    from IPython.display import HTML, display

    display(HTML(f'<iframe srcdoc="{escape(page.read_text(encoding="utf-8"))}" width="100%" height="700"></iframe>'))
folder.cleanup()

# %% [markdown]
# ## What to try next
#
# - Make him a smoker (`smoker: {now: true, product: cigarettes}`): smoke induces CYP1A2, and the curve of today changes.
# - Weigh leaving instead: `weigh("stop tizanidine")`. The way out has a calendar.
# - Go on with *Baclofen in kidney disease*.
