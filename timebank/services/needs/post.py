"""Posting a need, cancelling it, and taking the cancelling back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from timebank.domain.catalogue import Place, place_allowed
from timebank.domain.errors import MemberNotActive, NeedInvalid, NeedStateConflict, NotFound, PlaceNotAllowed
from timebank.domain.identity import matter_number
from timebank.domain.kin import Relation
from timebank.domain.local_time import local_day
from timebank.domain.needs import (
    GENDER_LABELS,
    LANGUAGE_LABELS,
    STATE_LABELS,
    Funding,
    NeedState,
    after,
    check_reason,
    check_risk,
    helpers_needed,
)
from timebank.domain.redemptions import Wish, check_undo, expires_at, wish_refusals
from timebank.domain.roles import Actor
from timebank.domain.states import Party
from timebank.services.needs.values import NeedView, locked, standing, views
from timebank.storage.holding import AskForCare, check_wish, end, hold, who_asks
from timebank.storage.needs import Need
from timebank.storage.unit import Bank, Unit

DESK = frozenset({Party.DESK})


@dataclass(frozen=True, slots=True)
class PostNeed:
    """A need as it is told: for whom, what, how long, when, where, who pays, what could go wrong.

    `by_phone` says that a worker enters it on request by phone; it counts at the desk alone.
    """

    elder_id: str
    service_code: str
    minutes: int
    wanted_at: datetime
    risk: str
    funding: str = "time"
    place: str = ""
    note: str = ""
    language: str = ""
    gender_wish: str = ""
    by_phone: bool = False


def post(bank: Bank, actor: Actor, form: PostNeed, *, now: datetime) -> NeedView:
    """The elder, a proxy, or the elder's station posts a need. Volunteers see it once the station has checked it.

    Where hours pay, they must be there now, and are set aside when it is published. Raises each refusal of
    `domain.redemptions`, NeedInvalid, RiskTextMissing, PlaceNotAllowed, MemberNotActive, NotFound, ProxyNotRecorded.
    """
    check_risk(form.risk)
    _check_choices(form)
    with bank.unit() as unit:
        membership = unit.members.get(form.elder_id)
        if membership is None:
            raise NotFound
        who, station_id = who_asks(unit, actor, membership, "needs.post_at_desk")
        if membership.state != "active":
            raise MemberNotActive
        _check_care(unit, form, now)
        row = _row(bank, unit, actor, form, station_id, who, now)
        unit.needs.add(row)
        unit.flush()
        unit.needs.move(row, str(after(None, "post", who)), actor.person_id, actor.via, now)
        return views(unit, actor, [row])[0]


def cancel(bank: Bank, actor: Actor, need_id: str, reason: str | None, text: str = "", *, now: datetime) -> NeedView:
    """The elder, a proxy or the desk takes the need back. What was set aside returns, whoever took it on is told.

    Raises NotFound, Forbidden, NeedStateConflict, ReasonMissing, WordsMissing.
    """
    check_reason("cancel", reason, text)
    with bank.unit() as unit:
        row = locked(unit, need_id, now)
        who = standing(unit, actor, row)
        state = after(NeedState(row.state), "cancel", who)
        if row.redemption_id is not None:
            request = unit.redemptions.get(row.redemption_id, lock=True)
            if request is not None:
                end(unit, actor, request, "cancel", DESK, now, reason)
        for helper in unit.needs.helpers([row.id])[row.id]:
            unit.tell(helper.person_id, "need_cancelled", "need", row.id, now=now, urgent=True)
        sealed = unit.seal_for(row.elder_id, text.strip()) if text.strip() else None
        unit.needs.move(row, str(state), actor.person_id, actor.via, now, reason, sealed)
        return views(unit, actor, [row])[0]


def restore(bank: Bank, actor: Actor, need_id: str, *, now: datetime) -> NeedView:
    """Take the cancelling back within the policy's minutes. What was published is open again, with a new hold.

    Who had taken it on was told that it is off, so it looks for a volunteer anew. Raises UndoTooLate,
    NeedStateConflict, Forbidden, NotFound, and what `post` raises where hours pay.
    """
    with bank.unit() as unit:
        row = locked(unit, need_id, now)
        state = after(NeedState(row.state), "restore", standing(unit, actor, row))
        last = unit.needs.events(need_id)[-1]
        check_undo(unit.policy_at(now)[0], last.at, now)
        if row.wanted_at <= now:
            raise NeedStateConflict(state=STATE_LABELS[NeedState.EXPIRED])
        for helper in unit.needs.helpers([row.id])[row.id]:
            unit.needs.remove(helper)
        row.redemption_id = None
        unit.needs.move(row, str(state), actor.person_id, actor.via, now)
        if last.state_before in (NeedState.OPEN, NeedState.TAKEN):
            open_up(bank, unit, actor, row, now)
        return views(unit, actor, [row])[0]


def open_up(bank: Bank, unit: Unit, actor: Actor, row: Need, now: datetime) -> None:
    """Show the need to volunteers; where hours pay, set them aside. The station has checked it before."""
    state = after(NeedState(row.state), "publish", DESK)
    if row.funding == Funding.TIME:
        unit.members.get(row.elder_id, lock=True)
        wish = AskForCare(row.elder_id, row.elder_id, row.service_code, row.minutes, row.wanted_at)
        row.redemption_id = hold(bank, unit, actor, wish, DESK, row.station_id, now).id
    unit.needs.move(row, str(state), actor.person_id, actor.via, now)
    unit.announce("need.published", {"need": row.id, "station": row.station_id}, now=now)


def _check_choices(form: PostNeed) -> None:
    known = (
        form.funding in set(Funding),
        form.language in ("", *LANGUAGE_LABELS),
        form.gender_wish in ("", *GENDER_LABELS),
        form.place in ("", *Place),
    )
    if not all(known):
        raise NeedInvalid


def _check_care(unit: Unit, form: PostNeed, now: datetime) -> None:
    policy, _ = unit.policy_at(now)
    service = unit.catalogue.service(form.service_code)
    wish = Wish(form.service_code, form.minutes, form.wanted_at, Relation.SELF)
    for error in wish_refusals(wish, policy, service, now):
        raise error
    if service is None or not place_allowed(service, place_of(service.place, form.place)):
        raise PlaceNotAllowed
    if form.funding == Funding.TIME:
        check_wish(unit, AskForCare(form.elder_id, form.elder_id, form.service_code, form.minutes, form.wanted_at), now)


def place_of(usual: Place, told: str) -> Place:
    """Where it is: as told, else the usual place of the item, else the elder's home."""
    return Place(told) if told else usual if usual is not Place.ANY else Place.HOME


def _row(
    bank: Bank, unit: Unit, actor: Actor, form: PostNeed, station_id: str, who: frozenset[Party], now: datetime
) -> Need:
    service = unit.catalogue.service(form.service_code)
    if service is None:
        raise NeedInvalid
    how = "self" if Party.OWNER in who else "proxy" if Party.PROXY in who else "phone" if form.by_phone else "desk"
    year = local_day(now).year
    return Need(
        book=unit.origin,
        id=bank.new_id(now),
        number=matter_number("N", year, unit.network.next_number(f"need {year}")),
        station_id=station_id,
        elder_id=form.elder_id,
        posted_by=actor.person_id,
        posted_how=how,
        service_code=form.service_code,
        minutes=form.minutes,
        wanted_at=form.wanted_at,
        ended_at=form.wanted_at + timedelta(minutes=form.minutes),
        place=str(place_of(service.place, form.place)),
        funding=form.funding,
        language=form.language,
        gender_wish=form.gender_wish,
        helpers=helpers_needed(service),
        risk_sealed=unit.seal_for(form.elder_id, form.risk.strip()),
        note_sealed=unit.seal_for(form.elder_id, form.note.strip()) if form.note.strip() else None,
        state="posted",
        posted_at=now,
        expires_at=expires_at(unit.policy_at(now)[0], form.wanted_at, now),
        version=1,
    )
