"""Volunteer teams of a station (养老志愿者服务队): a leader and members. Hours stay with each person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from timebank.domain.errors import NotFound, TeamInvalid
from timebank.domain.roles import Actor, require_at, stations_of
from timebank.storage.activities import Team, TeamMember
from timebank.storage.unit import Bank, Unit


@dataclass(frozen=True, slots=True)
class TeamView:
    """A team with the names of its people, for its station."""

    id: str
    station_id: str
    name: str
    leader_id: str
    leader: str
    members: tuple[tuple[str, str], ...]
    """(person id, name), the leader among them."""


def make(bank: Bank, actor: Actor, station_id: str, name: str, leader_id: str, *, now: datetime) -> TeamView:
    """A new team, with its leader as its first member. Raises TeamInvalid, NotFound, Forbidden."""
    name = name.strip()
    with bank.unit() as unit:
        require_at(actor, "activities.run", station_id, unit.network.parents())
        if not 1 <= len(name) <= 80 or not _belongs(unit, leader_id, station_id):
            raise TeamInvalid
        team = Team(
            book=unit.origin,
            id=bank.new_id(now),
            station_id=station_id,
            name=name,
            leader_id=leader_id,
            made_at=now,
            state="open",
            version=1,
        )
        unit.activities.add(team)
        unit.flush()
        unit.activities.add(TeamMember(book=unit.origin, team_id=team.id, person_id=leader_id, joined_at=now))
        unit.flush()
        return _views(unit, [team])[0]


def add(bank: Bank, actor: Actor, team_id: str, person_id: str, *, now: datetime) -> TeamView:
    """The station, or the team's leader, takes a member in. Once in, nothing changes.

    Raises TeamInvalid for who is no active member of the station, NotFound.
    """
    with bank.unit() as unit:
        team = _run_by(unit, actor, team_id)
        if not _belongs(unit, person_id, team.station_id):
            raise TeamInvalid
        if person_id not in {one.person_id for one in unit.activities.team_members([team_id])[team_id]}:
            unit.activities.add(TeamMember(book=unit.origin, team_id=team_id, person_id=person_id, joined_at=now))
            unit.flush()
        return _views(unit, [team])[0]


def remove(bank: Bank, actor: Actor, team_id: str, person_id: str) -> TeamView:
    """Somebody leaves. The leader stays until there is another team. Raises TeamInvalid, NotFound."""
    with bank.unit() as unit:
        team = _run_by(unit, actor, team_id)
        if person_id == team.leader_id:
            raise TeamInvalid
        for row in unit.activities.team_members([team_id])[team_id]:
            if row.person_id == person_id:
                unit.activities.remove(row)
                return _views(unit, [team])[0]
        raise NotFound


def at_stations(bank: Bank, actor: Actor) -> tuple[TeamView, ...]:
    """The teams of the actor's stations."""
    with bank.read() as unit:
        stations = stations_of(actor, "activities.read", unit.network.parents())
        return _views(unit, unit.activities.teams(stations))


def _run_by(unit: Unit, actor: Actor, team_id: str) -> Team:
    team = unit.activities.team(team_id, lock=True)
    if team is None:
        raise NotFound
    if actor.person_id != team.leader_id:
        require_at(actor, "activities.run", team.station_id, unit.network.parents())
    return team


def _belongs(unit: Unit, person_id: str, station_id: str) -> bool:
    membership = unit.members.get(person_id)
    return membership is not None and membership.state == "active" and membership.station_id == station_id


def _views(unit: Unit, teams: Iterable[Team]) -> tuple[TeamView, ...]:
    teams = list(teams)
    members = unit.activities.team_members([one.id for one in teams])
    names = unit.persons({row.person_id for rows in members.values() for row in rows})
    return tuple(
        TeamView(
            id=one.id,
            station_id=one.station_id,
            name=one.name,
            leader_id=one.leader_id,
            leader=names[one.leader_id].name if one.leader_id in names else "",
            members=tuple((row.person_id, names[row.person_id].name) for row in members[one.id]),
        )
        for one in teams
    )
