"""Members: applying, registering at the desk, approving, finding, PIN and card, leaving."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from ledger import Kind
from timebank.domain.errors import (
    BalanceLeft,
    BirthDateInvalid,
    CardUnknown,
    ConsentMissing,
    DocumentTypeInvalid,
    LoginTaken,
    MemberStateConflict,
    NotFound,
    OpenMattersLeft,
    OwnRecord,
    PhoneTaken,
    PinTooSimple,
    ReasonMissing,
    ResidentIdTaken,
    StationClosed,
)
from timebank.domain.identity import (
    DocumentType,
    Sex,
    check_birth_date,
    login_form,
    member_number,
    normalize_name,
    normalize_phone,
    parse_member_number,
    resident_id,
)
from timebank.domain.people import PersonData
from timebank.domain.roles import Actor, require, require_at, stations_of
from timebank.storage.access import Credential, Login
from timebank.storage.members import Consent, Membership
from timebank.storage.people import IdentityIndex, Look, Person
from timebank.storage.unit import Bank, Unit, digest

CONSENT_TEXT = "2026-1"
PIN_LENGTH = 6
OPEN_HOURS = ("logged", "confirmed", "disputed")
OPEN_REDEMPTIONS = ("requested", "waiting", "held", "assigned", "delivered")


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


@dataclass(frozen=True, slots=True)
class MemberView:
    """A member as who may see him sees him."""

    person_id: str
    number: str
    state: str
    station_id: str
    station: str
    station_en: str
    serves: bool
    receives: bool
    data: PersonData
    age: int | None
    has_pin: bool
    has_card: bool
    applied_at: datetime


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
        return _view(bank, unit, membership, now)


def approve(bank: Bank, actor: Actor, person_id: str, *, now: datetime) -> MemberView:
    """The station accepts an application. Raises MemberStateConflict unless it is pending, OwnRecord for one's own."""
    with bank.unit() as unit:
        membership = _at_my_station(unit, actor, "members.approve", person_id)
        if membership.state != "pending":
            raise MemberStateConflict(state=membership.state)
        _activate(bank, unit, membership, actor, now)
        return _view(bank, unit, membership, now)


def decline(bank: Bank, actor: Actor, person_id: str, *, now: datetime) -> None:
    """The station does not accept an application. The person may apply again."""
    with bank.unit() as unit:
        membership = _at_my_station(unit, actor, "members.approve", person_id)
        if membership.state != "pending":
            raise MemberStateConflict(state=membership.state)
        membership.state = "declined"
        data = unit.person(person_id)
        unit.people.forget_digest("document", _document_digest(bank, data))
        unit.people.forget_digest("phone", bank.vault.blind_index("phone", data.phone))


def suspend(bank: Bank, actor: Actor, person_id: str, *, now: datetime) -> None:
    """Stop a membership for a while, or let it go on."""
    with bank.unit() as unit:
        membership = _at_my_station(unit, actor, "members.suspend", person_id)
        if membership.state not in ("active", "suspended"):
            raise MemberStateConflict(state=membership.state)
        membership.state = "suspended" if membership.state == "active" else "active"


def close(bank: Bank, actor: Actor, person_id: str, *, now: datetime) -> None:
    """End a membership: only with empty purses and nothing open. Each purse gets its `close` entry.

    Raises BalanceLeft or OpenMattersLeft; what is left is used, given or donated first.
    """
    with bank.unit() as unit:
        membership = _at_my_station(unit, actor, "members.close", person_id)
        if membership.state not in ("active", "suspended"):
            raise MemberStateConflict(state=membership.state)
        left = sum(unit.balances(person_id).values())
        if left:
            raise BalanceLeft(balance_minutes=left)
        if unit.hours.page(person_id=person_id, states=OPEN_HOURS, limit=1):
            raise OpenMattersLeft
        if unit.redemptions.page(person_id=person_id, states=OPEN_REDEMPTIONS, limit=1):
            raise OpenMattersLeft
        membership.state = "closed"
        for account in unit.members.purses(person_id).values():
            unit.append(Kind.CLOSE, actor.person_id, now=now, data={"account": account})


def see(bank: Bank, actor: Actor, person_id: str, *, now: datetime) -> MemberView:
    """One member: oneself, or one of the actor's stations. Raises NotFound for all others."""
    with bank.read() as unit:
        if person_id == actor.person_id:
            return _view(bank, unit, _require(unit, person_id), now)
        return _view(bank, unit, _at_my_station(unit, actor, "members.read", person_id), now)


def look(bank: Bank, actor: Actor, person_id: str, reason: str, *, now: datetime) -> MemberView:
    """An administrator sees personal data with a reason, and that is kept. Raises Forbidden, ReasonMissing."""
    require(actor, "personal.look")
    if not reason.strip():
        raise ReasonMissing
    with bank.unit() as unit:
        membership = _require(unit, person_id)
        unit.people.add(
            Look(
                book=unit.origin,
                id=bank.new_id(now),
                actor_id=actor.person_id,
                person_id=person_id,
                reason=reason[:40],
                at=now,
            )
        )
        return _view(bank, unit, membership, now)


def find(bank: Bank, actor: Actor, words: str, *, now: datetime) -> tuple[MemberView, ...]:
    """Members of the actor's stations by number, phone, or part of the name; all of them for no words."""
    words = words.strip()
    with bank.read() as unit:
        stations = stations_of(actor, "members.list", unit.network.parents())
        rows = unit.members.of_stations(stations)
        views = [_view(bank, unit, row, now) for row in rows]
    if not words:
        return tuple(views)
    form = login_form(words)
    compact = words.replace(" ", "")
    return tuple(v for v in views if compact in v.number or words in v.data.name or form == v.data.phone)


def by_number(bank: Bank, number: str) -> str:
    """The person behind a member number. Raises MemberNumberInvalid, NotFound."""
    with bank.read() as unit:
        membership = unit.members.by_number(parse_member_number(number))
        if membership is None:
            raise NotFound
        return membership.person_id


def by_card(bank: Bank, secret: str) -> str:
    """The person whose card this is. Raises CardUnknown."""
    with bank.read() as unit:
        membership = unit.members.by_card(digest(secret))
        if membership is None:
            raise CardUnknown
        return membership.person_id


def set_pin(bank: Bank, actor: Actor, person_id: str, pin: str, *, now: datetime) -> None:
    """A new PIN, chosen by the elder at the desk. Raises PinTooSimple for rows, repeats and the birthday."""
    hashed = bank.passwords.hash(pin)
    with bank.unit() as unit:
        membership = _at_my_station(unit, actor, "members.pin", person_id)
        _check_pin(pin, unit.person(person_id))
        membership.pin_hash = hashed


def issue_card(bank: Bank, actor: Actor, person_id: str, *, now: datetime) -> str:
    """A new card: gives the secret for its QR code, once; the card before it is void."""
    secret = base64.urlsafe_b64encode(bank.random(24)).decode()
    with bank.unit() as unit:
        membership = _at_my_station(unit, actor, "members.card", person_id)
        membership.card_digest = digest(secret)
    return secret


def set_password(bank: Bank, actor: Actor, person_id: str, password: str, *, now: datetime) -> None:
    """A first or forgotten password, set at the desk; it must be changed at the next sign-in."""
    hashed = bank.passwords.hash(password)
    with bank.unit() as unit:
        _at_my_station(unit, actor, "members.pin", person_id)
        credential = unit.access.credential(person_id, lock=True)
        if credential is None:
            _give_login(bank, unit, person_id, unit.person(person_id).phone, hashed, now, must_change=True)
        else:
            credential.password_hash, credential.changed_at, credential.must_change = hashed, now, True
        unit.access.revoke_sign_ins(person_id, now)


def _check_pin(pin: str, data: PersonData) -> None:
    steps = {ord(after) - ord(before) for before, after in zip(pin, pin[1:], strict=False)}
    birthday = data.born_on.strftime("%Y%m%d") if data.born_on else ""
    simple = len(pin) != PIN_LENGTH or not pin.isascii() or not pin.isdigit() or steps in ({0}, {1}, {-1})
    if simple or (birthday and pin in (birthday[2:], birthday[:6])):
        raise PinTooSimple(length=PIN_LENGTH)


def _enter(bank: Bank, unit: Unit, form: Application, *, actor_id: str | None, now: datetime) -> Membership:
    """Check what was told and keep it, sealed. A resident ID or a phone can be there once."""
    if not form.consent:
        raise ConsentMissing
    station = unit.network.get_station(form.station_id)
    if station is None:
        raise NotFound
    if station.state != "open":
        raise StationClosed
    data = _data(bank, form, station.division_code, now)
    person_id = _person(bank, unit, data, now)
    _claim(unit, "document", _document_digest(bank, data), person_id, ResidentIdTaken)
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
        _give_login(bank, unit, person_id, data.phone, bank.passwords.hash(form.password), now, must_change=False)
    unit.flush()
    return membership


def _data(bank: Bank, form: Application, division_code: str, now: datetime) -> PersonData:
    today = now.astimezone(ZoneInfo(bank.settings.timezone)).date()
    kind = DocumentType(form.document_type)
    number, born_on, sex = form.document_number.strip(), form.born_on, Sex(form.sex) if form.sex else None
    if kind in (DocumentType.RESIDENT, DocumentType.HMT_RESIDENCE):
        checked = resident_id(number, today)
        number, born_on, sex = checked.number, checked.born_on, checked.sex
    elif (kind is DocumentType.NONE and number) or (kind is not DocumentType.NONE and not number):
        raise DocumentTypeInvalid
    if born_on is None:
        raise BirthDateInvalid
    check_birth_date(born_on, today)
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


def _person(bank: Bank, unit: Unit, data: PersonData, now: datetime) -> str:
    """The id of a new person; or of the member of the staff who has this phone and no membership yet, since one human
    being has one id here, or separation of duties means nothing. Raises PhoneTaken for another member's phone.
    """
    index = bank.vault.blind_index("phone", data.phone)
    claimed = unit.people.by_digest("phone", index)
    if claimed is not None:
        row = unit.people.get(claimed.person_id)
        is_member = unit.members.get(claimed.person_id) is not None
        if row is None or is_member or claimed.book != unit.origin or unit.person(row.id).name != data.name:
            raise PhoneTaken
        row.sealed = bank.vault.seal(row.wrapped_key, row.id, data.to_json())
        return row.id
    person_id = bank.new_id(now)
    key = bank.vault.new_key(person_id)
    sealed = bank.vault.seal(key, person_id, data.to_json())
    unit.people.add(Person(book=unit.origin, id=person_id, sealed=sealed, wrapped_key=key, created_at=now, version=1))
    unit.flush()
    _claim(unit, "phone", index, person_id, PhoneTaken)
    return person_id


def _document_digest(bank: Bank, data: PersonData) -> str:
    """Without a document, the name, birth date and phone together stand for it."""
    number = data.document_number or f"{data.name}\n{data.born_on}\n{data.phone}"
    return bank.vault.blind_index("document", f"{data.document_type}\n{number}")


def _claim(unit: Unit, kind: str, digest_: str, person_id: str, taken: type[Exception]) -> None:
    if unit.people.by_digest(kind, digest_) is not None:
        raise taken
    unit.people.add(IdentityIndex(digest=digest_, kind=kind, book=unit.origin, person_id=person_id))


def _consents(bank: Bank, unit: Unit, person_id: str, recorded_by: str, form: Application, now: datetime) -> None:
    """The general consent, and a separate one where hardship tags are kept (PIPL articles 13 and 29)."""
    for kind in ("membership", "sensitive") if form.tags else ("membership",):
        unit.members.add(
            Consent(
                book=unit.origin,
                id=bank.new_id(now),
                person_id=person_id,
                kind=kind,
                text_version=CONSENT_TEXT,
                given=True,
                channel=form.consent_channel,
                recorded_by=recorded_by,
                at=now,
            )
        )


def _give_login(
    bank: Bank, unit: Unit, person_id: str, name: str, hashed: str, now: datetime, *, must_change: bool
) -> None:
    index = bank.vault.blind_index("login", login_form(name))
    if unit.access.login(index) is not None:
        raise LoginTaken
    unit.access.add(Login(digest=index, book=unit.origin, person_id=person_id, kind="phone"))
    if unit.access.credential(person_id) is not None:
        return  # somebody of the staff becomes a member, and keeps the password
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


def _activate(bank: Bank, unit: Unit, membership: Membership, actor: Actor, now: datetime) -> None:
    """Active from now on: the `earned` purse is opened, committing to the record of the person."""
    if membership.person_id == actor.person_id:
        raise OwnRecord
    membership.state, membership.approved_by, membership.approved_at = "active", actor.person_id, now
    record = {"person": membership.person_id, **unit.person(membership.person_id).to_json()}
    document = unit.keep_document("member", membership.person_id, record, now=now)
    unit.purse(membership.person_id, "earned", actor.person_id, now=now, evidence=document.commitment)


def _require(unit: Unit, person_id: str) -> Membership:
    membership = unit.members.get(person_id)
    if membership is None:
        raise NotFound
    return membership


def _at_my_station(unit: Unit, actor: Actor, verb: str, person_id: str) -> Membership:
    membership = _require(unit, person_id)
    require_at(actor, verb, membership.station_id, unit.network.parents())
    return membership


def _view(bank: Bank, unit: Unit, membership: Membership, now: datetime) -> MemberView:
    data = unit.person(membership.person_id)
    station = unit.network.get_station(membership.station_id)
    return MemberView(
        person_id=membership.person_id,
        number=membership.number,
        state=membership.state,
        station_id=membership.station_id,
        station=station.name if station else "",
        station_en=station.name_en if station else "",
        serves=membership.serves,
        receives=membership.receives,
        data=data,
        age=data.age_on(now.astimezone(ZoneInfo(bank.settings.timezone)).date()),
        has_pin=membership.pin_hash is not None,
        has_card=membership.card_digest is not None,
        applied_at=membership.applied_at,
    )
