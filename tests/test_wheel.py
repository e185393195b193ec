"""The wheel and the source distribution: what is in them, and that they run where there is no repository.

The source distribution is built from the working copy, the wheel from the source distribution, and the wheel is put into an environment of its own
that holds the libraries it asks for and no others. There every file that is opened is looked at: none may lie in the repository.
"""

from __future__ import annotations

import fnmatch
import importlib.util
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from conftest import ROOT
from relaxant.notices import bundled
from relaxant.version import __version__

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("build") is None or importlib.util.find_spec("hatchling") is None,
    reason="build and hatchling are not installed",
)
EPOCH = "1795737600"
WRITTEN = {
    ".py",
    ".yaml",
    ".j2",
    ".css",
    ".typ",
    ".cql",
}  # written here; anything else in the wheel is named one by one
FOUND = {
    "py.typed", "medicines/data/NOTICE.txt", "medicines/data/dictionary.sqlite", "service/static/manifest.json",
    "service/static/icon-*.svg", "service/static/page-*.js", "service/static/diary/app.js", "service/static/diary/sw.js",
    "service/static/diary/icon.svg", "service/static/diary/index.html", "service/static/diary/manifest.webmanifest",
}  # fmt: skip
GUARD = """
import os, sys
def look(event, found):
    if event in ("open", "os.listdir", "os.scandir") and found and isinstance(found[0], (str, bytes)):
        path = os.path.abspath(os.fsdecode(found[0]))
        if path == ROOT or path.startswith(ROOT + os.sep):
            sys.stderr.write(f"opened {path}\\n")
            sys.stderr.flush()
            os._exit(99)
sys.addaudithook(look)
"""


def built(source: Path, out: Path, what: str) -> Path:
    """The distribution of a source folder."""
    out.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", f"--{what}", "--outdir", out, source],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH},
    )
    assert made.returncode == 0, made.stdout + made.stderr
    (file,) = out.iterdir()
    return file


@pytest.fixture(scope="session")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(ROOT, tmp_path_factory.mktemp("sdist"), "sdist")


def unpacked(sdist: Path, folder: Path) -> Path:
    """The one folder of a source distribution."""
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (source,) = folder.iterdir()
    return source


@pytest.fixture(scope="session")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source distribution."""
    folder = tmp_path_factory.mktemp("from-sdist")
    return built(unpacked(sdist, folder / "source"), folder / "wheel", "wheel")


def needed(name: str = "relaxant", seen: set[str] | None = None) -> Iterator[metadata.Distribution]:
    """The libraries that a package needs without its extras, and those that they need."""
    seen = set() if seen is None else seen
    for line in metadata.requires(name) or []:
        match = re.match(r"[A-Za-z0-9._-]+", line)
        if match is not None and ";" not in line and match[0].lower() not in seen:
            seen.add(match[0].lower())
            yield metadata.distribution(match[0])
            yield from needed(match[0], seen)


@pytest.fixture(scope="session")
def program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python in an environment with the wheel and the libraries that it asks for, which ends with 99 where a file of the repository is opened."""
    folder = tmp_path_factory.mktemp("installed") / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    libraries = list(needed())
    assert {"numpy", "msgspec", "jinja2", "markupsafe"} <= {d.name.lower() for d in libraries}
    for library in libraries:
        for top in {Path(str(file)).parts[0] for file in library.files or ()} - {"..", "__pycache__"}:
            (packages / top).symlink_to(Path(str(library.locate_file(top))))
    python = folder / "bin" / "python"
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", "--no-index", wheel],
        check=True,
        capture_output=True,
    )
    (packages / "sitecustomize.py").write_text(f"ROOT = {str(ROOT)!r}{GUARD}", encoding="utf-8")
    return python


def run(program: Path, folder: Path, *arguments: str, only_python: bool = False) -> subprocess.CompletedProcess[str]:
    """A command of the installed program in a folder that holds nothing of ours."""
    command = [str(program), *arguments] if only_python else [str(program.parent / "relaxant"), *arguments]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False,
        env={"PATH": os.defpath, "HOME": str(folder), "RELAXANT_CACHE": str(program.parent.parent / "cache"), "OPENBLAS_NUM_THREADS": "1", "PYTHONUTF8": "1"},
    )  # fmt: skip


def test_the_guard_would_see_a_file_of_the_repository(program: Path, tmp_path: Path) -> None:
    looked = f"open({str(ROOT / 'README.md')!r})"
    assert run(program, tmp_path, "-c", looked, only_python=True).returncode == 99


def test_it_is_what_is_imported(program: Path, tmp_path: Path) -> None:
    code = "import relaxant, relaxant.api; [getattr(relaxant, n) for n in relaxant.__all__]; print(relaxant.__file__, relaxant.load_knowledge().date)"
    made = run(program, tmp_path, "-W", "error", "-c", code, only_python=True)
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith(str(program.parent.parent)) and made.stderr == ""


PATIENT = """\
as_of: 2026-11-22
age: 58
sex: female
labs: [{name: creatinine, value: 1.6 mg/dL, date: 2026-11-10}]
medicines: [ciprofloxacin 500 mg twice a day, baclofen 20 mg three times a day]
considering: [tizanidine 4 mg three times a day]
"""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["about", "--libraries"], "National Library of Medicine"),
        (["review", "patient.yaml"], "DANGER"),
        (["review", "patient.yaml", "--format", "html"], "</html>"),
        (["review", "patient.yaml", "--format", "json"], '"findings"'),
        (["agents", "baclofen"], "GABA-B"),
        (["whats-new", "--since", "2026-11-22", "--agent", "baclofen"], "Clinical"),
        (["taper", "patient.yaml", "--agent", "baclofen"], "Calendar"),
        (["--version"], __version__),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_it_runs_where_there_is_no_repository(arguments: list[str], says: str, program: Path, tmp_path: Path) -> None:
    (tmp_path / "patient.yaml").write_text(PATIENT, encoding="utf-8")
    made = run(program, tmp_path, *arguments)
    assert made.returncode == 0, made.stderr
    assert says in made.stdout


def test_the_installed_knowledge_is_sound(program: Path, tmp_path: Path) -> None:
    made = run(program, tmp_path, "lint")
    assert made.returncode == 0, made.stdout + made.stderr


def test_what_is_missing_for_an_extra_is_said(program: Path, tmp_path: Path) -> None:
    (tmp_path / "patient.yaml").write_text(PATIENT, encoding="utf-8")
    made = run(program, tmp_path, "review", "patient.yaml", "--format", "pdf")
    assert made.returncode == 2 and "relaxant[pdf]" in made.stderr and "Traceback" not in made.stderr
    made = run(program, tmp_path, "serve")
    assert made.returncode == 2 and "relaxant[serve]" in made.stderr


def test_the_wheel_holds_what_was_written_and_what_is_named(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    ours = [name.removeprefix("relaxant/") for name in names if name.startswith("relaxant/")]
    beside = [name for name in names if not name.startswith("relaxant/")]
    odd = [n for n in ours if Path(n).suffix not in WRITTEN and not any(fnmatch.fnmatchcase(n, f) for f in FOUND)]
    assert odd == []
    assert all(any(fnmatch.fnmatchcase(n, pattern) for n in ours) for pattern in FOUND)
    tracked = subprocess.run(["git", "ls-files", "src/relaxant"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()  # fmt: skip
    if tracked:
        there = {t.removeprefix("src/relaxant/") for t in tracked if (ROOT / t).exists()}
        assert there <= set(ours), sorted(there - set(ours))[:5]
    assert sorted(Path(n).name for n in beside) == [
        "LICENSE",
        "METADATA",
        "NOTICE",
        "RECORD",
        "WHEEL",
        "entry_points.txt",
    ]
    assert wheel.stat().st_size < 12_000_000


def test_every_notice_is_of_something_in_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = [n.removeprefix("relaxant/") for n in archive.namelist()]
        notice = archive.read(next(n for n in archive.namelist() if n.endswith("/NOTICE"))).decode()
    for one in bundled():
        for pattern in one.files:
            assert any(fnmatch.fnmatchcase(name, pattern.replace("**/", "*")) for name in names), (
                one.component,
                pattern,
            )
    for text in ("National Library of Medicine", "Jake Archibald", "LOINC is copyright", "SNOMED CT belongs"):
        assert text in notice
    assert "notice appear in all copies" in notice  # what the ISC licence asks for


def test_the_metadata(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read(next(n for n in archive.namelist() if n.endswith("/METADATA"))).decode()
    for line in (
        f"Version: {__version__}",
        "License-Expression: Apache-2.0",
        "Requires-Python: >=3.11",
        "License-File: NOTICE",
    ):
        assert line in text
    assert "Project-URL" not in text  # none is known
    if importlib.util.find_spec("twine") is not None:
        made = subprocess.run([sys.executable, "-m", "twine", "check", "--strict", wheel], capture_output=True, text=True, check=False)  # fmt: skip
        assert made.returncode == 0, made.stdout + made.stderr


def test_the_source_distribution_holds_what_builds_and_tests_it(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = [member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()]
    for wanted in ("pyproject.toml", "LICENSE", "NOTICE", "CHANGELOG.md", "requirements.lock", "requirements-dev.lock", "tests/conftest.py",
                   "tools/sbom.py", "web/package-lock.json", "docs/reference/review.schema.json", "examples/ms-ckd-baclofen.yaml"):  # fmt: skip
        assert wanted in names, wanted
    forbidden = re.compile(
        r"(^|/)(\.env|\.venv|\.git|node_modules|__pycache__|build|dist|shared)/|\.pyc$|\.pem$|\.key$|(^|/)\.env$"
    )
    assert [n for n in names if forbidden.search(n)] == []
    assert sdist.stat().st_size < 20_000_000


def test_two_builds_give_the_same_bytes(sdist: Path, wheel: Path, tmp_path: Path) -> None:
    """From another folder, with other times of its files."""
    source = unpacked(sdist, tmp_path / "source")
    for path in source.rglob("*"):
        os.utime(path, (1, 1))
    assert built(source, tmp_path / "wheel", "wheel").read_bytes() == wheel.read_bytes()
    assert built(source, tmp_path / "sdist", "sdist").read_bytes() == sdist.read_bytes()
