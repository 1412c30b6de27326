"""Many members at once, and under which keyed hashes people are found again: one way for the desk and for sheets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ledger import Draft, Kind
from ledger.canonical import commitment
from timebank.domain.identity import member_number
from timebank.domain.people import PersonData
from timebank.storage.members import Consent, Membership, Purse
from timebank.storage.people import Document, IdentityIndex, Person
from timebank.storage.unit import Bank, Unit

CONSENT_TEXT = "2026-1"


def phone_index(bank: Bank, phone: str) -> str:
    """Of a phone in its normal form."""
    return bank.vault.blind_index("phone", phone)


def document_index(bank: Bank, kind: str, number: str, name: str, born_on: str, phone: str) -> str:
    """Without a document, the name, birth date and phone together stand for it."""
    told = number or f"{name}\n{born_on}\n{phone}"
    return bank.vault.blind_index("document", f"{kind}\n{told}")


def document_digest(bank: Bank, data: PersonData) -> str:
    """The same of what is known of a person."""
    return document_index(bank, str(data.document_type), data.document_number, data.name, str(data.born_on), data.phone)


@dataclass(frozen=True, slots=True)
class Registered:
    """A new member: the key under which more can be sealed, and the one account that was opened."""

    person_id: str
    key: bytes
    account: str
    opening: Draft


def register_many(
    bank: Bank, unit: Unit, people: Sequence[tuple[PersonData, str]], station_id: str, proposed_by: str,
    approved_by: str, *, now: datetime,
) -> list[Registered]:  # fmt: skip
    """Members, active at once, each with the purse of the origin that stands beside the data. The caller has checked
    that nobody of them is there already, and writes the `opening` drafts, which commit to what is known of each."""
    first = unit.network.next_numbers("member", len(people))
    rows: list[tuple[Person, list[IdentityIndex], Membership, Consent, Document, Purse]] = []
    made: list[Registered] = []
    for place, (data, origin) in enumerate(people):
        who, account = bank.new_id(now), bank.opaque("m")
        key = bank.vault.new_key(who)
        record, salt = {"person": who, **data.to_json()}, bank.random(32)
        document = Document(
            book=unit.origin, id=bank.new_id(now), kind="member", subject_id=who,
            sealed=bank.vault.seal(key, who, record), salt=salt, commitment=commitment(salt, record), created_at=now,
        )  # fmt: skip
        indexes = [
            IdentityIndex(digest=digest, kind=kind, book=unit.origin, person_id=who)
            for kind, digest in (("phone", phone_index(bank, data.phone)), ("document", document_digest(bank, data)))
        ]
        membership = Membership(
            book=unit.origin, person_id=who, station_id=station_id, number=member_number(first + place),
            state="active", serves=True, receives=True, applied_at=now, registered_by=proposed_by,
            approved_by=approved_by, approved_at=now, version=1,
        )  # fmt: skip
        consent = Consent(
            book=unit.origin, id=bank.new_id(now), person_id=who, kind="membership", text_version=CONSENT_TEXT,
            given=True, channel="import", recorded_by=proposed_by, at=now,
        )  # fmt: skip
        person = Person(
            book=unit.origin, id=who, sealed=bank.vault.seal(key, who, data.to_json()), wrapped_key=key,
            created_at=now, version=1,
        )  # fmt: skip
        purse = Purse(book=unit.origin, person_id=who, origin=origin, account=account)
        rows.append((person, indexes, membership, consent, document, purse))
        opening = Draft(
            kind=Kind.OPEN, actor=approved_by, data={"account": account, "account_kind": "member"},
            evidence=document.commitment,
        )  # fmt: skip
        made.append(Registered(who, key, account, opening))
    unit.insert([one[0] for one in rows])
    unit.insert([index for one in rows for index in one[1]])
    unit.insert([one[2] for one in rows])
    unit.insert([one[3] for one in rows])
    unit.insert([one[4] for one in rows])
    unit.insert([one[5] for one in rows])
    return made
