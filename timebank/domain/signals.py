"""Signals of what may be wrong, found over many records by rules that anybody can explain. They decide nothing.

Each signal says which rule, which numbers, and about whom or what; a person who took no part looks at it and writes
down what it was.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Final

from timebank.domain.hours import SMALLEST_SHARE
from timebank.domain.policies import Policy
from timebank.domain.words import N_

LOOK_BACK: Final = timedelta(days=90)
GIFTS_BACK: Final = timedelta(days=365)
LONGEST_CYCLE: Final = 5
MOST_CALLS: Final = 3
"""After so many tries in vain a call-back is closed as not reached."""

RULE_LABELS: Final = {
    "pair_often": N_("the same two people again and again"),
    "reciprocal": N_("they serve each other"),
    "gift_cycle": N_("gifts go round in a circle"),
    "manual_share": N_("this station types in much more by hand than its peers"),
    "bulk_entry": N_("one person typed in very many on one day"),
    "kin_verified": N_("verified by a relative"),
    "call_denied": N_("the elder remembers it differently"),
}
RULE_TEXTS: Final = {
    "pair_often": N_("%(records)s verified records of these two within 30 days. Usual are up to %(limit)s."),
    "reciprocal": N_("Each served the other within %(limit)s days: %(one)s and %(other)s records."),
    "gift_cycle": N_("Hours went round among %(people)s people within a year."),
    "manual_share": N_("%(percent)s of 100 records are typed in by hand; half of the stations have up to %(median)s."),
    "bulk_entry": N_("%(records)s records typed in by hand on %(on)s. Usual are up to %(limit)s."),
    "kin_verified": N_("The verifier is a relative of the volunteer or of the elder."),
    "call_denied": N_("Called back, the elder or a relative said that it was not so."),
}


@dataclass(frozen=True, slots=True)
class Served:
    """A verified record, as the rules look at it."""

    id: str
    station_id: str
    volunteer_id: str
    elder_id: str
    on: date
    source: str
    entered_by: str
    verified_by: str


@dataclass(frozen=True, slots=True)
class Given:
    """A gift that was carried out."""

    giver_id: str
    receiver_id: str


@dataclass(frozen=True, slots=True)
class Found:
    """A signal. `about` makes it one: the same rule about the same matter is said once."""

    rule: str
    station_id: str
    about: str
    persons: tuple[str, ...]
    params: tuple[tuple[str, int | str], ...] = ()


def signals(
    policy: Policy, served: Iterable[Served], given: Iterable[Given], kin: Mapping[str, frozenset[str]],
    homes: Mapping[str, str], *, gap_percent: int,
) -> tuple[Found, ...]:  # fmt: skip
    """All that the rules find; one that is off finds nothing. `kin`: person → relatives. `homes`: person → station."""
    records = list(served)
    return (
        *_pairs(policy, records),
        *_reciprocal(policy, records),
        *_bulk(policy, records),
        *_kin(records, kin),
        *_shares(records, gap_percent),
        *_cycles(list(given), homes),
    )


def _pairs(policy: Policy, records: list[Served]) -> Iterator[Found]:
    limit = policy.watch.pair_month_records
    if limit is None:
        return
    by_pair = defaultdict(list)
    for one in records:
        by_pair[one.volunteer_id, one.elder_id].append(one)
    for (volunteer, elder), mine in by_pair.items():
        days = sorted(one.on for one in mine)
        most = max(sum(start <= day < start + timedelta(days=30) for day in days) for start in days)
        if most > limit:
            about = f"{volunteer} {elder} {days[-1]:%Y-%m}"
            params = (("records", most), ("limit", limit))
            yield Found("pair_often", mine[-1].station_id, about, (volunteer, elder), params)


def _reciprocal(policy: Policy, records: list[Served]) -> Iterator[Found]:
    limit = policy.watch.reciprocal_days
    if limit is None:
        return
    by_pair = defaultdict(list)
    for one in records:
        by_pair[one.volunteer_id, one.elder_id].append(one)
    for (volunteer, elder), mine in by_pair.items():
        back = by_pair.get((elder, volunteer), [])
        if volunteer > elder or not back:
            continue
        if min(abs((a.on - b.on).days) for a in mine for b in back) <= limit:
            params = (("limit", limit), ("one", len(mine)), ("other", len(back)))
            yield Found("reciprocal", mine[-1].station_id, f"{volunteer} {elder}", (volunteer, elder), params)


def _bulk(policy: Policy, records: list[Served]) -> Iterator[Found]:
    limit = policy.watch.bulk_day_entries
    if limit is None:
        return
    typed = Counter((one.entered_by, one.on, one.station_id) for one in records if one.source == "manual")
    for (person, on, station), number in typed.items():
        if number > limit:
            params = (("records", number), ("on", on.isoformat()), ("limit", limit))
            yield Found("bulk_entry", station, f"{person} {on}", (person,), params)


def _kin(records: list[Served], kin: Mapping[str, frozenset[str]]) -> Iterator[Found]:
    for one in records:
        if kin.get(one.verified_by, frozenset()) & {one.volunteer_id, one.elder_id}:
            yield Found("kin_verified", one.station_id, one.id, (one.verified_by, one.volunteer_id, one.elder_id))


def _shares(records: list[Served], gap_percent: int) -> Iterator[Found]:
    every = Counter(one.station_id for one in records)
    manual = Counter(one.station_id for one in records if one.source == "manual")
    shares = {one: manual[one] * 100 // number for one, number in every.items() if number >= SMALLEST_SHARE}
    if len(shares) < 2:
        return
    newest = {one: max(r.on for r in records if r.station_id == one) for one in shares}
    for station, percent in shares.items():
        middle = int(median(share for one, share in shares.items() if one != station))
        if percent - middle >= gap_percent and percent:
            about = f"{station} {newest[station]:%Y-%m}"
            yield Found("manual_share", station, about, (), (("percent", percent), ("median", middle)))


def _cycles(given: list[Given], homes: Mapping[str, str]) -> Iterator[Found]:
    """Circles of two to five people. Each is found once, from its smallest id."""
    out: dict[str, set[str]] = defaultdict(set)
    for one in given:
        out[one.giver_id].add(one.receiver_id)
    for start in sorted(out):
        for circle in _from(start, (start,), out):
            station = homes.get(start, "")
            yield Found("gift_cycle", station, " ".join(circle), circle, (("people", len(circle)),))


def _from(start: str, path: tuple[str, ...], out: Mapping[str, set[str]]) -> Iterator[tuple[str, ...]]:
    for after in sorted(out.get(path[-1], ())):
        if after == start and len(path) > 1:
            yield path
        elif after > start and after not in path and len(path) < LONGEST_CYCLE:
            yield from _from(start, (*path, after), out)


def is_drawn(body: str, seq: int, percent: int) -> bool:
    """Whether a hand-typed record is called back: by a hash that nobody knew when it was verified.

    SHA-256 over "timebank call-back v1", the body of the first checkpoint published after the entry, and the entry's
    `seq`, a newline after each but the body, which ends with one; its first eight bytes, modulo 100, below `percent`.
    """
    digest = hashlib.sha256(f"timebank call-back v1\n{body}{seq}\n".encode()).digest()
    return int.from_bytes(digest[:8], "big") % 100 < percent
