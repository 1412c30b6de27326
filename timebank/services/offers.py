"""Offers: a volunteer says when, with what and how far away help is possible; the station sees insurance papers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from timebank.domain.errors import MemberNotActive, NotFound, OfferEnded, OfferInvalid
from timebank.domain.local_time import local_day
from timebank.domain.needs import GENDER_LABELS, LANGUAGE_LABELS, check_risk
from timebank.domain.offers import check_times
from timebank.domain.roles import Actor, require, require_at, stations_of
from timebank.storage.offers import Offer
from timebank.storage.unit import Bank, Unit


@dataclass(frozen=True, slots=True)
class MakeOffer:
    """An offer as it is told. `far_metres` None: as far as the care rules call far. `risk`: what to watch out for."""

    weekdays: Sequence[int]
    start: str
    end: str
    services: Sequence[str]
    risk: str
    far_metres: int | None = None
    languages: Sequence[str] = ()
    gender_wish: str = ""
    insured_until: date | None = None


@dataclass(frozen=True, slots=True)
class OfferView:
    """An offer as its volunteer and the station see it."""

    id: str
    person_id: str
    person: str
    number: str
    station_id: str
    weekdays: tuple[int, ...]
    start: str
    end: str
    services: tuple[tuple[str, str], ...]
    """(Chinese, English) names."""
    service_codes: tuple[str, ...]
    far_metres: int
    languages: tuple[str, ...]
    gender_wish: str
    insured_until: date | None
    insurance_seen: bool
    risk: str
    valid_until: date
    state: str


def make(bank: Bank, actor: Actor, form: MakeOffer, person_id: str = "", *, now: datetime) -> OfferView:
    """A volunteer's offer, valid for the days of the care rules; the station enters one for who asks at the desk.

    Raises OfferInvalid, RiskTextMissing, MemberNotActive, NotFound, CareRulesMissing, Forbidden.
    """
    check_times(form.weekdays, form.start, form.end)
    check_risk(form.risk)
    with bank.unit() as unit:
        who = person_id or actor.person_id
        membership = unit.members.get(who)
        if membership is None:
            raise NotFound
        if person_id:
            require_at(actor, "offers.check", membership.station_id, unit.network.parents())
        else:
            require(actor, "offers.make")
        if membership.state != "active":
            raise MemberNotActive
        rules = unit.care_at(now).needs
        _check_choices(unit, form, rules.far_metres)
        row = Offer(
            book=unit.origin,
            id=bank.new_id(now),
            person_id=who,
            station_id=membership.station_id,
            weekdays=" ".join(str(one) for one in sorted(set(form.weekdays))),
            from_clock=form.start,
            to_clock=form.end,
            services=" ".join(sorted(set(form.services))),
            far_metres=form.far_metres or rules.far_metres,
            languages=" ".join(sorted(set(form.languages))),
            gender_wish=form.gender_wish,
            insured_until=form.insured_until,
            risk_sealed=unit.seal_for(who, form.risk.strip()),
            valid_until=local_day(now) + timedelta(days=rules.offer_days),
            state="open",
            made_at=now,
            version=1,
        )
        unit.offers.add(row)
        unit.flush()
        return _views(unit, [row])[0]


def mine(bank: Bank, actor: Actor) -> tuple[OfferView, ...]:
    """The actor's offers, the newest first."""
    with bank.read() as unit:
        return _views(unit, unit.offers.of_person(actor.person_id))


def end(bank: Bank, actor: Actor, offer_id: str) -> OfferView:
    """The volunteer takes an offer back. Raises NotFound, OfferEnded."""
    with bank.unit() as unit:
        row = unit.offers.get(offer_id, lock=True)
        if row is None or row.person_id != actor.person_id:
            raise NotFound
        if row.state != "open":
            raise OfferEnded
        row.state = "ended"
        unit.flush()
        return _views(unit, [row])[0]


def at_stations(bank: Bank, actor: Actor, *, now: datetime) -> tuple[OfferView, ...]:
    """The valid offers of the volunteers of the actor's stations."""
    with bank.read() as unit:
        stations = stations_of(actor, "offers.read", unit.network.parents())
        return _views(unit, unit.offers.open_at(stations, local_day(now), limit=200))


def see_insurance(bank: Bank, actor: Actor, offer_id: str, *, now: datetime) -> OfferView:
    """A worker has seen the insurance paper; from now on it counts. Nobody vouches for the own one.

    Raises NotFound, Forbidden, OfferEnded, OfferInvalid where no day was told.
    """
    with bank.unit() as unit:
        row = unit.offers.get(offer_id, lock=True)
        if row is None or row.person_id == actor.person_id:
            raise NotFound
        require_at(actor, "offers.check", row.station_id, unit.network.parents())
        if row.state != "open":
            raise OfferEnded
        if row.insured_until is None or row.insured_until < local_day(now):
            raise OfferInvalid
        row.insurance_seen_by = actor.person_id
        unit.flush()
        return _views(unit, [row])[0]


def end_due(bank: Bank, *, now: datetime) -> int:
    """Offers end when their days are over. Gives how many."""
    with bank.unit() as unit:
        due = unit.offers.expired(local_day(now))
        for offer_id in due:
            row = unit.offers.get(offer_id, lock=True)
            if row is not None:
                row.state = "ended"
        return len(due)


def _check_choices(unit: Unit, form: MakeOffer, far_metres: int) -> None:
    offered = {service.code for service in unit.catalogue.services() if service.active}
    known = (
        bool(form.services) and set(form.services) <= offered,
        set(form.languages) <= set(LANGUAGE_LABELS),
        form.gender_wish in ("", *GENDER_LABELS),
        form.far_metres is None or 0 < form.far_metres <= far_metres,
    )
    if not all(known):
        raise OfferInvalid


def _views(unit: Unit, rows: Iterable[Offer]) -> tuple[OfferView, ...]:
    rows = list(rows)
    people = unit.persons({row.person_id for row in rows})
    services = {service.code: (service.name, service.name_en) for service in unit.catalogue.services()}
    members = {row.person_id: unit.members.get(row.person_id) for row in rows}
    found = []
    for row in rows:
        membership = members[row.person_id]
        found.append(
            OfferView(
                id=row.id,
                person_id=row.person_id,
                person=people[row.person_id].name if row.person_id in people else "",
                number=membership.number if membership is not None else "",
                station_id=row.station_id,
                weekdays=tuple(int(one) for one in row.weekdays.split()),
                start=row.from_clock,
                end=row.to_clock,
                services=tuple(services.get(code, (code, code)) for code in row.services.split()),
                service_codes=tuple(row.services.split()),
                far_metres=row.far_metres,
                languages=tuple(row.languages.split()),
                gender_wish=row.gender_wish,
                insured_until=row.insured_until,
                insurance_seen=row.insurance_seen_by is not None,
                risk=unit.open_for(row.person_id, row.risk_sealed) or "",
                valid_until=row.valid_until,
                state=row.state,
            )
        )
    return tuple(found)
