"""What happens around the hours in the demonstration: monthly visits, ratings, complaints, a fact in a file."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from timebank.demo.people import MadeUp
from timebank.domain.local_time import local_day
from timebank.domain.roles import Actor
from timebank.services import Bank, complaints, credit_files, ratings, rounds
from timebank.services.complaints import NewComplaint
from timebank.services.credit_files import NewEvent
from timebank.services.rounds import NewVisit

FIRST = {"LN-0101": "worker", "LN-0102": "worker4", "LN-0201": "worker3"}
VISITED = ("living_alone", "empty_nest", "disabled", "severely_disabled", "left_behind")
EACH = 6


class CareStory:
    """The made-up care of the stations for those who live alone."""

    def __init__(
        self, random: Random, actors: dict[str, Actor], crowd: list[tuple[str, MadeUp]], stations: dict[str, str]
    ) -> None:
        self.random, self.actors, self.stations = random, actors, stations
        self.crowd = crowd
        self.listed: list[tuple[str, str]] = []
        """(enrolment, station) of those who are visited."""

    def day(self, bank: Bank, morning: datetime, finished: list[tuple[str, str]], *, first: bool, last: bool) -> None:
        """Enrol on the first day, visit one elder a day; on the last day something is found, rated, complained of.

        `finished`: (record, station) of the services so far.
        """
        if first:
            self._enrol(bank, morning)
        now = morning + timedelta(hours=3)
        if self.listed:
            self._visit(bank, self.random.choice(self.listed), "fine", "", now)
        if last and len(self.listed) > 1:
            self._visit(bank, self.listed[0], "follow_up", "血压偏高，明天再去看看", now)
            self._visit(bank, self.listed[-1], "urgent", "头晕站不稳，已陪同就医", now)
            for code, worker in FIRST.items():
                rounds.plan(bank, self.actors[worker], self.stations[code], local_day(now).replace(day=1), now=now)

        if last and finished:
            self._rate(bank, finished[-8:], now)
            self._complain(bank, now)
            self._file(bank, now)

    def _rate(self, bank: Bank, finished: list[tuple[str, str]], now: datetime) -> None:
        """What elders say on the phone, written down at the desk."""
        for serial, (record_id, code) in enumerate(finished):
            face = ("good", "good", "so_so")[serial % 3]
            ratings.rate(bank, self.actors[FIRST[code]], record_id, "receiver", face, now=now)

    def _complain(self, bank: Bank, now: datetime) -> None:
        """One that is answered, one that was sent without an account and waits."""
        person_id, made = next((one, made) for one, made in self.crowd if made.receives)
        station = self.stations[made.station]
        wish = NewComplaint(station, "service", "志愿者比约定时间晚到半小时，没有提前打电话")
        one = complaints.make(bank, self.actors[FIRST[made.station]], wish, person_id, now=now)
        handler = self.actors["street2" if made.station.startswith("LN-02") else "street"]
        complaints.step(bank, handler, one.id, "accept", now=now)
        complaints.step(bank, handler, one.id, "answer", "已提醒志愿者，迟到须提前告知", outcome="upheld", now=now)
        wish = NewComplaint(self.stations["LN-0101"], "station", "活动室下午总是关着门")
        complaints.make_in_public(bank, wish, "", "", "demo", now=now)

    def _file(self, bank: Bank, now: datetime) -> None:
        station, day = self.stations["LN-0101"], local_day(now)
        breach = NewEvent("station", station, "breach", "公示的开放时间内未开门（演示）", "检查 2026-07（演示）", day)
        award = NewEvent("operator", station, "award", "年度先进养老服务站点（演示）", "表彰 2026-02（演示）", day)
        for fact in (breach, award):
            credit_files.record(bank, self.actors["street"], fact, now=now)

    def _enrol(self, bank: Bank, now: datetime) -> None:
        for code, worker in FIRST.items():
            found = [(one, made) for one, made in self.crowd if made.station == code and set(made.tags) & set(VISITED)]
            for serial, (person_id, made) in enumerate(found[:EACH]):
                evidence = dict.fromkeys(made.tags, "社区入户核实（演示）")
                view = rounds.enrol(bank, self.actors[worker], person_id, evidence, f"{serial % 3 + 1:02d}", now=now)
                self.listed.append((view.id, code))

    def _visit(self, bank: Bank, listed: tuple[str, str], outcome: str, words: str, now: datetime) -> None:
        enrolment_id, code = listed
        mode = self.random.choice(("home", "home", "phone", "station"))
        visit = NewVisit(mode, outcome, now - timedelta(minutes=30), words)
        rounds.record(bank, self.actors[FIRST[code]], enrolment_id, visit, now=now)
