"""Roles: Wang works at one station, Li at its street centre, Zhao at the county; Sun must be refused."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from timebank.domain import roles
from timebank.domain.errors import Forbidden, NotFound, OwnRecord, SecondPersonNeeded
from timebank.domain.roles import Actor, Role, RoleName

PARENTS = {"county": None, "street-1": "county", "street-2": "county", "s-11": "street-1", "s-21": "street-2"}


def actor(*held: Role, person_id: str = "wang") -> Actor:
    return Actor("timebank.example/x", person_id, frozenset(held), "web")


WORKER = actor(Role(RoleName.WORKER, "s-11"))
STREET = actor(Role(RoleName.STREET, "street-1"), person_id="li")
COUNTY = actor(Role(RoleName.COUNTY), person_id="zhao")
AUDITOR = actor(Role(RoleName.AUDITOR), person_id="qian")
ADMINISTRATOR = actor(Role(RoleName.ADMINISTRATOR), person_id="sun")
MEMBER = actor(Role(RoleName.MEMBER, "s-11"), person_id="zhou")


@dataclass(frozen=True, slots=True)
class Record:
    volunteer_id: str = "volunteer"
    elder_id: str = "elder"
    entered_by: str = "volunteer"
    confirmed_by: str | None = "elder"


@pytest.mark.parametrize(
    ("who", "reached"),
    [
        (WORKER, {"s-11"}),
        (STREET, {"street-1", "s-11"}),
        (COUNTY, set(PARENTS)),
        (actor(Role(RoleName.COUNTY, "county")), set(PARENTS)),
        (AUDITOR, set()),
        (ADMINISTRATOR, set()),
        (MEMBER, set()),
    ],
)
def test_verification_reaches_just_the_own_stations(who: Actor, reached: set[str]) -> None:
    assert roles.stations_of(who, "hours.verify", PARENTS) == reached


def test_a_worker_at_a_centre_has_no_power_over_the_stations_below() -> None:
    assert roles.stations_of(actor(Role(RoleName.WORKER, "street-1")), "hours.verify", PARENTS) == {"street-1"}


def test_a_worker_without_a_station_reaches_nothing() -> None:
    assert not roles.covers(actor(Role(RoleName.WORKER)), "s-11", PARENTS)


def test_two_roles_don_t_lend_each_other_their_scope() -> None:
    both = actor(Role(RoleName.WORKER, "s-11"), Role(RoleName.STREET, "street-2"))
    assert roles.covers(both, "s-21", PARENTS, "hours.verify")
    assert not roles.covers(both, "s-21", PARENTS, "hours.enter")


def test_wrong_role_is_forbidden_and_foreign_station_is_not_found() -> None:
    roles.require_at(WORKER, "hours.verify", "s-11", PARENTS)
    with pytest.raises(Forbidden):
        roles.require_at(MEMBER, "hours.verify", "s-11", PARENTS)
    with pytest.raises(NotFound):
        roles.require_at(WORKER, "hours.verify", "s-21", PARENTS)
    with pytest.raises(NotFound):
        roles.require_at(COUNTY, "hours.verify", "elsewhere", PARENTS)


def test_an_unknown_verb_is_a_programming_error() -> None:
    with pytest.raises(KeyError):
        roles.permits(WORKER, "hours.invent")


def test_nobody_below_the_county_decides_policy_and_nobody_else_holds_the_keys() -> None:
    assert [name for name in RoleName if "policies.decide" in roles.permissions(name)] == [RoleName.COUNTY]
    assert [name for name in RoleName if "keys.manage" in roles.permissions(name)] == [RoleName.ADMINISTRATOR]


def test_administrator_and_auditor_move_no_credit() -> None:
    moving = {
        "hours.verify",
        "reversals.approve",
        "transfers.approve_grant",
        "redemptions.run",
        "transfers.enter_at_desk",
    }
    for name in (RoleName.ADMINISTRATOR, RoleName.AUDITOR, RoleName.MEMBER):
        assert not roles.permissions(name) & moving


def test_personal_data_needs_the_own_station_or_a_reason() -> None:
    assert roles.may_look_at_person(WORKER, "s-11", PARENTS, reason=None)
    assert not roles.may_look_at_person(WORKER, "s-21", PARENTS, reason="curiosity")
    assert not roles.may_look_at_person(ADMINISTRATOR, "s-11", PARENTS, reason=None)
    assert roles.may_look_at_person(ADMINISTRATOR, "s-11", PARENTS, reason="support")
    assert not roles.may_look_at_person(AUDITOR, "s-11", PARENTS, reason="audit")


def test_guards_hold_no_role_that_moves_credit() -> None:
    assert roles.roles_fit(frozenset({RoleName.MEMBER, RoleName.AUDITOR}))
    assert roles.roles_fit(frozenset({RoleName.WORKER, RoleName.STREET}))
    assert not roles.roles_fit(frozenset({RoleName.COUNTY, RoleName.AUDITOR}))
    assert not roles.roles_fit(frozenset({RoleName.WORKER, RoleName.ADMINISTRATOR}))


@pytest.mark.parametrize(
    ("record", "part"),
    [
        (Record(), None),
        (Record(volunteer_id="wang"), "served"),
        (Record(elder_id="wang"), "received"),
        (Record(entered_by="wang"), "entered"),
        (Record(confirmed_by="wang"), "confirmed"),
        (Record(confirmed_by=None), None),
    ],
)
def test_who_took_part_never_verifies(record: Record, part: str | None) -> None:
    assert roles.part_in("wang", record) == part
    assert roles.may_verify(WORKER, record) is (part is None)
    if part:
        with pytest.raises(OwnRecord):
            roles.require_no_part(WORKER, record)


def test_who_asked_never_approves() -> None:
    roles.require_second_person(STREET, "wang", None)
    with pytest.raises(SecondPersonNeeded):
        roles.require_second_person(STREET, "wang", "li")


def test_a_circle_in_the_tree_ends_the_walk() -> None:
    circle = {"a": "b", "b": "a"}
    assert not roles.covers(actor(Role(RoleName.STREET, "c")), "a", circle)
    assert roles.covers(actor(Role(RoleName.STREET, "b")), "a", circle)
