"""The list of dishonest organisations: proposed and confirmed by two people, ending by itself. Never a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from timebank.domain.credit_files import (
    S,
    after,
    check_listing,
    check_step,
    check_texts,
    shown_state,
    verbs_open,
)
from timebank.domain.errors import Forbidden, Invalid, NotFound, OrganisationsOnly
from timebank.domain.identity import normalize_uscc
from timebank.domain.local_time import local_day
from timebank.domain.roles import Actor, permits, require, require_second_person
from timebank.services.credit_files.history import StepView, steps
from timebank.storage.credit_files import Listing
from timebank.storage.unit import Bank, Unit


@dataclass(frozen=True, slots=True)
class ListingView:
    """An organisation on the list."""

    id: str
    uscc: str
    name: str
    text: str
    decision_number: str
    starts_on: date
    ends_on: date
    state: str
    verbs: tuple[str, ...]


def propose(
    bank: Bank, actor: Actor, uscc: str, text: str, decision_number: str, starts_on: date, ends_on: date, *,
    now: datetime,
) -> ListingView:  # fmt: skip
    """Propose that an organisation of the network be listed. A second person of the county confirms it.

    Raises Forbidden, Invalid, UsccInvalid, OrganisationsOnly, BlacklistTooLong.
    """
    require(actor, "listings.propose")
    code = normalize_uscc(uscc)
    check_texts(text, decision_number)
    with bank.unit() as unit:
        operator = unit.organisations.by_uscc(code)
        if operator is None:
            raise OrganisationsOnly
        name = operator.name
        check_listing(unit.care_at(now), starts_on, ends_on)
        row = Listing(
            book=unit.origin,
            id=bank.new_id(now),
            uscc=code,
            name=name,
            text=text.strip(),
            decision_number=decision_number.strip(),
            starts_on=starts_on,
            ends_on=ends_on,
            state=str(S.PROPOSED),
            proposed_by=actor.person_id,
            proposed_at=now,
            version=1,
        )
        unit.credit_files.add(row)
        unit.flush()
        unit.credit_files.move(row, "propose", S.PROPOSED, actor.person_id, now)
        return _listing(unit, actor, row, now)


def step_listing(bank: Bank, actor: Actor, listing_id: str, verb: str, text: str = "", *, now: datetime) -> ListingView:
    """Confirm, object, strike out, keep. Who proposed never confirms, who confirmed never decides on the objection.

    Raises NotFound, Forbidden, Invalid, CreditStateConflict, CreditAppealLate, SecondPersonNeeded.
    """
    if verb == "repair":
        raise Invalid
    with bank.unit() as unit:
        row = unit.credit_files.listing(listing_id, lock=True)
        if row is None or not permits(actor, "credit_files.read"):
            raise NotFound
        if verb == "appeal":
            if not _works_for(unit, actor, row.uscc):
                raise Forbidden
        else:
            require(actor, "listings.decide")
            require_second_person(actor, row.proposed_by if verb == "confirm" else row.confirmed_by)
        state = after(row.state, verb)
        check_step(unit.care_at(now), verb, text, row.confirmed_at or row.proposed_at, now)
        if verb == "confirm":
            row.confirmed_by, row.confirmed_at = actor.person_id, now
        unit.credit_files.move(row, verb, state, actor.person_id, now, text.strip() or None)
        return _listing(unit, actor, row, now)


def _works_for(unit: Unit, actor: Actor, uscc: str) -> bool:
    """Whether the actor works at a station that this organisation runs."""
    operator = unit.organisations.by_uscc(uscc)
    run = {one.id for one in unit.network.stations() if operator is not None and one.operator_id == operator.id}
    return any(role.station_id in run and role.name != "member" for role in actor.roles)


def listings(bank: Bank, actor: Actor, *, now: datetime) -> tuple[ListingView, ...]:
    """Every organisation that was proposed or listed, the newest first. Raises Forbidden."""
    require(actor, "credit_files.read")
    with bank.read() as unit:
        return tuple(_listing(unit, actor, row, now) for row in unit.credit_files.listings())


def see_listing(
    bank: Bank, actor: Actor, listing_id: str, *, now: datetime
) -> tuple[ListingView, tuple[StepView, ...]]:
    """One listing and its history. Raises Forbidden, NotFound."""
    require(actor, "credit_files.read")
    with bank.read() as unit:
        row = unit.credit_files.listing(listing_id)
        if row is None:
            raise NotFound
        return _listing(unit, actor, row, now), steps(unit, listing_id, None)


def public_listings(bank: Bank, *, now: datetime) -> tuple[ListingView, ...]:
    """The organisations that are listed today: confirmed, begun, not expired, not objected to."""
    today = local_day(now)
    with bank.read() as unit:
        return tuple(
            _listing(unit, None, row, now)
            for row in unit.credit_files.listings()
            if row.state == S.IN_FORCE and row.starts_on <= today <= row.ends_on
        )


def _listing(unit: Unit, actor: Actor | None, row: Listing, now: datetime) -> ListingView:
    verbs: tuple[str, ...] = ()
    if actor is not None:
        decides = permits(actor, "listings.decide")
        may = {
            "confirm": decides and actor.person_id != row.proposed_by,
            "appeal": _works_for(unit, actor, row.uscc),
            "repair": False,
        }
        rest = decides and actor.person_id != row.confirmed_by
        verbs = tuple(verb for verb in verbs_open(row.state) if may.get(verb, rest))
    return ListingView(
        id=row.id,
        uscc=row.uscc,
        name=row.name,
        text=row.text,
        decision_number=row.decision_number,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        state=shown_state(row.state, row.ends_on, local_day(now)),
        verbs=verbs,
    )
