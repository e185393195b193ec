"""Which medicine a FHIR resource is about: by its code, by the Medication that it refers to, or by ingredients."""

from __future__ import annotations

from typing import Any

import msgspec

from relaxant.io.fhir_problems import NO_INFORMATION
from relaxant.io.fhir_resources import EMPTY, Notes, Resource, concept, number, objects, one, plain, words
from relaxant.patient import Code

NO_KNOWN_MEDICINES = {"no-known-medications", "787481004"}


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """Which medicine: the words, its codes, and what a Medication resource adds."""

    said: str
    codes: tuple[Code, ...] = ()
    drug: str | None = None
    form: str | None = None
    strength: str | None = None


class Catalogue:
    """The Medication (and Substance) resources of the record, by every way a reference can name them.

    How references resolve in a bundle: https://hl7.org/fhir/R4/bundle.html#references
    """

    def __init__(self) -> None:
        self._by_url: dict[str, Resource] = {}
        self._by_id: dict[str, Resource] = {}

    def add(self, resource: Resource, url: Any) -> None:
        """Take in a resource with the ``fullUrl`` of its entry."""
        if isinstance(url, str) and url:
            self._by_url.setdefault(url, resource)
        if isinstance(resource.id, str) and resource.id:
            self._by_id.setdefault(f"{resource.resource_type}/{resource.id}", resource)

    def find(self, reference: str, holder: Resource) -> Resource | None:
        """The resource that ``reference`` names, also where it is contained in ``holder``."""
        if reference.startswith("#"):
            for raw in _raw_list(holder.contained):
                inner = msgspec.json.decode(raw, type=Resource)
                if isinstance(inner.id, str) and inner.id.lstrip("#") == reference[1:]:
                    return inner
            return None
        reference = reference.split("/_history/")[0]
        if reference in self._by_url:
            return self._by_url[reference]
        if reference.startswith("urn:"):
            tail = reference.rsplit(":", 1)[-1]
            return self._by_id.get(f"Medication/{tail}")
        return self._by_id.get("/".join(reference.rsplit("/", 2)[-2:]))


def _raw_list(raw: msgspec.Raw) -> list[msgspec.Raw]:
    if raw is EMPTY:
        return []
    try:
        return msgspec.json.decode(raw, type=list[msgspec.Raw])
    except msgspec.ValidationError:
        return [raw]


def named(resource: Resource, catalogue: Catalogue, ref: str, notes: Notes) -> tuple[list[Named], str | None]:
    """Which medicine or medicines it is about; several where the record gives only the ingredients of a combination.

    Where it is about none, the second says what it says of all: ``none known`` or ``no information``.
    """
    what, link = concept(plain(resource.medication_codeable_concept)), one(resource.medication_reference)
    if resource.medication is not EMPTY:  # R5 CodeableReference
        value = one(resource.medication)
        if what.name is None:
            what = concept(
                {k: v for k, v in value.items() if k not in ("reference", "type")} if isinstance(value, dict) else value
            )
        if link is None and isinstance(value, dict):
            link = value["reference"] if isinstance(value.get("reference"), dict) else value
    codes = {code.code for code in what.codes}
    if codes & NO_KNOWN_MEDICINES:
        return [], "none known"
    if codes & NO_INFORMATION:
        return [], "no information"
    if what.name is not None:
        return [Named(said=what.name, codes=what.codes)], None
    if isinstance(link, str):
        link = {"reference": link}
    if not isinstance(link, dict):
        return [], None
    target, display = words(link.get("reference"), 200), words(link.get("display"))
    found = catalogue.find(target, resource) if target else None
    if found is not None:
        if own := _of_medication(found, catalogue, depth=0):
            return own, None
        notes.add(ref, "the Medication it refers to has neither code nor ingredients")
    elif target:
        notes.add(ref, f"the medicine it refers to ({target}) is not in the record")
    if display or target:
        return [Named(said=display or f"a medicine the record does not name ({target})")], None
    return [], None


def _of_medication(medication: Resource, catalogue: Catalogue, depth: int) -> list[Named]:
    """A Medication by its code; by its ingredients, one each, where it has no code of a public system."""
    what, form = concept(plain(medication.code)), concept(plain(medication.form)).name
    parts = list[Named]()
    for item in objects(plain(medication.ingredient)) if depth < 2 else []:
        if item.get("isActive") is False:
            continue
        link = item.get("itemReference") or (
            item["item"].get("reference") if isinstance(item.get("item"), dict) else None
        )
        of = concept(item.get("itemCodeableConcept") or item.get("item"))
        inner = [Named(said=of.name, codes=of.codes)] if of.name else []
        if not inner and isinstance(link, dict):
            target = catalogue.find(str(link.get("reference")), medication)
            inner = _of_medication(target, catalogue, depth + 1) if target else []
            inner = inner or [Named(said=name) for name in [words(link.get("display"))] if name]
        strength = _strength(item)
        parts += [
            Named(
                said=f"{i.said} {strength}" if strength else i.said,
                drug=i.said,
                codes=i.codes,
                form=form,
                strength=strength or i.strength,
            )
            for i in inner
        ]
    if what.name is None:
        return parts
    if len(parts) == 1:
        return [
            Named(
                said=what.name,
                codes=tuple(dict.fromkeys(what.codes + parts[0].codes)),
                form=form,
                strength=parts[0].strength,
            )
        ]
    public = any(code.system in ("RxNorm", "NDC", "SNOMED CT", "ATC", "UNII") for code in what.codes)
    return parts if parts and not public else [Named(said=what.name, codes=what.codes, form=form)]


def _strength(ingredient: dict[str, Any]) -> str | None:
    """``10 mg`` a piece, or ``500 micrograms/mL``: numerator and denominator as the record writes them."""
    ratio = ingredient.get("strength") or ingredient.get("strengthRatio") or ingredient.get("amount")
    if isinstance(ratio, dict) and "value" in ratio:
        ratio = {"numerator": ratio}
    if isinstance(ingredient.get("strengthQuantity"), dict):
        ratio = {"numerator": ingredient["strengthQuantity"]}
    top, per = (ratio.get("numerator"), ratio.get("denominator")) if isinstance(ratio, dict) else (None, None)
    amount = _amount(top)
    if amount is None:
        return None
    volume = (
        _amount(per)
        if isinstance(per, dict)
        and (words(per.get("code")) or words(per.get("unit")) or "").casefold() in ("ml", "l", "g")
        else None
    )
    return amount if volume is None else f"{amount}/{volume.removeprefix('1 ')}"


def _amount(quantity: Any) -> str | None:
    if not isinstance(quantity, dict):
        return None
    value, unit = number(quantity.get("value")), words(quantity.get("unit"), 40) or words(quantity.get("code"), 40)
    return f"{value:.12g} {unit}" if value is not None and unit else None
