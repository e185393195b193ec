"""Writes the bill of materials (CycloneDX 1.6, JSON) of the package: the libraries that the lock files pin for it and for its extras, and what it
holds of others.

python tools/sbom.py OUTPUT.json [--wheel dist/relaxant-X.whl]

It needs `cyclonedx-python-lib[json-validation]`. Licences of libraries are those of the installed ones where they have the pinned version. The same
sources, locks and libraries give the same bytes: the time is SOURCE_DATE_EPOCH where it is set, else the day of the knowledge.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import sys
import tomllib
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from relaxant.knowledge.load import load_knowledge
from relaxant.notices import DEVELOPMENT, bundled, licence_of
from relaxant.version import __version__

ROOT = Path(__file__).parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock")
SPDX = re.compile(r"[A-Za-z0-9.+-]+")
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "relaxant.sbom")
_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==(\S+)")
_VIA = re.compile(r"^    #(?: via)? +([A-Za-z0-9._-]+)")
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def normal(name: str) -> str:
    """A name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(lock: str) -> dict[str, tuple[str, set[str]]]:
    """Every library of a lock: its version, and who asks for it."""
    out: dict[str, tuple[str, set[str]]] = {}
    name = ""
    for line in lock.splitlines():
        if match := _PIN.match(line):
            name = normal(match[1])
            out[name] = match[2], set()
        elif name and (match := _VIA.match(line)) and match[1] != "via":
            out[name][1].add(normal(match[1]))
    return out


def locked(root: Path = ROOT) -> dict[str, tuple[str, set[str]]]:
    """What both locks pin. Raises ValueError where they differ."""
    out: dict[str, tuple[str, set[str]]] = {}
    for file in LOCKS:
        for name, (version, via) in pinned((root / file).read_text(encoding="utf-8")).items():
            known, asking = out.setdefault(name, (version, set()))
            if known != version:
                raise ValueError(f"{name}: {known} in one lock, {version} in the other; lock both anew")
            asking |= via
    return out


def asked_for(root: Path = ROOT) -> dict[str, set[str]]:
    """The libraries that the package itself asks for, each with its extras; always asked for: the extra ``""``."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = {"": project["dependencies"], **project["optional-dependencies"]}
    out: dict[str, set[str]] = {}
    for extra, lines in groups.items():
        for line in lines if extra not in DEVELOPMENT else ():
            match = _NAME.match(line)
            assert match is not None, line
            out.setdefault(normal(match[0]), set()).add(extra)
    return out


def needed(pins: dict[str, tuple[str, set[str]]], direct: dict[str, set[str]]) -> dict[str, set[str]]:
    """Every library that the package needs, itself or through others, each with the extras that it is for. Raises ValueError for one that is not locked."""
    if missing := sorted(set(direct) - set(pins)):
        raise ValueError(f"{', '.join(missing)}: asked for and in no lock; lock anew")
    out = {name: set(extras) for name, extras in direct.items()}
    grown = True
    while grown:
        grown = False
        for name, (_, via) in pins.items():
            extras = set().union(*(out[asking] for asking in via if asking in out)) - out.get(name, set())
            if extras:
                out.setdefault(name, set()).update(extras)
                grown = True
    return out


def licence(name: str, version: str) -> str | None:
    """What the installed library says of its licence, where it is the pinned version."""
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return None
    return licence_of(about) if about["Version"] == version else None


def library(name: str, version: str, extras: set[str]) -> Component:
    """A pinned library as a component."""
    said = licence(name, version)
    return Component(
        name=name,
        version=version,
        bom_ref=f"pypi:{name}",
        purl=PackageURL("pypi", None, name, version),
        scope=ComponentScope.REQUIRED if "" in extras else ComponentScope.OPTIONAL,
        licenses=[LicenseFactory().make_from_string(said)] if said else [],
        properties=[Property(name="relaxant:extra", value=extra) for extra in sorted(extras - {""})],
    )


def held() -> Iterable[Component]:
    """What the package holds of others."""
    factory = LicenseFactory()
    for one in bundled():
        yield Component(
            name=one.component,
            version=one.version,
            bom_ref=f"bundled:{one.component}",
            type=ComponentType.LIBRARY if one.kind == "library" else ComponentType.DATA,
            description=one.title,
            publisher=one.holder,
            copyright=one.holder if one.kind == "library" else None,
            purl=PackageURL.from_string(one.purl) if one.purl else None,
            scope=ComponentScope.REQUIRED,
            licenses=[factory.make_from_string(one.licence) if SPDX.fullmatch(one.licence) else factory.make_with_name(one.licence)],
            external_references=[ExternalReference(type=ExternalReferenceType.WEBSITE, url=XsUri(one.url))] if one.url else [],
            properties=[Property(name="relaxant:file", value=file) for file in one.files],
        )  # fmt: skip


def bill(wheel: Path | None = None) -> Bom:
    """The bill of materials of this version."""
    knowledge = load_knowledge()
    pins = locked()
    need = needed(pins, asked_for())
    own = Component(
        name="relaxant",
        version=__version__,
        type=ComponentType.APPLICATION,
        bom_ref="relaxant",
        purl=PackageURL("pypi", None, "relaxant", __version__),
        licenses=[LicenseFactory().make_from_string("Apache-2.0")],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=hashlib.sha256(wheel.read_bytes()).hexdigest())] if wheel else [],
        properties=[
            Property(name="relaxant:knowledge-date", value=knowledge.date),
            Property(name="relaxant:knowledge-sha256", value=knowledge.sha256),
        ],
    )  # fmt: skip
    made = {name: library(name, pins[name][0], extras) for name, extras in sorted(need.items())}
    inside = list(held())
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    at = datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.fromisoformat(f"{knowledge.date}T00:00:00+00:00")  # fmt: skip
    named = "\n".join([__version__, knowledge.sha256, *(f"{n}=={pins[n][0]}" for n in sorted(made))])
    bom = Bom(serial_number=uuid.uuid5(NAMESPACE, named), components=[*made.values(), *inside])
    bom.metadata.timestamp = at
    bom.metadata.component = own
    bom.register_dependency(own, [*(made[name] for name in asked_for()), *inside])
    for name, component in made.items():
        bom.register_dependency(component, [made[other] for other in made if name in pins[other][1]])
    return bom


def written(bom: Bom) -> str:
    """The bill as JSON."""
    return make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=1) + "\n"


def main() -> int:
    """Writes the bill; the exit status."""
    parser = argparse.ArgumentParser(description="Write the bill of materials (CycloneDX 1.6, JSON).")
    parser.add_argument("output", type=Path, metavar="OUTPUT.json")
    parser.add_argument("--wheel", type=Path, metavar="FILE", help="the wheel that it is of, for its hash")
    options = parser.parse_args()
    options.output.write_text(written(bill(options.wheel)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
