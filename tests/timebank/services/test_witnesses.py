"""The service with real witness processes: cosigned checkpoints, a quorum, one that is down, one that knows better."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from ledger import Draft, Kind
from ledger.checkpoints import Checkpoint, open_checkpoint, sign_checkpoint
from ledger.keyfiles import read_keys
from ledger.notes import KeyType, SigningKey
from ledger.receipts import parse_policy
from ledger.witness import Witness, WitnessMemory
from ledger.witness.server import make_server
from tests.ledger.witness.test_client import serving
from tests.timebank.world import NOW, World, build_world, make_bank, settings_in
from timebank.domain import errors
from timebank.services import audits, publishing
from timebank.storage import keys as stored

NAMES = ("street-centre", "county-archive", "university")


class Neighbours:
    """Three witnesses run by others, each at an address of its own."""

    def __init__(self, world: World, folder: Path, stack: ExitStack) -> None:
        self.world, self.servers, lines, names = world, {}, [], []
        for number, name in enumerate(NAMES):
            keys = [
                SigningKey(f"witness.example/{name}", kind, bytes([number + 1]) * 32)
                for kind in (KeyType.COSIGNATURE, KeyType.ML_DSA_44)
            ]
            memory = WitnessMemory(folder / f"{name}.db")
            witness = Witness(keys, stored.verifiers(world.bank), memory, lambda: NOW)
            server = make_server(witness, "127.0.0.1", 0)
            self.servers[name] = (server, stack.enter_context(ExitStack()))
            url = self.servers[name][1].enter_context(serving(server))
            lines.append(f"witness {name} {keys[0].verifier.encode()} {url}")
            lines.append(f"witness {name}-pq {keys[1].verifier.encode()} {url}")
            lines.append(f"group {name}-both all {name} {name}-pq")
            names.append(f"{name}-both")
        lines += [f"group enough 2 {' '.join(names)}", "quorum enough"]
        world.bank.settings.witness_policy_path.write_text("\n".join(lines) + "\n")

    def stop(self, name: str) -> None:
        self.servers[name][1].close()


@pytest.fixture
def near(tmp_path: Path) -> Iterator[Neighbours]:
    world = build_world(make_bank(settings_in(tmp_path)))
    with ExitStack() as stack:
        yield Neighbours(world, tmp_path, stack)
    world.bank.engine.dispose()


def grow(world: World) -> None:
    account = {"account": f"m-{world.size():016x}", "account_kind": "member"}
    with world.bank.unit() as unit:
        unit.append_many([Draft(Kind.OPEN, "worker", data=account)], now=NOW)


def test_a_published_checkpoint_carries_the_quorum(near: Neighbours) -> None:
    bank = near.world.bank
    for _ in range(2):
        assert publishing.publish(bank, now=NOW).size == near.world.size()
        published = publishing.checkpoint(bank)
        policy = parse_policy(publishing.describe(bank).policy)
        opened = open_checkpoint(published.note, bank.settings.book, policy.keys())
        assert policy.met_by([proof.key for proof in opened.verified])
        assert (published.has_quorum, len(opened.verified)) == (True, 8)
        grow(near.world)
    views = publishing.witnesses(bank, near.world.staff["auditor"])
    assert [one.name for one in views][:2] == [NAMES[0], f"{NAMES[0]}-pq"]
    assert {(one.size, one.seen_at, one.problem) for one in views} == {(published.size, NOW, "")}
    with pytest.raises(errors.Forbidden):
        publishing.witnesses(bank, near.world.member())


def test_one_that_is_down_holds_nothing_up(near: Neighbours) -> None:
    bank, world = near.world.bank, near.world
    near.stop(NAMES[0])
    assert publishing.publish(bank, now=NOW).size == world.size()
    assert publishing.checkpoint(bank).has_quorum
    near.stop(NAMES[1])
    grow(world)
    assert publishing.publish(bank, now=NOW).size == world.size()
    assert not publishing.checkpoint(bank).has_quorum
    assert publishing.publish(bank, now=NOW + timedelta(seconds=30)).why == "nothing new"
    assert publishing.publish(bank, now=NOW + timedelta(seconds=61)).why != "alerts are open"
    problems = {one.name: one.problem for one in publishing.witnesses(bank, world.staff["auditor"])}
    assert [bool(problems[name]) for name in NAMES] == [True, True, False]
    view = audits.run_now(bank, world.staff["auditor"], full=True, now=NOW)
    assert {(one["level"], one["code"]) for one in view.report["findings"]} == {(5, "quorum_missing")}


def test_a_witness_that_knows_more_stops_everything(near: Neighbours) -> None:
    """A database that was restored, with the signer's memory restored as well: only the witnesses still know."""
    bank, world = near.world.bank, near.world
    publishing.publish(bank, now=NOW)
    ahead = Checkpoint(bank.settings.book, world.size() + 3, b"\7" * 32)
    note = sign_checkpoint(ahead, read_keys(bank.settings.signing_key_path), int(NOW.timestamp()))
    memory = WitnessMemory(bank.settings.instance / f"{NAMES[1]}.db")
    seen = memory.seen(bank.settings.book)
    assert seen is not None
    assert memory.advance(bank.settings.book, seen, type(seen)(ahead.size, ahead.root, note.encode()))
    assert audits.run_full(bank, now=NOW) == "broken"
    view = audits.history(bank, world.staff["auditor"])[0]
    assert {(one["level"], one["code"]) for one in view.report["findings"]} == {(5, "tail_cut")}
    for alert in audits.alerts(bank, world.staff["admin"]):
        audits.acknowledge(bank, world.staff["admin"], alert.id, "looking into it", now=NOW)
    before = publishing.checkpoint(bank).size
    grow(world)
    assert publishing.publish(bank, now=NOW) == publishing.Signed(None, "a witness knows another history")
    assert publishing.checkpoint(bank).size == before
    assert publishing.publish(bank, now=NOW).why == "alerts are open"
    assert any("witness" in one.summary for one in audits.alerts(bank, world.staff["admin"]))


def test_the_audit_sees_what_witnesses_saw(near: Neighbours) -> None:
    bank = near.world.bank
    publishing.publish(bank, now=NOW)
    view = audits.run_now(bank, near.world.staff["auditor"], full=True, now=NOW)
    assert (view.verdict, view.report["levels"]) == ("sound", [1, 2, 3, 4, 5])
    assert sum(one.startswith("witness ") for one in view.report["pinned_by"]) == 3
