"""How a book begins: genesis, the accounts that every book has, and the first administrator."""

from __future__ import annotations

from datetime import datetime

from ledger import Book
from ledger.errors import BookExists
from timebank.domain.roles import Actor, Role, RoleName
from timebank.storage.access import RoleGrant
from timebank.storage.accounts import add_person, give_login, staff_data
from timebank.storage.keys import verifiers
from timebank.storage.unit import Bank

FOUNDER = "founder"


def has_begun(bank: Bank) -> bool:
    """Whether this book has its first entry."""
    with bank.read() as unit:
        return unit.has_book()


def size(bank: Bank) -> int:
    """How many entries the book has."""
    with bank.read() as unit:
        return unit.book.head().size


def begin(bank: Bank, *, software: str, now: datetime, signed_only: bool = False) -> None:
    """Write the genesis with the book's verifier keys, and open issuance, escrow and pool. Raises BookExists.

    `signed_only`: nothing shall ever be verified in this book without the signature of a station's own key.
    """
    keys = [key.encode() for key in verifiers(bank)]
    with bank.unit() as unit:
        if unit.has_book():
            raise BookExists(unit.origin)
        Book.create(
            unit.book.store,
            unit.origin,
            actor=FOUNDER,
            now=now,
            keys=keys,
            software=software,
            signed_only=signed_only,
            random=bank.random,
        )
        for account, kind in ((unit.issuance, "issuance"), (unit.escrow, "escrow"), (unit.pool, "pool")):
            unit.append_open(account, kind, FOUNDER, now=now)


def first_administrator(
    bank: Bank, *, name: str, phone: str, login: str, password: str, now: datetime
) -> tuple[str, Actor]:
    """The administrator who appoints all others. Gives the id and the actor."""
    hashed = bank.passwords.hash(password)
    with bank.unit() as unit:
        person_id = add_person(bank, unit, staff_data(name, phone), now=now)
        give_login(bank, unit, person_id, login, hashed, kind="name", must_change=False, now=now)
        unit.access.add(
            RoleGrant(
                book=unit.origin,
                id=bank.new_id(now),
                person_id=person_id,
                role=str(RoleName.ADMINISTRATOR),
                station_id=None,
                granted_by=FOUNDER,
                granted_at=now,
            )
        )
        return person_id, Actor(unit.origin, person_id, frozenset({Role(RoleName.ADMINISTRATOR)}), "seed")
