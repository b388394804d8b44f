"""A provider of accounts on this machine, which is as strict as one should be: PKCE, a secret, a code once."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from tests.served import Answering, serving

CLIENT, SECRET = "hiroba-client", "hiroba secret of thirty-two bytes"


def text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def number(value: int) -> str:
    return text(value.to_bytes((value.bit_length() + 7) // 8, "big"))


@dataclass
class Outside:
    """`who` is signed in there; `alg` is how it signs; `lies` replace claims of the next token."""

    issuer: str = ""
    who: str = "U-hana"
    alg: str = "RS256"
    lies: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    rsa: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    ec: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def authorize(self, query: dict[str, str]) -> str:
        assert (query["response_type"], query["client_id"], query["scope"]) == ("code", CLIENT, "openid")
        assert query["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes)}"
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        asked = self.codes.pop(form["code"], None)
        if asked is None or (form["client_id"], form["client_secret"]) != (CLIENT, SECRET):
            return 400, {"error": "invalid_grant"}
        challenge = text(hashlib.sha256(form["code_verifier"].encode()).digest())
        if challenge != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        return 200, {"token_type": "Bearer", "access_token": "x", "id_token": self.id_token(asked["nonce"])}

    def id_token(self, nonce: str) -> str:
        at = int(time.time())
        claims = {"iss": self.issuer, "sub": self.who, "aud": CLIENT, "iat": at, "exp": at + 3600, "nonce": nonce}
        header = {"alg": self.alg, "typ": "JWT", **self.header}
        signed = ".".join(text(json.dumps(part).encode()) for part in (header, claims | self.lies))
        return f"{signed}.{text(self.sign(signed.encode()))}"

    def sign(self, signed: bytes) -> bytes:
        if self.alg == "HS256":
            return hmac.digest(SECRET.encode(), signed, "sha256")
        if self.alg == "ES256":
            pair = decode_dss_signature(self.ec.sign(signed, ec.ECDSA(SHA256())))
            return b"".join(part.to_bytes(32, "big") for part in pair)
        return self.rsa.sign(signed, padding.PKCS1v15(), SHA256()) if self.alg == "RS256" else b""

    def keys(self) -> list[dict[str, str]]:
        public, point = self.rsa.public_key().public_numbers(), self.ec.public_key().public_numbers()
        return [
            {"kty": "RSA", "kid": "r", "use": "sig", "n": number(public.n), "e": number(public.e)},
            {"kty": "EC", "kid": "e", "crv": "P-256", "x": number(point.x), "y": number(point.y)},
        ]

    def described(self) -> dict[str, str]:
        names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        return {"issuer": self.issuer, **{name: f"{self.issuer}/{path}" for name, path in names.items()}}


@contextmanager
def providing() -> Iterator[Outside]:
    outside = Outside()

    class Theirs(Answering):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            self.say(200, {"keys": outside.keys()} if path == "/keys" else outside.described())

        def do_POST(self) -> None:
            form = {name: values[0] for name, values in parse_qs(self.sent().decode()).items()}
            self.say(*outside.token(form))

        def say(self, status: int, found: dict[str, Any]) -> None:
            self.answer(status, json.dumps(found).encode())

    with serving(Theirs) as url:
        outside.issuer = url
        yield outside


def query_of(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))
