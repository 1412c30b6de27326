"""Bearer tokens for stations' own systems: made once shown once, with scopes and an end; and kept answers."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from timebank.domain.errors import Forbidden, NotFound, TokenInvalid, TokenScopeUnknown
from timebank.domain.roles import VERBS, Actor, Role, RoleName, permits
from timebank.storage.access import Answered, Token
from timebank.storage.ids import digest
from timebank.storage.unit import Bank

PREFIX = "tb_"
LONGEST = timedelta(days=366)
TOUCH_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who comes with a token: its owner with its owner's roles, narrowed to the token's scopes."""

    actor: Actor
    session_id: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class TokenView:
    """A token as the list shows it; the secret is gone."""

    id: str
    name: str
    owner_id: str
    scopes: tuple[str, ...]
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What was answered to a key."""

    request_digest: str
    status: int
    body: str


def make(
    bank: Bank, actor: Actor, *, name: str, owner_id: str, scopes: Iterable[str], days: int, now: datetime
) -> tuple[TokenView, str]:
    """Make a token for a staff member; give it and its secret, which is shown this once.

    Raises NotFound for an unknown owner, Forbidden if the owner holds no staff role, TokenScopeUnknown for a scope that
    the owner's roles don't have.
    """
    wanted = tuple(sorted(set(scopes)))
    secret = PREFIX + base64.urlsafe_b64encode(bank.random(32)).decode().rstrip("=")
    with bank.unit() as unit:
        if unit.people.get(owner_id) is None:
            raise NotFound()
        grants = unit.access.roles(owner_id)
        if not grants:
            raise Forbidden()
        roles = frozenset(Role(RoleName(grant.role), grant.station_id) for grant in grants)
        owner = Actor(book=unit.origin, person_id=owner_id, roles=roles, via="api")
        for scope in wanted:
            if scope not in VERBS or not permits(owner, scope):
                raise TokenScopeUnknown(scope=scope)
        row = Token(
            book=unit.origin,
            id=bank.new_id(now),
            digest=digest(secret),
            name=name,
            person_id=owner_id,
            scopes=" ".join(wanted),
            made_by=actor.person_id,
            made_at=now,
            expires_at=now + min(timedelta(days=max(days, 1)), LONGEST),
        )
        unit.access.add(row)
        return _view(row), secret


def bearer(bank: Bank, secret: str, *, now: datetime) -> Bearer:
    """Who holds this secret. Raises TokenInvalid if it is unknown, over or revoked."""
    with bank.read() as unit:
        row = unit.access.token_by_digest(digest(secret))
        if row is None or row.book != unit.origin or row.revoked_at is not None or row.expires_at <= now:
            raise TokenInvalid()
        roles = {Role(RoleName(grant.role), grant.station_id) for grant in unit.access.roles(row.person_id)}
        actor = Actor(book=unit.origin, person_id=row.person_id, roles=frozenset(roles), via="api")
        found = Bearer(actor=actor, session_id=row.id, scopes=frozenset(row.scopes.split()))
        stale = row.used_at is None or now - row.used_at > TOUCH_EVERY
    if stale:
        with bank.unit() as unit:
            row = unit.access.token(found.session_id)
            if row is not None:
                row.used_at = now
    return found


def every(bank: Bank, actor: Actor) -> tuple[TokenView, ...]:
    """All tokens of the book, the newest first."""
    with bank.read() as unit:
        return tuple(_view(row) for row in unit.access.tokens())


def revoke(bank: Bank, actor: Actor, token_id: str, *, now: datetime) -> None:
    """End a token at once. Raises NotFound."""
    with bank.unit() as unit:
        row = unit.access.token(token_id)
        if row is None:
            raise NotFound()
        row.revoked_at = row.revoked_at or now


def answered(bank: Bank, actor: Actor, key: str) -> KeptAnswer | None:
    """What was answered to this key before."""
    with bank.read() as unit:
        row = unit.access.answered(actor.person_id, key)
        if row is None:
            return None
        return KeptAnswer(row.request_digest, row.status, bank.vault.open_for_service("answer", row.sealed_body))


def keep_answer(
    bank: Bank, actor: Actor, key: str, request_digest: str, status: int, body: str, *, now: datetime
) -> None:
    """Keep an answer, sealed, since it may hold personal data."""
    with bank.unit() as unit:
        unit.access.add(
            Answered(
                book=unit.origin,
                principal=actor.person_id,
                key=key,
                request_digest=request_digest,
                status=status,
                sealed_body=bank.vault.seal_for_service("answer", body),
                at=now,
            )
        )


def _view(row: Token) -> TokenView:
    return TokenView(
        id=row.id,
        name=row.name,
        owner_id=row.person_id,
        scopes=tuple(row.scopes.split()),
        made_at=row.made_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
        revoked_at=row.revoked_at,
    )


def forget_old_answers(bank: Bank, *, now: datetime) -> None:
    """Kept answers are for retries, not for ever: after a week they go."""
    with bank.unit() as unit:
        unit.access.forget_answers_before(now - timedelta(days=7))
