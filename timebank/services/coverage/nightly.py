"""The figures of a night: facts from the book, cohorts, simulation, and a row that is read until the next night."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from timebank.domain.coverage import (
    HORIZON,
    Assumptions,
    Cell,
    Cohort,
    Rules,
    assumptions,
    banded,
    expected,
    hours_wait,
    rules_of,
    stressed,
    trend,
    wait_of,
)
from timebank.domain.figures import told
from timebank.domain.local_time import local_day
from timebank.domain.policies import Facts, Origin, Policy
from timebank.domain.policies.eligibility import groups_of
from timebank.services.coverage.simulation import Capacity, Simulated, simulate
from timebank.services.coverage.values import next_percent
from timebank.storage.coverage import CoverageRun
from timebank.storage.unit import Bank, Unit

RUNS, STRESS_RUNS = 1000, 200
YEAR = timedelta(days=365)
AT_A_TIME = 2000
STEP_MINUTES = 50 * 60
"""Holders stand in one kept cell only if their hours lie in the same fifty: the average is what a draft's cap meets."""


@dataclass(frozen=True, slots=True)
class Holder:
    """What bears on coverage in one holder; nobody's id."""

    age: int
    special: bool
    hours_wait: int
    minutes: int

    @property
    def cell(self) -> Cell:
        return Cell(self.age, self.special, self.hours_wait, 1, self.minutes)


def run_nightly(bank: Bank, *, now: datetime) -> int:
    """Make the figures of the day, once a day. Gives how many holders they are made of; 0 if nothing was due.

    The day is the seed of the simulation, so that anybody who has the same book gets the same figures.
    """
    today = local_day(now)
    with bank.read() as unit:
        last = unit.coverage.latest()
        care = unit.get_care(now)
        if care is None or (last is not None and last.day >= today):
            return 0
        policy, _ = unit.policy_at(now)
        holders = list(_holders(unit, policy, today, now))
        facts = _facts(unit, now)
    seed = int(f"{today:%Y%m%d}")
    figures = _figures(policy, holders, facts, today, seed, care.figures.smallest_cell)
    with bank.unit() as unit:
        row = CoverageRun(
            book=unit.origin, id=bank.new_id(now), day=today, made_at=now, seed=seed,
            figures=json.dumps(figures, ensure_ascii=False, sort_keys=True),
        )  # fmt: skip
        unit.coverage.add(row)
    return len(holders)


def _holders(unit: Unit, policy: Policy, today: date, now: datetime) -> Iterator[Holder]:
    """Everybody who has hours that the policy lets be redeemed, now or later."""
    origins = [str(origin) for origin in Origin if policy.purses.of(origin).redeem]
    holdings, served = unit.coverage.holdings(origins), unit.coverage.served()
    yearly, unknown = unit.coverage.served(now - YEAR), assumptions().unknown_age
    groups, needed = policy.redeem.special_groups, policy.redeem.served_minutes
    everybody = sorted(holdings)
    for start in range(0, len(everybody), AT_A_TIME):
        ids = everybody[start : start + AT_A_TIME]
        people = unit.persons(ids)
        for person_id in ids:
            data, done = people[person_id], served.get(person_id, 0)
            facts = Facts(data.born_on, frozenset(data.tags), done)
            age = facts.age(today)
            yield Holder(
                age=unknown if age is None else max(0, age),
                special=bool(groups and groups_of(policy, facts, today, groups)),
                hours_wait=hours_wait(needed, done, yearly.get(person_id, 0)),
                minutes=holdings[person_id],
            )


def _facts(unit: Unit, now: datetime) -> dict[str, int]:
    """What the book says of volunteers, reserve and redeemers."""
    origins = [str(origin) for origin in Origin]
    return {
        "served_last": sum(unit.coverage.served(now - YEAR, now).values()),
        "served_before": sum(unit.coverage.served(now - 2 * YEAR, now - YEAR).values()),
        "reserve": unit.coverage.pool(unit.pool),
        "never": len(set(unit.coverage.holdings(origins)) - unit.coverage.redeemers()),
    }


def _figures(
    policy: Policy, holders: list[Holder], facts: dict[str, int], today: date, seed: int, smallest: int
) -> dict[str, Any]:
    rules, assumed = rules_of(policy), assumptions()
    cohorts = _cohorts(rules, holders)
    ready = [one for one in holders if wait_of(rules, one.cell) == 0]
    change = trend(assumed, facts["served_last"], facts["served_before"])
    asked = expected(assumed, rules, {cohort: sum(minutes) for cohort, minutes in cohorts.items()})[0]
    return {
        "runs": RUNS,
        "outstanding": _total(holders, smallest),
        "redeemable": _part(holders, ready, smallest),
        "reserve": facts["reserve"],
        "reserve_percent": policy.redeem.reserve_percent,
        "guarantee": str(policy.redeem.guarantee),
        "served_last": facts["served_last"],
        "served_before": facts["served_before"],
        "trend_percent": round(change * 100),
        "asked_next": round(asked),
        "percent_next": next_percent(facts["served_last"], facts["reserve"], asked),
        "never_redeemed": told(facts["never"], smallest),
        "ages": [_row(band) for band in banded(((one.age, 1, one.minutes) for one in holders), smallest)],
        "years": [_row(band) for band in banded(_years(rules, holders, today), smallest)],
        "cases": _cases(assumed, rules, cohorts, facts, change, seed),
        "rules": asdict(rules),
        "cells": _cells(holders),
        "source": assumed.source,
    }


def _total(holders: list[Holder], smallest: int) -> int | None:
    """Their minutes, or None where they are so few that it could point at somebody."""
    return None if told(len(holders), smallest) is None else sum(one.minutes for one in holders)


def _part(holders: list[Holder], part: list[Holder], smallest: int) -> int | None:
    """The same of a part of them, told only if the others are not so few that subtraction finds them."""
    return None if told(len(holders) - len(part), smallest) is None else _total(part, smallest)


def _cohorts(rules: Rules, holders: list[Holder]) -> dict[Cohort, list[int]]:
    found: defaultdict[Cohort, list[int]] = defaultdict(list)
    for one in holders:
        found[Cohort(one.age, wait_of(rules, one.cell))].append(one.minutes)
    return dict(found)


def _years(rules: Rules, holders: list[Holder], today: date) -> Iterator[tuple[int, int, int]]:
    """(year in which they become redeemable, 1, minutes); whatever lies behind the horizon stands in its last year."""
    for one in holders:
        yield today.year + min(HORIZON, wait_of(rules, one.cell)), 1, one.minutes


def _cases(
    assumed: Assumptions, rules: Rules, cohorts: dict[Cohort, list[int]], facts: dict[str, int], change: float,
    seed: int,
) -> dict[str, Any]:  # fmt: skip
    found = {}
    for name, (given, volunteers_percent) in stressed(assumed).items():
        capacity = Capacity(facts["served_last"] * volunteers_percent / 100, change, facts["reserve"])
        runs = RUNS if name == "base" else STRESS_RUNS
        found[name] = _case(simulate(given, rules, cohorts, capacity, runs=runs, seed=seed))
    return found


def _case(outcome: Simulated) -> dict[str, Any]:
    return {"asked": outcome.asked, "percent": outcome.percent}


def _cells(holders: list[Holder]) -> list[list[int]]:
    """Alike holders together: what a draft of a policy is computed from."""
    members, minutes = Counter[tuple[int, ...]](), Counter[tuple[int, ...]]()
    for one in holders:
        key = (one.age, int(one.special), one.hours_wait, one.minutes // STEP_MINUTES)
        members[key] += 1
        minutes[key] += one.minutes
    return [[*key[:3], members[key], minutes[key]] for key in sorted(members)]


def _row(band: Any) -> list[int]:
    return [band.first, band.last, band.members, band.minutes]
