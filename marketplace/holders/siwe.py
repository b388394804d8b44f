"""Sign-In with Ethereum: the message that a wallet is asked to sign, read strictly, and who signed it. No network.

Sources: https://eips.ethereum.org/EIPS/eip-4361 (the message), /eip-191 (what is signed, version 0x45), /eip-55
(capitals of the address), /eip-2 (a signature has one form: the one with the low s).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from coincurve import PublicKey
from eth_hash.auto import keccak

from marketplace.kit.addresses import checksum
from marketplace.kit.refusals import Invalid

HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
"""Half the order of secp256k1: SEC 2, https://www.secg.org/sec2-v2.pdf, 2.4.1."""
OF_A_KEY, LONGEST_SIGNATURE = 65, 2_000
"""Bytes. A contract that several people sign for takes 65 of each; those of passkeys have some hundred."""
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)"
_URI = r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+"
_GRAMMAR = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?(?P<domain>[^\s/?#]+)"
    r" wants you to sign in with your Ethereum account:\n"
    r"(?P<address>0x[0-9A-Fa-f]{40})\n"
    r"\n"
    r"(?:(?P<statement>[ !#$&-;=?-\[\]_a-z~]+)\n)?"
    r"\n"
    rf"URI: (?P<uri>{_URI})\n"
    r"Version: (?P<version>1)\n"
    r"Chain ID: (?P<chain_id>[0-9]{1,20})\n"
    r"Nonce: (?P<nonce>[A-Za-z0-9]{8,32})\n"
    rf"Issued At: (?P<issued_at>{_TIME})"
    rf"(?:\nExpiration Time: (?P<expires_at>{_TIME}))?"
    rf"(?:\nNot Before: (?P<not_before>{_TIME}))?"
    r"(?:\nRequest ID: (?P<request_id>[!-~]*))?"
    rf"(?P<resources>\nResources:(?:\n- {_URI})*)?",
    re.ASCII,
)


class BadMessage(Invalid):
    code = "bad_wallet_message"
    message = "署名する文が、お見せしたものと違います。この画面の文を、そのままお使いください。"


class BadSignature(Invalid):
    code = "bad_signature"
    message = "署名を読み取れませんでした。0xで始まる132文字を、そのまま貼りつけてください。"


@dataclass(frozen=True)
class Message:
    """What is signed. Times are aware; `expires_at` is the last moment at which the signature proves anything."""

    domain: str
    address: str
    statement: str
    uri: str
    chain_id: int
    nonce: str
    issued_at: datetime
    expires_at: datetime

    def text(self) -> str:
        """Line feeds only, ASCII only, as the grammar wants it."""
        return (
            f"{self.domain} wants you to sign in with your Ethereum account:\n{self.address}\n\n{self.statement}\n\n"
            f"URI: {self.uri}\nVersion: 1\nChain ID: {self.chain_id}\nNonce: {self.nonce}\n"
            f"Issued At: {_stamp(self.issued_at)}\nExpiration Time: {_stamp(self.expires_at)}"
        )


def parse(text: str) -> Message:
    """The message in a text, which may have gone through a form. BadMessage for all that the grammar does not know,
    and for one without an end, or with parts that we never ask for: a longer list of what else it should be good for.
    """
    found = _GRAMMAR.fullmatch(text.replace("\r\n", "\n"))
    if found is None or any(found[part] is not None for part in ("scheme", "not_before", "request_id", "resources")):
        raise BadMessage(field="message")
    if found["expires_at"] is None or checksum(found["address"]) != found["address"]:
        raise BadMessage(field="message")
    try:
        issued_at, expires_at = (_moment(found[name]) for name in ("issued_at", "expires_at"))
    except ValueError:  # the 30th of February
        raise BadMessage(field="message") from None
    return Message(
        domain=found["domain"],
        address=found["address"],
        statement=found["statement"] or "",
        uri=found["uri"],
        chain_id=int(found["chain_id"]),
        nonce=found["nonce"],
        issued_at=issued_at,
        expires_at=expires_at,
    )


def read_signature(signature: str) -> bytes:
    """What a wallet made; that of a contract may be longer than that of a key. BadSignature for what is none."""
    digits = signature.strip().removeprefix("0x")
    if re.fullmatch(rf"(?:[0-9A-Fa-f]{{2}}){{1,{LONGEST_SIGNATURE}}}", digits, re.ASCII) is None:
        raise BadSignature(field="signature")
    return bytes.fromhex(digits)


def signer(text: str, signature: str) -> str:
    """The address whose key signed `text` by personal_sign. BadSignature for what no key can have made."""
    made = read_signature(signature)
    if len(made) != OF_A_KEY:
        raise BadSignature(field="signature")
    recovery = made[64] - 27 if made[64] >= 27 else made[64]
    if recovery not in (0, 1) or int.from_bytes(made[32:64], "big") > HALF_ORDER:
        raise BadSignature(field="signature")
    try:
        key = PublicKey.from_signature_and_message(made[:64] + bytes([recovery]), digest(text), hasher=None)
    except Exception as error:  # coincurve raises bare Exceptions where the numbers lie on no curve
        raise BadSignature(field="signature") from error
    return checksum(keccak(key.format(compressed=False)[1:])[12:].hex())


def digest(text: str) -> bytes:
    """What is signed for a text: EIP-191, version 0x45."""
    body = text.replace("\r\n", "\n").encode()
    return keccak(b"\x19Ethereum Signed Message:\n%d" % len(body) + body)


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
