"""Programmes that grant hours to elders in need: who is eligible, a dry run, a budget, a second person; a report.

What a programme grants is an ordinary grant, with the same rules and entries; it is only asked for all elders at once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from timebank.domain.errors import (
    GrantProgrammeInvalid,
    GrantProgrammeStateConflict,
    NotFound,
    RunChanged,
    SecondPersonNeeded,
    TimebankError,
)
from timebank.domain.local_time import local_day, month_start
from timebank.domain.policies import Policy, groups_of
from timebank.domain.roles import Actor, require
from timebank.domain.transfers import GrantWish, refuse_grant
from timebank.services.transfers.grants import grant_now
from timebank.services.transfers.values import side_of
from timebank.storage.issued import GrantProgramme, GrantShare
from timebank.storage.transfers import Transfer
from timebank.storage.unit import Bank, Unit

MOST_AT_ONCE, MOST_MONTHS = 500, 120


@dataclass(frozen=True, slots=True)
class GrantProgrammeView:
    """A programme and what came of it so far."""

    id: str
    name: str
    sponsor: str
    groups: tuple[str, ...]
    minutes: int
    budget_minutes: int
    lasts_months: int | None
    granted_minutes: int
    elders: int
    state: str
    may_open: bool


@dataclass(frozen=True, slots=True)
class DryRun:
    """Whom a run would grant hours now. `digest` names exactly this list: a run asks for it."""

    programme: GrantProgrammeView
    people: tuple[tuple[str, str, str], ...]
    """(id, name, member number)."""
    total_minutes: int
    left_minutes: int
    pool_minutes: int
    digest: str


def propose_programme(
    bank: Bank,
    actor: Actor,
    name: str,
    sponsor: str,
    groups: Iterable[str],
    minutes: int,
    budget: int,
    lasts_months: int | None = None,
    *,
    now: datetime,
) -> GrantProgrammeView:
    """Propose a programme for groups of the rules in force. What is not used of a grant lapses after `lasts_months`.

    Raises GrantProgrammeInvalid, Forbidden.
    """
    require(actor, "grant_programmes.decide")
    with bank.unit() as unit:
        policy, _ = unit.policy_at(now)
        wanted = tuple(dict.fromkeys(groups))
        most = policy.grants.most_minutes
        fits = name.strip() and sponsor.strip() and wanted and set(wanted) <= set(policy.grants.groups)
        if lasts_months is not None and not 0 < lasts_months <= MOST_MONTHS:
            raise GrantProgrammeInvalid
        if not fits or not 0 < minutes <= budget or (most is not None and minutes > most):
            raise GrantProgrammeInvalid
        row = GrantProgramme(
            book=unit.origin,
            id=bank.new_id(now),
            name=name.strip()[:60],
            sponsor=sponsor.strip()[:120],
            groups=json.dumps(wanted),
            minutes=minutes,
            budget_minutes=budget,
            lasts_months=lasts_months,
            state="proposed",
            proposed_by=actor.person_id,
            proposed_at=now,
            version=1,
        )
        unit.issued.add(row)
        unit.flush()
        return _view(unit, actor, row)


def open_programme(bank: Bank, actor: Actor, programme_id: str, *, now: datetime) -> GrantProgrammeView:
    """A second person opens it. Raises SecondPersonNeeded, GrantProgrammeStateConflict, NotFound."""
    require(actor, "grant_programmes.decide")
    with bank.unit() as unit:
        row = _row(unit, programme_id)
        if row.state != "proposed":
            raise GrantProgrammeStateConflict
        if row.proposed_by == actor.person_id:
            raise SecondPersonNeeded
        row.state, row.opened_by = "open", actor.person_id
        unit.flush()
        return _view(unit, actor, row)


def close_programme(bank: Bank, actor: Actor, programme_id: str, *, now: datetime) -> GrantProgrammeView:
    """Nothing more is granted under it. Raises GrantProgrammeStateConflict, NotFound."""
    require(actor, "grant_programmes.decide")
    with bank.unit() as unit:
        row = _row(unit, programme_id)
        if row.state != "open":
            raise GrantProgrammeStateConflict
        row.state = "closed"
        unit.flush()
        return _view(unit, actor, row)


def grant_programmes(bank: Bank, actor: Actor) -> tuple[GrantProgrammeView, ...]:
    """All programmes, the newest first."""
    require(actor, "grant_programmes.read")
    with bank.read() as unit:
        return tuple(_view(unit, actor, row) for row in unit.issued.programmes())


def dry_run(bank: Bank, actor: Actor, programme_id: str, *, now: datetime) -> DryRun:
    """Whom a run would grant hours now, in whole within budget. Nothing is written. Raises NotFound."""
    require(actor, "grant_programmes.decide")
    with bank.read() as unit:
        row = unit.issued.get(programme_id)
        if row is None:
            raise NotFound
        return _dry(unit, actor, row, now)


def run_programme(bank: Bank, actor: Actor, programme_id: str, digest: str, *, now: datetime) -> int:
    """Grant what the dry run of this digest showed: all of it or nothing. Gives how many elders.

    Raises GrantProgrammeStateConflict unless it is open, RunChanged if the list is no longer the same (also when it was
    carried out already), SecondPersonNeeded for an elder of the list.
    """
    require(actor, "grant_programmes.decide")
    with bank.unit() as unit:
        row = _row(unit, programme_id)
        if row.state != "open":
            raise GrantProgrammeStateConflict
        dry = _dry(unit, actor, row, now)
        if not dry.people or dry.digest != digest:
            raise RunChanged
        if actor.person_id in {person_id for person_id, *_ in dry.people}:
            raise SecondPersonNeeded
        for person_id, *_ in dry.people:
            transfer = Transfer(
                book=unit.origin,
                id=bank.new_id(now),
                kind="grant",
                giver_id=None,
                receiver_id=person_id,
                minutes=row.minutes,
                reason="eligible",
                actor_id=row.proposed_by,
                approver_id=actor.person_id,
                state="done",
                asked_at=now,
                due_at=now,
                done_at=now,
                version=1,
            )
            unit.transfers.add(transfer)
            unit.flush()
            grant_now(unit, actor, transfer, now)
            unit.issued.add(
                GrantShare(
                    book=unit.origin, programme_id=row.id, month=_month(now), person_id=person_id,
                    transfer_id=transfer.id,
                )
            )  # fmt: skip
            unit.tell(person_id, "hours_granted", "passbook", transfer.id, now=now)
        return len(dry.people)


def _dry(unit: Unit, actor: Actor, row: GrantProgramme, now: datetime) -> DryRun:
    policy, _ = unit.policy_at(now)
    view = _view(unit, actor, row)
    left = max(row.budget_minutes - view.granted_minutes, 0)
    pool = unit.book.balance(unit.pool)
    had = unit.issued.had(row.id, _month(now))
    people: list[tuple[str, str, str]] = []
    rows = unit.members.of_stations([one.id for one in unit.network.stations()], "active")
    for membership in sorted(rows, key=lambda one: one.number):
        if (len(people) + 1) * row.minutes > left or len(people) == MOST_AT_ONCE:
            break
        person_id = membership.person_id
        if person_id not in had and _is_eligible(unit, policy, view, person_id, pool - len(people) * row.minutes, now):
            people.append((person_id, unit.person(person_id).name, membership.number))
    text = "\n".join([row.id, _month(now), str(row.minutes), *(person_id for person_id, *_ in people)])
    digest = hashlib.sha256(text.encode()).hexdigest()
    return DryRun(view, tuple(people), len(people) * row.minutes, left, pool, digest)


def _is_eligible(
    unit: Unit, policy: Policy, view: GrantProgrammeView, person_id: str, pool: int, now: datetime
) -> bool:
    """In one of the programme's groups, and nothing speaks against a grant."""
    facts = unit.facts(person_id)
    if not groups_of(policy, facts, local_day(now), view.groups):
        return False
    consents = {row.kind: row.given for row in unit.members.consents(person_id)}
    wish = GrantWish(
        receiver=side_of(unit, person_id),
        facts=facts,
        consented=consents.get("sensitive", False),
        minutes=view.minutes,
        granted_this_month=unit.transfers.granted_since(person_id, month_start(now)),
        on=local_day(now),
    )
    try:
        return not refuse_grant(policy, wish, pool)
    except TimebankError:
        return False


def _month(now: datetime) -> str:
    return f"{local_day(now):%Y-%m}"


def _row(unit: Unit, programme_id: str) -> GrantProgramme:
    row = unit.issued.get(programme_id, lock=True)
    if row is None:
        raise NotFound
    return row


def _view(unit: Unit, actor: Actor, row: GrantProgramme) -> GrantProgrammeView:
    minutes, elders = unit.issued.granted(row.id)
    return GrantProgrammeView(
        id=row.id,
        name=row.name,
        sponsor=row.sponsor,
        groups=tuple(json.loads(row.groups)),
        minutes=row.minutes,
        budget_minutes=row.budget_minutes,
        lasts_months=row.lasts_months,
        granted_minutes=minutes,
        elders=elders,
        state=row.state,
        may_open=row.state == "proposed" and row.proposed_by != actor.person_id,
    )
