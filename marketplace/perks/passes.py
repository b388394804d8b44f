"""特典パス: the format pass-v1 (docs/pass-v1.md). Pure: keys, bytes and moments in, a verdict out.

The town certifies the public key of a device for a token and its holder; the device signs each half minute. Whoever
has the town's public key can check both, with no network.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Mapping
from dataclasses import dataclass

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from marketplace.kit.refusals import Refused
from marketplace.perks import base45

PREFIX = "HP1:"
WINDOW_S = 30
TOLERANCE_S = 120
"""How far the clocks of a telephone and a tablet may be apart."""
BODY = struct.Struct(">B4s6s4s32sI")
"""version, town's key id, token, holder, device's public key, last second (Unix)."""
CERTIFICATE_SIZE = BODY.size + 64
PASS_SIZE = CERTIFICATE_SIZE + 4 + 64
CERTIFIED, SHOWN = b"hiroba pass-v1 certificate\n", b"hiroba pass-v1 window\n"


class NotAPass(Refused):
    code = "not_a_pass"
    message = "特典パスの模様ではありません。特典パスの画面を読み取ってください。"


class AnotherTown(Refused):
    code = "another_town"
    message = "ほかの町の特典パスです。ここでは使えません。"


class Forged(Refused):
    code = "forged_pass"
    message = "町が出した特典パスではありません。"


class Stale(Refused):
    code = "stale_pass"
    message = "古い画面です。写真や画面の写しでは使えません。特典パスを開き直してもらってください。"


class ClockWrong(Refused):
    code = "clock_wrong"
    message = "スマートフォンの時計が進んでいるようです。6けたの番号か、時計を合わせてからお試しください。"


class CertificateOver(Refused):
    code = "certificate_over"
    message = "特典パスの期限が切れています。電波のあるところで開き直してもらってください。"


@dataclass(frozen=True)
class Certificate:
    """`holder` is the first 4 bytes of the holder's address, `expires` Unix seconds, `raw` the 115 signed bytes."""

    key_id: bytes
    token_id: int
    holder: bytes
    device_key: bytes
    expires: int
    raw: bytes

    @property
    def cid(self) -> str:
        """Its name: hex of the first 8 bytes of its SHA-256."""
        return hashlib.sha256(self.raw).hexdigest()[:16]


@dataclass(frozen=True)
class Pass:
    """What a code says; believed only after verify()."""

    certificate: Certificate
    window: int
    signature: bytes

    @property
    def begins(self) -> int:
        """Unix seconds of the first moment of its half minute."""
        return self.window * WINDOW_S

    @property
    def proof(self) -> str:
        """The same for each reading of the same half minute of the same device, hex."""
        return hashlib.sha256(self.certificate.raw + struct.pack(">I", self.window)).hexdigest()


def key_id(public_key: bytes) -> bytes:
    return hashlib.sha256(public_key).digest()[:4]


def holder_tag(address: str) -> bytes:
    return bytes.fromhex(address[2:10])


def certify(town: SigningKey, token_id: int, holder: bytes, device_key: bytes, expires: int) -> bytes:
    """The 115 bytes of a certificate."""
    town_id = key_id(bytes(town.verify_key))
    body = BODY.pack(1, town_id, token_id.to_bytes(6, "big"), holder, device_key, expires)
    return body + town.sign(CERTIFIED + body).signature


def show(device: SigningKey, certificate: bytes, window: int) -> str:
    """The text of the code for one half minute."""
    stamp = struct.pack(">I", window)
    signature = device.sign(SHOWN + certificate + stamp).signature
    return PREFIX + base45.encode(certificate + stamp + signature)


def read_certificate(raw: bytes) -> Certificate:
    """NotAPass where it is none."""
    if len(raw) != CERTIFICATE_SIZE or raw[0] != 1:
        raise NotAPass
    _, town, token, holder, device_key, expires = BODY.unpack(raw[: BODY.size])
    return Certificate(town, int.from_bytes(token, "big"), holder, device_key, expires, raw)


def read(text: str) -> Pass:
    """What stands in a code, not checked yet. NotAPass where it is none."""
    text = text.strip(" \r\n") if text.startswith(PREFIX) else ""
    try:
        raw = base45.decode(text.removeprefix(PREFIX))
    except ValueError:
        raise NotAPass from None
    if not text or len(raw) != PASS_SIZE:
        raise NotAPass
    certificate = read_certificate(raw[:CERTIFICATE_SIZE])
    (window,) = struct.unpack(">I", raw[CERTIFICATE_SIZE : CERTIFICATE_SIZE + 4])
    return Pass(certificate, window, raw[CERTIFICATE_SIZE + 4 :])


def verify(shown: Pass, town_keys: Mapping[bytes, bytes], at: float | None) -> None:
    """AnotherTown, Forged, CertificateOver, Stale, ClockWrong.

    Args:
        town_keys: {key id: public key} of this town.
        at: Unix seconds now; None for a pass that a counter read earlier: its age is the caller's affair.
    """
    certificate = shown.certificate
    town = town_keys.get(certificate.key_id)
    if town is None:
        raise AnotherTown
    body, signature = certificate.raw[: BODY.size], certificate.raw[BODY.size :]
    stamp = struct.pack(">I", shown.window)
    _check(town, CERTIFIED + body, signature)
    _check(certificate.device_key, SHOWN + certificate.raw + stamp, shown.signature)
    if shown.begins > certificate.expires:
        raise CertificateOver
    if at is not None and at > shown.begins + WINDOW_S + TOLERANCE_S:
        raise Stale
    if at is not None and at < shown.begins - TOLERANCE_S:
        raise ClockWrong


def _check(key: bytes, said: bytes, signature: bytes) -> None:
    try:
        VerifyKey(key).verify(said, signature)
    except (BadSignatureError, ValueError):
        raise Forged from None


def digits(secret: bytes, window: int) -> str:
    """The six digits of a half minute: HMAC-SHA-256 of its number, the first 4 bytes modulo a million."""
    mac = hmac.digest(secret, struct.pack(">I", window), "sha256")
    return f"{int.from_bytes(mac[:4], 'big') % 1_000_000:06}"


def window_of(at: float) -> int:
    return int(at // WINDOW_S)
