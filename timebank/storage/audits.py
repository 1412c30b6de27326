"""Audit runs, alerts, outgoing mail, and the leases of periodic work."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, LargeBinary, String, Text, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from timebank.storage.base import Base, InBook


class AuditRun(InBook, Base):
    """One audit: what it covered, its verdict, its report as JSON, and where the next one may go on."""

    __tablename__ = "audit_run"
    __table_args__ = (Index("ix_audit_run_book_scope", "book", "scope", "started_at"),)

    scope: Mapped[str] = mapped_column(String(12))
    asked_by: Mapped[str] = mapped_column(String(32))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime]
    first_seq: Mapped[int]
    size: Mapped[int]
    verdict: Mapped[str] = mapped_column(String(12))
    findings: Mapped[int]
    report: Mapped[str] = mapped_column(Text)
    state: Mapped[bytes | None] = mapped_column(LargeBinary)
    entry_seq: Mapped[int | None]


class Alert(InBook, Base):
    """A finding that people must see. Until it is acknowledged, no checkpoint is signed."""

    __tablename__ = "alert"
    __table_args__ = (Index("ix_alert_book_open", "book", "acknowledged_at"),)

    kind: Mapped[str] = mapped_column(String(24))
    audit_id: Mapped[str | None] = mapped_column(String(32))
    summary: Mapped[str] = mapped_column(String(400))
    raised_at: Mapped[datetime]
    acknowledged_by: Mapped[str | None] = mapped_column(String(32))
    acknowledged_at: Mapped[datetime | None]
    reason_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


class Mail(InBook, Base):
    """A message to be sent: `channel` email by SMTP, sms by a gateway. The address is sealed; the text holds nothing
    personal."""

    __tablename__ = "mail"
    __table_args__ = (Index("ix_mail_book_state", "book", "state"),)

    channel: Mapped[str] = mapped_column(String(8), server_default="email")
    address_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    subject: Mapped[str] = mapped_column(String(120))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(8))
    tries: Mapped[int]
    made_at: Mapped[datetime]
    next_try_at: Mapped[datetime]


class JobLease(Base):
    """Who does a periodic job until when. Claimed by compare-and-swap on `fence`."""

    __tablename__ = "job_lease"

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    job: Mapped[str] = mapped_column(String(32), primary_key=True)
    fence: Mapped[int]
    leased_until: Mapped[datetime]
    due_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class Audits:
    """Named queries over audit runs, alerts and mail."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: AuditRun | Alert | Mail | JobLease) -> None:
        self._session.add(row)

    def get(self, audit_id: str) -> AuditRun | None:
        return self._session.get(AuditRun, (self._book, audit_id))

    def latest(self, scope: str | None = None, verdict: str | None = None) -> AuditRun | None:
        query = select(AuditRun).where(AuditRun.book == self._book)
        if scope is not None:
            query = query.where(AuditRun.scope == scope)
        if verdict is not None:
            query = query.where(AuditRun.verdict == verdict)
        return self._session.scalar(query.order_by(AuditRun.id.desc()).limit(1))

    def latest_written(self) -> AuditRun | None:
        """The last audit that was written to the book."""
        query = select(AuditRun).where(AuditRun.book == self._book, AuditRun.entry_seq.is_not(None))
        return self._session.scalar(query.order_by(AuditRun.id.desc()).limit(1))

    def runs(self, before: str | None = None, limit: int = 50) -> list[AuditRun]:
        query = select(AuditRun).where(AuditRun.book == self._book)
        if before is not None:
            query = query.where(AuditRun.id < before)
        return list(self._session.scalars(query.order_by(AuditRun.id.desc()).limit(limit)))

    def alert(self, alert_id: str) -> Alert | None:
        return self._session.get(Alert, (self._book, alert_id))

    def open_alerts(self) -> list[Alert]:
        query = select(Alert).where(Alert.book == self._book, Alert.acknowledged_at.is_(None))
        return list(self._session.scalars(query.order_by(Alert.raised_at)))

    def alerts(self, limit: int = 50) -> list[Alert]:
        query = select(Alert).where(Alert.book == self._book).order_by(Alert.raised_at.desc()).limit(limit)
        return list(self._session.scalars(query))

    def mail(self, mail_id: str) -> Mail | None:
        return self._session.get(Mail, (self._book, mail_id), with_for_update=True)

    def mail_due(self, now: datetime, limit: int = 20) -> list[Mail]:
        query = select(Mail).where(Mail.book == self._book, Mail.state == "waiting", Mail.next_try_at <= now)
        return list(self._session.scalars(query.order_by(Mail.next_try_at).limit(limit)))

    def lease(self, job: str) -> JobLease | None:
        return self._session.get(JobLease, (self._book, job))

    def claim(self, job: str, fence: int, leased_until: datetime) -> bool:
        """Compare-and-swap: true for exactly one of any number of simultaneous claimers of the same fence."""
        query = update(JobLease).where(JobLease.book == self._book, JobLease.job == job, JobLease.fence == fence)
        done = self._session.execute(query.values(fence=fence + 1, leased_until=leased_until))
        return bool(getattr(done, "rowcount", 0) == 1)
