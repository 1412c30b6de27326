"""Incidents: the chain of calls is kept, what is late goes to the next role, and a closed one stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.timebank.services.test_rounds import refused
from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.domain.roles import Actor
from timebank.services import incidents
from timebank.services.incidents import IncidentView, NewIncident


def told(world: World, station: str = "A", **rest: Any) -> NewIncident:
    new = NewIncident(world.stations[station], "fall", "urgent", "home", NOW - timedelta(minutes=5), "在厨房跌倒")
    return replace(new, **rest)


def opened(world: World, **rest: Any) -> IncidentView:
    return incidents.report(world.bank, world.staff["worker A"], told(world, **rest), now=NOW)


def messages(world: World, who: str) -> list[tuple[str, bool]]:
    with world.bank.read() as unit:
        return [(one.kind, one.urgent) for one in unit.messages.of(world.staff[who].person_id)]


def test_opening_begins_the_chain_of_calls(world: World) -> None:
    view = opened(world, person_id=world.member(name="李秀英").person_id)
    assert (view.number[0], view.person, view.text, view.state) == ("S", "李秀英", "在厨房跌倒", "open")
    minutes = [int((call.due_at - NOW).total_seconds() // 60) for call in view.calls]
    assert [(call.role, by) for call, by in zip(view.calls, minutes, strict=True)] == [
        ("worker", 10),
        ("street", 30),
        ("county", 60),
    ]
    assert len(view.calls[0].people) == 2
    for who, told_them in (("worker A", 1), ("second A", 1), ("worker B", 0), ("street", 0)):
        assert messages(world, who) == [("incident_opened", True)] * told_them


def test_a_call_is_written_down_reached_or_not(world: World) -> None:
    bank, worker, second = world.bank, world.staff["worker A"], world.staff["second A"]
    one = opened(world).id
    later = NOW + timedelta(minutes=11)
    view = incidents.call(bank, worker, one, 0, second.person_id, reached=False, now=NOW)
    assert (view.calls[0].reached_at, view.overdue) == (None, False)
    assert incidents.see(bank, worker, one, now=later).calls[0].overdue
    view = incidents.call(bank, worker, one, 0, second.person_id, reached=True, now=later)
    assert (view.calls[0].reached_at, view.overdue) == (later, False)
    rows = incidents.tries(bank, worker, one)
    assert [(row.called, row.called_by, row.at, row.reached) for row in rows] == [
        ("赵敏", "赵敏", NOW, False),
        ("赵敏", "赵敏", later, True),
    ]


def test_what_is_late_goes_to_the_next_role_once(world: World) -> None:
    bank = world.bank
    one = opened(world).id
    assert incidents.raise_overdue(bank, now=NOW + timedelta(minutes=9)) == 0
    assert incidents.raise_overdue(bank, now=NOW + timedelta(minutes=10)) == 1
    assert incidents.raise_overdue(bank, now=NOW + timedelta(minutes=11)) == 0
    assert messages(world, "street") == [("incident_call_overdue", True)]
    incidents.call(bank, world.staff["street"], one, 1, None, reached=True, now=NOW + timedelta(minutes=12))
    assert incidents.raise_overdue(bank, now=NOW + timedelta(minutes=61)) == 1
    assert messages(world, "county") == [("incident_call_overdue", True)]
    incidents.close(bank, world.staff["street"], one, "已送医", now=NOW + timedelta(minutes=90))
    assert not incidents.see(bank, world.staff["street"], one, now=NOW + timedelta(days=9)).overdue


def test_closing_says_what_was_done_and_nothing_follows(world: World) -> None:
    bank, worker = world.bank, world.staff["worker A"]
    one = opened(world).id
    refused(world, errors.Invalid, lambda: incidents.close(bank, worker, one, " ", now=NOW))
    view = incidents.close(bank, worker, one, "已送医，家属陪同", now=NOW)
    assert (view.state, view.done, view.closed_by) == ("closed", "已送医，家属陪同", "赵敏")
    refused(world, errors.IncidentClosed, lambda: incidents.close(bank, worker, one, "x", now=NOW))
    refused(world, errors.IncidentClosed, lambda: incidents.call(bank, worker, one, 0, None, reached=True, now=NOW))
    assert [row.id for row in incidents.at_stations(bank, worker, "closed", now=NOW)] == [one]
    assert incidents.raise_overdue(bank, now=NOW + timedelta(days=1)) == 0


def test_what_cannot_be_is_refused_and_changes_nothing(world: World) -> None:
    bank, worker = world.bank, world.staff["worker A"]
    one = opened(world).id
    ahead = NOW + timedelta(minutes=1)
    cases: list[tuple[type[errors.TimebankError], Actor, NewIncident]] = [
        (errors.Invalid, worker, told(world, kind="rain")),
        (errors.Invalid, worker, told(world, severity="mild")),
        (errors.Invalid, worker, told(world, place="moon")),
        (errors.Invalid, worker, told(world, text="  ")),
        (errors.Invalid, worker, told(world, happened_at=ahead)),
        (errors.NotFound, worker, told(world, "B")),
        (errors.NotFound, worker, told(world, person_id=world.member("B").person_id)),
        (errors.Forbidden, world.staff["auditor"], told(world)),
        (errors.Forbidden, world.member(), told(world)),
    ]
    for error, who, new in cases:
        refused(world, error, lambda a=who, n=new: incidents.report(bank, a, n, now=NOW))
    stranger = world.staff["worker B"]
    deeds: list[Callable[[], Any]] = [
        lambda: incidents.see(bank, stranger, one, now=NOW),
        lambda: incidents.tries(bank, stranger, one),
        lambda: incidents.call(bank, stranger, one, 0, None, reached=True, now=NOW),
        lambda: incidents.close(bank, stranger, one, "x", now=NOW),
        lambda: incidents.close(bank, worker, "0" * 32, "x", now=NOW),
    ]
    for deed in deeds:
        refused(world, errors.NotFound, deed)
    refused(world, errors.Invalid, lambda: incidents.call(bank, worker, one, 7, None, reached=True, now=NOW))
    refused(
        world, errors.Invalid, lambda: incidents.call(bank, worker, one, 1, worker.person_id, reached=True, now=NOW)
    )
    assert incidents.at_stations(bank, stranger, now=NOW) == ()
    with pytest.raises(errors.Invalid):
        incidents.at_stations(bank, worker, "lost", now=NOW)
