from collections.abc import Iterator
from pathlib import Path

import pytest

from ipfs.cli import main
from tests.ipfs.kubo_double import KuboDouble


class Command:
    """Runs `python -m ipfs` in this process, with a store of its own."""

    def __init__(self, capture: pytest.CaptureFixture[bytes], store: Path) -> None:
        self.capture = capture
        self.store = str(store)

    def __call__(self, *arguments: str | Path) -> tuple[int, bytes, bytes]:
        """Exit status, standard output, standard error."""
        try:
            status = main(["--store", self.store, *map(str, arguments)])
        except SystemExit as exit:
            status = int(str(exit.code))
        return status, *self.capture.readouterr()


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> Command:
    return Command(capfdbinary, tmp_path / "store.sqlite")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "folder"
    (folder / "below").mkdir(parents=True)
    (folder / "hello.txt").write_bytes(b"hello world")
    (folder / "below" / "large").write_bytes(b"0123456789" * 150_000)
    return folder


@pytest.fixture
def node() -> Iterator[KuboDouble]:
    with KuboDouble() as node:
        yield node
