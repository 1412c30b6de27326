"""Applying, registering at the desk, approving. A resident ID or a phone can be there once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from timebank.domain.errors import (
    BirthDateInvalid,
    ConsentMissing,
    DocumentTypeInvalid,
    MemberStateConflict,
    NotFound,
    OwnRecord,
    PhoneTaken,
    ResidentIdTaken,
    StationClosed,
)
from timebank.domain.identity import (
    DocumentType,
    Sex,
    check_birth_date,
    member_number,
    normalize_name,
    normalize_phone,
    resident_id,
)
from timebank.domain.people import PersonData
from timebank.domain.policies import require_known
from timebank.domain.roles import Actor, require_at
from timebank.services.members.values import MemberView, at_my_station, view_of
from timebank.storage.accounts import add_person, give_login, record_consent
from timebank.storage.members import Membership
from timebank.storage.people import IdentityIndex
from timebank.storage.registering import CONSENT_TEXT, document_digest, phone_index
from timebank.storage.unit import Bank, Unit


@dataclass(frozen=True, slots=True)
class Application:
    """What a new member tells, at the desk or alone."""

    name: str
    phone: str
    document_type: str
    document_number: str
    station_id: str
    serves: bool
    receives: bool
    consent: bool
    consent_channel: str = "screen"
    born_on: date | None = None
    sex: str | None = None
    address: str = ""
    tags: tuple[str, ...] = ()
    password: str | None = None


def apply(bank: Bank, form: Application, *, now: datetime) -> str:
    """Somebody asks to become a member; the station decides. Gives the member number. Raises as `register`."""
    with bank.unit() as unit:
        membership = _enter(bank, unit, form, actor_id=None, now=now)
        return membership.number


def register(bank: Bank, actor: Actor, form: Application, *, now: datetime) -> MemberView:
    """A worker registers somebody at the desk; the membership is active at once, the account is opened.

    Raises ConsentMissing, ResidentIdInvalid, ResidentIdTaken, PhoneTaken, NameInvalid, NotFound for another station.
    """
    with bank.unit() as unit:
        require_at(actor, "members.register", form.station_id, unit.network.parents())
        membership = _enter(bank, unit, form, actor_id=actor.person_id, now=now)
        _activate(bank, unit, membership, actor, now)
        return view_of(bank, unit, membership, now)


def approve(bank: Bank, actor: Actor, person_id: str, *, now: datetime) -> MemberView:
    """The station accepts an application. Raises MemberStateConflict unless it is pending, OwnRecord for one's own."""
    with bank.unit() as unit:
        membership = at_my_station(unit, actor, "members.approve", person_id)
        if membership.state != "pending":
            raise MemberStateConflict(state=membership.state)
        _activate(bank, unit, membership, actor, now)
        return view_of(bank, unit, membership, now)


def decline(bank: Bank, actor: Actor, person_id: str, *, now: datetime) -> None:
    """The station does not accept an application. The person may apply again."""
    with bank.unit() as unit:
        membership = at_my_station(unit, actor, "members.approve", person_id)
        if membership.state != "pending":
            raise MemberStateConflict(state=membership.state)
        membership.state = "declined"
        data = unit.person(person_id)
        unit.people.forget_digest("document", document_digest(bank, data))
        unit.people.forget_digest("phone", phone_index(bank, data.phone))


def _enter(bank: Bank, unit: Unit, form: Application, *, actor_id: str | None, now: datetime) -> Membership:
    """Check what was told and keep it, sealed. A resident ID or a phone can be there once."""
    if not form.consent:
        raise ConsentMissing
    station = unit.network.get_station(form.station_id)
    if station is None:
        raise NotFound
    if station.state != "open":
        raise StationClosed
    require_known(unit.get_care(now), form.tags)
    data = _data(bank, form, station.division_code, now)
    person_id = _person(bank, unit, data, now)
    claim(unit, "document", document_digest(bank, data), person_id, ResidentIdTaken)
    membership = Membership(
        book=unit.origin,
        person_id=person_id,
        station_id=form.station_id,
        number=member_number(unit.network.next_number("member")),
        state="pending",
        serves=form.serves,
        receives=form.receives,
        applied_at=now,
        registered_by=actor_id or person_id,
        version=1,
    )
    unit.members.add(membership)
    _consents(bank, unit, person_id, actor_id or person_id, form, now)
    if form.password:
        give_login(
            bank,
            unit,
            person_id,
            data.phone,
            bank.passwords.hash(form.password),
            kind="phone",
            must_change=False,
            now=now,
        )
    unit.flush()
    return membership


def _person(bank: Bank, unit: Unit, data: PersonData, now: datetime) -> str:
    """The id of a new person; or of the member of the staff who has this phone and no membership yet, since one human
    being has one id here, or separation of duties means nothing. Raises PhoneTaken for another member's phone.
    """
    index = phone_index(bank, data.phone)
    claimed = unit.people.by_digest("phone", index)
    if claimed is not None:
        row = unit.people.get(claimed.person_id)
        is_member = unit.members.get(claimed.person_id) is not None
        if row is None or is_member or claimed.book != unit.origin or unit.person(row.id).name != data.name:
            raise PhoneTaken
        row.sealed = bank.vault.seal(row.wrapped_key, row.id, data.to_json())
        return row.id
    return add_person(bank, unit, data, now=now)


def identity(
    bank: Bank, kind: DocumentType, number: str, born_on: date | None, sex: Sex | None, now: datetime
) -> tuple[str, date, Sex | None]:
    """Number, birth date and sex, as the document says them where it does.

    Raises ResidentIdInvalid, DocumentTypeInvalid for a number without a kind or the reverse, BirthDateInvalid.
    """
    today = now.astimezone(ZoneInfo(bank.settings.timezone)).date()
    number = number.strip()
    if kind in (DocumentType.RESIDENT, DocumentType.HMT_RESIDENCE):
        checked = resident_id(number, today)
        return checked.number, checked.born_on, checked.sex
    if (kind is DocumentType.NONE and number) or (kind is not DocumentType.NONE and not number):
        raise DocumentTypeInvalid
    if born_on is None:
        raise BirthDateInvalid
    check_birth_date(born_on, today)
    return number, born_on, sex


def _data(bank: Bank, form: Application, division_code: str, now: datetime) -> PersonData:
    kind = DocumentType(form.document_type)
    told = Sex(form.sex) if form.sex else None
    number, born_on, sex = identity(bank, kind, form.document_number, form.born_on, told, now)
    return PersonData(
        name=normalize_name(form.name),
        phone=normalize_phone(form.phone),
        document_type=kind,
        document_number=number,
        born_on=born_on,
        sex=sex,
        division_code=division_code,
        address=form.address,
        tags=tuple(sorted(form.tags)),
    )


def claim(unit: Unit, kind: str, digest_: str, person_id: str, taken: type[Exception]) -> None:
    if unit.people.by_digest(kind, digest_) is not None:
        raise taken
    unit.people.add(IdentityIndex(digest=digest_, kind=kind, book=unit.origin, person_id=person_id))


def _consents(bank: Bank, unit: Unit, person_id: str, recorded_by: str, form: Application, now: datetime) -> None:
    """The general consent, and a separate one where hardship tags are kept (PIPL articles 13 and 29)."""
    for kind in ("membership", "sensitive") if form.tags else ("membership",):
        record_consent(
            bank, unit, person_id, kind, text_version=CONSENT_TEXT, channel=form.consent_channel,
            recorded_by=recorded_by, now=now,
        )  # fmt: skip


def _activate(bank: Bank, unit: Unit, membership: Membership, actor: Actor, now: datetime) -> None:
    """Active from now on: the `earned` purse is opened, committing to the record of the person."""
    if membership.person_id == actor.person_id:
        raise OwnRecord
    membership.state, membership.approved_by, membership.approved_at = "active", actor.person_id, now
    record = {"person": membership.person_id, **unit.person(membership.person_id).to_json()}
    document = unit.keep_document("member", membership.person_id, record, now=now)
    unit.purse(membership.person_id, "earned", actor.person_id, now=now, evidence=document.commitment)
