"""Messages to people: kept in the commit of what they tell, sent by the scheduler outside the quiet hours."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from timebank.storage.base import Base, InBook, to_person


class Message(InBook, Base):
    """One thing that a person is told. It names nobody: `kind` has the words, `about` and `about_id` the object."""

    __tablename__ = "message"
    __table_args__ = (
        *to_person("person_id"),
        Index("ix_message_book_person", "book", "person_id", "made_at"),
        Index("ix_message_book_state", "book", "state", "made_at"),
    )

    person_id: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(32))
    about: Mapped[str] = mapped_column(String(24))
    about_id: Mapped[str] = mapped_column(String(32))
    urgent: Mapped[bool]
    made_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(8))
    """waiting, sent (by a channel that the person agreed to), or kept (in the inbox alone)."""
    read_at: Mapped[datetime | None]


class Messages:
    """Named queries over messages."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: Message) -> None:
        self._session.add(row)

    def of(self, person_id: str, limit: int = 100) -> list[Message]:
        """The newest messages of a person, the newest first."""
        query = select(Message).where(Message.book == self._book, Message.person_id == person_id)
        return list(self._session.scalars(query.order_by(Message.made_at.desc(), Message.id.desc()).limit(limit)))

    def unread(self, person_id: str) -> int:
        query = select(func.count()).select_from(Message)
        query = query.where(Message.book == self._book, Message.person_id == person_id, Message.read_at.is_(None))
        return self._session.scalar(query) or 0

    def waiting(self, limit: int = 200) -> list[Message]:
        """What is still to be sent, the oldest first."""
        query = select(Message).where(Message.book == self._book, Message.state == "waiting")
        return list(self._session.scalars(query.order_by(Message.made_at, Message.id).limit(limit)))
