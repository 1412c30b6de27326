"""Simulated years: each holder's life in each run, drawn from the paths of the holder's cohort.

numpy is imported by who simulates, not at each worker's start. Members × runs are drawn in blocks, so that memory stays
the same for any number of members. The same seed gives the same figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from timebank.domain.coverage import HORIZON, Assumptions, Cohort, Rules, paths

BLOCK = 2_000_000
"""Draws at a time: some 50 MB."""
BANDS = (5, 50, 95)


@dataclass(frozen=True, slots=True)
class Capacity:
    """Minutes that volunteers serve in a year, its yearly change as a share, and minutes in reserve."""

    yearly: float
    trend: float
    reserve: float


@dataclass(frozen=True, slots=True)
class Simulated:
    """For each year: minutes asked for and coverage in percent, each at 5, 50 and 95 of a hundred runs.

    `redeemed`, `lapsed` and `left` are minutes on the average of the runs: together all that was saved.
    """

    asked: tuple[tuple[int, int, int], ...]
    percent: tuple[tuple[int, int, int], ...]
    redeemed: float
    lapsed: float
    left: float


def simulate(
    given: Assumptions, rules: Rules, holders: Mapping[Cohort, Sequence[int]], capacity: Capacity, *, runs: int,
    seed: int,
) -> Simulated:  # fmt: skip
    """Run `runs` times through the years. `holders`: the saved minutes of each member of each cohort."""
    import numpy as np

    random = np.random.default_rng(seed)
    total: Any = np.zeros((runs, HORIZON + 2))
    for cohort in sorted(holders, key=lambda one: (one.age, one.wait)):
        total += _cohort(np, random, given, rules, cohort, np.asarray(holders[cohort], dtype=float), runs)
    asked = total[:, :HORIZON]
    served = _capacity(np, random, given, capacity, runs)
    covered = _covered(np, asked, served, capacity.reserve)
    return Simulated(
        asked=_bands(np, asked),
        percent=_bands(np, covered),
        redeemed=float(asked.sum(axis=1).mean()),
        lapsed=float(total[:, HORIZON].mean()),
        left=float(total[:, HORIZON + 1].mean()),
    )


def _cohort(np: Any, random: Any, given: Assumptions, rules: Rules, cohort: Cohort, minutes: Any, runs: int) -> Any:
    """(run, year) → minutes; the last two columns are what lapsed and what is left."""
    ways = paths(given, rules, cohort)
    table = np.array([(*way.asked, way.lapsed, way.left) for way in ways])
    edges = np.cumsum([way.probability for way in ways])[:-1]
    weights = np.zeros(runs * len(ways))
    block = max(1, BLOCK // runs)
    for start in range(0, len(minutes), block):
        part = minutes[start : start + block]
        way = np.searchsorted(edges, random.random(len(part) * runs), side="right")
        way += np.tile(np.arange(runs) * len(ways), len(part))
        weights += np.bincount(way, weights=np.repeat(part, runs), minlength=len(weights))
    return weights.reshape(runs, len(ways)) @ table


def _capacity(np: Any, random: Any, given: Assumptions, capacity: Capacity, runs: int) -> Any:
    """(run, year) → minutes that volunteers serve; each year goes on from the one before, a little differently."""
    steps = random.standard_normal((runs, HORIZON)) * given.spread_percent / 100
    years = (1 + capacity.trend) ** np.arange(HORIZON)
    return capacity.yearly * years * np.exp(np.cumsum(steps, axis=1))


def _covered(np: Any, asked: Any, served: Any, reserve: float) -> Any:
    """(run, year) → percent of what is asked for that can be served; the reserve fills gaps until it is used up."""
    found, kept = np.empty_like(asked), np.full(len(asked), float(reserve))
    for year in range(HORIZON):
        drawn = np.minimum(kept, np.maximum(0.0, asked[:, year] - served[:, year]))
        kept = kept - drawn
        wanted = np.maximum(asked[:, year], 1e-9)
        found[:, year] = np.where(
            asked[:, year] < 1, 999.0, np.minimum(999.0, (served[:, year] + drawn) * 100 / wanted)
        )
    return found


def _bands(np: Any, values: Any) -> tuple[tuple[int, int, int], ...]:
    low, middle, high = np.percentile(values, BANDS, axis=0)
    return tuple((int(a), int(b), int(c)) for a, b, c in zip(low, middle, high, strict=True))
