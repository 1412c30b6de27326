"""What happens in the demonstration, day by day: services in every state, redemptions in every state, gifts, grants."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from timebank.demo.lending import agree
from timebank.demo.people import PIN, MadeUp
from timebank.domain.errors import TimebankError
from timebank.domain.roles import Actor, Role, RoleName
from timebank.services import Bank, families, hours, redemptions, reversals, transfers
from timebank.services.hours import HoursView, LogHours, RowRefused
from timebank.services.redemptions import AskForCare

COLLEAGUE = {"LN-0101": ("worker", "worker2"), "LN-0102": ("worker4", "worker5"), "LN-0201": ("worker3", "worker6")}
USUAL = ("chatting", "cleaning", "shopping", "doctor_visit", "visiting", "walking", "meal_delivery", "phone_teaching")
ASKED = ("cleaning", "shopping", "doctor_visit", "walking", "chatting")


class Story:
    """The made-up life of a network. Refusals happen, as they would, and change nothing."""

    def __init__(
        self,
        bank: Bank,
        random: Random,
        actors: dict[str, Actor],
        crowd: list[tuple[str, MadeUp]],
        stations: dict[str, str],
    ) -> None:
        self.random, self.actors, self.stations = random, actors, stations
        self.book = bank.settings.book
        self.volunteers = [(one, made) for one, made in crowd if made.serves][:34]
        self.elders = [(one, made) for one, made in crowd if made.receives][-22:]
        self.verified: list[tuple[int, str]] = []
        self.finished: list[tuple[str, str]] = []
        """(record, station) of what was verified, for ratings."""
        self.savers = [(one, made) for one, made in crowd if made.serves and made.born_year < 1965]
        self.refused = 0

    def day(self, bank: Bank, morning: datetime, *, last: bool) -> None:
        """One day from nine in the morning, local time."""
        services = 12 if last else self.random.randint(7, 11)
        waiting = []
        for number in range(services):
            try:
                record = self._serve(bank, morning + timedelta(minutes=25 * number))
            except (TimebankError, RowRefused):
                self.refused += 1
                continue
            waiting.append(record)
        keep = 5 if last else 0
        self._verify(bank, waiting[keep:], morning + timedelta(hours=8, minutes=30))
        self._redeem(bank, morning + timedelta(hours=9), last)
        self._move(bank, morning, last)

    def member(self, person_id: str, made: MadeUp) -> Actor:
        return Actor(self.book, person_id, frozenset({Role(RoleName.MEMBER, self.stations[made.station])}), "web")

    def _serve(self, bank: Bank, start: datetime) -> tuple[str, str]:
        """One service: logged online, by check-in, from a slip, or typed in by hand. Gives (record id, station)."""
        volunteer_id, made = self.random.choice(self.volunteers)
        near = [pair for pair in self.elders if pair[1].station == made.station and pair[0] != volunteer_id]
        elder_id, _ = self.random.choice(near)
        service, minutes = self.random.choice(USUAL), 15 * self.random.randint(2, 8)
        minutes = max(minutes, 60) if service == "doctor_visit" else minutes
        end = start + timedelta(minutes=minutes)
        me = self.member(volunteer_id, made)
        way = self.random.random()
        place = {"shopping": "outside", "walking": "outside", "doctor_visit": "institution"}.get(service, "home")
        form = LogHours(elder_id, service, start, minutes, place)
        agree(bank, self.member(elder_id, made), volunteer_id, service, start)
        if way < 0.25:
            view = self._visit(bank, me, elder_id, service, start, end)
        elif way < 0.45:
            worker = self.actors[COLLEAGUE[made.station][0]]
            slip = hours.issue_slips(bank, worker, self.stations[made.station], 1, now=end)[0]
            number = slip if way < 0.42 else ""
            view = hours.enter(bank, worker, [(volunteer_id, number, form)], now=end + timedelta(hours=1))[0]
        else:
            view = hours.log(bank, me, form, now=end + timedelta(minutes=20))
        if view.state == "logged" and self.random.random() < 0.94:
            self._answer(bank, elder_id, view.id, end + timedelta(minutes=40), volunteer_id)
        return view.id, made.station

    def _visit(self, bank: Bank, me: Actor, elder_id: str, service: str, start: datetime, end: datetime) -> HoursView:
        """Check-in and check-out; where the hours are refused, the visit is dropped."""
        visit = hours.check_in(bank, me, elder_id, service, pin=PIN, now=start)
        try:
            return hours.check_out(bank, me, visit.id, pin=PIN, now=end)
        except TimebankError:
            hours.abandon(bank, me, visit.id, now=end)
            raise

    def _answer(self, bank: Bank, elder_id: str, record_id: str, now: datetime, volunteer_id: str) -> None:
        """The elder says yes, mostly; now and then no; now and then the volunteer takes it back."""
        made = next(made for one, made in self.elders if one == elder_id)
        fate = self.random.random()
        if fate < 0.03:
            hours.step(bank, self.member(elder_id, made), record_id, "dispute", "shorter", "", now=now)
        elif fate < 0.05:
            volunteer = next(pair for pair in self.volunteers if pair[0] == volunteer_id)
            hours.step(bank, self.member(*volunteer), record_id, "withdraw", "mistake", "", now=now)
        else:
            hours.confirm(bank, self.member(elder_id, made), record_id, "", now=now)

    def _verify(self, bank: Bank, records: list[tuple[str, str]], now: datetime) -> None:
        for record_id, station in records:
            worker = self.actors[COLLEAGUE[station][1]]
            view = hours.see(bank, worker, record_id)
            if view.state == "confirmed" and self.random.random() < 0.03:
                hours.step(bank, worker, record_id, "reject", "no_evidence", "", now=now)
            elif view.state == "confirmed":
                outcome = hours.verify(bank, worker, [record_id], now=now)[0]
                if outcome.entry_seq is not None:
                    self.verified.append((outcome.entry_seq, station))
                    self.finished.append((record_id, station))

    def _redeem(self, bank: Bank, now: datetime, last: bool) -> None:
        """Members who saved enough ask for care; each request meets one of its possible ends."""
        fates = tuple(range(13)) if last else (self.random.randint(0, 9),) * (self.random.random() < 0.8)
        for fate in fates:
            for person_id, made in self.random.sample(self.savers, 6):
                form = AskForCare(person_id, person_id, self.random.choice(ASKED), 60, now + timedelta(days=2))
                try:
                    view = redemptions.ask(bank, self.member(person_id, made), form, now=now)
                    self._fate(bank, view.id, person_id, made, now, fate)
                    break
                except TimebankError:
                    self.refused += 1

    def _fate(self, bank: Bank, one: str, person_id: str, made: MadeUp, now: datetime, fate: int) -> None:
        first, second = (self.actors[name] for name in COLLEAGUE[made.station])
        if fate in (0, 1, 2):
            self._helped(bank, one, person_id, made, now)
        elif fate in (3, 4, 10):
            redemptions.deliver(bank, first, one, 45 if fate == 4 else 60, delivered_at=now, now=now)
            if fate != 10:
                redemptions.settle(bank, second, one, now=now)
        elif fate == 5:
            redemptions.step(bank, self.member(person_id, made), one, "cancel", "not_needed", now=now)
        elif fate == 6:
            redemptions.step(bank, first, one, "decline", "nobody_free", now=now)
        elif fate == 7:
            redemptions.step(bank, first, one, "wait", None, now=now)
        elif fate == 8:
            redemptions.step(bank, first, one, "no_show", "elder_absent", now=now)
        elif fate == 11:
            redemptions.assign(bank, first, one, self._near(person_id, made)[0], now=now)
        # 9 and 12: they stay held; in time they expire.

    def _near(self, person_id: str, made: MadeUp) -> tuple[str, MadeUp]:
        """A volunteer of the same station who is somebody else."""
        near = [pair for pair in self.volunteers if pair[1].station == made.station and pair[0] != person_id]
        return self.random.choice(near)

    def _helped(self, bank: Bank, one: str, person_id: str, made: MadeUp, now: datetime) -> None:
        """A volunteer is found, serves, logs it; verifying it pays with the member's hours."""
        first, second = (self.actors[name] for name in COLLEAGUE[made.station])
        volunteer = self._near(person_id, made)
        view = redemptions.assign(bank, first, one, volunteer[0], now=now)
        place = {"shopping": "outside", "walking": "outside", "doctor_visit": "institution"}.get(
            view.service_code, "home"
        )
        start = now + timedelta(hours=1)
        form = LogHours(person_id, view.service_code, start, 60, place, redemption_id=one)
        end = start + timedelta(hours=1)
        agree(bank, self.member(person_id, made), volunteer[0], view.service_code, start)
        record = hours.log(bank, self.member(*volunteer), form, now=end)
        hours.confirm(bank, self.member(person_id, made), record.id, "", now=end)
        hours.verify(bank, second, [record.id], now=end)

    def _move(self, bank: Bank, morning: datetime, last: bool) -> None:
        """Gifts, donations, grants and corrections, and what the scheduler would do."""
        now = morning + timedelta(hours=11)
        day = morning.toordinal()
        for due, deed in ((day % 7, self._donate), (day % 17, self._grant), (day % 23, self._correct)):
            try:
                if due == 0 or last:
                    deed(bank, now, last)
            except TimebankError:
                self.refused += 1
        if day % 19 == 0:
            self._family(bank, now)
        if not last:
            transfers.carry_out_due(bank, now=now + timedelta(minutes=30))
            redemptions.expire_due(bank, now=now + timedelta(minutes=30))

    def _donate(self, bank: Bank, now: datetime, last: bool) -> None:
        transfers.donate(bank, self.member(*self.random.choice(self.volunteers)), 60, now=now)

    def _grant(self, bank: Bank, now: datetime, last: bool) -> None:
        """Hours from the pool for somebody over 80 who lives alone; on the last day nobody has decided yet."""
        alone = [pair for pair in self.elders if "living_alone" in pair[1].tags and pair[1].born_year < 1945]
        receiver, made = self.random.choice(alone)
        worker = self.actors[COLLEAGUE[made.station][0]]
        view = transfers.ask_grant(bank, worker, receiver, 120, "eligible", now=now)
        if not last:
            transfers.decide_grant(bank, self.actors["county"], view.id, approve=True, now=now)

    def _correct(self, bank: Bank, now: datetime, last: bool) -> None:
        """A wrong entry is undone by two people; on the last day the second one has not looked yet."""
        seq, station = self.random.choice(self.verified[-40:])
        asked = reversals.ask(bank, self.actors[COLLEAGUE[station][0]], seq, "wrong_time", "", now=now)
        if not last:
            reversals.decide(bank, self.actors["county"], asked.id, approve=True, now=now)

    def _family(self, bank: Bank, now: datetime) -> None:
        """A daughter or son is recorded, may act, and gives some hours."""
        elder_id, made = self.random.choice(self.elders)
        near = [pair for pair in self.volunteers if pair[1].station == made.station and pair[0] != elder_id]
        child = self.random.choice(near)
        worker = self.actors[COLLEAGUE[made.station][0]]
        try:
            families.record_kin(bank, worker, elder_id, child[0], "child", "household_register", now=now)
            families.record_proxy(bank, worker, elder_id, child[0], "desk", now=now)
            transfers.gift(bank, self.member(*child), elder_id, 60, now=now)
        except TimebankError:
            self.refused += 1
