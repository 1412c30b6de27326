"""Migrations make exactly the tables that are mapped, on both engines; on PostgreSQL the service's role is bounded."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import ProgrammingError

from ledger.stores.sql import make_engine
from timebank.storage import every_row, schema
from timebank.storage.base import Base
from timebank.storage.catalogue import ServiceItem


def differences(engine: Engine) -> list[object]:
    """What autogenerate would still change, apart from the ledger's own tables."""
    assert every_row.MODULES
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": _ours})
        return list(compare_metadata(context, Base.metadata))


def _ours(thing: object, name: str, kind: str, reflected: bool, other: object) -> bool:
    return not (kind == "table" and name.startswith("ledger_"))


def test_migrations_make_what_is_mapped_on_sqlite(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'x.db'}")
    schema.upgrade(engine)
    schema.upgrade(engine)
    assert differences(engine) == []
    engine.dispose()


@pytest.mark.postgres
def test_migrations_make_what_is_mapped_on_postgresql(postgres_url: str) -> None:
    engine = make_engine(postgres_url)
    schema.upgrade(engine)
    assert differences(engine) == []
    with engine.begin() as connection:
        connection.execute(text("set local role timebank_app"))
        assert connection.execute(text("select count(*) from ledger_entry")).scalar() == 0
        assert connection.execute(text("select count(*) from hours_record")).scalar() == 0
    refused = (
        "update ledger_entry set kind = 'x'", "delete from ledger_checkpoint", "truncate ledger_posting",
        "update timestamp set size = 1", "delete from timestamp",
    )  # fmt: skip
    for statement in refused:
        with engine.connect() as connection:
            connection.execute(text("set local role timebank_app"))
            with pytest.raises(ProgrammingError, match="permission denied"):
                connection.execute(text(statement))
    engine.dispose()


def test_an_older_catalogue_learns_what_elders_can_ask_for(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'x.db'}")
    config = schema._config()
    with engine.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        for code in ("cleaning", "station_duty"):
            connection.execute(
                text(
                    "insert into service_item (book, code, name, name_en, five_x, helps, risk, minutes_min,"
                    " minutes_max, place, two_persons, active, rank)"
                    " values ('b', :code, 'x', 'x', 'own', '', 'low', 1, 2, 'home', 0, 1, 1)"
                ),
                {"code": code},
            )
    schema.upgrade(engine)
    with engine.connect() as connection:
        rows = connection.execute(select(ServiceItem.code, ServiceItem.askable)).all()
    assert {row.code: row.askable for row in rows} == {"cleaning": True, "station_duty": False}
    engine.dispose()


def test_every_key_begins_with_the_book() -> None:
    """What is unique everywhere is keyed by itself; all else is the book's."""
    everywhere = {"identity_index", "login", "throttle", "sign_in"}
    for table in Base.metadata.tables.values():
        if table.name in everywhere:
            continue
        assert next(iter(table.primary_key.columns)).name == "book", table.name
        for constraint in table.foreign_key_constraints:
            assert constraint.column_keys[0] == "book", constraint.name
