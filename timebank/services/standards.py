"""Standard cards with their versions, and changes of catalogue items from a day on. The county decides both."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime

from timebank.domain.catalogue import Service
from timebank.domain.errors import Invalid, NotFound, ServiceNotOffered, TimebankError
from timebank.domain.local_time import day_start, local_day
from timebank.domain.policies import Risk
from timebank.domain.roles import Actor, require
from timebank.domain.standards import CardText, Change, changed, check_basis, require_base_kept, tidy_card
from timebank.storage.standards import ServiceChange, ServiceStandard
from timebank.storage.unit import Bank, Unit

PARTS = tuple(field.name for field in fields(CardText))
CHANGED = tuple(field.name for field in fields(Change))


@dataclass(frozen=True, slots=True)
class CardView:
    """A version of a card. `in_force`: it is the one by which the service is given now."""

    service_code: str
    version: int
    text: CardText
    digest: str
    basis: str
    effective_at: datetime
    in_force: bool


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A change of an item, with the paper that it rests on."""

    id: str
    service_code: str
    change: Change
    basis: str
    effective_at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class ItemView:
    """An item of the catalogue with its card and its changes, what takes effect last first."""

    service: Service
    card: CardView | None
    cards: tuple[CardView, ...]
    changes: tuple[ChangeView, ...]


def see(bank: Bank, code: str, *, now: datetime) -> ItemView:
    """One item, open to everybody. Raises NotFound."""
    with bank.read() as unit:
        service = unit.catalogue.service(code)
        if service is None:
            raise NotFound
        cards = _cards(unit, code, now)
        changes = tuple(_change_view(row) for row in unit.standards.changes(code))
        return ItemView(service, next((one for one in cards if one.in_force), None), cards, changes)


def card(bank: Bank, code: str, version: int | None, *, now: datetime) -> CardView:
    """A version of a card, or the one in force. Raises NotFound."""
    with bank.read() as unit:
        for one in _cards(unit, code, now):
            if one.version == version or (version is None and one.in_force):
                return one
    raise NotFound


def with_cards(bank: Bank, *, now: datetime) -> frozenset[str]:
    """The services that have a card in force."""
    with bank.read() as unit:
        return unit.standards.with_cards(now)


def decide_card(
    bank: Bank, actor: Actor, code: str, text: CardText, *, basis: str, on: date, now: datetime
) -> CardView:
    """A new version of a card, in force from the start of a local day, or from now where that is today.

    Raises Forbidden, ServiceNotOffered, Invalid.
    """
    require(actor, "catalogue.edit")
    text, basis = tidy_card(text), check_basis(basis, on, local_day(now))
    with bank.unit() as unit:
        if unit.catalogue.get(code) is None:
            raise ServiceNotOffered
        before = unit.standards.cards(code)
        unit.standards.add(
            ServiceStandard(
                book=unit.origin,
                service_code=code,
                version=before[0].version + 1 if before else 1,
                digest=text.digest(),
                basis=basis,
                effective_at=max(day_start(on), now),
                decided_by=actor.person_id,
                decided_at=now,
                **{name: getattr(text, name) for name in PARTS},
            )
        )
        unit.flush()
        return _cards(unit, code, now)[0]


def decide_change(
    bank: Bank, actor: Actor, code: str, change: Change, *, basis: str, on: date, now: datetime
) -> ChangeView:
    """Change an item from a local day on; what is for today is applied at once.

    Raises Forbidden, ServiceNotOffered, Invalid, ServiceInvalid, BaseServiceLocked.
    """
    require(actor, "catalogue.edit")
    basis = check_basis(basis, on, local_day(now))
    with bank.unit() as unit:
        service = unit.catalogue.service(code)
        if service is None:
            raise ServiceNotOffered
        for earlier in unit.standards.planned([code]):
            if earlier.effective_at <= day_start(on):
                service = changed(service, _change_of(earlier))
        changed(service, change)
        if change.active is False:
            require_base_kept(unit.catalogue.services(), code)
        row = ServiceChange(
            book=unit.origin,
            id=bank.new_id(now),
            service_code=code,
            effective_at=max(day_start(on), now),
            basis=basis,
            state="planned",
            decided_by=actor.person_id,
            decided_at=now,
            **{name: getattr(change, name) for name in CHANGED},
        )
        unit.standards.add(row)
        unit.flush()
        if row.effective_at <= now:
            _apply(unit, row, now)
        return _change_view(row)


def withdraw_change(bank: Bank, actor: Actor, code: str, change_id: str, *, now: datetime) -> ChangeView:
    """Take back a change that waits for its day. Raises Forbidden, NotFound, Invalid."""
    require(actor, "catalogue.edit")
    with bank.unit() as unit:
        row = unit.standards.change(change_id)
        if row is None or row.service_code != code:
            raise NotFound
        if row.state != "planned":
            raise Invalid
        row.state, row.ended_at = "withdrawn", now
        unit.flush()
        return _change_view(row)


def apply_due(bank: Bank, *, now: datetime) -> int:
    """Apply the changes whose day has come. Gives how many; one that does not fit any more says so in its state."""
    with bank.unit() as unit:
        due = unit.standards.due(now)
        return sum(_try(unit, row, now) for row in due)


def _try(unit: Unit, row: ServiceChange, now: datetime) -> bool:
    try:
        _apply(unit, row, now)
    except TimebankError:
        row.state, row.ended_at = "unfit", now
        return False
    return True


def _apply(unit: Unit, row: ServiceChange, now: datetime) -> None:
    item = unit.catalogue.get(row.service_code)
    service = unit.catalogue.service(row.service_code)
    if item is None or service is None:
        raise ServiceNotOffered
    after = changed(service, _change_of(row))
    if row.active is False:
        require_base_kept(unit.catalogue.services(), row.service_code)
    for name in CHANGED:
        if getattr(row, name) is not None:
            setattr(item, name, getattr(after, name))
    row.state, row.ended_at = "applied", now
    unit.flush()


def _change_of(row: ServiceChange) -> Change:
    return Change(
        active=row.active,
        minutes_min=row.minutes_min,
        minutes_max=row.minutes_max,
        risk=Risk(row.risk) if row.risk else None,
        training=row.training,
        two_persons=row.two_persons,
        legal_class=row.legal_class,
    )


def _change_view(row: ServiceChange) -> ChangeView:
    return ChangeView(row.id, row.service_code, _change_of(row), row.basis, row.effective_at, row.state)


def _cards(unit: Unit, code: str, now: datetime) -> tuple[CardView, ...]:
    rows = unit.standards.cards(code)
    newest = next((row.version for row in rows if row.effective_at <= now), None)
    return tuple(
        CardView(
            code,
            row.version,
            CardText(**{name: getattr(row, name) for name in PARTS}),
            row.digest,
            row.basis,
            row.effective_at,
            row.version == newest,
        )
        for row in rows
    )
