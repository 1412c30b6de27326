"""Needs: posted, checked by the station, taken on by a volunteer, served, verified."""

from timebank.services.needs.desk import counts, no_show, provide, publish, reject, talks
from timebank.services.needs.follow import carry_out_due
from timebank.services.needs.post import PostNeed, cancel, post, restore
from timebank.services.needs.take import Circle, OpenNeed, give_back, link, look, open_near, start, take, untake
from timebank.services.needs.values import NeedView, at_desk, mine, of_elders, of_member, see, trail
from timebank.storage.trails import StepView

__all__ = [
    "Circle",
    "NeedView",
    "OpenNeed",
    "PostNeed",
    "StepView",
    "at_desk",
    "cancel",
    "carry_out_due",
    "counts",
    "give_back",
    "link",
    "look",
    "mine",
    "no_show",
    "of_elders",
    "of_member",
    "open_near",
    "post",
    "provide",
    "publish",
    "reject",
    "restore",
    "see",
    "start",
    "take",
    "talks",
    "trail",
    "untake",
]
