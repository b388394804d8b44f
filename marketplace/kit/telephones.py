"""Telephone numbers as Japan's plan has them (電気通信番号計画), and those of other countries, which begin with +."""

from __future__ import annotations

import re

from marketplace.kit.letters import dashed, typed

_JAPANESE = re.compile(r"0(?:[5-9]0[0-9]{8}|[1-9]{2}[0-9]{7})")
"""Eleven digits after 050, 060, 070, 080, 090; ten after all others that somebody answers."""
_MOBILE = re.compile(r"0[6-9]0[1-9][0-9]{7}")
"""060 since 2026. A 0 after these three is none: 0800 costs its caller nothing."""
_ABROAD = re.compile(r"\+(?!81)[1-9][0-9]{7,14}")
LONGEST = 20


def japanese(number: str) -> str:
    """'０９０（１２３４）５６７８' and '+81 (0)90-1234-5678' are '09012345678'; '' where it is no Japanese number."""
    digits = _bare(number)
    digits = "0" + digits.removeprefix("+81").removeprefix("0") if digits.startswith("+81") else digits
    return digits if _JAPANESE.fullmatch(digits) else ""


def mobile(number: str) -> str:
    """The same of one that takes short messages."""
    digits = japanese(number)
    return digits if _MOBILE.fullmatch(digits) else ""


def dialled(number: str) -> str:
    """What a telephone dials for it: '0237000000', '+15550109999'; '' where nobody answers."""
    return japanese(number) or (_bare(number) if _ABROAD.fullmatch(_bare(number)) else "")


def written(number: str) -> str:
    """'０２３７（００）００００' → '0237-00-0000': as it is kept and read. '' where nobody answers."""
    plain = re.sub(r"\s", "", dashed(typed(number)))
    plain = plain.replace("(0)", "", 1) if plain.startswith("+81") else plain
    plain = re.sub(r"-?[().]-?", "-", plain).strip("-")
    return plain if dialled(plain) and len(plain) <= LONGEST else ""


def _bare(number: str) -> str:
    return re.sub(r"[\s()\-.]", "", dashed(typed(number)))
