"""A new master key takes over from the old one: also after a kill, without loss, and the old key opens nothing then."""

from __future__ import annotations

import base64
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import inspect, text

from tests.timebank.services.test_supervision import often
from tests.timebank.world import NOW, PASSWORD, World, build_world, make_bank, settings_in
from timebank.bootstrap import build_bank
from timebank.commands import main
from timebank.services import Bank, audits, imports, master_key, members, network, sessions, signals, webhooks
from timebank.services.imports import NewImport
from timebank.settings import Settings
from timebank.storage import renewing
from timebank.storage.access import Answered
from timebank.storage.base import Base
from timebank.storage.vault import Vault, VaultError

OF_THE_SERVICE = {
    "totp_sealed",
    "sealed_body",
    "reason_sealed",
    "address_sealed",
    "wrapped_key",
    "name_sealed",
    "number_sealed",
    "words_sealed",
    "secret_sealed",
    "file_sealed",
    "lines_sealed",
}
OF_A_PERSON = {
    "done_sealed",
    "risk_sealed",
    "papers_sealed",
    "proof_sealed",
    "content_sealed",
    "facts_sealed",
    "message_sealed",
    "email_sealed",
    "sealed",
    "note_sealed",
    "text_sealed",
    "refused_text_sealed",
}
KILLED_IN_A_TRANSACTION = """
import os, signal
from dataclasses import replace
from timebank.bootstrap import build_bank
from timebank.services import master_key
from timebank.settings import load
from timebank.storage.vault import Vault

left = 7
def random(size):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    return os.urandom(size)

settings = load()
bank = build_bank(settings)
vault = Vault(settings.master_key, settings.index_key, random, settings.older_master_keys)
master_key.renew(replace(bank, vault=vault), say=print, batch=4)
"""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def committed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A world that commits."""
    url = {} if request.param == "sqlite" else {"TIMEBANK_DATABASE_URL": request.getfixturevalue("postgres_url")}
    bank = make_bank(settings_in(tmp_path, **url))
    yield build_world(bank)
    bank.engine.dispose()


def environment(settings: Settings) -> dict[str, str]:
    return {"TIMEBANK_INSTANCE": str(settings.instance), "TIMEBANK_DATABASE_URL": settings.database_url}


def restarted(bank: Bank) -> Bank:
    """The same bank as a new process sees it."""
    settings = settings_in(bank.settings.instance, TIMEBANK_DATABASE_URL=bank.settings.database_url)
    return replace(bank, settings=settings, vault=build_bank(settings).vault)


def run(bank: Bank, *words: str, **environ: str) -> str:
    done = CliRunner().invoke(main, ["rotate-master-key", *words], env={**environment(bank.settings), **environ})
    return f"{done.exit_code} {done.output}"


def filled(world: World) -> None:
    """Something in each column that lies under the master key."""
    for number in range(6):
        world.member(name="欧阳桂芳" if number else "司马建国")
    bank, vault = world.bank, world.bank.vault
    with bank.unit() as unit:
        for number in range(5):
            body = vault.seal_for_service("answer", {"number": number})
            unit.access.add(
                Answered(
                    book=unit.origin, principal="p", key=f"k{number}", request_digest="d", status=200,
                    sealed_body=body, at=NOW,
                )
            )  # fmt: skip
        credential = unit.access.credential(world.staff["auditor"].person_id)
        assert credential is not None
        credential.totp_sealed = vault.seal_for_service(f"totp{credential.person_id}", "JBSWY3DPEHPK3PXP")
    station, worker = world.stations["A"], world.staff["worker A"]
    someone = network.employ(bank, worker, station, name="韩梅", job="carer", since=NOW.date(), now=NOW)
    network.certify(
        bank, worker, station, someone, kind="carer", number="1", issued_on=NOW.date(), expires_on=None, now=NOW
    )
    sheet = NewImport("members", station, "old", b"name,phone,born_on\nA B,18800000001,1950-01-01\n", agreed=True)
    imports.load(bank, world.staff["county"], sheet, now=NOW)
    webhooks.register(bank, world.staff["admin"], "https://example.org/", ("record.verified",), now=NOW)
    often(world)
    signals.find(bank, now=NOW)
    street = world.staff["street"]
    signals.decide(bank, street, signals.work_list(bank, street)[0].id, "explained", "邻居", now=NOW)
    alert = "insert into alert (book, id, kind, summary, raised_at, reason_sealed) values (:b, 'a', 'k', 's', :t, :s)"
    mail = """insert into mail (book, id, address_sealed, subject, body, state, tries, made_at, next_try_at)
              values (:b, 'm', :s, 's', 'b', 'sent', 0, :t, :t)"""
    for statement, purpose in ((alert, "alert"), (mail, "mail")):
        with world.engine.begin() as connection:
            values = {"b": bank.settings.book, "t": NOW.replace(tzinfo=None).isoformat(" ")}
            connection.execute(text(statement), {**values, "s": vault.seal_for_service(purpose, "said")})


def locked_values(bank: Bank) -> list[tuple[str, bytes]]:
    """What each row's bytes are bound to, and the bytes."""
    found = []
    with bank.engine.connect() as connection:
        for one in renewing.EVERY:
            table = one.table.__table__
            rows = connection.execute(table.select().where(table.c[one.column].is_not(None))).all()
            assert rows, one.name
            found += [(one.bound_to(row), row._mapping[one.column]) for row in rows]
    return found


def opened_by(vault: Vault, values: list[tuple[str, bytes]]) -> list[bool]:
    """For each value, whether this vault opens it."""
    found = []
    for bound_to, locked in values:
        try:
            vault.renewed(bound_to, locked)
            found.append(True)
        except VaultError:
            found.append(False)
    return found


def test_a_new_master_key_takes_over_also_after_a_kill(committed: World) -> None:
    world = committed
    filled(world)
    settings = world.bank.settings
    keys = settings.instance / "keys"
    old = Vault(settings.master_key, settings.index_key, os.urandom)
    everybody = people(world.bank)
    assert run(world.bank).startswith("0 ")
    assert {stat.S_IMODE(file.stat().st_mode) for file in keys.glob("master*")} == {0o600}
    both = restarted(world.bank)
    assert (both.settings.older_master_keys, both.settings.master_key != settings.master_key) == (
        (settings.master_key,), True,
    )  # fmt: skip
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_IN_A_TRANSACTION],
        env={**os.environ, **environment(settings)}, capture_output=True, check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    new = Vault(both.settings.master_key, settings.index_key, os.urandom)
    values = locked_values(world.bank)
    # The first batch was committed; of the second, in which the kill came, nothing was.
    assert opened_by(new, values).count(True) == 4
    assert opened_by(old, values).count(False) == 4
    assert people(both) == everybody
    assert (keys / "master.key.old").exists()
    assert run(both, "--restarted").startswith("0 ")
    assert sorted(file.name for file in keys.glob("master*")) == ["master.key"]
    values = locked_values(world.bank)
    assert all(opened_by(new, values))
    assert not any(opened_by(old, values))
    alone = restarted(world.bank)
    assert alone.settings.older_master_keys == ()
    assert people(alone) == everybody
    assert audits.run_now(alone, world.staff["auditor"], full=True, now=NOW).verdict == "sound"


def people(bank: Bank) -> dict[str, str]:
    """Everybody's name and phone, opened."""
    with bank.read() as unit, bank.engine.connect() as connection:
        ids = connection.execute(text("select id from person")).scalars().all()
        return {who: f"{data.name} {data.phone}" for who, data in unit.persons(ids).items()}


def test_people_are_served_while_both_keys_are_known(committed: World) -> None:
    world = committed
    member = world.member()
    phone = members.see(world.bank, member, member.person_id, now=NOW).data.phone
    run(world.bank)
    world.bank = restarted(world.bank)
    assert sessions.sign_in(world.bank, phone, PASSWORD, device="tests", address="::1", now=NOW)
    fresh = world.member(name="欧阳桂芳")
    assert run(world.bank, "--restarted").startswith("0 ")
    # A process that still knows both goes on as before.
    assert members.see(world.bank, member, member.person_id, now=NOW).data.phone == phone
    assert members.see(restarted(world.bank), fresh, fresh.person_id, now=NOW).data.name == "欧阳桂芳"


def test_the_audit_state_of_the_old_key_means_a_full_audit(committed: World) -> None:
    world = committed
    audits.run_now(world.bank, world.staff["auditor"], full=True, now=NOW)
    run(world.bank)
    bank = restarted(world.bank)
    with pytest.raises(VaultError):
        bank.vault.vouched(world.bank.vault.vouch(b"state"))
    assert audits.run_now(bank, world.staff["auditor"], full=False, now=NOW).verdict == "sound"


def test_it_begins_once_and_bears_a_kill_at_each_step(tmp_path: Path) -> None:
    path, old = tmp_path / "master.key", tmp_path / "master.key.old"
    path.write_bytes(b"a" * 32)
    (tmp_path / "master.key.new").write_bytes(b"torn")
    assert master_key.begin(path, b"b" * 32)
    assert (path.read_bytes(), old.read_bytes()) == (b"b" * 32, b"a" * 32)
    assert not master_key.begin(path, b"c" * 32)
    assert (path.read_bytes(), old.read_bytes()) == (b"b" * 32, b"a" * 32)
    # Killed between the second name of the old key and the new key's taking its place.
    path.write_bytes(b"a" * 32)
    (tmp_path / "master.key.new").write_bytes(b"b" * 32)
    assert master_key.begin(path, b"c" * 32)
    assert (path.read_bytes(), old.read_bytes()) == (b"b" * 32, b"a" * 32)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["master.key", "master.key.old"]


def test_a_row_that_no_key_opens_keeps_the_old_key(committed: World) -> None:
    world = committed
    run(world.bank)
    bank = restarted(world.bank)
    with world.engine.begin() as connection:
        connection.execute(text("update person set wrapped_key = :w where id = :i"),
                           {"w": b"x" * 60, "i": world.staff["auditor"].person_id})  # fmt: skip
    said = run(bank, "--restarted")
    assert said.startswith("1 ")
    assert f"person.wrapped_key of {world.staff['auditor'].person_id}" in said
    assert (bank.settings.instance / "keys" / "master.key.old").exists()


def test_without_an_older_key_nothing_is_renewed(world: World) -> None:
    assert "there is no older master key" in run(world.bank, "--restarted")


def test_a_key_of_the_environment_is_replaced_there(committed: World) -> None:
    world = committed
    settings = world.bank.settings
    fresh = base64.b64encode(b"n" * 32).decode()
    said = run(world.bank, TIMEBANK_MASTER_KEY=base64.b64encode(settings.master_key).decode())
    assert said.startswith("1 ")
    assert "TIMEBANK_MASTER_KEY_OLD" in said
    assert not (settings.instance / "keys" / "master.key.old").exists()
    older = base64.b64encode(settings.master_key).decode()
    said = run(world.bank, "--restarted", TIMEBANK_MASTER_KEY=fresh, TIMEBANK_MASTER_KEY_OLD=older)
    assert said.startswith("0 ")
    assert "Take TIMEBANK_MASTER_KEY_OLD out" in said
    new = Vault(b"n" * 32, settings.index_key, os.urandom)
    assert people(replace(world.bank, vault=new))
    with pytest.raises(VaultError):
        people(world.bank)


def test_every_column_of_sealed_bytes_is_known() -> None:
    renewed = {(one.table.__tablename__, one.column) for one in renewing.EVERY}
    for mapper in Base.registry.mappers:
        table = mapper.local_table
        for column in inspect(mapper.class_).columns:
            if "sealed" in column.name or "wrapped" in column.name:
                under_the_master = (str(table), column.name) in renewed
                assert under_the_master == (column.name in OF_THE_SERVICE), column
                assert under_the_master or column.name in OF_A_PERSON, column
