"""Goods and meals for points: what a station offers, who pays for it, and orders that hold points and goods."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ledger import Kind
from ledger.transfers import opposite, settle_postings
from timebank.domain.errors import (
    Invalid,
    MemberNotActive,
    NotFound,
    OutOfStock,
    PointsInvalid,
    PointsTooFew,
)
from timebank.domain.points import GOODS_KINDS, MOST_POINTS, OrderState, after, check_funding
from timebank.domain.roles import Actor, covers, permits, require, require_at, stations_of
from timebank.domain.states import Party
from timebank.services.points.values import (
    GoodsView,
    OrderView,
    account_of,
    goods_views,
    opened,
    order_views,
    rules_now,
)
from timebank.storage.points import Goods, PointsOrder
from timebank.storage.programmes import banks
from timebank.storage.unit import Bank, Unit

SYSTEM = "points"


@dataclass(frozen=True, slots=True)
class NewGoods:
    """What a station wants to offer. `funding`: funder → per cent."""

    station_id: str
    kind: str
    name: str
    name_en: str
    points: int
    stock: int
    funding: Mapping[str, int]


def offer(bank: Bank, actor: Actor, programme_id: str, new: NewGoods, *, now: datetime) -> GoodsView:
    """Offer goods or a meal. Raises FundingInvalid, PointsInvalid, Invalid, NotFound, Forbidden, ProgrammeNotOpen."""
    check_funding(new.funding)
    if new.kind not in GOODS_KINDS or not new.name.strip():
        raise Invalid
    if not 0 < new.points <= MOST_POINTS or not 0 <= new.stock <= MOST_POINTS:
        raise PointsInvalid
    with bank.read() as unit:
        require_at(actor, "points.run", new.station_id, unit.network.parents())
    theirs = opened(bank, programme_id)
    with theirs.unit() as there:
        row = Goods(
            book=there.origin,
            id=theirs.new_id(now),
            station_id=new.station_id,
            kind=new.kind,
            name=new.name.strip()[:60],
            name_en=(new.name_en.strip() or new.name.strip())[:60],
            points=new.points,
            stock=new.stock,
            funding=json.dumps(dict(new.funding)),
            offered=True,
            version=1,
        )
        there.points.add(row)
        there.flush()
        with bank.read() as unit:
            return goods_views(unit, [row])[0]


def restock(bank: Bank, actor: Actor, programme_id: str, goods_id: str, change: int, *, now: datetime) -> int:
    """Put goods in, or take some out; gives what is there now. Raises OutOfStock, NotFound, Forbidden."""
    theirs = opened(bank, programme_id)
    with theirs.unit() as there:
        row = _goods(there, goods_id)
        with bank.read() as unit:
            require_at(actor, "points.run", row.station_id, unit.network.parents())
        if row.stock + change < 0:
            raise OutOfStock(left=row.stock)
        if row.stock + change > MOST_POINTS:
            raise PointsInvalid
        row.stock += change
        return row.stock


def catalogue(bank: Bank, actor: Actor, programme_id: str) -> tuple[GoodsView, ...]:
    """What can be had for points, at all stations."""
    require(actor, "points.read")
    theirs = opened(bank, programme_id)
    with theirs.read() as there, bank.read() as unit:
        return goods_views(unit, [row for row in there.points.all_goods() if row.offered])


def order(
    bank: Bank, actor: Actor, programme_id: str, goods_id: str, quantity: int, person_id: str, *, now: datetime
) -> OrderView:
    """Order for oneself, or at the desk for a member of the station: points are held, goods are set aside.

    Raises OutOfStock, PointsTooFew, PointsInvalid, MemberNotActive, NotFound, Forbidden, ProgrammeNotOpen.
    """
    with bank.read() as unit:
        if person_id == actor.person_id:
            require(actor, "points.order")
            membership = unit.members.get(person_id)
        else:
            membership = unit.require_member_at(actor, "points.run", person_id)
        if membership is None or membership.state != "active":
            raise MemberNotActive
    theirs = opened(bank, programme_id)
    with theirs.unit() as there:
        goods = _goods(there, goods_id)
        if not goods.offered or not 0 < quantity <= 100:
            raise PointsInvalid
        if goods.stock < quantity:
            raise OutOfStock(left=goods.stock)
        rules, digest = rules_now(there, now)
        points = goods.points * quantity
        account = account_of(theirs, there, person_id, "member", actor.person_id, now)
        have = there.book.balance(account)
        if have < points:
            raise PointsTooFew(points=have, wanted=points)
        goods.stock -= quantity
        row = PointsOrder(
            book=there.origin,
            id=theirs.new_id(now),
            goods_id=goods.id,
            station_id=goods.station_id,
            person_id=person_id,
            quantity=quantity,
            points=points,
            state=str(OrderState.ORDERED),
            made_at=now,
            keep_until=now + timedelta(days=rules.pickup_days),
            version=1,
        )
        there.points.add(row)
        there.points.move(row, str(OrderState.ORDERED), actor.person_id, actor.via, now)
        row.hold_seq = there.append(
            Kind.HOLD,
            actor.person_id,
            [(account, -points), (there.escrow, points)],
            now=now,
            policy=digest,
            key=f"hold-{row.id}",
        ).seq
        return _view(bank, there, row)


def hand_over(bank: Bank, actor: Actor, programme_id: str, order_id: str, *, now: datetime) -> OrderView:
    """The desk hands the goods over; the points go to the station. Raises OrderStateConflict, NotFound, Forbidden."""
    theirs = opened(bank, programme_id)
    with theirs.unit() as there:
        row = _order(there, order_id)
        state = after(OrderState(row.state), "hand_over", _standing(bank, actor, row))
        hold = there.book.entry(row.hold_seq or 0)
        provider = account_of(theirs, there, row.station_id, "provider", actor.person_id, now)
        row.entry_seq = there.append(
            Kind.SETTLE,
            actor.person_id,
            settle_postings(hold, there.escrow, provider, row.points),
            now=now,
            of=hold.seq,
            policy=rules_now(there, now)[1],
            key=f"settle-{row.id}",
        ).seq
        there.points.move(row, str(state), actor.person_id, actor.via, now)
        return _view(bank, there, row)


def cancel(bank: Bank, actor: Actor, programme_id: str, order_id: str, *, now: datetime) -> OrderView:
    """The member or the desk cancels: the points come back, the goods are free again."""
    theirs = opened(bank, programme_id)
    with theirs.unit() as there:
        row = _order(there, order_id)
        _give_back(there, row, _standing(bank, actor, row), actor.person_id, actor.via, now)
        return _view(bank, there, row)


def cancel_forgotten(bank: Bank, *, now: datetime) -> int:
    """Orders that nobody fetched in time are cancelled, in every programme. Gives how many."""
    done = 0
    for theirs in banks(bank):
        with theirs.read() as there:
            forgotten = there.points.forgotten(now)
        for order_id in forgotten:
            with theirs.unit() as there:
                row = _order(there, order_id)
                if row.state == OrderState.ORDERED:
                    _give_back(there, row, frozenset({Party.SYSTEM}), SYSTEM, "job", now)
                    done += 1
    return done


def _give_back(there: Unit, row: PointsOrder, who: frozenset[Party], actor_id: str, via: str, now: datetime) -> None:
    state = after(OrderState(row.state), "cancel", who)
    hold = there.book.entry(row.hold_seq or 0)
    there.append(
        Kind.RELEASE,
        actor_id,
        opposite(hold.postings),
        now=now,
        of=hold.seq,
        policy=rules_now(there, now)[1],
        key=f"release-{row.id}",
    )
    _goods(there, row.goods_id).stock += row.quantity
    there.points.move(row, str(state), actor_id, via, now)


def my_orders(bank: Bank, actor: Actor, programme_id: str) -> tuple[OrderView, ...]:
    """The actor's own orders, the newest first."""
    require(actor, "points.order")
    theirs = opened(bank, programme_id)
    with theirs.read() as there:
        return _views(bank, there, there.points.orders(person_id=actor.person_id))


def station_orders(bank: Bank, actor: Actor, programme_id: str) -> tuple[OrderView, ...]:
    """The orders at the actor's stations, the newest first."""
    with bank.read() as unit:
        stations = stations_of(actor, "points.run", unit.network.parents())
    theirs = opened(bank, programme_id)
    with theirs.read() as there:
        return _views(bank, there, there.points.orders(station_ids=stations))


def _standing(bank: Bank, actor: Actor, row: PointsOrder) -> frozenset[Party]:
    """How the actor stands to an order. Raises NotFound for who has nothing to do with it."""
    if actor.person_id == row.person_id:
        return frozenset({Party.OWNER})
    with bank.read() as unit:
        if permits(actor, "points.run") and covers(actor, row.station_id, unit.network.parents(), "points.run"):
            return frozenset({Party.DESK})
    raise NotFound


def _goods(there: Unit, goods_id: str) -> Goods:
    row = there.points.goods(goods_id, lock=True)
    if row is None:
        raise NotFound
    return row


def _order(there: Unit, order_id: str) -> PointsOrder:
    row = there.points.order(order_id, lock=True)
    if row is None:
        raise NotFound
    return row


def _view(bank: Bank, there: Unit, row: PointsOrder) -> OrderView:
    return _views(bank, there, [row])[0]


def _views(bank: Bank, there: Unit, rows: list[PointsOrder]) -> tuple[OrderView, ...]:
    goods = {row.id: row for row in there.points.all_goods()}
    with bank.read() as unit:
        return order_views(unit, rows, goods)
