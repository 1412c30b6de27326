"""The main job through the generated client: register, log, confirm, verify, redeem, settle, receipt, check it."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tests.client.conftest import ROOT, Acting, Client
from tests.timebank.world import World
from timebank.demo.people import resident_number
from timebank.domain.local_time import day_start, local_day
from timebank.services import publishing

DESK = (
    "members.register", "members.read", "hours.enter", "hours.read", "hours.confirm_at_desk", "hours.verify",
    "redemptions.request_at_desk", "redemptions.read", "redemptions.run", "passbook.read",
)  # fmt: skip


def new_member(county: World, serial: int, name: str) -> tuple[str, dict[str, Any]]:
    return "NewMember", {
        "name": name, "phone": f"188{serial:08d}", "document_type": "resident",
        "document_number": resident_number(date(1955, 5, 5), serial), "station_id": county.stations["A"],
        "serves": True, "receives": True, "consent": True,
    }  # fmt: skip


def served(now: datetime) -> tuple[datetime, int]:
    """When the service began and how many minutes it took: today, as the members are of today."""
    began = max(now - timedelta(minutes=30), day_start(local_day(now)))
    return began, int((now - began).total_seconds()) // 60


def credited(first: Acting, second: Acting, volunteer: Any, elder: Any, minutes: int, began: datetime) -> Any:
    """Log, confirm at the desk, verify by a colleague."""
    slip = {
        "volunteer_number": volunteer.number, "elder_number": elder.number, "service_code": "phone_call",
        "started_at": began.isoformat(), "minutes": minutes,
    }  # fmt: skip
    record = first("api_hours.post_api_v1_hours_slips", body=("Slips", {"slips": [slip]})).items[0]
    assert record.state == "logged"
    confirmed = first("api_hours.post_api_v1_hours_record_id_confirm", record.id, body=("How", {"how": "phone"}))
    assert confirmed.state == "confirmed"
    own = first("api_hours.post_api_v1_hours_verify", body=("ToVerify", {"ids": [record.id]})).items[0]
    assert own.refusal == "own_record"
    done = second("api_hours.post_api_v1_hours_verify", body=("ToVerify", {"ids": [record.id]})).items[0]
    assert (done.refusal, done.credited_minutes) == (None, minutes)
    return done


def redeemed(first: Acting, second: Acting, member: Any, minutes: int) -> Any:
    """Ask for care, deliver it at the station, settle it by a colleague."""
    wanted = {
        "member_number": member.number, "service_code": "phone_call", "minutes": minutes,
        "wanted_at": (datetime.now(UTC) + timedelta(days=2)).isoformat(),
    }  # fmt: skip
    asked = first("api_redemptions.post_api_v1_redemptions", body=("Wanted", wanted))
    assert asked.state == "held"
    delivery = {"minutes": minutes, "delivered_at": datetime.now(UTC).isoformat()}
    first("api_redemptions.post_api_v1_redemptions_redemption_id_deliver", asked.id, body=("Delivery", delivery))
    settled = second("api_redemptions.post_api_v1_redemptions_redemption_id_settle", asked.id, body=("Nothing", {}))
    assert (settled.state, settled.settled_minutes) == ("settled", minutes)
    return settled


def judged(receipt: Path, policy: Path) -> int:
    """What `python -m ledger check` says, without the server."""
    command = [sys.executable, "-m", "ledger", "check", str(receipt), "--policy", str(policy)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode


def test_from_registering_to_a_receipt_that_is_checked(county: World, client: Client, tmp_path: Path) -> None:
    first, second = client.acting(county, "worker A", *DESK), client.acting(county, "second A", *DESK)
    members = [
        first("api_members.post_api_v1_members", body=new_member(county, 700 + serial, name))
        for serial, name in enumerate(("欧阳建国", "上官桂芳"))
    ]
    assert [one.state for one in members] == ["active", "active"]
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    began, minutes = served(now)
    volunteer, elder = members
    if minutes < 10:
        # The day has just begun; members of before can have served yesterday.
        volunteer, elder = (
            first("api_members.get_api_v1_members_person_id", county.member().person_id) for _ in range(2)
        )
        began, minutes = now - timedelta(minutes=30), 30
    done = credited(first, second, volunteer, elder, minutes, began)
    settled = redeemed(first, second, volunteer, minutes)
    assert county.balance(county.as_member(volunteer.id)) == 0
    assert publishing.publish(county.bank, now=datetime.now(UTC)).size == county.size()
    with urlopen(f"{client.address}/log/{county.bank.settings.book.rpartition('/')[2]}/policy", timeout=10) as answer:
        policy = tmp_path / "policy"
        policy.write_bytes(answer.read())
    for seq in (done.entry_seq, settled.entry_seq):
        receipt = first("api_receipts.get_api_v1_receipts_seq", seq)
        file = tmp_path / f"{seq}.tlog-proof"
        file.write_text(receipt.text, encoding="utf-8")
        assert judged(file, policy) == 0
        file.write_text(receipt.text.replace("A", "B", 1), encoding="utf-8")
        assert judged(file, policy) != 0


def test_a_repeat_does_nothing_and_a_refusal_is_typed(county: World, client: Client) -> None:
    first = client.acting(county, "worker A", "members.register")
    body = new_member(county, 801, "司马相如")
    one, two = (first("api_members.post_api_v1_members", body=body, key="the same") for _ in range(2))
    assert one.id == two.id
    again = first.answer("api_members.post_api_v1_members", body=body)
    assert (again.status_code, again.parsed.code) == (409, "phone_taken")
    stranger = client.acting(county, "worker B", "members.read")
    answer = stranger.answer("api_members.get_api_v1_members_person_id", one.id)
    assert (answer.status_code, answer.parsed.code) == (404, "not_found")
