"""The catalogue: 5 + X. Items are added or marked as not offered, never deleted."""

from __future__ import annotations

from timebank.domain.catalogue import FiveX, Service, check
from timebank.domain.errors import BaseServiceLocked, ServiceCodeTaken, ServiceNotOffered
from timebank.domain.roles import Actor, require
from timebank.storage.catalogue import ServiceItem
from timebank.storage.unit import Bank


def items(bank: Bank) -> tuple[Service, ...]:
    """Every item, in the order of the list."""
    with bank.read() as unit:
        return unit.catalogue.services()


def offered(bank: Bank) -> tuple[Service, ...]:
    """What can be chosen now."""
    return tuple(item for item in items(bank) if item.active)


def askable(bank: Bank) -> tuple[Service, ...]:
    """What an elder can ask for now."""
    return tuple(item for item in offered(bank) if item.askable)


def add(bank: Bank, actor: Actor, service: Service) -> None:
    """Add an item of the county's own. Raises ServiceInvalid, ServiceMedical, ServiceCodeTaken."""
    require(actor, "catalogue.edit")
    check(service)
    with bank.unit() as unit:
        if unit.catalogue.get(service.code) is not None:
            raise ServiceCodeTaken
        unit.catalogue.add(
            ServiceItem(
                book=unit.origin,
                code=service.code,
                name=service.name,
                name_en=service.name_en,
                five_x=str(service.five_x),
                helps=" ".join(service.helps),
                risk=str(service.risk),
                training=service.training,
                minutes_min=service.minutes_min,
                minutes_max=service.minutes_max,
                place=str(service.place),
                two_persons=service.two_persons,
                active=service.active,
                rank=service.rank,
                askable=service.askable,
            )
        )


def offer(bank: Bank, actor: Actor, code: str, *, active: bool) -> None:
    """Mark an item as offered or not. The last item of a base class stays. Raises BaseServiceLocked."""
    require(actor, "catalogue.edit")
    with bank.unit() as unit:
        row = unit.catalogue.get(code)
        if row is None:
            raise ServiceNotOffered
        left = [one for one in unit.catalogue.services() if one.active and str(one.five_x) == row.five_x]
        if not active and row.five_x != FiveX.OWN and len(left) == 1:
            raise BaseServiceLocked
        row.active = active


def let_ask(bank: Bank, actor: Actor, code: str, *, askable: bool) -> None:
    """Mark an item as one that elders can ask for, or not. Raises ServiceNotOffered for an unknown code."""
    require(actor, "catalogue.edit")
    with bank.unit() as unit:
        row = unit.catalogue.get(code)
        if row is None:
            raise ServiceNotOffered
        row.askable = askable
