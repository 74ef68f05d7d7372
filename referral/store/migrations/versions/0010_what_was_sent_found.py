"""texts found by when they were sent"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_UNCONFIRMED = (
    "sent_at is not null and delivered_at is null and failed_at is null and early_at is null and acknowledged_at is null "
    "and declined_at is null and revoked_at is null and expired_at is null"
)
_PASSING = "purpose <> 'alert'"


def upgrade() -> None:
    for name, columns, where in (("ix_alert_unconfirmed", ["sent_at"], _UNCONFIRMED), ("ix_alert_passing", ["purpose", "sent_at"], _PASSING)):
        op.create_index(name, "alert", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def downgrade() -> None:
    op.drop_index("ix_alert_passing", table_name="alert")
    op.drop_index("ix_alert_unconfirmed", table_name="alert")
