"""What the doctor hears from outside: real servers that answer, refuse, or are not there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.chain import pausing
from marketplace.chain.deploying import ensure_contracts
from marketplace.chain.models import Contract, Genesis, Lane
from marketplace.kit.clock import now
from marketplace.kit.db import db, transaction
from marketplace.payments.stripe_models import StripeEvent
from marketplace.settings import Settings
from tests.apps import another
from tests.local_chain import CHAIN_ID, LocalChain, free_port, running
from tests.local_stripe import LocalStripe
from tests.notices.post_office import post_office
from tests.operating.looked import changed, codes, codes_with, findings

PUBLIC: dict[str, Any] = {"base_url": "https://kenri.example.jp", "secret_key": "7hQ2mX9vLr4KdW8sNc3TzB6pYf1GjE5u"}


@pytest.fixture
def nobody() -> str:
    """An address where nobody listens."""
    return f"127.0.0.1:{free_port()}"


class TestMail:
    def test_a_server_that_takes_letters_is_well(self, app: Flask, settings: Settings) -> None:
        with post_office() as office:
            assert codes_with(settings, "mail", smtp_url=office.url) == []
            assert office.letters == []

    def test_a_server_that_is_not_there_is_told(self, app: Flask, settings: Settings, nobody: str) -> None:
        with another(changed(settings, smtp_url=f"smtp://user:hush@{nobody}")):
            (finding,) = findings("mail")
            assert (finding.fault.code, finding.seen) == (
                "mail.no_answer",
                {"why": "SMTP 127.0.0.1: ConnectionRefusedError"},
            )

    def test_files_reach_nobody_in_public(self, app: Flask, settings: Settings) -> None:
        assert codes_with(settings, "mail", **PUBLIC) == ["mail.files"]

    def test_a_directory_that_is_not_ours_is_told(self, app: Flask, settings: Settings) -> None:
        (settings.data_dir / "mail").write_text("a file, where a directory should be")
        assert codes("mail") == ["mail.no_answer"]


class TestStripe:
    def test_one_that_answers_is_well(self, app: Flask, settings: Settings, stripe: LocalStripe) -> None:
        with another(stripe.settings(settings)):
            assert (codes("stripe"), codes("clock")) == ([], [])

    @pytest.mark.parametrize(
        ("knobs", "wanted"),
        [
            ({}, ["stripe.no_key"]),
            ({"stripe_secret_key": "pk_test_1"}, ["stripe.wrong_key"]),
            ({"stripe_webhook_secrets": ""}, ["stripe.no_webhook_secret", "stripe.no_key"]),
            ({"stripe_webhook_secrets": "whsec_1,sk_test_1"}, ["stripe.no_webhook_secret", "stripe.no_key"]),
            (
                {"stripe_secret_key": "sk_test_1", "stripe_api_base": "http://{nobody}", **PUBLIC},
                ["stripe.stand_in", "stripe.no_answer"],
            ),
        ],
    )
    def test_what_is_wrong_with_it_is_told(
        self, app: Flask, settings: Settings, nobody: str, knobs: dict[str, Any], wanted: list[str]
    ) -> None:
        here = {name: value.format(nobody=nobody) for name, value in knobs.items()}
        assert codes_with(settings, "stripe", **here) == wanted

    def test_news_that_only_came_when_asked_for_is_told(
        self, app: Flask, settings: Settings, stripe: LocalStripe
    ) -> None:
        def heard(name: str, via: str, hours_ago: float) -> None:
            at = now() - timedelta(hours=hours_ago)
            with transaction() as session:
                session.add(StripeEvent(id=name, kind="k", about={}, created_at=at, received_at=at, via=via))

        with another(stripe.settings(settings)):
            heard("evt_1", "webhook", 3)
            heard("evt_2", "reconciler", 30)
            heard("evt_3", "reconciler", 2)
            heard("evt_4", "reconciler", 1)
            assert [(each.fault.code, each.seen["count"]) for each in findings("stripe")] == [("stripe.webhooks", 2)]
            heard("evt_5", "webhook", 0.5)
            assert codes("stripe") == []


class TestTheChain:
    @pytest.fixture
    def chain(self) -> Iterator[LocalChain]:
        with running() as chain:
            yield chain

    @pytest.fixture
    def settings(self, settings: Settings, chain: LocalChain) -> Settings:
        return changed(settings, chain_url=chain.url, chain_id=CHAIN_ID, chain_embedded=True)

    def test_without_our_contracts_is_told_and_with_them_is_well(self, app: Flask, settings: Settings) -> None:
        assert codes("chain") == ["chain.no_contracts"]
        ensure_contracts()
        assert (codes("chain"), codes("keys", deep=True)) == ([], [])

    def test_paused_contracts_are_told_until_they_go_on(self, app: Flask, settings: Settings) -> None:
        ensure_contracts()
        pausing.pause(lambda _line: None)
        (finding,) = findings("chain")
        assert (finding.fault.code, finding.seen) == (
            "chain.paused",
            {"names": "ResaleMarket, RightsToken, UsageRegistry"},
        )
        pausing.unpause(lambda _line: None)
        assert codes("chain") == []

    def test_another_one_is_told(self, app: Flask, settings: Settings) -> None:
        assert codes_with(settings, "chain", chain_id=1337) == ["chain.another"]
        ensure_contracts()
        with transaction() as session:
            session.execute(sa.update(Genesis).values(hash="0x" + "11" * 32))
        assert codes("chain") == ["chain.another"]

    def test_other_code_where_ours_should_be_is_told(self, app: Flask, chain: LocalChain) -> None:
        ensure_contracts()
        address = db.session.scalar(sa.select(Contract.address).where(Contract.name == "Anchors"))
        db.session.rollback()
        chain.ask("anvil_setCode", address, "0x00")
        (finding,) = findings("chain")
        assert (finding.fault.code, finding.seen) == ("chain.other_code", {"name": "Anchors", "address": address})

    def test_accounts_without_coin_are_told_where_gas_costs_something(self, app: Flask, chain: LocalChain) -> None:
        ensure_contracts()
        lanes = dict(db.session.execute(sa.select(Lane.role, Lane.signer)).all())
        db.session.rollback()
        for role, address in lanes.items():
            chain.ask("anvil_setBalance", address, {"town": "0x0", "issuer": hex(10**16)}.get(role, hex(10**20)))
        assert codes("chain") == []
        chain.ask("anvil_setNextBlockBaseFeePerGas", hex(10**9))
        chain.ask("anvil_mine", "0x1")
        assert [(each.fault.code, each.seen["role"]) for each in findings("chain")] == [
            ("chain.poor", "issuer"),
            ("chain.empty", "town"),
        ]

    def test_one_that_is_not_there_is_told(self, app: Flask, settings: Settings, nobody: str) -> None:
        assert codes_with(settings, "chain", chain_url=f"http://{nobody}") == ["chain.no_answer"]


class TestIpfs:
    def test_none_is_well_where_none_is_wanted(self, app: Flask, settings: Settings) -> None:
        assert codes("ipfs") == []
        assert codes_with(settings, "ipfs", min_replicas=1) == ["ipfs.too_few"]

    def test_a_node_that_is_not_there_is_told_without_its_token(
        self, app: Flask, settings: Settings, nobody: str
    ) -> None:
        with another(changed(settings, ipfs_rpc_url=f"http://{nobody}", ipfs_rpc_token="hush")):
            (finding,) = findings("ipfs")
            assert (finding.fault.code, finding.seen["node"], "hush" in finding.what) == (
                "ipfs.no_answer",
                nobody,
                False,
            )
