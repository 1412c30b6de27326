"""Complaints: made by anybody, handled by the street or county, never by whom they are about, and never left."""

from timebank.services.complaints.make import NewComplaint, make, make_in_public
from timebank.services.complaints.read import at_stations, mine, see, see_in_public, trail, trail_in_public
from timebank.services.complaints.steps import close_lapsed, step, step_in_public
from timebank.services.complaints.values import ComplaintStep, ComplaintView

__all__ = [
    "ComplaintStep",
    "ComplaintView",
    "NewComplaint",
    "at_stations",
    "close_lapsed",
    "make",
    "make_in_public",
    "mine",
    "see",
    "see_in_public",
    "step",
    "step_in_public",
    "trail",
    "trail_in_public",
]
