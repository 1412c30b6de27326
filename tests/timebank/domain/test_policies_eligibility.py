"""Who may use, give, donate or be granted hours: the table of the schemes, row by row."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from timebank.domain import policies as pol
from timebank.domain.kin import Relation
from timebank.domain.policies import Facts, Needs

TODAY = date(2026, 11, 1)


def aged(years: int, *tags: str, served: int = 0) -> Facts:
    return Facts(date(TODAY.year - years, 1, 1), frozenset(tags), served)


@pytest.mark.parametrize(
    ("code", "who", "may"),
    [
        ("beijing", aged(60), True),
        ("beijing", aged(59), False),
        ("shanghai", aged(65), True),
        ("shanghai", aged(64), False),
        ("shanghai", aged(60, "special_difficulty"), True),
        ("shanghai", aged(59, "special_difficulty"), False),
        ("guangzhou", aged(30, served=6000), True),
        ("guangzhou", aged(90, served=5999), False),
        ("nanjing", aged(60), True),
        ("nanjing", Facts(None), False),
        ("hongkong", Facts(None), True),
        ("demo", aged(50, "severely_disabled"), True),
    ],
)
def test_age_and_hours_before_use(code: str, who: Facts, may: bool) -> None:
    assert pol.may_redeem(pol.preset(code), who, TODAY) is may


@pytest.mark.parametrize(
    ("needs", "who", "codes"),
    [
        (Needs.ALL, aged(40), ["redeem_age_not_reached", "redeem_hours_not_reached"]),
        (Needs.ALL, aged(70), ["redeem_hours_not_reached"]),
        (Needs.ANY, aged(40), ["redeem_age_not_reached", "redeem_hours_not_reached"]),
        (Needs.ANY, aged(70), []),
        (Needs.ANY, aged(40, served=6000), []),
    ],
)
def test_age_and_hours_or_either_of_them(needs: Needs, who: Facts, codes: list[str]) -> None:
    beijing = pol.preset("beijing")
    policy = replace(beijing, redeem=replace(beijing.redeem, served_minutes=6000, needs=needs))
    assert [refusal.code for refusal in pol.redeem_refusals(policy, who, TODAY)] == codes


@pytest.mark.parametrize(
    ("code", "relation", "years", "refusal"),
    [
        ("gulou", Relation.SPOUSE, 60, None),
        ("gulou", Relation.PARENT, 59, "beneficiary_too_young"),
        ("gulou", Relation.SIBLING, 70, "beneficiary_not_allowed"),
        ("beijing", Relation.GRANDPARENT, 80, None),
        ("beijing", Relation.SPOUSE, 80, "beneficiary_not_allowed"),
        ("nanjing", Relation.SELF, 60, None),
        ("nanjing", Relation.OTHER, 60, "beneficiary_not_allowed"),
    ],
)
def test_who_may_benefit(code: str, relation: Relation, years: int, refusal: str | None) -> None:
    found = pol.beneficiary_refusals(pol.preset(code), relation, aged(years), TODAY)
    assert [one.code for one in found] == ([refusal] if refusal else [])


@pytest.mark.parametrize(
    ("code", "relation", "minutes", "given", "refusals"),
    [
        ("nalc", Relation.SPOUSE, 60, 0, ["gifts_off"]),
        ("nanjing", None, 60, 0, ["gifts_off"]),
        ("beijing", Relation.PARENT, 60, 0, []),
        ("beijing", None, 60, 0, ["gift_only_to_kin"]),
        ("beijing", Relation.SPOUSE, 60, 0, ["gift_only_to_kin"]),
        ("shanghai", None, 60_000, 0, []),
        ("shanghai", Relation.SELF, 60, 0, ["gift_to_self"]),
        ("demo", Relation.SPOUSE, 3001, 3000, ["gift_too_large", "gift_month_limit"]),
        ("demo", Relation.SPOUSE, 3000, 3000, []),
    ],
)
def test_gifts_among_the_living(
    code: str, relation: Relation | None, minutes: int, given: int, refusals: list[str]
) -> None:
    policy = pol.preset(code)
    assert [one.code for one in pol.gift_refusals(policy, relation, minutes, given)] == refusals
    assert pol.may_gift(policy, relation, minutes, given) is (not refusals)


def test_donations() -> None:
    assert pol.may_donate(pol.preset("gulou"))
    assert [one.code for one in pol.donate_refusals(pol.preset("kiss"))] == ["donations_off"]


@pytest.mark.parametrize(
    ("who", "groups"),
    [
        (aged(80, "living_alone"), ("alone_80",)),
        (aged(79, "living_alone"), ()),
        (aged(60, "living_alone", "low_income", "disabled"), ("poor_disabled_60",)),
        (aged(79, "living_alone", "low_income", "half_disabled"), ("poor_disabled_60",)),
        (aged(79, "living_alone", "low_income"), ()),
        (aged(59, "living_alone", "low_income", "disabled"), ()),
        (aged(85, "low_income", "disabled"), ()),
        (Facts(None, frozenset({"living_alone"})), ()),
    ],
)
def test_key_elders_of_nanjing(who: Facts, groups: tuple[str, ...]) -> None:
    nanjing = pol.preset("nanjing")
    assert pol.groups_of(nanjing, who, TODAY) == groups
    assert pol.may_grant(nanjing, who, TODAY, 60) is bool(groups)


def test_grants_have_limits_and_may_be_off() -> None:
    needy = aged(85, "living_alone")
    demo = pol.preset("demo")
    codes = [one.code for one in pol.grant_refusals(demo, needy, 601, 600, TODAY)]
    assert codes == ["grant_too_large", "grant_month_limit"]
    assert [one.code for one in pol.grant_refusals(pol.preset("beijing"), needy, 60, 0, TODAY)] == ["grants_off"]


@pytest.mark.parametrize(("pool", "sources"), [(0, (0, 90)), (60, (60, 30)), (600, (90, 0))])
def test_donated_time_is_granted_before_any_is_issued(pool: int, sources: tuple[int, int]) -> None:
    assert pol.grant_sources(pol.preset("nanjing"), pool, 90) == sources


def test_where_grants_come_from_the_pool_alone_nothing_is_issued() -> None:
    assert pol.grant_sources(pol.preset("gulou"), 10, 90) == (90, 0)
    with pytest.raises(ValueError, match="no grants"):
        pol.grant_sources(pol.preset("kiss"), 10, 90)
