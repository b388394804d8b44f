"""Writes the migration from the present schema to the models: revising.py DIRECTORY MESSAGE (scripts/schema)."""

from __future__ import annotations

import sys
from pathlib import Path

from marketplace.application import create_app
from marketplace.kit import schema
from marketplace.settings import Settings


def revise(scratch: Path, message: str) -> None:
    """`scratch`: an empty directory for a database at the present schema."""
    with create_app(Settings(data_dir=scratch, database_url=f"sqlite:///{scratch}/schema.db")).app_context():
        schema.upgrade()
        schema.write_migration(message)


if __name__ == "__main__":
    revise(Path(sys.argv[1]), sys.argv[2])
