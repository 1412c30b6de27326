"""Trainings: joined, attended, and what they open. Training time is never an hour."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.services import messages, training
from timebank.services.training import NewTraining

DAY = date(2026, 9, 20)
THEN = NOW + timedelta(days=5)


def told(world: World, **change: Any) -> NewTraining:
    new = NewTraining(world.stations["A"], "bathing", "助浴培训", "扶抱与防滑", "区民政局", DAY, 120, 2, "volunteers")
    return replace(new, **change)


def planned(world: World, **change: Any) -> str:
    return training.plan(world.bank, world.staff["worker A"], told(world, **change), now=NOW)


def trainings(world: World, person_id: str) -> frozenset[str]:
    with world.bank.read() as unit:
        return unit.members.trainings(person_id, DAY)


def test_who_was_there_is_qualified_and_earns_nothing(world: World) -> None:
    bank, worker = world.bank, world.staff["worker A"]
    there, absent = world.member(), world.member("B")
    event = planned(world, valid_to=DAY + timedelta(days=365))
    training.join(bank, there, event, now=NOW)
    training.join(bank, there, event, now=NOW)
    training.enter(bank, worker, event, absent.person_id, now=NOW)
    assert [view.joined for view in training.coming(bank, there, now=NOW)] == [True]
    size = world.size()
    with pytest.raises(errors.TrainingNotYet):
        training.attend(bank, worker, event, [there.person_id], now=NOW)
    with pytest.raises(errors.NotFound):
        training.attend(bank, worker, event, ["0" * 32], now=THEN)
    assert training.attend(bank, worker, event, [there.person_id], now=THEN) == 1
    assert (trainings(world, there.person_id), trainings(world, absent.person_id)) == ({"bathing"}, frozenset())
    attended, held = training.mine(bank, there)
    assert [(view.name, view.minutes) for view in attended] == [("助浴培训", 120)]
    assert [(one.training, one.valid_to) for one in held] == [("bathing", DAY + timedelta(days=365))]
    assert training.mine(bank, absent) == ((), ())
    assert world.size() == size
    with pytest.raises(errors.TrainingOver):
        training.attend(bank, worker, event, [], now=THEN)


def test_carers_training_opens_nothing(world: World) -> None:
    member = world.member()
    event = planned(world, training="", audience="carers")
    training.join(world.bank, member, event, now=NOW)
    training.attend(world.bank, world.staff["worker A"], event, [member.person_id], now=THEN)
    assert trainings(world, member.person_id) == frozenset()
    assert len(training.mine(world.bank, member)[0]) == 1


def test_places_are_as_many_as_they_are(world: World) -> None:
    bank, event = world.bank, planned(world, places=1)
    first, second = world.member(), world.member()
    training.join(bank, first, event, now=NOW)
    with pytest.raises(errors.TrainingFull):
        training.join(bank, second, event, now=NOW)
    training.leave(bank, first, event, now=NOW)
    training.join(bank, second, event, now=NOW)
    with pytest.raises(errors.NotFound):
        training.leave(bank, first, event, now=NOW)
    with pytest.raises(errors.TrainingOver):
        training.leave(bank, second, event, now=THEN + timedelta(days=1))
    with pytest.raises(errors.TrainingOver):
        training.join(bank, first, event, now=THEN + timedelta(days=1))


def test_who_joined_hears_that_it_is_cancelled(world: World) -> None:
    bank, event, member = world.bank, planned(world), world.member()
    training.join(bank, member, event, now=NOW)
    training.cancel(bank, world.staff["worker A"], event, now=NOW)
    assert messages.inbox(bank, member)[0].about == "training"
    for work in (training.cancel, lambda *a, **k: training.join(bank, member, event, now=NOW)):
        with pytest.raises(errors.TrainingOver):
            work(bank, world.staff["worker A"], event, now=NOW)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("training", "juggling"), ("name", " "), ("name", "x" * 81), ("content", ""), ("organiser", ""),
        ("held_on", date(2026, 9, 14)), ("minutes", 0), ("minutes", 961), ("places", 0), ("audience", "cats"),
        ("valid_to", date(2026, 9, 19)),
    ],
)  # fmt: skip
def test_a_training_that_can_not_be(world: World, field: str, value: object) -> None:
    with pytest.raises(errors.TrainingInvalid) as refusal:
        planned(world, **{field: value})
    assert refusal.value.params["field"] == field
    assert training.of_stations(world.bank, world.staff["worker A"]) == ()


def test_another_stations_trainings_are_not_there(world: World) -> None:
    event, other = planned(world), world.staff["worker B"]
    assert training.of_stations(world.bank, other) == ()
    for work in (
        lambda: training.plan(world.bank, other, told(world), now=NOW),
        lambda: training.enter(world.bank, other, event, world.member().person_id, now=NOW),
        lambda: training.attend(world.bank, other, event, [], now=THEN),
        lambda: training.cancel(world.bank, other, event, now=NOW),
    ):
        with pytest.raises(errors.NotFound):
            work()
    with pytest.raises(errors.Forbidden):
        training.plan(world.bank, world.member(), told(world), now=NOW)
