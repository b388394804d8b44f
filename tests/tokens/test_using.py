"""Uses of counted rights: promised with a key of their own, read from what the chain said last."""

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.chain import contract
from marketplace.chain.models import Call
from marketplace.kit.db import db, transaction
from marketplace.tokens import using
from tests.chainlogs import Chain, digest
from tests.resale.stage import custody, heard, held_token


def calls() -> list[tuple[str, str, str, list[object]]]:
    db.session.rollback()
    query = sa.select(Call.role, Call.contract, Call.function, Call.args).where(Call.key.startswith("use:"))
    return [(role, name, function, args) for role, name, function, args in db.session.execute(query.order_by(Call.id))]


def test_a_use_is_promised_once_in_the_name_of_the_holder_and_can_be_taken_back(chain: Chain, hana: int) -> None:
    token_id, entry = held_token(chain, hana, uses_per_token=12), digest("entry")
    for _ in range(2):
        with transaction():
            using.write_down(token_id, entry)
    with transaction():
        using.take_back(entry)
    assert calls() == [
        ("redeemer", "UsageRegistry", "redeem", [token_id, entry, custody(hana)]),
        ("redeemer", "UsageRegistry", "undo", [entry]),
    ]
    for _, name, function, args in calls():
        assert contract.call(name, function, args)[:4] == contract.selector(contract.artifact(name).functions[function])


def test_what_is_left_is_what_the_chain_said_last(chain: Chain, hana: int) -> None:
    token_id = held_token(chain, hana, uses_per_token=12)
    assert using.uses_left(token_id) == 12
    chain.redeemed(token_id, custody(hana), used=1, left=11, block=2)
    chain.redeemed(token_id, custody(hana), used=2, left=10, block=3)
    heard(chain, token_id)
    assert using.uses_left(token_id) == 10
    chain.undone(token_id, digest("use", token_id, 3, 0), used=1, left=11, block=4)
    heard(chain, token_id)
    assert using.uses_left(token_id) == 11


def test_after_the_last_use_none_is_promised(chain: Chain, hana: int) -> None:
    token_id = held_token(chain, hana, uses_per_token=1)
    chain.redeemed(token_id, custody(hana), used=1, left=0, block=2)
    heard(chain, token_id)
    with pytest.raises(using.NothingLeft), transaction():
        using.write_down(token_id, digest("entry"))
    assert calls() == []


def test_where_uses_are_not_counted_none_is_promised(chain: Chain, hana: int) -> None:
    token_id = held_token(chain, hana)
    assert using.uses_left(token_id) is None
    with pytest.raises(using.NotCounted), transaction():
        using.write_down(token_id, digest("entry"))


def test_a_token_that_nobody_holds_is_not_used(app: Flask) -> None:
    with pytest.raises(LookupError), transaction():
        using.write_down(1, digest("entry"))
