"""The photo that lists show of a lot: of what is listed already, the first image its sealed sheet discloses."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lot_listings", sa.Column("photo", sa.Text(), nullable=True))
    bind = op.get_bind()
    sealed = bind.execute(
        sa.text(
            "SELECT listing.lot_id, version.facts FROM lot_listings listing JOIN lots ON lots.id = listing.lot_id "
            "JOIN sheet_versions version ON version.lot_id = lots.id AND version.version = lots.sheet_version"
        )
    )
    for lot_id, kept in sealed.all():
        facts: dict[str, Any] = json.loads(kept) if isinstance(kept, str) else kept
        disclosed = {*facts["attachments"], *(one for item in facts["items"] for one in item["attachments"])}
        images = bind.execute(
            sa.text(
                "SELECT id, sha256 FROM attachments WHERE lot_id = :lot_id AND media_type LIKE 'image/%' "
                "ORDER BY uploaded_at, id"
            ),
            {"lot_id": lot_id},
        )
        photo = next((id for id, sha256 in images if sha256 in disclosed), None)
        if photo is not None:
            bind.execute(
                sa.text("UPDATE lot_listings SET photo = :photo WHERE lot_id = :lot_id"),
                {"photo": photo, "lot_id": lot_id},
            )


def downgrade() -> None:
    op.drop_column("lot_listings", "photo")
