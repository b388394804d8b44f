"""How a counter knows a right: by its pass, by its number and six digits, or by its card and four."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass

from marketplace.kit.clock import now
from marketplace.kit.db import lock, transaction
from marketplace.kit.refusals import Refused
from marketplace.perks import certifying, keys, passes
from marketplace.perks.carding import card_opens
from marketplace.perks.holding import token_of
from marketplace.perks.models import Channel, Counter
from marketplace.perks.numbers import token_id_of
from marketplace.perks.refusals import ChangedHands, NoSuchNumber
from marketplace.tokens.models import Token, TokenState

WRONG_CODES = 20
"""In a row on one tablet, before it has to sign in again."""


class SignInAgain(Refused):
    code = "sign_in_again"
    message = "まちがった番号が続いたため、窓口の暗証番号をもう一度入力してください。"


@dataclass(frozen=True)
class Known:
    """A right that a counter knows, and by what. `holder` and `proof` as using.Asked takes them."""

    token_id: int
    channel: Channel
    holder: bytes
    proof: str | None


def by_pass(text: str) -> Known:
    """What the camera read. NotAPass, AnotherTown, Forged, Stale, ClockWrong, CertificateOver, ChangedHands."""
    shown = passes.read(text)
    passes.verify(shown, keys.public_keys(), now().timestamp())
    token = token_of(shown.certificate.token_id)
    tag = passes.holder_tag(token.holder_address or "0x" + "0" * 40)
    if tag != shown.certificate.holder:
        raise ChangedHands
    if certifying.ended(shown.certificate.cid):
        raise passes.CertificateOver
    return Known(token.token_id, Channel.SCAN, shown.certificate.holder, shown.proof)


def by_number(number: str, code: str, counter_id: int) -> Known:
    """What the guest said: the number of the right with the six digits of its pass or the four of its card.

    NoSuchNumber, which does not say which of the two was wrong; SignInAgain after many of them.
    """
    token_id = token_id_of(number)
    plain = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", code))
    with transaction():
        counter = lock(Counter, counter_id)
        if counter.wrong_codes >= WRONG_CODES:
            counter.ends_at = now()
            again = True
        else:
            again = False
            known = _recognised(token_id, plain)
            counter.wrong_codes = 0 if known else counter.wrong_codes + 1
    if again:
        raise SignInAgain
    if known is None:
        raise NoSuchNumber(field="code")
    return known


def _recognised(token_id: int, code: str) -> Known | None:
    try:
        token = token_of(token_id)
    except LookupError:
        return None
    if token.state != TokenState.HELD or token.holder_address is None or not code.isascii():
        return None
    holder = passes.holder_tag(token.holder_address)
    if len(code) == 6 and (proof := _digits_fit(token, code)):
        return Known(token_id, Channel.CODE, holder, proof)
    if len(code) == 4 and code.isdigit() and card_opens(token, code):
        return Known(token_id, Channel.CARD, holder, None)
    return None


def _digits_fit(token: Token, code: str) -> str:
    """What stands for these six digits, so that they are used once; '' where they are not of this token and time."""
    at, proof = now().timestamp(), ""
    first, last = (passes.window_of(at + shift) for shift in (-passes.TOLERANCE_S, passes.TOLERANCE_S))
    for cid in certifying.certificates_of(token):
        secret = keys.digits_key(cid)
        for window in range(first, last + 1):
            if hmac.compare_digest(passes.digits(secret, window), code):
                proof = hashlib.sha256(f"digits {cid} {window}".encode()).hexdigest()
    return proof
