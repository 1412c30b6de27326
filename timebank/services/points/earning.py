"""How points come about: awarded for a deed, or made of hours at the rate of the rules."""

from __future__ import annotations

from datetime import datetime

from ledger import Kind
from ledger.canonical import commitment
from timebank.domain.errors import AwardToSelf, MemberNotActive, ReasonUnknown
from timebank.domain.local_time import month_start, rfc3339
from timebank.domain.points import AWARD_REASONS, check_award, converted
from timebank.domain.roles import Actor
from timebank.services.points.values import account_of, exchange_owner, opened, rules_now
from timebank.storage.points import Award, Programme
from timebank.storage.programmes import bank_of
from timebank.storage.unit import Bank

SYSTEM = "points"


def award(
    bank: Bank, actor: Actor, programme_id: str, person_id: str, points: int, reason: str, *, now: datetime
) -> int:
    """Award points to a member of the actor's station; gives the number of the entry in the programme's book.

    Raises ReasonUnknown, AwardToSelf, MemberNotActive, PointsInvalid beyond what a month allows, NotFound,
    ProgrammeNotOpen, Forbidden.
    """
    if reason not in AWARD_REASONS:
        raise ReasonUnknown
    with bank.read() as unit:
        membership = unit.require_member_at(actor, "points.run", person_id)
        if membership.state != "active":
            raise MemberNotActive
        station_id = membership.station_id
    if person_id == actor.person_id:
        raise AwardToSelf
    theirs = opened(bank, programme_id)
    with theirs.unit() as unit:
        rules, digest = rules_now(unit, now)
        account = account_of(theirs, unit, person_id, "member", actor.person_id, now)
        check_award(rules, points, unit.points.awarded_since(person_id, month_start(now)))
        award_id, salt = theirs.new_id(now), theirs.random(32)
        document = {
            "schema": 1, "type": "award", "award": award_id, "person": person_id, "station": station_id,
            "points": points, "reason": reason, "awarded_by": actor.person_id, "at": rfc3339(now),
        }  # fmt: skip
        entry = unit.append(
            Kind.EARN,
            actor.person_id,
            [(unit.issuance, -points), (account, points)],
            now=now,
            policy=digest,
            key=f"award-{award_id}",
            evidence=commitment(salt, document),
        )
        unit.points.add(
            Award(
                book=unit.origin, id=award_id, person_id=person_id, station_id=station_id, points=points,
                reason=reason, awarded_by=actor.person_id, at=now, salt=salt, entry_seq=entry.seq,
            )
        )  # fmt: skip
        return entry.seq


def carry_out_due(bank: Bank, *, now: datetime) -> int:
    """Make points of the hours that left the county's book; each leg a commit of its own. Gives how many.

    Safe to repeat after a crash at any point: the programme's book knows the transfer by its key.
    """
    with bank.read() as unit:
        rows = [row for row in unit.points.programmes() if row.state == "open"]
        due = [(row, transfer_id) for row in rows for transfer_id in unit.points.under_way(row.id)]
    for row, transfer_id in due:
        _convert(bank, row, transfer_id, now)
    return len(due)


def _convert(bank: Bank, programme: Programme, transfer_id: str, now: datetime) -> None:
    with bank.read() as unit:
        row = unit.clearings.get(transfer_id)
        entry = unit.book.store.row(unit.origin, row.entry_seq) if row is not None and row.entry_seq else None
        if row is None or entry is None or row.person_id is None:
            return
        county, person_id, minutes, made_at = unit.origin, row.person_id, row.minutes, row.made_at
    theirs = bank_of(bank, programme.origin)
    with theirs.unit() as unit:
        points = converted(rules_now(unit, made_at)[0], minutes)
        known = unit.book.entry_by_key(f"clear-in-{transfer_id}")
        if known is None:
            exchange = account_of(theirs, unit, exchange_owner(county), "clearing", SYSTEM, now)
            account = account_of(theirs, unit, person_id, "member", SYSTEM, now)
            known = unit.append(
                Kind.CLEAR,
                SYSTEM,
                [(exchange, -points), (account, points)],
                now=now,
                policy=rules_now(unit, now)[1],
                key=f"clear-in-{transfer_id}",
                data={"book": county, "transfer": transfer_id, "seq": entry.seq, "receipt": entry.leaf_hash.hex(),
                      "minutes": minutes},
            )  # fmt: skip
        seq = known.seq
    with bank.unit() as unit:
        row = unit.clearings.get(transfer_id, lock=True)
        if row is not None and row.state == "sent":
            row.state, row.their_seq, row.ended_at = "arrived", seq, now
            unit.tell(person_id, "points_arrived", "points", programme.id, now=now)
