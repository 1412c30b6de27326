"""Programmes: proposed by one person of the county, opened by a second, each with a book of its own."""

from __future__ import annotations

from datetime import datetime

from ledger import Book, Kind, jcs, policy_hash
from timebank.domain.errors import NotFound, OrderStateConflict, ProgrammeTaken, SecondPersonNeeded
from timebank.domain.points import Rules, from_document, to_document
from timebank.domain.roles import Actor, permits, require
from timebank.services.points.values import ProgrammeView, programme_view
from timebank.storage.clearing import LOCAL, Partner
from timebank.storage.keys import make_first, verifiers
from timebank.storage.points import PointsRules, Programme
from timebank.storage.programmes import bank_of
from timebank.storage.unit import Bank, Unit

LIMIT_MINUTES = 60_000_000
SOFTWARE = "timebank points"


def propose(bank: Bank, actor: Actor, rules: Rules, *, now: datetime) -> ProgrammeView:
    """Propose a programme, which a second person opens. Raises ProgrammeInvalid, ProgrammeTaken, Forbidden."""
    require(actor, "points.decide")
    rules.check()
    with bank.unit() as unit:
        origin = f"{unit.origin}-{rules.unit}"
        if any(row.origin == origin for row in unit.points.programmes()):
            raise ProgrammeTaken
        row = Programme(
            book=unit.origin,
            id=bank.new_id(now),
            origin=origin,
            state="proposed",
            rules=jcs(to_document(rules)).decode(),
            proposed_by=actor.person_id,
            proposed_at=now,
            version=1,
        )
        unit.points.add(row)
        unit.flush()
        return programme_view(bank, unit, actor, row)


def decide(bank: Bank, actor: Actor, programme_id: str, *, now: datetime) -> ProgrammeView:
    """A second person opens it: its keys are made, its book begins. Safe to repeat after a crash.

    Raises SecondPersonNeeded, NotFound.
    """
    require(actor, "points.decide")
    with bank.read() as unit:
        row = unit.points.programme(programme_id)
        if row is None:
            raise NotFound
        if row.proposed_by == actor.person_id:
            raise SecondPersonNeeded
        if row.state != "proposed":
            raise OrderStateConflict(state=row.state)
        origin, text = row.origin, row.rules
    _begin(bank_of(bank, origin), actor, text, now)
    with bank.unit() as unit:
        row = unit.points.programme(programme_id, lock=True)
        if row is None:
            raise NotFound
        if row.state == "proposed":
            row.state, row.decided_by = "open", actor.person_id
            exchange_account(bank, unit, row.id, actor, now)
            unit.flush()
        return programme_view(bank, unit, actor, row)


def _begin(theirs: Bank, actor: Actor, text: str, now: datetime) -> None:
    """The programme's book with its accounts and its rules, unless it has begun."""
    make_first(theirs)
    rules = from_document(text)
    with theirs.unit() as unit:
        if unit.has_book():
            return
        Book.create(
            unit.book.store, unit.origin, actor=actor.person_id, now=now,
            keys=[key.encode() for key in verifiers(theirs)], software=SOFTWARE, unit=rules.unit, random=theirs.random,
        )  # fmt: skip
        for account in (unit.issuance, unit.escrow):
            unit.append_open(account, account, actor.person_id, now=now)
        document = to_document(rules)
        unit.append(Kind.POLICY, actor.person_id, now=now, data={"policy": document})
        digest = policy_hash(document)
        unit.points.add(PointsRules(book=unit.origin, number=1, document=text, digest=digest, effective_at=now))


def exchange_account(bank: Bank, unit: Unit, programme_id: str, actor: Actor, now: datetime) -> None:
    """The account through which hours leave the county's book and become points, once rules say at which rate."""
    row = unit.points.programme(programme_id)
    if row is None or unit.clearings.partner(programme_id) is not None:
        return
    with bank_of(bank, row.origin).read() as there:
        versions = [from_document(one.document) for one in there.points.rules_numbered()]
    if all(one.points_per_hour is None for one in versions):
        return
    account = bank.opaque("c")
    unit.append_open(account, "clearing", actor.person_id, now=now)
    unit.clearings.add(
        Partner(
            book=unit.origin,
            id=row.id,
            origin=row.origin,
            name=versions[-1].name,
            url=LOCAL,
            policy="",
            papers_key="",
            account=account,
            limit_minutes=LIMIT_MINUTES,
            state="agreed",
            proposed_by=row.proposed_by,
            proposed_at=row.proposed_at,
            agreed_by=actor.person_id,
            agreed_at=now,
            version=1,
        )
    )


def programmes(bank: Bank, actor: Actor) -> tuple[ProgrammeView, ...]:
    """The programmes: those in force for everybody, those proposed for the county."""
    require(actor, "points.read")
    with bank.read() as unit:
        rows = [row for row in unit.points.programmes() if _may_see(actor, row)]
        return tuple(programme_view(bank, unit, actor, row) for row in rows)


def programme(bank: Bank, actor: Actor, programme_id: str) -> ProgrammeView:
    """One of them. Raises NotFound, Forbidden."""
    require(actor, "points.read")
    with bank.read() as unit:
        row = unit.points.programme(programme_id)
        if row is None or not _may_see(actor, row):
            raise NotFound
        return programme_view(bank, unit, actor, row)


def _may_see(actor: Actor, row: Programme) -> bool:
    return row.state == "open" or permits(actor, "points.decide")
