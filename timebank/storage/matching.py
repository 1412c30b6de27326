"""Facts for suggestions, read for many people at once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from timebank.storage.hours import COUNTING, HoursRecord
from timebank.storage.members import Closeness, Kin, Membership, Qualification


class Matching:
    """Named queries, each for many people."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def volunteers(self, person_ids: Collection[str]) -> dict[str, str]:
        """Person → station, of those who are active and serve."""
        query = select(Membership.person_id, Membership.station_id).where(
            Membership.book == self._book,
            Membership.person_id.in_(set(person_ids)),
            Membership.state == "active",
            Membership.serves.is_(True),
        )
        return {row.person_id: row.station_id for row in self._session.execute(query)}

    def trainings(self, person_ids: Collection[str], on: date) -> dict[str, set[str]]:
        """Person → trainings that are valid on a day."""
        query = select(Qualification.person_id, Qualification.training).where(
            Qualification.book == self._book,
            Qualification.person_id.in_(set(person_ids)),
            Qualification.valid_from <= on,
            or_(Qualification.valid_to.is_(None), Qualification.valid_to >= on),
        )
        found: dict[str, set[str]] = {}
        for person_id, training in self._session.execute(query):
            found.setdefault(person_id, set()).add(training)
        return found

    def kin(self, person_ids: Collection[str]) -> dict[str, dict[str, str]]:
        """Person → relative → what the person is to that relative."""
        query = select(Kin.relative_id, Kin.person_id, Kin.relation).where(
            Kin.book == self._book, Kin.relative_id.in_(set(person_ids))
        )
        found: dict[str, dict[str, str]] = {}
        for elder_id, relative_id, relation in self._session.execute(query):
            found.setdefault(elder_id, {})[relative_id] = relation
        return found

    def served(self, elder_ids: Collection[str]) -> dict[str, set[str]]:
        """Volunteer → elders of these whom the volunteer helped before."""
        query = select(Closeness.volunteer_id, Closeness.elder_id).where(
            Closeness.book == self._book, Closeness.elder_id.in_(set(elder_ids))
        )
        found: dict[str, set[str]] = {}
        for volunteer_id, elder_id in self._session.execute(query):
            found.setdefault(volunteer_id, set()).add(elder_id)
        return found

    def minutes(self, person_ids: Collection[str], start: datetime, end: datetime) -> dict[str, int]:
        """Volunteer → minutes of the records that count and begin in [start, end)."""
        query = select(HoursRecord.volunteer_id, func.sum(HoursRecord.minutes)).where(
            HoursRecord.book == self._book,
            HoursRecord.volunteer_id.in_(set(person_ids)),
            HoursRecord.started_at >= start,
            HoursRecord.started_at < end,
            HoursRecord.state.in_(COUNTING),
        )
        return {row[0]: int(row[1]) for row in self._session.execute(query.group_by(HoursRecord.volunteer_id))}
