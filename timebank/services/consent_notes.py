"""Consent notes: the elder agrees that a helper carries papers, and says that they are back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from timebank.domain.consent_notes import check_note, require_out, whole_minute
from timebank.domain.errors import Invalid, MemberNotActive, NotFound, OwnCare
from timebank.domain.identity import matter_number
from timebank.domain.local_time import local_day
from timebank.domain.roles import Actor, covers, permits, require, stations_of
from timebank.storage.consent_notes import ConsentNote
from timebank.storage.presence import prove
from timebank.storage.unit import Bank, Unit

STATES = ("out", "back", "none")


@dataclass(frozen=True, slots=True)
class NewNote:
    """Which papers (none: the elder keeps them), who carries them in which service, from when to when."""

    elder_id: str
    helper_id: str
    service_code: str
    papers: str
    given_at: datetime
    due_at: datetime
    need_id: str | None = None
    redemption_id: str | None = None


@dataclass(frozen=True, slots=True)
class NoteView:
    """A note as its elder, helper and desk see it."""

    id: str
    number: str
    station_id: str
    elder_id: str
    elder: str
    helper_id: str
    helper: str
    service_code: str
    service: str
    service_en: str
    need_id: str | None
    redemption_id: str | None
    record_id: str | None
    papers: str
    given_at: datetime
    given_how: str
    due_at: datetime
    state: str
    back_at: datetime | None
    back_how: str | None
    overdue: bool
    may_return: bool
    """Whether this reader may say that the papers are back; the helper needs the elder's PIN or card for it."""
    helps: bool


@dataclass(frozen=True, slots=True)
class Booking:
    """Who helps whom with what, as it was agreed."""

    elder_id: str
    elder: str
    helper_id: str
    helper: str
    service_code: str
    started_at: datetime
    need_id: str | None = None
    redemption_id: str | None = None


def give(bank: Bank, actor: Actor, new: NewNote, *, pin: str = "", card: str = "", now: datetime) -> NoteView:
    """Write a note down: the elder, a proxy, the desk on the elder's word, or the helper with the elder's PIN or card.

    Raises NotFound for who has nothing to do with it, Invalid, OwnCare, MemberNotActive, PinWrong, PinNotSet,
    CardUnknown.
    """
    if new.elder_id == new.helper_id:
        raise OwnCare
    with bank.read() as unit:
        how = _standing(unit, actor, new.elder_id, new.helper_id, new.elder_id)
    if how == "helper":
        how = str(prove(bank, new.elder_id, pin=pin, card=card, now=now))
    papers = check_note(new.papers, whole_minute(new.given_at), new.due_at, now, at_desk=how == "desk")
    with bank.unit() as unit:
        for person_id in (new.elder_id, new.helper_id):
            membership = unit.members.get(person_id)
            if membership is None or membership.state != "active":
                raise MemberNotActive
        service = unit.catalogue.service(new.service_code)
        elder = unit.members.get(new.elder_id)
        if service is None or not service.carries_papers or elder is None:
            raise Invalid
        _require_booking(unit, new)
        year = local_day(now).year
        row = ConsentNote(
            book=unit.origin,
            id=bank.new_id(now),
            number=matter_number("P", year, unit.network.next_number(f"consent note {year}")),
            station_id=elder.station_id,
            elder_id=new.elder_id,
            helper_id=new.helper_id,
            service_code=new.service_code,
            need_id=new.need_id,
            redemption_id=new.redemption_id,
            papers_sealed=unit.seal_for(new.elder_id, papers) if papers else None,
            given_at=whole_minute(new.given_at),
            due_at=new.due_at,
            given_how=how,
            entered_by=actor.person_id,
            state="out" if papers else "none",
        )
        unit.consent_notes.add(row)
        unit.flush()
        return _views(unit, actor, [row], now)[0]


def give_back(bank: Bank, actor: Actor, note_id: str, *, pin: str = "", card: str = "", now: datetime) -> NoteView:
    """The papers are back with the elder. Raises NotFound, ConsentNoteReturned, PinWrong, PinNotSet, CardUnknown."""
    with bank.read() as unit:
        row = unit.consent_notes.get(note_id)
        if row is None:
            raise NotFound
        how = _standing(unit, actor, row.elder_id, row.helper_id, row.station_id, is_station=True)
        require_out(row.state)
        elder_id = row.elder_id
    if how == "helper":
        how = str(prove(bank, elder_id, pin=pin, card=card, now=now))
    with bank.unit() as unit:
        found = unit.consent_notes.get(note_id, lock=True)
        if found is None:
            raise NotFound
        require_out(found.state)
        found.state, found.back_at, found.back_how, found.back_by = "back", now, how, actor.person_id
        unit.flush()
        return _views(unit, actor, [found], now)[0]


def see(bank: Bank, actor: Actor, note_id: str, *, now: datetime) -> NoteView:
    """One note, for its elder, a proxy, the helper and the station's staff. Raises NotFound."""
    with bank.read() as unit:
        row = unit.consent_notes.get(note_id)
        if row is None or not _may_see(unit, actor, row):
            raise NotFound
        return _views(unit, actor, [row], now)[0]


def of_record(bank: Bank, actor: Actor, record_id: str, *, now: datetime) -> NoteView | None:
    """The note that stands before a record of hours, for who may see it."""
    with bank.read() as unit:
        row = unit.consent_notes.of_record(record_id)
        return _views(unit, actor, [row], now)[0] if row is not None and _may_see(unit, actor, row) else None


def mine(bank: Bank, actor: Actor, *, now: datetime) -> tuple[NoteView, ...]:
    """Notes of the actor as elder or helper, and of those for whom the actor acts, the newest first."""
    with bank.read() as unit:
        elders = [one.elder_id for one in unit.members.elders_of(actor.person_id)]
        rows = unit.consent_notes.of_person([actor.person_id, *elders])
        return _views(unit, actor, [row for row in rows if _may_see(unit, actor, row)], now)


def at_stations(bank: Bank, actor: Actor, state: str = "out", *, now: datetime) -> tuple[NoteView, ...]:
    """What is out at the actor's stations, what is due first, first; or what came back. Raises Forbidden, Invalid."""
    require(actor, "consent_notes.read")
    if state not in STATES:
        raise Invalid
    with bank.read() as unit:
        scope = stations_of(actor, "consent_notes.read", unit.network.parents())
        return _views(unit, actor, unit.consent_notes.at_stations(scope, state), now)


def booking(bank: Bank, actor: Actor, *, need_id: str | None, redemption_id: str | None) -> Booking:
    """What was agreed, so that the form begins with it. Raises NotFound for who has nothing to do with it."""
    with bank.read() as unit:
        found = _of_need(unit, need_id) if need_id else _of_redemption(unit, redemption_id or "")
        if found is None:
            raise NotFound
        _standing(unit, actor, found.elder_id, found.helper_id, found.elder_id)
        return found


def _of_need(unit: Unit, need_id: str) -> Booking | None:
    need = unit.needs.get(need_id)
    helpers = unit.needs.helpers([need_id]).get(need_id, []) if need else []
    if need is None or not helpers:
        return None
    people = unit.persons([need.elder_id, helpers[0].person_id])
    elder, helper = people[need.elder_id].name, people[helpers[0].person_id].name
    return Booking(
        need.elder_id, elder, helpers[0].person_id, helper, need.service_code, need.wanted_at, need_id=need.id
    )


def _of_redemption(unit: Unit, redemption_id: str) -> Booking | None:
    row = unit.redemptions.get(redemption_id)
    if row is None or row.volunteer_id is None:
        return None
    people = unit.persons([row.receiver_id, row.volunteer_id])
    elder, helper = people[row.receiver_id].name, people[row.volunteer_id].name
    return Booking(
        row.receiver_id, elder, row.volunteer_id, helper, row.service_code, row.wanted_at, redemption_id=row.id
    )


def _require_booking(unit: Unit, new: NewNote) -> None:
    """A note that names a need or a request is between the people of it. Raises NotFound."""
    for found in (
        _of_need(unit, new.need_id) if new.need_id else None,
        _of_redemption(unit, new.redemption_id) if new.redemption_id else None,
    ):
        told = (new.elder_id, new.helper_id, new.service_code)
        if found is not None and (found.elder_id, found.helper_id, found.service_code) == told:
            return
    if new.need_id or new.redemption_id:
        raise NotFound


def _standing(unit: Unit, actor: Actor, elder_id: str, helper_id: str, place: str, *, is_station: bool = False) -> str:
    """How the actor stands to a note: self, proxy, desk or helper. `place`: the station, or the elder whose it is.

    Raises NotFound.
    """
    if actor.person_id == elder_id:
        return "self"
    if actor.person_id == helper_id:
        return "helper"
    if unit.members.is_proxy(elder_id, actor.person_id):
        return "proxy"
    membership = None if is_station else unit.members.get(place)
    station_id = place if is_station else membership.station_id if membership else ""
    if permits(actor, "consent_notes.run") and covers(actor, station_id, unit.network.parents(), "consent_notes.run"):
        return "desk"
    raise NotFound


def _may_see(unit: Unit, actor: Actor, row: ConsentNote) -> bool:
    if actor.person_id in (row.elder_id, row.helper_id) or unit.members.is_proxy(row.elder_id, actor.person_id):
        return True
    return covers(actor, row.station_id, unit.network.parents(), "consent_notes.read")


def _views(unit: Unit, actor: Actor, rows: list[ConsentNote], now: datetime) -> tuple[NoteView, ...]:
    people = unit.persons({one for row in rows for one in (row.elder_id, row.helper_id)})
    services = {one.code: one for one in unit.catalogue.services()}
    parents = unit.network.parents()
    found = []
    for row in rows:
        service = services.get(row.service_code)
        runs = permits(actor, "consent_notes.run") and covers(actor, row.station_id, parents, "consent_notes.run")
        party = actor.person_id in (row.elder_id, row.helper_id) or unit.members.is_proxy(row.elder_id, actor.person_id)
        found.append(
            NoteView(
                id=row.id,
                number=row.number,
                station_id=row.station_id,
                elder_id=row.elder_id,
                elder=people[row.elder_id].name,
                helper_id=row.helper_id,
                helper=people[row.helper_id].name,
                service_code=row.service_code,
                service=service.name if service else row.service_code,
                service_en=service.name_en if service else row.service_code,
                need_id=row.need_id,
                redemption_id=row.redemption_id,
                record_id=row.record_id,
                papers=unit.open_for(row.elder_id, row.papers_sealed) or "",
                given_at=row.given_at,
                given_how=row.given_how,
                due_at=row.due_at,
                state=row.state,
                back_at=row.back_at,
                back_how=row.back_how,
                overdue=row.state == "out" and row.due_at < now,
                may_return=row.state == "out" and (party or runs),
                helps=actor.person_id == row.helper_id,
            )
        )
    return tuple(found)
