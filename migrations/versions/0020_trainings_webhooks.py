"""Trainings have a time of day and a place; webhooks and their outbox.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

ROLE = "timebank_app"
TABLES = ("webhook", "webhook_message")


def upgrade() -> None:
    op.add_column("training_event", sa.Column("begins", sa.String(length=5), nullable=True))
    op.add_column("training_event", sa.Column("place", sa.String(length=120), nullable=True))
    _webhooks()
    _grant_new_tables()


def _webhooks() -> None:
    op.create_table(
        "webhook",
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("events", sa.String(length=200), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("made_by", sa.String(length=32), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "made_by"], ["person.book", "person.id"], name=op.f("fk_webhook_book_made_by")
        ),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_webhook")),
    )
    op.create_index("ix_webhook_book_state", "webhook", ["book", "state"])
    op.create_table(
        "webhook_message",
        sa.Column("webhook_id", sa.String(length=32), nullable=False),
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "webhook_id"], ["webhook.book", "webhook.id"], name=op.f("fk_webhook_message_book_webhook_id")
        ),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_webhook_message")),
    )
    op.create_index("ix_webhook_message_book_due", "webhook_message", ["book", "state", "next_try_at"])
    op.create_index("ix_webhook_message_book_webhook", "webhook_message", ["book", "webhook_id"])


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
