"""Lending aids: a station's stock, loans to members, returns, and reminders. No hour and no ledger entry is moved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from timebank.domain.equipment import after_lending, after_return, check_item, check_stock, reminder_due
from timebank.domain.errors import Invalid, MemberNotActive, NotFound
from timebank.domain.identity import matter_number
from timebank.domain.local_time import local_day
from timebank.domain.roles import Actor, require, require_at, stations_of
from timebank.storage.equipment import EquipmentItem, EquipmentLoan
from timebank.storage.unit import Bank, Unit

STATES = ("open", "returned")


@dataclass(frozen=True, slots=True)
class ItemStock:
    """A kind of thing of a station: how many there are and how many of them can be lent now."""

    id: str
    station_id: str
    station: str
    station_en: str
    name: str
    name_en: str
    total: int
    lent: int
    free: int
    loan_days: int


@dataclass(frozen=True, slots=True)
class LoanView:
    """A loan, as the desk and its borrower see it."""

    id: str
    number: str
    station_id: str
    item_id: str
    item: str
    item_en: str
    person_id: str
    person: str
    member_number: str
    lent_at: datetime
    due_on: date
    state: str
    condition: str | None
    back_at: datetime | None
    overdue: bool


def add_item(
    bank: Bank, actor: Actor, station_id: str, name: str, name_en: str, total: int, loan_days: int, *, now: datetime
) -> ItemStock:
    """A new kind of thing at a station. Raises Forbidden, NotFound, Invalid."""
    check_item(name.strip(), name_en.strip(), total, loan_days)
    with bank.unit() as unit:
        require_at(actor, "equipment.run", station_id, unit.network.parents())
        row = EquipmentItem(
            book=unit.origin,
            id=bank.new_id(now),
            station_id=station_id,
            name=name.strip(),
            name_en=name_en.strip(),
            total=total,
            lent=0,
            loan_days=loan_days,
        )
        unit.equipment.add(row)
        unit.flush()
        return _stock(unit, [row])[0]


def set_stock(bank: Bank, actor: Actor, item_id: str, total: int, loan_days: int) -> ItemStock:
    """How many there are, and for how long they are lent. Raises Forbidden, NotFound, Invalid, EquipmentStillLent."""
    with bank.unit() as unit:
        row = _locked_item(unit, actor, item_id)
        check_item(row.name, row.name_en, total, loan_days)
        check_stock(total, row.lent)
        row.total, row.loan_days = total, loan_days
        unit.flush()
        return _stock(unit, [row])[0]


def lend(bank: Bank, actor: Actor, item_id: str, person_id: str, due_on: date | None, *, now: datetime) -> LoanView:
    """Lend one to a member. `due_on` None: after the item's usual days.

    Raises Forbidden, NotFound, MemberNotActive, Invalid, EquipmentNoneLeft.
    """
    today = local_day(now)
    with bank.unit() as unit:
        item = _locked_item(unit, actor, item_id)
        membership = unit.members.get(person_id)
        if membership is None:
            raise NotFound
        if membership.state != "active":
            raise MemberNotActive
        back = due_on or today + timedelta(days=item.loan_days)
        if not today <= back <= today + timedelta(days=366):
            raise Invalid
        item.lent = after_lending(item.total, item.lent)
        row = EquipmentLoan(
            book=unit.origin,
            id=bank.new_id(now),
            number=matter_number("L", today.year, unit.network.next_number(f"loan {today.year}")),
            station_id=item.station_id,
            item_id=item.id,
            person_id=person_id,
            lent_at=now,
            lent_by=actor.person_id,
            due_on=back,
            state="open",
        )
        unit.equipment.add(row)
        unit.flush()
        return _loans(unit, [row], today)[0]


def take_back(bank: Bank, actor: Actor, loan_id: str, condition: str, *, now: datetime) -> LoanView:
    """It came back, in which condition; what is lost leaves the stock. Raises Forbidden, NotFound, LoanReturned,
    Invalid."""
    require(actor, "equipment.run")
    with bank.unit() as unit:
        found = unit.equipment.loan(loan_id)
        if found is None:
            raise NotFound
        item = _locked_item(unit, actor, found.item_id)
        row = unit.equipment.loan(loan_id, lock=True)
        if row is None:
            raise NotFound
        item.total, item.lent = after_return(item.total, item.lent, row.state, condition)
        row.state, row.condition, row.back_at, row.back_by = "returned", condition, now, actor.person_id
        unit.flush()
        return _loans(unit, [row], local_day(now))[0]


def stock(bank: Bank, actor: Actor) -> tuple[ItemStock, ...]:
    """What the actor's stations have. Raises Forbidden."""
    require(actor, "equipment.read")
    with bank.read() as unit:
        scope = stations_of(actor, "equipment.read", unit.network.parents())
        return _stock(unit, unit.equipment.items(scope))


def loans(
    bank: Bank, actor: Actor, state: str = "open", *, before: str | None = None, limit: int = 50, now: datetime
) -> tuple[LoanView, ...]:
    """Loans of the actor's stations, the newest first. Raises Forbidden, Invalid."""
    require(actor, "equipment.read")
    if state not in STATES:
        raise Invalid
    with bank.read() as unit:
        scope = stations_of(actor, "equipment.read", unit.network.parents())
        return _loans(unit, unit.equipment.loans(scope, state, before=before, limit=limit), local_day(now))


def mine(bank: Bank, actor: Actor, *, now: datetime) -> tuple[LoanView, ...]:
    """What the actor borrowed, the newest first."""
    with bank.read() as unit:
        return _loans(unit, unit.equipment.of_person(actor.person_id), local_day(now))


def remind_due(bank: Bank, *, now: datetime) -> int:
    """Tell those who are late, once a week. Gives how many were told."""
    today, told = local_day(now), 0
    with bank.unit() as unit:
        for row in unit.equipment.overdue(today):
            if reminder_due(row.due_on, row.reminded_on, today):
                row.reminded_on = today
                unit.tell(row.person_id, "loan_overdue", "loan", row.id, now=now)
                told += 1
    return told


def _locked_item(unit: Unit, actor: Actor, item_id: str) -> EquipmentItem:
    require(actor, "equipment.run")
    row = unit.equipment.item(item_id, lock=True)
    if row is None:
        raise NotFound
    require_at(actor, "equipment.run", row.station_id, unit.network.parents())
    return row


def _stock(unit: Unit, rows: list[EquipmentItem]) -> tuple[ItemStock, ...]:
    stations = {one.id: one for one in unit.network.stations()}
    return tuple(
        ItemStock(
            row.id,
            row.station_id,
            stations[row.station_id].name,
            stations[row.station_id].name_en,
            row.name,
            row.name_en,
            row.total,
            row.lent,
            row.total - row.lent,
            row.loan_days,
        )
        for row in rows
    )


def _loans(unit: Unit, rows: list[EquipmentLoan], today: date) -> tuple[LoanView, ...]:
    people = unit.persons({row.person_id for row in rows})
    numbers = unit.members.numbers(people)
    items = unit.equipment.named(row.item_id for row in rows)
    return tuple(
        LoanView(
            id=row.id,
            number=row.number,
            station_id=row.station_id,
            item_id=row.item_id,
            item=items[row.item_id].name,
            item_en=items[row.item_id].name_en,
            person_id=row.person_id,
            person=people[row.person_id].name,
            member_number=numbers.get(row.person_id, ""),
            lent_at=row.lent_at,
            due_on=row.due_on,
            state=row.state,
            condition=row.condition,
            back_at=row.back_at,
            overdue=row.state == "open" and row.due_on < today,
        )
        for row in rows
    )
