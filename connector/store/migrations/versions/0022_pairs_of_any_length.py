"""Pairs of labels are found by an index where both are short, and apart from it where they are not."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

LENGTH = "length(given) + length(suggested)"


def upgrade() -> None:
    # Only where an earlier form of 0020 made it: PostgreSQL refused rows with long labels for it.
    op.drop_index("ix_issues_pair", "issues", if_exists=True)
    short, long = sa.text(f"{LENGTH} <= 500"), sa.text(f"{LENGTH} > 500")
    op.create_index(
        "ix_issues_short_pair",
        "issues",
        ["project_id", "given", "suggested", "kind", "state"],
        sqlite_where=short,
        postgresql_where=short,
    )
    op.create_index(
        "ix_issues_long_pair",
        "issues",
        ["project_id", "kind", "state"],
        sqlite_where=long,
        postgresql_where=long,
    )
