"""A device with passkeys, in software: it makes ES256 keys and signs as WebAuthn says, or badly where a test wants so.

https://www.w3.org/TR/webauthn-3/ §6.1 (authenticator data), §6.5 (attested credential data), §5.8.1 (client data)
"""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "===")


@dataclass
class Credential:
    id: bytes
    rp_id: str
    user_handle: bytes
    key: ec.EllipticCurvePrivateKey
    count: int = 0


@dataclass
class Authenticator:
    """`origin` is what the browser would say; `verifies` whether it makes sure of its person; `step` how it counts."""

    origin: str
    verifies: bool = True
    step: int = 1
    credentials: list[Credential] = field(default_factory=list)

    def create(self, options: dict[str, Any]) -> str:
        """What navigator.credentials.create() gives for these options, as JSON."""
        held = {each.id for each in self.credentials}
        assert not held & {decode(each["id"]) for each in options.get("excludeCredentials", [])}, "InvalidStateError"
        made = Credential(
            secrets.token_bytes(32),
            options["rp"]["id"],
            decode(options["user"]["id"]),
            ec.generate_private_key(ec.SECP256R1()),
        )
        self.credentials.append(made)
        point = made.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        attested = bytes(16) + struct.pack(">H", len(made.id)) + made.id + cbor2.dumps(cose)
        data = self._data(made, ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options["challenge"])
        return self._answer(made, {"clientDataJSON": encode(client), "attestationObject": encode(attestation)})

    def get(self, options: dict[str, Any]) -> str:
        """What navigator.credentials.get() gives: the newest passkey of the site signs."""
        used = [each for each in self.credentials if each.rp_id == options["rpId"]][-1]
        used.count += self.step
        client, data = self._client("webauthn.get", options["challenge"]), self._data(used)
        signature = used.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        response = {
            "clientDataJSON": encode(client),
            "authenticatorData": encode(data),
            "signature": encode(signature),
            "userHandle": encode(used.user_handle),
        }
        return self._answer(used, response)

    def _client(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _data(self, of: Credential, flags: int = 0) -> bytes:
        flags |= PRESENT | (VERIFIED if self.verifies else 0)
        return hashlib.sha256(of.rp_id.encode()).digest() + struct.pack(">BI", flags, of.count)

    def _answer(self, of: Credential, response: dict[str, str]) -> str:
        return json.dumps({"id": encode(of.id), "rawId": encode(of.id), "type": "public-key", "response": response})
