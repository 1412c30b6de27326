"""The station's side of needs: check and publish, reject, write down who was not there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from timebank.domain.errors import NeedStateConflict, RedemptionInPast
from timebank.domain.needs import ABSENT, STATE_LABELS, Funding, NeedState, after, check_reason
from timebank.domain.roles import Actor, RoleName, stations_of
from timebank.services.needs.post import DESK, open_up
from timebank.services.needs.values import NeedView, locked, standing, views
from timebank.storage.holding import end
from timebank.storage.needs import Absence, Need
from timebank.storage.unit import Bank, Unit


@dataclass(frozen=True, slots=True)
class Talk:
    """A volunteer who was often not there: somebody of the station talks with them. No sanction follows by itself."""

    person_id: str
    name: str
    times: int


def publish(bank: Bank, actor: Actor, need_id: str, *, now: datetime) -> NeedView:
    """The station has asked back and found it right: volunteers see it, masked. Where hours pay, they are set aside.

    Raises NotFound, Forbidden, NeedStateConflict, RedemptionInPast, each refusal of `domain.redemptions`.
    """
    with bank.unit() as unit:
        row = locked(unit, need_id, now)
        after(NeedState(row.state), "publish", standing(unit, actor, row))
        if row.wanted_at <= now:
            raise RedemptionInPast
        open_up(bank, unit, actor, row, now)
        unit.tell(row.elder_id, "need_published", "need", row.id, now=now)
        return views(unit, actor, [row])[0]


def reject(bank: Bank, actor: Actor, need_id: str, reason: str | None, text: str = "", *, now: datetime) -> NeedView:
    """The station doesn't publish it, and says why. Raises NotFound, Forbidden, NeedStateConflict, ReasonMissing."""
    check_reason("reject", reason, text)
    with bank.unit() as unit:
        row = locked(unit, need_id, now)
        state = after(NeedState(row.state), "reject", standing(unit, actor, row))
        sealed = unit.seal_for(row.elder_id, text.strip()) if text.strip() else None
        unit.needs.move(row, str(state), actor.person_id, actor.via, now, reason, sealed)
        unit.tell(row.elder_id, "need_rejected", "need", row.id, now=now)
        return views(unit, actor, [row])[0]


def no_show(bank: Bank, actor: Actor, need_id: str, reason: str | None, text: str = "", *, now: datetime) -> NeedView:
    """The time has come and it did not take place, by whom: what was set aside goes back, the fact stays with the need.

    Who is absent as often as the care rules say is named to the station's workers; nothing else happens by itself.
    Raises NotFound, Forbidden, NeedStateConflict, ReasonMissing, CareRulesMissing.
    """
    check_reason("no_show", reason, text)
    with bank.unit() as unit:
        row = locked(unit, need_id, now)
        state = after(NeedState(row.state), "no_show", standing(unit, actor, row))
        if row.wanted_at > now:
            raise NeedStateConflict(state=STATE_LABELS[NeedState(row.state)])
        if row.redemption_id is not None:
            request = unit.redemptions.get(row.redemption_id, lock=True)
            if request is not None:
                end(unit, actor, request, "no_show", DESK, now, reason)
        sealed = unit.seal_for(row.elder_id, text.strip()) if text.strip() else None
        unit.needs.move(row, str(state), actor.person_id, actor.via, now, reason, sealed)
        _absent(bank, unit, row, ABSENT.get(reason or ""), now)
        return views(unit, actor, [row])[0]


def provide(bank: Bank, actor: Actor, need_id: str, *, now: datetime) -> NeedView:
    """Somebody was paid with money to do it (purchased, own cost, charity): it is done, and nobody earns hours by it.

    Who had taken it on is told that it isn't needed any more. Raises NotFound, Forbidden, NeedStateConflict before the
    time and where hours pay.
    """
    with bank.unit() as unit:
        row = locked(unit, need_id, now)
        state = after(NeedState(row.state), "provide", standing(unit, actor, row))
        if row.funding == Funding.TIME or row.wanted_at > now:
            raise NeedStateConflict(state=STATE_LABELS[NeedState(row.state)])
        for helper in unit.needs.helpers([row.id])[row.id]:
            unit.tell(helper.person_id, "need_cancelled", "need", row.id, now=now)
        unit.needs.move(row, str(state), actor.person_id, actor.via, now)
        return views(unit, actor, [row])[0]


def talks(bank: Bank, actor: Actor, *, now: datetime) -> tuple[Talk, ...]:
    """Volunteers of the actor's stations with whom somebody should talk, by the number of times they were absent."""
    with bank.read() as unit:
        most = unit.care_at(now).needs.no_shows_most
        stations = stations_of(actor, "needs.read", unit.network.parents())
        people = {row.person_id for row in unit.members.of_stations(stations)}
        times = {one: n for one, n in unit.needs.absences(people, "volunteer").items() if n >= most}
        names = unit.persons(times)
        found = [Talk(one, names[one].name, n) for one, n in times.items() if one in names]
        return tuple(sorted(found, key=lambda one: (-one.times, one.person_id)))


def counts(bank: Bank, actor: Actor) -> dict[str, int]:
    """How many needs are at the actor's stations, by state."""
    with bank.read() as unit:
        return unit.needs.counts(stations_of(actor, "needs.read", unit.network.parents()))


def _absent(bank: Bank, unit: Unit, row: Need, side: str | None, now: datetime) -> None:
    if side is None:
        return
    helpers = [one.person_id for one in unit.needs.helpers([row.id])[row.id] if one.record_id is None]
    people = helpers if side == "volunteer" else [row.elder_id]
    for person_id in people:
        unit.needs.add(
            Absence(book=unit.origin, id=bank.new_id(now), need_id=row.id, person_id=person_id, side=side, at=now)
        )
    unit.flush()
    most = unit.care_at(now).needs.no_shows_most
    if side == "volunteer" and any(n >= most for n in unit.needs.absences(people, side).values()):
        for grant in unit.access.all_roles():
            if grant.role == RoleName.WORKER and grant.station_id == row.station_id:
                unit.tell(grant.person_id, "no_show_talk", "need", row.id, now=now)
