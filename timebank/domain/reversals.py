"""Putting a wrong entry right: a request with a reason, a second person who decides, and a reversing entry."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from timebank.domain.errors import EntryAlreadyReversed, EntryNotReversible, ReversalStateConflict, SecondPersonNeeded
from timebank.domain.states import Party, Step, table
from timebank.domain.states import after as state_after
from timebank.domain.states import check_reason as check_step_reason
from timebank.domain.words import N_


class ReversalState(StrEnum):
    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


STATE_LABELS: Final = {
    ReversalState.ASKED: N_("waiting for a second person"),
    ReversalState.APPROVED: N_("corrected"),
    ReversalState.REFUSED: N_("refused"),
    ReversalState.WITHDRAWN: N_("withdrawn"),
}
REASONS: Final = {
    "wrong_time": N_("Date or time is wrong"),
    "wrong_person": N_("The wrong person was booked"),
    "wrong_amount": N_("The amount is wrong"),
    "entered_twice": N_("Entered twice"),
    "not_given": N_("The service was not given"),
    "paid": N_("It was paid work"),
    "family_duty": N_("It was a duty of the family"),
    "fraud": N_("It was invented"),
    "spot_check": N_("A spot check found it wrong"),
    "member_asks": N_("The member asks for it"),
    "system": N_("An error of the software"),
    "other": N_("Another reason"),
}
REFUSE_REASONS: Final = {
    "entry_right": N_("The entry is right"),
    "no_evidence": N_("The evidence is missing or not readable"),
    "hours_used": N_("The hours were used since"),
    "other": N_("Another reason"),
}
REASON_LABELS: Final = {"ask": REASONS, "refuse": REFUSE_REASONS}

REVERSIBLE: Final = frozenset({"earn", "care", "settle", "gift", "donate", "grant", "expire"})
"""Kinds that people may have undone. Holds are released, not reversed; a reverse is never reversed."""

_S, _P = ReversalState, Party

STEPS: Final = table(
    Step("ask", frozenset({None}), _S.ASKED, frozenset({_P.DESK, _P.SECOND}), tuple(REASONS)),
    Step("approve", frozenset({_S.ASKED}), _S.APPROVED, frozenset({_P.SECOND})),
    Step("refuse", frozenset({_S.ASKED}), _S.REFUSED, frozenset({_P.SECOND}), tuple(REFUSE_REASONS)),
    Step("withdraw", frozenset({_S.ASKED}), _S.WITHDRAWN, frozenset({_P.ENTERER})),
)


def after(state: ReversalState | None, verb: str, who: frozenset[Party]) -> ReversalState:
    """The state after a step. Raises Forbidden or ReversalStateConflict."""
    return state_after(STEPS, verb, state, who, ReversalStateConflict, STATE_LABELS)


def check_reason(verb: str, reason: str | None, text: str | None = None) -> None:
    """Raises ReasonMissing, ReasonUnknown, or WordsMissing for `other` without words."""
    check_step_reason(STEPS, verb, reason, text)


def check_reversible(kind: str, *, reversed_already: bool) -> None:
    """Raises EntryNotReversible or EntryAlreadyReversed."""
    if kind not in REVERSIBLE:
        raise EntryNotReversible
    if reversed_already:
        raise EntryAlreadyReversed


def check_second_person(decider_id: str, asked_by: str, parties: Iterable[str | None]) -> None:
    """Raises SecondPersonNeeded: who asked, verified, served, gave or received never approves the correction."""
    if decider_id == asked_by or decider_id in set(parties):
        raise SecondPersonNeeded


def undone_step(kind: str) -> tuple[str, str] | None:
    """Which matter goes which step when an entry of this kind is reversed; None where no matter hangs on it."""
    return {
        "earn": ("hours", "reverse"),
        "care": ("hours", "reverse"),
        "settle": ("redemptions", "reopen"),
        "gift": ("transfers", "reverse"),
        "donate": ("transfers", "reverse"),
        "grant": ("transfers", "reverse"),
    }.get(kind)
