import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from marketplace.lotteries import beacon
from marketplace.lotteries.beacon import QUICKNET

SIGNATURE = bytes.fromhex(
    "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be41076862b98fad56e91a6b85b89cd97b"
)
ROOT = Path(__file__).parents[2]
JST = timezone(timedelta(hours=9))


@pytest.mark.parametrize(
    ("moment", "round_number"),
    [
        (datetime(2026, 4, 20, tzinfo=UTC), 27_946_612),
        (datetime(2026, 5, 1, 10, tzinfo=JST), 28_264_612),
        (datetime.fromtimestamp(QUICKNET.genesis, UTC), 1),
        (datetime.fromtimestamp(QUICKNET.genesis + 2.999, UTC), 1),
        (datetime.fromtimestamp(QUICKNET.genesis + 3, UTC), 2),
    ],
)
def test_a_time_names_one_round(moment: datetime, round_number: int) -> None:
    assert QUICKNET.round_at(moment) == round_number


def test_a_time_needs_a_zone_and_a_beacon() -> None:
    with pytest.raises(ValueError, match="needs its zone"):
        QUICKNET.round_at(datetime(2026, 5, 1, 10))  # noqa: DTZ001 - that is the point
    with pytest.raises(ValueError, match="had not begun"):
        QUICKNET.round_at(datetime.fromtimestamp(QUICKNET.genesis - 1, UTC))


def test_a_signature_of_the_beacon_is_genuine_for_its_round_only() -> None:
    assert [QUICKNET.genuine(657_413, SIGNATURE), QUICKNET.genuine(657_414, SIGNATURE)] == [True, False]


def test_after_a_check_nested_json_is_still_refused_and_kills_nothing() -> None:
    before = sys.getrecursionlimit()
    program = """
import json
from tests.lotteries.test_beacon import QUICKNET, SIGNATURE
assert QUICKNET.genuine(657_413, SIGNATURE)
try:
    json.loads("[" * 100_000)
except RecursionError:
    print("refused")
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (ran.returncode, ran.stdout) == (0, "refused\n"), ran.stderr
    QUICKNET.genuine(657_413, SIGNATURE)
    assert sys.getrecursionlimit() == before


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        SIGNATURE[:-1],
        SIGNATURE + b"\0",
        bytes(48),
        b"\xc0" + bytes(47),  # the point at infinity
        SIGNATURE[:-1] + bytes([SIGNATURE[-1] ^ 1]),
        bytes([SIGNATURE[0] ^ 0x20]) + SIGNATURE[1:],  # the same point, mirrored
        b"\x80" + bytes(46) + b"\x04",  # on the curve, outside the subgroup
        b"\xff" * 48,
    ],
)
def test_anything_else_is_not(signature: bytes) -> None:
    assert QUICKNET.genuine(657_413, signature) is False


@pytest.mark.parametrize("round_number", [0, -1, 2**64])
def test_there_are_no_such_rounds(round_number: int) -> None:
    assert QUICKNET.genuine(round_number, SIGNATURE) is False


def test_the_randomness_is_the_hash_of_the_signature() -> None:
    assert beacon.randomness(SIGNATURE).hex() == "fc1873a13f3545aeade8401532ef5519920652eee6b0d2b19ca12643b87b3587"
