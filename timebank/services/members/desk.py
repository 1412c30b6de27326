"""What the desk does for members: find, PIN and card, passwords, suspend, close."""

from __future__ import annotations

import base64
from datetime import datetime
from itertools import pairwise

from timebank.domain.errors import (
    CardUnknown,
    MemberClosed,
    MemberStateConflict,
    NotFound,
    PinTooSimple,
    ReasonMissing,
    StationNotOpen,
)
from timebank.domain.identity import (
    login_form,
    parse_member_number,
)
from timebank.domain.people import PersonData
from timebank.domain.roles import Actor, require, stations_of
from timebank.services.members.values import MemberView, at_my_station, require_member, view_of
from timebank.storage.accounts import give_login
from timebank.storage.ids import digest
from timebank.storage.leaving import close_membership
from timebank.storage.members import Membership
from timebank.storage.people import Look
from timebank.storage.unit import Bank, Unit

PIN_LENGTH = 6


def suspend(bank: Bank, actor: Actor, person_id: str, *, now: datetime) -> None:
    """Stop a membership for a while, or let it go on."""
    with bank.unit() as unit:
        membership = at_my_station(unit, actor, "members.suspend", person_id)
        if membership.state not in ("active", "suspended"):
            raise MemberStateConflict(state=membership.state)
        membership.state = "suspended" if membership.state == "active" else "active"


def close(bank: Bank, actor: Actor, person_id: str, *, now: datetime) -> None:
    """End a membership: only with empty purses and nothing open. Each purse gets its `close` entry.

    Raises BalanceLeft or OpenMattersLeft; what is left is used, given or donated first.
    """
    with bank.unit() as unit:
        membership = at_my_station(unit, actor, "members.close", person_id)
        if membership.state not in ("active", "suspended"):
            raise MemberStateConflict(state=membership.state)
        close_membership(unit, membership, actor.person_id, now=now)


def move(bank: Bank, actor: Actor, person_id: str, station_id: str, *, now: datetime) -> MemberView:
    """The member moves within the county: from now on another station looks after the account. All hours stay as they
    are; what is open stays where it was begun.

    Raises StationNotOpen, MemberStateConflict, NotFound, Forbidden.
    """
    with bank.unit() as unit:
        membership = at_my_station(unit, actor, "members.edit", person_id)
        station = unit.network.get_station(station_id)
        if station is None or station.kind != "station" or station.state != "open":
            raise StationNotOpen
        if membership.state not in ("active", "suspended") or station_id == membership.station_id:
            raise MemberStateConflict(state=membership.state)
        unit.rounds.end_of(person_id, actor.person_id, "moved", now)
        membership.station_id = station_id
        unit.tell(person_id, "station_changed", "station", station_id, now=now)
        unit.flush()
        return view_of(bank, unit, membership, now)


def see(bank: Bank, actor: Actor, person_id: str, *, now: datetime) -> MemberView:
    """One member: oneself, or one of the actor's stations. Raises NotFound for all others."""
    with bank.read() as unit:
        if person_id == actor.person_id:
            return view_of(bank, unit, require_member(unit, person_id), now)
        return view_of(bank, unit, at_my_station(unit, actor, "members.read", person_id), now)


def look(bank: Bank, actor: Actor, person_id: str, reason: str, *, now: datetime) -> MemberView:
    """An administrator sees personal data with a reason, and that is kept. Raises Forbidden, ReasonMissing."""
    require(actor, "personal.look")
    if not reason.strip():
        raise ReasonMissing
    with bank.unit() as unit:
        membership = require_member(unit, person_id)
        unit.people.add(
            Look(
                book=unit.origin,
                id=bank.new_id(now),
                actor_id=actor.person_id,
                person_id=person_id,
                reason=reason[:40],
                at=now,
            )
        )
        return view_of(bank, unit, membership, now)


def find(bank: Bank, actor: Actor, words: str, *, now: datetime) -> tuple[MemberView, ...]:
    """Members of the actor's stations by number, phone, or part of the name; all of them for no words."""
    words = words.strip()
    with bank.read() as unit:
        stations = stations_of(actor, "members.list", unit.network.parents())
        rows = unit.members.of_stations(stations)
        views = [view_of(bank, unit, row, now) for row in rows]
    if not words:
        return tuple(views)
    form = login_form(words)
    compact = words.replace(" ", "")
    return tuple(v for v in views if compact in v.number or words in v.data.name or form == v.data.phone)


def by_number(bank: Bank, number: str) -> str:
    """The person behind a member number. Raises MemberNumberInvalid, NotFound."""
    with bank.read() as unit:
        membership = unit.members.by_number(parse_member_number(number))
        if membership is None:
            raise NotFound
        return membership.person_id


def by_card(bank: Bank, secret: str) -> str:
    """The person whose card this is. Raises CardUnknown."""
    with bank.read() as unit:
        membership = unit.members.by_card(digest(secret))
        if membership is None:
            raise CardUnknown
        return membership.person_id


def set_pin(bank: Bank, actor: Actor, person_id: str, pin: str, *, now: datetime) -> None:
    """A new PIN, chosen by the elder at the desk. Raises PinTooSimple for rows, repeats and the birthday."""
    hashed = bank.passwords.hash(pin)
    with bank.unit() as unit:
        membership = _still_there(unit, actor, "members.pin", person_id)
        _check_pin(pin, unit.person(person_id))
        membership.pin_hash = hashed


def issue_card(bank: Bank, actor: Actor, person_id: str, *, now: datetime) -> str:
    """A new card: gives the secret for its QR code, once; the card before it is void."""
    secret = base64.urlsafe_b64encode(bank.random(24)).decode()
    with bank.unit() as unit:
        membership = _still_there(unit, actor, "members.card", person_id)
        membership.card_digest = digest(secret)
    return secret


def set_password(bank: Bank, actor: Actor, person_id: str, password: str, *, now: datetime) -> None:
    """A first or forgotten password, set at the desk; it must be changed at the next sign-in."""
    hashed = bank.passwords.hash(password)
    with bank.unit() as unit:
        _still_there(unit, actor, "members.pin", person_id)
        credential = unit.access.credential(person_id, lock=True)
        if credential is None:
            give_login(
                bank, unit, person_id, unit.person(person_id).phone, hashed, kind="phone", must_change=True, now=now
            )
        else:
            credential.password_hash, credential.changed_at, credential.must_change = hashed, now, True
        unit.access.revoke_sign_ins(person_id, now)


def _still_there(unit: Unit, actor: Actor, verb: str, person_id: str) -> Membership:
    """A member of my stations whose membership has not ended. Raises MemberClosed, NotFound."""
    membership = at_my_station(unit, actor, verb, person_id)
    if membership.state == "closed":
        raise MemberClosed
    return membership


def _check_pin(pin: str, data: PersonData) -> None:
    steps = {ord(after) - ord(before) for before, after in pairwise(pin)}
    birthday = data.born_on.strftime("%Y%m%d") if data.born_on else ""
    simple = len(pin) != PIN_LENGTH or not pin.isascii() or not pin.isdigit() or steps in ({0}, {1}, {-1})
    if simple or (birthday and pin in (birthday[2:], birthday[:6])):
        raise PinTooSimple(length=PIN_LENGTH)
