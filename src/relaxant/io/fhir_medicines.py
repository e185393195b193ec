"""The four medication resources of FHIR, each read as what it says of one medicine.

What a status means for taking the medicine is decided here; what belongs together is decided in
:mod:`relaxant.io.fhir_reconcile`.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Literal

import msgspec

from relaxant.io.fhir_named import Catalogue, Named, named
from relaxant.io.fhir_resources import (
    EMPTY,
    Concept,
    Day,
    Notes,
    Resource,
    code_word,
    concept,
    day,
    first_day,
    flag,
    number,
    one,
    period,
    plain,
    reference_name,
    words,
)
from relaxant.patient import Change

KINDS = ("MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense")
# taken: now; ended: stopped or finished; given: a dose was given; supplied: handed over; weighed: a draft or proposal
Role = Literal["taken", "ended", "given", "supplied", "weighed"]


class Said(msgspec.Struct, kw_only=True):
    """What one resource says of one medicine.

    ``planned`` marks a stop that was foreseen rather than seen; ``ends`` is the end that the dosing of an active order
    foresees; ``seen`` orders by recency.
    """

    kind: str
    ref: str
    role: Role
    named: Named
    dosage: tuple[dict[str, Any], ...] = ()
    start: date | None = None
    stop: date | None = None
    planned: bool = False
    ends: date | None = None
    seen: float = float("-inf")
    seen_on: date | None = None
    change: Change | None = None


def read_medicine(resource: Resource, catalogue: Catalogue, notes: Notes) -> tuple[list[Said], bool]:
    """What the resource says, and whether it counts as listing the medicines taken.

    Nothing comes back for an error, a cancelled order or one that names no medicine yet; each gets its sentence.
    """
    ref, kind = reference_name(resource), str(resource.resource_type)
    status = code_word(resource.status)
    role, change, why = _role(resource, kind, status)
    if role is None:
        notes.add(ref, why)
        return [], status == "not-taken" or "not taken" in why
    found, absence = named(resource, catalogue, ref, notes)
    if absence == "none known":
        return [], True
    if absence == "no information":
        notes.add(ref, "the record says that it has no information on medicines")
        return [], False
    if not found:
        if role == "weighed":
            notes.add(ref, "a draft or proposal that names no medicine yet; nothing in it can be weighed")
            return [], False
        found = [Named(said=f"a medicine the record does not name ({ref})")]
    if why:
        notes.add(ref, why)
    base = _dated(resource, kind, ref, role, found[0], notes)
    base.dosage = _dosages(resource, kind, ref, notes)
    base.change = change
    if kind == "MedicationRequest" and role == "taken":
        base.ends = _dosing_end(base.dosage)
    if status == "on-hold" and role != "weighed":  # a proposal that waits was never taken
        _on_hold(base, notes)
    elif kind == "MedicationRequest" and role == "ended" and base.stop is None:
        base.stop, base.planned = _foreseen_end(resource, base.dosage, ref, notes), status == "stopped"
    return [base, *(msgspec.structs.replace(base, named=other) for other in found[1:])], role != "weighed"


def _role(resource: Resource, kind: str, status: str | None) -> tuple[Role | None, Change | None, str]:
    """What the status says of taking it, with a sentence where that needs one (or where it is not used).

    https://hl7.org/fhir/R4/valueset-medicationrequest-status.html and the three like it.
    """
    if status == "entered-in-error":
        return None, None, "entered in error by the record; it is not used"
    if status in ("cancelled", "declined", "not-done"):
        return None, None, f"{status} by the record, so never taken; it is not used"
    if kind == "MedicationRequest":
        if flag(resource.do_not_perform) is True:
            return None, None, "an order not to give this medicine; it is not read as taken"
        intent = code_word(resource.intent)
        reported = flag(resource.reported_boolean) is True or resource.reported_reference is not EMPTY
        # US Core writes what a person takes by own choice as a plan that is reported, so that is no proposal.
        if status == "draft" or (intent in ("proposal", "plan", "option") and not reported):
            if status in ("completed", "stopped", "ended"):
                return None, None, f"a {intent} that is over; it is not used"
            return "weighed", "replace" if resource.prior_prescription is not EMPTY else "start", ""
    if kind == "MedicationStatement":
        adherence = resource.adherence
        if adherence is not EMPTY:
            value = one(adherence)
            word = concept(value.get("code")) if isinstance(value, dict) else Concept()
            status = {"not-taking": "not-taken", "stopped": "stopped", "on-hold": "on-hold"}.get(
                word.codes[0].code if word.codes else "", status
            )
        if status == "not-taken" or (code_word(resource.taken) == "n" and status != "intended"):
            return None, None, "the record says it is not taken; it is not used"
        if status in ("intended", "draft"):
            return "weighed", "start", ""
    if status in ("stopped", "ended"):
        return "ended", None, ""
    if kind == "MedicationAdministration" and status not in ("in-progress", "on-hold"):
        return "given", None, "" if status == "completed" else f"its status is {status or 'missing'}; read as given"
    if kind == "MedicationDispense" and status not in ("in-progress", "preparation", "on-hold"):
        return (
            "supplied",
            None,
            "" if status == "completed" else f"its status is {status or 'missing'}; read as handed over",
        )
    if status == "completed":
        return "ended", None, ""
    if status in ("active", "recorded", "on-hold", "in-progress", "preparation"):
        return "taken", None, ""
    return "taken", None, f"its status is {status or 'missing'}; read as taken now"


def _on_hold(said: Said, notes: Notes) -> None:
    if said.stop is not None:
        said.role = "ended"
        notes.add(said.ref, f"“{said.named.said}” is on hold; read as not taken since {said.stop}")
        return
    said.role = "taken"
    notes.add(
        said.ref,
        f"“{said.named.said}” is on hold since a day the record does not give; it is checked as if taken, "
        "because it may be resumed. If it was stopped abruptly, give the day as its stop",
    )


def _dated(resource: Resource, kind: str, ref: str, role: Role, named: Named, notes: Notes) -> Said:
    """The days the record gives: start and stop where it says them, and when it was last heard of."""
    said = Said(kind=kind, ref=ref, role=role, named=named)
    if kind == "MedicationRequest":
        start = first_day([("authoredOn", one(resource.authored_on))], ref, notes)
        stop = (
            first_day([("statusChanged", one(resource.status_changed))], ref, notes, end=True)
            if role != "weighed"
            else None
        )
        status = code_word(resource.status)
        stop = stop if status in ("stopped", "completed", "ended", "on-hold") else None
    elif kind == "MedicationDispense":
        start = first_day(
            [("whenHandedOver", one(resource.when_handed_over)), ("whenPrepared", one(resource.when_prepared))],
            ref,
            notes,
        )
        stop = None
    else:
        start = first_day(
            [
                ("effectiveDateTime", one(resource.effective_date_time)),
                ("effectivePeriod.start", period(resource.effective_period, "start")),
                ("occurenceDateTime", one(resource.occurence_date_time)),
                ("occurencePeriod.start", period(resource.occurence_period, "start")),
                ("occurrenceDateTime", one(resource.occurrence_date_time)),
            ],
            ref,
            notes,
        )
        stop = first_day(
            [
                ("effectivePeriod.end", period(resource.effective_period, "end")),
                ("occurencePeriod.end", period(resource.occurence_period, "end")),
            ],
            ref,
            notes,
            end=True,
        )
    heard = start
    if kind == "MedicationStatement":
        asserted = day(one(resource.date_asserted))
        heard = max((d for d in (start, asserted) if d is not None), key=lambda d: d.order, default=None)
    if role == "given":
        stop = stop or start
        heard = stop
    if role == "supplied" and start is not None:
        stop = _supply_end(resource, start)
    if role == "taken" and stop is not None and code_word(resource.status) != "on-hold":
        notes.add(ref, f"the record calls it taken and gives {stop.date} as its end; it is read as taken")
        stop = None
    if role == "weighed":
        stop = None
    said.start, said.stop = start.date if start else None, stop.date if stop else None
    if heard is not None:
        said.seen, said.seen_on = heard.order, heard.date
    return said


def _supply_end(resource: Resource, start: Day) -> Day | None:
    supply = one(resource.days_supply)
    days = number(supply.get("value")) if isinstance(supply, dict) else None
    if days is None or days <= 0:
        return None
    try:
        return Day(start.date + timedelta(days=days), True, start.order)
    except OverflowError:
        return None


def _foreseen_end(resource: Resource, dosage: tuple[dict[str, Any], ...], ref: str, notes: Notes) -> date | None:
    """The end an order foresees: of its dosing, else of its validity."""
    known = _dosing_end(dosage)
    if known is not None:
        return known
    request = one(resource.dispense_request)
    validity = request.get("validityPeriod") if isinstance(request, dict) else None
    end = validity.get("end") if isinstance(validity, dict) else None
    found = first_day([("dispenseRequest.validityPeriod.end", end)], ref, notes, end=True)
    return found.date if found else None


def _dosing_end(dosage: tuple[dict[str, Any], ...]) -> date | None:
    """The day the last part of the dosing ends, where every part has an end."""
    ends = [day(_bounds(part).get("end"), end=True) for part in dosage]
    known = [end.date for end in ends if end is not None]
    return max(known) if known and len(known) == len(ends) else None


def _bounds(dosage: dict[str, Any]) -> dict[str, Any]:
    here: Any = dosage
    for key in ("timing", "repeat", "boundsPeriod"):
        here = here.get(key) if isinstance(here, dict) else None
    return here if isinstance(here, dict) else {}


def _dosages(resource: Resource, kind: str, ref: str, notes: Notes) -> tuple[dict[str, Any], ...]:
    """The Dosage objects; where another version wrote them otherwise, in R4's shape (https://hl7.org/fhir/R4/dosage.html)."""
    field, raw = "dosageInstruction", resource.dosage_instruction
    if raw is EMPTY:
        field, raw = "dosage", resource.dosage
    value = plain(raw)
    out = list[dict[str, Any]]()
    for item in value if isinstance(value, list) else [] if value is None else [value]:
        if isinstance(item, str) and words(item):
            out.append({"text": words(item)})
        elif isinstance(item, dict) and item:
            out.append(_as_dosage(item))
        else:
            notes.add(f"{ref}.{field}", "a dose that is not in FHIR's form; it is not read")
    if not any(item.get("text") or item.get("doseAndRate") for item in out):
        text = words(one(resource.rendered_dosage_instruction))
        if text:
            out.append({"text": text})
    return tuple(out)


def _as_dosage(item: dict[str, Any]) -> dict[str, Any]:
    """STU3 has dose and rate in the Dosage itself; MedicationAdministration.dosage has ``dose`` in every version."""
    parts = {
        "dose": "doseQuantity",
        "doseQuantity": "doseQuantity",
        "doseSimpleQuantity": "doseQuantity",
        "doseRange": "doseRange",
        "rateQuantity": "rateQuantity",
        "rateSimpleQuantity": "rateQuantity",
        "rateRatio": "rateRatio",
        "rateRange": "rateRange",
    }
    if "doseAndRate" in item or not item.keys() & parts.keys():
        return item
    rest = {key: value for key, value in item.items() if key not in parts}
    return {**rest, "doseAndRate": [{parts[key]: value for key, value in item.items() if key in parts}]}
