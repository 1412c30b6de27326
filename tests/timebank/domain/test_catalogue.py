"""The catalogue: one list, two views, no medical acts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from timebank.domain import catalogue, errors
from timebank.domain.catalogue import FiveX, Help, Place, Service
from timebank.domain.policies import Risk

SERVICES = {service.code: service for service in catalogue.seed_services()}
MEAL = SERVICES["meal_delivery"]


@pytest.mark.parametrize("service", catalogue.seed_services(), ids=lambda service: service.code)
def test_each_seed_item_can_be_offered(service: Service) -> None:
    catalogue.check(service)
    assert service.training is None or service.training in catalogue.TRAINING_LABELS


def test_the_seed_list_fills_both_views() -> None:
    assert len(SERVICES) >= 18
    assert all(catalogue.by_class(SERVICES.values()).values())
    assert all(catalogue.by_help(SERVICES.values()).values())
    assert SERVICES["doctor_visit"] in catalogue.by_help(SERVICES.values())[Help.MOVING]
    assert SERVICES["doctor_visit"] in catalogue.by_class(SERVICES.values())[FiveX.REHABILITATION]


def test_bathing_is_risky_and_takes_two() -> None:
    bathing = SERVICES["bathing"]
    assert (bathing.risk, bathing.training, bathing.two_persons) == (Risk.HIGH, "bathing", True)


def test_what_is_not_offered_is_in_no_view() -> None:
    assert not any(catalogue.by_class([replace(MEAL, active=False)]).values())


@pytest.mark.parametrize("name", ["上门打针", "静脉输液", "换药护理"])
def test_medical_acts_are_no_service(name: str) -> None:
    with pytest.raises(errors.ServiceMedical):
        catalogue.check(replace(MEAL, name=name))


@pytest.mark.parametrize(
    ("field", "service"),
    [
        ("code", replace(MEAL, code="Meal")),
        ("name", replace(MEAL, name=" ")),
        ("name_en", replace(MEAL, name_en="")),
        ("helps", replace(MEAL, helps=(Help.MEALS, Help.MEALS))),
        ("minutes_min", replace(MEAL, minutes_min=0)),
        ("minutes_max", replace(MEAL, minutes_max=5)),
        ("training", replace(MEAL, risk=Risk.HIGH, two_persons=True, training=None)),
        ("two_persons", replace(MEAL, risk=Risk.HIGH)),
    ],
)
def test_items_that_can_t_be_offered(field: str, service: Service) -> None:
    with pytest.raises(errors.ServiceInvalid) as refusal:
        catalogue.check(service)
    assert refusal.value.params == {"field": field}


@pytest.mark.parametrize(
    ("code", "place", "allowed"),
    [
        ("meal_delivery", Place.HOME, True),
        ("meal_delivery", Place.STATION, False),
        ("chatting", Place.STATION, True),
        ("chatting", Place.ANY, False),
    ],
)
def test_places(code: str, place: Place, allowed: bool) -> None:
    assert catalogue.place_allowed(SERVICES[code], place) is allowed


def test_every_class_help_and_place_has_words() -> None:
    assert set(catalogue.FIVE_X_LABELS) == set(FiveX)
    assert set(catalogue.HELP_LABELS) == set(Help)
    assert set(catalogue.PLACE_LABELS) == set(Place)
    assert set(catalogue.RISK_LABELS) == set(Risk)
