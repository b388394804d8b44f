"""A receiver that follows the specification accepts what we sign, and nothing else."""

from __future__ import annotations

import hmac
import re
from base64 import b64decode, b64encode
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from marketplace.kit.clock import now
from marketplace.webhooks.signing import BOTH, secret, secrets_of, signature

SECRET, MESSAGE, AT = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330


def test_the_signature_is_that_of_our_documents_example() -> None:
    text = (Path(__file__).parents[2] / "docs" / "webhooks-v1.md").read_text("utf-8")
    told = re.search(r"`(whsec_\S+)`, id `(\S+)`, timestamp (\d+) and body `(.+?)` give\s+`(v1,\S+)`", text)
    assert told is not None
    key, message, at, body, signed = told.groups()
    assert signature(message, int(at), body, [key]) == signed


def test_the_signature_is_that_of_the_specifications_example() -> None:
    """https://github.com/standard-webhooks/standard-webhooks: the vector that its libraries are tested with."""
    assert signature(MESSAGE, AT, '{"test": 2432232314}', [SECRET]) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("message", "at", "body"), [(MESSAGE, AT, "{}"), (MESSAGE, AT + 1, "{ }"), (MESSAGE + "x", AT, "{ }")]
)
def test_another_message_time_or_body_has_another_signature(message: str, at: int, body: str) -> None:
    assert signature(message, at, body, [SECRET]) != signature(MESSAGE, AT, "{ }", [SECRET])


def test_each_endpoint_and_each_edition_has_a_secret_of_its_own(app: Flask) -> None:
    found = {secret(code, edition) for code in ("WHK-1", "WHK-2") for edition in (1, 2, 12)}
    assert (len(found), {len(b64decode(each.removeprefix("whsec_"))) for each in found}) == (6, {32})
    assert secret("WHK-1", 1) == secret("WHK-1", 1)


def test_for_a_day_after_a_renewal_both_sign_and_then_the_new_one_alone(app: Flask) -> None:
    at = now()
    assert secrets_of("WHK-1", 1, at, at) == [secret("WHK-1", 1)]
    assert secrets_of("WHK-1", 2, at, at + BOTH - timedelta(seconds=1)) == [secret("WHK-1", 2), secret("WHK-1", 1)]
    assert secrets_of("WHK-1", 2, at, at + BOTH) == [secret("WHK-1", 2)]


def accepted(headers: dict[str, str], body: str, key: str) -> bool:
    """What a partner does."""
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}".encode()
    wanted = b64encode(hmac.digest(b64decode(key.removeprefix("whsec_")), content, "sha256")).decode()
    return any(hmac.compare_digest(each, f"v1,{wanted}") for each in headers["webhook-signature"].split(" "))
