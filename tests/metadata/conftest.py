import pytest
from flask import Flask

from tests.lived import Told


@pytest.fixture
def root(app: Flask, told: Told[str]) -> str:
    """The name of the tree of a right, where the past is that it was published()."""
    return told.what
