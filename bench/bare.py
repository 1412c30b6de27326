"""The least that a Flask handler can do: insert one row and commit, or give a file. The service is measured by it."""

from __future__ import annotations

import os
import uuid

from flask import Flask, Response, send_from_directory
from sqlalchemy import create_engine, text

engine = create_engine(os.environ["BENCH_URL"], pool_size=8)
application = Flask("bare")


@application.post("/")
def insert() -> str:
    """One row, one commit."""
    with engine.begin() as one:
        one.execute(text("insert into bare (id) values (:id)"), {"id": uuid.uuid4().hex})
    return "ok"


@application.get("/file/<name>")
def file(name: str) -> Response:
    """A file as it is."""
    return send_from_directory(os.environ["BENCH_FOLDER"], name)


@application.get("/healthz")
def healthz() -> str:
    """For the one who waits until it is up."""
    return "ok"
