"""which holds keep a box of erased words, and which consent a request to see a number is for"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "held_box",
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.Column("hold", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["event"], ["case_event.id"], name=op.f("fk_held_box_event_case_event"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("event", "hold", name=op.f("pk_held_box")),
        sqlite_with_rowid=False,
    )
    op.add_column("report", sa.Column("consent", sa.String(length=32), nullable=True))
    op.add_column("reveal", sa.Column("consent", sa.String(length=32), nullable=True))


def downgrade() -> None:
    op.drop_column("reveal", "consent")
    op.drop_column("report", "consent")
    op.drop_table("held_box")
