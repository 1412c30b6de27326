"""The catalogue of services. 5 + X and the six helps are two views of the same items.

Sources: the five base classes and "X" of the community elder-care service list, the six helps of the "zero-distance"
service. Medical acts are out of scope: a referral, never an hour.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Final

from timebank.domain.errors import ServiceInvalid, ServiceMedical
from timebank.domain.policies import Risk
from timebank.domain.words import N_


class FiveX(StrEnum):
    """The five base classes, and the station's own (X)."""

    MEALS = "meals"
    DAILY_LIFE = "daily_life"
    REHABILITATION = "rehabilitation"
    EMERGENCY = "emergency"
    COMFORT = "comfort"
    OWN = "own"


class Help(StrEnum):
    """The six helps 助餐 助行 助医 助洁 助购 助急."""

    MEALS = "meals"
    MOVING = "moving"
    MEDICAL = "medical"
    CLEANING = "cleaning"
    SHOPPING = "shopping"
    URGENT = "urgent"


class Place(StrEnum):
    """Where a service is given. ANY stands in an item only, never in a record."""

    HOME = "home"
    STATION = "station"
    INSTITUTION = "institution"
    OUTSIDE = "outside"
    ANY = "any"


FIVE_X_LABELS: Final = {
    FiveX.MEALS: N_("meals and meal delivery"),
    FiveX.DAILY_LIFE: N_("daily life"),
    FiveX.REHABILITATION: N_("rehabilitation and care"),
    FiveX.EMERGENCY: N_("emergencies"),
    FiveX.COMFORT: N_("comfort and company"),
    FiveX.OWN: N_("our own services"),
}
HELP_LABELS: Final = {
    Help.MEALS: N_("help with meals"),
    Help.MOVING: N_("help with going out"),
    Help.MEDICAL: N_("help with seeing a doctor"),
    Help.CLEANING: N_("help with washing and cleaning"),
    Help.SHOPPING: N_("help with shopping"),
    Help.URGENT: N_("help in urgent need"),
}
PLACE_LABELS: Final = {
    Place.HOME: N_("at home"),
    Place.STATION: N_("at the station"),
    Place.INSTITUTION: N_("in a care home or hospital"),
    Place.OUTSIDE: N_("outside"),
    Place.ANY: N_("anywhere"),
}
RISK_LABELS: Final = {
    Risk.LOW: N_("low risk"),
    Risk.MEDIUM: N_("some risk"),
    Risk.HIGH: N_("high risk"),
}
LEGAL_CLASS_LABELS: Final = {
    "security": N_("old-age security"),
    "daily_care": N_("care in daily life"),
    "rehabilitation_care": N_("rehabilitation and nursing care"),
    "social_relief": N_("social relief"),
}
"""The classes of the basic list of elder-care services."""
TRAINING_LABELS: Final = {
    "food_safety": N_("food safety"),
    "escort": N_("going out safely with elders"),
    "bathing": N_("bathing and lifting"),
    "care_basics": N_("basics of care"),
    "first_aid": N_("first aid"),
    "comfort": N_("listening and comforting"),
    "haircut": N_("cutting hair at home"),
    "repairs": N_("small repairs"),
}

LONGEST_MINUTES: Final = 12 * 60
_CODE = re.compile(r"[a-z][a-z0-9_]{1,23}")
_MEDICAL = re.compile(
    "注射|输液|打针|换药|诊断|处方|导尿|鼻饲|吸痰|针灸|拔罐|injection|infusion|diagnos|prescri|catheter|acupuncture",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Service:
    """One item: what it is in both views, what it risks and needs, how long and where it is given.

    `askable`: an elder can ask for it. Duty at the station earns hours, but nobody asks for it.
    `carries_papers`: the helper may carry the elder's papers, so a consent note stands before it.
    `legal_class`: its class in the basic list of elder-care services, where the county set one.
    """

    code: str
    name: str
    name_en: str
    five_x: FiveX
    helps: tuple[Help, ...]
    risk: Risk
    training: str | None
    minutes_min: int
    minutes_max: int
    place: Place
    two_persons: bool
    active: bool = True
    rank: int = 0
    askable: bool = True
    carries_papers: bool = False
    legal_class: str | None = None


def check(service: Service) -> None:
    """Raises ServiceMedical or ServiceInvalid (with the field) for an item that can't be offered."""
    if _MEDICAL.search(service.name) or _MEDICAL.search(service.name_en):
        raise ServiceMedical
    for field, right in (
        ("code", bool(_CODE.fullmatch(service.code))),
        ("name", 1 <= len(service.name.strip()) <= 40),
        ("name_en", 1 <= len(service.name_en.strip()) <= 80),
        ("helps", len(set(service.helps)) == len(service.helps)),
        ("minutes_min", service.minutes_min >= 1),
        ("minutes_max", service.minutes_min <= service.minutes_max <= LONGEST_MINUTES),
        ("training", service.risk is not Risk.HIGH or bool(service.training)),
        ("two_persons", service.risk is not Risk.HIGH or service.two_persons),
    ):
        if not right:
            raise ServiceInvalid(field=field)


def required_training(service: Service) -> str | None:
    """The training without which nobody gives this service; None where it is only of use."""
    return service.training if service.risk is not Risk.LOW else None


def place_allowed(service: Service, place: Place) -> bool:
    """Whether a record of this service may name this place."""
    return place is not Place.ANY and service.place in (Place.ANY, place)


def by_class(services: Iterable[Service]) -> dict[FiveX, tuple[Service, ...]]:
    """The 5 + X view: each class with what is offered in it, all classes present."""
    offered = _in_order(services)
    return {one: tuple(service for service in offered if service.five_x is one) for one in FiveX}


def by_help(services: Iterable[Service]) -> dict[Help, tuple[Service, ...]]:
    """The view of the six helps; an item may stand under several."""
    offered = _in_order(services)
    return {one: tuple(service for service in offered if one in service.helps) for one in Help}


def _in_order(services: Iterable[Service]) -> list[Service]:
    return sorted((one for one in services if one.active), key=lambda one: (one.rank, one.code))


@cache
def seed_services() -> tuple[Service, ...]:
    """The items that a new county starts with."""
    items = json.loads(files("timebank").joinpath("presets", "catalogue.json").read_text(encoding="utf-8"))
    return tuple(
        Service(
            code=item["code"],
            name=item["name"],
            name_en=item["name_en"],
            five_x=FiveX(item["five_x"]),
            helps=tuple(Help(one) for one in item["helps"]),
            risk=Risk(item["risk"]),
            training=item["training"],
            minutes_min=item["minutes_min"],
            minutes_max=item["minutes_max"],
            place=Place(item["place"]),
            two_persons=item["two_persons"],
            rank=rank,
            askable=item.get("askable", True),
            carries_papers=item.get("carries_papers", False),
            legal_class=item.get("legal_class"),
        )
        for rank, item in enumerate(items, 1)
    )
