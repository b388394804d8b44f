"""The five contracts as Python sees them: their artifacts, and calls written as bytes.

Arguments are JSON values, so that a call can wait in a table: integers, booleans, text; addresses and bytes as
0x-hex; a struct as an object with its field names.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from eth_abi.abi import decode, encode
from eth_hash.auto import keccak

ARTIFACTS = Path(__file__).resolve().parents[2] / "contracts" / "artifacts"

RIGHTS, USES, MARKET, YEN, ANCHORS = "RightsToken", "UsageRegistry", "ResaleMarket", "TestYen", "Anchors"
NAMES = (RIGHTS, USES, MARKET, YEN, ANCHORS)

DEPLOY = "constructor"
"""The "function" of a call that deploys its contract."""

STOPPED = {
    RIGHTS: ("issueBatch", "revoke", "custodyTransfer", "custodySwap", "transferFrom"),
    USES: ("redeem", "undo"),
    MARKET: ("list", "listFor", "buy"),
}
"""What each contract that can be paused refuses meanwhile, of what we call. Everything else goes on: an offer can be
taken back, and money that is owed can be drawn."""

Part = Mapping[str, Any]
"""One entry of a JSON ABI: a function, an event, an argument."""


@dataclass(frozen=True)
class Artifact:
    """What the compiler made of one contract. https://docs.soliditylang.org/en/latest/abi-spec.html#json"""

    name: str
    abi: Sequence[Part]
    bytecode: bytes
    deployed: bytes
    immutables: Mapping[str, Sequence[Mapping[str, int]]]
    metadata: str

    @cached_property
    def functions(self) -> Mapping[str, Part]:
        """By name. Ours have one signature each; of inherited overloads the last one wins, and none is called."""
        return {part["name"]: part for part in self.abi if part["type"] == "function"}

    @cached_property
    def events(self) -> Mapping[str, Part]:
        return {part["name"]: part for part in self.abi if part["type"] == "event"}

    @cached_property
    def errors(self) -> Mapping[bytes, Part]:
        return {selector(part): part for part in self.abi if part["type"] == "error"}

    @cached_property
    def constructor(self) -> Sequence[Part]:
        found: list[Part] = [part for part in self.abi if part["type"] == "constructor"]
        return found[0]["inputs"] if found else []

    def has_code(self, code: bytes) -> bool:
        """Whether `code`, as a node gave it, is this contract's; what the constructor filled in is passed over."""
        if len(code) != len(self.deployed):
            return False
        masked = bytearray(code)
        for places in self.immutables.values():
            for place in places:
                start, end = place["start"], place["start"] + place["length"]
                masked[start:end] = self.deployed[start:end]
        return bytes(masked) == self.deployed


@lru_cache
def artifact(name: str) -> Artifact:
    """The artifact of a contract in contracts/artifacts ("test/…" for those that only tests deploy)."""
    found = json.loads((ARTIFACTS / f"{name}.json").read_text())
    return Artifact(
        name=found["contract"],
        abi=found["abi"],
        bytecode=bytes.fromhex(found["bytecode"][2:]),
        deployed=bytes.fromhex(found["deployedBytecode"][2:]),
        immutables=found["immutableReferences"],
        metadata=found["metadata"],
    )


def signature(part: Part) -> str:
    """ "transfer(address,uint256)" """
    return f"{part['name']}({','.join(kind(argument) for argument in part['inputs'])})"


def selector(part: Part) -> bytes:
    """The first four bytes of a call or an error."""
    return keccak(signature(part).encode())[:4]


def topic(part: Part) -> str:
    """What the first topic of an event's log says, 0x-hex."""
    return "0x" + keccak(signature(part).encode()).hex()


def kind(argument: Part) -> str:
    """The canonical type of an argument; a struct is its fields in brackets."""
    written: str = argument["type"]
    if not written.startswith("tuple"):
        return written
    inside = ",".join(kind(component) for component in argument["components"])
    return f"({inside}){written.removeprefix('tuple')}"


def call(contract: str, function: str, args: Sequence[Any]) -> bytes:
    """The data of a transaction that calls `function`.

    Raises:
        ValueError, TypeError: the arguments do not fit. Checked when a call is promised, not when it is sent.
        KeyError: no such function.
    """
    part = artifact(contract).functions[function]
    return selector(part) + _written(part["inputs"], args)


def creation(contract: str, args: Sequence[Any]) -> bytes:
    """The data of the transaction that deploys the contract."""
    made = artifact(contract)
    return made.bytecode + _written(made.constructor, args)


def data(contract: str, function: str, args: Sequence[Any], items: Sequence[Any] | None = None) -> bytes:
    """The data of a transaction: a call or a deployment; with `items`, they are the last argument, a list."""
    whole = args if items is None else [*args, list(items)]
    return creation(contract, whole) if function == DEPLOY else call(contract, function, whole)


def result(contract: str, function: str, data: bytes) -> tuple[Any, ...]:
    """What a call answered, as eth_abi reads it: addresses lower-case, structs as tuples."""
    return tuple(decode([kind(output) for output in artifact(contract).functions[function]["outputs"]], data))


def refusal(contract: str, data: bytes) -> str:
    """Why a call was reverted: "SeriesExists(7)", or the hex of what we cannot read."""
    errors = artifact(contract).errors
    if part := errors.get(data[:4]):
        values = decode([kind(argument) for argument in part["inputs"]], data[4:])
        return f"{part['name']}({', '.join(_shown(value) for value in values)})"
    return f"0x{data.hex()}"


def _written(inputs: Sequence[Part], args: Sequence[Any]) -> bytes:
    if len(inputs) != len(args):
        raise ValueError(f"{len(inputs)} arguments wanted, {len(args)} given")
    values = [_value(argument, argument["type"], given) for argument, given in zip(inputs, args, strict=True)]
    try:
        return encode([kind(argument) for argument in inputs], values)
    except Exception as error:  # eth_abi has a family of its own, with ValueError only among some of them
        raise ValueError(str(error)) from error


def _value(argument: Part, written: str, given: Any) -> Any:
    """A JSON value as eth_abi wants it."""
    if written.endswith("]"):
        inner = written[: written.rindex("[")]
        return [_value(argument, inner, each) for each in given]
    if written == "tuple":
        fields = argument["components"]
        if isinstance(given, Mapping):
            if given.keys() != {field["name"] for field in fields}:
                raise ValueError(f"{argument['name']} wants exactly {[field['name'] for field in fields]}")
            given = [given[field["name"]] for field in fields]
        return tuple(_value(field, field["type"], each) for field, each in zip(fields, given, strict=True))
    if written.startswith("bytes") and isinstance(given, str):
        return bytes.fromhex(given.removeprefix("0x"))
    return given


def _shown(value: Any) -> str:
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)
