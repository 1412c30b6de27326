"""Teams, group activities, and the project bank: who leads, who joined, whom they serve."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime

from sqlalchemy import Index, String, and_, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from timebank.storage.base import Base, InBook, in_book, to_person, to_station


class Team(InBook, Base):
    """A volunteer team of a station, with its leader."""

    __tablename__ = "team"
    __table_args__ = (*to_person("leader_id"), to_station(), Index("ix_team_book_station", "book", "station_id"))

    station_id: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(80))
    leader_id: Mapped[str] = mapped_column(String(32))
    made_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(8))
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class Activity(InBook, Base):
    """A group activity with the seven facts: name, day, place, content, time, organising station, leader."""

    __tablename__ = "activity"
    __table_args__ = (
        *to_person("leader_id"),
        to_station(),
        Index("ix_activity_book_station", "book", "station_id", "state", "starts_at"),
    )

    number: Mapped[str] = mapped_column(String(24))
    station_id: Mapped[str] = mapped_column(String(32))
    team_id: Mapped[str | None] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(80))
    place: Mapped[str] = mapped_column(String(120))
    content: Mapped[str] = mapped_column(String(500))
    service_code: Mapped[str] = mapped_column(String(24))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    minutes: Mapped[int]
    leader_id: Mapped[str] = mapped_column(String(32))
    places: Mapped[int]
    state: Mapped[str] = mapped_column(String(12))
    reminded_hours: Mapped[int | None]
    made_by: Mapped[str] = mapped_column(String(32))
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class Project(InBook, Base):
    """A project of the public project bank (志愿服务项目库)."""

    __tablename__ = "project"
    __table_args__ = (to_station(), Index("ix_project_book_state", "book", "state"))

    station_id: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(80))
    needs: Mapped[str] = mapped_column(String(500))
    skills: Mapped[str] = mapped_column(String(200))
    """Codes of trainings, with spaces between."""
    head_count: Mapped[int]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    state: Mapped[str] = mapped_column(String(12))
    made_by: Mapped[str] = mapped_column(String(32))
    made_at: Mapped[datetime]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class TeamMember(Base):
    """Who belongs to a team."""

    __tablename__ = "team_member"
    __table_args__ = (in_book("team", "team_id"), *to_person("person_id"))

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    team_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    joined_at: Mapped[datetime]


class ActivityPerson(Base):
    """Who joined an activity (`part` joined), or is served by it (`part` served), and the record that came of it."""

    __tablename__ = "activity_person"
    __table_args__ = (
        in_book("activity", "activity_id"),
        *to_person("person_id"),
        Index("ix_activity_person_book_person", "book", "person_id"),
    )

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    activity_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    part: Mapped[str] = mapped_column(String(8))
    joined_at: Mapped[datetime]
    record_id: Mapped[str | None] = mapped_column(String(32))


class ProjectPerson(Base):
    """Who signed up for a project."""

    __tablename__ = "project_person"
    __table_args__ = (in_book("project", "project_id"), *to_person("person_id"))

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    project_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    joined_at: Mapped[datetime]


ActivityRow = Team | Activity | Project | TeamMember | ActivityPerson | ProjectPerson


class Activities:
    """Named queries over teams, activities and projects."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: ActivityRow) -> None:
        self._session.add(row)

    def remove(self, row: TeamMember | ActivityPerson | ProjectPerson) -> None:
        self._session.delete(row)
        self._session.flush()

    def team(self, team_id: str, *, lock: bool = False) -> Team | None:
        return self._session.get(Team, (self._book, team_id), with_for_update=lock or None)

    def teams(self, station_ids: Iterable[str], limit: int = 200) -> list[Team]:
        query = select(Team).where(Team.book == self._book, Team.station_id.in_(set(station_ids)))
        return list(self._session.scalars(query.order_by(Team.name, Team.id).limit(limit)))

    def team_members(self, team_ids: Collection[str]) -> dict[str, list[TeamMember]]:
        found: dict[str, list[TeamMember]] = {one: [] for one in team_ids}
        query = select(TeamMember).where(TeamMember.book == self._book, TeamMember.team_id.in_(set(team_ids)))
        for row in self._session.scalars(query.order_by(TeamMember.joined_at, TeamMember.person_id)):
            found[row.team_id].append(row)
        return found

    def get(self, activity_id: str, *, lock: bool = False) -> Activity | None:
        return self._session.get(Activity, (self._book, activity_id), with_for_update=lock or None)

    def page(
        self,
        station_ids: Iterable[str],
        states: Iterable[str],
        *,
        since: datetime | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> list[Activity]:
        """Newest first; `before` is the id that the last page ended with. `since`: that end after it."""
        query = select(Activity).where(
            Activity.book == self._book,
            Activity.station_id.in_(set(station_ids)),
            Activity.state.in_(set(states)),
        )
        if since is not None:
            query = query.where(Activity.ends_at > since)
        if before is not None:
            query = query.where(Activity.id < before)
        return list(self._session.scalars(query.order_by(Activity.id.desc()).limit(limit)))

    def people(self, activity_ids: Collection[str]) -> dict[str, list[ActivityPerson]]:
        """Activity → who joined and whom it serves, in the order in which they came."""
        found: dict[str, list[ActivityPerson]] = {one: [] for one in activity_ids}
        query = select(ActivityPerson).where(
            ActivityPerson.book == self._book, ActivityPerson.activity_id.in_(set(activity_ids))
        )
        for row in self._session.scalars(query.order_by(ActivityPerson.joined_at, ActivityPerson.person_id)):
            found[row.activity_id].append(row)
        return found

    def of_records(self, record_ids: Collection[str]) -> dict[str, Activity]:
        """Record → the group activity that it came of."""
        same = (ActivityPerson.book == Activity.book) & (ActivityPerson.activity_id == Activity.id)
        query = (
            select(ActivityPerson.record_id, Activity)
            .join(Activity, same)
            .where(ActivityPerson.book == self._book, ActivityPerson.record_id.in_(set(record_ids)))
        )
        return {record_id or "": activity for record_id, activity in self._session.execute(query)}

    def booked(
        self, person_ids: Collection[str], start: datetime, end: datetime
    ) -> list[tuple[str, datetime, datetime]]:
        """(person, from, to) of the activities that these people joined, in [start, end)."""
        query = (
            select(ActivityPerson.person_id, Activity.starts_at, Activity.ends_at)
            .join(Activity, and_(Activity.book == ActivityPerson.book, Activity.id == ActivityPerson.activity_id))
            .where(
                ActivityPerson.book == self._book,
                ActivityPerson.person_id.in_(set(person_ids)),
                ActivityPerson.part == "joined",
                Activity.state == "open",
                Activity.starts_at < end,
                Activity.ends_at > start,
            )
        )
        return [(row[0], row[1], row[2]) for row in self._session.execute(query)]

    def to_remind(self, now: datetime, until: datetime, limit: int = 200) -> list[str]:
        query = select(Activity.id).where(
            Activity.book == self._book, Activity.state == "open", Activity.starts_at > now, Activity.starts_at <= until
        )
        return list(self._session.scalars(query.order_by(Activity.starts_at).limit(limit)))

    def project(self, project_id: str, *, lock: bool = False) -> Project | None:
        return self._session.get(Project, (self._book, project_id), with_for_update=lock or None)

    def projects(self, states: Iterable[str], limit: int = 200) -> list[Project]:
        """The newest first."""
        query = select(Project).where(Project.book == self._book, Project.state.in_(set(states)))
        return list(self._session.scalars(query.order_by(Project.id.desc()).limit(limit)))

    def signed_up(self, project_ids: Collection[str]) -> dict[str, list[ProjectPerson]]:
        found: dict[str, list[ProjectPerson]] = {one: [] for one in project_ids}
        query = select(ProjectPerson).where(
            ProjectPerson.book == self._book, ProjectPerson.project_id.in_(set(project_ids))
        )
        for row in self._session.scalars(query.order_by(ProjectPerson.joined_at, ProjectPerson.person_id)):
            found[row.project_id].append(row)
        return found

    def count(self, project_id: str) -> int:
        query = select(func.count()).where(ProjectPerson.book == self._book, ProjectPerson.project_id == project_id)
        return int(self._session.scalar(query) or 0)
