"""Made-up people: names, birthdays, valid but invented numbers. The same ones every time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from random import Random

from timebank.domain.identity import resident_check_character

PASSWORD = "demo-2026"  # noqa: S105 - made to be printed
PIN = "258013"
LOGINS = (
    ("worker", "新谊社区养老服务站 · 工作人员（登记、录入、核验、兑换）"),
    ("worker2", "新谊社区养老服务站 · 另一位工作人员"),
    ("worker3", "友谊里社区养老服务站 · 工作人员"),
    ("street", "学院南路街道养老服务中心"),
    ("county", "路南区养老服务指导中心（规则、审批）"),
    ("auditor", "审计员"),
    ("admin", "系统管理员"),
    ("19900000001", "志愿者李珍雪（会员，新谊社区）"),
    ("19900000041", "老人罗桂秀（会员，新谊社区），PIN 258013"),
    ("19900000008", "林淑玉，满 60 岁，存有时间，可申请服务（会员，新谊社区）"),
)
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = "秀英桂兰淑珍玉兰凤英建国志强海燕丽华文静国强春梅小红德明福生玉梅永刚雪梅金凤长林晓东"
TAGS = (("living_alone",), ("empty_nest",), ("living_alone", "low_income", "half_disabled"), ("severely_disabled",), ())


@dataclass(frozen=True, slots=True)
class MadeUp:
    """One person of the demonstration."""

    name: str
    phone: str
    resident_id: str
    station: str
    serves: bool
    receives: bool
    tags: tuple[str, ...]

    @property
    def born_year(self) -> int:
        return int(self.resident_id[6:10])


def resident_number(born_on: date, serial: int) -> str:
    """A number with a right check digit that belongs to nobody we know: the district's code, a birthday, a serial."""
    body = f"130202{born_on:%Y%m%d}{serial % 1000:03d}"
    return body + resident_check_character(body)


def people(random: Random) -> list[MadeUp]:
    """Forty volunteers from 20 to 70 and twenty elders from 63 to 92 over three stations; some are both."""
    made = []
    for serial in range(1, 61):
        elder = serial > 40
        born = date(
            random.randint(1932, 1956) if elder else random.randint(1956, 2005),
            random.randint(1, 12),
            random.randint(1, 28),
        )
        given = random.sample(GIVEN, 2 if random.random() < 0.8 else 1)
        made.append(
            MadeUp(
                name=random.choice(SURNAMES) + "".join(given),
                phone=f"199{serial:08d}",
                resident_id=resident_number(born, 100 + serial),
                station=("LN-0101", "LN-0101", "LN-0102", "LN-0201")[serial % 4],
                serves=not elder or born.year > 1950,
                receives=elder or born.year < 1962,
                tags=TAGS[serial % 5] if elder else (),
            )
        )
    return made
