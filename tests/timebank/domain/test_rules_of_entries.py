"""The fourth level of the audit: each rule is broken once, and found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from timebank.domain import evidence
from timebank.domain import policies as pol
from timebank.domain.policies import Origin, Policy
from timebank.domain.rules_of_entries import EntryFacts, Holder, violations

DEMO = pol.preset("demo")
NINE = datetime(2026, 11, 19, 1, 0, tzinfo=UTC)
ACCOUNTS = {
    "issuance": Holder("issuance"),
    "escrow": Holder("escrow"),
    "pool": Holder("pool"),
    "shop": Holder("provider"),
    "v-earned": Holder("member", "v", Origin.EARNED),
    "v-group": Holder("member", "v", Origin.GROUP),
    "e-earned": Holder("member", "e", Origin.EARNED),
    "e-group": Holder("member", "e", Origin.GROUP),
    "e-received": Holder("member", "e", Origin.RECEIVED),
    "e-granted": Holder("member", "e", Origin.GRANTED),
}
SERVED = evidence.ServedHours(
    "r", "H26", "s", "v", "e", "v", "e", "pin", "w", "cleaning", NINE, NINE + timedelta(minutes=90),
    "check_in", False, None, 90, 0, 0,
)  # fmt: skip
MOVED = evidence.Moved("t", "gift", "v", "e", "spouse", 60, ((Origin.EARNED, 60),), "v", None, None)
GRANTED = evidence.Moved("t", "grant", None, "e", None, 60, (), "w", "c", "eligible", ("alone_80",))
DELIVERED = evidence.Delivered("x", "s", "e", "e", "cleaning", 60, 45, 45, "s", None, "w", NINE, "w2")


def entry(kind: str, *postings: tuple[str, int], actor: str = "w", **more: Any) -> EntryFacts:
    return EntryFacts(7, kind, actor, more.pop("on", None), postings, accounts=ACCOUNTS, **more)


def rules(facts: EntryFacts, document: evidence.Document | None, policy: Policy | None = DEMO) -> list[str]:
    return [violation.rule for violation in violations(facts, policy, document)]


EARN = entry("earn", ("issuance", -90), ("v-earned", 90), on="2026-11-19")
HOURS = evidence.hours_document(SERVED)
GIFT = entry("gift", ("v-earned", -60), ("e-received", 60))
GRANT = entry("grant", ("issuance", -60), ("e-granted", 60))


@pytest.mark.parametrize(
    ("facts", "document"),
    [
        (EARN, HOURS),
        (EARN, None),
        (entry("care", ("e-granted", -90), ("v-earned", 90)), HOURS),
        (entry("care", ("pool", -90), ("v-earned", 90)), HOURS),
        (GIFT, evidence.transfer_document(MOVED)),
        (GRANT, evidence.transfer_document(GRANTED)),
        (entry("grant", ("pool", -20), ("e-granted", 20)), evidence.transfer_document(GRANTED)),
        (entry("donate", ("v-group", -60), ("pool", 60)), evidence.transfer_document(replace(MOVED, kind="donate"))),
        (entry("settle", ("escrow", -60), ("shop", 45), ("e-earned", 15)), evidence.settle_document(DELIVERED)),
        (entry("reverse", of=3), evidence.reversal_document(
            reversal_id="z", of=3, reason="wrong_time", asked_by="a", decided_by="w")),
        (entry("open"), None),
        (entry("release", ("escrow", -60), ("e-earned", 60)), None),
    ],
)  # fmt: skip
def test_sound_entries(facts: EntryFacts, document: evidence.Document | None) -> None:
    assert violations(facts, DEMO, document) == ()


@pytest.mark.parametrize(
    ("changes", "facts", "broken"),
    [
        ({}, replace(EARN, postings=(("issuance", -120), ("v-earned", 120))), ["minutes_of_entry"]),
        ({"minutes": 120}, EARN, ["minutes_of_record", "credit_of_record"]),
        ({"to_member": 120}, EARN, ["credit_of_record", "minutes_of_entry"]),
        ({}, replace(EARN, on="2026-11-20"), ["day_of_record"]),
        ({"in_group": True}, EARN, ["credited_purse"]),
        ({}, replace(EARN, postings=(("issuance", -90), ("e-earned", 90))), ["credited_person"]),
        ({}, replace(EARN, actor="x"), ["actor_verifies"]),
        ({"verified_by": "v"}, replace(EARN, actor="v"), ["verified_own", "verified_own"]),
        ({"confirmed_by": "w"}, EARN, ["verified_own"]),
        ({"elder": "v"}, EARN, ["own_care"]),
        ({"source": "rumour"}, EARN, ["source_not_credited"]),
        ({"minutes": None}, EARN, ["document_unreadable"]),
        ({"started_at": "yesterday"}, EARN, ["document_unreadable"]),
    ],
)
def test_broken_records(changes: dict[str, Any], facts: EntryFacts, broken: list[str]) -> None:
    assert rules(facts, {**HOURS, **changes}) == broken


def test_weights_rounding_and_caps_are_those_of_the_policy_in_force() -> None:
    assert rules(EARN, HOURS, pol.preset("guangzhou")) == ["credit_of_record"]
    short = replace(DEMO, limits=replace(DEMO.limits, record_minutes=60, day_minutes=89))
    assert rules(EARN, HOURS, short) == ["record_cap", "day_cap"]
    assert rules(EARN, HOURS, None) == ["policy_missing"]


def test_what_is_above_the_cap_is_donated_or_commended() -> None:
    over = evidence.hours_document(replace(SERVED, to_member=30, to_pool=60))
    assert rules(EARN, over) == []
    assert rules(entry("donate", ("v-earned", -60), ("pool", 60)), over) == []
    assert rules(entry("donate", ("v-earned", -50), ("pool", 50)), over) == ["minutes_of_entry"]
    thanked = evidence.hours_document(replace(SERVED, to_member=30, commended=60))
    assert rules(entry("earn", ("issuance", -30), ("v-earned", 30)), thanked) == []


@pytest.mark.parametrize(
    ("facts", "moved", "broken"),
    [
        (entry("gift", ("e-granted", -60), ("e-received", 60)), MOVED, ["purse_not_allowed"]),
        (entry("gift", ("v-earned", -60), ("e-earned", 60)), MOVED, ["gift_purse"]),
        (GIFT, replace(MOVED, minutes=90), ["minutes_of_entry"]),
        (GIFT, replace(MOVED, relation=None), ["gift_only_to_kin"]),
        (GIFT, replace(MOVED, giver_id="e"), ["gift_to_self"]),
        (
            entry("gift", ("v-earned", -3060), ("e-received", 3060)),
            replace(MOVED, minutes=3060),
            ["gift_too_large"],
        ),
    ],
)
def test_broken_gifts(facts: EntryFacts, moved: evidence.Moved, broken: list[str]) -> None:
    assert rules(facts, evidence.transfer_document(moved)) == broken


def test_a_scheme_without_gifts_or_donations() -> None:
    nalc = pol.preset("nalc")
    assert "gifts_off" in rules(GIFT, None, nalc)
    assert "donations_off" in rules(entry("donate", ("v-earned", -60), ("pool", 60)), None, nalc)


@pytest.mark.parametrize(
    ("facts", "moved", "broken"),
    [
        (entry("grant", ("issuance", -60), ("e-earned", 60)), GRANTED, ["granted_purse"]),
        (GRANT, replace(GRANTED, minutes=30), ["minutes_of_entry"]),
        (GRANT, replace(GRANTED, minutes=601), ["grant_too_large"]),
        (GRANT, replace(GRANTED, groups=()), ["grant_not_eligible"]),
        (GRANT, replace(GRANTED, approved_by="w"), ["second_person"]),
        (GRANT, replace(GRANTED, approved_by=None), ["second_person"]),
    ],
)
def test_broken_grants(facts: EntryFacts, moved: evidence.Moved, broken: list[str]) -> None:
    assert rules(facts, evidence.transfer_document(moved)) == broken


def test_grants_come_from_where_the_policy_says() -> None:
    assert "grant_source" in rules(GRANT, None, pol.preset("gulou"))
    assert "grants_off" in rules(GRANT, None, pol.preset("kiss"))


@pytest.mark.parametrize(
    ("postings", "minutes", "broken"),
    [
        ((("e-earned", -60), ("escrow", 60)), 60, []),
        ((("e-group", -60), ("escrow", 60)), 60, ["purse_not_allowed"]),
        ((("e-earned", -60), ("escrow", 60)), 90, ["minutes_held"]),
    ],
)
def test_holds(postings: tuple[tuple[str, int], ...], minutes: int, broken: list[str]) -> None:
    document = evidence.hold_document(
        redemption_id="x",
        station_id="s",
        member_id="e",
        receiver_id="e",
        service_code="cleaning",
        minutes=minutes,
        plan=((Origin.EARNED, 60),),
    )
    assert rules(entry("hold", *postings), document) == broken


def test_a_gift_that_waits_is_held_from_purses_that_may_be_given() -> None:
    document = evidence.transfer_document(MOVED)
    assert rules(entry("hold", ("v-earned", -60), ("escrow", 60)), document) == []
    assert rules(entry("hold", ("e-granted", -60), ("escrow", 60)), document) == ["purse_not_allowed"]


def test_settlements() -> None:
    settle = entry("settle", ("escrow", -60), ("shop", 60))
    assert rules(settle, evidence.settle_document(DELIVERED)) == ["minutes_of_entry"]
    wrong = evidence.settle_document(replace(DELIVERED, used=60))
    assert rules(settle, wrong) == ["minutes_settled"]
    alone = evidence.settle_document(replace(DELIVERED, delivered=60, used=60, settled_by="w"))
    assert rules(settle, alone) == ["settled_own"]


def test_lapsing_inheritance_and_corrections() -> None:
    assert rules(entry("expire", ("e-earned", -60), ("issuance", 60)), None) == ["never_lapses"]
    assert rules(entry("inherit", ("v-earned", -60), ("e-received", 60)), None) == []
    assert "inherit_off" in rules(entry("inherit", ("v-earned", -60), ("e-received", 60)), None, pol.preset("kiss"))
    document = evidence.reversal_document(reversal_id="z", of=4, reason="mood", asked_by="w", decided_by="w")
    assert rules(entry("reverse", of=3), document) == ["reversed_entry", "second_person", "reason_unknown"]
