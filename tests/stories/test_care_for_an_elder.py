"""An elder's hours come back as care: a daughter asks, a helper comes, the station cooks, the rest goes back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.services import families, hours, redemptions
from timebank.services.redemptions import AskForCare

SOON = NOW + timedelta(days=2)


def test_an_elders_hours_come_back_as_care(county: World, the_book_is_sound: Callable[[], None]) -> None:
    bank, worker, second = county.bank, county.staff["worker A"], county.staff["second A"]
    elder = county.rich(240, name="张桂芳")
    daughter = county.member(name="刘春梅", born=date(1978, 4, 2))
    helper = county.member(name="赵明")
    wish = AskForCare(elder.person_id, elder.person_id, "cleaning", 90, SOON)

    # The daughter may not ask before her mother agreed at the desk.
    with pytest.raises(errors.ProxyNotRecorded):
        redemptions.ask(bank, daughter, wish, now=NOW)
    assert county.balance(elder) == 240
    families.record_kin(bank, worker, elder.person_id, daughter.person_id, "child", now=NOW)
    families.record_proxy(bank, worker, elder.person_id, daughter.person_id, "desk", now=NOW)

    # She asks in her mother's name. The hours are set aside at once.
    asked = redemptions.ask(bank, daughter, wish, now=NOW)
    assert (asked.state, county.balance(elder)) == ("held", 150)

    # A helper is found, comes for an hour, and the elder says so.
    redemptions.assign(bank, worker, asked.id, helper.person_id, now=NOW)
    came = county.logged(helper, elder, service="cleaning", minutes=60, redemption_id=asked.id)
    hours.confirm(bank, elder, came.id, "", now=NOW)
    assert hours.verify(bank, worker, [came.id], now=NOW)[0].refusal is None
    assert redemptions.see(bank, elder, asked.id).state == "settled"
    assert (county.balance(elder), county.balance(helper)) == (180, 60)

    # The next time the station itself gives the care; who wrote it down does not settle it.
    again = redemptions.ask(bank, daughter, wish, now=NOW)
    redemptions.deliver(bank, worker, again.id, 60, delivered_at=NOW, now=NOW)
    with pytest.raises(errors.Forbidden):
        redemptions.settle(bank, worker, again.id, now=NOW)
    assert redemptions.settle(bank, second, again.id, now=NOW).settled_minutes == 60
    assert county.balance(elder) == 120

    # A third wish is no longer needed, a fourth is forgotten: both give everything back.
    third = redemptions.ask(bank, daughter, wish, now=NOW)
    redemptions.step(bank, daughter, third.id, "cancel", "not_needed", now=NOW)
    fourth = redemptions.ask(bank, elder, wish, now=NOW)
    assert county.balance(elder) == 30
    assert redemptions.expire_due(bank, now=fourth.expires_at + timedelta(minutes=1)) == 1
    assert county.balance(elder) == 120

    # When the mother takes her word back, the daughter asks no more.
    families.end_proxy(bank, elder, elder.person_id, daughter.person_id, now=NOW)
    with pytest.raises(errors.ProxyNotRecorded):
        redemptions.ask(bank, daughter, wish, now=NOW)
    the_book_is_sound()
