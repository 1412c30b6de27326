"""Requests for erasure, and the erasing: what is destroyed, in one commit, so that nothing of a person can be read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Index, Select, String, delete, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from timebank.storage.access import Answered, Credential, Login, SignIn, Token
from timebank.storage.activities import ActivityPerson, ProjectPerson, TeamMember
from timebank.storage.base import Base, InBook, to_person
from timebank.storage.certificates import Certified
from timebank.storage.clearing import Clearing
from timebank.storage.complaints import Complaint, ComplaintEvent
from timebank.storage.consent_notes import ConsentNote
from timebank.storage.credit_files import CreditEvent, CreditStep
from timebank.storage.equipment import EquipmentLoan
from timebank.storage.estates import DormantContact, Estate, EstateChoice
from timebank.storage.guests import GuestPass
from timebank.storage.honours import Award, HonourReached
from timebank.storage.hours import HoursEvent, HoursRecord
from timebank.storage.imports import ImportLine, PastService
from timebank.storage.incidents import Incident
from timebank.storage.issued import GrantShare
from timebank.storage.members import Closeness, Consent, Kin, Membership, Proxy, ProxyAct, Purse, Qualification
from timebank.storage.messages import Contact, Message
from timebank.storage.needs import Absence, Need, NeedEvent, NeedHelper
from timebank.storage.offers import Offer
from timebank.storage.people import Document, IdentityIndex, Look, Person
from timebank.storage.ratings import Rating
from timebank.storage.redemptions import Redemption, RedemptionEvent
from timebank.storage.rounds import RoundEnrolment, RoundTag, RoundVisit
from timebank.storage.trainings import TrainingPerson
from timebank.storage.transfers import Transfer


class Erasure(InBook, Base):
    """Somebody asked that a person's data be erased. It says who asked, who confirmed and when it was done."""

    __tablename__ = "erasure"
    __table_args__ = (
        *to_person("person_id", "asked_by"),
        Index("ix_erasure_book_state", "book", "state"),
        Index("ix_erasure_book_person", "book", "person_id"),
    )

    person_id: Mapped[str] = mapped_column(String(32))
    channel: Mapped[str] = mapped_column(String(8))
    asked_by: Mapped[str] = mapped_column(String(32))
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(12))
    decided_by: Mapped[str | None] = mapped_column(String(32))
    decided_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    problem: Mapped[str | None] = mapped_column(String(40))
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


_SECRET = frozenset({"book", "digest", "pin_hash", "card_digest", "version"})
_OF_PERSON: tuple[tuple[type[Base], tuple[str, ...]], ...] = (
    (Membership, ("person_id",)),
    (Purse, ("person_id",)),
    (Consent, ("person_id",)),
    (Contact, ("person_id",)),
    (Message, ("person_id",)),
    (Qualification, ("person_id",)),
    (TrainingPerson, ("person_id",)),
    (Kin, ("person_id",)),
    (Proxy, ("elder_id", "proxy_id")),
    (ProxyAct, ("elder_id", "proxy_id")),
    (HoursRecord, ("volunteer_id", "elder_id")),
    (Redemption, ("member_id", "receiver_id", "volunteer_id")),
    (Transfer, ("receiver_id", "giver_id")),
    (Clearing, ("person_id",)),
    (Certified, ("person_id",)),
    (GrantShare, ("person_id",)),
    (EstateChoice, ("person_id",)),
    (Estate, ("person_id",)),
    (DormantContact, ("person_id",)),
    (Need, ("elder_id",)),
    (NeedHelper, ("person_id",)),
    (Absence, ("person_id",)),
    (Offer, ("person_id",)),
    (TeamMember, ("person_id",)),
    (ActivityPerson, ("person_id",)),
    (ProjectPerson, ("person_id",)),
    (Document, ("subject_id",)),
    (SignIn, ("person_id",)),
    (Look, ("person_id",)),
    (Erasure, ("person_id",)),
    (RoundEnrolment, ("person_id",)),
    (RoundTag, ("person_id",)),
    (RoundVisit, ("person_id",)),
    (Incident, ("subject_id",)),
    (Rating, ("rater_id",)),
    (Complaint, ("complainant_id",)),
    (CreditEvent, ("person_id",)),
    (ConsentNote, ("elder_id", "helper_id")),
    (EquipmentLoan, ("person_id",)),
    (GuestPass, ("person_id",)),
    (Award, ("person_id",)),
    (HonourReached, ("person_id",)),
    (ImportLine, ("person_id",)),
    (PastService, ("person_id",)),
)
"""Tables and the columns that name the person; under the key of the first of them is what a row has sealed."""
_HISTORY: tuple[tuple[type[Base], type[Base], ColumnElement[str], str], ...] = (
    (HoursEvent, HoursRecord, HoursEvent.__table__.c.record_id, "volunteer_id"),
    (RedemptionEvent, Redemption, RedemptionEvent.__table__.c.redemption_id, "member_id"),
    (NeedEvent, Need, NeedEvent.__table__.c.need_id, "elder_id"),
    (ComplaintEvent, Complaint, ComplaintEvent.__table__.c.complaint_id, "complainant_id"),
    (CreditStep, CreditEvent, CreditStep.__table__.c.of_id, "person_id"),
)


def _readable_by(person_id: str, name: str, row: dict[str, Any], columns: tuple[str, ...]) -> bool:
    return not name.endswith("sealed") or row[columns[0]] == person_id


def _ids(parent: type[Base], owner: str, person_id: str, book: str) -> Select[tuple[str]]:
    columns = parent.__table__.c
    return select(columns.id).where(columns.book == book, columns[owner] == person_id)


class Privacy:
    """Named queries over requests for erasure, and the erasing itself."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: Erasure) -> None:
        self._session.add(row)

    def get(self, erasure_id: str, *, lock: bool = False) -> Erasure | None:
        return self._session.get(Erasure, (self._book, erasure_id), with_for_update=lock or None)

    def newest(self, person_id: str) -> Erasure | None:
        """The last request about this person."""
        query = select(Erasure).where(Erasure.book == self._book, Erasure.person_id == person_id)
        return self._session.scalar(query.order_by(Erasure.id.desc()).limit(1))

    def in_states(self, states: Iterable[str], station_ids: Iterable[str]) -> list[Erasure]:
        """Requests about members of these stations, the oldest first."""
        members = select(Membership.person_id).where(
            Membership.book == self._book, Membership.station_id.in_(set(station_ids))
        )
        query = select(Erasure).where(
            Erasure.book == self._book, Erasure.state.in_(set(states)), Erasure.person_id.in_(members)
        )
        return list(self._session.scalars(query.order_by(Erasure.id)))

    def confirmed(self, limit: int = 100) -> list[str]:
        """The ids of those that are to be carried out."""
        query = select(Erasure.id).where(Erasure.book == self._book, Erasure.state == "confirmed")
        return list(self._session.scalars(query.order_by(Erasure.id).limit(limit)))

    def kept_of(self, person_id: str) -> dict[str, list[tuple[str, dict[str, Any]]]]:
        """Table → (under whose key its sealed columns are, the row) of all that is kept of a person. Secrets and their
        hashes are left out. What is sealed under another's key stays closed."""
        found = {}
        for table, mine in _OF_PERSON:
            columns = table.__table__.c
            named = or_(*(columns[name] == person_id for name in mine))
            rows = self._session.execute(select(*columns).where(columns.book == self._book, named).order_by(*columns))
            kept = (dict(row._mapping) for row in rows)
            found[str(table.__tablename__)] = [
                (
                    person_id,
                    {k: v for k, v in row.items() if k not in _SECRET and _readable_by(person_id, k, row, mine)},
                )
                for row in kept
            ]
        for table, parent, column, owner in _HISTORY:
            query = (
                select(*table.__table__.c)
                .where(table.__table__.c.book == self._book, column.in_(_ids(parent, owner, person_id, self._book)))
                .order_by(*table.__table__.primary_key)
            )
            found[str(table.__tablename__)] = [(person_id, dict(row._mapping)) for row in self._session.execute(query)]
        return found

    def logins(self, person_id: str) -> list[str]:
        """The keyed hashes of the names by which this person signs in."""
        query = select(Login.digest).where(Login.book == self._book, Login.person_id == person_id)
        return list(self._session.scalars(query))

    def erase(self, person: Person, now: datetime) -> None:
        """Destroy the key of a person, whatever is sealed under it, the salts of its documents, and all by which the
        person could be found or could sign in. Ids, minutes and days stay: entries and records of others name them."""
        person.sealed = person.wrapped_key = b""
        self._session.flush()
        who = person.id
        self._delete_of_person(who)
        self._end_of_proxies(who, now)
        self._empty(Document, Document.subject_id == who, {"sealed": b"", "salt": b""})
        self._empty(Membership, Membership.person_id == who, {"pin_hash": None, "card_digest": None})
        served = select(HoursRecord.id).where(HoursRecord.book == self._book, HoursRecord.volunteer_id == who)
        self._empty(HoursEvent, HoursEvent.record_id.in_(served), {"text_sealed": None})
        self._empty(HoursRecord, HoursRecord.volunteer_id == who, {"note_sealed": None})
        asked = select(Redemption.id).where(Redemption.book == self._book, Redemption.member_id == who)
        self._empty(RedemptionEvent, RedemptionEvent.redemption_id.in_(asked), {"text_sealed": None})
        self._empty(Redemption, Redemption.member_id == who, {"note_sealed": None})
        needed = select(Need.id).where(Need.book == self._book, Need.elder_id == who)
        self._empty(NeedEvent, NeedEvent.need_id.in_(needed), {"text_sealed": None})
        self._empty(Need, Need.elder_id == who, {"risk_sealed": b"", "note_sealed": None})
        self._empty(Offer, Offer.person_id == who, {"risk_sealed": b"", "state": "ended"})
        self._empty(RoundTag, RoundTag.person_id == who, {"text_sealed": None})
        self._empty(RoundVisit, RoundVisit.person_id == who, {"text_sealed": None})
        self._empty(Incident, Incident.subject_id == who, {"text_sealed": None, "done_sealed": None})
        self._empty(Rating, Rating.rater_id == who, {"text_sealed": None})
        complained = _ids(Complaint, "complainant_id", who, self._book)
        self._empty(ComplaintEvent, ComplaintEvent.complaint_id.in_(complained), {"text_sealed": None})
        self._empty(Complaint, Complaint.complainant_id == who, {"text_sealed": None, "digest": None})
        filed = _ids(CreditEvent, "person_id", who, self._book)
        self._empty(CreditStep, CreditStep.of_id.in_(filed), {"text_sealed": None})
        self._empty(CreditEvent, CreditEvent.person_id == who, {"text_sealed": None})
        self._empty(Certified, Certified.person_id == who, {"content_sealed": None})
        self._empty(Award, Award.person_id == who, {"facts_sealed": None})
        self._empty(PastService, PastService.person_id == who, {"facts_sealed": None})
        self._empty(ImportLine, ImportLine.person_id == who, {"key_digest": None})
        self._empty(Estate, Estate.person_id == who, {"proof_sealed": None})
        self._empty(Clearing, Clearing.person_id == who, {"message_sealed": None})
        self._empty(Transfer, Transfer.receiver_id == who, {"text_sealed": None, "refused_text_sealed": None})

    def _delete_of_person(self, who: str) -> None:
        for table, mine in (
            (IdentityIndex, (IdentityIndex.book == self._book) & (IdentityIndex.person_id == who)),
            (Login, (Login.book == self._book) & (Login.person_id == who)),
            (Credential, (Credential.book == self._book) & (Credential.person_id == who)),
            (SignIn, (SignIn.book == self._book) & (SignIn.person_id == who)),
            (Token, (Token.book == self._book) & (Token.person_id == who)),
            (Answered, (Answered.book == self._book) & (Answered.principal == who)),
            (Contact, (Contact.book == self._book) & (Contact.person_id == who)),
            (Message, (Message.book == self._book) & (Message.person_id == who)),
            (TrainingPerson, (TrainingPerson.book == self._book) & (TrainingPerson.person_id == who)),
            (Qualification, (Qualification.book == self._book) & (Qualification.person_id == who)),
            (Kin, (Kin.book == self._book) & or_(Kin.person_id == who, Kin.relative_id == who)),
            (HonourReached, (HonourReached.book == self._book) & (HonourReached.person_id == who)),
            (GuestPass, (GuestPass.book == self._book) & (GuestPass.person_id == who)),
            (Closeness, (Closeness.book == self._book) & or_(Closeness.volunteer_id == who, Closeness.elder_id == who)),
        ):
            self._session.execute(delete(table).where(mine), execution_options={"synchronize_session": False})

    def _end_of_proxies(self, who: str, now: datetime) -> None:
        mine = or_(Proxy.elder_id == who, Proxy.proxy_id == who) & Proxy.ended_at.is_(None)
        self._empty(Proxy, mine, {"ended_at": now})

    def _empty(self, table: type[Base], which: ColumnElement[bool], values: dict[str, object]) -> None:
        query = update(table).where(table.__table__.c.book == self._book, which).values(values)
        self._session.execute(query, execution_options={"synchronize_session": False})
