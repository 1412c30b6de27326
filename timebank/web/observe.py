"""Request ids, structured logs without personal data, health, readiness and metrics."""

from __future__ import annotations

import logging
import os
import re
import secrets
import time

import structlog
from flask import Flask, Response, g, request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from timebank.services import health
from timebank.web.guard import bank, now, public

REQUESTS = Counter("timebank_requests", "Requests answered", ["method", "route", "status"])
SECONDS = Histogram("timebank_request_seconds", "Time to answer", ["method", "route"])
REQUEST_ID = re.compile(r"[0-9A-Za-z-]{8,64}")
QUIET = ("static", "log.tile", "log.checkpoint")
"""A line for each of the thousands of tiles that a monitor reads would bury the others; they are counted."""

log = structlog.get_logger()


def init_logs() -> None:
    """One JSON object a line on stdout: the route's rule and never the path, for paths may name somebody."""
    logging.basicConfig(format="%(message)s", level=logging.INFO)
    for chatty in ("apscheduler", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.WriteLoggerFactory(),
        cache_logger_on_first_use=False,
    )


def init_observation(app: Flask) -> None:
    """Register the hooks and the three routes for machines."""
    init_logs()

    @app.before_request
    def begin() -> None:
        given = request.headers.get("X-Request-ID", "")
        g.request_id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        g.started = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def end(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "(none)"
        seconds = time.perf_counter() - g.get("started", time.perf_counter())
        REQUESTS.labels(request.method, route, response.status_code).inc()
        SECONDS.labels(request.method, route).observe(seconds)
        response.headers["X-Request-ID"] = g.get("request_id", "")
        if request.endpoint not in QUIET:
            log.info(
                "request", method=request.method, route=route, status=response.status_code, ms=round(seconds * 1000, 1)
            )
        return response

    app.add_url_rule("/healthz", "healthz", healthz)
    app.add_url_rule("/readyz", "readyz", readyz)
    app.add_url_rule("/metrics", "metrics", metrics)


@public
def healthz() -> Response:
    """The process answers. It asks no database."""
    return Response("ok\n", mimetype="text/plain")


@public
def readyz() -> Response:
    """The database answers, its schema is this program's, and the scheduler was seen lately."""
    state = health.ready(bank(), now=now())
    text = "".join(f"{name}: {'ok' if good else 'not ready'}\n" for name, good in state.parts)
    return Response(text, status=200 if state.is_ready else 503, mimetype="text/plain")


@public
def metrics() -> Response:
    """For Prometheus, to this machine only: behind a proxy the address seen is another."""
    if request.remote_addr not in ("127.0.0.1", "::1"):
        return Response("only from this machine\n", status=403, mimetype="text/plain")
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library has no types there
    return Response(generate_latest(registry), mimetype=CONTENT_TYPE_LATEST)
