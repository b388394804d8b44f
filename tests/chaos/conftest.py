"""The stage is built once in a process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos.running import Ending, undisturbed
from tests.chaos.stage import Stage, prepared
from tests.databases import Databases


@pytest.fixture(scope="session")
def stage(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with prepared(databases, tmp_path_factory.mktemp("stage")) as stage:
        yield stage


@pytest.fixture(scope="session")
def calm(stage: Stage) -> Ending:
    """How it ends when nothing goes wrong."""
    return undisturbed(stage)
