"""The Flask application, built from settings: extensions, guard, errors, pages, API."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from flask import Blueprint, Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from werkzeug.middleware.proxy_fix import ProxyFix

from timebank.bootstrap import build_bank
from timebank.settings import Settings, load
from timebank.storage.unit import Bank
from timebank.web import api, pages
from timebank.web.errors import init_errors
from timebank.web.guard import init_guard
from timebank.web.language import init_language
from timebank.web.navigation import init_navigation
from timebank.web.observe import init_observation
from timebank.web.pages import log
from timebank.web.security import init_security
from timebank.web.words import init_words


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
    """Coarse flood control, per worker and address. What must hold across workers is counted in the database."""
    limiter = Limiter(get_remote_address, app=app, default_limits=["600 per minute"], storage_uri="memory://")
    limiter.exempt(app.view_functions["static"])
    limiter.exempt(log.blueprint)  # a monitor that catches up reads thousands of tiles
