"""Where a backup lies, and where it is put back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from marketplace.settings import Settings
from tests.databases import Databases


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
def elsewhere(databases: Databases, settings: Settings, tmp_path: Path) -> Iterator[Settings]:
    """Another machine: an empty database and a directory that is not there yet."""
    with databases.empty() as url:
        yield Settings(**{**settings.model_dump(), "database_url": url, "data_dir": tmp_path / "elsewhere"})
