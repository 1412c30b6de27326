"""What a change of the policy would do: draft values beside the present ones, on the figures of the last night."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date

from timebank.domain.coverage import Rules, by_cohort, expected, percent
from timebank.domain.roles import Actor, require
from timebank.services.coverage.values import cells_of, given, rules_kept
from timebank.storage.unit import Bank

SHOWN = (0, 4, 9, 19, 29)
"""The years that are compared, counted from the present one."""


@dataclass(frozen=True, slots=True)
class Draft:
    """Values to be tried. None: no age, no cap, no lapse."""

    age_years: int | None
    special_age_years: int | None
    cap_minutes: int | None
    lapse_years: int | None


@dataclass(frozen=True, slots=True)
class Line:
    """One year: minutes asked for and coverage in percent, as the rules are and as they would be."""

    year: int
    asked: int
    percent: int | None
    draft_asked: int
    draft_percent: int | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The present values, and the years; without a draft, the draft's columns are as the present ones."""

    day: date
    present: Draft
    lines: tuple[Line, ...]


def compare(bank: Bank, actor: Actor, draft: Draft | None) -> Comparison | None:
    """What the draft would do; None before the first night. It changes nothing. Raises Forbidden.

    Expectations, no simulation: hours above a draft's cap are taken as not there.
    """
    require(actor, "reports.read")
    with bank.read() as unit:
        row = unit.coverage.latest()
        if row is None:
            return None
        told, day = json.loads(row.figures), row.day
    kept, cells, assumed = rules_kept(told), cells_of(told), given()
    rules = replace(kept, cap_minutes=None)
    tried = rules if draft is None else _drafted(rules, draft, kept.cap_minutes)
    now = expected(assumed, rules, by_cohort(rules, cells))
    then = expected(assumed, tried, by_cohort(tried, cells))
    lines = []
    for at in SHOWN:
        served = told["served_last"] * (1 + told["trend_percent"] / 100) ** at + (told["reserve"] if at == 0 else 0)
        lines.append(
            Line(day.year + at, round(now[at]), percent(served, now[at]), round(then[at]), percent(served, then[at]))
        )
    present = Draft(kept.age_years, kept.special_age_years, kept.cap_minutes, kept.lapse_years)
    return Comparison(day, present, tuple(lines))


def _drafted(rules: Rules, draft: Draft, cap_now: int | None) -> Rules:
    """The cap of today took its part when hours were credited; only another one changes what is there."""
    return replace(
        rules,
        age_years=draft.age_years,
        special_age_years=draft.special_age_years,
        cap_minutes=None if draft.cap_minutes == cap_now else draft.cap_minutes,
        lapse_years=draft.lapse_years,
    )
