"""The draw, run again as docs/inspections.md says, and the rules that find signals."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timebank.domain import errors, inspections
from timebank.domain import policies as pol
from timebank.domain.inspections import Candidates, Inspector
from timebank.domain.signals import Given, Served, is_drawn, signals

POLICY = pol.preset("demo")
BODY = "timebank.example/lunan\n7\nAAAA\n"
DAY = date(2026, 9, 1)
LIST = Candidates(
    "2026-09-01T00:00:00.000Z", ("LN-1", "LN-2", "LN-3", "LN-4"),
    (Inspector("a", ("LN-1",)), Inspector("b", ()), Inspector("c", ("LN-2", "LN-3"))), 2, 2,
)  # fmt: skip


def by_the_document(text: str, digest: str, body: str) -> list[tuple[str, list[str]]]:
    """The draw, written anew from docs/inspections.md."""
    told = json.loads(text)
    seed = hashlib.sha256(b"timebank draw v1\n" + digest.encode() + b"\n" + body.encode()).hexdigest()
    h = lambda *parts: hashlib.sha256("\n".join([seed, *parts]).encode()).hexdigest()  # noqa: E731
    stations = sorted(told["stations"], key=lambda code: h("station", code))[: told["stations_drawn"]]
    drawn = []
    for code in stations:
        free = [one["id"] for one in told["inspectors"] if code not in one["own"]]
        drawn.append(
            (code, sorted(free, key=lambda person, c=code: h("inspector", c, person))[: told["inspectors_drawn"]])
        )
    return drawn


@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=20, unique=True),
    st.lists(st.sets(st.integers(0, 40), max_size=6), min_size=1, max_size=12),
    st.integers(1, 5), st.integers(1, 4), st.text("abcdef", max_size=8),
)  # fmt: skip
def test_anybody_can_run_the_draw_again(
    stations: list[int], own: list[set[int]], most: int, each: int, root: str
) -> None:
    people = tuple(Inspector(f"p{n}", tuple(f"LN-{one}" for one in ones)) for n, ones in enumerate(own))
    listed = Candidates("t", tuple(f"LN-{one}" for one in stations), people, most, each)
    text = inspections.text_of(listed.to_json())
    digest, body = inspections.digest_of(text), f"o\n1\n{root}\n"
    drawn = inspections.draw(inspections.candidates_of(text), digest, body)
    assert [(one.station, list(one.inspectors)) for one in drawn] == by_the_document(text, digest, body)
    for one in drawn:
        assert not [p for p in people if p.id in one.inspectors and one.station in p.own]


def test_the_order_of_the_list_changes_nothing() -> None:
    turned = replace(LIST, stations=LIST.stations[::-1], inspectors=LIST.inspectors[::-1])
    assert inspections.text_of(turned.to_json()) == inspections.text_of(LIST.to_json())


def test_another_seed_draws_otherwise() -> None:
    digest = inspections.digest_of(inspections.text_of(LIST.to_json()))
    drawn = {inspections.draw(LIST, digest, f"o\n{n}\nx\n") for n in range(20)}
    assert len(drawn) > 5


def test_lists_from_which_nobody_can_be_drawn() -> None:
    inspections.check_candidates(LIST)
    for bad in (
        replace(LIST, stations=()), replace(LIST, inspectors=()),
        replace(LIST, inspectors=(Inspector("a", LIST.stations),)),
    ):  # fmt: skip
        with pytest.raises(errors.NobodyToDraw):
            inspections.check_candidates(bad)


def test_the_body_of_a_note_are_its_three_lines() -> None:
    assert inspections.checkpoint_body("o\n7\nroot\n\n— o sig\n") == "o\n7\nroot\n"


def test_which_records_are_called_back() -> None:
    assert not any(is_drawn(BODY, seq, 0) for seq in range(200))
    assert all(is_drawn(BODY, seq, 100) for seq in range(200))
    drawn = sum(is_drawn(BODY, seq, 10) for seq in range(5000))
    assert 400 < drawn < 600


# Signals


def served(n: int, volunteer: str = "v", elder: str = "e", **change: object) -> Served:
    return replace(
        Served(f"r{n}", "S1", volunteer, elder, DAY + timedelta(days=n % 28), "confirmed", "v", "w"), **change
    )  # type: ignore[arg-type]


def found(
    records: list[Served], gifts: tuple[Given, ...] = (), kin: dict[str, frozenset[str]] | None = None
) -> list[str]:
    homes = {one.giver_id: "S1" for one in gifts}
    return [one.rule for one in signals(POLICY, records, gifts, kin or {}, homes, gap_percent=20)]


def test_nothing_unusual_is_no_signal() -> None:
    assert found([served(n, f"v{n}", f"e{n}") for n in range(12)]) == []


def test_the_same_two_too_often() -> None:
    limit = POLICY.watch.pair_month_records or 0
    assert found([served(n) for n in range(limit)]) == []
    assert found([served(n) for n in range(limit + 1)]) == ["pair_often"]


def test_two_who_serve_each_other() -> None:
    there, back = served(1), served(2, "e", "v")
    assert found([there, back]) == ["reciprocal"]
    assert found([there, replace(back, on=DAY + timedelta(days=60))]) == []


def test_many_typed_in_on_one_day() -> None:
    limit = POLICY.watch.bulk_day_entries or 0
    typed = [served(0, f"v{n}", f"e{n}", source="manual", entered_by="w9") for n in range(limit + 1)]
    assert found(typed[:-1]) == []
    assert found(typed) == ["bulk_entry"]


def test_verified_by_a_relative() -> None:
    assert found([served(0)], kin={"w": frozenset({"e"})}) == ["kin_verified"]
    assert found([served(0)], kin={"x": frozenset({"e"})}) == []


def test_a_station_that_types_in_more_than_its_peers() -> None:
    records = []
    for station, manual in (("S1", 9), ("S2", 1), ("S3", 0)):
        records += [
            served(n, f"v{station}{n}", f"e{station}{n}", station_id=station, source="manual" if n < manual else "slip")
            for n in range(20)
        ]
    assert found(records) == ["manual_share"]
    assert found(records[:29]) == []


def test_gifts_in_a_circle_are_found_once() -> None:
    ring = (Given("a", "b"), Given("b", "c"), Given("c", "a"), Given("c", "d"))
    assert found([], ring) == ["gift_cycle"]
    assert found([], ring[:2]) == []
    both = signals(POLICY, [], [Given("b", "a"), Given("a", "b")], {}, {"a": "S1", "b": "S2"}, gap_percent=20)
    assert [(one.about, one.station_id) for one in both] == [("a b", "S1")]


def test_rules_that_are_off_find_nothing() -> None:
    off = replace(POLICY.watch, pair_month_records=None, reciprocal_days=None, bulk_day_entries=None)
    records = [served(n) for n in range(40)] + [served(1, "e", "v")]
    assert signals(replace(POLICY, watch=off), records, (), {}, {}, gap_percent=20) == ()
