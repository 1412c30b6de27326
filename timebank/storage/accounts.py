"""Making a person and a way to sign in: one way for members, for staff and for the first administrator."""

from __future__ import annotations

from datetime import datetime

from timebank.domain.errors import LoginTaken, PhoneTaken
from timebank.domain.identity import DocumentType, login_form, normalize_name, normalize_phone
from timebank.domain.people import PersonData
from timebank.storage.access import Credential, Login
from timebank.storage.people import IdentityIndex, Person
from timebank.storage.unit import Bank, Unit


def staff_data(name: str, phone: str) -> PersonData:
    """What is kept of a member of the staff: a name and a phone. Raises NameInvalid, PhoneInvalid."""
    return PersonData(
        name=normalize_name(name),
        phone=normalize_phone(phone),
        document_type=DocumentType.NONE,
        document_number="",
        born_on=None,
        sex=None,
        division_code="",
        address="",
    )


def add_person(bank: Bank, unit: Unit, data: PersonData, *, now: datetime) -> str:
    """Keep a new person, sealed under a key of that person. A phone belongs to one person. Raises PhoneTaken."""
    index = bank.vault.blind_index("phone", data.phone)
    if unit.people.by_digest("phone", index) is not None:
        raise PhoneTaken
    person_id = bank.new_id(now)
    key = bank.vault.new_key(person_id)
    sealed = bank.vault.seal(key, person_id, data.to_json())
    unit.people.add(Person(book=unit.origin, id=person_id, sealed=sealed, wrapped_key=key, created_at=now, version=1))
    unit.people.add(IdentityIndex(digest=index, kind="phone", book=unit.origin, person_id=person_id))
    unit.flush()
    return person_id


def add_stranger(bank: Bank, unit: Unit, name: str, phone: str, *, now: datetime) -> str:
    """Keep somebody who is no member and can't sign in, such as who complains from the street: name and phone, if
    given, sealed under a key of their own, so that they can be erased like anybody's.

    Raises NameInvalid, PhoneInvalid.
    """
    data = PersonData(
        name=normalize_name(name) if name.strip() else "",
        phone=normalize_phone(phone) if phone.strip() else "",
        document_type=DocumentType.NONE,
        document_number="",
        born_on=None,
        sex=None,
        division_code="",
        address="",
    )
    person_id = bank.new_id(now)
    key = bank.vault.new_key(person_id)
    sealed = bank.vault.seal(key, person_id, data.to_json())
    unit.people.add(Person(book=unit.origin, id=person_id, sealed=sealed, wrapped_key=key, created_at=now, version=1))
    unit.flush()
    return person_id


def give_login(
    bank: Bank, unit: Unit, person_id: str, name: str, hashed: str, *, kind: str, must_change: bool, now: datetime
) -> None:
    """A name to sign in with, `kind` phone or name. Who has a password already keeps it. Raises LoginTaken."""
    index = bank.vault.blind_index("login", login_form(name))
    if unit.access.login(index) is not None:
        raise LoginTaken
    unit.access.add(Login(digest=index, book=unit.origin, person_id=person_id, kind=kind))
    if unit.access.credential(person_id) is not None:
        return
    unit.access.add(
        Credential(
            book=unit.origin,
            person_id=person_id,
            password_hash=hashed,
            changed_at=now,
            must_change=must_change,
            totp_counter=0,
        )
    )
