"""A town of its own for each of these tests. They ask nothing of the kind of database, so they run on SQLite alone."""

from __future__ import annotations

from pathlib import Path

import flask_migrate
import pytest
from flask import Flask

from marketplace.settings import Settings
from tests.apps import another
from tests.faces.visits import Town
from tests.faces.world import a_town
from tests.local_stripe import LocalStripe


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/town.db"
    with another(Settings(database_url=url, data_dir=tmp_path)):
        flask_migrate.upgrade()
    return url


@pytest.fixture
def settings(settings: Settings, stripe: LocalStripe) -> Settings:
    here = settings.base_url.replace("127.0.0.1", "localhost")  # passkeys want a name
    elsewhere = {"oidc_issuer": "https://login.example.jp", "oidc_client_id": "hiroba"}
    return stripe.settings(settings, base_url=here, stripe_timeout_s=10, demo=True, **elsewhere)


@pytest.fixture
def town(app: Flask, stripe: LocalStripe) -> Town:
    return a_town(app, stripe)
