"""The program as its next version may be: a copy of this one whose schema is one step further."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from marketplace.kit import schema
from tests.town import ROOT

CHANGES = {
    "accounts/models.py": {
        "    closed_at: Mapped": "    village: Mapped[str]\n    closed_at: Mapped",
        '    device: Mapped[str] = mapped_column(sa.String(40), default="")\n': "",
    },
    "privacy/models.py": {'__tablename__ = "exports"': '__tablename__ = "handed_out"'},
}
"""{a file of marketplace/: {what stands there: what stands there then}}"""
MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "next"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("accounts") as batch_op:
        batch_op.add_column(sa.Column("village", sa.String(40), nullable=False, server_default="?"))
    with op.batch_alter_table("sign_ins") as batch_op:
        batch_op.drop_column("device")
    op.execute("DELETE FROM sign_ins")
    op.rename_table("exports", "handed_out")


def downgrade() -> None:
    raise NotImplementedError
"""


class NextVersion:
    def __init__(self, place: Path) -> None:
        """In a folder `place`, which is made."""
        self.place = place
        for folder in ("marketplace", "migrations", "ipfs", "contracts"):
            shutil.copytree(ROOT / folder, place / folder, ignore=shutil.ignore_patterns("node_modules"))
        for name, changes in CHANGES.items():
            file = place / "marketplace" / name
            text = file.read_text("utf-8")
            for before, after in changes.items():
                assert text.count(before) == 1, before
                text = text.replace(before, after)
            file.write_text(text, "utf-8")
        (place / "migrations" / "versions" / "next.py").write_text(MIGRATION.format(head=schema.head()), "utf-8")

    def run(self, *arguments: str | Path, **env: str) -> tuple[int, str, str]:
        """One of its commands: the exit code, and what it said on stdout and on stderr."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        command = [sys.executable, "-m", "marketplace", *map(str, arguments)]
        done = subprocess.run(command, cwd=self.place, env={**kept, **env}, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr
