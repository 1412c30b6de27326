"""The states of a need: no dead ends, words for all, and that it follows its records and its request."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from timebank.domain import errors, needs
from timebank.domain.catalogue import seed_services
from timebank.domain.local_time import CHINA
from timebank.domain.messages import reminder_due
from timebank.domain.needs import Around, NeedState, followed
from timebank.domain.offers import Times, check_times
from timebank.domain.states import Party

S = NeedState
NOW = datetime(2026, 9, 15, 8, 0, tzinfo=CHINA)
BATHING = next(one for one in seed_services() if one.code == "bathing")
CLEANING = next(one for one in seed_services() if one.code == "cleaning")


def test_every_state_is_reached_named_and_left_by_somebody() -> None:
    reached = {step.after for step in needs.STEPS.values()}
    assert reached == set(S) == set(needs.STATE_LABELS) == set(needs.STATE_NEXT)
    for verb, step in needs.STEPS.items():
        assert tuple(needs.REASON_LABELS.get(verb, {})) == step.reasons
        assert step.parties
    ended = {S.REJECTED, S.NO_SHOW, S.PROVIDED}
    assert {state for state in S if not any(state in step.before for step in needs.STEPS.values())} == ended


@pytest.mark.parametrize(
    ("state", "records", "request_state", "has_helper", "after"),
    [
        ("taken", [None], None, False, "taken"),
        ("taken", ["logged"], None, False, "delivered"),
        ("in_service", ["confirmed"], None, False, "delivered"),
        ("delivered", ["verified"], None, False, "credited"),
        ("delivered", ["rejected"], None, False, "taken"),
        ("delivered", ["withdrawn"], None, False, "taken"),
        ("credited", ["rejected"], None, False, "taken"),
        ("credited", ["verified"], None, False, "credited"),
        ("open", [], "cancelled", False, "cancelled"),
        ("taken", [None], "declined", False, "cancelled"),
        ("taken", [None], "expired", False, "expired"),
        ("in_service", [None], "no_show", True, "no_show"),
        ("taken", [None], "held", False, "open"),
        ("taken", [None], "assigned", True, "taken"),
        ("posted", [], None, False, "posted"),
        ("provided", ["verified"], None, False, "provided"),
        ("cancelled", ["verified"], "settled", True, "cancelled"),
    ],
)  # fmt: skip
def test_a_need_says_what_its_records_say(
    state: str, records: list[str | None], request_state: str | None, has_helper: bool, after: str
) -> None:
    around = Around(1, records, request_state, has_helper)
    assert followed(NeedState(state), around) == after


def test_two_helpers_are_both_waited_for() -> None:
    assert followed(S.TAKEN, Around(2, ["logged", None])) is S.TAKEN
    assert followed(S.TAKEN, Around(2, ["logged"])) is S.TAKEN
    assert followed(S.TAKEN, Around(2, ["logged", "verified"])) is S.DELIVERED
    assert followed(S.DELIVERED, Around(2, ["verified", "verified"])) is S.CREDITED


def test_steps_ask_who_before_they_ask_what() -> None:
    with pytest.raises(errors.Forbidden):
        needs.after(S.CREDITED, "publish", frozenset({Party.OWNER}))
    with pytest.raises(errors.NeedStateConflict):
        needs.after(S.CREDITED, "publish", frozenset({Party.DESK}))
    assert needs.verbs_open(S.OPEN, frozenset({Party.OWNER})) == ("cancel",)


def test_the_nearest_reminder_stands_for_those_before_it() -> None:
    wanted = NOW + timedelta(hours=30)
    assert reminder_due((24, 2), wanted, None, NOW) is None
    assert reminder_due((24, 2), wanted, None, wanted - timedelta(hours=24)) == 24
    assert reminder_due((24, 2), wanted, 24, wanted - timedelta(hours=3)) is None
    assert reminder_due((24, 2), wanted, 24, wanted - timedelta(hours=1)) == 2
    assert reminder_due((24, 2), wanted, None, wanted - timedelta(hours=1)) == 2
    assert reminder_due((24, 2), wanted, 2, wanted - timedelta(hours=1)) is None
    assert reminder_due((24, 2), wanted, None, wanted) is None


def test_insurance_and_two_people_where_the_item_asks() -> None:
    on = date(2026, 9, 15)
    assert (needs.helpers_needed(BATHING), needs.helpers_needed(CLEANING)) == (2, 1)
    needs.check_insurance(CLEANING, None, on)
    needs.check_insurance(BATHING, on, on)
    for until in (None, on - timedelta(days=1)):
        with pytest.raises(errors.InsuranceMissing):
            needs.check_insurance(BATHING, until, on)


def test_offered_times_hold_whole_visits_of_one_day() -> None:
    times = check_times([2], "08:00", "12:00")  # the fifteenth is a Tuesday
    assert isinstance(times, Times)
    assert times.hold(NOW, NOW + timedelta(hours=4))
    for start, end in ((-1, 1), (3, 5), (24, 25), (20, 26)):
        assert not times.hold(NOW + timedelta(hours=start), NOW + timedelta(hours=end))


def test_silver_age_and_overlap() -> None:
    assert needs.both_senior(60, 85)
    assert not needs.both_senior(59, 85)
    assert not needs.both_senior(None, 85)
    assert not needs.overlaps(NOW, NOW + timedelta(hours=1), [(NOW - timedelta(hours=1), NOW)])
    assert needs.overlaps(NOW, NOW + timedelta(hours=1), [(NOW - timedelta(hours=1), NOW + timedelta(minutes=1))])
