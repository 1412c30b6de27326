"""Monthly visits and incidents.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

ROLE = "timebank_app"
TABLES = ("incident", "round_enrolment", "incident_call", "incident_try", "round_plan", "round_tag", "round_visit")


def upgrade() -> None:
    op.create_table(
        "incident",
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("station_id", sa.String(length=32), nullable=False),
        sa.Column("subject_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=True),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("severity", sa.String(length=12), nullable=False),
        sa.Column("place", sa.String(length=16), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("opened_by", sa.String(length=32), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sa.String(length=32), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "opened_by"], ["person.book", "person.id"], name=op.f("fk_incident_book_opened_by")
        ),
        sa.ForeignKeyConstraint(
            ["book", "person_id"], ["person.book", "person.id"], name=op.f("fk_incident_book_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["book", "station_id"], ["station.book", "station.id"], name=op.f("fk_incident_book_station_id")
        ),
        sa.ForeignKeyConstraint(
            ["book", "subject_id"], ["person.book", "person.id"], name=op.f("fk_incident_book_subject_id")
        ),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_incident")),
    )
    op.create_index("ix_incident_book_station", "incident", ["book", "station_id", "state", "opened_at"])
    op.create_index("ix_incident_book_subject", "incident", ["book", "subject_id"])
    op.create_table(
        "round_enrolment",
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("station_id", sa.String(length=32), nullable=False),
        sa.Column("grid", sa.String(length=24), nullable=False),
        sa.Column("visitor_id", sa.String(length=32), nullable=True),
        sa.Column("enrolled_by", sa.String(length=32), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=32), nullable=True),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "enrolled_by"], ["person.book", "person.id"], name=op.f("fk_round_enrolment_book_enrolled_by")
        ),
        sa.ForeignKeyConstraint(
            ["book", "person_id"], ["person.book", "person.id"], name=op.f("fk_round_enrolment_book_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["book", "station_id"], ["station.book", "station.id"], name=op.f("fk_round_enrolment_book_station_id")
        ),
        sa.ForeignKeyConstraint(
            ["book", "visitor_id"], ["person.book", "person.id"], name=op.f("fk_round_enrolment_book_visitor_id")
        ),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_round_enrolment")),
    )
    op.create_index("ix_round_enrolment_book_person", "round_enrolment", ["book", "person_id"])
    op.create_index("ix_round_enrolment_book_station", "round_enrolment", ["book", "station_id", "ended_at"])
    op.create_table(
        "incident_call",
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reached_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["book", "incident_id"], ["incident.book", "incident.id"], name=op.f("fk_incident_call_book_incident_id")
        ),
        sa.PrimaryKeyConstraint("book", "incident_id", "step", name=op.f("pk_incident_call")),
    )
    op.create_index("ix_incident_call_book_due", "incident_call", ["book", "reached_at", "raised_at", "due_at"])
    op.create_table(
        "incident_try",
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("called_id", sa.String(length=32), nullable=True),
        sa.Column("called_by", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reached", sa.Boolean(), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "called_by"], ["person.book", "person.id"], name=op.f("fk_incident_try_book_called_by")
        ),
        sa.ForeignKeyConstraint(
            ["book", "called_id"], ["person.book", "person.id"], name=op.f("fk_incident_try_book_called_id")
        ),
        sa.ForeignKeyConstraint(
            ["book", "incident_id"], ["incident.book", "incident.id"], name=op.f("fk_incident_try_book_incident_id")
        ),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_incident_try")),
    )
    op.create_index("ix_incident_try_book_incident", "incident_try", ["book", "incident_id"])
    op.create_table(
        "round_plan",
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("enrolment_id", sa.String(length=32), nullable=False),
        sa.Column("visitor_id", sa.String(length=32), nullable=False),
        sa.Column("planned_by", sa.String(length=32), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "enrolment_id"],
            ["round_enrolment.book", "round_enrolment.id"],
            name=op.f("fk_round_plan_book_enrolment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["book", "planned_by"], ["person.book", "person.id"], name=op.f("fk_round_plan_book_planned_by")
        ),
        sa.ForeignKeyConstraint(
            ["book", "visitor_id"], ["person.book", "person.id"], name=op.f("fk_round_plan_book_visitor_id")
        ),
        sa.PrimaryKeyConstraint("book", "month", "enrolment_id", name=op.f("pk_round_plan")),
    )
    op.create_table(
        "round_tag",
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("enrolment_id", sa.String(length=32), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_by", sa.String(length=32), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "enrolment_id"],
            ["round_enrolment.book", "round_enrolment.id"],
            name=op.f("fk_round_tag_book_enrolment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["book", "person_id"], ["person.book", "person.id"], name=op.f("fk_round_tag_book_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["book", "recorded_by"], ["person.book", "person.id"], name=op.f("fk_round_tag_book_recorded_by")
        ),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_round_tag")),
    )
    op.create_index("ix_round_tag_book_enrolment", "round_tag", ["book", "enrolment_id"])
    op.create_table(
        "round_visit",
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("enrolment_id", sa.String(length=32), nullable=False),
        sa.Column("station_id", sa.String(length=32), nullable=False),
        sa.Column("visitor_id", sa.String(length=32), nullable=False),
        sa.Column("visited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mode", sa.String(length=12), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("incident_id", sa.String(length=32), nullable=True),
        sa.Column("recorded_by", sa.String(length=32), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "enrolment_id"],
            ["round_enrolment.book", "round_enrolment.id"],
            name=op.f("fk_round_visit_book_enrolment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["book", "person_id"], ["person.book", "person.id"], name=op.f("fk_round_visit_book_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["book", "recorded_by"], ["person.book", "person.id"], name=op.f("fk_round_visit_book_recorded_by")
        ),
        sa.ForeignKeyConstraint(
            ["book", "station_id"], ["station.book", "station.id"], name=op.f("fk_round_visit_book_station_id")
        ),
        sa.ForeignKeyConstraint(
            ["book", "visitor_id"], ["person.book", "person.id"], name=op.f("fk_round_visit_book_visitor_id")
        ),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_round_visit")),
    )
    op.create_index("ix_round_visit_book_enrolment", "round_visit", ["book", "enrolment_id", "visited_at"])
    op.create_index("ix_round_visit_book_station", "round_visit", ["book", "station_id", "visited_at"])
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
