"""A call as one FHIR record: what was sent along and the draft orders, so that it reads as a bundle does at the bedside."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from relaxant.io.patient_file import read_patient
from relaxant.io.read import read_record
from relaxant.knowledge.load import Knowledge
from relaxant.patient import Patient
from relaxant.service.cds.request import DraftOrders, OrderSelect, PatientView
from relaxant.service.problems import Problem

_ID = re.compile(r"[A-Za-z0-9\-._]{1,64}")  # FHIR's, and the underscore that some clients write in drafts
_ORDER, _MEDICATION, _OLD_ORDER = "MedicationRequest", "Medication", "MedicationOrder"
_ENDS = (
    "stopped",
    "on-hold",
    "completed",
    "ended",
)  # an order that is signed again with one of these ends the medicine
_NEVER = ("cancelled", "entered-in-error")
_SAME = ("medicationCodeableConcept", "medicationReference", "dosageInstruction")
_FIRST, _THEN, _END = b'{"resourceType":"Bundle","type":"collection","entry":[', b'],"link":[{"relation":"next"}', b"]}"


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """One draft order. ``ref``: what its lines are named by. ``named``: whether the client gave it an id of its own; ``weighed``: whether it is
    an order of a medicine, which has to be read or said not to be; ``ends``: it stops the medicine. ``selected``: guidance is asked for it."""

    ref: str
    resource: dict[str, Any]
    named: bool
    weighed: bool
    ends: bool
    selected: bool

    @property
    def same(self) -> bytes:
        """What two orders of one medicine have in common."""
        return msgspec.json.encode([self.resource.get(key) for key in _SAME], order="deterministic")


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What there is of a person. ``reported``: the keys for which the client sends an error; ``cut``: those of which more pages follow;
    ``nothing``: those of a search that found nothing; ``given``: all keys that came, ``persons`` the ids of the Patient resources."""

    entries: tuple[bytes, ...]
    drafts: tuple[Draft, ...]
    persons: tuple[str | None, ...]
    given: frozenset[str]
    reported: tuple[str, ...]
    cut: tuple[str, ...]
    nothing: frozenset[str] = frozenset()

    @property
    def data(self) -> bytes:
        """The record as one bundle."""
        return _FIRST + b",".join(self.entries) + (_THEN if self.cut else b"") + _END


class _Typed(msgspec.Struct):
    resource_type: str = msgspec.field(name="resourceType")
    id: Any = None


class _Whole(_Typed):
    entry: list[msgspec.Raw] | None = None
    link: list[dict[str, Any]] | None = None


class _Held(msgspec.Struct):
    resource: _Typed


_whole = msgspec.json.Decoder(_Whole).decode
_held = msgspec.json.Decoder(_Held).decode
_encode = msgspec.json.Encoder().encode


def gathered(call: Any, fetched: Mapping[str, bytes] = {}) -> Record:
    """What a call holds, with what was ``fetched`` for keys that it lacks.

    Raises :class:`Problem` 422 naming the key or the order that is no FHIR resource.
    """
    entries: list[bytes] = []
    persons: list[str | None] = []
    reported: dict[str, None] = {}
    following: dict[str, None] = {}
    nothing: list[str] = []
    sent = {key: bytes(raw) for key, raw in (call.prefetch or {}).items()}
    for key, raw in {**sent, **fetched}.items():
        if raw.strip() == b"null":
            continue
        try:
            whole = _whole(raw)
            own = [raw] if whole.resource_type != "Bundle" else [bytes(e) for e in whole.entry or ()]
            held = [whole] if whole.resource_type != "Bundle" else [_held(e).resource for e in own]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            if key in fetched:  # the server's fault, not the caller's: as if it had reported one
                reported[key] = None
                continue
            raise Problem(422, f"prefetch.{_shown(key)} is not a FHIR resource: {error}", field="prefetch") from None
        if any(one.resource_type == "OperationOutcome" for one in held):
            reported[key] = None
        if whole.resource_type == "Bundle" and any(link.get("relation") == "next" for link in whole.link or ()):
            following[key] = None
        elif not held:
            nothing.append(key)
        persons += [one.id if isinstance(one.id, str) else None for one in held if one.resource_type == "Patient"]
        entries += own if whole.resource_type == "Bundle" else [b'{"resource":' + raw + b"}"]
    drafts = _drafts(call)
    entries += _of_drafts(call, drafts)
    return Record(
        entries=tuple(entries),
        drafts=tuple(drafts),
        persons=tuple(persons),
        given=frozenset({*sent, *fetched}),
        reported=tuple(reported),
        cut=tuple(following),
        nothing=frozenset(nothing),
    )


def person_of(record: Record, patient_id: str) -> None:
    """Raises :class:`Problem` 412 where the patient could not be had, 422 where it is somebody else."""
    if not record.persons:
        raise Problem(412, "the patient was not sent and could not be fetched", field="prefetch.patient")
    if any(one is not None and one != patient_id for one in record.persons):
        raise Problem(422, "the Patient that was sent is not the one of context.patientId", field="prefetch.patient")


def patient_of(record: Record, knowledge: Knowledge, *, today: date, country: str) -> Patient:
    """The person of a record, on a day. Raises :class:`InputError` where the record speaks of two people."""
    plain = read_record(record.data, knowledge, "the request")
    ends = {draft.ref for draft in record.drafts if draft.ends}
    for line in plain.get("considering", ()):
        if line.get("by") in ends:
            line["change"] = "stop"
    plain["country"] = country
    return read_patient(plain, knowledge, today=today, lenient=True, name="the request")


# ---------------------------------------------------------------- drafts


def _drafts(call: Any) -> list[Draft]:
    if isinstance(call, PatientView):
        return []
    orders: DraftOrders | UnsetType = call.context.draft_orders
    if isinstance(orders, UnsetType) or any(entry.resource is UNSET for entry in orders.entry):
        raise Problem(412, "the draft orders were not sent", field="context.draftOrders")
    resources = [dict(entry.resource) for entry in orders.entry if entry.resource is not UNSET]
    for resource in resources:
        if not isinstance(resource.get("resourceType"), str):
            raise Problem(422, "a draft order is not a FHIR resource: it has no resourceType", field="context.draftOrders")  # fmt: skip
    names = [_name(resource) for resource in resources]
    seen = Counter(name for name in names if name)
    chosen = _chosen(call, names)
    return [
        Draft(
            ref=str(name) if name and seen[name] == 1 else f"{resource['resourceType']}/draft-{place}",
            resource=resource,
            named=bool(name) and seen[name or ""] == 1,
            weighed=resource["resourceType"] in (_ORDER, _OLD_ORDER)
            and resource.get("status") not in _NEVER
            and resource.get("doNotPerform") is not True,
            ends=resource.get("status") in _ENDS,
            selected=chosen is None or name in chosen,
        )
        for place, (resource, name) in enumerate(zip(resources, names, strict=True), 1)
    ]


def _name(resource: Mapping[str, Any]) -> str | None:
    ident = resource.get("id")
    return f"{resource['resourceType']}/{ident}" if isinstance(ident, str) and _ID.fullmatch(ident) else None


def _chosen(call: Any, names: Iterable[str | None]) -> frozenset[str] | None:
    """The orders that were selected; ``None``: all of them. Raises :class:`Problem` 422 where one is not among the drafts."""
    if not isinstance(call, OrderSelect):
        return None
    known = {name for name in names if name}
    by_id = {name.partition("/")[2]: name for name in known}
    found = {name if name in known else by_id.get(name) for name in call.context.selections}
    if None in found:
        raise Problem(422, "a selection is not among the draft orders", field="context.selections")
    return frozenset(name for name in found if name)


def _of_drafts(call: Any, drafts: Iterable[Draft]) -> list[bytes]:
    """The drafts as entries: an order as a draft whatever its status, and the medicines that orders refer to; nothing else is an order's."""
    out = []
    for place, draft in enumerate(drafts):
        kind = draft.resource["resourceType"]
        if kind == _ORDER and draft.weighed:
            resource = {**draft.resource, "id": draft.ref.partition("/")[2], "status": "draft"}
            out.append(_encode({"fullUrl": f"urn:relaxant:draft:{place}", "resource": resource}))
        elif kind == _MEDICATION:
            url = call.context.draft_orders.entry[place].full_url
            out.append(_encode({"resource": draft.resource, **({"fullUrl": url} if url else {})}))
    return out


def _shown(key: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in key[:60])
