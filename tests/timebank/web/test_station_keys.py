"""The pages and the API of stations' keys, without a browser's help: what is refused, and a device's whole way."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.timebank.stationed import Device
from tests.timebank.web.conftest import Browser, System, refuses
from tests.timebank.world import World
from timebank.domain.errors import NotFound, StationKeyInvalid, StationKeyVouching

SCOPES = ("hours.verify", "station_keys.read", "station_keys.hold")


@pytest.fixture
def device(world: World) -> Device:
    return Device(world, "A")


def new_key(device: Device, number: int = 1) -> dict[str, object]:
    return {"key": device.text, "possession": device.possession(number)}


def test_a_device_signs_over_the_api(world: World, device: Device, system: Callable[..., System]) -> None:
    worker = system("worker A", *SCOPES)
    place = f"/station-keys/{device.station_id}"
    added = worker.post(place, new_key(device))
    assert added.status_code == 201, added.text
    (key,) = added.json["keys"]
    assert (key["text"], key["vouched"], key["retired_seq"]) == (device.text, False, None)
    record = world.confirmed(world.member(), world.member())
    plain = worker.post("/hours/verify", {"ids": [record.id]}).json["items"][0]
    assert plain["refusal"] == "station_signature_needed"
    (told,) = worker.post("/hours/statements", {"ids": [record.id]}).json["items"]
    signed = {
        "record_id": record.id,
        "station_key": key["seq"],
        "signature": device.sign(told["text"]),
        "salt": told["salt"],
    }
    done = worker.post("/hours/verify", {"ids": [record.id], "signatures": [signed]}).json["items"][0]
    assert done["refusal"] is None
    second = Device(world, "A", 2)
    refused = worker.post(place, new_key(second, 2))
    assert (refused.status_code, refused.json["code"]) == (409, StationKeyVouching.code)
    vouched = {**new_key(second, 2), "by": key["seq"], "signature": device.vouches_for(second, 2)}
    assert worker.post(place, vouched).status_code == 201
    retired = worker.post(f"{place}/{key['seq']}/retire", {"by": key["seq"], "signature": device.retires(device)})
    assert retired.json["keys"][0]["retired_by_key"] is True
    (mine,) = worker.get("/station-keys").json["items"]
    assert [one["retired_seq"] is None for one in mine["keys"]] == [False, True]


def test_the_api_refuses_what_is_no_key(world: World, device: Device, system: Callable[..., System]) -> None:
    worker, place = system("worker A", *SCOPES), f"/station-keys/{device.station_id}"
    for change in ({"key": "x" * 401}, {"possession": None}, {"by": "1"}, {"by": -1}, {"by": True}):
        assert worker.post(place, {**new_key(device), **change}).status_code == 422, change
    answer = worker.post(place, {**new_key(device), "possession": "AAAA"})
    assert (answer.status_code, answer.json["code"]) == (StationKeyInvalid.status, "station_key_invalid")
    assert system("worker B", *SCOPES).post(place, new_key(device)).status_code == 404
    assert system("worker A", "hours.verify").post(place, new_key(device)).status_code == 403
    assert worker.post(f"{place}/3/retire", {"by": 3, "signature": "AAAA"}).status_code == 404
    assert worker.post(f"{place}/3/retire", {}).status_code == 422
    assert system("county", "station_keys.retire").post(f"{place}/3/revoke").status_code == 404
    record = world.confirmed(world.member(), world.member())
    for wrong in ({"salt": "00"}, {"station_key": "1"}, {"signature": None}):
        body = {"record_id": record.id, "station_key": 1, "signature": "AAAA", "salt": "0" * 64, **wrong}
        assert worker.post("/hours/verify", {"ids": [record.id], "signatures": [body]}).status_code == 422, wrong


def test_the_page_asks_for_the_signature_and_takes_it(
    world: World, device: Device, sign_in: Callable[[str], Browser]
) -> None:
    browser, place = sign_in("worker A"), f"/station-keys/{device.station_id}"
    assert browser.post(place, **new_key(device)).status_code == 302
    page = browser.get("/station-keys").text
    assert device.text.split("+")[1] in page
    record = world.confirmed(world.member(name="王小明"), world.member())
    asked = browser.post("/desk/verify", record=record.id, action="verify")
    assert asked.status_code == 200
    assert "以本站名义签署" in asked.text
    assert "王小明" in asked.text
    (told,) = device.signatures(world.staff["worker A"], record.id, seq=0).values()
    wrong = browser.post(
        "/desk/verify",
        record=record.id,
        **{f"key-{record.id}": "0", f"signature-{record.id}": told.signature, f"salt-{record.id}": told.salt.hex()},
    )
    assert wrong.status_code == 302
    assert "签署与现在要记入的内容不符" in browser.get("/desk/verify").text
    (right,) = device.signatures(world.staff["worker A"], record.id, seq=seq_of(world)).values()
    done = browser.post(
        "/desk/verify",
        record=record.id,
        **{
            f"key-{record.id}": str(right.station_key),
            f"signature-{record.id}": right.signature,
            f"salt-{record.id}": right.salt.hex(),
        },
    )
    assert done.status_code == 302
    assert record.number not in browser.get("/desk/verify").text


def seq_of(world: World) -> int:
    with world.bank.read() as unit:
        (seq,) = unit.book.station_keys()
    return seq


def test_the_page_refuses_what_is_no_key(world: World, device: Device, sign_in: Callable[[str], Browser]) -> None:
    browser, place = sign_in("worker A"), f"/station-keys/{device.station_id}"
    assert refuses(browser.post(place, key="x", possession="y"), StationKeyInvalid)
    assert refuses(browser.post(place), StationKeyInvalid)
    assert refuses(sign_in("worker B").post(place, **new_key(device)), NotFound)
    assert browser.post(place, **new_key(device)).status_code == 302
    assert refuses(browser.post(place, **new_key(Device(world, "A", 2), 2)), StationKeyVouching)
    seq = seq_of(world)
    assert refuses(browser.post(f"{place}/{seq}/retire", by="", signature=""), StationKeyInvalid)
    assert browser.post(f"{place}/{seq}/revoke").status_code == 403
    assert sign_in("county").post(f"{place}/{seq}/revoke").status_code == 302
    assert "由县级中心停用" in browser.get("/station-keys").text
