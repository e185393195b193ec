"""Makes docs/safety/unverified.md: how many values of the knowledge nobody has seen in their source, by part and by relaxant, and how its sources were seen.

python tools/unverified.py          writes it
python tools/unverified.py --check  exits with 1 when the page is another
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from generated import ROOT, keep

from relaxant.knowledge.load import Knowledge, load_knowledge

FOLDER = ROOT / "src" / "relaxant" / "knowledge"
PAGE = ROOT / "docs" / "safety" / "unverified.md"
LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # every scalar stays text, as where the knowledge is read
PARTS = {
    "agents": "what is known of each relaxant: products, indications, doses, limits, warnings",
    "allergens.yaml": "allergens and what they share",
    "claims": "claims of articles",
    "combinations": "relaxants together",
    "conditions.yaml": "conditions and their names",
    "interactions": "measured changes of exposure, enzymes, genes",
    "labs.yaml": "laboratory values: bounds, validity",
    "models": "model cards: parameters, bounds, effects",
    "names.yaml": "names of medicines added by hand",
    "partners": "which medicines have which role",
    "plans": "starts, tapers, gaps, exchanges, pumps, blocks, follow-up",
    "policies.yaml": "our own choices",
    "populations": "populations from which virtual people are drawn",
    "registries": "rates for a made-up registry",
    "responses": "how medicines and diseases show in a diary",
    "responses.yaml": "how diaries are read",
    "rules": "rules",
    "scales": "scales and their differences that matter",
    "trials": "trials",
}
SEEN = {
    "text": "the source itself",
    "mirror": "its text in a copy elsewhere",
    "excerpt": "an excerpt, or a text that quotes it",
    "abstract": "its abstract",
    "not seen": "not at all; what rests on it alone is not verified",
}


def entries(value: Any) -> Iterator[dict[str, Any]]:
    """Every mapping within a value that was read."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from entries(one)


@lru_cache(maxsize=1024)
def written(file: Path) -> Any:
    """What a file of the knowledge says."""
    return yaml.load(file.read_text(encoding="utf-8"), Loader=LOADER)


def doubtful(value: Any) -> int:
    """How many entries within it are marked as not verified."""
    return sum(one.get("verified") == "false" for one in entries(value))


def marked(part: str) -> int:
    """How many entries of a part of the knowledge are marked as not verified."""
    path = FOLDER / part
    return sum(doubtful(written(file)) for file in (sorted(path.rglob("*.yaml")) if path.is_dir() else [path]))


def of_agents() -> dict[str, Counter[str]]:
    """By relaxant: what its own values and the plans that name it hold that is not verified."""
    out: dict[str, Counter[str]] = {}
    for file in sorted((FOLDER / "agents").rglob("*.yaml")):
        for one in written(file).get("agents", []):
            out[one["agent"]] = Counter(values=doubtful(one))
    for file in sorted((FOLDER / "plans").rglob("*.yaml")):
        for one in (e for list_ in written(file).values() if isinstance(list_, list) for e in list_):
            for agent in one.get("agents", [one["agent"]] if "agent" in one else []):
                if agent in out:
                    out[agent]["plans"] += doubtful(one)
    return out


def page(knowledge: Knowledge) -> str:
    """The page."""
    parts = {part: marked(part) for part in PARTS}
    agents = {name: count for name, count in of_agents().items() if count.total()}
    rules = sorted(name for name, rule in knowledge.rules.items() if not rule.verified)
    seen = Counter(source.seen for source in knowledge.sources.values())
    lines = [
        "# What nobody has seen in its source",
        "",
        "Made by `python tools/unverified.py` from the knowledge; a test demands that it still is. `verified: false` marks an entry that nobody has seen in the source itself: from",
        "memory, from a text that only quotes it, or our own choice where no source gives a number. Outputs mark it “not verified”. It may not drive DANGER or CHANGE.",
        "",
        f"**{sum(parts.values())} entries are not verified.** “Verified” says that an author saw the statement in the source, a copy, an excerpt or an abstract; it does not say that a second person did.",
        "",
        "## By part of the knowledge",
        "",
        "| part | what it holds | entries not verified |",
        "|---|---|---:|",
        *(f"| `{p}` | {PARTS[p]} | {n} |" for p, n in sorted(parts.items(), key=lambda x: (-x[1], x[0]))),
        "",
        "## Rules",
        "",
        f"{len(rules)} of {len(knowledge.rules)} rules are not verified; they are WATCH or NOTE: "
        + ", ".join(f"[{name}](../formulary/rules/{name}.md)" for name in rules)
        + ".",
        "",
        "## By relaxant",
        "",
        "Its own values, and the entries of plans (starts, tapers, missed days, exchanges) that name it. An entry that names several counts for each. A relaxant that is not here has none.",
        "",
        "| relaxant | own values | plans |",
        "|---|---:|---:|",
        *(
            f"| {name} | {count['values']} | {count['plans']} |"
            for name, count in sorted(agents.items(), key=lambda x: (-x[1].total(), x[0]))
        ),
        "",
        "## How the sources were seen",
        "",
        f"{len(knowledge.sources)} sources.",
        "",
        "| seen as | | sources |",
        "|---|---|---:|",
        *(f"| {kind} | {SEEN[kind]} | {seen[kind]} |" for kind in SEEN),
        "",
        "How many of a reader's questions have an answer under each country's labels, and which parts of a label were not read, stands in the [formulary](../formulary/README.md).",
        "What the models do not give back of published numbers stands in [the validation](../validation/models/README.md).",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(keep({PAGE.relative_to(ROOT).as_posix(): page(load_knowledge())}))
