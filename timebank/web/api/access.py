"""Bearer tokens, their scopes, and the Idempotency-Key on every POST.

What a POST did and what was answered are kept in one commit, so a repeat with the same key gets the same answer and
does nothing, also after a crash between the two.
"""

from __future__ import annotations

import hashlib

from flask import Flask, Response, current_app, g, request

from timebank.domain.errors import (
    Forbidden,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    TokenInvalid,
    TokenScopeMissing,
)
from timebank.domain.roles import permits
from timebank.services import tokens
from timebank.web.guard import API, PUBLIC, SIGNED_IN, allows_of, now

KEY_LENGTH = 80


def guard_api(app: Flask) -> None:
    """Check token, scope and permission before each view of the API; keep the answers of POSTs."""
    app.before_request(_check)
    app.before_request(_answer_again)
    app.after_request(_keep)
    app.teardown_request(_close)


def _is_api() -> bool:
    return request.blueprint is not None and request.blueprint.startswith(API)


def _check() -> None:
    if not _is_api():
        return
    allows = allows_of(current_app, request.endpoint or "")
    if allows is None:
        raise Forbidden()
    if allows == PUBLIC:
        return
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not secret:
        raise TokenInvalid()
    bearer = tokens.bearer(current_app.extensions["bank"], secret.strip(), now=now())
    g.visitor = bearer
    if allows == SIGNED_IN:
        return
    if allows not in bearer.scopes:
        raise TokenScopeMissing(scope=allows)
    if not permits(bearer.actor, allows):
        raise Forbidden()


def _answer_again() -> Response | None:
    """For a POST: the kept answer if the key is known, else open the one transaction for what follows."""
    if not _is_api() or request.method != "POST":
        return None
    key = request.headers.get("Idempotency-Key", "")
    if not 0 < len(key) <= KEY_LENGTH or not key.isprintable():
        raise IdempotencyKeyMissing()
    asked = hashlib.sha256(b"\n".join((request.path.encode(), request.get_data()))).hexdigest()
    g.together = current_app.extensions["bank"].together()
    g.bank = g.together.__enter__()
    kept = tokens.answered(g.bank, g.visitor.actor, key)
    if kept is None:
        g.asked = (key, asked)
        return None
    if kept.request_digest != asked:
        raise IdempotencyKeyReused()
    response = Response(kept.body, status=kept.status, mimetype="application/json")
    response.headers["Idempotent-Replayed"] = "true"
    return response


def _keep(response: Response) -> Response:
    if "asked" in g and response.status_code < 400:
        key, asked = g.pop("asked")
        tokens.keep_answer(
            g.bank, g.visitor.actor, key, asked, response.status_code, response.get_data(as_text=True), now=now()
        )
    _commit()
    return response


def _commit() -> None:
    together = g.pop("together", None)
    g.pop("bank", None)
    if together is not None:
        together.__exit__(None, None, None)


def _close(error: BaseException | None) -> None:
    """If a view failed in a way that no answer was made, undo all that it did."""
    together = g.pop("together", None)
    g.pop("bank", None)
    if together is not None:
        failure = error or RuntimeError("the request ended without an answer")
        together.__exit__(type(failure), failure, None)
