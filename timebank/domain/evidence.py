"""The documents that entries commit to: what happened, who did what, by which rules. Kept sealed beside the ledger.

Plain JSON values with ASCII keys; texts, whole numbers, booleans, nulls and lists, never a float. They hold ids and no
names. The audit reads them back (`rules_of_entries`), so a field that stands here is checked for as long as it exists.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from timebank.domain.local_time import rfc3339, whole_minutes
from timebank.domain.policies import Origin

Value = None | bool | int | str | list[list[str | int]] | list[str]
Document = dict[str, Value]
Plan = Iterable[tuple[Origin, int]]

SCHEMA = 1


def _plan(plan: Plan) -> list[list[str | int]]:
    return [[str(origin), minutes] for origin, minutes in plan]


@dataclass(frozen=True, slots=True)
class ServedHours:
    """A verified record, with its four roles."""

    record_id: str
    number: str
    station_id: str
    volunteer_id: str
    elder_id: str
    entered_by: str
    confirmed_by: str
    confirmed_how: str
    verified_by: str
    service_code: str
    started_at: datetime
    ended_at: datetime
    source: str
    in_group: bool
    slip_number: str | None
    to_member: int
    to_pool: int
    commended: int
    redemption_id: str | None = None
    plan: tuple[tuple[Origin, int], ...] = ()
    card_version: int | None = None


def hours_document(served: ServedHours) -> Document:
    """For `earn` and `care`. `plan`: from which purses the receiver pays (care only)."""
    return {
        "schema": SCHEMA,
        "type": "hours",
        "record": served.record_id,
        "number": served.number,
        "station": served.station_id,
        "volunteer": served.volunteer_id,
        "elder": served.elder_id,
        "entered_by": served.entered_by,
        "confirmed_by": served.confirmed_by,
        "confirmed_how": served.confirmed_how,
        "verified_by": served.verified_by,
        "service": served.service_code,
        "started_at": rfc3339(served.started_at),
        "ended_at": rfc3339(served.ended_at),
        "minutes": whole_minutes(served.started_at, served.ended_at),
        "source": served.source,
        "in_group": served.in_group,
        "slip": served.slip_number,
        "to_member": served.to_member,
        "to_pool": served.to_pool,
        "commended": served.commended,
        "redemption": served.redemption_id,
        "plan": _plan(served.plan),
        "card": served.card_version,
    }


def hold_document(
    *,
    redemption_id: str,
    station_id: str,
    member_id: str,
    receiver_id: str,
    service_code: str,
    minutes: int,
    plan: Plan,
) -> Document:
    """For the `hold` of a redemption and for its `release`. `minutes`: the care that was asked for."""
    return {
        "schema": SCHEMA,
        "type": "redemption",
        "redemption": redemption_id,
        "station": station_id,
        "member": member_id,
        "receiver": receiver_id,
        "service": service_code,
        "minutes": minutes,
        "plan": _plan(plan),
    }


@dataclass(frozen=True, slots=True)
class Delivered:
    """What was delivered of a redemption, by whom, and who recorded it."""

    redemption_id: str
    station_id: str
    member_id: str
    receiver_id: str
    service_code: str
    held: int
    delivered: int
    used: int
    provider_station_id: str | None
    volunteer_id: str | None
    delivered_by: str
    delivered_at: datetime
    settled_by: str


def settle_document(delivered: Delivered) -> Document:
    """For `settle`."""
    return {
        "schema": SCHEMA,
        "type": "delivery",
        "redemption": delivered.redemption_id,
        "station": delivered.station_id,
        "member": delivered.member_id,
        "receiver": delivered.receiver_id,
        "service": delivered.service_code,
        "held": delivered.held,
        "delivered": delivered.delivered,
        "used": delivered.used,
        "provider": delivered.provider_station_id,
        "volunteer": delivered.volunteer_id,
        "delivered_by": delivered.delivered_by,
        "delivered_at": rfc3339(delivered.delivered_at),
        "settled_by": delivered.settled_by,
    }


@dataclass(frozen=True, slots=True)
class Moved:
    """A gift, donation or grant."""

    transfer_id: str
    kind: str
    giver_id: str | None
    receiver_id: str | None
    relation: str | None
    minutes: int
    plan: tuple[tuple[Origin, int], ...]
    asked_by: str
    approved_by: str | None
    reason: str | None
    groups: tuple[str, ...] = ()


def transfer_document(moved: Moved) -> Document:
    """For `gift`, `donate` and `grant`, and for the hold that waits before a gift is carried out."""
    return {
        "schema": SCHEMA,
        "type": "transfer",
        "transfer": moved.transfer_id,
        "kind": moved.kind,
        "giver": moved.giver_id,
        "receiver": moved.receiver_id,
        "relation": moved.relation,
        "minutes": moved.minutes,
        "plan": _plan(moved.plan),
        "asked_by": moved.asked_by,
        "approved_by": moved.approved_by,
        "reason": moved.reason,
        "groups": list(moved.groups),
    }


def clearing_document(*, transfer_id: str, book: str, member_number: str, minutes: int) -> Document:
    """For `clear` into another book, to be shown to that book: whom it is for there, by member number."""
    return {
        "schema": SCHEMA,
        "type": "clearing",
        "transfer": transfer_id,
        "book": book,
        "member": member_number,
        "minutes": minutes,
    }


def returned_document(*, transfer_id: str, of: int, refusal: str) -> Document:
    """For the `reverse` of a `clear` that the other book refused; `refusal` is the note that it signed."""
    return {"schema": SCHEMA, "type": "returned", "transfer": transfer_id, "of": of, "refusal": refusal}


def estate_document(
    *, estate_id: str, person_id: str, died_on: date, heirs: Iterable[str], settled_by: str
) -> Document:
    """For `inherit` and `retire`: whose hours they were, who the heirs are, who settled."""
    return {
        "schema": SCHEMA,
        "type": "estate",
        "estate": estate_id,
        "person": person_id,
        "died_on": died_on.isoformat(),
        "heirs": list(heirs),
        "settled_by": settled_by,
    }


def lapse_document(*, person_id: str, origin: Origin, last_at: str, contacts: Iterable[str]) -> Document:
    """For `expire`: whose purse it was, when an entry touched it last, and the days on which the holder was asked."""
    return {
        "schema": SCHEMA,
        "type": "lapse",
        "person": person_id,
        "origin": str(origin),
        "last_at": last_at,
        "contacts": list(contacts),
    }


def grant_lapse_document(*, person_id: str, parts: Iterable[tuple[int, int, str]]) -> Document:
    """For `expire` of what was granted under a programme: (entry of the grant, minutes left of it, the day)."""
    lines: list[list[str | int]] = [[seq, minutes, day] for seq, minutes, day in parts]
    return {
        "schema": SCHEMA,
        "type": "grant_lapse",
        "person": person_id,
        "origin": str(Origin.GRANTED),
        "parts": lines,
    }


def import_document(
    *, import_id: str, line: int, person_id: str, minutes: int, file_digest: str, proposed_by: str, approved_by: str
) -> Document:
    """For `clear` of hours that another system kept: which line of which sheet, and the two people who let it be."""
    return {
        "schema": SCHEMA,
        "type": "import",
        "import": import_id,
        "line": line,
        "person": person_id,
        "minutes": minutes,
        "file": file_digest,
        "proposed_by": proposed_by,
        "approved_by": approved_by,
    }


def reversal_document(*, reversal_id: str, of: int, reason: str, asked_by: str, decided_by: str) -> Document:
    """For `reverse`."""
    return {
        "schema": SCHEMA,
        "type": "reversal",
        "reversal": reversal_id,
        "of": of,
        "reason": reason,
        "asked_by": asked_by,
        "decided_by": decided_by,
    }
