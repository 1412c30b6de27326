"""Loads the demonstration network into an empty database, day by day, through the public services."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from random import Random
from typing import Any

from timebank.demo import places
from timebank.demo.care import CareStory
from timebank.demo.lending import decide_cards, lend, train_and_inspect
from timebank.demo.needs import add_needs
from timebank.demo.people import PASSWORD, PIN, MadeUp, people
from timebank.demo.story import Story
from timebank.domain.catalogue import seed_services
from timebank.domain.honours import NewAward
from timebank.domain.local_time import local_day
from timebank.domain.points import Rules
from timebank.domain.roles import Actor, Role, RoleName
from timebank.founding import found_network
from timebank.services import (
    Bank,
    beginning,
    catalogue,
    coverage,
    honours,
    hours,
    members,
    points,
    policies,
    staff,
    training,
)
from timebank.services.members import Application
from timebank.services.points import NewGoods

DAYS = 92
SEED = 20260723
SHELF: tuple[tuple[str, str, str, int, int, dict[str, int]], ...] = (
    ("goods", "大米 5 千克", "Rice, 5 kg", 40, 12, {"village": 60, "donors": 40}),
    ("goods", "洗衣液", "Detergent", 25, 20, {"donors": 100}),
    ("meal", "老年餐桌午餐", "Lunch at the elders' table", 15, 30, {"government": 50, "village": 50}),
)
STAFF = (
    ("worker", "赵敏", "19911110001", RoleName.WORKER, "LN-0101"),
    ("worker2", "钱宏", "19911110002", RoleName.WORKER, "LN-0101"),
    ("worker3", "孙丽", "19911110003", RoleName.WORKER, "LN-0201"),
    ("worker4", "李强", "19911110004", RoleName.WORKER, "LN-0102"),
    ("worker5", "周涛", "19911110005", RoleName.WORKER, "LN-0102"),
    ("worker6", "吴芳", "19911110006", RoleName.WORKER, "LN-0201"),
    ("street", "郑洁", "19911110007", RoleName.STREET, "LN-01"),
    ("street2", "冯刚", "19911110008", RoleName.STREET, "LN-02"),
    ("county", "陈静", "19911110009", RoleName.COUNTY, "LN-00"),
    ("county2", "褚明", "19911110010", RoleName.COUNTY, "LN-00"),
    ("auditor", "卫平", "19911110011", RoleName.AUDITOR, None),
)


def load_demo(bank: Bank, *, say: Callable[[str], object], now: datetime | None = None, days: int = DAYS) -> bool:
    """Load the network if the database is empty. False if it was there already."""
    if beginning.has_begun(bank):
        return False
    end = now or datetime.now(UTC)
    start = (end - timedelta(days=days)).replace(hour=1, minute=0, second=0, microsecond=0)
    say("Loading the demonstration network: three months of a real district's time bank with made-up people …")
    random = Random(SEED)  # noqa: S311 - a story, no secret
    with bank.together() as one:
        beginning.begin(one, software="timebank demo data: people and dates are simulated", now=start)
        _, administrator = beginning.first_administrator(
            one, name="蒋华", phone="19911110000", login="admin", password=PASSWORD, now=start
        )
        stations = found_network(one, lunan(), now=start)
        actors = _staff(one, administrator, stations, start)
        actors["admin"] = administrator
        _rules(one, actors["county"], start)
        decide_cards(one, actors["county"], start)
        places.furnish(one, actors, stations, start)
        crowd = _members(one, actors, stations, people(random), start)
    story = Story(bank, random, actors, crowd, stations)
    care = CareStory(Random(SEED), actors, crowd, stations)  # noqa: S311 - a story, no secret
    for day in range(days):
        with bank.together() as one:
            story.day(one, start + timedelta(days=day), last=day == days - 1)
            care.day(one, start + timedelta(days=day), story.finished, first=day == 0, last=day == days - 1)
        if day % 23 == 22:
            say(f"  … {day + 1} days")
    with bank.together() as one:
        elders = [story.member(who, made) for who, made in crowd if made.receives]
        lend(one, actors["worker"], stations["LN-0101"], crowd, elders, end)
        train_and_inspect(one, actors, stations["LN-0101"], crowd, end)
        add_needs(one, actors, [(who, made, story.member(who, made)) for who, made in crowd], stations, end)
        _add_points(one, actors, crowd, stations, end)
        commended = NewAward("邻里好帮手", "新谊社区居民委员会（演示）", local_day(start), "")
        honours.record(one, actors["worker"], crowd[0][0], commended, now=end)
        hours.make_sheet(one, actors["worker"], stations["LN-0101"], local_day(end), 4, now=end)
    coverage.run_nightly(bank, now=end)
    say(f"Done: {beginning.size(bank)} entries in the book.")
    return True


def _add_points(
    bank: Bank, actors: dict[str, Actor], crowd: list[tuple[str, MadeUp]], stations: dict[str, str], now: datetime
) -> None:
    """A programme of points with a little on the shelf."""
    rules = Rules("红分", "Red points", "redpoints", "红分", "red points", 10, 200, 14)
    programme = points.propose(bank, actors["county"], rules, now=now).id
    points.decide(bank, actors["county2"], programme, now=now)
    for kind, name, english, cost, stock, funding in SHELF:
        goods = NewGoods(stations["LN-0101"], kind, name, english, cost, stock, funding)
        points.offer(bank, actors["worker"], programme, goods, now=now)
    for person_id, made in crowd[:60:12]:
        if made.station == "LN-0101":
            points.award(bank, actors["worker"], programme, person_id, 60, "environment", now=now)


def lunan() -> dict[str, Any]:
    """The district with its divisions and the demonstration's stations."""
    text = files("timebank").joinpath("presets", "lunan.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def _staff(bank: Bank, administrator: Actor, stations: dict[str, str], now: datetime) -> dict[str, Actor]:
    actors = {}
    for login, name, phone, role, station in STAFF:
        station_id = stations[station] if station else None
        person_id = staff.appoint(
            bank,
            administrator,
            name=name,
            phone=phone,
            login=login,
            password=PASSWORD,
            role=str(role),
            station_id=station_id,
            now=now,
            must_change=False,
        )
        actors[login] = Actor(administrator.book, person_id, frozenset({Role(role, station_id)}), "web")
    return actors


def _rules(bank: Bank, county: Actor, now: datetime) -> None:
    for service in seed_services():
        catalogue.add(bank, county, service)
    policies.decide(bank, county, policies.template("demo"), now, now=now)


def _members(
    bank: Bank, actors: dict[str, Actor], stations: dict[str, str], made: list[MadeUp], now: datetime
) -> list[tuple[str, MadeUp]]:
    """Register everybody at the own station; elders get PINs, volunteers their trainings, families their ties."""
    workers = {"LN-0101": actors["worker"], "LN-0102": actors["worker4"], "LN-0201": actors["worker3"]}
    crowd = []
    for serial, one in enumerate(made):
        worker = workers[one.station]
        view = members.register(
            bank,
            worker,
            Application(
                name=one.name,
                phone=one.phone,
                document_type="resident",
                document_number=one.resident_id,
                station_id=stations[one.station],
                serves=one.serves,
                receives=one.receives,
                consent=True,
                consent_channel="desk",
                address=f"示范小区 {serial % 20 + 1} 号楼 {serial % 4 + 1} 单元 {serial % 6 + 1}0{serial % 3 + 1}",
                tags=one.tags,
                password=PASSWORD,
            ),
            now=now,
        )
        if one.receives:
            members.set_pin(bank, worker, view.person_id, PIN, now=now)
        if one.serves:
            for name in ("escort", "care_basics", "food_safety", "first_aid"):
                training.record(bank, worker, view.person_id, name, now.date(), None, now=now)
        crowd.append((view.person_id, one))
    return crowd
