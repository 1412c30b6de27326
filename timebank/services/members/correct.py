"""Correcting what is known of a member (PIPL, article 46). The values before are kept, sealed under the member's key.

The documents that the ledger commits to stay as they were: they say what was told on that day.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from timebank.domain.errors import (
    ConsentMissing,
    DocumentTypeInvalid,
    MemberStateConflict,
    NotFound,
    NothingCorrected,
    OwnRecord,
    PersonErased,
    PhoneTaken,
    ReasonMissing,
    ResidentIdTaken,
)
from timebank.domain.identity import DocumentType, login_form, normalize_name, normalize_phone
from timebank.domain.people import PersonData
from timebank.domain.policies import require_known
from timebank.domain.roles import Actor
from timebank.services.members.register import claim, identity
from timebank.services.members.values import MemberView, at_my_station, view_of
from timebank.storage.access import Login
from timebank.storage.accounts import record_consent
from timebank.storage.registering import CONSENT_TEXT, document_digest, phone_index
from timebank.storage.unit import Bank, Unit

REASON_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Correction:
    """What is right, of all that can be corrected; what is not wrong is given as it is."""

    name: str
    phone: str
    address: str
    tags: tuple[str, ...]
    document_type: str
    document_number: str
    born_on: date | None
    emergency_contact: str


def correct(
    bank: Bank, actor: Actor, person_id: str, right: Correction, reason: str, *, consent: bool = False, now: datetime
) -> MemberView:
    """The desk corrects a member's data on the member's word. A new phone is also the one to sign in with from now on.

    `consent`: the member agrees that circumstances are written down that were not before. The values before, who and
    why are kept as a document of the kind `correction`, which the member finds in the file of all data.

    Raises NotFound for another station's member, PersonErased, OwnRecord, MemberStateConflict for a declined
    application, ReasonMissing, NameInvalid, PhoneInvalid, PhoneTaken, ResidentIdInvalid, ResidentIdTaken,
    DocumentTypeInvalid, BirthDateInvalid, ConsentMissing, NothingCorrected.
    """
    reason = reason.strip()[:REASON_LONGEST]
    with bank.unit() as unit:
        membership = at_my_station(unit, actor, "members.edit", person_id)
        unit.members.get(person_id, lock=True)
        person = unit.people.get(person_id)
        if person is None:
            raise NotFound
        if not person.wrapped_key:
            raise PersonErased
        if membership.state == "declined":
            raise MemberStateConflict(state=membership.state)
        if person_id == actor.person_id:
            raise OwnRecord
        if not reason:
            raise ReasonMissing
        before = unit.person(person_id)
        require_known(unit.get_care(now), right.tags, before.tags)
        after = _corrected(bank, before, right, now)
        _new_circumstances(bank, unit, actor, person_id, before, after, consent, now)
        _follow(bank, unit, person_id, before, after)
        history = {"by": actor.person_id, "reason": reason, "before": _changed(before, after)}
        unit.keep_document("correction", person_id, history, now=now)
        person.sealed = unit.seal_for(person_id, after.to_json())
        unit.flush()
        return view_of(bank, unit, membership, now)


def _corrected(bank: Bank, before: PersonData, right: Correction, now: datetime) -> PersonData:
    try:
        kind = DocumentType(right.document_type)
    except ValueError as error:
        raise DocumentTypeInvalid from error
    same = (kind, right.document_number, right.born_on) == (
        before.document_type, before.document_number, before.born_on
    )  # fmt: skip
    number, born_on, sex = (
        (before.document_number, before.born_on, before.sex)
        if same
        else identity(bank, kind, right.document_number, right.born_on, before.sex, now)
    )
    after = replace(
        before,
        name=normalize_name(right.name),
        phone=normalize_phone(right.phone),
        address=right.address.strip(),
        document_type=kind,
        document_number=number,
        born_on=born_on,
        sex=sex,
        emergency_contact=right.emergency_contact.strip(),
        tags=tuple(sorted(right.tags)),
    )
    if after == replace(before, tags=tuple(sorted(before.tags))):
        raise NothingCorrected
    return after


def _changed(before: PersonData, after: PersonData) -> dict[str, object]:
    """The values before, of the fields that are other now."""
    new = after.to_json()
    return {name: value for name, value in before.to_json().items() if value != new[name]}


def _follow(bank: Bank, unit: Unit, person_id: str, before: PersonData, after: PersonData) -> None:
    """What finds the person by phone or document finds the new values, and the old ones find nobody."""
    if before.phone != after.phone:
        claim(unit, "phone", phone_index(bank, after.phone), person_id, PhoneTaken)
        unit.people.forget_digest("phone", phone_index(bank, before.phone))
        _follow_login(bank, unit, person_id, before, after)
    old, new = document_digest(bank, before), document_digest(bank, after)
    if old != new:
        claim(unit, "document", new, person_id, ResidentIdTaken)
        unit.people.forget_digest("document", old)


def _follow_login(bank: Bank, unit: Unit, person_id: str, before: PersonData, after: PersonData) -> None:
    old, new = (bank.vault.blind_index("login", login_form(one.phone)) for one in (before, after))
    login, other = unit.access.login(old), unit.access.login(new)
    if other is not None and other.person_id != person_id:
        raise PhoneTaken
    if login is not None and login.person_id == person_id:
        unit.access.forget_login(login)
        if other is None:
            unit.access.add(Login(digest=new, book=unit.origin, person_id=person_id, kind=login.kind))


def _new_circumstances(
    bank: Bank, unit: Unit, actor: Actor, person_id: str, before: PersonData, after: PersonData, consent: bool,
    now: datetime,
) -> None:  # fmt: skip
    """Circumstances that were not written down before need the member's consent (PIPL, article 29)."""
    if set(after.tags) <= set(before.tags):
        return
    if not consent:
        raise ConsentMissing
    record_consent(
        bank,
        unit,
        person_id,
        "sensitive",
        text_version=CONSENT_TEXT,
        channel="desk",
        recorded_by=actor.person_id,
        now=now,
    )
