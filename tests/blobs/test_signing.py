"""The examples that AWS publishes: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from marketplace.blobs.signing import Signer, spelled

SIGNER = Signer("AKIAIOSFODNN7EXAMPLE", SecretStr("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), "us-east-1")
HOST = "https://examplebucket.s3.amazonaws.com"
AT = datetime(2013, 5, 24, tzinfo=UTC)


@pytest.mark.parametrize(
    ("path", "query", "more", "signature"),
    [
        (
            "/test.txt",
            {},
            {"range": "bytes=0-9"},
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        ("", {"lifecycle": ""}, {}, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        ("", {"prefix": "J", "max-keys": "2"}, {}, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ],
    ids=["an object", "a setting of the bucket", "a list"],
)
def test_requests_are_signed_as_aws_signs_them(
    path: str, query: dict[str, str], more: dict[str, str], signature: str
) -> None:
    headers = SIGNER.headers("GET", HOST + path, query, b"", AT, **more)
    assert headers["Authorization"].rpartition("Signature=")[2] == signature


def test_a_query_is_sent_in_the_letters_in_which_it_was_signed() -> None:
    assert spelled({"continuation-token": "a+b/c=", "list-type": "2"}) == "continuation-token=a%2Bb%2Fc%3D&list-type=2"


def test_the_secret_is_in_nothing_that_is_printed() -> None:
    assert "wJalr" not in f"{SIGNER}"
