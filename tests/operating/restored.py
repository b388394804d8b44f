"""A backup put back, or spoilt before."""

from __future__ import annotations

from marketplace.operating import restoring
from marketplace.operating.archive import Archive
from marketplace.settings import Settings
from tests.apps import another


def tampered(archive: Archive, path: str, content: bytes) -> Archive:
    (archive.place / path).write_bytes(content)
    return archive


def restored(archive: Archive, where: Settings) -> list[str]:
    restoring.restore_files(archive, where.data_dir)
    with another(where):
        return restoring.restore_database(archive)
