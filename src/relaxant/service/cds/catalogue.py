"""Which services there are, and what each asks to be sent along (https://cds-hooks.hl7.org/2.0/#discovery).

order-select and order-sign have one id: what is answered at the second takes the place of what was answered at the first
(https://cds-hooks.hl7.org/2.0/#update-stale-guidance), so that a client never shows the card of an order beside the card of the same order as it
was before.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from relaxant.io.fhir_observations import own_codes
from relaxant.io.fhir_problems import dialysis_codes
from relaxant.knowledge.load import Knowledge
from relaxant.service.cds.card import Text
from relaxant.service.cds.request import Hook

PATIENT, ORDERS = "relaxant-patient", "relaxant-orders"
SERVICES: tuple[tuple[str, Hook], ...] = (
    (PATIENT, "patient-view"),
    (ORDERS, "order-select"),
    (ORDERS, "order-sign"),
)
_LOINC, _SNOMED = "http://loinc.org", "http://snomed.info/sct"
_ME = "patient={{context.patientId}}"


class Service(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One service as it is discovered."""

    hook: Hook
    title: Text
    description: Text
    id: Text
    prefetch: dict[str, Text]
    usage_requirements: Text


class Services(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All services."""

    services: Annotated[tuple[Service, ...], Meta(min_length=1)]


def services(knowledge: Knowledge) -> Services:
    """The services in the words of the knowledge."""
    words = knowledge.words("cds")["services"]
    asked = templates(knowledge)
    return Services(
        services=tuple(
            Service(
                hook=hook,
                title=words[hook]["title"],
                description=words[hook]["description"],
                id=name,
                prefetch=asked,
                usage_requirements=words["usage"],
            )
            for name, hook in SERVICES
        )
    )


def hooks_of(service: str) -> tuple[Hook, ...]:
    """The hooks of a service; none where there is no such service."""
    return tuple(hook for name, hook in SERVICES if name == service)


def templates(knowledge: Knowledge) -> dict[str, str]:
    """What the facts need, as queries of the subset that the standard recommends
    (https://cds-hooks.hl7.org/2.0/#prefetch-query-restrictions): reads, references, tokens by equality, ``_sort``."""
    labs = sorted({code for lab in knowledge.labs.values() for code in lab.loinc} - set(own_codes()))
    return {
        "patient": "Patient/{{context.patientId}}",
        "medicationRequests": f"MedicationRequest?{_ME}&status=active",
        "medicationStatements": f"MedicationStatement?{_ME}&status=active",
        "conditions": f"Condition?{_ME}",
        "allergies": f"AllergyIntolerance?{_ME}",
        "labs": f"Observation?{_ME}&code={_tokens(_LOINC, labs)}&_sort=-date",
        "person": f"Observation?{_ME}&code={_tokens(_LOINC, own_codes())}&_sort=-date",
        "dialysis": f"Procedure?{_ME}&code={_tokens(_SNOMED, dialysis_codes())}&_sort=-date",
    }


def _tokens(system: str, codes: list[str]) -> str:
    return ",".join(f"{system}|{code}" for code in codes)
