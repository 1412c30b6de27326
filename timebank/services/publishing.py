"""Publishing: sign a checkpoint over the book, have the witnesses cosign it, give it out; and what anybody may read.

The signer checks what it signs and remembers it outside the database (`ledger.signer`), so that a crash at any point
leaves nothing that contradicts what was given out: the same tree is signed, cosigned and published again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from ledger.book import hash_reader
from ledger.errors import FormatError, TimestampInvalid
from ledger.keyring import NamedKey, keys_at, keys_in_force, named_keys
from ledger.tiles import WIDTH, encode_entries, parse_path, tile_width
from ledger.tiles import TileAddress as TileAddress
from ledger.witness import Answer
from timebank.domain.errors import NotFound
from timebank.domain.roles import Actor, require
from timebank.storage.audits import Alert
from timebank.storage.checking import Signed, last_signed_size, sign_book
from timebank.storage.publishing import Publication, Published, Timestamp, WitnessState
from timebank.storage.unit import Bank, Unit
from timebank.storage.witnessing import cosigned, policy_of, policy_text, stamp

FRESH = timedelta(days=1)
"""A checkpoint that nothing followed is cosigned again after so long: it then says that it is still the largest."""
ASK_AGAIN = timedelta(minutes=1)
"""Witnesses that were missing for the quorum are asked again after so long."""
AUTHORITY = "timestamping authority"
"""Stands among those who are asked, beside the witnesses; no witness can be named so, since a policy has no spaces."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class LogView:
    """What a verifier has to know of the log: its origin, the verifier keys, and whose cosignatures make a quorum."""

    origin: str
    keys: tuple[str, ...]
    policy: str
    entries_are_public: bool
    every_key: tuple[NamedKey, ...]


@dataclass(frozen=True, slots=True)
class WitnessView:
    """One key of a witness: what it has seen, and when it said so."""

    name: str
    key: str
    kind: str
    url: str
    size: int
    seen_at: datetime | None
    asked_at: datetime | None
    problem: str
    is_conflict: bool


@dataclass(frozen=True, slots=True)
class StampView:
    """The authority that stamps checkpoints (empty: none is configured), what it stamped last and when, and what went
    wrong when it was asked last."""

    url: str
    at: datetime | None
    size: int
    authority: str
    asked_at: datetime | None
    problem: str


def publish(bank: Bank, *, now: datetime) -> Signed:
    """Sign the book as it is, have the witnesses cosign it, give it out; unless a finding is open.

    That is done when there are new entries, when the quorum was not there the last time, and once a day. Witnesses that
    don't answer hold nothing up: the checkpoint is given out without them, and they are asked again. One that knows
    another history raises an alert, which stops all that follows.
    """
    with bank.read() as unit:
        if unit.audits.open_alerts():
            return Signed(size=None, why="alerts are open")
        if not unit.has_book():
            return Signed(size=None, why="the book has not begun")
        last = unit.publishing.latest()
        # A restored backup may end where a publication did: the signer remembers what it signed after that.
        if last is not None and last.size == unit.book.head().size == last_signed_size(bank):
            wait = FRESH if last.has_quorum else ASK_AGAIN
            if now - last.at < wait:
                return Signed(size=last.size, why="nothing new")
    signed = sign_book(bank, now=now)
    if signed.size is None:
        return signed
    with bank.read() as unit:
        stored = unit.book.store.checkpoint(unit.origin, signed.size)
        states = {name: row.size for name, row in unit.publishing.witnesses().items()}
    if stored is None:
        return Signed(size=None, why="the checkpoint was not stored")
    collected = cosigned(bank, stored.note, states, now=now)
    with bank.unit() as unit:
        for answer in collected.answers:
            _note_answer(unit, answer, signed.size, now)
        conflicts = [one for one in collected.answers if one.is_conflict]
        if conflicts:
            _raise_alert(bank, unit, conflicts, now)
        else:
            _give_out(unit, signed.size, now, has_quorum=collected.has_quorum)
    return Signed(None, "a witness knows another history") if conflicts else signed


def timestamp(bank: Bank, *, now: datetime) -> str | None:
    """Have the configured authority stamp the checkpoint that was published last; says what came of it.

    Raises TimestampInvalid if the authority does not answer as it should: nothing is kept, and it is asked again.
    """
    if not bank.settings.timestamp_url:
        return None
    with bank.read() as unit:
        published = unit.publishing.latest()
        known = None if published is None else unit.publishing.timestamp(published.size)
    if published is None or known is not None:
        return None
    try:
        answer, said = stamp(bank, published)
    except TimestampInvalid as error:
        with bank.unit() as unit:
            _note_stamp(unit, None, str(error), now)
        raise
    with bank.unit() as unit:
        _note_stamp(unit, published.size, "", now)
        row = Timestamp(
            book=unit.origin, size=published.size, at=said.at, authority=said.authority[:200], answer=answer
        )
        unit.publishing.add(row)
    return f"{published.size} entries stamped"


def stamps(bank: Bank, actor: Actor) -> StampView:
    """Whether an authority is asked, and what it said last."""
    require(actor, "audits.read")
    with bank.read() as unit:
        row, state = unit.publishing.last_timestamp(), unit.publishing.witness(AUTHORITY)
    return StampView(
        url=bank.settings.timestamp_url,
        at=None if row is None else row.at,
        size=0 if row is None else row.size,
        authority="" if row is None else row.authority,
        asked_at=None if state is None else state.asked_at,
        problem="" if state is None else state.problem,
    )


def stamped(bank: Bank, size: int) -> bytes:
    """The authority's answer about the checkpoint of this size. Raises NotFound."""
    with bank.read() as unit:
        row = unit.publishing.timestamp(size)
    if row is None:
        raise NotFound
    return row.answer


def _note_stamp(unit: Unit, size: int | None, problem: str, now: datetime) -> None:
    """How the timestamping authority stands; `size`: what it stamped, None if nothing."""
    row = unit.publishing.witness(AUTHORITY)
    if row is None:
        row = WitnessState(book=unit.origin, witness=AUTHORITY, size=0, is_conflict=False)
        unit.publishing.add(row)
    row.asked_at, row.problem = now, problem[:200]
    if size is not None:
        row.size, row.seen_at = size, now


def _note_answer(unit: Unit, answer: Answer, size: int, now: datetime) -> None:
    """How a witness stands, and its cosignature if it gave one."""
    row = unit.publishing.witness(answer.name)
    if row is None:
        row = WitnessState(book=unit.origin, witness=answer.name)
        unit.publishing.add(row)
    row.size, row.asked_at = answer.size, now
    row.problem, row.is_conflict = answer.problem[:200], answer.is_conflict
    if answer.lines:
        row.seen_at = now
        unit.publishing.cosigned(size, answer.name, answer.lines, now)


def _raise_alert(bank: Bank, unit: Unit, conflicts: Iterable[Answer], now: datetime) -> None:
    """People have to look: this log was rolled back or forked, or the witness lies. Until then nothing is signed."""
    told = "; ".join(f"{one.name}: {one.problem}" for one in conflicts)
    log.error("a witness knows another history", witnesses=[one.name for one in conflicts])
    summary = f"witness · {told}"[:400]
    unit.audits.add(
        Alert(book=unit.origin, id=bank.new_id(now), kind="witness", audit_id=None, summary=summary, raised_at=now)
    )


def _give_out(unit: Unit, size: int, now: datetime, *, has_quorum: bool) -> None:
    row = unit.publishing.get(size)
    if row is None:
        unit.publishing.add(Publication(book=unit.origin, size=size, at=now, has_quorum=has_quorum))
    else:
        row.at, row.has_quorum = now, has_quorum
    unit.announce("checkpoint.published", {"size": size}, now=now)


def witnesses(bank: Bank, actor: Actor) -> tuple[WitnessView, ...]:
    """Who cosigns, what each has seen and when, and what went wrong when it was asked last."""
    require(actor, "audits.read")
    policy = policy_of(bank)
    with bank.read() as unit:
        states = unit.publishing.witnesses()
    found = []
    for name, one in policy.witnesses.items():
        row = states.get(name)
        found.append(
            WitnessView(
                name=name,
                key=one.keys[0].encode(),
                kind=one.keys[0].type.name,
                url=one.url or "",
                size=0 if row is None else row.size,
                seen_at=None if row is None else row.seen_at,
                asked_at=None if row is None else row.asked_at,
                problem="" if row is None else row.problem,
                is_conflict=row is not None and row.is_conflict,
            )
        )
    return tuple(found)


def describe(bank: Bank) -> LogView:
    """How to verify this log. Raises NotFound while there is no book."""
    with bank.read() as unit:
        if not unit.has_book():
            raise NotFound
        keys = tuple(key.encode() for key in keys_in_force(unit.book.store, unit.origin))
        every = tuple(named_keys(unit.book.store, unit.origin))
    return LogView(bank.settings.book, keys, policy_text(bank, keys), bank.settings.book_is_public, every)


def policy_at(bank: Bank, size: int) -> str:
    """The policy (tlog-policy) that a checkpoint of this size is judged by: the keys that could sign it, as the book
    itself says. It names no witness, since the book does not say who they were then. Raises NotFound for a size that
    was not published.
    """
    with bank.read() as unit:
        found = unit.publishing.latest()
        if found is None or not 0 < size <= found.size:
            raise NotFound
        named = keys_at(named_keys(unit.book.store, unit.origin), size)
    lines = [f"# the keys that could sign {bank.settings.book} at {size} entries"]
    for one in named:
        until = "" if one.retired_seq is None else f", retired by entry {one.retired_seq}"
        lines += [f"# named by entry {one.added_seq}{until}", f"log {one.text}"]
    return "\n".join([*lines, "quorum none"]) + "\n"


def latest(bank: Bank) -> Published | None:
    """The checkpoint that was published last; None while there is none."""
    with bank.read() as unit:
        return unit.publishing.latest()


def checkpoint(bank: Bank) -> Published:
    """The same. Raises NotFound while there is none."""
    found = latest(bank)
    if found is None:
        raise NotFound
    return found


def locate(path: str) -> TileAddress:
    """Which tile a path of tlog-tiles names. Raises NotFound for any that names none."""
    try:
        return parse_path(path)
    except FormatError:
        raise NotFound from None


def tile(bank: Bank, address: TileAddress) -> bytes:
    """A tile of hashes, or a bundle of entries, of the published tree. Raises NotFound for what is not in it.

    Full tiles are read as they were stored. A partial one is put together from stored hashes.
    """
    with bank.read() as unit:
        found = unit.publishing.latest()
        size = 0 if found is None else found.size
        level = address.level or 0
        if not 0 < address.width <= tile_width(size, level, address.index):
            raise NotFound
        start = address.index * WIDTH
        if address.level is None:
            rows = unit.book.store.rows(unit.origin, start, start + address.width)
            return encode_entries([row.body for row in rows])
        reader = hash_reader(unit.book.store, unit.origin, size)
        return b"".join(reader.hashes(level, address.index)[: address.width])
