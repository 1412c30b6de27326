"""Sheets that are taken over from other systems.

Revision ID: 0036
Revises: 0035
"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

ROLE = "timebank_app"
BOOK, ID, DIGEST = sa.String(length=120), sa.String(length=32), sa.String(length=64)
TABLES = ("import_run", "import_chunk", "import_finding", "import_line", "past_service")


def _of_run(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["book", "import_id"], ["import_run.book", "import_run.id"], name=op.f(f"fk_{table}_book_import_id")
    )


def _of_person(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["book", "person_id"], ["person.book", "person.id"], name=op.f(f"fk_{table}_book_person_id")
    )


def upgrade() -> None:
    op.create_table(
        "import_run",
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("station_id", ID, nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("file_digest", DIGEST, nullable=False),
        sa.Column("titles", sa.Text(), nullable=False),
        sa.Column("columns", sa.Text(), nullable=False),
        sa.Column("file_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("only_good", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("digest", DIGEST, nullable=True),
        sa.Column("rows_good", sa.Integer(), nullable=False),
        sa.Column("rows_wrong", sa.Integer(), nullable=False),
        sa.Column("total_minutes", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=True),
        sa.Column("rows_done", sa.Integer(), nullable=False),
        sa.Column("proposed_by", ID, nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", ID, nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undo_asked_by", ID, nullable=True),
        sa.Column("ended_by", ID, nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("book", BOOK, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "station_id"], ["station.book", "station.id"], name=op.f("fk_import_run_book_station_id")
        ),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_import_run")),
    )
    op.create_index("ix_import_run_book_state", "import_run", ["book", "state"])
    op.create_table(
        "import_chunk",
        sa.Column("book", BOOK, nullable=False),
        sa.Column("import_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("lines_sealed", sa.LargeBinary(), nullable=False),
        _of_run("import_chunk"),
        sa.PrimaryKeyConstraint("book", "import_id", "number", name=op.f("pk_import_chunk")),
    )
    op.create_table(
        "import_finding",
        sa.Column("book", BOOK, nullable=False),
        sa.Column("import_id", ID, nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(length=24), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        _of_run("import_finding"),
        sa.PrimaryKeyConstraint("book", "import_id", "line", "field", name=op.f("pk_import_finding")),
    )
    op.create_table(
        "import_line",
        sa.Column("book", BOOK, nullable=False),
        sa.Column("import_id", ID, nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("key_digest", DIGEST, nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("entry_seq", sa.Integer(), nullable=True),
        sa.Column("made", ID, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=True),
        _of_run("import_line"),
        _of_person("import_line"),
        sa.PrimaryKeyConstraint("book", "import_id", "line", name=op.f("pk_import_line")),
    )
    op.create_index("ix_import_line_book_person", "import_line", ["book", "person_id"])
    op.create_index("ix_import_line_book_key", "import_line", ["book", "key_digest"])
    op.create_table(
        "past_service",
        sa.Column("import_id", ID, nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("facts_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("book", BOOK, nullable=False),
        sa.Column("id", ID, nullable=False),
        _of_run("past_service"),
        _of_person("past_service"),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_past_service")),
    )
    op.create_index("ix_past_service_book_person", "past_service", ["book", "person_id", "happened_on"])
    _grant_new_tables()


def _grant_new_tables() -> None:
    """What migration 0004 gave to the service's role, for the tables that came after it."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    there = connection.exec_driver_sql("SELECT 1 FROM pg_roles WHERE rolname = %(role)s", {"role": ROLE}).first()
    if there is not None:
        for table in TABLES:
            connection.exec_driver_sql(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {ROLE}")


def downgrade() -> None:
    raise NotImplementedError("an append-only book has no way back: restore a backup and read docs/operators.md")
