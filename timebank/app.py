"""The Flask application, built from settings: extensions, guard, errors, pages, API."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from flask import Blueprint, Flask, request
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from werkzeug.middleware.proxy_fix import ProxyFix

from timebank.bootstrap import build_bank
from timebank.domain.errors import RateLimited
from timebank.settings import Settings, load
from timebank.storage.unit import Bank
from timebank.web import api, pages
from timebank.web.errors import init_errors
from timebank.web.guard import LOG, init_guard
from timebank.web.language import init_language
from timebank.web.navigation import init_navigation
from timebank.web.observe import init_observation
from timebank.web.security import init_security
from timebank.web.words import init_words

MOST_REQUESTS = "600 per minute"


def create_app(settings: Settings | None = None, bank: Bank | None = None) -> Flask:
    """The application over `bank`, or over one built from `settings`, or from the environment."""
    app = Flask("timebank", static_folder="web/static", static_url_path="/static")
    app.extensions["bank"] = bank or build_bank(settings or load())
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # the default provider has it
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    init_security(app)
    init_language(app)
    init_words(app)
    init_observation(app)
    init_guard(app)
    init_navigation(app)
    init_errors(app)
    _limit(app)
    for module in _modules(pages):
        app.register_blueprint(_blueprint(module))
    api.init_api(app)
    proxies = app.extensions["bank"].settings.proxies
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]
    return app


def _modules(package: ModuleType) -> list[ModuleType]:
    """Each module of a package: a page is added by adding its file."""
    return [
        importlib.import_module(f"{package.__name__}.{found.name}") for found in pkgutil.iter_modules(package.__path__)
    ]


def _blueprint(module: ModuleType) -> Blueprint:
    blueprint = module.__dict__["blueprint"]
    if not isinstance(blueprint, Blueprint):
        raise TypeError(f"{module.__name__}.blueprint is no blueprint")
    return blueprint


def _limit(app: Flask) -> None:
    """Coarse flood control, per worker, address and route, for a station's desks share an address. What must hold
    across workers is counted in the database."""
    windows, most = FixedWindowRateLimiter(MemoryStorage()), parse(MOST_REQUESTS)

    @app.before_request
    def count() -> None:
        # A monitor that catches up reads thousands of tiles of the log.
        free = request.endpoint == "static" or request.blueprint == LOG
        if not free and not windows.hit(most, request.remote_addr or "", request.endpoint or ""):
            raise RateLimited
