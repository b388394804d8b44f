"""Two whom many stories are about; a folder whose Hana is somebody else has a fixture of its own."""

from __future__ import annotations

import pytest
from flask import Flask

from tests import given


@pytest.fixture
def hana(app: Flask) -> int:
    return given.an_account("hana@example.jp")


@pytest.fixture
def ken(app: Flask) -> int:
    return given.an_account("ken@example.jp")
