"""Needs: care that an elder wants, whatever pays for it. Their states, who may step, what a volunteer may see first.

Sources: Ordinance on Volunteer Service, art. 12 and 13 (risks are told, a request is verified before it is published),
15 to 17 (fit for age, skill and health; training; insurance before danger), 21 (privacy of who is served), 22 (who
can't come says so). Hours are never priced in yuan: `funding` says who pays, and only `time` moves hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from timebank.domain.catalogue import Service
from timebank.domain.errors import InsuranceMissing, NeedStateConflict, RiskTextMissing
from timebank.domain.policies import Risk
from timebank.domain.redemptions import CANCEL_REASONS, DECLINE_REASONS, NO_SHOW_REASONS
from timebank.domain.states import Party, Step, table
from timebank.domain.states import after as state_after
from timebank.domain.states import check_reason as check_step_reason
from timebank.domain.states import verbs_open as open_verbs
from timebank.domain.words import N_


class NeedState(StrEnum):
    POSTED = "posted"
    OPEN = "open"
    TAKEN = "taken"
    IN_SERVICE = "in_service"
    DELIVERED = "delivered"
    CREDITED = "credited"
    PROVIDED = "provided"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    NO_SHOW = "no_show"


class Funding(StrEnum):
    """Who pays for the care (资金来源)."""

    TIME = "time"
    GOVERNMENT = "government"
    OWN = "own"
    CHARITY = "charity"


_S, _P = NeedState, Party
RUNNING: Final = frozenset({_S.OPEN, _S.TAKEN, _S.IN_SERVICE, _S.DELIVERED})
"""States in which a need that is paid with hours has a hold."""
UNFINISHED: Final = RUNNING | {_S.POSTED}
BOOKED: Final = frozenset({_S.OPEN, _S.TAKEN, _S.IN_SERVICE})
"""States in which a helper's time is spoken for."""
SENIOR_YEARS: Final = 60
"""From this age two people's help is 银龄互助 (S4 §10)."""

STATE_LABELS: Final = {
    _S.POSTED: N_("waits for the station's check"),
    _S.OPEN: N_("waits for a volunteer"),
    _S.TAKEN: N_("taken on"),
    _S.IN_SERVICE: N_("being served"),
    _S.DELIVERED: N_("waits to be verified"),
    _S.CREDITED: N_("credited"),
    _S.PROVIDED: N_("done for pay, no hours"),
    _S.REJECTED: N_("not published"),
    _S.CANCELLED: N_("cancelled"),
    _S.EXPIRED: N_("expired"),
    _S.NO_SHOW: N_("did not take place"),
}
STATE_NEXT: Final = {
    _S.POSTED: N_("The station checks it and then shows it to volunteers."),
    _S.OPEN: N_("Volunteers can see it, without your name. The station helps to find somebody."),
    _S.TAKEN: N_("Somebody comes at the agreed time."),
    _S.IN_SERVICE: N_("The helper is there now."),
    _S.DELIVERED: N_("Say whether the hours are right; then the station verifies them."),
    _S.CREDITED: N_("It is done, and the hours are in the volunteer's passbook."),
    _S.PROVIDED: N_("It was done for pay. Paid care earns no hours."),
    _S.REJECTED: N_("The station says why below. You can post it anew."),
    _S.CANCELLED: N_("Nothing is set aside for it any more. You can post it anew."),
    _S.EXPIRED: N_("Nobody was found in time. You can post it anew for another day."),
    _S.NO_SHOW: N_("Nothing was used. You can post it anew."),
}
FUNDING_LABELS: Final = {
    Funding.TIME: N_("with saved hours"),
    Funding.GOVERNMENT: N_("purchased by the government"),
    Funding.OWN: N_("at the elder's own cost"),
    Funding.CHARITY: N_("by charity"),
}
LANGUAGE_LABELS: Final = {
    "mandarin": N_("Mandarin"),
    "dialect": N_("the local dialect"),
    "cantonese": N_("Cantonese"),
    "sign": N_("sign language"),
    "english": N_("English (language)"),
}
GENDER_LABELS: Final = {"female": N_("a woman"), "male": N_("a man")}
POSTED_HOW_LABELS: Final = {
    "self": N_("posted by the elder"),
    "proxy": N_("posted by the family"),
    "desk": N_("entered by staff at the desk"),
    "phone": N_("entered by staff on request by phone"),
}
GIVE_BACK_REASONS: Final = {
    "ill": N_("I am ill"),
    "other_duty": N_("Something else came up"),
    "other": N_("Another reason"),
}
REASON_LABELS: Final = {
    "reject": DECLINE_REASONS,
    "cancel": CANCEL_REASONS,
    "no_show": NO_SHOW_REASONS,
    "give_back": GIVE_BACK_REASONS,
}
ABSENT: Final = {"volunteer_absent": "volunteer", "elder_absent": "elder"}
"""Reason of a no-show → who was not there."""

_DESK = frozenset({_P.DESK})
_ELDER = frozenset({_P.OWNER, _P.PROXY, _P.DESK})
_HELPER = frozenset({_P.VOLUNTEER})
_SYSTEM = frozenset({_P.SYSTEM})

STEPS: Final = table(
    Step("post", frozenset({None}), _S.POSTED, _ELDER),
    Step("publish", frozenset({_S.POSTED}), _S.OPEN, _DESK),
    Step("reject", frozenset({_S.POSTED}), _S.REJECTED, _DESK, tuple(DECLINE_REASONS)),
    Step("take", frozenset({_S.OPEN}), _S.TAKEN, _HELPER | _DESK),
    Step("untake", frozenset({_S.OPEN, _S.TAKEN}), _S.OPEN, _HELPER),
    Step("give_back", frozenset({_S.OPEN, _S.TAKEN}), _S.OPEN, _HELPER, tuple(GIVE_BACK_REASONS)),
    Step("start", frozenset({_S.TAKEN}), _S.IN_SERVICE, _HELPER | _DESK),
    Step("deliver", frozenset({_S.TAKEN, _S.IN_SERVICE}), _S.DELIVERED, _HELPER | _DESK | _SYSTEM),
    Step("provide", frozenset({_S.OPEN, _S.TAKEN, _S.IN_SERVICE, _S.EXPIRED}), _S.PROVIDED, _DESK),
    Step("undeliver", frozenset({_S.DELIVERED}), _S.TAKEN, _SYSTEM),
    Step("credit", frozenset({_S.DELIVERED}), _S.CREDITED, _SYSTEM),
    Step("reopen", frozenset({_S.CREDITED}), _S.DELIVERED, _SYSTEM),
    Step("cancel", frozenset({_S.POSTED, _S.OPEN, _S.TAKEN}), _S.CANCELLED, _ELDER, tuple(CANCEL_REASONS)),
    Step("restore", frozenset({_S.CANCELLED}), _S.POSTED, _ELDER),
    Step("expire", frozenset({_S.POSTED, _S.OPEN, _S.TAKEN, _S.IN_SERVICE}), _S.EXPIRED, _SYSTEM),
    Step("no_show", frozenset({_S.TAKEN, _S.IN_SERVICE}), _S.NO_SHOW, _DESK, tuple(NO_SHOW_REASONS)),
)


def after(state: NeedState | None, verb: str, who: frozenset[Party]) -> NeedState:
    """The state after a step. Raises Forbidden or NeedStateConflict."""
    return state_after(STEPS, verb, state, who, NeedStateConflict, STATE_LABELS)


def verbs_open(state: NeedState, who: frozenset[Party]) -> tuple[str, ...]:
    """What these parties may do with a need in that state."""
    return open_verbs(STEPS, state, who)


def check_reason(verb: str, reason: str | None, text: str | None = None) -> None:
    """Raises ReasonMissing, ReasonUnknown, or WordsMissing for `other` without words."""
    check_step_reason(STEPS, verb, reason, text)


def check_risk(risk: str) -> None:
    """Raises RiskTextMissing: a need and an offer say what could go wrong, if only that nothing is known."""
    if not risk.strip():
        raise RiskTextMissing


def helpers_needed(service: Service) -> int:
    """How many volunteers must take a need on: two where the item asks for two."""
    return 2 if service.two_persons else 1


def insurance_needed(service: Service) -> bool:
    """Whether accident insurance must be in force on the day: services of high risk (art. 17)."""
    return service.risk is Risk.HIGH


def check_insurance(service: Service, insured_until: date | None, on: date) -> None:
    """Raises InsuranceMissing. `insured_until`: the last day of what the station has seen on paper."""
    if insurance_needed(service) and (insured_until is None or insured_until < on):
        raise InsuranceMissing(on=on)


@dataclass(frozen=True, slots=True)
class Around:
    """What the state of a need follows: the records that its helpers logged (None: not yet), and its request."""

    helpers: int
    records: Sequence[str | None]
    redemption: str | None = None
    redemption_has_helper: bool = False


COUNTS: Final = frozenset({"logged", "confirmed", "disputed", "verified"})
_GIVEN_UP: Final = {"cancelled": _S.CANCELLED, "declined": _S.CANCELLED, "expired": _S.EXPIRED, "no_show": _S.NO_SHOW}


def followed(state: NeedState, around: Around) -> NeedState:
    """The state that the records of hours and the request of a need say by now.

    Hours are verified, and requests are stepped, at their own desks; the need never says anything else than they do.
    """
    if state in RUNNING and around.redemption in _GIVEN_UP:
        return _GIVEN_UP[around.redemption]
    logged = len(around.records) >= around.helpers and all(one in COUNTS for one in around.records)
    verified = logged and all(one == "verified" for one in around.records)
    if state in (_S.TAKEN, _S.IN_SERVICE, _S.DELIVERED, _S.CREDITED):
        if verified:
            return _S.CREDITED
        if logged:
            return _S.DELIVERED
        if state in (_S.DELIVERED, _S.CREDITED):
            return _S.TAKEN
    if state is _S.TAKEN and around.redemption is not None and not around.redemption_has_helper:
        return _S.OPEN
    return state


def overlaps(start: datetime, end: datetime, booked: Sequence[tuple[datetime, datetime]]) -> bool:
    """Whether [start, end) touches any of these times."""
    return any(one < end and other > start for one, other in booked)


def both_senior(one: int | None, other: int | None) -> bool:
    """Whether it would be 银龄互助: both are sixty or older."""
    return one is not None and other is not None and min(one, other) >= SENIOR_YEARS
