"""The status of a town."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.kit.db import db
from marketplace.settings import Settings
from tests.api.asking import ask
from tests.chainlogs import Chain


class TestStatus:
    def test_the_status_of_a_town_whose_chain_is_elsewhere_names_no_rpc(
        self, client: FlaskClient, chain: Chain
    ) -> None:
        found = ask(client, "status")
        rows = db.session.execute(sa.text("SELECT name, address FROM chain_contracts"))
        assert found["chain"] == {
            "chain_id": 706_123,
            "contracts": {row.name: row.address for row in rows},
            "followed_block": -1,
            "head_block": -1,
        }
        assert (sorted(found), found["ledger"]) == (["chain", "ipfs", "ledger"], {"balanced": True})


class TestStatusOfAnEmbeddedChain:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"chain_embedded": True, "chain_url": "http://127.0.0.1:9"})

    def test_it_says_where_the_chain_answers(self, client: FlaskClient, chain: Chain) -> None:
        assert ask(client, "status")["chain"]["rpc"] == "http://127.0.0.1:9"
