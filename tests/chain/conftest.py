"""The application on a real local chain: an empty one, or with the contracts for whoever asks for `deployed`."""

import pytest

from marketplace.settings import Settings
from tests.deployment import pointed
from tests.local_chain import LocalChain


@pytest.fixture
def chain(local_chain: LocalChain) -> LocalChain:
    return local_chain


@pytest.fixture
def settings(settings: Settings, chain: LocalChain) -> Settings:
    return pointed(settings, chain)
