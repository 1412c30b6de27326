"""Coverage: whether the hours that people saved can be served when they are due (easy to save, hard to redeem).

A holder's saved hours wait until the policy lets them be used. From then on a share of what is left is asked for each
year, more by who needs regular care, until the holder dies. What is assumed, with its source, stands in
`presets/ageing.json`; the method and its limits in docs/coverage.md. Ages and waits are whole years, amounts minutes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import Any, Final

from timebank.domain.policies.document import Inherit, Needs, Policy

HORIZON: Final = 30
"""Years that are looked ahead."""
NEVER: Final = 200
"""A wait that no holder lives through."""
CERTAIN: Final = 1000


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Of deaths, need of care, use and volunteers. Shares are per mille of a year; see the file for their source."""

    deaths_at_60: float
    deaths_doubling_years: float
    oldest_age: int
    dependent_at_60: float
    dependent_doubling_years: float
    dependent_most: float
    use_able: float
    use_dependent: float
    use_passed_on: float
    least_trend_percent: int
    most_trend_percent: int
    spread_percent: int
    unknown_age: int
    source: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a policy says: when hours are redeemable, how many one may have, when they lapse, if they are passed on."""

    age_years: int | None
    special_age_years: int | None
    needs_any: bool
    has_hours_rule: bool
    cap_minutes: int | None
    lapse_years: int | None
    passes_on: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """Holders who are alike: age, whether the special age is theirs, years until their served hours are enough."""

    age: int
    special: bool
    hours_wait: int
    members: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Cohort:
    """Holders of one age who all wait as long."""

    age: int
    wait: int


@dataclass(frozen=True, slots=True)
class Band:
    """Neighbouring ages or years together, so many that no figure points at somebody."""

    first: int
    last: int
    members: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Path:
    """One way that a holder's years can go: how likely it is, and per minute saved what is asked for in each year.

    `lapsed` and `left` are what death or a lapse took, and what is still there after the last year. With what was asked
    for, they are always 1.
    """

    probability: float
    asked: tuple[float, ...]
    lapsed: float
    left: float


def assumptions() -> Assumptions:
    """Those of the data file."""
    text = files("timebank").joinpath("presets", "ageing.json").read_text(encoding="utf-8")
    return _assumptions(json.loads(text))


def _assumptions(told: Mapping[str, Any]) -> Assumptions:
    deaths, dependency, use, people = told["deaths"], told["dependency"], told["use"], told["volunteers"]
    return Assumptions(
        deaths["per_mille_at_60"], deaths["doubling_years"], deaths["oldest_age"],
        dependency["per_mille_at_60"], dependency["doubling_years"], dependency["most_per_mille"],
        use["able_per_mille"], use["dependent_per_mille"], use["passed_on_per_mille"],
        people["least_trend_percent"], people["most_trend_percent"], people["spread_percent"],
        told["unknown_age"], told["source"],
    )  # fmt: skip


def rules_of(policy: Policy) -> Rules:
    """What of a policy bears on coverage. The lapse is that of earned hours."""
    months = policy.purses.earned.expires_after_months
    return Rules(
        age_years=policy.redeem.age_years,
        special_age_years=policy.redeem.special_age_years,
        needs_any=policy.redeem.needs is Needs.ANY,
        has_hours_rule=policy.redeem.served_minutes is not None,
        cap_minutes=policy.cap.minutes,
        lapse_years=None if months is None else months // 12,
        passes_on=policy.inherit is not Inherit.NONE,
    )


def hours_wait(needed: int | None, served: int, yearly: int) -> int:
    """Years until somebody who serves `yearly` minutes a year has served what is needed. NEVER, if none are served."""
    if needed is None or served >= needed:
        return 0
    return min(NEVER, -(-(needed - served) // yearly)) if yearly > 0 else NEVER


def wait_of(rules: Rules, cell: Cell) -> int:
    """Years until a holder may use the hours; the horizon stands for all that lies behind it."""
    age = rules.special_age_years if cell.special and rules.special_age_years is not None else rules.age_years
    by_age = max(0, (age or 0) - cell.age)
    if rules.needs_any and age is not None and rules.has_hours_rule:
        return min(HORIZON, by_age, cell.hours_wait)
    return min(HORIZON, max(by_age, cell.hours_wait))


def by_cohort(rules: Rules, cells: Iterable[Cell]) -> dict[Cohort, int]:
    """Minutes of each cohort, what lies above the cap left out: it is counted on the average of alike holders."""
    found: dict[Cohort, int] = {}
    for cell in cells:
        most = cell.minutes if rules.cap_minutes is None else min(cell.minutes, rules.cap_minutes * cell.members)
        cohort = Cohort(cell.age, wait_of(rules, cell))
        found[cohort] = found.get(cohort, 0) + most
    return found


def doubling(at_60: float, years: float, age: int, most: float) -> float:
    """A share, of 1, that doubles so often from the age of 60 on, up to `most` per mille."""
    grown: float = at_60 * 2.0 ** min(60.0, (age - 60) / years)
    return min(most, grown) / 1000


def death_rate(given: Assumptions, age: int) -> float:
    """The share of this age that dies within a year."""
    if age >= given.oldest_age:
        return 1.0
    return doubling(given.deaths_at_60, given.deaths_doubling_years, age, CERTAIN)


def deaths(given: Assumptions, age: int) -> tuple[float, ...]:
    """How likely death is at the start of each year from now, and at the end of the tuple living through all."""
    found, alive = [0.0], 1.0
    for year in range(1, HORIZON):
        gone = alive * death_rate(given, age + year - 1)
        found.append(gone)
        alive -= gone
    return (*found, alive)


def onsets(given: Assumptions, age: int) -> tuple[float, ...]:
    """How likely regular care begins to be needed in each year from now (the first: already), and at last never."""

    def share(year: int) -> float:
        return doubling(given.dependent_at_60, given.dependent_doubling_years, age + year, given.dependent_most)

    shares = [share(year) for year in range(HORIZON)]
    return (shares[0], *(later - before for before, later in pairwise(shares)), 1 - shares[-1])


def paths(given: Assumptions, rules: Rules, cohort: Cohort) -> tuple[Path, ...]:
    """All ways that the years of this cohort can go; their probabilities are 1 together."""
    begins = onsets(given, cohort.age)
    found = []
    for death, dies in enumerate(deaths(given, cohort.age)):
        if not dies:
            continue
        for onset in range(death + 1):
            likely = begins[onset] if onset < death else sum(begins[death:])
            if likely:
                found.append(_path(given, rules, cohort, (death, onset), dies * likely))
    return tuple(found)


def _path(given: Assumptions, rules: Rules, cohort: Cohort, when: tuple[int, int], likely: float) -> Path:
    death, onset = when
    lapses = _lapses(rules, cohort)
    asked, saved, lapsed = [], 1.0, 0.0
    for year in range(HORIZON):
        if year >= lapses or (year >= death and not rules.passes_on):
            lapsed, saved = lapsed + saved, 0.0
        share = _share(given, cohort, year, onset) if year < death else given.use_passed_on / 1000
        taken = saved * share
        asked.append(taken)
        saved -= taken
    return Path(likely, tuple(asked), lapsed, saved)


def expected(given: Assumptions, rules: Rules, cohorts: Mapping[Cohort, int]) -> tuple[float, ...]:
    """Minutes that are asked for in each year, on the average of all paths: what a simulation must come to."""
    total = [0.0] * HORIZON
    for cohort, minutes in cohorts.items():
        for year, share in enumerate(_mean(given, rules, cohort)):
            total[year] += minutes * share
    return tuple(total)


@lru_cache(maxsize=8192)
def _mean(given: Assumptions, rules: Rules, cohort: Cohort) -> tuple[float, ...]:
    """Per minute saved, what is asked for in each year; computed by years and not by paths, so that it is quick."""
    ends, lapses = deaths(given, cohort.age), _lapses(rules, cohort)
    asked = [0.0] * HORIZON
    for onset, likely in enumerate(onsets(given, cohort.age)):
        saved, passed, alive = 1.0, 0.0, 1.0
        for year in range(HORIZON):
            if year >= lapses:
                saved = passed = 0.0
            passed += ends[year] * saved if rules.passes_on else 0.0
            alive -= ends[year]
            taken = saved * _share(given, cohort, year, onset)
            others = passed * given.use_passed_on / 1000
            asked[year] += likely * (alive * taken + others)
            saved, passed = saved - taken, passed - others
    return tuple(asked)


def _lapses(rules: Rules, cohort: Cohort) -> int:
    """The year in which all of it lapses; the horizon, if it doesn't."""
    return rules.lapse_years if rules.lapse_years is not None and rules.lapse_years < cohort.wait else HORIZON


def _share(given: Assumptions, cohort: Cohort, year: int, onset: int) -> float:
    """What part of the saved hours somebody who lives asks for in a year."""
    if year < cohort.wait:
        return 0.0
    return (given.use_dependent if year >= onset else given.use_able) / 1000


def trend(given: Assumptions, last: int, before: int) -> float:
    """The yearly change of the hours served, as a share, within the bounds; 0 without two years to compare."""
    if not last or not before:
        return 0.0
    change = (last - before) / before
    return max(given.least_trend_percent / 100, min(given.most_trend_percent / 100, change))


def percent(capacity: float, asked: float) -> int | None:
    """Coverage: of what is asked for, how much can be served, up to 999. None where next to nothing is asked for."""
    return None if asked < 1 else min(999, int(capacity * 100 / asked))


def stressed(given: Assumptions) -> dict[str, tuple[Assumptions, int]]:
    """Stress case → assumptions and percent of the volunteers that are left."""
    return {
        "base": (given, 100),
        "fewer_volunteers": (given, 70),
        "longer_lives": (replace(given, deaths_at_60=given.deaths_at_60 * 0.7), 100),
        "everybody_redeems": (replace(given, use_able=CERTAIN, use_dependent=CERTAIN), 100),
    }


def banded(rows: Iterable[tuple[int, int, int]], smallest: int) -> tuple[Band, ...]:
    """Rows (age or year, members, minutes), neighbours put together until each band has `smallest` members.

    Nothing is left out, so that nothing can be found by subtraction; of fewer members in all, no band is given.
    """
    sums: dict[int, tuple[int, int]] = {}
    for at, members, minutes in rows:
        before = sums.get(at, (0, 0))
        sums[at] = (before[0] + members, before[1] + minutes)
    found: list[Band] = []
    for at, (members, minutes) in sorted(sums.items()):
        if found and found[-1].members < smallest:
            last = found[-1]
            found[-1] = Band(last.first, at, last.members + members, last.minutes + minutes)
        else:
            found.append(Band(at, at, members, minutes))
    if len(found) > 1 and found[-1].members < smallest:
        end = found.pop()
        last = found[-1]
        found[-1] = Band(last.first, end.last, last.members + end.members, last.minutes + end.minutes)
    return tuple(found) if found and found[0].members >= smallest else ()
