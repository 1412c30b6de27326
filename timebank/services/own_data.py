"""All that is kept of a person, as one JSON document: for the person (PIPL, article 45), or printed by the desk."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from timebank.domain.errors import NotFound, PersonErased
from timebank.domain.roles import Actor, require
from timebank.storage.people import Look
from timebank.storage.unit import Bank, Unit

FORMAT = "timebank personal data v1"


def own(bank: Bank, actor: Actor, *, now: datetime) -> dict[str, Any]:
    """All data of the actor. Raises Forbidden, NotFound, PersonErased."""
    require(actor, "members.export_own")
    with bank.read() as unit:
        return _gathered(unit, actor.person_id, now)


def of_member(bank: Bank, actor: Actor, person_id: str, *, now: datetime) -> dict[str, Any]:
    """The same at the desk, for the member; that it was looked at is kept. Raises Forbidden, NotFound, PersonErased."""
    with bank.unit() as unit:
        unit.require_member_at(actor, "erasures.request", person_id)
        unit.people.add(
            Look(
                book=unit.origin,
                id=bank.new_id(now),
                actor_id=actor.person_id,
                person_id=person_id,
                reason="export for the member",
                at=now,
            )
        )
        unit.flush()
        return _gathered(unit, person_id, now)


def _gathered(unit: Unit, person_id: str, now: datetime) -> dict[str, Any]:
    """Names of the tables → rows. Others stand in them by their opaque ids; secrets and their hashes are left out."""
    person, membership = unit.people.get(person_id), unit.members.get(person_id)
    if person is None or membership is None:
        raise NotFound
    if not person.wrapped_key:
        raise PersonErased
    tables = unit.privacy.kept_of(person_id)
    return {
        "format": FORMAT,
        "made_at": _plain(now),
        "person": {"id": person_id, **unit.person(person_id).to_json()},
        "balances_minutes": unit.balances(person_id),
        **{name: [_readable(unit, owner, row) for owner, row in rows] for name, rows in tables.items()},
    }


def _readable(unit: Unit, owner: str, row: dict[str, Any]) -> dict[str, Any]:
    """A row with its sealed columns opened under the owner's key, and `_sealed` gone from their names."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        if name == "sealed":
            found["document"] = unit.open_for(owner, value)
        elif name.endswith("_sealed"):
            found[name.removesuffix("_sealed")] = unit.open_for(owner, value)
        else:
            found[name] = _plain(value)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else value
