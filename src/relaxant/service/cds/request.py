"""What a client sends when a hook fires, as the standard writes it (https://cds-hooks.hl7.org/2.0/#http-request_1)."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from relaxant.service.problems import Problem

Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9\-.]{1,64}$(?!\n)", description="A FHIR id.")]
Text = Annotated[str, Meta(min_length=1)]


class _Sent(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Frozen, keyword-only, in camel case; what the standard does not name is passed over, so that a later version of it still reads."""


class Authorization(_Sent, frozen=True, kw_only=True, rename=None):
    """A bearer token for the client's FHIR server (https://cds-hooks.hl7.org/2.0/#passing-the-access-token-to-the-cds-service)."""

    access_token: Text
    token_type: Literal["Bearer"]
    expires_in: int
    scope: str
    subject: Text
    patient: str | None = None


class Entry(_Sent, frozen=True, kw_only=True):
    """An entry of the bundle of draft orders."""

    resource: dict[str, Any] | UnsetType = UNSET
    full_url: str | None = None


class DraftOrders(_Sent, frozen=True, kw_only=True):
    """A Bundle of the orders that are not yet signed."""

    resource_type: Literal["Bundle"]
    entry: tuple[Entry, ...] = ()


class Opened(_Sent, frozen=True, kw_only=True):
    """The context of patient-view 1.0: a record was opened."""

    user_id: Text
    patient_id: Id
    encounter_id: str | None = None


class Signing(Opened, frozen=True, kw_only=True):
    """The context of order-sign 1.1: the orders are about to be signed."""

    draft_orders: DraftOrders | UnsetType = UNSET


class Selecting(Signing, frozen=True, kw_only=True):
    """The context of order-select 1.0: the orders named in ``selections`` were picked, the others of ``draft_orders`` before."""

    selections: Annotated[tuple[Text, ...], Meta(min_length=1)]


class _Request(_Sent, frozen=True, kw_only=True):
    hook_instance: UUID
    fhir_server: Text | None = None
    fhir_authorization: Authorization | None = None
    prefetch: dict[str, msgspec.Raw] | None = None
    extension: dict[str, Any] | None = None


class PatientView(_Request, frozen=True, kw_only=True, tag_field="hook", tag="patient-view"):
    """A call of the hook patient-view."""

    context: Opened


class OrderSelect(_Request, frozen=True, kw_only=True, tag_field="hook", tag="order-select"):
    """A call of the hook order-select."""

    context: Selecting


class OrderSign(_Request, frozen=True, kw_only=True, tag_field="hook", tag="order-sign"):
    """A call of the hook order-sign."""

    context: Signing


Call = PatientView | OrderSelect | OrderSign
Hook = Literal["patient-view", "order-select", "order-sign"]
_decode = msgspec.json.Decoder(Call).decode


def read_call(body: bytes) -> Call:
    """The call in a body. Raises :class:`Problem` 400 that says where it is not one."""
    try:
        body.decode()  # what is kept undecoded for later has to be text as well
        call: Call = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(400, f"this is not a CDS Hooks request: {_reason(error)}") from None
    if call.fhir_authorization is not None and call.fhir_server is None:
        raise Problem(400, "fhirAuthorization is given without fhirServer", field="fhirServer")
    return call


def hook_of(call: Call) -> Hook:
    """The name of the hook that fired."""
    return call.__struct_config__.tag  # type: ignore[return-value]


def _reason(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)
