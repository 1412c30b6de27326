"""Records of hours: what is refused, and how people stand to a record."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from timebank.domain import hours
from timebank.domain import policies as pol
from timebank.domain.catalogue import Place, seed_services
from timebank.domain.errors import ElderConfirmationMissing, HoursOverlap
from timebank.domain.hours import Circumstances, Claim, Participant, Record, RecordState, Source, Worked
from timebank.domain.kin import Relation
from timebank.domain.policies import Policy, Younger
from timebank.domain.roles import Actor
from timebank.domain.states import Party

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
NINE = datetime(2026, 11, 19, 1, 0, tzinfo=UTC)  # 9:00 in China
JOINED = datetime(2026, 1, 1, tzinfo=UTC)
SERVICES = {service.code: service for service in seed_services()}
DEMO = pol.preset("demo")
VOLUNTEER = Participant("volunteer", True, False, JOINED, date(1970, 1, 1), frozenset({"escort", "bathing"}))
ELDER = Participant("elder", True, False, JOINED, date(1940, 1, 1))


def claim(minutes: int = 60, start: datetime = NINE, code: str = "cleaning", **changes: object) -> Claim:
    plain = Claim("volunteer", "elder", code, start, start + timedelta(minutes=minutes), Place.HOME, Source.CONFIRMED)
    return replace(plain, **changes)  # type: ignore[arg-type]


def around(code: str = "cleaning", policy: Policy = DEMO, **changes: object) -> Circumstances:
    plain = Circumstances(NOW, policy, SERVICES.get(code), VOLUNTEER, ELDER, None, ())
    return replace(plain, **changes)  # type: ignore[arg-type]


def worked(start: datetime, minutes: int, elder_id: str = "other") -> Worked:
    return Worked("r", "volunteer", elder_id, start, start + timedelta(minutes=minutes))


def limited(**limits: int) -> Policy:
    return replace(DEMO, limits=replace(DEMO.limits, **limits))


def codes(what: Claim, circumstances: Circumstances) -> list[str]:
    return [error.code for error in hours.refusals(what, circumstances)]


def test_an_honest_hour_is_taken() -> None:
    assert codes(claim(), around()) == []
    hours.require_loggable(claim(), around())


@pytest.mark.parametrize(
    ("what", "circumstances", "refused"),
    [
        (claim(0), around(), ["hours_end_before_start"]),
        (claim(-5), around(), ["hours_end_before_start"]),
        (claim(60, NOW - timedelta(minutes=30)), around(), ["hours_in_future"]),
        (claim(elder_id="volunteer"), around(), ["own_care"]),
        (claim(), around(relation=Relation.PARENT), ["kin_care"]),
        (claim(), around(relation=Relation.SPOUSE), ["kin_care"]),
        (claim(), around(relation=Relation.PARENT_IN_LAW), ["kin_care"]),
        (claim(), around(relation=Relation.SIBLING), []),
        (claim(), around(policy=pol.preset("kiss"), relation=Relation.CHILD), ["kin_care"]),
        (claim(), around(elder=replace(ELDER, closed=True)), ["member_closed"]),
        (claim(), around(volunteer=replace(VOLUNTEER, active=False)), ["member_not_active"]),
        (claim(), around(volunteer=replace(VOLUNTEER, member_since=NOW)), ["not_yet_member"]),
        (claim(), around(service=None), ["service_not_offered"]),
        (claim(), around(service=replace(SERVICES["cleaning"], active=False)), ["service_not_offered"]),
        (claim(place=Place.STATION), around(), ["place_not_allowed"]),
        (claim(20), around(), ["hours_too_short"]),
        (claim(241), around(), ["hours_too_long"]),
        (claim(source=Source.SLIP), around(), ["slip_number_missing"]),
        (claim(start=NINE - timedelta(days=31)), around(), ["hours_too_old"]),
        (claim(start=NINE - timedelta(days=31), source=Source.SLIP, slip_number="26-000001-5"), around(), []),
    ],
)
def test_what_is_refused(what: Claim, circumstances: Circumstances, refused: list[str]) -> None:
    assert codes(what, circumstances) == refused


def test_all_reasons_are_said_at_once() -> None:
    found = codes(claim(300, elder_id="volunteer", place=Place.STATION), around(relation=None))
    assert found == ["own_care", "place_not_allowed", "hours_too_long"]


@pytest.mark.parametrize(
    ("code", "trainings", "refused"),
    [
        ("bathing", frozenset[str](), ["volunteer_unqualified"]),
        ("bathing", frozenset({"bathing"}), []),
        ("walking", frozenset[str](), ["volunteer_unqualified"]),
        ("chatting", frozenset[str](), []),
    ],
)
def test_risky_services_need_their_training(code: str, trainings: frozenset[str], refused: list[str]) -> None:
    what = claim(code=code, place=Place.OUTSIDE if code == "walking" else Place.HOME)
    assert codes(what, around(code, volunteer=replace(VOLUNTEER, trainings=trainings))) == refused


def test_a_scheme_may_leave_risky_services_out() -> None:
    assert codes(claim(code="bathing"), around("bathing", pol.preset("shanghai"))) == ["service_not_offered"]


@pytest.mark.parametrize(
    ("younger", "guardian", "in_group", "refused"),
    [
        (Younger.REFUSE, True, True, ["volunteer_too_young"]),
        (Younger.GUARDIAN, False, False, ["guardian_consent_missing"]),
        (Younger.GUARDIAN, True, False, []),
        (Younger.GROUP, True, False, ["volunteer_too_young"]),
        (Younger.GROUP, False, True, []),
    ],
)
def test_young_volunteers(younger: Younger, guardian: bool, in_group: bool, refused: list[str]) -> None:
    policy = replace(DEMO, volunteers=replace(DEMO.volunteers, younger=younger))
    pupil = replace(VOLUNTEER, born_on=date(2010, 1, 1), guardian_agrees=guardian)
    assert codes(claim(in_group=in_group), around(policy=policy, volunteer=pupil)) == refused


@pytest.mark.parametrize(
    ("start", "minutes", "overlaps"),
    [(-60, 60, False), (60, 60, False), (-60, 61, True), (59, 10, True), (10, 10, True), (-60, 600, True)],
)
def test_one_volunteer_is_at_one_place(start: int, minutes: int, overlaps: bool) -> None:
    other = worked(NINE + timedelta(minutes=start), minutes)
    found = hours.refusals(claim(), around(policy=limited(day_minutes=1440), others=(other,)))
    assert [error.code for error in found] == ["hours_overlap"] * overlaps
    if overlaps:
        assert isinstance(found[0], HoursOverlap)
        assert found[0].params["other_started_at"] == other.started_at


def test_the_cap_of_a_day_counts_all_records_of_that_local_day() -> None:
    others = (worked(NINE - timedelta(hours=5), 240), worked(NINE + timedelta(hours=4), 181))
    found = hours.refusals(claim(), around(others=others))
    assert [(error.code, error.params) for error in found] == [
        ("day_cap_reached", {"total_minutes": 481, "cap_minutes": 480, "on": date(2026, 11, 19)})
    ]
    assert codes(claim(59), around(others=others)) == []


def test_a_night_watch_counts_on_both_days() -> None:
    start = datetime(2026, 11, 18, 14, 0, tzinfo=UTC)  # 22:00 to 4:00
    watch = claim(360, start, "respite")
    trained = replace(VOLUNTEER, trainings=frozenset({"care_basics"}))
    policy = limited(day_minutes=300)
    assert codes(watch, around("respite", policy, volunteer=trained)) == []
    day_before = worked(start - timedelta(hours=10), 181)
    assert codes(watch, around("respite", policy, volunteer=trained, others=(day_before,))) == ["day_cap_reached"]
    day_after = worked(start + timedelta(hours=8), 61)
    assert codes(watch, around("respite", policy, volunteer=trained, others=(day_after,))) == ["day_cap_reached"]


def test_caps_of_a_month_and_of_a_pair() -> None:
    others = (worked(NINE - timedelta(days=5), 120, "elder"), worked(NINE - timedelta(days=6), 120))
    policy = limited(month_minutes=299, pair_month_minutes=179)
    assert codes(claim(), around(policy=policy, others=others)) == ["month_cap_reached", "pair_month_cap_reached"]
    last_month = (worked(NINE - timedelta(days=19), 240, "elder"),)
    assert codes(claim(), around(policy=policy, others=last_month)) == []


def test_the_window_holds_all_that_the_caps_count() -> None:
    start, end = hours.window(claim(120, datetime(2026, 10, 31, 15, 0, tzinfo=UTC)))  # 23:00 to 1:00
    assert start == datetime(2026, 9, 30, 16, 0, tzinfo=UTC)
    assert end == datetime(2026, 11, 30, 16, 0, tzinfo=UTC)


def test_sources_that_a_scheme_doesn_t_credit() -> None:
    policy = replace(DEMO, entry=replace(DEMO.entry, sources=("check_in",)))
    assert codes(claim(), around(policy=policy)) == ["source_not_credited"]


RECORD = Record(
    "r", "s", "volunteer", "elder", "clerk", "elder", "cleaning", NINE, NINE, Source.SLIP, RecordState.CONFIRMED, False
)


@pytest.mark.parametrize(
    ("me", "found"),
    [
        ("volunteer", {Party.VOLUNTEER}),
        ("elder", {Party.ELDER, Party.PROXY, Party.DESK}),
        ("clerk", {Party.ENTERER, Party.PROXY, Party.DESK}),
        ("colleague", {Party.VERIFIER, Party.PROXY, Party.DESK}),
    ],
)
def test_how_people_stand_to_a_record(me: str, found: set[Party]) -> None:
    actor = Actor("book", me, frozenset(), "web")
    assert hours.parties(actor, RECORD, is_proxy=True, at_desk=True, verifies=True) == found


def test_only_a_confirmed_record_is_verified() -> None:
    with pytest.raises(ElderConfirmationMissing):
        hours.after(RecordState.LOGGED, "verify", frozenset({Party.VERIFIER}))


def test_the_share_typed_in_by_hand() -> None:
    assert hours.source_counts({Source.MANUAL: 3, Source.SLIP: 7}) == (3, 10)
