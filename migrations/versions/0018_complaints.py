"""Ratings, complaints and credit files.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

ROLE = "timebank_app"
TABLES = ("complaint", "credit_event", "credit_step", "listing", "rating", "complaint_event")


def upgrade() -> None:
    op.create_table(
        "complaint",
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("station_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("complainant_id", sa.String(length=32), nullable=False),
        sa.Column("about_id", sa.String(length=32), nullable=True),
        sa.Column("record_id", sa.String(length=32), nullable=True),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("entered_by", sa.String(length=32), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=True),
        sa.Column("answered_by", sa.String(length=32), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "about_id"], ["person.book", "person.id"], name=op.f("fk_complaint_book_about_id")
        ),
        sa.ForeignKeyConstraint(
            ["book", "complainant_id"], ["person.book", "person.id"], name=op.f("fk_complaint_book_complainant_id")
        ),
        sa.ForeignKeyConstraint(
            ["book", "entered_by"], ["person.book", "person.id"], name=op.f("fk_complaint_book_entered_by")
        ),
        sa.ForeignKeyConstraint(
            ["book", "station_id"], ["station.book", "station.id"], name=op.f("fk_complaint_book_station_id")
        ),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_complaint")),
        sa.UniqueConstraint("book", "number", name=op.f("uq_complaint_book_number")),
    )
    op.create_index("ix_complaint_book_complainant", "complaint", ["book", "complainant_id"])
    op.create_index("ix_complaint_book_due", "complaint", ["book", "state", "due_at"])
    op.create_index("ix_complaint_book_station", "complaint", ["book", "station_id", "state", "due_at"])
    op.create_table(
        "credit_event",
        sa.Column("subject", sa.String(length=12), nullable=False),
        sa.Column("station_id", sa.String(length=32), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=True),
        sa.Column("person_id", sa.String(length=32), nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("source_number", sa.String(length=60), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=True),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("recorded_by", sa.String(length=32), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "person_id"], ["person.book", "person.id"], name=op.f("fk_credit_event_book_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["book", "recorded_by"], ["person.book", "person.id"], name=op.f("fk_credit_event_book_recorded_by")
        ),
        sa.ForeignKeyConstraint(
            ["book", "station_id"], ["station.book", "station.id"], name=op.f("fk_credit_event_book_station_id")
        ),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_credit_event")),
    )
    op.create_index("ix_credit_event_book_person", "credit_event", ["book", "person_id"])
    op.create_index("ix_credit_event_book_station", "credit_event", ["book", "station_id"])
    op.create_index("ix_credit_event_book_uscc", "credit_event", ["book", "uscc"])
    op.create_table(
        "credit_step",
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("of_id", sa.String(length=32), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("verb", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("actor_id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=True),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["book", "actor_id"], ["person.book", "person.id"], name=op.f("fk_credit_step_book_actor_id")
        ),
        sa.PrimaryKeyConstraint("book", "of_id", "step", name=op.f("pk_credit_step")),
    )
    op.create_table(
        "listing",
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("decision_number", sa.String(length=60), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("proposed_by", sa.String(length=32), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.String(length=32), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "proposed_by"], ["person.book", "person.id"], name=op.f("fk_listing_book_proposed_by")
        ),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_listing")),
    )
    op.create_index("ix_listing_book_uscc", "listing", ["book", "uscc"])
    op.create_table(
        "rating",
        sa.Column("booking_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("direction", sa.String(length=8), nullable=False),
        sa.Column("station_id", sa.String(length=32), nullable=False),
        sa.Column("rater_id", sa.String(length=32), nullable=False),
        sa.Column("rated_id", sa.String(length=32), nullable=True),
        sa.Column("face", sa.String(length=8), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("entered_by", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "entered_by"], ["person.book", "person.id"], name=op.f("fk_rating_book_entered_by")
        ),
        sa.ForeignKeyConstraint(
            ["book", "rated_id"], ["person.book", "person.id"], name=op.f("fk_rating_book_rated_id")
        ),
        sa.ForeignKeyConstraint(
            ["book", "rater_id"], ["person.book", "person.id"], name=op.f("fk_rating_book_rater_id")
        ),
        sa.ForeignKeyConstraint(
            ["book", "station_id"], ["station.book", "station.id"], name=op.f("fk_rating_book_station_id")
        ),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_rating")),
        sa.UniqueConstraint("book", "booking_id", "direction", name=op.f("uq_rating_book_booking_id_direction")),
    )
    op.create_index("ix_rating_book_rated", "rating", ["book", "rated_id"])
    op.create_index("ix_rating_book_rater", "rating", ["book", "rater_id"])
    op.create_index("ix_rating_book_station", "rating", ["book", "station_id", "at"])
    op.create_table(
        "complaint_event",
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("complaint_id", sa.String(length=32), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("verb", sa.String(length=24), nullable=False),
        sa.Column("state_before", sa.String(length=12), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("actor_id", sa.String(length=32), nullable=True),
        sa.Column("via", sa.String(length=8), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["book", "complaint_id"],
            ["complaint.book", "complaint.id"],
            name=op.f("fk_complaint_event_book_complaint_id"),
        ),
        sa.PrimaryKeyConstraint("book", "complaint_id", "step", name=op.f("pk_complaint_event")),
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
