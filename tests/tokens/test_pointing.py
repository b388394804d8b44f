"""On a real chain: a correction is told by ERC-4906, followed, and refused for ever after a freeze."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.chain import contract, register
from marketplace.chain.models import Call, CallState
from marketplace.chain.node import Reverted, node
from marketplace.kit.db import db, get, transaction
from marketplace.listings.models import Listing
from marketplace.metadata import amending
from marketplace.metadata.models import Document
from marketplace.rights.models import Right
from marketplace.settings import Settings
from marketplace.tokens import issuing
from marketplace.tokens.models import Token
from tests import given
from tests.chain.given import logs
from tests.deployment import pointed
from tests.local_chain import LocalChain
from tests.turns import settle

pytestmark = [pytest.mark.node, pytest.mark.usefixtures("deployed")]


@pytest.fixture
def chain(local_chain: LocalChain) -> LocalChain:
    return local_chain


@pytest.fixture
def settings(settings: Settings, chain: LocalChain) -> Settings:
    return pointed(settings, chain)


@pytest.fixture
def right_id(app: Flask) -> int:
    return get(Listing, given.a_listing(quantity=3)).right_id


def issue(right_id: int, serial: int = 1) -> int:
    listing = db.session.scalars(sa.select(Listing).where(Listing.right_id == right_id)).one()
    with transaction():
        token_id = issuing.promise_token(
            right_id, serial, listing.code, f"ORD-{serial}", given.an_account(), listing.quantity
        )
    settle()
    return token_id


def correct(right_id: int, title: str) -> None:
    amendment_id = amending.propose(right_id, given.staff("drafter"), {"title_en": title}, "書きまちがい")
    amending.approve(amendment_id, given.staff("approver"))
    settle()


def freeze(right_id: int) -> None:
    amendment_id = amending.propose_freeze(right_id, given.staff("drafter"), "発行が終わりました")
    amending.approve(amendment_id, given.staff("approver"))
    settle()


def token_uri(token_id: int) -> str:
    """What the chain itself says."""
    data = contract.call("RightsToken", "tokenURI", [token_id])
    answer = node().call("0x" + "00" * 20, register.address_of("RightsToken"), data)
    found: str = contract.result("RightsToken", "tokenURI", answer)[0]
    return found


def document(right_id: int) -> str:
    """The CID of 1.json in the newest edition of the right."""
    db.session.rollback()
    edition = get(Right, right_id).metadata_edition
    rows = sa.select(Document.cid).where(
        Document.right_id == right_id, Document.edition == edition, Document.path == "1.json"
    )
    return db.session.scalars(rows).one()


def uri(right_id: int) -> str:
    db.session.rollback()
    return get(Right, right_id).metadata_uri or ""


def unmined() -> list[str]:
    return list(db.session.scalars(sa.select(Call.key).where(Call.state != CallState.MINED)))


def test_a_correction_points_the_series_to_its_new_tree_and_markets_are_told(right_id: int) -> None:
    token_id, before = issue(right_id), uri(right_id)
    assert token_uri(token_id) == f"{before}1.json"
    correct(right_id, "Corrected")
    assert uri(right_id) != before
    assert token_uri(token_id) == f"{uri(right_id)}1.json"
    series = right_id * 1_000_000
    assert logs("BatchMetadataUpdate") == [{"fromTokenId": series + 1, "toTokenId": series + 3}]


def test_an_only_token_names_its_document_itself_and_follows_each_correction(app: Flask) -> None:
    right_id = get(Listing, given.a_listing("ascending", "naming", quantity=1)).right_id
    token_id, first = issue(right_id), document(right_id)
    assert token_uri(token_id) == f"ipfs://{first}"
    correct(right_id, "Corrected")
    second = document(right_id)
    assert second != first
    assert token_uri(token_id) == f"ipfs://{second}"
    assert logs("BatchMetadataUpdate") == [{"fromTokenId": token_id, "toTokenId": token_id}]
    assert db.session.scalars(sa.select(Token)).one().metadata_uri == f"ipfs://{second}"
    freeze(right_id)
    assert (token_uri(token_id), logs("SeriesFrozen")) == (f"ipfs://{second}", [{"seriesId": right_id}])


def test_a_series_that_is_not_on_chain_yet_begins_with_the_newest_edition(right_id: int) -> None:
    correct(right_id, "Corrected")
    token_id = issue(right_id)
    assert (token_uri(token_id), logs("BatchMetadataUpdate"), unmined()) == (f"{uri(right_id)}1.json", [], [])


def test_two_corrections_are_told_in_their_order(right_id: int) -> None:
    token_id = issue(right_id)
    correct(right_id, "Once")
    correct(right_id, "Twice")
    assert (token_uri(token_id), len(logs("BatchMetadataUpdate"))) == (f"{uri(right_id)}1.json", 2)


def test_after_a_freeze_the_contract_itself_refuses_every_change(right_id: int) -> None:
    token_id = issue(right_id)
    freeze(right_id)
    assert logs("SeriesFrozen") == [{"seriesId": right_id}]
    with pytest.raises(amending.Frozen):
        correct(right_id, "Too late")
    issuer = register.signer_of("issuer")
    assert issuer
    data = contract.call("RightsToken", "setSeriesURI", [right_id, "ipfs://other/"])
    with pytest.raises(Reverted) as refused:
        node().call(issuer, register.address_of("RightsToken"), data)
    assert contract.refusal("RightsToken", refused.value.data) == f"Frozen({right_id})"
    assert token_uri(token_id) == f"{uri(right_id)}1.json"


def test_a_right_that_was_frozen_before_its_first_token_is_frozen_on_chain_with_it(right_id: int) -> None:
    freeze(right_id)
    assert logs("SeriesFrozen") == []
    issue(right_id)
    assert (logs("SeriesFrozen"), unmined()) == ([{"seriesId": right_id}], [])
