"""Stations that sign what they verify: who may, what is refused, and what the nightly audit says."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest

from tests.timebank.stationed import Device
from tests.timebank.world import NOW, World
from timebank.domain.errors import (
    Forbidden,
    NotFound,
    StationKeyInvalid,
    StationKeyVouching,
    StationSignatureNeeded,
    StationSignatureStale,
    TimebankError,
)
from timebank.services import audits, hours, station_keys


@pytest.fixture
def device(world: World) -> Device:
    return Device(world, "A")


@pytest.fixture
def seq(world: World, device: Device) -> int:
    """Station A signs from now on; the entry that brought its key."""
    return device.enrol(world.staff["worker A"])


def size(world: World) -> int:
    with world.bank.read() as unit:
        return unit.book.head().size


def test_a_station_with_a_key_signs_what_it_verifies(world: World, device: Device, seq: int) -> None:
    worker = world.staff["worker A"]
    records = [world.confirmed(world.member(), world.member()).id for _ in range(2)]
    done = device.verify(worker, *records, seq=seq)
    assert [one.refusal for one in done] == [None, None]
    with world.bank.read() as unit:
        for one in done:
            assert one.entry_seq is not None
            entry = unit.book.entry(one.entry_seq)
            assert entry.data is not None
            assert entry.data["station_key"] == seq
    assert audits.run_full(world.bank, now=NOW) == "sound"


def test_the_statement_shows_what_is_signed(world: World, device: Device, seq: int) -> None:
    record = world.confirmed(world.member(), world.member())
    (one,) = hours.statements(world.bank, world.staff["worker A"], [record.id], now=NOW)
    told = json.loads(one.text.split("\n")[1])
    assert told["evidence"] == hashlib.sha256(one.salt + one.document.encode()).hexdigest()
    assert told["station"] == device.station_id == json.loads(one.document)["station"]
    assert sum(minutes for _, minutes in told["postings"] if minutes > 0) == one.minutes == 60
    assert hours.see(world.bank, world.staff["worker A"], record.id).state == "confirmed"


def test_without_the_signature_nothing_is_verified(world: World, device: Device, seq: int) -> None:
    worker = world.staff["worker A"]
    record = world.confirmed(world.member(), world.member())
    (refused,) = hours.verify(world.bank, worker, [record.id], now=NOW)
    assert isinstance(refused.refusal, StationSignatureNeeded)
    good = device.signatures(worker, record.id, seq=seq)[record.id]
    before = size(world)
    other = Device(world, "A", 2)
    wrong = (
        replace(good, signature=other.signatures(worker, record.id, seq=seq)[record.id].signature),
        replace(good, salt=bytes(32)),
        replace(good, salt=b"short"),
        replace(good, station_key=1),
        replace(good, station_key=10**9),
        replace(good, signature="nonsense"),
    )
    for given in wrong:
        (refused,) = hours.verify(world.bank, worker, [record.id], now=NOW, signatures={record.id: given})
        assert isinstance(refused.refusal, StationSignatureStale), given
    assert size(world) == before
    (done,) = hours.verify(world.bank, worker, [record.id], now=NOW, signatures={record.id: good})
    assert done.refusal is None


def test_another_worker_can_t_use_the_signature(world: World, device: Device, seq: int) -> None:
    """The document names who verifies, and the station signs the document."""
    record = world.confirmed(world.member(), world.member())
    given = device.signatures(world.staff["worker A"], record.id, seq=seq)
    (refused,) = hours.verify(world.bank, world.staff["second A"], [record.id], now=NOW, signatures=given)
    assert isinstance(refused.refusal, StationSignatureStale)


def test_one_refusal_does_not_hold_up_the_others(world: World, device: Device, seq: int) -> None:
    worker = world.staff["worker A"]
    signed, unsigned = (world.confirmed(world.member(), world.member()).id for _ in range(2))
    given = device.signatures(worker, signed, seq=seq)
    done = hours.verify(world.bank, worker, [signed, unsigned], now=NOW, signatures=given)
    assert done[0].refusal is None
    assert isinstance(done[1].refusal, StationSignatureNeeded)


def test_other_stations_go_on_without(world: World, seq: int) -> None:
    record = world.confirmed(world.member("B"), world.member("B"))
    assert hours.statements(world.bank, world.staff["worker B"], [record.id], now=NOW) == ()
    assert hours.verify(world.bank, world.staff["worker B"], [record.id], now=NOW)[0].refusal is None


def test_a_second_key_needs_the_first_one_s_word(world: World, device: Device, seq: int) -> None:
    worker, other = world.staff["worker A"], Device(world, "A", 2)
    new = {"key": other.text, "possession": other.possession(2)}

    def refused(error: type[TimebankError], **change: object) -> None:
        before = size(world)
        with pytest.raises(error):
            station_keys.add(world.bank, worker, device.station_id, **{**new, **change}, now=NOW)  # type: ignore[arg-type]
        assert size(world) == before

    refused(StationKeyVouching)
    refused(StationKeyInvalid, by=seq, signature=other.vouches_for(other, 2))
    refused(StationKeyInvalid, by=seq, signature=None)
    refused(StationKeyInvalid, by=0, signature=device.vouches_for(other, 2))
    refused(StationKeyInvalid, possession=other.possession(1), by=seq, signature=device.vouches_for(other, 2))
    refused(StationKeyInvalid, key="nonsense", by=seq, signature="AAAA")
    found = station_keys.add(
        world.bank, worker, device.station_id, **new, by=seq, signature=device.vouches_for(other, 2), now=NOW
    )
    assert [(key.number, key.vouched) for key in found.in_force] == [(1, False), (2, True)]
    record = world.confirmed(world.member(), world.member())
    assert other.verify(worker, record.id, seq=found.keys[-1].seq)[0].refusal is None
    assert audits.run_full(world.bank, now=NOW) == "sound"


def test_the_same_key_twice_is_one_key(world: World, device: Device, seq: int) -> None:
    before = size(world)
    assert device.enrol(world.staff["worker A"]) == seq
    assert size(world) == before


def test_a_retired_key_signs_no_more(world: World, device: Device, seq: int) -> None:
    worker = world.staff["worker A"]
    record = world.confirmed(world.member(), world.member())
    given = device.signatures(worker, record.id, seq=seq)
    with pytest.raises(StationKeyInvalid):
        station_keys.retire(world.bank, worker, device.station_id, seq, by=seq, signature="AAAA", now=NOW)
    found = station_keys.retire(
        world.bank, worker, device.station_id, seq, by=seq, signature=device.retires(device), now=NOW
    )
    assert found.in_force == ()
    assert found.keys[0].retired_by_key
    with pytest.raises(NotFound):
        station_keys.retire(world.bank, worker, device.station_id, seq, by=seq, signature="AAAA", now=NOW)
    # The station signs no more, so what it verifies from now on needs no signature; an old one is not written.
    (done,) = hours.verify(world.bank, worker, [record.id], now=NOW, signatures=given)
    assert done.refusal is None
    with world.bank.read() as unit:
        assert unit.book.entry(done.entry_seq or 0).data is None
    assert audits.run_full(world.bank, now=NOW) == "sound"


def test_the_county_retires_a_lost_key_and_everybody_sees_that(world: World, device: Device, seq: int) -> None:
    with pytest.raises(Forbidden):
        station_keys.retire(world.bank, world.staff["worker A"], device.station_id, seq, now=NOW)
    found = station_keys.retire(world.bank, world.staff["county"], device.station_id, seq, now=NOW)
    assert not found.keys[0].retired_by_key
    other = Device(world, "A", 2)
    found = station_keys.add(
        world.bank, world.staff["worker A"], device.station_id, key=other.text, possession=other.possession(2), now=NOW
    )
    assert [(key.number, key.vouched) for key in found.keys] == [(1, False), (2, False)]
    with pytest.raises(StationKeyInvalid):
        station_keys.add(
            world.bank,
            world.staff["worker A"],
            device.station_id,
            key=device.text,
            possession=device.possession(3),
            by=found.keys[1].seq,
            signature=other.vouches_for(device, 3),
            now=NOW,
        )


def test_keys_of_another_station_are_not_there(world: World, device: Device, seq: int) -> None:
    outsider = world.staff["worker B"]
    with pytest.raises(NotFound):
        station_keys.of_station(world.bank, outsider, device.station_id)
    with pytest.raises(NotFound):
        device.enrol(outsider)
    with pytest.raises(NotFound):
        station_keys.retire(world.bank, outsider, device.station_id, seq, by=seq, signature="AAAA", now=NOW)
    with pytest.raises(Forbidden):
        station_keys.every(world.bank, world.staff["auditor"])
    with pytest.raises(NotFound):
        station_keys.add(world.bank, outsider, "0" * 32, key="x", possession="x", now=NOW)


def test_hours_in_a_station_s_name_without_its_signature_are_found(world: World, device: Device, seq: int) -> None:
    """Whoever runs the server switches the question off in the database, and credits hours in the station's name."""
    with world.bank.unit() as unit:
        row = unit.network.get_station(device.station_id)
        assert row is not None
        row.signs = False
    record = world.confirmed(world.member(), world.member())
    (done,) = hours.verify(world.bank, world.staff["worker A"], [record.id], now=NOW)
    assert done.refusal is None
    assert audits.run_full(world.bank, now=NOW) == "broken"
    with world.bank.read() as unit:
        latest = unit.audits.latest()
        assert latest is not None
        (finding,) = json.loads(latest.report)["findings"]
    assert (finding["seq"], finding["level"], finding["code"]) == (done.entry_seq, 4, "policy_broken")
    assert "station_signature" in finding["found"]
