"""Makes the documentation's site from docs/ and the knowledge, and says which links on it are dead.

python tools/site.py FOLDER             the whole site, a page for every agent, rule, condition, model, scale and source
python tools/site.py FOLDER --each 40   of agents, rules, conditions and sources so many, drawn by chance; the rest of the pages are all there

It needs ``relaxant[docs]``. Exits with 1 where Sphinx has something to say or a link leads nowhere.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import random
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from site_links import dead_links
from sphinx.cmd.build import main as sphinx

from relaxant.cli.main import main as relaxant
from relaxant.formulary.condition_page import conditions_spoken_of
from relaxant.formulary.markdown import pages_with_sources
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.plain import read_yaml
from relaxant.report.reference.leaf import Target, slug
from relaxant.report.reference.scale_pages import scale_markdown
from relaxant.rules.wording import capital

DOCS = Path(__file__).parent.parent / "docs"
LINK = re.compile(
    r"(\]\((?!https?://)(?:[^)#\s]*/)?)(?:README\.md|(?=\)))"
)  # to a folder, by its first page or by its name
OUT = re.compile(r"\[([^\]]+)\]\((\.\./[^)#\s]+)[^)]*\)")
COMMANDS = re.compile(r"^    ([a-z-]+)(?: |$)", re.M)
ALONE = (  # too many to stand at the side; the first page of each names them
    "decisions",
    "formulary/agents",
    "formulary/conditions",
    "formulary/rules",
    "formulary/sources",
    "response/scales",
    "validation/models",
)
SEED = 9


def main() -> int:
    """Makes the site; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--each", type=int, metavar="N", help="so many agents, rules, conditions and sources")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as source:
        lay_out(Path(source), options.each)
        status = sphinx(
            ["-q", "-W", "--keep-going", "-j", "auto", "-d", f"{source}/.read", source, str(options.folder)]
        )
    dead = list(dead_links(options.folder))
    for page, target in dead:
        print(f"{page}: {target} leads nowhere", file=sys.stderr)
    return 1 if status or dead else 0


def lay_out(source: Path, sampled: int | None = None) -> None:
    """Writes what Sphinx reads: the documents, what the knowledge makes, and what stands at the side."""
    shutil.copytree(DOCS, source, dirs_exist_ok=True, ignore=shutil.ignore_patterns("agents", "conditions", "rules"))
    for path, text in made(load_knowledge(), sampled).items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_text(text, encoding="utf-8")
    shutil.copy(DOCS / "_site" / "conf.py", source / "conf.py")
    for page in sorted(source.rglob("*.md")):
        as_page(page, source)


def made(knowledge: Knowledge, sampled: int | None) -> dict[str, str]:
    """Pages that no document has, by their path: the formulary, the scales, and lists of what stands in folders."""
    out = {f"formulary/{path}": text for path, text in pages_with_sources(knowledge, kept(knowledge, sampled)).items()}
    scales = knowledge.responses.scales.values()
    for scale in scales:
        out[f"response/scales/{scale.scale}.md"] = scale_markdown(knowledge, scale)
    named = ((f"{scale.scale}.md", capital(scale.title)) for scale in scales)
    out["response/scales/README.md"] = listed("Scales, one by one", named)
    decisions = ((path.name, title(path)) for path in sorted((DOCS / "decisions").glob("*.md")))
    out["decisions/README.md"] = listed("Why it is built so", decisions)
    out["reference/commands.md"] = commands()
    return out


def as_page(page: Path, source: Path) -> None:
    """Makes a document a page of the site: its links lead to pages, and a folder's README is its first page, with the others at the side."""
    text = LINK.sub(r"\1index.md", within(page.read_text(encoding="utf-8"), page.parent, source))
    if page.name != "README.md":
        alone = page.parent.relative_to(source).as_posix() in ALONE
        page.write_text(f"---\norphan: true\n---\n{text}" if alone else text, encoding="utf-8")
        return
    text += side_of(page.parent, source)
    page.unlink()
    page.with_name("index.md").write_text(text, encoding="utf-8")


def within(text: str, folder: Path, source: Path) -> str:
    """Without the links that lead out of the documents, to files of the repository: a site has none of them. Their words stay."""

    def kept(match: re.Match[str]) -> str:
        return match[0] if (folder / match[2]).resolve().is_relative_to(source.resolve()) else match[1]

    return OUT.sub(kept, text)


def listed(heading: str, pages: Iterable[tuple[str, str]]) -> str:
    """A page of links: a heading, and each page by its file and its title."""
    return "\n".join([f"# {heading}", "", *(f"- [{name}]({file})" for file, name in pages), ""])


def title(page: Path) -> str:
    """The heading of a document."""
    return page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")


def kept(knowledge: Knowledge, sampled: int | None) -> Callable[[Target], bool]:
    """Which pages of the formulary are made: all, or a sample of each kind beside those that a document leads to."""
    if sampled is None:
        return lambda _: True
    chance = random.Random(SEED)
    led = {
        (kind, name)
        for page in DOCS.rglob("*.md")
        if page.relative_to(DOCS).parts[0] != "formulary"
        for kind, name in re.findall(r"formulary/(\w+)/([^)#]+)\.md", page.read_text(encoding="utf-8"))
    }
    every = {
        "agents": knowledge.agents,
        "rules": knowledge.rules,
        "conditions": conditions_spoken_of(knowledge),
        "sources": knowledge.sources,
    }
    chosen = {(kind, name) for kind, names in every.items() for name in chance.sample(sorted(names), min(sampled, len(names)))}  # fmt: skip
    return lambda target: target.kind not in every or (target.kind, target.name) in chosen or (target.kind, slug(target.name)) in led  # fmt: skip


def side_of(folder: Path, source: Path) -> str:
    """The tables of contents of a folder's first page: of the site what `contents.yaml` names, else every page beside it."""
    if folder == source:
        contents = read_yaml((DOCS / "_site" / "contents.yaml").read_text(encoding="utf-8"), "contents.yaml")
        return "".join(_table(pages, caption) for one in contents for caption, pages in one.items())
    if folder.relative_to(source).as_posix() in ALONE:
        return ""
    below = sorted(f"{path.name}/*" for path in folder.iterdir() if path.is_dir() and list(path.glob("*.md")) and not (path / "README.md").exists() and path.relative_to(source).as_posix() not in ALONE)  # fmt: skip
    beside = ["*"] if any(path.name != "README.md" for end in ("md", "py") for path in folder.glob(f"*.{end}")) else []
    return _table([*beside, *below]) if beside or below else ""


def _table(pages: list[str], caption: str = "") -> str:
    options = [":hidden:", ":glob:", *([f":caption: {caption}"] if caption else [])]
    return "\n".join(["\n```{toctree}", *options, "", *pages, "```\n"])


def commands() -> str:
    """A page of every command with what it says of itself."""
    out = ["# Commands", "Every command with its options, as it says them itself."]
    top = _help()
    out += [f"```text\n{top}```"]
    for name in COMMANDS.findall(top.partition("COMMAND\n")[2]):
        text = _help(name)
        out += [f"## {name}", f"```text\n{text}```"]
        for further in _further(text):
            out += [f"### {name} {further}", f"```text\n{_help(name, further)}```"]
    return "\n\n".join(out) + "\n"


def _further(text: str) -> Iterator[str]:
    _, found, rest = text.partition("positional arguments:\n  COMMAND\n")
    if found:
        yield from COMMANDS.findall(rest)


def _help(*command: str) -> str:
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
        relaxant([*command, "--help"])
    return said.getvalue()


if __name__ == "__main__":
    sys.exit(main())
