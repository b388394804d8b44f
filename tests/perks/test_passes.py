"""pass-v1, and two readers of it by other hands: OpenSSL through Python's cryptography, and Node's own crypto."""

import hashlib
import hmac
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import segno
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from marketplace.kit.refusals import Refused
from marketplace.perks import base45, passes

TOWN, OTHER_TOWN, DEVICE = (SigningKey(bytes([n]) * 32) for n in (1, 2, 3))
KEYS = {passes.key_id(bytes(TOWN.verify_key)): bytes(TOWN.verify_key)}
AT = 1_795_000_000
HOLDER = "0x9f18E792e19D93b7e7f46a41A251AAb4aaC5e986"


def certificate(town: SigningKey = TOWN, device: SigningKey = DEVICE, expires: int = AT + 3600) -> bytes:
    return passes.certify(town, 3_000_427, passes.holder_tag(HOLDER), bytes(device.verify_key), expires)


def code(at: float = AT, device: SigningKey = DEVICE, **more: Any) -> str:
    return passes.show(device, certificate(**more), passes.window_of(at))


def changed(text: str, at: int) -> str:
    raw = bytearray(base45.decode(text.removeprefix(passes.PREFIX)))
    raw[at] ^= 1
    return passes.PREFIX + base45.encode(bytes(raw))


CODES = {
    "good": (code(), AT),
    "two minutes behind": (code(AT - 120), AT),
    "two minutes ahead": (code(AT + 120), AT),
    "old": (code(AT - 200), AT),
    "ahead": (code(AT + 200), AT),
    "another town": (code(town=OTHER_TOWN), AT),
    "over": (code(expires=AT - 60), AT),
    "another device": (passes.show(OTHER_TOWN, certificate(), passes.window_of(AT)), AT),
    "another token": (changed(code(), 8), AT),
    "another window": (changed(code(), 118), AT),
    "another version": (changed(code(), 0), AT),
    "short": (code()[:-3], AT),
    "a web address": ("https://example.jp/", AT),
}
SAID = {
    "good": "",
    "two minutes behind": "",
    "two minutes ahead": "",
    "old": "stale_pass",
    "ahead": "clock_wrong",
    "another town": "another_town",
    "over": "certificate_over",
    "another device": "forged_pass",
    "another token": "forged_pass",
    "another window": "forged_pass",
    "another version": "not_a_pass",
    "short": "not_a_pass",
    "a web address": "not_a_pass",
}
THEIR_WORDS = {
    "stale_pass": "stale",
    "clock_wrong": "early",
    "another_town": "another town",
    "certificate_over": "over",
    "forged_pass": "forged",
    "not_a_pass": "not a pass",
}


def verdict(text: str, at: float) -> str:
    try:
        passes.verify(passes.read(text), KEYS, at)
    except Refused as refusal:
        return refusal.code
    return ""


@pytest.mark.parametrize("name", CODES)
def test_each_code_gets_its_verdict(name: str) -> None:
    assert verdict(*CODES[name]) == SAID[name]


def test_a_code_says_which_token_and_whose() -> None:
    shown = passes.read(code())
    assert (shown.certificate.token_id, shown.certificate.holder.hex(), shown.begins) == (
        3_000_427,
        "9f18e792",
        AT // 30 * 30,
    )


def test_what_a_reader_types_after_a_code_is_not_of_it() -> None:
    assert passes.read(f"{code()}\r\n") == passes.read(code())


def test_a_code_fits_a_small_symbol() -> None:
    made = segno.make(code(), error="l", boost_error=False, micro=False)
    assert (made.version, made.mode, made.symbol_size(border=0)) == (8, "alphanumeric", (49, 49))


@given(st.binary(max_size=60))
def test_base45_gives_back_what_it_was_given(data: bytes) -> None:
    assert base45.decode(base45.encode(data)) == data


@pytest.mark.parametrize(("data", "text"), [(b"AB", "BB8"), (b"Hello!!", "%69 VD92EX0"), (b"ietf!", "QED8WEX0")])
def test_base45_is_that_of_the_standard(data: bytes, text: str) -> None:
    """RFC 9285 §4.3 and §4.4."""
    assert (base45.encode(data), base45.decode(text)) == (text, data)


@pytest.mark.parametrize("text", ["0", "000A", "GGW", "ああ", ":::"])
def test_what_is_no_base45_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not base45"):
        base45.decode(text)


@given(st.text(max_size=300))
def test_any_text_is_answered_with_a_sentence(text: str) -> None:
    for each in (text, passes.PREFIX + text):
        assert verdict(each, AT) == "not_a_pass"


def test_another_library_reads_and_makes_the_same_signatures() -> None:
    """RFC 8032 by OpenSSL: it verifies both of ours, and makes the very bytes that we make."""
    raw = base45.decode(code().removeprefix("HP1:"))
    body, town_signature, window, signature = raw[:51], raw[51:115], raw[115:119], raw[119:]
    town = Ed25519PublicKey.from_public_bytes(bytes(TOWN.verify_key))
    town.verify(town_signature, b"hiroba pass-v1 certificate\n" + body)
    device = Ed25519PrivateKey.from_private_bytes(bytes(DEVICE))
    assert device.sign(b"hiroba pass-v1 window\n" + raw[:115] + window) == signature
    with pytest.raises(InvalidSignature):
        town.verify(signature, b"hiroba pass-v1 certificate\n" + body)


@pytest.mark.node
def test_a_reader_of_another_kind_comes_to_the_same_verdicts() -> None:
    if (node := shutil.which("node")) is None:
        assert os.environ.get("REQUIRE_NODE") != "1", "REQUIRE_NODE=1, but Node.js is not on PATH"
        pytest.skip("Node.js is not on PATH")
    keys = {key.hex(): value.hex() for key, value in KEYS.items()}
    asked = {"keys": keys, "codes": [{"text": text, "at": at} for text, at in CODES.values()]}
    script = Path(__file__).with_name("independent") / "verify.mjs"
    run = subprocess.run([node, str(script)], input=json.dumps(asked), capture_output=True, text=True, check=True)
    told = dict(zip(CODES, json.loads(run.stdout), strict=True))
    good = {name: passes.read(CODES[name][0]) for name in CODES if not SAID[name]}
    assert {name: told.pop(name) for name in good} == {
        name: {"token": 3_000_427, "holder": "9f18e792", "proof": shown.proof} for name, shown in good.items()
    }
    expected = {name: THEIR_WORDS[SAID[name]] for name in told}
    assert told == expected


def test_the_digits_are_those_of_the_document() -> None:
    secret = hashlib.sha256(b"device").digest()
    macs = [hmac.digest(secret, (AT // 30 + later).to_bytes(4, "big"), "sha256") for later in range(100)]
    told = [f"{int.from_bytes(mac[:4], 'big') % 1_000_000:06}" for mac in macs]
    assert [passes.digits(secret, passes.window_of(AT + 30 * later)) for later in range(100)] == told
    assert "0" in {each[0] for each in told}
