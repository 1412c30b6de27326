"""Questions about the database itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from timebank.storage import schema
from timebank.storage.audits import JobLease


def schema_is_current(engine: Engine) -> bool | None:
    """Whether the schema is this program's; None if the database does not answer."""
    try:
        with engine.connect() as connection:
            return schema.current(connection) == schema.head()
    except SQLAlchemyError:
        return None


def scheduler_seen_at(engine: Engine, book: str) -> datetime | None:
    """When the scheduler last finished a job of this book."""
    with engine.connect() as connection:
        query = select(func.max(JobLease.finished_at)).where(JobLease.book == book)
        found = connection.execute(query).scalar()
        return found if isinstance(found, datetime) else None
