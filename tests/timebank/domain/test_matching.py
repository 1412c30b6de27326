"""Suggestions: whatever the people and needs are, no gate is ever broken; points only order what is possible."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from timebank.domain.local_time import CHINA, local_day
from timebank.domain.matching import Available, Day, Suggestion, Wanted, fit, may_serve, plan, priority_points
from timebank.domain.offers import Times
from timebank.domain.places import building_of, distance_metres, same_building
from timebank.domain.policies.care import Matching, Points
from timebank.services.matching import best_pairs

MONDAY = datetime(2026, 9, 14, 0, 0, tzinfo=CHINA)
HOME, NEAR, FAR = (39_617_800, 118_173_900), (39_622_800, 118_173_900), (39_700_000, 118_173_900)
SERVICES = ("cleaning", "walking", "bathing")
TRAINING = {"walking": "escort", "bathing": "bathing"}
MOST = 240
WEIGHTS = Matching(30, 20, 15, 15, 20, 20, (Points("living_alone", 20),), 80, 10, MOST)
PEOPLE = [f"v{number}" for number in range(6)]


def needs() -> st.SearchStrategy[Wanted]:
    def make(number: int, service: str, hour: int, minutes: int, point: object, missing: int, out: set[str]) -> Wanted:
        start = MONDAY + timedelta(hours=hour)
        return Wanted(
            id=f"n{number}", elder_id=f"e{number}", service_code=service, required_training=TRAINING.get(service),
            useful_training=TRAINING.get(service), insured=service == "bathing", start=start,
            end=start + timedelta(minutes=minutes), point=point, missing=missing, excluded=frozenset(out),  # type: ignore[arg-type]
        )  # fmt: skip

    return st.builds(
        make, st.integers(0, 10**9), st.sampled_from(SERVICES), st.integers(6, 20), st.integers(15, 180),
        st.sampled_from([HOME, NEAR, FAR]), st.integers(1, 2), st.sets(st.sampled_from(PEOPLE), max_size=2),
    )  # fmt: skip


def person(name: str) -> st.SearchStrategy[Available]:
    def make(days: set[int], first: int, long: int, services: set[str], far: int, trained: set[str],
             insured: date | None, booked: list[int], used: int, recent: int) -> Available:  # fmt: skip
        times = Times(frozenset(days), time(first), time(min(first + long, 23)))
        there = tuple((MONDAY + timedelta(hours=hour), MONDAY + timedelta(hours=hour + 1)) for hour in booked)
        return Available(
            name, HOME, times, frozenset(services), far, trainings=frozenset(trained), insured_until=insured,
            booked=there, day_minutes=used, recent_minutes=recent,
        )  # fmt: skip

    return st.builds(
        make, st.sets(st.sampled_from([1, 2]), min_size=1), st.integers(6, 12), st.integers(1, 12),
        st.sets(st.sampled_from(SERVICES), min_size=1), st.sampled_from([500, 1000, 5000]),
        st.sets(st.sampled_from(["escort", "bathing"])), st.sampled_from([None, date(2026, 9, 13), date(2026, 9, 14)]),
        st.lists(st.integers(6, 20), max_size=2), st.integers(0, 300), st.integers(0, 5000),
    )  # fmt: skip


def second(one: Available, other: Available) -> Available:
    """A second offer of the same person: other times, services and distance."""
    return replace(one, times=other.times, services=other.services, far_metres=other.far_metres)


@settings(max_examples=300, deadline=None)
@given(st.lists(needs(), max_size=8, unique_by=lambda one: one.id), st.tuples(*(person(one) for one in PEOPLE)))
def test_no_gate_is_ever_broken(wanted: list[Wanted], people: tuple[Available, ...]) -> None:
    offered = [*people, second(people[0], people[1]), second(people[2], people[3])]
    found = plan(wanted, offered, WEIGHTS, Day(MOST), best_pairs)
    needs_by = {one.id: one for one in wanted}
    times: dict[str, list[tuple[datetime, datetime]]] = {one.person_id: list(one.booked) for one in people}
    minutes = {one.person_id: one.day_minutes for one in people}
    for one in found:
        need = needs_by[one.need_id]
        who = next(other for other in people if other.person_id == one.person_id)
        assert who.person_id not in need.excluded
        assert need.required_training is None or need.required_training in who.trainings
        assert not need.insured or (who.insured_until is not None and who.insured_until >= local_day(need.start))
        assert any(
            need.service_code in offer.services
            and distance_metres(need.point, offer.point) <= offer.far_metres
            and offer.times.hold(need.start, need.end)
            for offer in offered
            if offer.person_id == one.person_id
        )
        assert all(since >= need.end or until <= need.start for since, until in times[who.person_id])
        times[who.person_id].append((need.start, need.end))
        minutes[who.person_id] += need.minutes
        assert minutes[who.person_id] <= MOST
    per_need = Counter(one.need_id for one in found)
    assert all(count <= needs_by[need_id].missing for need_id, count in per_need.items())
    assert len({(one.need_id, one.person_id) for one in found}) == len(found)


@settings(max_examples=100, deadline=None)
@given(st.lists(needs(), max_size=5, unique_by=lambda one: one.id), st.tuples(*(person(one) for one in PEOPLE)))
def test_who_is_left_over_had_nobody(wanted: list[Wanted], people: tuple[Available, ...]) -> None:
    """A plan is not improved by adding anybody: each place left open has nobody who could still take it."""
    day = Day(MOST)
    found = Counter(one.need_id for one in plan(wanted, people, WEIGHTS, day, best_pairs))
    for need in wanted:
        if found[need.id] < need.missing:
            left = [
                one for one in people
                if may_serve(need, one, distance_metres(need.point, one.point)) and day.has_room(need, one)
            ]  # fmt: skip
            assert left == []


def test_a_round_serves_as_many_as_can_be_before_it_looks_at_points() -> None:
    """Two needs at once, and one volunteer who alone can do the second one: the other one gets the first."""
    day = Times(frozenset({1}), time(6), time(22))
    nine, ten = MONDAY + timedelta(hours=9), MONDAY + timedelta(hours=10)
    first = Wanted("a", "ea", "cleaning", None, None, False, nine, ten, HOME)
    second = Wanted("b", "eb", "walking", None, None, False, nine, ten, HOME)
    able = Available("able", HOME, day, frozenset({"cleaning", "walking"}), 1000, served=frozenset({"ea"}))
    plain = Available("plain", NEAR, day, frozenset({"cleaning"}), 1000)
    found = {one.need_id: one.person_id for one in plan([first, second], [able, plain], WEIGHTS, Day(MOST), best_pairs)}
    assert found == {"a": "plain", "b": "able"}
    forbidden = Day(MOST, frozenset({("a", "plain")}))
    again = {one.need_id for one in plan([first, second], [able, plain], WEIGHTS, forbidden, best_pairs)}
    assert len(again) == 1


def test_points_and_reasons() -> None:
    always = Times(frozenset({1}), time(0), time(23))
    need = Wanted(
        "n", "e", "walking", None, "escort", False, MONDAY, MONDAY, HOME, language="dialect", gender_wish="female",
        elder_sex="male", priority=30,
    )  # fmt: skip
    best = Available(
        "v", HOME, always, frozenset({"walking"}), 1000, frozenset({"dialect"}), "male", "female",
        frozenset({"escort"}), served=frozenset({"e"}),
    )  # fmt: skip
    assert fit(need, best, 0, WEIGHTS, 100) == Suggestion(
        "n", "v", 150, ("near", "skill", "language", "earlier", "fairness", "wish", "priority")
    )
    tired = Available("w", FAR, always, frozenset({"walking"}), 1000, gender_wish="female", recent_minutes=100)
    assert fit(need, tired, 1000, WEIGHTS, 100) == Suggestion("n", "w", 30, ("priority",))
    assert priority_points(("living_alone", "x"), 80, WEIGHTS) == 30
    assert priority_points((), None, WEIGHTS) == 0


def test_places() -> None:
    assert distance_metres(HOME, HOME) == 0
    assert 540 < distance_metres(HOME, NEAR) < 570
    assert building_of("示范小区 3 号楼 2 单元 501") == "示范小区3号楼"
    assert same_building("示范小区 3 号楼 1 单元", "示范小区3号楼 2 单元")
    assert not same_building("", "")
    assert not same_building("示范小区 3 号楼", "示范小区 13 号楼")
