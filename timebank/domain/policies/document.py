"""The policy document: every question that schemes answer differently, as one frozen value.

All amounts are whole minutes, all weights whole percent. None switches a limit off: there is no hidden default, so a
document states every field. What it says is hashed into the ledger; a new rule is a new version, never an edit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from timebank.domain.kin import Relation
from timebank.domain.local_time import parse_rfc3339
from timebank.domain.policies.care import Care

SCHEMA = 2
WITHOUT_CARE = 1
"""The schema of documents from before there were care rules: they are read for ever, and decided no more."""


class Origin(StrEnum):
    """Where an hour came from: a member has one purse for each."""

    EARNED = "earned"
    RECEIVED = "received"
    GRANTED = "granted"
    GROUP = "group"
    IMPORTED = "imported"


class Use(StrEnum):
    """What a purse may be used for."""

    REDEEM = "redeem"
    GIFT = "gift"
    DONATE = "donate"


class Direction(StrEnum):
    UP = "up"
    DOWN = "down"
    NEAREST = "nearest"


class AboveCap(StrEnum):
    """What happens to credit above the cap."""

    REFUSE = "refuse"
    POOL = "pool"
    COMMEND = "commend"


class Younger(StrEnum):
    """What somebody below the age of volunteers may do."""

    REFUSE = "refuse"
    GUARDIAN = "guardian"
    GROUP = "group"


class Needs(StrEnum):
    """Whether age and hours are both needed before hours can be used, or either of them."""

    ALL = "all"
    ANY = "any"


class Guarantee(StrEnum):
    """What stands behind the promise. BEST_EFFORT says openly: nothing."""

    GUARANTEED = "guaranteed"
    RESERVE = "reserve"
    BEST_EFFORT = "best_effort"


class GiftTo(StrEnum):
    NONE = "none"
    KIN = "kin"
    ANY = "any"


class Inherit(StrEnum):
    """What happens to the hours of the dead."""

    NONE = "none"
    POOL = "pool"
    SPOUSE_ELSE_POOL = "spouse_else_pool"
    HEIRS = "heirs"


class GrantSource(StrEnum):
    """From where granted hours come. POOL_THEN_ISSUANCE uses what was donated before anything is issued."""

    NONE = "none"
    POOL = "pool"
    ISSUANCE = "issuance"
    POOL_THEN_ISSUANCE = "pool_then_issuance"


class Risk(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


RISK_ORDER = (Risk.LOW, Risk.MEDIUM, Risk.HIGH)


@dataclass(frozen=True, slots=True)
class Unit:
    """How many minutes people call one, and how they call it. The ledger keeps minutes whatever stands here."""

    minutes: int
    name: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Rounding:
    """Actual minutes become credit in whole steps."""

    step_minutes: int
    direction: Direction


@dataclass(frozen=True, slots=True)
class Limits:
    """Most actual minutes of one volunteer: in a record, on a local day, in a month, with the same elder in a month."""

    record_minutes: int | None
    day_minutes: int | None
    month_minutes: int | None
    pair_month_minutes: int | None


@dataclass(frozen=True, slots=True)
class Cap:
    """The most that a member may hold over all purses, holds included."""

    minutes: int | None
    above: AboveCap


@dataclass(frozen=True, slots=True)
class Entry:
    """What evidence is credited, how late it may be entered, which share of hand-typed records is called back."""

    sources: tuple[str, ...]
    latest_days: int | None
    slip_latest_days: int | None
    call_back_percent: int


@dataclass(frozen=True, slots=True)
class Volunteers:
    """Who may serve, at what risk, and whose care never earns beyond what the law excludes."""

    age_years: int | None
    younger: Younger
    highest_risk: Risk
    kin_excluded: tuple[Relation, ...]


@dataclass(frozen=True, slots=True)
class Beneficiary:
    """Somebody for whom a member may use hours, from which age."""

    relation: Relation
    age_years: int | None


@dataclass(frozen=True, slots=True)
class Redeem:
    """When, for whom and on what promise hours are used."""

    age_years: int | None
    special_age_years: int | None
    special_groups: tuple[str, ...]
    served_minutes: int | None
    needs: Needs
    beneficiaries: tuple[Beneficiary, ...]
    guarantee: Guarantee
    reserve_percent: int | None
    hold_days: int
    ahead_days: int | None
    open_most: int | None
    waiting_list: bool
    waiting_first: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gift:
    """Gifts among the living."""

    to: GiftTo
    relations: tuple[Relation, ...]
    most_minutes: int | None
    month_minutes: int | None


@dataclass(frozen=True, slots=True)
class Grants:
    """Hours given to people in need, from the pool or issued."""

    source: GrantSource
    groups: tuple[str, ...]
    most_minutes: int | None
    month_minutes: int | None


@dataclass(frozen=True, slots=True)
class Purse:
    """What one origin of hours may be used for, and after how many months without use it lapses."""

    redeem: bool
    gift: bool
    donate: bool
    expires_after_months: int | None

    def allows(self, use: Use) -> bool:
        return {Use.REDEEM: self.redeem, Use.GIFT: self.gift, Use.DONATE: self.donate}[use]


@dataclass(frozen=True, slots=True)
class Purses:
    """The five purses and the order in which they are spent."""

    earned: Purse
    received: Purse
    granted: Purse
    group: Purse
    imported: Purse
    spending_order: tuple[Origin, ...]

    def of(self, origin: Origin) -> Purse:
        return {
            Origin.EARNED: self.earned,
            Origin.RECEIVED: self.received,
            Origin.GRANTED: self.granted,
            Origin.GROUP: self.group,
            Origin.IMPORTED: self.imported,
        }[origin]


@dataclass(frozen=True, slots=True)
class Group:
    """People in need, by age and recorded circumstances: all of `tags_all` and, if there are any, one of `tags_any`."""

    code: str
    name: str
    name_en: str
    age_years: int | None
    below_years: int | None
    tags_all: tuple[str, ...]
    tags_any: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Honour:
    """What so many verified minutes are thanked with. It moves nothing. `redeem.waiting_first` may name its code: then
    who has it stands on the waiting list before others, and behind people in need."""

    code: str
    minutes: int
    name: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Watch:
    """From where on something is shown as unusual. Flags decide nothing."""

    pair_month_records: int | None
    reciprocal_days: int | None
    burst_day_records: int | None
    bulk_day_entries: int | None
    late_days: int | None
    manual_percent: int | None
    travel_minutes: int | None


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of the rules. `effective_at` is None in a preset only, until the county decides on it.

    `care` is None in documents of schema 1 only.
    """

    schema: int
    code: str
    name: str
    name_en: str
    source: str
    effective_at: str | None
    unit: Unit
    rounding: Rounding
    weights_percent: tuple[tuple[str, int], ...]
    limits: Limits
    cap: Cap
    entry: Entry
    volunteers: Volunteers
    redeem: Redeem
    gift: Gift
    donate: bool
    inherit: Inherit
    grants: Grants
    purses: Purses
    groups: tuple[Group, ...]
    honours: tuple[Honour, ...]
    watch: Watch
    undo_minutes: int
    care: Care | None = None

    @property
    def in_force_from(self) -> datetime | None:
        return None if self.effective_at is None else parse_rfc3339(self.effective_at)

    def group(self, code: str) -> Group:
        """Raises KeyError for a code that the document doesn't define."""
        for group in self.groups:
            if group.code == code:
                return group
        raise KeyError(code)

    def weight_percent(self, service_code: str) -> int:
        """100 where the document names no weight: an hour is an hour."""
        return dict(self.weights_percent).get(service_code, 100)
