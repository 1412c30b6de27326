"""Verifying: the record becomes credit. The entry is written in the same commit as the new state, or neither is.

Many records are verified in one go, and desks that verify at the same moment share one commit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ledger import Draft, Kind, LedgerError, Posting, jcs
from ledger.canonical import SALT_BYTES
from ledger.stations import verified_text, verify_statement
from timebank.domain.certificates import clock
from timebank.domain.errors import (
    NotFound,
    NothingToCredit,
    StationSignatureNeeded,
    StationSignatureStale,
    TimebankError,
)
from timebank.domain.evidence import Document as Evidence
from timebank.domain.evidence import ServedHours, hours_document
from timebank.domain.hours import RecordState, after
from timebank.domain.local_time import local_day
from timebank.domain.policies import CapOutcome, Origin, cap_outcome, credit_minutes, origin_of_service
from timebank.domain.redemptions import RedemptionState
from timebank.domain.redemptions import after as redemption_after
from timebank.domain.roles import Actor, require, require_no_part
from timebank.domain.states import Party
from timebank.services.hours.values import Standing, record_of, verified_event
from timebank.storage.hours import HoursRecord, Verification
from timebank.storage.people import Document
from timebank.storage.unit import Bank, Unit


@dataclass(frozen=True, slots=True)
class Verified:
    """What became of one record of several: its entry, or why it was left as it was."""

    record_id: str
    number: str
    entry_seq: int | None
    credited_minutes: int
    refusal: TimebankError | None


@dataclass(frozen=True, slots=True)
class StationSignature:
    """A station's signature under the statement of one record: which of its keys (the number of the entry that added
    it), base64 of the 64 bytes, and the salt that came with the statement."""

    station_key: int
    signature: str
    salt: bytes


@dataclass(frozen=True, slots=True)
class Statement:
    """What a station is to sign so that a record is verified. `text`: the note's. `document` (in RFC 8785 form) and
    `salt`: what the commitment in the text is made of, so that whoever signs can see what it stands for."""

    record_id: str
    number: str
    station_id: str
    text: str
    document: str
    salt: bytes
    minutes: int


@dataclass(frozen=True, slots=True)
class _Wish:
    """That this record be verified by this actor."""

    actor: Actor
    record_id: str
    now: datetime
    signature: StationSignature | None = None


def verify(
    bank: Bank,
    actor: Actor,
    record_ids: Sequence[str],
    *,
    now: datetime,
    signatures: Mapping[str, StationSignature] | None = None,
) -> tuple[Verified, ...]:
    """Verify one or many, in one commit with what other desks verify at the same moment.

    `signatures`: by record, where the station signs what it verifies. One refusal does not hold up the others: it
    (OwnRecord, HoursStateConflict, ElderConfirmationMissing, NotFound, BalanceCapReached, NothingToCredit,
    StationSignatureNeeded, StationSignatureStale) stands in the answer beside its record.
    """
    require(actor, "hours.verify")
    given = signatures or {}
    wishes = [_Wish(actor, record_id, now, given.get(record_id)) for record_id in dict.fromkeys(record_ids)]
    return tuple(bank.gather("hours.verify", _verify, wishes))


def statements(bank: Bank, actor: Actor, record_ids: Sequence[str], *, now: datetime) -> tuple[Statement, ...]:
    """What the stations of these records are to sign. Left out are records that need no signature, and those that
    would be refused anyway. Nothing is verified; a purse that is needed is opened, so that it can be named."""
    require(actor, "hours.verify")
    with bank.unit() as unit:
        wishes = [_Wish(actor, record_id, now) for record_id in dict.fromkeys(record_ids)]
        together = _Together(bank, unit, wishes, preparing=True)
        together.judge()
        return together.statements()


def _verify(bank: Bank, wishes: Sequence[_Wish]) -> list[Verified]:
    """All of them in one commit. Raises, and changes nothing, where the refusal of one can't be told from the rest."""
    try:
        with bank.unit() as unit:
            together = _Together(bank, unit, wishes)
            together.judge()
            together.write()
            return together.outcomes()
    except TimebankError as error:
        if len(wishes) > 1:
            raise
        return [Verified(wishes[0].record_id, "", None, 0, error)]


@dataclass(slots=True)
class _Credit:
    """What one record becomes: its entries, of which `place` is the one that credits it, and the row's new values."""

    wish: _Wish
    row: HoursRecord
    evidence: Evidence
    document: Document
    verification: Verification
    drafts: list[Draft]
    place: int


class _Together:
    """Several records and what stands around them, read once: each is judged on top of those before it."""

    def __init__(self, bank: Bank, unit: Unit, wishes: Sequence[_Wish], *, preparing: bool = False) -> None:
        self._bank, self._unit, self._wishes, self._preparing = bank, unit, wishes, preparing
        self._rows = unit.hours.lock_many(wish.record_id for wish in wishes)
        volunteers = {row.volunteer_id for row in self._rows.values()}
        # They are kept, or the unit would read them again, one by one, to seal the documents under their keys.
        self._persons = unit.members.lock_many(volunteers)
        self._standing = Standing.read(unit, {wish.actor.person_id for wish in wishes}, self._rows.values())
        self._policy, self._policy_hash = unit.policy_at(max(wish.now for wish in wishes))
        self._worths = unit.members.worths(volunteers)
        self._purses = unit.members.purses_of(volunteers)
        self._credits: dict[str, _Credit] = {}
        self._refusals: dict[int, TimebankError] = {}
        self._seqs: dict[str, int] = {}

    def judge(self) -> None:
        """Decide about each; nothing that can refuse comes after the first thing that is written for a record."""
        for number, wish in enumerate(self._wishes):
            try:
                self._credits[wish.record_id] = self._credit(wish)
            except TimebankError as error:
                self._refusals[number] = error

    def write(self) -> None:
        """The history, the documents, all entries in one append, the new states."""
        credits_ = list(self._credits.values())
        self._unit.insert([one.document for one in credits_])
        self._unit.insert([verified_event(self._unit, one.row, one.wish.actor, one.wish.now) for one in credits_])
        drafts = [draft for one in credits_ for draft in one.drafts]
        entries = iter(self._unit.append_many(drafts, now=max(wish.now for wish in self._wishes)))
        for one in credits_:
            seqs = [next(entries).seq for _ in one.drafts]
            if seqs:
                one.verification.entry_seq = seqs[one.place]
                if one.row.redemption_id is not None:
                    _close(self._unit, one.wish.actor, one.row.redemption_id, one.verification, one.wish.now)
        self._unit.hours.verified([one.verification for one in credits_])
        for one in credits_:
            _announce(self._unit, one)

    def outcomes(self) -> list[Verified]:
        """What became of each wish, in their order."""
        found = []
        for number, wish in enumerate(self._wishes):
            row = self._rows.get(wish.record_id)
            label = "" if row is None else row.number
            refusal = self._refusals.get(number)
            done = None if refusal is not None else self._credits[wish.record_id].verification
            seq, minutes = (None, 0) if done is None else (done.entry_seq, done.credited_minutes)
            found.append(Verified(wish.record_id, label, seq, minutes, refusal))
        return found

    def statements(self) -> tuple[Statement, ...]:
        """What is to be signed of each that was judged good."""
        return tuple(
            Statement(
                record_id=one.row.id,
                number=one.row.number,
                station_id=one.row.station_id,
                text=verified_text(self._unit.origin, one.row.station_id, one.drafts[one.place]),
                document=jcs(one.evidence).decode(),
                salt=one.document.salt,
                minutes=one.verification.credited_minutes,
            )
            for one in self._credits.values()
            if one.drafts and self._must_sign(one.row)
        )

    def _must_sign(self, row: HoursRecord) -> bool:
        return row.station_id in self._unit.network.signing() or self._unit.signed_only

    def _salt(self, wish: _Wish, row: HoursRecord) -> bytes | None:
        """The salt under which the document was signed; a fresh one where nothing is signed."""
        if wish.signature is None or not self._must_sign(row):
            return None
        if len(wish.signature.salt) != SALT_BYTES:
            raise StationSignatureStale
        return wish.signature.salt

    def _signed(self, wish: _Wish, row: HoursRecord, draft: Draft) -> Draft:
        """The draft with the station's signature. Raises StationSignatureNeeded, StationSignatureStale."""
        if self._preparing or not self._must_sign(row):
            return draft
        given = wish.signature
        if given is None:
            raise StationSignatureNeeded
        try:
            key = self._unit.book.station_key(given.station_key)
            if key.station != row.station_id:
                raise StationSignatureStale
            verify_statement(key, self._unit.origin, draft, given.signature)
        except LedgerError as error:
            raise StationSignatureStale from error
        return replace(draft, data={"station_key": given.station_key, "signature": given.signature})

    def _credit(self, wish: _Wish) -> _Credit:
        """Issue the credit, or let the receiver pay it; what is above the cap goes to the pool."""
        unit, actor, row = self._unit, wish.actor, self._rows.get(wish.record_id)
        if row is None:
            raise NotFound
        who = self._standing.parties(actor, row)
        record = record_of(row)
        require_no_part(actor, record)
        after(RecordState.VERIFIED if row.id in self._credits else record.state, "verify", who)
        credit = credit_minutes(self._policy, row.service_code, row.minutes)
        if credit == 0:
            raise NothingToCredit
        outcome = cap_outcome(self._policy, self._worths[row.volunteer_id], credit, issued=row.redemption_id is None)
        credited = outcome.to_member + outcome.to_pool
        paid = _paid(unit, row, credited)
        plan = [(origin, part) for origin, _, part in paid]
        evidence = evidence_of(row, actor, outcome, plan)
        salt = self._salt(wish, row)
        document = unit.document("hours", row.volunteer_id, evidence, now=wish.now, salt=salt)
        days = clock(local_day(row.ended_at), local_day(wish.now)).days
        verification = Verification(row.id, row.version, actor.person_id, wish.now, credited, document.id, days)
        if credited == 0:
            return _Credit(wish, row, evidence, document, verification, [], 0)
        note = _Note(actor.person_id, document.commitment, self._policy_hash)
        account = self._account(row, actor, wish.now)
        if row.redemption_id is not None:
            drafts = _care(unit, row, account, credited, paid, note)
        else:
            drafts = [note.draft(Kind.EARN, row, ((account, credited), (unit.issuance, -credited)))]
        place = len(drafts) - 1
        drafts[place] = self._signed(wish, row, drafts[place])
        if outcome.to_pool:
            postings = ((account, -outcome.to_pool), (unit.pool, outcome.to_pool))
            drafts.append(replace(note.draft(Kind.DONATE, row, postings), key=None, on=None))
        self._worths[row.volunteer_id] += outcome.to_member
        if row.redemption_id is not None and row.elder_id in self._worths:
            self._worths[row.elder_id] -= credited
        return _Credit(wish, row, evidence, document, verification, drafts, place)

    def _account(self, row: HoursRecord, actor: Actor, now: datetime) -> str:
        origin = str(origin_of_service(row.in_group))
        purses = self._purses[row.volunteer_id]
        if origin not in purses:
            purses[origin] = self._unit.purse(row.volunteer_id, origin, actor.person_id, now=now)
        return purses[origin]


@dataclass(frozen=True, slots=True)
class _Note:
    """What the entries of one record have in common."""

    actor_id: str
    commitment: str
    policy_hash: str

    def draft(self, kind: Kind, row: HoursRecord, postings: tuple[Posting, ...]) -> Draft:
        return Draft(
            kind=kind,
            actor=self.actor_id,
            postings=postings,
            key=f"hours-{row.id}-{row.version}",
            evidence=self.commitment,
            policy=self.policy_hash,
            on=local_day(row.started_at),
        )


def _announce(unit: Unit, one: _Credit) -> None:
    """Programmes of others are told, by ids."""
    told = {"record": one.row.id, "station": one.row.station_id, "entry": one.verification.entry_seq}
    unit.announce("record.verified", told, now=one.wish.now)
    if one.row.redemption_id is not None and one.verification.entry_seq is not None:
        settled = {**told, "redemption": one.row.redemption_id}
        unit.announce("redemption.settled", settled, now=one.wish.now)


def _paid(unit: Unit, row: HoursRecord, credited: int) -> list[tuple[Origin, str, int]]:
    """From which purses of the receiver these hours are paid; nothing where nobody pays."""
    if row.redemption_id is None:
        return []
    request = unit.redemptions.get(row.redemption_id, lock=True)
    if request is None or request.hold_seq is None or request.record_id != row.id:
        raise NotFound
    rest = dict(unit.given_back(request.hold_seq, request.minutes - credited))
    paid = []
    for account, held in unit.given_back(request.hold_seq, request.minutes):
        owner = unit.members.owner(account)
        if owner is not None and held > rest.get(account, 0):
            paid.append((Origin(owner.origin), account, held - rest.get(account, 0)))
    return paid


def _care(
    unit: Unit, row: HoursRecord, account: str, credited: int, paid: list[tuple[Origin, str, int]], note: _Note
) -> list[Draft]:
    """The hold is released, and the hours that were used become the volunteer's, in one batch."""
    request = unit.redemptions.get(row.redemption_id or "")
    if request is None or request.hold_seq is None:
        raise NotFound
    release = Draft(
        kind=Kind.RELEASE,
        actor=note.actor_id,
        postings=(*unit.given_back(request.hold_seq, request.minutes), (unit.escrow, -request.minutes)),
        of=request.hold_seq,
        policy=note.policy_hash,
        key=f"release-{request.id}-{request.version}",
    )
    used = tuple((purse, -part) for _, purse, part in paid)
    return [release, note.draft(Kind.CARE, row, (*used, (account, credited)))]


def _close(unit: Unit, actor: Actor, redemption_id: str, done: Verification, now: datetime) -> None:
    """The request that these hours answered is settled."""
    request = unit.redemptions.get(redemption_id, lock=True)
    if request is None:
        raise NotFound
    state = redemption_after(RedemptionState(request.state), "settle", frozenset({Party.VERIFIER}))
    request.entry_seq, request.settled_minutes = done.entry_seq, done.credited_minutes
    unit.redemptions.move(request, str(state), actor.person_id, actor.via, now)


def evidence_of(row: HoursRecord, verifier: Actor, outcome: CapOutcome, plan: Sequence[tuple[Origin, int]]) -> Evidence:
    """The document that the entry commits to: ids, times and codes, the four roles, and no name."""
    served = ServedHours(
        record_id=row.id,
        number=row.number,
        station_id=row.station_id,
        volunteer_id=row.volunteer_id,
        elder_id=row.elder_id,
        entered_by=row.entered_by,
        confirmed_by=row.confirmed_by or "",
        confirmed_how=row.confirmed_how or "",
        verified_by=verifier.person_id,
        service_code=row.service_code,
        started_at=row.started_at,
        ended_at=row.ended_at,
        source=row.source,
        in_group=row.in_group,
        slip_number=row.slip_number,
        to_member=outcome.to_member,
        to_pool=outcome.to_pool,
        commended=outcome.commended,
        redemption_id=row.redemption_id,
        plan=tuple(plan),
        card_version=row.card_version,
    )
    return hours_document(served)
