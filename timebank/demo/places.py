"""The papers of the demonstration's stations: rooms, promise, prices, filing, grading, staff register. All made up."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from timebank.domain.roles import Actor
from timebank.services import Bank, network
from timebank.services.network import Description, NewPrice

PROMISE = "工作日八点半到五点半有人值班；上门前打电话；不收礼、不卖货、不替您存钱。（演示）"
PRICES = (
    ("午餐", "Lunch", 1200, "meal", 2000, "路南区社区助餐价格公示表（演示）"),
    ("送餐到家", "Meal brought home", 200, "time", 500, "路南区社区助餐价格公示表（演示）"),
    ("助浴", "Bathing at the station", 3000, "time", 8000, "路南区助浴服务价格公示表（演示）"),
)
ROOMS = {
    "LN-01": (820, 20, 30),
    "LN-02": (640, 12, 20),
    "LN-0101": (220, 4, 12),
    "LN-0102": (160, 0, 10),
    "LN-0201": (240, 6, 12),
}
SCORES = {"LN-01": (92, 90, 91), "LN-0101": (85, 78, 88), "LN-0201": (70, 62, 74)}
STAFF = (("高敏", "manager", None), ("林秀兰", "carer", 700), ("何建国", "cook", 40))


def furnish(bank: Bank, actors: dict[str, Actor], stations: dict[str, str], now: datetime) -> None:
    """Give the stations what they need; one is left without filing, one without grading, so that warnings are seen."""
    county, today = actors["county"], now.date()
    keepers = {"LN-0101": "worker", "LN-0102": "worker4", "LN-0201": "worker3", "LN-01": "street", "LN-02": "street2"}
    views = {view.id: view for view in network.stations(bank)}
    for code, (area, beds, seats) in ROOMS.items():
        keeper, station_id = actors[keepers[code]], stations[code]
        view = views[station_id]
        told = Description(view.address, view.phone, view.opening, area, beds, seats, view.division, PROMISE)
        network.describe(bank, keeper, station_id, told, now=now)
        for item, item_en, cents, per, market, basis in PRICES:
            price = NewPrice(item, item_en, cents, per, market, basis, today - timedelta(days=200))
            network.add_price(bank, keeper, station_id, price, now=now)
        _staff(bank, keeper, station_id, today, now)
        if code != "LN-0102":
            _file(bank, county, station_id, f"LN-{code[3:]}-2025（演示）", today, now)
        if code in SCORES:
            content, scale, quality = SCORES[code]
            network.grade(
                bank, county, station_id, content=content, scale=scale, quality=quality,
                assessor="路南区等级评定小组（演示）", graded_on=today - timedelta(days=150), now=now,
            )  # fmt: skip
    for number, (code, name) in enumerate((("130202001002", "新谊一网格"), ("130202001002", "新谊二网格")), 1):
        network.add_grid(bank, county, code=f"{code}-{number:02d}", division_code=code, name=name)


def _file(bank: Bank, county: Actor, station_id: str, number: str, today: date, now: datetime) -> None:
    began_on, filed_on = today - timedelta(days=500), today - timedelta(days=490)
    papers = dict.fromkeys(("application", "registration", "promise"), filed_on)
    network.file(
        bank, county, station_id, number=number, office="路南区民政局（演示）", began_on=began_on, filed_on=filed_on,
        papers=papers, now=now,
    )  # fmt: skip


def _staff(bank: Bank, keeper: Actor, station_id: str, today: date, now: datetime) -> None:
    for name, job, lasts_days in STAFF:
        since = today - timedelta(days=400)
        employee_id = network.employ(bank, keeper, station_id, name=name, job=job, since=since, now=now)
        if lasts_days is not None:
            network.certify(
                bank, keeper, station_id, employee_id, kind={"carer": "carer", "cook": "health"}[job],
                number="YS-2025-0001", issued_on=since, expires_on=today + timedelta(days=lasts_days), now=now,
            )  # fmt: skip
