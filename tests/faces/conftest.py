"""One town for all of these tests: lived once in a process, and opened by each in a copy.

They ask nothing of the kind of database, so they run on SQLite alone.
"""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from marketplace.kit import schema
from marketplace.settings import Settings
from tests import local_stripe
from tests.apps import another
from tests.conftest import PLAIN
from tests.faces.visits import Town
from tests.faces.world import a_town


@pytest.fixture(scope="session")
def listening() -> Iterator[socket.socket]:
    """The same port whenever the town is opened: what was written in it names its own address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture(scope="session")
def town(listening: socket.socket, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Beside it a Stripe of its own, from which no other test takes its past."""
    folder = tmp_path_factory.mktemp("town")
    plain = PLAIN.model_copy(update={"database_url": f"sqlite:///{folder}/town.db", "data_dir": folder})
    here = f"http://localhost:{listening.getsockname()[1]}"  # passkeys want a name
    elsewhere = {"oidc_issuer": "https://login.example.jp", "oidc_client_id": "hiroba"}
    with local_stripe.running() as stripe:
        with another(stripe.settings(plain, base_url=here, stripe_timeout_s=10, demo=True, **elsewhere)) as app:
            schema.upgrade()
            town = a_town(app, stripe)
        yield town


@pytest.fixture
def settings(town: Town, tmp_path: Path) -> Settings:
    lived_in: Settings = town.app.extensions["hiroba.settings"]
    copied = shutil.copy(lived_in.database.removeprefix("sqlite:///"), tmp_path)
    return lived_in.model_copy(update={"database_url": f"sqlite:///{copied}"})
