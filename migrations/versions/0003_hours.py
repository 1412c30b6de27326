"""Hours, redemptions, transfers, audits, jobs.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _hours_record() -> None:
    op.create_table(
        "hours_record",
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("station_id", sa.String(length=32), nullable=False),
        sa.Column("volunteer_id", sa.String(length=32), nullable=False),
        sa.Column("elder_id", sa.String(length=32), nullable=False),
        sa.Column("service_code", sa.String(length=24), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("in_group", sa.Boolean(), nullable=False),
        sa.Column("slip_number", sa.String(length=24), nullable=True),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("entered_by", sa.String(length=32), nullable=False),
        sa.Column("logged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", sa.String(length=32), nullable=True),
        sa.Column("confirmed_how", sa.String(length=12), nullable=True),
        sa.Column("verified_by", sa.String(length=32), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("credited_minutes", sa.Integer(), nullable=True),
        sa.Column("document_id", sa.String(length=32), nullable=True),
        sa.Column("entry_seq", sa.Integer(), nullable=True),
        sa.Column("redemption_id", sa.String(length=32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "elder_id"], ["person.book", "person.id"], name="fk_hours_record_book_elder_id"
        ),
        sa.ForeignKeyConstraint(
            ["book", "entered_by"], ["person.book", "person.id"], name="fk_hours_record_book_entered_by"
        ),
        sa.ForeignKeyConstraint(
            ["book", "station_id"], ["station.book", "station.id"], name="fk_hours_record_book_station_id"
        ),
        sa.ForeignKeyConstraint(
            ["book", "volunteer_id"], ["person.book", "person.id"], name="fk_hours_record_book_volunteer_id"
        ),
        sa.PrimaryKeyConstraint("book", "id", name="pk_hours_record"),
        sa.UniqueConstraint("book", "number", name="uq_hours_record_book_number"),
        sa.UniqueConstraint("book", "station_id", "slip_number", name="uq_hours_record_book_station_id_slip_number"),
    )
    op.create_index("ix_hours_record_book_elder", "hours_record", ["book", "elder_id", "started_at"], unique=False)
    op.create_index("ix_hours_record_book_entry_seq", "hours_record", ["book", "entry_seq"], unique=False)
    op.create_index(
        "ix_hours_record_book_queue", "hours_record", ["book", "station_id", "state", "logged_at"], unique=False
    )
    op.create_index(
        "ix_hours_record_book_volunteer", "hours_record", ["book", "volunteer_id", "started_at"], unique=False
    )


def _hours_event() -> None:
    op.create_table(
        "hours_event",
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("record_id", sa.String(length=32), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("state_before", sa.String(length=12), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("actor_id", sa.String(length=32), nullable=False),
        sa.Column("via", sa.String(length=8), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["book", "record_id"], ["hours_record.book", "hours_record.id"], name="fk_hours_event_book_record_id"
        ),
        sa.PrimaryKeyConstraint("book", "record_id", "step", name="pk_hours_event"),
    )


def _hours_flag() -> None:
    op.create_table(
        "hours_flag",
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("record_id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("params", sa.String(length=400), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "record_id"], ["hours_record.book", "hours_record.id"], name="fk_hours_flag_book_record_id"
        ),
        sa.PrimaryKeyConstraint("book", "record_id", "code", name="pk_hours_flag"),
    )


def _visit() -> None:
    op.create_table(
        "visit",
        sa.Column("volunteer_id", sa.String(length=32), nullable=False),
        sa.Column("elder_id", sa.String(length=32), nullable=False),
        sa.Column("service_code", sa.String(length=24), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_how", sa.String(length=8), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("record_id", sa.String(length=32), nullable=True),
        sa.Column("redemption_id", sa.String(length=32), nullable=True),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["book", "elder_id"], ["person.book", "person.id"], name="fk_visit_book_elder_id"),
        sa.ForeignKeyConstraint(
            ["book", "volunteer_id"], ["person.book", "person.id"], name="fk_visit_book_volunteer_id"
        ),
        sa.PrimaryKeyConstraint("book", "id", name="pk_visit"),
    )
    op.create_index("ix_visit_book_volunteer", "visit", ["book", "volunteer_id", "state"], unique=False)


def _redemption() -> None:
    op.create_table(
        "redemption",
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("station_id", sa.String(length=32), nullable=False),
        sa.Column("member_id", sa.String(length=32), nullable=False),
        sa.Column("receiver_id", sa.String(length=32), nullable=False),
        sa.Column("requested_by", sa.String(length=32), nullable=False),
        sa.Column("service_code", sa.String(length=24), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("wanted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hold_seq", sa.Integer(), nullable=True),
        sa.Column("volunteer_id", sa.String(length=32), nullable=True),
        sa.Column("provider_station_id", sa.String(length=32), nullable=True),
        sa.Column("delivered_minutes", sa.Integer(), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_by", sa.String(length=32), nullable=True),
        sa.Column("settled_minutes", sa.Integer(), nullable=True),
        sa.Column("entry_seq", sa.Integer(), nullable=True),
        sa.Column("record_id", sa.String(length=32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "member_id"], ["person.book", "person.id"], name="fk_redemption_book_member_id"
        ),
        sa.ForeignKeyConstraint(
            ["book", "receiver_id"], ["person.book", "person.id"], name="fk_redemption_book_receiver_id"
        ),
        sa.ForeignKeyConstraint(
            ["book", "requested_by"], ["person.book", "person.id"], name="fk_redemption_book_requested_by"
        ),
        sa.ForeignKeyConstraint(
            ["book", "station_id"], ["station.book", "station.id"], name="fk_redemption_book_station_id"
        ),
        sa.PrimaryKeyConstraint("book", "id", name="pk_redemption"),
    )
    op.create_index("ix_redemption_book_entry_seq", "redemption", ["book", "entry_seq"], unique=False)
    op.create_index("ix_redemption_book_expiry", "redemption", ["book", "state", "expires_at"], unique=False)
    op.create_index("ix_redemption_book_member", "redemption", ["book", "member_id"], unique=False)
    op.create_index(
        "ix_redemption_book_queue", "redemption", ["book", "station_id", "state", "requested_at"], unique=False
    )


def _redemption_event() -> None:
    op.create_table(
        "redemption_event",
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("redemption_id", sa.String(length=32), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("state_before", sa.String(length=12), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("actor_id", sa.String(length=32), nullable=False),
        sa.Column("via", sa.String(length=8), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["book", "redemption_id"],
            ["redemption.book", "redemption.id"],
            name="fk_redemption_event_book_redemption_id",
        ),
        sa.PrimaryKeyConstraint("book", "redemption_id", "step", name="pk_redemption_event"),
    )


def _transfer() -> None:
    op.create_table(
        "transfer",
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("giver_id", sa.String(length=32), nullable=True),
        sa.Column("receiver_id", sa.String(length=32), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("actor_id", sa.String(length=32), nullable=False),
        sa.Column("approver_id", sa.String(length=32), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hold_seq", sa.Integer(), nullable=True),
        sa.Column("entry_seq", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["book", "actor_id"], ["person.book", "person.id"], name="fk_transfer_book_actor_id"),
        sa.PrimaryKeyConstraint("book", "id", name="pk_transfer"),
    )
    op.create_index("ix_transfer_book_due", "transfer", ["book", "state", "due_at"], unique=False)
    op.create_index("ix_transfer_book_entry_seq", "transfer", ["book", "entry_seq"], unique=False)
    op.create_index("ix_transfer_book_giver", "transfer", ["book", "giver_id"], unique=False)
    op.create_index("ix_transfer_book_receiver", "transfer", ["book", "receiver_id"], unique=False)


def _reversal() -> None:
    op.create_table(
        "reversal",
        sa.Column("of_seq", sa.Integer(), nullable=False),
        sa.Column("station_id", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("asked_by", sa.String(length=32), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("decided_by", sa.String(length=32), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entry_seq", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["book", "asked_by"], ["person.book", "person.id"], name="fk_reversal_book_asked_by"),
        sa.PrimaryKeyConstraint("book", "id", name="pk_reversal"),
    )
    op.create_index("ix_reversal_book_state", "reversal", ["book", "state"], unique=False)


def _audit_run() -> None:
    op.create_table(
        "audit_run",
        sa.Column("scope", sa.String(length=12), nullable=False),
        sa.Column("asked_by", sa.String(length=32), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_seq", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=12), nullable=False),
        sa.Column("findings", sa.Integer(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=True),
        sa.Column("entry_seq", sa.Integer(), nullable=True),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("book", "id", name="pk_audit_run"),
    )
    op.create_index("ix_audit_run_book_scope", "audit_run", ["book", "scope", "started_at"], unique=False)


def _alert() -> None:
    op.create_table(
        "alert",
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("audit_id", sa.String(length=32), nullable=True),
        sa.Column("summary", sa.String(length=400), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_by", sa.String(length=32), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("book", "id", name="pk_alert"),
    )
    op.create_index("ix_alert_book_open", "alert", ["book", "acknowledged_at"], unique=False)


def _mail() -> None:
    op.create_table(
        "mail",
        sa.Column("address_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("book", "id", name="pk_mail"),
    )
    op.create_index("ix_mail_book_state", "mail", ["book", "state"], unique=False)


def _job_lease() -> None:
    op.create_table(
        "job_lease",
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("job", sa.String(length=32), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("book", "job", name="pk_job_lease"),
    )


def upgrade() -> None:
    _hours_record()
    _hours_event()
    _hours_flag()
    _visit()
    _redemption()
    _redemption_event()
    _transfer()
    _reversal()
    _audit_run()
    _alert()
    _mail()
    _job_lease()


def downgrade() -> None:
    raise NotImplementedError("an append-only book has no way back: restore a backup and read docs/operators.md")
