"""What wallets and marketplaces read of the whole collection: ERC-7572 (https://eips.ethereum.org/EIPS/eip-7572)."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import rfc8785

from marketplace.settings import settings

SYMBOL = "RIGHTS"
EMBLEM = Path(__file__).resolve().parents[1] / "static" / "img" / "emblem.svg"


def name() -> str:
    return f"{settings().town_name_en} Public Rights"


def uri() -> str:
    """For `contractURI`. The words and the emblem are in it, so that no server has to stand for them to be read."""
    town = settings()
    told = {
        "name": name(),
        "symbol": SYMBOL,
        "description": (
            f"{town.town_name}が発行する、町の権利の証です。\n\n"
            f"Rights issued by {town.town_name_en}, Japan: resident tokens, cards, lectures, names."
        ),
        "image": _data("image/svg+xml", EMBLEM.read_bytes()),
        "external_link": town.base_url,
    }
    return _data("application/json", rfc8785.dumps(told))


def _data(media_type: str, content: bytes) -> str:
    return f"data:{media_type};base64,{b64encode(content).decode()}"
