"""Pages of grant programmes and of circulation."""

from __future__ import annotations

from collections.abc import Callable

from tests.timebank.services.test_issued import alone, opened
from tests.timebank.web.conftest import Browser, refuses
from tests.timebank.world import World
from timebank.domain import errors
from timebank.services import transfers

Staff = Callable[[str], Browser]
FORM = {"name": "关爱", "sponsor": "基金", "groups": "alone_80", "hours": "2", "budget": "10"}


def test_a_programme_is_proposed_and_ended(world: World, sign_in: Staff) -> None:
    county = sign_in("county")
    size = world.size()
    assert refuses(county.post("/grants/programmes", **FORM | {"hours": "99"}), errors.GrantProgrammeInvalid)
    assert refuses(county.post("/grants/programmes", **FORM | {"budget": "-1"}), errors.GrantProgrammeInvalid)
    assert county.post("/grants/programmes", **FORM | {"name": ""}).status_code == 422
    assert county.post("/grants/programmes", **FORM | {"groups": "anybody"}).status_code == 422
    assert transfers.grant_programmes(world.bank, world.staff["county"]) == ()
    assert county.post("/grants/programmes", **FORM).status_code == 302
    view = transfers.grant_programmes(world.bank, world.staff["county"])[0]
    here = f"/grants/programmes/{view.id}"
    assert refuses(county.post(f"{here}/open"), errors.SecondPersonNeeded)
    assert refuses(county.post(f"{here}/close"), errors.GrantProgrammeStateConflict)
    assert world.size() == size
    assert sign_in("worker A").get("/grants/programmes").status_code == 403
    assert county.get("/grants/programmes/none/run").status_code == 404


def test_a_step_that_is_none_ends_no_programme(world: World, sign_in: Staff) -> None:
    programme = opened(world)
    assert sign_in("county").post(f"/grants/programmes/{programme}/clos").status_code == 404
    assert transfers.grant_programmes(world.bank, world.staff["county"])[0].state == "open"


def test_a_run_is_looked_at_first(world: World, sign_in: Staff) -> None:
    elder = alone(world, name="孙桂兰")
    programme, county = opened(world), sign_in("county")
    here = f"/grants/programmes/{programme}/run"
    page = county.get(here).text
    assert "孙桂兰" in page
    assert refuses(county.post(here, digest="0" * 64), errors.RunChanged)
    assert world.balance(elder, "granted") == 0
    digest = page.split('name="digest" value="')[1][:64]
    assert county.post(here, digest=digest).status_code == 302
    assert world.balance(elder, "granted") == 120
    assert refuses(county.post(here, digest=digest), errors.RunChanged)


def test_circulation_is_for_auditors_and_the_county(world: World, sign_in: Staff) -> None:
    world.rich(120)
    auditor = sign_in("auditor")
    page = auditor.get("/circulation").text
    assert "2 小时" in page
    assert "一致" in page
    assert auditor.get("/circulation/earn").status_code == 200
    assert auditor.get("/circulation/nothing").status_code == 404
    assert sign_in("worker A").get("/circulation").status_code == 403
