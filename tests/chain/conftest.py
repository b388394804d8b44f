"""The application on a real local chain, with the contracts deployed."""

from collections.abc import Iterator

import pytest
from flask import Flask

from marketplace.chain.deploying import ensure_contracts
from marketplace.settings import Settings
from tests.local_chain import CHAIN_ID, LocalChain, running


@pytest.fixture
def chain() -> Iterator[LocalChain]:
    with running() as chain:
        yield chain


@pytest.fixture
def settings(settings: Settings, chain: LocalChain) -> Settings:
    return settings.model_copy(update={"chain_url": chain.url, "chain_id": CHAIN_ID, "chain_embedded": True})


@pytest.fixture
def deployed(app: Flask) -> Flask:
    """The application after ensure_contracts()."""
    ensure_contracts()
    return app
