"""relay and mail"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("report", sa.Column("relayed_hour", sa.DateTime(timezone=True), nullable=True))
    op.add_column("alert", sa.Column("mail_turn", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.execute("DELETE FROM alert WHERE purpose = 'relay'")  # the code before does not know it, and would stumble over it
    # no batch: making the table anew would cascade to all that hangs on it
    op.drop_column("alert", "mail_turn")
    op.drop_column("report", "relayed_hour")
