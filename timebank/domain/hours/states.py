"""The honest status of a record of hours, and who may change it.

logged → confirmed → verified. A disputed record goes back to confirmed, or is rejected or withdrawn; a rejected one can
be appealed, a withdrawn one logged again, a verified one is undone by a reversal. Nothing is ever a dead end.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from timebank.domain.states import Party, Step, table
from timebank.domain.words import N_


class RecordState(StrEnum):
    LOGGED = "logged"
    CONFIRMED = "confirmed"
    VERIFIED = "verified"
    DISPUTED = "disputed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class Source(StrEnum):
    """How we know of the service. It never changes: what was typed in by hand stays marked."""

    CHECK_IN = "check_in"
    CONFIRMED = "confirmed"
    SLIP = "slip"
    MANUAL = "manual"


class ConfirmedHow(StrEnum):
    """How the elder said yes."""

    WEB = "web"
    PIN = "pin"
    CARD = "card"
    SLIP = "slip"
    PHONE = "phone"
    DESK = "desk"
    PROXY = "proxy"


COUNTING: Final = frozenset({RecordState.LOGGED, RecordState.CONFIRMED, RecordState.VERIFIED, RecordState.DISPUTED})
"""States whose time is taken: it can't be logged twice."""

WAITING: Final = frozenset({RecordState.LOGGED, RecordState.CONFIRMED, RecordState.DISPUTED})
"""States in which somebody still has to act."""

STATE_LABELS: Final = {
    RecordState.LOGGED: N_("logged"),
    RecordState.CONFIRMED: N_("confirmed by the elder"),
    RecordState.VERIFIED: N_("verified"),
    RecordState.DISPUTED: N_("disputed"),
    RecordState.REJECTED: N_("rejected"),
    RecordState.WITHDRAWN: N_("withdrawn"),
}
STATE_NEXT: Final = {
    RecordState.LOGGED: N_("The elder confirms it, on the phone, with the PIN or at the station."),
    RecordState.CONFIRMED: N_("The station verifies it. Then the hours are in the passbook."),
    RecordState.VERIFIED: N_("The hours are in the passbook. A mistake can still be corrected with a reason."),
    RecordState.DISPUTED: N_("The station asks both people and decides."),
    RecordState.REJECTED: N_("The volunteer can read the reason and appeal."),
    RecordState.WITHDRAWN: N_("Nothing more happens. It can be logged again."),
}
SOURCE_LABELS: Final = {
    Source.CHECK_IN: N_("checked in and out"),
    Source.CONFIRMED: N_("logged online"),
    Source.SLIP: N_("from a paper slip"),
    Source.MANUAL: N_("typed in by hand"),
}
CONFIRMED_HOW_LABELS: Final = {
    ConfirmedHow.WEB: N_("on the own phone or computer"),
    ConfirmedHow.PIN: N_("with the PIN"),
    ConfirmedHow.CARD: N_("with the card"),
    ConfirmedHow.SLIP: N_("signed on paper"),
    ConfirmedHow.PHONE: N_("by a call from the station"),
    ConfirmedHow.DESK: N_("at the desk"),
    ConfirmedHow.PROXY: N_("by the family"),
}

REJECT_REASONS: Final = {
    "not_given": N_("The service was not given"),
    "wrong_time": N_("Date or time is wrong"),
    "wrong_person": N_("Volunteer or elder is wrong"),
    "wrong_service": N_("The kind of service is wrong"),
    "entered_twice": N_("Entered twice"),
    "paid": N_("It was paid work"),
    "family_duty": N_("It was a duty of the family"),
    "not_confirmed": N_("The elder could not confirm it"),
    "no_evidence": N_("The evidence is missing or not readable"),
    "too_short": N_("Too short to be credited"),
    "other": N_("Another reason"),
}
DISPUTE_REASONS: Final = {
    "nobody_came": N_("Nobody came"),
    "shorter": N_("It was shorter"),
    "longer": N_("It was longer"),
    "other_person": N_("Somebody else came"),
    "other_service": N_("Something else was done"),
    "asked_for_money": N_("Money or a present was asked for"),
    "other": N_("Another reason"),
}
WITHDRAW_REASONS: Final = {
    "mistake": N_("Logged by mistake"),
    "entered_twice": N_("Entered twice"),
    "wrong_details": N_("Details are wrong, it will be logged again"),
    "other": N_("Another reason"),
}
UPHOLD_REASONS: Final = {
    "both_agree": N_("Both people agree now"),
    "witness": N_("Somebody saw it"),
    "document": N_("A document proves it"),
    "other": N_("Another reason"),
}
APPEAL_REASONS: Final = {
    "new_evidence": N_("There is new evidence"),
    "decision_wrong": N_("The decision rests on a mistake"),
    "other": N_("Another reason"),
}

_S, _P = RecordState, Party
_FOR_ELDER = frozenset({_P.ELDER, _P.PROXY, _P.DESK})

STEPS: Final = table(
    Step("log", frozenset({None}), _S.LOGGED, frozenset({_P.VOLUNTEER, _P.DESK, _P.SYSTEM})),
    Step("confirm", frozenset({_S.LOGGED, _S.DISPUTED}), _S.CONFIRMED, _FOR_ELDER),
    Step(
        "dispute",
        frozenset({_S.LOGGED, _S.CONFIRMED}),
        _S.DISPUTED,
        _FOR_ELDER | {_P.VERIFIER},
        tuple(DISPUTE_REASONS),
    ),
    Step("uphold", frozenset({_S.DISPUTED}), _S.CONFIRMED, frozenset({_P.VERIFIER}), tuple(UPHOLD_REASONS)),
    Step("verify", frozenset({_S.CONFIRMED}), _S.VERIFIED, frozenset({_P.VERIFIER})),
    Step(
        "reject",
        frozenset({_S.LOGGED, _S.CONFIRMED, _S.DISPUTED}),
        _S.REJECTED,
        frozenset({_P.VERIFIER}),
        tuple(REJECT_REASONS),
    ),
    Step(
        "withdraw",
        frozenset({_S.LOGGED, _S.CONFIRMED, _S.DISPUTED}),
        _S.WITHDRAWN,
        frozenset({_P.VOLUNTEER, _P.ENTERER}),
        tuple(WITHDRAW_REASONS),
    ),
    Step("appeal", frozenset({_S.REJECTED}), _S.LOGGED, frozenset({_P.VOLUNTEER}), tuple(APPEAL_REASONS)),
    Step("log_again", frozenset({_S.WITHDRAWN}), _S.LOGGED, frozenset({_P.VOLUNTEER, _P.ENTERER})),
    Step("reverse", frozenset({_S.VERIFIED}), _S.REJECTED, frozenset({_P.SYSTEM})),
)

REASON_LABELS: Final = {
    "reject": REJECT_REASONS,
    "dispute": DISPUTE_REASONS,
    "withdraw": WITHDRAW_REASONS,
    "uphold": UPHOLD_REASONS,
    "appeal": APPEAL_REASONS,
}
DROPS_CONFIRMATION: Final = frozenset({"dispute", "appeal", "log_again", "reverse"})
"""Steps after which the elder must say yes anew."""
