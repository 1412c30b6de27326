"""What happens around the hours in the demonstration: monthly visits with their findings."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from timebank.demo.people import MadeUp
from timebank.domain.local_time import local_day
from timebank.domain.roles import Actor
from timebank.services import Bank, rounds
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

    def day(self, bank: Bank, morning: datetime, *, first: bool, last: bool) -> None:
        """Enrol on the first day, visit one elder a day; on the last day something is found."""
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
