"""Credit files (信用档案): facts about organisations, stations and staff; and the list of dishonest organisations."""

from timebank.services.credit_files.events import (
    EventView,
    NewEvent,
    PublicEvent,
    events,
    public_events,
    record,
    see,
    staff,
    step,
    trail,
)
from timebank.services.credit_files.history import StepView
from timebank.services.credit_files.listings import (
    ListingView,
    listings,
    propose,
    public_listings,
    see_listing,
    step_listing,
)
from timebank.services.credit_files.use import FactsOfUse, facts_of_use

__all__ = [
    "EventView",
    "FactsOfUse",
    "ListingView",
    "NewEvent",
    "PublicEvent",
    "StepView",
    "events",
    "facts_of_use",
    "listings",
    "propose",
    "public_events",
    "public_listings",
    "record",
    "see",
    "see_listing",
    "staff",
    "step",
    "step_listing",
    "trail",
]
