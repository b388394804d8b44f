"""The application on a real local chain: an empty one, or with the contracts for whoever asks for `deployed`."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from marketplace.settings import Settings
from tests.databases import Databases
from tests.deployment import Deployment, pointed
from tests.local_chain import LocalChain, running


@pytest.fixture
def done(request: pytest.FixtureRequest) -> Deployment | None:
    """What has been done before the test begins."""
    found: Deployment | None = request.getfixturevalue("deployment") if "deployed" in request.fixturenames else None
    return found


@pytest.fixture
def database_url(databases: Databases, done: Deployment | None) -> Iterator[str]:
    with databases.copy(done.database_url if done else "") as url:
        yield url


@pytest.fixture
def chain(done: Deployment | None, tmp_path: Path) -> Iterator[LocalChain]:
    with done.chain(tmp_path) if done else running() as chain:
        yield chain


@pytest.fixture
def settings(settings: Settings, chain: LocalChain) -> Settings:
    return pointed(settings, chain)


@pytest.fixture
def deployed(app: Flask) -> Flask:
    """The application after ensure_contracts()."""
    return app
