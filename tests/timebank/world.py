"""A small world for tests: one county, three stations, their staff, and members who are made when a test needs them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from ledger.stores.sql import make_engine
from timebank.demo.people import resident_number
from timebank.domain.catalogue import seed_services
from timebank.domain.errors import TimebankError
from timebank.domain.roles import Actor, Role, RoleName
from timebank.services import beginning, catalogue, hours, keys, members, network, papers, policies, staff
from timebank.services.hours import HoursView, LogHours
from timebank.services.members import Application
from timebank.services.network import NewStation
from timebank.settings import Settings, load
from timebank.storage import schema
from timebank.storage.unit import Bank
from timebank.storage.vault import Passwords, Vault

NOW = datetime(2026, 9, 15, 8, 0, tzinfo=UTC)
PASSWORD = "three green apples"
PIN = "258013"
QUICK = Passwords(memory_kib=8, time_cost=1)


def settings_in(folder: Path, **environ: str) -> Settings:
    """The demo's settings in a folder of their own."""
    return load({"TIMEBANK_INSTANCE": str(folder), **environ})


def make_bank(settings: Settings, now: datetime = NOW) -> Bank:
    """A bank over an empty, migrated database, with quick password hashes."""
    engine = make_engine(settings.database_url, pool_size=8)
    schema.upgrade(engine)
    bank = Bank(
        engine=engine,
        settings=settings,
        vault=Vault(settings.master_key, settings.index_key, os.urandom, settings.older_master_keys),
        passwords=QUICK,
        random=os.urandom,
        clock=lambda: now,
    )
    keys.make_first(bank)
    papers.make_key(bank)
    return bank


@contextmanager
def rolled_back(bank: Bank) -> Iterator[Bank]:
    """The bank inside one outer transaction, which is undone at the end: whatever a test writes is gone."""
    with bank.engine.connect().execution_options(sqlite_begin="IMMEDIATE") as connection:
        transaction = connection.begin()
        try:
            yield replace(bank, outer=connection)
        finally:
            transaction.rollback()


@dataclass
class World:
    """The county as tests see it. Everything is made through the public services."""

    bank: Bank
    stations: dict[str, str] = field(default_factory=dict)
    staff: dict[str, Actor] = field(default_factory=dict)
    serial: int = 0

    @property
    def engine(self) -> Engine:
        return self.bank.engine

    def member(
        self, station: str = "A", *, born: date = date(1950, 3, 15), pin: str | None = None, tags: tuple[str, ...] = (),
        name: str = "张桂芳", registered: datetime = NOW - timedelta(days=60),
    ) -> Actor:  # fmt: skip
        """A new active member of a station."""
        self.serial += 1
        form = Application(
            name=name,
            phone=f"199{self.serial:08d}",
            document_type="resident",
            document_number=resident_number(born, self.serial),
            station_id=self.stations[station],
            serves=True,
            receives=True,
            consent=True,
            tags=tags,
            password=PASSWORD,
        )
        worker = self.staff[f"worker {station}"]
        view = members.register(self.bank, worker, form, now=registered)
        if pin:
            members.set_pin(self.bank, worker, view.person_id, pin, now=registered)
        return self.as_member(view.person_id, station)

    def as_member(self, person_id: str, station: str = "A") -> Actor:
        role = Role(RoleName.MEMBER, self.stations[station])
        return Actor(self.bank.settings.book, person_id, frozenset({role}), "web")

    def number(self, actor: Actor) -> str:
        """The member number of somebody."""
        with self.bank.read() as unit:
            membership = unit.members.get(actor.person_id)
            assert membership is not None
            return membership.number

    def told(
        self, elder: Actor, *, ago: timedelta = timedelta(hours=3), minutes: int = 60, service: str = "chatting",
        redemption_id: str | None = None, now: datetime = NOW,
    ) -> LogHours:  # fmt: skip
        """Hours for an elder, as a volunteer would tell them."""
        return LogHours(elder.person_id, service, now - ago, minutes, "home", redemption_id=redemption_id)

    def logged(self, volunteer: Actor, elder: Actor, **told: object) -> HoursView:
        return hours.log(self.bank, volunteer, self.told(elder, **told), now=NOW)  # type: ignore[arg-type]

    def confirmed(self, volunteer: Actor, elder: Actor, **told: object) -> HoursView:
        view = self.logged(volunteer, elder, **told)
        return hours.confirm(self.bank, elder, view.id, "", now=NOW)

    def verified(self, volunteer: Actor, elder: Actor, **told: object) -> HoursView:
        view = self.confirmed(volunteer, elder, **told)
        outcome = hours.verify(self.bank, self.staff["worker A"], [view.id], now=NOW)[0]
        assert outcome.refusal is None, outcome.refusal
        return hours.see(self.bank, volunteer, view.id)

    def rich(self, minutes: int = 600, station: str = "A", **kind: object) -> Actor:
        """A member who earned so many minutes, in services of at most two hours on days before."""
        member = self.member(station, **kind)  # type: ignore[arg-type]
        elder = self.member(station, name="李秀英")
        left, day = minutes, 1
        while left:
            part = min(left, 120)
            view = hours.log(
                self.bank, member, self.told(elder, ago=timedelta(days=day, hours=3), minutes=part), now=NOW
            )
            hours.confirm(self.bank, elder, view.id, "", now=NOW)
            worker = self.staff[f"worker {station}"]
            assert hours.verify(self.bank, worker, [view.id], now=NOW)[0].refusal is None
            left, day = left - part, day + 1
        return member

    def balance(self, actor: Actor, origin: str = "earned") -> int:
        with self.bank.read() as unit:
            return unit.balances(actor.person_id).get(origin, 0)

    def size(self) -> int:
        return beginning.size(self.bank)


def refused(world: World, error: type[TimebankError], deed: Callable[[], Any]) -> None:
    """The deed is refused so, and the book is as it was."""
    before = world.size()
    with pytest.raises(error):
        deed()
    assert world.size() == before


def build_world(bank: Bank, policy: str = "demo") -> World:
    """The county with its staff: an administrator, a county and a street centre, two workers a station, an auditor."""
    start = NOW - timedelta(days=100)
    world = World(bank)
    beginning.begin(bank, software="tests", now=start)
    network.found(bank, division_code="130202000000", name="路南区", name_en="Lunan District", hotline="0315-12349")
    founder = Actor(bank.settings.book, beginning.FOUNDER, frozenset({Role(RoleName.COUNTY)}), "seed")
    rows = [
        ("130202000000", "county", "路南区", None),
        ("130202001000", "township", "学院南路街道", "130202000000"),
        ("130202001002", "village", "新谊社区", "130202001000"),
        ("130202001007", "village", "双新楼社区", "130202001000"),
    ]
    for code, level, name, parent in rows:
        network.add_division(
            bank, founder, code=code, level=level, name=name, name_en=name, parent_code=parent, since=date(2023, 6, 30)
        )
    operator = network.add_operator(
        bank, founder, name="演示中心", name_en="Demonstration Centre", kind="nonprofit", uscc="52130200MJ0000018F",
        certificate_number=None, now=start,
    )  # fmt: skip
    for key, kind, division, parent in (
        ("county", "county_centre", "130202000000", None),
        ("street", "street_centre", "130202001000", "county"),
        ("A", "station", "130202001002", "street"),
        ("B", "station", "130202001007", "street"),
    ):
        new = NewStation(
            kind, f"LN-{key}", f"{key}站", f"Station {key}", division, world.stations.get(parent or ""),
            operator, key, "新谊社区 1 号", "0315-2800001", "08:30–17:30", 39_617_800, 118_173_900,
            date(2024, 1, 1),
        )  # fmt: skip
        world.stations[key] = network.add_station(bank, founder, new, now=start)
    _, administrator = beginning.first_administrator(
        bank, name="蒋华", phone="19911110000", login="admin", password=PASSWORD, now=start
    )
    world.staff["admin"] = administrator
    for serial, (key, role, station) in enumerate(
        (
            ("worker A", RoleName.WORKER, "A"),
            ("second A", RoleName.WORKER, "A"),
            ("worker B", RoleName.WORKER, "B"),
            ("street", RoleName.STREET, "street"),
            ("county", RoleName.COUNTY, "county"),
            ("auditor", RoleName.AUDITOR, None),
        )
    ):
        station_id = world.stations[station] if station else None
        person_id = staff.appoint(
            bank, administrator, name="赵敏", phone=f"1991111100{serial + 1}", login=key.replace(" ", ""),
            password=PASSWORD, role=str(role), station_id=station_id, now=start, must_change=False,
        )  # fmt: skip
        world.staff[key] = Actor(bank.settings.book, person_id, frozenset({Role(role, station_id)}), "web")
    for service in seed_services():
        catalogue.add(bank, world.staff["county"], service)
    policies.decide(bank, world.staff["county"], policies.template(policy), start, now=start)
    return world
