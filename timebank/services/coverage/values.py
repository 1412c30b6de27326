"""What is shown of coverage: to who steers, and to everybody. Read from the figures of the last night."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from timebank.domain.coverage import Assumptions, Band, Cell, Rules, assumptions, percent
from timebank.domain.roles import Actor, require
from timebank.storage.coverage import CoverageRun
from timebank.storage.unit import Bank

Three = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class CaseView:
    """One case: for each year minutes asked for and coverage in percent, at 5, 50 and 95 of a hundred runs."""

    asked: tuple[Three, ...]
    percent: tuple[Three, ...]


@dataclass(frozen=True, slots=True)
class CoverageView:
    """The figures of a night, in minutes. None: of so few holders that it could point at somebody.

    `served_last` and `served_before` are of the last year and of the one before it.
    """

    day: date
    seed: int
    runs: int
    outstanding: int | None
    redeemable: int | None
    reserve: int
    reserve_percent: int | None
    served_last: int
    served_before: int
    trend_percent: int
    asked_next: int
    percent_next: int | None
    never_redeemed: int | None
    ages: tuple[Band, ...]
    years: tuple[Band, ...]
    cases: dict[str, CaseView]
    source: str


@dataclass(frozen=True, slots=True)
class PublicView:
    """What everybody may know. None: of so few holders that it could point at somebody.

    `few`: so few may redeem, or can't yet, that coverage, whose other half is public, would tell their hours.
    """

    day: date
    few: bool
    outstanding: int | None
    redeemable: int | None
    served_last: int
    reserve: int
    percent_next: int | None
    in_ten_years: Three | None
    guarantee: str
    ages: tuple[Band, ...]
    years: tuple[Band, ...]
    base: CaseView | None


def latest(bank: Bank, actor: Actor) -> CoverageView | None:
    """The figures of the last night; None before the first. Raises Forbidden."""
    require(actor, "reports.read")
    with bank.read() as unit:
        row = unit.coverage.latest()
        return None if row is None else view_of(row)


def for_public(bank: Bank) -> PublicView | None:
    """The same for everybody; None before the first night."""
    with bank.read() as unit:
        row = unit.coverage.latest()
        if row is None:
            return None
        told, view = json.loads(row.figures), view_of(row)
    hidden, few = view.outstanding is None, view.redeemable is None
    base = view.cases["base"]
    return PublicView(
        day=view.day,
        few=few,
        outstanding=view.outstanding,
        redeemable=view.redeemable,
        served_last=view.served_last,
        reserve=view.reserve,
        percent_next=None if few else view.percent_next,
        in_ten_years=None if hidden else base.percent[9],
        guarantee=told["guarantee"],
        ages=view.ages,
        years=view.years,
        base=None if hidden or few else base,
    )


def view_of(row: CoverageRun) -> CoverageView:
    """The kept figures as values."""
    told = json.loads(row.figures)
    return CoverageView(
        day=row.day,
        seed=row.seed,
        ages=tuple(Band(*one) for one in told["ages"]),
        years=tuple(Band(*one) for one in told["years"]),
        cases={
            name: CaseView(_threes(case["asked"]), _threes(case["percent"])) for name, case in told["cases"].items()
        },
        **{name: told[name] for name in KEPT},
    )


KEPT = (
    "runs", "outstanding", "redeemable", "reserve", "reserve_percent", "served_last", "served_before", "trend_percent",
    "asked_next", "percent_next", "never_redeemed", "source",
)  # fmt: skip


def cells_of(told: dict[str, Any]) -> tuple[Cell, ...]:
    """The alike holders of that night."""
    return tuple(Cell(one[0], bool(one[1]), *one[2:]) for one in told["cells"])


def rules_kept(told: dict[str, Any]) -> Rules:
    """The rules of that night."""
    return Rules(**told["rules"])


def next_percent(served: int, reserve: int, asked: float) -> int | None:
    """Coverage of the coming year: all that a year of service and the reserve give, against what is asked for."""
    return percent(served + reserve, asked)


def given() -> Assumptions:
    """The assumptions of the program."""
    return assumptions()


def _threes(rows: list[list[int]]) -> tuple[Three, ...]:
    return tuple((row[0], row[1], row[2]) for row in rows)
