"""A page that shows what the API can do. It needs nothing from elsewhere and works offline."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, render_template

from timebank.web.guard import public

blueprint = Blueprint("docs", __name__)


@blueprint.get("/api/docs")
@public
def index() -> str:
    """Every operation with its scope, parameters, body and answers, out of the OpenAPI description."""
    spec = current_app.extensions["api"].spec.to_dict()
    operations = [
        _operation(path, method, operation, spec)
        for path, methods in spec["paths"].items()
        for method, operation in methods.items()
        if method in ("get", "post", "put", "delete")
    ]
    return render_template("docs/index.html", info=spec["info"], operations=operations)


def _operation(path: str, method: str, operation: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    answers = {
        status: _schema(answer.get("content", {}).get("application/json", {}).get("schema"), spec)
        for status, answer in operation.get("responses", {}).items()
        if status.isdigit() and status < "300"
    }
    return {
        "id": f"{method}-{path}".replace("/", "-").strip("-"),
        "method": method.upper(),
        "path": path,
        "summary": operation.get("summary", ""),
        "parameters": operation.get("parameters", []),
        "body": _schema(body, spec),
        "answers": answers,
    }


def _schema(schema: dict[str, Any] | None, spec: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """Field, type and whether it is required, of a schema or of the one that it refers to."""
    if not schema:
        return []
    name = schema.get("$ref", "").rsplit("/", 1)[-1]
    found = spec["components"]["schemas"].get(name, schema)
    required = found.get("required", [])
    return [(field, _type(kind), field in required) for field, kind in found.get("properties", {}).items()]


def _type(kind: dict[str, Any]) -> str:
    if "$ref" in kind:
        return str(kind["$ref"]).rsplit("/", 1)[-1]
    if kind.get("type") == "array":
        return f"[{_type(kind.get('items', {}))}]"
    given = kind.get("type", "object")
    return " | ".join(given) if isinstance(given, list) else str(given)
