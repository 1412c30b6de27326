"""Signing in and out: passwords, second factors, devices. Every failure costs time, and more each time."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp

from timebank.domain.errors import (
    EnrolmentLost,
    NotFound,
    PasswordTooWeak,
    PasswordWrong,
    SecondFactorNeeded,
    SecondFactorWrong,
    SignInFailed,
    Unauthenticated,
)
from timebank.domain.identity import login_form
from timebank.domain.roles import STAFF_ROLES, Actor, Role, RoleName
from timebank.storage.access import Credential, Entrance, SignIn
from timebank.storage.guessing import FREE_TRIES, count_failure, refuse_if_closed
from timebank.storage.ids import digest
from timebank.storage.unit import Bank, Unit
from timebank.storage.vault import VaultError

LIFETIME = timedelta(hours=12)
IDLE = timedelta(hours=2)
SHORTEST_PASSWORD = 8
TOUCH_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who comes with a cookie: the actor, and what is still to be done before anything else."""

    actor: Actor
    session_id: str
    must_change_password: bool
    second_factor: str
    """`done`, `ask` (a code is needed) or `enrol` (a secret must be set up first)."""


@dataclass(frozen=True, slots=True)
class Device:
    """One signed-in device in the list."""

    id: str
    device: str
    created_at: datetime
    seen_at: datetime
    is_this: bool


def sign_in(bank: Bank, login: str, password: str, *, device: str, address: str, now: datetime) -> str:
    """Check the password; give the secret for the cookie.

    Raises SignInFailed (which never says which part was wrong) or TooManyAttempts with the seconds to wait.
    """
    name = bank.vault.blind_index("login", login_form(login))
    buckets = (digest("login" + name), digest("address" + address))
    with bank.read() as unit:
        for bucket in buckets:
            refuse_if_closed(unit, bucket, now)
        entry = unit.access.login(name)
        credential = unit.access.credential(entry.person_id) if entry and entry.book == unit.origin else None
    if not bank.passwords.matches(credential.password_hash if credential else None, password):
        with bank.unit() as unit:
            for bucket, free in zip(buckets, (FREE_TRIES, FREE_TRIES * 10), strict=True):
                count_failure(unit, bucket, free, now)
        raise SignInFailed()
    if credential is None:
        raise SignInFailed()
    secret = base64.urlsafe_b64encode(bank.random(32)).decode().rstrip("=")
    with bank.unit() as unit:
        unit.access.forget_throttle(buckets[0])
        unit.access.add(
            SignIn(
                digest=digest(secret),
                id=bank.new_id(now),
                book=unit.origin,
                person_id=credential.person_id,
                created_at=now,
                seen_at=now,
                expires_at=now + LIFETIME,
                device=device[:80],
            )
        )
    return secret


def who(bank: Bank, secret: str, *, now: datetime) -> SignedIn:
    """Who holds this cookie. Raises Unauthenticated if it is unknown, over, idle too long or revoked."""
    with bank.read() as unit:
        row = unit.access.entrance(digest(secret))
        if row is None or now >= row.expires_at or now - row.seen_at > IDLE:
            raise Unauthenticated
    roles = {Role(RoleName(name), station_id) for name, station_id in row.roles}
    if row.state == "active":
        roles.add(Role(RoleName.MEMBER, row.station_id))
    actor = Actor(book=bank.settings.book, person_id=row.person_id, roles=frozenset(roles), via="web")
    if now - row.seen_at > TOUCH_EVERY:
        with bank.unit() as unit:
            session = unit.access.sign_in(digest(secret))
            if session is not None:
                session.seen_at = now
    return SignedIn(
        actor=actor,
        session_id=row.id,
        must_change_password=row.must_change,
        second_factor=_second_factor(bank, row, actor),
    )


def _second_factor(bank: Bank, row: Entrance, actor: Actor) -> str:
    if row.second_factor_at is not None:
        return "done"
    if row.totp_sealed is not None:
        return "ask"
    is_staff = any(role.name in STAFF_ROLES for role in actor.roles)
    return "enrol" if is_staff and bank.settings.totp_required else "done"


def begin_second_factor(bank: Bank, actor: Actor, *, now: datetime) -> tuple[str, str]:
    """A new TOTP secret, and the URI for an authenticator app. It counts once a code of it was confirmed."""
    secret = base64.b32encode(bank.random(20)).decode()
    uri = pyotp.TOTP(secret).provisioning_uri(name=actor.person_id[-8:], issuer_name="Timebank")
    return secret, uri


def sealed_enrolment(bank: Bank, secret: str) -> str:
    """The new secret as it goes through the browser's cookie between the two pages, hex."""
    return bank.vault.seal_for_service("enrol", secret).hex()


def opened_enrolment(bank: Bank, sealed: str | None) -> str:
    """The secret again. Raises EnrolmentLost if there is none, or the master key took over from another meanwhile."""
    if sealed is None:
        raise EnrolmentLost
    try:
        secret: str = bank.vault.open_for_service("enrol", bytes.fromhex(sealed))
    except (VaultError, ValueError) as error:
        raise EnrolmentLost from error
    return secret


def enrol_second_factor(bank: Bank, cookie: str, secret: str, code: str, *, now: datetime) -> None:
    """Keep the secret if the code fits it. Raises SecondFactorWrong."""
    counter = _counter_of(secret, code, now)
    if counter is None:
        raise SecondFactorWrong()
    with bank.unit() as unit:
        row, credential = _both(unit, cookie)
        if credential.totp_sealed is not None and row.second_factor_at is None:
            raise SecondFactorNeeded()
        credential.totp_sealed = bank.vault.seal_for_service(f"totp{row.person_id}", secret)
        credential.totp_counter = counter
        row.second_factor_at = now


def second_factor(bank: Bank, cookie: str, code: str, *, now: datetime) -> None:
    """Check a code. A code counts once. Raises SecondFactorWrong or TooManyAttempts."""
    with bank.read() as unit:
        row, credential = _both(unit, cookie)
        bucket = digest("totp" + row.person_id)
        refuse_if_closed(unit, bucket, now)
        sealed = credential.totp_sealed
    if sealed is None:
        raise SecondFactorWrong()
    counter = _counter_of(bank.vault.open_for_service(f"totp{row.person_id}", sealed), code, now)
    with bank.unit() as unit:
        row, credential = _both(unit, cookie)
        if counter is not None and counter > credential.totp_counter:
            credential.totp_counter = counter
            row.second_factor_at = now
            unit.access.forget_throttle(bucket)
            return
        count_failure(unit, bucket, FREE_TRIES, now)
    raise SecondFactorWrong()


def _counter_of(secret: str, code: str, now: datetime) -> int | None:
    """The 30-second step whose code this is: now, the one before or after; None if none fits."""
    totp = pyotp.TOTP(secret)
    step = int(now.timestamp()) // totp.interval
    wanted = code.replace(" ", "")
    for counter in (step, step - 1, step + 1):
        if pyotp.utils.strings_equal(totp.generate_otp(counter), wanted):
            return counter
    return None


def _both(unit: Unit, cookie: str) -> tuple[SignIn, Credential]:
    row = unit.access.sign_in(digest(cookie))
    credential = unit.access.credential(row.person_id, lock=True) if row is not None else None
    if row is None or credential is None or row.revoked_at is not None:
        raise Unauthenticated()
    return row, credential


def devices(bank: Bank, actor: Actor, session_id: str, *, now: datetime) -> tuple[Device, ...]:
    """Where the actor is signed in, the last used first."""
    with bank.read() as unit:
        rows = unit.access.sign_ins(actor.person_id, now)
        return tuple(Device(row.id, row.device, row.created_at, row.seen_at, row.id == session_id) for row in rows)


def revoke(bank: Bank, actor: Actor, session_id: str, *, now: datetime) -> None:
    """End one of the actor's own sessions. Raises NotFound for anybody else's."""
    with bank.unit() as unit:
        for row in unit.access.sign_ins(actor.person_id, now):
            if row.id == session_id:
                row.revoked_at = now
                return
    raise NotFound()


def sign_out(bank: Bank, secret: str, *, now: datetime) -> None:
    with bank.unit() as unit:
        row = unit.access.sign_in(digest(secret))
        if row is not None and row.revoked_at is None:
            row.revoked_at = now


def change_password(bank: Bank, actor: Actor, session_id: str, old: str, new: str, *, now: datetime) -> None:
    """Change the own password and end every other session. Raises PasswordWrong or PasswordTooWeak."""
    require_strong(new)
    with bank.read() as unit:
        refuse_if_closed(unit, digest("password" + actor.person_id), now)
        credential = unit.access.credential(actor.person_id)
    if not bank.passwords.matches(credential.password_hash if credential else None, old):
        with bank.unit() as unit:
            count_failure(unit, digest("password" + actor.person_id), FREE_TRIES, now)
        raise PasswordWrong()
    hashed = bank.passwords.hash(new)
    with bank.unit() as unit:
        credential = unit.access.credential(actor.person_id, lock=True)
        if credential is None:
            raise NotFound()
        credential.password_hash, credential.changed_at, credential.must_change = hashed, now, False
        unit.access.revoke_sign_ins(actor.person_id, now, but=session_id)


def require_strong(password: str) -> None:
    """Eight characters or more, not all alike. Length is what counts (NIST SP 800-63B); no rule about symbols."""
    if len(password) < SHORTEST_PASSWORD or len(set(password)) < 4:
        raise PasswordTooWeak(length=SHORTEST_PASSWORD)
