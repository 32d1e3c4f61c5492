"""Which further review tasks ask the same question, so that answers given there count."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("review_tasks", sa.Column("doubles", sa.JSON(none_as_null=True), nullable=True))
