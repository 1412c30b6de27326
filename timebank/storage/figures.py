"""Figures over many rows, for dashboards: counts by station, service and month, never a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from timebank.domain.local_time import local_day
from timebank.storage.hours import HoursRecord
from timebank.storage.needs import Need
from timebank.storage.redemptions import Redemption

UNMET = ("waiting", "expired", "declined")
"""States of a request in which nobody came."""
UNMET_NEEDS = ("posted", "open", "expired")


class Figures:
    """Named queries that count. A station set comes first in each: the scope of who asks."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def minutes_by_month(self, station_ids: Iterable[str], since: datetime) -> dict[str, int]:
        """Local month ("2026-09") → verified minutes that were served in it."""
        query = select(HoursRecord.started_at, HoursRecord.minutes).where(
            HoursRecord.book == self._book,
            HoursRecord.station_id.in_(set(station_ids)),
            HoursRecord.state == "verified",
            HoursRecord.started_at >= since,
        )
        found: Counter[str] = Counter()
        for started_at, minutes in self._session.execute(query):
            found[f"{local_day(started_at):%Y-%m}"] += minutes
        return dict(found)

    def minutes_by_service(self, station_ids: Iterable[str], since: datetime) -> dict[str, int]:
        """Service → verified minutes since then."""
        query = (
            select(HoursRecord.service_code, func.sum(HoursRecord.minutes))
            .where(
                HoursRecord.book == self._book,
                HoursRecord.station_id.in_(set(station_ids)),
                HoursRecord.state == "verified",
                HoursRecord.started_at >= since,
            )
            .group_by(HoursRecord.service_code)
        )
        return {row[0]: int(row[1]) for row in self._session.execute(query)}

    def people_served(self, station_ids: Iterable[str], since: datetime) -> tuple[int, int]:
        """How many different volunteers served and elders were served since then."""
        query = select(
            func.count(HoursRecord.volunteer_id.distinct()), func.count(HoursRecord.elder_id.distinct())
        ).where(
            HoursRecord.book == self._book,
            HoursRecord.station_id.in_(set(station_ids)),
            HoursRecord.state == "verified",
            HoursRecord.started_at >= since,
        )
        row = self._session.execute(query).one()
        return int(row[0]), int(row[1])

    def unmet(self, station_ids: Iterable[str], since: datetime) -> dict[tuple[str, str], int]:
        """(station, service) → requests and needs since then to which nobody came. A need that hours pay for counts
        once, as the need."""
        wanted = set(station_ids)
        with_need = select(Need.redemption_id).where(Need.book == self._book, Need.redemption_id.is_not(None))
        requests = (
            select(Redemption.station_id, Redemption.service_code, func.count())
            .where(
                Redemption.book == self._book,
                Redemption.station_id.in_(wanted),
                Redemption.state.in_(UNMET),
                Redemption.wanted_at >= since,
                Redemption.id.not_in(with_need),
            )
            .group_by(Redemption.station_id, Redemption.service_code)
        )
        needs = (
            select(Need.station_id, Need.service_code, func.count())
            .where(
                Need.book == self._book,
                Need.station_id.in_(wanted),
                Need.state.in_(UNMET_NEEDS),
                Need.wanted_at >= since,
            )
            .group_by(Need.station_id, Need.service_code)
        )
        found: Counter[tuple[str, str]] = Counter()
        for query in (requests, needs):
            for station_id, service, number in self._session.execute(query):
                found[station_id, service] += int(number)
        return dict(found)
