"""The rules of each kind of entry, as pure functions. The book asks them before it writes, the audit when it reads.

They stand in this one place, so that what may be written and what an audit accepts can't drift apart. Balances are
not looked at here (see `ledger.balances`), nor bytes (see `ledger.canonical`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol

from ledger.accounts import AccountKind
from ledger.entries import MONEY_KINDS, Kind, Posting, check_hash, check_text
from ledger.errors import (
    AccountUnknown,
    AlreadyReversed,
    FormatError,
    HoldAlreadySettled,
    HoldUnknown,
    KindRuleBroken,
    NotReversible,
    PostingsUnbalanced,
)

UNIT_WORD = re.compile(r"[a-z][a-z0-9-]{0,15}", re.ASCII).fullmatch
"""What a book counts: `min`, or the word of a programme of points. All its amounts are whole numbers of it."""
_MEMBER = frozenset({AccountKind.MEMBER})
_ESCROW = frozenset({AccountKind.ESCROW})
_ISSUANCE = frozenset({AccountKind.ISSUANCE})
_POOL = frozenset({AccountKind.POOL})
_PROVIDER = frozenset({AccountKind.PROVIDER})
_CLEARING = frozenset({AccountKind.CLEARING})

# Which kinds of account may give, and which may receive. `reverse` has no line: it is the opposite of what it undoes.
SIDES: Mapping[Kind, tuple[frozenset[AccountKind], frozenset[AccountKind]]] = {
    Kind.EARN: (_ISSUANCE, _MEMBER),
    Kind.CARE: (_MEMBER | _POOL, _MEMBER),
    Kind.HOLD: (_MEMBER, _ESCROW),
    Kind.SETTLE: (_ESCROW, _PROVIDER | _MEMBER),
    Kind.RELEASE: (_ESCROW, _MEMBER),
    Kind.GIFT: (_MEMBER, _MEMBER),
    Kind.DONATE: (_MEMBER, _POOL),
    Kind.GRANT: (_POOL | _ISSUANCE, _MEMBER),
    Kind.EXPIRE: (_MEMBER, _ISSUANCE | _POOL),
    Kind.INHERIT: (_MEMBER, _MEMBER | _POOL),
    Kind.RETIRE: (_MEMBER | _POOL | _PROVIDER, _ISSUANCE),
    Kind.CLEAR: (_MEMBER | _CLEARING, _MEMBER | _CLEARING),
}
COMPLETES = frozenset({Kind.SETTLE, Kind.RELEASE})
WITH_OF = COMPLETES | {Kind.REVERSE}
WITH_ON = frozenset({Kind.EARN, Kind.CARE})
VERIFIED = WITH_ON
"""What comes of a station's verification, and may carry its signature."""
MONEY_WITH_DATA = frozenset({Kind.EXPIRE, Kind.INHERIT, Kind.RETIRE, Kind.CLEAR})
AUDIT_RESULTS = frozenset({"sound", "broken"})


class Written(Protocol):
    """What the rules read of an entry or a draft."""

    @property
    def kind(self) -> Kind: ...
    @property
    def postings(self) -> tuple[Posting, ...]: ...
    @property
    def of(self) -> int | None: ...


class Shaped(Written, Protocol):
    """What the rules about fields read besides."""

    @property
    def policy(self) -> str | None: ...
    @property
    def key(self) -> str | None: ...
    @property
    def on(self) -> Any: ...
    @property
    def data(self) -> Mapping[str, Any] | None: ...


def check_shape(entry: Shaped) -> None:
    """Whether the fields that this kind needs are there, and no others. Raises KindRuleBroken or FormatError."""
    kind = entry.kind
    money = kind in MONEY_KINDS
    _needs(kind, "postings", bool(entry.postings), money)
    _needs(kind, "policy", entry.policy is not None, money)
    _needs(kind, "of", entry.of is not None, kind in WITH_OF or _retires_station_key(entry))
    if entry.on is not None and kind not in WITH_ON:
        raise KindRuleBroken(kind, "`on` has no place here")
    if kind in VERIFIED and entry.data is not None:
        _needs(kind, "key", entry.key is not None, needed=True)
        _check_data(kind, entry.data)
    elif money:
        if entry.data is not None and kind not in MONEY_WITH_DATA:
            raise KindRuleBroken(kind, "`data` has no place here")
    else:
        _check_data(kind, entry.data)


def check_postings(kind: Kind, postings: tuple[Posting, ...], kinds: Mapping[str, AccountKind]) -> None:
    """Sorted, no account twice, no zero, summing to zero, and each account on a side where its kind may stand.

    `kinds` gives the kind of every account that was opened. Raises AccountUnknown, PostingsUnbalanced, KindRuleBroken.
    """
    before = ""
    total = 0
    giving: set[AccountKind] = set()
    receiving: set[AccountKind] = set()
    for account, minutes in postings:
        if account <= before:
            raise KindRuleBroken(kind, f"postings are not sorted by account, or {account} stands there twice")
        if not minutes:
            raise KindRuleBroken(kind, f"account {account} gets zero minutes")
        account_kind = kinds.get(account)
        if account_kind is None:
            raise AccountUnknown(account)
        (giving if minutes < 0 else receiving).add(account_kind)
        before = account
        total += minutes
    if total:
        raise PostingsUnbalanced(kind, total)
    if kind is not Kind.REVERSE:
        _check_sides(kind, giving, receiving)


class Fates:
    """What became of entries that others name in `of`: which hold is completed, which entry is reversed, and by whom.

    Fed with every entry in order (an audit) or with those around the entries in question (the book).
    """

    def __init__(self) -> None:
        self.completed: dict[int, int] = {}
        self.reversed: dict[int, int] = {}

    def holds_open(self, seq: int) -> bool:
        """Whether hold `seq` still waits for its settle or release."""
        return seq not in self.completed and seq not in self.reversed

    def check(self, entry: Written, target: Written, kinds: Mapping[str, AccountKind]) -> None:
        """Whether `entry` may complete or undo `target`, the entry that its `of` names. Its postings were checked.

        Raises HoldUnknown, HoldAlreadySettled, NotReversible, AlreadyReversed, KindRuleBroken.
        """
        of = entry.of
        if of is None:
            raise KindRuleBroken(entry.kind, "`of` is missing")
        if entry.kind is Kind.REVERSE:
            self._check_reverse(entry, of, target)
            return
        if target.kind is not Kind.HOLD:
            raise HoldUnknown(of)
        self._require_open(of)
        if entry.kind is Kind.SETTLE:
            _check_settle(entry, target, kinds)
        else:
            _require_opposite(entry, target)

    def apply(self, seq: int, kind: Kind, of: int, target_kind: Kind, target_of: int | None) -> None:
        """Note that entry `seq` completed or undid entry `of`. Undoing a settle or release opens its hold again."""
        if kind is not Kind.REVERSE:
            self.completed[of] = seq
            return
        self.reversed[of] = seq
        if target_kind in COMPLETES and target_of is not None:
            self.completed.pop(target_of, None)

    def _require_open(self, hold: int) -> None:
        by = self.completed.get(hold, self.reversed.get(hold))
        if by is not None:
            raise HoldAlreadySettled(hold, by)

    def _check_reverse(self, entry: Written, of: int, target: Written) -> None:
        if target.kind not in MONEY_KINDS or target.kind is Kind.REVERSE:
            raise NotReversible(of, target.kind)
        if of in self.reversed:
            raise AlreadyReversed(of, self.reversed[of])
        if target.kind is Kind.HOLD:
            self._require_open(of)
        _require_opposite(entry, target)


def opposite(postings: tuple[Posting, ...]) -> tuple[Posting, ...]:
    """The postings that undo these."""
    return tuple((account, -minutes) for account, minutes in postings)


def held_minutes(hold: Written) -> int:
    """How much a hold reserved, in minutes."""
    return sum(minutes for _, minutes in hold.postings if minutes > 0)


def settle_postings(hold: Written, escrow: str, provider: str, used: int) -> tuple[Posting, ...]:
    """The postings that settle `used` minutes of a hold to a provider. What is left goes back to the purses that gave
    last, in the order of their ids, since those that were asked first are spent first."""
    left = used
    postings = [(escrow, -held_minutes(hold)), (provider, used)]
    for account, minutes in hold.postings:
        if minutes < 0:
            spent = min(left, -minutes)
            left -= spent
            if spent < -minutes:
                postings.append((account, -minutes - spent))
    return tuple(sorted(postings))


def opened_account(data: Mapping[str, Any]) -> tuple[str, AccountKind]:
    """Id and kind out of the `data` of an `open` that `check_shape` accepted."""
    return str(data["account"]), AccountKind(data["account_kind"])


def closed_account(data: Mapping[str, Any]) -> str:
    """The id out of the `data` of a `close` that `check_shape` accepted."""
    return str(data["account"])


def _needs(kind: Kind, field: str, there: bool, needed: bool) -> None:
    if there and not needed:
        raise KindRuleBroken(kind, f"`{field}` has no place here")
    if needed and not there:
        raise KindRuleBroken(kind, f"`{field}` is missing")


def _check_sides(kind: Kind, giving: set[AccountKind], receiving: set[AccountKind]) -> None:
    may_give, may_receive = SIDES[kind]
    if not giving or not giving <= may_give:
        raise KindRuleBroken(kind, f"{_names(giving)} may not give here")
    if not receiving or not receiving <= may_receive:
        raise KindRuleBroken(kind, f"{_names(receiving)} may not receive here")
    if kind is Kind.SETTLE and AccountKind.PROVIDER not in receiving:
        raise KindRuleBroken(kind, "no provider receives; giving all back is a release")
    if kind is Kind.CLEAR and (len(giving) != 1 or len(receiving) != 1 or giving == receiving):
        raise KindRuleBroken(kind, "credit goes from members to clearing, or from clearing to members")


def _check_settle(entry: Written, hold: Written, kinds: Mapping[str, AccountKind]) -> None:
    """All that was held leaves the escrow; a purse gets back at most what it gave; the rest goes to providers.

    A member who gave nothing gets nothing, or a settle could move credit from one member to another.
    """
    gave = dict(hold.postings)
    for account, minutes in entry.postings:
        if minutes < 0:
            if gave.get(account) != -minutes:
                raise KindRuleBroken(entry.kind, f"account {account} gives {-minutes}, not what was held")
        elif kinds.get(account) is not AccountKind.PROVIDER and minutes > -gave.get(account, 0):
            raise KindRuleBroken(entry.kind, f"account {account} gets back more than it gave")


def _require_opposite(entry: Written, target: Written) -> None:
    if entry.postings != opposite(target.postings):
        raise KindRuleBroken(entry.kind, "the postings are not the opposite of the entry's that `of` names")


def _check_data(kind: Kind, data: Mapping[str, Any] | None) -> None:
    if data is None:
        raise KindRuleBroken(kind, "`data` is missing")
    needed, allowed = _DATA_FIELDS[kind]
    names = set(data)
    if not needed <= names or not names <= allowed:
        raise KindRuleBroken(kind, f"`data` has {sorted(names)}, expected {sorted(needed)}")
    _DATA_CHECKS[kind](kind, data)


def _check_genesis(kind: Kind, data: Mapping[str, Any]) -> None:
    if not isinstance(data["unit"], str) or not UNIT_WORD(data["unit"]):
        raise KindRuleBroken(kind, f"{data['unit']!r} is not a unit")
    if not isinstance(data["keys"], list | tuple) or not all(isinstance(key, str) for key in data["keys"]):
        raise FormatError("data.keys", "not a list of verifier keys")
    _check_stations(data)
    if "after" in data:
        _check_after(data["after"], "data.after")


def _check_account(kind: Kind, data: Mapping[str, Any]) -> None:
    check_text(data["account"], "data.account")
    if kind is Kind.OPEN and data["account_kind"] not in AccountKind.__members__.values():
        raise KindRuleBroken(kind, f"{data['account_kind']!r} is not a kind of account")


def _check_policy(kind: Kind, data: Mapping[str, Any]) -> None:
    if not isinstance(data["policy"], Mapping):
        raise FormatError("data.policy", "not an object")


def _retires_station_key(entry: Shaped) -> bool:
    return entry.kind is Kind.KEY and {"station", "retire"} <= set(entry.data or {})


def _check_key(kind: Kind, data: Mapping[str, Any]) -> None:
    names = set(data)
    if not names & _VOUCHED or names >= _VOUCHED:
        names -= _VOUCHED
    if names not in _KEY_FORMS or ("station" not in names and len(data) != 1):
        raise KindRuleBroken(kind, "a verifier key is either added or retired")
    if not all(isinstance(value, str) for name, value in data.items() if name != "by"):
        raise KindRuleBroken(kind, "a verifier key is text")
    if "station" in data:
        check_text(data["station"], "data.station")
        if not set(data["station"]).isdisjoint("+/"):
            raise FormatError("data.station", "`+` and `/` have no place in it")
    if "by" in data:
        _check_number(data["by"], "data.by")


def _check_signature(kind: Kind, data: Mapping[str, Any]) -> None:
    _check_number(data["station_key"], "data.station_key")
    if not isinstance(data["signature"], str):
        raise KindRuleBroken(kind, "the signature is not text")


def _check_after(after: object, field: str) -> None:
    """The book before, under another origin: what is left of it, and what was lost."""
    if not isinstance(after, Mapping) or not {"book", "root", "size"} <= set(after) <= _AFTER:
        raise FormatError(field, "not what a book says of the one before")
    check_text(after["book"], f"{field}.book")
    check_hash(after["root"], f"{field}.root")
    _check_number(after["size"], f"{field}.size")
    if "after" in after:
        _check_after(after["after"], f"{field}.after")


def _check_stations(data: Mapping[str, Any]) -> None:
    if data.get("stations", "signed") != "signed":
        raise FormatError("data.stations", "not `signed`")


def _check_number(value: object, field: str) -> None:
    if type(value) is not int or value < 0:
        raise FormatError(field, "not an entry's number")


def _check_audit(kind: Kind, data: Mapping[str, Any]) -> None:
    """The report of an audit; or the list from which an inspection will be drawn, before the draw's seed exists."""
    if set(data) == _DRAW:
        check_hash(data["draw"], "data.draw")
        return
    if not _REPORT <= set(data) <= _REPORT | {"level"}:
        raise KindRuleBroken(kind, "it is neither the report of an audit nor the list of a draw")
    if type(data["size"]) is not int or data["size"] < 0:
        raise FormatError("data.size", "not a number of entries")
    if data["result"] not in AUDIT_RESULTS:
        raise KindRuleBroken(kind, f"the result is {data['result']!r}, not sound or broken")
    check_hash(data["digest"], "data.digest")


_DRAW, _REPORT = {"draw"}, {"digest", "result", "size"}
_AFTER = {"after", "at", "book", "lost", "root", "size"}
_VOUCHED = {"by", "signature"}
_STATION_ADD, _STATION_RETIRE = {"station", "add", "possession"}, {"station", "retire"}
_KEY_FORMS: tuple[set[str], ...] = ({"add"}, {"retire"}, _STATION_ADD, _STATION_RETIRE)
_SIGNATURE = {"station_key", "signature"}
_DATA_FIELDS: Mapping[Kind, tuple[set[str], set[str]]] = {
    Kind.GENESIS: ({"keys", "unit"}, {"keys", "unit", "software", "after", "stations"}),
    Kind.OPEN: ({"account", "account_kind"}, {"account", "account_kind"}),
    Kind.CLOSE: ({"account"}, {"account"}),
    Kind.POLICY: ({"policy"}, {"policy"}),
    Kind.KEY: (set(), _STATION_ADD | _STATION_RETIRE | _VOUCHED),
    Kind.EARN: (_SIGNATURE, _SIGNATURE),
    Kind.CARE: (_SIGNATURE, _SIGNATURE),
    Kind.AUDIT: (set(), _REPORT | _DRAW | {"level"}),
}
_DATA_CHECKS = {
    Kind.GENESIS: _check_genesis,
    Kind.OPEN: _check_account,
    Kind.CLOSE: _check_account,
    Kind.POLICY: _check_policy,
    Kind.KEY: _check_key,
    Kind.EARN: _check_signature,
    Kind.CARE: _check_signature,
    Kind.AUDIT: _check_audit,
}


def _names(kinds: set[AccountKind]) -> str:
    return " and ".join(sorted(kinds)) or "nobody"
