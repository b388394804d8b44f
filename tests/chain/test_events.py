"""Slicing agrees with the general decoder, for every event that we follow."""

from datetime import UTC, datetime
from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.chain import contract, events
from marketplace.kit.addresses import checksum

BYTES32 = st.binary(min_size=32, max_size=32)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "bool": st.booleans(),
    "address": st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex()),
    "bytes32": BYTES32,
    "string": st.text(max_size=80),
}
ALL = [(name, event) for name, followed in events.FOLLOWED.items() for event in followed]


def value(kind: str) -> st.SearchStrategy[Any]:
    if kind.startswith("uint"):
        return st.integers(0, 2 ** int(kind[4:]) - 1)
    return VALUES[kind]


def shown(kind: str, given_value: Any) -> Any:
    """As we keep it."""
    if kind == "address":
        return checksum(given_value)
    return "0x" + given_value.hex() if kind == "bytes32" else given_value


@pytest.mark.parametrize(("name", "event"), ALL, ids=lambda each: each)
@settings(deadline=None)  # the machine may be busy
@given(data=st.data())
def test_what_the_decoder_would_read_is_what_we_read(name: str, event: str, data: st.DataObject) -> None:
    part = contract.artifact(name).events[event]
    drawn = {field["name"]: data.draw(value(field["type"])) for field in part["inputs"]}
    indexed = [field for field in part["inputs"] if field["indexed"]]
    rest = [field for field in part["inputs"] if not field["indexed"]]
    topics = [contract.topic(part)]
    topics += ["0x" + encode([field["type"]], [drawn[field["name"]]]).hex() for field in indexed]
    log = {
        "topics": topics,
        "data": "0x" + encode([field["type"] for field in rest], [drawn[field["name"]] for field in rest]).hex(),
        "blockNumber": "0x10",
        "blockHash": "0x" + "aa" * 32,
        "blockTimestamp": "0x6b060502",
        "logIndex": "0x2",
        "transactionHash": "0x" + "bb" * 32,
        "address": "0x" + "cc" * 20,
    }
    args = {field["name"].lstrip("_"): shown(field["type"], drawn[field["name"]]) for field in part["inputs"]}
    assert events.read(log) == events.Event(
        block_number=16,
        block_hash="0x" + "aa" * 32,
        log_index=2,
        at=datetime.fromtimestamp(0x6B060502, UTC),
        tx_hash="0x" + "bb" * 32,
        address=checksum("0x" + "cc" * 20),
        name=events.RENAMED.get((name, event), event),
        args=args,
        token_id=args.get("tokenId"),
    )


def test_the_transfer_of_a_right_and_of_yen_are_told_apart() -> None:
    names = {events.RECIPES[key][0] for key in events.RECIPES if key[0] == contract.topic(TRANSFER)}
    assert names == {"Transfer", "YenTransfer"}


TRANSFER = contract.artifact("RightsToken").events["Transfer"]


@pytest.mark.parametrize("topics", [[], ["0x" + "00" * 32], [contract.topic(TRANSFER)]])
def test_what_we_do_not_follow_is_passed_over(topics: list[str]) -> None:
    assert events.read({"topics": topics, "data": "0x"}) is None
