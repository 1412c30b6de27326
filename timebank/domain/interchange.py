"""Credit between two books (通存通兑): what one side tells the other, and what two statements must agree on.

The protocol is written down in docs/interchange.md. Nothing here trusts the other side: texts are built and compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from timebank.domain.errors import InterchangeMessageInvalid, LimitInvalid
from timebank.domain.local_time import parse_rfc3339, rfc3339
from timebank.domain.words import N_

REFUSAL, STATEMENT = "timebank interchange refusal v1", "timebank interchange statement v1"
RETRY: Final = (timedelta(seconds=15), timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))
WINDOW: Final = timedelta(days=35)
FRESH: Final = timedelta(hours=1)
"""How far a statement's time may be from ours: an old one that somebody kept is not taken for today's."""
PATIENCE: Final = timedelta(days=1)
"""How long a transfer may be under way before a statement calls it lost."""
MOST_LIMIT: Final = 6_000_000
REFUSALS: Final[Mapping[str, str]] = {
    "member_unknown": N_("There is no such member there."),
    "member_not_active": N_("The membership there is not active."),
    "limit_reached": N_("The two counties have reached the limit that they agreed on."),
}
FINDINGS: Final[Mapping[str, str]] = {
    "lost": N_("sent here, unknown there for more than a day"),
    "doubled": N_("given back here, accepted there"),
    "forged": N_("accepted here, never sent there"),
    "minutes_differ": N_("the minutes differ"),
    "balance_differs": N_("the two accounts do not mirror each other"),
}


def check_limit(minutes: int) -> int:
    """How much either side may owe the other. Raises LimitInvalid."""
    if not 0 < minutes <= MOST_LIMIT:
        raise LimitInvalid
    return minutes


def try_again(tries: int, now: datetime) -> datetime:
    """When to ask again after so many tries: soon at first, then every hour."""
    return now + RETRY[min(tries, len(RETRY) - 1)]


def refusal_text(origin: str, their_origin: str, transfer_id: str, reason: str) -> str:
    """What a book signs when it refuses for good: who refuses, whose transfer, which, and why."""
    return f"{REFUSAL}\n{origin}\n{their_origin}\n{transfer_id}\n{reason}\n"


def read_refusal(text: str, origin: str, their_origin: str, transfer_id: str) -> str:
    """The reason of a refusal of this transfer. Raises InterchangeMessageInvalid."""
    lines = text.split("\n")
    if len(lines) != 6 or lines[:4] != [REFUSAL, origin, their_origin, transfer_id] or lines[4] not in REFUSALS:
        raise InterchangeMessageInvalid
    return lines[4]


@dataclass(frozen=True, slots=True)
class Line:
    """A transfer as one book sees it."""

    direction: str
    transfer_id: str
    minutes: int
    state: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """A book's statement of its clearing account with another: its balance, and the transfers of the last weeks."""

    origin: str
    partner: str
    at: datetime
    balance: int
    lines: tuple[Line, ...]


def statement_text(account: Account) -> str:
    """A statement in the form that is signed."""
    head = [STATEMENT, account.origin, account.partner, rfc3339(account.at), str(account.balance)]
    rows = [
        f"{line.direction} {line.transfer_id} {line.minutes} {line.state} {rfc3339(line.made_at)}"
        for line in sorted(account.lines, key=lambda line: (line.transfer_id, line.direction))
    ]
    return "\n".join([*head, *rows]) + "\n"


def read_statement(text: str) -> Account:
    """The statement behind a text. Raises InterchangeMessageInvalid for any other text."""
    lines = text.split("\n")
    try:
        kind, origin, partner, at, balance = lines[:5]
        if kind != STATEMENT or lines[-1]:
            raise InterchangeMessageInvalid
        read = tuple(_line(line) for line in lines[5:-1])
        return Account(origin, partner, parse_rfc3339(at), int(balance), read)
    except ValueError as error:
        raise InterchangeMessageInvalid from error


def _line(text: str) -> Line:
    direction, transfer_id, minutes, state, made_at = text.split(" ")
    return Line(direction, transfer_id, int(minutes), state, parse_rfc3339(made_at))


@dataclass(frozen=True, slots=True)
class Finding:
    """What does not agree. `transfer_id` is empty for the balances."""

    code: str
    transfer_id: str
    minutes: int


def compare(ours: Account, theirs: Account) -> tuple[int, tuple[Finding, ...]]:
    """Minutes under way between the two, in either direction, and whatever does not agree.

    A transfer that one side has sent and the other has not seen is under way for a day; after that it is lost. The
    balances mirror each other but for what is under way.
    """
    way, found = 0, []
    for giver, taker in ((ours, theirs), (theirs, ours)):
        sent = {line.transfer_id: line for line in giver.lines if line.direction == "out"}
        taken = {line.transfer_id: line for line in taker.lines if line.direction == "in" and line.state == "accepted"}
        for transfer_id, line in sent.items():
            there = taken.get(transfer_id)
            if there is None and line.state in ("sent", "arrived"):
                way += line.minutes
                if max(ours.at, theirs.at) - line.made_at > PATIENCE:
                    found.append(Finding("lost", transfer_id, line.minutes))
            elif there is not None and line.state not in ("sent", "arrived"):
                found.append(Finding("doubled", transfer_id, line.minutes))
            elif there is not None and there.minutes != line.minutes:
                found.append(Finding("minutes_differ", transfer_id, line.minutes))
        early = min((line.made_at for line in giver.lines), default=giver.at)
        for transfer_id, line in taken.items():
            if transfer_id not in sent and line.made_at > early:
                found.append(Finding("forged", transfer_id, line.minutes))
    if ours.balance + theirs.balance != way:
        found.append(Finding("balance_differs", "", ours.balance + theirs.balance - way))
    return way, tuple(sorted(found, key=lambda one: (one.code, one.transfer_id)))


def lines_of(rows: Sequence[tuple[str, str, int, str, datetime]]) -> tuple[Line, ...]:
    """Lines of (direction, id, minutes, state, made at); what is only reserved is nobody else's matter."""
    return tuple(Line(*row) for row in rows if row[3] not in ("held", "undone"))
