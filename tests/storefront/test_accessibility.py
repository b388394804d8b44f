"""The statement on accessibility says by when the town wants to have met it, or that nobody has said so yet."""

from __future__ import annotations

from datetime import date

import pytest
from flask.testing import FlaskClient

from marketplace.settings import Settings
from tests.pages import read

SAID = {None: "まだ決めていません。", date(2028, 3, 31): "2028年3月31日(金) まで。"}


@pytest.fixture(params=SAID, ids=str)
def settings(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    return settings.model_copy(update={"accessibility_by": request.param})


def test_the_statement_says_by_when_or_that_the_day_is_not_set(client: FlaskClient, settings: Settings) -> None:
    words = read(client.get("/accessibility")).words
    assert [said for said in SAID.values() if said in words] == [SAID[settings.accessibility_by]]
