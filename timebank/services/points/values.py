"""What the pages and the API are given of programmes, goods and orders."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from ledger import Kind
from timebank.domain.errors import NotFound, ProgrammeNotOpen
from timebank.domain.local_time import add_months, local_day
from timebank.domain.lots import Lot, Movement, left_of
from timebank.domain.points import Rules, from_document
from timebank.domain.roles import Actor
from timebank.storage.points import Goods, PointsAccount, PointsOrder, Programme
from timebank.storage.programmes import bank_of
from timebank.storage.unit import Bank, Unit

BACK = (Kind.RELEASE, Kind.SETTLE, Kind.REVERSE)
"""What comes back is no new inflow: it undoes that something went out."""


@dataclass(frozen=True, slots=True)
class ProgrammeView:
    """A programme with its rules, what is in circulation, and what the actor has."""

    id: str
    origin: str
    state: str
    rules: Rules
    in_circulation: int
    mine: int
    lapsing: tuple[Lot, ...]
    """What the actor has that lapses, the earliest first."""
    may_decide: bool


@dataclass(frozen=True, slots=True)
class GoodsView:
    """Something that can be had for points. `funding`: (funder, per cent)."""

    id: str
    station_id: str
    station: str
    station_en: str
    kind: str
    name: str
    name_en: str
    points: int
    stock: int
    funding: tuple[tuple[str, int], ...]
    offered: bool


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order as its member and the station see it."""

    id: str
    goods: str
    goods_en: str
    station_id: str
    person_id: str
    name: str
    number: str
    quantity: int
    points: int
    state: str
    made_at: datetime
    keep_until: datetime


def opened(bank: Bank, programme_id: str) -> Bank:
    """The bank over the book of a programme in force. Raises NotFound, ProgrammeNotOpen."""
    with bank.read() as unit:
        row = unit.points.programme(programme_id)
        if row is None:
            raise NotFound
        if row.state != "open":
            raise ProgrammeNotOpen
        return bank_of(bank, row.origin)


def rules_now(unit: Unit, now: datetime) -> tuple[Rules, str]:
    """The rules in force in a programme's book, and their hash. Raises ProgrammeNotOpen."""
    row = unit.points.rules_at(now)
    if row is None:
        raise ProgrammeNotOpen
    return from_document(row.document), row.digest


def programme_view(bank: Bank, unit: Unit, actor: Actor, row: Programme) -> ProgrammeView:
    circulating = mine = 0
    rules = from_document(row.rules)
    left: tuple[Lot, ...] = ()
    if row.state != "proposed":
        with bank_of(bank, row.origin).read() as theirs:
            circulating = -theirs.book.balance(theirs.issuance) - _converted(unit, theirs)
            account = theirs.points.account(actor.person_id)
            mine = theirs.book.balance(account) if account else 0
            left = lots_of(theirs, account) if account else ()
            in_force = theirs.points.rules_at(bank.clock())
            rules = from_document(in_force.document) if in_force is not None else rules
    return ProgrammeView(
        id=row.id,
        origin=row.origin,
        state=row.state,
        rules=rules,
        in_circulation=circulating,
        mine=mine,
        lapsing=tuple(one for one in left if one.lapses_on is not None),
        may_decide=row.state == "proposed" and row.proposed_by != actor.person_id,
    )


def lots_of(theirs: Unit, account: str) -> tuple[Lot, ...]:
    """What an account has, by when it came in; each inflow lapses by the rules that its own entry cites."""
    months = {row.digest: from_document(row.document).lapse_months for row in theirs.points.rules_numbered()}
    moves = []
    for line in theirs.book.statement(account):
        entry = line.entry
        last, lapses_on = months.get(entry.policy or ""), None
        if line.minutes > 0 and last is not None:
            lapses_on = add_months(local_day(entry.recorded_at), last)
        moves.append(Movement(entry.seq, line.minutes, entry.kind in BACK, lapses_on))
    return left_of(moves)


def _converted(unit: Unit, theirs: Unit) -> int:
    """What the programme's account with the county says: below zero by all that hours became."""
    account = theirs.points.account(exchange_owner(unit.origin))
    return theirs.book.balance(account) if account else 0


def exchange_owner(county: str) -> str:
    """Under which owner a programme's account with the county stands: no person's id looks so."""
    return f"book {county}"[:32]


def goods_views(unit: Unit, rows: list[Goods]) -> tuple[GoodsView, ...]:
    """`unit` is over the county's book, which knows the stations."""
    stations = {one.id: one for one in unit.network.stations()}
    return tuple(
        GoodsView(
            id=row.id,
            station_id=row.station_id,
            station=stations[row.station_id].name,
            station_en=stations[row.station_id].name_en,
            kind=row.kind,
            name=row.name,
            name_en=row.name_en,
            points=row.points,
            stock=row.stock,
            funding=tuple(json.loads(row.funding).items()),
            offered=row.offered,
        )
        for row in rows
    )


def order_views(unit: Unit, rows: list[PointsOrder], goods: dict[str, Goods]) -> tuple[OrderView, ...]:
    """`unit` is over the county's book, which knows the people."""
    people = {row.person_id for row in rows}
    names, numbers = unit.persons(people), unit.members.numbers(people)
    return tuple(
        OrderView(
            id=row.id,
            goods=goods[row.goods_id].name,
            goods_en=goods[row.goods_id].name_en,
            station_id=row.station_id,
            person_id=row.person_id,
            name=names[row.person_id].name if row.person_id in names else "",
            number=numbers.get(row.person_id, ""),
            quantity=row.quantity,
            points=row.points,
            state=row.state,
            made_at=row.made_at,
            keep_until=row.keep_until,
        )
        for row in rows
    )


def account_of(bank: Bank, theirs: Unit, owner_id: str, kind: str, actor_id: str, now: datetime) -> str:
    """The account of somebody in a programme's book; opened when it is first needed."""
    account = theirs.points.account(owner_id)
    if account is None:
        account = bank.opaque(kind[0])
        theirs.append_open(account, kind, actor_id, now=now)
        theirs.points.add(PointsAccount(book=theirs.origin, owner_id=owner_id, account=account))
        theirs.flush()
    return account
