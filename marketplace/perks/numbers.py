"""The number of a right that people can say over the counter: '3-427' is the 427th of the third series."""

from __future__ import annotations

import re

from marketplace.kit.letters import dashed
from marketplace.perks.refusals import NoSuchNumber
from marketplace.rights.models import SERIAL_SPACE
from marketplace.tokens.models import Token


def number_of(token: Token) -> str:
    return f"{token.right_id}-{token.serial}"


def token_id_of(typed: str) -> int:
    """'３－４２７' → 3000427. NoSuchNumber where it is no number."""
    plain = re.sub(r"[-\s]+", "-", dashed(typed).strip())
    found = re.fullmatch(r"(\d{1,6})-(\d{1,6})", plain, re.ASCII)
    if found is None:
        raise NoSuchNumber("番号は「3-427」のように、数字2つで入力してください。", field="number")
    return int(found[1]) * SERIAL_SPACE + int(found[2])
