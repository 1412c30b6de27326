"""What is needed and offered in the demonstration: needs in several states, offers, a team, activities, projects."""

from __future__ import annotations

from datetime import datetime, timedelta

from timebank.demo.people import MadeUp
from timebank.demo.story import COLLEAGUE
from timebank.domain.activities import NewActivity, NewProject
from timebank.domain.errors import TimebankError
from timebank.domain.local_time import CHINA
from timebank.domain.roles import Actor
from timebank.services import Bank, activities, needs, offers, projects, teams
from timebank.services.needs import PostNeed
from timebank.services.offers import MakeOffer

STATION = "LN-0101"
People = list[tuple[str, MadeUp, Actor]]
WISHES = (
    ("cleaning", 60, 1, 9, "charity", "楼梯较陡，无扶手", True),
    ("shopping", 60, 1, 10, "government", "未发现", True),
    ("chatting", 45, 1, 15, "charity", "听力差，请大声说话", True),
    ("doctor_visit", 120, 2, 8, "government", "晕车，请慢走", True),
    ("reading", 30, 2, 14, "own", "未发现", True),
    ("walking", 60, 3, 9, "charity", "有一只小狗", False),
    ("cleaning", 60, 3, 10, "time", "地面较滑", False),
)
"""Service, minutes, days from now, local hour, who pays, risk, whether the station has published it."""
OFFERS = (
    ((1, 2, 3, 4, 5, 6, 7), "08:00", "18:00", ("cleaning", "shopping", "walking"), "不抬重物"),
    ((1, 3, 5, 6, 7), "08:00", "12:00", ("doctor_visit", "shopping", "reading"), "没有"),
    ((2, 4, 6, 7), "13:00", "20:00", ("chatting", "reading", "phone_teaching"), "没有"),
    ((1, 2, 3, 4, 5, 6, 7), "09:00", "17:00", ("cleaning", "chatting", "meal_delivery"), "膝盖不好，少爬楼"),
)


def add_needs(bank: Bank, actors: dict[str, Actor], people: People, stations: dict[str, str], now: datetime) -> None:
    """The made-up needs and offers around one station, on the last day. A refusal leaves one of them out."""
    volunteers = [one for one in people if one[1].station == STATION and one[1].serves]
    elders = [one for one in people if one[1].station == STATION and one[1].receives][-8:]
    worker = actors[COLLEAGUE[STATION][0]]
    for (_, _, who), (weekdays, start, end, services, risk) in zip(volunteers, OFFERS, strict=False):
        offers.make(
            bank, who, MakeOffer(weekdays, start, end, services, risk, languages=("mandarin", "dialect")), now=now
        )
    posted = []
    for (person_id, _, elder), (service, minutes, days, hour, funding, risk, publish) in zip(
        [*elders[:6], volunteers[-1]], WISHES, strict=False
    ):
        form = PostNeed(person_id, service, minutes, _at(now, days, hour), risk, funding)
        try:
            view = needs.post(bank, elder, form, now=now)
        except TimebankError:
            continue
        if publish:
            needs.publish(bank, worker, view.id, now=now)
            posted.append(view.id)
    _take(bank, volunteers, posted, now)
    _together(bank, worker, volunteers, [one[0] for one in elders], stations[STATION], now)


def _at(now: datetime, days: int, hour: int) -> datetime:
    there = now.astimezone(CHINA) + timedelta(days=days)
    return there.replace(hour=hour, minute=0, second=0, microsecond=0)


def _take(bank: Bank, volunteers: People, posted: list[str], now: datetime) -> None:
    """One need is taken on already."""
    for _, _, who in volunteers[4:8]:
        try:
            needs.take(bank, who, posted[-1], now=now)
        except TimebankError:
            continue
        return


def _together(
    bank: Bank, worker: Actor, volunteers: People, elder_ids: list[str], station_id: str, now: datetime
) -> None:
    """A team, its meal run with many elders, and two projects."""
    leader = volunteers[0][0]
    team = teams.make(bank, worker, station_id, "新谊暖心服务队", leader, now=now)
    for person_id, _, _ in volunteers[1:4]:
        teams.add(bank, worker, team.id, person_id, now=now)
    served = [one for one in elder_ids if one not in {person_id for person_id, _, _ in volunteers[:6]}]
    run = NewActivity(
        station_id, "周末送餐", _at(now, 2, 11), 60, "新谊社区", "给独居老人送午餐", "meal_delivery", leader, 6, served
    )
    view = activities.plan(bank, worker, run, now=now)
    for _, _, who in volunteers[1:3]:
        try:
            activities.join(bank, who, view.id, now=now)
        except TimebankError:
            continue
    today = now.astimezone(CHINA).date()
    for name, wanted, skills, count in (
        ("一老一小周末陪伴", "周六上午陪老人和孩子读书", (), 8),
        ("急救知识进楼院", "教老人和照护者急救常识", ("first_aid",), 4),
    ):
        form = NewProject(station_id, name, wanted, skills, count, today, today + timedelta(days=180))
        project = projects.make(bank, worker, form, now=now)
        projects.join(bank, volunteers[5][2], project.id, now=now)
