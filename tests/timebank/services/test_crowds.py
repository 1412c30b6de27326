"""Many at once, on real databases with real commits: nothing is spent twice, verified twice or numbered twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from tests.timebank.world import NOW, World, build_world, make_bank, settings_in
from timebank.domain import errors
from timebank.services import audits, hours, redemptions, transfers
from timebank.services.redemptions import AskForCare

CROWD = 8


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def busy(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A world that commits, on each engine."""
    more = {}
    if request.param == "postgresql":
        more["TIMEBANK_DATABASE_URL"] = request.getfixturevalue("postgres_url")
    bank = make_bank(settings_in(tmp_path, **more))
    yield build_world(bank)
    bank.engine.dispose()


def crowd(one: Callable[[int], object]) -> list[object]:
    """What each of many at once got: its answer, or its refusal."""

    def guarded(number: int) -> object:
        try:
            return one(number)
        except errors.TimebankError as error:
            return error

    with ThreadPoolExecutor(CROWD) as pool:
        return list(pool.map(guarded, range(CROWD)))


def refused(outcomes: list[object]) -> list[errors.TimebankError]:
    return [one for one in outcomes if isinstance(one, errors.TimebankError)]


def test_hours_are_spent_once_whoever_asks_at_the_same_time(busy: World) -> None:
    member = busy.rich(120)
    form = AskForCare(member.person_id, member.person_id, "cleaning", 60, NOW + timedelta(days=2))
    outcomes = crowd(lambda _: redemptions.ask(busy.bank, member, form, now=NOW))
    assert len(outcomes) - len(refused(outcomes)) == 2
    assert all(isinstance(one, errors.BalanceTooLow | errors.StaleVersion | errors.Busy) for one in refused(outcomes))
    assert busy.balance(member) == 0
    assert audits.run_now(busy.bank, busy.staff["auditor"], full=True, now=NOW).verdict == "sound"


def test_a_record_is_verified_once(busy: World) -> None:
    volunteer = busy.member()
    record = busy.confirmed(volunteer, busy.member(), minutes=60)
    worker = busy.staff["worker A"]
    outcomes = crowd(lambda _: hours.verify(busy.bank, worker, [record.id], now=NOW)[0].refusal)
    assert outcomes.count(None) == 1
    assert busy.balance(volunteer) == 60
    assert audits.run_now(busy.bank, busy.staff["auditor"], full=True, now=NOW).verdict == "sound"


def test_the_same_time_is_logged_once(busy: World) -> None:
    volunteer, elder = busy.member(), busy.member()
    outcomes = crowd(lambda _: hours.log(busy.bank, volunteer, busy.told(elder), now=NOW))
    assert len(outcomes) - len(refused(outcomes)) == 1
    assert len(hours.mine(busy.bank, volunteer)) == 1


def test_a_gift_is_carried_out_once_by_any_number_of_schedulers(busy: World) -> None:
    giver = busy.rich(120)
    transfers.donate(busy.bank, giver, 60, now=NOW)
    crowd(lambda _: transfers.carry_out_due(busy.bank, now=NOW + timedelta(minutes=11)))
    assert transfers.pool_minutes(busy.bank) == 60
    assert busy.balance(giver) == 60
