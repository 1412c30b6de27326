"""Certificates of volunteer service.

Revision ID: 0031
Revises: 0030
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

ROLE = "timebank_app"
BOOK, ID = sa.String(length=120), sa.String(length=32)
TABLES = ("service_certificate", "service_certificate_record")


def upgrade() -> None:
    op.create_table(
        "service_certificate",
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("station_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("issued_by", ID, nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_by", sa.String(length=24), nullable=True),
        sa.Column("revoked_by", ID, nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_why", ID, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("book", BOOK, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "person_id"], ["person.book", "person.id"], name=op.f("fk_service_certificate_book_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["book", "station_id"], ["station.book", "station.id"], name=op.f("fk_service_certificate_book_station_id")
        ),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_service_certificate")),
        sa.UniqueConstraint("book", "number", name=op.f("uq_service_certificate_book_number")),
    )
    op.create_index("ix_service_certificate_book_person", "service_certificate", ["book", "person_id"])
    op.create_index("ix_service_certificate_book_station", "service_certificate", ["book", "station_id"])
    op.create_table(
        "service_certificate_record",
        sa.Column("book", BOOK, nullable=False),
        sa.Column("certificate_id", ID, nullable=False),
        sa.Column("record_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "certificate_id"],
            ["service_certificate.book", "service_certificate.id"],
            name=op.f("fk_service_certificate_record_book_certificate_id"),
        ),
        sa.ForeignKeyConstraint(
            ["book", "record_id"],
            ["hours_record.book", "hours_record.id"],
            name=op.f("fk_service_certificate_record_book_record_id"),
        ),
        sa.PrimaryKeyConstraint("book", "certificate_id", "record_id", name=op.f("pk_service_certificate_record")),
    )
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
