"""Who is told of what by webhook, and the outbox of messages: left in the commit of their cause."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, LargeBinary, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from timebank.storage.base import Base, InBook, in_book, to_person


class Webhook(InBook, Base):
    """A receiver: its address, the events that it is told, and the secret that signs, sealed for the service."""

    __tablename__ = "webhook"
    __table_args__ = (*to_person("made_by"), Index("ix_webhook_book_state", "book", "state"))

    url: Mapped[str] = mapped_column(String(500))
    events: Mapped[str] = mapped_column(String(200))
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(12))
    made_by: Mapped[str] = mapped_column(String(32))
    made_at: Mapped[datetime]
    failing_since: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class WebhookMessage(InBook, Base):
    """A message to one receiver; its id is the webhook-id of every try. It names ids and numbers only."""

    __tablename__ = "webhook_message"
    __table_args__ = (
        in_book("webhook", "webhook_id"),
        Index("ix_webhook_message_book_due", "book", "state", "next_try_at"),
        Index("ix_webhook_message_book_webhook", "book", "webhook_id"),
    )

    webhook_id: Mapped[str] = mapped_column(String(32))
    event: Mapped[str] = mapped_column(String(32))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(8))
    tries: Mapped[int]
    status: Mapped[int | None]
    """What the receiver answered last; None: it was not reached."""
    made_at: Mapped[datetime]
    next_try_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class Webhooks:
    """Named queries over webhooks and their messages."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book
        self._active: list[tuple[str, frozenset[str]]] | None = None

    def add(self, row: Webhook | WebhookMessage) -> None:
        self._session.add(row)

    def get(self, webhook_id: str, *, lock: bool = False) -> Webhook | None:
        return self._session.get(Webhook, (self._book, webhook_id), with_for_update=lock or None)

    def every(self) -> list[Webhook]:
        query = select(Webhook).where(Webhook.book == self._book)
        return list(self._session.scalars(query.order_by(Webhook.id.desc())))

    def told(self, event: str) -> tuple[str, ...]:
        """Who is told of this event. Asked once a unit: verifying many records asks no more than verifying one."""
        if self._active is None:
            query = select(Webhook.id, Webhook.events).where(Webhook.book == self._book, Webhook.state == "active")
            self._active = [(one, frozenset(events.split())) for one, events in self._session.execute(query)]
        return tuple(one for one, events in self._active if event in events)

    def message(self, message_id: str, *, lock: bool = False) -> WebhookMessage | None:
        return self._session.get(WebhookMessage, (self._book, message_id), with_for_update=lock or None)

    def due(self, now: datetime, limit: int = 50) -> list[tuple[str, str]]:
        """(message, receiver) of what is to be sent now to receivers in force, the oldest first."""
        one, other = WebhookMessage, Webhook
        query = (
            select(one.id, one.webhook_id)
            .join(other, (other.book == one.book) & (other.id == one.webhook_id))
            .where(one.book == self._book, one.state == "waiting", one.next_try_at <= now, other.state == "active")
        )
        return [(a, b) for a, b in self._session.execute(query.order_by(one.next_try_at, one.id).limit(limit))]

    def messages(self, webhook_id: str, limit: int = 20) -> list[WebhookMessage]:
        """The newest first."""
        query = select(WebhookMessage).where(WebhookMessage.book == self._book, WebhookMessage.webhook_id == webhook_id)
        return list(self._session.scalars(query.order_by(WebhookMessage.id.desc()).limit(limit)))
