"""Needs, offers, teams, activities and projects.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ROLE = "timebank_app"
TABLES = (
    "need",
    "need_event",
    "need_helper",
    "absence",
    "offer",
    "team",
    "activity",
    "project",
    "team_member",
    "activity_person",
    "project_person",
)


def upgrade() -> None:
    _needs()
    _helpers_and_offers()
    _activities()
    _people()
    _grant_new_tables()


def _needs() -> None:
    op.create_table(
        "need",
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("station_id", sa.String(length=32), nullable=False),
        sa.Column("elder_id", sa.String(length=32), nullable=False),
        sa.Column("posted_by", sa.String(length=32), nullable=False),
        sa.Column("posted_how", sa.String(length=8), nullable=False),
        sa.Column("service_code", sa.String(length=24), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("wanted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place", sa.String(length=16), nullable=False),
        sa.Column("funding", sa.String(length=12), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("gender_wish", sa.String(length=8), nullable=False),
        sa.Column("helpers", sa.Integer(), nullable=False),
        sa.Column("risk_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("redemption_id", sa.String(length=32), nullable=True),
        sa.Column("reminded_hours", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["book", "elder_id"], ["person.book", "person.id"], name=op.f("fk_need_book_elder_id")),
        sa.ForeignKeyConstraint(
            ["book", "posted_by"], ["person.book", "person.id"], name=op.f("fk_need_book_posted_by")
        ),
        sa.ForeignKeyConstraint(
            ["book", "station_id"], ["station.book", "station.id"], name=op.f("fk_need_book_station_id")
        ),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_need")),
    )
    op.create_index("ix_need_book_due", "need", ["book", "state", "expires_at"])
    op.create_index("ix_need_book_elder", "need", ["book", "elder_id"])
    op.create_index("ix_need_book_queue", "need", ["book", "station_id", "state", "wanted_at"])
    op.create_index("ix_need_book_redemption", "need", ["book", "redemption_id"])
    op.create_table(
        "need_event",
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("need_id", sa.String(length=32), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("state_before", sa.String(length=12), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("actor_id", sa.String(length=32), nullable=False),
        sa.Column("via", sa.String(length=8), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["book", "need_id"], ["need.book", "need.id"], name=op.f("fk_need_event_book_need_id")),
        sa.PrimaryKeyConstraint("book", "need_id", "step", name=op.f("pk_need_event")),
    )


def _helpers_and_offers() -> None:
    op.create_table(
        "need_helper",
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("need_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by", sa.String(length=32), nullable=False),
        sa.Column("record_id", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["book", "need_id"], ["need.book", "need.id"], name=op.f("fk_need_helper_book_need_id")
        ),
        sa.ForeignKeyConstraint(
            ["book", "person_id"], ["person.book", "person.id"], name=op.f("fk_need_helper_book_person_id")
        ),
        sa.PrimaryKeyConstraint("book", "need_id", "person_id", name=op.f("pk_need_helper")),
    )
    op.create_index("ix_need_helper_book_person", "need_helper", ["book", "person_id"])
    op.create_index("ix_need_helper_book_record", "need_helper", ["book", "record_id"])
    op.create_table(
        "absence",
        sa.Column("need_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("side", sa.String(length=12), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["book", "need_id"], ["need.book", "need.id"], name=op.f("fk_absence_book_need_id")),
        sa.ForeignKeyConstraint(
            ["book", "person_id"], ["person.book", "person.id"], name=op.f("fk_absence_book_person_id")
        ),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_absence")),
    )
    op.create_index("ix_absence_book_person", "absence", ["book", "person_id", "at"])
    op.create_table(
        "offer",
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("station_id", sa.String(length=32), nullable=False),
        sa.Column("weekdays", sa.String(length=16), nullable=False),
        sa.Column("from_clock", sa.String(length=5), nullable=False),
        sa.Column("to_clock", sa.String(length=5), nullable=False),
        sa.Column("services", sa.String(length=1200), nullable=False),
        sa.Column("far_metres", sa.Integer(), nullable=False),
        sa.Column("languages", sa.String(length=80), nullable=False),
        sa.Column("gender_wish", sa.String(length=8), nullable=False),
        sa.Column("insured_until", sa.Date(), nullable=True),
        sa.Column("insurance_seen_by", sa.String(length=32), nullable=True),
        sa.Column("risk_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "person_id"], ["person.book", "person.id"], name=op.f("fk_offer_book_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["book", "station_id"], ["station.book", "station.id"], name=op.f("fk_offer_book_station_id")
        ),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_offer")),
    )
    op.create_index("ix_offer_book_person", "offer", ["book", "person_id", "state"])
    op.create_index("ix_offer_book_station", "offer", ["book", "station_id", "state"])


def _activities() -> None:
    op.create_table(
        "team",
        sa.Column("station_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("leader_id", sa.String(length=32), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "leader_id"], ["person.book", "person.id"], name=op.f("fk_team_book_leader_id")
        ),
        sa.ForeignKeyConstraint(
            ["book", "station_id"], ["station.book", "station.id"], name=op.f("fk_team_book_station_id")
        ),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_team")),
    )
    op.create_index("ix_team_book_station", "team", ["book", "station_id"])
    op.create_table(
        "activity",
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("station_id", sa.String(length=32), nullable=False),
        sa.Column("team_id", sa.String(length=32), nullable=True),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("content", sa.String(length=500), nullable=False),
        sa.Column("service_code", sa.String(length=24), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("leader_id", sa.String(length=32), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reminded_hours", sa.Integer(), nullable=True),
        sa.Column("made_by", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "leader_id"], ["person.book", "person.id"], name=op.f("fk_activity_book_leader_id")
        ),
        sa.ForeignKeyConstraint(
            ["book", "station_id"], ["station.book", "station.id"], name=op.f("fk_activity_book_station_id")
        ),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_activity")),
    )
    op.create_index("ix_activity_book_station", "activity", ["book", "station_id", "state", "starts_at"])
    op.create_table(
        "project",
        sa.Column("station_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("needs", sa.String(length=500), nullable=False),
        sa.Column("skills", sa.String(length=200), nullable=False),
        sa.Column("head_count", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("made_by", sa.String(length=32), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "station_id"], ["station.book", "station.id"], name=op.f("fk_project_book_station_id")
        ),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_project")),
    )
    op.create_index("ix_project_book_state", "project", ["book", "state"])


def _people() -> None:
    op.create_table(
        "team_member",
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("team_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "person_id"], ["person.book", "person.id"], name=op.f("fk_team_member_book_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["book", "team_id"], ["team.book", "team.id"], name=op.f("fk_team_member_book_team_id")
        ),
        sa.PrimaryKeyConstraint("book", "team_id", "person_id", name=op.f("pk_team_member")),
    )
    op.create_table(
        "activity_person",
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("activity_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("part", sa.String(length=8), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("record_id", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["book", "activity_id"], ["activity.book", "activity.id"], name=op.f("fk_activity_person_book_activity_id")
        ),
        sa.ForeignKeyConstraint(
            ["book", "person_id"], ["person.book", "person.id"], name=op.f("fk_activity_person_book_person_id")
        ),
        sa.PrimaryKeyConstraint("book", "activity_id", "person_id", name=op.f("pk_activity_person")),
    )
    op.create_index("ix_activity_person_book_person", "activity_person", ["book", "person_id"])
    op.create_table(
        "project_person",
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "person_id"], ["person.book", "person.id"], name=op.f("fk_project_person_book_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["book", "project_id"], ["project.book", "project.id"], name=op.f("fk_project_person_book_project_id")
        ),
        sa.PrimaryKeyConstraint("book", "project_id", "person_id", name=op.f("pk_project_person")),
    )


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
