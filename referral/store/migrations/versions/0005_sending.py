"""sending"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("alert", sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True))
    some = sa.text("remind_at is not null")
    op.create_index("ix_alert_remind", "alert", ["remind_at"], unique=False, sqlite_where=some, postgresql_where=some)
    op.create_table(
        "sending_pause",
        sa.Column("trouble", sa.Enum("account_empty", "gateway_down", "account_refused", name="trouble", native_enum=False, length=40), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("probe_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("trouble", name=op.f("pk_sending_pause")),
    )
    op.create_table(
        "sending_rate",
        sa.Column("second", sa.DateTime(timezone=True), nullable=False),
        sa.Column("red", sa.Integer(), nullable=False),
        sa.Column("others", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("second", name=op.f("pk_sending_rate")),
    )


def downgrade() -> None:
    op.execute("DELETE FROM alert WHERE key = 'alert.reminder' AND due_at IS NOT NULL")  # the code before has no words for it
    op.drop_table("sending_rate")
    op.drop_table("sending_pause")
    op.drop_index("ix_alert_remind", "alert")
    op.drop_column("alert", "remind_at")
