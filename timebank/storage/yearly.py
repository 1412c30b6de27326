"""The rows behind the figures of a year: what was served, asked for, given, complained of. Ids only, never a name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, and_, func, select
from sqlalchemy.orm import Session

from ledger.stores.sql_schema import account_table, entry_table, posting_table
from timebank.domain.local_time import rfc3339
from timebank.storage.certificates import Certified
from timebank.storage.complaints import Complaint, ComplaintEvent
from timebank.storage.coverage import CoverageRun
from timebank.storage.estates import Estate, EstateEvent
from timebank.storage.hours import HoursEvent, HoursRecord
from timebank.storage.members import Membership, Purse
from timebank.storage.privacy import Erasure
from timebank.storage.redemptions import Redemption
from timebank.storage.supervision import CallBack, InspectionVisit
from timebank.storage.trainings import TrainingEvent, TrainingPerson
from timebank.storage.transfers import Reversal

AT_A_TIME = 5000
Rows = Iterator[Row[Any]]


class Yearly:
    """Named queries over [start, end), each in the order of its ids. A set of stations narrows them; None is all."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def _all(self, query: Any, station: Any = None, stations: frozenset[str] | None = None) -> Rows:
        if stations is not None:
            query = query.where(station.in_(stations))
        return iter(self._session.execute(query, execution_options={"yield_per": AT_A_TIME}))

    def served(self, start: datetime, end: datetime, stations: frozenset[str] | None = None) -> Rows:
        """Verified records of services that began in the span."""
        one = HoursRecord
        query = select(
            one.id, one.number, one.station_id, one.volunteer_id, one.elder_id, one.service_code, one.started_at,
            one.ended_at, one.minutes, one.credited_minutes, one.source, one.verified_at, one.entry_seq,
        )  # fmt: skip
        query = query.where(
            one.book == self._book, one.state == "verified", one.started_at >= start, one.started_at < end
        )
        return self._all(query.order_by(one.id), one.station_id, stations)

    def rejected(self, start: datetime, end: datetime, stations: frozenset[str] | None = None) -> Rows:
        """Records that were rejected in the span, with the moment of the first time; not those that a correction
        took back."""
        one, step = HoursRecord, HoursEvent
        query = (
            select(one.id, one.number, one.station_id, one.volunteer_id, func.min(step.at).label("at"))
            .join(step, and_(step.book == one.book, step.record_id == one.id))
            .where(
                one.book == self._book,
                step.state == "rejected",
                step.state_before != "verified",
                step.at >= start,
                step.at < end,
            )
            .group_by(one.id, one.number, one.station_id, one.volunteer_id)
        )
        return self._all(query.order_by(one.id), one.station_id, stations)

    def corrections(self, start: datetime, end: datetime, stations: frozenset[str] | None = None) -> Rows:
        """Corrections that a second person approved in the span. `asked_by` is nobody's business here."""
        one = Reversal
        query = select(one.id, one.station_id, one.of_seq, one.entry_seq, one.decided_at).where(
            one.book == self._book, one.state == "approved", one.decided_at >= start, one.decided_at < end
        )
        return self._all(query.order_by(one.id), one.station_id, stations)

    def requested(self, start: datetime, end: datetime, stations: frozenset[str] | None = None) -> Rows:
        """Requests for care that were made in the span."""
        one = Redemption
        query = select(
            one.id, one.number, one.station_id, one.receiver_id, one.state, one.requested_at, one.settled_minutes,
            one.entry_seq, one.hold_seq,
        ).where(one.book == self._book, one.requested_at >= start, one.requested_at < end)  # fmt: skip
        return self._all(query.order_by(one.id), one.station_id, stations)

    def given(self, kind: str, first: int, end: int, stations: frozenset[str] | None = None) -> Rows:
        """Entries of a kind numbered in [first, end) that were not reversed: minutes, and the one member whose hours
        went (of a grant: came)."""
        entry, posting, undone = entry_table.c, posting_table.c, entry_table.alias()
        side = posting.minutes > 0 if kind == "grant" else posting.minutes < 0
        reversed_ = select(undone.c.of_seq).where(undone.c.book == self._book, undone.c.kind == "reverse")
        query = (
            select(
                entry.seq, entry.at, func.sum(func.abs(posting.minutes)).label("minutes"),
                func.min(Purse.person_id).label("person_id"), func.min(Membership.station_id).label("station_id"),
            )
            .select_from(
                entry_table.join(posting_table, and_(posting.book == entry.book, posting.seq == entry.seq))
                .join(Purse, and_(Purse.book == entry.book, Purse.account == posting.account))
                .join(Membership, and_(Membership.book == entry.book, Membership.person_id == Purse.person_id))
            )
            .where(
                entry.book == self._book, entry.kind == kind, entry.seq >= first, entry.seq < end, side,
                entry.seq.not_in(reversed_.where(undone.c.of_seq.is_not(None))),
            )
            .group_by(entry.seq, entry.at)
        )  # fmt: skip
        return self._all(query.order_by(entry.seq), Membership.station_id, stations)

    def complaints(self, start: datetime, end: datetime, stations: frozenset[str] | None = None) -> Rows:
        one = Complaint
        query = select(one.id, one.number, one.station_id, one.complainant_id, one.received_at).where(
            one.book == self._book, one.received_at >= start, one.received_at < end
        )
        return self._all(query.order_by(one.id), one.station_id, stations)

    def complaint_steps(self, start: datetime, end: datetime) -> dict[str, list[tuple[str, datetime]]]:
        """Complaint received in the span → its steps (verb, when), the first one first."""
        step = ComplaintEvent
        query = (
            select(step.complaint_id, step.verb, step.at)
            .join(Complaint, and_(Complaint.book == step.book, Complaint.id == step.complaint_id))
            .where(step.book == self._book, Complaint.received_at >= start, Complaint.received_at < end)
        )
        found: dict[str, list[tuple[str, datetime]]] = {}
        for complaint_id, verb, at in self._session.execute(query.order_by(step.complaint_id, step.step)):
            found.setdefault(complaint_id, []).append((verb, at))
        return found

    def inspections(self, start: datetime, end: datetime, stations: frozenset[str] | None = None) -> Rows:
        one = InspectionVisit
        query = select(one.id, one.station_id, one.outcome, one.recorded_at).where(
            one.book == self._book, one.recorded_at >= start, one.recorded_at < end
        )
        return self._all(query.order_by(one.id), one.station_id, stations)

    def call_backs(self, start: datetime, end: datetime, stations: frozenset[str] | None = None) -> Rows:
        """Finished calls, with the record that was asked about and its entry."""
        one, record = CallBack, HoursRecord
        query = (
            select(
                one.id, one.station_id, one.state, one.called_at, record.number, record.elder_id, record.volunteer_id,
                record.entry_seq,
            )
            .join(record, and_(record.book == one.book, record.id == one.record_id))
            .where(
                one.book == self._book, one.state.in_(("right", "different", "not_reached")), one.called_at >= start,
                one.called_at < end,
            )
        )  # fmt: skip
        return self._all(query.order_by(one.id), one.station_id, stations)

    def certificates(
        self, start: datetime, end: datetime, stations: frozenset[str] | None = None, *, revoked: bool
    ) -> Rows:
        one = Certified
        moment = one.revoked_at if revoked else one.issued_at
        query = select(one.id, one.number, one.station_id, one.person_id, moment.label("at")).where(
            one.book == self._book, moment >= start, moment < end
        )
        return self._all(query.order_by(one.id), one.station_id, stations)

    def trainings(self, first: date, last: date, stations: frozenset[str] | None = None) -> Rows:
        """Who was at which training of these days."""
        one, person = TrainingEvent, TrainingPerson
        query = (
            select(one.id, one.station_id, one.held_on, one.minutes, person.person_id)
            .join(person, and_(person.book == one.book, person.event_id == one.id))
            .where(one.book == self._book, one.held_on >= first, one.held_on <= last, person.attended.is_(True))
        )
        return self._all(query.order_by(one.id, person.person_id), one.station_id, stations)

    def members(self, end: datetime, stations: frozenset[str] | None = None) -> Rows:
        """Who was approved before then."""
        one = Membership
        query = select(one.person_id, one.number, one.station_id, one.approved_at, one.state).where(
            one.book == self._book, one.approved_at < end
        )
        return self._all(query.order_by(one.number), one.station_id, stations)

    def ended(self) -> dict[str, tuple[datetime | None, int | None]]:
        """Person whose membership is closed → when that was, as far as anything says so, and the entry."""
        entry, account = entry_table.c, account_table.c
        found: dict[str, tuple[datetime | None, int | None]] = {}
        closed = (
            select(Purse.person_id, func.min(account.closed_seq), func.min(entry.at))
            .join(account_table, and_(account.book == Purse.book, account.account == Purse.account))
            .join(entry_table, and_(entry.book == account.book, entry.seq == account.closed_seq))
            .where(Purse.book == self._book)
            .group_by(Purse.person_id)
        )
        settled = (
            select(Estate.person_id, func.max(EstateEvent.at))
            .join(EstateEvent, and_(EstateEvent.book == Estate.book, EstateEvent.estate_id == Estate.id))
            .where(Estate.book == self._book, Estate.state == "settled", EstateEvent.state == "settled")
            .group_by(Estate.person_id)
        )
        erased = select(Erasure.person_id, Erasure.done_at).where(
            Erasure.book == self._book, Erasure.done_at.is_not(None)
        )
        for query in (erased, settled):
            for person_id, at in self._session.execute(query):
                found[person_id] = (at, None)
        for person_id, seq, at in self._session.execute(closed):
            found[person_id] = (datetime.fromisoformat(at), seq)
        return found

    def first_seq_from(self, moment: datetime, size: int) -> int:
        """The number of the first entry that was written at this moment or later; `size` where there is none. Numbers
        follow time, so few rows are asked for."""
        text, low, high = rfc3339(moment), 0, size
        while low < high:
            middle = (low + high) // 2
            query = select(entry_table.c.at).where(entry_table.c.book == self._book, entry_table.c.seq == middle)
            if (self._session.scalar(query) or "") < text:
                low = middle + 1
            else:
                high = middle
        return low

    def held(self, end: int) -> list[tuple[str, str, str | None, int]]:
        """(account, what it is, person, minutes) of every account but the issuance before entry `end`."""
        query = (
            select(posting_table.c.account, _WHAT, func.min(Purse.person_id), func.sum(posting_table.c.minutes))
            .select_from(_POSTINGS)
            .where(posting_table.c.book == self._book, posting_table.c.seq < end, account_table.c.kind != "issuance")
            .group_by(posting_table.c.account, _WHAT)
        )
        return [(row[0], row[1], row[2], int(row[3])) for row in self._session.execute(query)]

    def postings(self, end: int, what: str | None, after: int, limit: int) -> Sequence[tuple[int, str, int]]:
        """(entry, when, minutes) before entry `end` and after entry `after`: of accounts of this origin or kind; None:
        what all of them together gained, which is what the issuance gave."""
        minutes = func.sum(posting_table.c.minutes)
        is_issuance = account_table.c.kind == "issuance"
        query = (
            select(posting_table.c.seq, entry_table.c.at, minutes if what is not None else -minutes)
            .select_from(
                _POSTINGS.join(
                    entry_table,
                    and_(
                        entry_table.c.book == posting_table.c.book,
                        entry_table.c.seq == posting_table.c.seq,
                    ),
                )
            )
            .where(
                posting_table.c.book == self._book,
                posting_table.c.seq < end,
                posting_table.c.seq > after,
                is_issuance if what is None else _WHAT.is_not_distinct_from(what),
            )
            .group_by(posting_table.c.seq, entry_table.c.at)
            .having(minutes != 0)
        )
        rows = self._session.execute(query.order_by(posting_table.c.seq).limit(limit))
        return [(row[0], row[1], int(row[2])) for row in rows]

    def coverage_in(self, first: date, last: date) -> str | None:
        """The figures of the last night of these days."""
        query = select(CoverageRun.figures).where(
            CoverageRun.book == self._book, CoverageRun.day >= first, CoverageRun.day <= last
        )
        return self._session.scalar(query.order_by(CoverageRun.day.desc(), CoverageRun.id.desc()).limit(1))


_WHAT = func.coalesce(Purse.origin, account_table.c.kind)
_POSTINGS = posting_table.join(
    account_table,
    and_(account_table.c.book == posting_table.c.book, account_table.c.account == posting_table.c.account),
).outerjoin(Purse, and_(Purse.book == posting_table.c.book, Purse.account == posting_table.c.account))
