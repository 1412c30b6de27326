"""Messages to people: kept in the commit of what they tell, sent by the scheduler outside the quiet hours."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Index, LargeBinary, String, func, select, update
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


class Contact(Base):
    """How a person wants to be told of something besides the inbox. The address is sealed under the person's key."""

    __tablename__ = "contact"
    __table_args__ = to_person("person_id")

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    email_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    wants_email: Mapped[bool]
    wants_sms: Mapped[bool]
    language: Mapped[str] = mapped_column(String(2))
    changed_at: Mapped[datetime]


class Messages:
    """Named queries over messages."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: Message | Contact) -> None:
        self._session.add(row)

    def get(self, message_id: str) -> Message | None:
        return self._session.get(Message, (self._book, message_id), with_for_update=True)

    def contact(self, person_id: str) -> Contact | None:
        return self._session.get(Contact, (self._book, person_id))

    def told(self, kind: str, about_ids: Iterable[str]) -> set[tuple[str, str, datetime]]:
        """(person, what it is about, when) of the messages of this kind about these."""
        query = select(Message.person_id, Message.about_id, Message.made_at).where(
            Message.book == self._book, Message.kind == kind, Message.about_id.in_(set(about_ids))
        )
        return {(row.person_id, row.about_id, row.made_at) for row in self._session.execute(query)}

    def read_all(self, person_id: str, now: datetime) -> int:
        """Mark all of a person's messages as read. Gives how many were not."""
        query = update(Message).where(
            Message.book == self._book, Message.person_id == person_id, Message.read_at.is_(None)
        )
        done = self._session.execute(query.values(read_at=now), execution_options={"synchronize_session": False})
        return int(done.rowcount)  # type: ignore[attr-defined]  # a cursor's result has it

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
