"""Headers on every answer, and the tokens against forged requests.

The content security policy has no inline script and no other origin: what is not a file of ours does not run.
"""

from __future__ import annotations

from flask import Flask, Request, Response, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_wtf.csrf import CSRFProtect

from timebank.web.guard import LOG

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
HEADERS_OF_FILES = {"X-Content-Type-Options": "nosniff"}
WITH_CAMERA = "camera=(self), geolocation=(), microphone=()"
"""For the few pages that read a QR code."""
LOG_PREFIX = "/log/"
csrf = CSRFProtect()
SHEETS, MOST_SHEET = frozenset({"imports.new"}), 33_000_000
"""Where whole sheets are loaded, by people of the county alone."""


class _Sessions(SecureCookieSessionInterface):
    """The look of the pages, in a signed cookie. The log has no session: it is answered from the ledger alone."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        return None if request.path.startswith(LOG_PREFIX) else super().open_session(app, request)


def init_security(app: Flask) -> None:
    """Cookie flags, headers, CSRF. Bearer-token routes are exempted where they are registered."""
    settings = app.extensions["bank"].settings
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="look",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.cookies_secure,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=settings.cookies_secure,
        MAX_CONTENT_LENGTH=1_000_000,
    )

    @app.before_request
    def let_sheets_in() -> None:
        # Before the token of the form is looked for, which already reads the body.
        if request.endpoint in SHEETS:
            request.max_content_length = MOST_SHEET

    csrf.init_app(app)
    app.session_interface = _Sessions()

    @app.after_request
    def add_headers(response: Response) -> Response:
        # What the log gives out is no page: nothing in it runs, is framed or sends forms.
        for name, value in (HEADERS_OF_FILES if request.blueprint == LOG else HEADERS).items():
            response.headers.setdefault(name, value)
        if request.is_secure:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        if request.endpoint != "static":
            response.headers.setdefault("Cache-Control", "no-store")
        return response
