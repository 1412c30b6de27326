"""The unit of work: rows and ledger entries in one commit, or nothing. And the bank: what every use case is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, event, insert
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from ledger import Book, Draft, Entry, Kind, LedgerError, Posting, commitment
from ledger.stores.sql import JoinedSqlStore
from ledger.transfers import opposite
from timebank.domain.errors import CareRulesMissing, NotFound, PersonErased, PolicyMissing, StaleVersion
from timebank.domain.messages import TEXTS
from timebank.domain.people import PersonData
from timebank.domain.policies import Care, Facts, Origin, Policy, from_text
from timebank.domain.redemptions import returned_parts
from timebank.domain.roles import GUEST_VERBS, Actor, covers, require, workplaces
from timebank.domain.webhooks import payload
from timebank.settings import Settings
from timebank.storage.base import Base
from timebank.storage.closing import hand_over_rows
from timebank.storage.gathering import Gathering, at_once
from timebank.storage.ids import uuid7
from timebank.storage.members import Membership, Purse
from timebank.storage.messages import Message
from timebank.storage.people import Document, Person
from timebank.storage.repositories import Repositories
from timebank.storage.translation import in_domain_words
from timebank.storage.vault import Passwords, Vault
from timebank.storage.webhooks import WebhookMessage

W = TypeVar("W")
R = TypeVar("R")

policy_from_text = lru_cache(maxsize=256)(from_text)
"""Versions of the policy never change, and each money entry asks for one."""
_insert_into = lru_cache(insert)


class Unit(Repositories):
    """One transaction over one book: a repository for each noun, and the book itself."""

    def __init__(self, session: Session, bank: Bank) -> None:
        book = bank.settings.book
        super().__init__(session, book)
        self._session, self._bank = session, bank
        self.origin = book
        self.issuance, self.escrow, self.pool = "issuance", "escrow", "pool"
        self.book = Book(JoinedSqlStore(session.connection()), book, signed_only=bank.fixed.get("signed_only"))

    def has_book(self) -> bool:
        """Whether the book has its genesis."""
        return self.book.store.head(self.origin) is not None

    @property
    def signed_only(self) -> bool:
        """Whether the book lets nothing be verified without a station's signature. Its genesis says so for ever."""
        fixed = self._bank.fixed
        if "signed_only" not in fixed:
            fixed["signed_only"] = self.book.signed_only
        return fixed["signed_only"]

    def append(
        self, kind: Kind, actor_id: str, postings: Iterable[Posting] = (), *, now: datetime, **rest: Any
    ) -> Entry:
        """Write one entry to the book, in this unit's commit. `rest`: key, of, evidence, policy, on, data."""
        draft = Draft(kind=kind, actor=actor_id, postings=tuple(sorted(postings)), **rest)
        self._session.flush()
        return self.book.append(draft, now=now, random=self._bank.random)

    def append_open(self, account: str, kind: str, actor_id: str, *, now: datetime) -> None:
        """Open an account of this kind, in this unit's commit."""
        self.append(Kind.OPEN, actor_id, now=now, data={"account": account, "account_kind": kind})

    def reverse(self, entry: Entry, actor_id: str, document: Document, key: str, *, now: datetime) -> Entry:
        """Write the entry that undoes another, in this unit's commit. `document` says why. Raises PolicyMissing."""
        return self.append(
            Kind.REVERSE,
            actor_id,
            opposite(entry.postings),
            now=now,
            of=entry.seq,
            policy=self.policy_at(now)[1],
            evidence=document.commitment,
            key=key,
        )

    def append_many(self, drafts: Iterable[Draft], *, now: datetime) -> tuple[Entry, ...]:
        """Write several entries, one after the other, in this unit's commit."""
        self._session.flush()
        return tuple(self.book.append_many(tuple(drafts), now=now, random=self._bank.random))

    def purse(self, person_id: str, origin: str, actor_id: str, *, now: datetime, evidence: str | None = None) -> str:
        """The account of one origin of a member's hours; opened, with an `open` entry, when it is first needed."""
        account = self.members.purses(person_id).get(origin)
        if account is None:
            account = self._bank.opaque("m")
            data = {"account": account, "account_kind": "member"}
            self.append(Kind.OPEN, actor_id, now=now, data=data, evidence=evidence)
            self.members.add(Purse(book=self.origin, person_id=person_id, origin=origin, account=account))
            self._session.flush()
        return account

    def balances(self, person_id: str) -> dict[str, int]:
        """Origin → minutes, of every purse that was opened."""
        return self.members.balances(person_id)

    def worth(self, person_id: str) -> int:
        """All that a member has: every purse, and what is held for open redemptions and gifts."""
        return self.members.worth(person_id)

    def person(self, person_id: str) -> PersonData:
        """What is known of a person, unsealed; of an erased person nothing is. Raises NotFound."""
        row = self.people.get(person_id)
        if row is None:
            raise NotFound
        return self._unsealed(row)

    def persons(self, person_ids: Iterable[str]) -> dict[str, PersonData]:
        """The same for several, in one query."""
        return {row.id: self._unsealed(row) for row in self.people.many(person_ids).values()}

    def _unsealed(self, row: Person) -> PersonData:
        if not row.wrapped_key:
            return PersonData.erased()
        return PersonData.from_json(self._bank.vault.open(row.wrapped_key, row.id, row.sealed))

    def require_member_at(self, actor: Actor, verb: str, person_id: str) -> Membership:
        """The membership of somebody for whom the actor may do this at a desk. Raises NotFound, Forbidden."""
        membership = self.members.get(person_id)
        if membership is None:
            raise NotFound
        self.serving_station(actor, verb, membership)
        return membership

    def serving_station(self, actor: Actor, verb: str, membership: Membership) -> str:
        """The station whose desk does this for a member: the member's own, or one of the actor's where the member has
        shown to be present. Raises NotFound, Forbidden."""
        require(actor, verb)
        parents = self.network.parents()
        if covers(actor, membership.station_id, parents, verb):
            return membership.station_id
        guest_at = workplaces(actor) if verb in GUEST_VERBS else frozenset()
        found = guest_at & self.guests.stations(membership.person_id, self._bank.clock()) if guest_at else guest_at
        if not found:
            raise NotFound
        return min(found)

    def facts(self, person_id: str) -> Facts:
        """What the policy's rules look at in a person. Raises NotFound."""
        data = self.person(person_id)
        return Facts(data.born_on, frozenset(data.tags), self.hours.served_minutes(person_id))

    def given_back(self, hold_seq: int, minutes: int) -> tuple[Posting, ...]:
        """So many minutes of a hold, back to the purses that it drew on: the last one drawn on gets its hours first."""
        hold = self.book.entry(hold_seq)
        policy = self.policy_cited(hold.policy or "")
        owners = {account: owner.origin for account, _ in hold.postings if (owner := self.members.owner(account))}
        held = {Origin(owners[account]): (account, -part) for account, part in hold.postings if part < 0}
        plan = [(origin, held[origin][1]) for origin in policy.purses.spending_order if origin in held]
        return tuple((held[origin][0], part) for origin, part in returned_parts(plan, minutes))

    def policy_cited(self, digest_: str) -> Policy:
        """The policy of this hash. Raises PolicyMissing."""
        row = self.policies.by_digest(digest_)
        if row is None:
            raise PolicyMissing
        return policy_from_text(row.document)

    def seal_for(self, person_id: str, value: Any) -> bytes:
        """Something personal, sealed under this person's key. Raises NotFound, PersonErased."""
        row = self.people.get(person_id)
        if row is None:
            raise NotFound
        if not row.wrapped_key:
            raise PersonErased
        return self._bank.vault.seal(row.wrapped_key, row.id, value)

    def open_for(self, person_id: str, sealed: bytes | None) -> Any:
        """What was sealed under this person's key; None for nothing, and for what was erased."""
        row = self.people.get(person_id)
        if row is None or not row.wrapped_key or not sealed:
            return None
        return self._bank.vault.open(row.wrapped_key, row.id, sealed)

    def keep_document(self, kind: str, subject_id: str, document: Mapping[str, Any], *, now: datetime) -> Document:
        """Keep an off-ledger document with a fresh salt; its `commitment` is an entry's evidence."""
        row = self.document(kind, subject_id, document, now=now)
        self.people.add(row)
        return row

    def document(
        self, kind: str, subject_id: str, document: Mapping[str, Any], *, now: datetime, salt: bytes | None = None
    ) -> Document:
        """The same, not yet kept: `insert` keeps many at once. `salt`: one that was made for it before."""
        salt = self._bank.random(32) if salt is None else salt
        return Document(
            book=self.origin,
            id=self._bank.new_id(now),
            kind=kind,
            subject_id=subject_id,
            sealed=self.seal_for(subject_id, dict(document)),
            salt=salt,
            commitment=commitment(salt, dict(document)),
            created_at=now,
        )

    def insert(self, rows: Sequence[Base]) -> None:
        """Write new rows, all of one table, in one go; nothing of them is watched for changes afterwards."""
        if rows:
            table = rows[0].__table__
            values = [{column.key: getattr(row, column.key) for column in table.columns} for row in rows]
            self._session.connection().execute(_insert_into(table), values)

    def policy_at(self, now: datetime) -> tuple[Policy, str]:
        """The policy in force and its hash, which money entries cite. Raises PolicyMissing."""
        row = self.policies.in_force(now)
        if row is None:
            raise PolicyMissing
        return policy_from_text(row.document), row.digest

    def get_care(self, now: datetime) -> Care | None:
        """The care rules in force; None where there is no policy yet, or one from before there were care rules."""
        row = self.policies.in_force(now)
        return policy_from_text(row.document).care if row is not None else None

    def care_at(self, now: datetime) -> Care:
        """The care rules of the policy in force. Raises PolicyMissing, CareRulesMissing."""
        care = self.policy_at(now)[0].care
        if care is None:
            raise CareRulesMissing
        return care

    def tell(
        self, person_id: str, kind: str, about: str, about_id: str, *, now: datetime, urgent: bool = False
    ) -> None:
        """Leave a message for a person, in this unit's commit. `kind`: of `domain.messages`; `about`: a noun, its id.

        It names nobody: the reader's page shows what it is about to who may see that.
        """
        if kind not in TEXTS:
            raise KeyError(kind)
        self.messages.add(
            Message(
                book=self.origin,
                id=self._bank.new_id(now),
                person_id=person_id,
                kind=kind,
                about=about,
                about_id=about_id,
                urgent=urgent,
                made_at=now,
                state="waiting",
            )
        )

    def announce(self, event: str, data: Mapping[str, str | int | None], *, now: datetime) -> None:
        """Leave a webhook message for each receiver of this event, in this unit's commit. `data`: ids and numbers."""
        for webhook_id in self.webhooks.told(event):
            self.webhooks.add(
                WebhookMessage(
                    book=self.origin,
                    id=self._bank.new_id(now),
                    webhook_id=webhook_id,
                    event=event,
                    body=payload(event, now, data),
                    state="waiting",
                    tries=0,
                    made_at=now,
                    next_try_at=now,
                )
            )

    def hand_over_rows(self, station_id: str, successor_id: str) -> dict[str, int]:
        """A closing station's members and open matters go to its successor. Gives table → number of rows."""
        return hand_over_rows(self._session, self.origin, station_id, successor_id)

    def flush(self) -> None:
        """Send what is pending, so that a rule of the database speaks now and not at the commit."""
        self._session.flush()


@dataclass(frozen=True, slots=True)
class Bank:
    """What a use case needs and must not make itself. Built once by `timebank.bootstrap`."""

    engine: Engine
    settings: Settings
    vault: Vault
    passwords: Passwords
    random: Callable[[int], bytes]
    clock: Callable[[], datetime]
    outer: Connection | None = None
    gatherings: dict[str, Gathering[Any, Any]] = field(default_factory=dict)
    fixed: dict[str, bool] = field(default_factory=dict)
    """What was read of the book and never changes."""
    counts_points: bool = False
    """A programme's book: other rules than those of hours hold there."""

    def gather(self, name: str, work: Callable[[Bank, Sequence[W]], Sequence[R]], wishes: Sequence[W]) -> list[R]:
        """Carry out these wishes in one commit with those of the same `name` that other threads have now.

        `work` gives the result of each, or raises and has changed nothing. Inside an outer transaction nobody else
        can take part.
        """
        if self.outer is not None:
            return at_once(partial(work, self), wishes)
        gathering = self.gatherings.get(name)
        if gathering is None:
            gathering = self.gatherings.setdefault(name, Gathering(partial(work, self)))
        return gathering.ask(wishes)

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        """A unit that writes. It commits at the end of the block; an exception undoes all of it.

        Raises StaleVersion if another hand changed the same row first, or made the same unique thing.
        """
        try:
            with self._session(writes=True) as session, session.begin():
                yield Unit(session, self)
        except (StaleDataError, IntegrityError) as error:
            raise StaleVersion from error
        except (LedgerError, DBAPIError) as error:
            raise in_domain_words(error) from error

    @contextmanager
    def read(self) -> Iterator[Unit]:
        """A unit that only reads; it can't write.

        On PostgreSQL each of its statements sees what was committed before that statement, as in READ COMMITTED. There
        is no transaction around them, which would cost two round trips and, by its rollback, all prepared statements.
        """
        with self._session(writes=False) as session:
            yield Unit(session, self)
            session.expunge_all()

    @contextmanager
    def together(self) -> Iterator[Bank]:
        """A bank whose units all belong to one transaction, committed at the end of the block.

        So the answer to a request can be kept in the same commit as what the request did.
        """
        if self.outer is not None:
            with self.outer.begin_nested():
                yield self
            return
        options: dict[str, Any] = {"sqlite_begin": "IMMEDIATE"}
        with self.engine.connect().execution_options(**options) as connection, connection.begin():
            yield replace(self, outer=connection)

    def new_id(self, now: datetime) -> str:
        """A UUIDv7 as 32 hex digits: ids follow time, no database sequence is asked."""
        return uuid7(now, self.random)

    def opaque(self, prefix: str) -> str:
        """A random id that says nothing, for accounts and secrets' names."""
        return f"{prefix}-{self.random(8).hex()}"

    @contextmanager
    def _session(self, *, writes: bool) -> Iterator[Session]:
        make = Session if writes else _ReadingSession
        if self.outer is not None:
            with make(self.outer, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
                yield session
            return
        options: dict[str, Any] = {"sqlite_begin": "IMMEDIATE" if writes else "DEFERRED"}
        if not writes and self.engine.dialect.name == "postgresql":
            options["isolation_level"] = "AUTOCOMMIT"
        with (
            self.engine.connect().execution_options(**options) as connection,
            make(connection, expire_on_commit=False) as session,
        ):
            yield session


class _ReadingSession(Session):
    """The session of a unit that reads."""


def _refuse_to_write(session: Session, *rest: object) -> None:
    raise RuntimeError("a unit that reads has something to write")


event.listen(_ReadingSession, "before_flush", _refuse_to_write)
