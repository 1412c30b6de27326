"""The policy document: strict to read, checked when decided, in force by its time."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from timebank.domain import errors
from timebank.domain import policies as pol

NOW = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
DEMO = pol.preset("demo")


def document() -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(pol.to_json(DEMO)))
    return plain


def put(path: str, value: object) -> dict[str, Any]:
    """The demo's document with one field changed."""
    changed = document()
    here: Any = changed
    *parents, last = path.split(".")
    for name in parents:
        here = here[name]
    here[last] = value
    return changed


@pytest.mark.parametrize("code", pol.PRESETS)
def test_each_preset_goes_through_json_unchanged(code: str) -> None:
    policy = pol.preset(code)
    assert policy.code == code
    assert pol.problems(policy) == ()
    assert pol.from_text(json.dumps(pol.to_json(policy))) == policy
    decided = pol.decided(policy, NOW)
    assert pol.from_json(pol.to_json(decided)) == decided


def test_an_unknown_preset() -> None:
    with pytest.raises(errors.PresetUnknown):
        pol.preset("atlantis")


def test_the_effective_time_is_absent_until_decided() -> None:
    assert "effective_at" not in pol.to_json(DEMO)
    assert pol.to_json(pol.decided(DEMO, NOW))["effective_at"] == "2026-11-01T04:00:00.000Z"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("schema", 1),
        ("schema", 3),
        ("care", None),
        ("care.tags", []),
        ("care.rounds.tags_any", []),
        ("care.rounds.red_from_day", 29),
        ("care.organisations.rating_levels", []),
        ("care.needs.far_metres", 10),
        ("care.needs.offer_days", 0),
        ("care.matching.near", -1),
        ("care.messages.quiet_from", "25:00"),
        ("care.inspections.manual_share_gap_percent", 101),
        ("code", "Demo!"),
        ("name", " "),
        ("effective_at", "2026-11-01"),
        ("unit.minutes", 60.0),
        ("unit.minutes", "60"),
        ("unit.minutes", True),
        ("rounding.step_minutes", 7),
        ("rounding.direction", "sideways"),
        ("weights_percent", {"meal": 0}),
        ("weights_percent", [1]),
        ("limits.day_minutes", 1441),
        ("cap.minutes", 0),
        ("cap.above", "burn"),
        ("entry.sources", []),
        ("entry.sources", ["rumour"]),
        ("entry.call_back_percent", 101),
        ("volunteers.age_years", 8),
        ("redeem.beneficiaries", []),
        ("redeem.beneficiaries", [{"relation": "self", "age_years": None}] * 2),
        ("redeem.special_groups", []),
        ("redeem.special_groups", ["nobody"]),
        ("redeem.age_years", None),
        ("redeem.reserve_percent", 10),
        ("gift.relations", []),
        ("grants.groups", []),
        ("purses.spending_order", ["earned"]),
        ("purses.earned.gift", None),
        ("donate", False),
        ("undo_minutes", -1),
        ("watch.manual_percent", 0),
        ("groups", []),
        ("extra", 1),
    ],
)
def test_what_a_document_may_not_say(path: str, value: object) -> None:
    with pytest.raises(errors.PolicyInvalid) as refusal:
        pol.from_json(put(path, value))
    assert str(refusal.value.params["field"]).startswith("policy")


def test_a_missing_field_is_no_default() -> None:
    short = document()
    del short["limits"]["day_minutes"]
    with pytest.raises(errors.PolicyInvalid) as refusal:
        pol.from_json(short)
    assert refusal.value.params["field"] == "policy.limits.day_minutes"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 1.5}', '{"a": 1, "a": 2}', '{"schema": NaN}', "null"])
def test_texts_that_are_no_policy(text: str) -> None:
    with pytest.raises(errors.PolicyInvalid):
        pol.from_text(text)


@pytest.mark.parametrize(
    "group",
    [
        {"age_years": None, "below_years": None, "tags_all": [], "tags_any": []},
        {"age_years": 80, "below_years": 70, "tags_all": [], "tags_any": []},
        {"age_years": 80, "below_years": None, "tags_all": [], "tags_any": [], "code": "BAD"},
    ],
)
def test_groups_of_everybody_or_nobody(group: dict[str, object]) -> None:
    groups = [*document()["groups"], {"code": "x", "name": "x", "name_en": "x", **group}]
    with pytest.raises(errors.PolicyInvalid):
        pol.from_json(put("groups", groups))


def test_the_one_in_force_is_the_last_decided_whose_time_has_come() -> None:
    first = pol.decided(DEMO, NOW)
    second = replace(pol.decided(DEMO, NOW + timedelta(days=10)), undo_minutes=20)
    assert pol.in_force((first, second), NOW - timedelta(seconds=1)) is None
    assert pol.in_force((first, second), NOW) == first
    assert pol.in_force((first, second), NOW + timedelta(days=10)) == second
    assert pol.in_force((DEMO,), NOW) is None
    with pytest.raises(errors.PolicyMissing):
        pol.require_in_force((), NOW)


def test_a_decision_never_reaches_into_the_past() -> None:
    first = pol.decided(DEMO, NOW + timedelta(days=5))
    pol.check_decision(pol.decided(DEMO, NOW), (), NOW)
    changed = replace(DEMO, undo_minutes=20)
    pol.check_decision(pol.decided(changed, NOW + timedelta(days=6)), (first,), NOW)
    for wrong in (NOW - timedelta(seconds=1), NOW + timedelta(days=4)):
        with pytest.raises(errors.PolicyBackdated):
            pol.check_decision(pol.decided(changed, wrong), (first,), NOW)
    with pytest.raises(errors.PolicyUnchanged):
        pol.check_decision(pol.decided(DEMO, NOW + timedelta(days=6)), (first,), NOW)
    with pytest.raises(errors.PolicyInvalid):
        pol.check_decision(DEMO, (), NOW)


@pytest.mark.parametrize("region", pol.CARE_PRESETS)
def test_each_region_has_care_rules_of_its_own(region: str) -> None:
    care = pol.preset("demo", region).care
    assert care is not None
    assert care.code == region
    assert {tag.code for tag in care.tags} > set(care.rounds.tags_any)


def test_documents_from_before_care_rules_are_read_for_ever() -> None:
    old = document()
    old["schema"] = 1
    del old["care"]
    policy = pol.from_json(old)
    assert policy.care is None
    assert pol.to_json(policy) == old


def test_an_unknown_region() -> None:
    with pytest.raises(errors.PresetUnknown):
        pol.preset("demo", "atlantis")
