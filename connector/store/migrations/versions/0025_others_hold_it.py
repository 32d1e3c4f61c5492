"""Corrections know how many annotations of others hold what was wrong, and are looked up by their item."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.add_column("corrections", sa.Column("others", sa.Integer, nullable=False, server_default="0"))
    op.create_index("ix_corrections_item_id", "corrections", ["item_id"])
