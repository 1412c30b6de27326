"""The catalogue: 5 + X. Items are added or marked as not offered, never deleted."""

from __future__ import annotations

from timebank.domain.catalogue import Service, check
from timebank.domain.errors import ServiceCodeTaken, ServiceNotOffered
from timebank.domain.roles import Actor, require
from timebank.domain.standards import require_base_kept
from timebank.storage.unit import Bank


def items(bank: Bank) -> tuple[Service, ...]:
    """Every item, in the order of the list."""
    with bank.read() as unit:
        return unit.catalogue.services()


def offered(bank: Bank) -> tuple[Service, ...]:
    """What can be chosen now."""
    return tuple(item for item in items(bank) if item.active)


def carries_papers(bank: Bank, code: str) -> bool:
    """Whether a consent note stands before this service."""
    with bank.read() as unit:
        service = unit.catalogue.service(code)
        return service is not None and service.carries_papers


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
        unit.catalogue.add_service(service)


def offer(bank: Bank, actor: Actor, code: str, *, active: bool) -> None:
    """Mark an item as offered or not. The last item of a base class stays. Raises BaseServiceLocked."""
    require(actor, "catalogue.edit")
    with bank.unit() as unit:
        row = unit.catalogue.get(code)
        if row is None:
            raise ServiceNotOffered
        if not active:
            require_base_kept(unit.catalogue.services(), code)
        row.active = active


def let_ask(bank: Bank, actor: Actor, code: str, *, askable: bool) -> None:
    """Mark an item as one that elders can ask for, or not. Raises ServiceNotOffered for an unknown code."""
    require(actor, "catalogue.edit")
    with bank.unit() as unit:
        row = unit.catalogue.get(code)
        if row is None:
            raise ServiceNotOffered
        row.askable = askable


def let_carry_papers(bank: Bank, actor: Actor, code: str, *, carries: bool) -> None:
    """Mark an item as one in which papers are carried, so that a consent note stands before it. Raises
    ServiceNotOffered for an unknown code."""
    require(actor, "catalogue.edit")
    with bank.unit() as unit:
        row = unit.catalogue.get(code)
        if row is None:
            raise ServiceNotOffered
        row.carries_papers = carries
