"""The REST API under /api/v1: one file a noun, each a blueprint; OpenAPI 3.1 and a page to browse it, offline."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import marshmallow as ma
from apispec import BasePlugin
from flask import Flask
from flask_smorest import Api

from timebank import __version__
from timebank.web.api.access import KEY_LENGTH, guard_api
from timebank.web.errors import PROBLEM
from timebank.web.guard import public
from timebank.web.security import csrf

PREFIX = "/api/v1"


class Problem(ma.Schema):
    """RFC 9457 problem details, with our stable `code`."""

    type = ma.fields.String(required=True)
    title = ma.fields.String(required=True)
    status = ma.fields.Integer(required=True)
    detail = ma.fields.String(required=True)
    code = ma.fields.String(required=True)
    errors = ma.fields.Dict()


class KeyOfPosts(BasePlugin):
    """Describes the header without which no POST is carried out, so that generated clients ask for it."""

    def operation_helper(self, path: str | None = None, operations: dict[str, Any] | None = None, **rest: Any) -> None:
        if operations is not None and "post" in operations:
            key = {
                "in": "header",
                "name": "Idempotency-Key",
                "required": True,
                "schema": {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH},
                "description": "A repeat with the same key gets the same answer and does nothing.",
            }
            operations["post"].setdefault("parameters", []).append(key)


class ProblemApi(Api):  # type: ignore[misc]  # flask-smorest has no types
    """flask-smorest, answering every error as problem details and documenting it as that."""

    ERROR_SCHEMA = Problem

    def _register_responses(self) -> None:
        usual = Api.DEFAULT_RESPONSE_CONTENT_TYPE
        self.DEFAULT_RESPONSE_CONTENT_TYPE: str = PROBLEM
        try:
            super()._register_responses()
        finally:
            self.DEFAULT_RESPONSE_CONTENT_TYPE = usual

    def _register_error_handlers(self) -> None:
        """None of its own: `web.errors` has the one table."""


def init_api(app: Flask) -> None:
    """Register every blueprint of this package, and the description."""
    app.config.update(
        API_TITLE="Time bank",
        API_VERSION=__version__,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
            "security": [{"bearer": []}],
            "info": {"description": "Hours of volunteer service, on an append-only ledger. All amounts are minutes."},
        },
    )
    description = ProblemApi(app, spec_kwargs={"extra_plugins": [KeyOfPosts()]})
    guard_api(app)
    for found in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{found.name}")
        blueprint: Any = module.__dict__.get("blueprint")
        if blueprint is None:
            continue
        csrf.exempt(blueprint)
        description.register_blueprint(blueprint, url_prefix=PREFIX)
    app.extensions["api"] = description
    for endpoint in list(app.view_functions):
        if endpoint.startswith("api-docs."):
            app.view_functions[endpoint] = public(app.view_functions[endpoint])
