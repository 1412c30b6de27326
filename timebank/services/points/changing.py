"""Later versions of a programme's rules, and points that lapse by the rules under which they came in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from ledger import Kind, jcs, policy_hash
from timebank.domain.errors import NotFound, OrderStateConflict, ProgrammeInvalid, SecondPersonNeeded
from timebank.domain.local_time import day_start, local_day
from timebank.domain.lots import lapsed, total
from timebank.domain.points import WARN_LAPSE, Rules, check_change, from_document, to_document
from timebank.domain.roles import Actor, require
from timebank.services.points.programmes import exchange_account
from timebank.services.points.values import lots_of, opened, rules_now
from timebank.storage.points import PointsAccount, PointsRules, RulesChange
from timebank.storage.programmes import banks
from timebank.storage.unit import Bank, Unit

SYSTEM = "points"


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A later version of the rules, from a day on."""

    id: str
    rules: Rules
    from_day: date
    state: str
    may_decide: bool


def propose_change(
    bank: Bank, actor: Actor, programme_id: str, rules: Rules, from_day: date, *, now: datetime
) -> ChangeView:
    """Propose a later version, which a second person decides. Only one waits at a time.

    Raises ProgrammeInvalid, RulesUnchanged, OrderStateConflict, ProgrammeNotOpen, NotFound, Forbidden.
    """
    require(actor, "points.decide")
    with opened(bank, programme_id).read() as there:
        newest = from_document(there.points.rules_numbered()[-1].document)
    check_change(newest, rules, from_day, local_day(now))
    with bank.unit() as unit:
        unit.points.programme(programme_id, lock=True)
        if any(row.state == "proposed" for row in unit.points.changes(programme_id)):
            raise OrderStateConflict(state="proposed")
        row = RulesChange(
            book=unit.origin,
            id=bank.new_id(now),
            programme_id=programme_id,
            rules=jcs(to_document(rules)).decode(),
            from_day=from_day,
            state="proposed",
            proposed_by=actor.person_id,
            proposed_at=now,
            version=1,
        )
        unit.points.add(row)
        unit.flush()
        return _view(actor, row)


def decide_change(bank: Bank, actor: Actor, change_id: str, *, approve: bool, now: datetime) -> ChangeView:
    """A second person decides it, or anybody of the county withdraws it. Safe to repeat after a crash.

    Raises SecondPersonNeeded, OrderStateConflict, ProgrammeInvalid once its day has come, NotFound, Forbidden.
    """
    require(actor, "points.decide")
    with bank.read() as unit:
        row = unit.points.change(change_id)
        if row is None:
            raise NotFound
        if row.state != "proposed":
            raise OrderStateConflict(state=row.state)
        if approve and row.proposed_by == actor.person_id:
            raise SecondPersonNeeded
        if approve and row.from_day <= local_day(now):
            raise ProgrammeInvalid
        programme_id, text, from_day = row.programme_id, row.rules, row.from_day
    if approve:
        with opened(bank, programme_id).unit() as there:
            _add_version(there, actor, text, from_day, now)
    with bank.unit() as unit:
        row = unit.points.change(change_id, lock=True)
        if row is None:
            raise NotFound
        if row.state == "proposed":
            row.state, row.decided_by = "decided" if approve else "withdrawn", actor.person_id
            if approve:
                exchange_account(bank, unit, programme_id, actor, now)
        unit.flush()
        return _view(actor, row)


def _add_version(there: Unit, actor: Actor, text: str, from_day: date, now: datetime) -> None:
    """The version stands in the programme's book, unless a crash came after that."""
    start = day_start(from_day)
    document = to_document(from_document(text), start)
    digest, versions = policy_hash(document), there.points.rules_numbered()
    if versions[-1].digest == digest:
        return
    there.append(Kind.POLICY, actor.person_id, now=now, data={"policy": document})
    number = versions[-1].number + 1
    there.points.add(
        PointsRules(
            book=there.origin, number=number, document=jcs(document).decode(), digest=digest, effective_at=start
        )
    )


def changes(bank: Bank, actor: Actor, programme_id: str) -> tuple[ChangeView, ...]:
    """What was proposed for a programme, the newest first. Raises Forbidden."""
    require(actor, "points.decide")
    with bank.read() as unit:
        return tuple(_view(actor, row) for row in unit.points.changes(programme_id))


def lapse_due(bank: Bank, *, now: datetime) -> int:
    """In every programme: what came in so long ago that it lapses goes back to the issuance, and holders whose points
    lapse within a month are told. Gives how many accounts lost points. Safe to repeat at any time."""
    return sum(_lapse_in(bank, theirs, now) for theirs in banks(bank))


def _lapse_in(bank: Bank, theirs: Bank, now: datetime) -> int:
    with theirs.read() as there:
        if all(from_document(row.document).lapse_months is None for row in there.points.rules_numbered()):
            return 0
        owners = [row.owner_id for row in there.points.members()]
    return sum(_lapse_of(bank, theirs, owner_id, now) for owner_id in owners)


def _lapse_of(bank: Bank, theirs: Bank, owner_id: str, now: datetime) -> bool:
    """One account in one commit. Points that are held for an order count as spent: they come back, or are used."""
    today = local_day(now)
    with theirs.unit() as there:
        row = there.points.account_row(owner_id, lock=True)
        left = lots_of(there, row.account)
        gone = total(lapsed(left, today))
        if gone:
            there.append(
                Kind.EXPIRE,
                SYSTEM,
                [(row.account, -gone), (there.issuance, gone)],
                now=now,
                policy=rules_now(there, now)[1],
                key=f"lapse-{row.account}-{there.book.head().size}",
            )
        warns = _warns(row, total(lapsed(left, today + WARN_LAPSE)) > gone, today)
        if warns:
            row.warned_on = today
    if gone or warns:
        with bank.unit() as unit:
            unit.tell(owner_id, "points_lapsed" if gone else "points_lapse_soon", "points", "", now=now)
    return bool(gone)


def _warns(row: PointsAccount, lapses_soon: bool, today: date) -> bool:
    """Once a month at most."""
    return lapses_soon and (row.warned_on is None or today - row.warned_on >= WARN_LAPSE)


def _view(actor: Actor, row: RulesChange) -> ChangeView:
    may = row.state == "proposed" and row.proposed_by != actor.person_id
    return ChangeView(row.id, from_document(row.rules), row.from_day, row.state, may)
