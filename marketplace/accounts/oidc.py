"""Signing in with an account elsewhere (LINE, or any OpenID Connect provider): what is asked, and what is believed.

Pure, but for the secrets it makes. The code flow with PKCE: https://openid.net/specs/openid-connect-core-1_0.html §3.1,
RFC 7636, RFC 9700. LINE signs for websites with HS256 and the channel's secret
(https://developers.line.biz/en/docs/line-login/verify-id-token/); others with RS256 or ES256 and a published key.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from marketplace.kit.codes import secret
from marketplace.kit.refusals import Refused

SKEW = 120
"""Seconds that two clocks may differ."""
Json = dict[str, Any]


class NotBelieved(Refused):
    code = "outside_not_believed"
    status = 400
    message = "ほかのサービスでの確認ができませんでした。もう一度お試しいただくか、メールでログインしてください。"


@dataclass(frozen=True)
class Asked:
    """What the browser keeps while the person is away: each of them random, and good for one way."""

    state: str
    nonce: str
    verifier: str
    next: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)


def ask(after: str) -> Asked:
    return Asked(secret(), secret(), secret(48), after)


def address(endpoint: str, client_id: str, back: str, asked: Asked) -> str:
    """Where the browser is sent."""
    challenge = _text(hashlib.sha256(asked.verifier.encode()).digest())
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": back,
        "scope": "openid",
        "state": asked.state,
        "nonce": asked.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"


def subject(
    token: str, *, issuer: str, client_id: str, client_secret: str, keys: list[Json], nonce: str, at: datetime
) -> str:
    """Who the ID token says it is, after all that the specification asks to be checked (§3.1.3.7). NotBelieved."""
    try:
        head, body, mark = token.split(".")
        header, claims, signature = json.loads(_bytes(head)), json.loads(_bytes(body)), _bytes(mark)
        signed = f"{head}.{body}".encode()
        audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        seconds = at.timestamp()
        fine = (
            _signed(header, signed, signature, client_secret, keys)
            and claims["iss"] == issuer
            and client_id in audience
            and (len(audience) == 1 or claims.get("azp") == client_id)
            and claims["exp"] + SKEW > seconds
            and claims["iat"] - SKEW < seconds
            and hmac.compare_digest(str(claims["nonce"]).encode(), nonce.encode())
        )
        found = str(claims["sub"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise NotBelieved from None
    if not fine or not 1 <= len(found) <= 255:
        raise NotBelieved
    return found


def _signed(header: Json, signed: bytes, signature: bytes, client_secret: str, keys: list[Json]) -> bool:
    """By the one secret for HS256, else by a published key of the right kind; 'none' and others are no signature."""
    if header["alg"] == "HS256":
        return bool(client_secret) and hmac.compare_digest(
            hmac.digest(client_secret.encode(), signed, "sha256"), signature
        )
    kinds = {"RS256": "RSA", "ES256": "EC"}
    fitting = [
        key
        for key in keys
        if key.get("kty") == kinds.get(header["alg"])
        and key.get("use", "sig") == "sig"
        and header.get("kid") in (None, key.get("kid"))
    ]
    return any(_by_key(key, signed, signature) for key in fitting)


def _by_key(key: Json, signed: bytes, signature: bytes) -> bool:
    try:
        if key["kty"] == "RSA":
            numbers = rsa.RSAPublicNumbers(_number(key["e"]), _number(key["n"]))
            numbers.public_key().verify(signature, signed, padding.PKCS1v15(), SHA256())
        else:
            half = len(signature) // 2
            pair = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
            point = ec.EllipticCurvePublicNumbers(_number(key["x"]), _number(key["y"]), ec.SECP256R1())
            point.public_key().verify(encode_dss_signature(*pair), signed, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _number(text: str) -> int:
    return int.from_bytes(_bytes(text), "big")


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
