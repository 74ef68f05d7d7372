"""one-time numbers are found without being opened"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("alert", sa.Column("one_time_tag", sa.LargeBinary(), nullable=True))
    some = sa.text("one_time is not null")
    op.create_index("ix_alert_one_time", "alert", ["person", "one_time_tag"], unique=False, sqlite_where=some, postgresql_where=some)


def downgrade() -> None:
    op.drop_index("ix_alert_one_time", "alert")
    op.drop_column("alert", "one_time_tag")
