"""Standard cards, carried papers, lent aids, trainings and an inspection of the demonstration."""

from __future__ import annotations

from datetime import datetime, timedelta

from timebank.demo.people import MadeUp
from timebank.domain.local_time import local_day
from timebank.domain.roles import Actor
from timebank.domain.standards import CardText, Change
from timebank.services import Bank, consent_notes, equipment, inspections, standards, training
from timebank.services.consent_notes import NewNote
from timebank.services.training import NewTraining

BASIS = "滦民养〔2026〕3号（演示）"
CARDS = {
    "doctor_visit": CardText(
        "提前一天电话确认时间\n上门核对证件与就诊卡\n全程陪同，听清医嘱并复述\n送回家中，交还全部材料",
        "志愿者证\n纸笔\n饮用水",
        "不代替老人做医疗决定\n不保管身份证和银行卡\n不收取礼物和现金",
        "call the day before\ncheck papers and card at the door\nstay all the time, repeat what the doctor said\n"
        "bring the elder home, hand back all papers",
        "volunteer's card\npen and paper\ndrinking water",
        "decide nothing medical\nkeep no identity or bank card\ntake no gifts and no money",
    ),
    "cleaning": CardText(
        "出示志愿者证\n与老人确认清洁范围\n先高后低，通风\n请老人验看",
        "手套\n口罩\n抹布",
        "不登高擦外窗\n不挪动贵重物品\n不混用消毒剂",
        "show the card\nagree what is cleaned\nfrom top to bottom, with fresh air\nlet the elder look",
        "gloves\nmask\ncloths",
        "clean no windows from outside\nmove nothing precious\nmix no disinfectants",
    ),
}
THINGS = (("轮椅", "wheelchair", 3, 30), ("助行器", "walking frame", 4, 60), ("爬楼机", "stair climber", 1, 3))


def decide_cards(bank: Bank, county: Actor, now: datetime) -> None:
    """Two cards, and a class that the county set by a paper of its own."""
    for code, text in CARDS.items():
        standards.decide_card(bank, county, code, text, basis=BASIS, on=local_day(now), now=now)
    change = Change(legal_class="social_relief")
    standards.decide_change(bank, county, "urgent_help", change, basis=BASIS, on=local_day(now), now=now)


def agree(bank: Bank, elder: Actor, helper_id: str, service: str, start: datetime) -> None:
    """Before a visit to the doctor: the elder says that no papers are carried."""
    if service == "doctor_visit":
        note = NewNote(elder.person_id, helper_id, service, "", start, start + timedelta(hours=12))
        consent_notes.give(bank, elder, note, now=start)


def lend(
    bank: Bank, worker: Actor, station_id: str, crowd: list[tuple[str, MadeUp]], elders: list[Actor], now: datetime
) -> None:
    """What the first station has, one loan that runs and one that is late; papers that are out today."""
    items = [
        equipment.add_item(bank, worker, station_id, name, name_en, total, days, now=now - timedelta(days=40))
        for name, name_en, total, days in THINGS
    ]
    here = [person_id for person_id, made in crowd if made.station == "LN-0101"]
    equipment.lend(bank, worker, items[0].id, here[0], None, now=now - timedelta(days=35))
    equipment.lend(bank, worker, items[1].id, here[1], None, now=now - timedelta(days=5))
    elder = next(one for one in elders if one.person_id in here[2:])
    helper = next(person_id for person_id in here if person_id != elder.person_id)
    note = NewNote(elder.person_id, helper, "errands", "社保卡、取药处方", now, now + timedelta(hours=5))
    consent_notes.give(bank, elder, note, now=now)
    equipment.remind_due(bank, now=now)


def train_and_inspect(
    bank: Bank, actors: dict[str, Actor], station_id: str, crowd: list[tuple[str, MadeUp]], now: datetime
) -> None:
    """A training to come with people on its list, one that was held, and an inspection that waits for its draw."""
    day, volunteers = local_day(now), [one for one, made in crowd if made.serves and made.station == "LN-0101"]
    first = NewTraining(
        station_id, "bathing", "助浴与搬移培训", "助浴流程、扶抱要领、防滑", "路南区民政局（演示）",
        day + timedelta(days=6), 120, 20, "volunteers", begins="14:30", place="二楼活动室",
    )  # fmt: skip
    held = NewTraining(
        station_id, "", "家庭照护者课堂", "翻身、喂饭、噎食急救", "社区卫生服务站（演示）",
        day - timedelta(days=9), 90, 30,
        "all", begins="09:00", place="一楼大厅",
    )  # fmt: skip
    for new, at in ((held, now - timedelta(days=20)), (first, now - timedelta(days=2))):
        event = training.plan(bank, actors["worker"], new, now=at)
        for person_id in volunteers[:6]:
            training.enter(bank, actors["worker"], event, person_id, now=at)
        if new is held:
            training.attend(bank, actors["worker"], event, volunteers[:5], now=now - timedelta(days=8))
    inspections.begin(bank, actors["county"], now=now)
