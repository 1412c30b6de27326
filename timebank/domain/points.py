"""Programmes of points (积分养老, 红分, 积分超市, 老年餐桌): a unit of their own, in a book of their own.

Points never mix with hours. Hours become points only where a programme's rules say at which rate, never the other way
round, and nothing has a price in money: goods are a gift of whoever funds them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from timebank.domain.errors import (
    ConversionOff,
    ConversionUneven,
    FundingInvalid,
    OrderStateConflict,
    PointsInvalid,
    ProgrammeInvalid,
    RulesUnchanged,
)
from timebank.domain.local_time import rfc3339
from timebank.domain.states import Party, Step, table
from timebank.domain.states import after as state_after
from timebank.domain.words import N_

SLUG: Final = re.compile(r"[a-z][a-z0-9]{2,15}", re.ASCII).fullmatch
MOST_POINTS: Final = 1_000_000
LEAST_LAPSE: Final = 3
MOST_LAPSE: Final = 600
WARN_LAPSE: Final = timedelta(days=30)
"""How long before points lapse their holder is told."""
FUNDERS: Final[Mapping[str, str]] = {
    "government": N_("Government"),
    "village": N_("Village or community"),
    "donors": N_("Donors"),
    "operator": N_("Operator"),
}
"""Who pays for goods and meals (四个一点 names up to four). Never the elder who was served."""
AWARD_REASONS: Final[Mapping[str, str]] = {
    "labour": N_("Labour for care"),
    "environment": N_("Clean village"),
    "neighbour": N_("Neighbour help"),
    "meeting": N_("Took part in community affairs"),
    "merit": N_("Merit"),
}
GOODS_KINDS: Final[Mapping[str, str]] = {"goods": N_("Goods"), "meal": N_("Meal")}


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a programme, in force from a moment on; hashed into its book.

    `points_per_hour`: at which rate hours become points; None: they do not. `most_a_month`: the most that a member may
    be awarded in a local month. `pickup_days`: how long goods are kept for who ordered them. `lapse_months`: after how
    many months points that came in under these rules lapse; None: never.
    """

    name: str
    name_en: str
    unit: str
    unit_label: str
    unit_label_en: str
    points_per_hour: int | None
    most_a_month: int
    pickup_days: int
    lapse_months: int | None = None

    def check(self) -> None:
        """Raises ProgrammeInvalid."""
        bounds = (self.points_per_hour, self.lapse_months)
        numbers = (self.most_a_month, self.pickup_days, *(one for one in bounds if one is not None))
        words = (self.name, self.name_en, self.unit_label, self.unit_label_en)
        if not SLUG(self.unit) or self.unit == "min" or not all(0 < len(word) <= 40 for word in words):
            raise ProgrammeInvalid
        if any(not 0 < number <= MOST_POINTS for number in numbers) or self.pickup_days > 365:
            raise ProgrammeInvalid
        if self.lapse_months is not None and not LEAST_LAPSE <= self.lapse_months <= MOST_LAPSE:
            raise ProgrammeInvalid


def to_document(rules: Rules, effective_at: datetime | None = None) -> dict[str, Any]:
    """The policy document that goes into the programme's book: in force from its entry on, or from `effective_at`."""
    document = {"schema": 2, "type": "points", **asdict(rules)}
    return document if effective_at is None else document | {"effective_at": rfc3339(effective_at)}


def from_document(text: str) -> Rules:
    """The rules of a stored document."""
    document = json.loads(text)
    return Rules(**{name: document[name] for name in Rules.__dataclass_fields__ if name in document})


def check_change(before: Rules, after: Rules, from_day: date, today: date) -> None:
    """A later version: the unit stays, and it begins on a day to come. Raises ProgrammeInvalid, RulesUnchanged."""
    after.check()
    if after.unit != before.unit or from_day <= today:
        raise ProgrammeInvalid
    if after == before:
        raise RulesUnchanged


def converted(rules: Rules, minutes: int) -> int:
    """What so many minutes become. Raises ConversionOff, ConversionUneven where it would not be a whole number."""
    if rules.points_per_hour is None:
        raise ConversionOff
    points, rest = divmod(minutes * rules.points_per_hour, 60)
    if rest or points <= 0:
        raise ConversionUneven
    return points


def check_award(rules: Rules, points: int, awarded_this_month: int) -> None:
    """Raises PointsInvalid for none, or more than the month allows."""
    if not 0 < points <= rules.most_a_month - awarded_this_month:
        raise PointsInvalid


def check_funding(funding: Mapping[str, int]) -> None:
    """Shares of the known funders, in per cent, that sum to 100. Raises FundingInvalid."""
    shares = list(funding.values())
    if not shares or set(funding) - set(FUNDERS) or any(share <= 0 for share in shares) or sum(shares) != 100:
        raise FundingInvalid


class OrderState(StrEnum):
    ORDERED = "ordered"
    HANDED = "handed"
    CANCELLED = "cancelled"


ORDER_LABELS: Final[Mapping[OrderState, str]] = {
    OrderState.ORDERED: N_("Ordered"),
    OrderState.HANDED: N_("Handed over"),
    OrderState.CANCELLED: N_("Cancelled"),
}
_S, _P = OrderState, Party
STEPS: Final = table(
    Step("order", frozenset({None}), _S.ORDERED, frozenset({_P.OWNER, _P.DESK})),
    Step("hand_over", frozenset({_S.ORDERED}), _S.HANDED, frozenset({_P.DESK})),
    Step("cancel", frozenset({_S.ORDERED}), _S.CANCELLED, frozenset({_P.OWNER, _P.DESK, _P.SYSTEM})),
)


def after(state: OrderState | None, verb: str, who: frozenset[Party]) -> OrderState:
    """The state after a step. Raises Forbidden, OrderStateConflict."""
    return state_after(STEPS, verb, state, who, OrderStateConflict, ORDER_LABELS)
