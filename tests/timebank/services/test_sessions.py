"""Sign-in, lock-out, second factor, devices, passwords, tokens, staff, policies."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest

from tests.timebank.world import NOW, PASSWORD, World
from timebank.domain import errors
from timebank.services import policies, sessions, staff, tokens


def sign_in(world: World, login: str = "workera", password: str = PASSWORD, **more: object) -> str:
    told = {"device": "test", "address": "192.0.2.1", "now": NOW, **more}
    return sessions.sign_in(world.bank, login, password, **told)  # type: ignore[arg-type]


def test_a_session_lasts_until_it_is_over_idle_or_revoked(world: World) -> None:
    secret = sign_in(world)
    signed = sessions.who(world.bank, secret, now=NOW)
    assert signed.actor == world.staff["worker A"]
    assert sessions.who(world.bank, secret, now=NOW + timedelta(hours=1)).actor == signed.actor
    with pytest.raises(errors.Unauthenticated):
        sessions.who(world.bank, secret, now=NOW + timedelta(hours=4))
    with pytest.raises(errors.Unauthenticated):
        sessions.who(world.bank, "made up", now=NOW)
    other = sign_in(world)
    devices = sessions.devices(world.bank, signed.actor, signed.session_id, now=NOW)
    assert [device.is_this for device in devices].count(True) == 1
    with pytest.raises(errors.NotFound):
        sessions.revoke(world.bank, world.staff["worker B"], signed.session_id, now=NOW)
    sessions.revoke(world.bank, signed.actor, signed.session_id, now=NOW)
    with pytest.raises(errors.Unauthenticated):
        sessions.who(world.bank, secret, now=NOW)
    sessions.sign_out(world.bank, other, now=NOW)
    with pytest.raises(errors.Unauthenticated):
        sessions.who(world.bank, other, now=NOW)


def test_unknown_logins_and_wrong_passwords_look_alike(world: World) -> None:
    for login in ("workera", "nobody"):
        with pytest.raises(errors.SignInFailed):
            sign_in(world, login, "wrong")


def test_guessing_is_slowed_more_each_time(world: World) -> None:
    now, waits = NOW, []
    for _ in range(8):
        try:
            sign_in(world, password="wrong", now=now)
        except errors.SignInFailed:
            continue
        except errors.TooManyAttempts as error:
            wait = int(str(error.params["wait_seconds"]))
            waits.append(wait)
            now += timedelta(seconds=wait)
    assert waits
    assert waits == sorted(waits)
    assert waits[-1] > waits[0]
    assert sign_in(world, now=now + timedelta(hours=2))


def test_in_production_staff_need_a_second_factor_and_a_code_counts_once(world: World) -> None:
    bank = replace(world.bank, settings=replace(world.bank.settings, totp_required=True))
    strict = World(bank, world.stations, world.staff)
    cookie = sign_in(strict)
    assert sessions.who(bank, cookie, now=NOW).second_factor == "enrol"
    secret, uri = sessions.begin_second_factor(bank, strict.staff["worker A"], now=NOW)
    assert secret in uri
    with pytest.raises(errors.SecondFactorWrong):
        sessions.enrol_second_factor(bank, cookie, secret, "000000", now=NOW)
    code = pyotp.TOTP(secret).at(NOW)
    sessions.enrol_second_factor(bank, cookie, secret, code, now=NOW)
    assert sessions.who(bank, cookie, now=NOW).second_factor == "done"
    again = sign_in(strict)
    assert sessions.who(bank, again, now=NOW).second_factor == "ask"
    with pytest.raises(errors.SecondFactorWrong):
        sessions.second_factor(bank, again, code, now=NOW)
    later = NOW + timedelta(seconds=60)
    sessions.second_factor(bank, again, pyotp.TOTP(secret).at(later), now=later)
    assert sessions.who(bank, again, now=later).second_factor == "done"
    member = strict.member()
    assert member.role_names


def test_a_new_password_signs_out_every_other_device(world: World) -> None:
    here, there = sign_in(world), sign_in(world)
    signed = sessions.who(world.bank, here, now=NOW)
    with pytest.raises(errors.PasswordWrong):
        sessions.change_password(world.bank, signed.actor, signed.session_id, "wrong", "a much better one", now=NOW)
    with pytest.raises(errors.PasswordTooWeak):
        sessions.change_password(world.bank, signed.actor, signed.session_id, PASSWORD, "aaaaaaaaa", now=NOW)
    sessions.change_password(world.bank, signed.actor, signed.session_id, PASSWORD, "a much better one", now=NOW)
    assert sessions.who(world.bank, here, now=NOW)
    with pytest.raises(errors.Unauthenticated):
        sessions.who(world.bank, there, now=NOW)


def test_tokens_have_scopes_and_an_end(world: World) -> None:
    admin, owner = world.staff["admin"], world.staff["worker A"]
    view, secret = tokens.make(
        world.bank, admin, name="kiosk", owner_id=owner.person_id, scopes=["hours.verify"], days=30, now=NOW
    )
    bearer = tokens.bearer(world.bank, secret, now=NOW)
    assert bearer.scopes == {"hours.verify"}
    assert bearer.actor.roles == owner.roles
    for scope in ("policies.decide", "no.such"):
        with pytest.raises(errors.TokenScopeUnknown):
            tokens.make(world.bank, admin, name="x", owner_id=owner.person_id, scopes=[scope], days=1, now=NOW)
    with pytest.raises(errors.TokenInvalid):
        tokens.bearer(world.bank, secret, now=NOW + timedelta(days=31))
    tokens.revoke(world.bank, admin, view.id, now=NOW)
    for secret_ in (secret, "tb_made_up"):
        with pytest.raises(errors.TokenInvalid):
            tokens.bearer(world.bank, secret_, now=NOW)


def test_guards_of_the_books_hold_no_role_that_moves_credit(world: World) -> None:
    admin, auditor = world.staff["admin"], world.staff["auditor"]
    with pytest.raises(errors.RoleNotGrantable):
        staff.grant(world.bank, admin, auditor.person_id, "worker", world.stations["A"], now=NOW)
    with pytest.raises(errors.RoleNotGrantable):
        staff.grant(world.bank, admin, world.staff["worker A"].person_id, "street", world.stations["A"], now=NOW)
    with pytest.raises(errors.Forbidden):
        staff.every(world.bank, world.staff["worker A"])
    mine = next(one for one in staff.every(world.bank, admin) if one.person_id == admin.person_id)
    with pytest.raises(errors.LastAdministrator):
        staff.end_role(world.bank, admin, mine.roles[0].grant_id, now=NOW)


def test_a_role_taken_back_ends_the_sessions(world: World) -> None:
    cookie = sign_in(world)
    admin = world.staff["admin"]
    mine = next(one for one in staff.every(world.bank, admin) if one.person_id == world.staff["worker A"].person_id)
    staff.end_role(world.bank, admin, mine.roles[0].grant_id, now=NOW)
    with pytest.raises(errors.Unauthenticated):
        sessions.who(world.bank, cookie, now=NOW)


def test_policies_are_decided_by_the_county_and_never_backdated(world: World) -> None:
    county = world.staff["county"]
    text = policies.template("beijing")
    with pytest.raises(errors.Forbidden):
        policies.decide(world.bank, world.staff["worker A"], text, NOW, now=NOW)
    with pytest.raises(errors.PolicyBackdated):
        policies.decide(world.bank, county, text, NOW - timedelta(days=1), now=NOW)
    with pytest.raises(errors.PolicyInvalid):
        policies.decide(world.bank, county, text.replace('"schema": 2', '"schema": 2.5'), NOW, now=NOW)
    view = policies.decide(world.bank, county, text, NOW + timedelta(days=1), now=NOW)
    assert not view.in_force
    assert policies.in_force(world.bank, now=NOW).code == "demo"
    assert policies.in_force(world.bank, now=NOW + timedelta(days=2)).code == "beijing"
    with world.bank.read() as unit:
        entry = unit.book.entry(view.entry_seq)
    assert entry.data is not None
    assert entry.data["policy"]["code"] == "beijing"
