"""An address as somebody typed it."""

from __future__ import annotations

from marketplace.chain.register import contracts
from marketplace.kit.addresses import checksum
from marketplace.kit.refusals import Invalid
from marketplace.tokens.models import NOBODY


class BadAddress(Invalid):
    code = "bad_address"
    message = "ウォレットのアドレスは、0xで始まる42文字です。写しまちがいがないか、お確かめください。"


def read_address(text: str) -> str:
    """The address in its checksummed form. BadAddress, for the field `to`, for what is none or mistyped (EIP-55),
    for nobody's, and for our own contracts': what goes there is lost."""
    typed = text.strip()
    digits = typed.removeprefix("0x")
    try:
        found = checksum(typed)
    except ValueError:
        raise BadAddress(field="to") from None
    in_mixed_case = digits not in (digits.lower(), digits.upper())
    if digits == typed or (in_mixed_case and found != typed):
        raise BadAddress(field="to")
    if found == NOBODY or found in contracts().values():
        raise BadAddress("このアドレスに送ると、だれも受け取れません。", field="to")
    return found
