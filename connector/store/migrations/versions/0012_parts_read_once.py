"""Parts of a shared scan are read once: what earlier passes kept goes, and a scan on its way reads anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.execute("DELETE FROM blobs WHERE name LIKE 'scan:%'")
    with op.batch_alter_table("sharded_scans", schema=None) as batch_op:
        batch_op.drop_column("pass")
    with op.batch_alter_table("scan_shards", schema=None) as batch_op:
        batch_op.drop_column("done_pass")
        batch_op.add_column(sa.Column("done", sa.Boolean(), nullable=False, server_default=sa.false()))
