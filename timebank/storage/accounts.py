"""Making a person and a way to sign in: one way for members, for staff and for the first administrator."""

from __future__ import annotations

from datetime import datetime

from timebank.domain.errors import LoginTaken, PhoneTaken
from timebank.domain.identity import DocumentType, login_form, normalize_name, normalize_phone
from timebank.domain.people import PersonData
from timebank.storage.access import Credential, Login
from timebank.storage.members import Consent
from timebank.storage.people import IdentityIndex, Person
from timebank.storage.unit import Bank, Unit


def staff_data(name: str, phone: str) -> PersonData:
    """What is kept of a member of the staff: a name and a phone. Raises NameInvalid, PhoneInvalid."""
    return _name_and_phone(normalize_name(name), normalize_phone(phone))


def _name_and_phone(name: str, phone: str) -> PersonData:
    return PersonData(
        name=name,
        phone=phone,
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
    person_id = _keep(bank, unit, data, now)
    unit.people.add(IdentityIndex(digest=index, kind="phone", book=unit.origin, person_id=person_id))
    unit.flush()
    return person_id


def _keep(bank: Bank, unit: Unit, data: PersonData, now: datetime) -> str:
    """A new person's row, sealed under a key of that person. Gives the id."""
    person_id = bank.new_id(now)
    key = bank.vault.new_key(person_id)
    sealed = bank.vault.seal(key, person_id, data.to_json())
    unit.people.add(Person(book=unit.origin, id=person_id, sealed=sealed, wrapped_key=key, created_at=now, version=1))
    return person_id


def add_stranger(bank: Bank, unit: Unit, name: str, phone: str, *, now: datetime) -> str:
    """Keep somebody who is no member and can't sign in, such as who complains from the street: name and phone, if
    given, sealed under a key of their own, so that they can be erased like anybody's.

    Raises NameInvalid, PhoneInvalid.
    """
    told = (normalize_name(name) if name.strip() else "", normalize_phone(phone) if phone.strip() else "")
    person_id = _keep(bank, unit, _name_and_phone(*told), now)
    unit.flush()
    return person_id


def record_consent(
    bank: Bank, unit: Unit, person_id: str, kind: str, *, text_version: str, channel: str, recorded_by: str,
    now: datetime, given: bool = True,
) -> Consent:  # fmt: skip
    """Keep that a person consented, or took a consent back: to which text, by which way, who wrote it down."""
    row = Consent(
        book=unit.origin,
        id=bank.new_id(now),
        person_id=person_id,
        kind=kind,
        text_version=text_version,
        given=given,
        channel=channel,
        recorded_by=recorded_by,
        at=now,
    )
    unit.members.add(row)
    return row


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
