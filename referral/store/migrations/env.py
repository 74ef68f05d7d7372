"""Alembic's entry: runs on the connection that `referral.store.migrate` hands over, or compares with every record's table."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from referral.store.base import Base, UtcDateTime


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Our own column types are written into migrations as the plain types they are kept as: a migration must not import the code of the day."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True, compare_type=True, render_item=render_item)
with context.begin_transaction():
    context.run_migrations()
