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
# # Screening a cohort
#
# Who in a health system takes tizanidine with ciprofloxacin, baclofen with failing kidneys, an opioid with two sedatives? The rules
# of a bedside review run over everybody in a registry, by the same code.
#
# You will make a registry of people who never were, screen it, count what was found and what could not be looked at, and open one
# person as at the bedside. It needs `pip install "relaxant[screen]"`.

# %%
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from relaxant import cite, load_knowledge, screen

folder = TemporaryDirectory()
registry, screened = Path(folder.name) / "registry", Path(folder.name) / "screened"

# %% [markdown]
# ## A registry
#
# Tables in the shape of the OMOP common data model, as Parquet files. With a registry of your own leave this cell out and give its folder,
# a DuckDB file or the address of a PostgreSQL database. The same seed gives the same people.

# %%
command = (
    f"{sys.executable} -m relaxant cohort synthesize --people 3000 --seed 7 --as-of 2025-12-31 --output {registry}"
)
subprocess.run(command.split(), check=True, capture_output=True)
for table in sorted(registry.glob("*.parquet")):
    print(f"{duckdb.read_parquet(str(table)).shape[0]:>7}  {table.stem}")

# %% [markdown]
# ## The screen
#
# One call. It writes files into a folder and gives back the counts.

# %%
result = screen(registry, screened)
tally = result.tally
print(f"as of {result.prepared.as_of}")
print(f"{tally.persons} persons, {tally.relaxant} with a relaxant, {tally.findings} with a finding")
for tier, persons in tally.worst.items():
    print(f"{persons:>5} with {tier} as the gravest")

# %% [markdown]
# ## What was found
#
# By rule, each person once. A count of a few people in a small place can point at somebody: a page that leaves the house hides numbers under
# 11, and so does this table.

# %%
rules = load_knowledge().rules
LEAST = 11
for rule, persons in Counter(tally.rules).most_common(12):
    shown = str(persons) if persons >= LEAST else f"under {LEAST}"
    print(f"{shown:>8}  {rules[rule].tier:7} {rules[rule].title}")

# %% [markdown]
# ## Who
#
# `findings.parquet` has a row for each rule that fired in a person: which agent, with what, since when, and the facts that made it fire.
# DuckDB, which the screen runs on, reads it. Here are the gravest.

# %%
dangers = duckdb.sql(
    f"SELECT rule, agent, count(DISTINCT person_id) AS persons FROM '{result.findings.as_posix()}' "
    "WHERE tier = 'DANGER' GROUP BY ALL ORDER BY persons DESC, rule, agent"
).fetchall()
for rule, agent, persons in dangers[:8]:
    print(f"{persons:>4}  {agent:12} {rule}")

# %% [markdown]
# ## What could not be checked
#
# A registry without creatinines would have no findings on kidneys, and look safe. So the screen counts what it could not look at: of how
# many people, and for want of what.

# %%
most = sorted(tally.wanting.items(), key=lambda item: -item[1].people)
for wanted, wanting in most[:6]:
    print(f"{wanting.people:>5} people, {wanting.checks:>6} checks: {wanted}")
for missing in result.prepared.missing:
    print(f"{missing.what} {missing.why}; not known: {missing.unknown}")

# %% [markdown]
# ## The files
#
# `summary.html` is the page to show. `counts.csv` and `attrition.csv` are the same as tables, `unmapped.csv` is what of the source was not
# understood.

# %%
for path in sorted(screened.iterdir()):
    print(f"{path.stat().st_size // 1000:>5} kB  {path.name}")

# %% [markdown]
# ## What it rests on
#
# The sources of the rules that fired, for the methods of a paper.

# %%
references = cite(result)
print(len(references.sources), "sources; the first:")
print(references.text.splitlines()[2][:110])
folder.cleanup()

# %% [markdown]
# ## What to try next
#
# - One of them at the bedside, with the checks of the screen: `relaxant cohort person registry ID --output patient.yaml`, then
#   `relaxant review patient.yaml`.
# - A period instead of a day: `screen(registry, output, first=date(2025, 1, 1), until=date(2025, 12, 31))` counts who is new and for how long.
# - How to screen a registry of your own: docs/cohort/README.md.
