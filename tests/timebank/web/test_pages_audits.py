"""A finding on the pages: the banner, the report, and the administrator's word that ends the stop of checkpoints."""

from __future__ import annotations

from collections.abc import Callable

from tests.timebank.web.conftest import Browser, refuses
from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.services import audits, publishing

Staff = Callable[[str], Browser]


def make_wrong(world: World, minutes: int) -> None:
    """Change the balance of every member, as who runs the database could."""
    connection = world.bank.outer
    assert connection is not None
    changed = connection.exec_driver_sql(
        f"update ledger_account set balance = balance + {minutes} where kind = 'member' and balance > 0"
    )
    assert changed.rowcount == 1


def test_an_administrator_acknowledges_a_finding_on_the_page(world: World, sign_in: Staff) -> None:
    world.rich(60)
    make_wrong(world, 15)
    auditor, admin = sign_in("auditor"), sign_in("admin")
    done = auditor.post("/audits/run", scope="full")
    report = auditor.get(done.headers["Location"]).text
    assert "site-alarm" in report
    make_wrong(world, -15)
    alert = audits.alerts(world.bank, world.staff["admin"])[0]
    here = f"/alerts/{alert.id}/acknowledge"
    assert f'action="{here}"' in admin.get("/audits").text
    assert f'action="{here}"' not in auditor.get("/audits").text
    assert refuses(auditor.post(here, reason="x"), errors.Forbidden)
    assert refuses(admin.post(here, reason="  "), errors.ReasonMissing)
    assert publishing.publish(world.bank, now=NOW).size is None
    assert admin.post(here, reason="已从备份恢复").status_code == 302
    page = admin.get("/audits").text
    assert "已从备份恢复" in page
    assert "site-alarm" not in page
    assert refuses(admin.post(here, reason="again"), errors.AlertAlreadyAcknowledged)
    assert publishing.publish(world.bank, now=NOW).size == world.size()
