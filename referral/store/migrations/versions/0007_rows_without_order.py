"""counts under callers' tags keep no order"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

KEYS = {"limit_tally": ("hour", "kind", "tag"), "reply_tally": ("day", "tag")}


def _columns(table: str) -> tuple[sa.Column[Any], ...]:
    count = sa.Column("count", sa.Integer(), nullable=False)
    if table == "limit_tally":
        hour, kind = sa.Column("hour", sa.DateTime(timezone=True), nullable=False), sa.Column("kind", sa.String(length=20), nullable=False)
        return hour, kind, sa.Column("tag", sa.Integer(), autoincrement=False, nullable=False), count
    last = sa.Column("last_at", sa.DateTime(timezone=True), nullable=False)
    return sa.Column("day", sa.Date(), nullable=False), sa.Column("tag", sa.Integer(), nullable=False), count, last


def _anew(*, with_rowid: bool) -> None:
    """SQLite numbers the rows of a table as they come, unless it is made without numbers: the fifth tag that sent a report today would be that of
    today's fifth report. PostgreSQL writes rows where there is room, and is left as it is."""
    if op.get_bind().dialect.name != "sqlite":
        return
    for name, key in KEYS.items():
        columns = _columns(name)
        before = sa.table(name, *(sa.column(column.name) for column in columns))
        made = op.create_table(f"new_{name}", *columns, sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{name}")), sqlite_with_rowid=with_rowid)
        op.execute(made.insert().from_select(list(before.c.keys()), sa.select(before).order_by(*(before.c[one] for one in key))))
        op.drop_table(name)
        op.rename_table(f"new_{name}", name)


def upgrade() -> None:
    _anew(with_rowid=False)


def downgrade() -> None:
    _anew(with_rowid=True)
