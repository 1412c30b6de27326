"""The least that a Flask handler on PostgreSQL can do: insert one row and commit. The service is measured by it."""

from __future__ import annotations

import os
import uuid

from flask import Flask
from sqlalchemy import create_engine, text

engine = create_engine(os.environ["BENCH_URL"], pool_size=8)
application = Flask("bare")


@application.post("/")
def insert() -> str:
    """One row, one commit."""
    with engine.begin() as one:
        one.execute(text("insert into bare (id) values (:id)"), {"id": uuid.uuid4().hex})
    return "ok"


@application.get("/healthz")
def healthz() -> str:
    """For the one who waits until it is up."""
    return "ok"
